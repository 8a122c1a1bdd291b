/* Counters as Python data.  Nothing here changes anything. */
#include "service.h"

#include <stdlib.h>

PL_HOT pl_stats pl_counters;

static const char *const state_names[] = {
    [PL_COLD] = "cold", [PL_QUEUED] = "queued", [PL_COMPILED] = "compiled", [PL_REFUSED] = "refused",
    [PL_SUPPRESSED] = "suppressed",
};

/* Stores a new reference, which is released whatever happens. */
static int
put(PyObject *dict, const char *key, PyObject *value)
{
    int error = value == NULL ? -1 : PyDict_SetItemString(dict, key, value);
    Py_XDECREF(value);
    return error;
}

static int
put_count(PyObject *dict, const char *key, uint64_t value)
{
    return put(dict, key, PyLong_FromUnsignedLongLong(value));
}

static int
put_text(PyObject *dict, const char *key, const char *value)
{
    return put(dict, key, value != NULL ? PyUnicode_DecodeUTF8(value, (Py_ssize_t)strlen(value), "replace")
                                        : Py_NewRef(Py_None));
}

static int
append(PyObject *list, PyObject *item)
{
    int error = item == NULL ? -1 : PyList_Append(list, item);
    Py_XDECREF(item);
    return error;
}

static PyObject *
checked(PyObject *container, int error)
{
    if (error != 0) {
        Py_CLEAR(container);
    }
    return container;
}

/* ---- stats() -------------------------------------------------------------------------------------------------------------- */

typedef struct counter_row {
    const char *name;
    const uint64_t *value;
} counter_row;

static PyObject *
counters_dict(const counter_row *rows, size_t n)
{
    PyObject *dict = PyDict_New();
    int error = dict == NULL;
    for (size_t i = 0; i < n && !error; i++) {
        error = put_count(dict, rows[i].name, *rows[i].value);
    }
    return checked(dict, error);
}

static const counter_row compile_rows[] = {
    {"compiled", &pl_counters.compiled},
    {"refused", &pl_counters.refused},
    {"installed_units", &pl_counters.installed_units},
    {"dropped_results", &pl_counters.dropped_results},
    {"code_bytes", &pl_counters.code_bytes},
    {"kept", &pl_counters.kept},
    {"loaded", &pl_counters.loaded},
};

static const counter_row run_rows[] = {
    {"functions_taken", &pl_counters.functions_taken},
    {"entries_cold", &pl_counters.entries_cold},
    {"osr_exits", &pl_counters.osr_exits},
    {"osr_entries", &pl_counters.osr_entries},
    {"deopts", &pl_counters.deopts},
    {"raises", &pl_counters.raises},
    {"handled", &pl_counters.handled},
    {"handovers", &pl_counters.handovers},
    {"polls", &pl_counters.polls},
    {"ended_by_throw", &pl_counters.ended_by_throw},
    {"thrown_in", &pl_counters.thrown_in},
    {"stack_switches", &pl_counters.stack_switches},
    {"evaluators_set", &pl_counters.evaluators_set},
};

/* Why loops that run in stock cannot enter machine code at the moment (pl_blocks). */
static const struct { enum pl_block bit; const char *name; } block_names[] = {
    {PL_BLOCK_OFF, "off"}, {PL_BLOCK_TRACING, "tracing"}, {PL_BLOCK_DEEP, "deep recursion"},
    {PL_BLOCK_CHAINED, "another evaluator was there first"}, {PL_BLOCK_REPLACED, "another evaluator was set later"},
    {PL_BLOCK_LOST, "out of memory"}, {PL_BLOCK_BLIND, "setting an evaluator or tracing cannot be watched"}, {PL_BLOCK_ARMING, "being arranged for"},
};

#define ROWS(table) table, sizeof(table) / sizeof((table)[0])

static PyObject *
compile_dict(void)
{
    PyObject *dict = counters_dict(ROWS(compile_rows));
    return dict == NULL ? NULL : checked(dict, put(dict, "compile_ms", PyFloat_FromDouble((double)pl_counters.compile_ns / 1e6)));
}

static PyObject *
blocks_list(void)
{
    PyObject *list = PyList_New(0);
    int error = list == NULL;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(block_names) && !error; i++) {
        error = (pl_blocks & block_names[i].bit) != 0 && append(list, PyUnicode_FromString(block_names[i].name));
    }
    return checked(list, error);
}

static PyObject *
refused_dict(void)
{
    PyObject *dict = PyDict_New();
    int error = dict == NULL;
    for (const pl_refusal *r = pl_refusals(); r != NULL && !error; r = r->next) {
        error = r->count != 0 && put_count(dict, r->text, r->count);
    }
    return checked(dict, error);
}

static PyObject *
deopts_dict(void)
{
    PyObject *dict = PyDict_New();
    int error = dict == NULL;
    for (uint32_t i = 0; i < pl_reasons_count() && !error; i++) {
        uint64_t n = pl_reason_deopts((uint16_t)i);
        error = n != 0 && put_count(dict, pl_reason_name((uint16_t)i), n);
    }
    return checked(dict, error);
}

static PyObject *
service_dict(void)
{
    pl_service_report r;
    pl_service_describe(&r);
    PyObject *dict = PyDict_New();
    int error = dict == NULL || put_text(dict, "state", r.state) || put_text(dict, "failure", r.failure) ||
                put_count(dict, "queued", r.queued) || put_count(dict, "in_flight", r.in_flight) ||
                put_count(dict, "submitted", r.submitted) || put_count(dict, "answered", r.answered) ||
                put_count(dict, "cooled", r.cooled) ||
                put_count(dict, "unanswered", pl_counters.service_failures) ||
                put_count(dict, "too_early", pl_counters.too_early) ||
                put_count(dict, "queue_full", pl_counters.queue_full) || put_count(dict, "blocks_freed", r.blocks_freed) ||
                put_count(dict, "code_used", r.code_used) || put_count(dict, "code_mapped", r.code_mapped) ||
                put_count(dict, "library_loads", r.loads) || put_count(dict, "forks", r.forks);
    return checked(dict, error);
}

static PyObject *
site_dict(const pl_code *pc, const pl_site *site)
{
    PyObject *dict = PyDict_New();
    int line = PyCode_Addr2Line(pc->code, (int)(site->bci * sizeof(_Py_CODEUNIT)));
    int error = dict == NULL || put_count(dict, "bci", site->bci) || put(dict, "line", PyLong_FromLong(line)) ||
                put_text(dict, "reason", pl_reason_name(site->reason)) || put_count(dict, "count", site->count);
    return checked(dict, error);
}

static PyObject *
sites_list(const pl_code *pc)
{
    PyObject *list = PyList_New(0);
    int error = list == NULL;
    for (uint32_t i = 0; i < pc->n_sites && !error; i++) {
        error = append(list, site_dict(pc, &pc->sites[i]));
    }
    return checked(list, error);
}

/* Whether anything was ever decided about this code; what merely ran is not reported. */
static bool
is_of_interest(const pl_code *pc)
{
    bool decided = pc->state != PL_COLD || pc->units != NULL;
    for (uint32_t i = 0; i < pc->n_loops && !decided; i++) {
        decided = pc->loops[i].state != PL_COLD;
    }
    return decided;
}

/* Appends to `list` for every code object of interest.  Making containers may collect garbage and so free code objects:
 * all of them are held before the first is visited. */
static PyObject *
for_each_code(int (*visit)(PyObject *list, const pl_code *pc))
{
    size_t n = 0, room = 0;
    for (const pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        room += is_of_interest(pc);
    }
    pl_code **codes = calloc(room + 1, sizeof(*codes));
    if (codes == NULL) {
        return PyErr_NoMemory();
    }
    for (pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        if (is_of_interest(pc)) {
            codes[n++] = pc;
            Py_INCREF(pc->code);
        }
    }
    PyObject *list = PyList_New(0);
    int error = list == NULL;
    for (size_t i = 0; i < n; i++) {
        PyCodeObject *co = codes[i]->code;
        error = error || visit(list, codes[i]);
        Py_DECREF(co);
    }
    free(codes);
    return checked(list, error);
}

static int
append_sites(PyObject *list, const pl_code *pc)
{
    int error = 0;
    for (uint32_t i = 0; i < pc->n_sites && !error; i++) {
        PyObject *dict = site_dict(pc, &pc->sites[i]);
        error = dict == NULL || put(dict, "qualname", Py_NewRef(pc->code->co_qualname)) ||
                put(dict, "filename", Py_NewRef(pc->code->co_filename)) || PyList_Append(list, dict);
        Py_XDECREF(dict);
    }
    return error;
}

/* What became of the code objects that were called.  Bodies of modules and classes run once and are not for compiling; `undecided`
 * were called too rarely, under a trace function, or with globals of another module. */
typedef struct outcome_counts {
    uint64_t called, compiled, without_exits, refused, bodies, suppressed, undecided;
} outcome_counts;

static outcome_counts freed_outcomes;             /* of code objects that no longer exist */

static bool
was_called(const pl_code *pc)
{
    bool called = pl_calls(pc) != 0;
    for (const pl_unit *unit = pc->units; unit != NULL && !called; unit = unit->next) {
        called = unit->entries != 0;
    }
    return called;
}

static bool
ever_deoptimised(const pl_code *pc)
{
    for (const pl_unit *unit = pc->units; unit != NULL; unit = unit->next) {
        for (uint32_t i = 0; i < unit->n_exits; i++) {
            if (unit->exits[i].kind == PL_EXIT_DEOPT && unit->exit_counts[i] != 0) {
                return true;
            }
        }
    }
    return false;
}

static void
count_outcome(outcome_counts *counts, const pl_code *pc)
{
    const PyCodeObject *co = pc->code;
    if (!was_called(pc)) {
        return;
    }
    counts->called++;
    if (pc->units != NULL) {
        counts->compiled++;
        counts->without_exits += !ever_deoptimised(pc);
    }
    else if (pl_is_body(co)) {
        counts->bodies++;
    }
    else if (pc->state == PL_REFUSED) {
        counts->refused++;
    }
    else if (pc->state == PL_SUPPRESSED) {
        counts->suppressed++;
    }
    else {
        counts->undecided++;
    }
}

void
pl_report_forget(const pl_code *pc)
{
    count_outcome(&freed_outcomes, pc);
}

static PyObject *
outcomes_dict(void)
{
    outcome_counts all = freed_outcomes;
    for (const pl_code *pc = pl_codes; pc != NULL; pc = pc->all_next) {
        count_outcome(&all, pc);
    }
    const counter_row rows[] = {
        {"called", &all.called}, {"compiled", &all.compiled}, {"without_exits", &all.without_exits},
        {"refused", &all.refused}, {"bodies", &all.bodies}, {"suppressed", &all.suppressed}, {"undecided", &all.undecided},
    };
    return counters_dict(ROWS(rows));
}

PyObject *
pl_report_stats(void)
{
    pl_settle_all();
    PyObject *dict = PyDict_New();
    int error = dict == NULL || put(dict, "enabled", PyBool_FromLong(pl_enabled)) ||
                put(dict, "compile", compile_dict()) || put(dict, "refused", refused_dict()) ||
                put(dict, "functions", outcomes_dict()) ||
                put(dict, "run", counters_dict(ROWS(run_rows))) || put(dict, "deopts", deopts_dict()) ||
                put(dict, "loops_blocked_by", blocks_list()) || put(dict, "sites", for_each_code(append_sites)) || put(dict, "service", service_dict());
    return checked(dict, error);
}

/* ---- functions() ---------------------------------------------------------------------------------------------------------- */

static PyObject *
loops_list(const pl_code *pc)
{
    PyObject *list = PyList_New(0);
    int error = list == NULL;
    for (uint32_t i = 0; i < pc->n_loops && !error; i++) {
        const pl_loop *loop = &pc->loops[i];
        PyObject *dict = PyDict_New();
        int line = PyCode_Addr2Line(pc->code, (int)(loop->head * sizeof(_Py_CODEUNIT)));
        error = dict == NULL || put_count(dict, "head", loop->head) || put(dict, "line", PyLong_FromLong(line)) ||
                put_text(dict, "state", state_names[loop->state]) || put_text(dict, "reason", loop->reason) ||
                put_count(dict, "iterations", loop->count) || put_count(dict, "compiles", loop->compiles) ||
                PyList_Append(list, dict);
        Py_XDECREF(dict);
    }
    return checked(list, error);
}

/* Deoptimisations by reason, of every unit the code object ever had. */
static PyObject *
function_deopts_dict(const pl_code *pc)
{
    uint32_t n = pl_reasons_count();
    uint64_t *counts = calloc((size_t)n + 1, sizeof(*counts));
    if (counts == NULL) {
        return PyErr_NoMemory();
    }
    for (const pl_unit *unit = pc->units; unit != NULL; unit = unit->next) {
        for (uint32_t i = 0; i < unit->n_exits; i++) {
            if (unit->exits[i].kind == PL_EXIT_DEOPT) {
                counts[unit->exits[i].reason] += unit->exit_counts[i];
            }
        }
    }
    PyObject *dict = PyDict_New();
    int error = dict == NULL;
    for (uint32_t i = 0; i < n && !error; i++) {
        error = counts[i] != 0 && put_count(dict, pl_reason_name((uint16_t)i), counts[i]);
    }
    free(counts);
    return checked(dict, error);
}

static PyObject *
function_dict(const pl_code *pc)
{
    uint64_t entries = 0, bytes = 0, ns = 0;
    for (const pl_unit *unit = pc->units; unit != NULL; unit = unit->next) {
        entries += unit->entries;
        bytes += unit->code_size;
        ns += unit->compile_ns;
    }
    PyCodeObject *co = pc->code;
    PyObject *dict = PyDict_New();
    int error = dict == NULL || put(dict, "qualname", Py_NewRef(co->co_qualname)) ||
                put(dict, "filename", Py_NewRef(co->co_filename)) || put(dict, "line", PyLong_FromLong(co->co_firstlineno)) ||
                put_text(dict, "state", state_names[pc->state]) || put_text(dict, "reason", pc->reason) ||
                put_count(dict, "code_bytes", bytes) || put(dict, "compile_ms", PyFloat_FromDouble((double)ns / 1e6)) ||
                put_count(dict, "entries", entries) || put_count(dict, "calls", pl_calls(pc)) ||
                put_count(dict, "compiles", pc->compiles) || put(dict, "deopts", function_deopts_dict(pc)) ||
                put(dict, "sites", sites_list(pc)) || put(dict, "loops", loops_list(pc));
    return checked(dict, error);
}

static int
append_function(PyObject *list, const pl_code *pc)
{
    return append(list, function_dict(pc));
}

PyObject *
pl_report_functions(void)
{
    return for_each_code(append_function);
}

/* ---- build_info() ---------------------------------------------------------------------------------------------------------- */

PyObject *
pl_report_build(void)
{
    PyObject *dict = PyDict_New();
    int error = dict == NULL || put_text(dict, "python", PY_VERSION) || put_text(dict, "compiler", __VERSION__) ||
                put_count(dict, "service_api", PL_SERVICE_API_VERSION) || put_text(dict, "machine", "x86_64-linux") ||
#ifdef NDEBUG
                put(dict, "assertions", PyBool_FromLong(0));
#else
                put(dict, "assertions", PyBool_FromLong(1));
#endif
    return checked(dict, error);
}
