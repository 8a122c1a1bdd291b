// Package filestest is for tests of what uses package files: a test has timers, and the runtime needs its poller for them.
package filestest

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pystonlite/files"
)

// Main is a TestMain.
func Main(m *testing.M) {
	time.Sleep(time.Microsecond) // makes the poller
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	var poller []uint
	for _, x := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + x.Name())
		if fd, err := strconv.ParseUint(x.Name(), 10, 32); err == nil && strings.HasPrefix(target, "anon_inode:") {
			poller = append(poller, uint(fd))
		}
	}
	files.TakeAlong(poller...)
	os.Exit(m.Run())
}
