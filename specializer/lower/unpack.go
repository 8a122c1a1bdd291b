package lower

import (
	"slices"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// Long unpackings.
//
// `a, b, … = sequence` is, for each variable, a load, a count up, a store and a count down: some thirty bytes of code for a line that
// code with tables repeats. A long one is a call of the shim instead, which has a loop. That is less code, and it has fewer places that
// count: processors predict by the address of an instruction which store a load gets its value from, and forget it when there are more
// than a thousand such places in a loop. On one of them (Granite Rapids) a count down that follows a count up of the same object costs
// twelve cycles then, and pyperformance's unpack_sequence, with 8000 places, ran at 0.4 of stock.

// unpacking is what stands for a long unpacking in a block: sequence_item and incref for each item, the last one first, and then a
// store_local for each, the first one first.
type unpacking struct {
	items  []*ir.Instr // in the order of the sequence
	stores []*ir.Instr
}

// longest is the highest number of items that pl_store_items takes.
const longest = 255

// fuseUnpackings finds the long unpackings in a block. Their instructions are selected together, in place of the first.
func (s *selector) fuseUnpackings(b *ir.Block) {
	for at := 0; at < len(b.Instrs); at++ {
		u := unpackingAt(b.Instrs[at:])
		if u == nil || slices.ContainsFunc(u.stores, func(i *ir.Instr) bool { return s.overwritten(i).Within(ir.Null) }) {
			continue // also where there is nothing to count down yet
		}
		n := len(u.items)
		for _, i := range b.Instrs[at+1 : at+3*n] {
			s.fused[i] = true
		}
		if s.unpackings == nil {
			s.unpackings = map[*ir.Instr]*unpacking{}
		}
		s.unpackings[b.Instrs[at]] = u
		at += 3*n - 1
	}
}

// unpackingAt is the long unpacking that code begins with; nil when it does not.
func unpackingAt(code []*ir.Instr) *unpacking {
	if code[0].Op != ir.OpSequenceItem || code[0].Imm < ir.LongUnpacking-1 || code[0].Imm >= longest || len(code) < 3*int(code[0].Imm+1) {
		return nil
	}
	n := int(code[0].Imm) + 1
	u := &unpacking{items: make([]*ir.Instr, n), stores: code[2*n : 3*n]}
	for k := range n {
		load, count := code[2*k], code[2*k+1]
		if load.Op != ir.OpSequenceItem || load.Imm != int64(n-1-k) || load.Args[1] != code[0].Args[1] ||
			count.Op != ir.OpIncRef || count.Args[0] != load.Result() {
			return nil
		}
		u.items[load.Imm] = load
	}
	for k, store := range u.stores {
		// The shim reads the slots from the instructions, which must be next to each other.
		if store.Op != ir.OpStoreLocal || store.Args[0] != u.items[k].Result() || store.Imm > 255 ||
			store.State == nil || store.State.Parent != nil || store.State.BCI != u.stores[0].State.BCI+int32(k) {
			return nil
		}
	}
	return u
}

// selectUnpacking calls the shim; what is used of the items later is in the slots then.
func selectUnpacking(s *selector, u *unpacking) {
	in := s.start()
	in.useFixed(s.vreg(u.items[0].Args[1]), amd64.RSI)
	in.clobbers = callClobbers
	first := u.stores[0].State
	s.finish(in, func(e *emitter, _ []regalloc.Loc) {
		e.running(first)
		e.RR(amd64.Mov64, amd64.RDI, frameReg)
		e.MovImm64(amd64.RDX, uint64(len(u.items)))
		e.callAddr(e.helper(pyabi.HelperStoreItems))
	})
	for k, item := range u.items {
		const own = 2 // uses: the count and the store
		if v := item.Result(); s.uses[s.f.Root(v)] > own {
			s.cur = u.stores[k]
			in := s.start()
			d := in.def(s.vreg(v))
			slot := int(s.cur.Imm)
			s.finish(in, func(e *emitter, l []regalloc.Loc) { e.RM(amd64.Mov64, reg(l[d]), e.local(slot)) })
		}
	}
}
