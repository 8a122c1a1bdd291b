package ir

// InsertBefore places new instructions in front of at, which is in b.
func InsertBefore(b *Block, at *Instr, news ...*Instr) { b.insert(b.indexOf(at), news) }

// InsertAfter places new instructions behind at, which is in b.
func InsertAfter(b *Block, at *Instr, news ...*Instr) { b.insert(b.indexOf(at)+1, news) }

// InsertFront places new instructions at the beginning of b.
func InsertFront(b *Block, news ...*Instr) { b.insert(0, news) }

// InsertAtEnd places new instructions in front of b's terminator.
func InsertAtEnd(b *Block, news ...*Instr) { b.insert(len(b.Instrs)-1, news) }

// RemoveInstr takes i out of b. Whoever removes an instruction has replaced the uses of its results.
func RemoveInstr(b *Block, i *Instr) {
	k := b.indexOf(i)
	b.Instrs = append(b.Instrs[:k], b.Instrs[k+1:]...)
}

func (b *Block) indexOf(i *Instr) int {
	for k, x := range b.Instrs {
		if x == i {
			return k
		}
	}
	panic("BUG: the instruction is not in this block")
}

func (b *Block) insert(at int, news []*Instr) {
	n := len(news)
	if n == 0 {
		return
	}
	b.Instrs = append(b.Instrs, news...)
	copy(b.Instrs[at+n:], b.Instrs[at:len(b.Instrs)-n])
	copy(b.Instrs[at:], news)
	for _, i := range news {
		b.Claim(i)
	}
}

// Claim records b as the block that defines i's results, for passes that build instruction lists themselves.
func (b *Block) Claim(i *Instr) {
	for _, r := range i.Results {
		b.fn.Values[r].Block = b
	}
}

// Substitution maps values to the values that replace them: by Value, NoValue where it stays.
type Substitution []Value

// NewSubstitution makes an empty one for the values that f has now.
func NewSubstitution(f *Func) Substitution { return make(Substitution, len(f.Values)) }

// Resolve follows the replacements to the end, shortening the path.
func (s Substitution) Resolve(v Value) Value {
	last := v
	for int(last) < len(s) && s[last] != NoValue {
		last = s[last]
	}
	for v != last {
		v, s[v] = s[v], last
	}
	return last
}

// Replace makes uses of old uses of by. A value cannot replace itself, not even by way of others.
func (s Substitution) Replace(old, by Value) {
	by = s.Resolve(by)
	if by == old {
		panic("BUG: a value would replace itself")
	}
	s[old] = by
}

// Apply rewrites the operands, edge arguments and frame states of one instruction, weak references included. States that
// instructions share may be rewritten any number of times.
func (s Substitution) Apply(i *Instr) {
	s.all(i.Args)
	for _, e := range i.Edges {
		s.all(e.Args)
	}
	i.EachState(func(st *FrameState) {
		for ; st != nil; st = st.Parent {
			s.all(st.Locals)
			s.all(st.Stack)
			s.all(st.Release)
		}
	})
}

func (s Substitution) all(vs []Value) {
	for k, v := range vs {
		if int(v) < len(s) && s[v] != NoValue {
			vs[k] = s.Resolve(v)
		}
	}
}

// ReplaceUses applies the substitution to the whole function.
func (f *Func) ReplaceUses(s Substitution) {
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			s.Apply(i)
		}
	}
}

// RemoveParams drops the parameters of b that drop names, and their arguments on all edges into b. The predecessor lists
// must be current.
func RemoveParams(b *Block, drop func(Value) bool) {
	keep := make([]bool, len(b.Params))
	params := b.Params[:0]
	for k, p := range b.Params {
		if keep[k] = !drop(p); keep[k] {
			b.fn.Values[p].Param = len(params)
			params = append(params, p)
		}
	}
	if len(params) == len(keep) {
		return
	}
	b.Params = params
	for k, p := range b.Preds {
		if seenBefore(b.Preds[:k], p) {
			continue // both edges of a branch were done at once
		}
		edges := p.Term().Edges
		for e := range edges {
			if edges[e].To != b {
				continue
			}
			args := make([]Value, 0, len(params))
			for n, a := range edges[e].Args {
				if keep[n] {
					args = append(args, a)
				}
			}
			edges[e].Args = args
		}
	}
}

// seenBefore looks at the predecessors next to the end only: the two edges of one branch are neighbours in the lists.
func seenBefore(list []*Block, b *Block) bool { return len(list) > 0 && list[len(list)-1] == b }

// SplitEdge puts a new block on an edge of from and returns it. The predecessor lists stay current.
func SplitEdge(f *Func, from *Block, edge int) *Block {
	e := &from.Term().Edges[edge]
	to := e.To
	mid := f.NewBlock(-1)
	mid.Cold = from.Cold || to.Cold
	mid.Preds = []*Block{from}
	jump := f.NewInstr(OpJump, 0, nil, nil)
	jump.Edges = []Edge{{To: to, Args: e.Args}}
	f.Append(mid, jump)
	e.To, e.Args = mid, nil
	for k, p := range to.Preds {
		if p == from {
			to.Preds[k] = mid
			break
		}
	}
	return mid
}

// SplitCriticalEdges splits each edge from a block with several successors to one with several predecessors and returns
// how many there were. It computes the predecessor lists.
func SplitCriticalEdges(f *Func) int {
	f.ComputePreds()
	n := 0
	for _, b := range f.Blocks[:len(f.Blocks):len(f.Blocks)] {
		edges := b.Term().Edges
		if len(edges) < 2 {
			continue
		}
		for e := range edges {
			if len(edges[e].To.Preds) > 1 {
				SplitEdge(f, b, e)
				n++
			}
		}
	}
	f.ComputePreds()
	return n
}

// RemoveUnreachable drops the blocks that the entry does not reach, recomputes the predecessor lists and says whether
// anything went. Weak references to values of dropped blocks cannot exist, since those dominate no reachable block.
func RemoveUnreachable(f *Func) bool {
	seen := make([]bool, f.NumBlockIDs())
	for _, b := range ReversePostorder(f) {
		seen[b.ID] = true
	}
	kept := f.Blocks[:0]
	for _, b := range f.Blocks {
		if seen[b.ID] {
			kept = append(kept, b)
		}
	}
	removed := len(kept) < len(f.Blocks)
	f.Blocks = kept
	f.ComputePreds()
	return removed
}

// MarkCold marks the blocks out of which there is no way but an exit or another cold block, and those that only cold
// blocks reach. The entry is never cold.
func MarkCold(f *Func) {
	order := ReversePostorder(f)
	for k := len(order) - 1; k > 0; k-- {
		b := order[k]
		t := b.Term()
		cold := t.Op == OpExit
		if len(t.Edges) > 0 {
			cold = true
			for _, e := range t.Edges {
				cold = cold && e.To.Cold
			}
		}
		b.Cold = b.Cold || cold
	}
	for _, b := range order[1:] {
		cold := true
		for _, p := range b.Preds {
			cold = cold && p.Cold
		}
		b.Cold = b.Cold || cold
	}
	order[0].Cold = false
}

// Layout puts the reachable blocks into the order of emission: reverse postorder in which the blocks of a loop are
// contiguous, with the cold blocks last. It drops unreachable blocks and computes the predecessor lists.
func Layout(f *Func) {
	RemoveUnreachable(f)
	MarkCold(f)
	dom := Dominators(f)
	forest := FindLoops(f, dom)
	// The items directly inside each loop (nil: the function): blocks and, at the place of their header, nested loops.
	items := map[*Loop][]*Block{}
	for _, b := range dom.Order {
		l := forest.Of(b)
		items[l] = append(items[l], b)
		if l != nil && l.Header == b {
			items[l.Parent] = append(items[l.Parent], b)
		}
	}
	var hot, cold []*Block
	var emit func(l *Loop)
	emit = func(l *Loop) {
		for _, b := range items[l] {
			switch in := forest.Of(b); {
			case in != l:
				emit(in)
			case b.Cold:
				cold = append(cold, b)
			default:
				hot = append(hot, b)
			}
		}
	}
	emit(nil)
	f.Blocks = append(hot, cold...)
	f.ComputePreds()
}
