/* Keeps the stock evaluator from running Python functions without asking the hook.
 *
 * With a frame evaluation function set, CPython 3.11 makes every Python call through it, with one exception in early micro
 * releases: BINARY_SUBSCR_GETITEM, the specialised form of `container[index]`, runs a __getitem__ written in Python inside the
 * caller's evaluator.  A patched back-edge (osr.c) would make such a frame return from the middle of its loop.
 *
 * The specialised form holds a 16-bit function version, and its specialiser gives up for good when versions have outgrown
 * that.  So the remaining small versions are used up, which takes some milliseconds, once, when the first function that
 * could be a __getitem__ is to be patched.  Functions that have a small version already lose it: zero matches no cache.
 * What stays behind is that `container[index]` is not inlined any more, as in later micro releases while a hook is set.
 */
#include "shim.h"

/* ---- using up versions ---------------------------------------------------------------------------------------------- */

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

static bool
use_up_versions(PyThreadState *ts, PyObject *namespace)
{
    PyFunctionObject *probe = (PyFunctionObject *)PyDict_GetItemString(namespace, "probe");
    PyFunctionObject *getitem = (PyFunctionObject *)PyDict_GetItemString(namespace, "getitem");
    PyObject *box = PyDict_GetItemString(namespace, "box");
    PyCodeObject *co = (PyCodeObject *)probe->func_code;
    int64_t bci = 0;
    while (pl_opcode(co, bci) != BINARY_SUBSCR) {
        bci += 1 + pl_caches(pl_opcode(co, bci));
    }
    for (uint32_t i = 0; i <= UINT16_MAX; i++) {
        getitem->func_version = 0;
        if (!run_probe(ts, probe, box, bci)) {
            return false;
        }
        if (getitem->func_version == 0 || getitem->func_version > UINT16_MAX) {
            return true;              /* zero: this interpreter does not specialise it at all */
        }
    }
    return false;
}

/* ---- what is there already ---------------------------------------------------------------------------------------------- */

/* Whether functions with this code fit the specialised form. */
bool
pl_fits_getitem(PyCodeObject *co)
{
    return pl_inlines_getitem() && co->co_argcount == 2 && co->co_kwonlyargcount == 0 && (co->co_flags & CO_OPTIMIZED) != 0 &&
           (co->co_flags & (CO_VARARGS | CO_VARKEYWORDS)) == 0;
}

static bool
forget_versions(void)
{
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *objects = gc == NULL ? NULL : PyObject_CallMethod(gc, "get_objects", NULL);
    Py_XDECREF(gc);
    if (objects == NULL) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
        PyObject *o = PyList_GET_ITEM(objects, i);
        if (PyFunction_Check(o) && pl_fits_getitem((PyCodeObject *)((PyFunctionObject *)o)->func_code)) {
            ((PyFunctionObject *)o)->func_version = 0;
        }
    }
    Py_DECREF(objects);
    return true;
}

static bool
stop_inlining(PyThreadState *ts)
{
    bool done = false;
    PyObject *namespace = Py_BuildValue("{s:O}", "__builtins__", PyEval_GetBuiltins());
    PyObject *defined = namespace == NULL ? NULL : PyRun_String(probe_source, Py_file_input, namespace, namespace);
    if (defined != NULL) {
        done = use_up_versions(ts, namespace) && forget_versions();
        if (done) {
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
        state = stop_inlining(PyThreadState_Get()) ? STOPPED : FAILED;
    }
    return state == STOPPED;
}
