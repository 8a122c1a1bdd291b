// Command ext is the compiler library libpystonlite.so (go build -buildmode=c-shared).
//
// It only wires: exports.go holds the one exported function, host.go turns the callbacks of cshim/serviceapi.h into a
// hooks.Host, compiler.go names the compiler, runtime.go tunes the Go runtime for life inside somebody else's process.
package main

// main is required by the build mode and never runs.
func main() {}
