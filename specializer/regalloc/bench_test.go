package regalloc

import (
	"fmt"
	"testing"
)

// pythonFunction builds a function in the style of compiled Python: a sequence of loops over the same locals, guards that list all
// of them for deoptimisation, two-address arithmetic, and a call on a cold path for every other operation.
func pythonFunction(instrs int) *mockFunction {
	const locals = 10
	f := newMock()
	now := f.ints(locals)
	entry := f.block(0)
	for _, v := range now {
		entry.add(def(v))
	}
	var hot, cold []*mockBlock
	list := func() []Operand {
		var ops []Operand
		for _, v := range now {
			ops = append(ops, deopt(v))
		}
		return ops
	}
	hot = append(hot, entry)
	prev := entry
	for n := locals; n < instrs; n += 31 {
		params := f.ints(3)
		head := f.block(1, params...)
		hot = append(hot, head)
		prev.jump(head, now[0], now[1], now[2])
		copy(now, params)
		at := head
		for k := range 4 {
			at.add(append([]Operand{read(now[k])}, list()...)...)
			t := f.ints(3)
			fast, slow, join := f.block(1), f.block(1), f.block(1, t[2])
			slow.cold = true
			at.end([]Operand{read(now[k+4])}, []*mockBlock{fast, slow})
			fast.add(read(now[k]), read(now[k+3]), defTied(t[0], 0)).jump(join, t[0])
			slow.call(callClobbers(), append(list(), readFixed(now[k], 7), readFixed(now[k+3], 6), defFixed(t[1], 0))...)
			slow.jump(join, t[1])
			hot, cold = append(hot, fast, join), append(cold, slow)
			now[k%3] = t[2]
			at = join
		}
		back, exit := f.block(1), f.block(0)
		at.end([]Operand{read(now[9])}, []*mockBlock{back, exit})
		back.jump(head, now[0], now[1], now[2])
		hot = append(hot, back, exit)
		prev = exit
	}
	prev.add(readFixed(now[0], 0)).end(nil, nil)
	f.blocks = append(hot, cold...)
	renumber(f)
	return f.finish()
}

// randomFunction is a function of about n random instructions with much more pressure than compiled code has.
func randomFunction(n int) *mockFunction {
	for seed := int64(n); ; seed++ {
		f := generate(seed, testEnv(), genConfig{blocks: max(2, n/6), instrs: 7, calls: 6, window: 24})
		if got := len(f.instrs); got >= n*9/10 && got <= n*12/10 {
			return f
		}
	}
}

func BenchmarkAllocate(b *testing.B) {
	for name, build := range map[string]func(int) *mockFunction{"python": pythonFunction, "random": randomFunction} {
		for _, n := range []int{100, 300, 1000, 3000, 10000, 20000} {
			f := build(n)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Allocate(f, testEnv(), Options{ElideRemat: true}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(f.instrs))*float64(b.N)/float64(b.Elapsed().Milliseconds()), "instrs/ms")
			})
		}
	}
}

// The model of compiled Python must be one the allocator does well on, or the benchmark measures nothing of interest.
func TestAllocate_pythonFunction(t *testing.T) {
	f := pythonFunction(1000)
	r := allocate(t, f, testEnv(), Options{})
	for b, blk := range f.blocks {
		if blk.depth == 0 || blk.cold {
			continue
		}
		for i := f.starts[b]; i < f.starts[b+1]; i++ {
			for _, e := range append(r.Before(i), r.After(i)...) {
				if !e.From.IsReg() || !e.To.IsReg() {
					t.Fatalf("want no memory traffic in hot loops, got %v at %d\n%s", e, i, f.dump(r))
				}
			}
		}
	}
}
