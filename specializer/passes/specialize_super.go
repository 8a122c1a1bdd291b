package passes

import (
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/ir"
)

// super().name(...) makes an object that only its next instruction sees. The two become one operation, which finds the method
// (or exits in front of the call of super, whatever else it would be), so the object is never made.

// superCall is a call of super without arguments that was left as it is, so far.
type superCall struct {
	scope, call *ir.Instr
	hint        *ir.Hint
}

// noteSuper remembers a call of super for the instruction behind it.
func (s *specializer) noteSuper(i *ir.Instr, h *ir.Hint) {
	if len(s.out) > 0 && s.last().Op == ir.OpSuperScope && !failed(h, codemeta.ReasonSuper, codemeta.ReasonUnboundLocal) {
		s.super = &superCall{s.last(), i, h}
	}
}

// superMethod replaces the call, the test for events behind it, and i, which takes a method of what it gave.
func (s *specializer) superMethod(i *ir.Instr) bool {
	c, n := s.super, len(s.out)-3
	if c == nil || i.Imm == 0 || n < 0 || s.out[n+1] != c.call || s.out[n+2].Op != ir.OpCheckEvents || i.Args[0] != c.call.Result() ||
		s.snap.Objects[i.Obj].Text == "__class__" {
		return false
	}
	s.out = s.out[:n]
	before := c.hint.Before
	class := s.add(ir.OpLoadCell, 0, nil, c.scope.Args[0])
	self := s.add(ir.OpGuardNotNull, 0, before, c.scope.Args[1])
	s.f.Values[self].Type.Set &^= ir.Null
	found := s.f.NewInstr(ir.OpSuperMethod, i.Imm, before, []ir.Type{ir.AnyType, s.f.Type(self)}, self, class)
	found.Obj = i.Obj
	s.out = append(s.out, found)
	for k, r := range found.Results {
		s.f.Values[r].Block = s.block
		s.replace(i, k, r)
	}
	return true
}
