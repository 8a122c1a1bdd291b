package passes

import (
	"math/bits"

	"pystonlite/specializer/ir"
)

// numberValues removes operations whose result is at hand: pure ones that a dominating instruction has done already, loads
// of what was loaded from or stored to the same place, guards that have passed.
//
// It is value numbering over the dominator tree with a scoped table (Briggs, Cooper and Simpson, "Value Numbering", 1997).
// Memory takes part by versions: each part of the world (ir.Effects) has a version number at each point, the same at two
// points only when nothing between them, on any path, can have changed the part. A block whose predecessors disagree gets a
// new one, and so does the header of a loop that changes the part; the tree walk sees all forward predecessors first, so
// one walk is enough.
//
// Operands count by root, so a guard in between does not hide that two operations see the same object. An instruction
// replaced by an earlier twin needs no exit of its own.
//
// It marks as quiet the stores whose old content it knows to be of a trivial class; later passes rely on the marks.
func numberValues(f *ir.Func, ctx *Context) {
	guardValues(f)
	dom := ir.Dominators(f)
	forest := ir.FindLoops(f, dom)
	eff := findEffects(f)
	n := &numberer{
		f: f, dom: dom, eff: eff, loopWrites: eff.loopWrites(forest), sub: ir.NewSubstitution(f),
		exit: make([]versions, f.NumBlockIDs()), visited: make([]bool, f.NumBlockIDs()), table: map[numKey]int32{},
	}
	dom.Walk(n.enter, n.leave)
	if n.removed > 0 {
		f.ReplaceUses(n.sub)
	}
	ctx.Count("numbered", n.removed)
	ctx.Count("quiet stores", n.quieted)
}

// guardValues makes guards against a dictionary find the inline values, where those are needed of the same object: an object
// that has them has no dictionary, and one check serves both.
func guardValues(f *ir.Func) {
	needed := map[ir.Value]bool{}
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpInstanceValues {
				needed[f.Root(i.Args[0])] = true
			}
		}
	}
	for _, b := range f.Blocks {
		for k, i := range b.Instrs {
			if i.Op == ir.OpGuardNoDict && needed[f.Root(i.Args[0])] {
				b.Instrs[k] = f.NewInstr(ir.OpInstanceValues, 0, i.State, []ir.Type{ir.WordType}, i.Args[0])
				b.Claim(b.Instrs[k])
			}
		}
	}
}

const numParts = 9 // of ir.EffAll; a test compares

// versions has the version of each part of the world, by bit number.
type versions [numParts]int32

// numKey identifies what an instruction computes, memory apart.
type numKey struct {
	op   ir.Op
	obj  uint32
	imm  int64
	a, b ir.Value
}

// numEntry is a result at hand and the state of the world that it belongs to.
type numEntry struct {
	value ir.Value // NoValue for checks without a result
	world versions
}

// noEntry is the index of no entry.
const noEntry = -1

// numUndo says what the table had before an entry was put there.
type numUndo struct {
	key  numKey
	old  int32 // the entry it had, or noEntry
	mark bool  // the start of a block's entries: old is how many there were
}

type numberer struct {
	f          *ir.Func
	dom        *ir.DomTree
	eff        *effects
	loopWrites []ir.Effects
	sub        ir.Substitution
	exit       []versions // by BlockID: at its end
	visited    []bool     // by BlockID
	counter    int32
	now        versions
	entries    []numEntry
	table      map[numKey]int32 // index of its entry
	undo       []numUndo
	removed    int
	quieted    int
}

// change gives the parts in w a new version.
func (n *numberer) change(w ir.Effects) {
	if w == ir.EffNone {
		return
	}
	n.counter++
	for w != 0 {
		n.now[bits.TrailingZeros16(uint16(w))] = n.counter
		w &= w - 1
	}
}

// enterVersions finds the versions at the start of b.
func (n *numberer) enterVersions(b *ir.Block) {
	changed := n.loopWrites[b.ID] // zero unless b is a header
	first := true
	for _, p := range b.Preds {
		switch {
		case !n.dom.Reachable(p) || n.dom.Dominates(b, p):
		case !n.visited[p.ID]:
			changed = ir.EffAll // a cycle with two entries
		case first:
			n.now, first = n.exit[p.ID], false
		default:
			for k := range n.now {
				if n.now[k] != n.exit[p.ID][k] {
					changed |= 1 << k
				}
			}
		}
	}
	if n.eff.head[b.ID] {
		changed = ir.EffAll
	}
	n.change(changed)
}

func (n *numberer) enter(b *ir.Block) {
	n.undo = append(n.undo, numUndo{mark: true, old: int32(len(n.entries))})
	n.enterVersions(b)
	out := b.Instrs[:0]
	for k, i := range b.Instrs {
		for j := range i.Args {
			i.Args[j] = n.sub.Resolve(i.Args[j])
		}
		store := storedPlace(n.f, i)
		fresh := i.Op == ir.OpStoreValue && n.fresh(store.key.a)
		if store.known() {
			n.quiet(i, store, fresh)
		}
		if n.redundant(i) {
			n.removed++
		} else {
			out = append(out, i)
		}
		// The positions of the effects are those of the original list.
		w := n.f.Writes(i)
		if a := n.eff.after[b.ID]; a != nil && a[k] {
			w = ir.EffAll
		}
		n.change(w)
		if store.known() && !n.f.MayRunPython(i) && w != ir.EffAll {
			n.put(store.key, store.value)
			if fresh {
				n.put(freshKey(store.key.a), ir.NoValue)
			}
		}
		if i.Op == ir.OpNewInstance {
			n.newInstance(i)
		}
	}
	b.Instrs = out
	n.exit[b.ID] = n.now
	n.visited[b.ID] = true
}

func (n *numberer) leave(*ir.Block) {
	for {
		last := n.undo[len(n.undo)-1]
		n.undo = n.undo[:len(n.undo)-1]
		switch {
		case last.mark:
			n.entries = n.entries[:last.old]
			return
		case last.old != noEntry:
			n.table[last.key] = last.old
		default:
			delete(n.table, last.key)
		}
	}
}

func (n *numberer) put(key numKey, v ir.Value) {
	old, had := n.table[key]
	if !had {
		old = noEntry
	}
	n.undo = append(n.undo, numUndo{key: key, old: old})
	n.table[key] = int32(len(n.entries))
	n.entries = append(n.entries, numEntry{v, n.now})
}

// find looks for a result that is still valid.
func (n *numberer) find(key numKey, reads ir.Effects) (numEntry, bool) {
	at, ok := n.table[key]
	if !ok {
		return numEntry{}, false
	}
	e := n.entries[at]
	for ; reads != 0; reads &= reads - 1 {
		k := bits.TrailingZeros16(uint16(reads))
		if e.world[k] != n.now[k] {
			return e, false
		}
	}
	return e, true
}

// redundant replaces i by an earlier twin, or makes it known to later ones.
func (n *numberer) redundant(i *ir.Instr) bool {
	row := i.Op.Row()
	if !row.Pure && i.Op != ir.OpLoadLocal || len(i.Results) > 1 {
		return false
	}
	key := keyOf(n.f, i)
	e, ok := n.find(key, row.Reads)
	r := i.Result()
	if ok && (r == ir.NoValue || covers(n.f.Type(r), n.f.Type(e.value))) {
		if r != ir.NoValue {
			n.sub.Replace(r, e.value)
		}
		return true
	}
	n.put(key, r)
	return false
}

// covers says whether a value of type u may stand where one of type t is expected.
func covers(t, u ir.Type) bool {
	return t.Rep == u.Rep && u.Set&^t.Set == 0 && (t.Exact == 0 || t.Exact == u.Exact)
}

// keyOf is the key of a pure instruction or a load.
func keyOf(f *ir.Func, i *ir.Instr) numKey {
	key := numKey{op: i.Op, obj: i.Obj, imm: i.Imm}
	if d, ok := i.Aux.(*ir.DictEntry); ok {
		key.imm |= int64(max(d.Builtins, d.Keys)) << 32
	}
	if len(i.Args) > 0 {
		key.a = f.Root(i.Args[0])
	}
	if len(i.Args) > 1 {
		key.b = f.Root(i.Args[1])
	}
	if len(i.Args) > 2 {
		panic("BUG: a pure op with three operands")
	}
	switch i.Op {
	case ir.OpAddInt, ir.OpMulInt, ir.OpAndInt, ir.OpOrInt, ir.OpXorInt, ir.OpIs, ir.OpStrEq:
		if key.a > key.b {
			key.a, key.b = key.b, key.a
		}
	}
	return key
}

// place is where a store goes, as the key of the load that reads it back.
type storePlace struct {
	key   numKey
	value ir.Value // what is stored
}

func (p storePlace) known() bool { return p.key.op != ir.OpInvalid }

// storedPlace is the place i stores to.
func storedPlace(f *ir.Func, i *ir.Instr) storePlace {
	load := ir.OpInvalid
	switch i.Op {
	case ir.OpStoreLocal:
		load = ir.OpLoadLocal
	case ir.OpStoreValue:
		load = ir.OpLoadValue
	case ir.OpStoreMember:
		load = ir.OpLoadMember
	case ir.OpStoreCell:
		load = ir.OpLoadCell
	case ir.OpStoreListItem:
		load = ir.OpListItem
	default:
		return storePlace{}
	}
	last := len(i.Args) - 1 // the value comes last
	key := numKey{op: load, imm: i.Imm}
	if last > 0 {
		key.a = f.Root(i.Args[0])
	}
	if last > 1 {
		key.b = f.Root(i.Args[1])
	}
	return storePlace{key, i.Args[last]}
}

// newInstance makes known what is known of a new instance: its class has the version that was guarded, and nothing has been
// stored in it.
func (n *numberer) newInstance(i *ir.Instr) {
	r := i.Result()
	if d := n.f.Def(i.Args[0]); d != nil && d.Op == ir.OpClassVersionGuard {
		n.put(numKey{op: ir.OpTypeVersionGuard, imm: d.Imm, a: r}, r)
	}
	n.put(freshKey(r), ir.NoValue)
}

// freshKey stands for the fact that an instance has those attributes only that entries of the table know of.
func freshKey(v ir.Value) numKey { return numKey{op: ir.OpNewInstance, a: v} }

// fresh says whether that fact stands.
func (n *numberer) fresh(v ir.Value) bool {
	_, ok := n.find(freshKey(v), ir.EffInst)
	return ok
}

// quiet marks a store when what it overwrites is known to be of a trivial class, or nothing at all.
func (n *numberer) quiet(i *ir.Instr, p storePlace, fresh bool) {
	if i.Quiet {
		return
	}
	old, ok := n.find(p.key, p.key.op.Row().Reads)
	_, stored := n.table[p.key]
	if ok && n.trivial(old.value) || fresh && !stored || i.Op == ir.OpStoreLocal && i.State != nil && !n.f.MayRunPython(i) {
		i.Quiet = true
		n.quieted++
	}
}

// trivial says whether v is of a trivial class, by its type or by a guard that has passed.
func (n *numberer) trivial(v ir.Value) bool {
	if n.f.Type(v).Within(ir.Trivial) {
		return true
	}
	for _, set := range []ir.ClassSet{ir.Int, ir.Float, ir.Bool, ir.Str, ir.None} {
		if _, ok := n.table[numKey{op: ir.OpGuardClass, imm: int64(set), a: n.f.Root(v)}]; ok {
			return true
		}
	}
	return false
}
