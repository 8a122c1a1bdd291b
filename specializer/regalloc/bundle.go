package regalloc

import (
	"cmp"
	"slices"
)

// bundle is a unit of assignment: ranges of one or more values that get one register, or memory.
type bundle struct {
	segs    []segment // increasing, disjoint
	uses    []use     // increasing
	web     int32
	weight  float32
	length  uint32
	state   bundleState
	reg     PReg
	class   Class
	minimal bool // covers one instruction's need for a register and cannot be split
	needReg bool // has a use of kind useReg
	tries   uint8
	evicted uint8
	marked  bool // scratch of evict
}

type bundleState uint8

const (
	waiting  bundleState = iota // in the queue
	assigned                    // in register reg
	inMemory
	dead // merged into or split into others
)

// web is what was one bundle before splitting. Its parts in memory share a slot and its parts in registers attract one another.
type web struct {
	slot    int32 // -1 when none
	lastReg PReg  // the register assigned last, noReg when none
	related []relation
	values  []VReg // filled by assignSlots
}

const noReg PReg = 0xff

// relation names a web that this one is copied to or from.
type relation struct {
	to     int32
	weight float32
}

// relate notes a copy. The hottest copies come first; the rest would not change the choice and cost time.
func (w *web) relate(to int32, weight float32) {
	if len(w.related) < maxRelations {
		w.related = append(w.related, relation{to, weight})
	}
}

// candidate is a copy between two values that vanishes when they share a register.
type candidate struct {
	a, b   VReg
	weight float32
}

const (
	// maxMergedSegments and maxMergedUses bound the cost of merging into one bundle.
	maxMergedSegments = 256
	maxMergedUses     = 1024
	// maxRelations bounds the hints a web takes from other webs.
	maxRelations = 8
	// weightBias is added to lengths so that a tiny bundle does not outweigh a hot one by its shortness alone.
	weightBias = 16
	// minimalWeight is more than any sum of costs.
	minimalWeight = float32(1e30)
	infinite      = float32(3e38)
)

// buildBundles makes a bundle of every value and merges those that are copied to one another and never alive together.
func (a *allocator) buildBundles() {
	a.bundles = make([]bundle, 0, a.numVRegs+a.numVRegs/2)
	for v := range a.vregs {
		if len(a.segs[v]) == 0 {
			continue
		}
		info := &a.vregs[v]
		info.bundle = int32(len(a.bundles))
		segs := a.segs[v]
		a.bundles = append(a.bundles, bundle{segs: segs, uses: a.uses[v], web: info.bundle, class: info.class})
	}
	a.stats.Instrs, a.stats.VRegs, a.stats.Bundles = a.numInstrs, a.numVRegs, len(a.bundles)
	a.webs = make([]web, len(a.bundles))
	for i := range a.webs {
		a.webs[i] = web{slot: -1, lastReg: noReg}
	}
	candidates := a.copies()
	slices.SortStableFunc(candidates, func(x, y candidate) int { return cmp.Compare(y.weight, x.weight) })
	for _, c := range candidates {
		if a.merge(c) {
			a.stats.Merged++
		}
	}
	for _, c := range candidates {
		x, y := a.find(a.vregs[c.a].bundle), a.find(a.vregs[c.b].bundle)
		if x != y {
			a.webs[x].relate(y, c.weight)
			a.webs[y].relate(x, c.weight)
		}
	}
	for i := range a.bundles {
		if b := &a.bundles[i]; b.state != dead {
			b.web = int32(i)
			a.finish(b)
		}
	}
}

// copies lists the copies of the program: ties, block arguments and moves.
func (a *allocator) copies() []candidate {
	var list []candidate
	add := func(x, y VReg, w float32) {
		if x == y || a.vregs[x].class != a.vregs[y].class || a.vregs[x].bundle < 0 || a.vregs[y].bundle < 0 {
			return
		}
		list = append(list, candidate{x, y, w})
	}
	for b := range a.numBlocks {
		w := a.freq[b]
		for i := int(a.blockFrom[b]); i < int(a.blockTo[b]); i++ {
			ops := a.ops[i]
			for k := range ops {
				if ops[k].C == SameAs {
					add(ops[k].V, ops[ops[k].Tied].V, w)
				}
			}
			if dst, src, ok := a.f.IsMove(i); ok {
				add(dst, src, w)
			}
		}
		for k, s := range a.succs[b] {
			params := a.f.BlockParams(int(s))
			for j, arg := range a.f.BranchArgs(b, k) {
				add(params[j], arg, w)
			}
		}
	}
	return list
}

// find returns the bundle that b was merged into.
func (a *allocator) find(b int32) int32 {
	for a.bundles[b].web != b {
		a.bundles[b].web = a.bundles[a.bundles[b].web].web
		b = a.bundles[b].web
	}
	return b
}

// merge joins the bundles of both ends of a copy when their ranges do not overlap. A constant that can be omitted stays
// alone: recomputing it at the copy costs the same and occupies no register before.
func (a *allocator) merge(c candidate) bool {
	if a.opt.ElideRemat && (a.vregs[c.a].remat || a.vregs[c.b].remat) {
		return false
	}
	x, y := a.find(a.vregs[c.a].bundle), a.find(a.vregs[c.b].bundle)
	if x == y {
		return false
	}
	bx, by := &a.bundles[x], &a.bundles[y]
	if len(bx.segs)+len(by.segs) > maxMergedSegments || len(bx.uses)+len(by.uses) > maxMergedUses ||
		overlap(bx.segs, by.segs) {
		return false
	}
	bx.segs = mergeSorted(bx.segs, by.segs, func(s *segment) uint32 { return s.from })
	bx.uses = mergeSorted(bx.uses, by.uses, func(u *use) uint32 { return u.from })
	by.web, by.state, by.segs, by.uses = x, dead, nil, nil
	return true
}

func overlap(x, y []segment) bool {
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		switch {
		case x[i].to <= y[j].from:
			i++
		case y[j].to <= x[i].from:
			j++
		default:
			return true
		}
	}
	return false
}

// mergeSorted returns the union of two sorted lists; the sources stay as they are because values keep referring to them.
func mergeSorted[T any](x, y []T, key func(*T) uint32) []T {
	out := make([]T, 0, len(x)+len(y))
	for len(x) > 0 && len(y) > 0 {
		if key(&y[0]) < key(&x[0]) {
			out, y = append(out, y[0]), y[1:]
		} else {
			out, x = append(out, x[0]), x[1:]
		}
	}
	return append(append(out, x...), y...)
}

// finish computes what assignment wants to know about a bundle.
func (a *allocator) finish(b *bundle) {
	b.length, b.needReg, b.minimal = 0, false, false
	for i := range b.segs {
		b.length += b.segs[i].to - b.segs[i].from
	}
	sum := float32(0)
	from, to := noPoint, uint32(0)
	for i := range b.uses {
		u := &b.uses[i]
		sum += u.cost
		if u.kind == useReg {
			b.needReg = true
			from, to = min(from, u.from), max(to, u.to)
		}
	}
	if b.needReg && len(b.segs) == 1 && from/4 == (to-1)/4 && b.segs[0].from >= from && b.segs[0].to <= to {
		b.minimal = true
		b.weight = minimalWeight + minimalWeight/128*float32(maxPRegs-a.freeRegs(b).Count())
		return
	}
	b.weight = sum / float32(b.length+weightBias)
}

// freeRegs returns the registers that no reservation or clobber keeps from a bundle of one segment. The fewer there are
// the earlier a minimal bundle must choose.
func (a *allocator) freeRegs(b *bundle) RegSet {
	free := a.allocatable[b.class] &^ a.clobbersOver(b.segs)
	for _, r := range a.env.Regs[b.class] {
		list := a.fixed[r]
		for k := segmentAt(list, b.segs[0].from); k < len(list) && list[k].from < b.segs[0].to; k++ {
			if list[k].v != b.segs[0].v {
				free = free.Remove(r)
			}
		}
	}
	return free
}

// clobbersOver returns the registers of the bundle's class that are clobbered while one of the segments is live.
func (a *allocator) clobbersOver(segs []segment) RegSet {
	var s RegSet
	for i := range segs {
		for c := a.clobberIndex(segs[i].from); c < len(a.clobberAt) && a.clobberAt[c].at < segs[i].to; c++ {
			if s |= a.clobberAt[c].regs; s == a.clobberAll {
				return s
			}
		}
	}
	return s
}

// clobberIndex returns the index of the first clobber at or after p.
func (a *allocator) clobberIndex(p uint32) int {
	lo, hi := 0, len(a.clobberAt)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if a.clobberAt[mid].at < p {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
