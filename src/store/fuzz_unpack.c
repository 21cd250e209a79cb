/* fuzz_unpack.c: any bytes, packed or not, as an archive: members and bytes, or an error; and
 * packed as gzip, the same members and bytes again. */
#include "base/hash.h"
#include "codec/codec.h"
#include "store/inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 22, MOST_MEMBERS = 100 };

typedef struct BytesReader {
    Reader reader;
    Str rest;
} BytesReader;

static bool bytes_next(Reader *reader, Str *piece, Err *err)
{
    (void)err;
    BytesReader *self = (BytesReader *)reader;
    *piece = str_slice(self->rest, 0, 100);
    self->rest = str_slice(self->rest, piece->len, self->rest.len);
    return true;
}

static Reader *reader_of(Str bytes)
{
    static const ReaderKind kind = {bytes_next, NULL};
    Reader *reader = reader_make(sizeof(BytesReader), &kind, STR("fuzz"), NULL);
    ((BytesReader *)reader)->rest = bytes;
    return reader;
}

/* Reads on until the end, a failure, or enough. Gives a digest of the bytes; 0 of a failure: how
 * much comes before it depends on the pieces. */
static uint64_t drain(Reader *reader, Err *err)
{
    Str piece = STR("x");
    size_t got = 0;
    uint64_t digest = 1;
    bool is_fine = true;
    while (is_fine && got < MOST_BYTES && piece.len) {
        is_fine = reader_next(reader, &piece, err);
        for (size_t i = 0; is_fine && i < piece.len && got < MOST_BYTES; i++, got++)
            digest = digest * 31 + (unsigned char)piece.at[i];
    }
    reader_close(reader);
    return is_fine ? hash64((Str){(const char *)&got, sizeof(got)}, digest) : 0;
}

/* A digest of names, kinds, bytes and verdicts up to the first failure; looks on behind it. */
static uint64_t look_into(Str bytes)
{
    AUTO(err) Err err = {0};
    Archive *archive;
    uint64_t digest = 1;
    bool is_fine = true;
    if (!archive_open(reader_of(bytes), &archive, &err))
        return 0;
    Member member;
    bool has = true;
    for (int i = 0; i < MOST_MEMBERS && has && archive_next(archive, &member, &has, &err); i++) {
        Reader *reader;
        uint64_t content = 1;
        assert(!has || member.name.at);
        if (has && member.is_file && archive_read(archive, &reader, &err))
            content = drain(reader, &err);
        if (has && is_fine)
            digest = hash64(member.name, digest + member.is_file * 2u + member.is_unsafe) + content;
        is_fine = is_fine && content;
        err_drop(&err);
    }
    archive_close(archive);
    return digest * 2 + (is_fine && err.kind != ERR_NONE);
}

static Str pack(Arena *arena, Str plain)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text out = {0};
    PackStream *stream;
    Str piece = STR("");
    bool is_fine = pack_stream_make(arena, CODEC_GZIP, 1, &stream, &err);
    do {
        is_fine = is_fine && pack_stream_step(stream, &plain, &piece, &err);
        text_add(&out, piece);
    } while (is_fine && piece.len);
    do {
        is_fine = is_fine && pack_stream_end(stream, &piece, &err);
        text_add(&out, piece);
    } while (is_fine && piece.len);
    assert(is_fine);
    return text_copy(arena, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(err) Err err = {0};
    Arena arena = {0};
    Str bytes = {(const char *)data, size};
    Reader *reader;
    uint64_t plain = drain(reader_of(bytes), &err), unpacked = 0;
    if (reader_unpack(reader_of(bytes), &reader, &err))
        unpacked = drain(reader, &err);
    uint64_t found = look_into(bytes);
    if (unpacked == plain) { /* one that is not packed */
        uint64_t again = look_into(pack(&arena, bytes));
        assert(again == found);
    }
    arena_drop(&arena);
    return 0;
}
