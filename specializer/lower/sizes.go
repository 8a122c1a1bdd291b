package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
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

// falseWhenEmpty goes on at zero when the object's field is zero, at unknown when that says nothing about it, and else falls through.
func (s *selector) falseWhenEmpty(e *emitter, v amd64.Reg, row sized, zero, unknown amd64.Label) {
	const ready = 1 << 7 // in the first byte of the state (Include/cpython/unicodeobject.h)
	e.MI(amd64.Cmp64, amd64.At(v, row.field), 0)
	if row.zero {
		e.Jcc(amd64.E, zero)
		return
	}
	more := e.NewLabel()
	e.Jcc(amd64.NE, more)
	e.MI(amd64.Test8, amd64.At(v, s.off.StrState), ready)
	e.Jcc(amd64.NE, zero)
	e.Jmp(unknown)
	e.Bind(more)
}

// eachSize emits found for each of the classes, one after the other, and goes on at done behind it.
func (s *selector) eachSize(e *emitter, class amd64.Reg, rows []sized, done amd64.Label, found func(row sized)) {
	for _, row := range rows {
		next := e.NewLabel()
		e.cmpAddr(class, s.known(row.class))
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
			s.eachSize(e, amd64.RCX, rows[1:], done, func(row sized) {
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

// truth tells True, False, None, ints and what has a length by themselves, as 0 or 1 in dst. With others, whose class is in the register
// `class` then, it goes on at unknown, which is where rest begins out of line: that ends at done, or leaves.
func (s *selector) truth(e *emitter, v, dst, class amd64.Reg, rest func(done amd64.Label)) {
	other, zero, unknown, done := e.NewLabel(), e.NewLabel(), e.NewLabel(), e.NewLabel()
	e.MovImm64(dst, 1)
	e.cmpAddr(v, s.known(pyabi.KnownTrue))
	e.Jcc(amd64.E, done)
	e.cmpAddr(v, s.known(pyabi.KnownFalse))
	e.Jcc(amd64.NE, other)
	e.Bind(zero)
	e.Zero(dst)
	e.Bind(done)
	e.outOfLine(func() {
		e.Bind(other)
		e.cmpAddr(v, s.known(pyabi.KnownNone))
		e.Jcc(amd64.E, zero)
		e.RM(amd64.Mov64, class, amd64.At(v, s.off.ObjType))
		rows := append([]sized{{pyabi.KnownInt, s.off.VarSize, true}}, s.sizes()...)
		s.eachSize(e, class, rows, done, func(row sized) { s.falseWhenEmpty(e, v, row, zero, unknown) })
		e.Bind(unknown)
		rest(done)
	})
}

// selectPyTruth calls for what the machine code cannot tell.
func selectPyTruth(s *selector, i *ir.Instr) {
	in := s.startCall(i)
	x := s.raise(in)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		s.truth(e, amd64.RDI, amd64.RAX, amd64.RCX, func(done amd64.Label) {
			e.running(i.State)
			e.callAddr(e.helper(pyabi.HelperTruth))
			e.RR(amd64.Test32, amd64.RAX, amd64.RAX)
			e.Jcc(amd64.NS, done)
			e.Jmp(x.label)
		})
	})
}

// selectQuietTruth leaves instead: what else could tell is a method of the class.
func selectQuietTruth(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	t := s.tempIn(in)
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonTypeGuard, i.State, regalloc.Late)
	methods := [...]struct{ table, method int32 }{
		{s.off.TypeAsNumber, s.off.NumberBool}, {s.off.TypeAsMapping, s.off.MappingLength}, {s.off.TypeAsSequence, s.off.SequenceLength},
	}
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		class := reg(l[t])
		s.truth(e, reg(l[a]), reg(l[d]), class, func(done amd64.Label) {
			for _, m := range methods {
				none := e.NewLabel()
				e.RM(amd64.Mov64, scratch, amd64.At(class, m.table))
				e.RR(amd64.Test64, scratch, scratch)
				e.Jcc(amd64.E, none)
				e.MI(amd64.Cmp64, amd64.At(scratch, m.method), 0)
				e.Jcc(amd64.NE, x.label)
				e.Bind(none)
			}
			e.Jmp(done)
		})
	})
}
