package amd64

// Op names an instruction together with its operand width: a row of the table. One Op covers all operand forms that its
// row has a column for, so the code generator picks the operation first and the form (RR, RM, MR, RI, …) by where the
// register allocator put the operands.
type Op uint16

// The instructions. A number in a name is the operand width in bits. The ones that convert a width are named by the
// width of their source, and their destination is as wide as is useful: movzx writes a 32-bit register (which clears the
// upper half), movsx a 64-bit one.
const (
	opInvalid Op = iota

	// Moves.
	Mov64
	Mov32
	Mov16
	Mov8
	Movzx8
	Movzx16
	Movsx8
	Movsx16
	Movsxd
	Movsx8To32
	Movsx16To32
	Lea64
	Lea32
	Xchg64
	Push
	Pop

	// Integer arithmetic and logic.
	Add64
	Add32
	Or64
	Or32
	Or8
	Adc64
	Adc32
	Sbb64
	Sbb32
	And64
	And32
	And8
	Sub64
	Sub32
	Xor64
	Xor32
	Xor8
	Cmp64
	Cmp32
	Cmp16
	Cmp8
	Test64
	Test32
	Test8
	Inc64
	Inc32
	Dec64
	Dec32
	Neg64
	Neg32
	Not64
	Not32
	Imul64
	Imul32
	ImulWide64 // rdx:rax ← rax * operand, signed
	Mul64
	Mul32
	Div64
	Div32
	Idiv64
	Idiv32
	Cqo
	Cdq

	// Shifts and bits. The CL ones take their count from that register.
	Shl64
	Shl32
	Shr64
	Shr32
	Sar64
	Sar32
	Rol64
	Rol32
	Ror64
	Ror32
	ShlCL64
	ShlCL32
	ShrCL64
	ShrCL32
	SarCL64
	SarCL32
	RolCL64
	RolCL32
	RorCL64
	RorCL32
	Bt64
	Bt32
	Bsf64
	Bsr64
	Popcnt64 // needs the POPCNT feature
	Tzcnt64  // needs BMI1; an older CPU runs it as bsf
	Lzcnt64  // needs LZCNT; an older CPU runs it as bsr, with another result

	// Control. Those with a condition are emitted by the methods of the same name.
	Jmp
	Jcc
	Call
	Ret
	Setcc
	Cmovcc
	Nop
	Int3
	Ud2

	// SSE.
	Movsd
	Movss
	Movapd
	Movupd
	MovqToXMM
	MovqFromXMM
	MovdToXMM
	MovdFromXMM
	Movmskpd
	Addsd
	Subsd
	Mulsd
	Divsd
	Sqrtsd
	Minsd
	Maxsd
	Ucomisd
	Andpd
	Andnpd
	Orpd
	Xorpd
	Xorps
	Pxor
	Unpcklpd
	Cvtsi2sd64
	Cvtsi2sd32
	Cvttsd2si64
	Cvttsd2si32
	Cvtsd2si64
	Cvtsd2ss
	Cvtss2sd
	Roundsd // needs SSE4.1

	opCount
)

// String returns the mnemonic. Those of Jcc, Setcc and Cmovcc lack the condition.
func (op Op) String() string {
	if op >= opCount || table[op].mnemonic == "" {
		return "op?"
	}
	return table[op].mnemonic
}
