// Package hooks is the compile service: it takes requests from a host (the interpreter process), compiles them, puts the code into executable memory and hands results back as flat bytes.
//
// It knows neither Python nor cgo.  The host is an interface, so that the same service can stand inside the interpreter
// process or beside it; the compiler is a function value.
//
// Invariants:
//   - Every request gets exactly one result, whatever happens while it is compiled: a panic of the compiler is recovered
//     per request and becomes a result that says so.
//   - No memory is ever writable and executable through the same mapping (codemem.go).
//   - A request is taken when there is time for it, not before: until then the host, which knows how hot its code is by now,
//     decides what is next.
//   - Without work the service blocks in Host.Next and costs nothing.
//
// Code: service.go, result bytes in result.go, executable memory in codemem.go, dumps in
// dump.go.
package hooks

import (
	"pystonlite/specializer/codemeta"
)

// Options is what one compilation is asked to do beside compiling.
type Options struct {
	Verify        bool   // check the program between the stages
	StressGuards  uint32 // make every Nth guard fail; 0: off
	StressExits   uint32 // take every Nth exit that is no guard; 0: off
	StressShuffle uint32 // choose registers at random, by this seed; 0: off
	StressFaults  uint32 // read through a nil pointer in every Nth compilation; 0: off
	CacheDir      string // where units are kept for other processes; empty: nowhere

	// Dump receives what a stage has to show; nil when nothing is dumped.  It is called while compiling, so that the
	// stages before a failure are kept.
	Dump func(stage string, text []byte)
}

// Result is a compiled unit before it has an address.
type Result struct {
	Code        []byte // position independent
	EntryOffset int
	Frame       int // bytes from the stack pointer to the caller's
	Routines    int // offset behind which code has the frame of a routine, see specializer/unwind
	Meta        *codemeta.Tables
	Name        string
	Origin      Origin
}

// Origin says where a unit comes from, with the numbers of enum pl_result_origin.
type Origin uint32

// The origins.
const (
	Compiled Origin = iota // and not kept
	Kept                   // compiled, and kept for other processes
	Loaded                 // another process has compiled it
)

// CompileFunc compiles one snapshot.  An error that implements Refusal says that the code is not compiled; every other
// error, and every panic, is a mistake of the compiler.
type CompileFunc func(snapshot []byte, opt Options) (*Result, error)

// Refusal is an error that is an answer: the request is fine, the code is not compiled for the reason given.
type Refusal interface {
	error
	Refusal() string
}

// MessageKind says what a host wants.
type MessageKind uint32

// The kinds, with the numbers of enum pl_message_kind.
const (
	MessageCompile MessageKind = 1
	MessageFree    MessageKind = 2
)

// Message is one message of the host.  The service owns its memory.
type Message struct {
	Kind     MessageKind
	ID       uint64 // of the request, or of the block to free
	Snapshot []byte
	Name     string // qualified name, for dumps
	DumpDir  string // empty: no dumps
	Options  Options
}

// Host is the process that asks.  Next is called by one goroutine at a time, Deliver and Log by any.
type Host interface {
	// Next waits for the next message and returns it.  It reports false when there will be no more.
	Next() (Message, bool)
	// Deliver hands over the result of a request; the host copies it.
	Deliver(result []byte)
	// Log shows one line to the user.
	Log(line string)
}
