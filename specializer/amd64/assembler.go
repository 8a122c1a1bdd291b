// Package amd64 is the bottom of the back end: registers, the instruction table, the assembler and the disassembler for
// x86-64. It knows machine instructions and nothing about Python, the IR or the register allocator.
//
// # Encoding
//
// An instruction is a sequence of optional parts, in this order:
//
//	66/F2/F3   REX       0F [3A]   opcode   ModRM            SIB                disp      imm
//	prefix     0100WRXB  escape    byte     mod reg r/m      scale index base   0,8,32    0,8,16,32
//	                                        2   3   3        2     3     3
//
// ModRM holds two operands: one that is always a register (or, where there is only one operand, three more opcode bits,
// the "/digit" of the manual), and one that is a register or memory. Register numbers have four bits; the REX prefix holds
// the upper bits (R for ModRM.reg, X for SIB.index, B for ModRM.r/m, SIB.base or the register in the opcode) and W, which
// makes the operation 64 bits wide. Three irregularities come from the time before REX, and all code for them is in
// encode.go:
//
//   - r/m 100 means "a SIB byte follows", so the bases RSP and R12 need a SIB byte; and index 100 means "no index",
//     so RSP cannot be an index (R12 can, since X counts here).
//   - mod 00 with base 101 means "no base", so the bases RBP and R13 need a displacement even if it is zero. Without a SIB
//     byte it means RIP-relative, so that an absolute address needs one.
//   - byte registers 4 to 7 are AH, CH, DH, BH without and SPL, BPL, SIL, DIL with a REX prefix, even an empty one. We never use
//     the former, so we add an empty REX where it is needed.
//
// The table (table.go) has one row for each operation and width, with a column for each operand encoding. The emit methods
// (emit.go) are grouped by operand form; each looks for its column, and chooses the shortest one where several would do.
// A form the row does not have, or a register of the wrong class, is a mistake of the code generator and panics.
//
// # Relaxation
//
// A jump to a label takes 2 bytes when the target is within -128..127 bytes of its end, else 5 (jmp) or 6 (jcc). Which
// one depends on the sizes of the jumps between, so it cannot be known while emitting, even for backward jumps. The
// assembler emits the long form always (and the longest padding for each Align) and records it. All offsets it hands out
// are positions in this provisional code. Finish then decides the sizes:
//
//  1. In the provisional code everything has its largest size, so distances in it are upper bounds. A jump that fits
//     there is short for good. This settles nearly all of them.
//  2. The others begin as short, too. Compute the layout, make those that do not reach their target long, and repeat
//     until nothing changes. As jumps only grow, this terminates; alignment may move things either way, but a long jump is
//     right at any distance, and the short ones have been checked against the very layout that is used.
//  3. A chain of jumps each of which pushes the one before out of reach could need as many rounds as there are jumps. So
//     after maxRounds the undecided ones become long, which is correct by the argument of step 1. Time is thus linear in
//     the size of the code.
//
// Finally the code is moved together in place, and displacements are filled in. Label offsets, and provisional offsets
// recorded for tables (return addresses, deoptimisation points), are translated with LabelOffset and FinalOffset.
//
// References: Intel SDM volume 2, chapters 2 and 3 to 5; T. G. Szymanski, "Assembling code for machines with
// span-dependent instructions", CACM 21(4), 1978.
package amd64

import (
	"encoding/binary"
	"fmt"
)

// Label is a place in the code, to be bound once. Zero is not a label, so that it can mean "none".
type Label int32

// String returns the name a label has in printed code.
func (l Label) String() string { return fmt.Sprintf("L%d", int32(l)) }

// Limit is the error of code that is larger than the displacements of its instructions can span.
type Limit struct {
	What string
	Got  int
	Max  int
}

// Error describes the exceeded limit.
func (l Limit) Error() string {
	return fmt.Sprintf("%s: %d exceeds the limit of %d", l.What, l.Got, l.Max)
}

// maxCode keeps every distance, with an addend, within the 32 bits of a displacement.
const maxCode = 1 << 30

// Assembler builds a piece of machine code. It is used by one goroutine, and reused with Reset so that its buffers are
// allocated once.
type Assembler struct {
	buf      []byte     // provisional code until Finish, final code after
	labels   []labelPos // [] /* Label to */ position; entry 0 is unused
	fixups   []fixup    // in code order
	words    []int      // where there are 64-bit constants, provisional offsets
	imms     []int      // and immediate operands of 32 bits
	shrink   int        // bytes that Finish removed in total
	limit    int
	finished bool
}

// labelPos is where a label is bound.
type labelPos struct {
	offset int // provisional offset; -1 while unbound
	fixups int // how many fixups precede it
}

// New returns an empty assembler.
func New() *Assembler {
	a := &Assembler{limit: maxCode}
	a.Reset()
	return a
}

// Reset makes the assembler empty again. It keeps the memory: code returned by Finish must have been copied by then.
func (a *Assembler) Reset() {
	a.buf = a.buf[:0]
	a.labels = append(a.labels[:0], labelPos{offset: -1})
	a.fixups = a.fixups[:0]
	a.words, a.imms = a.words[:0], a.imms[:0]
	a.shrink = 0
	a.finished = false
}

// NewLabel returns a label that is not bound yet.
func (a *Assembler) NewLabel() Label {
	a.labels = append(a.labels, labelPos{offset: -1})
	return Label(len(a.labels) - 1)
}

// Bind makes the label mean the current position.
func (a *Assembler) Bind(l Label) {
	a.mustBeOpen()
	p := a.label(l)
	if p.offset >= 0 {
		panic(fmt.Sprintf("BUG: label %v is bound twice", l))
	}
	*p = labelPos{offset: len(a.buf), fixups: len(a.fixups)}
}

// label returns the entry of a label this assembler has made since the last Reset.
func (a *Assembler) label(l Label) *labelPos {
	if l <= 0 || int(l) >= len(a.labels) {
		panic(fmt.Sprintf("BUG: %v is not a label of this code", l))
	}
	return &a.labels[l]
}

func (a *Assembler) mustBeOpen() {
	if a.finished {
		panic("BUG: the code is finished")
	}
}

// Offset returns the current position. Before Finish it is provisional, an upper bound of the final one: use FinalOffset
// to translate it. After Finish it is the size of the code.
func (a *Assembler) Offset() int { return len(a.buf) }

// LabelOffset returns the offset of a bound label in the finished code.
func (a *Assembler) LabelOffset(l Label) int {
	if !a.finished {
		panic("BUG: offsets of labels are known after Finish only")
	}
	p := a.label(l)
	if p.offset < 0 {
		panic(fmt.Sprintf("BUG: label %v is not bound", l))
	}
	return p.offset - a.shrinkBefore(p.fixups)
}

// Align pads the code with nops until its offset is a multiple of n, a power of two. It is up to the caller to place the
// code at an address that is aligned at least as much.
func (a *Assembler) Align(n int) {
	a.mustBeOpen()
	if n <= 0 || n&(n-1) != 0 {
		panic(fmt.Sprintf("BUG: alignment %d is not a power of two", n))
	}
	if n == 1 {
		return
	}
	start := len(a.buf)
	for range n - 1 {
		a.buf = append(a.buf, 0x90)
	}
	a.fixups = append(a.fixups, fixup{kind: fixAlign, pos: start, end: len(a.buf), align: n})
}

// Nops emits n bytes of padding in as few instructions as possible, for instance where code will be patched later.
func (a *Assembler) Nops(n int) {
	a.mustBeOpen()
	start := len(a.buf)
	for range n {
		a.buf = append(a.buf, 0x90)
	}
	fillNops(a.buf[start:])
}

// Data64 emits eight bytes, little-endian. It does not align.
func (a *Assembler) Data64(v uint64) {
	a.mustBeOpen()
	a.word(v)
}

// word appends a 64-bit constant, of data or of an instruction.
func (a *Assembler) word(v uint64) {
	a.words = append(a.words, len(a.buf))
	a.buf = binary.LittleEndian.AppendUint64(a.buf, v)
}

// EachWord calls f with the offset of every 64-bit constant in the finished code, immediate operands included, and with the constant.
func (a *Assembler) EachWord(f func(offset int, v uint64)) {
	for _, provisional := range a.words {
		offset := a.FinalOffset(provisional)
		f(offset, binary.LittleEndian.Uint64(a.buf[offset:]))
	}
}

// EachImmediate does the same with the immediate operands of 32 bits.
func (a *Assembler) EachImmediate(f func(offset int, v uint32)) {
	for _, provisional := range a.imms {
		offset := a.FinalOffset(provisional)
		f(offset, binary.LittleEndian.Uint32(a.buf[offset:]))
	}
}

// Data emits bytes as they are.
func (a *Assembler) Data(b []byte) {
	a.mustBeOpen()
	a.buf = append(a.buf, b...)
}

// nops are the multi-byte nops the manual recommends, by size less one.
var nops = [...]string{
	"\x90",
	"\x66\x90",
	"\x0f\x1f\x00",
	"\x0f\x1f\x40\x00",
	"\x0f\x1f\x44\x00\x00",
	"\x66\x0f\x1f\x44\x00\x00",
	"\x0f\x1f\x80\x00\x00\x00\x00",
	"\x0f\x1f\x84\x00\x00\x00\x00\x00",
	"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
}

// fillNops overwrites b with the fewest nops.
func fillNops(b []byte) {
	for len(b) > 0 {
		n := copy(b, nops[min(len(b), len(nops))-1])
		b = b[n:]
	}
}
