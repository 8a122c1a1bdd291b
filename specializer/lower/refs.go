package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// release emits the decrement of an object's count and, out of line, its deallocation. The stub preserves all registers.
// bci is what the instruction pointer must say while a finalizer runs, or -1 when the class has none.
func (e *emitter) release(r amd64.Reg, maybeNull bool, bci int32) {
	dead, done := e.NewLabel(), e.NewLabel()
	if maybeNull {
		e.RR(amd64.Test64, r, r)
		e.Jcc(amd64.E, done)
	}
	e.M(amd64.Dec64, amd64.At(r, e.s.off.ObjRefcnt))
	e.Jcc(amd64.E, dead)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(dead)
		if bci >= 0 {
			e.prevInstr(bci)
		}
		e.RR(amd64.Mov64, scratch, r)
		e.callStub(pyabi.HelperDeallocStub)
		e.Jmp(done)
	})
}

// flushes attaches a flush exit when slots are stale in the state: the cold path of a release shows finalizers the locals.
func (s *selector) flushes(in *inst, state *ir.FrameState) *exit {
	if state == nil {
		return nil
	}
	for _, dirty := range state.Dirty {
		if dirty {
			lean := *state
			lean.Stack, lean.Owned, lean.Release = nil, nil, nil
			return s.exitTo(in, codemeta.ExitFlush, codemeta.ReasonNone, &lean, regalloc.Late, nil)
		}
	}
	return nil
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
			e.M(amd64.Inc64, amd64.At(reg(l[a]), s.off.ObjRefcnt))
			e.Bind(skip)
			return
		}
		e.M(amd64.Inc64, amd64.At(reg(l[a]), s.off.ObjRefcnt))
	})
}

func selectDecRef(s *selector, i *ir.Instr) {
	t := s.f.Type(i.Args[0])
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	bci := int32(-1)
	var x *exit
	if !t.Within(ir.Trivial) && i.State != nil {
		bci = i.State.BCI
		x = s.flushes(in, i.State)
	}
	null := t.Set&ir.Null != 0
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		r := reg(l[a])
		if x == nil {
			e.release(r, null, bci)
			return
		}
		dead, done := e.NewLabel(), e.NewLabel()
		if null {
			e.RR(amd64.Test64, r, r)
			e.Jcc(amd64.E, done)
		}
		e.M(amd64.Dec64, amd64.At(r, s.off.ObjRefcnt))
		e.Jcc(amd64.E, dead)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(dead)
			e.flushCall(x.id)
			e.RR(amd64.Mov64, scratch, r)
			e.callStub(pyabi.HelperDeallocStub)
			e.Jmp(done)
		})
	})
}

// selectStoreLocal writes a slot and releases what was in it, as far as its class is known from the value the local had.
func selectStoreLocal(s *selector, i *ir.Instr) {
	slot := int(i.Imm)
	v := s.vreg(i.Args[0])
	old := ir.Obj(ir.AnyOrNull)
	if st := i.State; st != nil && slot < len(st.Locals) && st.Locals[slot] != ir.NoValue && !st.Dirty[slot] {
		if t := s.f.Type(st.Locals[slot]); t.Rep == ir.RepObject {
			old = t
		}
	}
	in := s.start()
	if old.Within(ir.Null) {
		k := in.useAny(v)
		s.finish(in, func(e *emitter, l []regalloc.Loc) { e.toMem(e.local(slot), v, l[k]) })
		return
	}
	k := in.op(regalloc.Operand{V: v, Pos: regalloc.Late})
	t := s.tempIn(in)
	bci := int32(-1)
	if !old.Within(ir.Trivial) && i.State != nil {
		bci = i.State.BCI
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[t]), e.local(slot))
		e.toMem(e.local(slot), v, l[k])
		e.release(reg(l[t]), old.Set&ir.Null != 0, bci)
	})
}
