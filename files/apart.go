// Package files reads and writes files in a way that the program around us does not notice.
//
// Descriptors are numbers in a table of the process. There the program would see ours: its own files would get other numbers
// meanwhile, children made by fork would inherit them, and a program that closes what it did not open, and then opens a file, would have
// us write into that file. So everything here runs on a thread with a table of its own, if the kernel lets it (Apart). And it does without
// package os, whose poller would take two descriptors in the program's table for good.
//
// No timer may run beside this package: for timers, too, the runtime uses the poller, from any thread.
package files

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// apart is the thread.
type apart struct {
	mu    sync.Mutex
	work  chan func()
	done  chan any // what the function panicked with, or nil
	fault error    // why there is no such thread
	keep  []uint   // descriptors that it takes along, sorted
}

var thread apart

// Apart says why there is no table of descriptors for this package: no kernel before Linux 5.9 makes one. Then files are opened in that of
// the program.
func Apart() error {
	thread.mu.Lock()
	defer thread.mu.Unlock()
	return thread.start()
}

// TakeAlong says, before anything else is done, which descriptors the thread has in common with the program: those of the poller, in
// tests (package filestest).
func TakeAlong(descriptors ...uint) {
	slices.Sort(descriptors)
	thread.keep = descriptors
}

// start makes the thread, if that has not been tried.
func (a *apart) start() error {
	if a.work == nil {
		a.work, a.done = make(chan func()), make(chan any)
		go a.serve()
		<-a.done
	}
	return a.fault
}

// do runs f on the thread. A panic of f is one of the caller's goroutine.
func (a *apart) do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.start() != nil {
		f()
		return
	}
	a.work <- f
	if p := <-a.done; p != nil {
		panic(p)
	}
}

func (a *apart) serve() {
	// Never unlocked: no other goroutine may run on this thread, and the runtime makes no thread from it.
	runtime.LockOSThread()
	a.fault = a.leave()
	a.done <- nil
	if a.fault != nil {
		return
	}
	for f := range a.work {
		a.done <- caught(f)
	}
}

// leave gives the thread a table of its own, without the descriptors of the program: a pipe would not end while we have it.
func (a *apart) leave() error {
	first := uint(0)
	for _, kept := range a.keep {
		if kept > first {
			if err := unix.CloseRange(first, kept-1, unix.CLOSE_RANGE_UNSHARE); err != nil {
				return err
			}
		}
		first = kept + 1
	}
	return unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_UNSHARE)
}

// caught runs f and returns what it panics with, or nil.
func caught(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	f()
	return nil
}
