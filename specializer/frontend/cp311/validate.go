package cp311

import (
	"pystonlite/specializer/frontend"
	"pystonlite/specializer/pyabi"
)

// operandLimits bound the arguments that are indices or numbers of operators; an opcode without a row takes any argument.
var operandLimits = [256]func(*pyabi.Code) int{
	OpLoadConst: consts, OpKwNames: consts,
	OpLoadFast: slots, OpStoreFast: slots, OpDeleteFast: slots, OpLoadClosure: slots, OpLoadDeref: slots, OpStoreDeref: slots,
	OpDeleteDeref: slots, OpLoadClassderef: slots, OpMakeCell: slots,
	OpCopyFreeVars: func(k *pyabi.Code) int { return int(k.NFree) + 1 },
	OpLoadGlobal:   func(k *pyabi.Code) int { return 2 * len(k.Names) },
	OpStoreGlobal:  names, OpDeleteGlobal: names, OpLoadName: names, OpStoreName: names, OpDeleteName: names, OpLoadAttr: names,
	OpStoreAttr: names, OpDeleteAttr: names, OpLoadMethod: names, OpImportName: names, OpImportFrom: names,
	OpBinaryOp: number(26), OpCompareOp: number(6), OpMakeFunction: number(16), OpFormatValue: number(8), OpCallFunctionEx: number(2),
	OpIsOp: number(2), OpContainsOp: number(2), OpBuildSlice: number(4),
}

// operandFloors are the smallest arguments of opcodes that have one above zero.
var operandFloors = [256]int32{OpBuildSlice: 2}

func consts(k *pyabi.Code) int { return len(k.Consts) }
func names(k *pyabi.Code) int  { return len(k.Names) }
func slots(k *pyabi.Code) int  { return int(k.NLocalsPlus) }

func number(n int) func(*pyabi.Code) int { return func(*pyabi.Code) int { return n } }

// validate checks what the translation takes for granted: indices are in range, jumps and the entry lead to instructions,
// and control does not leave the code at its end. The depth of the operand stack is checked on the way (frontend.Builder).
func validate(code *pyabi.Code, instrs []Instr, entry int32) {
	starts := make(map[int32]bool, len(instrs))
	for k := range instrs {
		starts[instrs[k].Start] = true
	}
	if !starts[entry] || instrs[len(instrs)-1].falls() {
		frontend.Malformed()
	}
	for k := range instrs {
		in := &instrs[k]
		if limit := operandLimits[in.Op]; in.Arg < operandFloors[in.Op] || limit != nil && int(in.Arg) >= limit(code) {
			frontend.Malformed()
		}
		if jumps[in.Op] != fallsThrough && jumps[in.Op] != stops && !starts[in.target()] {
			frontend.Malformed()
		}
	}
}
