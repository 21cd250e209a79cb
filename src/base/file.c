/* file.c: files and folders through the system's calls. Every error says path and reason. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT_BYTES ((uint64_t)1 << 30)
#define FLUSH_BYTES ((size_t)1 << 17)
#define DEPTH_MOST 200

/* Reports the system's last error. */
static bool fail(Err *err, const char *doing, Str path)
{
    int code = errno;
    char buffer[128];
    return err_set(err, ERR_IO, NOWHERE, "%s " STR_FMT ": %s", doing, STR_ARG(path),
                   strerror_r(code, buffer, sizeof(buffer)));
}

/* A C string of a path on the stack; false with errno set if it cannot be one. */
static bool path_c(Str path, char out[PATH_MAX])
{
    if (path.len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (path.len && memchr(path.at, '\0', path.len)) {
        errno = EINVAL;
        return false;
    }
    if (path.len)
        memcpy(out, path.at, path.len);
    out[path.len] = '\0';
    return true;
}

static int open_path(Str path, int flags, mode_t mode)
{
    char name[PATH_MAX];
    return path_c(path, name) ? open(name, flags | O_CLOEXEC, mode) : -1;
}

/* A descriptor that is closed on every way out: AUTO(descriptor) int fd = ...; */
static void descriptor_drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- reading ---- */

/* Fills up to `size` bytes; fewer at the end of the file, -1 on failure. */
static ssize_t read_all(int fd, char *at, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t now = read(fd, at + got, size - got);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return -1;
        if (now == 0)
            break;
        got += (size_t)now;
    }
    return (ssize_t)got;
}

bool file_read(Arena *arena, Str path, Str *out, Err *err)
{
    AUTO(descriptor) int fd = open_path(path, O_RDONLY, 0);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return fail(err, "cannot read", path);
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return fail(err, "cannot read", path);
    }
    if ((uint64_t)info.st_size > FILE_LIMIT_BYTES)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "cannot read " STR_FMT
                       ": it has %lld bytes, more than 1 GiB", STR_ARG(path),
                       (long long)info.st_size);
    char *at = arena_take(arena, (size_t)info.st_size + 1, 1);
    ssize_t len = read_all(fd, at, (size_t)info.st_size);
    if (len < 0)
        return fail(err, "cannot read", path);
    at[len] = '\0';
    *out = (Str){at, (size_t)len};
    return true;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t now = write(fd, at, len);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return false;
        at += now;
        len -= (size_t)now;
    }
    return true;
}

/* Opens `temp` if no other writer holds it. What a killed process left under that name is taken
 * over, so that the next write of the same file clears it away: a lock dies with its process.
 */
static int take_temp(Str temp)
{
    AUTO(descriptor) int fd = open_path(temp, O_WRONLY | O_CREAT, 0666);
    struct stat opened, named;
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &opened) != 0)
        return -1;
    /* Between open and lock the other writer may have moved it to its place. */
    if (stat(temp.at, &named) != 0 || named.st_ino != opened.st_ino || ftruncate(fd, 0) != 0) {
        errno = EWOULDBLOCK;
        return -1;
    }
    int taken = fd;
    fd = -1;
    return taken;
}

/* "PATH.tmp"; when another thread or process writes the same file now, a name of our own. */
static int open_temp(FileWriter *writer)
{
    static _Atomic unsigned counter;
    writer->temp = str_print(&writer->arena, STR_FMT ".tmp", STR_ARG(writer->path));
    int fd = take_temp(writer->temp);
    if (fd >= 0 || errno == ENOENT)
        return fd;
    writer->temp = str_print(&writer->arena, STR_FMT ".%ld-%u.tmp", STR_ARG(writer->path),
                             (long)getpid(), atomic_fetch_add(&counter, 1));
    return open_path(writer->temp, O_WRONLY | O_CREAT | O_TRUNC, 0666);
}

bool file_writer_open(FileWriter *writer, Str path, Err *err)
{
    *writer = (FileWriter){.fd = -1};
    writer->path = str_copy(&writer->arena, path);
    writer->fd = open_temp(writer);
    if (writer->fd < 0 && errno == ENOENT && path_folder(path).len) {
        if (!folder_make(path_folder(path), err)) {
            writer->temp = STR_NONE;
            file_writer_drop(writer);
            return false;
        }
        writer->fd = open_temp(writer);
    }
    if (writer->fd >= 0)
        return true;
    fail(err, "cannot write", path);
    writer->temp = STR_NONE; /* not ours */
    file_writer_drop(writer);
    return false;
}

static bool writer_flush(FileWriter *writer, Err *err)
{
    if (!write_all(writer->fd, writer->buffer.at, writer->buffer.len))
        return fail(err, "cannot write", writer->path);
    text_clear(&writer->buffer);
    return true;
}

bool file_writer_add(FileWriter *writer, Str piece, Err *err)
{
    assert(writer->fd >= 0);
    if (piece.len >= FLUSH_BYTES) { /* large pieces are not copied */
        TRY(writer_flush(writer, err));
        if (!write_all(writer->fd, piece.at, piece.len))
            return fail(err, "cannot write", writer->path);
    } else {
        text_add(&writer->buffer, piece);
        if (writer->buffer.len >= FLUSH_BYTES)
            TRY(writer_flush(writer, err));
    }
    writer->size_bytes += piece.len;
    return true;
}

/* Makes the new name of a file itself durable. */
static bool folder_sync(Str folder, Err *err)
{
    if (!folder.len)
        folder = STR(".");
    AUTO(descriptor) int fd = open_path(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        return fail(err, "cannot make durable", folder);
    return true;
}

bool file_writer_commit(FileWriter *writer, bool is_durable, Err *err)
{
    assert(writer->fd >= 0);
    TRY(writer_flush(writer, err));
    if (is_durable && fsync(writer->fd) != 0)
        return fail(err, "cannot write", writer->path);
    char path[PATH_MAX];
    int copy = dup(writer->fd); /* closing it shows late errors; the lock stays until the end */
    if (copy < 0 || close(copy) != 0 || !path_c(writer->path, path) ||
        rename(writer->temp.at, path) != 0)
        return fail(err, "cannot write", writer->path);
    close(writer->fd);
    writer->fd = -1;
    writer->temp = STR_NONE;
    return !is_durable || folder_sync(path_folder(writer->path), err);
}

void file_writer_drop(FileWriter *writer)
{
    if (writer->temp.at) /* while the lock is held */
        unlink(writer->temp.at);
    if (writer->fd > 0) /* a zeroed writer has nothing open */
        close(writer->fd);
    text_drop(&writer->buffer);
    arena_drop(&writer->arena);
    *writer = (FileWriter){.fd = -1};
}

bool file_write(Str path, Str content, bool is_durable, Err *err)
{
    AUTO(file_writer) FileWriter writer = {.fd = -1};
    TRY(file_writer_open(&writer, path, err));
    TRY(file_writer_add(&writer, content, err));
    return file_writer_commit(&writer, is_durable, err);
}

/* Does the file hold just that? */
static bool holds(Str path, Str content)
{
    AUTO(descriptor) int fd = open_path(path, O_RDONLY, 0);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
        (uint64_t)info.st_size != content.len)
        return false;
    char piece[16384];
    while (content.len) {
        ssize_t len = read(fd, piece, sizeof(piece) < content.len ? sizeof(piece) : content.len);
        if (len <= 0 || memcmp(piece, content.at, (size_t)len) != 0)
            return false;
        content = str_slice(content, (size_t)len, content.len);
    }
    return true;
}

bool file_update(Str path, Str content, Err *err)
{
    return holds(path, content) || file_write(path, content, false, err);
}

/* ---- asking ---- */

static FileInfo info_of(const struct stat *found)
{
    return (FileInfo){
        .kind = S_ISREG(found->st_mode)   ? FILE_REGULAR
                : S_ISDIR(found->st_mode) ? FILE_FOLDER
                                          : FILE_OTHER,
        .size_bytes = (uint64_t)found->st_size,
        .modified_at_us = (int64_t)found->st_mtim.tv_sec * 1000000 + found->st_mtim.tv_nsec / 1000,
    };
}

FileInfo file_info(Str path)
{
    char name[PATH_MAX];
    struct stat found;
    if (!path_c(path, name) || stat(name, &found) != 0)
        return (FileInfo){.kind = FILE_ABSENT};
    return info_of(&found);
}

bool file_exists(Str path)
{
    return file_info(path).kind != FILE_ABSENT;
}

/* ---- folders ---- */

bool folder_make(Str path, Err *err)
{
    char name[PATH_MAX];
    if (!path_c(path, name))
        return fail(err, "cannot make folder", path);
    for (size_t end = 1; end <= path.len; end++) {
        if (end < path.len && name[end] != '/')
            continue;
        name[end] = '\0';
        if (mkdir(name, 0777) != 0) {
            int why = errno;
            if (file_info((Str){name, end}).kind != FILE_FOLDER) {
                errno = why;
                return fail(err, "cannot make folder", path);
            }
        }
        name[end] = end < path.len ? '/' : '\0';
    }
    return true;
}

static void folder_close(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

/* Empties the folder behind `fd`, which is closed. `path` is for messages. */
static bool folder_empty(int fd, Str path, int depth, Err *err)
{
    __attribute__((cleanup(folder_close))) DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return fail(err, "cannot read folder", path);
    }
    if (depth > DEPTH_MOST)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "folders nest too deep: " STR_FMT,
                       STR_ARG(path));
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        Str name = str_of(entry->d_name);
        if (str_eq(name, STR(".")) || str_eq(name, STR("..")))
            continue;
        int inside = openat(dirfd(folder), entry->d_name,
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bool is_folder = inside >= 0;
        if (is_folder)
            TRY(folder_empty(inside, path, depth + 1, err));
        if (unlinkat(dirfd(folder), entry->d_name, is_folder ? AT_REMOVEDIR : 0) != 0 &&
            errno != ENOENT)
            return fail(err, "cannot remove", path);
    }
    return true;
}

bool folder_remove(Str path, Err *err)
{
    char name[PATH_MAX];
    if (!path_c(path, name))
        return fail(err, "cannot remove", path);
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || fail(err, "cannot remove", path);
    TRY(folder_empty(fd, path, 0, err));
    return rmdir(name) == 0 || errno == ENOENT || fail(err, "cannot remove", path);
}

bool file_remove(Str path, Err *err)
{
    char name[PATH_MAX];
    if (path_c(path, name) && (unlink(name) == 0 || errno == ENOENT))
        return true;
    return fail(err, "cannot remove", path);
}

/* ---- walking ---- */

/* A folder on the way down, to see links that lead back up. */
typedef struct WalkStep {
    const struct WalkStep *above;
    dev_t device;
    ino_t number;
    int depth;
} WalkStep;

typedef struct Walk {
    Arena *arena;
    FileList *out;
    Str root;
    Err *err;
} Walk;

static bool walk_is_loop(const WalkStep *step)
{
    for (const WalkStep *above = step->above; above; above = above->above)
        if (above->device == step->device && above->number == step->number)
            return true;
    return false;
}

static void walk_add(Walk *walk, Str path, FileInfo info)
{
    FileEntry entry = {path, info.size_bytes, info.modified_at_us};
    list_add(walk->arena, walk->out, entry);
}

/* Lists the folder behind `fd`, which is closed; `prefix` is its path below root. */
static bool walk_folder(Walk *walk, int fd, Str prefix, const WalkStep *above)
{
    __attribute__((cleanup(folder_close))) DIR *folder = fdopendir(fd);
    struct stat found;
    if (!folder || fstat(dirfd(folder), &found) != 0) {
        if (!folder)
            close(fd);
        return fail(walk->err, "cannot read folder", prefix.len ? prefix : walk->root);
    }
    WalkStep step = {above, found.st_dev, found.st_ino, above ? above->depth + 1 : 0};
    if (walk_is_loop(&step))
        return true;
    if (step.depth > DEPTH_MOST)
        return err_set(walk->err, ERR_TOO_DEEP, NOWHERE, "folders nest too deep: " STR_FMT,
                       STR_ARG(prefix));
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(folder))) {
        Str name = str_of(entry->d_name);
        if (str_eq(name, STR(".")) || str_eq(name, STR("..")))
            continue;
        Str path = path_join(walk->arena, prefix, name);
        if (fstatat(dirfd(folder), entry->d_name, &found, 0) != 0) {
            walk_add(walk, path, (FileInfo){0}); /* a link to nothing is listed, as Python does */
        } else if (S_ISREG(found.st_mode)) {
            walk_add(walk, path, info_of(&found));
        } else if (S_ISDIR(found.st_mode)) {
            int inside = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (inside < 0)
                return fail(walk->err, "cannot read folder", path);
            TRY(walk_folder(walk, inside, path, &step));
        }
    }
    return errno == 0 || fail(walk->err, "cannot read folder", prefix.len ? prefix : walk->root);
}

static int entry_compare(const void *a, const void *b)
{
    return str_compare(((const FileEntry *)a)->path, ((const FileEntry *)b)->path);
}

bool folder_walk(Arena *arena, Str root, FileList *out, Err *err)
{
    FileList found = {0};
    Walk walk = {arena, &found, root, err};
    int fd = open_path(root.len ? root : STR("."), O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && errno != ENOENT)
        return fail(err, "cannot read folder", root);
    if (fd >= 0)
        TRY(walk_folder(&walk, fd, STR_NONE, NULL));
    if (found.len)
        qsort(found.at, found.len, sizeof(found.at[0]), entry_compare);
    *out = found;
    return true;
}
