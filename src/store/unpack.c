/* unpack.c: one stream of packed bytes made plain.
 *
 * What packed it is told from its first bytes. gzip goes through zlib itself, which checks length
 * and checksum of each member (libarchive's filter does not); zstd, bzip2, xz and lz4 go through
 * libarchive; anything else passes as it is, without a copy and without any library.
 */
#include "store/codec.h"

enum { SNIFF_BYTES = 10 };

typedef enum Packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD, PACKING_BZIP2, PACKING_XZ,
                       PACKING_LZ4 } Packing;

static bool starts_with(Str head, const void *magic, size_t len)
{
    return head.len >= len && memcmp(head.at, magic, len) == 0;
}

static Packing sniff(Str head)
{
    if (starts_with(head, "\x1f\x8b\x08", 3))
        return PACKING_GZIP;
    bool is_skippable = head.len >= 4 && (head.at[0] & 0xf0) == 0x50 &&
                        memcmp(head.at + 1, "\x2a\x4d\x18", 3) == 0;
    if (is_skippable || starts_with(head, "\x28\xb5\x2f\xfd", 4))
        return PACKING_ZSTD;
    if (starts_with(head, "BZh", 3) && head.len >= 10 && head.at[3] >= '1' && head.at[3] <= '9' &&
        (memcmp(head.at + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
         memcmp(head.at + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
        return PACKING_BZIP2;
    if (starts_with(head, "\xfd\x37\x7a\x58\x5a\x00", 6))
        return PACKING_XZ;
    if (starts_with(head, "\x04\x22\x4d\x18", 4))
        return PACKING_LZ4;
    return PACKING_NONE;
}

/* ---- plain ---- */

typedef struct PlainReader {
    Reader reader;
    Text kept;                   /* the first bytes, when they came in small pieces               */
    Str head;
} PlainReader;

static bool plain_next(Reader *reader, Str *piece, Err *err)
{
    PlainReader *self = (PlainReader *)reader;
    if (!self->head.len)
        return reader_next(reader->below, piece, err);
    *piece = self->head;
    self->head = STR_NONE;
    return true;
}

static void plain_close(Reader *reader)
{
    text_drop(&((PlainReader *)reader)->kept);
}

static const ReaderKind plain_reader = {plain_next, plain_close};

/* ---- gzip ---- */

typedef struct GzipReader {
    Reader reader;
    const ZLib *lib;
    z_stream stream;
    Str source;                  /* the piece from below that is being taken in                   */
    bool is_between;             /* behind a whole member                                         */
    char *buffer;
} GzipReader;

static bool gzip_corrupt(GzipReader *self, const char *reason, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " cannot be unpacked: %s",
                   STR_ARG(self->reader.name), reason);
}

/* Behind a member: the next one begins, or zeros fill the rest, or that is the end. */
static bool gzip_between(GzipReader *self, bool *is_end, Err *err)
{
    while (self->source.len && self->source.at[0] == 0)
        self->source = str_slice(self->source, 1, self->source.len);
    if (!self->source.len)
        return reader_next(self->reader.below, &self->source, err) &&
               (*is_end = !self->source.len, true);
    if ((unsigned char)self->source.at[0] != 0x1f)
        return gzip_corrupt(self, "something that is not gzip follows the compressed bytes", err);
    self->is_between = false;
    return self->lib->inflateReset(&self->stream) == Z_OK || gzip_corrupt(self, "zlib", err);
}

/* Feeds zlib until it gives something. */
static bool gzip_next(Reader *reader, Str *piece, Err *err)
{
    GzipReader *self = (GzipReader *)reader;
    bool is_end = false;
    self->stream.next_out = (Bytef *)self->buffer;
    self->stream.avail_out = PIECE_BYTES;
    while (!is_end && self->stream.avail_out == PIECE_BYTES) {
        if (self->is_between) {
            TRY(gzip_between(self, &is_end, err));
            continue;
        }
        if (!self->source.len) {
            TRY(reader_next(reader->below, &self->source, err));
            if (!self->source.len)
                return gzip_corrupt(self, "truncated gzip", err);
        }
        size_t len = self->source.len > UINT32_MAX ? UINT32_MAX : self->source.len;
        self->stream.next_in = (Bytef *)(uintptr_t)self->source.at;
        self->stream.avail_in = (uInt)len;
        int result = self->lib->inflate(&self->stream, Z_NO_FLUSH);
        self->source = str_slice(self->source, len - self->stream.avail_in, self->source.len);
        if (result == Z_STREAM_END)
            self->is_between = true;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return gzip_corrupt(self, self->stream.msg ? self->stream.msg : "corrupt gzip", err);
    }
    *piece = (Str){self->buffer, PIECE_BYTES - self->stream.avail_out};
    return true;
}

static void gzip_close(Reader *reader)
{
    GzipReader *self = (GzipReader *)reader;
    self->lib->inflateEnd(&self->stream);
}

static const ReaderKind gzip_reader = {gzip_next, gzip_close};

static bool gzip_open(Reader *below, Reader **out, Err *err)
{
    const ZLib *lib;
    TRY(zlib_lib(&lib, err));
    GzipReader *self = (GzipReader *)reader_make(sizeof(GzipReader), &gzip_reader,
                                                 below->name, below);
    self->lib = lib;
    self->buffer = arena_take(&self->reader.arena, PIECE_BYTES, 64);
    int made = lib->inflateInit2_(&self->stream, MAX_WBITS + 16, ZLIB_VERSION,
                                  (int)sizeof(z_stream));
    if (made != Z_OK) {
        self->reader.below = NULL;
        reader_close(&self->reader);
        return err_set(err, ERR_RUNTIME, NOWHERE, "zlib cannot be used (code %d)", made);
    }
    *out = &self->reader;
    return true;
}

/* ---- the others ---- */

typedef struct FilterReader {
    Reader reader;
    Feed feed;
    struct archive *handle;
} FilterReader;

static bool filter_next(Reader *reader, Str *piece, Err *err)
{
    FilterReader *self = (FilterReader *)reader;
    const void *at = "";
    size_t len = 0;
    la_int64_t offset;
    int result;
    do {
        result = self->feed.lib->archive_read_data_block(self->handle, &at, &len, &offset);
    } while (result == ARCHIVE_OK && !len);
    if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
        return feed_fail(&self->feed, self->handle, reader->name, err);
    *piece = (Str){at, result == ARCHIVE_EOF ? 0 : len};
    return true;
}

static void filter_close(Reader *reader)
{
    FilterReader *self = (FilterReader *)reader;
    self->feed.lib->archive_read_free(self->handle);
    err_drop(&self->feed.failure);
}

static const ReaderKind filter_reader = {filter_next, filter_close};

/* The one filter that the first bytes ask for: no other may bid, none by an outside program. */
static void filter_choose(const ArchiveLib *lib, struct archive *handle, Packing packing)
{
    if (packing == PACKING_ZSTD)
        lib->archive_read_support_filter_zstd(handle);
    else if (packing == PACKING_BZIP2)
        lib->archive_read_support_filter_bzip2(handle);
    else if (packing == PACKING_XZ)
        lib->archive_read_support_filter_xz(handle);
    else
        lib->archive_read_support_filter_lz4(handle);
    lib->archive_read_support_format_raw(handle);
    lib->archive_read_support_format_empty(handle);
}

static bool filter_open(Reader *below, Packing packing, Reader **out, Err *err)
{
    const ArchiveLib *lib;
    TRY(archive_lib(&lib, err));
    FilterReader *self = (FilterReader *)reader_make(sizeof(FilterReader), &filter_reader,
                                                     below->name, below);
    self->feed = (Feed){.lib = lib, .below = below};
    self->handle = lib->archive_read_new();
    assert(self->handle);
    filter_choose(lib, self->handle, packing);
    struct archive_entry *entry;
    bool is_open = feed_open(&self->feed, self->handle, below->name, err);
    if (is_open) {
        int result = lib->archive_read_next_header(self->handle, &entry);
        self->reader.is_at_end = result == ARCHIVE_EOF; /* nothing was packed */
        is_open = result == ARCHIVE_OK ||
                  (result == ARCHIVE_EOF && lib->archive_errno(self->handle) == 0) ||
                  feed_fail(&self->feed, self->handle, below->name, err);
    }
    if (is_open && lib->archive_filter_count(self->handle) < 2) /* too short for it to be sure */
        is_open = err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " cannot be unpacked: truncated",
                          STR_ARG(below->name));
    if (!is_open) {
        self->reader.below = NULL;
        reader_close(&self->reader);
        return false;
    }
    *out = &self->reader;
    return true;
}

/* ---- choosing ---- */

/* Reads until the packing can be told. */
static bool read_head(PlainReader *self, Err *err)
{
    Str piece;
    do {
        TRY(reader_next(self->reader.below, &piece, err));
        if (!self->kept.len && piece.len >= SNIFF_BYTES) {
            self->head = piece;
            return true;
        }
        text_add(&self->kept, piece);
    } while (piece.len && self->kept.len < SNIFF_BYTES);
    self->head = text_str(&self->kept);
    return true;
}

bool reader_unpack(Reader *below, Reader **out, Err *err)
{
    CHECK(below, READER_MAGIC);
    PlainReader *plain =
        (PlainReader *)reader_make(sizeof(PlainReader), &plain_reader, below->name, below);
    Reader *unpacked = &plain->reader;
    bool is_open = read_head(plain, err);
    Packing packing = is_open ? sniff(plain->head) : PACKING_NONE;
    if (packing == PACKING_GZIP)
        is_open = gzip_open(&plain->reader, &unpacked, err);
    else if (packing != PACKING_NONE)
        is_open = filter_open(&plain->reader, packing, &unpacked, err);
    if (!is_open) {
        reader_close(&plain->reader);
        return false;
    }
    *out = unpacked;
    return true;
}
