package unwind

import "encoding/binary"

// The operations of DWARF expressions in use (DWARF 4, section 7.7.1).
const (
	opDeref      = 0x06
	opConst2u    = 0x0a
	opConst4u    = 0x0c
	opConst8u    = 0x0e
	opDup        = 0x12
	opAnd        = 0x1a
	opMinus      = 0x1c
	opPlus       = 0x22
	opPlusUconst = 0x23
	opShl        = 0x24
	opShr        = 0x25
	opBra        = 0x28
	opNe         = 0x2e
	opLit        = 0x30 // and a number up to 31
	opReg        = 0x50 // and a register
	opBreg       = 0x70 // and a register
	opDerefSize  = 0x94
)

// The call frame instructions in use (DWARF 4, section 7.23).
const (
	cfaNop              = 0x00
	cfaUndefined        = 0x07
	cfaDefCFAExpression = 0x0f
	cfaValExpression    = 0x16
	cfaOffset           = 0x80 // and a register
)

// expression collects DWARF bytes.
type expression []byte

func (e *expression) op(bytes ...byte) *expression {
	*e = append(*e, bytes...)
	return e
}

func (e *expression) u16(n uint16) *expression {
	*e = binary.LittleEndian.AppendUint16(*e, n)
	return e
}

func (e *expression) u32(n uint32) *expression {
	*e = binary.LittleEndian.AppendUint32(*e, n)
	return e
}

func (e *expression) u64(n uint64) *expression {
	*e = binary.LittleEndian.AppendUint64(*e, n)
	return e
}

func (e *expression) uleb(n uint64) *expression {
	*e = binary.AppendUvarint(*e, n) // the same encoding
	return e
}

func (e *expression) sleb(n int64) *expression {
	for n < -64 || n > 63 {
		*e = append(*e, byte(n&0x7f|0x80))
		n >>= 7
	}
	*e = append(*e, byte(n&0x7f))
	return e
}

// text appends a string with its end.
func (e *expression) text(s string) *expression { return e.op([]byte(s)...).op(0) }

// block appends bytes behind their length.
func (e *expression) block(b []byte) *expression { return e.uleb(uint64(len(b))).op(b...) }

// skip appends operations that are passed over when the top of the stack, which is taken, is not zero.
func (e *expression) skip(body func(*expression)) {
	var inner expression
	body(&inner)
	e.op(opBra).u16(uint16(len(inner))).op(inner...)
}
