package ir

// ReversePostorder lists the blocks reachable from the entry so that a block comes before its successors, back edges
// apart.
func ReversePostorder(f *Func) []*Block {
	type visit struct {
		b    *Block
		next int
	}
	seen := make([]bool, f.NumBlockIDs())
	order := make([]*Block, 0, len(f.Blocks))
	stack := []visit{{b: f.Entry()}}
	seen[f.Entry().ID] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		edges := top.b.Term().Edges
		if top.next < len(edges) {
			// The last edge first: so the first successor of a branch comes directly behind it in the result.
			s := edges[len(edges)-1-top.next].To
			top.next++
			if !seen[s.ID] {
				seen[s.ID] = true
				stack = append(stack, visit{b: s})
			}
			continue
		}
		order = append(order, top.b)
		stack = stack[:len(stack)-1]
	}
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}
