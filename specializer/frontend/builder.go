// Package frontend turns bytecode into IR by abstract interpretation: an environment of SSA values stands for the locals
// and the operand stack, and each bytecode instruction rewrites it and appends operations.
//
// This package is the version-neutral half: environment, frame states, merges, loop peeling. The packages cp3xx hold what
// differs by version: decoding, opcode semantics, the reading of inline caches.
//
// # Merges
//
// A block that more than one edge reaches gets a parameter for every local and every operand stack entry; the simplify
// pass removes those that turn out trivial. A parameter for a local has that local as its home: stores write through
// (package ir), so the slot's memory holds the value on every edge.
//
// # Loop peeling
//
// The first iteration of an innermost loop is a copy of its own (a block is keyed by bytecode index and copy number; the
// back edge of copy 0 enters copy 1). So the guards of the first iteration dominate the loop proper, where value numbering
// removes them, and locals first assigned inside the body have a value of known type at the loop head, which is what lets
// them stay unboxed around the back edge. The idea is LuaJIT's (its "loop optimisation" essay); ours works on a method's
// control flow graph instead of a trace.
package frontend

import (
	"cmp"
	"slices"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// Unsupported is the error of a front end that cannot compile a code object at all.
type Unsupported struct{ Reason string }

func (u *Unsupported) Error() string { return u.Reason }

// Malformed ends the translation: CPython's compiler makes no such bytecode. It panics with an *Unsupported, which the
// Build function of a front end returns as its error; so not every reader of an operand has to pass an error on.
func Malformed() { Refuse("malformed bytecode") }

// Refuse ends the translation of code that cannot be compiled.
func Refuse(reason string) { panic(&Unsupported{Reason: reason}) }

// Refused, deferred, makes the result of a Build function of a translation that was ended; other panics go on.
func Refused(f **ir.Func, err *error) {
	switch r := recover().(type) {
	case nil:
	case *Unsupported:
		*f, *err = nil, r
	default:
		panic(r)
	}
}

// Builder holds the state of one translation.
type Builder struct {
	Snap *pyabi.Snapshot
	Code *pyabi.Code
	F    *ir.Func
	Cur  *ir.Block // where operations are appended; nil when control cannot get here

	Inlined *ir.InlinedFrame // the frame, when it is to be elided: locals have no memory then
	Func    ir.Value         // the function, when inlined

	locals []ir.Value // by slot; NoValue: known only in memory
	stack  []ir.Value
	shared []ir.Value   // frozen copy of locals lent to frame states until the next assignment
	bound  map[int]bool // inlined: the slots of shared that have a value

	BCI     int32 // instruction being translated
	NextBCI int32 // the one after it, where its After state stands
	Mixed   bool  // it meets objects of several classes, says its feedback
	before  *ir.FrameState
	python  bool // the current instruction had an operation that can run Python code
}

// NewBuilder starts a translation of snap's unit.
func NewBuilder(snap *pyabi.Snapshot) *Builder {
	code := &snap.Codes[0]
	f := ir.NewFunc(code.QualName, int(code.NLocalsPlus))
	f.EntryBCI = int32(snap.EntryBCI)
	return &Builder{Snap: snap, Code: code, F: f, locals: make([]ir.Value, code.NLocalsPlus)}
}

// NewInlinedBuilder starts the translation of a callee whose frame is elided, into a function of its own: the parameters of
// its entry block are the function object and the operands, in the order of the local slots.
func NewInlinedBuilder(snap *pyabi.Snapshot, code *pyabi.Code, frame *ir.InlinedFrame, args []ir.Type) *Builder {
	f := ir.NewFunc(code.QualName, 0)
	b := &Builder{Snap: snap, Code: code, F: f, Inlined: frame, locals: make([]ir.Value, code.NLocalsPlus)}
	b.Cur = f.NewBlock(0)
	b.Begin(0, 0, 0)
	b.Func = f.AddParam(b.Cur, ir.Obj(ir.Function), ir.NoHome)
	for s := range b.locals {
		if s < len(args) {
			b.locals[s] = f.AddParam(b.Cur, args[s], ir.NoHome)
		} else {
			b.locals[s] = b.Null()
		}
	}
	b.shared = nil
	return b
}

// Begin starts the translation of one bytecode instruction.
//
// start is where stock can continue to execute it (the first EXTENDED_ARG), bci what the instruction pointer says while it
// runs; the state before it is taken now, while its operands are on the stack.
func (b *Builder) Begin(start, bci, next int32) {
	b.BCI, b.NextBCI, b.python = bci, next, false
	b.before = b.state(start)
}

// End finishes an instruction: after operations that can run Python code, tracing may have been switched on.
func (b *Builder) End() { b.EndAt(b.NextBCI) }

// EndAt is End on a path where the instruction at bci comes next.
func (b *Builder) EndAt(bci int32) {
	if b.python && b.Cur != nil {
		b.emit(ir.OpCheckEvents, 0, b.state(bci), nil)
	}
}

// state is a frame state at bci with the current environment.
func (b *Builder) state(bci int32) *ir.FrameState {
	if b.shared == nil {
		b.shared = b.F.CopyValues(b.locals)
		b.bound = nil
		if b.Inlined != nil {
			b.bound = make(map[int]bool, len(b.shared))
			for s, v := range b.shared {
				if d := b.F.Def(v); d == nil || d.Op != ir.OpConstNull {
					b.bound[s] = true
				}
			}
		}
	}
	s := b.F.NewState()
	s.BCI, s.Locals, s.Dirty, s.Inline, s.Stack = bci, b.shared, b.bound, b.Inlined, b.F.CopyValues(b.stack)
	return s
}

// Before is the state before the current instruction.
func (b *Builder) Before() *ir.FrameState { return b.before }

// emit appends an operation with an explicit state.
func (b *Builder) emit(op ir.Op, imm int64, state *ir.FrameState, results []ir.Type, args ...ir.Value) *ir.Instr {
	i := b.F.NewInstr(op, imm, state, results, args...)
	b.F.Append(b.Cur, i)
	if op.Row().Python {
		b.python = true
	}
	return i
}

// Emit appends an operation whose result type its row gives; the state follows from the row's exit kind: deopts go back
// before the instruction, raising and flushing operations are at it, with the operands already popped.
func (b *Builder) Emit(op ir.Op, imm int64, args ...ir.Value) *ir.Instr {
	row := op.Row()
	var state *ir.FrameState
	switch row.Exit {
	case ir.ExitDeopt:
		state = b.Before()
	case ir.ExitRaise, ir.ExitFlush:
		state = b.state(b.BCI)
	}
	types := make([]ir.Type, row.Results)
	for k := range types {
		types[k] = row.Result
		if k > 0 && row.Second != ir.NoType {
			types[k] = row.Second
		}
		if row.SameValue {
			types[k] = b.F.Type(args[0])
		}
	}
	return b.emit(op, imm, state, types, args...)
}

// Push puts a value on the operand stack.
func (b *Builder) Push(v ir.Value) { b.stack = append(b.stack, v) }

// Pop takes the top of the operand stack.
func (b *Builder) Pop() ir.Value {
	b.need(1)
	v := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	return v
}

// PopN takes the n topmost entries, the deepest first.
func (b *Builder) PopN(n int) []ir.Value {
	b.need(n)
	at := len(b.stack) - n
	vs := append([]ir.Value(nil), b.stack[at:]...)
	b.stack = b.stack[:at]
	return vs
}

// Peek is the entry n below the top (1 is the top).
func (b *Builder) Peek(n int) ir.Value {
	return b.stack[b.entry(n)]
}

// Poke replaces the entry n below the top.
func (b *Builder) Poke(n int, v ir.Value) {
	b.stack[b.entry(n)] = v
}

// entry is the index of the entry n below the top.
func (b *Builder) entry(n int) int {
	if n < 1 || n > len(b.stack) {
		Malformed()
	}
	return len(b.stack) - n
}

// need makes sure that the operand stack has n entries.
func (b *Builder) need(n int) {
	if n < 0 || n > len(b.stack) {
		Malformed()
	}
}

// Depth is the number of operand stack entries.
func (b *Builder) Depth() int { return len(b.stack) }

// Null is the NULL reference.
func (b *Builder) Null() ir.Value { return b.Emit(ir.OpConstNull, 0).Result() }

// Const is an object of the snapshot.
func (b *Builder) Const(obj pyabi.ObjID) ir.Value {
	op := ir.OpConstObj
	if b.Inlined != nil && !b.Snap.Objects[obj].Kind.Held() {
		op = ir.OpBorrowObj
	}
	i := b.Emit(op, 0)
	i.Obj = uint32(obj)
	b.F.Values[i.Result()].Type = ir.Obj(ir.ConstClass(b.Snap.Objects[obj].Kind))
	return i.Result()
}

// LoadLocal reads a local; a slot whose value is not tracked is read from memory.
func (b *Builder) LoadLocal(slot int) ir.Value {
	if v := b.locals[slot]; v != ir.NoValue {
		return v
	}
	i := b.Emit(ir.OpLoadLocal, int64(slot))
	v := i.Result()
	b.F.Values[v].Home = int32(slot)
	b.setLocal(slot, v)
	return v
}

// LoadLocals reads all locals whose values are not tracked.
func (b *Builder) LoadLocals() {
	for slot := range b.locals {
		b.LoadLocal(slot)
	}
}

// StoreLocal assigns a local and writes it through to its slot. The state of the store still has the old value: it is
// what a finalizer of the old content must not see; the slot is written first.
func (b *Builder) StoreLocal(slot int, v ir.Value) {
	if b.Inlined != nil {
		old := b.locals[slot]
		b.setLocal(slot, v)
		b.KeepAlive(old)
		return
	}
	b.Emit(ir.OpStoreLocal, int64(slot), v)
	b.setLocal(slot, v)
}

// TakeLocal moves a local's reference out of its slot; the local is unbound then.
func (b *Builder) TakeLocal(slot int) ir.Value {
	v := b.Emit(ir.OpTakeLocal, int64(slot)).Result()
	b.F.Values[v].Type = ir.Obj(b.F.Type(b.locals[slot]).Set &^ ir.Null)
	b.setLocal(slot, b.Null())
	return v
}

// KeepAlive says that the reference ends here that an elided frame, or the operand stack, had to v.
func (b *Builder) KeepAlive(v ir.Value) {
	if d := b.F.Def(v); d != nil && d.Op.Row().Constant {
		return
	}
	at := int64(0)
	if b.Inlined == nil {
		at = int64(b.BCI) + 1
	}
	b.Emit(ir.OpKeepAlive, at, v)
}

// Return ends the block: v is given to the caller. What an elided frame held ends in the order of a real one.
func (b *Builder) Return(v ir.Value) {
	if b.Inlined != nil {
		b.emit(ir.OpLeaveInlined, 0, nil, nil) // its state is the caller's, which inlining knows
		for _, l := range b.locals {
			b.KeepAlive(l)
		}
		b.KeepAlive(b.Func)
	}
	b.Emit(ir.OpReturn, 0, v)
	b.Cur = nil
}

// ThisFunction is the function object of the frame.
func (b *Builder) ThisFunction() ir.Value {
	if b.Inlined != nil {
		return b.Func
	}
	return b.Emit(ir.OpThisFunction, 0).Result()
}

// GuardClass is v, guarded to be of a class.
func (b *Builder) GuardClass(v ir.Value, class ir.ClassSet) ir.Value {
	g := b.Emit(ir.OpGuardClass, int64(class), v).Result()
	b.F.Values[g].Type = ir.Obj(class)
	return g
}

func (b *Builder) setLocal(slot int, v ir.Value) {
	b.locals[slot] = v
	b.shared = nil
}

// Refine replaces every occurrence of old in the environment by a refined version of it.
func (b *Builder) Refine(old, refined ir.Value) {
	for s, v := range b.locals {
		if v == old {
			b.setLocal(s, refined)
		}
	}
	for k, v := range b.stack {
		if v == old {
			b.stack[k] = refined
		}
	}
}

// Jump ends the block with an edge to `to`, giving it the environment.
func (b *Builder) Jump(to *Target) {
	if b.Cur == nil {
		return
	}
	edge := b.edge(to) // may load locals
	b.emit(ir.OpJump, 0, nil, nil).Edges = []ir.Edge{edge}
	b.Cur = nil
}

// Branch ends the block: to `yes` when cond is 1, else to `no`.
func (b *Builder) Branch(cond ir.Value, yes, no *Target) {
	i := b.emit(ir.OpBranch, 0, nil, nil, cond)
	i.Edges = []ir.Edge{b.edge(yes), b.edge(no)}
	b.Cur = nil
}

// BranchBlocks is Branch to two fresh blocks with a single predecessor each; the environment stays as it is.
func (b *Builder) BranchBlocks(cond ir.Value) (yes, no *ir.Block) {
	yes, no = b.F.NewBlock(-1), b.F.NewBlock(-1)
	i := b.emit(ir.OpBranch, 0, nil, nil, cond)
	i.Edges = []ir.Edge{{To: yes}, {To: no}}
	b.Cur = nil
	return yes, no
}

// Exit ends the block: the frame continues in stock at the current instruction.
func (b *Builder) Exit(reason uint16) {
	b.emit(ir.OpExit, int64(reason), b.Before(), nil)
	b.Cur = nil
}

// Target is a block to be entered with an environment: the start of a bytecode block in one copy of its loop.
type Target struct {
	Block   *ir.Block
	Merge   bool // more than one edge may enter: the environment comes as parameters
	entered bool
	locals  []ir.Value
	stack   []ir.Value
}

// Entered says whether an edge into the target has been made.
func (t *Target) Entered() bool { return t.entered }

// edge hands the environment to a target.
func (b *Builder) edge(to *Target) ir.Edge {
	if !to.Merge {
		if to.entered {
			panic("BUG: second edge into a block without parameters")
		}
		to.entered = true
		to.locals = append([]ir.Value(nil), b.locals...)
		to.stack = append([]ir.Value(nil), b.stack...)
		return ir.Edge{To: to.Block}
	}
	if !to.entered {
		to.entered = true
		to.locals = make([]ir.Value, len(b.locals))
		for s := range b.locals {
			home := int32(s)
			if b.Inlined != nil {
				home = ir.NoHome
			}
			to.locals[s] = b.F.AddParam(to.Block, ir.Obj(ir.AnyOrNull), home)
		}
		to.stack = make([]ir.Value, len(b.stack))
		for k := range b.stack {
			to.stack[k] = b.F.AddParam(to.Block, ir.Obj(ir.AnyOrNull), ir.NoHome)
		}
	}
	if len(to.stack) != len(b.stack) {
		Malformed()
	}
	args := make([]ir.Value, 0, len(b.locals)+len(b.stack))
	for s := range b.locals {
		args = append(args, b.LoadLocal(s))
	}
	return ir.Edge{To: to.Block, Args: append(args, b.stack...)}
}

// Enter makes a target current, with the environment its edges gave it; false when no edge reached it.
func (b *Builder) Enter(t *Target) bool {
	if !t.entered {
		return false
	}
	b.Cur = t.Block
	b.locals = append(b.locals[:0], t.locals...)
	b.stack = append(b.stack[:0], t.stack...)
	b.shared = nil
	return true
}

// EnterFunction starts at the function's first instruction: arguments are in their slots, everything else is unbound.
func (b *Builder) EnterFunction(block *ir.Block) {
	b.Cur = block
	b.stack = b.stack[:0]
	b.Begin(0, 0, 0)
	args := b.Code.ArgCount + b.Code.KwOnly
	const varArgs, varKeywords = 0x04, 0x08 // co_flags
	if b.Code.Flags&varArgs != 0 {
		args++
	}
	if b.Code.Flags&varKeywords != 0 {
		args++
	}
	for s := range b.locals {
		if s < int(args) {
			b.locals[s] = b.entryLocal(s, ir.Any)
		} else {
			b.locals[s] = b.Null()
		}
	}
	if !b.F.Generator {
		b.speculateEntry(false)
	}
}

// EnterSeveral begins a unit with several entries and makes a block for each of them.
func (b *Builder) EnterSeveral() []*ir.Block {
	b.Cur = b.F.NewBlock(-1)
	enter := b.emit(ir.OpEnter, 0, &ir.FrameState{BCI: b.F.EntryBCI, Locals: make([]ir.Value, b.F.Locals)}, nil)
	blocks := make([]*ir.Block, len(b.F.Entries))
	for k, e := range b.F.Entries {
		blocks[k] = b.F.NewBlock(e.BCI)
		enter.Edges = append(enter.Edges, ir.Edge{To: blocks[k]})
	}
	b.Cur = nil
	return blocks
}

// EnterAt starts at an entry with the locals and operands in the frame's memory. The anchor has a state for what is done
// before the first instruction that has one.
func (b *Builder) EnterAt(block *ir.Block, e *ir.Entry) {
	b.Cur = block
	for s := range b.locals {
		b.locals[s] = ir.NoValue
	}
	b.shared, b.stack = nil, b.stack[:0]
	b.Begin(e.BCI, e.BCI, e.BCI)
	for k := range e.Depth {
		v := b.Emit(ir.OpLoadStack, int64(k)).Result()
		if k >= len(e.Nulls) || !e.Nulls[k] {
			b.F.Values[v].Type = ir.AnyType
		}
		b.Push(v)
	}
	b.EmitAt(ir.OpAnchor, e.BCI)
	b.speculateOperands()
}

// EnterLoop starts at a loop head that stock was running: locals and operands are in the frame's memory.
func (b *Builder) EnterLoop(block *ir.Block, head int32, depth int) {
	b.Cur = block
	b.stack = b.stack[:0]
	b.Begin(head, head, head)
	for s := range b.locals {
		b.locals[s] = b.entryLocal(s, ir.AnyOrNull)
	}
	for k := 0; k < depth; k++ {
		b.Push(b.Emit(ir.OpLoadStack, int64(k)).Result())
	}
	b.speculateEntry(true)
}

func (b *Builder) entryLocal(slot int, set ir.ClassSet) ir.Value {
	v := b.Emit(ir.OpLoadLocal, int64(slot)).Result()
	b.F.Values[v].Home = int32(slot)
	b.F.Values[v].Type = ir.Obj(set)
	return v
}

// profileClasses maps single bits of the type profile to classes worth a guard at the entry.
var profileClasses = map[uint16]ir.ClassSet{
	pyabi.ProfileInt: ir.Int, pyabi.ProfileFloat: ir.Float, pyabi.ProfileBool: ir.Bool, pyabi.ProfileRangeIter: ir.RangeIter,
	pyabi.ProfileListIter: ir.ListIter, pyabi.ProfileTupleIter: ir.TupleIter, pyabi.ProfileList: ir.List,
	pyabi.ProfileTuple: ir.Tuple, pyabi.ProfileDict: ir.Dict, pyabi.ProfileStr: ir.Str,
}

// speculateEntry guards the entry environment with the classes the profile saw, each only where it was the only one. At a
// loop every number and iterator gets its guard, because that is what makes unboxed loop variables; at a function entry
// only numbers do, and iterators, which a comprehension has for an argument (containers are guarded where they are used).
func (b *Builder) speculateEntry(loop bool) {
	guard := func(v ir.Value, index int) ir.Value {
		if index >= len(b.Snap.Profile) || b.Code.Failed(b.BCI, codemeta.StandingGuard) {
			return v
		}
		bits := b.Snap.Profile[index]
		class, ok := profileClasses[bits]
		if ok && (loop || class&(ir.Int|ir.Float|ir.Iters) != 0) {
			if loop {
				v = b.NotNull(v)
			}
			g := b.Emit(ir.OpGuardClass, int64(class), v).Result()
			b.F.Values[g].Type = ir.Obj(class)
			return g
		}
		if loop && bits == pyabi.ProfileNull {
			return v
		}
		if loop && bits != 0 && bits&pyabi.ProfileNull == 0 {
			g := b.Emit(ir.OpGuardNotNull, 0, v).Result()
			b.F.Values[g].Type = ir.Obj(b.F.Type(v).Set &^ ir.Null)
			return g
		}
		return v
	}
	b.before = b.state(b.BCI)
	for s := range b.locals {
		if v := b.locals[s]; b.F.Def(v).Op == ir.OpLoadLocal {
			b.setLocal(s, guard(v, s))
		}
	}
	for k := range b.stack {
		b.stack[k] = guard(b.stack[k], len(b.locals)+k)
	}
}

// speculateOperands guards the operands of a resumed generator with the classes that they had whenever it was.
func (b *Builder) speculateOperands() {
	if b.Code.Failed(b.BCI, codemeta.StandingGuard) {
		return
	}
	b.before = b.state(b.BCI)
	if len(b.stack) == 1 {
		b.speculateIterator()
	}
	for _, o := range b.Snap.Resumes {
		if int32(o.BCI) != b.BCI || int(o.Depth) >= len(b.stack) {
			continue
		}
		if class, ok := profileClasses[o.Types]; ok && b.F.Type(b.stack[o.Depth]).Set&ir.Null == 0 {
			b.stack[o.Depth] = b.GuardClass(b.stack[o.Depth], class)
		}
	}
}

// speculateIterator guards what a generator expression that is started iterates over: the only argument it has.
func (b *Builder) speculateIterator() {
	if len(b.F.Entries) < 2 || b.BCI != b.F.Entries[1].BCI || b.Code.ArgCount != 1 || len(b.Snap.Profile) == 0 ||
		b.Snap.Objects[b.Code.LocalNames[0]].Text != ".0" {
		return
	}
	if class := profileClasses[b.Snap.Profile[0]]; class != 0 && class&^ir.Iters == 0 {
		v := b.LoadLocal(0)
		b.F.Values[v].Type = ir.AnyType // an argument nothing deletes
		b.setLocal(0, b.GuardClass(v, class))
	}
}

// Hint makes the feedback record of the current instruction.
func (b *Builder) Hint(kind ir.HintKind) *ir.Hint { return b.HintFrom(kind, b.Before()) }

// HintFrom is Hint for an instruction whose guards go back further than to itself: exits count at either place.
func (b *Builder) HintFrom(kind ir.HintKind, before *ir.FrameState) *ir.Hint {
	h := &ir.Hint{Kind: kind, BCI: b.BCI, Before: before}
	byIndex := func(f pyabi.Feedback, bci int32) int { return cmp.Compare(int32(f.BCI), bci) }
	if at, found := slices.BinarySearchFunc(b.Code.Feedback, b.BCI, byIndex); found {
		h.Rec = &b.Code.Feedback[at]
	}
	fail := func(reason uint16) {
		if h.Failed == nil {
			h.Failed = map[uint16]bool{}
		}
		h.Failed[reason] = true
	}
	for _, s := range b.Code.Sites {
		if at := int32(s.BCI); (at == b.BCI || at == before.BCI) && s.Count >= pyabi.MinDeopts {
			fail(s.Reason)
		}
	}
	if b.Mixed {
		fail(uint16(codemeta.ReasonTypeVersion))
	}
	return h
}

// FillAfter gives a hint the state after its instruction, once its results are pushed.
func (b *Builder) FillAfter(h *ir.Hint) { h.After = b.state(b.NextBCI) }

// Python appends a generic Python operation with its feedback and returns its result.
func (b *Builder) Python(op ir.Op, imm int64, hint *ir.Hint, args ...ir.Value) *ir.Instr {
	i := b.Emit(op, imm, args...)
	i.Aux = hint
	return i
}

// NotNull guards that a local is bound; stock raises the error otherwise.
func (b *Builder) NotNull(v ir.Value) ir.Value {
	if b.F.Type(v).Set&ir.Null == 0 {
		return v
	}
	g := b.Emit(ir.OpGuardNotNull, 0, v).Result()
	b.F.Values[g].Type = ir.Obj(b.F.Type(v).Set &^ ir.Null)
	for s := range b.locals {
		if b.locals[s] == v {
			b.setLocal(s, g)
		}
	}
	return g
}

// Env is a saved environment.
type Env struct{ locals, stack []ir.Value }

// Save copies the environment, for a second path from here.
func (b *Builder) Save() Env {
	return Env{append([]ir.Value(nil), b.locals...), append([]ir.Value(nil), b.stack...)}
}

// Restore makes a saved environment current.
func (b *Builder) Restore(e Env) {
	b.locals = append(b.locals[:0], e.locals...)
	b.stack = append(b.stack[:0], e.stack...)
	b.shared = nil
}

// EmitAt appends an exiting operation whose state is the environment at bytecode index bci.
func (b *Builder) EmitAt(op ir.Op, bci int32) { b.emit(op, 0, b.state(bci), nil) }

// None is the snapshot's None.
func (b *Builder) None() pyabi.ObjID { return b.Snap.Known[pyabi.KnownNone] }

// DropUnreached removes the blocks that no edge entered: control never gets past an exit to stock.
func (b *Builder) DropUnreached() {
	kept := b.F.Blocks[:0]
	for _, blk := range b.F.Blocks {
		if len(blk.Instrs) > 0 {
			kept = append(kept, blk)
		}
	}
	b.F.Blocks = kept
}

// ConstItems are the items of a constant tuple; false when v is none.
func (b *Builder) ConstItems(v ir.Value) ([]pyabi.ObjID, bool) {
	d := b.F.Def(v)
	if d == nil || d.Op != ir.OpConstObj {
		return nil, false
	}
	o := &b.Snap.Objects[d.Obj]
	return o.Items, o.Kind == pyabi.KindTuple && o.Fits
}

// CallHelper appends the call of a runtime helper that gives an object.
func (b *Builder) CallHelper(h pyabi.Helper, words ir.HelperWords, args ...ir.Value) ir.Value {
	i := b.Emit(ir.OpCallHelper, int64(h), args...)
	i.Aux = words
	return i.Result()
}

// CallPair appends the call of a runtime helper that gives two objects.
func (b *Builder) CallPair(h pyabi.Helper, args ...ir.Value) (first, second ir.Value) {
	i := b.Emit(ir.OpCallPair, int64(h), args...)
	return i.Results[0], i.Results[1]
}

// DoHelper appends the call of a runtime helper that only succeeds or raises.
func (b *Builder) DoHelper(h pyabi.Helper, words ir.HelperWords, args ...ir.Value) {
	b.Emit(ir.OpDoHelper, int64(h), args...).Aux = words
}
