/* mapping.h: a partner's tables and columns in the words of one schema. private to drops/
 *
 *   header of a CSV --map_bind()--> fields that are read, with which name and type
 *                                   + steps over batches (values, factor, default)
 *
 * What needs no step (renames, casts) costs nothing: fields are read as the target's type.
 */
#ifndef DROPS_MAPPING_H
#define DROPS_MAPPING_H

#include "drops/drops.h"

typedef enum DuplicateRule { DUPLICATES_KEEP, DUPLICATES_LAST, DUPLICATES_FAIL } DuplicateRule;
typedef enum OtherColumns { OTHERS_KEEP, OTHERS_DROP, OTHERS_FAIL } OtherColumns;

typedef struct MapColumn {
    Str name;                    /* of the unified schema                                         */
    const Str *from;             /* names in the partner's files, the first that is there counts;
                                    never empty                                                   */
    uint32_t from_count;
    Field type;                  /* ARROW_NULL: found out, as without a mapping                   */
    bool is_required;            /* NULL is a violation; told by mapper_apply()                   */
    bool has_steps;              /* one of those below                                            */
    Str multiply;                /* "0.01": numbers times it, exactly for DECIMAL; or empty       */
    Value values;                /* dict text -> text or NONE: their words to ours; NONE: none    */
    bool values_are_all;         /* a word that is not among them is a violation                  */
    Value other_word;            /* instead of such a word (otherwise:), text or NONE; UNDEFINED: it
                                    is taken as it is                                             */
    Value otherwise;             /* instead of NULL or a missing column (default:); UNDEFINED     */
    Str date_format, timestamp_format;   /* of this column; read as TEXT, parsed by the mapper    */
} MapColumn;

typedef struct MapTable {
    Str name;
    const Str *from;             /* {table} of the partner's files: its own name if not said      */
    uint32_t from_count;
    MapColumn *columns;
    uint32_t column_count;
    OtherColumns others;         /* not said: keep; with a unified schema drop                    */
    Value primary_key;           /* list of unified names; empty: none                            */
    DuplicateRule duplicates;
    Map by_name;                 /* unified name in lower case -> MapColumn                       */
} MapTable;

/* The table that files of this name fill; NULL: none, *near a similar name or empty. */
const MapTable *mapping_table(const Mapping *mapping, Str name_in_file, Str *near);
const MapTable *mapping_table_named(const Mapping *mapping, Str name);

/* How a header's fields are read. */
typedef struct MapBinding {
    uint32_t count;              /* fields of the header                                          */
    Str *names;                  /* unified name of each; at NULL: passed over                    */
    Field *types;                /* to read it as: the column's type, or TEXT/DECIMAL where a step
                                    comes first; ARROW_NULL: nothing said                         */
    const MapColumn **columns;   /* NULL: not in the mapping (others: keep)                       */
    Value missing;               /* list of texts: columns of the table without a field           */
    Value unknown;               /* list of texts: fields that the mapping does not name          */
} MapBinding;
/* Names are compared letter for letter, then without case and blanks around them. Fields that a
 * column names besides the one it is read from are passed over. `unknown` stays empty for a table
 * without `columns:`.
 * Fails ERR_PARSING: `others: fail` and there are some; two fields for one column.
 * Cost  O(fields + columns) */
MUST bool map_bind(const MapTable *table, const Str *header, uint32_t count, Arena *arena,
                   MapBinding *out, Err *err);

/* Steps over batches of one table: from the schema that is read to the one that is written. */
typedef struct Mapper Mapper;

/* read     columns as they are read: by unified name, with the types of map_bind()
 * written  the same columns and those only a default fills (others: NULL), in the order they are
 *          written; their types are what the steps lead to
 * *out     NULL where nothing is to be done (same columns, no steps)
 * Fails    ERR_PARSING: a `default` or word that is no value of the type written; ERR_INTERNAL: a
 *          column without steps whose types differ */
MUST bool mapper_make(Arena *arena, const MapTable *table, const Schema *read,
                      const Schema *written, Mapper **out, Err *err);
/* Consumes `in`, also when it fails. Columns without steps are handed over, not copied. A value
 * that has no place (unknown word, digits beyond the scale) becomes NULL and is told; NULL in a
 * required column is told with an empty value. `row` counts from 0 in the batch.
 * Cost  a value: words of up to 8 bytes 7 ns, longer ones 20 ns; factors 4 (DOUBLE) to 12 ns, 65
 *       where it has to divide; formats of times 20 ns where few differ, else some 200 ns */
MUST bool mapper_apply(Mapper *mapper, Batch *in, Batch *out,
                       void (*violation)(void *context, uint64_t row, Str column, Str value,
                                         const char *reason),
                       void *context, Err *err);

/* ---- shared by mapping.c, bind.c, mapper.c and propose.c ---- */

/* Names of columns and tables are compared like that: lower case, no blanks around them. */
Str map_folded(Arena *arena, Str name);

/* The unified schema. */
typedef struct UnifiedColumn {
    Str name;
    Field type;                  /* ARROW_NULL: not said                                          */
    bool is_required;
} UnifiedColumn;

typedef struct UnifiedTable {
    Str name;
    UnifiedColumn *columns;
    uint32_t column_count;
    Value primary_key;           /* list of texts                                                 */
} UnifiedTable;

typedef struct Unified {
    UnifiedTable *tables;
    uint32_t table_count;
} Unified;
/* Fails ERR_IO, ERR_PARSING at its place. Owner: the arena. */
MUST bool unified_load(Arena *arena, Str path, Unified *out, Err *err);

/* A value of some type: its bytes as a column holds them. */
typedef struct MapCell {
    bool is_null, is_bad;        /* bad: the text is no value of the type                         */
    bool is_true;                /* BOOL                                                          */
    Str bytes;                   /* of the fixed width, or the text                               */
} MapCell;

/* Texts as values of a type (none that nests), as CSV fields would be read; an empty text is NULL
 * but in texts. Formats may be empty. Owner: the arena. */
MUST bool map_cells(Arena *arena, const Field *type, Str date_format, Str timestamp_format,
                    const Str *texts, uint32_t count, MapCell *out, Err *err);

/* "-0.01" = -1 * 10^-2. False: no such number, 0, more than 18 digits or an exponent beyond 18. */
typedef struct MapFactor {
    int64_t mantissa;
    int exponent;
} MapFactor;
bool map_factor(Str text, MapFactor *out);

static inline bool type_is_numeric(TypeId type)
{
    return (type >= ARROW_INT8 && type <= ARROW_DOUBLE) || type == ARROW_DECIMAL;
}

#endif
