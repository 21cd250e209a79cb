/* pages_help_test.h: a reader of its own for the tests: pages to values, after the format's text.
 * private to parquet/ */
#ifndef PARQUET_PAGES_HELP_TEST_H
#define PARQUET_PAGES_HELP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parquet/file.h"

/* All values of a column, in order; at NULL: NULL. As in the file: 4 or 8 bytes, low byte first;
 * bytes of a text; 16 bytes; one byte 0 or 1. */
typedef struct Cells {
    Str *at;
    uint64_t count, room;
    uint32_t encodings;          /* bit set: met in a data page                                  */
    uint32_t page_kinds;         /* bit set: PAGE_DATA, PAGE_DATA_V2 met                         */
    uint32_t pages, packed_pages;
} Cells;

/* Reads one column of one row group; fails the test where something is not as the format says, or
 * not as the footer says. */
void read_chunk_cells(Arena *arena, Str content, const ParquetFile *file, uint32_t group,
                      uint32_t column, Cells *out);
/* The whole file; out: one a column. */
void read_cells(Arena *arena, Str path, const ParquetFile **file, Cells **out);
/* What a row of an array is in a file. */
Str cell_of(Arena *arena, const Field *field, const struct ArrowArray *array, uint64_t row);

#endif
