// Package slab allocates many small values of one type at a time. What a compilation makes (instructions, frame states,
// operands) is many, small, and dies together, so that one allocation can hold dozens of them.
package slab

// An allocation has twice the elements of the last one, within these bounds.
const (
	smallest = 8
	largest  = 128
)

// Of hands out elements of T. The zero value is ready. What it has handed out is kept alive by any part of it that is in
// use, so T should be something that lives as long as its neighbours.
type Of[T any] struct {
	free []T
	size int // of the last allocation
}

// New returns a fresh zero element.
func (s *Of[T]) New() *T { return &s.Take(1)[0] }

// Take returns n fresh zero elements. An append to them does not reach what is handed out next.
func (s *Of[T]) Take(n int) []T {
	if n > len(s.free) {
		s.size = min(max(2*s.size, smallest), largest)
		s.free = make([]T, max(n, s.size))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}

// Copy returns a copy of list, nil when it is empty.
func (s *Of[T]) Copy(list []T) []T {
	if len(list) == 0 {
		return nil
	}
	taken := s.Take(len(list))
	copy(taken, list)
	return taken
}
