/* Runtime helpers of machine code: subscripts and slices.
 *
 * Lists and tuples indexed by ints are done in line where feedback says so; what comes here is the rest, told apart by
 * exact class.  Everything that is not certain to succeed is left to the general function, which raises what stock raises.
 */
#include "abi.h"

/* ---- indices --------------------------------------------------------------------------------------------------------- */

/* The item that an exact int of at most one digit means in a sequence of that size; -1 for any other key and outside of the
 * bounds. */
static inline Py_ssize_t
index_in(PyObject *key, Py_ssize_t size)
{
    Py_ssize_t i;
    if (!pl_short_int(key, &i)) {
        return -1;
    }
    i = i < 0 ? i + size : i;
    return i < size ? i : -1;
}

/* A bound or step of a slice: None gives absent, an exact int of at most one digit itself.  False: something else. */
static inline bool
small_int(PyObject *o, Py_ssize_t absent, Py_ssize_t *value)
{
    if (o == Py_None) {
        *value = absent;
        return true;
    }
    return pl_short_int(o, value);
}

/* A bound of a slice without a step: it counts from the end when negative, and is cut to 0 … size. */
static inline bool
bound_in(PyObject *bound, Py_ssize_t size, Py_ssize_t absent, Py_ssize_t *at)
{
    Py_ssize_t i;
    if (!small_int(bound, absent, &i)) {
        return false;
    }
    i = i < 0 ? i + size : i;
    *at = i < 0 ? 0 : i > size ? size : i;
    return true;
}

/* ---- array.array ------------------------------------------------------------------------------------------------------ */

/* Modules/arraymodule.c, 3.11; compared with a live object before it is relied upon. */
typedef struct array_object {
    PyObject_VAR_HEAD
    char *items;
    Py_ssize_t allocated;
    const struct { char typecode; int itemsize; } *descr;
    PyObject *weakrefs;
    Py_ssize_t exports;
} array_object;

static PyTypeObject *array_type;          /* owned, once seen */

static bool
array_layout_holds(PyTypeObject *type)
{
    PyObject *probe = PyObject_CallFunction((PyObject *)type, "s(dd)", "d", 1.5, -2.0);
    const array_object *a = (array_object *)probe;
    bool holds = probe != NULL && Py_IS_TYPE(probe, type) && Py_SIZE(probe) == 2 && a->descr->typecode == 'd'
        && a->descr->itemsize == sizeof(double) && ((double *)a->items)[0] == 1.5 && ((double *)a->items)[1] == -2.0;
    Py_XDECREF(probe);
    PyErr_Clear();
    return holds;
}

/* Whether o is an exact array.array.  The class is found by its name when it is first met; only C code makes immutable heap
 * types. */
static inline bool
is_array(PyObject *o)
{
    static bool refused;
    PyTypeObject *type = Py_TYPE(o);
    if (array_type != NULL || refused) {
        return type == array_type;
    }
    if (!(type->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) || type->tp_basicsize != sizeof(array_object) ||
        strcmp(type->tp_name, "array.array") != 0) {
        return false;
    }
    refused = !array_layout_holds(type);
    if (!refused) {
        array_type = (PyTypeObject *)Py_NewRef(type);
    }
    return !refused;
}

static PyObject *
array_item(PyObject *o, PyObject *key)
{
    const array_object *a = (array_object *)o;
    Py_ssize_t i = index_in(key, Py_SIZE(o));
    if (i < 0) {
        return PyObject_GetItem(o, key);
    }
    switch (a->descr->typecode) {
    case 'd':
        return PyFloat_FromDouble(((double *)a->items)[i]);
    case 'f':
        return PyFloat_FromDouble(((float *)a->items)[i]);
    case 'b':
        return PyLong_FromLong(((signed char *)a->items)[i]);
    case 'B':
        return PyLong_FromLong(((unsigned char *)a->items)[i]);
    case 'h':
        return PyLong_FromLong(((short *)a->items)[i]);
    case 'H':
        return PyLong_FromLong(((unsigned short *)a->items)[i]);
    case 'i':
        return PyLong_FromLong(((int *)a->items)[i]);
    case 'I':
        return PyLong_FromLong(((unsigned *)a->items)[i]);
    case 'l':
        return PyLong_FromLong(((long *)a->items)[i]);
    case 'q':
        return PyLong_FromLongLong(((long long *)a->items)[i]);
    default:
        return PyObject_GetItem(o, key);
    }
}

static int
array_store(PyObject *o, PyObject *key, PyObject *value)
{
    const array_object *a = (array_object *)o;
    Py_ssize_t i = index_in(key, Py_SIZE(o));
    if (i < 0) {
        return PyObject_SetItem(o, key, value);
    }
    char code = a->descr->typecode;
    if (PyFloat_CheckExact(value) && code == 'd') {
        ((double *)a->items)[i] = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    Py_ssize_t n;
    if (pl_short_int(value, &n)) {
        switch (code) {
        case 'B':
            if (n >= 0 && n <= UCHAR_MAX) {
                ((unsigned char *)a->items)[i] = (unsigned char)n;
                return 0;
            }
            break;
        case 'i':
            ((int *)a->items)[i] = (int)n;
            return 0;
        case 'l':
            ((long *)a->items)[i] = n;
            return 0;
        case 'q':
            ((long long *)a->items)[i] = n;
            return 0;
        }
    }
    return PyObject_SetItem(o, key, value);
}

/* ---- classes with methods in Python ------------------------------------------------------------------------------------ */

/* Calls a method found on the class of args[0], if it is a function with machine code; false: nothing was done. */
static bool
enter_method(PyObject *name, PyObject **args, int64_t n, pl_ctx *ctx, PyThreadState *ts, PyObject **result)
{
    PyObject *method = pl_class_method(args[0], name);
    return method != NULL && pl_enter_method(method, args, n, ctx, ts, result);
}

/* ---- items --------------------------------------------------------------------------------------------------------------- */

PyObject *
pl_get_item(PyObject *container, PyObject *key, pl_ctx *ctx, PyThreadState *ts)
{
    PyTypeObject *type = Py_TYPE(container);
    Py_ssize_t i;
    PyMappingMethods *mapping = type->tp_as_mapping;
    if (mapping != NULL && mapping->mp_subscript == PyDict_Type.tp_as_mapping->mp_subscript) {
        PyObject *value;          /* of a dict or of a subclass that has no other way to an item than __missing__ */
        return pl_dict_find(container, key, &value) == PL_FOUND ? Py_NewRef(value) : PyObject_GetItem(container, key);
    }
    if (type == &PyUnicode_Type) {
        i = index_in(key, PyUnicode_GET_LENGTH(container));
        return i >= 0 ? PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(container, i)) : PyObject_GetItem(container, key);
    }
    if (type == &PyList_Type) {
        i = index_in(key, PyList_GET_SIZE(container));
        return i >= 0 ? Py_NewRef(PyList_GET_ITEM(container, i)) : PyObject_GetItem(container, key);
    }
    if (type == &PyTuple_Type) {
        i = index_in(key, PyTuple_GET_SIZE(container));
        return i >= 0 ? Py_NewRef(PyTuple_GET_ITEM(container, i)) : PyObject_GetItem(container, key);
    }
    if (is_array(container)) {
        return array_item(container, key);
    }
    if (mapping != NULL && mapping->mp_subscript != NULL && mapping->mp_subscript == pl_slots.get_item) {
        PyObject *args[] = {container, key}, *result;
        if (enter_method(&_Py_ID(__getitem__), args, 2, ctx, ts, &result)) {
            return result;
        }
    }
    return PyObject_GetItem(container, key);
}

int
pl_set_item(PyObject *container, PyObject *key, PyObject *value, pl_ctx *ctx, PyThreadState *ts)
{
    PyTypeObject *type = Py_TYPE(container);
    if (type == &PyDict_Type) {
        return PyDict_SetItem(container, key, value);
    }
    if (type == &PyList_Type) {
        Py_ssize_t i = index_in(key, PyList_GET_SIZE(container));
        if (i < 0) {
            return PyObject_SetItem(container, key, value);
        }
        PyObject *old = PyList_GET_ITEM(container, i);
        PyList_SET_ITEM(container, i, Py_NewRef(value));
        Py_DECREF(old);
        return 0;
    }
    if (is_array(container)) {
        return array_store(container, key, value);
    }
    PyMappingMethods *mapping = type->tp_as_mapping;
    if (mapping != NULL && mapping->mp_ass_subscript != NULL && mapping->mp_ass_subscript == pl_slots.set_item) {
        PyObject *args[] = {container, key, value}, *result;
        if (enter_method(&_Py_ID(__setitem__), args, 3, ctx, ts, &result)) {
            Py_XDECREF(result);
            return result != NULL ? 0 : -1;
        }
    }
    return PyObject_SetItem(container, key, value);
}

/* ---- slices -------------------------------------------------------------------------------------------------------------- */

/* Length of an exact list, tuple, str or bytes object, -1 for others. */
static inline Py_ssize_t
sliceable(PyObject *o)
{
    return PyUnicode_CheckExact(o) ? PyUnicode_GET_LENGTH(o)
        : PyList_CheckExact(o) || PyTuple_CheckExact(o) || PyBytes_CheckExact(o) ? Py_SIZE(o) : -1;
}

/* sequence[start:stop:step] of an exact list or tuple; false: nothing was done. */
static bool
get_stepped(PyObject *sequence, PyObject *start, PyObject *stop, PyObject *step, PyObject **result)
{
    Py_ssize_t by, from, to;
    bool list = PyList_CheckExact(sequence);
    if ((!list && !PyTuple_CheckExact(sequence)) || !small_int(step, 1, &by) || by == 0 || by == 1 ||
        !small_int(start, by < 0 ? PY_SSIZE_T_MAX : 0, &from) ||
        !small_int(stop, by < 0 ? PY_SSIZE_T_MIN : PY_SSIZE_T_MAX, &to)) {
        return false;
    }
    Py_ssize_t n = PySlice_AdjustIndices(Py_SIZE(sequence), &from, &to, by);
    *result = list ? PyList_New(n) : PyTuple_New(n);
    if (*result != NULL) {
        PyObject **items = PySequence_Fast_ITEMS(sequence), **copies = PySequence_Fast_ITEMS(*result);
        for (Py_ssize_t i = 0; i < n; i++, from += by) {
            copies[i] = Py_NewRef(items[from]);
        }
    }
    return true;
}

/* container[start:stop:step] of one instruction pair, step NULL without one; without a slice object where nobody sees it. */
PyObject *
pl_get_slice(PyObject *container, PyObject *start, PyObject *stop, PyObject *step)
{
    PyObject *stepped;
    if (step != NULL && get_stepped(container, start, stop, step, &stepped)) {
        return stepped;
    }
    Py_ssize_t size = step == NULL || step == Py_None ? sliceable(container) : -1, from, to;
    if (size < 0 || !bound_in(start, size, 0, &from) || !bound_in(stop, size, size, &to)) {
        PyObject *slice = PySlice_New(start, stop, step);
        PyObject *result = slice != NULL ? PyObject_GetItem(container, slice) : NULL;
        Py_XDECREF(slice);
        return result;
    }
    to = to < from ? from : to;
    if (PyList_CheckExact(container)) {
        return PyList_GetSlice(container, from, to);
    }
    if (PyTuple_CheckExact(container)) {
        return PyTuple_GetSlice(container, from, to);
    }
    if (PyUnicode_CheckExact(container)) {
        return PyUnicode_Substring(container, from, to);
    }
    return from == 0 && to == size ? Py_NewRef(container)
        : PyBytes_FromStringAndSize(PyBytes_AS_STRING(container) + from, to - from);
}

enum { MOST_REPLACED = 16 };

/* Replaces items of a list by those of another list or tuple of that length.  Like CPython it releases the old ones, last first,
 * when the new ones are all there. */
static void
replace_items(PyObject **items, PyObject *values, Py_ssize_t n)
{
    PyObject *old[MOST_REPLACED], **new = PySequence_Fast_ITEMS(values);
    for (Py_ssize_t i = 0; i < n; i++) {
        old[i] = items[i];
        items[i] = Py_NewRef(new[i]);
    }
    while (n-- > 0) {
        Py_DECREF(old[n]);
    }
}

int
pl_set_slice(PyObject *container, PyObject *start, PyObject *stop, PyObject *step, PyObject *value)
{
    Py_ssize_t size = PyList_CheckExact(container) && (step == NULL || step == Py_None) ? PyList_GET_SIZE(container) : -1;
    Py_ssize_t from, to;
    if (size >= 0 && bound_in(start, size, 0, &from) && bound_in(stop, size, size, &to)) {
        Py_ssize_t n = to < from ? 0 : to - from;
        bool fits = n <= MOST_REPLACED && value != container && (PyList_CheckExact(value) || PyTuple_CheckExact(value));
        if (fits && Py_SIZE(value) == n) {
            replace_items(PySequence_Fast_ITEMS(container) + from, value, n);
            return 0;
        }
        return PyList_SetSlice(container, from, from + n, value);
    }
    PyObject *slice = PySlice_New(start, stop, step);
    int status = slice != NULL ? PyObject_SetItem(container, slice, value) : -1;
    Py_XDECREF(slice);
    return status;
}

/* ---- iterators ------------------------------------------------------------------------------------------------------------ */

PyObject *
pl_iter(PyObject *iterable, pl_ctx *ctx, PyThreadState *ts)
{
    if (PyList_CheckExact(iterable) || PyTuple_CheckExact(iterable)) {
        return pl_new_sequence_iter(iterable);
    }
    getiterfunc iter = Py_TYPE(iterable)->tp_iter;
    PyObject *result;
    if (iter == NULL || iter != pl_slots.iter || !enter_method(&_Py_ID(__iter__), &iterable, 1, ctx, ts, &result)) {
        return PyObject_GetIter(iterable);
    }
    if (result != NULL && !PyIter_Check(result)) {
        PyErr_Format(PyExc_TypeError, "iter() returned non-iterator of type '%.100s'", Py_TYPE(result)->tp_name);
        Py_CLEAR(result);
    }
    return result;
}
