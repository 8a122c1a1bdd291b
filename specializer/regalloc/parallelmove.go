package regalloc

import "fmt"

// sequencer turns parallel moves into sequences with the same effect.
type sequencer struct {
	env     *Env
	vregs   []vregInfo
	stats   *Stats
	edits   []Edit
	readers []int32 // by place: pending moves that read it
	writer  []int32 // by place: pending move that writes it, plus one
	ready   []int32
}

func newSequencer(a *allocator, n int) *sequencer {
	places := maxPRegs + a.numSlots
	return &sequencer{env: &a.env, vregs: a.vregs, stats: &a.stats, edits: make([]Edit, 0, n+n/8),
		readers: make([]int32, places), writer: make([]int32, places)}
}

// placeIndex numbers registers and slots densely.
func placeIndex(l Loc) int {
	if l.IsReg() {
		return int(l.Reg())
	}
	return maxPRegs + l.Slot()
}

// reads reports whether a move reads a place another move could write.
func (m *move) reads() bool { return m.from.Kind() == KindReg || m.from.Kind() == KindSlot }

// run appends the sequence for one group. A move is ready when nobody still has to read its destination. When none is
// ready, the pending ones form cycles, and one source is set aside in a scratch register. Moves that read neither
// register nor slot come last: they can wait, and then the scratch register is free.
func (s *sequencer) run(moves []move) {
	if len(moves) == 1 {
		s.emit(&moves[0], noReg)
		return
	}
	pending := 0
	for i := range moves {
		m := &moves[i]
		if w := s.writer[placeIndex(m.to)]; w != 0 {
			if prev := &moves[w-1]; prev.from != m.from {
				panic(fmt.Sprintf("BUG: v%d and v%d both move to %v", prev.v, m.v, m.to))
			}
			m.to = None // said twice
			continue
		}
		s.writer[placeIndex(m.to)] = int32(i) + 1
		if m.reads() {
			s.readers[placeIndex(m.from)]++
			pending++
		}
	}
	s.ready = s.ready[:0]
	for i := range moves {
		if m := &moves[i]; m.to != None && m.reads() && s.readers[placeIndex(m.to)] == 0 {
			s.ready = append(s.ready, int32(i))
		}
	}
	held := noReg // the scratch register in use
	next := 0
	for pending > 0 {
		if len(s.ready) == 0 {
			for moves[next].to == None || !moves[next].reads() || s.writer[placeIndex(moves[next].to)] == 0 {
				next++
			}
			m := &moves[next]
			held = s.env.Scratch[s.vregs[m.v].class]
			aside := move{from: m.from, to: RegLoc(held), v: m.v}
			s.emit(&aside, noReg)
			s.doneReading(moves, m.from)
			m.from = RegLoc(held)
			s.readers[held]++
		}
		for len(s.ready) > 0 {
			m := &moves[s.ready[len(s.ready)-1]]
			s.ready = s.ready[:len(s.ready)-1]
			s.emit(m, held)
			s.writer[placeIndex(m.to)] = 0
			pending--
			if m.from == RegLoc(held) {
				s.readers[held]--
				held = noReg
				continue
			}
			s.doneReading(moves, m.from)
		}
	}
	for i := range moves {
		if m := &moves[i]; m.to != None && !m.reads() {
			s.emit(m, noReg)
			s.writer[placeIndex(m.to)] = 0
		}
	}
}

// doneReading notes that one reader of a place is done, and releases the move that waits to write there.
func (s *sequencer) doneReading(moves []move, l Loc) {
	p := placeIndex(l)
	s.readers[p]--
	if w := s.writer[p]; s.readers[p] == 0 && w != 0 && moves[w-1].reads() {
		s.ready = append(s.ready, w-1)
	}
}

// emit appends the edits of one move. Between two places in memory the value goes through a scratch register, that of the other
// class when its own holds a value set aside.
func (s *sequencer) emit(m *move, held PReg) {
	class := s.vregs[m.v].class
	if m.to.Kind() == KindSlot && !m.from.IsReg() {
		if s.env.Scratch[class] == held {
			class ^= 1
		}
		via := RegLoc(s.env.Scratch[class])
		s.append(m.v, m.from, via, class)
		s.append(m.v, via, m.to, class)
		s.stats.SlotToSlots++
		return
	}
	s.append(m.v, m.from, m.to, class)
}

func (s *sequencer) append(v VReg, from, to Loc, class Class) {
	e := Edit{Kind: Move, From: from, To: to, V: v, Class: class}
	switch from.Kind() {
	case KindConst:
		e.Kind, e.From = Remat, None
		s.stats.Remats++
	case KindHome:
		e.Kind = ReloadHome
		s.stats.HomeReloads++
	case KindSlot:
		s.stats.Loads++
	default:
		if to.Kind() == KindSlot {
			s.stats.Stores++
		} else {
			s.stats.Moves++
		}
	}
	s.edits = append(s.edits, e)
}
