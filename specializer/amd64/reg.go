package amd64

import "strconv"

// Reg is a machine register. The sixteen general-purpose registers have their hardware numbers, so that a value can be
// stored in a bit set without translation; the sixteen SSE registers follow at 16, so that one small integer names any
// register of the machine.
type Reg uint8

// General-purpose registers.
const (
	RAX Reg = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
)

// SSE registers.
const (
	XMM0 Reg = iota + 16
	XMM1
	XMM2
	XMM3
	XMM4
	XMM5
	XMM6
	XMM7
	XMM8
	XMM9
	XMM10
	XMM11
	XMM12
	XMM13
	XMM14
	XMM15
)

// NoReg stands for an absent base or index register in Mem. It is not zero, because zero is RAX.
const NoReg Reg = 0xff

// gprNames holds the names of the general-purpose registers by number, for each operand width.
var gprNames = [16]struct{ b8, b16, b32, b64 string }{
	RAX: {"al", "ax", "eax", "rax"},
	RCX: {"cl", "cx", "ecx", "rcx"},
	RDX: {"dl", "dx", "edx", "rdx"},
	RBX: {"bl", "bx", "ebx", "rbx"},
	RSP: {"spl", "sp", "esp", "rsp"},
	RBP: {"bpl", "bp", "ebp", "rbp"},
	RSI: {"sil", "si", "esi", "rsi"},
	RDI: {"dil", "di", "edi", "rdi"},
	R8:  {"r8b", "r8w", "r8d", "r8"},
	R9:  {"r9b", "r9w", "r9d", "r9"},
	R10: {"r10b", "r10w", "r10d", "r10"},
	R11: {"r11b", "r11w", "r11d", "r11"},
	R12: {"r12b", "r12w", "r12d", "r12"},
	R13: {"r13b", "r13w", "r13d", "r13"},
	R14: {"r14b", "r14w", "r14d", "r14"},
	R15: {"r15b", "r15w", "r15d", "r15"},
}

// IsXMM reports whether r is an SSE register.
func (r Reg) IsXMM() bool { return r>>4 == classXMM }

// Num returns the hardware number of r, 0 to 15, in its own register file.
func (r Reg) Num() uint8 { return uint8(r & 15) }

// String returns the 64-bit name of a general-purpose register, or the name of an SSE register.
func (r Reg) String() string { return r.Name(64) }

// Name returns the name r has as an operand of the given width in bits. SSE registers have one name for all widths.
func (r Reg) Name(bits int) string {
	switch {
	case r == NoReg:
		return "none"
	case r.IsXMM():
		return "xmm" + strconv.Itoa(int(r.Num()))
	case r > XMM15:
		return "reg" + strconv.Itoa(int(r))
	}
	n := &gprNames[r]
	switch bits {
	case 8:
		return n.b8
	case 16:
		return n.b16
	case 32:
		return n.b32
	}
	return n.b64
}
