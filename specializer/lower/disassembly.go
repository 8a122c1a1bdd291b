package lower

import (
	"fmt"
	"strings"

	"pystonlite/specializer/amd64"
	"pystonlite/specializer/ir"
)

// Disassembly prints the code with the instructions of f that it was made from; what stands out of line, at the end, has
// no such headings. The code must have been made with Options.Marks.
func (c *Code) Disassembly(f *ir.Func) string {
	var out strings.Builder
	marks := c.Marks
	var block *ir.Block
	for offset := 0; offset < len(c.Bytes); {
		for len(marks) > 0 && marks[0].Offset <= offset {
			m := marks[0]
			marks = marks[1:]
			switch {
			case m.Block == nil:
				out.WriteString("out of line:\n")
				continue
			case m.Block != block:
				block = m.Block
				fmt.Fprintf(&out, "%s:\n", block.ID)
			}
			if m.Instr != nil {
				fmt.Fprintf(&out, "  ; %s\n", ir.FormatInstr(f, m.Instr))
			}
		}
		line, size := amd64.DisassembleOne(c.Bytes[offset:], uint64(offset))
		fmt.Fprintf(&out, "    %s\n", line)
		offset += size
	}
	return out.String()
}
