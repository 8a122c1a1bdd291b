package testcases

import (
	"path"

	"pystonlite/specializer/pyabi"
)

// Normalised addresses lie this far apart, so that no two objects or code objects overlap.
const spacing = 1 << 16

// renumber gives things new numbers in the order in which it meets them.
type renumber struct {
	low, high uint64 // the last address given out below and above 4 GiB
	addresses map[uint64]uint64
	types     versions
	keys      versions
	functions versions
	smallInts uint64 // where the small-int cache was, and is
	newSmall  uint64
	size      uint64 // of one of its objects
	lowest    uint64 // bytes of the cache below and above the object 0
	highest   uint64
}

// Normalize replaces everything in a snapshot that differs between two runs of the same program: addresses, version
// numbers, the path of the source file, the contents of inline caches.
//
// Equal addresses stay equal and different ones different, and those that fit a 32-bit immediate still do; so the code made
// from the result has the instructions that the code of the original has.
func Normalize(data []byte) ([]byte, error) {
	s, err := pyabi.Decode(data)
	if err != nil {
		return nil, err
	}
	n := &renumber{low: 0x900000, high: 0x7f0000000000, addresses: map[uint64]uint64{}, types: versions{}, keys: versions{}, functions: versions{}}
	n.size = uint64(s.Offsets.SmallIntSize)
	n.lowest = uint64(-s.Offsets.SmallIntLowest) * n.size
	n.highest = uint64(s.Offsets.SmallIntHighest+1) * n.size
	n.smallInts = s.SmallInts
	n.newSmall = n.fresh(s.SmallInts) + n.lowest
	s.RequestID = 1
	s.EachAddress(n.address)
	for i := range s.Codes {
		normalizeCode(&s.Codes[i])
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		n.functions.renumber(&o.Func.Version)
		n.types.renumber(&o.Class.Version)
		n.keys.renumber(&o.Class.KeysVersion)
	}
	for c := range s.Codes {
		for i := range s.Codes[c].Feedback {
			f := &s.Codes[c].Feedback[i]
			n.types.renumber(&f.TypeVersion)
			n.keys.renumber(&f.Keys)
			n.keys.renumber(&f.Keys2)
		}
	}
	return pyabi.Encode(s), nil
}

// fresh is an address that has not been given out, as near to zero as a is.
func (n *renumber) fresh(a uint64) uint64 {
	next := &n.high
	if a < 1<<31 {
		next = &n.low
	}
	*next += spacing
	return *next
}

func (n *renumber) address(p *uint64) {
	a := *p
	if a >= n.smallInts-n.lowest && a < n.smallInts+n.highest {
		*p = a - n.smallInts + n.newSmall
		return
	}
	if _, ok := n.addresses[a]; !ok {
		n.addresses[a] = n.fresh(a)
	}
	*p = n.addresses[a]
}

// versions are the new numbers of one kind of versions; different kinds are counted apart by the interpreter, too.
type versions map[uint32]uint32

func (v versions) renumber(p *uint32) {
	if *p == 0 {
		return
	}
	if _, ok := v[*p]; !ok {
		v[*p] = uint32(len(v) + 1)
	}
	*p = v[*p]
}

func normalizeCode(k *pyabi.Code) {
	k.File = path.Base(k.File)
	counter := false
	for at := 0; at+1 < len(k.Bytes); at += 2 {
		// An inline cache is a unit whose canonical opcode is zero. The first one is a counter, of which it matters whether it has
		// begun; a full one says that the instruction has met one class only.
		if k.Bytes[at] != 0 {
			counter = true
			continue
		}
		begun := k.Adaptive[at] != 0 || k.Adaptive[at+1] != 0
		k.Adaptive[at], k.Adaptive[at+1] = 0, 0
		if counter && begun {
			k.Adaptive[at] = pyabi.FullCounter
		}
		counter = false
	}
}
