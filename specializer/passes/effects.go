package passes

import (
	"sort"

	"pystonlite/specializer/ir"
)

// effects says what may change at each point of a function, the finalizers of dying values included.
//
// The reference count pass comes later; but where it will release what may be the last reference to an object whose class
// is not trivial, Python code may run. Those points are where the lives of values end that the machine frame owns alone:
// behind the last use in a block, and at the start of a block that a value dies on the way to.
//
// A new reference is owned alone until a store gives it to a local. A value that memory or a local owns is so only if
// something has been released while it was held: before that, its end cannot be the object's. Since the end of one life
// counts as a release during another, the points are found by repetition until there are no more; there are few rounds,
// because a release in the middle of a life mostly is a call.
type effects struct {
	f     *ir.Func
	head  []bool   // by BlockID: a life may end on entry
	after [][]bool // by BlockID, then index of the instruction: a life may end behind it; nil when none does
}

// findEffects computes them. The result describes the function as it is: positions shift when a pass edits a block.
func findEffects(f *ir.Func) *effects {
	e := &effects{f: f, head: make([]bool, f.NumBlockIDs()), after: make([][]bool, f.NumBlockIDs())}
	l := &lifeEnds{effects: e, order: ir.ReversePostorder(f), seen: make([]uint32, len(f.Values))}
	l.findOwners()
	l.live = ir.ComputeLiveness(f, l.owner)
	l.held, l.counts = make([][]bool, f.NumBlockIDs()), make([][]int32, f.NumBlockIDs())
	for _, b := range l.order {
		l.held[b.ID] = make([]bool, len(l.live.In(b)))
	}
	for l.changed = true; l.changed; {
		for l.changed = true; l.changed; {
			l.changed = false
			for _, b := range l.order {
				l.hold(b)
			}
		}
		for _, b := range l.order {
			l.round++
			l.block(b)
		}
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

// ownerKind says when the machine frame may own the last reference of a value.
type ownerKind uint8

const (
	ownsNever    ownerKind = iota // not a reference, an alias, a constant, trivial, or kept by a slot that nothing stores to
	ownsAlways                    // a new reference, or one handed on by an edge
	ownsWhenHeld                  // owned by memory or a local, too, unless something was released meanwhile
)

// silent classes run no Python code when they die: the trivial ones, and ranges, which own ints only.
const silent = ir.Trivial | ir.Range

// lifeEnds finds the points for effects.
type lifeEnds struct {
	*effects
	order   []*ir.Block // reverse postorder
	owners  []ownerKind // by Value
	from    []int32     // by Value: index in the defining block of what made memory an owner, -1 for parameters
	held    [][]bool    // by BlockID, beside live.In: something may have been released while the value lived
	counts  [][]int32   // by BlockID: what releases gave, nil when it is to be counted (again)
	live    *ir.Liveness
	seen    []uint32 // by Value: the round in which a later use in the block was seen
	round   uint32
	changed bool
}

// findOwners classifies the values.
func (l *lifeEnds) findOwners() {
	f := l.f
	l.owners, l.from = make([]ownerKind, len(f.Values)), make([]int32, len(f.Values))
	stored := make([]bool, f.Locals)
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpStoreLocal {
				stored[i.Imm] = true
			}
		}
	}
	for v := range l.owners {
		l.from[v] = -1
		info := &f.Values[v]
		if info.Type.Rep != ir.RepObject || info.Type.Within(silent) || info.Const || info.Block == nil {
			continue
		}
		switch {
		case info.Home != ir.NoHome && !stored[info.Home]:
		case info.Home != ir.NoHome:
			l.owners[v] = ownsWhenHeld
		case info.Def == nil || info.Def.Op.Row().New:
			l.owners[v] = ownsAlways
		case !info.Def.Op.Row().SameValue:
			l.owners[v] = ownsWhenHeld
		}
	}
	for _, b := range f.Blocks {
		for k, i := range b.Instrs {
			for _, r := range i.Results {
				l.from[r] = int32(k)
			}
			if i.Op != ir.OpStoreLocal {
				continue
			}
			if root := f.Root(i.Args[0]); l.owners[root] == ownsAlways && f.Values[root].Block == b {
				l.owners[root], l.from[root] = ownsWhenHeld, int32(k)
			}
		}
	}
}

// owner maps a value to the reference it is an alias of, if that can be owned.
func (l *lifeEnds) owner(v ir.Value) ir.Value {
	root := l.f.Root(v)
	if l.owners[root] == ownsNever {
		return ir.NoValue
	}
	return root
}

// releases counts what may release something in b up to each of its points: point 2k is before instruction k, point 2k+1
// behind it, where the lives it ends are still to be ended.
func (l *lifeEnds) releases(b *ir.Block) []int32 {
	n := l.counts[b.ID]
	if n != nil {
		return n
	}
	n = make([]int32, 2*len(b.Instrs)+1)
	l.counts[b.ID] = n
	for k, i := range b.Instrs {
		n[2*k+1], n[2*k+2] = n[2*k], n[2*k]
		if l.f.MayRunPython(i) {
			n[2*k+1]++
			n[2*k+2]++
		}
		if l.after[b.ID] != nil && l.after[b.ID][k] {
			n[2*k+2]++
		}
	}
	return n
}

// hold tells the successors of b which of the values that live on were held across a release.
func (l *lifeEnds) hold(b *ir.Block) {
	n := l.releases(b)
	for _, e := range b.Term().Edges {
		held := l.held[e.To.ID]
		for k, v := range l.live.In(e.To) {
			if !held[k] && (l.head[e.To.ID] || l.heldAt(v, b, n, len(n)-1)) {
				held[k], l.changed = true, true
			}
		}
	}
}

// heldAt says whether something may have been released between the start of v and a point of b.
func (l *lifeEnds) heldAt(v ir.Value, b *ir.Block, n []int32, point int) bool {
	if l.f.Values[v].Block == b {
		return n[point] > n[min(l.start(v), point)]
	}
	if n[point] > 0 || l.head[b.ID] {
		return true
	}
	in := l.live.In(b)
	at := sort.Search(len(in), func(j int) bool { return in[j] >= v })
	return at < len(in) && in[at] == v && l.held[b.ID][at]
}

// start is the point in v's block from which memory is an owner of it.
func (l *lifeEnds) start(v ir.Value) int {
	if l.f.Def(v) == nil && l.from[v] < 0 {
		return 0
	}
	return 2*int(l.from[v]) + 1
}

// block finds the lives that end on the way out of b and in it.
func (l *lifeEnds) block(b *ir.Block) {
	n := l.releases(b)
	for _, e := range b.Term().Edges {
		if !l.head[e.To.ID] && l.diesOnEdge(b, n, l.live.In(e.To)) {
			l.head[e.To.ID], l.changed = true, true
		}
	}
	for k := len(b.Instrs) - 1; k >= 0; k-- {
		i := b.Instrs[k]
		i.Uses(func(u *ir.Value) {
			v := l.owner(*u)
			if v == ir.NoValue || l.seen[v] == l.round {
				return
			}
			l.seen[v] = l.round
			if l.live.LiveOut(b, v) || i.Op.Row().Term || l.consumed(i, v) || !l.alone(v, b, n, 2*k+1) {
				return
			}
			if l.after[b.ID] == nil {
				l.after[b.ID] = make([]bool, len(b.Instrs))
			}
			if !l.after[b.ID][k] {
				l.after[b.ID][k], l.changed = true, true
				l.counts[b.ID] = nil
			}
		})
	}
	for _, p := range b.Params {
		if !l.head[b.ID] && l.owners[p] == ownsAlways && l.seen[p] != l.round && !l.live.LiveOut(b, p) {
			l.head[b.ID], l.changed = true, true
		}
	}
}

// alone says whether the machine frame may own the only reference of v at a point of b.
func (l *lifeEnds) alone(v ir.Value, b *ir.Block, n []int32, point int) bool {
	return l.owners[v] == ownsAlways || l.heldAt(v, b, n, point)
}

// diesOnEdge says whether a value that lives at the end of b, but is not in in, may be owned alone there.
func (l *lifeEnds) diesOnEdge(b *ir.Block, n []int32, in []ir.Value) bool {
	for _, v := range l.live.Out(b) {
		for len(in) > 0 && in[0] < v {
			in = in[1:]
		}
		if (len(in) == 0 || in[0] != v) && l.alone(v, b, n, len(n)-1) {
			return true
		}
	}
	return false
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
