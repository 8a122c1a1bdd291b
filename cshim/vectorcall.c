/* Python functions that are called from C: by the stock evaluator, whose own short cut is off while an evaluator is set, and by
 * everything else that calls (sorted's keys, methods of classes, callbacks).
 *
 * All of these call through the function object's `vectorcall`.  CPython's own handles every kind of parameter on one path, which
 * takes three times as long as stock's short cut.  So functions that the hook has seen a few times get this one, which copies the
 * arguments of the common kind (as many positional ones as there are parameters, or defaults for the last of them) into a frame
 * itself and leaves everything else to CPython's.  What runs then is what would have run: the frame goes to the hook.
 *
 * A function keeps it until pl_return_calls; with no hook, or another one, it passes calls on.  CPython 3.11 gives a version,
 * which its specialised instructions need, only to functions that have its own vectorcall: so each is given one first.
 */
#include "shim.h"

bool
pl_is_plain_function(const PyFunctionObject *function)
{
    return function->vectorcall == _PyFunction_Vectorcall || function->vectorcall == pl_vectorcall;
}

void
pl_take_calls(const pl_code *pc, PyFunctionObject *function)
{
    bool versioned = pc->parameters >= 0 && pl_function_version(function) != 0;     /* a new one, after a change of it */
    if (versioned && function->vectorcall == _PyFunction_Vectorcall) {
        function->vectorcall = pl_vectorcall;
        pl_counters.functions_taken++;
    }
}

void
pl_each_function(void (*visit)(PyFunctionObject *))
{
    for (int i = 0; i < PL_GC_LISTS; i++) {
        PyGC_Head *head = pl_gc_list(pl_thread_state()->interp, i);
        for (PyGC_Head *gc = _PyGCHead_NEXT(head); gc != head; gc = _PyGCHead_NEXT(gc)) {
            PyObject *object = pl_of_gc(gc);
            if (PyFunction_Check(object)) {
                visit((PyFunctionObject *)object);
            }
        }
    }
}

static void
return_calls(PyFunctionObject *function)
{
    if (function->vectorcall == pl_vectorcall) {
        function->vectorcall = _PyFunction_Vectorcall;
    }
}

/* Gives functions CPython's own way back.  One that is not found keeps ours, which passes calls on. */
void
pl_return_calls(void)
{
    pl_each_function(return_calls);
}

/* The frame has run: it is in the "returned" state, or still has its locals. */
static inline void
end(PyThreadState *ts, pl_frame *f)
{
    if (f->frame_obj != NULL) {
        pl_frame_release(ts, f);
    }
    else {                        /* most of what that does, in line */
        ts->recursion_remaining--;
        pl_frame_drop_locals(f);
        ts->recursion_remaining++;
    }
    pl_frame_discard(ts, f);
}

PyObject *
pl_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    PyThreadState *ts = pl_thread_state();
    PyFunctionObject *function = (PyFunctionObject *)callable;
    PyCodeObject *co = (PyCodeObject *)function->func_code;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    pl_code *pc = pl_code_get(co);
    PyObject **rest = NULL;
    bool simple = pc != NULL && kwnames == NULL && ts->interp->eval_frame == pl_hook &&
                  (n == pc->parameters || (rest = pl_defaults_from(function, n, pc->parameters)) != NULL);
    pl_frame *f = simple ? pl_frame_push_fast(ts, function, pc) : NULL;
    if (f == NULL) {
        return _PyFunction_Vectorcall(callable, args, nargsf, kwnames);
    }
    Py_INCREF(function);
    Py_ssize_t i = 0;
    for (; i < n; i++) {
        f->localsplus[i] = Py_NewRef(args[i]);
    }
    for (; i < pc->parameters; i++) {
        f->localsplus[i] = Py_NewRef(*rest++);
    }
    for (; i < pc->locals; i++) {
        f->localsplus[i] = NULL;
    }
    PyObject *value = pl_passes(pc) ? pl_run_passed(ts, f, pc) : pl_hook(ts, f, 0);
    end(ts, f);
    return value;
}
