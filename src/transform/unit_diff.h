/* unit_diff.h: private to transform/: two tables of equal columns compared and shown as dbt's unit
 * tests show them. */
#ifndef TRANSFORM_UNIT_DIFF_H
#define TRANSFORM_UNIT_DIFF_H

#include "base/text.h"
#include "base/value.h"

typedef struct DiffCell {
    Str text;                  /* as Python's str() prints it                                 */
    bool is_none;
} DiffCell;

typedef struct DiffTable {
    const DiffCell *cells;     /* row-major, sorted; row 0 holds the names of the columns     */
    uint32_t width, height;    /* height counts row 0                                         */
} DiffTable;

/* Prints the table of differences: "@@" in front of the names, "+++" a row that only `actual` has,
 * "---" one that only `expected` has, "→" a row with other values, "..." rows left out. Colours are
 * terminal codes. Nothing is printed and false given when there is no difference.
 * Source: the behaviour of daff 1.4.2 with unordered rows, as dbt 1.12 calls it.
 * Cost    O(rows x columns), times up to 31 tries to tell which columns identify a row
 * Owner   scratch in `arena` */
bool unit_diff_print(Arena *arena, const DiffTable *expected, const DiffTable *actual,
                     bool has_colors, Text *out);

#endif
