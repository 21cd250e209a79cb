/* pack.c: compresses on the way to another writer.
 *
 * zstd goes through libzstd itself, which adds a checksum (libarchive cannot be asked for one); the
 * others go through libarchive.
 */
#include "store/codec.h"

#include <errno.h>
#include <sys/stat.h>

enum { ZSTD_LEVEL = 3 };

/* ---- zstd ---- */

typedef struct ZstdWriter {
    Writer writer;
    const ZstdLib *lib;
    ZSTD_CCtx *context;
    Writer *below;
    char *buffer;
} ZstdWriter;

/* Compresses `piece`; with `ZSTD_e_end` until all is out. */
static bool zstd_push(ZstdWriter *self, Str piece, ZSTD_EndDirective how, Err *err)
{
    ZSTD_inBuffer in = {piece.at, piece.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {self->buffer, PIECE_BYTES, 0};
        left = self->lib->ZSTD_compressStream2(self->context, &out, &in, how);
        if (self->lib->ZSTD_isError(left))
            return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " cannot be compressed: %s",
                           STR_ARG(self->writer.name), self->lib->ZSTD_getErrorName(left));
        TRY(writer_add(self->below, (Str){self->buffer, out.pos}, err));
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return true;
}

static bool zstd_add(Writer *writer, Str piece, Err *err)
{
    return zstd_push((ZstdWriter *)writer, piece, ZSTD_e_continue, err);
}

static bool zstd_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    ZstdWriter *self = (ZstdWriter *)writer;
    TRY(zstd_push(self, STR(""), ZSTD_e_end, err));
    Writer *below = self->below;
    self->below = NULL;
    return writer_commit(below, arena, etag, err);
}

static void zstd_drop(Writer *writer)
{
    ZstdWriter *self = (ZstdWriter *)writer;
    self->lib->ZSTD_freeCCtx(self->context);
    writer_drop(self->below);
}

static const WriterKind zstd_writer = {zstd_add, zstd_commit, zstd_drop};

static bool zstd_begin(Writer *below, Writer **out, Err *err)
{
    const ZstdLib *lib;
    TRY(zstd_lib(&lib, err));
    Writer *writer = writer_make(sizeof(ZstdWriter), &zstd_writer, below->name, NULL);
    ZstdWriter *self = (ZstdWriter *)writer;
    self->lib = lib;
    self->below = below;
    self->buffer = arena_take(&writer->arena, PIECE_BYTES, 64);
    self->context = lib->ZSTD_createCCtx();
    assert(self->context);
    lib->ZSTD_CCtx_setParameter(self->context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    lib->ZSTD_CCtx_setParameter(self->context, ZSTD_c_checksumFlag, 1);
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
    if (is_begun && strcmp(filter, "gzip") == 0) /* the same bytes whenever they are made */
        lib->archive_write_set_filter_option(self->handle, "gzip", "timestamp", NULL);
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
        is_begun = filter_begin(below, "gzip", out, err);
    else if (str_is(codec, "zst") || str_is(codec, "zstd"))
        is_begun = zstd_begin(below, out, err);
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
