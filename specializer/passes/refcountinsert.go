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
	r.scratch = newBitset(len(r.roots))
	live := newBitset(len(r.roots))
	for _, b := range r.f.Blocks {
		live.copyFrom(r.liveOut[b.ID])
		var reversed []*ir.Instr
		for j := len(b.Instrs) - 1; j >= 0; j-- {
			reversed = r.instr(b, b.Instrs[j], live, reversed)
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
				if r.mode[v] == modeOwned && r.moved[v] == nil {
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

// owns says whether the machine frame owns root v when i begins, given that v is live there. A moved value is owned from
// its definition to the store.
func (r *refcounter) owns(v ir.Value, i *ir.Instr) bool {
	if r.mode[v] != modeOwned {
		return false
	}
	store := r.moved[v]
	return store == nil || r.at[i].block == r.at[store].block && r.at[i].index <= r.at[store].index
}

// consumption counts how often i takes over a reference of each root; constants count too.
func (r *refcounter) consumption(i *ir.Instr) map[ir.Value]int {
	consumed := map[ir.Value]int{}
	for k, a := range i.Args {
		if i.Op.ConsumesArg(k) && r.f.Type(a).Rep == ir.RepObject {
			consumed[r.f.Root(a)]++
		}
	}
	for _, e := range i.Edges {
		for k, a := range e.Args {
			if p := e.To.Params[k]; r.f.Type(p).Rep == ir.RepObject && r.f.Values[p].Home == ir.NoHome {
				consumed[r.f.Root(a)]++
			}
		}
	}
	return consumed
}

// instr handles one instruction in the backward walk: live is the set after it and becomes the set before it. The
// instruction and the counting around it are appended in reverse order.
func (r *refcounter) instr(b *ir.Block, i *ir.Instr, live bitset, out []*ir.Instr) []*ir.Instr {
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

	inState := map[ir.Value]bool{}
	if raising && i.State != nil {
		i.State.Uses(func(v *ir.Value) { inState[r.f.Root(*v)] = true })
	}
	seen, given := map[ir.Value]bool{}, map[ir.Value]bool{}
	i.Uses(func(u *ir.Value) {
		v := r.f.Root(*u)
		d := r.number(v)
		if d < 0 || seen[v] {
			return
		}
		seen[v] = true
		n := consumed[v]
		switch {
		case !r.owns(v, i):
		case r.moved[v] == i:
			n-- // the store moves the reference; the slot owns it from here on
		case after.has(d):
		case n > 0 && !inState[v]:
			n-- // the last use gives our reference away
			given[v] = true
		case !term:
			behind = append(behind, v)
		case i.Op == ir.OpJump || i.Op == ir.OpBranch:
			early = append(early, v) // passed as the content of its slot, which owns it too
		}
		for ; n > 0; n-- {
			increments = append(increments, v)
		}
	})
	for v, n := range consumed {
		if d := r.f.Def(v); r.number(v) < 0 && d != nil && d.Op != ir.OpConstNull {
			for ; n > 0; n-- {
				increments = append(increments, v)
			}
		}
	}
	sortValues(behind)
	sortValues(increments)
	for k := len(behind) - 1; k >= 0; k-- {
		out = append(out, r.count(ir.OpDecRef, behind[k], r.visible(r.near(b, i), after, behind[k:])))
	}
	for _, v := range acquired {
		out = append(out, r.count(ir.OpIncRef, v, nil))
	}
	if len(increments) > 0 && i.Op.Row().Exit == ir.ExitDeopt {
		i.Imm, increments = 1, nil // counted by the machine code behind the exit
	}
	r.fillState(i, live, given)
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
func (r *refcounter) fillState(i *ir.Instr, before bitset, given map[ir.Value]bool) {
	kind := i.Op.Row().Exit
	if i.State == nil || kind == ir.ExitNone {
		return
	}
	s := r.f.CloneState(i.State)
	i.State = s
	if kind == ir.ExitFlush {
		return
	}
	owned := map[ir.Value]int{}
	var order []ir.Value
	before.each(func(d int32) {
		v := r.roots[d]
		if !r.owns(v, i) {
			return
		}
		if kind == ir.ExitRaise && given[v] {
			return
		}
		owned[v]++
		order = append(order, v)
	})
	for st := s; st != nil; st = st.Parent {
		st.Owned = make([]bool, len(st.Stack))
		for k, v := range st.Stack {
			if root := r.f.Root(v); v != ir.NoValue && owned[root] > 0 {
				st.Owned[k] = true
				owned[root]--
			}
		}
		if st.Parent != nil {
			st.Parent = r.f.CloneState(st.Parent)
		}
	}
	s.Release = s.Release[:0]
	for _, v := range order {
		if owned[v] > 0 {
			owned[v]--
			s.Release = append(s.Release, v)
		}
	}
}
