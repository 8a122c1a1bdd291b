/* Type feedback of the stock interpreter, resolved for the compiler.
 *
 * CPython 3.11 specialises hot instructions in place and leaves versions and indices in inline caches (PEP 659).  Versions
 * are only numbers: this file finds the class, module or function that has such a version now, checks that the cached index
 * still means the same attribute, and drops what does not hold any more.  LOAD_GLOBAL is looked up here whatever its form,
 * because its answer needs no statistics.
 *
 * Where stock has not given a version number to a table of keys or a function, one from the top of the number space is
 * given, which stock's own counters (starting at 1) never reach.  A version of either origin is reset to 0 by the same
 * changes, so guards on it stay right.
 */
#include "snapshot.h"

#include "internal/pycore_dict.h"
#include "internal/pycore_moduleobject.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- versions -------------------------------------------------------------------------------------------------------------- */

enum { FIRST_OWN_VERSION = 0xE0000000 };

/* The next of our own versions; 0 when they are used up. */
static uint32_t
next_version(uint32_t *counter)
{
    if (*counter == 0) {
        *counter = FIRST_OWN_VERSION;
    }
    return *counter == UINT32_MAX ? 0 : (*counter)++;
}

static uint32_t
keys_version(PyDictKeysObject *keys)
{
    static uint32_t counter;
    if (keys->dk_version == 0) {
        keys->dk_version = next_version(&counter);
    }
    return keys->dk_version;
}

uint32_t
pl_function_version(PyFunctionObject *function)
{
    static uint32_t counter;
    if (function->func_version == 0 && pl_is_plain_function(function)) {
        function->func_version = next_version(&counter);
    }
    return function->func_version;
}

uint32_t
pl_type_version(PyTypeObject *type)
{
    if (!PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG)) {
        _PyType_Lookup(type, &_Py_ID(__init__));        /* a cached lookup gives the type a version, if it can have one */
    }
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG) ? type->tp_version_tag : 0;
}

PyDictKeysObject *
pl_cached_keys(PyTypeObject *type)
{
    bool shared = PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT);
    return shared ? ((PyHeapTypeObject *)type)->ht_cached_keys : NULL;
}

uint32_t
pl_cached_keys_version(PyTypeObject *type)
{
    PyDictKeysObject *keys = pl_cached_keys(type);
    return keys != NULL ? keys_version(keys) : 0;
}

bool
pl_string_keyed(PyObject *dict)
{
    return dict != NULL && PyDict_CheckExact(dict) && ((PyDictObject *)dict)->ma_keys->dk_kind != DICT_KEYS_GENERAL;
}

/* The keys of an exact dictionary whose keys are strings in a table of its own; NULL for other kinds. */
static PyDictKeysObject *
string_keys(PyObject *dict)
{
    if (dict == NULL || !PyDict_CheckExact(dict)) {
        return NULL;
    }
    PyDictObject *d = (PyDictObject *)dict;
    return d->ma_values == NULL && d->ma_keys->dk_kind == DICT_KEYS_UNICODE ? d->ma_keys : NULL;
}

/* ---- classes by version ------------------------------------------------------------------------------------------------------ */

/* Weak references to all classes that have a version, sorted by it.  A walk over all classes is slow, so it is repeated
 * only when a version is not found, and so that walking takes a few percent of the time at most. */
typedef struct known_type { uint32_t version; PyObject *ref; } known_type;
static known_type *known_types;
static size_t n_known_types;

static void
forget_types(void)
{
    for (size_t i = 0; i < n_known_types; i++) {
        Py_DECREF(known_types[i].ref);
    }
    free(known_types);
    known_types = NULL;
    n_known_types = 0;
}

static int
compare_versions(const void *a, const void *b)
{
    const known_type *x = a, *y = b;
    return x->version < y->version ? -1 : x->version > y->version;
}

/* The direct subclasses of a class as a list, by the method of `type` itself: a metaclass may define another one. */
static PyObject *
direct_subclasses(PyTypeObject *type)
{
    PyObject *name = PyUnicode_InternFromString("__subclasses__");
    PyObject *method = name != NULL ? _PyType_Lookup(&PyType_Type, name) : NULL;
    PyObject *list = method != NULL ? PyObject_CallOneArg(method, (PyObject *)type) : NULL;
    Py_XDECREF(name);
    return list;
}

static void
walk_types(void)
{
    forget_types();
    PyObject *found = PyList_New(0);      /* every class once, in order of discovery; serves as the queue, too */
    pl_ptrmap seen = {0};
    bool ok = found != NULL && pl_ptrmap_add(&seen, &PyBaseObject_Type, 1)
        && PyList_Append(found, (PyObject *)&PyBaseObject_Type) == 0;
    for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(found); i++) {
        PyObject *below = direct_subclasses((PyTypeObject *)PyList_GET_ITEM(found, i));
        ok = below != NULL && PyList_Check(below);
        for (Py_ssize_t k = 0; ok && k < PyList_GET_SIZE(below); k++) {
            PyObject *type = PyList_GET_ITEM(below, k);
            if (pl_ptrmap_get(&seen, type) == 0) {
                ok = pl_ptrmap_add(&seen, type, 1) && PyList_Append(found, type) == 0;
            }
        }
        Py_XDECREF(below);
    }
    pl_ptrmap_free(&seen);
    size_t n = found != NULL ? (size_t)PyList_GET_SIZE(found) : 0;
    known_types = n > 0 ? malloc(n * sizeof *known_types) : NULL;
    for (size_t i = 0; known_types != NULL && i < n; i++) {
        PyTypeObject *type = (PyTypeObject *)PyList_GET_ITEM(found, i);
        PyObject *ref = type->tp_version_tag != 0 ? PyWeakref_NewRef((PyObject *)type, NULL) : NULL;
        if (ref != NULL) {
            known_types[n_known_types++] = (known_type){type->tp_version_tag, ref};
        }
    }
    if (n_known_types > 0) {
        qsort(known_types, n_known_types, sizeof *known_types, compare_versions);
    }
    Py_XDECREF(found);
    PyErr_Clear();
}

static bool
has_version(PyTypeObject *type, uint32_t version)
{
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG) && type->tp_version_tag == version;
}

static PyTypeObject *
search_known_types(uint32_t version)
{
    const known_type key = {version, NULL};
    known_type *found = n_known_types == 0 ? NULL
        : bsearch(&key, known_types, n_known_types, sizeof key, compare_versions);
    if (found == NULL) {
        return NULL;
    }
    PyObject *type = PyWeakref_GET_OBJECT(found->ref);
    return type != Py_None && has_version((PyTypeObject *)type, version) ? (PyTypeObject *)type : NULL;
}

/* Most attributes are those of the arguments. */
static PyTypeObject *
search_sample(const pl_snap *s, uint32_t version)
{
    int n = s->sample != NULL ? s->sample->f_code->co_nlocalsplus : 0;
    for (int i = 0; i < n; i++) {
        PyObject *value = s->sample->localsplus[i];
        if (value == NULL) {
            continue;
        }
        if (has_version(Py_TYPE(value), version)) {
            return Py_TYPE(value);
        }
        if (PyType_Check(value) && has_version((PyTypeObject *)value, version)) {
            return (PyTypeObject *)value;
        }
    }
    return NULL;
}

/* Most others are those of classes in the same module. */
static PyTypeObject *
search_globals(const pl_snap *s, uint32_t version)
{
    PyDictKeysObject *keys = string_keys(s->globals);
    for (Py_ssize_t i = 0; keys != NULL && i < keys->dk_nentries; i++) {
        PyObject *value = DK_UNICODE_ENTRIES(keys)[i].me_value;
        if (value != NULL && PyType_Check(value) && has_version((PyTypeObject *)value, version)) {
            return (PyTypeObject *)value;
        }
    }
    return NULL;
}

static int64_t
microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The class that has this version tag now, borrowed, or NULL. */
static PyTypeObject *
type_of_version(const pl_snap *s, uint32_t version)
{
    const int64_t pause_per_walk = 50;
    static int64_t next_walk;
    if (version == 0) {
        return NULL;
    }
    PyTypeObject *type = search_sample(s, version);
    if (type == NULL) {
        type = search_globals(s, version);
    }
    if (type == NULL) {
        type = search_known_types(version);
    }
    int64_t start = type == NULL ? microseconds() : 0;
    if (type != NULL || start < next_walk) {
        return type;
    }
    walk_types();
    int64_t end = microseconds();
    next_walk = end + (end - start) * pause_per_walk;
    return search_known_types(version);
}

/* ---- tables of keys ------------------------------------------------------------------------------------------------------------ */

/* The entry with that interned name, -1 when there is none. */
static Py_ssize_t
entry_of(PyDictKeysObject *keys, PyObject *name)
{
    PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
        if (entries[i].me_key == name) {
            return i;
        }
    }
    return -1;
}

/* The builtins dictionary's version has to come from stock, which keeps it in 16 bits of an inline cache and specialises
 * no LOAD_GLOBAL for ever when it does not fit.  Stock gives one when it specialises such an instruction; so one is run: in
 * a function that does nothing else, without polling the eval breaker, hence without running anybody's code. */
static void
let_stock_version(PyObject *builtins)
{
    PyThreadState *ts = PyThreadState_Get();
    if (pl_is_tracing(ts)) {
        return;
    }
    PyObject *outer = Py_CompileString("lambda: len", "<pyston-lite>", Py_eval_input);
    PyObject *globals = outer != NULL ? Py_BuildValue("{sO}", "__builtins__", builtins) : NULL;
    PyObject *code = outer != NULL ? PyTuple_GET_ITEM(((PyCodeObject *)outer)->co_consts, 0) : NULL;
    PyObject *function = globals != NULL && PyCode_Check(code) ? PyFunction_New(code, globals) : NULL;
    pl_frame *f = NULL;
    if (function != NULL) {
        const int after_yield_from = 2;              /* a RESUME of this kind does not poll */
        ((uint8_t *)_PyCode_CODE((PyCodeObject *)code))[1] = after_yield_from;
        ((PyCodeObject *)code)->co_warmup = -1;      /* specialise now */
        f = pl_frame_push(ts, (PyFunctionObject *)Py_NewRef(function));
    }
    if (f != NULL) {
        PyObject *value = _PyEval_EvalFrameDefault(ts, f, 0);
        Py_XDECREF(value);
        pl_frame_release(ts, f);
        pl_frame_discard(ts, f);
    }
    PyErr_Clear();
    Py_XDECREF(function);
    Py_XDECREF(globals);
    Py_XDECREF(outer);
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

/* pyabi.FeedbackKind */
enum feedback_kind {
    FB_NONE, FB_GLOBAL, FB_BUILTIN, FB_INSTANCE_VALUE, FB_SLOT, FB_METHOD, FB_METHOD_NO_DICT, FB_METHOD_DICT, FB_CLASS_ATTR,
    FB_MODULE_ATTR, FB_WITH_HINT,
};

typedef struct record {
    enum feedback_kind kind;      /* FB_NONE: nothing to tell */
    PyTypeObject *type;           /* all objects borrowed */
    uint32_t type_version, keys, keys2, index;
    PyObject *value, *value2;
} record;

static uint32_t
cache32(const uint16_t *at)
{
    return at[0] | (uint32_t)at[1] << 16;
}

static PyObject *
cached_object(const uint16_t *at)
{
    return (PyObject *)(uintptr_t)(cache32(at) | (uint64_t)cache32(at + 2) << 32);
}

/* Where the value of an entry lies, in bytes from the start of its keys table. A table never changes that. */
static uint32_t
value_offset(const PyDictKeysObject *keys, Py_ssize_t entry)
{
    return (uint32_t)((const char *)&DK_UNICODE_ENTRIES(keys)[entry].me_value - (const char *)keys);
}

static record
global_record(pl_snap *s, PyObject *name)
{
    const record nothing = {FB_NONE};
    PyDictKeysObject *keys = string_keys(s->globals), *builtin_keys = string_keys(s->builtins);
    if (keys == NULL) {
        return nothing;
    }
    PyObject *value = PyDict_GetItemWithError(s->globals, name);
    if (value != NULL) {
        Py_ssize_t entry = entry_of(keys, name);
        uint32_t version = keys_version(keys);
        return entry < 0 || version == 0 ? nothing
            : (record){FB_GLOBAL, .keys = version, .index = value_offset(keys, entry), .value = value};
    }
    value = builtin_keys == NULL ? NULL : PyDict_GetItemWithError(s->builtins, name);
    if (value == NULL) {
        return nothing;
    }
    if (builtin_keys->dk_version == 0) {
        let_stock_version(s->builtins);
    }
    Py_ssize_t entry = entry_of(builtin_keys, name);
    uint32_t version = keys_version(keys);
    if (entry < 0 || version == 0 || builtin_keys->dk_version == 0) {
        return nothing;
    }
    return (record){FB_BUILTIN, .keys = version, .keys2 = builtin_keys->dk_version,
                    .index = value_offset(builtin_keys, entry), .value = value};
}

/* LOAD_ATTR and STORE_ATTR: counter, version (2), index. */
static record
attribute_record(const pl_snap *s, const uint16_t *cache, PyObject *name, enum feedback_kind kind)
{
    const record nothing = {FB_NONE};
    uint32_t version = cache32(cache + 1), index = cache[3];
    PyTypeObject *type = type_of_version(s, version);
    if (type == NULL) {
        return nothing;
    }
    if (kind == FB_INSTANCE_VALUE) {
        PyDictKeysObject *keys = pl_cached_keys(type);
        if (keys == NULL || index >= keys->dk_nentries || DK_UNICODE_ENTRIES(keys)[index].me_key != name) {
            return nothing;
        }
    }
    if (kind == FB_SLOT && (index < sizeof(PyObject) || index + sizeof(PyObject *) > (size_t)type->tp_basicsize)) {
        return nothing;
    }
    return (record){kind, .type = type, .type_version = version, .index = index};
}

/* LOAD_METHOD: counter, type version (2), dictionary offset, keys version (2), descriptor (4). */
static record
method_record(const pl_snap *s, const uint16_t *cache, PyObject *name, enum feedback_kind kind)
{
    uint32_t version = cache32(cache + 1);
    PyTypeObject *type = type_of_version(s, version);
    PyObject *value = type != NULL ? _PyType_Lookup(type, name) : NULL;
    if (value == NULL || value != cached_object(cache + 6)) {
        return (record){FB_NONE};
    }
    record r = {kind, .type = type, .type_version = version, .value = value};
    if (kind == FB_METHOD || kind == FB_METHOD_DICT) {
        r.keys = cache32(cache + 4);
        r.index = kind == FB_METHOD_DICT ? (uint32_t)(int32_t)(int16_t)cache[3] : 0;
    }
    if (kind == FB_METHOD && (pl_cached_keys(type) == NULL || pl_cached_keys(type)->dk_version != r.keys)) {
        return (record){FB_NONE};
    }
    return r;
}

/* An attribute of a module: the inline cache has the version of the keys of its dictionary and the entry. */
static record
module_record(uint32_t version, uint32_t index, PyObject *name)
{
    PyObject *modules = PyImport_GetModuleDict(), *key, *module;
    Py_ssize_t at = 0;
    while (version != 0 && modules != NULL && PyDict_CheckExact(modules) && PyDict_Next(modules, &at, &key, &module)) {
        PyDictKeysObject *keys = PyModule_CheckExact(module) ? string_keys(((PyModuleObject *)module)->md_dict) : NULL;
        if (keys == NULL || keys->dk_version != version || index >= keys->dk_nentries) {
            continue;
        }
        const PyDictUnicodeEntry *entry = &DK_UNICODE_ENTRIES(keys)[index];
        if (entry->me_key == name && entry->me_value != NULL) {
            return (record){FB_MODULE_ATTR, .keys = version, .index = value_offset(keys, index), .value = entry->me_value, .value2 = module};
        }
    }
    return (record){FB_NONE};
}

/* What a class gives for a name, by its own version, that of its metaclass unless that is type, and that of the value's class
 * where that could turn it into a descriptor. */
static record
class_record(PyTypeObject *class, PyObject *name)
{
    bool bound, plain = Py_IS_TYPE(class, &PyType_Type);
    uint32_t version = pl_type_version(class), meta = pl_type_version(Py_TYPE(class)), of_value = 0;
    PyObject *value = version != 0 && meta != 0 ? pl_class_value(class, name, &bound) : NULL;
    bool known = value != NULL && pl_kind_version(value, &of_value);
    PyErr_Clear();
    if (!known || pl_type_version(class) != version || pl_type_version(Py_TYPE(class)) != meta) {
        return (record){FB_NONE};
    }
    return (record){FB_CLASS_ATTR, .type = class, .type_version = version, .keys = bound, .keys2 = plain ? 0 : meta, .index = of_value,
                    .value = value};
}

static record
resolve(pl_snap *s, int adaptive, const uint16_t *cache, PyObject *name)
{
    switch (adaptive) {
    case LOAD_ATTR_INSTANCE_VALUE:
    case STORE_ATTR_INSTANCE_VALUE:
        return attribute_record(s, cache, name, FB_INSTANCE_VALUE);
    case LOAD_ATTR_SLOT:
    case STORE_ATTR_SLOT:
        return attribute_record(s, cache, name, FB_SLOT);
    case LOAD_ATTR_WITH_HINT:
    case STORE_ATTR_WITH_HINT:
        return attribute_record(s, cache, name, FB_WITH_HINT);
    case LOAD_METHOD_WITH_VALUES:
        return method_record(s, cache, name, FB_METHOD);
    case LOAD_METHOD_NO_DICT:
        return method_record(s, cache, name, FB_METHOD_NO_DICT);
    case LOAD_METHOD_WITH_DICT:
        return method_record(s, cache, name, FB_METHOD_DICT);
    case LOAD_ATTR_MODULE:
    case LOAD_METHOD_MODULE:      /* with the cache layout of LOAD_ATTR */
        return module_record(cache32(cache + 1), cache[3], name);
    default:
        return (record){FB_NONE};
    }
}

/* ---- all instructions of the code ---------------------------------------------------------------------------------------------- */

void
pl_put_feedback(pl_snap *s, PyCodeObject *co, pl_buffer *out)
{
    PyObject *canonical = PyCode_GetCode(co);
    PyObject *loaded = NULL;      /* by the LOAD_GLOBAL right before this instruction */
    uint32_t n = 0, oparg = 0;
    size_t count_at = out->len;
    pl_put_u32(out, 0);
    if (canonical == NULL) {
        PyErr_Clear();
        out->failed = true;
        return;
    }
    const uint8_t *units = (const uint8_t *)PyBytes_AS_STRING(canonical);
    const uint16_t *adaptive = _PyCode_CODE(co);
    const int64_t end = PyBytes_GET_SIZE(canonical) / 2;
    for (int64_t bci = 0; bci < end; bci += 1 + pl_caches(units[2 * bci])) {
        int op = units[2 * bci];
        oparg = oparg << 8 | units[2 * bci + 1];
        if (op == EXTENDED_ARG) {
            continue;
        }
        uint32_t index = op == LOAD_GLOBAL ? oparg >> 1 : oparg;
        oparg = 0;
        PyObject *object = loaded;
        loaded = NULL;
        if (op != LOAD_GLOBAL && op != LOAD_ATTR && op != STORE_ATTR && op != LOAD_METHOD) {
            continue;
        }
        PyObject *name = PyTuple_GET_ITEM(co->co_names, index);
        record r;
        if (op == LOAD_GLOBAL) {
            r = global_record(s, name);
            loaded = r.value;
        }
        else if (op != STORE_ATTR && object != NULL && PyType_Check(object)) {
            r = class_record((PyTypeObject *)object, name);
        }
        else {
            r = resolve(s, adaptive[bci] & 0xff, adaptive + bci + 1, name);
        }
        if (r.kind == FB_NONE) {
            continue;
        }
        pl_snap_callee(s, r.value);
        const uint32_t fields[] = {
            (uint32_t)bci, r.kind, pl_snap_object(s, (PyObject *)r.type), r.type_version, r.keys, r.keys2, r.index,
            pl_snap_object(s, r.value), pl_snap_object(s, r.value2),
        };
        pl_put(out, fields, sizeof fields);
        n++;
    }
    Py_DECREF(canonical);
    if (!out->failed) {
        memcpy(out->data + count_at, &n, sizeof n);
    }
}
