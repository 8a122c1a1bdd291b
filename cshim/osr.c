/* On-stack replacement: getting a frame out of a loop that runs in the stock evaluator, and into machine code.
 *
 * CPython 3.11 offers no way to interrupt its evaluator at a loop iteration.  So every backward jump of a code object is
 * overwritten with RETURN_VALUE in the adaptive bytecode.  In a frame that a C caller started, RETURN_VALUE ends the evaluator
 * but leaves the frame alive, with prev_instr at the patched jump; the "result" is the value on top of the operand stack,
 * still in its slot.  pl_run_stock sees that the frame stands at a jump, repairs the stack depth, does what the jump would
 * have done (test, eval breaker) and either continues in the stock evaluator at the target or enters the loop's unit.
 *
 * That is sound only for frames that pl_run_stock itself has started, so patches (edges.c) exist only
 *   - in code objects all of whose frames were started here (pl_code.foreign says otherwise for the rest);
 *   - never in static (deep-frozen) code, which sub-interpreters share;
 *   - while no reason in pl_blocks stands against it: hook off, tracing, the hook switched off for deep recursion, another
 *     frame evaluation function below or instead of ours (evalwatch.c) or no way to be told of one, a frame that was
 *     started without a pl_code for want of memory.
 * co_code is cached before the first patch, so that co_code, dis, marshal and f_lineno never see one.
 */
#include "edges.h"

/* ---- type profiles -------------------------------------------------------------------------------------------------- */

enum { BIG_DIGITS = 2 };          /* ints of more digits may not fit into a machine word */

uint16_t
pl_typeof_bits(PyObject *v)
{
    static const struct { PyTypeObject *type; uint16_t bit; } types[] = {
        {&PyFloat_Type, PL_T_FLOAT}, {&PyUnicode_Type, PL_T_STR}, {&PyBool_Type, PL_T_BOOL}, {&_PyNone_Type, PL_T_NONE},
        {&PyList_Type, PL_T_LIST}, {&PyTuple_Type, PL_T_TUPLE}, {&PyDict_Type, PL_T_DICT},
        {&PyRangeIter_Type, PL_T_RANGE_ITER}, {&PyListIter_Type, PL_T_LIST_ITER}, {&PyTupleIter_Type, PL_T_TUPLE_ITER},
    };
    if (v == NULL) {
        return PL_T_NULL;
    }
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyLong_Type) {
        Py_ssize_t size = Py_SIZE(v);
        return size > BIG_DIGITS || size < -BIG_DIGITS ? PL_T_BIGINT : PL_T_INT;
    }
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        return PL_T_OTHER;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        if (type == types[i].type) {
            return types[i].bit;
        }
    }
    return PL_T_OTHER;
}

/* ---- the eval breaker -------------------------------------------------------------------------------------------------- */

/* What the stock evaluator does when the eval breaker is set (signals, pending calls, giving the GIL away, asynchronous
 * exceptions) sits in a function CPython does not export.  The RESUME instruction of any Python function does it, so one is run
 * that does nothing else; that its first traceable instruction lies beyond its end keeps its frame out of every traceback, stack
 * walk and trace event. */
static PyFunctionObject *poll_function;

/* What PyCode_NewEmpty makes (RESUME, LOAD_ASSERTION_ERROR, RAISE_VARARGS) returns the class instead of raising it: that takes no
 * compiler, which nothing else at the start of a process may need. */
static PyCodeObject *
poll_code(void)
{
    PyCodeObject *co = PyCode_NewEmpty("<pyston-lite>", "poll", 1);
    if (co == NULL || Py_SIZE(co) != 3 || pl_opcode(co, 0) != RESUME || pl_opcode(co, 1) != LOAD_ASSERTION_ERROR) {
        Py_XDECREF(co);
        return NULL;
    }
    *pl_opcode_byte(co, 2) = RETURN_VALUE;
    co->_co_firsttraceable = INT_MAX / 4;
    return co;
}

bool
pl_poll_init(void)
{
    if (poll_function != NULL) {
        return true;
    }
    PyObject *namespace = Py_BuildValue("{s:O}", "__builtins__", PyEval_GetBuiltins());
    PyObject *code = namespace != NULL ? (PyObject *)poll_code() : NULL;
    if (code != NULL) {
        poll_function = (PyFunctionObject *)PyFunction_New(code, namespace);
    }
    PyErr_Clear();
    Py_XDECREF(code);
    Py_XDECREF(namespace);
    return poll_function != NULL;
}

int
pl_poll(PyThreadState *ts)
{
    pl_counters.polls++;
    pl_frame *f = pl_frame_push(ts, (PyFunctionObject *)Py_NewRef(poll_function));
    if (f == NULL) {
        return -1;
    }
    PyObject *done = _PyEval_EvalFrameDefault(ts, f, 0);
    pl_frame_release(ts, f);
    pl_frame_discard(ts, f);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------------ */

/* Outcome of the jump the frame stands at. */
enum step { STEP_JUMP, STEP_NEXT, STEP_HANDLER, STEP_ENDED };

/* Makes the frame visible and executing for something that may run Python code at instruction `e`. */
static void
resume_frame(PyThreadState *ts, pl_frame *f, const pl_edge *e)
{
    pl_link(ts, f);
    ts->recursion_remaining--;
    f->stacktop = -1;
    pl_set_running(f, e->bci);
}

static void
suspend_frame(PyThreadState *ts, pl_frame *f)
{
    pl_unlink(ts, f);
    ts->recursion_remaining++;
}

static enum step
unwind(PyThreadState *ts, pl_frame *f, int depth, int64_t at, int64_t lookup)
{
    pl_raise raise = {.depth = depth, .at = at, .lookup = lookup, .adds_entry = true};
    return pl_unwind(ts, f, raise) ? STEP_HANDLER : STEP_ENDED;
}

/* Decides a conditional jump; the condition has been popped and is owned. */
static enum step
test_condition(PyThreadState *ts, pl_frame *f, const pl_edge *e, int depth, PyObject *condition)
{
    bool taken;
    if (e->op == POP_JUMP_BACKWARD_IF_NONE || e->op == POP_JUMP_BACKWARD_IF_NOT_NONE) {
        taken = (condition == Py_None) == (e->op == POP_JUMP_BACKWARD_IF_NONE);
        if (condition == Py_None) {
            Py_DECREF(condition);
            return taken ? STEP_JUMP : STEP_NEXT;
        }
        resume_frame(ts, f, e);
        Py_DECREF(condition);
        suspend_frame(ts, f);
        return taken ? STEP_JUMP : STEP_NEXT;
    }
    int truth;
    if (condition == Py_True || condition == Py_False) {
        truth = condition == Py_True;
        Py_DECREF(condition);
    }
    else {
        resume_frame(ts, f, e);
        truth = PyObject_IsTrue(condition);
        Py_DECREF(condition);
        if (truth < 0) {
            return unwind(ts, f, depth, e->bci, e->bci);
        }
        suspend_frame(ts, f);
    }
    taken = (truth != 0) == (e->op == POP_JUMP_BACKWARD_IF_TRUE);
    return taken ? STEP_JUMP : STEP_NEXT;
}

/* Does what the patched jump would have done, `value` being what RETURN_VALUE popped. */
static enum step
finish_jump(PyThreadState *ts, pl_frame *f, const pl_edge *e, PyObject *value)
{
    int depth = e->depth;
    enum step step = STEP_JUMP;
    if (e->conditional) {
        depth--;
        step = test_condition(ts, f, e, depth, value);
    }
    if (step == STEP_JUMP && *pl_breaker(ts) != 0) {
        resume_frame(ts, f, e);
        if (pl_poll(ts) < 0) {
            /* As in the stock evaluator, which has jumped already: the handler is that of the unit before the target. */
            return unwind(ts, f, depth, e->bci, (int64_t)e->target - 1);
        }
        suspend_frame(ts, f);
    }
    if (step == STEP_JUMP || step == STEP_NEXT) {
        f->stacktop = f->f_code->co_nlocalsplus + depth;
        pl_set_next(f, step == STEP_JUMP ? e->target : e->bci + 1);
    }
    return step;
}

enum { PROFILE_ALWAYS = 16, PROFILE_EVERY = 32 };     /* iterations */

static void
profile_loop(pl_loop *loop, const pl_frame *f)
{
    if (loop->types == NULL) {
        loop->types = PyMem_RawCalloc(loop->n_types, sizeof(*loop->types));
        if (loop->types == NULL) {
            return;
        }
    }
    for (uint32_t i = 0; i < loop->n_types; i++) {
        loop->types[i] |= pl_typeof_bits(f->localsplus[i]);
    }
}

/* A look at a cold loop, `f` standing at its head, as look_at_call looks at a function. */
static void
look_at_iteration(pl_code *pc, pl_loop *loop, pl_frame *f)
{
    profile_loop(loop, f);
    uint32_t threshold = pl_threshold(pl_cfg.loop_threshold, pc->code, loop->head);
    if (loop->count >= threshold && !pl_code_ask(pc, f, loop->head, &loop->state)) {
        loop->count = threshold / 2;      /* the queue was full: later */
    }
    loop->next_look = loop->count + (loop->count < PROFILE_ALWAYS ? 1 : PROFILE_EVERY);
    if (loop->count < threshold && loop->next_look > threshold) {
        loop->next_look = threshold;
    }
}

/* A loop whose iterations mostly leave machine code (each runs an instruction that is not compiled, say) is faster in stock,
 * which pays neither for the exit nor for the way back.  Looked at once in RETURN_BATCH returns to the unit: when they follow each
 * other closer than what an exit and a return cost several times over, the unit does next to nothing in between. */
enum { RETURN_BATCH = 1024, RETURN_NS = 900 };

static bool
pays_off(pl_loop *loop)
{
    if (pl_cfg.compile_all || ++loop->returns % RETURN_BATCH != 0) {
        return true;
    }
    int64_t now = pl_now_ns(), before = loop->returned_ns;
    loop->returned_ns = now;
    return before == 0 || now - before >= (int64_t)RETURN_BATCH * RETURN_NS;
}

/* A loop of a generator that mostly yields once an iteration needs no exits: its resumes are counted, and enter machine code when
 * there is some.  Without them an iteration in stock takes half as long again. */
static bool
is_counted_by_resumes(const pl_code *pc, const pl_loop *loop)
{
    enum { ENOUGH = 64 };                 /* iterations */
    return (pc->code->co_flags & PL_GENERATOR_LIKE) != 0 && loop->state == PL_COLD && loop->count >= ENOUGH &&
           pl_calls(pc) > loop->count / 2 && !pl_cfg.compile_all;
}

/* A loop with so few iterations a call that the function will be compiled before the loop.  It is left alone for a while:
 * the calls are counted, and a counted iteration takes as long as a call. */
static bool
is_counted_by_calls(const pl_code *pc, const pl_loop *loop)
{
    enum { ENOUGH = 64 };                 /* iterations */
    return pc->state == PL_COLD && loop->state == PL_COLD && loop->count >= ENOUGH && !pl_cfg.compile_all &&
           pl_calls(pc) * pl_cfg.loop_threshold > (uint64_t)loop->count * pl_cfg.threshold;
}

/* The short way for most iterations of a cold loop: nothing to do but count. */
static inline bool
stays_cold(PyThreadState *ts, pl_loop *loop)
{
    bool waits = loop->state == PL_QUEUED || (loop->state == PL_COLD && loop->count + 1 < loop->next_look);
    if (!waits || pl_blocks != 0 || pl_results_ready || pl_is_tracing(ts)) {
        return false;
    }
    loop->count++;
    return true;
}

/* The loop's unit when the frame, which stands at the head, can and should be continued in it. */
static const pl_unit *
unit_for(PyThreadState *ts, pl_code *pc, pl_loop *loop, pl_frame *f, bool returning)
{
    if ((pl_blocks & PL_BLOCK_OUT) || !pl_code_fits(pc, f)) {
        return NULL;
    }
    if (pl_is_tracing(ts)) {
        pl_block(PL_BLOCK_TRACING);
        return NULL;
    }
    if (pl_results_ready) {
        pl_install_ready();
    }
    if (loop->state == PL_COLD && ++loop->count >= loop->next_look) {
        look_at_iteration(pc, loop, f);
        if (is_counted_by_resumes(pc, loop)) {
            loop->state = PL_REFUSED;
            loop->reason = "its iterations yield, so resuming counts them";
        }
        else if (is_counted_by_calls(pc, loop)) {
            pl_loop_rest(pc, loop);
        }
    }
    if (returning && loop->unit != NULL && !pays_off(loop)) {
        loop->state = PL_REFUSED;
        loop->reason = "leaves machine code in every iteration";
        loop->unit = NULL;
    }
    if (!pl_loop_wants_exits(loop)) {
        pl_loop_unpatch(pc, loop);           /* it will not get a unit, so it pays for no more exits */
        return NULL;
    }
    if (loop->unit == NULL || pl_stack_pointer() < pl_stack_limit(ts)) {
        return NULL;
    }
    loop->unit->entries++;
    pl_counters.osr_entries++;
    return loop->unit;
}

PyObject *
pl_run_stock_until(PyThreadState *ts, pl_frame *f, int throwflag, const uint8_t **resume)
{
    pl_code *pc = pl_code_get(f->f_code);
    if (pc == NULL || !pc->exits) {
        return pl_run_plain(ts, f, throwflag);
    }
    return pl_run_with_exits(ts, f, throwflag, pc, resume);
}

/* Most frames leave by a RETURN_VALUE of their own, whose argument is zero; that of a jump back is not, but for its last byte
 * behind a prefix. */
static inline bool
has_returned(const pl_frame *f)
{
    int64_t at = pl_running(f);
    const uint8_t *unit = pl_opcode_byte(f->f_code, at);
    return unit[1] == 0 && (at == 0 || (unit[-2] != EXTENDED_ARG && unit[-2] != EXTENDED_ARG_QUICK));
}

static PyObject *const go_on = (PyObject *)1;      /* no object */

/* Finishes the jump that the frame may have come back from, `value` being what RETURN_VALUE popped.  Gives the value that the frame
 * has ended with, as pl_run_stock_until does, or go_on when stock has to go on with it. */
static __attribute__((noinline)) PyObject *
finish_exit(PyThreadState *ts, pl_frame *f, pl_code *pc, const uint8_t **resume, PyObject *value)
{
    const pl_edge *e = pl_edge_at(pc, pl_running(f));
    if (e == NULL) {
        return value;
    }
    pl_counters.osr_exits++;
    enum step step = finish_jump(ts, f, e, value);
    if (step == STEP_ENDED) {
        return NULL;
    }
    pl_loop *loop = &pc->loops[e->loop];
    const pl_unit *unit = step == STEP_JUMP && !stays_cold(ts, loop) ? unit_for(ts, pc, loop, f, resume != NULL) : NULL;
    if (unit == NULL) {
        return go_on;
    }
    if (resume == NULL) {
        return pl_enter(ts, f, unit->entry);
    }
    pl_link(ts, f);
    f->stacktop = -1;
    *resume = unit->entry;
    return NULL;
}

PyObject *
pl_run_with_exits(PyThreadState *ts, pl_frame *f, int throwflag, pl_code *pc, const uint8_t **resume)
{
    for (;;) {
        PyObject *value = pl_run_quick(ts, f, throwflag);
        if (value == NULL ? PyErr_Occurred() != NULL : has_returned(f)) {
            return value;
        }
        value = finish_exit(ts, f, pc, resume, value);
        if (value != go_on) {
            return value;
        }
        throwflag = 0;
    }
}

PyObject *
pl_run_stock(PyThreadState *ts, pl_frame *f, int throwflag)
{
    return pl_run_stock_until(ts, f, throwflag, NULL);
}
