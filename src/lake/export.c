/* export.c: a select as files in a store: written aside, moved under new names, then published. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "lake/export.h"

#define FILE_BYTES ((uint64_t)256 << 20)
#define ROW_GROUP_ROWS 122880
#define TEMP_PREFIX ".weir-tmp-"

/* ---- the temporary folder ---- */

/* Folders that processes of this machine left behind when they were killed. */
static void remove_left_behind(Arena *arena, Str root)
{
    FileList files = {0};
    Err err = {0};
    if (!folder_walk(arena, root, &files, &err))
        err_drop(&err);
    for (uint32_t i = 0; i < files.len; i++) {
        Str rest = files.at[i].path, top, digits;
        int64_t pid;
        if (!str_next_part(&rest, '/', &top) || !rest.at || !str_starts(top, STR(TEMP_PREFIX)))
            continue;
        Str tail = str_slice(top, sizeof TEMP_PREFIX - 1, top.len);
        if (!str_next_part(&tail, '-', &digits) || !str_to_int(digits, &pid) || pid <= 0 ||
            kill((pid_t)pid, 0) == 0)
            continue;
        if (!folder_remove(path_join(arena, root, top), &err))
            err_drop(&err);
    }
}

static bool make_folder(ExportRun *run, Err *err)
{
    Str root = environment_get("TMPDIR");
    if (store_is_local(run->export->store)) {
        root = store_path(run->export->store, run->arena, STR(""));
        TRY(folder_make(root, err));
        remove_left_behind(run->arena, root);
    } else if (str_is_empty(root)) {
        root = STR("/tmp");
    }
    Str name = str_print(run->arena, TEMP_PREFIX "%d-" STR_FMT, (int)getpid(), STR_ARG(run->stamp));
    run->folder = path_absolute(run->arena, path_join(run->arena, root, name));
    return folder_make(run->folder, err);
}

/* ---- writing aside ---- */

static Str trimmed_select(Str select)
{
    select = str_trim(select);
    while (str_ends(select, STR(";")))
        select = str_trim(str_slice(select, 0, select.len - 1));
    return select;
}

static bool is_single(const ExportRun *run)
{
    return !str_is_empty(run->export->single_file);
}

/* Where the engine writes to: a file, or a folder that it makes. */
static Str target_path(const ExportRun *run)
{
    Str name = is_single(run) ? path_name(run->export->single_file)
               : str_is(run->export->format, "xlsx") ? STR("part.xlsx")
                                                     : STR("out");
    return path_join(run->arena, run->folder, name);
}

static bool copy(ExportRun *run, Lake *lake, Session *session, Err *err)
{
    const Export *export = run->export;
    Value vars = value_dict(run->arena);
    Result result;
    bool is_parquet = str_is(export->format, "parquet");
    bool is_cut = !is_single(run) && !str_is(export->format, "xlsx");
    bool has_parts = value_is_list(export->partition_by) && export->partition_by.list->len > 0;
    put_text(vars, STR("select"), trimmed_select(export->select));
    put_text(vars, STR("path"), target_path(run));
    put_text(vars, STR("format"), export->format);
    dict_put(vars.dict, STR("is_array"),
             value_bool(is_single(run) && str_find(export->single_file, STR(".jsonl")) < 0));
    dict_put(vars.dict, STR("partition_by"), is_cut && has_parts ? export->partition_by : NONE);
    dict_put(vars.dict, STR("file_bytes"),
             value_int((int64_t)(!is_cut             ? 0
                                 : export->file_bytes ? export->file_bytes
                                                      : FILE_BYTES)));
    dict_put(vars.dict, STR("row_group_rows"),
             value_int((int64_t)(export->row_group_rows ? export->row_group_rows
                                                        : ROW_GROUP_ROWS)));
    TRY(lake_run(lake, session, run->arena, "export", vars, export->streams, export->stream_count,
                 &result, &run->rows, err));
    if (!is_parquet)
        return true;
    run->rows = 0;
    Dict *counts = dict_make(run->arena, (uint32_t)result.row_count);
    for (uint64_t i = 0; i < result.row_count; i++) {
        const Value *cells = result.cells + i * result.column_count;
        int64_t count = value_is_int(cells[1]) ? cells[1].number : 0;
        if (value_is_text(cells[1]) && !str_to_int(value_str(cells[1]), &count))
            count = 0;
        run->rows += (uint64_t)count;
        dict_put(counts, value_str(cells[0]), value_int(count));
    }
    run->counts = value_of_dict(counts);
    return true;
}

/* ---- what was written ---- */

/* A part of a Hive path: "%2F" is "/". */
static Str unescape(Arena *arena, Str s)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < s.len; i++) {
        unsigned code;
        char digits[3] = {0};
        if (s.at[i] == '%' && i + 2 < s.len) {
            memcpy(digits, s.at + i + 1, 2);
            if (sscanf(digits, "%2x", &code) == 1) {
                text_add_char(&out, (char)code);
                i += 2;
                continue;
            }
        }
        text_add_char(&out, s.at[i]);
    }
    return text_copy(arena, &out);
}

/* {p: "0", q: null} of "p=0/q=__HIVE_DEFAULT_PARTITION__/data_0.parquet". */
static Value partition_of(Arena *arena, Str path)
{
    Value partition = value_dict(arena);
    Str rest = path_folder(path), part;
    while (rest.len && str_next_part(&rest, '/', &part)) {
        ptrdiff_t at = str_find_char(part, '=');
        if (at < 0)
            continue;
        Str value = str_slice(part, (size_t)at + 1, part.len);
        bool is_null = str_is(value, "__HIVE_DEFAULT_PARTITION__");
        dict_put(partition.dict, unescape(arena, str_slice(part, 0, (size_t)at)),
                 is_null ? NONE : value_text(unescape(arena, value)));
    }
    return partition;
}

/* The files in the temporary folder as rows of the index, with "local" in front. */
static bool list_written(ExportRun *run, Err *err)
{
    FileList files;
    Arena *arena = run->arena;
    TRY(folder_walk(arena, run->folder, &files, err));
    run->files = value_list(arena);
    for (uint32_t i = 0; i < files.len; i++) {
        Value file = value_dict(arena);
        Str local = path_join(arena, run->folder, files.at[i].path);
        Str inside = str_starts(files.at[i].path, STR("out/"))
                         ? str_slice(files.at[i].path, 4, files.at[i].path.len)
                         : files.at[i].path;
        Str name = str_print(arena, "part-" STR_FMT "-%04u." STR_FMT, STR_ARG(run->stamp), i,
                             STR_ARG(run->extension));
        Value rows = value_get_str(run->counts, local);
        put_text(file, STR("path"), path_join(arena, path_folder(inside), name));
        dict_put(file.dict, STR("size"), value_int((int64_t)files.at[i].size_bytes));
        dict_put(file.dict, STR("rows"), value_is_int(rows)  ? rows
                                         : files.len == 1 ? value_int((int64_t)run->rows)
                                                          : NONE);
        dict_put(file.dict, STR("partition"), partition_of(arena, inside));
        put_text(file, STR("local"), local);
        array_add(run->files.list, file);
    }
    return true;
}

static bool find_schema(ExportRun *run, Lake *lake, Session *session, Err *err)
{
    Str sql = trimmed_select(run->export->select);
    LakeColumns columns = {0};
    run->schema = value_list(run->arena);
    if (run->export->stream_count) { /* the streams are gone: what was written tells */
        Value vars = value_dict(run->arena);
        if (!str_is(run->export->format, "parquet") || run->files.list->len == 0)
            return true;
        put_text(vars, STR("folder"), run->folder);
        TRY(lake_render(lake, run->arena, "written", vars, &sql, err));
    }
    TRY(columns_describe(session, run->arena, sql, &columns, err));
    for (uint32_t i = 0; i < columns.len; i++) {
        Value column = value_dict(run->arena);
        put_text(column, STR("name"), columns.at[i].name);
        put_text(column, STR("type"), columns.at[i].type);
        array_add(run->schema.list, column);
    }
    return true;
}

/* ---- moving ---- */

static Str content_type(Str extension)
{
    static const struct {
        const char *extension;
        Str type;
    } types[] = {
        {"parquet", STR_INIT("application/vnd.apache.parquet")},
        {"csv", STR_INIT("text/csv")},
        {"jsonl", STR_INIT("application/x-ndjson")},
        {"json", STR_INIT("application/json")},
        {"xlsx", STR_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_is(extension, types[i].extension))
            return types[i].type;
    return STR("application/octet-stream");
}

static bool move(const ExportRun *run, Str local, Str name, Err *err)
{
    Store *store = run->export->store;
    if (!store_is_local(store)) {
        WriteOptions options = {.content_type = content_type(run->extension)};
        return store_put_file(store, name, local, &options, err) && file_remove(local, err);
    }
    Str path = store_path(store, run->arena, name);
    TRY(folder_make(path_folder(path), err));
    if (rename(str_c(run->arena, local), str_c(run->arena, path)) != 0)
        return err_set(err, ERR_IO, NOWHERE, STR_FMT " cannot be written", STR_ARG(path));
    return true;
}

/* All files under their new names; on failure those that are there already are removed. */
static bool move_all(ExportRun *run, Err *err)
{
    for (uint32_t i = 0; i < run->files.list->len; i++) {
        Value file = run->files.list->at[i];
        if (!move(run, value_str(value_get(file, "local")), value_str(value_get(file, "path")),
                  err))
            return false;
        run->moved++;
        dict_remove(file.dict, value_lit("local"));
    }
    return true;
}

static void take_back(ExportRun *run)
{
    for (uint32_t i = 0; i < run->moved; i++) {
        Err err = {0};
        if (!store_remove(run->export->store,
                          value_str(value_get(run->files.list->at[i], "path")), &err))
            err_drop(&err);
    }
}

/* ---- the export ---- */

static bool export_single(ExportRun *run, Err *err)
{
    return move(run, target_path(run), run->export->single_file, err);
}

static bool export_dataset(ExportRun *run, Lake *lake, Session *session, Value *index, Err *err)
{
    TRY(list_written(run, err));
    TRY(find_schema(run, lake, session, err));
    if (move_all(run, err) && index_publish(run, index, err))
        return true;
    take_back(run);
    return false;
}

static bool check_format(const Export *export, Err *err)
{
    static const Str formats[] = {STR_INIT("parquet"), STR_INIT("csv"), STR_INIT("json"),
                                  STR_INIT("xlsx")};
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (str_eq(export->format, formats[i]))
            return true;
    Str nearest = str_nearest(export->format, formats, COUNT_OF(formats));
    return err_set(err, ERR_RUNTIME, NOWHERE, "\"" STR_FMT "\" is no format of an export%s" STR_FMT
                   "%s", STR_ARG(export->format), nearest.at ? ". Did you mean " : "",
                   STR_ARG(nearest), nearest.at ? "?" : ": parquet, csv, json, xlsx");
}

static bool run_export(ExportRun *run, Lake *lake, Session *session, Value *index, Err *err)
{
    if (!is_single(run))
        TRY(lake_index(run->export->store, run->arena, &run->before, &run->etag, err));
    TRY(make_folder(run, err));
    TRY(copy(run, lake, session, err));
    return is_single(run) ? export_single(run, err)
                          : export_dataset(run, lake, session, index, err);
}

bool lake_export(Lake *lake, Session *session, const Export *export, Arena *arena, uint64_t *rows,
                 Value *index, Err *err)
{
    CHECK(lake, LAKE_MAGIC);
    AUTO(arena) Arena scratch = {0};
    TRY(check_format(export, err));
    ExportRun run = {.export = export, .arena = &scratch};
    run.stamp = str_slice(uuid_make(&scratch), 0, 8);
    run.extension = str_is(export->format, "json") ? STR("jsonl") : export->format;
    if (is_single(&run))
        run.extension = export->format;
    Value written = NONE;
    bool ok = run_export(&run, lake, session, &written, err);
    Err second = {0};
    if (!str_is_empty(run.folder) && !folder_remove(run.folder, &second))
        err_drop(&second);
    if (!ok)
        return false;
    *rows = run.rows;
    if (index)
        *index = value_copy(arena, written);
    return true;
}
