/* Learns at once when somebody sets another frame evaluation function.
 *
 * Patched back-edges (osr.c) are sound only in frames that the hook has started.  As soon as another evaluator stands in the
 * interpreter, frames are started that the hook never sees, by the very function that made the change to begin with: the
 * patches have to be gone before the setter returns.  CPython 3.11 tells nobody about the change, but it has one function that
 * makes it, and everybody who sets an evaluator (debuggers, graph compilers, CPython's own tests) calls that.  So while the
 * hook is installed and something depends on it (pl_arm), the first bytes of _PyInterpreterState_SetEvalFrameFunc are, in this
 * process's memory, a jump to a function of ours that stores the new evaluator as CPython's does and then tells attach.c.
 *
 * Where the bytes cannot be written (a kernel policy against writable code), no back-edge is ever patched: PL_BLOCK_BLIND.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LANDING = 4, JUMP = 12 };

/* What a function that may be called indirectly begins with where control-flow enforcement is on. */
static const uint8_t landing[LANDING] = {0xf3, 0x0f, 0x1e, 0xfa};      /* endbr64 */

static uint8_t original[JUMP], jump[JUMP];
static uint8_t *place;                /* of the jump; NULL while there is none */

static void
set_evaluator(PyInterpreterState *interp, _PyFrameEvalFunction evaluator)
{
    pl_set_evaluator(interp, evaluator);
    pl_evaluator_changed(interp);
}

/* Where the setter can be overwritten: its first byte, or the one behind its landing pad; NULL when it is too short. */
static uint8_t *
find_place(void)
{
    uint8_t *start = (uint8_t *)&_PyInterpreterState_SetEvalFrameFunc;
    Dl_info info;
    ElfW(Sym) *symbol = NULL;
    if (dladdr1(start, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL || info.dli_saddr != (void *)start) {
        return NULL;
    }
    size_t skipped = symbol->st_size >= LANDING && memcmp(start, landing, LANDING) == 0 ? LANDING : 0;
    return symbol->st_size >= skipped + JUMP ? start + skipped : NULL;
}

/* Writes into the interpreter's code.  Nobody is running these bytes: whoever calls the setter holds the GIL. */
static bool
write_code(uint8_t *at, const uint8_t bytes[JUMP])
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)at & ~(page - 1);
    size_t size = (((uintptr_t)at + JUMP + page - 1) & ~(page - 1)) - first;
    if (mprotect((void *)first, size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
        return false;
    }
    memcpy(at, bytes, JUMP);
    mprotect((void *)first, size, PROT_READ | PROT_EXEC);
    return true;
}

bool
pl_watch_evaluator(void)
{
    if (place != NULL) {
        return true;
    }
    uint8_t *at = find_place();
    if (at == NULL) {
        return false;
    }
    uint64_t target = (uint64_t)(uintptr_t)&set_evaluator;
    memcpy(original, at, JUMP);
    memcpy(jump, (const uint8_t[]){0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}, JUMP);     /* mov rax, target; jmp rax */
    memcpy(jump + 2, &target, sizeof(target));
    if (!write_code(at, jump)) {
        return false;
    }
    place = at;
    return true;
}

void
pl_unwatch_evaluator(void)
{
    /* Somebody who has overwritten the same bytes since, to come back to ours, still needs them. */
    if (place != NULL && memcmp(place, jump, JUMP) == 0 && write_code(place, original)) {
        place = NULL;
    }
}
