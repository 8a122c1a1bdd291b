/* What the shim and the compile service exchange.  Both sides compile this file; neither includes anything of the other.
 *
 * The service is one exported function of the Go library, PystonLiteServe, called on a thread that the shim made for it.
 * It pulls messages and pushes results through the callbacks below until the process ends.  Nothing here is an object
 * reference: snapshots and results are flat bytes, code memory is named by a handle.
 */
#ifndef PYSTON_LITE_SERVICEAPI_H
#define PYSTON_LITE_SERVICEAPI_H

#include <stddef.h>
#include <stdint.h>

#define PL_SERVICE_API_VERSION 5u

enum pl_message_kind {
    PL_MESSAGE_COMPILE = 1,
    PL_MESSAGE_FREE = 2,          /* the code of block `id` is not used any more */
};

/* What a compilation makes fail on purpose; 0: nothing. */
typedef struct pl_stress {
    uint32_t guards, exits, shuffle, faults;
} pl_stress;

/* One message to the service.  What its pointers point to stays valid until the service asks for the next message. */
typedef struct pl_message {
    uint32_t kind;                /* enum pl_message_kind */
    uint32_t verify;              /* non-zero: check the program between the stages */
    uint64_t id;                  /* of the request, or of the block to free */
    const uint8_t *snapshot;
    size_t snapshot_len;
    const char *name;             /* qualified name in UTF-8, for dumps and logs */
    const char *dump_dir;         /* NULL when nothing is dumped */
    const char *cache_dir;        /* NULL when no machine code is kept for other processes */
    pl_stress stress;
} pl_message;

typedef struct pl_service_api {
    uint32_t version;             /* PL_SERVICE_API_VERSION */
    uint32_t workers;             /* compilations at the same time */
    uint64_t code_cap;            /* bytes of code memory; 0: no limit */
    uint64_t frame_previous;      /* offset of its caller in a Python frame, for debuggers */
    uint64_t fixed;               /* addresses below are the same in every process of this interpreter; 0: none are */

    /* The library is up and will not touch process-wide state again.  `reasons` is the table of exit reasons: for each one
     * a byte (1: the exit is a failed guess), its name and a zero byte.  Called once, before the first message. */
    void (*started)(const uint8_t *reasons, size_t length);

    /* Writes the next message, the request whose code is hottest at this moment; blocks until there is one. */
    void (*next_message)(pl_message *out);

    /* Hands over the result of a request; the bytes are copied. */
    void (*deliver)(const uint8_t *data, size_t length);

    /* One line for the user, without the line end. */
    void (*log)(const char *text, size_t length);
} pl_service_api;

/* Returns only when the service has failed and is gone for good; the value is non-zero then. */
typedef int pl_serve_function(const pl_service_api *api);
#define PL_SERVE_SYMBOL "PystonLiteServe"

/* A result is a pl_result_head, the name or reason padded to eight bytes, and for PL_RESULT_OK a pl_result_code, the counts
 * of the tables (exits, frames, values, constants, entries, and a zero: 32 bits each) and the tables, as exitmeta.h has
 * them, each padded to eight bytes. */
#define PL_RESULT_MAGIC 0x31524c50u   /* "PLR1" */

enum pl_result_status {
    PL_RESULT_OK = 0,
    PL_RESULT_REFUSED = 1,        /* the code is not compiled; the text says why */
    PL_RESULT_INTERNAL = 2,       /* the compiler failed; the text says where */
};

enum pl_result_origin {
    PL_ORIGIN_COMPILED,           /* here */
    PL_ORIGIN_KEPT,               /* here, and kept in the folder */
    PL_ORIGIN_LOADED,             /* by another process, from the folder */
};

typedef struct pl_result_head {
    uint32_t magic, status;
    uint64_t id;
    uint64_t compile_ns;
    uint64_t code_used, code_mapped;   /* bytes of code memory after this request */
    uint64_t text_len;
} pl_result_head;

typedef struct pl_result_code {
    uint64_t entry;               /* address in the executable mapping */
    uint64_t size;
    uint64_t block;               /* handle for PL_MESSAGE_FREE */
    uint64_t frame;               /* bytes from the stack pointer to the caller's */
    uint64_t origin;              /* enum pl_result_origin */
} pl_result_code;

typedef struct pl_result_counts {
    uint32_t exits, frames, values, consts, entries, zero;
} pl_result_counts;

#endif
