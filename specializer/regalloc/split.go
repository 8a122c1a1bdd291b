package regalloc

// maxTries bounds how often a bundle and its pieces are split at chosen places before the rest is split to one piece a use.
const maxTries = 16

// window is a stretch of a bundle that shall become a bundle of its own. What lies outside of all windows goes to memory.
type window struct{ from, to uint32 }

// splitScratch holds buffers that are reused by every split.
type splitScratch struct {
	order   []PReg
	windows []window
	memory  []segment
	arena   []segment
}

// split replaces a bundle that found no register by smaller ones. The kinds of split are tried from the one that costs
// least at run time to the one that always works.
func (a *allocator) split(bi int32) {
	a.stats.Splits++
	b := &a.bundles[bi]
	ws := a.scratch.windows[:0]
	if b.tries < maxTries && (a.opt.ShuffleSeed == 0 || a.random()%8 != 0) {
		for _, cut := range [...]func(*bundle, []window) []window{
			a.cutCold, a.cutLoop, a.cutEnds, a.cutCallsOrConflict,
		} {
			if ws = cut(b, ws[:0]); len(ws) > 0 {
				break
			}
		}
	}
	if len(ws) == 0 {
		ws = a.cutUses(b, ws)
	}
	a.scratch.windows = ws
	a.carve(bi, ws)
}

func (b *bundle) start() uint32 { return b.segs[0].from }
func (b *bundle) end() uint32   { return b.segs[len(b.segs)-1].to }

// cutCold separates hot code from the cold blocks at the end.
func (a *allocator) cutCold(b *bundle, ws []window) []window {
	if b.start() >= a.coldStart || b.end() <= a.coldStart {
		return ws
	}
	return append(ws, window{b.start(), a.coldStart}, window{a.coldStart, b.end()})
}

// cutLoop separates the outermost loop around the hottest need for a register from what is before and behind it.
func (a *allocator) cutLoop(b *bundle, ws []window) []window {
	hot := int32(-1)
	for i := range b.uses {
		if u := &b.uses[i]; u.kind == useReg {
			if at := a.blockAt(u.from); hot < 0 || a.freq[at] > a.freq[hot] {
				hot = at
			}
		}
	}
	if a.depth[hot] == 0 {
		return ws
	}
	found := false
	var from, to uint32
	for r, ok := hot, true; ok; r, ok = a.outerRun(r) {
		f, t := a.blockStart(a.runFirst[r]), a.blockEnd(a.runLast[r])
		if b.start() >= f && b.end() <= t {
			break
		}
		from, to, found = f, t, true
	}
	if !found {
		return ws
	}
	if b.start() < from {
		ws = append(ws, window{b.start(), from})
	}
	ws = append(ws, window{max(b.start(), from), min(b.end(), to)})
	if b.end() > to {
		ws = append(ws, window{to, b.end()})
	}
	return ws
}

// cutEnds drops what comes before the first and after the last need for a register.
func (a *allocator) cutEnds(b *bundle, ws []window) []window {
	w, ok := a.trim(b, window{b.start(), b.end()})
	if !ok || w.from <= b.start() && w.to >= b.end() {
		return ws
	}
	return append(ws, w)
}

// trim shrinks a window to the needs for a register in it; false when there are none. A reload moves out of loops, and a value
// that is live all around a loop keeps its register for the whole loop: otherwise it would be reloaded on the back edge.
func (a *allocator) trim(b *bundle, w window) (window, bool) {
	first, last := noPoint, uint32(0)
	for i := useAt(b.uses, w.from); i < len(b.uses) && b.uses[i].from < w.to; i++ {
		u := &b.uses[i]
		if u.kind != useReg {
			continue
		}
		if first == noPoint {
			first = u.from
		}
		last = max(last, u.to)
	}
	if first == noPoint {
		return w, false
	}
	last = min(last, w.to)
	from := first
	best := a.blockAt(first)
	for k, bottom := best-1, a.blockAt(max(w.from, b.start())); k >= bottom; k-- {
		if a.freq[k] < a.freq[best] {
			best = k
		}
	}
	if best != a.blockAt(first) {
		from = a.blockStart(best + 1)
	}
	for r, ok := a.blockAt(from), true; ok && a.depth[r] > 0; r, ok = a.outerRun(r) {
		f, t := a.blockStart(a.runFirst[r]), a.blockEnd(a.runLast[r])
		if from > f && a.aroundLoop(b, w, f, t) {
			from = f
		}
	}
	to := last
	for r, ok := a.blockAt(last-1), true; ok && a.depth[r] > 0; r, ok = a.outerRun(r) {
		f, t := a.blockStart(a.runFirst[r]), a.blockEnd(a.runLast[r])
		if to < t && a.aroundLoop(b, w, f, t) {
			to = t
		}
	}
	return window{max(w.from, from), min(w.to, to)}, true
}

// aroundLoop reports whether the bundle is alive at both ends of the loop and the window keeps it that way.
func (a *allocator) aroundLoop(b *bundle, w window, from, to uint32) bool {
	return w.from <= from && w.to >= to && covers(b.segs, from) && covers(b.segs, to-1)
}

// cutCallsOrConflict keeps the front part in the register that stays free longest; when none outlives the first call, every
// call inside separates two windows.
func (a *allocator) cutCallsOrConflict(b *bundle, ws []window) []window {
	call := a.firstClobber(b, a.allocatable[b.class])
	conflict := uint32(0)
	for _, r := range a.env.Regs[b.class] {
		conflict = max(conflict, a.firstConflict(b, r))
	}
	if call < b.end() && conflict <= call {
		if ws = a.cutCalls(b, ws); len(ws) != 1 || ws[0].from > b.start() || ws[0].to < b.end() {
			return ws
		}
		ws = ws[:0]
	}
	return a.cutAt(b, conflict, ws)
}

// firstClobber returns the first point in the bundle at which one of the registers is clobbered; its end when there is none.
func (a *allocator) firstClobber(b *bundle, regs RegSet) uint32 {
	if a.clobberAll&regs == 0 {
		return b.end()
	}
	for i := range b.segs {
		for c := a.clobberIndex(b.segs[i].from); c < len(a.clobberAt) && a.clobberAt[c].at < b.segs[i].to; c++ {
			if a.clobberAt[c].regs&regs != 0 {
				return a.clobberAt[c].at
			}
		}
	}
	return b.end()
}

// firstConflict returns the first point in the bundle at which r is occupied by something b cannot throw out.
func (a *allocator) firstConflict(b *bundle, r PReg) uint32 {
	stop := a.firstClobber(b, RegSet(0).Add(r))
	m := &a.busy[r]
	if len(m.chunks) == 0 {
		return stop
	}
	for i := range b.segs {
		s := &b.segs[i]
		if s.from >= stop {
			break
		}
		for c := m.seek(s.from); ; c = m.next(c) {
			iv := m.at(c)
			if iv == nil || iv.from >= min(s.to, stop) {
				break
			}
			if a.weightOf(r, iv, s.v) >= b.weight {
				return max(s.from, iv.from)
			}
		}
	}
	return stop
}

// cutCalls makes one window of every stretch without a call that needs a register.
func (a *allocator) cutCalls(b *bundle, ws []window) []window {
	from := b.start()
	add := func(to uint32) {
		if w, ok := a.trim(b, window{from, to}); ok && w.from < w.to {
			ws = append(ws, w)
		}
	}
	for i := range b.segs {
		for c := a.clobberIndex(b.segs[i].from); c < len(a.clobberAt) && a.clobberAt[c].at < b.segs[i].to; c++ {
			at := a.clobberAt[c].at
			if a.clobberAt[c].regs&a.allocatable[b.class] == 0 || at < from {
				continue
			}
			if a.needed(b, at) {
				continue
			}
			add(at)
			from = at&^3 + 4
		}
	}
	add(b.end())
	return ws
}

// needed reports whether the bundle must be in a register over point p, or from the middle of its instruction on.
func (a *allocator) needed(b *bundle, p uint32) bool {
	for i := useAt(b.uses, p&^3); i < len(b.uses) && b.uses[i].from <= p|3; i++ {
		if u := &b.uses[i]; u.kind == useReg && u.to > p {
			return true
		}
	}
	return false
}

// useAt returns the index of the first use that starts at or after p.
func useAt(uses []use, p uint32) int {
	lo, hi := 0, len(uses)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if uses[mid].from < p {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// cutAt separates what comes before a conflict from what comes after it. When no need for a register comes before it,
// the first need gets a bundle of its own.
func (a *allocator) cutAt(b *bundle, p uint32, ws []window) []window {
	left, right := p&^3, p&^3
	if p&3 == ptLate && covers(b.segs, p&^3) && covers(b.segs, p) && !a.needed(b, p) {
		left, right = p, p&^3+4
	}
	if left > b.start() {
		if w, ok := a.trim(b, window{b.start(), left}); ok && w.to > w.from && w.to <= left {
			ws = append(ws, w)
		}
	}
	if len(ws) == 0 {
		w, i := firstNeed(b)
		ws = append(ws, w)
		right = w.to
		for ; i < len(b.uses); i++ {
			if u := &b.uses[i]; u.kind == useReg && u.from >= w.to {
				right = max(right, u.from)
				break
			}
		}
	}
	if right < b.end() {
		if w, ok := a.trim(b, window{right, b.end()}); ok {
			ws = append(ws, w)
		}
	}
	if len(ws) == 1 && ws[0].from <= b.start() && ws[0].to >= b.end() {
		return ws[:0]
	}
	return ws
}

// firstNeed returns the span of the first instruction that needs the bundle in a register, and the index of the use.
func firstNeed(b *bundle) (window, int) {
	for i := range b.uses {
		if b.uses[i].kind == useReg {
			return b.need(i)
		}
	}
	panic("BUG: bundle needs no register")
}

// need returns the span over which the value of use i needs a register in that instruction, and the index of the
// last use it includes.
func (b *bundle) need(i int) (window, int) {
	w := window{b.uses[i].from, b.uses[i].to}
	last := i
	s := b.segs[segmentAt(b.segs, w.from)]
	for k := i + 1; k < len(b.uses) && b.uses[k].from/4 == w.from/4; k++ {
		if u := &b.uses[k]; u.kind == useReg && u.from < s.to {
			w.to, last = max(w.to, u.to), k
		}
	}
	w.to = min(w.to, s.to)
	return w, last
}

// cutUses makes one window of every instruction that needs a register: the last resort.
func (a *allocator) cutUses(b *bundle, ws []window) []window {
	for i := 0; i < len(b.uses); i++ {
		if b.uses[i].kind != useReg {
			continue
		}
		var w window
		w, i = b.need(i)
		ws = append(ws, w)
	}
	return ws
}

// carve replaces bundle bi by one bundle a window and one in memory for all that is outside. Windows are increasing and begin
// and end where the value may change place: before an instruction, between two values, or in the middle of an
// instruction when only memory follows.
func (a *allocator) carve(bi int32, ws []window) {
	b := a.bundles[bi]
	a.bundles[bi].state, a.bundles[bi].segs, a.bundles[bi].uses = dead, nil, nil
	memory := a.scratch.memory[:0]
	arena := a.scratch.arena
	if cap(arena)-len(arena) < len(b.segs)+len(ws) {
		arena = make([]segment, 0, max(1024, 4*(len(b.segs)+len(ws))))
	}
	next, start := 0, len(arena)
	flush := func() {
		w := ws[next]
		next++
		if len(arena) == start {
			return
		}
		lo := useAt(b.uses, w.from)
		hi := max(lo, useAt(b.uses, w.to))
		piece := bundle{segs: arena[start:len(arena):len(arena)], uses: b.uses[lo:hi:hi], web: b.web, class: b.class,
			tries: b.tries + 1}
		start = len(arena)
		a.finish(&piece)
		a.bundles = append(a.bundles, piece)
		a.enqueue(int32(len(a.bundles) - 1))
	}
	for _, s := range b.segs {
		for s.from < s.to {
			for next < len(ws) && ws[next].to <= s.from {
				flush()
			}
			if next == len(ws) || ws[next].from >= s.to {
				memory = append(memory, s)
				break
			}
			if w := ws[next]; w.from > s.from {
				memory = append(memory, segment{s.from, w.from, s.v})
				s.from = w.from
			}
			end := min(s.to, ws[next].to)
			arena = append(arena, segment{s.from, end, s.v})
			s.from = end
		}
	}
	for next < len(ws) {
		flush()
	}
	a.scratch.arena = arena
	a.scratch.memory = memory
	if len(memory) > 0 {
		a.bundles = append(a.bundles, bundle{segs: append([]segment(nil), memory...), web: b.web, class: b.class,
			state: inMemory})
	}
}
