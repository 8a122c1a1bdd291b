package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/unwind"
)

// selectPyCall calls anything. Without keywords it goes through the unit's own routine for functions that have machine code.
func selectPyCall(s *selector, i *ir.Instr) {
	stack, n := array(i.Args), word(uint64(len(i.Args)-2))
	if i.Obj != 0 {
		s.callHelper(i, pyabi.HelperPyCall, stack, n, s.object(i.Obj), arg{kind: argContext}, arg{kind: argThread})
		return
	}
	s.callCode(i, "o", true, nil, func(e *emitter) {
		if e.callee == 0 {
			e.callee = e.NewLabel()
		}
		e.Call(e.callee)
	}, []arg{stack, n})
}

// emitCallee is the unit's own way to call what it does not know: rdi is the array [method or NULL, callable or self, arguments…],
// all of which is taken over, and rsi the number of arguments. A function of positional parameters, called with an argument for
// each that has no default, whose code has a unit, gets its frame here, as a known one gets it from call_function; so does that
// of a bound method. Builtin functions are called by emitBuiltin. All other callables go on to the helper. The result is that of
// the helper.
func (e *emitter) emitCallee() {
	const stack, n, callable, args, code, cell, frame, count = amd64.RDI, amd64.RSI, amd64.RCX, amd64.R8, amd64.R9, amd64.R10, amd64.RAX, amd64.RDX
	off := e.s.off
	general, found, start, other := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
	complete, bound := e.NewLabel(), e.NewLabel()
	e.Align(unwind.Granule)
	e.Bind(e.callee)
	e.MI(amd64.Cmp16, amd64.At(ctxReg, off.CtxUseTracing), 0)
	e.Jcc(amd64.NE, general)
	e.Bind(start)
	e.RM(amd64.Mov64, callable, amd64.At(stack, 0))
	e.Lea(args, amd64.At(stack, 8))
	e.Lea(count, amd64.At(n, 1))
	e.RR(amd64.Test64, callable, callable)
	e.Jcc(amd64.NE, found)
	e.RM(amd64.Mov64, callable, amd64.At(stack, 8))
	e.Lea(args, amd64.At(stack, 16))
	e.RR(amd64.Mov64, count, n)
	e.Bind(found)
	e.cmpMemAddr(amd64.At(callable, off.ObjType), e.s.known(pyabi.KnownFunction))
	e.Jcc(amd64.NE, other)
	e.RM(amd64.Mov64, code, amd64.At(callable, off.FuncCode))
	e.findCell(cell, code, frame, general)
	e.MI(amd64.Cmp64, amd64.At(cell, off.CellUnit), 0)
	e.Jcc(amd64.E, general)

	// An argument for each parameter, or defaults for those that are missing.
	const missing, defaults = scratch, frame
	e.RM(amd64.Mov32, missing, amd64.At(cell, off.CellParameters))
	e.RR(amd64.Sub32, missing, count)
	e.Jcc(amd64.E, complete)
	e.Jcc(amd64.L, general)
	e.RM(amd64.Mov64, defaults, amd64.At(callable, off.FuncDefaults))
	e.RR(amd64.Test64, defaults, defaults)
	e.Jcc(amd64.E, general)
	e.MR(amd64.Cmp64, amd64.At(defaults, off.VarSize), missing)
	e.Jcc(amd64.L, general)
	e.Bind(complete)
	e.RM(amd64.Mov64, frame, amd64.At(threadReg, off.ThreadStackTop))
	e.RM(amd64.Mov32, scratch, amd64.At(cell, off.CellFrameSize))
	e.RR(amd64.Add64, scratch, frame)
	e.RM(amd64.Cmp64, scratch, amd64.At(threadReg, off.ThreadStackLimit))
	e.Jcc(amd64.AE, general)
	e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadStackTop), scratch)

	// The frame, which owns the function and its code.
	field := func(offset int32) amd64.Mem { return amd64.At(frame, offset) }
	e.MR(amd64.Mov64, field(off.FrameFunc), callable)
	e.MR(amd64.Mov64, field(off.FrameCode), code)
	e.countUp(code)
	for _, f := range [][2]int32{{off.FrameGlobals, off.FuncGlobals}, {off.FrameBuiltins, off.FuncBuiltins}} {
		e.RM(amd64.Mov64, scratch, amd64.At(callable, f[1]))
		e.MR(amd64.Mov64, field(f[0]), scratch)
	}
	e.MI(amd64.Mov64, field(off.FrameLocals), 0)
	e.MI(amd64.Mov64, field(off.FrameObject), 0)
	e.MR(amd64.Mov64, field(off.FramePrevious), frameReg)
	e.Lea(scratch, amd64.At(code, off.CodeUnits-2))
	e.MR(amd64.Mov64, field(off.FramePrevInstr), scratch)
	e.setConst(field(off.FrameStacktop), frameStarted)
	const slot, left = amd64.RDI, amd64.RSI // the array's own registers are free from here on
	e.RM(amd64.Mov32, left, amd64.At(cell, off.CellParameters))
	e.RR(amd64.Sub32, left, count)
	e.Lea(slot, field(off.FrameLocalsplus))
	copyItem := func(owned bool) {
		e.RM(amd64.Mov64, scratch, amd64.At(args, 0))
		if !owned {
			e.countUp(scratch)
		}
		e.MR(amd64.Mov64, amd64.At(slot, 0), scratch)
		e.RI(amd64.Add64, args, 8)
		e.RI(amd64.Add64, slot, 8)
	}
	e.repeat(count, func() { copyItem(true) })
	e.RR(amd64.Test32, left, left)
	e.Jcc(amd64.E, bound)
	e.RM(amd64.Mov64, args, amd64.At(callable, off.FuncDefaults))
	e.RM(amd64.Mov64, count, amd64.At(args, off.VarSize))
	e.RR(amd64.Sub64, count, left)
	e.Lea(args, amd64.AtIndex(args, count, 8, off.TupleItems)) // the last ones are theirs
	e.repeat(left, func() { copyItem(false) })
	e.Bind(bound)
	e.RM(amd64.Mov32, left, amd64.At(cell, off.CellLocals))
	e.RM(amd64.Sub32, left, amd64.At(cell, off.CellParameters))
	e.repeat(left, func() {
		e.MI(amd64.Mov64, amd64.At(slot, 0), 0)
		e.RI(amd64.Add64, slot, 8)
	})

	e.RR(amd64.Mov64, frameReg, frame)
	e.MR(amd64.Mov64, amd64.At(ctxReg, off.CtxCurrentFrame), frame)
	e.routineCall(func() { e.CallMem(amd64.At(cell, off.CodeDirect)) })

	// It comes back with rdx its frame.
	e.RM(amd64.Mov64, callable, amd64.At(amd64.RDX, off.FrameFunc))
	e.RM(amd64.Mov64, code, amd64.At(amd64.RDX, off.FrameCode))
	e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadStackTop), amd64.RDX)
	for _, r := range []amd64.Reg{callable, code} {
		e.RR(amd64.Mov64, scratch, r)
		e.releaseInRoutine()
	}
	e.N(amd64.Ret)

	e.Bind(other)
	e.emitBuiltin(general)

	// A bound method that somebody else has, too, is taken apart in place.
	e.cmpMemAddr(amd64.At(callable, off.ObjType), e.s.known(pyabi.KnownMethod))
	e.Jcc(amd64.NE, general)
	e.RR(amd64.Cmp64, count, n)
	e.Jcc(amd64.NE, general)
	e.MI(amd64.Cmp64, amd64.At(callable, off.ObjRefcnt), 1)
	e.Jcc(amd64.E, general)
	e.countDown(callable)
	for k, part := range []int32{off.MethodFunc, off.MethodSelf} {
		e.RM(amd64.Mov64, code, amd64.At(callable, part))
		e.countUp(code)
		e.MR(amd64.Mov64, amd64.At(stack, int32(8*k)), code)
	}
	e.Jmp(start)

	e.Bind(general)
	e.Zero(amd64.RDX)
	e.RR(amd64.Mov64, amd64.RCX, ctxReg)
	e.RR(amd64.Mov64, amd64.R8, threadReg)
	e.JmpMem(e.word(e.helper(pyabi.HelperPyCall)))
}

// emitBuiltin is the part of emitCallee for a builtin function, or a method of one object, of no or one argument or of an array of
// them. It is called by its own convention, as the stock evaluator does once it has specialised the call: its arguments die before it
// does. rcx is the callable, r8 are the arguments and rdx is their number. It falls through for callables of other classes.
func (e *emitter) emitBuiltin(general amd64.Label) {
	const stack, n, callable, args, def, flags, count = amd64.RDI, amd64.RSI, amd64.RCX, amd64.R8, amd64.R9, amd64.R10, amd64.RDX
	off := e.s.off
	another, array, none, charged, deep := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
	called, release, failed, broken, polled, done := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
	remaining, exception := amd64.At(threadReg, off.ThreadRecursionRemaining), amd64.At(threadReg, off.ThreadExcType)
	// The word of the method, which is free, has the number of arguments meanwhile, and the word that aligns the stack the array.
	call := func(arguments func()) {
		e.R(amd64.Push, stack)
		arguments()
		e.CallMem(e.word(e.helper(pyabi.HelperCallStub)))
		e.leaveRoutineCall()
		e.RM(amd64.Mov64, stack, amd64.At(amd64.RSP, -8))
	}
	callIt := func() {
		e.MR(amd64.Mov64, amd64.At(stack, 0), count)
		call(func() {
			e.RM(amd64.Mov64, stack, amd64.At(callable, off.CFunctionSelf))
			e.Zero(callable) // no keywords
			e.RM(amd64.Mov64, amd64.RAX, amd64.At(def, off.MethodDefMeth))
		})
	}
	e.cmpMemAddr(amd64.At(callable, off.ObjType), e.s.known(pyabi.KnownBuiltinFunction))
	e.Jcc(amd64.NE, another)
	e.RR(amd64.Cmp64, count, n)
	e.Jcc(amd64.NE, general)
	e.RM(amd64.Mov64, def, amd64.At(callable, off.CFunctionDef))
	e.RM(amd64.Mov32, flags, amd64.At(def, off.MethodDefFlags))
	e.RI(amd64.Cmp32, flags, pyabi.MethO)
	e.Jcc(amd64.NE, array)
	e.RI(amd64.Cmp64, n, 1)
	e.Jcc(amd64.NE, general)
	e.RM(amd64.Mov64, n, amd64.At(args, 0))
	e.Bind(charged)
	e.M(amd64.Dec32, remaining)
	e.Jcc(amd64.S, deep)
	callIt()
	e.M(amd64.Inc32, remaining)

	e.Bind(called)
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.E, failed)
	e.MI(amd64.Cmp64, exception, 0)
	e.Jcc(amd64.NE, broken)
	e.Bind(release)
	e.RM(amd64.Mov64, n, amd64.At(stack, 0))
	e.Lea(args, amd64.At(stack, 16))
	e.repeat(n, func() {
		e.RM(amd64.Mov64, scratch, amd64.At(args, 0))
		e.releaseInRoutine()
		e.RI(amd64.Add64, args, 8)
	})
	e.RM(amd64.Mov64, scratch, amd64.At(stack, 8))
	e.releaseInRoutine()
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.E, done)
	e.poll(polled)
	e.Bind(done)
	e.N(amd64.Ret)

	e.Bind(array)
	e.RI(amd64.Cmp32, flags, pyabi.MethNoArgs)
	e.Jcc(amd64.E, none)
	e.RI(amd64.And32, flags, ^pyabi.MethKeywords)
	e.RI(amd64.Cmp32, flags, pyabi.MethFastCall)
	e.Jcc(amd64.NE, general)
	e.RR(amd64.Mov64, n, args)
	callIt()
	e.Jmp(called)
	e.Bind(none)
	e.RR(amd64.Test64, n, n)
	e.Jcc(amd64.E, charged) // with NULL in place of an argument
	e.Jmp(general)
	e.Bind(deep)
	e.M(amd64.Inc32, remaining)
	e.RR(amd64.Mov64, n, count)
	e.Jmp(general)
	e.Bind(failed)
	e.MI(amd64.Cmp64, exception, 0)
	e.Jcc(amd64.NE, release)
	e.Bind(broken)
	call(func() {
		e.RM(amd64.Mov64, amd64.RSI, amd64.At(stack, 8))
		e.RR(amd64.Mov64, amd64.RDI, threadReg)
		e.RR(amd64.Mov64, amd64.RDX, amd64.RAX)
		e.Zero(amd64.RCX)
		e.MovImm64(amd64.RAX, e.helper(pyabi.HelperCheckResult))
	})
	e.Jmp(release)
	e.Bind(polled)
	e.RR(amd64.Mov64, amd64.RDI, amd64.RAX)
	e.RR(amd64.Mov64, amd64.RSI, threadReg)
	e.JmpMem(e.word(e.helper(pyabi.HelperPollCalled)))
	e.Bind(another)
}

// releaseInRoutine gives up a reference that a routine has in the scratch register.
func (e *emitter) releaseInRoutine() {
	alive := e.NewLabel()
	e.countDown(scratch)
	e.Jcc(amd64.NE, alive)
	e.routineCall(func() { e.Call(e.dealloc) })
	e.Bind(alive)
}

// routineCall makes a call in a routine of ours, after which Python code may run: of a unit, or of a stub of the shim that calls C.
func (e *emitter) routineCall(call func()) {
	e.RI(amd64.Sub64, amd64.RSP, 8)
	call()
	e.leaveRoutineCall()
}

// leaveRoutineCall drops the word that aligns the stack of a routine. Debuggers know a routine by this instruction (package unwind).
func (e *emitter) leaveRoutineCall() { e.Lea(amd64.RSP, amd64.At(amd64.RSP, 8)) }

// repeat emits a loop that runs as often as r says, which it counts down.
func (e *emitter) repeat(r amd64.Reg, body func()) {
	again, done := e.NewLabel(), e.NewLabel()
	e.RR(amd64.Test32, r, r)
	e.Jcc(amd64.E, done)
	e.Bind(again)
	body()
	e.R(amd64.Dec32, r)
	e.Jcc(amd64.NE, again)
	e.Bind(done)
}
