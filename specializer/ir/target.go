package ir

import (
	"fmt"

	"pystonlite/specializer/pyabi"
)

// CallTarget is the Aux of OpCallFunction: a Python function whose frame the caller pushes itself.
type CallTarget struct {
	Func     pyabi.ObjID // the function; its code and defaults were guarded
	Code     pyabi.ObjID // its code object
	Cell     uint64      // address of the word that holds the direct entry
	Start    uint64      // address of the first code unit
	Globals  uint64      // the function's dictionaries
	Builtins uint64
	Locals   int // localsplus slots
	Slots    int // size of the whole frame in words
	Name     string

	Generator bool // the call only makes a generator, coroutine or async generator
	Init      bool // an __init__: while it runs the call of the class is a level of recursion, too
	Direct    bool // not to be inlined: what was inlined here was left too often
}

func (t *CallTarget) String() string { return fmt.Sprintf("@%d %s", t.Func, t.Name) }

// DictEntry is the Aux of OpEntryGuard: where the entry is.
type DictEntry struct {
	Module   pyabi.ObjID // the module whose dictionary it is; NoObj: the frame's globals
	Keys     uint32      // version of that dictionary's keys table
	Builtins uint32      // not 0: the entry is in the builtins, whose keys table has this version; the other one lacks the name
}

func (d *DictEntry) String() string {
	switch {
	case d.Module != pyabi.NoObj:
		return fmt.Sprintf("@%d keys %d", d.Module, d.Keys)
	case d.Builtins != 0:
		return fmt.Sprintf("keys %d, builtins %d", d.Keys, d.Builtins)
	}
	return fmt.Sprintf("keys %d", d.Keys)
}

// CTarget is the Aux of OpCallC: a C function called by its own convention.
type CTarget struct {
	Meth  uint64 // address of the C function
	Flags uint32 // METH_O, METH_NOARGS, METH_FASTCALL, with METH_KEYWORDS or not
	Name  string
}

func (t *CTarget) String() string { return t.Name }

// constClasses maps kinds of snapshot objects to classes; the kinds are exact.
var constClasses = [...]ClassSet{
	pyabi.KindOther: Other, pyabi.KindNone: None, pyabi.KindBool: Bool, pyabi.KindInt: Int, pyabi.KindFloat: Float,
	pyabi.KindStr: Str, pyabi.KindBytes: Bytes, pyabi.KindTuple: Tuple, pyabi.KindCode: Other,
	pyabi.KindFunction: Function, pyabi.KindType: Class | Other, pyabi.KindCFunction: CFunction,
	pyabi.KindMethodDescr: Other, pyabi.KindModule: Module, pyabi.KindDict: Dict,
}

// ConstClass is the class set of a constant of the given kind. A class object may be of any metaclass.
func ConstClass(k pyabi.ObjKind) ClassSet { return constClasses[k] }

// What an OpPyAwaitable of a yield from has in place of an oparg of GET_AWAITABLE.
const (
	YieldFrom           = -1 // in a generator
	YieldFromCoroutines = -2 // in code that may delegate to coroutines
)

// LongUnpacking is the number of items from which on an unpacking into locals is one call (package lower, unpack.go).
const LongUnpacking = 8

// HelperWords is the Aux of OpCallHelper and OpDoHelper: the word arguments of the helper, in order.
type HelperWords []int64

func (w HelperWords) String() string { return fmt.Sprint([]int64(w)) }
