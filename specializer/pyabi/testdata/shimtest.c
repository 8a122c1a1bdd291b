/* A Python module that opens the C shim to the tests of this package: any runtime helper by name, and snapshots.
 *
 * It is linked with all of cshim, but never installs the hook: stock CPython runs the tests. */
#include "abi.h"

#include "internal/pycore_ceval.h"

#include <stdlib.h>
#include <string.h>

typedef struct { const char *name, *signature; const void *function; } helper;

static const helper helpers[] = {
#define PL_HELPER(name, function, signature, flags) {#name, signature, (const void *)(function)},
#include "helpers.def"
#undef PL_HELPER
};

static PyObject *null;            /* stands for NULL in arguments and results */

/* The System V ABI passes integers and doubles in registers of their own, so one call with all of them filled serves every
 * signature. */
#define REGISTERS uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double
typedef struct { uint64_t rax, rdx; } two_words;
typedef struct { double xmm0; uint64_t rax; } double_and_word;

typedef struct arguments {
    uint64_t words[6];
    double doubles[2];
    PyObject *array[256];
    int n_words, n_doubles, n_array;
} arguments;

static PyObject *
object_or_null(uint64_t word)
{
    return word != 0 ? (PyObject *)word : Py_NewRef(null);
}

static bool
add_array(arguments *a, PyObject *items, bool stolen)
{
    Py_ssize_t n = PyTuple_GET_SIZE(items);
    if (n > 256) {
        PyErr_SetString(PyExc_ValueError, "array too long");
        return false;
    }
    a->words[a->n_words++] = (uint64_t)a->array;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(items, i);
        a->array[a->n_array++] = item == null ? NULL : stolen ? Py_NewRef(item) : item;
    }
    return true;
}

static bool
add_argument(arguments *a, char letter, PyObject *value)
{
    switch (letter) {
    case 'o':
    case 'n':
        a->words[a->n_words++] = value == null ? 0 : (uint64_t)value;
        return true;
    case 'O':
        a->words[a->n_words++] = (uint64_t)Py_NewRef(value);
        return true;
    case 'p':
    case 'P':
        return add_array(a, value, letter == 'P');
    case 'w':
        a->words[a->n_words++] = PyLong_AsUnsignedLongLongMask(value);
        return PyErr_Occurred() == NULL;
    case 'd':
        a->doubles[a->n_doubles++] = PyFloat_AsDouble(value);
        return PyErr_Occurred() == NULL;
    case 'f':
        a->words[a->n_words++] = (uint64_t)((PyFrameObject *)value)->f_frame;
        return true;
    default:
        PyErr_Format(PyExc_ValueError, "no argument of kind %c", letter);
        return false;
    }
}

static PyObject *
invoke(const helper *h, arguments *a)
{
    const uint64_t *w = a->words;
    const double *d = a->doubles;
    char kind[3] = {h->signature[0], h->signature[1] == '(' ? 0 : h->signature[1], 0};
#define AS(type) ((type(*)(REGISTERS))h->function)(w[0], w[1], w[2], w[3], w[4], w[5], d[0], d[1])
    if (strcmp(kind, "o") == 0) {
        return AS(PyObject *);
    }
    if (strcmp(kind, "i") == 0) {
        int value = AS(int);
        return value == -1 && PyErr_Occurred() ? NULL : PyLong_FromLong(value);
    }
    if (strcmp(kind, "l") == 0) {
        long value = AS(long);
        return value == -1 && PyErr_Occurred() ? NULL : PyLong_FromLong(value);
    }
    if (strcmp(kind, "v") == 0) {
        AS(void);
        Py_RETURN_NONE;
    }
    if (strcmp(kind, "oo") == 0) {
        two_words pair = AS(two_words);
        return pair.rdx == 0 ? NULL : Py_BuildValue("NN", object_or_null(pair.rax), (PyObject *)pair.rdx);
    }
    if (strcmp(kind, "ow") == 0) {
        two_words item = AS(two_words);
        return (int)item.rdx != 0 ? NULL : object_or_null(item.rax);
    }
    if (strcmp(kind, "ww") == 0) {
        two_words value = AS(two_words);
        return Py_BuildValue("LO", value.rax, value.rdx != 0 ? Py_True : Py_False);
    }
    if (strcmp(kind, "dw") == 0) {
        double_and_word value = AS(double_and_word);
        return Py_BuildValue("dO", value.xmm0, value.rax != 0 ? Py_True : Py_False);
    }
#undef AS
    PyErr_Format(PyExc_ValueError, "no result of kind %s", kind);
    return NULL;
}

/* Arguments that the machine code has in fixed registers: the thread state and the context of the activation. */
static bool
is_implicit(char letter)
{
    return letter == 't' || letter == 'c';
}

static void
add_implicit(arguments *a, char letter)
{
    PyThreadState *ts = PyThreadState_Get();
    a->words[a->n_words++] = letter == 't' ? (uint64_t)ts : (uint64_t)ts->cframe;
}

/* call(name, *arguments): arrays are given as tuples; implicit arguments are not given. */
static PyObject *
call(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(args, 0));
    const helper *h = helpers, *end = helpers + sizeof helpers / sizeof *helpers;
    while (h < end && strcmp(h->name, name) != 0) {
        h++;
    }
    if (h == end) {
        PyErr_Format(PyExc_LookupError, "no helper %s", name);
        return NULL;
    }
    const char *letters = strchr(h->signature, '(') + 1;
    Py_ssize_t given = 1;
    for (Py_ssize_t i = 0; letters[i] != ')'; i++) {
        given += !is_implicit(letters[i]);
    }
    if (given != PyTuple_GET_SIZE(args)) {
        PyErr_Format(PyExc_ValueError, "%s takes %s", name, h->signature);
        return NULL;
    }
    arguments a = {0};
    for (Py_ssize_t i = 0, next = 1; letters[i] != ')'; i++) {
        if (is_implicit(letters[i])) {
            add_implicit(&a, letters[i]);
        }
        else if (!add_argument(&a, letters[i], PyTuple_GET_ITEM(args, next++))) {
            return NULL;
        }
    }
    PyObject *before[256];
    memcpy(before, a.array, sizeof before);
    PyObject *result = invoke(h, &a);
    if (strchr(letters, 'P') == NULL && memcmp(before, a.array, sizeof before) != 0) {
        Py_FatalError("a helper changed its argument array");
    }
    if ((result == NULL) != (PyErr_Occurred() != NULL)) {
        Py_FatalError("a helper's result does not agree with the exception state");
    }
    return result;
}

/* snapshot(function[, frame]) -> (bytes, references) */
static PyObject *
snapshot(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyFunctionObject *function;
    PyFrameObject *frame = NULL;
    if (!PyArg_ParseTuple(args, "O!|O!", &PyFunction_Type, &function, &PyFrame_Type, &frame)) {
        return NULL;
    }
    pl_site sites[] = {{2, 7, 3}, {1, 5, 9}};
    pl_code pc = {.code = (PyCodeObject *)function->func_code, .sites = sites, .n_sites = 2};
    pl_buffer out = {0};
    const char *reason;
    PyObject *refs = pl_snapshot(&pc, function, 0, frame != NULL ? frame->f_frame : NULL, &out, &reason);
    PyObject *bytes = refs != NULL ? PyBytes_FromStringAndSize((const char *)out.data, (Py_ssize_t)out.len) : NULL;
    free(out.data);
    if (bytes == NULL) {
        Py_XDECREF(refs);
        PyErr_SetString(PyExc_RuntimeError, "no snapshot");
        return NULL;
    }
    return Py_BuildValue("NN", bytes, refs);
}

/* version(object): func_version of a function, dk_version of a dictionary or of the shared keys of a class. */
static PyObject *
version(PyObject *Py_UNUSED(module), PyObject *object)
{
    uint32_t number = PyFunction_Check(object) ? ((PyFunctionObject *)object)->func_version
        : PyDict_Check(object)                 ? ((PyDictObject *)object)->ma_keys->dk_version
                                               : ((PyHeapTypeObject *)object)->ht_cached_keys->dk_version;
    return PyLong_FromUnsignedLong(number);
}

static PyObject *
offsets_check(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    const char *wrong = pl_offsets_check();
    return wrong != NULL ? PyUnicode_FromString(wrong) : Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"call", call, METH_VARARGS, NULL},
    {"snapshot", snapshot, METH_VARARGS, NULL},
    {"version", version, METH_O, NULL},
    {"offsets_check", offsets_check, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "shimtest", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit_shimtest(void)
{
    PyObject *module = PyModule_Create(&definition);
    null = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    if (module == NULL || null == NULL || PyModule_AddObjectRef(module, "NULL", null) < 0) {
        return NULL;
    }
    return module;
}
