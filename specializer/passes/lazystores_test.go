package passes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// countingLoop is `while i < n: i += 1` with i unboxed; %BODY% runs behind the increment.
const countingLoop = `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: obj:Int = const @1
  v4: int = iconst 0
  store_local 1 v3 [bci=2 locals[v1 _ _]]
  anchor [bci=4 locals[v1 v3 _]]
  jump b1(v4)
b1(v5: int home=1) loop bci=4:
  v6: bool = cmp_int v5 v2 0
  branch v6 b2() b3()
b2() bci=6:
  v7: int = iconst 1
  v8: int = add_int v5 v7 [bci=6 locals[v1 v5 _]]
  v9: obj:Int = box_int v8 [bci=6 locals[v1 v5 _]]
  store_local 1 v9 [bci=8 locals[v1 v5 _]]
%BODY%  poll [bci=4 locals[v1 v8 _]]
  jump b1(v8)
b3() bci=10:
  v10: obj:Int = box_int v5 [bci=10 locals[v1 v5 _]]
  return v10 0 [bci=12 locals[v1 v5 _]]
`

func TestLazyStores_loop(t *testing.T) {
	text := runBody(t, strings.Replace(countingLoop, "%BODY%", "", 1), &Context{}, lazyStores, deadcode)
	assert.Equal(t, `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: obj:Int = const @1
  v4: int = iconst 0
  store_local 1 v3 [bci=2 locals[v1 _ _]]
  anchor [bci=4 locals[v1 v3 _]]
  jump b1(v4)
b1(v5: int home=1) loop bci=4:
  v6: bool = cmp_int v5 v2 0
  branch v6 b2() b3()
b2() bci=6:
  v7: int = iconst 1
  v8: int = add_int v5 v7 [bci=6 locals[v1 _ _] dirty{1:v5}]
  poll [bci=4 locals[v1 _ _] dirty{1:v8}]
  jump b1(v8)
b3() bci=10:
  v10: obj:Int = box_int v5 [bci=10 locals[v1 _ _] dirty{1:v5}]
  return v10 0 [bci=12 locals[v1 _ _] dirty{1:v5}]
`, text)
}

func TestLazyStores_callInLoop(t *testing.T) {
	body := "  v11: obj:Any = py_getattr v1 @3 0 [bci=9 locals[v1 v8 _]]\n  check_events [bci=9 locals[v1 v8 _] stack[v11]]\n"
	text := runBody(t, strings.Replace(countingLoop, "%BODY%", body, 1), &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, `  v8: int = add_int v5 v7 [bci=6 locals[v1 v5 _]]
  v9: obj:Int = box_int v8 [bci=6 locals[v1 v5 _]]
  store_local 1 v9 quiet
  v11: obj:Any = py_getattr v1 @3 0 [bci=9 locals[v1 v8 _]]
  check_events [bci=9 locals[v1 v8 _] stack[v11]]
  poll [bci=4 locals[v1 v8 _]]
`, "written before the call, clean from there on")
	assert.Contains(t, text, "return v10 0 [bci=12 locals[v1 v5 _]]", "clean on both ways into the header")
}

func TestLazyStores_callOnOnePath(t *testing.T) {
	body := `  v11: bool = cmp_int v8 v2 2
  branch v11 b4() b5()
b4() bci=20:
  v12: obj:Any = py_getattr v1 @3 0 [bci=20 locals[v1 v8 _]]
  jump b5()
b5() bci=24:
`
	text := runBody(t, strings.Replace(countingLoop, "%BODY%", body, 1), &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, `b4() bci=20:
  v13: obj:Int = box_int v8 [bci=20 locals[v1 _ _] dirty{1:v8}]
  store_local 1 v13 quiet
  v12: obj:Any = py_getattr v1 @3 0 [bci=20 locals[v1 v8 _]]
  jump b5()
b5() bci=24:
  poll [bci=4 locals[v1 _ _] dirty{1:v8}]
`, "dirty again where the paths meet, since it is on one of them and the number is the same")
}

func TestLazyStores_finalizersAndQuietStores(t *testing.T) {
	quiet := "  v11: obj:Any home=2 = load_local 2\n  store_member v11 v9 16 quiet [bci=9 locals[v1 v8 _]]\n"
	text := runBody(t, strings.Replace(countingLoop, "%BODY%", quiet, 1), &Context{}, lazyStores, deadcode)
	assert.NotContains(t, text, "store_local 1 v9")
	assert.Contains(t, text, "store_member v11 v9 16 quiet [bci=9 locals[v1 _ _] dirty{1:v8}]")

	loud := strings.Replace(quiet, " quiet", "", 1)
	text = runBody(t, strings.Replace(countingLoop, "%BODY%", loud, 1), &Context{}, lazyStores, deadcode)
	assert.NotContains(t, text, "store_local 1 v9")
	assert.Contains(t, text, "store_member v11 v9 16 [bci=9 locals[v1 _ _] dirty{1:v8}]", "the way on which a finalizer looks writes it")

	local := "  v11: obj:Any home=2 = load_local 2\n  store_local 2 v9 [bci=9 locals[v1 v8 v11]]\n"
	text = runBody(t, strings.Replace(countingLoop, "%BODY%", local, 1), &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "  store_local 1 v9 quiet\n  store_local 2 v9 [bci=9", "the old content of a local may die each time")
}

func TestLazyStores_unknownContent(t *testing.T) {
	// What the slot held before the loop may have a finalizer, so the first store must not wait; in the loop it may.
	text := runBody(t, strings.Replace(strings.Replace(countingLoop, "%BODY%", "", 1), "  store_local 1 v3 [bci=2 locals[v1 _ _]]\n", "", 1),
		&Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "poll [bci=4 locals[v1 _ _] dirty{1:v8}]", "the parameter is a number, so the content is")

	body := `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: obj:Int = box_int v2 [bci=0]
  store_local 1 v3 [bci=2]
  v4: int = add_int v2 v2 [bci=4]
  v5: obj:Int = box_int v4 [bci=4]
  store_local 1 v5 [bci=6]
  poll [bci=8]
  exit 1 [bci=10]
`
	text = runBody(t, body, &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "store_local 1 v3 [bci=2]\n", "the content is unknown")
	assert.NotContains(t, text, "store_local 1 v5")
	assert.Contains(t, text, "poll [bci=8 dirty{1:v4}]")
	assert.Contains(t, text, "exit 1 [bci=10 dirty{1:v4}]")
}

// TestLazyStores_merges has a slot that is a different number on each of two paths: a parameter is made for it. A third
// path, on which it is no number, makes the dirty ones write.
func TestLazyStores_merges(t *testing.T) {
	body := `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: bool = cmp_int v2 v2 0
  branch v3 b1() b2()
b1() bci=2:
  v4: int = add_int v2 v2 [bci=2]
  v5: obj:Int = box_int v4 [bci=2]
  store_local 0 v5 [bci=4]
  jump b3()
b2() bci=6:
  v6: int = mul_int v2 v2 [bci=6]
  v7: obj:Int = box_int v6 [bci=6]
  store_local 0 v7 [bci=8]
  jump b3()
b3() bci=10:
  v8: obj:Any = const @9
  return v8 0 [bci=12]
`
	text := runBody(t, body, &Context{}, lazyStores, deadcode)
	assert.NotContains(t, text, "= box_int")
	assert.Contains(t, text, "b3(v9: int home=0) bci=10:")
	assert.Contains(t, text, "jump b3(v4)")
	assert.Contains(t, text, "jump b3(v6)")
	assert.Contains(t, text, "return v8 0 [bci=12 dirty{0:v9}]")

	text = runBody(t, strings.Replace(body, "  v7: obj:Int = box_int v6 [bci=6]\n", "  v7: obj:Str = const @4\n", 1), &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "  v9: obj:Int = box_int v4 [bci=2 dirty{0:v4}]\n  store_local 0 v9 quiet\n  jump b3()\n")
	assert.Contains(t, text, "store_local 0 v7 [bci=8]")
	assert.Contains(t, text, "return v8 0 [bci=12]")
}

// TestLazyStores_criticalEdge writes on an edge that needs a block of its own.
func TestLazyStores_criticalEdge(t *testing.T) {
	text := runBody(t, `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: bool = cmp_int v2 v2 0
  branch v3 b1() b2()
b1() bci=2:
  v4: int = add_int v2 v2 [bci=2]
  v5: obj:Int = box_int v4 [bci=2]
  store_local 0 v5 [bci=4]
  v6: bool = cmp_int v4 v2 0
  branch v6 b2() b3()
b2() bci=6:
  exit 1 [bci=6]
b3() bci=8:
  exit 2 [bci=8]
`, &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "branch v6 b4() b3()")
	assert.Contains(t, text, "b4() bci=-1:\n  v7: obj:Int = box_int v4 [bci=2 dirty{0:v4}]\n  store_local 0 v7 quiet\n  jump b2()\n")
	assert.Contains(t, text, "exit 1 [bci=6]")
	assert.Contains(t, text, "exit 2 [bci=8 dirty{0:v4}]")
}

// TestLazyStores_overwrite holds that a store of an object over a dirty slot does not let exits write the old number.
func TestLazyStores_overwrite(t *testing.T) {
	text := runBody(t, `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: float = fconst 0x3ff0000000000000
  v3: obj:Float = box_float v2 [bci=0]
  store_local 0 v3 [bci=2]
  v4: obj:Any = py_load_name @1 [bci=4]
  v5: float = add_float v2 v2
  v6: obj:Float = box_float v5 [bci=6]
  store_local 0 v6 [bci=8]
  store_local 0 v4 [bci=10]
  v7: obj:Any? = load_local 0
  exit 1 [bci=12 stack[v7]]
`, &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "store_local 0 v4 quiet\n", "no state")
	assert.NotContains(t, text, "v6:")
	assert.Contains(t, text, "exit 1 [bci=12 stack[v7]]")
}

// TestLazyStores_inlined marks the physical frame under an inlined one.
func TestLazyStores_inlined(t *testing.T) {
	text := runBody(t, `b0() bci=0:
  v1: obj:Int home=0 = load_local 0
  v2: int = unbox_int v1 [bci=0]
  v3: int = add_int v2 v2 [bci=0]
  v4: obj:Int = box_int v3 [bci=0]
  store_local 0 v4 [bci=2]
  guard_int v3 7 [bci=6 inline=@3/@4/2 locals[v1 _] stack[v1] parent[bci=4 locals[v4 _ _]]]
  exit 1 [bci=8]
`, &Context{}, lazyStores, deadcode)
	assert.Contains(t, text, "guard_int v3 7 [bci=6 inline=@3/@4/2 locals[v1 _] stack[v1] parent[bci=4 dirty{0:v3}]]")
}
