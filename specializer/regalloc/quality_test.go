package regalloc

import (
	"slices"
	"testing"
)

// wantNoEdits fails when the allocator added anything to the given blocks.
func wantNoEdits(t *testing.T, f *mockFunction, r *Result, blocks ...*mockBlock) {
	t.Helper()
	if list := f.editsIn(r, blocks...); len(list) > 0 {
		t.Errorf("want no edits, got %v\n%s", list, f.dump(r))
	}
}

func TestAllocate_countedLoop(t *testing.T) {
	f := newMock()
	v := f.ints(7)
	n, i0, s0, i, s, s2, i2 := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	entry := f.block(0).add(defFixed(n, 7)).add(def(i0)).add(def(s0))
	head, body, exit := f.block(1, i, s), f.block(1), f.block(0)
	entry.jump(head, i0, s0)
	head.end([]Operand{read(i), read(n)}, []*mockBlock{body, exit})
	body.add(read(s), read(i), defTied(s2, 0)).add(read(i), defTied(i2, 0), deopt(s2), deopt(n)).jump(head, i2, s2)
	exit.add(readFixed(s, 0)).end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	wantNoEdits(t, f, r, head, body)
	if r.NumSlots != 0 {
		t.Errorf("want no slots, got %d", r.NumSlots)
	}
}

func TestAllocate_nestedLoopKeepsInnerValuesInRegisters(t *testing.T) {
	// The inner loop uses as many values as there are registers; the outer loop and the exit use others.
	f := newMock()
	env := smallEnv()
	inner, outer, after := f.ints(4), f.ints(2), f.ints(3)
	i, i2 := f.newV(ClassInt), f.newV(ClassInt)
	entry := f.block(0)
	for _, v := range slices.Concat(inner, outer, after) {
		entry.add(def(v))
	}
	head, loop, latch, exit := f.block(1), f.block(2, i), f.block(1), f.block(0)
	back := f.block(2)
	entry.jump(head)
	head.add(read(outer[0])).jump(loop, outer[0])
	loop.add(read(i), read(inner[0]), defTied(i2, 0)).add(read(inner[1]), read(inner[2])).add(read(inner[3]))
	loop.end([]Operand{read(i2)}, []*mockBlock{back, latch})
	back.jump(loop, i2)
	latch.add(read(outer[1]))
	backOuter := f.block(1)
	latch.end(nil, []*mockBlock{backOuter, exit})
	backOuter.jump(head)
	exit.add(read(after[0]), read(after[1])).add(read(after[2])).end(nil, nil)
	f.blocks = []*mockBlock{entry, head, loop, back, latch, backOuter, exit}
	renumber(f)
	r := allocate(t, f, env, Options{})
	wantNoEdits(t, f, r, loop, back)
}

// renumber makes the order of f.blocks the emission order.
func renumber(f *mockFunction) {
	number := map[int]int{}
	for k, b := range f.blocks {
		number[b.index] = k
	}
	for k, b := range f.blocks {
		b.index = k
		for j := range b.succs {
			b.succs[j] = number[b.succs[j]]
		}
	}
}

func TestAllocate_coldCallCostsTheHotPathNothing(t *testing.T) {
	for name, env := range map[string]Env{"amd64": testEnv(), "small": smallEnv()} {
		f := newMock()
		v := f.ints(6)
		x, y, i0, i, i2, k := v[0], v[1], v[2], v[3], v[4], v[5]
		env.CalleeSaved = 0 // so that nothing survives a call
		entry := f.block(0).add(def(x)).add(def(y)).add(def(i0))
		head, rest, exit := f.block(1, i), f.block(1), f.block(0)
		toSlow := f.block(1)
		toSlow.cold = true
		entry.jump(head, i0)
		fast := f.block(1)
		head.add(read(i), read(x)).end([]Operand{read(i)}, []*mockBlock{fast, toSlow})
		fast.jump(rest)
		all := callClobbers().Add(3).Add(12).Add(5).Add(13).Add(14).Add(15)
		toSlow.call(all, readFixed(i, 0), defFixed(k, 0), deopt(y)).jump(rest)
		more := f.block(1)
		rest.add(read(i), read(y), defTied(i2, 0)).end([]Operand{read(i2)}, []*mockBlock{more, exit})
		more.jump(head, i2)
		exit.add(readFixed(x, 0)).end(nil, nil)
		f.blocks = []*mockBlock{entry, head, fast, rest, more, exit, toSlow}
		renumber(f)
		r := allocate(t, f, env, Options{})
		t.Run(name, func(t *testing.T) { wantNoEdits(t, f, r, entry, head, fast, rest, more) })
	}
}

func TestAllocate_loopWithCallUsesCalleeSavedRegisters(t *testing.T) {
	f := newMock()
	early, hot := f.ints(7), f.ints(5)
	i0, i, i2 := f.newV(ClassInt), f.newV(ClassInt), f.newV(ClassInt)
	entry := f.block(0)
	for _, v := range slices.Concat(early, hot) {
		entry.add(def(v))
	}
	entry.add(def(i0))
	loop, back, exit := f.block(1, i), f.block(1), f.block(0)
	entry.jump(loop, i0)
	loop.call(callClobbers(), readFixed(i, 7), readFixed(hot[0], 6))
	for _, v := range hot {
		loop.add(read(v))
	}
	loop.add(read(i), defTied(i2, 0)).end([]Operand{read(i2)}, []*mockBlock{back, exit})
	back.jump(loop, i2)
	for _, v := range early {
		exit.add(read(v))
	}
	exit.end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	for _, e := range f.editsIn(r, loop, back) {
		if e.Kind != Move || !e.From.IsReg() || e.To != RegLoc(7) && e.To != RegLoc(6) {
			t.Errorf("want only the two argument copies, got %v\n%s", e, f.dump(r))
		}
	}
}

func TestAllocate_deoptValuesStayWhereTheyAre(t *testing.T) {
	// Twenty values are only wanted by deoptimisation after a call: each may be stored once, and nothing is reloaded.
	f := newMock()
	vs := f.ints(20)
	x := f.newV(ClassInt)
	b := f.block(0)
	var list []Operand
	for _, v := range vs {
		b.add(def(v))
		list = append(list, deopt(v))
	}
	b.call(callClobbers(), slices.Concat(list, []Operand{defFixed(x, 0)})...)
	b.add(append([]Operand{read(x)}, list...)...).add(append([]Operand{read(x)}, list...)...).end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	if s := r.Stats; s.Loads != 0 || s.Moves != 0 || s.Stores > 20 {
		t.Errorf("want at most one store each, got %+v\n%s", s, f.dump(r))
	}
}

func TestAllocate_dyingValuesMeetFixedRegistersWithoutMoves(t *testing.T) {
	f := newMock()
	v := f.ints(7)
	b := f.block(0).add(def(v[0])).add(def(v[1])).
		add(readFixed(v[0], 0), read(v[1]), defFixed(v[2], 0), tempFixed(v[3], 2)).
		add(def(v[4])).
		add(read(v[2]), readFixed(v[4], 1), defTied(v[5], 0)).
		call(callClobbers(), readFixed(v[5], 7), defFixed(v[6], 0)).
		add(readFixed(v[6], 0))
	b.end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	if n := len(r.edits); n > 1 { // v2 arrives in r0 and v5 must be in r7: one move cannot be avoided
		t.Errorf("want one move, got %v\n%s", r.edits, f.dump(r))
	}
}

func TestAllocate_parametersSwapAndRotate(t *testing.T) {
	for _, class := range []Class{ClassInt, ClassFloat} {
		f := newMock()
		var v []VReg
		for range 6 {
			v = append(v, f.newV(class))
		}
		c := f.newV(ClassInt)
		entry := f.block(0).add(def(v[0])).add(def(v[1])).add(def(v[2])).add(def(c))
		loop, swap, exit := f.block(1, v[3], v[4], v[5]), f.block(1), f.block(0)
		entry.jump(loop, v[0], v[1], v[2])
		loop.end([]Operand{read(c)}, []*mockBlock{swap, exit})
		swap.jump(loop, v[4], v[5], v[3])
		exit.add(read(v[3]), read(v[4]), read(v[5])).end(nil, nil)
		r := allocate(t, f, testEnv(), Options{})
		if n := len(f.editsIn(r, swap)); n != 4 {
			t.Errorf("class %v: want a cycle of three in four moves, got %d\n%s", class, n, f.dump(r))
		}
	}
}

func TestAllocate_rematAndHomeAreNeverStored(t *testing.T) {
	f := newMock()
	c, h, x := f.newV(ClassInt), f.newV(ClassInt), f.newV(ClassInt)
	f.remat[c], f.homes[h] = true, -2
	env := testEnv()
	env.Regs[ClassInt] = []PReg{0, 1, 2}
	b := f.block(0).add(def(c)).add(def(h)).call(callClobbers(), defFixed(x, 0), deopt(c), deopt(h)).
		add(read(x), read(c), read(h)).add(read(x), deopt(c), deopt(h))
	b.end(nil, nil)
	r := allocate(t, f, env, Options{ElideRemat: true})
	if s := r.Stats; s.Stores != 0 || s.Remats != 1 || s.HomeReloads != 1 || r.NumSlots != 0 {
		t.Errorf("want one rematerialisation and one reload, got %+v\n%s", s, f.dump(r))
	}
	want := []Loc{RegLoc(0), ConstLoc, HomeLoc(-2)}
	if !slices.Equal(r.Allocs[2], want) || r.Allocs[0][0] != None {
		t.Errorf("want %v at the call, got %v\n%s", want, r.Allocs[2], f.dump(r))
	}
}

func TestAllocate_slotsAreShared(t *testing.T) {
	f := newMock()
	b := f.block(0)
	for range 10 {
		v := f.newV(ClassFloat) // no float register survives a call
		b.add(def(v)).call(callClobbers()).add(read(v))
	}
	b.end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	if r.NumSlots != 1 || r.Stats.Stores != 10 || r.Stats.Loads != 10 {
		t.Errorf("want ten values through one slot, got %d slots, %+v", r.NumSlots, r.Stats)
	}
}

func TestAllocate_storesOnceAtTheDefinition(t *testing.T) {
	// Three calls in a loop, the value comes from outside: it is stored once, before the loop.
	f := newMock()
	x, c := f.newV(ClassFloat), f.newV(ClassInt)
	entry := f.block(0).add(def(x)).add(def(c))
	loop, back, exit := f.block(1), f.block(1), f.block(0)
	entry.jump(loop)
	for range 3 {
		loop.call(callClobbers()).add(read(x))
	}
	loop.end([]Operand{read(c)}, []*mockBlock{back, exit})
	back.jump(loop)
	exit.end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	if r.Stats.Stores != 1 || len(f.editsIn(r, entry)) == 0 || r.Stats.Loads > 3 {
		t.Errorf("want one store in the entry and three loads, got %+v\n%s", r.Stats, f.dump(r))
	}
}
