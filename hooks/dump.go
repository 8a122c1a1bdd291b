package hooks

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pystonlite/files"
)

// dumper returns the function that writes the dumps of one request, or nil when the request wants none.
//
// Files are named after the function, the process and the request: children made by fork share the directory and count
// on from the same request number.
func (s *Service) dumper(m Message) func(stage string, text []byte) {
	if m.DumpDir == "" {
		return nil
	}
	prefix := filepath.Join(m.DumpDir, fmt.Sprintf("%s.%d-%d.", sanitize(m.Name), unix.Getpid(), m.ID))
	return func(stage string, text []byte) {
		if err := files.Write(prefix+sanitize(stage), text, 0o644); err != nil {
			s.dumpFailure.Do(func() { s.host.Log("cannot write dumps: " + err.Error()) })
		}
	}
}

// maxFileName leaves room for the rest of a file name within the usual limit of 255 bytes.
const maxFileName = 150

// sanitize makes a part of a file name of a qualified name such as `f.<locals>.<lambda>`.
func sanitize(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		case r == '<' || r == '>':
			return -1
		}
		return '_'
	}, name)
	name = strings.TrimLeft(name, ".")
	if len(name) > maxFileName {
		name = name[:maxFileName]
	}
	if name == "" {
		return "unnamed"
	}
	return name
}
