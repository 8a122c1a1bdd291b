/* Calling what is no Python function but runs one: classes, instances with __call__.
 *
 * Each is done as CPython's slot functions do it (Objects/typeobject.c, 3.11: type_call, slot_tp_call, slot_tp_new,
 * slot_tp_init), with the function entered directly and without a tuple of the arguments.  The level of recursion is that which
 * _PyObject_MakeTpCall charges.  Unlike a function's, the arguments stay alive until the call returns, as CPython keeps them.
 */
#include "abi.h"

/* A call in the making: `args` holds n positional and then the keyword arguments, all borrowed. */
typedef struct call {
    PyThreadState *ts;
    pl_ctx *ctx;
    PyObject **args;
    int64_t n;
    PyObject *kwnames;            /* NULL: none */
    PyObject *spread;             /* the dictionary that all keyword arguments come from, or NULL */
} call;

enum { MOST_ARGUMENTS = 64 };

static int64_t
count(const call *c)
{
    return c->n + (c->kwnames != NULL ? PyTuple_GET_SIZE(c->kwnames) : 0);
}

/* function(self, arguments) */
static PyObject *
call_with_self(const call *c, PyObject *function, PyObject *self)
{
    int64_t n_all = count(c);
    PyObject *args[MOST_ARGUMENTS + 1], *result;
    args[0] = Py_NewRef(self);
    for (int64_t i = 0; i < n_all; i++) {
        args[i + 1] = Py_NewRef(c->args[i]);
    }
    Py_INCREF(function);
    if (!pl_enter_arguments(c->ts, c->ctx, function, args, c->n + 1, c->kwnames, c->spread, &result)) {
        result = PyObject_Vectorcall(function, args, (size_t)(c->n + 1), c->kwnames);
        for (int64_t i = 0; i <= n_all; i++) {
            Py_DECREF(args[i]);
        }
    }
    Py_DECREF(function);
    return result;
}

static bool
has_unit(PyObject *function)
{
    pl_code *pc = pl_code_get((PyCodeObject *)((PyFunctionObject *)function)->func_code);
    return pc != NULL && pc->unit != NULL;
}

/* The Python function that a class has under a special name, borrowed, or NULL. */
static PyObject *
class_function(PyTypeObject *class, PyObject *name)
{
    PyObject *found = _PyType_Lookup(class, name);
    return found != NULL && Py_IS_TYPE(found, &PyFunction_Type) ? found : NULL;
}

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

/* The function that makes the instances of a class with a __new__ in Python, borrowed, or NULL.  The metaclass comes first where
 * it has a data descriptor of that name, which is left to CPython. */
static PyObject *
new_function(PyTypeObject *class)
{
    PyTypeObject *meta = Py_TYPE(class);
    PyObject *of_meta = _PyType_Lookup(meta, &_Py_ID(__new__)), *found = _PyType_Lookup(class, &_Py_ID(__new__));
    if (meta->tp_getattro != PyType_Type.tp_getattro || (of_meta != NULL && Py_TYPE(of_meta)->tp_descr_set != NULL) ||
        found == NULL || !Py_IS_TYPE(found, &PyStaticMethod_Type)) {
        return NULL;
    }
    PyObject *function = pl_wrapped(found);
    return function != NULL && Py_IS_TYPE(function, &PyFunction_Type) ? function : NULL;
}

/* The arguments as a tuple and a dictionary, for an __init__ in C.  False: an exception is set. */
static bool
pack(const call *c, PyObject **tuple, PyObject **dict)
{
    *dict = c->kwnames != NULL ? PyDict_New() : NULL;
    *tuple = PyTuple_New(c->n);
    bool made = *tuple != NULL && (c->kwnames == NULL || *dict != NULL);
    for (int64_t i = 0; made && i < c->n; i++) {
        PyTuple_SET_ITEM(*tuple, i, Py_NewRef(c->args[i]));
    }
    for (int64_t k = c->n; made && k < count(c); k++) {
        made = PyDict_SetItem(*dict, PyTuple_GET_ITEM(c->kwnames, k - c->n), c->args[k]) == 0;
    }
    return made;
}

/* Initialises what __new__ has made; false: an exception is set. */
static bool
initialise(const call *c, PyObject *instance)
{
    PyTypeObject *class = Py_TYPE(instance);
    PyObject *init = class->tp_init == pl_slots.init ? class_function(class, &_Py_ID(__init__)) : NULL;
    if (init != NULL) {
        PyObject *none = call_with_self(c, init, instance);
        bool done = none == Py_None;
        if (none != NULL && !done) {
            pl_init_returned(none);
        }
        Py_XDECREF(none);
        return done;
    }
    if (class->tp_init == NULL || (class->tp_init == PyBaseObject_Type.tp_init && class->tp_new == pl_slots.new)) {
        return true;              /* object.__init__ takes whatever a __new__ in Python has taken */
    }
    PyObject *tuple, *dict;
    bool done = pack(c, &tuple, &dict) && class->tp_init(instance, tuple, dict) >= 0;
    Py_XDECREF(tuple);
    Py_XDECREF(dict);
    return done;
}

/* Calls a class; false: nothing was done, because the general way is as good or better. */
static bool
call_class(const call *c, PyTypeObject *class, PyObject **result)
{
    bool python_new = class->tp_new == pl_slots.new, python_init = class->tp_init == pl_slots.init;
    PyObject *new = python_new ? new_function(class) : NULL;
    PyObject *init = python_init ? class_function(class, &_Py_ID(__init__)) : NULL;
    if (python_new ? new == NULL : class->tp_new != PyBaseObject_Type.tp_new || init == NULL) {
        return false;
    }
    if (!(new != NULL && has_unit(new)) && !(init != NULL && has_unit(init))) {
        return false;
    }
    PyObject *instance = python_new ? call_with_self(c, new, (PyObject *)class) : pl_new_instance((PyObject *)class);
    if (instance != NULL && PyObject_TypeCheck(instance, class) && !initialise(c, instance)) {
        Py_CLEAR(instance);
    }
    *result = instance;
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------- */

bool
pl_enter_callable(PyThreadState *ts, pl_ctx *ctx, PyObject *callable, PyObject **args, int64_t n, PyObject *kwnames,
                  PyObject *spread, PyObject **result)
{
    call c = {.ts = ts, .ctx = ctx, .args = args, .n = n, .kwnames = kwnames, .spread = spread};
    PyTypeObject *type = Py_TYPE(callable);
    bool is_class = type->tp_call == PyType_Type.tp_call && PyType_Check(callable) && callable != (PyObject *)&PyType_Type;
    bool is_instance = type->tp_call == pl_slots.call && pl_slots.call != NULL;
    if ((!is_class && !is_instance) || count(&c) > MOST_ARGUMENTS || ts->recursion_remaining <= 0 || !pl_may_enter(ts)) {
        return false;
    }
    PyObject *method = is_instance ? class_function(type, &_Py_ID(__call__)) : NULL;
    bool entered = is_class || (method != NULL && has_unit(method));
    ts->recursion_remaining--;
    if (is_class) {
        entered = call_class(&c, (PyTypeObject *)callable, result);
    }
    else if (entered) {
        *result = call_with_self(&c, method, callable);
    }
    ts->recursion_remaining++;
    return entered;
}
