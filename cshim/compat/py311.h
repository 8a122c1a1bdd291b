/* Everything cshim takes from CPython 3.11 beyond its documented C API.
 *
 * No other file asks for a version or touches a hidden layout by itself: what 3.12 will do differently is replaced here.
 * The layouts are those of the headers this file is compiled with; layout_difference (attach.c) compares the ones that can
 * be compared with the running interpreter before the hook is installed.
 */
#ifndef PYSTON_LITE_PY311_H
#define PYSTON_LITE_PY311_H

#include "Python.h"

#if PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030c0000
#error "compat/py311.h is for CPython 3.11"
#endif
#ifdef Py_TRACE_REFS
#error "builds of CPython that chain all objects have another object header and are not supported"
#endif

#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#ifdef PL_DEFINE_OPCODE_TABLES      /* one translation unit (edges.c) holds the opcode tables, which CPython does not export */
#define NEED_OPCODE_TABLES 1
#endif
#pragma GCC visibility push(hidden)
#include "internal/pycore_opcode.h"
#pragma GCC visibility pop
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_genobject.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_object.h"
#include "internal/pycore_pymem.h"
#include "internal/pycore_runtime.h"
#include "frameobject.h"
#include "opcode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_MINOR 11

/* Offset of _PyInterpreterFrame.previous as text, for the assembly stubs. */
#define PL_ASM_FRAME_PREVIOUS "48"
_Static_assert(offsetof(_PyInterpreterFrame, previous) == 48, "stubs.c knows where previous is");

/* ---- debug builds --------------------------------------------------------------------------------------------- */

/* Debug builds of CPython (Debian's python3.11-dbg) have the sum of all reference counts in one word, which machine code keeps,
 * too. */
#ifdef Py_REF_DEBUG
#define PL_REF_TOTAL (&_Py_RefTotal)
#else
#define PL_REF_TOTAL NULL
#endif
#ifdef Py_DEBUG
enum { PL_DEBUG_BUILD = true };
#else
enum { PL_DEBUG_BUILD = false };
#endif

/* The first reference to an object that had been put aside. */
static inline void
pl_revive(PyObject *object)
{
#ifdef Py_REF_DEBUG
    _Py_RefTotal++;
#endif
    Py_SET_REFCNT(object, 1);
}

/* Gives a reference up without freeing anything; true when that was the last one. */
static inline bool
pl_was_last(PyObject *object)
{
#ifdef Py_REF_DEBUG
    _Py_RefTotal--;
#endif
    return --object->ob_refcnt == 0;
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* tracemalloc is on. */
static inline bool
pl_memory_is_traced(void)
{
    return _Py_tracemalloc_config.tracing != 0;
}

/* The lists of the objects that the collector knows: its generations, and behind them what gc.freeze() has put aside. */
enum { PL_GC_LISTS = NUM_GENERATIONS + 1 };
static inline PyGC_Head *
pl_gc_list(PyInterpreterState *interp, int i)
{
    return i < NUM_GENERATIONS ? &interp->gc.generations[i].head : &interp->gc.permanent_generation.head;
}

static inline PyObject *
pl_of_gc(PyGC_Head *head)
{
    return (PyObject *)(head + 1);
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

#define PL_GENERATOR_LIKE (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)

static inline PyThreadState *
pl_thread_state(void)                                   /* of the calling thread, which has the GIL */
{
    return (PyThreadState *)_Py_atomic_load_relaxed(&_PyRuntime.gilstate.tstate_current);
}

static inline _PyInterpreterFrame *
pl_current_frame(PyThreadState *ts)
{
    return ts->cframe->current_frame;
}

/* Makes `f` the running frame: visible to everybody who walks the stack. */
static inline void
pl_link(PyThreadState *ts, _PyInterpreterFrame *f)
{
    f->previous = ts->cframe->current_frame;
    ts->cframe->current_frame = f;
}

static inline void
pl_unlink(PyThreadState *ts, _PyInterpreterFrame *f)
{
    ts->cframe->current_frame = f->previous;
}

static inline void
pl_set_running(_PyInterpreterFrame *f, int64_t bci)     /* the instruction that is being executed */
{
    f->prev_instr = _PyCode_CODE(f->f_code) + bci;
}

static inline void
pl_set_next(_PyInterpreterFrame *f, int64_t bci)        /* the instruction to be executed next */
{
    f->prev_instr = _PyCode_CODE(f->f_code) + bci - 1;
}

static inline int64_t
pl_running(const _PyInterpreterFrame *f)
{
    return f->prev_instr - _PyCode_CODE(f->f_code);
}

static inline bool
pl_is_tracing(const PyThreadState *ts)
{
    return ts->cframe->use_tracing != 0;
}

/* The byte behind use_tracing is padding.  In the cframe of a machine code activation it tells that activation to leave; machine
 * code compares both bytes at a time.  In CPython's own cframes it is written for nothing, since they look no different. */
_Static_assert(offsetof(_PyCFrame, use_tracing) == 0 && sizeof(((_PyCFrame *)NULL)->use_tracing) == 1 &&
               offsetof(_PyCFrame, current_frame) >= 2, "a free byte behind use_tracing");

static inline void
pl_cframe_start(_PyCFrame *c, const _PyCFrame *outer)
{
    uint16_t both = outer->use_tracing;
    memcpy(c, &both, sizeof(both));
}

/* Tracing may have been switched meanwhile.  What did not change is not stored: machine code that reads both bytes right after a
 * store to one of them would wait for it. */
static inline void
pl_cframe_end(const _PyCFrame *c, _PyCFrame *outer)
{
    if (outer->use_tracing != c->use_tracing) {
        outer->use_tracing = c->use_tracing;
    }
}

static inline void
pl_cframe_leave(_PyCFrame *c)
{
    (&c->use_tracing)[1] = 1;
}

static inline Py_ssize_t
pl_frame_slots(const PyCodeObject *co)
{
    return co->co_nlocalsplus + co->co_stacksize + FRAME_SPECIALS_SIZE;
}

/* ---- the exception that is set ------------------------------------------------------------------------------------ */

static inline void
pl_take_exception(PyThreadState *ts, PyObject **type, PyObject **value, PyObject **traceback)
{
    *type = ts->curexc_type, *value = ts->curexc_value, *traceback = ts->curexc_traceback;
    ts->curexc_type = ts->curexc_value = ts->curexc_traceback = NULL;
}

static inline void
pl_set_exception(PyThreadState *ts, PyObject *type, PyObject *value, PyObject *traceback)   /* none is set; all consumed */
{
    ts->curexc_type = type, ts->curexc_value = value, ts->curexc_traceback = traceback;
}

/* ---- bytecode --------------------------------------------------------------------------------------------------- */

static inline uint8_t *
pl_opcode_byte(PyCodeObject *co, int64_t bci)            /* in the adaptive copy that the interpreter runs */
{
    return (uint8_t *)(_PyCode_CODE(co) + bci);
}

/* The canonical opcode and argument byte of one unit of the adaptive code.  A patched back-edge reads as RETURN_VALUE. */
static inline int
pl_opcode(PyCodeObject *co, int64_t bci)
{
    return _PyOpcode_Deopt[*pl_opcode_byte(co, bci)];
}

static inline int
pl_oparg(PyCodeObject *co, int64_t bci)
{
    return pl_opcode_byte(co, bci)[1];
}

static inline int
pl_caches(int opcode)
{
    return _PyOpcode_Caches[opcode];
}

/* The function inside a staticmethod, classmethod or property object: their first field (Objects/funcobject.c: sm_callable,
 * cm_callable; Objects/descrobject.c: prop_get).  NULL when there is none. */
static inline PyObject *
pl_wrapped(PyObject *descr)
{
    return ((struct { PyObject_HEAD PyObject *callable; } *)descr)->callable;
}

/* Whether the evaluator runs a RETURN_VALUE that it meets with so many operands in a frame with so many locals.  Without any of
 * both it would pop a word of the frame header; a debug build insists on what a compiler would have made. */
static inline bool
pl_may_return(int operands, int locals)
{
    return PL_DEBUG_BUILD ? operands == 1 : operands + locals > 0;
}

/* The code of a module or class body: its locals are a dictionary, and it mostly runs once. */
static inline bool
pl_is_body(const PyCodeObject *co)
{
    const int function = CO_OPTIMIZED | CO_NEWLOCALS;
    return (co->co_flags & function) != function;
}

/* Jumps back, by their canonical opcodes; SEND and its kind jump back without being loops of the program. */
static inline bool
pl_is_conditional_edge(int op)
{
    return op == POP_JUMP_BACKWARD_IF_TRUE || op == POP_JUMP_BACKWARD_IF_FALSE || op == POP_JUMP_BACKWARD_IF_NONE ||
           op == POP_JUMP_BACKWARD_IF_NOT_NONE;
}

static inline bool
pl_is_edge(int op)
{
    return op == JUMP_BACKWARD || pl_is_conditional_edge(op);
}

/* Code in the interpreter's data segment (deep-frozen modules), which sub-interpreters share: its count starts at 999,999,999. */
static inline bool
pl_is_static(const PyCodeObject *co)
{
    enum { MOST_REFERENCES = 100 * 1000 * 1000 };
    return Py_REFCNT(co) > MOST_REFERENCES;
}

/* ---- per-code data ---------------------------------------------------------------------------------------------- */

/* The array behind PyCodeObject.co_extra.  CPython reads and writes it through exported functions; the hook reads it at
 * every call, so it looks itself.  extra_works (attach.c) proves the layout on the running interpreter. */
typedef struct { Py_ssize_t size; void *slots[1]; } pl_co_extra;

static inline void *
pl_extra_get(PyCodeObject *co, Py_ssize_t index)
{
    pl_co_extra *extra = (pl_co_extra *)co->co_extra;
    return extra != NULL && (size_t)index < (size_t)extra->size ? extra->slots[index] : NULL;
}

/* CPython gives a code object's first payload room for all users that are registered, and when the code object dies calls all
 * their free functions, with NULL.  Users that are gone by then (a ctypes callback, say) would crash because of a payload that
 * is only ours, so a fresh array is cut off behind our slot; CPython enlarges it again when somebody needs more. */
static inline int
pl_extra_set(PyCodeObject *co, Py_ssize_t index, void *payload)
{
    bool fresh = co->co_extra == NULL;
    int status = _PyCode_SetExtra((PyObject *)co, index, payload);
    if (status == 0 && fresh) {
        ((pl_co_extra *)co->co_extra)->size = index + 1;
    }
    return status;
}

/* ---- interpreter ------------------------------------------------------------------------------------------------- */

/* What _PyInterpreterState_SetEvalFrameFunc does, which is watched (evalwatch.c). */
static inline void
pl_set_evaluator(PyInterpreterState *interp, _PyFrameEvalFunction evaluator)
{
    interp->eval_frame = evaluator == _PyEval_EvalFrameDefault ? NULL : evaluator;
}

static inline bool
pl_has_evaluator(const PyInterpreterState *interp, _PyFrameEvalFunction evaluator)
{
    return interp->eval_frame == (evaluator == _PyEval_EvalFrameDefault ? NULL : evaluator);
}

static inline volatile int32_t *
pl_breaker(PyThreadState *ts)
{
    return (volatile int32_t *)&ts->interp->ceval.eval_breaker._value;
}

/* Whether the stock evaluator runs a Python __getitem__ inside the caller's C frame although a frame evaluation function is
 * set: 3.11.2 does, 3.11.7 looks at eval_frame first.  Decided at run time, because a build against one micro version runs
 * on all of them. */
static inline bool
pl_inlines_getitem(void)
{
    return Py_Version < 0x030b0700;
}

/* Whether the only exception that goes on from except* clauses, a new one, is put into a group: before 3.11.4. */
static inline bool
pl_wraps_one(void)
{
    return Py_Version < 0x030b0400;
}

#endif
