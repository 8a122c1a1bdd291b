package regalloc

import (
	"cmp"
	"slices"
)

// slotProbes is how many slots are tried for a web before a new one is made.
const slotProbes = 16

// assignSlots gives a slot to every web with a value that has to be stored. A slot is occupied over the whole life of
// these values, not only while they are in memory, because the store may be at the definition.
func (a *allocator) assignSlots() {
	spilled := make([]bool, a.numVRegs)
	var order []int32
	for i := range a.bundles {
		b := &a.bundles[i]
		if b.state != inMemory {
			continue
		}
		w := &a.webs[b.web]
		for k := range b.segs {
			v := b.segs[k].v
			if spilled[v] || !a.vregs[v].storable {
				continue
			}
			spilled[v] = true
			if len(w.values) == 0 {
				order = append(order, b.web)
			}
			w.values = append(w.values, v)
		}
	}
	var slots []intervalMap
	var segs []segment
	probe := 0
	for _, wi := range order {
		w := &a.webs[wi]
		segs = segs[:0]
		for _, v := range w.values {
			segs = append(segs, a.segs[v]...)
		}
		if len(w.values) > 1 {
			slices.SortFunc(segs, func(x, y segment) int { return cmp.Compare(x.from, y.from) })
		}
		slot := len(slots)
		for k := range min(len(slots), slotProbes) {
			if n := (probe + k) % len(slots); !slots[n].overlaps(segs) {
				slot = n
				break
			}
		}
		if slot == len(slots) {
			slots = append(slots, intervalMap{})
		}
		probe = slot
		for _, s := range segs {
			slots[slot].insert(interval{from: s.from, to: s.to, owner: wi})
		}
		w.slot = int32(slot)
	}
	a.numSlots = len(slots)
}
