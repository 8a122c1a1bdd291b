/* Exceptions: finding the handler of a frame, and getting the frame ready for it.
 *
 * It is done as the stock evaluator does it: a traceback entry is added, the operand stack is cut down to what the exception
 * table says, the index of the instruction goes on it if the handler wants to know, and the exception itself on top.
 */
#include "shim.h"

/* Exception table numbers: six bits a byte, most significant first, bit 6 announces another byte. */
static const uint8_t *
read_varint(const uint8_t *p, int *number)
{
    int n = *p & 63;
    while (*p++ & 64) {
        n = n << 6 | (*p & 63);
    }
    *number = n;
    return p;
}

const uint8_t *
pl_handler_read(const uint8_t *p, pl_handler *h)
{
    int bits;
    p = read_varint(p, &h->start);
    p = read_varint(p, &h->length);
    p = read_varint(p, &h->target);
    p = read_varint(p, &bits);
    h->depth = bits >> 1;
    h->push_lasti = bits & 1;
    return p;
}

bool
pl_find_handler(PyCodeObject *co, int64_t at, pl_handler *h)
{
    const uint8_t *p = (const uint8_t *)PyBytes_AS_STRING(co->co_exceptiontable);
    const uint8_t *end = p + PyBytes_GET_SIZE(co->co_exceptiontable);
    while (p < end) {
        p = pl_handler_read(p, h);
        if (h->start > at) {
            break;                /* entries are sorted */
        }
        if (at < h->start + h->length) {
            return true;
        }
    }
    return false;
}

/* Reports an event to a trace or profile function, the pending exception put aside.  As in the stock evaluator an exception
 * of the trace function replaces the pending one. */
static void
report_event(PyThreadState *ts, pl_frame *f, Py_tracefunc function, PyObject *object, int what)
{
    if (function == NULL || ts->tracing || _PyFrame_IsIncomplete(f)) {
        return;
    }
    PyObject *type, *value, *traceback, *argument = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyFrameObject *frame = PyThreadState_GetFrame(ts);
    if (what == PyTrace_EXCEPTION) {
        PyErr_NormalizeException(&type, &value, &traceback);
        argument = PyTuple_Pack(3, type, value != NULL ? value : Py_None, traceback != NULL ? traceback : Py_None);
    }
    int status = -1;
    if (frame != NULL && (argument != NULL || what != PyTrace_EXCEPTION)) {
        int outer_what = ts->tracing_what;
        PyThreadState_EnterTracing(ts);
        ts->tracing_what = what;
        status = function(object, frame, what, argument);
        PyThreadState_LeaveTracing(ts);
        ts->tracing_what = outer_what;
    }
    Py_XDECREF(argument);
    Py_XDECREF(frame);
    if (status == 0 || !PyErr_Occurred()) {
        PyErr_Restore(type, value, traceback);
    }
    else {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
}

void
pl_clear_stop(PyThreadState *ts)
{
    report_event(ts, ts->cframe->current_frame, ts->c_tracefunc, ts->c_traceobj, PyTrace_EXCEPTION);
    PyErr_Clear();
}

/* The frame is left with an exception. */
static void
report_end(PyThreadState *ts, pl_frame *f)
{
    if (pl_is_tracing(ts)) {
        report_event(ts, f, ts->c_tracefunc, ts->c_traceobj, PyTrace_RETURN);
        report_event(ts, f, ts->c_profilefunc, ts->c_profileobj, PyTrace_RETURN);
    }
}

static void
pop_operands(pl_frame *f, int from, int to)
{
    PyObject **stack = f->localsplus + f->f_code->co_nlocalsplus;
    while (from > to) {
        Py_XDECREF(stack[--from]);
    }
}

bool
pl_dispatch(PyThreadState *ts, pl_frame *f, pl_raise *raise, pl_handler *h)
{
    PyCodeObject *co = f->f_code;
    PyObject **stack = f->localsplus + co->co_nlocalsplus;
    pl_set_running(f, raise->at);
    if (raise->adds_entry && !_PyFrame_IsIncomplete(f)) {
        PyFrameObject *object = pl_frame_object(ts);
        if (object != NULL) {
            PyTraceBack_Here(object);
            Py_DECREF(object);
        }
        if (pl_is_tracing(ts)) {
            report_event(ts, f, ts->c_tracefunc, ts->c_traceobj, PyTrace_EXCEPTION);
        }
    }
    bool found;
    while ((found = pl_find_handler(co, raise->lookup, h))) {
        pop_operands(f, raise->depth, h->depth);
        raise->depth = h->depth;
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (h->push_lasti) {
            PyObject *lasti = pl_sure_int(pl_running(f));
            if (lasti == NULL) {
                Py_XDECREF(type);
                Py_XDECREF(value);
                Py_XDECREF(traceback);
                continue;         /* the MemoryError is the exception to be handled now */
            }
            stack[raise->depth++] = lasti;
        }
        PyErr_NormalizeException(&type, &value, &traceback);
        PyException_SetTraceback(value, traceback != NULL ? traceback : Py_None);
        Py_XDECREF(traceback);
        Py_XDECREF(type);
        stack[raise->depth++] = value;
        break;
    }
    if (!found) {
        pop_operands(f, raise->depth, 0);
        raise->depth = 0;
        report_end(ts, f);
    }
    return found;
}

void
pl_give_up(PyThreadState *ts, pl_frame *f, int depth)
{
    f->stacktop = f->f_code->co_nlocalsplus + depth;
    pl_unlink(ts, f);
    ts->recursion_remaining++;
}

bool
pl_unwind(PyThreadState *ts, pl_frame *f, pl_raise raise)
{
    pl_handler h;
    bool found = pl_dispatch(ts, f, &raise, &h);
    if (found) {
        pl_set_next(f, h.target);
    }
    pl_give_up(ts, f, raise.depth);
    return found;
}

bool
pl_is_handling(PyThreadState *ts)
{
    const _PyErr_StackItem *item = ts->exc_info;
    while ((item->exc_value == NULL || item->exc_value == Py_None) && item->previous_item != NULL) {
        item = item->previous_item;
    }
    return item->exc_value != NULL && item->exc_value != Py_None;
}

/* The instruction that a RERAISE blames: the one whose index lies `below` entries deep, `bci` itself when there is none. */
static int64_t
blamed(pl_frame *f, int depth, int below, int64_t bci)
{
    PyObject *lasti = below > 0 && below <= depth ? f->localsplus[f->f_code->co_nlocalsplus + depth - below] : NULL;
    return lasti != NULL && PyLong_CheckExact(lasti) ? PyLong_AsLong(lasti) : bci;
}

pl_raise
pl_describe_raise(PyThreadState *ts, pl_frame *f, int depth, int64_t bci)
{
    pl_raise raise = {.depth = depth, .at = bci, .lookup = bci, .adds_entry = true};
    int oparg = pl_oparg(f->f_code, bci);
    switch (pl_opcode(f->f_code, bci)) {
    case END_ASYNC_FOR:
        raise.adds_entry = false;
        break;
    case RERAISE:
        raise.adds_entry = false;
        raise.at = blamed(f, depth, oparg, bci);
        break;
    case RAISE_VARARGS:
        if (oparg == 0) {
            raise.adds_entry = !pl_is_handling(ts);
        }
        break;
    }
    return raise;
}

/* ---- the short way ------------------------------------------------------------------------------------------------- */

void
pl_catch_resolve(pl_catch *c, const pl_unit *unit, int64_t bci)
{
    PyCodeObject *co = unit->code;
    pl_handler h;
    c->state = PL_CATCH_GENERAL;
    c->adds_entry = bci >= co->_co_firsttraceable;
    switch (pl_opcode(co, bci)) {
    case RAISE_VARARGS:
        if (pl_oparg(co, bci) == 0) {
            return;               /* what it does to the traceback depends on what it finds */
        }
        break;
    case RERAISE:
        c->blames = (uint8_t)pl_oparg(co, bci);
        c->adds_entry = false;
        break;
    case END_ASYNC_FOR:
        c->adds_entry = false;
        break;
    }
    if (pl_find_handler(co, bci, &h)) {
        c->entry = unit->at != NULL ? unit->at[h.target] : NULL;
        if (c->entry == NULL) {
            return;
        }
        c->target = (uint32_t)h.target;
        c->depth = (uint16_t)h.depth;
        c->push_lasti = h.push_lasti;
    }
    c->line = PyCode_Addr2Line(co, (int)(bci * (int64_t)sizeof(_Py_CODEUNIT)));
    c->state = PL_CATCH_SHORT;
}

/* A traceback entry in front of `next`, which is consumed.  On failure it is as if there were none. */
static PyObject *
add_entry(PyThreadState *ts, pl_frame *f, PyObject *next, int64_t at, int line)
{
    PyFrameObject *object = f->frame_obj;
    if (object != NULL) {
        Py_INCREF(object);
    }
    else if ((object = PyThreadState_GetFrame(ts)) == NULL) {
        return next;
    }
    PyTracebackObject *entry = PyObject_GC_New(PyTracebackObject, &PyTraceBack_Type);
    if (entry == NULL) {
        PyErr_Clear();
        Py_DECREF(object);
        return next;
    }
    entry->tb_next = (PyTracebackObject *)next;
    entry->tb_frame = object;
    entry->tb_lasti = (int)(at * (int64_t)sizeof(_Py_CODEUNIT));
    entry->tb_lineno = line;
    PyObject_GC_Track(entry);
    return (PyObject *)entry;
}

/* Makes `value` the instance that handlers see, with its traceback; type and traceback are consumed.  A class of another
 * metaclass may have a __subclasscheck__, which stock runs here, and whose exception is handled instead. */
static PyObject *
complete(PyObject *type, PyObject *value, PyObject *traceback)
{
    if (value == NULL || (PyObject *)Py_TYPE(value) != type || !PyType_CheckExact(type)) {
        PyErr_NormalizeException(&type, &value, &traceback);
    }
    PyBaseExceptionObject *exception = (PyBaseExceptionObject *)value;
    PyObject *old = exception->traceback;
    exception->traceback = traceback;
    Py_XDECREF(old);
    Py_DECREF(type);
    return value;
}

pl_caught
pl_catch_short(PyThreadState *ts, pl_frame *f, const pl_catch *c, int depth, int64_t bci, PyObject *type, PyObject *value,
               PyObject *traceback)
{
    PyObject **stack = f->localsplus + f->f_code->co_nlocalsplus;
    int64_t at = blamed(f, depth, c->blames, bci);
    pl_set_running(f, at);
    if (c->adds_entry) {
        traceback = add_entry(ts, f, traceback, at, c->line);
    }
    pop_operands(f, depth, c->depth);
    depth = c->depth;
    if (c->entry == NULL) {
        pl_set_exception(ts, type, value, traceback);
        report_end(ts, f);
        pl_give_up(ts, f, 0);
        return PL_UNCAUGHT;
    }
    if (c->push_lasti) {
        PyObject *lasti = pl_sure_int(at);
        if (lasti == NULL) {
            Py_DECREF(type);
            Py_XDECREF(value);
            Py_XDECREF(traceback);
            return PL_AGAIN;      /* the MemoryError is the exception to be handled now */
        }
        stack[depth++] = lasti;
    }
    stack[depth++] = complete(type, value, traceback);
    if (pl_is_tracing(ts)) {      /* a finalizer has switched it on */
        pl_set_next(f, c->target);
        pl_give_up(ts, f, depth);
        return PL_CAUGHT_LATE;
    }
    return PL_CAUGHT;
}
