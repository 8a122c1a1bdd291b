package codecache

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Files are read and written by system calls, on a thread apart: package os would hand descriptors to the poller of the Go runtime,
// which takes two for itself in the table that the program sees.

const (
	// folderLimit is how many bytes the files may have together, about.
	folderLimit = 1 << 30
	// parts is how many folders the files are distributed over, by the first byte of their names.
	parts = 256
	// between is how many files are written, on the average, before somebody looks whether those of one part are too many: whoever writes
	// one with such a name. Many processes write few files each.
	between = 64
	// mostFile is more than any file has.
	mostFile = 64 << 20
	// recent is for how many seconds a file counts as new: one that is read after that is made new again.
	recent = 3600
)

// folder is where the files are.
type folder struct {
	path   string
	limit  int64
	drafts int // written so far
	apart  apart
}

// nameOf is the path of the file for a hash, within the folder.
func nameOf(hash []byte) string {
	text := hex.EncodeToString(hash)
	return filepath.Join(text[:2], text[2:])
}

// read returns the content of a file.
func (f *folder) read(name string) (data []byte, err error) {
	if fault := f.apart.do(func() { data, err = readAll(filepath.Join(f.path, name)) }); fault != nil {
		return nil, fault
	}
	return data, err
}

// write makes a file, which nobody sees before it is complete.
func (f *folder) write(name string, data []byte) (err error) {
	if fault := f.apart.do(func() { err = f.replace(filepath.Join(f.path, name), data) }); fault != nil {
		return fault
	}
	return err
}

func readAll(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return nil, err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Size > mostFile {
		return nil, errFile
	}
	data := make([]byte, info.Size)
	for have := 0; have < len(data); {
		n, err := unix.Read(fd, data[have:])
		if err != nil && err != unix.EINTR {
			return nil, err
		}
		if n == 0 {
			return nil, errFile
		}
		have += max(n, 0)
	}
	if now := time.Now().Unix(); now-info.Mtim.Sec > recent {
		_ = unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{{Sec: now}, {Sec: now}}, unix.AT_SYMLINK_NOFOLLOW)
	}
	return data, nil
}

// replace writes a file under another name, and then gives it its own. It runs on the thread apart, so once at a time.
func (f *folder) replace(path string, data []byte) error {
	if err := unix.Mkdir(filepath.Dir(path), 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	f.drafts++
	draft := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%d", draftPrefix, unix.Getpid(), f.drafts))
	if err := writeAll(draft, data); err != nil {
		_ = unix.Unlink(draft)
		return err
	}
	if err := unix.Rename(draft, path); err != nil {
		_ = unix.Unlink(draft)
		return err
	}
	if last, err := strconv.ParseUint(path[len(path)-2:], 16, 8); err == nil && last%between == 0 {
		f.prune(filepath.Dir(path))
	}
	return nil
}

// draftPrefix begins the names of files that are being written.
const draftPrefix = "."

func writeAll(path string, data []byte) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err != nil && err != unix.EINTR {
			_ = unix.Close(fd)
			return err
		}
		data = data[max(n, 0):]
	}
	return unix.Close(fd)
}

// prune removes the files of one part of the folder that have not been read for the longest time, down to a half of its share of the limit, if it has more than that share.
// What a process has open, or another one removes first, is no matter.
func (f *folder) prune(part string) {
	type file struct {
		path     string
		size     int64
		modified int64 // ns
	}
	var files []file
	total := int64(0)
	for _, name := range list(part) {
		var info unix.Stat_t
		path := filepath.Join(part, name)
		if unix.Lstat(path, &info) == nil && info.Mode&unix.S_IFMT == unix.S_IFREG {
			files = append(files, file{path, info.Size, info.Mtim.Nano()})
			total += info.Size
		}
	}
	share := f.limit / parts
	if total <= share {
		return
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.modified, b.modified) })
	for _, x := range files {
		if total <= share/2 {
			return
		}
		if unix.Unlink(x.path) == nil {
			total -= x.size
		}
	}
}

// list returns the names in a folder; nothing when it cannot be read.
func list(path string) []string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var names []string
	buffer := make([]byte, 32<<10)
	for {
		n, err := unix.ReadDirent(fd, buffer)
		if err != nil || n <= 0 {
			return names
		}
		_, _, names = unix.ParseDirent(buffer[:n], -1, names)
	}
}
