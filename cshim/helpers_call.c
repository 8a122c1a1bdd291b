/* Runtime helpers of machine code, part 2: calls, functions, context managers. */
#include "abi.h"

#include "internal/pycore_ceval.h"

/* The public header renames this function for extensions that mean its predecessor; the one that takes a string object is
 * exported under the name itself. */
#undef _PyObject_LookupSpecial
extern PyObject *_PyObject_LookupSpecial(PyObject *object, PyObject *name);

/* ---- CALL ----------------------------------------------------------------------------------------------------------- */

/* The stock evaluator looks at the eval breaker behind each call: a signal that arrived during one is handled before the next
 * instruction. */
PyObject *
pl_poll_called(PyObject *result, PyThreadState *ts)
{
    if (result != NULL && pl_poll(ts) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

static PyObject *
called(PyObject *result, PyThreadState *ts)
{
    return _Py_atomic_load_relaxed(&ts->interp->ceval.eval_breaker) ? pl_poll_called(result, ts) : result;
}

/* PyVectorcall_Function in line. */
static inline bool
has_vectorcall(PyObject *callable)
{
    const PyTypeObject *type = Py_TYPE(callable);
    return (type->tp_flags & Py_TPFLAGS_HAVE_VECTORCALL) != 0 &&
           *(vectorcallfunc *)((char *)callable + type->tp_vectorcall_offset) != NULL;
}

/* Calls anything.  stack is [method|NULL, callable|self, arguments...] with n arguments, keyword values included; all are taken over,
 * so that an argument that the callee rebinds dies then.  A bound method is taken apart in place, and its function gets the
 * arguments without a copy. */
PyObject *
pl_call(PyObject **stack, int64_t n, PyObject *kwnames, pl_ctx *ctx, PyThreadState *ts)
{
    if (stack[0] == NULL && Py_IS_TYPE(stack[1], &PyMethod_Type)) {
        PyObject *bound = stack[1];
        stack[0] = Py_NewRef(PyMethod_GET_FUNCTION(bound));
        stack[1] = Py_NewRef(PyMethod_GET_SELF(bound));
        Py_DECREF(bound);
    }
    bool with_self = stack[0] != NULL;
    PyObject *callable = stack[!with_self], **args = stack + 1 + !with_self, *result;
    int64_t all = n + with_self, positional = all - (kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames));
    bool moved = Py_IS_TYPE(callable, &PyFunction_Type) &&
                 pl_enter_arguments(ts, ctx, callable, args, positional, kwnames, NULL, &result);
    if (!moved && (has_vectorcall(callable) ||
                   !pl_enter_callable(ts, ctx, callable, args, positional, kwnames, NULL, &result))) {
        result = PyObject_Vectorcall(callable, args, (size_t)positional | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
    }
    Py_DECREF(callable);
    if (!moved) {
        pl_drop_all(args, all);
    }
    return called(result, ts);
}

int
pl_check_recursion(PyThreadState *ts)
{
    return _Py_CheckRecursiveCall(ts, " while calling a Python object");
}

/* ---- CALL_FUNCTION_EX ------------------------------------------------------------------------------------------------ */

/* TypeError "f() <problem>", with the function named as CPython names it. */
static void
argument_error(PyObject *callable, const char *problem, PyObject *culprit)
{
    PyObject *function = _PyObject_FunctionStr(callable);
    if (function != NULL) {
        PyErr_Format(PyExc_TypeError, problem, function, Py_TYPE(culprit)->tp_name);
        Py_DECREF(function);
    }
}

/* Merging keyword arguments failed: what the dictionary code says becomes what a call says.  An exception that already is
 * an instance (raised while another one is being handled) stays as it is; so it does in the stock evaluator. */
static void
keyword_error(PyObject *callable, PyObject *kwargs)
{
    if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        argument_error(callable, "%U argument after ** must be a mapping, not %.200s", kwargs);
        return;
    }
    if (!PyErr_ExceptionMatches(PyExc_KeyError)) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (value == NULL || !PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 1) {
        PyErr_Restore(type, value, traceback);
        return;
    }
    PyObject *function = _PyObject_FunctionStr(callable);
    if (function != NULL) {
        PyErr_Format(PyExc_TypeError, "%U got multiple values for keyword argument '%S'", function,
                     PyTuple_GET_ITEM(value, 0));
        Py_DECREF(function);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

int
pl_dict_merge(PyObject *dict, PyObject *update, PyObject *callable)
{
    const int refuse_duplicates = 2;
    int status = _PyDict_MergeEx(dict, update, refuse_duplicates);
    if (status < 0) {
        keyword_error(callable, update);
    }
    return status;
}

/* The positional arguments of f(*args) as an exact tuple. */
static PyObject *
argument_tuple(PyObject *callable, PyObject *args)
{
    if (PyTuple_CheckExact(args)) {
        return Py_NewRef(args);
    }
    if (Py_TYPE(args)->tp_iter == NULL && !PySequence_Check(args)) {
        PyErr_Clear();
        argument_error(callable, "%U argument after * must be an iterable, not %.200s", args);
        return NULL;
    }
    return PySequence_Tuple(args);
}

/* Calls what runs a Python function with the arguments spread out, when it can be entered so.  CPython keeps them until the
 * call returns. */
static bool
enter_spread(PyObject *callable, PyObject *positional, PyObject *keywords, pl_ctx *ctx, PyThreadState *ts, PyObject **result)
{
    enum { MOST = 32 };
    Py_ssize_t n = PyTuple_GET_SIZE(positional), n_names = keywords != NULL ? PyDict_GET_SIZE(keywords) : 0;
    PyObject *args[2 * MOST + 1], *kwnames = NULL, *self = NULL, *name, *value;
    if (n > MOST || n_names > MOST || (n_names > 0 && (kwnames = PyTuple_New(n_names)) == NULL)) {
        PyErr_Clear();
        return false;
    }
    if (Py_IS_TYPE(callable, &PyMethod_Type)) {
        self = PyMethod_GET_SELF(callable);
        callable = PyMethod_GET_FUNCTION(callable);
    }
    int64_t all = 0;
    if (self != NULL) {
        args[all++] = self;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        args[all++] = PyTuple_GET_ITEM(positional, i);
    }
    int64_t n_positional = all;
    for (Py_ssize_t position = 0; n_names > 0 && PyDict_Next(keywords, &position, &name, &value);) {
        PyTuple_SET_ITEM(kwnames, all - n_positional, Py_NewRef(name));
        args[all++] = value;
    }
    for (int64_t i = 0; i < all; i++) {
        Py_INCREF(args[i]);
    }
    Py_INCREF(callable);
    bool moved = pl_enter_arguments(ts, ctx, callable, args, n_positional, kwnames, keywords, result);
    bool entered = moved || pl_enter_callable(ts, ctx, callable, args, n_positional, kwnames, keywords, result);
    Py_DECREF(callable);
    if (!moved) {
        pl_drop_all(args, all);
    }
    Py_XDECREF(kwnames);
    return entered;
}

PyObject *
pl_call_ex(PyObject *callable, PyObject *args, PyObject *kwargs, pl_ctx *ctx, PyThreadState *ts)
{
    PyObject *keywords = NULL;
    if (kwargs != NULL && PyDict_CheckExact(kwargs)) {
        keywords = Py_NewRef(kwargs);
    }
    else if (kwargs != NULL) {
        keywords = PyDict_New();
        if (keywords == NULL || pl_dict_merge(keywords, kwargs, callable) < 0) {
            Py_XDECREF(keywords);
            return NULL;
        }
    }
    PyObject *result = NULL;
    PyObject *positional = argument_tuple(callable, args);
    if (positional != NULL) {
        if (!enter_spread(callable, positional, keywords, ctx, ts, &result)) {
            result = PyObject_Call(callable, positional, keywords);
        }
        result = called(result, ts);
        Py_DECREF(positional);
    }
    Py_XDECREF(keywords);
    return result;
}

/* ---- with ------------------------------------------------------------------------------------------------------------- */

/* A special method found on the type, or the TypeError of an object that is no context manager. */
static PyObject *
manager_method(PyObject *manager, PyObject *name, const char *missing)
{
    PyObject *method = _PyObject_LookupSpecial(manager, name);
    if (method == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, missing, Py_TYPE(manager)->tp_name);
    }
    return method;
}

/* __enter__ of a manager, as a function that takes the manager where binding it would make no difference. */
static PyObject *
call_enter(PyObject *manager, PyObject *enter, bool bound, pl_ctx *ctx, PyThreadState *ts)
{
    PyObject *result, *arguments[2] = {NULL, manager};
    if (bound) {
        return PyObject_CallNoArgs(enter);
    }
    Py_INCREF(manager);           /* the bound method would have it, too */
    Py_INCREF(manager);
    if (!pl_enter_function(ts, ctx, enter, arguments + 1, 1, &result)) {
        Py_DECREF(manager);
        result = PyObject_Vectorcall(enter, arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    }
    Py_DECREF(manager);
    return result;
}

/* What opens a context: its end, and the result of its beginning. */
static pl_pair
open_context(PyObject *manager, PyObject *enter_name, const char *no_enter, PyObject *exit_name, const char *no_exit,
             pl_ctx *ctx, PyThreadState *ts)
{
    const pl_pair failed = {NULL, NULL};
    PyObject *enter = _PyType_Lookup(Py_TYPE(manager), enter_name);
    bool bound = enter == NULL || !_PyType_HasFeature(Py_TYPE(enter), Py_TPFLAGS_METHOD_DESCRIPTOR);
    if (bound) {
        enter = manager_method(manager, enter_name, no_enter);
        if (enter == NULL) {
            return failed;
        }
    }
    else {
        Py_INCREF(enter);
    }
    PyObject *exit = manager_method(manager, exit_name, no_exit);
    PyObject *entered = exit == NULL ? NULL : call_enter(manager, enter, bound, ctx, ts);
    Py_DECREF(enter);
    if (entered == NULL) {
        Py_XDECREF(exit);
        return failed;
    }
    return (pl_pair){exit, entered};
}

pl_pair
pl_before_with(PyObject *manager, pl_ctx *ctx, PyThreadState *ts)
{
    return open_context(
        manager, &_Py_ID(__enter__), "'%.200s' object does not support the context manager protocol", &_Py_ID(__exit__),
        "'%.200s' object does not support the context manager protocol (missed __exit__ method)", ctx, ts);
}

pl_pair
pl_before_async_with(PyObject *manager, pl_ctx *ctx, PyThreadState *ts)
{
    return open_context(
        manager, &_Py_ID(__aenter__), "'%.200s' object does not support the asynchronous context manager protocol",
        &_Py_ID(__aexit__),
        "'%.200s' object does not support the asynchronous context manager protocol (missed __aexit__ method)", ctx, ts);
}

PyObject *
pl_with_except_start(PyObject *exit, PyObject *exception, pl_ctx *ctx, PyThreadState *ts)
{
    PyObject *traceback = PyException_GetTraceback(exception), *result;
    PyObject *arguments[5] = {
        NULL, NULL, (PyObject *)Py_TYPE(exception), exception, traceback != NULL ? traceback : Py_None,
    };
    bool entered = false;
    if (Py_IS_TYPE(exit, &PyMethod_Type)) {
        arguments[1] = PyMethod_GET_SELF(exit);
        for (int i = 1; i < 5; i++) {
            Py_INCREF(arguments[i]);
        }
        entered = pl_enter_function(ts, ctx, PyMethod_GET_FUNCTION(exit), arguments + 1, 4, &result);
        for (int i = 1; !entered && i < 5; i++) {
            Py_DECREF(arguments[i]);
        }
    }
    if (!entered) {
        result = PyObject_Vectorcall(exit, arguments + 2, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    }
    Py_XDECREF(traceback);
    return result;
}

/* The positional arguments of a frame that is not made: those of the parameters, then the items of `rest` (or NULL). */
static PyObject *
positional_of(PyObject *const *args, int64_t n, PyObject *rest)
{
    int64_t more = rest != NULL ? PyTuple_GET_SIZE(rest) : 0;
    PyObject *tuple = PyTuple_New(n + more);
    for (int64_t i = 0; tuple != NULL && i < n + more; i++) {
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(i < n ? args[i] : PyTuple_GET_ITEM(rest, i - n)));
    }
    return tuple;
}

/* Its keyword arguments: those of the keyword-only parameters, then the items of `rest` (or NULL). */
static PyObject *
keywords_of(const PyCodeObject *co, PyObject *const *args, PyObject *rest)
{
    PyObject *dict = rest != NULL ? PyDict_Copy(rest) : PyDict_New();
    for (int64_t i = co->co_argcount; dict != NULL && i < co->co_argcount + co->co_kwonlyargcount; i++) {
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(co->co_localsplusnames, i), args[i]) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

/* The general way of a direct call whose frame found no room: the arguments, one for each parameter, are consumed as the frame
 * would have. */
PyObject *
pl_call_stealing(PyObject *function, PyObject **args, int64_t n)
{
    const PyCodeObject *co = (const PyCodeObject *)((PyFunctionObject *)function)->func_code;
    int64_t next = co->co_argcount + co->co_kwonlyargcount;
    PyObject *rest = co->co_flags & CO_VARARGS ? args[next++] : NULL, *more = co->co_flags & CO_VARKEYWORDS ? args[next] : NULL;
    PyObject *result = NULL;
    if (n == co->co_argcount) {
        result = PyObject_Vectorcall(function, args, (size_t)n, NULL);
    }
    else {
        PyObject *positional = positional_of(args, co->co_argcount, rest);
        PyObject *keywords = positional != NULL ? keywords_of(co, args, more) : NULL;
        result = keywords != NULL ? PyObject_Call(function, positional, keywords) : NULL;
        Py_XDECREF(positional);
        Py_XDECREF(keywords);
    }
    for (int64_t i = 0; i < n; i++) {
        Py_DECREF(args[i]);
    }
    return result;
}

/* What calling a class does before __init__, for a class of which pl_python_init knows the __init__. */
PyObject *
pl_new_instance(PyObject *type)
{
    static PyObject *no_arguments;
    if (no_arguments == NULL && (no_arguments = PyTuple_New(0)) == NULL) {
        return NULL;
    }
    return PyBaseObject_Type.tp_new((PyTypeObject *)type, no_arguments, NULL);
}

void
pl_init_returned(PyObject *value)
{
    PyErr_Format(PyExc_TypeError, "__init__() should return None, not '%.200s'", Py_TYPE(value)->tp_name);
}
