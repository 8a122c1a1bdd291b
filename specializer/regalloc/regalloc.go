// Package regalloc assigns registers and stack slots to the virtual registers of a function.
//
// # Model
//
// The input is SSA over machine instructions, seen through the interface Function; the output says for every operand where
// it is, and lists the edits (moves, reloads, rematerialisations) to put between the instructions.
//
// Every instruction i owns four points, 4i to 4i+3, and a value is live over half-open ranges of points:
//
//	4i    before   state in which the operand copies of i (fixed registers, tied operands) are read
//	4i+1  early    uses are read; early definitions and tied definitions exist from here
//	4i+2  late     definitions are written, clobbers happen; late uses are still live
//	4i+3  after    results in fixed registers have been copied to where they live
//
// Edits happen between points: "before i" are, in this order, the moves of an edge that enter the block (first instruction
// only), the moves of values that change place at 4i, the operand copies of i, and the moves of an edge that leave the
// block (terminator only). "After i" are the copies out of fixed registers and the stores of spilled definitions.
//
// # Constraints as copies
//
// A use in a fixed register does not bind its value: the register is reserved over the moment of the use, and a copy fills
// it from wherever the value is. When the value dies there and already sits in that register the copy disappears, and a hint
// makes that the usual case. A fixed definition is the mirror image. A tied definition starts at "early" as a copy of the
// use it is tied to; when that use dies the two are one web (below) and the copy disappears, too. So every constraint
// except InReg can be met with the value in memory, and no operand needs more than a register over its own instruction.
//
// # Algorithm
//
// It is a priority allocator with eviction and splitting (in the family of LLVM's greedy allocator and of regalloc2):
//
//  1. liveness.go: live ranges by walking backwards from the uses of each value (cost: the size of the result).
//  2. bundle.go: values joined by block arguments, ties and moves are merged into one bundle (a web) when their ranges do
//     not overlap, hottest pair first. A bundle is the unit of assignment; a counted loop whose counter web holds together
//     has no moves.
//  3. assign.go: bundles are taken longest first. Each takes a free register, hinted ones first; or evicts bundles that are
//     all cheaper than itself; or is split; or, when nothing in it needs a register, goes to memory. Cost is the frequency-weighted
//     number of loads and stores that memory would cause, divided by length, so short and hot wins. Loop depth
//     makes frequency; cold blocks have nearly none.
//  4. split.go: split at the border of the cold blocks first, so that a call on a cold path costs nothing on the hot one; then
//     around the hottest loop; then shrink to the part with register uses; then at calls; then where the best register stops being free;
//     finally to one piece a use. The parts between go to memory. Reloads are placed before loops when the
//     value lives through them.
//  5. slots.go: bundles with a part in memory get slots; webs that are never alive together share one.
//  6. resolve.go: compares the places of a value across every split and edge and makes the parallel moves; a spilled value
//     is stored either once, at its definition, or wherever it leaves its register, whichever is less frequent.
//     parallelmove.go puts parallel moves in sequence.
//
// Uses marked Any and Late (the values a deoptimisation point would need) cost nothing and require nothing: they keep a
// value alive, wherever it is. Values that can be rematerialised or have a home in client memory are never stored.
//
// # Termination and cost
//
// A bundle evicts only strictly cheaper ones, so the sorted costs of what is assigned grow with every eviction; a split makes
// strictly smaller pieces, and the number of splits before the last, final kind is bounded. Occupation of a register is an
// ordered list in chunks, so probing is logarithmic. Merging stops at a bounded number of ranges a bundle.
//
// check.go is the proof reader: it knows nothing of the above and replays the result abstractly.
package regalloc

import (
	"cmp"
	"fmt"
	"slices"
)

// Points of an instruction, see the package comment.
const (
	ptEarly = 1
	ptLate  = 2
	ptAfter = 3
)

// maxInstrs bounds the function so that a point fits in 31 bits.
const maxInstrs = 1 << 28

// coldFrequency is the frequency of a cold block relative to straight-line code. Cold code in a deep loop is as cold as any.
const coldFrequency = 1.0 / 64

// loopFrequency is how often a loop is assumed to iterate; deeper than maxFrequencyDepth makes no difference any more.
const (
	loopFrequency     = 8
	maxFrequencyDepth = 7
)

// allocator is the state of one allocation. Slices are indexed by what the comment says.
type allocator struct {
	f   Function
	env Env
	opt Options
	rng uint64

	numBlocks, numInstrs, numVRegs int

	// By block.
	blockFrom, blockTo []int32 // instruction range
	depth              []int32
	freq               []float32
	runFirst, runLast  []int32 // the blocks around b in emission order that are at least as deep
	succs, preds       [][]int32
	edgeOut            []bool // the moves of the edge from b stand in b, before its terminator
	coldStart          uint32 // first point of the cold blocks at the end; the end of the function when there are none

	// By instruction.
	ops     [][]Operand
	blockOf []int32

	// By virtual register.
	vregs []vregInfo
	segs  [][]segment // live ranges, increasing
	uses  [][]use     // uses that need or want a register, increasing

	allocatable [numClasses]RegSet
	clobberAt   []clobber     // increasing
	clobberAll  RegSet        // union of clobberAt
	fixed       [][]segment   // by PReg: reservations, increasing; segment.v is the value that may be there anyway
	busy        []intervalMap // by PReg

	bundles   []bundle
	webs      []web // by the bundle index of the web before splitting
	queue     bundleQueue
	scratch   splitScratch
	usedRegs  RegSet
	numSlots  int
	stats     Stats
	conflicts []int32 // scratch of evict
}

type vregInfo struct {
	def      uint32 // first point; noPoint when undefined
	defBlock int32
	bundle   int32 // the original bundle, -1 when never live
	home     int32
	class    Class
	param    bool
	remat    bool
	hasHome  bool
	storable bool // in memory means in a spill slot
}

const noPoint = ^uint32(0)

// segment is one live range of one value, [from, to).
type segment struct {
	from, to uint32
	v        VReg
}

// clobber is one instruction that destroys registers.
type clobber struct {
	at   uint32
	regs RegSet
}

// Allocate assigns a location to every operand of f. It panics with "BUG:" when f breaks the rules stated at Function, and
// returns a *LimitError when an instruction needs more registers than there are.
func Allocate(f Function, env Env, opt Options) (*Result, error) {
	a := &allocator{f: f, env: env, opt: opt, rng: opt.ShuffleSeed}
	if err := a.readFunction(); err != nil {
		return nil, err
	}
	a.computeLiveness()
	a.buildBundles()
	if err := a.assignAll(); err != nil {
		return nil, err
	}
	a.assignSlots()
	r := a.resolve()
	if opt.Check {
		if err := Check(f, env, r); err != nil {
			return nil, fmt.Errorf("regalloc: wrong result: %w", err)
		}
	}
	return r, nil
}

// readFunction caches the shape of the function, checks the rules for it and derives frequencies and loop runs.
func (a *allocator) readFunction() error {
	f := a.f
	a.numBlocks, a.numVRegs = f.NumBlocks(), f.NumVRegs()
	if a.numBlocks == 0 {
		panic("BUG: function without blocks")
	}
	_, a.numInstrs = f.InstrRange(a.numBlocks - 1)
	if a.numInstrs > maxInstrs {
		return &LimitError{-1, "too many instructions"}
	}
	for c := range a.env.Regs {
		a.allocatable[c] = MakeRegSet(a.env.Regs[c]...)
		if a.allocatable[c].Has(a.env.Scratch[0]) || a.allocatable[c].Has(a.env.Scratch[1]) {
			panic("BUG: scratch register is allocatable")
		}
	}
	nb := a.numBlocks
	ints := make([]int32, 5*nb)
	a.blockFrom, a.blockTo, a.depth = ints[:nb], ints[nb:2*nb], ints[2*nb:3*nb]
	a.runFirst, a.runLast = ints[3*nb:4*nb], ints[4*nb:]
	a.freq = make([]float32, nb)
	a.blockOf = make([]int32, a.numInstrs)
	a.coldStart = uint32(a.numInstrs) * 4
	at := 0
	for b := 0; b < nb; b++ {
		from, to := f.InstrRange(b)
		if from != at || to <= from {
			panic(fmt.Sprintf("BUG: block %d has instructions [%d,%d), expected to start at %d", b, from, to, at))
		}
		at = to
		a.blockFrom[b], a.blockTo[b] = int32(from), int32(to)
		for i := from; i < to; i++ {
			a.blockOf[i] = int32(b)
		}
		a.depth[b] = int32(f.LoopDepth(b))
		a.freq[b] = 1
		for d := min(a.depth[b], maxFrequencyDepth); d > 0; d-- {
			a.freq[b] *= loopFrequency
		}
		if f.Cold(b) {
			a.freq[b] = coldFrequency
			a.depth[b] = 0
		}
	}
	a.readEdges()
	for b := nb - 1; b > 0 && f.Cold(b); b-- {
		a.coldStart = a.blockStart(int32(b))
	}
	a.computeRuns()
	return nil
}

// readEdges caches the control flow graph and checks it.
func (a *allocator) readEdges() {
	if len(a.f.Preds(0)) > 0 || len(a.f.BlockParams(0)) > 0 {
		panic("BUG: the entry block has predecessors or parameters")
	}
	lists := make([][]int32, 2*a.numBlocks)
	a.succs, a.preds = lists[:a.numBlocks], lists[a.numBlocks:]
	arena := make([]int32, 0, 4*a.numBlocks)
	keep := func(list []int) []int32 {
		start := len(arena)
		for _, b := range list {
			arena = append(arena, int32(b))
		}
		return arena[start:len(arena):len(arena)]
	}
	for b := range a.numBlocks {
		a.succs[b], a.preds[b] = keep(a.f.Succs(b)), keep(a.f.Preds(b))
	}
	for b, succs := range a.succs {
		for k, s := range succs {
			if len(succs) > 1 && len(a.preds[s]) > 1 {
				panic(fmt.Sprintf("BUG: critical edge from block %d to block %d", b, s))
			}
			if len(a.f.BranchArgs(b, k)) != len(a.f.BlockParams(int(s))) {
				panic(fmt.Sprintf("BUG: edge from block %d to block %d: arguments do not match parameters", b, s))
			}
		}
	}
}

// computeRuns finds for each block the longest stretch of neighbours that are at least as deep: the loop it is in, as far as
// emission order shows it.
func (a *allocator) computeRuns() {
	for b := range a.runFirst {
		r := int32(b)
		for r > 0 && a.depth[r-1] >= a.depth[b] {
			r = a.runFirst[r-1]
		}
		a.runFirst[b] = r
	}
	for b := len(a.runLast) - 1; b >= 0; b-- {
		r := int32(b)
		for int(r) < len(a.runLast)-1 && a.depth[r+1] >= a.depth[b] {
			r = a.runLast[r+1]
		}
		a.runLast[b] = r
	}
}

// outerRun returns a block of the next run around the run of b, and false when there is none inside a loop.
func (a *allocator) outerRun(b int32) (int32, bool) {
	before, after := a.runFirst[b]-1, a.runLast[b]+1
	out := int32(-1)
	if before >= 0 {
		out = before
	}
	if int(after) < a.numBlocks && (out < 0 || a.depth[after] > a.depth[out]) {
		out = after
	}
	return out, out >= 0 && a.depth[out] > 0
}

func (a *allocator) blockStart(b int32) uint32 { return uint32(a.blockFrom[b]) * 4 }
func (a *allocator) blockEnd(b int32) uint32   { return uint32(a.blockTo[b]) * 4 }

// blockAt returns the block of a point; the end of the function counts to the last block.
func (a *allocator) blockAt(p uint32) int32 {
	return a.blockOf[min(int(p/4), a.numInstrs-1)]
}

// random returns the next number of the stress sequence (splitmix64).
func (a *allocator) random() uint64 {
	a.rng += 0x9e3779b97f4a7c15
	z := a.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// segmentAt returns the index of the first segment that ends after p.
func segmentAt(segs []segment, p uint32) int {
	if len(segs) <= 8 {
		for i := range segs {
			if segs[i].to > p {
				return i
			}
		}
		return len(segs)
	}
	i, _ := slices.BinarySearchFunc(segs, p, func(s segment, p uint32) int {
		if s.to <= p {
			return -1
		}
		return cmp.Compare(1, 0)
	})
	return i
}

// covers reports whether one of the segments contains p.
func covers(segs []segment, p uint32) bool {
	i := segmentAt(segs, p)
	return i < len(segs) && segs[i].from <= p
}
