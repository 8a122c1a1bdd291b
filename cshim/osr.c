/* On-stack replacement: getting a frame out of a loop that runs in the stock evaluator, and into machine code.
 *
 * CPython 3.11 offers no way to interrupt its evaluator at a loop iteration.  So every backward jump of a code object is
 * overwritten with RETURN_VALUE in the adaptive bytecode.  In a frame that a C caller started, RETURN_VALUE ends the evaluator
 * but leaves the frame alive, with prev_instr at the patched jump; the "result" is the value on top of the operand stack,
 * still in its slot.  pl_run_stock sees that the frame stands at a jump, repairs the stack depth, does what the jump would
 * have done (test, eval breaker) and either continues in the stock evaluator at the target or enters the loop's unit.
 *
 * That is sound only for frames that pl_run_stock itself has started, so patches exist only
 *   - in code objects all of whose frames were started here (pl_code.foreign says otherwise for the rest);
 *   - never in static (deep-frozen) code, which sub-interpreters share;
 *   - while no reason in pl_blocks stands against it: hook off, tracing, the hook switched off for deep recursion, another
 *     frame evaluation function below or instead of ours, a frame that was started without a pl_code for want of memory.
 * co_code is cached before the first patch, so that co_code, dis, marshal and f_lineno never see one.
 */
#define PL_DEFINE_OPCODE_TABLES
#include "shim.h"

#include <stdlib.h>
#include <string.h>

unsigned pl_blocks = PL_BLOCK_OFF;

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
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        if (type == types[i].type) {
            return types[i].bit;
        }
    }
    return PL_T_OTHER;
}

/* ---- the eval breaker -------------------------------------------------------------------------------------------------- */

/* What the stock evaluator does when the eval breaker is set (signals, pending calls, giving the GIL away, asynchronous
 * exceptions) sits in a function CPython does not export.  The RESUME instruction of any Python function does it, so an empty
 * one is run; that its first traceable instruction lies beyond its end keeps its frame out of every traceback, stack walk and
 * trace event. */
static PyFunctionObject *poll_function;

bool
pl_poll_init(void)
{
    if (poll_function != NULL) {
        return true;
    }
    PyObject *namespace = Py_BuildValue("{s:O}", "__builtins__", PyEval_GetBuiltins());
    PyObject *done = namespace == NULL ? NULL : PyRun_String("def poll(): pass\n", Py_file_input, namespace, namespace);
    PyObject *function = done == NULL ? NULL : PyDict_GetItemString(namespace, "poll");
    if (function != NULL) {
        poll_function = (PyFunctionObject *)Py_NewRef(function);
        ((PyCodeObject *)poll_function->func_code)->_co_firsttraceable = INT_MAX / 4;
    }
    else {
        PyErr_Clear();
    }
    Py_XDECREF(done);
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
    PyObject *none = _PyEval_EvalFrameDefault(ts, f, 0);
    pl_frame_release(ts, f);
    pl_frame_discard(ts, f);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

/* ---- analysis ------------------------------------------------------------------------------------------------------------ */

static bool
is_conditional_edge(int op)
{
    return op == POP_JUMP_BACKWARD_IF_TRUE || op == POP_JUMP_BACKWARD_IF_FALSE || op == POP_JUMP_BACKWARD_IF_NONE ||
           op == POP_JUMP_BACKWARD_IF_NOT_NONE;
}

static bool
is_edge(int op)
{
    return op == JUMP_BACKWARD || is_conditional_edge(op);
}

/* Direction of the jump an opcode makes: +1, -1, or 0 for opcodes that never jump. */
static int
jump_direction(int op)
{
    switch (op) {
    case JUMP_FORWARD:
    case FOR_ITER:
    case SEND:
    case JUMP_IF_TRUE_OR_POP:
    case JUMP_IF_FALSE_OR_POP:
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_FORWARD_IF_NOT_NONE:
        return 1;
    case JUMP_BACKWARD_NO_INTERRUPT:
        return -1;
    default:
        return is_edge(op) ? -1 : 0;
    }
}

static bool
falls_through(int op)
{
    switch (op) {
    case RETURN_VALUE:
    case RERAISE:
    case RAISE_VARARGS:
    case JUMP_FORWARD:
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
        return false;
    default:
        return true;
    }
}

typedef struct instruction { int op, oparg; int64_t bci, next, target; } instruction;

/* Decodes the instruction whose first unit is `bci`, prefixes included; ->bci is the unit of the opcode itself. */
static instruction
decode(const uint8_t *code, int64_t n, int64_t bci)
{
    int oparg = code[2 * bci + 1];
    while (code[2 * bci] == EXTENDED_ARG && bci + 1 < n) {
        bci++;
        oparg = oparg << 8 | code[2 * bci + 1];
    }
    int op = code[2 * bci], direction = jump_direction(op);
    int64_t next = bci + 1 + pl_caches(op);
    return (instruction){.op = op, .oparg = oparg, .bci = bci, .next = next,
                         .target = direction == 0 ? -1 : next + direction * oparg};
}

enum { UNKNOWN_DEPTH = -1 };

typedef struct analysis {
    int16_t *depth;               /* [n] operand stack depth before the instruction that starts at the unit */
    int32_t *work;                /* [n] starts whose successors are still to be visited */
    int64_t n, n_work;
} analysis;

static bool
reach(analysis *a, int64_t bci, int depth)
{
    if (bci < 0 || bci >= a->n || depth < 0 || depth > INT16_MAX) {
        return false;
    }
    if (a->depth[bci] == UNKNOWN_DEPTH) {
        a->depth[bci] = (int16_t)depth;
        a->work[a->n_work++] = (int32_t)bci;
    }
    return a->depth[bci] == depth;
}

/* Follows every path from the starts in a->work.  Depths that disagree mean code CPython's compiler did not make: false.  The
 * effect table is wrong about RETURN_GENERATOR only, and generators do not get here. */
static bool
propagate(analysis *a, const uint8_t *code)
{
    while (a->n_work > 0) {
        int64_t start = a->work[--a->n_work];
        instruction in = decode(code, a->n, start);
        int depth = a->depth[start];
        int arg = in.op >= HAVE_ARGUMENT ? in.oparg : 0;
        if (in.target >= 0) {
            int effect = PyCompile_OpcodeStackEffectWithJump(in.op, arg, 1);
            if (effect == PY_INVALID_STACK_EFFECT || !reach(a, in.target, depth + effect)) {
                return false;
            }
        }
        if (falls_through(in.op)) {
            int effect = PyCompile_OpcodeStackEffectWithJump(in.op, arg, 0);
            if (effect == PY_INVALID_STACK_EFFECT || !reach(a, in.next, depth + effect)) {
                return false;
            }
        }
    }
    return true;
}

static bool
reach_handlers(analysis *a, PyCodeObject *co)
{
    const uint8_t *p = (const uint8_t *)PyBytes_AS_STRING(co->co_exceptiontable);
    const uint8_t *end = p + PyBytes_GET_SIZE(co->co_exceptiontable);
    while (p < end) {
        pl_handler h;
        p = pl_handler_read(p, &h);
        if (!reach(a, h.target, h.depth + 1 + h.push_lasti)) {
            return false;
        }
    }
    return true;
}

static bool
has_edges(PyCodeObject *co)
{
    for (int64_t i = 0; i < Py_SIZE(co); i += 1 + pl_caches(pl_opcode(co, i))) {
        if (is_edge(pl_opcode(co, i))) {
            return true;
        }
    }
    return false;
}

static uint32_t
loop_at(pl_code *pc, uint32_t head, int depth)
{
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        if (pc->loops[i].head == head) {
            return i;
        }
    }
    pc->loops[pc->n_loops] = (pl_loop){.head = head, .state = PL_COLD,
                                       .n_types = (uint32_t)(pc->code->co_nlocalsplus + depth)};
    return pc->n_loops++;
}

/* Fills edges and loops from the canonical code and the depths. */
static bool
collect_edges(pl_code *pc, const analysis *a)
{
    const uint8_t *code = pc->canonical;
    uint32_t n_edges = 0;
    for (int64_t i = 0; i < a->n;) {
        instruction in = decode(code, a->n, i);
        n_edges += is_edge(in.op);
        i = in.next;
    }
    pc->edges = PyMem_RawCalloc(n_edges, sizeof(pl_edge));
    pc->loops = PyMem_RawCalloc(n_edges, sizeof(pl_loop));
    if (pc->edges == NULL || pc->loops == NULL) {
        return false;
    }
    for (int64_t i = 0; i < a->n;) {
        instruction in = decode(code, a->n, i);
        int depth = a->depth[i];
        /* Without operands and locals RETURN_VALUE would pop a word of the frame header. */
        if (is_edge(in.op) && depth != UNKNOWN_DEPTH && depth + pc->code->co_nlocalsplus > 0) {
            uint32_t loop = loop_at(pc, (uint32_t)in.target, depth - is_conditional_edge(in.op));
            pc->edges[pc->n_edges++] = (pl_edge){.bci = (uint32_t)in.bci, .target = (uint32_t)in.target, .loop = loop,
                                                 .op = (uint8_t)in.op, .depth = (int16_t)depth};
        }
        i = in.next;
    }
    return true;
}

/* ---- patching ------------------------------------------------------------------------------------------------------------ */

enum { COMPARE_UNITS = 3 };       /* COMPARE_OP and its two cache entries */

static void
patch_edge(pl_code *pc, const pl_edge *e)
{
    PyCodeObject *co = pc->code;
    *pl_opcode_byte(co, e->bci) = RETURN_VALUE;
    /* A comparison that has been fused with the conditional jump after it would jump by itself.  Adaptive form again: it finds
     * no jump behind it and stays generic until the patch is gone. */
    if (is_conditional_edge(e->op) && e->bci >= COMPARE_UNITS) {
        int64_t before = e->bci - COMPARE_UNITS;
        uint8_t *op = pl_opcode_byte(co, before);
        if (pc->canonical[2 * before] == COMPARE_OP && *op != COMPARE_OP && *op != COMPARE_OP_ADAPTIVE) {
            *op = COMPARE_OP_ADAPTIVE;
            _PyCode_CODE(co)[before + 1] = adaptive_counter_start();
        }
    }
}

static void
unpatch_edge(pl_code *pc, const pl_edge *e)
{
    uint8_t *op = pl_opcode_byte(pc->code, e->bci);
    if (*op == RETURN_VALUE) {
        /* Quickened code (co_warmup is zero) must have the quick form: the other one counts and would quicken it anew. */
        *op = e->op == JUMP_BACKWARD && pc->code->co_warmup == 0 ? JUMP_BACKWARD_QUICK : e->op;
    }
}

static bool
loop_wants_exits(const pl_loop *loop)
{
    return loop->state != PL_REFUSED && loop->state != PL_SUPPRESSED;
}

static void
patch_code(pl_code *pc)
{
    if (pc->foreign || pc->n_edges == 0 || pl_blocks != 0) {
        return;
    }
    if (pc->code->co_warmup < -1) {
        pc->code->co_warmup = -1;     /* quickened at its next RESUME, so that one call with a loop yields type feedback */
    }
    for (uint32_t i = 0; i < pc->n_edges; i++) {
        if (loop_wants_exits(&pc->loops[pc->edges[i].loop])) {
            patch_edge(pc, &pc->edges[i]);
        }
    }
    pc->patched = true;
}

static void
unpatch_code(pl_code *pc)
{
    if (pc->patched) {
        for (uint32_t i = 0; i < pc->n_edges; i++) {
            unpatch_edge(pc, &pc->edges[i]);
        }
        pc->patched = false;
    }
}

static void
unpatch_loop(pl_code *pc, const pl_loop *loop)
{
    for (uint32_t i = 0; i < pc->n_edges; i++) {
        if (&pc->loops[pc->edges[i].loop] == loop) {
            unpatch_edge(pc, &pc->edges[i]);
        }
    }
}

void
pl_unpatch_all(void)
{
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        unpatch_code(pc);
    }
}

void
pl_repatch_all(void)
{
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        patch_code(pc);
    }
}

void
pl_block(enum pl_block reason)
{
    if (pl_blocks == 0) {
        pl_unpatch_all();
    }
    pl_blocks |= reason;
}

void
pl_unblock(enum pl_block reason)
{
    if ((pl_blocks & reason) != 0) {
        pl_blocks &= ~(unsigned)reason;
        if (pl_blocks == 0) {
            pl_repatch_all();
        }
    }
}

/* ---- first sight ------------------------------------------------------------------------------------------------------- */

enum { STATIC_REFCNT = 100 * 1000 * 1000 };     /* deep-frozen objects start at 999,999,999 */

void
pl_code_scan(pl_code *pc)
{
    PyCodeObject *co = pc->code;
    pc->scanned = true;
    if (Py_REFCNT(co) > STATIC_REFCNT || !has_edges(co)) {
        return;
    }
    PyObject *bytes = PyCode_GetCode(co);
    if (bytes == NULL) {
        PyErr_Clear();
        return;
    }
    pc->canonical = (unsigned char *)PyBytes_AS_STRING(bytes);
    Py_DECREF(bytes);             /* the code object keeps it */
    analysis a = {.n = Py_SIZE(co)};
    a.depth = PyMem_RawMalloc((size_t)a.n * sizeof(*a.depth));
    a.work = PyMem_RawMalloc((size_t)a.n * sizeof(*a.work));
    bool known = false;
    if (a.depth != NULL && a.work != NULL) {
        memset(a.depth, 0xff, (size_t)a.n * sizeof(*a.depth));
        known = reach(&a, 0, 0) && reach_handlers(&a, co) && propagate(&a, pc->canonical) && collect_edges(pc, &a);
    }
    PyMem_RawFree(a.depth);
    PyMem_RawFree(a.work);
    if (!known) {
        pl_code_unscan(pc);
        return;
    }
    if (pl_fits_getitem(co) && !pl_stop_inlining()) {
        pc->foreign = true;
    }
    patch_code(pc);
}

void
pl_code_unscan(pl_code *pc)
{
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        PyMem_RawFree(pc->loops[i].types);
    }
    PyMem_RawFree(pc->edges);
    PyMem_RawFree(pc->loops);
    pc->edges = NULL;
    pc->loops = NULL;
    pc->n_edges = pc->n_loops = 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------------ */

/* The patched jump at which the evaluator left `f`, or NULL when the frame has ended. */
static const pl_edge *
edge_of(const pl_code *pc, const pl_frame *f)
{
    int64_t bci = pl_running(f);
    uint32_t low = 0, high = pc->n_edges;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (pc->edges[middle].bci < bci) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low < pc->n_edges && pc->edges[low].bci == bci ? &pc->edges[low] : NULL;
}

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
    if (is_conditional_edge(e->op)) {
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

enum { PROFILE_ALWAYS = 16, PROFILE_EVERY = 8 };      /* iterations */

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

/* Counts one iteration of a cold loop, `f` standing at its head, and asks for a unit when it is hot. */
static void
count_iteration(pl_code *pc, pl_loop *loop, pl_frame *f)
{
    loop->count++;
    if (loop->count <= PROFILE_ALWAYS || loop->count % PROFILE_EVERY == 0) {
        profile_loop(loop, f);
    }
    uint32_t threshold = pl_cfg.compile_all ? 1 : pl_cfg.loop_threshold;
    if (loop->count < threshold) {
        return;
    }
    profile_loop(loop, f);
    if (!pl_code_ask(pc, f, loop->head, &loop->state)) {
        loop->count = threshold / 2;      /* the queue was full: later */
    }
}

/* The loop's unit when the frame, which stands at the head, can and should be continued in it. */
static const pl_unit *
unit_for(PyThreadState *ts, pl_code *pc, pl_loop *loop, pl_frame *f)
{
    if (!pl_enabled || !pl_code_fits(pc, f)) {
        return NULL;
    }
    if (pl_is_tracing(ts)) {
        pl_block(PL_BLOCK_TRACING);
        return NULL;
    }
    if (pl_results_ready) {
        pl_install_ready();
    }
    if (loop->state == PL_COLD) {
        count_iteration(pc, loop, f);
    }
    if (!loop_wants_exits(loop)) {
        unpatch_loop(pc, loop);           /* it will not get a unit, so it pays for no more exits */
        return NULL;
    }
    if (loop->unit == NULL || (char *)__builtin_frame_address(0) < pl_stack_limit(ts)) {
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
    if (pc == NULL || pc->n_edges == 0) {
        return pl_run_plain(ts, f, throwflag);
    }
    for (;;) {
        PyObject *value = pl_run_plain(ts, f, throwflag);
        throwflag = 0;
        if (value == NULL && PyErr_Occurred()) {
            return NULL;
        }
        const pl_edge *e = edge_of(pc, f);
        if (e == NULL) {
            return value;
        }
        pl_counters.osr_exits++;
        enum step step = finish_jump(ts, f, e, value);
        if (step == STEP_ENDED) {
            return NULL;
        }
        const pl_unit *unit = step == STEP_JUMP ? unit_for(ts, pc, &pc->loops[e->loop], f) : NULL;
        if (unit == NULL) {
            continue;
        }
        if (resume == NULL) {
            return pl_enter(ts, f, unit->entry);
        }
        pl_link(ts, f);
        f->stacktop = -1;
        *resume = unit->entry;
        return NULL;
    }
}

PyObject *
pl_run_stock(PyThreadState *ts, pl_frame *f, int throwflag)
{
    return pl_run_stock_until(ts, f, throwflag, NULL);
}
