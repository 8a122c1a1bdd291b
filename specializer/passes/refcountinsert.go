package passes

import (
	"maps"
	"slices"

	"pystonlite/specializer/ir"
)

// This file is the second half of the reference counting pass: with the modes known, increments and decrements are placed, and the
// frame states say what exits and finalizers find.

// insert places the counting operations and fills the frame states.
func (r *refcounter) insert() {
	r.scratch, r.tallies = newBitset(len(r.roots)), make([]tally, len(r.f.Values))
	live := newBitset(len(r.roots))
	for _, b := range r.f.Blocks {
		live.copyFrom(r.liveOut[b.ID])
		var reversed []*ir.Instr
		r.block = b
		for r.index = len(b.Instrs) - 1; r.index >= 0; r.index-- {
			reversed = r.instr(b, b.Instrs[r.index], live, reversed)
		}
		// What reaches the block and is not needed in it dies at its start; parameters included.
		var head []*ir.Instr
		for _, p := range b.Params {
			d := r.number(p)
			if d < 0 {
				continue
			}
			v := r.roots[d]
			switch {
			case r.mode[v] != modeOwned:
			case r.f.Values[v].Home != ir.NoHome:
				if live.has(d) {
					head = append(head, r.count(ir.OpIncRef, v, nil))
				}
			case !live.has(d):
				head = append(head, r.count(ir.OpDecRef, v, r.visible(r.nearState(b), live, []ir.Value{v})))
			}
			live.clear(d)
		}
		if len(b.Preds) > 0 {
			dying := newBitset(len(r.roots))
			dying.copyFrom(r.liveOut[b.Preds[0].ID])
			for k := range dying {
				dying[k] &^= r.liveIn[b.ID][k]
			}
			dying.each(func(d int32) {
				v := r.roots[d]
				if r.mode[v] == modeOwned && r.moved[v].store == nil {
					head = append(head, r.count(ir.OpDecRef, v, r.visible(r.nearState(b), live, []ir.Value{v})))
				}
			})
		}
		out := make([]*ir.Instr, 0, len(head)+len(reversed))
		out = append(out, head...)
		for k := len(reversed) - 1; k >= 0; k-- {
			out = append(out, reversed[k])
		}
		b.Instrs = out
	}
}

// nearState is a frame state for a decrement at the start of b: finalizers that it runs see the locals as they are there.
func (r *refcounter) nearState(b *ir.Block) *ir.FrameState {
	for _, i := range b.Instrs {
		if i.State != nil {
			return r.within(i.State.Observers(), b)
		}
	}
	return r.within(r.near(b, b.Instrs[0]), b)
}

// near is the last state at or before i in b, or in the blocks that dominate it. Its dirty slots are those that are still
// stale at i: a finalizer's cold path must not write an old number over what was stored since. (A slot stored anywhere before
// in the block counts as current: states of boxes made for a flush still list what the flush wrote.)
func (r *refcounter) near(b *ir.Block, i *ir.Instr) *ir.FrameState {
	for here := true; b != nil; b, i, here = r.dom.Idom(b), nil, false {
		var found *ir.FrameState
		stored := map[int]bool{}
		for _, x := range b.Instrs {
			if x.State != nil {
				found = x.State
			}
			if x.Op == ir.OpStoreLocal {
				stored[int(x.Imm)] = true
			}
			if x == i {
				break
			}
		}
		if found == nil {
			continue
		}
		s := found.Observers()
		p := s.Physical()
		if !here {
			p.Dirty = nil
			return s
		}
		for slot := range stored {
			if p.Dirty[slot] {
				p.Dirty = maps.Clone(p.Dirty)
				delete(p.Dirty, slot)
			}
		}
		return s
	}
	return &ir.FrameState{BCI: r.f.EntryBCI}
}

// behind is near for a decrement behind i.
func (r *refcounter) behind(b *ir.Block, i *ir.Instr) *ir.FrameState {
	s := r.near(b, i)
	if i.Op == ir.OpKeepAlive && i.Imm != 0 { // of the function's own frame
		s = s.Physical()
		s.BCI = int32(i.Imm) - 1
	}
	return s
}

// within drops the locals of a state that are not defined yet at the start of b.
func (r *refcounter) within(s *ir.FrameState, b *ir.Block) *ir.FrameState {
	for st := s; st != nil; st = st.Parent {
		st.Locals = append([]ir.Value(nil), st.Locals...)
		for slot, v := range st.Locals {
			if v == ir.NoValue {
				continue
			}
			info := &r.f.Values[v]
			if info.Block == b && info.Def != nil || !r.dom.Dominates(info.Block, b) {
				st.Locals[slot] = ir.NoValue
				if st.Dirty[slot] {
					st.Dirty = maps.Clone(st.Dirty)
					delete(st.Dirty, slot)
				}
			}
		}
	}
	return s
}

// visible drops the locals of elided frames that are not alive any more where a finalizer would see them: neither in the
// live set nor among those that are still to be released.
func (r *refcounter) visible(s *ir.FrameState, live bitset, dying []ir.Value) *ir.FrameState {
	for st := s; st != nil && st.Parent != nil; st = st.Parent {
		copied := false
		for slot, v := range st.Locals {
			if !st.Dirty[slot] {
				continue
			}
			root := r.f.Root(v)
			if d := r.number(v); d < 0 || r.mode[root] != modeOwned || live.has(d) || slices.Contains(dying, root) {
				continue
			}
			if !copied {
				st.Dirty, st.Locals, copied = maps.Clone(st.Dirty), append([]ir.Value(nil), st.Locals...), true
			}
			delete(st.Dirty, slot)
			st.Locals[slot] = ir.NoValue
		}
	}
	return s
}

func (r *refcounter) count(op ir.Op, v ir.Value, state *ir.FrameState) *ir.Instr {
	return r.f.NewInstr(op, 0, state, nil, v)
}

// owns says whether the machine frame owns root v when the instruction being counted begins, given that v is live there. A
// moved value is owned from its definition to the store.
func (r *refcounter) owns(v ir.Value) bool {
	if r.mode[v] != modeOwned {
		return false
	}
	m := &r.moved[v]
	return m.store == nil || r.block == r.f.Values[v].Block && r.index <= m.index
}

// tally is that of root v for the instruction being counted.
func (r *refcounter) tally(v ir.Value) *tally {
	t := &r.tallies[v]
	if t.turn != r.turn {
		*t = tally{turn: r.turn}
	}
	return t
}

// consumption counts how often i takes over a reference of each root; constants count too. It returns those roots.
func (r *refcounter) consumption(i *ir.Instr) []ir.Value {
	var consumed []ir.Value
	consume := func(a ir.Value) {
		v := r.f.Root(a)
		t := r.tally(v)
		t.consumed++
		if t.consumed == 1 {
			consumed = append(consumed, v)
		}
	}
	for k, a := range i.Args {
		if i.Op.ConsumesArg(k) && r.f.Type(a).Rep == ir.RepObject {
			consume(a)
		}
	}
	for _, e := range i.Edges {
		for k, a := range e.Args {
			if p := e.To.Params[k]; r.f.Type(p).Rep == ir.RepObject && r.f.Values[p].Home == ir.NoHome {
				consume(a)
			}
		}
	}
	return consumed
}

// instr handles one instruction in the backward walk: live is the set after it and becomes the set before it. The
// instruction and the counting around it are appended in reverse order.
func (r *refcounter) instr(b *ir.Block, i *ir.Instr, live bitset, out []*ir.Instr) []*ir.Instr {
	r.turn++
	consumed := r.consumption(i)
	after := r.scratch
	after.copyFrom(live)
	isNew, term := i.Op.Row().New, i.Op.Row().Term
	raising := i.Op.Row().Exit == ir.ExitRaise

	// Increments of borrowed results right behind i, then decrements; increments before i; decrements before a terminator.
	var acquired, behind, increments, early []ir.Value
	for _, res := range i.Results {
		d := r.number(res)
		if d < 0 || r.f.Root(res) != res || r.mode[res] != modeOwned {
			continue
		}
		switch {
		case isNew && !after.has(d):
			behind = append(behind, res)
		case !isNew && after.has(d):
			acquired = append(acquired, res) // borrowed, but outlives its lender
		}
	}
	r.step(i, live, nil)

	if raising && i.State != nil {
		i.State.Uses(func(v *ir.Value) { r.tally(r.f.Root(*v)).inState = true })
	}
	i.Uses(func(u *ir.Value) {
		v := r.f.Root(*u)
		d := r.number(v)
		t := r.tally(v)
		if d < 0 || t.seen {
			return
		}
		t.seen = true
		n := t.consumed
		switch {
		case !r.owns(v):
		case r.moved[v].store == i:
			n-- // the store moves the reference; the slot owns it from here on
		case after.has(d):
		case n > 0 && !t.inState:
			n-- // the last use gives our reference away
			t.given = true
		case !term:
			behind = append(behind, v)
		case i.Op == ir.OpJump || i.Op == ir.OpBranch:
			early = append(early, v) // passed as the content of its slot, which owns it too
		}
		for ; n > 0; n-- {
			increments = append(increments, v)
		}
	})
	for _, v := range consumed {
		if d := r.f.Def(v); r.number(v) < 0 && d != nil && d.Op != ir.OpConstNull {
			for n := r.tally(v).consumed; n > 0; n-- {
				increments = append(increments, v)
			}
		}
	}
	sortValues(behind)
	sortValues(increments)
	for k := len(behind) - 1; k >= 0; k-- {
		out = append(out, r.count(ir.OpDecRef, behind[k], r.visible(r.behind(b, i), after, behind[k:])))
	}
	for _, v := range acquired {
		out = append(out, r.count(ir.OpIncRef, v, nil))
	}
	if len(increments) > 0 && i.Op.Row().Exit == ir.ExitDeopt {
		i.Imm, increments = 1, nil // counted by the machine code behind the exit
	}
	r.fillState(i, live)
	out = append(out, i)
	for _, v := range early {
		out = append(out, r.count(ir.OpDecRef, v, r.visible(r.near(b, i), live, nil)))
	}
	for _, v := range increments {
		out = append(out, r.count(ir.OpIncRef, v, nil))
	}
	return out
}

func sortValues(vs []ir.Value) { slices.Sort(vs) }

// fillState gives i its own frame state with what the exit owns. An exit before the instruction's effect still has
// everything; one that raises has lost what was given to the instruction.
func (r *refcounter) fillState(i *ir.Instr, before bitset) {
	kind := i.Op.Row().Exit
	if i.State == nil || kind == ir.ExitNone {
		return
	}
	s := r.f.CloneState(i.State)
	i.State = s
	if kind == ir.ExitFlush {
		return
	}
	var owned []ir.Value
	before.each(func(d int32) {
		v := r.roots[d]
		if t := r.tally(v); r.owns(v) && !(kind == ir.ExitRaise && t.given) {
			t.owned = true
			owned = append(owned, v)
		}
	})
	for st := s; st != nil; st = st.Parent {
		st.Owned = make([]bool, len(st.Stack))
		for k, v := range st.Stack {
			if t := r.tally(r.f.Root(v)); v != ir.NoValue && t.owned {
				st.Owned[k], t.owned = true, false
			}
		}
		if st.Parent != nil {
			st.Parent = r.f.CloneState(st.Parent)
		}
	}
	s.Release = s.Release[:0]
	for _, v := range owned {
		if r.tally(v).owned {
			s.Release = append(s.Release, v)
		}
	}
}
