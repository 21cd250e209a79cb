/* drop_spec.c: what a drop's declaration says, rendered for one processing date. */
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/yaml.h"
#include "context/context.h"
#include "ingest/ingest_base.h"

#define DEFAULT_MEMORY (UINT64_C(256) << 20)
#define LEAST_MEMORY (UINT64_C(32) << 20)
#define DAY_US (INT64_C(86400) * 1000000)
enum { MOST_WORKERS = 1024 };

/* ---- names ---- */

static void add_name(Load *load, const char *name, Str text)
{
    dict_put(load->names, str_of(name), value_text(text));
}

void drop_names(Load *load, const DropDay *day)
{
    Arena *arena = load->arena;
    Civil now = civil_local(load->ingest->started_at_us);
    load->names = dict_make(arena, 16);
    add_name(load, "run_id", load->ingest->run_id);
    add_name(load, "run_date", str_print(arena, "%04d-%02u-%02u", (int)now.year, now.month,
                                         now.day));
    add_name(load, "resource", load->declared->drop);
    add_name(load, "partner", load->declared->drop);
    if (day) {
        add_name(load, "process_date", day->date);
        add_name(load, "date", day->date);
        add_name(load, "year", str_slice(day->date, 0, 4));
        add_name(load, "month", str_slice(day->date, 5, 7));
        add_name(load, "day", str_slice(day->date, 8, 10));
    }
    load->context = declare_context(load->ingest->project, arena, load->node->package,
                                    load->names);
}

/* ---- places ---- */

/* A setting that is a text, or an object with the text under `key` and a connection beside it. */
typedef struct Location {
    const char *setting;
    Str text;                    /* empty: not said                                               */
    Value rest;                  /* the object; UNDEFINED: a text                                 */
    Line *line;                  /* NULL: no connection                                           */
} Location;

static bool read_location(Load *load, const char *setting, const char *key, Location *out,
                          Err *err)
{
    Value value;
    *out = (Location){.setting = setting, .rest = UNDEFINED};
    TRY(load_setting(load, setting, &value, err));
    if (value.kind != VALUE_DICT) {
        out->text = value_str(value);
        return true;
    }
    out->rest = value;
    out->text = value_get_text(value, key, STR_NONE);
    Str name = value_get_text(value, "connection", STR_NONE);
    if (!name.len)
        return true;
    TRY(line_find(load, setting, name, &out->line, err));
    bool has_files = str_is(out->line->type, "s3") || str_is(out->line->type, "sftp") ||
                     str_is(out->line->type, "ftp") || str_is(out->line->type, "file");
    return has_files || load_fail(load, setting, err, "the connection '" STR_FMT "' of `%s` is of "
                                  "type " STR_FMT ": files are written to s3, sftp, ftp or file",
                                  STR_ARG(name), setting, STR_ARG(out->line->type));
}

static bool is_hole(Str name, bool has_table)
{
    static const char *const known[] = {"date", "year", "month", "day", "partner"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(name, known[i]))
            return true;
    return has_table && str_is(name, "table");
}

/* The holes of a layout are looked at before hours of work end in one that is misspelt. */
static bool check_holes(Load *load, const char *setting, Str layout, bool has_table, bool *has_day,
                        bool *names_table, Err *err)
{
    Str names[] = {STR("date"), STR("year"), STR("month"), STR("day"), STR("partner"),
                   STR("table")};
    *has_day = *names_table = false;
    for (size_t i = 0; i < layout.len; i++) {
        if (layout.at[i] != '{')
            continue;
        Str rest = str_slice(layout, i + 1, layout.len);
        ptrdiff_t close = str_find_char(rest, '}');
        if (close < 0)
            return load_fail(load, setting, err, "`%s`: a '{' does not close in '" STR_FMT "'",
                             setting, STR_ARG(layout));
        Str hole = str_slice(rest, 0, (size_t)close), name = hole;
        ptrdiff_t colon = str_find_char(hole, ':');
        if (colon >= 0)
            name = str_slice(hole, 0, (size_t)colon);
        Str near = str_nearest(name, names, has_table ? 6 : 5);
        if (!is_hole(name, has_table))
            return load_fail(load, setting, err, "`%s`: there is no {" STR_FMT "} here%s" STR_FMT
                             "%s", setting, STR_ARG(name),
                             near.len ? ". Did you mean {" : ": there are {date}, {year}, {month}, "
                                                             "{day}, {partner}",
                             STR_ARG(near), near.len ? "}?" : has_table ? ", {table}" : "");
        *has_day = *has_day || str_is(name, "date") || str_is(name, "day");
        *names_table = *names_table || str_is(name, "table");
        i += (size_t)close;
    }
    return true;
}

/* ---- work ---- */

static bool is_remote(const Location *place)
{
    return str_find(place->text, STR("://")) >= 0 ||
           (place->line && !str_is(place->line->type, "file"));
}

/* Where nothing is said: beside the project; with shards in the lake, which all of them see. */
static bool default_work(Load *load, Location *place, Err *err)
{
    Arena *arena = load->arena;
    const IngestOptions *options = &load->ingest->options;
    if (!options->shards) {
        place->text = str_print(arena, ".weir/drops/" STR_FMT, STR_ARG(load->declared->drop));
        return true;
    }
    Location to;
    Str lake, root, rest;
    Store *store;
    TRY(read_location(load, "to", "layout", &to, err));
    TRY(load_render_text(load, value_lit("{{ var('lake', 'lake') }}"), &lake, err));
    place->line = to.line;
    if (str_find(lake, STR("://")) < 0 && is_remote(&to)) {
        TRY(place_open(load, to.line, "to", to.text, &root, &rest, &store, err));
        lake = root;
    }
    while (str_ends(lake, STR("/")))
        lake = str_slice(lake, 0, lake.len - 1);
    place->text = str_print(arena, STR_FMT "/_weir/drops/" STR_FMT, STR_ARG(lake),
                            STR_ARG(load->declared->drop));
    return true;
}

bool drop_work(Load *load, Store **out, Err *err)
{
    Location place;
    TRY(read_location(load, "work", "location", &place, err));
    if (!place.text.len && place.line)
        return load_fail(load, "work", err, "`work` names a connection but no `location`");
    if (!place.text.len)
        TRY(default_work(load, &place, err));
    return place_open_folder(load, place.line, "work", place.text, out, err);
}

/* ---- inbox, target, raw, quarantine, logs ---- */

static bool read_inbox(Load *load, DropSpec *spec, Err *err)
{
    Str path;
    TRY(load_setting_text(load, "path", STR_NONE, &path, err));
    if (!path.len)
        return load_fail(load, "path", err, "`path` is empty");
    TRY(place_open(load, load->line, "path", path, &spec->inbox_uri, &spec->glob, &spec->inbox,
                   err));
    TRY(load_setting_text(load, "members", STR_NONE, &spec->members, err));
    return spec->members.len || load_fail(load, "members", err, "`members` is empty");
}

static bool read_target(Load *load, DropSpec *spec, Err *err)
{
    Location to;
    Str root;
    bool has_day, names_table;
    TRY(read_location(load, "to", "layout", &to, err));
    if (!to.text.len)
        return load_fail(load, "to", err, "`to` lacks its layout");
    TRY(check_holes(load, "to", to.text, true, &has_day, &names_table, err));
    if (!has_day || !names_table)
        return load_fail(load, "to", err,
                         "the layout '" STR_FMT "' must hold %s: without it each %s would take the "
                         "place of the one before", STR_ARG(to.text),
                         names_table ? "the day, as {date} or {year}, {month}, {day}" : "{table}",
                         names_table ? "day" : "table");
    TRY(place_open(load, to.line, "to", to.text, &root, &spec->layout, &spec->target, err));
    spec->format = value_get_text(to.rest, "format", STR("parquet"));
    bytes_read(value_get(to.rest, "file_size"), &spec->file_bytes);
    spec->adds_csv = value_truth(value_get(to.rest, "csv")) && !str_is(spec->format, "csv");
    return true;
}

static bool read_raw(Load *load, DropSpec *spec, Err *err)
{
    Location raw;
    Str root, format;
    bool has_day, names_table;
    TRY(read_location(load, "raw", "keep", &raw, err));
    if (!raw.text.len && value_is_undefined(raw.rest))
        return true;
    if (!raw.text.len)
        return load_fail(load, "raw", err, "`raw` lacks `keep`: where the CSV files go, such as "
                         "\"lake/raw/partner/{date}/\"");
    TRY(check_holes(load, "raw", raw.text, true, &has_day, &names_table, err));
    TRY(place_open(load, raw.line, "raw", raw.text, &root, &spec->raw_layout, &spec->raw, err));
    format = value_get_text(raw.rest, "format", STR("csv"));
    spec->raw_codec = str_is(format, "csv") ? STR("") : str_slice(format, 4, format.len);
    return true;
}

static bool read_quarantine(Load *load, DropSpec *spec, Err *err)
{
    Location place;
    Str root;
    bool has_day, names_table;
    TRY(read_location(load, "quarantine", "location", &place, err));
    spec->quarantine = spec->work;
    spec->quarantine_layout = STR("quarantine/{date}");
    if (str_is(place.text, "none"))
        spec->quarantine = NULL;
    if (!place.text.len || str_is(place.text, "none"))
        return true;
    TRY(check_holes(load, "quarantine", place.text, false, &has_day, &names_table, err));
    return place_open(load, place.line, "quarantine", place.text, &root, &spec->quarantine_layout,
                      &spec->quarantine, err);
}

static bool read_logs(Load *load, DropSpec *spec, Err *err)
{
    Location place;
    TRY(read_location(load, "logs", "location", &place, err));
    Str text = place.text.len ? place.text : STR("logs/summary");
    return place_open_folder(load, place.line, "logs", text, &spec->logs, err);
}

/* ---- readiness ---- */

/* "06:00" or "06:00:30" as microseconds of the day. */
static bool clock_read(Str text, int64_t *us)
{
    int64_t parts[3] = {0};
    size_t count = 0;
    for (Str part; count < 3 && str_next_part(&text, ':', &part); count++)
        if (part.len != 2 || !str_to_int(part, &parts[count]))
            return false;
    *us = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000000;
    return !text.at && count >= 2 && parts[0] >= 0 && parts[0] < 24 && parts[1] >= 0 &&
           parts[1] < 60 && parts[2] >= 0 && parts[2] < 60;
}

/* A time of the day behind the processing date, or a span from the beginning of the wait. Late days
 * are looked at once. */
static bool read_deadline(Load *load, const DropDays *days, const DropDay *day, Value v,
                          DropReady *out, Err *err)
{
    int64_t us, *at_us = &out->deadline_us;
    Str text = value_str(v);
    if (value_is_undefined(v) || value_is_none(v))
        return true;
    if (v.kind != VALUE_TEXT)
        return load_fail(load, "ready", err, "`deadline` must be a time of the day in quotes, such "
                         "as \"06:00\", or a span such as 30m (without quotes YAML makes a number "
                         "of 12:30)");
    if (clock_read(text, &us)) {
        out->deadline_name = days->zone.len ? str_print(load->arena, STR_FMT " " STR_FMT,
                                                        STR_ARG(text), STR_ARG(days->zone)) : text;
        return drop_clock(load, days->zone, (day->number + 1) * DAY_US + us, at_us, err);
    }
    if (!duration_read(v, &us))
        return load_fail(load, "ready", err, "`deadline` must be a time of the day such as "
                         "\"06:00\", or a span such as 30m, not '" STR_FMT "'", STR_ARG(text));
    *at_us = day->is_late ? 0 : clock_now_us() + us;
    return true;
}

static bool read_ready(Load *load, const DropDays *days, const DropDay *day, DropReady *out,
                       Err *err)
{
    static const char *const words[] = {"fail", "skip", "go_on"};
    Value ready;
    TRY(load_setting(load, "ready", &ready, err));
    *out = (DropReady){.marker = value_get_text(ready, "marker", STR_NONE),
                       .manifest = value_get_text(ready, "manifest", STR_NONE)};
    Value count = value_get(ready, "count"), alone = value_get(ready, "quiet_for");
    if (count.kind == VALUE_INT)
        out->count = (uint64_t)count.number;
    bool has_other = out->marker.len || out->manifest.len || out->count;
    if (has_other && !value_is_undefined(alone) && !value_is_none(alone))
        return load_fail(load, "ready", err, "beside a marker, a manifest or a count it is "
                         "`or_quiet_for`: files that lie still stand in for them");
    duration_read(alone, &out->quiet_us);
    if (!out->quiet_us)
        duration_read(value_get(ready, "or_quiet_for"), &out->quiet_us);
    duration_read(value_get(ready, "poll"), &out->poll_us);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (value_is(value_get(ready, "on_deadline"), words[i]))
            out->on_deadline = i;
    return read_deadline(load, days, day, value_get(ready, "deadline"), out, err);
}

/* ---- CSV ---- */

static bool check_char(Load *load, Value csv, const char *key, Err *err)
{
    Str text = value_get_text(csv, key, STR_NONE);
    bool is_tab = str_is(text, "\\t") || str_is(text, "tab");
    if (text.len <= 1 || is_tab)
        return true;
    return load_fail(load, "csv", err, "`csv`: `%s` must be one character, not '" STR_FMT "'", key,
                     STR_ARG(text));
}

static bool check_times(Load *load, const char *key, Str format, Err *err)
{
    static const char letters[] = "YymdejbBHIpMSfz%";
    for (size_t i = 0; i < format.len; i++) {
        if (format.at[i] != '%')
            continue;
        char letter = ++i < format.len ? format.at[i] : '\0';
        if (!letter || !strchr(letters, letter))
            return load_fail(load, "csv", err, "`csv`: unknown letter in `%s`, '" STR_FMT "': "
                             "times know %%Y %%y %%m %%d %%e %%j %%b %%B %%H %%I %%p %%M %%S %%f "
                             "%%z", key, STR_ARG(format));
    }
    return true;
}

/* What else would make a bad archive of every single one. */
static bool read_csv(Load *load, CsvOptions *out, Err *err)
{
    static const char *const chars[] = {"delimiter", "quote", "escape"};
    Value csv;
    Err why = {0};
    TRY(load_setting(load, "csv", &csv, err));
    TRY(load_csv_options(load, out, err));
    for (size_t i = 0; i < COUNT_OF(chars); i++)
        TRY(check_char(load, csv, chars[i], err));
    Str mark = out->decimal_mark;
    if (mark.len && !str_is(mark, ".") && !str_is(mark, ","))
        return load_fail(load, "csv", err, "`csv`: `decimal` must be \".\" or \",\", not '"
                         STR_FMT "'", STR_ARG(mark));
    TRY(check_times(load, "date_format", out->date_format, err));
    TRY(check_times(load, "timestamp_format", out->timestamp_format, err));
    Recoder *recoder;
    if (!out->encoding.len || recoder_make(load->arena, out->encoding, &recoder, &why))
        return true;
    load_fail(load, "csv", err, "`csv`: %s", why.text);
    err_drop(&why);
    return false;
}

/* ---- checks, limits, flags ---- */

static double number_of(Value holder, const char *key, double otherwise)
{
    Value v = value_get(holder, key);
    return v.kind == VALUE_FLOAT ? v.real : v.kind == VALUE_INT ? (double)v.number : otherwise;
}

static uint32_t count_of(Value holder, const char *key)
{
    Value v = value_get(holder, key);
    return v.kind != VALUE_INT ? 0 : v.number > UINT32_MAX ? UINT32_MAX : (uint32_t)v.number;
}

static uint64_t bytes_of(Value holder, const char *key)
{
    uint64_t bytes = 0;
    return bytes_read(value_get(holder, key), &bytes) ? bytes : 0;
}

static CheckLevel level_of(Value holder, const char *key, CheckLevel otherwise)
{
    Value v = value_get(holder, key);
    return value_is(v, "none")    ? CHECK_OFF
           : value_is(v, "warn")  ? CHECK_WARN
           : value_is(v, "error") ? CHECK_ERROR
                                  : otherwise;
}

/* A check that has nothing to compare with would pass in silence. */
static bool check_sense(Load *load, Value checks, bool has_mapping, Err *err)
{
    Value files = value_get(checks, "files");
    bool is_listed = value_get_text(files, "expected", STR_NONE).len > 0;
    static const char *const keys[] = {"missing", "surplus"};
    for (size_t i = 0; i < COUNT_OF(keys) && !is_listed; i++)
        if (level_of(files, keys[i], CHECK_OFF) != CHECK_OFF)
            return load_fail(load, "checks", err, "`checks`: `files.%s` compares with the list "
                             "that `files.expected` names, which is not there", keys[i]);
    if (!is_listed && level_of(checks, "row_counts", CHECK_OFF) != CHECK_OFF)
        return load_fail(load, "checks", err, "`checks`: `row_counts` compares with the list that "
                         "`files.expected` names, which is not there");
    if (!has_mapping && level_of(checks, "duplicate_keys", CHECK_OFF) != CHECK_OFF)
        return load_fail(load, "checks", err, "`checks`: `duplicate_keys` is about the "
                         "`primary_key` of a mapping's tables: there is no `mapping`");
    return true;
}

static bool read_checks(Load *load, bool has_mapping, DropChecks *out, Err *err)
{
    Value checks;
    TRY(load_setting(load, "checks", &checks, err));
    TRY(check_sense(load, checks, has_mapping, err));
    Value nulls = value_get(checks, "null_ratio"), files = value_get(checks, "files");
    Value violations = value_get(checks, "violations"), change = value_get(checks, "change");
    Value columns = value_get(nulls, "columns");
    bool is_listed = value_get_text(files, "expected", STR_NONE).len > 0;
    *out = (DropChecks){
        .null_warn = number_of(nulls, "warn", -1),
        .null_error = number_of(nulls, "error", -1),
        .null_columns = columns.kind == VALUE_DICT ? columns : NONE,
        .header = value_is(value_get(checks, "header"), "warn")     ? HEADER_WARN
                  : value_is(value_get(checks, "header"), "freeze") ? HEADER_FREEZE
                                                                    : HEADER_EVOLVE,
        .expected = value_get_text(files, "expected", STR_NONE),
        .missing = level_of(files, "missing", is_listed ? CHECK_ERROR : CHECK_OFF),
        .surplus = level_of(files, "surplus", is_listed ? CHECK_WARN : CHECK_OFF),
        .row_counts = level_of(checks, "row_counts", is_listed ? CHECK_ERROR : CHECK_OFF),
        .violations_warn = number_of(violations, "warn", 0),
        .violations_error = number_of(violations, "error", -1),
        .duplicate_keys = level_of(checks, "duplicate_keys", CHECK_OFF),
        .change_warn = number_of(change, "warn", -1),
        .change_error = number_of(change, "error", -1),
        .change_days = count_of(change, "days")};
    return true;
}

static bool read_limits(Load *load, DropSpec *spec, Err *err)
{
    Value limits, flags;
    TRY(load_setting(load, "limits", &limits, err));
    TRY(load_setting(load, "flags", &flags, err));
    Value key, value;
    for (uint32_t at = 0; value_is_dict(limits) && dict_next(limits.dict, &at, &key, &value);)
        if (value.kind == VALUE_INT && value.number == 0)
            return load_fail(load, "limits", err, "`limits`: `" STR_FMT "` must be above 0",
                             STR_ARG(value_str(key)));
    spec->limits = (DropLimits){.archive_bytes = bytes_of(limits, "archive"),
                                .member_bytes = bytes_of(limits, "member"),
                                .record_bytes = bytes_of(limits, "record"),
                                .members = count_of(limits, "members"),
                                .ratio = count_of(limits, "ratio")};
    spec->flags = (DropFlags){.files = count_of(flags, "files"),
                              .bytes = bytes_of(flags, "size"),
                              .null_ratio = number_of(flags, "null_ratio", 0),
                              .columns = count_of(flags, "columns")};
    duration_read(value_get(flags, "duration"), &spec->flags.duration_us);
    return true;
}

static bool read_types(Load *load, DropSpec *spec, Err *err)
{
    Value types;
    TRY(load_setting(load, "types", &types, err));
    Value infer = value_get(types, "infer");
    spec->infer = value_is(infer, "sample") ? INFER_SAMPLE
                  : value_is(infer, "text") ? INFER_TEXT
                                            : INFER_ALL;
    spec->fails_on_misfit = value_is(value_get(types, "on_misfit"), "quarantine");
    return read_csv(load, &spec->csv, err);
}

/* ---- means ---- */

bool drop_memory(Load *load, uint64_t *bytes, Err *err)
{
    Value limit;
    TRY(load_setting(load, "memory_limit", &limit, err));
    *bytes = DEFAULT_MEMORY;
    bytes_read(limit, bytes);
    return *bytes >= LEAST_MEMORY ||
           load_fail(load, "memory_limit", err, "`memory_limit` must be 32MiB or more");
}

static bool read_means(Load *load, uint32_t slots, DropSpec *spec, Err *err)
{
    Value value;
    int64_t us = 0;
    const IngestOptions *options = &load->ingest->options;
    TRY(drop_memory(load, &spec->memory_bytes, err));
    spec->memory_bytes /= slots;
    TRY(load_setting(load, "workers", &value, err));
    if (value.kind == VALUE_INT && value.number > MOST_WORKERS)
        return load_fail(load, "workers", err, "`workers` is a number of threads, %d at most, not "
                         "%lld", MOST_WORKERS, (long long)value.number);
    unsigned workers = value.kind == VALUE_INT && value.number > 0 ? (unsigned)value.number
                                                                   : cpu_count();
    spec->workers = workers > slots ? workers / slots : 1;
    TRY(load_setting(load, "keep_parts", &value, err));
    if (duration_read(value, &us) && us < DAY_US)
        return load_fail(load, "keep_parts", err, "`keep_parts` is a number of days, such as 7d");
    spec->keep_days = (uint32_t)((us + DAY_US - 1) / DAY_US);
    TRY(load_setting(load, "lost_after", &value, err));
    duration_read(value, &spec->claim_us);
    spec->shard = options->shard;
    spec->shards = options->shards;
    return true;
}

/* ---- the tables ---- */

/* Places below the project are shown as other files of it are. Gives false. */
static bool shorten_place(const Load *load, Err *err)
{
    Str root = load->ingest->project->project_dir, *file = &err->place.file;
    if (str_starts(*file, root) && file->len > root.len && file->at[root.len] == '/') {
        file->len -= root.len + 1;
        memmove((char *)(uintptr_t)file->at, file->at + root.len + 1, file->len);
    }
    return false;
}

static bool read_mapping(Load *load, DropSpec *spec, Err *err)
{
    Str path;
    Mapping *mapping;
    TRY(load_setting_text(load, "mapping", STR_NONE, &path, err));
    spec->partner = spec->name;
    if (!path.len)
        return true;
    path = path_join(load->arena, load->ingest->project->project_dir, path);
    if (!mapping_load(load->arena, path, &mapping, err))
        return shorten_place(load, err);
    spec->mapping = mapping;
    if (mapping_partner(mapping).len)
        spec->partner = mapping_partner(mapping);
    add_name(load, "partner", spec->partner);
    return true;
}

/* Those whose source is not switched off. */
static void list_tables(Load *load, DropSpec *spec)
{
    const Declared *declared = load->declared;
    Str *names = NEW_N(load->arena, Str, declared->merges.len);
    for (uint32_t i = 0; i < declared->merges.len; i++)
        names[i] = declared->merges.at[i]->declared->table;
    spec->tables = names;
    spec->table_count = declared->merges.len;
    spec->is_shared = declared->is_shared;
    spec->schema = declared->merges.at[0]->schema;
    spec->database = declared->merges.at[0]->database;
    const IngestOptions *options = &load->ingest->options;
    if (options->shards && options->shard > 1)
        spec->database = STR("memory");
}

/* A file of the mapping without its comments. */
static bool print_file(Load *load, Str path, Value *root, uint64_t *print, Err *err)
{
    Str text;
    YamlDoc doc;
    AUTO(text) Text plain = {0};
    TRY(file_read(load->arena, path, &text, err));
    TRY(yaml_parse(load->arena, text, path, &doc, err));
    json_print(doc.root, (JsonStyle){.is_compact = true}, &plain);
    *print = hash64(text_str(&plain), *print);
    *root = doc.root;
    return true;
}

/* What rows depend on besides the archives; tables in any order. */
static bool print_settings(Load *load, DropSpec *spec, Err *err)
{
    static const char *const keys[] = {"csv", "types"};
    uint64_t print = hash64(spec->members, 1), tables = 0;
    Str path;
    Value value;
    for (uint32_t i = 0; i < spec->table_count; i++)
        tables += hash64(spec->tables[i], 2);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        AUTO(text) Text text = {0};
        TRY(load_setting(load, keys[i], &value, err));
        if (value_is_dict(value))
            json_print(value, (JsonStyle){.is_compact = true}, &text);
        print = hash64(text_str(&text), print);
    }
    TRY(load_setting_text(load, "mapping", STR_NONE, &path, err));
    if (path.len) {
        path = path_join(load->arena, load->ingest->project->project_dir, path);
        TRY(print_file(load, path, &value, &print, err));
        Str schema = value_get_text(value, "schema", STR_NONE);
        if (schema.len)
            TRY(print_file(load, path_join(load->arena, path_folder(path), schema), &value, &print,
                           err));
    }
    spec->settings = (print ^ tables) | 1;
    return true;
}

bool drop_spec(Load *load, const DropDays *days, const DropDay *day, uint32_t slots,
               DropSpec *out, Err *err)
{
    drop_names(load, day);
    *out = (DropSpec){.name = load->declared->drop, .date = day->date,
                      .is_full_refresh = load->ingest->options.is_full_refresh && !day->is_late};
    TRY(read_mapping(load, out, err));
    list_tables(load, out);
    TRY(read_inbox(load, out, err));
    TRY(read_target(load, out, err));
    TRY(read_raw(load, out, err));
    TRY(drop_work(load, &out->work, err));
    TRY(read_quarantine(load, out, err));
    TRY(read_logs(load, out, err));
    TRY(read_ready(load, days, day, &out->ready, err));
    TRY(read_checks(load, out->mapping != NULL, &out->checks, err));
    TRY(read_limits(load, out, err));
    TRY(read_types(load, out, err));
    TRY(print_settings(load, out, err));
    return read_means(load, slots, out, err);
}
