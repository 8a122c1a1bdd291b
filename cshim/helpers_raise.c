/* The raise statement. */
#include "abi.h"

/* An exception that a raise statement names: a class is called, an instance is taken as it is.  New reference, or NULL with
 * the TypeError of stock. */
static PyObject *
instance_of(PyObject *named, const char *otherwise)
{
    if (PyExceptionInstance_Check(named)) {
        return Py_NewRef(named);
    }
    if (!PyExceptionClass_Check(named)) {
        PyErr_SetString(PyExc_TypeError, otherwise);
        return NULL;
    }
    return PyObject_CallNoArgs(named);
}

static int
raise_again(void)
{
    PyObject *handled = PyErr_GetHandledException();
    if (handled == NULL || handled == Py_None) {
        Py_XDECREF(handled);
        PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
        return -1;
    }
    PyErr_Restore(Py_NewRef(Py_TYPE(handled)), handled, PyException_GetTraceback(handled));
    return -1;
}

int
pl_do_raise(PyObject *exception, PyObject *cause)
{
    if (exception == NULL) {
        return raise_again();
    }
    PyObject *value = instance_of(exception, "exceptions must derive from BaseException");
    if (value == NULL) {
        return -1;
    }
    if (!PyExceptionInstance_Check(value)) {
        PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", exception,
                     Py_TYPE(value));
        Py_DECREF(value);
        return -1;
    }
    if (cause != NULL) {
        PyObject *fixed = NULL;
        if (cause != Py_None) {
            fixed = instance_of(cause, "exception causes must derive from BaseException");
            if (fixed == NULL) {
                Py_DECREF(value);
                return -1;
            }
        }
        PyException_SetCause(value, fixed);     /* steals; NULL says that there is none */
    }
    PyErr_SetObject((PyObject *)Py_TYPE(value), value);
    Py_DECREF(value);
    return -1;
}
