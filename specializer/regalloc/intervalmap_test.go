package regalloc

import (
	"math/rand"
	"testing"
)

// TestIntervalMap compares with a plain array of points.
func TestIntervalMap(t *testing.T) {
	const size = 4000
	rnd := rand.New(rand.NewSource(3))
	var m intervalMap
	var model [size]int32 // owner+1 by point
	var starts []uint32
	chunks := 0
	for n := range 20000 {
		if len(starts) > 0 && rnd.Intn(3) == 0 && n > 4000 {
			k := rnd.Intn(len(starts))
			from := starts[k]
			starts[k] = starts[len(starts)-1]
			starts = starts[:len(starts)-1]
			m.remove(from)
			for p, owner := from, model[from]; p < size && model[p] == owner; p++ {
				model[p] = 0
			}
			continue
		}
		from := uint32(rnd.Intn(size - 4))
		to := from + 1 + uint32(rnd.Intn(3))
		free := true
		for p := from; p < to; p++ {
			free = free && model[p] == 0
		}
		if got := m.overlaps([]segment{{from: from, to: to}}); got == free {
			t.Fatalf("overlaps [%d,%d) = %v", from, to, got)
		}
		if !free {
			continue
		}
		m.insert(interval{from: from, to: to, owner: int32(n)})
		starts = append(starts, from)
		for p := from; p < to; p++ {
			model[p] = int32(n) + 1
		}
		chunks = max(chunks, len(m.chunks))
	}
	count := 0
	last := uint32(0)
	for c := m.seek(0); m.at(c) != nil; c = m.next(c) {
		iv := m.at(c)
		if iv.from < last || model[iv.from] != iv.owner+1 || model[iv.to-1] != iv.owner+1 {
			t.Fatalf("wrong interval %+v", *iv)
		}
		last = iv.to
		count++
	}
	if count != len(starts) || chunks < 4 {
		t.Errorf("want %d intervals in several chunks, got %d in %d", len(starts), count, chunks)
	}
}
