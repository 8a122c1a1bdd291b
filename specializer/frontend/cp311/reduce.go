package cp311

import "pystonlite/specializer/pyabi"

// Reduce leaves of the interpreter's inline caches what this front end reads of them: whether an instruction has run (never), and how
// often one has met another class (misses). The rest of them, and how far they have counted, differs from run to run. Of the deopt
// history it leaves whether an exit was taken often.
func Reduce(code *pyabi.Code) {
	instrs, err := decode(code)
	if err != nil || len(code.Adaptive) != len(code.Bytes) {
		return // it will be refused
	}
	for k := range instrs {
		in := &instrs[k]
		var first int
		if count, ok := counter(code, in); ok && in.BCI+1 < in.Next {
			switch {
			case in.Adaptive == adaptive[in.Op]:
				first = min(count, 1)
			case byClass[in.Adaptive]:
				if first = pyabi.FullCounter; misses(code, in) >= manyMisses {
					first -= manyMisses
				}
			}
		}
		clear(code.Adaptive[2*min(in.BCI+1, in.Next) : min(2*int(in.Next), len(code.Adaptive))])
		if first != 0 {
			code.Adaptive[2*(in.BCI+1)] = uint8(first)
		}
	}
	for k := range code.Sites {
		if s := &code.Sites[k]; s.Count >= pyabi.MinDeopts {
			s.Count = pyabi.MinDeopts
		} else {
			s.Count = 1
		}
	}
}
