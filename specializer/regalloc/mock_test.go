package regalloc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mockFunction is a Function built by hand or by the generator.
type mockFunction struct {
	classes []Class
	remat   map[VReg]bool
	homes   map[VReg]int32
	blocks  []*mockBlock
	instrs  []mockInstr // filled by finish
	starts  []int
}

type mockBlock struct {
	index  int
	params []VReg
	instrs []mockInstr
	succs  []int
	args   [][]VReg
	preds  []int
	depth  int
	cold   bool
}

type mockInstr struct {
	ops      []Operand
	clobbers RegSet
	move     bool // ops are {use src, def dst}
}

func newMock() *mockFunction {
	return &mockFunction{remat: map[VReg]bool{}, homes: map[VReg]int32{}}
}

func (f *mockFunction) newV(c Class) VReg {
	f.classes = append(f.classes, c)
	return VReg(len(f.classes) - 1)
}

// ints returns n new integer values.
func (f *mockFunction) ints(n int) []VReg {
	vs := make([]VReg, n)
	for i := range vs {
		vs[i] = f.newV(ClassInt)
	}
	return vs
}

// block appends a block with parameters.
func (f *mockFunction) block(depth int, params ...VReg) *mockBlock {
	b := &mockBlock{index: len(f.blocks), depth: depth, params: params}
	f.blocks = append(f.blocks, b)
	return b
}

func (b *mockBlock) add(ops ...Operand) *mockBlock {
	b.instrs = append(b.instrs, mockInstr{ops: ops})
	return b
}

func (b *mockBlock) call(clobbers RegSet, ops ...Operand) *mockBlock {
	b.instrs = append(b.instrs, mockInstr{ops: ops, clobbers: clobbers})
	return b
}

func (b *mockBlock) move(dst, src VReg) *mockBlock {
	b.instrs = append(b.instrs, mockInstr{ops: []Operand{read(src), def(dst)}, move: true})
	return b
}

// jump ends the block with one successor.
func (b *mockBlock) jump(to *mockBlock, args ...VReg) { b.end(nil, []*mockBlock{to}, args) }

// end ends the block with a terminator that has operands.
func (b *mockBlock) end(ops []Operand, succs []*mockBlock, args ...[]VReg) {
	b.add(ops...)
	for k, s := range succs {
		b.succs = append(b.succs, s.index)
		if k < len(args) {
			b.args = append(b.args, args[k])
		} else {
			b.args = append(b.args, nil)
		}
	}
}

func (f *mockFunction) finish() *mockFunction {
	f.instrs, f.starts = nil, []int{0}
	for i, b := range f.blocks {
		b.preds = nil
		f.instrs = append(f.instrs, b.instrs...)
		f.starts = append(f.starts, len(f.instrs))
		if b.index != i {
			panic("mock: block order")
		}
	}
	for i, b := range f.blocks {
		for _, s := range b.succs {
			f.blocks[s].preds = append(f.blocks[s].preds, i)
		}
	}
	return f
}

func read(v VReg) Operand              { return Operand{V: v, C: InReg} }
func readAny(v VReg) Operand           { return Operand{V: v, C: Any} }
func readLate(v VReg) Operand          { return Operand{V: v, C: InReg, Pos: Late} }
func readFixed(v VReg, r PReg) Operand { return Operand{V: v, C: Fixed, Reg: r} }
func deopt(v VReg) Operand             { return Operand{V: v, C: Any, Pos: Late} }
func def(v VReg) Operand               { return Operand{V: v, Kind: Def, C: InReg} }
func defAny(v VReg) Operand            { return Operand{V: v, Kind: Def, C: Any} }
func defFixed(v VReg, r PReg) Operand  { return Operand{V: v, Kind: Def, C: Fixed, Reg: r} }
func defTied(v VReg, k int) Operand    { return Operand{V: v, Kind: Def, C: SameAs, Tied: uint8(k)} }
func temp(v VReg) Operand              { return Operand{V: v, Kind: Def, C: InReg, Pos: Early} }
func tempFixed(v VReg, r PReg) Operand { return Operand{V: v, Kind: Def, C: Fixed, Reg: r, Pos: Early} }

func (f *mockFunction) NumVRegs() int                   { return len(f.classes) }
func (f *mockFunction) ClassOf(v VReg) Class            { return f.classes[v] }
func (f *mockFunction) NumBlocks() int                  { return len(f.blocks) }
func (f *mockFunction) InstrRange(b int) (from, to int) { return f.starts[b], f.starts[b+1] }
func (f *mockFunction) Succs(b int) []int               { return f.blocks[b].succs }
func (f *mockFunction) Preds(b int) []int               { return f.blocks[b].preds }
func (f *mockFunction) BlockParams(b int) []VReg        { return f.blocks[b].params }
func (f *mockFunction) BranchArgs(b, succ int) []VReg   { return f.blocks[b].args[succ] }
func (f *mockFunction) LoopDepth(b int) int             { return f.blocks[b].depth }
func (f *mockFunction) Cold(b int) bool                 { return f.blocks[b].cold }
func (f *mockFunction) Operands(i int) []Operand        { return f.instrs[i].ops }
func (f *mockFunction) Clobbers(i int) RegSet           { return f.instrs[i].clobbers }
func (f *mockFunction) Remat(v VReg) bool               { return f.remat[v] }
func (f *mockFunction) IsMove(i int) (VReg, VReg, bool) {
	if in := &f.instrs[i]; in.move {
		return in.ops[1].V, in.ops[0].V, true
	}
	return 0, 0, false
}
func (f *mockFunction) Home(v VReg) (int32, bool) {
	h, ok := f.homes[v]
	return h, ok
}

// dump prints the allocated function for failure messages.
func (f *mockFunction) dump(r *Result) string {
	var s strings.Builder
	for b, blk := range f.blocks {
		fmt.Fprintf(&s, "block %d %v depth %d cold %v preds %v\n", b, blk.params, blk.depth, blk.cold, blk.preds)
		for i := f.starts[b]; i < f.starts[b+1]; i++ {
			if r != nil {
				for _, e := range r.Before(i) {
					fmt.Fprintf(&s, "        %v\n", e)
				}
			}
			fmt.Fprintf(&s, "  %3d:", i)
			for k, o := range f.instrs[i].ops {
				kind := [...]string{"use", "def"}[o.Kind]
				con := [...]string{"any", "reg", fmt.Sprintf("fixed r%d", o.Reg), fmt.Sprintf("tied %d", o.Tied)}[o.C]
				fmt.Fprintf(&s, " [%s v%d %s", kind, o.V, con)
				if o.late() != (o.Kind == Def) {
					s.WriteString(" " + [...]string{"", "early", "late"}[o.Pos])
				}
				if r != nil {
					fmt.Fprintf(&s, " → %v", r.Allocs[i][k])
				}
				s.WriteString("]")
			}
			if c := f.instrs[i].clobbers; c != 0 {
				fmt.Fprintf(&s, " clobbers %#x", uint64(c))
			}
			s.WriteString("\n")
			if r != nil {
				for _, e := range r.After(i) {
					fmt.Fprintf(&s, "        %v\n", e)
				}
			}
		}
		for k, t := range blk.succs {
			fmt.Fprintf(&s, "    → block %d %v\n", t, blk.args[k])
		}
	}
	return s.String()
}

// testEnv is shaped like amd64: 0-15 integers (4 is the stack pointer, 11 the scratch register), 16-31 floats (31 scratch).
func testEnv() Env {
	e := Env{CalleeSaved: MakeRegSet(3, 5, 12, 13, 14, 15), Scratch: [2]PReg{11, 31}}
	e.Regs[ClassInt] = []PReg{0, 1, 2, 6, 7, 8, 9, 10, 3, 5, 12, 13, 14, 15}
	for r := PReg(16); r < 31; r++ {
		e.Regs[ClassFloat] = append(e.Regs[ClassFloat], r)
	}
	return e
}

// smallEnv has so few registers that nearly everything is under pressure.
func smallEnv() Env {
	return Env{
		Regs:        [2][]PReg{{0, 1, 2, 3, 12}, {16, 17, 18}},
		CalleeSaved: MakeRegSet(3, 12),
		Scratch:     [2]PReg{11, 31},
	}
}

// tinyEnv has just enough registers for the most demanding instruction the generator makes.
func tinyEnv() Env {
	e := smallEnv()
	e.Regs = [2][]PReg{{0, 1, 12}, {16, 17, 18}}
	return e
}

// callClobbers is what a call destroys in both environments.
func callClobbers() RegSet {
	s := MakeRegSet(0, 1, 2, 6, 7, 8, 9, 10, 11)
	for r := PReg(16); r < 32; r++ {
		s = s.Add(r)
	}
	return s
}

// allocate runs the allocator and the verifier.
func allocate(t *testing.T, f *mockFunction, env Env, opt Options) *Result {
	t.Helper()
	f.finish()
	r, err := Allocate(f, env, opt)
	if err != nil {
		t.Fatalf("Allocate: %v\n%s", err, f.dump(nil))
	}
	if err := Check(f, env, r); err != nil {
		t.Fatalf("Check: %v\n%s", err, f.dump(r))
	}
	return r
}

// editsIn returns the edits of the given blocks.
func (f *mockFunction) editsIn(r *Result, blocks ...*mockBlock) []Edit {
	var list []Edit
	for _, b := range blocks {
		for i := f.starts[b.index]; i < f.starts[b.index+1]; i++ {
			list = append(append(list, r.Before(i)...), r.After(i)...)
		}
	}
	return slices.Clip(list)
}
