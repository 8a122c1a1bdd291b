/* Keeps the stock evaluator from running Python functions without asking the hook.
 *
 * With a frame evaluation function set, CPython 3.11 makes every Python call through it, with one exception in early micro
 * releases: BINARY_SUBSCR_GETITEM, the specialised form of `container[index]`, runs a __getitem__ written in Python inside the
 * caller's evaluator.  A patched back-edge (osr.c) would make such a frame return from the middle of its loop.
 *
 * The specialised form holds a 16-bit function version, and its specialiser gives up for good when versions have outgrown
 * that.  So the counter that versions come from is set beyond 16 bits, once, when the first function that could be a
 * __getitem__ is to be patched.  Functions that have a small version already lose it: zero matches no cache.  What stays behind
 * is that `container[index]` is not inlined any more, as in later micro releases while a hook is set.
 *
 * The counter is a static variable of the interpreter.  It is the one word in the interpreter's writable data that follows the
 * versions it gives out, which is how it is found.  Where that leaves any doubt, the small versions are used up one by one,
 * which takes ten milliseconds.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <emmintrin.h>
#include <link.h>
#include <stdlib.h>

/* ---- taking versions ------------------------------------------------------------------------------------------------ */

static const char probe_source[] =
    "class Box:\n"
    "    def __getitem__(self, index): pass\n"
    "def probe(box): box[0]\n"
    "box = Box()\n"
    "getitem = Box.__getitem__\n";

/* Makes the specialiser look at `box[0]` once, in a frame outside of the hook.  False: the frame could not be run. */
static bool
run_probe(PyThreadState *ts, PyFunctionObject *probe, PyObject *box, int64_t bci)
{
    PyCodeObject *co = (PyCodeObject *)probe->func_code;
    co->co_warmup = QUICKENING_INITIAL_WARMUP_VALUE;     /* quickening would find its caches written */
    *pl_opcode_byte(co, bci) = BINARY_SUBSCR_ADAPTIVE;
    _PyCode_CODE(co)[bci + 1] = 0;
    pl_frame *f = pl_frame_push(ts, (PyFunctionObject *)Py_NewRef(probe));
    if (f == NULL) {
        return false;
    }
    f->localsplus[0] = Py_NewRef(box);
    PyObject *none = _PyEval_EvalFrameDefault(ts, f, 0);
    pl_frame_release(ts, f);
    pl_frame_discard(ts, f);
    Py_XDECREF(none);
    return none != NULL;
}

typedef struct source {           /* of versions: `box[0]` with this __getitem__ */
    PyThreadState *ts;
    PyFunctionObject *probe, *getitem;
    PyObject *box;
    int64_t bci;
} source;

static source
make_source(PyObject *namespace)
{
    source s = {
        .ts = PyThreadState_Get(),
        .probe = (PyFunctionObject *)PyDict_GetItemString(namespace, "probe"),
        .getitem = (PyFunctionObject *)PyDict_GetItemString(namespace, "getitem"),
        .box = PyDict_GetItemString(namespace, "box"),
    };
    PyCodeObject *co = (PyCodeObject *)s.probe->func_code;
    while (pl_opcode(co, s.bci) != BINARY_SUBSCR) {
        s.bci += 1 + pl_caches(pl_opcode(co, s.bci));
    }
    pl_code *pc = pl_code_ensure((PyCodeObject *)s.getitem->func_code);
    if (pc != NULL) {
        pc->parameters = -1;      /* its calls are left to CPython (pl_take_calls), which gives versions to such functions only */
    }
    return s;
}

/* The next version, through *version; zero when this interpreter does not specialise such an instruction at all. */
static bool
take_version(const source *s, uint32_t *version)
{
    s->getitem->func_version = 0;
    bool done = run_probe(s->ts, s->probe, s->box, s->bci);
    *version = s->getitem->func_version;
    return done;
}

static bool
is_small(uint32_t version)
{
    return version != 0 && version <= UINT16_MAX;
}

/* ---- the counter ---------------------------------------------------------------------------------------------------------- */

typedef struct words { uint32_t *start; size_t n; } words;

/* The initialised part of the writable segment that the type of functions lies in: the same source file defines the counter, which
 * starts with one. */
static int
find_segment(struct dl_phdr_info *info, size_t Py_UNUSED(size), void *result)
{
    uintptr_t inside = (uintptr_t)&PyFunction_Type;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + h->p_vaddr;
        if (h->p_type == PT_LOAD && (h->p_flags & PF_W) != 0 && inside - start < h->p_filesz) {
            uintptr_t aligned = (start + sizeof(uint32_t) - 1) & ~(uintptr_t)(sizeof(uint32_t) - 1);
            *(words *)result = (words){(uint32_t *)aligned, (start + h->p_filesz - aligned) / sizeof(uint32_t)};
            return 1;
        }
    }
    return 0;
}

enum { MOST_CANDIDATES = 4096, ROUNDS = 6 };

/* Writes the places of all words of that value, and returns their number; zero when there are too many. */
static size_t
find_words(words data, uint32_t value, uint32_t **places)
{
    enum { LANES = sizeof(__m128i) / sizeof(uint32_t) };
    const __m128i wanted = _mm_set1_epi32((int)value);
    size_t n = 0;
    for (size_t i = 0; i < data.n; i += LANES) {
        bool whole = i + LANES <= data.n;
        if (whole && _mm_movemask_epi8(_mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)&data.start[i]), wanted)) == 0) {
            continue;
        }
        for (size_t k = i; k < i + LANES && k < data.n; k++) {
            if (data.start[k] == value) {
                if (n == MOST_CANDIDATES) {
                    return 0;
                }
                places[n++] = &data.start[k];
            }
        }
    }
    return n;
}

/* The only word that is one more than each version given out, or NULL. */
static uint32_t *
find_counter(const source *s, uint32_t version)
{
    words data = {NULL, 0};
    uint32_t **candidates = malloc(MOST_CANDIDATES * sizeof(*candidates));
    size_t n = candidates != NULL && dl_iterate_phdr(find_segment, &data) != 0 ? find_words(data, version + 1, candidates) : 0;
    for (int round = 0; n > 0 && round < ROUNDS; round++) {
        size_t left = 0;
        if (!take_version(s, &version)) {
            n = 0;
            break;
        }
        for (size_t i = 0; i < n; i++) {
            if (*candidates[i] == version + 1) {
                candidates[left++] = candidates[i];
            }
        }
        n = left;
    }
    uint32_t *found = n == 1 ? candidates[0] : NULL;
    free(candidates);
    return found;
}

/* Sets the counter, and takes it back when the next version shows that it was another word. */
static bool
move_counter(const source *s, uint32_t *counter)
{
    uint32_t before = *counter, version;
    *counter = UINT16_MAX + 1;
    if (take_version(s, &version) && version == UINT16_MAX + 1 && *counter == UINT16_MAX + 2) {
        return true;
    }
    *counter = before;
    return false;
}

static bool
use_up_versions(PyObject *namespace)
{
    source s = make_source(namespace);
    uint32_t version;
    if (!take_version(&s, &version)) {
        return false;
    }
    uint32_t *counter = is_small(version) ? find_counter(&s, version) : NULL;
    if (counter != NULL && move_counter(&s, counter)) {
        return true;
    }
    while (is_small(version)) {
        if (!take_version(&s, &version)) {
            return false;
        }
    }
    return true;
}

/* ---- what is there already ---------------------------------------------------------------------------------------------- */

/* Whether functions with this code fit the specialised form. */
bool
pl_fits_getitem(PyCodeObject *co)
{
    return pl_inlines_getitem() && co->co_argcount == 2 && co->co_kwonlyargcount == 0 && (co->co_flags & CO_OPTIMIZED) != 0 &&
           (co->co_flags & (CO_VARARGS | CO_VARKEYWORDS)) == 0;
}

static void
forget_version(PyFunctionObject *function)
{
    if (pl_fits_getitem((PyCodeObject *)function->func_code)) {
        function->func_version = 0;
    }
}

static bool
stop_inlining(void)
{
    bool done = false;
    PyObject *namespace = Py_BuildValue("{s:O}", "__builtins__", PyEval_GetBuiltins());
    PyObject *defined = namespace == NULL ? NULL : PyRun_String(probe_source, Py_file_input, namespace, namespace);
    if (defined != NULL) {
        done = use_up_versions(namespace);
        if (done) {
            pl_each_function(forget_version);
            pl_mark_inlined();        /* frames in such a __getitem__ right now */
        }
    }
    if (!done) {
        PyErr_Clear();
    }
    Py_XDECREF(defined);
    Py_XDECREF(namespace);
    return done;
}

bool
pl_stop_inlining(void)
{
    static enum { UNTRIED, STOPPED, FAILED } state = UNTRIED;
    if (state == UNTRIED) {
        state = FAILED;               /* for the functions that run meanwhile */
        state = stop_inlining() ? STOPPED : FAILED;
    }
    return state == STOPPED;
}
