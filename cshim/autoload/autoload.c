/* The module `_autoload`: what a process with autoload loads at its start, instead of all of the native module.
 *
 * Most processes are short, and loading the native module takes a thirtieth of the shortest.  So the line of the `.pth` file
 * creates this one, a single page of code with few symbols to resolve.  It sets an evaluator of its own, which runs everything
 * in stock and loads the native module, enabled as shipped, before the first code that may loop and after a few calls: no
 * sooner would anything be kept about the calls that went by.  From then on nothing of this module runs any more.
 *
 * Where the environment says something about pyston_lite, and where somebody else's evaluator is set already, nothing is put
 * off.  A program that imports the package wants it now: the package calls load().
 */
#include "compat/py311.h"

#include <string.h>
#include <unistd.h>

/* Calls before the native module is there.  It keeps nothing about functions that were called fewer than eight times; the
 * import system and the rest of what is frozen into the interpreter is busy at every start, and mostly idle afterwards. */
enum { CALLS_OF_PROGRAM = 8, CALLS_OF_FROZEN = 400 };

static PyObject *own_origin;          /* our file: the native module lies beside it; NULL when it has been loaded */
static int program_calls, frozen_calls;

/* ---- loading ----------------------------------------------------------------------------------------------------------- */

/* Whether a variable of the environment is one of the switches, or the name that earlier generations obeyed. */
static bool
environment_speaks(void)
{
    static const char switches[] = "PYSTON_LITE", old_switch[] = "DISABLE_PYSTON";
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (strncmp(*variable, switches, sizeof(switches) - 1) == 0 ||
            strncmp(*variable, old_switch, sizeof(old_switch) - 1) == 0) {
            return true;
        }
    }
    return false;
}

/* Enables through the package, which reads the environment and knows the reason when it cannot be done. */
static bool
enable_package(void)
{
    PyObject *package = PyImport_ImportModule("pyston_lite");
    PyObject *enabled = package != NULL ? PyObject_CallMethod(package, "enable", NULL) : NULL;
    Py_XDECREF(package);
    Py_XDECREF(enabled);
    return enabled != NULL;
}

/* Enables without the package, which takes many times as long to import.  In Python, because enabling looks at the running
 * frame to see whether layouts are as expected, and what is put off may be the first. */
static bool
enable_native(PyObject *origin)
{
    static const char expression[] =
        "__import__('_imp').create_dynamic(spec := type(__import__('sys').__spec__)(name, None, origin=file)).autoload(spec)";
    PyObject *file = PyObject_CallMethod(origin, "replace", "ss", "/_autoload.", "/_pyston_lite.");
    PyObject *names = file != NULL ? Py_BuildValue("{sssO}", "name", "pyston_lite._pyston_lite", "file", file) : NULL;
    PyObject *enabled = names != NULL ? PyRun_String(expression, Py_eval_input, names, names) : NULL;
    Py_XDECREF(file);
    Py_XDECREF(names);
    Py_XDECREF(enabled);
    return enabled != NULL;
}

static PyObject *evaluate(PyThreadState *ts, struct _PyInterpreterFrame *frame, int throwflag);

/* Whatever goes wrong, the program runs on in stock; `pyston_lite.status()` tells why. */
static void
load(PyInterpreterState *interp, bool as_shipped)
{
    PyThreadState *ts = PyThreadState_Get();
    PyObject *type, *value, *traceback, *origin = own_origin;
    PyErr_Fetch(&type, &value, &traceback);
    PyThreadState_EnterTracing(ts);       /* a tracer does not see it */
    own_origin = NULL;
    if (_PyInterpreterState_GetEvalFrameFunc(interp) == evaluate) {
        _PyInterpreterState_SetEvalFrameFunc(interp, _PyEval_EvalFrameDefault);
    }
    bool enabled = as_shipped && enable_native(origin);
    if (!enabled) {
        PyErr_Clear();
        enabled = enable_package();
    }
    if (!enabled) {
        PyErr_Clear();
    }
    Py_DECREF(origin);
    PyThreadState_LeaveTracing(ts);
    PyErr_Restore(type, value, traceback);
}

/* ---- the evaluator ----------------------------------------------------------------------------------------------------- */

static bool
may_loop(PyCodeObject *co)
{
    for (Py_ssize_t i = 0; i < Py_SIZE(co); i++) {
        if (pl_is_edge(_Py_OPCODE(_PyCode_CODE(co)[i]))) {
            return true;
        }
    }
    return false;
}

static bool
is_due(PyCodeObject *co)
{
    return pl_is_static(co) ? ++frozen_calls > CALLS_OF_FROZEN : ++program_calls > CALLS_OF_PROGRAM || may_loop(co);
}

static PyObject *
evaluate(PyThreadState *ts, struct _PyInterpreterFrame *frame, int throwflag)
{
    /* An evaluator that was set after this one passes its frames on to it; then there is nothing to accelerate. */
    if (own_origin != NULL && is_due(frame->f_code) && _PyInterpreterState_GetEvalFrameFunc(ts->interp) == evaluate) {
        load(ts->interp, true);
        return _PyInterpreterState_GetEvalFrameFunc(ts->interp)(ts, frame, throwflag);
    }
    return _PyEval_EvalFrameDefault(ts, frame, throwflag);
}

/* ---- the module -------------------------------------------------------------------------------------------------------- */

static PyObject *
module_load(PyObject *module, PyObject *unused)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    if (own_origin != NULL && interp == PyInterpreterState_Main()) {
        load(interp, true);
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"load", module_load, METH_NOARGS, PyDoc_STR("load()\n--\n\nLoad the native module and enable it now, if that has been put off.")},
    {NULL, NULL, 0, NULL},
};

static void
begin(PyInterpreterState *interp)
{
    bool asked = environment_speaks();
    if (asked || _PyInterpreterState_GetEvalFrameFunc(interp) != _PyEval_EvalFrameDefault) {
        load(interp, !asked);
    }
    else {
        _PyInterpreterState_SetEvalFrameFunc(interp, evaluate);
    }
}

/* Takes the place of the import system, which has not begun this module; being asked again changes nothing.  What is called
 * `spec` is any object with a name and an origin: the line of the `.pth` file has a namespace, which is made sooner. */
static PyObject *
create(PyObject *spec, PyModuleDef *def)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    PyObject *modules = PyImport_GetModuleDict(), *name = PyObject_GetAttrString(spec, "name");
    PyObject *origin = name != NULL ? PyObject_GetAttrString(spec, "origin") : NULL;
    PyObject *module = origin != NULL ? PyDict_GetItemWithError(modules, name) : NULL;
    if (module != NULL || PyErr_Occurred()) {
        Py_XDECREF(name);
        Py_XDECREF(origin);
        return Py_XNewRef(module);
    }
    module = PyModule_NewObject(name);
    if (module != NULL && (PyModule_AddFunctions(module, methods) < 0 || PyDict_SetItem(modules, name, module) < 0)) {
        Py_CLEAR(module);
    }
    Py_DECREF(name);
    if (module != NULL && interp == PyInterpreterState_Main()) {      /* others are left to stock */
        own_origin = Py_NewRef(origin);
        program_calls = frozen_calls = 0;
        begin(interp);
    }
    Py_DECREF(origin);
    return module;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_create, create},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_autoload",
    .m_doc = PyDoc_STR("Loads the native half of pyston_lite when a process is no longer a short one."),
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__autoload(void)
{
    return PyModuleDef_Init(&module_def);
}
