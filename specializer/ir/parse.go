package ir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pystonlite/specializer/pyabi"
)

// Note is the Aux of parsed instructions: the text between the braces, whose meaning only the front end knew.
type Note string

func (n Note) String() string { return string(n) }

// ParseError says where a text is no function.
type ParseError struct {
	Line int
	Msg  string
}

func (e *ParseError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse reads what Format prints, with the same numbers of values and blocks, and computes the predecessor lists. Blank
// lines, leading space and what follows `;` are ignored. It checks the syntax and that names are defined; Verify checks
// the rest.
func Parse(text string) (f *Func, err error) {
	p := &parser{blocks: map[BlockID]*Block{}, defined: map[BlockID]bool{}, firstUse: map[Value]int{}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*ParseError)
			if !ok {
				panic(r)
			}
			f, err = nil, e
		}
	}()
	for n, line := range strings.Split(text, "\n") {
		p.line = n + 1
		line, _, _ = strings.Cut(line, ";")
		if line = strings.TrimSpace(line); line != "" {
			p.rest = line
			p.statement()
		}
	}
	p.finish()
	return p.f, nil
}

// MustParse is Parse for tests: a text that does not parse is a mistake in the test.
func MustParse(text string) *Func {
	f, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return f
}

// mnemonics finds ops by name.
var mnemonics = func() map[string]Op {
	m := make(map[string]Op, numOps)
	for op := OpInvalid + 1; op < numOps; op++ {
		m[op.Row().Name] = op
	}
	return m
}()

type parser struct {
	f        *Func
	rest     string // of the current line
	line     int
	cur      *Block
	closed   bool
	blocks   map[BlockID]*Block
	defined  map[BlockID]bool
	firstUse map[Value]int // line
}

func (p *parser) fail(format string, args ...any) {
	panic(&ParseError{p.line, fmt.Sprintf(format, args...)})
}

// space skips blanks.
func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// accept skips blanks and then text, if it is next.
func (p *parser) accept(text string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, text)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail("expected %q before %q", text, p.rest)
	}
}

// until takes what comes before the first of the stop bytes.
func (p *parser) until(stops string) string {
	p.space()
	n := strings.IndexAny(p.rest, stops)
	if n < 0 {
		n = len(p.rest)
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

func (p *parser) number(word string, bits int) int64 {
	n, err := strconv.ParseInt(word, 0, bits)
	if err != nil {
		p.fail("bad number %q", word)
	}
	return n
}

func (p *parser) unsigned(word string) uint32 {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		p.fail("bad number %q", word)
	}
	return uint32(n)
}

// field reads a number behind `name=`.
func (p *parser) field(name string) int32 {
	p.expect(name + "=")
	return int32(p.number(p.until(" ,:)]{"), 32))
}

// entries reads the list that String of Entry prints.
func (p *parser) entries() {
	for again := true; again; again = p.accept(",") {
		kind := slices.Index(entryKinds[:], p.until(":"))
		if kind < 0 {
			p.fail("no such kind of entry")
		}
		p.expect(":")
		bci := int32(p.number(p.until("/"), 32))
		p.expect("/")
		depth := int(p.number(p.until(", g{"), 32))
		p.f.Entries = append(p.f.Entries, Entry{BCI: bci, Depth: depth, Kind: EntryKind(kind)})
	}
}

func (p *parser) statement() {
	switch {
	case p.closed:
		p.fail("text after the end of the function")
	case p.f == nil:
		p.expect("func ")
		at := strings.LastIndex(p.rest, " entry=")
		if at < 0 {
			p.fail("no entry= in the head of the function")
		}
		name := p.rest[:at]
		p.rest = p.rest[at:]
		p.f = NewFunc(name, 0)
		p.f.EntryBCI = p.field("entry")
		p.f.Locals = int(p.field("locals"))
		if p.accept("entries=") {
			p.entries()
		}
		p.f.Generator = p.accept("generator")
		p.expect("{")
	case p.accept("}"):
		p.closed = true
	case strings.HasSuffix(p.rest, ":"):
		p.header()
	default:
		p.instr()
	}
	if p.space(); p.rest != "" {
		p.fail("unexpected %q", p.rest)
	}
}

func (p *parser) blockID() BlockID {
	p.expect("b")
	return BlockID(p.unsigned(p.until("( ")))
}

func (p *parser) block(id BlockID) *Block {
	b := p.blocks[id]
	if b == nil {
		b = &Block{ID: id, fn: p.f}
		p.blocks[id] = b
	}
	return b
}

func (p *parser) header() {
	id := p.blockID()
	if p.defined[id] {
		p.fail("second definition of %s", id)
	}
	p.defined[id] = true
	p.cur = p.block(id)
	p.f.Blocks = append(p.f.Blocks, p.cur)
	p.expect("(")
	for !p.accept(")") {
		v, info := p.definition()
		info.Param = len(p.cur.Params)
		p.cur.Params = append(p.cur.Params, v)
		p.accept(",")
	}
	p.cur.Loop = p.accept("loop")
	p.cur.Cold = p.accept("cold")
	p.cur.BCI = p.field("bci")
	p.expect(":")
}

// definition reads `v1: type home=2`.
func (p *parser) definition() (Value, *ValueInfo) {
	v := p.value()
	if v == NoValue {
		p.fail("a value is needed")
	}
	delete(p.firstUse, v)
	p.expect(":")
	t, err := ParseType(p.until(" ,)="))
	if err != nil {
		p.fail("%s", err)
	}
	for int(v) >= len(p.f.Values) {
		p.f.Values = append(p.f.Values, ValueInfo{})
	}
	info := &p.f.Values[v]
	if info.Block != nil {
		p.fail("second definition of %s", v)
	}
	*info = ValueInfo{Type: t, Block: p.cur, Home: NoHome}
	if p.accept("home=") {
		info.Home = int32(p.number(p.until(" ,)="), 32))
	}
	return v, info
}

// value reads `v12` or `_`, noting where it was used first.
func (p *parser) value() Value {
	if p.accept("_") {
		return NoValue
	}
	p.expect("v")
	v := Value(p.unsigned(p.until(" ,:)]}=")))
	if v == NoValue {
		p.fail("v0 is no value")
	}
	if int(v) >= len(p.f.Values) || p.f.Values[v].Block == nil {
		if _, known := p.firstUse[v]; !known {
			p.firstUse[v] = p.line
		}
	}
	return v
}

func (p *parser) instr() {
	if p.cur == nil {
		p.fail("instruction outside of a block")
	}
	i := &Instr{}
	if p.isValue() {
		for {
			v, info := p.definition()
			info.Def = i
			i.Results = append(i.Results, v)
			if !p.accept(",") {
				break
			}
		}
		p.expect("=")
	}
	name := p.until(" ")
	op, ok := mnemonics[name]
	if !ok {
		p.fail("unknown op %q", name)
	}
	i.Op = op
	for _, r := range i.Results {
		p.f.Values[r].Const = op.Row().MadeAnywhere()
	}
	hasImm := false
	for p.space(); p.rest != ""; p.space() {
		switch {
		case p.isValue():
			i.Args = append(i.Args, p.value())
		case p.accept("@"):
			i.Obj = p.unsigned(p.until(" "))
		case p.isEdge():
			i.Edges = append(i.Edges, p.edge())
		case p.accept("{"):
			end := strings.Index(p.rest, "}")
			if end < 0 {
				p.fail("no closing brace")
			}
			i.Aux = Note(p.rest[:end])
			p.rest = p.rest[end+1:]
		case p.rest[0] == '[':
			i.State = p.state(p.f.Locals)
		case p.accept("quiet"):
			i.Quiet = true
		default:
			if hasImm || op.Row().Imm == "" {
				p.fail("unexpected %q", p.rest)
			}
			hasImm = true
			i.Imm = p.imm(op)
		}
	}
	p.cur.Instrs = append(p.cur.Instrs, i)
}

// isValue says whether a value is next.
func (p *parser) isValue() bool {
	p.space()
	return p.rest[0] == '_' || len(p.rest) > 1 && p.rest[0] == 'v' && isDigit(p.rest[1])
}

// isEdge says whether `b12(` is next.
func (p *parser) isEdge() bool { return len(p.rest) > 1 && p.rest[0] == 'b' && isDigit(p.rest[1]) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *parser) imm(op Op) int64 {
	word := p.until(" ")
	if op.Row().Imm == immHelper {
		h, ok := pyabi.HelperByName(word)
		if !ok {
			p.fail("no helper is named %q", word)
		}
		return int64(h)
	}
	switch op {
	case OpConstFloat:
		n, err := strconv.ParseUint(word, 0, 64)
		if err != nil {
			p.fail("bad number %q", word)
		}
		return int64(n)
	case OpGuardClass:
		s, err := ParseClassSet(word)
		if err != nil {
			p.fail("%s", err)
		}
		return int64(s)
	}
	return p.number(word, 64)
}

func (p *parser) edge() Edge {
	e := Edge{To: p.block(p.blockID())}
	p.expect("(")
	for !p.accept(")") {
		e.Args = append(e.Args, p.value())
		p.accept(",")
	}
	return e
}

// state reads a frame state of a frame with so many locals.
func (p *parser) state(locals int) *FrameState {
	p.expect("[")
	s := &FrameState{BCI: p.field("bci")}
	if p.accept("inline=") {
		s.Inline = &InlinedFrame{}
		p.expect("@")
		s.Inline.Func = p.unsigned(p.until("/"))
		p.expect("/@")
		s.Inline.Code = p.unsigned(p.until("/"))
		p.expect("/")
		s.Inline.Locals = int(p.unsigned(p.until(" /]")))
		s.Inline.Init = p.accept("/init")
		locals = s.Inline.Locals
	}
	s.Locals = make([]Value, locals)
	for !p.accept("]") {
		switch {
		case p.accept("locals["):
			if vs := p.list(); len(vs) == locals {
				copy(s.Locals, vs)
			} else {
				p.fail("%d locals instead of %d", len(vs), locals)
			}
		case p.accept("dirty{"):
			p.dirty(s)
		case p.accept("stack["):
			s.Stack = p.list()
		case p.accept("owned["):
			for !p.accept("]") {
				s.Owned = append(s.Owned, p.until(" ]") == "1")
			}
		case p.accept("release["):
			s.Release = p.list()
		case p.accept("parent"):
			s.Parent = p.state(p.f.Locals)
		default:
			p.fail("unexpected %q in a state", p.rest)
		}
	}
	return s
}

func (p *parser) list() []Value {
	var vs []Value
	for !p.accept("]") {
		vs = append(vs, p.value())
	}
	return vs
}

func (p *parser) dirty(s *FrameState) {
	s.Dirty = map[int]bool{}
	for !p.accept("}") {
		slot := int(p.unsigned(p.until(":")))
		p.expect(":")
		if slot >= len(s.Locals) {
			p.fail("no local %d", slot)
		}
		s.Locals[slot] = p.value()
		s.Dirty[slot] = true
	}
}

// finish checks that everything named is defined.
func (p *parser) finish() {
	if p.f == nil || !p.closed {
		p.fail("the text ends before the function does")
	}
	for _, b := range p.f.Blocks {
		if len(b.Instrs) == 0 {
			p.fail("%s is empty", b.ID)
		}
		for _, i := range b.Instrs {
			for _, e := range i.Edges {
				if !p.defined[e.To.ID] {
					p.fail("no block %s", e.To.ID)
				}
			}
		}
		p.f.nextID = max(p.f.nextID, b.ID+1)
	}
	if len(p.f.Blocks) == 0 {
		p.fail("a function needs a block")
	}
	first := NoValue
	for v := range p.firstUse {
		if first == NoValue || p.firstUse[v] < p.firstUse[first] || p.firstUse[v] == p.firstUse[first] && v < first {
			first = v
		}
	}
	if first != NoValue {
		p.line = p.firstUse[first]
		p.fail("%s is not defined", first)
	}
	p.f.ComputePreds()
}
