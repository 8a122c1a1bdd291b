package lower

import (
	"slices"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// selectConst has no code unless the allocator wants the value in a register at its definition.
func selectConst(s *selector, i *ir.Instr) {
	in := s.start()
	v := s.vreg(i.Result())
	d := in.def(v)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if l[d].IsReg() {
			e.materialize(v, reg(l[d]))
		}
	})
}

// selectNothing is for ops without code.
func selectNothing(*selector, *ir.Instr) {}

// selectLoad reads a word from memory that an address expression names.
func selectLoad(s *selector, i *ir.Instr, base ir.Value, mem func(base amd64.Reg) amd64.Mem, exit codemeta.Reason) {
	in := s.start()
	a := in.use(s.vreg(base))
	if exit == codemeta.ReasonNone {
		d := in.def(s.vreg(i.Result()))
		s.finish(in, func(e *emitter, l []regalloc.Loc) { e.RM(amd64.Mov64, reg(l[d]), mem(reg(l[a]))) })
		return
	}
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, exit, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[d]), mem(reg(l[a])))
		e.RR(amd64.Test64, reg(l[d]), reg(l[d]))
		e.Jcc(amd64.E, x.label)
	})
}

// load is a selector for a word at a fixed offset from the first operand; a NULL word exits unless exit is ReasonNone.
func load(offset func(*pyabi.Offsets, *ir.Instr) int32, exit codemeta.Reason) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		off := offset(s.off, i)
		selectLoad(s, i, i.Args[0], func(r amd64.Reg) amd64.Mem { return amd64.At(r, off) }, exit)
	}
}

func selectLoadLocal(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.RM(amd64.Mov64, reg(l[d]), e.local(int(i.Imm))) })
}

func selectTakeLocal(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if l[d].IsReg() {
			e.RM(amd64.Mov64, reg(l[d]), e.local(int(i.Imm)))
		}
		e.MI(amd64.Mov64, e.local(int(i.Imm)), 0)
	})
}

func selectLoadStack(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) { e.RM(amd64.Mov64, reg(l[d]), e.local(s.f.Locals+int(i.Imm))) })
}

func selectThisFunction(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(frameReg, s.off.FrameFunc))
	})
}

func selectFuncCell(s *selector, i *ir.Instr) {
	in := s.start()
	f := in.use(s.vreg(i.Args[0]))
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(reg(l[f]), s.off.FuncClosure))
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(reg(l[d]), s.off.TupleItems+int32(8*i.Imm)))
	})
}

// guards -------------------------------------------------------------------------------------------------------------

// guard is a selector for a test of the first operand that exits on a condition.
func guard(reason codemeta.Reason, test func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) (exitIf amd64.Cond)) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		in := s.start()
		va := s.vreg(i.Args[0])
		a := in.use(va)
		x := s.exitTo(in, codemeta.ExitDeopt, reason, i.State, regalloc.Early, a)
		s.finish(in, func(e *emitter, l []regalloc.Loc) { e.Jcc(test(e, s, i, reg(l[a])), x.label) })
	}
}

// classTypes names the type object of each builtin class.
var classTypes = map[ir.ClassSet]pyabi.WellKnown{
	ir.Int: pyabi.KnownInt, ir.Float: pyabi.KnownFloat, ir.Bool: pyabi.KnownBool, ir.Str: pyabi.KnownStr,
	ir.List: pyabi.KnownList, ir.Tuple: pyabi.KnownTuple, ir.Dict: pyabi.KnownDict, ir.RangeIter: pyabi.KnownRangeIter,
	ir.ListIter: pyabi.KnownListIter, ir.TupleIter: pyabi.KnownTupleIter, ir.None: pyabi.KnownNoneType,
	ir.Bytes: pyabi.KnownBytes, ir.Set: pyabi.KnownSet, ir.Range: pyabi.KnownRange, ir.Function: pyabi.KnownFunction,
}

var selectGuardClass = guard(codemeta.ReasonTypeGuard, func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	known, ok := classTypes[ir.ClassSet(i.Imm)]
	if !ok {
		panic("BUG: guard of class " + ir.ClassSet(i.Imm).String())
	}
	e.cmpMemAddr(amd64.At(r, s.off.ObjType), s.known(known))
	return amd64.NE
})

var selectGuardIs = guard(codemeta.ReasonGlobalValue, func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	e.cmpAddr(r, s.snap.Objects[i.Obj].Addr)
	return amd64.NE
})

var selectGuardNotNull = guard(codemeta.ReasonUnboundLocal, func(e *emitter, _ *selector, _ *ir.Instr, r amd64.Reg) amd64.Cond {
	e.RR(amd64.Test64, r, r)
	return amd64.E
})

var selectGuardIntConst = guard(codemeta.ReasonListShape, func(e *emitter, _ *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	e.RI(amd64.Cmp64, r, int32(i.Imm))
	return amd64.NE
})

var selectTypeVersion = guard(codemeta.ReasonTypeVersion, func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	e.RM(amd64.Mov64, scratch, amd64.At(r, s.off.ObjType))
	e.MI(amd64.Cmp32, amd64.At(scratch, s.off.TypeVersionTag), int32(uint32(i.Imm)))
	return amd64.NE
})

var selectClassVersion = guard(codemeta.ReasonTypeVersion, func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	e.MI(amd64.Cmp32, amd64.At(r, s.off.TypeVersionTag), int32(uint32(i.Imm)))
	return amd64.NE
})

var selectKeysVersion = guard(codemeta.ReasonKeysVersion, func(e *emitter, s *selector, i *ir.Instr, r amd64.Reg) amd64.Cond {
	if keys := s.snap.Objects[i.Obj].Class.Keys; keys != 0 {
		e.MI(amd64.Cmp32, e.absolute(keys+uint64(s.off.KeysVersion), scratch), int32(uint32(i.Imm)))
		return amd64.NE
	}
	e.RM(amd64.Mov64, scratch, amd64.At(r, s.off.ObjType))
	e.RM(amd64.Mov64, scratch, amd64.At(scratch, s.off.HeapTypeCachedKeys))
	e.MI(amd64.Cmp32, amd64.At(scratch, s.off.KeysVersion), int32(uint32(i.Imm)))
	return amd64.NE
})

// selectGuardNoCollection leaves when the next allocation would collect (Modules/gcmodule.c, _PyObject_GC_Link).
func selectGuardNoCollection(s *selector, _ *ir.Instr) {
	in := s.start()
	t := s.tempIn(in)
	x := s.deopt(in, codemeta.ReasonCollection)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		full, done := e.NewLabel(), e.NewLabel()
		interp := reg(l[t])
		e.RM(amd64.Mov64, interp, amd64.At(threadReg, s.off.ThreadInterp))
		e.RM(amd64.Mov32, scratch, amd64.At(interp, s.off.InterpGcCount))
		e.RM(amd64.Cmp32, scratch, amd64.At(interp, s.off.InterpGcThreshold))
		e.Jcc(amd64.GE, full)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(full)
			e.MI(amd64.Cmp32, amd64.At(interp, s.off.InterpGcEnabled), 0)
			e.Jcc(amd64.E, done)
			e.Jmp(x.label)
		})
	})
}

var selectGuardNoDict = guard(codemeta.ReasonDictShape, func(e *emitter, s *selector, _ *ir.Instr, r amd64.Reg) amd64.Cond {
	e.MI(amd64.Cmp64, amd64.At(r, s.off.ManagedDict), 0)
	return amd64.NE
})

// selectFuncVersion tests a function that is usually a constant; its address then needs a register only for this.
func selectFuncVersion(s *selector, i *ir.Instr) {
	in := s.start()
	va := s.vreg(i.Args[0])
	a := in.useAny(va)
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonFunctionVersion, i.State, regalloc.Early, a)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		r := scratch
		if l[a].IsReg() {
			r = reg(l[a])
		} else {
			e.toReg(scratch, va, l[a])
		}
		e.MI(amd64.Cmp32, amd64.At(r, s.off.FuncVersion), int32(uint32(i.Imm)))
		e.Jcc(amd64.NE, x.label)
	})
}

func selectGlobalKeys(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonKeysVersion, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		dst, dict := reg(l[d]), s.off.FrameGlobals
		if i.Obj == uint32(s.snap.Builtins) {
			dict = s.off.FrameBuiltins
		}
		e.RM(amd64.Mov64, dst, amd64.At(frameReg, dict))
		e.RM(amd64.Mov64, dst, amd64.At(dst, s.off.DictKeys))
		e.MI(amd64.Cmp32, amd64.At(dst, s.off.KeysVersion), int32(uint32(i.Imm)))
		e.Jcc(amd64.NE, x.label)
	})
}

func selectModuleKeys(s *selector, i *ir.Instr) {
	in := s.start()
	va := s.vreg(i.Args[0])
	a := in.useAny(va)
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonKeysVersion, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		dst := reg(l[d])
		e.toReg(dst, va, l[a])
		e.RM(amd64.Mov64, dst, amd64.At(dst, s.off.ModuleDict))
		e.RM(amd64.Mov64, dst, amd64.At(dst, s.off.DictKeys))
		e.MI(amd64.Cmp32, amd64.At(dst, s.off.KeysVersion), int32(uint32(i.Imm)))
		e.Jcc(amd64.NE, x.label)
	})
}

// selectDictVersion reads the version tag, of which no two dictionaries have the same, nor one dictionary before and after a change.
func selectDictVersion(s *selector, i *ir.Instr) {
	in := s.start()
	d := in.def(s.vreg(i.Result()))
	dict := s.off.FrameGlobals
	if i.Imm != 0 {
		dict = s.off.FrameBuiltins
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(frameReg, dict))
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(reg(l[d]), s.off.DictVersionTag))
	})
}

func selectModuleVersion(s *selector, i *ir.Instr) {
	in := s.start()
	va := s.vreg(i.Args[0])
	a := in.useAny(va)
	d := in.def(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		e.toReg(reg(l[d]), va, l[a])
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(reg(l[d]), s.off.ModuleDict))
		e.RM(amd64.Mov64, reg(l[d]), amd64.At(reg(l[d]), s.off.DictVersionTag))
	})
}

// seenEntry is a fact that the unit keeps versions for: those of the dictionaries when the fact was last found to hold.
type seenEntry struct {
	dict  ir.DictEntry
	index int64
	value uint32
	word  int // which of them
}

// seenAt is the address of the first of n versions kept for a fact, 0 when the unit has no room for them.
func (s *selector) seenAt(x seenEntry, n int) uint64 {
	at := slices.Index(s.seen, x)
	if at < 0 {
		if at = len(s.seen); at+n > int(s.off.UnitSeenMax) {
			return 0
		}
		for ; x.word < n; x.word++ {
			s.seen = append(s.seen, x)
		}
	}
	return s.snap.Unit + uint64(s.off.UnitSeen) + uint64(8*at)
}

// selectEntryGuard compares the version of the dictionary with that for which the entry is known to have the value. Out of
// line, for another version, it looks at the entry, and keeps the version.
func selectEntryGuard(s *selector, i *ir.Instr) {
	at := i.Aux.(*ir.DictEntry)
	in := s.start()
	versions := make([]int, len(i.Args))
	for k, v := range i.Args {
		versions[k] = in.useLate(s.vreg(v))
	}
	other := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonKeysVersion, i.State, regalloc.Late)
	changed := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonGlobalValue, i.State, regalloc.Late)
	seen := s.seenAt(seenEntry{dict: *at, index: i.Imm, value: i.Obj}, len(versions))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		keys := func(dict amd64.Mem, version uint32) {
			e.RM(amd64.Mov64, scratch, dict)
			e.RM(amd64.Mov64, scratch, amd64.At(scratch, s.off.DictKeys))
			e.MI(amd64.Cmp32, amd64.At(scratch, s.off.KeysVersion), int32(version))
			e.Jcc(amd64.NE, other.label)
		}
		look := func() {
			if at.Module != pyabi.NoObj {
				e.MovImm64(scratch, s.snap.Objects[at.Module].Addr)
				keys(amd64.At(scratch, s.off.ModuleDict), at.Keys)
			} else {
				keys(amd64.At(frameReg, s.off.FrameGlobals), at.Keys)
			}
			if at.Builtins != 0 {
				keys(amd64.At(frameReg, s.off.FrameBuiltins), at.Builtins)
			}
			e.RM(amd64.Mov64, scratch, amd64.At(scratch, int32(i.Imm)))
			e.cmpAddr(scratch, s.snap.Objects[i.Obj].Addr)
			e.Jcc(amd64.NE, changed.label)
		}
		if seen == 0 {
			look()
			return
		}
		stale, known := e.NewLabel(), e.NewLabel()
		for k, w := range versions {
			e.RM(amd64.Cmp64, reg(l[w]), e.absolute(seen+uint64(8*k), scratch))
			e.Jcc(amd64.NE, stale)
		}
		e.Bind(known)
		e.outOfLine(func() {
			e.Bind(stale)
			look()
			for k, w := range versions {
				e.MR(amd64.Mov64, e.absolute(seen+uint64(8*k), scratch), reg(l[w]))
			}
			e.Jmp(known)
		})
	})
}

// lists and tuples ---------------------------------------------------------------------------------------------------

// selectItem loads an item; negative indices are made positive out of line.
func selectItem(s *selector, i *ir.Instr) {
	list := i.Op == ir.OpListItem
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	vk := s.vreg(i.Args[1])
	var index int64
	constant := s.f.Values[vk].Const && s.f.Def(ir.Value(vk)).Op == ir.OpConstInt
	if constant {
		index = s.f.Def(ir.Value(vk)).Imm
		constant = index >= 0 && index < 1<<24
	}
	k := -1
	if !constant {
		k = in.useLate(vk)
	}
	d := in.defEarly(s.vreg(i.Result()))
	var x *exit
	if list || i.Imm == 0 {
		x = s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIndexRange, i.State, regalloc.Late)
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		seq, dst := reg(l[a]), reg(l[d])
		fetch := func(index amd64.Reg) {
			base, disp := seq, s.off.TupleItems
			if list {
				e.RM(amd64.Mov64, dst, amd64.At(seq, s.off.ListItems))
				base, disp = dst, 0
			}
			if constant {
				e.RM(amd64.Mov64, dst, amd64.At(base, disp+int32(8*index0(i, s))))
			} else {
				e.RM(amd64.Mov64, dst, amd64.AtIndex(base, index, 8, disp))
			}
		}
		size := amd64.At(seq, s.off.VarSize)
		switch {
		case constant && x != nil:
			e.MI(amd64.Cmp64, size, int32(index))
			e.Jcc(amd64.LE, x.label)
			fetch(amd64.NoReg)
		case constant:
			fetch(amd64.NoReg)
		default:
			key := reg(l[k])
			negative, done := e.NewLabel(), e.NewLabel()
			if x != nil {
				e.RM(amd64.Cmp64, key, size)
				e.Jcc(amd64.AE, negative)
			}
			fetch(key)
			e.Bind(done)
			if x != nil {
				e.outOfLine(func() {
					e.Bind(negative)
					e.RR(amd64.Test64, key, key)
					e.Jcc(amd64.NS, x.label)
					e.RM(amd64.Mov64, scratch, size)
					e.RR(amd64.Add64, scratch, key)
					e.Jcc(amd64.S, x.label)
					fetch(scratch)
					e.Jmp(done)
				})
			}
		}
	})
}

func index0(i *ir.Instr, s *selector) int64 { return s.f.Def(s.f.Root(i.Args[1])).Imm }

// selectSequenceItems finds the items of a tuple, or out of line of a list.
func selectSequenceItems(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonListShape, i.State, regalloc.Late)
	tuple, list := s.known(pyabi.KnownTuple), s.known(pyabi.KnownList)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		obj, dst, off := reg(l[a]), reg(l[d]), s.off
		other, sized := e.NewLabel(), e.NewLabel()
		e.cmpMemAddr(amd64.At(obj, off.ObjType), tuple)
		e.Jcc(amd64.NE, other)
		e.Lea(dst, amd64.At(obj, off.TupleItems))
		e.Bind(sized)
		e.MI(amd64.Cmp64, amd64.At(obj, off.VarSize), int32(i.Imm))
		e.Jcc(amd64.NE, x.label)
		e.outOfLine(func() {
			e.Bind(other)
			e.cmpMemAddr(amd64.At(obj, off.ObjType), list)
			e.Jcc(amd64.NE, x.label)
			e.RM(amd64.Mov64, dst, amd64.At(obj, off.ListItems))
			e.Jmp(sized)
		})
	})
}

// selectStoreListItem replaces an item and releases the old one.
func selectStoreListItem(s *selector, i *ir.Instr) {
	in := s.start()
	va, vk, vv := s.vreg(i.Args[0]), s.vreg(i.Args[1]), s.vreg(i.Args[2])
	a := in.useLate(va)
	k := in.useLate(vk)
	v := in.useLate(vv)
	t := s.tempIn(in)
	t2 := s.tempIn(in)
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIndexRange, i.State, regalloc.Late)
	d := s.dies(in, t, ir.AnyType, i.State)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		seq, key, old, items := reg(l[a]), reg(l[k]), reg(l[t]), reg(l[t2])
		negative, go_ := e.NewLabel(), e.NewLabel()
		e.RR(amd64.Mov64, old, key)
		e.RM(amd64.Cmp64, key, amd64.At(seq, s.off.VarSize))
		e.Jcc(amd64.AE, negative)
		e.Bind(go_)
		e.swapListItem(old, items, seq, old, reg(l[v]))
		if i.Imm != 0 {
			e.countUp(reg(l[v]))
		}
		e.release(old, d)
		e.outOfLine(func() {
			e.Bind(negative)
			e.RR(amd64.Test64, key, key)
			e.Jcc(amd64.NS, x.label)
			e.RM(amd64.Add64, old, amd64.At(seq, s.off.VarSize))
			e.Jcc(amd64.S, x.label)
			e.Jmp(go_)
		})
	})
}

// selectListAppend appends in place while there is room; growing is a call out of line, for which the instruction is a
// call to the allocator.
func selectListAppend(s *selector, i *ir.Instr) {
	in := s.start()
	va, vv := s.vreg(i.Args[0]), s.vreg(i.Args[1])
	a := in.useFixed(va, amd64.RDI)
	v := in.useFixed(vv, amd64.RSI)
	in.clobbers = callClobbers
	x := s.raise(in)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		full, done := e.NewLabel(), e.NewLabel()
		list, item := reg(l[a]), reg(l[v])
		e.RM(amd64.Mov64, scratch, amd64.At(list, s.off.VarSize))
		e.RM(amd64.Cmp64, scratch, amd64.At(list, s.off.ListAllocated))
		e.Jcc(amd64.GE, full)
		e.RM(amd64.Mov64, amd64.RAX, amd64.At(list, s.off.ListItems))
		e.MR(amd64.Mov64, amd64.AtIndex(amd64.RAX, scratch, 8, 0), item)
		e.M(amd64.Inc64, amd64.At(list, s.off.VarSize))
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(full)
			e.callAddr(e.helper(pyabi.HelperListAppend))
			e.RR(amd64.Test32, amd64.RAX, amd64.RAX)
			e.Jcc(amd64.NS, done)
			e.Jmp(x.label)
		})
	})
}

// attributes ----------------------------------------------------------------------------------------------------------

// selectStoreValue sets an entry of the inline values; the first store into an empty entry records the insertion order
// (Include/internal/pycore_dict.h, _PyDictValues_AddToInsertionOrder).
func selectStoreValue(s *selector, i *ir.Instr) {
	in := s.start()
	w := in.useLate(s.vreg(i.Args[1]))
	v := in.useLate(s.vreg(i.Args[2]))
	t := s.tempIn(in)
	index := int32(i.Imm)
	d := s.dies(in, t, ir.AnyType, i.State)
	made := s.f.Def(s.f.Root(i.Args[0]))
	empty := i.Quiet && made != nil && made.Op == ir.OpNewInstance
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		values, old := reg(l[w]), reg(l[t])
		first, done, other := e.NewLabel(), e.NewLabel(), e.NewLabel()
		entry := amd64.At(values, 8*index)
		append_ := func() {
			e.RM(amd64.Movzx8, old, amd64.At(values, s.off.ValuesUsedSize))
			e.R(amd64.Inc32, old)
			e.MR(amd64.Mov8, amd64.At(values, s.off.ValuesUsedSize), old)
			e.R(amd64.Neg64, old)
			e.MI(amd64.Mov8, amd64.AtIndex(values, old, 1, s.off.ValuesUsedSize), int32(int8(index)))
		}
		e.RM(amd64.Mov64, old, entry)
		e.MR(amd64.Mov64, entry, reg(l[v]))
		e.RR(amd64.Test64, old, old)
		if empty { // the likely case comes first
			e.Jcc(amd64.NE, other)
			append_()
			e.Bind(done)
			e.outOfLine(func() {
				e.Bind(other)
				e.release(old, d)
				e.Jmp(done)
			})
			return
		}
		e.Jcc(amd64.E, first)
		e.release(old, d)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(first)
			append_()
			e.Jmp(done)
		})
	})
}

// selectStoreTo replaces the word at an offset of the first operand by the last operand and releases the old content.
func selectStoreTo(offset func(*pyabi.Offsets, *ir.Instr) int32) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		in := s.start()
		a := in.useLate(s.vreg(i.Args[0]))
		v := in.useLate(s.vreg(i.Args[1]))
		t := s.tempIn(in)
		d := s.dies(in, t, ir.Obj(ir.AnyOrNull), i.State)
		s.finish(in, func(e *emitter, l []regalloc.Loc) {
			m := amd64.At(reg(l[a]), offset(s.off, i))
			e.RM(amd64.Mov64, reg(l[t]), m)
			e.MR(amd64.Mov64, m, reg(l[v]))
			e.release(reg(l[t]), d)
		})
	}
}

// exceptions ----------------------------------------------------------------------------------------------------------

// selectPushExc makes an exception the one being handled; who handles none has NULL, which is None on the operand stack.
func selectPushExc(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		none, done := e.NewLabel(), e.NewLabel()
		m := amd64.At(scratch, s.off.ExcItemValue)
		e.RM(amd64.Mov64, scratch, amd64.At(threadReg, s.off.ThreadExcInfo))
		e.RM(amd64.Mov64, reg(l[d]), m)
		e.MR(amd64.Mov64, m, reg(l[a]))
		e.RR(amd64.Test64, reg(l[d]), reg(l[d]))
		e.Jcc(amd64.E, none)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(none)
			e.MovImm64(reg(l[d]), s.known(pyabi.KnownNone))
			e.countUp(reg(l[d]))
			e.Jmp(done)
		})
	})
}

func selectPopExc(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	t := s.tempIn(in)
	d := s.dies(in, t, ir.Obj(ir.AnyOrNull), i.State)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		m := amd64.At(scratch, s.off.ExcItemValue)
		e.RM(amd64.Mov64, scratch, amd64.At(threadReg, s.off.ThreadExcInfo))
		e.RM(amd64.Mov64, reg(l[t]), m)
		e.MR(amd64.Mov64, m, reg(l[a]))
		e.release(reg(l[t]), d)
	})
}

// iterators -----------------------------------------------------------------------------------------------------------

func selectRangeTake(s *selector, i *ir.Instr) {
	in := s.start()
	it := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		r, dst := reg(l[it]), reg(l[d])
		e.RM(amd64.Mov64, dst, amd64.At(r, s.off.RangeIterIndex))
		e.Lea(scratch, amd64.At(dst, 1))
		e.MR(amd64.Mov64, amd64.At(r, s.off.RangeIterIndex), scratch)
		e.RM(amd64.Imul64, dst, amd64.At(r, s.off.RangeIterStep))
		e.RM(amd64.Add64, dst, amd64.At(r, s.off.RangeIterStart))
	})
}

func selectSequenceTake(s *selector, i *ir.Instr) {
	list := i.Op == ir.OpListIterTake
	in := s.start()
	it := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		r, dst := reg(l[it]), reg(l[d])
		e.RM(amd64.Mov64, dst, amd64.At(r, s.off.ListIterSeq))
		e.RM(amd64.Mov64, scratch, amd64.At(r, s.off.ListIterIndex))
		e.M(amd64.Inc64, amd64.At(r, s.off.ListIterIndex))
		if list {
			e.listItem(dst, dst, scratch)
		} else {
			e.tupleItem(dst, dst, scratch)
		}
	})
}
