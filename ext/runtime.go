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
func tuneRuntime(workers int) {
	runtime.GOMAXPROCS(max(workers, 1))
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}
