/* writer.h: what the writer's files share. private to parquet/
 *
 *   batch --column_add()--> values that wait --page_flush()--> pages --chunk_write()--> sink
 */
#ifndef PARQUET_WRITER_H
#define PARQUET_WRITER_H

#include "parquet/terms.h"
#include "parquet/pack.h"
#include "parquet/parquet.h"
#include "parquet/thrift.h"

enum { BOUND_BYTES = 64, WRITER_MAGIC = 0x50715772 };
#define MOST_FOOTER ((uint64_t)1 << 30)      /* bytes; its length is written in 32 bits        */

/* How values wait for their page. */
typedef enum Wait {
    WAIT_NOTHING,                /* ARROW_NULL                                                   */
    WAIT_BITS,
    WAIT_WORDS,                  /* 4 or 8 bytes                                                 */
    WAIT_FIXED,                  /* 16 bytes                                                     */
    WAIT_TEXTS,                  /* bytes, and their lengths                                     */
    WAIT_RUNS                    /* constants: numbers in the dictionary and how often           */
} Wait;

/* A chunk begins open: its first page decides. */
typedef enum Mode { MODE_OPEN, MODE_DICTIONARY, MODE_DIRECT } Mode;

typedef struct Run {
    uint32_t number, count;
} Run;

/* The least or greatest text, as far as it is kept. */
typedef struct Bound {
    uint64_t prefix;             /* first 8 bytes, as a big-endian number                        */
    uint32_t len;
    bool is_cut;                 /* it begins so, and is longer                                  */
    char text[BOUND_BYTES];
} Bound;

/* Least and greatest value of a chunk. */
typedef struct Bounds {
    bool is_set, is_off;         /* off: there is a NaN                                          */
    union {
        Range range;             /* integers; unsigned ones less 2^63                            */
        struct {
            double least_real, greatest_real;
        };
        struct {
            Bound least, greatest;
        };
    };
} Bounds;

typedef struct Column {
    const Field *field;
    Layout layout;
    Wait wait;
    /* the page that is filled */
    uint64_t page_rows, page_nulls;
    bool is_mixed;               /* NULLs and values: `levels` has a bit a row, set for a value  */
    Bin levels;
    Bin values;                  /* those that are not NULL                                      */
    Bin lengths;                 /* TEXTS: uint32_t each; RUNS: Run each                         */
    uint64_t value_count;
    /* the chunk */
    Mode mode;
    Terms dict;
    bool has_dict_pages, has_packed;
    Chain pages;
    uint64_t plain_bytes;        /* of the pages and their heads, uncompressed                   */
    uint64_t chunk_nulls;
    uint32_t encodings;          /* bit set: used                                                */
    Bounds bounds;
    uint32_t failures, untried;  /* pages in a row that did not shrink; pages to leave alone     */
    uint32_t last_len;           /* RUNS: of the value before, which lies in `values`            */
    /* the file */
    ParquetColumnStats file;
} Column;

struct ParquetWriter {
    uint32_t magic;
    Arena *arena;
    ParquetOptions options;      /* no 0 is left                                                 */
    Schema schema;
    Column *columns;
    uint32_t batch_columns;      /* the others are constant                                      */
    uint64_t page_bytes;
    TermsLimits dict_limits;
    uint64_t held;               /* bytes of all Bins and Blocks                                 */
    uint64_t ready_bytes;        /* finished pages and dictionaries                              */
    Blocks blocks;
    Packer *packer;
    Text plain, packed, other, head;   /* scratch of a page                                      */
    Bin numbers;                 /* scratch: places in a dictionary                              */
    Text groups;                 /* the footer's row groups so far                               */
    uint32_t group_count;
    uint64_t rows, open_rows;    /* all; of the row group that is open                           */
    uint64_t offset;             /* bytes written                                                */
    bool is_done;
};

/* column.c: rows [from, from + count) of an array are added; pages are flushed when full. */
MUST bool column_add(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                     uint64_t from, uint64_t count, Err *err);
/* The same value `count` times; at NULL: NULL. For WAIT_RUNS. */
MUST bool column_add_constant(ParquetWriter *writer, Column *column, Str value, uint64_t count,
                              Err *err);

/* page.c: ends the page that is filled, if it has rows. */
MUST bool page_flush(ParquetWriter *writer, Column *column, Err *err);
/* Compresses `plain` into writer->packed. False in *is_smaller: it is not worth it. */
MUST bool page_pack(ParquetWriter *writer, Str plain, bool *is_smaller, Err *err);

/* bounds.c */
void bounds_add(Column *column);                 /* the values that wait                         */
void bounds_add_dictionary(Column *column);
void bounds_print(const Column *column, Thrift *out);    /* fields 5 to 8 of Statistics          */

/* chunk.c: writes the chunk, and its ColumnChunk to writer->groups by way of `meta`. */
MUST bool chunk_write(ParquetWriter *writer, Column *column, Thrift *meta, uint64_t *plain_bytes,
                      Err *err);

/* A ColumnChunk of the footer. */
typedef struct ChunkMeta {
    const Field *field;
    Physical physical;
    uint32_t encodings;          /* bit set: used                                                */
    int32_t codec;
    uint64_t values;             /* NULLs too                                                    */
    uint64_t plain_bytes, packed_bytes;
    uint64_t data_at, dict_at;   /* 0: none                                                      */
} ChunkMeta;

/* footer.c. The struct is left open inside its statistics (after the bounds: chunk_meta_end()).
 * null_count -1: unknown. */
void chunk_meta_begin(Thrift *out, const ChunkMeta *chunk, int64_t null_count);
void chunk_meta_end(Thrift *out);
/* A RowGroup around its ColumnChunks. */
void group_meta_begin(ParquetWriter *writer, Thrift *out);
MUST bool group_meta_end(ParquetWriter *writer, Thrift *out, uint64_t rows, uint64_t plain_bytes,
                         uint64_t begun_at, Err *err);
MUST bool footer_write(ParquetWriter *writer, Err *err);
MUST bool sink_write(ParquetWriter *writer, Str bytes, Err *err);
MUST bool writer_begin_group(ParquetWriter *writer, Err *err);

#endif
