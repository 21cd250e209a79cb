/* archive_lib.c: loads libarchive and feeds it from a Reader. */
#include "store/archive_lib.h"

#include <errno.h>

#include "base/dynamic.h"

enum { MOST_BEHIND_BYTES = 256 << 20 };

#define LIB(name) {#name, offsetof(ArchiveLib, name)},
static const DynamicCall archive_calls[] = {
#include "store/archive.def"
};
#undef LIB

static const Dynamic archive_file = {"libarchive.so.13", "libarchive13", archive_calls,
                                     COUNT_OF(archive_calls)};

static Lock loading = LOCK_INIT(209, "libarchive");
static ArchiveLib archive_table;
static bool has_archive;
static locale_t utf8;            /* never freed; 0 where there is no such locale                  */

bool archive_lib(const ArchiveLib **out, Err *err)
{
    lock_take(&loading);
    if (!has_archive)
        has_archive = dynamic_load(&archive_file, &archive_table, err);
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    bool has_it = has_archive;
    lock_give(&loading);
    *out = &archive_table;
    return has_it;
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

static void keep_tail(Feed *feed, Str piece)
{
    size_t len = piece.len < TAR_BLOCK_BYTES ? piece.len : TAR_BLOCK_BYTES;
    memmove(feed->tail, feed->tail + len, TAR_BLOCK_BYTES - len);
    memcpy(feed->tail + TAR_BLOCK_BYTES - len, piece.at + piece.len - len, len);
}

/* libarchive's read callback: 0 at the end, -1 on failure. */
static la_ssize_t feed_read(struct archive *handle, void *context, const void **at)
{
    Feed *feed = context;
    Str piece;
    if (feed->failure.kind != ERR_NONE || /* libarchive may pass over the first one */
        !reader_next(feed->below, &piece, &feed->failure)) {
        feed->lib->archive_set_error(handle, EIO, "the bytes could not be read");
        return -1;
    }
    if (piece.len)
        keep_tail(feed, piece);
    else
        feed->is_drained = true;
    *at = piece.at;
    return (la_ssize_t)piece.len;
}

bool feed_drain(Feed *feed, Str name, Err *err)
{
    uint64_t len = 0;
    while (!feed->is_drained) {
        Str piece;
        TRY(reader_next(feed->below, &piece, err));
        feed->is_drained = !piece.len;
        len += piece.len;
        if (len > MOST_BEHIND_BYTES)
            return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT
                           " cannot be unpacked: more than %d MiB follow the archive's end",
                           STR_ARG(name), MOST_BEHIND_BYTES >> 20);
    }
    return true;
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
