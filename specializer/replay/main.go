// Command replay compiles recorded snapshots without Python: what PYSTON_LITE_DUMP wrote goes through the same pipeline.
//
//	go run ./specializer/replay [-stage name] [-verify] [-skip pass,pass] [-times] file.snapshot…
//
// With -stage it prints what that stage has to show (a prefix is enough: "ir-after_refcount", "disassembly"); a panic of
// the compiler is not caught, so that its stack is seen.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"pystonlite/specializer"
	"pystonlite/specializer/passes"
)

func main() {
	stage := flag.String("stage", "", "print the stages whose name begins so")
	verify := flag.Bool("verify", false, "check the IR after each pass and the allocation")
	skip := flag.String("skip", "", "optional passes to leave out, separated by commas")
	times := flag.Bool("times", false, "print the compile time of each snapshot")
	flag.Parse()
	bad := 0
	for _, name := range flag.Args() {
		data, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		opt := specializer.Options{Verify: *verify}
		if *skip != "" {
			opt.Skip = strings.Split(*skip, ",")
		}
		if *stage != "" {
			opt.Dump = func(s string, text []byte) {
				if strings.HasPrefix(s, *stage) {
					fmt.Printf("==== %s\n%s\n", s, text)
				}
			}
		}
		start := time.Now()
		r, err := specializer.Compile(data, opt)
		took := time.Since(start)
		switch {
		case err != nil:
			fmt.Printf("%s: %v\n", name, err)
			var pass *passes.PassError
			if errors.As(err, &pass) {
				os.Stdout.Write(pass.Stack)
			}
			bad++
		case *times:
			fmt.Printf("%s: %s, %d bytes, %v\n", name, r.Name, len(r.Code), took)
		}
	}
	if bad > 0 {
		os.Exit(1)
	}
}
