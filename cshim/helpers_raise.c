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

/* Whether an exception is a part of the one that was caught, raised again as it was: the parts that splitting makes have its notes,
 * traceback and chain. */
static bool
is_part(PyObject *exception, PyObject *caught)
{
    PyBaseExceptionObject *a = (PyBaseExceptionObject *)exception, *b = (PyBaseExceptionObject *)caught;
    return a->notes == b->notes && a->traceback == b->traceback && a->cause == b->cause && a->context == b->context;
}

/* Adds the addresses of the exceptions in nested groups to a set; false with an exception. */
static bool
add_leaves(PyObject *exception, PyObject *leaves)
{
    if (!PyObject_TypeCheck(exception, (PyTypeObject *)PyExc_BaseExceptionGroup)) {
        PyObject *address = PyLong_FromVoidPtr(exception);
        bool good = address != NULL && PySet_Add(leaves, address) == 0;
        Py_XDECREF(address);
        return good;
    }
    if (Py_EnterRecursiveCall(" in collect_exception_group_leaf_ids")) {
        return false;
    }
    PyObject *parts = ((PyBaseExceptionGroupObject *)exception)->excs;
    bool good = true;
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(parts); i++) {
        good = add_leaves(PyTuple_GET_ITEM(parts, i), leaves);
    }
    Py_LeaveRecursiveCall();
    return good;
}

/* A group of some parts of another one, which says itself how it is made, with its traceback, chain and notes. */
static PyObject *
subset(PyObject *group, PyObject *parts)
{
    PyObject *derived = PyObject_CallMethod(group, "derive", "(O)", parts);
    if (derived != NULL && !PyObject_TypeCheck(derived, (PyTypeObject *)PyExc_BaseExceptionGroup)) {
        PyErr_SetString(PyExc_TypeError, "derive must return an instance of BaseExceptionGroup");
        Py_CLEAR(derived);
    }
    if (derived == NULL) {
        return NULL;
    }
    PyObject *traceback = PyException_GetTraceback(group), *notes = NULL;
    bool good = traceback == NULL || PyException_SetTraceback(derived, traceback) == 0;
    Py_XDECREF(traceback);
    if (good) {
        PyException_SetContext(derived, PyException_GetContext(group));
        PyException_SetCause(derived, PyException_GetCause(group));
        good = _PyObject_LookupAttr(group, &_Py_ID(__notes__), &notes) >= 0;
    }
    if (good && notes != NULL && PySequence_Check(notes)) {
        PyObject *copy = PySequence_List(notes);
        good = copy != NULL && PyObject_SetAttr(derived, &_Py_ID(__notes__), copy) == 0;
        Py_XDECREF(copy);
    }
    Py_XDECREF(notes);
    if (!good) {
        Py_CLEAR(derived);
    }
    return derived;
}

/* What of an exception is among the leaves, nested as it was; NULL without an exception when nothing is. */
static PyObject *
project(PyObject *exception, PyObject *leaves)
{
    if (!PyObject_TypeCheck(exception, (PyTypeObject *)PyExc_BaseExceptionGroup)) {
        PyObject *address = PyLong_FromVoidPtr(exception);
        int found = address != NULL ? PySet_Contains(leaves, address) : -1;
        Py_XDECREF(address);
        return found > 0 ? Py_NewRef(exception) : NULL;
    }
    PyObject *kept = PyList_New(0), *parts = ((PyBaseExceptionGroupObject *)exception)->excs, *result = NULL;
    bool good = kept != NULL;
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(parts); i++) {
        good = !Py_EnterRecursiveCall(" in exceptiongroup_split_recursive");
        if (good) {
            PyObject *part = project(PyTuple_GET_ITEM(parts, i), leaves);
            Py_LeaveRecursiveCall();
            good = part != NULL ? PyList_Append(kept, part) == 0 : !PyErr_Occurred();
            Py_XDECREF(part);
        }
    }
    if (good && PyList_GET_SIZE(kept) > 0) {
        result = subset(exception, kept);
    }
    Py_XDECREF(kept);
    return result;
}

/* What of a group is in the given parts of it; NULL without an exception when there are none. */
static PyObject *
parts_left(PyObject *group, PyObject *parts)
{
    PyObject *leaves = PySet_New(NULL), *result = NULL;
    bool good = leaves != NULL;
    for (Py_ssize_t i = 0; good && i < PyList_GET_SIZE(parts); i++) {
        good = add_leaves(PyList_GET_ITEM(parts, i), leaves);
    }
    if (good) {
        result = project(group, leaves);
    }
    Py_XDECREF(leaves);
    return result;
}

/* PREP_RERAISE_STAR, for which CPython has a function that is not exported: what goes on from a try statement with except*, or
 * None.  It is a group of what the clauses raised and, nested as it was, what they left or raised again. */
PyObject *
pl_reraise_star(PyObject *caught, PyObject *raised)
{
    Py_ssize_t n = PyList_GET_SIZE(raised);
    if (n == 0) {
        return Py_NewRef(Py_None);
    }
    if (!PyObject_TypeCheck(caught, (PyTypeObject *)PyExc_BaseExceptionGroup)) {
        return Py_NewRef(PyList_GET_ITEM(raised, 0));       /* no more than one clause can have handled it */
    }
    PyObject *new = PyList_New(0), *left = PyList_New(0), *rest = NULL, *result = NULL;
    bool good = new != NULL && left != NULL;
    for (Py_ssize_t i = 0; good && i < n; i++) {
        PyObject *exception = PyList_GET_ITEM(raised, i);
        good = exception == Py_None || PyList_Append(is_part(exception, caught) ? left : new, exception) == 0;
    }
    if (good) {
        rest = parts_left(caught, left);
        good = rest != NULL || !PyErr_Occurred();
    }
    if (good && PyList_GET_SIZE(new) == 0) {
        result = Py_NewRef(rest != NULL ? rest : Py_None);
    }
    else if (good && (rest == NULL || PyList_Append(new, rest) == 0)) {
        result = PyList_GET_SIZE(new) == 1 && !pl_wraps_one() ? Py_NewRef(PyList_GET_ITEM(new, 0))
                                                              : PyObject_CallFunction(PyExc_BaseExceptionGroup, "sO", "", new);
    }
    Py_XDECREF(rest);
    Py_XDECREF(new);
    Py_XDECREF(left);
    return result;
}
