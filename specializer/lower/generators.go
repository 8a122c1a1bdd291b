package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
	"pystonlite/specializer/unwind"
)

// selectYield suspends the generator: what it was doing is written into its frame, as at any yield in stock.
func selectYield(s *selector, i *ir.Instr) {
	in := s.start()
	ops := make([]int, len(i.Args))
	for k, v := range i.Args {
		ops[k] = in.useAny(s.vreg(v))
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		for k, v := range i.Args[1:] {
			e.toMem(e.local(s.f.Locals+k), s.vreg(v), l[ops[k+1]])
		}
		e.prevInstr(int32(i.Imm))
		e.MI(amd64.Mov32, amd64.At(frameReg, s.off.FrameStacktop), int32(s.f.Locals+len(i.Args)-1))
		e.MI(amd64.Mov8, amd64.At(frameReg, s.off.GenFrameState-s.off.GenFrame), s.off.GenFrameSuspended)
		e.toReg(amd64.RAX, s.vreg(i.Args[0]), l[ops[0]])
		e.leaveGenerator()
	})
}

// leaveGenerator gives the result in rax to whoever resumed the generator, which keeps its frame.
func (e *emitter) leaveGenerator() {
	e.RR(amd64.Mov64, amd64.RDX, frameReg)
	e.RM(amd64.Mov64, frameReg, amd64.At(frameReg, e.s.off.FramePrevious))
	e.MR(amd64.Mov64, amd64.At(ctxReg, e.s.off.CtxCurrentFrame), frameReg)
	e.M(amd64.Inc32, amd64.At(threadReg, e.s.off.ThreadRecursionRemaining))
	e.epilogue()
}

// selectReturnGenerator makes the generator, which the helper moves the frame into. Without a generator (no memory, origins
// of coroutines are tracked) stock executes the instruction.
func selectReturnGenerator(s *selector, i *ir.Instr) {
	in := s.start()
	x := s.deopt(in, codemeta.ReasonNoGenerator)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		e.running(i.State)
		e.RR(amd64.Mov64, amd64.RDI, frameReg)
		e.RR(amd64.Mov64, amd64.RSI, threadReg)
		e.callAddr(e.helper(pyabi.HelperMakeGenerator))
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.E, x.label)
		e.leaveGenerator()
	})
}

// selectPyAwaitable takes exact generators and new coroutines as they are; the helper does the rest.
func selectPyAwaitable(s *selector, i *ir.Instr) {
	await, exact := i.Imm >= 0, pyabi.KnownGenerator
	if await {
		exact = pyabi.KnownCoroutine
		s.callHelper(i, pyabi.HelperAwaitable, val(i.Args[0]), word(uint64(i.Imm)))
	} else {
		s.callHelper(i, pyabi.HelperYieldFromIter, val(i.Args[0]), word(uint64(i.Imm)), arg{kind: argContext}, arg{kind: argThread})
	}
	s.attempts(func(e *emitter, call, _ amd64.Label) {
		e.cmpMemAddr(amd64.At(amd64.RDI, s.off.ObjType), s.known(exact))
		e.Jcc(amd64.NE, call)
		if await {
			e.MI(amd64.Cmp8, amd64.At(amd64.RDI, s.off.GenFrameState), s.off.GenFrameSuspended)
			e.Jcc(amd64.GE, call)
		}
		e.RR(amd64.Mov64, amd64.RAX, amd64.RDI)
	})
}

func selectPyIter(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperIter, val(i.Args[0]), arg{kind: argContext}, arg{kind: argThread})
}

// selectNewGenerator calls a function whose code makes a generator: the helper makes it with the operands as its locals.
func selectNewGenerator(s *selector, i *ir.Instr) {
	t := i.Aux.(*ir.CallTarget)
	s.callHelper(i, pyabi.HelperNewGenerator, word(s.snap.Objects[t.Func].Addr), array(i.Args), word(uint64(len(i.Args))), arg{kind: argThread})
}

// A resumer is the unit's own way to resume a generator that has machine code: it does what stock does around the evaluator,
// and jumps to a helper with anything else. rdi is the generator and rsi the value sent to it (a loop sends None); both stay
// the caller's. The result is that of the helper.
type resumer struct {
	label    amd64.Label
	loop     bool         // it iterates, so it is exhausted by any returned value
	code     uint64       // code object that the generator probably has, 0: no idea
	cell     uint64       // and its pl_code
	general  pyabi.Helper // for all other receivers
	finished pyabi.Helper // when the frame has ended
}

// resumer is the one for a loop or a delegation to what is probably a generator of the given code.
func (e *emitter) resumer(loop bool, code, cell uint64) *resumer {
	for _, r := range e.resumers {
		if r.loop == loop && r.code == code {
			return r
		}
	}
	r := &resumer{label: e.NewLabel(), loop: loop, code: code, cell: cell, general: pyabi.HelperSend, finished: pyabi.HelperGeneratorReturned}
	if loop {
		r.general, r.finished = pyabi.HelperNext, pyabi.HelperGeneratorExhausted
	}
	e.resumers = append(e.resumers, r)
	return r
}

// selectPyNext asks an iterator of any kind, generators without leaving machine code. One that is known to be a list's or a
// tuple's is exhausted: it was looked at before.
func selectPyNext(s *selector, i *ir.Instr) {
	s.resume(i, "ow", val(i.Args[0]))
	if it := s.f.Type(i.Args[0]); !it.Within(ir.ListIter | ir.TupleIter) {
		s.attempts(s.takeNext)
	}
}

// selectPySend delegates to a generator, coroutine or any other awaitable.
func selectPySend(s *selector, i *ir.Instr) { s.resume(i, "os", val(i.Args[0]), val(i.Args[1])) }

func (s *selector) resume(i *ir.Instr, result string, args ...arg) {
	code, cell := s.madeBy(i.Args[0])
	s.callCode(i, result, true, nil, func(e *emitter) { e.Call(e.resumer(i.Op == ir.OpPyNext, code, cell).label) }, args)
}

// madeBy guesses the code of a generator from the calls that made it, on any path. In a generator it guesses that code
// itself otherwise: what walks a tree delegates to its like.
func (s *selector) madeBy(v ir.Value) (code, cell uint64) {
	seen := map[ir.Value]bool{}
	work := []ir.Value{v}
	for len(work) > 0 {
		v := s.f.Root(work[len(work)-1])
		work = work[:len(work)-1]
		if seen[v] {
			continue
		}
		seen[v] = true
		d := s.f.Def(v)
		if d == nil {
			info := &s.f.Values[v]
			for _, p := range info.Block.Preds {
				for _, e := range p.Term().Edges {
					if e.To == info.Block {
						work = append(work, e.Args[info.Param])
					}
				}
			}
			continue
		}
		switch d.Op {
		case ir.OpPyIter, ir.OpPyAwaitable, ir.OpNewRef:
			work = append(work, d.Args[0])
		case ir.OpCallFunction:
			if t := d.Aux.(*ir.CallTarget); t.Generator {
				return s.snap.Objects[t.Code].Addr, t.Cell
			}
		}
	}
	if own := &s.snap.Codes[0]; s.f.Generator {
		return s.snap.Objects[own.Obj].Addr, own.Cell
	}
	return 0, 0
}

func (e *emitter) emitResumer(r *resumer) {
	const gen, value, code, cell, unit, tmp, frame = amd64.RDI, amd64.RSI, amd64.RCX, amd64.RDX, amd64.R8, amd64.R10, amd64.R9
	off := e.s.off
	general, search, found := e.NewLabel(), e.NewLabel(), e.NewLabel()
	e.Align(unwind.Granule)
	e.Bind(r.label)

	// A suspended generator (or one not started, which takes no value but None).
	e.RM(amd64.Mov64, tmp, amd64.At(gen, off.ObjType))
	e.cmpAddr(tmp, e.s.known(pyabi.KnownGenerator))
	if r.loop {
		e.Jcc(amd64.NE, general)
		e.MI(amd64.Cmp8, amd64.At(gen, off.GenFrameState), off.GenFrameExecuting)
		e.Jcc(amd64.GE, general)
		e.MovImm64(value, e.s.known(pyabi.KnownNone))
	} else {
		ready, known := e.NewLabel(), e.NewLabel()
		e.Jcc(amd64.E, known)
		e.cmpAddr(tmp, e.s.known(pyabi.KnownCoroutine))
		e.Jcc(amd64.NE, general)
		e.Bind(known)
		e.MI(amd64.Cmp8, amd64.At(gen, off.GenFrameState), off.GenFrameSuspended)
		e.Jcc(amd64.E, ready)
		e.Jcc(amd64.G, general)
		e.cmpAddr(value, e.s.known(pyabi.KnownNone))
		e.Jcc(amd64.NE, general)
		e.Bind(ready)
	}

	// The entry of its code's unit for where it is suspended.
	e.RM(amd64.Mov64, code, amd64.At(gen, off.GenFrame+off.FrameCode))
	if r.code != 0 {
		e.cmpAddr(code, r.code)
		e.Jcc(amd64.NE, search)
		e.MovImm64(cell, r.cell)
	} else {
		e.findCell(cell, code, tmp, general)
	}
	e.Bind(found)
	e.RM(amd64.Mov64, unit, amd64.At(cell, off.CellUnit))
	e.RR(amd64.Test64, unit, unit)
	e.Jcc(amd64.E, general)
	e.RM(amd64.Mov64, amd64.RAX, amd64.At(unit, off.UnitAt))
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.E, general)
	for _, f := range [][2]int32{{off.FrameGlobals, off.CellGlobals}, {off.FrameBuiltins, off.CellBuiltins}} {
		e.RM(amd64.Mov64, tmp, amd64.At(gen, off.GenFrame+f[0]))
		e.RM(amd64.Cmp64, tmp, amd64.At(cell, f[1]))
		e.Jcc(amd64.NE, general)
	}
	e.MI(amd64.Cmp16, amd64.At(ctxReg, off.CtxUseTracing), 0)
	e.Jcc(amd64.NE, general)
	e.RM(amd64.Mov64, tmp, amd64.At(gen, off.GenFrame+off.FramePrevInstr))
	e.RR(amd64.Sub64, tmp, code)
	e.RM(amd64.Mov64, amd64.RAX, amd64.AtIndex(amd64.RAX, tmp, 4, 8-4*off.CodeUnits))
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.E, general)
	e.M(amd64.Inc64, amd64.At(unit, off.UnitEntries))

	// The value goes on its stack, the generator on the stacks of frames and handled exceptions.
	e.Lea(frame, amd64.At(gen, off.GenFrame))
	e.RM(amd64.Movsxd, tmp, amd64.At(frame, off.FrameStacktop))
	e.countUp(value)
	e.MR(amd64.Mov64, amd64.AtIndex(frame, tmp, 8, off.FrameLocalsplus), value)
	e.MI(amd64.Mov32, amd64.At(frame, off.FrameStacktop), -1)
	e.MI(amd64.Mov8, amd64.At(frame, off.FrameIsEntry), 1)
	e.MR(amd64.Mov64, amd64.At(frame, off.FramePrevious), frameReg)
	e.RM(amd64.Mov64, tmp, amd64.At(threadReg, off.ThreadExcInfo))
	e.MR(amd64.Mov64, amd64.At(gen, off.GenExcPrevious), tmp)
	e.Lea(tmp, amd64.At(gen, off.GenExcState))
	e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadExcInfo), tmp)
	e.MI(amd64.Mov8, amd64.At(gen, off.GenFrameState), off.GenFrameExecuting)
	e.RR(amd64.Mov64, frameReg, frame)
	e.MR(amd64.Mov64, amd64.At(ctxReg, off.CtxCurrentFrame), frame)
	e.routineCall(func() { e.CallReg(amd64.RAX) })

	// It comes back with rdx its frame.
	own := func(field int32) amd64.Mem { return amd64.At(amd64.RDX, field-off.GenFrame) }
	finished := e.NewLabel()
	e.RM(amd64.Mov64, tmp, own(off.GenExcPrevious))
	e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadExcInfo), tmp)
	e.MI(amd64.Mov64, own(off.GenExcPrevious), 0)
	e.MI(amd64.Mov64, amd64.At(amd64.RDX, off.FramePrevious), 0)
	e.MI(amd64.Cmp8, own(off.GenFrameState), off.GenFrameSuspended)
	e.Jcc(amd64.NE, finished)
	e.Zero(amd64.RDX)
	e.N(amd64.Ret)
	e.Bind(finished)
	e.Lea(amd64.RDI, own(0))
	e.RR(amd64.Mov64, amd64.RSI, amd64.RAX)
	e.RR(amd64.Mov64, amd64.RDX, threadReg)
	e.JmpMem(e.word(e.helper(r.finished)))
	if r.code != 0 {
		e.Bind(search)
		e.findCell(cell, code, tmp, general)
		e.Jmp(found)
	}
	e.Bind(general)
	if !r.loop {
		e.RR(amd64.Mov64, amd64.RDX, ctxReg)
		e.RR(amd64.Mov64, amd64.RCX, threadReg)
	}
	e.JmpMem(e.word(e.helper(r.general)))
}

// findCell loads the pl_code of a code object.
func (e *emitter) findCell(cell, code, tmp amd64.Reg, none amd64.Label) {
	e.RM(amd64.Mov64, cell, amd64.At(code, e.s.off.CodeExtra))
	e.RR(amd64.Test64, cell, cell)
	e.Jcc(amd64.E, none)
	e.MovImm64(tmp, e.helper(pyabi.HelperExtraIndex))
	e.RM(amd64.Mov64, tmp, amd64.At(tmp, 0))
	e.RM(amd64.Cmp64, tmp, amd64.At(cell, 0)) // their number
	e.Jcc(amd64.AE, none)
	e.RM(amd64.Mov64, cell, amd64.AtIndex(cell, tmp, 8, 8))
	e.RR(amd64.Test64, cell, cell)
	e.Jcc(amd64.E, none)
}
