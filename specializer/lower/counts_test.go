package lower_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"

	"pystonlite/specializer/lower"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// counts lists the instructions that change reference counts, which are the first words of objects, and the sum of them.
func counts(code []byte, total uint64) []string {
	var found []string
	for at := 0; at < len(code); {
		in, err := x86asm.Decode(code[at:], 64)
		if err != nil {
			at++ // constants behind the code
			continue
		}
		at += in.Len
		m, ok := in.Args[0].(x86asm.Mem)
		switch {
		case !ok || in.MemBytes != 8:
		case (in.Op == x86asm.INC || in.Op == x86asm.DEC) && m.Base == 0 && uint64(m.Disp) == total:
			found = append(found, fmt.Sprintf("%s total", in.Op))
		case m.Base == 0 || m.Base == x86asm.RIP || m.Index != 0 || m.Disp != 0:
		case in.Op == x86asm.INC || in.Op == x86asm.DEC:
			found = append(found, fmt.Sprintf("%s object", in.Op))
		case in.Op == x86asm.MOV && in.Args[1] == x86asm.Imm(1):
			found = append(found, "INC object")
		}
	}
	return found
}

// TestLower_totalOfCounts holds that a build of the interpreter which has the sum of all reference counts gets it changed with
// each of them, and that other builds pay nothing for that.
func TestLower_totalOfCounts(t *testing.T) {
	const total = 0x7654320
	changes := 0
	for _, c := range testcases.All() {
		f, snap := prepare(t, c)
		require.Zero(t, snap.Helpers[pyabi.HelperRefTotal], "%s is recorded with an ordinary build", c.Name)
		require.Zero(t, snap.Offsets.ObjRefcnt)
		plain, err := lower.Lower(f, snap, lower.Options{})
		require.NoError(t, err)
		want := counts(plain.Bytes, total)
		changes += len(want)

		f, snap = prepare(t, c)
		snap.Helpers[pyabi.HelperRefTotal] = total
		counted, err := lower.Lower(f, snap, lower.Options{})
		require.NoError(t, err)
		var both []string
		for _, object := range want {
			both = append(both, object[:3]+" total", object)
		}
		require.Equal(t, both, counts(counted.Bytes, total), c.Name)
	}
	require.Greater(t, changes, 500)
}
