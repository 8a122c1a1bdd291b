package regalloc

import (
	"fmt"
	"math/bits"
	"slices"
)

// useKind says what a use wants.
type useKind uint8

const (
	useReg   useKind = iota // needs a register over [from, to)
	useFixed                // is copied to or from register reg; cheaper when the value is there already
	useCheap                // works in memory, is a little faster in a register
)

// use is one place that matters for the choice of location. Uses that accept memory at no cost are not recorded.
type use struct {
	from, to uint32
	cost     float32 // of having the value in memory here
	kind     useKind
	reg      PReg
}

// Relative costs of finding a value in memory.
const (
	costLoad  = 1.0
	costStore = 1.0
	costCopy  = 0.5 // the copy is there anyway; it reads memory instead of a register
	costRemat = 0.6
)

// blockUse is the end of the last use of a value in a block.
type blockUse struct {
	block int32
	end   uint32
	next  int32 // next block of the same value, -1 at the end
}

// liveness is the scratch state of computeLiveness.
type liveness struct {
	head, tail []int32 // by VReg: list in entries, increasing blocks
	entries    []blockUse
	in, out    []uint32 // by block: stamp (v+1) when v is live at the start, at the end
	last       []uint32 // by block: end of the last use of the value under inspection, valid with lastOf
	lastOf     []uint32
	touched    []uint64 // set of blocks
	stack      []int32
	arena      []segment
}

// computeLiveness reads all operands and computes definitions, uses, reservations, clobbers and live ranges.
func (a *allocator) computeLiveness() {
	a.vregs = make([]vregInfo, a.numVRegs)
	for v := range a.vregs {
		info := &a.vregs[v]
		*info = vregInfo{def: noPoint, bundle: -1, class: a.f.ClassOf(VReg(v)), remat: a.f.Remat(VReg(v))}
		if !info.remat {
			info.home, info.hasHome = a.f.Home(VReg(v))
		}
		info.storable = !info.remat && !info.hasHome
	}
	a.fixed = make([][]segment, maxPRegs)
	a.ops = make([][]Operand, a.numInstrs)
	numUses := a.readDefs()
	a.placeEdges()
	lv := &liveness{head: make([]int32, a.numVRegs), tail: make([]int32, a.numVRegs)}
	for v := range lv.head {
		lv.head[v], lv.tail[v] = -1, -1
	}
	lv.entries = make([]blockUse, 0, a.numVRegs*2)
	a.readUses(lv, numUses)
	a.buildSegments(lv)
}

// defPoint returns the first point of the value that operand o of instruction i defines.
func defPoint(i int, ops []Operand, o *Operand) uint32 {
	p := uint32(i) * 4
	switch {
	case fixedDef(ops, o) != nil:
		return p + ptAfter
	case o.C == SameAs || !o.late():
		return p + ptEarly
	}
	return p + ptLate
}

// fixedDef returns the operand that names the fixed register of definition o: itself, the fixed use it is tied to, or nil.
func fixedDef(ops []Operand, o *Operand) *Operand {
	if o.C == Fixed {
		return o
	}
	if o.C == SameAs && ops[o.Tied].C == Fixed {
		return &ops[o.Tied]
	}
	return nil
}

// readDefs records the definition of each value and returns the number of uses of each, definitions included.
func (a *allocator) readDefs() []uint32 {
	numUses := make([]uint32, a.numVRegs)
	for b := range a.numBlocks {
		for _, v := range a.f.BlockParams(b) {
			a.define(v, a.blockStart(int32(b)), int32(b))
			a.vregs[v].param = true
			numUses[v]++
		}
		for i := int(a.blockFrom[b]); i < int(a.blockTo[b]); i++ {
			ops := a.f.Operands(i)
			a.ops[i] = ops
			for k := range ops {
				o := &ops[k]
				numUses[o.V]++
				if o.Kind != Def {
					continue
				}
				if i == int(a.blockTo[b])-1 {
					panic(fmt.Sprintf("BUG: terminator %d defines v%d", i, o.V))
				}
				a.define(o.V, defPoint(i, ops, o), int32(b))
			}
		}
		for k := range a.succs[b] {
			for _, v := range a.f.BranchArgs(b, k) {
				numUses[v]++
			}
		}
	}
	return numUses
}

func (a *allocator) define(v VReg, p uint32, b int32) {
	if a.vregs[v].def != noPoint {
		panic(fmt.Sprintf("BUG: v%d is defined twice", v))
	}
	a.vregs[v].def, a.vregs[v].defBlock = p, b
}

// placeEdges decides where the moves of the edges stand: before the terminator of a block with one successor, otherwise at
// the start of the successors.
func (a *allocator) placeEdges() {
	a.edgeOut = make([]bool, a.numBlocks)
	for b, succs := range a.succs {
		if len(succs) != 1 {
			continue
		}
		t := int(a.blockTo[b]) - 1
		plain := len(a.ops[t]) == 0 && a.f.Clobbers(t) == 0
		if !plain && len(a.preds[succs[0]]) > 1 {
			panic(fmt.Sprintf("BUG: terminator %d has operands or clobbers and moves before it", t))
		}
		a.edgeOut[b] = plain
	}
}

// tiedUses collects the use operands definitions are tied to, skipping those in fixed registers.
func tiedUses(ops []Operand, buf []uint8) []uint8 {
	buf = buf[:0]
	for k := range ops {
		o := &ops[k]
		if o.C != SameAs {
			continue
		}
		if o.Kind != Def || int(o.Tied) >= len(ops) || ops[o.Tied].Kind != Use || ops[o.Tied].late() {
			panic("BUG: a tied operand must be a definition and name an early use")
		}
		if slices.Contains(buf, o.Tied) {
			panic("BUG: two definitions are tied to one use")
		}
		if ops[o.Tied].C != Fixed {
			buf = append(buf, o.Tied)
		}
	}
	return buf
}

// followsTie returns the tied use whose register operand k shares: itself, or an early use of the same value, which finds the
// value in the copy. It returns -1 for all others.
func followsTie(ops []Operand, k int, tied []uint8) int {
	o := &ops[k]
	if o.Kind != Use || o.C == Fixed || o.late() {
		return -1
	}
	if slices.Contains(tied, uint8(k)) && k < 256 {
		return k
	}
	for _, t := range tied {
		if ops[t].V == o.V {
			return int(t)
		}
	}
	return -1
}

// readUses records the uses of each value, the reservations of fixed registers and the clobbers.
func (a *allocator) readUses(lv *liveness, numUses []uint32) {
	total := uint32(0)
	for _, n := range numUses {
		total += n
	}
	arena := make([]use, total)
	a.uses = make([][]use, a.numVRegs)
	at := uint32(0)
	for v, n := range numUses {
		a.uses[v] = arena[at : at : at+n]
		at += n
	}
	var tied []uint8
	for b := range a.numBlocks {
		freq := a.freq[b]
		for _, v := range a.f.BlockParams(b) {
			p := a.blockStart(int32(b))
			a.addUse(v, use{from: p, to: p + 1, cost: costCopy * freq, kind: useCheap})
		}
		for i := int(a.blockFrom[b]); i < int(a.blockTo[b]); i++ {
			ops := a.ops[i]
			p := uint32(i) * 4
			tied = tiedUses(ops, tied)
			for k := range ops {
				o := &ops[k]
				var end uint32
				if o.Kind == Def {
					end = a.readDef(p, ops, o, freq)
				} else {
					end = a.readUse(p, ops, k, tied, freq)
				}
				lv.note(o.V, int32(b), end)
			}
			if c := a.f.Clobbers(i); c != 0 {
				a.clobberAt = append(a.clobberAt, clobber{p + ptLate, c})
				a.clobberAll |= c
			}
		}
		end := a.blockEnd(int32(b))
		for k := range a.succs[b] {
			for _, v := range a.f.BranchArgs(b, k) {
				a.addUse(v, use{from: end - 4, to: end, cost: costCopy * freq, kind: useCheap})
				lv.note(v, int32(b), end)
			}
		}
	}
	a.checkReservations()
}

// readDef records a definition and returns the end of the range of a value that has no uses; 0 when it needs no range.
func (a *allocator) readDef(p uint32, ops []Operand, o *Operand, freq float32) uint32 {
	info := &a.vregs[o.V]
	cost := float32(0)
	if info.storable {
		cost = costStore * freq
	}
	if fo := fixedDef(ops, o); fo != nil {
		from := p + ptLate
		if o.C == Fixed && !o.late() {
			from = p + ptEarly
		}
		a.reserve(fo.Reg, segment{from, p + ptAfter, o.V})
		a.addUse(o.V, use{from: p + ptAfter, to: p + 4, cost: cost, kind: useFixed, reg: fo.Reg})
		return 0
	}
	switch {
	case o.C == Any || info.remat && a.opt.ElideRemat && o.C == InReg:
		a.addUse(o.V, use{from: info.def, to: p + ptAfter, cost: cost, kind: useCheap})
	default:
		a.addUse(o.V, use{from: info.def, to: p + 4, cost: cost, kind: useReg})
	}
	return p + ptAfter
}

// readUse records use operand k and returns the end of its range.
func (a *allocator) readUse(p uint32, ops []Operand, k int, tied []uint8, freq float32) uint32 {
	o := &ops[k]
	end := p + ptLate
	if o.late() {
		end = p + ptAfter
	}
	load := costLoad * freq
	if a.vregs[o.V].remat {
		load = costRemat * freq
	}
	switch {
	case o.C == Fixed:
		a.reserve(o.Reg, segment{p + ptEarly, end, o.V})
		a.addUse(o.V, use{from: p, to: p + ptEarly, cost: load * costCopy, kind: useFixed, reg: o.Reg})
		return p + ptEarly
	case followsTie(ops, k, tied) >= 0:
		a.addUse(o.V, use{from: p, to: p + ptEarly, cost: load * costCopy, kind: useCheap})
		return p + ptEarly
	case o.C == InReg:
		a.addUse(o.V, use{from: p, to: end, cost: load, kind: useReg})
	case o.C == SameAs:
		panic("BUG: a use cannot be tied")
	case !o.late():
		a.addUse(o.V, use{from: p, to: end, cost: load * costCopy, kind: useCheap})
	}
	return end
}

func (a *allocator) addUse(v VReg, u use) { a.uses[v] = append(a.uses[v], u) }

// reserve books a fixed register. Instructions come in order, the operands of one instruction in any.
func (a *allocator) reserve(r PReg, s segment) {
	if r == a.env.Scratch[0] || r == a.env.Scratch[1] {
		panic(fmt.Sprintf("BUG: v%d is fixed to the scratch register r%d", s.v, r))
	}
	list := a.fixed[r]
	if n := len(list); n > 0 && list[n-1] == s {
		return
	}
	at := len(list)
	for at > 0 && list[at-1].from > s.from {
		at--
	}
	a.fixed[r] = slices.Insert(list, at, s)
}

// checkReservations finds fixed operands of one instruction that exclude one another, or late uses that are
// clobbered. A temporary in a register the instruction also lists as clobbered is fine.
func (a *allocator) checkReservations() {
	for r, list := range a.fixed {
		c := 0
		for k, s := range list {
			if k > 0 && list[k-1].to > s.from && list[k-1].v != s.v {
				panic(fmt.Sprintf("BUG: instruction %d: v%d and v%d both need r%d", s.from/4, list[k-1].v, s.v, r))
			}
			for c < len(a.clobberAt) && a.clobberAt[c].at < s.from {
				c++
			}
			if c < len(a.clobberAt) && a.clobberAt[c].at < s.to && a.clobberAt[c].at > s.from &&
				a.clobberAt[c].regs.Has(PReg(r)) && a.vregs[s.v].def/4 != s.from/4 {
				panic(fmt.Sprintf("BUG: instruction %d clobbers r%d while v%d needs it", s.from/4, r, s.v))
			}
		}
		merged := list[:0]
		for _, s := range list {
			if n := len(merged); n > 0 && merged[n-1].to > s.from {
				merged[n-1].to = max(merged[n-1].to, s.to)
				continue
			}
			merged = append(merged, s)
		}
		a.fixed[r] = merged
	}
}

// note extends the last use of v in block b to end. Blocks come in increasing order.
func (lv *liveness) note(v VReg, b int32, end uint32) {
	t := lv.tail[v]
	if t >= 0 && lv.entries[t].block == b {
		lv.entries[t].end = max(lv.entries[t].end, end)
		return
	}
	n := int32(len(lv.entries))
	lv.entries = append(lv.entries, blockUse{b, end, -1})
	if t >= 0 {
		lv.entries[t].next = n
	} else {
		lv.head[v] = n
	}
	lv.tail[v] = n
}

// buildSegments turns definitions and last uses into live ranges, value by value.
func (a *allocator) buildSegments(lv *liveness) {
	stamps := make([]uint32, 4*a.numBlocks)
	nb := a.numBlocks
	lv.in, lv.out, lv.last, lv.lastOf = stamps[:nb], stamps[nb:2*nb], stamps[2*nb:3*nb], stamps[3*nb:]
	lv.touched = make([]uint64, nb/64+1)
	a.segs = make([][]segment, a.numVRegs)
	lv.arena = make([]segment, 0, a.numVRegs+a.numVRegs/2)
	for v := range a.vregs {
		h := lv.head[v]
		if h < 0 {
			continue
		}
		info := &a.vregs[v]
		if info.def == noPoint {
			panic(fmt.Sprintf("BUG: v%d is used but never defined", v))
		}
		start := len(lv.arena)
		if lv.entries[h].next < 0 && lv.entries[h].block == info.defBlock {
			if end := lv.entries[h].end; end > info.def {
				lv.arena = append(lv.arena, segment{info.def, end, VReg(v)})
			}
		} else {
			a.walkBack(lv, VReg(v), info)
		}
		if n := len(lv.arena); n > start {
			a.segs[v] = lv.arena[start:n:n]
		}
	}
}

// walkBack computes the ranges of a value that is live across blocks: from each block with a use backwards to the definition.
func (a *allocator) walkBack(lv *liveness, v VReg, info *vregInfo) {
	stamp := uint32(v) + 1
	lowest, highest := int32(a.numBlocks), int32(0)
	touch := func(b int32) {
		if lv.lastOf[b] != stamp {
			lv.lastOf[b], lv.last[b] = stamp, 0
			lv.touched[b/64] |= 1 << (b % 64)
			lowest, highest = min(lowest, b), max(highest, b)
		}
	}
	for e := lv.head[v]; e >= 0; e = lv.entries[e].next {
		b := lv.entries[e].block
		touch(b)
		lv.last[b] = lv.entries[e].end
		if b != info.defBlock && lv.in[b] != stamp {
			lv.in[b] = stamp
			lv.stack = append(lv.stack, b)
		}
		for len(lv.stack) > 0 {
			b := lv.stack[len(lv.stack)-1]
			lv.stack = lv.stack[:len(lv.stack)-1]
			if b == 0 {
				panic(fmt.Sprintf("BUG: the definition of v%d does not dominate its uses", v))
			}
			for _, p := range a.preds[b] {
				if lv.out[p] == stamp {
					continue
				}
				touch(p)
				lv.out[p] = stamp
				if p != info.defBlock && lv.in[p] != stamp {
					lv.in[p] = stamp
					lv.stack = append(lv.stack, p)
				}
			}
		}
	}
	first := len(lv.arena)
	for w := lowest / 64; w <= highest/64; w++ {
		for set := lv.touched[w]; set != 0; set &= set - 1 {
			b := w*64 + int32(bits.TrailingZeros64(set))
			from, to := a.blockStart(b), lv.last[b]
			if lv.in[b] != stamp {
				from = info.def
			}
			if lv.out[b] == stamp {
				to = a.blockEnd(b)
			}
			if to <= from {
				continue
			}
			if n := len(lv.arena); n > first && lv.arena[n-1].to == from {
				lv.arena[n-1].to = to
				continue
			}
			lv.arena = append(lv.arena, segment{from, to, v})
		}
		lv.touched[w] = 0
	}
}
