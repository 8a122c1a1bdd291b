/* Runtime helpers of machine code: binary operators of numbers whose classes were not known, and of classes that define them in
 * Python.
 *
 * PyNumber_Add and its like find such an operator by a slot function, which looks the method up and calls it through the
 * evaluator hook.  Where the left operand's class has that slot function and decides alone who is asked first, its method is
 * entered here, in the activation that is running; the rest of the protocol follows when it returns NotImplemented
 * (Objects/abstract.c, Objects/typeobject.c, 3.11).
 */
#include "abi.h"

#undef _PyObject_LookupSpecial
extern PyObject *_PyObject_LookupSpecial(PyObject *object, PyObject *name);

typedef struct operator_row {
    size_t slot, in_place;        /* in PyNumberMethods */
    const char *method, *reflected, *symbol, *in_place_symbol;
    binaryfunc general, in_place_general;
} operator_row;

#define ROW(name, symbol, function) \
    {offsetof(PyNumberMethods, nb_##name), offsetof(PyNumberMethods, nb_inplace_##name), "__" #name "__", "__r" #name "__", \
     symbol, symbol "=", PyNumber_##function, PyNumber_InPlace##function}
#define ROW_AS(field, name, symbol, function) \
    {offsetof(PyNumberMethods, nb_##field), offsetof(PyNumberMethods, nb_inplace_##field), "__" #name "__", "__r" #name "__", \
     symbol, symbol "=", PyNumber_##function, PyNumber_InPlace##function}

/* By BINARY_OP number; the ternary power is not among them. */
static const operator_row rows[] = {
    ROW(add, "+", Add), ROW(and, "&", And), ROW_AS(floor_divide, floordiv, "//", FloorDivide), ROW(lshift, "<<", Lshift),
    ROW_AS(matrix_multiply, matmul, "@", MatrixMultiply), ROW_AS(multiply, mul, "*", Multiply),
    ROW_AS(remainder, mod, "%", Remainder), ROW(or, "|", Or), {0}, ROW(rshift, ">>", Rshift),
    ROW_AS(subtract, sub, "-", Subtract), ROW_AS(true_divide, truediv, "/", TrueDivide), ROW(xor, "^", Xor),
};
enum { N_ROWS = Py_ARRAY_LENGTH(rows), IN_PLACE = 13, ADD = 0, AND = 1, MULTIPLY = 5, OR = 7, RSHIFT = 9, SUBTRACT = 10, TRUE_DIVIDE = 11,
       XOR = 12 };
_Static_assert(N_ROWS == IN_PLACE, "a row for each BINARY_OP number");

/* The slot functions of classes with methods in Python (private functions of CPython) and the names of those. */
static struct { binaryfunc slot; PyObject *name, *reflected; } python[N_ROWS];

static inline binaryfunc
slot_at(PyTypeObject *type, size_t offset)
{
    return type->tp_as_number == NULL ? NULL : *(binaryfunc *)((char *)type->tp_as_number + offset);
}

/* Before the first unit, as pl_slots_prepare. */
void
pl_binary_prepare(void)
{
    static bool known;
    if (known) {
        return;
    }
    known = true;
    PyObject *names = PyDict_New();
    for (int i = 0; names != NULL && i < N_ROWS; i++) {
        if (rows[i].method == NULL) {
            continue;
        }
        python[i].name = PyUnicode_InternFromString(rows[i].method);
        python[i].reflected = PyUnicode_InternFromString(rows[i].reflected);
        if (python[i].name == NULL || python[i].reflected == NULL || PyDict_SetItem(names, python[i].name, Py_None) < 0) {
            Py_CLEAR(names);
        }
    }
    PyObject *class = names != NULL ? PyObject_CallFunction((PyObject *)&PyType_Type, "s()O", "probe", names) : NULL;
    for (int i = 0; class != NULL && i < N_ROWS; i++) {
        python[i].slot = rows[i].method != NULL ? slot_at((PyTypeObject *)class, rows[i].slot) : NULL;
    }
    Py_XDECREF(class);
    Py_XDECREF(names);
    PyErr_Clear();
}

/* What is left of the protocol once the left operand's method has returned NotImplemented: slot is that of the right operand
 * when its class was another one.  The result of the right one, or
 * the TypeError of an operator that nobody implements. */
static PyObject *
refused(PyObject *a, PyObject *b, binaryfunc slot, int number, const char *symbol)
{
    PyObject *result = Py_NewRef(Py_NotImplemented);
    if (slot != NULL && slot == python[number].slot) {
        PyObject *method = _PyObject_LookupSpecial(b, python[number].reflected);
        if (method != NULL) {
            Py_SETREF(result, PyObject_CallOneArg(method, a));
            Py_DECREF(method);
        }
        else if (PyErr_Occurred()) {
            Py_CLEAR(result);
        }
    }
    else if (slot != NULL) {
        Py_SETREF(result, slot(a, b));
    }
    if (result == Py_NotImplemented) {
        Py_DECREF(result);
        PyErr_Format(PyExc_TypeError, "unsupported operand type(s) for %.100s: '%.100s' and '%.100s'", symbol,
                     Py_TYPE(a)->tp_name, Py_TYPE(b)->tp_name);
        return NULL;
    }
    return result;
}

/* Whether the class has a sequence operator that would be tried after the numbers'. */
static bool
sequence_like(PyTypeObject *type)
{
    PySequenceMethods *m = type->tp_as_sequence;
    return m != NULL && (m->sq_concat != NULL || m->sq_repeat != NULL || m->sq_inplace_concat != NULL || m->sq_inplace_repeat != NULL);
}

/* The value of an exact float, or of an exact int that a float holds for sure. */
static inline bool
number_value(PyObject *o, double *value)
{
    if (PyFloat_CheckExact(o)) {
        *value = PyFloat_AS_DOUBLE(o);
        return true;
    }
    Py_ssize_t n;
    bool is_short = pl_short_int(o, &n);
    *value = is_short ? (double)n : 0.0;
    return is_short;
}

/* An operator on floats, or on a float and an int; NULL without an exception: the general function has to do it. */
static PyObject *
float_binary(PyObject *a, PyObject *b, int base)
{
    double x, y;
    if (!number_value(a, &x) || !number_value(b, &y)) {
        return NULL;
    }
    switch (base) {
    case ADD:
        return PyFloat_FromDouble(x + y);
    case SUBTRACT:
        return PyFloat_FromDouble(x - y);
    case MULTIPLY:
        return PyFloat_FromDouble(x * y);
    case TRUE_DIVIDE:
        return y != 0 ? PyFloat_FromDouble(x / y) : NULL;
    default:
        return NULL;
    }
}

/* The value of an exact int of at most two digits, whose sums and products with its like are not far from 64 bits. */
static inline bool
int_value(PyObject *o, long long *value)
{
    Py_ssize_t n;
    if (pl_short_int(o, &n)) {
        *value = n;
        return true;
    }
    if (Py_SIZE(o) != 2 && Py_SIZE(o) != -2) {
        return false;
    }
    const digit *digits = ((PyLongObject *)o)->ob_digit;
    *value = (Py_SIZE(o) / 2) * ((long long)digits[1] << PyLong_SHIFT | digits[0]);
    return true;
}

/* An operator on exact ints; NULL without an exception: the general function has to do it. */
static PyObject *
int_binary(PyObject *a, PyObject *b, int base)
{
    long long x, y, product;
    if (!int_value(a, &x) || !int_value(b, &y)) {
        return NULL;
    }
    switch (base) {
    case ADD:
        return PyLong_FromLongLong(x + y);
    case SUBTRACT:
        return PyLong_FromLongLong(x - y);
    case MULTIPLY:
        return !__builtin_mul_overflow(x, y, &product) ? PyLong_FromLongLong(product) : NULL;
    case AND:
        return PyLong_FromLongLong(x & y);
    case OR:
        return PyLong_FromLongLong(x | y);
    case XOR:
        return PyLong_FromLongLong(x ^ y);
    case RSHIFT:
        return y >= 0 ? PyLong_FromLongLong(x >> (y < 63 ? y : 63)) : NULL;
    default:
        return NULL;
    }
}

/* An operator on numbers, of which the interpreter's feedback told nothing. */
static inline PyObject *
number_binary(PyObject *a, PyObject *b, int base)
{
    if (PyLong_CheckExact(a) && PyLong_CheckExact(b)) {
        return int_binary(a, b, base);
    }
    return PyFloat_CheckExact(a) || PyFloat_CheckExact(b) ? float_binary(a, b, base) : NULL;
}

/* number is that of BINARY_OP, in-place operators included. */
PyObject *
pl_binary(PyObject *a, PyObject *b, pl_ctx *ctx, PyThreadState *ts, int64_t number)
{
    bool in_place = number >= IN_PLACE;
    int base = (int)(in_place ? number - IN_PLACE : number);
    const operator_row *row = &rows[base];
    PyTypeObject *left = Py_TYPE(a), *right = Py_TYPE(b);
    if (!(left->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        PyObject *of_numbers = number_binary(a, b, base);
        if (of_numbers != NULL || ts->curexc_type != NULL) {
            return of_numbers;
        }
        return in_place ? row->in_place_general(a, b) : row->general(a, b);
    }
    bool sequences = base == ADD || base == MULTIPLY;
    bool python_first = python[base].slot != NULL &&
        slot_at(left, row->slot) == python[base].slot &&
        (!in_place || slot_at(left, row->in_place) == NULL) && (left == right || !PyType_IsSubtype(right, left)) &&
        !(sequences && (sequence_like(left) || sequence_like(right)));
    binaryfunc other = left != right ? slot_at(right, row->slot) : NULL;
    PyObject *method = python_first ? pl_class_method(a, python[base].name) : NULL, *args[] = {a, b}, *result;
    if (method == NULL || !pl_enter_method(method, args, 2, ctx, ts, &result)) {
        return in_place ? row->in_place_general(a, b) : row->general(a, b);
    }
    if (result == Py_NotImplemented) {
        Py_DECREF(result);
        return refused(a, b, other, base, in_place ? row->in_place_symbol : row->symbol);
    }
    return result;
}
