/* Loading the compiler library, which contains a Go runtime, into a process that is not ours.
 *
 * The Go runtime aborts the process when it cannot reserve address space or start its threads, so both are tried before.
 * While it starts it changes three things that belong to the whole process, and they are put back:
 *
 *   - signal dispositions: handlers for the synchronous signals, SIGPIPE and others, and SA_ONSTACK added to handlers that
 *     were there (a handler instead of SIG_IGN for SIGPIPE would be inherited by exec as the default, which kills); faults.c
 *     keeps those that the compiler needs while it works;
 *   - the soft limit of open files, which it raises to the hard limit less one;
 *   - nothing else: the environment, the locale and the working directory are not touched, and the floating-point state and
 *     the signal mask belong to threads, of which the one that loads is ours.
 *
 * Other threads run on meanwhile and may change the same things.  So what is put back is only what the library did: a
 * disposition that still is the library's, a limit that still has the library's value.
 *
 * A child made by fork has the library mapped, but not its threads.  The runtime in it is dead and cannot be started again,
 * and the dynamic loader would give the same mapping back for the same file.  The child therefore loads a private copy.
 */
#include "service.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* The runtime reserves up to 1.7 GB at its start and grows its heap later. */
#define ADDRESS_SPACE_HEADROOM ((rlim_t)4 << 30)
/* Private writable memory: heap, stacks of its threads, and what one compilation takes. */
#define DATA_HEADROOM ((rlim_t)512 << 20)
/* Threads that the runtime starts at once, plus what it may add while one of them is blocked. */
#define THREAD_HEADROOM 8

/* ---- limits -------------------------------------------------------------------------------------------------------- */

/* One number of /proc/self/statm, in bytes; 0 when it cannot be read. */
static rlim_t
memory_in_use(int field)
{
    unsigned long pages[7] = {0};
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL) {
        return 0;
    }
    int n = fscanf(f, "%lu %lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3], &pages[4], &pages[5],
                   &pages[6]);
    fclose(f);
    return n > field ? (rlim_t)pages[field] * (rlim_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool
has_headroom(int resource, int statm_field, rlim_t needed)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return true;
    }
    rlim_t used = memory_in_use(statm_field);
    return limit.rlim_cur >= used && limit.rlim_cur - used >= needed;
}

typedef struct thread_probe {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool release;
} thread_probe;

static void *
probe_main(void *arg)
{
    thread_probe *probe = arg;
    pthread_mutex_lock(&probe->mutex);
    while (!probe->release) {
        pthread_cond_wait(&probe->changed, &probe->mutex);
    }
    pthread_mutex_unlock(&probe->mutex);
    return NULL;
}

/* Whether THREAD_HEADROOM more threads can exist at the same time.  Trying is the only way to know: besides RLIMIT_NPROC,
 * which counts the threads of all processes of the user, control groups have limits that cannot be seen from inside. */
static bool
can_start_threads(void)
{
    thread_probe probe = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    pthread_t threads[THREAD_HEADROOM];
    pthread_attr_t attr;
    int n = 0;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    pthread_attr_setstacksize(&attr, 4 * (size_t)PTHREAD_STACK_MIN);
    while (n < THREAD_HEADROOM && pthread_create(&threads[n], &attr, probe_main, &probe) == 0) {
        n++;
    }
    pthread_attr_destroy(&attr);
    pthread_mutex_lock(&probe.mutex);
    probe.release = true;
    pthread_cond_broadcast(&probe.changed);
    pthread_mutex_unlock(&probe.mutex);
    for (int i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    return n == THREAD_HEADROOM;
}

static const char *
limit_in_the_way(void)
{
    enum { STATM_SIZE = 0, STATM_DATA = 5 };
    if (!has_headroom(RLIMIT_AS, STATM_SIZE, ADDRESS_SPACE_HEADROOM)) {
        return "address space limit";
    }
    if (!has_headroom(RLIMIT_DATA, STATM_DATA, DATA_HEADROOM)) {
        return "data segment limit";
    }
    if (!can_start_threads()) {
        return "thread limit";
    }
    return NULL;
}

/* ---- state of the host ------------------------------------------------------------------------------------------------ */

#define SIGNALS 65                /* Linux has 1..64 */

static struct {
    struct sigaction actions[SIGNALS];
    bool known[SIGNALS];          /* false for the signals that belong to the C library */
    struct rlimit files;
    bool files_known;
    void *library;                /* load address; NULL before the library is loaded */
} host;

static void
save_host(void)
{
    for (int sig = 1; sig < SIGNALS; sig++) {
        host.known[sig] = sigaction(sig, NULL, &host.actions[sig]) == 0;
    }
    host.files_known = getrlimit(RLIMIT_NOFILE, &host.files) == 0;
    host.library = NULL;
}

static bool
is_of_library(const struct sigaction *action)
{
    Dl_info info;
    void *address = (void *)action->sa_handler;
    return address != (void *)SIG_DFL && address != (void *)SIG_IGN && host.library != NULL && dladdr(address, &info) != 0 &&
           info.dli_fbase == host.library;
}

/* Go's threads leave a few signals unblocked, and run on stacks too small for a signal handler.  For those two that other
 * processes and timers send, a handler of the host keeps SA_ONSTACK, which changes nothing on threads without such a stack. */
static bool
keeps_onstack(int sig)
{
    return sig == SIGCHLD || sig == SIGPROF;
}

void
pl_action_put_back(int sig, const struct sigaction *before, const struct sigaction *now)
{
    struct sigaction replaced;
    if (sigaction(sig, before, &replaced) == 0 && replaced.sa_handler != now->sa_handler) {
        sigaction(sig, &replaced, NULL);
    }
}

static void
restore_action(int sig)
{
    const struct sigaction *before = &host.actions[sig];
    struct sigaction now;
    if (!host.known[sig] || sigaction(sig, NULL, &now) != 0) {
        return;
    }
    bool same_handler = now.sa_handler == before->sa_handler;
    if (same_handler && (now.sa_flags == before->sa_flags || keeps_onstack(sig))) {
        return;
    }
    if (!same_handler) {
        if (!is_of_library(&now)) {
            return;               /* the host has set another handler meanwhile */
        }
        pl_faults_keep(sig, &now);
    }
    pl_action_put_back(sig, before, &now);
}

void
pl_loader_restore_host(void)
{
    for (int sig = 1; sig < SIGNALS; sig++) {
        restore_action(sig);
    }
    struct rlimit files;
    if (host.files_known && getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max == host.files.rlim_max &&
        files.rlim_cur == files.rlim_max - 1) {
        setrlimit(RLIMIT_NOFILE, &host.files);
    }
}

/* ---- the library ------------------------------------------------------------------------------------------------------- */

/* Copies the file into anonymous memory; -1 with errno. */
static int
copy_to_memory(const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return -1;
    }
    struct stat st;
    int to = fstat(from, &st) == 0 ? memfd_create("libpystonlite.so", MFD_CLOEXEC) : -1;
    bool copied = to >= 0;
    for (off_t at = 0; copied && at < st.st_size;) {
        copied = sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0;
    }
    int error = errno;
    close(from);
    if (!copied) {
        if (to >= 0) {
            close(to);
        }
        errno = error;
        return -1;
    }
    return to;
}

/* Spells the path of a descriptor in a way that is different for every load of a family of processes.  The loader compares
 * names as text before it looks at files, and an ancestor's copy may have had the same descriptor number. */
static void
spell_descriptor(char *out, size_t room, int fd, uint32_t load)
{
    int n = snprintf(out, room, "/proc/self/fd/");
    for (; load != 0; load >>= 1) {
        n += snprintf(out + n, room - (size_t)n, load & 1 ? "./" : "/");
    }
    snprintf(out + n, room - (size_t)n, "%d", fd);
}

pl_serve_function *
pl_loader_load(const char *path, uint32_t earlier_loads, const char **reason, char *detail, size_t room)
{
    if ((*reason = limit_in_the_way()) != NULL) {
        snprintf(detail, room, "%s", *reason);
        return NULL;
    }
    *reason = "compiler library unavailable";
    char private_path[128];
    int fd = -1;
    if (earlier_loads > 0) {
        fd = copy_to_memory(path);
        if (fd < 0) {
            snprintf(detail, room, "%s: %s", path, strerror(errno));
            return NULL;
        }
        spell_descriptor(private_path, sizeof(private_path), fd, earlier_loads);
    }
    save_host();
    void *library = dlopen(fd < 0 ? path : private_path, RTLD_NOW | RTLD_LOCAL);
    const char *error = library == NULL ? dlerror() : NULL;
    if (fd >= 0) {
        close(fd);
    }
    if (library == NULL) {
        snprintf(detail, room, "%s", error);
        return NULL;
    }
    Dl_info info;
    void *serve = dlsym(library, PL_SERVE_SYMBOL);
    if (serve == NULL || dladdr(serve, &info) == 0) {
        snprintf(detail, room, "%s: no symbol %s", path, PL_SERVE_SYMBOL);
        dlclose(library);
        return NULL;
    }
    host.library = info.dli_fbase;
    pl_faults_expect(host.library);
    return (pl_serve_function *)serve;
}

/* The program comes first. */
static int
end_of_program(struct dl_phdr_info *info, size_t Py_UNUSED(size), void *result)
{
    uint64_t end = 0;
    for (int i = 0; i < info->dlpi_phnum && info->dlpi_addr == 0; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        end = h->p_type == PT_LOAD ? Py_MAX(end, h->p_vaddr + h->p_memsz) : end;
    }
    *(uint64_t *)result = end;
    return 1;
}

uint64_t
pl_loader_fixed(void)
{
    uint64_t end = 0;
    dl_iterate_phdr(end_of_program, &end);
    return end;
}
