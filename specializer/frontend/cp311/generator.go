package cp311

import (
	"sort"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// A generator, coroutine or async generator is one unit with several entries. Its ordinary start makes the generator object
// and returns; behind RETURN_GENERATOR, and behind each YIELD_VALUE, it is entered with the frame that the object keeps. To
// the control flow graph a yield is an end, so a loop that yields in every iteration is no loop of the machine code.

// resumes is a first translation, which is thrown away: it finds where the code can be resumed and with which operand stack.
// A block is translated with what the first path to it brings.
type resumes struct {
	found  map[int32]ir.Entry
	needed func(bci int32) bool // whether delegations have ended there by an exception
	seen   map[node]bool
	work   []node
}

// findEntries lists the entries of a generator: the start, the resumes in the order of the code, and the handlers, in which it
// may yield again.
func findEntries(snap *pyabi.Snapshot, instrs []Instr) []ir.Entry {
	r := &resumes{found: map[int32]ir.Entry{}, needed: needed(snap), seen: map[node]bool{}}
	t := &translator{Builder: frontend.NewBuilder(snap), targets: map[node]*frontend.Target{}, index: map[node]int{}, node: outside, resumes: r}
	leaders := []int32{0}
	for k := range instrs {
		if op := instrs[k].Op; op == OpReturnGenerator || op == OpYieldValue {
			leaders = append(leaders, instrs[k].Next)
		}
	}
	for _, h := range handlers(&snap.Codes[0], instrs) {
		leaders = append(leaders, h.target)
	}
	t.flow, t.ran = newFlow(instrs, leaders...), newRan(t.Code, instrs)
	for k := range t.flow.blocks {
		t.flow.blocks[k].inner = -1
	}
	t.EnterFunction(t.F.NewBlock(0))
	t.JumpTo(node{0, 0})
	var list, catching []ir.Entry
	for {
		r.drain(t)
		list = []ir.Entry{{}}
		starts := []int32{0}
		for _, e := range r.found {
			list = append(list, e)
		}
		sort.Slice(list, func(a, b int) bool { return list[a].BCI < list[b].BCI })
		for _, e := range list[1:] {
			starts = append(starts, e.BCI)
		}
		catching = handlerEntries(snap, instrs, starts)
		for k := range catching {
			if n := (node{t.flow.at[catching[k].BCI], 0}); !r.seen[n] {
				t.EnterAt(t.F.NewBlock(catching[k].BCI), &catching[k])
				t.JumpTo(n)
			}
		}
		if len(r.work) == 0 {
			return append(list, catching...)
		}
	}
}

// drain translates what is reached.
func (r *resumes) drain(t *translator) {
	for len(r.work) > 0 {
		n := r.work[len(r.work)-1]
		r.work = r.work[:len(r.work)-1]
		t.translate(n)
	}
}

// reach ends the block with an edge to n, which is translated later if this is the first.
func (r *resumes) reach(t *translator, n node) {
	if r.seen[n] {
		t.Exit(uint16(codemeta.ReasonNone))
		return
	}
	r.seen[n] = true
	r.work = append(r.work, n)
	target := &frontend.Target{Block: t.F.NewBlock(-1)}
	t.targets[n] = target
	t.Jump(target)
}

// resumeAt notes that the generator can be resumed behind the current instruction, and what is on the operand stack there
// below the value sent.
func (t *translator) resumeAt(bci int32, stack []ir.Value, rare bool) {
	if t.resumes == nil {
		return
	}
	e := ir.Entry{BCI: bci, Depth: len(stack) + 1, Kind: ir.EntryResume, Nulls: make([]bool, len(stack)+1), Rare: rare}
	for k, v := range stack {
		e.Nulls[k] = t.F.Type(v).Set&ir.Null != 0
	}
	t.resumes.found[bci] = e
	t.EnterAt(t.F.NewBlock(bci), &e)
	t.JumpTo(node{t.flow.at[bci], 0})
}

// returnGenerator is RETURN_GENERATOR: the call ends with the new generator.
func returnGenerator(t *translator, in *Instr) {
	t.Emit(ir.OpReturnGenerator, 0)
	t.Cur = nil
	t.resumeAt(in.Next, nil, false)
}

// yieldValue is YIELD_VALUE: locals and operands go into the frame.
func yieldValue(t *translator, in *Instr) {
	v := t.Pop()
	stack := t.PopN(t.Depth())
	t.Emit(ir.OpYield, int64(in.BCI), append([]ir.Value{v}, stack...)...)
	t.Cur = nil
	t.resumeAt(in.Next, stack, false)
}

// send is SEND: what the receiver yields goes on the stack above it; what it returns takes its place, and control jumps. The
// jump target is a resume, too: where CPython goes on when the receiver has ended while an exception was thrown in.
func send(t *translator, in *Instr) {
	h := t.hint(in)
	v, receiver := t.Pop(), t.Peek(1)
	below := t.Save()
	i := t.Python(ir.OpPySend, 0, h, receiver, v)
	t.branch(in, i.Results[1], true, func(jumping bool) {
		if jumping {
			t.Pop()
		}
		t.Push(i.Results[0])
	})
	if t.resumes != nil && t.resumes.needed(in.target()) {
		t.Restore(below)
		t.Pop()
		t.resumeAt(in.target(), t.PopN(t.Depth()), true)
	}
}
