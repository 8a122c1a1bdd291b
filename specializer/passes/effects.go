package passes

import (
	"pystonlite/specializer/ir"
)

// effects says what may change at each point of a function, the finalizers of dying values included.
//
// The reference count pass comes later; but where it will release what may be the last reference to an object whose class
// is not trivial, Python code may run. Those points are where the lives of such values end: behind the last use in a block,
// and at the start of a block that a value dies on the way to.
type effects struct {
	f     *ir.Func
	head  []bool   // by BlockID: a life may end on entry
	after [][]bool // by BlockID, then index of the instruction: a life may end behind it; nil when none does
}

// findEffects computes them. The result describes the function as it is: positions shift when a pass edits a block.
func findEffects(f *ir.Func) *effects {
	e := &effects{f: f, head: make([]bool, f.NumBlockIDs()), after: make([][]bool, f.NumBlockIDs())}
	l := &lifeEnds{effects: e, owners: ownerKinds(f), seen: make([]uint32, len(f.Values)), index: make([]int32, len(f.Values))}
	l.live = ir.ComputeLiveness(f, l.owner)
	for _, b := range f.Blocks {
		l.block(b)
	}
	return e
}

// at is what instruction number k of b may change.
func (e *effects) at(b *ir.Block, k int) ir.Effects {
	if a := e.after[b.ID]; a != nil && a[k] {
		return ir.EffAll
	}
	return e.f.Writes(b.Instrs[k])
}

// block is what entering and running b may change.
func (e *effects) block(b *ir.Block) ir.Effects {
	w := ir.EffNone
	if e.head[b.ID] {
		w = ir.EffAll
	}
	for k := range b.Instrs {
		w |= e.at(b, k)
	}
	return w
}

// ownerKind says when the machine frame may own a reference of a value.
type ownerKind uint8

const (
	ownsNever    ownerKind = iota // not a reference, an alias, a constant, trivial, or kept by a slot that nothing stores to
	ownsAlways                    // a new reference, or one handed on by an edge
	ownsWhenHeld                  // borrowed from memory: counted only when it is held across a release or a block
)

// silent classes run no Python code when they die: the trivial ones, and ranges, which own ints only.
const silent = ir.Trivial | ir.Range

func ownerKinds(f *ir.Func) []ownerKind {
	stored := make([]bool, f.Locals)
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpStoreLocal {
				stored[i.Imm] = true
			}
		}
	}
	kinds := make([]ownerKind, len(f.Values))
	for v := range kinds {
		info := &f.Values[v]
		if info.Type.Rep != ir.RepObject || info.Type.Within(silent) || info.Const || info.Block == nil {
			continue
		}
		switch {
		case info.Home != ir.NoHome && !stored[info.Home]:
		case info.Def == nil || info.Home != ir.NoHome || info.Def.Op.Row().New:
			kinds[v] = ownsAlways
		case !info.Def.Op.Row().SameValue:
			kinds[v] = ownsWhenHeld
		}
	}
	return kinds
}

// lifeEnds finds the points for effects.
type lifeEnds struct {
	*effects
	owners []ownerKind
	live   *ir.Liveness
	seen   []uint32 // by Value: 1 + the BlockID in which a later use was seen
	index  []int32  // by Value: index of the definition in its block
}

// owner maps a value to the reference it is an alias of, if that can be owned.
func (l *lifeEnds) owner(v ir.Value) ir.Value {
	root := l.f.Root(v)
	if l.owners[root] == ownsNever {
		return ir.NoValue
	}
	return root
}

func (l *lifeEnds) block(b *ir.Block) {
	for _, e := range b.Term().Edges {
		if !subset(l.live.Out(b), l.live.In(e.To)) {
			l.head[e.To.ID] = true
		}
	}
	releases := make([]int32, len(b.Instrs)+1) // how many of the instructions before each may release something
	for k, i := range b.Instrs {
		for _, r := range i.Results {
			l.index[r] = int32(k)
		}
		releases[k+1] = releases[k]
		if l.f.MayRunPython(i) {
			releases[k+1]++
		}
	}
	stamp := uint32(b.ID) + 1
	for k := len(b.Instrs) - 1; k >= 0; k-- {
		i := b.Instrs[k]
		i.Uses(func(u *ir.Value) {
			v := l.owner(*u)
			if v == ir.NoValue || l.seen[v] == stamp {
				return
			}
			l.seen[v] = stamp
			if l.live.LiveOut(b, v) || i.Op.Row().Term || l.consumed(i, v) {
				return
			}
			if l.owners[v] == ownsWhenHeld && l.f.Values[v].Block == b && releases[k] == releases[l.index[v]+1] {
				return
			}
			if l.after[b.ID] == nil {
				l.after[b.ID] = make([]bool, len(b.Instrs))
			}
			l.after[b.ID][k] = true
		})
	}
	for _, p := range b.Params {
		if l.owner(p) == p && l.seen[p] != stamp && !l.live.LiveOut(b, p) {
			l.head[b.ID] = true
		}
	}
}

// consumed says whether i takes over the reference v.
func (l *lifeEnds) consumed(i *ir.Instr, v ir.Value) bool {
	for k, a := range i.Args {
		if i.Op.ConsumesArg(k) && l.f.Root(a) == v {
			return true
		}
	}
	return false
}

// subset says whether all of a is in b; both are ascending.
func subset(a, b []ir.Value) bool {
	for _, v := range a {
		for len(b) > 0 && b[0] < v {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != v {
			return false
		}
	}
	return true
}

// loopWrites is what may change while each loop runs, nested ones included, by the BlockID of its header.
func (e *effects) loopWrites(forest *ir.LoopForest) []ir.Effects {
	writes := make([]ir.Effects, e.f.NumBlockIDs())
	for _, b := range e.f.Blocks {
		if l := forest.Of(b); l != nil {
			writes[l.Header.ID] |= e.block(b)
		}
	}
	for k := len(forest.Loops) - 1; k >= 0; k-- {
		if l := forest.Loops[k]; l.Parent != nil {
			writes[l.Parent.Header.ID] |= writes[l.Header.ID]
		}
	}
	return writes
}
