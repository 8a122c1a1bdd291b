package ir

// DomTree is the dominator tree of the reachable blocks.
//
// It is computed with the iteration of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm", 2001) over the
// reverse postorder: linear in practice, since Python's control flow is reducible and shallow.
type DomTree struct {
	Order    []*Block // reverse postorder
	index    []int32  // by BlockID: position in Order, -1 when unreachable
	idom     []int32  // by position: position of the immediate dominator; the entry's is its own
	children [][]*Block
	pre      []int32 // by position: preorder number and the last preorder number of the subtree
	last     []int32
}

// Dominators computes the tree. The predecessor lists must be current.
func Dominators(f *Func) *DomTree {
	t := &DomTree{Order: ReversePostorder(f), index: make([]int32, f.NumBlockIDs())}
	for k := range t.index {
		t.index[k] = -1
	}
	n := len(t.Order)
	t.idom = make([]int32, n)
	for k, b := range t.Order {
		t.index[b.ID] = int32(k)
		t.idom[k] = -1
	}
	t.idom[0] = 0
	for changed := true; changed; {
		changed = false
		for k := 1; k < n; k++ {
			best := int32(-1)
			for _, p := range t.Order[k].Preds {
				q := t.index[p.ID]
				if q < 0 || t.idom[q] < 0 {
					continue
				}
				if best < 0 {
					best = q
				} else {
					best = t.meet(best, q)
				}
			}
			if t.idom[k] != best {
				t.idom[k] = best
				changed = true
			}
		}
	}
	t.number()
	return t
}

// meet is the nearest common dominator of two positions.
func (t *DomTree) meet(a, b int32) int32 {
	for a != b {
		for a > b {
			a = t.idom[a]
		}
		for b > a {
			b = t.idom[b]
		}
	}
	return a
}

// number builds the child lists, in reverse postorder, and the preorder numbers that make Dominates a comparison.
func (t *DomTree) number() {
	n := len(t.Order)
	t.children = make([][]*Block, n)
	t.pre, t.last = make([]int32, n), make([]int32, n)
	for k := 1; k < n; k++ {
		t.children[t.idom[k]] = append(t.children[t.idom[k]], t.Order[k])
	}
	counter := int32(0)
	t.Walk(func(b *Block) {
		t.pre[t.index[b.ID]] = counter
		counter++
	}, func(b *Block) {
		t.last[t.index[b.ID]] = counter - 1
	})
}

// Walk visits the tree in preorder without recursion; a block's children come in reverse postorder, so all forward
// predecessors of a block are visited before it. leave may be nil.
func (t *DomTree) Walk(enter, leave func(*Block)) {
	type visit struct {
		b    *Block
		next int
	}
	stack := []visit{{b: t.Order[0]}}
	enter(t.Order[0])
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if kids := t.children[t.index[top.b.ID]]; top.next < len(kids) {
			kid := kids[top.next]
			top.next++
			enter(kid)
			stack = append(stack, visit{b: kid})
			continue
		}
		if leave != nil {
			leave(top.b)
		}
		stack = stack[:len(stack)-1]
	}
}

// Reachable says whether b can be reached from the entry.
func (t *DomTree) Reachable(b *Block) bool { return int(b.ID) < len(t.index) && t.index[b.ID] >= 0 }

// Position is b's place in Order, -1 when it is unreachable.
func (t *DomTree) Position(b *Block) int { return int(t.index[b.ID]) }

// Idom is the immediate dominator of b, nil for the entry and for unreachable blocks.
func (t *DomTree) Idom(b *Block) *Block {
	k := t.index[b.ID]
	if k <= 0 {
		return nil
	}
	return t.Order[t.idom[k]]
}

// Children are the blocks that b immediately dominates, in reverse postorder.
func (t *DomTree) Children(b *Block) []*Block { return t.children[t.index[b.ID]] }

// Dominates says whether every path from the entry to b runs through a; a block dominates itself. Unreachable blocks are
// dominated by none but themselves.
func (t *DomTree) Dominates(a, b *Block) bool {
	i, j := t.index[a.ID], t.index[b.ID]
	if i < 0 || j < 0 {
		return a == b
	}
	return t.pre[i] <= t.pre[j] && t.pre[j] <= t.last[i]
}
