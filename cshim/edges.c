/* Back-edges of a code object: finding them, the operand stack depth at each, patching and unpatching.
 *
 * osr.c says what the patches are for and when they may exist.  A patch changes the opcode byte of one unit of the adaptive
 * bytecode; its argument byte, the caches and everything type feedback reads stay as they are.
 */
#define PL_DEFINE_OPCODE_TABLES
#include "edges.h"

#include <emmintrin.h>
#include <string.h>

PL_HOT unsigned pl_blocks = PL_BLOCK_OFF;

/* ---- analysis ------------------------------------------------------------------------------------------------------------ */

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
        return pl_is_edge(op) ? -1 : 0;
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
 * effect table is wrong about RETURN_GENERATOR only, behind which a resumed generator has the value sent to it. */
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
            int effect = in.op == RETURN_GENERATOR ? 1 : PyCompile_OpcodeStackEffectWithJump(in.op, arg, 0);
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
        if (pl_is_edge(pl_opcode(co, i))) {
            return true;
        }
    }
    return false;
}

/* Before code is quickened its caches are zero, which is no jump: units can be looked at several at a time. */
bool
pl_may_loop(PyCodeObject *co)
{
    enum { UNITS = sizeof(__m128i) / sizeof(_Py_CODEUNIT) };
    if (pl_is_static(co)) {
        return false;             /* its loops are never patched */
    }
    const __m128i low = _mm_set1_epi16(0xff), jump = _mm_set1_epi16(JUMP_BACKWARD);
    const __m128i below = _mm_set1_epi16(POP_JUMP_BACKWARD_IF_NOT_NONE - 1), above = _mm_set1_epi16(POP_JUMP_BACKWARD_IF_TRUE + 1);
    const int64_t n = Py_SIZE(co);
    int64_t i = 0;
    for (; i + UNITS <= n; i += UNITS) {
        __m128i ops = _mm_and_si128(_mm_loadu_si128((const __m128i *)(_PyCode_CODE(co) + i)), low);
        __m128i conditional = _mm_and_si128(_mm_cmpgt_epi16(ops, below), _mm_cmpgt_epi16(above, ops));
        if (_mm_movemask_epi8(_mm_or_si128(conditional, _mm_cmpeq_epi16(ops, jump))) != 0) {
            return true;
        }
    }
    for (; i < n; i++) {
        if (pl_is_edge(*pl_opcode_byte(co, i))) {
            return true;
        }
    }
    return false;
}

_Static_assert(POP_JUMP_BACKWARD_IF_TRUE - POP_JUMP_BACKWARD_IF_NOT_NONE == 3 &&
               POP_JUMP_BACKWARD_IF_NONE == POP_JUMP_BACKWARD_IF_NOT_NONE + 1 &&
               POP_JUMP_BACKWARD_IF_FALSE == POP_JUMP_BACKWARD_IF_NOT_NONE + 2, "conditional jumps follow each other");

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
    for (int64_t i = 0; i < a->n; i += 1 + pl_caches(code[2 * i])) {
        n_edges += pl_is_edge(code[2 * i]);
    }
    pc->edges = PyMem_RawCalloc(n_edges, sizeof(pl_edge));
    pc->loops = PyMem_RawCalloc(n_edges, sizeof(pl_loop));
    if (pc->edges == NULL || pc->loops == NULL) {
        return false;
    }
    int64_t start = 0;            /* of the instruction whose opcode is at `i`, behind its prefixes */
    for (int64_t i = 0; i < a->n; i += 1 + pl_caches(code[2 * i])) {
        if (!pl_is_edge(code[2 * i])) {
            start = code[2 * i] == EXTENDED_ARG ? start : i + 1 + pl_caches(code[2 * i]);
            continue;
        }
        instruction in = decode(code, a->n, start);
        int depth = a->depth[start];
        start = in.next;
        if (depth != UNKNOWN_DEPTH && pl_may_return(depth, pc->code->co_nlocalsplus)) {
            bool conditional = pl_is_conditional_edge(in.op);
            uint32_t loop = loop_at(pc, (uint32_t)in.target, depth - conditional);
            pc->edges[pc->n_edges++] = (pl_edge){.bci = (uint32_t)in.bci, .target = (uint32_t)in.target, .loop = loop,
                                                 .op = (uint8_t)in.op, .conditional = conditional,
                                                 .depth = (int16_t)depth};
        }
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
    if (e->conditional && e->bci >= COMPARE_UNITS) {
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

bool
pl_loop_wants_exits(const pl_loop *loop)
{
    return loop->state != PL_REFUSED && loop->state != PL_SUPPRESSED;
}

static void
patch_code(pl_code *pc)
{
    if (pc->foreign || !pc->exits || pl_blocks != 0) {
        return;
    }
    if (pc->code->co_warmup < -1) {
        pc->code->co_warmup = -1;     /* quickened at its next RESUME, so that one call with a loop yields type feedback */
    }
    for (uint32_t i = 0; i < pc->n_edges; i++) {
        pl_loop *loop = &pc->loops[pc->edges[i].loop];
        loop->rests = false;
        if (pl_loop_wants_exits(loop)) {
            patch_edge(pc, &pc->edges[i]);
        }
    }
    pc->patched = true;
    pc->watch_after = 0;
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
pl_loop_unpatch(pl_code *pc, const pl_loop *loop)
{
    unpatch_loop(pc, loop);
    bool others = false;
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        others |= &pc->loops[i] != loop && pl_loop_wants_exits(&pc->loops[i]);
    }
    pc->exits &= others;
}

void
pl_loop_rest(pl_code *pc, pl_loop *loop)
{
    enum { CALLS = 64 };
    unpatch_loop(pc, loop);
    loop->rests = true;
    pc->watch_after = pl_calls(pc) + CALLS;
}

void
pl_loops_watch(pl_code *pc)
{
    for (uint32_t i = 0; i < pc->n_edges; i++) {
        pl_loop *loop = &pc->loops[pc->edges[i].loop];
        if (loop->rests && pc->patched && pl_loop_wants_exits(loop)) {
            patch_edge(pc, &pc->edges[i]);
        }
    }
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        pc->loops[i].rests = false;
    }
    pc->watch_after = 0;
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

void
pl_code_scan(pl_code *pc)
{
    PyCodeObject *co = pc->code;
    pc->scanned = true;
    if (pl_is_static(co) || (co->co_warmup < 0 && !pl_may_loop(co)) || !has_edges(co)) {
        return;
    }
    pl_arm();
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
    pc->exits = pc->n_edges != 0;
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
    pc->exits = false;
}

/* ---- look-up --------------------------------------------------------------------------------------------------------------- */

const pl_edge *
pl_edge_at(const pl_code *pc, int64_t bci)
{
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
