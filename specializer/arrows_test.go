package specializer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pystonlite/specializer/pyabi"
)

// arrows says which packages of ours a package may import. Reading order is data order: an arrow that is not here would
// let a stage know one that comes later.
var arrows = map[string][]string{
	"codecache":                       {"files", "hooks", "specializer", "specializer/codemeta"},
	"ext":                             {"codecache", "hooks", "specializer", "specializer/codemeta", "specializer/unwind"},
	"files":                           {},
	"files/filestest":                 {"files"},
	"hooks":                           {"files", "specializer/codemeta", "specializer/unwind"},
	"specializer":                     {"specializer/amd64", "specializer/codemeta", "specializer/frontend", "specializer/frontend/cp311", "specializer/ir", "specializer/lower", "specializer/passes", "specializer/pyabi", "specializer/regalloc"},
	"specializer/frontend":            {"specializer/codemeta", "specializer/ir", "specializer/pyabi"},
	"specializer/frontend/cp311":      {"specializer/codemeta", "specializer/frontend", "specializer/ir", "specializer/pyabi"},
	"specializer/passes":              {"specializer/codemeta", "specializer/ir", "specializer/pyabi"},
	"specializer/lower":               {"specializer/amd64", "specializer/codemeta", "specializer/ir", "specializer/pyabi", "specializer/regalloc", "specializer/slab", "specializer/unwind"},
	"specializer/ir":                  {"specializer/pyabi", "specializer/slab"},
	"specializer/pyabi":               {},
	"specializer/pyabi/gen":           {},
	"specializer/codemeta":            {},
	"specializer/regalloc":            {},
	"specializer/slab":                {},
	"specializer/unwind":              {},
	"specializer/amd64":               {},
	"specializer/replay":              {"specializer", "specializer/passes"},
	"specializer/testcases":           {"specializer/pyabi"},
	"specializer/testcases/normalize": {"specializer/testcases"},
}

// unsafeFiles may import "C" or "unsafe": what crosses to C, and what maps memory. All other Go code is safe by language.
var unsafeFiles = []string{"ext/debugger.go", "ext/exports.go", "ext/host.go", "ext/pages.go", "hooks/codemem.go"}

// outside are the packages that are not part of the library: commands, and what only tests use. The others do without package os, which
// would take descriptors in the program's table (package files says more).
var outside = []string{"files/filestest", "specializer/pyabi/gen", "specializer/replay", "specializer/testcases/normalize"}

// eachSource visits the paths of all Go files that are not tests.
func eachSource(t *testing.T, visit func(path string)) {
	t.Helper()
	for _, top := range []string{"codecache", "ext", "files", "hooks", "specializer"} {
		top, err := filepath.Abs(filepath.Join("..", top))
		require.NoError(t, err)
		require.NoError(t, filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				visit(path)
			}
			return err
		}))
	}
}

// TestArrows reads the imports of all Go files that are not tests.
func TestArrows(t *testing.T) {
	const module = "pystonlite/"
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	used := map[string]bool{}
	var dangerous []string
	eachSource(t, func(path string) {
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		pkg := filepath.Dir(name)
		allowed, ok := arrows[pkg]
		require.True(t, ok, "%s: a new package needs a row in arrows", pkg)
		used[pkg] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if ours, ok := strings.CutPrefix(imported, module); ok {
				require.Contains(t, allowed, ours, "%s must not know that package", name)
			}
			if imported == "os" {
				require.Contains(t, outside, pkg, "%s must not use package os", name)
			}
			if (imported == "C" || imported == "unsafe") && !slices.Contains(dangerous, name) {
				dangerous = append(dangerous, name)
			}
		}
	})
	for pkg := range arrows {
		require.True(t, used[pkg], "%s is in arrows and has no Go files", pkg)
	}
	slices.Sort(dangerous)
	require.Equal(t, unsafeFiles, dangerous)
}

// TestOnlyCSourcesInTheShim holds that C lives in cshim only, beside the C of a test.
func TestOnlyCSourcesInTheShim(t *testing.T) {
	for _, top := range []string{"codecache", "ext", "files", "hooks", "specializer"} {
		err := filepath.WalkDir(filepath.Join("..", top), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !strings.Contains(path, "testdata") {
				require.NotContains(t, []string{".c", ".h", ".s", ".S"}, filepath.Ext(path), path)
			}
			return err
		})
		require.NoError(t, err)
	}
	sources, err := os.ReadDir(filepath.Join("..", "cshim"))
	require.NoError(t, err)
	require.NotEmpty(t, sources)
}

// TestEveryRowIsUsed holds that what the tables of the shim say is read by somebody: a row that nobody needs any more is deleted.
func TestEveryRowIsUsed(t *testing.T) {
	used := map[string]bool{}
	eachSource(t, func(path string) {
		if strings.HasSuffix(path, "_gen.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				used[name.Name] = true
			}
			return true
		})
	})
	for h := range pyabi.Helper(pyabi.NumHelpers) {
		byNumber := h >= pyabi.HelperAdd && h <= pyabi.HelperInplaceXor || h >= pyabi.HelperCompareLT && h <= pyabi.HelperCompareBoolGE
		assert.True(t, byNumber || used["Helper"+h.String()], "helpers.def: %s", h)
	}
	offsets := reflect.TypeFor[pyabi.Offsets]()
	for k := range offsets.NumField() {
		assert.True(t, used[offsets.Field(k).Name], "offsets.def: %s", offsets.Field(k).Name)
	}
}
