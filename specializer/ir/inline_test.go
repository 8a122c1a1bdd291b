package ir

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInline puts a callee with two ways out into the middle of a block: what follows the call becomes a block of its own with
// the result as its parameter, and the states of the callee get the caller's as parent.
func TestInline(t *testing.T) {
	caller, err := Parse(`func f entry=0 locals=1 {
b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = new_ref v1
  v3: obj:Any = py_getattr v2 @3 0 [bci=4 locals[v1] stack[v2]]
  v4: obj:Int = guard_class v3 Int [bci=6 locals[v1] stack[v2 v3]]
  return v4 0 [bci=8 locals[v1]]
}
`)
	require.NoError(t, err)
	callee, err := Parse(`func g entry=0 locals=0 {
b0(v1: obj:Function, v2: obj:Any) bci=0:
  v3: obj:Int = guard_class v2 Int [bci=2 inline=@5/@6/1 dirty{0:v2} stack[v2]]
  v4: int = unbox_int v3 [bci=2 inline=@5/@6/1 dirty{0:v2} stack[v2]]
  v5: int = iconst 0
  v6: bool = cmp_int v4 v5 0
  branch v6 b1() b2()
b1() bci=-1:
  v7: obj:Int = const @9
  return v7 0 [bci=4 inline=@5/@6/1 dirty{0:v2}]
b2() bci=-1:
  return v3 0 [bci=6 inline=@5/@6/1 dirty{0:v2}]
}
`)
	require.NoError(t, err)
	b := caller.Entry()
	fn := caller.NewInstr(OpThisFunction, 0, nil, []Type{Obj(Function)})
	InsertFront(b, fn)
	after := caller.Inline(b, 3, callee, []Value{fn.Result(), 2}, b.Instrs[3].State)
	require.NoError(t, Verify(caller), "%s", Format(caller))
	assert.Equal(t, `func f entry=0 locals=1 {
b0() bci=0:
  v5: obj:Function = this_function
  v1: obj:Any home=0 = load_local 0
  v2: obj:Any = new_ref v1
  jump b2()
b1(v6: obj:Int) bci=-1:
  leave_inlined [bci=4 locals[v1]]
  v4: obj:Int = guard_class v6 Int [bci=6 locals[v1] stack[v2 v6]]
  return v4 0 [bci=8 locals[v1]]
b2() bci=-1:
  v7: obj:Int = guard_class v2 Int [bci=2 inline=@5/@6/1 dirty{0:v2} stack[v2] parent[bci=4 locals[v1] stack[v2]]]
  v8: int = unbox_int v7 [bci=2 inline=@5/@6/1 dirty{0:v2} stack[v2] parent[bci=4 locals[v1] stack[v2]]]
  v9: int = iconst 0
  v10: bool = cmp_int v8 v9 0
  branch v10 b3() b4()
b3() bci=-1:
  v11: obj:Int = const @9
  jump b1(v11)
b4() bci=-1:
  jump b1(v7)
}
`, Format(caller))
	assert.Equal(t, after, caller.Blocks[1])
	// The text has everything: it is read back as the same function.
	again, err := Parse(Format(caller))
	require.NoError(t, err)
	assert.Equal(t, Format(caller), Format(again))
}
