package passes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// rejoining is a loop of an int, a float and a local of any class, which a handler comes back to.
const rejoining = `func f entry=0 locals=3 entries=start:0/0,handler:30/1 {
b0() bci=-1:
  enter b1() b2() [bci=0]
b1() bci=0:
  v1: obj:Int = const @1
  v2: obj:Float = const @2
  v3: obj:Any home=2 = load_local 2
  jump b3(v1, v2, v3)
b2() cold bci=30:
  v4: obj:Any = load_stack 0
  pop_exc v4 [bci=31]
  v5: obj:Any? home=0 = load_local 0
  v6: obj:Any? home=2 = load_local 2
  anchor [bci=4 locals[v5 v4 v6]]
  jump b3(v5, v4, v6)
b3(v7: obj:Any? home=0, v8: obj:Any? home=1, v9: obj:Any? home=2) loop bci=4:
  poll [bci=4 locals[v7 v8 v9]]
  jump b3(v7, v8, v9)
}
`

func specializeRejoining(t *testing.T, sites ...pyabi.Site) *ir.Func {
	f, err := ir.Parse(rejoining)
	require.NoError(t, err)
	f.Values[1].Type, f.Values[2].Type = ir.Obj(ir.Int), ir.Obj(ir.Float)
	snap := &pyabi.Snapshot{Codes: []pyabi.Code{{Sites: sites}}}
	specialize(f, &Context{Snap: snap})
	f.ComputePreds()
	require.NoError(t, ir.Verify(f), "%s", ir.Format(f))
	return f
}

func types(f *ir.Func, vs []ir.Value) []string {
	var out []string
	for _, v := range vs {
		out = append(out, f.Type(v).String())
	}
	return out
}

func TestRejoin_numbersAreGuardedOnTheWayBack(t *testing.T) {
	f := specializeRejoining(t)
	assert.Equal(t, []string{"obj:Int", "obj:Float", "obj:Any"}, types(f, f.Blocks[3].Params))
	back := f.Blocks[2].Term()
	assert.Equal(t, []string{"obj:Int", "obj:Float", "obj:Any"}, types(f, back.Edges[0].Args))
	anchor := f.Blocks[2].Instrs[len(f.Blocks[2].Instrs)-2]
	require.Equal(t, ir.OpAnchor, anchor.Op)
	assert.Equal(t, back.Edges[0].Args, anchor.State.Locals, "guards can be hoisted to the anchor")
}

func TestRejoin_notAfterItFailed(t *testing.T) {
	f := specializeRejoining(t, pyabi.Site{BCI: 4, Reason: uint16(codemeta.ReasonTypeGuard), Count: pyabi.MinDeopts})
	assert.Equal(t, []string{"obj:Any?", "obj:Any", "obj:Any?"}, types(f, f.Blocks[3].Params))
}
