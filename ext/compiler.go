package main

import (
	"sync"

	"pystonlite/codecache"
	"pystonlite/hooks"
	"pystonlite/specializer"
)

// build is the identity of the compiler, set by the linker (setup.py). Without one nothing is kept for other processes.
var build string

// compiler is the one of this library.
type compiler struct {
	fixed uint64 // as in codecache.New
	log   func(string)

	caches sync.Map // *codecache.Cache by folder
}

// compile is the hooks.CompileFunc of this library.
func (c *compiler) compile(snapshot []byte, opt hooks.Options) (*hooks.Result, error) {
	options := specializer.Options{
		Verify: opt.Verify, StressGuards: opt.StressGuards, StressExits: opt.StressExits,
		ShuffleSeed: uint64(opt.StressShuffle), Dump: opt.Dump,
	}
	var r *specializer.Result
	var err error
	origin := hooks.Compiled
	if cache := c.cache(opt); cache != nil {
		r, origin, err = cache.Compile(snapshot, options)
	} else {
		r, err = specializer.Compile(snapshot, options)
	}
	if len(snapshot) >= largeSnapshot {
		releaseIdle()
	}
	if err != nil {
		return nil, err
	}
	return &hooks.Result{
		Code: r.Code, EntryOffset: r.EntryOffset, Frame: r.Frame, Routines: r.Routines, Meta: r.Meta, Name: r.Name,
		Origin: origin,
	}, nil
}

// cache is the one that a request wants; nil for none. Whoever wants dumps wants to see everything compiled.
func (c *compiler) cache(opt hooks.Options) *codecache.Cache {
	if opt.CacheDir == "" || opt.Dump != nil || build == "" {
		return nil
	}
	cache, ok := c.caches.Load(opt.CacheDir)
	if !ok {
		cache, _ = c.caches.LoadOrStore(opt.CacheDir, codecache.New(opt.CacheDir, build, c.fixed, c.log))
	}
	return cache.(*codecache.Cache)
}
