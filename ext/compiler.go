package main

import "pystonlite/hooks"

// noCompiler is the answer of a library that was built without the compiler.
type noCompiler struct{}

func (noCompiler) Error() string   { return "this library contains no compiler" }
func (noCompiler) Refusal() string { return "no compiler" }

// compile is the hooks.CompileFunc of this library.
func compile([]byte, hooks.Options) (*hooks.Result, error) { return nil, noCompiler{} }
