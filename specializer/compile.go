// Package specializer compiles one snapshot to machine code. It is pure: no cgo, no unsafe, no global state; the same bytes
// in give the same bytes out.
package specializer

import (
	"errors"
	"fmt"

	"pystonlite/specializer/codemeta"
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/frontend/cp311"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/lower"
	"pystonlite/specializer/passes"
	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/regalloc"
)

// Options tune one compilation.
type Options struct {
	Verify       bool                            // check the IR after each pass and the allocation
	StressGuards uint32                          // make every Nth guard fail; 0: off
	StressExits  uint32                          // take every Nth exit that is no guard; 0: off
	ShuffleSeed  uint64                          // randomise register choice; 0: off
	Skip         []string                        // optional passes to leave out
	Dump         func(stage string, text []byte) // receives what each stage has to show; nil: nothing is printed
}

// Result is a compiled unit before it has an address.
type Result struct {
	Code        []byte // position independent, absolute addresses of the snapshot apart
	EntryOffset int
	Frame       int // as in lower.Code
	Routines    int // as in lower.Code
	Meta        *codemeta.Tables
	Name        string   // qualified name of the function
	Symbols     []uint32 // of a symbolic snapshot: offsets in Code of symbols of addresses, 64 bits,
	Versions    []uint32 // and of versions, 32 bits
}

// Unsupported says that the code is of a kind that is not compiled.
type Unsupported struct{ Reason string }

func (u *Unsupported) Error() string   { return "unsupported: " + u.Reason }
func (u *Unsupported) Refusal() string { return u.Reason }

// Limit says that the code is beyond a size limit.
type Limit struct {
	What     string
	Got, Max int
}

func (l *Limit) Error() string   { return fmt.Sprintf("%s: %d, the limit is %d", l.What, l.Got, l.Max) }
func (l *Limit) Refusal() string { return "too large: " + l.What }

// maxUnits is the largest bytecode compiled, in 16-bit code units.
const maxUnits = 60000

// maxStates bounds the code units times the locals: that many values are named by the frame states, and some passes are
// slower than linear in it. At the limit a compilation takes about two seconds.
const maxStates = 5_000_000

// Compile turns a snapshot into machine code and its metadata.
func Compile(snapshot []byte, opt Options) (*Result, error) {
	snap, err := pyabi.Decode(snapshot)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return compile(snap, opt, false)
}

// compile is Compile of a snapshot whose addresses may be symbols.
func compile(snap *pyabi.Snapshot, opt Options, symbolic bool) (*Result, error) {
	code := &snap.Codes[0]
	if n := len(code.Bytes) / 2; n > maxUnits {
		return nil, &Limit{"code units", n, maxUnits}
	}
	if n := len(code.Bytes) / 2 * int(code.NLocalsPlus); n > maxStates {
		return nil, &Limit{"code units times locals", n, maxStates}
	}
	f, err := cp311.Build(snap)
	if err != nil {
		return nil, refusal(err)
	}
	opt.dump("ir-frontend", func() string { return f.String() })
	ctx := opt.context(snap)
	if err := passes.Run(f, ctx); err != nil {
		return nil, err
	}
	opt.dump("counters", ctx.CounterText)
	if symbolic && hasAmbiguous(f) {
		return nil, ErrAmbiguous
	}
	out, err := lower.Lower(f, snap, lower.Options{
		StressGuards: opt.StressGuards, StressExits: opt.StressExits, ShuffleSeed: opt.ShuffleSeed, Check: opt.Verify,
		Listing: opt.listing(), Marks: opt.Dump != nil, Symbols: symbolic,
	})
	if err != nil {
		return nil, refusal(err)
	}
	opt.dump("exits", func() string { return out.Meta.String() })
	opt.dump("disassembly", func() string { return out.Disassembly(f) })
	return &Result{
		Code: out.Bytes, EntryOffset: out.EntryOffset, Frame: out.Frame, Routines: out.Routines, Meta: out.Meta, Name: code.QualName,
		Symbols: out.Symbols, Versions: out.Versions,
	}, nil
}

// refusal translates the "no" of a stage into ours.
func refusal(err error) error {
	var u *frontend.Unsupported
	var l *regalloc.LimitError
	switch {
	case errors.As(err, &u):
		return &Unsupported{u.Reason}
	case errors.As(err, &l):
		return &Limit{What: l.Reason}
	}
	return err
}

func (o *Options) dump(stage string, text func() string) {
	if o.Dump != nil {
		o.Dump(stage, []byte(text()))
	}
}

// context is what the passes are told.
func (o *Options) context(snap *pyabi.Snapshot) *passes.Context {
	ctx := &passes.Context{Snap: snap, Verify: o.Verify, Skip: map[string]bool{}}
	ctx.Inlined = func(code *pyabi.Code, frame *ir.InlinedFrame, args []ir.Type) (*ir.Func, error) {
		return cp311.BuildInlined(snap, code, frame, args)
	}
	for _, name := range o.Skip {
		ctx.Skip[name] = true
	}
	if o.Dump != nil {
		ctx.Dump = func(stage, text string) { o.Dump("ir-"+stage, []byte(text)) }
	}
	return ctx
}

func (o *Options) listing() func(string, func() string) {
	if o.Dump == nil {
		return nil
	}
	return o.dump
}
