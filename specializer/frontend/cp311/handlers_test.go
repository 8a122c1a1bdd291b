package cp311

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// withHandlers is: 0 LOAD_FAST, 1 POP_TOP, 2 LOAD_CONST, 3 RETURN_VALUE; 4 PUSH_EXC_INFO, 5 RERAISE; 6 COPY, 7 POP_EXCEPT,
// 8 RERAISE. What 0 and 1 raise goes to 4; what 4 and 5 raise goes to 6, with the index of the instruction.
func withHandlers() *pyabi.Code {
	code := program(OpLoadFast, 0, OpPopTop, 0, OpLoadConst, 0, OpReturnValue, 0, OpPushExcInfo, 0, OpReraise, 0,
		OpCopy, 3, OpPopExcept, 0, OpReraise, 1)
	code.StackSize = 5
	code.ExcTable = []byte{0x80, 2, 4, 0, 0x80 | 4, 2, 6, 3}
	return code
}

func TestHandlers(t *testing.T) {
	code := withHandlers()
	instrs, err := decode(code)
	require.NoError(t, err)
	rows := handlers(code, instrs)
	require.Equal(t, []handler{{start: 0, end: 2, target: 4, depth: 1}, {start: 4, end: 6, target: 6, depth: 3}}, rows)
	require.Same(t, &rows[0], covering(rows, 1))
	require.Nil(t, covering(rows, 2))
	require.Same(t, &rows[1], covering(rows, 5))
	require.Nil(t, covering(rows, 6))
}

func TestVarint(t *testing.T) {
	n, rest := varint([]byte{64 | 1, 64 | 2, 3, 99})
	require.Equal(t, 1<<12|2<<6|3, n)
	require.Equal(t, []byte{99}, rest)
}

// TestHandlers_malformed holds that no table makes the front end panic.
func TestHandlers_malformed(t *testing.T) {
	for name, table := range map[string][]byte{
		"ends in a number":         {0x80, 2, 64},
		"ends between the numbers": {0x80, 2},
		"an endless number":        {64, 64, 64, 64, 64, 64, 64, 64, 64},
		"target beyond the code":   {0x80, 2, 9, 0},
		"deeper than the stack":    {0x80, 2, 4, 10},
	} {
		t.Run(name, func(t *testing.T) {
			code := withHandlers()
			code.ExcTable = table
			_, err := Build(&pyabi.Snapshot{Codes: []pyabi.Code{*code}, Flags: pyabi.FlagAllHandlers})
			var refused *frontend.Unsupported
			require.ErrorAs(t, err, &refused)
		})
	}
}

// TestHandlerEntries holds that a handler is compiled when it has been needed, and with it what gets the exception again.
func TestHandlerEntries(t *testing.T) {
	code := withHandlers()
	instrs, err := decode(code)
	require.NoError(t, err)
	snap := &pyabi.Snapshot{Codes: []pyabi.Code{*code}}
	require.Empty(t, handlerEntries(snap, instrs, []int32{0}))

	want := []ir.Entry{{BCI: 4, Depth: 1, Kind: ir.EntryHandler}, {BCI: 6, Depth: 3, Kind: ir.EntryHandler}}
	snap.Codes[0].Sites = []pyabi.Site{{BCI: 4, Reason: uint16(codemeta.ReasonException), Count: 1}}
	require.Equal(t, want, handlerEntries(snap, instrs, []int32{0}))
	require.Empty(t, handlerEntries(snap, instrs, []int32{2}), "nothing reached from there is covered")

	snap.Codes[0].Sites = nil
	snap.Flags = pyabi.FlagAllHandlers
	require.Equal(t, want, handlerEntries(snap, instrs, []int32{0}))
}
