/* Learns at once when somebody sets another frame evaluation function, or a trace or profile function.
 *
 * Patched back-edges (osr.c) are sound only in frames that the hook has started and that nobody traces.  As soon as another
 * evaluator stands in the interpreter, frames are started that the hook never sees, by the very function that made the change to
 * begin with; a trace function would be told of returns that are none.  So the patches have to be gone before the setter returns.
 * CPython 3.11 has one function that sets an evaluator and two that set tracers, and everybody who does so (debuggers, graph
 * compilers, sys.settrace, CPython's own tests) calls those.  While the hook is installed and something depends on it (pl_arm), the
 * first bytes of each are, in this process's memory, a jump to a function of ours.
 *
 * Tracing could be learned from an audit hook (attach.c), but with one in place every audited event costs several hundred
 * instructions: each id(x), sys._getframe() and frame.f_code.  The hook remains for interpreters whose tracers have several ways in,
 * and for processes that have audit hooks anyway.
 *
 * Where neither can be had, or the bytes of the evaluator's setter cannot be written (a kernel policy against writable code), no
 * back-edge is ever patched: PL_BLOCK_BLIND.
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

typedef struct watch {
    void *function, *ours;
    uint8_t original[JUMP], jump[JUMP];
    uint8_t *place;               /* of the jump; NULL while there is none */
    unsigned reached;             /* how often by probe */
} watch;

/* ---- jumps ------------------------------------------------------------------------------------------------------------- */

/* Where a function can be overwritten: its first byte, or the one behind its landing pad; NULL when it is too short. */
static uint8_t *
find_place(uint8_t *start)
{
    Dl_info info;
    ElfW(Sym) *symbol = NULL;
    if (dladdr1(start, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL || info.dli_saddr != (void *)start) {
        return NULL;
    }
    size_t skipped = symbol->st_size >= LANDING && memcmp(start, landing, LANDING) == 0 ? LANDING : 0;
    return symbol->st_size >= skipped + JUMP ? start + skipped : NULL;
}

/* Writes into the interpreter's code.  Nobody is running these bytes: whoever calls such a function holds the GIL. */
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

static bool
divert(watch *w)
{
    if (w->place != NULL) {
        return true;
    }
    uint8_t *at = find_place(w->function);
    if (at == NULL) {
        return false;
    }
    uint64_t target = (uint64_t)(uintptr_t)w->ours;
    memcpy(w->original, at, JUMP);
    memcpy(w->jump, (const uint8_t[]){0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}, JUMP);     /* mov rax, target; jmp rax */
    memcpy(w->jump + 2, &target, sizeof(target));
    if (!write_code(at, w->jump)) {
        return false;
    }
    w->place = at;
    return true;
}

/* Somebody who has overwritten the same bytes since, to come back to ours, still needs them. */
static bool
restore(watch *w)
{
    if (w->place != NULL && memcmp(w->place, w->jump, JUMP) == 0 && write_code(w->place, w->original)) {
        w->place = NULL;
    }
    return w->place == NULL;
}

/* ---- the evaluator ----------------------------------------------------------------------------------------------------- */

static void
set_evaluator(PyInterpreterState *interp, _PyFrameEvalFunction evaluator)
{
    pl_set_evaluator(interp, evaluator);
    pl_evaluator_changed(interp);
}

static watch evaluator = {.function = (void *)&_PyInterpreterState_SetEvalFrameFunc, .ours = (void *)&set_evaluator};

bool
pl_watch_evaluator(void)
{
    return divert(&evaluator);
}

/* ---- tracing ------------------------------------------------------------------------------------------------------------ */

typedef int set_tracer(PyThreadState *, Py_tracefunc, PyObject *);

static set_tracer set_trace, set_profile;
static watch tracers[] = {
    {.function = (void *)&_PyEval_SetTrace, .ours = (void *)&set_trace},
    {.function = (void *)&_PyEval_SetProfile, .ours = (void *)&set_profile},
};
static bool watching, probing;
static unsigned setting;              /* calls of CPython's own under way, meanwhile without a jump */

bool
pl_tracer_is_being_set(void)
{
    return setting != 0;
}

/* Does what CPython's function does by calling it, after the jump has been taken back.  Code that runs meanwhile (audit hooks, the
 * finalizer of the old trace function) finds what depends on not being traced switched off already. */
static int
pass_on(watch *w, PyThreadState *ts, Py_tracefunc function, PyObject *argument)
{
    if (probing) {
        w->reached++;
        return 0;
    }
    pl_block(PL_BLOCK_TRACING);
    setting++;
    bool lifted = restore(w);
    int status = lifted ? ((set_tracer *)w->function)(ts, function, argument) : -1;
    if (watching && !divert(w)) {
        pl_block(PL_BLOCK_BLIND);
    }
    setting--;
    if (!lifted) {
        PyErr_SetString(PyExc_SystemError, "pyston_lite: the interpreter's code cannot be restored");
    }
    return status;
}

static int
set_trace(PyThreadState *ts, Py_tracefunc function, PyObject *argument)
{
    return pass_on(&tracers[0], ts, function, argument);
}

static int
set_profile(PyThreadState *ts, Py_tracefunc function, PyObject *argument)
{
    return pass_on(&tracers[1], ts, function, argument);
}

/* sys.settrace and sys.setprofile, unless somebody has put something else into their place. */
static void
call_of_sys(const char *name)
{
    PyObject *function = PySys_GetObject(name);
    if (function != NULL && PyCFunction_CheckExact(function)) {
        Py_XDECREF(PyObject_CallOneArg(function, Py_None));
        PyErr_Clear();
    }
}

/* Whether each public way leads through the functions that are watched: a compiler may have put copies of them into others.  Such a
 * copy sets to nothing what is nothing already. */
static bool
probe(void)
{
    enum { WAYS = 2 };            /* to each */
    tracers[0].reached = tracers[1].reached = 0;
    probing = true;
    PyEval_SetTrace(NULL, NULL);
    PyEval_SetProfile(NULL, NULL);
    call_of_sys("settrace");
    call_of_sys("setprofile");
    probing = false;
    return tracers[0].reached == WAYS && tracers[1].reached == WAYS;
}

static void
unwatch_tracing(void)
{
    watching = false;
    restore(&tracers[0]);
    restore(&tracers[1]);
}

bool
pl_watch_tracing(void)
{
    watching = divert(&tracers[0]) && divert(&tracers[1]) && probe();
    if (!watching) {
        unwatch_tracing();
    }
    return watching;
}

void
pl_unwatch(void)
{
    restore(&evaluator);
    unwatch_tracing();
}
