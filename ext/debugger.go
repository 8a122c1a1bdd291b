package main

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// What gdb looks for, by these names (GDB manual, "JIT Compilation Interface"). Other libraries of the process may have the
// same, so ours are bound to ourselves.
struct jit_code_entry {
	struct jit_code_entry *next_entry, *prev_entry;
	const char *symfile_addr;
	uint64_t symfile_size;
};

struct jit_descriptor {
	uint32_t version, action_flag;
	struct jit_code_entry *relevant_entry, *first_entry;
};

__attribute__((visibility("protected"))) struct jit_descriptor __jit_debug_descriptor = {1, 0, NULL, NULL};

__attribute__((visibility("protected"), noinline)) void __jit_debug_register_code(void) { __asm__ volatile("" ::: "memory"); }

// The image is copied. Without memory the debugger is not told.
static void register_image(const void *image, size_t size)
{
	struct jit_code_entry *entry = calloc(1, sizeof(*entry) + size);
	if (entry == NULL) {
		return;
	}
	entry->symfile_addr = memcpy(entry + 1, image, size);
	entry->symfile_size = size;
	entry->next_entry = __jit_debug_descriptor.first_entry;
	if (entry->next_entry != NULL) {
		entry->next_entry->prev_entry = entry;
	}
	__jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = entry;
	__jit_debug_descriptor.action_flag = 1; // JIT_REGISTER_FN
	__jit_debug_register_code();
}
*/
import "C"

import (
	"unsafe"

	"pystonlite/specializer/unwind"
)

// tellDebugger announces a region of code memory, for as long as the process lives. Regions are mapped one at a time.
func tellDebugger(r unwind.Region) {
	image := r.Image()
	C.register_image(unsafe.Pointer(unsafe.SliceData(image)), C.size_t(len(image)))
}
