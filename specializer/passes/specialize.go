package passes

import (
	"slices"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// specialize replaces generic Python operations by guarded direct ones, where the interpreter's feedback or the types of
// the operands say which.
//
// It has two halves. The first infers the types of all values to an optimistic fixed point, assuming of each generic
// operation what the second half is going to make of it; so the sum carried around a loop is an int because adding ints
// gives one. The second half rewrites: guards that exit to the state before the instruction, unboxing, the direct
// operation, boxing. Redundant guards and boxes are left to value numbering, simplify and unbox.
//
// Needs the hints of the front end (ir.Hint in Aux); afterwards no Aux is a hint. A speculation that failed often in an
// earlier unit (Hint.Failed) is not made again.
func specialize(f *ir.Func, ctx *Context) {
	s := &specializer{f: f, snap: ctx.Snap}
	s.run()
}

func (s *specializer) run() {
	f := s.f
	s.types, s.repl = make([]ir.Type, len(f.Values)), map[ir.Value]ir.Value{}
	s.rejoins = rejoins(f)
	s.findAssigned()
	for again := true; again; again = s.settle() {
		s.infer()
	}
	s.findTwoClasses()
	s.shareFailures()
	for v := range s.types {
		if s.types[v] != ir.NoType {
			f.Values[v].Type = s.types[v]
		}
	}
	s.guardRejoins()
	for _, b := range ir.ReversePostorder(f) {
		s.rewriteBlock(b)
	}
	s.substitute()
	dropAllChecks(f)
}

type specializer struct {
	f     *ir.Func
	snap  *pyabi.Snapshot
	types []ir.Type // by value; NoType: not reached yet
	block *ir.Block
	at    int // index of the instruction in block that is being rewritten
	out   []*ir.Instr
	repl  map[ir.Value]ir.Value // results of rewritten operations

	elided     bool              // f is the body of an elided frame: nothing may run that could look for the frame
	observed   bool              // but something does
	twoClasses map[ir.Value]bool // roots that are lists as well as tuples where they are unpacked
	assigned   map[uint32]bool   // names of globals that f stores to
	rejoins    []rejoin
	super      *superCall // the last one
	tuple      builtTuple // the last one
}

// findAssigned collects the names of the globals that the function stores to.
func (s *specializer) findAssigned() {
	s.assigned = map[uint32]bool{}
	for _, b := range s.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpPyStoreGlobal {
				s.assigned[i.Obj] = true
			}
		}
	}
}

// infer runs the transfer functions over the blocks until nothing changes. Types only grow, and a class set has as many
// steps as there are classes, so the number of rounds is bounded.
func (s *specializer) infer() {
	order := ir.ReversePostorder(s.f)
	for _, p := range s.f.Entry().Params {
		s.types[p] = s.f.Values[p].Type
	}
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			if len(b.Params) > 0 && !s.reached(b) {
				continue
			}
			for _, i := range b.Instrs {
				changed = s.transfer(i) || changed
				for n := range i.Edges {
					e := &i.Edges[n]
					if s.rejoining(e) {
						continue
					}
					for k, arg := range e.Args {
						changed = s.grow(e.To.Params[k], s.types[arg]) || changed
					}
				}
			}
		}
	}
}

func (s *specializer) reached(b *ir.Block) bool {
	for _, p := range b.Params {
		if s.types[p] != ir.NoType {
			return true
		}
	}
	return false
}

// grow joins t into the type of v and says whether that changed it.
func (s *specializer) grow(v ir.Value, t ir.Type) bool {
	if t == ir.NoType {
		return false
	}
	j := s.types[v].Join(t)
	if j == s.types[v] {
		return false
	}
	s.types[v] = j
	return true
}

func (s *specializer) transfer(i *ir.Instr) bool {
	changed := false
	for k, r := range i.Results {
		changed = s.grow(r, s.resultType(i, k)) || changed
	}
	return changed
}

// resultType is what result k of i will be once i is rewritten.
func (s *specializer) resultType(i *ir.Instr, k int) ir.Type {
	declared := s.f.Values[i.Results[k]].Type
	for _, a := range i.Args {
		if s.types[a] == ir.NoType {
			return ir.NoType // not reached: wait
		}
	}
	switch i.Op {
	case ir.OpGuardClass:
		return ir.Obj(ir.ClassSet(i.Imm))
	case ir.OpGuardNotNull, ir.OpRefine:
		if d := s.f.Def(i.Args[0]); d != nil && d.Op == ir.OpPyNext && s.types[d.Args[0]] == ir.Obj(ir.RangeIter) {
			return ir.Obj(ir.Int)
		}
		t := s.types[i.Args[0]]
		t.Set &= declared.Set
		t.Set &^= ir.Null
		if t.Set == ir.NoClass {
			t.Set = declared.Set
		}
		return t
	case ir.OpPyBinary:
		if s.concats(i, hintOf(i)) {
			return ir.Obj(ir.Str)
		}
		return s.planBinary(i).result()
	case ir.OpPyCompare:
		if s.planCompare(i).kind != planGeneric || s.numbers(i.Args) || i.Imm == ir.CmpEQ && s.bothStr(i, hintOf(i)) {
			return ir.Obj(ir.Bool)
		}
	case ir.OpPyUnary:
		if t := s.types[i.Args[0]]; i.Imm == unaryNegative && t.Within(ir.Int|ir.Float) && single(t.Set) {
			return ir.Obj(t.Set)
		}
	case ir.OpPyIter:
		if set := iterOf(s.types[i.Args[0]]); set != ir.NoClass && !hintOf(i).Failed[uint16(codemeta.ReasonIteratorType)] {
			return ir.Obj(set)
		}
	case ir.OpPyLoadGlobal:
		return s.globalType(i)
	case ir.OpPyCall:
		return s.callType(i)
	}
	return declared
}

// typeOf is what is known of v so far, during the inference and behind it.
func (s *specializer) typeOf(v ir.Value) ir.Type {
	if int(v) < len(s.types) && s.types[v] != ir.NoType {
		return s.types[v]
	}
	return s.f.Type(v)
}

// numbers says whether all values are exact ints, floats, strs or bools, whose comparisons give bools.
func (s *specializer) numbers(vs []ir.Value) bool {
	for _, v := range vs {
		if !s.types[v].Within(ir.Int | ir.Float | ir.Bool | ir.Str) {
			return false
		}
	}
	return true
}

func single(set ir.ClassSet) bool { return set != 0 && set&(set-1) == 0 }

// iterOf is the class of iter(x) for an x of type t, where that is certain or (a range) nearly so.
func iterOf(t ir.Type) ir.ClassSet {
	switch {
	case t.Within(ir.Range) && t.Set != 0:
		return ir.RangeIter
	case t.Within(ir.List) && t.Set != 0:
		return ir.ListIter
	case t.Within(ir.Tuple) && t.Set != 0:
		return ir.TupleIter
	case t.Within(ir.Iters) && single(t.Set):
		return t.Set
	}
	return ir.NoClass
}

// noHint stands in where an operation has no feedback.
var noHint = &ir.Hint{}

func hintOf(i *ir.Instr) *ir.Hint {
	if h, ok := i.Aux.(*ir.Hint); ok {
		return h
	}
	return noHint
}

// rewriteBlock rebuilds b's instructions.
func (s *specializer) rewriteBlock(b *ir.Block) {
	s.block, s.out = b, make([]*ir.Instr, 0, len(b.Instrs)+len(b.Instrs)/2)
	for at, i := range b.Instrs {
		s.at = at
		for k, a := range i.Args {
			i.Args[k] = s.resolve(a)
		}
		h, isHint := i.Aux.(*ir.Hint)
		if isHint {
			i.Aux = nil
		} else {
			h = noHint
		}
		if rewrite := rewrites[i.Op]; rewrite != nil && isHint && rewrite(s, i, h) {
			continue
		}
		s.observed = s.observed || s.elided && i.Op.Row().Python
		s.out = append(s.out, i)
	}
	b.Instrs = s.out
}

// rewrites has one function per generic operation; it appends the direct form and says whether it did.
var rewrites = map[ir.Op]func(*specializer, *ir.Instr, *ir.Hint) bool{}

func init() {
	for op, fn := range map[ir.Op]func(*specializer, *ir.Instr, *ir.Hint) bool{
		ir.OpPyBinary: (*specializer).binary, ir.OpPyCompare: (*specializer).compare, ir.OpPyUnary: (*specializer).unary,
		ir.OpPyTruth: (*specializer).truth, ir.OpPyGetItem: (*specializer).getItem, ir.OpPySetItem: (*specializer).setItem,
		ir.OpPyGetAttr: (*specializer).getAttr, ir.OpPySetAttr: (*specializer).setAttr,
		ir.OpPyGetMethod: (*specializer).getMethod, ir.OpPyCall: (*specializer).call,
		ir.OpPyBuildTuple: (*specializer).build, ir.OpPyBuildList: (*specializer).build,
		ir.OpPyIter: (*specializer).iter, ir.OpPyNext: (*specializer).next, ir.OpPyUnpack: (*specializer).unpack,
		ir.OpPyFormat: (*specializer).format, ir.OpPyLoadGlobal: (*specializer).loadGlobal, ir.OpPyLoadDeref: (*specializer).loadDeref,
	} {
		rewrites[op] = fn
	}
}

// resolve follows replacements.
func (s *specializer) resolve(v ir.Value) ir.Value {
	for {
		r, ok := s.repl[v]
		if !ok {
			return v
		}
		v = r
	}
}

// add appends an operation whose result type is the row's unless given.
func (s *specializer) add(op ir.Op, imm int64, state *ir.FrameState, args ...ir.Value) ir.Value {
	row := op.Row()
	var types []ir.Type
	if row.Results > 0 {
		t := row.Result
		if row.SameValue {
			t = s.f.Type(args[0])
		}
		types = []ir.Type{t}
	}
	if row.Exit == ir.ExitNone {
		state = nil
	}
	// Direct calls are judged when their callee is inlined; an instance is made behind a guard against collections.
	made := op == ir.OpCallHelper && imm == int64(pyabi.HelperNewInstance)
	s.observed = s.observed || s.elided && row.Python && op != ir.OpCallFunction && !made
	i := s.f.NewInstr(op, imm, state, types, args...)
	for _, r := range i.Results {
		s.f.Values[r].Block = s.block
	}
	s.out = append(s.out, i)
	return i.Result()
}

func (s *specializer) last() *ir.Instr { return s.out[len(s.out)-1] }

// guardClass is v, guarded to be of a class unless it is known.
func (s *specializer) guardClass(v ir.Value, class ir.ClassSet, state *ir.FrameState) ir.Value {
	if t := s.f.Type(v); t.Within(class) && t.Set != 0 {
		return v
	}
	g := s.add(ir.OpGuardClass, int64(class), state, v)
	s.f.Values[g].Type = ir.Obj(class)
	return g
}

// guardIs is the object obj, after v was checked to be it.
func (s *specializer) guardIs(v ir.Value, obj pyabi.ObjID, state *ir.FrameState) ir.Value {
	if s.constOf(v) == obj {
		return v
	}
	s.add(ir.OpGuardIs, 0, state, v)
	s.last().Obj = uint32(obj)
	return s.borrow(obj)
}

// borrow is an object that a guard has just proved to be held by what it was found in. One that every process has, a builtin
// function or class, may as well be held by the unit: then it is never counted.
func (s *specializer) borrow(obj pyabi.ObjID) ir.Value {
	if slices.Contains(s.snap.Known, obj) {
		return s.constObj(obj)
	}
	v := s.add(ir.OpBorrowObj, 0, nil)
	s.last().Obj = uint32(obj)
	s.f.Values[v].Type = objectType(s.snap, obj)
	return v
}

func (s *specializer) constObj(obj pyabi.ObjID) ir.Value {
	c := s.add(ir.OpConstObj, 0, nil)
	s.last().Obj = uint32(obj)
	s.f.Values[c].Type = objectType(s.snap, obj)
	return c
}

// replace makes v stand for the k-th result of the rewritten operation.
func (s *specializer) replace(i *ir.Instr, k int, v ir.Value) { s.repl[i.Results[k]] = v }

// constOf is the object that v is known to be, or NoObj.
func (s *specializer) constOf(v ir.Value) pyabi.ObjID {
	if d := s.f.Def(s.resolve(v)); d != nil && (d.Op == ir.OpConstObj || d.Op == ir.OpBorrowObj) {
		return pyabi.ObjID(d.Obj)
	}
	return pyabi.NoObj
}

// substitute applies the replacements to every use, the weak ones in frame states included.
func (s *specializer) substitute() {
	seen := map[*ir.FrameState]bool{}
	lists := map[*ir.Value]bool{}
	swap := func(vs []ir.Value) {
		for k := range vs {
			vs[k] = s.resolve(vs[k])
		}
	}
	for _, b := range s.f.Blocks {
		for _, i := range b.Instrs {
			swap(i.Args)
			for _, e := range i.Edges {
				swap(e.Args)
			}
			for st := i.State; st != nil && !seen[st]; st = st.Parent {
				seen[st] = true
				swap(st.Stack)
				if len(st.Locals) > 0 && !lists[&st.Locals[0]] {
					lists[&st.Locals[0]] = true
					swap(st.Locals)
				}
			}
		}
	}
}

// dropAllChecks removes the event checks behind operations that turned out not to run Python code. The check of a branching
// instruction is at the beginning of the blocks that it branches to, which have no other predecessors.
func dropAllChecks(f *ir.Func) {
	f.ComputePreds()
	ran := map[*ir.Block]bool{}
	for _, b := range ir.ReversePostorder(f) {
		ran[b] = dropChecks(b, len(b.Preds) == 1 && ran[b.Preds[0]])
	}
}

// dropChecks does so in one block. ran says whether something ran Python code that no check stands behind yet: before the
// block, and, as the result, at its end.
func dropChecks(b *ir.Block, ran bool) bool {
	out := b.Instrs[:0]
	for _, i := range b.Instrs {
		if i.Op == ir.OpCheckEvents {
			if !ran {
				continue
			}
			ran = false
		}
		ran = ran || i.Op.Row().Python
		out = append(out, i)
	}
	b.Instrs = out
	return ran
}

// objectType is the type of a snapshot object as a constant.
func objectType(snap *pyabi.Snapshot, obj pyabi.ObjID) ir.Type {
	return ir.Obj(ir.ConstClass(snap.Objects[obj].Kind))
}
