/* The PEP 523 hook: every call of a Python function from C or from the stock evaluator comes through here.
 *
 * Also here: the per-code state and its life, counting calls, and the switch that keeps deep recursion from overflowing the C
 * stack.  attach.c puts the hook in and takes it out.
 *
 * With a hook set, the stock evaluator makes one C call per Python call, so recursion eats C stack (about 450 bytes a level)
 * where plain CPython eats none.  When a thread has used up the half of its stack that pl_stack_limit grants, the hook takes
 * itself out (eval_frame is NULL) for everything deeper and comes back when that call has returned.  Meanwhile Python
 * functions run inside their callers' evaluators, of other threads too; hence back-edges are unpatched during that time, and
 * code that other threads are running when it ends is never patched again.
 */
#include "abi.h"

#include <stdlib.h>
#include <string.h>

_PyFrameEvalFunction pl_previous_eval = _PyEval_EvalFrameDefault;
pl_code *pl_codes;
PL_HOT Py_ssize_t pl_extra_index = -1;
PyInterpreterState *pl_hooked;
static unsigned deep_calls;           /* active calls that run with the hook switched off */

/* ---- per-code state -------------------------------------------------------------------------------------------------- */

void
pl_code_free(void *payload)
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
    pl_settle(pc);
    pl_report_forget(pc);
    pl_units_drop(pc);
    pl_code_unscan(pc);
    PyMem_RawFree(pc->arg_types);
    PyMem_RawFree(pc->arg_classes);
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
    const int other = CO_VARARGS | CO_VARKEYWORDS | PL_GENERATOR_LIKE;
    bool simple = !pl_is_body(co) && (co->co_flags & other) == 0 && co->co_kwonlyargcount == 0;
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
pl_settle(pl_code *pc)
{
    uint32_t passed = pc->granted - pc->passes;
    pc->settled += passed;
    pl_counters.entries_cold += passed;
    pc->granted = pc->passes = 0;
}

void
pl_settle_all(void)
{
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        pl_settle(pc);
    }
}

void
pl_code_direct(pl_code *pc)
{
    pl_settle(pc);
    pc->direct = pc->unit != NULL && !(pl_blocks & PL_BLOCK_OUT) ? pc->unit->entry : pl_stub_cold;
}

/* ---- threads ---------------------------------------------------------------------------------------------------------- */

/* The lock keeps threads from being created meanwhile, which does not need the GIL. */
bool
pl_any_thread(bool (*visit)(PyThreadState *, void *), void *argument)
{
    PyThread_type_lock lock = _PyRuntime.interpreters.mutex;
    PyThread_acquire_lock(lock, WAIT_LOCK);
    PyThreadState *ts = pl_hooked->threads.head;
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
    pl_any_thread(mark_inlined_in, NULL);
}

void
pl_mark_foreign(PyThreadState *except)
{
    pl_any_thread(mark_thread, except);
}

static bool
is_traced(PyThreadState *ts, void *Py_UNUSED(unused))
{
    return ts->c_tracefunc != NULL || ts->c_profilefunc != NULL;
}

bool
pl_anyone_traces(void)
{
    return pl_tracer_is_being_set() || pl_any_thread(is_traced, NULL);
}

/* Tracing unpatches everything at the moment it starts (attach.c).  That it has ended is looked up every now
 * and then; until it is, loops are not compiled, which is all it costs. */
static void
look_for_end_of_tracing(void)
{
    enum { CALLS = 1024 };
    static unsigned calls;
    if (++calls % CALLS == 0 && !pl_anyone_traces()) {
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
    if (pl_is_body(co)) {
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
    enum { BY_TURNS = 6 };
    PyCodeObject *co = pc->code;
    int n = co->co_argcount + co->co_kwonlyargcount + ((co->co_flags & CO_VARARGS) != 0) +
            ((co->co_flags & CO_VARKEYWORDS) != 0);
    if (pc->arg_types == NULL) {
        pc->arg_types = PyMem_RawCalloc((size_t)co->co_nlocalsplus + 1, sizeof(*pc->arg_types));
        pc->arg_classes = PyMem_RawCalloc((size_t)n + 1, sizeof(*pc->arg_classes));
    }
    if (pc->arg_types == NULL || pc->arg_classes == NULL) {
        return;
    }
    for (int i = 0; i < n; i++) {
        uint16_t bits = pl_typeof_bits(f->localsplus[i]);
        pc->arg_types[i] |= bits;
        pl_classes *classes = &pc->arg_classes[i];
        if (bits == PL_T_OTHER && classes->last != Py_TYPE(f->localsplus[i])) {
            classes->changes += classes->last != NULL;
            classes->last = Py_TYPE(f->localsplus[i]);
            if (classes->changes >= BY_TURNS) {
                pc->arg_types[i] |= PL_T_MANY;
            }
        }
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

uint32_t
pl_threshold(uint32_t threshold, PyCodeObject *co, uint32_t head)
{
    if (pl_cfg.compile_all) {
        return 1;
    }
    if (pl_cfg.stress_thresholds == 0 || threshold == 0) {
        return threshold;
    }
    uint64_t place = (uint64_t)co->co_firstlineno << 32 ^ (uint64_t)Py_SIZE(co) << 16 ^ head;
    uint64_t mixed = (place + pl_cfg.stress_thresholds) * 0x9E3779B97F4A7C15;    /* Fibonacci hashing, Knuth, TAOCP 6.4 */
    return 1 + (uint32_t)(mixed >> 32) % threshold;
}

enum { PROFILE_ALWAYS = 16, PROFILE_EVERY = 32 };     /* calls */

/* A look at a function that has not been compiled yet: at its first calls, then at every 32nd, which keeps counting cheap.  A
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
    uint64_t threshold = pl_threshold(pl_cfg.threshold, pc->code, 0);
    if (pl_is_static(pc->code) && !pl_cfg.compile_all) {
        threshold *= 20;                  /* the import system: busy while a program starts, idle afterwards */
    }
    uint64_t due = threshold > pc->ask_after ? threshold : pc->ask_after;
    uint64_t calls = pc->settled;
    if (pc->watch_after != 0 && calls >= (pc->watch_after < due ? pc->watch_after : due)) {
        pl_loops_watch(pc);
    }
    if (calls >= due) {
        pc->ask_after = due = calls + threshold / 2 + 1;
        pl_code_ask(pc, f, 0, &pc->state);
    }
    pc->next_look = calls + (calls < PROFILE_ALWAYS ? 1 : PROFILE_EVERY);
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

/* How many of the next calls need no look: nothing becomes of them but a number. */
static uint32_t
passes_for(const pl_code *pc)
{
    enum { MANY = 100000 };
    if (pc->unit != NULL || pl_blocks != 0) {
        return 0;
    }
    if (pc->state == PL_COLD) {
        return pc->next_look > pc->settled + 1 ? (uint32_t)(pc->next_look - pc->settled - 1) : 0;
    }
    bool for_good = pc->state == PL_REFUSED || pc->state == PL_SUPPRESSED;
    return for_good && pc->n_edges == 0 ? MANY : PROFILE_EVERY;
}

/* Kept out of the hook, which then needs no stack of its own. */
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
    }
    pl_take_calls(pc, f->f_func);
    if (pl_results_ready) {
        pl_install_ready();
    }
    pl_settle(pc);
    pc->settled++;
    if (pc->state == PL_COLD && pc->settled >= pc->next_look && pl_code_fits(pc, f)) {
        look_at_call(pc, f);
    }
    pc->granted = pc->passes = passes_for(pc);
    if (pc->unit != NULL && pl_code_fits(pc, f) && !pl_is_tracing(ts)) {
        const uint8_t *entry = entry_for(pc, f);
        if (entry != NULL) {
            return pl_enter(ts, f, entry);
        }
        pl_miss_resume(pc, f);
    }
    return pc->exits ? pl_run_stock(ts, f, 0) : pl_run_plain(ts, f, 0);
}

/* Most functions that are called while a program starts are called a few times and never again.  Nothing is kept about one that
 * stock has not quickened, unless a loop in it can make its first call a long one. */
static inline bool
is_new(PyCodeObject *co)
{
    enum { LEAST_THRESHOLD = 100 };       /* below, each call counts */
    return co->co_warmup < 0 && pl_cfg.threshold >= LEAST_THRESHOLD && !pl_cfg.compile_all && !pl_may_loop(co);
}

/* What the hook does rarely is kept out of it, too. */
static __attribute__((noinline)) PyObject *
run_new(PyThreadState *ts, pl_frame *f)
{
    if (pl_blocks == 0 && !pl_results_ready && is_new(f->f_code)) {
        pl_counters.entries_cold++;
        return pl_run_quick(ts, f, 0);
    }
    return run_cold(ts, f, 0, NULL);
}

static __attribute__((noinline)) PyObject *
run_thrown(PyThreadState *ts, pl_frame *f, int throwflag, pl_code *pc)
{
    PyObject *value;
    return pl_throw_into(ts, f, pc, &value) ? value : run_cold(ts, f, throwflag, pc);
}

PyObject *
pl_hook(PyThreadState *ts, pl_frame *f, int throwflag)
{
    pl_code *pc = pl_code_get(f->f_code);
    if (throwflag) {
        return run_thrown(ts, f, throwflag, pc);
    }
    if (pc == NULL) {
        return run_new(ts, f);
    }
    if (pl_passes(pc)) {
        return pl_run_passed(ts, f, pc);
    }
    if (pc->unit != NULL && !pl_is_tracing(ts) && pl_code_fits(pc, f) && !(pl_blocks & PL_BLOCK_OUT)) {
        const uint8_t *entry = entry_for(pc, f);
        if (entry != NULL) {
            return pl_enter(ts, f, entry);
        }
    }
    return run_cold(ts, f, 0, pc);
}
