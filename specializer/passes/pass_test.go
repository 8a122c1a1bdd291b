package passes

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/ir"
)

// passCase is a function before and after a pass. `before` and `after` are bodies: the head of the function is supplied.
type passCase struct {
	name, before, after string
}

const testHead = "func f entry=0 locals=3 {\n"

func parseBody(t *testing.T, body string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(testHead + body + "}\n")
	require.NoError(t, err)
	require.NoError(t, ir.Verify(f), "the input")
	return f
}

// runBody runs passes over a body, verifies the result and returns its body.
func runBody(t *testing.T, body string, ctx *Context, fns ...func(*ir.Func, *Context)) string {
	t.Helper()
	f := parseBody(t, body)
	for _, fn := range fns {
		fn(f, ctx)
		f.ComputePreds()
		require.NoError(t, ir.Verify(f), "%s", ir.Format(f))
	}
	text := strings.TrimPrefix(ir.Format(f), testHead)
	return strings.TrimSuffix(text, "}\n")
}

func runCases(t *testing.T, cases []passCase, fns ...func(*ir.Func, *Context)) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := runBody(t, c.before, &Context{}, fns...)
			assert.Equal(t, strings.TrimPrefix(c.after, "\n"), got)
		})
	}
}

func TestPipeline_order(t *testing.T) {
	at := map[string]int{}
	for k, name := range Names() {
		_, twice := at[name]
		require.False(t, twice, "two passes are called %q", name)
		at[name] = k
	}
	for _, rule := range orderRules {
		require.Contains(t, at, rule.before)
		require.Contains(t, at, rule.after)
		assert.Less(t, at[rule.before], at[rule.after], "%s must run before %s: %s", rule.before, rule.after, rule.reason)
		assert.NotEmpty(t, rule.reason)
	}
}

func TestRunPass(t *testing.T) {
	body := "b0() bci=0:\n  exit 1 [bci=0]\n"
	broken := pass{"break", func(f *ir.Func, _ *Context) { f.Blocks[0].Instrs[0].State = nil }, true}
	err := runPass(&broken, parseBody(t, body), &Context{Verify: true})
	var pe *PassError
	require.ErrorAs(t, err, &pe)
	assert.Equal(t, "break", pe.Pass)
	assert.ErrorContains(t, err, "pass break: b0: exit 1: an exit without a state")

	panics := pass{"panic", func(*ir.Func, *Context) { panic("BUG: on purpose") }, true}
	err = runPass(&panics, parseBody(t, body), &Context{})
	require.ErrorAs(t, err, &pe)
	assert.ErrorContains(t, err, "pass panic: BUG: on purpose")
	assert.Contains(t, string(pe.Stack), "TestRunPass")

	var stages []string
	ctx := &Context{Dump: func(stage, text string) { stages = append(stages, stage+": "+text[:4]) }}
	fine := pass{"fine", func(_ *ir.Func, c *Context) { c.Count("seen", 2) }, false}
	require.NoError(t, runPass(&fine, parseBody(t, body), ctx))
	assert.Equal(t, []string{"before fine: func", "after fine: func"}, stages)
	assert.Equal(t, 2, ctx.Counters["seen"])
	require.Len(t, ctx.Times, 1)
	assert.Equal(t, 1, ctx.Times[0].Instrs)
}

func TestEffects_parts(t *testing.T) {
	assert.Equal(t, numParts, bits.Len16(uint16(ir.EffAll)), "versions has a place for each part")
}

// releasing has a new object r that dies behind the load from it; nothing else in it runs Python code there.
func TestFindEffects_lifeEnds(t *testing.T) {
	f := parseBody(t, `b0() bci=0:
  v1: obj:Any = py_load_global @1 [bci=0]
  v2: obj:Any = guard_type_version v1 7 [bci=2]
  v3: obj:Any = load_member v2 16 [bci=2]
  v4: obj:Any = load_member v2 24 [bci=2]
  v5: bool = is v3 v4
  branch v5 b1() b2()
b1() bci=4:
  return v3 0 [bci=4]
b2() bci=6:
  return v4 0 [bci=6]
`)
	e := findEffects(f)
	b := f.Entry()
	assert.Equal(t, ir.EffAll, e.at(b, 0), "the global load runs Python code")
	assert.Equal(t, ir.EffNone, e.at(b, 2), "the object lives on")
	assert.Equal(t, ir.EffAll, e.at(b, 3), "its last use")
	assert.Equal(t, ir.EffNone, e.at(b, 4))
	assert.True(t, e.head[1], "v4 dies on the way, and its lender may be gone")
	assert.True(t, e.head[2], "v3 dies on the way")

	// What a slot or memory keeps does not end with its last use here, as long as nothing is released.
	f = parseBody(t, `b0() bci=0:
  v1: obj:Any = py_load_global @1 [bci=0]
  store_local 0 v1 [bci=1]
  v2: obj:Any = guard_type_version v1 7 [bci=2]
  v3: obj:Any = load_member v2 16 [bci=2]
  v4: bool = is v3 v1
  branch v4 b1() b2()
b1() bci=4:
  v5: obj:Any = load_member v2 24 [bci=2]
  v6: bool = is v3 v5
  anchor [bci=4]
  v7: obj:Any = py_load_global @2 [bci=6]
  v8: bool = is v5 v7
  anchor [bci=8]
  exit 1 [bci=8]
b2() bci=6:
  return v3 0 [bci=6]
`)
	e = findEffects(f)
	assert.False(t, e.head[1] || e.head[2])
	assert.Equal(t, ir.EffNone, e.at(f.Blocks[1], 0), "the local keeps v1, which is v2")
	assert.Equal(t, ir.EffNone, e.at(f.Blocks[1], 1), "memory keeps v3")
	assert.Equal(t, ir.EffAll, e.at(f.Blocks[1], 4), "v5 was held across the call, and v7 is new")
}
