package passes

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
)

// rejoin is an edge on which what a handler goes on with comes back to code that is also reached without an exception. The
// handler's entry read everything from the frame, so nothing is known there of locals and operands; but mostly they are what
// they are on the other edges. So the types of the target's parameters are inferred from those, and numbers and iterators,
// of which more than one guard depends, are guarded on this edge. The anchor at its end, from the front end, has the state.
//
// A place where such a guard failed often before is not speculated at again.
type rejoin struct {
	from   *ir.Block
	edge   *ir.Edge
	anchor int // index in from.Instrs
}

// rejoined are the classes that are guarded.
const rejoined = ir.Int | ir.Float | ir.Bool | ir.Iters

// rejoins finds those edges.
func rejoins(f *ir.Func) []rejoin {
	var list []rejoin
	for _, b := range f.Blocks {
		t := b.Term()
		n := len(b.Instrs) - 2
		if b.Cold && n >= 0 && t.Op == ir.OpJump && !t.Edges[0].To.Cold && b.Instrs[n].Op == ir.OpAnchor {
			list = append(list, rejoin{b, &t.Edges[0], n})
		}
	}
	return list
}

// rejoining says whether e is one of them.
func (s *specializer) rejoining(e *ir.Edge) bool {
	for k := range s.rejoins {
		if s.rejoins[k].edge == e {
			return true
		}
	}
	return false
}

// settle joins the types that a rejoining edge brings into those of the parameters, as far as no guard is going to make them
// fit; it says whether that changed something.
func (s *specializer) settle() bool {
	changed := false
	for k := range s.rejoins {
		r := &s.rejoins[k]
		for j, arg := range r.edge.Args {
			p, t := r.edge.To.Params[j], s.types[arg]
			if t == ir.NoType {
				continue
			}
			switch want := s.rejoinGuard(r, p, t); {
			case want == ir.Any:
				t.Set &^= ir.Null
			case want != ir.NoClass:
				continue
			}
			changed = s.grow(p, t) || changed
		}
	}
	return changed
}

// rejoinGuard is what a value of type t has to be guarded to be for parameter p: a class, Any when it only must not be NULL,
// or NoClass.
func (s *specializer) rejoinGuard(r *rejoin, p ir.Value, t ir.Type) ir.ClassSet {
	known := s.types[p]
	if known == ir.NoType || t.Set&known.Set == 0 || t.Within(known.Set) || s.snap.Codes[0].Failed(r.from.Instrs[r.anchor].State.BCI, codemeta.StandingGuard) {
		return ir.NoClass
	}
	switch {
	case known.Within(rejoined) && single(known.Set):
		return known.Set
	case t.Set&ir.Null != 0 && known.Set&ir.Null == 0:
		return ir.Any
	}
	return ir.NoClass
}

// guardRejoins places the guards.
func (s *specializer) guardRejoins() {
	for k := range s.rejoins {
		r := &s.rejoins[k]
		anchor := r.from.Instrs[r.anchor]
		before := anchor.State
		state := s.f.CloneState(before)
		s.block, s.out = r.from, append([]*ir.Instr(nil), r.from.Instrs[:r.anchor]...)
		for j, arg := range r.edge.Args {
			p := r.edge.To.Params[j]
			want := s.rejoinGuard(r, p, s.types[arg])
			if want == ir.NoClass {
				continue
			}
			g := arg
			if s.f.Type(g).Set&ir.Null != 0 {
				g = s.add(ir.OpGuardNotNull, 0, s.f.CloneState(before), g)
				s.f.Values[g].Type.Set &^= ir.Null
			}
			if want != ir.Any {
				g = s.guardClass(g, want, s.f.CloneState(before))
			}
			r.edge.Args[j] = g
			for _, vs := range [][]ir.Value{state.Locals, state.Stack} {
				for n, v := range vs {
					if v == arg {
						vs[n] = g
					}
				}
			}
		}
		anchor.State = state
		r.from.Instrs = append(s.out, anchor, r.from.Term())
	}
}
