/* Runtime helpers of machine code, part 4: globals, names, cells, imports. */
#include "abi.h"

#include "internal/pycore_moduleobject.h"
#include "internal/pycore_unicodeobject.h"

/* ---- errors ----------------------------------------------------------------------------------------------------------- */

/* Gives the NameError that is set its `name` attribute, from which the interpreter makes "Did you mean" hints. */
static void
attach_name(PyObject *name)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (PyErr_GivenExceptionMatches(value, PyExc_NameError) && ((PyNameErrorObject *)value)->name == NULL) {
        if (PyObject_SetAttr(value, &_Py_ID(name), name) < 0) {
            PyErr_Clear();        /* the error itself matters more than the hint */
        }
    }
    PyErr_Restore(type, value, traceback);
}

static void
name_error(const char *format, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text != NULL) {
        PyErr_Format(PyExc_NameError, format, text);
        attach_name(name);
    }
}

static const char not_defined[] = "name '%.200s' is not defined";

/* ---- lookup ----------------------------------------------------------------------------------------------------------- */

/* namespace[name] as a new reference; 0 absent, 1 found, -1 exception.  Dictionaries are asked directly, other mappings
 * through their protocol, where KeyError means absent. */
static int
lookup(PyObject *mapping, PyObject *name, PyObject **found)
{
    if (PyDict_CheckExact(mapping)) {
        *found = Py_XNewRef(PyDict_GetItemWithError(mapping, name));
        return *found != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
    }
    *found = PyObject_GetItem(mapping, name);
    if (*found != NULL) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_KeyError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

PyObject *
pl_load_global(PyObject *globals, PyObject *builtins, PyObject *name)
{
    PyObject *value;
    int status = lookup(globals, name, &value);
    if (status == 0) {
        status = lookup(builtins, name, &value);
        if (status == 0) {
            name_error(not_defined, name);
        }
    }
    return status > 0 ? value : NULL;
}

int
pl_delete_global(pl_frame *f, PyObject *name)
{
    int status = PyDict_DelItem(f->f_globals, name);
    if (status < 0 && PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyErr_Clear();
        name_error(not_defined, name);
    }
    return status;
}

/* The namespace of module, class or exec code; NULL and SystemError for a function's frame. */
static PyObject *
frame_namespace(pl_frame *f, const char *missing, PyObject *name)
{
    if (f->f_locals == NULL) {
        PyErr_Format(PyExc_SystemError, missing, name);
    }
    return f->f_locals;
}

PyObject *
pl_load_name(pl_frame *f, PyObject *name)
{
    PyObject *locals = frame_namespace(f, "no locals when loading %R", name);
    if (locals == NULL) {
        return NULL;
    }
    PyObject *value;
    int status = lookup(locals, name, &value);
    if (status != 0) {
        return status > 0 ? value : NULL;
    }
    /* Unlike LOAD_GLOBAL, which asks a dict subclass through its protocol, LOAD_NAME looks into the dictionary itself. */
    value = PyDict_GetItemWithError(f->f_globals, name);
    if (value != NULL) {
        return Py_NewRef(value);
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    status = lookup(f->f_builtins, name, &value);
    if (status == 0) {
        name_error(not_defined, name);
    }
    return status > 0 ? value : NULL;
}

int
pl_store_name(pl_frame *f, PyObject *name, PyObject *value)
{
    PyObject *locals = frame_namespace(f, "no locals found when storing %R", name);
    if (locals == NULL) {
        return -1;
    }
    return PyDict_CheckExact(locals) ? PyDict_SetItem(locals, name, value) : PyObject_SetItem(locals, name, value);
}

int
pl_delete_name(pl_frame *f, PyObject *name)
{
    PyObject *locals = frame_namespace(f, "no locals when deleting %R", name);
    if (locals == NULL) {
        return -1;
    }
    int status = PyObject_DelItem(locals, name);
    if (status != 0) {
        PyErr_Clear();
        name_error(not_defined, name);
    }
    return status;
}

int
pl_setup_annotations(pl_frame *f)
{
    if (f->f_locals == NULL) {
        PyErr_SetString(PyExc_SystemError, "no locals found when setting up annotations");
        return -1;
    }
    PyObject *found;
    int status = lookup(f->f_locals, &_Py_ID(__annotations__), &found);
    if (status > 0) {
        Py_DECREF(found);
        return 0;
    }
    PyObject *fresh = status == 0 ? PyDict_New() : NULL;
    if (fresh == NULL) {
        return -1;
    }
    status = pl_store_name(f, &_Py_ID(__annotations__), fresh);
    Py_DECREF(fresh);
    return status;
}

/* ---- cells -------------------------------------------------------------------------------------------------------------- */

static PyObject *
slot_name(PyCodeObject *code, int64_t slot)
{
    return PyTuple_GET_ITEM(code->co_localsplusnames, slot);
}

/* Raises for an empty cell.  One of this function's own variables is a local one, one that came with the closure a free one. */
static PyObject *
raise_unbound(PyCodeObject *code, int64_t slot)
{
    if (slot < code->co_nlocalsplus - code->co_nfreevars) {
        const char *name = PyUnicode_AsUTF8(slot_name(code, slot));
        if (name != NULL) {
            PyErr_Format(PyExc_UnboundLocalError, "cannot access local variable '%s' where it is not associated with a value",
                         name);
        }
        return NULL;
    }
    name_error("cannot access free variable '%s' where it is not associated with a value in enclosing scope",
               slot_name(code, slot));
    return NULL;
}

PyObject *
pl_load_deref(PyObject *cell, PyCodeObject *code, int64_t slot)
{
    PyObject *value = PyCell_GET(cell);
    return value != NULL ? Py_NewRef(value) : raise_unbound(code, slot);
}

int
pl_delete_deref(PyObject *cell, PyCodeObject *code, int64_t slot)
{
    PyObject *old = PyCell_GET(cell);
    if (old == NULL) {
        raise_unbound(code, slot);
        return -1;
    }
    PyCell_SET(cell, NULL);
    Py_DECREF(old);
    return 0;
}

PyObject *
pl_load_class_deref(pl_frame *f, PyObject *cell, int64_t slot)
{
    PyObject *value;
    int status = lookup(f->f_locals, slot_name(f->f_code, slot), &value);
    if (status != 0) {
        return status > 0 ? value : NULL;
    }
    return pl_load_deref(cell, f->f_code, slot);
}

/* ---- builtins by instruction ---------------------------------------------------------------------------------------------- */

PyObject *
pl_load_build_class(pl_frame *f)
{
    PyObject *function;
    int status = lookup(f->f_builtins, &_Py_ID(__build_class__), &function);
    if (status == 0) {
        PyErr_SetString(PyExc_NameError, "__build_class__ not found");
    }
    return status > 0 ? function : NULL;
}

/* ---- imports ---------------------------------------------------------------------------------------------------------------- */

PyObject *
pl_import_name(pl_frame *f, PyObject *name, PyObject *fromlist, PyObject *level)
{
    PyObject *function = PyDict_GetItemWithError(f->f_builtins, &_Py_ID(__import__));
    if (function == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ImportError, "__import__ not found");
        }
        return NULL;
    }
    PyObject *locals = f->f_locals != NULL ? f->f_locals : Py_None;
    if (function == PyInterpreterState_Get()->import_func) {
        int number = _PyLong_AsInt(level);
        if (number == -1 && PyErr_Occurred()) {
            return NULL;
        }
        return PyImport_ImportModuleLevelObject(name, f->f_globals, locals, fromlist, number);
    }
    /* The program's own __import__ may replace itself while it runs. */
    Py_INCREF(function);
    PyObject *arguments[] = {name, f->f_globals, locals, fromlist, level};
    PyObject *module = PyObject_Vectorcall(function, arguments, sizeof arguments / sizeof *arguments, NULL);
    Py_DECREF(function);
    return module;
}

/* ImportError for `from module import name`, with the place the module comes from as far as it tells. */
static void
cannot_import(PyObject *module, PyObject *module_name, PyObject *name)
{
    PyObject *shown = module_name != NULL ? Py_NewRef(module_name) : PyUnicode_FromString("<unknown module name>");
    PyObject *path = PyModule_GetFilenameObject(module);
    PyObject *message = NULL;
    if (shown != NULL && path == NULL) {
        PyErr_Clear();
        message = PyUnicode_FromFormat("cannot import name %R from %R (unknown location)", name, shown);
    }
    else if (shown != NULL) {
        PyObject *spec = PyObject_GetAttr(module, &_Py_ID(__spec__));
        const char *format = _PyModuleSpec_IsInitializing(spec)
            ? "cannot import name %R from partially initialized module %R (most likely due to a circular import) (%S)"
            : "cannot import name %R from %R (%S)";
        PyErr_Clear();
        Py_XDECREF(spec);
        message = PyUnicode_FromFormat(format, name, shown, path);
    }
    if (message != NULL) {
        PyErr_SetImportError(message, module_name, path);
    }
    Py_XDECREF(message);
    Py_XDECREF(path);
    Py_XDECREF(shown);
}

/* An attribute, or the submodule that is in sys.modules but, in a circular import, not yet an attribute. */
PyObject *
pl_import_from(PyObject *module, PyObject *name)
{
    PyObject *value;
    if (_PyObject_LookupAttr(module, name, &value) != 0) {
        return value;
    }
    PyObject *module_name = PyObject_GetAttr(module, &_Py_ID(__name__));
    if (module_name != NULL && !PyUnicode_Check(module_name)) {
        Py_CLEAR(module_name);
    }
    if (module_name == NULL) {
        PyErr_Clear();
        cannot_import(module, NULL, name);
        return NULL;
    }
    PyObject *full_name = PyUnicode_FromFormat("%U.%U", module_name, name);
    if (full_name != NULL) {
        value = PyImport_GetModule(full_name);
        Py_DECREF(full_name);
        if (value == NULL && !PyErr_Occurred()) {
            cannot_import(module, module_name, name);
        }
    }
    Py_DECREF(module_name);
    return value;
}
