package amd64

// Cond is a condition code: the low four bits of the opcodes of jcc, setcc and cmovcc. Conditions come in pairs that
// differ in the lowest bit only, each the opposite of the other.
type Cond uint8

// Condition codes. After ucomisd, P means that an operand was a NaN, and the unsigned ones (B, AE, BE, A) compare.
const (
	O  Cond = iota // overflow
	NO             // no overflow
	B              // below, unsigned; carry
	AE             // above or equal, unsigned; no carry
	E              // equal; zero
	NE             // not equal; not zero
	BE             // below or equal, unsigned
	A              // above, unsigned
	S              // sign
	NS             // no sign
	P              // parity even; unordered
	NP             // parity odd; ordered
	L              // less, signed
	GE             // greater or equal, signed
	LE             // less or equal, signed
	G              // greater, signed

	condCount = 16
)

var condNames = [condCount]string{
	O: "o", NO: "no", B: "b", AE: "ae", E: "e", NE: "ne", BE: "be", A: "a",
	S: "s", NS: "ns", P: "p", NP: "np", L: "l", GE: "ge", LE: "le", G: "g",
}

// Invert returns the condition that holds exactly when c does not.
func (c Cond) Invert() Cond { return c ^ 1 }

// String returns the suffix the condition gives to a mnemonic.
func (c Cond) String() string {
	if c >= condCount {
		return "cond?"
	}
	return condNames[c]
}
