/* Stands between a process and the calls with which it changes files: counts those on files below one folder, and at an
 * ordered one kills the process or lets the call fail. Loaded by LD_PRELOAD, ordered by interposed.py. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, MAKE = 4, MOVE = 8, REMOVE = 16, CUT = 32, COMMIT = 64 };
enum { COUNT = 0, KILL = 1, TEAR = 2, FAIL = 3 };

static char root[PATH_MAX];       /* with a slash at its end; empty: nothing is counted */
static char only[PATH_MAX];       /* calls count whose path holds this text */
static int what, failure, kinds = ~COMMIT;
static long first, last;
static atomic_long counted;
static int trace = -1;
static char flag[PATH_MAX];       /* while this file is there, what its text names has no space */

void interposed_order(const char *folder, const char *part, int of_kinds, int to_do, long from, long until, int error) {
    snprintf(root, sizeof root, "%s/", folder);
    snprintf(only, sizeof only, "%s", part);
    kinds = of_kinds, what = to_do, first = from, last = until, failure = error;
    atomic_store(&counted, 0);
}

long interposed_counted(void) { return atomic_load(&counted); }

void interposed_trace(int descriptor) { trace = descriptor; }

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("GRIDPOST_TEST_DISK"), *file = getenv("GRIDPOST_TEST_DISK_FULL");
    if (folder != NULL && file != NULL) {
        snprintf(root, sizeof root, "%s/", folder);
        snprintf(flag, sizeof flag, "%s", file);
    }
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (real == NULL) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t plain_write(int descriptor, const void *bytes, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(descriptor, bytes, length);
}

/* The path of a descriptor, or of a name in the folder of a descriptor. */
static void full_path(char *path, int folder, const char *name) {
    size_t length = 0;
    path[0] = 0;
    if (name == NULL || name[0] != '/') {
        if (name != NULL && folder == AT_FDCWD) {
            if (getcwd(path, PATH_MAX) == NULL) path[0] = 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t got = readlink(link, path, PATH_MAX - 1);
            path[got > 0 ? got : 0] = 0;
        }
        length = strlen(path);
    }
    if (name != NULL) snprintf(path + length, PATH_MAX - length, length ? "/%s" : "%s", name);
}

static void write_down(const char *kind, const char *path, const char *other) {
    char line[2 * PATH_MAX + 64];
    struct stat status;
    unsigned long inode = strcmp(kind, "sync") && strcmp(kind, "write") ? 0 : (stat(path, &status) ? 0 : status.st_ino);
    int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%lu\n", kind, path, other ? other : "", inode);
    plain_write(trace, line, length);
}

static int is_full(const char *path) {
    int descriptor = -1;
    char text[PATH_MAX];
    REAL(int, "open", const char *, int, ...);
    if (flag[0] == 0 || (descriptor = real(flag, O_RDONLY | O_CLOEXEC)) < 0) return 0;
    ssize_t got = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    text[got > 0 ? got : 0] = 0;
    return strstr(path + strlen(root), text) != NULL;
}

/* What is being written, and where; at -1 it is written behind what was written before. */
struct piece { int descriptor; const void *bytes; size_t length; off64_t at; };

static void write_half(const struct piece *piece) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (piece->at < 0) plain_write(piece->descriptor, piece->bytes, piece->length / 2);
    else real(piece->descriptor, piece->bytes, piece->length / 2, piece->at);
}

/* After a failed sync the kernel may drop what was not written yet, and the next sync says that all is well. */
static void lose(int descriptor, const char *path) {
    struct stat status;
    REAL(int, "truncate64", const char *, off64_t);
    if (strstr(path, "/gridpost.db") == NULL && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) real(path, 0);
}

/* Whether the call fails; errno is set then. Does not return where the process is to end. */
static int struck(int kind, const char *name_of_kind, int folder, const char *name, const char *other,
                  const struct piece *piece) {
    char path[PATH_MAX];
    int kept = errno;
    if (root[0] == 0) return 0;
    full_path(path, folder, name);
    if (kind != COMMIT && strncmp(path, root, strlen(root)) != 0) { errno = kept; return 0; }
    if (flag[0] != 0) {
        if ((kind & (WRITE | MAKE | CUT)) && is_full(path)) { errno = ENOSPC; return 1; }
        errno = kept;
        return 0;
    }
    if (!(kind & kinds) || strstr(path, only) == NULL) { errno = kept; return 0; }
    long number = atomic_fetch_add(&counted, 1) + 1;
    if (what == FAIL && number >= first && number <= last) {
        if (trace >= 0) write_down("failed", path, name_of_kind);
        if (kind == SYNC) lose(folder, path);
        errno = failure;
        return 1;
    }
    if ((what == KILL || what == TEAR) && number == first) {
        if (what == TEAR && piece != NULL) write_half(piece);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (trace >= 0) write_down(name_of_kind, path, other);
    errno = kept;
    return 0;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    struct piece piece = {descriptor, bytes, length, -1};
    return struck(WRITE, "write", descriptor, NULL, NULL, &piece) ? -1 : plain_write(descriptor, bytes, length);
}

#define WRITES_AT(name) \
    ssize_t name(int descriptor, const void *bytes, size_t length, off64_t at) { \
        REAL(ssize_t, #name, int, const void *, size_t, off64_t); \
        struct piece piece = {descriptor, bytes, length, at}; \
        return struck(WRITE, "write", descriptor, NULL, NULL, &piece) ? -1 : real(descriptor, bytes, length, at); \
    }
WRITES_AT(pwrite)
WRITES_AT(pwrite64)

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return struck(WRITE, "write", descriptor, NULL, NULL, NULL) ? -1 : real(descriptor, parts, number);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags) {
    REAL(ssize_t, "send", int, const void *, size_t, int);
    int commits = memmem(bytes, length, "COMMIT", 7) != NULL;
    return commits && struck(COMMIT, "commit", descriptor, NULL, NULL, NULL) ? -1 : real(descriptor, bytes, length, flags);
}

#define SYNCS(name) \
    int name(int descriptor) { \
        REAL(int, #name, int); \
        return struck(SYNC, "sync", descriptor, NULL, NULL, NULL) ? -1 : real(descriptor); \
    }
SYNCS(fsync)
SYNCS(fdatasync)

#define CUTS(name) \
    int name(int descriptor, off64_t length) { \
        REAL(int, #name, int, off64_t); \
        return struck(CUT, "cut", descriptor, NULL, NULL, NULL) ? -1 : real(descriptor, length); \
    }
CUTS(ftruncate)
CUTS(ftruncate64)

static int exists(int folder, const char *name) {
    int kept = errno, found = faccessat(folder, name, F_OK, 0) == 0;
    errno = kept;
    return found;
}

/* Opening what is there changes nothing, and fails on no full disk. */
static int makes(int folder, const char *name, int flags) {
    return (flags & O_TMPFILE) != O_TMPFILE && (flags & O_TRUNC || (flags & O_CREAT && !exists(folder, name)))
        && struck(MAKE, flags & O_TRUNC ? "truncate" : "make", folder, name, NULL, NULL);
}

#define MODE(last_named) \
    int mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, last_named); mode = va_arg(more, int); va_end(more); }

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        MODE(flags) \
        return makes(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_IN(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, #name, int, const char *, int, ...); \
        MODE(flags) \
        return makes(folder, path, flags) ? -1 : real(folder, path, flags, mode); \
    }
OPENS_IN(openat)
OPENS_IN(openat64)

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return struck(MAKE, "mkdir", AT_FDCWD, path, NULL, NULL) ? -1 : real(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    return struck(MAKE, "mkdir", folder, path, NULL, NULL) ? -1 : real(folder, path, mode);
}

static int moves(const char *how, int source, const char *from, int target, const char *to) {
    char other[PATH_MAX];
    if (root[0] == 0) return 0;
    full_path(other, target, to);
    return struck(MOVE, how, source, from, other, NULL);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return moves("rename", AT_FDCWD, from, AT_FDCWD, to) ? -1 : real(from, to);
}

int renameat(int source, const char *from, int target, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return moves("rename", source, from, target, to) ? -1 : real(source, from, target, to);
}

int renameat2(int source, const char *from, int target, const char *to, unsigned int flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned int);
    return moves("rename", source, from, target, to) ? -1 : real(source, from, target, to, flags);
}

int linkat(int source, const char *from, int target, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    return moves("link", source, from, target, to) ? -1 : real(source, from, target, to, flags);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    return moves("link", AT_FDCWD, from, AT_FDCWD, to) ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return struck(REMOVE, "unlink", AT_FDCWD, path, NULL, NULL) ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return struck(REMOVE, "unlink", folder, path, NULL, NULL) ? -1 : real(folder, path, flags);
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return struck(REMOVE, "rmdir", AT_FDCWD, path, NULL, NULL) ? -1 : real(path);
}
