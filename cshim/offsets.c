/* The struct offsets of offsets.def as an array, and the proof that our mirrors of private structs are right.
 *
 * What a public or internal header declares is right by construction: this file is compiled with the headers of the
 * interpreter it is for.  The iterators are declared in CPython's .c files only, so they are compared with live objects.
 */
#include "abi.h"

#include "internal/pycore_dict.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_long.h"
#include "internal/pycore_moduleobject.h"

const int32_t pl_offset_table[] = {
#define PL_OFFSET(name, value) (int32_t)(value),
#include "offsets.def"
#undef PL_OFFSET
};
const uint32_t pl_offset_count = sizeof pl_offset_table / sizeof *pl_offset_table;

/* What the code generator takes for granted beyond the table. */
_Static_assert(sizeof(void *) == 8 && sizeof(digit) == 4, "64-bit words and 30-bit digits in 32-bit words");
_Static_assert(PyLong_SHIFT == 30, "machine code unboxes ints of up to three 30-bit digits");
_Static_assert(offsetof(pl_code, direct) == 0, "compiled call sites load the first word of the cell");
_Static_assert(offsetof(PyObject, ob_refcnt) == 0, "reference counts are changed without a displacement");
_Static_assert(offsetof(pl_ctx, cframe) == 0, "ts->cframe is the activation context");
_Static_assert((sizeof(pl_answer) & (sizeof(pl_answer) - 1)) == 0, "found by a shift");
_Static_assert(FRAME_SPECIALS_SIZE * sizeof(PyObject *) == offsetof(_PyInterpreterFrame, localsplus), "frame size in words");
_Static_assert(offsetof(PyGenObject, gi_iframe) % sizeof(PyObject *) == 0, "a generator's frame is aligned");
_Static_assert(sizeof(pl_range_iter) == 48 && sizeof(pl_sequence_iter) == 32, "iterators have no padding");

/* A new iterator over `sequence` that has given `skip` items; NULL without exception when that fails. */
static PyObject *
started_iterator(PyObject *sequence, int skip)
{
    PyObject *iterator = sequence != NULL ? PyObject_GetIter(sequence) : NULL;
    for (int i = 0; iterator != NULL && i < skip; i++) {
        PyObject *item = PyIter_Next(iterator);
        if (item == NULL) {
            Py_CLEAR(iterator);
            break;
        }
        Py_DECREF(item);
    }
    PyErr_Clear();
    return iterator;
}

static bool
range_iter_matches(void)
{
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "lll", 3L, 20L, 5L);    /* 3 8 13 18 */
    PyObject *iterator = started_iterator(range, 2);
    Py_XDECREF(range);
    if (iterator == NULL) {
        return false;
    }
    const pl_range_iter *it = (const pl_range_iter *)iterator;
    bool ok = Py_IS_TYPE(iterator, &PyRangeIter_Type) && PyRangeIter_Type.tp_basicsize == sizeof *it && it->index == 2
        && it->start == 3 && it->step == 5 && it->len == 4;
    Py_DECREF(iterator);
    return ok;
}

static bool
sequence_iter_matches(PyObject *sequence, PyTypeObject *type)
{
    PyObject *iterator = started_iterator(sequence, 2);
    if (iterator == NULL) {
        Py_XDECREF(sequence);
        return false;
    }
    const pl_sequence_iter *it = (const pl_sequence_iter *)iterator;
    bool ok = Py_IS_TYPE(iterator, type) && type->tp_basicsize == sizeof *it && it->index == 2 && it->seq == sequence;
    Py_DECREF(iterator);
    Py_DECREF(sequence);
    return ok;
}

const char *
pl_offsets_check(void)
{
    if (!range_iter_matches()) {
        PyErr_Clear();
        return "range_iterator layout";
    }
    if (!sequence_iter_matches(Py_BuildValue("[iii]", 1, 2, 3), &PyListIter_Type)) {
        PyErr_Clear();
        return "list_iterator layout";
    }
    if (!sequence_iter_matches(Py_BuildValue("(iii)", 1, 2, 3), &PyTupleIter_Type)) {
        PyErr_Clear();
        return "tuple_iterator layout";
    }
    PyObject *zero = PyLong_FromLong(0), *top = PyLong_FromLong(_PY_NSMALLPOSINTS - 1);
    bool cached = zero == (PyObject *)&_PyLong_SMALL_INTS[_PY_NSMALLNEGINTS]
        && (char *)top - (char *)zero == (ptrdiff_t)sizeof(PyLongObject) * (_PY_NSMALLPOSINTS - 1);
    Py_XDECREF(zero);
    Py_XDECREF(top);
    return cached ? NULL : "small int cache layout";
}
