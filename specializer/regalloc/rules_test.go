package regalloc

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A client that breaks a rule must hear about it, by name.
func TestAllocate_brokenRulesPanic(t *testing.T) {
	cases := map[string]struct {
		want  string
		build func(f *mockFunction, v []VReg)
	}{
		"critical edge": {"critical edge", func(f *mockFunction, v []VReg) {
			a, b, c := f.block(0), f.block(0), f.block(0)
			a.end(nil, []*mockBlock{b, c})
			b.jump(c)
			c.end(nil, nil)
		}},
		"argument count": {"do not match", func(f *mockFunction, v []VReg) {
			a, b := f.block(0), f.block(0, v[0])
			a.jump(b)
			b.end(nil, nil)
		}},
		"entry with predecessors": {"entry block", func(f *mockFunction, v []VReg) {
			a := f.block(0)
			a.jump(a)
		}},
		"empty block": {"has instructions", func(f *mockFunction, v []VReg) { f.block(0) }},
		"two definitions": {"defined twice", func(f *mockFunction, v []VReg) {
			f.block(0).add(def(v[0])).add(def(v[0])).end(nil, nil)
		}},
		"no definition": {"never defined", func(f *mockFunction, v []VReg) {
			f.block(0).add(read(v[0])).end(nil, nil)
		}},
		"definition does not dominate": {"dominate", func(f *mockFunction, v []VReg) {
			a, b, c, d := f.block(0), f.block(0), f.block(0), f.block(0)
			a.end(nil, []*mockBlock{b, c})
			b.add(def(v[0])).jump(d)
			c.jump(d)
			d.add(read(v[0])).end(nil, nil)
		}},
		"terminator defines": {"defines", func(f *mockFunction, v []VReg) {
			f.block(0).end([]Operand{def(v[0])}, nil)
		}},
		"jump with operands": {"moves before it", func(f *mockFunction, v []VReg) {
			a, b, c, d := f.block(0), f.block(0), f.block(0), f.block(0)
			a.add(def(v[0])).end(nil, []*mockBlock{b, c})
			b.end([]Operand{read(v[0])}, []*mockBlock{d})
			c.jump(d)
			d.end(nil, nil)
		}},
		"one register twice": {"both need", func(f *mockFunction, v []VReg) {
			f.block(0).add(def(v[0])).add(def(v[1])).add(readFixed(v[0], 1), readFixed(v[1], 1)).end(nil, nil)
		}},
		"late fixed use is clobbered": {"while", func(f *mockFunction, v []VReg) {
			o := readFixed(v[0], 1)
			o.Pos = Late
			f.block(0).add(def(v[0])).call(callClobbers(), o).end(nil, nil)
		}},
		"tied to a definition": {"tied operand", func(f *mockFunction, v []VReg) {
			f.block(0).add(def(v[0]), defTied(v[1], 0)).end(nil, nil)
		}},
		"tied twice": {"two definitions", func(f *mockFunction, v []VReg) {
			f.block(0).add(def(v[0])).add(read(v[0]), defTied(v[1], 0), defTied(v[2], 0)).end(nil, nil)
		}},
		"scratch register": {"scratch", func(f *mockFunction, v []VReg) {
			f.block(0).add(defFixed(v[0], 11)).end(nil, nil)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "BUG: ") || !strings.Contains(s, c.want) {
					t.Errorf("want a BUG panic with %q, got %q", c.want, s)
				}
			}()
			f := newMock()
			c.build(f, f.ints(3))
			_, err := Allocate(f.finish(), testEnv(), Options{})
			t.Errorf("no panic, error %v", err)
		})
	}
}

func TestAllocate_tooManyRegistersAtOnceIsALimit(t *testing.T) {
	f := newMock()
	v := f.ints(4)
	f.block(0).add(def(v[0])).add(def(v[1])).add(def(v[2])).add(def(v[3])).
		add(read(v[0]), read(v[1]), read(v[2]), read(v[3])).end(nil, nil)
	_, err := Allocate(f.finish(), tinyEnv(), Options{})
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Instr != 4 {
		t.Errorf("want a limit at instruction 4, got %v", err)
	}
}

func TestAllocate_isDeterministic(t *testing.T) {
	for seed := range int64(50) {
		f, env, opt := randomCase(seed)
		x, err1 := Allocate(f, env, opt)
		y, err2 := Allocate(f, env, opt)
		if err1 != nil || err2 != nil || !reflect.DeepEqual(x, y) {
			t.Fatalf("seed %d: two runs differ", seed)
		}
	}
}

func TestAllocate_shuffleSeedChangesTheResult(t *testing.T) {
	f, env, opt := randomCase(4)
	plain, _ := Allocate(f, env, opt)
	opt.ShuffleSeed, opt.Check = 99, true
	shuffled, err := Allocate(f, env, opt)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(plain.Allocs, shuffled.Allocs) {
		t.Error("want another assignment")
	}
}

// An overflow check keeps the old value for deoptimisation, so the tied definition needs a copy of it.
func TestAllocate_tiedUseThatLivesOnIsCopied(t *testing.T) {
	f := newMock()
	v := f.ints(3)
	f.block(0).add(def(v[0])).add(read(v[0]), read(v[0]), defTied(v[1], 0), deopt(v[0])).
		add(read(v[1]), read(v[1]), defTied(v[2], 0)).add(read(v[2])).end(nil, nil)
	r := allocate(t, f, testEnv(), Options{})
	if len(r.Before(1)) != 1 || r.Allocs[1][0] != r.Allocs[1][1] || r.Allocs[1][0] != r.Allocs[1][2] ||
		r.Allocs[1][0] == r.Allocs[1][3] {
		t.Errorf("want one copy and the old value kept\n%s", f.dump(r))
	}
	if len(r.Before(2)) != 0 {
		t.Errorf("want no copy for a value that dies\n%s", f.dump(r))
	}
}

func TestLoc(t *testing.T) {
	for l, want := range map[Loc]string{None: "none", RegLoc(31): "r31", SlotLoc(9): "slot9", HomeLoc(-7): "home-7",
		HomeLoc(1 << 20): "home1048576", ConstLoc: "const"} {
		if l.String() != want {
			t.Errorf("want %s, got %v", want, l)
		}
	}
	if SlotLoc(5).Slot() != 5 || HomeLoc(-1).Home() != -1 || RegLoc(3).Reg() != 3 || !RegLoc(0).IsReg() {
		t.Error("a location does not give back its number")
	}
}
