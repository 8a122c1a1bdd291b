package passes

// bitset is a set of dense root numbers.
type bitset []uint64

func newBitset(n int) bitset       { return make(bitset, (n+63)/64) }
func (b bitset) has(i int32) bool  { return b[i>>6]>>(uint(i)&63)&1 != 0 }
func (b bitset) set(i int32)       { b[i>>6] |= 1 << (uint(i) & 63) }
func (b bitset) clear(i int32)     { b[i>>6] &^= 1 << (uint(i) & 63) }
func (b bitset) copyFrom(o bitset) { copy(b, o) }
func (b bitset) union(o bitset) bool {
	changed := false
	for k, w := range o {
		if w&^b[k] != 0 {
			b[k] |= w
			changed = true
		}
	}
	return changed
}

// each calls g for every member.
func (b bitset) each(g func(int32)) {
	for k, w := range b {
		for w != 0 {
			bit := int32(0)
			for t := w; t&1 == 0; t >>= 1 {
				bit++
			}
			g(int32(k*64) + bit)
			w &= w - 1
		}
	}
}
