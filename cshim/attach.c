/* Attaching to the interpreter and detaching from it: the hook itself, being told of tracing and of other evaluators, and what
 * follows when one is set.
 *
 * Enabling sets the hook and little else (pl_hook_install).  What patched loops and machine code rely on is arranged with the
 * first of them (pl_arm): an audit hook, since CPython tells those before tracing starts, and the watch of evalwatch.c.
 */
#include "abi.h"

#include <string.h>

bool pl_enabled;
const char *pl_hook_refusal;

static bool armed;                    /* pl_arm has done what it does */

/* ---- other evaluators ---------------------------------------------------------------------------------------------------- */

static void
direct_all(void)
{
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        pl_code_direct(pc);
    }
}

static bool
tell_to_leave(PyThreadState *ts, void *Py_UNUSED(unused))
{
    for (_PyCFrame *c = ts->cframe; c != NULL; c = c->previous) {
        pl_cframe_leave(c);
    }
    return false;
}

/* Makes everything that runs in machine code leave it behind the call it is in, and nothing enter it by a direct call. */
static void
leave_all(void)
{
    pl_any_thread(tell_to_leave, NULL);
    direct_all();
}

/* An evaluator that others set over ours sees what it would see in stock: every call, those too that machine code would have
 * inlined, and each frame once.  So while there is one, everything runs in stock, also what it passes on to us. */
void
pl_evaluator_changed(PyInterpreterState *interp)
{
    if (interp != pl_hooked) {
        return;
    }
    if (!pl_has_evaluator(interp, pl_hook)) {
        pl_counters.evaluators_set++;
        pl_block(PL_BLOCK_REPLACED);
        leave_all();
    }
    else if (pl_blocks & PL_BLOCK_REPLACED) {
        pl_mark_foreign(NULL);
        pl_unblock(PL_BLOCK_REPLACED);
        direct_all();
    }
}

/* ---- what loops and machine code need ------------------------------------------------------------------------------------ */

/* Tracing must not meet a patched jump, which would report a return.  CPython tells audit hooks before it starts; evalwatch.c has a
 * cheaper way for most processes. */
static int
audit(const char *event, PyObject *Py_UNUSED(arguments), void *Py_UNUSED(unused))
{
    if (event[0] == 's' && (strcmp(event, "sys.settrace") == 0 || strcmp(event, "sys.setprofile") == 0)) {
        pl_block(PL_BLOCK_TRACING);
    }
    else if (event[0] == 'c' && strcmp(event, "cpython._PySys_ClearAuditHooks") == 0) {
        pl_hook_remove();
    }
    return 0;
}

bool
pl_audits_alone(void)
{
    const _Py_AuditHookEntry *first = _PyRuntime.audit_hook_head;
    bool ours = first == NULL || (first->hookCFunction == audit && first->next == NULL);
    return ours && pl_thread_state()->interp->audit_hooks == NULL;
}

/* Audit hooks that are there already may keep another one out, without a word. */
static bool
is_audited(void)
{
    const _Py_AuditHookEntry *entry = _PyRuntime.audit_hook_head;
    while (entry != NULL && entry->hookCFunction != audit) {
        entry = entry->next;
    }
    return entry != NULL;
}

static bool
add_audit_hook(void)
{
    if (!is_audited() && PySys_AddAuditHook(audit, NULL) < 0) {
        PyErr_Clear();
    }
    return is_audited();
}

/* Whether tracing will be noticed before it starts. */
static bool
told_of_tracing(void)
{
    bool audited = _PyRuntime.audit_hook_head != NULL || pl_hooked->audit_hooks != NULL;
    return (!audited && !pl_anyone_traces() && pl_watch_tracing()) || add_audit_hook();
}

static void
block_if(enum pl_block reason, bool condition)
{
    if (condition) {
        pl_block(reason);
    }
    else {
        pl_unblock(reason);
    }
}

static void
look_for_replacement(void)
{
    bool away = (pl_blocks & PL_BLOCK_DEEP) && pl_has_evaluator(pl_hooked, _PyEval_EvalFrameDefault);
    if (!away && !pl_has_evaluator(pl_hooked, pl_hook)) {
        pl_evaluator_changed(pl_hooked);
    }
}

/* Patched back-edges and machine code rely on being told of tracing and of other evaluators, which takes a hundredth of a short
 * process's time to arrange and slows down every audited event.  So that is done when the first code with a loop is seen, or the
 * first compilation asked for; until then nothing depends on it.  Frames of code with loops that are running by then were
 * started without pl_run_stock. */
void
pl_arm(void)
{
    if (armed || pl_hooked == NULL) {
        return;
    }
    armed = true;
    pl_block(PL_BLOCK_ARMING);            /* others' audit hooks may run Python code */
    bool told = told_of_tracing();
    block_if(PL_BLOCK_BLIND, !pl_watch_evaluator() || !told);
    if (pl_anyone_traces()) {
        pl_block(PL_BLOCK_TRACING);
    }
    pl_mark_foreign(NULL);
    look_for_replacement();
    pl_unblock(PL_BLOCK_ARMING);
}

/* ---- installing and removing -------------------------------------------------------------------------------------------- */

/* Compares what can be compared of the layouts this was compiled with to the running interpreter.  Type sizes cover the
 * objects whose inner structure machine code uses. */
static const char *
layout_difference(PyThreadState *ts)
{
    static const struct { PyTypeObject *type; Py_ssize_t size; const char *name; } sizes[] = {
        {&PyCode_Type, offsetof(PyCodeObject, co_code_adaptive), "code object layout"},
        {&PyFunction_Type, sizeof(PyFunctionObject), "function object layout"},
        {&PyFrame_Type, offsetof(PyFrameObject, _f_frame_data) + offsetof(pl_frame, localsplus), "frame object layout"},
        {&PyGen_Type, offsetof(PyGenObject, gi_iframe) + offsetof(pl_frame, localsplus), "generator object layout"},
        {&PyDict_Type, sizeof(PyDictObject), "dict object layout"},
        {&PyList_Type, sizeof(PyListObject), "list object layout"},
        {&PyLong_Type, offsetof(PyLongObject, ob_digit), "int object layout"},
        {&PyFloat_Type, sizeof(PyFloatObject), "float object layout"},
    };
    if ((Py_Version >> 16) != (PY_VERSION_HEX >> 16)) {
        return "built for another Python version";
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(sizes); i++) {
        if (sizes[i].type->tp_basicsize != sizes[i].size) {
            return sizes[i].name;
        }
    }
    if (!pl_generator_layouts()) {
        return "async generator layout";
    }
    if ((PySys_GetObject("gettotalrefcount") != NULL) != PL_DEBUG_BUILD) {
        return PL_DEBUG_BUILD ? "built for a debug build of Python" : "not built for a debug build of Python";
    }
    pl_frame *f = pl_current_frame(ts);
    if (ts->cframe == NULL || f == NULL || !PyCode_Check(f->f_code) || f->f_globals != PyEval_GetGlobals()) {
        return "thread state or frame layout";
    }
    if (ts->interp->ceval.recursion_limit != Py_GetRecursionLimit() || ts->recursion_limit != Py_GetRecursionLimit()) {
        return "interpreter state layout";
    }
    return NULL;
}

/* co_extra is read directly by the hook: write through the API, read back ourselves. */
static bool
extra_works(PyThreadState *ts)
{
    PyCodeObject *co = pl_current_frame(ts)->f_code;
    pl_code *pc = pl_code_ensure(co);
    void *stored = NULL;
    return pc != NULL && _PyCode_GetExtra((PyObject *)co, pl_extra_index, &stored) == 0 && stored == pc &&
           pl_code_get(co) == pc;
}

static PyObject *
at_exit(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(unused))
{
    pl_hook_remove();
    Py_RETURN_NONE;
}

/* atexit.register, found without importing the module, which takes longer than all the rest of enabling. */
static const PyMethodDef *
find_register(void)
{
    const struct _inittab *built_in = PyImport_Inittab;
    while (built_in->name != NULL && strcmp(built_in->name, "atexit") != 0) {
        built_in++;
    }
    PyObject *def = built_in->name != NULL ? built_in->initfunc() : NULL;
    const PyMethodDef *method = def != NULL && Py_IS_TYPE(def, &PyModuleDef_Type) ? ((PyModuleDef *)def)->m_methods : NULL;
    while (method != NULL && method->ml_name != NULL && strcmp(method->ml_name, "register") != 0) {
        method++;
    }
    return method != NULL && method->ml_name != NULL ? method : NULL;
}

static bool
register_at_exit(void)
{
    static PyMethodDef ours = {"pyston_lite_atexit", at_exit, METH_NOARGS, NULL};
    const PyMethodDef *method = find_register();
    PyObject *add = method != NULL ? PyCFunction_New((PyMethodDef *)method, NULL) : NULL;
    PyObject *function = PyCFunction_New(&ours, NULL);
    PyObject *done = add != NULL && function != NULL ? PyObject_CallOneArg(add, function) : NULL;
    Py_XDECREF(add);
    Py_XDECREF(function);
    Py_XDECREF(done);
    return done != NULL;
}

/* The interpreter is gone, and with it all that belonged to it.  A process that embeds Python may make another one. */
static void
forget_interpreter(void)
{
    pl_blocks |= PL_BLOCK_OFF;
    pl_enabled = armed = false;
    pl_hooked = NULL;
    pl_extra_index = -1;
}

/* The things that are set up once and cannot be taken back. */
static const char *
prepare(PyThreadState *ts)
{
    if (!pl_poll_init()) {
        return "the poll function could not be made";
    }
    if (pl_extra_index < 0) {
        pl_extra_index = _PyEval_RequestCodeExtraIndex(pl_code_free);
        if (pl_extra_index < 0 || !extra_works(ts)) {
            pl_extra_index = -1;
            return "no per-code data";
        }
        if (!register_at_exit() || Py_AtExit(forget_interpreter) < 0) {
            return "atexit is not available";
        }
    }
    return NULL;
}

bool
pl_hook_install(void)
{
    static bool again;
    if (pl_enabled) {
        return true;
    }
    PyThreadState *ts = PyThreadState_Get();
    PyInterpreterState *interp = ts->interp;
    pl_hook_refusal = interp != PyInterpreterState_Main() ? "sub-interpreter" : layout_difference(ts);
    if (pl_hook_refusal == NULL) {
        pl_hook_refusal = pl_offsets_check();
    }
    if (pl_hook_refusal == NULL) {
        pl_hook_refusal = prepare(ts);
    }
    if (pl_hook_refusal != NULL) {
        PyErr_Clear();
        return false;
    }
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(interp);
    bool buried = pl_hooked != NULL && current != pl_hook && current != _PyEval_EvalFrameDefault;
    if (!buried && current != pl_hook) {
        pl_previous_eval = current;
        _PyInterpreterState_SetEvalFrameFunc(interp, pl_hook);
        if (interp->eval_frame != pl_hook || _PyInterpreterState_GetEvalFrameFunc(interp) != pl_hook) {
            _PyInterpreterState_SetEvalFrameFunc(interp, current);
            pl_previous_eval = _PyEval_EvalFrameDefault;
            pl_hook_refusal = "interpreter state layout";
            return false;
        }
    }
    /* An evaluator that was there before us (a debugger's, say) gets every frame, so there is nothing left to do for us. */
    block_if(PL_BLOCK_CHAINED, pl_previous_eval != _PyEval_EvalFrameDefault);
    block_if(PL_BLOCK_REPLACED, buried);
    pl_hooked = interp;
    pl_enabled = true;
    pl_generators_hook(true);
    pl_pools_hook(true);
    if (again) {
        pl_arm();                         /* there may be code with loops, which has run without us in the meantime */
    }
    again = true;
    pl_unblock(PL_BLOCK_OFF);
    direct_all();
    return true;
}

void
pl_hook_remove(void)
{
    if (!pl_enabled) {
        return;
    }
    pl_block(PL_BLOCK_OFF);
    pl_enabled = false;
    leave_all();
    pl_pools_hook(false);
    if (armed) {
        pl_unwatch();
        armed = false;
    }
    pl_generators_hook(false);
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(pl_hooked);
    if (current == pl_hook) {
        pl_set_evaluator(pl_hooked, pl_previous_eval);
        pl_previous_eval = _PyEval_EvalFrameDefault;
        pl_hooked = NULL;
    }
    else if (current == _PyEval_EvalFrameDefault) {
        pl_hooked = NULL;                 /* switched off for deep recursion, or by somebody else */
    }
    /* Else another evaluator was installed after us and calls us as its previous one: pass everything on. */
}
