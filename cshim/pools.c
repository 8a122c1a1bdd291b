/* Free lists of our own.
 *
 * CPython 3.11 has a free list for floats, which machine code shares, and none for ints: every int above 256 is a call of
 * the allocator and another one when it dies.  Numbers that flow through locals that somebody looks at, attributes and
 * lists are boxed again and again, so dead ints are kept, as floats are by CPython itself.
 */
#include "shim.h"

pl_int_pool pl_ints;

void
pl_dealloc(PyObject *o)
{
    if (PyLong_CheckExact(o) && (size_t)(Py_SIZE(o) + 2) <= 4 && pl_ints.count < PL_INT_POOL_MAX) {
        Py_SET_TYPE(o, (PyTypeObject *)pl_ints.head);
        pl_ints.head = o;
        pl_ints.count++;
        return;
    }
    _Py_Dealloc(o);
}

PyObject *
pl_new_int(int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    PyObject *o = pl_ints.head;
    if (o == NULL || size >> PyLong_SHIFT != 0 || (value >= -_PY_NSMALLNEGINTS && value < _PY_NSMALLPOSINTS)) {
        return PyLong_FromLongLong(value);
    }
    pl_ints.head = (PyObject *)Py_TYPE(o);
    pl_ints.count--;
    PyLongObject *number = (PyLongObject *)o;
    number->ob_digit[0] = (digit)size;
    Py_SET_TYPE(o, &PyLong_Type);
    Py_SET_SIZE(o, value < 0 ? -1 : 1);
    pl_revive(o);
    return o;
}

/* Gives the memory back, when the accelerator is switched off. */
void
pl_pools_clear(void)
{
    while (pl_ints.head != NULL) {
        PyObject *o = pl_ints.head;
        pl_ints.head = (PyObject *)Py_TYPE(o);
        pl_ints.count--;
        PyObject_Free(o);
    }
}
