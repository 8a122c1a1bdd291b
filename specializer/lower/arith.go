package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// intALU are the two-operand integer instructions; the ones that can overflow name what undoes them.
var intALU = map[ir.Op]struct{ op, undo amd64.Op }{
	ir.OpAddInt: {amd64.Add64, amd64.Sub64}, ir.OpSubInt: {amd64.Sub64, amd64.Add64},
	ir.OpAndInt: {op: amd64.And64}, ir.OpOrInt: {op: amd64.Or64}, ir.OpOrBool: {op: amd64.Or64}, ir.OpXorInt: {op: amd64.Xor64},
}

// commutative ops want a constant on the right.
func (s *selector) commute(i *ir.Instr) (a, b regalloc.VReg) {
	a, b = s.vreg(i.Args[0]), s.vreg(i.Args[1])
	if i.Op != ir.OpSubInt && s.f.Values[a].Const && !s.f.Values[b].Const {
		a, b = b, a
	}
	return a, b
}

func selectIntALU(s *selector, i *ir.Instr) {
	form := intALU[i.Op]
	in := s.start()
	va, vb := s.commute(i)
	a := in.use(va)
	b := in.useAny(vb)
	d := in.defSame(s.vreg(i.Result()), a)
	var x *exit
	if i.Op.Row().Exit == ir.ExitDeopt {
		// The left operand is overwritten; the stub undoes that, unless both operands are the same register.
		if va == vb {
			x = s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Late)
		} else {
			x = s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Early, a)
			x.undo = func(e *emitter, l []regalloc.Loc) { e.alu(form.undo, reg(l[d]), vb, l[b]) }
		}
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.alu(form.op, reg(l[d]), vb, l[b])
		if x != nil {
			e.Jcc(amd64.O, x.label)
		}
	})
}

func selectMulInt(s *selector, i *ir.Instr) {
	in := s.start()
	va, vb := s.commute(i)
	a := in.use(va)
	b := in.useAny(vb)
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if l[b].Kind() == regalloc.KindConst && fitsImm32(e.constant(vb)) {
			e.RRI(amd64.Imul64, reg(l[d]), reg(l[a]), int32(e.constant(vb)))
		} else {
			e.moveReg(reg(l[d]), reg(l[a]))
			e.alu(amd64.Imul64, reg(l[d]), vb, l[b])
		}
		e.Jcc(amd64.O, x.label)
	})
}

// selectDivInt is floor division and modulo: IDIV truncates, so the result is corrected when the remainder and the divisor
// have different signs. The exits are taken before RAX and RDX change.
func selectDivInt(s *selector, i *ir.Instr) {
	mod := i.Op == ir.OpModInt
	in := s.start()
	va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
	a := in.useFixed(va, amd64.RAX)
	b := in.useLate(vb)
	result, other := amd64.RAX, amd64.RDX
	if mod {
		result, other = other, result
	}
	in.defFixed(s.vreg(i.Result()), result)
	in.clobbers = regalloc.MakeRegSet(regalloc.PReg(other))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonDivisionByZero, i.State, regalloc.Early, a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		divisor := reg(l[b])
		done := e.NewLabel()
		// 0 and -1 leave: the first raises, the second may overflow.
		e.Lea(scratch, amd64.At(divisor, 1))
		e.RI(amd64.Cmp64, scratch, 1)
		e.Jcc(amd64.BE, x.label)
		e.N(amd64.Cqo)
		e.R(amd64.Idiv64, divisor)
		e.RR(amd64.Test64, amd64.RDX, amd64.RDX)
		e.Jcc(amd64.E, done)
		e.RR(amd64.Mov64, scratch, amd64.RDX)
		e.RR(amd64.Xor64, scratch, divisor)
		e.Jcc(amd64.NS, done)
		if mod {
			e.RR(amd64.Add64, amd64.RDX, divisor)
		} else {
			e.R(amd64.Dec64, amd64.RAX)
		}
		e.Bind(done)
	})
}

func selectShift(s *selector, i *ir.Instr) {
	left := i.Op == ir.OpShlInt
	in := s.start()
	va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
	if s.f.Values[vb].Const {
		if c := s.f.Def(ir.Value(vb)).Imm; c >= 0 && c <= 62 {
			a := in.use(va)
			d := in.defEarly(s.vreg(i.Result()))
			x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Late)
			s.finish(in, func(e *emitter, l []regalloc.Loc) {
				e.moveReg(reg(l[d]), reg(l[a]))
				if !left {
					e.RI(amd64.Sar64, reg(l[d]), int32(c))
					return
				}
				e.RI(amd64.Shl64, reg(l[d]), int32(c))
				e.RR(amd64.Mov64, scratch, reg(l[d]))
				e.RI(amd64.Sar64, scratch, int32(c))
				e.RR(amd64.Cmp64, scratch, reg(l[a]))
				e.Jcc(amd64.NE, x.label)
			})
			return
		}
	}
	a := in.useLate(va)
	in.op(regalloc.Operand{V: vb, C: regalloc.Fixed, Reg: regalloc.PReg(amd64.RCX), Pos: regalloc.Late})
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonShiftRange, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.moveReg(reg(l[d]), reg(l[a]))
		e.RI(amd64.Cmp64, amd64.RCX, 62)
		e.Jcc(amd64.A, x.label) // negative counts too
		if !left {
			e.R(amd64.SarCL64, reg(l[d]))
			return
		}
		e.R(amd64.ShlCL64, reg(l[d]))
		e.RR(amd64.Mov64, scratch, reg(l[d]))
		e.R(amd64.SarCL64, scratch)
		e.RR(amd64.Cmp64, scratch, reg(l[a]))
		e.Jcc(amd64.NE, x.label)
	})
}

func selectNegInt(s *selector, i *ir.Instr) {
	in := s.start()
	va := s.vreg(i.Args[0])
	a := in.use(va)
	d := in.defSame(s.vreg(i.Result()), a)
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Early, a)
	x.undo = func(e *emitter, l []regalloc.Loc) { e.R(amd64.Neg64, reg(l[d])) }
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.R(amd64.Neg64, reg(l[d]))
		e.Jcc(amd64.O, x.label)
	})
}

func selectInvertInt(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defSame(s.vreg(i.Result()), a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.R(amd64.Not64, reg(l[d])) })
}

func selectAbsInt(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntOverflow, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.moveReg(reg(l[d]), reg(l[a]))
		e.R(amd64.Neg64, reg(l[d]))
		e.Jcc(amd64.O, x.label)
		e.Cmovcc(amd64.S, reg(l[d]), reg(l[a]))
	})
}

// floatALU are the two-operand float instructions.
var floatALU = map[ir.Op]amd64.Op{
	ir.OpAddFloat: amd64.Addsd, ir.OpSubFloat: amd64.Subsd, ir.OpMulFloat: amd64.Mulsd, ir.OpDivFloat: amd64.Divsd,
}

func selectFloatALU(s *selector, i *ir.Instr) {
	op := floatALU[i.Op]
	in := s.start()
	va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
	if (i.Op == ir.OpAddFloat || i.Op == ir.OpMulFloat) && s.f.Values[va].Const {
		va, vb = vb, va
	}
	a := in.use(va)
	var b int
	var x *exit
	if i.Op == ir.OpDivFloat {
		b = in.use(vb)
		x = s.deopt(in, codemeta.ReasonDivisionByZero)
	} else {
		b = in.useAny(vb)
	}
	d := in.defSame(s.vreg(i.Result()), a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if x != nil {
			e.Zero(scratchXMM)
			e.RR(amd64.Ucomisd, reg(l[b]), scratchXMM)
			notZero := e.NewLabel()
			e.Jcc(amd64.NE, notZero)
			e.Jcc(amd64.NP, x.label)
			e.Bind(notZero)
		}
		e.alu(op, reg(l[d]), vb, l[b])
	})
}

func selectNegFloat(s *selector, i *ir.Instr) {
	mask, op := signBit, amd64.Xorpd
	if i.Op == ir.OpAbsFloat {
		mask, op = ^signBit, amd64.Andpd
	}
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defSame(s.vreg(i.Result()), a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Movsd, scratchXMM, e.word(mask))
		e.RR(op, reg(l[d]), scratchXMM)
	})
}

func selectSqrtFloat(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	x := s.deopt(in, codemeta.ReasonFloatDomain)
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.Zero(scratchXMM)
		e.RR(amd64.Ucomisd, reg(l[a]), scratchXMM)
		e.Jcc(amd64.B, x.label) // below, or unordered
		e.RR(amd64.Sqrtsd, reg(l[d]), reg(l[a]))
	})
}

// floatHelpers are float operations done in C: result in xmm0, rax nonzero when stock has to do it.
var floatHelpers = map[ir.Op]pyabi.Helper{
	ir.OpPowFloat: pyabi.HelperPowFloat, ir.OpFloorDivFloat: pyabi.HelperFloorDivFloat, ir.OpModFloat: pyabi.HelperModFloat,
}

func selectFloatHelper(s *selector, i *ir.Instr) {
	in := s.start()
	in.useFixed(s.vreg(i.Args[0]), amd64.XMM0)
	in.useFixed(s.vreg(i.Args[1]), amd64.XMM1)
	in.defFixed(s.vreg(i.Result()), amd64.XMM0)
	in.clobbers = callClobbers.Remove(regalloc.PReg(amd64.XMM0))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonFloatDomain, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		e.callAddr(e.helper(floatHelpers[i.Op]))
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.NE, x.label)
	})
}

// exactInt emits a jump to the exit unless r is within ±2**53, where every int is a float.
func (e *emitter) exactInt(r amd64.Reg, x *exit) {
	e.MovImm64(scratch, 1<<53)
	e.RR(amd64.Add64, scratch, r)
	e.RI(amd64.Shr64, scratch, 54)
	e.Jcc(amd64.NE, x.label)
}

func selectIntToFloat(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	x := s.deopt(in, codemeta.ReasonFloatDomain)
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.exactInt(reg(l[a]), x)
		e.Zero(reg(l[d]))
		e.RR(amd64.Cvtsi2sd64, reg(l[d]), reg(l[a]))
	})
}

func selectTrueDivInt(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	b := in.use(s.vreg(i.Args[1]))
	x := s.deopt(in, codemeta.ReasonDivisionByZero)
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RR(amd64.Test64, reg(l[b]), reg(l[b]))
		e.Jcc(amd64.E, x.label)
		e.exactInt(reg(l[a]), x)
		e.exactInt(reg(l[b]), x)
		e.Zero(reg(l[d]))
		e.RR(amd64.Cvtsi2sd64, reg(l[d]), reg(l[a]))
		e.RR(amd64.Cvtsi2sd64, scratchXMM, reg(l[b]))
		e.RR(amd64.Divsd, reg(l[d]), scratchXMM)
	})
}

// box and unbox ------------------------------------------------------------------------------------------------

func selectBoxInt(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	x := s.raise(in)
	low, count := -int64(s.off.SmallIntLowest), int64(s.off.SmallIntHighest-s.off.SmallIntLowest+1)
	size := s.off.SmallIntSize
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		dst, src := reg(l[d]), reg(l[a])
		big, done := e.NewLabel(), e.NewLabel()
		e.Lea(dst, amd64.At(src, int32(low)))
		e.RI(amd64.Cmp64, dst, int32(count))
		e.Jcc(amd64.AE, big)
		e.RRI(amd64.Imul64, dst, src, size)
		e.alu64(amd64.Add64, dst, e.s.snap.SmallInts)
		e.countUp(dst)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(big)
			e.poolInt(dst, src, done)
			e.RR(amd64.Mov64, scratch, src)
			e.callStub(e.general(pyabi.HelperBoxIntStub, pyabi.HelperBoxIntGeneralStub))
			e.RR(amd64.Mov64, dst, scratch)
			e.RR(amd64.Test64, dst, dst)
			e.Jcc(amd64.NE, done)
			e.Jmp(x.label)
		})
	})
}

// poolInt makes an int object of one digit from the pool and goes on at done; it falls through when the pool is empty or
// the number long.
func (e *emitter) poolInt(dst, src amd64.Reg, done amd64.Label) {
	slow, positive, off := e.NewLabel(), e.NewLabel(), e.s.off
	t := borrowed(dst, src)
	e.R(amd64.Push, t)
	e.MovImm64(scratch, e.helper(pyabi.HelperIntPool))
	e.RM(amd64.Mov64, dst, amd64.At(scratch, off.IntPoolHead))
	e.RR(amd64.Test64, dst, dst)
	e.Jcc(amd64.E, slow)
	e.RR(amd64.Mov64, t, src)
	e.R(amd64.Neg64, t)
	e.Cmovcc(amd64.S, t, src)
	e.RI(amd64.Cmp64, t, 1<<off.LongShift)
	e.Jcc(amd64.AE, slow)
	e.MR(amd64.Mov32, amd64.At(dst, off.LongDigits), t)
	e.RM(amd64.Mov64, t, amd64.At(dst, off.ObjType))
	e.MR(amd64.Mov64, amd64.At(scratch, off.IntPoolHead), t)
	e.M(amd64.Dec64, amd64.At(scratch, off.IntPoolCount))
	e.setConst(amd64.At(dst, off.ObjType), e.s.known(pyabi.KnownInt))
	e.countFirst(dst)
	e.MI(amd64.Mov64, amd64.At(dst, off.VarSize), 1)
	e.RR(amd64.Test64, src, src)
	e.Jcc(amd64.NS, positive)
	e.MI(amd64.Mov64, amd64.At(dst, off.VarSize), -1)
	e.Bind(positive)
	e.R(amd64.Pop, t)
	e.Jmp(done)
	e.Bind(slow)
	e.R(amd64.Pop, t)
}

// alu64 emits dst op= constant.
func (e *emitter) alu64(op amd64.Op, dst amd64.Reg, c uint64) {
	if fitsImm32(c) {
		e.RI(op, dst, int32(c))
	} else {
		e.RM(op, dst, e.word(c))
	}
}

// selectBoxFloat makes a float object.
func selectBoxFloat(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	t := s.tempIn(in)
	x := s.raise(in)
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.boxFloat(reg(l[d]), reg(l[a]), reg(l[t]), x) })
}

// boxFloat takes a float object off the interpreter's free list; the stub allocates when it is empty.
func (e *emitter) boxFloat(dst, src, interp amd64.Reg, x *exit) {
	off, floatType := e.s.off, e.s.known(pyabi.KnownFloat)
	empty, done := e.NewLabel(), e.NewLabel()
	e.RM(amd64.Mov64, interp, amd64.At(threadReg, off.ThreadInterp))
	e.RM(amd64.Mov64, dst, amd64.At(interp, off.InterpFloatFree))
	e.RR(amd64.Test64, dst, dst)
	e.Jcc(amd64.E, empty)
	e.RM(amd64.Mov64, scratch, amd64.At(dst, off.ObjType))
	e.MR(amd64.Mov64, amd64.At(interp, off.InterpFloatFree), scratch)
	e.M(amd64.Dec32, amd64.At(interp, off.InterpFloatCount))
	e.setConst(amd64.At(dst, off.ObjType), floatType)
	e.countFirst(dst)
	e.MR(amd64.Movsd, amd64.At(dst, off.FloatValue), src)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(empty)
		e.RR(amd64.MovqFromXMM, scratch, src)
		e.callStub(pyabi.HelperBoxFloatStub)
		e.RR(amd64.Mov64, dst, scratch)
		e.RR(amd64.Test64, dst, dst)
		e.Jcc(amd64.NE, done)
		e.Jmp(x.label)
	})
}

func selectBoxBool(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	yes := s.known(pyabi.KnownTrue)
	no := s.known(pyabi.KnownFalse)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.MovImm64(reg(l[d]), no)
		e.MovImm64(scratch, yes)
		e.RR(amd64.Test32, reg(l[a]), reg(l[a]))
		e.Cmovcc(amd64.NE, reg(l[d]), scratch)
	})
}

// shortInt loads the value of an int of at most one digit; others, whose size is in dst then, go to the label. tmp is destroyed.
func (e *emitter) shortInt(dst, obj, tmp amd64.Reg, others amd64.Label) {
	off := e.s.off
	e.RM(amd64.Mov64, dst, amd64.At(obj, off.VarSize))
	e.Lea(tmp, amd64.At(dst, 1))
	e.RI(amd64.Cmp64, tmp, 2)
	e.Jcc(amd64.A, others)
	e.RM(amd64.Mov32, tmp, amd64.At(obj, off.LongDigits))
	e.RR(amd64.Imul64, dst, tmp)
}

// selectUnboxInt reads ints of up to two digits; out of line the second digit.
func selectUnboxInt(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIntRange, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		obj, dst, off := reg(l[a]), reg(l[d]), e.s.off
		long, done := e.NewLabel(), e.NewLabel()
		e.shortInt(dst, obj, scratch, long)
		e.Bind(done)
		e.outOfLine(func() {
			// Two digits d1:d0 lie in one quadword q = d1<<32 | d0; the magnitude is q - 3*(d1<<30).
			e.Bind(long)
			e.Lea(scratch, amd64.At(dst, 2))
			e.RI(amd64.Test64, scratch, ^int32(4))
			e.Jcc(amd64.NE, x.label)
			e.RM(amd64.Mov32, scratch, amd64.At(obj, off.LongDigits+4))
			e.RI(amd64.Shl64, scratch, off.LongShift)
			e.Lea(scratch, amd64.AtIndex(scratch, scratch, 2, 0))
			e.R(amd64.Neg64, scratch)
			e.RM(amd64.Add64, scratch, amd64.At(obj, off.LongDigits))
			e.RI(amd64.Sar64, dst, 1)
			e.RR(amd64.Imul64, dst, scratch)
			e.Jmp(done)
		})
	})
}

func selectUnboxFloat(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Movsd, reg(l[d]), amd64.At(reg(l[a]), e.s.off.FloatValue))
	})
}

func selectUnboxBool(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.def(s.vreg(i.Result()))
	yes := s.known(pyabi.KnownTrue)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.cmpAddr(reg(l[a]), yes)
		e.setBool(amd64.E, reg(l[d]))
	})
}

// setBool turns a condition into 0 or 1.
func (e *emitter) setBool(c amd64.Cond, r amd64.Reg) {
	e.Setcc(c, r)
	e.RR(amd64.Movzx8, r, r)
}

func selectNotBool(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	d := in.defSame(s.vreg(i.Result()), a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.RI(amd64.Xor32, reg(l[d]), 1) })
}
