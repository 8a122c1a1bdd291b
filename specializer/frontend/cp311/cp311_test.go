package cp311

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// TestOpcodesAreThoseOfTheInterpreter runs the generator and compares its output with the file.
func TestOpcodesAreThoseOfTheInterpreter(t *testing.T) {
	python, err := exec.LookPath("python3.11")
	if err != nil {
		t.Skip("no python3.11 in PATH")
	}
	want, err := exec.Command(python, "gen_opcodes.py").Output()
	require.NoError(t, err)
	formatted := exec.Command("gofmt")
	formatted.Stdin = strings.NewReader(string(want))
	want, err = formatted.Output()
	require.NoError(t, err)
	got, err := os.ReadFile("opcodes_gen.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run python3.11 gen_opcodes.py | gofmt > opcodes_gen.go")
}

// TestTables holds that the hand-written tables speak of opcodes that exist, and jumps of jumps.
func TestTables(t *testing.T) {
	for op := 0; op < 256; op++ {
		name := opcodeNames[op]
		require.True(t, semantics[op] == nil || name != "", "semantics of opcode %d", op)
		require.True(t, operandLimits[op] == nil || name != "", "operand limit of opcode %d", op)
		require.True(t, jumps[op] == fallsThrough || name != "", "jump kind of opcode %d", op)
		isJump := strings.Contains(name, "JUMP") && !strings.Contains(name, "QUICK") && !strings.Contains(name, "COMPARE_OP")
		if isJump || name == "FOR_ITER" || name == "SEND" {
			require.Contains(t, []jumpKind{forward, backward, forwardIf, backwardIf}, jumps[op], name)
			backwards := jumps[op] == backward || jumps[op] == backwardIf
			require.Equal(t, strings.Contains(name, "BACKWARD"), backwards, name)
		}
	}
	for op := range hints {
		require.NotEmpty(t, opcodeNames[op])
		require.Zero(t, cacheUnits[op], "%s is canonical, so it cannot carry feedback", opcodeNames[op])
	}
}

// program makes a code object of opcode and argument pairs.
func program(units ...byte) *pyabi.Code {
	return &pyabi.Code{Bytes: units, Adaptive: units, NLocalsPlus: 2, Consts: make([]pyabi.ObjID, 1), Names: make([]pyabi.ObjID, 1)}
}

func TestDecode(t *testing.T) {
	code := program(OpExtendedArg, 1, OpExtendedArg, 2, OpLoadConst, 3, OpBinaryOp, 13, OpCache, 0, OpReturnValue, 0)
	code.Adaptive = append([]byte(nil), code.Bytes...)
	code.Adaptive[6] = OpBinaryOpAddInt
	got, err := decode(code)
	require.NoError(t, err)
	require.Equal(t, []Instr{
		{Start: 0, BCI: 2, Next: 3, Op: OpLoadConst, Adaptive: OpLoadConst, Arg: 0x010203},
		{Start: 3, BCI: 3, Next: 5, Op: OpBinaryOp, Adaptive: OpBinaryOpAddInt, Arg: 13},
		{Start: 5, BCI: 5, Next: 6, Op: OpReturnValue, Adaptive: OpReturnValue},
	}, got)
	_, err = decode(program(OpExtendedArg, 1))
	require.Error(t, err, "a prefix of nothing")
}

func TestValidate(t *testing.T) {
	rows := []struct {
		name  string
		entry int32
		units []byte
	}{
		{"constant out of range", 0, []byte{OpLoadConst, 1, OpReturnValue, 0}},
		{"local out of range", 0, []byte{OpLoadFast, 2, OpReturnValue, 0}},
		{"name out of range", 0, []byte{OpLoadName, 1, OpReturnValue, 0}},
		{"global out of range", 0, []byte{OpLoadGlobal, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, OpReturnValue, 0}},
		{"operator out of range", 0, []byte{OpBinaryOp, 26, 0, 0, OpReturnValue, 0}},
		{"slice of one", 0, []byte{OpLoadConst, 0, OpBuildSlice, 1, OpReturnValue, 0}},
		{"control leaves at the end", 0, []byte{OpLoadConst, 0}},
		{"jump behind the end", 0, []byte{OpJumpForward, 9, OpReturnValue, 0}},
		{"jump into a cache", 0, []byte{OpJumpForward, 1, OpBinaryOp, 0, 0, 0, OpReturnValue, 0}},
		{"entry in a prefix", 1, []byte{OpExtendedArg, 0, OpLoadConst, 0, OpReturnValue, 0}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			code := program(row.units...)
			instrs, err := decode(code)
			require.NoError(t, err)
			defer func() {
				require.IsType(t, &frontend.Unsupported{}, recover(), "it was accepted")
			}()
			validate(code, instrs, row.entry)
		})
	}
	code := program(OpLoadConst, 0, OpReturnValue, 0)
	instrs, err := decode(code)
	require.NoError(t, err)
	validate(code, instrs, 0)
}

// recorded decodes a recorded program.
func recorded(t *testing.T, name string) (*pyabi.Snapshot, []Instr) {
	t.Helper()
	snap, err := pyabi.Decode(testcases.Get(name).Snapshot)
	require.NoError(t, err)
	instrs, err := decode(&snap.Codes[0])
	require.NoError(t, err)
	return snap, instrs
}

// TestFlow checks the control flow graphs of the recorded programs: blocks cover the code, edges agree with the instructions,
// every loop is closed by an edge to its head.
func TestFlow(t *testing.T) {
	withLoops := 0
	for _, c := range testcases.All() {
		snap, instrs := recorded(t, c.Name)
		f := newFlow(instrs, int32(snap.EntryBCI))
		next := 0
		for n := range f.blocks {
			b := &f.blocks[n]
			require.Equal(t, next, b.first, c.Name)
			require.Less(t, b.first, b.last, c.Name)
			next = b.last
			require.Equal(t, n, f.at[instrs[b.first].Start])
			for k := b.first; k < b.last-1; k++ {
				require.Equal(t, fallsThrough, jumps[instrs[k].Op], "%s: a jump inside of a block", c.Name)
			}
		}
		require.Equal(t, len(instrs), next, c.Name)
		require.Equal(t, f.at[int32(snap.EntryBCI)], f.rpo[0])
		for k := range f.loops {
			l := &f.loops[k]
			closed := false
			for n := range l.body {
				require.Equal(t, k, f.blocks[n].inner)
				for _, s := range f.blocks[n].succs {
					closed = closed || s == l.head
				}
			}
			require.True(t, closed, "%s: nothing closes the loop at block %d", c.Name, l.head)
			withLoops++
		}
	}
	require.Greater(t, withLoops, 5)
}

func TestFlow_innermostLoops(t *testing.T) {
	for name, want := range map[string]int{"attribute_load": 0, "int_loop": 1, "nested_loops": 1, "while_else": 1} {
		snap, instrs := recorded(t, name)
		require.Len(t, newFlow(instrs, int32(snap.EntryBCI)).loops, want, name)
	}
}

// TestBuild_peels holds that the first iteration of an innermost loop is a copy of its own, and that only the second copy is a
// loop.
func TestBuild_peels(t *testing.T) {
	for name, want := range map[string]int{"int_loop": 1, "range_loop": 1, "loop_entry": 1, "nested_loops": 2, "attribute_load": 0} {
		snap, _ := recorded(t, name)
		f, err := Build(snap)
		require.NoError(t, err)
		f.ComputePreds()
		require.NoError(t, ir.Verify(f))
		loops, copies := 0, map[int32]int{}
		for _, b := range f.Blocks {
			if b.BCI > 0 && b != f.Entry() {
				copies[b.BCI]++
			}
			if b.Loop {
				loops++
			}
		}
		require.Equal(t, want, loops, name)
		peeled := 0
		for _, n := range copies {
			require.LessOrEqual(t, n, 2, name)
			if n == 2 {
				peeled++
			}
		}
		require.Equal(t, want > 0, peeled > 0, "%s: copies by bytecode index: %v", name, copies)
	}
}

// TestBuild_statesAreThoseOfTheInstructions holds that every frame state stands at an instruction.
func TestBuild_statesAreThoseOfTheInstructions(t *testing.T) {
	for _, c := range testcases.All() {
		snap, instrs := recorded(t, c.Name)
		at := map[int32]bool{}
		for _, in := range instrs {
			at[in.Start], at[in.BCI] = true, true
		}
		f, err := Build(snap)
		require.NoError(t, err)
		states := 0
		for _, b := range f.Blocks {
			for _, i := range b.Instrs {
				if i.State == nil {
					continue
				}
				states++
				require.True(t, at[i.State.BCI], "%s: %s", c.Name, ir.FormatInstr(f, i))
				require.LessOrEqual(t, len(i.State.Stack), int(snap.Codes[0].StackSize), "%s: %s", c.Name, ir.FormatInstr(f, i))
			}
		}
		require.NotZero(t, states, c.Name)
	}
}

func TestBuild_entriesOfGenerators(t *testing.T) {
	snap, _ := recorded(t, "generator")
	f, err := Build(snap)
	require.NoError(t, err)
	f.ComputePreds()
	require.NoError(t, ir.Verify(f))
	require.True(t, f.Generator)
	require.Equal(t, "start:0/0", f.Entries[0].String())
	for _, e := range f.Entries[1:] {
		require.Equal(t, ir.EntryResume, e.Kind)
		require.Positive(t, e.Depth, "the value sent is on the stack")
	}
	head := f.Entries[1].BCI
	snap.EntryBCI, snap.Profile = uint32(head), make([]uint16, int(snap.Codes[0].NLocalsPlus)+1)
	f, err = Build(snap)
	require.NoError(t, err)
	require.True(t, f.Generator)
	require.Empty(t, f.Entries, "what the unit of a loop suspends goes on in the function's")
}
