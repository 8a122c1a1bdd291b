/* super() in front of a method: what `super().name` finds, without the object that super() makes for its next instruction alone.
 *
 * Machine code compares the class of self and the class of `__class__` with those in the inline cache of the LOAD_METHOD, and
 * comes here when they are others.
 */
#include "abi.h"
#include "snapshot.h"

/* What the class of an instance has under a name behind a class that it inherits from, or is (Objects/typeobject.c, super_getattro,
 * 3.11): borrowed, NULL if nothing or if finding it takes more than looking at exact dictionaries. */
static PyObject *
found_above(PyTypeObject *type, PyTypeObject *class, PyObject *name)
{
    PyObject *mro = type->tp_mro, *found = NULL;
    Py_hash_t hash = ((PyASCIIObject *)name)->hash;
    Py_ssize_t n = mro != NULL ? PyTuple_GET_SIZE(mro) : 0, i = 0;
    while (i < n && PyTuple_GET_ITEM(mro, i) != (PyObject *)class) {
        i++;
    }
    for (i++; i < n && found == NULL && hash != -1; i++) {
        PyObject *dict = ((PyTypeObject *)PyTuple_GET_ITEM(mro, i))->tp_dict;
        if (!pl_string_keyed(dict)) {
            return NULL;
        }
        found = _PyDict_GetItem_KnownHash(dict, name, hash);
    }
    return found;
}

/* The method that `super().name` finds in a method of `class` whose first argument is self, and self, as LOAD_METHOD pushes them;
 * both NULL where super() does anything else: stock makes the object then.  The inline cache remembers the answer for the class
 * of self, whose version changes with everything that it inherits. */
pl_pair
pl_super_method(PyObject *self, PyObject *name, PyObject *class, pl_attr_cache *cache)
{
    const pl_pair unknown = {NULL, NULL};
    PyTypeObject *type = Py_TYPE(self);
    if (class == NULL || !PyType_Check(class) || PyType_Check(self) || !PyType_IsSubtype(type, (PyTypeObject *)class)) {
        return unknown;
    }
    const uint32_t version = pl_type_version(type);
    PyObject *method = found_above(type, (PyTypeObject *)class, name);
    if (method == NULL || version == 0 || !(Py_TYPE(method)->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR) || pl_may_change(method)) {
        return unknown;
    }
    cache->above = class;
    cache->of_class.version = version;
    cache->of_class.value = method;
    return (pl_pair){Py_NewRef(method), Py_NewRef(self)};
}
