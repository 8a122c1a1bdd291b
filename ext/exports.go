package main

// #cgo CFLAGS: -I${SRCDIR}/../cshim
// #include "serviceapi.h"
import "C"

import "fmt"

// PystonLiteServe serves the shim behind api.  It is called once per load of the library, on a thread of its own, and
// returns only when the service has failed.
//
//export PystonLiteServe
func PystonLiteServe(api *C.pl_service_api) (failed C.int) {
	h := &host{api: api}
	defer func() {
		if p := recover(); p != nil {
			h.Log(fmt.Sprintf("the compile service has stopped: %v", p))
			failed = 1
		}
	}()
	serve(h)
	return 1
}
