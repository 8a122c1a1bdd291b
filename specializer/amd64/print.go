package amd64

import (
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// Disassemble prints machine code in Intel syntax, one line for each instruction: its address (the code begins at base),
// its bytes and its text. The address of a RIP-relative operand is added as a comment. Bytes that are no instruction, as in
// a constant pool, come out one by one as data; since x86 code can be decoded from any position, some data will look like
// instructions.
func Disassemble(code []byte, base uint64) []string {
	var lines []string
	for offset := 0; offset < len(code); {
		line, size := DisassembleOne(code[offset:], base+uint64(offset))
		lines = append(lines, line)
		offset += size
	}
	return lines
}

// DisassembleOne prints the first instruction of code, which lies at address pc, as Disassemble does; it also returns the
// size of the instruction.
func DisassembleOne(code []byte, pc uint64) (line string, size int) {
	text, size := disassembleOne(code, pc)
	return fmt.Sprintf("%08x  %-22s  %s", pc, hex.EncodeToString(code[:size]), text), size
}

// disassembleOne returns the text and the size of the first instruction of code.
func disassembleOne(code []byte, pc uint64) (string, int) {
	inst, err := x86asm.Decode(code, 64)
	if err != nil || inst.Op == 0 { // a prefix at the very end is no error to the decoder, but has no Op either
		return fmt.Sprintf(".byte %#02x", code[0]), 1
	}
	comment := ""
	for i, arg := range inst.Args {
		mem, ok := arg.(x86asm.Mem)
		if !ok {
			continue
		}
		// The decoder does not extend the sign of all 32-bit displacements.
		mem.Disp = int64(int32(mem.Disp))
		inst.Args[i] = mem
		if mem.Base == x86asm.RIP {
			comment = fmt.Sprintf("  ; %#x", pc+uint64(inst.Len)+uint64(mem.Disp))
		}
	}
	return intelText(inst, pc) + comment, inst.Len
}

// intelText is x86asm.IntelSyntax where that has the names and numbers we want.
func intelText(inst x86asm.Inst, pc uint64) string {
	text := x86asm.IntelSyntax(inst, pc, nil)
	mnemonic, operands, _ := strings.Cut(text, " ")
	op := inst.Op.String()
	if op[0] == 'J' || strings.HasPrefix(op, "SET") || strings.HasPrefix(op, "CMOV") {
		// Conditions as Cond names them: "je" where the decoder's printer has "jz".
		mnemonic = strings.ToLower(op)
	}
	switch arg := inst.Args[0].(type) {
	case x86asm.Rel:
		// The printer shows a distance instead of the target for code at address zero.
		operands = fmt.Sprintf("%#x", int64(pc)+int64(inst.Len)+int64(arg))
	case x86asm.Imm:
		// The immediate of push is 64 bits wide; the printer shows the lower half only.
		if inst.Op == x86asm.PUSH {
			operands = fmt.Sprintf("%#x", int64(arg))
		}
	}
	switch inst.Op {
	case x86asm.NOP:
		operands = "" // that of a multi-byte nop says nothing
	case x86asm.LEA:
		operands = strings.Replace(operands, "ptr ", "", 1)
	}
	return strings.TrimSpace(mnemonic + " " + operands)
}
