/* lake.h: how rows become tables, exactly once: staging, contract, merge, cursor, registry.
 *
 *   Input (JSONL files | CSV files | a Stream | a select) --contract--> staging table
 *     --one transaction: evolve target, append | replace | merge | scd2, cursor, files, record-->
 *     target --after the commit--> state (registry, landed files)
 *
 * The truth about what is loaded lies in the target itself, in tables of weir's own beside the
 * data, in the target's schema: _weir_loads, _weir_state (resource -> cursor), _weir_files
 * (resource, name -> etag ...). They are written in the transaction of the rows: a kill at any
 * moment leads neither to loss nor doubles. Staging tables are temporary: they die with their
 * session.
 *
 * Engine here: DuckDB (files and DuckLake catalogues attached to it). SQL: src/lake/sql/ (Jinja).
 * Memory: batches, plus what the engine's own memory_limit allows it; nothing global is set here.
 */
#ifndef LAKE_LAKE_H
#define LAKE_LAKE_H

#include "engine/engine.h"
#include "format/format.h"
#include "state/state.h"
#include "store/store.h"

typedef enum Disposition { WRITE_APPEND, WRITE_REPLACE, WRITE_MERGE, WRITE_SCD2 } Disposition;

typedef enum ContractMode {
    CONTRACT_EVOLVE, CONTRACT_FREEZE, CONTRACT_DISCARD_ROW, CONTRACT_DISCARD_VALUE,
} ContractMode;

/* What may change by what comes in. `tables` is about a table that is not there yet, the other two
 * about one that is. Evolve widens a type where another holds both exactly; else scalar kinds
 * become VARCHAR, and a scalar and an object or list JSON. */
typedef struct Contract {
    ContractMode tables, columns, data_type;
} Contract;

/* schema_contract: "freeze" or {tables:, columns:, data_type:}. NONE: evolve all.
 * Fails ERR_PARSING with the nearest word. */
MUST bool contract_parse(Value from, Contract *out, Err *err);

typedef struct LoadSpec {
    Str resource;           /* the node's unique_id: key of cursor, files, registry               */
    Str load_id;            /* known before, for statedb_landing(); empty: made here              */
    Str database, schema, table; /* target; database empty: the session's own                    */
    Disposition disposition;
    Value primary_key;      /* list of column names; needed by MERGE and SCD2                     */
    Str cursor_column;      /* or empty. MERGE, SCD2: of several rows with a key the one with the
                               newest cursor wins, then the last one                              */
    Str interval_from;      /* APPEND with a cursor: rows with cursor >= this that the target has
                               already are not added again (equal rows counted one by one);
                               at NULL: nothing to compare                                        */
    Contract contract;
    Value columns;          /* hints: dict name -> {type, ...} (or a text: the type); a hinted type
                               is the table's type, and a hinted column may always be added       */
    bool splits_nested;     /* lists of objects become child tables TABLE__FIELD with _weir_id,
                               _weir_parent_id, _weir_root_id, _weir_list_index; else STRUCT/LIST
                               columns. Not with SCD2                                             */
    Value meta_columns;     /* list of _weir_loaded_at, _weir_run_id, _weir_load_id,
                               _weir_source_file, _weir_row_hash; NONE: the first two             */
    bool deletes_missing;   /* MERGE, SCD2: the input is the full set of keys: target rows without
                               one go (SCD2: are retired)                                         */
    Str deleted_column;     /* MERGE: rows of the input where this is true, or of another type and
                               not null, are deletes; or empty                                    */
    bool is_full_refresh;   /* the target is made anew (in the same transaction)                  */
    Str run_id;
    int64_t loaded_at_us;
    Value cursor;           /* what _weir_state gets with the rows (a dict); NONE: left alone     */
    /* Asked with the largest cursor value among the rows (text; NONE: no rows), once they are
     * staged: what _weir_state gets. NULL: `cursor` holds. May be asked again for the same rows */
    Value (*cursor_of)(void *context, Value reached);
    void *cursor_context;
    bool replaces_files;    /* APPEND: rows that the target has from one of `files` (its
                               _weir_source_file is NAME or NAME/...) go first                    */
    Value files;            /* list of {name, size, etag, modified_at_us}: into _weir_files       */
    Value details;          /* for _weir_loads: interval, uris of raw files ... (dict)            */
} LoadSpec;

typedef struct InputFile {
    Str path;               /* local; compressed ones are unpacked                                */
    Str shown;              /* where it came from: _weir_source_file, messages                    */
} InputFile;

typedef enum InputKind {
    INPUT_JSONL, INPUT_CSV, INPUT_STREAM, INPUT_SELECT,
    INPUT_PARQUET,          /* files, columns united by name                                      */
    INPUT_EXCEL,            /* files: extension excel; texts as they stand, numbers, dates        */
} InputKind;

typedef struct Input {
    InputKind kind;
    const InputFile *files;
    uint32_t file_count;
    CsvOptions csv;
    const Shape *shape;     /* JSONL: of all its records, if the caller already has it; else one
                               that finds times is made by reading them all                       */
    Stream *stream;         /* typed rows of a database; the caller closes it                     */
    Str select;             /* any query of the engine                                           */
    Value excel;            /* {sheet, range, header}; NONE or UNDEFINED: the first sheet         */
} Input;

typedef struct LoadReport {
    Str load_id;
    uint64_t rows_in, rows_inserted, rows_updated, rows_deleted, rows_quarantined, values_dropped;
    uint32_t schema_version; /* in the registry; 0 without one                                    */
    Value changes;          /* list of texts: "column rating added (DOUBLE)"                      */
    Value cursor_max;       /* the largest cursor value among the rows, as text; NONE: no rows    */
} LoadReport;

typedef struct Lake Lake;

/* One a run; shared by threads. state may be NULL: no registry then. Owner: the arena. */
Lake *lake_open(Arena *arena, StateDb *state);

/* Makes schema and weir's own tables if they lack. Serial (holds a lock, rank 80): the engine's
 * catalogue refuses two at once. Where a DuckLake catalogue is attached to the session, whole loads
 * and looks at cursors hold it too (see README.md). Asked again it does nothing. */
MUST bool lake_prepare(Lake *lake, Session *session, Str database, Str schema, Err *err);

/* The cursor that came with the last committed load; NONE: none so far, or no such schema yet.
 * Owner: the arena. */
MUST bool lake_cursor(Lake *lake, Session *session, const LoadSpec *spec, Arena *arena, Value *out,
                      Err *err);
/* Was the load with that id committed? What a kill right behind the commit leaves behind is then
 * not loaded twice. */
MUST bool lake_has_load(Lake *lake, Session *session, const LoadSpec *spec, Str load_id,
                        Arena *arena, bool *out, Err *err);
/* Files loaded so far: dict name -> {size, etag, modified_at_us}. */
MUST bool lake_files(Lake *lake, Session *session, const LoadSpec *spec, Arena *arena, Value *out,
                     Err *err);

/* Loads; lake_prepare() was called for its schema. All or nothing: on failure the target is as
 * before, staging tables are dropped. The session must be outside of a transaction.
 *
 * Rows and values that the contract discards go to TABLE__quarantine (load_id, quarantined_at,
 * reason, column_name, value, source_file, line, record) in the same transaction.
 * Names: a name is a column's name as received; empty ones become column_N, one that differs from
 * another by case only gets _2. A column that holds nothing but NULLs is made when it holds more.
 * Fails  ERR_RUNTIME for freeze (names column, types, first file and line, the way out), null keys,
 *        missing key or cursor columns (with the nearest); ERR_PARSING: no JSON, no CSV;
 *        ERR_CONFLICT: another writer was faster, five times; ERR_DATABASE
 * Cost   one pass over the input (two for JSONL and CSV without a given shape)
 */
MUST bool lake_load(Lake *lake, Session *session, const LoadSpec *spec, Input *input, Arena *arena,
                    LoadReport *out, Err *err);

/* MERGE: rows of the target whose key is not among the stream's (its columns: the primary key) go,
 * with their nested rows, in one transaction. What a full comparison of keys finds after an
 * incremental load. A stream that fails deletes nothing. */
MUST bool lake_delete_missing(Lake *lake, Session *session, const LoadSpec *spec, Stream *keys,
                              Arena *arena, uint64_t *deleted, Err *err);

/* ---- SQL from templates ---- */

struct Template;
/* SQL from a compiled template: its names are those of the dict `vars`, `ident(x)` and `literal(x)`
 * quote; a name that is not there is an error. Owner: the arena. */
MUST bool lake_render_template(const struct Template *template, Arena *arena, Value vars, Str *out,
                               Err *err);

/* ---- files with an index ---- */

/* Parquet (or CSV, JSON, Excel) written from a select into a store, seen whole or not at all: files
 * under new names, then "_index.json" replaced by a conditional write. Readers without listing take
 * the index; files that no index of the last `keep_days` names are removed.
 *
 *   {version: 1, created_at, run_id, format, schema: [{name, type}],
 *    files: [{path, size, rows, partition: {...}}], rows, cursor,
 *    former: [{path, removed_at_us}]}            rows of a file: null where not known (CSV, JSON)
 */
typedef struct Export {
    Store *store;           /* the dataset's folder                                               */
    Str select;             /* SQL for the session                                                */
    Str format;             /* "parquet" (zstd), "csv", "json", "xlsx" (needs extension excel)    */
    Value partition_by;     /* list of columns: Hive folders                                      */
    uint64_t file_bytes;    /* about; 0: 256 MiB; partitions: one file each                       */
    uint64_t row_group_rows; /* 0: 122,880                                                        */
    bool is_append;         /* files are added to the index's; else they replace it               */
    uint32_t keep_days;     /* 0: former files are removed at once                                */
    Str single_file;        /* one file under this very name instead of a dataset: no index       */
    Str run_id;
    Value cursor;           /* kept in the index                                                  */
    const NamedStream *streams; /* what `select` reads besides tables                             */
    uint32_t stream_count;
} Export;

/* Writes to a temporary folder (beside a local store, else $TMPDIR), moves or puts the files, then
 * the index. On failure nothing is seen and what was put is removed; what a kill left behind goes a
 * day later.
 * rows   how many; index (may be NULL): as written, NONE for a single file
 * Fails  ERR_CONFLICT: another export wrote the index meanwhile (appends try again five times);
 *        ERR_UNAVAILABLE, ERR_IO of the store; ERR_DATABASE
 * Cost   disk: the dataset once more while it is written */
MUST bool lake_export(Lake *lake, Session *session, const Export *export, Arena *arena,
                      uint64_t *rows, Value *index, Err *err);

/* The index of a dataset, NONE if there is none; etag (may be NULL) for a conditional write.
 * Fails ERR_RUNTIME: no index of ours, or of a newer weir. */
MUST bool lake_index(Store *store, Arena *arena, Value *out, Str *etag, Err *err);

#endif
