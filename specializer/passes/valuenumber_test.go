package passes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/ir"
)

func TestNumberValues(t *testing.T) {
	runCases(t, []passCase{
		{"repeated arithmetic and guards, through guards", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0]
  v3: int = unbox_int v2 [bci=0]
  v4: obj:Int = guard_class v1 Int [bci=2 stack[v2]]
  v5: int = unbox_int v4 [bci=2]
  v6: int = add_int v3 v5 [bci=4]
  v7: int = add_int v5 v3 [bci=6]
  v8: int = sub_int v6 v7 [bci=8]
  v9: obj:Int = box_int v8 [bci=8 stack[v4]]
  return v9 0 [bci=10]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0]
  v3: int = unbox_int v2 [bci=0]
  v6: int = add_int v3 v3 [bci=4]
  v8: int = sub_int v6 v6 [bci=8]
  v9: obj:Int = box_int v8 [bci=8 stack[v2]]
  return v9 0 [bci=10]
`},
		{"only where the first dominates", `b0() bci=0:
  v1: int = iconst 2
  v2: obj:Any = load_local 0
  v3: bool = py_truth v2 [bci=0]
  branch v3 b1() b2()
b1() bci=2:
  v4: int = mul_int v1 v1 [bci=2]
  v5: obj:Int = box_int v4 [bci=2]
  jump b3(v5)
b2() bci=4:
  v6: int = mul_int v1 v1 [bci=4]
  v7: obj:Int = box_int v6 [bci=4]
  jump b3(v7)
b3(v8: obj:Int) bci=6:
  return v8 0 [bci=6]
`, `b0() bci=0:
  v1: int = iconst 2
  v2: obj:Any = load_local 0
  v3: bool = py_truth v2 [bci=0]
  branch v3 b1() b2()
b1() bci=2:
  v4: int = mul_int v1 v1 [bci=2]
  v5: obj:Int = box_int v4 [bci=2]
  jump b3(v5)
b2() bci=4:
  v6: int = mul_int v1 v1 [bci=4]
  v7: obj:Int = box_int v6 [bci=4]
  jump b3(v7)
b3(v8: obj:Int) bci=6:
  return v8 0 [bci=6]
`},
		{"a call between makes guards and loads anew", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = guard_type_version v1 7 [bci=0]
  v3: word = instance_values v2 [bci=0]
  v4: obj:Any = load_value v2 v3 1 [bci=0]
  v5: obj:Any = guard_type_version v1 7 [bci=2]
  v6: word = instance_values v5 [bci=2]
  v7: obj:Any = load_value v5 v6 1 [bci=2]
  v8: obj:Any = py_binary v4 v7 0 [bci=4]
  v9: obj:Any = guard_type_version v1 7 [bci=6 stack[v8]]
  v10: obj:Any = load_member v9 32 [bci=6 stack[v8]]
  v11: obj:Any = py_binary v8 v10 0 [bci=8]
  return v11 0 [bci=8]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = guard_type_version v1 7 [bci=0]
  v3: word = instance_values v2 [bci=0]
  v4: obj:Any = load_value v2 v3 1 [bci=0]
  v8: obj:Any = py_binary v4 v4 0 [bci=4]
  v9: obj:Any = guard_type_version v1 7 [bci=6 stack[v8]]
  v10: obj:Any = load_member v9 32 [bci=6 stack[v8]]
  v11: obj:Any = py_binary v8 v10 0 [bci=8]
  return v11 0 [bci=8]
`},
		{"a store is read back when it releases something trivial, and then other attributes keep their shape", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = guard_type_version v1 7 [bci=0]
  v3: word = instance_values v2 [bci=0]
  v4: obj:Any = load_value v2 v3 1 [bci=0]
  v5: obj:Float = guard_class v4 Float [bci=2]
  v6: float = unbox_float v5
  v7: float = add_float v6 v6
  v8: obj:Float = box_float v7 [bci=2]
  store_value v2 v3 v8 1 [bci=4]
  v9: obj:Any = guard_type_version v1 7 [bci=6]
  v10: word = instance_values v9 [bci=6]
  v11: obj:Any = load_value v9 v10 1 [bci=6]
  return v11 0 [bci=8]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = guard_type_version v1 7 [bci=0]
  v3: word = instance_values v2 [bci=0]
  v4: obj:Any = load_value v2 v3 1 [bci=0]
  v5: obj:Float = guard_class v4 Float [bci=2]
  v6: float = unbox_float v5
  v7: float = add_float v6 v6
  v8: obj:Float = box_float v7 [bci=2]
  store_value v2 v3 v8 1 quiet [bci=4]
  return v8 0 [bci=8]
`},
		{"a store that may run a finalizer hides everything, itself included", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any home=1 = load_local 1
  v3: obj:Any = guard_type_version v1 7 [bci=0]
  store_member v3 v2 16 [bci=0]
  v4: obj:Any = guard_type_version v1 7 [bci=2]
  v5: obj:Any = load_member v4 16 [bci=2]
  return v5 0 [bci=4]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any home=1 = load_local 1
  v3: obj:Any = guard_type_version v1 7 [bci=0]
  store_member v3 v2 16 [bci=0]
  v4: obj:Any = guard_type_version v1 7 [bci=2]
  v5: obj:Any = load_member v4 16 [bci=2]
  return v5 0 [bci=4]
`},
		{"list items and locals", `b0() bci=0:
  v1: obj:List = load_local 0
  v2: int = iconst 3
  v3: obj:Any = list_item v1 v2 [bci=0]
  v4: obj:Int = guard_class v3 Int [bci=0]
  v5: obj:Int = load_local 1
  store_list_item v1 v2 v5 [bci=2]
  v6: obj:Any = list_item v1 v2 [bci=4]
  store_local 2 v6 [bci=6 locals[_ _ v4]]
  v7: obj:Any = load_local 2
  v8: obj:Int|Str = load_local 1
  v9: obj:Any = py_binary v7 v8 0 [bci=8]
  v10: obj:Any? = load_local 2
  v11: bool = is v10 v9
  v12: obj:Bool = box_bool v11
  return v12 0 [bci=8]
`, `b0() bci=0:
  v1: obj:List = load_local 0
  v2: int = iconst 3
  v3: obj:Any = list_item v1 v2 [bci=0]
  v4: obj:Int = guard_class v3 Int [bci=0]
  v5: obj:Int = load_local 1
  store_list_item v1 v2 v5 0 quiet [bci=2]
  store_local 2 v5 quiet [bci=6 locals[_ _ v4]]
  v8: obj:Int|Str = load_local 1
  v9: obj:Any = py_binary v5 v8 0 [bci=8]
  v10: obj:Any? = load_local 2
  v11: bool = is v10 v9
  v12: obj:Bool = box_bool v11
  return v12 0 [bci=8]
`},
	}, numberValues)
}

// TestNumberValues_dictEntries holds that what a version of a dictionary has proved is proved once, for each entry, until
// something may change a dictionary.
func TestNumberValues_dictEntries(t *testing.T) {
	f := parseBody(t, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: word = dict_version 0
  guard_entry v2 @12 184 {keys 3} [bci=0]
  v3: word = dict_version 0
  guard_entry v3 @12 184 {keys 3} [bci=1]
  v4: word = dict_version 0
  guard_entry v4 @12 208 {keys 3} [bci=2]
  v5: word = dict_version 1
  guard_entry v4 v5 @12 184 {keys 3, builtins 4} [bci=3]
  v6: obj:Any = py_getattr v1 @5 0 [bci=4]
  v7: word = dict_version 0
  guard_entry v7 @12 184 {keys 3} [bci=5]
  return v6 0 [bci=6]
`)
	for _, i := range f.Entry().Instrs {
		if i.Op == ir.OpEntryGuard {
			entry := &ir.DictEntry{Keys: 3}
			if strings.Contains(fmt.Sprint(i.Aux), "builtins") {
				entry.Builtins = 4
			}
			i.Aux = entry
		}
	}
	f.ComputePreds()
	numberValues(f, &Context{})
	require.NoError(t, ir.Verify(f))
	text := ir.Format(f)
	assert.Equal(t, 3, strings.Count(text, "dict_version"), text) // globals twice, builtins once
	assert.Equal(t, 4, strings.Count(text, "guard_entry"), text)
	assert.NotContains(t, text, "[bci=1]")
	assert.Contains(t, text, "guard_entry v2 @12 208 {keys 3} [bci=2]")
	assert.Contains(t, text, "guard_entry v7 @12 184 {keys 3} [bci=5]")
}

// TestNumberValues_inlineValues holds that a guard against a dictionary and the address of inline values are one check, which
// stays when nothing needs the address.
func TestNumberValues_inlineValues(t *testing.T) {
	runCases(t, []passCase{
		{"of one object", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  guard_no_dict v1 [bci=0]
  v2: word = instance_values v1 [bci=1]
  v3: obj:Any = load_value v1 v2 0 [bci=1]
  guard_no_dict v1 [bci=2]
  return v3 0 [bci=3]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v4: word = instance_values v1 [bci=0]
  v3: obj:Any = load_value v1 v4 0 [bci=1]
  return v3 0 [bci=3]
`},
		{"of two objects", `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any home=1 = load_local 1
  guard_no_dict v1 [bci=0]
  v3: word = instance_values v2 [bci=1]
  return v1 0 [bci=3]
`, `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any home=1 = load_local 1
  guard_no_dict v1 [bci=0]
  v3: word = instance_values v2 [bci=1]
  return v1 0 [bci=3]
`},
	}, numberValues, deadcode)
}

// numberLoop reads a global and an attribute before and in a loop; %s is what else the loop does.
func numberLoop(inLoop string) string {
	return `b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: word = guard_global_keys @2 9 [bci=0]
  v3: obj:Any = load_global_entry v2 4 [bci=0]
  v4: obj:Any = guard_type_version v1 7 [bci=0]
  v5: obj:Any = load_member v4 16 [bci=0]
  jump b1()
b1() loop bci=2:
  v6: word = guard_global_keys @2 9 [bci=2]
  v7: obj:Any = load_global_entry v6 4 [bci=2]
  v8: obj:Any = guard_type_version v1 7 [bci=4]
  v9: obj:Any = load_member v8 16 [bci=4]
  v10: bool = is v7 v9
  branch v10 b2() b3()
b2() bci=6:
` + inLoop + `  poll [bci=2]
  jump b1()
b3() bci=8:
  v15: obj:Any = guard_type_version v1 7 [bci=8]
  return v7 0 [bci=8]
`
}

func TestNumberValues_loops(t *testing.T) {
	// A quiet loop: everything in it was done before it.
	text := runBody(t, numberLoop(""), &Context{}, numberValues)
	assert.NotContains(t, text, "[bci=2]\n  v7")
	assert.NotContains(t, text, "v8:")
	assert.NotContains(t, text, "v15:")
	assert.Contains(t, text, "is v3 v5")

	// A store to an attribute in the loop: the load is repeated, the guards are not.
	text = runBody(t, numberLoop("  v11: obj:Int = load_local 1\n  store_member v8 v11 24 quiet [bci=6]\n"), &Context{}, numberValues)
	assert.Contains(t, text, "v9: obj:Any = load_member v4 16")
	assert.NotContains(t, text, "v8:")
	assert.NotContains(t, text, "v6:")
	assert.Contains(t, text, "is v3 v9")

	// A call in the loop: the header must assume that it has run.
	text = runBody(t, numberLoop("  v11: obj:Any = py_getitem v1 v1 [bci=6]\n"), &Context{}, numberValues)
	for _, kept := range []string{"v6:", "v7:", "v8:", "v9:"} {
		assert.Contains(t, text, kept)
	}
	assert.NotContains(t, text, "v15:", "the guard in the header still holds behind the loop")
}

// TestNumberValues_refine holds that a refinement does not stand in for a wider value's instruction, nor the reverse.
func TestNumberValues_types(t *testing.T) {
	text := runBody(t, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Int|Float = refine v1
  v3: obj:Int = refine v1
  v4: obj:Int|Float = refine v1
  v5: bool = is v2 v3
  v6: obj:Bool = box_bool v5
  return v4 0 [bci=0 stack[v6]]
`, &Context{}, numberValues)
	assert.Contains(t, text, "v3: obj:Int = refine v1")
	assert.Contains(t, text, "return v3 0")
}
