/* unpack.c: one stream of packed bytes made plain.
 *
 * What packed it is told from its first bytes. gzip and zstd are codec's; bzip2, xz and lz4 go
 * through libarchive; anything else passes as it is, without a copy and without any library.
 */
#include "codec/codec.h"
#include "store/archive_lib.h"

enum { SNIFF_BYTES = 10 };

/* What libarchive unpacks. */
typedef enum Packing { PACKING_NONE, PACKING_BZIP2, PACKING_XZ, PACKING_LZ4 } Packing;

static bool starts_with(Str head, const void *magic, size_t len)
{
    return head.len >= len && memcmp(head.at, magic, len) == 0;
}

static Packing sniff(Str head)
{
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

/* ---- gzip and zstd ---- */

typedef struct CodecReader {
    Reader reader;
    Unpacker *unpacker;
    Str source;                  /* the piece from below that is being taken in                   */
    bool is_drained;             /* nothing more comes from below                                 */
} CodecReader;

static bool codec_fail(const CodecReader *self, Err *err)
{
    return err_wrap(err, STR_FMT " cannot be unpacked", STR_ARG(self->reader.name));
}

static bool codec_next(Reader *reader, Str *piece, Err *err)
{
    CodecReader *self = (CodecReader *)reader;
    for (;;) {
        if (!unpacker_step(self->unpacker, &self->source, piece, err))
            return codec_fail(self, err);
        if (piece->len)
            return true;
        if (self->is_drained)
            return unpacker_end(self->unpacker, err) || codec_fail(self, err);
        TRY(reader_next(reader->below, &self->source, err));
        self->is_drained = !self->source.len;
    }
}

static const ReaderKind codec_reader = {codec_next, NULL};

static bool codec_open(Reader *below, Codec codec, Reader **out, Err *err)
{
    CodecReader *self =
        (CodecReader *)reader_make(sizeof(CodecReader), &codec_reader, below->name, below);
    if (!unpacker_make(&self->reader.arena, codec, &self->unpacker, err)) {
        self->reader.below = NULL;
        reader_close(&self->reader);
        return false;
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
    if (packing == PACKING_BZIP2)
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
    Codec codec = is_open ? codec_of_bytes(plain->head) : CODEC_NONE;
    Packing packing = is_open ? sniff(plain->head) : PACKING_NONE;
    if (codec != CODEC_NONE)
        is_open = codec_open(&plain->reader, codec, &unpacked, err);
    else if (packing != PACKING_NONE)
        is_open = filter_open(&plain->reader, packing, &unpacked, err);
    if (!is_open) {
        reader_close(&plain->reader);
        return false;
    }
    *out = unpacked;
    return true;
}
