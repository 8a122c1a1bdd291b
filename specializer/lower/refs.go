package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// death is what an instruction may release: of what type, and what a finalizer would see.
type death struct {
	t     ir.Type
	state *ir.FrameState // nil when no finalizer can run, or when it does not matter what it sees
	x     *exit          // the flush that shows it the locals and the elided frames, and releases; nil when memory shows all
}

// dies prepares the release of operand k of the instruction, which is of type t. Where finalizers would see stale slots or miss
// elided frames, the release is made by a flush, which shows them those if the death can run any.
func (s *selector) dies(in *inst, k int, t ir.Type, state *ir.FrameState) death {
	if t.Within(ir.Trivial) || state == nil || s.cur.Quiet {
		return death{t: t}
	}
	d := death{t: t, state: state, x: s.flushes(in, state)}
	if d.x != nil {
		d.x.dying = k
	}
	return d
}

// flushes adds the flush that shows observers what memory does not; nil when it shows all.
func (s *selector) flushes(in *inst, state *ir.FrameState) *exit {
	stale := state.Parent != nil
	for _, dirty := range state.Dirty {
		stale = stale || dirty
	}
	if !stale {
		return nil
	}
	return s.exitTo(in, codemeta.ExitFlush, codemeta.ReasonNone, state.Observers(), regalloc.Late)
}

// countUp, countDown and countFirst change the reference count of the object in r, countFirst that of one which had none. The flags
// are those of the last instruction emitted here, which changes the object.
func (e *emitter) countUp(r amd64.Reg) {
	e.countTotal(amd64.Inc64)
	e.M(amd64.Inc64, amd64.At(r, e.s.off.ObjRefcnt))
}

func (e *emitter) countDown(r amd64.Reg) {
	e.countTotal(amd64.Dec64)
	e.M(amd64.Dec64, amd64.At(r, e.s.off.ObjRefcnt))
}

func (e *emitter) countFirst(r amd64.Reg) {
	e.countTotal(amd64.Inc64)
	e.MI(amd64.Mov64, amd64.At(r, e.s.off.ObjRefcnt), 1)
}

// countAt is countUp or countDown for an object at a fixed address, which may go through r.
func (e *emitter) countAt(op amd64.Op, addr uint64, r amd64.Reg) {
	e.countTotal(op)
	e.M(op, e.absolute(addr, r))
}

// countTotal keeps the sum of all counts, which a debug build of the interpreter has; all registers are preserved.
func (e *emitter) countTotal(op amd64.Op) {
	total := e.helper(pyabi.HelperRefTotal)
	switch {
	case total == 0:
	case fitsImm32(total):
		e.M(op, amd64.At(amd64.NoReg, int32(total)))
	default:
		e.R(amd64.Push, scratch)
		e.MovImm64(scratch, total)
		e.M(op, amd64.At(scratch, 0))
		e.R(amd64.Pop, scratch)
	}
}

// release emits the decrement of an object's count and, out of line, its deallocation, which preserves all registers.
func (e *emitter) release(r amd64.Reg, d death) {
	dead, done := e.NewLabel(), e.NewLabel()
	if d.t.Set&ir.Null != 0 {
		e.RR(amd64.Test64, r, r)
		e.Jcc(amd64.E, done)
	}
	e.countDown(r)
	e.Jcc(amd64.E, dead)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(dead)
		switch d.t.Set &^ ir.Null {
		case ir.Int:
			e.freeInt(r, done)
		case ir.Float:
			e.freeFloat(r, done)
		}
		plain := e.NewLabel()
		if d.x != nil { // numbers and strs show nobody anything
			e.RM(amd64.Mov64, scratch, amd64.At(r, e.s.off.ObjType))
			for _, trivial := range []pyabi.WellKnown{pyabi.KnownFloat, pyabi.KnownInt, pyabi.KnownStr} {
				e.cmpAddr(scratch, e.s.known(trivial))
				e.Jcc(amd64.E, plain)
			}
		}
		switch {
		case d.x != nil:
			e.RR(amd64.Mov64, scratch, r)
			e.CallMem(e.word(e.helper(e.general(pyabi.HelperQuietStub, pyabi.HelperQuietGeneralStub))))
			e.RR(amd64.Test64, scratch, scratch)
			e.Jcc(amd64.E, done)
			e.countFirst(r)
			e.flushCall(d.x.id)
			e.Jmp(done)
		case d.state != nil:
			e.running(d.state)
		}
		e.Bind(plain)
		e.RR(amd64.Mov64, scratch, r)
		e.Call(e.dealloc)
		e.Jmp(done)
	})
}

// releaseAt is release for an object of any class at a fixed address; the state shows everything to finalizers. It destroys rcx.
func (e *emitter) releaseAt(addr uint64, state *ir.FrameState) {
	dead, done := e.NewLabel(), e.NewLabel()
	e.countAt(amd64.Dec64, addr, amd64.RCX)
	e.Jcc(amd64.E, dead)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(dead)
		e.running(state)
		e.MovImm64(scratch, addr)
		e.Call(e.dealloc)
		e.Jmp(done)
	})
}

// emitDealloc is the unit's own way to free the object in r11: floats and short ints of whatever static class go to their
// free lists without leaving machine code, everything else goes on to the stub. All registers are preserved.
func (e *emitter) emitDealloc() {
	e.Bind(e.dealloc)
	off, known := e.s.off, e.s.snap.Known
	notFloat, slow := e.NewLabel(), e.NewLabel()
	t, list := amd64.RAX, amd64.RCX
	chain := func(head, count int32, inc amd64.Op) {
		e.R(amd64.Push, list)
		e.RM(amd64.Mov64, list, amd64.At(t, head))
		e.MR(amd64.Mov64, amd64.At(scratch, off.ObjType), list)
		e.MR(amd64.Mov64, amd64.At(t, head), scratch)
		e.M(inc, amd64.At(t, count))
		e.R(amd64.Pop, list)
		e.R(amd64.Pop, t)
		e.N(amd64.Ret)
	}
	e.R(amd64.Push, t)
	e.RM(amd64.Mov64, t, amd64.At(scratch, off.ObjType))
	e.cmpAddr(t, e.s.snap.Objects[known[pyabi.KnownFloat]].Addr)
	e.Jcc(amd64.NE, notFloat)
	e.RM(amd64.Mov64, t, amd64.At(threadReg, off.ThreadInterp))
	e.MI(amd64.Cmp32, amd64.At(t, off.InterpFloatCount), off.FloatPoolMax)
	e.Jcc(amd64.AE, slow)
	chain(off.InterpFloatFree, off.InterpFloatCount, amd64.Inc32)
	e.Bind(notFloat)
	e.cmpAddr(t, e.s.snap.Objects[known[pyabi.KnownInt]].Addr)
	e.Jcc(amd64.NE, slow)
	e.RM(amd64.Mov64, t, amd64.At(scratch, off.VarSize))
	e.RI(amd64.Add64, t, 2)
	e.RI(amd64.Cmp64, t, 4)
	e.Jcc(amd64.A, slow)
	e.MovImm64(t, e.helper(pyabi.HelperIntPool))
	e.MI(amd64.Cmp32, amd64.At(t, off.IntPoolCount), off.IntPoolMax)
	e.Jcc(amd64.AE, slow)
	chain(off.IntPoolHead, off.IntPoolCount, amd64.Inc64)
	e.Bind(slow)
	e.R(amd64.Pop, t)
	e.JmpMem(e.word(e.helper(e.general(pyabi.HelperDeallocStub, pyabi.HelperDeallocGeneralStub))))
}

// general chooses the stub variant: units without floats have nothing in xmm registers to preserve.
func (e *emitter) general(full, general pyabi.Helper) pyabi.Helper {
	if e.floats {
		return full
	}
	return general
}

// borrowed is a register other than those given, saved around some cold code.
func borrowed(not ...amd64.Reg) amd64.Reg {
next:
	for _, r := range []amd64.Reg{amd64.RAX, amd64.RCX, amd64.RDX} {
		for _, n := range not {
			if n == r {
				continue next
			}
		}
		return r
	}
	panic("BUG: no register to borrow")
}

// freeInt puts a dead int into the pool and goes on at done; it falls through when the pool is full or the int long.
func (e *emitter) freeInt(r amd64.Reg, done amd64.Label) {
	slow, off := e.NewLabel(), e.s.off
	e.RM(amd64.Mov64, scratch, amd64.At(r, off.VarSize))
	e.RI(amd64.Add64, scratch, 2)
	e.RI(amd64.Cmp64, scratch, 4)
	e.Jcc(amd64.A, slow)
	e.MovImm64(scratch, e.helper(pyabi.HelperIntPool))
	e.MI(amd64.Cmp32, amd64.At(scratch, off.IntPoolCount), off.IntPoolMax)
	e.Jcc(amd64.AE, slow)
	e.chain(r, off.IntPoolHead, off.IntPoolCount, amd64.Inc64)
	e.Jmp(done)
	e.Bind(slow)
}

// freeFloat puts a dead float into the interpreter's free list.
func (e *emitter) freeFloat(r amd64.Reg, done amd64.Label) {
	slow, off := e.NewLabel(), e.s.off
	e.RM(amd64.Mov64, scratch, amd64.At(threadReg, off.ThreadInterp))
	e.MI(amd64.Cmp32, amd64.At(scratch, off.InterpFloatCount), off.FloatPoolMax)
	e.Jcc(amd64.AE, slow)
	e.chain(r, off.InterpFloatFree, off.InterpFloatCount, amd64.Inc32)
	e.Jmp(done)
	e.Bind(slow)
}

// chain makes r the head of a list in the struct at scratch, linked through ob_type.
func (e *emitter) chain(r amd64.Reg, head, count int32, inc amd64.Op) {
	t := borrowed(r)
	e.R(amd64.Push, t)
	e.RM(amd64.Mov64, t, amd64.At(scratch, head))
	e.MR(amd64.Mov64, amd64.At(r, e.s.off.ObjType), t)
	e.MR(amd64.Mov64, amd64.At(scratch, head), r)
	e.M(inc, amd64.At(scratch, count))
	e.R(amd64.Pop, t)
}

func selectIncRef(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	null := s.f.Type(s.f.Root(i.Args[0])).Set&ir.Null != 0
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if null {
			skip := e.NewLabel()
			e.RR(amd64.Test64, reg(l[a]), reg(l[a]))
			e.Jcc(amd64.E, skip)
			e.countUp(reg(l[a]))
			e.Bind(skip)
			return
		}
		e.countUp(reg(l[a]))
	})
}

func selectNewRef(s *selector, i *ir.Instr) {
	in := s.start()
	v := s.vreg(i.Args[0])
	a := in.useAny(v)
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.toReg(reg(l[d]), v, l[a])
		e.countUp(reg(l[d]))
	})
}

func selectDecRef(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	d := s.dies(in, a, s.f.Type(i.Args[0]), i.State)
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.release(reg(l[a]), d) })
}

// overwritten is the type of what a store_local releases.
func (s *selector) overwritten(i *ir.Instr) ir.Type {
	slot := int(i.Imm)
	if st := i.State; st != nil && st.Parent == nil && slot < len(st.Locals) && st.Locals[slot] != ir.NoValue && !st.Dirty[slot] {
		if t := s.f.Type(st.Locals[slot]); t.Rep == ir.RepObject {
			return t
		}
	}
	return ir.Obj(ir.AnyOrNull)
}

// selectStoreLocal writes a slot and releases what was in it, as far as its class is known from the value the local had.
func selectStoreLocal(s *selector, i *ir.Instr) {
	slot := int(i.Imm)
	v := s.vreg(i.Args[0])
	old := s.overwritten(i)
	in := s.start()
	if old.Within(ir.Null) {
		k := in.useAny(v)
		s.finish(in, func(e *emitter, l []regalloc.Loc) { e.toMem(e.local(slot), v, l[k]) })
		return
	}
	k := in.op(regalloc.Operand{V: v, Pos: regalloc.Late})
	t := s.tempIn(in)
	// What is dirty is trivial, and so is what such a store overwrites: a finalizer sees a frame that is current.
	d := death{t: old, state: i.State}
	if old.Within(ir.Trivial) {
		d.state = nil
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[t]), e.local(slot))
		e.toMem(e.local(slot), v, l[k])
		e.release(reg(l[t]), d)
	})
}
