package amd64

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// source makes choices: random ones in TestEncoder_againstDecoder, those of the fuzzer in FuzzEncode.
type source func(n int) int

// instruction chooses an op, one of its forms, and operands.
func (s source) instruction() inst {
	x := inst{op: opInvalid + 1 + Op(s(int(opCount-opInvalid-1)))}
	forms := formsOf(x.op)
	x.form = forms[s(len(forms))]
	row := &table[x.op]
	x.cond = Cond(s(condCount))
	x.dst, x.src = s.reg(row.g), s.reg(row.e)
	switch x.form {
	case formR, formRI, formSetcc:
		x.dst = s.reg(row.e)
	case formMR:
		x.src = s.reg(row.g)
	case formRR:
		if row.code[encRM] == 0 {
			x.dst, x.src = x.src, x.dst
		}
	case formMovImm64:
		x.dst = s.reg(r64)
	}
	x.mem = s.memory()
	x.imm = int64(s.int32())
	switch {
	case row.code[encMIB] != 0:
		x.imm &= int64(row.e.bits() - 1)
	case row.code[encRMIB] != 0:
		x.imm &= 15
	case x.hasLabel():
		x.imm = int64(s(600))
		if s(2) == 0 {
			x.imm = -x.imm - 6
			if x.imm < -0x80 {
				x.imm -= 6 // a long jump that would also fit as a short one does not come out
			}
		}
	case x.form == formMovImm64:
		x.imm = x.imm<<32>>s(64) ^ int64(s.int32())
	case row.e == r8:
		x.imm = int64(int8(x.imm))
	case row.e == r16:
		x.imm = int64(int16(x.imm))
	}
	return x
}

func (s source) reg(o operand) Reg {
	return Reg(o>>4)<<4 | Reg(s(16))
}

func (s source) memory() Mem {
	mem := Mem{Base: Reg(s(16)), Index: NoReg, Scale: 1, Disp: s.int32()}
	switch s(8) {
	case 0:
		return Mem{Base: NoReg, Index: NoReg, Disp: mem.Disp, Label: 1}
	case 1:
		mem.Base = NoReg
	}
	if index := Reg(s(16)); index != RSP && s(2) == 0 {
		mem.Index, mem.Scale = index, 1<<s(4)
	}
	return mem
}

// int32 favours the values around which encodings change.
func (s source) int32() int32 {
	v := int32(s(1<<16)<<16 | s(1<<16))
	switch s(4) {
	case 0:
		return 0
	case 1:
		return int32(int8(v))
	case 2:
		return v >> 20
	}
	return v
}

func TestEncoder_againstDecoder(t *testing.T) {
	s := source(rand.New(rand.NewSource(1)).Intn)
	seen := map[Op]int{}
	for range 200_000 {
		x := s.instruction()
		require.NoError(t, x.check(x.encode()))
		seen[x.op]++
	}
	require.Len(t, seen, int(opCount-opInvalid-1), "every op was tried")
}

// FuzzEncode encodes the instruction that the bytes choose, and compares what the decoder makes of it.
func FuzzEncode(f *testing.F) {
	for op := range opCount {
		f.Add([]byte{byte(op), 0, 3, 9, 4, 12, 200, 5, 1, 0, 7})
		f.Add([]byte{byte(op), 1, 255, 13, 5, 4, 255, 127, 0, 1, 2, 3, 128, 64, 32})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bytes.NewReader(data)
		s := source(func(n int) int {
			v := 0
			for limit := 1; limit < n; limit <<= 8 {
				b, _ := in.ReadByte() // zeros when the input is used up
				v = v<<8 | int(b)
			}
			return v % n
		})
		x := s.instruction()
		code := x.encode()
		if err := x.check(code); err != nil {
			t.Fatal(err)
		}
		if lines := Disassemble(code, 0x1000); len(lines) != 1 {
			t.Fatalf("%v: %x prints as %q", x, code, lines)
		}
	})
}
