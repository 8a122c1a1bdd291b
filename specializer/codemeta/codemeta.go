// Package codemeta holds what the compiler says about its machine code beside the code itself: for every exit, where
// each live value is and which frames have to be rebuilt from them.
//
// The types mirror the structs of cshim/exitmeta.h one to one, because the tables are copied into C memory and read there
// when an exit is taken.  A test compiles that header and compares sizes and offsets.
//
// Code: types here, building in builder.go, binary form in binary.go, text in print.go, exit reasons in reason.go.
package codemeta

import "fmt"

// Where says where a value is at an exit.
type Where uint8

// The places; the comment says what the payload is.
const (
	AtNull  Where = iota // the NULL reference; no payload
	AtGPR                // hardware number of a general register
	AtXMM                // 0..15
	AtSpill              // 8-byte slot above rsp
	AtConst              // index into Tables.Consts
	AtLocal              // localsplus index of the same frame, whose memory is current

	numWheres
)

var whereNames = [numWheres]string{
	AtNull: "null", AtGPR: "gpr", AtXMM: "xmm", AtSpill: "spill", AtConst: "const", AtLocal: "local",
}

// String returns the name of the place.
func (w Where) String() string {
	if w < numWheres {
		return whereNames[w]
	}
	return fmt.Sprintf("Where(%d)", uint8(w))
}

// Rep says what the bits of a value are.
type Rep uint8

// The representations.
const (
	RepOwned    Rep = iota // object reference that the machine frame owns: the exit moves it
	RepBorrowed            // object reference that somebody else owns: the exit takes a new reference
	RepInt                 // signed 64-bit, boxed as int
	RepFloat               // double, boxed as float
	RepBool                // 0 or 1, boxed as bool

	numReps
)

var repNames = [numReps]string{
	RepOwned: "owned", RepBorrowed: "borrowed", RepInt: "int", RepFloat: "float", RepBool: "bool",
}

// String returns the name of the representation.
func (r Rep) String() string {
	if r < numReps {
		return repNames[r]
	}
	return fmt.Sprintf("Rep(%d)", uint8(r))
}

// ExitKind says how execution goes on.
type ExitKind uint8

// The kinds.
const (
	ExitDeopt ExitKind = iota // the interpreter continues at the bci
	ExitRaise                 // an exception is set, raised by the instruction at the bci
	ExitFlush                 // the values are stored into the frame, elided frames exist while the releases are made, and the machine code continues

	numExitKinds
)

var exitKindNames = [numExitKinds]string{ExitDeopt: "deopt", ExitRaise: "raise", ExitFlush: "flush"}

// String returns the name of the kind.
func (k ExitKind) String() string {
	if k < numExitKinds {
		return exitKindNames[k]
	}
	return fmt.Sprintf("ExitKind(%d)", uint8(k))
}

// Value is pl_value: one live value and the frame slot it goes to.
type Value struct {
	Where   Where
	Rep     Rep
	Slot    uint16 // localsplus index, locals and operand stack alike
	Payload uint32
}

// ExitFrame is pl_exit_frame: one frame of an exit.
type ExitFrame struct {
	Func       uint32 // constant index of the inlined function object; Physical for the frame that exists
	BCI        uint32 // innermost frame: where to continue, or what raised; others: the call that is running
	FirstValue uint32 // range in Tables.Values
	NValues    uint32
	Depth      uint16 // live operand stack entries once the values are stored
	Init       uint16 // 1: an __init__, whose instance is on top of the caller's stack; its None is dropped
}

// Physical marks the frame of an exit that exists already.
const Physical = 0xffffffff

// ExitRec is pl_exit_rec: one exit.
type ExitRec struct {
	Kind         ExitKind
	Pad          uint8
	Reason       Reason
	FirstFrame   uint32 // range in Tables.Frames, innermost frame first
	NFrames      uint32
	FirstRelease uint32 // range in Tables.Values: references the machine frame owns and the exit drops
	NRelease     uint32
}

// EntryKind is enum pl_entry_kind; the first ones are those of ir.EntryKind.
type EntryKind uint16

// The kinds of entries.
const (
	EntryStart   EntryKind = iota // the ordinary start
	EntryHandler                  // an exception handler
	EntryResume                   // where a generator goes on
	EntryThrown                   // a handler, for what is thrown into a suspended generator

	numEntryKinds
)

// Entry is pl_entry: one of the places at which a unit with several can be entered, the frame's memory being current.
type Entry struct {
	BCI    uint32 // the next instruction
	Depth  uint16 // live operand stack entries
	Kind   EntryKind
	Offset uint32 // of its machine code
}

// Tables is all metadata of one unit.
type Tables struct {
	Entries []Entry // empty: the only entry is the start of the code
	Exits   []ExitRec
	Frames  []ExitFrame
	Values  []Value
	Consts  []uint64 // raw words: object addresses, integers, bits of doubles
}

// FramesOf returns the frames of an exit, the innermost first.
func (t *Tables) FramesOf(e *ExitRec) []ExitFrame { return t.Frames[e.FirstFrame:][:e.NFrames] }

// ValuesOf returns the values of a frame.
func (t *Tables) ValuesOf(f *ExitFrame) []Value { return t.Values[f.FirstValue:][:f.NValues] }

// ReleasesOf returns the values that an exit drops.
func (t *Tables) ReleasesOf(e *ExitRec) []Value { return t.Values[e.FirstRelease:][:e.NRelease] }

// Validate checks everything that C relies on.  A nil result means that every index in the tables is in range and that
// every exit ends in exactly one physical frame.
func (t *Tables) Validate() error {
	for id := range t.Exits {
		if err := t.validateExit(&t.Exits[id]); err != nil {
			return fmt.Errorf("exit %d: %w", id, err)
		}
	}
	for i, v := range t.Values {
		if err := t.validateValue(v); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	for i, e := range t.Entries {
		if e.Kind >= numEntryKinds || (e.Kind == EntryStart) != (i == 0) {
			return fmt.Errorf("entry %d is of kind %d", i, e.Kind)
		}
	}
	return nil
}

func (t *Tables) validateExit(e *ExitRec) error {
	switch {
	case e.Kind >= numExitKinds || e.Reason >= numReasons:
		return fmt.Errorf("kind %v or reason %v unknown", e.Kind, e.Reason)
	case e.NFrames == 0 || !inRange(e.FirstFrame, e.NFrames, len(t.Frames)):
		return fmt.Errorf("frames %d+%d of %d", e.FirstFrame, e.NFrames, len(t.Frames))
	case !inRange(e.FirstRelease, e.NRelease, len(t.Values)):
		return fmt.Errorf("releases %d+%d of %d", e.FirstRelease, e.NRelease, len(t.Values))
	}
	for _, v := range t.ReleasesOf(e) {
		if v.Rep != RepOwned || v.Where == AtLocal {
			return fmt.Errorf("release of %v value in %v", v.Rep, v.Where)
		}
	}
	frames := t.FramesOf(e)
	for i, f := range frames {
		physical := i == len(frames)-1
		switch {
		case physical != (f.Func == Physical):
			return fmt.Errorf("frame %d of %d: function constant %d", i, len(frames), f.Func)
		case !physical && int(f.Func) >= len(t.Consts):
			return fmt.Errorf("frame %d: function constant %d of %d", i, f.Func, len(t.Consts))
		case !inRange(f.FirstValue, f.NValues, len(t.Values)):
			return fmt.Errorf("frame %d: values %d+%d of %d", i, f.FirstValue, f.NValues, len(t.Values))
		}
	}
	return nil
}

func (t *Tables) validateValue(v Value) error {
	limit := uint32(1)
	switch v.Where {
	case AtGPR, AtXMM:
		limit = 16
	case AtSpill, AtLocal:
		limit = 1 << 16
	case AtConst:
		limit = uint32(len(t.Consts))
	}
	if v.Where >= numWheres || v.Rep >= numReps || v.Payload >= limit {
		return fmt.Errorf("%v %v with payload %d (limit %d)", v.Rep, v.Where, v.Payload, limit)
	}
	return nil
}

// inRange reports whether first+n lies within a table of size elements, without overflowing.
func inRange(first, n uint32, size int) bool { return uint64(first)+uint64(n) <= uint64(size) }
