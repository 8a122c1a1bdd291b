package codemeta

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleTables has one exit of an inlined callee, one plain exit that shares its values, and one flush.
func sampleTables() *Tables {
	var b Builder
	state := []Value{{AtGPR, RepOwned, 0, 3}, {AtXMM, RepFloat, 1, 7}, {AtNull, RepOwned, 2, 0}}
	callee := b.Const(0x7f0012345678)
	b.AddExit(Exit{Kind: ExitDeopt, Reason: ReasonTypeGuard, Frames: []Frame{
		{Func: callee, BCI: 4, Depth: 1, Values: []Value{{AtConst, RepBorrowed, 0, callee}}},
		{Func: Physical, BCI: 20, Depth: 2, Values: state},
	}, Releases: []Value{{AtSpill, RepOwned, 0, 2}}})
	b.AddExit(Exit{Kind: ExitRaise, Reason: ReasonException, Frames: []Frame{{Func: Physical, BCI: 22, Values: state}}})
	b.AddEntry(Entry{BCI: 0, Kind: EntryStart})
	b.AddEntry(Entry{BCI: 9, Depth: 2, Kind: EntryResume, Offset: 64})
	b.AddExit(Exit{Kind: ExitFlush, Frames: []Frame{{Func: Physical, BCI: 1}}})
	return b.Tables()
}

func TestReason_EveryRowHasAUniqueName(t *testing.T) {
	seen := map[string]Reason{}
	for r := Reason(0); r < numReasons; r++ {
		name := r.String()
		require.NotEmpty(t, name, "reason %d has no row", uint16(r))
		require.Equal(t, strings.ToLower(strings.ReplaceAll(name, " ", "_")), name, "names are keys of statistics")
		require.NotContains(t, seen, name)
		seen[name] = r
	}
	require.Equal(t, "Reason(60000)", Reason(60000).String())
	require.False(t, Reason(60000).Speculative())
	require.False(t, ReasonPoll.Speculative())
	require.True(t, ReasonTypeGuard.Speculative())
}

func TestEnums_EveryValueHasAName(t *testing.T) {
	for w := Where(0); w < numWheres; w++ {
		require.NotEmpty(t, w.String())
	}
	for r := Rep(0); r < numReps; r++ {
		require.NotEmpty(t, r.String())
	}
	for k := ExitKind(0); k < numExitKinds; k++ {
		require.NotEmpty(t, k.String())
	}
}

func TestAppendReasonTable(t *testing.T) {
	table := AppendReasonTable(nil)
	for r := Reason(0); r < numReasons; r++ {
		require.GreaterOrEqual(t, len(table), 2)
		require.Equal(t, r.Speculative(), table[0] == 1, "flag of %v", r)
		name, rest, ended := bytes.Cut(table[1:], []byte{0})
		require.True(t, ended)
		require.Equal(t, r.String(), string(name))
		table = rest
	}
	require.Empty(t, table)
}

func TestBuilder_SharesConstantsAndRuns(t *testing.T) {
	tables := sampleTables()
	require.NoError(t, tables.Validate())
	require.Len(t, tables.Exits, 3)
	require.Len(t, tables.Consts, 1)
	require.Len(t, tables.Values, 5, "the two exits share the run of three values")
	require.Equal(t, tables.Frames[1].FirstValue, tables.Frames[2].FirstValue)
}

func TestBuilder_RejectsImpossibleExits(t *testing.T) {
	physical := Frame{Func: Physical}
	rows := map[string]Exit{
		"no frame":             {},
		"no physical frame":    {Frames: []Frame{{Func: 0}}},
		"physical frame first": {Frames: []Frame{physical, physical}},
		"unknown reason":       {Reason: numReasons, Frames: []Frame{physical}},
		"unknown kind":         {Kind: numExitKinds, Frames: []Frame{physical}},
		"drop of an int":       {Frames: []Frame{physical}, Releases: []Value{{AtGPR, RepInt, 0, 1}}},
		"drop of a local":      {Frames: []Frame{physical}, Releases: []Value{{AtLocal, RepOwned, 0, 1}}},
		"no such register":     {Frames: []Frame{{Func: Physical, Values: []Value{{AtGPR, RepInt, 0, 16}}}}},
		"no such constant":     {Frames: []Frame{{Func: Physical, Values: []Value{{AtConst, RepInt, 0, 0}}}}},
		"payload of null":      {Frames: []Frame{{Func: Physical, Values: []Value{{AtNull, RepOwned, 0, 1}}}}},
	}
	for name, exit := range rows {
		t.Run(name, func(t *testing.T) {
			require.Panics(t, func() { new(Builder).AddExit(exit) })
		})
	}
}

func TestTables_BinaryRoundTrip(t *testing.T) {
	want := sampleTables()
	data := want.AppendBinary(nil)
	require.Zero(t, len(data)%8)
	got, rest, err := Decode(append(data, 1, 2, 3))
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3}, rest)
	require.Equal(t, want, got)
	for n := range data {
		_, _, err := Decode(data[:n])
		require.Error(t, err, "prefix of %d bytes", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sampleTables().AppendBinary(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tables, _, err := Decode(data); err == nil {
			_ = tables.String() // everything in a valid table can be printed
		}
	})
}

func TestTables_String(t *testing.T) {
	require.Equal(t, `entry start bci 0 depth 0 at 0
entry resume bci 9 depth 2 at 64
exit 0 deopt type_guard
  frame inlined const0 bci 4 depth 1: 0<-const0:borrowed
  frame physical bci 20 depth 2: 0<-gpr3:owned 1<-xmm7:float 2<-null
  drop spill2:owned
exit 1 raise exception
  frame physical bci 22 depth 0: 0<-gpr3:owned 1<-xmm7:float 2<-null
exit 2 flush none
  frame physical bci 1 depth 0:
`, sampleTables().String())
}
