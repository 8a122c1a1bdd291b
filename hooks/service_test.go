package hooks

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/codemeta"
)

// fakeHost plays back messages.
type fakeHost struct {
	mu       sync.Mutex
	messages []Message
	order    []uint64 // ids of results in order of delivery
	results  map[uint64]decoded
	lines    []string
}

type decoded struct {
	status status
	text   string
	entry  uint64
	size   uint64
	block  uint64
	meta   *codemeta.Tables
}

func (h *fakeHost) Next() (Message, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.messages) == 0 {
		return Message{}, false
	}
	m := h.messages[0]
	h.messages = h.messages[1:]
	return m, true
}

func (h *fakeHost) Deliver(data []byte) {
	le := binary.LittleEndian
	d := decoded{status: status(le.Uint32(data[4:]))}
	id, textLen := le.Uint64(data[8:]), int(le.Uint64(data[40:]))
	d.text = string(data[resultHeadSize:][:textLen])
	if d.status == statusOK {
		code := data[(resultHeadSize+textLen+7)&^7:]
		d.entry, d.size, d.block = le.Uint64(code), le.Uint64(code[8:]), le.Uint64(code[16:])
		var err error
		if d.meta, _, err = codemeta.Decode(code[resultCodeSize:]); err != nil {
			panic(err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, twice := h.results[id]; twice {
		panic("two results for one request")
	}
	if h.results == nil {
		h.results = map[uint64]decoded{}
	}
	h.results[id] = d
	h.order = append(h.order, id)
}

func (h *fakeHost) Log(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

type refusal string

func (r refusal) Error() string   { return "refused: " + string(r) }
func (r refusal) Refusal() string { return string(r) }

// fakeCompile answers by the text of the snapshot.
func fakeCompile(snapshot []byte, opt Options) (*Result, error) {
	var meta codemeta.Builder
	meta.AddExit(codemeta.Exit{Frames: []codemeta.Frame{{Func: codemeta.Physical, BCI: 7}}})
	r := &Result{Code: []byte{0x90, 0xc3}, EntryOffset: 1, Meta: meta.Tables(), Name: string(snapshot)}
	if opt.Dump != nil {
		opt.Dump("ir.txt", []byte("ir of "+r.Name))
	}
	switch r.Name {
	case "refuse":
		return nil, refusal("generator")
	case "fail":
		return nil, errors.New("no such pass\nsecond line")
	case "panic":
		panic("BUG: pass fold: no such value")
	case "index":
		return nil, errors.New(string(snapshot[len(snapshot)+opt.index():]))
	case "nothing":
		return nil, nil
	case "entry":
		r.EntryOffset = 2
	case "tables":
		r.Meta.Exits[0].NFrames = 9
	}
	return r, nil
}

// index is out of range in a way that the Go compiler does not see.
func (Options) index() int { return 1 }

func request(id uint64, text string) Message {
	return Message{Kind: MessageCompile, ID: id, Snapshot: []byte(text), Name: text}
}

func run(t *testing.T, cfg Config, messages ...Message) (*fakeHost, *Service) {
	t.Helper()
	h := &fakeHost{messages: messages}
	s := NewService(h, fakeCompile, cfg)
	s.Run()
	return h, s
}

func TestService_OrderIsTheHosts(t *testing.T) {
	h, _ := run(t, Config{}, request(2, "b"), request(1, "a"), request(3, "c"))
	require.Equal(t, []uint64{2, 1, 3}, h.order)
}

func TestService_EveryRequestGetsOneResult(t *testing.T) {
	rows := map[string]struct {
		status status
		text   string
	}{
		"fine":    {statusOK, "fine"},
		"refuse":  {statusRefused, "generator"},
		"fail":    {statusInternal, "internal: no such pass"},
		"panic":   {statusInternal, "internal: BUG: pass fold: no such value"},
		"index":   {statusInternal, "internal: runtime error: slice bounds out of range [6:5]"},
		"nothing": {statusInternal, "internal: the compiler returned no unit"},
		"entry":   {statusInternal, "internal: entry offset 2 of 2 bytes of code"},
		"tables":  {statusInternal, "internal: exit 0: frames 0+9 of 1"},
	}
	for _, workers := range []int{1, 3} {
		var batch []Message
		names := map[uint64]string{}
		for range 20 {
			for name := range rows {
				id := uint64(len(names) + 1)
				names[id] = name
				batch = append(batch, request(id, name))
			}
		}
		h, s := run(t, Config{Workers: workers}, batch...)
		require.Len(t, h.results, len(names))
		for id, name := range names {
			require.Equal(t, rows[name].status, h.results[id].status, name)
			require.Equal(t, rows[name].text, h.results[id].text)
		}
		used, _ := s.memory.Usage()
		require.EqualValues(t, 20*blockAlign, used, "only the good units hold memory")
	}
}

func TestService_NilPointersRefuseOneRequest(t *testing.T) {
	var batch []Message
	for id := uint64(1); id <= 6; id++ {
		m := request(id, "fine")
		m.Options.StressFaults = 3
		batch = append(batch, m)
	}
	h, _ := run(t, Config{}, batch...)
	for id := uint64(1); id <= 6; id++ {
		if id%3 != 0 {
			require.Equal(t, statusOK, h.results[id].status)
			continue
		}
		require.Equal(t, statusInternal, h.results[id].status)
		require.Contains(t, h.results[id].text, "nil pointer dereference")
	}
}

func TestService_ResultNamesTheCode(t *testing.T) {
	h, s := run(t, Config{}, request(9, "fine"))
	r := h.results[9]
	require.EqualValues(t, 2, r.size)
	place := s.memory.blocks[BlockID(r.block)]
	require.Equal(t, addressOf(place.region.exec)+uint64(place.offset)+1, r.entry)
	require.EqualValues(t, 7, r.meta.Frames[0].BCI)
}

func TestService_FreeMessagesGiveMemoryBack(t *testing.T) {
	_, s := run(t, Config{}, request(1, "fine"), Message{Kind: MessageFree, ID: 1})
	used, mapped := s.memory.Usage()
	require.Zero(t, used)
	require.NotZero(t, mapped)
}

func TestService_FullMemoryIsARefusal(t *testing.T) {
	h, _ := run(t, Config{CodeCap: 1}, request(1, "fine"))
	require.Equal(t, statusRefused, h.results[1].status)
	require.Equal(t, "code memory full", h.results[1].text)
}

func TestService_DumpsAreKeptWhenTheCompilerPanics(t *testing.T) {
	dir := t.TempDir()
	var batch []Message
	for id, name := range map[uint64]string{1: "fine", 2: "panic"} {
		m := request(id, name)
		m.Name, m.DumpDir = "../f.<locals>.<lambda>"+name, dir
		batch = append(batch, m)
	}
	h, _ := run(t, Config{}, batch...)
	require.Empty(t, h.lines)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	var stages []string
	for _, f := range files {
		parts := strings.SplitN(filepath.Base(f), "-", 2)
		require.True(t, strings.HasPrefix(parts[0], "_f.locals.lambda"), f)
		stages = append(stages, parts[1])
	}
	require.ElementsMatch(t, []string{
		"1.snapshot", "1.ir.txt", "1.exits.txt", "1.code.bin", "2.snapshot", "2.ir.txt", "2.panic.txt",
	}, stages)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		if strings.HasSuffix(f, "panic.txt") {
			require.Contains(t, string(text), "fakeCompile", "the stack names the place")
		}
	}
}

func TestService_DumpFailureIsLoggedOnce(t *testing.T) {
	m := request(1, "fine")
	m.DumpDir = filepath.Join(t.TempDir(), "missing")
	h, _ := run(t, Config{}, m)
	require.Len(t, h.lines, 1)
	require.Equal(t, statusOK, h.results[1].status)
}

func TestOneLine(t *testing.T) {
	require.Equal(t, "a", oneLine("a\nb"))
	require.Len(t, oneLine(strings.Repeat("x", 1000)), maxText)
	require.Equal(t, strings.Repeat("x", maxText-1), oneLine(strings.Repeat("x", maxText-1)+"é"), "no half character")
}
