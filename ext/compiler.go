package main

import (
	"pystonlite/hooks"
	"pystonlite/specializer"
)

// compile is the hooks.CompileFunc of this library.
func compile(snapshot []byte, opt hooks.Options) (*hooks.Result, error) {
	r, err := specializer.Compile(snapshot, specializer.Options{
		Verify: opt.Verify, StressGuards: opt.StressGuards, StressExits: opt.StressExits,
		ShuffleSeed: uint64(opt.StressShuffle), Dump: opt.Dump,
	})
	if len(snapshot) >= largeSnapshot {
		releaseIdle()
	}
	if err != nil {
		return nil, err
	}
	return &hooks.Result{
		Code: r.Code, EntryOffset: r.EntryOffset, Frame: r.Frame, Routines: r.Routines, Meta: r.Meta, Name: r.Name,
	}, nil
}
