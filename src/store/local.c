/* local.c: files of this machine.
 *
 * A file is written without a name (O_TMPFILE) where the file system can, so that even a kill
 * leaves nothing behind; then it is linked: under its name when that must be absent, else under a
 * hidden name that is renamed over the old file.
 */
#include "store/inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "store/walk.h"

typedef struct Local {
    Store store;
    Str root;                    /* absolute                                                      */
} Local;

static Str path_of(const Store *store, Arena *arena, Str name)
{
    return path_join(arena, ((const Local *)store)->root, name);
}

/* Size and time of change: survives copies that keep the time; see publish() for its sharpness. */
static Str etag_of(Arena *arena, const struct stat *info)
{
    return str_print(arena, "%llx-%llx%08lx", (unsigned long long)info->st_size,
                     (unsigned long long)info->st_mtim.tv_sec, info->st_mtim.tv_nsec);
}

static StoreEntry entry_of(Arena *arena, Str name, const struct stat *info)
{
    return (StoreEntry){
        .name = name,
        .size_bytes = (uint64_t)info->st_size,
        .modified_at_us = (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000,
        .etag = etag_of(arena, info),
    };
}

/* ---- listing ---- */

/* Does a link to a folder lead back to a folder that it lies in? */
static bool is_loop(Str folder, Str link)
{
    char real[PATH_MAX], here[PATH_MAX];
    if (!realpath(link.at, real) || !realpath(folder.at, here))
        return true;
    size_t len = strlen(real);
    return strncmp(here, real, len) == 0 && (here[len] == '/' || here[len] == '\0' || len == 1);
}

/* What `item` of the folder is: *is_folder; false when it is neither file nor folder. */
static bool classify(Arena *arena, Str folder, const struct dirent *item, bool *is_folder)
{
    *is_folder = item->d_type == DT_DIR;
    if (item->d_type == DT_DIR || item->d_type == DT_REG)
        return true;
    if (item->d_type != DT_LNK && item->d_type != DT_UNKNOWN)
        return false;
    Str path = path_join(arena, folder, str_of(item->d_name));
    struct stat info;
    if (stat(path.at, &info) != 0)
        return false;
    *is_folder = S_ISDIR(info.st_mode);
    if (*is_folder)
        return item->d_type == DT_UNKNOWN || !is_loop(folder, path);
    return S_ISREG(info.st_mode);
}

static bool list_folder(void *context, Str name, Arena *arena, WalkEntries *out, Err *err)
{
    Str folder = path_of(context, arena, name);
    DIR *handle = opendir(folder.at);
    if (!handle)
        return errno == ENOENT || errno == ENOTDIR || io_fail(err, "cannot list", folder);
    bool is_complete = true;
    for (;;) {
        errno = 0;
        struct dirent *item = readdir(handle);
        if (!item) {
            is_complete = errno == 0 || io_fail(err, "cannot list", folder);
            break;
        }
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        WalkEntry entry = {0};
        if (!classify(arena, folder, item, &entry.is_folder))
            continue;
        entry.entry.name = str_copy(arena, str_of(item->d_name));
        list_add(arena, out, entry);
    }
    closedir(handle);
    return is_complete;
}

/* A file that vanished since is no entry. */
static bool fill_entry(void *context, Str folder, Arena *arena, StoreEntry *entry)
{
    AUTO(arena) Arena scratch = {0};
    struct stat info;
    Str path = path_join(&scratch, path_of(context, &scratch, folder), entry->name);
    if (stat(path.at, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    *entry = entry_of(arena, entry->name, &info);
    return true;
}

static bool local_list(Store *store, const Patterns *patterns, Arena *arena, StoreEntries *out,
                       Err *err)
{
    return walk_folders(patterns, list_folder, fill_entry, store, arena, out, err);
}

static bool local_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists,
                       Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str path = path_of(store, &scratch, name);
    struct stat info;
    bool is_there = stat(path.at, &info) == 0;
    if (!is_there && errno != ENOENT && errno != ENOTDIR)
        return io_fail(err, "cannot read", path);
    is_there = is_there && S_ISREG(info.st_mode);
    if (is_there)
        *out = entry_of(arena, str_copy(arena, name), &info);
    *exists = is_there;
    return true;
}

/* ---- reading ---- */

enum { LEAST_BYTES = 4096 };

typedef struct LocalReader {
    Reader reader;
    int fd;
    Text buffer;                 /* for `room` bytes                                              */
    size_t room;
} LocalReader;

static bool local_next(Reader *reader, Str *piece, Err *err)
{
    LocalReader *self = (LocalReader *)reader;
    ssize_t len;
    do {
        len = read(self->fd, self->buffer.at, self->room);
    } while (len < 0 && errno == EINTR);
    if (len < 0)
        return io_fail(err, "cannot read", reader->name);
    reader->raw_bytes += (uint64_t)len;
    *piece = (Str){self->buffer.at, (size_t)len};
    return true;
}

static void local_close(Reader *reader)
{
    LocalReader *self = (LocalReader *)reader;
    close(self->fd);
    text_drop(&self->buffer);
}

static const ReaderKind local_reader = {local_next, local_close};

static bool local_read(Store *store, Str name, uint64_t offset, Reader **out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str path = path_of(store, &scratch, name);
    int fd = open(path.at, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_fail(err, "cannot read", path);
    struct stat info;
    if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode) ||
        (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0)) {
        if (S_ISDIR(info.st_mode))
            errno = EISDIR;
        io_fail(err, "cannot read", path);
        close(fd);
        return false;
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    LocalReader *reader =
        (LocalReader *)reader_make(sizeof(LocalReader), &local_reader, path, NULL);
    reader->fd = fd;
    uint64_t rest = (uint64_t)info.st_size > offset ? (uint64_t)info.st_size - offset : 0;
    reader->room = rest < PIECE_BYTES ? (size_t)rest + 1 : PIECE_BYTES - 64;
    if (reader->room < LEAST_BYTES) /* also of files that do not tell their size, as in /proc */
        reader->room = LEAST_BYTES;
    text_reserve(&reader->buffer, reader->room);
    *out = &reader->reader;
    return true;
}

/* Content and etag of one and the same file, also when another one takes its name meanwhile. */
static bool local_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out,
                      Str *etag, bool *exists, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str path = path_of(store, &scratch, name);
    struct stat info;
    if (stat(path.at, &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        *exists = false;
        return true;
    }
    Reader *reader;
    TRY(local_read(store, name, 0, &reader, err));
    AUTO(text) Text content = {.limit = limit_bytes};
    Str piece;
    bool is_read = fstat(((LocalReader *)reader)->fd, &info) == 0 ||
                   io_fail(err, "cannot read", path);
    do {
        is_read = is_read && reader_next(reader, &piece, err);
        if (is_read)
            text_add(&content, piece);
    } while (is_read && piece.len && !content.is_cut);
    reader_close(reader);
    TRY(is_read);
    if (content.is_cut)
        return err_set(err, ERR_TOO_BIG, NOWHERE, STR_FMT " has more than %llu bytes",
                       STR_ARG(path), (unsigned long long)limit_bytes);
    *out = text_copy(arena, &content);
    if (etag)
        *etag = etag_of(arena, &info);
    *exists = true;
    return true;
}

/* ---- writing ---- */

typedef struct LocalWriter {
    Writer writer;
    int fd;
    Str path, folder;
    Str temp;                    /* the hidden name it has now, or empty                          */
    char *buffer;
    size_t held;                 /* bytes in buffer                                               */
} LocalWriter;

/* A hidden name beside the file that nobody else takes. */
static Str temp_name(LocalWriter *self)
{
    static _Atomic unsigned counter;
    return str_print(&self->writer.arena, STR_FMT "/." STR_FMT ".%ld-%u" TEMP_SUFFIX,
                     STR_ARG(self->folder), STR_ARG(path_name(self->path)), (long)getpid(),
                     atomic_fetch_add(&counter, 1));
}

/* A file without a name, else one with a hidden name. errno is set when the result is -1. */
static int open_hidden(LocalWriter *self)
{
    int fd = -1;
    errno = EOPNOTSUPP;
    if (access("/proc/self/fd", X_OK) == 0)
        fd = open(self->folder.at, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    self->temp = temp_name(self);
    fd = open(self->temp.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        self->temp = STR_NONE;
    return fd;
}

static bool flush(LocalWriter *self, Str piece, Err *err)
{
    if (!write_fully(self->fd, (Str){self->buffer, self->held}) ||
        !write_fully(self->fd, piece))
        return io_fail(err, "cannot write", self->path);
    self->held = 0;
    return true;
}

static bool local_add(Writer *writer, Str piece, Err *err)
{
    LocalWriter *self = (LocalWriter *)writer;
    if (self->held + piece.len > PIECE_BYTES)
        return flush(self, piece, err);
    memcpy(self->buffer + self->held, piece.at, piece.len);
    self->held += piece.len;
    return true;
}

static bool conflict(LocalWriter *self, const char *why, Err *err)
{
    return err_set(err, ERR_CONFLICT, NOWHERE, "cannot write " STR_FMT ": %s",
                   STR_ARG(self->path), why);
}

/* Gives the open file a name. */
static bool link_as(LocalWriter *self, Str name)
{
    if (self->temp.len)
        return link(self->temp.at, name.at) == 0;
    char opened[64];
    snprintf(opened, sizeof(opened), "/proc/self/fd/%d", self->fd);
    return linkat(AT_FDCWD, opened, AT_FDCWD, name.at, AT_SYMLINK_FOLLOW) == 0;
}

/* Renames it over what is there. */
static bool replace(LocalWriter *self, Err *err)
{
    if (!self->temp.len) {
        Str temp = temp_name(self);
        if (!link_as(self, temp))
            return io_fail(err, "cannot write", self->path);
        self->temp = temp;
    }
    if (rename(self->temp.at, self->path.at) != 0)
        return io_fail(err, "cannot write", self->path);
    self->temp = STR_NONE;
    return true;
}

/* Replaces the file if it still is the one expected. The lock on the old file makes those who want
 * the same wait for each other; who comes second finds another file under the name. */
static bool replace_if_same(LocalWriter *self, Err *err)
{
    int old = open(self->path.at, O_RDONLY | O_CLOEXEC);
    if (old < 0)
        return errno == ENOENT ? conflict(self, "it is not there any more", err)
                               : io_fail(err, "cannot write", self->path);
    struct stat locked, named;
    bool is_replaced = false;
    AUTO(arena) Arena scratch = {0};
    if (flock(old, LOCK_EX) != 0 || fstat(old, &locked) != 0 ||
        stat(self->path.at, &named) != 0 || named.st_ino != locked.st_ino ||
        named.st_dev != locked.st_dev ||
        !str_eq(etag_of(&scratch, &locked), self->writer.options.if_etag)) {
        conflict(self, "another writer has changed it", err);
    } else {
        is_replaced = replace(self, err);
    }
    close(old);
    return is_replaced;
}

/* Puts it under its name. Its time is read from the precise clock: the kernel's own stands still
 * for some milliseconds, in which two contents of one length would get the same etag. */
static bool publish(LocalWriter *self, Err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
    clock_gettime(CLOCK_REALTIME, &times[1]);
    if (futimens(self->fd, times) != 0)
        return io_fail(err, "cannot write", self->path);
    if (self->writer.options.is_durable && fsync(self->fd) != 0)
        return io_fail(err, "cannot write", self->path);
    int copy = dup(self->fd); /* closing it shows errors that come late, as over NFS */
    if (copy < 0 || close(copy) != 0)
        return io_fail(err, "cannot write", self->path);
    if (self->writer.options.if_etag.len)
        return replace_if_same(self, err);
    if (!self->writer.options.if_absent)
        return replace(self, err);
    if (link_as(self, self->path))
        return true;
    return errno == EEXIST ? conflict(self, "it is there already", err)
                           : io_fail(err, "cannot write", self->path);
}

static bool sync_folder(Str folder, Err *err)
{
    int fd = open(folder.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    if (!is_synced)
        io_fail(err, "cannot make durable", folder);
    if (fd >= 0)
        close(fd);
    return is_synced;
}

static bool local_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    LocalWriter *self = (LocalWriter *)writer;
    struct stat info;
    TRY(flush(self, STR_NONE, err));
    TRY(publish(self, err));
    if (fstat(self->fd, &info) == 0)
        *etag = etag_of(arena, &info);
    return !writer->options.is_durable || sync_folder(self->folder, err);
}

static void local_drop(Writer *writer)
{
    LocalWriter *self = (LocalWriter *)writer;
    if (self->temp.len)
        unlink(self->temp.at);
    if (self->fd >= 0)
        close(self->fd);
}

static const WriterKind local_writer = {local_add, local_commit, local_drop};

static bool local_write(Store *store, Str name, const WriteOptions *options, Writer **out,
                        Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str path = path_of(store, &scratch, name);
    Writer *writer = writer_make(sizeof(LocalWriter), &local_writer, path, options);
    LocalWriter *self = (LocalWriter *)writer;
    self->path = writer->name;
    self->folder = str_copy(&writer->arena, path_folder(path));
    if (!self->folder.len)
        self->folder = STR("/");
    self->fd = open_hidden(self);
    if (self->fd < 0 && errno == ENOENT && folder_make(self->folder, err))
        self->fd = open_hidden(self);
    if (self->fd < 0) {
        if (err->kind == ERR_NONE)
            io_fail(err, "cannot write", path);
        writer_drop(writer);
        return false;
    }
    self->buffer = arena_take(&writer->arena, PIECE_BYTES, 64);
    *out = writer;
    return true;
}

static bool local_remove(Store *store, Str name, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    return file_remove(path_of(store, &scratch, name), err);
}

/* ---- opening ---- */

static const StoreKind local_kind = {
    .list = local_list,
    .stat = local_stat,
    .read = local_read,
    .get = local_get,
    .write = local_write,
    .remove = local_remove,
};

bool local_open(Arena *arena, Str uri, Value options, Store **out, Err *err)
{
    static const Str known[] = {STR_INIT("root")};
    TRY(options_check(options, known, COUNT_OF(known), "a local folder", err));
    Str path = uri;
    if (str_starts(path, STR("file://")))
        path = str_slice(path, 7, path.len);
    path = path_absolute(arena, path_expand_home(arena, path.len ? path : STR(".")));
    Local *local = NEW(arena, Local);
    local->root = path;
    local->store = (Store){.magic = STORE_MAGIC, .kind = &local_kind, .uri = path,
                           .is_local = true};
    *out = &local->store;
    return true;
}
