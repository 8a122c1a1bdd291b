package cp311

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/pyabi"
)

// Code that has never run is not compiled: it becomes an exit, and what only it leads to is not reached. Most branches of long
// functions are such code. When the program gets there after all, stock runs it, which collects its feedback, and after some
// times the unit is made anew with it.
//
// The interpreter shows what it has run since it began to collect feedback, with the ninth call or loop of a code object: an
// instruction that waits to be specialised has a counter in its first cache entry, which is zero until it has run
// (Python/specialize.c, _PyCode_Quicken). It shows nothing of what machine code has run, which is no matter if that was compiled under
// this rule, and is all that counts if there was no feedback yet (pyabi.Code.Unseen).

// ran knows what has run of one code object.
type ran struct {
	known bool
	code  *pyabi.Code
	again map[int32]bool // where code was left because it had never run
}

// mostAgain is how many times code may turn out to run after all. Then all of it is compiled: it is in a new phase.
const mostAgain = 2

func newRan(code *pyabi.Code, instrs []Instr) *ran {
	r := &ran{known: quickened(instrs) && !code.Unseen, code: code}
	for _, s := range code.Sites {
		if codemeta.Reason(s.Reason) == codemeta.ReasonNeverRan {
			if r.again == nil {
				r.again = map[int32]bool{}
			}
			r.again[int32(s.BCI)] = true
		}
	}
	r.known = r.known && len(r.again) < mostAgain
	return r
}

// quickened says whether the interpreter specialises the code as it runs.
func quickened(instrs []Instr) bool {
	for k := range instrs {
		if instrs[k].Op == OpResume {
			return instrs[k].Adaptive == OpResumeQuick
		}
	}
	return false
}

// until is the instruction at which a block is left because it has never run, or -1: its beginning, unless an earlier instruction has run,
// which must have raised an exception then. An inlined function cannot raise: a block of one that does is left at its beginning, and the
// function refused if that happens.
func (r *ran) until(blk *block, instrs []Instr, inlined bool) int {
	leave, begun := -1, false
	for k := blk.first; k < blk.last && leave < 0; k++ {
		in := &instrs[k]
		switch {
		case inlined && in.Op == OpRaiseVarargs:
			leave = blk.first
			if r.again[instrs[leave].Start] {
				frontend.Refuse("raises an exception")
			}
		case !r.known || adaptive[in.Op] == 0:
		case !r.never(in):
			begun = true
		default:
			at := blk.first
			if begun {
				at = k
				if opens[instrs[k-1].Op] {
					at--
				}
			}
			if !r.again[instrs[at].Start] {
				leave = at
			}
		}
	}
	return leave
}

// opens are the instructions that are translated together with the next one: between the two stock has what no frame keeps (the
// names of keywords), or an object that machine code does not make (a slice).
var opens = [256]bool{OpKwNames: true, OpBuildSlice: true}

// never says whether the interpreter has not run the instruction yet, which is one that it specialises.
func (r *ran) never(in *Instr) bool {
	count, ok := counter(r.code, in)
	return ok && count == 0 && in.Adaptive == adaptive[in.Op]
}

// counter is the first cache entry of an instruction that has one; what it counts depends on the opcode.
func counter(code *pyabi.Code, in *Instr) (count int, ok bool) {
	at := 2 * (int(in.BCI) + 1)
	if at+1 >= len(code.Adaptive) {
		return 0, false
	}
	return int(code.Adaptive[at]) | int(code.Adaptive[at+1])<<8, true
}

// adaptive says of opcodes that the interpreter specialises where they run what they are until then; 0 for all others. CALL is not
// among them: a specialised PRECALL of a C function makes the call itself and skips it, so that it never runs.
var adaptive = [256]uint8{
	OpBinaryOp: OpBinaryOpAdaptive, OpBinarySubscr: OpBinarySubscrAdaptive, OpCompareOp: OpCompareOpAdaptive,
	OpLoadAttr: OpLoadAttrAdaptive, OpLoadGlobal: OpLoadGlobalAdaptive, OpLoadMethod: OpLoadMethodAdaptive,
	OpPrecall: OpPrecallAdaptive, OpStoreAttr: OpStoreAttrAdaptive, OpStoreSubscr: OpStoreSubscrAdaptive,
	OpUnpackSequence: OpUnpackSequenceAdaptive,
}
