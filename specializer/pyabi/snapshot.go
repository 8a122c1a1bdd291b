// Package pyabi is what the compiler knows of the interpreter's binary interface: the snapshot of one compile request, the
// struct offsets of the interpreter it was taken in, and the runtime helpers by number. It is a leaf: it imports nothing
// of ours, and no Go code ever dereferences the addresses in it.
package pyabi

// ObjID is the number of an object in Snapshot.Objects.
type ObjID uint32

// NoObj is the absent object; Objects[0] is a placeholder.
const NoObj ObjID = 0

// Snapshot is everything the compiler is told about one unit.
type Snapshot struct {
	RequestID uint64
	Unit      uint64 // address of the pl_unit the code will belong to
	EntryBCI  uint32 // 0: function entry; otherwise the loop head the unit is entered at
	Flags     uint32 // FlagXxx
	Version   uint32 // PY_VERSION_HEX of the headers the shim was built with
	Offsets   Offsets
	Helpers   []uint64 // address by Helper number
	Known     []ObjID  // object by WellKnown number
	Breaker   uint64   // address of the interpreter's eval breaker, an int32
	SmallInts uint64   // address of the int object 0 of the small-int cache; they are SmallIntSize apart, -5..256
	Objects   []Object // by ObjID
	Codes     []Code   // Codes[0] is the code being compiled; others are callees
	Func      ObjID    // the function object being called when the request was made, NoObj in module code
	Globals   ObjID    // its globals and builtins dictionaries
	Builtins  ObjID
	Profile   []uint16  // type bits (ProfileXxx) of the local slots, then (OSR) of the operand stack, at the entry
	Resumes   []Operand // type bits of the operand stack where a generator was resumed
}

// Operand is what was seen in one entry of the operand stack at a resume of a generator.
type Operand struct {
	BCI   uint32
	Depth uint16 // index in the operand stack
	Types uint16 // type bits (ProfileXxx)
}

// FlagAllHandlers asks for all exception handlers, whether they have been needed or not.
const FlagAllHandlers = 1

// ObjKind says which payload an Object has.
type ObjKind uint8

// The kinds of objects.
const (
	KindOther       ObjKind = iota
	KindNone                // None, True, False, Ellipsis: see Known
	KindBool                // Int is 0 or 1
	KindInt                 // Int is the value when Fits
	KindFloat               // Bits is the IEEE pattern
	KindStr                 // Text
	KindBytes               // no payload
	KindTuple               // Items
	KindCode                // Index: number in Codes, or -1 when only the address is known
	KindFunction            // Func
	KindType                // Class
	KindCFunction           // CFunc
	KindMethodDescr         // CFunc (Self is the defining class)
	KindModule              // no payload
	KindDict                // no payload
)

// Held says whether objects of the kind live as long as the unit, whatever becomes of what named them: singletons, and those that
// the unit keeps alive.
func (k ObjKind) Held() bool {
	switch k {
	case KindNone, KindBool, KindInt, KindFloat, KindStr, KindBytes:
		return true
	}
	return false
}

// Object is a Python object that the code may name. Numbers, strs, bytes and the builtin functions of modules are kept alive
// by the unit; what else the code names must be held by what guards it: see cshim/snapshot.c.
type Object struct {
	Addr  uint64
	Type  uint64 // address of its class
	Kind  ObjKind
	Fits  bool // KindInt: the value fits 64 bits; KindStr: Text is the whole text; KindTuple: Items are all the items
	Int   int64
	Bits  uint64
	Text  string // KindStr: the text; KindType, KindFunction, KindCFunction: (qualified) name
	Items []ObjID
	Index int32
	Func  FuncInfo
	Class ClassInfo
	CFunc CFuncInfo
}

// FuncInfo describes a Python function object.
type FuncInfo struct {
	Code     ObjID
	Version  uint32 // func_version; nonzero: the shim assigned one when there was none
	Defaults []ObjID
	KwOnly   bool // has keyword-only defaults
	Closure  bool
	Globals  uint64 // addresses, compared with those of the caller
	Builtins uint64
}

// ClassInfo describes a type object.
type ClassInfo struct {
	Version     uint32 // tp_version_tag, 0 when it has none
	Flags       uint64 // tp_flags
	BasicSize   int64
	KeysVersion uint32 // dk_version of ht_cached_keys, 0 when none
	Keys        uint64 // its address, likewise
	Managed     bool   // instances have inline values (Py_TPFLAGS_MANAGED_DICT)
	Answers     bool   // isinstance means what it means for type: the metaclass has no __instancecheck__ of its own
	Init        ObjID  // the Python function __init__ resolves to, when tp_new is object's and the metaclass is type; else NoObj
}

// IsOfType says whether a class is an instance of type itself, and not of another metaclass. That never changes.
func (s *Snapshot) IsOfType(class ObjID) bool {
	return s.Objects[class].Type == s.Objects[s.Known[KnownType]].Addr
}

// ml_flags of CFuncInfo (Include/methodobject.h).
const (
	MethKeywords = 0x02
	MethNoArgs   = 0x04
	MethO        = 0x08
	MethFastCall = 0x80
	MethCharged  = 0x8000 // PL_METH_CHARGED of the shim: what stands in for a builtin charges a level of recursion
)

// CFuncInfo describes a builtin function or method descriptor.
type CFuncInfo struct {
	Meth  uint64 // address of ml_meth
	Flags uint32 // ml_flags: METH_O, METH_NOARGS, METH_FASTCALL, METH_KEYWORDS …
	Self  ObjID  // m_self, or d_type for a descriptor
}

// Code is a code object.
type Code struct {
	Obj            ObjID
	Cell           uint64 // address of its pl_code, whose first word is the direct entry of compiled calls
	QualName       string
	File           string
	FirstLine      int32
	ArgCount       int32 // positional, positional-only included
	PosOnly        int32
	KwOnly         int32
	Flags          uint32 // co_flags
	NLocals        int32
	NLocalsPlus    int32
	NCells         int32
	NFree          int32
	StackSize      int32
	FirstTraceable int32
	Unseen         bool   // it may have run as machine code that was made before the interpreter collected feedback
	Addr           uint64 // address of the first code unit (co_code_adaptive)
	Caches         uint64 // address of the inline caches of its attribute instructions, 0 when it has none
	Bytes          []byte // canonical bytecode; empty when only the header is known
	Adaptive       []byte // the same with quickened opcodes and inline caches
	Consts         []ObjID
	Names          []ObjID
	LocalNames     []ObjID // co_localsplusnames
	LocalKinds     []byte  // co_localspluskinds: CO_FAST_LOCAL 0x20, CELL 0x40, FREE 0x80
	ExcTable       []byte
	Feedback       []Feedback // sorted by BCI; of Codes[0] and of callees that may be inlined
	Sites          []Site     // deopt history, sorted by BCI; of the same codes
}

// FullCounter is the first cache entry of an instruction that has been specialised and has not missed since (Python/specialize.c, 3.11).
const FullCounter = 53

// FeedbackKind says what a Feedback record knows.
type FeedbackKind uint8

// The kinds of feedback that need more than the opcode byte.
const (
	FbGlobal        FeedbackKind = 1 + iota // LOAD_GLOBAL found in the globals: Keys of globals, Index, Value
	FbBuiltin                               // LOAD_GLOBAL found in the builtins: Keys of globals, Keys2 of builtins, Index, Value
	FbInstanceValue                         // LOAD_ATTR/STORE_ATTR: Type, TypeVersion, Index of the inline values
	FbSlot                                  // LOAD_ATTR/STORE_ATTR: Type, TypeVersion, Index is a byte offset
	FbMethod                                // LOAD_METHOD on inline values: Type, TypeVersion, Keys (shadow check), Value is the descriptor
	FbMethodNoDict                          // LOAD_METHOD: Type, TypeVersion, Value
	FbMethodDict                            // LOAD_METHOD with a managed dict that has Keys version: as FbMethod, not yet used
	FbClassAttr                             // LOAD_ATTR/LOAD_METHOD behind LOAD_GLOBAL of a class: Type is that class, TypeVersion its own tag, Keys2 that of its metaclass unless that is type, Value what it gives, Index the tag of Value's class if that could make a descriptor of it, Keys 1 for the function of a class method
	FbModuleAttr                            // LOAD_ATTR/LOAD_METHOD on a module: Value2 is the module, Keys, Index (byte offset), Value
	FbWithHint                              // LOAD_ATTR/STORE_ATTR on a materialised dict: Type, TypeVersion, Index
)

// Feedback is resolved type feedback of one instruction.
type Feedback struct {
	BCI         uint32
	Kind        FeedbackKind
	Type        ObjID
	TypeVersion uint32
	Keys        uint32
	Keys2       uint32
	Index       uint32
	Value       ObjID
	Value2      ObjID
}

// GeneratorLike are the bits of Code.Flags that generators, coroutines and async generators have (CO_GENERATOR, CO_COROUTINE,
// CO_ASYNC_GENERATOR; Include/cpython/code.h).
const GeneratorLike = 0x20 | 0x80 | 0x200

// Failed says whether an exit at bci with one of the reasons was taken so often that its speculation is not made again.
func (k *Code) Failed(bci int32, among func(reason uint16) bool) bool {
	for _, s := range k.Sites {
		if int32(s.BCI) == bci && s.Count >= MinDeopts && among(s.Reason) {
			return true
		}
	}
	return false
}

// Site is one entry of the deopt history: an exit that fired too often in an earlier unit.
type Site struct {
	BCI    uint32
	Reason uint16
	Count  uint32
}

// MinDeopts is how often an exit must have been taken for its speculation not to be made again.
const MinDeopts = 8

// Type profile bits, as enum pl_typebits in cshim/shim.h.
const (
	ProfileNull uint16 = 1 << iota
	ProfileInt
	ProfileFloat
	ProfileStr
	ProfileBool
	ProfileNone
	ProfileList
	ProfileTuple
	ProfileDict
	ProfileRangeIter
	ProfileListIter
	ProfileTupleIter
	ProfileBigInt
	ProfileMany  uint16 = 1 << 14 // others, of several classes by turns
	ProfileOther uint16 = 1 << 15
)
