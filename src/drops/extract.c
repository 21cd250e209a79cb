/* extract.c: batch_extract: the archives of a day become parts, a group at a time.
 *
 *   unit groups/ID --archives, the next ones open ahead--> archive_walk --> part_file
 *     an archive ends well: its rows are written; it does not: none is, its reason is noted
 *     the group ends: segments are committed, then the marker groups/ID.json: that is the commit
 */
#include "base/clock.h"
#include "base/process.h"
#include "drops/extract.h"

enum { SURPLUS_MOST = 100 };

typedef struct ExtractWork {
    Drop *drop;
    const Plan *plan;
    Value types;
    Dict *tables;                /* expected names                                                */
    CsvReader **readers;         /* one a worker                                                  */
    Arena *arenas;               /* theirs                                                        */
} ExtractWork;

/* What is known of a group while it is run, once or again. */
typedef struct Extract {
    ExtractWork *work;
    GroupWork *group;
    ArchiveWalk *walk;
    Dict *bad;                   /* archives that spoiled an earlier attempt: name -> reason      */
    Array *archives;             /* of the marker                                                 */
    int64_t wait_us, read_us, parse_us, ahead_cpu_us;
    uint64_t bytes_read;
    Arena archive_arena;
    /* the raw copy of the member at work; NULL: none */
    Writer *raw;
    Value raw_names;
} Extract;

/* ---- raw copies ---- */

static Str stem_of(Str archive)
{
    Str name = path_name(archive);
    static const char *const ends[] = {".tar.gz", ".tar.zst", ".tar.bz2", ".tar.xz", ".tgz", ".tar",
                                       ".zip"};
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends(name, str_of(ends[i])))
            return str_slice(name, 0, name.len - strlen(ends[i]));
    return name;
}

static bool raw_open(Extract *extract, const MemberFile *member, Err *err)
{
    Drop *drop = extract->work->drop;
    const DropSpec *spec = &drop->spec;
    Arena *arena = member->walk->arena;
    Value names = value_dict(arena);
    Str folder;
    if (!spec->raw)
        return true;
    dict_put(names.dict, STR("table"), value_text(member->table));
    dict_put(names.dict, STR("partner"), value_text(spec->partner));
    TRY(layout_print(arena, spec->raw_layout, spec->date, names, &folder, err));
    Str name = path_join(arena, folder,
                         str_print(arena, STR_FMT "/" STR_FMT "%s" STR_FMT,
                                   STR_ARG(stem_of(member->walk->archive->name)),
                                   STR_ARG(path_name(member->name)),
                                   spec->raw_codec.len ? "." : "", STR_ARG(spec->raw_codec)));
    TRY(store_write(spec->raw, name, NULL, &extract->raw, err));
    if (!spec->raw_codec.len)
        return true;
    Writer *below = extract->raw;
    extract->raw = NULL;
    return writer_pack(below, spec->raw_codec, &extract->raw, err);
}

static bool raw_close(Extract *extract, bool ok, Err *err)
{
    Writer *raw = extract->raw;
    extract->raw = NULL;
    if (raw && ok)
        return writer_commit(raw, &extract->archive_arena, NULL, err);
    if (raw)
        writer_drop(raw);
    return ok;
}

/* ---- one archive ---- */

static bool take_rows(void *context, MemberFile *member, Err *err)
{
    Extract *extract = context;
    PartTable *table;
    TRY(part_table(extract->group, member->table, member->map, &table, err));
    TRY(raw_open(extract, member, err));
    member->raw = extract->raw;
    bool ok = part_file(table, member, err);
    return raw_close(extract, ok, err);
}

static void take_surplus(void *context, Str member, Str reason)
{
    Extract *extract = context;
    GroupWork *group = extract->group;
    if (group->surplus_count++ < SURPLUS_MOST) {
        Str name = str_print(group->arena, STR_FMT "/" STR_FMT, STR_ARG(group->archive->name),
                             STR_ARG(member));
        array_add(group->surplus, value_text(name));
        group_verdict(group, "warn", member, reason);
    }
}

static Value archive_row(Extract *extract, const ArchiveWalk *walk, const char *status, Str reason)
{
    GroupWork *group = extract->group;
    Arena *arena = group->arena;
    Value row = value_dict(arena);
    uint64_t rows = 0, files = 0;
    for (uint32_t i = 0; i < group->order.len; i++) {
        rows += group->order.at[i]->archive.rows_in;
        files += group->order.at[i]->archive.files;
    }
    bool is_ok = str_eq(str_of(status), STR("ok"));
    dict_put(row.dict, STR("name"), value_text(walk->archive->name));
    dict_put(row.dict, STR("size"), value_int((int64_t)walk->archive->size_bytes));
    dict_put(row.dict, STR("etag"), value_text(walk->archive->etag));
    dict_put(row.dict, STR("hash"),
             value_text(str_print(arena, "%016llx", (unsigned long long)walk->hash)));
    dict_put(row.dict, STR("status"), value_text(str_of(status)));
    dict_put(row.dict, STR("reason"), value_text(str_copy(arena, reason)));
    dict_put(row.dict, STR("files"), value_int(is_ok ? (int64_t)files : 0));
    dict_put(row.dict, STR("rows"), value_int(is_ok ? (int64_t)rows : 0));
    dict_put(row.dict, STR("plain_bytes"), value_int((int64_t)walk->plain_bytes));
    return row;
}

/* The first line of what went wrong, without the archive's name, which stands beside it. */
static Str reason_of(Arena *arena, const Err *err)
{
    AUTO(text) Text text = {0};
    if (err->place.line)
        text_print(&text, STR_FMT ":%d: ", STR_ARG(err->place.file), err->place.line);
    text_add_c(&text, err->text ? err->text : err_title(err->kind));
    secret_hide(&text);
    Str line = text_str(&text);
    ptrdiff_t end = str_find_char(line, '\n');
    return str_copy(arena, end < 0 ? line : str_slice(line, 0, (size_t)end));
}

/* The rows of an archive, or the reason why there are none. False in *clean: the group must be run
 * again without it. */
static bool take_archive(Extract *extract, const PlanArchive *archive, Reader *reader, bool *clean,
                         Err *err)
{
    GroupWork *group = extract->group;
    int64_t began_us = clock_steady_us(), written_us = group->write_us;
    ArchiveWalk walk = {.drop = extract->work->drop, .arena = &extract->archive_arena,
                        .archive = archive, .take = take_rows, .surplus = take_surplus,
                        .is_ahead = unpacks_ahead(extract->work->drop, extract->work->plan),
                        .expected_tables = value_of_dict(extract->work->tables),
                        .context = extract};
    group->archive = archive;
    *clean = true;
    bool ok = archive_walk(&walk, reader, err);
    if (extract->raw)
        writer_drop(extract->raw);
    extract->raw = NULL;
    extract->bytes_read += walk.packed_bytes;
    if (ok) {
        array_add(extract->archives, archive_row(extract, &walk, "ok", STR("")));
        ok = parts_accept(group, err);
    } else if (archive_is_to_blame(err)) {
        Str reason = reason_of(group->arena, err);
        err_drop(err);
        array_add(extract->archives, archive_row(extract, &walk, "bad", reason));
        group_verdict(group, "error", STR(""), reason);
        parts_refuse(group, clean);
        if (!*clean)
            dict_put(extract->bad, archive->name, value_text(reason));
        ok = true;
    }
    extract->wait_us += walk.wait_us;
    extract->read_us += walk.read_us;
    extract->ahead_cpu_us += walk.ahead_cpu_us;
    extract->parse_us += clock_steady_us() - began_us - walk.wait_us -
                         (group->write_us - written_us);
    arena_reset(&extract->archive_arena);
    return ok;
}

static void skip_bad(Extract *extract, const PlanArchive *archive, Str reason)
{
    ArchiveWalk walk = {.archive = archive};
    extract->group->archive = archive;
    array_add(extract->archives, archive_row(extract, &walk, "bad", reason));
    group_verdict(extract->group, "error", STR(""), reason);
}

/* ---- bad archives ---- */

/* A copy of what could not be used, with its reason beside it. */
static bool quarantine(Extract *extract, const PlanArchive *archive, Str reason, Err *err)
{
    const DropSpec *spec = &extract->work->drop->spec;
    Arena *arena = &extract->archive_arena;
    Value names = value_dict(arena);
    Str folder, piece = STR(" ");
    Reader *reader;
    Writer *writer;
    dict_put(names.dict, STR("partner"), value_text(spec->partner));
    TRY(layout_print(arena, spec->quarantine_layout, spec->date, names, &folder, err));
    Str name = path_join(arena, folder, path_name(archive->name));
    Str text = str_print(arena, STR_FMT "/" STR_FMT ": " STR_FMT "\n", STR_ARG(spec->inbox_uri),
                         STR_ARG(archive->name), STR_ARG(reason));
    TRY(store_put(spec->quarantine, str_print(arena, STR_FMT ".reason.txt", STR_ARG(name)), text,
                  NULL, arena, NULL, err));
    TRY(store_read(spec->inbox, archive->name, 0, &reader, err));
    bool ok = store_write(spec->quarantine, name, NULL, &writer, err);
    bool is_open = ok;
    while (ok && piece.len)
        ok = reader_next(reader, &piece, err) && (!piece.len || writer_add(writer, piece, err));
    reader_close(reader);
    if (ok)
        return writer_commit(writer, arena, NULL, err);
    if (is_open)
        writer_drop(writer);
    return false;
}

/* What cannot be copied is told all the same. */
static void quarantine_bad(Extract *extract)
{
    for (uint32_t i = 0; extract->work->drop->spec.quarantine && i < extract->archives->len; i++) {
        Value row = extract->archives->at[i];
        if (!value_is(value_get(row, "status"), "bad"))
            continue;
        Err quiet = {0};
        PlanArchive archive = {.name = value_get_text(row, "name", STR_NONE)};
        extract->group->archive = &archive;
        if (!quarantine(extract, &archive, value_get_text(row, "reason", STR_NONE), &quiet)) {
            group_verdict(extract->group, "warn", STR(""),
                          str_print(extract->group->arena, "not copied to quarantine: %s",
                                    quiet.text ? quiet.text : ""));
            err_drop(&quiet);
        }
        arena_reset(&extract->archive_arena);
    }
}

/* ---- a group ---- */

static void begin_group(Extract *extract, GroupWork *group)
{
    Arena *arena = group->arena;
    map_init(&group->tables, arena);
    group->surplus = array_make(arena, 4);
    group->verdicts = array_make(arena, 4);
    extract->group = group;
    extract->archives = array_make(arena, 64);
    extract->wait_us = extract->read_us = extract->parse_us = extract->ahead_cpu_us = 0;
    extract->bytes_read = 0;
}

/* All archives of a group but those known to be bad; false in *clean: one more spoiled it. */
static bool run_group(Extract *extract, const PlanGroup *plan, bool *clean, Err *err)
{
    const PlanArchive *archives = extract->work->plan->archives + plan->first;
    Ahead ahead;
    bool ok = true;
    *clean = true;
    ahead_begin(&ahead, extract->work->drop, archives, plan->count);
    for (uint32_t i = 0; ok && i < plan->count; i++) {
        const Value *reason = dict_find(extract->bad, archives[i].name);
        Reader *reader;
        bool is_clean = true;
        if (reason)
            skip_bad(extract, &archives[i], value_str(*reason));
        else
            ok = ahead_take(&ahead, i, &reader, err) &&
                 take_archive(extract, &archives[i], reader, &is_clean, err);
        *clean = *clean && is_clean;
    }
    ahead_end(&ahead);
    return ok;
}

static void put(Value row, const char *key, int64_t number)
{
    dict_put(row.dict, str_of(key), value_int(number));
}

static Value group_marker(Extract *extract, Value tables, int64_t began_us, int64_t cpu_us)
{
    GroupWork *group = extract->group;
    Value marker = value_dict(group->arena), timing = value_dict(group->arena);
    put(marker, "version", 1);
    dict_put(marker.dict, STR("group"), value_text(group->group->id));
    dict_put(marker.dict, STR("attempt"), value_text(group->attempt));
    put(marker, "started_at_us", began_us);
    put(marker, "ended_at_us", clock_now_us());
    dict_put(marker.dict, STR("archives"), value_of_array(extract->archives));
    dict_put(marker.dict, STR("tables"), tables);
    dict_put(marker.dict, STR("surplus"), value_of_array(group->surplus));
    put(marker, "surplus_count", (int64_t)group->surplus_count);
    dict_put(marker.dict, STR("verdicts"), value_of_array(group->verdicts));
    put(marker, "verdict_count", (int64_t)group->verdict_count);
    put(timing, "read_us", extract->read_us);
    int64_t unpack_us = extract->wait_us - extract->read_us;
    put(timing, "unpack_us", unpack_us > 0 ? unpack_us : 0); /* less what went on beside it */
    put(timing, "parse_us", extract->parse_us);
    put(timing, "write_us", group->write_us);
    dict_put(marker.dict, STR("timing"), timing);
    put(marker, "cpu_us", clock_thread_cpu_us() - cpu_us + extract->ahead_cpu_us);
    put(marker, "bytes_read", (int64_t)extract->bytes_read);
    put(marker, "bytes_written", (int64_t)group->bytes_written);
    put(marker, "peak_bytes", (int64_t)process_peak_bytes());
    return marker;
}

/* One attempt at a group; *again: a bad archive's rows were written before it turned out bad. */
static bool try_group(Extract *extract, const Unit *unit, unsigned worker, Arena *arena,
                      Str attempt, bool *again, Value *marker, Err *err)
{
    ExtractWork *work = extract->work;
    int64_t began_us = clock_now_us(), cpu_us = clock_thread_cpu_us();
    GroupWork group = {.drop = work->drop, .arena = arena, .group = unit->what,
                       .archive_arena = &extract->archive_arena,
                       .attempt = attempt, .csv = work->readers[worker], .types = work->types,
                       .wants_files = work->drop->spec.checks.expected.len > 0};
    Value tables = NONE;
    bool clean = true;
    begin_group(extract, &group);
    bool ok = run_group(extract, group.group, &clean, err);
    *again = ok && !clean;
    if (ok && clean)
        ok = parts_finish(&group, &tables, err);
    if (ok && clean) {
        quarantine_bad(extract);
        *marker = group_marker(extract, tables, began_us, cpu_us);
    }
    parts_drop(&group);
    return ok;
}

static bool extract_group(void *context, const Unit *unit, unsigned worker, Arena *arena,
                          Str attempt, Value *marker, Err *err)
{
    Extract extract = {.work = context, .bad = dict_make(arena, 4)};
    bool again = true, ok = true;
    for (uint32_t i = 0; ok && again; i++) {
        Str name = i ? str_print(arena, STR_FMT "%u", STR_ARG(attempt), i) : attempt;
        ok = try_group(&extract, unit, worker, arena, name, &again, marker, err);
    }
    arena_drop(&extract.archive_arena);
    return ok;
}

/* ---- the stage ---- */

static void add_up(Value total, Value marker, const char *key)
{
    Value *sum = dict_find(total.dict, str_of(key));
    int64_t number = value_get(marker, key).number;
    if (sum)
        sum->number += number;
    else
        dict_put(total.dict, str_of(key), value_int(number));
}

static void add_count(Value total, const char *key, int64_t count)
{
    dict_find(total.dict, str_of(key))->number += count;
}

/* Those that a newer version has replaced are not counted. */
static void count_archives(const Plan *plan, const PlanGroup *group, Value marker, Value total)
{
    Value archives = value_get(marker, "archives");
    for (uint32_t i = 0; archives.kind == VALUE_LIST && i < archives.list->len; i++) {
        Value row = archives.list->at[i];
        if (i < group->count && plan->archives[group->first + i].is_replaced)
            continue;
        add_count(total, "archives", 1);
        bool is_bad = value_is(value_get(row, "status"), "bad");
        add_count(total, "bad_archives", is_bad);
        if (is_bad && !dict_find(total.dict, STR("first_bad"))) {
            Str told = str_print(total.dict->arena, STR_FMT ": " STR_FMT,
                                 STR_ARG(value_get_text(row, "name", STR(""))),
                                 STR_ARG(value_get_text(row, "reason", STR(""))));
            dict_put(total.dict, STR("first_bad"), value_text(told));
        }
        add_count(total, "rows_in", value_get(row, "rows").number);
        add_count(total, "files", value_get(row, "files").number);
        add_count(total, "plain_bytes", value_get(row, "plain_bytes").number);
    }
}

static void count_tables(Value marker, Value total)
{
    Value tables = value_get(marker, "tables"), name, table;
    if (tables.kind != VALUE_DICT)
        return;
    for (uint32_t at = 0; dict_next(tables.dict, &at, &name, &table);) {
        add_up(total, table, "rows_bad");
        add_up(total, table, "values_bad");
    }
}

/* Notes the first of the files of no table whose name is not of the form of `members`; a file of
 * another table has that form. */
static void find_misnamed(const Drop *drop, Value marker, Value total, Arena *scratch)
{
    Value surplus = value_get(marker, "surplus"), archives = value_get(marker, "archives");
    for (uint32_t i = 0; value_is_list(surplus) && i < surplus.list->len; i++) {
        Str name = value_str(surplus.list->at[i]), member = name;
        PatternMatch match;
        for (uint32_t k = 0; value_is_list(archives) && k < archives.list->len; k++) {
            Str archive = value_get_text(archives.list->at[k], "name", STR_NONE);
            if (str_starts(name, archive) && name.len > archive.len && name.at[archive.len] == '/')
                member = str_slice(name, archive.len + 1, name.len);
        }
        if (pattern_match(drop->members, member, scratch, &match))
            put(total, "other_tables", 1);
        else if (!dict_find(total.dict, STR("first_misnamed")))
            dict_put(total.dict, STR("first_misnamed"), value_text(str_copy(drop->arena, name)));
    }
}

/* A wrong `members` would otherwise publish a day without rows. */
static bool check_names(const Drop *drop, Value total, Err *err)
{
    Str first = value_get_text(total, "first_misnamed", STR_NONE);
    if (!first.len || value_get(total, "files").number || value_get(total, "other_tables").number)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, "not one of the files in the archives of " STR_FMT
                   " has a name of the form of `members`, " STR_FMT ": nothing is merged. The "
                   "first: " STR_FMT, STR_ARG(drop->spec.date), STR_ARG(drop->spec.members),
                   STR_ARG(first));
}

static void add_counted(Text *out, int64_t count, const char *one, const char *many)
{
    Arena arena = {0};
    text_print(out, STR_FMT " %s", STR_ARG(drop_print_count(&arena, (uint64_t)count)),
               count == 1 ? one : many);
    arena_drop(&arena);
}

static bool report(Drop *drop, const Plan *plan, const Unit *units, uint32_t count, uint32_t done,
                   DropReport *out, Err *err)
{
    Arena *arena = drop->arena;
    Value total = out->response = value_dict(arena);
    static const char *const keys[] = {"archives", "bad_archives", "files", "rows_in", "rows_bad",
                                       "values_bad", "plain_bytes", "bytes_read", "bytes_written",
                                       "surplus_count", "other_tables"};
    for (size_t k = 0; k < COUNT_OF(keys); k++)
        put(total, keys[k], 0);
    for (uint32_t i = 0; i < count; i++) {
        Arena scratch = {0};
        Value marker;
        bool ok = marker_get(drop, units[i].marker, &scratch, &marker, err);
        if (ok) {
            count_archives(plan, units[i].what, marker, total);
            count_tables(marker, total);
            add_up(total, marker, "bytes_read");
            add_up(total, marker, "bytes_written");
            add_up(total, marker, "surplus_count");
            find_misnamed(drop, marker, total, &scratch);
        }
        arena_drop(&scratch);
        TRY(ok);
    }
    int64_t bad = value_get(total, "bad_archives").number;
    int64_t rejected = value_get(total, "rows_bad").number;
    int64_t surplus = value_get(total, "surplus_count").number;
    out->has_warning = bad || rejected || surplus;
    int64_t archives = value_get(total, "archives").number;
    if (archives && bad == archives)
        return err_set(err, ERR_RUNTIME, NOWHERE, "not one of the %lld archives of " STR_FMT
                       " could be read, nothing is merged. The first: " STR_FMT,
                       (long long)archives, STR_ARG(drop->spec.date),
                       STR_ARG(value_get_text(total, "first_bad", STR(""))));
    TRY(check_names(drop, total, err));
    AUTO(text) Text text = {0};
    text_add_c(&text, "EXTRACT ");
    add_counted(&text, archives, "archive", "archives");
    text_add_c(&text, ", ");
    add_counted(&text, value_get(total, "rows_in").number, "row", "rows");
    if (bad) {
        text_add_c(&text, ", ");
        add_counted(&text, bad, "bad archive", "bad archives");
    }
    if (rejected) {
        text_add_c(&text, ", ");
        add_counted(&text, rejected, "row in quarantine", "rows in quarantine");
    }
    if (surplus) {
        text_add_c(&text, ", ");
        add_counted(&text, surplus, "file of no table", "files of no table");
    }
    if (done < count)
        text_print(&text, " (%u of %u group%s done before)", count - done, count,
                   count == 1 ? "" : "s");
    out->message = text_copy(arena, &text);
    put(total, "groups", count);
    put(total, "groups_done_now", done);
    return true;
}

static bool make_readers(ExtractWork *work, Arena *arena)
{
    unsigned workers = work->drop->workers;
    work->arenas = NEW_N(arena, Arena, workers);
    work->readers = NEW_N(arena, CsvReader *, workers);
    for (unsigned i = 0; i < workers; i++)
        work->readers[i] = csv_reader_make(&work->arenas[i]);
    return true;
}

static bool extract_all(ExtractWork *work, Arena *arena, DropReport *out, Err *err)
{
    Drop *drop = work->drop;
    const Plan *plan = work->plan;
    Unit *units = NEW_N(arena, Unit, plan->group_count + 1);
    uint32_t done;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        Str name = str_print(arena, "groups/" STR_FMT, STR_ARG(plan->groups[i].id));
        units[i] = (Unit){name, str_print(arena, STR_FMT ".json", STR_ARG(name)),
                          &plan->groups[i]};
    }
    TRY(types_decide(drop, plan, work->readers, arena, &work->types, err));
    UnitWork run = {.run = extract_group, .context = work, .workers = drop->workers};
    TRY(units_run(drop, units, plan->group_count, &run, &done, err));
    return report(drop, plan, units, plan->group_count, done, out, err);
}

bool stage_extract(Drop *drop, DropReport *out, Err *err)
{
    Plan plan;
    bool exists;
    TRY(plan_load(drop, drop->arena, &plan, &exists, err));
    if (!exists) {
        out->is_skipped = true;
        out->message = str_print(drop->arena, "nothing is planned for " STR_FMT
                                 ": wait_for_all_sources has not found the day's files",
                                 STR_ARG(drop->spec.date));
        return true;
    }
    ExtractWork work = {.drop = drop, .plan = &plan, .tables = dict_make(drop->arena, 16)};
    for (uint32_t i = 0; i < drop->spec.table_count; i++)
        dict_put(work.tables, drop->spec.tables[i], value_bool(true));
    TRY(make_readers(&work, drop->arena));
    bool ok = extract_all(&work, drop->arena, out, err);
    for (unsigned i = 0; i < drop->workers; i++)
        arena_drop(&work.arenas[i]);
    return ok;
}
