package amd64

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"
)

func TestFinish_jumpSizes(t *testing.T) {
	forward := func(jump func(*Assembler, Label)) func(int) int {
		return func(body int) int {
			a := New()
			l := a.NewLabel()
			jump(a, l)
			a.Nops(body)
			a.Bind(l)
			code, err := a.Finish()
			require.NoError(t, err)
			require.Equal(t, len(code), a.LabelOffset(l))
			return len(code) - body
		}
	}
	backward := func(jump func(*Assembler, Label)) func(int) int {
		return func(body int) int {
			a := New()
			l := a.NewLabel()
			a.Bind(l)
			a.Nops(body)
			jump(a, l)
			code, err := a.Finish()
			require.NoError(t, err)
			return len(code) - body
		}
	}
	jmp := func(a *Assembler, l Label) { a.Jmp(l) }
	jcc := func(a *Assembler, l Label) { a.Jcc(NE, l) }
	call := func(a *Assembler, l Label) { a.Call(l) }
	for _, tc := range []struct {
		name string
		size func(body int) int
		body int
		want int
	}{
		{"jmp to the next instruction", forward(jmp), 0, 2},
		{"jmp forward, last short one", forward(jmp), 127, 2},
		{"jmp forward, first long one", forward(jmp), 128, 5},
		{"jcc forward, last short one", forward(jcc), 127, 2},
		{"jcc forward, first long one", forward(jcc), 128, 6},
		{"jmp to itself", backward(jmp), 0, 2},
		{"jmp backward, last short one", backward(jmp), 126, 2},
		{"jmp backward, first long one", backward(jmp), 127, 5},
		{"jcc backward, last short one", backward(jcc), 126, 2},
		{"jcc backward, first long one", backward(jcc), 127, 6},
		{"jmp far", forward(jmp), 100_000, 5},
		{"jcc far back", backward(jcc), 100_000, 6},
		{"calls are long", forward(call), 0, 5},
	} {
		assert.Equal(t, tc.want, tc.size(tc.body), tc.name)
	}
}

// A jump that would reach its target if all between were short, and does not because one is long.
func TestFinish_growthSpreads(t *testing.T) {
	a := New()
	near, far := a.NewLabel(), a.NewLabel()
	a.Jmp(near)
	a.Nops(123)
	a.Jcc(E, far) // 6 bytes; with 2 the first jump would span 125
	a.Bind(near)
	a.Nops(128)
	a.Bind(far)
	code, err := a.Finish()
	require.NoError(t, err)
	assert.Equal(t, 5+123+6+128, len(code))
	assert.Equal(t, 5+123+6, a.LabelOffset(near))
	assert.Equal(t, byte(0xe9), code[0])
	assert.Equal(t, []byte{0x0f, 0x84, 128, 0, 0, 0}, code[128:134])
}

// A chain in which each jump pushes the one before out of reach, longer than Finish has rounds.
func TestFinish_chainLongerThanRounds(t *testing.T) {
	const chain = 6 * maxRounds
	for _, last := range []int{127, 128} { // distance of the last jump: all short, or all long
		a := New()
		var labels [chain]Label
		for k := range labels {
			labels[k] = a.NewLabel()
			a.Jmp(labels[k])
		}
		a.Nops(127 - shortSize*(chain-1)) // the first label is in reach of the first jump if all are short
		for k := range labels {
			if k == chain-1 {
				a.Nops(last - 127)
			}
			a.Bind(labels[k])
			a.Nops(shortSize)
		}
		code, err := a.Finish()
		require.NoError(t, err)
		want := shortSize
		if last == 128 {
			want = 5
		}
		offset := 0
		for k := range labels {
			inst, err := x86asm.Decode(code[offset:], 64)
			require.NoError(t, err)
			require.Equal(t, want, inst.Len)
			offset += inst.Len
			require.Equal(t, a.LabelOffset(labels[k]), offset+int(inst.Args[0].(x86asm.Rel)), "jump %d", k)
		}
	}
}

// Random programs are decoded again: each jump goes to its label, each recorded position is that of its instruction,
// alignments hold, and no jump is longer than it has to be.
func TestFinish_randomPrograms(t *testing.T) {
	const (
		jumpItem = iota
		leaItem
		alignItem
		plainItem
	)
	type item struct {
		kind     int
		position int   // provisional offset
		label    Label // bound before the item
		target   Label
		align    int
	}
	rnd := rand.New(rand.NewSource(2))
	a := New()
	for range 300 {
		a.Reset()
		withAlign := rnd.Intn(2) == 0
		items := make([]item, 1+rnd.Intn(400))
		for k := range items {
			items[k].label = a.NewLabel()
		}
		span := 1 + rnd.Intn(60) // jumps reach about that many items
		for k := range items {
			it := &items[k]
			a.Bind(it.label)
			it.position = a.Offset()
			target := min(max(k+rnd.Intn(2*span)-span, 0), len(items)-1)
			it.target = items[target].label
			switch c := rnd.Intn(10); {
			case c < 2:
				a.Jmp(it.target)
			case c < 4:
				a.Jcc(Cond(rnd.Intn(condCount)), it.target)
			case c < 5:
				it.kind = leaItem
				a.Lea(RAX, RIP(it.target))
			case c < 6 && withAlign:
				it.kind = alignItem
				it.align = 1 << rnd.Intn(6)
				a.Align(it.align)
			default:
				it.kind = plainItem
				a.MI(Mov64, AtIndex(RAX, RCX, 8, int32(rnd.Intn(1000))), 7)
			}
		}
		provisionalSize := a.Offset()
		code, err := a.Finish()
		require.NoError(t, err)
		require.Equal(t, len(code), a.Offset())
		require.Equal(t, len(code), a.FinalOffset(provisionalSize))

		offset := 0
		for _, it := range items {
			require.Equal(t, offset, a.LabelOffset(it.label))
			require.Equal(t, offset, a.FinalOffset(it.position))
			if it.kind == alignItem {
				for offset%it.align != 0 {
					inst, err := x86asm.Decode(code[offset:], 64)
					require.NoError(t, err)
					require.Equal(t, x86asm.NOP, inst.Op)
					offset += inst.Len
				}
				continue
			}
			inst, err := x86asm.Decode(code[offset:], 64)
			require.NoError(t, err)
			offset += inst.Len
			target := a.LabelOffset(it.target)
			switch it.kind {
			case jumpItem:
				distance := int(inst.Args[0].(x86asm.Rel))
				require.Equal(t, target, offset+distance)
				if inst.Len > shortSize && !withAlign {
					require.False(t, fitsInt8(distance), "a long jump could be short: %v", inst)
				}
			case leaItem:
				require.Equal(t, target, offset+int(int32(inst.Args[1].(x86asm.Mem).Disp)))
			}
		}
		require.Equal(t, len(code), offset)
	}
}

func TestRIP_displacementCountsFromTheEnd(t *testing.T) {
	a := New()
	pool := a.NewLabel()
	second := RIP(pool)
	second.Disp = 8
	a.RM(Movsd, XMM1, RIP(pool))
	a.MI(Cmp8, second, 1)
	a.MI(Mov64, second, 1)
	a.N(Ret)
	a.Align(8)
	a.Bind(pool)
	a.Data64(0x3ff0000000000000)
	a.Data([]byte{1, 2, 3})
	code, err := a.Finish()
	require.NoError(t, err)
	assert.Equal(t, 32, a.LabelOffset(pool))
	assert.Equal(t, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 1, 2, 3}, code[32:])
	assert.Equal(t, []string{
		"00001000  f20f100d18000000        movsd xmm1, qword ptr [rip+0x18]  ; 0x1020",
		"00001008  803d1900000001          cmp byte ptr [rip+0x19], 0x1  ; 0x1028",
		"0000100f  48c7050e00000001000000  mov qword ptr [rip+0xe], 0x1  ; 0x1028",
		"0000101a  c3                      ret",
		"0000101b  0f1f440000              nop",
	}, Disassemble(code[:32], 0x1000))
}

func TestFinish_limit(t *testing.T) {
	a := New()
	a.limit = 3
	a.Nops(3)
	_, err := a.Finish()
	require.NoError(t, err)
	a.Reset()
	a.Nops(4)
	_, err = a.Finish()
	assert.Equal(t, Limit{What: "bytes of machine code", Got: 4, Max: 3}, err)
	assert.EqualError(t, err, "bytes of machine code: 4 exceeds the limit of 3")
}

func TestNops_sizes(t *testing.T) {
	for size := range 40 {
		a := New()
		a.Nops(size)
		code, err := a.Finish()
		require.NoError(t, err)
		require.Len(t, code, size)
		count := 0
		for offset := 0; offset < size; count++ {
			inst, err := x86asm.Decode(code[offset:], 64)
			require.NoError(t, err)
			require.Equal(t, x86asm.NOP, inst.Op)
			offset += inst.Len
		}
		assert.Equal(t, (size+len(nops)-1)/len(nops), count)
	}
}
