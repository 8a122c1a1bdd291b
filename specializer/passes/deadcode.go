package passes

import (
	"pystonlite/specializer/ir"
)

// deadcode removes instructions that have no effect but results nobody uses, and block parameters nobody uses, with their
// arguments on the edges. It marks what is needed, starting from the effects, so that parameters that only feed each other
// around a loop go as well. Weak references to what went are cleared.
func deadcode(f *ir.Func, ctx *Context) {
	ir.RemoveUnreachable(f)
	d := &deadMarker{f: f, needed: make([]bool, len(f.Values)), params: paramArgs(f)}
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			if !i.Removable() {
				d.markUses(i)
			}
		}
	}
	d.propagate()
	removed := 0
	for _, b := range f.Blocks {
		out := b.Instrs[:0]
		for _, i := range b.Instrs {
			if i.Removable() && !d.anyNeeded(i.Results) {
				removed++
				continue
			}
			out = append(out, i)
		}
		b.Instrs = out
		n := len(b.Params)
		ir.RemoveParams(b, func(v ir.Value) bool { return !d.needed[v] })
		removed += n - len(b.Params)
	}
	if removed > 0 {
		d.clearWeak()
	}
	ctx.Count("dead", removed)
}

type deadMarker struct {
	f      *ir.Func
	needed []bool       // by Value
	params [][]ir.Value // by Value: the arguments of a parameter
	work   []ir.Value
}

// paramArgs lists by parameter its arguments on all edges.
func paramArgs(f *ir.Func) [][]ir.Value {
	args := make([][]ir.Value, len(f.Values))
	for _, b := range f.Blocks {
		for _, e := range b.Term().Edges {
			for k, a := range e.Args {
				p := e.To.Params[k]
				args[p] = append(args[p], a)
			}
		}
	}
	return args
}

func (d *deadMarker) mark(v ir.Value) {
	if v != ir.NoValue && !d.needed[v] {
		d.needed[v] = true
		d.work = append(d.work, v)
	}
}

// markUses marks everything i uses but the arguments of its edges, which are needed only when the parameters are.
func (d *deadMarker) markUses(i *ir.Instr) {
	edges := i.Edges
	i.Edges = nil
	i.Uses(func(v *ir.Value) { d.mark(*v) })
	i.Edges = edges
	for _, r := range i.Results {
		d.mark(r)
	}
}

func (d *deadMarker) propagate() {
	for len(d.work) > 0 {
		v := d.work[len(d.work)-1]
		d.work = d.work[:len(d.work)-1]
		if def := d.f.Def(v); def != nil {
			if def.Removable() {
				d.markUses(def)
			}
			continue
		}
		for _, a := range d.params[v] {
			d.mark(a)
		}
	}
}

func (d *deadMarker) anyNeeded(vs []ir.Value) bool {
	for _, v := range vs {
		if d.needed[v] {
			return true
		}
	}
	return false
}

// clearWeak forgets removed values in the frame states that only knew of them.
func (d *deadMarker) clearWeak() {
	for _, b := range d.f.Blocks {
		for _, i := range b.Instrs {
			i.EachState(func(s *ir.FrameState) {
				for ; s != nil; s = s.Parent {
					for _, vs := range [][]ir.Value{s.Locals, s.Stack} {
						for k, v := range vs {
							if !d.needed[v] {
								vs[k] = ir.NoValue
							}
						}
					}
				}
			})
		}
	}
}
