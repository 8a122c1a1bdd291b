package codecache

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pystonlite/files"
)

const (
	// folderLimit is how many bytes the files may have together, about.
	folderLimit = 1 << 30
	// parts is how many folders the files are distributed over, by the first byte of their names.
	parts = 256
	// between is how many files are written, on the average, before somebody looks whether those of one part are too many: whoever writes
	// one with such a name. Many processes write few files each.
	between = 64
	// mostFile is more than any file has.
	mostFile = 64 << 20
	// recent is for how long a file counts as new: one that is read after that is made new again.
	recent = time.Hour
)

// folder is where the files are.
type folder struct {
	path   string
	limit  int64
	drafts atomic.Uint64 // written so far
}

// nameOf is the path of the file for a hash, within the folder.
func nameOf(hash []byte) string {
	text := hex.EncodeToString(hash)
	return filepath.Join(text[:2], text[2:])
}

// read returns the content of a file.
func (f *folder) read(name string) ([]byte, error) {
	data, file, err := files.Read(filepath.Join(f.path, name), mostFile)
	if now := time.Now(); err == nil && now.UnixNano()-file.Modified > recent.Nanoseconds() {
		at := []unix.Timespec{unix.NsecToTimespec(now.UnixNano()), unix.NsecToTimespec(now.UnixNano())}
		_ = unix.UtimesNanoAt(unix.AT_FDCWD, file.Path, at, unix.AT_SYMLINK_NOFOLLOW)
	}
	return data, err
}

// write makes a file, which nobody sees before it is complete: it has another name until then.
func (f *folder) write(name string, data []byte) error {
	path := filepath.Join(f.path, name)
	part := filepath.Dir(path)
	if err := unix.Mkdir(part, 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	draft := filepath.Join(part, fmt.Sprintf(".%d-%d", unix.Getpid(), f.drafts.Add(1)))
	err := files.Write(draft, data, 0o600)
	if err == nil {
		err = unix.Rename(draft, path)
	}
	if err != nil {
		_ = unix.Unlink(draft)
		return err
	}
	if last, err := strconv.ParseUint(name[len(name)-2:], 16, 8); err == nil && last%between == 0 {
		f.prune(part)
	}
	return nil
}

// prune removes the files of one part of the folder that have not been read for the longest time, down to a half of its share of the limit,
// if it has more than that share. What a process has open, or another one removes first, is no matter.
func (f *folder) prune(part string) {
	found, _ := files.List(part)
	total, share := int64(0), f.limit/parts
	for _, x := range found {
		total += x.Size
	}
	if total <= share {
		return
	}
	slices.SortFunc(found, func(a, b files.File) int { return cmp.Compare(a.Modified, b.Modified) })
	for _, x := range found {
		if total <= share/2 {
			return
		}
		if unix.Unlink(x.Path) == nil {
			total -= x.Size
		}
	}
}
