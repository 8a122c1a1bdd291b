package amd64

import (
	"encoding/binary"
	"fmt"
	"sort"
)

// maxRounds bounds the layout rounds of Finish. Real code settles in two or three.
const maxRounds = 8

// shortSize is the size of a jump with rel8.
const shortSize = 2

type fixupKind uint8

const (
	fixRel32 fixupKind = iota // a displacement that stays 32 bits wide: call, RIP-relative operand
	fixJump                   // jmp or jcc, provisionally long
	fixAlign                  // padding, provisionally as long as it can get
)

// reach is what is known about the size of a jump.
type reach uint8

const (
	reachLong  reach = iota
	reachShort       // short in every layout
	reachMaybe       // short until a layout shows otherwise
)

// fixup is a part of the code that Finish has to write, and perhaps to make smaller.
type fixup struct {
	pos    int // provisional offset of the jump, the padding or the displacement
	end    int // and of the end of the jump, the padding or the instruction that has the displacement
	shrink int // bytes removed from the code before this fixup
	align  int // of fixAlign
	label  Label
	kind   fixupKind
	reach  reach // of fixJump
	short  byte  // opcode of the short form of fixJump
}

// Finish decides the size of each jump and padding, fills in all displacements and returns the code, which stays valid
// until Reset. The only error is a Limit.
func (a *Assembler) Finish() ([]byte, error) {
	a.mustBeOpen()
	if len(a.buf) > a.limit {
		return nil, Limit{What: "bytes of machine code", Got: len(a.buf), Max: a.limit}
	}
	a.relax()
	a.compact()
	a.finished = true
	return a.buf, nil
}

// FinalOffset translates a provisional offset, as Offset returned it between two instructions, to the finished code.
func (a *Assembler) FinalOffset(provisional int) int {
	if !a.finished {
		panic("BUG: final offsets are known after Finish only")
	}
	if provisional < 0 || provisional > len(a.buf)+a.shrink {
		panic(fmt.Sprintf("BUG: offset %d is outside of the code", provisional))
	}
	i := sort.Search(len(a.fixups), func(i int) bool { return a.fixups[i].end > provisional })
	return provisional - a.shrinkBefore(i)
}

// shrinkBefore returns how many bytes are removed before the i-th fixup, which may be one past the last.
func (a *Assembler) shrinkBefore(i int) int {
	if i == len(a.fixups) {
		return a.shrink
	}
	return a.fixups[i].shrink
}

// target returns the offset of the fixup's label in the layout that the shrink fields describe.
func (a *Assembler) target(f *fixup) int {
	p := &a.labels[f.label]
	return p.offset - a.shrinkBefore(p.fixups)
}

// relax settles the reach of every jump, and leaves the layout in the shrink fields.
func (a *Assembler) relax() {
	undecided := 0
	for i := range a.fixups {
		f := &a.fixups[i]
		if f.kind == fixAlign {
			continue
		}
		p := a.label(f.label)
		if p.offset < 0 {
			panic(fmt.Sprintf("BUG: label %v is used but not bound", f.label))
		}
		if f.kind == fixJump {
			f.reach = reachShort
			if !fitsInt8(p.offset - f.end) {
				f.reach = reachMaybe
				undecided++
			}
		}
	}
	for round := 0; ; round++ {
		a.layout()
		if undecided == 0 {
			return
		}
		grown := 0
		for i := range a.fixups {
			f := &a.fixups[i]
			if f.reach != reachMaybe {
				continue
			}
			end := f.pos - f.shrink + shortSize
			if round == maxRounds || !fitsInt8(a.target(f)-end) {
				f.reach = reachLong
				grown++
			}
		}
		undecided -= grown
		if grown == 0 {
			return
		}
	}
}

// layout computes the shrink fields from the present sizes of jumps.
func (a *Assembler) layout() {
	shrink := 0
	for i := range a.fixups {
		f := &a.fixups[i]
		f.shrink = shrink
		shrink += f.end - f.pos - f.size()
	}
	a.shrink = shrink
}

// size returns what is left of the bytes from pos to end in the present layout.
func (f *fixup) size() int {
	switch {
	case f.kind == fixAlign:
		return -(f.pos - f.shrink) & (f.align - 1)
	case f.kind == fixJump && f.reach != reachLong:
		return shortSize
	}
	return f.end - f.pos
}

// compact moves the code to its final place and writes displacements and padding. Since every part moves down or stays,
// this works in place, front to back.
func (a *Assembler) compact() {
	buf := a.buf
	from := 0 // provisional offset up to which the code has been moved
	for i := range a.fixups {
		f := &a.fixups[i]
		to, size := f.pos-f.shrink, f.size()
		copy(buf[from-f.shrink:to+size], buf[from:f.pos+size])
		from = f.end
		switch {
		case f.kind == fixAlign:
			fillNops(buf[to : to+size])
		case f.kind == fixJump && f.reach != reachLong:
			buf[to] = f.short
			buf[to+1] = byte(a.target(f) - (to + shortSize))
		case f.kind == fixJump:
			binary.LittleEndian.PutUint32(buf[to+size-4:], uint32(a.target(f)-(to+size)))
		default:
			addend := int(int32(binary.LittleEndian.Uint32(buf[to:])))
			binary.LittleEndian.PutUint32(buf[to:], uint32(a.target(f)+addend-(to+size)))
		}
	}
	copy(buf[from-a.shrink:], buf[from:])
	a.buf = buf[:len(buf)-a.shrink]
}

func fitsInt8(v int) bool { return v == int(int8(v)) }
