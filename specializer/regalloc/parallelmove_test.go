package regalloc

import (
	"math/rand"
	"testing"
)

// TestSequencer_run executes random parallel moves on a model machine, before and after sequencing.
func TestSequencer_run(t *testing.T) {
	rnd := rand.New(rand.NewSource(7))
	env := smallEnv()
	const slots = 4
	for range 20000 {
		a := &allocator{env: env, numSlots: slots}
		var sources, dests [numClasses][]Loc
		for c := range numClasses {
			for _, r := range env.Regs[c] {
				sources[c] = append(sources[c], RegLoc(r))
			}
			dests[c] = sources[c]
			sources[c] = append(sources[c], ConstLoc, HomeLoc(3))
		}
		machine := map[Loc]int{}
		for c := range numClasses {
			for s := range slots { // slots hold either class: the first half integers
				if s*numClasses/slots == c {
					sources[c], dests[c] = append(sources[c], SlotLoc(s)), append(dests[c], SlotLoc(s))
				}
			}
			for k, l := range sources[c] {
				machine[l] = 100*c + k
			}
		}
		want := map[Loc]int{}
		var moves []move
		for c := range numClasses {
			for _, to := range dests[c] {
				from := sources[c][rnd.Intn(len(sources[c]))]
				if from == to || rnd.Intn(4) == 0 {
					continue
				}
				v := VReg(len(a.vregs))
				a.vregs = append(a.vregs, vregInfo{class: Class(c)})
				if from == ConstLoc {
					want[to] = 1000 + int(v)
				} else {
					want[to] = machine[from]
				}
				moves = append(moves, move{from: from, to: to, v: v})
			}
		}
		if len(moves) == 0 {
			continue
		}
		rnd.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
		given := append([]move(nil), moves...)
		s := newSequencer(a, 8)
		s.run(moves)
		s.run([]move{{from: RegLoc(0), to: RegLoc(1)}, {from: RegLoc(1), to: RegLoc(0)}}) // nothing is left over
		edits := s.edits[:len(s.edits)-3]
		for _, e := range edits {
			if e.From.Kind() == KindSlot && e.To.Kind() == KindSlot {
				t.Fatalf("%v: no machine has such a move", e)
			}
			if e.Kind == Remat {
				machine[e.To] = 1000 + int(e.V)
			} else {
				machine[e.To] = machine[e.From]
			}
		}
		for l, x := range want {
			if machine[l] != x {
				t.Fatalf("%v has %d, want %d\nmoves %v\nedits %v", l, machine[l], x, given, edits)
			}
		}
	}
}
