package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
)

const (
	// growth is allocated between two collections. It trades memory that lives for milliseconds against compile time: a
	// compilation allocates much and keeps nothing. A larger number does not save time: memory that is touched for the first
	// time costs as much as collecting, about half a microsecond a kilobyte.
	growth = 10 << 20
	// ballastSize is that of an object that is never touched, so it takes addresses and no memory.
	//
	// Because of it the runtime never gives memory back in the background. That it must not do: it sleeps in between, its timers
	// need epoll, and the two descriptors of that would be the lowest free ones of the process. A program would see its own
	// files at other numbers, and one that closes what it did not open would end in a fatal error of the runtime. Memory is given
	// back when a tenth more than what was in use at the last collection is held: a tenth of this is more than the compiler
	// ever needs for one function.
	ballastSize = 1 << 30
	// smallestBallast is for processes with limits and machines that do not overcommit: there addresses count as memory. It
	// is enough unless functions are very large.
	smallestBallast = 128 << 20
	// largeSnapshot is the size in bytes from which on a compilation may take as much as mostIdle: one of twice the size was measured
	// to take 30 MB. To ask the runtime how much it has takes a millisecond for the first time.
	largeSnapshot = 64 << 10
	// mostIdle is memory beside the ballast that is kept after a compilation: that of a very large function is given back at
	// once, as nothing does it in the background.
	mostIdle = 48 << 20
)

var ballast []byte

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
	runtime.MemProfileRate = 0 // nobody reads a profile
	debug.SetGCPercent(-1)     // no collection because of the ballast
	size := affordableBallast()
	ballast = make([]byte, size)
	debug.SetGCPercent(max(growth*100/size, 1))
	runtime.GC() // counts the ballast as what is in use
}

// releaseIdle gives memory back that the last compilation has taken, if that was much.
func releaseIdle() {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(samples)
	if samples[0].Value.Uint64()+samples[1].Value.Uint64() > uint64(len(ballast))+mostIdle {
		debug.FreeOSMemory()
	}
}

// affordableBallast is what can be mapped without being missed, or refused, which the runtime would not survive.
func affordableBallast() int {
	for _, resource := range []int{syscall.RLIMIT_AS, syscall.RLIMIT_DATA} {
		var limit syscall.Rlimit
		if syscall.Getrlimit(resource, &limit) != nil || limit.Cur != math.MaxUint64 {
			return smallestBallast
		}
	}
	var info syscall.Sysinfo_t
	if readByte("/proc/sys/vm/overcommit_memory") == '2' || syscall.Sysinfo(&info) != nil {
		return smallestBallast
	}
	return int(min(max(info.Totalram*uint64(info.Unit)/4, smallestBallast), ballastSize))
}

// readByte returns the first byte of a file, or 0. Package os would hand the descriptor to the poller.
func readByte(path string) byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer func() { _ = syscall.Close(fd) }()
	var first [1]byte
	if n, err := syscall.Read(fd, first[:]); n != 1 || err != nil {
		return 0
	}
	return first[0]
}
