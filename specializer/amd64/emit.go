package amd64

import (
	"fmt"
	"math"
)

// N emits an instruction without operands.
func (a *Assembler) N(op Op) {
	a.start(&table[op], code(op, encZO, "no operand"), 0, false)
}

// R emits an instruction with one register operand. For the shifts by CL it is the one that is shifted.
func (a *Assembler) R(op Op, reg Reg) {
	notConditional(op)
	a.r(op, 0, reg)
}

func (a *Assembler) r(op Op, cond Cond, reg Reg) {
	if c := table[op].code[encO]; c != 0 {
		a.opReg(op, c, reg)
		return
	}
	c := code(op, encM, "one register") | opcode(cond)
	a.modReg(op, c, bare, c.digit(), reg)
}

// M emits an instruction with one memory operand.
func (a *Assembler) M(op Op, mem Mem) {
	notConditional(op)
	c := code(op, encM, "one memory operand")
	a.modMem(op, c, bare, c.digit(), mem, 0)
}

// I emits an instruction with only an immediate operand.
func (a *Assembler) I(op Op, imm int32) {
	r := &table[op]
	if c := r.code[encI8]; c != 0 && fitsInt8(int(imm)) {
		a.start(r, c, 0, false)
		a.buf = append(a.buf, byte(imm))
		return
	}
	a.start(r, code(op, encI, "an immediate"), 0, false)
	a.imm(op, imm, r.e.immBytes())
}

// RR emits an instruction with two registers.
func (a *Assembler) RR(op Op, dst, src Reg) {
	notConditional(op)
	r := &table[op]
	if c := r.code[encRM]; c != 0 {
		a.modReg(op, c, r.g, dst, src)
		return
	}
	a.modReg(op, code(op, encMR, "two registers"), r.g, src, dst)
}

// RM emits an instruction that reads memory (or, for lea, takes its address).
func (a *Assembler) RM(op Op, dst Reg, mem Mem) {
	notConditional(op)
	a.modMem(op, code(op, encRM, "a memory source"), table[op].g, dst, mem, 0)
}

// MR emits an instruction that writes memory, or compares it with a register.
func (a *Assembler) MR(op Op, mem Mem, src Reg) {
	a.modMem(op, code(op, encMR, "a memory destination"), table[op].g, src, mem, 0)
}

// RI emits an instruction with a register and an immediate. The immediate is sign-extended to 64 bits if need be; for
// narrower operands it may be given signed or unsigned.
func (a *Assembler) RI(op Op, dst Reg, imm int32) {
	r := &table[op]
	size := r.e.immBytes()
	switch {
	case r.code[encMIB] != 0:
		a.rib(op, dst, imm)
	case r.code[encMI8] != 0 && shortImm(r.e, imm):
		c := r.code[encMI8]
		a.modReg(op, c, bare, c.digit(), dst)
		a.buf = append(a.buf, byte(imm))
	case r.code[encAI] != 0 && dst == RAX:
		a.start(r, r.code[encAI], 0, false)
		a.imm(op, imm, size)
	case r.code[encOI] != 0:
		a.opReg(op, r.code[encOI], dst)
		a.imm(op, imm, size)
	default:
		c := code(op, encMI, "a register and an immediate")
		a.modReg(op, c, bare, c.digit(), dst)
		a.imm(op, imm, size)
	}
}

// rib emits an instruction with a register and a number of bits.
func (a *Assembler) rib(op Op, dst Reg, n int32) {
	r := &table[op]
	checkBits(op, n)
	if c := r.code[encM1]; c != 0 && n == 1 {
		a.modReg(op, c, bare, c.digit(), dst)
		return
	}
	c := r.code[encMIB]
	a.modReg(op, c, bare, c.digit(), dst)
	a.buf = append(a.buf, byte(n))
}

// MI emits an instruction with a memory operand and an immediate, which is treated as by RI.
func (a *Assembler) MI(op Op, mem Mem, imm int32) {
	r := &table[op]
	switch {
	case r.code[encMIB] != 0:
		a.mib(op, mem, imm)
	case r.code[encMI8] != 0 && shortImm(r.e, imm):
		c := r.code[encMI8]
		a.modMem(op, c, bare, c.digit(), mem, 1)
		a.buf = append(a.buf, byte(imm))
	default:
		size := r.e.immBytes()
		c := code(op, encMI, "a memory operand and an immediate")
		a.modMem(op, c, bare, c.digit(), mem, size)
		a.imm(op, imm, size)
	}
}

// mib emits an instruction with a memory operand and a number of bits.
func (a *Assembler) mib(op Op, mem Mem, n int32) {
	r := &table[op]
	checkBits(op, n)
	if c := r.code[encM1]; c != 0 && n == 1 {
		a.modMem(op, c, bare, c.digit(), mem, 0)
		return
	}
	c := r.code[encMIB]
	a.modMem(op, c, bare, c.digit(), mem, 1)
	a.buf = append(a.buf, byte(n))
}

// RRI emits an instruction with two registers and an immediate.
func (a *Assembler) RRI(op Op, dst, src Reg, imm int32) {
	c, size := rmiForm(op, imm)
	a.modReg(op, c, table[op].g, dst, src)
	a.imm(op, imm, size)
}

// RMI emits an instruction with a register, a memory source and an immediate.
func (a *Assembler) RMI(op Op, dst Reg, mem Mem, imm int32) {
	c, size := rmiForm(op, imm)
	a.modMem(op, c, table[op].g, dst, mem, size)
	a.imm(op, imm, size)
}

// rmiForm returns the shortest form with three operands that takes the immediate, and the size it has there.
func rmiForm(op Op, imm int32) (opcode, int) {
	r := &table[op]
	if c := r.code[encRMIB]; c != 0 {
		return c, 1
	}
	if c := r.code[encRMI8]; c != 0 && fitsInt8(int(imm)) {
		return c, 1
	}
	return code(op, encRMI, "three operands"), r.e.immBytes()
}

// Lea computes the address of mem.
func (a *Assembler) Lea(dst Reg, mem Mem) { a.RM(Lea64, dst, mem) }

// MovImm64 loads a constant in the shortest way that leaves the flags alone.
func (a *Assembler) MovImm64(dst Reg, v uint64) {
	switch {
	case v <= math.MaxUint32:
		a.RI(Mov32, dst, int32(uint32(v)))
	case int64(v) == int64(int32(v)):
		a.RI(Mov64, dst, int32(v))
	default:
		checkReg(Mov64, r64, dst)
		a.start(&table[Mov64], table[Mov32].code[encOI]|opcode(dst&7), byte(dst&8)>>3, false)
		a.word(v)
	}
}

// Zero clears a register of either class, in the shortest way. It changes the flags when it is a general-purpose one.
func (a *Assembler) Zero(dst Reg) {
	if dst.IsXMM() {
		a.RR(Xorps, dst, dst)
		return
	}
	a.RR(Xor32, dst, dst)
}

// Jmp jumps to a label.
func (a *Assembler) Jmp(l Label) { a.jump(Jmp, 0, l) }

// Jcc jumps to a label if the condition holds.
func (a *Assembler) Jcc(cond Cond, l Label) { a.jump(Jcc, cond, l) }

func (a *Assembler) jump(op Op, cond Cond, l Label) {
	r := &table[op]
	checkCond(op, cond)
	pos := len(a.buf)
	a.start(r, r.code[encD]|opcode(cond), 0, false)
	a.buf = append(a.buf, 0, 0, 0, 0)
	short := byte(r.code[encD8]) | byte(cond)
	a.fixups = append(a.fixups, fixup{kind: fixJump, pos: pos, end: len(a.buf), label: l, short: short})
}

// Call calls the code at a label.
func (a *Assembler) Call(l Label) {
	a.start(&table[Call], table[Call].code[encD], 0, false)
	pos := len(a.buf)
	a.buf = append(a.buf, 0, 0, 0, 0)
	a.fixups = append(a.fixups, fixup{kind: fixRel32, pos: pos, end: len(a.buf), label: l})
}

// CallReg calls the address in a register.
func (a *Assembler) CallReg(reg Reg) { a.R(Call, reg) }

// CallMem calls the address that is stored at mem.
func (a *Assembler) CallMem(mem Mem) { a.M(Call, mem) }

// JmpReg jumps to the address in a register.
func (a *Assembler) JmpReg(reg Reg) { a.R(Jmp, reg) }

// JmpMem jumps to the address that is stored at mem.
func (a *Assembler) JmpMem(mem Mem) { a.M(Jmp, mem) }

// Setcc sets the low byte of a register to 1 if the condition holds and else to 0. The other bytes keep their value.
func (a *Assembler) Setcc(cond Cond, reg Reg) {
	checkCond(Setcc, cond)
	a.r(Setcc, cond, reg)
}

// Cmovcc copies src to dst, both 64 bits wide, if the condition holds.
func (a *Assembler) Cmovcc(cond Cond, dst, src Reg) {
	checkCond(Cmovcc, cond)
	r := &table[Cmovcc]
	a.modReg(Cmovcc, r.code[encRM]|opcode(cond), r.g, dst, src)
}

// CmovccM loads dst from mem if the condition holds. The memory is read in any case.
func (a *Assembler) CmovccM(cond Cond, dst Reg, mem Mem) {
	checkCond(Cmovcc, cond)
	r := &table[Cmovcc]
	a.modMem(Cmovcc, r.code[encRM]|opcode(cond), r.g, dst, mem, 0)
}

// shortImm reports whether the immediate of an operand of kind e can be encoded as a sign-extended imm8. A 16-bit one may
// have been given unsigned.
func shortImm(e operand, imm int32) bool {
	if e == r16 && imm > 0x7fff && imm <= 0xffff {
		imm = int32(int16(imm))
	}
	return fitsInt8(int(imm))
}

func checkBits(op Op, n int32) {
	if n < 0 || int(n) >= table[op].e.bits() {
		badImm(op, n)
	}
}

func checkCond(op Op, cond Cond) {
	if cond >= condCount {
		panic(fmt.Sprintf("BUG: %v with condition %d", op, cond))
	}
}

// notConditional panics for instructions that need a condition: the general methods would leave it out.
func notConditional(op Op) {
	if op == Setcc || op == Cmovcc {
		panic(fmt.Sprintf("BUG: %v without a condition", op))
	}
}
