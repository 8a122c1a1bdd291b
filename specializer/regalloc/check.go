package regalloc

import (
	"fmt"
	"slices"
)

// Check proves that a result is right, or says what is wrong with it. It replays the allocated program abstractly: for every
// register and slot it keeps the set of values that are certainly there, through edits, definitions, clobbers and edges,
// to a fixed point over all paths. Every use must then find its value. It shares nothing with the allocator but the
// types of the interface.
func Check(f Function, env Env, result *Result) error {
	c := &checker{f: f, env: env, result: result}
	return c.run()
}

// valueSet is a sorted set of values. Sets are never changed in place, so states can share them.
type valueSet []VReg

func (s valueSet) has(v VReg) bool {
	_, ok := slices.BinarySearch(s, v)
	return ok
}

func (s valueSet) with(v VReg) valueSet {
	i, ok := slices.BinarySearch(s, v)
	if ok {
		return s
	}
	return slices.Insert(slices.Clone(s), i, v)
}

func (s valueSet) without(v VReg) valueSet {
	i, ok := slices.BinarySearch(s, v)
	if !ok {
		return s
	}
	return slices.Delete(slices.Clone(s), i, i+1)
}

func (s valueSet) meet(t valueSet) valueSet {
	if slices.Equal(s, t) {
		return s
	}
	var out valueSet
	for _, v := range s {
		if t.has(v) {
			out = append(out, v)
		}
	}
	return out
}

// checkState says what is where: registers first, then slots.
type checkState []valueSet

type checker struct {
	f      Function
	env    Env
	result *Result
	entry  []checkState // by block; nil until reached
	// blockStart is, by instruction, the block it is the first one of, or -1.
	blockStart []int
}

func (c *checker) run() error {
	if err := c.checkShape(); err != nil {
		return err
	}
	c.entry = make([]checkState, c.f.NumBlocks())
	c.entry[0] = make(checkState, maxPRegs+c.result.NumSlots)
	work := []int{0}
	queued := make([]bool, len(c.entry))
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		queued[b] = false
		state := slices.Clone(c.entry[b])
		from, to := c.f.InstrRange(b)
		for i := from; i < to; i++ {
			c.step(i, state)
		}
		for k, s := range c.f.Succs(b) {
			if c.flow(b, k, s, state) && !queued[s] {
				queued[s] = true
				work = append(work, s)
			}
		}
	}
	for b := range c.entry {
		if c.entry[b] == nil {
			continue
		}
		state := slices.Clone(c.entry[b])
		from, to := c.f.InstrRange(b)
		for i := from; i < to; i++ {
			if err := c.checkInstr(i, state); err != nil {
				return fmt.Errorf("block %d, instruction %d: %w", b, i, err)
			}
		}
		if len(c.result.After(to-1)) > 0 {
			return fmt.Errorf("block %d: edits behind the terminator", b)
		}
	}
	return nil
}

// checkShape looks at what needs no state: every edit is well formed and every list is complete.
func (c *checker) checkShape() error {
	n := 0
	if nb := c.f.NumBlocks(); nb > 0 {
		_, n = c.f.InstrRange(nb - 1)
	}
	if len(c.result.Allocs) != n || len(c.result.editStart) != 2*n+1 {
		return fmt.Errorf("result is for another function")
	}
	c.blockStart = slices.Repeat([]int{-1}, n)
	for b := range c.f.NumBlocks() {
		from, _ := c.f.InstrRange(b)
		c.blockStart[from] = b
	}
	for i := range n {
		legal := MakeRegSet(c.env.Scratch[:]...) | MakeRegSet(c.env.Regs[0]...) | MakeRegSet(c.env.Regs[1]...)
		ops := c.f.Operands(i)
		if len(c.result.Allocs[i]) != len(ops) {
			return fmt.Errorf("instruction %d: %d operands have %d locations", i, len(ops), len(c.result.Allocs[i]))
		}
		for k := range ops {
			if ops[k].C == Fixed {
				legal = legal.Add(ops[k].Reg)
			}
		}
		for _, list := range [][]Edit{c.result.Before(i), c.result.After(i)} {
			for _, e := range list {
				if err := c.checkEdit(e, legal); err != nil {
					return fmt.Errorf("instruction %d: edit %v: %w", i, e, err)
				}
			}
		}
		for k, l := range c.result.Allocs[i] {
			if ops[k].Kind == Def && !c.preserved(l) {
				return fmt.Errorf("instruction %d: %v is written but not reported as used", i, l)
			}
		}
	}
	return nil
}

func (c *checker) checkEdit(e Edit, legal RegSet) error {
	if int(e.V) >= c.f.NumVRegs() {
		return fmt.Errorf("no such value")
	}
	if !c.preserved(e.To) {
		return fmt.Errorf("%v is written but not reported as used", e.To)
	}
	switch e.To.Kind() {
	case KindReg:
		if e.To.Reg() >= maxPRegs || !legal.Has(e.To.Reg()) {
			return fmt.Errorf("writes a register that is not ours")
		}
	case KindSlot:
		if e.Kind != Move || !e.From.IsReg() || e.To.Slot() >= c.result.NumSlots {
			return fmt.Errorf("malformed store")
		}
	default:
		return fmt.Errorf("malformed destination")
	}
	home, hasHome := c.f.Home(e.V)
	switch {
	case e.Kind == Remat && !c.f.Remat(e.V):
		return fmt.Errorf("value cannot be recomputed")
	case e.Kind == ReloadHome && (!hasHome || e.From != HomeLoc(home)):
		return fmt.Errorf("value has no such home")
	case e.Kind == Move && !(e.From.IsReg() && e.From.Reg() < maxPRegs ||
		e.From.Kind() == KindSlot && e.From.Slot() < c.result.NumSlots):
		return fmt.Errorf("malformed source")
	}
	return nil
}

// preserved reports whether l may be written without breaking the calling convention.
func (c *checker) preserved(l Loc) bool {
	return !l.IsReg() || !c.env.CalleeSaved.Has(l.Reg()) || c.result.UsedCalleeSaved.Has(l.Reg())
}

// place returns the index of a location in a state, -1 when it is none of ours.
func (c *checker) place(l Loc) int {
	switch {
	case l.IsReg() && l.Reg() < maxPRegs:
		return int(l.Reg())
	case l.Kind() == KindSlot && l.Slot() < c.result.NumSlots:
		return maxPRegs + l.Slot()
	}
	return -1
}

// edits applies a list of edits before or after instruction i.
func (c *checker) edits(i int, list []Edit, state checkState) {
	for _, e := range list {
		if e.Kind == Move {
			state[c.place(e.To)] = state[c.place(e.From)]
		} else {
			state[c.place(e.To)] = c.recomputed(i, e.V)
		}
	}
}

// recomputed returns what a register holds into which v was recomputed or reloaded from its home. Before the first instruction
// of a block with one predecessor that is also every parameter that v is the argument for.
func (c *checker) recomputed(i int, v VReg) valueSet {
	set := valueSet{v}
	b := c.blockStart[i]
	if b < 0 || len(c.f.Preds(b)) != 1 {
		return set
	}
	pred := c.f.Preds(b)[0]
	for j, arg := range c.f.BranchArgs(pred, slices.Index(c.f.Succs(pred), b)) {
		if arg == v {
			set = set.with(c.f.BlockParams(b)[j])
		}
	}
	return set
}

// step applies one instruction with the edits around it.
func (c *checker) step(i int, state checkState) {
	c.edits(i, c.result.Before(i), state)
	c.write(i, state)
	c.edits(i, c.result.After(i), state)
}

// write applies the clobbers and definitions of an instruction. Old copies of a value that is defined again are stale.
func (c *checker) write(i int, state checkState) {
	for s := c.f.Clobbers(i); s != 0; s &= s - 1 {
		state[(s&-s - 1).Count()] = nil
	}
	ops := c.f.Operands(i)
	for k := range ops {
		if ops[k].Kind == Def {
			forget(state, ops[k].V)
			if p := c.place(c.result.Allocs[i][k]); p >= 0 {
				state[p] = nil
			}
		}
	}
	for k := range ops {
		if p := c.place(c.result.Allocs[i][k]); ops[k].Kind == Def && p >= 0 {
			state[p] = state[p].with(ops[k].V)
		}
	}
}

func forget(state checkState, v VReg) {
	for p := range state {
		state[p] = state[p].without(v)
	}
}

// flow carries a state over an edge, where parameters become what the arguments are, and reports whether the successor
// learned something.
func (c *checker) flow(b, k, succ int, state checkState) bool {
	params := c.f.BlockParams(succ)
	if len(params) > 0 {
		args := c.f.BranchArgs(b, k)
		out := slices.Clone(state)
		for _, p := range params {
			forget(out, p)
		}
		for place, set := range state {
			for j, arg := range args {
				if set.has(arg) {
					out[place] = out[place].with(params[j])
				}
			}
		}
		state = out
	}
	if c.entry[succ] == nil {
		c.entry[succ] = slices.Clone(state)
		return true
	}
	changed := false
	for p, old := range c.entry[succ] {
		if m := old.meet(state[p]); len(m) != len(old) {
			c.entry[succ][p] = m
			changed = true
		}
	}
	return changed
}

// checkInstr checks one instruction in a state that holds on every path to it, and applies it.
func (c *checker) checkInstr(i int, state checkState) error {
	if err := c.checkMoves(i, c.result.Before(i), state); err != nil {
		return err
	}
	ops, locs := c.f.Operands(i), c.result.Allocs[i]
	clobbers := c.f.Clobbers(i)
	for k := range ops {
		o, l := &ops[k], locs[k]
		if err := c.checkConstraint(o, l, locs); err != nil {
			return fmt.Errorf("operand %d (v%d in %v): %w", k, o.V, l, err)
		}
		if o.Kind == Use {
			if err := c.checkUse(o, l, state); err != nil {
				return fmt.Errorf("operand %d: %w", k, err)
			}
			if o.late() && l.IsReg() && clobbers.Has(l.Reg()) {
				return fmt.Errorf("operand %d (v%d): %v is clobbered while it is needed", k, o.V, l)
			}
			continue
		}
		if c.place(l) < 0 {
			continue
		}
		for j := range ops {
			if err := c.checkOverlap(ops, k, j, locs); err != nil {
				return err
			}
		}
	}
	c.write(i, state)
	return c.checkMoves(i, c.result.After(i), state)
}

// checkOverlap checks that definition k does not share its place with operand j when it must not.
func (c *checker) checkOverlap(ops []Operand, k, j int, locs []Loc) error {
	if j == k || locs[j] != locs[k] {
		return nil
	}
	d, o := &ops[k], &ops[j]
	tied := d.C == SameAs && int(d.Tied) == j
	if o.Kind == Def || o.late() || !d.late() && !tied {
		return fmt.Errorf("operands %d (v%d) and %d (v%d) share %v", k, d.V, j, o.V, locs[k])
	}
	return nil
}

// checkMoves checks that every edit reads the value it says, and applies them.
func (c *checker) checkMoves(i int, list []Edit, state checkState) error {
	for n := range list {
		e := &list[n]
		if e.Kind == Move && !state[c.place(e.From)].has(e.V) {
			return fmt.Errorf("edit %v: value is not there", *e)
		}
		c.edits(i, list[n:n+1], state)
	}
	return nil
}

// checkUse checks that a use finds its value.
func (c *checker) checkUse(o *Operand, l Loc, state checkState) error {
	switch l.Kind() {
	case KindConst:
		if c.f.Remat(o.V) {
			return nil
		}
	case KindHome:
		if home, ok := c.f.Home(o.V); ok && HomeLoc(home) == l {
			return nil
		}
	default:
		if p := c.place(l); p >= 0 && state[p].has(o.V) {
			return nil
		}
	}
	return fmt.Errorf("v%d is not in %v", o.V, l)
}

// checkConstraint checks that a location is one the operand accepts.
func (c *checker) checkConstraint(o *Operand, l Loc, locs []Loc) error {
	switch o.C {
	case Fixed:
		if l != RegLoc(o.Reg) {
			return fmt.Errorf("want r%d", o.Reg)
		}
		return nil
	case SameAs:
		if l != locs[o.Tied] {
			return fmt.Errorf("want %v, the register it is tied to", locs[o.Tied])
		}
	}
	switch l.Kind() {
	case KindReg:
		if !slices.Contains(c.env.Regs[c.f.ClassOf(o.V)], l.Reg()) &&
			o.C != SameAs {
			return fmt.Errorf("not a register for this value")
		}
	case KindNone:
		if o.Kind != Def || !c.f.Remat(o.V) {
			return fmt.Errorf("no location")
		}
	case KindSlot, KindHome:
		if o.C != Any {
			return fmt.Errorf("want a register")
		}
	case KindConst:
		if o.C != Any || o.Kind != Use {
			return fmt.Errorf("want a register")
		}
	}
	return nil
}
