package passes

import (
	"pystonlite/specializer/ir"
)

// This file is the rewriting half of the lazy stores pass: delayed stores go, states get their dirty slots, and writes
// appear where somebody may look.

// lazyBlock rewrites one block.
type lazyBlock struct {
	*lazy
	b      *ir.Block
	out    []*ir.Instr
	now    []local
	boxes  []ir.Value                        // by dense number: the box of a store delayed in this block, if it was made here too
	dirty  map[int]bool                      // for states made now; nil when no slot is dirty
	states map[*ir.FrameState]*ir.FrameState // made for the dirty set of now
	lists  map[*ir.Value][]ir.Value          // their lists of locals, by the first element of the original list
}

func (l *lazy) rewrite(b *ir.Block) {
	w := &lazyBlock{lazy: l, b: b, out: make([]*ir.Instr, 0, len(b.Instrs)), now: append([]local(nil), l.in[b.ID]...),
		boxes: make([]ir.Value, len(l.slots))}
	w.changed()
	for _, i := range b.Instrs {
		e, ok := l.event(i)
		if !ok {
			i.State = w.state(i.State)
			w.out = append(w.out, i)
			continue
		}
		if e.set.dirty {
			w.boxes[e.c] = ir.NoValue
			if l.f.Values[l.f.Root(i.Args[0])].Block == b {
				w.boxes[e.c] = i.Args[0]
			}
			e.apply(w.now)
			w.changed()
			continue
		}
		store := i.Op == ir.OpStoreLocal && e.c >= 0
		if e.flush || e.keep {
			w.flush(i, e, store)
		}
		if store && w.now[e.c].dirty {
			// It overwrites something trivial, and must not say that an exit writes the old value.
			i.State, i.Quiet = nil, true
		}
		i.State = w.state(i.State)
		e.apply(w.now)
		w.changed()
		w.out = append(w.out, i)
	}
	b.Instrs = w.out
}

// changed drops what was made for the old set of dirty slots.
func (w *lazyBlock) changed() {
	w.dirty, w.states, w.lists = nil, nil, nil
	for c, s := range w.now {
		if s.dirty {
			if w.dirty == nil {
				w.dirty = map[int]bool{}
			}
			w.dirty[w.slots[c]] = true
		}
	}
	if w.dirty != nil {
		w.states, w.lists = map[*ir.FrameState]*ir.FrameState{}, map[*ir.Value][]ir.Value{}
	}
}

// state is s with the slots that are dirty now. States and lists are shared as those of the front end are.
func (w *lazyBlock) state(s *ir.FrameState) *ir.FrameState {
	if s == nil || w.dirty == nil {
		return s
	}
	if made := w.states[s]; made != nil {
		return made
	}
	c := *s
	if s.Parent != nil {
		c.Parent = w.state(s.Parent)
	} else {
		c.Dirty, c.Locals = w.dirty, w.locals(s.Locals)
	}
	w.states[s] = &c
	return &c
}

func (w *lazyBlock) locals(old []ir.Value) []ir.Value {
	var key *ir.Value
	if len(old) > 0 {
		key = &old[0]
	}
	if made := w.lists[key]; made != nil {
		return made
	}
	made := make([]ir.Value, w.f.Locals)
	copy(made, old)
	for c, s := range w.now {
		if s.dirty {
			made[w.slots[c]] = s.value
		}
	}
	w.lists[key] = made
	return made
}

// flush writes the dirty slots that i makes somebody look at: the one it loads, or all but the one it stores to.
func (w *lazyBlock) flush(i *ir.Instr, e event, store bool) {
	if w.dirty == nil {
		return
	}
	near := i.State
	if near == nil {
		near = bare(w.lastState())
	}
	near = w.state(near)
	for c := range w.now {
		if !w.now[c].dirty || store && c == e.c || !e.flush && c != e.c {
			continue
		}
		if box := w.boxes[c]; box != ir.NoValue {
			w.out = append(w.out, w.storeQuietly(c, box)) // often i takes it as well
		} else {
			w.out = append(w.out, w.write(w.b, c, w.now[c].value, near)...)
		}
		w.now[c].dirty = false
	}
	w.changed()
}

// lastState is the last state before the point that the rewriting has come to.
func (w *lazyBlock) lastState() *ir.FrameState {
	for k := len(w.out) - 1; k >= 0; k-- {
		if s := w.out[k].State; s != nil {
			return s
		}
	}
	return w.stateBefore(w.dom.Idom(w.b), -1)
}

// stateBefore is the last state in front of instruction k of b (-1: the end) or in a block that dominates it. The lists of
// blocks that are rewritten already serve as well.
func (l *lazy) stateBefore(b *ir.Block, k int) *ir.FrameState {
	for ; b != nil; b, k = l.dom.Idom(b), -1 {
		if k < 0 {
			k = len(b.Instrs)
		}
		for k--; k >= 0; k-- {
			if s := b.Instrs[k].State; s != nil {
				return s
			}
		}
	}
	return nil
}

// write makes the operations that write a slot. What it overwrites is trivial, so the store calls nobody.
func (l *lazy) write(b *ir.Block, c int, u ir.Value, state *ir.FrameState) []*ir.Instr {
	var box *ir.Instr
	switch l.f.Type(u).Rep {
	case ir.RepInt:
		box = l.f.NewInstr(ir.OpBoxInt, 0, state, []ir.Type{ir.Obj(ir.Int)}, u)
	case ir.RepFloat:
		box = l.f.NewInstr(ir.OpBoxFloat, 0, state, []ir.Type{ir.Obj(ir.Float)}, u)
	default:
		box = l.f.NewInstr(ir.OpBoxBool, 0, nil, []ir.Type{ir.Obj(ir.Bool)}, u)
	}
	b.Claim(box)
	return []*ir.Instr{box, l.storeQuietly(c, box.Result())}
}

// storeQuietly makes a store over something trivial.
func (l *lazy) storeQuietly(c int, v ir.Value) *ir.Instr {
	l.flushed++
	store := l.f.NewInstr(ir.OpStoreLocal, int64(l.slots[c]), nil, nil, v)
	store.Quiet = true
	return store
}

// dirtyEdge is an edge on which slots have to be written.
type dirtyEdge struct {
	from  *ir.Block
	edge  int
	slots []int // dense numbers
}

// dirtyEdges finds the edges on which a slot is dirty that is not dirty where they lead.
func (l *lazy) dirtyEdges() []dirtyEdge {
	var list []dirtyEdge
	for _, b := range l.dom.Order {
		for k, e := range b.Term().Edges {
			var slots []int
			for c, o := range l.out[b.ID] {
				if o.dirty && !l.in[e.To.ID][c].dirty {
					slots = append(slots, c)
				}
			}
			if slots != nil {
				list = append(list, dirtyEdge{b, k, slots})
			}
		}
	}
	return list
}

// flushEdges writes the slots on those edges: at the end of the block when it has no other edge, else in a block of its own.
func (l *lazy) flushEdges(list []dirtyEdge) {
	for _, d := range list {
		at := d.from
		if len(at.Term().Edges) > 1 {
			at = ir.SplitEdge(l.f, d.from, d.edge)
		}
		w := &lazyBlock{lazy: l, b: at, now: l.out[d.from.ID]}
		w.changed()
		near := w.state(bare(l.stateBefore(d.from, -1)))
		for _, c := range d.slots {
			if box := l.passedBox(at.Term().Edges[0], c, w.now[c].value); box != ir.NoValue {
				ir.InsertAtEnd(at, l.storeQuietly(c, box))
				continue
			}
			ir.InsertAtEnd(at, l.write(at, c, w.now[c].value, near)...)
		}
	}
}

// passedBox is the box of u that an edge passes for the slot, if it passes one: the slot must then hold that very object.
func (l *lazy) passedBox(e ir.Edge, c int, u ir.Value) ir.Value {
	for k, a := range e.Args {
		p := &l.f.Values[e.To.Params[k]]
		if p.Home != int32(l.slots[c]) || p.Type.Rep != ir.RepObject {
			continue
		}
		if d := l.f.Def(l.f.Root(a)); d != nil && (d.Op == ir.OpBoxInt || d.Op == ir.OpBoxFloat || d.Op == ir.OpBoxBool) && d.Args[0] == u {
			return a
		}
	}
	return ir.NoValue
}

// bare is s without what it says of the locals of the physical frame, which have changed since.
func bare(s *ir.FrameState) *ir.FrameState {
	if s == nil {
		return nil
	}
	c := *s
	if s.Parent != nil {
		c.Parent = bare(s.Parent)
	} else {
		c.Dirty, c.Locals = nil, nil
	}
	return &c
}
