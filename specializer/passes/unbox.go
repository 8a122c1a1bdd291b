package passes

import (
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// unbox keeps numbers in registers across control flow: a block parameter whose incoming values are all numbers of one
// class, each with its machine value at hand, becomes an unboxed parameter. Then uses of boxes that only a frame state
// makes are replaced by the unboxed value (an exit boxes it), and unboxing of what was boxed disappears.
//
// A machine value is at hand when the incoming value is a box, a constant, another such parameter, or an object guarded or
// unboxed where its definition dominates (then it is unboxed behind that guard, with the guard's state).
//
// Needs specialize; box_* left without uses are removed by deadcode, stores of boxes into local slots are delayed by the
// lazy stores pass.
func unbox(f *ir.Func, ctx *Context) {
	u := &unboxer{f: f, snap: ctx.Snap, class: make([]ir.ClassSet, len(f.Values))}
	u.candidates()
	u.prune()
	u.convert()
	u.shortcut()
}

type unboxer struct {
	f     *ir.Func
	snap  *pyabi.Snapshot
	class []ir.ClassSet // by value: Int, Float or Bool for a parameter that is going to be unboxed
	block *ir.Block
	out   []*ir.Instr
	order []*ir.Block // to be converted
}

var numberClasses = map[ir.ClassSet]ir.Type{ir.Int: ir.IntType, ir.Float: ir.FltType, ir.Bool: ir.BoolType}

// candidates marks object parameters of a number class that something unboxes, directly or through other candidates.
func (u *unboxer) candidates() {
	wanted := make([]bool, len(u.f.Values))
	for _, b := range u.f.Blocks {
		for _, i := range b.Instrs {
			switch i.Op {
			case ir.OpUnboxInt, ir.OpUnboxFloat, ir.OpUnboxBool:
				wanted[u.f.Root(i.Args[0])] = true
			}
			// A box that flows around a loop is worth keeping unboxed even if nothing in the loop unboxes it.
			for _, e := range i.Edges {
				for k, a := range e.Args {
					if u.boxed(a) != ir.NoValue {
						wanted[e.To.Params[k]] = true
					}
				}
			}
		}
	}
	for _, b := range u.f.Blocks {
		for _, p := range b.Params {
			t := u.f.Type(p)
			if _, ok := numberClasses[t.Set]; ok && t.Rep == ir.RepObject {
				u.class[p] = t.Set
			}
		}
	}
	// A candidate that nothing wants, not even through another candidate it flows into, stays boxed.
	for changed := true; changed; {
		changed = false
		for _, b := range u.f.Blocks {
			for _, e := range b.Term().Edges {
				for k, a := range e.Args {
					if p := e.To.Params[k]; wanted[p] && !wanted[u.f.Root(a)] && u.class[u.f.Root(a)] != 0 {
						wanted[u.f.Root(a)] = true
						changed = true
					}
				}
			}
		}
	}
	for v, compared := range u.compared() {
		if !wanted[v] || compared {
			u.class[v] = 0
		}
	}
}

// compared finds the values whose identity a program looks at (`is`), and those that flow into them: a number that is taken out
// of its object and put into a new one is another object.
func (u *unboxer) compared() []bool {
	marked := make([]bool, len(u.f.Values))
	some := false
	for _, b := range u.f.Blocks {
		for _, i := range b.Instrs {
			if i.Op != ir.OpIs || u.apart(i.Args[0], i.Args[1]) {
				continue
			}
			for _, a := range i.Args {
				marked[u.f.Root(a)] = true
				some = true
			}
		}
	}
	for changed := some; changed; {
		changed = false
		for _, b := range u.f.Blocks {
			for _, e := range b.Term().Edges {
				for k, a := range e.Args {
					if root := u.f.Root(a); marked[e.To.Params[k]] && !marked[root] {
						marked[root], changed = true, true
					}
				}
			}
		}
	}
	return marked
}

// apart says whether two values cannot both be the same int or float object.
func (u *unboxer) apart(a, b ir.Value) bool {
	const numbers = ir.Int | ir.Float
	return u.f.Type(a).Set&u.f.Type(b).Set&numbers == 0
}

// boxed is the machine value inside a box, or NoValue.
func (u *unboxer) boxed(v ir.Value) ir.Value {
	if d := u.f.Def(u.f.Root(v)); d != nil {
		switch d.Op {
		case ir.OpBoxInt, ir.OpBoxFloat, ir.OpBoxBool:
			return d.Args[0]
		}
	}
	return ir.NoValue
}

// atHand says whether v's machine value can be had at its definition.
func (u *unboxer) atHand(v ir.Value, class ir.ClassSet) bool {
	if u.boxed(v) != ir.NoValue {
		return u.f.Type(v).Set == class
	}
	if u.class[u.f.Root(v)] == class {
		return true
	}
	d := u.f.Def(v)
	if d == nil {
		return false
	}
	switch d.Op {
	case ir.OpConstObj:
		o := &u.snap.Objects[d.Obj]
		return o.Kind == pyabi.KindInt && o.Fits && class == ir.Int || o.Kind == pyabi.KindFloat && class == ir.Float ||
			o.Kind == pyabi.KindBool && class == ir.Bool
	case ir.OpGuardClass:
		return ir.ClassSet(d.Imm) == class && (class != ir.Int || d.State != nil)
	}
	return false
}

// prune drops candidates with an incoming value that is not at hand, until none is left.
func (u *unboxer) prune() {
	for changed := true; changed; {
		changed = false
		for _, b := range u.f.Blocks {
			for _, e := range b.Term().Edges {
				for k, a := range e.Args {
					if p := e.To.Params[k]; u.class[p] != 0 && !u.atHand(a, u.class[p]) {
						u.class[p] = 0
						changed = true
					}
				}
			}
		}
	}
}

func (u *unboxer) add(op ir.Op, imm int64, state *ir.FrameState, t ir.Type, args ...ir.Value) ir.Value {
	i := u.f.NewInstr(op, imm, state, []ir.Type{t}, args...)
	u.f.Values[i.Result()].Block = u.block
	u.out = append(u.out, i)
	return i.Result()
}

// convert changes the representation of the candidates and of their uses.
func (u *unboxer) convert() {
	for v := range u.class {
		if c := u.class[v]; c != 0 {
			u.f.Values[v].Type = numberClasses[c]
		}
	}
	guarded := map[ir.Value]ir.Value{} // machine values of guarded objects, made behind the guard
	u.f.ComputePreds()
	dom := ir.Dominators(u.f)
	last := map[*ir.Block]*ir.FrameState{}
	u.order = ir.ReversePostorder(u.f)
	reachable := len(u.order)
	for n := 0; n < len(u.order); n++ { // grows by split edges
		b := u.order[n]
		u.block, u.out = b, make([]*ir.Instr, 0, len(b.Instrs))
		// The last state seen is where an allocation for an edge argument fails.
		near := &ir.FrameState{BCI: u.f.EntryBCI}
		if n >= reachable {
			near = last[b.Preds[0]]
		} else if d := dom.Idom(b); d != nil && last[d] != nil {
			near = last[d]
		}
		for _, i := range b.Instrs {
			if i.State != nil {
				near = i.State
			}
			u.uses(i, near, guarded)
			u.out = append(u.out, i)
		}
		last[b] = near
		b.Instrs = u.out
	}
	for g, m := range guarded {
		d := u.f.Def(g)
		b := u.f.Values[g].Block
		ir.InsertAfter(b, d, u.f.Def(m))
	}
}

// uses rewrites the uses of candidates in one instruction.
func (u *unboxer) uses(i *ir.Instr, near *ir.FrameState, guarded map[ir.Value]ir.Value) {
	switch i.Op {
	case ir.OpUnboxInt, ir.OpUnboxFloat, ir.OpUnboxBool:
		if root := u.f.Root(i.Args[0]); u.classOf(root) != 0 && numberClasses[u.classOf(root)] == u.f.Type(i.Result()) {
			i.Args[0] = root // shortcut takes it from here
			return
		}
	}
	if i.Op.Row().SameValue && u.classOf(u.f.Root(i.Args[0])) != 0 && u.passes(i) {
		// A guard of a number that is known to be one: it goes when its uses, which look through it, are rewritten.
		i.Op, i.State, i.Args[0] = ir.OpRefine, nil, u.f.Root(i.Args[0])
		i.Imm = 0
	} else {
		for k, a := range i.Args {
			if root := u.f.Root(a); u.classOf(root) != 0 {
				i.Args[k] = u.box(root, near)
			}
		}
	}
	for n := range i.Edges {
		e := &i.Edges[n]
		if len(i.Edges) > 1 && u.boxesOn(e) {
			// A box that only this way out needs is made there: the split block is walked later, as its own block.
			u.order = append(u.order, ir.SplitEdge(u.f, u.block, n))
			continue
		}
		for k, a := range e.Args {
			e.Args[k] = u.edgeArg(a, u.classOf(e.To.Params[k]), near, guarded)
		}
	}
}

// passes says whether a guard of a candidate always passes; one of another class always fails, and stays.
func (u *unboxer) passes(guard *ir.Instr) bool {
	switch guard.Op {
	case ir.OpRefine, ir.OpGuardNotNull:
		return true
	case ir.OpGuardClass:
		return ir.ClassSet(guard.Imm)&u.classOf(u.f.Root(guard.Args[0])) != 0
	}
	return false
}

// boxesOn says whether an edge will need a new box.
func (u *unboxer) boxesOn(e *ir.Edge) bool {
	for k, a := range e.Args {
		if u.classOf(e.To.Params[k]) == 0 && u.classOf(u.f.Root(a)) != 0 {
			return true
		}
	}
	return false
}

func (u *unboxer) classOf(v ir.Value) ir.ClassSet {
	if int(v) < len(u.class) {
		return u.class[v]
	}
	return 0
}

func (u *unboxer) box(v ir.Value, state *ir.FrameState) ir.Value {
	switch u.f.Type(v).Rep {
	case ir.RepInt:
		return u.add(ir.OpBoxInt, 0, state, ir.Obj(ir.Int), v)
	case ir.RepFloat:
		return u.add(ir.OpBoxFloat, 0, state, ir.Obj(ir.Float), v)
	}
	return u.add(ir.OpBoxBool, 0, nil, ir.Obj(ir.Bool), v)
}

// edgeArg is the value to pass for a parameter that has the class, or is boxed (class 0).
func (u *unboxer) edgeArg(a ir.Value, class ir.ClassSet, near *ir.FrameState, guarded map[ir.Value]ir.Value) ir.Value {
	root := u.f.Root(a)
	mine := u.classOf(root)
	switch {
	case class == 0 && mine == 0:
		return a
	case class == 0:
		return u.box(root, near)
	case mine != 0:
		return root
	}
	if m := u.boxed(a); m != ir.NoValue {
		return m
	}
	d := u.f.Def(a)
	if d.Op == ir.OpConstObj {
		o := &u.snap.Objects[d.Obj]
		switch class {
		case ir.Int:
			return u.add(ir.OpConstInt, o.Int, nil, ir.IntType)
		case ir.Float:
			return u.add(ir.OpConstFloat, int64(o.Bits), nil, ir.FltType)
		}
		return u.add(ir.OpConstBool, o.Int, nil, ir.BoolType)
	}
	if m, ok := guarded[a]; ok {
		return m
	}
	var i *ir.Instr
	switch class {
	case ir.Int:
		i = u.f.NewInstr(ir.OpUnboxInt, 0, d.State, []ir.Type{ir.IntType}, a)
	case ir.Float:
		i = u.f.NewInstr(ir.OpUnboxFloat, 0, nil, []ir.Type{ir.FltType}, a)
	default:
		i = u.f.NewInstr(ir.OpUnboxBool, 0, nil, []ir.Type{ir.BoolType}, a)
	}
	u.f.Values[i.Result()].Block = u.f.Values[a].Block
	guarded[a] = i.Result()
	return i.Result()
}

// shortcut replaces unboxing of boxes and unboxed parameters by the machine value, and boxes in frame states likewise.
func (u *unboxer) shortcut() {
	to := map[ir.Value]ir.Value{}
	for _, b := range u.f.Blocks {
		for _, i := range b.Instrs {
			switch i.Op {
			case ir.OpUnboxInt, ir.OpUnboxFloat, ir.OpUnboxBool:
				// A machine value of another kind is behind a guard that always fails.
				if m := u.boxed(i.Args[0]); m != ir.NoValue && u.f.Type(m) == u.f.Type(i.Result()) {
					to[i.Result()] = m
				} else if u.f.Type(i.Args[0]).Rep != ir.RepObject {
					to[i.Result()] = i.Args[0]
				}
			}
		}
	}
	resolve := func(v ir.Value) ir.Value {
		for {
			m, ok := to[v]
			if !ok {
				return v
			}
			v = m
		}
	}
	inState := func(v ir.Value) ir.Value {
		root := u.f.Root(resolve(v))
		if u.f.Type(root).Rep != ir.RepObject {
			return resolve(root)
		}
		if m := u.boxed(root); m != ir.NoValue {
			return resolve(m)
		}
		return v
	}
	seen := map[*ir.FrameState]bool{}
	lists := map[*ir.Value]bool{}
	for _, b := range u.f.Blocks {
		out := b.Instrs[:0]
		for _, i := range b.Instrs {
			for k := range i.Args {
				i.Args[k] = resolve(i.Args[k])
			}
			for _, e := range i.Edges {
				for k := range e.Args {
					e.Args[k] = resolve(e.Args[k])
				}
			}
			for st := i.State; st != nil && !seen[st]; st = st.Parent {
				seen[st] = true
				for k := range st.Stack {
					st.Stack[k] = inState(st.Stack[k])
				}
				if len(st.Locals) > 0 && !lists[&st.Locals[0]] {
					lists[&st.Locals[0]] = true
					for k := range st.Locals {
						st.Locals[k] = inState(st.Locals[k])
					}
				}
			}
			if r := i.Result(); r != ir.NoValue && resolve(r) != r {
				continue
			}
			if i.Op == ir.OpRefine && u.f.Type(i.Args[0]).Rep != ir.RepObject {
				continue
			}
			out = append(out, i)
		}
		b.Instrs = out
	}
}
