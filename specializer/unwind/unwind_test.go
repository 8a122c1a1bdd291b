package unwind

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/amd64"
)

var region = Region{Base: 0x7f0000100000, Size: 1 << 20, Layout: 0x7f0000300000, FramePrevious: 48}

func TestImageIsReadByOthers(t *testing.T) {
	file, err := elf.NewFile(bytes.NewReader(region.Image()))
	require.NoError(t, err)
	text := file.Section(".text")
	require.Equal(t, []uint64{region.Base, region.Size}, []uint64{text.Addr, text.Size})
	require.NotNil(t, file.Section(".debug_frame"))

	data, err := file.DWARF()
	require.NoError(t, err)
	var entries []string
	reader := data.Reader()
	for entry, err := reader.Next(); entry != nil; entry, err = reader.Next() {
		require.NoError(t, err)
		if name, ok := entry.Val(dwarf.AttrName).(string); ok {
			entries = append(entries, entry.Tag.String()+" "+name)
		}
		if entry.Tag == dwarf.TagVariable {
			kind, err := data.Type(entry.Val(dwarf.AttrType).(dwarf.Offset))
			require.NoError(t, err)
			require.Equal(t, "*struct _PyInterpreterFrame", kind.String())
		}
	}
	require.Equal(t, []string{
		"CompileUnit machine code", "StructType _PyInterpreterFrame", "Subprogram pyston_lite",
		"Subprogram _PyEval_EvalFrameDefault", "Variable frame",
	}, entries)
}

func TestMarkerIsAnInstruction(t *testing.T) {
	a := amd64.New()
	a.Lea(amd64.RSP, amd64.At(amd64.RSP, 8))
	code, err := a.Finish()
	require.NoError(t, err)
	require.Equal(t, uint32(Marker), binary.LittleEndian.Uint32(code))
}

// machine is a stopped thread, as the rules see it.
type machine struct {
	registers map[byte]uint64
	memory    map[uint64]uint64
}

// run evaluates the operations in use.
func (m *machine) run(t *testing.T, code expression) uint64 {
	var stack []uint64
	pop := func() uint64 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return top
	}
	number := func(size int) uint64 {
		var bytes [8]byte
		copy(bytes[:], code[:size])
		code = code[size:]
		return binary.LittleEndian.Uint64(bytes[:])
	}
	binaryOps := map[byte]func(a, b uint64) uint64{
		opMinus: func(a, b uint64) uint64 { return a - b },
		opPlus:  func(a, b uint64) uint64 { return a + b },
		opAnd:   func(a, b uint64) uint64 { return a & b },
		opShl:   func(a, b uint64) uint64 { return a << b },
		opShr:   func(a, b uint64) uint64 { return a >> b },
		opNe: func(a, b uint64) uint64 {
			if a != b {
				return 1
			}
			return 0
		},
	}
	load := func(size uint64) {
		at := pop()
		word, ok := m.memory[at]
		require.True(t, ok, "read at %#x", at)
		stack = append(stack, word&(1<<(8*size)-1))
	}
	for len(code) > 0 {
		op := code[0]
		code = code[1:]
		switch {
		case op >= opBreg && op < opBreg+32:
			require.Less(t, code[0], byte(64), "a small offset")
			stack = append(stack, m.registers[op-opBreg]+uint64(code[0]))
			code = code[1:]
		case op >= opLit && op < opLit+32:
			stack = append(stack, uint64(op-opLit))
		case op == opConst2u:
			stack = append(stack, number(2))
		case op == opConst4u:
			stack = append(stack, number(4))
		case op == opConst8u:
			stack = append(stack, number(8))
		case op == opDup:
			stack = append(stack, stack[len(stack)-1])
		case op == opDeref:
			load(8)
		case op == opDerefSize:
			load(number(1))
		case op == opPlusUconst:
			stack = append(stack, pop()+number(1))
		case op == opBra:
			if to := number(2); pop() != 0 {
				code = code[to:]
			}
		default:
			apply := binaryOps[op]
			require.NotNil(t, apply, "operation %#x", op)
			b, a := pop(), pop()
			stack = append(stack, apply(a, b))
		}
	}
	require.Len(t, stack, 1)
	return stack[0]
}

func TestCallers(t *testing.T) {
	const stack, frame, outer = 0x7ffe0000, 0x5000, 0x4000
	pc := region.Base + 0x120 // a return address at the beginning of a granule: its call is in the one before
	word := region.Layout + 2*0x11
	for _, c := range []struct {
		name                   string
		layout, behind         uint64
		callerStack, callerRBP uint64
	}{
		{"a unit calls a unit", 6, 0x90909090, stack + 48, outer},
		{"a routine calls a unit", 6, Marker, stack + 48 + 16, outer},
		{"a unit calls a routine", RoutineFrame, 0x90909090, stack + 16, frame},
	} {
		t.Run(c.name, func(t *testing.T) {
			returnTo := region.Base + 0x4000
			m := &machine{
				registers: map[byte]uint64{regRSP: stack, regRBP: frame, regRIP: pc},
				memory: map[uint64]uint64{
					word: c.layout, stack + (c.layout&^SameFrame)*8 - 8: returnTo, returnTo: c.behind, frame + 48: outer,
				},
			}
			require.Equal(t, c.callerStack, m.run(t, region.callerStack()))
			require.Equal(t, c.callerRBP, m.run(t, region.callerFrame()))
		})
	}
}
