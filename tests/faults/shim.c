/* Preloaded into a server: counts what it asks of the disk for the files below FAULTS_FOLDER, and
 * kills it at one of these calls; keeps what was flushed apart; moves its clock.
 *
 * The test and the server share the numbers in the file FAULTS_CONTROL. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum mode { BEFORE, HALFWAY, AFTER };
static struct {
    int64_t calls, flushes; /* so far */
    int64_t kill_at, mode;  /* the number of a call, 0 for none; how much of it is done */
    int64_t seconds;        /* that the clock is ahead */
} *shared;
static const char *folder, *flushed;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void share(void) {
    const char *control = getenv("FAULTS_CONTROL");
    int file = control ? open(control, O_RDWR | O_CLOEXEC) : -1;
    void *seen = file < 0 ? MAP_FAILED
                          : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (seen != MAP_FAILED) shared = seen;
    if (file >= 0) close(file);
    folder = getenv("FAULTS_FOLDER");
    flushed = getenv("FAULTS_FLUSHED");
}

/* The path of an open file if it is one of ours. */
static const char *ours(int file, char path[PATH_MAX]) {
    char link[64] = "/proc/self/fd/", *end = link + strlen(link), digits[16];
    int length = 0;
    if (!shared || !folder || file < 0) return NULL;
    do digits[length++] = '0' + file % 10; while (file /= 10);
    while (length) *end++ = digits[--length];
    ssize_t got = readlink(link, path, PATH_MAX - 1);
    if (got < 0) return NULL;
    path[got] = 0;
    return strncmp(path, folder, strlen(folder)) ? NULL : path;
}

/* Counts a call; tells whether it is the one to die in. */
static int fatal(void) { return __sync_add_and_fetch(&shared->calls, 1) == shared->kill_at; }

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define GUARDED(file, whole, half)                                                                \
    char path[PATH_MAX];                                                                           \
    int last = ours(file, path) && fatal();                                                        \
    if (last && shared->mode == BEFORE) die();                                                     \
    if (last && shared->mode == HALFWAY) { half; die(); }                                          \
    __typeof__(whole) result = whole;                                                              \
    if (last) die();                                                                               \
    return result

ssize_t write(int file, const void *bytes, size_t size) {
    GUARDED(file, REAL(write)(file, bytes, size), REAL(write)(file, bytes, size / 2));
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    GUARDED(file, REAL(pwrite64)(file, bytes, size, at), REAL(pwrite64)(file, bytes, size / 2, at));
}
int ftruncate64(int file, off64_t size) { GUARDED(file, REAL(ftruncate64)(file, size), ); }
int unlink(const char *name) {
    int last = shared && folder && !strncmp(name, folder, strlen(folder)) && fatal();
    if (last && shared->mode == BEFORE) die();
    int result = REAL(unlink)(name);
    if (last) die();
    return result;
}

/* Keeps a copy of a file as it was flushed: what a power cut would leave of it. */
static void keep(int file, const char *path) {
    static char page[1 << 16];
    static volatile int turn; /* files are flushed by several threads */
    char copy[PATH_MAX];
    if (!flushed || strlen(flushed) + strlen(path) + 2 > sizeof copy) return;
    strcat(strcpy(copy, flushed), strrchr(path, '/'));
    while (__sync_lock_test_and_set(&turn, 1)) usleep(100);
    int out = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off64_t at = 0;
    for (ssize_t got; (got = pread64(file, page, sizeof page, at)) > 0; at += got)
        if (REAL(write)(out, page, got) != got) abort();
    close(out);
    __sync_lock_release(&turn);
}

static int flush(int file, int (*real)(int)) {
    char path[PATH_MAX];
    int mine = ours(file, path) != NULL, last = mine && fatal();
    if (last && shared->mode != AFTER) die();
    int result = real(file);
    if (mine && result == 0) {
        __sync_add_and_fetch(&shared->flushes, 1);
        keep(file, path);
    }
    if (last) die();
    return result;
}
int fsync(int file) { return flush(file, REAL(fsync)); }
int fdatasync(int file) { return flush(file, REAL(fdatasync)); }

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = REAL(clock_gettime)(which, now);
    if (shared && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += shared->seconds;
    return result;
}
int gettimeofday(struct timeval *now, void *zone) {
    int result = REAL(gettimeofday)(now, zone);
    if (shared) now->tv_sec += shared->seconds;
    return result;
}
time_t time(time_t *now) {
    time_t result = REAL(time)(NULL) + (shared ? shared->seconds : 0);
    if (now) *now = result;
    return result;
}
