/* Frames outside of CPython's own evaluator: pushing, releasing, entering machine code, handing over.
 *
 * CPython 3.11 keeps frames of ordinary calls on a per-thread data stack of linked chunks.  A compiled call site pushes
 * there exactly as the interpreter does, so that everything that walks the stack (tracebacks, sys._getframe, debuggers)
 * finds a real frame, and whoever called through C (the PEP 523 hook's caller) can clear and pop it as usual.
 *
 * Life of a frame, in the words used here:
 *     unlinked   on the data stack, nobody's current frame, recursion not charged
 *     linked     ts->cframe->current_frame or reachable from it
 *     charged    ts->recursion_remaining has been decremented for it
 *     returned   unlinked, uncharged, locals and their dictionary gone; f_func and f_code are still owned by it.  C sets
 *                stacktop = 0, too; machine code leaves that to pl_enter
 */
#include "shim.h"

#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

/* ---- C stack ---------------------------------------------------------------------------------------------------- */

/* Half of a thread's stack is left to C code and to the stock evaluator: what recurses through C there (repr of nested
 * containers, __getattr__ chains, regular expressions) has as much room as most programs ever use, and machine code gets
 * tens of thousands of levels out of the other half before it has to leave. */
static __thread char *thread_limit;

static const size_t most_used = 32 * 1024 * 1024;      /* an unlimited stack is no reason to fill the memory with it */

typedef struct stack { char *top; size_t size; } stack;

static bool
is_in(stack s, const char *address)
{
    return s.size > 0 && address <= s.top && (size_t)(s.top - address) <= s.size;
}

/* The stack that the process was started with.  glibc reads /proc/self/maps to find it, which takes a tenth of a millisecond at
 * every start; but the last thing that the kernel has put there, at its top, is the name of the program. */
static stack
first_stack(void)
{
    struct rlimit limit;
    char *name = (char *)getauxval(AT_EXECFN);
    if (name == NULL || getrlimit(RLIMIT_STACK, &limit) != 0) {
        return (stack){NULL, 0};
    }
    return (stack){name, limit.rlim_cur < 2 * most_used ? limit.rlim_cur : 2 * most_used};
}

static stack
thread_stack(void)
{
    pthread_attr_t attributes;
    void *lowest;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &lowest, &size) != 0) {
            size = 0;
        }
        pthread_attr_destroy(&attributes);
    }
    return size > 0 ? (stack){(char *)lowest + size, size} : (stack){NULL, 0};
}

static char *
find_stack_limit(void)
{
    char *here = (char *)__builtin_frame_address(0);
    stack s = first_stack();
    if (!is_in(s, here)) {
        s = thread_stack();
    }
    if (!is_in(s, here)) {
        /* A stack we know nothing about (a coroutine library's): trust it with a small piece only. */
        return here - 64 * 1024;
    }
    return s.top - (s.size / 2 < most_used ? s.size / 2 : most_used);
}

/* The limit of the calling thread.  A thread-local variable of a shared object costs a call, so the last thread's answer is
 * kept under the GIL; thread states are told apart by their id, since their addresses are used again. */
PL_HOT pl_known_limit pl_last_limit;       /* threads have ids from 1 on */

char *
pl_find_stack_limit(PyThreadState *ts)
{
    if (thread_limit == NULL) {
        thread_limit = find_stack_limit();
    }
    pl_last_limit = (pl_known_limit){.thread = ts->id, .limit = thread_limit};
    return thread_limit;
}

/* ---- data stack --------------------------------------------------------------------------------------------------- */

enum { CHUNK_SIZE = 16 * 1024, CHUNK_RESERVE = 1000 };     /* CPython's own numbers: bytes, and slots a chunk must hold extra */

static __attribute__((noinline)) PyObject **
add_chunk(PyThreadState *ts, size_t slots)
{
    PyObjectArenaAllocator arena;
    PyObject_GetArenaAllocator(&arena);
    size_t size = CHUNK_SIZE;
    while (size < sizeof(PyObject *) * (slots + CHUNK_RESERVE)) {
        size *= 2;
    }
    _PyStackChunk *chunk = arena.alloc(arena.ctx, size);
    if (chunk == NULL) {
        return NULL;
    }
    _PyStackChunk *below = ts->datastack_chunk;
    chunk->previous = below;
    chunk->size = size;
    chunk->top = 0;
    if (below != NULL) {
        below->top = ts->datastack_top - below->data;
    }
    /* The first slot of the first chunk stays unused: a pop frees the chunk whose first slot the frame starts at, and the
     * first chunk must survive. */
    PyObject **start = chunk->data + (below == NULL);
    ts->datastack_chunk = chunk;
    ts->datastack_top = start + slots;
    ts->datastack_limit = (PyObject **)((char *)chunk + size);
    return start;
}

pl_frame *
pl_frame_push(PyThreadState *ts, PyFunctionObject *func)
{
    PyCodeObject *co = (PyCodeObject *)func->func_code;
    size_t slots = (size_t)pl_frame_slots(co);
    PyObject **start = ts->datastack_top;
    if (start != NULL && slots < (size_t)(ts->datastack_limit - start)) {
        ts->datastack_top = start + slots;
    }
    else {
        start = add_chunk(ts, slots);
        if (start == NULL) {
            Py_DECREF(func);
            PyErr_NoMemory();
            return NULL;
        }
    }
    pl_frame *f = pl_frame_start(start, func, co->co_nlocalsplus);
    for (int i = 0; i < co->co_nlocalsplus; i++) {       /* mostly so few that a call of memset costs more */
        f->localsplus[i] = NULL;
    }
    return f;
}

void
pl_chunk_pop(PyThreadState *ts)
{
    _PyStackChunk *chunk = ts->datastack_chunk, *below = chunk->previous;
    ts->datastack_chunk = below;
    ts->datastack_top = below->data + below->top;
    ts->datastack_limit = (PyObject **)((char *)below + below->size);
    PyObjectArenaAllocator arena;
    PyObject_GetArenaAllocator(&arena);
    arena.free(arena.ctx, chunk, chunk->size);
}

/* ---- release ------------------------------------------------------------------------------------------------------- */

PyFrameObject *
pl_frame_object(PyThreadState *ts)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyFrameObject *object = PyThreadState_GetFrame(ts);
    PyErr_Restore(type, value, traceback);
    return object;
}

/* Somebody keeps the frame object: the frame's contents move into it and live on there.  The original keeps its references
 * to function, code and locals dictionary until its caller drops them, hence the copy takes its own. */
static void
move_into_object(PyThreadState *ts, PyFrameObject *object, pl_frame *f)
{
    size_t size = (size_t)((char *)&f->localsplus[f->stacktop] - (char *)f);
    memcpy(object->_f_frame_data, f, size);
    pl_frame *copy = (pl_frame *)object->_f_frame_data;
    Py_INCREF(copy->f_func);
    Py_INCREF(copy->f_code);
    Py_XINCREF(copy->f_locals);
    copy->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    copy->previous = NULL;
    object->f_frame = copy;
    f->stacktop = 0;
    if (_PyFrame_IsIncomplete(copy)) {
        pl_set_running(copy, copy->f_code->_co_firsttraceable);   /* it is dead: what it pretends to have run is of no matter */
    }
    /* The frame is unlinked, so the thread's current frame is its caller.  A failure costs f_back only.  The caller of a
     * generator's frame is nobody's business any more. */
    object->f_back = f->owner == FRAME_OWNED_BY_GENERATOR ? NULL : pl_frame_object(ts);
    if (!PyObject_GC_IsTracked((PyObject *)object)) {
        PyObject_GC_Track((PyObject *)object);
    }
}

/* Gives the frame object, if any, what it needs to live on, and drops the locals. */
static void
empty(PyThreadState *ts, pl_frame *f)
{
    PyFrameObject *object = f->frame_obj;
    if (object != NULL) {
        f->frame_obj = NULL;
        if (Py_REFCNT(object) > 1) {
            move_into_object(ts, object, f);
        }
        Py_DECREF(object);
    }
    pl_frame_drop_locals(f);
}

void
pl_frame_release(PyThreadState *ts, pl_frame *f)
{
    ts->recursion_remaining--;    /* finalizers find one level less, as in the stock evaluator */
    empty(ts, f);
    ts->recursion_remaining++;
}

PyObject *
pl_frame_return(PyThreadState *ts, pl_frame *f, PyObject *result)
{
    f->stacktop = f->f_code->co_nlocalsplus;
    pl_unlink(ts, f);
    ts->recursion_remaining++;
    pl_frame_release(ts, f);
    return result;
}

void
pl_frame_end(PyThreadState *ts, pl_frame *f)
{
    empty(ts, f);
    Py_DECREF(f->f_func);
    Py_DECREF(f->f_code);
}

/* ---- crossing ------------------------------------------------------------------------------------------------------- */

PyObject *
pl_enter(PyThreadState *ts, pl_frame *f, const uint8_t *entry)
{
    pl_ctx ctx;
    _PyCFrame *outer = ts->cframe;
    pl_cframe_start(&ctx.cframe, outer);
    ctx.cframe.previous = outer;
    ctx.cframe.current_frame = f;
    ctx.stack_limit = pl_stack_limit(ts);
    ctx.breaker = pl_breaker(ts);
    f->previous = outer->current_frame;
    f->is_entry = true;
    f->stacktop = -1;
    ts->cframe = &ctx.cframe;
    PyObject *value = pl_asm_enter(ts, f, entry, &ctx);
    if (f->owner == FRAME_OWNED_BY_THREAD) {
        f->stacktop = 0;          /* machine code does not tell: only who clears the frame needs it */
    }
    ts->cframe = outer;
    pl_cframe_end(&ctx.cframe, outer);
    return value;
}

PyObject *
pl_handover(PyThreadState *ts, pl_frame *f, int throwflag)
{
    pl_unlink(ts, f);
    ts->recursion_remaining++;
    pl_counters.handovers++;
    return pl_run_stock(ts, f, throwflag);
}
