/* C functions that machine code calls in place of a builtin's own, because that one is slow for no reason a caller could see.
 *
 * A stand-in does exactly what the builtin does for the arguments it takes, and calls the builtin for the others.  The compiler
 * gets its address and calling convention instead of the builtin's (snapshot.c); the stock evaluator never meets one.
 */
#include "abi.h"

static PyCFunction original_id, original_min, original_max, original_get, original_startswith, original_endswith, original_find,
    original_getattr, original_hasattr;

/* id reports every call to the audit hooks.  When there is none but ours, which ignores it, nobody is told. */
static PyObject *
stand_in_id(PyObject *module, PyObject *object)
{
    return pl_audits_alone() ? PyLong_FromVoidPtr(object) : original_id(module, object);
}

/* A builtin that takes its arguments as a tuple; `keywords` says whether it takes a dictionary, too. */
static PyObject *
call_with_tuple(PyCFunction original, bool keywords, PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    PyObject *tuple = PyTuple_New(n), *result = NULL;
    if (tuple != NULL) {
        for (Py_ssize_t i = 0; i < n; i++) {
            PyTuple_SET_ITEM(tuple, i, Py_NewRef(args[i]));
        }
        result = keywords ? ((PyCFunctionWithKeywords)(void (*)(void))original)(self, tuple, NULL) : original(self, tuple);
        Py_DECREF(tuple);
    }
    return result;
}

/* The builtins take their arguments as a tuple, and iterate over it. */
static PyObject *
extreme(PyCFunction original, PyObject *module, PyObject *const *args, Py_ssize_t n, int op)
{
    if (n < 2) {
        return call_with_tuple(original, true, module, args, n);
    }
    PyObject *best = args[0];
    for (Py_ssize_t i = 1; i < n; i++) {
        int better = op == Py_LT ? pl_compare_bool_lt(args[i], best) : pl_compare_bool_gt(args[i], best);
        if (better < 0) {
            return NULL;
        }
        if (better) {
            best = args[i];
        }
    }
    return Py_NewRef(best);
}

static PyObject *
stand_in_min(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return extreme(original_min, module, args, n, Py_LT);
}

static PyObject *
stand_in_max(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return extreme(original_max, module, args, n, Py_GT);
}

/* Most keys can be looked up without a call of their hash and of a comparison. */
static PyObject *
stand_in_get(PyObject *dict, PyObject *const *args, Py_ssize_t n)
{
    PyObject *value;
    pl_found found = n == 1 || n == 2 ? pl_dict_find(dict, args[0], &value) : PL_UNKNOWN;
    if (found == PL_UNKNOWN) {
        return ((_PyCFunctionFast)(void (*)(void))original_get)(dict, args, n);
    }
    return Py_NewRef(found == PL_FOUND ? value : n == 2 ? args[1] : Py_None);
}

/* As pl_find_attr, but an AttributeError of a property means that there is no such attribute. */
static pl_found
try_attr(PyObject *const *args, PyObject **value)
{
    pl_found found = pl_find_attr(args[0], args[1], value);
    if (found == PL_FOUND && *value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return PL_ABSENT;
    }
    return found;
}

/* Most attributes that are asked for so are in the attribute cache, also as what an object does not have. */
static PyObject *
stand_in_getattr(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    PyObject *value;
    pl_found found = n == 2 ? pl_find_attr(args[0], args[1], &value) : n == 3 ? try_attr(args, &value) : PL_UNKNOWN;
    if (found == PL_UNKNOWN || (found == PL_ABSENT && n == 2)) {
        return ((_PyCFunctionFast)(void (*)(void))original_getattr)(module, args, n);
    }
    return found == PL_FOUND ? value : Py_NewRef(args[2]);
}

static PyObject *
stand_in_hasattr(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    PyObject *value;
    pl_found found = n == 2 ? try_attr(args, &value) : PL_UNKNOWN;
    if (found == PL_UNKNOWN) {
        return ((_PyCFunctionFast)(void (*)(void))original_hasattr)(module, args, n);
    }
    if (found == PL_FOUND && value == NULL) {
        return NULL;
    }
    if (found == PL_FOUND) {
        Py_DECREF(value);
    }
    return Py_NewRef(found == PL_FOUND ? Py_True : Py_False);
}

/* One exact str to look for, and no bounds, is what they mostly get. */
static inline bool
is_one_str(PyObject *const *args, Py_ssize_t n)
{
    return n == 1 && PyUnicode_CheckExact(args[0]);
}

static PyObject *
tail_matches(PyCFunction original, PyObject *str, PyObject *const *args, Py_ssize_t n, int direction)
{
    if (!is_one_str(args, n)) {
        return call_with_tuple(original, false, str, args, n);
    }
    Py_ssize_t matches = PyUnicode_Tailmatch(str, args[0], 0, PY_SSIZE_T_MAX, direction);
    return matches < 0 ? NULL : Py_NewRef(matches ? Py_True : Py_False);
}

static PyObject *
stand_in_startswith(PyObject *str, PyObject *const *args, Py_ssize_t n)
{
    return tail_matches(original_startswith, str, args, n, -1);
}

static PyObject *
stand_in_endswith(PyObject *str, PyObject *const *args, Py_ssize_t n)
{
    return tail_matches(original_endswith, str, args, n, +1);
}

static PyObject *
stand_in_find(PyObject *str, PyObject *const *args, Py_ssize_t n)
{
    if (!is_one_str(args, n)) {
        return call_with_tuple(original_find, false, str, args, n);
    }
    Py_ssize_t at = PyUnicode_Find(str, args[0], 0, PY_SSIZE_T_MAX, +1);
    return at < -1 ? NULL : PyLong_FromSsize_t(at);
}

#define TAKES_TUPLE(type, function) \
    {type, #function, &original_##function, (PyCFunction)(void (*)(void))stand_in_##function, METH_FASTCALL | PL_METH_CHARGED}

static const struct row {
    PyTypeObject *type;           /* that has it as a method; NULL: it is in builtins */
    const char *name;
    PyCFunction *original;
    PyCFunction stand_in;
    int flags;                    /* its convention; of METH_FASTCALL functions keywords are not taken */
} rows[] = {
    {NULL, "id", &original_id, stand_in_id, METH_O},
    {NULL, "getattr", &original_getattr, (PyCFunction)(void (*)(void))stand_in_getattr, METH_FASTCALL},
    {NULL, "hasattr", &original_hasattr, (PyCFunction)(void (*)(void))stand_in_hasattr, METH_FASTCALL},
    TAKES_TUPLE(NULL, min),
    TAKES_TUPLE(NULL, max),
    TAKES_TUPLE(&PyUnicode_Type, startswith),
    TAKES_TUPLE(&PyUnicode_Type, endswith),
    TAKES_TUPLE(&PyUnicode_Type, find),
    {&PyDict_Type, "get", &original_get, (PyCFunction)(void (*)(void))stand_in_get, METH_FASTCALL},
};
#undef TAKES_TUPLE

/* What the interpreter has under that name, NULL when it is nothing written in C. */
static PyCFunction
original(const struct row *row)
{
    PyObject *found = PyDict_GetItemString(row->type != NULL ? row->type->tp_dict : PyEval_GetBuiltins(), row->name);
    if (found == NULL || row->type == NULL) {
        return found != NULL && PyCFunction_CheckExact(found) ? PyCFunction_GET_FUNCTION(found) : NULL;
    }
    return Py_IS_TYPE(found, &PyMethodDescr_Type) ? ((PyMethodDescrObject *)found)->d_method->ml_meth : NULL;
}

void
pl_stand_ins_prepare(void)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(rows); i++) {
        if (*rows[i].original == NULL) {
            *rows[i].original = original(&rows[i]);
        }
    }
}

pl_c_function
pl_stand_in(const PyMethodDef *def)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(rows); i++) {
        if (def->ml_meth == *rows[i].original) {
            return (pl_c_function){rows[i].stand_in, rows[i].flags};
        }
    }
    return (pl_c_function){def->ml_meth, def->ml_flags};
}
