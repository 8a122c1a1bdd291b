package codemeta

import "fmt"

// Frame describes one frame of an exit to a Builder.
type Frame struct {
	Func   uint32 // from Builder.Const for an inlined callee, Physical for the frame that exists
	BCI    uint32
	Depth  uint16
	Init   bool // see ExitFrame
	Values []Value
}

// Exit describes one exit to a Builder.
type Exit struct {
	Kind     ExitKind
	Reason   Reason
	Frames   []Frame // the innermost first, the physical frame last
	Releases []Value
}

// Builder collects the tables of one unit.  Equal constants and equal runs of values are stored once: neighbouring
// exits mostly describe the same state.  The zero Builder is ready for use.
type Builder struct {
	tables Tables
	consts map[uint64]uint32
	// runs finds the first index of a run of values; its key is the binary form of the run.
	runs map[string]uint32
}

// Const returns the index of a constant word, adding it at first sight.
func (b *Builder) Const(word uint64) uint32 {
	if index, ok := b.consts[word]; ok {
		return index
	}
	if b.consts == nil {
		b.consts = make(map[uint64]uint32)
	}
	index := uint32(len(b.tables.Consts))
	b.tables.Consts = append(b.tables.Consts, word)
	b.consts[word] = index
	return index
}

// AddEntry appends an entry of a unit with several; the first is the ordinary start.
func (b *Builder) AddEntry(e Entry) { b.tables.Entries = append(b.tables.Entries, e) }

// AddExit appends an exit and returns its id, which the exit stub pushes.
func (b *Builder) AddExit(e Exit) uint32 {
	rec := ExitRec{
		Kind:       e.Kind,
		Reason:     e.Reason,
		FirstFrame: uint32(len(b.tables.Frames)),
		NFrames:    uint32(len(e.Frames)),
		NRelease:   uint32(len(e.Releases)),
	}
	rec.FirstRelease = b.addRun(e.Releases)
	for _, f := range e.Frames {
		b.tables.Frames = append(b.tables.Frames, ExitFrame{
			Func: f.Func, BCI: f.BCI, Depth: f.Depth, Init: bit(f.Init),
			FirstValue: b.addRun(f.Values), NValues: uint32(len(f.Values)),
		})
	}
	id := uint32(len(b.tables.Exits))
	if err := b.tables.validateExit(&rec); err != nil {
		panic(fmt.Sprintf("BUG: exit %d: %v", id, err))
	}
	b.tables.Exits = append(b.tables.Exits, rec)
	return id
}

func bit(b bool) uint16 {
	if b {
		return 1
	}
	return 0
}

// addRun stores a run of values, or finds an equal one, and returns its first index.
func (b *Builder) addRun(values []Value) uint32 {
	if len(values) == 0 {
		return 0
	}
	key := string(appendValues(nil, values))
	if first, ok := b.runs[key]; ok {
		return first
	}
	for _, v := range values {
		if err := b.tables.validateValue(v); err != nil {
			panic("BUG: exit value: " + err.Error())
		}
	}
	if b.runs == nil {
		b.runs = make(map[string]uint32)
	}
	first := uint32(len(b.tables.Values))
	b.tables.Values = append(b.tables.Values, values...)
	b.runs[key] = first
	return first
}

// NumExits returns the number of exits so far, which is the id of the next one.
func (b *Builder) NumExits() int { return len(b.tables.Exits) }

// Tables returns what was built.  The builder must not be used afterwards.
func (b *Builder) Tables() *Tables { return &b.tables }
