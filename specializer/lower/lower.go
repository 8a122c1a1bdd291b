// Package lower turns IR into machine code: instruction selection, register allocation by package regalloc, emission, and
// the metadata of exits.
//
// # Machine instructions
//
// A machine instruction (type inst) is a list of operands for the allocator and a function that emits the bytes once every
// operand has a place. One IR instruction gives one machine instruction, rarely two; so the listing of an allocation reads
// like the IR with places. Guards define nothing: their result is the same virtual register as their operand.
//
// # Exits
//
// An instruction that can leave machine code lists, behind its own operands, every value its frame state needs, without a
// demand on the place (regalloc.Any). The exit is a jump to a stub out of line that pushes the number of an exit record; the
// record says where the values are. The values of an exit that is taken before the instruction has written anything are
// Early uses, those of one taken after a call are Late uses. Additions are undone in the stub, so that an operand that the
// result overwrites is still at hand.
//
// # Frame of a unit on the C stack
//
//	[rsp + 0 …]    outgoing argument array of calls
//	[rsp + 8*out]  spill slots
//	…              callee-saved registers that the unit uses, return address
//
// Registers: see cshim/shim.h.
package lower

import (
	"fmt"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
	"pystonlite/specializer/slab"
)

// Registers with a fixed role.
const (
	frameReg   = amd64.RBP // running _PyInterpreterFrame
	ctxReg     = amd64.R14 // pl_ctx
	threadReg  = amd64.R15 // PyThreadState
	scratch    = amd64.R11
	scratchXMM = amd64.XMM15
)

var env = regalloc.Env{
	Regs: [2][]regalloc.PReg{
		{0, 1, 2, 6, 7, 8, 9, 10, 3, 12, 13},
		{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30},
	},
	CalleeSaved: regalloc.MakeRegSet(3, 12, 13),
	Scratch:     [2]regalloc.PReg{regalloc.PReg(scratch), regalloc.PReg(scratchXMM)},
}

// callClobbers are the registers a C function destroys.
var callClobbers = func() regalloc.RegSet {
	s := regalloc.MakeRegSet(0, 1, 2, 6, 7, 8, 9, 10)
	for x := regalloc.PReg(16); x < 31; x++ {
		s = s.Add(x)
	}
	return s
}()

// Options tune the back end.
type Options struct {
	StressGuards uint32 // stress: every Nth guard fails
	StressExits  uint32 // stress: every Nth exit that is no guard is taken
	ShuffleSeed  uint64 // stress: randomise register choice
	Check        bool   // re-check the allocation
	Listing      func(stage string, text func() string)
	Marks        bool // record where the code of each instruction begins
	Symbols      bool // record where there are symbols of the snapshot
}

// Code is the result of Lower.
type Code struct {
	Bytes       []byte
	EntryOffset int
	Frame       int // bytes from rsp, where the prologue has left it, to the caller's
	Routines    int // offset behind which code has the frame of a routine, see package unwind
	Meta        *codemeta.Tables
	Marks       []Mark   // in the order of the code; empty unless asked for
	Symbols     []uint32 // offsets of 64-bit constants that are symbols of addresses; empty unless asked for
	Versions    []uint32 // offsets of 32-bit operands that are symbols of versions; likewise
}

// Mark is the place where the code of an instruction begins. The last mark is where the code out of line begins; it has no
// block. The prologue has a block and no instruction.
type Mark struct {
	Offset int
	Block  *ir.Block
	Instr  *ir.Instr
}

// inst is one machine instruction.
type inst struct {
	ir       *ir.Instr // what it stands for, for listings
	name     string    // when it stands for no IR instruction
	ops      []regalloc.Operand
	exits    []*exit
	clobbers regalloc.RegSet
	move     bool // ops are one def and one use of a plain copy
	emit     func(e *emitter, a []regalloc.Loc)
	few      [4]regalloc.Operand // where ops is as long as there are few
}

// exit is one way out of an instruction.
type exit struct {
	kind   codemeta.ExitKind
	reason codemeta.Reason
	state  *ir.FrameState
	mine   []int  // operands of the instruction itself that hold values of the state
	first  int    // index in inst.ops of the first operand for the state
	last   int    // and of the one behind the last
	dying  int    // flush: the operand that it releases, -1 when none is
	shown  uint32 // stress: the record of the same flush without the release
	undo   func(e *emitter, a []regalloc.Loc)
	always bool // stress: the exit is taken whenever the instruction is reached
	label  amd64.Label
	id     uint32 // number of the record
}

// selector builds machine instructions for one function.
type selector struct {
	f      *ir.Func
	snap   *pyabi.Snapshot
	off    *pyabi.Offsets
	insts  []*inst
	blocks []mblock
	index  map[*ir.Block]int
	nvregs int
	class  []regalloc.Class // of the temporaries behind the values
	uses   []int32          // number of uses by value, frame states included
	fused  map[*ir.Instr]bool
	// unpackings are the long ones, by the first of their instructions.
	unpackings map[*ir.Instr]*unpacking
	out        int // words of the outgoing argument array
	seen       []seenEntry
	cur        *ir.Instr

	memory  slab.Of[inst]
	exits   slab.Of[exit]
	holders holders
}

// holders finds the operand that holds a value of a frame state, at one exit at a time.
type holders struct {
	of   []holder // by value
	exit uint32   // number of the present exit
}

type holder struct {
	exit    uint32 // the exit that it was noted for
	operand int32  // index in inst.ops
}

// enter begins the exit x of in, with the operands that it has.
func (h *holders) enter(in *inst, x *exit) {
	h.exit++
	for _, k := range x.mine {
		h.add(ir.Value(in.ops[k].V), k)
	}
	for k := x.first; k < x.last; k++ {
		h.add(ir.Value(in.ops[k].V), k)
	}
}

func (h *holders) add(v ir.Value, operand int) { h.of[v] = holder{h.exit, int32(operand)} }

func (h *holders) find(v ir.Value) (operand int, ok bool) {
	return int(h.of[v].operand), h.of[v].exit == h.exit
}

// mblock is a block for the allocator.
type mblock struct {
	ir       *ir.Block
	from, to int
	succs    []int
	preds    []int
	depth    int
}

// Lower compiles f. The function must have its reference counts and split critical edges.
func Lower(f *ir.Func, snap *pyabi.Snapshot, opt Options) (*Code, error) {
	s := &selector{f: f, snap: snap, off: &snap.Offsets, index: map[*ir.Block]int{}, nvregs: len(f.Values), fused: map[*ir.Instr]bool{}}
	s.countUses()
	s.holders.of = make([]holder, len(f.Values))
	s.selectAll()
	s.stress(opt)
	alloc, err := regalloc.Allocate(&function{s}, env, regalloc.Options{ShuffleSeed: opt.ShuffleSeed, Check: opt.Check, ElideRemat: true})
	if err != nil {
		return nil, err
	}
	if opt.Listing != nil {
		opt.Listing("allocation", func() string { return s.listing(alloc) })
	}
	return s.emitAll(alloc, opt)
}

func (s *selector) countUses() {
	s.uses = make([]int32, len(s.f.Values))
	for _, b := range s.f.Blocks {
		for _, i := range b.Instrs {
			i.Uses(func(v *ir.Value) { s.uses[s.f.Root(*v)]++ })
		}
	}
}

// vreg is the register of a value: guards share that of their operand.
func (s *selector) vreg(v ir.Value) regalloc.VReg { return regalloc.VReg(s.f.Root(v)) }

// temp is a fresh register.
func (s *selector) temp(c regalloc.Class) regalloc.VReg {
	s.class = append(s.class, c)
	s.nvregs++
	return regalloc.VReg(s.nvregs - 1)
}

func (s *selector) selectAll() {
	s.f.ComputePreds()
	loops := ir.FindLoops(s.f, ir.Dominators(s.f))
	for n, b := range s.f.Blocks {
		s.index[b] = n
	}
	s.blocks = make([]mblock, len(s.f.Blocks))
	for n, b := range s.f.Blocks {
		mb := &s.blocks[n]
		mb.ir, mb.from, mb.depth = b, len(s.insts), depth(loops, b)
		for _, e := range b.Term().Edges {
			mb.succs = append(mb.succs, s.index[e.To])
		}
		for _, p := range b.Preds {
			mb.preds = append(mb.preds, s.index[p])
		}
		if n == 0 && b.Term().Op != ir.OpEnter {
			s.prologue()
		}
		s.fuse(b)
		s.fuseUnpackings(b)
		for _, i := range b.Instrs {
			if s.fused[i] {
				continue
			}
			s.cur = i
			sel := selectors[i.Op]
			if sel == nil {
				panic(fmt.Sprintf("BUG: no machine code for %s", i.Op))
			}
			sel(s, i)
		}
		mb.to = len(s.insts)
	}
}

// fuse finds comparisons and tests whose only use is the branch right behind them: the branch emits them.
func (s *selector) fuse(b *ir.Block) {
	t := b.Term()
	if t.Op != ir.OpBranch {
		return
	}
	v := t.Args[0]
	for k := len(b.Instrs) - 2; k >= 0; k-- {
		i := b.Instrs[k]
		if i.Op.Row().Constant {
			continue
		}
		if i.Result() != v || v == ir.NoValue || s.uses[v] != 1 {
			return
		}
		switch i.Op {
		case ir.OpNotBool:
			s.fused[i] = true
			v = i.Args[0]
			continue
		case ir.OpCmpInt, ir.OpCmpFloat, ir.OpIs, ir.OpRangeIterMore, ir.OpListIterMore, ir.OpTupleIterMore:
			s.fused[i] = true
		}
		return
	}
}

// function presents the selection to the allocator.
type function struct{ s *selector }

func (f *function) NumVRegs() int { return f.s.nvregs }

func (f *function) ClassOf(v regalloc.VReg) regalloc.Class {
	if n := len(f.s.f.Values); int(v) >= n {
		return f.s.class[int(v)-n]
	}
	if f.s.f.Values[v].Type.Rep == ir.RepFloat {
		return regalloc.ClassFloat
	}
	return regalloc.ClassInt
}

func (f *function) NumBlocks() int                    { return len(f.s.blocks) }
func (f *function) InstrRange(b int) (int, int)       { return f.s.blocks[b].from, f.s.blocks[b].to }
func (f *function) Succs(b int) []int                 { return f.s.blocks[b].succs }
func (f *function) Preds(b int) []int                 { return f.s.blocks[b].preds }
func (f *function) LoopDepth(b int) int               { return f.s.blocks[b].depth }
func (f *function) Cold(b int) bool                   { return f.s.blocks[b].ir.Cold }
func (f *function) Operands(i int) []regalloc.Operand { return f.s.insts[i].ops }
func (f *function) Clobbers(i int) regalloc.RegSet    { return f.s.insts[i].clobbers }

func (f *function) BlockParams(b int) []regalloc.VReg { return f.vregs(f.s.blocks[b].ir.Params) }

func (f *function) BranchArgs(b int, succ int) []regalloc.VReg {
	return f.vregs(f.s.blocks[b].ir.Term().Edges[succ].Args)
}

func (f *function) vregs(vs []ir.Value) []regalloc.VReg {
	out := make([]regalloc.VReg, len(vs))
	for k, v := range vs {
		out[k] = f.s.vreg(v)
	}
	return out
}

func (f *function) IsMove(i int) (regalloc.VReg, regalloc.VReg, bool) {
	if in := f.s.insts[i]; in.move {
		return in.ops[0].V, in.ops[1].V, true
	}
	return 0, 0, false
}

func (f *function) Remat(v regalloc.VReg) bool {
	return int(v) < len(f.s.f.Values) && f.s.f.Values[v].Const
}

// Home is the local slot that holds the value as long as it lives (the refcount pass keeps only homes that do).
func (f *function) Home(v regalloc.VReg) (int32, bool) {
	if int(v) >= len(f.s.f.Values) {
		return 0, false
	}
	info := &f.s.f.Values[v]
	return info.Home, info.Home != ir.NoHome && info.Type.Rep == ir.RepObject
}

// builder of one instruction ------------------------------------------------------------------------------------

// use adds an operand that must be in a register.
func (in *inst) use(v regalloc.VReg) int { return in.op(regalloc.Operand{V: v, C: regalloc.InReg}) }

// useLate is use for a value that is read after temporaries and results were written.
func (in *inst) useLate(v regalloc.VReg) int {
	return in.op(regalloc.Operand{V: v, C: regalloc.InReg, Pos: regalloc.Late})
}

// useAny adds an operand that may be anywhere.
func (in *inst) useAny(v regalloc.VReg) int { return in.op(regalloc.Operand{V: v}) }

// useFixed adds an operand in one register.
func (in *inst) useFixed(v regalloc.VReg, r amd64.Reg) int {
	return in.op(regalloc.Operand{V: v, C: regalloc.Fixed, Reg: regalloc.PReg(r)})
}

func (in *inst) def(v regalloc.VReg) int {
	return in.op(regalloc.Operand{V: v, Kind: regalloc.Def, C: regalloc.InReg})
}

func (in *inst) defFixed(v regalloc.VReg, r amd64.Reg) int {
	return in.op(regalloc.Operand{V: v, Kind: regalloc.Def, C: regalloc.Fixed, Reg: regalloc.PReg(r)})
}

func (in *inst) defSame(v regalloc.VReg, use int) int {
	return in.op(regalloc.Operand{V: v, Kind: regalloc.Def, C: regalloc.SameAs, Tied: uint8(use)})
}

// defEarly is a result written while operands are still read.
func (in *inst) defEarly(v regalloc.VReg) int {
	return in.op(regalloc.Operand{V: v, Kind: regalloc.Def, C: regalloc.InReg, Pos: regalloc.Early})
}

func (in *inst) op(o regalloc.Operand) int {
	in.ops = append(in.ops, o)
	return len(in.ops) - 1
}

// temp adds a temporary register that no operand shares.
func (s *selector) tempIn(in *inst) int { return in.defEarly(s.temp(regalloc.ClassInt)) }

// start begins the machine instruction of the current IR instruction.
func (s *selector) start() *inst {
	in := s.memory.New()
	in.ir, in.ops = s.cur, in.few[:0]
	return in
}

// startCall is start for an instruction that is a C call on some way: its operands are where that takes them, and its result where
// it gives it.
func (s *selector) startCall(i *ir.Instr) *inst {
	in := s.start()
	for k, a := range i.Args {
		in.useFixed(s.vreg(a), argRegs[k])
	}
	in.defFixed(s.vreg(i.Result()), amd64.RAX)
	in.clobbers = callClobbers.Remove(regalloc.PReg(amd64.RAX))
	return in
}

// known is the address of a well-known object.
func (s *selector) known(k pyabi.WellKnown) uint64 { return s.snap.Objects[s.snap.Known[k]].Addr }

func (s *selector) finish(in *inst, emit func(e *emitter, a []regalloc.Loc)) {
	in.emit = emit
	s.insts = append(s.insts, in)
}

// exitTo adds an exit: the values its state needs become operands at pos. Those that the operands `mine` of the instruction
// already are, and that are intact (or restored by undo) when the exit is taken, need no operand of their own.
func (s *selector) exitTo(in *inst, kind codemeta.ExitKind, reason codemeta.Reason, state *ir.FrameState, pos regalloc.Pos, mine ...int) *exit {
	if state == nil {
		panic(fmt.Sprintf("BUG: %s has no frame state", s.cur.Op))
	}
	x := s.exits.New()
	x.kind, x.reason, x.state, x.mine, x.first, x.last, x.dying = kind, reason, state, mine, len(in.ops), len(in.ops), -1
	s.holders.enter(in, x)
	state.Uses(func(v *ir.Value) {
		root := s.f.Root(*v)
		if _, ok := s.holders.find(root); !ok {
			s.holders.add(root, in.op(regalloc.Operand{V: regalloc.VReg(root), Pos: pos}))
		}
	})
	x.last = len(in.ops)
	in.exits = append(in.exits, x)
	return x
}

// deopt is exitTo for guards: the exit is taken before anything is written.
func (s *selector) deopt(in *inst, reason codemeta.Reason) *exit {
	return s.exitTo(in, codemeta.ExitDeopt, reason, s.cur.State, regalloc.Early)
}

// raise is exitTo for calls that set an exception.
func (s *selector) raise(in *inst) *exit {
	return s.exitTo(in, codemeta.ExitRaise, codemeta.ReasonException, s.cur.State, regalloc.Late)
}

// depth is the number of loops around b.
func depth(loops *ir.LoopForest, b *ir.Block) int {
	if l := loops.Of(b); l != nil {
		return l.Depth
	}
	return 0
}
