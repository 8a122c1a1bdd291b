package ir

import (
	"fmt"

	"pystonlite/specializer/pyabi"
)

// HintKind is what the interpreter's own specialisation says about the operands of an operation, free of version.
type HintKind uint8

// The hints that an opcode byte alone gives.
const (
	HintNone     HintKind = iota
	HintBlind             // the interpreter was kept from specialising the site: what one operand is, the other may be
	HintInt               // both operands exact ints
	HintFloat             // both exact floats
	HintStr               // both exact strs
	HintListInt           // list indexed by a small non-negative int
	HintTupleInt          // tuple indexed likewise
	HintDict              // exact dict
	HintTwoTuple          // UNPACK_SEQUENCE of a pair
	HintTuple             // exact tuple of the right length
	HintList              // exact list of the right length
	HintGeneric           // the interpreter gave up: polymorphic or unsupported
)

var hintNames = [...]string{"none", "blind", "int", "float", "str", "list_int", "tuple_int", "dict", "two_tuple", "tuple", "list", "generic"}

// Hint is the feedback of one generic operation (the Aux of an OpPy instruction) and the states a speculation needs.
type Hint struct {
	Kind   HintKind
	Rec    *pyabi.Feedback // resolved record, or nil
	BCI    int32           // of the instruction
	Failed map[uint16]bool // exit reasons (codemeta.Reason) that fired too often at this site in earlier units
	Before *FrameState     // the state before the instruction: where its guards exit to
	After  *FrameState     // the state after it, its results pushed
}

// String prints the kind, the record kind and the failures, for dumps.
func (h *Hint) String() string {
	s := hintNames[h.Kind]
	if h.Rec != nil {
		s += fmt.Sprintf(" rec=%d", h.Rec.Kind)
	}
	if len(h.Failed) > 0 {
		s += fmt.Sprintf(" failed=%d", len(h.Failed))
	}
	return s
}
