/* fetch.c: ranges in flight; and, for servers that know no ranges, a file without a name that fills
 * up. */
#include "store/fetch.h"

#include <errno.h>
#include <unistd.h>

#define RANGE_BYTES ((uint64_t)2 << 20)
enum { SLOT_COUNT = 4, FIRST_HEADERS = 3 };

/* One range: its arena holds request and answer. */
typedef struct Slot {
    Arena arena;
    Request request;
    HttpCall *call;              /* in flight                                                     */
    uint64_t from, to;           /* bytes [from, to)                                              */
} Slot;

/* A transfer that could not be cut in ranges: the client's thread writes, the reader follows. */
typedef struct Spool {
    Lock lock;
    Signal signal;
    int fd;
    int failed_with;             /* errno of writing                                              */
    uint64_t written;
} Spool;

typedef struct FetchReader {
    Reader reader;
    Store *store;
    const FetchKind *kind;
    Str key;
    uint64_t next_from;          /* where the next range begins                                   */
    uint64_t total;              /* size of the file; known behind the first answer               */
    bool is_known;
    Header condition;            /* what later ranges ask for, or no name                         */
    Slot slots[SLOT_COUNT];      /* used in turn                                                  */
    unsigned oldest, busy;       /* slots in flight begin at `oldest`                             */
    bool is_spooled;
    Spool spool;
    uint64_t spool_at;           /* where the reader is                                           */
    char *buffer;
} FetchReader;

/* ---- ranges ---- */

static bool slot_begin(FetchReader *self, Err *err)
{
    assert(self->busy < SLOT_COUNT);
    Slot *slot = &self->slots[(self->oldest + self->busy) % SLOT_COUNT];
    arena_reset(&slot->arena);
    slot->from = self->next_from;
    slot->to = slot->from + RANGE_BYTES;
    if (self->is_known && slot->to > self->total)
        slot->to = self->total;
    Header headers[FIRST_HEADERS] = {
        {STR("range"), str_print(&slot->arena, "bytes=%llu-%llu", (unsigned long long)slot->from,
                                 (unsigned long long)slot->to - 1)},
        {STR("accept-encoding"), STR("identity")},
        self->condition,
    };
    uint32_t count = self->condition.name.len ? FIRST_HEADERS : FIRST_HEADERS - 1;
    slot->request = (Request){0};
    TRY(self->kind->request(self->store, self->key, headers, count, &slot->arena, &slot->request,
                            err));
    slot->request.body_limit_bytes = RANGE_BYTES + 65536;
    slot->call = http_send(self->store->http, &slot->request);
    self->next_from = slot->to;
    self->busy++;
    return true;
}

/* "bytes 0-9/123" -> 0 and 123. */
static bool parse_content_range(Str text, uint64_t *from, uint64_t *total)
{
    ptrdiff_t blank = str_find_char(text, ' '), slash = str_find_char(text, '/');
    ptrdiff_t dash = str_find_char(text, '-');
    int64_t first, all;
    if (blank < 0 || dash < blank || slash < dash ||
        !str_to_int(str_slice(text, (size_t)blank + 1, (size_t)dash), &first) ||
        !str_to_int(str_slice(text, (size_t)slash + 1, text.len), &all) || first < 0 || all < 0)
        return false;
    *from = (uint64_t)first;
    *total = (uint64_t)all;
    return true;
}

/* What later ranges must ask for: a weak etag never matches, the time of change does instead. */
static void note_version(FetchReader *self, const Response *response)
{
    Str etag = response_header(response, "etag");
    Str modified = response_header(response, "last-modified");
    if (etag.len && !str_starts(etag, STR("W/")))
        self->condition = (Header){STR("if-match"), str_copy(&self->reader.arena, etag)};
    else if (modified.len)
        self->condition =
            (Header){STR("if-unmodified-since"), str_copy(&self->reader.arena, modified)};
}

static bool changed(FetchReader *self, Err *err)
{
    return err_set(err, ERR_CONFLICT, NOWHERE, STR_FMT " was changed while it was read",
                   STR_ARG(self->reader.name));
}

/* Judges the answer to a range and gives its bytes. */
static bool slot_judge(FetchReader *self, const Slot *slot, const Response *response, Str *piece,
                       Err *err)
{
    if (response->status == 412 && self->is_known)
        return changed(self, err);
    if (response->status == 416 && !self->is_known) { /* empty, or the offset is its end */
        self->is_known = true;
        self->total = slot->from;
        *piece = STR("");
        return true;
    }
    if (response->status == 200 && !self->is_known) { /* no ranges here, but small enough */
        self->is_known = true;
        self->total = self->next_from = response->body.len;
        *piece = str_slice(response->body, slot->from, response->body.len);
        return true;
    }
    if (response->status != 206)
        return self->kind->fail(self->store, response, self->key, err);
    uint64_t from, total;
    if (!parse_content_range(response_header(response, "content-range"), &from, &total) ||
        from != slot->from)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT ": the server gave another range than was asked for",
                       STR_ARG(self->reader.name));
    if (self->is_known && total != self->total)
        return changed(self, err);
    if (!self->is_known)
        note_version(self, response);
    self->is_known = true;
    self->total = total;
    uint64_t to = slot->to < total ? slot->to : total;
    if (response->body.len != to - from)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE,
                       STR_FMT ": %zu bytes of a range of %llu came", STR_ARG(self->reader.name),
                       response->body.len, (unsigned long long)(to - from));
    *piece = response->body;
    return true;
}

/* ---- no ranges: spool ---- */

/* On the client's thread. */
static bool spool_add(void *context, Str piece)
{
    Spool *spool = context;
    bool is_written = write_fully(spool->fd, piece);
    lock_take(&spool->lock);
    if (is_written)
        spool->written += piece.len;
    else
        spool->failed_with = errno;
    signal_tell_one(&spool->signal);
    lock_give(&spool->lock);
    return is_written;
}

static bool spool_begin(FetchReader *self, Err *err)
{
    Slot *slot = &self->slots[self->oldest];
    arena_reset(&slot->arena);
    uint64_t offset = slot->from;
    const Header as_it_lies = {STR("accept-encoding"), STR("identity")};
    slot->request = (Request){0};
    TRY(self->kind->request(self->store, self->key, &as_it_lies, 1, &slot->arena, &slot->request,
                            err));
    int fd = spool_open(err);
    TRY(fd >= 0);
    self->spool.fd = fd;
    lock_init(&self->spool.lock, RANK_SPOOL, "spool");
    signal_init(&self->spool.signal);
    self->is_spooled = true;
    self->spool_at = offset;
    self->buffer = arena_take(&self->reader.arena, PIECE_BYTES, 64);
    slot->request.on_data = spool_add;
    slot->request.context = &self->spool;
    slot->call = http_send(self->store->http, &slot->request);
    self->busy = 1;
    return true;
}

/* Waits until there is more than was read; false when the transfer has ended. */
static bool spool_wait(FetchReader *self, const Slot *slot)
{
    Spool *spool = &self->spool;
    for (;;) {
        bool has_ended = !slot->call || http_is_done(slot->call);
        lock_take(&spool->lock);
        bool has_more = spool->written > self->spool_at;
        if (!has_more && !has_ended)
            signal_wait(&spool->signal, &spool->lock, 20);
        lock_give(&spool->lock);
        if (has_more || has_ended)
            return has_more;
    }
}

static bool spool_end(FetchReader *self, Slot *slot, Err *err)
{
    HttpCall *call = slot->call;
    slot->call = NULL;
    self->busy = 0;
    Response response;
    bool is_whole = http_wait(call, &slot->arena, &response, err);
    if (self->spool.failed_with) {
        errno = self->spool.failed_with;
        return io_fail(err, "cannot keep", self->reader.name);
    }
    TRY(is_whole);
    return response.status / 100 == 2 ||
           self->kind->fail(self->store, &response, self->key, err);
}

static bool spool_next(FetchReader *self, Str *piece, Err *err)
{
    Slot *slot = &self->slots[self->oldest];
    if (!spool_wait(self, slot)) {
        if (slot->call)
            TRY(spool_end(self, slot, err));
        if (self->spool.written <= self->spool_at) {
            *piece = STR("");
            return true;
        }
    }
    ssize_t len = pread(self->spool.fd, self->buffer, PIECE_BYTES, (off_t)self->spool_at);
    if (len < 0)
        return io_fail(err, "cannot read", self->reader.name);
    self->spool_at += (uint64_t)len;
    self->reader.raw_bytes += (uint64_t)len;
    *piece = (Str){self->buffer, (size_t)len};
    return true;
}

/* ---- the reader ---- */

static bool fetch_next(Reader *reader, Str *piece, Err *err)
{
    FetchReader *self = (FetchReader *)reader;
    if (self->is_spooled)
        return spool_next(self, piece, err);
    if (!self->busy) {
        *piece = STR("");
        return true;
    }
    Slot *slot = &self->slots[self->oldest];
    HttpCall *call = slot->call;
    Response response;
    slot->call = NULL;
    self->busy--;
    if (!http_wait(call, &slot->arena, &response, err)) {
        if (err->kind != ERR_TOO_BIG || self->is_known)
            return false;
        err_drop(err);
        return spool_begin(self, err) && spool_next(self, piece, err);
    }
    TRY(slot_judge(self, slot, &response, piece, err));
    self->oldest = (self->oldest + 1) % SLOT_COUNT;
    while (self->busy < SLOT_COUNT - 1 && self->next_from < self->total)
        TRY(slot_begin(self, err)); /* the slot whose bytes are given now is the one left free */
    reader->raw_bytes += piece->len;
    return true;
}

static void fetch_close(Reader *reader)
{
    FetchReader *self = (FetchReader *)reader;
    for (unsigned i = 0; i < SLOT_COUNT; i++)
        if (self->slots[i].call)
            http_cancel(self->slots[i].call);
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        Slot *slot = &self->slots[i];
        AUTO(err) Err ignored = {0};
        Response response;
        if (slot->call && !http_wait(slot->call, &slot->arena, &response, &ignored))
            err_drop(&ignored);
        arena_drop(&slot->arena);
    }
    if (self->is_spooled) {
        close(self->spool.fd);
        signal_drop(&self->spool.signal);
        lock_drop(&self->spool.lock);
    }
}

static const ReaderKind fetch_reader = {fetch_next, fetch_close};

bool fetch_open(Store *store, const FetchKind *kind, Str name, uint64_t offset, Reader **out,
                Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Reader *reader = reader_make(sizeof(FetchReader), &fetch_reader,
                                 store_name(store, &scratch, name), NULL);
    FetchReader *self = (FetchReader *)reader;
    self->store = store;
    self->kind = kind;
    self->key = str_copy(&reader->arena, name);
    self->next_from = offset;
    if (!slot_begin(self, err)) {
        reader_close(reader);
        return false;
    }
    *out = reader;
    return true;
}
