package amd64

import (
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// inst is an instruction as data: what the tests emit, and what they expect to decode.
type inst struct {
	form     form
	op       Op
	dst, src Reg
	mem      Mem
	imm      int64
	cond     Cond
}

// form is one emit method.
type form uint8

const (
	formN form = iota
	formR
	formM
	formI
	formRR
	formRM
	formMR
	formRI
	formMI
	formRRI
	formRMI
	formSetcc
	formCmovcc
	formCmovccM
	formMovImm64
	formJmp  // imm is the distance
	formJcc  // likewise
	formCall // likewise
	formCount
)

var formNames = [formCount]string{"N", "R", "M", "I", "RR", "RM", "MR", "RI", "MI", "RRI", "RMI",
	"Setcc", "Cmovcc", "CmovccM", "MovImm64", "Jmp", "Jcc", "Call"}

func (f form) String() string { return formNames[f] }

// Constructors, named as the methods.
func n(op Op) inst                            { return inst{form: formN, op: op} }
func r(op Op, dst Reg) inst                   { return inst{form: formR, op: op, dst: dst} }
func m(op Op, mem Mem) inst                   { return inst{form: formM, op: op, mem: mem} }
func i(op Op, imm int64) inst                 { return inst{form: formI, op: op, imm: imm} }
func rr(op Op, dst, src Reg) inst             { return inst{form: formRR, op: op, dst: dst, src: src} }
func rm(op Op, dst Reg, mem Mem) inst         { return inst{form: formRM, op: op, dst: dst, mem: mem} }
func mr(op Op, mem Mem, src Reg) inst         { return inst{form: formMR, op: op, mem: mem, src: src} }
func ri(op Op, dst Reg, imm int64) inst       { return inst{form: formRI, op: op, dst: dst, imm: imm} }
func mi(op Op, mem Mem, imm int64) inst       { return inst{form: formMI, op: op, mem: mem, imm: imm} }
func rri(op Op, dst, src Reg, imm int64) inst { return inst{formRRI, op, dst, src, Mem{}, imm, 0} }
func rmi(op Op, dst Reg, mem Mem, imm int64) inst {
	return inst{form: formRMI, op: op, dst: dst, mem: mem, imm: imm}
}
func setcc(c Cond, dst Reg) inst { return inst{form: formSetcc, op: Setcc, cond: c, dst: dst} }
func cmovcc(c Cond, dst, src Reg) inst {
	return inst{form: formCmovcc, op: Cmovcc, cond: c, dst: dst, src: src}
}
func cmovccM(c Cond, dst Reg, mem Mem) inst {
	return inst{form: formCmovccM, op: Cmovcc, cond: c, dst: dst, mem: mem}
}
func movImm64(dst Reg, v int64) inst  { return inst{form: formMovImm64, op: Mov64, dst: dst, imm: v} }
func jmp(distance int64) inst         { return inst{form: formJmp, op: Jmp, imm: distance} }
func jcc(c Cond, distance int64) inst { return inst{form: formJcc, op: Jcc, cond: c, imm: distance} }
func call(distance int64) inst        { return inst{form: formCall, op: Call, imm: distance} }
func ripDistance(distance int32) Mem  { return Mem{Base: NoReg, Index: NoReg, Label: 1, Disp: distance} }
func (x inst) String() string         { return fmt.Sprintf("%v %+v", x.form, x.operands()) }
func (x inst) operands() map[string]any {
	return map[string]any{"op": x.op, "dst": x.dst, "src": x.src, "mem": x.mem, "imm": x.imm, "cond": x.cond}
}

// encode returns the bytes of the instruction alone. RIP-relative operands count from its end, where label 1 is bound;
// jumps go to a place at their distance from it.
func (x inst) encode() []byte {
	a := New()
	end := a.NewLabel()
	target := a.NewLabel()
	start := 0
	if x.imm < 0 && x.hasLabel() {
		// Backward: the distance includes the jump itself, whose size depends on it.
		size := int64(5)
		switch {
		case x.form == formCall:
		case x.imm >= -0x80:
			size = 2
		case x.form == formJcc:
			size = 6
		}
		a.Bind(target)
		start = int(-x.imm - size)
		a.Nops(start)
	}
	x.emit(a, target)
	a.Bind(end)
	if x.imm >= 0 && x.hasLabel() {
		a.Nops(int(x.imm))
		a.Bind(target)
	}
	code, err := a.Finish()
	if err != nil {
		panic(err)
	}
	return code[start:a.LabelOffset(end)]
}

func (x inst) hasLabel() bool { return x.form == formJmp || x.form == formJcc || x.form == formCall }

func (x inst) emit(a *Assembler, target Label) {
	imm := int32(x.imm)
	switch x.form {
	case formN:
		a.N(x.op)
	case formR:
		a.R(x.op, x.dst)
	case formM:
		a.M(x.op, x.mem)
	case formI:
		a.I(x.op, imm)
	case formRR:
		a.RR(x.op, x.dst, x.src)
	case formRM:
		a.RM(x.op, x.dst, x.mem)
	case formMR:
		a.MR(x.op, x.mem, x.src)
	case formRI:
		a.RI(x.op, x.dst, imm)
	case formMI:
		a.MI(x.op, x.mem, imm)
	case formRRI:
		a.RRI(x.op, x.dst, x.src, imm)
	case formRMI:
		a.RMI(x.op, x.dst, x.mem, imm)
	case formSetcc:
		a.Setcc(x.cond, x.dst)
	case formCmovcc:
		a.Cmovcc(x.cond, x.dst, x.src)
	case formCmovccM:
		a.CmovccM(x.cond, x.dst, x.mem)
	case formMovImm64:
		a.MovImm64(x.dst, uint64(x.imm))
	case formJmp:
		a.Jmp(target)
	case formJcc:
		a.Jcc(x.cond, target)
	case formCall:
		a.Call(target)
	}
}

// formsOf lists the methods that accept an op, from the columns of its row.
func formsOf(op Op) []form {
	row := &table[op]
	switch op {
	case Setcc:
		return []form{formSetcc}
	case Cmovcc:
		return []form{formCmovcc, formCmovccM}
	}
	has := func(enc encoding) bool { return row.code[enc] != 0 }
	mayReg := func(enc encoding) bool { return has(enc) && row.code[enc]&memOnly == 0 }
	mayMem := func(enc encoding) bool { return has(enc) && row.code[enc]&regOnly == 0 }
	var forms []form
	add := func(ok bool, f form) {
		if ok {
			forms = append(forms, f)
		}
	}
	add(has(encZO), formN)
	add(has(encO) || mayReg(encM), formR)
	add(mayMem(encM), formM)
	add(has(encI), formI)
	add(mayReg(encRM) || mayReg(encMR), formRR)
	add(mayMem(encRM), formRM)
	add(mayMem(encMR), formMR)
	add(has(encMI) || has(encMIB), formRI)
	add(has(encMI) || has(encMIB), formMI)
	add(has(encRMI) || has(encRMIB), formRRI)
	add(has(encRMI) || has(encRMIB), formRMI)
	add(op == Mov64, formMovImm64)
	add(op == Jmp, formJmp)
	add(op == Jcc, formJcc)
	add(op == Call, formCall)
	return forms
}

// Operands of which the decoder has another idea than the table.
var (
	// decodedOps are the names that differ from the mnemonic.
	decodedOps = map[Op]x86asm.Op{Movsd: x86asm.MOVSD_XMM, Int3: x86asm.INT}
	// impliedArgs are operands that the decoder lists and the table does not.
	impliedArgs = map[Op]x86asm.Arg{Int3: x86asm.Imm(3),
		ShlCL64: x86asm.CL, ShlCL32: x86asm.CL, ShrCL64: x86asm.CL, ShrCL32: x86asm.CL, SarCL64: x86asm.CL, SarCL32: x86asm.CL,
		RolCL64: x86asm.CL, RolCL32: x86asm.CL, RorCL64: x86asm.CL, RorCL32: x86asm.CL}
)

// check decodes the code and returns what differs from the instruction that was meant.
func (x inst) check(code []byte) error {
	got, err := x86asm.Decode(code, 64)
	if err != nil {
		return fmt.Errorf("%v: %x does not decode: %w", x, code, err)
	}
	fail := func(what string, want, have any) error {
		return fmt.Errorf("%v: %x decodes to %v: %s: want %v, got %v", x, code, got, what, want, have)
	}
	if got.Len != len(code) {
		return fail("length", len(code), got.Len)
	}
	wantOp, ok := decodedOps[x.op]
	if !ok {
		name := strings.ToUpper(x.op.String())
		if x.op == Setcc || x.op == Cmovcc || x.op == Jcc {
			name += strings.ToUpper(x.cond.String())
		}
		if got.Op.String() != name {
			return fail("operation", name, got.Op)
		}
	} else if got.Op != wantOp {
		return fail("operation", wantOp, got.Op)
	}
	want := x.wantArgs()
	for k, arg := range got.Args {
		if k >= len(want) {
			if arg != nil {
				return fail("operand", nil, arg)
			}
			continue
		}
		switch w := want[k].(type) {
		case x86asm.Imm:
			imm, ok := arg.(x86asm.Imm)
			bits := table[x.op].e.bits()
			if x.form == formMovImm64 && uint64(x.imm)>>32 == 0 {
				bits = 32
			}
			mask := ^uint64(0) >> (64 - bits)
			if !ok || uint64(imm)&mask != uint64(w)&mask {
				return fail("immediate", w, arg)
			}
		case x86asm.Mem:
			mem, ok := arg.(x86asm.Mem)
			mem.Disp = int64(int32(mem.Disp)) // the decoder does not always extend the sign
			if mem.Index == 0 {
				mem.Scale = 0
			}
			if !ok || mem != w {
				return fail("memory", w, arg)
			}
			if bits := table[x.op].e.bits(); table[x.op].e != none && got.MemBytes*8 != bits {
				return fail("width of memory", bits, got.MemBytes*8)
			}
		default:
			if arg != w {
				return fail("operand", w, arg)
			}
		}
	}
	return nil
}

// wantArgs returns the operands the decoder should see.
func (x inst) wantArgs() []x86asm.Arg {
	row := &table[x.op]
	dstKind, srcKind := row.g, row.e
	if x.form == formRR && row.code[encRM] == 0 {
		dstKind, srcKind = row.e, row.g
	}
	var args []x86asm.Arg
	switch x.form {
	case formR, formRI, formSetcc:
		args = append(args, decodedReg(x.dst, row.e))
	case formMovImm64:
		kind := r64
		if uint64(x.imm)>>32 == 0 {
			kind = r32
		}
		args = append(args, decodedReg(x.dst, kind))
	case formRR, formRRI, formCmovcc:
		args = append(args, decodedReg(x.dst, dstKind), decodedReg(x.src, srcKind))
	case formRM, formRMI, formCmovccM:
		args = append(args, decodedReg(x.dst, row.g), decodedMem(x.mem))
	case formMR:
		args = append(args, decodedMem(x.mem), decodedReg(x.src, row.g))
	case formM, formMI:
		args = append(args, decodedMem(x.mem))
	case formJmp, formJcc, formCall:
		args = append(args, x86asm.Rel(x.imm))
	}
	switch x.form {
	case formI, formRI, formMI, formRRI, formRMI, formMovImm64:
		args = append(args, x86asm.Imm(x.imm))
	}
	if arg, ok := impliedArgs[x.op]; ok {
		args = append(args, arg)
	}
	return args
}

// decodedReg returns the decoder's name of a register operand.
func decodedReg(reg Reg, o operand) x86asm.Reg {
	num := x86asm.Reg(reg.Num())
	switch o {
	case r8:
		if num >= 4 && num < 8 {
			return x86asm.SPB + num - 4
		}
		if num >= 8 {
			return x86asm.R8B + num - 8
		}
		return x86asm.AL + num
	case r16:
		return x86asm.AX + num
	case r32:
		return x86asm.EAX + num
	case r64:
		return x86asm.RAX + num
	}
	return x86asm.X0 + num
}

// decodedMem returns the decoder's form of a memory operand. A label is bound at the end of the instruction.
func decodedMem(m Mem) x86asm.Mem {
	w := x86asm.Mem{Disp: int64(m.Disp)}
	if m.Label != 0 {
		w.Base = x86asm.RIP
		return w
	}
	if m.Base != NoReg {
		w.Base = decodedReg(m.Base, r64)
	}
	if m.Index != NoReg {
		w.Index = decodedReg(m.Index, r64)
		w.Scale = m.Scale
	}
	return w
}
