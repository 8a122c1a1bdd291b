package ir

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docForm is the printed form that the row of op documents.
func docForm(op Op) string {
	form, _, _ := strings.Cut(op.Row().Doc, ": ")
	form, _, _ = strings.Cut(form, " (also")
	return form
}

var word = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// sample turns a documented form into text the parser reads: letters become values of the representation the op asks for,
// `@name` an object, optional operands are given, and every op that exits gets a state with all its parts.
func sample(op Op) (instr string, params []string) {
	row := op.Row()
	form := strings.NewReplacer("[", "", "]", "", " …", "", "{target}", "{f}", "@name", "@7", "@kwnames", "@8").Replace(docForm(op))
	var results string
	if left, right, ok := strings.Cut(form, " = "); ok {
		n := len(strings.Split(left, ", "))
		var rs []string
		for k := range n {
			t := row.Result
			if k > 0 && row.Second != NoType {
				t = row.Second
			}
			if t == NoType {
				t = Obj(Other)
			}
			if row.SameValue {
				t = Obj(Int)
			}
			rs = append(rs, fmt.Sprintf("v%d: %s", 90+k, t))
		}
		results, form = strings.Join(rs, ", ")+" = ", right
	}
	words := strings.Fields(strings.NewReplacer("(v1, v2)", "()", "(v1)", "()").Replace(form))
	for k, w := range words[1:] {
		if !word.MatchString(w) || strings.HasPrefix(w, "b3(") {
			continue
		}
		rep := op.OperandRep(len(params))
		t := Type{Rep: rep}
		if rep == RepObject || rep == RepNone {
			t = Obj(Any)
		}
		params = append(params, fmt.Sprintf("v%d: %s", 10+k, t))
		words[k+1] = fmt.Sprintf("v%d", 10+k)
	}
	if row.Exit != ExitNone {
		words = append(words, "[bci=14 locals[_ v1 _] dirty{0:v2 2:v1} stack[v1 _ v2] owned[1 0 1] release[v1 v2]"+
			" parent[bci=3 inline=@4/@5/2 locals[v1 _] parent[bci=8]]]")
	}
	return results + strings.Join(words, " "), params
}

func TestParse_everyRowPrintsAsDocumented(t *testing.T) {
	for op := OpInvalid + 1; op < numOps; op++ {
		if op == OpEnter {
			continue // it stands alone: TestParse_entries
		}
		t.Run(op.String(), func(t *testing.T) {
			line, params := sample(op)
			params = append([]string{"v1: obj:Any", "v2: int"}, params...)
			body := "  " + line + "\n"
			if !op.Row().Term {
				body += "  exit 1 [bci=0]\n"
			}
			var loads string
			for _, p := range params {
				def := " = load_local 0"
				switch {
				case strings.HasSuffix(p, "int"):
					def = " = iconst 1"
				case strings.HasSuffix(p, "float"):
					def = " = fconst 0x3ff0000000000000"
				case strings.HasSuffix(p, "bool"):
					def = " = bconst 1"
				case strings.HasSuffix(p, "word"):
					def = " = wconst 1"
				}
				loads += "  " + p + def + "\n"
			}
			text := "func m.<locals>.f entry=0 locals=3 {\nb0() bci=0:\n" + loads + body
			for _, target := range []string{"b3(", "b4("} {
				if strings.Contains(line, target) {
					text += target + ") cold bci=-1:\n  exit 1 [bci=0]\n"
				}
			}
			text += "}\n"
			f, err := Parse(text)
			require.NoError(t, err, text)
			assert.Equal(t, text, Format(f))
			assert.NoError(t, Verify(f))
		})
	}
}

// severalEntries has a start, a handler with its exception, and the end they share.
const severalEntries = `func f entry=0 locals=1 entries=start:0/0,handler:9/1 {
b0() bci=-1:
  enter b1() b2() [bci=0]
b1() bci=0:
  v1: obj:Any home=0 = load_local 0
  jump b3(v1)
b2() cold bci=9:
  v2: obj:Any = load_stack 0
  jump b3(v2)
b3(v3: obj:Any) bci=4:
  return v3 0 [bci=5]
}
`

func TestParse_entries(t *testing.T) {
	f, err := Parse(severalEntries)
	require.NoError(t, err)
	require.NoError(t, Verify(f))
	assert.Equal(t, []Entry{{BCI: 0, Kind: EntryStart}, {BCI: 9, Depth: 1, Kind: EntryHandler}}, f.Entries)
	assert.False(t, f.Generator)
	assert.Equal(t, severalEntries, Format(f))
}

func TestVerify_entries(t *testing.T) {
	for name, change := range map[string][2]string{
		"too few edges":       {"enter b1() b2()", "enter b1()"},
		"not alone":           {"b0() bci=-1:\n", "b0() bci=-1:\n  v9: int = iconst 1\n"},
		"another predecessor": {"jump b3(v1)", "jump b2()"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse(strings.Replace(severalEntries, change[0], change[1], 1))
			require.NoError(t, err)
			assert.Error(t, Verify(f))
		})
	}
}

func TestRow_complete(t *testing.T) {
	names := map[string]bool{}
	for op := OpInvalid + 1; op < numOps; op++ {
		row := op.Row()
		assert.NotEmpty(t, row.Name, "op %d has no row", op)
		assert.False(t, names[row.Name], "two ops are called %s", row.Name)
		names[row.Name] = true
		assert.Contains(t, docForm(op), row.Name, "the doc of %s does not show it", row.Name)
		if row.Python {
			assert.Equal(t, EffAll, row.Writes, "%s runs Python code but does not write everything", row.Name)
		}
		if row.Edges > 0 {
			assert.True(t, row.Term, "%s has edges", row.Name)
		}
		if row.Releases {
			assert.Equal(t, ExitNone != row.Exit, true, "%s releases, so it needs a state for finalizers", row.Name)
		}
	}
}

const loopText = `func loop entry=0 locals=2 {
b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0 locals[v1 _] stack[v1]]
  v3: int = unbox_int v2 [bci=0]
  v4: int = iconst 0
  jump b1(v3, v4)
b1(v5: int home=0, v6: int) loop bci=12:
  v7: bool = cmp_int v6 v5 0
  branch v7 b2() b3()
b2() bci=16:
  v8: int = add_int v6 v5 [bci=16 locals[v5 _] dirty{1:v6}]
  poll [bci=12]
  jump b1(v5, v8)
b3() cold bci=30:
  exit 17 [bci=30 stack[v6]]
}
`

func TestParse_roundTrip(t *testing.T) {
	f, err := Parse(loopText)
	require.NoError(t, err)
	assert.Equal(t, loopText, Format(f))
	assert.NoError(t, Verify(f))
	assert.Equal(t, OpAddInt, f.Def(8).Op)
	assert.Equal(t, int32(0), f.Values[5].Home)
	assert.True(t, f.Values[4].Const)
	assert.Len(t, f.Blocks[1].Preds, 2)
	assert.Equal(t, BlockID(4), f.NewBlock(0).ID)
}

func TestParse_errors(t *testing.T) {
	for _, c := range []struct {
		name, old, by string
		line          int
		msg           string
	}{
		{"unknown op", "cmp_int", "cmp_nat", 9, `unknown op "cmp_nat"`},
		{"undefined value", "stack[v6]", "stack[v66]", 16, "v66 is not defined"},
		{"second definition", "v8: int = add_int", "v7: int = add_int", 12, "second definition of v7"},
		{"unknown block", "b3()", "b7()", 10, "no block b7"},
		{"bad type", "v4: int", "v4: nat", 6, `unknown type "nat"`},
		{"two immediates", "v6 v5 0", "v6 v5 0 1", 9, `unexpected "1"`},
		{"unclosed", "  exit 17 [bci=30 stack[v6]]\n}\n", "", 16, "the text ends before the function does"},
		{"wrong number of locals", "locals[v1 _]", "locals[v1]", 4, "1 locals instead of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(loopText, c.old, c.by, 1)
			require.NotEqual(t, loopText, text)
			_, err := Parse(text)
			var pe *ParseError
			require.ErrorAs(t, err, &pe)
			assert.Contains(t, pe.Msg, c.msg)
			if c.name != "unclosed" && c.name != "unknown block" {
				assert.Equal(t, c.line, pe.Line)
			}
		})
	}
}

func TestVerify_mistakes(t *testing.T) {
	for _, c := range []struct{ name, old, by, msg string }{
		{"operand of the wrong representation", "v7: bool = cmp_int v6 v5 0", "v7: bool = cmp_int v6 v2 0", "operand v2 is of representation obj, not int"},
		{"missing operand", "cmp_int v6 v5 0", "cmp_int v6 0", "1 operands instead of 2"},
		{"wrong argument", "jump b1(v5, v8)", "jump b1(v1, v8)", "argument v1 of type obj:Any for parameter v5 of type int"},
		{"argument count", "jump b1(v5, v8)", "jump b1(v5)", "1 arguments for the 2 parameters"},
		{"use before definition", "jump b1(v3, v4)", "jump b1(v3, v8)", "v8 is used where its definition does not reach"},
		{"stack entry out of reach", "stack[v6]", "stack[v8]", "v8 is used where"},
		{"weak reference out of reach", "[bci=30 stack[v6]]", "[bci=30 locals[v8 _]]", "the weak reference to v8 in local 0"},
		{"exit without state", "unbox_int v2 [bci=0]", "unbox_int v2", "an exit without a state"},
		{"state without exit", "cmp_int v6 v5 0", "cmp_int v6 v5 0 [bci=1]", "a state, but no exit"},
		{"edges of a branch", "branch v7 b2() b3()", "branch v7 b2()", "branch has 1 edges"},
		{"terminator in the middle", "  poll [bci=12]\n", "  exit 1 [bci=12]\n", "exit is in the wrong place"},
		{"missing terminator", "  exit 17 [bci=30 stack[v6]]", "  poll [bci=30]", "poll is in the wrong place"},
		{"result of the wrong type", "v7: bool = cmp", "v7: int = cmp", "result v7 cannot be of type int"},
		{"entry with predecessors", "jump b1(v5, v8)", "jump b0()", "the entry b0 has parameters or predecessors"},
		{"quiet reader", "cmp_int v6 v5 0", "cmp_int v6 v5 0 quiet", "quiet, but releases nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(loopText, c.old, c.by, 1)
			require.NotEqual(t, loopText, text)
			f, err := Parse(text)
			require.NoError(t, err)
			assert.ErrorContains(t, Verify(f), c.msg)
		})
	}
}

func TestVerify_recordedDefinitions(t *testing.T) {
	f := MustParse(loopText)
	f.Values[8].Block = f.Blocks[0]
	assert.ErrorContains(t, Verify(f), "what is recorded of the definition of v8 is wrong")
	f = MustParse(loopText)
	f.Blocks[2].Instrs = append([]*Instr{f.Blocks[2].Instrs[0]}, f.Blocks[2].Instrs...)
	assert.ErrorContains(t, Verify(f), "appears twice")
	f = MustParse(loopText)
	f.Blocks[3].Preds = nil
	assert.ErrorContains(t, Verify(f), "the predecessors of b3 do not match")
	f = MustParse(loopText)
	RemoveInstr(f.Blocks[1], f.Def(7))
	assert.ErrorContains(t, Verify(f), "v7 is used, but defined nowhere")
}
