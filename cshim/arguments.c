/* Entering a Python function from machine code: its frame is pushed and filled here and entered in the activation that is
 * running, without CPython's call machinery and the hook in between.
 *
 * Binding arguments to parameters has no errors here.  A call that does not fit the function (too many arguments, one missing,
 * an unknown name) is found out before anything is done, and left to CPython, which raises what is to be raised.
 */
#include "abi.h"

/* ---- which functions ------------------------------------------------------------------------------------------------- */

/* The per-code state of a function with machine code that may be entered now, or NULL. */
static inline pl_code *
enterable(PyThreadState *ts, PyObject *callable)
{
    if (!Py_IS_TYPE(callable, &PyFunction_Type) || !pl_may_enter(ts)) {
        return NULL;
    }
    PyCodeObject *co = (PyCodeObject *)((PyFunctionObject *)callable)->func_code;
    pl_code *pc = !pl_is_body(co) ? pl_code_get(co) : NULL;
    return pc != NULL && pc->unit != NULL ? pc : NULL;
}

static inline PyObject *
run(PyThreadState *ts, pl_ctx *ctx, pl_frame *f, const pl_code *pc)
{
    f->previous = ctx->cframe.current_frame;
    f->is_entry = true;
    f->stacktop = -1;
    ctx->cframe.current_frame = f;
    PyObject *result = pl_asm_enter(ts, f, pc->direct, ctx);
    pl_frame_discard(ts, f);
    return result;
}

/* ---- any arguments for any parameters -------------------------------------------------------------------------------------- */

/* Parameters that can be bound, so that one word can tell which have got an argument; the same for keywords of a call. */
enum { MOST_PARAMETERS = 63, TO_DICT = -1 };

/* The number of the parameter that a keyword names, or TO_DICT. */
static int
parameter(PyCodeObject *co, PyObject *name)
{
    PyObject **names = &PyTuple_GET_ITEM(co->co_localsplusnames, 0);
    int first = co->co_posonlyargcount, end = co->co_argcount + co->co_kwonlyargcount;
    for (int i = first; i < end; i++) {
        if (names[i] == name) {
            return i;
        }
    }
    for (int i = first; i < end && !PyUnicode_CHECK_INTERNED(name); i++) {       /* names of parameters are interned */
        if (pl_str_equal(names[i], name)) {
            return i;
        }
    }
    return TO_DICT;
}

/* Finds the place of each keyword argument.  False: the call is an error, or beyond what is bound here. */
static bool
plan(const PyFunctionObject *func, int64_t n, PyObject *kwnames, int8_t place[MOST_PARAMETERS])
{
    PyCodeObject *co = (PyCodeObject *)func->func_code;
    int64_t n_names = kwnames != NULL ? PyTuple_GET_SIZE(kwnames) : 0, positional = co->co_argcount;
    int64_t all = positional + co->co_kwonlyargcount;
    if (all > MOST_PARAMETERS || n_names > MOST_PARAMETERS || (n > positional && !(co->co_flags & CO_VARARGS))) {
        return false;
    }
    uint64_t given = ((uint64_t)1 << (n < positional ? n : positional)) - 1;
    for (int64_t k = 0; k < n_names; k++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, k);
        int at = PyUnicode_CheckExact(name) ? parameter(co, name) : TO_DICT;
        if (at == TO_DICT ? !PyUnicode_CheckExact(name) || !(co->co_flags & CO_VARKEYWORDS) : (given >> at & 1) != 0) {
            return false;
        }
        place[k] = (int8_t)at;
        given |= at == TO_DICT ? 0 : (uint64_t)1 << at;
    }
    int64_t n_defaults = func->func_defaults == NULL ? 0 : PyTuple_GET_SIZE(func->func_defaults);
    for (int64_t i = n; i < positional - n_defaults; i++) {
        if (!(given >> i & 1)) {
            return false;
        }
    }
    for (int64_t i = positional; i < all; i++) {
        PyObject *name = PyTuple_GET_ITEM(co->co_localsplusnames, i);
        if (!(given >> i & 1) && (func->func_kwdefaults == NULL || PyDict_GetItem(func->func_kwdefaults, name) == NULL)) {
            return false;
        }
    }
    return true;
}

/* **kwargs, with the keyword arguments that name no parameter.  Where all of them were in one dictionary, that is copied at once. */
static PyObject *
keywords(PyObject **args, PyObject *kwnames, const int8_t *place, PyObject *spread)
{
    PyObject *dict = PyDict_New();
    int64_t n = kwnames != NULL ? PyTuple_GET_SIZE(kwnames) : 0, rest = 0;
    for (int64_t k = 0; k < n; k++) {
        rest += place[k] == TO_DICT;
    }
    if (dict != NULL && spread != NULL && rest == n && n == PyDict_GET_SIZE(spread)) {
        if (PyDict_Update(dict, spread) < 0) {
            Py_CLEAR(dict);
        }
        return dict;
    }
    for (int64_t k = 0; k < n && dict != NULL; k++) {
        if (place[k] == TO_DICT && PyDict_SetItem(dict, PyTuple_GET_ITEM(kwnames, k), args[k]) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

/* Puts the arguments, which are moved, into a fresh frame.  False: out of memory; what was not moved is left in `args`.
 * Defaults come before the containers are made, which may run finalizers that change them. */
static bool
fill(pl_frame *f, PyObject **args, int64_t n, PyObject *kwnames, PyObject *spread, const int8_t place[MOST_PARAMETERS])
{
    PyFunctionObject *func = f->f_func;
    PyCodeObject *co = f->f_code;
    PyObject **locals = f->localsplus;
    int64_t n_names = kwnames != NULL ? PyTuple_GET_SIZE(kwnames) : 0, positional = co->co_argcount;
    int64_t all = positional + co->co_kwonlyargcount, next = all;
    for (int64_t i = 0; i < n && i < positional; i++) {
        locals[i] = args[i];
        args[i] = NULL;
    }
    for (int64_t k = 0; k < n_names; k++) {
        if (place[k] != TO_DICT) {
            locals[place[k]] = args[n + k];
            args[n + k] = NULL;
        }
    }
    int64_t first_default = positional - (func->func_defaults == NULL ? 0 : PyTuple_GET_SIZE(func->func_defaults));
    for (int64_t i = n > first_default ? n : first_default; i < positional; i++) {
        if (locals[i] == NULL) {
            locals[i] = Py_NewRef(PyTuple_GET_ITEM(func->func_defaults, i - first_default));
        }
    }
    for (int64_t i = positional; i < all; i++) {
        if (locals[i] == NULL) {
            locals[i] = Py_NewRef(PyDict_GetItem(func->func_kwdefaults, PyTuple_GET_ITEM(co->co_localsplusnames, i)));
        }
    }
    if (co->co_flags & CO_VARARGS) {
        PyObject *rest = PyTuple_New(n > positional ? n - positional : 0);
        if (rest == NULL) {
            return false;
        }
        for (int64_t i = positional; i < n; i++) {
            PyTuple_SET_ITEM(rest, i - positional, args[i]);
            args[i] = NULL;
        }
        locals[next++] = rest;
    }
    if (!(co->co_flags & CO_VARKEYWORDS)) {
        return true;
    }
    locals[next] = keywords(args + n, kwnames, place, spread);
    for (int64_t k = 0; k < n_names && locals[next] != NULL; k++) {
        if (place[k] == TO_DICT) {
            Py_CLEAR(args[n + k]);
        }
    }
    return locals[next] != NULL;
}

static bool
enter_any(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject *kwnames, PyObject *spread,
          PyObject **result)
{
    PyFunctionObject *func = (PyFunctionObject *)callable;
    int8_t place[MOST_PARAMETERS];
    pl_code *pc = enterable(ts, callable);
    if (pc == NULL || (pc->code->co_flags & PL_GENERATOR_LIKE) != 0 || !plan(func, n, kwnames, place)) {
        return false;
    }
    int64_t n_all = n + (kwnames != NULL ? PyTuple_GET_SIZE(kwnames) : 0);
    pl_frame *f = pl_frame_push(ts, (PyFunctionObject *)Py_NewRef(func));
    if (f == NULL || !fill(f, args, n, kwnames, spread, place)) {
        if (f != NULL) {
            f->stacktop = pc->code->co_nlocalsplus;
            pl_frame_release(ts, f);
            pl_frame_discard(ts, f);
        }
        pl_drop_all(args, n_all);
        *result = NULL;
        return true;
    }
    *result = run(ts, ctx, f, pc);
    return true;
}

/* ---- positional arguments for positional parameters ------------------------------------------------------------------------ */

bool
pl_enter_function(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject **result)
{
    if (!Py_IS_TYPE(callable, &PyFunction_Type)) {
        return false;
    }
    PyFunctionObject *func = (PyFunctionObject *)callable;
    PyCodeObject *co = (PyCodeObject *)func->func_code;
    PyObject **rest = pl_defaults_from(func, n, co->co_argcount);
    if ((co->co_flags & (CO_VARARGS | CO_VARKEYWORDS)) != 0 || co->co_kwonlyargcount != 0 ||
        (n != co->co_argcount && rest == NULL)) {
        return enter_any(ts, ctx, callable, args, n, NULL, NULL, result);
    }
    if ((co->co_flags & PL_GENERATOR_LIKE) != 0 && rest == NULL && !pl_is_body(co) && pl_may_enter(ts)) {
        *result = pl_new_generator(callable, args, n, ts);
        return true;
    }
    pl_code *pc = enterable(ts, callable);
    if (pc == NULL) {
        return false;
    }
    pl_frame *f = pl_frame_push(ts, (PyFunctionObject *)Py_NewRef(func));
    if (f == NULL) {
        pl_drop_all(args, n);
        *result = NULL;
        return true;
    }
    for (int64_t i = 0; i < n; i++) {
        f->localsplus[i] = args[i];
    }
    for (int64_t i = n; i < co->co_argcount; i++) {
        f->localsplus[i] = Py_NewRef(*rest++);
    }
    *result = run(ts, ctx, f, pc);
    return true;
}

bool
pl_enter_arguments(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject *kwnames,
                   PyObject *spread, PyObject **result)
{
    return kwnames == NULL ? pl_enter_function(ts, ctx, callable, args, n, result)
                           : enter_any(ts, ctx, callable, args, n, kwnames, spread, result);
}

bool
pl_enter_method(PyObject *method, PyObject **args, int64_t n, pl_ctx *ctx, PyThreadState *ts, PyObject **result)
{
    Py_INCREF(method);
    for (int64_t i = 0; i < n; i++) {
        Py_INCREF(args[i]);
    }
    bool entered = pl_enter_function(ts, ctx, method, args, n, result);
    for (int64_t i = 0; !entered && i < n; i++) {
        Py_DECREF(args[i]);
    }
    Py_DECREF(method);
    return entered;
}
