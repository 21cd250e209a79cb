/* dataset.c: the files of a table's day: built aside, then put in the place of the former ones.
 *
 *   local    .day=20-ATTEMPT.weir-tmp/{part-00000.parquet ..., _index.json, _SUCCESS} <-> day=20/
 *   remote   $TMPDIR/... -> new names, then _index.json by a conditional write, then the former
 *            files go, then _SUCCESS
 *
 * A remote folder is built on this machine first: so nothing of it is seen before the checks have
 * looked at it. Disk: the table's day once more.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/hash.h"
#include "base/json.h"
#include "drops/merge.h"

#define INDEX_NAME "_index.json"
#define SUCCESS_NAME "_SUCCESS"
#define INDEX_LIMIT_BYTES ((uint64_t)256 << 20)
#define FILE_BYTES ((uint64_t)256 << 20)
#define DAY_US (24 * 3600 * 1000000LL)
enum { INDEX_VERSION = 1 };

/* ---- names ---- */

Value dataset_names(const Drop *drop, Str table, Arena *arena)
{
    Value names = value_dict(arena);
    put_text(names, "table", table);
    put_text(names, "partner", drop->spec.partner.len ? drop->spec.partner : drop->spec.name);
    put_text(names, "name", drop->spec.name);
    return names;
}

static Str in_partition(const Dataset *dataset, const char *name)
{
    return path_join(dataset->merge->arena, dataset->partition, str_of(name));
}

static bool is_csv(const Dataset *dataset)
{
    return str_is(dataset->merge->drop->spec.format, "csv");
}

/* ---- what is there ---- */

static bool read_index(Dataset *dataset, Err *err)
{
    Store *target = dataset->merge->drop->spec.target;
    Arena *arena = dataset->merge->arena;
    Str text, name = in_partition(dataset, INDEX_NAME);
    bool exists;
    TRY(store_get(target, name, INDEX_LIMIT_BYTES, arena, &text, &dataset->etag, &exists, err));
    dataset->index = NONE;
    if (!exists)
        return true;
    Str shown = str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(store_uri(target)), STR_ARG(name));
    TRY(json_parse(arena, text, shown, &dataset->index, err));
    Value version = value_get(dataset->index, "version");
    if (!value_is_int(version) || !value_is_list(value_get(dataset->index, "files")))
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is no index of weir", STR_ARG(shown));
    if (version.number > INDEX_VERSION)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " was made by a newer weir (version %lld, this one knows %d)",
                       STR_ARG(shown), (long long)version.number, INDEX_VERSION);
    return true;
}

/* Archives whose rows are published and that nobody knows any more: their rows would be lost. */
static bool check_archives(const Dataset *dataset, Err *err)
{
    const Merge *merge = dataset->merge;
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text shown = {0};
    Value names = value_get(dataset->index, "archives");
    Dict *known = dict_make(&arena, merge->plan.archive_count);
    uint32_t lost = 0;
    if (!value_is_list(names) || merge->drop->spec.is_full_refresh)
        return true;
    for (uint32_t i = 0; i < merge->plan.archive_count; i++)
        dict_put(known, merge->plan.archives[i].name, value_bool(true));
    for (uint32_t i = 0; i < names.list->len; i++) {
        Str name = value_str(names.list->at[i]);
        if (dict_find(known, name))
            continue;
        if (lost++ < 3)
            text_print(&shown, "%s" STR_FMT, lost > 1 ? ", " : "", STR_ARG(name));
    }
    if (!lost)
        return true;
    return err_set(err, ERR_CONFLICT, NOWHERE,
                   STR_FMT " of " STR_FMT " has rows of %s that the work folder knows nothing of "
                   "(%s%s): publishing would drop them. Put the archives back into the inbox and "
                   "run batch_extract again, or give them up by --full-refresh",
                   STR_ARG(merge->table), STR_ARG(merge->drop->spec.date),
                   counted(&arena, lost, "archive", "archives").at, shown.at,
                   lost > 3 ? ", ..." : "");
}

/* Folders that killed runs left beside the partition. With shards others may be at work: theirs
 * are a day old before they go. */
static void remove_left_behind(const Dataset *dataset, Str beside, Str prefix)
{
    AUTO(arena) Arena arena = {0};
    FileList files = {0};
    Err err = {0};
    const DropSpec *spec = &dataset->merge->drop->spec;
    Dict *seen = dict_make(&arena, 4);
    if (!folder_walk(&arena, beside, &files, &err))
        err_drop(&err);
    for (uint32_t i = 0; i < files.len; i++) {
        Str rest = files.at[i].path, top;
        bool is_fresh = spec->shards && files.at[i].modified_at_us > clock_now_us() - DAY_US;
        if (!str_next_part(&rest, '/', &top) || !rest.at || !str_starts(top, prefix) ||
            !str_ends(top, STR(".weir-tmp")) || is_fresh || dict_find(seen, top))
            continue;
        dict_put(seen, top, value_bool(true));
        if (!folder_remove(path_join(&arena, beside, top), &err))
            err_drop(&err);
    }
}

static bool choose_folder(Dataset *dataset, Err *err)
{
    Merge *merge = dataset->merge;
    Store *target = merge->drop->spec.target;
    if (!store_is_local(target)) {
        TRY(merge_scratch(merge, err));
        dataset->folder = path_join(merge->arena, merge->scratch, STR("out"));
        return folder_make(dataset->folder, err);
    }
    Str prefix = str_print(merge->arena, "." STR_FMT "-", STR_ARG(path_name(dataset->partition)));
    Str name = str_print(merge->arena, STR_FMT STR_FMT ".weir-tmp", STR_ARG(prefix),
                         STR_ARG(str_slice(uuid_make(merge->arena), 0, 8)));
    dataset->aside = path_join(merge->arena, path_folder(dataset->partition), name);
    dataset->folder = store_path(target, merge->arena, dataset->aside);
    remove_left_behind(dataset, path_folder(dataset->folder), prefix);
    return true;                 /* made with its first file: an empty one would stay for ever    */
}

bool dataset_begin(Merge *merge, Dataset *out, Err *err)
{
    const DropSpec *spec = &merge->drop->spec;
    Str partition;
    *out = (Dataset){.merge = merge, .files = value_list(merge->arena), .csv = NONE,
                     .index = NONE};
    TRY(layout_print(merge->arena, spec->layout, spec->date,
                     dataset_names(merge->drop, merge->table, merge->arena), &partition, err));
    while (str_ends(partition, STR("/")))
        partition = str_slice(partition, 0, partition.len - 1);
    out->partition = partition;
    if (!partition.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the layout of " STR_FMT " names no folder: it needs a {table}, as in "
                       "{table}/year={year}/month={month}/day={day}", STR_ARG(spec->name));
    out->nulls = NEW_N(merge->arena, uint64_t, merge->schema.count + 1);
    TRY(read_index(out, err));
    return check_archives(out, err);
}

/* ---- building ---- */

/* The Parquet file that is being written. */
typedef struct Build {
    Dataset *dataset;
    Arena arena;                 /* of this file                                                  */
    ParquetWriter *writer;       /* NULL: no file is open                                         */
    FileWriter file;
    uint64_t sent, target_bytes;
    uint64_t print;              /* hash of its bytes so far                                      */
    uint32_t number;
} Build;

static bool send(void *sink, Str bytes, Err *err)
{
    Build *build = sink;
    build->sent += bytes.len;
    build->print = hash64(bytes, build->print);
    return file_writer_add(&build->file, bytes, err);
}

static Str local_name(const Build *build)
{
    return str_print(build->dataset->merge->arena, STR_FMT "/part-%05u.parquet",
                     STR_ARG(build->dataset->folder), build->number);
}

static bool begin_file(Build *build, Err *err)
{
    if (build->writer)
        return true;
    ParquetOptions options = {.schema = build->dataset->merge->schema, .write = send,
                              .sink = build};
    build->sent = build->print = 0;
    TRY(file_writer_open(&build->file, local_name(build), err));
    if (parquet_writer_make(&build->arena, &options, &build->writer, err))
        return true;
    file_writer_drop(&build->file);
    return false;
}

/* print: hash of the content; the same rows have the same name, whoever wrote them. */
static Value file_row(Dataset *dataset, Str local, uint64_t size, uint64_t rows, uint64_t print)
{
    const Merge *merge = dataset->merge;
    Value row = value_dict(merge->arena);
    Str name = path_name(local);
    if (!store_is_local(merge->drop->spec.target)) /* new names: readers of the old ones go on */
        name = str_print(merge->arena, STR_FMT "-%08x" STR_FMT, STR_ARG(path_stem(name)),
                         (uint32_t)(print ^ print >> 32), STR_ARG(path_extension(name)));
    put_text(row, "path", name);
    put_count(row, "size", size);
    put_count(row, "rows", rows);
    put_text(row, "local", local);
    return row;
}

static bool end_file(Build *build, Err *err)
{
    Dataset *dataset = build->dataset;
    ParquetSummary summary;
    if (!build->writer)
        return true;
    bool ok = parquet_finish(build->writer, &summary, err) &&
              file_writer_commit(&build->file, true, err);
    build->writer = NULL;
    file_writer_drop(&build->file);
    if (ok) {
        array_add(dataset->files.list,
                  file_row(dataset, local_name(build), summary.bytes, summary.rows,
                           build->print));
        dataset->print = dataset->print * 31 + build->print;
        dataset->rows += summary.rows;
        dataset->bytes += summary.bytes;
        for (uint32_t i = 0; i < dataset->merge->schema.count; i++)
            dataset->nulls[i] += summary.columns[i].null_count;
        build->number++;
    }
    arena_reset(&build->arena);
    return ok;
}

static uint64_t bytes_so_far(const Build *build)
{
    return build->writer ? build->sent + parquet_memory(build->writer) : 0;
}

static bool take_batch(void *context, const Batch *batch, Err *err)
{
    Build *build = context;
    TRY(begin_file(build, err));
    TRY(parquet_write(build->writer, batch, NULL, err));
    return bytes_so_far(build) < build->target_bytes || end_file(build, err);
}

static bool copy_group(Build *build, ParquetFile *file, uint32_t group, Err *err)
{
    uint64_t bytes = bytes_so_far(build);
    if (bytes && bytes + parquet_group_bytes(file, group) > build->target_bytes)
        TRY(end_file(build, err));
    TRY(begin_file(build, err));
    TRY(parquet_copy_group(build->writer, file, group, err));
    if (drop_is_cancelled(build->dataset->merge->drop))
        return err_set(err, ERR_CANCELLED, NOWHERE, "the merge was cancelled");
    return true;
}

/* Row groups as they are; stretches of those with rows that go by the engine. */
static bool add_groups(Build *build, MergeSegment *segment, ParquetFile *file, Err *err)
{
    Merge *merge = build->dataset->merge;
    RowRange stretch = {0};
    for (uint32_t i = 0; i < parquet_groups(file); i++) {
        RowRange group = {stretch.end, stretch.end + (uint32_t)parquet_group_rows(file, i)};
        bool has_gone = rewrite_has_gone(merge, segment, group);
        if (!has_gone && stretch.from < stretch.end)
            TRY(rewrite_rows(merge, segment, stretch, take_batch, build, err));
        if (!has_gone)
            TRY(copy_group(build, file, i, err));
        stretch = (RowRange){has_gone ? stretch.from : group.end, group.end};
    }
    return stretch.from == stretch.end ||
           rewrite_rows(merge, segment, stretch, take_batch, build, err);
}

static bool check_rows(const MergeSegment *segment, const ParquetFile *file, Err *err)
{
    if (parquet_file_rows(file) == segment->segment.rows)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   STR_FMT " has %llu rows, and its group says %llu: remove the day's work folder "
                   "and extract again", STR_ARG(segment->name),
                   (unsigned long long)parquet_file_rows(file),
                   (unsigned long long)segment->segment.rows);
}

static bool add_segment(Build *build, MergeSegment *segment, Err *err)
{
    Merge *merge = build->dataset->merge;
    AUTO(arena) Arena arena = {0};
    ParquetFile *file;
    RowRange all = {0, (uint32_t)segment->segment.rows};
    TRY(segment_fetch(merge, segment, err));
    if (rewrite_has_other_types(merge, segment)) {
        TRY(rewrite_rows(merge, segment, all, take_batch, build, err));
    } else {
        TRY(parquet_open(&arena, segment->segment.path, &file, err));
        TRY(check_rows(segment, file, err));
        TRY(add_groups(build, segment, file, err));
    }
    segment_release(merge, segment);
    return true;
}

static bool build_files(Build *build, Err *err)
{
    Merge *merge = build->dataset->merge;
    for (uint32_t i = 0; i < merge->segment_count; i++)
        TRY(add_segment(build, &merge->segments[i], err));
    if (!build->number)
        TRY(begin_file(build, err)); /* no rows: a file that tells the columns */
    return end_file(build, err);
}

/* One CSV file of all Parquet files; alone, where the format is csv. */
static bool build_csv(Dataset *dataset, Err *err)
{
    Merge *merge = dataset->merge;
    AUTO(arena) Arena arena = {0};
    Value vars = value_dict(&arena), files = value_list(&arena);
    Str path = str_print(merge->arena, STR_FMT "/" STR_FMT ".csv", STR_ARG(dataset->folder),
                         STR_ARG(merge->table));
    for (uint32_t i = 0; i < dataset->files.list->len; i++)
        array_add(files.list, value_get(dataset->files.list->at[i], "local"));
    put(vars, "files", files);
    put_text(vars, "path", path);
    TRY(statement_run(merge->drop, &arena, "csv", vars, NULL, 0, NULL, err));
    dataset->csv = file_row(dataset, path, file_info(path).size_bytes, dataset->rows,
                            dataset->print);
    if (!is_csv(dataset))
        return true;
    for (uint32_t i = 0; i < files.list->len; i++)
        TRY(file_remove(value_str(files.list->at[i]), err));
    dataset->files = value_list(merge->arena);
    array_add(dataset->files.list, dataset->csv);
    dataset->bytes = get_count(dataset->csv, "size");
    dataset->csv = NONE;
    return true;
}

bool dataset_build(Dataset *dataset, Err *err)
{
    const DropSpec *spec = &dataset->merge->drop->spec;
    Build build = {.dataset = dataset,
                   .target_bytes = spec->file_bytes ? spec->file_bytes : FILE_BYTES};
    TRY(choose_folder(dataset, err));
    bool ok = build_files(&build, err);
    if (build.writer) {
        parquet_drop(build.writer);
        file_writer_drop(&build.file);
    }
    arena_drop(&build.arena);
    return ok && (!(is_csv(dataset) || spec->adds_csv) || build_csv(dataset, err));
}

void dataset_drop(Dataset *dataset)
{
    Err err = {0};
    if (dataset->folder.len && !folder_remove(dataset->folder, &err))
        err_drop(&err);
}

/* ---- the index ---- */

static Value public_file(const Dataset *dataset, Value file)
{
    Arena *arena = dataset->merge->arena;
    Value row = value_dict(arena);
    put(row, "path", value_get(file, "path"));
    put(row, "size", value_get(file, "size"));
    put(row, "rows", value_get(file, "rows"));
    put(row, "partition", value_dict(arena));
    return row;
}

static void print_index(const Dataset *dataset, Text *out)
{
    const Merge *merge = dataset->merge;
    Arena *arena = merge->arena;
    Value index = value_dict(arena), files = value_list(arena);
    for (uint32_t i = 0; i < dataset->files.list->len; i++)
        array_add(files.list, public_file(dataset, dataset->files.list->at[i]));
    put(index, "version", value_int(INDEX_VERSION));
    put(index, "created_at", value_text(clock_print_iso(arena, clock_now_us())));
    put_text(index, "run_id", merge->drop->run_id);
    put_text(index, "format", is_csv(dataset) ? STR("csv") : STR("parquet"));
    put(index, "schema", schema_value(arena, &merge->schema));
    put_count(index, "rows", dataset->rows);
    put(index, "files", files);
    put(index, "csv", value_is_none(dataset->csv) ? NONE : public_file(dataset, dataset->csv));
    put(index, "cursor", NONE);
    put(index, "former", value_list(arena));
    put_text(index, "resource", merge->drop->spec.name);
    put_text(index, "table", merge->table);
    put_text(index, "date", merge->drop->spec.date);
    put_text(index, "inputs", merge->inputs);
    put(index, "archives", merge->archives);
    json_print(index, (JsonStyle){.indent = 1, .keeps_unicode = true}, out);
}

/* ---- publishing: local ---- */

static bool publish_local(Dataset *dataset, Err *err)
{
    Merge *merge = dataset->merge;
    AUTO(text) Text index = {0};
    print_index(dataset, &index);
    TRY(file_write(path_join(merge->arena, dataset->folder, STR(INDEX_NAME)), text_str(&index),
                   true, err));
    TRY(file_write(path_join(merge->arena, dataset->folder, STR(SUCCESS_NAME)), STR(""), true,
                   err));
    return store_exchange_folder(merge->drop->spec.target, dataset->aside, dataset->partition,
                                 err);
}

/* ---- publishing: object stores ---- */

static bool is_named(Value files, Str path)
{
    for (uint32_t i = 0; value_is_list(files) && i < files.list->len; i++)
        if (str_eq(value_str(value_get(files.list->at[i], "path")), path))
            return true;
    return false;
}

/* "part-00000-1a2b3c4d.parquet", "orders-1a2b3c4d.csv": a hash of the content is in it. */
static bool is_our_name(Str name)
{
    Str stem = path_stem(name);
    if (stem.len < 10 || stem.at[stem.len - 9] != '-')
        return false;
    for (size_t i = stem.len - 8; i < stem.len; i++)
        if (!strchr("0123456789abcdef", stem.at[i]))
            return false;
    return str_ends(name, STR(".parquet")) || str_ends(name, STR(".csv"));
}

/* A file that cannot be removed stays: no index names it. */
static void remove_file(const Dataset *dataset, Str name)
{
    Store *target = dataset->merge->drop->spec.target;
    Err err = {0};
    if (store_remove(target, name, &err))
        return;
    event_print(LEVEL_WARN, "DropKept", "W003", STR_FMT ": a former file stays: %s",
                STR_ARG(store_uri(target)), err.text);
    err_drop(&err);
}

/* Files of ours that the new index does not name: the former ones, and what kills left behind. */
static void remove_former(const Dataset *dataset)
{
    AUTO(arena) Arena arena = {0};
    StoreEntries entries = {0};
    Err err = {0};
    Str glob = str_print(&arena, STR_FMT "/*", STR_ARG(dataset->partition));
    Value old = value_get(dataset->index, "files");
    if (!store_list(dataset->merge->drop->spec.target, glob, &arena, &entries, &err))
        err_drop(&err); /* a place that cannot list: what the former index names */
    for (uint32_t i = 0; i < entries.len; i++) {
        Str name = path_name(entries.at[i].name);
        bool is_new = is_named(dataset->files, name) ||
                      str_eq(value_str(value_get(dataset->csv, "path")), name);
        if (!is_new && (is_our_name(name) || is_named(old, name)))
            remove_file(dataset, entries.at[i].name);
    }
    for (uint32_t i = 0; !entries.len && value_is_list(old) && i < old.list->len; i++) {
        Str name = value_str(value_get(old.list->at[i], "path"));
        if (!is_named(dataset->files, name))
            remove_file(dataset, path_join(&arena, dataset->partition, name));
    }
}

static bool put_file(const Dataset *dataset, Value file, Err *err)
{
    Store *target = dataset->merge->drop->spec.target;
    Str path = value_str(value_get(file, "path")), local = value_str(value_get(file, "local"));
    WriteOptions options = {.content_type = str_ends(path, STR(".csv"))
                                                ? STR("text/csv")
                                                : STR("application/vnd.apache.parquet")};
    return store_put_file(target, path_join(dataset->merge->arena, dataset->partition, path), local,
                          &options, err) &&
           file_remove(local, err);
}

static bool put_all(Dataset *dataset, Err *err)
{
    for (uint32_t i = 0; i < dataset->files.list->len; i++)
        TRY(put_file(dataset, dataset->files.list->at[i], err));
    return value_is_none(dataset->csv) || put_file(dataset, dataset->csv, err);
}

/* Readers that wait for _SUCCESS never see a folder between two states. */
static bool publish_remote(Dataset *dataset, Err *err)
{
    Merge *merge = dataset->merge;
    Store *target = merge->drop->spec.target;
    AUTO(text) Text index = {0};
    WriteOptions options = {.if_absent = value_is_none(dataset->index),
                            .if_etag = dataset->etag, .content_type = STR("application/json")};
    TRY(store_remove(target, in_partition(dataset, SUCCESS_NAME), err));
    TRY(put_all(dataset, err));
    print_index(dataset, &index);
    if (!store_put(target, in_partition(dataset, INDEX_NAME), text_str(&index), &options,
                   merge->arena, NULL, err))
        return err->kind != ERR_CONFLICT
                   ? false
                   : err_wrap(err, "another run has published " STR_FMT " of " STR_FMT
                              " meanwhile", STR_ARG(merge->table),
                              STR_ARG(merge->drop->spec.date));
    remove_former(dataset);
    return store_put(target, in_partition(dataset, SUCCESS_NAME), STR(""), &(WriteOptions){0},
                     merge->arena, NULL, err);
}

bool dataset_publish(Dataset *dataset, Err *err)
{
    return store_is_local(dataset->merge->drop->spec.target) ? publish_local(dataset, err)
                                                             : publish_remote(dataset, err);
}

/* ---- afterwards ---- */

/* Names count, not the folder before them: another worker's root may be another one. */
bool dataset_is_there(const Drop *drop, Value marker, Arena *arena, Str *missing, Err *err)
{
    Value files = value_get(marker, "files");
    Str partition, table = value_get_text(marker, "table", STR(""));
    TRY(layout_print(arena, drop->spec.layout, drop->spec.date, dataset_names(drop, table, arena),
                     &partition, err));
    *missing = STR_NONE;
    for (uint32_t i = 0; value_is_list(files) && i < files.list->len && !missing->len; i++) {
        Str path = path_join(arena, partition,
                             path_name(value_str(value_get(files.list->at[i], "path"))));
        StoreEntry entry;
        bool exists;
        TRY(store_stat(drop->spec.target, path, arena, &entry, &exists, err));
        if (!exists)
            *missing = str_print(arena, STR_FMT " is not there", STR_ARG(path));
        else if (entry.size_bytes != get_count(files.list->at[i], "size"))
            *missing = str_print(arena, STR_FMT " has %llu bytes instead of %llu", STR_ARG(path),
                                 (unsigned long long)entry.size_bytes,
                                 (unsigned long long)get_count(files.list->at[i], "size"));
    }
    return true;
}
