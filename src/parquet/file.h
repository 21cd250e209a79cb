/* file.h: a footer that was read. private to parquet/ */
#ifndef PARQUET_FILE_H
#define PARQUET_FILE_H

#include "parquet/parquet.h"
#include "parquet/thrift.h"

enum { FILE_MAGIC = 0x50714669 };

/* A column chunk: where it lies and what is said of it. Texts are views of the footer. */
typedef struct FileChunk {
    Physical physical;
    uint32_t encodings;          /* bit set: used                                                */
    int32_t codec;
    uint64_t values, plain_bytes, packed_bytes;
    uint64_t data_at, dict_at;   /* dict_at 0: none                                              */
    uint64_t begins_at;          /* the lower of both                                            */
    int64_t null_count;          /* -1: unknown                                                  */
    Str least, greatest;         /* at NULL: unknown                                             */
    bool is_least_exact, is_greatest_exact;
} FileChunk;

typedef struct FileGroup {
    uint64_t rows, bytes;        /* compressed                                                   */
    FileChunk *chunks;           /* one a column                                                 */
} FileGroup;

struct ParquetFile {
    uint32_t magic;
    int fd;
    Str path;
    Schema schema;
    uint64_t rows;
    FileGroup *groups;
    uint32_t group_count;
};

/* The footer's bytes; what it describes lies in the `data_end` bytes before it. Everything that
 * is kept is checked, and takes some hundred times the footer's bytes at most.
 * Fails ERR_RUNTIME. Owner: the arena; the footer must live as long */
MUST bool footer_parse(Arena *arena, Str path, Str footer, uint64_t data_end, ParquetFile *out,
                       Err *err);

#endif
