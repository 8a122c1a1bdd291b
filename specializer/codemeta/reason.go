package codemeta

import "fmt"

// Reason says why an exit exists.  It is what statistics are broken down by, and what decides whether an exit that is
// taken again and again means that the compiler guessed wrong (see Speculative).
type Reason uint16

// The reasons.  The numbers are private to one build: C receives the table when the service starts.
const (
	ReasonNone Reason = iota
	ReasonException
	ReasonTypeGuard
	ReasonIntOverflow
	ReasonIntRange
	ReasonFloatDomain
	ReasonKeysVersion
	ReasonTypeVersion
	ReasonFunctionVersion
	ReasonGlobalValue
	ReasonIndexRange
	ReasonUnboundLocal
	ReasonPoll
	ReasonObserver
	ReasonRecursion
	ReasonCStack
	ReasonUnsupportedOpcode
	ReasonIteratorType
	ReasonDivisionByZero
	ReasonShiftRange
	ReasonListShape
	ReasonDictShape
	ReasonAttrMissing
	ReasonChunkFull
	ReasonNoGenerator
	ReasonNeverRan
	ReasonCollection
	ReasonSuper
	ReasonIsInstance
	ReasonStress

	numReasons
)

// reasonInfo is one row of the reason table.
type reasonInfo struct {
	name string
	// speculative marks a guess about the program that the compiler made from its profile.  Such an exit, taken often,
	// is worth a recompilation without the guess; the others happen in correct code whatever is compiled.
	speculative bool
}

var reasons = [numReasons]reasonInfo{
	ReasonNone:              {"none", false},
	ReasonException:         {"exception", false},
	ReasonTypeGuard:         {"type_guard", true},
	ReasonIntOverflow:       {"int_overflow", true},
	ReasonIntRange:          {"int_range", true},
	ReasonFloatDomain:       {"float_domain", true},
	ReasonKeysVersion:       {"keys_version", true},
	ReasonTypeVersion:       {"type_version", true},
	ReasonFunctionVersion:   {"function_version", true},
	ReasonGlobalValue:       {"global_value", true},
	ReasonIndexRange:        {"index_range", true},
	ReasonUnboundLocal:      {"unbound_local", true},
	ReasonPoll:              {"poll", false},
	ReasonObserver:          {"observer", false}, // tracing, or another frame evaluation function
	ReasonRecursion:         {"recursion", false},
	ReasonCStack:            {"c_stack", false},
	ReasonUnsupportedOpcode: {"unsupported_opcode", false},
	ReasonIteratorType:      {"iterator_type", true},
	ReasonDivisionByZero:    {"division_by_zero", true},
	ReasonShiftRange:        {"shift_range", true},
	ReasonListShape:         {"list_shape", true},
	ReasonDictShape:         {"dict_shape", true},
	ReasonAttrMissing:       {"attr_missing", true},
	ReasonChunkFull:         {"chunk_full", false},
	ReasonNoGenerator:       {"no_generator", false},
	ReasonNeverRan:          {"never_ran", true},   // code that had never run when it was compiled
	ReasonCollection:        {"collection", false}, // an allocation at which the cyclic collector would run
	ReasonSuper:             {"super", true},       // super() gives something else than a method
	ReasonIsInstance:        {"isinstance", true},  // the object's class leaves the answer to its __class__
	ReasonStress:            {"stress", false},
}

// String returns the printable name of the reason.
func (r Reason) String() string {
	if r < numReasons {
		return reasons[r].name
	}
	return fmt.Sprintf("Reason(%d)", uint16(r))
}

// Speculative reports whether exits of this reason are failed guesses, which count towards recompiling their unit.
func (r Reason) Speculative() bool { return r < numReasons && reasons[r].speculative }

// StandingGuard says whether guards leave for that reason which stand where no instruction of their own does: at entries and
// where paths meet.
func StandingGuard(reason uint16) bool {
	switch Reason(reason) {
	case ReasonTypeGuard, ReasonUnboundLocal, ReasonIntRange:
		return true
	}
	return false
}

// NumReasons is the number of reasons; the valid ones are below it.
func NumReasons() int { return int(numReasons) }

// AppendReasonTable appends the table in the form C reads: for each reason one byte (1 when speculative), the name, a
// zero byte.
func AppendReasonTable(out []byte) []byte {
	for _, row := range reasons {
		flag := byte(0)
		if row.speculative {
			flag = 1
		}
		out = append(out, flag)
		out = append(out, row.name...)
		out = append(out, 0)
	}
	return out
}
