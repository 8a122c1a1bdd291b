package passes

import (
	"pystonlite/specializer/ir"
)

// lazyStores delays stores of numbers to locals for as long as nobody can look, so that a loop which counts and adds in
// registers neither boxes nor stores anything.
//
// A store of a box to a slot is removed and the slot becomes dirty: from there on every frame state says that an exit has
// to write the slot, and from which machine value (it boxes it then). In front of an operation that may run Python code
// the dirty slots are written, box and all. Where paths meet, a slot stays dirty if the local is the same number on all of
// them, or one that a parameter carries; new parameters are made for that. Otherwise the edges on which it is dirty write
// it.
//
// Removing a store also delays the release of what was in the slot, so this is done only where that is known to be of a
// trivial class, which has no finalizer that could notice. It follows that the memory of a dirty slot always is trivial,
// and that whatever overwrites it needs no state for observers.
//
// Three steps: the class of the memory of each slot (a forward union), then what each local is and whether it is dirty
// (forward, optimistic, over the chain unvisited, known, carried by a parameter, unknown), then the rewriting.
//
// Needs unboxed numbers with their boxes still in place (unbox), and states that have no dirty slots yet. Leaves dead
// boxes to deadcode. Maps of dirty slots and lists of locals are shared between states afterwards; they are immutable.
func lazyStores(f *ir.Func, ctx *Context) {
	ir.RemoveUnreachable(f)
	l := &lazy{f: f, dom: ir.Dominators(f), stores: map[*ir.Instr]ir.Value{}}
	if !l.candidates() || l.stateBefore(f.Entry(), len(f.Entry().Instrs)) == nil {
		return
	}
	l.findDelayable()
	if len(l.stores) == 0 {
		return
	}
	l.solve()
	l.finishParams()
	edges := l.dirtyEdges()
	for _, b := range l.dom.Order {
		l.rewrite(b)
	}
	l.flushEdges(edges)
	ctx.Count("delayed stores", len(l.stores))
	ctx.Count("flushed stores", l.flushed)
}

// local is what is known of one candidate slot at one point.
type local struct {
	value ir.Value // the unboxed number the local is; NoValue: not known; unvisited
	dirty bool     // the slot's memory is older than value
}

// unvisited marks what no path has reached yet.
const unvisited = several - 1

type lazy struct {
	f       *ir.Func
	dom     *ir.DomTree
	number  []int                  // by slot: dense number of a candidate, -1 for others
	slots   []int                  // by dense number
	stores  map[*ir.Instr]ir.Value // the stores that are delayed, with the machine value
	in, out [][]local              // by BlockID, then dense number
	homes   [][]ir.Value           // by BlockID, then dense number: the unboxed parameter with that home
	made    []madeParam
	byBlock map[paramKey]ir.Value // the parameters made, for those that stand for a slot at the start of a block
	flushed int
}

type paramKey struct {
	block ir.BlockID
	c     int
}

type madeParam struct {
	b *ir.Block
	c int
	v ir.Value
}

// candidates numbers the slots that a box is stored to somewhere.
func (l *lazy) candidates() bool {
	l.number = make([]int, l.f.Locals)
	for s := range l.number {
		l.number[s] = -1
	}
	for _, b := range l.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpStoreLocal && l.number[i.Imm] < 0 && unboxedOperand(l.f, i.Args[0]) != ir.NoValue {
				l.number[i.Imm] = len(l.slots)
				l.slots = append(l.slots, int(i.Imm))
			}
		}
	}
	return len(l.slots) > 0
}

// unboxedOperand is the machine value in a box, or NoValue.
func unboxedOperand(f *ir.Func, v ir.Value) ir.Value {
	if d := f.Def(f.Root(v)); d != nil {
		switch d.Op {
		case ir.OpBoxInt, ir.OpBoxFloat, ir.OpBoxBool:
			return d.Args[0]
		}
	}
	return ir.NoValue
}

// candidate is the dense number of the slot of a load or store, -1 when it is none.
func (l *lazy) candidate(i *ir.Instr) int {
	switch i.Op {
	case ir.OpStoreLocal, ir.OpLoadLocal:
		return l.number[i.Imm]
	}
	return -1
}

// home is the dense number of the candidate slot that v is the content of when it is defined, or -1.
func (l *lazy) home(v ir.Value) int {
	if h := l.f.Values[v].Home; h != ir.NoHome {
		return l.number[h]
	}
	return -1
}

// findDelayable finds the classes that the memory of the candidates can have where they are stored to.
func (l *lazy) findDelayable() {
	n := len(l.slots)
	in := make([][]ir.ClassSet, l.f.NumBlockIDs())
	for _, b := range l.f.Blocks {
		in[b.ID] = make([]ir.ClassSet, n)
	}
	for c := range in[l.f.Entry().ID] {
		in[l.f.Entry().ID][c] = ir.AnyOrNull
	}
	m := &slotClasses{lazy: l, sets: make([]ir.ClassSet, n), content: make([]ir.Value, n)}
	for changed := true; changed; {
		changed = false
		for _, b := range l.dom.Order {
			copy(m.sets, in[b.ID])
			m.block(b, nil)
			for _, e := range b.Term().Edges {
				to := in[e.To.ID]
				for c, set := range m.sets {
					if set&^to[c] != 0 {
						to[c] |= set
						changed = true
					}
				}
			}
		}
	}
	for _, b := range l.dom.Order {
		copy(m.sets, in[b.ID])
		m.block(b, func(i *ir.Instr, old ir.ClassSet) {
			u := unboxedOperand(l.f, i.Args[0])
			if u != ir.NoValue && (old&^ir.Trivial == 0 || !l.f.MayRunPython(i)) {
				l.stores[i] = u
			}
		})
	}
}

// slotClasses follows the classes of the slots' memory through a block, as they are before any store is delayed.
type slotClasses struct {
	*lazy
	sets    []ir.ClassSet // by dense number
	content []ir.Value    // by dense number: the reference in the slot, as far as this block shows
}

func (m *slotClasses) block(b *ir.Block, atStore func(i *ir.Instr, old ir.ClassSet)) {
	clear(m.content)
	for _, p := range b.Params {
		if c := m.home(p); c >= 0 {
			m.content[c] = p
			m.sets[c] &= classesOf(m.f.Type(p))
		}
	}
	for _, i := range b.Instrs {
		switch c := m.candidate(i); {
		case c >= 0 && i.Op == ir.OpLoadLocal:
			m.content[c] = i.Result()
			m.sets[c] &= classesOf(m.f.Type(i.Result()))
		case c >= 0:
			if atStore != nil {
				atStore(i, m.sets[c])
			}
			m.content[c] = m.f.Root(i.Args[0])
			m.sets[c] = classesOf(m.f.Type(i.Args[0]))
		case i.Op.Row().SameValue:
			root := m.f.Root(i.Args[0])
			if c := m.home(root); c >= 0 && m.content[c] == root {
				m.sets[c] &= classesOf(m.f.Type(i.Result()))
			}
		}
	}
}

// classesOf is the classes of the object that a value of type t is when it is boxed.
func classesOf(t ir.Type) ir.ClassSet {
	switch t.Rep {
	case ir.RepInt:
		return ir.Int
	case ir.RepFloat:
		return ir.Float
	case ir.RepBool:
		return ir.Bool
	}
	return t.Set
}

// solve finds what each candidate is at the start and end of each block.
func (l *lazy) solve() {
	n := len(l.slots)
	l.in, l.out = make([][]local, l.f.NumBlockIDs()), make([][]local, l.f.NumBlockIDs())
	l.homes = make([][]ir.Value, l.f.NumBlockIDs())
	l.byBlock = map[paramKey]ir.Value{}
	for _, b := range l.dom.Order {
		l.in[b.ID], l.out[b.ID], l.homes[b.ID] = make([]local, n), make([]local, n), make([]ir.Value, n)
		for c := range n {
			l.in[b.ID][c].value, l.out[b.ID][c].value = unvisited, unvisited
		}
		for _, p := range b.Params {
			if c := l.home(p); c >= 0 && l.f.Type(p).Rep != ir.RepObject {
				l.homes[b.ID][c] = p
			}
		}
	}
	clear(l.in[l.f.Entry().ID])
	events := make([][]event, l.f.NumBlockIDs())
	for _, b := range l.dom.Order {
		events[b.ID] = l.events(b)
	}
	now := make([]local, n)
	for changed := true; changed; {
		changed = false
		for k, b := range l.dom.Order {
			if k > 0 {
				for c := range n {
					l.in[b.ID][c] = l.meet(b, c)
				}
			}
			copy(now, l.in[b.ID])
			for _, e := range events[b.ID] {
				e.apply(now)
			}
			for c := range n {
				if l.out[b.ID][c] != now[c] {
					l.out[b.ID][c] = now[c]
					changed = true
				}
			}
		}
	}
}

// meet combines what the predecessors of b know of a slot.
func (l *lazy) meet(b *ir.Block, c int) local {
	m := local{value: unvisited}
	rep := ir.RepNone // of the numbers seen
	for _, p := range b.Preds {
		o := l.out[p.ID][c]
		m.dirty = m.dirty || o.dirty
		switch {
		case o.value == unvisited || m.value == o.value || m.value == ir.NoValue:
		case m.value == unvisited:
			m.value = o.value
			if o.value != ir.NoValue {
				rep = l.f.Type(o.value).Rep
			}
		case o.value == ir.NoValue || l.f.Type(o.value).Rep != rep:
			m.value = ir.NoValue
		default:
			m.value = several
		}
	}
	key := paramKey{b.ID, c}
	switch home := l.homes[b.ID][c]; {
	case home != ir.NoValue:
		return local{home, m.dirty}
	case m.value == ir.NoValue || l.in[b.ID][c].value == ir.NoValue:
		return local{} // the edges on which it is dirty write it
	case m.value == several && l.byBlock[key] == ir.NoValue:
		v := l.f.AddParam(b, ir.Type{Rep: rep}, int32(l.slots[c]))
		l.byBlock[key] = v
		l.made = append(l.made, madeParam{b, c, v})
	}
	if v := l.byBlock[key]; v != ir.NoValue {
		return local{v, m.dirty}
	}
	return m
}

// event is what an instruction does to the candidates.
type event struct {
	flush bool  // all are written first
	c     int   // the slot concerned, -1 when none
	set   local // what it is afterwards
	keep  bool  // it is written, and otherwise as before
}

func (e event) apply(now []local) {
	if e.flush {
		for c := range now {
			now[c].dirty = false
		}
	}
	switch {
	case e.c < 0:
	case e.keep:
		now[e.c].dirty = false
	default:
		now[e.c] = e.set
	}
}

// showsWhenDying says whether i runs Python code only if the old content of an attribute or item dies: it writes the dirty slots
// when that happens. A local's old content dies too often for that.
func showsWhenDying(i *ir.Instr) bool {
	switch i.Op {
	case ir.OpStoreValue, ir.OpStoreMember, ir.OpStoreCell, ir.OpStoreListItem:
		return true
	}
	return false
}

// event describes what i does; false: nothing.
func (l *lazy) event(i *ir.Instr) (event, bool) {
	c := l.candidate(i)
	if u, ok := l.stores[i]; ok {
		return event{c: c, set: local{u, true}}, true
	}
	e := event{flush: l.f.MayRunPython(i) && !showsWhenDying(i), c: c}
	switch {
	case c < 0:
	case i.Op == ir.OpLoadLocal:
		e.keep = true
	default:
		e.set = local{unboxedOperand(l.f, i.Args[0]), false}
	}
	return e, e.flush || c >= 0
}

func (l *lazy) events(b *ir.Block) []event {
	var list []event
	for _, i := range b.Instrs {
		if e, ok := l.event(i); ok {
			list = append(list, e)
		}
	}
	return list
}

// finishParams gives the new parameters that are used their arguments and takes the others back.
func (l *lazy) finishParams() {
	for _, m := range l.made {
		used := l.in[m.b.ID][m.c].value == m.v
		if used {
			continue
		}
		kept := m.b.Params[:0]
		for _, p := range m.b.Params {
			if p != m.v {
				l.f.Values[p].Param = len(kept)
				kept = append(kept, p)
			}
		}
		m.b.Params = kept
		l.f.Values[m.v] = ir.ValueInfo{}
	}
	// The new parameters of a block follow the old ones in the order in which they were made.
	for _, m := range l.made {
		if l.in[m.b.ID][m.c].value != m.v {
			continue
		}
		for k, p := range m.b.Preds {
			if k > 0 && m.b.Preds[k-1] == p {
				continue
			}
			edges := p.Term().Edges
			for e := range edges {
				if edges[e].To == m.b {
					edges[e].Args = append(edges[e].Args[:len(edges[e].Args):len(edges[e].Args)], l.out[p.ID][m.c].value)
				}
			}
		}
	}
}
