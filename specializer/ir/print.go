package ir

import (
	"fmt"
	"sort"
	"strings"

	"pystonlite/specializer/pyabi"
)

// Format is the text of a function, as Parse reads it. It depends on nothing but the function: no addresses, no map order.
func Format(f *Func) string {
	p := &printer{f: f}
	fmt.Fprintf(&p.out, "func %s entry=%d locals=%d", f.Name, f.EntryBCI, f.Locals)
	if len(f.Entries) > 0 {
		p.out.WriteString(" entries=")
		for k, e := range f.Entries {
			if k > 0 {
				p.out.WriteByte(',')
			}
			p.out.WriteString(e.String())
		}
	}
	if f.Generator {
		p.out.WriteString(" generator")
	}
	p.out.WriteString(" {\n")
	for _, b := range f.Blocks {
		p.block(b)
	}
	p.out.WriteString("}\n")
	return p.out.String()
}

func (f *Func) String() string { return Format(f) }

// FormatInstr is the text of one instruction, for messages.
func FormatInstr(f *Func, i *Instr) string {
	p := &printer{f: f}
	p.instr(i)
	return p.out.String()
}

// String prints the state as it appears behind an instruction.
func (s *FrameState) String() string {
	p := &printer{}
	p.state(s)
	return p.out.String()
}

type printer struct {
	f   *Func
	out strings.Builder
}

func (p *printer) block(b *Block) {
	fmt.Fprintf(&p.out, "%s(", b.ID)
	for k, v := range b.Params {
		if k > 0 {
			p.out.WriteString(", ")
		}
		p.definition(v)
	}
	p.out.WriteByte(')')
	if b.Loop {
		p.out.WriteString(" loop")
	}
	if b.Cold {
		p.out.WriteString(" cold")
	}
	fmt.Fprintf(&p.out, " bci=%d:\n", b.BCI)
	for _, i := range b.Instrs {
		p.out.WriteString("  ")
		p.instr(i)
		p.out.WriteByte('\n')
	}
}

// definition prints a value with its type and home.
func (p *printer) definition(v Value) {
	info := &p.f.Values[v]
	fmt.Fprintf(&p.out, "%s: %s", v, info.Type)
	if info.Home != NoHome {
		fmt.Fprintf(&p.out, " home=%d", info.Home)
	}
}

// immFirst are the ops whose immediate stands in front of the operands.
var immFirst = [numOps]bool{OpStoreLocal: true, OpCallHelper: true, OpCallPair: true, OpDoHelper: true}

// immHelper is the Imm of the rows of ops whose immediate is a helper: they are printed by name, so that a new row of
// cshim/helpers.def changes no text.
const immHelper = "pyabi.Helper"

func (p *printer) instr(i *Instr) {
	row := i.Op.Row()
	for k, r := range i.Results {
		if k > 0 {
			p.out.WriteString(", ")
		}
		p.definition(r)
	}
	if len(i.Results) > 0 {
		p.out.WriteString(" = ")
	}
	p.out.WriteString(row.Name)
	if immFirst[i.Op] {
		p.imm(i)
	}
	for _, a := range i.Args {
		fmt.Fprintf(&p.out, " %s", a)
	}
	if i.Obj != 0 {
		fmt.Fprintf(&p.out, " @%d", i.Obj)
	}
	if !immFirst[i.Op] {
		p.imm(i)
	}
	for _, e := range i.Edges {
		fmt.Fprintf(&p.out, " %s(", e.To.ID)
		for k, a := range e.Args {
			if k > 0 {
				p.out.WriteString(", ")
			}
			p.out.WriteString(a.String())
		}
		p.out.WriteByte(')')
	}
	if i.Quiet {
		p.out.WriteString(" quiet")
	}
	if s, ok := i.Aux.(fmt.Stringer); ok {
		fmt.Fprintf(&p.out, " {%s}", s)
	}
	if i.State != nil {
		p.out.WriteByte(' ')
		p.state(i.State)
	}
}

func (p *printer) imm(i *Instr) {
	switch {
	case i.Op.Row().Imm == "":
	case i.Op.Row().Imm == immHelper:
		fmt.Fprintf(&p.out, " %s", pyabi.Helper(i.Imm))
	case i.Op == OpConstFloat:
		fmt.Fprintf(&p.out, " 0x%016x", uint64(i.Imm))
	case i.Op == OpGuardClass:
		fmt.Fprintf(&p.out, " %s", ClassSet(i.Imm))
	default:
		fmt.Fprintf(&p.out, " %d", i.Imm)
	}
}

// state prints `[bci=14 locals[v1 _] dirty{1:v5} stack[v4 _ v9]]`; parts that are empty are left out. A dirty local shows
// in dirty only.
func (p *printer) state(s *FrameState) {
	fmt.Fprintf(&p.out, "[bci=%d", s.BCI)
	if s.Inline != nil {
		fmt.Fprintf(&p.out, " inline=@%d/@%d/%d", s.Inline.Func, s.Inline.Code, s.Inline.Locals)
		if s.Inline.Init {
			p.out.WriteString("/init")
		}
	}
	p.weakLocals(s)
	p.dirty(s)
	if len(s.Stack) > 0 {
		p.out.WriteString(" stack")
		p.values(s.Stack)
	}
	if len(s.Owned) > 0 {
		p.out.WriteString(" owned[")
		for k, o := range s.Owned {
			if k > 0 {
				p.out.WriteByte(' ')
			}
			p.out.WriteByte("01"[btoi(o)])
		}
		p.out.WriteByte(']')
	}
	if len(s.Release) > 0 {
		p.out.WriteString(" release")
		p.values(s.Release)
	}
	if s.Parent != nil {
		p.out.WriteString(" parent")
		p.state(s.Parent)
	}
	p.out.WriteByte(']')
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *printer) weakLocals(s *FrameState) {
	weak := make([]Value, len(s.Locals))
	any := false
	for slot, v := range s.Locals {
		if !s.Dirty[slot] && v != NoValue {
			weak[slot] = v
			any = true
		}
	}
	if any {
		p.out.WriteString(" locals")
		p.values(weak)
	}
}

func (p *printer) dirty(s *FrameState) {
	var slots []int
	for slot, d := range s.Dirty {
		if d {
			slots = append(slots, slot)
		}
	}
	if len(slots) == 0 {
		return
	}
	sort.Ints(slots)
	p.out.WriteString(" dirty{")
	for k, slot := range slots {
		if k > 0 {
			p.out.WriteByte(' ')
		}
		fmt.Fprintf(&p.out, "%d:%s", slot, s.Locals[slot])
	}
	p.out.WriteByte('}')
}

func (p *printer) values(vs []Value) {
	p.out.WriteByte('[')
	for k, v := range vs {
		if k > 0 {
			p.out.WriteByte(' ')
		}
		p.out.WriteString(v.String())
	}
	p.out.WriteByte(']')
}
