package cp311

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// peelLimit is the size in instructions up to which an innermost loop is peeled.
const peelLimit = 400

// node is one copy of a bytecode block.
type node struct{ block, copy int }

// translator drives the builder over the control flow graph.
type translator struct {
	*frontend.Builder
	flow       *flow
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
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(*frontend.Unsupported) // frontend.Malformed
			if !ok {
				panic(r)
			}
			f, err = nil, refused
		}
	}()
	code := &snap.Codes[0]
	instrs, err := decode(code)
	if err != nil {
		return nil, err
	}
	t := &translator{Builder: frontend.NewBuilder(snap), targets: map[node]*frontend.Target{}, index: map[node]int{}}
	entry := int32(snap.EntryBCI)
	validate(code, instrs, entry)
	entries := []int32{entry}
	t.F.Generator = code.Flags&generatorLike != 0
	if t.F.Generator && entry == 0 { // the unit of a loop has no resumes: what it suspends goes on in that of the function
		t.F.Entries = findEntries(snap, instrs)
		entries = entries[:0]
		for _, e := range t.F.Entries {
			entries = append(entries, e.BCI)
		}
	}
	t.flow = newFlow(instrs, entries...)
	t.enter(entries)
	for _, n := range t.order {
		t.translate(n)
	}
	t.DropUnreached()
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
		case entries[0] == 0:
			t.EnterFunction(b)
		default:
			t.EnterLoop(b, entries[0], t.depthAt(entries[0]))
		}
		t.JumpTo(node{t.flow.at[entries[k]], 0})
	}
}

// BuildInlined translates a callee whose frame is elided; see frontend.NewInlinedBuilder. Code that has never run since the
// interpreter began to collect feedback becomes an exit. It refuses what needs a frame of its own, and loops, in which a call
// costs nothing.
func BuildInlined(snap *pyabi.Snapshot, code *pyabi.Code, frame *ir.InlinedFrame, args []ir.Type) (f *ir.Func, err error) {
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(*frontend.Unsupported)
			if !ok {
				panic(r)
			}
			f, err = nil, refused
		}
	}()
	instrs, err := decode(code)
	if err != nil {
		return nil, err
	}
	if !quickened(instrs) {
		refuse("no feedback")
	}
	validate(code, instrs, 0)
	t := &translator{Builder: frontend.NewInlinedBuilder(snap, code, frame, args), targets: map[node]*frontend.Target{}, index: map[node]int{}}
	t.flow = newFlow(instrs, 0)
	for n := range t.flow.blocks {
		if t.flow.blocks[n].head {
			refuse("loop")
		}
	}
	t.orderNodes([]int32{0})
	t.JumpTo(t.order[0])
	for _, n := range t.order {
		t.translate(n)
	}
	t.DropUnreached()
	return t.F, nil
}

func refuse(reason string) { panic(&frontend.Unsupported{Reason: reason}) }

// quickened says whether the interpreter specialises the code as it runs.
func quickened(instrs []Instr) bool {
	for k := range instrs {
		if instrs[k].Op == OpResume {
			return instrs[k].Adaptive == OpResumeQuick
		}
	}
	return false
}

// leaveCold ends an inlined block that has not run since feedback is collected, and says whether it did.
func (t *translator) leaveCold(blk *block) bool {
	for k := blk.first; k < blk.last; k++ {
		in := &t.flow.instrs[k]
		if in.Op != OpRaiseVarargs && !t.neverRan(in) {
			continue
		}
		in = &t.flow.instrs[blk.first]
		for _, s := range t.Code.Sites {
			if int32(s.BCI) == in.Start && codemeta.Reason(s.Reason) == codemeta.ReasonInlinedCold {
				refuse("code that was thought to be cold")
			}
		}
		t.Begin(in.Start, in.BCI, in.Next)
		t.Cur.Cold = true
		t.Exit(uint16(codemeta.ReasonInlinedCold))
		return true
	}
	return false
}

// neverRan says whether the interpreter has never tried to specialise the instruction: then its counter, the first cache
// entry, is still zero (Python/specialize.c, _PyCode_Quicken).
func (t *translator) neverRan(in *Instr) bool {
	at := 2 * (in.BCI + 1)
	return unspecialized[in.Adaptive] && int(at)+1 < len(t.Code.Adaptive) && t.Code.Adaptive[at] == 0 && t.Code.Adaptive[at+1] == 0
}

// unspecialized are the opcodes that wait for feedback.
var unspecialized = [256]bool{
	OpBinaryOpAdaptive: true, OpBinarySubscrAdaptive: true, OpCallAdaptive: true, OpCompareOpAdaptive: true, OpLoadAttrAdaptive: true,
	OpLoadGlobalAdaptive: true, OpLoadMethodAdaptive: true, OpPrecallAdaptive: true, OpStoreAttrAdaptive: true,
	OpStoreSubscrAdaptive: true, OpUnpackSequenceAdaptive: true,
}

// depthAt is the operand stack depth at a loop head: what the profile covers beyond the locals.
func (t *translator) depthAt(int32) int {
	if d := len(t.Snap.Profile) - int(t.Code.NLocalsPlus); d > 0 {
		return d
	}
	return 0
}

// peeled says whether block b belongs to a loop whose first iteration is a copy of its own.
func (t *translator) peeled(b int) bool {
	l := t.flow.blocks[b].inner
	return l >= 0 && t.flow.loops[l].size <= peelLimit
}

// succ is the node that an edge from n to block s enters.
func (t *translator) succ(n node, s int) node {
	if !t.peeled(s) {
		return node{s, 0}
	}
	l := t.flow.blocks[s].inner
	if t.flow.blocks[n.block].inner != l {
		return node{s, 0} // entering the loop
	}
	if s == t.flow.loops[l].head {
		return node{s, 1} // a back edge, from either copy
	}
	return node{s, n.copy}
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
	var post []node
	for k := range entries { // the first first: loops are what they are from there
		entry := node{t.flow.at[entries[k]], 0}
		preds[entry]++
		stack := []visit{}
		if state[entry] == 0 {
			state[entry] = 1
			stack = append(stack, visit{entry, 0})
		}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if succs := t.flow.blocks[top.n.block].succs; top.next < len(succs) {
				s := t.succ(top.n, succs[top.next])
				top.next++
				preds[s]++
				if state[s] == 1 {
					back[s] = true
				}
				if state[s] == 0 {
					state[s] = 1
					stack = append(stack, visit{s, 0})
				}
				continue
			}
			state[top.n] = 2
			post = append(post, top.n)
			stack = stack[:len(stack)-1]
		}
	}
	for k := len(post) - 1; k >= 0; k-- {
		n := post[k]
		t.index[n] = len(t.order)
		t.order = append(t.order, n)
		start := t.flow.instrs[t.flow.blocks[n.block].first].Start
		b := t.F.NewBlock(start)
		b.Loop = back[n]
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
	if target.Block.Loop {
		if pos, ok := t.index[t.node]; ok && pos >= t.index[n] && t.Cur != t.F.Entry() {
			t.EmitAt(ir.OpPoll, target.Block.BCI)
		} else {
			t.EmitAt(ir.OpAnchor, target.Block.BCI)
		}
	}
	t.Jump(target)
}

// to is the node the current instruction reaches at bytecode index bci.
func (t *translator) to(bci int32) node { return t.succ(t.node, t.flow.at[bci]) }

// translate appends the operations of one node.
func (t *translator) translate(n node) {
	t.node = n
	if !t.Enter(t.targets[n]) {
		return
	}
	blk := &t.flow.blocks[n.block]
	if t.Inlined != nil && t.leaveCold(blk) {
		return
	}
	for k := blk.first; k < blk.last && t.Cur != nil; k++ {
		in := &t.flow.instrs[k]
		t.Begin(in.Start, in.BCI, in.Next)
		if do := semantics[in.Op]; do != nil {
			do(t, in)
		} else if t.Inlined != nil {
			refuse("unsupported opcode")
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
