/* The compile service as the interpreter sees it: one thread, three lists, and what fork does to them.
 *
 * The thread is started by the first request, with all signals blocked, and is never joined: it loads the compiler library
 * and then waits in `next_message` for as long as the process lives.  It never touches a Python object and never takes the
 * GIL, so it cannot hold up the end of the interpreter and nothing has to stop it.
 *
 * A job is in exactly one of the lists `waiting`, `taken` (by the service) and `ready` (answered).
 */
#include "service.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* valgrind takes a jump from one goroutine's stack to another for the growth of one stack, and what lies between them for memory that
 * nobody has written.  So it is told where the service's messages are; outside of valgrind that does nothing. */
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define MESSAGE_IS_DEFINED(data, length) (void)VALGRIND_MAKE_MEM_DEFINED(data, length)
#else
#define MESSAGE_IS_DEFINED(data, length) (void)0
#endif

#define SERVICE_STACK ((size_t)1 << 20)

PL_HOT volatile int pl_results_ready;
uint32_t pl_fork_epoch;

enum service_state { IDLE, STARTING, RUNNING, FAILED };
static const char *const state_names[] = {"idle", "starting", "running", "failed"};

static struct {
    pthread_mutex_t lock;         /* protects everything here */
    pthread_cond_t request;       /* `waiting` or `blocks` has grown */
    pthread_cond_t answer;        /* a job is done */
    enum service_state state;
    const char *failure;          /* reason, once state is FAILED */
    uint32_t loads;               /* of the library, in this process and its ancestors */
    pl_job *waiting, **waiting_end, *taken, *ready, **ready_end;
    uint64_t queued;              /* length of `waiting` */
    uint64_t unfinished;          /* lengths of `waiting` and `taken` */
    uint64_t submitted, answered, cooled;
    uint64_t *blocks;             /* code memory to give back */
    size_t n_blocks, blocks_room;
    uint64_t blocks_freed, code_used, code_mapped;
    char *library;                /* path, copied when the thread starts */
    pl_service_api api;
} service = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .request = PTHREAD_COND_INITIALIZER,
    .answer = PTHREAD_COND_INITIALIZER,
    .waiting_end = &service.waiting,
    .ready_end = &service.ready,
};

/* Held while the library is being loaded, until the process is as it was before.  fork waits for it: a child must inherit
 * neither a dynamic loader at work nor signal handlers of a Go runtime that it does not have. */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* ---- jobs ------------------------------------------------------------------------------------------------------------ */

void
pl_job_hold(pl_job *job)
{
    pthread_mutex_lock(&service.lock);
    job->holders++;
    pthread_mutex_unlock(&service.lock);
}

void
pl_job_release(pl_job *job)
{
    pthread_mutex_lock(&service.lock);
    bool last = --job->holders == 0;
    pthread_mutex_unlock(&service.lock);
    if (last) {
        free(job->snapshot.data);
        free(job->name);
        free(job->dump_dir);
        free(job->cache_dir);
        free(job->result);
        free(job);
    }
}

/* Appends a job to `ready`; with the lock. */
static void
finish(pl_job *job)
{
    job->done = true;
    service.unfinished--;
    job->next = NULL;
    *service.ready_end = job;
    service.ready_end = &job->next;
    pl_results_ready = 1;
}

/* Takes the job that a link of `waiting` leads to out of it; with the lock. */
static pl_job *
take_waiting(pl_job **link)
{
    pl_job *job = *link;
    *link = job->next;
    if (*link == NULL) {
        service.waiting_end = link;
    }
    service.queued--;
    return job;
}

/* Moves every job that is not answered to `ready` without an answer; with the lock. */
static void
finish_all(bool abandoned)
{
    pl_job *lists[] = {service.waiting, service.taken};
    service.waiting = service.taken = NULL;
    service.waiting_end = &service.waiting;
    service.queued = 0;
    for (size_t i = 0; i < 2; i++) {
        for (pl_job *job = lists[i], *next; job != NULL; job = next) {
            next = job->next;
            job->abandoned = abandoned;
            finish(job);
        }
    }
}

/* ---- callbacks of the service, on its own threads ------------------------------------------------------------------------ */

void
pl_service_log(const char *text, size_t length)
{
    char line[1024];
    int n = snprintf(line, sizeof(line), "pyston_lite: %.*s\n", (int)(length < 900 ? length : 900), text);
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    (void)written;                /* there may be no standard error */
}

static void
on_started(const uint8_t *reasons, size_t length)
{
    pl_loader_restore_host();
    MESSAGE_IS_DEFINED(reasons, length);
    pl_reasons_set(reasons, length);
    pthread_mutex_lock(&service.lock);
    service.state = RUNNING;
    pthread_mutex_unlock(&service.lock);
    pthread_mutex_unlock(&loading);
}

/* The calls or iterations of a job's code by now.  These and the next counter belong to Python threads; a value that is a little old
 * does no harm. */
static uint64_t
count_of(const pl_job *job)
{
    return job->loop != NULL ? __atomic_load_n(&job->loop->count, __ATOMIC_RELAXED) : pl_calls(job->pc);
}

/* What the process has done without machine code by now: a clock that stands while it waits for something. */
static uint64_t
cold_calls(void)
{
    return __atomic_load_n(&pl_counters.entries_cold, __ATOMIC_RELAXED) +
           __atomic_load_n(&pl_counters.osr_exits, __ATOMIC_RELAXED);
}

/* Whether a job's code has rested while other code was busy: it belongs to a phase of the program that is over, its start mostly,
 * and to compile it would only keep the compiler from what is hot now.  It is asked for again when it is called again. */
static bool
has_cooled(pl_job *job, uint64_t cold)
{
    uint64_t count = count_of(job);
    if (count != job->last_count || job->last_cold == 0) {
        job->last_count = count;
        job->last_cold = cold;
    }
    return !job->urgent && cold - job->last_cold >= PL_COOL_CALLS;
}

/* Gives up what has cooled; with the lock. */
static void
drop_cooled(void)
{
    uint64_t cold = cold_calls();
    for (pl_job **link = &service.waiting; *link != NULL;) {
        if (!has_cooled(*link, cold)) {
            link = &(*link)->next;
            continue;
        }
        pl_job *job = take_waiting(link);
        service.cooled++;
        job->abandoned = true;
        finish(job);
    }
}

/* How often a job's function is called, or its loop goes round, by now: the average since it was first seen, or when the request
 * is a while old the average since then. */
static double
heat(const pl_job *job, int64_t now)
{
    if (job->urgent) {
        return INFINITY;
    }
    uint64_t count = count_of(job);
    int64_t since = job->asked_ns;
    if (now - since > PL_HEAT_WINDOW_NS) {
        count = count > job->asked_count ? count - job->asked_count : 0;
    }
    else {
        since = job->pc->seen_ns;
    }
    return (double)count / (double)(now - since + 1);
}

/* Takes the hottest job from `waiting`, the oldest among equals; with the lock, and one waits. */
static pl_job *
take_hottest(void)
{
    int64_t now = pl_now_ns();
    pl_job **best = &service.waiting;
    double most = heat(*best, now);
    for (pl_job **link = &(*best)->next; *link != NULL; link = &(*link)->next) {
        double h = heat(*link, now);
        if (h > most) {
            most = h;
            best = link;
        }
    }
    return take_waiting(best);
}

static void
on_next_message(pl_message *out)
{
    memset(out, 0, sizeof(*out));
    pthread_mutex_lock(&service.lock);
    while (drop_cooled(), service.waiting == NULL && service.n_blocks == 0) {
        pthread_cond_wait(&service.request, &service.lock);
    }
    if (service.n_blocks > 0) {
        out->kind = PL_MESSAGE_FREE;
        out->id = service.blocks[--service.n_blocks];
        service.blocks_freed++;
    }
    else {
        pl_job *job = take_hottest();
        job->next = service.taken;
        service.taken = job;
        *out = (pl_message){
            .kind = PL_MESSAGE_COMPILE,
            .verify = job->verify,
            .id = job->id,
            .snapshot = job->snapshot.data,
            .snapshot_len = job->snapshot.len,
            .name = job->name,
            .dump_dir = job->dump_dir,
            .cache_dir = job->cache_dir,
            .stress = job->stress,
        };
        pl_faults_begin();
    }
    pthread_mutex_unlock(&service.lock);
}

static void
on_deliver(const uint8_t *data, size_t length)
{
    pl_result_head head;
    MESSAGE_IS_DEFINED(data, length);
    if (length < sizeof(head)) {
        static const char message[] = "BUG: a result without a head was dropped";
        pl_service_log(message, sizeof(message) - 1);
        return;
    }
    memcpy(&head, data, sizeof(head));
    uint8_t *copy = malloc(length);
    if (copy != NULL) {
        memcpy(copy, data, length);
    }
    pthread_mutex_lock(&service.lock);
    pl_faults_end();
    service.code_used = head.code_used;
    service.code_mapped = head.code_mapped;
    for (pl_job **link = &service.taken; *link != NULL; link = &(*link)->next) {
        pl_job *job = *link;
        if (job->id == head.id) {
            *link = job->next;
            job->result = copy;
            job->result_len = length;
            copy = NULL;
            service.answered++;
            finish(job);
            pthread_cond_broadcast(&service.answer);
            break;
        }
    }
    pthread_mutex_unlock(&service.lock);
    free(copy);
}

/* ---- the thread --------------------------------------------------------------------------------------------------------- */

static void
fail(const char *reason, const char *detail)
{
    char line[800];
    int n = snprintf(line, sizeof(line), "nothing will be compiled (%s); Python runs as usual", detail);
    pthread_mutex_lock(&service.lock);
    service.state = FAILED;
    service.failure = reason;
    finish_all(false);
    pthread_cond_broadcast(&service.answer);
    pthread_mutex_unlock(&service.lock);
    pl_service_log(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* A quarter of a processor that it must share.  With less the program pays for the hook and has no machine code for longer, which costs it more than
 * the compiler takes. */
enum { SERVICE_NICE = 5 };

/* Go's monitor thread, which inherits it, looks every 20 microseconds whether something takes long while the compiler runs.  Each look takes the
 * processor from somebody, the program mostly; with this slack it waits for the next clock tick.  It has nothing urgent to do: no
 * thread of the library waits for another in a system call. */
enum { SERVICE_TIMER_SLACK_NS = 10 * 1000 * 1000 };

static void *
service_main(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "pyston-lite");
    prctl(PR_SET_TIMERSLACK, SERVICE_TIMER_SLACK_NS, 0, 0, 0);
    if (!pl_cfg.sync && !pl_cfg.compile_all) {
        /* Go's threads inherit it: on a busy machine the program comes first. Linux keeps the value per thread. */
        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), SERVICE_NICE);
    }
    const char *reason;
    char detail[600];
    pthread_mutex_lock(&loading);
    pl_serve_function *serve = pl_loader_load(service.library, service.loads, &reason, detail, sizeof(detail));
    if (serve == NULL) {
        fail(reason, detail);
        pthread_mutex_unlock(&loading);
        return NULL;
    }
    service.loads++;
    if (serve(&service.api) != 0) {
        pthread_mutex_lock(&service.lock);
        pl_faults_end();
        bool started = service.state == RUNNING;
        pthread_mutex_unlock(&service.lock);
        fail("compile service stopped", "the compile service has stopped");
        if (!started) {
            pl_loader_restore_host();
            pthread_mutex_unlock(&loading);
        }
    }
    return NULL;
}

/* With the lock; NULL or why the thread cannot be started. */
static const char *
start_thread(void)
{
    free(service.library);
    service.library = strdup(pl_cfg.library != NULL ? pl_cfg.library : "");
    service.api = (pl_service_api){
        .version = PL_SERVICE_API_VERSION,
        .workers = 1,
        .code_cap = pl_cfg.code_cap,
        .frame_previous = offsetof(pl_frame, previous),
        .fixed = pl_loader_fixed(),
        .started = on_started,
        .next_message = on_next_message,
        .deliver = on_deliver,
        .log = pl_service_log,
    };
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    if (service.library == NULL || pthread_attr_init(&attr) != 0) {
        return "out of memory";
    }
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, SERVICE_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, &attr, service_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    service.state = STARTING;
    return error == 0 ? NULL : "thread limit";
}

/* ---- fork ------------------------------------------------------------------------------------------------------------------ */

static void
before_fork(void)
{
    pthread_mutex_lock(&loading);
    pthread_mutex_lock(&service.lock);
}

static void
after_fork_in_parent(void)
{
    pl_fork_epoch++;
    pthread_mutex_unlock(&service.lock);
    pthread_mutex_unlock(&loading);
}

/* The child has the lists but no service thread, and code memory that belongs to the parent.  What was asked for is forgotten,
 * answers included: they name code memory that the parent will reuse when it drops the answer.  The jobs hold Python
 * references, so they are only marked here; pl_install_ready takes them apart under the GIL. */
static void
after_fork_in_child(void)
{
    pl_fork_epoch++;
    pl_faults_end();
    finish_all(true);
    for (pl_job *job = service.ready; job != NULL; job = job->next) {
        job->abandoned = true;
        job->holders = 1;         /* threads that waited for it do not exist here */
    }
    if (service.state != FAILED) {
        service.state = IDLE;
    }
    service.n_blocks = 0;
    service.code_used = service.code_mapped = 0;
    pthread_cond_init(&service.request, NULL);
    pthread_cond_init(&service.answer, NULL);
    pthread_mutex_unlock(&service.lock);
    pthread_mutex_unlock(&loading);
}

/* ---- what install.c calls ----------------------------------------------------------------------------------------------- */

bool
pl_service_submit(pl_job *job)
{
    static bool forks_watched;
    const char *error = NULL;
    pthread_mutex_lock(&service.lock);
    if (service.state == IDLE) {
        if (!forks_watched) {
            forks_watched = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
        }
        error = forks_watched ? start_thread() : "out of memory";
    }
    bool accepted = error == NULL && service.state != FAILED;
    if (accepted) {
        service.submitted++;
        job->id = service.submitted;
        memcpy(job->snapshot.data + offsetof(pl_snapshot_head, id), &job->id, sizeof(job->id));
        job->next = NULL;
        *service.waiting_end = job;
        service.waiting_end = &job->next;
        service.queued++;
        service.unfinished++;
        pthread_cond_signal(&service.request);
    }
    pthread_mutex_unlock(&service.lock);
    if (error != NULL) {
        fail(error, error);
    }
    return accepted;
}

void
pl_service_wait(pl_job *job)
{
    pthread_mutex_lock(&service.lock);
    job->urgent = true;
    while (!job->done) {
        pthread_cond_wait(&service.answer, &service.lock);
    }
    pthread_mutex_unlock(&service.lock);
}

pl_job *
pl_service_take_done(void)
{
    pthread_mutex_lock(&service.lock);
    pl_job *job = service.ready;
    if (job != NULL) {
        service.ready = job->next;
    }
    if (service.ready == NULL) {
        service.ready_end = &service.ready;
        pl_results_ready = 0;
    }
    pthread_mutex_unlock(&service.lock);
    return job;
}

pl_job *
pl_service_find(const pl_code *pc, uint32_t entry_bci)
{
    pthread_mutex_lock(&service.lock);
    pl_job *lists[] = {service.waiting, service.taken, service.ready}, *found = NULL;
    for (size_t i = 0; i < 3 && found == NULL; i++) {
        for (found = lists[i]; found != NULL && (found->pc != pc || found->entry_bci != entry_bci); found = found->next) {
        }
    }
    if (found != NULL) {
        found->holders++;
    }
    pthread_mutex_unlock(&service.lock);
    return found;
}

bool
pl_service_is_idle(void)
{
    pthread_mutex_lock(&service.lock);
    bool idle = service.state == IDLE;
    pthread_mutex_unlock(&service.lock);
    return idle;
}

bool
pl_service_full(void)
{
    pthread_mutex_lock(&service.lock);
    bool full = service.unfinished >= PL_QUEUE_LIMIT;
    pthread_mutex_unlock(&service.lock);
    return full;
}

void
pl_service_free_block(uint64_t block)
{
    pthread_mutex_lock(&service.lock);
    if (service.n_blocks == service.blocks_room) {
        size_t room = service.blocks_room == 0 ? 64 : 2 * service.blocks_room;
        uint64_t *blocks = realloc(service.blocks, room * sizeof(*blocks));
        if (blocks != NULL) {
            service.blocks = blocks;
            service.blocks_room = room;
        }
    }
    if (service.state == RUNNING && service.n_blocks < service.blocks_room) {
        service.blocks[service.n_blocks++] = block;   /* without memory for the note the block is leaked */
        pthread_cond_signal(&service.request);
    }
    pthread_mutex_unlock(&service.lock);
}

const char *
pl_service_failure(void)
{
    pthread_mutex_lock(&service.lock);
    const char *failure = service.failure;
    pthread_mutex_unlock(&service.lock);
    return failure;
}

void
pl_service_describe(pl_service_report *out)
{
    pthread_mutex_lock(&service.lock);
    *out = (pl_service_report){
        .state = state_names[service.state],
        .failure = service.failure,
        .queued = service.queued,
        .in_flight = service.unfinished - service.queued,
        .submitted = service.submitted,
        .answered = service.answered,
        .cooled = service.cooled,
        .blocks_freed = service.blocks_freed,
        .code_used = service.code_used,
        .code_mapped = service.code_mapped,
        .loads = service.loads,
        .forks = pl_fork_epoch,
    };
    pthread_mutex_unlock(&service.lock);
}
