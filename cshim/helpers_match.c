/* What match statements ask of their subjects.  Patterns that do not match give None. */
#include "abi.h"

/* Whether the class of the subject is one of mappings or of sequences, by its flag. */
PyObject *
pl_match_kind(PyObject *subject, int64_t flag)
{
    return PyBool_FromLong((Py_TYPE(subject)->tp_flags & (unsigned long)flag) != 0);
}

/* Notes that `what` has been asked for: 0, or -1 when it has been before or cannot be hashed, which raises. */
static int
ask_once(PyObject *asked, PyObject *what)
{
    int before = PySet_Contains(asked, what);
    return before == 0 ? PySet_Add(asked, what) : -1;
}

/* The values of the keys of a mapping pattern. */
static PyObject *
values_of(PyObject *keys, PyObject *get, PyObject *self, PyObject *asked, PyObject *nothing)
{
    Py_ssize_t n = PyTuple_GET_SIZE(keys);
    PyObject *values = PyTuple_New(n);
    for (Py_ssize_t i = 0; values != NULL && i < n; i++) {
        PyObject *key = PyTuple_GET_ITEM(keys, i), *value = NULL;
        if (ask_once(asked, key) == 0) {
            PyObject *args[] = {NULL, self, key, nothing};
            value = self != NULL ? PyObject_Vectorcall(get, args + 1, 3, NULL)
                                 : PyObject_Vectorcall(get, args + 2, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        }
        else if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "mapping pattern checks duplicate key (%R)", key);
        }
        if (value == NULL || value == nothing) {
            Py_SETREF(values, value != NULL ? Py_NewRef(Py_None) : NULL);
            Py_XDECREF(value);
            return values;
        }
        PyTuple_SET_ITEM(values, i, value);
    }
    return values;
}

/* MATCH_KEYS.  The mapping is asked by its method get, with an object of our own for what is missing: so a defaultdict makes
 * nothing. */
PyObject *
pl_match_keys(PyObject *subject, PyObject *keys)
{
    if (PyTuple_GET_SIZE(keys) == 0) {
        return PyTuple_New(0);
    }
    static PyObject *name;
    if (name == NULL && (name = PyUnicode_InternFromString("get")) == NULL) {
        return NULL;
    }
    PyObject *get = NULL, *values = NULL;
    PyObject *self = _PyObject_GetMethod(subject, name, &get) ? subject : NULL;
    PyObject *asked = get != NULL ? PySet_New(NULL) : NULL;
    PyObject *nothing = asked != NULL ? PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type) : NULL;
    if (nothing != NULL) {
        values = values_of(keys, get, self, asked, nothing);
    }
    Py_XDECREF(nothing);
    Py_XDECREF(asked);
    Py_XDECREF(get);
    return values;
}

/* Appends an attribute that a class pattern names: 0, or -1 when there is none, which raises nothing, or on an error. */
static int
append_attribute(PyObject *attributes, PyObject *subject, PyTypeObject *type, PyObject *name, PyObject *asked)
{
    if (ask_once(asked, name) < 0) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple sub-patterns for attribute %R", type->tp_name, name);
        }
        return -1;
    }
    PyObject *attribute = PyObject_GetAttr(subject, name);
    if (attribute == NULL) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
        }
        return -1;
    }
    int error = PyList_Append(attributes, attribute);
    Py_DECREF(attribute);
    return error;
}

/* The positional part of a class pattern: attributes named by __match_args__, or the subject itself for some built-in classes. */
static int
append_positional(PyObject *attributes, PyObject *subject, PyTypeObject *type, Py_ssize_t n, PyObject *asked)
{
    PyObject *names = PyObject_GetAttrString((PyObject *)type, "__match_args__");
    bool itself = false;
    if (names == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        itself = PyType_HasFeature(type, _Py_TPFLAGS_MATCH_SELF);
    }
    else if (!PyTuple_CheckExact(names)) {
        PyErr_Format(PyExc_TypeError, "%s.__match_args__ must be a tuple (got %s)", type->tp_name, Py_TYPE(names)->tp_name);
        Py_DECREF(names);
        return -1;
    }
    Py_ssize_t most = itself ? 1 : names != NULL ? PyTuple_GET_SIZE(names) : 0;
    int error = 0;
    if (most < n) {
        PyErr_Format(PyExc_TypeError, "%s() accepts %zd positional sub-pattern%s (%zd given)", type->tp_name, most,
                     most == 1 ? "" : "s", n);
        error = -1;
    }
    else if (itself) {
        error = PyList_Append(attributes, subject);
    }
    for (Py_ssize_t i = 0; i < n && !itself && error == 0; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        if (PyUnicode_CheckExact(name)) {
            error = append_attribute(attributes, subject, type, name, asked);
        }
        else {
            PyErr_Format(PyExc_TypeError, "__match_args__ elements must be strings (got %s)", Py_TYPE(name)->tp_name);
            error = -1;
        }
    }
    Py_XDECREF(names);
    return error;
}

/* MATCH_CLASS with n positional patterns and those of the names. */
PyObject *
pl_match_class(PyObject *subject, PyObject *class, PyObject *names, int64_t n)
{
    if (!PyType_Check(class)) {
        PyErr_SetString(PyExc_TypeError, "called match pattern must be a type");
        return NULL;
    }
    PyTypeObject *type = (PyTypeObject *)class;
    int instance = PyObject_IsInstance(subject, class);
    if (instance <= 0) {
        return instance == 0 ? Py_NewRef(Py_None) : NULL;
    }
    PyObject *asked = PySet_New(NULL), *attributes = PyList_New(0);
    int error = asked == NULL || attributes == NULL ? -1 : 0;
    if (error == 0 && n != 0) {
        error = append_positional(attributes, subject, type, n, asked);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names) && error == 0; i++) {
        error = append_attribute(attributes, subject, type, PyTuple_GET_ITEM(names, i), asked);
    }
    PyObject *result = error == 0 ? PyList_AsTuple(attributes) : NULL;
    Py_XDECREF(asked);
    Py_XDECREF(attributes);
    return result != NULL || PyErr_Occurred() ? result : Py_NewRef(Py_None);
}
