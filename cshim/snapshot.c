/* The snapshot of one compile request: everything the compiler is told, copied under the GIL into flat bytes.
 *
 * The compiler runs on another thread and never follows a pointer, so what it may want to know is written out here: the
 * code, the objects it names and what is behind them (numbers, texts, tuples, functions, classes), the code of functions it
 * calls, and the interpreter's own type feedback (feedback.c).  Every object named gets a number and a strong reference,
 * which the unit made of the snapshot keeps.
 *
 * Layout: specializer/pyabi/decode.go.  No Python code runs while a snapshot is made: the cyclic collector is off, and only
 * exact classes of CPython are looked into.
 */
#include "snapshot.h"

#include "internal/pycore_gc.h"
#include "internal/pycore_long.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_OBJECTS = 50000,          /* more than that is no code a compiler should see */
    MAX_DEPTH = 4,                /* of tuples in tuples */
    MAX_ITEMS = 4096,             /* of one tuple */
    MAX_TEXT = 4096,              /* bytes of one string constant */
    MAX_INLINE_UNITS = 120,       /* callees up to that size come with their bytecode */
};

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

static void
put_address(pl_buffer *out, const void *address)
{
    pl_put_u64(out, (uint64_t)(uintptr_t)address);
}

static void
put_block(pl_buffer *out, const void *data, size_t size)
{
    pl_put_u32(out, (uint32_t)size);
    pl_put(out, data, size);
}

static void
put_c_string(pl_buffer *out, const char *text)
{
    put_block(out, text, text != NULL ? strlen(text) : 0);
}

/* A str as UTF-8; lone surrogates, which UTF-8 cannot hold, as the three bytes they would have. A str keeps the UTF-8 it was
 * asked for, which sys.getsizeof tells; so it is not asked. */
static void
put_str(pl_buffer *out, PyObject *str)
{
    if (PyUnicode_IS_COMPACT_ASCII(str)) {
        put_block(out, PyUnicode_DATA(str), (size_t)PyUnicode_GET_LENGTH(str));
        return;
    }
    PyObject *bytes = PyUnicode_AsEncodedString(str, "utf-8", "surrogatepass");
    if (bytes == NULL) {
        PyErr_Clear();
        out->failed = true;
        return;
    }
    put_block(out, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------------ */

static bool
grow_objects(pl_snap *s)
{
    uint32_t cap = s->cap_objects == 0 ? 256 : s->cap_objects * 2;
    PyObject **objects = realloc(s->objects, cap * sizeof *objects);
    if (objects != NULL) {
        s->objects = objects;
    }
    uint8_t *depths = realloc(s->depths, cap * sizeof *depths);
    if (depths != NULL) {
        s->depths = depths;
    }
    if (objects == NULL || depths == NULL) {
        return false;
    }
    s->cap_objects = cap;
    return true;
}

static uint32_t
number_at_depth(pl_snap *s, PyObject *object, uint8_t depth)
{
    if (object == NULL || s->failed) {
        return 0;
    }
    uint32_t number = pl_ptrmap_get(&s->numbers, object);
    if (number != 0) {
        if (depth < s->depths[number]) {
            s->depths[number] = depth;
        }
        return number;
    }
    if (s->n_objects >= MAX_OBJECTS || (s->n_objects >= s->cap_objects && !grow_objects(s))
        || !pl_ptrmap_add(&s->numbers, object, s->n_objects)) {
        s->failed = true;
        return 0;
    }
    s->objects[s->n_objects] = Py_NewRef(object);
    s->depths[s->n_objects] = depth;
    return s->n_objects++;
}

uint32_t
pl_snap_object(pl_snap *s, PyObject *object)
{
    return number_at_depth(s, object, 0);
}

static void
put_object_number(pl_snap *s, pl_buffer *out, PyObject *object)
{
    pl_put_u32(out, pl_snap_object(s, object));
}

static void
put_tuple_numbers(pl_snap *s, pl_buffer *out, PyObject *tuple, uint8_t depth)
{
    Py_ssize_t n = tuple != NULL ? PyTuple_GET_SIZE(tuple) : 0;
    pl_put_u32(out, (uint32_t)n);
    for (Py_ssize_t i = 0; i < n; i++) {
        pl_put_u32(out, number_at_depth(s, PyTuple_GET_ITEM(tuple, i), depth));
    }
}

/* pyabi.ObjKind */
enum object_kind {
    KIND_OTHER, KIND_NONE, KIND_BOOL, KIND_INT, KIND_FLOAT, KIND_STR, KIND_BYTES, KIND_TUPLE, KIND_CODE, KIND_FUNCTION,
    KIND_TYPE, KIND_CFUNCTION, KIND_METHOD_DESCR, KIND_MODULE, KIND_DICT,
};

static enum object_kind
kind_of(PyObject *object)
{
    static const struct { PyTypeObject *type; enum object_kind kind; } kinds[] = {
        {&PyBool_Type, KIND_BOOL}, {&PyLong_Type, KIND_INT}, {&PyFloat_Type, KIND_FLOAT}, {&PyUnicode_Type, KIND_STR},
        {&PyBytes_Type, KIND_BYTES}, {&PyTuple_Type, KIND_TUPLE}, {&PyCode_Type, KIND_CODE},
        {&PyFunction_Type, KIND_FUNCTION}, {&PyCFunction_Type, KIND_CFUNCTION}, {&PyMethodDescr_Type, KIND_METHOD_DESCR},
        {&PyModule_Type, KIND_MODULE}, {&PyDict_Type, KIND_DICT},
    };
    if (object == NULL) {
        return KIND_OTHER;
    }
    if (object == Py_None) {
        return KIND_NONE;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (Py_IS_TYPE(object, kinds[i].type)) {
            return kinds[i].kind;
        }
    }
    return PyType_Check(object) ? KIND_TYPE : KIND_OTHER;
}

static void
put_int(pl_buffer *out, PyObject *object)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    pl_put_u8(out, overflow == 0);
    pl_put_u64(out, overflow == 0 ? (uint64_t)value : 0);
}

/* The constants of a program can be long texts, which the compiler has no use for. */
static void
put_text(pl_buffer *out, PyObject *str)
{
    bool whole = PyUnicode_GET_LENGTH(str) <= MAX_TEXT / 4;
    pl_put_u8(out, whole);
    if (whole) {
        put_str(out, str);
    }
    else {
        put_c_string(out, NULL);
    }
}

static void
put_tuple(pl_snap *s, pl_buffer *out, PyObject *tuple, uint8_t depth)
{
    bool whole = depth < MAX_DEPTH && PyTuple_GET_SIZE(tuple) <= MAX_ITEMS;
    pl_put_u8(out, whole);
    put_tuple_numbers(s, out, whole ? tuple : NULL, depth + 1);
}

static void
put_function(pl_snap *s, pl_buffer *out, PyFunctionObject *f)
{
    put_str(out, f->func_qualname);
    put_object_number(s, out, f->func_code);
    pl_put_u32(out, pl_function_version(f));
    put_tuple_numbers(s, out, f->func_defaults, 1);
    pl_put_u8(out, f->func_kwdefaults != NULL && PyDict_GET_SIZE(f->func_kwdefaults) > 0);
    pl_put_u8(out, f->func_closure != NULL);
    put_address(out, f->func_globals);
    put_address(out, f->func_builtins);
}

PyObject *
pl_python_init(PyTypeObject *type)
{
    if (!Py_IS_TYPE(type, &PyType_Type) || type->tp_new != PyBaseObject_Type.tp_new || type->tp_alloc != PyType_GenericAlloc
        || !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) || PyType_HasFeature(type, Py_TPFLAGS_IS_ABSTRACT)) {
        return NULL;
    }
    PyObject *init = _PyType_Lookup(type, &_Py_ID(__init__));
    return init != NULL && PyFunction_Check(init) ? init : NULL;
}

static void
put_type(pl_snap *s, pl_buffer *out, PyTypeObject *type)
{
    put_c_string(out, type->tp_name);
    pl_put_u32(out, pl_type_version(type));
    pl_put_u64(out, type->tp_flags);
    pl_put_u64(out, (uint64_t)type->tp_basicsize);
    pl_put_u32(out, pl_cached_keys_version(type));
    put_address(out, pl_cached_keys(type));
    pl_put_u8(out, PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT));
    pl_put_u8(out, pl_leaves_answer(Py_TYPE(type)));
    put_object_number(s, out, pl_python_init(type));
}

static void
put_c_function(pl_snap *s, pl_buffer *out, const PyMethodDef *def, PyObject *self)
{
    pl_c_function called = pl_stand_in(def);
    put_c_string(out, def->ml_name);
    put_address(out, (const void *)called.function);
    pl_put_u32(out, (uint32_t)called.flags);
    put_object_number(s, out, self);
}

static int32_t
code_index(const pl_snap *s, PyObject *code)
{
    for (uint32_t i = 0; i < s->n_codes; i++) {
        if ((PyObject *)s->codes[i] == code) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* Writes one object; the objects it refers to are numbered on the way and written later. */
static void
put_object(pl_snap *s, pl_buffer *out, PyObject *object, uint8_t depth)
{
    enum object_kind kind = kind_of(object);
    put_address(out, object);
    put_address(out, object != NULL ? Py_TYPE(object) : NULL);
    pl_put_u8(out, (uint8_t)kind);
    switch (kind) {
    case KIND_INT:
        put_int(out, object);
        return;
    case KIND_STR:
        put_text(out, object);
        return;
    case KIND_TUPLE:
        put_tuple(s, out, object, depth);
        return;
    default:
        pl_put_u8(out, 0);
    }
    switch (kind) {
    case KIND_BOOL:
        pl_put_u64(out, object == Py_True);
        break;
    case KIND_FLOAT:
        pl_put(out, &((PyFloatObject *)object)->ob_fval, sizeof(double));
        break;
    case KIND_CODE:
        pl_put_u32(out, (uint32_t)code_index(s, object));
        break;
    case KIND_FUNCTION:
        put_function(s, out, (PyFunctionObject *)object);
        break;
    case KIND_TYPE:
        put_type(s, out, (PyTypeObject *)object);
        break;
    case KIND_CFUNCTION:
        put_c_function(s, out, ((PyCFunctionObject *)object)->m_ml, ((PyCFunctionObject *)object)->m_self);
        break;
    case KIND_METHOD_DESCR:
        put_c_function(s, out, ((PyMethodDescrObject *)object)->d_method, (PyObject *)PyDescr_TYPE(object));
        break;
    default:
        break;
    }
}

/* ---- codes ---------------------------------------------------------------------------------------------------------------------- */

static void
add_code(pl_snap *s, PyObject *code, bool callee)
{
    if (s->n_codes < PL_SNAP_CODES && code_index(s, code) < 0 && pl_snap_object(s, code) != 0) {
        s->callees[s->n_codes] = callee;
        s->codes[s->n_codes++] = (PyCodeObject *)code;
    }
}

void
pl_snap_callee(pl_snap *s, PyObject *value)
{
    if (value == NULL) {
        return;
    }
    if (PyType_Check(value)) {
        value = pl_python_init((PyTypeObject *)value);
    }
    else if (PyMethod_Check(value)) {
        value = PyMethod_GET_FUNCTION(value);
    }
    if (value != NULL && PyFunction_Check(value) && pl_snap_object(s, value) != 0) {
        const PyFunctionObject *f = (const PyFunctionObject *)value;
        add_code(s, f->func_code, f->func_globals == s->globals && f->func_builtins == s->builtins);
    }
}

/* Whether a code comes with its bytecode.  Callees do not while tracemalloc is on: what they allocate belongs to their own
 * lines, so they keep their frames. */
static bool
is_whole(const pl_snap *s, uint32_t index)
{
    return index == 0 || (Py_SIZE(s->codes[index]) <= MAX_INLINE_UNITS && !pl_memory_is_traced());
}

/* Whether the compiler may want to inline a code, and gets its feedback: it has some once it is quickened. */
static bool
has_feedback(const pl_snap *s, uint32_t index)
{
    return index == 0 || (s->callees[index] && is_whole(s, index) && s->codes[index]->co_warmup == 0);
}

/* The bytecode as compiled and as the interpreter runs it now. */
static void
put_bytecode(pl_buffer *out, PyCodeObject *co)
{
    PyObject *canonical = PyCode_GetCode(co);
    if (canonical == NULL) {
        PyErr_Clear();
        out->failed = true;
        return;
    }
    size_t size = (size_t)PyBytes_GET_SIZE(canonical);
    put_block(out, PyBytes_AS_STRING(canonical), size);
    put_block(out, _PyCode_CODE(co), size);
    Py_DECREF(canonical);
}

/* The inline caches of the code's attribute instructions, made when it is first compiled; NULL without memory. */
static pl_attr_cache *
attribute_caches(PyCodeObject *co)
{
    pl_code *pc = pl_code_ensure(co);
    if (pc == NULL || pc->caches != NULL) {
        return pc != NULL ? pc->caches : NULL;
    }
    size_t n = 0;
    for (int64_t bci = 0; bci < Py_SIZE(co); ) {
        int op = pl_opcode(co, bci);
        n += op == LOAD_ATTR || op == STORE_ATTR || op == LOAD_METHOD;
        bci += 1 + pl_caches(op);
    }
    pc->caches = n > 0 ? PyMem_RawMalloc(n * sizeof *pc->caches) : NULL;
    for (size_t i = 0; pc->caches != NULL && i < n; i++) {
        memset(&pc->caches[i], 0xff, sizeof pc->caches[i]);
        pc->caches[i].next = 0;
    }
    return pc->caches;
}

static void
put_resumes(pl_buffer *out, const pl_code *pc)
{
    pl_put_u32(out, pc->n_resumes);
    for (uint32_t i = 0; i < pc->n_resumes; i++) {
        pl_put_u32(out, pc->resumes[i].bci);
        pl_put_u16(out, pc->resumes[i].depth);
        pl_put_u16(out, pc->resumes[i].types);
    }
}

static int
compare_sites(const void *a, const void *b)
{
    const pl_site *x = a, *y = b;
    return x->bci < y->bci ? -1 : x->bci > y->bci;
}

static void
put_sites(pl_buffer *out, const pl_code *pc)
{
    if (pc == NULL) {
        pl_put_u32(out, 0);
        return;
    }
    pl_site *sorted = malloc((pc->n_sites + 1) * sizeof *sorted);
    if (sorted == NULL) {
        out->failed = true;
        return;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < pc->n_sites; i++) {
        if (pl_site_failed(&pc->sites[i])) {
            sorted[n++] = pc->sites[i];
        }
    }
    qsort(sorted, n, sizeof *sorted, compare_sites);
    pl_put_u32(out, n);
    for (uint32_t i = 0; i < n; i++) {
        pl_put_u32(out, sorted[i].bci);
        pl_put_u16(out, sorted[i].reason);
        pl_put_u32(out, sorted[i].count);
    }
    free(sorted);
}

static void
put_code(pl_snap *s, pl_buffer *out, uint32_t index, const pl_buffer *feedback)
{
    PyCodeObject *co = s->codes[index];
    bool whole = is_whole(s, index);
    put_object_number(s, out, (PyObject *)co);
    const pl_code *pc = pl_code_ensure(co);
    put_address(out, pc);
    put_str(out, co->co_qualname);
    put_str(out, co->co_filename);
    const int32_t numbers[] = {
        co->co_firstlineno, co->co_argcount, co->co_posonlyargcount, co->co_kwonlyargcount, co->co_flags, co->co_nlocals,
        co->co_nlocalsplus, co->co_ncellvars, co->co_nfreevars, co->co_stacksize, co->_co_firsttraceable,
    };
    pl_put(out, numbers, sizeof numbers);
    pl_put_u8(out, pc != NULL && pc->unseen);
    put_address(out, _PyCode_CODE(co));
    put_address(out, whole ? attribute_caches(co) : NULL);
    if (whole) {
        put_bytecode(out, co);
    }
    else {
        put_block(out, NULL, 0);
        put_block(out, NULL, 0);
    }
    put_tuple_numbers(s, out, whole ? co->co_consts : NULL, 0);
    put_tuple_numbers(s, out, whole ? co->co_names : NULL, 0);
    put_tuple_numbers(s, out, co->co_localsplusnames, 0);
    put_block(out, PyBytes_AS_STRING(co->co_localspluskinds), (size_t)PyBytes_GET_SIZE(co->co_localspluskinds));
    PyObject *table = co->co_exceptiontable;
    put_block(out, PyBytes_AS_STRING(table), whole ? (size_t)PyBytes_GET_SIZE(table) : 0);
    if (has_feedback(s, index)) {
        pl_put(out, feedback->data, feedback->len);
        put_sites(out, index == 0 ? s->unit_code : pc);
    }
    else {
        pl_put_u32(out, 0);
        pl_put_u32(out, 0);
    }
}

/* ---- the parts of the whole ------------------------------------------------------------------------------------------------------- */

/* A function of a module written in C, found in its dictionary under its own name; NULL when the program put something else
 * there. */
static PyObject *
genuine_function(PyObject *dict, const char *module_name, const char *name)
{
    PyObject *value = pl_string_keyed(dict) ? PyDict_GetItemString(dict, name) : NULL;
    if (value == NULL || !PyCFunction_CheckExact(value)) {
        return NULL;
    }
    const PyCFunctionObject *function = (const PyCFunctionObject *)value;
    if (strcmp(function->m_ml->ml_name, name) != 0 || function->m_self == NULL || !PyModule_CheckExact(function->m_self)) {
        return NULL;
    }
    const PyModuleDef *module = PyModule_GetDef(function->m_self);
    return module != NULL && strcmp(module->m_name, module_name) == 0 ? value : NULL;
}

/* The dictionary of a module that the program has imported, or NULL. */
static PyObject *
imported(const char *name)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = pl_string_keyed(modules) ? PyDict_GetItemString(modules, name) : NULL;
    return module != NULL && PyModule_CheckExact(module) ? PyModule_GetDict(module) : NULL;
}

static void
put_known(pl_snap *s, pl_buffer *out)
{
    PyObject *math = imported("math");
    PyObject *const known[] = {
#define PL_KNOWN(name, object) object,
#define PL_KNOWN_BUILTIN(name, function) genuine_function(s->builtins, "builtins", #function),
#define PL_KNOWN_MATH(name, function) genuine_function(math, "math", #function),
#include "known.def"
#undef PL_KNOWN
#undef PL_KNOWN_BUILTIN
#undef PL_KNOWN_MATH
    };
    const uint32_t n = sizeof known / sizeof *known;
    pl_put_u32(out, n);
    for (uint32_t i = 0; i < n; i++) {
        put_object_number(s, out, known[i]);
    }
}

static void
put_constants(pl_buffer *out)
{
    pl_put_u32(out, PY_VERSION_HEX);
    pl_put_u32(out, pl_offset_count);
    pl_put(out, pl_offset_table, pl_offset_count * sizeof *pl_offset_table);
    pl_put_u32(out, pl_helper_count);
    pl_put(out, pl_helper_table, pl_helper_count * sizeof *pl_helper_table);
}

/* The types seen in the locals at function entry, or in locals and operand stack at the loop head.  When nothing was
 * observed yet, the frame that asked for the compilation is the observation. */
static void
put_profile(pl_buffer *out, const pl_code *pc, uint32_t entry_bci, const pl_frame *sample)
{
    const uint16_t *types = entry_bci == 0 ? pc->arg_types : NULL;
    uint32_t n = entry_bci == 0 ? (uint32_t)pc->code->co_nlocalsplus : 0;
    for (uint32_t i = 0; entry_bci != 0 && i < pc->n_loops; i++) {
        if (pc->loops[i].head == entry_bci) {
            types = pc->loops[i].types;
            n = pc->loops[i].n_types;
        }
    }
    if (types != NULL) {
        pl_put_u32(out, n);
        pl_put(out, types, n * sizeof *types);
        return;
    }
    n = sample != NULL ? (uint32_t)pc->code->co_nlocalsplus : 0;
    pl_put_u32(out, n);
    for (uint32_t i = 0; i < n; i++) {
        PyObject *value = sample->localsplus[i];
        pl_put_u16(out, value != NULL ? pl_typeof_bits(value) : PL_T_NULL);
    }
}

static void
put_objects(pl_snap *s, pl_buffer *out)
{
    size_t at = out->len;
    pl_put_u32(out, 0);
    for (uint32_t i = 0; i < s->n_objects && !s->failed; i++) {
        put_object(s, out, s->objects[i], s->depths[i]);
    }
    if (!out->failed) {
        memcpy(out->data + at, &s->n_objects, sizeof s->n_objects);
    }
}

enum { ALL_HANDLERS = 1 };        /* pyabi.FlagAllHandlers */

static void
write_snapshot(pl_snap *s, pl_code *pc, uint32_t entry_bci, pl_buffer *out)
{
    /* Request number and unit address are the requester's: it fills them in at bytes 8 and 16. */
    const uint32_t start[8] = {0x31534c50 /* "PLS1" */, 0, 0, 0, 0, 0, entry_bci,
        pl_cfg.compile_all ? ALL_HANDLERS : 0};
    size_t origin = out->len;
    pl_put(out, start, sizeof start);
    put_constants(out);
    put_known(s, out);
    put_address(out, (const void *)pl_breaker(PyThreadState_Get()));
    put_address(out, &_PyLong_SMALL_INTS[_PY_NSMALLNEGINTS]);
    put_object_number(s, out, (PyObject *)s->func);
    put_object_number(s, out, s->globals);
    put_object_number(s, out, s->builtins);

    /* Feedback names callees, whose own feedback names more. */
    pl_buffer feedback[PL_SNAP_CODES] = {{0}};
    add_code(s, (PyObject *)pc->code, false);
    for (uint32_t i = 0; i < s->n_codes; i++) {
        if (has_feedback(s, i)) {
            pl_put_feedback(s, s->codes[i], &feedback[i]);
        }
    }
    PyObject *consts = pc->code->co_consts;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); i++) {
        if (PyCode_Check(PyTuple_GET_ITEM(consts, i))) {
            add_code(s, PyTuple_GET_ITEM(consts, i), false);
        }
    }
    pl_put_u32(out, s->n_codes);
    for (uint32_t i = 0; i < s->n_codes; i++) {
        put_code(s, out, i, &feedback[i]);
        out->failed |= feedback[i].failed;
        free(feedback[i].data);
    }
    put_profile(out, pc, entry_bci, s->sample);
    put_resumes(out, pc);
    put_objects(s, out);
    if (!out->failed) {
        uint32_t length = (uint32_t)(out->len - origin);
        memcpy(out->data + origin + 4, &length, sizeof length);
    }
}

/* A builtin function that a module keeps, as it does all its life. Others belong to an object that may come and go. */
static bool
of_module(PyObject *function)
{
    const PyObject *self = ((PyCFunctionObject *)function)->m_self;
    return self == NULL || PyModule_CheckExact(self);
}

/* What the unit must keep alive, as one tuple: objects without references of their own, and builtin functions, of which the
 * compiler knows more than their address. Everything else the code names is guarded where it is used by something that keeps
 * it alive (its version, or its identity with a loaded value), and holding it here would be a cycle through the code object
 * that no collector sees. */
static PyObject *
take_references(pl_snap *s)
{
    PyObject *refs = PyList_New(0);
    for (uint32_t i = 1; refs != NULL && i < s->n_objects; i++) {
        bool held = false;
        switch (kind_of(s->objects[i])) {
        case KIND_INT:
        case KIND_FLOAT:
        case KIND_STR:
        case KIND_BYTES:
            held = true;
            break;
        case KIND_CFUNCTION:
            held = of_module(s->objects[i]);
            break;
        default:
            break;
        }
        if (held && PyList_Append(refs, s->objects[i]) < 0) {
            Py_CLEAR(refs);
        }
    }
    PyObject *tuple = refs != NULL ? PyList_AsTuple(refs) : NULL;
    Py_XDECREF(refs);
    return tuple;
}

PyObject *
pl_snapshot(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, pl_buffer *out, const char **reason)
{
    *reason = "snapshot failed";
    pl_snap s = {.unit_code = pc, .func = func, .sample = sample};
    s.globals = func != NULL ? func->func_globals : sample != NULL ? sample->f_globals : pc->globals;
    s.builtins = func != NULL ? func->func_builtins : sample != NULL ? sample->f_builtins : pc->builtins;
    if (s.globals == NULL || s.builtins == NULL || !grow_objects(&s)) {
        return NULL;
    }
    s.objects[0] = NULL;
    s.depths[0] = 0;
    s.n_objects = 1;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    int collecting = PyGC_Disable();

    write_snapshot(&s, pc, entry_bci, out);
    PyObject *refs = s.failed || out->failed ? NULL : take_references(&s);
    if (s.n_objects >= MAX_OBJECTS) {
        *reason = "too large: objects";
    }
    for (uint32_t i = 1; i < s.n_objects; i++) {
        Py_XDECREF(s.objects[i]);
    }
    free(s.objects);
    free(s.depths);
    pl_ptrmap_free(&s.numbers);

    if (collecting) {
        PyGC_Enable();
    }
    PyErr_Restore(type, value, traceback);
    return refs;
}
