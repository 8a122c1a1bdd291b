package passes

import (
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
	r := &refcounter{f: f, mode: make([]refMode, len(f.Values)), dom: ir.Dominators(f)}
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
	bits    []int32    // dense number of a counted root, -1 for others
	roots   []ir.Value // by dense number
	liveIn  []bitset   // by block id
	liveOut []bitset   // by block id
	moved   []move     // the store that hands the value to a slot, by root
	dom     *ir.DomTree
	scratch bitset

	block   *ir.Block // the instruction being counted: where it is, and its index before the pass
	index   int
	tallies []tally // by root
	turn    uint32  // number of the instruction being counted
}

// move is a store that gives a slot the reference of a value which its own block defines.
type move struct {
	store *ir.Instr // nil when there is none
	index int       // in the block, before the pass
}

// tally is what the instruction being counted does with a root.
type tally struct {
	turn     uint32 // of the instruction
	consumed int32  // how many references it takes over
	inState  bool   // an exit's frame state needs it
	seen     bool
	given    bool // its last reference is taken over
	owned    bool // the machine frame owns it at the exit, and the frame state does not have that yet
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
					info, t := &r.f.Values[root], r.f.Type(a) // which a guard may have refined
					if t.Rep != ir.RepObject || t.Set&ir.Null != 0 {
						continue
					}
					if info.Def != nil && info.Def.Op.Row().New && !stored[root] {
						continue // the operand stack's own
					}
					hold := r.f.NewInstr(ir.OpNewRef, 0, nil, []ir.Type{t}, a)
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
	r.moved = make([]move, len(r.f.Values))
	perSlot := map[int32][]int32{} // dense numbers of values with that home
	for d, v := range r.roots {
		if r.mode[v] == modeSlot {
			perSlot[r.f.Values[v].Home] = append(perSlot[r.f.Values[v].Home], int32(d))
		}
	}
	// The first store of a value into a local in its own block may give the slot its reference. One that is borrowed from an
	// object is counted at its definition then instead of at the store.
	for _, b := range r.f.Blocks {
		for j, i := range b.Instrs {
			if i.Op != ir.OpStoreLocal {
				continue
			}
			root := r.f.Root(i.Args[0])
			info := &r.f.Values[root]
			d := r.number(root)
			if d < 0 || info.Def == nil || info.Block != b || r.moved[root].store != nil {
				continue
			}
			if r.mode[root] == modeMemory || r.mode[root] == modeOwned && info.Def.Op.Row().New {
				r.mode[root] = modeOwned
				r.moved[root] = move{i, j}
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
					if live.has(d) && (r.roots[d] != root || r.moved[root].store != i) {
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
	r.moved[v] = move{}
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
