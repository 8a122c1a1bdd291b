package regalloc

import (
	"fmt"
	"testing"
)

// benchFunction is a function of about n instructions in the style of compiled Python: loops, guards with long lists of
// deoptimisation values, calls.
func benchFunction(n int) *mockFunction {
	return generateSized(int64(n), testEnv(), n)
}

// generateSized generates until the function has at least n instructions, with the number of blocks in proportion.
func generateSized(seed int64, env Env, n int) *mockFunction {
	blocks := max(2, n/6)
	for {
		f := generate(seed, env, genConfig{blocks: blocks, instrs: 7, calls: 6, window: 24})
		if got := len(f.instrs); got >= n*9/10 && got <= n*12/10 {
			return f
		}
		seed++
	}
}

func BenchmarkAllocate(b *testing.B) {
	for _, n := range []int{100, 300, 1000, 3000, 10000, 20000} {
		f := benchFunction(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
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
