/* remote.c: SFTP and FTP(S): transfers that block, each on a thread of its own, behind a ring. */
#include "store/inner.h"

#include "base/clock.h"
#include "base/process.h"
#include "store/ring.h"
#include "store/walk.h"

#define RING_BYTES (((size_t)4 << 20) - 64) /* with what Text and malloc add, a round number */
enum { MOST_BREAKS = 5, PATIENCE_MS = 3600000 };

typedef struct Remote {
    Store store;
    Str base;                    /* URL, user and password removed, without '/' at the end        */
    RemoteLogin login;
} Remote;

static Str url_of(const Remote *remote, Arena *arena, Str name)
{
    return str_print(arena, STR_FMT "%s" STR_FMT, STR_ARG(remote->base), name.len ? "/" : "",
                     STR_ARG(url_encode(arena, name, true)));
}

/* ---- listing ---- */

static bool list_folder(void *context, Str folder, Arena *arena, WalkEntries *out, Err *err)
{
    const Remote *remote = context;
    RemoteEntries found = {0};
    Str url = str_print(arena, STR_FMT "/", STR_ARG(url_of(remote, arena, folder)));
    if (!remote_list(remote->store.http, url, &remote->login, arena, &found, err)) {
        if (err->kind != ERR_IO) /* that is: absent */
            return false;
        err_drop(err);
    }
    for (uint32_t i = 0; i < found.len; i++) {
        WalkEntry entry = {.is_folder = found.at[i].is_folder};
        entry.entry.name = found.at[i].name;
        entry.entry.size_bytes = found.at[i].size_bytes;
        entry.entry.modified_at_us = found.at[i].modified_at_us;
        list_add(arena, out, entry);
    }
    return true;
}

static bool remote_list_store(Store *store, const Patterns *patterns, Arena *arena,
                              StoreEntries *out, Err *err)
{
    return walk_folders(patterns, list_folder, NULL, store, arena, out, err);
}

/* Neither protocol is asked about one file alone: its folder is listed. */
static bool remote_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists,
                        Err *err)
{
    AUTO(arena) Arena scratch = {0};
    ptrdiff_t slash = str_find_last(name, STR("/"));
    Str folder = str_slice(name, 0, slash < 0 ? 0 : (size_t)slash);
    Str last = str_slice(name, (size_t)(slash + 1), name.len);
    WalkEntries entries = {0};
    TRY(list_folder(store, folder, &scratch, &entries, err));
    *exists = false;
    for (uint32_t i = 0; i < entries.len; i++)
        if (!entries.at[i].is_folder && str_eq(entries.at[i].entry.name, last)) {
            *out = entries.at[i].entry;
            out->name = str_copy(arena, name);
            out->etag = STR("");
            *exists = true;
        }
    return true;
}

/* ---- reading ---- */

typedef struct RemoteReader {
    Reader reader;
    Remote *remote;
    Str key;
    uint64_t offset;             /* of the next byte to come: the thread's                        */
    int64_t began_at_us;
    Ring ring;
    Thread thread;
} RemoteReader;

static bool read_piece(void *context, Str piece)
{
    RemoteReader *self = context;
    self->offset += piece.len;
    return ring_put(&self->ring, piece);
}

/* Behind a break: is the file still the one that was begun? No other mark of it than size and
 * time. */
static bool is_same(RemoteReader *self, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    StoreEntry entry;
    bool exists;
    TRY(remote_stat(&self->remote->store, self->key, &scratch, &entry, &exists, err));
    if (exists && entry.size_bytes >= self->offset && entry.modified_at_us <= self->began_at_us)
        return true;
    return err_set(err, ERR_CONFLICT, NOWHERE, STR_FMT " was changed while it was read",
                   STR_ARG(self->reader.name));
}

static void read_all(void *context)
{
    RemoteReader *self = context;
    AUTO(arena) Arena scratch = {0};
    AUTO(err) Err err = {0};
    Str url = url_of(self->remote, &scratch, self->key);
    for (unsigned breaks = 0;; breaks++) {
        err_drop(&err);
        uint64_t before = self->offset;
        if (remote_read(self->remote->store.http, url, &self->remote->login, self->offset,
                        read_piece, self, &err))
            break;
        if (self->offset > before)
            breaks = 0;
        if (err.kind != ERR_UNAVAILABLE || breaks == MOST_BREAKS ||
            !ring_pause(&self->ring, 200 << breaks))
            break;
        Err other = {0};
        if (self->offset && !is_same(self, &other)) {
            err_move(&err, &other);
            break;
        }
    }
    ring_end(&self->ring, &err);
}

static bool remote_next(Reader *reader, Str *piece, Err *err)
{
    RemoteReader *self = (RemoteReader *)reader;
    if (!ring_take(&self->ring, piece)) {
        err_move(err, &self->ring.failure);
        return false;
    }
    reader->raw_bytes += piece->len;
    return true;
}

static void remote_close(Reader *reader)
{
    RemoteReader *self = (RemoteReader *)reader;
    ring_stop(&self->ring);
    thread_join(&self->thread);
    ring_drop(&self->ring);
}

static const ReaderKind remote_reader = {remote_next, remote_close};

static bool remote_read_store(Store *store, Str name, uint64_t offset, Reader **out, Err *err)
{
    (void)err;
    AUTO(arena) Arena scratch = {0};
    Reader *reader = reader_make(sizeof(RemoteReader), &remote_reader,
                                 store_name(store, &scratch, name), NULL);
    RemoteReader *self = (RemoteReader *)reader;
    self->remote = (Remote *)store;
    self->key = str_copy(&reader->arena, name);
    self->offset = offset;
    self->began_at_us = clock_now_us();
    ring_init(&self->ring, RING_BYTES);
    thread_start(&self->thread, "store read", read_all, self);
    *out = reader;
    return true;
}

/* The file is read right away: to look for it first is to list its folder. */
static bool remote_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out,
                       Str *etag, bool *exists, Err *err)
{
    Reader *reader;
    TRY(remote_read_store(store, name, 0, &reader, err));
    AUTO(text) Text content = {.limit = limit_bytes};
    bool is_there = read_whole(reader, &content, err);
    reader_close(reader);
    if (!is_there) {
        AUTO(err) Err ignored = {0};
        StoreEntry entry;
        bool is_hidden = true; /* FTP servers say the same of what may not be read */
        if (err->kind != ERR_IO || content.len ||
            !remote_stat(store, name, arena, &entry, &is_hidden, &ignored) || is_hidden)
            return false;
        err_drop(err);
    } else {
        *out = text_copy(arena, &content);
        if (etag)
            *etag = STR("");
    }
    *exists = is_there;
    return true;
}

/* ---- writing ---- */

typedef struct RemoteWriter {
    Writer writer;
    Remote *remote;
    Str key;
    Str rest;                    /* of a taken piece, not yet sent: the thread's                  */
    Ring ring;
    Thread thread;
    bool is_sent;                /* by the thread; looked at when it is joined                    */
    Err failure;
} RemoteWriter;

/* Gives the transfer its bytes; a writer that was dropped makes it fail. */
static size_t write_piece(void *context, char *at, size_t room, bool *failed)
{
    RemoteWriter *self = context;
    if (!self->rest.len && !ring_take(&self->ring, &self->rest)) {
        *failed = true;
        return 0;
    }
    size_t len = self->rest.len < room ? self->rest.len : room;
    memcpy(at, self->rest.at, len);
    self->rest = str_slice(self->rest, len, self->rest.len);
    return len;
}

static void write_all(void *context)
{
    RemoteWriter *self = context;
    AUTO(arena) Arena scratch = {0};
    RemoteLogin login = self->remote->login;
    login.idle_timeout_ms = PATIENCE_MS; /* who writes may have to work for its bytes */
    self->is_sent = remote_write(self->remote->store.http,
                                 url_of(self->remote, &scratch, self->key), &login, write_piece,
                                 self, &self->failure);
    if (!self->is_sent)
        ring_stop(&self->ring); /* wakes a writer that waits for room */
}

static bool remote_fail(RemoteWriter *self, Err *err)
{
    thread_join(&self->thread);
    if (self->failure.kind != ERR_NONE)
        err_move(err, &self->failure);
    else
        err_set(err, ERR_UNAVAILABLE, NOWHERE, STR_FMT ": the transfer ended early",
                STR_ARG(self->writer.name));
    return false;
}

static bool remote_add(Writer *writer, Str piece, Err *err)
{
    RemoteWriter *self = (RemoteWriter *)writer;
    return ring_put(&self->ring, piece) || remote_fail(self, err);
}

/* These protocols know no conditions: what is there is looked at just before. */
static bool meets_conditions(RemoteWriter *self, Err *err)
{
    const WriteOptions *options = &self->writer.options;
    if (!options->if_absent && !options->if_etag.len)
        return true;
    AUTO(arena) Arena scratch = {0};
    StoreEntry entry;
    bool exists;
    TRY(remote_stat(&self->remote->store, self->key, &scratch, &entry, &exists, err));
    if (options->if_absent && exists)
        return err_set(err, ERR_CONFLICT, NOWHERE, "cannot write " STR_FMT ": it is there already",
                       STR_ARG(self->writer.name));
    if (options->if_etag.len)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT
                       ": this kind of server has no etags to write by",
                       STR_ARG(self->writer.name));
    return true;
}

static bool remote_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    (void)arena;
    RemoteWriter *self = (RemoteWriter *)writer;
    TRY(meets_conditions(self, err));
    ring_end(&self->ring, NULL);
    thread_join(&self->thread);
    *etag = STR("");
    return self->is_sent || remote_fail(self, err);
}

static void remote_drop(Writer *writer)
{
    RemoteWriter *self = (RemoteWriter *)writer;
    ring_stop(&self->ring);
    thread_join(&self->thread);
    ring_drop(&self->ring);
    err_drop(&self->failure);
}

static const WriterKind remote_writer = {remote_add, remote_commit, remote_drop};

static bool remote_write_store(Store *store, Str name, const WriteOptions *options, Writer **out,
                               Err *err)
{
    (void)err;
    AUTO(arena) Arena scratch = {0};
    Writer *writer = writer_make(sizeof(RemoteWriter), &remote_writer,
                                 store_name(store, &scratch, name), options);
    RemoteWriter *self = (RemoteWriter *)writer;
    self->remote = (Remote *)store;
    self->key = str_copy(&writer->arena, name);
    ring_init(&self->ring, RING_BYTES);
    thread_start(&self->thread, "store write", write_all, self);
    *out = writer;
    return true;
}

static bool remote_remove_store(Store *store, Str name, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    const Remote *remote = (const Remote *)store;
    if (remote_remove(store->http, url_of(remote, &scratch, name), &remote->login, err))
        return true;
    AUTO(err) Err ignored = {0};
    StoreEntry entry;
    bool exists = true; /* servers say in many ways that a file was not there */
    if (!remote_stat(store, name, &scratch, &entry, &exists, &ignored) || exists)
        return false;
    err_drop(err);
    return true;
}

/* ---- opening ---- */

static const StoreKind remote_kind = {
    .list = remote_list_store,
    .stat = remote_stat,
    .read = remote_read_store,
    .get = remote_get,
    .write = remote_write_store,
    .remove = remote_remove_store,
};

/* "sftp://user:password@host/x": takes both out of the URL. */
static void take_user(Arena *arena, Remote *remote, Str uri)
{
    size_t begin = (size_t)str_find(uri, STR("://")) + 3;
    Str rest = str_slice(uri, begin, uri.len), host = STR("");
    Str after = rest;
    str_next_part(&after, '/', &host);
    ptrdiff_t at = str_find_last(host, STR("@"));
    if (at >= 0) {
        Str who = str_slice(host, 0, (size_t)at);
        ptrdiff_t colon = str_find_char(who, ':');
        size_t end = colon < 0 ? who.len : (size_t)colon;
        remote->login.user = str_copy(arena, str_slice(who, 0, end));
        if (colon >= 0)
            remote->login.password = str_copy(arena, str_slice(who, (size_t)colon + 1, who.len));
        rest = str_slice(rest, (size_t)at + 1, rest.len);
    }
    while (str_ends(rest, STR("/")))
        rest.len--;
    remote->base = str_print(arena, STR_FMT STR_FMT, STR_ARG(str_slice(uri, 0, begin)),
                             STR_ARG(rest));
}

static Str option_or(Arena *arena, Value options, const char *key, Str otherwise)
{
    return str_copy(arena, value_get_text(options, key, otherwise));
}

bool remote_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err)
{
    static const Str known[] = {STR_INIT("user"),           STR_INIT("password"),
                                STR_INIT("key_file"),       STR_INIT("key_passphrase"),
                                STR_INIT("known_hosts"),    STR_INIT("host_key_check"),
                                STR_INIT("host"),           STR_INIT("port")};
    TRY(options_check(options, known, COUNT_OF(known), "an SFTP or FTP connection", err));
    Remote *remote = NEW(arena, Remote);
    take_user(arena, remote, uri);
    RemoteLogin *login = &remote->login;
    login->user = option_or(arena, options, "user", login->user);
    login->password = option_or(arena, options, "password", login->password);
    login->key_file = option_or(arena, options, "key_file", STR_NONE);
    login->key_pass = option_or(arena, options, "key_passphrase", STR_NONE);
    login->known_hosts = option_or(arena, options, "known_hosts", STR_NONE);
    login->trusts_anyone = !option_is_true(options, "host_key_check", true);
    secret_add(login->password);
    secret_add(login->key_pass);
    remote->store = (Store){
        .magic = STORE_MAGIC,
        .kind = &remote_kind,
        .uri = remote->base,
        .http = http,
    };
    *out = &remote->store;
    return true;
}
