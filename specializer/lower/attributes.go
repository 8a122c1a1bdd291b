package lower

import (
	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// selectDictAttr reads an entry of the dictionary that has taken the place of inline values. How wide the indices in front of
// the entries are depends on the size of that dictionary. Mostly it is one that __dict__ has made of inline values, whose keys all instances
// share and whose values are apart: CPython's own specialised instruction misses there each time.
func selectDictAttr(s *selector, i *ir.Instr) {
	in := s.start()
	a := in.useLate(s.vreg(i.Args[0]))
	d := in.defEarly(s.vreg(i.Result()))
	t := in.op(regalloc.Operand{V: s.temp(regalloc.ClassInt), Kind: regalloc.Def, C: regalloc.Fixed, Reg: regalloc.PReg(amd64.RCX), Pos: regalloc.Early})
	x := s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonDictShape, i.State, regalloc.Late)
	s.finish(in, func(e *emitter, l []regalloc.Loc) {
		off, dst, rcx := s.off, reg(l[d]), reg(l[t])
		entry := off.KeysIndices + int32(i.Imm)*off.UnicodeEntrySize
		findEntry := func() { // from the keys in dst: what the offset `entry` counts from, there too
			e.MI(amd64.Cmp64, amd64.At(dst, off.KeysEntries), int32(i.Imm))
			e.Jcc(amd64.LE, x.label)
			e.RM(amd64.Movzx8, rcx, amd64.At(dst, off.KeysLog2IndexBytes))
			e.MovImm64(scratch, 1)
			e.R(amd64.ShlCL64, scratch)
			e.RR(amd64.Add64, dst, scratch)
			e.cmpMemAddr(amd64.At(dst, entry+off.UnicodeEntryKey), s.snap.Objects[i.Obj].Addr)
			e.Jcc(amd64.NE, x.label)
		}
		split, found := e.NewLabel(), e.NewLabel()
		e.RM(amd64.Mov64, dst, amd64.At(reg(l[a]), off.ManagedDict))
		e.RR(amd64.Test64, dst, dst)
		e.Jcc(amd64.E, x.label)
		e.RM(amd64.Mov64, dst, amd64.At(dst, off.DictKeys))
		e.MI(amd64.Cmp8, amd64.At(dst, off.KeysKind), off.KeysKindUnicode)
		e.Jcc(amd64.NE, split)
		findEntry()
		e.RM(amd64.Mov64, dst, amd64.At(dst, entry+off.UnicodeEntryValue))
		e.Bind(found)
		e.RR(amd64.Test64, dst, dst)
		e.Jcc(amd64.E, x.label)
		e.outOfLine(func() {
			e.Bind(split)
			e.MI(amd64.Cmp8, amd64.At(dst, off.KeysKind), off.KeysKindSplit)
			e.Jcc(amd64.NE, x.label)
			findEntry()
			e.RM(amd64.Mov64, dst, amd64.At(reg(l[a]), off.ManagedDict))
			e.RM(amd64.Mov64, dst, amd64.At(dst, off.DictValues))
			e.RM(amd64.Mov64, dst, amd64.At(dst, int32(i.Imm)*8))
			e.Jmp(found)
		})
	})
}

// Attributes of objects whose class is not known: machine code compares the class's version with those in the inline cache
// of the instruction (struct pl_attr_cache). A C function does what is not found there, and fills it.

// cachedLabels are the places that all operations have which look into a cache first.
type cachedLabels struct{ hit, miss, done amd64.Label }

// memberBit says of an offset that it leads into the object itself, not into its inline values (PL_MEMBER).
const memberBit = 1 << 31

// cachedCall is the machine instruction of such an operation: object in rdi, name (or class) in rsi, value (of a store) in rdx, and behind
// them a word, which mostly is the address of the cache; the hit path has all registers that a call destroys. exitOf makes the exit where
// the C function fails.
func (s *selector) cachedCall(i *ir.Instr, h pyabi.Helper, word int64, exitOf func(*inst) *exit, hit func(e *emitter, x *exit, l cachedLabels)) {
	in := s.start()
	in.useFixed(s.vreg(i.Args[0]), amd64.RDI)
	last := amd64.RDX
	if len(i.Args) > 1 {
		in.useFixed(s.vreg(i.Args[1]), amd64.RDX)
		last = amd64.RCX
	}
	in.clobbers = callClobbers
	for k, r := range i.Results {
		place := [...]amd64.Reg{amd64.RAX, amd64.RDX}[k]
		in.defFixed(s.vreg(r), place)
		in.clobbers = in.clobbers.Remove(regalloc.PReg(place))
	}
	x := exitOf(in)
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		l := cachedLabels{e.NewLabel(), e.NewLabel(), e.NewLabel()}
		hit(e, x, l)
		e.Bind(l.done)
		e.outOfLine(func() {
			e.Bind(l.miss)
			e.MovImm64(amd64.RSI, s.snap.Objects[i.Obj].Addr)
			e.MovImm64(last, uint64(word))
			e.running(i.State)
			e.callAddr(e.helper(h))
			e.checkResult(h.Row().Result, x)
			e.Jmp(l.done)
		})
	})
}

// cachedPlace emits the search: it goes on at l.hit with base in rax and offset in rcx, the object being in rdi, and where no
// place is known for the class at unknown, with the version of the class in r9 and the cache in r8.
func (e *emitter) cachedPlace(cache int64, l cachedLabels, unknown amd64.Label) {
	const ways = 4
	off := e.s.off
	others, member, found := e.NewLabel(), e.NewLabel(), e.NewLabel()
	way := func(k int32) amd64.Mem { return amd64.At(amd64.R8, off.AttrCacheValue+8*k) }
	place := func(k int32) amd64.Mem { return amd64.At(amd64.R8, off.AttrCacheValue+8*k+4) }
	e.RM(amd64.Mov64, amd64.R9, amd64.At(amd64.RDI, off.ObjType))
	e.RM(amd64.Mov32, amd64.R9, amd64.At(amd64.R9, off.TypeVersionTag))
	e.MovImm64(amd64.R8, uint64(cache))
	e.RM(amd64.Cmp32, amd64.R9, way(0))
	e.Jcc(amd64.NE, others)
	e.RM(amd64.Mov32, amd64.RCX, place(0))
	e.Bind(found)
	e.RR(amd64.Test32, amd64.RCX, amd64.RCX)
	e.Jcc(amd64.S, member)
	e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.RDI, off.ManagedValues))
	e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
	e.Jcc(amd64.E, l.miss)
	e.Bind(l.hit)
	e.outOfLine(func() {
		e.Bind(others)
		for k := int32(1); k < ways; k++ {
			next := e.NewLabel()
			e.RM(amd64.Cmp32, amd64.R9, way(k))
			e.Jcc(amd64.NE, next)
			e.RM(amd64.Mov32, amd64.RCX, place(k))
			e.Jmp(found)
			e.Bind(next)
		}
		e.Jmp(unknown)
		e.Bind(member)
		e.RI(amd64.And32, amd64.RCX, memberBit-1)
		e.RR(amd64.Mov64, amd64.RAX, amd64.RDI)
		e.Jmp(l.hit)
	})
}

func selectPyGetAttr(s *selector, i *ir.Instr) {
	if i.Imm == 0 {
		named(pyabi.HelperGetAttr)(s, i)
		return
	}
	s.cachedCall(i, pyabi.HelperGetAttrCached, i.Imm, s.raise, func(e *emitter, _ *exit, l cachedLabels) {
		ofClass, loaded := e.NewLabel(), e.NewLabel()
		e.cachedPlace(i.Imm, l, ofClass)
		e.RM(amd64.Mov64, amd64.RAX, amd64.AtIndex(amd64.RAX, amd64.RCX, 1, 0))
		e.RR(amd64.Test64, amd64.RAX, amd64.RAX)
		e.Jcc(amd64.E, l.miss)
		e.Bind(loaded)
		e.countUp(amd64.RAX)
		e.outOfLine(func() {
			e.Bind(ofClass)
			e.RM(amd64.Cmp32, amd64.R9, amd64.At(amd64.R8, s.off.AttrCacheClass))
			e.Jcc(amd64.NE, l.miss)
			e.RM(amd64.Mov32, amd64.RDX, amd64.At(amd64.R8, s.off.AttrCacheClass+4))
			e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.R8, s.off.AttrCacheClass+8))
			e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, s.off.ObjType))
			e.unshadowed(loaded, l.miss)
			e.Jcc(amd64.E, loaded)
			e.Jmp(l.miss)
		})
	})
}

// selectPySetAttr leaves the first store of an inline value to C, which keeps the order of insertion; members have none.
func selectPySetAttr(s *selector, i *ir.Instr) {
	if i.Imm == 0 {
		named(pyabi.HelperSetAttr)(s, i)
		return
	}
	s.cachedCall(i, pyabi.HelperSetAttrCached, i.Imm, s.raise, func(e *emitter, _ *exit, l cachedLabels) {
		e.cachedPlace(i.Imm, l, l.miss)
		e.Lea(amd64.RCX, amd64.AtIndex(amd64.RAX, amd64.RCX, 1, 0))
		e.RM(amd64.Mov64, amd64.R9, amd64.At(amd64.RCX, 0))
		first := e.NewLabel()
		e.RR(amd64.Test64, amd64.R9, amd64.R9)
		e.Jcc(amd64.E, first)
		e.countUp(amd64.RDX)
		e.MR(amd64.Mov64, amd64.At(amd64.RCX, 0), amd64.RDX)
		e.release(amd64.R9, death{t: ir.AnyType, state: i.State})
		e.outOfLine(func() {
			e.Bind(first)
			e.RR(amd64.Cmp64, amd64.RAX, amd64.RDI) // the base of members
			e.Jcc(amd64.NE, l.miss)
			e.countUp(amd64.RDX)
			e.MR(amd64.Mov64, amd64.At(amd64.RCX, 0), amd64.RDX)
			e.Jmp(l.done)
		})
	})
}

// unshadowed emits the question whether the object in rdi, of the class in rcx, has no attributes but those of the shared keys
// with the version in edx: it goes to hit when the version is 0 (instances have none), to own when the object has a dictionary of its
// own, and sets E or NE. It destroys rcx.
func (e *emitter) unshadowed(hit, own amd64.Label) {
	e.RR(amd64.Test32, amd64.RDX, amd64.RDX)
	e.Jcc(amd64.E, hit)
	e.MI(amd64.Cmp64, amd64.At(amd64.RDI, e.s.off.ManagedDict), 0)
	e.Jcc(amd64.NE, own)
	e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RCX, e.s.off.HeapTypeCachedKeys))
	e.RM(amd64.Cmp32, amd64.RDX, amd64.At(amd64.RCX, e.s.off.KeysVersion))
}

// selectPyGetMethod finds methods of classes whose instances cannot shadow them: without a dictionary of their own, and with
// shared keys that are those the cache was filled for; and, out of line, values of the instance, which are called as they are.
func selectPyGetMethod(s *selector, i *ir.Instr) {
	if i.Imm == 0 {
		named(pyabi.HelperGetMethod)(s, i)
		return
	}
	const size = 16      // of a way
	const valueKeys = -1 // PL_VALUE
	s.cachedCall(i, pyabi.HelperGetMethodCached, i.Imm, s.raise, func(e *emitter, _ *exit, l cachedLabels) {
		off := s.off
		other, found, mismatch := e.NewLabel(), e.NewLabel(), e.NewLabel()
		e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, off.ObjType))
		e.RM(amd64.Mov32, amd64.R9, amd64.At(amd64.RCX, off.TypeVersionTag))
		e.MovImm64(amd64.R8, uint64(i.Imm))
		e.RM(amd64.Cmp32, amd64.R9, amd64.At(amd64.R8, off.AttrCacheMethod))
		e.Jcc(amd64.NE, other)
		e.Bind(found)
		e.RM(amd64.Mov32, amd64.RDX, amd64.At(amd64.R8, off.AttrCacheMethod+4))
		e.unshadowed(l.hit, l.miss)
		e.Jcc(amd64.NE, mismatch)
		e.Bind(l.hit)
		e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.R8, off.AttrCacheMethod+8))
		e.RR(amd64.Mov64, amd64.RDX, amd64.RDI)
		e.countUp(amd64.RAX)
		e.countUp(amd64.RDX)
		e.outOfLine(func() {
			e.Bind(other)
			e.RI(amd64.Add64, amd64.R8, size)
			e.RM(amd64.Cmp32, amd64.R9, amd64.At(amd64.R8, off.AttrCacheMethod))
			e.Jcc(amd64.E, found)
			e.Jmp(l.miss)
			e.Bind(mismatch)
			e.RI(amd64.Cmp32, amd64.RDX, valueKeys)
			e.Jcc(amd64.NE, l.miss)
			e.RM(amd64.Mov64, amd64.RDX, amd64.At(amd64.RDI, off.ManagedValues))
			e.RR(amd64.Test64, amd64.RDX, amd64.RDX)
			e.Jcc(amd64.E, l.miss)
			e.RM(amd64.Add64, amd64.RDX, amd64.At(amd64.R8, off.AttrCacheMethod+8))
			e.RM(amd64.Mov64, amd64.RDX, amd64.At(amd64.RDX, 0))
			e.RR(amd64.Test64, amd64.RDX, amd64.RDX)
			e.Jcc(amd64.E, l.miss)
			e.countUp(amd64.RDX)
			e.Zero(amd64.RAX)
			e.Jmp(l.done)
		})
	})
}

// selectSuperMethod finds what the cache knows for the class of self, in rdi, and the class, in rdx, above which it looks.
func selectSuperMethod(s *selector, i *ir.Instr) {
	noMethod := func(in *inst) *exit {
		return s.exitTo(in, codemeta.ExitDeopt, codemeta.ReasonSuper, i.State, regalloc.Late)
	}
	s.cachedCall(i, pyabi.HelperSuperMethod, i.Imm, noMethod, func(e *emitter, _ *exit, l cachedLabels) {
		off := s.off
		e.RM(amd64.Mov64, amd64.RCX, amd64.At(amd64.RDI, off.ObjType))
		e.RM(amd64.Mov32, amd64.R9, amd64.At(amd64.RCX, off.TypeVersionTag))
		e.MovImm64(amd64.R8, uint64(i.Imm))
		e.RM(amd64.Cmp32, amd64.R9, amd64.At(amd64.R8, off.AttrCacheClass))
		e.Jcc(amd64.NE, l.miss)
		e.RM(amd64.Cmp64, amd64.RDX, amd64.At(amd64.R8, off.AttrCacheAbove))
		e.Jcc(amd64.NE, l.miss)
		e.RM(amd64.Mov64, amd64.RAX, amd64.At(amd64.R8, off.AttrCacheClass+8))
		e.RR(amd64.Mov64, amd64.RDX, amd64.RDI)
		e.countUp(amd64.RAX)
		e.countUp(amd64.RDX)
	})
}
