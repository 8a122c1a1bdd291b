package ir

import "fmt"

// Op is the operation of an instruction.
type Op uint16

// Effects is a set of parts of the world. A pass compares effect sets only by overlap.
type Effects uint16

// The parts that generated code reads and writes apart from values.
const (
	EffLocals  Effects = 1 << iota // slots of the frame
	EffGlobals                     // globals and builtins dictionaries: keys and values
	EffTypes                       // type versions, function versions, keys versions of classes
	EffInst                        // attributes of instances: inline values, slots, dictionaries
	EffItems                       // items and sizes of lists, dictionaries and sets
	EffCells                       // contents of cells
	EffIters                       // state of iterators
	EffExc                         // exception state
	EffShapes                      // whether an instance has inline values still, and which keys its class caches

	EffNone Effects = 0
	EffAll  Effects = 1<<(iota-1) - 1
)

// Overlaps says whether the two sets share a part.
func (e Effects) Overlaps(o Effects) bool { return e&o != 0 }

// Includes says whether e has every part of o.
func (e Effects) Includes(o Effects) bool { return e&o == o }

// ExitKind is what happens when an instruction leaves machine code through its frame state.
type ExitKind uint8

const (
	ExitNone  ExitKind = iota
	ExitDeopt          // the state is that before the instruction; stock executes it again
	ExitRaise          // an exception is set; State.BCI is the raising instruction, its operands are off State.Stack
	ExitFlush          // the state only tells observers of a call-out what the locals are
)

// Args counts that are not a number.
const (
	Variadic = -1
)

// Row is everything passes may ask about an op. The zero Row is invalid and a test finds it.
type Row struct {
	Name      string // printed mnemonic
	Args      int8   // number of operands, or Variadic
	Results   int8   // number of results
	Result    Type   // type of the (first) result where the op alone determines it
	Second    Type   // type of the second result where it is another
	New       bool   // object results are new references; otherwise they are borrowed from what Borrowed names
	Consumes  uint8  // bit set of the operands whose reference the op takes over; bit 7: all operands from index 7 on
	Reads     Effects
	Writes    Effects
	Exit      ExitKind
	Python    bool   // may run arbitrary Python code (implies Writes EffAll)
	Pure      bool   // no effect but its result (and its exit): may be merged when repeated with the same Reads; removed when unused unless Checks
	Checks    bool   // its exit is where stock raises, or facts that passes used rest on it having passed: it stays when its result is unused
	Releases  bool   // drops a reference to an object it does not name as an operand value, whose finalizer may run (see Func.Writes)
	SameValue bool   // the result is the first operand, refined
	Constant  bool   // the unit keeps the result alive
	Remat     bool   // not Constant, but the machine code can make the value anywhere again
	Term      bool   // terminator
	Edges     int8   // number of edges of a terminator, or Variadic
	Imm       string // meaning of Imm, "" when unused
	ObjImm    bool   // Obj is used
	Doc       string // the printed form and what it does
}

// The ops. Order: constants, locals, guards, boxes, arithmetic, memory, iterators, calls, generic Python operations, control.
const (
	OpInvalid Op = iota

	OpConstObj
	OpConstNull
	OpConstInt
	OpConstFloat
	OpConstBool
	OpConstWord
	OpBorrowObj

	OpLoadLocal
	OpStoreLocal
	OpTakeLocal
	OpLoadStack
	OpAnchor

	OpGuardClass
	OpGuardIs
	OpGuardNotNull
	OpGuardIntConst
	OpGuardNoCollection
	OpRefine

	OpBoxInt
	OpBoxFloat
	OpBoxBool
	OpUnboxInt
	OpUnboxFloat
	OpUnboxBool

	OpAddInt
	OpSubInt
	OpMulInt
	OpFloorDivInt
	OpModInt
	OpAndInt
	OpOrInt
	OpXorInt
	OpShlInt
	OpShrInt
	OpNegInt
	OpInvertInt
	OpAbsInt
	OpCmpInt

	OpAddFloat
	OpSubFloat
	OpMulFloat
	OpDivFloat
	OpPowFloat
	OpFloorDivFloat
	OpModFloat
	OpNegFloat
	OpAbsFloat
	OpSqrtFloat
	OpCmpFloat
	OpIntToFloat
	OpTrueDivInt

	OpNotBool
	OpOrBool
	OpIs
	OpStrEq
	OpTypeOf
	OpIsInstance
	OpInstanceOf
	OpLen

	OpTypeVersionGuard
	OpClassVersionGuard
	OpKeysVersionGuard
	OpGlobalKeysGuard
	OpModuleKeysGuard
	OpDictVersion
	OpModuleVersion
	OpEntryGuard
	OpFuncVersionGuard
	OpInstanceValues
	OpGuardNoDict
	OpLoadValue
	OpStoreValue
	OpDictAttr
	OpQuietTruth
	OpLoadMember
	OpStoreMember
	OpLoadGlobalEntry
	OpLoadCell
	OpStoreCell
	OpListItem
	OpTupleItem
	OpSequenceItems
	OpSequenceItem
	OpListSize
	OpTupleSize
	OpStrSize
	OpStoreListItem
	OpListAppend
	OpThisFunction
	OpFuncCell

	OpRangeIterMore
	OpRangeIterTake
	OpListIterMore
	OpListIterTake
	OpTupleIterMore
	OpTupleIterTake

	OpCallFunction
	OpCallC
	OpCallHelper
	OpCallPair
	OpDoHelper
	OpConcat
	OpCheckEvents
	OpCheckNone
	OpPushExc
	OpPopExc
	OpExcMatch
	OpKeepAlive
	OpLeaveInlined
	OpNewInstance
	OpNewRef
	OpIncRef
	OpDecRef

	OpPyBinary
	OpPyCompare
	OpPyUnary
	OpPyTruth
	OpPyContains
	OpPyGetItem
	OpPySetItem
	OpPyDelItem
	OpPyGetAttr
	OpPySetAttr
	OpPyDelAttr
	OpPyGetMethod
	OpSuperScope
	OpSuperMethod
	OpPyCall
	OpPyCallEx
	OpPyIter
	OpPyNext
	OpPySend
	OpPyAwaitable
	OpPyLoadGlobal
	OpPyStoreGlobal
	OpPyLoadName
	OpPyStoreName
	OpPyBuildTuple
	OpPyBuildList
	OpPyBuildSet
	OpPyBuildMap
	OpNewDict
	OpPyBuildConstMap
	OpPyBuildString
	OpPyBuildSlice
	OpPyCollect
	OpPyFormat
	OpPyUnpack
	OpPyMakeFunction
	OpPyLoadDeref
	OpPyGetLen
	OpPyNewCell

	OpJump
	OpBranch
	OpReturn
	OpEnter
	OpYield
	OpReturnGenerator
	OpExit
	OpPoll

	numOps
)

// Comparison operators as COMPARE_OP numbers them (Include/object.h Py_LT …).
const (
	CmpLT = iota
	CmpLE
	CmpEQ
	CmpNE
	CmpGT
	CmpGE
)

// rows is the op table. Operands are named in Doc.
var rows = [numOps]Row{
	OpConstObj:   {Name: "const", Results: 1, Result: AnyType, Pure: true, Constant: true, ObjImm: true, Doc: "v = const @12: an object of the snapshot; the unit holds a reference"},
	OpConstNull:  {Name: "null", Results: 1, Result: Obj(Null), Pure: true, Constant: true, Doc: "v = null: the NULL reference"},
	OpConstInt:   {Name: "iconst", Results: 1, Result: IntType, Pure: true, Constant: true, Imm: "value", Doc: "v = iconst 5"},
	OpConstFloat: {Name: "fconst", Results: 1, Result: FltType, Pure: true, Constant: true, Imm: "IEEE bits", Doc: "v = fconst 0x3ff0000000000000"},
	OpConstBool:  {Name: "bconst", Results: 1, Result: BoolType, Pure: true, Constant: true, Imm: "0 or 1", Doc: "v = bconst 1"},
	OpConstWord:  {Name: "wconst", Results: 1, Result: WordType, Pure: true, Constant: true, Imm: "value", Doc: "v = wconst 4096"},

	OpBorrowObj: {Name: "borrow", Results: 1, Result: AnyType, Pure: true, ObjImm: true, Reads: EffTypes | EffGlobals, Doc: "v = borrow @12: an object that a guard before it proved to be held by a dictionary or class; it may be recomputed, but whoever keeps it across a release must count it"},

	OpLoadLocal:  {Name: "load_local", Results: 1, Result: Obj(AnyOrNull), Reads: EffLocals, Imm: "slot", Doc: "v = load_local 3: borrowed from the slot; NULL when unbound"},
	OpStoreLocal: {Name: "store_local", Releases: true, Args: 1, Consumes: 1, Writes: EffLocals, Exit: ExitFlush, Imm: "slot", Doc: "store_local 3 v: writes the slot, then releases what was in it; storing null unbinds"},
	OpTakeLocal:  {Name: "take_local", Results: 1, Result: Obj(AnyOrNull), New: true, Reads: EffLocals, Writes: EffLocals, Imm: "slot", Doc: "v = take_local 3: moves the reference out of the slot, which becomes NULL"},
	OpLoadStack:  {Name: "load_stack", Results: 1, Result: Obj(AnyOrNull), New: true, Imm: "depth", Doc: "v = load_stack 0: takes an operand stack entry out of the frame's memory (OSR entry)"},
	OpAnchor:     {Name: "anchor", Exit: ExitDeopt, Doc: "anchor: no code; lends its frame state to guards that are hoisted here"},

	OpGuardClass:    {Name: "guard_class", Checks: true, Args: 1, Results: 1, Exit: ExitDeopt, Pure: true, SameValue: true, Imm: "class set", Doc: "v = guard_class a Int: exits unless the exact class of a is the builtin class named"},
	OpGuardIs:       {Name: "guard_is", Checks: true, Args: 1, Results: 1, Exit: ExitDeopt, Pure: true, SameValue: true, ObjImm: true, Doc: "v = guard_is a @9: exits unless a is that very object"},
	OpGuardNotNull:  {Name: "guard_not_null", Checks: true, Args: 1, Results: 1, Exit: ExitDeopt, Pure: true, SameValue: true, Doc: "v = guard_not_null a: exits when a is NULL"},
	OpGuardIntConst: {Name: "guard_int", Args: 1, Exit: ExitDeopt, Imm: "value", Doc: "guard_int a 5: exits unless the unboxed integer is the constant"},

	OpGuardNoCollection: {Name: "guard_no_collection", Exit: ExitDeopt, Doc: "guard_no_collection: exits when the next allocation would start the cyclic collector: so the allocation behind it runs nobody's code"},

	OpRefine: {Name: "refine", Args: 1, Results: 1, Pure: true, SameValue: true, Doc: "v = refine a: no code; the control flow before it proved the type of v"},

	OpBoxInt:     {Name: "box_int", Args: 1, Results: 1, Result: Obj(Int), New: true, Pure: true, Exit: ExitRaise, Doc: "v = box_int a: the int object (small ints from the cache)"},
	OpBoxFloat:   {Name: "box_float", Args: 1, Results: 1, Result: Obj(Float), New: true, Pure: true, Exit: ExitRaise, Doc: "v = box_float a"},
	OpBoxBool:    {Name: "box_bool", Args: 1, Results: 1, Result: Obj(Bool), Pure: true, Doc: "v = box_bool a: True or False, borrowed (they are immortal to the unit)"},
	OpUnboxInt:   {Name: "unbox_int", Args: 1, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = unbox_int a: a is an exact int; exits when it needs more than 64 bits"},
	OpUnboxFloat: {Name: "unbox_float", Args: 1, Results: 1, Result: FltType, Pure: true, Doc: "v = unbox_float a: a is an exact float"},
	OpUnboxBool:  {Name: "unbox_bool", Args: 1, Results: 1, Result: BoolType, Pure: true, Doc: "v = unbox_bool a: a is True or False"},

	OpAddInt:      {Name: "add_int", Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = add_int a b: exits on overflow of 64 bits"},
	OpSubInt:      {Name: "sub_int", Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = sub_int a b"},
	OpMulInt:      {Name: "mul_int", Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = mul_int a b"},
	OpFloorDivInt: {Name: "floordiv_int", Checks: true, Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = floordiv_int a b: rounds to minus infinity; exits on zero divisor and on -2**63 // -1"},
	OpModInt:      {Name: "mod_int", Checks: true, Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = mod_int a b: sign of the divisor; exits as floordiv_int"},
	OpAndInt:      {Name: "and_int", Args: 2, Results: 1, Result: IntType, Pure: true, Doc: "v = and_int a b"},
	OpOrInt:       {Name: "or_int", Args: 2, Results: 1, Result: IntType, Pure: true, Doc: "v = or_int a b"},
	OpXorInt:      {Name: "xor_int", Args: 2, Results: 1, Result: IntType, Pure: true, Doc: "v = xor_int a b"},
	OpShlInt:      {Name: "shl_int", Checks: true, Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = shl_int a b: exits on counts outside 0..62 and on lost bits"},
	OpShrInt:      {Name: "shr_int", Checks: true, Args: 2, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = shr_int a b: exits on negative counts; counts over 63 give the sign"},
	OpNegInt:      {Name: "neg_int", Args: 1, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = neg_int a"},
	OpInvertInt:   {Name: "invert_int", Args: 1, Results: 1, Result: IntType, Pure: true, Doc: "v = invert_int a"},
	OpAbsInt:      {Name: "abs_int", Args: 1, Results: 1, Result: IntType, Pure: true, Exit: ExitDeopt, Doc: "v = abs_int a"},
	OpCmpInt:      {Name: "cmp_int", Args: 2, Results: 1, Result: BoolType, Pure: true, Imm: "comparison", Doc: "v = cmp_int a b 0: a < b"},

	OpAddFloat:      {Name: "add_float", Args: 2, Results: 1, Result: FltType, Pure: true, Doc: "v = add_float a b"},
	OpSubFloat:      {Name: "sub_float", Args: 2, Results: 1, Result: FltType, Pure: true, Doc: "v = sub_float a b"},
	OpMulFloat:      {Name: "mul_float", Args: 2, Results: 1, Result: FltType, Pure: true, Doc: "v = mul_float a b"},
	OpDivFloat:      {Name: "div_float", Checks: true, Args: 2, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = div_float a b: exits on a zero divisor"},
	OpPowFloat:      {Name: "pow_float", Checks: true, Args: 2, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = pow_float a b: C pow; exits unless a > 0 and both are finite and the result is finite"},
	OpFloorDivFloat: {Name: "floordiv_float", Checks: true, Args: 2, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = floordiv_float a b: exits on a zero divisor"},
	OpModFloat:      {Name: "mod_float", Checks: true, Args: 2, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = mod_float a b: exits on a zero divisor"},
	OpNegFloat:      {Name: "neg_float", Args: 1, Results: 1, Result: FltType, Pure: true, Doc: "v = neg_float a"},
	OpAbsFloat:      {Name: "abs_float", Args: 1, Results: 1, Result: FltType, Pure: true, Doc: "v = abs_float a"},
	OpSqrtFloat:     {Name: "sqrt_float", Checks: true, Args: 1, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = sqrt_float a: exits on negative a and on NaN"},
	OpCmpFloat:      {Name: "cmp_float", Args: 2, Results: 1, Result: BoolType, Pure: true, Imm: "comparison", Doc: "v = cmp_float a b 4: a > b, false with NaN (true for !=)"},
	OpIntToFloat:    {Name: "int_to_float", Args: 1, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = int_to_float a: exits outside ±2**53, where rounding and comparison differ"},
	OpTrueDivInt:    {Name: "truediv_int", Checks: true, Args: 2, Results: 1, Result: FltType, Pure: true, Exit: ExitDeopt, Doc: "v = truediv_int a b: exits on zero and outside ±2**53"},

	OpOrBool:     {Name: "or", Args: 2, Results: 1, Result: BoolType, Pure: true, Doc: "v = or a b"},
	OpNotBool:    {Name: "not", Args: 1, Results: 1, Result: BoolType, Pure: true, Doc: "v = not a"},
	OpIs:         {Name: "is", Args: 2, Results: 1, Result: BoolType, Pure: true, Doc: "v = is a b: pointer identity"},
	OpTypeOf:     {Name: "type_of", Args: 1, Results: 1, Result: Obj(Class | Other), Reads: EffShapes, Pure: true, Doc: "v = type_of a: its class, borrowed from it"},
	OpInstanceOf: {Name: "instance_of", Args: 1, Results: 1, Result: BoolType, Reads: EffTypes | EffShapes, Exit: ExitDeopt, Pure: true, Checks: true, ObjImm: true, Imm: "1 where stock takes a level of recursion", Doc: "v = instance_of a @9 0: isinstance for a class that type answers for; exits where a could be an instance by its __class__"},
	OpIsInstance: {Name: "isinstance", Args: 2, Results: 1, Result: BoolType, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = isinstance a c"},
	OpLen:        {Name: "len", Args: 1, Results: 1, Result: IntType, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = len a"},
	OpStrEq:      {Name: "str_eq", Args: 2, Results: 1, Result: BoolType, Pure: true, Doc: "v = str_eq a b: whether two exact strs have the same text"},

	OpClassVersionGuard: {Name: "guard_class_version", Args: 1, Results: 1, Reads: EffTypes, Exit: ExitDeopt, Checks: true, Pure: true, SameValue: true, Imm: "tp_version_tag", Doc: "v = guard_class_version a 77: a is a known class object; exits unless its own tp_version_tag is 77"},
	OpTypeVersionGuard:  {Name: "guard_type_version", Checks: true, Args: 1, Results: 1, Reads: EffTypes, Exit: ExitDeopt, Pure: true, SameValue: true, Imm: "tp_version_tag", Doc: "v = guard_type_version a 77: exits unless type(a).tp_version_tag is 77"},
	OpKeysVersionGuard:  {Name: "guard_keys_version", Checks: true, Args: 1, Reads: EffTypes | EffShapes, Exit: ExitDeopt, Pure: true, ObjImm: true, Imm: "dk_version", Doc: "guard_keys_version a @9 5: exits unless the cached keys of type(a), which a guard has proved to be @9, have that version (no instance attribute shadows the method)"},
	OpGlobalKeysGuard:   {Name: "guard_global_keys", Checks: true, Results: 1, Result: WordType, Reads: EffGlobals, Exit: ExitDeopt, Pure: true, ObjImm: true, Imm: "dk_version", Doc: "w = guard_global_keys @2 9: the keys table of the frame's globals, or builtins if @2 is the snapshot's builtins; exits unless it has version 9"},
	OpModuleKeysGuard:   {Name: "guard_module_keys", Args: 1, Results: 1, Result: WordType, Reads: EffGlobals, Exit: ExitDeopt, Checks: true, Pure: true, Imm: "dk_version", Doc: "w = guard_module_keys a 9: the keys table of the dictionary of module a; exits unless it has version 9"},
	OpDictVersion:       {Name: "dict_version", Results: 1, Result: WordType, Reads: EffGlobals, Pure: true, Imm: "1: the builtins", Doc: "w = dict_version 0: a number that only the frame's globals (1: builtins) have, until they change"},
	OpModuleVersion:     {Name: "module_version", Args: 1, Results: 1, Result: WordType, Reads: EffGlobals, Pure: true, Doc: "w = module_version a: such a number for the dictionary of module a"},
	OpEntryGuard:        {Name: "guard_entry", Args: Variadic, Reads: EffGlobals, Exit: ExitDeopt, Checks: true, Pure: true, ObjImm: true, Imm: "byte offset in the keys table", Doc: "guard_entry w [x] @12 184 {keys}: exits unless the dictionary with version w has the object in that entry of a keys table of that version (Aux *DictEntry); with x, unless that has none of the name and the builtins with version x have it"},
	OpFuncVersionGuard:  {Name: "guard_func_version", Checks: true, Args: 1, Results: 1, Reads: EffTypes, Exit: ExitDeopt, Pure: true, SameValue: true, Imm: "func_version", Doc: "v = guard_func_version a 8: a is a known function; exits when its code or defaults were replaced"},
	OpInstanceValues:    {Name: "instance_values", Checks: true, Args: 1, Results: 1, Result: WordType, Reads: EffShapes, Exit: ExitDeopt, Pure: true, Doc: "w = instance_values a: address of the inline values; exits when a has a materialised dictionary"},
	OpGuardNoDict:       {Name: "guard_no_dict", Checks: true, Args: 1, Reads: EffShapes, Exit: ExitDeopt, Pure: true, Doc: "guard_no_dict a: exits when the managed dictionary is materialised"},
	OpLoadValue:         {Name: "load_value", Checks: true, Args: 2, Results: 1, Result: AnyType, Reads: EffInst, Exit: ExitDeopt, Pure: true, Imm: "index", Doc: "v = load_value a w 3: entry of the inline values w of a, borrowed; exits when unset"},
	OpStoreValue:        {Name: "store_value", Releases: true, Args: 3, Consumes: 1 << 2, Writes: EffInst, Exit: ExitFlush, Imm: "index", Doc: "store_value a w v 3: sets an entry (keeping insertion order) and releases the old one"},
	OpDictAttr:          {Name: "dict_attr", Checks: true, Args: 1, Results: 1, Result: AnyType, Reads: EffInst | EffShapes, Exit: ExitDeopt, Pure: true, ObjImm: true, Imm: "entry", Doc: "v = dict_attr a @name 3: value of an entry of the dictionary that a has in place of inline values, borrowed; exits when there is no such dictionary or the entry has another name or no value"},
	OpQuietTruth:        {Name: "quiet_truth", Checks: true, Args: 1, Results: 1, Result: BoolType, Reads: EffAll, Exit: ExitDeopt, Pure: true, Doc: "v = quiet_truth a: bool(a) where that runs no code: of True, False, None, builtin classes with a length, ints, and classes that say nothing about it; exits for others"},
	OpLoadMember:        {Name: "load_member", Checks: true, Args: 1, Results: 1, Result: AnyType, Reads: EffInst, Exit: ExitDeopt, Pure: true, Imm: "byte offset", Doc: "v = load_member a 24: a __slots__ entry, borrowed; exits when unset"},
	OpStoreMember:       {Name: "store_member", Releases: true, Args: 2, Consumes: 1 << 1, Writes: EffInst, Exit: ExitFlush, Imm: "byte offset", Doc: "store_member a v 24"},
	OpLoadGlobalEntry:   {Name: "load_global_entry", Checks: true, Args: 1, Results: 1, Result: AnyType, Reads: EffGlobals, Exit: ExitDeopt, Pure: true, Imm: "entry index", Doc: "v = load_global_entry w 4: value of an entry of a keys table, borrowed; exits when deleted"},
	OpLoadCell:          {Name: "load_cell", Args: 1, Results: 1, Result: Obj(AnyOrNull), Reads: EffCells, Pure: true, Doc: "v = load_cell c: content of a cell, borrowed, may be NULL"},
	OpStoreCell:         {Name: "store_cell", Releases: true, Args: 2, Consumes: 1 << 1, Writes: EffCells, Exit: ExitFlush, Doc: "store_cell c v: releases the old content"},
	OpListItem:          {Name: "list_item", Checks: true, Args: 2, Results: 1, Result: AnyType, Reads: EffItems, Exit: ExitDeopt, Pure: true, Doc: "v = list_item a i: borrowed; negative i counts from the end; exits outside the bounds"},
	OpTupleItem:         {Name: "tuple_item", Checks: true, Args: 2, Results: 1, Result: AnyType, Exit: ExitDeopt, Pure: true, Imm: "1: known to be in bounds", Doc: "v = tuple_item a i 0: borrowed from the tuple; exits outside the bounds"},
	OpSequenceItems:     {Name: "sequence_items", Checks: true, Args: 1, Results: 1, Result: WordType, Reads: EffItems, Exit: ExitDeopt, Pure: true, Imm: "count", Doc: "w = sequence_items a 3: address of the items of an exact tuple or list of that length; exits for everything else"},
	OpSequenceItem:      {Name: "sequence_item", Args: 2, Results: 1, Result: AnyType, Reads: EffItems, Pure: true, Imm: "index", Doc: "v = sequence_item a w 1: borrowed from the tuple or list a, whose items are at w"},
	OpListSize:          {Name: "list_size", Args: 1, Results: 1, Result: IntType, Reads: EffItems, Pure: true, Doc: "v = list_size a"},
	OpTupleSize:         {Name: "tuple_size", Args: 1, Results: 1, Result: IntType, Pure: true, Doc: "v = tuple_size a (also bytes: ob_size)"},
	OpStrSize:           {Name: "str_size", Args: 1, Results: 1, Result: IntType, Pure: true, Doc: "v = str_size a"},
	OpStoreListItem:     {Name: "store_list_item", Releases: true, Args: 3, Consumes: 1 << 2, Writes: EffItems, Exit: ExitDeopt, Imm: "1: takes a new reference to v (set by refcount)", Doc: "store_list_item a i v 0: exits outside the bounds; releases the old item"},
	OpListAppend:        {Name: "list_append", Args: 2, Consumes: 1 << 1, Writes: EffItems, Exit: ExitRaise, Doc: "list_append a v"},
	OpThisFunction:      {Name: "this_function", Results: 1, Result: Obj(Function), Pure: true, Doc: "v = this_function: the frame's function object, borrowed from the frame"},
	OpFuncCell:          {Name: "func_cell", Args: 1, Results: 1, Result: AnyType, Pure: true, Imm: "index", Doc: "v = func_cell f 0: a closure cell of a function, borrowed from it"},

	OpRangeIterMore: {Name: "range_more", Args: 1, Results: 1, Result: BoolType, Reads: EffIters, Doc: "v = range_more it: whether the exact range iterator has another item"},
	OpRangeIterTake: {Name: "range_take", Args: 1, Results: 1, Result: IntType, Reads: EffIters, Writes: EffIters, Doc: "v = range_take it: its next item; only after range_more said 1"},
	OpListIterMore:  {Name: "list_more", Args: 1, Results: 1, Result: BoolType, Reads: EffIters | EffItems, Doc: "v = list_more it: whether the list iterator has another item"},
	OpListIterTake:  {Name: "list_take", Args: 1, Results: 1, Result: AnyType, Reads: EffIters | EffItems, Writes: EffIters, Doc: "v = list_take it: its next item, borrowed from the list"},
	OpTupleIterMore: {Name: "tuple_more", Args: 1, Results: 1, Result: BoolType, Reads: EffIters, Doc: "v = tuple_more it"},
	OpTupleIterTake: {Name: "tuple_take", Args: 1, Results: 1, Result: AnyType, Reads: EffIters, Writes: EffIters, Doc: "v = tuple_take it: borrowed from the tuple"},

	OpCallFunction: {Name: "call_function", Args: Variadic, Results: 1, Result: AnyType, New: true, Consumes: 0xff, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = call_function a b … {target}: pushes the frame of a known Python function (Aux *CallTarget), moves the operands into it and enters its machine code"},
	OpCallC:        {Name: "call_c", Args: Variadic, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = call_c self a … {target}: calls the C function of a known builtin (Aux *CTarget) without building a tuple"},
	OpCallHelper:   {Name: "call_helper", Args: Variadic, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "pyabi.Helper", Doc: "v = call_helper ImportName a b: a runtime helper with an object as result; words it takes are in Aux (HelperWords)"},
	OpCallPair:     {Name: "call_pair", Args: Variadic, Results: 2, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "pyabi.Helper", Doc: "v, w = call_pair EgMatch a b: a runtime helper with two objects as results"},
	OpConcat:       {Name: "concat", Args: 2, Results: 1, Result: Obj(Str), New: true, Consumes: 1, Exit: ExitRaise, Doc: "v = concat a b: exact strs; a grows in place when the reference given is the only one"},
	OpDoHelper:     {Name: "do_helper", Args: Variadic, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "pyabi.Helper", Doc: "do_helper StoreName a b: a runtime helper that only succeeds or raises"},
	OpCheckEvents:  {Name: "check_events", Exit: ExitDeopt, Reads: EffAll, Doc: "check_events: after a call: leaves for stock when tracing or profiling was switched on"},
	OpCheckNone:    {Name: "check_none", Args: 1, Exit: ExitRaise, Doc: "check_none a: raises what stock raises for an __init__ that returned something else than None"},
	OpPushExc:      {Name: "push_exc", Args: 1, Results: 1, Result: AnyType, New: true, Consumes: 1, Reads: EffExc, Writes: EffExc, Doc: "v = push_exc a: a becomes the exception being handled; v is the one before, or None"},
	OpPopExc:       {Name: "pop_exc", Releases: true, Args: 1, Consumes: 1, Writes: EffExc, Exit: ExitFlush, Doc: "pop_exc a: a becomes the exception being handled again, and the one before is released"},
	OpExcMatch:     {Name: "exc_match", Args: 2, Results: 1, Result: BoolType, Exit: ExitRaise, Doc: "v = exc_match a b: whether the exception a is one that b names, a class or a tuple of classes"},
	OpKeepAlive:    {Name: "keep_alive", Args: 1, Imm: "bytecode index of the instruction that runs, plus 1; 0: the last one that has a state", Doc: "keep_alive a 0: no code; the reference lives up to here"},
	OpLeaveInlined: {Name: "leave_inlined", Exit: ExitFlush, Doc: "leave_inlined: no code; an elided frame ends here: what dies from here on dies in its caller, whose state this is"},
	OpNewInstance:  {Name: "new_instance", Args: 1, Results: 1, Result: Obj(Other), New: true, Imm: "level of recursion", Exit: ExitRaise, Doc: "v = new_instance c 1: an instance of a class that has object's __new__, before __init__, behind guard_no_collection; with 1 there has to be a level of recursion left"},
	OpNewRef:       {Name: "new_ref", Args: 1, Results: 1, Result: AnyType, New: true, Doc: "v = new_ref a: the same object with a reference of its own, as the operand stack of stock would have"},
	OpIncRef:       {Name: "incref", Args: 1, Doc: "incref a"},
	OpDecRef:       {Name: "decref", Releases: true, Args: 1, Writes: EffNone, Exit: ExitFlush, Doc: "decref a: releases a reference; the cold path may run finalizers, which see the locals of the state"},

	OpPyBinary:        {Name: "py_binary", Args: 2, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "BINARY_OP number", Doc: "v = py_binary a b 0: a + b (BINARY_OP numbering, 13… in place)"},
	OpPyCompare:       {Name: "py_compare", Args: 2, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "comparison", Doc: "v = py_compare a b 2: a == b"},
	OpPyUnary:         {Name: "py_unary", Args: 1, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "opcode", Doc: "v = py_unary a 11: UNARY_POSITIVE 10, NEGATIVE 11, INVERT 15"},
	OpPyTruth:         {Name: "py_truth", Args: 1, Results: 1, Result: BoolType, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_truth a: bool(a)"},
	OpPyContains:      {Name: "py_contains", Args: 2, Results: 1, Result: BoolType, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_contains item container"},
	OpPyGetItem:       {Name: "py_getitem", Args: 2, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "1: probably a dict", Doc: "v = py_getitem a k 0"},
	OpPySetItem:       {Name: "py_setitem", Args: 3, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "1: probably a dict", Doc: "py_setitem a k v 0"},
	OpPyDelItem:       {Name: "py_delitem", Args: 2, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "py_delitem a k"},
	OpPyGetAttr:       {Name: "py_getattr", Args: 1, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Imm: "address of the inline cache, 0 for none", Doc: "v = py_getattr a @name 0"},
	OpPySetAttr:       {Name: "py_setattr", Args: 2, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Imm: "address of the inline cache, 0 for none", Doc: "py_setattr a v @name 0: a.name = v"},
	OpPyDelAttr:       {Name: "py_delattr", Args: 1, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "py_delattr a @name"},
	OpPyGetMethod:     {Name: "py_getmethod", Args: 1, Results: 2, Result: Obj(AnyOrNull), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Imm: "address of the inline cache, 0 for none", Doc: "m, s = py_getmethod a @name 0: unbound method and self, or NULL and the attribute"},
	OpSuperScope:      {Name: "super_scope", Args: 2, Results: 1, Result: WordType, Pure: true, Doc: "w = super_scope c self: in front of a call of super without arguments, the cell and the object that this looks at in the frame; specialize reads it, and nothing else"},
	OpSuperMethod:     {Name: "super_method", Args: 2, Results: 2, Result: Obj(AnyOrNull), New: true, Reads: EffAll, Exit: ExitDeopt, ObjImm: true, Imm: "address of the inline cache", Doc: "m, s = super_method self c @name 64: the method that super().name finds above class c, and self; exits if that is no method"},
	OpPyCall:          {Name: "py_call", Args: Variadic, Consumes: 0xff, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "v = py_call m s a b … @kwnames: CALL with its two callee operands (m may be NULL) and keyword names"},
	OpPyCallEx:        {Name: "py_call_ex", Args: Variadic, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_call_ex f args [kwargs]"},
	OpPyIter:          {Name: "py_iter", Args: 1, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_iter a"},
	OpPyNext:          {Name: "py_next", Args: 1, Results: 1, Result: Obj(AnyOrNull), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_next it: NULL when exhausted"},
	OpPySend:          {Name: "py_send", Args: 2, Results: 2, Result: AnyType, Second: BoolType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v, d = py_send it a: sends a; d is 1 when v is what it returned, 0 when it yielded v"},
	OpPyAwaitable:     {Name: "py_awaitable", Args: 1, Consumes: 1, Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "GET_AWAITABLE oparg, or AwaitableXxx", Doc: "v = py_awaitable a 0: what an await, or a yield from, delegates to"},
	OpPyLoadGlobal:    {Name: "py_load_global", Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "v = py_load_global @name: globals, then builtins"},
	OpPyStoreGlobal:   {Name: "py_store_global", Args: 1, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "py_store_global v @name"},
	OpPyLoadName:      {Name: "py_load_name", Results: 1, Result: AnyType, New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "v = py_load_name @name: the frame's namespace, globals, builtins"},
	OpPyStoreName:     {Name: "py_store_name", Args: 1, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, ObjImm: true, Doc: "py_store_name v @name: into the frame's namespace"},
	OpPyBuildTuple:    {Name: "py_build_tuple", Args: Variadic, Results: 1, Result: Obj(Tuple), New: true, Consumes: 0xff, Exit: ExitRaise, Doc: "v = py_build_tuple a b …: behind guard_no_collection"},
	OpPyBuildList:     {Name: "py_build_list", Args: Variadic, Results: 1, Result: Obj(List), New: true, Consumes: 0xff, Exit: ExitRaise, Doc: "v = py_build_list a b …: behind guard_no_collection"},
	OpPyBuildSet:      {Name: "py_build_set", Args: Variadic, Results: 1, Result: Obj(Set), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_build_set a b …"},
	OpPyBuildMap:      {Name: "py_build_map", Args: Variadic, Results: 1, Result: Obj(Dict), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_build_map k1 v1 k2 v2 …"},
	OpNewDict:         {Name: "new_dict", Results: 1, Result: Obj(Dict), New: true, Exit: ExitRaise, Doc: "v = new_dict: an empty one, behind guard_no_collection"},
	OpPyBuildConstMap: {Name: "py_build_const_map", Args: Variadic, Results: 1, Result: Obj(Dict), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_build_const_map v1 v2 … keys: the last operand is the tuple of keys"},
	OpPyBuildString:   {Name: "py_build_string", Args: Variadic, Results: 1, Result: Obj(Str), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_build_string a b …"},
	OpPyBuildSlice:    {Name: "py_build_slice", Args: Variadic, Results: 1, Result: Obj(Slice), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_build_slice start stop [step]"},
	OpPyCollect:       {Name: "py_collect", Args: Variadic, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "opcode", Doc: "py_collect container a [b] 145: LIST_APPEND, SET_ADD, MAP_ADD, LIST_EXTEND, SET_UPDATE, DICT_UPDATE, DICT_MERGE"},
	OpPyFormat:        {Name: "py_format", Args: Variadic, Results: 1, Result: Obj(Str), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "FORMAT_VALUE oparg", Doc: "v = py_format a [spec] 1"},
	OpPyUnpack:        {Name: "py_unpack", Args: 1, Results: 1, Result: Obj(Tuple), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "count", Doc: "v = py_unpack a 3: a tuple of exactly that many items, or the error stock raises"},
	OpPyMakeFunction:  {Name: "py_make_function", Args: Variadic, Results: 1, Result: Obj(Function), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Imm: "MAKE_FUNCTION oparg", Doc: "v = py_make_function [defaults] [kwdefaults] [annotations] [closure] code 8"},
	OpPyLoadDeref:     {Name: "py_load_deref", Args: 1, Results: 1, Result: AnyType, New: true, Reads: EffCells, Writes: EffAll, Exit: ExitRaise, Python: true, Imm: "slot", Doc: "v = py_load_deref cell 4: raises the unbound error of that variable when empty"},
	OpPyNewCell:       {Name: "py_new_cell", Args: 1, Results: 1, Result: Obj(Cell), New: true, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_new_cell a: a cell with the content a, which may be NULL"},
	OpPyGetLen:        {Name: "py_len", Args: 1, Results: 1, Result: IntType, Writes: EffAll, Reads: EffAll, Exit: ExitRaise, Python: true, Doc: "v = py_len a: len(a)"},

	OpJump:            {Name: "jump", Edges: 1, Term: true, Doc: "jump b3(v1, v2)"},
	OpBranch:          {Name: "branch", Edges: 2, Args: 1, Term: true, Doc: "branch a b3(v1) b4(): a is a truth value; first edge when 1"},
	OpReturn:          {Name: "return", Args: 1, Consumes: 1, Term: true, Exit: ExitDeopt, Reads: EffAll, Imm: "1: takes a new reference to a (set by refcount)", Doc: "return a 0: releases the locals, or leaves them to the frame object if there is one, and gives a to the caller"},
	OpEnter:           {Name: "enter", Edges: Variadic, Term: true, Exit: ExitDeopt, Doc: "enter b1() b2(): the unit has several entries (Func.Entries), one an edge; stands alone in the entry block, no machine code runs through it"},
	OpYield:           {Name: "yield", Args: Variadic, Consumes: 0xff, Term: true, Python: true, Writes: EffAll, Reads: EffAll, Imm: "bytecode index of the instruction", Doc: "yield v a b … 12: suspends the generator: the operand stack a b … goes into the frame, v to whoever resumed it"},
	OpReturnGenerator: {Name: "return_generator", Term: true, Exit: ExitDeopt, Python: true, Writes: EffAll, Reads: EffAll, Doc: "return_generator: returns a new generator that takes the frame over"},
	OpExit:            {Name: "exit", Term: true, Exit: ExitDeopt, Imm: "codemeta.Reason", Doc: "exit 17: the frame continues in stock"},
	OpPoll:            {Name: "poll", Exit: ExitDeopt, Reads: EffAll, Doc: "poll: leaves for stock when the eval breaker is set"},
}

// Row is the op's row of the table.
func (op Op) Row() *Row {
	if op == OpInvalid || op >= numOps {
		panic(fmt.Sprintf("BUG: no op %d", uint16(op)))
	}
	return &rows[op]
}

// MadeAnywhere says whether the machine code can make the result again at any point, without an operand.
func (r *Row) MadeAnywhere() bool { return r.Constant || r.Remat }

func (op Op) String() string { return op.Row().Name }

// MaxOps is NumOps as a constant, for tables.
const MaxOps = int(numOps)

// NumOps bounds the op numbers; ops run from 1 to NumOps-1.
func NumOps() int { return int(numOps) }

// ConsumesArg says whether the op takes over the reference of operand k.
func (op Op) ConsumesArg(k int) bool {
	c := op.Row().Consumes
	if k >= 7 {
		return c&0x80 != 0
	}
	return c&(1<<k) != 0
}
