/* store.c: opens places by their scheme and does what is the same for all of them. */
#include "store/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

/* ---- options ---- */

/* What every connection may say; other rooms read most of it. */
static const Str common_keys[] = {
    STR_INIT("type"),        STR_INIT("name"),           STR_INIT("description"),
    STR_INIT("uri"),         STR_INIT("url"),            STR_INIT("base_url"),
    STR_INIT("path"),        STR_INIT("prefix"),         STR_INIT("rate_limit"),
    STR_INIT("concurrency"), STR_INIT("on_unavailable"), STR_INIT("retries"),
    STR_INIT("timeout"),     STR_INIT("meta"),
};

static bool is_among(Str name, const Str *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, known[i]))
            return true;
    return false;
}

bool options_check(Value options, const Str *known, size_t count, const char *kind, Err *err)
{
    if (value_is_none(options) || value_is_undefined(options))
        return true;
    if (!value_is_dict(options))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "options of %s must be a mapping, this is a %s", kind,
                       value_type_name(options));
    Value key, value;
    uint32_t at = 0;
    while (dict_next(options.dict, &at, &key, &value)) {
        Str name = value_str(key);
        if (is_among(name, known, count) || is_among(name, common_keys, COUNT_OF(common_keys)))
            continue;
        Str near = str_nearest(name, known, count);
        err_set(err, ERR_RUNTIME, NOWHERE, "%s has no option \"" STR_FMT "\"", kind,
                STR_ARG(name));
        if (near.len)
            err_add(err, ". Did you mean \"" STR_FMT "\"?", STR_ARG(near));
        return false;
    }
    return true;
}

bool option_is_true(Value options, const char *key, bool otherwise)
{
    Value v = value_get(options, key);
    if (value_is_undefined(v) || value_is_none(v))
        return otherwise;
    if (value_is_text(v))
        return str_eq_fold(value_str(v), STR("true")) || str_eq_fold(value_str(v), STR("yes")) ||
               value_is(v, "1");
    return value_truth(v);
}

bool limit_option(Arena *arena, Value options, Limit **out, Err *err)
{
    double per_second = 0;
    int64_t most = 0;
    Value rate = value_get(options, "rate_limit"), many = value_get(options, "concurrency");
    AUTO(text) Text text = {0};
    if (!value_is_undefined(rate) && !value_is_none(rate)) {
        value_print(rate, &text);
        TRY(rate_parse(text_str(&text), &per_second, err));
    }
    if (value_is_int(many) && many.number > 0)
        most = many.number;
    *out = per_second > 0 || most ? limit_make(arena, per_second, 1, (uint32_t)most) : NULL;
    return true;
}

/* ---- opening ---- */

static bool has_scheme(Str uri, const char *scheme)
{
    size_t len = strlen(scheme);
    return uri.len >= len + 3 && str_eq_fold(str_slice(uri, 0, len), str_of(scheme)) &&
           str_starts(str_slice(uri, len, uri.len), STR("://"));
}

bool store_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err)
{
    static const struct {
        const char *scheme;
        bool (*open)(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err);
    } schemes[] = {
        {"s3", s3_open},       {"https", web_open},  {"http", web_open},
        {"sftp", remote_open}, {"ftp", remote_open}, {"ftps", remote_open}, {"ftpes", remote_open},
    };
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (!has_scheme(uri, schemes[i].scheme))
            continue;
        if (!http)
            return err_set(err, ERR_INTERNAL, NOWHERE, "no client to reach a remote place with");
        return schemes[i].open(arena, uri, options, http, out, err);
    }
    ptrdiff_t colon = str_find(uri, STR("://"));
    if (colon > 0 && !has_scheme(uri, "file"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "no store is called " STR_FMT "://: there are paths, file://, s3://, "
                       "https://, sftp:// and ftp://", (int)colon, uri.at);
    return local_open(arena, uri, options, out, err);
}

Str store_uri(const Store *store)
{
    return store->uri;
}

bool store_is_local(const Store *store)
{
    return store->is_local;
}

Str store_name(const Store *store, Arena *arena, Str name)
{
    if (!name.len)
        return str_copy(arena, store->uri);
    bool has_slash = str_ends(store->uri, STR("/"));
    return str_print(arena, STR_FMT "%s" STR_FMT, STR_ARG(store->uri), has_slash ? "" : "/",
                     STR_ARG(name));
}

Str store_path(const Store *store, Arena *arena, Str name)
{
    return store_name(store, arena, name);
}

/* ---- listing ---- */

static int by_name(const void *a, const void *b)
{
    return str_compare(((const StoreEntry *)a)->name, ((const StoreEntry *)b)->name);
}

/* Patterns without wildcards: no listing, each is asked for. */
static bool list_literal(Store *store, const Patterns *patterns, Arena *arena, StoreEntries *out,
                         Err *err)
{
    for (uint32_t i = 0; i < patterns->len; i++) {
        StoreEntry entry;
        bool exists;
        if (!patterns->at[i].count)
            continue;
        TRY(store->kind->stat(store, patterns->at[i].text, arena, &entry, &exists, err));
        if (exists)
            list_add(arena, out, entry);
    }
    return true;
}

bool store_list(Store *store, Str glob, Arena *arena, StoreEntries *out, Err *err)
{
    CHECK(store, STORE_MAGIC);
    AUTO(arena) Arena scratch = {0};
    Patterns patterns;
    TRY(patterns_make(&scratch, glob, &patterns, err));
    bool is_literal = true;
    for (uint32_t i = 0; i < patterns.len; i++)
        is_literal = is_literal && patterns.at[i].is_literal;
    StoreEntries found = {0};
    if (is_literal)
        TRY(list_literal(store, &patterns, arena, &found, err));
    else
        TRY(store->kind->list(store, &patterns, arena, &found, err));
    if (found.len)
        qsort(found.at, found.len, sizeof(found.at[0]), by_name);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found.len; i++)
        if (kept == 0 || !str_eq(found.at[kept - 1].name, found.at[i].name))
            found.at[kept++] = found.at[i];
    found.len = kept;
    *out = found;
    return true;
}

bool store_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists, Err *err)
{
    CHECK(store, STORE_MAGIC);
    return store->kind->stat(store, name, arena, out, exists, err);
}

/* ---- reading ---- */

Reader *reader_make(size_t size, const ReaderKind *kind, Str name, Reader *below)
{
    assert(size >= sizeof(Reader));
    Arena arena = {0};
    Reader *reader = arena_take(&arena, size, _Alignof(max_align_t));
    *reader = (Reader){.magic = READER_MAGIC, .kind = kind, .below = below};
    reader->name = str_copy(&arena, name);
    reader->arena = arena;
    return reader;
}

bool reader_next(Reader *reader, Str *piece, Err *err)
{
    CHECK(reader, READER_MAGIC);
    if (reader->has_failed)
        return err_set(err, ERR_IO, NOWHERE, STR_FMT ": reading failed before",
                       STR_ARG(reader->name));
    if (reader->is_at_end) {
        *piece = STR("");
        return true;
    }
    Str got = STR("");
    if (!reader->kind->next(reader, &got, err)) {
        reader->has_failed = true;
        return false;
    }
    reader->is_at_end = !got.len;
    *piece = got;
    return true;
}

void reader_close(Reader *reader)
{
    while (reader) {
        CHECK(reader, READER_MAGIC);
        Reader *below = reader->below;
        if (reader->kind->close)
            reader->kind->close(reader);
        reader->magic = 0;
        Arena arena = reader->arena;
        arena_drop(&arena);
        reader = below;
    }
}

Str reader_name(const Reader *reader)
{
    CHECK(reader, READER_MAGIC);
    return reader->name;
}

uint64_t reader_raw_bytes(const Reader *reader)
{
    CHECK(reader, READER_MAGIC);
    while (reader->below)
        reader = reader->below;
    return reader->raw_bytes;
}

bool store_read(Store *store, Str name, uint64_t offset, Reader **out, Err *err)
{
    CHECK(store, STORE_MAGIC);
    return store->kind->read(store, name, offset, out, err);
}

bool read_whole(Reader *reader, Text *content, Err *err)
{
    for (;;) {
        Str piece;
        TRY(reader_next(reader, &piece, err));
        if (!piece.len)
            return true;
        text_add(content, piece);
        if (content->is_cut)
            return err_set(err, ERR_TOO_BIG, NOWHERE, STR_FMT " has more than %llu bytes",
                           STR_ARG(reader_name(reader)), (unsigned long long)content->limit);
    }
}

bool store_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out, Str *etag,
               bool *exists, Err *err)
{
    CHECK(store, STORE_MAGIC);
    if (store->kind->get)
        return store->kind->get(store, name, limit_bytes, arena, out, etag, exists, err);
    StoreEntry entry;
    bool is_there;
    TRY(store->kind->stat(store, name, arena, &entry, &is_there, err));
    if (is_there) {
        Reader *reader;
        TRY(store->kind->read(store, name, 0, &reader, err));
        AUTO(text) Text content = {.limit = limit_bytes};
        text_reserve(&content, entry.size_bytes < limit_bytes ? entry.size_bytes : limit_bytes);
        bool is_read = read_whole(reader, &content, err);
        reader_close(reader);
        TRY(is_read);
        *out = text_copy(arena, &content);
        if (etag)
            *etag = entry.etag;
    }
    *exists = is_there;
    return true;
}

/* ---- writing ---- */

Writer *writer_make(size_t size, const WriterKind *kind, Str name, const WriteOptions *options)
{
    assert(size >= sizeof(Writer));
    Arena arena = {0};
    Writer *writer = arena_take(&arena, size, _Alignof(max_align_t));
    *writer = (Writer){.magic = WRITER_MAGIC, .kind = kind};
    if (options)
        writer->options = *options;
    writer->options.if_etag = str_copy(&arena, writer->options.if_etag);
    writer->options.content_type = str_copy(&arena, writer->options.content_type);
    writer->name = str_copy(&arena, name);
    writer->arena = arena;
    return writer;
}

bool store_write(Store *store, Str name, const WriteOptions *options, Writer **out, Err *err)
{
    CHECK(store, STORE_MAGIC);
    return store->kind->write(store, name, options, out, err);
}

bool writer_add(Writer *writer, Str piece, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    if (writer->has_failed)
        return err_set(err, ERR_IO, NOWHERE, STR_FMT ": writing failed before",
                       STR_ARG(writer->name));
    if (piece.len && !writer->kind->add(writer, piece, err)) {
        writer->has_failed = true;
        return false;
    }
    return true;
}

bool writer_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    Str made = STR("");
    if (writer->has_failed)
        err_set(err, ERR_IO, NOWHERE, STR_FMT ": writing failed before", STR_ARG(writer->name));
    else
        writer->is_committed = writer->kind->commit(writer, arena, &made, err);
    bool is_committed = writer->is_committed;
    writer_drop(writer);
    if (is_committed && etag)
        *etag = made;
    return is_committed;
}

void writer_drop(Writer *writer)
{
    if (!writer)
        return;
    CHECK(writer, WRITER_MAGIC);
    writer->kind->drop(writer);
    writer->magic = 0;
    Arena arena = writer->arena;
    arena_drop(&arena);
}

bool store_put(Store *store, Str name, Str content, const WriteOptions *options, Arena *arena,
               Str *etag, Err *err)
{
    Writer *writer;
    TRY(store_write(store, name, options, &writer, err));
    if (!writer_add(writer, content, err)) {
        writer_drop(writer);
        return false;
    }
    return writer_commit(writer, arena, etag, err);
}

bool store_put_file(Store *store, Str name, Str local_path, const WriteOptions *options, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Store *local;
    Reader *reader;
    Writer *writer;
    TRY(local_open(&arena, path_folder(path_absolute(&arena, local_path)), NONE, &local, err));
    TRY(store_read(local, path_name(local_path), 0, &reader, err));
    if (!store_write(store, name, options, &writer, err)) {
        reader_close(reader);
        return false;
    }
    Str piece;
    bool is_copied;
    do {
        is_copied = reader_next(reader, &piece, err);
        if (is_copied && piece.len)
            is_copied = writer_add(writer, piece, err);
    } while (is_copied && piece.len);
    reader_close(reader);
    if (is_copied)
        return writer_commit(writer, &arena, NULL, err);
    writer_drop(writer);
    return false;
}

bool store_remove(Store *store, Str name, Err *err)
{
    CHECK(store, STORE_MAGIC);
    return store->kind->remove(store, name, err);
}

/* ---- small things ---- */

bool io_fail(Err *err, const char *what, Str path)
{
    int reason = errno;
    return err_set(err, ERR_IO, NOWHERE, "%s " STR_FMT ": %s", what, STR_ARG(path),
                   strerror(reason));
}

bool write_fully(int fd, Str piece)
{
    while (piece.len) {
        ssize_t now = write(fd, piece.at, piece.len);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return false;
        piece = str_slice(piece, (size_t)now, piece.len);
    }
    return true;
}

int spool_open(Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str folder = environment_get("TMPDIR");
    if (!folder.len)
        folder = STR("/tmp");
    int fd = open(str_c(&scratch, folder), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    Str name = str_print(&scratch, STR_FMT "/weir-XXXXXX", STR_ARG(folder));
    char *named = (char *)arena_take(&scratch, name.len + 1, 1);
    memcpy(named, name.at, name.len);
    fd = mkostemp(named, O_CLOEXEC);
    if (fd < 0)
        io_fail(err, "cannot make a temporary file in", folder);
    else
        unlink(named);
    return fd;
}

/* `count` digits at `at`, or -1. */
static int digits(Str text, size_t at, size_t count)
{
    int number = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= text.len || text.at[i] < '0' || text.at[i] > '9')
            return -1;
        number = number * 10 + (text.at[i] - '0');
    }
    return number;
}

/* The instant of fields that were read; 0 when one of them is missing. */
static int64_t instant(int year, int month, int day, int hour, int minute, int second)
{
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        return 0;
    return us_of_civil((Civil){.year = year, .month = (unsigned)month, .day = (unsigned)day,
                               .hour = (unsigned)hour, .minute = (unsigned)minute,
                               .second = (unsigned)second});
}

int64_t when_iso(Str text)
{
    int64_t at_us = instant(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2),
                            digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2));
    int64_t unit_us = 100000;
    if (at_us && text.len > 20 && text.at[19] == '.')
        for (size_t i = 20; i < text.len && unit_us && digits(text, i, 1) >= 0; i++) {
            at_us += digits(text, i, 1) * unit_us;
            unit_us /= 10;
        }
    return at_us;
}

int64_t when_http(Str text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.len < 25)
        return 0;
    int month = 0;
    for (int i = 0; i < 12 && !month; i++)
        if (memcmp(months + i * 3, text.at + 8, 3) == 0)
            month = i + 1;
    return instant(digits(text, 12, 4), month, digits(text, 5, 2), digits(text, 17, 2),
                   digits(text, 20, 2), digits(text, 23, 2));
}
