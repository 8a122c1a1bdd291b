package slab

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestElementsAreFreshAndApart(t *testing.T) {
	var s Of[int]
	seen := map[*int]bool{}
	for range 3 * largest {
		p := s.New()
		assert.Zero(t, *p)
		assert.False(t, seen[p])
		seen[p] = true
		*p = 1
	}
}

func TestAnAppendDoesNotReachTheNext(t *testing.T) {
	var s Of[int]
	a, b := s.Take(2), s.Take(2)
	_ = append(a, 7)
	assert.Equal(t, []int{0, 0}, b)
}

func TestTakesMoreThanAChunk(t *testing.T) {
	var s Of[int]
	s.New()
	assert.Len(t, s.Take(5*largest), 5*largest)
}

func TestCopy(t *testing.T) {
	var s Of[int]
	list := []int{1, 2, 3}
	c := s.Copy(list)
	list[0] = 9
	assert.Equal(t, []int{1, 2, 3}, c)
	assert.Nil(t, s.Copy(nil))
}

func TestManyShareAnAllocation(t *testing.T) {
	var s Of[[4]int]
	assert.Less(t, testing.AllocsPerRun(100, func() { s.New() }), 1.0)
}
