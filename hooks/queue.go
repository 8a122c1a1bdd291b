package hooks

import "container/heap"

// queue orders requests: the hottest first, in order of arrival among equals.  It is not safe for concurrent use.
type queue struct{ items requestHeap }

func (q *queue) push(m Message) { heap.Push(&q.items, m) }

func (q *queue) empty() bool { return len(q.items) == 0 }

func (q *queue) pop() Message { return heap.Pop(&q.items).(Message) }

// requestHeap implements heap.Interface.  Request ids grow, so they give the order of arrival.
type requestHeap []Message

func (h requestHeap) Len() int { return len(h) }

func (h requestHeap) Less(i, j int) bool {
	if h[i].Hotness != h[j].Hotness {
		return h[i].Hotness > h[j].Hotness
	}
	return h[i].ID < h[j].ID
}

func (h requestHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *requestHeap) Push(m any) { *h = append(*h, m.(Message)) }

func (h *requestHeap) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = Message{} // do not keep the snapshot alive
	*h = (*h)[:last]
	return m
}
