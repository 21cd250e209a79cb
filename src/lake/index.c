/* index.c: the file that names a dataset's files, for readers that cannot list.
 *
 * It is replaced by a conditional write, so that of two exports at a time one is told. Files that
 * it no longer names stay under "former" until they are old enough, and are removed by the export
 * after that; an entry goes when its file is gone for sure.
 */
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "lake/export.h"

#define INDEX_LIMIT_BYTES ((uint64_t)256 << 20)
#define DAY_US (24 * 3600 * 1000000LL)

bool lake_index(Store *store, Arena *arena, Value *out, Str *etag, Err *err)
{
    Str text, tag = STR("");
    bool exists;
    Value index;
    TRY(store_get(store, INDEX_NAME, INDEX_LIMIT_BYTES, arena, &text, &tag, &exists, err));
    *out = NONE;
    if (etag)
        *etag = exists ? tag : STR("");
    if (!exists)
        return true;
    Str name = str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(store_uri(store)),
                         STR_ARG(INDEX_NAME));
    TRY(json_parse(arena, text, name, &index, err));
    Value version = value_get(index, "version");
    if (!value_is_int(version) || !value_is_list(value_get(index, "files")))
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is no index of weir", STR_ARG(name));
    if (version.number > INDEX_VERSION)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " was made by a newer weir (version %lld, this one knows %d)",
                       STR_ARG(name), (long long)version.number, INDEX_VERSION);
    *out = index;
    return true;
}

/* ---- making ---- */

static void put_path(Dict *paths, Value list)
{
    for (uint32_t i = 0; value_is_list(list) && i < list.list->len; i++)
        dict_put(paths, value_str(value_get(list.list->at[i], "path")), value_bool(true));
}

/* Files that the former index names and the new one does not, with when that came about. */
static Value former_files(Arena *arena, Value before, Value files, Value kept, int64_t now_us)
{
    Value former = value_list(arena), old = value_get(before, "files");
    Dict *named = dict_make(arena, 16);
    put_path(named, files);
    for (uint32_t i = 0; value_is_list(old) && i < old.list->len; i++) {
        Str path = value_str(value_get(old.list->at[i], "path"));
        if (dict_find(named, path))
            continue;
        Value entry = value_dict(arena);
        put_text(entry, STR("path"), path);
        dict_put(entry.dict, STR("removed_at_us"), value_int(now_us));
        array_add(former.list, entry);
    }
    for (uint32_t i = 0; value_is_list(kept) && i < kept.list->len; i++)
        array_add(former.list, kept.list->at[i]);
    return former;
}

static Value sum_rows(Value files)
{
    int64_t rows = 0;
    for (uint32_t i = 0; i < files.list->len; i++) {
        Value count = value_get(files.list->at[i], "rows");
        if (!value_is_int(count))
            return NONE;
        rows += count.number;
    }
    return value_int(rows);
}

static Value make_index(const ExportRun *run, Value before, Value kept)
{
    Arena *arena = run->arena;
    int64_t now_us = clock_now_us();
    Value index = value_dict(arena), files = value_list(arena);
    Value old = value_get(before, "files");
    for (uint32_t i = 0; run->export->is_append && value_is_list(old) && i < old.list->len; i++)
        array_add(files.list, old.list->at[i]);
    for (uint32_t i = 0; i < run->files.list->len; i++)
        array_add(files.list, run->files.list->at[i]);
    dict_put(index.dict, STR("version"), value_int(INDEX_VERSION));
    dict_put(index.dict, STR("created_at"), value_text(clock_print_iso(arena, now_us)));
    put_text(index, STR("run_id"), run->export->run_id);
    put_text(index, STR("format"), run->export->format);
    dict_put(index.dict, STR("schema"), run->schema);
    dict_put(index.dict, STR("rows"), sum_rows(files));
    dict_put(index.dict, STR("files"), files);
    Value cursor = run->export->cursor;
    dict_put(index.dict, STR("cursor"), value_is_undefined(cursor) ? NONE : cursor);
    dict_put(index.dict, STR("former"), former_files(arena, before, files, kept, now_us));
    return index;
}

/* ---- files that are no longer named ---- */

/* A file that cannot be removed now is tried again by the next export. */
static bool remove_file(const ExportRun *run, Str path)
{
    Err err = {0};
    if (store_remove(run->export->store, path, &err))
        return true;
    event_print(LEVEL_WARN, "ExportKept", "W003", STR_FMT ": a former file stays: %s",
                STR_ARG(store_uri(run->export->store)), err.text);
    err_drop(&err);
    return false;
}

/* Removes former files that are due; gives those that stay. */
static Value remove_due(const ExportRun *run, Value index)
{
    Value kept = value_list(run->arena), former = value_get(index, "former");
    int64_t due_us = clock_now_us() - run->export->keep_days * DAY_US;
    for (uint32_t i = 0; value_is_list(former) && i < former.list->len; i++) {
        Value entry = former.list->at[i];
        if (value_get(entry, "removed_at_us").number > due_us ||
            !remove_file(run, value_str(value_get(entry, "path"))))
            array_add(kept.list, entry);
    }
    return kept;
}

/* "part-1a2b3c4d-0000.parquet" */
static bool is_our_name(const ExportRun *run, Str path)
{
    Str name = path_name(path);
    if (name.len < 19 + run->extension.len || name.at[13] != '-')
        return false;
    for (size_t i = 5; i < 13; i++)
        if (!strchr("0123456789abcdef", name.at[i]))
            return false;
    return true;
}

/* Files under our names, older than a day, that no index names: of exports that were killed. */
static void remove_strays(const ExportRun *run, Value index)
{
    StoreEntries entries = {0};
    Err err = {0};
    Dict *named = dict_make(run->arena, 16);
    put_path(named, value_get(index, "files"));
    put_path(named, value_get(index, "former"));
    Str glob = str_print(run->arena, "**/part-*-*." STR_FMT, STR_ARG(run->extension));
    if (!store_list(run->export->store, glob, run->arena, &entries, &err))
        err_drop(&err); /* a place that cannot list keeps them */
    for (uint32_t i = 0; i < entries.len; i++)
        if (is_our_name(run, entries.at[i].name) && !dict_find(named, entries.at[i].name) &&
            entries.at[i].modified_at_us > 0 &&
            entries.at[i].modified_at_us < clock_now_us() - DAY_US)
            remove_file(run, entries.at[i].name);
}

/* ---- writing ---- */

static bool write_index(ExportRun *run, Value before, Str etag, Value *index, Err *err)
{
    AUTO(text) Text text = {0};
    /* those removed on the way are in the index that stands until the new one is written: a reader
     * never needs them */
    *index = make_index(run, before, remove_due(run, before));
    json_print(*index, (JsonStyle){.indent = 1, .keeps_unicode = true}, &text);
    WriteOptions options = {.if_absent = value_is_none(before), .if_etag = etag,
                            .content_type = STR("application/json"), .is_durable = true};
    return store_put(run->export->store, INDEX_NAME, text_str(&text), &options, run->arena, NULL,
                     err);
}

bool index_publish(ExportRun *run, Value *index, Err *err)
{
    for (int attempt = 1;; attempt++) {
        if (run->export->is_append) /* what others added meanwhile stays */
            TRY(lake_index(run->export->store, run->arena, &run->before, &run->etag, err));
        if (write_index(run, run->before, run->etag, index, err))
            break;
        if (err->kind != ERR_CONFLICT || !run->export->is_append || attempt == 5)
            return err->kind != ERR_CONFLICT
                       ? false
                       : err_wrap(err, "another export has written " STR_FMT "/" STR_FMT
                                  " meanwhile", STR_ARG(store_uri(run->export->store)),
                                  STR_ARG(INDEX_NAME));
        err_drop(err);
    }
    remove_due(run, *index);
    remove_strays(run, *index);
    return true;
}
