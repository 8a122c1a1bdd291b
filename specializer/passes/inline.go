package passes

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// inline puts the bodies of small callees in the place of their calls and elides their frames.
//
// A frame may be missing only where nobody can look for it. So a callee is inlined when, specialised for its operands at this
// place, it runs no code that could: what is left are guards, attribute and item accesses, arithmetic, and calls that are
// inlined themselves. What its code cannot do without a frame are exits, which build the frames: guards that fail, and blocks
// that had not run when the interpreter collected feedback. Three things may still happen in an elided frame and are taken
// care of where they are selected (package lower):
//
//   - an object dies whose finalizer looks at the frames: the cold path of the release builds them for as long as it runs;
//   - an allocation starts the cyclic collector: guard_no_collection leaves for stock before it would;
//   - the recursion limit: a unit that could exceed it inside an elided frame does not start (Func.Elided).
//
// The references of the elided frame's locals are kept up to where the real frame would drop them (keep_alive), so that
// objects die at the same statement, in the state that leave_inlined gives.
//
// Needs the direct calls of specialize and the front end through Context.Inlined. A callee at which machine code was left
// often in an earlier unit is called, not inlined.
func inline(f *ir.Func, ctx *Context) {
	if ctx.Inlined == nil {
		return
	}
	in := &inliner{ctx: ctx, budget: inlineBudget, refused: map[pyabi.ObjID]bool{ctx.Snap.Codes[0].Obj: true}}
	in.calls(f, 0)
}

const (
	inlineDepth  = 4    // of calls in calls
	inlineBudget = 4000 // instructions that are added to one unit
	inlineSize   = 400  // instructions of one callee
)

type inliner struct {
	ctx     *Context
	budget  int
	refused map[pyabi.ObjID]bool // code objects that are not inlined: those that need their frames, and those being inlined
}

// calls inlines what can be inlined in f, whose own frame is elided when depth is not zero.
func (in *inliner) calls(f *ir.Func, depth int) {
	if depth >= inlineDepth {
		return
	}
	for n := 0; n < len(f.Blocks); n++ { // blocks are appended on the way
		b := f.Blocks[n]
		for k := 0; k < len(b.Instrs); k++ {
			i := b.Instrs[k]
			t, ok := i.Aux.(*ir.CallTarget)
			if i.Op != ir.OpCallFunction || !ok || t.Direct || t.Generator || in.refused[t.Code] {
				continue
			}
			guard, init := function(f, b, k, t, in.ctx.Snap)
			if guard == ir.NoValue {
				continue
			}
			in.refused[t.Code] = true
			if body := in.body(f, i, t, init != ir.NoValue, depth); body != nil {
				in.refused[t.Code] = false
				parent := i.State
				if init != ir.NoValue {
					parent = f.CloneState(parent)
					parent.Stack = append(parent.Stack, init)
				}
				f.Elided = max(f.Elided, body.Elided+1)
				if t.Init {
					f.Elided = max(f.Elided, body.Elided+2)
					f.Def(init).Imm = 0 // the check at the unit's entry covers it
				}
				after := f.Inline(b, k, body, append([]ir.Value{guard}, i.Args...), parent)
				dropChecks(after, false)
				in.ctx.Count("inlined calls", 1)
				break
			}
		}
	}
}

// function finds the guarded function object of a call, and, when it is the __init__ of an instance that is being made, that
// instance. Both are made right in front of the call.
func function(f *ir.Func, b *ir.Block, k int, t *ir.CallTarget, snap *pyabi.Snapshot) (fn, instance ir.Value) {
	for k--; k >= 0; k-- {
		switch i := b.Instrs[k]; {
		case i.Op == ir.OpNewInstance && instance == ir.NoValue:
			instance = i.Result()
		case i.Op == ir.OpFuncVersionGuard && i.Imm == int64(snap.Objects[t.Func].Func.Version):
			return i.Result(), instance
		case i.Op.Row().Python:
			return ir.NoValue, ir.NoValue
		}
	}
	return ir.NoValue, ir.NoValue
}

// body translates and specialises the callee for the operands of a call; nil when it needs its frame.
func (in *inliner) body(f *ir.Func, call *ir.Instr, t *ir.CallTarget, init bool, depth int) *ir.Func {
	snap := in.ctx.Snap
	fn := &snap.Objects[t.Func].Func
	code := &snap.Codes[snap.Objects[t.Code].Index]
	if len(code.Bytes) == 0 || fn.Globals != snap.Objects[snap.Globals].Addr || fn.Builtins != snap.Objects[snap.Builtins].Addr {
		return nil
	}
	frame := &ir.InlinedFrame{Func: uint32(t.Func), Code: uint32(t.Code), Locals: t.Locals, Init: init}
	types := make([]ir.Type, len(call.Args))
	for k, a := range call.Args {
		types[k] = f.Type(a)
	}
	body, err := in.ctx.Inlined(code, frame, types)
	if err != nil {
		in.ctx.Count("not inlined: "+err.Error(), 1)
		return nil
	}
	simplify(body, in.ctx)
	s := &specializer{f: body, snap: snap, elided: true}
	s.run()
	if !s.observed {
		in.calls(body, depth+1)
	}
	size := 0
	for _, b := range body.Blocks {
		kept := b.Instrs[:0]
		for _, i := range b.Instrs {
			s.observed = s.observed || i.Op == ir.OpCallFunction
			if i.Op != ir.OpCheckEvents {
				kept = append(kept, i)
			}
		}
		b.Instrs = kept
		size += len(kept)
	}
	switch {
	case s.observed:
		in.ctx.Count("not inlined: needs its frame", 1)
		return nil
	case size > inlineSize || size > in.budget:
		in.ctx.Count("not inlined: too large", 1)
		return nil
	}
	in.budget -= size
	return body
}

// speculateTruth guards that the truth of a tested value of an elided frame needs nobody's code.
func (s *specializer) speculateTruth(i *ir.Instr, h *ir.Hint) bool {
	if !s.elided || failed(h, codemeta.ReasonTypeGuard) {
		return false
	}
	s.replace(i, 0, s.add(ir.OpQuietTruth, 0, h.Before, i.Args[0]))
	return true
}

// anyFailed says whether a guess at the place of the hint, or in what was inlined there, was wrong often.
func anyFailed(h *ir.Hint) bool {
	for reason := range h.Failed {
		if codemeta.Reason(reason).Speculative() {
			return true
		}
	}
	return false
}
