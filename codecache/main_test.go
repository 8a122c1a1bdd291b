package codecache

import (
	"testing"

	"pystonlite/files/filestest"
)

func TestMain(m *testing.M) { filestest.Main(m) }
