/* Inside the service half of the shim: jobs, the queue between Python threads and the compile service, the loader.
 *
 * A job is one request on its way: made under the GIL (install.c), queued, taken by the service, answered, and installed
 * under the GIL again.  Only install.c touches its Python references.
 */
#ifndef PYSTON_LITE_SERVICE_H
#define PYSTON_LITE_SERVICE_H

#include "shim.h"             /* first: Python.h asks the C library for everything */
#include "serviceapi.h"

#include <signal.h>

/* Every snapshot begins like this; the service fills in `id` and install.c `unit`. */
typedef struct pl_snapshot_head {
    uint32_t magic, length;
    uint64_t id, unit;
    uint32_t entry_bci, flags;
} pl_snapshot_head;

typedef struct pl_job {
    struct pl_job *next;          /* in the one list of service.c that holds it */
    uint64_t id;
    pl_code *pc;                  /* alive as long as `code` is */
    PyObject *code;               /* strong */
    PyObject *globals, *builtins; /* of the request; borrowed, compared only */
    pl_unit *unit;                /* its address is in the snapshot; install.c completes it */
    uint32_t entry_bci;
    const pl_loop *loop;          /* NULL for the function entry */
    uint64_t asked_count;         /* calls or iterations when it was made */
    int64_t asked_ns;
    uint64_t last_count;          /* the same when the service last saw it grow, */
    uint64_t last_cold;           /* and what the process had done without machine code */
    bool urgent;                  /* somebody waits for it */
    pl_buffer snapshot;
    char *name, *dump_dir, *cache_dir;     /* copies, folders NULL for none */
    bool verify;
    pl_stress stress;
    int holders;                  /* the service's lists (one), threads that wait, whoever installs it (one) */
    bool done;                    /* the rest is final */
    bool abandoned;               /* asked for before a fork (the answer would name the parent's memory), or cooled */
    uint8_t *result;              /* answer of the service; NULL when the service failed or the job was abandoned */
    size_t result_len;
} pl_job;

/* ---- service.c: no function here needs the GIL or raises ------------------------------------------------------------ */
bool pl_service_submit(pl_job *job);               /* takes the caller's hold; false: the service has failed */
void pl_service_wait(pl_job *job);                 /* until done; call without the GIL, with a hold of one's own */
void pl_job_hold(pl_job *job);
void pl_job_release(pl_job *job);                  /* the last release frees what is not a Python reference */
pl_job *pl_service_take_done(void);                /* the hold of the list passes to the caller */
pl_job *pl_service_find(const pl_code *pc, uint32_t entry_bci);   /* with a new hold; NULL when not under way */
bool pl_service_is_idle(void);                     /* not started yet, in this process */
bool pl_service_full(void);
void pl_service_free_block(uint64_t block);
const char *pl_service_failure(void);              /* interned or static reason; NULL while it works or was never needed */
void pl_service_log(const char *text, size_t length);   /* one line on standard error */

typedef struct pl_service_report {
    const char *state, *failure;
    uint64_t queued, in_flight, submitted, answered, cooled, blocks_freed, code_used, code_mapped;
    uint32_t loads, forks;
} pl_service_report;
void pl_service_describe(pl_service_report *out);

extern uint32_t pl_fork_epoch;                     /* forks of this process and its ancestors since the first request */

/* ---- loader.c ------------------------------------------------------------------------------------------------------ */
/* Loads the compiler library and returns its serve function, or NULL with the reason and a longer line for the user.
 * `earlier_loads` counts the loads in this process and the ancestors it was forked from.  The process-wide state that the
 * Go runtime changes is put back by pl_loader_restore_host, which the caller must call once the runtime is up. */
pl_serve_function *pl_loader_load(const char *path, uint32_t earlier_loads, const char **reason, char *detail, size_t room);
void pl_loader_restore_host(void);

/* Addresses below are the same in every process of this interpreter: where its executable ends, unless that is relocated (0). */
uint64_t pl_loader_fixed(void);
/* Sets `before` where `now` is in force.  What the program has set in between stays. */
void pl_action_put_back(int sig, const struct sigaction *before, const struct sigaction *now);

/* ---- faults.c: the signal handlers of the compiler's own faults, which stand while it works ---------------------------- */
void pl_faults_expect(void *library);              /* from the library at this address, no more from an earlier one */
void pl_faults_keep(int sig, const struct sigaction *go);    /* what its runtime installed, and what is about to be undone */
void pl_faults_begin(void);
void pl_faults_end(void);

/* ---- policy.c: constants and decisions -------------------------------------------------------------------------------- */
enum {
    PL_QUEUE_LIMIT = 256,         /* requests under way; more are put off, and asked for again by later calls */
    PL_START_THRESHOLDS = 60,     /* calls and iterations of the process, in thresholds, from which the service may be started, */
    PL_START_NS = 60000000,       /* or its processor time; */
    PL_START_HOT_NS = 1000000,    /* or for code that reaches its threshold within that time */
    PL_HEAT_WINDOW_NS = 1000000,  /* requests older than that are judged by what has happened since */
    PL_COOL_CALLS = 10000,        /* cold calls and iterations of others after which a request whose code rests is given up */
    PL_EXIT_LIMIT = 40,           /* deoptimisations of one exit before its unit is given up */
    PL_STALE_LIMIT = 120,         /* those for keys that have grown before their versions are not relied on any more */
    PL_RECOMPILE_LIMIT = 8,       /* units given up per entry; the last one stays whatever its exits do */
    PL_REFUSAL_TEXTS = 1000,      /* different texts of refusals that are kept apart */
};
void pl_reasons_set(const uint8_t *table, size_t length);   /* from the service thread, once */
uint32_t pl_reasons_count(void);
const char *pl_reason_name(uint16_t reason);
uint64_t pl_reason_deopts(uint16_t reason);        /* deoptimisations for this reason so far, dead units included */

typedef struct pl_refusal {
    struct pl_refusal *next;
    uint64_t count;
    char text[];
} pl_refusal;
const pl_refusal *pl_refusals(void);               /* every reason ever interned, with how often it was given */

void pl_policy_suppress(pl_code *pc);              /* nothing of this code runs as machine code from now on */

/* ---- report.c ------------------------------------------------------------------------------------------------------ */
PyObject *pl_report_stats(void);
PyObject *pl_report_functions(void);
PyObject *pl_report_build(void);

#endif
