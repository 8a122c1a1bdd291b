package cp311

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// peelLimit is the size in instructions up to which an innermost loop is peeled.
const peelLimit = 400

// rejoinLimit is the size in instructions up to which an innermost loop has copies for handlers that go on inside of it.
const rejoinLimit = 2000

// node is one copy of a bytecode block.
type node struct{ block, copy int }

// outside is where the entries come from.
var outside = node{block: -1}

// translator drives the builder over the control flow graph.
type translator struct {
	*frontend.Builder
	flow       *flow
	ran        *ran
	targets    map[node]*frontend.Target
	order      []node
	index      map[node]int // position in order
	node       node         // being translated
	kwnames    pyabi.ObjID  // set by KW_NAMES for the CALL that follows
	callBefore *ir.FrameState
	slice      []ir.Value // operands of a BUILD_SLICE for the subscript that follows
	resumes    *resumes   // while the resumes of a generator are looked for
}

// Build translates the snapshot's unit.
func Build(snap *pyabi.Snapshot) (f *ir.Func, err error) {
	defer frontend.Refused(&f, &err)
	code := &snap.Codes[0]
	instrs, err := decode(code)
	if err != nil {
		return nil, err
	}
	t := &translator{Builder: frontend.NewBuilder(snap), targets: map[node]*frontend.Target{}, index: map[node]int{}, node: outside}
	entry := int32(snap.EntryBCI)
	validate(code, instrs, entry)
	entries := []int32{entry}
	t.F.Generator = code.Flags&pyabi.GeneratorLike != 0
	if t.F.Generator && entry == 0 { // the unit of a loop has no resumes: what it suspends goes on in that of the function
		t.F.Entries = findEntries(snap, instrs)
	} else if list := handlerEntries(snap, instrs, entries); list != nil {
		start := ir.Entry{BCI: entry}
		if entry != 0 {
			start.Depth = t.depthAt(entry)
		}
		t.F.Entries = append([]ir.Entry{start}, list...)
	}
	if len(t.F.Entries) > 0 {
		entries = entries[:0]
		for _, e := range t.F.Entries {
			entries = append(entries, e.BCI)
		}
	}
	t.flow, t.ran = newFlow(instrs, entries...), newRan(t.Code, instrs)
	t.enter(entries)
	t.translateAll()
	return t.F, nil
}

// enter makes the entries of the unit and the blocks of all nodes.
func (t *translator) enter(entries []int32) {
	blocks := []*ir.Block{nil}
	if len(t.F.Entries) > 0 {
		blocks = t.EnterSeveral()
	} else {
		blocks[0] = t.F.NewBlock(entries[0])
	}
	t.orderNodes(entries)
	for k, b := range blocks {
		switch {
		case k > 0:
			t.EnterAt(b, &t.F.Entries[k])
			if at := t.F.Entries[k]; at.Rare {
				t.LoadLocals()
				b.Cold = true
				t.EmitAt(ir.OpAnchor, at.BCI)
			}
		case entries[0] == 0:
			t.EnterFunction(b)
		default:
			t.EnterLoop(b, entries[0], t.depthAt(entries[0]))
		}
		t.JumpTo(t.succ(outside, t.flow.at[entries[k]]))
	}
}

// BuildInlined translates a callee whose frame is elided; see frontend.NewInlinedBuilder. It refuses what needs a frame of its
// own, and loops, in which a call costs nothing.
func BuildInlined(snap *pyabi.Snapshot, code *pyabi.Code, frame *ir.InlinedFrame, args []ir.Type) (f *ir.Func, err error) {
	defer frontend.Refused(&f, &err)
	instrs, err := decode(code)
	if err != nil {
		return nil, err
	}
	if !quickened(instrs) {
		frontend.Refuse("no feedback")
	}
	validate(code, instrs, 0)
	t := &translator{Builder: frontend.NewInlinedBuilder(snap, code, frame, args), targets: map[node]*frontend.Target{}, index: map[node]int{}, node: outside}
	t.flow, t.ran = newFlow(instrs, 0), newRan(code, instrs)
	for n := range t.flow.blocks {
		if t.flow.blocks[n].head {
			frontend.Refuse("loop")
		}
	}
	t.orderNodes([]int32{0})
	t.JumpTo(t.order[0])
	t.translateAll()
	return t.F, nil
}

// depthAt is the operand stack depth at a loop head: what the profile covers beyond the locals.
func (t *translator) depthAt(int32) int {
	if d := len(t.Snap.Profile) - int(t.Code.NLocalsPlus); d > 0 {
		return d
	}
	return 0
}

// The copies of a block in an innermost loop.
const (
	first    = iota // of the first iteration when that is peeled, else of all
	others          // of the other iterations
	rejoined        // of the rest of an iteration that a handler goes on with: the loop itself is entered by its head only
)

// succ is the node that an edge from n to block s enters.
func (t *translator) succ(n node, s int) node {
	in := t.flow.blocks[s].inner
	if in < 0 {
		return node{s, first}
	}
	l := &t.flow.loops[in]
	from, peeled := -1, l.size <= peelLimit
	if n.block >= 0 {
		from = t.flow.blocks[n.block].inner
	}
	switch {
	case from != in && s == l.head:
		return node{s, first} // entering the loop
	case from != in && l.size <= rejoinLimit:
		return node{s, rejoined}
	case from != in || !peeled && n.copy != rejoined:
		return node{s, first}
	case s != l.head:
		return node{s, n.copy}
	case n.copy == rejoined:
		return node{s, first} // what the loop takes for granted is looked at again
	}
	return node{s, others} // a back edge, from either copy
}

// orderNodes lays the copies out in reverse postorder and finds out which of them need parameters.
func (t *translator) orderNodes(entries []int32) {
	type visit struct {
		n    node
		next int
	}
	preds := map[node]int{}
	state := map[node]int{} // 1 on the stack, 2 done
	back := map[node]bool{}
	cold := map[node]bool{} // reached from handlers only: they are the last of the entries
	var post []node
	for k, at := range entries {
		var stack []visit
		handling := k > 0 && t.F.Entries[k].Kind == ir.EntryHandler
		enter := func(n node) {
			preds[n]++
			back[n] = back[n] || state[n] == 1
			if state[n] == 0 {
				state[n], cold[n] = 1, handling
				stack = append(stack, visit{n, 0})
			}
		}
		enter(t.succ(outside, t.flow.at[at]))
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if succs := t.flow.blocks[top.n.block].succs; top.next < len(succs) {
				top.next++
				enter(t.succ(top.n, succs[top.next-1]))
				continue
			}
			state[top.n] = 2
			post = append(post, top.n)
			stack = stack[:len(stack)-1]
		}
	}
	// What an entry reaches of an earlier one's blocks comes behind it.
	for k := len(post) - 1; k >= 0; k-- {
		n := post[k]
		t.index[n] = len(t.order)
		t.order = append(t.order, n)
		start := t.flow.instrs[t.flow.blocks[n.block].first].Start
		b := t.F.NewBlock(start)
		b.Loop, b.Cold = back[n], cold[n]
		t.targets[n] = &frontend.Target{Block: b, Merge: preds[n] > 1 || back[n]}
	}
}

// JumpTo ends the block with an edge to n. Edges that close a loop poll the eval breaker; edges that enter one leave an
// anchor for hoisted guards.
func (t *translator) JumpTo(n node) {
	if t.Cur == nil {
		return
	}
	if t.resumes != nil {
		t.resumes.reach(t, n)
		return
	}
	target := t.targets[n]
	pos, ok := t.index[t.node]
	back := ok && pos >= t.index[n]
	handling := ok && t.handling(t.node) // its backward jumps mostly close no loop of the graph
	if target.Block.Loop && back || handling && target.Block.BCI < t.BCI {
		t.EmitAt(ir.OpPoll, target.Block.BCI)
	}
	if !back && (target.Block.Loop || handling && !t.handling(n)) {
		t.LoadLocals() // what the edge passes is known in the state of the anchor
		t.EmitAt(ir.OpAnchor, target.Block.BCI)
	}
	t.Jump(target)
}

// handling says whether n is part of what a handler goes on with, before it is back where it would be without the exception.
func (t *translator) handling(n node) bool {
	region := t.flow.region[n.block]
	return n.copy == rejoined || region > 0 && t.F.Entries[region].Kind == ir.EntryHandler
}

// to is the node the current instruction reaches at bytecode index bci.
func (t *translator) to(bci int32) node { return t.succ(t.node, t.flow.at[bci]) }

// translateAll translates the nodes that something reaches. Mostly one round does; what only a backward edge reaches, because
// the code in front of it ends in exits, takes another one.
func (t *translator) translateAll() {
	done := make([]bool, len(t.order))
	for again := true; again; {
		again = false
		for k, n := range t.order {
			if !done[k] && t.targets[n].Entered() {
				t.translate(n)
				done[k], again = true, true
			}
		}
	}
	t.DropUnreached()
}

// translate appends the operations of one node.
func (t *translator) translate(n node) {
	t.node = n
	if !t.Enter(t.targets[n]) {
		return
	}
	blk := &t.flow.blocks[n.block]
	leave := t.ran.until(blk, t.flow.instrs, t.Inlined != nil)
	for k := blk.first; k < blk.last && t.Cur != nil; k++ {
		in := &t.flow.instrs[k]
		t.Begin(in.Start, in.BCI, in.Next)
		if k == leave {
			t.Cur.Cold = k == blk.first // else what comes before the exit runs
			t.Exit(uint16(codemeta.ReasonNeverRan))
			return
		}
		t.Mixed = misses(t.Code, in) >= manyMisses
		if do := semantics[in.Op]; do != nil {
			do(t, in)
		} else if t.Inlined != nil {
			frontend.Refuse("unsupported opcode")
		} else {
			t.Exit(uint16(codemeta.ReasonUnsupportedOpcode))
		}
		t.End()
	}
	if t.Cur != nil {
		t.JumpTo(t.to(t.flow.instrs[blk.last].Start))
	}
}

// following is the instruction behind in, nil when it begins another block.
func (t *translator) following(in *Instr) *Instr {
	blk := &t.flow.blocks[t.node.block]
	for k := blk.first; k+1 < blk.last; k++ {
		if &t.flow.instrs[k] == in {
			return &t.flow.instrs[k+1]
		}
	}
	return nil
}

// cache is the address of the inline cache of an attribute instruction, 0 when there is none.
func (t *translator) cache(in *Instr) int64 {
	if t.Code.Caches == 0 {
		return 0
	}
	return int64(t.Code.Caches) + int64(in.Cache)*int64(t.Snap.Offsets.AttrCacheSize)
}

// hint is the feedback of the current instruction from its quickened opcode.
func (t *translator) hint(in *Instr) *ir.Hint {
	kind := ir.HintNone
	if k, ok := hints[in.Adaptive]; ok {
		kind = k
	}
	return t.Hint(kind)
}

// hints translates quickened opcodes. Families whose feedback lies in resolved records are not listed.
var hints = map[uint8]ir.HintKind{
	OpBinaryOpAddInt: ir.HintInt, OpBinaryOpSubtractInt: ir.HintInt, OpBinaryOpMultiplyInt: ir.HintInt,
	OpBinaryOpAddFloat: ir.HintFloat, OpBinaryOpSubtractFloat: ir.HintFloat, OpBinaryOpMultiplyFloat: ir.HintFloat,
	OpBinaryOpAddUnicode: ir.HintStr, OpBinaryOpInplaceAddUnicode: ir.HintStr,
	OpCompareOpIntJump: ir.HintInt, OpCompareOpFloatJump: ir.HintFloat, OpCompareOpStrJump: ir.HintStr,
	OpBinarySubscrListInt: ir.HintListInt, OpBinarySubscrTupleInt: ir.HintTupleInt, OpBinarySubscrDict: ir.HintDict,
	OpStoreSubscrListInt: ir.HintListInt, OpStoreSubscrDict: ir.HintDict,
	OpUnpackSequenceTwoTuple: ir.HintTwoTuple, OpUnpackSequenceTuple: ir.HintTuple, OpUnpackSequenceList: ir.HintList,
}
