package pyabi

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// allocated is the number of bytes this process has allocated on the heap so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// pythons are the interpreters to test with: those of PYSTON_LITE_TEST_PYTHONS (separated like PATH), or python3.11.
func pythons(t *testing.T) []string {
	if list := os.Getenv("PYSTON_LITE_TEST_PYTHONS"); list != "" {
		return filepath.SplitList(list)
	}
	path, err := exec.LookPath("python3.11")
	if err != nil {
		t.Skip("no python3.11 in PATH")
	}
	return []string{path}
}

// run runs a command in dir and returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), out)
	return string(out)
}

// buildShim compiles the C shim with its test module for one interpreter, into dir.
func buildShim(t *testing.T, python, dir string) {
	include := strings.TrimSpace(run(t, dir, nil, python, "-c", "import sysconfig; print(sysconfig.get_path('include'))"))
	if _, err := os.Stat(filepath.Join(include, "internal", "pycore_frame.h")); err != nil {
		t.Skipf("no internal headers for %s", python)
	}
	shim, err := filepath.Abs(filepath.Join("..", "..", "cshim"))
	require.NoError(t, err)
	test, err := filepath.Abs(filepath.Join("testdata", "shimtest.c"))
	require.NoError(t, err)
	sources, err := filepath.Glob(filepath.Join(shim, "*.c"))
	require.NoError(t, err)
	args := []string{"-std=gnu11", "-DPy_BUILD_CORE=1", "-O1", "-w", "-fPIC", "-shared", "-fvisibility=hidden", "-I", shim, "-isystem", include,
		"-isystem", filepath.Join(include, "internal"), "-o", filepath.Join(dir, "shimtest.so"), test}
	args = append(args, sources...)
	run(t, dir, nil, "cc", append(args, "-ldl", "-lpthread")...)
}

// wantFeedback lists, for functions of testdata/snapshots.py, the kinds of feedback their snapshots have in order.
var wantFeedback = map[string][]FeedbackKind{
	"instance_values":   {FbInstanceValue, FbInstanceValue, FbMethod},
	"slots":             {FbSlot, FbSlot, FbMethodNoDict},
	"global_names":      {FbBuiltin, FbGlobal, FbBuiltin, FbGlobal},
	"module_attributes": {FbGlobal, FbModuleAttr, FbGlobal, FbModuleAttr},
	"class_method":      {FbGlobal, FbClassAttr},
	"construct":         {FbGlobal, FbInstanceValue},
	"method_with_dict":  {FbMethodDict},
	"hidden_class":      {FbSlot, FbMethodNoDict},
	"constants":         nil,
	"comprehension":     nil,
	"defaults":          {FbGlobal},
	"observed":          {FbGlobal, FbGlobal, FbGlobal},
}

// wantCodes lists the codes of those snapshots.
var wantCodes = map[string][]string{
	"instance_values": {"instance_values", "Base.method"},
	"global_names":    {"global_names", "helper"},
	"class_method":    {"class_method", "Base.__init__", "Base.method"},
	"construct":       {"construct", "Base.__init__"},
	"comprehension":   {"comprehension", "comprehension.<locals>.<listcomp>"},
	"hidden_class":    {"hidden_class", "hidden_instance.<locals>.Hidden.method"},
}

// TestNative runs the C side in real interpreters: each runtime helper against the instruction it stands for, and
// snapshots of specialised functions, which Decode must read and Encode write again byte for byte.
func TestNative(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the C shim")
	}
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler")
	}
	for _, python := range pythons(t) {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			dir := t.TempDir()
			buildShim(t, python, dir)
			env := []string{"PYTHONPATH=" + dir, "PYTHONDONTWRITEBYTECODE=1"}
			out := run(t, "testdata", env, python, "helpers_check.py")
			require.Contains(t, out, " 0 wrong")
			out = run(t, "testdata", env, python, "snapshots.py", dir)
			require.Contains(t, out, "ok")
			for name, kinds := range wantFeedback {
				data, err := os.ReadFile(filepath.Join(dir, name+".snapshot"))
				require.NoError(t, err)
				s, err := Decode(data)
				require.NoError(t, err, name)
				require.True(t, bytes.Equal(data, Encode(s)), "%s: Encode differs from the C writer", name)
				checkSnapshot(t, name, s, kinds)
			}
		})
	}
}

func checkSnapshot(t *testing.T, name string, s *Snapshot, kinds []FeedbackKind) {
	var got []FeedbackKind
	for _, f := range s.Codes[0].Feedback {
		got = append(got, f.Kind)
		if f.Kind == FbGlobal || f.Kind == FbBuiltin {
			require.NotZero(t, f.Keys, name)
			require.NotEqual(t, NoObj, f.Value, name)
		}
		require.Equal(t, f.Type != NoObj, f.TypeVersion != 0, name)
		if f.Type != NoObj {
			require.Equal(t, f.TypeVersion, s.Objects[f.Type].Class.Version, name)
		}
	}
	require.Equal(t, kinds, got, name)
	if want, ok := wantCodes[name]; ok {
		var names []string
		for _, k := range s.Codes {
			names = append(names, k.QualName)
		}
		require.Equal(t, want, names)
	}
	require.Equal(t, name, s.Codes[0].QualName)
	require.Equal(t, KindFunction, s.Objects[s.Func].Kind)
	require.NotZero(t, s.Objects[s.Func].Func.Version, name)
	require.Equal(t, []Site{{BCI: 1, Reason: 5, Count: 9}, {BCI: 2, Reason: 7, Count: 3}}, s.Codes[0].Sites)
	require.Equal(t, KindNone, s.Objects[s.Known[KnownNone]].Kind)
	require.Equal(t, "len", s.Objects[s.Known[KnownLen]].Text)
	require.Equal(t, "int", s.Objects[s.Known[KnownInt]].Text)
	require.Equal(t, int32(72), s.Offsets.FrameLocalsplus)
	switch name {
	case "constants":
		checkConstants(t, s)
	case "observed":
		require.Equal(t, []uint16{ProfileInt, ProfileFloat}, s.Profile)
	case "construct":
		require.NotEqual(t, NoObj, s.Objects[s.Codes[0].Feedback[0].Value].Class.Init)
		require.True(t, s.Objects[s.Codes[0].Feedback[0].Value].Class.Managed)
	case "defaults":
		f := &s.Objects[s.Func].Func
		require.True(t, f.KwOnly)
		require.Equal(t, KindTuple, s.Objects[f.Defaults[0]].Kind)
	}
}

// checkConstants looks at the tuple of all kinds of constants.
func checkConstants(t *testing.T, s *Snapshot) {
	var all *Object
	for _, id := range s.Codes[0].Consts {
		if o := &s.Objects[id]; o.Kind == KindTuple {
			all = o
		}
	}
	require.NotNil(t, all)
	item := func(i int) Object { return s.Objects[all.Items[i]] }
	require.Equal(t, int64(1), item(0).Int)
	require.Equal(t, int64(-1<<40), item(1).Int)
	require.Equal(t, [2]any{KindInt, false}, [2]any{item(2).Kind, item(2).Fits}, "10**30")
	require.Equal(t, uint64(0x4004000000000000), item(3).Bits)
	require.Equal(t, "é", item(4).Text)
	require.Equal(t, "\xed\xa0\x80", item(5).Text, "a lone surrogate")
	require.Equal(t, KindBytes, item(6).Kind)
	require.Equal(t, s.Known[KnownNone], all.Items[7])
	require.Equal(t, int64(1), item(8).Int)
	require.Equal(t, s.Known[KnownEllipsis], all.Items[9])
	depth := 0
	for o := item(10); o.Fits; depth++ {
		o = s.Objects[o.Items[len(o.Items)-1]]
		if o.Kind != KindTuple {
			break
		}
	}
	require.Equal(t, 3, depth, "tuples in tuples are followed up to a depth")
	require.Equal(t, [2]any{"", false}, [2]any{item(11).Text, item(11).Fits}, "a long text")
}
