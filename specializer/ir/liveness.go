package ir

import "sort"

// Liveness says which values are live where blocks begin and end. Its sets are sorted lists, because a function has many
// thousand values of which few are live across any edge.
type Liveness struct {
	in, out [][]Value // by BlockID, ascending
	rep     func(Value) Value
}

// ComputeLiveness finds the live values from all uses: operands, edge arguments (used at the end of the block the edge
// leaves) and what frame states need.
//
// rep maps a value to the one that stands for it, say to the reference a guard's result is an alias of (Func.Root); a
// value mapped to NoValue is not followed. A nil rep follows every value for itself.
//
// The blocks between a use and the definition are walked upwards for one value after the other, so the time is that of
// writing the result down (Boissinot et al., "Computing Liveness Sets for SSA-Form Programs", 2011).
func ComputeLiveness(f *Func, rep func(Value) Value) *Liveness {
	if rep == nil {
		rep = func(v Value) Value { return v }
	}
	l := &Liveness{in: make([][]Value, f.NumBlockIDs()), out: make([][]Value, f.NumBlockIDs()), rep: rep}
	var work []*Block
	for v, blocks := range usingBlocks(f, rep) {
		v := Value(v)
		def := f.Values[v].Block
		for _, b := range blocks {
			work = append(work, b)
			for len(work) > 0 {
				b := work[len(work)-1]
				work = work[:len(work)-1]
				if b == def || endsWith(l.in[b.ID], v) {
					continue
				}
				l.in[b.ID] = append(l.in[b.ID], v)
				for _, p := range b.Preds {
					if !endsWith(l.out[p.ID], v) {
						l.out[p.ID] = append(l.out[p.ID], v)
					}
					work = append(work, p)
				}
			}
		}
	}
	return l
}

// usingBlocks lists by value the blocks that use it, each once.
func usingBlocks(f *Func, rep func(Value) Value) [][]*Block {
	uses := make([][]*Block, len(f.Values))
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			i.Uses(func(u *Value) {
				v := rep(*u)
				if v == NoValue {
					return
				}
				if n := len(uses[v]); n == 0 || uses[v][n-1] != b {
					uses[v] = append(uses[v], b)
				}
			})
		}
	}
	return uses
}

func endsWith(list []Value, v Value) bool { return len(list) > 0 && list[len(list)-1] == v }

// In are the values live where b begins, its parameters not among them, in ascending order.
func (l *Liveness) In(b *Block) []Value { return l.in[b.ID] }

// Out are the values live where b ends: those live into a successor. Edge arguments count only when used beyond the edge.
func (l *Liveness) Out(b *Block) []Value { return l.out[b.ID] }

// LiveIn says whether v, or what stands for it, is live where b begins.
func (l *Liveness) LiveIn(b *Block, v Value) bool { return contains(l.in[b.ID], l.rep(v)) }

// LiveOut says whether v, or what stands for it, is live where b ends.
func (l *Liveness) LiveOut(b *Block, v Value) bool { return contains(l.out[b.ID], l.rep(v)) }

func contains(list []Value, v Value) bool {
	k := sort.Search(len(list), func(k int) bool { return list[k] >= v })
	return k < len(list) && list[k] == v
}
