/* The attribute cache: what the generic attribute operations of machine code look in before they ask the object.
 *
 * Sites whose receiver has one class are guarded and compiled in line; this cache serves the others.  It is one table for
 * the whole interpreter, indexed by the class's version tag and the name, so a class seen at one site is known at all of
 * them, and an entry goes stale by itself: changing a class gives it another tag (Objects/typeobject.c, 3.11).
 *
 * An entry says how instances of that class store the name.  Where the answer depends on the instance as well (a
 * materialised dictionary, an empty slot), a hit falls back to the general operation.
 */
#include "abi.h"
#include "snapshot.h"

#include "structmember.h"

#include <string.h>

typedef enum cache_kind {
    CACHE_NONE,
    CACHE_GENERAL,                /* known to need the general operation */
    CACHE_VALUE,                  /* inline value number `index`, or in the materialised dictionary */
    CACHE_DICT,                   /* in the materialised dictionary: the shared keys do not have the name */
    CACHE_ABSENT,                 /* neither the class has it nor can an instance */
    CACHE_MEMBER,                 /* __slots__ entry at byte offset `index` */
    CACHE_ITEM,                   /* field of a named tuple: item number `index` */
    CACHE_CLASS,                  /* plain attribute of the class, no inline value can shadow it; `index` see pl_kind_version */
    CACHE_METHOD,                 /* method descriptor of the class, likewise */
    CACHE_PROPERTY,               /* property of the class, which nothing can shadow */
    CACHE_TYPE,                   /* object's __class__ */
} cache_kind;

typedef struct cache_entry {
    PyObject *name;               /* compared by identity, so the entry owns it */
    uint32_t version;
    uint32_t keys_version;        /* DICT, CLASS, METHOD: of the class's cached keys, in which the name is not; DICT: 0 if unknown */
    uint16_t kind;
    bool managed;                 /* instances have inline values */
    bool hooked;                  /* the class has a __getattr__, for what is not found */
    uint32_t index;
    PyObject *descr;              /* what the class has; owned by it as long as the version stands */
} cache_entry;

enum { CACHE_BITS = 12, CACHE_SIZE = 1 << CACHE_BITS };

static cache_entry cache[CACHE_SIZE];

static cache_entry *
slot_of(uint32_t version, PyObject *name)
{
    uintptr_t h = (uintptr_t)version * 0x9e3779b1u ^ ((uintptr_t)name >> 4);
    return &cache[(h ^ h >> CACHE_BITS) & (CACHE_SIZE - 1)];
}

static Py_ssize_t
key_index(PyDictKeysObject *keys, PyObject *name)
{
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
        if (DK_UNICODE_ENTRIES(keys)[i].me_key == name) {
            return i;
        }
    }
    return -1;
}

/* Whether what a class has may become a descriptor, or another one, and the version of the class that has it stays what it is:
 * an object whose own class a program can change, or exchange. */
bool
pl_may_change(PyObject *found)
{
    return !(Py_TYPE(found)->tp_flags & (Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_METHOD_DESCRIPTOR)) || PyModule_Check(found);
}

/* The version that the class of such an object has while it is what it was, 0 for other objects.  False: it has none. */
bool
pl_kind_version(PyObject *found, uint32_t *version)
{
    *version = pl_may_change(found) ? pl_type_version(Py_TYPE(found)) : 0;
    return *version != 0 || !pl_may_change(found);
}

static bool
is_what_it_was(PyObject *found, uint32_t version)
{
    return version == 0 || Py_TYPE(found)->tp_version_tag == version;
}

/* Whether instances have attributes as usual, and a __getattr__ in Python for those that they do not have. */
static bool
has_hook(PyTypeObject *type, getattrofunc usual)
{
    PyObject *found = type->tp_getattro == pl_slots.getattr_hook ? _PyType_Lookup(type, &_Py_ID(__getattribute__)) : NULL;
    return found != NULL && Py_IS_TYPE(found, &PyWrapperDescr_Type) &&
           ((PyWrapperDescrObject *)found)->d_wrapped == (void *)usual;
}

/* What a field of a named tuple is in its class: Modules/_collectionsmodule.c, whose type has no name to link to. */
typedef struct tuple_getter { PyObject_HEAD Py_ssize_t index; PyObject *doc; } tuple_getter;

static bool
is_tuple_getter(PyObject *descr)
{
    const PyTypeObject *type = Py_TYPE(descr);
    return !(type->tp_flags & Py_TPFLAGS_HEAPTYPE) && type->tp_basicsize == sizeof(tuple_getter) &&
           strcmp(type->tp_name, "_collections._tuplegetter") == 0;
}

/* Fills the entry for (type, name); the type's version is current. */
static void
classify(cache_entry *e, PyTypeObject *type, PyObject *name)
{
    PyObject *descr = _PyType_Lookup(type, name);
    PyErr_Clear();
    PyObject *old = e->name;
    *e = (cache_entry){.name = Py_NewRef(name), .version = type->tp_version_tag, .kind = CACHE_GENERAL, .descr = descr};
    Py_XDECREF(old);
    e->hooked = has_hook(type, PyObject_GenericGetAttr);
    if ((type->tp_getattro != PyObject_GenericGetAttr && !e->hooked) || type->tp_setattro != PyObject_GenericSetAttr) {
        return;
    }
    PyDictKeysObject *keys = pl_cached_keys(type);
    bool dictless = type->tp_dictoffset == 0 && !(type->tp_flags & Py_TPFLAGS_MANAGED_DICT);
    e->managed = keys != NULL;
    if (descr == NULL || Py_TYPE(descr)->tp_descr_set == NULL) {
        /* What is not a data descriptor does not come before an attribute of the instance. */
        Py_ssize_t i = keys != NULL ? key_index(keys, name) : -1;
        if (i >= 0) {
            if (descr != NULL && pl_may_change(descr)) {
                return;
            }
            e->kind = CACHE_VALUE;
            e->index = (uint32_t)i;
            return;
        }
        if (descr == NULL) {
            e->kind = keys != NULL ? CACHE_DICT : dictless ? CACHE_ABSENT : CACHE_GENERAL;
            e->keys_version = keys != NULL ? pl_cached_keys_version(type) : 0;
            return;
        }
    }
    if (Py_IS_TYPE(descr, &PyMemberDescr_Type)) {
        PyMemberDef *member = ((PyMemberDescrObject *)descr)->d_member;
        if (member->type == T_OBJECT_EX && !(member->flags & (READONLY | PY_AUDIT_READ)) &&
            PyType_IsSubtype(type, PyDescr_TYPE(descr))) {
            e->kind = CACHE_MEMBER;
            e->index = (uint32_t)member->offset;
        }
        return;
    }
    if (Py_IS_TYPE(descr, &PyProperty_Type)) {
        e->kind = e->hooked ? CACHE_GENERAL : CACHE_PROPERTY;        /* its AttributeError goes to the hook */
        return;
    }
    if (is_tuple_getter(descr) && (type->tp_flags & Py_TPFLAGS_TUPLE_SUBCLASS)) {
        e->kind = CACHE_ITEM;
        e->index = (uint32_t)Py_MIN((size_t)((tuple_getter *)descr)->index, UINT32_MAX);
        return;
    }
    if (descr == pl_slots.class_of) {
        e->kind = CACHE_TYPE;
        return;
    }
    /* Anything an instance attribute could shadow is a hit only while the shared keys do not have the name and the
     * instance has no dictionary of its own; a class without instance dictionaries has neither. */
    if (keys != NULL) {
        e->keys_version = pl_cached_keys_version(type);
        if (e->keys_version == 0) {
            return;
        }
    }
    else if (!dictless) {
        return;
    }
    if (Py_TYPE(descr)->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR) {
        e->kind = CACHE_METHOD;
    }
    else if (Py_TYPE(descr)->tp_descr_get == NULL && Py_TYPE(descr)->tp_descr_set == NULL && pl_kind_version(descr, &e->index)) {
        e->kind = CACHE_CLASS;
    }
}

/* Whether the keys that instances share are those of the entry, where it tells of any.  They grow while the first instances are
 * made; what was looked up meanwhile is told anew. */
static bool
has_current_keys(const cache_entry *e, PyTypeObject *type)
{
    return e->keys_version == 0 || ((PyHeapTypeObject *)type)->ht_cached_keys->dk_version == e->keys_version;
}

static const cache_entry *
look_up(PyObject *o, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type->tp_version_tag == 0) {
        _PyType_Lookup(type, name);       /* gives it a version, if it can have one */
        if (type->tp_version_tag == 0) {
            return NULL;
        }
    }
    cache_entry *e = slot_of(type->tp_version_tag, name);
    if (e->version != type->tp_version_tag || e->name != name || !has_current_keys(e, type)) {
        classify(e, type, name);
    }
    return e;
}

static PyDictValues *
inline_values(PyObject *o)
{
    return *_PyObject_ValuesPointer(o);
}

/* The instance's own dictionary, when it has one made and keys of it are found by their hash alone. */
static PyObject *
own_dict(PyObject *o)
{
    PyObject *dict = *_PyObject_ManagedDictPointer(o);
    return dict != NULL && PyDict_CheckExact(dict) ? dict : NULL;
}

static PyObject *
from_dict(PyObject *o, PyObject *name)
{
    PyObject *dict = own_dict(o);
    Py_hash_t hash = ((PyASCIIObject *)name)->hash;
    return dict != NULL && hash != -1 ? _PyDict_GetItem_KnownHash(dict, name, hash) : NULL;
}

/* Whether nothing in the instance shadows what the class has; false also where that cannot be told so. */
static bool
unshadowed(const cache_entry *e, PyObject *o)
{
    if (!e->managed) {
        return true;
    }
    if (*_PyObject_ManagedDictPointer(o) == NULL) {
        return has_current_keys(e, Py_TYPE(o));
    }
    PyObject *dict = own_dict(o);
    if (!pl_string_keyed(dict) || ((PyASCIIObject *)e->name)->hash == -1) {
        return false;
    }
    return _PyDict_GetItem_KnownHash(dict, e->name, ((PyASCIIObject *)e->name)->hash) == NULL && !PyErr_Occurred();
}

/* ---- attributes of classes ------------------------------------------------------------------------------------------ */

typedef struct class_entry {
    PyObject *name;               /* owned */
    uint32_t version;             /* of the class itself */
    uint32_t meta;                /* of its metaclass, which comes first with what it has under the name */
    uint32_t of_value;            /* see pl_kind_version */
    bool bound;                   /* a class method: `value` is its function and takes the class */
    bool absent;                  /* neither the class nor its metaclass has the name */
    PyObject *value;              /* what the class gives for the name, owned by it as long as the version stands; or NULL */
} class_entry;

static class_entry classes[CACHE_SIZE];

/* Where the interpreter counts all references (a debug build), their total is not to tell how full the tables are: empty entries
 * hold a reference, too, as those of CPython's own cache do.  Theirs is to None, whose count programs look at while our tables fill. */
void
pl_caches_prepare(void)
{
    PyObject *nobody = PL_DEBUG_BUILD ? PyUnicode_FromString("pyston_lite: the name of an empty entry") : NULL;
    for (size_t i = 0; nobody != NULL && i < CACHE_SIZE; i++) {
        if (cache[i].name == NULL) {
            cache[i].name = Py_NewRef(nobody);
        }
        if (classes[i].name == NULL) {
            classes[i].name = Py_NewRef(nobody);
        }
    }
    Py_XDECREF(nobody);
}

/* Whether a class gives what it has as type does it, and not what its metaclass has, which would come first.  A __getattr__ of the
 * metaclass is asked for what is not found alone. */
static bool
is_usual_class(PyTypeObject *class, PyObject *name)
{
    PyTypeObject *meta = Py_TYPE(class);
    return (meta->tp_getattro == PyType_Type.tp_getattro || has_hook(meta, PyType_Type.tp_getattro)) && _PyType_Lookup(meta, name) == NULL;
}

/* What a class gives for a name, NULL where that takes the general operation.  It is so as long as class and metaclass have their
 * versions, and where `pl_may_change` says so as long as the class of what was found has its. */
PyObject *
pl_class_value(PyTypeObject *class, PyObject *name, bool *bound)
{
    PyObject *found = is_usual_class(class, name) ? _PyType_Lookup(class, name) : NULL;
    *bound = false;
    if (found == NULL || Py_TYPE(found)->tp_descr_get == NULL || PyFunction_Check(found) ||
        Py_IS_TYPE(found, &PyMethodDescr_Type) || Py_IS_TYPE(found, &PyWrapperDescr_Type)) {
        return found;
    }
    if (Py_IS_TYPE(found, &PyClassMethod_Type)) {
        PyObject *function = pl_wrapped(found);
        *bound = function != NULL && PyFunction_Check(function);
        return *bound ? function : NULL;
    }
    return Py_IS_TYPE(found, &PyStaticMethod_Type) ? pl_wrapped(found) : NULL;
}

/* Fills the entry for (class, name); the versions of class and metaclass are current. */
static void
classify_class(class_entry *e, PyTypeObject *class, PyObject *name)
{
    PyTypeObject *meta = Py_TYPE(class);
    PyObject *old = e->name;
    *e = (class_entry){.name = Py_NewRef(name), .version = class->tp_version_tag, .meta = meta->tp_version_tag};
    e->value = pl_class_value(class, name, &e->bound);
    e->absent = meta->tp_getattro == PyType_Type.tp_getattro && _PyType_Lookup(meta, name) == NULL && _PyType_Lookup(class, name) == NULL;
    if (e->value != NULL && !pl_kind_version(e->value, &e->of_value)) {
        e->value = NULL;
    }
    PyErr_Clear();
    Py_XDECREF(old);
}

static bool
tells_of(const class_entry *e, PyTypeObject *class, PyObject *name)
{
    return e->version == class->tp_version_tag && e->meta == Py_TYPE(class)->tp_version_tag && e->name == name;
}

static const class_entry *
class_entry_of(PyObject *o, PyObject *name)
{
    PyTypeObject *class = (PyTypeObject *)o, *meta = Py_TYPE(o);
    if ((class->tp_version_tag == 0 && pl_type_version(class) == 0) || (meta->tp_version_tag == 0 && pl_type_version(meta) == 0)) {
        return NULL;
    }
    uintptr_t h = (uintptr_t)class->tp_version_tag * 0x9e3779b1u ^ ((uintptr_t)name >> 4);
    class_entry *e = &classes[(h ^ h >> CACHE_BITS) & (CACHE_SIZE - 1)];
    if (tells_of(e, class, name)) {
        return e;
    }
    classify_class(e, class, name);
    return tells_of(e, class, name) ? e : NULL;
}

static inline bool
is_current(const class_entry *c)
{
    return c != NULL && c->value != NULL && is_what_it_was(c->value, c->of_value);
}

static const class_entry *
class_look_up(PyObject *o, PyObject *name)
{
    const class_entry *c = class_entry_of(o, name);
    return is_current(c) ? c : NULL;
}

static PyObject *
class_attribute(const class_entry *c, PyObject *o)
{
    return c->bound ? PyMethod_New(c->value, o) : Py_NewRef(c->value);
}

/* ---- the operations ------------------------------------------------------------------------------------------------- */

static PyObject *
get_class_attr(PyObject *o, PyObject *name)
{
    const class_entry *c = class_look_up(o, name);
    return c != NULL ? class_attribute(c, o) : PyObject_GetAttr(o, name);
}

/* What an entry finds in the object without running anything, borrowed; NULL: ask the general operation. */
static PyObject *
found(const cache_entry *e, PyObject *o, PyObject *name)
{
    PyObject *v = NULL;
    switch ((cache_kind)e->kind) {
    case CACHE_VALUE: {
        PyDictValues *values = inline_values(o);
        v = values != NULL ? values->values[e->index] : from_dict(o, name);
        break;
    }
    case CACHE_DICT:
        v = from_dict(o, name);
        break;
    case CACHE_MEMBER:
        v = *(PyObject **)((char *)o + e->index);
        break;
    case CACHE_ITEM:
        v = e->index < (size_t)PyTuple_GET_SIZE(o) ? PyTuple_GET_ITEM(o, e->index) : NULL;
        break;
    case CACHE_TYPE:
        v = (PyObject *)Py_TYPE(o);
        break;
    case CACHE_CLASS:
        v = is_what_it_was(e->descr, e->index) && unshadowed(e, o) ? e->descr : NULL;
        break;
    default:
        break;
    }
    if (v == NULL && PyErr_Occurred()) {  /* comparing keys failed: the general operation does it again */
        PyErr_Clear();
    }
    return v;
}

/* Runs the getter of a property in machine code; false: nothing was done.  Whoever asks for an attribute here is machine code,
 * whose activation is the thread's last. */
static bool
run_getter(const cache_entry *e, PyObject *o, PyObject **result)
{
    PyObject *getter = e != NULL && e->kind == CACHE_PROPERTY ? pl_wrapped(e->descr) : NULL;
    if (getter == NULL) {
        return false;
    }
    PyThreadState *ts = pl_thread_state();
    return pl_enter_method(getter, &o, 1, (pl_ctx *)ts->cframe, ts, result);
}

/* Whether an object surely does not have what its entry, by which nothing was found, is about, but for a __getattr__. */
static bool
is_missing(const cache_entry *e, PyObject *o)
{
    switch ((cache_kind)e->kind) {
    case CACHE_VALUE:
        return e->descr == NULL && inline_values(o) != NULL;
    case CACHE_DICT:
        return e->keys_version != 0 && unshadowed(e, o);
    case CACHE_ABSENT:
        return true;
    default:
        return false;
    }
}

/* Runs __getattr__ in machine code for what is missing; false: nothing was done, but the entry may be another now.  CPython makes an AttributeError first, with its
 * message, for nobody to see, and then a method, which has the object once more. */
static bool
run_hook(const cache_entry *e, PyObject *o, PyObject *name, PyObject **result)
{
    if (e == NULL || !e->hooked || !is_missing(e, o)) {
        return false;
    }
    PyObject *hook = pl_class_method(o, &_Py_ID(__getattr__)), *args[] = {o, name};
    PyThreadState *ts = pl_thread_state();
    Py_INCREF(o);
    bool entered = hook != NULL && Py_IS_TYPE(hook, &PyFunction_Type) &&
                   pl_enter_method(hook, args, 2, (pl_ctx *)ts->cframe, ts, result);
    Py_DECREF(o);
    return entered;
}

static PyObject *
get_attr(const cache_entry *e, PyObject *o, PyObject *name)
{
    PyObject *v = e != NULL ? found(e, o, name) : NULL;
    if (v != NULL) {
        return Py_NewRef(v);
    }
    return run_getter(e, o, &v) || run_hook(e, o, name, &v) ? v : PyObject_GetAttr(o, name);
}

PyObject *
pl_get_attr(PyObject *o, PyObject *name)
{
    return PyType_Check(o) ? get_class_attr(o, name) : get_attr(look_up(o, name), o, name);
}

/* The method that the class of o has under a special name, borrowed; NULL when the cache does not know it as a method.
 * Special methods are looked up on the class alone, so what the instance has does not matter. */
PyObject *
pl_class_method(PyObject *o, PyObject *name)
{
    const cache_entry *e = look_up(o, name);
    return e != NULL && e->kind == CACHE_METHOD ? e->descr : NULL;
}

static pl_pair
get_method(const cache_entry *e, PyObject *o, PyObject *name)
{
    if (e != NULL && e->kind == CACHE_METHOD && unshadowed(e, o)) {
        return (pl_pair){Py_NewRef(e->descr), Py_NewRef(o)};
    }
    PyObject *v = e != NULL ? found(e, o, name) : NULL, *method = NULL;
    if (v != NULL) {
        return (pl_pair){NULL, Py_NewRef(v)};
    }
    if (run_getter(e, o, &v) || run_hook(e, o, name, &v)) {
        return (pl_pair){NULL, v};
    }
    if (_PyObject_GetMethod(o, name, &method)) {
        return (pl_pair){method, Py_NewRef(o)};
    }
    return (pl_pair){NULL, method};
}

static pl_pair
get_class_method(PyObject *o, PyObject *name)
{
    const class_entry *c = class_look_up(o, name);
    if (c == NULL) {
        return get_method(look_up(o, name), o, name);
    }
    return c->bound ? (pl_pair){Py_NewRef(c->value), Py_NewRef(o)} : (pl_pair){NULL, Py_NewRef(c->value)};
}

pl_pair
pl_get_method(PyObject *o, PyObject *name)
{
    return PyType_Check(o) ? get_class_method(o, name) : get_method(look_up(o, name), o, name);
}

static int
set_attr(const cache_entry *e, PyObject *o, PyObject *name, PyObject *v)
{
    if (e != NULL && (e->kind == CACHE_VALUE || e->kind == CACHE_DICT)) {
        PyObject *dict = own_dict(o);
        if (dict != NULL) {
            return PyDict_SetItem(dict, name, v);
        }
    }
    if (e != NULL && (e->kind == CACHE_VALUE || e->kind == CACHE_MEMBER)) {
        PyObject **place, *old;
        if (e->kind == CACHE_MEMBER) {
            place = (PyObject **)((char *)o + e->index);
        }
        else {
            PyDictValues *values = inline_values(o);
            if (values == NULL) {
                return PyObject_SetAttr(o, name, v);
            }
            place = &values->values[e->index];
            if (*place == NULL) {
                _PyDictValues_AddToInsertionOrder(values, (Py_ssize_t)e->index);
            }
        }
        old = *place;
        *place = Py_NewRef(v);
        Py_XDECREF(old);
        return 0;
    }
    return PyObject_SetAttr(o, name, v);
}

int
pl_set_attr(PyObject *o, PyObject *name, PyObject *v)
{
    return set_attr(look_up(o, name), o, name, v);
}

/* What getattr gives, a new reference, or NULL with an exception set; PL_UNKNOWN when that takes more than the cache and a property
 * or a __getattr__ in machine code. */
pl_found
pl_find_attr(PyObject *o, PyObject *name, PyObject **value)
{
    if (!PyUnicode_CheckExact(name) || !PyUnicode_CHECK_INTERNED(name)) {
        return PL_UNKNOWN;        /* names are told apart by their address here */
    }
    if (PyType_Check(o)) {
        const class_entry *c = class_entry_of(o, name);
        if (!is_current(c)) {
            return c != NULL && c->absent ? PL_ABSENT : PL_UNKNOWN;
        }
        *value = class_attribute(c, o);
        return PL_FOUND;
    }
    const cache_entry *e = look_up(o, name);
    if (e == NULL) {
        return PL_UNKNOWN;
    }
    if (e->kind == CACHE_METHOD && Py_IS_TYPE(e->descr, &PyFunction_Type) && unshadowed(e, o)) {
        *value = PyMethod_New(e->descr, o);
        return PL_FOUND;
    }
    if (e->kind == CACHE_PROPERTY) {
        return run_getter(e, o, value) ? PL_FOUND : PL_UNKNOWN;
    }
    *value = Py_XNewRef(found(e, o, name));
    if (*value == NULL && !e->hooked) {
        return is_missing(e, o) ? PL_ABSENT : PL_UNKNOWN;
    }
    return *value != NULL || run_hook(e, o, name, value) ? PL_FOUND : PL_UNKNOWN;
}

/* ---- inline caches --------------------------------------------------------------------------------------------------- */

enum { MOST_FILLS = 64 };         /* a cache filled so often has too many classes before it, and stays as it is */

/* Makes the place of the attribute known to machine code, if that can use it and does not know it. */
static void
fill_value(pl_attr_cache *cache, const cache_entry *e)
{
    const uint64_t ways = Py_ARRAY_LENGTH(cache->value);
    if (e == NULL || cache->next >= MOST_FILLS || (e->kind != CACHE_VALUE && e->kind != CACHE_MEMBER)) {
        return;
    }
    for (uint64_t i = 0; i < ways; i++) {
        if (cache->value[i].version == e->version) {
            return;
        }
    }
    uint64_t way = cache->next++ % ways;
    cache->value[way].version = e->version;
    cache->value[way].offset = e->kind == CACHE_VALUE ? e->index * (uint32_t)sizeof(PyObject *) : e->index | PL_MEMBER;
}

/* The same of an attribute of the class that stays what it is as long as the class does. */
static void
fill_class(pl_attr_cache *cache, const cache_entry *e)
{
    if (e == NULL || cache->next >= MOST_FILLS || e->kind != CACHE_CLASS || e->index != 0 ||
        (cache->of_class.version == e->version && cache->of_class.keys == e->keys_version)) {
        return;
    }
    cache->next++;
    cache->of_class.version = e->version;
    cache->of_class.keys = e->keys_version;
    cache->of_class.value = e->descr;
}

static void
fill_method(pl_attr_cache *cache, const cache_entry *e)
{
    const uint64_t ways = Py_ARRAY_LENGTH(cache->method);
    if (e == NULL || cache->next >= MOST_FILLS || (e->kind != CACHE_METHOD && e->kind != CACHE_VALUE)) {
        return;
    }
    const uint32_t keys = e->kind == CACHE_VALUE ? PL_VALUE : e->keys_version;
    uint64_t way = cache->next % ways;
    for (uint64_t i = 0; i < ways; i++) {
        if (cache->method[i].version == e->version) {
            if (cache->method[i].keys == keys) {
                return;
            }
            way = i;
        }
    }
    cache->next++;
    cache->method[way].version = e->version;
    cache->method[way].keys = keys;
    if (keys == PL_VALUE) {
        cache->method[way].offset = e->index * sizeof(PyObject *);
    }
    else {
        cache->method[way].descr = e->descr;
    }
}

PyObject *
pl_get_attr_cached(PyObject *o, PyObject *name, pl_attr_cache *cache)
{
    if (PyType_Check(o)) {
        return get_class_attr(o, name);
    }
    const cache_entry *e = look_up(o, name);
    fill_value(cache, e);
    fill_class(cache, e);
    return get_attr(e, o, name);
}

int
pl_set_attr_cached(PyObject *o, PyObject *name, PyObject *v, pl_attr_cache *cache)
{
    const cache_entry *e = look_up(o, name);
    fill_value(cache, e);
    return set_attr(e, o, name, v);
}

pl_pair
pl_get_method_cached(PyObject *o, PyObject *name, pl_attr_cache *cache)
{
    if (PyType_Check(o)) {
        return get_class_method(o, name);
    }
    const cache_entry *e = look_up(o, name);
    fill_method(cache, e);
    return get_method(e, o, name);
}
