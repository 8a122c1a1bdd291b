package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
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
		e.prevInstr(i.State.BCI)
		e.RR(amd64.Mov64, amd64.RDI, frameReg)
		e.RR(amd64.Mov64, amd64.RSI, threadReg)
		e.callAddr(e.helper(pyabi.HelperMakeGenerator))
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.E, x.label)
		e.leaveGenerator()
	})
}

// A resumer is the unit's own way to resume a generator that has machine code: it does what stock does around the evaluator,
// and jumps to a helper with anything else. rdi is the generator and rsi the value sent to it (a loop sends None); both stay
// the caller's. The result is that of the helper.
type resumer struct {
	label    amd64.Label
	used     bool
	loop     bool         // it iterates, so it is exhausted by any returned value
	general  pyabi.Helper // for all other receivers
	finished pyabi.Helper // when the frame has ended
}

func (e *emitter) newResumers() {
	e.next = resumer{label: e.NewLabel(), loop: true, general: pyabi.HelperNext, finished: pyabi.HelperGeneratorExhausted}
	e.send = resumer{label: e.NewLabel(), general: pyabi.HelperSend, finished: pyabi.HelperGeneratorReturned}
}

// selectPyNext asks an iterator of any kind, generators without leaving machine code.
func selectPyNext(s *selector, i *ir.Instr) {
	s.callResumer(i, "ow", func(e *emitter) *resumer { return &e.next }, val(i.Args[0]))
}

// selectPySend delegates to a generator, coroutine or any other awaitable.
func selectPySend(s *selector, i *ir.Instr) {
	s.callResumer(i, "os", func(e *emitter) *resumer { return &e.send }, val(i.Args[0]), val(i.Args[1]))
}

func (s *selector) callResumer(i *ir.Instr, result string, which func(*emitter) *resumer, args ...arg) {
	s.callCode(i, result, true, nil, func(e *emitter) {
		r := which(e)
		r.used = true
		e.Call(r.label)
	}, args)
}

func (e *emitter) emitResumer(r *resumer) {
	if !r.used {
		return
	}
	const gen, value, code, cell, unit, tmp, frame = amd64.RDI, amd64.RSI, amd64.RCX, amd64.RDX, amd64.R8, amd64.R10, amd64.R9
	off, known := e.s.off, e.s.snap.Known
	object := func(k pyabi.WellKnown) uint64 { return e.s.snap.Objects[known[k]].Addr }
	general := e.NewLabel()
	e.Align(16)
	e.Bind(r.label)

	// A suspended generator (or one not started, which takes no value but None).
	e.RM(amd64.Mov64, tmp, amd64.At(gen, off.ObjType))
	e.cmpAddr(tmp, object(pyabi.KnownGenerator))
	if r.loop {
		e.Jcc(amd64.NE, general)
		e.MI(amd64.Cmp8, amd64.At(gen, off.GenFrameState), off.GenFrameExecuting)
		e.Jcc(amd64.GE, general)
		e.MovImm64(value, object(pyabi.KnownNone))
	} else {
		ready, known := e.NewLabel(), e.NewLabel()
		e.Jcc(amd64.E, known)
		e.cmpAddr(tmp, object(pyabi.KnownCoroutine))
		e.Jcc(amd64.NE, general)
		e.Bind(known)
		e.MI(amd64.Cmp8, amd64.At(gen, off.GenFrameState), off.GenFrameSuspended)
		e.Jcc(amd64.E, ready)
		e.Jcc(amd64.G, general)
		e.cmpAddr(value, object(pyabi.KnownNone))
		e.Jcc(amd64.NE, general)
		e.Bind(ready)
	}

	// The entry of its code's unit for where it is suspended.
	e.RM(amd64.Mov64, code, amd64.At(gen, off.GenFrame+off.FrameCode))
	e.RM(amd64.Mov64, cell, amd64.At(code, off.CodeExtra))
	e.RR(amd64.Test64, cell, cell)
	e.Jcc(amd64.E, general)
	e.MovImm64(tmp, e.helper(pyabi.HelperExtraIndex))
	e.RM(amd64.Mov64, tmp, amd64.At(tmp, 0))
	e.RM(amd64.Cmp64, tmp, amd64.At(cell, 0)) // their number
	e.Jcc(amd64.AE, general)
	e.RM(amd64.Mov64, cell, amd64.AtIndex(cell, tmp, 8, 8))
	e.RR(amd64.Test64, cell, cell)
	e.Jcc(amd64.E, general)
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
	e.MI(amd64.Cmp8, amd64.At(ctxReg, off.CtxUseTracing), 0)
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
	e.M(amd64.Inc64, amd64.At(value, off.ObjRefcnt))
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
	e.RI(amd64.Sub64, amd64.RSP, 8)
	e.CallReg(amd64.RAX)
	e.RI(amd64.Add64, amd64.RSP, 8)

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
	e.Bind(general)
	e.JmpMem(e.word(e.helper(r.general)))
}
