package hooks

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/unwind"
)

// executable returns what the executable view holds at a block.
func executable(m *Memory, b Block) []byte {
	place := m.blocks[b.ID]
	return place.region.exec[place.offset:][:place.size]
}

func TestMemory_CodeAppearsInTheExecutableView(t *testing.T) {
	m := NewMemory(0, nil)
	code := []byte{0xb8, 42, 0, 0, 0, 0xc3}
	block, err := m.Place(&Result{Code: code})
	require.NoError(t, err)
	require.Zero(t, block.Address%blockAlign)
	view := executable(m, block)
	require.Equal(t, code, view[:len(code)])
	require.Equal(t, bytes.Repeat([]byte{fill}, blockAlign-len(code)), view[len(code):])
	require.NotEqual(t, addressOf(m.regions[0].write), addressOf(m.regions[0].exec))
}

func TestMemory_LayoutSaysHowLargeFramesAre(t *testing.T) {
	var base, size, layout uint64
	m := NewMemory(0, func(b, s, l uint64) { base, size, layout = b, s, l })
	_, err := m.Place(&Result{Code: make([]byte, 10), Frame: 16, Routines: 10})
	require.NoError(t, err)
	block, err := m.Place(&Result{Code: make([]byte, 70), Frame: 48, Routines: 32})
	require.NoError(t, err)
	r := m.regions[0]
	require.Equal(t, []uint64{addressOf(r.exec), regionSize, addressOf(r.layout)}, []uint64{base, size, layout})
	var words []uint16
	for at := block.Address; at < block.Address+2*blockAlign; at += unwind.Granule {
		words = append(words, binary.LittleEndian.Uint16(r.layout[(at-base)/unwind.Granule*layoutWord:]))
	}
	const routine = unwind.RoutineFrame
	require.Equal(t, []uint16{6, 6, routine, routine, routine, routine, routine, routine}, words)
}

func TestMemory_NoMappingIsWritableAndExecutable(t *testing.T) {
	m := NewMemory(0, nil)
	_, err := m.Place(&Result{Code: []byte{0xc3}})
	require.NoError(t, err)
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	permissions := map[string]int{}
	for _, line := range strings.Split(string(maps), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 5 && strings.HasPrefix(fields[5], "/memfd:pyston-lite-code") {
			permissions[fields[1]]++
		}
	}
	require.NotZero(t, permissions["rw-s"])
	require.NotZero(t, permissions["r-xs"])
	require.Len(t, permissions, 2)
}

func TestMemory_FreedBlocksAreFilledAndReused(t *testing.T) {
	m := NewMemory(0, nil)
	var blocks []Block
	for i := range 3 {
		b, err := m.Place(&Result{Code: bytes.Repeat([]byte{byte(i)}, 100)})
		require.NoError(t, err)
		blocks = append(blocks, b)
	}
	view := executable(m, blocks[1])
	m.Free(blocks[1].ID)
	require.Equal(t, bytes.Repeat([]byte{fill}, 128), view)
	again, err := m.Place(&Result{Code: make([]byte, 128)})
	require.NoError(t, err)
	require.Equal(t, blocks[1].Address, again.Address)
	require.NotEqual(t, blocks[1].ID, again.ID)
	require.Panics(t, func() { m.Free(blocks[1].ID) }, "second free of the same block")
}

func TestMemory_CapIsARefusal(t *testing.T) {
	m := NewMemory(3*pageSize, nil)
	_, err := m.Place(&Result{Code: make([]byte, 2*pageSize)})
	require.NoError(t, err)
	_, err = m.Place(&Result{Code: make([]byte, 2*pageSize)})
	var refusal Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "code memory full", refusal.Refusal())
	_, err = m.Place(&Result{Code: make([]byte, pageSize)})
	require.NoError(t, err, "what still fits is placed")
	used, mapped := m.Usage()
	require.EqualValues(t, 3*pageSize, used)
	require.EqualValues(t, 3*pageSize, mapped)
}

func TestMemory_LargeCodeGetsItsOwnRegion(t *testing.T) {
	m := NewMemory(0, nil)
	code := bytes.Repeat([]byte{0x90}, 3*regionSize+1)
	b, err := m.Place(&Result{Code: code})
	require.NoError(t, err)
	require.Equal(t, code, executable(m, b)[:len(code)])
}

// TestMemory_RandomPlaceAndFree checks that live blocks keep their bytes and that everything can be joined again.
func TestMemory_RandomPlaceAndFree(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	m := NewMemory(0, nil)
	live := map[Block][]byte{}
	for range 5000 {
		if rng.Intn(2) == 0 {
			code := make([]byte, 1+rng.Intn(2000))
			rng.Read(code)
			b, err := m.Place(&Result{Code: code})
			require.NoError(t, err)
			live[b] = code
			continue
		}
		for b, code := range live {
			require.Equal(t, code, executable(m, b)[:len(code)])
			m.Free(b.ID)
			delete(live, b)
			break
		}
	}
	require.NotEmpty(t, live)
	for b, code := range live {
		require.Equal(t, code, executable(m, b)[:len(code)])
		m.Free(b.ID)
	}
	used, _ := m.Usage()
	require.Zero(t, used)
	for _, r := range m.regions {
		require.Equal(t, []span{{0, len(r.exec)}}, r.free)
	}
}
