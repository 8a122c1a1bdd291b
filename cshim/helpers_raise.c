/* The raise statement, and what handlers do. */
#include "abi.h"


/* What calling a class without arguments does, without what a call of anything else needs. */
static PyObject *
instantiate(PyThreadState *ts, PyTypeObject *type)
{
    static PyObject *no_arguments;
    if (no_arguments == NULL && (no_arguments = PyTuple_New(0)) == NULL) {
        return NULL;
    }
    if (Py_TYPE(type) != &PyType_Type || type->tp_new == NULL || ts->recursion_remaining <= 1) {
        return PyObject_CallNoArgs((PyObject *)type);
    }
    ts->recursion_remaining--;
    PyObject *value = type->tp_new(type, no_arguments, NULL);
    if (value != NULL && PyObject_TypeCheck(value, type) && Py_TYPE(value)->tp_init != NULL &&
        Py_TYPE(value)->tp_init(value, no_arguments, NULL) < 0) {
        Py_CLEAR(value);
    }
    ts->recursion_remaining++;
    return value;
}

/* Sets an exception, which is consumed.  While another one is handled it gets that for its context. */
static void
set_exception(PyThreadState *ts, PyObject *value)
{
    if (!pl_is_handling(ts) && ts->curexc_type == NULL) {
        PyObject *traceback = ((PyBaseExceptionObject *)value)->traceback;
        if (traceback == Py_None) {
            traceback = NULL;         /* with_traceback(None) leaves that, and a chain of entries ends with NULL */
        }
        pl_set_exception(ts, Py_NewRef(Py_TYPE(value)), value, Py_XNewRef(traceback));
        return;
    }
    PyErr_SetObject((PyObject *)Py_TYPE(value), value);
    Py_DECREF(value);
}

/* An exception that a raise statement names: a class is called, an instance is taken as it is.  New reference, or NULL with
 * the TypeError of stock. */
static PyObject *
instance_of(PyThreadState *ts, PyObject *named, const char *otherwise)
{
    if (PyExceptionInstance_Check(named)) {
        return Py_NewRef(named);
    }
    if (!PyExceptionClass_Check(named)) {
        PyErr_SetString(PyExc_TypeError, otherwise);
        return NULL;
    }
    return instantiate(ts, (PyTypeObject *)named);
}

static int
raise_again(void)
{
    PyObject *handled = PyErr_GetHandledException();
    if (handled == NULL || handled == Py_None) {
        Py_XDECREF(handled);
        PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
        return -1;
    }
    PyErr_Restore(Py_NewRef(Py_TYPE(handled)), handled, PyException_GetTraceback(handled));
    return -1;
}

int
pl_do_raise(PyObject *exception, PyObject *cause)
{
    if (exception == NULL) {
        return raise_again();
    }
    PyThreadState *ts = PyThreadState_Get();
    PyObject *value = instance_of(ts, exception, "exceptions must derive from BaseException");
    if (value == NULL) {
        return -1;
    }
    if (!PyExceptionInstance_Check(value)) {
        PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", exception,
                     Py_TYPE(value));
        Py_DECREF(value);
        return -1;
    }
    if (cause != NULL) {
        PyObject *fixed = NULL;
        if (cause != Py_None) {
            fixed = instance_of(ts, cause, "exception causes must derive from BaseException");
            if (fixed == NULL) {
                Py_DECREF(value);
                return -1;
            }
        }
        PyException_SetCause(value, fixed);     /* steals; NULL says that there is none */
    }
    set_exception(ts, value);
    return -1;
}

/* RERAISE: the exception is set again as it is. */
int
pl_reraise(PyObject *exception)
{
    PyErr_Restore(Py_NewRef(Py_TYPE(exception)), Py_NewRef(exception), PyException_GetTraceback(exception));
    return -1;
}

/* Whether an except clause names classes of exceptions only; the TypeError of stock otherwise. */
static bool
names_exceptions(PyObject *named)
{
    bool good = PyTuple_Check(named) || PyExceptionClass_Check(named);
    for (Py_ssize_t i = 0; good && PyTuple_Check(named) && i < PyTuple_GET_SIZE(named); i++) {
        good = PyExceptionClass_Check(PyTuple_GET_ITEM(named, i));
    }
    if (!good) {
        PyErr_SetString(PyExc_TypeError, "catching classes that do not inherit from BaseException is not allowed");
    }
    return good;
}

int
pl_exc_match(PyObject *exception, PyObject *named)
{
    if ((PyObject *)Py_TYPE(exception) == named) {
        return 1;
    }
    return names_exceptions(named) ? PyErr_GivenExceptionMatches(exception, named) : -1;
}

/* The same for except*, which may name no class of groups: 1 when it does, -1 with an exception. */
static int
names_groups(PyObject *named)
{
    if (!PyTuple_Check(named)) {
        return PyObject_IsSubclass(named, PyExc_BaseExceptionGroup);
    }
    int group = 0;
    for (Py_ssize_t i = 0; group == 0 && i < PyTuple_GET_SIZE(named); i++) {
        group = PyObject_IsSubclass(PyTuple_GET_ITEM(named, i), PyExc_BaseExceptionGroup);
    }
    return group;
}

/* The part of an exception that an except* clause names, in a group of its own if it is none, and what is left; both are
 * None when nothing is named. */
static pl_pair
split(PyObject *exception, PyObject *named)
{
    if (exception != Py_None) {
        bool group = PyObject_TypeCheck(exception, (PyTypeObject *)PyExc_BaseExceptionGroup);
        if (PyErr_GivenExceptionMatches(exception, named)) {
            PyObject *match = group ? Py_NewRef(exception)
                                    : PyObject_CallFunction(PyExc_BaseExceptionGroup, "s(O)", "", exception);
            return (pl_pair){match, match != NULL ? Py_NewRef(Py_None) : NULL};
        }
        if (group) {
            PyObject *pair = PyObject_CallMethod(exception, "split", "(O)", named);
            if (pair == NULL) {
                return (pl_pair){NULL, NULL};
            }
            pl_pair parts = {Py_NewRef(PyTuple_GET_ITEM(pair, 0)), Py_NewRef(PyTuple_GET_ITEM(pair, 1))};
            Py_DECREF(pair);
            return parts;
        }
    }
    return (pl_pair){Py_NewRef(Py_None), Py_NewRef(Py_None)};
}

/* CHECK_EG_MATCH: the match, which becomes the exception being handled, and the rest; or None and the exception itself. */
pl_pair
pl_eg_match(PyObject *exception, PyObject *named)
{
    const pl_pair failed = {NULL, NULL};
    if (!names_exceptions(named)) {
        return failed;
    }
    int groups = names_groups(named);
    if (groups > 0) {
        PyErr_SetString(PyExc_TypeError, "catching ExceptionGroup with except* is not allowed. Use except instead.");
    }
    if (groups != 0) {
        return failed;
    }
    pl_pair parts = split(exception, named);
    if (parts.first == NULL) {
        return failed;
    }
    if (parts.first == Py_None) {
        Py_DECREF(parts.second);
        return (pl_pair){parts.first, Py_NewRef(exception)};
    }
    PyErr_SetHandledException(parts.first);
    return parts;
}
