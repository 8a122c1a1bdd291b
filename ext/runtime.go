package main

import (
	"runtime"
	"runtime/debug"
)

const (
	// gcPercent trades memory that lives for milliseconds against compile time: a compilation allocates much and keeps
	// nothing. A larger number does not save time: memory that is touched for the first time costs as much as collecting,
	// about half a microsecond a kilobyte.
	gcPercent = 200
	// memoryLimit makes the collector work harder before a large function makes the process large.
	memoryLimit = 128 << 20
)

// tuneRuntime keeps the Go runtime small beside the interpreter: as many running threads as workers, the collector
// included.
//
// Some settings cannot be made from here: the library is linked with -X=runtime.godebugDefault=... that say
//
//   - asyncpreemptoff=1, because the runtime preempts its threads with SIGURG, and a program that handles SIGURG would see
//     those signals;
//   - containermaxprocs=0 and updatemaxprocs=0, because the runtime would keep files of the control group open, which take
//     the lowest descriptors and which a program that closes what it did not open would close.
func tuneRuntime(workers int) {
	runtime.GOMAXPROCS(max(workers, 1))
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}
