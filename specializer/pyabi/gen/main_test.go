package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A generated file that is older than its sources would give machine code wrong offsets.
func TestGeneratedFileIsCurrent(t *testing.T) {
	want, err := generate(filepath.Join("..", "..", "..", "cshim"))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join("..", output))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run `go generate ./specializer/pyabi`")
}

func TestReadRows_rejectsMalformedRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.def")
	require.NoError(t, os.WriteFile(path, []byte("PL_OFFSET(A, 1)\nPL_OFFSET(B 2)\n"), 0o600))
	_, err := readRows(path, offsetRow)
	require.ErrorContains(t, err, "x.def:2: not a row")
	require.NoError(t, os.WriteFile(path, []byte("/* nothing */\n"), 0o600))
	_, err = readRows(path, offsetRow)
	require.ErrorContains(t, err, "no rows")
}
