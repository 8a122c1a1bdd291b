package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// Iterators and containers of unknown class are mostly those of lists and tuples: the attempts here look for them before
// the call that serves all others.

// takeNext takes the next item of a list iterator, or out of line of a tuple iterator; one without a next item is for the call,
// because its sequence is dropped.
func (s *selector) takeNext(e *emitter, call, done amd64.Label) {
	const it, seq, at = amd64.RDI, amd64.RCX, amd64.R8
	off := s.off
	take := func(items func()) {
		e.RM(amd64.Mov64, seq, amd64.At(it, off.ListIterSeq))
		e.RR(amd64.Test64, seq, seq)
		e.Jcc(amd64.E, call)
		e.RM(amd64.Mov64, at, amd64.At(it, off.ListIterIndex))
		e.RM(amd64.Cmp64, at, amd64.At(seq, off.VarSize))
		e.Jcc(amd64.GE, call)
		e.M(amd64.Inc64, amd64.At(it, off.ListIterIndex))
		items()
		e.countUp(amd64.RAX)
	}
	other := e.NewLabel()
	e.RM(amd64.Mov64, amd64.RAX, amd64.At(it, off.ObjType))
	e.cmpAddr(amd64.RAX, s.known(pyabi.KnownListIter))
	e.Jcc(amd64.NE, other)
	take(func() { e.listItem(amd64.RAX, seq, at) })
	e.outOfLine(func() {
		e.Bind(other)
		e.cmpAddr(amd64.RAX, s.known(pyabi.KnownTupleIter))
		e.Jcc(amd64.NE, call)
		take(func() { e.tupleItem(amd64.RAX, seq, at) })
		e.Jmp(done)
	})
}

// listItem and tupleItem load an item that is there; dst may be the sequence.
func (e *emitter) listItem(dst, list, index amd64.Reg) {
	e.RM(amd64.Mov64, dst, amd64.At(list, e.s.off.ListItems))
	e.RM(amd64.Mov64, dst, amd64.AtIndex(dst, index, 8, 0))
}

func (e *emitter) tupleItem(dst, tuple, index amd64.Reg) {
	e.RM(amd64.Mov64, dst, amd64.AtIndex(tuple, index, 8, e.s.off.TupleItems))
}

// selectPyGetItem looks into lists, out of line into tuples, unless the feedback says that it is a dictionary.
func selectPyGetItem(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperGetItem, val(i.Args[0]), val(i.Args[1]), arg{kind: argContext}, arg{kind: argThread})
	container, key := s.f.Type(i.Args[0]).Set, s.f.Type(i.Args[1]).Set
	if i.Imm != 0 || container&(ir.List|ir.Tuple) == 0 || key&ir.Int == 0 {
		return
	}
	s.attempts(func(e *emitter, call, done amd64.Label) {
		const seq, at = amd64.RDI, amd64.R8
		other := e.NewLabel()
		e.RM(amd64.Mov64, amd64.RAX, amd64.At(seq, s.off.ObjType))
		e.cmpAddr(amd64.RAX, s.known(pyabi.KnownList))
		e.Jcc(amd64.NE, other)
		e.indexIn(at, seq, key, call)
		e.listItem(amd64.RAX, seq, at)
		e.countUp(amd64.RAX)
		e.outOfLine(func() {
			e.Bind(other)
			e.cmpAddr(amd64.RAX, s.known(pyabi.KnownTuple))
			e.Jcc(amd64.NE, call)
			e.indexIn(at, seq, key, call)
			e.tupleItem(amd64.RAX, seq, at)
			e.countUp(amd64.RAX)
			e.Jmp(done)
		})
	})
}

// selectPySetItem replaces items of lists, unless the feedback says that it is a dictionary.
func selectPySetItem(s *selector, i *ir.Instr) {
	s.callHelper(i, pyabi.HelperSetItem, val(i.Args[0]), val(i.Args[1]), val(i.Args[2]), arg{kind: argContext}, arg{kind: argThread})
	container, key := s.f.Type(i.Args[0]).Set, s.f.Type(i.Args[1]).Set
	if i.Imm != 0 || container&ir.List == 0 || key&ir.Int == 0 {
		return
	}
	s.attempts(func(e *emitter, call, done amd64.Label) {
		const list, value, at, item, old = amd64.RDI, amd64.RDX, amd64.R8, amd64.RAX, amd64.RCX
		e.cmpMemAddr(amd64.At(list, s.off.ObjType), s.known(pyabi.KnownList))
		e.Jcc(amd64.NE, call)
		e.indexIn(at, list, key, call)
		e.swapListItem(old, item, list, at, value)
		e.countUp(value)
		e.release(old, death{t: ir.AnyType, state: i.State})
	})
}

// swapListItem replaces an item that is there and loads the old one; place is destroyed, old may be the index.
func (e *emitter) swapListItem(old, place, list, index, value amd64.Reg) {
	e.RM(amd64.Mov64, place, amd64.At(list, e.s.off.ListItems))
	e.Lea(place, amd64.AtIndex(place, index, 8, 0))
	e.RM(amd64.Mov64, old, amd64.At(place, 0))
	e.MR(amd64.Mov64, amd64.At(place, 0), value)
}

// indexIn loads the index that the key in rsi, an object of the classes given, means in a sequence; other keys than ints of at most
// one digit, and indices that are out of bounds, are for the call. It destroys r9.
func (e *emitter) indexIn(at, seq amd64.Reg, classes ir.ClassSet, call amd64.Label) {
	const key, tmp = amd64.RSI, amd64.R9
	off := e.s.off
	if classes != ir.Int {
		e.cmpMemAddr(amd64.At(key, off.ObjType), e.s.known(pyabi.KnownInt))
		e.Jcc(amd64.NE, call)
	}
	negative, inside := e.NewLabel(), e.NewLabel()
	e.shortInt(at, key, tmp, call)
	e.RM(amd64.Cmp64, at, amd64.At(seq, off.VarSize))
	e.Jcc(amd64.AE, negative)
	e.Bind(inside)
	e.outOfLine(func() {
		e.Bind(negative)
		e.RR(amd64.Test64, at, at)
		e.Jcc(amd64.NS, call)
		e.RM(amd64.Add64, at, amd64.At(seq, off.VarSize))
		e.Jcc(amd64.S, call)
		e.Jmp(inside)
	})
}
