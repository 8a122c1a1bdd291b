/* Function objects: making them, and freeing them.
 *
 * A comprehension, a generator expression and a lambda make a function wherever they are reached, which is mostly called once and
 * dies.  CPython looks two names up in the globals for each, and asks the allocator for memory.  Here what the names stood for is
 * remembered for as long as the globals stay what they were, and the memory comes from functions that have died (pools.c).
 */
#include "abi.h"

#include "internal/pycore_gc.h"

/* tp_dealloc of functions while the hook is installed: what CPython's does, in its order, but for the last step. */
void
pl_function_dealloc(PyObject *object)
{
    PyFunctionObject *f = (PyFunctionObject *)object;
    if (f->func_weakreflist != NULL) {
        pl_pool_pass_on(object, PL_POOL_FUNCTION);
        return;
    }
    _PyObject_GC_UNTRACK(f);
    Py_XDECREF(f->func_globals);          /* the collector has cleared all that may be NULL, if it broke a cycle here */
    Py_XDECREF(f->func_builtins);
    Py_XDECREF(f->func_module);
    Py_XDECREF(f->func_defaults);
    Py_XDECREF(f->func_kwdefaults);
    Py_XDECREF(f->func_doc);
    Py_XDECREF(f->func_dict);
    Py_XDECREF(f->func_closure);
    Py_XDECREF(f->func_annotations);
    Py_DECREF(f->func_code);
    Py_DECREF(f->func_name);
    Py_DECREF(f->func_qualname);
    pl_pool_give(object, PL_POOL_FUNCTION);
}

/* ---- MAKE_FUNCTION ------------------------------------------------------------------------------------------------------------ */

/* What a function takes from its globals.  No two dictionaries have the same version, nor one before and after a change; the
 * objects live as long as it has this one. */
static struct { uint64_t version; PyObject *builtins, *module; } known;

/* The namespace of the builtins for code with these globals, borrowed; NULL where CPython has to find it. */
static PyObject *
builtins_of(PyObject *globals)
{
    PyObject *found;
    if (pl_dict_find(globals, &_Py_ID(__builtins__), &found) != PL_FOUND) {
        return NULL;
    }
    return PyModule_Check(found) ? PyModule_GetDict(found) : PyDict_CheckExact(found) ? found : NULL;
}

/* Fills `known` for these globals; false where CPython has to find it. */
static bool
know(PyObject *globals)
{
    if (!PyDict_CheckExact(globals)) {
        return false;
    }
    uint64_t version = ((PyDictObject *)globals)->ma_version_tag;
    if (version == known.version) {
        return true;
    }
    PyObject *builtins = builtins_of(globals), *module = NULL;
    if (builtins == NULL || pl_dict_find(globals, &_Py_ID(__name__), &module) == PL_UNKNOWN) {
        return false;
    }
    known.version = version;
    known.builtins = builtins;
    known.module = module;
    return true;
}

/* PyFunction_New, which looks names up in the globals by calls, and what it takes from the code piece by piece. */
static PyFunctionObject *
new_function(PyCodeObject *co, PyObject *globals)
{
    if (!know(globals)) {
        return (PyFunctionObject *)PyFunction_New((PyObject *)co, globals);
    }
    PyObject *builtins = Py_NewRef(known.builtins), *module = Py_XNewRef(known.module);    /* before a collection changes them */
    PyFunctionObject *f = (PyFunctionObject *)pl_pool_take(PL_POOL_FUNCTION);
    if (f == NULL) {
        Py_XDECREF(module);
        Py_DECREF(builtins);
        return NULL;
    }
    PyObject *doc = PyTuple_GET_SIZE(co->co_consts) > 0 ? PyTuple_GET_ITEM(co->co_consts, 0) : Py_None;
    f->func_globals = Py_NewRef(globals);
    f->func_builtins = builtins;
    f->func_name = Py_NewRef(co->co_name);
    f->func_qualname = Py_NewRef(co->co_qualname);
    f->func_code = Py_NewRef(co);
    f->func_defaults = f->func_kwdefaults = f->func_closure = f->func_dict = f->func_weakreflist = f->func_annotations = NULL;
    f->func_doc = Py_NewRef(PyUnicode_Check(doc) ? doc : Py_None);
    f->func_module = module;
    f->vectorcall = _PyFunction_Vectorcall;
    f->func_version = 0;
    _PyObject_GC_TRACK(f);
    return f;
}

PyObject *
pl_make_function(PyObject *code, PyObject *globals, int64_t flags, PyObject **operands)
{
    PyFunctionObject *function = new_function((PyCodeObject *)code, globals);
    if (function == NULL) {
        return NULL;
    }
    /* In the order of their bits, which is the order in which the instruction finds them on the stack. */
    PyObject **fields[] = {
        &function->func_defaults, &function->func_kwdefaults, &function->func_annotations, &function->func_closure,
    };
    for (int bit = 0; bit < 4; bit++) {
        if (flags & (1 << bit)) {
            *fields[bit] = Py_NewRef(*operands++);
        }
    }
    return (PyObject *)function;
}
