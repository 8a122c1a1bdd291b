/* Faults of the compiler: a nil pointer refuses one function, like every other panic.
 *
 * Go turns an access to memory that is not there into a panic, which the compile service recovers, with a handler for SIGSEGV.
 * But the handlers of the process are the program's, so the loader has put them back.  While a request is being compiled, and
 * no longer, this file's handler stands in for the program's: a fault of an instruction of the compiler library goes to the
 * handler that Go's runtime had installed, everything else to where it would have gone.
 *
 * Another thread may ask for the program's handler, or set one, meanwhile.  One that was set stays.  One that was asked for and
 * is put back later is this one, which then goes on passing signals to the program's.
 */
#include "service.h"

#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

typedef struct fault {
    int sig;
    struct sigaction go;          /* as its runtime installed it; without a handler when it did not */
    struct sigaction program;     /* what this file's handler stands in for */
} fault;

static fault faults[] = {{.sig = SIGSEGV}, {.sig = SIGBUS}, {.sig = SIGFPE}};
enum { FAULTS = sizeof(faults) / sizeof(*faults) };

static uintptr_t text, text_end;  /* the library's code */

static fault *
find_fault(int sig)
{
    for (int i = 0; i < FAULTS; i++) {
        if (faults[i].sig == sig) {
            return &faults[i];
        }
    }
    return NULL;
}

/* ---- the handler ---------------------------------------------------------------------------------------------------------- */

/* Does what the kernel would have done without us. */
static void
pass_on(const struct sigaction *program, int sig, siginfo_t *info, ucontext_t *context)
{
    static const struct sigaction by_default = {.sa_handler = SIG_DFL};
    bool sent = info->si_code <= 0;       /* by kill and the like: there is no instruction that would fault again */
    if (program->sa_handler == SIG_DFL || (program->sa_handler == SIG_IGN && !sent)) {
        sigaction(sig, &by_default, NULL);
        if (sent) {
            raise(sig);
        }
        return;
    }
    if (program->sa_handler == SIG_IGN) {
        return;
    }
    if (program->sa_flags & SA_RESETHAND) {
        sigaction(sig, &by_default, NULL);
    }
    sigset_t mask;
    sigorset(&mask, &context->uc_sigmask, &program->sa_mask);
    if (!(program->sa_flags & SA_NODEFER)) {
        sigaddset(&mask, sig);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (program->sa_flags & SA_SIGINFO) {
        program->sa_sigaction(sig, info, context);
    }
    else {
        program->sa_handler(sig);
    }
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
    fault *f = find_fault(sig);
    uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    if (info->si_code > 0 && text <= at && at < text_end) {
        f->go.sa_sigaction(sig, info, context);
    }
    else {
        pass_on(&f->program, sig, info, context);
    }
}

static bool
is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_fault;
}

/* ---- what the loader and the service call ------------------------------------------------------------------------------------ */

static int
find_text(struct dl_phdr_info *info, size_t size, void *library)
{
    (void)size;
    if ((void *)info->dlpi_addr != library) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
            text = info->dlpi_addr + segment->p_vaddr;
            text_end = text + segment->p_memsz;
        }
    }
    return 1;
}

void
pl_faults_expect(void *library)
{
    for (int i = 0; i < FAULTS; i++) {
        faults[i].go.sa_sigaction = NULL;
    }
    text = text_end = 0;
    dl_iterate_phdr(find_text, library);
}

void
pl_faults_keep(int sig, const struct sigaction *go)
{
    fault *f = find_fault(sig);
    if (f != NULL && (go->sa_flags & SA_SIGINFO)) {
        f->go = *go;
    }
}

void
pl_faults_begin(void)
{
    for (int i = 0; i < FAULTS; i++) {
        fault *f = &faults[i];
        struct sigaction now, ours = f->go;
        if (f->go.sa_sigaction == NULL || sigaction(f->sig, NULL, &now) != 0 || is_ours(&now)) {
            continue;
        }
        f->program = now;                  /* before it is needed */
        ours.sa_sigaction = on_fault;
        if (sigaction(f->sig, &ours, &now) == 0 && !is_ours(&now)) {
            f->program = now;              /* set between the two calls */
        }
    }
}

void
pl_faults_end(void)
{
    for (int i = 0; i < FAULTS; i++) {
        fault *f = &faults[i];
        struct sigaction now;
        if (f->go.sa_sigaction != NULL && sigaction(f->sig, NULL, &now) == 0 && is_ours(&now)) {
            pl_action_put_back(f->sig, &f->program, &now);
        }
    }
}
