package passes

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/ir"
)

// The passes are compared on random programs: an interpreter of IR runs a function before and after them and records all
// that anybody can see, namely the locals' memory whenever Python code runs and the frame that an exit leaves.

// pyObject is an object of the interpreter; ints are compared by value, others by number.
type pyObject struct {
	class  ir.ClassSet
	n      int64
	member *pyObject // what load_member reads
}

func (o *pyObject) String() string {
	if o == nil {
		return "-"
	}
	return fmt.Sprintf("%s%d", o.class, o.n)
}

func intObject(n int64) *pyObject { return &pyObject{class: ir.Int, n: n} }

// machine runs one function.
type machine struct {
	f       *ir.Func
	mem     []*pyObject
	vals    map[ir.Value]any // int64 or *pyObject
	version int64            // of every type; Python code may change it
	calls   int64
	trace   []string
	mistake string
}

func (m *machine) int(v ir.Value) int64     { return m.vals[v].(int64) }
func (m *machine) obj(v ir.Value) *pyObject { return m.vals[v].(*pyObject) }

// look is Python code looking at the locals.
func (m *machine) look(who string) { m.trace = append(m.trace, fmt.Sprintf("%s sees %v", who, m.mem)) }

// leave applies a state to the frame and describes it.
func (m *machine) leave(how string, s *ir.FrameState) string {
	boxed := func(v ir.Value) *pyObject {
		if n, ok := m.vals[v].(int64); ok {
			return intObject(n)
		}
		return m.obj(v)
	}
	mem := append([]*pyObject(nil), m.mem...)
	for slot := range s.Dirty {
		mem[slot] = boxed(s.Locals[slot])
		if m.mem[slot] != nil && m.mem[slot].class&ir.Trivial == 0 {
			m.mistake = "a dirty slot holds something with a finalizer"
		}
	}
	var stack []string
	for _, v := range s.Stack {
		stack = append(stack, boxed(v).String())
	}
	return fmt.Sprintf("%s at %d with %v and %v", how, s.BCI, mem, stack)
}

// release is what a store does with the old content.
func (m *machine) release(i *ir.Instr, old *pyObject) {
	if old == nil || old.class&ir.Trivial != 0 {
		return
	}
	if i.Quiet || i.State == nil {
		m.mistake = "not quiet: " + ir.FormatInstr(m.f, i)
	}
	m.look("finalizer of " + old.String())
}

// run returns how the function ends.
func (m *machine) run() string {
	b := m.f.Entry()
	for steps := 0; steps < 10000; steps++ {
		for _, i := range b.Instrs {
			if end := m.step(i); end != "" {
				return end
			}
		}
		t := b.Term()
		e := t.Edges[0]
		if t.Op == ir.OpBranch && m.int(t.Args[0]) == 0 {
			e = t.Edges[1]
		}
		args := make([]any, len(e.Args))
		for k, a := range e.Args {
			args[k] = m.vals[a]
		}
		for k, p := range e.To.Params {
			m.vals[p] = args[k]
		}
		b = e.To
	}
	panic("BUG: the program does not end")
}

// python is a call: it looks, may change what it likes, and returns an int or something else.
func (m *machine) python(i *ir.Instr) *pyObject {
	m.calls++
	m.look(fmt.Sprintf("call %d", i.Obj))
	if m.calls%7 == 0 {
		m.version = 1
	}
	self := m.mem[0]
	if self != nil && self.class == ir.Other && m.calls%3 == 0 {
		self.member = intObject(1000 + m.calls)
	}
	if i.Obj%2 == 0 {
		return intObject(m.calls)
	}
	return &pyObject{class: ir.Other, n: m.calls}
}

func (m *machine) step(i *ir.Instr) string {
	set := func(v any) { m.vals[i.Result()] = v }
	arg := func(k int) int64 { return m.int(i.Args[k]) }
	switch i.Op {
	case ir.OpConstInt, ir.OpConstBool:
		set(i.Imm)
	case ir.OpConstNull:
		set((*pyObject)(nil))
	case ir.OpLoadLocal:
		set(m.mem[i.Imm])
	case ir.OpStoreLocal:
		old := m.mem[i.Imm]
		m.mem[i.Imm] = m.obj(i.Args[0])
		m.release(i, old)
	case ir.OpLoadMember:
		if m.obj(i.Args[0]).member == nil {
			return m.leave("unset", i.State)
		}
		set(m.obj(i.Args[0]).member)
	case ir.OpStoreMember:
		o := m.obj(i.Args[0])
		old := o.member
		o.member = m.obj(i.Args[1])
		m.release(i, old)
	case ir.OpGuardClass:
		if o := m.obj(i.Args[0]); o == nil || o.class&ir.ClassSet(i.Imm) == 0 {
			return m.leave("guard", i.State)
		}
		set(m.vals[i.Args[0]])
	case ir.OpTypeVersionGuard:
		if o := m.obj(i.Args[0]); o == nil || o.class != ir.Other || m.version != i.Imm {
			return m.leave("version", i.State)
		}
		set(m.vals[i.Args[0]])
	case ir.OpBoxInt:
		set(intObject(arg(0)))
	case ir.OpUnboxInt:
		set(m.obj(i.Args[0]).n)
	case ir.OpAddInt:
		set(arg(0) + arg(1))
	case ir.OpAndInt:
		set(arg(0) & arg(1))
	case ir.OpXorInt:
		set(arg(0) ^ arg(1))
	case ir.OpCmpInt:
		set(bit(compare(i.Imm, arg(0) < arg(1), arg(0) == arg(1), arg(0) > arg(1))))
	case ir.OpNotBool:
		set(1 - arg(0))
	case ir.OpPyLoadName:
		set(m.python(i))
	case ir.OpReturn:
		return fmt.Sprintf("return %v %s", m.obj(i.Args[0]), m.leave("", i.State))
	case ir.OpExit:
		return m.leave("exit", i.State)
	case ir.OpJump, ir.OpBranch, ir.OpPoll, ir.OpAnchor:
	default:
		panic("BUG: the interpreter of the test does not know " + i.Op.String())
	}
	return ""
}

// author writes random functions in the form that the front end and unbox give them.
type author struct {
	rnd    *rand.Rand
	f      *ir.Func
	b      *ir.Block
	locals []ir.Value // objects
	nums   []ir.Value // machine values of locals that are numbers, NoValue for others
	bci    int32
	depth  int
}

const authorLocals = 4

func (a *author) state() *ir.FrameState {
	s := &ir.FrameState{BCI: a.bci, Locals: append([]ir.Value(nil), a.locals...)}
	for k, v := range a.nums {
		if v != ir.NoValue {
			s.Locals[k] = v
		}
	}
	if a.rnd.Intn(3) == 0 {
		s.Stack = []ir.Value{a.locals[a.rnd.Intn(len(a.locals))]}
	}
	return s
}

func (a *author) emit(op ir.Op, imm int64, args ...ir.Value) ir.Value {
	row := op.Row()
	var types []ir.Type
	if row.Results > 0 {
		t := row.Result
		if op == ir.OpGuardClass {
			t = ir.Obj(ir.ClassSet(imm))
		} else if row.SameValue {
			t = a.f.Type(args[0])
		}
		types = []ir.Type{t}
	}
	var s *ir.FrameState
	if row.Exit != ir.ExitNone {
		s = a.state()
	}
	i := a.f.NewInstr(op, imm, s, types, args...)
	a.f.Append(a.b, i)
	return i.Result()
}

// number is local s as a machine value.
func (a *author) number(s int) ir.Value {
	if a.nums[s] == ir.NoValue {
		g := a.emit(ir.OpGuardClass, int64(ir.Int), a.locals[s])
		return a.emit(ir.OpUnboxInt, 0, g)
	}
	return a.nums[s]
}

func (a *author) store(s int, obj, num ir.Value) {
	a.emit(ir.OpStoreLocal, int64(s), obj)
	a.locals[s], a.nums[s] = obj, num
}

// statements appends n random statements.
func (a *author) statements(n int) {
	for range n {
		a.bci += 2
		s := 1 + a.rnd.Intn(authorLocals-1) // local 0 is self
		switch k := a.rnd.Intn(12); {
		case k < 4:
			x, y := a.number(s), a.number(1+a.rnd.Intn(authorLocals-1))
			op := []ir.Op{ir.OpAddInt, ir.OpAndInt, ir.OpXorInt}[a.rnd.Intn(3)]
			u := a.emit(ir.OpAndInt, 0, a.emit(op, 0, x, y), a.emit(ir.OpConstInt, 0xff))
			a.store(s, a.emit(ir.OpBoxInt, 0, u), u)
		case k < 5:
			u := a.emit(ir.OpConstInt, int64(a.rnd.Intn(9)))
			a.store(s, a.emit(ir.OpBoxInt, 0, u), u)
		case k < 6:
			v := a.emit(ir.OpPyLoadName, 0)
			a.f.Def(v).Obj = uint32(1 + a.rnd.Intn(20))
			if a.rnd.Intn(2) == 0 {
				a.store(s, v, ir.NoValue)
			}
		case k < 7:
			self := a.emit(ir.OpTypeVersionGuard, 0, a.locals[0])
			v := a.emit(ir.OpLoadMember, 16, self)
			a.store(s, v, ir.NoValue)
		case k < 8:
			self := a.emit(ir.OpTypeVersionGuard, 0, a.locals[0])
			if a.rnd.Intn(2) == 0 {
				a.emit(ir.OpGuardClass, int64(ir.Int), a.emit(ir.OpLoadMember, 16, self))
			}
			a.emit(ir.OpStoreMember, 16, self, a.locals[s])
		case k < 10 && a.depth < 3:
			a.ifElse(s)
		case a.depth < 3:
			a.loop()
		}
	}
}

// merge opens a block that carries the locals, those in unboxed as machine values.
func (a *author) merge(unboxed []bool) *ir.Block {
	b := a.f.NewBlock(a.bci)
	for s := range a.locals {
		t := ir.Obj(ir.AnyOrNull)
		if unboxed[s] {
			t = ir.IntType
		}
		a.f.AddParam(b, t, int32(s))
	}
	return b
}

// jump goes to a merge.
func (a *author) jump(to *ir.Block, extra ...ir.Value) {
	var args []ir.Value
	for s := range a.locals {
		if a.f.Type(to.Params[s]).Rep == ir.RepInt {
			args = append(args, a.number(s))
		} else {
			args = append(args, a.locals[s])
		}
	}
	j := a.f.NewInstr(ir.OpJump, 0, nil, nil)
	j.Edges = []ir.Edge{{To: to, Args: append(args, extra...)}}
	a.f.Append(a.b, j)
}

// enter makes a merge current; numbers are boxed at once for later uses, which simplify and deadcode clean up.
func (a *author) enter(b *ir.Block) {
	a.b = b
	for s := range a.locals {
		a.locals[s], a.nums[s] = b.Params[s], ir.NoValue
		if a.f.Type(b.Params[s]).Rep == ir.RepInt {
			a.nums[s] = b.Params[s]
		}
	}
	for s := range a.locals {
		if a.nums[s] != ir.NoValue {
			box := a.f.NewInstr(ir.OpBoxInt, 0, &ir.FrameState{BCI: a.bci}, []ir.Type{ir.Obj(ir.Int)}, a.nums[s])
			a.f.Append(a.b, box)
			a.locals[s] = box.Result()
		}
	}
}

func (a *author) branch(cond ir.Value) (yes, no *ir.Block) {
	yes, no = a.f.NewBlock(a.bci), a.f.NewBlock(a.bci)
	i := a.f.NewInstr(ir.OpBranch, 0, nil, nil, cond)
	i.Edges = []ir.Edge{{To: yes}, {To: no}}
	a.f.Append(a.b, i)
	return yes, no
}

func (a *author) coins() []bool {
	c := make([]bool, authorLocals)
	for s := 1; s < authorLocals; s++ {
		c[s] = a.nums[s] != ir.NoValue && a.rnd.Intn(3) > 0
	}
	return c
}

func (a *author) ifElse(s int) {
	a.depth++
	yes, no := a.branch(a.emit(ir.OpCmpInt, int64(a.rnd.Intn(6)), a.number(s), a.emit(ir.OpConstInt, 20)))
	end := a.merge(a.coins())
	locals, nums := append([]ir.Value(nil), a.locals...), append([]ir.Value(nil), a.nums...)
	a.b = yes
	a.statements(a.rnd.Intn(4))
	a.jump(end)
	a.b, a.locals, a.nums = no, locals, nums
	a.statements(a.rnd.Intn(3))
	a.jump(end)
	a.enter(end)
	a.depth--
}

func (a *author) loop() {
	a.depth++
	a.bci += 2
	start := a.emit(ir.OpConstInt, 0)
	a.emit(ir.OpAnchor, 0)
	head := a.merge(a.coins())
	head.Loop = true
	count := a.f.AddParam(head, ir.IntType, ir.NoHome)
	a.jump(head, start)
	a.enter(head)
	body, done := a.branch(a.emit(ir.OpCmpInt, ir.CmpLT, count, a.emit(ir.OpConstInt, int64(1+a.rnd.Intn(4)))))
	locals, nums := append([]ir.Value(nil), a.locals...), append([]ir.Value(nil), a.nums...)
	a.b = body
	a.statements(1 + a.rnd.Intn(5))
	next := a.emit(ir.OpAddInt, 0, count, a.emit(ir.OpConstInt, 1))
	a.emit(ir.OpPoll, 0)
	a.jump(head, next)
	a.b, a.locals, a.nums = done, locals, nums
	a.depth--
}

func randomFunc(seed int64) *ir.Func { return randomFuncOf(seed, 0) }

// randomFuncOf makes a function of at least so many statements.
func randomFuncOf(seed int64, statements int) *ir.Func {
	a := &author{rnd: rand.New(rand.NewSource(seed)), f: ir.NewFunc("random", authorLocals)}
	a.b = a.f.NewBlock(0)
	a.locals, a.nums = make([]ir.Value, authorLocals), make([]ir.Value, authorLocals)
	for s := range a.locals {
		v := a.emit(ir.OpLoadLocal, int64(s))
		a.f.Values[v].Home = int32(s)
		a.locals[s] = v
	}
	a.emit(ir.OpPoll, 0)
	a.statements(max(statements, 4+a.rnd.Intn(10)))
	if a.rnd.Intn(2) == 0 {
		a.emit(ir.OpReturn, 0, a.locals[a.rnd.Intn(authorLocals)])
	} else {
		a.emit(ir.OpExit, 1)
	}
	a.f.ComputePreds()
	return a.f
}

// observe runs f and gives what could be seen of it.
func observe(f *ir.Func) (end string, trace []string, mistake string) {
	m := &machine{f: f, vals: map[ir.Value]any{}, mem: make([]*pyObject, authorLocals)}
	m.mem[0] = &pyObject{class: ir.Other, n: -1, member: intObject(7)}
	for s := 1; s < authorLocals; s++ {
		m.mem[s] = intObject(int64(10 * s))
	}
	end = m.run()
	return end, m.trace, m.mistake
}

// randomPasses are run one after the other; hoisting comes in a test of its own, because it may leave earlier.
var randomPasses = map[string][]func(*ir.Func, *Context){
	"simplify":     {simplify},
	"deadcode":     {deadcode},
	"numberValues": {numberValues},
	"lazyStores":   {simplify, deadcode, lazyStores},
	"lazy alone":   {lazyStores},
	"all":          {simplify, numberValues, simplify, deadcode, numberValues, lazyStores, deadcode, layout, simplify},
}

func TestRandom_samePrograms(t *testing.T) {
	changed := map[string]int{}
	for seed := int64(0); seed < 300; seed++ {
		want := randomFunc(seed)
		require.NoError(t, ir.Verify(want), "seed %d", seed)
		wantEnd, wantTrace, mistake := observe(want)
		require.Empty(t, mistake, "seed %d", seed)
		for name, fns := range randomPasses {
			f := randomFunc(seed)
			before := ir.Format(f)
			for _, fn := range fns {
				fn(f, &Context{})
				f.ComputePreds()
				require.NoError(t, ir.Verify(f), "seed %d, %s, from\n%s", seed, name, before)
			}
			end, trace, mistake := observe(f)
			text := fmt.Sprintf("seed %d, %s:\n%s\nbecame\n%s", seed, name, before, ir.Format(f))
			require.Empty(t, mistake, text)
			require.Equal(t, wantEnd, end, text)
			require.Equal(t, wantTrace, trace, text)
			if ir.Format(f) != before {
				changed[name]++
			}
		}
	}
	for name := range randomPasses {
		require.Greater(t, changed[name], 100, "%s does too little here to be tested", name)
	}
}

// TestRandom_hoist accepts an earlier exit to a loop head, since the program goes on in stock from there.
func TestRandom_hoist(t *testing.T) {
	moved, early := 0, 0
	for seed := int64(0); seed < 300; seed++ {
		wantEnd, wantTrace, _ := observe(randomFunc(seed))
		f := randomFunc(seed)
		ctx := &Context{}
		for _, fn := range []func(*ir.Func, *Context){simplify, numberValues, deadcode, hoist, simplify, lazyStores, deadcode} {
			fn(f, ctx)
			f.ComputePreds()
			require.NoError(t, ir.Verify(f), "seed %d", seed)
		}
		end, trace, mistake := observe(f)
		require.Empty(t, mistake, "seed %d", seed)
		moved += ctx.Counters["hoisted"]
		if end != wantEnd && (strings.HasPrefix(end, "guard") || strings.HasPrefix(end, "version") || strings.HasPrefix(end, "unset")) {
			early++
			require.LessOrEqual(t, len(trace), len(wantTrace), "seed %d", seed)
			wantTrace = wantTrace[:len(trace)]
		} else {
			require.Equal(t, wantEnd, end, "seed %d", seed)
		}
		require.Equal(t, wantTrace, trace, "seed %d", seed)
	}
	require.Greater(t, moved, 100)
	require.Less(t, early, 60)
}

// BenchmarkPasses runs the optimising passes over functions of growing size; the time an instruction takes must not grow.
func BenchmarkPasses(b *testing.B) {
	for _, statements := range []int{50, 200, 800} {
		b.Run(fmt.Sprint(statements), func(b *testing.B) {
			instrs := 0
			for range b.N {
				b.StopTimer()
				f := randomFuncOf(1, statements)
				instrs = 0
				for _, blk := range f.Blocks {
					instrs += len(blk.Instrs)
				}
				b.StartTimer()
				for _, fn := range []func(*ir.Func, *Context){simplify, deadcode, numberValues, hoist, simplify, deadcode, lazyStores, deadcode, layout} {
					fn(f, &Context{})
					f.ComputePreds()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(instrs), "ns/instr")
			b.ReportMetric(float64(instrs), "instrs")
		})
	}
}
