/* tables.h: what stands in the CSV files: tables, columns, cells. private to examples/drops
 *
 * A cell is found from (seed, day, table, row, column) alone: whoever needs row 17 makes it again
 * and gets the same. So the truth beside a drop costs no memory, and a column that a file lacks
 * changes no other.
 */
#ifndef DROPS_TABLES_H
#define DROPS_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COLUMNS_MAX = 5000, TABLES_MAX = 8 };

/* Bytes in memory that grow. Owner: buffer_drop(). */
typedef struct Buffer {
    char *at;
    size_t len, cap;
} Buffer;
/* Room for so many more bytes; ends the program where there is no memory. */
void buffer_reserve(Buffer *buffer, size_t more);
void buffer_add(Buffer *buffer, const void *bytes, size_t len);
void buffer_print(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_drop(Buffer *buffer);

typedef enum Style {
    STYLE_A,        /* commas, ISO dates, amounts in units, true and false                        */
    STYLE_B,        /* other names, semicolons, 20.11.2026, amounts in cents, Y and N, A and I    */
} Style;

typedef enum Drift { DRIFT_NONE = 0, DRIFT_COLUMNS = 1, DRIFT_TYPES = 2, DRIFT_DIALECT = 4 } Drift;

typedef struct World {
    uint64_t seed;
    Style style;
    unsigned drift;              /* of Drift                                                      */
    unsigned generation;         /* 0; 1: a column more in every table; 2: and wider types        */
    double nulls;                /* share of NULLs in columns that may have them; negative: each
                                    column's own                                                  */
    const char *null_column;     /* "orders.coupon": this one has null_share; or NULL             */
    double null_share;
    double duplicates;           /* share of rows with the key of an earlier row of the day       */
    uint32_t wide_columns;       /* of the table `wide`                                           */
    uint32_t day;                /* days since 1970-01-01                                         */
    uint64_t row_count[TABLES_MAX];   /* of the day, of each table                                */
} World;

/* Tables by number: orders, customers, payments, events, wide. -1: no such table. */
int table_find(const char *name, size_t len);
uint32_t table_count(void);
/* Its name in files of this style: orders, or order_header. */
const char *table_name(int table, Style style);
/* Share of the rows of a drop, as a weight. */
uint32_t table_weight(int table);

/* How one file of a table looks: which columns in which order, in which dialect. */
typedef struct Layout {
    int table;
    uint32_t count;
    uint16_t columns[COLUMNS_MAX];
    const char *names[COLUMNS_MAX];
    char delimiter;
    bool has_crlf, has_mark;
    unsigned variant;            /* of columns whose type drifts: 0 BIGINT, 1 DOUBLE, 2 text      */
} Layout;

/* Of the file of archive number `archive`. */
void layout_file(const World *world, int table, uint64_t archive, uint64_t archive_count,
                 Layout *out);
/* Of the truth: every column that any file of the day may have, in a fixed order; commas. `variant`
 * is to be set to that of the file a row stands in. */
void layout_truth(const World *world, int table, Layout *out);

void header_print(const Layout *layout, Buffer *out);
/* One record with its end of line. `before_end` follows the last cell (the truth's origin), or
 * NULL. Gives how many lines it takes. */
uint32_t row_print(const World *world, const Layout *layout, uint64_t row, const char *before_end,
                   Buffer *out);
/* Sets the columns of the truth to those of `file`, by name: cells that it lacks are empty. */
void truth_of_file(const Layout *file, Layout *truth);

/* 2026-11-20 in days since 1970-01-01; -1: no date. */
int64_t day_parse(const char *text);
void day_print(uint32_t day, char out[11]);

#endif
