package files

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestDescriptorsAreNotThoseOfTheProgram: while a file is open here, the table of the process is as before.
func TestDescriptorsAreNotThoseOfTheProgram(t *testing.T) {
	require.NoError(t, Apart())
	runtime.LockOSThread() // the one that stands for the program
	defer runtime.UnlockOSThread()
	self := fmt.Sprintf("self/task/%d", unix.Gettid())
	table := func(of string) []string {
		names, err := listNames("/proc/" + of + "/fd")
		assert.NoError(t, err)
		slices.Sort(names)
		return names
	}
	folder := t.TempDir()
	var program, meanwhile, before, ours []string
	thread.do(func() {
		program, before = table(self), table("thread-self")
		fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		assert.NoError(t, err)
		meanwhile, ours = table(self), table("thread-self")
		assert.NoError(t, unix.Close(fd))
	})
	assert.NotEmpty(t, program)
	assert.Equal(t, program, meanwhile)
	assert.Len(t, before, len(thread.keep)+1, "the one that is being listed")
	assert.Len(t, ours, len(before)+1)

	path := filepath.Join(folder, "x")
	for range 100 {
		require.NoError(t, Write(path, []byte{1}, 0o600))
		_, _, _ = Read(path, 0)
		_, _, err := Read(filepath.Join(folder, "missing"), 100)
		require.ErrorIs(t, err, unix.ENOENT)
		_, _ = List(folder)
	}
	thread.do(func() { meanwhile, ours = table(self), table("thread-self") })
	assert.Equal(t, program, meanwhile)
	assert.Equal(t, before, ours, "files are closed")
}

// TestPanicsAreThoseOfTheCaller, who knows what to do about them; the thread goes on.
func TestPanicsAreThoseOfTheCaller(t *testing.T) {
	for range 2 {
		assert.PanicsWithValue(t, "BUG", func() { thread.do(func() { panic("BUG") }) })
		ran := false
		thread.do(func() { ran = true })
		assert.True(t, ran)
	}
}

// TestWithoutATableOfItsOwn files are read and written all the same.
func TestWithoutATableOfItsOwn(t *testing.T) {
	old := apart{work: make(chan func()), fault: unix.ENOSYS}
	ran := false
	old.do(func() { ran = true })
	assert.True(t, ran)
}

func TestReadAndWrite(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x")
	require.NoError(t, Write(path, []byte("some text"), 0o640))
	require.NoError(t, Write(path, []byte("text"), 0o640))
	data, file, err := Read(path, 4)
	require.NoError(t, err)
	assert.Equal(t, "text", string(data))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, File{path, 4, info.ModTime().UnixNano()}, file)
	assert.Equal(t, os.FileMode(0o640), info.Mode())

	found, err := List(folder)
	require.NoError(t, err)
	assert.Equal(t, []File{file}, found)
}

// TestOddFiles are not read or written: links, devices, pipes, folders, what is too large.
func TestOddFiles(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, Write(in("file"), []byte("text"), 0o600))
	require.NoError(t, os.Symlink(in("file"), in("link")))
	require.NoError(t, unix.Mkfifo(in("pipe"), 0o600))
	require.NoError(t, os.Mkdir(in("folder"), 0o700))
	for name, want := range map[string]error{
		"file": ErrNotRegular, "link": unix.ELOOP, "pipe": ErrNotRegular, "folder": ErrNotRegular, "missing": unix.ENOENT,
	} {
		_, _, err := Read(in(name), 3)
		assert.ErrorIs(t, err, want, name)
	}
	assert.ErrorIs(t, Write(in("link"), nil, 0o600), unix.ELOOP)
	assert.ErrorIs(t, Write(in("folder"), nil, 0o600), unix.EISDIR)
	assert.ErrorIs(t, Write("/dev/full", []byte("text"), 0o600), unix.ENOSPC)
	found, err := List(folder)
	require.NoError(t, err)
	assert.Len(t, found, 1)
	_, err = List(in("missing"))
	assert.ErrorIs(t, err, unix.ENOENT)
}
