package ir

// Inline puts the body of a callee in the place of a call. b.Instrs[k] is the call; callee is the callee's function, whose
// entry block has a parameter for each of args; parent is the caller's state while the callee runs. The callee is used up.
//
// What follows the call becomes a block of its own, whose only parameter is the result; it is returned.
func (f *Func) Inline(b *Block, k int, callee *Func, args []Value, parent *FrameState) *Block {
	call := b.Instrs[k]
	after := f.NewBlock(-1)
	after.Cold = b.Cold
	result := f.AddParam(after, returnType(callee), NoHome)
	leave := f.NewInstr(OpLeaveInlined, 0, parent.Observers(), nil)
	f.Append(after, leave)
	for _, i := range b.Instrs[k+1:] {
		f.Append(after, i)
	}
	b.Instrs = b.Instrs[:k:k]

	m := &importer{f: f, values: make([]Value, len(callee.Values)), states: map[*FrameState]*FrameState{}, lists: map[*Value][]Value{}, parent: parent}
	for p, v := range callee.Entry().Params {
		m.values[v] = args[p]
	}
	blocks := map[*Block]*Block{}
	for _, c := range callee.Blocks {
		n := f.NewBlock(-1)
		n.Cold = c.Cold || b.Cold
		blocks[c] = n
		if c != callee.Entry() {
			for _, p := range c.Params {
				m.values[p] = f.AddParam(n, callee.Type(p), NoHome)
			}
		}
	}
	// Definitions first: blocks are in no particular order.
	for _, c := range callee.Blocks {
		for _, i := range c.Instrs {
			for j, r := range i.Results {
				info := callee.Values[r]
				info.Def, info.Block, info.Home = i, blocks[c], NoHome
				m.values[r] = f.newValue(info)
				i.Results[j] = m.values[r]
			}
		}
	}
	for _, c := range callee.Blocks {
		n := blocks[c]
		for _, i := range c.Instrs {
			m.all(i.Args)
			for e := range i.Edges {
				m.all(i.Edges[e].Args)
				i.Edges[e].To = blocks[i.Edges[e].To]
			}
			switch i.Op {
			case OpReturn:
				i.Edges, i.Op, i.State = []Edge{{To: after, Args: i.Args}}, OpJump, nil
				i.Args = nil
			case OpLeaveInlined:
				if i.State == nil {
					i.State = parent.Observers()
				} else {
					i.State = m.state(i.State) // of a callee of the callee
				}
			default:
				i.State = m.state(i.State)
			}
			n.Instrs = append(n.Instrs, i)
		}
	}
	jump := f.NewInstr(OpJump, 0, nil, nil)
	jump.Edges = []Edge{{To: blocks[callee.Entry()]}}
	f.Append(b, jump)
	f.ComputePreds()
	sub := NewSubstitution(f)
	sub.Replace(call.Result(), result)
	f.ReplaceUses(sub)
	return after
}

// returnType is the type of what f returns.
func returnType(f *Func) Type {
	t := NoType
	for _, b := range f.Blocks {
		if i := b.Term(); i.Op == OpReturn {
			t = t.Join(f.Type(i.Args[0]))
		}
	}
	if t == NoType {
		return AnyType // it never returns
	}
	return t
}

// importer renames what moves from one function into another.
type importer struct {
	f      *Func
	values []Value // by value of the callee
	states map[*FrameState]*FrameState
	lists  map[*Value][]Value
	parent *FrameState
}

func (m *importer) all(vs []Value) {
	for k, v := range vs {
		vs[k] = m.values[v]
	}
}

// list renames a list of values that states may share.
func (m *importer) list(vs []Value) []Value {
	if len(vs) == 0 {
		return nil
	}
	made, ok := m.lists[&vs[0]]
	if !ok {
		made = make([]Value, len(vs))
		for k, v := range vs {
			made[k] = m.values[v]
		}
		m.lists[&vs[0]] = made
	}
	return made
}

// state renames a state and puts the caller's below it.
func (m *importer) state(s *FrameState) *FrameState {
	if s == nil {
		return nil
	}
	if made, ok := m.states[s]; ok {
		return made
	}
	c := *s
	c.Locals, c.Stack = m.list(s.Locals), m.list(s.Stack)
	if s.Parent != nil {
		c.Parent = m.state(s.Parent)
	} else {
		c.Parent = m.parent
	}
	m.states[s] = &c
	return &c
}
