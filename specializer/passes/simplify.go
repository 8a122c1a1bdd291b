package passes

import (
	"pystonlite/specializer/ir"
)

// simplify cleans up the control flow and everything that needs no analysis: parameters that are always the same value,
// constant operations and branches, guards of what is known, boxes that are unboxed again, empty blocks, blocks in a
// straight line, unreachable blocks. What one of these does makes work for the others, so they are repeated until nothing
// changes, at most simplifyRounds times; what is left over then is left to the next run.
//
// It keeps blocks that are loop heads of the bytecode, and folds no operation that would exit or raise.
func simplify(f *ir.Func, ctx *Context) {
	ir.RemoveUnreachable(f)
	for round := 0; round < simplifyRounds; round++ {
		changed := removeTrivialParams(f)
		changed = foldInstrs(f) || changed
		changed = foldBranches(f) || changed
		changed = threadJumps(f) || changed
		changed = ir.RemoveUnreachable(f) || changed
		changed = mergeBlocks(f) || changed
		if !changed {
			return
		}
	}
	ctx.debugf("%s: still changing after %d rounds", f.Name, simplifyRounds)
}

const simplifyRounds = 12

// removeTrivialParams removes the parameters whose arguments on all edges are one value or the parameter itself (Braun et
// al., "Simple and Efficient Construction of SSA Form", 2013, on what makes a phi function trivial), or the same constant.
func removeTrivialParams(f *ir.Func) bool {
	sub := ir.NewSubstitution(f)
	dead := make([]bool, len(f.Values))
	var consts map[ir.Value]*ir.Instr // constants to be placed instead of a parameter
	changed := false
	for again := true; again; {
		again = false
		same := incoming(f, sub)
		for _, b := range f.Blocks[1:] {
			for _, p := range b.Params {
				v := same[p]
				if dead[p] || v == ir.NoValue || v == several {
					continue
				}
				v = sub.Resolve(v)
				if v == p {
					continue
				}
				if d := f.Def(v); d != nil && f.Values[v].Const {
					// The constant may be another one on each edge; a copy of it serves here.
					c := f.NewInstr(d.Op, d.Imm, nil, []ir.Type{f.Type(v)})
					c.Obj = d.Obj
					if consts == nil {
						consts = map[ir.Value]*ir.Instr{}
					}
					consts[p] = c
					v = c.Result()
					f.Values[v].Block = b
					sub = append(sub, ir.NoValue)
				}
				sub.Replace(p, v)
				dead[p] = true
				again, changed = true, true
			}
		}
	}
	if !changed {
		return false
	}
	for _, b := range f.Blocks {
		var front []*ir.Instr
		for _, p := range b.Params {
			if c := consts[p]; c != nil {
				front = append(front, c)
			}
		}
		ir.InsertFront(b, front...)
		ir.RemoveParams(b, func(p ir.Value) bool { return int(p) < len(dead) && dead[p] })
	}
	f.ReplaceUses(sub)
	return true
}

// several marks parameters with different arguments.
const several = ^ir.Value(0)

// incoming finds by parameter the only value that edges pass for it, NoValue when there is none, or several. Equal
// constants count as one value.
func incoming(f *ir.Func, sub ir.Substitution) []ir.Value {
	same := make([]ir.Value, len(f.Values))
	for _, b := range f.Blocks {
		for _, e := range b.Term().Edges {
			for k, a := range e.Args {
				p := e.To.Params[k]
				switch a = sub.Resolve(a); {
				case a == p || same[p] == several:
				case same[p] == ir.NoValue:
					same[p] = a
				case same[p] != a && !sameConstant(f, same[p], a):
					same[p] = several
				}
			}
		}
	}
	return same
}

func sameConstant(f *ir.Func, a, b ir.Value) bool {
	if !f.Values[a].Const || !f.Values[b].Const {
		return false
	}
	x, y := f.Def(a), f.Def(b)
	return x.Op == y.Op && x.Imm == y.Imm && x.Obj == y.Obj
}

// foldBranches turns branches that can go only one way into jumps, and removes negations in front of others.
func foldBranches(f *ir.Func) bool {
	changed := false
	for _, b := range f.Blocks {
		t := b.Term()
		if t.Op != ir.OpBranch {
			continue
		}
		for d := f.Def(t.Args[0]); d != nil && d.Op == ir.OpNotBool; d = f.Def(t.Args[0]) {
			t.Args = []ir.Value{d.Args[0]}
			t.Edges[0], t.Edges[1] = t.Edges[1], t.Edges[0]
			changed = true
		}
		taken := -1
		if d := f.Def(t.Args[0]); d != nil && d.Op == ir.OpConstBool {
			taken = 1 - int(d.Imm)
		} else if sameEdge(t.Edges[0], t.Edges[1]) {
			taken = 0
		}
		if taken >= 0 {
			t.Op, t.Args, t.Edges = ir.OpJump, nil, []ir.Edge{t.Edges[taken]}
			changed = true
		}
	}
	if changed {
		f.ComputePreds()
	}
	return changed
}

func sameEdge(a, b ir.Edge) bool {
	if a.To != b.To {
		return false
	}
	for k := range a.Args {
		if a.Args[k] != b.Args[k] {
			return false
		}
	}
	return true
}

// threadJumps redirects the edges into blocks that only jump on. A block whose parameters are used elsewhere stays, and so
// does one that the bytecode knows as a loop head.
func threadJumps(f *ir.Func) bool {
	var elsewhere []bool // by BlockID, found when the first block asks: most functions have none that does
	forwards := func(b *ir.Block) bool {
		t := b.Term()
		if len(b.Instrs) > 1 || t.Op != ir.OpJump || t.Edges[0].To == b || b == f.Entry() || b.Loop {
			return false
		}
		if len(b.Params) > 0 && elsewhere == nil {
			elsewhere = usedElsewhere(f)
		}
		return len(b.Params) == 0 || !elsewhere[b.ID]
	}
	changed := false
	for _, b := range f.Blocks {
		edges := b.Term().Edges
		if b.Term().Op == ir.OpEnter {
			continue // each entry has a block of its own
		}
		for k := range edges {
			e := &edges[k]
			// A chain of empty blocks cannot be longer than there are blocks; a cycle of them is an endless loop.
			for n := 0; forwards(e.To) && n < len(f.Blocks); n++ {
				next := e.To.Term().Edges[0]
				args := make([]ir.Value, len(next.Args))
				for j, a := range next.Args {
					args[j] = a
					if f.Def(a) == nil && f.Values[a].Block == e.To {
						args[j] = e.Args[f.Values[a].Param]
					}
				}
				*e = ir.Edge{To: next.To, Args: args}
				changed = true
			}
		}
	}
	if changed {
		f.ComputePreds()
	}
	return changed
}

// usedElsewhere says by BlockID whether a parameter of the block is used, if only by a weak reference, anywhere but in the
// block's own edges.
func usedElsewhere(f *ir.Func) []bool {
	used := make([]bool, f.NumBlockIDs())
	note := func(v ir.Value) {
		if v != ir.NoValue && f.Def(v) == nil {
			used[f.Values[v].Block.ID] = true
		}
	}
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			for _, a := range i.Args {
				note(a)
			}
			for _, e := range i.Edges {
				for _, a := range e.Args {
					if f.Values[a].Block != b {
						note(a)
					}
				}
			}
			i.EachState(func(s *ir.FrameState) {
				for ; s != nil; s = s.Parent {
					for _, vs := range [][]ir.Value{s.Locals, s.Stack, s.Release} {
						for _, v := range vs {
							note(v)
						}
					}
				}
			})
		}
	}
	return used
}

// mergeBlocks appends a block to its only predecessor when that goes nowhere else.
func mergeBlocks(f *ir.Func) bool {
	sub := ir.NewSubstitution(f)
	gone := make([]bool, f.NumBlockIDs())
	changed := false
	for _, b := range f.Blocks {
		for !gone[b.ID] {
			t := b.Term()
			if t.Op != ir.OpJump {
				break
			}
			next := t.Edges[0].To
			if next == b || next == f.Entry() || len(next.Preds) != 1 {
				break
			}
			for k, p := range next.Params {
				sub.Replace(p, t.Edges[0].Args[k])
			}
			b.Instrs = b.Instrs[:len(b.Instrs)-1]
			for _, i := range next.Instrs {
				b.Instrs = append(b.Instrs, i)
				b.Claim(i)
			}
			if b.BCI < 0 {
				b.BCI = next.BCI
			}
			b.Cold = b.Cold || next.Cold && b != f.Entry()
			for _, e := range b.Term().Edges {
				for k, p := range e.To.Preds {
					if p == next {
						e.To.Preds[k] = b
					}
				}
			}
			gone[next.ID], changed = true, true
		}
	}
	if !changed {
		return false
	}
	kept := f.Blocks[:0]
	for _, b := range f.Blocks {
		if !gone[b.ID] {
			kept = append(kept, b)
		}
	}
	f.Blocks = kept
	f.ReplaceUses(sub)
	f.ComputePreds()
	return true
}
