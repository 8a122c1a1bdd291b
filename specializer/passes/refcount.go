package passes

import (
	"maps"
	"slices"

	"pystonlite/specializer/ir"
)

// refcount inserts the increments and decrements. Before it the IR has none; after it every reference is accounted for.
//
// The unit of counting is the root of a value: guards are the same reference as their operand. Each root has one of four
// modes for its whole life:
//
//   - constant: the unit keeps it alive, it is never counted;
//   - slot: it is the content of the frame's slot of a local (Home), which owns it. That holds as long as it lives if no
//     store to that slot, and no exit that writes the slot, happens while it is live;
//   - memory: it was read from an object, which owns it. That holds if within its block nothing between definition and last
//     use can release references, and its lender does not die first;
//   - owned: the machine frame has a reference. Results that are new references start so; a slot or memory value whose
//     condition fails is incremented at its definition and then owned.
//
// An owned value that a store puts into a local, in the block that defines it, becomes the slot's (the store moves the
// reference) if the slot keeps it as long as it lives; otherwise the store increments first.
//
// An owned reference ends where an operation consumes it as its last use, or is decremented behind its last use, or at the
// start of the blocks on whose entry edge it dies. Exits are described, not executed: the frame state says which stack
// entries the machine frame moves into the Python frame (Owned), and which other owned references it drops (Release).
//
// Needs split critical edges. Keeps Home only for values in slot mode: the register allocator may reload those from the slot.
func refcount(f *ir.Func, _ *Context) {
	r := &refcounter{f: f, mode: make([]refMode, len(f.Values)), at: map[*ir.Instr]place{}, dom: ir.Dominators(f)}
	r.holdOperands()
	r.homes()
	r.classify()
	r.liveness()
	r.slots()
	r.memory()
	r.insert()
	for v := range f.Values {
		if v >= len(r.mode) || r.mode[v] != modeSlot {
			f.Values[v].Home = ir.NoHome
		}
	}
}

type refMode uint8

const (
	modeNone   refMode = iota // no object reference, or an alias of another value
	modeConst                 // kept alive by the unit
	modeSlot                  // owned by a local's slot
	modeMemory                // owned by an object it was read from
	modeOwned                 // owned by the machine frame
)

type refcounter struct {
	f       *ir.Func
	mode    []refMode
	bits    []int32                // dense number of a counted root, -1 for others
	roots   []ir.Value             // by dense number
	liveIn  []bitset               // by block id
	liveOut []bitset               // by block id
	moved   map[ir.Value]*ir.Instr // the store that does so, by root
	at      map[*ir.Instr]place
	dom     *ir.DomTree
	scratch bitset
}

// place is the position of an instruction before the pass.
type place struct {
	block *ir.Block
	index int
}

// bitset is a set of dense root numbers.
type bitset []uint64

func newBitset(n int) bitset       { return make(bitset, (n+63)/64) }
func (b bitset) has(i int32) bool  { return b[i>>6]>>(uint(i)&63)&1 != 0 }
func (b bitset) set(i int32)       { b[i>>6] |= 1 << (uint(i) & 63) }
func (b bitset) clear(i int32)     { b[i>>6] &^= 1 << (uint(i) & 63) }
func (b bitset) copyFrom(o bitset) { copy(b, o) }
func (b bitset) union(o bitset) bool {
	changed := false
	for k, w := range o {
		if w&^b[k] != 0 {
			b[k] |= w
			changed = true
		}
	}
	return changed
}

// each calls g for every member.
func (b bitset) each(g func(int32)) {
	for k, w := range b {
		for w != 0 {
			bit := int32(0)
			for t := w; t&1 == 0; t >>= 1 {
				bit++
			}
			g(int32(k*64) + bit)
			w &= w - 1
		}
	}
}

// holdOperands gives the operands of calls that show reference counts references of their own, where the machine frame would only
// borrow them from a local or an object: stock has one on its operand stack for each, and sys.getrefcount shows it.
func (r *refcounter) holdOperands() {
	stored := make([]bool, len(r.f.Values))
	for _, b := range r.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op == ir.OpStoreLocal {
				stored[r.f.Root(i.Args[0])] = true
			}
		}
	}
	for _, b := range r.f.Blocks {
		out := make([]*ir.Instr, 0, len(b.Instrs))
		for _, i := range b.Instrs {
			if showsCounts(i) {
				for k, a := range i.Args {
					root := r.f.Root(a)
					info := &r.f.Values[root]
					if info.Type.Rep != ir.RepObject || info.Type.Set&ir.Null != 0 {
						continue
					}
					if info.Def != nil && info.Def.Op.Row().New && !stored[root] {
						continue // the operand stack's own
					}
					hold := r.f.NewInstr(ir.OpNewRef, 0, nil, []ir.Type{info.Type}, a)
					b.Claim(hold)
					out = append(out, hold)
					i.Args[k] = hold.Result()
				}
			}
			out = append(out, i)
		}
		b.Instrs = out
	}
	r.mode = make([]refMode, len(r.f.Values))
	for _, b := range r.f.Blocks {
		for j, i := range b.Instrs {
			r.at[i] = place{b, j}
		}
	}
}

// showsCounts says whether i calls something that looks at the reference counts of operands that it borrows.
func showsCounts(i *ir.Instr) bool {
	t, ok := i.Aux.(*ir.CTarget)
	return ok && i.Op == ir.OpCallC && t.Name == "getrefcount"
}

// homes checks which block parameters really are the content of their home slot on every edge, and takes the home from
// the others. What a slot holds is followed forward, optimistically: a parameter is its slot's content until an edge passes
// something else.
func (r *refcounter) homes() {
	order := ir.ReversePostorder(r.f)
	content := make([][]ir.Value, r.f.NumBlockIDs()) // by block: the root each slot holds at its end, NoValue when unknown
	at := make([]ir.Value, r.f.Locals)
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			r.contentAtStart(b, content, at)
			for _, i := range b.Instrs {
				r.contentAfter(i, at)
			}
			end := append(make([]ir.Value, 0, len(at)), at...)
			if content[b.ID] == nil || !slices.Equal(content[b.ID], end) {
				content[b.ID] = end
				changed = true
			}
			for _, e := range b.Term().Edges {
				for k, a := range e.Args {
					info := &r.f.Values[e.To.Params[k]]
					if h := info.Home; h != ir.NoHome && info.Type.Rep == ir.RepObject && end[h] != r.f.Root(a) {
						info.Home = ir.NoHome
						changed = true
					}
				}
			}
		}
	}
}

// contentAtStart sets at to what the slots hold when b begins: what all predecessors seen so far agree on, and the
// parameters that have a home.
func (r *refcounter) contentAtStart(b *ir.Block, content [][]ir.Value, at []ir.Value) {
	clear(at)
	first := true
	for _, p := range b.Preds {
		end := content[p.ID]
		if end == nil {
			continue
		}
		for s := range at {
			if first {
				at[s] = end[s]
			} else if at[s] != end[s] {
				at[s] = ir.NoValue
			}
		}
		first = false
	}
	for _, p := range b.Params {
		if info := &r.f.Values[p]; info.Type.Rep == ir.RepObject && info.Home != ir.NoHome {
			at[info.Home] = p
		}
	}
}

// contentAfter follows one instruction.
func (r *refcounter) contentAfter(i *ir.Instr, at []ir.Value) {
	switch i.Op {
	case ir.OpLoadLocal:
		at[i.Imm] = i.Result()
	case ir.OpStoreLocal:
		at[i.Imm] = r.f.Root(i.Args[0])
	case ir.OpTakeLocal:
		at[i.Imm] = ir.NoValue
	default:
		if row := i.Op.Row(); i.State != nil && (row.Exit == ir.ExitFlush || row.Releases) {
			for slot, dirty := range i.State.Physical().Dirty {
				if dirty {
					at[slot] = ir.NoValue // the cold path may write it
				}
			}
		}
	}
}

// classify gives each root its first mode and a dense number.
func (r *refcounter) classify() {
	r.bits = make([]int32, len(r.f.Values))
	for v := range r.bits {
		r.bits[v] = -1
	}
	for v := 1; v < len(r.f.Values); v++ {
		info := &r.f.Values[v]
		val := ir.Value(v)
		if info.Type.Rep != ir.RepObject || r.f.Root(val) != val || info.Block == nil {
			continue
		}
		switch {
		case info.Def == nil:
			r.mode[v] = modeOwned
			if info.Home != ir.NoHome {
				r.mode[v] = modeSlot
			}
		case info.Def.Op.Row().Constant || info.Def.Op == ir.OpBoxBool:
			r.mode[v] = modeConst
			continue
		case info.Def.Op.Row().New:
			r.mode[v] = modeOwned
		case info.Home != ir.NoHome:
			r.mode[v] = modeSlot
		default:
			r.mode[v] = modeMemory
		}
		r.bits[v] = int32(len(r.roots))
		r.roots = append(r.roots, val)
	}
}

// number is the dense number of v's root, -1 when it is not counted.
func (r *refcounter) number(v ir.Value) int32 {
	if v == ir.NoValue {
		return -1
	}
	return r.bits[r.f.Root(v)]
}

func (r *refcounter) liveness() {
	n := len(r.roots)
	r.liveIn = make([]bitset, r.f.NumBlockIDs())
	r.liveOut = make([]bitset, r.f.NumBlockIDs())
	for _, b := range r.f.Blocks {
		r.liveIn[b.ID], r.liveOut[b.ID] = newBitset(n), newBitset(n)
	}
	order := ir.ReversePostorder(r.f)
	live := newBitset(n)
	for changed := true; changed; {
		changed = false
		for k := len(order) - 1; k >= 0; k-- {
			b := order[k]
			for _, e := range b.Term().Edges {
				changed = r.liveOut[b.ID].union(r.liveIn[e.To.ID]) || changed
			}
			live.copyFrom(r.liveOut[b.ID])
			for j := len(b.Instrs) - 1; j >= 0; j-- {
				r.step(b.Instrs[j], live, nil)
			}
			for _, p := range b.Params {
				if d := r.number(p); d >= 0 {
					live.clear(d)
				}
			}
			changed = r.liveIn[b.ID].union(live) || changed
		}
	}
}

// step moves a live set from after i to before it; atUse is told of each use that ends a life.
func (r *refcounter) step(i *ir.Instr, live bitset, atUse func(d int32)) {
	for _, v := range i.Results {
		if r.f.Root(v) == v {
			if d := r.number(v); d >= 0 {
				live.clear(d)
			}
		}
	}
	i.Uses(func(v *ir.Value) {
		if d := r.number(*v); d >= 0 && !live.has(d) {
			live.set(d)
			if atUse != nil {
				atUse(d)
			}
		}
	})
}

// slots finds the slot values that outlive their slot's content, and the stores that hand an owned value to a slot.
func (r *refcounter) slots() {
	r.moved = map[ir.Value]*ir.Instr{}
	perSlot := map[int32][]int32{} // dense numbers of values with that home
	for d, v := range r.roots {
		if r.mode[v] == modeSlot {
			perSlot[r.f.Values[v].Home] = append(perSlot[r.f.Values[v].Home], int32(d))
		}
	}
	// The first store of a value into a local in its own block may give the slot its reference. One that is borrowed from an
	// object is counted at its definition then instead of at the store.
	for _, b := range r.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op != ir.OpStoreLocal {
				continue
			}
			root := r.f.Root(i.Args[0])
			info := &r.f.Values[root]
			d := r.number(root)
			if d < 0 || info.Def == nil || info.Block != b || r.moved[root] != nil {
				continue
			}
			if r.mode[root] == modeMemory || r.mode[root] == modeOwned && info.Def.Op.Row().New {
				r.mode[root] = modeOwned
				r.moved[root] = i
				perSlot[int32(i.Imm)] = append(perSlot[int32(i.Imm)], d)
			}
		}
	}
	live := newBitset(len(r.roots))
	for _, b := range r.f.Blocks {
		live.copyFrom(r.liveOut[b.ID])
		for j := len(b.Instrs) - 1; j >= 0; j-- {
			i := b.Instrs[j]
			if i.Op == ir.OpTakeLocal {
				for _, d := range perSlot[int32(i.Imm)] {
					if live.has(d) {
						r.outlives(d)
					}
				}
			}
			if i.Op == ir.OpStoreLocal {
				root := r.f.Root(i.Args[0])
				for _, d := range perSlot[int32(i.Imm)] {
					if live.has(d) && (r.roots[d] != root || r.moved[root] != i) {
						r.outlives(d)
					}
				}
			}
			r.step(i, live, nil)
			if i.State != nil {
				for slot, dirty := range i.State.Physical().Dirty {
					if !dirty {
						continue
					}
					for _, d := range perSlot[int32(slot)] {
						if live.has(d) {
							r.outlives(d)
						}
					}
				}
			}
		}
	}
}

// outlives makes a value owned that its slot does not keep alive.
func (r *refcounter) outlives(d int32) {
	v := r.roots[d]
	delete(r.moved, v)
	r.mode[v] = modeOwned
}

// memory decides which values read from objects need a reference of their own. A value that becomes owned may die before
// what was read from it, so the decision is repeated until it stands; modes only go from memory to owned.
func (r *refcounter) memory() {
	live := newBitset(len(r.roots))
	for changed := true; changed; {
		changed = false
		own := func(d int32) {
			if v := r.roots[d]; r.mode[v] == modeMemory {
				r.mode[v] = modeOwned
				changed = true
			}
		}
		for _, b := range r.f.Blocks {
			live.copyFrom(r.liveOut[b.ID])
			live.each(own)      // lives across blocks
			var pending []int32 // memory values of b that are live at the point of the backward walk
			for j := len(b.Instrs) - 1; j >= 0; j-- {
				i := b.Instrs[j]
				var ended []int32
				r.step(i, live, func(d int32) { ended = append(ended, d) })
				for _, d := range ended {
					// A decrement behind i may run a finalizer.
					if v := r.roots[d]; r.mode[v] == modeOwned && !r.f.Type(v).Within(ir.Trivial) {
						for _, p := range pending {
							own(p)
						}
						break
					}
				}
				for _, d := range ended {
					if r.mode[r.roots[d]] == modeMemory {
						pending = append(pending, d)
					}
				}
				releases := r.mayRelease(i)
				kept := pending[:0]
				for _, d := range pending {
					switch {
					case r.mode[r.roots[d]] != modeMemory:
					case r.f.Values[r.roots[d]].Def == i:
						for _, a := range i.Args {
							if l := r.number(a); l >= 0 && r.mode[r.roots[l]] == modeOwned && !r.diesAfter(b, j, l, d) {
								own(d)
							}
						}
					case releases:
						own(d)
					default:
						kept = append(kept, d)
					}
				}
				pending = kept
			}
		}
	}
}

// diesAfter says whether value l is still used at or behind the last use of value d in block b, looking from instruction j.
func (r *refcounter) diesAfter(b *ir.Block, j int, l, d int32) bool {
	if r.liveOut[b.ID].has(l) {
		return true
	}
	lastL, lastD := j, j
	for k := j + 1; k < len(b.Instrs); k++ {
		b.Instrs[k].Uses(func(v *ir.Value) {
			switch r.number(*v) {
			case l:
				lastL = k
			case d:
				lastD = k
			}
		})
	}
	return lastL >= lastD
}

// mayRelease says whether i can make references go away while a borrowed value is live across it.
func (r *refcounter) mayRelease(i *ir.Instr) bool {
	row := i.Op.Row()
	if row.Python {
		return true
	}
	switch i.Op {
	case ir.OpStoreLocal, ir.OpStoreValue, ir.OpStoreMember, ir.OpStoreCell, ir.OpStoreListItem, ir.OpListAppend, ir.OpDecRef, ir.OpPopExc,
		ir.OpListIterTake, ir.OpTupleIterTake:
		return true
	}
	return false
}

// insert places the counting operations and fills the frame states.
func (r *refcounter) insert() {
	r.scratch = newBitset(len(r.roots))
	live := newBitset(len(r.roots))
	for _, b := range r.f.Blocks {
		live.copyFrom(r.liveOut[b.ID])
		var reversed []*ir.Instr
		for j := len(b.Instrs) - 1; j >= 0; j-- {
			reversed = r.instr(b, b.Instrs[j], live, reversed)
		}
		// What reaches the block and is not needed in it dies at its start; parameters included.
		var head []*ir.Instr
		for _, p := range b.Params {
			d := r.number(p)
			if d < 0 {
				continue
			}
			v := r.roots[d]
			switch {
			case r.mode[v] != modeOwned:
			case r.f.Values[v].Home != ir.NoHome:
				if live.has(d) {
					head = append(head, r.count(ir.OpIncRef, v, nil))
				}
			case !live.has(d):
				head = append(head, r.count(ir.OpDecRef, v, r.visible(r.nearState(b), live, []ir.Value{v})))
			}
			live.clear(d)
		}
		if len(b.Preds) > 0 {
			dying := newBitset(len(r.roots))
			dying.copyFrom(r.liveOut[b.Preds[0].ID])
			for k := range dying {
				dying[k] &^= r.liveIn[b.ID][k]
			}
			dying.each(func(d int32) {
				v := r.roots[d]
				if r.mode[v] == modeOwned && r.moved[v] == nil {
					head = append(head, r.count(ir.OpDecRef, v, r.visible(r.nearState(b), live, []ir.Value{v})))
				}
			})
		}
		out := make([]*ir.Instr, 0, len(head)+len(reversed))
		out = append(out, head...)
		for k := len(reversed) - 1; k >= 0; k-- {
			out = append(out, reversed[k])
		}
		b.Instrs = out
	}
}

// nearState is a frame state for a decrement at the start of b: finalizers that it runs see the locals as they are there.
func (r *refcounter) nearState(b *ir.Block) *ir.FrameState {
	for _, i := range b.Instrs {
		if i.State != nil {
			return r.within(i.State.Observers(), b)
		}
	}
	return r.within(r.near(b, b.Instrs[0]), b)
}

// near is the last state at or before i in b, or in the blocks that dominate it. Its dirty slots are those that are still
// stale at i: a finalizer's cold path must not write an old number over what was stored since. (A slot stored anywhere before
// in the block counts as current: states of boxes made for a flush still list what the flush wrote.)
func (r *refcounter) near(b *ir.Block, i *ir.Instr) *ir.FrameState {
	for here := true; b != nil; b, i, here = r.dom.Idom(b), nil, false {
		var found *ir.FrameState
		stored := map[int]bool{}
		for _, x := range b.Instrs {
			if x.State != nil {
				found = x.State
			}
			if x.Op == ir.OpStoreLocal {
				stored[int(x.Imm)] = true
			}
			if x == i {
				break
			}
		}
		if found == nil {
			continue
		}
		s := found.Observers()
		p := s.Physical()
		if !here {
			p.Dirty = nil
			return s
		}
		for slot := range stored {
			if p.Dirty[slot] {
				p.Dirty = maps.Clone(p.Dirty)
				delete(p.Dirty, slot)
			}
		}
		return s
	}
	return &ir.FrameState{BCI: r.f.EntryBCI}
}

// within drops the locals of a state that are not defined yet at the start of b.
func (r *refcounter) within(s *ir.FrameState, b *ir.Block) *ir.FrameState {
	for st := s; st != nil; st = st.Parent {
		st.Locals = append([]ir.Value(nil), st.Locals...)
		for slot, v := range st.Locals {
			if v == ir.NoValue {
				continue
			}
			info := &r.f.Values[v]
			if info.Block == b && info.Def != nil || !r.dom.Dominates(info.Block, b) {
				st.Locals[slot] = ir.NoValue
				if st.Dirty[slot] {
					st.Dirty = maps.Clone(st.Dirty)
					delete(st.Dirty, slot)
				}
			}
		}
	}
	return s
}

// visible drops the locals of elided frames that are not alive any more where a finalizer would see them: neither in the
// live set nor among those that are still to be released.
func (r *refcounter) visible(s *ir.FrameState, live bitset, dying []ir.Value) *ir.FrameState {
	for st := s; st != nil && st.Parent != nil; st = st.Parent {
		copied := false
		for slot, v := range st.Locals {
			if !st.Dirty[slot] {
				continue
			}
			root := r.f.Root(v)
			if d := r.number(v); d < 0 || r.mode[root] != modeOwned || live.has(d) || slices.Contains(dying, root) {
				continue
			}
			if !copied {
				st.Dirty, st.Locals, copied = maps.Clone(st.Dirty), append([]ir.Value(nil), st.Locals...), true
			}
			delete(st.Dirty, slot)
			st.Locals[slot] = ir.NoValue
		}
	}
	return s
}

func (r *refcounter) count(op ir.Op, v ir.Value, state *ir.FrameState) *ir.Instr {
	return r.f.NewInstr(op, 0, state, nil, v)
}

// owns says whether the machine frame owns root v when i begins, given that v is live there. A moved value is owned from
// its definition to the store.
func (r *refcounter) owns(v ir.Value, i *ir.Instr) bool {
	if r.mode[v] != modeOwned {
		return false
	}
	store := r.moved[v]
	return store == nil || r.at[i].block == r.at[store].block && r.at[i].index <= r.at[store].index
}

// consumption counts how often i takes over a reference of each root; constants count too.
func (r *refcounter) consumption(i *ir.Instr) map[ir.Value]int {
	consumed := map[ir.Value]int{}
	for k, a := range i.Args {
		if i.Op.ConsumesArg(k) && r.f.Type(a).Rep == ir.RepObject {
			consumed[r.f.Root(a)]++
		}
	}
	for _, e := range i.Edges {
		for k, a := range e.Args {
			if p := e.To.Params[k]; r.f.Type(p).Rep == ir.RepObject && r.f.Values[p].Home == ir.NoHome {
				consumed[r.f.Root(a)]++
			}
		}
	}
	return consumed
}

// instr handles one instruction in the backward walk: live is the set after it and becomes the set before it. The
// instruction and the counting around it are appended in reverse order.
func (r *refcounter) instr(b *ir.Block, i *ir.Instr, live bitset, out []*ir.Instr) []*ir.Instr {
	consumed := r.consumption(i)
	after := r.scratch
	after.copyFrom(live)
	isNew, term := i.Op.Row().New, i.Op.Row().Term
	raising := i.Op.Row().Exit == ir.ExitRaise

	// Increments of borrowed results right behind i, then decrements; increments before i; decrements before a terminator.
	var acquired, behind, increments, early []ir.Value
	for _, res := range i.Results {
		d := r.number(res)
		if d < 0 || r.f.Root(res) != res || r.mode[res] != modeOwned {
			continue
		}
		switch {
		case isNew && !after.has(d):
			behind = append(behind, res)
		case !isNew && after.has(d):
			acquired = append(acquired, res) // borrowed, but outlives its lender
		}
	}
	r.step(i, live, nil)

	inState := map[ir.Value]bool{}
	if raising && i.State != nil {
		i.State.Uses(func(v *ir.Value) { inState[r.f.Root(*v)] = true })
	}
	seen, given := map[ir.Value]bool{}, map[ir.Value]bool{}
	i.Uses(func(u *ir.Value) {
		v := r.f.Root(*u)
		d := r.number(v)
		if d < 0 || seen[v] {
			return
		}
		seen[v] = true
		n := consumed[v]
		switch {
		case !r.owns(v, i):
		case r.moved[v] == i:
			n-- // the store moves the reference; the slot owns it from here on
		case after.has(d):
		case n > 0 && !inState[v]:
			n-- // the last use gives our reference away
			given[v] = true
		case !term:
			behind = append(behind, v)
		case i.Op == ir.OpJump || i.Op == ir.OpBranch:
			early = append(early, v) // passed as the content of its slot, which owns it too
		}
		for ; n > 0; n-- {
			increments = append(increments, v)
		}
	})
	for v, n := range consumed {
		if d := r.f.Def(v); r.number(v) < 0 && d != nil && d.Op != ir.OpConstNull {
			for ; n > 0; n-- {
				increments = append(increments, v)
			}
		}
	}
	sortValues(behind)
	sortValues(increments)
	for k := len(behind) - 1; k >= 0; k-- {
		out = append(out, r.count(ir.OpDecRef, behind[k], r.visible(r.near(b, i), after, behind[k:])))
	}
	for _, v := range acquired {
		out = append(out, r.count(ir.OpIncRef, v, nil))
	}
	if len(increments) > 0 && i.Op.Row().Exit == ir.ExitDeopt {
		i.Imm, increments = 1, nil // counted by the machine code behind the exit
	}
	r.fillState(i, live, given)
	out = append(out, i)
	for _, v := range early {
		out = append(out, r.count(ir.OpDecRef, v, r.visible(r.near(b, i), live, nil)))
	}
	for _, v := range increments {
		out = append(out, r.count(ir.OpIncRef, v, nil))
	}
	return out
}

func sortValues(vs []ir.Value) { slices.Sort(vs) }

// fillState gives i its own frame state with what the exit owns. An exit before the instruction's effect still has
// everything; one that raises has lost what was given to the instruction.
func (r *refcounter) fillState(i *ir.Instr, before bitset, given map[ir.Value]bool) {
	kind := i.Op.Row().Exit
	if i.State == nil || kind == ir.ExitNone {
		return
	}
	s := i.State.Clone()
	i.State = s
	if kind == ir.ExitFlush {
		return
	}
	owned := map[ir.Value]int{}
	var order []ir.Value
	before.each(func(d int32) {
		v := r.roots[d]
		if !r.owns(v, i) {
			return
		}
		if kind == ir.ExitRaise && given[v] {
			return
		}
		owned[v]++
		order = append(order, v)
	})
	for st := s; st != nil; st = st.Parent {
		st.Owned = make([]bool, len(st.Stack))
		for k, v := range st.Stack {
			if root := r.f.Root(v); v != ir.NoValue && owned[root] > 0 {
				st.Owned[k] = true
				owned[root]--
			}
		}
		if st.Parent != nil {
			st.Parent = st.Parent.Clone()
		}
	}
	s.Release = s.Release[:0]
	for _, v := range order {
		if owned[v] > 0 {
			owned[v]--
			s.Release = append(s.Release, v)
		}
	}
}
