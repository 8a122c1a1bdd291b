package regalloc

import (
	"errors"
	"testing"
)

// randomCase derives everything of a random case from one number.
func randomCase(seed int64) (*mockFunction, Env, Options) {
	env := testEnv()
	if seed%2 == 1 {
		env = smallEnv()
	}
	if seed%11 == 5 {
		env = tinyEnv()
	}
	cfg := genConfig{blocks: 1 + int(seed*7%25), instrs: 1 + int(seed*5%20), calls: int(seed * 3 % 25), shuffle: seed%7 == 3}
	opt := Options{ElideRemat: seed%3 == 0}
	if seed%5 == 2 {
		opt.ShuffleSeed = uint64(seed)
	}
	return generate(seed, env, cfg), env, opt
}

func checkCase(t *testing.T, seed int64) *Result {
	t.Helper()
	f, env, opt := randomCase(seed)
	r, err := Allocate(f, env, opt)
	var limit *LimitError
	if errors.As(err, &limit) {
		t.Fatalf("seed %d: %v\n%s", seed, err, f.dump(nil))
	}
	if err := Check(f, env, r); err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, f.dump(r))
	}
	return r
}

func TestAllocate_random(t *testing.T) {
	n := int64(6000)
	if testing.Short() {
		n = 600
	}
	var sum Stats
	for seed := range n {
		s := checkCase(t, seed).Stats
		sum.Splits += s.Splits
		sum.Evictions += s.Evictions
		sum.Stores += s.Stores
		sum.Loads += s.Loads
		sum.Merged += s.Merged
		sum.Remats += s.Remats
		sum.HomeReloads += s.HomeReloads
		sum.SlotToSlots += s.SlotToSlots
	}
	t.Logf("%+v", sum)
	if sum.Splits == 0 || sum.Evictions == 0 || sum.Stores == 0 || sum.Loads == 0 || sum.Merged == 0 ||
		sum.Remats == 0 || sum.HomeReloads == 0 || sum.SlotToSlots == 0 {
		t.Errorf("a mechanism was never used: %+v", sum)
	}
}

func FuzzAllocate(f *testing.F) {
	for seed := range int64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		if seed < 0 {
			seed = ^seed
		}
		checkCase(t, seed%(1<<40))
	})
}
