package codecache

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"pystonlite/specializer"
	"pystonlite/specializer/codemeta"
)

// A file is a magic number, the hash of the rest, eight 32-bit words (the fields of header), and then, each padded to eight bytes:
// the name, the code, the offsets of its symbols, of addresses and of versions, and the tables in the form that the host reads.

const magic = "PLC1"

const (
	headSize   = len(magic) + sha256.Size
	headerSize = 8 * 4
)

// header are the words in front of the parts.
type header struct{ name, code, symbols, versions, entry, frame, routines, zero uint32 }

func (h *header) words() [8]*uint32 {
	return [8]*uint32{&h.name, &h.code, &h.symbols, &h.versions, &h.entry, &h.frame, &h.routines, &h.zero}
}

var errFile = errors.New("not a file of this cache, or damaged")

// encode is the content of the file for a unit whose code has symbols.
func encode(r *specializer.Result) []byte {
	le := binary.LittleEndian
	h := header{
		name: uint32(len(r.Name)), code: uint32(len(r.Code)), symbols: uint32(len(r.Symbols)), versions: uint32(len(r.Versions)),
		entry: uint32(r.EntryOffset), frame: uint32(r.Frame), routines: uint32(r.Routines),
	}
	var body []byte
	for _, word := range h.words() {
		body = le.AppendUint32(body, *word)
	}
	body = codemeta.Pad(append(body, r.Name...))
	body = codemeta.Pad(append(body, r.Code...))
	for _, offsets := range [][]uint32{r.Symbols, r.Versions} {
		for _, offset := range offsets {
			body = le.AppendUint32(body, offset)
		}
		body = codemeta.Pad(body)
	}
	return sealed(r.Meta.AppendBinary(body))
}

// sealed puts the magic number and the hash in front.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(append([]byte(magic), sum[:]...), body...)
}

// decode reads what encode has written. The result owns its memory, and the code has symbols.
func decode(data []byte) (*specializer.Result, error) {
	if len(data) < headSize+headerSize || string(data[:len(magic)]) != magic {
		return nil, errFile
	}
	body := data[headSize:]
	if sum := sha256.Sum256(body); string(sum[:]) != string(data[len(magic):headSize]) {
		return nil, errFile
	}
	le := binary.LittleEndian
	var h header
	for k, word := range h.words() {
		*word = le.Uint32(body[4*k:])
	}
	at := headerSize
	part := func(n uint32, size int) []byte {
		start, end := codemeta.Padded(at), codemeta.Padded(at)+int(n)*size
		if end > len(body) {
			return nil
		}
		at = end
		return body[start:end]
	}
	name, code, symbols, versions := part(h.name, 1), part(h.code, 1), part(h.symbols, 4), part(h.versions, 4)
	if len(name) != int(h.name) || len(code) != int(h.code) || len(symbols) != 4*int(h.symbols) || len(versions) != 4*int(h.versions) ||
		codemeta.Padded(at) > len(body) {
		return nil, errFile
	}
	meta, rest, err := codemeta.Decode(body[codemeta.Padded(at):])
	if err != nil || len(rest) != 0 {
		return nil, errFile
	}
	r := &specializer.Result{
		Name: string(name), Code: append([]byte(nil), code...), EntryOffset: int(h.entry), Frame: int(h.frame), Routines: int(h.routines),
		Symbols: offsets(symbols), Versions: offsets(versions), Meta: meta,
	}
	return r, nil
}

func offsets(words []byte) []uint32 {
	var out []uint32
	for ; len(words) > 0; words = words[4:] {
		out = append(out, binary.LittleEndian.Uint32(words))
	}
	return out
}
