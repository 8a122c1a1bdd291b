package codemeta

import (
	"encoding/binary"
	"fmt"
)

// Sizes of the C structs.
const (
	sizeExitRec   = 20
	sizeExitFrame = 20
	sizeValue     = 8
	sizeConst     = 8
	sizeEntry     = 12
	headerSize    = 24
)

var le = binary.LittleEndian

// AppendBinary appends the form that install.c reads: the counts (exits, frames, values, constants, entries, and a zero) as
// 32-bit words, then the arrays exactly as the C structs, each padded to eight bytes.  out must be a multiple of eight long.
func (t *Tables) AppendBinary(out []byte) []byte {
	if len(out)%8 != 0 {
		panic(fmt.Sprintf("BUG: tables at offset %d, which is not aligned", len(out)))
	}
	for _, n := range []int{len(t.Exits), len(t.Frames), len(t.Values), len(t.Consts), len(t.Entries), 0} {
		out = le.AppendUint32(out, uint32(n))
	}
	for _, e := range t.Exits {
		out = append(out, byte(e.Kind), e.Pad)
		out = le.AppendUint16(out, uint16(e.Reason))
		for _, word := range []uint32{e.FirstFrame, e.NFrames, e.FirstRelease, e.NRelease} {
			out = le.AppendUint32(out, word)
		}
	}
	out = Pad(out)
	for _, f := range t.Frames {
		for _, word := range []uint32{f.Func, f.BCI, f.FirstValue, f.NValues} {
			out = le.AppendUint32(out, word)
		}
		out = le.AppendUint16(out, f.Depth)
		out = le.AppendUint16(out, f.Init)
	}
	out = Pad(out)
	out = appendValues(out, t.Values)
	for _, word := range t.Consts {
		out = le.AppendUint64(out, word)
	}
	for _, e := range t.Entries {
		out = le.AppendUint32(out, e.BCI)
		out = le.AppendUint16(out, e.Depth)
		out = le.AppendUint16(out, uint16(e.Kind))
		out = le.AppendUint32(out, e.Offset)
	}
	return Pad(out)
}

func appendValues(out []byte, values []Value) []byte {
	for _, v := range values {
		out = append(out, byte(v.Where), byte(v.Rep))
		out = le.AppendUint16(out, v.Slot)
		out = le.AppendUint32(out, v.Payload)
	}
	return out
}

// Pad appends zeros up to the next multiple of eight bytes, on which the parts of a binary form begin.
func Pad(out []byte) []byte {
	for len(out)%8 != 0 {
		out = append(out, 0)
	}
	return out
}

// Padded is the number of bytes that n bytes take with what Pad appends.
func Padded(n int) int { return (n + 7) &^ 7 }

// Decode reads the binary form back and returns the bytes after it.  It never panics: dumps may come from anywhere.
func Decode(data []byte) (t *Tables, rest []byte, err error) {
	if len(data) < headerSize {
		return nil, nil, fmt.Errorf("tables: %d bytes are no header", len(data))
	}
	var counts [5]int
	for i := range counts {
		counts[i] = int(le.Uint32(data[4*i:]))
	}
	rest = data[headerSize:]
	var parts [5][]byte
	for i, size := range [5]int{sizeExitRec, sizeExitFrame, sizeValue, sizeConst, sizeEntry} {
		n := Padded(counts[i] * size)
		if n > len(rest) {
			return nil, nil, fmt.Errorf("tables: part %d has %d bytes of %d", i, len(rest), n)
		}
		parts[i], rest = rest[:n], rest[n:]
	}
	t = &Tables{
		Exits:  make([]ExitRec, counts[0]),
		Frames: make([]ExitFrame, counts[1]),
		Values: make([]Value, counts[2]),
		Consts: make([]uint64, counts[3]),
	}
	for i := range t.Exits {
		p := parts[0][i*sizeExitRec:]
		t.Exits[i] = ExitRec{
			Kind: ExitKind(p[0]), Pad: p[1], Reason: Reason(le.Uint16(p[2:])),
			FirstFrame: le.Uint32(p[4:]), NFrames: le.Uint32(p[8:]),
			FirstRelease: le.Uint32(p[12:]), NRelease: le.Uint32(p[16:]),
		}
	}
	for i := range t.Frames {
		p := parts[1][i*sizeExitFrame:]
		t.Frames[i] = ExitFrame{
			Func: le.Uint32(p), BCI: le.Uint32(p[4:]),
			FirstValue: le.Uint32(p[8:]), NValues: le.Uint32(p[12:]), Depth: le.Uint16(p[16:]), Init: le.Uint16(p[18:]),
		}
	}
	for i := range t.Values {
		p := parts[2][i*sizeValue:]
		t.Values[i] = Value{Where: Where(p[0]), Rep: Rep(p[1]), Slot: le.Uint16(p[2:]), Payload: le.Uint32(p[4:])}
	}
	for i := range counts[4] {
		p := parts[4][i*sizeEntry:]
		t.Entries = append(t.Entries, Entry{
			BCI: le.Uint32(p), Depth: le.Uint16(p[4:]), Kind: EntryKind(le.Uint16(p[6:])), Offset: le.Uint32(p[8:]),
		})
	}
	for i := range t.Consts {
		t.Consts[i] = le.Uint64(parts[3][i*sizeConst:])
	}
	return t, rest, t.Validate()
}
