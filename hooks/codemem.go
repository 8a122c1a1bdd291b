package hooks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"pystonlite/specializer/unwind"
)

// Executable memory.
//
// A region is one memfd mapped twice: a view that can be written and a view that can be executed, at different
// addresses.  Code is written through the first and runs in the second, so code can be added beside code that other
// threads are running, and no address is ever writable and executable.
//
// Both views are shared mappings.  After fork, parent and child see the same bytes: so a child never writes to regions
// it inherited (it loads a fresh copy of this library, with an empty Memory, and the writable view is not inherited), and
// the parent never reuses a block that a child may still run (the host does not send it for freeing, see
// pl_unit_free in cshim/install.c).

// Beside the code lies its layout, which debuggers read (specializer/unwind): memory that is written before the code is known
// to anybody, and whose pages exist as far as there is code.

// BlockID names a piece of code in a Memory.
type BlockID uint64

// Block is where a piece of code was placed.
type Block struct {
	ID      BlockID
	Address uint64 // in the executable view
}

// Memory is executable memory with a cap.  It is safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	limit   int64 // bytes of regions; 0: none
	told    func(base, size, layout uint64)
	mapped  int64 // bytes of all regions
	used    int64 // bytes of all live blocks, rounded up
	regions []*region
	blocks  map[BlockID]blockPlace
	lastID  BlockID
}

type region struct {
	write, exec []byte
	layout      []byte // a 16-bit word for each granule of code
	// free is sorted by offset, and no two spans touch.
	free []span
}

type span struct{ offset, size int }

type blockPlace struct {
	region *region
	span
}

const (
	// regionSize is the size of ordinary regions; a larger piece of code gets a region of its own.
	regionSize = 1 << 20
	pageSize   = 4096
	// blockAlign is a cache line, so that the compiler's alignment of loops within the code holds in memory.
	blockAlign = 64
	// layoutWord is the size of a word of a layout.
	layoutWord = 2
	// fill is the breakpoint instruction: running into freed or unused memory stops at once.
	fill = 0xcc
)

// memoryError is a Refusal: without memory, the function stays interpreted.
type memoryError struct{ reason string }

func (e *memoryError) Error() string   { return e.reason }
func (e *memoryError) Refusal() string { return e.reason }

// errMemoryFull is returned by Place when the cap is reached.
var errMemoryFull error = &memoryError{"code memory full"}

// NewMemory returns an empty memory that maps at most limit bytes (0: any number). It tells told, unless that is nil, where each
// region is, and its layout.
func NewMemory(limit int64, told func(base, size, layout uint64)) *Memory {
	return &Memory{limit: limit, told: told, blocks: make(map[BlockID]blockPlace)}
}

// Place copies the code of a unit into executable memory, and describes its frames in the layout.
func (m *Memory) Place(unit *Result) (Block, error) {
	if len(unit.Code) == 0 {
		return Block{}, errors.New("no code to place")
	}
	size := roundUp(len(unit.Code), blockAlign)
	m.mu.Lock()
	defer m.mu.Unlock()
	place, ok := m.take(size)
	if !ok {
		if err := m.grow(size); err != nil {
			return Block{}, err
		}
		if place, ok = m.take(size); !ok {
			panic(fmt.Sprintf("BUG: a new region has no room for %d bytes", size))
		}
	}
	target := place.region.write[place.offset:][:size]
	for i := copy(target, unit.Code); i < size; i++ {
		target[i] = fill
	}
	place.describe(unit.Frame, unit.Routines)
	m.used += int64(size)
	m.lastID++
	m.blocks[m.lastID] = place
	return Block{ID: m.lastID, Address: addressOf(place.region.exec) + uint64(place.offset)}, nil
}

// describe writes the layout of a block.
func (p blockPlace) describe(frame, routines int) {
	words := p.region.layout[p.offset/unwind.Granule*layoutWord:]
	word := uint16(min(frame/8, unwind.SameFrame-1))
	for at := 0; at < p.size; at += unwind.Granule {
		if at >= routines {
			word = unwind.RoutineFrame
		}
		binary.LittleEndian.PutUint16(words[at/unwind.Granule*layoutWord:], word)
	}
}

// Free gives a block back.  Its code must not run any more.
func (m *Memory) Free(id BlockID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	place, ok := m.blocks[id]
	if !ok {
		panic(fmt.Sprintf("BUG: free of block %d, which is not in use", id))
	}
	delete(m.blocks, id)
	m.used -= int64(place.size)
	bytes := place.region.write[place.offset:][:place.size]
	for i := range bytes {
		bytes[i] = fill
	}
	place.region.give(place.span)
}

// Usage returns the bytes of live code and of mapped regions.
func (m *Memory) Usage() (used, mapped int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used, m.mapped
}

// take finds room by first fit, in the oldest region that has any: live code stays dense.
func (m *Memory) take(size int) (blockPlace, bool) {
	for _, r := range m.regions {
		for i, s := range r.free {
			if s.size < size {
				continue
			}
			if s.size == size {
				r.free = append(r.free[:i], r.free[i+1:]...)
			} else {
				r.free[i] = span{s.offset + size, s.size - size}
			}
			return blockPlace{r, span{s.offset, size}}, true
		}
	}
	return blockPlace{}, false
}

// give inserts a span and joins it with the neighbours it touches.
func (r *region) give(s span) {
	i := sort.Search(len(r.free), func(i int) bool { return r.free[i].offset > s.offset })
	if i < len(r.free) && s.offset+s.size == r.free[i].offset {
		s.size += r.free[i].size
		r.free = append(r.free[:i], r.free[i+1:]...)
	}
	if i > 0 && r.free[i-1].offset+r.free[i-1].size == s.offset {
		r.free[i-1].size += s.size
		return
	}
	r.free = append(r.free, span{})
	copy(r.free[i+1:], r.free[i:])
	r.free[i] = s
}

// grow maps a region with room for size bytes.
func (m *Memory) grow(size int) error {
	want := int64(roundUp(max(size, regionSize), pageSize))
	if m.limit > 0 {
		room := (m.limit - m.mapped) &^ (pageSize - 1)
		if room < int64(size) {
			return errMemoryFull
		}
		want = min(want, room)
	}
	r, err := mapRegion(int(want))
	if err != nil {
		return &memoryError{"code memory unavailable: " + err.Error()}
	}
	m.mapped += want
	m.regions = append(m.regions, r)
	if m.told != nil {
		m.told(addressOf(r.exec), uint64(want), addressOf(r.layout))
	}
	return nil
}

func mapRegion(size int) (*region, error) {
	fd, err := unix.MemfdCreate("pyston-lite-code", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	defer unix.Close(fd) // the mappings keep the memory
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, fmt.Errorf("ftruncate: %w", err)
	}
	write, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	exec, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED)
	if err == nil {
		// A child made by fork cannot write to its parent's code.
		err = unix.Madvise(write, unix.MADV_DONTFORK)
	}
	var layout []byte
	if err == nil {
		layout, err = unix.Mmap(-1, 0, size/unwind.Granule*layoutWord, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mmap: %w", err), unmap(write), unmap(exec))
	}
	return &region{write: write, exec: exec, layout: layout, free: []span{{0, size}}}, nil
}

func unmap(view []byte) error {
	if view == nil {
		return nil
	}
	return unix.Munmap(view)
}

// addressOf is the one use of package unsafe in the service: machine code is reached by address.
func addressOf(view []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(view)))) }

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }
