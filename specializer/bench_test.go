package specializer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/pyabi"
	"pystonlite/specializer/testcases"
)

// BenchmarkCompile compiles the recorded programs one after the other and reports the speed in code units of bytecode a
// millisecond. With PYSTON_LITE_SNAPSHOTS it takes the snapshots of that folder, which PYSTON_LITE_DUMP has written, instead:
// those of a real program are larger.
func BenchmarkCompile(b *testing.B) {
	var snapshots [][]byte
	if folder := os.Getenv("PYSTON_LITE_SNAPSHOTS"); folder != "" {
		paths, err := filepath.Glob(filepath.Join(folder, "*.snapshot"))
		require.NoError(b, err)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			require.NoError(b, err)
			snapshots = append(snapshots, data)
		}
	} else {
		for _, c := range testcases.All() {
			snapshots = append(snapshots, c.Snapshot)
		}
	}
	units := 0
	for _, data := range snapshots {
		snap, err := pyabi.Decode(data)
		require.NoError(b, err)
		units += len(snap.Codes[0].Bytes) / 2
	}
	require.NotZero(b, units)
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range snapshots {
			var refusal interface{ Refusal() string }
			if _, err := Compile(data, Options{}); err != nil && !errors.As(err, &refusal) {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(units)*float64(b.N)/(1000*b.Elapsed().Seconds()), "units/ms")
}
