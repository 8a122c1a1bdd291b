// Package codecache keeps compiled units in a folder, so that a process need not compile what another one has compiled before.
//
// The compiler is a function from bytes to bytes. Two processes ask it the same when their snapshots differ in addresses only; so the
// name of a file is the hash of a snapshot with symbols in their place (specializer.Symbolic), and of everything else that has a say:
// the options, and which compiler this is. What it holds is machine code with symbols; the addresses are put in when it is used. So
// there is nothing to invalidate: what a unit assumes of the program is guarded by its code, as that of any unit, and what it
// assumes of the interpreter is in the snapshot. Files are written under another name and renamed, and are read by whoever can
// check their hash: processes may share a folder and end at any time.
//
// The folder has to belong to the user alone (the host sees to that): its files are run.
//
// Code: file.go has the form of a file, folder.go reads, writes and removes them.
package codecache

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"

	"pystonlite/files"
	"pystonlite/hooks"
	"pystonlite/specializer"
)

// Cache compiles through a folder. It is safe for concurrent use.
type Cache struct {
	folder *folder
	build  string
	fixed  uint64
	log    func(string)
	failed sync.Once
}

// New returns a cache in an existing folder. build is the identity of the compiler; addresses below fixed are the same in every process
// that runs this interpreter. log takes one line for the user, if nothing can be kept.
func New(path, build string, fixed uint64, log func(string)) *Cache {
	return &Cache{folder: &folder{path: path, limit: folderLimit}, build: build, fixed: fixed, log: log}
}

// Compile is specializer.Compile by way of the folder.
func (c *Cache) Compile(snapshot []byte, opt specializer.Options) (*specializer.Result, hooks.Origin, error) {
	if err := files.Apart(); err != nil {
		c.cannotKeep(err)
		r, err := specializer.Compile(snapshot, opt)
		return r, hooks.Compiled, err
	}
	symbolic, err := specializer.NewSymbolic(snapshot, c.fixed)
	if err != nil {
		return nil, hooks.Compiled, err
	}
	name := c.key(symbolic.Bytes(), opt)
	if data, err := c.folder.read(name); err == nil {
		if r, err := decode(data); err == nil && symbolic.Relocate(r) == nil {
			return r, hooks.Loaded, nil
		}
	}
	r, err := symbolic.Compile(opt)
	if errors.Is(err, specializer.ErrAmbiguous) {
		r, err = specializer.Compile(snapshot, opt)
		return r, hooks.Compiled, err
	}
	if err != nil {
		return nil, hooks.Compiled, err
	}
	data := encode(r)
	if err := symbolic.Relocate(r); err != nil {
		return nil, hooks.Compiled, err
	}
	if err := c.folder.write(name, data); err != nil {
		c.cannotKeep(err)
		return r, hooks.Compiled, nil
	}
	return r, hooks.Kept, nil
}

// cannotKeep says so once.
func (c *Cache) cannotKeep(err error) {
	c.failed.Do(func() { c.log("cannot keep machine code in " + c.folder.path + ": " + err.Error()) })
}

// key is the name under which the answer to a request is kept.
func (c *Cache) key(symbolic []byte, opt specializer.Options) string {
	h := sha256.New()
	verify := uint64(0)
	if opt.Verify {
		verify = 1 // what was made without is not what this process wants to run
	}
	var head []byte
	for _, word := range []uint64{uint64(len(c.build)), uint64(opt.StressGuards), uint64(opt.StressExits), opt.ShuffleSeed, verify} {
		head = binary.LittleEndian.AppendUint64(head, word)
	}
	h.Write(head)
	h.Write([]byte(c.build))
	h.Write(symbolic)
	return nameOf(h.Sum(nil))
}
