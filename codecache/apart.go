package codecache

import (
	"math"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// apart is a thread with a table of file descriptors of its own. Descriptors in the table of the process are seen by the program: its own
// files get other numbers meanwhile, children made by fork inherit them, and a program that closes what it did not open, and then opens
// a file, would have us write into that file.
type apart struct {
	mu    sync.Mutex
	work  chan func()
	done  chan any // what the function panicked with, or nil
	fault error    // why there is no such thread
}

// do runs f on the thread, which is made for the first one. The error is why it cannot be: no kernel before Linux 5.9 lets it. A panic of
// f is one of the caller's goroutine.
func (a *apart) do(f func()) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.work == nil {
		a.work, a.done = make(chan func()), make(chan any)
		go a.serve()
		<-a.done
	}
	if a.fault != nil {
		return a.fault
	}
	a.work <- f
	if p := <-a.done; p != nil {
		panic(p)
	}
	return nil
}

func (a *apart) serve() {
	// Never unlocked: no other goroutine may run on this thread, and the runtime makes no thread from it.
	runtime.LockOSThread()
	a.fault = unix.CloseRange(0, math.MaxUint32, unix.CLOSE_RANGE_UNSHARE)
	a.done <- nil
	for f := range a.work {
		a.done <- caught(f)
	}
}

// caught runs f and returns what it panics with, or nil.
func caught(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	f()
	return nil
}
