/* merge.h: a table of a day on its way from segments to files. private to drops/
 *
 *   groups' markers --segments.c--> segments, columns, counts
 *     --rewrite.c, duplicates.c--> rows that go (replaced archives, losers of a key)
 *     --dataset.c--> files in a folder aside --checks.c--> published, or not
 *     --warehouse.c--> a view
 */
#ifndef DROPS_MERGE_H
#define DROPS_MERGE_H

#include "base/bits.h"
#include "drops/checks.h"
#include "drops/drops_base.h"

/* What the groups tell of the table, summed. Times and bytes are a group's times the table's share
 * of the group's plain bytes. */
typedef struct MergeSums {
    uint64_t csv_files, plain_bytes, rows_in, rows_bad, values_bad;
    double list_us, read_us, unpack_us, parse_us, write_us, cpu_us, bytes_read, bytes_written;
    uint64_t peak_bytes;         /* of the largest group                                          */
    int64_t started_at_us;       /* of the first group; 0: none                                   */
} MergeSums;

typedef struct MergeSegment {
    Segment segment;             /* path empty until segment_fetch()                              */
    Str name, keys_name;         /* below the work store; keys_name at NULL: none                 */
    uint32_t first_row;          /* rows of the segments before it                                */
    const uint64_t *nulls;       /* one a column of segment.schema                                */
} MergeSegment;

typedef struct Merge {
    Drop *drop;
    Str table;
    Arena *arena;
    const MapTable *map;         /* NULL: no mapping                                              */
    Plan plan;
    Value twins;                 /* archives that count as replaced: list of {archive, same_as}   */
    Value *groups;               /* markers, one a group of the plan                              */
    MergeSegment *segments;      /* in the plan's order                                           */
    uint32_t segment_count, row_count;
    MergeSums sums;
    Value archives;              /* list of names: archives that gave rows                        */
    Value files_seen;            /* list of {archive, file, rows}                                 */
    Str inputs;                  /* hash of all that decides about the outcome                    */
    Schema former;               /* columns of the registry's newest version; count 0: none       */
    Schema schema;               /* of the files                                                  */
    Schema today;                /* those of its columns that a file of the day has               */
    Bits gone;                   /* rows that are not published; words NULL: none                 */
    uint64_t replaced_rows, duplicates, duplicates_dropped;
    bool sorts;                  /* the engine does not keep rows in order by itself              */
    Str scratch;                 /* local folder of this attempt; empty: none made yet            */
    Checks checks;
} Merge;

/* ---- merge.c ---- */

void merge_init(Merge *merge, Drop *drop, Str table, Arena *arena);
/* "merge/orders.json" */
Str merge_marker(Arena *arena, Str table);

/* ---- segments.c ---- */

/* Plan and markers. Fails ERR_RUNTIME: batch_extract has not run or has not finished. */
MUST bool merge_load(Merge *merge, Err *err);
/* Segments and sums of the markers. */
MUST bool segments_list(Merge *merge, Err *err);
/* The columns of the files: those of the registry, then of the segments, then of the mapping. Looks
 * into segments only where whole numbers would have to become DOUBLE. */
MUST bool segments_unite(Merge *merge, Err *err);
/* Makes the segment a local file; segment_release() removes a copy. */
MUST bool segment_fetch(Merge *merge, MergeSegment *segment, Err *err);
void segment_release(Merge *merge, MergeSegment *segment);
/* The scratch folder, made when first asked for. */
MUST bool merge_scratch(Merge *merge, Err *err);
bool schema_is_origin(Str name);

/* ---- rewrite.c: what the engine is needed for ---- */

/* Rows of archives that came again: into merge->gone. */
MUST bool rewrite_find_replaced(Merge *merge, Err *err);
/* Rows with a key that others have, too: counted; rule `last`: all but the last into merge->gone.
 * *keys: up to five such keys with their places, for messages. */
MUST bool rewrite_find_duplicates(Merge *merge, Value *keys, Err *err);
/* Rows [from, end) of a segment. */
typedef struct RowRange {
    uint32_t from, end;
} RowRange;
/* Does the segment have columns of other types, or of names in other case, than the files? */
bool rewrite_has_other_types(const Merge *merge, const MergeSegment *segment);
/* Are there rows that go? */
bool rewrite_has_gone(const Merge *merge, const MergeSegment *segment, RowRange range);
/* The rows of the range that stay, as batches of merge->schema, in order. The segment stays
 * fetched. */
MUST bool rewrite_rows(Merge *merge, MergeSegment *segment, RowRange range,
                       bool (*take)(void *context, const Batch *batch, Err *err), void *context,
                       Err *err);
/* Are whole numbers of the column all such that a DOUBLE holds them? */
MUST bool rewrite_fits_double(Merge *merge, MergeSegment *segment, Str column, bool *fits,
                              Err *err);

/* ---- dataset.c ---- */

typedef struct Dataset {
    Merge *merge;
    Str partition;               /* "orders/year=2026/month=11/day=20", below the target          */
    Str folder;                  /* local, absolute: what is built                                */
    Str aside;                   /* the same as a name below a local target; else empty           */
    Value files;                 /* list of {path (in the partition), local, size, rows}          */
    Value csv;                   /* the CSV file besides: the same; NONE                          */
    uint64_t rows, bytes;
    uint64_t print;              /* hash of the files' content                                    */
    uint64_t *nulls;             /* one a column of the schema                                    */
    Value index;                 /* the one that stands now; NONE                                 */
    Str etag;
} Dataset;

/* Reads the present index. Fails ERR_CONFLICT: it names archives that the plan does not know. */
MUST bool dataset_begin(Merge *merge, Dataset *out, Err *err);
/* Writes all files aside. */
MUST bool dataset_build(Dataset *dataset, Err *err);
/* They take the place of the former ones. */
MUST bool dataset_publish(Dataset *dataset, Err *err);
/* Removes what was built and is not published. */
void dataset_drop(Dataset *dataset);
/* Are the files of a marker {files: [{path, size}]} there (paths below the target)? */
MUST bool dataset_is_there(const Drop *drop, Value marker, Arena *arena, Str *missing, Err *err);
/* The dict of names for layouts: table, partner, name. */
Value dataset_names(const Drop *drop, Str table, Arena *arena);

/* ---- statement.c: SQL of sql/ ---- */

/* Renders sql/NAME.sql: names come from the dict, ident(x), literal(x) quote. Owner: the arena. */
MUST bool statement_render(Arena *arena, const char *name, Value vars, Str *out, Err *err);
/* Renders and runs; result may be NULL. */
MUST bool statement_run(Drop *drop, Arena *arena, const char *name, Value vars,
                        const NamedStream *streams, uint32_t stream_count, Result *result,
                        Err *err);
static inline void put_text(Value dict, const char *key, Str text)
{
    dict_put(dict.dict, str_of(key), value_text(text));
}
static inline void put_count(Value dict, const char *key, uint64_t count)
{
    dict_put(dict.dict, str_of(key), value_int((int64_t)count));
}
static inline void put(Value dict, const char *key, Value value)
{
    dict_put(dict.dict, str_of(key), value);
}
/* A whole number of a marker; 0: not there. */
static inline uint64_t get_count(Value dict, const char *key)
{
    Value found = value_get(dict, key);
    return value_is_int(found) && found.number > 0 ? (uint64_t)found.number : 0;
}
/* "17,312 rows", "1 row" */
Str counted(Arena *arena, uint64_t count, const char *one, const char *many);

/* ---- warehouse.c ---- */

/* The view SCHEMA.TABLE over the files of all days; *note: why there is none, or empty. */
MUST bool warehouse_view(Drop *drop, Str table, const Schema *schema, Arena *arena, Str *note,
                         Err *err);
/* Rows (dicts as in the summary) of a day into SCHEMA.merge_summary, instead of those it has. */
MUST bool warehouse_summary(Drop *drop, Value rows, Arena *arena, Err *err);

/* ---- expected.c: what should have come ---- */

typedef struct Expected {
    Str name;
    int64_t rows, size;          /* -1: not said                                                  */
} Expected;
typedef struct ExpectedList {
    Expected *at;
    uint32_t len, cap;
    Dict *names;                 /* last part of a name -> list of numbers; of expected_find()    */
} ExpectedList;

/* A manifest's text: JSON list of names or of {name | file | path | archive, rows, size | bytes},
 * the same under `files` or `archives`, a dict name -> rows; CSV with such a header; or a name a
 * line, '#' begins a comment.
 * Fails ERR_PARSING with file and place */
MUST bool expected_parse(Arena *arena, Str text, Str file, ExpectedList *out, Err *err);
/* The manifests that spec.checks.expected means, read from the inbox: beside the archives, then
 * from its root. *found 0: there is none. */
MUST bool expected_load(const Drop *drop, Arena *arena, ExpectedList *out, uint32_t *found,
                        Err *err);
/* What is expected of `name`: an entry of the same name, or of which one ends with the other, part
 * by part; NULL: nothing. */
Expected *expected_find(ExpectedList *list, Arena *arena, Str name);

/* ---- summary.c ---- */

/* "2026/11/20/" of "2026-11-20" below the logs. */
Str summary_folder(Arena *arena, Str date);
/* The file of a day: {version, date, verdict, resources: {NAME: {...}}, tables: [...]}; NONE. */
MUST bool summary_get(const Drop *drop, Str date, Arena *arena, Value *out, Str *etag, Err *err);
/* Rows of the table on days before, newest first, at most `most` of the last `days`. */
MUST bool summary_history(const Drop *drop, Str table, uint32_t days, Arena *arena, uint64_t *rows,
                          uint32_t *count, Err *err);

#endif
