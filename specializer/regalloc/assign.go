package regalloc

// maxEvictions is how often a bundle may be thrown out before it is split the next time it finds no free register.
const maxEvictions = 12

// costSave is what it costs to be the first user of a callee-saved register: a push and a pop on every call. In particular,
// cold code alone never makes the hot path save a register.
const costSave = costStore + costLoad

// assignAll takes bundles from the queue until every one has a register or is in memory.
func (a *allocator) assignAll() error {
	a.busy = make([]intervalMap, maxPRegs)
	for r, list := range a.fixed {
		if len(list) == 0 || !(a.allocatable[0] | a.allocatable[1]).Has(PReg(r)) {
			continue
		}
		for _, s := range list {
			a.busy[r].insert(interval{from: s.from, to: s.to, owner: reserved})
		}
	}
	for i := range a.bundles {
		if a.bundles[i].state == waiting {
			a.enqueue(int32(i))
		}
	}
	for len(a.queue) > 0 {
		bi := a.queue.pop()
		if a.bundles[bi].state != waiting {
			continue
		}
		if !a.place(bi) {
			return &LimitError{int(a.bundles[bi].segs[0].from / 4), "more registers needed at once than there are"}
		}
	}
	return nil
}

func (a *allocator) enqueue(bi int32) {
	b := &a.bundles[bi]
	b.state = waiting
	length := b.length
	if a.opt.ShuffleSeed != 0 {
		length = uint32(a.random()) & 0xffff
	}
	a.queue.push(uint64(length)<<32 | uint64(^uint32(bi)))
}

// place finds a location for one bundle, or splits it. It returns false when that is impossible.
func (a *allocator) place(bi int32) bool {
	b := &a.bundles[bi]
	if !b.needReg && (b.weight == 0 || a.onlyRemat(b)) {
		b.state = inMemory
		return true
	}
	excluded := a.clobbersOver(b.segs)
	if !b.minimal && b.weight*float32(b.length+weightBias) < costSave {
		excluded |= a.env.CalleeSaved &^ a.usedRegs
	}
	best, bestCost := noReg, b.weight
	if b.evicted >= maxEvictions && !b.minimal {
		bestCost = 0
	}
	for _, r := range a.registerOrder(b) {
		if excluded.Has(r) {
			continue
		}
		cost := a.probe(r, b, bestCost)
		if cost == 0 {
			a.assign(bi, r)
			return true
		}
		if cost < bestCost {
			best, bestCost = r, cost
		}
	}
	switch {
	case best != noReg:
		a.evict(best, b)
		a.assign(bi, best)
	case !b.needReg:
		b.state = inMemory
	case b.minimal:
		return false
	default:
		a.split(bi)
	}
	return true
}

// onlyRemat reports whether every value of the bundle can be recomputed where it is wanted.
func (a *allocator) onlyRemat(b *bundle) bool {
	for i := range b.segs {
		if !a.vregs[b.segs[i].v].remat {
			return false
		}
	}
	return true
}

// registerOrder returns the registers of b's class in the order in which to try them: hinted ones, then the preferred order of
// the environment with unused callee-saved registers moved to the end.
func (a *allocator) registerOrder(b *bundle) []PReg {
	regs := a.env.Regs[b.class]
	var hints [4]PReg
	var scores [4]float32
	n := 0
	hint := func(r PReg, score float32) {
		if !a.allocatable[b.class].Has(r) {
			return
		}
		for k := range n {
			if hints[k] == r {
				scores[k] += score
				return
			}
		}
		if n < len(hints) {
			hints[n], scores[n] = r, score
			n++
		}
	}
	w := &a.webs[b.web]
	if w.lastReg != noReg {
		hint(w.lastReg, 1)
	}
	for i := range w.related {
		if other := a.webs[w.related[i].to].lastReg; other != noReg {
			hint(other, w.related[i].weight)
		}
	}
	for i := range b.uses {
		if u := &b.uses[i]; u.kind == useFixed {
			hint(u.reg, u.cost)
		}
	}
	order := a.scratch.order[:0]
	var taken RegSet
	for range n {
		best := -1
		for k := range n {
			if !taken.Has(hints[k]) && (best < 0 || scores[k] > scores[best]) {
				best = k
			}
		}
		order = append(order, hints[best])
		taken = taken.Add(hints[best])
	}
	late := a.env.CalleeSaved &^ a.usedRegs
	for _, r := range regs {
		if !taken.Has(r) && !late.Has(r) {
			order = append(order, r)
		}
	}
	for _, r := range regs {
		if !taken.Has(r) && late.Has(r) {
			order = append(order, r)
		}
	}
	if a.opt.ShuffleSeed != 0 {
		for i := len(order) - 1; i > 0; i-- {
			j := int(a.random() % uint64(i+1))
			order[i], order[j] = order[j], order[i]
		}
	}
	a.scratch.order = order
	return order
}

// probe returns 0 when r is free for b, otherwise the weight of the heaviest bundle in the way. It gives up when that reaches
// limit.
func (a *allocator) probe(r PReg, b *bundle, limit float32) float32 {
	m := &a.busy[r]
	if len(m.chunks) == 0 {
		return 0
	}
	cost := float32(0)
	for i := range b.segs {
		s := &b.segs[i]
		for c := m.seek(s.from); ; c = m.next(c) {
			iv := m.at(c)
			if iv == nil || iv.from >= s.to {
				break
			}
			cost = max(cost, a.weightOf(r, iv, s.v))
			if cost > 0 && cost >= limit {
				return cost
			}
		}
	}
	return cost
}

// weightOf returns what it would cost to throw out the owner of an interval in the way of value v. It is never 0 unless
// the interval is a reservation of r for v itself.
func (a *allocator) weightOf(r PReg, iv *interval, v VReg) float32 {
	if iv.owner != reserved {
		return max(a.bundles[iv.owner].weight, 1e-30)
	}
	list := a.fixed[r]
	if list[segmentAt(list, iv.from)].v == v {
		return 0
	}
	return infinite
}

// assign gives r to a bundle nothing is in the way of.
func (a *allocator) assign(bi int32, r PReg) {
	b := &a.bundles[bi]
	m := &a.busy[r]
	own := len(a.fixed[r]) > 0
	for i := range b.segs {
		s := b.segs[i]
		if own {
			a.insertAround(m, s, bi)
			continue
		}
		m.insert(interval{from: s.from, to: s.to, owner: bi})
	}
	b.state, b.reg = assigned, r
	a.webs[b.web].lastReg = r
	a.usedRegs = a.usedRegs.Add(r)
}

// insertAround inserts a segment in pieces, leaving out the value's own reservations.
func (a *allocator) insertAround(m *intervalMap, s segment, owner int32) {
	for s.from < s.to {
		iv := m.at(m.seek(s.from))
		if iv == nil || iv.from >= s.to {
			m.insert(interval{from: s.from, to: s.to, owner: owner})
			return
		}
		from, to := iv.from, iv.to
		if s.from < from {
			m.insert(interval{from: s.from, to: from, owner: owner})
		}
		s.from = to
	}
}

// evict sends the bundles in the way of b in register r back to the queue.
func (a *allocator) evict(r PReg, b *bundle) {
	m := &a.busy[r]
	a.conflicts = a.conflicts[:0]
	for i := range b.segs {
		s := &b.segs[i]
		for c := m.seek(s.from); ; c = m.next(c) {
			iv := m.at(c)
			if iv == nil || iv.from >= s.to {
				break
			}
			if iv.owner != reserved && !a.bundles[iv.owner].marked {
				a.bundles[iv.owner].marked = true
				a.conflicts = append(a.conflicts, iv.owner)
			}
		}
	}
	for _, bi := range a.conflicts {
		a.bundles[bi].marked = false
		a.release(bi)
		a.bundles[bi].evicted = min(a.bundles[bi].evicted+1, maxEvictions)
		a.stats.Evictions++
		a.enqueue(bi)
	}
}

// release takes the register from a bundle.
func (a *allocator) release(bi int32) {
	b := &a.bundles[bi]
	m := &a.busy[b.reg]
	for i := range b.segs {
		s := &b.segs[i]
		for p := s.from; ; {
			iv := m.at(m.seek(p))
			if iv == nil || iv.from >= s.to {
				break
			}
			from, to := iv.from, iv.to
			if iv.owner == bi {
				m.remove(from)
			}
			p = to
		}
	}
	b.state = waiting
}

// bundleQueue is a binary max-heap of priority<<32 | ^bundle.
type bundleQueue []uint64

func (q *bundleQueue) push(x uint64) {
	h := append(*q, x)
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent] >= h[i] {
			break
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
	*q = h
}

func (q *bundleQueue) pop() int32 {
	h := *q
	top := h[0]
	n := len(h) - 1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && h[child+1] > h[child] {
			child++
		}
		if h[i] >= h[child] {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	*q = h
	return int32(^uint32(top))
}
