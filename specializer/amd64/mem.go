package amd64

import (
	"fmt"
	"strings"
)

// Mem is a memory operand: Base + Index*Scale + Disp, or a place relative to a label. The zero value is not useful,
// since it names RAX twice; build one with At, AtIndex or RIP.
type Mem struct {
	Base  Reg   // NoReg when there is none
	Index Reg   // NoReg when there is none; RSP cannot be an index
	Scale uint8 // 1, 2, 4 or 8; only read when there is an index
	Disp  int32
	Label Label // when set, the address is that of the label plus Disp, encoded relative to RIP; no base, no index
}

// At is the memory at base+disp.
func At(base Reg, disp int32) Mem {
	return Mem{Base: base, Index: NoReg, Scale: 1, Disp: disp}
}

// AtIndex is the memory at base+index*scale+disp. Base may be NoReg.
func AtIndex(base, index Reg, scale uint8, disp int32) Mem {
	return Mem{Base: base, Index: index, Scale: scale, Disp: disp}
}

// RIP is the memory at a label, which may be bound before or after the instruction: usually an entry of the constant
// pool behind the code.
func RIP(label Label) Mem {
	return Mem{Base: NoReg, Index: NoReg, Scale: 1, Label: label}
}

// String returns the operand as Intel syntax writes it, without a width: "[rax+rcx*8+0x10]", "[rip+L3]".
func (m Mem) String() string {
	var parts []string
	if m.Label != 0 {
		parts = append(parts, "rip", m.Label.String())
	}
	if m.Base != NoReg {
		parts = append(parts, m.Base.String())
	}
	if m.Index != NoReg {
		parts = append(parts, fmt.Sprintf("%v*%d", m.Index, m.Scale))
	}
	s := strings.Join(parts, "+")
	switch {
	case s == "":
		s = fmt.Sprintf("%#x", m.Disp)
	case m.Disp > 0:
		s += fmt.Sprintf("+%#x", m.Disp)
	case m.Disp < 0:
		s += fmt.Sprintf("-%#x", -int64(m.Disp))
	}
	return "[" + s + "]"
}
