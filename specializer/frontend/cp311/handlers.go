package cp311

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// Exception handlers are entries of the unit: whatever raises leaves machine code, C finds the handler as stock does and
// comes back at its entry, with the operand stack in the frame. So the code that may raise has no edges to its handlers,
// and a try costs nothing until it raises.
//
// For the same reason a handler is compiled only when it has been needed, which the history of the code says; else the
// unwound frame goes on in stock.

// handler is one row of the exception table: what is raised by an instruction in [start, end) is handled at target.
type handler struct {
	start, end, target int32
	depth              int // of the operand stack at target
}

// handlers decodes the exception table.
func handlers(code *pyabi.Code, instrs []Instr) []handler {
	starts := make(map[int32]bool, len(instrs))
	for k := range instrs {
		starts[instrs[k].Start] = true
	}
	var list []handler
	for table := code.ExcTable; len(table) > 0; {
		var fields [4]int
		for k := range fields {
			fields[k], table = varint(table)
		}
		const pushLasti = 1
		h := handler{start: int32(fields[0]), end: int32(fields[0] + fields[1]), target: int32(fields[2])}
		h.depth = fields[3]>>1 + fields[3]&pushLasti + 1 // the exception on top
		if !starts[h.target] || h.depth > int(code.StackSize) {
			frontend.Malformed()
		}
		list = append(list, h)
	}
	return list
}

// varint reads a number of six bits a byte, the most significant first; bit 6 announces another byte.
func varint(table []byte) (n int, rest []byte) {
	for {
		if len(table) == 0 || n > 1<<20 {
			frontend.Malformed()
		}
		b := table[0]
		table = table[1:]
		n = n<<6 | int(b&63)
		if b&64 == 0 {
			return n, table
		}
	}
}

// needed says which entries for exceptions have been needed so far, or all of them are to be made.
func needed(snap *pyabi.Snapshot) func(bci int32) bool {
	if snap.Flags&pyabi.FlagAllHandlers != 0 {
		return func(int32) bool { return true }
	}
	sites := map[int32]bool{}
	for _, s := range snap.Codes[0].Sites {
		if codemeta.Reason(s.Reason) == codemeta.ReasonException {
			sites[int32(s.BCI)] = true
		}
	}
	return func(bci int32) bool { return sites[bci] }
}

// handlerEntries lists the handlers to be compiled with what is reached from the given entries: those in whose range
// something reached can raise, and that have been needed. What a handler raises again is going to need the next one.
func handlerEntries(snap *pyabi.Snapshot, instrs []Instr, entries []int32) []ir.Entry {
	rows, wanted := handlers(&snap.Codes[0], instrs), needed(snap)
	var targets []int32
	none := true
	for _, h := range rows {
		none = none && !wanted(h.target)
		targets = append(targets, h.target)
	}
	if none {
		return nil
	}
	f := newFlow(instrs, append(append([]int32(nil), entries...), targets...)...)
	var list []ir.Entry
	reached, entered := make([]bool, len(f.blocks)), map[int32]bool{}
	var work []int
	reach := func(b int) {
		if !reached[b] {
			reached[b] = true
			work = append(work, b)
		}
	}
	for _, e := range entries {
		reach(f.at[e])
	}
	for len(work) > 0 {
		b := &f.blocks[work[len(work)-1]]
		work = work[:len(work)-1]
		for _, s := range b.succs {
			reach(s)
		}
		for k := b.first; k < b.last; k++ {
			h := covering(rows, instrs[k].BCI)
			if h == nil || entered[h.target] || !wanted(h.target) && instrs[k].Op != OpReraise {
				continue
			}
			entered[h.target] = true
			list = append(list, ir.Entry{BCI: h.target, Depth: h.depth, Kind: ir.EntryHandler})
			reach(f.at[h.target])
		}
	}
	return list
}

// covering is the row that handles what the instruction at bci raises, nil when none does. The rows are in order.
func covering(rows []handler, bci int32) *handler {
	for k := range rows {
		switch h := &rows[k]; {
		case h.start > bci:
			return nil
		case bci < h.end:
			return h
		}
	}
	return nil
}

// reraise is RERAISE: the exception on top goes on; C finds out which instruction it blames.
func reraise(t *translator, in *Instr) {
	exception := t.Pop()
	if in.Arg > 0 {
		t.Peek(int(in.Arg)) // the index of that instruction
	}
	t.DoHelper(pyabi.HelperReraise, nil, exception)
	t.Exit(uint16(codemeta.ReasonException)) // not reached: the helper always raises
}

// pushExcInfo is PUSH_EXC_INFO: the exception becomes the one being handled, and the one before goes below it.
func pushExcInfo(t *translator, _ *Instr) {
	exception := t.Pop()
	t.Push(t.Emit(ir.OpPushExc, 0, exception).Result())
	t.Push(exception)
}

// checkExcMatch is CHECK_EXC_MATCH: whether the exception below is one that the operand on top names.
func checkExcMatch(t *translator, _ *Instr) {
	named := t.Pop()
	t.pushBool(t.Emit(ir.OpExcMatch, 0, t.Peek(1), named).Result(), false)
}

// checkEgMatch is CHECK_EG_MATCH: the exception below is split into what is left and what the operand on top names.
func checkEgMatch(t *translator, _ *Instr) {
	named, exception := t.Pop(), t.Pop()
	match, rest := t.CallPair(pyabi.HelperEgMatch, exception, named)
	t.Push(rest)
	t.Push(match)
}

// beforeWith is BEFORE_WITH and BEFORE_ASYNC_WITH: the context manager is replaced by its __exit__ and what __enter__ returned.
func beforeWith(t *translator, in *Instr) {
	h := pyabi.HelperBeforeWith
	if in.Op == OpBeforeAsyncWith {
		h = pyabi.HelperBeforeAsyncWith
	}
	exit, entered := t.CallPair(h, t.Pop())
	t.Push(exit)
	t.Push(entered)
}

// withExceptStart is WITH_EXCEPT_START: __exit__, three entries below the exception, is called with it.
func withExceptStart(t *translator, _ *Instr) {
	t.Push(t.CallHelper(pyabi.HelperWithExceptStart, nil, t.Peek(4), t.Peek(1)))
}

// endAsyncFor is END_ASYNC_FOR: the loop is over when its iterator raised StopAsyncIteration; another exception goes on.
func endAsyncFor(t *translator, _ *Instr) {
	exception := t.Pop()
	over := t.Emit(ir.OpExcMatch, 0, exception, t.Const(t.Snap.Known[pyabi.KnownStopAsyncIteration])).Result()
	yes, no := t.BranchBlocks(over)
	saved := t.Save()
	t.Cur = no
	t.DoHelper(pyabi.HelperReraise, nil, exception)
	t.Exit(uint16(codemeta.ReasonException)) // not reached, as for RERAISE
	t.Restore(saved)
	t.Cur = yes
	t.Pop() // the iterator
}
