/* files.c: files of a place: those that are new or changed since they were last loaded.
 *
 *   list (glob) - _weir_files --changed--> read, unpack, members --> spool
 *     --> table + _weir_files, one transaction
 *
 * A changed file replaces the rows it had brought; a killed load is as if it had not begun. Many
 * files are loaded some at a time, each time with their marks, so that a run that ends half-way
 * goes on where it was.
 */
#include "base/file.h"
#include "base/glob.h"
#include "ingest/ingest_base.h"

enum { GROUP_FILES = 500, GROUP_BYTES = 256 << 20 };

typedef struct FileLoad {
    Load *load;
    Store *store;
    Str root;                    /* in front of names, for _weir_source_file: "s3://bucket" */
    StoreEntries entries;
    Value known;                 /* name -> {size, etag, modified_at_us} */
    RecordFormat format;         /* AUTO: by each file's name */
    Value members;               /* globs of members of archives; UNDEFINED: all */
    Str selector;
    CsvOptions csv;
    Landing *landing;            /* JSON, XML: records; also the spool's place */
    List(InputFile) inputs;      /* CSV, Parquet, Excel: of the group */
    RecordFormat group_format;
    Value marks;                 /* files of the group */
    uint64_t group_bytes;
    uint32_t spooled;            /* number of the next spooled file */
} FileLoad;

/* ---- where ---- */

bool line_find(Load *load, const char *key, Str name, Line **out, Err *err)
{
    Connection *connection = map_find(&load->ingest->project->connections, name);
    if (!connection)
        return load_fail(load, key, err, "there is no connection '" STR_FMT "'", STR_ARG(name));
    return ingest_line(load->ingest, connection, out, err);
}

static Str root_of(Load *load, const Line *line)
{
    Arena *arena = load->arena;
    if (!line)
        return load->ingest->project->project_dir;
    Value config = line->config, port = value_get(config, "port");
    Str host = value_get_text(config, "host", STR_NONE), type = line->type;
    Str path = value_get_text(config, "path", STR(""));
    if (str_is(type, "file"))
        return path_join(arena, load->ingest->project->project_dir, path);
    if (str_is(type, "http"))
        return value_get_text(config, "base_url", STR_NONE);
    Str bucket = value_get_text(config, "bucket", STR_NONE);
    if (str_is(type, "s3"))
        return bucket.len ? str_print(arena, "s3://" STR_FMT, STR_ARG(bucket))
                          : value_get_text(config, "url", STR_NONE);
    bool has_tls = value_truth(value_get(config, "tls")) ||
                   value_is(value_get(config, "type"), "ftps");
    Str at_port = STR("");
    if (port.kind == VALUE_INT)
        at_port = str_print(arena, ":%lld", (long long)port.number);
    return str_print(arena, STR_FMT "://" STR_FMT STR_FMT "%s" STR_FMT,
                     STR_ARG(has_tls ? STR("ftps") : type), STR_ARG(host), STR_ARG(at_port),
                     path.len && path.at[0] == '/' ? "" : "/", STR_ARG(path));
}

bool place_open(Load *load, Line *line, const char *key, Str path, Str *out_root, Str *rest_path,
                Store **out, Err *err)
{
    Arena *arena = load->arena;
    Http *http = NULL;
    Str root = root_of(load, line);
    bool is_whole = str_find(path, STR("://")) >= 0;
    if (is_whole || !root.len) {
        ptrdiff_t host = str_find(path, STR("://"));
        Str rest = host < 0 ? STR("") : str_slice(path, (size_t)host + 3, path.len);
        ptrdiff_t slash = str_find_char(rest, '/');
        if (slash < 0)
            return load_fail(load, key, err, "`%s` must name files below a host or bucket", key);
        size_t cut = (size_t)host + 3 + (size_t)slash;
        root = str_slice(path, 0, cut);
        path = str_slice(path, cut, path.len);
    }
    bool is_local = str_find(root, STR("://")) < 0;
    if (is_local && path.len && path.at[0] == '/')
        root = STR("/");
    while (path.len && path.at[0] == '/')
        path = str_slice(path, 1, path.len);
    if (!is_local)
        TRY(ingest_http(load->ingest, &http, err));
    *out_root = root;
    *rest_path = str_copy(arena, path);
    return store_open(arena, root, line ? line->config : NONE, http, out, err);
}

bool place_open_folder(Load *load, Line *line, const char *key, Str folder, Store **out, Err *err)
{
    Str root, rest;
    Store *above;
    Http *http = NULL;
    TRY(place_open(load, line, key, folder, &root, &rest, &above, err));
    if (str_find(root, STR("://")) >= 0)
        TRY(ingest_http(load->ingest, &http, err));
    while (str_ends(rest, STR("/")))
        rest = str_slice(rest, 0, rest.len - 1);
    const char *slash = !rest.len || str_ends(root, STR("/")) ? "" : "/";
    Str whole = str_print(load->arena, STR_FMT "%s" STR_FMT, STR_ARG(root), slash, STR_ARG(rest));
    return store_open(load->arena, whole, line ? line->config : NONE, http, out, err);
}

static bool has_glob(Str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (strchr("*?[{", path.at[i]))
            return true;
    return false;
}

static bool list_files(FileLoad *job, Err *err)
{
    Load *load = job->load;
    Value path;
    TRY(load_setting(load, "path", &path, err));
    uint32_t count = path.kind == VALUE_LIST ? path.list->len : 1;
    for (uint32_t i = 0; i < count; i++) {
        Str glob;
        StoreEntries found = {0};
        Value one = path.kind == VALUE_LIST ? path.list->at[i] : path;
        TRY(place_open(load, load->line, "path", value_str(one), &job->root, &glob, &job->store,
                       err));
        if (has_glob(glob)) {
            TRY(store_list(job->store, glob, load->arena, &found, err));
        } else {
            StoreEntry entry;
            bool exists;
            TRY(store_stat(job->store, glob, load->arena, &entry, &exists, err));
            if (!exists)
                return load_fail(load, "path", err, "there is no file " STR_FMT "/" STR_FMT,
                                 STR_ARG(job->root), STR_ARG(glob));
            list_add(load->arena, &found, entry);
        }
        for (uint32_t f = 0; f < found.len; f++)
            list_add(load->arena, &job->entries, found.at[f]);
    }
    return true;
}

static Str shown_name(const FileLoad *job, Str name)
{
    if (str_find(job->root, STR("://")) < 0)
        return name;
    return str_print(job->load->arena, STR_FMT "/" STR_FMT, STR_ARG(job->root), STR_ARG(name));
}

static bool is_loaded(const FileLoad *job, const StoreEntry *entry)
{
    Value known = value_get_str(job->known, shown_name(job, entry->name));
    if (known.kind != VALUE_DICT)
        return false;
    Value size = value_get(known, "size"), modified = value_get(known, "modified_at_us");
    Str etag = value_get_text(known, "etag", STR_NONE);
    if (size.kind != VALUE_INT || (uint64_t)size.number != entry->size_bytes)
        return false;
    if (etag.len && entry->etag.len)
        return str_eq(etag, entry->etag);
    return modified.kind == VALUE_INT && modified.number == entry->modified_at_us;
}

/* ---- a group ---- */

static void add_mark(FileLoad *job, const StoreEntry *entry)
{
    Value mark = value_dict(job->load->arena);
    dict_put(mark.dict, STR("name"), value_text(shown_name(job, entry->name)));
    dict_put(mark.dict, STR("size"), value_int((int64_t)entry->size_bytes));
    dict_put(mark.dict, STR("etag"), value_text(entry->etag));
    dict_put(mark.dict, STR("modified_at_us"), value_int(entry->modified_at_us));
    array_add(job->marks.list, mark);
}

static InputKind kind_of(RecordFormat format)
{
    return format == FORMAT_CSV       ? INPUT_CSV
           : format == FORMAT_PARQUET ? INPUT_PARQUET
           : format == FORMAT_EXCEL   ? INPUT_EXCEL
                                      : INPUT_JSONL;
}

/* The engine speaks of copies in the spool: the files they come from are what people know. */
static void show_files(const FileLoad *job, Err *err)
{
    Str text = str_of(err->text);
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; i < job->inputs.len && err->kind != ERR_NONE; i++) {
        Str path = job->inputs.at[i].path, shown = job->inputs.at[i].shown;
        ptrdiff_t at = str_find(text, path);
        if (str_eq(path, shown) || (at < 0 && job->inputs.len > 1))
            continue;
        if (at < 0)
            text_print(&out, STR_FMT ": " STR_FMT, STR_ARG(shown), STR_ARG(text));
        else
            text_print(&out, STR_FMT STR_FMT STR_FMT, STR_ARG(str_slice(text, 0, (size_t)at)),
                       STR_ARG(shown), STR_ARG(str_slice(text, (size_t)at + path.len, text.len)));
        break;
    }
    if (out.len) {
        Err renamed = {0};
        err_set(&renamed, err->kind, err->place, STR_FMT, STR_ARG(text_str(&out)));
        err_drop(err);
        *err = renamed;
    }
}

static bool load_group(FileLoad *job, Err *err)
{
    Load *load = job->load;
    if (!job->marks.list->len)
        return true;
    TRY(landing_next(job->landing, err));
    Input input = {.kind = kind_of(job->group_format), .files = job->inputs.at,
                   .file_count = job->inputs.len, .csv = job->csv};
    TRY(load_setting(load, "excel", &input.excel, err));
    if (input.kind == INPUT_JSONL) {
        input.file_count = landing_files(job->landing, &input.files);
        input.shape = landing_shape(job->landing);
    }
    load->spec.files = job->marks;
    load->spec.load_id = landing_load_id(job->landing);
    load->spec.replaces_files = load->spec.disposition == WRITE_APPEND;
    load->spec.cursor_of = load->window.is_on ? window_cursor_of : NULL;
    load->spec.cursor_context = load;
    if (!load_input(load, &input, NONE, err)) {
        if (input.kind == INPUT_PARQUET || input.kind == INPUT_EXCEL)
            show_files(job, err);
        return false;
    }
    TRY(landing_loaded(job->landing, err));
    job->inputs.len = 0;
    job->group_bytes = 0;
    job->marks = value_list(load->arena);
    return true;
}

/* ---- one file ---- */

static bool take_record(void *context, Str record, Err *err)
{
    FileLoad *job = context;
    if (record.len && record.at[0] != '{')
        record = str_print(job->load->arena, "{\"value\":" STR_FMT "}", STR_ARG(record));
    return landing_add(job->landing, record, err);
}

/* Bytes of a file on this machine: itself if it lies here as it is, else a copy in the spool. */
static bool spool_bytes(FileLoad *job, Reader *reader, Str extension, Str *path, Err *err)
{
    Load *load = job->load;
    FileWriter writer;
    Str name = str_print(load->arena, "in-%05u" STR_FMT, job->spooled++, STR_ARG(extension));
    *path = path_join(load->arena, landing_folder(job->landing), name);
    TRY(file_writer_open(&writer, *path, err));
    Str piece = STR(" ");
    bool ok = true;
    while (ok && piece.len) {
        ok = !load_is_cancelled(load) ||
             err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
        ok = ok && reader_next(reader, &piece, err) &&
             (!piece.len || file_writer_add(&writer, piece, err));
    }
    if (!ok) {
        file_writer_drop(&writer);
        return false;
    }
    return file_writer_commit(&writer, false, err);
}

/* JSON, JSONL and XML become records of the landing, one file of it an input, so that each row
 * knows its file. */
static bool split_bytes(FileLoad *job, Reader *reader, RecordFormat format, Str shown, Err *err)
{
    Load *load = job->load;
    SplitOptions options = {.format = format, .path = job->selector, .name = shown,
                            .on_record = take_record, .context = job};
    Splitter *splitter;
    TRY(splitter_make(load->arena, &options, &splitter, err));
    landing_name(job->landing, shown);
    for (Str piece = STR(" "); piece.len;) {
        if (load_is_cancelled(load))
            return err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
        TRY(reader_next(reader, &piece, err));
        if (piece.len)
            TRY(splitter_feed(splitter, piece, err));
    }
    TRY(splitter_end(splitter, err));
    return landing_next(job->landing, err);
}

static bool is_split(RecordFormat format)
{
    return format == FORMAT_JSON || format == FORMAT_JSONL || format == FORMAT_XML;
}

/* "orders.csv.gz" -> CSV; a setting wins. */
static RecordFormat format_of(const FileLoad *job, Str name)
{
    return job->format != FORMAT_AUTO ? job->format : format_of_name(name);
}

/* The plain bytes of a file or member; takes `reader`. */
static bool take_bytes(FileLoad *job, Reader *reader, Str name, Err *err)
{
    RecordFormat format = format_of(job, name);
    bool ok = format != FORMAT_AUTO ||
              load_fail(job->load, "path", err,
                        "what " STR_FMT " holds does not show in its name: say `format` (csv, "
                        "json, jsonl, parquet, xml, excel)", STR_ARG(name));
    bool is_other = job->marks.list->len && is_split(format) != is_split(job->group_format);
    if (ok && (is_other || (!is_split(format) && job->inputs.len && format != job->group_format)))
        ok = load_fail(job->load, "path", err,
                       "files of several formats (" STR_FMT "): give each its own resource",
                       STR_ARG(name));
    job->group_format = format;
    if (ok && is_split(format)) {
        ok = split_bytes(job, reader, format, name, err);
    } else if (ok) {
        Str path;
        ok = spool_bytes(job, reader, path_extension(name), &path, err);
        if (ok)
            list_add(job->load->arena, &job->inputs, (InputFile){path, name});
    }
    reader_close(reader);
    return ok;
}

static bool wants_member(const FileLoad *job, Str name)
{
    if (job->members.kind == VALUE_TEXT)
        return glob_match(value_str(job->members), name);
    for (uint32_t i = 0; job->members.kind == VALUE_LIST && i < job->members.list->len; i++)
        if (glob_match(value_str(job->members.list->at[i]), name))
            return true;
    return value_is_undefined(job->members);
}

static bool is_archive(Str name)
{
    static const char *const ends[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz",
                                       ".zip"};
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends(name, str_of(ends[i])))
            return true;
    return false;
}

static bool take_members(FileLoad *job, Reader *reader, Str shown, Err *err)
{
    Archive *archive;
    TRY(archive_open(reader, &archive, err));
    bool has = true, ok = true;
    while (ok && has) {
        Member member;
        ok = archive_next(archive, &member, &has, err);
        if (!ok || !has || !member.is_file || !wants_member(job, member.name))
            continue;
        if (member.is_unsafe) {
            ok = load_fail(job->load, "path", err, STR_FMT " holds a member with an unsafe name: "
                           STR_FMT, STR_ARG(shown), STR_ARG(member.name));
            continue;
        }
        Str name = str_print(job->load->arena, STR_FMT "/" STR_FMT, STR_ARG(shown),
                             STR_ARG(member.name));
        Reader *plain, *unpacked;
        ok = archive_read(archive, &plain, err) && reader_unpack(plain, &unpacked, err) &&
             take_bytes(job, unpacked, name, err);
    }
    archive_close(archive);
    return ok;
}

static bool take_file(FileLoad *job, const StoreEntry *entry, Err *err)
{
    Str shown = shown_name(job, entry->name);
    Reader *reader, *unpacked;
    job->load->bytes += entry->size_bytes;
    job->group_bytes += entry->size_bytes;
    if (format_of(job, entry->name) == FORMAT_PARQUET && store_is_local(job->store)) {
        job->group_format = FORMAT_PARQUET; /* read where it lies */
        Str path = store_path(job->store, job->load->arena, entry->name);
        list_add(job->load->arena, &job->inputs, (InputFile){path, shown});
    } else {
        TRY(store_read(job->store, entry->name, 0, &reader, err));
        if (is_archive(entry->name)) {
            TRY(take_members(job, reader, shown, err));
        } else if (str_ends(entry->name, STR(".xlsx"))) { /* a zip by nature */
            TRY(take_bytes(job, reader, shown, err));
        } else {
            TRY(reader_unpack(reader, &unpacked, err));
            TRY(take_bytes(job, unpacked, shown, err));
        }
    }
    add_mark(job, entry);
    return true;
}

/* ---- settings and the whole ---- */

static bool read_settings(FileLoad *job, Err *err)
{
    Load *load = job->load;
    Str format;
    TRY(load_setting_text(load, "format", STR("auto"), &format, err));
    TRY(load_setting_text(load, "data_selector", STR(""), &job->selector, err));
    TRY(load_setting(load, "members", &job->members, err));
    TRY(load_csv_options(load, &job->csv, err));
    job->format = str_is(format, "csv")       ? FORMAT_CSV
                  : str_is(format, "json")    ? FORMAT_JSON
                  : str_is(format, "jsonl")   ? FORMAT_JSONL
                  : str_is(format, "parquet") ? FORMAT_PARQUET
                  : str_is(format, "xml")     ? FORMAT_XML
                  : str_is(format, "excel")   ? FORMAT_EXCEL
                                              : FORMAT_AUTO;
    return true;
}

/* Every row knows its file: that is how a changed one is found again. */
static void want_source_file(Load *load)
{
    Array *list = array_make(load->arena, 4);
    if (load->spec.meta_columns.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < load->spec.meta_columns.list->len; i++)
            array_add(list, load->spec.meta_columns.list->at[i]);
    } else {
        array_add(list, value_lit("_weir_loaded_at"));
        array_add(list, value_lit("_weir_run_id"));
    }
    bool has = false;
    for (uint32_t i = 0; i < list->len; i++)
        has = has || value_is(list->at[i], "_weir_source_file");
    if (!has)
        array_add(list, value_lit("_weir_source_file"));
    load->spec.meta_columns = value_of_array(list);
}

static bool run_job(FileLoad *job, Err *err)
{
    Load *load = job->load;
    bool is_replace = load->spec.disposition == WRITE_REPLACE;
    uint32_t changed = 0;
    for (uint32_t i = 0; i < job->entries.len; i++)
        changed += !is_loaded(job, &job->entries.at[i]);
    bool has_gone = job->known.kind == VALUE_DICT && job->known.dict->len > job->entries.len;
    if (!changed && !(is_replace && has_gone))
        return true;
    for (uint32_t i = 0; i < job->entries.len; i++) {
        const StoreEntry *entry = &job->entries.at[i];
        if (!is_replace && is_loaded(job, entry))
            continue;
        TRY(take_file(job, entry, err));
        bool is_full = job->marks.list->len >= GROUP_FILES || job->group_bytes >= GROUP_BYTES;
        if (is_full && !is_replace && load->spec.disposition != WRITE_SCD2)
            TRY(load_group(job, err));
    }
    return load_group(job, err);
}

bool load_files(Load *load, Err *err)
{
    FileLoad job = {.load = load, .marks = value_list(load->arena)};
    TRY(read_settings(&job, err));
    want_source_file(load);
    TRY(lake_files(load->ingest->lake, load->session, &load->spec, load->arena, &job.known, err));
    if (load->ingest->options.is_full_refresh)
        job.known = value_dict(load->arena);
    TRY(list_files(&job, err));
    TRY(landing_open(load, "jsonl", false, &job.landing, err));
    bool ok = run_job(&job, err);
    landing_close(job.landing);
    return ok;
}
