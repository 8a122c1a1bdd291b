package specializer

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/passes"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// FuzzCompile holds that no bytes make the compiler panic: it may refuse, it may compile nonsense. A snapshot comes from
// the interpreter that will run the code, so nonsense cannot happen in a process; but a mistake of the shim must cost one
// function and not the service.
func FuzzCompile(f *testing.F) {
	for _, c := range testcases.All() {
		f.Add(c.Snapshot)
	}
	good, err := pyabi.Decode(testcases.All()[0].Snapshot)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 8 { // otherwise nearly all inputs stop at the length
			data = append([]byte(nil), data...)
			binary.LittleEndian.PutUint32(data[4:], uint32(len(data)))
		}
		if s, err := pyabi.Decode(data); err == nil {
			// Struct offsets are constants of the shim.
			s.Offsets = good.Offsets
			data = pyabi.Encode(s)
		}
		compileAnything(t, data)
	})
}

// compileAnything fails the test when the compiler makes a mistake with a snapshot, which may be nonsense.
func compileAnything(t *testing.T, data []byte) {
	t.Helper()
	_, err := Compile(data, Options{Verify: true})
	var pass *passes.PassError
	if errors.As(err, &pass) {
		t.Fatalf("%v\n%s", err, pass.Stack)
	}
}

// TestCompile_mutatedSnapshots is FuzzCompile with mutations that keep a snapshot readable: bytecode, sizes, flags and
// feedback change, references to objects stay references to objects.
func TestCompile_mutatedSnapshots(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	compiled := 0
	for _, c := range testcases.All() {
		rng := rand.New(rand.NewPCG(1, 2))
		for range rounds {
			s, err := pyabi.Decode(c.Snapshot)
			require.NoError(t, err)
			for range 1 + rng.IntN(3) {
				mutate(s, rng)
			}
			data := pyabi.Encode(s)
			if _, err := pyabi.Decode(data); err == nil {
				compiled++
			}
			compileAnything(t, data)
		}
	}
	require.Greater(t, compiled, rounds, "hardly a mutation left a snapshot readable")
}

// mutate changes one thing.
func mutate(s *pyabi.Snapshot, rng *rand.Rand) {
	code := &s.Codes[0]
	object := func() pyabi.ObjID { return pyabi.ObjID(rng.IntN(len(s.Objects))) }
	unit := func() int { return 2 * rng.IntN(len(code.Bytes)/2) }
	sizes := []*int32{&code.ArgCount, &code.KwOnly, &code.StackSize, &code.NCells, &code.NFree}
	switch rng.IntN(12) {
	case 0:
		code.Bytes[unit()] = byte(rng.IntN(256))
	case 1:
		code.Bytes[unit()+1] = byte(rng.IntN(16))
	case 2:
		code.Bytes[unit()+1] = byte(rng.IntN(256))
	case 3:
		at := unit()
		code.Adaptive[at] = code.Adaptive[unit()]
	case 4:
		at := unit()
		code.Bytes[at], code.Bytes[at+1] = code.Bytes[unit()], code.Bytes[unit()+1]
	case 5:
		s.EntryBCI = uint32(unit() / 2)
	case 6:
		*sizes[rng.IntN(len(sizes))] = int32(rng.IntN(4))
	case 7:
		code.Flags ^= 1 << rng.IntN(10)
	case 8:
		if len(s.Profile) > 0 {
			s.Profile[rng.IntN(len(s.Profile))] = uint16(1) << rng.IntN(16)
		}
	case 9:
		if len(s.Codes[0].Feedback) > 0 {
			f := &s.Codes[0].Feedback[rng.IntN(len(s.Codes[0].Feedback))]
			f.Kind = pyabi.FbGlobal + pyabi.FeedbackKind(rng.IntN(int(pyabi.FbWithHint)))
			f.Type, f.Value, f.Value2 = object(), object(), object()
		}
	case 10:
		if len(code.Consts) > 0 {
			code.Consts[rng.IntN(len(code.Consts))] = object()
		}
	case 11:
		s.Codes[0].Sites = append(s.Codes[0].Sites, pyabi.Site{BCI: uint32(unit() / 2), Reason: uint16(rng.IntN(40)), Count: 9})
		if n := len(s.Codes[0].Sites); n > 1 && s.Codes[0].Sites[n-2].BCI > s.Codes[0].Sites[n-1].BCI {
			s.Codes[0].Sites = s.Codes[0].Sites[:n-1]
		}
	}
}
