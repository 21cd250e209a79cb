/* segments.c: what the groups left of a table: segments, counts, the columns of all together. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "drops/merge.h"

/* ---- plan and markers ---- */

bool merge_load(Merge *merge, Err *err)
{
    const Drop *drop = merge->drop;
    bool exists;
    uint32_t missing = 0;
    TRY(plan_load(drop, merge->arena, &merge->plan, &exists, err));
    if (!exists)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "nothing was extracted for " STR_FMT ": batch_extract has to run first",
                       STR_ARG(drop->spec.date));
    merge->groups = NEW_N(merge->arena, Value, merge->plan.group_count + 1);
    for (uint32_t i = 0; i < merge->plan.group_count; i++) {
        Str marker = str_print(merge->arena, "groups/" STR_FMT ".json",
                               STR_ARG(merge->plan.groups[i].id));
        TRY(marker_get(drop, marker, merge->arena, &merge->groups[i], err));
        missing += value_is_none(merge->groups[i]);
    }
    merge->twins = twins_mark(&merge->plan, merge->groups, merge->arena);
    if (missing)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "batch_extract has not finished for " STR_FMT ": %u of %u groups are done. "
                       "Run it again, it goes on where it stopped", STR_ARG(drop->spec.date),
                       merge->plan.group_count - missing, merge->plan.group_count);
    return true;
}

/* ---- sums ---- */

static double get_real(Value dict, const char *key)
{
    Value found = value_get(dict, key);
    return value_is_int(found) ? (double)found.number : value_is_float(found) ? found.real : 0;
}

/* The table's share of what the group took, by plain bytes (all the same where there are none). */
static double share_of(Value group, Value table)
{
    Value tables = value_get(group, "tables"), key, other;
    uint64_t all = 0;
    for (uint32_t at = 0; dict_next(tables.dict, &at, &key, &other);)
        all += get_count(other, "plain_bytes");
    return all ? (double)get_count(table, "plain_bytes") / (double)all
               : 1.0 / (double)tables.dict->len;
}

static void add_sums(MergeSums *sums, Value group, Value table)
{
    double share = share_of(group, table);
    Value timing = value_get(group, "timing");
    sums->csv_files += get_count(table, "files");
    sums->plain_bytes += get_count(table, "plain_bytes");
    sums->rows_in += get_count(table, "rows_in");
    sums->rows_bad += get_count(table, "rows_bad");
    sums->values_bad += get_count(table, "values_bad");
    sums->list_us += share * get_real(timing, "list_us");
    sums->read_us += share * get_real(timing, "read_us");
    sums->unpack_us += share * get_real(timing, "unpack_us");
    sums->parse_us += share * get_real(timing, "parse_us");
    sums->write_us += share * get_real(timing, "write_us");
    sums->cpu_us += share * get_real(group, "cpu_us");
    sums->bytes_read += share * get_real(group, "bytes_read");
    sums->bytes_written += share * get_real(group, "bytes_written");
    uint64_t peak = get_count(group, "peak_bytes");
    sums->peak_bytes = peak > sums->peak_bytes ? peak : sums->peak_bytes;
    int64_t began_us = (int64_t)get_count(group, "started_at_us");
    if (began_us && (!sums->started_at_us || began_us < sums->started_at_us))
        sums->started_at_us = began_us;
}

/* ---- segments ---- */

static bool read_columns(Merge *merge, Value row, MergeSegment *out, Err *err)
{
    Value columns = value_get(row, "columns");
    TRY(schema_read(merge->arena, columns, &out->segment.schema, err));
    uint64_t *nulls = NEW_N(merge->arena, uint64_t, out->segment.schema.count + 1);
    for (uint32_t i = 0; i < out->segment.schema.count; i++)
        nulls[i] = get_count(columns.list->at[i], "nulls");
    out->nulls = nulls;
    return true;
}

static bool add_segment(Merge *merge, uint32_t group, Value row, Err *err)
{
    const Drop *drop = merge->drop;
    MergeSegment *segment = &merge->segments[merge->segment_count];
    Str folder = str_print(merge->arena, STR_FMT "parts/" STR_FMT "/", STR_ARG(drop->folder),
                           STR_ARG(merge->plan.groups[group].id));
    Str file = value_str(value_get(row, "file")), keys = value_str(value_get(row, "keys"));
    uint64_t rows = get_count(row, "rows");
    if (!rows)
        return true;
    if (rows > UINT32_MAX - (uint64_t)merge->row_count - 1)
        return err_set(err, ERR_TOO_BIG, NOWHERE,
                       STR_FMT " has more than 4,294 million rows on " STR_FMT ": let a day's "
                       "archives be taken by several resources", STR_ARG(merge->table),
                       STR_ARG(drop->spec.date));
    *segment = (MergeSegment){.first_row = merge->row_count};
    segment->segment = (Segment){.rows = rows, .bytes = get_count(row, "bytes"), .group = group};
    segment->name = str_print(merge->arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(file));
    if (keys.len)
        segment->keys_name = str_print(merge->arena, STR_FMT STR_FMT, STR_ARG(folder),
                                       STR_ARG(keys));
    TRY(read_columns(merge, row, segment, err));
    merge->row_count += (uint32_t)rows;
    merge->segment_count++;
    return true;
}

/* Archives of a group that gave rows to the day's tables, and still do. */
static void add_archives(Merge *merge, uint32_t group)
{
    const PlanGroup *planned = &merge->plan.groups[group];
    Value archives = value_get(merge->groups[group], "archives");
    for (uint32_t i = 0; value_is_list(archives) && i < archives.list->len; i++) {
        Value archive = archives.list->at[i];
        bool is_replaced = i < planned->count &&
                           merge->plan.archives[planned->first + i].is_replaced;
        if (!is_replaced && value_is(value_get(archive, "status"), "ok") &&
            get_count(archive, "rows"))
            array_add(merge->archives.list, value_get(archive, "name"));
    }
}

/* All that decides about the files: what was extracted, and how it is to be laid out. */
static void hash_inputs(Merge *merge)
{
    const DropSpec *spec = &merge->drop->spec;
    AUTO(text) Text text = {0};
    Str place = store_path(spec->target, merge->arena, spec->layout);
    text_print(&text, "1|" STR_FMT "|" STR_FMT "|%llu|%d|" STR_FMT, STR_ARG(place),
               STR_ARG(spec->format),
               (unsigned long long)spec->file_bytes, spec->adds_csv, STR_ARG(merge->table));
    if (merge->map) {
        value_repr(merge->map->primary_key, &text);
        text_print(&text, "|%d", (int)merge->map->duplicates);
        for (uint32_t i = 0; i < merge->map->column_count; i++) {
            text_add(&text, merge->map->columns[i].name);
            field_print_type(&merge->map->columns[i].type, &text);
        }
    }
    for (uint32_t i = 0; i < merge->plan.group_count; i++) {
        Value group = merge->groups[i];
        text_print(&text, "\n" STR_FMT "|", STR_ARG(merge->plan.groups[i].id));
        value_repr(value_get(group, "attempt"), &text);
        json_print(value_get_str(value_get(group, "tables"), merge->table), (JsonStyle){0}, &text);
        for (uint32_t k = 0; k < merge->plan.groups[i].count; k++)
            if (merge->plan.archives[merge->plan.groups[i].first + k].is_replaced)
                text_print(&text, "|%u", k);
    }
    merge->inputs = sha256_hex(merge->arena, text_str(&text));
}

bool segments_list(Merge *merge, Err *err)
{
    uint32_t most = 0;
    merge->archives = value_list(merge->arena);
    merge->files_seen = value_list(merge->arena);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < merge->plan.group_count; i++) {
            Value table = value_get_str(value_get(merge->groups[i], "tables"), merge->table);
            Value rows = value_get(table, "segments"), files = value_get(table, "files_seen");
            if (!value_is_dict(table) || !value_is_list(rows))
                continue;
            most += round ? 0 : rows.list->len;
            for (uint32_t k = 0; round && k < rows.list->len; k++)
                TRY(add_segment(merge, i, rows.list->at[k], err));
            for (uint32_t k = 0; round && value_is_list(files) && k < files.list->len; k++)
                array_add(merge->files_seen.list, files.list->at[k]);
            if (round) {
                add_sums(&merge->sums, merge->groups[i], table);
                add_archives(merge, i);
            }
        }
        if (!round)
            merge->segments = NEW_N(merge->arena, MergeSegment, (size_t)most + 1);
    }
    hash_inputs(merge);
    return true;
}

/* ---- local copies ---- */

bool merge_scratch(Merge *merge, Err *err)
{
    if (merge->scratch.len)
        return true;
    Str top = environment_get("TMPDIR");
    Str name = str_print(merge->arena, "weir-drop-" STR_FMT,
                         STR_ARG(str_slice(uuid_make(merge->arena), 0, 13)));
    Str folder = path_absolute(merge->arena, path_join(merge->arena,
                                                       top.len ? top : STR("/tmp"), name));
    TRY(folder_make(folder, err));
    merge->scratch = folder;
    return true;
}

static bool copy_here(Merge *merge, Str name, Str path, Err *err)
{
    Reader *reader;
    FileWriter file;
    Str piece = STR(" ");
    bool ok = true;
    TRY(store_read(merge->drop->spec.work, name, 0, &reader, err));
    if (!file_writer_open(&file, path, err)) {
        reader_close(reader);
        return false;
    }
    while (ok && piece.len) {
        ok = reader_next(reader, &piece, err) && (!piece.len || file_writer_add(&file, piece, err));
        if (ok && drop_is_cancelled(merge->drop))
            ok = err_set(err, ERR_CANCELLED, NOWHERE, "the merge was cancelled");
    }
    reader_close(reader);
    ok = ok && file_writer_commit(&file, false, err);
    file_writer_drop(&file);
    return ok;
}

bool segment_fetch(Merge *merge, MergeSegment *segment, Err *err)
{
    Store *work = merge->drop->spec.work;
    if (segment->segment.path.len)
        return true;
    if (store_is_local(work)) {
        segment->segment.path = store_path(work, merge->arena, segment->name);
        return true;
    }
    TRY(merge_scratch(merge, err));
    Str path = str_print(merge->arena, STR_FMT "/segment-%u.parquet", STR_ARG(merge->scratch),
                         (unsigned)(segment - merge->segments));
    TRY(copy_here(merge, segment->name, path, err));
    segment->segment.path = path;
    return true;
}

void segment_release(Merge *merge, MergeSegment *segment)
{
    Err err = {0};
    if (store_is_local(merge->drop->spec.work) || !segment->segment.path.len)
        return;
    if (!file_remove(segment->segment.path, &err))
        err_drop(&err); /* goes with the scratch folder */
    segment->segment.path = STR_NONE;
}

/* ---- columns ---- */

bool schema_is_origin(Str name)
{
    return str_is(name, COLUMN_LINE) || str_is(name, COLUMN_ARCHIVE) || str_is(name, COLUMN_FILE);
}

/* One column of all segments on its way to a type. */
typedef struct United {
    Field field;
    bool has_double;             /* a DOUBLE was met, and nothing but numbers                     */
    bool has_int;
} United;

typedef struct Unite {
    Merge *merge;
    United *at;
    uint32_t count;
} Unite;

static United *find_united(Unite *unite, Str name)
{
    for (uint32_t i = 0; i < unite->count; i++)
        if (str_eq_fold(unite->at[i].field.name, name))
            return &unite->at[i];
    return NULL;
}

static bool is_whole(TypeId type)
{
    return type >= ARROW_INT8 && type <= ARROW_UINT64;
}

/* The type that holds both. DOUBLE and whole numbers are DOUBLE for now: check_doubles(). */
static void meet(Unite *unite, United *have, const Field *seen)
{
    Arena *arena = unite->merge->arena;
    Field out = have->field;
    bool is_double = seen->type == ARROW_DOUBLE || seen->type == ARROW_FLOAT;
    have->has_int |= is_whole(seen->type);
    have->has_double |= is_double;
    if ((is_double && is_whole(have->field.type)) ||
        (have->field.type == ARROW_DOUBLE && is_whole(seen->type))) {
        have->field.type = ARROW_DOUBLE;
        have->field.precision = have->field.scale = 0;
        return;
    }
    if (types_meet(arena, &have->field, seen, &out) == TYPES_CLASH)
        out = (Field){.type = ARROW_TEXT};
    out.name = have->field.name;
    have->field = out;
}

static void unite_schema(Unite *unite, const Schema *schema)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        const Field *field = &schema->fields[i];
        if (schema_is_origin(field->name))
            continue;
        United *have = find_united(unite, field->name);
        if (have) {
            meet(unite, have, field);
            continue;
        }
        have = &unite->at[unite->count++];
        *have = (United){.field = *field, .has_int = is_whole(field->type),
                         .has_double = field->type == ARROW_DOUBLE};
    }
}

/* Whole numbers beyond 2^53 are no DOUBLE: then the column is text. */
static bool check_doubles(Unite *unite, Err *err)
{
    Merge *merge = unite->merge;
    for (uint32_t i = 0; i < unite->count; i++) {
        United *column = &unite->at[i];
        bool fits = true;
        if (column->field.type != ARROW_DOUBLE || !column->has_int)
            continue;
        for (uint32_t s = 0; fits && s < merge->segment_count; s++) {
            MergeSegment *segment = &merge->segments[s];
            uint32_t at = schema_find(&segment->segment.schema, column->field.name);
            if (at != UINT32_MAX && is_whole(segment->segment.schema.fields[at].type))
                TRY(rewrite_fits_double(merge, segment, column->field.name, &fits, err));
        }
        if (!fits)
            column->field.type = ARROW_TEXT;
    }
    return true;
}

static Schema mapped_columns(const Merge *merge)
{
    uint32_t count = merge->map ? merge->map->column_count : 0;
    Schema out = {NEW_N(merge->arena, Field, count + 1), 0};
    for (uint32_t i = 0; i < count; i++)
        if (merge->map->columns[i].type.type != ARROW_NULL) {
            out.fields[out.count] = merge->map->columns[i].type;
            out.fields[out.count++].name = merge->map->columns[i].name;
        }
    return out;
}

static bool load_former(Merge *merge, Err *err)
{
    Value known;
    TRY(registry_get(merge->drop, merge->table, merge->arena, &known, err));
    Value versions = value_get(known, "versions");
    if (!value_is_list(versions) || !versions.list->len)
        return true;
    Value newest = versions.list->at[versions.list->len - 1];
    return schema_read(merge->arena, value_get(newest, "columns"), &merge->former, err);
}

bool segments_unite(Merge *merge, Err *err)
{
    static const struct {
        const char *name;
        TypeId type;
    } origins[] = {{COLUMN_LINE, ARROW_INT64}, {COLUMN_ARCHIVE, ARROW_TEXT},
                   {COLUMN_FILE, ARROW_TEXT}};
    Schema mapped = mapped_columns(merge);
    TRY(load_former(merge, err));
    uint32_t most = merge->former.count + mapped.count + (uint32_t)COUNT_OF(origins);
    for (uint32_t i = 0; i < merge->segment_count; i++)
        most += merge->segments[i].segment.schema.count;
    Unite unite = {merge, NEW_N(merge->arena, United, most), 0};
    unite_schema(&unite, &merge->former);
    for (uint32_t i = 0; i < merge->segment_count; i++)
        unite_schema(&unite, &merge->segments[i].segment.schema);
    unite_schema(&unite, &mapped);
    TRY(check_doubles(&unite, err));
    Field *fields = NEW_N(merge->arena, Field, unite.count + COUNT_OF(origins));
    for (uint32_t i = 0; i < unite.count; i++) {
        fields[i] = unite.at[i].field;
        if (fields[i].type == ARROW_NULL)
            fields[i].type = ARROW_TEXT;
    }
    for (uint32_t i = 0; i < COUNT_OF(origins); i++)
        fields[unite.count + i] = (Field){.name = str_of(origins[i].name),
                                          .type = origins[i].type};
    merge->schema = (Schema){fields, unite.count + (uint32_t)COUNT_OF(origins)};
    return true;
}
