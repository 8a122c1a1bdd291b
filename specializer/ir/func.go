// Package ir is the intermediate representation of one compiled unit: control-flow graph in SSA form with block arguments.
//
// A Func is a list of Blocks; a Block has parameters and instructions, the last of which is a terminator whose edges pass
// arguments to the parameters of the successors (block arguments instead of phi functions: there is no order among them
// and an edge can be split without touching its target; the form of Swift's SIL and Cranelift).
//
// # Objects and counts
//
// Object references carry no reference counts until the refcount pass: an op's row says which operands it borrows and
// which it consumes, and whether its result is a new reference or borrowed from memory. See Row.
//
// # Locals and frame states
//
// A Python local is both an SSA value and a slot of the frame in memory. The front end writes through: every assignment is
// an OpStoreLocal, so the memory is current everywhere, and a frame state needs only to name the operand stack. The lazy
// stores pass may delay the store of an unboxed number; from there on the slot is *dirty* in the frame states it reaches,
// and an exit writes it. A FrameState lists the values of all locals, but only the dirty ones are uses.
package ir

import (
	"fmt"
	"maps"

	"pystonlite/specializer/slab"
)

// Value is the number of an SSA value of a Func, 0 when absent.
type Value uint32

// NoValue is the absent value.
const NoValue Value = 0

func (v Value) String() string {
	if v == NoValue {
		return "_"
	}
	return fmt.Sprintf("v%d", uint32(v))
}

// BlockID is the number of a block in Func.Blocks at creation; it stays when the layout changes.
type BlockID uint32

func (b BlockID) String() string { return fmt.Sprintf("b%d", uint32(b)) }

// NoHome says that a value is not known to be the content of a local's slot.
const NoHome int32 = -1

// ValueInfo is what the Func knows of one value.
type ValueInfo struct {
	Type  Type
	Def   *Instr // nil for a block parameter
	Block *Block // defining block
	Param int    // index in Block.Params when Def is nil
	Home  int32  // block parameters and local loads: the local slot whose memory holds the value when it is defined, or NoHome
	Const bool   // the machine code can make the value again anywhere (Row.MadeAnywhere)
}

// Edge is a control transfer with the arguments for the parameters of its target.
type Edge struct {
	To   *Block
	Args []Value
}

// Block is a basic block. Instrs is never empty in a complete function; its last instruction is the only terminator.
type Block struct {
	ID     BlockID
	Params []Value
	Instrs []*Instr
	Preds  []*Block // with repetitions when a predecessor has two edges to this block; kept by Func.ComputePreds
	BCI    int32    // bytecode index at its start, for dumps and loop statistics; -1 for made-up blocks
	Cold   bool     // placed out of line
	Loop   bool     // a loop head of the bytecode (target of a backward jump)
	fn     *Func
}

// Term is the block's terminator.
func (b *Block) Term() *Instr { return b.Instrs[len(b.Instrs)-1] }

// Instr is one operation. What it does with its operands is said by its op's Row.
type Instr struct {
	Op      Op
	Args    []Value
	Results []Value
	Imm     int64  // meaning by op: constant, local slot, comparison, operator, byte offset …
	Obj     uint32 // meaning by op: number of a snapshot object (class, function, name), or 0
	Aux     any    // op-specific record that has no textual twin elsewhere (*CallTarget …); printed through String
	State   *FrameState
	Edges   []Edge   // terminators only
	Quiet   bool     // ops that release: the reference dropped is known to be of a trivial class, so no finalizer runs
	result  [1]Value // where Results is when there is one
}

// Result is the only result of i, or NoValue.
func (i *Instr) Result() Value {
	if len(i.Results) == 0 {
		return NoValue
	}
	return i.Results[0]
}

// FrameState says what the frame of the running function looks like at a bytecode boundary (or while one instruction runs).
type FrameState struct {
	BCI    int32         // where stock continues, or the instruction that is running (by the op's exit kind)
	Locals []Value       // by localsplus slot; NoValue: in memory only. Uses only where Dirty
	Dirty  map[int]bool  // slots whose memory is stale: the exit writes Locals[slot]; in an elided frame, all that are bound
	Stack  []Value       // operand stack, bottom first
	Parent *FrameState   // the caller's state while this elided frame runs, nil in the physical frame
	Inline *InlinedFrame // which function this frame is of, nil in the physical frame
	// Owned and Release are filled by the refcount pass: stack entries (by index) whose reference the exit moves into
	// the frame (the others are borrowed), and values that the exit must release because the frame does not keep them.
	Owned   []bool
	Release []Value
}

// InlinedFrame names the function of an elided frame.
type InlinedFrame struct {
	Func   uint32 // snapshot object number of the function
	Code   uint32 // and of its code object
	Locals int    // its number of localsplus slots
	Init   bool   // an __init__ whose instance is on top of the caller's stack: it must return None, which is dropped
}

// Physical is the state of the frame that exists while the elided frames of s run: s itself outside of inlined code.
func (s *FrameState) Physical() *FrameState {
	for s.Parent != nil {
		s = s.Parent
	}
	return s
}

// Observers is s reduced to what a finalizer sees of its frames: instruction pointers and locals.
func (s *FrameState) Observers() *FrameState {
	if s == nil {
		return nil
	}
	return &FrameState{BCI: s.BCI, Locals: s.Locals, Dirty: s.Dirty, Parent: s.Parent.Observers(), Inline: s.Inline}
}

// Uses calls f with a pointer to each value the state needs: stack entries, dirty locals and Release, parents included.
func (s *FrameState) Uses(f func(*Value)) {
	for st := s; st != nil; st = st.Parent {
		for k := range st.Stack {
			if st.Stack[k] != NoValue {
				f(&st.Stack[k])
			}
		}
		if len(st.Dirty) > 0 {
			for slot := range st.Locals {
				if st.Dirty[slot] && st.Locals[slot] != NoValue {
					f(&st.Locals[slot])
				}
			}
		}
		for k := range st.Release {
			f(&st.Release[k])
		}
	}
}

// Func is one compilation unit.
type Func struct {
	Name     string
	EntryBCI int32 // 0, or the loop head of an OSR unit
	Locals   int   // number of localsplus slots of the physical frame
	Elided   int   // how many frames inlined code elides at most at one point
	Blocks   []*Block
	Values   []ValueInfo // by Value; Values[0] is unused
	Entries  []Entry     // of a unit with several: one for each edge of the OpEnter in the entry block
	// Generator says that the frame belongs to a generator, coroutine or async generator, but for the ordinary start of a unit
	// with several entries, which makes that object.
	Generator bool
	nextID    BlockID
	instrs    slab.Of[Instr]
	states    slab.Of[FrameState]
	values    slab.Of[Value]
}

// EntryKind is who may enter a unit at a place.
type EntryKind uint8

// The kinds of entries.
const (
	EntryStart   EntryKind = iota // the ordinary start of the unit
	EntryHandler                  // an exception handler: C has unwound the frame to it
	EntryResume                   // where a generator goes on
)

var entryKinds = [...]string{"start", "handler", "resume"}

func (k EntryKind) String() string { return entryKinds[k] }

// Entry is one place at which a unit with several can be entered. Locals and operand stack are in the frame's memory.
type Entry struct {
	BCI   int32
	Depth int // operand stack entries
	Kind  EntryKind
	Nulls []bool // which of them may be NULL
	Rare  bool   // a resume that most come to from within the unit: it brings no types there, as a handler does
}

func (e Entry) String() string { return fmt.Sprintf("%s:%d/%d", e.Kind, e.BCI, e.Depth) }

// NewFunc makes an empty function.
func NewFunc(name string, locals int) *Func {
	return &Func{Name: name, Locals: locals, Values: make([]ValueInfo, 1)}
}

// Entry is the entry block: it has no parameters and no predecessors.
func (f *Func) Entry() *Block { return f.Blocks[0] }

// NewBlock appends an empty block.
func (f *Func) NewBlock(bci int32) *Block {
	b := &Block{ID: f.nextID, BCI: bci, fn: f}
	f.nextID++
	f.Blocks = append(f.Blocks, b)
	return b
}

// NumBlockIDs is an upper bound of the block numbers in use.
func (f *Func) NumBlockIDs() int { return int(f.nextID) }

// newValue adds a value.
func (f *Func) newValue(info ValueInfo) Value {
	f.Values = append(f.Values, info)
	return Value(len(f.Values) - 1)
}

// AddParam appends a parameter to b.
func (f *Func) AddParam(b *Block, t Type, home int32) Value {
	v := f.newValue(ValueInfo{Type: t, Block: b, Param: len(b.Params), Home: home})
	b.Params = append(b.Params, v)
	return v
}

// NewInstr makes an instruction with fresh results of the given types; it is placed by the caller (Append, Insert …).
func (f *Func) NewInstr(op Op, imm int64, state *FrameState, results []Type, args ...Value) *Instr {
	i := f.instrs.New()
	i.Op, i.Imm, i.State, i.Args = op, imm, state, args
	i.Results = i.result[:0]
	for _, t := range results {
		i.Results = append(i.Results, f.newValue(ValueInfo{Type: t, Def: i, Home: NoHome, Const: op.Row().MadeAnywhere()}))
	}
	return i
}

// NewState makes an empty frame state.
func (f *Func) NewState() *FrameState { return f.states.New() }

// CopyValues is a copy of vs, for a frame state.
func (f *Func) CopyValues(vs []Value) []Value { return f.values.Copy(vs) }

// CloneState is a deep copy whose parents are shared.
func (f *Func) CloneState(s *FrameState) *FrameState {
	if s == nil {
		return nil
	}
	c := f.states.New()
	*c = *s
	c.Locals = f.values.Copy(s.Locals)
	c.Stack = f.values.Copy(s.Stack)
	c.Owned = append([]bool(nil), s.Owned...)
	c.Release = f.values.Copy(s.Release)
	c.Dirty = maps.Clone(s.Dirty)
	return c
}

// Append places i at the end of b.
func (f *Func) Append(b *Block, i *Instr) {
	b.Instrs = append(b.Instrs, i)
	for _, r := range i.Results {
		f.Values[r].Block = b
	}
}

// Type is the type of v.
func (f *Func) Type(v Value) Type { return f.Values[v].Type }

// Def is the instruction that defines v, nil for a block parameter.
func (f *Func) Def(v Value) *Instr { return f.Values[v].Def }

// Root follows the ops whose result is their first operand unchanged (guards) back to the reference itself.
func (f *Func) Root(v Value) Value {
	for v != NoValue {
		d := f.Values[v].Def
		if d == nil || !d.Op.Row().SameValue {
			break
		}
		v = d.Args[0]
	}
	return v
}

// ComputePreds rebuilds the predecessor lists in block order.
func (f *Func) ComputePreds() {
	for _, b := range f.Blocks {
		b.Preds = b.Preds[:0]
	}
	for _, b := range f.Blocks {
		for _, e := range b.Term().Edges {
			e.To.Preds = append(e.To.Preds, b)
		}
	}
}

// Uses calls g with a pointer to each use of a value by i: operands, edge arguments and what its frame state needs. The
// state that a hint keeps for speculation counts: guards may be placed in front of i with it. The hint's state after i has
// the same values and i's results; it is rewritten by ReplaceUses but is no use.
func (i *Instr) Uses(g func(*Value)) {
	for k := range i.Args {
		g(&i.Args[k])
	}
	for e := range i.Edges {
		for k := range i.Edges[e].Args {
			g(&i.Edges[e].Args[k])
		}
	}
	if i.State != nil {
		i.State.Uses(g)
	}
	if h, ok := i.Aux.(*Hint); ok && h.Before != nil {
		h.Before.Uses(g)
	}
}

// EachState calls g with each frame state that i holds: its own and those of its hint.
func (i *Instr) EachState(g func(*FrameState)) {
	if i.State != nil {
		g(i.State)
	}
	if h, ok := i.Aux.(*Hint); ok {
		if h.Before != nil {
			g(h.Before)
		}
		if h.After != nil {
			g(h.After)
		}
	}
}
