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
	done  chan struct{}
	fault error // why there is no such thread
}

// do runs f on the thread, which is made for the first one. The error is why it cannot be: no kernel before Linux 5.9 lets it.
func (a *apart) do(f func()) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.work == nil && a.fault == nil {
		a.work, a.done = make(chan func()), make(chan struct{})
		go a.serve()
		<-a.done
	}
	if a.fault != nil {
		return a.fault
	}
	a.work <- f
	<-a.done
	return nil
}

func (a *apart) serve() {
	// Never unlocked: no other goroutine may run on this thread, and the runtime makes no thread from it.
	runtime.LockOSThread()
	a.fault = unix.CloseRange(0, math.MaxUint32, unix.CLOSE_RANGE_UNSHARE)
	a.done <- struct{}{}
	if a.fault != nil {
		return
	}
	for f := range a.work {
		f()
		a.done <- struct{}{}
	}
}
