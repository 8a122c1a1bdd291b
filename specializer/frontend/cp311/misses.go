package cp311

import "pystonlite/specializer/pyabi"

// A specialised instruction remembers one class. Each time it meets another it counts down from pyabi.FullCounter, the number it gets
// when it is specialised, and at zero it is specialised anew, often for the other class (Python/specialize.c and the label `miss` of
// Python/ceval.c, 3.11). So one look at the count tells an attribute of several classes by turns from one whose class is the same.
const manyMisses = 4

// byClass are the specialised opcodes whose first cache entry counts meetings with other classes. Those that look into dictionaries miss
// for other reasons, too (a table that has grown, a key in another place), and CALL for each call while a frame evaluator is set.
var byClass = [256]bool{
	OpLoadAttrInstanceValue: true, OpLoadAttrSlot: true, OpStoreAttrInstanceValue: true, OpStoreAttrSlot: true,
	OpLoadMethodNoDict: true, OpLoadMethodWithValues: true,
}

// misses is how often the instruction has met another class since it was specialised; 0 for instructions that do not count it, and in
// recorded snapshots, whose counters are full.
func misses(code *pyabi.Code, in *Instr) int {
	left, ok := counter(code, in)
	if !ok || !byClass[in.Adaptive] || left == 0 || left > pyabi.FullCounter {
		return 0
	}
	return pyabi.FullCounter - left
}
