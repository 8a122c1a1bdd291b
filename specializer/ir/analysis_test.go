package ir

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// graph makes a function without values from `0>1,2 1>3 …`: a block without successors exits.
func graph(spec string) *Func {
	var text strings.Builder
	text.WriteString("func graph entry=0 locals=0 {\n")
	for _, part := range strings.Fields(spec) {
		from, to, _ := strings.Cut(part, ">")
		fmt.Fprintf(&text, "b%s() bci=0:\n", from)
		targets := strings.Split(to, ",")
		switch {
		case to == "":
			text.WriteString("  exit 1 [bci=0]\n")
		case len(targets) == 1:
			fmt.Fprintf(&text, "  jump b%s()\n", to)
		default:
			fmt.Fprintf(&text, "  v%s9: bool = bconst 1\n  branch v%s9 b%s() b%s()\n", from, from, targets[0], targets[1])
		}
	}
	return MustParse(text.String() + "}\n")
}

func names(bs []*Block) string {
	var out []string
	for _, b := range bs {
		out = append(out, b.ID.String())
	}
	return strings.Join(out, " ")
}

// nested has a loop 2-5 inside a loop 1-6, an exit out of the inner one, and a diamond in it.
const nested = "10>1 1>2,7 2>3,4 3>5 4>5,8 5>2,6 6>1 7> 8>"

func TestDominators(t *testing.T) {
	f := graph(nested)
	dom := Dominators(f)
	want := map[BlockID]BlockID{1: 10, 2: 1, 7: 1, 3: 2, 4: 2, 5: 2, 8: 4, 6: 5}
	for _, b := range f.Blocks {
		if d := dom.Idom(b); d != nil {
			assert.Equal(t, want[b.ID], d.ID, "idom of %s", b.ID)
		} else {
			assert.Equal(t, f.Entry(), b)
		}
	}
}

// TestDominates_random compares with the definition: a dominates b when removing a cuts b off.
func TestDominates_random(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 200 {
		n := 2 + rnd.Intn(12)
		var spec []string
		for b := range n {
			targets := []string{}
			for range rnd.Intn(3) {
				targets = append(targets, fmt.Sprint(1+rnd.Intn(n-1)))
			}
			spec = append(spec, fmt.Sprintf("%d>%s", b, strings.Join(targets, ",")))
		}
		f := graph(strings.Join(spec, " "))
		dom := Dominators(f)
		for _, a := range dom.Order {
			reach := map[*Block]bool{}
			work := []*Block{f.Entry()}
			for len(work) > 0 {
				b := work[len(work)-1]
				work = work[:len(work)-1]
				if b == a || reach[b] {
					continue
				}
				reach[b] = true
				for _, e := range b.Term().Edges {
					work = append(work, e.To)
				}
			}
			for _, b := range dom.Order {
				require.Equal(t, !reach[b], dom.Dominates(a, b), "%s over %s in %s", a.ID, b.ID, spec)
			}
		}
	}
}

func TestFindLoops(t *testing.T) {
	f := graph(nested)
	forest := FindLoops(f, Dominators(f))
	require.Len(t, forest.Loops, 2)
	outer, inner := forest.Loops[0], forest.Loops[1]
	assert.Equal(t, BlockID(1), outer.Header.ID)
	assert.Equal(t, BlockID(2), inner.Header.ID)
	assert.Equal(t, outer, inner.Parent)
	assert.Equal(t, 2, inner.Depth)
	assert.Equal(t, BlockID(10), outer.Preheader.ID)
	assert.Nil(t, inner.Preheader, "b1 goes elsewhere, too")
	assert.ElementsMatch(t, strings.Fields("b1 b2 b3 b4 b5 b6"), strings.Fields(names(outer.Blocks)))
	assert.ElementsMatch(t, strings.Fields("b2 b3 b4 b5"), strings.Fields(names(inner.Blocks)))
	assert.True(t, forest.Contains(outer, inner.Header))
	for _, b := range f.Blocks {
		if b.ID == 8 {
			assert.Nil(t, forest.Of(b))
		}
	}
}

func TestLayout(t *testing.T) {
	f := graph(nested)
	Layout(f)
	assert.Equal(t, "b10 b1 b2 b3 b4 b5 b6 b8 b7", names(f.Blocks))
	assert.True(t, f.Blocks[7].Cold)
	assert.NoError(t, Verify(f))

	// The exit of a loop in the middle of its body is pushed behind the body.
	f = graph("0>1 1>2,3 2>6 3>4,2 4>1,5 5>2 6>7,8 7> 8>")
	f.Blocks[7].Instrs[0].Op = OpReturn // so that not everything is cold
	order := func() []string { Layout(f); return strings.Fields(names(f.Blocks)) }()
	at := strings.Join(order, " ")
	assert.Contains(t, at, "b1 b3 b4", "the loop is contiguous in %s", at)
	assert.Equal(t, "b8", order[len(order)-1], "the exit comes last in %s", at)
}

func TestLiveness(t *testing.T) {
	f := MustParse(loopText)
	l := ComputeLiveness(f, nil)
	assert.Empty(t, l.In(f.Blocks[0]))
	assert.Empty(t, l.Out(f.Blocks[0]), "edge arguments are used at the end of the block")
	assert.Equal(t, []Value{5, 6}, l.Out(f.Blocks[1]))
	assert.Equal(t, []Value{5, 6}, l.In(f.Blocks[2]), "the dirty local of the state is a use")
	assert.Equal(t, []Value{6}, l.In(f.Blocks[3]), "the weak one is none")
	assert.True(t, l.LiveIn(f.Blocks[3], 6))
	assert.False(t, l.LiveIn(f.Blocks[3], 5))
	assert.False(t, l.LiveOut(f.Blocks[2], 5))
}

func TestLiveness_aliases(t *testing.T) {
	f := MustParse(`func f entry=0 locals=1 {
b0() bci=0:
  v1: obj:Any home=0 = load_local 0
  v2: obj:Int = guard_class v1 Int [bci=0]
  v3: bool = bconst 1
  branch v3 b1() b1()
b1() bci=2:
  return v2 [bci=2]
}
`)
	objects := func(v Value) Value {
		if f.Type(v).Rep != RepObject {
			return NoValue
		}
		return f.Root(v)
	}
	l := ComputeLiveness(f, objects)
	assert.Equal(t, []Value{1}, l.In(f.Blocks[1]))
	assert.True(t, l.LiveOut(f.Blocks[0], 2), "asked by an alias")
}

func TestSplitCriticalEdges(t *testing.T) {
	f := graph("0>1,2 1>2 2>")
	assert.Equal(t, 1, SplitCriticalEdges(f))
	assert.NoError(t, Verify(f))
	assert.Equal(t, 0, SplitCriticalEdges(f))
}

func TestReplaceUses(t *testing.T) {
	f := MustParse(loopText)
	s := NewSubstitution(f)
	s.Replace(5, 3)
	s.Replace(6, 5)
	assert.Equal(t, Value(3), s.Resolve(6))
	f.ReplaceUses(s)
	text := Format(f)
	assert.Contains(t, text, "add_int v3 v3 [bci=16 locals[v3 _] dirty{1:v3}]", "weak references follow")
	assert.Contains(t, text, "jump b1(v3, v8)")
	assert.Panics(t, func() { s.Replace(3, 6) }, "a cycle")
}

func TestRemoveParams(t *testing.T) {
	f := graph("0>1,1 1>")
	one := f.Blocks[1]
	for range 3 {
		f.AddParam(one, BoolType, NoHome)
	}
	edges := f.Entry().Term().Edges
	a := f.Def(9).Result()
	edges[0].Args, edges[1].Args = []Value{a, a, a}, []Value{a, a, a}
	require.NoError(t, Verify(f))
	drop := one.Params[1]
	last := one.Params[2]
	RemoveParams(one, func(v Value) bool { return v == drop })
	assert.Len(t, one.Params, 2)
	assert.Equal(t, 1, f.Values[last].Param)
	assert.Len(t, f.Entry().Term().Edges[1].Args, 2)
}
