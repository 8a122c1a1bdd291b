// Command normalize makes recorded snapshots the same in every run:
//
//	go run ./specializer/testcases/normalize FILE.snapshot…
//
// rewrites each file. It is the second half of tests/tools/record.py.
package main

import (
	"fmt"
	"os"

	"pystonlite/specializer/testcases"
)

func main() {
	for _, name := range os.Args[1:] {
		data, err := os.ReadFile(name)
		if err == nil {
			data, err = testcases.Normalize(data)
		}
		if err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
	}
}
