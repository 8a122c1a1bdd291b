package main

/*
// The Go runtime asks for all its memory through this function (cgo routes its mmap through C), and only it does: the wrapper is in
// this library.
#cgo LDFLAGS: -Wl,--wrap=mmap
#define _GNU_SOURCE
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/types.h>

void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);

// Memory that is touched for the first time costs the compiler 2.6 microseconds a page of 4 KB on a virtual machine.  Where the
// first touch is a read, the kernel maps its page of zeros, and the write that follows exchanges it: then every processor that runs
// a thread of this process is interrupted to forget the old one.  That was measured to cost the program 10 microseconds
// each time, and there were some 250 of them in the first 20 ms of compilation.  So
//   - what the runtime keeps about its heap (pieces of at most 256 KB, nearly all of which it will touch) is there at once;
//   - the heap (which grows by multiples of 4 MB at addresses of its own) consists of large pages where the kernel has them.
// A larger piece that is neither is a sparse table.
enum { DENSE = 256 << 10, HEAP_STEP = 4 << 20 };

void *
__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	bool memory = (flags & MAP_ANONYMOUS) != 0 && protection == (PROT_READ | PROT_WRITE);
	bool heap = memory && (flags & MAP_FIXED) != 0 && size % HEAP_STEP == 0;
	void *mapped = __real_mmap(address, size, protection, memory && size <= DENSE ? flags | MAP_POPULATE : flags, fd, offset);
	if (heap && mapped != MAP_FAILED) {
		madvise(mapped, size, MADV_HUGEPAGE);
	}
	return mapped;
}
*/
import "C"
