package lower_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/frontend/cp311"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/lower"
	"pystonlite/specializer/passes"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// prepare runs everything before the back end.
func prepare(t *testing.T, c testcases.Case) (*ir.Func, *pyabi.Snapshot) {
	t.Helper()
	snap, err := pyabi.Decode(c.Snapshot)
	require.NoError(t, err)
	f, err := cp311.Build(snap)
	require.NoError(t, err)
	require.NoError(t, passes.Run(f, &passes.Context{Snap: snap, Verify: true}))
	return f, snap
}

// TestLower_anyAllocationIsRight lowers every program with shuffled register choices; the allocation is re-checked by an
// abstract run, and the tables of exits are validated.
func TestLower_anyAllocationIsRight(t *testing.T) {
	for _, c := range testcases.All() {
		t.Run(c.Name, func(t *testing.T) {
			different := map[string]bool{}
			for seed := uint64(0); seed <= 20; seed++ {
				f, snap := prepare(t, c)
				out, err := lower.Lower(f, snap, lower.Options{ShuffleSeed: seed, Check: true})
				require.NoError(t, err, "seed %d", seed)
				require.NoError(t, out.Meta.Validate(), "seed %d", seed)
				require.NotEmpty(t, out.Meta.Exits, "seed %d: not even the prologue can leave", seed)
				different[string(out.Bytes)] = true
			}
			require.Greater(t, len(different), 1, "the seed changes nothing")
		})
	}
}

// TestLower_marks holds that every instruction with code has its place, in order.
func TestLower_marks(t *testing.T) {
	for _, c := range testcases.All() {
		f, snap := prepare(t, c)
		out, err := lower.Lower(f, snap, lower.Options{Marks: true})
		require.NoError(t, err)
		last := out.Marks[len(out.Marks)-1]
		require.Nil(t, last.Block)
		require.LessOrEqual(t, last.Offset, len(out.Bytes))
		for k := 1; k < len(out.Marks); k++ {
			require.LessOrEqual(t, out.Marks[k-1].Offset, out.Marks[k].Offset, "%s: mark %d", c.Name, k)
		}
		text := out.Disassembly(f)
		require.Contains(t, text, "b0:\n")
		require.Contains(t, text, "out of line:\n")
		plain, err := lower.Lower(f, snap, lower.Options{})
		require.NoError(t, err)
		require.Empty(t, plain.Marks)
		require.Equal(t, plain.Bytes, out.Bytes, "marks change the code")
	}
}
