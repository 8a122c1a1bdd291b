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
	for _, offset := range r.Symbols {
		if uint64(offset)+8 > uint64(len(r.Code)) {
			return fmt.Errorf("symbol at %d of %d bytes of code", offset, len(r.Code))
		}
		word := r.Code[offset:]
		address, ok := s.symbols.Resolve(le.Uint64(word))
		if !ok {
			return fmt.Errorf("no symbol %#x", le.Uint64(word))
		}
		le.PutUint64(word, address)
	}
	for _, offset := range r.Versions {
		if uint64(offset)+4 > uint64(len(r.Code)) {
			return fmt.Errorf("version at %d of %d bytes of code", offset, len(r.Code))
		}
		operand := r.Code[offset:]
		version, ok := s.symbols.ResolveVersion(le.Uint32(operand))
		if !ok {
			return fmt.Errorf("no version %#x", le.Uint32(operand))
		}
		le.PutUint32(operand, version)
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
