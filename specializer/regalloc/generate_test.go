package regalloc

import (
	"math/rand"
	"slices"
)

// genConfig chooses what random functions look like.
type genConfig struct {
	blocks, instrs int // about so many blocks, instructions a block
	calls          int // percent of instructions
	shuffle        bool
	window         int // only the last so many values are used again; 0 means all
}

// generator builds random functions: a random reducible control flow graph, values placed along its dominator tree.
type generator struct {
	*rand.Rand
	env   Env
	cfg   genConfig
	f     *mockFunction
	succs [][]int
	preds [][]int
	cold  []bool
	idom  []int
	avail [][]VReg // by block: values defined at its end
	nHome int32
}

// generate returns the random function of a seed.
func generate(seed int64, env Env, cfg genConfig) *mockFunction {
	g := &generator{Rand: rand.New(rand.NewSource(seed)), env: env, cfg: cfg, f: newMock()}
	g.graph()
	g.order()
	g.fill()
	return g.f.finish()
}

// graph makes forward edges from a random tree plus extra joins, back edges to dominators, and splits critical edges.
func (g *generator) graph() {
	n := 1 + g.Intn(g.cfg.blocks)
	g.succs = make([][]int, n)
	for b := 1; b < n; b++ {
		p := b - 1 - g.Intn(min(b, 4))
		g.succs[p] = append(g.succs[p], b)
		if g.Intn(2) == 0 {
			if q := b - 1 - g.Intn(min(b, 4)); !slices.Contains(g.succs[q], b) {
				g.succs[q] = append(g.succs[q], b)
			}
		}
	}
	g.cold = make([]bool, n)
	for b := range g.cold {
		g.cold[b] = b > 0 && g.Intn(8) == 0
	}
	g.dominators()
	for b := 1; b < n; b++ {
		if g.Intn(3) != 0 {
			continue
		}
		h := b
		for k := g.Intn(3); k > 0 && g.idom[h] > 0; k-- {
			h = g.idom[h]
		}
		if h > 0 && !slices.Contains(g.succs[b], h) {
			g.succs[b] = append(g.succs[b], h)
		}
	}
	g.predecessors()
	for b := range n {
		for k, s := range g.succs[b] {
			if len(g.succs[b]) > 1 && len(g.preds[s]) > 1 {
				g.succs[b][k] = len(g.succs)
				g.succs = append(g.succs, []int{s})
				g.cold = append(g.cold, g.Intn(4) == 0)
			}
		}
	}
}

func (g *generator) predecessors() {
	g.preds = make([][]int, len(g.succs))
	for b, list := range g.succs {
		for _, s := range list {
			g.preds[s] = append(g.preds[s], b)
		}
	}
}

// postorder returns the blocks reachable from the entry.
func (g *generator) postorder() []int {
	seen := make([]bool, len(g.succs))
	var out []int
	var visit func(b int)
	visit = func(b int) {
		seen[b] = true
		for _, s := range g.succs[b] {
			if !seen[s] {
				visit(s)
			}
		}
		out = append(out, b)
	}
	visit(0)
	return out
}

// dominators computes immediate dominators by iteration.
func (g *generator) dominators() {
	g.predecessors()
	post := g.postorder()
	number := make([]int, len(g.succs))
	for k, b := range post {
		number[b] = k
	}
	g.idom = make([]int, len(g.succs))
	for b := range g.idom {
		g.idom[b] = -1
	}
	g.idom[0] = 0
	for changed := true; changed; {
		changed = false
		for k := len(post) - 2; k >= 0; k-- {
			b, d := post[k], -1
			for _, p := range g.preds[b] {
				if g.idom[p] < 0 {
					continue
				}
				if d < 0 {
					d = p
					continue
				}
				for x := p; x != d; {
					if number[x] < number[d] {
						x = g.idom[x]
					} else {
						d = g.idom[d]
					}
				}
			}
			if g.idom[b] != d {
				g.idom[b], changed = d, true
			}
		}
	}
}

// order renumbers the blocks: reverse postorder with the cold ones last, or at random.
func (g *generator) order() {
	post := g.postorder()
	slices.Reverse(post)
	slices.SortStableFunc(post[1:], func(x, y int) int {
		return int(boolToInt(g.cold[x])) - int(boolToInt(g.cold[y]))
	})
	if g.cfg.shuffle {
		g.Shuffle(len(post)-1, func(i, j int) { post[i+1], post[j+1] = post[j+1], post[i+1] })
	}
	number := make([]int, len(g.succs))
	for k, b := range post {
		number[b] = k
	}
	succs, cold := make([][]int, len(post)), make([]bool, len(post))
	for k, b := range post {
		for _, s := range g.succs[b] {
			succs[k] = append(succs[k], number[s])
		}
		cold[k] = g.cold[b]
	}
	g.succs, g.cold = succs, cold
	g.dominators()
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// loopDepths counts the natural loops around each block.
func (g *generator) loopDepths() []int {
	depth := make([]int, len(g.succs))
	for h := range g.succs {
		body := map[int]bool{}
		for _, p := range g.preds[h] {
			d := p
			for d != h && d != 0 {
				d = g.idom[d]
			}
			if d != h {
				continue
			}
			body[h] = true
			for work := []int{p}; len(work) > 0; {
				b := work[len(work)-1]
				work = work[:len(work)-1]
				if !body[b] {
					body[b] = true
					work = append(work, g.preds[b]...)
				}
			}
		}
		for b := range body {
			depth[b]++
		}
	}
	return depth
}

// fill puts values and instructions into the blocks, dominators first.
func (g *generator) fill() {
	depth := g.loopDepths()
	for b := range g.succs {
		blk := g.f.block(depth[b])
		blk.succs, blk.cold = g.succs[b], g.cold[b]
	}
	g.avail = make([][]VReg, len(g.succs))
	children := make([][]int, len(g.succs))
	for b := 1; b < len(g.succs); b++ {
		children[g.idom[b]] = append(children[g.idom[b]], b)
	}
	for work := []int{0}; len(work) > 0; {
		b := work[len(work)-1]
		work = append(work[:len(work)-1], children[b]...)
		g.fillBlock(b)
	}
	for b, blk := range g.f.blocks {
		for _, s := range blk.succs {
			var args []VReg
			for _, p := range g.f.blocks[s].params {
				args = append(args, g.pickFrom(g.avail[b], g.f.classes[p]))
			}
			blk.args = append(blk.args, args)
		}
	}
}

func (g *generator) fillBlock(b int) {
	blk := g.f.blocks[b]
	if b == 0 {
		for range 3 {
			for _, c := range [...]Class{ClassInt, ClassFloat} {
				v := g.f.newV(c)
				g.avail[0] = append(g.avail[0], v)
				if r := g.env.Regs[c][g.Intn(2)]; g.Intn(3) == 0 {
					blk.add(defFixed(v, r))
				} else {
					blk.add(def(v))
				}
			}
		}
	} else {
		g.avail[b] = slices.Clone(g.avail[g.idom[b]])
		for range g.Intn(4) {
			v := g.newValue(b, g.class())
			blk.params = append(blk.params, v)
		}
	}
	for range g.Intn(2 * g.cfg.instrs) {
		g.instr(b)
	}
	if len(blk.succs) == 1 {
		blk.add()
		return
	}
	var ops []Operand
	for range g.Intn(3) {
		ops = append(ops, read(g.pick(b, ClassInt)))
	}
	blk.add(append(ops, g.deopts(b, 3)...)...)
}

func (g *generator) class() Class { return Class(boolToInt(g.Intn(4) == 0)) }

// newValue makes a value that is defined in b from now on; some have a home.
func (g *generator) newValue(b int, c Class) VReg {
	v := g.f.newV(c)
	if g.Intn(12) == 0 {
		g.f.homes[v] = g.nHome - 3
		g.nHome++
	}
	g.avail[b] = append(g.avail[b], v)
	return v
}

// pick returns a value that is available, mostly a recent one.
func (g *generator) pick(b int, c Class) VReg { return g.pickFrom(g.avail[b], c) }

func (g *generator) pickFrom(avail []VReg, c Class) VReg {
	if w := g.cfg.window; w > 0 && len(avail) > w {
		avail = append(slices.Clone(avail[:6]), avail[len(avail)-w:]...)
	}
	for {
		k := g.Intn(len(avail))
		if g.Intn(3) != 0 {
			k = len(avail) - 1 - g.Intn(min(len(avail), 8))
		}
		if g.f.classes[avail[k]] == c {
			return avail[k]
		}
	}
}

func (g *generator) deopts(b, n int) []Operand {
	var ops []Operand
	for range g.Intn(n + 1) {
		ops = append(ops, deopt(g.pick(b, g.class())))
	}
	return ops
}

// instr adds one random instruction. Operands read values that exist before it, so all are picked before any is defined.
func (g *generator) instr(b int) {
	blk, c := g.f.blocks[b], g.class()
	regs := g.env.Regs[c]
	if g.Intn(100) < g.cfg.calls {
		g.call(b)
		return
	}
	x, y := g.pick(b, c), g.pick(b, c)
	guards := g.deopts(b, 4)
	var ops []Operand
	switch g.Intn(13) {
	case 0: // constant
		v := g.f.newV(c)
		g.f.remat[v] = true
		g.avail[b] = append(g.avail[b], v)
		ops = []Operand{def(v)}
	case 1:
		blk.move(g.newValue(b, c), x)
		return
	case 2, 3: // two-address
		ops = []Operand{read(x), read(y), defTied(g.newValue(b, c), 0)}
	case 4: // two-address, definition first
		ops = []Operand{defTied(g.newValue(b, c), 1), read(x), readAny(y)}
	case 5: // division
		ops = []Operand{readFixed(x, regs[0]), read(y), defFixed(g.newValue(b, c), regs[0]), tempFixed(g.f.newV(c), regs[1])}
	case 6: // shift
		ops = []Operand{read(x), readFixed(y, regs[1]), defTied(g.newValue(b, c), 0)}
	case 11: // tied to a fixed register
		ops = []Operand{readFixed(x, regs[1]), defTied(g.newValue(b, c), 0), read(y)}
	case 7: // guard
		ops = append([]Operand{read(x)}, g.deopts(b, 12)...)
	case 8: // a temporary
		ops = []Operand{read(x), temp(g.f.newV(c)), def(g.newValue(b, c))}
	case 9: // late use and memory operand
		ops = []Operand{readLate(x), readAny(y), def(g.newValue(b, c))}
	case 10:
		ops = []Operand{readAny(x), defAny(g.newValue(b, c))}
	default:
		ops = []Operand{read(x), read(y), def(g.newValue(b, c))}
	}
	if g.Intn(3) == 0 {
		ops = append(ops, guards...)
	}
	blk.add(ops...)
}

func (g *generator) call(b int) {
	ints, floats := g.env.Regs[ClassInt], g.env.Regs[ClassFloat]
	var ops []Operand
	for k := range g.Intn(3) {
		ops = append(ops, readFixed(g.pick(b, ClassInt), ints[k]))
	}
	if g.Intn(4) == 0 {
		ops = append(ops, readFixed(g.pick(b, ClassFloat), floats[0]))
	}
	switch g.Intn(8) {
	case 0:
		ops = append(ops, read(g.pick(b, ClassInt)))
	case 1:
		ops = append(ops, readLate(g.pick(b, ClassInt)))
	case 2:
		if len(ops) > 0 {
			ops = append(ops, ops[0])
		}
	}
	ops = append(ops, g.deopts(b, 8)...)
	switch g.Intn(4) {
	case 0:
		ops = append(ops, defFixed(g.newValue(b, ClassFloat), floats[0]))
	case 1, 2:
		ops = append(ops, defFixed(g.newValue(b, ClassInt), ints[0]))
	}
	g.f.blocks[b].call(callClobbers(), ops...)
}
