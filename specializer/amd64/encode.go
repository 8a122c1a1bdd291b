package amd64

import (
	"encoding/binary"
	"fmt"
)

// ModRM.r/m and SIB fields with a special meaning; see the package comment.
const (
	rmSIB   = 4 // in ModRM.r/m: a SIB byte follows
	noIndex = 4 // in SIB.index
	noBase  = 5 // in SIB.base or ModRM.r/m with mod 00: disp32 instead of a base
)

// bare marks an instruction whose ModRM.reg is a /digit: it is no register, so it extends and checks nothing.
const bare operand = none

// start emits prefix, REX, escape bytes and opcode. Rex holds the R, X and B bits; force asks for a REX prefix even if it
// would be empty.
func (a *Assembler) start(r *row, c opcode, rex byte, force bool) {
	if a.finished {
		a.mustBeOpen()
	}
	b := a.buf
	if r.prefix != 0 {
		b = append(b, r.prefix)
	}
	if rex |= r.w << 3; rex != 0 || force {
		b = append(b, 0x40|rex)
	}
	switch c & escMask {
	case esc0F:
		b = append(b, 0x0f)
	case esc0F3A:
		b = append(b, 0x0f, 0x3a)
	}
	a.buf = append(b, byte(c))
}

// highByte reports whether the register as a byte operand would mean AH, CH, DH or BH without a REX prefix.
func highByte(o operand, r Reg) bool { return o == r8 && r >= RSP && r <= RDI }

// modReg emits an instruction up to ModRM, whose r/m is the register e. G is a register of the kind gop, or a /digit when
// gop is bare.
func (a *Assembler) modReg(op Op, c opcode, gop operand, g, e Reg) {
	r := &table[op]
	if c&memOnly != 0 {
		badForm(op, "a register")
	}
	checkReg(op, gop, g)
	if Reg(r.e>>4) != e>>4 {
		badReg(op, e)
	}
	rex := byte(g&8)>>1 | byte(e&8)>>3
	a.start(r, c, rex, highByte(gop, g) || highByte(r.e, e))
	a.buf = append(a.buf, 0xc0|byte(g&7)<<3|byte(e&7))
}

// modMem emits an instruction up to the displacement, with the memory operand m in ModRM. The caller emits tail more bytes
// of immediate: RIP-relative displacements count from the end of the instruction.
func (a *Assembler) modMem(op Op, c opcode, gop operand, g Reg, m Mem, tail int) {
	if c&regOnly != 0 {
		badForm(op, "memory")
	}
	checkReg(op, gop, g)
	rex := byte(g&8) >> 1
	hasIndex := m.Index != NoReg
	if hasIndex {
		if m.Index > R15 || m.Index == RSP {
			badReg(op, m.Index)
		}
		rex |= byte(m.Index&8) >> 2
	}
	hasBase := m.Base != NoReg
	if hasBase {
		if m.Base > R15 {
			badReg(op, m.Base)
		}
		rex |= byte(m.Base&8) >> 3
	}
	a.start(&table[op], c, rex, highByte(gop, g))
	reg := byte(g&7) << 3

	if m.Label != 0 {
		if hasBase || hasIndex {
			panic(fmt.Sprintf("BUG: %v: %v has a label and a register", op, m))
		}
		pos := len(a.buf) + 1
		a.buf = append(a.buf, reg|noBase)
		a.buf = binary.LittleEndian.AppendUint32(a.buf, uint32(m.Disp))
		a.fixups = append(a.fixups, fixup{kind: fixRel32, pos: pos, end: len(a.buf) + tail, label: m.Label})
		return
	}

	// The displacement decides mod: 00 none (or disp32 when there is no base), 01 disp8, 10 disp32.
	var mod byte
	switch {
	case !hasBase:
	case m.Disp == 0 && m.Base&7 != RBP:
	case fitsInt8(int(m.Disp)):
		mod = 1
	default:
		mod = 2
	}
	switch {
	case hasIndex:
		base := byte(noBase)
		if hasBase {
			base = byte(m.Base & 7)
		}
		a.buf = append(a.buf, mod<<6|reg|rmSIB, scaleBits(op, m)<<6|byte(m.Index&7)<<3|base)
	case !hasBase:
		a.buf = append(a.buf, reg|rmSIB, noIndex<<3|noBase)
	case m.Base&7 == RSP:
		a.buf = append(a.buf, mod<<6|reg|rmSIB, noIndex<<3|byte(RSP))
	default:
		a.buf = append(a.buf, mod<<6|reg|byte(m.Base&7))
	}
	switch {
	case mod == 1:
		a.buf = append(a.buf, byte(m.Disp))
	case mod == 2 || !hasBase:
		a.buf = binary.LittleEndian.AppendUint32(a.buf, uint32(m.Disp))
	}
}

// opReg emits an instruction whose register is in the low bits of the opcode.
func (a *Assembler) opReg(op Op, c opcode, e Reg) {
	r := &table[op]
	if Reg(r.e>>4) != e>>4 {
		badReg(op, e)
	}
	a.start(r, c|opcode(e&7), byte(e&8)>>3, highByte(r.e, e))
}

// imm emits an immediate of the given size. It must be meaningful at that size, as a signed or as an unsigned number:
// a silently truncated immediate would be a wrong program.
func (a *Assembler) imm(op Op, v int32, size int) {
	switch size {
	case 1:
		if v < -0x80 || v > 0xff {
			badImm(op, v)
		}
		a.buf = append(a.buf, byte(v))
	case 2:
		if v < -0x8000 || v > 0xffff {
			badImm(op, v)
		}
		a.buf = binary.LittleEndian.AppendUint16(a.buf, uint16(v))
	default:
		a.imms = append(a.imms, len(a.buf))
		a.buf = binary.LittleEndian.AppendUint32(a.buf, uint32(v))
	}
}

func scaleBits(op Op, m Mem) byte {
	switch m.Scale {
	case 1:
		return 0
	case 2:
		return 1
	case 4:
		return 2
	case 8:
		return 3
	}
	panic(fmt.Sprintf("BUG: %v: %v has scale %d", op, m, m.Scale))
}

// checkReg panics unless g is of the class that the operand asks for.
func checkReg(op Op, o operand, g Reg) {
	if o != bare && Reg(o>>4) != g>>4 {
		badReg(op, g)
	}
}

// code returns the opcode that the op has for an encoding; what says in words which operands that needs.
func code(op Op, enc encoding, what string) opcode {
	c := table[op].code[enc]
	if c == 0 {
		badForm(op, what)
	}
	return c
}

func badReg(op Op, r Reg) { panic(fmt.Sprintf("BUG: %v cannot have the register %v here", op, r)) }

func badForm(op Op, what string) { panic(fmt.Sprintf("BUG: %v has no form with %s", op, what)) }

func badImm(op Op, v int32) { panic(fmt.Sprintf("BUG: %v cannot have the immediate %d", op, v)) }
