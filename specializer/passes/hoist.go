package passes

import (
	"pystonlite/specializer/ir"
)

// hoist moves operations whose result is the same in every iteration in front of the loop: pure ones whose operands come
// from outside and that read nothing the loop changes.
//
// An operation that exits needs a state to exit to in front of the loop. The front end leaves one there, in an anchor; the
// moved operation takes a copy. Only operations that every iteration executes are moved with their exits: one behind a
// condition might fail although the program would never have come to it. What failed in an earlier unit (Context.NoHoist)
// stays as well, and so does all of a cold block.
//
// A refinement stays, because it is the control flow before it that proves it; an item known to be in bounds by a check
// that it does not depend on is checked again after it moved.
//
// Loops are taken from the inside out; what leaves an inner loop lands in its preheader, where the outer one finds it.
func hoist(f *ir.Func, ctx *Context) {
	dom := ir.Dominators(f)
	forest := ir.FindLoops(f, dom)
	if len(forest.Loops) == 0 {
		return
	}
	if makePreheaders(f, forest) {
		f.ComputePreds()
		dom = ir.Dominators(f)
		forest = ir.FindLoops(f, dom)
	}
	h := &hoister{f: f, ctx: ctx, dom: dom, forest: forest, writes: findEffects(f).loopWrites(forest)}
	for k := len(forest.Loops) - 1; k >= 0; k-- {
		h.loop(forest.Loops[k])
	}
	ctx.Count("hoisted", h.moved)
}

type hoister struct {
	f      *ir.Func
	ctx    *Context
	dom    *ir.DomTree
	forest *ir.LoopForest
	writes []ir.Effects // by BlockID of the header
	moved  int
}

func (h *hoister) loop(l *ir.Loop) {
	if l.Preheader == nil {
		return
	}
	anchor := h.anchor(l.Preheader)
	var moved []*ir.Instr
	for _, b := range l.Blocks {
		// Blocks of inner loops have given what they can to the preheader of theirs.
		if h.forest.Of(b) != l || b.Cold {
			continue
		}
		always := h.always(l, b)
		out := b.Instrs[:0]
		for _, i := range b.Instrs {
			if !h.movable(l, i, always && anchor != nil) {
				out = append(out, i)
				continue
			}
			if i.Op.Row().Exit != ir.ExitNone {
				i.State = h.f.CloneState(anchor.State)
			}
			if i.Op == ir.OpTupleItem {
				i.Imm = 0
			}
			l.Preheader.Claim(i)
			moved = append(moved, i)
		}
		b.Instrs = out
	}
	ir.InsertAtEnd(l.Preheader, moved...)
	h.moved += len(moved)
}

// movable says whether i can go to the preheader; exits says whether operations with exits can.
func (h *hoister) movable(l *ir.Loop, i *ir.Instr, exits bool) bool {
	row := i.Op.Row()
	if !row.Pure || i.Op == ir.OpRefine || row.Reads.Overlaps(h.writes[l.Header.ID]) {
		return false
	}
	switch row.Exit {
	case ir.ExitNone:
	case ir.ExitDeopt:
		if !exits || h.ctx.NoHoist != nil && h.ctx.NoHoist(i) {
			return false
		}
	default:
		return false // an error would be raised where the program does not raise it
	}
	for _, a := range i.Args {
		if h.forest.Contains(l, h.f.Values[a].Block) {
			return false
		}
	}
	return true
}

// always says whether every iteration that goes round runs b.
func (h *hoister) always(l *ir.Loop, b *ir.Block) bool {
	for _, p := range l.Header.Preds {
		if h.forest.Contains(l, p) && !h.dom.Dominates(b, p) {
			return false
		}
	}
	return true
}

// anchor finds the anchor whose state still holds at the end of b: nothing behind it has an effect.
func (h *hoister) anchor(b *ir.Block) *ir.Instr {
	for k := len(b.Instrs) - 2; k >= 0; k-- {
		i := b.Instrs[k]
		if i.Op == ir.OpAnchor {
			return i
		}
		if h.f.Writes(i) != ir.EffNone {
			break
		}
	}
	return nil
}

// makePreheaders gives each loop that lacks one a block in front of its header that nothing else is entered from. It says
// whether it made any.
func makePreheaders(f *ir.Func, forest *ir.LoopForest) bool {
	made := false
	for _, l := range forest.Loops {
		if l.Preheader == nil {
			makePreheader(f, forest, l)
			made = true
		}
	}
	return made
}

func makePreheader(f *ir.Func, forest *ir.LoopForest, l *ir.Loop) {
	pre := f.NewBlock(-1)
	args := make([]ir.Value, len(l.Header.Params))
	for k, p := range l.Header.Params {
		args[k] = f.AddParam(pre, f.Type(p), f.Values[p].Home)
	}
	var froms []*ir.Block
	var edges []ir.Edge
	for k, p := range l.Header.Preds {
		if k > 0 && p == l.Header.Preds[k-1] || forest.Contains(l, p) {
			continue
		}
		froms = append(froms, p)
		for e := range p.Term().Edges {
			if edge := &p.Term().Edges[e]; edge.To == l.Header {
				edges = append(edges, *edge)
				edge.To = pre
			}
		}
	}
	pre.Cold = true
	for _, p := range froms {
		pre.Cold = pre.Cold && p.Cold
	}
	if s := commonAnchor(pre, froms, edges); s != nil {
		f.Append(pre, f.NewInstr(ir.OpAnchor, 0, s, nil))
	}
	jump := f.NewInstr(ir.OpJump, 0, nil, nil)
	jump.Edges = []ir.Edge{{To: l.Header, Args: args}}
	f.Append(pre, jump)
}

// commonAnchor merges the states of the anchors at the end of all blocks that enter a preheader: a value that is the same
// everywhere stays, and one that is an argument becomes the parameter. Nil when that is not possible.
func commonAnchor(pre *ir.Block, froms []*ir.Block, edges []ir.Edge) *ir.FrameState {
	var states []*ir.FrameState
	for _, b := range froms {
		n := len(b.Instrs)
		if n < 2 || b.Instrs[n-2].Op != ir.OpAnchor || len(b.Term().Edges) != 1 {
			return nil
		}
		s := b.Instrs[n-2].State
		if s.Parent != nil || len(states) > 0 && (s.BCI != states[0].BCI || len(s.Stack) != len(states[0].Stack)) {
			return nil
		}
		states = append(states, s)
	}
	merge := func(at func(*ir.FrameState) ir.Value) ir.Value {
		for p := range pre.Params {
			all := true
			for k, s := range states {
				all = all && edges[k].Args[p] == at(s)
			}
			if all {
				return pre.Params[p]
			}
		}
		for _, s := range states {
			if at(s) != at(states[0]) {
				return ir.NoValue
			}
		}
		return at(states[0])
	}
	m := &ir.FrameState{BCI: states[0].BCI, Locals: make([]ir.Value, len(states[0].Locals)), Stack: make([]ir.Value, len(states[0].Stack))}
	for k := range m.Stack {
		m.Stack[k] = merge(func(s *ir.FrameState) ir.Value { return s.Stack[k] })
		if m.Stack[k] == ir.NoValue {
			return nil
		}
	}
	for k := range m.Locals {
		m.Locals[k] = merge(func(s *ir.FrameState) ir.Value { return s.Locals[k] })
	}
	return m
}
