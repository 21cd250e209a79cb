/* drops.h: partner drops: thousands of archives of CSV files a day become clean tables.
 *
 *   inbox --wait--> plan (groups of archives) --extract--> parts (Parquet, a group and table)
 *         --merge--> dataset/year=/month=/day=/ (Parquet, index, _SUCCESS) --> summary --> verdict
 *
 * All that is known about a day lies in files of a work folder (local or in an object store), made
 * by conditional writes: that is the checkpoint, and how workers on many machines share a day.
 * Memory is bounded by DropSpec.memory_bytes whatever comes in.
 */
#ifndef DROPS_DROPS_H
#define DROPS_DROPS_H

#include "engine/engine.h"
#include "format/format.h"
#include "state/state.h"
#include "store/store.h"

typedef struct Mapping Mapping;

/* When a day's files are all there. Several conditions: each must hold; `quiet_us` beside a marker,
 * manifest or count stands in for them ("or_quiet_for"). None: whatever is there. */
typedef struct DropReady {
    Str marker;                  /* glob beside the archives: "_DONE"; or empty                   */
    Str manifest;                /* a file that lists archives: all of them must be there         */
    uint64_t count;              /* archives at least; 0: not asked                               */
    int64_t quiet_us;            /* no new or growing file for so long; 0: not asked              */
    int64_t deadline_us;         /* a moment; 0: looks once, waits for nothing                    */
    Str deadline_name;           /* "06:00 Asia/Seoul", as it is told; empty: a span              */
    int64_t poll_us;             /* 0: 30 s                                                       */
    enum { DEADLINE_FAIL, DEADLINE_SKIP, DEADLINE_GO_ON } on_deadline;
} DropReady;

typedef struct DropLimits {      /* 0: the default in brackets                                    */
    uint64_t archive_bytes;      /* plain bytes of one archive [1 TiB]                            */
    uint64_t member_bytes;       /* [256 GiB]                                                     */
    uint64_t record_bytes;       /* [64 MiB, at most an eighth of the memory]                     */
    uint32_t members;            /* of one archive [100,000]                                      */
    uint32_t ratio;              /* plain / packed beyond the first 64 MiB [1,000]                */
} DropLimits;

typedef enum CheckLevel { CHECK_OFF, CHECK_WARN, CHECK_ERROR } CheckLevel;
typedef enum HeaderRule { HEADER_EVOLVE, HEADER_WARN, HEADER_FREEZE } HeaderRule;

/* Ratios 0..1, negative: not asked. */
typedef struct DropChecks {
    double null_warn, null_error;
    Value null_columns;          /* dict column -> {warn, error}: instead of the two above        */
    HeaderRule header;           /* new or missing columns: taken, told, or the table fails       */
    Str expected;                /* manifest file, glob or empty: archives and files that must be
                                    there, with rows where it says so                             */
    CheckLevel missing, surplus, row_counts;
    double violations_warn, violations_error;  /* share of rows with a value that had no place    */
    CheckLevel duplicate_keys;
    double change_warn, change_error;          /* |rows / median of the last days - 1|            */
    uint32_t change_days;        /* 0: 7                                                          */
} DropChecks;

typedef struct DropFlags {       /* bottleneck flags; 0: the default in brackets                  */
    uint64_t files;              /* [1,000]                                                       */
    uint64_t bytes;              /* [1 GB]                                                        */
    double null_ratio;           /* [0.5]                                                         */
    uint32_t columns;            /* [200]                                                         */
    int64_t duration_us;         /* [5 minutes]                                                   */
} DropFlags;

typedef enum InferRule { INFER_ALL, INFER_SAMPLE, INFER_TEXT } InferRule;

/* A resource on one processing date: all rendered. */
typedef struct DropSpec {
    Str name;                    /* "partner_a"                                                   */
    Str partner;                 /* of the mapping; else the name                                 */
    Str date;                    /* "2026-11-20"                                                  */
    Store *inbox;
    Str glob;                    /* of archives, below the inbox                                  */
    Str inbox_uri;               /* in front of names, for messages                               */
    Str members;                 /* "{table}_{date:%Y%m%d}_{batch_id}.csv"                        */
    const Str *tables;           /* of the declaration and the mapping, in order                  */
    uint32_t table_count;
    const Mapping *mapping;      /* NULL: none                                                    */
    CsvOptions csv;
    DropReady ready;
    DropLimits limits;
    DropChecks checks;
    DropFlags flags;
    InferRule infer;             /* columns that neither mapping nor registry knows               */
    bool fails_on_misfit;        /* a value that misfits a known type: its row goes to quarantine
                                    instead of the column being widened                           */

    Store *target;               /* root of `to.layout`                                           */
    Str layout;                  /* "{table}/year={year}/month={month}/day={day}"                 */
    Str format;                  /* "parquet", "csv" (one file)                                   */
    uint64_t file_bytes;         /* 0: 256 MiB                                                    */
    bool adds_csv;               /* besides Parquet, TABLE.csv                                    */
    uint64_t settings;           /* print of what rows depend on besides the archives: a day that
                                    was planned with others is refused; 0: not compared           */
    bool is_shared;              /* other drops fill the merged table, too: its view shows the
                                    files of all partners                                         */
    Str schema;                  /* of the source in the warehouse: views, tables of summaries    */
    Str database;

    Store *raw;                  /* NULL: CSV files are not kept                                  */
    Str raw_layout;              /* "raw/partner_a/{date}/"                                       */
    Str raw_codec;               /* "zst", "gz", "bz2", "xz", ""                                  */

    Store *work;                 /* of this resource: parts, plans, claims, registry              */
    uint32_t keep_days;          /* parts of older days are removed; 0: 7                         */
    Store *quarantine;           /* bad archives are copied there; NULL: only told                */
    Str quarantine_layout;
    Store *logs;                 /* root of logs/summary/                                         */

    uint64_t memory_bytes;       /* 0: 256 MiB                                                    */
    unsigned workers;            /* 0: one a core                                                 */
    uint32_t shard, shards;      /* 1-based; shards 0: alone                                      */
    int64_t claim_us;            /* a worker unheard of for so long is lost; 0: 60 s              */
    bool is_full_refresh;
} DropSpec;

typedef enum DropStage {
    DROP_SET_DATE, DROP_WAIT, DROP_EXTRACT, DROP_MERGE, DROP_SUMMARY, DROP_CHECK,
} DropStage;

typedef struct Drop Drop;

typedef struct DropReport {
    bool is_skipped, has_warning;
    Str message;                 /* "EXTRACT 17,312 archives, 3 bad"                              */
    Value response;              /* dict: archives, files, rows, bytes_read, ...                  */
} DropReport;

/* session  for what the engine does (rewrites, views, summaries' table); of the calling thread
 * cancel   looked at all the time
 * Owner    the arena */
MUST bool drop_open(Arena *arena, const DropSpec *spec, StateDb *state, Session *session,
                    const volatile bool *cancel, Str run_id, Drop **out, Err *err);

/* Runs a stage; `table` with DROP_MERGE. Each may be run alone and again: what is done already is
 * not done twice; what lacks (a stage before it) is an error that says so.
 * Fails  ERR_UNAVAILABLE: the inbox is down; ERR_RUNTIME: deadline passed, hard checks (nothing is
 *        published then); ERR_CONFLICT: would drop rows of archives that are gone (how many) */
MUST bool drop_run(Drop *drop, DropStage stage, Str table, DropReport *report, Err *err);

/* ---- mappings ---- */

/* Reads partners/NAME.yml; `schema:` names a file beside it with the unified schema.
 * Fails  ERR_PARSING at its place, with the nearest key or column */
MUST bool mapping_load(Arena *arena, Str path, Mapping **out, Err *err);
/* The partner's name; the tables of the unified schema that it fills. */
Str mapping_partner(const Mapping *mapping);
uint32_t mapping_tables(const Mapping *mapping, const Str **names);

/* `weir generate partner FILE...`: a mapping proposed from sample files (CSV, plain or packed;
 * archives; globs were expanded by the shell). At most 64 MiB of each are looked at. */
typedef struct ProposeOptions {
    Str partner;                 /* empty: by the first file's name                               */
    const Str *paths;
    uint32_t count;
    Str members;                 /* pattern of names; empty: guessed                              */
    Str unified;                 /* path of a unified schema to find columns in; or empty         */
    Str folder;                  /* where the mapping will lie: `schema:` is relative to it       */
} ProposeOptions;
/* out    YAML with comments, which mapping_load() takes
 * notes  what was looked at, line by line, for stderr
 * Fails  ERR_IO (no such file: the nearest), ERR_PARSING (no CSV; the pattern; the schema) */
MUST bool mapping_propose(Arena *arena, const ProposeOptions *options, Text *out, Text *notes,
                          Err *err);

#endif
