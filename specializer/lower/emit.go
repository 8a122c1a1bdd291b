package lower

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// emitter writes the bytes of one unit.
type emitter struct {
	*amd64.Assembler
	s        *selector
	alloc    *regalloc.Result
	saved    []amd64.Reg // callee-saved registers the unit uses, in push order
	size     int32       // bytes below the saved registers
	labels   []amd64.Label
	block    int
	cold     []func() // code out of line, in order
	words    constants[uint64]
	pairs    constants[[2]uint64]
	tail     amd64.Label
	dealloc  amd64.Label
	floats   bool // the unit keeps values in xmm registers
	meta     codemeta.Builder
	marks    []Mark
	resumers []*resumer
	callee   amd64.Label // of the routine that calls unknown functions, 0 when nothing does
	entries  []int       // offsets of the entries of a unit with several
	thrown   map[int]int // and of those of its handlers from outside
}

// assemblers keeps the buffers of assemblers that are not in use.
var assemblers = sync.Pool{New: func() any { return amd64.New() }}

func (s *selector) emitAll(alloc *regalloc.Result, opt Options) (*Code, error) {
	asm := assemblers.Get().(*amd64.Assembler)
	defer assemblers.Put(asm)
	asm.Reset()
	e := &emitter{Assembler: asm, s: s, alloc: alloc}
	for _, r := range []amd64.Reg{amd64.RBX, amd64.R12, amd64.R13} {
		if alloc.UsedCalleeSaved.Has(regalloc.PReg(r)) {
			e.saved = append(e.saved, r)
		}
	}
	for v := 0; v < s.nvregs && !e.floats; v++ {
		e.floats = (&function{s}).ClassOf(regalloc.VReg(v)) == regalloc.ClassFloat
	}
	e.size = int32(8 * (s.out + alloc.NumSlots))
	if (8+8*len(e.saved)+int(e.size))%16 != 0 {
		e.size += 8
	}
	e.tail, e.dealloc = e.NewLabel(), e.NewLabel()
	for range s.blocks {
		e.labels = append(e.labels, e.NewLabel())
	}
	for n := range s.blocks {
		e.block = n
		e.Bind(e.labels[n])
		for k := s.blocks[n].from; k < s.blocks[n].to; k++ {
			in := s.insts[k]
			if opt.Marks {
				e.marks = append(e.marks, Mark{Offset: e.Offset(), Block: s.blocks[n].ir, Instr: in.ir})
			}
			for _, ed := range alloc.Before(k) {
				e.edit(ed)
			}
			for _, x := range in.exits {
				e.exitStub(in, x, alloc.Allocs[k])
				if x.always {
					e.takeExit(x)
				}
			}
			in.emit(e, alloc.Allocs[k])
			for _, ed := range alloc.After(k) {
				e.edit(ed)
			}
		}
	}
	if opt.Marks {
		e.marks = append(e.marks, Mark{Offset: e.Offset()})
	}
	for len(e.cold) > 0 {
		pending := e.cold
		e.cold = nil
		for _, f := range pending {
			f()
		}
	}
	e.emitTail()
	e.emitDealloc()
	routines := e.Offset()
	for _, r := range e.resumers {
		e.emitResumer(r)
	}
	if e.callee != 0 {
		e.emitCallee()
	}
	if len(e.pairs.keys) > 0 {
		e.Align(16)
	}
	for _, k := range e.pairs.keys {
		e.Bind(e.pairs.labels[k])
		e.Data64(k[0])
		e.Data64(k[1])
	}
	e.Align(8)
	for _, k := range e.words.keys {
		e.Bind(e.words.labels[k])
		e.Data64(k)
	}
	code, err := e.Finish()
	if err != nil {
		return nil, err
	}
	for k := range e.marks {
		e.marks[k].Offset = e.FinalOffset(e.marks[k].Offset)
	}
	for k, offset := range e.entries {
		entry := s.f.Entries[k]
		e.meta.AddEntry(codemeta.Entry{
			BCI: uint32(entry.BCI), Depth: uint16(entry.Depth), Kind: codemeta.EntryKind(entry.Kind), Offset: uint32(e.FinalOffset(offset)),
		})
	}
	for k := range e.entries {
		if offset, ok := e.thrown[k]; ok {
			entry := s.f.Entries[k]
			e.meta.AddEntry(codemeta.Entry{
				BCI: uint32(entry.BCI), Depth: uint16(entry.Depth), Kind: codemeta.EntryThrown, Offset: uint32(e.FinalOffset(offset)),
			})
		}
	}
	var symbols, versions []uint32
	if opt.Symbols {
		e.EachWord(func(offset int, v uint64) {
			if pyabi.IsSymbol(v) {
				symbols = append(symbols, uint32(offset))
			}
		})
		e.EachImmediate(func(offset int, v uint32) {
			if pyabi.IsVersionSymbol(v) {
				versions = append(versions, uint32(offset))
			}
		})
	}
	meta := e.meta.Tables()
	return &Code{
		Bytes: append([]byte(nil), code...), EntryOffset: 0, Frame: 8 + 8*len(e.saved) + int(e.size),
		Routines: e.FinalOffset(routines), Meta: meta, Marks: e.marks, Symbols: symbols, Versions: versions,
	}, nil
}

// outOfLine adds code behind the blocks.
func (e *emitter) outOfLine(f func()) { e.cold = append(e.cold, f) }

// constants are those of one size behind the code, each once, in the order of their first use.
type constants[K comparable] struct {
	labels map[K]amd64.Label
	keys   []K
}

// at is the memory of a constant.
func (c *constants[K]) at(e *emitter, key K) amd64.Mem {
	l, ok := c.labels[key]
	if !ok {
		if c.labels == nil {
			c.labels = map[K]amd64.Label{}
		}
		l = e.NewLabel()
		c.labels[key] = l
		c.keys = append(c.keys, key)
	}
	return amd64.RIP(l)
}

// word is a 64-bit constant.
func (e *emitter) word(v uint64) amd64.Mem { return e.words.at(e, v) }

// pair is two of them, one behind the other.
func (e *emitter) pair(first, second uint64) amd64.Mem {
	return e.pairs.at(e, [2]uint64{first, second})
}

func reg(l regalloc.Loc) amd64.Reg {
	if !l.IsReg() {
		panic("BUG: operand is not in a register: " + l.String())
	}
	return amd64.Reg(l.Reg())
}

// slot is the memory of a spill slot or home.
func (e *emitter) slot(l regalloc.Loc) amd64.Mem {
	switch l.Kind() {
	case regalloc.KindSlot:
		return amd64.At(amd64.RSP, int32(8*(e.s.out+l.Slot())))
	case regalloc.KindHome:
		return e.local(int(l.Home()))
	}
	panic("BUG: no memory at " + l.String())
}

// local is the memory of a localsplus slot.
func (e *emitter) local(slot int) amd64.Mem { return e.localOf(frameReg, slot) }

// localOf is that of another frame.
func (e *emitter) localOf(frame amd64.Reg, slot int) amd64.Mem {
	return amd64.At(frame, e.s.off.FrameLocalsplus+int32(8*slot))
}

// edit emits a move of the allocator; flags stay.
func (e *emitter) edit(ed regalloc.Edit) {
	switch ed.Kind {
	case regalloc.Remat:
		e.materialize(ed.V, reg(ed.To))
	case regalloc.ReloadHome:
		e.RM(amd64.Mov64, reg(ed.To), e.slot(ed.From))
	default:
		from, to := ed.From, ed.To
		switch {
		case from.IsReg() && to.IsReg():
			e.moveReg(reg(to), reg(from))
		case from.IsReg():
			e.store(e.slot(to), reg(from))
		default:
			e.load(reg(to), e.slot(from))
		}
	}
}

func (e *emitter) moveReg(to, from amd64.Reg) {
	switch {
	case to == from:
	case to.IsXMM() && from.IsXMM():
		e.RR(amd64.Movapd, to, from)
	case to.IsXMM():
		e.RR(amd64.MovqToXMM, to, from)
	case from.IsXMM():
		e.RR(amd64.MovqFromXMM, to, from)
	default:
		e.RR(amd64.Mov64, to, from)
	}
}

func (e *emitter) store(m amd64.Mem, r amd64.Reg) {
	if r.IsXMM() {
		e.MR(amd64.Movsd, m, r)
	} else {
		e.MR(amd64.Mov64, m, r)
	}
}

func (e *emitter) load(r amd64.Reg, m amd64.Mem) {
	if r.IsXMM() {
		e.RM(amd64.Movsd, r, m)
	} else {
		e.RM(amd64.Mov64, r, m)
	}
}

// constant is the bits of a rematerialisable value.
func (e *emitter) constant(v regalloc.VReg) uint64 {
	d := e.s.f.Def(ir.Value(v))
	switch d.Op {
	case ir.OpConstObj, ir.OpBorrowObj:
		return e.s.snap.Objects[d.Obj].Addr
	case ir.OpConstNull:
		return 0
	}
	return uint64(d.Imm)
}

// materialize puts a constant into a register without touching the flags.
func (e *emitter) materialize(v regalloc.VReg, r amd64.Reg) {
	bits := e.constant(v)
	switch {
	case !r.IsXMM():
		e.MovImm64(r, bits)
	case bits == 0:
		e.RR(amd64.Xorps, r, r)
	default:
		e.RM(amd64.Movsd, r, e.word(bits))
	}
}

func fitsImm32(v uint64) bool { return int64(v) == int64(int32(v)) }

// toReg puts the general operand k of an instruction into r, wherever it is.
func (e *emitter) toReg(r amd64.Reg, v regalloc.VReg, l regalloc.Loc) {
	switch l.Kind() {
	case regalloc.KindReg:
		e.moveReg(r, reg(l))
	case regalloc.KindConst:
		e.materialize(v, r)
	default:
		e.load(r, e.slot(l))
	}
}

// toMem stores an operand, wherever it is, to memory.
func (e *emitter) toMem(m amd64.Mem, v regalloc.VReg, l regalloc.Loc) {
	switch l.Kind() {
	case regalloc.KindReg:
		e.store(m, reg(l))
	case regalloc.KindConst:
		if c := e.constant(v); fitsImm32(c) {
			e.MI(amd64.Mov64, m, int32(c))
			return
		}
		fallthrough
	default:
		e.toReg(scratch, v, l)
		e.MR(amd64.Mov64, m, scratch)
	}
}

// alu emits dst op= operand.
func (e *emitter) alu(op amd64.Op, dst amd64.Reg, v regalloc.VReg, l regalloc.Loc) {
	switch l.Kind() {
	case regalloc.KindReg:
		e.RR(op, dst, reg(l))
	case regalloc.KindConst:
		if c := e.constant(v); !dst.IsXMM() {
			if fitsImm32(c) {
				e.RI(op, dst, int32(c))
				return
			}
			e.MovImm64(scratch, c)
			e.RR(op, dst, scratch)
		} else {
			e.RM(op, dst, e.word(c))
		}
	default:
		e.RM(op, dst, e.slot(l))
	}
}

// cmpAddr compares a register or memory with an address.
func (e *emitter) cmpAddr(r amd64.Reg, addr uint64) {
	if fitsImm32(addr) {
		e.RI(amd64.Cmp64, r, int32(addr))
	} else {
		e.RM(amd64.Cmp64, r, e.word(addr))
	}
}

func (e *emitter) cmpMemAddr(m amd64.Mem, addr uint64) {
	if fitsImm32(addr) {
		e.MI(amd64.Cmp64, m, int32(addr))
	} else {
		e.MovImm64(scratch, addr)
		e.MR(amd64.Cmp64, m, scratch)
	}
}

// helper is the address of a runtime helper.
func (e *emitter) helper(h pyabi.Helper) uint64 { return e.s.snap.Helpers[h] }

// callAddr calls a C function.
func (e *emitter) callAddr(addr uint64) {
	e.MovImm64(scratch, addr)
	e.CallReg(scratch)
}

// absolute is the memory at a fixed address, which goes through r when it does not fit the instruction.
func (e *emitter) absolute(addr uint64, r amd64.Reg) amd64.Mem {
	if fitsImm32(addr) {
		return amd64.At(amd64.NoReg, int32(addr))
	}
	e.MovImm64(r, addr)
	return amd64.At(r, 0)
}

// callStub calls a stub that takes r11 and preserves everything else.
func (e *emitter) callStub(h pyabi.Helper) { e.CallMem(e.word(e.helper(h))) }

// running stores the instruction pointer: what runs now in the frame that exists, for observers and tracebacks.
func (e *emitter) running(state *ir.FrameState) { e.prevInstr(state.Physical().BCI) }

// prevInstr writes all of the word. Its upper half is mostly right already, but a store of the lower half alone was measured to
// cost more than the instruction that it saves.
func (e *emitter) prevInstr(bci int32) {
	e.setConst(amd64.At(frameReg, e.s.off.FramePrevInstr), e.s.snap.Codes[0].Addr+uint64(2*bci))
}

// exitStub writes the record of an instruction's exit and puts the way out out of line. A flush exit is called by the
// instruction's own cold path instead.
func (e *emitter) exitStub(in *inst, x *exit, a []regalloc.Loc) {
	rec := e.exitRecord(in, x, a)
	x.id = e.meta.AddExit(rec)
	if x.always && x.kind == codemeta.ExitFlush {
		rec.Releases = nil
		x.shown = e.meta.AddExit(rec)
	}
	if x.kind == codemeta.ExitFlush {
		return
	}
	x.label = e.NewLabel()
	e.outOfLine(func() {
		e.Bind(x.label)
		if x.undo != nil {
			x.undo(e, a)
		}
		e.MovImm64(scratch, uint64(x.id))
		e.Jmp(e.tail)
	})
}

// exitRecord says where everything is.
func (e *emitter) exitRecord(in *inst, x *exit, a []regalloc.Loc) codemeta.Exit {
	rec := codemeta.Exit{Kind: x.kind, Reason: x.reason}
	e.s.holders.enter(in, x)
	for st := x.state; st != nil; st = st.Parent {
		rec.Frames = append(rec.Frames, e.frameRecord(in, a, st))
	}
	for _, v := range x.state.Release {
		val := e.value(in, a, v, codemeta.RepOwned)
		rec.Releases = append(rec.Releases, val)
	}
	if x.dying >= 0 {
		rec.Releases = append(rec.Releases, codemeta.Value{Where: codemeta.AtGPR, Rep: codemeta.RepOwned, Payload: uint32(reg(a[x.dying]).Num())})
	}
	return rec
}

func (e *emitter) frameRecord(in *inst, a []regalloc.Loc, st *ir.FrameState) codemeta.Frame {
	fr := codemeta.Frame{Func: codemeta.Physical, BCI: uint32(st.BCI), Depth: uint16(len(st.Stack))}
	locals := e.s.f.Locals
	if st.Inline != nil {
		fr.Init = st.Inline.Init
		fr.Func = e.meta.Const(e.s.snap.Objects[st.Inline.Func].Addr)
		locals = st.Inline.Locals
	}
	for slot := range st.Locals {
		if st.Dirty[slot] {
			v := e.value(in, a, st.Locals[slot], codemeta.RepBorrowed)
			v.Slot = uint16(slot)
			fr.Values = append(fr.Values, v)
		}
	}
	for k, v := range st.Stack {
		rep := codemeta.RepBorrowed
		if k < len(st.Owned) && st.Owned[k] {
			rep = codemeta.RepOwned
		}
		val := e.value(in, a, v, rep)
		val.Slot = uint16(locals + k)
		fr.Values = append(fr.Values, val)
	}
	return fr
}

// value is the place and representation of v at the exit; rep is for objects.
func (e *emitter) value(in *inst, a []regalloc.Loc, v ir.Value, rep codemeta.Rep) codemeta.Value {
	root := e.s.f.Root(v)
	var out codemeta.Value
	switch e.s.f.Type(root).Rep {
	case ir.RepObject:
		out.Rep = rep
	case ir.RepInt:
		out.Rep = codemeta.RepInt
	case ir.RepFloat:
		out.Rep = codemeta.RepFloat
	case ir.RepBool:
		out.Rep = codemeta.RepBool
	default:
		panic(fmt.Sprintf("BUG: %s in a frame state", v))
	}
	k, ok := e.s.holders.find(root)
	if !ok {
		panic(fmt.Sprintf("BUG: %s is not at hand at an exit of %s", v, in.ir.Op))
	}
	l := a[k]
	switch l.Kind() {
	case regalloc.KindReg:
		r := reg(l)
		if r.IsXMM() {
			out.Where = codemeta.AtXMM
		} else {
			out.Where = codemeta.AtGPR
		}
		out.Payload = uint32(r.Num())
	case regalloc.KindSlot:
		out.Where, out.Payload = codemeta.AtSpill, uint32(e.s.out+l.Slot())
	case regalloc.KindHome:
		out.Where, out.Payload = codemeta.AtLocal, uint32(l.Home())
	case regalloc.KindConst:
		bits := e.constant(regalloc.VReg(root))
		if d := e.s.f.Def(root); d.Op == ir.OpConstNull {
			return codemeta.Value{Where: codemeta.AtNull}
		}
		out.Where, out.Payload = codemeta.AtConst, e.meta.Const(bits)
	default:
		panic("BUG: value without a place at an exit")
	}
	return out
}

// emitTail is where all exits of the unit meet: C rebuilds the frame and runs it on; then the unit returns its result,
// or jumps to the unit that C says continues the frame (a loop entered by OSR), on the same C stack; or to its own exception
// handler, with the machine frame as it is.
func (e *emitter) emitTail() {
	e.Bind(e.tail)
	e.R(amd64.Push, scratch)
	e.MovImm64(scratch, e.s.snap.Unit)
	e.R(amd64.Push, scratch)
	e.callAddr(e.helper(e.general(pyabi.HelperExitStub, pyabi.HelperExitGeneralStub)))
	e.RI(amd64.Add64, amd64.RSP, 16)
	resume := e.NewLabel()
	e.RR(amd64.Test64, amd64.RDX, amd64.RDX)
	e.Jcc(amd64.NE, resume)
	e.RR(amd64.Mov64, amd64.RDX, frameReg)
	e.RM(amd64.Mov64, frameReg, amd64.At(frameReg, e.s.off.FramePrevious))
	e.epilogue()
	e.Bind(resume)
	handler := e.NewLabel()
	e.RR(amd64.Mov64, scratch, amd64.RDX)
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.NE, handler) // PL_SAME_FRAME
	e.unwind()
	e.Bind(handler)
	e.JmpReg(scratch)
}

// epilogue gives the C stack back and returns.
func (e *emitter) epilogue() {
	e.unwind()
	e.N(amd64.Ret)
}

// unwind gives the C stack back: rsp and the callee-saved registers are as at the entry.
func (e *emitter) unwind() {
	if e.size != 0 {
		e.RI(amd64.Add64, amd64.RSP, e.size)
	}
	for k := len(e.saved) - 1; k >= 0; k-- {
		e.R(amd64.Pop, e.saved[k])
	}
}

// flushCall calls the flush stub for an instruction's flush exit; it is for cold paths.
func (e *emitter) flushCall(id uint32) {
	e.MovImm64(scratch, uint64(id))
	e.R(amd64.Push, scratch)
	e.MovImm64(scratch, e.s.snap.Unit)
	e.R(amd64.Push, scratch)
	e.callAddr(e.helper(pyabi.HelperFlushStub))
	e.RI(amd64.Add64, amd64.RSP, 16)
}

// listing prints the machine instructions with their places.
func (s *selector) listing(alloc *regalloc.Result) string {
	var sb strings.Builder
	for n := range s.blocks {
		fmt.Fprintf(&sb, "%s:", s.blocks[n].ir.ID)
		for k := s.blocks[n].from; k < s.blocks[n].to; k++ {
			in := s.insts[k]
			for _, ed := range alloc.Before(k) {
				fmt.Fprintf(&sb, "\n\t\t%s", ed)
			}
			name := in.name
			if in.ir != nil {
				name = in.ir.Op.String()
			}
			fmt.Fprintf(&sb, "\n\t%s", name)
			for o, op := range in.ops {
				mark := ""
				if op.Kind == regalloc.Def {
					mark = "="
				}
				for _, x := range in.exits {
					if o == x.first {
						sb.WriteString(" |")
					}
				}
				fmt.Fprintf(&sb, " %sv%d:%s", mark, op.V, alloc.Allocs[k][o])
			}
			for _, ed := range alloc.After(k) {
				fmt.Fprintf(&sb, "\n\t\t%s", ed)
			}
		}
		sb.WriteString("\n")
	}
	return sb.String()
}

var signBit = math.Float64bits(math.Copysign(0, -1))
