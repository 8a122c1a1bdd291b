package cp311

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pystonlite/specializer/pyabi"
)

func TestMissesAreCountedDownFromTheStart(t *testing.T) {
	for _, c := range []struct {
		name    string
		op      uint8
		counter uint16
		want    int
	}{
		{"one class", OpLoadAttrInstanceValue, 53, 0},
		{"another class now and then", OpLoadAttrInstanceValue, 50, 3},
		{"classes by turns", OpLoadMethodWithValues, 1, 52},
		{"slots", OpStoreAttrSlot, 40, 13},
		{"a recorded snapshot", OpLoadAttrSlot, 0, 0},
		{"no count of misses", OpLoadAttrSlot, 0x309, 0},
		{"a dictionary that has grown", OpLoadAttrWithHint, 10, 0},
		{"not specialised", OpLoadAttrAdaptive, 10, 0},
	} {
		code := &pyabi.Code{Adaptive: []byte{OpResume, 0, c.op, 0, byte(c.counter), byte(c.counter >> 8), 0, 0}}
		assert.Equal(t, c.want, misses(code, &Instr{BCI: 1, Adaptive: c.op}), c.name)
	}
	assert.Zero(t, misses(&pyabi.Code{Adaptive: []byte{OpLoadAttrSlot, 0}}, &Instr{Adaptive: OpLoadAttrSlot}), "no cache")
}
