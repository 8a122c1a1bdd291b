package hooks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pystonlite/specializer/codemeta"
)

// TestReply_CReadsWhatWeWrite compiles a program that reads a result through the structs of serviceapi.h and
// exitmeta.h, and compares what it prints.
func TestReply_CReadsWhatWeWrite(t *testing.T) {
	var meta codemeta.Builder
	meta.AddExit(codemeta.Exit{
		Kind: codemeta.ExitRaise, Reason: codemeta.ReasonException,
		Frames: []codemeta.Frame{{Func: codemeta.Physical, BCI: 11, Depth: 2, Values: []codemeta.Value{
			{Where: codemeta.AtConst, Rep: codemeta.RepBorrowed, Slot: 5, Payload: meta.Const(0x1122334455667788)},
		}}},
	})
	r := reply{
		id: 77, elapsed: 1234, used: 5, mapped: 6, text: "mod.f",
		unit:  &Result{Code: make([]byte, 40), EntryOffset: 16, Meta: meta.Tables(), Origin: Loaded},
		block: Block{ID: 3, Address: 0x7f0000000000},
	}
	dir := t.TempDir()
	data := r.appendTo(nil)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "result"), data, 0o644))
	program := filepath.Join(dir, "reader")
	require.NoError(t, os.WriteFile(program+".c", []byte(readerSource), 0o644))
	out, err := exec.Command("cc", "-std=c11", "-Wall", "-Werror", "-I", filepath.Join("..", "cshim"), "-o", program, program+".c").
		CombinedOutput()
	require.NoError(t, err, "the C compiler says:\n%s", out)
	out, err = exec.Command(program, filepath.Join(dir, "result")).CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, strings.Join([]string{
		"head 1 0 77 1234 5 6 mod.f",
		"code 7f0000000010 40 3 loaded",
		"exit 1 " + fmt.Sprint(uint16(codemeta.ReasonException)),
		"frame ffffffff 11 2",
		"value 4 1 5 0",
		"const 1122334455667788",
		fmt.Sprintf("end %d", len(data)),
		"",
	}, "\n"), string(out))
}

const readerSource = `
#include <stdio.h>
#include "exitmeta.h"
#include "serviceapi.h"

#define ROUND8(n) (((n) + 7) & ~(size_t)7)

int main(int argc, char **argv)
{
    static _Alignas(8) char buf[4096];
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!f || fread(buf, 1, sizeof buf, f) == 0)
        return 1;
    pl_result_head *h = (void *)buf;
    printf("head %d %u %lu %lu %lu %lu %.*s\n", h->magic == PL_RESULT_MAGIC, h->status, h->id, h->compile_ns, h->code_used,
           h->code_mapped, (int)h->text_len, (char *)(h + 1));
    pl_result_code *c = (void *)((char *)(h + 1) + ROUND8(h->text_len));
    printf("code %lx %lu %lu %s\n", c->entry, c->size, c->block, c->origin == PL_ORIGIN_LOADED ? "loaded" : "compiled");
    pl_result_counts *n = (void *)(c + 1);
    pl_exit_rec *e = (void *)(n + 1);
    printf("exit %d %d\n", e->kind, e->reason);
    pl_exit_frame *fr = (void *)((char *)e + ROUND8(n->exits * sizeof *e));
    printf("frame %x %u %u\n", fr->func, fr->bci, fr->depth);
    pl_value *v = (void *)((char *)fr + ROUND8(n->frames * sizeof *fr));
    printf("value %d %d %d %u\n", v->where, v->rep, v->slot, v->payload);
    unsigned long *k = (void *)(v + n->values);
    printf("const %lx\n", *k);
    printf("end %d\n", (int)((char *)(k + n->consts) - buf));
    return 0;
}
`
