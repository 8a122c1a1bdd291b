package passes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pystonlite/specializer/ir"
)

func TestHoist(t *testing.T) {
	runCases(t, []passCase{
		{"guards and loads go to the anchor, what every iteration changes stays", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: int = iconst 0
  anchor [bci=2 locals[v1 _ _]]
  jump b1(v2)
b1(v3: int) loop bci=2:
  v4: obj:Any = guard_type_version v1 7 [bci=2 stack[v1]]
  v5: word = instance_values v4 [bci=2]
  v6: obj:Any = load_value v4 v5 1 [bci=2]
  v7: obj:Int = guard_class v6 Int [bci=4]
  v8: int = unbox_int v7 [bci=4]
  v9: int = add_int v3 v8 [bci=4]
  v10: bool = cmp_int v9 v8 0
  branch v10 b2() b3()
b2() bci=6:
  poll [bci=2]
  jump b1(v9)
b3() bci=8:
  return v7 0 [bci=8]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: int = iconst 0
  anchor [bci=2 locals[v1 _ _]]
  v4: obj:Any = guard_type_version v1 7 [bci=2 locals[v1 _ _]]
  v5: word = instance_values v4 [bci=2 locals[v1 _ _]]
  v6: obj:Any = load_value v4 v5 1 [bci=2 locals[v1 _ _]]
  v7: obj:Int = guard_class v6 Int [bci=2 locals[v1 _ _]]
  v8: int = unbox_int v7 [bci=2 locals[v1 _ _]]
  jump b1(v2)
b1(v3: int) loop bci=2:
  v9: int = add_int v3 v8 [bci=4]
  v10: bool = cmp_int v9 v8 0
  branch v10 b2() b3()
b2() bci=6:
  poll [bci=2]
  jump b1(v9)
b3() bci=8:
  return v7 0 [bci=8]
`},
		{"conditional guards and cold blocks stay, conditional loads without exits go", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:List = load_local 1
  v3: obj:Tuple = load_local 2
  anchor [bci=2]
  jump b1()
b1() loop bci=2:
  v4: bool = py_truth v1 [bci=2]
  branch v4 b2() b3()
b2() bci=4:
  v5: obj:Int = guard_class v1 Int [bci=4]
  v6: int = tuple_size v3
  v7: int = list_size v2
  v8: bool = cmp_int v6 v7 0
  branch v8 b4() b5()
b3() cold bci=6:
  v9: int = tuple_size v3
  guard_int v9 4 [bci=6]
  jump b4()
b4() bci=8:
  poll [bci=2]
  jump b1()
b5() bci=10:
  return v5 0 [bci=10]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:List = load_local 1
  v3: obj:Tuple = load_local 2
  anchor [bci=2]
  v6: int = tuple_size v3
  jump b1()
b1() loop bci=2:
  v4: bool = py_truth v1 [bci=2]
  branch v4 b2() b3()
b2() bci=4:
  v5: obj:Int = guard_class v1 Int [bci=4]
  v7: int = list_size v2
  v8: bool = cmp_int v6 v7 0
  branch v8 b4() b5()
b3() cold bci=6:
  v9: int = tuple_size v3
  guard_int v9 4 [bci=6]
  jump b4()
b4() bci=8:
  poll [bci=2]
  jump b1()
b5() bci=10:
  return v5 0 [bci=10]
`},
	}, hoist)
}

const nestedLoops = `b0() bci=0:
  v1: obj:Tuple home=0 = load_local 0
  v2: int = iconst 5
  v4: obj:RangeIter = load_local 1
  anchor [bci=2]
  jump b1()
b1() loop bci=2:
  v3: bool = range_more v4
  branch v3 b2() b4()
b2() loop bci=4:
  v5: obj:Any = tuple_item v1 v2 1 [bci=4 stack[v4]]
  v6: int = tuple_size v1
  v7: bool = cmp_int v6 v2 0
  branch v7 b2() b3()
b3() bci=6:
  poll [bci=2]
  jump b1()
b4() bci=8:
  exit 1 [bci=8]
`

func TestHoist_nested(t *testing.T) {
	text := runBody(t, nestedLoops, &Context{}, hoist)
	entry, _, _ := strings.Cut(text, "b1()")
	assert.Contains(t, entry, "v6: int = tuple_size v1", "out of both loops")
	assert.Contains(t, entry, "v7: bool = cmp_int v6 v2 0")
	assert.Contains(t, text, "b2() loop bci=4:\n  v5: obj:Any = tuple_item v1 v2 1 [bci=4 stack[v4]]\n",
		"no anchor in front of the inner loop")
	assert.Contains(t, text, "branch v3 b5() b4()")
}

// TestHoist_continue has two ways into the loop, each with an anchor: the preheader gets a common one.
func TestHoist_commonAnchor(t *testing.T) {
	body := `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: bool = py_truth v1 [bci=0]
  v3: obj:Int = load_local 1
  v4: obj:Int = load_local 2
  branch v2 b1() b2()
b1() bci=-1:
  anchor [bci=2 locals[v1 v3 v4] stack[v3]]
  jump b3(v3)
b2() bci=-1:
  anchor [bci=2 locals[v1 v4 v4] stack[v4]]
  jump b3(v4)
b3(v5: obj:Int home=1) loop bci=2:
  v6: obj:Any = guard_type_version v1 7 [bci=4 stack[v5]]
  v7: bool = is v6 v5
  branch v7 b4() b5()
b4() bci=6:
  poll [bci=2 stack[v5]]
  jump b3(v3)
b5() bci=8:
  exit 1 [bci=8]
`
	text := runBody(t, body, &Context{}, hoist)
	assert.Contains(t, text, `b6(v8: obj:Int home=1) bci=-1:
  anchor [bci=2 locals[v1 v8 v4] stack[v8]]
  v6: obj:Any = guard_type_version v1 7 [bci=2 locals[v1 v8 v4] stack[v8]]
  jump b3(v8)
`)

	ctx := &Context{NoHoist: func(i *ir.Instr) bool { return i.Op == ir.OpTypeVersionGuard }}
	text = runBody(t, body, ctx, hoist)
	assert.Contains(t, text, "v6: obj:Any = guard_type_version v1 7 [bci=4 stack[v5]]", "it failed before")

	text = runBody(t, strings.ReplaceAll(body, "stack[v3]]\n  jump", "stack[v3 v3]]\n  jump"), &Context{}, hoist)
	assert.Contains(t, text, "v6: obj:Any = guard_type_version v1 7 [bci=4 stack[v5]]", "the states do not match")
}

func TestHoist_boundsAreCheckedAgain(t *testing.T) {
	text := runBody(t, strings.Replace(nestedLoops, "  branch v3 b2() b4()", "  anchor [bci=4 stack[v4]]\n  jump b6()\nb6() bci=-1:\n  branch v3 b2() b4()", 1), &Context{}, hoist)
	assert.Contains(t, text, "tuple_item v1 v2 1 [bci=4 stack[v4]]", "the entry of the loop is behind a branch")
	text = runBody(t, strings.Replace(nestedLoops, "branch v3 b2() b4()", "branch v3 b6() b4()\nb6() bci=-1:\n  anchor [bci=4 stack[v4]]\n  jump b2()", 1), &Context{}, hoist)
	assert.Contains(t, text, "  anchor [bci=2]\n  v5: obj:Any = tuple_item v1 v2 0 [bci=2]\n", "by way of the inner preheader")
}
