package ir

import (
	"errors"
	"fmt"
)

// Verify checks everything passes take for granted about a function: the form of blocks and edges, operands and results
// against the rows of their ops, that definitions dominate uses (frame states and their weak references included), and
// that exits have states. The predecessor lists must be current. It returns the first few mistakes.
func Verify(f *Func) error {
	v := &verifier{f: f, pos: make([]int32, len(f.Values))}
	if !v.shape() {
		return errors.Join(v.errs...)
	}
	v.dom = Dominators(f)
	v.definitions()
	for _, b := range f.Blocks {
		if !v.dom.Reachable(b) {
			continue // its uses are dominated by nothing; the next simplify drops it
		}
		for k, i := range b.Instrs {
			v.block, v.instr = b, i
			v.operands(i)
			v.edges(i)
			v.uses(b, int32(k), i)
		}
	}
	return errors.Join(v.errs...)
}

// maxErrors is how many mistakes Verify reports; one broken edit tends to cause hundreds.
const maxErrors = 10

type verifier struct {
	f    *Func
	dom  *DomTree
	pos  []int32 // by Value: 1 + index of the defining instruction in its block, 0 for parameters, -1 when undefined
	errs []error

	block *Block // where the check is
	instr *Instr
}

func (v *verifier) fail(format string, args ...any) {
	if len(v.errs) < maxErrors {
		msg := fmt.Sprintf(format, args...)
		if v.instr != nil {
			msg = fmt.Sprintf("%s: %s: %s", v.block.ID, FormatInstr(v.f, v.instr), msg)
		}
		v.errs = append(v.errs, errors.New(msg))
	}
}

// shape checks what the other checks rely on: blocks, terminators, edges and predecessors.
func (v *verifier) shape() bool {
	if len(v.f.Blocks) == 0 {
		v.fail("no blocks")
		return false
	}
	known := make([]*Block, v.f.NumBlockIDs())
	for _, b := range v.f.Blocks {
		switch {
		case int(b.ID) >= len(known) || b.fn != v.f:
			v.fail("%s is of another function", b.ID)
			return false
		case known[b.ID] != nil:
			v.fail("%s appears twice", b.ID)
			return false
		}
		known[b.ID] = b
	}
	for _, b := range v.f.Blocks {
		v.terminators(b, known)
	}
	if len(v.errs) == 0 {
		v.preds()
	}
	if e := v.f.Entry(); len(e.Params) > 0 || len(e.Preds) > 0 {
		v.fail("the entry %s has parameters or predecessors", e.ID)
	}
	v.entries()
	return len(v.errs) == 0
}

// entries checks the entries of a unit that has several.
func (v *verifier) entries() {
	for _, b := range v.f.Blocks {
		if b.Term().Op != OpEnter {
			continue
		}
		if b != v.f.Entry() || len(b.Instrs) != 1 {
			v.fail("%s: enter does not stand alone in the entry block", b.ID)
		}
		if len(b.Term().Edges) != len(v.f.Entries) {
			v.fail("%s: %d edges for %d entries", b.ID, len(b.Term().Edges), len(v.f.Entries))
		}
		for _, e := range b.Term().Edges {
			if len(e.To.Params) > 0 || len(e.To.Preds) != 1 {
				v.fail("%s: the entry %s has parameters or other predecessors", b.ID, e.To.ID)
			}
		}
	}
}

func (v *verifier) terminators(b *Block, known []*Block) {
	if len(b.Instrs) == 0 {
		v.fail("%s is empty", b.ID)
		return
	}
	for k, i := range b.Instrs {
		row := i.Op.Row()
		if last := k == len(b.Instrs)-1; row.Term != last {
			v.fail("%s: %s is in the wrong place for a terminator", b.ID, row.Name)
		}
		if row.Edges != Variadic && len(i.Edges) != int(row.Edges) {
			v.fail("%s: %s has %d edges", b.ID, row.Name, len(i.Edges))
		}
		for _, e := range i.Edges {
			if int(e.To.ID) >= len(known) || known[e.To.ID] != e.To {
				v.fail("%s: edge to %s, which is not in the function", b.ID, e.To.ID)
			}
		}
	}
}

// preds compares the predecessor lists with the edges; their order is free.
func (v *verifier) preds() {
	type pair struct{ from, to *Block }
	count := map[pair]int{}
	for _, b := range v.f.Blocks {
		for _, e := range b.Term().Edges {
			count[pair{b, e.To}]++
		}
		for _, p := range b.Preds {
			count[pair{p, b}]--
		}
	}
	for _, b := range v.f.Blocks {
		for _, e := range b.Term().Edges {
			if count[pair{b, e.To}] != 0 {
				v.fail("the predecessors of %s do not match the edges of %s", e.To.ID, b.ID)
			}
		}
		for _, p := range b.Preds {
			if count[pair{p, b}] != 0 {
				v.fail("%s is listed as a predecessor of %s wrongly", p.ID, b.ID)
			}
		}
	}
}

// definitions numbers the definitions and checks that each value has one, described rightly.
func (v *verifier) definitions() {
	for k := range v.pos {
		v.pos[k] = -1
	}
	define := func(b *Block, val Value, def *Instr, param int, pos int32) {
		if val == NoValue || int(val) >= len(v.f.Values) {
			v.fail("%s: definition of %s, which does not exist", b.ID, val)
			return
		}
		if v.pos[val] != -1 {
			v.fail("%s: second definition of %s", b.ID, val)
		}
		v.pos[val] = pos
		if info := &v.f.Values[val]; info.Block != b || info.Def != def || def == nil && info.Param != param {
			v.fail("%s: what is recorded of the definition of %s is wrong", b.ID, val)
		}
	}
	seen := make(map[*Instr]bool)
	for _, b := range v.f.Blocks {
		for k, p := range b.Params {
			define(b, p, nil, k, 0)
		}
		for k, i := range b.Instrs {
			if seen[i] {
				v.fail("%s: %s appears twice", b.ID, FormatInstr(v.f, i))
			}
			seen[i] = true
			for _, r := range i.Results {
				define(b, r, i, 0, int32(k)+1)
			}
		}
	}
}

// operands checks operands, results and state against the row.
func (v *verifier) operands(i *Instr) {
	row := i.Op.Row()
	if row.Args != Variadic && len(i.Args) != int(row.Args) {
		v.fail("%d operands instead of %d", len(i.Args), row.Args)
		return
	}
	for k, a := range i.Args {
		if !v.exists(a) {
			return
		}
		if want, got := i.Op.OperandRep(k), v.f.Type(a).Rep; want != RepNone && want != got {
			v.fail("operand %s is of representation %s, not %s", a, got, want)
		}
	}
	if len(i.Results) != int(row.Results) {
		v.fail("%d results instead of %d", len(i.Results), row.Results)
	}
	for k, r := range i.Results {
		got, want := v.f.Type(r), row.Result
		if k > 0 && row.Second != NoType {
			want = row.Second
		}
		if row.SameValue && len(i.Args) > 0 {
			want = Type{Rep: v.f.Type(i.Args[0]).Rep, Set: AnyOrNull}
		}
		if want != NoType && (got.Rep != want.Rep || got.Rep == RepObject && !got.Within(want.Set)) {
			v.fail("result %s cannot be of type %s", r, got)
		}
		if got == NoType {
			v.fail("result %s has no type", r)
		}
	}
	if row.MadeAnywhere() != (len(i.Results) == 1 && v.f.Values[i.Results[0]].Const) {
		v.fail("the mark of constants is wrong")
	}
	switch {
	case row.Exit == ExitNone && i.State != nil:
		v.fail("a state, but no exit")
	case row.Exit != ExitNone && i.State == nil && !v.stateless(i):
		v.fail("an exit without a state")
	}
	if i.Quiet && !row.Releases {
		v.fail("quiet, but releases nothing")
	}
}

// stateless says whether an instruction with an exit kind may do without a state: releasing something trivial calls nobody.
// What a slot held before it is stored to is for whoever left the state out to know.
func (v *verifier) stateless(i *Instr) bool {
	switch i.Op {
	case OpStoreLocal:
		return true
	case OpDecRef:
		return i.Quiet || v.f.Type(i.Args[0]).Within(Trivial)
	}
	return false
}

func (v *verifier) exists(val Value) bool {
	if val == NoValue || int(val) >= len(v.pos) || v.pos[val] < 0 {
		v.fail("%s is used, but defined nowhere", val)
		return false
	}
	return true
}

// edges checks arguments against parameters.
func (v *verifier) edges(i *Instr) {
	for _, e := range i.Edges {
		if len(e.Args) != len(e.To.Params) {
			v.fail("%d arguments for the %d parameters of %s", len(e.Args), len(e.To.Params), e.To.ID)
			continue
		}
		for k, a := range e.Args {
			if !v.exists(a) {
				continue
			}
			if got, want := v.f.Type(a), v.f.Type(e.To.Params[k]); got.Rep != want.Rep {
				v.fail("argument %s of type %s for parameter %s of type %s", a, got, e.To.Params[k], want)
			}
		}
	}
}

// uses checks that what i uses is defined before it.
func (v *verifier) uses(b *Block, k int32, i *Instr) {
	i.Uses(func(u *Value) {
		if v.exists(*u) && !v.defined(*u, b, k) {
			v.fail("%s is used where its definition does not reach", *u)
		}
	})
	for s := i.State; s != nil; s = s.Parent {
		for slot, d := range s.Dirty {
			if d && (slot >= len(s.Locals) || s.Locals[slot] == NoValue) {
				v.fail("dirty local %d has no value", slot)
			}
		}
		for slot, w := range s.Locals {
			if w != NoValue && !s.Dirty[slot] && v.exists(w) && !v.defined(w, b, k) {
				v.fail("the weak reference to %s in local %d is out of its reach", w, slot)
			}
		}
	}
}

// defined says whether val is available to instruction number k of b.
func (v *verifier) defined(val Value, b *Block, k int32) bool {
	def := v.f.Values[val].Block
	if def == b {
		return v.pos[val] <= k
	}
	return v.dom.Dominates(def, b)
}
