/* What is compiled, what is given up, and the names of reasons.  The constants are in service.h. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* ---- texts of refusals ------------------------------------------------------------------------------------------------ */

static pl_refusal *refusals;
static uint32_t n_refusals;

static pl_refusal *
find_refusal(const char *text, size_t length)
{
    for (pl_refusal *r = refusals; r != NULL; r = r->next) {
        if (strlen(r->text) == length && memcmp(r->text, text, length) == 0) {
            return r;
        }
    }
    return NULL;
}

/* Under the GIL. */
const char *
pl_intern_reason(const char *text, size_t length)
{
    static const char overflow[] = "other reasons";
    pl_refusal *r = find_refusal(text, length);
    if (r == NULL && n_refusals >= PL_REFUSAL_TEXTS) {
        text = overflow;
        length = strlen(overflow);
        r = find_refusal(text, length);
    }
    if (r == NULL) {
        r = malloc(sizeof(*r) + length + 1);
        if (r == NULL) {
            return "out of memory";
        }
        memcpy(r->text, text, length);
        r->text[length] = '\0';
        r->count = 0;
        r->next = refusals;
        refusals = r;
        n_refusals++;
    }
    return r->text;
}

void
pl_count_refusal(const char *text)
{
    const char *interned = pl_intern_reason(text, strlen(text));
    pl_refusal *r = find_refusal(interned, strlen(interned));
    if (r != NULL) {
        r->count++;
    }
    pl_counters.refused++;
}

const pl_refusal *
pl_refusals(void)
{
    return refusals;
}

/* ---- exit reasons --------------------------------------------------------------------------------------------------------- */

typedef struct exit_reason {
    const char *name;
    bool speculative;
    uint64_t deopts;
} exit_reason;

/* Written once, before `n_exit_reasons` is; no exit exists earlier. */
static exit_reason *exit_reasons;
static uint32_t n_exit_reasons;
static uint16_t reason_exception, reason_never_ran, reason_keys_version;
static const struct { const char *name; uint16_t *reason; } own_reasons[] = {
    {"exception", &reason_exception}, {"never_ran", &reason_never_ran}, {"keys_version", &reason_keys_version},
};

void
pl_reasons_set(const uint8_t *table, size_t length)
{
    if (__atomic_load_n(&n_exit_reasons, __ATOMIC_ACQUIRE) != 0) {
        return;                   /* a child after fork loads the same library again */
    }
    uint32_t n = 0;
    for (size_t at = 0; at < length; at += 2 + strlen((const char *)table + at + 1)) {
        n++;
    }
    uint8_t *names = malloc(length);
    exit_reasons = calloc(n, sizeof(*exit_reasons));
    if (names == NULL || exit_reasons == NULL) {
        return;                   /* every result will be refused as malformed */
    }
    memcpy(names, table, length);
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        exit_reasons[i].speculative = names[at] == 1;
        exit_reasons[i].name = (const char *)names + at + 1;
        for (size_t k = 0; k < Py_ARRAY_LENGTH(own_reasons); k++) {
            if (strcmp(exit_reasons[i].name, own_reasons[k].name) == 0) {
                *own_reasons[k].reason = (uint16_t)i;
            }
        }
        at += 2 + strlen(exit_reasons[i].name);
    }
    __atomic_store_n(&n_exit_reasons, n, __ATOMIC_RELEASE);
}

uint32_t
pl_reasons_count(void)
{
    return __atomic_load_n(&n_exit_reasons, __ATOMIC_ACQUIRE);
}

const char *
pl_reason_name(uint16_t reason)
{
    return reason < pl_reasons_count() ? exit_reasons[reason].name : "unknown";
}

uint16_t
pl_reason_exception(void)
{
    return reason_exception;
}

uint16_t
pl_reason_never_ran(void)
{
    return reason_never_ran;
}

/* A version of a table of keys fails because the table has grown since, which it does while a program starts: the new version is as
 * good as the old one was, until that has been so a few times. */
bool
pl_site_failed(const pl_site *site)
{
    return site->reason != reason_keys_version || site->count >= PL_STALE_LIMIT;
}

uint64_t
pl_reason_deopts(uint16_t reason)
{
    return reason < pl_reasons_count() ? exit_reasons[reason].deopts : 0;
}

/* ---- what may be compiled -------------------------------------------------------------------------------------------------- */

static bool
set_has(PyObject *names, PyObject *name)
{
    int found = PySet_Contains(names, name);
    if (found < 0) {
        PyErr_Clear();
    }
    return found == 1;
}

const char *
pl_policy_refusal(const pl_code *pc)
{
    const PyCodeObject *co = pc->code;
    if (pl_cfg.deny != NULL && set_has(pl_cfg.deny, co->co_qualname)) {
        return "in the deny list";
    }
    if (pl_cfg.allow != NULL && !set_has(pl_cfg.allow, co->co_qualname)) {
        return "not in the allow list";
    }
    return NULL;
}

void
pl_policy_suppress(pl_code *pc)
{
    pc->state = PL_SUPPRESSED;
    pc->reason = "suppressed";
    pc->unit = NULL;              /* the units stay until the code object dies: frames may be running in them */
    pl_code_direct(pc);
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        pc->loops[i].state = PL_SUPPRESSED;
        pc->loops[i].unit = NULL;
    }
}

/* ---- what is given up -------------------------------------------------------------------------------------------------------- */

/* Takes a unit out of use, so that the next call or iteration asks for a new one.  Its code stays: frames run in it. */
static void
retire(pl_code *pc, pl_unit *unit)
{
    if (pc->unit == unit && pc->compiles <= PL_RECOMPILE_LIMIT) {
        pc->unit = NULL;
        pl_code_direct(pc);
        pc->state = PL_COLD;
    }
    for (uint32_t i = 0; i < pc->n_loops; i++) {
        pl_loop *loop = &pc->loops[i];
        if (loop->unit == unit && loop->compiles <= PL_RECOMPILE_LIMIT) {
            loop->unit = NULL;
            loop->state = PL_COLD;
        }
    }
}

void
pl_note_handler(pl_code *pc, pl_unit *unit, uint32_t times)
{
    if (times >= PL_EXIT_LIMIT) {
        retire(pc, unit);
    }
}

/* A unit has no entry behind a yield that had never run when it was made.  It is given up once: if the next one has none either, the
 * reason is another. */
void
pl_note_yield(pl_code *pc, pl_unit *unit, uint32_t times)
{
    if (times == PL_EXIT_LIMIT) {
        retire(pc, unit);
    }
}

void
pl_note_deopt(pl_code *pc, pl_unit *unit, uint64_t exit_id)
{
    uint16_t reason = unit->exits[exit_id].reason;
    exit_reasons[reason].deopts++;
    if (exit_reasons[reason].speculative && unit->exit_counts[exit_id] >= PL_EXIT_LIMIT) {
        retire(pc, unit);
    }
}
