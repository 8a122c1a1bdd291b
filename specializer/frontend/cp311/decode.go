// Package cp311 is the front end for CPython 3.11: decoding, control flow, and what each opcode means (Python/ceval.c and
// Lib/dis of 3.11; tables in ../../../docs/frontend.md).
package cp311

import (
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/pyabi"
)

// Instr is one decoded instruction: EXTENDED_ARG prefixes are folded into the argument.
type Instr struct {
	Start    int32 // index of its first code unit, EXTENDED_ARG included: where stock can continue
	BCI      int32 // index of its opcode unit: what the instruction pointer says while it runs
	Next     int32 // index behind its inline caches
	Op       uint8 // canonical opcode
	Adaptive uint8 // the opcode byte as the interpreter has specialised it
	Arg      int32
	Cache    int32 // number among the attribute instructions of the code, whose inline caches stand in that order
}

// decode splits the canonical bytecode into instructions.
func decode(code *pyabi.Code) ([]Instr, error) {
	units := int32(len(code.Bytes) / 2)
	var out []Instr
	caches := int32(0)
	for at := int32(0); at < units; {
		in := Instr{Start: at, BCI: at}
		op := code.Bytes[2*at]
		arg := int32(code.Bytes[2*at+1])
		for op == OpExtendedArg {
			at++
			if at >= units {
				return nil, &frontend.Unsupported{Reason: "malformed bytecode"}
			}
			op = code.Bytes[2*at]
			arg = arg<<8 | int32(code.Bytes[2*at+1])
		}
		in.BCI, in.Op, in.Arg = at, op, arg
		if int(2*at) < len(code.Adaptive) {
			in.Adaptive = code.Adaptive[2*at]
		}
		in.Cache = caches
		if op == OpLoadAttr || op == OpStoreAttr || op == OpLoadMethod {
			caches++
		}
		at += 1 + int32(cacheUnits[op])
		in.Next = at
		out = append(out, in)
	}
	return out, nil
}

// jumpKind says how an opcode transfers control.
type jumpKind uint8

const (
	fallsThrough jumpKind = iota
	forward               // always, to Next+Arg
	backward              // always, to Next-Arg
	forwardIf             // to Next+Arg or on
	backwardIf            // to Next-Arg or on
	stops                 // never to the next instruction
)

var jumps = [256]jumpKind{
	OpJumpForward:              forward,
	OpJumpBackward:             backward,
	OpJumpBackwardNoInterrupt:  backward,
	OpForIter:                  forwardIf,
	OpSend:                     forwardIf,
	OpPopJumpForwardIfFalse:    forwardIf,
	OpPopJumpForwardIfTrue:     forwardIf,
	OpPopJumpForwardIfNone:     forwardIf,
	OpPopJumpForwardIfNotNone:  forwardIf,
	OpJumpIfFalseOrPop:         forwardIf,
	OpJumpIfTrueOrPop:          forwardIf,
	OpPopJumpBackwardIfFalse:   backwardIf,
	OpPopJumpBackwardIfTrue:    backwardIf,
	OpPopJumpBackwardIfNone:    backwardIf,
	OpPopJumpBackwardIfNotNone: backwardIf,
	OpReturnValue:              stops,
	OpRaiseVarargs:             stops,
	OpReraise:                  stops,
	OpReturnGenerator:          stops,
	OpYieldValue:               stops, // what follows is an entry of its own
}

// target is where the instruction may jump, or -1.
func (in *Instr) target() int32 {
	switch jumps[in.Op] {
	case forward, forwardIf:
		return in.Next + in.Arg
	case backward, backwardIf:
		return in.Next - in.Arg
	}
	return -1
}

// falls says whether control can go on to the next instruction.
func (in *Instr) falls() bool {
	k := jumps[in.Op]
	return k == fallsThrough || k == forwardIf || k == backwardIf
}
