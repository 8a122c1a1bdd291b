package pyabi

import (
	"encoding/binary"
	"fmt"
)

// magic is the first word of a snapshot: "PLS1".
const magic uint32 = 0x31534c50

const (
	// maxUnits bounds the bytecode of one code object, far above what the compiler accepts.
	maxUnits = 1 << 22
	// maxSlots bounds locals, cells and free variables of one code object, and what it may want of the operand stack.
	maxSlots = 1 << 20
)

// Decode reads a snapshot. Whatever the bytes are, it returns a snapshot in which every number that refers to something
// refers to something that is there, or an error.
func Decode(data []byte) (*Snapshot, error) {
	c := &coder{buf: data}
	s := &Snapshot{}
	c.snapshot(s)
	if c.err == nil && c.at != len(data) {
		c.fail("%d bytes too many", len(data)-c.at)
	}
	if c.err == nil {
		c.err = s.check()
	}
	if c.err != nil {
		return nil, fmt.Errorf("snapshot: %w (at byte %d of %d)", c.err, c.at, len(data))
	}
	return s, nil
}

// Encode writes what Decode reads.
func Encode(s *Snapshot) []byte {
	c := &coder{writing: true}
	c.snapshot(s)
	binary.LittleEndian.PutUint32(c.buf[4:], uint32(len(c.buf)))
	return c.buf
}

// snapshot is the layout of the whole. Objects come last, because the writer finds out which there are on the way.
func (c *coder) snapshot(s *Snapshot) {
	first, length := magic, uint32(len(c.buf))
	c.u32(&first)
	c.u32(&length)
	if !c.writing {
		switch {
		case c.err != nil:
		case first != magic:
			c.fail("starts with %#x", first)
		case int(length) != len(c.buf):
			c.fail("says it has %d bytes", length)
		}
	}
	c.u64(&s.RequestID)
	c.u64(&s.Unit)
	c.u32(&s.EntryBCI)
	c.u32(&s.Flags)
	c.u32(&s.Version)
	fields := s.Offsets.fields()
	if n := c.count(len(fields), 4); n != len(fields) {
		c.fail("%d struct offsets, %d wanted", n, len(fields))
	}
	for _, f := range fields {
		c.i32(f)
	}
	list(c, &s.Helpers, 8, c.u64)
	list(c, &s.Known, 4, c.id)
	c.u64(&s.Breaker)
	c.u64(&s.SmallInts)
	c.id(&s.Func)
	c.id(&s.Globals)
	c.id(&s.Builtins)
	list(c, &s.Codes, 73, c.code)
	list(c, &s.Profile, 2, c.u16)
	list(c, &s.Resumes, 8, func(o *Operand) {
		c.u32(&o.BCI)
		c.u16(&o.Depth)
		c.u16(&o.Types)
	})
	list(c, &s.Objects, 18, c.object)
}

func (c *coder) code(k *Code) {
	c.id(&k.Obj)
	c.u64(&k.Cell)
	c.text(&k.QualName)
	c.text(&k.File)
	c.i32(&k.FirstLine)
	c.i32(&k.ArgCount)
	c.i32(&k.PosOnly)
	c.i32(&k.KwOnly)
	c.u32(&k.Flags)
	c.i32(&k.NLocals)
	c.i32(&k.NLocalsPlus)
	c.i32(&k.NCells)
	c.i32(&k.NFree)
	c.i32(&k.StackSize)
	c.i32(&k.FirstTraceable)
	c.flag(&k.Unseen)
	c.u64(&k.Addr)
	c.u64(&k.Caches)
	c.bytes(&k.Bytes)
	c.bytes(&k.Adaptive)
	c.ids(&k.Consts)
	c.ids(&k.Names)
	c.ids(&k.LocalNames)
	c.bytes(&k.LocalKinds)
	c.bytes(&k.ExcTable)
	list(c, &k.Feedback, 36, c.feedback)
	list(c, &k.Sites, 10, func(t *Site) {
		c.u32(&t.BCI)
		c.u16(&t.Reason)
		c.u32(&t.Count)
	})
}

func (c *coder) feedback(f *Feedback) {
	c.u32(&f.BCI)
	kind := uint32(f.Kind)
	c.u32(&kind)
	if kind < uint32(FbGlobal) || kind > uint32(FbWithHint) {
		c.fail("feedback of kind %d", kind)
	}
	f.Kind = FeedbackKind(kind)
	c.id(&f.Type)
	c.u32(&f.TypeVersion)
	c.u32(&f.Keys)
	c.u32(&f.Keys2)
	c.u32(&f.Index)
	c.id(&f.Value)
	c.id(&f.Value2)
}

func (c *coder) object(o *Object) {
	c.u64(&o.Addr)
	c.u64(&o.Type)
	c.u8((*uint8)(&o.Kind))
	c.flag(&o.Fits)
	switch o.Kind {
	case KindOther, KindNone, KindBytes, KindModule, KindDict:
	case KindBool, KindInt:
		c.i64(&o.Int)
	case KindFloat:
		c.u64(&o.Bits)
	case KindStr:
		c.text(&o.Text)
	case KindTuple:
		c.ids(&o.Items)
	case KindCode:
		c.i32(&o.Index)
	case KindFunction:
		c.text(&o.Text)
		c.id(&o.Func.Code)
		c.u32(&o.Func.Version)
		c.ids(&o.Func.Defaults)
		c.flag(&o.Func.KwOnly)
		c.flag(&o.Func.Closure)
		c.u64(&o.Func.Globals)
		c.u64(&o.Func.Builtins)
	case KindType:
		c.text(&o.Text)
		c.u32(&o.Class.Version)
		c.u64(&o.Class.Flags)
		c.i64(&o.Class.BasicSize)
		c.u32(&o.Class.KeysVersion)
		c.u64(&o.Class.Keys)
		c.flag(&o.Class.Managed)
		c.flag(&o.Class.Answers)
		c.id(&o.Class.Init)
	case KindCFunction, KindMethodDescr:
		c.text(&o.Text)
		c.u64(&o.CFunc.Meth)
		c.u32(&o.CFunc.Flags)
		c.id(&o.CFunc.Self)
	default:
		c.fail("object of kind %d", o.Kind)
	}
}

// check verifies every reference inside the snapshot, so that no consumer has to.
func (s *Snapshot) check() error {
	v := checker{objects: s.Objects}
	switch {
	case len(s.Objects) == 0 || s.Objects[NoObj].Addr != 0 || s.Objects[NoObj].Kind != KindOther:
		v.fail("object 0 is not the placeholder")
	case len(s.Codes) == 0:
		v.fail("no code")
	case len(s.Helpers) != NumHelpers:
		v.fail("%d helpers, %d wanted", len(s.Helpers), NumHelpers)
	case len(s.Known) != NumKnown:
		v.fail("%d well-known objects, %d wanted", len(s.Known), NumKnown)
	}
	if v.err != nil {
		return v.err
	}
	v.ids("well-known object", s.Known)
	v.ids("root object", []ObjID{s.Func, s.Globals, s.Builtins})
	for i := range s.Codes {
		v.code(&s.Codes[i])
	}
	for i := range s.Objects {
		v.object(&s.Objects[i], s.Codes)
	}
	if v.err != nil {
		return v.err
	}
	units := uint32(len(s.Codes[0].Bytes) / 2)
	if units == 0 || s.EntryBCI >= units {
		return fmt.Errorf("entry at %d of %d code units", s.EntryBCI, units)
	}
	for _, o := range s.Resumes {
		if o.BCI >= units || int(o.Depth) >= int(s.Codes[0].StackSize) {
			v.fail("operand %d at %d, of %d units", o.Depth, o.BCI, units)
		}
	}
	if k := &s.Codes[0]; len(s.Profile) > int(k.NLocalsPlus)+int(k.StackSize) {
		v.fail("profile of %d slots", len(s.Profile))
	}
	return v.err
}

// checker keeps the first thing that is wrong.
type checker struct {
	objects []Object
	err     error
}

func (v *checker) fail(format string, args ...any) {
	if v.err == nil {
		v.err = fmt.Errorf(format, args...)
	}
}

func (v *checker) ids(what string, ids []ObjID) {
	for _, id := range ids {
		if int(id) >= len(v.objects) {
			v.fail("%s %d of %d", what, id, len(v.objects))
		}
	}
}

// kinds checks that the objects exist and have that kind.
func (v *checker) kinds(what string, kind ObjKind, ids ...ObjID) {
	v.ids(what, ids)
	for _, id := range ids {
		if v.err == nil && v.objects[id].Kind != kind {
			v.fail("%s %d is of kind %d", what, id, v.objects[id].Kind)
		}
	}
}

func (v *checker) code(k *Code) {
	v.kinds("code object", KindCode, k.Obj)
	v.ids("constant", k.Consts)
	v.kinds("name", KindStr, k.Names...)
	v.kinds("local name", KindStr, k.LocalNames...)
	plus := int(k.NLocalsPlus)
	for _, n := range []int32{k.ArgCount, k.PosOnly, k.KwOnly, k.NLocals, k.NLocalsPlus, k.NCells, k.NFree, k.StackSize} {
		if n < 0 || n > maxSlots {
			v.fail("code with a size of %d", n)
		}
	}
	switch {
	case v.err != nil:
	case int(k.NLocals) > plus || int(k.NCells) > plus || int(k.NFree) > plus || int(k.ArgCount)+int(k.KwOnly) > plus ||
		k.PosOnly > k.ArgCount:
		v.fail("code whose %d slots do not hold its variables", plus)
	case len(k.LocalNames) != plus || len(k.LocalKinds) != plus:
		v.fail("code with %d slots, %d names and %d kinds", plus, len(k.LocalNames), len(k.LocalKinds))
	case len(k.Bytes) != len(k.Adaptive) || len(k.Bytes)%2 != 0 || len(k.Bytes)/2 > maxUnits:
		v.fail("code of %d and %d bytes", len(k.Bytes), len(k.Adaptive))
	}
	v.feedback(k)
}

// feedback checks what was recorded of a code at its instructions.
func (v *checker) feedback(k *Code) {
	units, last := uint32(len(k.Bytes)/2), int64(-1)
	for _, f := range k.Feedback {
		v.ids("feedback object", []ObjID{f.Type, f.Value, f.Value2})
		if int64(f.BCI) <= last || f.BCI >= units {
			v.fail("feedback at %d after %d, of %d units", f.BCI, last, units)
		}
		last = int64(f.BCI)
	}
	last = 0
	for _, t := range k.Sites {
		if int64(t.BCI) < last || t.BCI >= units {
			v.fail("deopt site at %d after %d, of %d units", t.BCI, last, units)
		}
		last = int64(t.BCI)
	}
}

func (v *checker) object(o *Object, codes []Code) {
	v.ids("item", o.Items)
	v.ids("default", o.Func.Defaults)
	v.ids("self", []ObjID{o.CFunc.Self})
	if o.Kind == KindFunction {
		v.kinds("code of a function", KindCode, o.Func.Code)
	}
	if o.Class.Init != NoObj {
		v.kinds("__init__", KindFunction, o.Class.Init)
	}
	switch {
	case v.err != nil || o.Kind != KindCode || o.Index == -1:
	case o.Index < -1 || int(o.Index) >= len(codes):
		v.fail("code number %d of %d", o.Index, len(codes))
	case &v.objects[codes[o.Index].Obj] != o:
		v.fail("code number %d is of object %d", o.Index, codes[o.Index].Obj)
	}
}
