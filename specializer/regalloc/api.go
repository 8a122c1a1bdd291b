package regalloc

import (
	"fmt"
	"math/bits"
)

// VReg is the id of a virtual register. Ids are dense: 0..NumVRegs-1.
type VReg uint32

// NoVReg stands for "no virtual register".
const NoVReg = ^VReg(0)

// Class is a register class. Values of different classes never share a register.
type Class uint8

// The two register classes.
const (
	ClassInt Class = iota
	ClassFloat
	numClasses = 2
)

// String implements fmt.Stringer.
func (c Class) String() string {
	if c == ClassFloat {
		return "float"
	}
	return "int"
}

// PReg is a physical register, 0..63. The client decides which machine register a number means.
type PReg uint8

const maxPRegs = 64

// RegSet is a set of physical registers, one bit each.
type RegSet uint64

// Has reports whether r is in the set.
func (s RegSet) Has(r PReg) bool { return s>>r&1 != 0 }

// Add returns the set with r.
func (s RegSet) Add(r PReg) RegSet { return s | 1<<r }

// Remove returns the set without r.
func (s RegSet) Remove(r PReg) RegSet { return s &^ (1 << r) }

// Count returns the number of registers in the set.
func (s RegSet) Count() int { return bits.OnesCount64(uint64(s)) }

// MakeRegSet returns the set of the given registers.
func MakeRegSet(regs ...PReg) RegSet {
	var s RegSet
	for _, r := range regs {
		s = s.Add(r)
	}
	return s
}

// OperandKind tells reads from writes.
type OperandKind uint8

// Operand kinds.
const (
	Use OperandKind = iota
	Def
)

// Constraint says where an operand may be.
type Constraint uint8

// Constraints.
const (
	// Any accepts a register, a spill slot, the home of the value or, when the value can be rematerialised, nothing at
	// all (KindConst). It never causes a reload.
	Any Constraint = iota
	// InReg accepts every allocatable register of the class of the value.
	InReg
	// Fixed accepts only Operand.Reg. The allocator copies the value there (use) or away from there (def).
	Fixed
	// SameAs is for a Def that is written to the register of the use operand Operand.Tied.
	SameAs
)

// Pos is the moment of an instruction at which an operand is read or written.
type Pos uint8

// Moments. The zero value is Early for a use and Late for a definition, which is what nearly every operand wants.
const (
	DefaultPos Pos = iota
	// Early: a use is read before any (late) definition is written; an early definition is written while uses are
	// still being read and so shares its register with none of them. Temporaries are early definitions without uses.
	Early
	// Late: a use stays readable during the whole instruction, so it shares its register with no definition and no
	// clobber (values a deoptimisation needs). A late definition is written after all early uses were read.
	Late
)

// Operand is one register operand of an instruction.
type Operand struct {
	V    VReg
	Kind OperandKind
	C    Constraint
	Reg  PReg  // for Fixed
	Tied uint8 // for SameAs: index of the use operand in the same instruction
	Pos  Pos
}

// late reports the effective moment of o.
func (o *Operand) late() bool {
	if o.Pos == DefaultPos {
		return o.Kind == Def
	}
	return o.Pos == Late
}

// Function is what the allocator knows about the code. The code is in SSA form: every virtual register has one
// definition (an operand or a block parameter) that dominates its uses. Block 0 is the entry; it has no predecessors and no
// parameters. Every block has at least one instruction and ends with its terminator; terminators define nothing, and a
// terminator with one successor that others reach too has no operands and no clobbers (the moves of the edge stand
// before it). Critical edges are split.
type Function interface {
	NumVRegs() int
	ClassOf(v VReg) Class
	// NumBlocks returns the number of blocks; the index is the emission order, cold blocks last.
	NumBlocks() int
	// InstrRange returns the half-open range of instruction indices of block b; contiguous and increasing with b.
	InstrRange(b int) (from, to int)
	Succs(b int) []int
	Preds(b int) []int
	BlockParams(b int) []VReg
	// BranchArgs returns the arguments that b passes to the parameters of Succs(b)[succ].
	BranchArgs(b int, succ int) []VReg
	LoopDepth(b int) int
	Cold(b int) bool
	// Operands returns the operands of instruction i. The allocator keeps the slice until it returns.
	Operands(i int) []Operand
	// Clobbers returns the registers that instruction i destroys in addition to its definitions.
	Clobbers(i int) RegSet
	// IsMove reports whether i copies src to dst; the two then prefer the same register.
	IsMove(i int) (dst, src VReg, ok bool)
	// Remat reports that v can be recomputed anywhere. Such a value is never spilled.
	Remat(v VReg) bool
	// Home returns the client-owned memory in which v is available as long as it lives. Such a value is never stored.
	Home(v VReg) (slot int32, ok bool)
}

// Env describes the machine.
type Env struct {
	// Regs lists the allocatable registers of each class, preferred ones first.
	Regs [numClasses][]PReg
	// CalleeSaved is the set of registers a function must preserve. One that is not used yet is taken only when no other
	// register is free.
	CalleeSaved RegSet
	// Scratch is one register a class that is in none of the Regs. Move sequences use them for cycles and for moves
	// from memory to memory.
	Scratch [numClasses]PReg
}

// Options tune one allocation.
type Options struct {
	// ShuffleSeed, when not 0, randomises register order, queue order, hints and how early splitting is final. Results
	// stay correct; a stress mode.
	ShuffleSeed uint64
	// Check runs the verifier over the result.
	Check bool
	// ElideRemat allows the definition of a rematerialisable value to have no location (KindNone) when no use
	// profits from it. The client must not emit that instruction.
	ElideRemat bool
}

// LocKind is the kind of a Loc.
type LocKind uint8

// Location kinds.
const (
	KindNone  LocKind = iota // not needed anywhere
	KindReg                  // a register
	KindSlot                 // a spill slot of this allocation
	KindHome                 // the client-owned home of the value
	KindConst                // nowhere: the value is rematerialisable and the operand is Any
)

// Loc is the place of a value. The zero value is None.
type Loc uint32

const locKindShift = 28

// None is the location of something that needs no place.
const None Loc = 0

// RegLoc returns the location of register r.
func RegLoc(r PReg) Loc { return Loc(KindReg)<<locKindShift | Loc(r) }

// SlotLoc returns the location of spill slot n.
func SlotLoc(n int) Loc { return Loc(KindSlot)<<locKindShift | Loc(n) }

// HomeLoc returns the location of the client-owned home n.
func HomeLoc(n int32) Loc { return Loc(KindHome)<<locKindShift | Loc(uint32(n)&(1<<locKindShift-1)) }

// ConstLoc is the location of a rematerialisable value that is in no register.
const ConstLoc = Loc(KindConst) << locKindShift

// Kind returns the kind of the location.
func (l Loc) Kind() LocKind { return LocKind(l >> locKindShift) }

// IsReg reports whether l is a register.
func (l Loc) IsReg() bool { return l.Kind() == KindReg }

// Reg returns the register of a KindReg location.
func (l Loc) Reg() PReg { return PReg(l) }

// Slot returns the number of a KindSlot location.
func (l Loc) Slot() int { return int(l & (1<<locKindShift - 1)) }

// Home returns the number of a KindHome location. Homes may be numbered from below zero.
func (l Loc) Home() int32 { return int32(l<<(32-locKindShift)) >> (32 - locKindShift) }

// String implements fmt.Stringer.
func (l Loc) String() string {
	switch l.Kind() {
	case KindReg:
		return fmt.Sprintf("r%d", l.Reg())
	case KindSlot:
		return fmt.Sprintf("slot%d", l.Slot())
	case KindHome:
		return fmt.Sprintf("home%d", l.Home())
	case KindConst:
		return "const"
	}
	return "none"
}

// EditKind is the kind of an Edit.
type EditKind uint8

// Edit kinds.
const (
	Move       EditKind = iota // From → To; at most one of the two is a slot
	Remat                      // recompute V into the register To
	ReloadHome                 // load V from the home From into the register To
)

// Edit is one instruction the allocator adds. It must leave the condition flags alone when the client keeps flags alive
// across instructions.
type Edit struct {
	Kind     EditKind
	From, To Loc
	V        VReg // the value that is copied; on an edge the argument, not the parameter
	// Class chooses the move instruction. A slot-to-slot move may travel through the scratch register of the other
	// class; Class is then the class of that register, and all 64 bits count.
	Class Class
}

// String implements fmt.Stringer.
func (e Edit) String() string {
	switch e.Kind {
	case Remat:
		return fmt.Sprintf("%v ← remat v%d", e.To, e.V)
	case ReloadHome:
		return fmt.Sprintf("%v ← %v (v%d)", e.To, e.From, e.V)
	}
	return fmt.Sprintf("%v ← %v (v%d)", e.To, e.From, e.V)
}

// Stats counts what an allocation did.
type Stats struct {
	Instrs, VRegs, Bundles, Merged   int
	Splits, Evictions                int
	Moves, Stores, Loads             int // edits by kind: register to register, to a slot, from a slot
	Remats, HomeReloads, SlotToSlots int
}

// Result is the outcome of an allocation.
type Result struct {
	// Allocs[i][k] is the location of operand k of instruction i.
	Allocs [][]Loc
	// NumSlots is the number of 8-byte spill slots.
	NumSlots int
	// UsedCalleeSaved is the set of callee-saved registers that are written anywhere.
	UsedCalleeSaved RegSet
	Stats           Stats

	edits []Edit
	// editStart[2i] is the index of the first edit before instruction i, editStart[2i+1] of the first one after it.
	editStart []uint32
}

// Before returns the edits to execute, in order, before instruction i.
func (r *Result) Before(i int) []Edit { return r.edits[r.editStart[2*i]:r.editStart[2*i+1]] }

// After returns the edits to execute, in order, after instruction i.
func (r *Result) After(i int) []Edit { return r.edits[r.editStart[2*i+1]:r.editStart[2*i+2]] }

// LimitError says that the function is beyond what the allocator handles.
type LimitError struct {
	Instr  int // -1 for the whole function
	Reason string
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Instr < 0 {
		return "regalloc: " + e.Reason
	}
	return fmt.Sprintf("regalloc: instruction %d: %s", e.Instr, e.Reason)
}
