/* Both ends of a compilation that need the GIL: making the request, and installing the answer.
 *
 * A result comes from our own compiler, but it decides where the interpreter reads and jumps: every index in it is checked
 * here, once, so that exits.c can trust the tables. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* ---- state of an entry ----------------------------------------------------------------------------------------------- */

static pl_loop *
find_loop(pl_code *pc, uint32_t head)
{
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        if (pc->loops[i].head == head) {
            return &pc->loops[i];
        }
    }
    return NULL;
}

/* The state of the function entry or of a loop; NULL for a loop that does not exist. */
static uint8_t *
entry_state(pl_code *pc, uint32_t entry_bci)
{
    if (entry_bci == 0) {
        return &pc->state;
    }
    pl_loop *loop = find_loop(pc, entry_bci);
    return loop != NULL ? &loop->state : NULL;
}

static void
refuse(pl_code *pc, uint32_t entry_bci, const char *reason)
{
    reason = pl_intern_reason(reason, strlen(reason));
    pl_loop *loop = entry_bci != 0 ? find_loop(pc, entry_bci) : NULL;
    if (entry_bci == 0) {
        pc->state = PL_REFUSED;
        pc->reason = reason;
    }
    else if (loop != NULL) {
        loop->state = PL_REFUSED;
        loop->reason = reason;
    }
    pl_count_refusal(reason);
}

/* ---- units --------------------------------------------------------------------------------------------------------------- */

void
pl_unit_free(pl_unit *unit)
{
    /* A child shares the code memory of before the fork with its parent.  Neither may reuse what the other may run. */
    if (unit->block_id != 0 && unit->fork_epoch == pl_fork_epoch) {
        pl_service_free_block(unit->block_id);
    }
    PyObject **refs = unit->refs;
    uint32_t n_refs = unit->n_refs;
    free(unit->exit_counts);
    free(unit->catches);
    free(unit->at);
    free(unit->blob);
    free(unit);
    for (uint32_t i = 0; i < n_refs; i++) {
        Py_DECREF(refs[i]);       /* may run anything */
    }
    free(refs);
}

void
pl_units_drop(pl_code *pc)
{
    pl_unit *unit = pc->units;
    pc->units = pc->unit = NULL;
    pl_code_direct(pc);
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        pc->loops[i].unit = NULL;
    }
    while (unit != NULL) {
        pl_unit *next = unit->next;
        pl_unit_free(unit);
        unit = next;
    }
}

/* ---- results -------------------------------------------------------------------------------------------------------------- */

static const char malformed[] = "internal: malformed result";

typedef struct reader {
    uint8_t *at;
    size_t left;
} reader;

/* The next n*size bytes, padded to eight; NULL when there are not as many. */
static void *
read_array(reader *r, uint64_t n, size_t size)
{
    if (n > r->left / size) {
        return NULL;
    }
    size_t bytes = ((size_t)n * size + 7) & ~(size_t)7;
    if (bytes > r->left) {
        return NULL;
    }
    void *array = r->at;
    r->at += bytes;
    r->left -= bytes;
    return array;
}

static bool
in_range(uint32_t first, uint32_t n, uint32_t size)
{
    return (uint64_t)first + n <= size;
}

static bool
value_is_sound(const pl_unit *unit, const pl_value *v)
{
    uint32_t slots = (uint32_t)(unit->code->co_nlocalsplus + unit->code->co_stacksize);
    uint32_t limit = v->where == PL_AT_CONST ? unit->n_consts
                   : v->where == PL_AT_GPR || v->where == PL_AT_XMM ? 16
                   : v->where == PL_AT_LOCAL ? slots
                   : v->where == PL_AT_SPILL ? UINT16_MAX : 1;
    return v->where <= PL_AT_LOCAL && v->rep <= PL_REP_BOOL && v->payload < limit;
}

/* The object behind a constant word, if it is one that the unit keeps alive. */
static bool
frame_is_sound(const pl_unit *unit, const pl_exit_frame *f, bool physical)
{
    PyCodeObject *co = unit->code;
    if (!in_range(f->first_value, f->n_values, unit->n_values) || physical != (f->func == PL_PHYSICAL)) {
        return false;
    }
    if (!physical) {
        /* The function lives when its guard has passed, not necessarily now: the exit checks the rest. */
        return f->func < unit->n_consts;
    }
    if (f->bci >= Py_SIZE(co) || f->depth > co->co_stacksize) {
        return false;
    }
    for (uint32_t i = 0; i < f->n_values; i++) {
        if (unit->values[f->first_value + i].slot >= co->co_nlocalsplus + co->co_stacksize) {
            return false;
        }
    }
    return true;
}

static bool
exit_is_sound(const pl_unit *unit, const pl_exit_rec *e)
{
    if (e->kind > PL_EXIT_FLUSH || e->reason >= pl_reasons_count() || e->n_frames == 0 ||
        !in_range(e->first_frame, e->n_frames, unit->n_frames) ||
        !in_range(e->first_release, e->n_release, unit->n_values)) {
        return false;
    }
    for (uint32_t i = 0; i < e->n_frames; i++) {
        if (!frame_is_sound(unit, &unit->frames[e->first_frame + i], i == e->n_frames - 1)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < e->n_release; i++) {
        if (unit->values[e->first_release + i].rep != PL_REP_OWNED) {
            return false;
        }
    }
    return e->kind != PL_EXIT_FLUSH || unit->frames[e->first_frame].depth == 0;
}

static bool
unit_is_sound(const pl_unit *unit)
{
    for (uint32_t i = 0; i < unit->n_values; i++) {
        if (!value_is_sound(unit, &unit->values[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < unit->n_exits; i++) {
        if (!exit_is_sound(unit, &unit->exits[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < unit->n_places; i++) {
        const pl_entry *e = &unit->places[i];
        if (e->bci >= Py_SIZE(unit->code) || e->depth > unit->code->co_stacksize || e->kind > PL_ENTRY_THROWN ||
            e->offset >= unit->code_size) {
            return false;
        }
    }
    return unit->entry != NULL && unit->code_size != 0;
}

/* The unboxed numbers of the exit that has the most of them. */
static uint32_t
most_numbers(const pl_unit *unit)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < unit->n_exits; i++) {
        const pl_exit_rec *e = &unit->exits[i];
        uint32_t numbers = 0;
        for (uint32_t k = 0; k < e->n_frames; k++) {
            const pl_exit_frame *f = &unit->frames[e->first_frame + k];
            for (uint32_t v = f->first_value; v < f->first_value + f->n_values; v++) {
                numbers += unit->values[v].rep == PL_REP_INT || unit->values[v].rep == PL_REP_FLOAT;
            }
        }
        most = numbers > most ? numbers : most;
    }
    return most;
}

/* Lists the machine code of the further entries by bytecode index. */
static bool
index_entries(pl_unit *unit)
{
    if (unit->n_places < 2) {
        return true;
    }
    unit->at = calloc((size_t)Py_SIZE(unit->code), sizeof(*unit->at));
    for (uint32_t i = 1; unit->at != NULL && i < unit->n_places; i++) {
        const pl_entry *e = &unit->places[i];
        if (e->kind != PL_ENTRY_THROWN) {
            unit->at[e->bci] = unit->entry + e->offset;
        }
    }
    return unit->at != NULL;
}

/* Completes the unit of a job from its result, and takes the result's memory over.  NULL, or why not; the unit can be
 * freed either way, and owns its code memory as soon as the result names it. */
static const char *
read_unit(pl_job *job)
{
    pl_unit *unit = job->unit;
    reader r = {job->result, job->result_len};
    pl_result_head *head = read_array(&r, 1, sizeof(*head));
    if (head == NULL || head->magic != PL_RESULT_MAGIC) {
        return malformed;
    }
    const char *text = read_array(&r, head->text_len, 1);
    if (text == NULL) {
        return malformed;
    }
    if (head->status != PL_RESULT_OK) {
        return pl_intern_reason(text, head->text_len);
    }
    pl_result_code *code = read_array(&r, 1, sizeof(*code));
    pl_result_counts *n = read_array(&r, 1, sizeof(*n));
    if (code == NULL || n == NULL) {
        return malformed;
    }
    unit->entry = (const uint8_t *)code->entry;
    unit->code_size = code->size;
    unit->block_id = code->block;
    unit->frame_bytes = code->frame;
    pl_counters.kept += code->origin == PL_ORIGIN_KEPT;
    pl_counters.loaded += code->origin == PL_ORIGIN_LOADED;
    unit->fork_epoch = pl_fork_epoch;
    unit->compile_ns = head->compile_ns;
    unit->exits = read_array(&r, n->exits, sizeof(*unit->exits));
    unit->frames = read_array(&r, n->frames, sizeof(*unit->frames));
    unit->values = read_array(&r, n->values, sizeof(*unit->values));
    unit->consts = read_array(&r, n->consts, sizeof(*unit->consts));
    unit->places = read_array(&r, n->entries, sizeof(*unit->places));
    if (unit->exits == NULL || unit->frames == NULL || unit->values == NULL || unit->consts == NULL ||
        unit->places == NULL || r.left != 0) {
        return malformed;
    }
    unit->n_exits = n->exits;
    unit->n_frames = n->frames;
    unit->n_values = n->values;
    unit->n_consts = n->consts;
    unit->n_places = n->entries;
    unit->blob = job->result;
    job->result = NULL;
    if (!unit_is_sound(unit)) {
        return malformed;
    }
    if (!index_entries(unit) || !pl_reserve_numbers(most_numbers(unit))) {
        return "out of memory";
    }
    unit->exit_counts = calloc((size_t)unit->n_exits + 1, sizeof(*unit->exit_counts));
    return unit->exit_counts != NULL ? NULL : "out of memory";
}

/* Whether what the compiler took for granted about the code object still holds; machine code guards the rest. */
static bool
still_fits(const pl_job *job)
{
    return job->pc->globals == job->globals && job->pc->builtins == job->builtins;
}

static void
publish(pl_code *pc, pl_unit *unit)
{
    if (unit->entry_bci == 0) {
        pc->unit = unit;
        pl_code_direct(pc);
        pc->state = PL_COMPILED;
        pc->compiles++;
    }
    else {
        pl_loop *loop = find_loop(pc, unit->entry_bci);
        loop->unit = unit;
        loop->state = PL_COMPILED;
        loop->compiles++;
    }
    unit->next = pc->units;
    pc->units = unit;
    pl_counters.compiled++;
    pl_counters.installed_units++;
    pl_counters.code_bytes += unit->code_size;
}

/* Ends a job.  Everything that others can see is done before references are dropped, which may run anything. */
static void
conclude(pl_job *job)
{
    pl_unit *unit = job->unit;
    uint8_t *state = entry_state(job->pc, job->entry_bci);
    bool wanted = state != NULL && *state == PL_QUEUED;       /* not when it was suppressed meanwhile */
    bool installed = false;
    if (job->abandoned) {
        if (wanted) {
            *state = PL_COLD;
        }
    }
    else if (job->result == NULL) {
        const char *failure = pl_service_failure();
        pl_counters.service_failures++;
        if (wanted) {
            refuse(job->pc, job->entry_bci, failure != NULL ? failure : "out of memory");
        }
    }
    else {
        const char *why_not = read_unit(job);
        pl_counters.compile_ns += ((const pl_result_head *)(unit->blob != NULL ? unit->blob : job->result))->compile_ns;
        if (wanted && why_not != NULL) {
            refuse(job->pc, job->entry_bci, why_not);
        }
        else if (wanted && still_fits(job)) {
            publish(job->pc, unit);
            installed = true;
        }
        else {
            pl_counters.dropped_results++;
            if (wanted) {
                *state = PL_COLD;
            }
        }
    }
    PyObject *code = job->code;
    job->code = NULL;
    if (!installed) {
        pl_unit_free(unit);
    }
    pl_job_release(job);
    Py_DECREF(code);
}

void
pl_install_ready(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    for (pl_job *job; (job = pl_service_take_done()) != NULL;) {
        conclude(job);
    }
    PyErr_Restore(type, value, traceback);
}

/* ---- requests --------------------------------------------------------------------------------------------------------------- */

/* Moves the references of the snapshot into the unit, which keeps them as long as the code that names them. */
static bool
take_refs(pl_unit *unit, PyObject *tuple)
{
    Py_ssize_t n = PyTuple_GET_SIZE(tuple);
    unit->refs = malloc((size_t)(n + 1) * sizeof(*unit->refs));
    if (unit->refs == NULL) {
        return false;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        unit->refs[i] = Py_NewRef(PyTuple_GET_ITEM(tuple, i));
    }
    unit->n_refs = (uint32_t)n;
    return true;
}

static char *
copy_text(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* Makes the job of a request; NULL with the reason when it cannot be made. */
static pl_job *
make_job(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, const char **reason)
{
    *reason = "out of memory";
    pl_job *job = calloc(1, sizeof(*job));
    pl_unit *unit = calloc(1, sizeof(*unit));
    const char *name = PyUnicode_AsUTF8(pc->code->co_qualname), *why;
    PyObject *refs = NULL;
    if (job == NULL || unit == NULL) {
        goto failed;
    }
    unit->code = pc->code;
    unit->entry_bci = entry_bci;
    pc->unseen |= pc->code->co_warmup != 0 || pl_cfg.compile_all;
    refs = pl_snapshot(pc, func, entry_bci, sample, &job->snapshot, &why);
    if (refs == NULL || job->snapshot.failed || job->snapshot.len < sizeof(pl_snapshot_head)) {
        *reason = why;
        goto failed;
    }
    uint64_t address = (uint64_t)unit;
    memcpy(job->snapshot.data + offsetof(pl_snapshot_head, unit), &address, sizeof(address));
    job->pc = pc;
    job->globals = pc->globals;
    job->builtins = pc->builtins;
    job->unit = unit;
    job->entry_bci = entry_bci;
    pl_loop *loop = entry_bci != 0 ? find_loop(pc, entry_bci) : NULL;
    job->loop = loop;
    job->asked_count = loop != NULL ? loop->count : pl_calls(pc);
    job->asked_ns = pl_now_ns();
    job->name = copy_text(name != NULL ? name : "unnamed");
    job->dump_dir = copy_text(pl_cfg.dump_dir);
    job->cache_dir = copy_text(pl_cfg.cache_dir);
    job->verify = pl_cfg.verify;
    job->stress = pl_cfg.stress;
    job->holders = 1;
    if (job->name == NULL || (pl_cfg.dump_dir != NULL && job->dump_dir == NULL) ||
        (pl_cfg.cache_dir != NULL && job->cache_dir == NULL) || !take_refs(unit, refs)) {
        goto failed;
    }
    job->code = Py_NewRef((PyObject *)pc->code);
    Py_DECREF(refs);
    return job;

failed:
    PyErr_Clear();
    Py_XDECREF(refs);
    if (job != NULL) {
        free(job->snapshot.data);
        free(job->name);
        free(job->dump_dir);
        free(job->cache_dir);
    }
    free(job);
    free(unit);
    return NULL;
}

/* Machine code holds for one pair of globals and builtins.  As long as there is none, the last request decides. */
static bool
same_namespaces(pl_code *pc, PyObject *globals, PyObject *builtins)
{
    if (pc->units == NULL) {
        pc->globals = globals;
        pc->builtins = builtins;
    }
    return pc->globals == globals && pc->builtins == builtins;
}

/* Waits for a job with a hold of the caller's own, and installs what has come back. */
static void
wait_for(pl_job *job)
{
    Py_BEGIN_ALLOW_THREADS
    pl_service_wait(job);
    Py_END_ALLOW_THREADS
    pl_job_release(job);
    pl_install_ready();
}

/* Starting the compiler takes several milliseconds.  A process that has neither run for long nor made many calls, those of its
 * start included, may well end soon, and has no use for one; unless code has become hot in no time at all. */
static bool
is_too_early(const pl_code *pc)
{
    if (!pl_service_is_idle() || pl_now_ns() - pc->seen_ns < PL_START_HOT_NS ||
        pl_counters.entries_cold + pl_counters.osr_exits >= (uint64_t)PL_START_THRESHOLDS * pl_cfg.threshold) {
        return false;
    }
    struct timespec used;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0 && used.tv_sec == 0 && used.tv_nsec < PL_START_NS;
}

/* Sends a request.  When it is not sent, *reason says why it never will be; NULL when it may be repeated. */
static bool
send_request(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, bool synchronous,
             const char **reason)
{
    PyObject *globals = func != NULL ? func->func_globals : sample->f_globals;
    PyObject *builtins = func != NULL ? func->func_builtins : sample->f_builtins;
    if ((*reason = pl_policy_refusal(pc)) != NULL || (*reason = pl_service_failure()) != NULL) {
        return false;
    }
    if (!synchronous && is_too_early(pc)) {
        pl_counters.too_early++;
        return false;
    }
    if (pl_service_full()) {
        pl_counters.queue_full++;
        return false;
    }
    if (!same_namespaces(pc, globals, builtins)) {
        return false;
    }
    pl_arm();
    if (!pc->scanned) {           /* compiled on demand before its first call */
        pc->scanned = true;
        pl_code_scan(pc);
    }
    pl_slots_prepare();
    pl_caches_prepare();
    pl_binary_prepare();
    pl_stand_ins_prepare();
    pl_job *job = make_job(pc, func, entry_bci, sample, reason);
    if (job == NULL) {
        return false;
    }
    if (synchronous) {
        pl_job_hold(job);
    }
    *entry_state(pc, entry_bci) = PL_QUEUED;
    if (!pl_service_submit(job)) {
        *reason = pl_service_failure();
        PyObject *code = job->code;
        if (synchronous) {
            pl_job_release(job);
        }
        pl_unit_free(job->unit);
        pl_job_release(job);
        Py_DECREF(code);
        return false;
    }
    if (synchronous) {
        wait_for(job);
    }
    return true;
}

bool
pl_request(pl_code *pc, PyFunctionObject *func, uint32_t entry_bci, pl_frame *sample, bool synchronous)
{
    uint8_t *state = entry_state(pc, entry_bci);
    if (state == NULL || _Py_IsFinalizing()) {
        return false;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    pl_job *under_way = *state == PL_QUEUED ? pl_service_find(pc, entry_bci) : NULL;
    if (under_way != NULL && synchronous) {
        wait_for(under_way);
    }
    else if (under_way != NULL) {
        pl_job_release(under_way);
    }
    else if (*state == PL_COLD || *state == PL_QUEUED) {      /* the hook marks an entry before it asks */
        const char *reason;
        if (!send_request(pc, func, entry_bci, sample, synchronous, &reason)) {
            if (reason != NULL) {
                refuse(pc, entry_bci, reason);
            }
            else {
                *state = PL_COLD;
            }
        }
    }
    PyErr_Restore(type, value, traceback);
    return *state == PL_COMPILED || (*state == PL_QUEUED && !synchronous);
}
