package specializer

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// TestSymbolicCodeIsTheCodeOfEachProcess compiles the recorded programs for two processes, and once with symbols.
func TestSymbolicCodeIsTheCodeOfEachProcess(t *testing.T) {
	for _, c := range testcases.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			first, err := testcases.Move(c.Snapshot, 0x110000000000)
			require.NoError(t, err)
			second, err := testcases.Move(c.Snapshot, 0x220000000000)
			require.NoError(t, err)
			one, err := NewSymbolic(first, 0)
			require.NoError(t, err)
			other, err := NewSymbolic(second, 0)
			require.NoError(t, err)
			require.Equal(t, one.Bytes(), other.Bytes())

			for _, process := range []struct {
				snapshot []byte
				symbolic *Symbolic
			}{{first, one}, {second, other}} {
				want, err := Compile(process.snapshot, Options{})
				got, symbolicErr := one.Compile(Options{})
				var refusal interface{ Refusal() string }
				if errors.As(err, &refusal) {
					require.Equal(t, err, symbolicErr)
					continue
				}
				require.NoError(t, err)
				require.NoError(t, symbolicErr)
				require.NotEmpty(t, got.Symbols)
				require.NoError(t, process.symbolic.Relocate(got))
				got.Symbols, got.Versions = nil, nil
				require.Equal(t, want, got)
			}
		})
	}
}

// TestFixedAddressesStay: what has the same address in every process is part of what is asked.
func TestFixedAddressesStay(t *testing.T) {
	c := testcases.All()[0]
	all, err := NewSymbolic(c.Snapshot, 0)
	require.NoError(t, err)
	fixed, err := NewSymbolic(c.Snapshot, 1<<32)
	require.NoError(t, err)
	assert.NotEqual(t, all.Bytes(), fixed.Bytes())

	s, err := pyabi.Decode(fixed.Bytes())
	require.NoError(t, err)
	original, err := pyabi.Decode(c.Snapshot)
	require.NoError(t, err)
	low := 0
	var addresses []uint64
	original.EachAddress(func(p *uint64) { addresses = append(addresses, *p) })
	s.EachAddress(func(p *uint64) {
		want := addresses[0]
		addresses = addresses[1:]
		if want < 1<<32 {
			low++
			assert.Equal(t, want, *p)
		} else {
			assert.True(t, pyabi.IsSymbol(*p))
		}
	})
	assert.NotZero(t, low)
}

// TestNumbersThatLookLikeSymbols are refused: in machine code nobody could tell which they are.
func TestNumbersThatLookLikeSymbols(t *testing.T) {
	program := func(n int64) *ir.Func {
		f := ir.NewFunc("numbers", 0)
		b := f.NewBlock(0)
		f.Append(b, f.NewInstr(ir.OpConstInt, n, nil, []ir.Type{ir.IntType}))
		return f
	}
	assert.True(t, hasAmbiguous(program(0x5a5a<<48|1)))
	assert.True(t, hasAmbiguous(program(0x5a<<24|1)))
	assert.False(t, hasAmbiguous(program(0x5a5b<<48)))
	assert.False(t, hasAmbiguous(program(0x5b<<24)))
	assert.False(t, hasAmbiguous(program(1<<32|0x5a<<24)))
	assert.False(t, hasAmbiguous(program(-1)))
}

// TestRelocateChecks: a file may hold anything.
func TestRelocateChecks(t *testing.T) {
	s, err := NewSymbolic(testcases.All()[0].Snapshot, 0)
	require.NoError(t, err)
	r, err := s.Compile(Options{})
	require.NoError(t, err)
	last := *r
	last.Symbols = []uint32{uint32(len(r.Code) - 7)}
	assert.ErrorContains(t, s.Relocate(&last), "bytes of code")
	wrong := *r
	wrong.Symbols = []uint32{0}
	assert.ErrorContains(t, s.Relocate(&wrong), "no symbol")
	last, wrong = *r, *r
	last.Symbols, last.Versions = nil, []uint32{uint32(len(r.Code) - 3)}
	assert.ErrorContains(t, s.Relocate(&last), "version at")
	wrong.Symbols, wrong.Versions = nil, []uint32{0}
	assert.ErrorContains(t, s.Relocate(&wrong), "no version")
}
