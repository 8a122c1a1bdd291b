package codemeta

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layoutRows pairs each Go struct with its C struct and the C name of each Go field.
var layoutRows = []struct {
	typ    reflect.Type
	cName  string
	fields map[string]string
}{
	{reflect.TypeFor[Value](), "pl_value", map[string]string{
		"Where": "where", "Rep": "rep", "Slot": "slot", "Payload": "payload",
	}},
	{reflect.TypeFor[ExitFrame](), "pl_exit_frame", map[string]string{
		"Func": "func", "BCI": "bci", "FirstValue": "first_value", "NValues": "n_values", "Depth": "depth", "Init": "init",
	}},
	{reflect.TypeFor[Entry](), "pl_entry", map[string]string{
		"BCI": "bci", "Depth": "depth", "Kind": "kind", "Offset": "offset",
	}},
	{reflect.TypeFor[ExitRec](), "pl_exit_rec", map[string]string{
		"Kind": "kind", "Pad": "pad", "Reason": "reason", "FirstFrame": "first_frame", "NFrames": "n_frames",
		"FirstRelease": "first_release", "NRelease": "n_release",
	}},
}

// enumRows pairs the C enumerators with the Go constants.
var enumRows = map[string]uint32{
	"PL_AT_NULL": uint32(AtNull), "PL_AT_GPR": uint32(AtGPR), "PL_AT_XMM": uint32(AtXMM),
	"PL_AT_SPILL": uint32(AtSpill), "PL_AT_CONST": uint32(AtConst), "PL_AT_LOCAL": uint32(AtLocal),
	"PL_REP_OWNED": uint32(RepOwned), "PL_REP_BORROWED": uint32(RepBorrowed), "PL_REP_INT": uint32(RepInt),
	"PL_REP_FLOAT": uint32(RepFloat), "PL_REP_BOOL": uint32(RepBool),
	"PL_EXIT_DEOPT": uint32(ExitDeopt), "PL_EXIT_RAISE": uint32(ExitRaise), "PL_EXIT_FLUSH": uint32(ExitFlush),
	"PL_ENTRY_START": uint32(EntryStart), "PL_ENTRY_HANDLER": uint32(EntryHandler), "PL_ENTRY_RESUME": uint32(EntryResume), "PL_ENTRY_THROWN": uint32(EntryThrown),
	"PL_PHYSICAL": Physical,
}

// TestLayout_MatchesTheCHeader lets the C compiler compare: a difference is a failed static assertion that names it.
func TestLayout_MatchesTheCHeader(t *testing.T) {
	var src strings.Builder
	src.WriteString("#include <stddef.h>\n#include \"exitmeta.h\"\n")
	for _, row := range layoutRows {
		require.Equal(t, row.typ.NumField(), len(row.fields), "%v: fields without a C name", row.typ)
		fmt.Fprintf(&src, "_Static_assert(sizeof(%s) == %d, \"size of %s\");\n", row.cName, row.typ.Size(), row.cName)
		for i := range row.typ.NumField() {
			field := row.typ.Field(i)
			name := row.fields[field.Name]
			require.NotEmpty(t, name, "%v.%s has no C name", row.typ, field.Name)
			fmt.Fprintf(&src, "_Static_assert(offsetof(%s, %s) == %d, \"offset of %s.%s\");\n",
				row.cName, name, field.Offset, row.cName, name)
			fmt.Fprintf(&src, "_Static_assert(sizeof(((%s *)0)->%s) == %d, \"size of %s.%s\");\n",
				row.cName, name, field.Type.Size(), row.cName, name)
		}
	}
	for name, value := range enumRows {
		fmt.Fprintf(&src, "_Static_assert((unsigned)%s == %du, \"%s\");\n", name, value, name)
	}
	compileC(t, src.String())
}

// TestLayout_HeaderHasNoOtherEnumerators finds enumerators that were added in C only.
func TestLayout_HeaderHasNoOtherEnumerators(t *testing.T) {
	header, err := os.ReadFile(filepath.Join("..", "..", "cshim", "exitmeta.h"))
	require.NoError(t, err)
	found := 0
	for _, line := range strings.Split(string(header), "\n") {
		name, _, isEnumerator := strings.Cut(strings.TrimSpace(line), " = ")
		if isEnumerator && strings.HasPrefix(name, "PL_") {
			require.Contains(t, enumRows, name)
			found++
		}
	}
	require.Equal(t, len(enumRows)-1, found, "every row but PL_PHYSICAL is an enumerator of the header")
}

func TestLayout_BinarySizesAreTheStructSizes(t *testing.T) {
	require.EqualValues(t, sizeExitRec, reflect.TypeFor[ExitRec]().Size())
	require.EqualValues(t, sizeExitFrame, reflect.TypeFor[ExitFrame]().Size())
	require.EqualValues(t, sizeEntry, reflect.TypeFor[Entry]().Size())
	require.EqualValues(t, sizeValue, reflect.TypeFor[Value]().Size())
}

func compileC(t *testing.T, source string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "layout.c")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o644))
	out, err := exec.Command("cc", "-std=c11", "-fsyntax-only", "-I", filepath.Join("..", "..", "cshim"), file).CombinedOutput()
	require.NoError(t, err, "the C compiler says:\n%s", out)
}
