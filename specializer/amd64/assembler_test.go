package amd64

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReg_names(t *testing.T) {
	for _, tc := range []struct {
		reg  Reg
		bits int
		want string
	}{
		{RAX, 64, "rax"}, {RAX, 8, "al"}, {RSP, 8, "spl"}, {RDI, 16, "di"}, {R8, 32, "r8d"}, {R15, 8, "r15b"}, {R9, 16, "r9w"},
		{XMM0, 64, "xmm0"}, {XMM15, 128, "xmm15"}, {NoReg, 64, "none"}, {XMM15 + 1, 64, "reg32"},
	} {
		assert.Equal(t, tc.want, tc.reg.Name(tc.bits))
	}
	assert.Equal(t, "r12", R12.String())
	assert.Equal(t, uint8(15), XMM15.Num())
	assert.Equal(t, uint8(4), RSP.Num())
	assert.True(t, XMM0.IsXMM())
	assert.False(t, R15.IsXMM())
	assert.False(t, NoReg.IsXMM())
}

func TestMem_String(t *testing.T) {
	labelled := RIP(3)
	labelled.Disp = 8
	for _, tc := range []struct {
		mem  Mem
		want string
	}{
		{At(RAX, 0), "[rax]"},
		{At(RSP, -8), "[rsp-0x8]"},
		{At(RBX, -0x80000000), "[rbx-0x80000000]"},
		{AtIndex(RAX, RCX, 8, 0x10), "[rax+rcx*8+0x10]"},
		{AtIndex(NoReg, R12, 4, 0), "[r12*4]"},
		{At(NoReg, 0x40), "[0x40]"},
		{RIP(3), "[rip+L3]"},
		{labelled, "[rip+L3+0x8]"},
	} {
		assert.Equal(t, tc.want, tc.mem.String())
	}
}

func TestCond_Invert(t *testing.T) {
	want := map[Cond]Cond{O: NO, B: AE, E: NE, BE: A, S: NS, P: NP, L: GE, LE: G}
	for c, inverse := range want {
		assert.Equal(t, inverse, c.Invert())
		assert.Equal(t, c, inverse.Invert())
	}
	assert.Equal(t, "ae", AE.String())
	assert.Equal(t, "cond?", Cond(condCount).String())
}

func TestZero_eitherClass(t *testing.T) {
	a := New()
	a.Zero(R9)
	a.Zero(XMM3)
	code, err := a.Finish()
	require.NoError(t, err)
	assert.Equal(t, []byte{0x45, 0x33, 0xc9, 0x0f, 0x57, 0xdb}, code)
}

func TestControl_thinMethods(t *testing.T) {
	a := New()
	a.CallReg(R11)
	a.CallMem(At(RBX, 0x10))
	a.JmpReg(RAX)
	a.JmpMem(AtIndex(NoReg, RCX, 8, 0x40))
	code, err := a.Finish()
	require.NoError(t, err)
	var text []string
	for _, line := range Disassemble(code, 0) {
		text = append(text, line[34:])
	}
	assert.Equal(t, []string{"call r11", "call qword ptr [rbx+0x10]", "jmp rax", "jmp qword ptr [rcx*8+0x40]"}, text)
}

// What the code generator must not ask for is refused, never encoded as something else.
func TestAssembler_misuse(t *testing.T) {
	for _, tc := range []struct {
		name string
		want string
		do   func(a *Assembler)
	}{
		{"no row", "BUG: op? has no form with no operand", func(a *Assembler) { a.N(opInvalid) }},
		{"wrong class, destination", "BUG: add cannot have the register xmm0 here", func(a *Assembler) { a.RR(Add64, XMM0, RAX) }},
		{"wrong class, source", "BUG: addsd cannot have the register rax here", func(a *Assembler) { a.RR(Addsd, XMM0, RAX) }},
		{"wrong class, in opcode", "BUG: push cannot have the register xmm1 here", func(a *Assembler) { a.R(Push, XMM1) }},
		{"wrong class, constant", "BUG: mov cannot have the register xmm1 here", func(a *Assembler) { a.MovImm64(XMM1, 1<<40) }},
		{"no register", "BUG: mov cannot have the register none here", func(a *Assembler) { a.RM(Mov64, NoReg, At(RAX, 0)) }},
		{"XMM base", "BUG: mov cannot have the register xmm0 here", func(a *Assembler) { a.RM(Mov64, RAX, At(XMM0, 0)) }},
		{"RSP index", "BUG: mov cannot have the register rsp here", func(a *Assembler) { a.RM(Mov64, RAX, AtIndex(RAX, RSP, 1, 0)) }},
		{"scale 3", "BUG: mov: [rax+rcx*3] has scale 3", func(a *Assembler) { a.RM(Mov64, RAX, AtIndex(RAX, RCX, 3, 0)) }},
		{"label and base", "BUG: mov: [rip+L1+rax] has a label and a register", func(a *Assembler) { a.RM(Mov64, RAX, Mem{Base: RAX, Index: NoReg, Label: a.NewLabel()}) }},
		{"lea of a register", "BUG: lea has no form with a register", func(a *Assembler) { a.RR(Lea64, RAX, RCX) }},
		{"xchg with memory", "BUG: xchg has no form with memory", func(a *Assembler) { a.MR(Xchg64, At(RAX, 0), RCX) }},
		{"add without operands", "BUG: add has no form with no operand", func(a *Assembler) { a.N(Add64) }},
		{"setcc without a condition", "BUG: set without a condition", func(a *Assembler) { a.R(Setcc, RAX) }},
		{"cmovcc without a condition", "BUG: cmov without a condition", func(a *Assembler) { a.RR(Cmovcc, RAX, RAX) }},
		{"condition out of range", "BUG: j with condition 16", func(a *Assembler) { a.Jcc(16, a.NewLabel()) }},
		{"byte immediate", "BUG: cmp cannot have the immediate 256", func(a *Assembler) { a.RI(Cmp8, RCX, 256) }},
		{"word immediate", "BUG: cmp cannot have the immediate 65541", func(a *Assembler) { a.MI(Cmp16, At(RCX, 0), 65541) }},
		{"shift count", "BUG: shl cannot have the immediate 32", func(a *Assembler) { a.RI(Shl32, RCX, 32) }},
		{"negative shift count", "BUG: sar cannot have the immediate -1", func(a *Assembler) { a.MI(Sar64, At(RCX, 0), -1) }},
		{"alignment", "BUG: alignment 12 is not a power of two", func(a *Assembler) { a.Align(12) }},
		{"label bound twice", "BUG: label L1 is bound twice", func(a *Assembler) { l := a.NewLabel(); a.Bind(l); a.Bind(l) }},
		{"label of nobody", "BUG: L7 is not a label of this code", func(a *Assembler) { a.Bind(7) }},
		{"label of nobody, used", "BUG: L0 is not a label of this code", func(a *Assembler) { a.Jmp(0); _, _ = a.Finish() }},
		{"label never bound", "BUG: label L1 is used but not bound", func(a *Assembler) { a.Jmp(a.NewLabel()); _, _ = a.Finish() }},
		{"early label offset", "BUG: offsets of labels are known after Finish only", func(a *Assembler) { l := a.NewLabel(); a.Bind(l); a.LabelOffset(l) }},
		{"unbound label offset", "BUG: label L1 is not bound", func(a *Assembler) { l := a.NewLabel(); _, _ = a.Finish(); a.LabelOffset(l) }},
		{"early offset", "BUG: final offsets are known after Finish only", func(a *Assembler) { a.FinalOffset(0) }},
		{"offset outside", "BUG: offset 1 is outside of the code", func(a *Assembler) { _, _ = a.Finish(); a.FinalOffset(1) }},
		{"late instruction", "BUG: the code is finished", func(a *Assembler) { _, _ = a.Finish(); a.N(Ret) }},
		{"late data", "BUG: the code is finished", func(a *Assembler) { _, _ = a.Finish(); a.Data64(1) }},
		{"finished twice", "BUG: the code is finished", func(a *Assembler) { _, _ = a.Finish(); _, _ = a.Finish() }},
	} {
		assert.PanicsWithValue(t, tc.want, func() { tc.do(New()) }, tc.name)
	}
}

// An assembler that has been used for code of the same size needs no memory.
func TestReset_keepsMemory(t *testing.T) {
	a := New()
	build := func() {
		a.Reset()
		emitSample(a)
		if _, err := a.Finish(); err != nil {
			t.Error(err)
		}
	}
	build()
	assert.Zero(t, testing.AllocsPerRun(10, build))
}

func TestDisassemble_dataAndTruncation(t *testing.T) {
	assert.Equal(t, []string{
		"00400000  c3                      ret",
		"00400001  06                      .byte 0x06",
		"00400002  75fd                    jne 0x400001",
		"00400004  66                      .byte 0x66",
		"00400005  f3                      .byte 0xf3",
	}, Disassemble([]byte{0xc3, 0x06, 0x75, 0xfd, 0x66, 0xf3}, 0x400000))
	assert.Empty(t, Disassemble(nil, 0))
}

// Any bytes can be printed, and every byte is, once.
func TestDisassemble_anyBytes(t *testing.T) {
	rnd := rand.New(rand.NewSource(3))
	code := make([]byte, 200_000)
	rnd.Read(code)
	size := 0
	for _, line := range Disassemble(code, 0) {
		size += len(strings.Fields(line)[1]) / 2
	}
	assert.Equal(t, len(code), size)
}

// emitSample emits some instructions as they occur together in compiled code: a guard, an addition with an overflow exit, a
// floating-point operation with a constant, a call.
func emitSample(a *Assembler) {
	exit, pool := a.NewLabel(), a.NewLabel()
	a.RM(Mov64, RAX, At(RBX, 0x48))
	a.MI(Cmp64, At(RAX, 8), 0x1234)
	a.Jcc(NE, exit)
	a.RR(Add64, RAX, RCX)
	a.Jcc(O, exit)
	a.RM(Movsd, XMM0, At(RAX, 16))
	a.RM(Mulsd, XMM0, RIP(pool))
	a.MR(Movsd, AtIndex(R12, RDX, 8, 0x20), XMM0)
	a.MovImm64(RDI, 0x7f1234567890)
	a.CallMem(RIP(pool))
	a.N(Ret)
	a.Bind(exit)
	a.N(Ud2)
	a.Align(8)
	a.Bind(pool)
	a.Data64(0x3ff0000000000000)
}

func BenchmarkAssembler_sample(b *testing.B) {
	a := New()
	b.ReportAllocs()
	for range b.N {
		a.Reset()
		emitSample(a)
		if _, err := a.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFinish_megabytes builds code of several megabytes, to see that relaxation stays linear: ns per byte should be
// that of the small sample.
func BenchmarkFinish_megabytes(b *testing.B) {
	a := New()
	for range b.N {
		a.Reset()
		end := a.NewLabel()
		for a.Offset() < 4<<20 {
			emitSample(a)
			a.Jcc(E, end)
		}
		a.Bind(end)
		code, err := a.Finish()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(code)))
	}
}
