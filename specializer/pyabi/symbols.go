package pyabi

// A snapshot is full of addresses and of versions (of types, functions and key tables, which the interpreter numbers as it goes), which
// are others in every process. With symbols in their place, equal ones for equal ones, two processes that ask the same have the same
// bytes, and what the compiler makes of them has symbols where addresses and versions go.

const (
	// symbolMark is what the upper 16 bits of a symbol are: no address of a process looks like that.
	symbolMark = 0x5a5a << 48
	// symbolSpace is the distance of two symbols in bytes. The compiler computes places within an object by adding to its address, or,
	// for what lies in front of it, subtracting; both stay within half of this.
	symbolSpace = 1 << 24

	// versionMark is what the upper 8 bits of the symbol of a version are, behind which come the kind and a number. It does not fit an
	// operand of 8 bits, as small versions do.
	versionMark  = 0x5a << 24
	versionCount = 1 << 22 // of each kind
)

// IsSymbol says whether a word looks like a symbol, or like a place near one.
func IsSymbol(word uint64) bool { return word&(0xffff<<48) == symbolMark }

// IsVersionSymbol says whether an operand looks like the symbol of a version.
func IsVersionSymbol(v uint32) bool { return v&(0xff<<24) == versionMark }

// Symbols are what the symbols of one snapshot stand for.
type Symbols struct {
	fixed     uint64
	addresses []uint64
	symbols   map[uint64]uint64
	small     SmallIntCache
	versions  [numVersionKinds]struct {
		known   []uint32
		numbers map[uint32]uint32
	}
}

// Abstract puts symbols in the place of the addresses and versions in a snapshot, in the order in which it meets them. Addresses below
// fixed stay: there lies what has the same address in every process, the image of an interpreter that is not relocated (0: nothing does).
func Abstract(s *Snapshot, fixed uint64) *Symbols {
	t := &Symbols{fixed: fixed, symbols: make(map[uint64]uint64, len(s.Helpers)+2*len(s.Objects)), small: s.SmallIntCache()}
	s.EachAddress(t.abstract)
	s.EachVersion(t.abstractVersion)
	return t
}

func (t *Symbols) abstract(p *uint64) {
	a := *p
	if a < t.fixed {
		return
	}
	base := a
	if t.small.Has(a) { // the compiler computes where they are
		base = t.small.Zero
	}
	symbol, ok := t.symbols[base]
	if !ok {
		symbol = symbolMark + uint64(len(t.addresses))*symbolSpace + symbolSpace/2
		t.symbols[base] = symbol
		t.addresses = append(t.addresses, base)
	}
	*p = symbol + (a - base)
}

func (t *Symbols) abstractVersion(kind VersionKind, p *uint32) {
	v := &t.versions[kind]
	n, ok := v.numbers[*p]
	if !ok {
		if v.numbers == nil {
			v.numbers = map[uint32]uint32{}
		}
		n = uint32(len(v.known))
		v.numbers[*p] = n
		v.known = append(v.known, *p)
	}
	*p = versionMark + uint32(kind)*versionCount + n
}

// ResolveVersion is the version that a symbol stands for; false when there is no such symbol.
func (t *Symbols) ResolveVersion(symbol uint32) (uint32, bool) {
	kind, n := VersionKind(symbol%(1<<24)/versionCount), symbol%versionCount
	if !IsVersionSymbol(symbol) || kind >= numVersionKinds || int(n) >= len(t.versions[kind].known) {
		return 0, false
	}
	return t.versions[kind].known[n], true
}

// Resolve is the address that a symbol, or a place near it, stands for; false when there is no such symbol.
func (t *Symbols) Resolve(word uint64) (uint64, bool) {
	offset := word - symbolMark
	k := offset / symbolSpace
	if !IsSymbol(word) || k >= uint64(len(t.addresses)) {
		return 0, false
	}
	return t.addresses[k] + offset%symbolSpace - symbolSpace/2, true
}

// EachAddress visits every address in a snapshot that is not NULL, always in the same order.
func (s *Snapshot) EachAddress(visit func(*uint64)) {
	address := func(p *uint64) {
		if *p != 0 {
			visit(p)
		}
	}
	address(&s.SmallInts)
	address(&s.Unit)
	address(&s.Breaker)
	for i := range s.Helpers {
		address(&s.Helpers[i])
	}
	for i := range s.Codes {
		k := &s.Codes[i]
		address(&k.Cell)
		address(&k.Addr)
		address(&k.Caches)
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		address(&o.Addr)
		address(&o.Type)
		address(&o.Func.Globals)
		address(&o.Func.Builtins)
		address(&o.Class.Keys)
		address(&o.CFunc.Meth)
	}
}

// VersionKind says what a version is of. The interpreter counts each kind apart.
type VersionKind uint8

// The kinds of versions.
const (
	TypeVersion VersionKind = iota
	FunctionVersion
	KeysVersion

	numVersionKinds
)

// EachVersion visits every version in a snapshot that is not zero, always in the same order.
func (s *Snapshot) EachVersion(visit func(VersionKind, *uint32)) {
	version := func(kind VersionKind, p *uint32) {
		if *p != 0 {
			visit(kind, p)
		}
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		version(FunctionVersion, &o.Func.Version)
		version(TypeVersion, &o.Class.Version)
		version(KeysVersion, &o.Class.KeysVersion)
	}
	for i := range s.Codes {
		for k := range s.Codes[i].Feedback {
			f := &s.Codes[i].Feedback[k]
			version(TypeVersion, &f.TypeVersion)
			if f.Kind == FbClassAttr { // Keys is a flag there
				version(TypeVersion, &f.Keys2)
				version(TypeVersion, &f.Index)
				continue
			}
			version(KeysVersion, &f.Keys)
			version(KeysVersion, &f.Keys2)
		}
	}
}

// SmallIntCache is where the interpreter keeps its small int objects: the addresses of the first one, of 0, and behind the last one.
type SmallIntCache struct{ Lowest, Zero, End uint64 }

// SmallIntCache is that of the process that made the snapshot.
func (s *Snapshot) SmallIntCache() SmallIntCache {
	size := uint64(s.Offsets.SmallIntSize)
	return SmallIntCache{
		Lowest: s.SmallInts - uint64(-s.Offsets.SmallIntLowest)*size, Zero: s.SmallInts,
		End: s.SmallInts + uint64(s.Offsets.SmallIntHighest+1)*size,
	}
}

// Has says whether an address is that of a small int.
func (c SmallIntCache) Has(a uint64) bool { return a >= c.Lowest && a < c.End }
