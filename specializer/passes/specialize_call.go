package passes

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// co_flags bits (Include/cpython/code.h).
const (
	coOptimized   = 0x01
	coNewLocals   = 0x02
	coVarArgs     = 0x04
	coVarKeywords = 0x08
)

// frameSpecials is the number of words of a frame before its locals (FRAME_SPECIALS_SIZE).
func (s *specializer) frameSpecials() int { return int(s.snap.Offsets.FrameSpecials) }

// callee is the object that a call is known to call, with the operands it gets.
func (s *specializer) callee(i *ir.Instr) (pyabi.ObjID, []ir.Value) {
	if m := s.constOf(i.Args[0]); m != pyabi.NoObj {
		return m, i.Args[1:]
	}
	if d := s.f.Def(s.resolve(i.Args[0])); d != nil && d.Op == ir.OpConstNull {
		return s.constOf(i.Args[1]), i.Args[2:]
	}
	return pyabi.NoObj, nil
}

// callType is the type of a call of a known builtin class or function.
func (s *specializer) callType(i *ir.Instr) ir.Type {
	obj, args := s.hintedCallee(i)
	if obj == pyabi.NoObj || i.Obj != 0 {
		return ir.AnyType
	}
	switch s.snap.Objects[obj].Kind {
	case pyabi.KindType:
		if set, ok := s.builtinClass(obj); ok {
			return ir.Obj(set)
		}
	case pyabi.KindCFunction:
		if obj == s.snap.Known[pyabi.KnownIsInstance] && len(args) == 2 {
			return ir.Obj(ir.Bool)
		}
		if obj == s.snap.Known[pyabi.KnownLen] && len(args) == 1 {
			return ir.Obj(ir.Int)
		}
		if b, ok := s.builtin(obj, args); ok {
			return ir.Obj(boxClass(b.row.result))
		}
	}
	return ir.AnyType
}

// hintedCallee is callee before the rewriting: a global load that will become a constant counts as one.
func (s *specializer) hintedCallee(i *ir.Instr) (pyabi.ObjID, []ir.Value) {
	if obj, args := s.callee(i); obj != pyabi.NoObj {
		return obj, args
	}
	if d := s.f.Def(i.Args[0]); d == nil || d.Op != ir.OpConstNull {
		return pyabi.NoObj, nil
	}
	d := s.f.Def(i.Args[1])
	if d == nil || d.Op != ir.OpPyLoadGlobal {
		return pyabi.NoObj, nil
	}
	h := hintOf(d)
	if h.Rec == nil || failed(h, codemeta.ReasonKeysVersion, codemeta.ReasonAttrMissing, codemeta.ReasonGlobalValue) {
		return pyabi.NoObj, nil
	}
	return h.Rec.Value, i.Args[2:]
}

// builtinClass is the class of the instances that calling a builtin class makes.
func (s *specializer) builtinClass(obj pyabi.ObjID) (ir.ClassSet, bool) {
	for _, k := range []struct {
		known pyabi.WellKnown
		set   ir.ClassSet
	}{
		{pyabi.KnownRange, ir.Range}, {pyabi.KnownInt, ir.Int}, {pyabi.KnownFloat, ir.Float}, {pyabi.KnownStr, ir.Str},
		{pyabi.KnownList, ir.List}, {pyabi.KnownTuple, ir.Tuple}, {pyabi.KnownDict, ir.Dict}, {pyabi.KnownSet, ir.Set},
		{pyabi.KnownBool, ir.Bool},
	} {
		if s.snap.Known[k.known] == obj {
			// int(x), float(x) and str(x) may give instances of subclasses through __int__ and the like only for int and
			// str; those are left out.
			if k.set&(ir.Int|ir.Str) != 0 {
				return 0, false
			}
			return k.set, true
		}
	}
	return 0, false
}

// call makes direct calls of known functions.
func (s *specializer) call(i *ir.Instr, h *ir.Hint) bool {
	obj, args := s.callee(i)
	if obj == pyabi.NoObj {
		return false
	}
	if obj == s.snap.Known[pyabi.KnownSuper] && len(args) == 0 {
		s.noteSuper(i, h)
		return false
	}
	switch o := &s.snap.Objects[obj]; o.Kind {
	case pyabi.KindFunction:
		return s.callFunction(i, h, obj, args)
	case pyabi.KindType:
		return s.callClass(i, h, obj, args)
	case pyabi.KindCFunction:
		// CPython looks whether what takes no arguments keeps the rules about exceptions; the general call does.
		checked := o.CFunc.Flags&pyabi.MethNoArgs != 0
		return i.Obj == 0 && (s.callBuiltin(i, h, obj, args) || !checked && s.callC(i, o, s.constSelf(o), args))
	case pyabi.KindMethodDescr:
		// Found for its receiver, whose class it fits. Read from the class it looks what it is called with; the general call does.
		found := s.constOf(i.Args[0]) == obj
		return i.Obj == 0 && found && s.callC(i, o, args[0], args[1:])
	}
	return false
}

// callFunction binds the operands to the parameters and calls the function's machine code with a frame of ours.
func (s *specializer) callFunction(i *ir.Instr, h *ir.Hint, obj pyabi.ObjID, args []ir.Value) bool {
	target := s.target(h, obj)
	if target == nil {
		return false
	}
	bound, rest, ok := s.bind(i, obj, args)
	if !ok {
		return false
	}
	// The callee operand itself is tested: its use here keeps it alive up to the call.
	f := i.Args[0]
	if s.constOf(f) != obj {
		f = i.Args[1]
	}
	s.replace(i, 0, s.direct(i, h, f, target, bound, rest))
	return true
}

// direct guards the function f and calls it.
func (s *specializer) direct(i *ir.Instr, h *ir.Hint, f ir.Value, target *ir.CallTarget, bound, rest []ir.Value) ir.Value {
	s.add(ir.OpFuncVersionGuard, int64(s.snap.Objects[target.Func].Func.Version), h.Before, f)
	r := s.add(ir.OpCallFunction, 0, i.State, s.gather(i, h, target, bound, rest)...)
	s.last().Aux = target
	return r
}

// gather appends the containers for *args, of the rest of the positional operands, and for **kwargs, which is empty, to the
// operands that are bound to parameters.
func (s *specializer) gather(i *ir.Instr, h *ir.Hint, target *ir.CallTarget, bound, rest []ir.Value) []ir.Value {
	flags := s.snap.Codes[s.snap.Objects[target.Code].Index].Flags
	if flags&coVarArgs != 0 {
		if len(rest) > 0 {
			s.add(ir.OpGuardNoCollection, 0, h.Before)
		}
		bound = append(bound, s.add(ir.OpPyBuildTuple, 0, i.State, rest...))
	}
	if flags&coVarKeywords != 0 {
		s.add(ir.OpGuardNoCollection, 0, h.Before)
		bound = append(bound, s.add(ir.OpNewDict, 0, i.State))
	}
	return bound
}

// callClass makes an instance of a class whose __new__ is object's and calls its __init__ directly. The version of the
// class stands for both.
func (s *specializer) callClass(i *ir.Instr, h *ir.Hint, obj pyabi.ObjID, args []ir.Value) bool {
	if i.Obj == 0 && len(args) == 1 && s.constOf(i.Args[1]) == obj && s.convert(i, obj, args[0]) {
		return true
	}
	class := &s.snap.Objects[obj].Class
	if class.Init == pyabi.NoObj || class.Version == 0 || failed(h, codemeta.ReasonTypeVersion) || s.constOf(i.Args[1]) != obj {
		return false
	}
	target := s.target(h, class.Init)
	if target == nil || target.Generator {
		return false
	}
	if s.snap.Codes[s.snap.Objects[target.Code].Index].ArgCount == 0 {
		return false // the instance would be an item of *args, which is made before it
	}
	bound, rest, ok := s.bind(i, class.Init, append([]ir.Value{i.Args[1]}, args...))
	if !ok {
		return false
	}
	t := s.add(ir.OpClassVersionGuard, int64(class.Version), h.Before, i.Args[1])
	init := s.borrow(class.Init)
	s.add(ir.OpFuncVersionGuard, int64(s.snap.Objects[class.Init].Func.Version), h.Before, init)
	bound = s.gather(i, h, target, bound, rest)
	s.add(ir.OpGuardNoCollection, 0, h.Before)
	target.Init = true
	self := s.add(ir.OpNewInstance, 1, i.State, t)
	bound[0] = self
	s.replace(i, 0, self)
	r := s.add(ir.OpCallFunction, 0, i.State, bound...)
	s.last().Aux = target
	s.add(ir.OpKeepAlive, 0, nil, init)
	s.add(ir.OpCheckNone, 0, i.State, r)
	return true
}

// converters are the builtin classes whose call with one argument is a function of the C API; stock has instructions for them.
var converters = []struct {
	known  pyabi.WellKnown
	helper pyabi.Helper
	result ir.Type
}{
	{pyabi.KnownStr, pyabi.HelperStr, ir.AnyType},
	{pyabi.KnownTuple, pyabi.HelperTuple, ir.Obj(ir.Tuple)},
}

// convert calls type, str and tuple with one argument without making an argument tuple.
func (s *specializer) convert(i *ir.Instr, class pyabi.ObjID, arg ir.Value) bool {
	if class == s.snap.Known[pyabi.KnownType] {
		s.replace(i, 0, s.add(ir.OpTypeOf, 0, nil, arg))
		return true
	}
	for _, c := range converters {
		if class == s.snap.Known[c.known] {
			r := s.add(ir.OpCallHelper, int64(c.helper), i.State, arg)
			s.f.Values[r].Type = c.result
			s.replace(i, 0, r)
			return true
		}
	}
	return false
}

// target describes a Python function that can be called directly, nil for others.
func (s *specializer) target(h *ir.Hint, obj pyabi.ObjID) *ir.CallTarget {
	fn := &s.snap.Objects[obj].Func
	if failed(h, codemeta.ReasonFunctionVersion) || fn.Version == 0 || fn.Code == pyabi.NoObj {
		return nil
	}
	index := s.snap.Objects[fn.Code].Index
	if index < 0 {
		return nil
	}
	code := &s.snap.Codes[index]
	if code.Flags&(coOptimized|coNewLocals) != coOptimized|coNewLocals {
		return nil
	}
	return &ir.CallTarget{
		Func: obj, Code: fn.Code, Cell: code.Cell, Start: code.Addr, Globals: fn.Globals, Builtins: fn.Builtins,
		Locals: int(code.NLocalsPlus), Slots: int(code.NLocalsPlus+code.StackSize) + s.frameSpecials(), Name: code.QualName,
		Generator: code.Flags&pyabi.GeneratorLike != 0,
		Direct:    anyFailed(h),
	}
}

// bind orders positional operands, keywords and defaults by parameter, and gives the positional ones that are left for *args.
// It refuses what would be an error or an item of **kwargs.
func (s *specializer) bind(i *ir.Instr, obj pyabi.ObjID, args []ir.Value) (bound, rest []ir.Value, ok bool) {
	fn := &s.snap.Objects[obj].Func
	code := &s.snap.Codes[s.snap.Objects[fn.Code].Index]
	total := int(code.ArgCount + code.KwOnly)
	bound = make([]ir.Value, total)
	var names []pyabi.ObjID
	if i.Obj != 0 {
		names = s.snap.Objects[i.Obj].Items
	}
	positional := len(args) - len(names)
	if positional < 0 || positional > int(code.ArgCount) && code.Flags&coVarArgs == 0 {
		return nil, nil, false
	}
	first := min(positional, int(code.ArgCount))
	copy(bound, args[:first])
	rest = args[first:positional]
next:
	for k, name := range names {
		for p := int(code.PosOnly); p < total; p++ {
			if s.snap.Objects[code.LocalNames[p]].Text == s.snap.Objects[name].Text && bound[p] == ir.NoValue {
				bound[p] = args[positional+k]
				continue next
			}
		}
		return nil, nil, false
	}
	firstDefault := int(code.ArgCount) - len(fn.Defaults)
	for p := range bound {
		if bound[p] != ir.NoValue {
			continue
		}
		if p < firstDefault || p >= int(code.ArgCount) {
			return nil, nil, false // missing, or a keyword-only default
		}
		bound[p] = s.constObj(fn.Defaults[p-firstDefault])
	}
	return bound, rest, true
}

// constSelf is the bound object of a builtin function as an operand.
func (s *specializer) constSelf(o *pyabi.Object) ir.Value {
	if o.CFunc.Self == pyabi.NoObj {
		return s.add(ir.OpConstNull, 0, nil)
	}
	return s.constObj(o.CFunc.Self)
}

// callC calls a C function by its own convention. A method descriptor's receiver has the right class: the version guard of
// the lookup that found it says so.
func (s *specializer) callC(i *ir.Instr, o *pyabi.Object, self ir.Value, args []ir.Value) bool {
	flags := o.CFunc.Flags &^ 0x40 // METH_COEXIST
	switch {
	case flags == pyabi.MethNoArgs && len(args) == 0:
	case flags == pyabi.MethO && len(args) == 1:
	case flags&^pyabi.MethCharged == pyabi.MethFastCall || flags == pyabi.MethFastCall|pyabi.MethKeywords:
	default:
		return false
	}
	r := s.add(ir.OpCallC, 0, i.State, append([]ir.Value{self}, args...)...)
	s.last().Aux = &ir.CTarget{Meth: o.CFunc.Meth, Flags: flags, Name: o.Text}
	for _, callee := range i.Args[:2] {
		if s.constOf(callee) != pyabi.NoObj {
			s.add(ir.OpKeepAlive, 0, nil, callee) // it owns the receiver it is bound to
		}
	}
	s.replace(i, 0, r)
	return true
}

// builtinRow is a builtin function that has a direct form for operands of certain classes.
type builtinRow struct {
	known  pyabi.WellKnown
	class  ir.ClassSet // of the only operand
	op     ir.Op
	result ir.Rep
	unbox  bool // the op takes the unboxed operand
}

var builtinRows = []builtinRow{
	{pyabi.KnownLen, ir.List, ir.OpListSize, ir.RepInt, false},
	{pyabi.KnownLen, ir.Tuple, ir.OpTupleSize, ir.RepInt, false},
	{pyabi.KnownLen, ir.Str, ir.OpStrSize, ir.RepInt, false},
	{pyabi.KnownAbs, ir.Int, ir.OpAbsInt, ir.RepInt, true},
	{pyabi.KnownAbs, ir.Float, ir.OpAbsFloat, ir.RepFloat, true},
	{pyabi.KnownSqrt, ir.Float, ir.OpSqrtFloat, ir.RepFloat, true},
}

type builtinMatch struct {
	row *builtinRow
	arg ir.Value
}

// builtin finds the row for a known builtin and operands of known classes.
func (s *specializer) builtin(obj pyabi.ObjID, args []ir.Value) (builtinMatch, bool) {
	if len(args) != 1 {
		return builtinMatch{}, false
	}
	t := s.f.Type(args[0])
	if int(args[0]) < len(s.types) && s.types[args[0]] != ir.NoType {
		t = s.types[args[0]]
	}
	for k := range builtinRows {
		row := &builtinRows[k]
		if t.Set != 0 && t.Within(row.class) && obj == s.snap.Known[row.known] {
			return builtinMatch{row, args[0]}, true
		}
	}
	return builtinMatch{}, false
}

func (s *specializer) callBuiltin(i *ir.Instr, h *ir.Hint, obj pyabi.ObjID, args []ir.Value) bool {
	if obj == s.snap.Known[pyabi.KnownIsInstance] && len(args) == 2 {
		s.replace(i, 0, s.box(s.isInstance(i, h, args), i.State))
		return true
	}
	b, ok := s.builtin(obj, args)
	if !ok && obj == s.snap.Known[pyabi.KnownLen] && len(args) == 1 {
		s.replace(i, 0, s.box(s.add(ir.OpLen, 0, i.State, args...), i.State))
		return true
	}
	if !ok || failed(h, codemeta.ReasonIntOverflow, codemeta.ReasonIntRange, codemeta.ReasonFloatDomain) {
		return false
	}
	v := b.arg
	if b.row.unbox {
		v = s.unboxNumber(v, b.row.class, h.Before)
	}
	s.replace(i, 0, s.box(s.add(b.row.op, 0, h.Before, v), i.State))
	return true
}
