package main

/*
#cgo CFLAGS: -I${SRCDIR}/../cshim
#include "serviceapi.h"

// Go cannot call through a C function pointer, so there is one trampoline for each callback.
static void call_started(const pl_service_api *api, const uint8_t *data, size_t n) { api->started(data, n); }
static void call_next(const pl_service_api *api, pl_message *out) { api->next_message(out); }
static void call_deliver(const pl_service_api *api, const uint8_t *data, size_t n) { api->deliver(data, n); }
static void call_log(const pl_service_api *api, const char *text, size_t n) { api->log(text, n); }
*/
import "C"

import (
	"fmt"
	"unsafe"

	"pystonlite/hooks"
	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/unwind"
)

// host implements hooks.Host with the callbacks of the shim.
type host struct{ api *C.pl_service_api }

// serve runs the service for as long as the process lives.
func serve(h *host) {
	if h.api.version != C.PL_SERVICE_API_VERSION {
		panic(fmt.Sprintf("the extension module speaks version %d of the service interface, the library version %d",
			h.api.version, C.PL_SERVICE_API_VERSION))
	}
	workers := int(h.api.workers)
	tuneRuntime(workers)
	compiler := &compiler{fixed: uint64(h.api.fixed), log: h.Log}
	service := hooks.NewService(h, compiler.compile, hooks.Config{
		Workers: workers, CodeCap: int64(h.api.code_cap), Mapped: func(base, size, layout uint64) {
			tellDebugger(unwind.Region{Base: base, Size: size, Layout: layout, FramePrevious: uint64(h.api.frame_previous)})
		},
	})
	table := codemeta.AppendReasonTable(nil)
	C.call_started(h.api, bytesOf(table), C.size_t(len(table)))
	service.Run()
}

// Next implements hooks.Host.
func (h *host) Next() (hooks.Message, bool) {
	var m C.pl_message
	C.call_next(h.api, &m)
	return hooks.Message{
		Kind:     hooks.MessageKind(m.kind),
		ID:       uint64(m.id),
		Snapshot: C.GoBytes(unsafe.Pointer(m.snapshot), C.int(m.snapshot_len)),
		Name:     C.GoString(m.name),
		DumpDir:  C.GoString(m.dump_dir),
		Options: hooks.Options{
			Verify:        m.verify != 0,
			StressGuards:  uint32(m.stress.guards),
			StressExits:   uint32(m.stress.exits),
			StressShuffle: uint32(m.stress.shuffle),
			StressFaults:  uint32(m.stress.faults),
			CacheDir:      C.GoString(m.cache_dir),
		},
	}, true
}

// Deliver implements hooks.Host.
func (h *host) Deliver(result []byte) { C.call_deliver(h.api, bytesOf(result), C.size_t(len(result))) }

// Log implements hooks.Host.
func (h *host) Log(line string) {
	text := []byte(line)
	C.call_log(h.api, (*C.char)(unsafe.Pointer(unsafe.SliceData(text))), C.size_t(len(text)))
}

func bytesOf(data []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(data))) }
