package pyabi

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a snapshot with every kind of object and every section filled.
func sample() *Snapshot {
	s := &Snapshot{
		RequestID: 7, Unit: 0x1000, EntryBCI: 2, Flags: 1, Version: 0x030b02f0, Breaker: 0x4000, SmallInts: 0x5000,
		Helpers: make([]uint64, NumHelpers), Known: make([]ObjID, NumKnown),
		Func: 8, Globals: 13, Builtins: 13,
		Objects: []Object{
			{},
			{Addr: 1, Type: 2, Kind: KindNone},
			{Addr: 2, Type: 2, Kind: KindBool, Int: 1},
			{Addr: 3, Type: 2, Kind: KindInt, Fits: true, Int: -5},
			{Addr: 4, Type: 2, Kind: KindFloat, Bits: 0x3ff0000000000000},
			{Addr: 5, Type: 2, Kind: KindStr, Fits: true, Text: "né"},
			{Addr: 6, Type: 2, Kind: KindTuple, Fits: true, Items: []ObjID{3, 4}},
			{Addr: 7, Type: 2, Kind: KindCode, Index: 0},
			{Addr: 8, Type: 2, Kind: KindFunction, Text: "C.f", Func: FuncInfo{
				Code: 7, Version: 0xe0000001, Defaults: []ObjID{3}, KwOnly: true, Closure: true, Globals: 9, Builtins: 10}},
			{Addr: 9, Type: 2, Kind: KindType, Text: "C", Class: ClassInfo{
				Version: 80, Flags: 1 << 40, BasicSize: 16, KeysVersion: 3, Keys: 0x6000, Managed: true, Answers: true, Init: 8}},
			{Addr: 10, Type: 2, Kind: KindCFunction, Text: "len", CFunc: CFuncInfo{Meth: 99, Flags: 8, Self: 12}},
			{Addr: 11, Type: 2, Kind: KindMethodDescr, Text: "append", CFunc: CFuncInfo{Meth: 98, Flags: 8, Self: 9}},
			{Addr: 12, Type: 2, Kind: KindModule},
			{Addr: 13, Type: 2, Kind: KindDict},
			{Addr: 14, Type: 2, Kind: KindBytes},
			{Addr: 15, Type: 2, Kind: KindOther},
			{Addr: 16, Type: 2, Kind: KindCode, Index: -1},
		},
		Codes: []Code{{
			Obj: 7, Cell: 77, QualName: "C.f", File: "c.py", FirstLine: 3, ArgCount: 1, KwOnly: 1, Flags: 3, NLocals: 2,
			NLocalsPlus: 2, StackSize: 4, Addr: 700, Bytes: []byte{151, 0, 124, 0, 83, 0}, Adaptive: []byte{150, 0, 124, 0, 83, 0},
			Consts: []ObjID{1, 3}, Names: []ObjID{5}, LocalNames: []ObjID{5, 5}, LocalKinds: []byte{0x20, 0x20},
			ExcTable: []byte{1, 2, 3},
			Feedback: []Feedback{
				{BCI: 1, Kind: FbGlobal, Keys: 4, Index: 2, Value: 8},
				{BCI: 2, Kind: FbMethod, Type: 9, TypeVersion: 80, Keys: 3, Value: 8},
			},
			Sites: []Site{{BCI: 1, Reason: 5, Count: 9}, {BCI: 1, Reason: 6, Count: 1}},
		}},
		Profile: []uint16{ProfileInt, ProfileFloat, ProfileOther},
		Resumes: []Operand{{BCI: 1, Depth: 0, Types: ProfileRangeIter}},
	}
	for i, f := range s.Offsets.fields() {
		*f = int32(i) - 3
	}
	s.Known[KnownNone] = 1
	return s
}

func TestDecode_isTheInverseOfEncode(t *testing.T) {
	want := sample()
	data := Encode(want)
	require.Equal(t, "PLS1", string(data[:4]))
	require.Equal(t, uint32(len(data)), binary.LittleEndian.Uint32(data[4:]))
	require.Equal(t, want.RequestID, binary.LittleEndian.Uint64(data[8:]))
	require.Equal(t, want.Unit, binary.LittleEndian.Uint64(data[16:]))
	require.Equal(t, want.EntryBCI, binary.LittleEndian.Uint32(data[24:]))
	got, err := Decode(data)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, data, Encode(got))
}

func TestDecode_refusesEveryTruncation(t *testing.T) {
	data := Encode(sample())
	for n := range data {
		_, err := Decode(data[:n])
		require.Error(t, err, "%d of %d bytes", n, len(data))
		// Also when the length says that this is all.
		short := append([]byte(nil), data[:n]...)
		if n >= 8 {
			binary.LittleEndian.PutUint32(short[4:], uint32(n))
		}
		_, err = Decode(short)
		require.Error(t, err, "%d of %d bytes", n, len(data))
	}
}

func TestDecode_refusesDanglingReferences(t *testing.T) {
	rows := map[string]func(*Snapshot){
		"well-known object":        func(s *Snapshot) { s.Known[3] = 99 },
		"root object":              func(s *Snapshot) { s.Globals = 99 },
		"feedback object":          func(s *Snapshot) { s.Codes[0].Feedback[0].Value = 99 },
		"of 3 units":               func(s *Snapshot) { s.Codes[0].Feedback[1].BCI = 3 },
		"feedback at 1 after 1":    func(s *Snapshot) { s.Codes[0].Feedback[1].BCI = 1 },
		"deopt site at 0 after 1":  func(s *Snapshot) { s.Codes[0].Sites[1].BCI = 0 },
		"entry at 3 of 3":          func(s *Snapshot) { s.EntryBCI = 3 },
		"operand 0 at 9000":        func(s *Snapshot) { s.Resumes[0].BCI = 9000 },
		"profile of 7 slots":       func(s *Snapshot) { s.Profile = make([]uint16, 7) },
		"constant 99":              func(s *Snapshot) { s.Codes[0].Consts[0] = 99 },
		"name 3 is of kind":        func(s *Snapshot) { s.Codes[0].Names[0] = 3 },
		"local name 99":            func(s *Snapshot) { s.Codes[0].LocalNames[1] = 99 },
		"code with a size of -1":   func(s *Snapshot) { s.Codes[0].StackSize = -1 },
		"2 names and 1 kinds":      func(s *Snapshot) { s.Codes[0].LocalKinds = s.Codes[0].LocalKinds[:1] },
		"do not hold":              func(s *Snapshot) { s.Codes[0].ArgCount = 2 },
		"code of 6 and 4 bytes":    func(s *Snapshot) { s.Codes[0].Adaptive = s.Codes[0].Adaptive[:4] },
		"code object 3 is of kind": func(s *Snapshot) { s.Codes[0].Obj = 3 },
		"item 99":                  func(s *Snapshot) { s.Objects[6].Items[1] = 99 },
		"code number 1 of 1":       func(s *Snapshot) { s.Objects[16].Index = 1 },
		"is of object 7":           func(s *Snapshot) { s.Objects[16].Index = 0 },
		"code of a function":       func(s *Snapshot) { s.Objects[8].Func.Code = 3 },
		"__init__ 3":               func(s *Snapshot) { s.Objects[9].Class.Init = 3 },
		"self 99":                  func(s *Snapshot) { s.Objects[10].CFunc.Self = 99 },
		"placeholder":              func(s *Snapshot) { s.Objects[0].Addr = 1 },
		"no code":                  func(s *Snapshot) { s.Codes = nil },
		"helpers":                  func(s *Snapshot) { s.Helpers = s.Helpers[1:] },
		"object of kind 77":        func(s *Snapshot) { s.Objects[15].Kind = 77 },
		"feedback of kind 0":       func(s *Snapshot) { s.Codes[0].Feedback[0].Kind = 0 },
	}
	for want, break_ := range rows {
		t.Run(want, func(t *testing.T) {
			s := sample()
			break_(s)
			_, err := Decode(Encode(s))
			require.ErrorContains(t, err, want)
		})
	}
}

func TestDecode_allocatesInProportion(t *testing.T) {
	data := Encode(sample())
	// Every aligned word in turn says that four thousand million elements follow.
	for at := 8; at+4 <= len(data); at++ {
		huge := append([]byte(nil), data...)
		binary.LittleEndian.PutUint32(huge[at:], 0xfffffff0)
		var before, after uint64
		before = allocated()
		_, _ = Decode(huge)
		after = allocated()
		require.Less(t, after-before, uint64(1<<20), "at byte %d", at)
	}
}

func TestHelpers_groupsAreInInstructionOrder(t *testing.T) {
	require.Equal(t, HelperXor, HelperBinary(12))
	require.Equal(t, HelperInplaceAdd, HelperBinary(13))
	require.Equal(t, HelperInplaceXor, HelperBinary(25))
	require.Equal(t, HelperCompareGE, HelperCompare(5))
	require.Equal(t, HelperCompareBoolGE, HelperCompareBool(5))
	require.Equal(t, "Power", HelperBinary(8).String())
	require.Equal(t, "oo", HelperBinary(8).Row().Args)
	require.Equal(t, "None", KnownNone.String())
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(sample()))
	f.Add([]byte("PLS1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 8 { // otherwise nearly all inputs stop at the length
			data = append([]byte(nil), data...)
			binary.LittleEndian.PutUint32(data[4:], uint32(len(data)))
		}
		s, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(Encode(s))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
