package cp311

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/pyabi"
)

// canonical are the opcodes that the adaptive ones of this test stand for.
var canonical = map[uint16]uint8{
	OpLoadAttrAdaptive: OpLoadAttr, OpLoadAttrSlot: OpLoadAttr, OpCompareOpAdaptive: OpCompareOp, OpBinarySubscrAdaptive: OpBinarySubscr,
	OpBuildSlice: OpBuildSlice, OpRaiseVarargs: OpRaiseVarargs,
}

// straightLine is code of one block: RESUME, then the instructions with the given adaptive opcode and counter, a cache each.
func straightLine(rows ...[2]uint16) (*pyabi.Code, []Instr, *block) {
	code := &pyabi.Code{Adaptive: []byte{OpResumeQuick, 0}}
	instrs := []Instr{{Op: OpResume, Adaptive: OpResumeQuick}}
	for _, row := range rows {
		at := int32(len(code.Adaptive) / 2)
		instrs = append(instrs, Instr{Op: canonical[row[0]], Adaptive: uint8(row[0]), Start: at, BCI: at, Next: at + 2})
		code.Adaptive = append(code.Adaptive, byte(row[0]), 0, byte(row[1]), byte(row[1]>>8))
	}
	return code, instrs, &block{last: len(instrs)}
}

const backedOff = 0x0005 // of an instruction that could not be specialised: the counter is zero, what it begins with is not

func TestBlocksAreLeftWhereNothingHasRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   [][2]uint16
		unseen bool
		sites  []pyabi.Site
		inline bool
		want   int
	}{
		{"all has run", [][2]uint16{{OpLoadAttrAdaptive, backedOff}, {OpLoadAttrSlot, 53}}, false, nil, false, -1},
		{"the first has not", [][2]uint16{{OpBuildSlice, 0}, {OpLoadAttrAdaptive, 0}, {OpLoadAttrSlot, 53}}, false, nil, false, 0},
		{"what follows an exception has not", [][2]uint16{{OpLoadAttrSlot, 53}, {OpCompareOpAdaptive, 0}}, false, nil, false, 2},
		{"a specialised one may miss its last time", [][2]uint16{{OpLoadAttrSlot, 0}}, false, nil, false, -1},
		{"machine code has run it, maybe", [][2]uint16{{OpLoadAttrAdaptive, 0}}, true, nil, false, -1},
		{"it ran after all", [][2]uint16{{OpLoadAttrAdaptive, 0}, {OpLoadAttrSlot, 53}, {OpCompareOpAdaptive, 0}}, false, again(0), false, 3},
		{"a new phase", [][2]uint16{{OpLoadAttrAdaptive, 0}, {OpLoadAttrAdaptive, 0}, {OpLoadAttrAdaptive, 0}}, false, again(0, 3), false, -1},
		{"what is translated with the one before", [][2]uint16{{OpLoadAttrSlot, 53}, {OpBuildSlice, 0}, {OpBinarySubscrAdaptive, 0}}, false, nil, false, 2},
		{"a raise that ran", [][2]uint16{{OpLoadAttrSlot, 53}, {OpRaiseVarargs, 0}}, false, nil, false, -1},
		{"a raise of an inlined function", [][2]uint16{{OpLoadAttrSlot, 53}, {OpRaiseVarargs, 0}}, false, nil, true, 0},
		{"one that never ran", [][2]uint16{{OpLoadAttrSlot, 53}, {OpLoadAttrAdaptive, 0}, {OpRaiseVarargs, 0}}, false, nil, true, 2},
	} {
		code, instrs, blk := straightLine(c.rows...)
		code.Unseen, code.Sites = c.unseen, c.sites
		assert.Equal(t, c.want, newRan(code, instrs).until(blk, instrs, c.inline), c.name)
	}
}

func TestInlinedFunctionThatRaisesIsRefused(t *testing.T) {
	code, instrs, blk := straightLine([2]uint16{OpRaiseVarargs, 0})
	code.Sites = again(0)
	assert.Panics(t, func() { newRan(code, instrs).until(blk, instrs, true) }) // frontend.Refuse
}

func TestNothingIsKnownOfCodeThatIsNotQuickened(t *testing.T) {
	code, instrs, blk := straightLine([2]uint16{OpLoadAttrAdaptive, 0})
	instrs[0].Adaptive = OpResume
	assert.Equal(t, -1, newRan(code, instrs).until(blk, instrs, false))
}

// again is the history of code that was left at these indices.
func again(at ...uint32) (sites []pyabi.Site) {
	for _, bci := range at {
		sites = append(sites, pyabi.Site{BCI: bci, Reason: uint16(codemeta.ReasonNeverRan), Count: 40})
	}
	return sites
}
