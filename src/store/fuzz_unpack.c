/* fuzz_unpack.c: any bytes, packed or not, as an archive: members and bytes, or an error. */
#include "store/inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 22 };

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

/* Reads on until the end, a failure, or enough. */
static void drain(Reader *reader, Err *err)
{
    Str piece;
    size_t got = 0;
    while (got < MOST_BYTES && reader_next(reader, &piece, err) && piece.len)
        got += piece.len;
    reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ReaderKind kind = {bytes_next, NULL};
    for (int is_archive = 0; is_archive < 2; is_archive++) {
        AUTO(err) Err err = {0};
        Reader *reader = reader_make(sizeof(BytesReader), &kind, STR("fuzz"), NULL);
        ((BytesReader *)reader)->rest = (Str){(const char *)data, size};
        Archive *archive;
        if (!is_archive) {
            if (reader_unpack(reader, &reader, &err))
                drain(reader, &err);
        } else if (archive_open(reader, &archive, &err)) {
            Member member;
            bool has = true;
            for (int i = 0; i < 100 && has && archive_next(archive, &member, &has, &err); i++) {
                assert(!has || member.name.at);
                if (has && member.is_file && archive_read(archive, &reader, &err))
                    drain(reader, &err);
                err_drop(&err);
            }
            archive_close(archive);
        }
    }
    return 0;
}
