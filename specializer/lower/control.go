package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// prologue opens a unit with one entry. It has the operand stack of an OSR entry, which is still in memory.
func (s *selector) prologue() {
	entry := ir.Entry{BCI: s.f.EntryBCI}
	for _, i := range s.f.Entry().Instrs {
		if i.Op == ir.OpLoadStack {
			entry.Depth++
		}
	}
	in := s.start()
	in.ir, in.name = nil, "prologue"
	s.finish(in, func(e *emitter, _ []regalloc.Loc) { e.open(entry) })
}

// selectEnter opens a unit at each of its entries: the ordinary start falls into its block, the others are out of line. C and
// other units jump there; nothing runs through the block itself.
func selectEnter(s *selector, i *ir.Instr) {
	s.finish(s.start(), func(e *emitter, _ []regalloc.Loc) {
		e.entries, e.thrown = make([]int, len(i.Edges)), map[int]int{}
		for k := range i.Edges {
			to := i.Edges[k].To
			if k == 0 {
				e.open(s.f.Entries[0])
				e.jumpTo(to)
				continue
			}
			e.outOfLine(func() {
				e.Align(16)
				e.entries[k] = e.Offset()
				switch {
				case s.f.Entries[k].Kind != ir.EntryHandler:
					e.open(s.f.Entries[k])
				case s.f.Generator && s.f.EntryBCI == 0: // what is thrown into a suspended generator comes from outside
					e.thrown[k] = e.Offset()
					e.open(s.f.Entries[k])
					e.entries[k] = e.Offset() // else a handler goes on in the machine frame that raised
				}
				e.Jmp(e.labels[s.index[to]])
			})
		}
	})
}

// open is what machine code does wherever it is entered: registers, recursion, C stack, polling. Its exits hand the frame
// over there, with the operand stack in memory still.
func (e *emitter) open(entry ir.Entry) {
	s := e.s
	record := func(reason codemeta.Reason) amd64.Label {
		fr := codemeta.Frame{Func: codemeta.Physical, BCI: uint32(entry.BCI), Depth: uint16(entry.Depth)}
		for k := 0; k < entry.Depth; k++ {
			slot := s.f.Locals + k
			fr.Values = append(fr.Values, codemeta.Value{Where: codemeta.AtLocal, Rep: codemeta.RepOwned, Slot: uint16(slot), Payload: uint32(slot)})
		}
		id := e.meta.AddExit(codemeta.Exit{Kind: codemeta.ExitDeopt, Reason: reason, Frames: []codemeta.Frame{fr}})
		l := e.NewLabel()
		e.outOfLine(func() {
			e.Bind(l)
			e.MovImm64(scratch, uint64(id))
			e.Jmp(e.tail)
		})
		return l
	}
	for _, r := range e.saved {
		e.R(amd64.Push, r)
	}
	if e.size != 0 {
		e.RI(amd64.Sub64, amd64.RSP, e.size)
	}
	e.M(amd64.Dec32, amd64.At(threadReg, s.off.ThreadRecursionRemaining))
	if s.f.Elided == 0 {
		e.Jcc(amd64.S, record(codemeta.ReasonRecursion))
	} else {
		// Elided frames are not charged. Where one of them would be the one too many, the whole function runs in stock.
		e.MI(amd64.Cmp32, amd64.At(threadReg, s.off.ThreadRecursionRemaining), int32(s.f.Elided))
		e.Jcc(amd64.L, record(codemeta.ReasonRecursion))
	}
	e.RM(amd64.Cmp64, amd64.RSP, amd64.At(ctxReg, s.off.CtxStackLimit))
	e.Jcc(amd64.B, record(codemeta.ReasonCStack))
	e.poll(record(codemeta.ReasonPoll))
}

// poll leaves when the eval breaker is set.
func (e *emitter) poll(exit amd64.Label) {
	if at := e.s.snap.Breaker; fitsImm32(at) {
		e.MI(amd64.Cmp32, amd64.At(amd64.NoReg, int32(at)), 0)
	} else {
		e.RM(amd64.Mov64, scratch, amd64.At(ctxReg, e.s.off.CtxBreaker))
		e.MI(amd64.Cmp32, amd64.At(scratch, 0), 0)
	}
	e.Jcc(amd64.NE, exit)
}

func selectPoll(s *selector, i *ir.Instr) {
	in := s.start()
	x := s.deopt(in, codemeta.ReasonPoll)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) { e.poll(x.label) })
}

func selectExit(s *selector, i *ir.Instr) {
	in := s.start()
	x := s.deopt(in, codemeta.Reason(i.Imm))
	s.finish(in, func(e *emitter, _ []regalloc.Loc) { e.Jmp(x.label) })
}

// jumpTo goes to a block unless it comes next.
func (e *emitter) jumpTo(b *ir.Block) {
	if n := e.s.index[b]; n != e.block+1 {
		e.Jmp(e.labels[n])
	}
}

func selectJump(s *selector, i *ir.Instr) {
	s.finish(s.start(), func(e *emitter, _ []regalloc.Loc) { e.jumpTo(i.Edges[0].To) })
}

// condition is a machine condition that stands for a truth value; with parity the value also needs the parity flag clear
// (an equality of floats), or, negated, holds when it is set.
type condition struct {
	cc     amd64.Cond
	parity bool
}

// intConds and floatConds translate comparisons (LT LE EQ NE GT GE). Float comparisons test `above` forms, which are false
// on NaN; less-than swaps the operands.
var (
	intConds   = [...]amd64.Cond{amd64.L, amd64.LE, amd64.E, amd64.NE, amd64.G, amd64.GE}
	floatConds = [...]amd64.Cond{amd64.A, amd64.AE, amd64.E, amd64.NE, amd64.A, amd64.AE}
)

// tester is a comparison that can be emitted for its flags: operands are added to in, emit sets the flags.
func (s *selector) tester(in *inst, i *ir.Instr) (condition, func(e *emitter, l []regalloc.Loc)) {
	switch i.Op {
	case ir.OpCmpInt:
		va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
		cc := intConds[i.Imm]
		if s.f.Values[va].Const && !s.f.Values[vb].Const {
			va, vb, cc = vb, va, swapped(cc)
		}
		a, b := in.use(va), in.useAny(vb)
		return condition{cc: cc}, func(e *emitter, l []regalloc.Loc) {
			if l[b].Kind() == regalloc.KindConst && e.constant(vb) == 0 {
				e.RR(amd64.Test64, reg(l[a]), reg(l[a]))
				return
			}
			e.alu(amd64.Cmp64, reg(l[a]), vb, l[b])
		}
	case ir.OpCmpFloat:
		va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
		if i.Imm == ir.CmpLT || i.Imm == ir.CmpLE {
			va, vb = vb, va
		}
		a, b := in.use(va), in.useAny(vb)
		return condition{cc: floatConds[i.Imm], parity: i.Imm == ir.CmpEQ || i.Imm == ir.CmpNE}, func(e *emitter, l []regalloc.Loc) {
			e.alu(amd64.Ucomisd, reg(l[a]), vb, l[b])
		}
	case ir.OpIs:
		va, vb := s.vreg(i.Args[0]), s.vreg(i.Args[1])
		if s.f.Values[va].Const && !s.f.Values[vb].Const {
			va, vb = vb, va
		}
		a, b := in.use(va), in.useAny(vb)
		return condition{cc: amd64.E}, func(e *emitter, l []regalloc.Loc) {
			if l[b].Kind() == regalloc.KindConst {
				if c := e.constant(vb); c == 0 {
					e.RR(amd64.Test64, reg(l[a]), reg(l[a]))
				} else {
					e.cmpAddr(reg(l[a]), c)
				}
				return
			}
			e.alu(amd64.Cmp64, reg(l[a]), vb, l[b])
		}
	case ir.OpRangeIterMore:
		it := in.use(s.vreg(i.Args[0]))
		return condition{cc: amd64.L}, func(e *emitter, l []regalloc.Loc) {
			e.RM(amd64.Mov64, scratch, amd64.At(reg(l[it]), s.off.RangeIterIndex))
			e.RM(amd64.Cmp64, scratch, amd64.At(reg(l[it]), s.off.RangeIterLen))
		}
	case ir.OpListIterMore, ir.OpTupleIterMore:
		it := in.use(s.vreg(i.Args[0]))
		return condition{cc: amd64.L}, func(e *emitter, l []regalloc.Loc) {
			// An exhausted iterator has no sequence: the flags of the test then say not less.
			done := e.NewLabel()
			e.RM(amd64.Mov64, scratch, amd64.At(reg(l[it]), s.off.ListIterSeq))
			e.RR(amd64.Test64, scratch, scratch)
			e.Jcc(amd64.E, done)
			e.RM(amd64.Mov64, scratch, amd64.At(scratch, s.off.VarSize))
			e.MR(amd64.Cmp64, amd64.At(reg(l[it]), s.off.ListIterIndex), scratch)
			e.Bind(done)
		}
	}
	panic("BUG: no flags for " + i.Op.String())
}

// swapped is the condition with the operands exchanged.
func swapped(c amd64.Cond) amd64.Cond {
	switch c {
	case amd64.L:
		return amd64.G
	case amd64.G:
		return amd64.L
	case amd64.LE:
		return amd64.GE
	case amd64.GE:
		return amd64.LE
	}
	return c
}

// selectCompare makes a truth value of a comparison that no branch took.
func selectCompare(s *selector, i *ir.Instr) {
	in := s.start()
	cond, test := s.tester(in, i)
	d := in.defEarly(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		test(e, l)
		dst := reg(l[d])
		e.Setcc(cond.cc, dst)
		if cond.parity {
			if cond.cc == amd64.E {
				e.Setcc(amd64.NP, scratch)
				e.RR(amd64.And32, dst, scratch)
			} else {
				e.Setcc(amd64.P, scratch)
				e.RR(amd64.Or32, dst, scratch)
			}
		}
		e.RR(amd64.Movzx8, dst, dst)
	})
}

// selectBranch tests a truth value, or emits the comparison that only this branch uses.
func selectBranch(s *selector, i *ir.Instr) {
	in := s.start()
	v, yes, no := i.Args[0], i.Edges[0].To, i.Edges[1].To
	for {
		d := s.f.Def(v)
		if d == nil || !s.fused[d] || d.Op != ir.OpNotBool {
			break
		}
		v, yes, no = d.Args[0], no, yes
	}
	cond := condition{cc: amd64.NE}
	var test func(e *emitter, l []regalloc.Loc)
	if d := s.f.Def(v); d != nil && s.fused[d] {
		cond, test = s.tester(in, d)
	} else {
		a := in.use(s.vreg(v))
		test = func(e *emitter, l []regalloc.Loc) { e.RR(amd64.Test32, reg(l[a]), reg(l[a])) }
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		test(e, l)
		e.branch(cond, yes, no)
	})
}

// branch jumps on a condition so that the next block is fallen into.
func (e *emitter) branch(c condition, yes, no *ir.Block) {
	yesLabel, noLabel := e.labels[e.s.index[yes]], e.labels[e.s.index[no]]
	switch {
	case c.parity && c.cc == amd64.E:
		e.Jcc(amd64.P, noLabel)
		e.Jcc(amd64.NE, noLabel)
		e.jumpTo(yes)
	case c.parity:
		e.Jcc(amd64.P, yesLabel)
		e.Jcc(amd64.NE, yesLabel)
		e.jumpTo(no)
	case e.s.index[yes] == e.block+1:
		e.Jcc(c.cc.Invert(), noLabel)
	default:
		e.Jcc(c.cc, yesLabel)
		e.jumpTo(no)
	}
}

// mayHaveDictionary says whether the frame can own a dictionary of its locals without having a frame object: when the unit
// calls C code, as locals() and exec() are, or when the frame has run in stock before it came to the unit's loop. Python
// code that is called directly asks for the frame object first.
func (s *selector) mayHaveDictionary() bool {
	if s.f.EntryBCI != 0 {
		return true
	}
	for _, b := range s.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op != ir.OpCallFunction && i.Op.Row().Python {
				return true
			}
		}
	}
	return false
}

// selectReturn leaves the frame as the unit convention says: unlinked, recursion given back, locals released.
func selectReturn(s *selector, i *ir.Instr) {
	in := s.start()
	in.useFixed(s.vreg(i.Args[0]), amd64.RAX)
	in.clobbers = regalloc.MakeRegSet(regalloc.PReg(amd64.RCX), regalloc.PReg(amd64.RDX))
	x := s.flushes(in, i.State) // what the frame object shows must be current
	slots := s.liveSlots(i.State)
	handed := -1 // the slot whose reference is the caller's from here on
	if info := &s.f.Values[s.f.Root(i.Args[0])]; i.Imm != 0 && info.Home != ir.NoHome && !s.f.Generator {
		handed = int(info.Home)
	}
	dictionary := !s.f.Generator && s.mayHaveDictionary()
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		kept, plain := e.NewLabel(), e.NewLabel()
		e.MI(amd64.Cmp64, amd64.At(frameReg, s.off.FrameObject), 0)
		e.Jcc(amd64.NE, kept)
		if dictionary {
			e.MI(amd64.Cmp64, amd64.At(frameReg, s.off.FrameLocals), 0)
			e.Jcc(amd64.NE, kept)
		}
		e.Bind(plain)
		e.outOfLine(func() {
			// Somebody has the frame object, or the locals have a dictionary. The object gets what it needs to live on from C, or
			// from whoever resumed the generator, and the dictionary dies there.
			e.Bind(kept)
			if x != nil {
				e.flushCall(x.id)
			}
			e.running(i.State)
			if s.f.Generator {
				e.Jmp(plain)
				return
			}
			e.RR(amd64.Mov64, amd64.RDX, amd64.RAX)
			if i.Imm != 0 {
				e.countUp(amd64.RDX)
			}
			e.RR(amd64.Mov64, amd64.RDI, threadReg)
			e.RR(amd64.Mov64, amd64.RSI, frameReg)
			e.callAddr(e.helper(pyabi.HelperFrameReturn))
			e.RR(amd64.Mov64, amd64.RDX, frameReg)
			e.RM(amd64.Mov64, frameReg, amd64.At(frameReg, s.off.FramePrevious))
			e.epilogue()
		})
		counted := i.Imm != 0 && !(handed >= 0 && silentUpTo(slots, handed))
		if counted {
			e.countUp(amd64.RAX)
		}
		if s.f.Generator { // its locals are released by whoever resumed it, once the generator is finished
			e.MI(amd64.Mov32, amd64.At(frameReg, s.off.FrameStacktop), int32(s.f.Locals))
			e.leaveGenerator()
			return
		}
		e.RR(amd64.Mov64, amd64.RDX, frameReg)
		e.RM(amd64.Mov64, frameReg, amd64.At(frameReg, s.off.FramePrevious))
		e.MR(amd64.Mov64, amd64.At(ctxReg, s.off.CtxCurrentFrame), frameReg)
		for _, sl := range slots {
			switch {
			case sl.slot != handed:
				e.RM(amd64.Mov64, amd64.RCX, e.localOf(amd64.RDX, sl.slot))
				e.release(amd64.RCX, death{t: sl.t})
			case counted: // not the last reference
				e.countDown(amd64.RAX)
			}
		}
		e.M(amd64.Inc32, amd64.At(threadReg, s.off.ThreadRecursionRemaining))
		e.epilogue()
	})
}

// silentUpTo says whether nobody can see the count of what the slot holds before its turn to be released comes: the
// locals in front of it run no finalizers.
func silentUpTo(slots []liveSlot, slot int) bool {
	for _, sl := range slots {
		if sl.slot == slot {
			return true
		}
		if !sl.t.Within(ir.Trivial) {
			return false
		}
	}
	return false
}

type liveSlot struct {
	slot int
	t    ir.Type // of its content
}

// liveSlots are the local slots that may hold a reference at a return, by what is known of the locals there.
func (s *selector) liveSlots(st *ir.FrameState) []liveSlot {
	var out []liveSlot
	for slot := 0; slot < s.f.Locals; slot++ {
		t := ir.Obj(ir.AnyOrNull)
		if slot < len(st.Locals) && st.Locals[slot] != ir.NoValue && !st.Dirty[slot] {
			if vt := s.f.Type(st.Locals[slot]); vt.Rep == ir.RepObject {
				t = vt
			}
		}
		if t.Within(ir.Null) {
			continue
		}
		out = append(out, liveSlot{slot, t})
	}
	return out
}

// selectors has the machine code of every op.
var selectors [ir.MaxOps]func(*selector, *ir.Instr)

func init() {
	o := func(f func(*pyabi.Offsets) int32) func(*pyabi.Offsets, *ir.Instr) int32 {
		return func(off *pyabi.Offsets, _ *ir.Instr) int32 { return f(off) }
	}
	imm := func(_ *pyabi.Offsets, i *ir.Instr) int32 { return int32(i.Imm) }
	size := o(func(off *pyabi.Offsets) int32 { return off.VarSize })
	for op, f := range map[ir.Op]func(*selector, *ir.Instr){
		ir.OpConstObj: selectConst, ir.OpConstNull: selectConst, ir.OpConstInt: selectConst, ir.OpConstFloat: selectConst,
		ir.OpConstBool: selectConst, ir.OpConstWord: selectConst, ir.OpBorrowObj: selectConst,
		ir.OpLoadLocal: selectLoadLocal, ir.OpTakeLocal: selectTakeLocal, ir.OpStoreLocal: selectStoreLocal, ir.OpLoadStack: selectLoadStack,
		ir.OpAnchor: selectNothing, ir.OpRefine: selectNothing, ir.OpKeepAlive: selectNothing, ir.OpLeaveInlined: selectNothing, ir.OpNewRef: selectNewRef,

		ir.OpGuardClass: selectGuardClass, ir.OpGuardIs: selectGuardIs,
		ir.OpGuardNotNull: selectGuardNotNull, ir.OpGuardNoCollection: selectGuardNoCollection, ir.OpGuardIntConst: selectGuardIntConst,

		ir.OpBoxInt: selectBoxInt, ir.OpBoxFloat: selectBoxFloat, ir.OpBoxBool: selectBoxBool,
		ir.OpUnboxInt: selectUnboxInt, ir.OpUnboxFloat: selectUnboxFloat, ir.OpUnboxBool: selectUnboxBool,

		ir.OpAddInt: selectIntALU, ir.OpSubInt: selectIntALU, ir.OpAndInt: selectIntALU, ir.OpOrInt: selectIntALU, ir.OpOrBool: selectIntALU,
		ir.OpXorInt: selectIntALU, ir.OpMulInt: selectMulInt, ir.OpFloorDivInt: selectDivInt, ir.OpModInt: selectDivInt,
		ir.OpShlInt: selectShift, ir.OpShrInt: selectShift, ir.OpNegInt: selectNegInt, ir.OpInvertInt: selectInvertInt,
		ir.OpAbsInt: selectAbsInt, ir.OpCmpInt: selectCompare,

		ir.OpAddFloat: selectFloatALU, ir.OpSubFloat: selectFloatALU, ir.OpMulFloat: selectFloatALU, ir.OpDivFloat: selectFloatALU,
		ir.OpPowFloat: selectFloatHelper, ir.OpFloorDivFloat: selectFloatHelper, ir.OpModFloat: selectFloatHelper,
		ir.OpNegFloat: selectNegFloat, ir.OpAbsFloat: selectNegFloat, ir.OpSqrtFloat: selectSqrtFloat,
		ir.OpCmpFloat: selectCompare, ir.OpIntToFloat: selectIntToFloat, ir.OpTrueDivInt: selectTrueDivInt,

		ir.OpNotBool: selectNotBool, ir.OpIs: selectCompare, ir.OpStrEq: selectStrEq,
		ir.OpTypeOf:     load(o(func(off *pyabi.Offsets) int32 { return off.ObjType }), codemeta.ReasonNone),
		ir.OpIsInstance: selectIsInstance, ir.OpInstanceOf: selectInstanceOf, ir.OpLen: selectLen,

		ir.OpTypeVersionGuard: selectTypeVersion, ir.OpClassVersionGuard: selectClassVersion, ir.OpCheckNone: selectCheckNone, ir.OpKeysVersionGuard: selectKeysVersion,
		ir.OpGlobalKeysGuard: selectGlobalKeys, ir.OpModuleKeysGuard: selectModuleKeys,
		ir.OpDictVersion: selectDictVersion, ir.OpModuleVersion: selectModuleVersion, ir.OpEntryGuard: selectEntryGuard,
		ir.OpFuncVersionGuard: selectFuncVersion,
		ir.OpInstanceValues:   load(o(func(off *pyabi.Offsets) int32 { return off.ManagedValues }), codemeta.ReasonDictShape),
		ir.OpGuardNoDict:      selectGuardNoDict,
		ir.OpLoadValue: func(s *selector, i *ir.Instr) {
			selectLoad(s, i, i.Args[1], func(r amd64.Reg) amd64.Mem { return amd64.At(r, int32(8*i.Imm)) }, codemeta.ReasonAttrMissing)
		},
		ir.OpStoreValue:      selectStoreValue,
		ir.OpDictAttr:        selectDictAttr,
		ir.OpQuietTruth:      selectQuietTruth,
		ir.OpLoadMember:      load(imm, codemeta.ReasonAttrMissing),
		ir.OpStoreMember:     selectStoreTo(imm),
		ir.OpLoadGlobalEntry: load(imm, codemeta.ReasonAttrMissing),
		ir.OpLoadCell:        load(o(func(off *pyabi.Offsets) int32 { return off.CellRef }), codemeta.ReasonNone),
		ir.OpStoreCell:       selectStoreTo(o(func(off *pyabi.Offsets) int32 { return off.CellRef })),
		ir.OpListItem:        selectItem, ir.OpTupleItem: selectItem,
		ir.OpSequenceItems: selectSequenceItems,
		ir.OpSequenceItem: func(s *selector, i *ir.Instr) {
			if u := s.unpackings[i]; u != nil {
				selectUnpacking(s, u)
				return
			}
			selectLoad(s, i, i.Args[1], func(r amd64.Reg) amd64.Mem { return amd64.At(r, int32(8*i.Imm)) }, codemeta.ReasonNone)
		},
		ir.OpListSize: load(size, codemeta.ReasonNone), ir.OpTupleSize: load(size, codemeta.ReasonNone),
		ir.OpStrSize:       load(o(func(off *pyabi.Offsets) int32 { return off.StrLength }), codemeta.ReasonNone),
		ir.OpStoreListItem: selectStoreListItem, ir.OpListAppend: selectListAppend,
		ir.OpThisFunction: selectThisFunction, ir.OpFuncCell: selectFuncCell,

		ir.OpRangeIterMore: selectCompare, ir.OpListIterMore: selectCompare, ir.OpTupleIterMore: selectCompare,
		ir.OpRangeIterTake: selectRangeTake, ir.OpListIterTake: selectSequenceTake, ir.OpTupleIterTake: selectSequenceTake,

		ir.OpNewInstance: selectNewInstance,
		ir.OpCallHelper:  selectCallHelper, ir.OpCallPair: selectCallHelper, ir.OpDoHelper: selectCallHelper, ir.OpConcat: operands(pyabi.HelperConcatInPlace),
		ir.OpCallFunction: selectCallFunction, ir.OpCallC: selectCallC, ir.OpCheckEvents: selectCheckEvents,
		ir.OpPushExc: selectPushExc, ir.OpPopExc: selectPopExc, ir.OpExcMatch: operands(pyabi.HelperExcMatch),
		ir.OpIncRef: selectIncRef, ir.OpDecRef: selectDecRef,

		ir.OpPyBinary: selectPyBinary, ir.OpPyCompare: selectPyCompare, ir.OpPyUnary: selectPyUnary, ir.OpPyTruth: selectPyTruth,
		ir.OpPyContains: operands(pyabi.HelperContains), ir.OpPyGetItem: selectPyGetItem,
		ir.OpPySetItem: selectPySetItem, ir.OpPyDelItem: operands(pyabi.HelperDelItem),
		ir.OpPyGetAttr: selectPyGetAttr, ir.OpPySetAttr: selectPySetAttr, ir.OpPyDelAttr: named(pyabi.HelperDelAttr),
		ir.OpPyGetMethod: selectPyGetMethod, ir.OpSuperMethod: selectSuperMethod, ir.OpPyCall: selectPyCall, ir.OpPyCallEx: selectPyCallEx,
		ir.OpPyIter: selectPyIter, ir.OpPyNext: selectPyNext, ir.OpPySend: selectPySend, ir.OpPyAwaitable: selectPyAwaitable,
		ir.OpPyLoadGlobal: selectPyLoadGlobal, ir.OpPyStoreGlobal: selectPyStoreGlobal,
		ir.OpPyLoadName: selectPyLoadName, ir.OpPyStoreName: selectPyStoreName,
		ir.OpPyBuildTuple: gathered(pyabi.HelperBuildTuple, 1), ir.OpPyBuildList: gathered(pyabi.HelperBuildList, 1),
		ir.OpPyBuildSet: gathered(pyabi.HelperBuildSet, 1), ir.OpPyBuildMap: gathered(pyabi.HelperBuildMap, 2),
		ir.OpNewDict:         gathered(pyabi.HelperBuildMap, 2),
		ir.OpPyBuildConstMap: selectPyBuildConstMap, ir.OpPyBuildString: gathered(pyabi.HelperBuildString, 1),
		ir.OpPyBuildSlice: selectPyBuildSlice, ir.OpPyCollect: selectPyCollect, ir.OpPyFormat: selectPyFormat,
		ir.OpPyUnpack: selectPyUnpack, ir.OpPyMakeFunction: selectPyMakeFunction, ir.OpPyLoadDeref: selectPyLoadDeref,
		ir.OpPyGetLen: operands(pyabi.HelperGetLen), ir.OpPyNewCell: operands(pyabi.HelperNewCell),

		ir.OpJump: selectJump, ir.OpBranch: selectBranch, ir.OpReturn: selectReturn, ir.OpEnter: selectEnter,
		ir.OpYield: selectYield, ir.OpReturnGenerator: selectReturnGenerator, ir.OpExit: selectExit, ir.OpPoll: selectPoll,
	} {
		selectors[op] = f
	}
}
