package files_test

import (
	"testing"

	"pystonlite/files/filestest"
)

func TestMain(m *testing.M) { filestest.Main(m) }
