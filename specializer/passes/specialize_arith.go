package passes

import (
	"math"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// BINARY_OP argument numbers (Include/opcode.h NB_*); the in-place forms are inPlace higher.
const (
	nbAdd = iota
	nbAnd
	nbFloorDivide
	nbLshift
	nbMatrixMultiply
	nbMultiply
	nbRemainder
	nbOr
	nbPower
	nbRshift
	nbSubtract
	nbTrueDivide
	nbXor
	inPlace = 13
)

const unaryNegative, unaryInvert = 11, 15 // opcodes

// intOps, floatOps are the direct forms of the binary operators; a zero entry has none.
var (
	intOps = [inPlace]ir.Op{nbAdd: ir.OpAddInt, nbAnd: ir.OpAndInt, nbFloorDivide: ir.OpFloorDivInt, nbLshift: ir.OpShlInt,
		nbMultiply: ir.OpMulInt, nbRemainder: ir.OpModInt, nbOr: ir.OpOrInt, nbRshift: ir.OpShrInt, nbSubtract: ir.OpSubInt,
		nbTrueDivide: ir.OpTrueDivInt, nbXor: ir.OpXorInt}
	floatOps = [inPlace]ir.Op{nbAdd: ir.OpAddFloat, nbFloorDivide: ir.OpFloorDivFloat, nbMultiply: ir.OpMulFloat,
		nbRemainder: ir.OpModFloat, nbPower: ir.OpPowFloat, nbSubtract: ir.OpSubFloat, nbTrueDivide: ir.OpDivFloat}
	// guessable operators have no feedback of their own in 3.11, so one known operand decides for both.
	guessable = [inPlace]bool{nbAnd: true, nbFloorDivide: true, nbLshift: true, nbRemainder: true, nbOr: true, nbPower: true,
		nbRshift: true, nbTrueDivide: true, nbXor: true}
)

type planKind uint8

const (
	planGeneric planKind = iota
	planInt              // both operands unboxed ints
	planFloat            // both operands unboxed floats, ints converted
	planWait             // an operand has no type yet
)

// plan says how an arithmetic operation will be done.
type plan struct {
	kind    planKind
	op      ir.Op
	classes [2]ir.ClassSet // of the operands, guarded where not known
}

func (p plan) result() ir.Type {
	switch {
	case p.kind == planWait:
		return ir.NoType
	case p.kind == planGeneric:
		return ir.AnyType
	}
	return ir.Obj(boxClass(p.op.Row().Result.Rep))
}

func boxClass(r ir.Rep) ir.ClassSet {
	switch r {
	case ir.RepInt:
		return ir.Int
	case ir.RepFloat:
		return ir.Float
	}
	return ir.Bool
}

// classOf is Int or Float when v is known to be that, else NoClass.
func (s *specializer) classOf(v ir.Value) ir.ClassSet {
	t := s.types[0]
	if int(v) < len(s.types) {
		t = s.types[v]
	}
	if t == ir.NoType {
		t = s.f.Type(v)
	}
	if t.Within(ir.Int) || t.Within(ir.Float) {
		return t.Set
	}
	return ir.NoClass
}

// operandClasses decides which number classes two operands are taken to have; zero when they are not numbers. Known
// classes win over the hint, the hint over the guess.
func (s *specializer) operandClasses(a, b ir.Value, h *ir.Hint, guess bool) [2]ir.ClassSet {
	known := [2]ir.ClassSet{s.classOf(a), s.classOf(b)}
	if known[0] != 0 && known[1] != 0 {
		return known
	}
	if h.Failed[uint16(codemeta.ReasonTypeGuard)] {
		return [2]ir.ClassSet{}
	}
	var hinted ir.ClassSet
	switch h.Kind {
	case ir.HintInt:
		hinted = ir.Int
	case ir.HintFloat:
		hinted = ir.Float
	default:
		if guess {
			hinted = known[0] | known[1]
		}
	}
	if hinted == 0 {
		return [2]ir.ClassSet{}
	}
	for k := range known {
		if known[k] == 0 {
			if v := [2]ir.Value{a, b}[k]; s.excludes(v, hinted) {
				return [2]ir.ClassSet{}
			}
			known[k] = hinted
		}
	}
	return known
}

// excludes says whether v is known not to be of the class.
func (s *specializer) excludes(v ir.Value, class ir.ClassSet) bool {
	return s.f.Type(v).Rep == ir.RepObject && int(v) < len(s.types) && s.types[v] != ir.NoType && s.types[v].Set&class == 0
}

func (s *specializer) planBinary(i *ir.Instr) plan {
	h := hintOf(i)
	return s.planBinaryHint(i, h)
}

func (s *specializer) planBinaryHint(i *ir.Instr, h *ir.Hint) plan {
	base := int(i.Imm) % inPlace
	classes := s.operandClasses(i.Args[0], i.Args[1], h, guessable[base])
	switch {
	case classes[0] == ir.Int && classes[1] == ir.Int:
		if intOps[base] != 0 && !h.Failed[uint16(codemeta.ReasonIntOverflow)] && !h.Failed[uint16(codemeta.ReasonIntRange)] {
			return plan{planInt, intOps[base], classes}
		}
	case classes[0] != 0 && classes[1] != 0:
		if floatOps[base] != 0 && !h.Failed[uint16(codemeta.ReasonFloatDomain)] {
			return plan{planFloat, floatOps[base], classes}
		}
	}
	return plan{kind: planGeneric}
}

func (s *specializer) planCompare(i *ir.Instr) plan {
	return s.planCompareHint(i, hintOf(i))
}

func (s *specializer) planCompareHint(i *ir.Instr, h *ir.Hint) plan {
	classes := s.operandClasses(i.Args[0], i.Args[1], h, h.Kind == ir.HintBlind)
	switch {
	case h.Failed[uint16(codemeta.ReasonIntRange)]:
	case classes[0] == ir.Int && classes[1] == ir.Int:
		return plan{planInt, ir.OpCmpInt, classes}
	case classes[0] != 0 && classes[1] != 0:
		return plan{planFloat, ir.OpCmpFloat, classes}
	}
	return plan{kind: planGeneric}
}

// operands guards and unboxes both operands as the plan says.
func (s *specializer) operands(i *ir.Instr, h *ir.Hint, p plan) [2]ir.Value {
	var u [2]ir.Value
	for k := range u {
		v := s.guardClass(i.Args[k], p.classes[k], h.Before)
		u[k] = s.unboxNumber(v, p.classes[k], h.Before)
		if p.kind == planFloat && p.classes[k] == ir.Int {
			u[k] = s.add(ir.OpIntToFloat, 0, h.Before, u[k])
		}
	}
	return u
}

// unboxNumber is the machine value of an int or float object; constants become constants.
func (s *specializer) unboxNumber(v ir.Value, class ir.ClassSet, state *ir.FrameState) ir.Value {
	if obj := s.constOf(v); obj != pyabi.NoObj {
		switch o := &s.snap.Objects[obj]; {
		case o.Kind == pyabi.KindInt && o.Fits:
			return s.add(ir.OpConstInt, o.Int, nil)
		case o.Kind == pyabi.KindFloat:
			return s.add(ir.OpConstFloat, int64(o.Bits), nil)
		}
	}
	if class == ir.Int {
		return s.add(ir.OpUnboxInt, 0, state, v)
	}
	return s.add(ir.OpUnboxFloat, 0, nil, v)
}

// box is the object for an unboxed value; the state is where a failed allocation raises.
func (s *specializer) box(v ir.Value, state *ir.FrameState) ir.Value {
	switch s.f.Type(v).Rep {
	case ir.RepInt:
		return s.add(ir.OpBoxInt, 0, state, v)
	case ir.RepFloat:
		return s.add(ir.OpBoxFloat, 0, state, v)
	}
	return s.add(ir.OpBoxBool, 0, nil, v)
}

func (s *specializer) binary(i *ir.Instr, h *ir.Hint) bool {
	if s.concats(i, h) {
		a, b := s.guardClass(i.Args[0], ir.Str, h.Before), s.guardClass(i.Args[1], ir.Str, h.Before)
		s.replace(i, 0, s.add(ir.OpConcat, 0, i.State, a, b))
		return true
	}
	p := s.planBinaryHint(i, h)
	if p.kind == planGeneric {
		return false
	}
	u := s.operands(i, h, p)
	s.replace(i, 0, s.box(s.add(p.op, 0, h.Before, u[0], u[1]), i.State))
	return true
}

func (s *specializer) compare(i *ir.Instr, h *ir.Hint) bool {
	p := s.planCompareHint(i, h)
	if p.kind == planGeneric {
		return s.compareStr(i, h)
	}
	u := s.operands(i, h, p)
	s.replace(i, 0, s.box(s.add(p.op, i.Imm, nil, u[0], u[1]), i.State))
	return true
}

// concats says whether an addition is taken to join two exact strs.
func (s *specializer) concats(i *ir.Instr, h *ir.Hint) bool {
	return i.Imm%inPlace == nbAdd && s.bothStr(i, h)
}

// compareStr tells whether strs are equal, by the hint or because both are known to be strs.
func (s *specializer) compareStr(i *ir.Instr, h *ir.Hint) bool {
	if i.Imm != ir.CmpEQ && i.Imm != ir.CmpNE || !s.bothStr(i, h) {
		return false
	}
	a, b := s.guardClass(i.Args[0], ir.Str, h.Before), s.guardClass(i.Args[1], ir.Str, h.Before)
	same := s.add(ir.OpStrEq, 0, nil, a, b)
	if i.Imm == ir.CmpNE {
		same = s.add(ir.OpNotBool, 0, nil, same)
	}
	s.replace(i, 0, s.box(same, i.State))
	return true
}

// bothStr says whether both operands are taken to be exact strs.
func (s *specializer) bothStr(i *ir.Instr, h *ir.Hint) bool {
	known := 0
	for _, v := range i.Args {
		switch t := s.typeOf(v); {
		case t.Set != 0 && t.Within(ir.Str):
			known++
		case t.Set&ir.Str == 0:
			return false
		}
	}
	hinted := h.Kind == ir.HintStr || h.Kind == ir.HintBlind && known == 1
	return known == 2 || hinted && !failed(h, codemeta.ReasonTypeGuard)
}

func (s *specializer) unary(i *ir.Instr, h *ir.Hint) bool {
	class := s.classOf(i.Args[0])
	switch {
	case i.Imm == unaryNegative && class == ir.Int && !h.Failed[uint16(codemeta.ReasonIntOverflow)]:
		s.replace(i, 0, s.box(s.add(ir.OpNegInt, 0, h.Before, s.unboxNumber(i.Args[0], class, h.Before)), i.State))
	case i.Imm == unaryNegative && class == ir.Float:
		s.replace(i, 0, s.box(s.add(ir.OpNegFloat, 0, nil, s.unboxNumber(i.Args[0], class, h.Before)), i.State))
	case i.Imm == unaryInvert && class == ir.Int && !h.Failed[uint16(codemeta.ReasonIntRange)]:
		s.replace(i, 0, s.box(s.add(ir.OpInvertInt, 0, nil, s.unboxNumber(i.Args[0], class, h.Before)), i.State))
	default:
		return false
	}
	return true
}

// format is the operand itself when that is an exact str and nothing but str() is to be applied.
func (s *specializer) format(i *ir.Instr, _ *ir.Hint) bool {
	const plain, str = 0, 1
	if len(i.Args) != 1 || i.Imm != plain && i.Imm != str || !s.f.Type(i.Args[0]).Within(ir.Str) || s.f.Type(i.Args[0]).Set == 0 {
		return false
	}
	s.replace(i, 0, i.Args[0])
	return true
}

// truth tests by class; a value of unknown class keeps the generic operation, whose machine code compares with True and
// False before it calls.
func (s *specializer) truth(i *ir.Instr, h *ir.Hint) bool {
	v := i.Args[0]
	t := s.f.Type(v)
	zero := func(op ir.Op) ir.Value {
		return s.add(ir.OpCmpInt, ir.CmpNE, nil, s.add(op, 0, h.Before, v), s.add(ir.OpConstInt, 0, nil))
	}
	switch {
	case t.Set == 0 || t.Set&ir.Null != 0:
		return false
	case t.Within(ir.Bool):
		s.replace(i, 0, s.add(ir.OpUnboxBool, 0, nil, v))
	case t.Within(ir.None):
		s.replace(i, 0, s.add(ir.OpConstBool, 0, nil))
	case t.Within(ir.Int) && !h.Failed[uint16(codemeta.ReasonIntRange)]:
		s.replace(i, 0, zero(ir.OpUnboxInt))
	case t.Within(ir.Float):
		f := s.add(ir.OpUnboxFloat, 0, nil, v)
		s.replace(i, 0, s.add(ir.OpCmpFloat, ir.CmpNE, nil, f, s.add(ir.OpConstFloat, int64(math.Float64bits(0)), nil)))
	case t.Within(ir.List):
		s.replace(i, 0, zero(ir.OpListSize))
	case t.Within(ir.Tuple):
		s.replace(i, 0, zero(ir.OpTupleSize))
	case t.Within(ir.Str):
		s.replace(i, 0, zero(ir.OpStrSize))
	case t.Within(ir.Function | ir.Module | ir.Cell | ir.CFunction | ir.Method):
		s.replace(i, 0, s.add(ir.OpConstBool, 1, nil))
	default:
		return s.speculateTruth(i, h)
	}
	return true
}
