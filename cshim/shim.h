/* The whole contract between the C shim, the machine code it runs and the compile service.
 *
 * Words: a *unit* is one piece of installed machine code (a function entered at its first instruction, or a loop of it
 * entered by OSR).  A *bci* is an index of 16-bit code units from the start of the bytecode.  An *exit* is a point at which
 * machine code gives its frame up; the exit record says where every live value is, so that C can rebuild the frame.
 *
 * Register convention of machine code (System V otherwise):
 *     rbp  the running _PyInterpreterFrame         r15  PyThreadState
 *     r14  pl_ctx of this activation               r11, xmm15  scratch, never allocated
 *     rbx r12 r13  callee-saved, allocatable;  everything else caller-saved
 *
 * A frame that a generator owns stays its own: it is "returned" from with stacktop and locals as the stock evaluator leaves
 * them, for whoever resumed the generator to clear.
 *
 * A unit is entered with rbp = its frame, *linked* (frame->previous set, ctx->cframe.current_frame = frame), stacktop = -1,
 * recursion not yet charged, rsp = 8 mod 16.  It returns rax = owned result or NULL with an exception set, rdx = its frame,
 * rbp = frame->previous; the frame is then unlinked, recursion given back, its locals released (frame_obj NULL) and only
 * f_func and f_code are still owned by it.  That suits both kinds of callers: CPython's own _PyFrame_Clear after
 * the hook, for which pl_enter sets stacktop = 0, and a compiled call site, which drops those references and pops the data
 * stack.
 */
#ifndef PYSTON_LITE_SHIM_H
#define PYSTON_LITE_SHIM_H

#define PY_SSIZE_T_CLEAN
#include "Python.h"
#include "compat/py311.h"
#include "serviceapi.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* All of it is found without the global offset table. */
#pragma GCC visibility push(hidden)

/* Variables that every call of a Python function reads lie together. */
#define PL_HOT __attribute__((section(".pl_hot")))

typedef _PyInterpreterFrame pl_frame;

static inline int64_t
pl_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- activation context -------------------------------------------------------------------------------------- */

/* One per entry from C into machine code, on the C stack.  It is pushed as ts->cframe, so while machine code runs
 * ts->cframe is always this struct and generated code reads use_tracing and current_frame through r14. */
typedef struct pl_ctx {
    _PyCFrame cframe;             /* use_tracing, current_frame, previous */
    char *stack_limit;            /* lowest rsp at which a unit may still be entered */
    volatile int32_t *breaker;    /* &interp->ceval.eval_breaker */
} pl_ctx;

/* ---- exit records: written by specializer/codemeta, read by frames.c ------------------------------------------ */

#include "exitmeta.h"

/* ---- units and per-code state ---------------------------------------------------------------------------------- */

typedef struct pl_unit {
    const uint8_t *entry;         /* code start; executable mapping owned by the compile service */
    size_t code_size;
    PyCodeObject *code;           /* borrowed: the unit dies with it */
    uint64_t frame_bytes;         /* of its machine frame with the return address, for debuggers: see stubs.c */
    uint32_t entry_bci;           /* 0, or the loop head it is entered at */
    uint32_t n_exits, n_frames, n_values, n_consts, n_refs;
    pl_exit_rec *exits;
    pl_exit_frame *frames;
    pl_value *values;
    uint64_t *consts;
    pl_entry *places;             /* of a unit with several entries, else none */
    uint32_t n_places;
    const uint8_t **at;           /* [Py_SIZE(code)] machine code of the entries that are not the start, by bytecode index */
    PyObject **refs;              /* strong references to every object the code names */
    uint64_t *exit_counts;        /* one per exit */
    uint64_t seen[64];            /* versions of dictionaries for which machine code knows what is in them; 0: never yet */
    struct pl_catch *catches;     /* one per exit, made when the first exception leaves the unit; else NULL */
    uint64_t entries, compile_ns;
    uint64_t block_id;            /* handle for freeing the code memory */
    void *blob;                   /* allocation behind the tables */
    uint32_t fork_epoch;          /* forks of this process before the unit was installed, see pl_unit_free */
    struct pl_unit *next;         /* older or sibling units of the same code object */
} pl_unit;

enum { PL_CACHE_LINE = 64 };

enum pl_state { PL_COLD, PL_QUEUED, PL_COMPILED, PL_REFUSED, PL_SUPPRESSED };

typedef struct pl_loop {          /* one loop back-edge target */
    uint32_t head;                /* bci of the loop head */
    uint32_t count;               /* iterations seen */
    uint32_t next_look;           /* the count at which the types and the threshold are looked at again */
    uint8_t state;                /* enum pl_state */
    uint8_t compiles;             /* units made for this loop so far */
    bool rests;                   /* its edges are not patched for the moment */
    const char *reason;           /* why refused, interned */
    pl_unit *unit;
    uint64_t returns;             /* frames that came back to the unit after leaving it */
    int64_t returned_ns;          /* when the last batch of them was complete */
    uint16_t *types;              /* [co_nlocalsplus + stack depth at head], as localsplus; see pl_typebits */
    uint32_t n_types;
} pl_loop;

typedef struct pl_edge {          /* one patched backward jump */
    uint32_t bci, target, loop;   /* loop: index into pl_code.loops */
    uint8_t op;                   /* canonical opcode */
    bool conditional;
    int16_t depth;                /* operand depth before the jump */
} pl_edge;

/* What is kept per code object, in co_extra.  A call that stays in stock reads the first two cache lines of it. */
typedef struct pl_code {
    const uint8_t *direct;        /* first field: compiled call sites call through it; never NULL (pl_stub_cold) */
    pl_unit *unit;                /* function-entry unit, NULL when none */
    PyObject *globals, *builtins; /* identities the units were compiled for (borrowed, compared only) */
    PyCodeObject *code;           /* borrowed */
    int32_t parameters;           /* positional ones of a function that has no others and is no generator, else -1 */
    int32_t locals;               /* co_nlocalsplus */
    uint32_t frame_size;          /* bytes on the data stack */
    uint32_t passes;              /* calls that the hook will pass on to stock without a look; 0 when there is a unit */
    uint8_t state;                /* enum pl_state of the function entry */
    uint8_t scanned, patched, compiles;
    bool exits;                   /* has edges that may be patched: its frames are run by pl_run_with_exits; once false, for good */
    bool foreign;                 /* frames of it run outside of pl_run_stock: its back-edges are never patched */
    bool unseen;                  /* has been compiled before the interpreter collected feedback, or all is to be compiled */

    _Alignas(PL_CACHE_LINE) uint64_t settled;     /* calls without machine code, but for those passed on since `granted`: pl_calls */
    uint64_t next_look;           /* the call at which the counter and the arguments are looked at again */
    uint64_t watch_after;         /* the call at which loops that rest are patched again; 0: none rests */
    uint32_t granted;             /* what `passes` was */
    uint32_t n_edges, n_loops;
    pl_edge *edges;               /* sorted by bci */
    pl_loop *loops;
    unsigned char *canonical;     /* borrowed from the cached co_code bytes */
    int64_t seen_ns;              /* when it was first called */
    uint64_t ask_after;           /* no request before that call */
    const char *reason;           /* why refused, static or interned string */
    uint16_t *arg_types;          /* [co_nlocalsplus] observed at entry */
    struct pl_classes *arg_classes;   /* [parameters] the same for classes that have no type bit of their own */
    struct pl_operand *resumes;   /* what operand stacks held when generators of this code were resumed */
    uint32_t n_resumes;
    pl_unit *units;               /* all units ever installed, newest first */
    struct pl_site *sites;        /* deopt history by bci, given to later compilations */
    uint32_t n_sites;
    struct pl_attr_cache *caches; /* one for each attribute instruction, in order; machine code has their addresses */
    struct pl_code *all_next, *all_prev;
} pl_code;

/* Inline cache of one LOAD_ATTR, STORE_ATTR or LOAD_METHOD, compared in line by machine code, filled by caches.c.  A way that
 * was never filled has all bits set, which no class has for a version. */
typedef struct pl_attr_cache {
    union {
        struct {
            struct { uint32_t version, offset; } value[4];                    /* of an inline value, or see PL_MEMBER */
            struct { uint32_t version, keys; PyObject *value; } of_class;     /* an attribute that the class has; keys as below */
        };
        struct {
            uint32_t version, keys;               /* keys 0: instances have no dictionary */
            union { PyObject *descr; uint64_t offset; };
        } method[2];
    };
    PyObject *above;              /* the class whose super() `of_class` is about: see pl_super_method */
    uint64_t next;                /* how often it was filled; the ways take turns */
} pl_attr_cache;
#define PL_VALUE 0xffffffffu      /* in keys, which no table has for a version: an inline value at that offset is called */
#define PL_MEMBER 0x80000000u     /* the offset is that of a __slots__ entry in the object itself */

typedef struct pl_classes {
    const PyTypeObject *last;     /* borrowed, compared only */
    uint32_t changes;             /* how often the next one seen was another */
} pl_classes;
typedef struct pl_operand { uint32_t bci; uint16_t depth, types; } pl_operand;
typedef struct pl_site { uint32_t bci; uint16_t reason; uint32_t count; } pl_site;

/* Type profile bits (a 16-bit set per slot); more than one bit set means polymorphic. */
enum pl_typebits {
    PL_T_NULL = 1 << 0, PL_T_INT = 1 << 1, PL_T_FLOAT = 1 << 2, PL_T_STR = 1 << 3, PL_T_BOOL = 1 << 4, PL_T_NONE = 1 << 5,
    PL_T_LIST = 1 << 6, PL_T_TUPLE = 1 << 7, PL_T_DICT = 1 << 8, PL_T_RANGE_ITER = 1 << 9, PL_T_LIST_ITER = 1 << 10,
    PL_T_TUPLE_ITER = 1 << 11, PL_T_BIGINT = 1 << 12,
    PL_T_MANY = 1 << 14,          /* others, of several classes by turns */
    PL_T_OTHER = 1 << 15,
};

/* ---- frames.c --------------------------------------------------------------------------------------------------- */
/* A new frame at that place of the data stack; steals func.  Locals are garbage. */
static inline pl_frame *
pl_frame_start(void *place, PyFunctionObject *func, int locals)
{
    pl_frame *f = place;
    _PyFrame_InitializeSpecials(f, func, NULL, locals);
    f->is_entry = true;           /* never run inside another frame's evaluator: see pl_mark_foreign */
    f->previous = NULL;
    return f;
}
pl_frame *pl_frame_push(PyThreadState *ts, PyFunctionObject *func);      /* steals func; locals NULL; NULL on no memory */
/* The same where the chunk of the data stack has room, else NULL without an exception; locals are garbage. */
static inline pl_frame *
pl_frame_push_fast(PyThreadState *ts, PyFunctionObject *func, const pl_code *pc)
{
    char *start = (char *)ts->datastack_top;
    if (start == NULL || (char *)ts->datastack_limit - start <= (ptrdiff_t)pc->frame_size) {
        return NULL;
    }
    ts->datastack_top = (PyObject **)(start + pc->frame_size);
    return pl_frame_start(start, func, pc->locals);
}
void pl_chunk_pop(PyThreadState *ts);                                     /* the uppermost chunk of the data stack, with one frame */
static inline void
pl_frame_pop(PyThreadState *ts, pl_frame *f)                             /* data stack only */
{
    if ((PyObject **)f != ts->datastack_chunk->data) {
        ts->datastack_top = (PyObject **)f;
    }
    else {
        pl_chunk_pop(ts);
    }
}
static inline void
pl_frame_drop_locals(pl_frame *f)
{
    for (int i = 0; i < f->stacktop; i++) {
        Py_XDECREF(f->localsplus[i]);
    }
    f->stacktop = 0;
    Py_CLEAR(f->f_locals);
}
void pl_frame_release(PyThreadState *ts, pl_frame *f);                   /* unlinked frame -> "returned" state above */
void pl_frame_end(PyThreadState *ts, pl_frame *f);       /* unlinked frame of a finished generator -> nothing */
PyObject *pl_frame_return(PyThreadState *ts, pl_frame *f, PyObject *result);   /* linked+charged frame -> "returned" */
PyObject *pl_enter(PyThreadState *ts, pl_frame *f, const uint8_t *entry);   /* C -> machine code: ctx, link, run */
PyObject *pl_handover(PyThreadState *ts, pl_frame *f, int throwflag);    /* linked+charged frame -> stock evaluator */
static inline void
pl_frame_discard(PyThreadState *ts, pl_frame *f)         /* "returned" state -> nothing: drops func, code; pops */
{
    ts->recursion_remaining--;
    Py_DECREF(f->f_func);
    Py_DECREF(f->f_code);
    ts->recursion_remaining++;
    pl_frame_pop(ts, f);
}
/* The innermost visible frame's object, a new reference; NULL when there is none or no memory.  Unlike PyThreadState_GetFrame
 * it loses no pending exception then. */
PyFrameObject *pl_frame_object(PyThreadState *ts);
typedef struct pl_known_limit { uint64_t thread; char *limit; } pl_known_limit;
extern pl_known_limit pl_last_limit;
char *pl_find_stack_limit(PyThreadState *ts);
static inline char *
pl_stack_pointer(void)
{
    char *here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    return here;
}
static inline char *
pl_stack_limit(PyThreadState *ts)                  /* lowest stack address at which machine code may be entered */
{
    return pl_last_limit.thread == ts->id ? pl_last_limit.limit : pl_find_stack_limit(ts);
}

/* ---- deaths.c --------------------------------------------------------------------------------------------------- */
PyObject *pl_die_quietly(PyObject *object);              /* behind pl_quiet_stub */

/* ---- exits.c ---------------------------------------------------------------------------------------------------- */
typedef struct pl_regs { uint64_t gpr[16]; double xmm[16]; } pl_regs;    /* gpr[4] is rsp at the exit stub */
/* rax, rdx.  `resume` is NULL when the frame has finished (it is in the "returned" state and value is its result), else the
 * entry of a unit that takes the frame over: the exiting unit takes its own machine frame down (rsp, callee-saved
 * registers) and jumps there.  The frame is then linked and not charged, as at any unit entry.  That jump instead of a
 * call is what keeps a frame that goes back and forth between machine code and the stock evaluator from eating C stack. */
typedef struct pl_exit_result { PyObject *value; const uint8_t *resume; } pl_exit_result;
/* With this value `resume` is an exception handler in the exiting unit itself, which goes on there with the machine frame it
 * has; the frame stays linked and charged. */
#define PL_SAME_FRAME ((PyObject *)1)
/* An exception of `co` would go on at bci, where the unit has no entry; one that is needed often is made. */
void pl_miss_entry(pl_unit *unit, PyCodeObject *co, int64_t bci);
void pl_miss_yield(pl_unit *unit, PyCodeObject *co, int64_t bci);
pl_exit_result pl_exit(PyThreadState *ts, pl_frame *f, pl_regs *regs, pl_unit *unit, uint64_t id, pl_ctx *ctx);
extern const uint8_t pl_exit_stub[], pl_exit_general_stub[];   /* asm: [rsp+8]=unit, [rsp+16]=exit id; saves registers, calls pl_exit */
extern const uint8_t pl_flush_stub[];       /* asm: same arguments; PL_EXIT_FLUSH: preserves every register */
extern const uint8_t pl_dealloc_stub[];     /* asm: r11 = object whose count fell to zero; preserves everything else */
extern const uint8_t pl_quiet_stub[];       /* asm: likewise, but r11 = NULL or, when its death could run code, the object as it was */
extern const uint8_t pl_call_stub[];        /* asm: rax = C function, arguments in place; for routines of units */
extern const uint8_t pl_box_int_stub[];     /* asm: r11 = 64-bit integer -> r11 = new int or NULL; preserves everything else */
/* The general variants preserve no xmm register: for units that use none. */
extern const uint8_t pl_dealloc_general_stub[], pl_quiet_general_stub[], pl_box_int_general_stub[];
extern const uint8_t pl_box_float_stub[];   /* asm: r11 = bits of a double -> r11 = new float or NULL; likewise */
extern const uint8_t pl_stub_cold[];        /* asm: unit entry convention; runs the linked frame through the cold path */
PyObject *pl_asm_enter(PyThreadState *ts, pl_frame *f, const uint8_t *entry, pl_ctx *ctx);   /* asm: behind pl_enter */
PyObject *pl_run_cold(PyThreadState *ts, pl_frame *f, pl_ctx *ctx);      /* behind pl_stub_cold */

/* Puts a function of ours into a slot of one of CPython's types, or takes it out if it is still there. */
#define PL_SLOT_HOOK(slot, ours, stock, install) \
    do { \
        if ((install) && (slot) != (ours)) { \
            (stock) = (slot); \
            (slot) = (ours); \
        } \
        else if (!(install) && (slot) == (ours)) { \
            (slot) = (stock); \
        } \
    } while (0)

/* ---- functions.c --------------------------------------------------------------------------------------------------- */
void pl_function_dealloc(PyObject *object);

/* ---- generators.c ------------------------------------------------------------------------------------------------ */
void pl_generators_hook(bool install);             /* iteration over generators from C, with the hook */
bool pl_generator_layouts(void);                   /* whether private structs are as they are taken to be */
/* throw and close, and whoever wants a generator no more: an exception is set and the suspended frame is to handle it.  False:
 * nothing was done, stock has to. */
bool pl_throw_into(PyThreadState *ts, pl_frame *f, pl_code *pc, PyObject **result);
void pl_miss_resume(pl_code *pc, const pl_frame *f);         /* the unit of the suspended frame has no entry there */
/* Where the unit of a generator's code resumes the suspended frame; NULL when it does not, stock has to. */
static inline const uint8_t *
pl_resume_entry(const pl_code *pc, const pl_frame *f)
{
    return pc->unit->at != NULL ? pc->unit->at[pl_running(f) + 1] : NULL;
}

/* ---- unwind.c --------------------------------------------------------------------------------------------------- */
/* An exception is set in the linked, charged frame: adds the traceback entry, finds the handler, unwinds.  True: the frame is
 * ready for the stock evaluator at the handler; false: it has ended.  Either way it comes back unlinked and uncharged. */
typedef struct pl_raise {
    int depth;                    /* live operand stack entries in memory */
    int64_t at, lookup;           /* the instruction blamed, and the one whose handler counts */
    bool adds_entry;              /* false: a re-raise, which leaves the traceback as it is */
} pl_raise;
bool pl_unwind(PyThreadState *ts, pl_frame *f, pl_raise raise);
typedef struct pl_handler { int start, length, target, depth; bool push_lasti; } pl_handler;
const uint8_t *pl_handler_read(const uint8_t *p, pl_handler *h);         /* one exception table entry; the next one */
bool pl_find_handler(PyCodeObject *co, int64_t at, pl_handler *h);
/* The first half of pl_unwind: finds the handler and prepares the operand stack for it, which raise->depth follows; the frame
 * stays linked and charged.  False: there is none, and the operand stack is empty. */
bool pl_dispatch(PyThreadState *ts, pl_frame *f, pl_raise *raise, pl_handler *h);
/* A loop over an iterator has ended: drops the pending StopIteration, which a trace function is told. */
void pl_clear_stop(PyThreadState *ts);
void pl_give_up(PyThreadState *ts, pl_frame *f, int depth);              /* takes an unwound frame off the stack of frames */
bool pl_is_handling(PyThreadState *ts);             /* an exception is being handled, here or further out */

/* How the exception set by the instruction at `bci` is to be dispatched.  RERAISE blames the instruction whose index its
 * handler had put on the stack; it, the end of an asynchronous loop and a bare raise that found an exception leave the
 * traceback alone. */
pl_raise pl_describe_raise(PyThreadState *ts, pl_frame *f, int depth, int64_t bci);

/* What is known of a raise exit once it has been taken.  The short way is for exceptions that a handler in the same unit
 * gets, or nobody in the frame, and that nobody traces. */
enum pl_catch_state { PL_CATCH_UNKNOWN, PL_CATCH_SHORT, PL_CATCH_GENERAL };
typedef struct pl_catch {
    const uint8_t *entry;         /* of the handler; NULL when nobody in the frame handles it */
    uint32_t target;              /* the handler's bci */
    int32_t line;                 /* of the traceback entry */
    uint16_t depth;               /* of the operand stack when the handler begins, without what is pushed for it */
    uint8_t state;                /* enum pl_catch_state */
    uint8_t blames;               /* the operand that has the index of the instruction blamed; 0: none */
    bool adds_entry, push_lasti;
} pl_catch;
void pl_catch_resolve(pl_catch *c, const pl_unit *unit, int64_t bci);
typedef enum pl_caught {
    PL_UNCAUGHT,                  /* the frame has ended, and is unlinked and uncharged */
    PL_CAUGHT,                    /* it is ready for the handler in the unit */
    PL_CAUGHT_LATE,               /* it is ready for the stock evaluator, unlinked and uncharged */
    PL_AGAIN,                     /* another exception is set, for the general way */
} pl_caught;
/* The values of the frame are in its memory; the exception is given, and not set. */
pl_caught pl_catch_short(PyThreadState *ts, pl_frame *f, const pl_catch *c, int depth, int64_t bci, PyObject *type,
                         PyObject *value, PyObject *traceback);

/* ---- pools.c ---------------------------------------------------------------------------------------------------- */
/* Dead int objects of up to two digits, which fill one allocation class, chained through ob_type.  Machine code takes from
 * it and gives to it in line. */
typedef struct pl_int_pool { PyObject *head; int64_t count; } pl_int_pool;
#define PL_INT_POOL_MAX 256
extern pl_int_pool pl_ints;
void pl_dealloc(PyObject *o);                      /* an object whose count is zero: to its pool or to _Py_Dealloc */
PyObject *pl_new_int(int64_t value);               /* one of one digit from the pool, if that has one */
/* The reserve.  After pl_reserve_numbers(n), n ints and n floats can be made without memory, again after each pl_reserve_fill that
 * succeeds; both are false without memory, and leave exceptions alone. */
bool pl_reserve_numbers(uint32_t n);
bool pl_reserve_fill(void);
extern bool pl_reserve_used;                       /* it is to be filled */
PyObject *pl_sure_int(int64_t value);              /* new references, if need be from the reserve; no exception may be set; NULL */
PyObject *pl_sure_float(double value);             /* with MemoryError when that is empty, too */
/* Dead objects that the collector knew.  Their types' tp_dealloc are ours while the hook is installed. */
enum pl_pool { PL_POOL_FUNCTION, PL_POOL_LIST_ITER, PL_POOL_TUPLE_ITER, PL_POOLS };
PyObject *pl_pool_take(enum pl_pool which);        /* as PyObject_GC_New: contents are garbage, NULL with MemoryError */
void pl_pool_give(PyObject *object, enum pl_pool which);     /* as PyObject_GC_Del, of an untracked object */
void pl_pool_pass_on(PyObject *object, enum pl_pool which);  /* to CPython's tp_dealloc */
PyObject *pl_new_sequence_iter(PyObject *sequence);          /* of an exact list or tuple */
void pl_pools_hook(bool install);                  /* taking it out gives the memory of all pools back */

/* ---- evalhook.c, attach.c, osr.c -------------------------------------------------------------------------------- */
PyObject *pl_hook(PyThreadState *ts, pl_frame *f, int throwflag);
extern _PyFrameEvalFunction pl_previous_eval;      /* who was installed before us; _PyEval_EvalFrameDefault when nobody */
PyObject *pl_run_stock(PyThreadState *ts, pl_frame *f, int throwflag);   /* stock evaluator with OSR exits handled */
/* The same; a loop with a unit is not entered but given back through *resume, with the frame linked and NULL returned. */
PyObject *pl_run_stock_until(PyThreadState *ts, pl_frame *f, int throwflag, const uint8_t **resume);
PyObject *pl_run_plain(PyThreadState *ts, pl_frame *f, int throwflag);   /* stock, C stack looked after */
PyObject *pl_run_with_exits(PyThreadState *ts, pl_frame *f, int throwflag, pl_code *pc, const uint8_t **resume);
bool pl_hook_install(void);                        /* false: refused, pl_hook_refusal says why; no exception */
void pl_hook_remove(void);
extern const char *pl_hook_refusal;
extern pl_code *pl_codes;                          /* all pl_code, through all_next */
uint16_t pl_typeof_bits(PyObject *v);              /* one bit of pl_typebits */
/* The threshold in force for a function (head 0) or loop, `threshold` being the one that is set: 1 when everything is compiled, and
 * another one for each, from 1 up to it, when the stress mode says so. */
uint32_t pl_threshold(uint32_t threshold, PyCodeObject *co, uint32_t head);
int pl_poll(PyThreadState *ts);                    /* what the eval breaker asks for; frame linked; -1: exception set */
bool pl_poll_init(void);
void pl_arm(void);                                 /* before the first patched loop and the first unit; does its work once */
bool pl_may_loop(PyCodeObject *co);                /* code that was never quickened; may be true of code without a loop */
void pl_code_scan(pl_code *pc);                    /* first sight: find loops, patch their back-edges where that is safe */
/* Asks for a unit of this frame's code; *state follows.  False: nothing was asked, try again later. */
bool pl_code_ask(pl_code *pc, pl_frame *f, uint32_t entry_bci, uint8_t *state);
void pl_loops_watch(pl_code *pc);                 /* ends the rest of loops that have few iterations a call */
void pl_code_unscan(pl_code *pc);                  /* frees what the scan allocated; the code object is dying */
/* Calls `visit` for every thread of the hooked interpreter until it returns true, and returns whether it did. */
bool pl_any_thread(bool (*visit)(PyThreadState *, void *), void *argument);
bool pl_anyone_traces(void);                       /* a thread has a trace or profile function */
void pl_mark_foreign(PyThreadState *except);       /* codes with frames in the chains of all threads but this one */
void pl_mark_inlined(void);                        /* codes with frames that run inside their caller's evaluator */
extern Py_ssize_t pl_extra_index;                  /* of pl_code among the co_extra users; -1 before pl_hook_install */
static inline pl_code *
pl_code_get(PyCodeObject *co)                      /* co_extra payload or NULL */
{
    return (pl_code *)pl_extra_get(co, pl_extra_index);
}
static inline bool
pl_code_fits(const pl_code *pc, const pl_frame *f) /* whether units of pc may run this frame */
{
    return f->f_globals == pc->globals && f->f_builtins == pc->builtins;
}
static inline bool
pl_may_enter(const PyThreadState *ts)              /* whether calls enter machine code: nobody traces or evaluates frames himself */
{
    return !pl_is_tracing(ts) && ts->interp->eval_frame == pl_hook;
}
static inline void
pl_drop_all(PyObject **items, int64_t n)           /* releases each; NULL is none */
{
    for (int64_t i = 0; i < n; i++) {
        Py_XDECREF(items[i]);
    }
}
static inline uint64_t
pl_calls(const pl_code *pc)                        /* without machine code; the service's thread asks, too */
{
    return __atomic_load_n(&pc->settled, __ATOMIC_RELAXED) +
           (__atomic_load_n(&pc->granted, __ATOMIC_RELAXED) - __atomic_load_n(&pc->passes, __ATOMIC_RELAXED));
}
void pl_settle(pl_code *pc);                       /* counts what was passed on, and passes nothing on any more */
void pl_settle_all(void);
void pl_code_direct(pl_code *pc);                  /* sets pc->direct after a change of pc->unit or of pl_blocks */
void pl_code_free(void *payload);                  /* the free function of co_extra */
pl_code *pl_code_ensure(PyCodeObject *co);         /* creates it; NULL (no exception) when out of memory */
/* Reasons for which back-edges must not be patched at the moment; they are patched while no bit is set. */
enum pl_block { PL_BLOCK_OFF = 1, PL_BLOCK_TRACING = 2, PL_BLOCK_DEEP = 4, PL_BLOCK_CHAINED = 8, PL_BLOCK_LOST = 16,
    PL_BLOCK_REPLACED = 32, PL_BLOCK_BLIND = 64, PL_BLOCK_ARMING = 128,
    PL_BLOCK_OUT = PL_BLOCK_OFF | PL_BLOCK_CHAINED | PL_BLOCK_REPLACED };     /* machine code is not entered, either */
extern unsigned pl_blocks;
void pl_block(enum pl_block reason);
void pl_unblock(enum pl_block reason);
bool pl_audits_alone(void);                        /* nobody but us listens to audit events */
extern PyInterpreterState *pl_hooked;              /* the interpreter whose eval_frame is ours, or NULL */
/* pl_run_plain in line for what it mostly meets: no reason in pl_blocks, hence nobody's evaluator but the stock one below the
 * hook, and stack enough, as is known.  Both calls end the caller. */
static inline PyObject *
pl_run_quick(PyThreadState *ts, pl_frame *f, int throwflag)
{
    bool ample = pl_last_limit.thread == ts->id && pl_stack_pointer() >= pl_last_limit.limit;
    if (pl_blocks != 0 || !ample) {
        return pl_run_plain(ts, f, throwflag);
    }
    return _PyEval_EvalFrameDefault(ts, f, throwflag);
}
extern volatile int pl_results_ready;              /* set by the service thread, cleared by pl_install_ready */
/* Whether the hook may pass this call on without a look, counting it.  Without a reason in pl_blocks the hook is on, and nobody
 * traces who could meet a patched jump. */
static inline bool
pl_passes(pl_code *pc)
{
    if (pc->passes == 0 || pl_blocks != 0 || pl_results_ready) {
        return false;
    }
    pc->passes--;
    return true;
}
static inline PyObject *
pl_run_passed(PyThreadState *ts, pl_frame *f, pl_code *pc)
{
    return pc->exits ? pl_run_with_exits(ts, f, 0, pc, NULL) : pl_run_quick(ts, f, 0);
}
void pl_unpatch_all(void);
void pl_repatch_all(void);                         /* does nothing while pl_blocks is set */

/* ---- evalwatch.c ------------------------------------------------------------------------------------------------ */
bool pl_watch_evaluator(void);                     /* false: cannot be told when another evaluator is set */
bool pl_watch_tracing(void);                       /* likewise of tracing; only while there are no audit hooks and nobody traces */
bool pl_tracer_is_being_set(void);
void pl_unwatch(void);
void pl_evaluator_changed(PyInterpreterState *interp);      /* in attach.c: somebody has set one */

/* ---- vectorcall.c ----------------------------------------------------------------------------------------------- */
PyObject *pl_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
void pl_take_calls(const pl_code *pc, PyFunctionObject *function);     /* calls of it from C come through pl_vectorcall, if they can */
uint32_t pl_function_version(PyFunctionObject *function);              /* feedback.c: assigns one when there is none; 0 when it cannot */
void pl_return_calls(void);                        /* of all functions */
void pl_each_function(void (*visit)(PyFunctionObject *));              /* but for those that a collection under way holds */
/* The values of the last parameters, where n arguments are not enough; NULL when there is none for one of them. */
static inline PyObject **
pl_defaults_from(const PyFunctionObject *function, Py_ssize_t n, Py_ssize_t parameters)
{
    PyObject *defaults = function->func_defaults;
    Py_ssize_t first = defaults != NULL ? parameters - PyTuple_GET_SIZE(defaults) : parameters;
    return n >= first && n < parameters ? &PyTuple_GET_ITEM(defaults, n - first) : NULL;
}
bool pl_is_plain_function(const PyFunctionObject *function);           /* it has not got another vectorcall from somebody */

/* ---- uninline.c ------------------------------------------------------------------------------------------------- */
bool pl_fits_getitem(PyCodeObject *co);            /* stock may run it inside its caller's frame, past the hook */
bool pl_stop_inlining(void);                       /* keeps stock from doing so, once and for all; false: could not */

/* ---- slots.c ----------------------------------------------------------------------------------------------------- */
typedef struct pl_python_slots {
    binaryfunc get_item;
    objobjargproc set_item;
    getiterfunc iter;
    ternaryfunc call;
    initproc init;
    newfunc new;
    destructor dealloc;
    getattrofunc getattr_hook;
    PyObject *class_of, *instance_check;    /* no slots: object.__class__ and type.__instancecheck__, borrowed */
} pl_python_slots;
extern pl_python_slots pl_slots;            /* all NULL before pl_slots_prepare */
void pl_slots_prepare(void);                /* never raises */

/* ---- standins.c -------------------------------------------------------------------------------------------------- */
typedef struct pl_c_function { PyCFunction function; int flags; } pl_c_function;
enum { PL_METH_CHARGED = 0x8000 };                 /* in flags: the call takes a level of recursion, as the builtin's does */
void pl_stand_ins_prepare(void);                   /* before the first unit; never raises */
pl_c_function pl_stand_in(const PyMethodDef *def); /* what machine code calls for a builtin */

/* ---- caches.c ---------------------------------------------------------------------------------------------------- */
void pl_caches_prepare(void);

/* ---- helpers_binary.c -------------------------------------------------------------------------------------------- */
void pl_binary_prepare(void);

/* ---- snapshot.c ------------------------------------------------------------------------------------------------- */
typedef struct pl_buffer { uint8_t *data; size_t len, cap; bool failed; } pl_buffer;
/* Writes the snapshot of one compile request into `out` and the strong references it names into a new tuple; NULL with the reason. */
PyObject *pl_snapshot(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, pl_buffer *out,
                      const char **reason);

/* ---- service.c / install.c -------------------------------------------------------------------------------------- */
/* Asks for a unit; true when queued (or, synchronous mode, installed).  Never raises. */
bool pl_request(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, bool synchronous);
void pl_install_ready(void);                       /* under the GIL: install or drop everything that came back */
void pl_units_drop(pl_code *pc);                   /* the code object dies: frees pc->units and their code memory */
void pl_unit_free(pl_unit *unit);                  /* one unit, off every list: its code, tables and references */

/* ---- policy.c ------------------------------------------------------------------------------------------------------ */
const char *pl_policy_refusal(const pl_code *pc);  /* why this code must not be compiled at all; NULL when it may */
/* After every PL_EXIT_DEOPT, with exit_counts up to date: an exit that is taken too often retires its unit. */
void pl_note_deopt(pl_code *pc, pl_unit *unit, uint64_t exit_id);
/* After an exception whose handler the unit has not, for the `times`th time: a handler that is needed often gets compiled. */
void pl_note_handler(pl_code *pc, pl_unit *unit, uint32_t times);
void pl_note_yield(pl_code *pc, pl_unit *unit, uint32_t times);
uint16_t pl_reason_exception(void);                /* the exit reason of exceptions */
uint16_t pl_reason_never_ran(void);                /* and of code that was left out */
bool pl_site_failed(const pl_site *site);          /* whether the speculation there was wrong, not only out of date */
const char *pl_intern_reason(const char *text, size_t length);      /* a string that lives as long as the process */
void pl_count_refusal(const char *interned);

/* ---- configuration and counters ----------------------------------------------------------------------------------- */
typedef struct pl_config {
    uint32_t threshold, loop_threshold;
    bool sync, compile_all, verify;
    char *dump_dir, *cache_dir, *library;
    PyObject *allow, *deny;                        /* frozensets of qualified names or NULL */
    pl_stress stress;
    uint32_t stress_thresholds;                    /* 0 off */
    size_t code_cap;
} pl_config;
extern pl_config pl_cfg;
extern bool pl_enabled;

typedef struct pl_stats {
    uint64_t functions_taken, entries_cold, osr_exits, osr_entries, compiled, refused, deopts, raises, handled, handovers, polls,
        ended_by_throw, thrown_in, stack_switches, evaluators_set, too_early, queue_full, service_failures, code_bytes, compile_ns, installed_units,
        dropped_results, kept, loaded;
} pl_stats;
extern pl_stats pl_counters;
void pl_report_forget(const pl_code *pc);          /* report.c: the code object is going away */

#pragma GCC visibility pop

#endif
