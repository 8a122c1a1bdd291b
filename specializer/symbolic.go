package specializer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"pystonlite/specializer/frontend/cp311"
	"pystonlite/specializer/ir"
	"pystonlite/specializer/pyabi"
)

// Symbolic is a snapshot without what differs between two processes that ask the same: addresses and versions are symbols, and of the
// interpreter's inline caches and of the deopt history there is what the compiler reads of them. What it is compiled to belongs to no
// process, until Relocate has put the addresses of one into it.
type Symbolic struct {
	snap    *pyabi.Snapshot
	symbols *pyabi.Symbols
}

// ErrAmbiguous says that the code has a number that looks like a symbol.
var ErrAmbiguous = errors.New("a constant looks like a symbol")

// NewSymbolic reads a snapshot. Addresses below fixed are the same in every process (0: none is).
func NewSymbolic(snapshot []byte, fixed uint64) (*Symbolic, error) {
	snap, err := pyabi.Decode(snapshot)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	snap.RequestID = 0
	for i := range snap.Codes {
		cp311.Reduce(&snap.Codes[i])
	}
	return &Symbolic{snap, pyabi.Abstract(snap, fixed)}, nil
}

// Bytes is the snapshot in its binary form.
func (s *Symbolic) Bytes() []byte { return pyabi.Encode(s.snap) }

// Compile is as Compile of the snapshot itself; or the error is ErrAmbiguous.
func (s *Symbolic) Compile(opt Options) (*Result, error) { return compile(s.snap, opt, true) }

// Relocate puts addresses and versions in the place of the symbols of a result of Compile for this snapshot, or one of the same bytes. It
// changes r.
func (s *Symbolic) Relocate(r *Result) error {
	le := binary.LittleEndian
	if err := patch("symbol", r.Code, r.Symbols, 8, le.Uint64, le.PutUint64, s.symbols.Resolve); err != nil {
		return err
	}
	if err := patch("version", r.Code, r.Versions, 4, le.Uint32, le.PutUint32, s.symbols.ResolveVersion); err != nil {
		return err
	}
	for k, word := range r.Meta.Consts {
		if !pyabi.IsSymbol(word) {
			continue
		}
		address, ok := s.symbols.Resolve(word)
		if !ok {
			return fmt.Errorf("no symbol %#x", word)
		}
		r.Meta.Consts[k] = address
	}
	return nil
}

// patch puts what the symbols at the offsets stand for in their place; what names them in errors.
func patch[T uint32 | uint64](
	what string, code []byte, offsets []uint32, size uint64, get func([]byte) T, put func([]byte, T), resolve func(T) (T, bool),
) error {
	for _, offset := range offsets {
		if uint64(offset)+size > uint64(len(code)) {
			return fmt.Errorf("%s at %d of %d bytes of code", what, offset, len(code))
		}
		place := code[offset:]
		value, ok := resolve(get(place))
		if !ok {
			return fmt.Errorf("no %s %#x", what, get(place))
		}
		put(place, value)
	}
	return nil
}

// numbers are the operations whose constant is a number of the program.
var numbers = map[ir.Op]bool{ir.OpConstInt: true, ir.OpConstFloat: true, ir.OpGuardIntConst: true}

// hasAmbiguous says whether the program has a number that could be taken for a symbol in its machine code.
func hasAmbiguous(f *ir.Func) bool {
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			n := uint64(i.Imm)
			if numbers[i.Op] && (pyabi.IsSymbol(n) || n <= math.MaxUint32 && pyabi.IsVersionSymbol(uint32(n))) {
				return true
			}
		}
	}
	return false
}
