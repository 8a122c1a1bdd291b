package ir

// operandReps says which representation each operand of an op has: one letter an operand (o object, i int, f float,
// b bool, w word, * any), the last one repeated. Ops that are not listed take objects only.
var operandReps = [numOps]string{
	OpGuardIntConst: "i", OpRefine: "*",
	OpBoxInt: "i", OpBoxFloat: "f", OpBoxBool: "b",
	OpAddInt: "i", OpSubInt: "i", OpMulInt: "i", OpFloorDivInt: "i", OpModInt: "i", OpAndInt: "i", OpOrInt: "i",
	OpXorInt: "i", OpShlInt: "i", OpShrInt: "i", OpNegInt: "i", OpInvertInt: "i", OpAbsInt: "i", OpCmpInt: "i",
	OpAddFloat: "f", OpSubFloat: "f", OpMulFloat: "f", OpDivFloat: "f", OpPowFloat: "f", OpFloorDivFloat: "f",
	OpModFloat: "f", OpNegFloat: "f", OpAbsFloat: "f", OpSqrtFloat: "f", OpCmpFloat: "f",
	OpIntToFloat: "i", OpTrueDivInt: "i", OpNotBool: "b", OpOrBool: "b",
	OpLoadValue: "ow", OpStoreValue: "owo", OpLoadGlobalEntry: "w", OpEntryGuard: "w", OpSequenceItem: "ow",
	OpListItem: "oi", OpTupleItem: "oi", OpStoreListItem: "oio",
	OpCallHelper: "*", OpBranch: "b",
}

var repLetters = map[byte]Rep{'o': RepObject, 'i': RepInt, 'f': RepFloat, 'b': RepBool, 'w': RepWord, '*': RepNone}

// OperandRep is the representation that operand k must have, RepNone when the op takes any.
func (op Op) OperandRep(k int) Rep {
	letters := operandReps[op]
	if letters == "" {
		return RepObject
	}
	if k >= len(letters) {
		k = len(letters) - 1
	}
	return repLetters[letters[k]]
}

// Removable says whether an instruction may go when nothing uses its results.
func (i *Instr) Removable() bool {
	row := i.Op.Row()
	// An item known to be in bounds has no exit to keep.
	return i.Op == OpLoadLocal || row.Pure && (!row.Checks || i.Op == OpTupleItem && i.Imm == 1)
}

// Writes is what executing i may change: what its row says, and everything when it may run Python code. An instruction
// that drops a reference runs the finalizer of what it was the last reference to, unless that is known to be trivial.
func (f *Func) Writes(i *Instr) Effects {
	row := i.Op.Row()
	if row.Python || row.Releases && !f.quiet(i) {
		return EffAll
	}
	return row.Writes
}

// MayRunPython says whether arbitrary Python code may run while i executes (and not only after it left machine code).
func (f *Func) MayRunPython(i *Instr) bool {
	row := i.Op.Row()
	return row.Python || row.Releases && !f.quiet(i)
}

// quiet says whether what i releases is known to be of a trivial class.
func (f *Func) quiet(i *Instr) bool {
	if i.Quiet || i.State == nil {
		return true // the front end and the passes leave the state out exactly where no observer can run
	}
	switch i.Op {
	case OpDecRef:
		return f.Type(i.Args[0]).Within(Trivial)
	case OpStoreLocal:
		return f.trivialLocal(i.State, int(i.Imm))
	}
	return false
}

// trivialLocal says whether the state knows the content of a slot's memory to be of a trivial class. A dirty slot's memory
// always is: see the lazy stores pass.
func (f *Func) trivialLocal(s *FrameState, slot int) bool {
	s = s.Physical()
	if s.Dirty[slot] {
		return true
	}
	if slot >= len(s.Locals) || s.Locals[slot] == NoValue {
		return false
	}
	t := f.Type(s.Locals[slot])
	return t.Rep != RepObject || t.Within(Trivial)
}
