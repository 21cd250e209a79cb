/* pack.c: compresses on the way to another writer. gzip and zstd are codec's, bzip2 and xz
 * libarchive's.
 */
#include "codec/codec.h"
#include "store/archive_lib.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- gzip and zstd ---- */

typedef struct CodecWriter {
    Writer writer;
    PackStream *stream;
    Writer *below;
} CodecWriter;

static bool codec_fail(const CodecWriter *self, Err *err)
{
    return err_wrap(err, STR_FMT " cannot be compressed", STR_ARG(self->writer.name));
}

static bool codec_add(Writer *writer, Str piece, Err *err)
{
    CodecWriter *self = (CodecWriter *)writer;
    Str packed;
    do {
        if (!pack_stream_step(self->stream, &piece, &packed, err))
            return codec_fail(self, err);
        TRY(writer_add(self->below, packed, err));
    } while (packed.len);
    return true;
}

static bool codec_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    CodecWriter *self = (CodecWriter *)writer;
    Str packed;
    do {
        if (!pack_stream_end(self->stream, &packed, err))
            return codec_fail(self, err);
        TRY(writer_add(self->below, packed, err));
    } while (packed.len);
    Writer *below = self->below;
    self->below = NULL;
    return writer_commit(below, arena, etag, err);
}

static void codec_drop(Writer *writer)
{
    CodecWriter *self = (CodecWriter *)writer;
    pack_stream_drop(self->stream);
    writer_drop(self->below);
}

static const WriterKind codec_writer = {codec_add, codec_commit, codec_drop};

static bool codec_begin(Writer *below, Codec codec, Writer **out, Err *err)
{
    Writer *writer = writer_make(sizeof(CodecWriter), &codec_writer, below->name, NULL);
    CodecWriter *self = (CodecWriter *)writer;
    if (!pack_stream_make(&writer->arena, codec, 0, &self->stream, err)) {
        writer_drop(writer);
        return false;
    }
    self->below = below;
    *out = writer;
    return true;
}

/* ---- the others ---- */

typedef struct FilterWriter {
    Writer writer;
    const ArchiveLib *lib;
    struct archive *handle;
    struct archive_entry *entry;
    Writer *below;
    Err failure;                 /* of the writer below                                           */
    bool is_dropped;             /* what libarchive flushes on its way out goes nowhere           */
} FilterWriter;

/* libarchive's write callback. */
static la_ssize_t filter_write(struct archive *handle, void *context, const void *at, size_t len)
{
    FilterWriter *self = context;
    if (self->is_dropped || writer_add(self->below, (Str){at, len}, &self->failure))
        return (la_ssize_t)len;
    self->lib->archive_set_error(handle, EIO, "the bytes could not be written");
    return -1;
}

static bool filter_fail(FilterWriter *self, Err *err)
{
    if (self->failure.kind != ERR_NONE) {
        err_move(err, &self->failure);
        return false;
    }
    const char *reason = self->lib->archive_error_string(self->handle);
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " cannot be compressed: %s",
                   STR_ARG(self->writer.name), reason ? reason : "unknown reason");
}

static bool filter_add(Writer *writer, Str piece, Err *err)
{
    FilterWriter *self = (FilterWriter *)writer;
    while (piece.len) {
        la_ssize_t len = self->lib->archive_write_data(self->handle, piece.at, piece.len);
        if (len <= 0)
            return filter_fail(self, err);
        piece = str_slice(piece, (size_t)len, piece.len);
    }
    return true;
}

static bool filter_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    FilterWriter *self = (FilterWriter *)writer;
    if (self->lib->archive_write_close(self->handle) != ARCHIVE_OK)
        return filter_fail(self, err);
    Writer *below = self->below;
    self->below = NULL;
    return writer_commit(below, arena, etag, err);
}

static void filter_drop(Writer *writer)
{
    FilterWriter *self = (FilterWriter *)writer;
    self->is_dropped = true;
    self->lib->archive_write_free(self->handle);
    self->lib->archive_entry_free(self->entry);
    writer_drop(self->below);
    err_drop(&self->failure);
}

static const WriterKind filter_writer = {filter_add, filter_commit, filter_drop};

/* Sets the handle up and begins its one entry. */
static bool filter_open(FilterWriter *self, const char *filter, Err *err)
{
    const ArchiveLib *lib = self->lib;
    self->handle = lib->archive_write_new();
    self->entry = lib->archive_entry_new();
    assert(self->handle && self->entry);
    lib->archive_entry_set_filetype(self->entry, S_IFREG);
    bool is_begun = lib->archive_write_add_filter_by_name(self->handle, filter) == ARCHIVE_OK &&
                    lib->archive_write_set_format_raw(self->handle) == ARCHIVE_OK &&
                    lib->archive_write_set_bytes_per_block(self->handle, 65536) == ARCHIVE_OK &&
                    lib->archive_write_set_bytes_in_last_block(self->handle, 1) == ARCHIVE_OK;
    is_begun = is_begun &&
               lib->archive_write_open(self->handle, self, NULL, filter_write, NULL) ==
                   ARCHIVE_OK &&
               lib->archive_write_header(self->handle, self->entry) == ARCHIVE_OK;
    return is_begun || filter_fail(self, err);
}

static bool filter_begin(Writer *below, const char *filter, Writer **out, Err *err)
{
    const ArchiveLib *lib;
    TRY(archive_lib(&lib, err));
    Writer *writer = writer_make(sizeof(FilterWriter), &filter_writer, below->name, NULL);
    FilterWriter *self = (FilterWriter *)writer;
    self->lib = lib;
    self->below = below;
    if (!filter_open(self, filter, err)) {
        self->below = NULL;
        writer_drop(writer);
        return false;
    }
    *out = writer;
    return true;
}

/* ---- choosing ---- */

bool writer_pack(Writer *below, Str codec, Writer **out, Err *err)
{
    CHECK(below, WRITER_MAGIC);
    bool is_begun;
    if (str_is(codec, "gz") || str_is(codec, "gzip"))
        is_begun = codec_begin(below, CODEC_GZIP, out, err);
    else if (str_is(codec, "zst") || str_is(codec, "zstd"))
        is_begun = codec_begin(below, CODEC_ZSTD, out, err);
    else if (str_is(codec, "bz2"))
        is_begun = filter_begin(below, "bzip2", out, err);
    else if (str_is(codec, "xz"))
        is_begun = filter_begin(below, "xz", out, err);
    else
        is_begun = err_set(err, ERR_RUNTIME, NOWHERE, "no codec is called \"" STR_FMT
                           "\": there are gz, zst, bz2 and xz", STR_ARG(codec));
    if (!is_begun)
        writer_drop(below);
    return is_begun;
}
