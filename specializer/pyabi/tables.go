package pyabi

import "slices"

//go:generate go run ./gen

// Helper is the number of a runtime helper: a row of cshim/helpers.def. The constants are named after the rows.
type Helper uint16

// HelperBinary is the helper of a BINARY_OP number (0 is addition, 13 in-place addition).
func HelperBinary(op int) Helper { return HelperAdd + Helper(op) }

// HelperCompare is the helper of a COMPARE_OP number (0 is less than) with an object as result.
func HelperCompare(op int) Helper { return HelperCompareLT + Helper(op) }

// HelperCompareBool is the helper of a COMPARE_OP number that gives the truth of the comparison.
func HelperCompareBool(op int) Helper { return HelperCompareBoolLT + Helper(op) }

// Row is the helper's row of the table.
func (h Helper) Row() *HelperRow { return &Helpers[h] }

func (h Helper) String() string { return Helpers[h].Name }

// HelperByName is the inverse of String. It is for texts that are parsed, so no table is made when the library is loaded.
func HelperByName(name string) (Helper, bool) {
	h := slices.IndexFunc(Helpers[:], func(row HelperRow) bool { return row.Name == name })
	return Helper(h), h >= 0
}

// HelperRow says how a helper is called. The letters of Result and Args are explained in cshim/helpers.def; Args has one
// letter for each argument.
type HelperRow struct {
	Name   string
	Result string
	Args   string
	Flags  HelperFlags
}

// HelperFlags are the properties of a helper.
type HelperFlags uint8

// The properties.
const (
	FlagRaises HelperFlags = 1 << iota // it can fail with an exception
	FlagPython                         // it can run Python code: by design, through the collector or through a finalizer
)

// WellKnown is the number of an object the compiler knows by name: a row of cshim/known.def.
type WellKnown uint16
