// Package testcases holds small named Python programs as recorded snapshots, for the tests of every stage.
//
// The programs are tests/golden/*.py, one function each; tests/tools/record.py runs them and writes the snapshots here,
// normalised by Normalize. `make record` does both, after a change of what a snapshot holds (rows of cshim/*.def, its
// layout) or of a program; a test of the Python side fails when they are not current.
//
// Code: here; the command of the recorder in normalize/.
package testcases

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed cp311/*.snapshot
var files embed.FS

// Case is one program.
type Case struct {
	Name     string // of the program and of its function
	Snapshot []byte
}

const suffix = ".snapshot"

// All are the recorded programs for CPython 3.11, by name.
func All() []Case {
	entries, err := files.ReadDir("cp311")
	if err != nil {
		panic(fmt.Sprintf("BUG: %v", err))
	}
	var cases []Case
	for _, e := range entries {
		cases = append(cases, Get(strings.TrimSuffix(e.Name(), suffix)))
	}
	return cases
}

// Get is the program of that name; there must be one.
func Get(name string) Case {
	data, err := files.ReadFile(path.Join("cp311", name+suffix))
	if err != nil {
		panic(fmt.Sprintf("BUG: no program %s has been recorded", name))
	}
	return Case{Name: name, Snapshot: data}
}
