package specializer

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/frontend/cp311"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/lower"
	"pystonlite/specializer/passes"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// hitPath is an operation whose fast case is counted in the machine code of a program.
type hitPath struct {
	what    string
	program string
	parts   [][]ir.Op // runs of instructions without other code in between; each is found once, in the order of the code
	loop    bool      // look at the loop proper only, not at its peeled first iteration
	nth     int       // how many occurrences of the first part to pass over
	target  int       // what the design asks for
	bound   int       // what it may take today
	why     string    // where today's figure is above the target
}

// prologue stands for the code at the entry of a unit, which belongs to no instruction.
const prologue = ir.OpInvalid

// hitPaths is the table behind docs/hit-paths.md.
var hitPaths = []hitPath{
	{what: "addition of unboxed ints", program: "int_loop", loop: true, parts: [][]ir.Op{{ir.OpAddInt}}, target: 2, bound: 2},
	{what: "addition of unboxed floats", program: "float_loop", loop: true, parts: [][]ir.Op{{ir.OpAddFloat}}, target: 1, bound: 1},
	{what: "multiplication of unboxed floats", program: "float_loop", loop: true, parts: [][]ir.Op{{ir.OpMulFloat}}, target: 1, bound: 1},
	{what: "back-edge with poll", program: "int_loop", loop: true, parts: [][]ir.Op{{ir.OpPoll, ir.OpJump}}, target: 4, bound: 3},
	{what: "attribute load", program: "attribute_load",
		parts: [][]ir.Op{{ir.OpTypeVersionGuard, ir.OpInstanceValues, ir.OpLoadValue}, {ir.OpIncRef}}, target: 6, bound: 10,
		why: "the version of the class (3), that the instance has inline values (3) and that there is a value (3) can each change " +
			"without notice; the tuple counts its reference (1)"},
	{what: "attribute load after a dominating guard", program: "attribute_load", nth: 1,
		parts: [][]ir.Op{{ir.OpLoadValue}, {ir.OpIncRef}}, target: 2, bound: 4,
		why: "an attribute that is not set is a NULL, which is tested; the tuple counts its reference; the same attribute again takes none"},
	{what: "attribute store of a boxed value", program: "attribute_boxed_store",
		parts: [][]ir.Op{{ir.OpTypeVersionGuard, ir.OpInstanceValues, ir.OpStoreValue}}, target: 12, bound: 12},
	{what: "attribute store of an argument", program: "attribute_store",
		parts: [][]ir.Op{{ir.OpTypeVersionGuard, ir.OpInstanceValues, ir.OpIncRef, ir.OpStoreValue}}, target: 12, bound: 13,
		why: "the caller has a reference, too, so it is counted"},
	{what: "attribute of a class", program: "class_attribute", parts: [][]ir.Op{{ir.OpClassVersionGuard}}, target: 3, bound: 3},
	{what: "member of an enumeration", program: "enum_member", target: 9, bound: 9,
		parts: [][]ir.Op{{ir.OpClassVersionGuard, ir.OpTypeVersionGuard, ir.OpBorrowObj, ir.OpTypeVersionGuard}}},
	{what: "method found by super()", program: "super_method", parts: [][]ir.Op{{ir.OpSuperMethod}}, target: 14, bound: 14},
	{what: "isinstance of a known class", program: "isinstance_of", parts: [][]ir.Op{{ir.OpInstanceOf}}, target: 14, bound: 14},
	{what: "equality of strs, one object or of different lengths", program: "string_compare", loop: true,
		parts: [][]ir.Op{{ir.OpStrEq}}, target: 13, bound: 13},
	{what: "list index", program: "list_index", loop: true, parts: [][]ir.Op{{ir.OpListItem}}, target: 10, bound: 4},
	{what: "load of a global", program: "recursion", target: 4, bound: 4,
		parts: [][]ir.Op{{ir.OpDictVersion, ir.OpEntryGuard}}},
	{what: "call and return with a real frame", program: "recursion", target: 60, bound: 58,
		parts: [][]ir.Op{{prologue}, {ir.OpReturn}, {ir.OpCallFunction, ir.OpCheckEvents}}},
	{what: "call and return with an elided frame, the load of the global included", program: "global_call", target: 15, bound: 6,
		parts: [][]ir.Op{{ir.OpDictVersion, ir.OpEntryGuard}, {ir.OpFuncVersionGuard}}},
}

// counted is the number of machine instructions of a hit path. An instruction's code in line is counted as a whole,
// branches around rare cases included, which makes it an upper bound; what stands out of line is not part of it.
func counted(t *testing.T, h *hitPath) int {
	t.Helper()
	snap, err := pyabi.Decode(testcases.Get(h.program).Snapshot)
	require.NoError(t, err)
	f, err := cp311.Build(snap)
	require.NoError(t, err)
	require.NoError(t, passes.Run(f, (&Options{}).context(snap)))
	code, err := lower.Lower(f, snap, lower.Options{Marks: true})
	require.NoError(t, err)
	inLoop := ir.FindLoops(f, ir.Dominators(f))
	type place struct {
		op ir.Op
		n  int
	}
	var places []place
	for k, m := range code.Marks[:len(code.Marks)-1] {
		if h.loop && inLoop.Of(m.Block) == nil {
			continue
		}
		op := prologue
		if m.Instr != nil {
			op = m.Instr.Op
		}
		n := 0
		for at := m.Offset; at < code.Marks[k+1].Offset; n++ {
			_, size := amd64.DisassembleOne(code.Bytes[at:], 0)
			at += size
		}
		if n > 0 || op == prologue {
			places = append(places, place{op, n})
		}
	}
	total, from, skip := 0, 0, h.nth
	for _, part := range h.parts {
		found := false
		for ; from+len(part) <= len(places) && !found; from++ {
			sum := 0
			matches := true
			for k, op := range part {
				matches = matches && places[from+k].op == op
				sum += places[from+k].n
			}
			if matches && skip > 0 {
				skip--
				continue
			}
			if matches {
				total += sum
				found = true
			}
		}
		require.True(t, found, "%s: %v is not in the code of %s", h.what, part, h.program)
	}
	return total
}

// TestHitPaths counts the machine instructions of the fast cases in the code of recorded programs, and keeps
// docs/hit-paths.md, which lists them; accept a difference with -update. It fails when one gets longer than it was.
func TestHitPaths(t *testing.T) {
	var out strings.Builder
	out.WriteString(hitPathsHead)
	for k := range hitPaths {
		h := &hitPaths[k]
		n := counted(t, h)
		require.LessOrEqual(t, n, h.bound, h.what)
		require.Equal(t, h.bound > h.target, h.why != "", "%s: a reason belongs to a figure above its target", h.what)
		fmt.Fprintf(&out, "| %s | %d | %d | %s |\n", h.what, n, h.target, h.why)
	}
	out.WriteString(hitPathsTail)
	compareOrUpdate(t, filepath.Join("..", "docs", "hit-paths.md"), out.String())
}

const hitPathsHead = `# Hit paths

How many machine instructions the fast case of an operation takes, counted in the code of recorded programs: the instructions
in line, from the first guard to the result, without what stands out of line. A test holds that they do not grow.
` + "`go test ./specializer -run HitPaths -update`" + ` writes this page.

| operation | instructions | target | why above |
|---|---|---|---|
`

const hitPathsTail = `
## Code

` + "`specializer/hitpath_test.go`" + ` has the table; ` + "`lower.Code.Marks`" + ` tells where the code of an instruction is.

## Debug flags

` + "`PYSTON_LITE_DUMP=folder`" + ` writes ` + "`*.disassembly`" + ` with the IR instruction in front of its machine code;
` + "`go run ./specializer/replay -stage disassembly file.snapshot`" + ` prints it for a recorded snapshot.
`
