/* The PEP 523 hook: every call of a Python function from C or from the stock evaluator comes through here.
 *
 * Also here: the per-code state and its life, counting calls, installing and removing the hook, and the switch that keeps
 * deep recursion from overflowing the C stack.
 *
 * With a hook set, the stock evaluator makes one C call per Python call, so recursion eats C stack (about 450 bytes a level)
 * where plain CPython eats none.  When a thread has used up the half of its stack that pl_stack_limit grants, the hook takes
 * itself out (eval_frame is NULL) for everything deeper and comes back when that call has returned.  Meanwhile Python
 * functions run inside their callers' evaluators, of other threads too; hence back-edges are unpatched during that time, and
 * code that other threads are running when it ends is never patched again.
 */
#include "abi.h"

#include "internal/pycore_runtime.h"

#include <stdlib.h>
#include <string.h>

_PyFrameEvalFunction pl_previous_eval = _PyEval_EvalFrameDefault;
pl_code *pl_codes;
PL_HOT Py_ssize_t pl_extra_index = -1;
bool pl_enabled;
const char *pl_hook_refusal;

PyInterpreterState *pl_hooked;
static unsigned deep_calls;           /* active calls that run with the hook switched off */
static bool armed;                    /* pl_arm has done what it does */

/* ---- per-code state -------------------------------------------------------------------------------------------------- */

static void
code_free(void *payload)
{
    pl_code *pc = payload;
    if (pc == NULL) {
        return;                       /* CPython calls the free function for code without payload, too */
    }
    if (pc->all_prev != NULL) {
        pc->all_prev->all_next = pc->all_next;
    }
    else {
        pl_codes = pc->all_next;
    }
    if (pc->all_next != NULL) {
        pc->all_next->all_prev = pc->all_prev;
    }
    pl_report_forget(pc);
    pl_units_drop(pc);
    pl_code_unscan(pc);
    PyMem_RawFree(pc->arg_types);
    PyMem_RawFree(pc->resumes);
    PyMem_RawFree(pc->sites);
    PyMem_RawFree(pc->caches);
    free(pc);
}

pl_code *
pl_code_ensure(PyCodeObject *co)
{
    pl_code *pc = pl_code_get(co);
    if (pc != NULL || pl_extra_index < 0) {
        return pc;
    }
    pc = aligned_alloc(PL_CACHE_LINE, sizeof(*pc));
    if (pc == NULL) {
        return NULL;
    }
    memset(pc, 0, sizeof(*pc));
    pc->code = co;
    const int plain = CO_OPTIMIZED | CO_NEWLOCALS, other = CO_VARARGS | CO_VARKEYWORDS | PL_GENERATOR_LIKE;
    bool simple = (co->co_flags & (plain | other)) == plain && co->co_kwonlyargcount == 0;
    pc->parameters = simple ? co->co_argcount : -1;
    pc->locals = co->co_nlocalsplus;
    pc->frame_size = (uint32_t)((size_t)pl_frame_slots(co) * sizeof(PyObject *));
    pc->state = PL_COLD;
    pl_code_direct(pc);
    if (pl_extra_set(co, pl_extra_index, pc) < 0) {
        free(pc);
        return NULL;
    }
    pc->all_next = pl_codes;
    if (pl_codes != NULL) {
        pl_codes->all_prev = pc;
    }
    pl_codes = pc;
    return pc;
}

void
pl_code_direct(pl_code *pc)
{
    pc->direct = pc->unit != NULL && !(pl_blocks & PL_BLOCK_OUT) ? pc->unit->entry : pl_stub_cold;
}

static void
direct_all(void)
{
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        pl_code_direct(pc);
    }
}

/* ---- threads ---------------------------------------------------------------------------------------------------------- */

/* Calls `visit` for every thread of the hooked interpreter until it returns true, and returns whether it did.  The lock
 * keeps threads from being created meanwhile, which does not need the GIL. */
static bool
any_thread(PyInterpreterState *interp, bool (*visit)(PyThreadState *, void *), void *argument)
{
    PyThread_type_lock lock = _PyRuntime.interpreters.mutex;
    PyThread_acquire_lock(lock, WAIT_LOCK);
    PyThreadState *ts = interp->threads.head;
    while (ts != NULL && !visit(ts, argument)) {
        ts = ts->next;
    }
    PyThread_release_lock(lock);
    return ts != NULL;
}

static bool
mark_thread(PyThreadState *ts, void *except)
{
    if (ts != except) {
        for (pl_frame *f = pl_current_frame(ts); f != NULL; f = f->previous) {
            pl_code *pc = pl_code_ensure(f->f_code);
            if (pc == NULL) {
                pl_block(PL_BLOCK_LOST);
            }
            else {
                pc->foreign = true;
            }
        }
    }
    return false;
}

static bool
mark_inlined_in(PyThreadState *ts, void *Py_UNUSED(unused))
{
    for (pl_frame *f = pl_current_frame(ts); f != NULL; f = f->previous) {
        pl_code *pc = f->is_entry ? NULL : pl_code_ensure(f->f_code);
        if (pc != NULL) {
            pc->foreign = true;
        }
        else if (!f->is_entry) {
            pl_block(PL_BLOCK_LOST);
        }
    }
    return false;
}

void
pl_mark_inlined(void)
{
    any_thread(pl_hooked, mark_inlined_in, NULL);
}

void
pl_mark_foreign(PyThreadState *except)
{
    any_thread(pl_hooked, mark_thread, except);
}

static bool
is_traced(PyThreadState *ts, void *Py_UNUSED(unused))
{
    return ts->c_tracefunc != NULL || ts->c_profilefunc != NULL;
}

/* Tracing unpatches everything at the moment it starts (the audit hook below).  That it has ended is looked up every now
 * and then; until it is, loops are not compiled, which is all it costs. */
static void
look_for_end_of_tracing(void)
{
    enum { CALLS = 1024 };
    static unsigned calls;
    if (++calls % CALLS == 0 && !any_thread(pl_hooked, is_traced, NULL)) {
        pl_unblock(PL_BLOCK_TRACING);
    }
}

/* ---- deep recursion --------------------------------------------------------------------------------------------------- */

static PyObject *
run_deep(PyThreadState *ts, pl_frame *f, int throwflag)
{
    if (deep_calls++ == 0) {
        pl_block(PL_BLOCK_DEEP);
        pl_set_evaluator(ts->interp, _PyEval_EvalFrameDefault);
        pl_counters.stack_switches++;
    }
    PyObject *value = _PyEval_EvalFrameDefault(ts, f, throwflag);
    if (--deep_calls == 0) {
        if (pl_hooked != NULL && !(pl_blocks & PL_BLOCK_REPLACED)) {      /* else removed or replaced in the meantime */
            pl_set_evaluator(ts->interp, pl_hook);
            pl_mark_foreign(ts);
        }
        pl_unblock(PL_BLOCK_DEEP);
    }
    return value;
}

PyObject *
pl_run_plain(PyThreadState *ts, pl_frame *f, int throwflag)
{
    if (pl_stack_pointer() < pl_stack_limit(ts) && pl_hooked == ts->interp &&
        pl_previous_eval == _PyEval_EvalFrameDefault &&
        (deep_calls > 0 || pl_has_evaluator(ts->interp, pl_hook))) {
        return run_deep(ts, f, throwflag);
    }
    return _PyEval_EvalFrameDefault(ts, f, throwflag);
}

/* ---- cold calls -------------------------------------------------------------------------------------------------------- */

static bool
is_listed(PyObject *names, PyObject *qualname)
{
    int found = PySet_Contains(names, qualname);
    if (found < 0) {
        PyErr_Clear();
    }
    return found > 0;
}

/* What is known about a code object before it has run: whether it can be compiled at all, and where its loops are. */
static void
first_sight(pl_code *pc, const pl_frame *f)
{
    PyCodeObject *co = pc->code;
    pc->globals = f->f_globals;
    pc->builtins = f->f_builtins;
    pc->scanned = true;
    pc->seen_ns = pl_now_ns();
    if (pl_cfg.allow != NULL && !is_listed(pl_cfg.allow, co->co_qualname)) {
        pc->state = PL_SUPPRESSED;
        pc->reason = "not in the allow list";
        return;
    }
    if (pl_cfg.deny != NULL && is_listed(pl_cfg.deny, co->co_qualname)) {
        pc->state = PL_SUPPRESSED;
        pc->reason = "in the deny list";
        return;
    }
    if (!(co->co_flags & CO_OPTIMIZED) || !(co->co_flags & CO_NEWLOCALS)) {
        pc->state = PL_REFUSED;           /* its loops may still be compiled */
        pc->reason = "module or class body";
    }
    pl_code_scan(pc);
}

bool
pl_code_ask(pl_code *pc, pl_frame *f, uint32_t entry_bci, uint8_t *state)
{
    /* Queued already while asking: a synchronous compilation gives the GIL away, and other threads may come by here. */
    *state = PL_QUEUED;
    bool synchronous = pl_cfg.sync || pl_cfg.compile_all;
    bool asked = pl_request(pc, f->f_func, entry_bci, f, synchronous);
    if (!asked && *state == PL_QUEUED) {
        *state = PL_COLD;
    }
    return asked;
}

static void
profile_arguments(pl_code *pc, const pl_frame *f)
{
    PyCodeObject *co = pc->code;
    if (pc->arg_types == NULL) {
        pc->arg_types = PyMem_RawCalloc((size_t)co->co_nlocalsplus + 1, sizeof(*pc->arg_types));
        if (pc->arg_types == NULL) {
            return;
        }
    }
    int n = co->co_argcount + co->co_kwonlyargcount + ((co->co_flags & CO_VARARGS) != 0) +
            ((co->co_flags & CO_VARKEYWORDS) != 0);
    for (int i = 0; i < n; i++) {
        pc->arg_types[i] |= pl_typeof_bits(f->localsplus[i]);
    }
}

/* Notes what the operand stack of a generator holds that is resumed: its iterators, mostly. */
static void
profile_resume(pl_code *pc, const pl_frame *f)
{
    enum { MOST = 200 };
    uint32_t bci = (uint32_t)pl_running(f) + 1;
    int n_locals = pc->code->co_nlocalsplus, depth = f->stacktop - n_locals;
    for (int k = 0; k < depth; k++) {
        uint16_t types = pl_typeof_bits(f->localsplus[n_locals + k]);
        uint32_t at = 0;
        while (at < pc->n_resumes && (pc->resumes[at].bci != bci || pc->resumes[at].depth != k)) {
            at++;
        }
        if (at < pc->n_resumes) {
            pc->resumes[at].types |= types;
            continue;
        }
        pl_operand *resumes = at < MOST ? PyMem_RawRealloc(pc->resumes, (at + 1) * sizeof(*resumes)) : NULL;
        if (resumes == NULL) {
            return;
        }
        resumes[at] = (pl_operand){.bci = bci, .depth = (uint16_t)k, .types = types};
        pc->resumes = resumes;
        pc->n_resumes = at + 1;
    }
}

/* Code objects in the interpreter's data segment (deep-frozen modules) have counts above this. */
enum { STATIC_REFCNT = 100000000 };

enum { PROFILE_ALWAYS = 16, PROFILE_EVERY = 8 };      /* calls */

/* A look at a function that has not been compiled yet: at its first calls, then at every eighth, which keeps counting cheap.  A
 * request that was refused for the moment, or whose unit has been given up, is made again after half as many calls. */
static void
look_at_call(pl_code *pc, pl_frame *f)
{
    if (f->owner == FRAME_OWNED_BY_GENERATOR) {
        profile_resume(pc, f);
    }
    else {
        profile_arguments(pc, f);
    }
    uint64_t threshold = pl_cfg.compile_all ? 1 : pl_cfg.threshold;
    if (Py_REFCNT(pc->code) >= STATIC_REFCNT && !pl_cfg.compile_all) {
        threshold *= 20;                  /* the import system: busy while a program starts, idle afterwards */
    }
    uint64_t due = threshold > pc->ask_after ? threshold : pc->ask_after;
    if (pc->calls >= due) {
        pc->ask_after = due = pc->calls + threshold / 2 + 1;
        pl_code_ask(pc, f, 0, &pc->state);
    }
    pc->next_look = pc->calls + (pc->calls < PROFILE_ALWAYS ? 1 : PROFILE_EVERY);
    if (pc->next_look > due) {
        pc->next_look = due;
    }
}

/* Where the frame's unit takes it over, or NULL; there is a unit. */
static inline const uint8_t *
entry_for(pl_code *pc, const pl_frame *f)
{
    const uint8_t *entry = f->owner == FRAME_OWNED_BY_GENERATOR ? pl_resume_entry(pc, f) : pc->unit->entry;
    pc->unit->entries += entry != NULL;
    return entry;
}

/* Kept out of the hook, whose hot path then needs no stack of its own. */
static __attribute__((noinline)) PyObject *
run_cold(PyThreadState *ts, pl_frame *f, int throwflag, pl_code *pc)
{
    pl_counters.entries_cold++;
    if (pl_previous_eval != _PyEval_EvalFrameDefault) {
        return pl_previous_eval(ts, f, throwflag);
    }
    if (pl_blocks & PL_BLOCK_OUT) {
        return pl_run_plain(ts, f, throwflag);
    }
    if (pl_blocks & PL_BLOCK_TRACING) {
        look_for_end_of_tracing();
    }
    else if (pl_is_tracing(ts)) {
        pl_block(PL_BLOCK_TRACING);
    }
    if (pc == NULL) {
        pc = pl_code_ensure(f->f_code);
        if (pc == NULL) {
            /* This frame will not be known as ours when its code gets a pl_code later. */
            pl_block(PL_BLOCK_LOST);
            return pl_run_plain(ts, f, throwflag);
        }
    }
    if (throwflag) {
        return pl_run_stock(ts, f, throwflag);
    }
    if (!pc->scanned) {
        first_sight(pc, f);
        pc->settled = pc->scanned && pc->n_edges == 0 && (pc->state == PL_REFUSED || pc->state == PL_SUPPRESSED);
    }
    if (pl_results_ready) {
        pl_install_ready();
    }
    pc->calls++;
    if (pc->state == PL_COLD && pc->calls >= pc->next_look && pl_code_fits(pc, f)) {
        look_at_call(pc, f);
    }
    if (pc->unit != NULL && pl_code_fits(pc, f) && !pl_is_tracing(ts)) {
        const uint8_t *entry = entry_for(pc, f);
        if (entry != NULL) {
            return pl_enter(ts, f, entry);
        }
    }
    return pc->n_edges != 0 ? pl_run_stock(ts, f, 0) : pl_run_plain(ts, f, 0);
}

/* Most functions that are called while a program starts are called a few times and never again.  Nothing is kept about one that
 * stock has not quickened, unless a loop in it can make its first call a long one. */
static inline bool
is_new(PyCodeObject *co)
{
    enum { LEAST_THRESHOLD = 100 };       /* below, each call counts */
    return co->co_warmup < 0 && pl_cfg.threshold >= LEAST_THRESHOLD && !pl_cfg.compile_all && !pl_may_loop(co);
}

/* A generator into which an exception is thrown, mostly by close or because nobody wants it any more, and which has no handler
 * there, ends without running: that needs no evaluator.  False: nothing was done. */
static bool
end_thrown(PyThreadState *ts, pl_frame *f)
{
    pl_handler h;
    int64_t at = pl_running(f);
    if ((pl_blocks & PL_BLOCK_OUT) || pl_is_tracing(ts) || ts->recursion_remaining <= 0 || pl_find_handler(f->f_code, at, &h)) {
        return false;
    }
    pl_raise raise = {.depth = f->stacktop - f->f_code->co_nlocalsplus, .at = at, .lookup = at, .adds_entry = true};
    pl_link(ts, f);
    ts->recursion_remaining--;
    f->stacktop = -1;
    pl_unwind(ts, f, raise);
    pl_counters.ended_by_throw++;
    return true;
}

PyObject *
pl_hook(PyThreadState *ts, pl_frame *f, int throwflag)
{
    pl_counters.hook_calls++;
    pl_code *pc = pl_code_get(f->f_code);
    if (throwflag) {
        return end_thrown(ts, f) ? NULL : run_cold(ts, f, throwflag, pc);
    }
    if (pc == NULL && pl_blocks == 0 && !pl_results_ready && is_new(f->f_code)) {
        pl_counters.entries_cold++;
        return pl_run_quick(ts, f, 0);
    }
    if (pc != NULL && pc->unit != NULL && !pl_is_tracing(ts) && pl_code_fits(pc, f) &&
        !(pl_blocks & PL_BLOCK_OUT)) {
        const uint8_t *entry = entry_for(pc, f);
        if (entry != NULL) {
            return pl_enter(ts, f, entry);
        }
    }
    /* Without a reason in pl_blocks the hook is on. */
    if (pc != NULL && pl_blocks == 0 && !pl_results_ready) {
        if (pc->settled) {
            return pl_run_quick(ts, f, 0);
        }
        if (pc->scanned && pc->unit == NULL && !pl_is_tracing(ts) &&
            (pc->state != PL_COLD || pc->calls + 1 < pc->next_look)) {
            pl_counters.entries_cold++;
            pc->calls++;
            return pc->n_edges != 0 ? pl_run_with_exits(ts, f, 0, pc, NULL) : pl_run_quick(ts, f, 0);
        }
    }
    return run_cold(ts, f, 0, pc);
}

/* ---- other evaluators ---------------------------------------------------------------------------------------------------- */

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
    any_thread(pl_hooked, tell_to_leave, NULL);
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

/* Tracing must not meet a patched jump, which would report a return.  CPython tells audit hooks before it starts. */
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
    return first != NULL && first->hookCFunction == audit && first->next == NULL &&
           _PyThreadState_UncheckedGet()->interp->audit_hooks == NULL;
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
    bool away = deep_calls > 0 && pl_has_evaluator(pl_hooked, _PyEval_EvalFrameDefault);
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
    bool told = add_audit_hook();
    block_if(PL_BLOCK_BLIND, !pl_watch_evaluator() || !told);
    if (any_thread(pl_hooked, is_traced, NULL)) {
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
    if (PySys_GetObject("gettotalrefcount") != NULL) {
        return "debug build of Python";
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
        pl_extra_index = _PyEval_RequestCodeExtraIndex(code_free);
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
    if (armed) {
        pl_unwatch_evaluator();
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
