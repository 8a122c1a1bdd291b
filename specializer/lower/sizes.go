package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// sizes are the classes whose objects have their length in a field. A str may have a length of zero before it is ready, which
// tells nothing.
func (s *selector) sizes() []sized {
	off := s.off
	return []sized{
		{pyabi.KnownList, off.VarSize, true}, {pyabi.KnownTuple, off.VarSize, true}, {pyabi.KnownDict, off.DictUsed, true},
		{pyabi.KnownStr, off.StrLength, false}, {pyabi.KnownBytes, off.VarSize, true},
	}
}

type sized struct {
	class pyabi.WellKnown
	field int32
	zero  bool // a zero is a length, too
}

// eachSize emits found for each of the classes, one after the other, and goes on at done behind it; rcx is the class of the object.
func (s *selector) eachSize(e *emitter, rows []sized, done amd64.Label, found func(row sized)) {
	for _, row := range rows {
		next := e.NewLabel()
		e.cmpAddr(amd64.RCX, s.known(row.class))
		e.Jcc(amd64.NE, next)
		found(row)
		e.Jmp(done)
		e.Bind(next)
	}
}

// selectLen reads the length of objects that have one, lists first, and asks others out of line.
func selectLen(s *selector, i *ir.Instr) {
	in := s.startCall(i)
	x := s.raise(in)
	rows := s.sizes()
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		other, call, done := e.NewLabel(), e.NewLabel(), e.NewLabel()
		e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, s.off.ObjType))
		e.cmpAddr(amd64.RCX, s.known(rows[0].class))
		e.Jcc(amd64.NE, other)
		e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.RDI, rows[0].field))
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(other)
			s.eachSize(e, rows[1:], done, func(row sized) {
				e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.RDI, row.field))
				if !row.zero {
					e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
					e.Jcc(amd64.E, call)
				}
			})
			e.Bind(call)
			e.running(i.State)
			e.callAddr(e.helper(pyabi.HelperLen))
			e.checkResult("l", x)
			e.Jmp(done)
		})
	})
}

// selectPyTruth tells True, False, None, ints and what has a length by themselves before it calls.
func selectPyTruth(s *selector, i *ir.Instr) {
	in := s.startCall(i)
	x := s.raise(in)
	yes := s.known(pyabi.KnownTrue)
	no := s.known(pyabi.KnownFalse)
	none := s.known(pyabi.KnownNone)
	rows := append([]sized{{pyabi.KnownInt, s.off.VarSize, true}}, s.sizes()...)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		other, zero, call, done := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
		e.MovImm64(amd64.RAX, 1)
		e.cmpAddr(amd64.RDI, yes)
		e.Jcc(amd64.E, done)
		e.cmpAddr(amd64.RDI, no)
		e.Jcc(amd64.NE, other)
		e.Bind(zero)
		e.Zero(amd64.RAX)
		e.Bind(done)
		e.outOfLine(func() {
			e.Bind(other)
			e.cmpAddr(amd64.RDI, none)
			e.Jcc(amd64.E, zero)
			e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, s.off.ObjType))
			s.eachSize(e, rows, done, func(row sized) {
				e.MI(amd64.Cmp64, amd64.At(amd64.RDI, row.field), 0)
				if row.zero {
					e.Jcc(amd64.E, zero)
				} else {
					e.Jcc(amd64.E, call)
				}
			})
			e.Bind(call)
			e.running(i.State)
			e.callAddr(e.helper(pyabi.HelperTruth))
			e.RR(amd64.Test32, amd64.RAX, amd64.RAX)
			e.Jcc(amd64.NS, done)
			e.Jmp(x.label)
		})
	})
}
