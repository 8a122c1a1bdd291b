package pyabi

// A snapshot is full of addresses, which are others in every process. With symbols in their place, equal ones for equal addresses,
// two processes that ask the same have the same bytes, and what the compiler makes of them has symbols where the addresses go.

const (
	// symbolMark is what the upper 16 bits of a symbol are: no address of a process looks like that.
	symbolMark = 0x5a5a << 48
	// symbolSpace is the distance of two symbols in bytes. The compiler computes places within an object by adding to its address, or,
	// for what lies in front of it, subtracting; both stay within half of this.
	symbolSpace = 1 << 24
)

// IsSymbol says whether a word looks like a symbol, or like a place near one.
func IsSymbol(word uint64) bool { return word&(0xffff<<48) == symbolMark }

// Symbols are the addresses that the symbols of one snapshot stand for.
type Symbols struct {
	fixed     uint64
	addresses []uint64
	symbols   map[uint64]uint64
	small     smallInts
}

// Abstract puts symbols in the place of the addresses in a snapshot, in the order in which it meets them. Addresses below fixed stay:
// there lies what has the same address in every process, the image of an interpreter that is not relocated (0: nothing does).
func Abstract(s *Snapshot, fixed uint64) *Symbols {
	t := &Symbols{fixed: fixed, symbols: make(map[uint64]uint64, len(s.Helpers)+2*len(s.Objects)), small: s.smallInts()}
	s.EachAddress(t.abstract)
	return t
}

func (t *Symbols) abstract(p *uint64) {
	a := *p
	if a < t.fixed {
		return
	}
	base := a
	if t.small.has(a) { // the compiler computes where they are
		base = t.small.zero
	}
	symbol, ok := t.symbols[base]
	if !ok {
		symbol = symbolMark + uint64(len(t.addresses))*symbolSpace + symbolSpace/2
		t.symbols[base] = symbol
		t.addresses = append(t.addresses, base)
	}
	*p = symbol + (a - base)
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

// smallInts is where the interpreter keeps its small int objects.
type smallInts struct{ lowest, zero, end uint64 }

func (s *Snapshot) smallInts() smallInts {
	size := uint64(s.Offsets.SmallIntSize)
	return smallInts{
		lowest: s.SmallInts - uint64(-s.Offsets.SmallIntLowest)*size, zero: s.SmallInts,
		end: s.SmallInts + uint64(s.Offsets.SmallIntHighest+1)*size,
	}
}

func (i smallInts) has(a uint64) bool { return a >= i.lowest && a < i.end }
