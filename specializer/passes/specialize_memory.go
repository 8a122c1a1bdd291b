package passes

import (
	"maps"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// failed says whether any of the reasons ended a speculation at the site before.
func failed(h *ir.Hint, reasons ...codemeta.Reason) bool {
	for _, r := range reasons {
		if h.Failed[uint16(r)] {
			return true
		}
	}
	return false
}

// build makes sure that the new container does not start the cyclic collector, and leaves the rest as it is.
func (s *specializer) build(i *ir.Instr, h *ir.Hint) bool {
	s.add(ir.OpGuardNoCollection, 0, h.Before)
	if i.Op == ir.OpPyBuildTuple {
		s.tuple = builtTuple{i, h}
	}
	return false
}

// getItem indexes exact lists and tuples by unboxed ints.
func (s *specializer) getItem(i *ir.Instr, h *ir.Hint) bool {
	i.Imm = dictionary(h)
	class, op := s.sequence(i.Args[0], h)
	if class == 0 || failed(h, codemeta.ReasonIndexRange) || !s.indexable(i.Args[1], h) {
		return false
	}
	seq := s.guardClass(i.Args[0], class, h.Before)
	key := s.guardClass(i.Args[1], ir.Int, h.Before)
	s.replace(i, 0, s.add(op, 0, h.Before, seq, s.unboxNumber(key, ir.Int, h.Before)))
	return true
}

// sequence is the class that the container of a subscript is taken to have, and the op that loads from it.
func (s *specializer) sequence(v ir.Value, h *ir.Hint) (ir.ClassSet, ir.Op) {
	t := s.f.Type(v)
	switch {
	case t.Set != 0 && t.Within(ir.List):
		return ir.List, ir.OpListItem
	case t.Set != 0 && t.Within(ir.Tuple):
		return ir.Tuple, ir.OpTupleItem
	case failed(h, codemeta.ReasonTypeGuard):
	case h.Kind == ir.HintListInt && t.Set&ir.List != 0:
		return ir.List, ir.OpListItem
	case h.Kind == ir.HintTupleInt && t.Set&ir.Tuple != 0:
		return ir.Tuple, ir.OpTupleItem
	}
	return 0, ir.OpInvalid
}

// indexable says whether a subscript may be taken for an int.
func (s *specializer) indexable(v ir.Value, h *ir.Hint) bool {
	if s.classOf(v) == ir.Int {
		return true
	}
	return (h.Kind == ir.HintListInt || h.Kind == ir.HintTupleInt) && s.f.Type(v).Set&ir.Int != 0 && !failed(h, codemeta.ReasonTypeGuard)
}

// dictionary is the immediate of a subscript that stays generic.
func dictionary(h *ir.Hint) int64 {
	if h.Kind == ir.HintDict {
		return 1
	}
	return 0
}

// setItem stores into exact lists.
func (s *specializer) setItem(i *ir.Instr, h *ir.Hint) bool {
	i.Imm = dictionary(h)
	class, _ := s.sequence(i.Args[0], h)
	if class != ir.List || failed(h, codemeta.ReasonIndexRange) || !s.indexable(i.Args[1], h) {
		return false
	}
	seq := s.guardClass(i.Args[0], class, h.Before)
	key := s.unboxNumber(s.guardClass(i.Args[1], ir.Int, h.Before), ir.Int, h.Before)
	s.add(ir.OpStoreListItem, 0, h.Before, seq, key, i.Args[2])
	return true
}

// typeVersion guards the class of v by its version tag.
func (s *specializer) typeVersion(v ir.Value, h *ir.Hint) ir.Value {
	return s.add(ir.OpTypeVersionGuard, int64(h.Rec.TypeVersion), h.Before, v)
}

var attrReasons = []codemeta.Reason{codemeta.ReasonTypeVersion, codemeta.ReasonDictShape, codemeta.ReasonAttrMissing}

// getAttr loads instance values and slots.
func (s *specializer) getAttr(i *ir.Instr, h *ir.Hint) bool {
	if h.Rec == nil || failed(h, attrReasons...) {
		return false
	}
	switch h.Rec.Kind {
	case pyabi.FbInstanceValue:
		v := s.typeVersion(i.Args[0], h)
		w := s.add(ir.OpInstanceValues, 0, h.Before, v)
		s.replace(i, 0, s.add(ir.OpLoadValue, int64(h.Rec.Index), h.Before, v, w))
	case pyabi.FbSlot:
		v := s.typeVersion(i.Args[0], h)
		s.replace(i, 0, s.add(ir.OpLoadMember, int64(h.Rec.Index), h.Before, v))
	case pyabi.FbWithHint:
		v := s.typeVersion(i.Args[0], h)
		r := s.add(ir.OpDictAttr, int64(h.Rec.Index), h.Before, v)
		s.last().Obj = i.Obj
		s.replace(i, 0, r)
	case pyabi.FbClassAttr:
		if h.Rec.Keys != 0 {
			return false
		}
		v, ok := s.classAttr(i, h)
		if !ok {
			return false
		}
		s.replace(i, 0, v)
	case pyabi.FbModuleAttr:
		v, ok := s.moduleAttr(i, h)
		if !ok {
			return false
		}
		s.replace(i, 0, v)
	default:
		return false
	}
	return true
}

// setAttr stores instance values and slots.
func (s *specializer) setAttr(i *ir.Instr, h *ir.Hint) bool {
	if h.Rec == nil || failed(h, attrReasons...) {
		return false
	}
	switch h.Rec.Kind {
	case pyabi.FbInstanceValue:
		v := s.typeVersion(i.Args[0], h)
		w := s.add(ir.OpInstanceValues, 0, h.Before, v)
		s.add(ir.OpStoreValue, int64(h.Rec.Index), i.State, v, w, i.Args[1])
	case pyabi.FbSlot:
		v := s.typeVersion(i.Args[0], h)
		s.add(ir.OpStoreMember, int64(h.Rec.Index), i.State, v, i.Args[1])
	default:
		return false
	}
	return true
}

// getMethod finds methods on the class: the unbound descriptor and the object itself.
func (s *specializer) getMethod(i *ir.Instr, h *ir.Hint) bool {
	if s.superMethod(i) {
		return true
	}
	if h.Rec == nil || failed(h, codemeta.ReasonTypeVersion, codemeta.ReasonKeysVersion, codemeta.ReasonDictShape) {
		return false
	}
	switch h.Rec.Kind {
	case pyabi.FbMethod:
		v := s.typeVersion(i.Args[0], h)
		s.add(ir.OpGuardNoDict, 0, h.Before, v)
		s.add(ir.OpKeysVersionGuard, int64(h.Rec.Keys), h.Before, v)
		s.last().Obj = uint32(h.Rec.Type)
		s.method(i, v, h)
	case pyabi.FbMethodNoDict:
		s.method(i, s.typeVersion(i.Args[0], h), h)
	case pyabi.FbClassAttr:
		v, ok := s.classAttr(i, h)
		if !ok {
			return false
		}
		if h.Rec.Keys != 0 {
			s.replace(i, 0, v)
			s.replace(i, 1, i.Args[0])
			return true
		}
		s.replace(i, 0, s.add(ir.OpConstNull, 0, nil))
		s.replace(i, 1, v)
	case pyabi.FbModuleAttr:
		v, ok := s.moduleAttr(i, h)
		if !ok {
			return false
		}
		s.replace(i, 0, s.add(ir.OpConstNull, 0, nil))
		s.replace(i, 1, v)
	default:
		return false
	}
	return true
}

func (s *specializer) method(i *ir.Instr, self ir.Value, h *ir.Hint) {
	s.replace(i, 0, s.borrow(h.Rec.Value))
	s.replace(i, 1, self)
}

// loadGlobal takes a value that is a function, class, module, number, string or singleton to be constant, which a version of
// the dictionary guards; it reads others from the entry of the keys table.
func (s *specializer) loadGlobal(i *ir.Instr, h *ir.Hint) bool {
	if !readable(h) {
		return false
	}
	keys := func(dict pyabi.ObjID, version uint32) ir.Value {
		w := s.add(ir.OpGlobalKeysGuard, int64(version), h.Before)
		s.last().Obj = uint32(dict)
		return w
	}
	var w ir.Value
	switch h.Rec.Kind {
	case pyabi.FbGlobal:
		if s.stable(i, h) {
			w = s.add(ir.OpDictVersion, 0, nil)
			s.replace(i, 0, s.entryIs(h, &ir.DictEntry{Keys: h.Rec.Keys}, w))
			return true
		}
		w = keys(s.snap.Globals, h.Rec.Keys)
	case pyabi.FbBuiltin:
		if s.stable(i, h) {
			w = s.add(ir.OpDictVersion, 0, nil)
			x := s.add(ir.OpDictVersion, 1, nil)
			s.replace(i, 0, s.entryIs(h, &ir.DictEntry{Keys: h.Rec.Keys, Builtins: h.Rec.Keys2}, w, x))
			return true
		}
		keys(s.snap.Globals, h.Rec.Keys)
		w = keys(s.snap.Builtins, h.Rec.Keys2)
	default:
		return false
	}
	s.replace(i, 0, s.add(ir.OpLoadGlobalEntry, int64(h.Rec.Index), h.Before, w))
	return true
}

// readable says whether the keys tables that the feedback of a global names can be relied on.
func readable(h *ir.Hint) bool {
	return h.Rec != nil && !failed(h, codemeta.ReasonKeysVersion, codemeta.ReasonAttrMissing)
}

// stable says whether the value that i found in a dictionary is taken to be constant. What the function itself assigns to is not.
func (s *specializer) stable(i *ir.Instr, h *ir.Hint) bool {
	if h.Rec.Value == pyabi.NoObj || failed(h, codemeta.ReasonGlobalValue) || s.assigned[i.Obj] {
		return false
	}
	o := &s.snap.Objects[h.Rec.Value]
	return o.Kind.Held() || o.Kind == pyabi.KindFunction || o.Kind == pyabi.KindType || o.Kind == pyabi.KindModule || s.heldCFunction(o)
}

// globalType is the class of a global that is taken to be constant.
func (s *specializer) globalType(i *ir.Instr) ir.Type {
	h := hintOf(i)
	if readable(h) && h.Rec.Kind == pyabi.FbGlobal && s.stable(i, h) {
		return objectType(s.snap, h.Rec.Value)
	}
	return ir.AnyType
}

// entryIs guards that the entry that the feedback names has its value still, and is that value.
func (s *specializer) entryIs(h *ir.Hint, at *ir.DictEntry, versions ...ir.Value) ir.Value {
	s.add(ir.OpEntryGuard, int64(h.Rec.Index), h.Before, versions...)
	s.last().Obj, s.last().Aux = uint32(h.Rec.Value), at
	if s.snap.Objects[h.Rec.Value].Kind.Held() {
		return s.constObj(h.Rec.Value)
	}
	return s.borrow(h.Rec.Value)
}

// moduleAttr is an attribute of a known module, found in its dictionary as a global is.
func (s *specializer) moduleAttr(i *ir.Instr, h *ir.Hint) (ir.Value, bool) {
	if h.Rec.Value2 == pyabi.NoObj || failed(h, codemeta.ReasonKeysVersion, codemeta.ReasonGlobalValue) {
		return ir.NoValue, false
	}
	m := s.guardIs(i.Args[0], h.Rec.Value2, h.Before)
	if s.stable(i, h) {
		w := s.add(ir.OpModuleVersion, 0, nil, m)
		return s.entryIs(h, &ir.DictEntry{Module: h.Rec.Value2, Keys: h.Rec.Keys}, w), true
	}
	w := s.add(ir.OpModuleKeysGuard, int64(h.Rec.Keys), h.Before, m)
	return s.add(ir.OpLoadGlobalEntry, int64(h.Rec.Index), h.Before, w), true
}

// classAttr is what a known class gives for the name, by the versions of the class, of its metaclass, and of the value's class: each one
// that matters.
func (s *specializer) classAttr(i *ir.Instr, h *ir.Hint) (ir.Value, bool) {
	if s.constOf(i.Args[0]) != h.Rec.Type || failed(h, codemeta.ReasonTypeVersion) {
		return ir.NoValue, false
	}
	s.add(ir.OpClassVersionGuard, int64(h.Rec.TypeVersion), h.Before, i.Args[0])
	if h.Rec.Keys2 != 0 {
		s.add(ir.OpTypeVersionGuard, int64(h.Rec.Keys2), h.Before, i.Args[0])
	}
	v := s.borrow(h.Rec.Value)
	if h.Rec.Index != 0 {
		s.add(ir.OpTypeVersionGuard, int64(h.Rec.Index), h.Before, v)
	}
	return v, true
}

// heldCFunction says whether o is a builtin function that the unit keeps alive: what is known of it holds for whatever is
// found at its address. A function bound to another object than its module may die and another one take its place.
func (s *specializer) heldCFunction(o *pyabi.Object) bool {
	return o.Kind == pyabi.KindCFunction && (o.CFunc.Self == pyabi.NoObj || s.snap.Objects[o.CFunc.Self].Kind == pyabi.KindModule)
}

// loadDeref reads the cell; stock raises when it is empty.
func (s *specializer) loadDeref(i *ir.Instr, h *ir.Hint) bool {
	c := s.add(ir.OpLoadCell, 0, nil, i.Args[0])
	v := s.add(ir.OpGuardNotNull, 0, h.Before, c)
	s.f.Values[v].Type = ir.AnyType
	s.replace(i, 0, v)
	return true
}

// iter keeps the generic operation and adds what is known of its result: a range may have an iterator for big ints.
func (s *specializer) iter(i *ir.Instr, h *ir.Hint) bool {
	set := iterOf(s.f.Type(i.Args[0]))
	if set == 0 || failed(h, codemeta.ReasonIteratorType) {
		return false
	}
	old := i.Results[0]
	made := s.f.NewInstr(ir.OpPyIter, 0, i.State, []ir.Type{ir.AnyType}, i.Args...)
	s.f.Values[made.Results[0]].Block = s.block
	s.out = append(s.out, made)
	v := made.Result()
	if set == ir.RangeIter {
		after := s.f.CloneState(h.After)
		after.Stack[len(after.Stack)-1] = v
		v = s.add(ir.OpGuardClass, int64(set), after, v)
	}
	s.f.Values[v].Type = ir.Obj(set)
	s.repl[old] = v
	return true
}

// iterators are the direct forms of py_next by class of iterator.
var iterators = map[ir.ClassSet]struct{ more, take ir.Op }{
	ir.RangeIter: {ir.OpRangeIterMore, ir.OpRangeIterTake},
	ir.ListIter:  {ir.OpListIterMore, ir.OpListIterTake},
	ir.TupleIter: {ir.OpTupleIterMore, ir.OpTupleIterTake},
}

// next splits py_next of a known iterator into the test, which decides the branch at the end of the block, and the take,
// which opens the body. The front end's shape is fixed: v = py_next it; c = is v null; branch c done body, where body
// begins with a refine of v and done has v dead. An exhausted list or tuple iterator still runs the generic operation in
// the done block, because exhaustion drops its sequence.
func (s *specializer) next(i *ir.Instr, h *ir.Hint) bool {
	it := i.Args[0]
	t := s.f.Type(it)
	forms, ok := iterators[t.Set]
	if !ok || t.Rep != ir.RepObject {
		return false
	}
	term := s.block.Term()
	if term.Op != ir.OpBranch || len(term.Edges) != 2 {
		return false
	}
	test := s.f.Def(term.Args[0])
	if test == nil || test.Op != ir.OpIs || test.Args[0] != i.Results[0] {
		return false
	}
	done, body := term.Edges[0].To, term.Edges[1].To
	more := s.add(forms.more, 0, nil, it)
	s.repl[test.Results[0]] = s.add(ir.OpNotBool, 0, nil, more)
	s.repl[i.Results[0]] = s.add(ir.OpConstNull, 0, nil)

	refine := body.Instrs[0]
	take := s.f.NewInstr(forms.take, 0, nil, []ir.Type{forms.take.Row().Result}, it)
	item := take.Result()
	s.f.Values[item].Block = body
	head := []*ir.Instr{take}
	if s.f.Type(item).Rep == ir.RepInt {
		boxed := s.f.NewInstr(ir.OpBoxInt, 0, i.State, []ir.Type{ir.Obj(ir.Int)}, item)
		s.f.Values[boxed.Result()].Block = body
		head = append(head, boxed)
		item = boxed.Result()
	}
	s.repl[refine.Results[0]] = item
	body.Instrs = append(head, body.Instrs[1:]...)
	if t.Set != ir.RangeIter {
		if len(done.Preds) > 1 {
			done = ir.SplitEdge(s.f, s.block, 0)
		}
		finish := s.f.NewInstr(ir.OpPyNext, 0, i.State, []ir.Type{ir.Obj(ir.AnyOrNull)}, it)
		s.f.Values[finish.Result()].Block = done
		done.Instrs = append([]*ir.Instr{finish}, done.Instrs...)
	}
	return true
}

// unpack takes an exact tuple or list of the right length apart without a copy; the item loads behind it follow suit. Where
// both classes come, as the profile of the entry knows or exits at any place that takes the same value apart, they are told apart.
func (s *specializer) unpack(i *ir.Instr, h *ir.Hint) bool {
	if failed(h, codemeta.ReasonListShape) {
		return false
	}
	class, size := ir.Tuple, ir.OpTupleSize
	if h.Kind == ir.HintList {
		class, size = ir.List, ir.OpListSize
	}
	t := s.f.Type(i.Args[0])
	known := t.Set != 0 && t.Within(class)
	hinted := (h.Kind == ir.HintTwoTuple || h.Kind == ir.HintTuple || h.Kind == ir.HintList) && t.Set&class != 0
	if s.twoClasses[s.f.Root(i.Args[0])] || hinted && i.Imm >= ir.LongUnpacking {
		v := i.Args[0]
		w := s.add(ir.OpSequenceItems, i.Imm, h.Before, v)
		s.replace(i, 0, v)
		s.eachItem(i, func(x *ir.Instr, index int64) {
			x.Op, x.Imm, x.Args, x.State = ir.OpSequenceItem, index, []ir.Value{v, w}, nil
		})
		return true
	}
	if !known && !hinted {
		return false
	}
	v := s.guardClass(i.Args[0], class, h.Before)
	s.add(ir.OpGuardIntConst, i.Imm, h.Before, s.add(size, 0, nil, v))
	s.replace(i, 0, v)
	if class == ir.List {
		s.eachItem(i, func(x *ir.Instr, _ int64) { x.Op, x.Imm, x.State = ir.OpListItem, 0, h.Before })
	}
	return true
}

// eachItem calls do for the item loads of an unpack operation, which stand behind it in its block.
func (s *specializer) eachItem(i *ir.Instr, do func(x *ir.Instr, index int64)) {
	left := i.Imm
	for _, x := range s.block.Instrs[s.at+1:] {
		if left == 0 {
			return
		}
		if x.Op == ir.OpTupleItem && x.Args[0] == i.Results[0] {
			do(x, s.f.Def(x.Args[1]).Imm)
			left--
		}
	}
}

// shareFailures tells every attribute access of a value that was of another class at one of them. Each place would have to fail
// by itself otherwise, before the one behind it is reached. What the entry has seen of several classes is as good as failed.
func (s *specializer) shareFailures() {
	reason := uint16(codemeta.ReasonTypeVersion)
	several := map[ir.Value]bool{}
	each := func(do func(root ir.Value, h *ir.Hint)) {
		for _, b := range s.f.Blocks {
			for _, i := range b.Instrs {
				switch i.Op {
				case ir.OpPyGetAttr, ir.OpPySetAttr, ir.OpPyGetMethod:
					if h, ok := i.Aux.(*ir.Hint); ok {
						do(s.f.Root(i.Args[0]), h)
					}
				}
			}
		}
	}
	each(func(root ir.Value, h *ir.Hint) {
		if h.Failed[reason] || s.enteredAsMany(root) {
			several[root] = true
		}
	})
	if len(several) == 0 {
		return
	}
	each(func(root ir.Value, h *ir.Hint) {
		if several[root] && !h.Failed[reason] {
			h.Failed = maps.Clone(h.Failed)
			if h.Failed == nil {
				h.Failed = map[uint16]bool{}
			}
			h.Failed[reason] = true
		}
	})
}

// findTwoClasses collects the values that are lists as well as tuples where they are taken apart: those that were expected to be
// of another class, for the same reason, and those that the entry has seen as both.
func (s *specializer) findTwoClasses() {
	s.twoClasses = map[ir.Value]bool{}
	for _, b := range s.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op != ir.OpPyUnpack {
				continue
			}
			if root := s.f.Root(i.Args[0]); failed(hintOf(i), codemeta.ReasonTypeGuard) || s.enteredAsBoth(root) {
				s.twoClasses[root] = true
			}
		}
	}
}

// enteredAsMany says whether root is a parameter that had objects of several classes by turns at the entries of the unit: a guard of one
// class would fail often. The inline caches of the general instructions are for them.
func (s *specializer) enteredAsMany(root ir.Value) bool {
	d := s.f.Def(root)
	return d != nil && d.Op == ir.OpLoadLocal && s.f.EntryBCI == 0 && s.entryProfile(root)&pyabi.ProfileMany != 0
}

// enteredAsBoth says whether v is a local that was a list at some entries of the unit and a tuple at all others. That it may have
// been stored to since does no harm: both classes are what it most probably is still.
func (s *specializer) enteredAsBoth(v ir.Value) bool {
	return s.entryProfile(v)&^pyabi.ProfileNull == pyabi.ProfileList|pyabi.ProfileTuple
}

// entryProfile is what the entries of the unit have seen in the local that is v's home; 0: nothing is known.
func (s *specializer) entryProfile(v ir.Value) uint16 {
	home := s.f.Values[v].Home
	if home == ir.NoHome || s.elided || int(home) >= len(s.snap.Profile) {
		return 0
	}
	return s.snap.Profile[home]
}
