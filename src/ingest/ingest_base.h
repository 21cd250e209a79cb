/* ingest_base.h: what the kinds of loads share. private to ingest/
 *
 *   Ingest (a run) --has--> Http, Limits, Auths, StateDb, Lake, Warehouse
 *          --runs--> Load (a node at work: settings, cursor window, landing, session)
 *                      load_api() | load_tables() | load_files() | load_drop() | publish_run()
 */
#ifndef INGEST_INGEST_BASE_H
#define INGEST_INGEST_BASE_H

#include "base/file.h"
#include "base/pool.h"
#include "drops/drops.h"
#include "ingest/ingest.h"
#include "lake/lake.h"

typedef struct Load Load;

/* What is shared by connection: made at first use, under the lock. */
typedef struct Line {
    const Connection *connection;
    Str type;                    /* "http", "postgres", "mysql", "s3", "sftp", "ftp", "file"      */
    Value config;                /* rendered dict                                                 */
    Limit *limit;                /* of rate_limit and concurrency; NULL: none                     */
    Auth *auth;                  /* NULL: none                                                    */
} Line;

/* A processing date of a drop. Guarded by the ingest's lock: is_out. */
typedef struct DropDay {
    Str date;                    /* "2026-11-20"                                                  */
    int64_t number;              /* days since 1970                                               */
    bool is_late;                /* begun by an earlier run and never finished                    */
    bool is_out;                 /* nothing more is done about it in this run                     */
} DropDay;

/* The days of a drop, found once a run by the first of its nodes: late ones first. */
typedef struct DropDays {
    DropDay *at;
    uint32_t len;
    Str zone;                    /* IANA name; empty: the process's own                           */
    uint32_t merging;            /* merges at work; guarded by the ingest's lock                  */
} DropDays;

struct Ingest {
    Graph *graph;
    Project *project;
    IngestOptions options;
    Arena *arena;                /* guarded by lock                                               */
    Lock lock;                   /* rank 30                                                       */
    Http *http;                  /* NULL until ingest_http()                                      */
    StateDb *state;
    Lake *lake;
    Warehouse *warehouse;
    Map lines;                   /* connection name -> Line                                       */
    Map limits;                  /* "host rate" -> Limit                                          */
    Map loads;                   /* unique_id -> Load, while they run                             */
    Map done;                    /* unique_id -> Node: loaded in this run                         */
    Map drops;                   /* "package.name" -> DropDays                                    */
    Signal drop_ended;           /* a merge of a drop has ended                                   */
    Str run_id;
    /* one clock reading for all: run_date, cursor caps */
    int64_t started_at_us;
    Str folder;                  /* <project>/.weir                                               */
    /* where the state is kept between runs, or NULL */
    Store *state_store;
    Str state_name, state_etag;
    _Atomic bool is_stopped;
    bool limits_memory;          /* the engine's limit is ours to set (memory.c)                  */
    /* what it is now, guarded by lock; 0: not set yet, UINT32_MAX: the engine's own */
    uint32_t memory_mb;
};

/* The client, opened at first use. */
MUST bool ingest_http(Ingest *ingest, Http **out, Err *err);
/* The line of a connection, rendered and checked at first use. Fails ERR_PARSING at its place. */
MUST bool ingest_line(Ingest *ingest, const Connection *connection, Line **out, Err *err);

/* `cursor: {format: ...}`: what numbers mean; the others are told by their look. */
typedef enum CursorForm { FORM_AUTO, FORM_EPOCH, FORM_EPOCH_MS, FORM_NUMBER } CursorForm;

/* The bounds of what is loaded. Texts are as the source writes them. */
typedef struct Window {
    bool is_on;                  /* the resource has a cursor                                     */
    Str field;
    Str from, to;                /* from <= cursor, cursor < to; at NULL: no bound                */
    Str last;                    /* the committed cursor, at NULL: none                           */
    bool is_by_hand;             /* --from or --to                                                */
    bool takes_nulls, fails_on_nulls;
    /* row_order: asc: batches may be committed one by one */
    bool is_sorted;
    /* the declaration says `nulls` */
    bool has_own_nulls;
    CursorForm form;
    /* the dict in _weir_state, NONE: none */
    Value committed;
} Window;

struct Load {
    Ingest *ingest;
    const Node *node;
    const Declared *declared;
    Arena *arena;                /* of the attempt                                                */
    Attempt *attempt;
    Session *session;
    Line *line;                  /* NULL: no connection                                           */
    /* what templates see besides: cursor, page, run_date, parent ... */
    Dict *names;
    Context *context;
    Window window;
    bool lands_only;             /* `load: false`: bronze is all that is asked for                */
    LoadSpec spec;               /* filled by load_prepare(); cursor, files, details per load     */
    IngestReport *report;
    LoadReport total;            /* sums over the batches that were loaded                        */
    uint64_t requests, bytes;
    _Atomic(Database *) database; /* while one is open: what cancel interrupts                    */
    /* while one is waited for; guarded by the ingest's lock */
    HttpCall *call;
    _Atomic bool is_cancelled;
};

/* ---- drop_days.c ---- */

/* The days that a drop's node works at, in order. Owner: the ingest's arena. */
MUST bool drop_days(Load *load, DropDays **out, Err *err);
/* The instant of a wall-clock time (microseconds since 1970-01-01 00:00 on that clock). */
MUST bool drop_clock(Load *load, Str zone, int64_t local_us, int64_t *at_us, Err *err);

/* ---- drop_spec.c ---- */

/* load->names and context for a day; NULL: before it is known. */
void drop_names(Load *load, const DropDay *day);
/* The store of `work` (which knows no day). */
MUST bool drop_work(Load *load, Store **out, Err *err);
/* What memory_limit says, in bytes. */
MUST bool drop_memory(Load *load, uint64_t *bytes, Err *err);
/* All settings, rendered for a day. slots: merges that may run side by side and share memory. */
MUST bool drop_spec(Load *load, const DropDays *days, const DropDay *day, uint32_t slots,
                    DropSpec *out, Err *err);

/* ---- memory.c ---- */

/* Is the engine's memory ours to limit in this run? */
void memory_begin(Ingest *ingest);
typedef enum MemoryNeed {
    MEMORY_ROWS,                 /* a stream into a new table or a file                           */
    MEMORY_FILES,                /* files into a new table                                        */
    MEMORY_OPEN,                 /* rows into a table that stays: no limit of ours                */
} MemoryNeed;
/* Before rows of so many columns are loaded. */
MUST bool memory_need(Load *load, MemoryNeed need, uint32_t columns, Err *err);
/* The engine gets at least so much, and no more unless another load needs it. */
MUST bool memory_cap(Load *load, uint32_t limit_mb, Err *err);
/* After a failure: true if memory was short and there is more of it now; *err is dropped then. */
MUST bool memory_was_short(Load *load, Err *err);

/* ---- secret.c ---- */

/* Puts the text in the place of every {file: ...} and {command: ...} of a rendered connection.
 * Fails ERR_RUNTIME at its place; what the file or command gave is in no message. */
MUST bool secrets_fetch(Arena *arena, const Connection *connection, Value tree, Err *err);
/* Warns of secrets that stand in the file itself. */
void secrets_warn(const Connection *connection, Value tree);

/* ---- settings.c ---- */

/* A setting of the resource (an entry of `tables` wins), rendered with load->names, checked against
 * declare.def; UNDEFINED: not given. */
MUST bool load_setting(Load *load, const char *key, Value *out, Err *err);
MUST bool load_setting_text(Load *load, const char *key, Str otherwise, Str *out, Err *err);
/* The raw value, unrendered: for what is rendered once a page. */
Value load_setting_raw(const Load *load, const char *key);
/* Renders a tree with load->names as they are now. */
MUST bool load_render(Load *load, Value tree, Value *out, Err *err);
MUST bool load_render_text(Load *load, Value text, Str *out, Err *err);
/* Fails ERR_RUNTIME at the place of a setting: "<message>" with its line. Gives false. */
bool load_fail(const Load *load, const char *key, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* `csv:` of the resource. */
MUST bool load_csv_options(Load *load, CsvOptions *out, Err *err);
/* spec, names and window of a load. */
MUST bool load_prepare(Load *load, Err *err);

/* ---- files.c: places ---- */

/* The line of a connection by its name; names it at the place of a setting. */
MUST bool line_find(Load *load, const char *key, Str name, Line **out, Err *err);
/* Opens the place that a path lies in: a URI's host or bucket, else the connection's place, else
 * the project. *root: in front of names, for messages; *rest: the path below it. */
MUST bool place_open(Load *load, Line *line, const char *key, Str path, Str *root, Str *rest,
                     Store **out, Err *err);
/* Opens the folder itself. */
MUST bool place_open_folder(Load *load, Line *line, const char *key, Str folder, Store **out,
                            Err *err);

/* ---- window.c ---- */

MUST bool window_make(Load *load, Err *err);
/* The cursor to commit with rows whose largest value is `reached` (NONE: no rows), capped at the
 * run's start where it is a time; NONE: leave the committed one as it is. */
Value window_cursor(const Load *load, Value reached);
/* The same as LoadSpec.cursor_of asks for it; the context is the Load. */
Value window_cursor_of(void *load, Value reached);
/* A cursor value less a span; in the form of the value. */
Str cursor_less(Arena *arena, CursorForm form, Str value, int64_t lag_us);
/* <0, 0, >0; numbers as numbers, times as times, else as texts. */
int cursor_compare(Str a, Str b);

/* ---- landing.c: records on their way to bronze ---- */

typedef struct Landing Landing;

/* Opens the landing of a load: raw files of loads that were never committed are removed first
 * (or, when they were complete, loaded: landing_pending()). has_default: without `raw` files go
 * to the project's lake. */
MUST bool landing_open(Load *load, const char *extension, bool has_default, Landing **out,
                       Err *err);
/* One record, a line. */
MUST bool landing_add(Landing *landing, Str record, Err *err);
/* Bytes as they came (a file, a CSV answer); landing_next() begins the next file. */
MUST bool landing_add_bytes(Landing *landing, Str bytes, Err *err);
/* Where the records that follow come from: their files are shown under this name. */
void landing_name(Landing *landing, Str shown);
/* Under which id the files that are landed now are to be loaded. */
Str landing_load_id(const Landing *landing);
/* A folder of this load's own, gone when it is committed. */
Str landing_folder(const Landing *landing);
/* Ends the file that is open: it appears in bronze, and among landing_files(). */
MUST bool landing_next(Landing *landing, Err *err);
/* Is it time to begin another (size, rows)? */
bool landing_is_full(const Landing *landing);
uint64_t landing_records(const Landing *landing);
/* The finished files since the last landing_loaded(), as local paths. */
uint32_t landing_files(const Landing *landing, const InputFile **out);
/* The shape of their records, if it was asked for with landing_add(). */
const Shape *landing_shape(const Landing *landing);
/* The extraction is complete: if the load fails now, the next run loads these files without
 * asking again. */
MUST bool landing_complete(Landing *landing, Value cursor, Err *err);
/* The load of the finished files is committed. */
MUST bool landing_loaded(Landing *landing, Err *err);
void landing_close(Landing *landing);

/* The store and name of the next raw file of a load that lands whole files (databases: Parquet).
 * The state knows it from now on, under spec.load_id, until the load with that id is committed. */
MUST bool landing_place(Load *load, const char *extension, Store **store, Str *name, Err *err);
/* A path on this machine with the bytes of a landed file; landing_local_done() removes a copy. */
MUST bool landing_local(Load *load, Store *store, Str name, Str *path, Err *err);
MUST bool landing_local_done(Load *load, Store *store, Str path, Err *err);

/* Loads what landing_files() gives with spec.cursor = cursor; adds to load->total. */
MUST bool load_landed(Load *load, Landing *landing, InputKind kind, Value cursor, Err *err);
/* lake_load() and adding to load->total. */
MUST bool load_input(Load *load, Input *input, Value cursor, Err *err);

/* http_wait() that ingest_cancel() ends. */
MUST bool load_wait(Load *load, HttpCall *call, Arena *arena, Response *out, Err *err);

/* "https://host/api/" and "/v4/games" together; an absolute path is a URL of its own. */
Str url_join(Arena *arena, Str base, Str path);

/* ---- the kinds ---- */

MUST bool load_api(Load *load, Err *err);       /* api.c, paginator.c, children.c */
MUST bool load_tables(Load *load, Err *err);    /* tables.c                       */
MUST bool load_files(Load *load, Err *err);     /* files.c                        */
/* A stage of a drop; fills load->report itself. */
MUST bool load_drop(Load *load, Err *err);      /* drop.c                         */
MUST bool publish_run(Load *load, Err *err);    /* publish.c                      */
/* Names and context of a publication. */
MUST bool publish_prepare(Load *load, Err *err);

static inline bool load_is_cancelled(const Load *load)
{
    return atomic_load(&load->is_cancelled) || *load->attempt->cancel;
}

#endif
