package pyabi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// coder carries one snapshot from or to its binary form, little endian without padding. The layout is described once, in
// methods that take addresses: reading stores through them, writing takes the values from there. That way the decoder and
// the encoder cannot drift apart; cshim/snapshot.c is the other writer, and a test with real interpreters compares the two.
type coder struct {
	buf     []byte
	at      int // reading: position
	writing bool
	err     error // reading: the first thing that was wrong; everything after it reads as zero
}

var errTruncated = errors.New("truncated")

// take is the next n bytes when reading, and n zero bytes at the end of the buffer when writing.
func (c *coder) take(n int) []byte {
	if c.writing {
		c.buf = append(c.buf, make([]byte, n)...)
		return c.buf[len(c.buf)-n:]
	}
	if c.err == nil && n > len(c.buf)-c.at {
		c.err = errTruncated
	}
	if c.err != nil {
		return nil
	}
	c.at += n
	return c.buf[c.at-n : c.at]
}

func (c *coder) u8(p *uint8) {
	b := c.take(1)
	switch {
	case c.writing:
		b[0] = *p
	case b != nil:
		*p = b[0]
	}
}

func (c *coder) u16(p *uint16) {
	b := c.take(2)
	switch {
	case c.writing:
		binary.LittleEndian.PutUint16(b, *p)
	case b != nil:
		*p = binary.LittleEndian.Uint16(b)
	}
}

func (c *coder) u32(p *uint32) {
	b := c.take(4)
	switch {
	case c.writing:
		binary.LittleEndian.PutUint32(b, *p)
	case b != nil:
		*p = binary.LittleEndian.Uint32(b)
	}
}

func (c *coder) u64(p *uint64) {
	b := c.take(8)
	switch {
	case c.writing:
		binary.LittleEndian.PutUint64(b, *p)
	case b != nil:
		*p = binary.LittleEndian.Uint64(b)
	}
}

func (c *coder) i32(p *int32) {
	u := uint32(*p)
	c.u32(&u)
	*p = int32(u)
}

func (c *coder) i64(p *int64) {
	u := uint64(*p)
	c.u64(&u)
	*p = int64(u)
}

func (c *coder) flag(p *bool) {
	var u uint8
	if *p {
		u = 1
	}
	c.u8(&u)
	*p = u != 0
}

func (c *coder) id(p *ObjID) { c.u32((*uint32)(p)) }

// count is the length of a sequence whose elements take at least size bytes each. A length that the rest of the bytes
// cannot hold is an error, so that reading allocates at most in proportion to its input.
func (c *coder) count(n, size int) int {
	if c.writing && n > math.MaxUint32 {
		panic(fmt.Sprintf("BUG: %d elements", n))
	}
	u := uint32(n)
	c.u32(&u)
	if !c.writing && int64(u)*int64(size) > int64(len(c.buf)-c.at) {
		c.fail("sequence of %d elements does not fit", u)
		return 0
	}
	return int(u)
}

// fail notes the first error.
func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// list carries a sequence; the empty one reads as nil.
func list[T any](c *coder, p *[]T, size int, element func(*T)) {
	n := c.count(len(*p), size)
	if !c.writing && n > 0 && c.err == nil {
		*p = make([]T, n)
	}
	for i := range *p {
		element(&(*p)[i])
	}
}

func (c *coder) ids(p *[]ObjID) { list(c, p, 4, c.id) }

func (c *coder) bytes(p *[]byte) {
	n := c.count(len(*p), 1)
	b := c.take(n)
	switch {
	case c.writing:
		copy(b, *p)
	case len(b) > 0:
		*p = append([]byte(nil), b...)
	}
}

func (c *coder) text(p *string) {
	n := c.count(len(*p), 1)
	b := c.take(n)
	if c.writing {
		copy(b, *p)
	} else {
		*p = string(b)
	}
}
