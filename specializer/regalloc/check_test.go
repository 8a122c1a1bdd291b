package regalloc

import (
	"math/rand"
	"slices"
	"testing"
)

// corrupt changes one location or one edit of a result so that it says something else, and reports whether it did.
func corrupt(rnd *rand.Rand, r *Result) bool {
	randomReg := func() Loc { return RegLoc(PReg(rnd.Intn(32))) }
	if rnd.Intn(2) == 0 || len(r.edits) == 0 {
		i := rnd.Intn(len(r.Allocs))
		if len(r.Allocs[i]) == 0 {
			return false
		}
		k := rnd.Intn(len(r.Allocs[i]))
		if l := randomReg(); l != r.Allocs[i][k] {
			r.Allocs[i][k] = l
			return true
		}
		return false
	}
	e := &r.edits[rnd.Intn(len(r.edits))]
	switch rnd.Intn(4) {
	case 0:
		if l := randomReg(); e.To != l {
			e.To = l
			return true
		}
	case 1:
		if l := randomReg(); e.Kind == Move && e.From != l {
			e.From = l
			return true
		}
	case 2: // as if the edit were missing
		if e.Kind == Move && e.To.IsReg() {
			e.From = e.To
			return true
		}
	case 3:
		if e.Kind == Move && e.From.Kind() == KindSlot && r.NumSlots > 1 {
			e.From = SlotLoc((e.From.Slot() + 1) % r.NumSlots)
			return true
		}
	}
	return false
}

// A wrong location or edit must not pass. A few corruptions are harmless: the new place is free and nobody looks, or it holds
// the same value; those are the only ones that may go undetected.
func TestCheck_mutations(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	tried, found := 0, 0
	for seed := int64(0); tried < 4000; seed++ {
		f, env, opt := randomCase(seed)
		r, err := Allocate(f, env, opt)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			bad := clone(r)
			if !corrupt(rnd, bad) {
				continue
			}
			tried++
			if Check(f, env, bad) != nil {
				found++
			}
		}
	}
	t.Logf("%d of %d corruptions found", found, tried)
	if found*100 < tried*95 {
		t.Errorf("want at least 95%% of %d corruptions to be found, got %d", tried, found)
	}
}

func clone(r *Result) *Result {
	c := *r
	c.edits = slices.Clone(r.edits)
	c.Allocs = slices.Clone(r.Allocs)
	for i := range c.Allocs {
		c.Allocs[i] = slices.Clone(c.Allocs[i])
	}
	return &c
}
