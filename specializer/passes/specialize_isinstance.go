package passes

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// isinstance(x, C) and isinstance(x, (A, B)) of known classes become operations that run no Python code and know of no tuple.

// builtTuple is an instruction that makes a tuple, with its feedback, behind a guard against collections.
type builtTuple struct {
	made *ir.Instr
	hint *ir.Hint
}

// isInstance answers for known classes from the table of answers, without running Python code. Others are left to C: a class whose
// metaclass has a say, and more than a few classes at once.
func (s *specializer) isInstance(i *ir.Instr, h *ir.Hint, args []ir.Value) ir.Value {
	class := args[1:]
	tuple := s.madeLast(class[0])
	if tuple {
		h, class = s.tuple.hint, s.tuple.made.Args
	}
	const most = 3 // all are asked
	if len(class) == 0 || len(class) > most || !s.allAnswer(class) || failed(h, codemeta.ReasonIsInstance) {
		return s.add(ir.OpIsInstance, 0, i.State, args...)
	}
	if tuple {
		s.dropTuple()
	}
	is := ir.NoValue
	for _, c := range class {
		obj, level := s.constOf(c), int64(1)
		if !tuple && s.snap.IsOfType(obj) {
			level = 0
		}
		v := s.add(ir.OpInstanceOf, level, h.Before, args[0])
		s.last().Obj = uint32(obj)
		if is != ir.NoValue {
			v = s.add(ir.OpOrBool, 0, nil, is, v)
		}
		is = v
	}
	return is
}

// allAnswer says whether all are known classes that type answers for.
func (s *specializer) allAnswer(classes []ir.Value) bool {
	for _, c := range classes {
		obj := s.constOf(c)
		if obj == pyabi.NoObj || s.snap.Objects[obj].Kind != pyabi.KindType || !s.snap.Objects[obj].Class.Answers {
			return false
		}
	}
	return true
}

// madeLast says whether v is the tuple that the last instruction has made.
func (s *specializer) madeLast(v ir.Value) bool {
	return s.tuple.made != nil && s.last() == s.tuple.made && s.tuple.made.Result() == v
}

// dropTuple takes that instruction back, and the guard in front of it.
func (s *specializer) dropTuple() { s.out = s.out[:len(s.out)-2] }
