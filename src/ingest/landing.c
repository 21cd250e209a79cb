/* landing.c: records on their way to bronze.
 *
 *   landing_add() -> .weir/spool/RESOURCE/LOAD/001.jsonl --landing_next()--> raw location, 001 ...
 *   all asked for: complete.json in the spool  ->  load committed: the spool goes, bronze stays
 *
 * Killed before complete.json: the raw files of that load are removed and asked for again.
 * Killed, or the load failed, after it: the next run loads those files first and asks nothing
 * twice. Killed behind the commit: the target knows the load by its id, and nothing is loaded
 * twice or removed.
 */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "context/context.h"
#include "ingest/ingest_base.h"

enum { FILE_BYTES = 64 << 20, BATCH_DIGITS = 3 };
#define MARK "\x01"

struct Landing {
    Load *load;
    Arena *arena;
    Str extension;               /* "jsonl"                                                       */
    Str spool;                   /* folder of this load                                           */
    Str load_id;                 /* under which the files that are landed now will be loaded      */
    FileWriter file;
    bool is_open;
    uint64_t file_records, records;
    uint64_t batch_bytes, batch_rows;
    /* where bronze is; store NULL: nowhere */
    Store *store;
    Value options;               /* of its connection                                             */
    Str folder, before, after;   /* name = before + number + after, in the folder                 */
    Str codec;                   /* "", "gz", "zst"                                               */
    uint32_t number;             /* of the file that is open                                      */
    Str shown;                   /* of its records, where they come from a file; else empty       */
    List(InputFile) files;
    Shape *shape;
    bool is_complete;
};

/* ---- where ---- */

/* The folder of a resource's spool. */
static Str spool_of(const Load *load, Arena *arena)
{
    Str folder = path_join(arena, load->ingest->folder, STR("spool"));
    return path_join(arena, folder, load->node->unique_id);
}

static bool read_batch(Landing *landing, Err *err)
{
    Value batch;
    TRY(load_setting(landing->load, "batch", &batch, err));
    landing->batch_bytes = FILE_BYTES;
    bytes_read(value_get(batch, "size"), &landing->batch_bytes);
    Value rows = value_get(batch, "rows");
    landing->batch_rows = rows.kind == VALUE_INT ? (uint64_t)rows.number : UINT64_MAX;
    return true;
}

/* The default place: <lake>/raw/SOURCE/TABLE/dt=DATE/batch-001.EXTENSION. */
static Str default_location(Landing *landing)
{
    return str_print(landing->arena,
                     "{{ var('lake', 'lake') }}/raw/{{ schema }}/{{ table }}/dt={{ run_date }}/"
                     "batch-{{ batch }}." STR_FMT, STR_ARG(landing->extension));
}

/* The first free batch number of the folder. */
static bool number_batches(Landing *landing, Err *err)
{
    StoreEntries found = {0};
    if (!landing->store)
        return true;
    Str glob = str_print(landing->arena, STR_FMT "*" STR_FMT "*", STR_ARG(landing->before),
                         STR_ARG(landing->after));
    TRY(store_list(landing->store, glob, landing->arena, &found, err));
    for (uint32_t i = 0; i < found.len; i++) {
        Str name = str_slice(found.at[i].name, landing->before.len, found.at[i].name.len);
        size_t digits = 0;
        while (digits < name.len && name.at[digits] >= '0' && name.at[digits] <= '9')
            digits++;
        int64_t number;
        if (str_to_int(str_slice(name, 0, digits), &number) && number > landing->number)
            landing->number = (uint32_t)number;
    }
    return true;
}

static bool raw_location(Landing *landing, bool has_default, Str *location, Value *options,
                         Err *err)
{
    Load *load = landing->load;
    Value raw = load_setting_raw(load, "raw"), connection = UNDEFINED;
    *options = NONE;
    if (raw.kind == VALUE_DICT) {
        Value whole;
        TRY(load_render(load, raw, &whole, err));
        landing->codec = value_get_text(whole, "compression", STR_NONE);
        if (str_is(landing->codec, "none"))
            landing->codec = STR_NONE;
        connection = value_get(whole, "connection");
        raw = value_get(raw, "location");
    }
    if (connection.kind == VALUE_TEXT) {
        Connection *named = map_find(&load->ingest->project->connections, value_str(connection));
        Line *line;
        if (!named)
            return load_fail(load, "raw", err, "there is no connection '" STR_FMT "'",
                             STR_ARG(value_str(connection)));
        TRY(ingest_line(load->ingest, named, &line, err));
        *options = line->config;
    }
    bool has_own = raw.kind == VALUE_TEXT;
    if (value_is_bool(raw) || value_is(raw, "none") || (!has_own && !has_default)) {
        *location = STR_NONE;
        return true;
    }
    dict_put(load->names, STR("batch"), value_lit(MARK));
    Value text = has_own ? raw : value_text(default_location(landing));
    TRY(load_render_text(load, text, location, err));
    dict_put(load->names, STR("batch"), value_lit("001"));
    return true;
}

static bool open_raw(Landing *landing, bool has_default, Err *err)
{
    Str location;
    TRY(raw_location(landing, has_default, &location, &landing->options, err));
    if (!location.len)
        return true;
    Arena *arena = landing->arena;
    Load *load = landing->load;
    landing->folder = path_folder(location);
    Str name = path_name(location), mark = STR(MARK);
    ptrdiff_t at = str_find(name, mark);
    if (at < 0) { /* no {{ batch }}: the number stands before the extension */
        Str stem = path_stem(name);
        landing->before = str_print(arena, STR_FMT "-", STR_ARG(stem));
        landing->after = str_slice(name, stem.len, name.len);
    } else {
        landing->before = str_slice(name, 0, (size_t)at);
        landing->after = str_slice(name, (size_t)at + mark.len, name.len);
    }
    if (str_find(landing->folder, mark) >= 0)
        return load_fail(load, "raw", err, "{{ batch }} must stand in the file's name");
    bool is_remote = str_find(landing->folder, STR("://")) >= 0;
    Http *http = NULL;
    if (is_remote)
        TRY(ingest_http(load->ingest, &http, err));
    else
        landing->folder = path_join(arena, load->ingest->project->project_dir, landing->folder);
    return store_open(arena, landing->folder, landing->options, http, &landing->store, err);
}

/* ---- what earlier runs left ---- */

/* A raw file that nothing was loaded from, wherever `raw` pointed to then. */
static bool remove_file(Landing *landing, Str uri, Err *err)
{
    Http *http;
    Store *store = landing->store;
    if (uri.at && uri.at[0] == '/')
        return file_remove(uri, err);
    if (!store || !str_eq(path_folder(uri), landing->folder)) {
        TRY(ingest_http(landing->load->ingest, &http, err));
        TRY(store_open(landing->arena, path_folder(uri), landing->options, http, &store, err));
    }
    return store_remove(store, path_name(uri), err);
}

/* Removes raw files of loads that were never committed; those of committed ones stay. */
static bool remove_strays(Landing *landing, Err *err)
{
    Load *load = landing->load;
    Str resource = load->node->unique_id;
    Value strays;
    TRY(statedb_stray(load->ingest->state, resource, load->arena, &strays, err));
    for (uint32_t i = 0; strays.kind == VALUE_LIST && i < strays.list->len; i++) {
        Str uri = value_get_text(strays.list->at[i], "uri", STR_NONE);
        Str id = value_get_text(strays.list->at[i], "load_id", STR_NONE);
        bool is_committed;
        TRY(lake_has_load(load->ingest->lake, load->session, &load->spec, id, load->arena,
                          &is_committed, err));
        if (!is_committed)
            TRY(remove_file(landing, uri, err));
    }
    for (uint32_t i = 0; strays.kind == VALUE_LIST && i < strays.list->len; i++)
        TRY(statedb_unlanded(load->ingest->state, resource,
                             value_get_text(strays.list->at[i], "load_id", STR_NONE), err));
    return true;
}

/* The loads whose spool holds a complete.json, oldest first. */
static bool find_pending(Load *load, Str spool, FileList *out, Err *err)
{
    *out = (FileList){0};
    FileList all = {0};
    if (file_info(spool).kind != FILE_FOLDER)
        return true;
    TRY(folder_walk(load->arena, spool, &all, err));
    for (uint32_t i = 0; i < all.len; i++)
        if (str_is(path_name(all.at[i].path), "complete.json"))
            list_add(load->arena, out, all.at[i]);
    return true;
}

static bool load_pending(Landing *landing, Str path, Err *err)
{
    Load *load = landing->load;
    Str text;
    Value tree;
    TRY(file_read(load->arena, path, &text, err));
    TRY(json_parse(load->arena, text, path, &tree, err));
    Value files = value_get(tree, "files");
    bool is_committed;
    landing->load_id = value_get_text(tree, "load_id", STR_NONE);
    TRY(lake_has_load(load->ingest->lake, load->session, &load->spec, landing->load_id, load->arena,
                      &is_committed, err));
    if (is_committed)
        return folder_remove(path_folder(path), err);
    for (uint32_t i = 0; files.kind == VALUE_LIST && i < files.list->len; i++) {
        Value file = files.list->at[i];
        InputFile input = {value_get_text(file, "path", STR_NONE),
                           value_get_text(file, "shown", STR_NONE)};
        if (!file_exists(input.path)) { /* the spool did not survive: ask again */
            landing->files.len = 0;
            return folder_remove(path_folder(path), err);
        }
        list_add(load->arena, &landing->files, input);
    }
    landing->spool = path_folder(path);
    landing->is_complete = true;
    TRY(load_landed(load, landing, INPUT_JSONL, value_get(tree, "cursor"), err));
    return landing_loaded(landing, err);
}

/* Loads what was asked for completely and never committed; removes what was not complete. */
static bool settle(Landing *landing, Str spool, Err *err)
{
    Load *load = landing->load;
    FileList pending;
    if (load->ingest->options.is_full_refresh)
        TRY(folder_remove(spool, err));
    TRY(find_pending(load, spool, &pending, err));
    for (uint32_t i = 0; i < pending.len; i++)
        TRY(load_pending(landing, path_join(load->arena, spool, pending.at[i].path), err));
    landing->is_complete = false;
    TRY(remove_strays(landing, err));
    if (pending.len) /* they moved the cursor */
        TRY(window_make(load, err));
    return folder_remove(spool, err);
}

bool landing_open(Load *load, const char *extension, bool has_default, Landing **out, Err *err)
{
    Landing *landing = NEW(load->arena, Landing);
    landing->load = load;
    landing->arena = load->arena;
    landing->extension = str_of(extension);
    Str spool = spool_of(load, load->arena);
    TRY(read_batch(landing, err));
    TRY(open_raw(landing, has_default, err));
    TRY(settle(landing, spool, err));
    TRY(number_batches(landing, err));
    landing->load_id = uuid_make(load->arena);
    landing->spool = path_join(load->arena, spool, landing->load_id);
    TRY(folder_make(landing->spool, err));
    ShapeOptions options = {.finds_times = true};
    landing->shape = shape_make(load->arena, &options);
    *out = landing;
    return true;
}

/* ---- adding ---- */

Str landing_load_id(const Landing *landing)
{
    return landing->load_id;
}

static bool open_file(Landing *landing, Err *err)
{
    if (landing->is_open)
        return true;
    landing->number++;
    landing->file_records = 0;
    Str name = str_print(landing->arena, "%0*u." STR_FMT, BATCH_DIGITS, landing->number,
                         STR_ARG(landing->extension));
    TRY(file_writer_open(&landing->file, path_join(landing->arena, landing->spool, name), err));
    landing->is_open = true;
    return true;
}

bool landing_add(Landing *landing, Str record, Err *err)
{
    TRY(open_file(landing, err));
    TRY(shape_add(landing->shape, record, err));
    TRY(file_writer_add(&landing->file, record, err));
    TRY(file_writer_add(&landing->file, STR("\n"), err));
    landing->file_records++;
    landing->records++;
    return true;
}

bool landing_add_bytes(Landing *landing, Str bytes, Err *err)
{
    TRY(open_file(landing, err));
    return file_writer_add(&landing->file, bytes, err);
}

bool landing_is_full(const Landing *landing)
{
    return landing->is_open && (landing->file.size_bytes >= landing->batch_bytes ||
                                landing->file_records >= landing->batch_rows);
}

uint64_t landing_records(const Landing *landing)
{
    return landing->records;
}

/* Copies the spooled file to the raw location, packed if that was asked for. */
static bool put_packed(Landing *landing, Str name, Str spooled, Err *err)
{
    Writer *plain, *writer;
    Reader *reader;
    Store *spool;
    WriteOptions options = {0};
    TRY(store_open(landing->arena, landing->spool, NONE, NULL, &spool, err));
    TRY(store_write(landing->store, name, &options, &plain, err));
    if (!writer_pack(plain, landing->codec, &writer, err))
        return false;
    bool ok = store_read(spool, path_name(spooled), 0, &reader, err);
    if (!ok) {
        writer_drop(writer);
        return false;
    }
    Str piece = STR(" ");
    while (ok && piece.len)
        ok = reader_next(reader, &piece, err) && (!piece.len || writer_add(writer, piece, err));
    reader_close(reader);
    if (!ok) {
        writer_drop(writer);
        return false;
    }
    return writer_commit(writer, landing->arena, NULL, err);
}

/* Brings a spooled file to bronze; *path: where its bytes are on this machine from now on. */
static bool raise_file(Landing *landing, Str *path, Str *shown, Err *err)
{
    Arena *arena = landing->arena;
    Load *load = landing->load;
    if (!landing->store) {
        *shown = *path;
        return true;
    }
    Str name = str_print(arena, STR_FMT "%0*u" STR_FMT, STR_ARG(landing->before), BATCH_DIGITS,
                         landing->number, STR_ARG(landing->after));
    if (landing->codec.len)
        name = str_print(arena, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(landing->codec));
    Str uri = path_join(arena, landing->folder, name);
    *shown = uri;
    TRY(statedb_landing(load->ingest->state, load->node->unique_id, landing->load_id, uri, err));
    if (landing->codec.len)
        return put_packed(landing, name, *path, err);
    if (!store_is_local(landing->store)) {
        WriteOptions options = {.content_type = STR("application/x-ndjson")};
        return store_put_file(landing->store, name, *path, &options, err);
    }
    Str final = store_path(landing->store, arena, name);
    TRY(folder_make(path_folder(final), err));
    if (rename(str_c(arena, *path), str_c(arena, final)) == 0) {
        *path = final;
        return true;
    }
    if (errno != EXDEV)
        return err_set(err, ERR_IO, NOWHERE, STR_FMT ": %s", STR_ARG(final), strerror(errno));
    WriteOptions options = {0};
    return store_put_file(landing->store, name, *path, &options, err);
}

bool landing_next(Landing *landing, Err *err)
{
    if (!landing->is_open)
        return true;
    landing->is_open = false;
    landing->load->bytes += landing->file.size_bytes;
    Str path = str_copy(landing->arena, landing->file.path), shown;
    TRY(file_writer_commit(&landing->file, false, err));
    TRY(raise_file(landing, &path, &shown, err));
    list_add(landing->arena, &landing->files,
             (InputFile){path, landing->shown.len ? landing->shown : shown});
    return true;
}

void landing_name(Landing *landing, Str shown)
{
    landing->shown = shown;
}

Str landing_folder(const Landing *landing)
{
    return landing->spool;
}

/* ---- whole files ---- */

bool landing_place(Load *load, const char *extension, Store **store, Str *name, Err *err)
{
    Landing *landing = NEW(load->arena, Landing);
    landing->load = load;
    landing->arena = load->arena;
    landing->extension = str_of(extension);
    TRY(open_raw(landing, true, err));
    TRY(remove_strays(landing, err));
    TRY(number_batches(landing, err));
    *store = landing->store;
    *name = str_print(load->arena, STR_FMT "%0*u" STR_FMT, STR_ARG(landing->before), BATCH_DIGITS,
                      landing->number + 1, STR_ARG(landing->after));
    load->spec.load_id = uuid_make(load->arena);
    return statedb_landing(load->ingest->state, load->node->unique_id, load->spec.load_id,
                           path_join(load->arena, landing->folder, *name), err);
}

bool landing_local(Load *load, Store *store, Str name, Str *path, Err *err)
{
    *path = store_path(store, load->arena, name);
    if (store_is_local(store))
        return true;
    Reader *reader;
    FileWriter writer;
    *path = path_join(load->arena, spool_of(load, load->arena), path_name(name));
    TRY(store_read(store, name, 0, &reader, err));
    bool ok = file_writer_open(&writer, *path, err);
    if (!ok) {
        reader_close(reader);
        return false;
    }
    for (Str piece = STR(" "); ok && piece.len;)
        ok = reader_next(reader, &piece, err) &&
             (!piece.len || file_writer_add(&writer, piece, err));
    reader_close(reader);
    if (!ok) {
        file_writer_drop(&writer);
        return false;
    }
    return file_writer_commit(&writer, false, err);
}

bool landing_local_done(Load *load, Store *store, Str path, Err *err)
{
    (void)load;
    return store_is_local(store) || file_remove(path, err);
}

uint32_t landing_files(const Landing *landing, const InputFile **out)
{
    *out = landing->files.at;
    return landing->files.len;
}

const Shape *landing_shape(const Landing *landing)
{
    return landing->shape && shape_records(landing->shape) ? landing->shape : NULL;
}

/* ---- ends ---- */

bool landing_complete(Landing *landing, Value cursor, Err *err)
{
    Arena *arena = landing->arena;
    Value tree = value_dict(arena), files = value_list(arena);
    for (uint32_t i = 0; i < landing->files.len; i++) {
        Value file = value_dict(arena);
        dict_put(file.dict, STR("path"), value_text(landing->files.at[i].path));
        dict_put(file.dict, STR("shown"), value_text(landing->files.at[i].shown));
        array_add(files.list, file);
    }
    dict_put(tree.dict, STR("files"), files);
    dict_put(tree.dict, STR("cursor"), cursor);
    dict_put(tree.dict, STR("load_id"), value_text(landing->load_id));
    AUTO(text) Text text = {0};
    json_print(tree, (JsonStyle){.keeps_unicode = true}, &text);
    TRY(file_write(path_join(arena, landing->spool, STR("complete.json")), text_str(&text), true,
                   err));
    landing->is_complete = true;
    return true;
}

bool landing_loaded(Landing *landing, Err *err)
{
    Load *load = landing->load;
    TRY(statedb_landed(load->ingest->state, load->node->unique_id, landing->load_id, err));
    landing->load_id = uuid_make(landing->arena);
    landing->files.len = 0;
    landing->is_complete = false;
    ShapeOptions options = {.finds_times = true};
    landing->shape = shape_make(load->arena, &options);
    TRY(folder_remove(landing->spool, err));
    return folder_make(landing->spool, err);
}

void landing_close(Landing *landing)
{
    if (landing->is_open)
        file_writer_drop(&landing->file);
    landing->is_open = false;
    Err quiet = {0};
    if (!landing->is_complete && !folder_remove(landing->spool, &quiet))
        err_drop(&quiet);
}
