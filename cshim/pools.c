/* Free lists of our own.
 *
 * CPython 3.11 has a free list for floats, which machine code shares, and none for ints: every int above 256 is a call of
 * the allocator and another one when it dies.  Numbers that flow through locals that somebody looks at, attributes and
 * lists are boxed again and again, so dead ints are kept, as floats are by CPython itself.
 *
 * Nor is there one for functions and for iterators over lists and tuples, of which comprehensions and inner loops make one each time.
 * The memory of some is kept, too.  The collector counts as it would without: one object more, one object less, and a collection
 * where the count reaches its threshold.
 *
 * And a reserve: where machine code is left, its unboxed numbers become objects, at places where no program expects that memory
 * is needed and nobody could be told that there is none.  So some objects are made before any machine code runs that may need them.
 */
#include "abi.h"

#include "internal/pycore_gc.h"

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

/* ---- objects that the collector knows ------------------------------------------------------------------------------- */

enum { KEPT_MAX = 16 };

static void
sequence_iter_dealloc(PyObject *object)
{
    _PyObject_GC_UNTRACK(object);
    Py_XDECREF(((pl_sequence_iter *)object)->seq);
    pl_pool_give(object, Py_IS_TYPE(object, &PyListIter_Type) ? PL_POOL_LIST_ITER : PL_POOL_TUPLE_ITER);
}

static struct {
    PyTypeObject *type;
    destructor dealloc, stock_dealloc;
    PyObject *head;               /* chained through the word behind the head of an object */
    int count;
} pools[PL_POOLS] = {
    [PL_POOL_FUNCTION] = {.type = &PyFunction_Type, .dealloc = pl_function_dealloc},
    [PL_POOL_LIST_ITER] = {.type = &PyListIter_Type, .dealloc = sequence_iter_dealloc},
    [PL_POOL_TUPLE_ITER] = {.type = &PyTupleIter_Type, .dealloc = sequence_iter_dealloc},
};

static inline PyObject **
link_of(PyObject *object)
{
    return (PyObject **)(object + 1);
}

PyObject *
pl_pool_take(enum pl_pool which)
{
    struct _gc_runtime_state *gc = &pl_thread_state()->interp->gc;
    PyObject *object = pools[which].head;
    if (object == NULL || (gc->enabled && gc->generations[0].count >= gc->generations[0].threshold)) {
        return _PyObject_GC_New(pools[which].type);
    }
    pools[which].head = *link_of(object);
    pools[which].count--;
    gc->generations[0].count++;
    _Py_NewReference(object);
    return object;
}

void
pl_pool_give(PyObject *object, enum pl_pool which)
{
    if (pools[which].count >= KEPT_MAX) {
        PyObject_GC_Del(object);
        return;
    }
    struct _gc_runtime_state *gc = &pl_thread_state()->interp->gc;
    gc->generations[0].count -= gc->generations[0].count > 0;
    *link_of(object) = pools[which].head;
    pools[which].head = object;
    pools[which].count++;
}

void
pl_pool_pass_on(PyObject *object, enum pl_pool which)
{
    pools[which].stock_dealloc(object);
}

PyObject *
pl_new_sequence_iter(PyObject *sequence)
{
    PyObject *object = pl_pool_take(PyList_CheckExact(sequence) ? PL_POOL_LIST_ITER : PL_POOL_TUPLE_ITER);
    if (object != NULL) {
        pl_sequence_iter *it = (pl_sequence_iter *)object;
        it->index = 0;
        it->seq = Py_NewRef(sequence);
        _PyObject_GC_TRACK(object);
    }
    return object;
}

/* ---- the reserve -------------------------------------------------------------------------------------------------- */

enum { INTS, FLOATS, KINDS };
enum { DIGITS = 3 };              /* of any int64_t */
enum { NESTED = 8 };              /* exits, each inside a finalizer that another one runs, which find no memory to refill it */
enum { LEAST = 4 };               /* for what handlers keep of where the exception was raised */

static struct { PyObject **objects; uint32_t count; } reserve[KINDS];
static uint32_t reserve_size;     /* objects of each kind */
bool pl_reserve_used;

static bool
fill_reserve(int kind)
{
    while (reserve[kind].count < reserve_size) {
        PyObject *o = kind == INTS ? (PyObject *)_PyLong_New(DIGITS) : PyFloat_FromDouble(0.0);
        if (o == NULL) {
            return false;
        }
        reserve[kind].objects[reserve[kind].count++] = o;
    }
    return true;
}

bool
pl_reserve_fill(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bool full = fill_reserve(INTS) && fill_reserve(FLOATS);
    PyErr_Restore(type, value, traceback);       /* also instead of MemoryError */
    pl_reserve_used = !full;
    return full;
}

bool
pl_reserve_numbers(uint32_t n)
{
    n = n > LEAST ? n : LEAST;
    if (n > reserve_size / NESTED) {
        for (int kind = 0; kind < KINDS; kind++) {
            PyObject **objects = PyMem_RawRealloc(reserve[kind].objects, (size_t)n * NESTED * sizeof(*objects));
            if (objects == NULL) {
                return false;
            }
            reserve[kind].objects = objects;
        }
        reserve_size = n * NESTED;
    }
    return pl_reserve_fill();
}

static PyObject *
take_reserved(int kind)
{
    if (reserve[kind].count == 0) {
        return NULL;
    }
    PyErr_Clear();
    pl_reserve_used = true;
    return reserve[kind].objects[--reserve[kind].count];
}

PyObject *
pl_sure_int(int64_t value)
{
    PyObject *o = pl_new_int(value);
    if (o != NULL || (o = take_reserved(INTS)) == NULL) {
        return o;
    }
    PyLongObject *number = (PyLongObject *)o;
    Py_ssize_t n = 0;
    for (uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value; rest != 0; rest >>= PyLong_SHIFT) {
        number->ob_digit[n++] = (digit)(rest & PyLong_MASK);
    }
    Py_SET_SIZE(o, value < 0 ? -n : n);
    return o;
}

PyObject *
pl_sure_float(double value)
{
    PyObject *o = PyFloat_FromDouble(value);
    if (o != NULL || (o = take_reserved(FLOATS)) == NULL) {
        return o;
    }
    ((PyFloatObject *)o)->ob_fval = value;
    return o;
}

/* Gives the memory back. */
static void
clear(void)
{
    while (pl_ints.head != NULL) {
        PyObject *o = pl_ints.head;
        pl_ints.head = (PyObject *)Py_TYPE(o);
        pl_ints.count--;
        PyObject_Free(o);
    }
    for (int i = 0; i < PL_POOLS; i++) {
        while (pools[i].head != NULL) {
            PyObject *o = pools[i].head;
            pools[i].head = *link_of(o);
            pools[i].count--;
            PyObject_Free(_Py_AS_GC(o));
        }
    }
    for (int kind = 0; kind < KINDS; kind++) {
        while (reserve[kind].count > 0) {
            Py_DECREF(reserve[kind].objects[--reserve[kind].count]);
        }
    }
    pl_reserve_used = reserve_size > 0;
}

void
pl_pools_hook(bool install)
{
    for (int i = 0; i < PL_POOLS; i++) {
        PL_SLOT_HOOK(pools[i].type->tp_dealloc, pools[i].dealloc, pools[i].stock_dealloc, install);
    }
    if (!install) {
        clear();
    }
}
