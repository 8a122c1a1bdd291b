/* The module `_pyston_lite`: argument parsing, and nothing else. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* The settings of a process whose environment says nothing about pyston_lite; the package has the same (`_DEFAULTS`). */
#define SHIPPED {.threshold = 800, .loop_threshold = 6000, .code_cap = (size_t)64 << 20}

PL_HOT pl_config pl_cfg = SHIPPED;

/* ---- configuration ------------------------------------------------------------------------------------------------------ */

/* A parser reads one value into its place in a new configuration; -1 with an exception. */
typedef int parser(PyObject *value, void *into);

static int
parse_flag(PyObject *value, void *into)
{
    int truth = PyObject_IsTrue(value);
    *(bool *)into = truth > 0;
    return truth < 0 ? -1 : 0;
}

static int
parse_count(PyObject *value, void *into)
{
    unsigned long n = PyLong_AsUnsignedLong(value);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (n > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the number is too large");
        return -1;
    }
    *(uint32_t *)into = (uint32_t)n;
    return 0;
}

static int
parse_megabytes(PyObject *value, void *into)
{
    uint32_t n = 0;
    int error = parse_count(value, &n);
    *(size_t *)into = (size_t)n << 20;
    return error;
}

static int
parse_path(PyObject *value, void *into)
{
    char **path = into;
    PyObject *bytes = NULL;
    if (value == Py_None) {
        return 0;
    }
    if (!PyUnicode_FSConverter(value, &bytes)) {
        return -1;
    }
    free(*path);
    *path = strdup(PyBytes_AS_STRING(bytes));
    Py_DECREF(bytes);
    if (*path == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static int
parse_names(PyObject *value, void *into)
{
    if (value == Py_None) {
        return 0;
    }
    PyObject *names = PyFrozenSet_New(value);
    if (names == NULL) {
        return -1;
    }
    Py_XSETREF(*(PyObject **)into, names);
    return 0;
}

static int parse_stress(PyObject *value, void *into);

typedef struct config_row {
    const char *key;
    parser *parse;
    size_t offset;
} config_row;

static const config_row config_rows[] = {
    {"threshold", parse_count, offsetof(pl_config, threshold)},
    {"loop_threshold", parse_count, offsetof(pl_config, loop_threshold)},
    {"sync", parse_flag, offsetof(pl_config, sync)},
    {"compile_all", parse_flag, offsetof(pl_config, compile_all)},
    {"verify", parse_flag, offsetof(pl_config, verify)},
    {"dump_dir", parse_path, offsetof(pl_config, dump_dir)},
    {"cache_dir", parse_path, offsetof(pl_config, cache_dir)},
    {"library", parse_path, offsetof(pl_config, library)},
    {"allow", parse_names, offsetof(pl_config, allow)},
    {"deny", parse_names, offsetof(pl_config, deny)},
    {"stress", parse_stress, 0},
    {"code_cap_mb", parse_megabytes, offsetof(pl_config, code_cap)},
    {NULL, NULL, 0},
};

static const config_row stress_rows[] = {
    {"guards", parse_count, offsetof(pl_config, stress.guards)},
    {"exits", parse_count, offsetof(pl_config, stress.exits)},
    {"shuffle", parse_count, offsetof(pl_config, stress.shuffle)},
    {"faults", parse_count, offsetof(pl_config, stress.faults)},
    {"thresholds", parse_count, offsetof(pl_config, stress_thresholds)},
    {NULL, NULL, 0},
};

/* Reads a dictionary by a table.  Unknown keys are errors: a misspelled switch must not be without effect. */
static int
parse_rows(PyObject *dict, const config_row *rows, const char *what, pl_config *into)
{
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
        const config_row *row = rows;
        while (row->key != NULL && !(PyUnicode_Check(key) && _PyUnicode_EqualToASCIIString(key, row->key))) {
            row++;
        }
        if (row->key == NULL) {
            PyErr_Format(PyExc_RuntimeError, "unknown %s %R", what, key);
            return -1;
        }
        if (row->parse(value, (char *)into + row->offset) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
parse_stress(PyObject *value, void *into)
{
    if (!PyDict_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "stress must be a dict");
        return -1;
    }
    return parse_rows(value, stress_rows, "stress mode", into);
}

static void
clear_config(pl_config *config)
{
    free(config->dump_dir);
    free(config->cache_dir);
    free(config->library);
    Py_CLEAR(config->allow);
    Py_CLEAR(config->deny);
}

/* ---- functions -------------------------------------------------------------------------------------------------------------- */

/* Takes the configuration over, unless the hook is refused. */
static bool
start(pl_config config)
{
    pl_config before = pl_cfg;
    pl_cfg = config;
    bool done = pl_hook_install();
    if (!done) {
        pl_cfg = before;
    }
    clear_config(done ? &before : &config);
    return done;
}

static PyObject *
module_enable(PyObject *module, PyObject *dict)
{
    if (!PyDict_Check(dict)) {
        PyErr_SetString(PyExc_TypeError, "enable() takes a dict");
        return NULL;
    }
    pl_config config = SHIPPED;
    if (parse_rows(dict, config_rows, "setting", &config) < 0) {
        clear_config(&config);
        return NULL;
    }
    if (!start(config)) {
        PyErr_SetString(PyExc_RuntimeError, pl_hook_refusal);
        return NULL;
    }
    Py_RETURN_NONE;
}

/* The compiler's library, which lies beside the file of this module; NULL with an exception. */
static char *
library_path(PyObject *file)
{
    static const char name[] = "libpystonlite.so";
    PyObject *bytes = NULL;
    char *path = NULL;
    if (PyUnicode_FSConverter(file, &bytes)) {
        const char *text = PyBytes_AS_STRING(bytes), *slash = strrchr(text, '/');
        size_t length = slash != NULL ? (size_t)(slash - text) + 1 : 0;
        path = malloc(length + sizeof(name));
        if (path != NULL) {
            memcpy(path, text, length);
            memcpy(path + length, name, sizeof(name));
        }
        else {
            PyErr_NoMemory();
        }
    }
    Py_XDECREF(bytes);
    return path;
}

/* What the import system does with a module that has been created. */
static bool
finish_import(PyObject *module, PyObject *spec, PyObject *file)
{
    PyObject *name = PyModule_GetNameObject(module), *modules = PyImport_GetModuleDict();
    bool done = name != NULL && PyModule_ExecDef(module, PyModule_GetDef(module)) == 0 &&
                PyObject_SetAttrString(module, "__spec__", spec) == 0 &&
                PyObject_SetAttrString(module, "__file__", file) == 0 && PyObject_SetItem(modules, name, module) == 0;
    Py_XDECREF(name);
    return done;
}

/* What `pyston_lite.enable()` does in an environment that says nothing, for autoload/autoload.c, which has created this module
 * from its spec. */
static PyObject *
module_autoload(PyObject *module, PyObject *spec)
{
    PyObject *file = PyObject_GetAttrString(spec, "origin");
    pl_config config = SHIPPED;
    config.library = file != NULL && finish_import(module, spec, file) ? library_path(file) : NULL;
    Py_XDECREF(file);
    if (config.library == NULL) {
        return NULL;
    }
    if (!start(config)) {
        PyErr_SetString(PyExc_RuntimeError, pl_hook_refusal);
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
module_defaults(PyObject *module, PyObject *unused)
{
    const pl_config shipped = SHIPPED;
    return Py_BuildValue("{sIsIsn}", "threshold", shipped.threshold, "loop_threshold", shipped.loop_threshold, "code_cap_mb",
                         (Py_ssize_t)(shipped.code_cap >> 20));
}

static PyObject *
module_disable(PyObject *module, PyObject *unused)
{
    pl_hook_remove();
    pl_return_calls();
    Py_RETURN_NONE;
}

static PyObject *
module_is_enabled(PyObject *module, PyObject *unused)
{
    return PyBool_FromLong(pl_enabled);
}

/* The function behind a function or a method, borrowed; NULL without an exception when it is neither. */
static PyFunctionObject *
function_of(PyObject *callable)
{
    if (PyMethod_Check(callable)) {
        callable = PyMethod_GET_FUNCTION(callable);
    }
    return PyFunction_Check(callable) ? (PyFunctionObject *)callable : NULL;
}

static PyFunctionObject *
function_argument(PyObject *callable)
{
    PyFunctionObject *func = function_of(callable);
    if (func == NULL) {
        PyErr_Format(PyExc_TypeError, "a Python function is required, not '%.100s'", Py_TYPE(callable)->tp_name);
    }
    return func;
}

/* The exception class, borrowed; made when it is first needed, which most processes never do. */
static PyObject *
refused_class(void)
{
    static PyObject *class;
    if (class == NULL) {
        class = PyErr_NewExceptionWithDoc(
            "pyston_lite._pyston_lite.Refused", "The compiler does not handle this function; `reason` says why.", NULL, NULL);
    }
    return class;
}

static PyObject *
module_getattr(PyObject *module, PyObject *name)
{
    if (PyUnicode_Check(name) && _PyUnicode_EqualToASCIIString(name, "Refused")) {
        return Py_XNewRef(refused_class());
    }
    return PyErr_Format(PyExc_AttributeError, "module '_pyston_lite' has no attribute %R", name);
}

static PyObject *
raise_refused(const char *reason)
{
    PyObject *refused_error = refused_class();
    if (refused_error == NULL) {
        return NULL;
    }
    PyObject *text = PyUnicode_FromString(reason != NULL ? reason : "busy");
    PyObject *error = text != NULL ? PyObject_CallOneArg(refused_error, text) : NULL;
    if (error != NULL && PyObject_SetAttrString(error, "reason", text) == 0) {
        PyErr_SetObject(refused_error, error);
    }
    Py_XDECREF(error);
    Py_XDECREF(text);
    return NULL;
}

static PyObject *
module_compile(PyObject *module, PyObject *callable)
{
    PyFunctionObject *func = function_argument(callable);
    if (func == NULL) {
        return NULL;
    }
    if (!pl_enabled) {
        return raise_refused("not enabled");
    }
    pl_code *pc = pl_code_ensure((PyCodeObject *)func->func_code);
    if (pc == NULL) {
        return PyErr_NoMemory();
    }
    Py_INCREF(func);
    bool compiled = pl_request(pc, func, 0, NULL, true);
    Py_DECREF(func);
    if (!compiled) {
        return raise_refused(pc->reason);
    }
    Py_RETURN_NONE;
}

static PyObject *
module_is_compiled(PyObject *module, PyObject *callable)
{
    PyFunctionObject *func = function_argument(callable);
    if (func == NULL) {
        return NULL;
    }
    const pl_code *pc = pl_code_get((PyCodeObject *)func->func_code);
    return PyBool_FromLong(pc != NULL && pc->unit != NULL && pc->globals == func->func_globals);
}

static PyObject *
module_suppress(PyObject *module, PyObject *callable)
{
    PyFunctionObject *func = function_of(callable);
    PyObject *code = func != NULL ? func->func_code : callable;
    if (!PyCode_Check(code)) {
        PyErr_Format(PyExc_TypeError, "a Python function or code object is required, not '%.100s'",
                     Py_TYPE(callable)->tp_name);
        return NULL;
    }
    pl_code *pc = pl_code_ensure((PyCodeObject *)code);
    if (pc == NULL) {
        return PyErr_NoMemory();
    }
    pl_policy_suppress(pc);
    Py_RETURN_NONE;
}

static PyObject *
module_functions(PyObject *module, PyObject *unused)
{
    return pl_report_functions();
}

static PyObject *
module_stats(PyObject *module, PyObject *unused)
{
    return pl_report_stats();
}

static PyObject *
module_build_info(PyObject *module, PyObject *unused)
{
    return pl_report_build();
}

static PyMethodDef module_methods[] = {
    {"enable", module_enable, METH_O, PyDoc_STR("enable(config, /)\n--\n\nInstall the evaluator hook.")},
    {"autoload", module_autoload, METH_O,
     PyDoc_STR("autoload(spec, /)\n--\n\nComplete this module and enable it as shipped.")},
    {"defaults", module_defaults, METH_NOARGS, PyDoc_STR("defaults()\n--\n\nSettings of a process that has none.")},
    {"__getattr__", module_getattr, METH_O, NULL},
    {"disable", module_disable, METH_NOARGS, PyDoc_STR("disable()\n--\n\nRemove the evaluator hook.")},
    {"is_enabled", module_is_enabled, METH_NOARGS, PyDoc_STR("is_enabled()\n--\n\nWhether the hook is installed.")},
    {"compile", module_compile, METH_O, PyDoc_STR("compile(func, /)\n--\n\nCompile a function now, or raise Refused.")},
    {"is_compiled", module_is_compiled, METH_O,
     PyDoc_STR("is_compiled(func, /)\n--\n\nWhether the next call runs machine code.")},
    {"suppress", module_suppress, METH_O, PyDoc_STR("suppress(func_or_code, /)\n--\n\nNever compile this.")},
    {"functions", module_functions, METH_NOARGS,
     PyDoc_STR("functions()\n--\n\nOne dict for each function about which something was decided.")},
    {"stats", module_stats, METH_NOARGS, PyDoc_STR("stats()\n--\n\nAll counters, as nested dicts.")},
    {"build_info", module_build_info, METH_NOARGS, PyDoc_STR("build_info()\n--\n\nWhat this module was built with.")},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "_pyston_lite supports the main interpreter only");
        return -1;
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_pyston_lite",
    .m_doc = PyDoc_STR("The native half of pyston_lite."),
    .m_size = 0,
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__pyston_lite(void)
{
    return PyModuleDef_Init(&module_def);
}
