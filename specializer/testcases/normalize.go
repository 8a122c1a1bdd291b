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
	versions  map[pyabi.VersionKind]map[uint32]uint32 // the interpreter counts each kind apart, too
	small     pyabi.SmallIntCache
	newSmall  uint64 // where 0 is then
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
	n := &renumber{
		low: 0x900000, high: 0x7f0000000000, addresses: map[uint64]uint64{}, versions: map[pyabi.VersionKind]map[uint32]uint32{},
		small: s.SmallIntCache(),
	}
	n.newSmall = n.fresh(n.small.Zero) + (n.small.Zero - n.small.Lowest)
	s.RequestID = 1
	s.EachAddress(n.address)
	s.EachVersion(n.version)
	for i := range s.Codes {
		normalizeCode(&s.Codes[i])
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
	if n.small.Has(a) {
		*p = a - n.small.Zero + n.newSmall
		return
	}
	if _, ok := n.addresses[a]; !ok {
		n.addresses[a] = n.fresh(a)
	}
	*p = n.addresses[a]
}

func (n *renumber) version(kind pyabi.VersionKind, p *uint32) {
	known := n.versions[kind]
	if known == nil {
		known = map[uint32]uint32{}
		n.versions[kind] = known
	}
	if _, ok := known[*p]; !ok {
		known[*p] = uint32(len(known) + 1)
	}
	*p = known[*p]
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
