/* Deaths that run nobody's code.
 *
 * A finalizer, or the callback of a weak reference, looks at the frames that machine code has not written for some time: unboxed
 * numbers are stale in their slots, and elided frames do not exist.  A flush shows it those (exits.c), for several hundred
 * instructions.  Most of what dies in a loop is a tuple of numbers, a small list or an object without a finalizer, whose death
 * runs nothing; that is found out here.
 *
 * Nothing runs if what dies with the object does not run anything either.  What it refers to lives on if it has more references than
 * the dying objects have altogether, which is more than they can have to any one.
 */
#include "abi.h"

enum { MOST_OBJECTS = 16, MOST_REFERENCES = 64 };

typedef struct quiet_death {
    Py_ssize_t references;        /* of the dying objects, as far as they were visited */
    Py_ssize_t least;             /* the smallest count of those that are to live on */
    int objects;                  /* that die */
} quiet_death;

static bool dies_quietly(PyObject *object, quiet_death *q);

/* Numbers and text: they refer to nothing. */
static inline bool
is_plain(PyObject *object)
{
    return PyLong_CheckExact(object) || PyUnicode_CheckExact(object) || PyFloat_CheckExact(object) || PyBytes_CheckExact(object);
}

/* A visitproc; not 0: no. */
static int
visit(PyObject *object, void *death)
{
    quiet_death *q = death;
    if (++q->references > MOST_REFERENCES) {
        return 1;
    }
    if (is_plain(object)) {
        return 0;
    }
    if (Py_REFCNT(object) == 1) {
        return !dies_quietly(object, q);
    }
    q->least = Py_MIN(q->least, Py_REFCNT(object));
    return 0;
}

/* Builtin classes whose instances do nothing but drop references when they die. */
static const struct quiet_class {
    PyTypeObject *type;
    size_t weak_references;       /* where the list of weak references is; 0: there are none */
} quiet_classes[] = {
    {&PyTuple_Type, 0}, {&PyList_Type, 0}, {&PyDict_Type, 0}, {&PyMethod_Type, offsetof(PyMethodObject, im_weakreflist)},
    {&PySet_Type, offsetof(PySetObject, weakreflist)}, {&PyFrozenSet_Type, offsetof(PySetObject, weakreflist)},
    {&PyListIter_Type, 0}, {&PyTupleIter_Type, 0}, {&PySlice_Type, 0}, {&PyEnum_Type, 0}, {&PyZip_Type, 0}, {&PyReversed_Type, 0},
    {&PyDictIterKey_Type, 0}, {&PyDictIterValue_Type, 0}, {&PyDictIterItem_Type, 0}, {&PyDictItems_Type, 0}, {&PyDictKeys_Type, 0},
    {&PyDictValues_Type, 0},
};

/* An instance of a Python class without a finalizer, weak references and a dictionary. */
static bool
instance_dies_quietly(PyObject *object, quiet_death *q)
{
    PyTypeObject *type = Py_TYPE(object);
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) || !PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT) ||
        type->tp_finalize != NULL || type->tp_del != NULL || Py_REFCNT(type) < 2 || *_PyObject_ManagedDictPointer(object) != NULL) {
        return false;
    }
    if (type->tp_weaklistoffset > 0 && *(PyObject **)((char *)object + type->tp_weaklistoffset) != NULL) {
        return false;
    }
    for (const PyTypeObject *base = type; base != &PyBaseObject_Type; base = base->tp_base) {
        /* The deallocator of classes made in Python, which do not add members of __slots__. */
        if (base->tp_dealloc != type->tp_dealloc || !PyType_HasFeature((PyTypeObject *)base, Py_TPFLAGS_HEAPTYPE) ||
            Py_SIZE(base) != 0 || base->tp_base == NULL) {
            return false;
        }
    }
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    Py_ssize_t n = values != NULL ? ((PyHeapTypeObject *)type)->ht_cached_keys->dk_nentries : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (values->values[i] != NULL && visit(values->values[i], q)) {
            return false;
        }
    }
    return type->tp_dealloc == pl_slots.dealloc;
}

static bool
dies_quietly(PyObject *object, quiet_death *q)
{
    PyTypeObject *type = Py_TYPE(object);
    if (++q->objects > MOST_OBJECTS) {
        return false;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(quiet_classes); i++) {
        const struct quiet_class *c = &quiet_classes[i];
        if (c->type == type) {
            bool watched = c->weak_references != 0 && *(PyObject **)((char *)object + c->weak_references) != NULL;
            return !watched && type->tp_traverse(object, visit, q) == 0;
        }
    }
    return instance_dies_quietly(object, q);
}

/* Whether an object is a short tuple or list of nothing but numbers and text, as most are that die in loops of numbers.  The general
 * way would find the same; this one takes a sixth less time for a tuple to be made and die. */
static bool
holds_only_plain(PyObject *object)
{
    if (!PyTuple_CheckExact(object) && !PyList_CheckExact(object)) {
        return false;
    }
    PyObject **items = PySequence_Fast_ITEMS(object);
    for (Py_ssize_t n = Py_SIZE(object), i = 0; i < n; i++) {
        if (i == MOST_REFERENCES || items[i] == NULL || !is_plain(items[i])) {
            return false;
        }
    }
    return true;
}

/* Frees an object whose count is zero, unless that could run code: then it is the result, otherwise NULL. */
PyObject *
pl_die_quietly(PyObject *object)
{
    if (holds_only_plain(object)) {
        pl_dealloc(object);
        return NULL;
    }
    quiet_death q = {.references = 0, .least = PY_SSIZE_T_MAX, .objects = 0};
    if (!dies_quietly(object, &q) || q.least <= q.references) {
        return object;
    }
    pl_dealloc(object);
    return NULL;
}
