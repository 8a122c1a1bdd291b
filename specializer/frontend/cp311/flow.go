package cp311

import "sort"

// block is a basic block of the bytecode.
type block struct {
	first, last int   // range of instructions [first, last)
	succs       []int // block numbers: the fall-through first, then the jump target
	head        bool  // target of a backward edge
	inner       int   // number of the innermost loop whose body it is in, -1 outside of loops
}

// loop is a natural loop of the bytecode that contains no other one.
type loop struct {
	head int
	body map[int]bool
	size int // instructions
}

// flow is the control flow graph of the instructions reachable from the entry.
type flow struct {
	instrs []Instr
	blocks []block
	at     map[int32]int // block number by the Start of its first instruction
	rpo    []int         // reachable blocks from the entry, reverse postorder
	loops  []loop        // innermost loops only
	region []int         // by block: the number of the entry whose region it is in
}

// newFlow builds the graph of what is reached from the entries.
func newFlow(instrs []Instr, entries ...int32) *flow {
	index := make(map[int32]int, len(instrs))
	for k := range instrs {
		index[instrs[k].Start] = k
	}
	leaders := map[int]bool{0: true}
	for _, entry := range entries {
		leaders[index[entry]] = true
	}
	for k := range instrs {
		if t := instrs[k].target(); t >= 0 {
			leaders[index[t]] = true
		}
		if jumps[instrs[k].Op] != fallsThrough && k+1 < len(instrs) {
			leaders[k+1] = true
		}
	}
	starts := make([]int, 0, len(leaders))
	for k := range leaders {
		starts = append(starts, k)
	}
	sort.Ints(starts)
	f := &flow{instrs: instrs, at: make(map[int32]int, len(starts))}
	for n, first := range starts {
		last := len(instrs)
		if n+1 < len(starts) {
			last = starts[n+1]
		}
		f.at[instrs[first].Start] = n
		f.blocks = append(f.blocks, block{first: first, last: last, inner: -1})
	}
	for n := range f.blocks {
		b := &f.blocks[n]
		end := &instrs[b.last-1]
		if end.falls() && n+1 < len(f.blocks) {
			b.succs = append(b.succs, n+1)
		}
		if t := end.target(); t >= 0 {
			b.succs = append(b.succs, f.at[t])
		}
	}
	f.order(entries)
	f.findLoops()
	return f
}

// order computes the reverse postorder from the entries without recursion. A block is in the region of the first entry that
// reaches it; so edges between regions lead to earlier entries' only.
func (f *flow) order(entries []int32) {
	type visit struct{ block, next int }
	f.region = make([]int, len(f.blocks))
	seen := make([]bool, len(f.blocks))
	var post []int
	for region, at := range entries {
		stack := []visit{}
		enter := func(b int) {
			if !seen[b] {
				seen[b], f.region[b] = true, region
				stack = append(stack, visit{b, 0})
			}
		}
		enter(f.at[at])
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next < len(f.blocks[top.block].succs) {
				top.next++
				enter(f.blocks[top.block].succs[top.next-1])
				continue
			}
			post = append(post, top.block)
			stack = stack[:len(stack)-1]
		}
	}
	for k := len(post) - 1; k >= 0; k-- {
		f.rpo = append(f.rpo, post[k])
	}
}

// findLoops marks loop heads and collects the bodies of innermost loops. An edge to a block that is not later in the
// reverse postorder closes a loop; bytecode loops are reducible from any of their heads, looked at in one region.
func (f *flow) findLoops() {
	pos := make([]int, len(f.blocks))
	preds := make([][]int, len(f.blocks))
	for k, n := range f.rpo {
		pos[n] = k
	}
	latches := map[int][]int{}
	var heads []int
	for _, n := range f.rpo {
		for _, s := range f.blocks[n].succs {
			if f.region[s] == f.region[n] {
				preds[s] = append(preds[s], n)
			}
			if pos[s] <= pos[n] {
				if len(latches[s]) == 0 {
					heads = append(heads, s)
				}
				latches[s] = append(latches[s], n)
				f.blocks[s].head = true
			}
		}
	}
	for _, h := range heads {
		l := loop{head: h, body: map[int]bool{h: true}}
		work := append([]int(nil), latches[h]...)
		for len(work) > 0 {
			n := work[len(work)-1]
			work = work[:len(work)-1]
			if l.body[n] {
				continue
			}
			l.body[n] = true
			work = append(work, preds[n]...)
		}
		inner := true
		for n := range l.body {
			if n != h && f.blocks[n].head {
				inner = false
			}
			l.size += f.blocks[n].last - f.blocks[n].first
		}
		if inner {
			for n := range l.body {
				f.blocks[n].inner = len(f.loops)
			}
			f.loops = append(f.loops, l)
		}
	}
}
