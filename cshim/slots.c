/* The slot functions of classes whose special methods are written in Python.
 *
 * They are private functions of CPython, so they are read off a class made for it.  A class that has one of them runs a Python
 * function, which machine code can enter by itself (callables.c, helpers_items.c).
 */
#include "abi.h"

pl_python_slots pl_slots;

/* Before the first unit: the class is garbage that waits for the collector, and what it names would seem to be leaked by
 * whatever machine code does first. */
void
pl_slots_prepare(void)
{
    static bool known;
    if (known) {
        return;
    }
    known = true;
    PyObject *class = PyObject_CallFunction(
        (PyObject *)&PyType_Type, "s(){sOsOsOsOsOsOsO}", "probe", "__getitem__", Py_None, "__setitem__", Py_None, "__iter__",
        Py_None, "__call__", Py_None, "__init__", Py_None, "__new__", Py_None,
        "__getattr__", Py_None);
    if (class != NULL) {
        PyTypeObject *type = (PyTypeObject *)class;
        pl_slots = (pl_python_slots){
            .get_item = type->tp_as_mapping->mp_subscript, .set_item = type->tp_as_mapping->mp_ass_subscript,
            .iter = type->tp_iter, .call = type->tp_call, .init = type->tp_init, .new = type->tp_new,
            .dealloc = type->tp_dealloc, .getattr_hook = type->tp_getattro, .class_of = _PyType_Lookup(&PyBaseObject_Type, &_Py_ID(__class__)),
            .instance_check = _PyType_Lookup(&PyType_Type, &_Py_ID(__instancecheck__)),
        };
        Py_DECREF(class);
    }
    PyErr_Clear();
}
