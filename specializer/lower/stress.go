package lower

import (
	"hash/fnv"

	"pystonlite/specializer/codemeta"
)

// Stress modes leave machine code where it would go on, so that tests see frames rebuilt at points that programs rarely
// leave at. Results must not change. An exit that is forced has a reason of its own, which is no failed guess: units are
// not retired for it, and later compilations of the site speculate as before.

// stress marks the exits that are taken always: every Nth guard, every Nth of the others. Where counting starts depends on
// the function, so that functions with fewer than N exits have their turn, too. Exits that raise cannot be forced: they need
// an exception.
func (s *selector) stress(opt Options) {
	guards, exits := s.every(opt.StressGuards), s.every(opt.StressExits)
	for k := range s.insts {
		for _, x := range s.insts[k].exits {
			if x.kind == codemeta.ExitRaise {
				continue
			}
			if x.kind == codemeta.ExitDeopt && x.reason.Speculative() {
				x.always = guards()
			} else {
				x.always = exits()
			}
			if x.always && x.kind == codemeta.ExitDeopt {
				// Taken before the instruction does anything, so there is nothing to undo.
				x.reason, x.undo = codemeta.ReasonStress, nil
			}
		}
	}
}

// every says yes at every nth call, never when n is 0.
func (s *selector) every(n uint32) func() bool {
	h := fnv.New32a()
	h.Write([]byte(s.snap.Codes[0].QualName))
	count := uint64(h.Sum32())
	return func() bool {
		count++
		return n != 0 && count%uint64(n) == 0
	}
}

// takeExit leaves before the instruction. A flush only writes the locals, so the instruction follows.
func (e *emitter) takeExit(x *exit) {
	if x.kind == codemeta.ExitFlush {
		e.flushCall(x.shown)
		return
	}
	e.Jmp(x.label)
}
