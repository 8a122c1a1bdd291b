package amd64

// row describes one instruction as the manual does (Intel SDM volume 2). Its opcodes are indexed by operand encoding,
// for which the constants below use the manual's "Op/En" names.
type row struct {
	mnemonic string
	g        operand // the operand that ModRM.reg names ("G" in the manual's opcode map)
	e        operand // the operand that ModRM.r/m names ("E"): a register or memory
	prefix   byte    // mandatory prefix: 66, F2 or F3; 0 for none
	w        byte    // REX.W: 1 or 0
	code     codes
}

// operand is the class and width of an operand. The high bits are the class, in the form that Reg>>4 has, so that
// checking a register against its operand is one comparison.
type operand uint8

const (
	classGPR = 0
	classXMM = 1

	none operand = 0
	r8   operand = 1
	r16  operand = 2
	r32  operand = 3
	r64  operand = 4
	x32  operand = classXMM<<4 | 1 // the low float of an SSE register, or 4 bytes of memory
	x64  operand = classXMM<<4 | 2 // the low double, or 8 bytes of memory
	x128 operand = classXMM<<4 | 3 // the whole register, or 16 bytes of memory
)

// bits returns the width of the operand.
func (o operand) bits() int {
	if o>>4 == classXMM {
		return 16 << (o & 15)
	}
	return 4 << o
}

// immBytes returns the size of a full immediate that goes with this operand: there are no 8-byte ones outside movabs.
func (o operand) immBytes() int {
	switch o {
	case r8:
		return 1
	case r16:
		return 2
	}
	return 4
}

// opcode is the last opcode byte with the escape bytes before it and what the manual writes behind it. Zero means that
// the instruction has no such form.
type opcode uint16

const (
	present opcode = 1 << 15
	memOnly opcode = 1 << 14 // ModRM.r/m must name memory
	regOnly opcode = 1 << 13 // ModRM.r/m must name a register

	// The escape bytes select the opcode map. Without them it is the one-byte map.
	esc0F   opcode = 1 << 11
	esc0F3A opcode = 3 << 11
	escMask opcode = 3 << 11

	slashR  = present // "/r": ModRM.reg names the operand G; also for opcodes without ModRM
	slash0  = present | 0<<8
	slash1  = present | 1<<8
	slash2  = present | 2<<8
	slash3  = present | 3<<8
	slash4  = present | 4<<8
	slash5  = present | 5<<8
	slash6  = present | 6<<8
	slash7  = present | 7<<8
	noModRM = present
)

// digit returns the opcode extension that goes into ModRM.reg.
func (c opcode) digit() Reg { return Reg(c >> 8 & 7) }

// encoding is the index of a column: where the operands of an instruction are. The letters are those of the manual.
type encoding uint8

const (
	encZO   encoding = iota // no operands
	encO                    // register in the low bits of the opcode
	encOI                   // the same, full immediate
	encAI                   // the accumulator (implied), full immediate: a byte shorter than MI
	encI                    // full immediate
	encI8                   // sign-extended imm8
	encD                    // rel32
	encD8                   // rel8
	encM                    // r/m
	encM1                   // r/m, implied count of one
	encMI                   // r/m, full immediate
	encMI8                  // r/m, sign-extended imm8
	encMIB                  // r/m, imm8 that counts bits: less than the width of r/m
	encMR                   // r/m, reg
	encRM                   // reg, r/m
	encRMI                  // reg, r/m, full immediate
	encRMI8                 // reg, r/m, sign-extended imm8
	encRMIB                 // reg, r/m, imm8 that selects a mode
	encCount
)

type codes [encCount]opcode

// table holds the row of each Op. For Jcc, Setcc and Cmovcc the condition is added to the opcode.
var table = [opCount]row{
	// op: {mnemonic, G, E, prefix, W, encodings}
	Mov64:       {"mov", r64, r64, 0, 1, codes{encRM: slashR | 0x8b, encMR: slashR | 0x89, encMI: slash0 | 0xc7}},
	Mov32:       {"mov", r32, r32, 0, 0, codes{encRM: slashR | 0x8b, encMR: slashR | 0x89, encMI: slash0 | 0xc7, encOI: noModRM | 0xb8}},
	Mov16:       {"mov", r16, r16, 0x66, 0, codes{encRM: slashR | 0x8b, encMR: slashR | 0x89, encMI: slash0 | 0xc7, encOI: noModRM | 0xb8}},
	Mov8:        {"mov", r8, r8, 0, 0, codes{encRM: slashR | 0x8a, encMR: slashR | 0x88, encMI: slash0 | 0xc6, encOI: noModRM | 0xb0}},
	Movzx8:      {"movzx", r32, r8, 0, 0, codes{encRM: esc0F | slashR | 0xb6}},
	Movzx16:     {"movzx", r32, r16, 0, 0, codes{encRM: esc0F | slashR | 0xb7}},
	Movsx8:      {"movsx", r64, r8, 0, 1, codes{encRM: esc0F | slashR | 0xbe}},
	Movsx16:     {"movsx", r64, r16, 0, 1, codes{encRM: esc0F | slashR | 0xbf}},
	Movsxd:      {"movsxd", r64, r32, 0, 1, codes{encRM: slashR | 0x63}},
	Movsx8To32:  {"movsx", r32, r8, 0, 0, codes{encRM: esc0F | slashR | 0xbe}},
	Movsx16To32: {"movsx", r32, r16, 0, 0, codes{encRM: esc0F | slashR | 0xbf}},
	Lea64:       {"lea", r64, none, 0, 1, codes{encRM: memOnly | slashR | 0x8d}},
	Lea32:       {"lea", r32, none, 0, 0, codes{encRM: memOnly | slashR | 0x8d}},
	Xchg64:      {"xchg", r64, r64, 0, 1, codes{encMR: regOnly | slashR | 0x87}},
	Push:        {"push", none, r64, 0, 0, codes{encO: noModRM | 0x50, encM: slash6 | 0xff, encI8: noModRM | 0x6a, encI: noModRM | 0x68}},
	Pop:         {"pop", none, r64, 0, 0, codes{encO: noModRM | 0x58, encM: slash0 | 0x8f}},

	Add64: {"add", r64, r64, 0, 1, codes{encRM: slashR | 0x03, encMR: slashR | 0x01, encMI8: slash0 | 0x83, encMI: slash0 | 0x81, encAI: noModRM | 0x05}},
	Add32: {"add", r32, r32, 0, 0, codes{encRM: slashR | 0x03, encMR: slashR | 0x01, encMI8: slash0 | 0x83, encMI: slash0 | 0x81, encAI: noModRM | 0x05}},
	Or64:  {"or", r64, r64, 0, 1, codes{encRM: slashR | 0x0b, encMR: slashR | 0x09, encMI8: slash1 | 0x83, encMI: slash1 | 0x81, encAI: noModRM | 0x0d}},
	Or32:  {"or", r32, r32, 0, 0, codes{encRM: slashR | 0x0b, encMR: slashR | 0x09, encMI8: slash1 | 0x83, encMI: slash1 | 0x81, encAI: noModRM | 0x0d}},
	Or8:   {"or", r8, r8, 0, 0, codes{encRM: slashR | 0x0a, encMR: slashR | 0x08, encMI: slash1 | 0x80, encAI: noModRM | 0x0c}},
	Adc64: {"adc", r64, r64, 0, 1, codes{encRM: slashR | 0x13, encMR: slashR | 0x11, encMI8: slash2 | 0x83, encMI: slash2 | 0x81, encAI: noModRM | 0x15}},
	Adc32: {"adc", r32, r32, 0, 0, codes{encRM: slashR | 0x13, encMR: slashR | 0x11, encMI8: slash2 | 0x83, encMI: slash2 | 0x81, encAI: noModRM | 0x15}},
	Sbb64: {"sbb", r64, r64, 0, 1, codes{encRM: slashR | 0x1b, encMR: slashR | 0x19, encMI8: slash3 | 0x83, encMI: slash3 | 0x81, encAI: noModRM | 0x1d}},
	Sbb32: {"sbb", r32, r32, 0, 0, codes{encRM: slashR | 0x1b, encMR: slashR | 0x19, encMI8: slash3 | 0x83, encMI: slash3 | 0x81, encAI: noModRM | 0x1d}},
	And64: {"and", r64, r64, 0, 1, codes{encRM: slashR | 0x23, encMR: slashR | 0x21, encMI8: slash4 | 0x83, encMI: slash4 | 0x81, encAI: noModRM | 0x25}},
	And32: {"and", r32, r32, 0, 0, codes{encRM: slashR | 0x23, encMR: slashR | 0x21, encMI8: slash4 | 0x83, encMI: slash4 | 0x81, encAI: noModRM | 0x25}},
	And8:  {"and", r8, r8, 0, 0, codes{encRM: slashR | 0x22, encMR: slashR | 0x20, encMI: slash4 | 0x80, encAI: noModRM | 0x24}},
	Sub64: {"sub", r64, r64, 0, 1, codes{encRM: slashR | 0x2b, encMR: slashR | 0x29, encMI8: slash5 | 0x83, encMI: slash5 | 0x81, encAI: noModRM | 0x2d}},
	Sub32: {"sub", r32, r32, 0, 0, codes{encRM: slashR | 0x2b, encMR: slashR | 0x29, encMI8: slash5 | 0x83, encMI: slash5 | 0x81, encAI: noModRM | 0x2d}},
	Xor64: {"xor", r64, r64, 0, 1, codes{encRM: slashR | 0x33, encMR: slashR | 0x31, encMI8: slash6 | 0x83, encMI: slash6 | 0x81, encAI: noModRM | 0x35}},
	Xor32: {"xor", r32, r32, 0, 0, codes{encRM: slashR | 0x33, encMR: slashR | 0x31, encMI8: slash6 | 0x83, encMI: slash6 | 0x81, encAI: noModRM | 0x35}},
	Xor8:  {"xor", r8, r8, 0, 0, codes{encRM: slashR | 0x32, encMR: slashR | 0x30, encMI: slash6 | 0x80, encAI: noModRM | 0x34}},
	Cmp64: {"cmp", r64, r64, 0, 1, codes{encRM: slashR | 0x3b, encMR: slashR | 0x39, encMI8: slash7 | 0x83, encMI: slash7 | 0x81, encAI: noModRM | 0x3d}},
	Cmp32: {"cmp", r32, r32, 0, 0, codes{encRM: slashR | 0x3b, encMR: slashR | 0x39, encMI8: slash7 | 0x83, encMI: slash7 | 0x81, encAI: noModRM | 0x3d}},
	Cmp16: {"cmp", r16, r16, 0x66, 0, codes{encRM: slashR | 0x3b, encMR: slashR | 0x39, encMI8: slash7 | 0x83, encMI: slash7 | 0x81, encAI: noModRM | 0x3d}},
	Cmp8:  {"cmp", r8, r8, 0, 0, codes{encRM: slashR | 0x3a, encMR: slashR | 0x38, encMI: slash7 | 0x80, encAI: noModRM | 0x3c}},

	Test64:     {"test", r64, r64, 0, 1, codes{encMR: slashR | 0x85, encMI: slash0 | 0xf7, encAI: noModRM | 0xa9}},
	Test32:     {"test", r32, r32, 0, 0, codes{encMR: slashR | 0x85, encMI: slash0 | 0xf7, encAI: noModRM | 0xa9}},
	Test8:      {"test", r8, r8, 0, 0, codes{encMR: slashR | 0x84, encMI: slash0 | 0xf6, encAI: noModRM | 0xa8}},
	Inc64:      {"inc", none, r64, 0, 1, codes{encM: slash0 | 0xff}},
	Inc32:      {"inc", none, r32, 0, 0, codes{encM: slash0 | 0xff}},
	Dec64:      {"dec", none, r64, 0, 1, codes{encM: slash1 | 0xff}},
	Dec32:      {"dec", none, r32, 0, 0, codes{encM: slash1 | 0xff}},
	Neg64:      {"neg", none, r64, 0, 1, codes{encM: slash3 | 0xf7}},
	Neg32:      {"neg", none, r32, 0, 0, codes{encM: slash3 | 0xf7}},
	Not64:      {"not", none, r64, 0, 1, codes{encM: slash2 | 0xf7}},
	Not32:      {"not", none, r32, 0, 0, codes{encM: slash2 | 0xf7}},
	ImulWide64: {"imul", none, r64, 0, 1, codes{encM: slash5 | 0xf7}},
	Mul64:      {"mul", none, r64, 0, 1, codes{encM: slash4 | 0xf7}},
	Mul32:      {"mul", none, r32, 0, 0, codes{encM: slash4 | 0xf7}},
	Div64:      {"div", none, r64, 0, 1, codes{encM: slash6 | 0xf7}},
	Div32:      {"div", none, r32, 0, 0, codes{encM: slash6 | 0xf7}},
	Idiv64:     {"idiv", none, r64, 0, 1, codes{encM: slash7 | 0xf7}},
	Idiv32:     {"idiv", none, r32, 0, 0, codes{encM: slash7 | 0xf7}},
	Cqo:        {"cqo", none, none, 0, 1, codes{encZO: noModRM | 0x99}},
	Cdq:        {"cdq", none, none, 0, 0, codes{encZO: noModRM | 0x99}},

	Imul64: {"imul", r64, r64, 0, 1, codes{encRM: esc0F | slashR | 0xaf, encRMI8: slashR | 0x6b, encRMI: slashR | 0x69}},
	Imul32: {"imul", r32, r32, 0, 0, codes{encRM: esc0F | slashR | 0xaf, encRMI8: slashR | 0x6b, encRMI: slashR | 0x69}},

	Shl64:    {"shl", none, r64, 0, 1, codes{encM1: slash4 | 0xd1, encMIB: slash4 | 0xc1}},
	Shl32:    {"shl", none, r32, 0, 0, codes{encM1: slash4 | 0xd1, encMIB: slash4 | 0xc1}},
	ShlCL64:  {"shl", none, r64, 0, 1, codes{encM: slash4 | 0xd3}},
	ShlCL32:  {"shl", none, r32, 0, 0, codes{encM: slash4 | 0xd3}},
	Shr64:    {"shr", none, r64, 0, 1, codes{encM1: slash5 | 0xd1, encMIB: slash5 | 0xc1}},
	Shr32:    {"shr", none, r32, 0, 0, codes{encM1: slash5 | 0xd1, encMIB: slash5 | 0xc1}},
	ShrCL64:  {"shr", none, r64, 0, 1, codes{encM: slash5 | 0xd3}},
	ShrCL32:  {"shr", none, r32, 0, 0, codes{encM: slash5 | 0xd3}},
	Sar64:    {"sar", none, r64, 0, 1, codes{encM1: slash7 | 0xd1, encMIB: slash7 | 0xc1}},
	Sar32:    {"sar", none, r32, 0, 0, codes{encM1: slash7 | 0xd1, encMIB: slash7 | 0xc1}},
	SarCL64:  {"sar", none, r64, 0, 1, codes{encM: slash7 | 0xd3}},
	SarCL32:  {"sar", none, r32, 0, 0, codes{encM: slash7 | 0xd3}},
	Rol64:    {"rol", none, r64, 0, 1, codes{encM1: slash0 | 0xd1, encMIB: slash0 | 0xc1}},
	Rol32:    {"rol", none, r32, 0, 0, codes{encM1: slash0 | 0xd1, encMIB: slash0 | 0xc1}},
	RolCL64:  {"rol", none, r64, 0, 1, codes{encM: slash0 | 0xd3}},
	RolCL32:  {"rol", none, r32, 0, 0, codes{encM: slash0 | 0xd3}},
	Ror64:    {"ror", none, r64, 0, 1, codes{encM1: slash1 | 0xd1, encMIB: slash1 | 0xc1}},
	Ror32:    {"ror", none, r32, 0, 0, codes{encM1: slash1 | 0xd1, encMIB: slash1 | 0xc1}},
	RorCL64:  {"ror", none, r64, 0, 1, codes{encM: slash1 | 0xd3}},
	RorCL32:  {"ror", none, r32, 0, 0, codes{encM: slash1 | 0xd3}},
	Bt64:     {"bt", r64, r64, 0, 1, codes{encMR: regOnly | esc0F | slashR | 0xa3, encMIB: esc0F | slash4 | 0xba}},
	Bt32:     {"bt", r32, r32, 0, 0, codes{encMR: regOnly | esc0F | slashR | 0xa3, encMIB: esc0F | slash4 | 0xba}},
	Bsf64:    {"bsf", r64, r64, 0, 1, codes{encRM: esc0F | slashR | 0xbc}},
	Bsr64:    {"bsr", r64, r64, 0, 1, codes{encRM: esc0F | slashR | 0xbd}},
	Popcnt64: {"popcnt", r64, r64, 0xf3, 1, codes{encRM: esc0F | slashR | 0xb8}},
	Tzcnt64:  {"tzcnt", r64, r64, 0xf3, 1, codes{encRM: esc0F | slashR | 0xbc}},
	Lzcnt64:  {"lzcnt", r64, r64, 0xf3, 1, codes{encRM: esc0F | slashR | 0xbd}},

	Jmp:    {"jmp", none, r64, 0, 0, codes{encD8: noModRM | 0xeb, encD: noModRM | 0xe9, encM: slash4 | 0xff}},
	Jcc:    {"j", none, none, 0, 0, codes{encD8: noModRM | 0x70, encD: esc0F | noModRM | 0x80}},
	Call:   {"call", none, r64, 0, 0, codes{encD: noModRM | 0xe8, encM: slash2 | 0xff}},
	Ret:    {"ret", none, none, 0, 0, codes{encZO: noModRM | 0xc3}},
	Setcc:  {"set", none, r8, 0, 0, codes{encM: esc0F | slash0 | 0x90}},
	Cmovcc: {"cmov", r64, r64, 0, 1, codes{encRM: esc0F | slashR | 0x40}},
	Nop:    {"nop", none, none, 0, 0, codes{encZO: noModRM | 0x90}},
	Int3:   {"int3", none, none, 0, 0, codes{encZO: noModRM | 0xcc}},
	Ud2:    {"ud2", none, none, 0, 0, codes{encZO: esc0F | noModRM | 0x0b}},

	Movsd:  {"movsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x10, encMR: esc0F | slashR | 0x11}},
	Movss:  {"movss", x32, x32, 0xf3, 0, codes{encRM: esc0F | slashR | 0x10, encMR: esc0F | slashR | 0x11}},
	Movapd: {"movapd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x28, encMR: esc0F | slashR | 0x29}},
	Movupd: {"movupd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x10, encMR: esc0F | slashR | 0x11}},
	// Between memory and an SSE register, movq would be another spelling of movsd.
	MovqToXMM:   {"movq", x64, r64, 0x66, 1, codes{encRM: regOnly | esc0F | slashR | 0x6e}},
	MovqFromXMM: {"movq", x64, r64, 0x66, 1, codes{encMR: regOnly | esc0F | slashR | 0x7e}},
	MovdToXMM:   {"movd", x32, r32, 0x66, 0, codes{encRM: esc0F | slashR | 0x6e}},
	MovdFromXMM: {"movd", x32, r32, 0x66, 0, codes{encMR: esc0F | slashR | 0x7e}},
	Movmskpd:    {"movmskpd", r32, x128, 0x66, 0, codes{encRM: regOnly | esc0F | slashR | 0x50}},
	Addsd:       {"addsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x58}},
	Subsd:       {"subsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x5c}},
	Mulsd:       {"mulsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x59}},
	Divsd:       {"divsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x5e}},
	Sqrtsd:      {"sqrtsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x51}},
	Minsd:       {"minsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x5d}},
	Maxsd:       {"maxsd", x64, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x5f}},
	Ucomisd:     {"ucomisd", x64, x64, 0x66, 0, codes{encRM: esc0F | slashR | 0x2e}},
	Andpd:       {"andpd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x54}},
	Andnpd:      {"andnpd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x55}},
	Orpd:        {"orpd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x56}},
	Xorpd:       {"xorpd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x57}},
	Xorps:       {"xorps", x128, x128, 0, 0, codes{encRM: esc0F | slashR | 0x57}},
	Pxor:        {"pxor", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0xef}},
	Unpcklpd:    {"unpcklpd", x128, x128, 0x66, 0, codes{encRM: esc0F | slashR | 0x14}},
	Cvtsi2sd64:  {"cvtsi2sd", x64, r64, 0xf2, 1, codes{encRM: esc0F | slashR | 0x2a}},
	Cvtsi2sd32:  {"cvtsi2sd", x64, r32, 0xf2, 0, codes{encRM: esc0F | slashR | 0x2a}},
	Cvttsd2si64: {"cvttsd2si", r64, x64, 0xf2, 1, codes{encRM: esc0F | slashR | 0x2c}},
	Cvttsd2si32: {"cvttsd2si", r32, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x2c}},
	Cvtsd2si64:  {"cvtsd2si", r64, x64, 0xf2, 1, codes{encRM: esc0F | slashR | 0x2d}},
	Cvtsd2ss:    {"cvtsd2ss", x32, x64, 0xf2, 0, codes{encRM: esc0F | slashR | 0x5a}},
	Cvtss2sd:    {"cvtss2sd", x64, x32, 0xf3, 0, codes{encRM: esc0F | slashR | 0x5a}},
	Roundsd:     {"roundsd", x64, x64, 0x66, 0, codes{encRMIB: esc0F3A | slashR | 0x0b}},
}
