/* Exit records: what the compiler says about every point at which machine code gives its frame up.
 *
 * specializer/codemeta writes them, install.c checks them, exits.c reads them.  This file includes nothing of CPython, so
 * that a plain C program can compile it: a test of codemeta compares its Go types with these structs that way.
 */
#ifndef PYSTON_LITE_EXITMETA_H
#define PYSTON_LITE_EXITMETA_H

#include <stdint.h>

enum pl_where {                   /* where a value is at the exit */
    PL_AT_NULL = 0,               /* the NULL reference */
    PL_AT_GPR = 1,                /* payload: hardware register number */
    PL_AT_XMM = 2,                /* payload: 0..15 */
    PL_AT_SPILL = 3,              /* payload: 8-byte slot above rsp */
    PL_AT_CONST = 4,              /* payload: index into the unit's constants (raw 64-bit words) */
    PL_AT_LOCAL = 5,              /* payload: localsplus index of the same frame (its memory is current) */
};

enum pl_rep {                     /* what the bits are */
    PL_REP_OWNED = 0,             /* object reference that the machine frame owns: it is moved */
    PL_REP_BORROWED = 1,          /* object reference owned by somebody else: increment */
    PL_REP_INT = 2,               /* signed 64-bit: box as int */
    PL_REP_FLOAT = 3,             /* double: box as float */
    PL_REP_BOOL = 4,              /* 0 or 1: box as bool */
};

typedef struct pl_value {         /* 8 bytes */
    uint8_t where, rep;
    uint16_t slot;                /* localsplus index this value goes to (locals and stack alike) */
    uint32_t payload;
} pl_value;

enum pl_exit_kind {
    PL_EXIT_DEOPT = 0,            /* continue in stock at bci */
    PL_EXIT_RAISE = 1,            /* an exception is set, raised by the instruction at bci */
    PL_EXIT_FLUSH = 2,            /* store the values into the frame, set prev_instr, and come back (no hand-over); with
                                     elided frames or releases: those frames exist while the releases are made */
};

/* One frame of an exit, the innermost first; frames other than the last are inlined callees that do not exist yet. */
typedef struct pl_exit_frame {
    uint32_t func;                /* constant index of the inlined function object; PL_PHYSICAL for the real frame */
    uint32_t bci;                 /* innermost: where to continue / what raised; outer: the CALL that is running */
    uint32_t first_value, n_values;   /* range in pl_unit.values; slots not mentioned: as in memory, else NULL */
    uint16_t depth;               /* live operand stack entries once the values are stored */
    uint16_t init;                /* 1: an __init__, whose instance is on top of the caller's stack; its None is dropped */
} pl_exit_frame;
#define PL_PHYSICAL 0xffffffffu

typedef struct pl_exit_rec {
    uint8_t kind;                 /* enum pl_exit_kind */
    uint8_t pad;
    uint16_t reason;              /* codemeta.Reason: index into the names of the unit's result header */
    uint32_t first_frame, n_frames;
    uint32_t first_release, n_release;   /* values (rep OWNED) that are dropped; range in pl_unit.values */
} pl_exit_rec;

enum pl_entry_kind {
    PL_ENTRY_START = 0,           /* the ordinary start */
    PL_ENTRY_HANDLER = 1,         /* an exception handler; the frame stands there as the stock evaluator would begin it */
    PL_ENTRY_RESUME = 2,          /* where a generator goes on, the value sent on top of its operand stack */
    PL_ENTRY_THROWN = 3,          /* a handler of a generator, entered from C with a frame that stands there */
};

/* One of the places at which a unit with several can be entered.  The frame's memory is current there. */
typedef struct pl_entry {
    uint32_t bci;                 /* the next instruction */
    uint16_t depth;               /* live operand stack entries */
    uint16_t kind;                /* enum pl_entry_kind */
    uint32_t offset;              /* of its machine code from that of the unit */
} pl_entry;

#endif
