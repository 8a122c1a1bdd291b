package cp311

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// semantics gives each opcode its translation; an opcode without a row hands the frame over to stock.
var semantics [256]func(*translator, *Instr)

func init() {
	for op, f := range map[uint8]func(*translator, *Instr){
		// Stack.
		OpNop:      func(*translator, *Instr) {},
		OpResume:   func(*translator, *Instr) {},
		OpPopTop:   func(t *translator, _ *Instr) { t.KeepAlive(t.Pop()) },
		OpPushNull: func(t *translator, _ *Instr) { t.Push(t.Null()) },
		OpCopy:     func(t *translator, in *Instr) { t.Push(t.Peek(int(in.Arg))) },
		OpSwap: func(t *translator, in *Instr) {
			top := t.Peek(1)
			t.Poke(1, t.Peek(int(in.Arg)))
			t.Poke(int(in.Arg), top)
		},

		// Locals and cells.
		OpLoadConst: func(t *translator, in *Instr) { t.Push(t.Const(t.Code.Consts[in.Arg])) },
		OpLoadFast: func(t *translator, in *Instr) {
			t.Push(t.NotNull(t.LoadLocal(int(in.Arg))))
		},
		OpStoreFast: func(t *translator, in *Instr) { t.StoreLocal(int(in.Arg), t.Pop()) },
		OpDeleteFast: func(t *translator, in *Instr) {
			t.NotNull(t.LoadLocal(int(in.Arg)))
			t.StoreLocal(int(in.Arg), t.Null())
		},
		OpLoadClosure: func(t *translator, in *Instr) { t.Push(t.LoadLocal(int(in.Arg))) },
		OpLoadDeref: func(t *translator, in *Instr) {
			t.Push(t.Python(ir.OpPyLoadDeref, int64(in.Arg), t.hint(in), t.LoadLocal(int(in.Arg))).Result())
		},
		OpStoreDeref: func(t *translator, in *Instr) {
			v := t.Pop()
			t.Emit(ir.OpStoreCell, 0, t.LoadLocal(int(in.Arg)), v)
		},
		OpDeleteDeref: func(t *translator, in *Instr) {
			t.DoHelper(pyabi.HelperDeleteDeref, ir.HelperWords{int64(in.Arg)}, t.LoadLocal(int(in.Arg)), t.Const(t.Code.Obj))
		},
		OpLoadClassderef: func(t *translator, in *Instr) {
			t.Push(t.CallHelper(pyabi.HelperLoadClassDeref, ir.HelperWords{int64(in.Arg)}, t.LoadLocal(int(in.Arg))))
		},
		OpCopyFreeVars: copyFreeVars,
		OpMakeCell: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.StoreLocal(int(in.Arg), t.Python(ir.OpPyNewCell, 0, h, t.LoadLocal(int(in.Arg))).Result())
		},

		// Globals and names.
		OpLoadGlobal: func(t *translator, in *Instr) {
			h := t.hint(in)
			i := t.Python(ir.OpPyLoadGlobal, 0, h)
			i.Obj = uint32(t.Code.Names[in.Arg>>1])
			if in.Arg&1 != 0 {
				t.Push(t.Null())
			}
			t.Push(i.Result())
		},
		OpStoreGlobal: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Python(ir.OpPyStoreGlobal, 0, h, t.Pop()).Obj = uint32(t.Code.Names[in.Arg])
		},
		OpLoadName: func(t *translator, in *Instr) {
			i := t.Python(ir.OpPyLoadName, 0, t.hint(in))
			i.Obj = uint32(t.Code.Names[in.Arg])
			t.Push(i.Result())
		},
		OpStoreName: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Python(ir.OpPyStoreName, 0, h, t.Pop()).Obj = uint32(t.Code.Names[in.Arg])
		},

		// Operators.
		OpBinaryOp:      binaryOp,
		OpCompareOp:     compare,
		OpUnaryNegative: unary, OpUnaryPositive: unary, OpUnaryInvert: unary,
		OpUnaryNot: func(t *translator, in *Instr) {
			h := t.hint(in)
			c := t.Python(ir.OpPyTruth, 0, h, t.Pop()).Result()
			t.Push(t.Emit(ir.OpBoxBool, 0, t.Emit(ir.OpNotBool, 0, c).Result()).Result())
		},
		OpIsOp: func(t *translator, in *Instr) {
			v := t.PopN(2)
			t.pushBool(t.Emit(ir.OpIs, 0, v...).Result(), in.Arg != 0)
		},
		OpContainsOp: func(t *translator, in *Instr) {
			h := t.hint(in)
			v := t.PopN(2)
			t.pushBool(t.Python(ir.OpPyContains, 0, h, v...).Result(), in.Arg != 0)
		},
		OpBinarySubscr: func(t *translator, in *Instr) {
			if s := t.takeSlice(); s != nil {
				t.Push(t.CallHelper(pyabi.HelperGetSlice, nil, t.Pop(), s[0], s[1], s[2]))
				return
			}
			binary(ir.OpPyGetItem)(t, in)
		},
		OpStoreSubscr: func(t *translator, in *Instr) {
			if s := t.takeSlice(); s != nil {
				v := t.PopN(2) // value, container
				t.DoHelper(pyabi.HelperSetSlice, nil, v[1], s[0], s[1], s[2], v[0])
				return
			}
			h := t.hint(in)
			v := t.PopN(3) // value, container, key
			t.Python(ir.OpPySetItem, 0, h, v[1], v[2], v[0])
		},
		OpDeleteSubscr: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Python(ir.OpPyDelItem, 0, h, t.PopN(2)...)
		},

		// Attributes.
		OpLoadAttr: func(t *translator, in *Instr) {
			h := t.hint(in)
			i := t.Python(ir.OpPyGetAttr, t.cache(in), h, t.Pop())
			i.Obj = uint32(t.Code.Names[in.Arg])
			t.Push(i.Result())
			t.FillAfter(h)
		},
		OpStoreAttr: func(t *translator, in *Instr) {
			h := t.hint(in)
			v := t.PopN(2) // value, object
			t.Python(ir.OpPySetAttr, t.cache(in), h, v[1], v[0]).Obj = uint32(t.Code.Names[in.Arg])
		},
		OpDeleteAttr: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Python(ir.OpPyDelAttr, 0, h, t.Pop()).Obj = uint32(t.Code.Names[in.Arg])
		},
		OpLoadMethod: func(t *translator, in *Instr) {
			h := t.hint(in)
			i := t.Python(ir.OpPyGetMethod, t.cache(in), h, t.Pop())
			i.Obj = uint32(t.Code.Names[in.Arg])
			t.Push(i.Results[0])
			t.Push(i.Results[1])
		},

		// Calls.
		OpKwNames: func(t *translator, in *Instr) {
			t.kwnames = t.Code.Consts[in.Arg]
			t.callBefore = t.Before()
		},
		OpPrecall: func(t *translator, _ *Instr) {
			if t.callBefore == nil {
				t.callBefore = t.Before()
			}
		},
		OpCall: func(t *translator, in *Instr) {
			before := t.Before()
			if t.callBefore != nil {
				before = t.callBefore
			}
			h := t.HintFrom(ir.HintNone, before)
			t.superScope(in)
			i := t.Python(ir.OpPyCall, 0, h, t.PopN(int(in.Arg)+2)...)
			i.Obj = uint32(t.kwnames)
			t.Push(i.Result())
			t.FillAfter(h)
			t.kwnames, t.callBefore = pyabi.NoObj, nil
		},
		OpCallFunctionEx: func(t *translator, in *Instr) {
			h := t.hint(in)
			v := t.PopN(2 + int(in.Arg&1)) // function, args, kwargs
			t.Pop()                        // the NULL below them
			t.Push(t.Python(ir.OpPyCallEx, 0, h, v...).Result())
		},
		OpMakeFunction: func(t *translator, in *Instr) {
			h := t.hint(in)
			n := 1
			for bits := in.Arg & 15; bits != 0; bits &= bits - 1 {
				n++
			}
			t.Push(t.Python(ir.OpPyMakeFunction, int64(in.Arg), h, t.PopN(n)...).Result())
		},

		// Builders.
		OpBuildTuple:  build(ir.OpPyBuildTuple, 1),
		OpBuildList:   build(ir.OpPyBuildList, 1),
		OpBuildSet:    build(ir.OpPyBuildSet, 1),
		OpBuildMap:    build(ir.OpPyBuildMap, 2),
		OpBuildString: build(ir.OpPyBuildString, 1),
		OpBuildSlice:  buildSlice,
		OpBuildConstKeyMap: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Push(t.Python(ir.OpPyBuildConstMap, 0, h, t.PopN(int(in.Arg)+1)...).Result())
		},
		OpListAppend: collect(1), OpSetAdd: collect(1), OpMapAdd: collect(2), OpListExtend: collect(1), OpSetUpdate: collect(1),
		OpDictUpdate: collect(1),
		OpFormatValue: func(t *translator, in *Instr) {
			h := t.hint(in)
			n := 1
			if in.Arg&4 != 0 {
				n = 2
			}
			t.Push(t.Python(ir.OpPyFormat, int64(in.Arg), h, t.PopN(n)...).Result())
		},
		OpUnpackSequence: func(t *translator, in *Instr) {
			if items, ok := t.ConstItems(t.Peek(1)); ok && len(items) == int(in.Arg) {
				t.Pop()
				for k := len(items) - 1; k >= 0; k-- {
					t.Push(t.Const(items[k]))
				}
				return
			}
			h := t.hint(in)
			tuple := t.Python(ir.OpPyUnpack, int64(in.Arg), h, t.Pop()).Result()
			for k := int64(in.Arg) - 1; k >= 0; k-- {
				at := t.Emit(ir.OpConstInt, k).Result()
				t.Push(t.Emit(ir.OpTupleItem, 1, tuple, at).Result())
			}
		},

		OpListToTuple: helper(pyabi.HelperListToTuple, 1),
		OpUnpackEx:    unpackEx,
		OpDictMerge: func(t *translator, in *Instr) {
			update := t.Pop()
			t.DoHelper(pyabi.HelperDictMerge, nil, t.Peek(int(in.Arg)), update, t.Peek(int(in.Arg)+2))
		},
		OpGetLen: func(t *translator, in *Instr) {
			h := t.hint(in)
			n := t.Python(ir.OpPyGetLen, 0, h, t.Peek(1)).Result()
			t.Push(t.Emit(ir.OpBoxInt, 0, n).Result())
		},

		// Match statements.
		OpMatchMapping:  matchKind(1 << 6), // Py_TPFLAGS_MAPPING
		OpMatchSequence: matchKind(1 << 5), // Py_TPFLAGS_SEQUENCE
		OpMatchKeys: func(t *translator, _ *Instr) {
			t.Push(t.CallHelper(pyabi.HelperMatchKeys, nil, t.Peek(2), t.Peek(1)))
		},
		OpMatchClass: func(t *translator, in *Instr) {
			v := t.PopN(3) // subject, class, names
			t.Push(t.CallHelper(pyabi.HelperMatchClass, ir.HelperWords{int64(in.Arg)}, v...))
		},

		// Imports and rare names.
		OpImportName: func(t *translator, in *Instr) {
			v := t.PopN(2) // level, fromlist
			t.Push(t.CallHelper(pyabi.HelperImportName, nil, t.Const(t.Code.Names[in.Arg]), v[1], v[0]))
		},
		OpImportFrom: func(t *translator, in *Instr) {
			t.Push(t.CallHelper(pyabi.HelperImportFrom, nil, t.Peek(1), t.Const(t.Code.Names[in.Arg])))
		},
		OpLoadAssertionError: func(t *translator, _ *Instr) { t.Push(t.Const(t.Snap.Known[pyabi.KnownAssertionError])) },
		OpLoadBuildClass:     func(t *translator, _ *Instr) { t.Push(t.CallHelper(pyabi.HelperLoadBuildClass, nil)) },
		OpSetupAnnotations:   func(t *translator, _ *Instr) { t.DoHelper(pyabi.HelperSetupAnnotations, nil) },
		OpDeleteGlobal: func(t *translator, in *Instr) {
			t.DoHelper(pyabi.HelperDeleteGlobal, nil, t.Const(t.Code.Names[in.Arg]))
		},
		OpDeleteName: func(t *translator, in *Instr) {
			t.DoHelper(pyabi.HelperDeleteName, nil, t.Const(t.Code.Names[in.Arg]))
		},

		// Iteration and control.
		OpGetIter: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Push(t.Python(ir.OpPyIter, 0, h, t.Pop()).Result())
			t.FillAfter(h)
		},
		OpForIter:     forIter,
		OpJumpForward: func(t *translator, in *Instr) { t.JumpTo(t.to(in.target())) },
		OpJumpBackward: func(t *translator, in *Instr) {
			t.JumpTo(t.to(in.target()))
		},
		OpPopJumpForwardIfFalse: popJump(false), OpPopJumpForwardIfTrue: popJump(true),
		OpPopJumpBackwardIfFalse: popJump(false), OpPopJumpBackwardIfTrue: popJump(true),
		OpPopJumpForwardIfNone: noneJump(true), OpPopJumpForwardIfNotNone: noneJump(false),
		OpPopJumpBackwardIfNone: noneJump(true), OpPopJumpBackwardIfNotNone: noneJump(false),
		OpJumpIfFalseOrPop: jumpOrPop(false), OpJumpIfTrueOrPop: jumpOrPop(true),
		OpRaiseVarargs: func(t *translator, in *Instr) {
			v := append(t.PopN(int(in.Arg)), t.Null(), t.Null())
			t.DoHelper(pyabi.HelperRaise, nil, v[0], v[1])
			t.Exit(uint16(codemeta.ReasonException)) // not reached: the helper always raises
		},
		OpReturnGenerator: returnGenerator, OpYieldValue: yieldValue, OpSend: send,
		OpJumpBackwardNoInterrupt: func(t *translator, in *Instr) { t.JumpTo(t.to(in.target())) },
		OpGetYieldFromIter: func(t *translator, in *Instr) {
			const coroutine = 0x80 | 0x100 // CO_COROUTINE, CO_ITERABLE_COROUTINE
			h, kind := t.hint(in), int64(ir.YieldFrom)
			if t.Code.Flags&coroutine != 0 {
				kind = ir.YieldFromCoroutines
			}
			t.Push(t.Python(ir.OpPyAwaitable, kind, h, t.Pop()).Result())
		},
		OpGetAwaitable: func(t *translator, in *Instr) {
			h := t.hint(in)
			t.Push(t.Python(ir.OpPyAwaitable, int64(in.Arg), h, t.Pop()).Result())
		},
		OpGetAiter: helper(pyabi.HelperAiter, 1),
		OpGetAnext: func(t *translator, _ *Instr) {
			t.Push(t.CallHelper(pyabi.HelperAnext, nil, t.Peek(1)))
		},
		OpAsyncGenWrap: helper(pyabi.HelperAsyncGenWrap, 1),
		OpReraise:      reraise, OpPushExcInfo: pushExcInfo, OpCheckExcMatch: checkExcMatch, OpCheckEgMatch: checkEgMatch,
		OpPrepReraiseStar: helper(pyabi.HelperReraiseStar, 2),
		OpPopExcept:       func(t *translator, _ *Instr) { t.Emit(ir.OpPopExc, 0, t.Pop()) },
		OpBeforeWith:      beforeWith, OpBeforeAsyncWith: beforeWith, OpWithExceptStart: withExceptStart, OpEndAsyncFor: endAsyncFor,
		OpReturnValue: func(t *translator, _ *Instr) {
			t.Return(t.Pop())
		},
	} {
		semantics[op] = f
	}
}

// superScope tells what a call that may be super() finds in the frame: the cell of `__class__` and the first argument
// (Objects/typeobject.c, super_init_without_args, 3.11).
func (t *translator) superScope(in *Instr) {
	const cell = 0x40 // CO_FAST_CELL
	if in.Arg != 0 || t.kwnames != pyabi.NoObj || t.Code.ArgCount == 0 || t.Code.LocalKinds[0]&cell != 0 {
		return
	}
	named := func(name pyabi.ObjID, text string) bool { return t.Snap.Objects[name].Text == text }
	if named(t.Code.LocalNames[0], "cls") { // a class method, or __new__: what is found is bound to a class
		return
	}
	if d := t.F.Def(t.Peek(1)); d == nil || d.Op != ir.OpPyLoadGlobal || !named(pyabi.ObjID(d.Obj), "super") {
		return
	}
	for slot := int(t.Code.NLocalsPlus - t.Code.NFree); slot < int(t.Code.NLocalsPlus); slot++ {
		if named(t.Code.LocalNames[slot], "__class__") {
			t.Emit(ir.OpSuperScope, 0, t.LoadLocal(slot), t.LoadLocal(0))
		}
	}
}

// matchKind is whether the class of the subject on top, which stays, has a flag.
func matchKind(flag int64) func(*translator, *Instr) {
	return func(t *translator, _ *Instr) {
		t.Push(t.CallHelper(pyabi.HelperMatchKind, ir.HelperWords{flag}, t.Peek(1)))
	}
}

// binary is an operation of two operands; Imm is the instruction's argument where the op has one.
func binary(op ir.Op) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		h := t.hint(in)
		imm := int64(0)
		if op.Row().Imm != "" {
			imm = int64(in.Arg)
		}
		t.Push(t.Python(op, imm, h, t.PopN(2)...).Result())
		t.FillAfter(h)
	}
}

// compare is COMPARE_OP. In front of the jump that closes a while loop the interpreter has no feedback: it specialises
// comparisons together with the jump behind them, which the shim overwrites as long as it counts the iterations.
func compare(t *translator, in *Instr) {
	h := t.hint(in)
	if next := t.following(in); h.Kind == ir.HintNone && next != nil && jumps[next.Op] == backwardIf {
		h.Kind = ir.HintBlind
	}
	t.Push(t.Python(ir.OpPyCompare, int64(in.Arg), h, t.PopN(2)...).Result())
	t.FillAfter(h)
}

// binaryOp is BINARY_OP. A str that is added to and stored back into its local is taken out of the slot first, so that the
// concatenation has the only reference and can grow it in place, as stock does; otherwise building a string piece by piece
// would copy all of it each time.
func binaryOp(t *translator, in *Instr) {
	const add, inPlaceAdd = 0, 13
	left, right := t.Peek(2), t.Peek(1)
	next := t.following(in)
	if h := t.hint(in); t.Inlined != nil || h.Kind != ir.HintStr || len(h.Failed) > 0 || (in.Arg != add && in.Arg != inPlaceAdd) ||
		next == nil || next.Op != OpStoreFast || t.LoadLocal(int(next.Arg)) != left || left == right {
		binary(ir.OpPyBinary)(t, in)
		return
	}
	slot := int(next.Arg)
	t.GuardClass(left, ir.Str)
	r := t.GuardClass(right, ir.Str)
	t.PopN(2)
	taken := t.TakeLocal(slot)
	t.Push(t.Emit(ir.OpConcat, 0, taken, r).Result())
}

func unary(t *translator, in *Instr) {
	h := t.hint(in)
	t.Push(t.Python(ir.OpPyUnary, int64(in.Op), h, t.Pop()).Result())
	t.FillAfter(h)
}

// build collects n*width operands into a new object.
func build(op ir.Op, width int) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		h := t.hint(in)
		t.Push(t.Python(op, 0, h, t.PopN(int(in.Arg)*width)...).Result())
	}
}

// buildSlice makes no slice object for a subscript right behind it, which alone would see it: its operands go to that.
func buildSlice(t *translator, in *Instr) {
	if next := t.following(in); next == nil || next.Op != OpBinarySubscr && next.Op != OpStoreSubscr {
		build(ir.OpPyBuildSlice, 1)(t, in)
		return
	}
	t.slice = t.PopN(int(in.Arg))
	if in.Arg == 2 {
		t.slice = append(t.slice, t.Null())
	}
}

// takeSlice gives start, stop and step (or NULL) of the slice that the instruction before left out; nil when it did not.
func (t *translator) takeSlice() []ir.Value {
	s := t.slice
	t.slice = nil
	return s
}

// collect adds n operands to the container that lies in.Arg deep below them.
func collect(n int) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		h := t.hint(in)
		v := t.PopN(n)
		container := t.Peek(int(in.Arg))
		if in.Op == OpListAppend {
			t.Emit(ir.OpListAppend, 0, container, v[0])
			return
		}
		t.Python(ir.OpPyCollect, int64(in.Op), h, append([]ir.Value{container}, v...)...)
	}
}

// pushBool pushes a truth value, inverted if asked.
func (t *translator) pushBool(c ir.Value, invert bool) {
	if invert {
		c = t.Emit(ir.OpNotBool, 0, c).Result()
	}
	t.Push(t.Emit(ir.OpBoxBool, 0, c).Result())
}

// branch goes to the jump target when cond is `taken`, else on.
func (t *translator) branch(in *Instr, cond ir.Value, taken bool, before func(jumping bool)) {
	yes, no := t.BranchBlocks(cond)
	jump, fall := yes, no
	if !taken {
		jump, fall = no, yes
	}
	saved := t.Save()
	t.Cur = jump
	before(true)
	t.EndAt(in.target())
	t.JumpTo(t.to(in.target()))
	t.Restore(saved)
	t.Cur = fall
	before(false)
	t.End()
	t.JumpTo(t.to(in.Next))
}

func nothing(bool) {}

// popJump is POP_JUMP_*_IF_TRUE/FALSE.
func popJump(taken bool) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		h := t.hint(in)
		c := t.Python(ir.OpPyTruth, 0, h, t.Pop()).Result()
		t.branch(in, c, taken, nothing)
	}
}

// noneJump is POP_JUMP_*_IF_NONE/NOT_NONE.
func noneJump(taken bool) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		c := t.Emit(ir.OpIs, 0, t.Pop(), t.Const(t.None())).Result()
		t.branch(in, c, taken, nothing)
	}
}

// jumpOrPop is JUMP_IF_*_OR_POP: the tested value stays when jumping.
func jumpOrPop(taken bool) func(*translator, *Instr) {
	return func(t *translator, in *Instr) {
		h := t.hint(in)
		c := t.Python(ir.OpPyTruth, 0, h, t.Peek(1)).Result()
		t.branch(in, c, taken, func(jumping bool) {
			if !jumping {
				t.Pop()
			}
		})
	}
}

// forIter asks the iterator; an exhausted one is popped and the loop left.
func forIter(t *translator, in *Instr) {
	h := t.hint(in)
	v := t.Python(ir.OpPyNext, 0, h, t.Peek(1)).Result()
	c := t.Emit(ir.OpIs, 0, v, t.Null()).Result()
	done, body := t.BranchBlocks(c)
	saved := t.Save()
	t.Cur = done
	t.KeepAlive(t.Pop())
	t.EndAt(in.target())
	t.JumpTo(t.to(in.target()))
	t.Restore(saved)
	t.Cur = body
	item := t.Emit(ir.OpRefine, 0, v).Result()
	t.F.Values[item].Type = ir.AnyType
	t.Push(item)
	t.End()
	t.JumpTo(t.to(in.Next))
}

// copyFreeVars puts the closure's cells into the last slots.
func copyFreeVars(t *translator, in *Instr) {
	fn := t.ThisFunction()
	first := int(t.Code.NLocalsPlus) - int(in.Arg)
	for k := 0; k < int(in.Arg); k++ {
		t.StoreLocal(first+k, t.Emit(ir.OpFuncCell, int64(k), fn).Result())
	}
}

// helper is an opcode that a runtime helper does: n operands in, one result out.
func helper(h pyabi.Helper, n int) func(*translator, *Instr) {
	return func(t *translator, _ *Instr) { t.Push(t.CallHelper(h, nil, t.PopN(n)...)) }
}

// unpackEx is a star assignment: the helper makes a tuple of everything, which is then taken apart.
func unpackEx(t *translator, in *Instr) {
	before, after := int64(in.Arg&0xff), int64(in.Arg>>8)
	tuple := t.CallHelper(pyabi.HelperUnpackEx, ir.HelperWords{before, after}, t.Pop())
	for k := before + after; k >= 0; k-- {
		t.Push(t.Emit(ir.OpTupleItem, 1, tuple, t.Emit(ir.OpConstInt, k).Result()).Result())
	}
}
