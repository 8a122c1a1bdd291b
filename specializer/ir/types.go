package ir

import (
	"fmt"
	"strings"
)

// Rep is the machine representation of a value.
type Rep uint8

// The representations. A RepObject value is a PyObject pointer (NULL where its class set allows it).
const (
	RepNone   Rep = iota // no value
	RepObject            // object reference
	RepInt               // signed 64-bit integer, the value of a Python int
	RepFloat             // IEEE double, the value of a Python float
	RepBool              // 0 or 1, a truth value
	RepWord              // raw machine word: addresses, sizes, flags that are no Python value
)

var repNames = [...]string{RepNone: "none", RepObject: "obj", RepInt: "int", RepFloat: "float", RepBool: "bool", RepWord: "word"}

func (r Rep) String() string { return repNames[r] }

// ClassSet is a set of exact classes an object reference may have. A subclass of int is Other, never Int.
type ClassSet uint32

// The classes the compiler tells apart.
const (
	Null ClassSet = 1 << iota // the NULL reference
	None
	Bool
	Int
	Float
	Str
	Bytes
	List
	Tuple
	Dict
	Set
	Slice
	Range
	RangeIter
	ListIter
	TupleIter
	Function
	CFunction
	Method
	Class // an instance of type
	Module
	Cell
	Other // any other class

	numClasses = iota
)

// Unions used all over the compiler.
const (
	NoClass   ClassSet = 0
	AnyOrNull          = ClassSet(1<<numClasses - 1)
	Any                = AnyOrNull &^ Null
	// Trivial classes run no Python code when their last reference goes away: they own no other object.
	Trivial = Null | None | Bool | Int | Float | Str | Bytes | RangeIter
	// Iters are the iterator classes with inline next operations.
	Iters = RangeIter | ListIter | TupleIter
)

var classNames = [numClasses]string{
	"Null", "None", "Bool", "Int", "Float", "Str", "Bytes", "List", "Tuple", "Dict", "Set", "Slice", "Range", "RangeIter",
	"ListIter", "TupleIter", "Function", "CFunction", "Method", "Class", "Module", "Cell", "Other",
}

// String prints the set as names joined by '|'; the full sets print as Any and Any?.
func (s ClassSet) String() string {
	switch s {
	case NoClass:
		return "Nothing"
	case Any:
		return "Any"
	case AnyOrNull:
		return "Any?"
	}
	if s&Any == Any {
		return "Any?"
	}
	var names []string
	for i, n := range classNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// ParseClassSet reads what ClassSet.String prints.
func ParseClassSet(text string) (ClassSet, error) {
	switch text {
	case "Nothing":
		return NoClass, nil
	case "Any":
		return Any, nil
	case "Any?":
		return AnyOrNull, nil
	}
	var s ClassSet
next:
	for _, part := range strings.Split(text, "|") {
		for i, n := range classNames {
			if n == part {
				s |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("unknown class %q", part)
	}
	return s, nil
}

// Type is what the compiler knows of a value: its representation, for objects the set of classes, and, when the class is
// one particular heap or static type, its object number in the snapshot plus one (Exact, 0 when unknown).
type Type struct {
	Rep   Rep
	Set   ClassSet
	Exact uint32
}

// Obj is the type of an object reference with one of the classes in s.
func Obj(s ClassSet) Type { return Type{Rep: RepObject, Set: s} }

// The types of unboxed values, and the top type of object references.
var (
	NoType   = Type{}
	IntType  = Type{Rep: RepInt}
	FltType  = Type{Rep: RepFloat}
	BoolType = Type{Rep: RepBool}
	WordType = Type{Rep: RepWord}
	AnyType  = Obj(Any)
)

// String prints `int`, `float`, `obj:Int|Float`, `obj:Other#12`.
func (t Type) String() string {
	if t.Rep != RepObject {
		return t.Rep.String()
	}
	if t.Exact != 0 {
		return fmt.Sprintf("obj:%s#%d", t.Set, t.Exact-1)
	}
	return "obj:" + t.Set.String()
}

// ParseType reads what Type.String prints.
func ParseType(text string) (Type, error) {
	for r, n := range repNames {
		if n == text && Rep(r) != RepObject {
			return Type{Rep: Rep(r)}, nil
		}
	}
	rest, ok := strings.CutPrefix(text, "obj:")
	if !ok {
		return NoType, fmt.Errorf("unknown type %q", text)
	}
	t := Type{Rep: RepObject}
	if name, num, has := strings.Cut(rest, "#"); has {
		var n uint32
		if _, err := fmt.Sscanf(num, "%d", &n); err != nil {
			return NoType, fmt.Errorf("bad object number in %q", text)
		}
		rest, t.Exact = name, n+1
	}
	var err error
	t.Set, err = ParseClassSet(rest)
	return t, err
}

// Within says whether every object of t is one of the classes in s.
func (t Type) Within(s ClassSet) bool { return t.Rep == RepObject && t.Set&^s == 0 }

// Join is the least type that covers both. Joining different representations is a mistake of the caller.
func (t Type) Join(u Type) Type {
	if t == NoType {
		return u
	}
	if u == NoType {
		return t
	}
	if t.Rep != u.Rep {
		panic(fmt.Sprintf("BUG: join of %s and %s", t, u))
	}
	j := Type{Rep: t.Rep, Set: t.Set | u.Set}
	if t.Exact == u.Exact {
		j.Exact = t.Exact
	}
	return j
}
