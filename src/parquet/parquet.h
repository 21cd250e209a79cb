/* parquet.h: Parquet files, written from Batches in bounded memory, and joined without decoding.
 *
 *   Batches --ParquetWriter--> pages (encoded, zstd) held in memory --row group--> bytes
 *   ParquetFile (a footer that was read) --parquet_copy_group()--> the same pages in another file
 *
 * Values are encoded as they come, so that a writer holds compressed pages, not rows. Files are
 * read by DuckDB, pyarrow, Spark, Trino. Source of the layouts: the Apache Parquet format 2.x
 * (thrift compact footer; DATA_PAGE V1 or V2 headers, PLAIN, RLE_DICTIONARY, DELTA_BINARY_PACKED,
 * DELTA_LENGTH_BYTE_ARRAY; logical types).
 * The same calls give the same bytes: nothing depends on time, threads or addresses.
 */
#ifndef PARQUET_PARQUET_H
#define PARQUET_PARQUET_H

#include "arrow/arrow.h"
#include "codec/codec.h"

typedef struct ParquetWriter ParquetWriter;

typedef struct ParquetOptions {
    Schema schema;               /* flat: no LIST, STRUCT, INTERVAL; copied                       */
    /* The last so many columns have one value a batch (TEXT): where rows come from, say */
    uint32_t constant_count;
    int level;                   /* zstd; 0: 1                                                    */
    uint64_t group_rows;         /* a row group ends with so many rows; 0: 1,048,576              */
    uint64_t group_bytes;        /* or when so many bytes are held; 0: 32 MiB                     */
    /* values of a column that wait to become a page, at most (a longer text is a page of its own);
     * 0: 256 KiB, less where there are more than 64 columns (8 KiB at least) */
    uint64_t page_bytes;
    const char *created_by;      /* NULL: "weir VERSION"                                         */
    /* For all writers of a thread; must live as long as they. NULL: one of its own, about 1 MiB */
    Packer *packer;
    /* Where the file's bytes go, in order. False: failed, err is set. */
    MUST bool (*write)(void *sink, Str bytes, Err *err);
    void *sink;
} ParquetOptions;

typedef struct ParquetColumnStats {
    uint64_t null_count;         /* over the whole file; of row groups that were copied: as told  */
    uint64_t bytes;              /* compressed                                                    */
} ParquetColumnStats;

typedef struct ParquetSummary {
    uint64_t rows, bytes;        /* bytes: of the file                                            */
    uint32_t groups;
    ParquetColumnStats *columns; /* one a column; owner: the writer's arena                       */
} ParquetSummary;

/* Nothing is written before the first row group is full (or ended). All columns are optional in
 * the file, also those that are required in the schema. A column of type NULL is an optional text
 * there; parquet_open() knows it again. DuckDB refuses a JSON column whose texts are no JSON.
 * After a failure of parquet_write(), parquet_end_group() or ERR_IO of parquet_copy_group() only
 * parquet_drop() may follow.
 * Fails  ERR_RUNTIME: a type that has no place in a flat file (names the column)
 * Owner  the arena; its buffers are given back by parquet_finish() or parquet_drop() */
MUST bool parquet_writer_make(Arena *arena, const ParquetOptions *options, ParquetWriter **out,
                              Err *err);
/* Adds the rows of a batch, whose columns are those of the schema without the constant ones;
 * constants: constant_count texts (at NULL: NULL). The batch stays the caller's. Cheap for batches
 * of a few rows, too. May write a row group. */
MUST bool parquet_write(ParquetWriter *writer, const Batch *batch, const Str *constants, Err *err);
/* Ends the row group that is open, if it has rows. */
MUST bool parquet_end_group(ParquetWriter *writer, Err *err);
/* Gives back buffers that hold nothing now; worth it behind parquet_end_group(), where other
 * writers need the memory. */
void parquet_relax(ParquetWriter *writer);
uint64_t parquet_rows(const ParquetWriter *writer);
/* Bytes that it holds now. Cost: constant. */
uint64_t parquet_memory(const ParquetWriter *writer);
/* The last row group and the footer. The writer is then empty and used up, also on failure. */
MUST bool parquet_finish(ParquetWriter *writer, ParquetSummary *out, Err *err);
void parquet_drop(ParquetWriter *writer);

/* ---- files that exist ---- */

typedef struct ParquetFile ParquetFile;

/* Reads the footer of a local file (files of parquet_writer_make(), flat ones of others where their
 * types are of arrow.h).
 * Fails  ERR_RUNTIME: no Parquet file, damaged, a type that is not carried (names column);
 *        ERR_IO
 * Owner  the arena closes it */
MUST bool parquet_open(Arena *arena, Str path, ParquetFile **out, Err *err);
const Schema *parquet_schema(const ParquetFile *file);
uint64_t parquet_file_rows(const ParquetFile *file);
uint32_t parquet_groups(const ParquetFile *file);
uint64_t parquet_group_rows(const ParquetFile *file, uint32_t group);
/* Compressed bytes of a row group: what parquet_copy_group() would add. */
uint64_t parquet_group_bytes(const ParquetFile *file, uint32_t group);

/* Copies a row group of `file` behind what the writer has (which ends its open group): compressed
 * pages as they are, columns by name (else by name without case) in the writer's order, with their
 * statistics; a column that the file lacks, or has as NULL, is all NULL. Bytes differ from the
 * source only in offsets.
 * Fails  ERR_RUNTIME: a column of another type than the writer's (names both), one that the writer
 *        lacks, one that is required (only files of others have such): then nothing was written;
 *        ERR_IO
 * Memory a buffer of 1 MiB */
MUST bool parquet_copy_group(ParquetWriter *writer, ParquetFile *file, uint32_t group, Err *err);

#endif
