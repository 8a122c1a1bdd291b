/* Runtime helpers of machine code, part 1: the table, operators, numbers, attributes.
 *
 * A helper does what one bytecode instruction of the stock evaluator does, with the same result, the same exceptions and
 * the same texts.  Where a documented function of CPython has just that meaning the table names it directly; the functions
 * here are for the rest.  helpers.def has the conventions.
 */
#include "abi.h"

#include "internal/pycore_ceval.h"
#include "internal/pycore_dict.h"

#include "snapshot.h"

#include <math.h>

const void *const pl_helper_table[] = {
#define PL_HELPER(name, function, signature, flags) (const void *)(function),
#include "helpers.def"
#undef PL_HELPER
};
const uint32_t pl_helper_count = sizeof pl_helper_table / sizeof *pl_helper_table;

/* ---- operators --------------------------------------------------------------------------------------------------- */

PyObject *
pl_power(PyObject *a, PyObject *b)
{
    return PyNumber_Power(a, b, Py_None);
}

PyObject *
pl_inplace_power(PyObject *a, PyObject *b)
{
    return PyNumber_InPlacePower(a, b, Py_None);
}

/* Both are exact ints of at most one digit, whose order is that of *x and *y. */
static inline bool
short_ints(PyObject *a, PyObject *b, Py_ssize_t *x, Py_ssize_t *y)
{
    return pl_short_int(a, x) && pl_short_int(b, y);
}

static inline PyObject *
compare(PyObject *a, PyObject *b, int op)
{
    Py_ssize_t x, y;
    if (short_ints(a, b, &x, &y)) {
        Py_RETURN_RICHCOMPARE(x, y, op);
    }
    if (PyFloat_CheckExact(a) && PyFloat_CheckExact(b)) {
        Py_RETURN_RICHCOMPARE(PyFloat_AS_DOUBLE(a), PyFloat_AS_DOUBLE(b), op);
    }
    if ((op == Py_EQ || op == Py_NE) && PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b)) {
        return Py_NewRef(pl_str_equal(a, b) == (op == Py_EQ) ? Py_True : Py_False);
    }
    return PyObject_RichCompare(a, b, op);
}

/* The truth of a comparison for a branch.  Unlike PyObject_RichCompareBool this asks the objects even when both are the
 * same one (nan == nan is false), as COMPARE_OP followed by a conditional jump does. */
static inline int
compare_bool(PyObject *a, PyObject *b, int op)
{
    PyObject *result = compare(a, b, op);
    if (result == NULL) {
        return -1;
    }
    int truth = result == Py_True ? 1 : result == Py_False ? 0 : PyObject_IsTrue(result);
    Py_DECREF(result);
    return truth;
}

#define COMPARISON(suffix, op) \
    PyObject *pl_compare_##suffix(PyObject *a, PyObject *b) { return compare(a, b, op); } \
    int pl_compare_bool_##suffix(PyObject *a, PyObject *b) { return compare_bool(a, b, op); }
COMPARISON(lt, Py_LT)
COMPARISON(le, Py_LE)
COMPARISON(eq, Py_EQ)
COMPARISON(ne, Py_NE)
COMPARISON(gt, Py_GT)
COMPARISON(ge, Py_GE)
#undef COMPARISON

/* Exact strs, whose comparison cannot fail but for memory that a str of old C code needs to become a normal one. */
uint64_t
pl_str_equal(PyObject *a, PyObject *b)
{
    if (PyUnicode_CHECK_INTERNED(a) && PyUnicode_CHECK_INTERNED(b)) {
        return a == b;
    }
    if (PyUnicode_IS_READY(a) && PyUnicode_IS_READY(b)) {
        Py_ssize_t size = PyUnicode_GET_LENGTH(a);
        return size == PyUnicode_GET_LENGTH(b) && PyUnicode_KIND(a) == PyUnicode_KIND(b)
            && memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)size * PyUnicode_KIND(a)) == 0;
    }
    int order = PyUnicode_Compare(a, b);
    PyErr_Clear();
    return order == 0;
}

int
pl_delete_attribute(PyObject *object, PyObject *name)
{
    return PyObject_SetAttr(object, name, NULL);
}

/* Whether an exact str or a short int equals an item of the same kind; -1: that takes a comparison that may run code. */
static inline int
equals_item(PyObject *item, PyObject *o)
{
    Py_ssize_t x, y;
    if (item == o) {
        return 1;
    }
    if (PyUnicode_CheckExact(item)) {
        return PyUnicode_CheckExact(o) ? (int)pl_str_same(item, o) : -1;
    }
    return short_ints(item, o, &x, &y) ? x == y : -1;
}

/* How many items at the beginning of an array are interned strs, none of which is `item`; or -1 when one is. */
static inline Py_ssize_t
other_names(PyObject *item, PyObject *const *items, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (items[i] == item) {
            return -1;
        }
        if (!PyUnicode_CheckExact(items[i]) || !PyUnicode_CHECK_INTERNED(items[i])) {
            return i;
        }
    }
    return n;
}

/* item in container, for an exact list or tuple; either may change while items are compared. */
static int
contained(PyObject *item, PyObject *container)
{
    PyObject *const *items = PyList_CheckExact(container) ? ((PyListObject *)container)->ob_item : &PyTuple_GET_ITEM(container, 0);
    Py_ssize_t i = 0;
    if (PyUnicode_CheckExact(item) && PyUnicode_CHECK_INTERNED(item)) {
        i = other_names(item, items, Py_SIZE(container));
        if (i < 0) {
            return 1;
        }
    }
    for (; i < Py_SIZE(container); i++) {
        PyObject *o = PyList_CheckExact(container) ? PyList_GET_ITEM(container, i) : PyTuple_GET_ITEM(container, i);
        int equal = equals_item(item, o);
        if (equal < 0) {
            Py_INCREF(o);
            equal = PyObject_RichCompareBool(o, item, Py_EQ);
            Py_DECREF(o);
        }
        if (equal != 0) {
            return equal;
        }
    }
    return 0;
}

int
pl_contains(PyObject *item, PyObject *container)
{
    if (PyList_CheckExact(container) || PyTuple_CheckExact(container)) {
        return contained(item, container);
    }
    PySequenceMethods *sequence = Py_TYPE(container)->tp_as_sequence;
    objobjproc contains = sequence != NULL ? sequence->sq_contains : NULL;
    pl_found found = PL_UNKNOWN;
    if (contains == PyDict_Type.tp_as_sequence->sq_contains) {
        PyObject *value;
        found = pl_dict_find(container, item, &value);
    }
    else if (contains == PySet_Type.tp_as_sequence->sq_contains) {
        found = pl_set_find(container, item);
    }
    return found != PL_UNKNOWN ? found == PL_FOUND : PySequence_Contains(container, item);
}

/* ---- classes ------------------------------------------------------------------------------------------------------- */

/* Answers for pairs of classes that were asked about lately.  The first version is that of the object's class, which stands for its
 * bases and its __class__; so an answer outlives the other class only where it is no, as it is for whatever comes in its place.  The
 * second one is that of the other class's metaclass, which stands for its __instancecheck__.  No version is zero in an answer. */
static pl_answer answers[1024];

static inline pl_answer *
answer_at(PyTypeObject *type, PyObject *class)
{
    return &answers[(type->tp_version_tag ^ (uintptr_t)class >> 4 ^ (uintptr_t)class >> 14) % Py_ARRAY_LENGTH(answers)];
}

/* An object that is no instance by its class could still say that it is by its attribute __class__, which mostly is object's. */
static int
find_instance(PyTypeObject *type, PyObject *class)
{
    if (PyType_IsSubtype(type, (PyTypeObject *)class)) {
        return 1;
    }
    bool general = type->tp_getattro == PyObject_GenericGetAttr || type->tp_getattro == PyType_Type.tp_getattro;
    return general && _PyType_Lookup(type, &_Py_ID(__class__)) == pl_slots.class_of ? 0 : -1;
}

bool
pl_leaves_answer(PyTypeObject *meta)
{
    return meta == &PyType_Type || (PyType_IsSubtype(meta, &PyType_Type) &&
                                    _PyType_Lookup(meta, &_Py_ID(__instancecheck__)) == pl_slots.instance_check);
}

/* The answer for a class whose metaclass leaves it to type, or -1. */
static int
answer_of_type(PyTypeObject *type, PyObject *class)
{
    return pl_leaves_answer(Py_TYPE(class)) ? find_instance(type, class) : -1;
}

/* The same; from now on it is remembered. */
static int
learn_answer(PyTypeObject *type, PyObject *class)
{
    if ((PyObject *)type == class) {
        return 1;
    }
    PyTypeObject *meta = Py_TYPE(class);
    int is = answer_of_type(type, class);
    if (type->tp_version_tag != 0 && meta->tp_version_tag != 0) {
        *answer_at(type, class) = (pl_answer){class, type->tp_version_tag, meta->tp_version_tag, is};
    }
    return is;
}

/* 0 or 1; -1: it is not remembered, or CPython has to be asked. */
static inline int
remembered_answer(PyTypeObject *type, PyObject *class)
{
    const pl_answer *a = answer_at(type, class);
    bool fits = a->class == class && a->version == type->tp_version_tag && a->meta == Py_TYPE(class)->tp_version_tag;
    return (PyObject *)type == class ? 1 : fits ? a->is : -1;
}

/* What answer says of a class, or of the first of a tuple of them that it does not answer with 0; -1: CPython has to be asked, also where
 * it has no level of recursion left, as it takes one for most classes. */
static inline __attribute__((always_inline)) int
answer_all(PyTypeObject *type, PyObject *class, int (*answer)(PyTypeObject *, PyObject *))
{
    if (pl_thread_state()->recursion_remaining <= 0) {
        return -1;
    }
    if (!PyTuple_CheckExact(class)) {
        return answer(type, class);
    }
    int is = 0;
    for (Py_ssize_t i = 0; is == 0 && i < PyTuple_GET_SIZE(class); i++) {
        is = answer(type, PyTuple_GET_ITEM(class, i));
    }
    return is;
}

static __attribute__((noinline)) int
ask_instance(PyObject *object, PyObject *class)
{
    int is = answer_all(Py_TYPE(object), class, learn_answer);
    return is >= 0 ? is : PyObject_IsInstance(object, class);
}

int
pl_is_instance(PyObject *object, PyObject *class)
{
    int is = answer_all(Py_TYPE(object), class, remembered_answer);
    return is >= 0 ? is : ask_instance(object, class);
}

/* Whether looking for a name in a class and its bases runs no Python code. */
static bool
is_string_keyed(PyTypeObject *type)
{
    PyObject *mro = type->tp_mro;
    bool keyed = mro != NULL;
    for (Py_ssize_t i = 0; keyed && i < PyTuple_GET_SIZE(mro); i++) {
        keyed = pl_string_keyed(((PyTypeObject *)PyTuple_GET_ITEM(mro, i))->tp_dict);
    }
    return keyed;
}

pl_answer pl_instance_answers[PL_INSTANCE_ANSWERS];

/* The same for a class whose metaclass leaves the answer to type, running no Python code; -1 where that would be needed.  Machine
 * code comes here when the table does not have the answer, which it has afterwards. */
int
pl_instance_of(PyObject *object, PyObject *class, uint64_t mark)
{
    PyTypeObject *type = Py_TYPE(object), *meta = Py_TYPE(class);
    int is = is_string_keyed(type) && is_string_keyed(meta) ? answer_of_type(type, class) : -1;
    uint32_t version = pl_type_version(type), meta_version = pl_type_version(meta);
    if (is >= 0 && version != 0 && meta_version != 0) {
        pl_instance_answers[(version ^ mark) % PL_INSTANCE_ANSWERS] = (pl_answer){class, version, meta_version, is};
    }
    return is;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* Float power where no error and no complex result is possible; elsewhere stock has to do it. */
pl_float
pl_pow_float(double a, double b)
{
    bool defined = isfinite(a) && isfinite(b) && (a > 0 || (a < 0 ? b == floor(b) : b >= 0));
    if (!defined) {
        return (pl_float){0, 1};
    }
    double power = pow(a, b);
    return (pl_float){power, !isfinite(power)};
}

/* The remainder of floor division has the sign of the divisor, and a zero remainder that sign, too. */
static inline double
floor_remainder(double a, double b)
{
    double rest = fmod(a, b);
    if (rest == 0) {
        return copysign(0.0, b);
    }
    return (rest < 0) == (b < 0) ? rest : rest + b;
}

pl_float
pl_mod_float(double a, double b)
{
    return b == 0 ? (pl_float){0, 1} : (pl_float){floor_remainder(a, b), 0};
}

/* The quotient is made from a minus its remainder, so that it is a whole number up to rounding, and snapped to the nearest
 * one: floor(a / b) alone is off by one where a / b rounds up to a whole number. */
pl_float
pl_floordiv_float(double a, double b)
{
    if (b == 0) {
        return (pl_float){0, 1};
    }
    double rest = fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
        quotient -= 1.0;
    }
    if (quotient == 0) {
        return (pl_float){copysign(0.0, a / b), 0};
    }
    double whole = floor(quotient);
    return (pl_float){quotient - whole > 0.5 ? whole + 1.0 : whole, 0};
}
