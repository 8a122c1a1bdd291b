/* Leaving machine code: exit records are interpreted here, frames rebuilt from them, exceptions dispatched.
 *
 * An exit happens in three steps, in an order that no finalizer can disturb:
 *   1. every value is read from where the record says it is, boxed or counted, before anything is written;
 *   2. frames that inlining had elided are pushed, and the values stored into localsplus;
 *   3. what the stores replaced and what the machine frame still owned is released.
 * Steps 1 and 2 run no Python code; from step 3 on the frame looks as the stock evaluator would have left it.
 *
 * AT_LOCAL always means the memory of the physical frame as it was at the exit, for values of elided frames, too: those have
 * no memory of their own before step 2.  An OWNED value at AT_LOCAL is moved out of its slot.
 */
#include "abi.h"

#include <stdlib.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef struct exit_state {
    PyThreadState *ts;
    pl_frame *physical;
    const pl_regs *regs;
    pl_unit *unit;
    bool no_memory;               /* a value could not be boxed; its slot stays NULL and MemoryError is set */
} exit_state;

static inline uint64_t
read_bits(const exit_state *x, const pl_value *v)
{
    uint64_t bits = 0;
    switch ((enum pl_where)v->where) {
    case PL_AT_NULL:
        break;
    case PL_AT_GPR:
        bits = x->regs->gpr[v->payload];
        break;
    case PL_AT_XMM:
        memcpy(&bits, &x->regs->xmm[v->payload], sizeof(bits));
        break;
    case PL_AT_SPILL:
        bits = ((const uint64_t *)x->regs->gpr[4])[v->payload];
        break;
    case PL_AT_CONST:
        bits = x->unit->consts[v->payload];
        break;
    case PL_AT_LOCAL:
        bits = (uint64_t)x->physical->localsplus[v->payload];
        break;
    }
    return bits;
}

static inline PyObject *
read_value(exit_state *x, const pl_value *v)
{
    uint64_t bits = read_bits(x, v);
    PyObject *o = NULL;
    switch ((enum pl_rep)v->rep) {
    case PL_REP_OWNED:
        return (PyObject *)bits;
    case PL_REP_BORROWED:
        return Py_XNewRef((PyObject *)bits);
    case PL_REP_BOOL:
        return Py_NewRef((bits & 1) ? Py_True : Py_False);
    case PL_REP_INT:
        o = pl_sure_int((int64_t)bits);
        break;
    case PL_REP_FLOAT: {
        double d;
        memcpy(&d, &bits, sizeof(d));
        o = pl_sure_float(d);
        break;
    }
    }
    x->no_memory |= o == NULL;
    return o;
}

static void
read_values(exit_state *x, uint32_t first, uint32_t n, PyObject **into)
{
    for (uint32_t i = 0; i < n; i++) {
        into[i] = read_value(x, &x->unit->values[first + i]);
    }
}

/* What was moved out of the physical frame's memory is not there any more. */
static void
forget_moved(exit_state *x, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const pl_value *v = &x->unit->values[first + i];
        if (v->where == PL_AT_LOCAL && v->rep == PL_REP_OWNED) {
            x->physical->localsplus[v->payload] = NULL;
        }
    }
}

/* Stores the values of one frame.  values[i] comes back as what its slot held before, for release. */
static void
store_values(exit_state *x, pl_frame *f, const pl_exit_frame *xf, PyObject **values)
{
    int n_locals = f->f_code->co_nlocalsplus;
    memset(&f->localsplus[n_locals], 0, xf->depth * sizeof(PyObject *));
    for (uint32_t i = 0; i < xf->n_values; i++) {
        uint32_t slot = x->unit->values[xf->first_value + i].slot;
        PyObject *old = (int)slot < n_locals ? f->localsplus[slot] : NULL;
        f->localsplus[slot] = values[i];
        values[i] = old;
    }
}

static void
drop_values(PyObject **values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (values[i] != NULL && pl_was_last(values[i])) {
            pl_dealloc(values[i]);
        }
    }
}

/* ---- deopt history ------------------------------------------------------------------------------------------------- */

/* Counts one more failure at a place; how many there have been. */
static uint32_t
note_site(PyCodeObject *co, uint32_t bci, uint16_t reason)
{
    pl_code *pc = pl_code_get(co);
    if (pc == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < pc->n_sites; i++) {
        if (pc->sites[i].bci == bci && pc->sites[i].reason == reason) {
            return ++pc->sites[i].count;
        }
    }
    pl_site *sites = PyMem_RawRealloc(pc->sites, (pc->n_sites + 1) * sizeof(pl_site));
    if (sites != NULL) {          /* without memory the site is forgotten: it is advice only */
        sites[pc->n_sites++] = (pl_site){.bci = bci, .reason = reason, .count = 1};
        pc->sites = sites;
    }
    return 1;
}

void
pl_miss_entry(pl_unit *unit, PyCodeObject *co, int64_t bci)
{
    uint32_t times = note_site(co, (uint32_t)bci, pl_reason_exception());
    pl_note_handler(pl_code_get(unit->code), unit, times);
}

void
pl_miss_yield(pl_unit *unit, PyCodeObject *co, int64_t bci)
{
    uint32_t times = note_site(co, (uint32_t)bci, pl_reason_never_ran());
    pl_note_yield(pl_code_get(unit->code), unit, times);
}

/* ---- exits ---------------------------------------------------------------------------------------------------------- */

/* Where an outer frame stands while its CALL runs an inlined callee: at the last cache entry, as in the stock evaluator. */
static int64_t
call_end(pl_frame *f, uint32_t bci)
{
    return bci + pl_caches(pl_opcode(f->f_code, bci));
}

/* Pushes the frame of an inlined callee; NULL without memory. */
static pl_frame *
push_elided(exit_state *x, const pl_exit_frame *xf)
{
    PyFunctionObject *func = (PyFunctionObject *)x->unit->consts[xf->func];
    pl_frame *f = pl_frame_push(x->ts, (PyFunctionObject *)Py_NewRef(func));
    if (f != NULL && (xf->bci >= Py_SIZE(f->f_code) || xf->depth > f->f_code->co_stacksize)) {
        Py_FatalError("BUG: an exit record that does not fit the function it names");
    }
    return f;
}

/* Links the frame that an elided one was called from and the elided one, which now runs. */
static void
link_elided(PyThreadState *ts, pl_frame *outer, uint32_t call, pl_frame *f, bool init)
{
    pl_set_running(outer, call_end(outer, call));
    outer->stacktop = -1;
    pl_link(ts, f);
    ts->recursion_remaining -= 1 + init;      /* the call of a class is a level of its own */
}

/* Reads the values of all frames of an exit, one frame behind the other, and says how many those are. */
static uint32_t
read_frames(exit_state *x, const pl_exit_frame *xframes, uint32_t n, PyObject **values)
{
    uint32_t at = 0;
    for (uint32_t k = 0; k < n; at += xframes[k++].n_values) {
        read_values(x, xframes[k].first_value, xframes[k].n_values, values + at);
    }
    return at;
}

/* Pushes the frames that were elided, outermost first, stores what read_frames read, and links them.  The result is the number
 * of the innermost frame that exists: not 0, with MemoryError set, when the memory ended; the values of the frames that did
 * not come to be stay where they are. */
static uint32_t
build_frames(exit_state *x, const pl_exit_frame *xframes, uint32_t n, pl_frame **frames, PyObject **values)
{
    uint32_t inner = n - 1, at = 0;
    frames[inner] = x->physical;
    while (inner > 0 && (frames[inner - 1] = push_elided(x, &xframes[inner - 1])) != NULL) {
        inner--;
    }
    for (uint32_t k = 0; k < n; at += xframes[k++].n_values) {
        if (k >= inner) {
            store_values(x, frames[k], &xframes[k], values + at);
        }
    }
    for (uint32_t k = n - 1; k > inner; k--) {
        link_elided(x->ts, frames[k], xframes[k].bci, frames[k - 1], xframes[k - 1].init);
    }
    return inner;
}

/* Lets finalizers see the frames as they would be in stock: stale locals are written, and while the references of the record
 * are dropped the elided frames exist, too.  Without memory for those they are not seen. */
static void
flush(exit_state *x, const pl_exit_rec *rec)
{
    PyThreadState *ts = x->ts;
    const pl_exit_frame *xframes = &x->unit->frames[rec->first_frame];
    uint32_t n = rec->n_frames, total = rec->n_release;
    for (uint32_t k = 0; k < n; k++) {
        total += xframes[k].n_values;
    }
    PyObject *values[total + 1], *dying[rec->n_release + 1], *type, *value, *traceback;
    read_values(x, rec->first_release, rec->n_release, dying);
    pl_frame *frames[n];
    PyErr_Fetch(&type, &value, &traceback);
    read_frames(x, xframes, n, values);
    if (x->no_memory) {
        /* The reserve is empty, too: finalizers have left machine code within finalizers. There is nobody to raise to, and going
         * on would let the locals go back in time. */
        Py_FatalError("out of memory while locals were written back");
    }
    uint32_t inner = build_frames(x, xframes, n, frames, values);
    PyErr_Clear();
    pl_set_running(frames[inner], xframes[inner].bci);
    frames[inner]->stacktop = -1;
    drop_values(values, total - rec->n_release);
    drop_values(dying, rec->n_release);
    for (uint32_t k = inner; k < n - 1; k++) {
        pl_unlink(ts, frames[k]);
        ts->recursion_remaining += 1 + xframes[k].init;
        frames[k]->stacktop = frames[k]->f_code->co_nlocalsplus;
        pl_frame_release(ts, frames[k]);
        pl_frame_discard(ts, frames[k]);
    }
    PyErr_Restore(type, value, traceback);
}

/* Runs a linked, charged frame to its end in the stock evaluator; `result` is what the callee it was waiting for returned. */
static PyObject *
run_on(PyThreadState *ts, pl_frame *f, int depth, PyObject *result, const uint8_t **resume)
{
    int top = f->f_code->co_nlocalsplus + depth;
    if (result != NULL) {
        f->localsplus[top++] = result;
    }
    f->stacktop = top;
    pl_unlink(ts, f);
    ts->recursion_remaining++;
    pl_counters.handovers++;
    return pl_run_stock_until(ts, f, 0, resume);
}

/* Goes on at the handler of the frame, if it has one. Where machine code may take the frame back, `resume` is not NULL: the
 * handler runs in `unit` when that has an entry there; *resume is the entry then, and the result PL_SAME_FRAME. */
static PyObject *
raise_in(PyThreadState *ts, pl_frame *f, pl_raise raise, pl_unit *unit, const uint8_t **resume)
{
    pl_handler h;
    if (!pl_dispatch(ts, f, &raise, &h)) {
        pl_give_up(ts, f, raise.depth);
        return NULL;
    }
    if (resume != NULL && !pl_is_tracing(ts)) {
        const uint8_t *entry = unit->at != NULL ? unit->at[h.target] : NULL;
        if (entry != NULL) {
            pl_counters.handled++;
            *resume = entry;
            return PL_SAME_FRAME;
        }
        pl_miss_entry(unit, f->f_code, h.target);
    }
    pl_set_next(f, h.target);
    pl_give_up(ts, f, raise.depth);
    return pl_run_stock_until(ts, f, 0, resume);
}

/* What the CALL of a class results in when the __init__ of the instance on top of the stack has returned `value`. */
static PyObject *
init_result(pl_frame *f, int depth, PyObject *value)
{
    PyObject **top = f->localsplus + f->f_code->co_nlocalsplus + depth - 1, *instance = *top;
    *top = NULL;
    if (value != Py_None) {
        pl_init_returned(value);
        Py_CLEAR(instance);
    }
    Py_DECREF(value);
    return instance;
}

static pl_exit_result
leave(exit_state *x, const pl_exit_rec *rec)
{
    PyThreadState *ts = x->ts;
    const pl_exit_frame *xframes = &x->unit->frames[rec->first_frame];
    uint32_t n = rec->n_frames, total = rec->n_release;
    for (uint32_t k = 0; k < n; k++) {
        total += xframes[k].n_values;
    }
    PyObject *values[total + 1], *type = NULL, *value = NULL, *traceback = NULL;
    pl_frame *frames[n];

    /* 1: read. */
    bool raising = rec->kind == PL_EXIT_RAISE;
    if (raising) {
        PyErr_Fetch(&type, &value, &traceback);
    }
    uint32_t at = read_frames(x, xframes, n, values);
    read_values(x, rec->first_release, rec->n_release, values + at);
    for (uint32_t k = 0; k < n; k++) {
        forget_moved(x, xframes[k].first_value, xframes[k].n_values);
    }
    forget_moved(x, rec->first_release, rec->n_release);

    /* 2: push, outermost first.  When the memory ends there, the frames that did not come to be are as if their call had
     * failed; their values are dropped with the rest. */
    uint32_t inner = build_frames(x, xframes, n, frames, values);
    x->no_memory |= inner > 0;
    pl_frame *f = frames[inner];
    uint32_t bci = xframes[inner].bci;
    int depth = (int)xframes[inner].depth;
    bool at_call = inner != 0;
    raising |= x->no_memory;
    if (at_call) {
        bci = (uint32_t)call_end(f, bci);
    }
    if (raising) {
        pl_set_running(f, bci);
    }
    else {
        pl_set_next(f, bci);
    }
    f->stacktop = -1;

    /* 3: release. */
    PyObject *late[3] = {NULL, NULL, NULL};
    if (x->no_memory) {
        late[0] = type, late[1] = value, late[2] = traceback;
        PyErr_Fetch(&type, &value, &traceback);
    }
    drop_values(values, total);
    drop_values(late, 3);
    if (raising) {
        PyErr_Restore(type, value, traceback);
        pl_counters.raises++;
    }
    else {
        pl_counters.deopts++;
        note_site(f->f_code, bci, rec->reason);
        if (n > 1) {
            note_site(x->physical->f_code, xframes[n - 1].bci, rec->reason);
        }
    }

    /* The innermost frame first, its result or exception into the next outer one, and so on.  Only the physical frame may be
     * given back to machine code by a jump: the others end here. */
    const uint8_t *resume = NULL;
    PyObject *result;
    if (raising) {
        pl_raise raise = {.depth = depth, .at = bci, .lookup = bci, .adds_entry = true};
        result = raise_in(ts, f, at_call ? raise : pl_describe_raise(ts, f, depth, bci), x->unit,
                          inner == n - 1 ? &resume : NULL);
    }
    else {
        result = run_on(ts, f, depth, NULL, inner == n - 1 ? &resume : NULL);
    }
    for (uint32_t k = inner + 1; k < n; k++) {
        pl_frame_release(ts, f);
        pl_frame_discard(ts, f);
        ts->recursion_remaining += xframes[k - 1].init;
        f = frames[k];
        depth = (int)xframes[k].depth;
        const uint8_t **tail = k == n - 1 ? &resume : NULL;
        if (result != NULL && xframes[k - 1].init) {
            result = init_result(f, depth, result);
            depth--;
        }
        if (result == NULL) {
            int64_t end = call_end(f, xframes[k].bci);
            pl_raise raise = {.depth = depth, .at = end, .lookup = end, .adds_entry = true};
            result = raise_in(ts, f, raise, x->unit, tail);
        }
        else {
            result = run_on(ts, f, depth, result, tail);
        }
    }
    if (resume == NULL && f->owner != FRAME_OWNED_BY_GENERATOR) {
        pl_frame_release(ts, f);
    }
    return (pl_exit_result){.value = result, .resume = resume};
}

/* The short way of an exception out of a frame that exists; false, with nothing done, when there is not the memory for it. */
static bool
leave_short(exit_state *x, const pl_exit_rec *rec, const pl_catch *c, pl_exit_result *out)
{
    PyThreadState *ts = x->ts;
    pl_frame *f = x->physical;
    pl_unit *unit = x->unit;
    const pl_exit_frame *xf = &unit->frames[rec->first_frame];
    const pl_value *v = &unit->values[xf->first_value], *released = &unit->values[rec->first_release];
    uint32_t n = xf->n_values, n_released = rec->n_release, n_locals = (uint32_t)f->f_code->co_nlocalsplus;
    PyObject *values[n + n_released + 1], *type, *value, *traceback;

    pl_take_exception(ts, &type, &value, &traceback);
    for (uint32_t i = 0; i < n; i++) {
        values[i] = read_value(x, &v[i]);
    }
    if (x->no_memory) {
        for (uint32_t i = 0; i < n; i++) {
            if (v[i].rep != PL_REP_OWNED) {
                Py_XDECREF(values[i]);
            }
        }
        PyErr_Clear();
        x->no_memory = false;
        pl_set_exception(ts, type, value, traceback);
        return false;
    }
    for (uint32_t i = 0; i < n_released; i++) {
        values[n + i] = read_value(x, &released[i]);
    }
    forget_moved(x, xf->first_value, n);
    forget_moved(x, rec->first_release, n_released);
    for (uint32_t i = 0; i < n; i++) {
        PyObject **slot = &f->localsplus[v[i].slot], *old = v[i].slot < n_locals ? *slot : NULL;
        *slot = values[i];
        values[i] = old;
    }
    pl_set_running(f, xf->bci);
    drop_values(values, n + n_released);
    pl_counters.raises++;
    switch (pl_catch_short(ts, f, c, (int)xf->depth, xf->bci, type, value, traceback)) {
    case PL_CAUGHT:
        pl_counters.handled++;
        *out = (pl_exit_result){.value = PL_SAME_FRAME, .resume = c->entry};
        return true;
    case PL_UNCAUGHT:
        *out = (pl_exit_result){.value = NULL, .resume = NULL};
        break;
    case PL_CAUGHT_LATE:
        out->resume = NULL;
        out->value = pl_run_stock_until(ts, f, 0, &out->resume);
        break;
    case PL_AGAIN: {
        pl_raise raise = {.depth = c->depth, .at = pl_running(f), .lookup = xf->bci, .adds_entry = false};
        out->resume = NULL;
        out->value = raise_in(ts, f, raise, unit, &out->resume);
        break;
    }
    }
    if (out->resume == NULL && f->owner != FRAME_OWNED_BY_GENERATOR) {
        pl_frame_release(ts, f);
    }
    return true;
}

/* What is known of a raise exit when the short way can be taken, or NULL. */
static const pl_catch *
short_way(PyThreadState *ts, pl_unit *unit, uint64_t id)
{
    const pl_exit_rec *rec = &unit->exits[id];
    if (rec->n_frames != 1 || pl_is_tracing(ts)) {
        return NULL;
    }
    if (unit->catches == NULL && (unit->catches = calloc(unit->n_exits, sizeof(*unit->catches))) == NULL) {
        return NULL;
    }
    pl_catch *c = &unit->catches[id];
    if (c->state == PL_CATCH_UNKNOWN) {
        pl_catch_resolve(c, unit, unit->frames[rec->first_frame].bci);
    }
    return c->state == PL_CATCH_SHORT ? c : NULL;
}

pl_exit_result
pl_exit(PyThreadState *ts, pl_frame *f, pl_regs *regs, pl_unit *unit, uint64_t id, pl_ctx *ctx)
{
    exit_state x = {.ts = ts, .physical = f, .regs = regs, .unit = unit, .no_memory = false};
    const pl_exit_rec *rec = &unit->exits[id];
    if (ts->cframe != &ctx->cframe || ctx->cframe.current_frame != f) {
        Py_FatalError("BUG: machine code leaves a frame that is not the running one");
    }
    unit->exit_counts[id]++;
    if (pl_reserve_used) {
        pl_reserve_fill();
    }
    if (rec->kind == PL_EXIT_RAISE) {
        if (ts->curexc_type == NULL) {       /* as the stock evaluator, for C code that loses what it raises where memory ends */
            PyErr_SetString(PyExc_SystemError, "error return without exception set");
        }
        const pl_catch *c = short_way(ts, unit, id);
        pl_exit_result result;
        if (c != NULL && leave_short(&x, rec, c, &result)) {
            return result;
        }
    }
    if (rec->kind == PL_EXIT_DEOPT) {
        pl_note_deopt(pl_code_get(unit->code), unit, id);
    }
    if (rec->kind == PL_EXIT_FLUSH) {
        flush(&x, rec);
        return (pl_exit_result){.value = NULL, .resume = NULL};
    }
    return leave(&x, rec);
}

/* ---- cold callees ---------------------------------------------------------------------------------------------------- */

/* Behind pl_stub_cold: a compiled call site has pushed and linked a frame whose code has no machine code, or
 * which another evaluator must see. */
PyObject *
pl_run_cold(PyThreadState *ts, pl_frame *f, pl_ctx *ctx)
{
    ctx->cframe.current_frame = f->previous;
    f->stacktop = f->f_code->co_nlocalsplus;
    _PyFrameEvalFunction evaluator = pl_hook;
    if (pl_blocks & PL_BLOCK_OUT) {
        evaluator = _PyInterpreterState_GetEvalFrameFunc(ts->interp);
    }
    PyObject *value = evaluator(ts, f, 0);
    pl_frame_release(ts, f);
    return value;
}
