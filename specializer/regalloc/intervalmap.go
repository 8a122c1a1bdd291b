package regalloc

import "slices"

// interval is one occupied stretch of a register or slot.
type interval struct {
	from, to uint32
	owner    int32 // bundle, or reserved
}

// reserved is the owner of an interval that belongs to a fixed operand.
const reserved int32 = -1

// chunkSize bounds the cost of inserting into the middle.
const chunkSize = 64

// intervalMap is an ordered set of disjoint intervals in chunks: logarithmic search, bounded insertion, and neighbours
// next to each other in memory for the merge-like walks of probing.
type intervalMap struct {
	firsts []uint32 // by chunk: from of its first interval
	chunks [][]interval
}

// cursor is a position in an intervalMap.
type cursor struct{ chunk, index int }

// seek returns the position of the first interval that ends after p.
func (m *intervalMap) seek(p uint32) cursor {
	lo, hi := 0, len(m.firsts)
	for lo < hi { // the first chunk that starts after p
		mid := int(uint(lo+hi) / 2)
		if m.firsts[mid] <= p {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return cursor{0, 0}
	}
	c := m.chunks[lo-1]
	i, j := 0, len(c)
	for i < j {
		mid := int(uint(i+j) / 2)
		if c[mid].to <= p {
			i = mid + 1
		} else {
			j = mid
		}
	}
	if i == len(c) {
		return cursor{lo, 0}
	}
	return cursor{lo - 1, i}
}

// at returns the interval under the cursor, nil at the end.
func (m *intervalMap) at(c cursor) *interval {
	if c.chunk >= len(m.chunks) {
		return nil
	}
	return &m.chunks[c.chunk][c.index]
}

// next moves the cursor to the following interval.
func (m *intervalMap) next(c cursor) cursor {
	if c.index++; c.index == len(m.chunks[c.chunk]) {
		return cursor{c.chunk + 1, 0}
	}
	return c
}

// insert adds an interval that overlaps none.
func (m *intervalMap) insert(iv interval) {
	if len(m.chunks) == 0 {
		m.chunks = append(m.chunks, append(make([]interval, 0, 8), iv))
		m.firsts = append(m.firsts, iv.from)
		return
	}
	c := m.seek(iv.from)
	if c.index == 0 && c.chunk > 0 {
		c = cursor{c.chunk - 1, len(m.chunks[c.chunk-1])}
	}
	chunk := m.chunks[c.chunk]
	if len(chunk) == chunkSize {
		tail := append(make([]interval, 0, chunkSize), chunk[chunkSize/2:]...)
		m.chunks[c.chunk] = chunk[:chunkSize/2]
		m.chunks = slices.Insert(m.chunks, c.chunk+1, tail)
		m.firsts = slices.Insert(m.firsts, c.chunk+1, tail[0].from)
		if c.index > chunkSize/2 {
			c = cursor{c.chunk + 1, c.index - chunkSize/2}
		}
		chunk = m.chunks[c.chunk]
	}
	m.chunks[c.chunk] = slices.Insert(chunk, c.index, iv)
	m.firsts[c.chunk] = m.chunks[c.chunk][0].from
}

// remove deletes the interval that starts at from.
func (m *intervalMap) remove(from uint32) {
	c := m.seek(from)
	if iv := m.at(c); iv == nil || iv.from != from {
		panic("BUG: no interval to remove")
	}
	chunk := slices.Delete(m.chunks[c.chunk], c.index, c.index+1)
	if len(chunk) == 0 {
		m.chunks = slices.Delete(m.chunks, c.chunk, c.chunk+1)
		m.firsts = slices.Delete(m.firsts, c.chunk, c.chunk+1)
		return
	}
	m.chunks[c.chunk] = chunk
	m.firsts[c.chunk] = chunk[0].from
}

// overlaps reports whether any interval overlaps any of the segments.
func (m *intervalMap) overlaps(segs []segment) bool {
	for _, s := range segs {
		if iv := m.at(m.seek(s.from)); iv != nil && iv.from < s.to {
			return true
		}
	}
	return false
}
