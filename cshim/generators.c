/* Generators, coroutines and async generators in machine code: making them, finishing them, and what their own instructions
 * do.
 *
 * A unit of such code has several entries (exitmeta.h).  The ordinary one makes the object, which takes the frame over; at
 * the others the frame that the object keeps goes on.  Machine code is entered there by the hook (gen_send_ex2 of CPython
 * calls it), or directly by machine code that iterates, delegates or awaits: it does then what gen_send_ex2 does around the
 * evaluator, and comes here only when the generator is finished.  A suspended generator has nothing of a unit: its frame is
 * exactly what the stock evaluator would have left, so any unit, or stock, can go on with it.
 */
#include "abi.h"

#include "internal/pycore_gc.h"

#include <string.h>

/* ---- life ------------------------------------------------------------------------------------------------------------ */

/* A new object for a function's generator, not tracked yet, with all but its frame; NULL with MemoryError. */
static PyGenObject *
allocate(PyFunctionObject *func, PyCodeObject *co)
{
    int kind = co->co_flags & PL_GENERATOR_LIKE;
    PyTypeObject *type = kind == CO_GENERATOR ? &PyGen_Type : kind == CO_COROUTINE ? &PyCoro_Type : &PyAsyncGen_Type;
    PyGenObject *gen = PyObject_GC_NewVar(PyGenObject, type, co->co_nlocalsplus + co->co_stacksize);
    if (gen == NULL) {
        return NULL;
    }
    gen->gi_code = (PyCodeObject *)Py_NewRef(co);
    gen->gi_weakreflist = NULL;
    gen->gi_exc_state.exc_value = NULL;
    gen->gi_exc_state.previous_item = NULL;
    gen->gi_name = Py_NewRef(func->func_name);
    gen->gi_qualname = Py_NewRef(func->func_qualname);
    gen->gi_origin_or_finalizer = NULL;
    gen->gi_hooks_inited = 0;
    gen->gi_closed = 0;
    gen->gi_running_async = 0;
    return gen;
}

/* Hands the finished object out. */
static PyObject *
start(PyGenObject *gen)
{
    pl_frame *f = (pl_frame *)gen->gi_iframe;
    f->previous = NULL;
    f->owner = FRAME_OWNED_BY_GENERATOR;
    f->stacktop = gen->gi_code->co_nlocalsplus;
    gen->gi_frame_state = FRAME_CREATED;
    PyObject_GC_Track(gen);
    return (PyObject *)gen;
}

/* Whether the origin of a new coroutine has to be noted, which the stock evaluator does. */
static bool
tracks_origin(const PyCodeObject *co, PyThreadState *ts)
{
    return ts->coroutine_origin_tracking_depth != 0 && (co->co_flags & CO_COROUTINE) != 0;
}

/* RETURN_GENERATOR in a linked frame of the data stack.  NULL, without an exception: the stock evaluator has to do it. */
PyObject *
pl_make_generator(pl_frame *f, PyThreadState *ts)
{
    PyCodeObject *co = f->f_code;
    PyGenObject *gen = tracks_origin(co, ts) ? NULL : allocate(f->f_func, co);
    if (gen == NULL) {
        PyErr_Clear();
        return NULL;
    }
    memcpy(gen->gi_iframe, f, offsetof(pl_frame, localsplus) + (size_t)co->co_nlocalsplus * sizeof(PyObject *));
    Py_INCREF(f->f_func);
    Py_INCREF(f->f_code);
    f->f_locals = NULL;
    f->stacktop = 0;
    return start(gen);
}

/* A call of a function that makes a generator, with as many arguments as it has parameters: where the code in front of
 * RETURN_GENERATOR does nothing or fetches the cells of the closure, no frame needs to be pushed for it. */
PyObject *
pl_new_generator(PyObject *function, PyObject **args, int64_t n, PyThreadState *ts)
{
    PyFunctionObject *func = (PyFunctionObject *)function;
    PyCodeObject *co = (PyCodeObject *)func->func_code;
    int at = co->co_nfreevars != 0;       /* RETURN_GENERATOR, behind COPY_FREE_VARS */
    if (co->co_ncellvars != 0 || pl_opcode(co, at) != RETURN_GENERATOR || ts->recursion_remaining <= 0 ||
        tracks_origin(co, ts)) {
        return pl_call_stealing(function, args, n);
    }
    PyGenObject *gen = allocate(func, co);
    if (gen == NULL) {
        for (int64_t i = 0; i < n; i++) {
            Py_DECREF(args[i]);
        }
        return NULL;
    }
    pl_frame *f = (pl_frame *)gen->gi_iframe;
    _PyFrame_InitializeSpecials(f, (PyFunctionObject *)Py_NewRef(func), NULL, co->co_nlocalsplus);
    f->is_entry = true;
    f->prev_instr = _PyCode_CODE(co) + at;
    int first_free = co->co_nlocalsplus - co->co_nfreevars;
    for (int i = 0; i < first_free; i++) {
        f->localsplus[i] = i < n ? args[i] : NULL;
    }
    for (int i = 0; i < co->co_nfreevars; i++) {
        f->localsplus[first_free + i] = Py_NewRef(PyTuple_GET_ITEM(func->func_closure, i));
    }
    return start(gen);
}

/* What a generator raises instead of an exception that would look as if it had been exhausted. */
static void
replace_stop(PyGenObject *gen)
{
    bool async = PyAsyncGen_CheckExact(gen);
    if (PyErr_ExceptionMatches(PyExc_StopIteration)) {
        _PyErr_FormatFromCause(PyExc_RuntimeError, "%s raised StopIteration",
                               PyCoro_CheckExact(gen) ? "coroutine" : async ? "async generator" : "generator");
    }
    else if (async && PyErr_ExceptionMatches(PyExc_StopAsyncIteration)) {
        _PyErr_FormatFromCause(PyExc_RuntimeError, "async generator raised StopAsyncIteration");
    }
}

/* The frame of a generator has ended with `result`, or with an exception; the generator has been taken off the stacks of
 * frames and of exceptions. */
static void
finish(PyGenObject *gen, PyObject *result, PyThreadState *ts)
{
    gen->gi_frame_state = FRAME_COMPLETED;
    if (result == NULL) {
        replace_stop(gen);
    }
    Py_CLEAR(gen->gi_exc_state.exc_value);
    gen->gi_frame_state = FRAME_CLEARED;
    pl_frame_end(ts, (pl_frame *)gen->gi_iframe);
}

pl_item
pl_generator_returned(PyObject *generator, PyObject *result, PyThreadState *ts)
{
    finish((PyGenObject *)generator, result, ts);
    return (pl_item){result, 1};
}

pl_item
pl_generator_exhausted(PyObject *generator, PyObject *result, PyThreadState *ts)
{
    finish((PyGenObject *)generator, result, ts);
    if (result != NULL && result != Py_None && ts->c_tracefunc != NULL) {
        _PyGen_SetStopIterationValue(result);       /* as for those who look: a loop drops it */
        pl_clear_stop(ts);
    }
    Py_XDECREF(result);
    return (pl_item){NULL, result == NULL};
}

/* ---- resuming from C --------------------------------------------------------------------------------------------------- */

/* Whether machine code of `pc` can resume a generator, and where. */
static inline const uint8_t *
native_entry(const PyGenObject *gen, const pl_code *pc, PyObject *value, PyThreadState *ts)
{
    const pl_frame *f = (const pl_frame *)gen->gi_iframe;
    if (pc == NULL || pc->unit == NULL || gen->gi_frame_state >= FRAME_EXECUTING ||
        (gen->gi_frame_state == FRAME_CREATED && value != Py_None) || !pl_may_enter(ts)) {
        return NULL;
    }
    return pl_code_fits(pc, f) ? pl_resume_entry(pc, f) : NULL;
}

/* Does what gen_send_ex2 of CPython does up to where the frame has come back: in the running activation, without the hook. */
static PyObject *
resume(PyGenObject *gen, PyObject *value, const uint8_t *entry, pl_ctx *ctx, PyThreadState *ts)
{
    pl_frame *f = (pl_frame *)gen->gi_iframe;
    f->localsplus[f->stacktop] = Py_NewRef(value);
    f->stacktop = -1;
    f->is_entry = true;
    f->previous = ctx->cframe.current_frame;
    ctx->cframe.current_frame = f;
    gen->gi_exc_state.previous_item = ts->exc_info;
    ts->exc_info = &gen->gi_exc_state;
    gen->gi_frame_state = FRAME_EXECUTING;
    PyObject *result = pl_asm_enter(ts, f, entry, ctx);
    ts->exc_info = gen->gi_exc_state.previous_item;
    gen->gi_exc_state.previous_item = NULL;
    f->previous = NULL;
    return result;
}

/* ---- throwing in ------------------------------------------------------------------------------------------------------- */

/* The entry of a handler for exceptions from outside, or NULL. */
static const uint8_t *
thrown_entry(const pl_unit *unit, int bci)
{
    for (uint32_t i = unit->n_places; i-- > 0 && unit->places[i].kind == PL_ENTRY_THROWN;) {
        if (unit->places[i].bci == (uint32_t)bci) {
            return unit->entry + unit->places[i].offset;
        }
    }
    return NULL;
}

/* Without a handler the generator ends, for which no evaluator is needed.  With one it goes on there in machine code. */
bool
pl_throw_into(PyThreadState *ts, pl_frame *f, pl_code *pc, PyObject **result)
{
    pl_handler h;
    int64_t at = pl_running(f);
    if ((pl_blocks & PL_BLOCK_OUT) || pl_is_tracing(ts) || ts->recursion_remaining <= 0) {
        return false;
    }
    const uint8_t *entry = NULL;
    if (pl_find_handler(f->f_code, at, &h)) {
        pl_unit *unit = pc != NULL && pl_code_fits(pc, f) ? pc->unit : NULL;
        if (unit == NULL) {
            return false;
        }
        entry = thrown_entry(unit, h.target);
        if (entry == NULL) {
            pl_miss_entry(unit, f->f_code, h.target);
            return false;
        }
        unit->entries++;
    }
    pl_raise raise = {.depth = f->stacktop - f->f_code->co_nlocalsplus, .at = at, .lookup = at, .adds_entry = true};
    pl_link(ts, f);
    ts->recursion_remaining--;
    f->stacktop = -1;
    if (!pl_unwind(ts, f, raise)) {
        pl_counters.ended_by_throw++;
        *result = NULL;
    }
    else if ((pl_blocks & PL_BLOCK_OUT) || pl_is_tracing(ts)) {      /* a finalizer has switched it on */
        *result = pl_run_stock(ts, f, 0);
    }
    else {
        pl_counters.thrown_in++;
        *result = pl_enter(ts, f, entry);
    }
    return true;
}

/* Where a delegation has ended in an exception with a value (its receiver has caught what was thrown in), CPython resumes
 * behind the SEND, at its jump target; else behind a yield. */
void
pl_miss_resume(pl_code *pc, const pl_frame *f)
{
    if (f->owner != FRAME_OWNED_BY_GENERATOR) {
        return;
    }
    int64_t at = pl_running(f);
    if (pl_opcode(f->f_code, at) == JUMP_BACKWARD_NO_INTERRUPT) {
        pl_miss_entry(pc->unit, f->f_code, at + 1);
    }
    else {
        pl_miss_yield(pc->unit, f->f_code, at + 1);
    }
}

/* ---- iterating from C --------------------------------------------------------------------------------------------------- */

static iternextfunc stock_iternext;       /* of generators, while ours is in its place */

/* Resumes a generator that may have machine code for it, without the way through gen_send_ex2 and the hook. */
static __attribute__((noinline)) PyObject *
next_by_unit(PyGenObject *gen, const pl_code *pc)
{
    PyThreadState *ts = pl_thread_state();
    const uint8_t *entry = !(pl_blocks & PL_BLOCK_OUT) ? native_entry(gen, pc, Py_None, ts) : NULL;
    if (entry == NULL) {
        return stock_iternext((PyObject *)gen);
    }
    pc->unit->entries++;
    _PyCFrame *outer = ts->cframe;
    pl_ctx ctx;
    pl_cframe_start(&ctx.cframe, outer);
    ctx.cframe.previous = outer;
    ctx.cframe.current_frame = outer->current_frame;
    ctx.stack_limit = pl_stack_limit(ts);
    ctx.breaker = pl_breaker(ts);
    ts->cframe = &ctx.cframe;
    PyObject *result = resume(gen, Py_None, entry, &ctx, ts);
    ts->cframe = outer;
    pl_cframe_end(&ctx.cframe, outer);
    if (gen->gi_frame_state == FRAME_SUSPENDED) {
        return result;
    }
    finish(gen, result, ts);
    if (result != NULL && result != Py_None) {
        _PyGen_SetStopIterationValue(result);
    }
    Py_XDECREF(result);
    return NULL;
}

/* tp_iternext of generators while the hook is installed: what sum, list and zip call for each item.  It leaves everything but
 * machine code to CPython's function. */
static PyObject *
next_of_generator(PyObject *generator)
{
    PyGenObject *gen = (PyGenObject *)generator;
    const pl_code *pc = pl_code_get(gen->gi_code);
    return pc != NULL && pc->unit != NULL ? next_by_unit(gen, pc) : stock_iternext(generator);
}

/* ---- dying -------------------------------------------------------------------------------------------------------------- */

static destructor stock_finalize;            /* of generators, while ours is in its place */

/* Whether a suspended generator waits for another one, which would be closed first. */
static bool
delegates(const PyGenObject *gen, const pl_frame *f)
{
    enum { RESUMED_YIELD = 1 };
    int64_t next = pl_running(f) + 1;
    return gen->gi_frame_state == FRAME_SUSPENDED &&
           (pl_opcode(f->f_code, next) != RESUME || _Py_OPARG(_PyCode_CODE(f->f_code)[next]) != RESUMED_YIELD);
}

/* tp_finalize of generators while the hook is installed.  CPython throws GeneratorExit into one that dies before its end, as
 * the generator expression of any(...) does.  In code without handlers nobody sees that exception: it empties the stack,
 * leaves the frame, and is dropped.  So it is not made. */
static void
finalize_generator(PyObject *generator)
{
    PyThreadState *ts = pl_thread_state();
    PyGenObject *gen = (PyGenObject *)generator;
    pl_frame *f = (pl_frame *)gen->gi_iframe;
    if ((gen->gi_frame_state != FRAME_CREATED && gen->gi_frame_state != FRAME_SUSPENDED) || (pl_blocks & PL_BLOCK_OUT) ||
        pl_is_tracing(ts) || ts->recursion_remaining <= 0 || f->frame_obj != NULL ||
        PyBytes_GET_SIZE(f->f_code->co_exceptiontable) != 0 || delegates(gen, f)) {
        stock_finalize(generator);
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    gen->gi_frame_state = FRAME_EXECUTING;
    pl_link(ts, f);               /* finalizers find it running */
    ts->recursion_remaining--;
    while (f->stacktop > f->f_code->co_nlocalsplus) {
        PyObject *top = f->localsplus[--f->stacktop];
        Py_XDECREF(top);
    }
    ts->recursion_remaining++;
    ts->cframe->current_frame = f->previous;
    f->previous = NULL;
    finish(gen, Py_None, ts);
    PyErr_Restore(type, value, traceback);
    pl_counters.ended_by_throw++;
}

void
pl_generators_hook(bool install)
{
    PL_SLOT_HOOK(PyGen_Type.tp_iternext, next_of_generator, stock_iternext, install);
    PL_SLOT_HOOK(PyGen_Type.tp_finalize, finalize_generator, stock_finalize, install);
}

/* CPython's own; their definitions are in no header. */
typedef struct pl_wrapped_value {
    PyObject_HEAD
    PyObject *value;
} pl_wrapped_value;

enum { ASEND_NEW, ASEND_RUNNING, ASEND_CLOSED };

typedef struct pl_asend {             /* what __anext__ and asend return */
    PyObject_HEAD
    PyAsyncGenObject *generator;
    PyObject *value;                  /* to be sent, NULL for None */
    int state;
} pl_asend;

/* Awaits the next item of an async generator.  Between CPython's own functions the item travels as the value of a
 * StopIteration that is raised and caught again; here it does not. */
static bool
send_to_asend(pl_asend *step, PyObject *value, pl_ctx *ctx, PyThreadState *ts, pl_item *item)
{
    PyAsyncGenObject *async = step->generator;
    PyGenObject *gen = (PyGenObject *)async;
    if (step->state == ASEND_CLOSED || (step->state == ASEND_NEW && async->ag_running_async)) {
        return false;
    }
    if (step->state == ASEND_NEW && value == Py_None && step->value != NULL) {
        value = step->value;
    }
    const uint8_t *entry = native_entry(gen, pl_code_get(gen->gi_code), value, ts);
    if (entry == NULL) {
        return false;
    }
    step->state = ASEND_RUNNING;
    async->ag_running_async = 1;
    PyObject *result = resume(gen, value, entry, ctx, ts);
    if (gen->gi_frame_state == FRAME_SUSPENDED && !Py_IS_TYPE(result, &_PyAsyncGenWrappedValue_Type)) {
        *item = (pl_item){result, 0};                /* it awaits something itself */
        return true;
    }
    if (gen->gi_frame_state == FRAME_SUSPENDED) {
        *item = (pl_item){Py_NewRef(((pl_wrapped_value *)result)->value), 1};
        Py_DECREF(result);
    }
    else {
        finish(gen, result, ts);
        if (result != NULL) {
            Py_DECREF(result);
            PyErr_SetNone(PyExc_StopAsyncIteration);
        }
        if (result != NULL || PyErr_ExceptionMatches(PyExc_GeneratorExit)) {
            async->ag_closed = 1;
        }
        *item = (pl_item){NULL, 0};
    }
    async->ag_running_async = 0;
    step->state = ASEND_CLOSED;
    return true;
}

pl_item
pl_send(PyObject *receiver, PyObject *value, pl_ctx *ctx, PyThreadState *ts)
{
    pl_item item;
    if (Py_IS_TYPE(receiver, &_PyAsyncGenASend_Type) && send_to_asend((pl_asend *)receiver, value, ctx, ts, &item)) {
        return item;
    }
    PyObject *result;
    PySendResult status = PyIter_Send(receiver, value, &result);
    return (pl_item){result, status == PYGEN_RETURN};
}

bool
pl_generator_layouts(void)
{
    return _PyAsyncGenWrappedValue_Type.tp_basicsize == sizeof(pl_wrapped_value) &&
           _PyAsyncGenASend_Type.tp_basicsize == sizeof(pl_asend);
}

/* ---- delegation -------------------------------------------------------------------------------------------------------- */

PyObject *
pl_yield_from_iter(PyObject *iterable, int64_t kind, pl_ctx *ctx, PyThreadState *ts)
{
    enum { COROUTINES_TOO = -2 };
    if (PyGen_CheckExact(iterable) || (PyCoro_CheckExact(iterable) && kind == COROUTINES_TOO)) {
        return iterable;
    }
    PyObject *iterator = NULL;
    if (PyCoro_CheckExact(iterable)) {
        PyErr_SetString(PyExc_TypeError, "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    else {
        iterator = pl_iter(iterable, ctx, ts);
    }
    Py_DECREF(iterable);
    return iterator;
}

static bool
is_coroutine(PyObject *o)
{
    return PyCoro_CheckExact(o) ||
           (PyGen_CheckExact(o) && (((PyGenObject *)o)->gi_code->co_flags & CO_ITERABLE_COROUTINE) != 0);
}

/* The iterator behind __await__. */
static PyObject *
awaitable_iter(PyObject *o)
{
    if (is_coroutine(o)) {
        return Py_NewRef(o);
    }
    PyTypeObject *type = Py_TYPE(o);
    unaryfunc await = type->tp_as_async != NULL ? type->tp_as_async->am_await : NULL;
    if (await == NULL) {
        PyErr_Format(PyExc_TypeError, "object %.100s can't be used in 'await' expression", type->tp_name);
        return NULL;
    }
    PyObject *iterator = await(o);
    if (iterator != NULL && is_coroutine(iterator)) {
        PyErr_SetString(PyExc_TypeError, "__await__() returned a coroutine");
        Py_CLEAR(iterator);
    }
    else if (iterator != NULL && !PyIter_Check(iterator)) {
        PyErr_Format(PyExc_TypeError, "__await__() returned non-iterator of type '%.100s'", Py_TYPE(iterator)->tp_name);
        Py_CLEAR(iterator);
    }
    return iterator;
}

/* Whether a coroutine is suspended in an await: the next instruction then is a RESUME of that kind. */
static bool
awaits(PyGenObject *coroutine)
{
    enum { FIRST_DELEGATING = 2 };
    pl_frame *f = (pl_frame *)coroutine->gi_iframe;
    if (coroutine->gi_frame_state >= FRAME_CLEARED || coroutine->gi_frame_state == FRAME_CREATED) {
        return false;
    }
    int64_t next = pl_running(f) + 1;
    return pl_opcode(f->f_code, next) == RESUME && pl_oparg(f->f_code, next) >= FIRST_DELEGATING;
}

PyObject *
pl_awaitable(PyObject *o, int64_t where)
{
    static const char *const methods[] = {NULL, "__aenter__", "__aexit__"};
    PyTypeObject *type = Py_TYPE(o);
    PyObject *iterator = awaitable_iter(o);
    if (iterator == NULL && (where == 1 || where == 2) && (type->tp_as_async == NULL || type->tp_as_async->am_await == NULL)) {
        PyErr_Format(PyExc_TypeError, "'async with' received an object from %s that does not implement __await__: %.100s",
                     methods[where], type->tp_name);
    }
    Py_DECREF(o);
    if (iterator != NULL && PyCoro_CheckExact(iterator) && awaits((PyGenObject *)iterator)) {
        Py_CLEAR(iterator);
        PyErr_SetString(PyExc_RuntimeError, "coroutine is being awaited already");
    }
    return iterator;
}

/* ---- asynchronous iteration ---------------------------------------------------------------------------------------------- */

PyObject *
pl_aiter(PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type->tp_as_async == NULL || type->tp_as_async->am_aiter == NULL) {
        PyErr_Format(PyExc_TypeError, "'async for' requires an object with __aiter__ method, got %.100s", type->tp_name);
        return NULL;
    }
    PyObject *iterator = type->tp_as_async->am_aiter(o);
    if (iterator != NULL && (Py_TYPE(iterator)->tp_as_async == NULL || Py_TYPE(iterator)->tp_as_async->am_anext == NULL)) {
        PyErr_Format(PyExc_TypeError,
                     "'async for' received an object from __aiter__ that does not implement __anext__: %.100s",
                     Py_TYPE(iterator)->tp_name);
        Py_CLEAR(iterator);
    }
    return iterator;
}

PyObject *
pl_anext(PyObject *iterator)
{
    PyTypeObject *type = Py_TYPE(iterator);
    if (type->tp_as_async == NULL || type->tp_as_async->am_anext == NULL) {
        PyErr_Format(PyExc_TypeError, "'async for' requires an iterator with __anext__ method, got %.100s", type->tp_name);
        return NULL;
    }
    PyObject *next = type->tp_as_async->am_anext(iterator);
    if (next == NULL || PyAsyncGen_CheckExact(iterator)) {
        return next;
    }
    PyObject *awaitable = awaitable_iter(next);
    if (awaitable == NULL) {
        _PyErr_FormatFromCause(PyExc_TypeError, "'async for' received an invalid object from __anext__: %.100s",
                               Py_TYPE(next)->tp_name);
    }
    Py_DECREF(next);
    return awaitable;
}

/* What an async generator yields goes to its awaiter in a wrapper, from the interpreter's free list of them. */
PyObject *
pl_async_gen_wrap(PyObject *value)
{
    struct _Py_async_gen_state *pool = &PyInterpreterState_Get()->async_gen;
    pl_wrapped_value *wrapped;
    if (pool->value_numfree > 0) {
        wrapped = (pl_wrapped_value *)pool->value_freelist[--pool->value_numfree];
        _Py_NewReference((PyObject *)wrapped);
    }
    else {
        wrapped = PyObject_GC_New(pl_wrapped_value, &_PyAsyncGenWrappedValue_Type);
        if (wrapped == NULL) {
            return NULL;
        }
    }
    wrapped->value = Py_NewRef(value);
    PyObject_GC_Track(wrapped);
    return (PyObject *)wrapped;
}
