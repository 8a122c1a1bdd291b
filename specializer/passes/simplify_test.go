package passes

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/ir"
)

func TestSimplify(t *testing.T) {
	runCases(t, []passCase{
		{"parameter with one value around a loop", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Any = load_local 1
  jump b1(v1, v2)
b1(v3: obj:Any home=0, v4: obj:Any) loop bci=2:
  v5: bool = py_truth v4 [bci=2 locals[v3 _ _]]
  branch v5 b2() b3()
b2() bci=4:
  v6: obj:Any = py_next v3 [bci=4]
  poll [bci=2]
  jump b1(v3, v6)
b3() bci=6:
  return v3 0 [bci=6]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Any = load_local 1
  jump b1(v2)
b1(v4: obj:Any) loop bci=2:
  v5: bool = py_truth v4 [bci=2 locals[v1 _ _]]
  branch v5 b2() b3()
b2() bci=4:
  v6: obj:Any = py_next v1 [bci=4]
  poll [bci=2]
  jump b1(v6)
b3() bci=6:
  return v1 0 [bci=6]
`},
	}, simplify)
}

func TestSimplify_constantParameter(t *testing.T) {
	runCases(t, []passCase{{"null from both sides", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  branch v2 b1() b2()
b1() bci=2:
  v3: obj:Null = null
  v4: obj:Any = py_load_name @5 [bci=2]
  jump b3(v3)
b2() bci=4:
  v5: obj:Null = null
  v6: obj:Any = py_load_name @6 [bci=4]
  jump b3(v5)
b3(v7: obj:Any? home=1) bci=6:
  store_local 1 v7 [bci=6]
  return v1 0 [bci=8]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  branch v2 b1() b2()
b1() bci=2:
  v3: obj:Null = null
  v4: obj:Any = py_load_name @5 [bci=2]
  jump b3()
b2() bci=4:
  v5: obj:Null = null
  v6: obj:Any = py_load_name @6 [bci=4]
  jump b3()
b3() bci=6:
  v8: obj:Null = null
  store_local 1 v8 [bci=6]
  return v1 0 [bci=8]
`}}, simplify)
}

func TestSimplify_controlFlow(t *testing.T) {
	runCases(t, []passCase{
		{"constant branch, straight line, unreachable block", `b0() bci=0:
  v1: int = iconst 3
  v2: int = iconst 4
  v3: bool = cmp_int v1 v2 0
  v4: bool = not v3
  branch v4 b1() b2(v1)
b1() bci=2:
  exit 2 [bci=2]
b2(v5: int) bci=4:
  v6: int = add_int v5 v2 [bci=4]
  v7: obj:Int = box_int v6 [bci=4]
  return v7 0 [bci=6]
`, `b0() bci=0:
  v1: int = iconst 3
  v2: int = iconst 4
  v3: bool = bconst 1
  v4: bool = bconst 0
  v8: int = iconst 3
  v6: int = iconst 7
  v7: obj:Int = box_int v6 [bci=4]
  return v7 0 [bci=6]
`},
		{"negated branch, threaded blocks", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  v3: bool = not v2
  branch v3 b1(v1) b2()
b1(v4: obj:Any) bci=-1:
  jump b3(v4)
b2() bci=-1:
  jump b4()
b3(v5: obj:Any) bci=4:
  return v5 0 [bci=4]
b4() bci=6:
  jump b5()
b5() loop bci=8:
  poll [bci=8]
  jump b5()
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  v3: bool = not v2
  branch v2 b5() b3()
b3() bci=4:
  return v1 0 [bci=4]
b5() loop bci=8:
  poll [bci=8]
  jump b5()
`},
		{"an empty block whose parameter is used further on stays", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  v3: obj:Any = load_local 1
  branch v2 b1(v1) b1(v3)
b1(v4: obj:Any) bci=2:
  jump b2()
b2() loop bci=4:
  v5: obj:Any = py_next v4 [bci=4]
  poll [bci=4]
  jump b2()
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: bool = py_truth v1 [bci=0]
  v3: obj:Any = load_local 1
  branch v2 b1(v1) b1(v3)
b1(v4: obj:Any) bci=2:
  jump b2()
b2() loop bci=4:
  v5: obj:Any = py_next v4 [bci=4]
  poll [bci=4]
  jump b2()
`},
	}, simplify)
}

func TestSimplify_operands(t *testing.T) {
	runCases(t, []passCase{
		{"boxes, guards of what is known, neutral operands", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0]
  v3: int = unbox_int v2 [bci=0]
  v4: obj:Int = box_int v3 [bci=0]
  v5: obj:Int = guard_class v4 Int|Float [bci=2]
  v6: int = unbox_int v5 [bci=2]
  v7: int = iconst 0
  v8: int = add_int v6 v7 [bci=2]
  v9: obj:Int = box_int v8 [bci=4 locals[v4 _ _] stack[v5]]
  v10: bool = is v9 v1
  v11: obj:Bool = box_bool v10
  v12: bool = unbox_bool v11
  return v9 0 [bci=6]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0]
  v3: int = unbox_int v2 [bci=0]
  v6: int = unbox_int v2 [bci=2]
  v7: int = iconst 0
  v10: bool = bconst 1
  v11: obj:Bool = box_bool v10
  return v2 0 [bci=6]
`},
		{"refinement that says nothing, identity by class", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: obj:Any = refine v1
  v3: obj:Null = null
  v4: bool = is v2 v3
  branch v4 b1() b2()
b1() bci=2:
  exit 1 [bci=2]
b2() bci=4:
  return v2 0 [bci=4]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v3: obj:Null = null
  v4: bool = bconst 0
  return v1 0 [bci=4]
`},
	}, simplify)
}

// TestFold_exits holds that nothing is folded that would leave machine code.
func TestFold_exits(t *testing.T) {
	min, max := int64(math.MinInt64), int64(math.MaxInt64)
	for _, c := range []struct {
		op   ir.Op
		a, b int64
		want int64
		ok   bool
	}{
		{ir.OpAddInt, max, 0, max, true}, {ir.OpAddInt, max, 1, 0, false}, {ir.OpAddInt, min, -1, 0, false}, {ir.OpAddInt, -5, 3, -2, true},
		{ir.OpSubInt, min, 1, 0, false}, {ir.OpSubInt, 0, min, 0, false}, {ir.OpSubInt, -1, min, max, true}, {ir.OpSubInt, 4, -3, 7, true},
		{ir.OpMulInt, max, 2, 0, false}, {ir.OpMulInt, min, -1, 0, false}, {ir.OpMulInt, -1, min, 0, false}, {ir.OpMulInt, -3, 7, -21, true}, {ir.OpMulInt, min, 1, min, true},
		{ir.OpFloorDivInt, 7, 0, 0, false}, {ir.OpFloorDivInt, min, -1, 0, false}, {ir.OpFloorDivInt, -7, 2, -4, true}, {ir.OpFloorDivInt, 7, -2, -4, true}, {ir.OpFloorDivInt, -8, 2, -4, true},
		{ir.OpModInt, 7, 0, 0, false}, {ir.OpModInt, -7, 3, 2, true}, {ir.OpModInt, 7, -3, -2, true}, {ir.OpModInt, -6, 3, 0, true},
		{ir.OpShlInt, 1, 62, 1 << 62, true}, {ir.OpShlInt, 1, 63, 0, false}, {ir.OpShlInt, 2, 62, 0, false}, {ir.OpShlInt, 1, -1, 0, false}, {ir.OpShlInt, -1, 62, -1 << 62, true},
		{ir.OpShrInt, -8, 1, -4, true}, {ir.OpShrInt, -8, 99, -1, true}, {ir.OpShrInt, 1, -1, 0, false},
		{ir.OpNegInt, min, 0, 0, false}, {ir.OpNegInt, 5, 0, -5, true}, {ir.OpAbsInt, min, 0, 0, false}, {ir.OpAbsInt, -5, 0, 5, true},
		{ir.OpInvertInt, 0, 0, -1, true},
	} {
		got, ok := intFolds[c.op](c.a, c.b)
		require.Equal(t, c.ok, ok, "%s %d %d", c.op, c.a, c.b)
		if ok {
			assert.Equal(t, c.want, got, "%s %d %d", c.op, c.a, c.b)
		}
	}
	for _, c := range []struct {
		op   ir.Op
		a, b float64
		want float64
		ok   bool
	}{
		{ir.OpAddFloat, 0.5, 0.25, 0.75, true}, {ir.OpDivFloat, 1, 0, 0, false}, {ir.OpDivFloat, 1, 4, 0.25, true},
		{ir.OpSqrtFloat, -1, 0, 0, false}, {ir.OpSqrtFloat, 2.25, 0, 1.5, true}, {ir.OpSubFloat, math.Inf(1), math.Inf(1), 0, false},
		{ir.OpMulFloat, 3, -2, -6, true}, {ir.OpAbsFloat, -2, 0, 2, true}, {ir.OpNegFloat, 2, 0, -2, true},
	} {
		got, ok := floatFolds[c.op](c.a, c.b)
		require.Equal(t, c.ok, ok, "%s %g %g", c.op, c.a, c.b)
		if ok {
			assert.Equal(t, c.want, got)
		}
	}
}

func TestFold_comparisons(t *testing.T) {
	nan := int64(math.Float64bits(math.NaN()))
	for operator, want := range [][3]int64{{1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 1}} {
		for k, a := range []int64{1, 2, 3} {
			text := runBody(t, fmt.Sprintf(`b0() bci=0:
  v1: int = iconst %d
  v2: int = iconst 2
  v3: bool = cmp_int v1 v2 %d
  v4: obj:Bool = box_bool v3
  return v4 0 [bci=0]
`, a, operator), &Context{}, simplify)
			assert.Contains(t, text, fmt.Sprintf("v3: bool = bconst %d\n", want[k]))
		}
		text := runBody(t, fmt.Sprintf(`b0() bci=0:
  v1: float = fconst 0x%x
  v3: bool = cmp_float v1 v1 %d
  v4: obj:Bool = box_bool v3
  return v4 0 [bci=0]
`, uint64(nan), operator), &Context{}, simplify)
		assert.Contains(t, text, fmt.Sprintf("v3: bool = bconst %d\n", bit(operator == ir.CmpNE)), "NaN is only unequal")
	}
}

func TestDeadcode(t *testing.T) {
	runCases(t, []passCase{
		{"unused values, a cycle of parameters, weak references", `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: int = iconst 1
  v3: int = iconst 2
  jump b1(v2, v3)
b1(v4: int, v5: int) loop bci=2:
  v6: int = add_int v4 v3 [bci=2]
  v7: int = mul_int v5 v2 [bci=2]
  v8: int = iconst 100
  v9: bool = cmp_int v5 v8 0
  poll [bci=2 locals[_ v4 v5]]
  branch v9 b1(v6, v7) b2()
b2() bci=4:
  return v1 0 [bci=4]
`, `b0() bci=0:
  v1: obj:Any = load_local 0
  v2: int = iconst 1
  v3: int = iconst 2
  jump b1(v3)
b1(v5: int) loop bci=2:
  v7: int = mul_int v5 v2 [bci=2]
  v8: int = iconst 100
  v9: bool = cmp_int v5 v8 0
  poll [bci=2 locals[_ _ v5]]
  branch v9 b1(v7) b2()
b2() bci=4:
  return v1 0 [bci=4]
`},
		{"checks that stock would make stay", `b0() bci=0:
  v1: obj:Any? = load_local 0
  v2: obj:Any = guard_not_null v1 [bci=0]
  v3: obj:Tuple = guard_class v2 Tuple [bci=2]
  v4: int = iconst 5
  v5: obj:Any = tuple_item v3 v4 0 [bci=2]
  v6: obj:Any = tuple_item v3 v4 1 [bci=4]
  v7: int = add_int v4 v4 [bci=6]
  v8: int = floordiv_int v4 v7 [bci=6]
  v9: int = sub_int v4 v4 [bci=6 dirty{1:v4}]
  v10: obj:Any = const @3
  return v10 0 [bci=8]
`, `b0() bci=0:
  v1: obj:Any? = load_local 0
  v2: obj:Any = guard_not_null v1 [bci=0]
  v3: obj:Tuple = guard_class v2 Tuple [bci=2]
  v4: int = iconst 5
  v5: obj:Any = tuple_item v3 v4 0 [bci=2]
  v7: int = add_int v4 v4 [bci=6]
  v8: int = floordiv_int v4 v7 [bci=6]
  v10: obj:Any = const @3
  return v10 0 [bci=8]
`},
	}, deadcode)
}
