package lower

import (
	"fmt"
	"hash/fnv"
	"math/bits"
	"slices"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// argRegs are the integer argument registers of the System V ABI.
var argRegs = [...]amd64.Reg{amd64.RDI, amd64.RSI, amd64.RDX, amd64.RCX, amd64.R8, amd64.R9}

// arg is one argument of a helper call.
type arg struct {
	kind  argKind
	value ir.Value   // argValue
	word  uint64     // argWord
	array []ir.Value // argArray: stored to the outgoing area, its address passed
}

type argKind uint8

const (
	argValue argKind = iota
	argWord
	argArray
	argFrame
	argField // word of the running frame
	argThread
	argContext
)

func val(v ir.Value) arg      { return arg{kind: argValue, value: v} }
func word(w uint64) arg       { return arg{kind: argWord, word: w} }
func array(vs []ir.Value) arg { return arg{kind: argArray, array: vs} }

func frameField(offset int32) arg { return arg{kind: argField, word: uint64(offset)} }

var theFrame = arg{kind: argFrame}

func (s *selector) object(id uint32) arg { return word(s.snap.Objects[id].Addr) }

// callHelper selects the call of a runtime helper; results are bound as its row says. It gives the exit that is taken when the helper
// raises, nil when it cannot.
func (s *selector) callHelper(i *ir.Instr, h pyabi.Helper, args ...arg) *exit {
	row := h.Row()
	if len(row.Args) != len(args) {
		panic(fmt.Sprintf("BUG: helper %s takes %q", h, row.Args))
	}
	python := row.Flags&pyabi.FlagPython != 0
	return s.callAddress(i, row.Result, python, nil, func(e *emitter) uint64 { return e.helper(h) }, args)
}

// attempt is what machine code tries before a call, which then stands out of line. The values are in their argument registers, which it
// keeps, and a result goes to rax; it falls through when it is done, and jumps to call, or from code out of line of its own to done.
type attempt func(e *emitter, call, done amd64.Label)

// attempts puts the call selected last out of line, behind an attempt to do without it.
func (s *selector) attempts(try attempt) {
	in := s.insts[len(s.insts)-1]
	emitCall := in.emit
	in.emit = func(e *emitter, l []regalloc.Loc) {
		call, done := e.NewLabel(), e.NewLabel()
		try(e, call, done)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(call)
			emitCall(e, l)
			e.Jmp(done)
		})
	}
}

// stockCall is what the stock evaluator does around a call of a builtin.
type stockCall struct {
	charged bool // it counts as a level of recursion while it runs
	silent  bool // the eval breaker is not looked at behind it
}

// callAddress selects a call by the C convention. result is a row's result code; stock is for calls that the program makes.
func (s *selector) callAddress(i *ir.Instr, result string, python bool, stock *stockCall, addr func(*emitter) uint64, args []arg) *exit {
	return s.callCode(i, result, python, stock, func(e *emitter) { e.callAddr(addr(e)) }, args)
}

// callCode is callAddress with what emits the call instruction.
func (s *selector) callCode(i *ir.Instr, result string, python bool, stock *stockCall, call func(*emitter), args []arg) *exit {
	in := s.start()
	type stored struct {
		word, operand int
		v             regalloc.VReg
	}
	var stores []stored
	for k, a := range args {
		switch a.kind {
		case argValue:
			in.useFixed(s.vreg(a.value), argRegs[k])
		case argArray:
			for n, v := range a.array {
				stores = append(stores, stored{n, in.useAny(s.vreg(v)), s.vreg(v)})
			}
			if len(a.array) > s.out {
				s.out = len(a.array)
			}
		}
	}
	in.clobbers = callClobbers
	define := func(k int, r amd64.Reg) {
		if k < len(i.Results) {
			in.defFixed(s.vreg(i.Results[k]), r)
			in.clobbers = in.clobbers.Remove(regalloc.PReg(r))
		}
	}
	switch result {
	case "o", "i", "l", "ow":
		define(0, amd64.RAX)
	case "oo", "os":
		define(0, amd64.RAX)
		define(1, amd64.RDX)
	}
	var x *exit
	if i.State != nil && result != "v" && result != "w" {
		x = s.raise(in)
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		for _, st := range stores {
			e.toMem(amd64.At(amd64.RSP, int32(8*st.word)), st.v, l[st.operand])
		}
		for k, a := range args {
			switch a.kind {
			case argWord:
				e.MovImm64(argRegs[k], a.word)
			case argArray:
				e.RR(amd64.Mov64, argRegs[k], amd64.RSP)
			case argFrame:
				e.RR(amd64.Mov64, argRegs[k], frameReg)
			case argField:
				e.RM(amd64.Mov64, argRegs[k], amd64.At(frameReg, int32(a.word)))
			case argContext:
				e.RR(amd64.Mov64, argRegs[k], ctxReg)
			case argThread:
				e.RR(amd64.Mov64, argRegs[k], threadReg)
			}
		}
		if python && i.State != nil {
			e.running(i.State)
		}
		if stock != nil && stock.charged {
			e.charge(x)
		}
		call(e)
		if stock != nil && stock.charged {
			e.M(amd64.Inc32, amd64.At(threadReg, s.off.ThreadRecursionRemaining))
		}
		if stock != nil && !stock.silent {
			e.pollCalled()
		}
		e.checkResult(result, x)
	})
	return x
}

// charge takes a level of recursion before a call whose arguments are in the first two argument registers already; without
// one left, the call raises.
func (e *emitter) charge(x *exit) {
	deep, enough := e.NewLabel(), e.NewLabel()
	e.M(amd64.Dec32, amd64.At(threadReg, e.s.off.ThreadRecursionRemaining))
	e.Jcc(amd64.S, deep)
	e.Bind(enough)
	e.outOfLine(func() {
		e.Bind(deep)
		e.R(amd64.Push, amd64.RDI)
		e.R(amd64.Push, amd64.RSI)
		e.RR(amd64.Mov64, amd64.RDI, threadReg)
		e.callAddr(e.helper(pyabi.HelperCheckRecursion))
		e.R(amd64.Pop, amd64.RSI)
		e.R(amd64.Pop, amd64.RDI)
		e.RR(amd64.Test32, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.NS, enough)
		e.Jmp(x.label)
	})
}

// pollCalled lets the eval breaker have its way behind a call whose result is in rax: signals that arrived during the call
// are handled before anything else happens. It leaves NULL in rax when a handler raises.
func (e *emitter) pollCalled() {
	asked, done := e.NewLabel(), e.NewLabel()
	e.poll(asked)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(asked)
		e.RR(amd64.Mov64, amd64.RDI, amd64.RAX)
		e.RR(amd64.Mov64, amd64.RSI, threadReg)
		e.callAddr(e.helper(pyabi.HelperPollCalled))
		e.Jmp(done)
	})
}

// checkResult leaves when a helper failed.
func (e *emitter) checkResult(result string, x *exit) {
	if x == nil {
		return
	}
	switch result {
	case "o", "os":
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.E, x.label)
	case "i":
		e.RR(amd64.Test32, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.S, x.label)
	case "l":
		e.RI(amd64.Cmp64, amd64.RAX, -1)
		e.Jcc(amd64.E, x.label)
	case "oo":
		e.RR(amd64.Test64, amd64.RDX, amd64.RDX)
		e.Jcc(amd64.E, x.label)
	case "ow":
		e.RR(amd64.Test32, amd64.RDX, amd64.RDX)
		e.Jcc(amd64.NE, x.label)
	default:
		panic("BUG: result code " + result)
	}
}

// operands is a selector for a helper that takes the operands in order.
func operands(h pyabi.Helper) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		args := make([]arg, len(i.Args))
		for k, v := range i.Args {
			args[k] = val(v)
		}
		s.callHelper(i, h, args...)
	}
}

// named is a selector for a helper that takes the first operand, the name, and the other operands.
func named(h pyabi.Helper) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		args := []arg{val(i.Args[0]), s.object(i.Obj)}
		for _, v := range i.Args[1:] {
			args = append(args, val(v))
		}
		s.callHelper(i, h, args...)
	}
}

// gathered is a selector for a helper that takes the operands as an array with their number divided by per.
func gathered(h pyabi.Helper, per int) func(*selector, *ir.Instr) {
	return func(s *selector, i *ir.Instr) {
		s.callHelper(i, h, array(i.Args), word(uint64(len(i.Args)/per)))
	}
}

// selectNewInstance makes an instance of a class. Where the call of the class needs a level of recursion, which __init__ will
// keep, the error of there being none is raised before there is an instance.
func selectNewInstance(s *selector, i *ir.Instr) {
	stock := &stockCall{charged: i.Imm != 0, silent: true}
	s.callAddress(i, "o", true, stock, func(e *emitter) uint64 { return e.helper(pyabi.HelperNewInstance) }, []arg{val(i.Args[0])})
}

// floatBinary are the operators that floats of unknown place are tried for in line, by BINARY_OP number.
var floatBinary = map[int64]amd64.Op{0: amd64.Addsd, 5: amd64.Mulsd, 10: amd64.Subsd, trueDivide: amd64.Divsd}

const trueDivide = 11

// selectPyBinary calls PyNumber_Add and its like. Operands that may be floats are done in line when they are; those that may
// be floats or instances of Python classes go through a helper that knows these.
func selectPyBinary(s *selector, i *ir.Instr) {
	const power, inPlace = 8, 13
	base := i.Imm % inPlace
	a, b := s.f.Type(i.Args[0]).Set, s.f.Type(i.Args[1]).Set
	if base == power || (a|b)&ir.Float == 0 && a&ir.Other == 0 {
		s.callHelper(i, pyabi.HelperBinary(int(i.Imm)), val(i.Args[0]), val(i.Args[1]))
		return
	}
	x := s.callHelper(i, pyabi.HelperBinaryMethod, val(i.Args[0]), val(i.Args[1]), arg{kind: argContext}, arg{kind: argThread}, word(uint64(i.Imm)))
	op, inLine := floatBinary[base]
	if !inLine || a&b&ir.Float == 0 {
		return
	}
	float := s.known(pyabi.KnownFloat)
	s.attempts(func(e *emitter, call, _ amd64.Label) {
		e.cmpMemAddr(amd64.At(amd64.RDI, s.off.ObjType), float)
		e.Jcc(amd64.NE, call)
		e.cmpMemAddr(amd64.At(amd64.RSI, s.off.ObjType), float)
		e.Jcc(amd64.NE, call)
		if base == trueDivide { // zero, which raises, and NaN are for the call
			e.Zero(amd64.XMM0)
			e.RM(amd64.Ucomisd, amd64.XMM0, amd64.At(amd64.RSI, s.off.FloatValue))
			e.Jcc(amd64.E, call)
		}
		e.RM(amd64.Movsd, amd64.XMM0, amd64.At(amd64.RDI, s.off.FloatValue))
		e.RM(op, amd64.XMM0, amd64.At(amd64.RSI, s.off.FloatValue))
		e.boxFloat(amd64.RAX, amd64.XMM0, amd64.RCX, x)
	})
}

func selectPyCompare(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperCompare(int(i.Imm)), val(i.Args[0]), val(i.Args[1]))
}

func selectPyUnary(s *selector, i *ir.Instr) {
	h := map[int64]pyabi.Helper{10: pyabi.HelperPositive, 11: pyabi.HelperNegative, 15: pyabi.HelperInvert}[i.Imm]
	s.callHelper(i, h, val(i.Args[0]))
}

// selectStrEq compares addresses, then lengths, then the first characters; only what is still the same then is compared as
// a whole, by a call out of line. A length of zero tells nothing: strs of old C code may not have it yet.
func selectStrEq(s *selector, i *ir.Instr) {
	const ascii, mask = 0xe4, 0xfc // compact, ASCII, ready, one byte a character; without the bits for interning
	in := s.startCall(i)
	off := s.off
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		same, call, different, done := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
		e.MovImm64(amd64.RAX, 1)
		e.RR(amd64.Cmp64, amd64.RDI, amd64.RSI)
		e.Jcc(amd64.E, done)
		e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, off.StrLength))
		e.RM(amd64.Cmp64, amd64.RCX, amd64.At(amd64.RSI, off.StrLength))
		e.Jcc(amd64.E, same)
		e.RR(amd64.Test64, amd64.RCX, amd64.RCX)
		e.Jcc(amd64.E, call)
		e.MI(amd64.Cmp64, amd64.At(amd64.RSI, off.StrLength), 0)
		e.Jcc(amd64.E, call)
		e.Bind(different)
		e.Zero(amd64.RAX)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(same)
			for _, r := range []amd64.Reg{amd64.RDI, amd64.RSI} {
				e.RM(amd64.Movzx8, amd64.RCX, amd64.At(r, off.StrState))
				e.RI(amd64.And32, amd64.RCX, mask)
				e.RI(amd64.Cmp32, amd64.RCX, ascii)
				e.Jcc(amd64.NE, call)
			}
			e.RM(amd64.Movzx8, amd64.RCX, amd64.At(amd64.RDI, off.StrAsciiData))
			e.RM(amd64.Movzx8, amd64.RDX, amd64.At(amd64.RSI, off.StrAsciiData))
			e.RR(amd64.Cmp32, amd64.RCX, amd64.RDX)
			e.Jcc(amd64.NE, different)
			e.MI(amd64.Cmp64, amd64.At(amd64.RDI, off.StrLength), 1)
			e.Jcc(amd64.E, done)
			e.Bind(call)
			e.callAddr(e.helper(pyabi.HelperStrEqual))
			e.Jmp(done)
		})
	})
}

// selectInstanceOf looks the answer up in a table of the shim's (pl_instance_answers), at the version of the object's class
// exclusive-or a mark of the class that is asked about. A C function gives answers that are not there, and puts them there.
func selectInstanceOf(s *selector, i *ir.Instr) {
	off := s.off
	class, mark := &s.snap.Objects[i.Obj], int32(nameMark(s.snap.Objects[i.Obj].Text))
	unknown := func(in *inst) *exit {
		return s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonIsInstance, i.State, regalloc.Late)
	}
	s.cachedCall(i, pyabi.HelperInstanceOf, int64(mark), unknown, func(e *emitter, x *exit, l cachedLabels) {
		if i.Imm != 0 {
			e.MI(amd64.Cmp32, amd64.At(threadReg, off.ThreadRecursionRemaining), 0)
			e.Jcc(amd64.LE, x.label)
		}
		e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, off.ObjType))
		e.RM(amd64.Mov32, amd64.RCX, amd64.At(amd64.RCX, off.TypeVersionTag))
		e.RR(amd64.Mov32, amd64.RDX, amd64.RCX)
		e.RI(amd64.Xor32, amd64.RDX, mark)
		e.RI(amd64.And32, amd64.RDX, off.InstanceAnswers-1)
		e.RI(amd64.Shl64, amd64.RDX, int32(bits.TrailingZeros32(uint32(off.InstanceAnswerSize))))
		e.MovImm64(amd64.R8, e.helper(pyabi.HelperInstanceAnswers))
		e.RR(amd64.Add64, amd64.R8, amd64.RDX)
		e.RM(amd64.Cmp32, amd64.RCX, amd64.At(amd64.R8, off.InstanceAnswerVersion))
		e.Jcc(amd64.NE, l.miss)
		e.cmpMemAddr(amd64.At(amd64.R8, off.InstanceAnswerClass), class.Addr)
		e.Jcc(amd64.NE, l.miss)
		if !s.snap.IsOfType(pyabi.ObjID(i.Obj)) {
			e.MovImm64(amd64.RAX, class.Addr)
			e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.RAX, off.ObjType))
			e.RM(amd64.Mov32, amd64.RAX, amd64.At(amd64.RAX, off.TypeVersionTag))
			e.RM(amd64.Cmp32, amd64.RAX, amd64.At(amd64.R8, off.InstanceAnswerMeta))
			e.Jcc(amd64.NE, l.miss)
		}
		e.RM(amd64.Mov32, amd64.RAX, amd64.At(amd64.R8, off.InstanceAnswerIs))
	})
}

// nameMark is a small number that depends on nothing but a name, so that code which is kept for other processes has it, too.
func nameMark(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32() >> 8
}

// selectIsInstance is for what selectInstanceOf does not know the answer of.
func selectIsInstance(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperIsInstance2, val(i.Args[0]), val(i.Args[1]))
	s.attempts(func(e *emitter, call, _ amd64.Label) {
		e.RM(amd64.Cmp64, amd64.RSI, amd64.At(amd64.RDI, s.off.ObjType))
		e.Jcc(amd64.NE, call)
		e.MovImm64(amd64.RAX, 1)
	})
}

func selectPyCallEx(s *selector, i *ir.Instr) {
	kwargs := word(0)
	if len(i.Args) == 3 {
		kwargs = val(i.Args[2])
	}
	s.callHelper(i, pyabi.HelperCallEx, val(i.Args[0]), val(i.Args[1]), kwargs, arg{kind: argContext}, arg{kind: argThread})
}

func selectPyLoadGlobal(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperLoadGlobal, frameField(s.off.FrameGlobals), frameField(s.off.FrameBuiltins), s.object(i.Obj))
}

func selectPyStoreGlobal(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperStoreGlobal, frameField(s.off.FrameGlobals), s.object(i.Obj), val(i.Args[0]))
}

func selectPyLoadName(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperLoadName, theFrame, s.object(i.Obj))
}

func selectPyStoreName(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperStoreName, theFrame, s.object(i.Obj), val(i.Args[0]))
}

func selectPyBuildConstMap(s *selector, i *ir.Instr) {
	n := len(i.Args) - 1
	s.callHelper(i, pyabi.HelperBuildConstMap, array(i.Args[:n]), word(uint64(n)), val(i.Args[n]))
}

func selectPyBuildSlice(s *selector, i *ir.Instr) {
	step := word(0)
	if len(i.Args) == 3 {
		step = val(i.Args[2])
	}
	s.callHelper(i, pyabi.HelperBuildSlice, val(i.Args[0]), val(i.Args[1]), step)
}

// collectors are the helpers of the opcodes that add to a container.
var collectors = map[int64]pyabi.Helper{
	146: pyabi.HelperSetAdd, 162: pyabi.HelperListExtend, 163: pyabi.HelperSetUpdate, 165: pyabi.HelperDictUpdate,
}

func selectPyCollect(s *selector, i *ir.Instr) {
	if len(i.Args) == 3 { // MAP_ADD: dictionary, key, value
		s.callHelper(i, pyabi.HelperMapAdd, val(i.Args[0]), val(i.Args[1]), val(i.Args[2]))
		return
	}
	s.callHelper(i, collectors[i.Imm], val(i.Args[0]), val(i.Args[1]))
}

func selectPyFormat(s *selector, i *ir.Instr) {
	spec := word(0)
	if len(i.Args) == 2 {
		spec = val(i.Args[1])
	}
	s.callHelper(i, pyabi.HelperFormatValue, val(i.Args[0]), spec, word(uint64(i.Imm)))
}

func selectPyUnpack(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperUnpack, val(i.Args[0]), word(uint64(i.Imm)))
}

func selectPyMakeFunction(s *selector, i *ir.Instr) {
	n := len(i.Args) - 1
	s.callHelper(i, pyabi.HelperMakeFunction, val(i.Args[n]), frameField(s.off.FrameGlobals), word(uint64(i.Imm)), array(i.Args[:n]))
}

func selectPyLoadDeref(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperLoadDeref, val(i.Args[0]), s.object(uint32(s.snap.Codes[0].Obj)), word(uint64(i.Imm)))
}

// selectCallC calls a builtin by its own convention.
func selectCallC(s *selector, i *ir.Instr) {
	t := i.Aux.(*ir.CTarget)
	args := []arg{val(i.Args[0])}
	switch {
	case t.Flags&pyabi.MethNoArgs != 0:
		args = append(args, word(0))
	case t.Flags&pyabi.MethO != 0:
		args = append(args, val(i.Args[1]))
	case t.Flags&pyabi.MethFastCall != 0:
		args = append(args, array(i.Args[1:]), word(uint64(len(i.Args)-1)))
		if t.Flags&pyabi.MethKeywords != 0 {
			args = append(args, word(0))
		}
	}
	// Of these conventions the stock evaluator charges two only; what stands in for a builtin says so itself.
	stock := &stockCall{charged: t.Flags&(pyabi.MethNoArgs|pyabi.MethO|pyabi.MethCharged) != 0}
	s.callAddress(i, "o", true, stock, func(*emitter) uint64 { return t.Meth }, args)
}

// selectCallFunction pushes the frame of a known function and calls its machine code through the cell of its code object:
// a function without machine code has a stub there that runs the frame in stock. Operands are moved into the frame. Out of
// line, for a data stack without room, the call takes the general way.
func selectCallFunction(s *selector, i *ir.Instr) {
	t := i.Aux.(*ir.CallTarget)
	if t.Generator {
		selectNewGenerator(s, i)
		return
	}
	in := s.start()
	ops := make([]int, len(i.Args))
	for k, v := range i.Args {
		ops[k] = in.useAny(s.vreg(v))
	}
	const f, top = amd64.R9, amd64.R10 // temporaries that the call may destroy
	in.clobbers = callClobbers
	for _, r := range []amd64.Reg{f, top} {
		in.op(regalloc.Operand{V: s.temp(regalloc.ClassInt), Kind: regalloc.Def, C: regalloc.Fixed, Reg: regalloc.PReg(r), Pos: regalloc.Early})
		in.clobbers = in.clobbers.Remove(regalloc.PReg(r))
	}
	in.defFixed(s.vreg(i.Result()), amd64.RAX)
	in.clobbers = in.clobbers.Remove(regalloc.PReg(amd64.RAX))
	if len(i.Args) > s.out {
		s.out = len(i.Args)
	}
	x := s.raise(in)
	off := s.off
	fn, code := s.snap.Objects[t.Func].Addr, s.snap.Objects[t.Code].Addr
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		if t.Init {
			e.M(amd64.Dec32, amd64.At(threadReg, off.ThreadRecursionRemaining))
		}
		full, done := e.NewLabel(), e.NewLabel()
		field := func(offset int32) amd64.Mem { return amd64.At(f, offset) }
		e.RM(amd64.Mov64, f, amd64.At(threadReg, off.ThreadStackTop))
		e.Lea(top, amd64.At(f, int32(8*t.Slots)))
		e.RM(amd64.Cmp64, top, amd64.At(threadReg, off.ThreadStackLimit))
		e.Jcc(amd64.AE, full)
		e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadStackTop), top)
		fields := []frameWord{
			{off.FrameFunc, fn}, {off.FrameCode, code}, {off.FrameGlobals, t.Globals}, {off.FrameBuiltins, t.Builtins},
			{off.FrameLocals, 0}, {off.FrameObject, 0}, {off.FramePrevInstr, t.Start - 2}, {off.FrameStacktop, frameStarted},
		}
		e.setFields(f, fields)
		e.countAt(amd64.Inc64, fn, top)
		e.countAt(amd64.Inc64, code, top)
		e.MR(amd64.Mov64, field(off.FramePrevious), frameReg)
		for k, v := range i.Args {
			e.toMem(e.localOf(f, k), s.vreg(v), l[ops[k]])
		}
		e.clearLocals(f, len(i.Args), t.Locals)
		e.running(i.State)
		e.RR(amd64.Mov64, frameReg, f)
		e.MR(amd64.Mov64, amd64.At(ctxReg, off.CtxCurrentFrame), f)
		e.CallMem(e.absolute(t.Cell+uint64(off.CodeDirect), scratch))
		e.MR(amd64.Mov64, amd64.At(threadReg, off.ThreadStackTop), amd64.RDX)
		for _, owned := range []uint64{fn, code} { // the frame's references; the function may have been replaced meanwhile
			e.releaseAt(owned, i.State)
		}
		e.Bind(done)
		if t.Init {
			e.M(amd64.Inc32, amd64.At(threadReg, off.ThreadRecursionRemaining))
		}
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.E, x.label)
		e.outOfLine(func() {
			e.Bind(full)
			for k, v := range i.Args {
				e.toMem(amd64.At(amd64.RSP, int32(8*k)), s.vreg(v), l[ops[k]])
			}
			e.running(i.State)
			e.MovImm64(amd64.RDI, fn)
			e.RR(amd64.Mov64, amd64.RSI, amd64.RSP)
			e.MovImm64(amd64.RDX, uint64(len(i.Args)))
			e.callAddr(e.helper(pyabi.HelperCallStealing))
			e.Jmp(done)
		})
	})
}

// frameStarted is what a new frame has for stacktop (-1), is_entry (1) and owner (0, FRAME_OWNED_BY_THREAD).
const frameStarted = 1<<32 | 0xffffffff

// frameWord is a word of a frame to be made, and its content.
type frameWord struct {
	at   int32
	word uint64
}

// setFields stores constants into the frame at f, in ascending order; neighbours together that do not fit instructions.
func (e *emitter) setFields(f amd64.Reg, fields []frameWord) {
	slices.SortFunc(fields, func(a, b frameWord) int { return int(a.at - b.at) })
	for k := 0; k < len(fields); k++ {
		x := fields[k]
		if k+1 == len(fields) || fields[k+1].at != x.at+8 || fitsImm32(x.word) && fitsImm32(fields[k+1].word) {
			e.setConst(amd64.At(f, x.at), x.word)
			continue
		}
		k++
		e.RM(amd64.Movupd, scratchXMM, e.pair(x.word, fields[k].word))
		e.MR(amd64.Movupd, amd64.At(f, x.at), scratchXMM)
	}
}

// clearLocals makes slots of the frame at f NULL, from one to another.
func (e *emitter) clearLocals(f amd64.Reg, from, to int) {
	if to-from > 2 {
		e.RR(amd64.Xorps, scratchXMM, scratchXMM)
		for ; to-from > 1; from += 2 {
			e.MR(amd64.Movupd, e.localOf(f, from), scratchXMM)
		}
	}
	for ; from < to; from++ {
		e.MI(amd64.Mov64, e.localOf(f, from), 0)
	}
}

// setConst stores a constant.
func (e *emitter) setConst(m amd64.Mem, w uint64) {
	if fitsImm32(w) {
		e.MI(amd64.Mov64, m, int32(w))
		return
	}
	e.MovImm64(scratch, w)
	e.MR(amd64.Mov64, m, scratch)
}

func selectCheckEvents(s *selector, i *ir.Instr) {
	in := s.start()
	x := s.deopt(in, codemeta.ReasonObserver)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		e.MI(amd64.Cmp16, amd64.At(ctxReg, s.off.CtxUseTracing), 0)
		e.Jcc(amd64.NE, x.label)
	})
}

// selectCallHelper calls a helper by its row: objects are the operands, words come from Aux, the frame from its register.
func selectCallHelper(s *selector, i *ir.Instr) {
	h := pyabi.Helper(i.Imm)
	words, _ := i.Aux.(ir.HelperWords)
	values := i.Args
	var args []arg
	for _, letter := range h.Row().Args {
		switch letter {
		case 'o', 'n':
			args = append(args, val(values[0]))
			values = values[1:]
		case 'w':
			args = append(args, word(uint64(words[0])))
			words = words[1:]
		case 'f':
			args = append(args, theFrame)
		case 'c':
			args = append(args, arg{kind: argContext})
		case 't':
			args = append(args, arg{kind: argThread})
		default:
			panic("BUG: helper " + h.String() + " takes " + h.Row().Args)
		}
	}
	s.callHelper(i, h, args...)
}

// selectCheckNone is a call to the allocator because its cold path is one; it stands behind a call, where nothing lives in
// the registers that it would clobber.
func selectCheckNone(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.use(s.vreg(i.Args[0]))
	in.clobbers = callClobbers
	x := s.raise(in)
	none := s.known(pyabi.KnownNone)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		wrong := e.NewLabel()
		e.cmpAddr(reg(l[a]), none)
		e.Jcc(amd64.NE, wrong)
		e.outOfLine(func() {
			e.Bind(wrong)
			e.RR(amd64.Mov64, amd64.RDI, reg(l[a]))
			e.callAddr(e.helper(pyabi.HelperInitReturned))
			e.Jmp(x.label)
		})
	})
}
