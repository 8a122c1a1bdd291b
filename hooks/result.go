package hooks

import (
	"encoding/binary"
	"time"

	"pystonlite/specializer/codemeta"
)

// status is enum pl_result_status.
type status uint32

const (
	statusOK       status = 0
	statusRefused  status = 1
	statusInternal status = 2
)

// The sizes and the magic number of cshim/serviceapi.h.
const (
	resultMagic    = 0x31524c50 // "PLR1"
	resultHeadSize = 48
	resultCodeSize = 40
)

// reply is the answer to one request before it is bytes.
type reply struct {
	id           uint64
	status       status
	elapsed      time.Duration
	used, mapped int64  // code memory
	text         string // name of the unit, or why there is none
	unit         *Result
	block        Block
}

// appendTo appends the bytes that install.c reads: pl_result_head, text, and when there is a unit pl_result_code and the
// exit tables.
func (r *reply) appendTo(out []byte) []byte {
	le := binary.LittleEndian
	out = le.AppendUint32(out, resultMagic)
	out = le.AppendUint32(out, uint32(r.status))
	for _, word := range []uint64{
		r.id, uint64(r.elapsed.Nanoseconds()), uint64(r.used), uint64(r.mapped), uint64(len(r.text)),
	} {
		out = le.AppendUint64(out, word)
	}
	out = codemeta.Pad(append(out, r.text...))
	if r.unit == nil {
		return out
	}
	for _, word := range []uint64{
		r.block.Address + uint64(r.unit.EntryOffset), uint64(len(r.unit.Code)), uint64(r.block.ID), uint64(r.unit.Frame),
		uint64(r.unit.Origin),
	} {
		out = le.AppendUint64(out, word)
	}
	return r.unit.Meta.AppendBinary(out)
}
