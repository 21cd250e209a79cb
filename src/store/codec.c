/* codec.c: loads libarchive, zlib and libzstd, and feeds libarchive from a Reader. */
#include "store/codec.h"

#include <errno.h>

#include "base/dynamic.h"

#define LIB(name) {#name, offsetof(ArchiveLib, name)},
static const DynamicCall archive_calls[] = {
#include "store/archive.def"
};
#undef LIB
#define LIB(name) {#name, offsetof(ZLib, name)},
static const DynamicCall zlib_calls[] = {
#include "store/zlib.def"
};
#undef LIB
#define LIB(name) {#name, offsetof(ZstdLib, name)},
static const DynamicCall zstd_calls[] = {
#include "store/zstd.def"
};
#undef LIB

static const Dynamic archive_file = {"libarchive.so.13", "libarchive13", archive_calls,
                                     COUNT_OF(archive_calls)};
static const Dynamic zlib_file = {"libz.so.1", "zlib1g", zlib_calls, COUNT_OF(zlib_calls)};
static const Dynamic zstd_file = {"libzstd.so.1", "libzstd1", zstd_calls, COUNT_OF(zstd_calls)};

static Lock loading = LOCK_INIT(209, "store codecs");
static ArchiveLib archive_table;
static ZLib zlib_table;
static ZstdLib zstd_table;
static bool has_archive, has_zlib, has_zstd;
static locale_t utf8;            /* never freed; 0 where there is no such locale                  */

static bool load(const Dynamic *file, void *table, bool *is_loaded, Err *err)
{
    lock_take(&loading);
    bool has_it = *is_loaded || dynamic_load(file, table, err);
    *is_loaded = has_it;
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    lock_give(&loading);
    return has_it;
}

bool archive_lib(const ArchiveLib **out, Err *err)
{
    TRY(load(&archive_file, &archive_table, &has_archive, err));
    *out = &archive_table;
    return true;
}

bool zlib_lib(const ZLib **out, Err *err)
{
    TRY(load(&zlib_file, &zlib_table, &has_zlib, err));
    *out = &zlib_table;
    return true;
}

bool zstd_lib(const ZstdLib **out, Err *err)
{
    TRY(load(&zstd_file, &zstd_table, &has_zstd, err));
    *out = &zstd_table;
    return true;
}

locale_t utf8_begin(void)
{
    return utf8 ? uselocale(utf8) : (locale_t)0;
}

void utf8_end(locale_t before)
{
    if (before)
        uselocale(before);
}

/* libarchive's read callback: 0 at the end, -1 on failure. */
static la_ssize_t feed_read(struct archive *handle, void *context, const void **at)
{
    Feed *feed = context;
    Str piece = feed->head;
    feed->head = STR_NONE;
    if (!piece.len && !reader_next(feed->below, &piece, &feed->failure)) {
        feed->lib->archive_set_error(handle, EIO, "the bytes could not be read");
        return -1;
    }
    *at = piece.at;
    return (la_ssize_t)piece.len;
}

bool feed_open(Feed *feed, struct archive *handle, Str name, Err *err)
{
    if (feed->lib->archive_read_open(handle, feed, NULL, feed_read, NULL) == ARCHIVE_OK)
        return true;
    return feed_fail(feed, handle, name, err);
}

bool feed_fail(Feed *feed, struct archive *handle, Str name, Err *err)
{
    if (feed->failure.kind != ERR_NONE) {
        err_move(err, &feed->failure);
        return false;
    }
    const char *reason = feed->lib->archive_error_string(handle);
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " cannot be unpacked: %s", STR_ARG(name),
                   reason ? reason : "corrupt");
}
