// Package passes holds the optimisation passes over ir, one a file, and the pipeline that runs them.
//
// The order of the passes is data (passList), and so is what that order must respect (orderRules).
package passes

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// Context is what the passes of one compilation share.
type Context struct {
	Snap *pyabi.Snapshot // may be nil for passes that read no objects

	// NoHoist says of a guard that it failed too often to be moved out of a loop, where it would fail before the loop even
	// starts. Nil: every guard may be moved.
	NoHoist func(*ir.Instr) bool

	// Inlined translates a callee for inlining (cp311.BuildInlined). Nil: nothing is inlined.
	Inlined func(code *pyabi.Code, frame *ir.InlinedFrame, args []ir.Type) (*ir.Func, error)

	// Verify checks the function before the first and after each pass.
	Verify bool
	// Dump, when set, gets the text of the function before and after each pass ("before simplify", "after simplify").
	Dump func(stage, text string)
	// Debug, when set, gets remarks of the passes.
	Debug func(pass, format string, args ...any)
	// Skip names passes to leave out, for bisection. Required passes run all the same.
	Skip map[string]bool

	Counters map[string]int // what the passes did, by name
	Times    []PassTime     // in the order of the runs

	current string // the running pass
}

// PassTime is how long one run of a pass took, and the number of instructions it left.
type PassTime struct {
	Pass   string
	Time   time.Duration
	Instrs int
}

// Count adds to a counter of the running pass.
func (c *Context) Count(what string, n int) {
	if n == 0 {
		return
	}
	if c.Counters == nil {
		c.Counters = map[string]int{}
	}
	c.Counters[what] += n
}

// CounterText lists the counters by name, one a line.
func (c *Context) CounterText() string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Counters)) {
		fmt.Fprintf(&out, "%6d %s\n", c.Counters[name], name)
	}
	return out.String()
}

func (c *Context) debugf(format string, args ...any) {
	if c.Debug != nil {
		c.Debug(c.current, format, args...)
	}
}

// PassError says which pass failed: it panicked, or the function did not verify after it.
type PassError struct {
	Pass  string
	Cause error
	Stack []byte // of a panic
}

func (e *PassError) Error() string { return "pass " + e.Pass + ": " + e.Cause.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *PassError) Unwrap() error { return e.Cause }

// pass is one step of the pipeline. A pass that runs several times has a name for each run.
type pass struct {
	name     string
	fn       func(*ir.Func, *Context)
	required bool // the result is no valid input of the lowering without it
}

// passList is the pipeline.
var passList = []pass{
	{"simplify early", simplify, false},
	{"specialize", specialize, true},
	{"inline", inline, false},
	{"simplify", simplify, false},
	{"number values early", numberValues, false},
	{"unbox", unbox, false},
	{"simplify unboxed", simplify, false},
	{"deadcode early", deadcode, false},
	{"number values", numberValues, false},
	{"hoist", hoist, false},
	{"simplify late", simplify, false},
	{"deadcode", deadcode, false},
	{"lazy stores", lazyStores, false},
	{"deadcode late", deadcode, false},
	{"layout", layout, true},
	{"refcount", refcount, true},
}

// orderRule says that every run of one pass comes before or after some or every run of another; the pass names are those
// of the first run.
type orderRule struct{ before, after, reason string }

// orderRules are checked by a test.
var orderRules = []orderRule{
	{"specialize", "unbox", "unbox keeps the numbers unboxed that specialize unboxes"},
	{"specialize", "inline", "it makes the direct calls that are inlined"},
	{"inline", "number values early", "the callee's guards of what the caller knows are redundant"},
	{"specialize", "hoist", "there are no guards to hoist before"},
	{"unbox", "lazy stores", "only stores of boxes whose machine value lives on can wait"},
	{"simplify unboxed", "number values", "guards of known classes are gone then and do not take part"},
	{"number values", "hoist", "it marks the quiet stores, without which a loop seems to run finalizers"},
	{"hoist", "lazy stores", "a hoisted guard takes the state of the anchor, which must not have dirty slots yet"},
	{"lazy stores", "deadcode late", "the boxes of delayed stores are dead"},
	{"lazy stores", "refcount", "a store consumes a reference"},
	{"deadcode late", "refcount", "an unused new reference would have to be counted"},
	{"layout", "refcount", "reference counting puts decrements on edges, so critical edges must be split"},
}

// Names lists the passes in order.
func Names() []string {
	names := make([]string, len(passList))
	for k, p := range passList {
		names[k] = p.name
	}
	return names
}

// Run runs the whole pipeline over f. The error is a *PassError.
func Run(f *ir.Func, ctx *Context) error {
	f.ComputePreds()
	if ctx.Verify {
		if err := ir.Verify(f); err != nil {
			return &PassError{Pass: "input", Cause: err}
		}
	}
	for k := range passList {
		p := &passList[k]
		if ctx.Skip[p.name] && !p.required {
			continue
		}
		if err := runPass(p, f, ctx); err != nil {
			return err
		}
	}
	return nil
}

// runPass runs one pass with everything around it: dumps, timing, verification, and the pass's name in a panic.
func runPass(p *pass, f *ir.Func, ctx *Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			cause, ok := r.(error)
			if !ok {
				cause = fmt.Errorf("%v", r)
			}
			err = &PassError{Pass: p.name, Cause: cause, Stack: debug.Stack()}
		}
	}()
	ctx.current = p.name
	if ctx.Dump != nil {
		ctx.Dump("before "+p.name, ir.Format(f))
	}
	start := time.Now()
	p.fn(f, ctx)
	f.ComputePreds()
	took := time.Since(start)
	n := 0
	for _, b := range f.Blocks {
		n += len(b.Instrs)
	}
	ctx.Times = append(ctx.Times, PassTime{p.name, took, n})
	if ctx.Dump != nil {
		ctx.Dump("after "+p.name, ir.Format(f))
	}
	if ctx.Verify {
		if err := ir.Verify(f); err != nil {
			return &PassError{Pass: p.name, Cause: err}
		}
	}
	return nil
}

// layout splits the critical edges, so that code can be put on every edge, and brings the blocks into the order of
// emission.
func layout(f *ir.Func, ctx *Context) {
	ctx.Count("split edges", ir.SplitCriticalEdges(f))
	ir.Layout(f)
}
