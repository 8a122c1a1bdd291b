/* Runtime helpers of machine code, part 3: building and filling containers, formatting, iterating, unpacking. */
#include "abi.h"


/* ---- builders -------------------------------------------------------------------------------------------------------- */

static void
release_all(PyObject **items, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        Py_DECREF(items[i]);
    }
}

PyObject *
pl_build_tuple(PyObject **items, int64_t n)
{
    PyObject *tuple = PyTuple_New(n);
    if (tuple == NULL) {
        release_all(items, n);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        PyTuple_SET_ITEM(tuple, i, items[i]);
    }
    return tuple;
}

PyObject *
pl_build_list(PyObject **items, int64_t n)
{
    PyObject *list = PyList_New(n);
    if (list == NULL) {
        release_all(items, n);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        PyList_SET_ITEM(list, i, items[i]);
    }
    return list;
}

PyObject *
pl_build_set(PyObject **items, int64_t n)
{
    PyObject *set = PySet_New(NULL);
    for (int64_t i = 0; set != NULL && i < n; i++) {
        if (PySet_Add(set, items[i]) < 0) {
            Py_CLEAR(set);
        }
    }
    return set;
}

PyObject *
pl_build_map(PyObject **items, int64_t n)
{
    /* Not presized: the function for that makes a table for keys of any kind, and growing ends at the same size. */
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; dict != NULL && i < n; i++) {
        if (PyDict_SetItem(dict, items[2 * i], items[2 * i + 1]) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

PyObject *
pl_build_const_map(PyObject **values, int64_t n, PyObject *keys)
{
    if (!PyTuple_CheckExact(keys) || PyTuple_GET_SIZE(keys) != n) {
        PyErr_SetString(PyExc_SystemError, "bad BUILD_CONST_KEY_MAP keys argument");
        return NULL;
    }
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; dict != NULL && i < n; i++) {
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(keys, i), values[i]) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

PyObject *
pl_build_string(PyObject **items, int64_t n)
{
    PyObject *empty = PyUnicode_New(0, 0);
    if (empty == NULL) {
        return NULL;
    }
    PyObject *string = _PyUnicode_JoinArray(empty, items, n);
    Py_DECREF(empty);
    return string;
}

/* ---- filling ---------------------------------------------------------------------------------------------------------- */

/* A full list gets room for as many items as list_resize gives it (Objects/listobject.c, 3.11), which sys.getsizeof shows. */
int
pl_list_append(PyObject *list, PyObject *value)
{
    PyListObject *l = (PyListObject *)list;
    size_t size = (size_t)Py_SIZE(l);
    if (size >= (size_t)l->allocated) {
        size_t room = (size + 1 + (size + 1) / 8 + 6) & ~(size_t)3;
        PyObject **items = PyMem_Realloc(l->ob_item, room * sizeof(*items));
        if (items == NULL) {
            PyErr_NoMemory();
            Py_DECREF(value);
            return -1;
        }
        l->ob_item = items;
        l->allocated = (Py_ssize_t)room;
    }
    l->ob_item[size] = value;
    Py_SET_SIZE(l, (Py_ssize_t)size + 1);
    return 0;
}

int
pl_list_extend(PyObject *list, PyObject *iterable)
{
    PyObject *none = _PyList_Extend((PyListObject *)list, iterable);
    if (none != NULL) {
        Py_DECREF(none);
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_TypeError) && Py_TYPE(iterable)->tp_iter == NULL && !PySequence_Check(iterable)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "Value after * must be an iterable, not %.200s", Py_TYPE(iterable)->tp_name);
    }
    return -1;
}

int
pl_dict_update(PyObject *dict, PyObject *update)
{
    int status = PyDict_Update(dict, update);
    if (status < 0 && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "'%.200s' object is not a mapping", Py_TYPE(update)->tp_name);
    }
    return status;
}

/* ---- formatting -------------------------------------------------------------------------------------------------------- */

PyObject *
pl_format_value(PyObject *value, PyObject *spec, int64_t flags)
{
    static PyObject *(*const conversions[])(PyObject *) = {NULL, PyObject_Str, PyObject_Repr, PyObject_ASCII};
    PyObject *(*convert)(PyObject *) = conversions[flags & 3];
    PyObject *converted = convert != NULL ? convert(value) : Py_NewRef(value);
    if (converted == NULL || (spec == NULL && PyUnicode_CheckExact(converted))) {
        return converted;
    }
    PyObject *text = PyObject_Format(converted, spec);
    Py_DECREF(converted);
    return text;
}

/* ---- iteration ---------------------------------------------------------------------------------------------------------- */

pl_item
pl_next(PyObject *iterator)
{
    PyObject *value = Py_TYPE(iterator)->tp_iternext(iterator);
    if (value != NULL) {
        return (pl_item){value, 0};
    }
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_StopIteration)) {
            return (pl_item){NULL, 1};
        }
        pl_clear_stop(PyThreadState_Get());
    }
    return (pl_item){NULL, 0};
}

/* ---- unpacking ---------------------------------------------------------------------------------------------------------- */

static PyObject *
unpack_iterator(PyObject *iterable)
{
    PyObject *iterator = PyObject_GetIter(iterable);
    if (iterator == NULL && PyErr_ExceptionMatches(PyExc_TypeError) && Py_TYPE(iterable)->tp_iter == NULL
        && !PySequence_Check(iterable)) {
        PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(iterable)->tp_name);
    }
    return iterator;
}

/* Puts the next n items into the tuple; false: an exception is set, by the iterator or by `too_few` with the numbers of
 * items expected and got. */
static bool
take_items(PyObject *iterator, PyObject *tuple, int64_t n, const char *too_few, int64_t expected)
{
    for (int64_t i = 0; i < n; i++) {
        PyObject *item = PyIter_Next(iterator);
        if (item == NULL) {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, too_few, (Py_ssize_t)expected, (Py_ssize_t)i);
            }
            return false;
        }
        PyTuple_SET_ITEM(tuple, i, item);
    }
    return true;
}

/* Nothing may be left. */
static bool
finished(PyObject *iterator, int64_t n)
{
    PyObject *extra = PyIter_Next(iterator);
    if (extra == NULL) {
        return !PyErr_Occurred();
    }
    Py_DECREF(extra);
    PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd)", (Py_ssize_t)n);
    return false;
}

PyObject *
pl_unpack(PyObject *iterable, int64_t n)
{
    if (PyTuple_CheckExact(iterable) && PyTuple_GET_SIZE(iterable) == n) {
        return Py_NewRef(iterable);
    }
    if (PyList_CheckExact(iterable) && PyList_GET_SIZE(iterable) == n) {
        return PyList_AsTuple(iterable);
    }
    PyObject *iterator = unpack_iterator(iterable);
    if (iterator == NULL) {
        return NULL;
    }
    PyObject *tuple = PyTuple_New(n);
    if (tuple != NULL && (!take_items(iterator, tuple, n, "not enough values to unpack (expected %zd, got %zd)", n)
                          || !finished(iterator, n))) {
        Py_CLEAR(tuple);
    }
    Py_DECREF(iterator);
    return tuple;
}

/* The STORE_FAST instructions that take n items of a tuple or list apart, of which the frame runs the first: the items are taken
 * before anything is given up, as on an operand stack. */
void
pl_store_items(pl_frame *f, PyObject **items, int64_t n)
{
    PyObject *taken[UINT8_MAX];
    for (int64_t i = 0; i < n; i++) {
        taken[i] = Py_NewRef(items[i]);
    }
    for (int64_t i = 0; i < n; i++, f->prev_instr++) {
        PyObject **slot = &f->localsplus[_Py_OPARG(*f->prev_instr)], *old = *slot;
        *slot = taken[i];
        Py_XDECREF(old);
    }
}

/* The starred part is a list of all that is left, whose end then goes to the targets behind the star. */
static bool
take_rest(PyObject *iterator, PyObject *tuple, int64_t before, int64_t after)
{
    PyObject *rest = PySequence_List(iterator);
    if (rest == NULL) {
        return false;
    }
    PyTuple_SET_ITEM(tuple, before, rest);
    Py_ssize_t left = PyList_GET_SIZE(rest) - after;
    if (left < 0) {
        PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %zd, got %zd)",
                     (Py_ssize_t)(before + after), (Py_ssize_t)(before + PyList_GET_SIZE(rest)));
        return false;
    }
    for (int64_t i = 0; i < after; i++) {
        PyTuple_SET_ITEM(tuple, before + 1 + i, Py_NewRef(PyList_GET_ITEM(rest, left + i)));
    }
    return PyList_SetSlice(rest, left, left + after, NULL) == 0;
}

PyObject *
pl_unpack_ex(PyObject *iterable, int64_t before, int64_t after)
{
    PyObject *iterator = unpack_iterator(iterable);
    if (iterator == NULL) {
        return NULL;
    }
    PyObject *tuple = PyTuple_New(before + 1 + after);
    if (tuple != NULL && (!take_items(iterator, tuple, before,
                                      "not enough values to unpack (expected at least %zd, got %zd)", before + after)
                          || !take_rest(iterator, tuple, before, after))) {
        Py_CLEAR(tuple);
    }
    Py_DECREF(iterator);
    return tuple;
}

PyObject *
pl_concat_in_place(PyObject *left, PyObject *right)
{
    PyUnicode_Append(&left, right);
    return left;
}
