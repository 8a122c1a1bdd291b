package cp311

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pystonlite/specializer/pyabi"
)

// TestReduce: of the inline caches stays what the front end asks of them.
func TestReduce(t *testing.T) {
	const attr = 1 + 4 // LOAD_ATTR and its inline caches, in code units
	row := func(adaptive uint8, counter int) []byte {
		return []byte{adaptive, 0, uint8(counter), uint8(counter >> 8), 7, 7, 7, 7, 7, 7}
	}
	for _, c := range []struct {
		name     string
		adaptive uint8
		counter  int
		want     int
	}{
		{"never ran", OpLoadAttrAdaptive, 0, 0},
		{"ran, not specialised yet", OpLoadAttrAdaptive, 0x1234, 1},
		{"one class", OpLoadAttrSlot, pyabi.FullCounter, pyabi.FullCounter},
		{"few misses", OpLoadAttrSlot, pyabi.FullCounter - manyMisses + 1, pyabi.FullCounter},
		{"many misses", OpLoadAttrSlot, 1, pyabi.FullCounter - manyMisses},
		{"misses are not counted by class", OpLoadAttrWithHint, 20, 0},
		{"not quickened", OpLoadAttr, 0, 0},
	} {
		code := &pyabi.Code{Bytes: make([]byte, 2*attr), Adaptive: row(c.adaptive, c.counter)}
		code.Bytes[0] = OpLoadAttr
		instrs, err := decode(code)
		assert.NoError(t, err)
		before := *code
		before.Adaptive = append([]byte(nil), code.Adaptive...)
		Reduce(code)
		want := make([]byte, 2*attr)
		want[0], want[2] = c.adaptive, uint8(c.want)
		assert.Equal(t, want, code.Adaptive, c.name)
		in := &instrs[0]
		assert.Equal(t, misses(&before, in) >= manyMisses, misses(code, in) >= manyMisses, c.name)
		r, s := newRan(&before, instrs), newRan(code, instrs)
		assert.Equal(t, r.never(in), s.never(in), c.name)
	}

	often := &pyabi.Code{Sites: []pyabi.Site{{Count: 1}, {Count: pyabi.MinDeopts - 1}, {Count: pyabi.MinDeopts}, {Count: 1000}}}
	Reduce(often)
	assert.Equal(t, []pyabi.Site{{Count: 1}, {Count: 1}, {Count: pyabi.MinDeopts}, {Count: pyabi.MinDeopts}}, often.Sites)
}
