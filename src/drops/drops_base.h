/* drops_base.h: what the stages share. private to drops/
 *
 *   <work>/<date>/begun.json               the day's first file: set_date was here
 *                 plan-0001.json           archives and their groups; a later plan adds new ones
 *                 types.json               columns and types of every table, before the first row
 *                 shapes/00000.json        what a group's files ask for (where types are found)
 *                 groups/00000.json        done: what a group gave; names the parts that count
 *                 parts/00000/TABLE-ATTEMPT-0.parquet, .keys
 *                 claims/NAME.json         who works on what (only with shards)
 *                 merge/TABLE.json         done: what a table became
 *                 summary.json             done: the day
 *                 cleaned.json             its parts, shapes and claims are gone (keep_days)
 *   <work>/registry/TABLE.json             columns and types of a table, versions, over the days
 */
#ifndef DROPS_BASE_H
#define DROPS_BASE_H

#include "base/file.h"
#include "base/pool.h"
#include "drops/drops.h"
#include "drops/mapping.h"
#include "drops/pattern.h"
#include "lake/lake.h"
#include "parquet/parquet.h"

struct Drop {
    DropSpec spec;
    Arena *arena;
    StateDb *state;
    Session *session;
    const volatile bool *cancel;
    Str run_id;
    Pattern *members;
    Str folder;                  /* "<date>/" below spec.work                                     */
    uint64_t memory_bytes;
    unsigned workers;
    _Atomic bool is_stopping;    /* a unit has failed: the others are told to stop                */
    _Atomic bool has_giant;      /* a worker has a record of many megabytes: one at a time        */
};

static inline bool drop_is_cancelled(const Drop *drop)
{
    return __atomic_load_n(drop->cancel, __ATOMIC_RELAXED) || drop->is_stopping;
}

/* Names of the columns that say where a row comes from: the last three of every part and file. */
#define COLUMN_ARCHIVE "_archive"
#define COLUMN_FILE "_file"
#define COLUMN_LINE "_line"
enum { ORIGIN_COLUMNS = 3 };     /* order: _line BIGINT, _archive VARCHAR, _file VARCHAR          */

enum { MARKER_VERSION = 1 };     /* of all files of the work folder that say what is done         */

/* ---- plan.c ---- */

typedef struct PlanArchive {
    Str name;                    /* below the inbox                                               */
    uint64_t size_bytes;
    Str etag;
    int64_t modified_at_us;
    /* a newer version of it stands in a later plan: its rows in this group do not count */
    bool is_replaced;
} PlanArchive;

typedef struct PlanGroup {
    Str id;                      /* "00000"                                                       */
    uint32_t first, count;       /* archives                                                      */
    uint64_t bytes;
} PlanGroup;

/* All plans of a day together, in order. */
typedef struct Plan {
    PlanArchive *archives;
    PlanGroup *groups;
    uint32_t archive_count, group_count;
    uint32_t added_count;        /* of plan_extend(): archives that it has added                  */
} Plan;

MUST bool plan_load(const Drop *drop, Arena *arena, Plan *out, bool *exists, Err *err);
/* Adds what is new in `entries` (name, size, etag or time) as groups of a further plan; nothing
 * new: no plan is written. With is_full_refresh the first call of a run (by its run_id) forgets
 * before all that is known of the day.
 * Fails  ERR_RUNTIME: a full refresh with shards */
MUST bool plan_extend(const Drop *drop, const StoreEntries *entries, Arena *arena, Plan *out,
                      Err *err);

/* types.json and the registry: dict table -> list of {name, type}. Types as field_parse_type(). */
MUST bool schema_read(Arena *arena, Value columns, Schema *out, Err *err);
Value schema_value(Arena *arena, const Schema *schema);
/* NONE: no such table yet. {versions: [{version, date, run_id, columns, changes: [texts]}]}; the
 * newest is the last. */
MUST bool registry_get(const Drop *drop, Str table, Arena *arena, Value *out, Err *err);
/* Adds a version when columns differ from the newest one; columns that are missing today stay, and
 * so does a type that holds what was seen. By conditional write. *version, *changes: list of texts,
 * what is other than before this date ("column rating added (DOUBLE)", "column amount widened from
 * BIGINT to DOUBLE", "column note is missing": once); a second call for the same date gives the
 * same ones. Also into the state's registry, for `weir schema`. */
MUST bool registry_put(const Drop *drop, Str table, const Schema *seen, Arena *arena,
                       uint32_t *version, Value *changes, Err *err);

/* ---- units.c: work that is done once, by whoever comes first ---- */

typedef struct Unit {
    Str name;                    /* "groups/00017": claims/groups-00017.json                      */
    Str marker;                  /* what it leaves behind: "groups/00017.json", below the date    */
    void *what;
} Unit;

typedef struct UnitWork {
    /* Does it and gives the marker's content, which is then written unless it exists.
     * attempt: 8 letters, another one each time, for names of files that the marker tells of. */
    MUST bool (*run)(void *context, const Unit *unit, unsigned worker, Arena *arena, Str attempt,
                     Value *marker, Err *err);
    void *context;
    unsigned workers;            /* threads                                                       */
} UnitWork;

/* Until all markers are there: those that lack one are done here, or (with shards) waited for, and
 * taken over when their worker is not heard of for claim_us. The first failure ends it: run() of
 * the others sees it by drop_is_cancelled(). done: how many were done here; set on failure, too.
 * Worker 0 is the calling thread.
 * Fails  what run() fails with; ERR_CANCELLED; ERR_RUNTIME: shards in a place without conditional
 *        writes */
MUST bool units_run(Drop *drop, const Unit *units, uint32_t count, const UnitWork *work,
                    uint32_t *done, Err *err);
/* The content of a marker; NONE: not there. */
MUST bool marker_get(const Drop *drop, Str marker, Arena *arena, Value *out, Err *err);

/* ---- wait.c, set_date.c: small things for all stages ---- */

/* "1,204"; "3.1 GB", "17 B"; "2 h 10 min", "45 s". Owner: the arena. */
Str drop_print_count(Arena *arena, uint64_t count);
Str drop_print_bytes(Arena *arena, uint64_t bytes);
Str drop_print_span(Arena *arena, int64_t span_us);
/* Removes all below a folder of the work store ("2026-11-20/parts"). */
MUST bool drop_remove_folder(const Drop *drop, Str folder, Err *err);

/* ---- parts: what extract leaves for merge ----
 *
 * groups/ID.json:
 * {version: 1, group, attempt, started_at_us, ended_at_us,
 *  archives: [{name, size, etag, hash, status: "ok"|"bad", reason, files, rows, plain_bytes}],
 *  tables: {TABLE: {segments: [{file, rows, bytes, columns: [{name, type, nulls}],
 *                   keys: file|null}], files, plain_bytes, rows_in, rows_bad, values_bad,
 *                   header: {NAME: count of
 *                   files that have it}, missing: {NAME: count}, unknown: {NAME: count},
 *                   bad: [{column, reason, count, first: "archive/file:line: value"}],
 *                   files_seen: [{file, rows}] (only where an expected list asks for it)}},
 *  surplus: [names of members that no pattern or table takes (at most 100)], surplus_count,
 *  verdicts: [{level: "warn"|"error", archive, member, reason}] (at most 1,000), verdict_count,
 *  timing: {read_us, unpack_us, parse_us, write_us}, cpu_us, bytes_read, bytes_written,
 *  peak_bytes}
 *
 * .keys files: for each row of the segment, in order, a 64-bit hash of its key (little endian);
 * there when the table has a primary key.
 */

/* twins.c: marks archives of the same bytes as one before them as replaced (the first one counts).
 * groups  their markers, in the order of the plan
 * Gives a list of {archive, same_as}. The same whenever and by whomever it is asked. */
Value twins_mark(Plan *plan, const Value *groups, Arena *arena);

/* Rows that a table has under a date, as Parquet files on this machine (copied there where the work
 * folder is remote). */
typedef struct Segment {
    Str path, keys_path;         /* keys_path at NULL: none                                       */
    uint64_t rows, bytes;
    Schema schema;
    uint32_t group;              /* of the plan                                                   */
} Segment;

/* ---- the stages ---- */

MUST bool stage_set_date(Drop *drop, DropReport *report, Err *err);         /* set_date.c */
MUST bool stage_wait(Drop *drop, DropReport *report, Err *err);             /* wait.c     */
MUST bool stage_extract(Drop *drop, DropReport *report, Err *err);          /* extract.c  */
MUST bool stage_merge(Drop *drop, Str table, DropReport *report, Err *err); /* merge.c    */
MUST bool stage_summary(Drop *drop, DropReport *report, Err *err);          /* summary.c  */
MUST bool stage_check(Drop *drop, DropReport *report, Err *err);            /* verdict.c  */

/* merge/TABLE.json, read by summary and verdict:
 * {version: 1, table, inputs: "hash of the groups' markers", started_at_us, ended_at_us, status:
 *  "success"|"warn"|"error", schema_version, schema_changes: [texts], files: [{path, size, rows}],
 *  csv_files, plain_bytes, rows_in, rows_out, rows_bad, values_bad, duplicates_dropped,
 *  replaced_rows, columns: [{name, type, nulls, null_ratio}], checks: [{check, column, status:
 *  "pass"|"warn"|"error", value, threshold, message}], timing: {...summed over groups, merge_us},
 *  cpu_us, bytes_read, bytes_written, peak_bytes} */

#endif
