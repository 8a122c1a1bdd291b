package ir

// Loop is a natural loop: the blocks that can reach one of its back edges without passing its header.
type Loop struct {
	Header    *Block
	Blocks    []*Block // header first, reverse postorder, nested loops included
	Parent    *Loop    // the loop around it, or nil
	Depth     int      // 1 for outermost loops
	Preheader *Block   // the only block outside that enters it, if that block goes nowhere else; or nil
}

// LoopForest is all natural loops of a function.
type LoopForest struct {
	Loops []*Loop // a loop comes before the loops nested in it
	inner []*Loop // by BlockID: the innermost loop
	dom   *DomTree
}

// FindLoops finds the loops from the dominator tree: a back edge is one whose target dominates its source. Cycles that are
// entered at two places (irreducible ones) are no loops; whoever needs to know of them looks for retreating edges.
func FindLoops(f *Func, dom *DomTree) *LoopForest {
	forest := &LoopForest{inner: make([]*Loop, f.NumBlockIDs()), dom: dom}
	// Inner headers come later in reverse postorder, so going backwards finds a loop after those nested in it; a walk that
	// meets a loop found before continues at its header, which keeps the whole linear.
	var found []*Loop
	var work []*Block
	for k := len(dom.Order) - 1; k >= 0; k-- {
		h := dom.Order[k]
		work = work[:0]
		for _, p := range h.Preds {
			if dom.Reachable(p) && dom.Dominates(h, p) {
				work = append(work, p)
			}
		}
		if len(work) == 0 {
			continue
		}
		l := &Loop{Header: h}
		found = append(found, l)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			in := forest.inner[b.ID]
			if in == nil {
				forest.inner[b.ID] = l
				if b != h {
					work = appendReachable(work, b.Preds, dom)
				}
				continue
			}
			for in.Parent != nil {
				in = in.Parent
			}
			if in == l {
				continue
			}
			in.Parent = l
			work = appendReachable(work, in.Header.Preds, dom)
		}
		if forest.inner[h.ID] == nil {
			forest.inner[h.ID] = l
		}
	}
	for k := len(found) - 1; k >= 0; k-- {
		l := found[k]
		l.Depth = 1
		if l.Parent != nil {
			l.Depth = l.Parent.Depth + 1
		}
		forest.Loops = append(forest.Loops, l)
	}
	for _, b := range dom.Order {
		for l := forest.inner[b.ID]; l != nil; l = l.Parent {
			l.Blocks = append(l.Blocks, b)
		}
	}
	for _, l := range forest.Loops {
		l.Preheader = forest.preheader(l)
	}
	return forest
}

func appendReachable(work, preds []*Block, dom *DomTree) []*Block {
	for _, p := range preds {
		if dom.Reachable(p) {
			work = append(work, p)
		}
	}
	return work
}

func (forest *LoopForest) preheader(l *Loop) *Block {
	var pre *Block
	for _, p := range l.Header.Preds {
		if forest.dom.Reachable(p) && !forest.Contains(l, p) {
			if pre != nil {
				return nil
			}
			pre = p
		}
	}
	if pre == nil || len(pre.Term().Edges) != 1 {
		return nil
	}
	return pre
}

// Of is the innermost loop of b, or nil. Blocks made after the analysis are in none.
func (forest *LoopForest) Of(b *Block) *Loop {
	if int(b.ID) >= len(forest.inner) {
		return nil
	}
	return forest.inner[b.ID]
}

// Contains says whether b belongs to l or to a loop nested in it.
func (forest *LoopForest) Contains(l *Loop, b *Block) bool {
	for in := forest.Of(b); in != nil; in = in.Parent {
		if in == l {
			return true
		}
	}
	return false
}

// IsBackEdge says whether an edge between these blocks closes a loop.
func (forest *LoopForest) IsBackEdge(from, to *Block) bool { return forest.dom.Dominates(to, from) }
