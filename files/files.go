package files

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrNotRegular says that there is something at the path, and no file of a sensible size.
var ErrNotRegular = errors.New("not a regular file, or too large")

// File is what is known of a file without opening it.
type File struct {
	Path     string
	Size     int64
	Modified int64 // ns since the epoch
}

// Read returns the content of a regular file of at most limit bytes, and what is known of it. A symbolic link is not followed.
func Read(path string, limit int64) (data []byte, file File, err error) {
	thread.do(func() { data, file, err = read(path, limit) })
	return data, file, err
}

// Write makes a file, or replaces what is in one. A symbolic link is not followed.
func Write(path string, data []byte, mode uint32) (err error) {
	thread.do(func() { err = write(path, data, mode) })
	return err
}

// List returns the regular files in a folder, in no order. Those that disappear meanwhile may be missing.
func List(folder string) (found []File, err error) {
	thread.do(func() { found, err = list(folder) })
	return found, err
}

func read(path string, limit int64) ([]byte, File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, File{}, err
	}
	defer unix.Close(fd)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return nil, File{}, err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Size > limit {
		return nil, File{}, ErrNotRegular
	}
	data := make([]byte, info.Size)
	have := 0
	for have < len(data) {
		n, err := unix.Read(fd, data[have:])
		if err != nil && err != unix.EINTR {
			return nil, File{}, err
		}
		if err == nil && n == 0 {
			break // it has become shorter
		}
		have += max(n, 0)
	}
	return data[:have], File{path, info.Size, info.Mtim.Nano()}, nil
}

func write(path string, data []byte, mode uint32) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC|unix.O_NOFOLLOW, mode)
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

func list(folder string) ([]File, error) {
	names, err := listNames(folder)
	var found []File
	for _, name := range names {
		var info unix.Stat_t
		path := filepath.Join(folder, name)
		if unix.Lstat(path, &info) == nil && info.Mode&unix.S_IFMT == unix.S_IFREG {
			found = append(found, File{path, info.Size, info.Mtim.Nano()})
		}
	}
	return found, err
}

func listNames(folder string) ([]string, error) {
	fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var names []string
	buffer := make([]byte, 32<<10)
	for {
		n, err := unix.ReadDirent(fd, buffer)
		if err != nil || n <= 0 {
			return names, err
		}
		_, _, names = unix.ParseDirent(buffer[:n], -1, names)
	}
}
