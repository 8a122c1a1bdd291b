package codecache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/hooks"
	"pystonlite/specializer"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// snapshot is one that compiles.
func snapshot(t *testing.T) []byte {
	t.Helper()
	for _, c := range testcases.All() {
		if _, err := specializer.Compile(c.Snapshot, specializer.Options{}); err == nil {
			return c.Snapshot
		}
	}
	t.Fatal("no recorded program compiles")
	return nil
}

// elsewhere is the snapshot that another process would make.
func elsewhere(t *testing.T, data []byte) []byte {
	t.Helper()
	moved, err := testcases.Move(data, 0x330000000000)
	require.NoError(t, err)
	return moved
}

func newCache(t *testing.T, path, build string) *Cache {
	return New(path, build, 0, func(line string) { t.Error(line) })
}

// paths are those of all files in a folder.
func paths(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	require.NoError(t, err)
	return found
}

func compile(t *testing.T, c *Cache, data []byte, opt specializer.Options, want hooks.Origin) *specializer.Result {
	t.Helper()
	r, origin, err := c.Compile(data, opt)
	require.NoError(t, err)
	require.Equal(t, want, origin)
	return r
}

// TestAnotherProcessLoads: the code has the addresses of the process that runs it, as if it had been compiled there.
func TestAnotherProcessLoads(t *testing.T) {
	data, folder := elsewhere(t, snapshot(t)), t.TempDir()
	compile(t, newCache(t, folder, "a"), data, specializer.Options{}, hooks.Kept)
	other := elsewhere(t, data)
	got := compile(t, newCache(t, folder, "a"), other, specializer.Options{}, hooks.Loaded)
	want, err := specializer.Compile(other, specializer.Options{})
	require.NoError(t, err)
	got.Symbols, got.Versions = nil, nil
	assert.Equal(t, want, got)
}

// TestWhatHasASay: another compiler, other options and another program are other requests.
func TestWhatHasASay(t *testing.T) {
	data, folder := snapshot(t), t.TempDir()
	compile(t, newCache(t, folder, "a"), data, specializer.Options{}, hooks.Kept)
	compile(t, newCache(t, folder, "b"), data, specializer.Options{}, hooks.Kept)
	for _, opt := range []specializer.Options{{Verify: true}, {StressGuards: 3}, {StressExits: 3}, {ShuffleSeed: 3}} {
		compile(t, newCache(t, folder, "a"), data, opt, hooks.Kept)
	}
	s, err := pyabi.Decode(data)
	require.NoError(t, err)
	s.Codes[0].FirstLine++
	compile(t, newCache(t, folder, "a"), pyabi.Encode(s), specializer.Options{}, hooks.Kept)
	assert.Len(t, paths(t, folder), 7)
	compile(t, newCache(t, folder, "a"), data, specializer.Options{}, hooks.Loaded)
}

// TestDamagedFilesAreReplaced, whatever is damaged.
func TestDamagedFilesAreReplaced(t *testing.T) {
	data, folder := snapshot(t), t.TempDir()
	c := newCache(t, folder, "a")
	want := compile(t, c, data, specializer.Options{}, hooks.Kept)
	path := paths(t, folder)[0]
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, content := range [][]byte{
		nil, whole[:1], whole[:headSize], whole[:headSize+headerSize], whole[:len(whole)-1], append(append([]byte(nil), whole...), 0),
		append([]byte("x"), whole[1:]...), append(append([]byte(nil), whole[:100]...), append([]byte{whole[100] ^ 1}, whole[101:]...)...),
	} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		compile(t, c, data, specializer.Options{}, hooks.Kept)
		got := compile(t, c, data, specializer.Options{}, hooks.Loaded)
		require.Equal(t, want, got)
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Symlink("/dev/zero", path))
	compile(t, c, data, specializer.Options{}, hooks.Kept)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	said := ""
	c.log = func(line string) { said = line }
	compile(t, c, data, specializer.Options{}, hooks.Compiled)
	assert.Contains(t, said, "cannot keep machine code in "+folder)
}

// TestFilesOfForgersAreRefused: a file with a right hash and wrong parts makes no code, and no panic.
func TestFilesOfForgersAreRefused(t *testing.T) {
	c := newCache(t, t.TempDir(), "a")
	r := compile(t, c, snapshot(t), specializer.Options{}, hooks.Kept)
	data := encode(r)
	got, err := decode(data)
	require.NoError(t, err)
	require.Equal(t, r, got)
	for cut := range len(data) {
		_, err := decode(data[:cut])
		require.ErrorIs(t, err, errFile)
	}
}

// FuzzDecode: decode takes any bytes behind a right hash.
func FuzzDecode(f *testing.F) {
	for _, c := range testcases.All()[:4] {
		if r, err := specializer.Compile(c.Snapshot, specializer.Options{}); err == nil {
			f.Add(encode(r)[headSize:])
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := decode(sealed(body))
		if err == nil && r.Meta.Validate() != nil {
			t.Fatal("tables that are not valid")
		}
	})
}

// TestNothingCanBeKept: everything is compiled, and one line says why.
func TestNothingCanBeKept(t *testing.T) {
	var lines []string
	c := New(filepath.Join(t.TempDir(), "missing"), "a", 0, func(line string) { lines = append(lines, line) })
	for range 3 {
		compile(t, c, snapshot(t), specializer.Options{}, hooks.Compiled)
	}
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], "no such file or directory")
}

// TestRefusalsAreAnswers, with or without a folder.
func TestRefusalsAreAnswers(t *testing.T) {
	c := newCache(t, t.TempDir(), "a")
	_, _, err := c.Compile([]byte("no snapshot"), specializer.Options{})
	require.Error(t, err)
	s, err := pyabi.Decode(snapshot(t))
	require.NoError(t, err)
	s.Codes[0].Bytes[0], s.Codes[0].Bytes[1] = 100, 255 // LOAD_CONST of what is not there
	_, _, err = c.Compile(pyabi.Encode(s), specializer.Options{})
	var refusal interface{ Refusal() string }
	assert.True(t, errors.As(err, &refusal), "%v", err)
	assert.Empty(t, paths(t, c.folder.path))
}

// TestPruneKeepsWhatIsRead: the files that were read last stay.
func TestPruneKeepsWhatIsRead(t *testing.T) {
	f := &folder{path: t.TempDir(), limit: 10 * 1000 * parts}
	const n = 20
	name := func(k int) string { return filepath.Join("00", string(rune('a'+k))) }
	for k := range n {
		require.NoError(t, f.write(name(k), make([]byte, 1000)))
		old := time.Now().Add(time.Duration(k-1000) * time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(f.path, name(k)), old, old))
	}
	for _, k := range []int{0, 3} {
		_, err := f.read(name(k))
		require.NoError(t, err)
	}
	f.prune(filepath.Join(f.path, "00"))
	var left []string
	for _, path := range paths(t, f.path) {
		left = append(left, filepath.Base(path))
	}
	assert.Equal(t, []string{"a", "d", "r", "s", "t"}, left)
	f.prune(filepath.Join(f.path, "00"))
	assert.Len(t, paths(t, f.path), 5)
}

// TestWritesPrune: who writes looks after the size of what it writes to, also where each process writes one file.
func TestWritesPrune(t *testing.T) {
	path := t.TempDir()
	for k := range 256 {
		f := &folder{path: path, limit: 10000 * parts}
		require.NoError(t, f.write(filepath.Join("00", fmt.Sprintf("%02x", k)), make([]byte, 1000)))
		require.LessOrEqual(t, len(paths(t, path)), 10+between)
	}
}

// BenchmarkLoad is what a unit costs that somebody else has compiled.
func BenchmarkLoad(b *testing.B) {
	c := New(b.TempDir(), "a", 0, func(line string) { b.Error(line) })
	cases := testcases.All()
	for b.Loop() {
		for _, x := range cases {
			if _, _, err := c.Compile(x.Snapshot, specializer.Options{}); err != nil {
				var refusal interface{ Refusal() string }
				require.ErrorAs(b, err, &refusal)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(cases)), "µs/unit")
}
