package regalloc

import (
	"cmp"
	"slices"
)

// piece is one stretch of a value in one place.
type piece struct {
	from, to uint32
	loc      Loc
}

// Groups of parallel moves at one instruction, in the order in which they are executed.
const (
	groupEdgeIn   = iota // entering the block
	groupChange          // values that change place before the instruction
	groupOperands        // copies for fixed and tied uses
	groupEdgeOut         // leaving the block
	groupAfter           // copies from fixed definitions, stores of definitions
	numGroups
)

// move is one element of a parallel move.
type move struct {
	key   uint32 // instruction*numGroups + group
	from  Loc
	to    Loc
	v     VReg
	store bool // only needed when v is not stored at its definition
}

func moveKey(instr uint32, group int) uint32 { return instr*numGroups + uint32(group) }

// resolver turns the assignment into locations and edits.
type resolver struct {
	*allocator
	pieces    [][]piece // by VReg, increasing
	moves     []move
	storeCost []float32 // by VReg: frequency of the stores needed where the value leaves its register

	transitions []transition // scratch of resolveValue
	dirty       []bool       // by piece of one value: the slot may be out of date
}

// resolve produces the result.
func (a *allocator) resolve() *Result {
	r := &resolver{allocator: a, storeCost: make([]float32, a.numVRegs)}
	r.collectPieces()
	r.moves = make([]move, 0, a.numInstrs/2)
	for v := range r.pieces {
		if len(r.pieces[v]) > 1 {
			r.resolveValue(VReg(v))
		}
	}
	r.resolveParams()
	result := &Result{NumSlots: a.numSlots, Allocs: r.operandLocations()}
	r.placeStores()
	r.sequence(result)
	r.collectCalleeSaved(result)
	result.Stats = a.stats
	return result
}

// collectPieces sorts the pieces of the bundles by value.
func (r *resolver) collectPieces() {
	count := make([]uint32, r.numVRegs)
	total := 0
	for i := range r.bundles {
		if b := &r.bundles[i]; b.state != dead {
			total += len(b.segs)
			for k := range b.segs {
				count[b.segs[k].v]++
			}
		}
	}
	arena := make([]piece, total)
	r.pieces = make([][]piece, r.numVRegs)
	at := uint32(0)
	for v, n := range count {
		r.pieces[v] = arena[at : at : at+n]
		at += n
	}
	for i := range r.bundles {
		b := &r.bundles[i]
		if b.state == dead {
			continue
		}
		for k := range b.segs {
			s := &b.segs[k]
			loc := RegLoc(b.reg)
			if b.state == inMemory {
				loc = r.memoryOf(s.v, b.web)
			}
			r.pieces[s.v] = append(r.pieces[s.v], piece{s.from, s.to, loc})
		}
	}
	for v, list := range r.pieces {
		if len(list) < 2 {
			continue
		}
		byStart := func(x, y piece) int { return cmp.Compare(x.from, y.from) }
		if !slices.IsSortedFunc(list, byStart) {
			slices.SortFunc(list, byStart)
		}
		joined := list[:1]
		for _, p := range list[1:] {
			if last := &joined[len(joined)-1]; last.to == p.from && last.loc == p.loc {
				last.to = p.to
				continue
			}
			joined = append(joined, p)
		}
		r.pieces[v] = joined
	}
}

// memoryOf returns where v is when it is in no register.
func (r *resolver) memoryOf(v VReg, web int32) Loc {
	switch info := &r.vregs[v]; {
	case info.remat:
		return ConstLoc
	case info.hasHome:
		return HomeLoc(info.home)
	}
	return SlotLoc(int(r.webs[web].slot))
}

// at returns the place of v at point p.
func (r *resolver) at(v VReg, p uint32) Loc {
	if pc := r.pieceAt(v, p); pc != nil {
		return pc.loc
	}
	panic("BUG: value is not live where it is needed")
}

// pieceAt returns the piece of v that contains p, nil when v is not live there.
func (r *resolver) pieceAt(v VReg, p uint32) *piece {
	if k := pieceIndex(r.pieces[v], p); k >= 0 {
		return &r.pieces[v][k]
	}
	return nil
}

// pieceIndex returns the index of the piece that contains p, -1 when there is none.
func pieceIndex(list []piece, p uint32) int {
	lo, hi := 0, len(list)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if list[mid].to <= p {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(list) && list[lo].from <= p {
		return lo
	}
	return -1
}

// add records a move unless nothing has to be done: equal places, or a destination that is valid by nature.
func (r *resolver) add(key uint32, v VReg, from, to Loc) {
	if from == to || to == ConstLoc || to.Kind() == KindHome {
		return
	}
	r.moves = append(r.moves, move{key: key, from: from, to: to, v: v})
}

// transition is one change of place of a value, between pieces number from and to.
type transition struct {
	key      uint32
	freq     float32
	from, to int32
}

// resolveValue records the moves of a value with several places: inside blocks and on edges. A register that is only ever filled
// from the slot leaves the slot valid, so going back to memory from there needs no store.
func (r *resolver) resolveValue(v VReg) {
	list := r.pieces[v]
	r.transitions = r.transitions[:0]
	r.dirty = append(r.dirty[:0], make([]bool, len(list))...)
	for k := range list {
		r.findTransitions(v, k)
	}
	for k := range list {
		if p := &list[k]; p.from <= r.vregs[v].def && r.vregs[v].def < p.to {
			r.dirty[k] = true
		}
	}
	for _, t := range r.transitions {
		if list[t.from].loc.Kind() != KindSlot {
			r.dirty[t.to] = true
		}
	}
	for _, t := range r.transitions {
		from, to := list[t.from].loc, list[t.to].loc
		if to.Kind() != KindSlot {
			r.add(t.key, v, from, to)
			continue
		}
		if from.Kind() != KindSlot && r.dirty[t.from] {
			r.storeCost[v] += t.freq
			r.moves = append(r.moves, move{key: t.key, from: from, to: to, v: v, store: true})
		}
	}
}

// findTransitions records the changes of place that lead into piece k of v.
func (r *resolver) findTransitions(v VReg, k int) {
	list := r.pieces[v]
	p := &list[k]
	if k > 0 && list[k-1].to == p.from && p.from != r.blockStart(r.blockAt(p.from)) {
		// In the middle of an instruction a value can only leave a register for memory; the store is then made with the
		// operand copies, from the register the instruction reads.
		instr, group := p.from/4, groupChange
		if p.from&3 != 0 {
			if group = groupOperands; p.loc.IsReg() || list[k-1].from > instr*4 {
				panic("BUG: value changes place inside an instruction")
			}
		}
		r.transitions = append(r.transitions,
			transition{moveKey(instr, group), r.freq[r.blockOf[instr]], int32(k - 1), int32(k)})
	}
	for b := r.blockAt(p.from); int(b) < r.numBlocks && r.blockStart(b) < p.to; b++ {
		start := r.blockStart(b)
		if start < p.from || start == r.vregs[v].def {
			continue
		}
		for _, pred := range r.preds[b] {
			end := r.blockEnd(pred) - 1
			if p.from <= end && end < p.to {
				continue
			}
			from := pieceIndex(list, end)
			if from < 0 {
				panic("BUG: value is not live at the end of a predecessor")
			}
			key, freq := r.edge(pred, b)
			r.transitions = append(r.transitions, transition{key, freq, int32(from), int32(k)})
		}
	}
}

// edge returns where the moves of the edge stand and how often they are executed.
func (r *resolver) edge(pred, succ int32) (uint32, float32) {
	freq := min(r.freq[pred], r.freq[succ])
	if r.edgeOut[pred] {
		return moveKey(uint32(r.blockTo[pred])-1, groupEdgeOut), freq
	}
	return moveKey(uint32(r.blockFrom[succ]), groupEdgeIn), freq
}

// resolveParams records the copies of branch arguments to parameters.
func (r *resolver) resolveParams() {
	for b := range r.numBlocks {
		for k, s := range r.succs[b] {
			params := r.f.BlockParams(int(s))
			if len(params) == 0 {
				continue
			}
			key, _ := r.edge(int32(b), s)
			end := r.blockEnd(int32(b)) - 1
			for j, arg := range r.f.BranchArgs(b, k) {
				if to := r.pieceAt(params[j], r.blockStart(s)); to != nil {
					r.add(key, arg, r.at(arg, end), to.loc)
				}
			}
		}
	}
}

// operandLocations fills in the operands and records the copies they need.
func (r *resolver) operandLocations() [][]Loc {
	total := 0
	for _, ops := range r.ops {
		total += len(ops)
	}
	arena := make([]Loc, total)
	allocs := make([][]Loc, r.numInstrs)
	var tied []uint8
	for i, ops := range r.ops {
		n := len(ops)
		if n == 0 {
			continue
		}
		out := arena[:n:n]
		arena = arena[n:]
		allocs[i] = out
		p := uint32(i) * 4
		tied = tiedUses(ops, tied)
		for k := range ops {
			switch o := &ops[k]; {
			case o.Kind == Def:
				out[k] = r.defLocation(i, ops, o)
			case o.C == Fixed:
				out[k] = RegLoc(o.Reg)
				r.add(moveKey(uint32(i), groupOperands), o.V, r.at(o.V, p), out[k])
			case o.late():
				out[k] = r.at(o.V, p+ptLate)
			case len(tied) == 0 || followsTie(ops, k, tied) < 0:
				out[k] = r.at(o.V, p+ptEarly)
			}
		}
		if len(tied) > 0 {
			r.tiedLocations(i, ops, tied, out)
		}
	}
	return allocs
}

// defLocation returns the place of a definition and records the copy out of a fixed register.
func (r *resolver) defLocation(i int, ops []Operand, o *Operand) Loc {
	info := &r.vregs[o.V]
	if fo := fixedDef(ops, o); fo != nil {
		if pc := r.pieceAt(o.V, info.def); pc != nil {
			r.add(moveKey(uint32(i), groupAfter), o.V, RegLoc(fo.Reg), pc.loc)
		}
		return RegLoc(fo.Reg)
	}
	loc := r.at(o.V, info.def)
	if loc == ConstLoc {
		return None
	}
	return loc
}

// tiedLocations gives tied uses the register of their definition and records the copies into it.
func (r *resolver) tiedLocations(i int, ops []Operand, tied []uint8, out []Loc) {
	for k := range ops {
		if o := &ops[k]; o.C == SameAs && ops[o.Tied].C != Fixed {
			u := &ops[o.Tied]
			out[o.Tied] = out[k]
			r.add(moveKey(uint32(i), groupOperands), u.V, r.at(u.V, uint32(i)*4), out[k])
		}
	}
	for k := range ops {
		if t := followsTie(ops, k, tied); t >= 0 {
			out[k] = out[t]
		}
	}
}

// placeStores decides for every spilled value between one store at the definition and stores where it leaves its register.
func (r *resolver) placeStores() {
	atDef := make([]bool, r.numVRegs)
	for v, cost := range r.storeCost {
		if cost == 0 {
			continue
		}
		info := &r.vregs[v]
		first := &r.pieces[v][0]
		if pc := r.pieceAt(VReg(v), info.def); pc != nil {
			first = pc
		}
		switch {
		case !first.loc.IsReg():
			atDef[v] = true // the definition itself writes the slot
		case r.freq[info.defBlock] <= cost:
			atDef[v] = true
			r.storeAtDef(VReg(v), first.loc)
		}
	}
	kept := r.moves[:0]
	for _, m := range r.moves {
		if !m.store || !atDef[m.v] {
			kept = append(kept, m)
		}
	}
	r.moves = kept
}

// storeAtDef records the store of v right behind its definition.
func (r *resolver) storeAtDef(v VReg, loc Loc) {
	info := &r.vregs[v]
	slot := None
	for _, p := range r.pieces[v] {
		if p.loc.Kind() == KindSlot {
			slot = p.loc
		}
	}
	instr := info.def / 4
	if info.param {
		r.add(moveKey(instr, groupChange), v, loc, slot)
		return
	}
	for k, ops := 0, r.ops[instr]; k < len(ops); k++ {
		if o := &ops[k]; o.Kind == Def && o.V == v {
			if fo := fixedDef(ops, o); fo != nil {
				loc = RegLoc(fo.Reg)
			}
		}
	}
	r.add(moveKey(instr, groupAfter), v, loc, slot)
}

// sequence orders the moves by place and makes each parallel group a sequence.
func (r *resolver) sequence(result *Result) {
	r.sortMoves()
	result.editStart = make([]uint32, 2*r.numInstrs+1)
	s := newSequencer(r.allocator, len(r.moves))
	for i := 0; i < len(r.moves); {
		j := i + 1
		for j < len(r.moves) && r.moves[j].key == r.moves[i].key {
			j++
		}
		s.run(r.moves[i:j])
		place := r.moves[i].key / numGroups * 2
		if r.moves[i].key%numGroups == groupAfter {
			place++
		}
		result.editStart[place+1] = uint32(len(s.edits))
		i = j
	}
	for k := 1; k < len(result.editStart); k++ {
		result.editStart[k] = max(result.editStart[k], result.editStart[k-1])
	}
	result.edits = s.edits
}

// sortMoves sorts the moves by key, stably and in linear time: the keys are dense.
func (r *resolver) sortMoves() {
	next := make([]uint32, r.numInstrs*numGroups+1)
	for i := range r.moves {
		next[r.moves[i].key+1]++
	}
	for k := 1; k < len(next); k++ {
		next[k] += next[k-1]
	}
	sorted := make([]move, len(r.moves))
	for _, m := range r.moves {
		sorted[next[m.key]] = m
		next[m.key]++
	}
	r.moves = sorted
}

// collectCalleeSaved finds the callee-saved registers that are written.
func (r *resolver) collectCalleeSaved(result *Result) {
	var written RegSet
	for i, ops := range r.ops {
		for k := range ops {
			if l := result.Allocs[i][k]; l.IsReg() && ops[k].Kind == Def {
				written = written.Add(l.Reg())
			}
		}
	}
	for k := range result.edits {
		if l := result.edits[k].To; l.IsReg() {
			written = written.Add(l.Reg())
		}
	}
	result.UsedCalleeSaved = written & r.env.CalleeSaved
}
