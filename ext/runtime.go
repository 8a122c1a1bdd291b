package main

import (
	"runtime"
	"runtime/debug"
)

const (
	// gcPercent trades memory that lives for milliseconds against compile time: a compilation allocates much and keeps
	// nothing.
	gcPercent = 400
	// memoryLimit makes the collector work harder before a large function makes the process large.
	memoryLimit = 128 << 20
)

// tuneRuntime keeps the Go runtime small beside the interpreter: as many running threads as workers, the collector
// included.
//
// One more setting cannot be made from here: the library is linked with -X=runtime.godebugDefault=asyncpreemptoff=1,
// because the runtime preempts its threads with SIGURG, and a program that handles SIGURG would see those signals.
func tuneRuntime(workers int) {
	runtime.GOMAXPROCS(max(workers, 1))
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}
