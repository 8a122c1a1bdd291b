package specializer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

var update = flag.Bool("update", false, "write the golden files and docs/hit-paths.md instead of comparing with them")

// goldenStages are the stages whose IR the golden files keep, with the names they have there.
var goldenStages = []struct{ stage, heading string }{
	{"ir-frontend", "as the front end made it"},
	{"ir-after specialize", "specialised"},
	{"ir-after refcount", "with reference counts, as it is lowered"},
}

// TestGolden compiles the recorded programs and compares the IR of three stages with text files. A difference is not
// necessarily a mistake: `go test ./specializer -run Golden -update` accepts it, and the diff is reviewed like code.
func TestGolden(t *testing.T) {
	want := map[string]bool{}
	for _, c := range testcases.All() {
		want[c.Name+".txt"] = true
		t.Run(c.Name, func(t *testing.T) {
			text := goldenText(t, c)
			compareOrUpdate(t, filepath.Join("testdata", "golden", c.Name+".txt"), text)
		})
	}
	entries, err := os.ReadDir(filepath.Join("testdata", "golden"))
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, want[e.Name()], "testdata/golden/%s belongs to no program", e.Name())
	}
	require.NotEmpty(t, want)
}

// compareOrUpdate holds a text against a file.
func compareOrUpdate(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "%s: if the difference is right, accept it with -update", path)
}

func goldenText(t *testing.T, c testcases.Case) string {
	stages := map[string]string{}
	opt := Options{Verify: true, Dump: func(stage string, text []byte) { stages[stage] = string(text) }}
	_, err := Compile(c.Snapshot, opt)
	require.NoError(t, err)
	snap, err := pyabi.Decode(c.Snapshot)
	require.NoError(t, err)
	n := &objectNumbers{snap: snap, numbers: map[string]int{}}
	var body strings.Builder
	for _, s := range goldenStages {
		require.Contains(t, stages, s.stage)
		fmt.Fprintf(&body, "\n==== %s\n\n%s", s.heading, n.renumber(stages[s.stage]))
	}
	return fmt.Sprintf("tests/golden/%s.py\n\n%s%s", c.Name, n.legend.String(), body.String())
}

// objectNumbers numbers the objects of a golden text in the order of their appearance, so that it does not change with
// every new well-known object, and says what they are.
type objectNumbers struct {
	snap    *pyabi.Snapshot
	numbers map[string]int
	legend  strings.Builder
}

var objectRef = regexp.MustCompile(`@\d+`)

func (n *objectNumbers) renumber(text string) string {
	return objectRef.ReplaceAllStringFunc(text, func(ref string) string {
		if _, ok := n.numbers[ref]; !ok {
			n.numbers[ref] = len(n.numbers) + 1
			id, err := strconv.Atoi(ref[1:])
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&n.legend, "@%d is %s\n", n.numbers[ref], describe(&n.snap.Objects[id]))
		}
		return fmt.Sprintf("@%d", n.numbers[ref])
	})
}

var kindNames = map[pyabi.ObjKind]string{
	pyabi.KindOther: "an object", pyabi.KindNone: "None", pyabi.KindBool: "bool", pyabi.KindInt: "int", pyabi.KindFloat: "float",
	pyabi.KindStr: "str", pyabi.KindBytes: "bytes", pyabi.KindTuple: "a tuple", pyabi.KindCode: "code", pyabi.KindFunction: "function",
	pyabi.KindType: "class", pyabi.KindCFunction: "builtin function", pyabi.KindMethodDescr: "method descriptor",
	pyabi.KindModule: "a module", pyabi.KindDict: "a dict",
}

func describe(o *pyabi.Object) string {
	name := kindNames[o.Kind]
	switch {
	case o.Kind == pyabi.KindBool || o.Kind == pyabi.KindInt && o.Fits:
		return fmt.Sprintf("%s %d", name, o.Int)
	case o.Kind == pyabi.KindFloat:
		return fmt.Sprintf("%s %#016x", name, o.Bits)
	case o.Kind == pyabi.KindStr:
		return fmt.Sprintf("%s %q", name, o.Text)
	case o.Text != "":
		return fmt.Sprintf("%s %s", name, o.Text)
	}
	return name
}

// TestGolden_programsAreThoseOfThePythonSide fails when a program was added and not recorded.
func TestGolden_programsAreThoseOfThePythonSide(t *testing.T) {
	sources, err := filepath.Glob(filepath.Join("..", "tests", "golden", "*.py"))
	require.NoError(t, err)
	var names, recorded []string
	for _, path := range sources {
		if name := strings.TrimSuffix(filepath.Base(path), ".py"); name != "__init__" {
			names = append(names, name)
		}
	}
	for _, c := range testcases.All() {
		recorded = append(recorded, c.Name)
	}
	require.Equal(t, names, recorded, "run `make record`")
}

// TestCompile_isDeterministic compiles every program twice.
func TestCompile_isDeterministic(t *testing.T) {
	for _, c := range testcases.All() {
		first, err := Compile(c.Snapshot, Options{})
		require.NoError(t, err, c.Name)
		second, err := Compile(c.Snapshot, Options{Verify: true, Dump: func(string, []byte) {}})
		require.NoError(t, err, c.Name)
		require.Equal(t, first, second, "%s: verification or dumps change the code", c.Name)
	}
}
