/* part.c: rows of a table in one group: read by header, mapped, held until their archive has ended
 * well, written as Parquet segments.
 *
 *   PartSchema 1 --a new column, or a value that does not fit--> PartSchema 2 --...
 *   segment    1 | written with schema 1           segment 2 | written with schema 2
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "drops/extract.h"

enum {
    HOLD_BYTES = 16 << 20,
    VERDICTS_MOST = 1000,
    REJECTS_BYTES = 1 << 20,
    GROUP_BYTES = 16 << 20,      /* of a row group; more where there are many columns             */
    COLUMN_BYTES = 24 << 10,     /* of a column in it: pages below that are mostly heads          */
    FIXED_BYTES = 48 << 20,      /* of the process: not the workers'                              */
    FILE_BYTES = 256 << 10,      /* buffer of a file that is written                              */
    SENT_MOST = 40 << 20,        /* on its way into an object store, at most                      */
    FILES_MOST = 64,             /* segments that a worker has open                               */
};

static void rows_drop(Held *held)
{
    batch_drop(&held->batch);
}

void group_verdict(GroupWork *group, const char *level, Str member, Str reason)
{
    if (group->verdict_count++ >= VERDICTS_MOST)
        return;
    Value row = value_dict(group->arena);
    dict_put(row.dict, STR("level"), value_text(str_of(level)));
    dict_put(row.dict, STR("archive"), value_text(group->archive->name));
    dict_put(row.dict, STR("member"), value_text(str_copy(group->arena, member)));
    dict_put(row.dict, STR("reason"), value_text(str_copy(group->arena, reason)));
    array_add(group->verdicts, row);
}

/* ---- columns ---- */

static Field origin_field(const char *name, TypeId type)
{
    return (Field){.name = str_of(name), .type = type};
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static uint32_t find_column(const PartTable *table, Str name)
{
    AUTO(text) Text folded = {0};
    for (size_t i = 0; i < name.len; i++)
        text_add_char(&folded, fold(name.at[i]));
    return (uint32_t)(uintptr_t)map_find(&table->columns, text_str(&folded)) - 1;
}

static const MapColumn *map_column(const MapTable *map, Str name)
{
    AUTO(text) Text folded = {0};
    for (size_t i = 0; map && i < name.len; i++)
        text_add_char(&folded, fold(name.at[i]));
    return map ? map_find(&map->by_name, text_str(&folded)) : NULL;
}

/* Which columns of `written` are the key; none unless all are there. */
static void find_keys(const PartTable *table, PartSchema *schema)
{
    Value key = table->map ? table->map->primary_key : NONE;
    uint32_t count = key.kind == VALUE_LIST ? key.list->len : 0;
    schema->keys = NEW_N(table->group->arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        schema->keys[i] = schema_find(&schema->written, value_str(key.list->at[i]));
        if (schema->keys[i] == UINT32_MAX)
            return;
    }
    schema->key_count = count;
}

/* A version of the columns `data` (as they are read). */
static bool make_schema(PartTable *table, const Field *data, uint32_t count,
                        const PartSchema **out, Err *err)
{
    Arena *arena = table->group->arena;
    PartSchema *schema = NEW(arena, PartSchema);
    Field *read = NEW_N(arena, Field, count + 1);
    Field *written = NEW_N(arena, Field, count + ORIGIN_COLUMNS);
    for (uint32_t i = 0; i < count; i++) {
        const MapColumn *column = map_column(table->map, data[i].name);
        read[i] = written[i] = data[i];
        if (column && column->type.type != ARROW_NULL) {
            written[i] = column->type;
            written[i].name = data[i].name;
        }
    }
    read[count] = written[count] = origin_field(COLUMN_LINE, ARROW_INT64);
    written[count + 1] = origin_field(COLUMN_ARCHIVE, ARROW_TEXT);
    written[count + 2] = origin_field(COLUMN_FILE, ARROW_TEXT);
    schema->read = (Schema){read, count + 1};
    schema->written = (Schema){written, count + ORIGIN_COLUMNS};
    if (table->map) {
        Schema given = {written, count + 1};
        TRY(mapper_make(arena, table->map, &schema->read, &given, &schema->mapper, err));
    }
    find_keys(table, schema);
    *out = schema;
    return true;
}

static void index_columns(PartTable *table)
{
    map_init(&table->columns, &table->now_arena);
    for (uint32_t i = 0; i + 1 < table->now->read.count; i++) {
        Str name = str_lower(&table->now_arena, table->now->read.fields[i].name);
        if (!map_find(&table->columns, name))
            map_put(&table->columns, name, (void *)(uintptr_t)(i + 1));
    }
}

static void use_schema(PartTable *table, const PartSchema *schema)
{
    table->now = schema;
    arena_reset(&table->now_arena);
    table->builder = builder_make(&table->now_arena, &schema->read);
    index_columns(table);
}

/* The columns known before the first row: the mapping's, then those of types.json. */
static bool first_schema(PartTable *table, const PartSchema **out, Err *err)
{
    Arena *arena = table->group->arena;
    Schema known = {0};
    Value columns = value_get_str(table->group->types, table->name);
    if (columns.kind == VALUE_LIST)
        TRY(schema_read(arena, columns, &known, err));
    const MapTable *map = table->map;
    uint32_t mapped = map ? map->column_count : 0, count = 0;
    Field *data = NEW_N(arena, Field, (size_t)mapped + known.count + 1);
    if (mapped) {
        Str *header = NEW_N(arena, Str, mapped);
        MapBinding binding;
        for (uint32_t i = 0; i < mapped; i++)
            header[i] = map->columns[i].from[0];
        TRY(map_bind(map, header, mapped, arena, &binding, err));
        for (uint32_t i = 0; i < mapped; i++) {
            data[count] = binding.types[i];
            data[count++].name = map->columns[i].name;
        }
    }
    for (uint32_t i = 0; i < known.count; i++) {
        uint32_t at = 0;
        while (at < mapped && !str_eq_fold(data[at].name, known.fields[i].name))
            at++;
        if (at < mapped && data[at].type != ARROW_NULL)
            continue; /* the mapping's word */
        Str name = at < mapped ? data[at].name : known.fields[i].name;
        data[at < mapped ? at : count] = known.fields[i];
        data[at < mapped ? at : count].name = name;
        count += at >= mapped;
    }
    return make_schema(table, data, count, out, err);
}

static void notes_begin(Arena *arena, struct PartNotes *notes)
{
    *notes = (struct PartNotes){.header = dict_make(arena, 16), .missing = dict_make(arena, 2),
                                .unknown = dict_make(arena, 2), .bad = dict_make(arena, 2),
                                .files_seen = array_make(arena, 4)};
}

bool part_table(GroupWork *group, Str name, const MapTable *map, PartTable **out, Err *err)
{
    *out = map_find(&group->tables, name);
    if (*out)
        return true;
    Arena *arena = group->arena;
    PartTable *table = NEW(arena, PartTable);
    const PartSchema *schema;
    *table = (PartTable){.group = group, .name = str_copy(arena, name), .map = map,
                         .segments = array_make(arena, 1)};
    notes_begin(arena, &table->sum);
    TRY(first_schema(table, &schema, err));
    use_schema(table, schema);
    table->before = schema;
    map_put(&group->tables, table->name, table);
    list_add(arena, &group->order, table);
    *out = table;
    return true;
}

/* ---- keys ---- */

#define FIRST_SEED 0x243f6a8885a308d3ull

static uint64_t hash_int(int64_t number, uint64_t seed)
{
    uint64_t h = ((uint64_t)number ^ seed) * 0x9e3779b97f4a7c15ull;
    h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ull;
    return h ^ (h >> 32);
}

/* Digits as a number prints them: "17", "-3"; not "007". */
static bool is_plain_int(Str text, int64_t *number)
{
    bool is_negative = text.len && text.at[0] == '-';
    size_t first = is_negative;
    if (text.len == first || text.len > 18 || (text.at[first] == '0' && text.len > 1))
        return false;
    int64_t sum = 0;
    for (size_t i = first; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        sum = sum * 10 + (text.at[i] - '0');
    }
    *number = is_negative ? -sum : sum;
    return true;
}

static bool int_at(const Field *field, const struct ArrowArray *array, uint64_t row,
                   int64_t *number)
{
    const char *values = array->n_buffers > 1 ? array->buffers[1] : NULL;
    row += (uint64_t)array->offset;
    switch (field->type) {
    case ARROW_INT8: *number = ((const int8_t *)values)[row]; return true;
    case ARROW_INT16: *number = ((const int16_t *)(const void *)values)[row]; return true;
    case ARROW_INT32: *number = ((const int32_t *)(const void *)values)[row]; return true;
    case ARROW_INT64: *number = ((const int64_t *)(const void *)values)[row]; return true;
    default: return false;
    }
}

static uint64_t hash_value(const Field *field, const struct ArrowArray *array, uint64_t row,
                           uint64_t seed)
{
    int64_t number;
    if (int_at(field, array, row, &number))
        return hash_int(number, seed);
    if (field->type == ARROW_TEXT) {
        Str text = array_bytes(array, row);
        return is_plain_int(text, &number) ? hash_int(number, seed) : hash64(text, seed);
    }
    AUTO(text) Text printed = {0};
    array_print(field, array, row, &printed);
    Str text = text_str(&printed);
    return is_plain_int(text, &number) ? hash_int(number, seed) : hash64(text, seed);
}

void keys_hash(const Batch *batch, const Schema *schema, const uint32_t *keys, uint32_t count,
               Text *out)
{
    uint64_t rows = batch_rows(batch);
    text_reserve(out, rows * sizeof(uint64_t));
    for (uint64_t row = 0; row < rows; row++) {
        uint64_t hash = FIRST_SEED;
        for (uint32_t k = 0; k < count && hash; k++) {
            const struct ArrowArray *array = batch->array.children[keys[k]];
            hash = array_is_null(array, row)
                       ? 0
                       : hash_value(&schema->fields[keys[k]], array, row, hash) | 1;
        }
        text_add_bytes(out, (const char *)&hash, sizeof hash);
    }
}

/* ---- segments ---- */

static bool add_to(Drop *drop, Writer **writer, Str name, Str bytes, Err *err)
{
    if (!*writer)
        TRY(store_write(drop->spec.work, name, NULL, writer, err));
    return writer_add(*writer, bytes, err);
}

static bool sink_write(void *sink, Str bytes, Err *err)
{
    PartTable *table = sink;
    table->group->bytes_written += bytes.len;
    table->out_bytes += bytes.len;
    return add_to(table->group->drop, &table->out, table->file, bytes, err);
}

static Str part_name(const PartTable *table, const char *extension)
{
    const GroupWork *group = table->group;
    return str_print(group->arena, STR_FMT "parts/" STR_FMT "/" STR_FMT "-" STR_FMT "-%u%s",
                     STR_ARG(group->drop->folder), STR_ARG(group->group->id), STR_ARG(table->name),
                     STR_ARG(group->attempt), table->segment_count, extension);
}

/* Of the memory that was granted, what the writers of one worker may hold. */
static uint64_t writers_share(const Drop *drop)
{
    uint64_t least = 8 << 20;
    if (drop->memory_bytes <= FIXED_BYTES)
        return least;
    uint64_t share = (drop->memory_bytes - FIXED_BYTES) / drop->workers / 2;
    return share > least ? share : least;
}

static uint64_t group_bytes(const Drop *drop, uint32_t columns)
{
    uint64_t wanted = (uint64_t)columns * COLUMN_BYTES, most = writers_share(drop) / 2;
    wanted = wanted < most ? wanted : most;
    return wanted > GROUP_BYTES ? wanted : GROUP_BYTES;
}

static bool open_segment(PartTable *table, const PartSchema *schema, Err *err)
{
    GroupWork *group = table->group;
    if (!group->packer)
        TRY(packer_make(group->arena, 0, &group->packer, err));
    ParquetOptions options = {.schema = schema->written, .constant_count = ORIGIN_COLUMNS - 1,
                              .group_bytes = group_bytes(group->drop, schema->written.count),
                              .packer = group->packer,
                              .write = sink_write, .sink = table};
    table->file = part_name(table, ".parquet");
    table->keys_file = schema->key_count ? part_name(table, ".keys") : STR_NONE;
    table->open = schema;
    table->out_bytes = 0;
    arena_reset(&table->writer_arena);
    return parquet_writer_make(&table->writer_arena, &options, &table->writer, err);
}

static void put_count(Value row, const char *key, uint64_t count)
{
    dict_put(row.dict, str_of(key), value_int((int64_t)count));
}

static bool commit(Writer **writer, Arena *arena, Err *err)
{
    Writer *taken = *writer;
    *writer = NULL;
    return !taken || writer_commit(taken, arena, NULL, err);
}

static bool close_segment(PartTable *table, Err *err)
{
    GroupWork *group = table->group;
    Arena *arena = group->arena;
    ParquetSummary summary;
    if (!table->writer)
        return true;
    bool ok = parquet_finish(table->writer, &summary, err);
    table->writer = NULL;
    TRY(ok);
    TRY(commit(&table->out, arena, err));
    TRY(commit(&table->keys, arena, err));
    Value row = value_dict(arena), columns = schema_value(arena, &table->open->written);
    for (uint32_t i = 0; i < columns.list->len; i++)
        put_count(columns.list->at[i], "nulls", summary.columns[i].null_count);
    dict_put(row.dict, STR("file"), value_text(path_name(table->file)));
    put_count(row, "rows", summary.rows);
    put_count(row, "bytes", summary.bytes);
    dict_put(row.dict, STR("columns"), columns);
    dict_put(row.dict, STR("keys"),
             table->keys_file.len ? value_text(path_name(table->keys_file)) : NONE);
    array_add(table->segments, row);
    table->segment_count++;
    table->open = NULL;
    arena_drop(&table->writer_arena);
    return true;
}

/* What the open files of a segment hold: parts that are under way to an object store, or a buffer
 * each. */
static uint64_t files_memory(const PartTable *table)
{
    uint64_t files = (table->out != NULL) + (table->keys != NULL);
    uint64_t sent = table->out_bytes < SENT_MOST ? table->out_bytes : SENT_MOST;
    bool is_local = store_is_local(table->group->drop->spec.work);
    return files * FILE_BYTES + (table->out && !is_local ? sent : 0);
}

static uint64_t table_memory(const PartTable *table)
{
    return files_memory(table) + (table->writer ? parquet_memory(table->writer) : 0);
}

/* The table that holds most; NULL: all is well. */
static PartTable *find_largest(const GroupWork *group, uint64_t share)
{
    uint64_t sum = 0, most = 0, files = 0;
    PartTable *largest = NULL;
    for (uint32_t i = 0; i < group->order.len; i++) {
        PartTable *table = group->order.at[i];
        uint64_t bytes = table_memory(table);
        sum += bytes;
        files += table->out != NULL;
        if (bytes > most) {
            most = bytes;
            largest = table;
        }
    }
    return sum > share || files > FILES_MOST ? largest : NULL;
}

/* Until all tables fit into the worker's share: ends the largest one's row group, or its segment
 * where that gains too little. */
static bool keep_budget(GroupWork *group, Err *err)
{
    uint64_t share = writers_share(group->drop);
    for (PartTable *largest; (largest = find_largest(group, share));) {
        uint64_t before = table_memory(largest);
        if (largest->writer && parquet_memory(largest->writer) > files_memory(largest)) {
            TRY(parquet_end_group(largest->writer, err));
            parquet_relax(largest->writer);
        }
        if (table_memory(largest) > before / 2)
            TRY(close_segment(largest, err));
    }
    return true;
}

static bool write_rows(PartTable *table, const PartSchema *schema, const Batch *batch,
                       const Str *origin, Err *err)
{
    GroupWork *group = table->group;
    if (table->open != schema) {
        TRY(close_segment(table, err));
        TRY(open_segment(table, schema, err));
    }
    if (schema->key_count) {
        AUTO(text) Text hashes = {0};
        keys_hash(batch, &schema->written, schema->keys, schema->key_count, &hashes);
        TRY(add_to(group->drop, &table->keys, table->keys_file, text_str(&hashes), err));
    }
    TRY(parquet_write(table->writer, batch, origin, err));
    return keep_budget(group, err);
}

/* ---- rows held back ---- */

static bool write_rejects(PartTable *table, Err *err)
{
    if (!table->reject_lines.len)
        return true;
    if (!table->rejects_file.len)
        table->rejects_file = part_name(table, ".rejects.jsonl");
    TRY(add_to(table->group->drop, &table->rejects, table->rejects_file,
               text_str(&table->reject_lines), err));
    text_clear(&table->reject_lines);
    return true;
}

static bool release(GroupWork *group, Err *err)
{
    int64_t began_us = clock_steady_us();
    bool ok = true;
    for (uint32_t i = 0; i < group->held.len; i++) {
        Held *held = &group->held.at[i];
        Str origin[] = {held->archive, held->file};
        ok = ok && write_rows(held->table, held->schema, &held->batch, origin, err);
        rows_drop(held);
    }
    group->held.len = 0;
    group->held_bytes = 0;
    for (uint32_t i = 0; ok && i < group->order.len; i++)
        ok = write_rejects(group->order.at[i], err);
    group->write_us += clock_steady_us() - began_us;
    return ok;
}

static bool hold(PartTable *table, Batch *batch, Str file, Err *err)
{
    GroupWork *group = table->group;
    uint64_t most = group->drop->memory_bytes / 16 / group->drop->workers;
    Held held = {.table = table, .schema = table->now, .batch = *batch,
                 .archive = group->archive->name, .file = file};
    group->held_bytes += batch->bytes;
    list_add(group->arena, &group->held, held);
    if (!group->is_spilled && group->held_bytes < (most < HOLD_BYTES ? most : HOLD_BYTES))
        return true;
    group->is_spilled = true;
    return release(group, err);
}

static void add_counts(Dict *into, const Dict *from)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(from, &at, &key, &value);) {
        Value *sum = dict_find(into, value_str(key));
        if (sum)
            sum->number += value.number;
        else
            dict_put(into, str_copy(into->arena, value_str(key)), value);
    }
}

static void add_bad(Dict *into, const Dict *from)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(from, &at, &key, &value);) {
        Value *sum = dict_find(into, value_str(key));
        if (sum)
            dict_find(sum->dict, STR("count"))->number += value_get(value, "count").number;
        else
            dict_put(into, str_copy(into->arena, value_str(key)), value_copy(into->arena, value));
    }
}

static void add_notes(PartTable *table)
{
    struct PartNotes *sum = &table->sum, *notes = &table->archive;
    Arena *arena = table->group->arena;
    if (!notes->files)
        return;
    sum->files += notes->files;
    sum->plain_bytes += notes->plain_bytes;
    sum->rows_in += notes->rows_in;
    sum->rows_bad += notes->rows_bad;
    sum->values_bad += notes->values_bad;
    add_counts(sum->header, notes->header);
    add_counts(sum->missing, notes->missing);
    add_counts(sum->unknown, notes->unknown);
    add_bad(sum->bad, notes->bad);
    for (uint32_t i = 0; i < notes->files_seen->len; i++)
        array_add(sum->files_seen, value_copy(arena, notes->files_seen->at[i]));
}

bool parts_accept(GroupWork *group, Err *err)
{
    TRY(release(group, err));
    group->is_spilled = false;
    for (uint32_t i = 0; i < group->order.len; i++) {
        PartTable *table = group->order.at[i];
        add_notes(table);
        table->archive = (struct PartNotes){0};
        table->before = table->now;
    }
    return true;
}

void parts_refuse(GroupWork *group, bool *clean)
{
    for (uint32_t i = 0; i < group->held.len; i++)
        rows_drop(&group->held.at[i]);
    group->held.len = 0;
    group->held_bytes = 0;
    *clean = !group->is_spilled;
    group->is_spilled = false;
    for (uint32_t i = 0; i < group->order.len; i++) {
        PartTable *table = group->order.at[i];
        table->archive = (struct PartNotes){0};
        text_clear(&table->reject_lines);
        builder_truncate(table->builder, 0);
        if (table->now != table->before)
            use_schema(table, table->before);
    }
}

/* ---- what does not fit ---- */

/* One line of JSON for people and for a later attempt. */
static void reject(PartTable *table, const BadValue *bad, Str file)
{
    Arena scratch = {0};
    Value row = value_dict(&scratch);
    Str record = bad->record;
    ptrdiff_t invalid = utf8_find_invalid(record);
    if (invalid >= 0)
        record = str_slice(record, 0, (size_t)invalid);
    dict_put(row.dict, STR("archive"), value_text(table->group->archive->name));
    dict_put(row.dict, STR("file"), value_text(file));
    dict_put(row.dict, STR("line"), value_int((int64_t)bad->line));
    dict_put(row.dict, STR("column"), bad->column.len ? value_text(bad->column) : NONE);
    dict_put(row.dict, STR("reason"), value_text(str_of(bad->reason)));
    dict_put(row.dict, STR("record"), value_text(record));
    json_print(row, (JsonStyle){.keeps_unicode = true}, &table->reject_lines);
    text_add_char(&table->reject_lines, '\n');
    arena_drop(&scratch);
}

static Str printable(Arena *arena, Str text)
{
    ptrdiff_t invalid = utf8_find_invalid(text);
    Str good = invalid < 0 ? text : str_slice(text, 0, (size_t)invalid);
    return str_copy(arena, good.len > 200 ? str_slice(good, 0, 200) : good);
}

static void note_bad(PartTable *table, Str file, uint64_t line, Str column, Str value,
                     const char *reason)
{
    Arena *arena = table->group->archive_arena;
    Str key = str_print(arena, STR_FMT "\n%s", STR_ARG(column), reason);
    Value *found = dict_find(table->archive.bad, key);
    if (found) {
        Value *count = dict_find(found->dict, STR("count"));
        count->number++;
        return;
    }
    Value row = value_dict(arena);
    Str shown = printable(arena, value);
    dict_put(row.dict, STR("column"), value_text(str_copy(arena, column)));
    dict_put(row.dict, STR("reason"), value_text(str_of(reason)));
    dict_put(row.dict, STR("count"), value_int(1));
    dict_put(row.dict, STR("first"),
             value_text(str_print(arena, STR_FMT "/" STR_FMT ":%llu: " STR_FMT,
                                  STR_ARG(table->group->archive->name), STR_ARG(file),
                                  (unsigned long long)line, STR_ARG(shown))));
    dict_put(table->archive.bad, key, row);
}

/* A file on its way into its table. */
typedef struct FileWork {
    PartTable *table;
    MemberFile *member;
    const Str *header;
    uint32_t count;
    const Str *names;            /* unified name of each field; at NULL: passed over              */
    int32_t *target;
    bool has_giant;              /* a record of it makes the other workers' ones wait             */
} FileWork;

static void map_violation(void *context, uint64_t row, Str column, Str value, const char *reason)
{
    FileWork *work = context;
    (void)row;
    work->table->archive.values_bad++;
    note_bad(work->table, work->member->name, 0, column, value, reason);
}

static void bind(FileWork *work)
{
    PartTable *table = work->table;
    for (uint32_t i = 0; i < work->count; i++)
        work->target[i] = work->names[i].at ? (int32_t)find_column(table, work->names[i]) : -1;
    csv_reader_bind(table->group->csv, table->builder, work->target,
                    (int32_t)table->now->read.count - 1);
}

/* The rows that the builder has go on their way. */
static bool flush(FileWork *work, Err *err)
{
    PartTable *table = work->table;
    Batch batch, mapped;
    if (!builder_rows(table->builder))
        return true;
    builder_finish(table->builder, &batch);
    table->archive.rows_in += batch_rows(&batch);
    if (table->now->mapper) {
        TRY(mapper_apply(table->now->mapper, &batch, &mapped, map_violation, work, err));
        batch = mapped;
    }
    return hold(table, &batch, work->member->name, err);
}

/* A schema whose column holds the value, too; false in *wider: there is none. */
static bool widen(FileWork *work, uint32_t column, Str value, bool *wider, Err *err)
{
    PartTable *table = work->table;
    Arena *arena = table->group->arena;
    const Schema *read = &table->now->read;
    Field have = read->fields[column], made;
    csv_reader_widen(table->group->csv, arena, &have, value, &made);
    made.name = have.name;
    *wider = !field_same_type(&have, &made);
    if (!*wider)
        return true;
    Field *fields = NEW_N(table->group->archive_arena, Field, read->count);
    memcpy(fields, read->fields, read->count * sizeof *fields);
    fields[column] = made;
    const PartSchema *schema;
    TRY(make_schema(table, fields, read->count - 1, &schema, err));
    use_schema(table, schema);
    bind(work);
    return true;
}

/* The builder's column that a bad value was meant for. */
static uint32_t column_of(const FileWork *work, Str column)
{
    for (uint32_t i = 0; column.len && i < work->count; i++)
        if (str_eq(work->header[i], column) && work->target[i] >= 0)
            return (uint32_t)work->target[i];
    return column.len ? find_column(work->table, column) : UINT32_MAX;
}

static bool take_misfit(FileWork *work, const BadValue *bad, Err *err)
{
    PartTable *table = work->table;
    GroupWork *group = table->group;
    const DropSpec *spec = &group->drop->spec;
    uint32_t column = column_of(work, bad->column);
    /* it swallows all rows behind it */
    if (str_is(str_of(bad->reason), "a quote that does not close"))
        return err_set(err, ERR_PARSING, (Place){work->member->name, (int)bad->line, 0}, "%s",
                       bad->reason);
    bool is_value = column != UINT32_MAX;
    const Field *field = is_value ? &table->now->read.fields[column] : NULL;
    const MapColumn *mapped = is_value ? map_column(table->map, field->name) : NULL;
    bool has_word = mapped && mapped->type.type != ARROW_NULL;
    if (is_value && !has_word && !spec->fails_on_misfit) {
        Str value = str_copy(group->archive_arena, bad->value);
        bool wider;
        TRY(flush(work, err));
        TRY(widen(work, column, value, &wider, err));
        if (wider)
            return true;
    }
    note_bad(table, work->member->name, bad->line, bad->column, bad->value, bad->reason);
    if (is_value && has_word && !spec->fails_on_misfit) {
        table->archive.values_bad++;
        csv_reader_null(group->csv);
        return true;
    }
    table->archive.rows_bad++;
    reject(table, bad, work->member->name);
    csv_reader_skip(group->csv);
    if (table->reject_lines.len < REJECTS_BYTES)
        return true;
    TRY(flush(work, err));
    group->is_spilled = true;
    return release(group, err);
}

/* ---- headers ---- */

/* Columns that the table does not have yet, by what the first rows ask for. */
static bool add_columns(FileWork *work, const Field *types, Err *err)
{
    PartTable *table = work->table;
    GroupWork *group = table->group;
    Arena *arena = group->arena;
    uint32_t had = table->now->read.count - 1, count = had;
    Schema sample = {0};
    Field *fields = NEW_N(group->archive_arena, Field, (size_t)had + work->count);
    memcpy(fields, table->now->read.fields, had * sizeof *fields);
    for (uint32_t i = 0; i < work->count; i++) {
        if (!work->names[i].at || find_column(table, work->names[i]) != UINT32_MAX)
            continue;
        if (!sample.count && group->drop->spec.infer != INFER_TEXT)
            TRY(csv_reader_sniff(group->csv, group->archive_arena, &sample, err));
        Field *field = &fields[count];
        *field = types && types[i].type != ARROW_NULL ? types[i]
                 : sample.count                       ? sample.fields[i]
                                                      : origin_field("", ARROW_TEXT);
        field->name = str_copy(arena, work->names[i]);
        map_put(&table->columns, str_lower(&table->now_arena, field->name),
                (void *)(uintptr_t)++count);
    }
    if (count == had)
        return true;
    const PartSchema *schema;
    TRY(make_schema(table, fields, count, &schema, err));
    use_schema(table, schema);
    return true;
}

/* Two fields for one column (a name in other case): the first one counts. */
static void drop_twins(FileWork *work, Str *names)
{
    PartTable *table = work->table;
    bool *is_taken = NEW_N(table->group->archive_arena, bool, table->now->read.count);
    for (uint32_t i = 0; i < work->count; i++) {
        uint32_t at = names[i].at ? find_column(table, names[i]) : UINT32_MAX;
        if (at == UINT32_MAX)
            continue;
        if (is_taken[at])
            names[i] = STR_NONE;
        is_taken[at] = true;
    }
}

static void count_one(Dict *into, Arena *arena, Str name)
{
    Value *found = dict_find(into, name);
    if (found)
        found->number++;
    else
        dict_put(into, str_copy(arena, name), value_int(1));
}

static void count_list(Dict *into, Arena *arena, Value names)
{
    for (uint32_t i = 0; names.kind == VALUE_LIST && i < names.list->len; i++)
        count_one(into, arena, value_str(names.list->at[i]));
}

/* Known columns that the file lacks (without a mapping: of types.json). */
static void note_missing(FileWork *work)
{
    PartTable *table = work->table;
    Arena *arena = table->group->archive_arena;
    bool *is_there = NEW_N(arena, bool, table->now->read.count);
    for (uint32_t i = 0; i < work->count; i++)
        if (work->target[i] >= 0)
            is_there[work->target[i]] = true;
    for (uint32_t i = 0; i + 1 < table->now->read.count; i++)
        if (!is_there[i])
            count_one(table->archive.missing, arena, table->now->read.fields[i].name);
}

/* Names of ours are kept for ours. */
static Str own_name(Arena *arena, Str name)
{
    bool is_ours = str_eq_fold(name, STR(COLUMN_LINE)) || str_eq_fold(name, STR(COLUMN_FILE)) ||
                   str_eq_fold(name, STR(COLUMN_ARCHIVE));
    return is_ours ? str_print(arena, STR_FMT "_1", STR_ARG(name)) : name;
}

static bool bind_file(FileWork *work, Err *err)
{
    PartTable *table = work->table;
    Arena *arena = table->group->archive_arena;
    Str *names = NEW_N(arena, Str, work->count + 1);
    const Field *types = NULL;
    work->target = NEW_N(arena, int32_t, work->count + 1);
    if (table->map) {
        MapBinding binding;
        TRY(map_bind(table->map, work->header, work->count, arena, &binding, err));
        for (uint32_t i = 0; i < work->count; i++)
            names[i] = binding.names[i].at && !binding.columns[i]
                           ? own_name(arena, binding.names[i])
                           : binding.names[i];
        types = binding.types;
        count_list(table->archive.unknown, arena, binding.unknown);
    } else {
        for (uint32_t i = 0; i < work->count; i++) {
            names[i] = own_name(arena, work->header[i]);
            if (find_column(table, names[i]) == UINT32_MAX)
                count_one(table->archive.unknown, arena, names[i]);
        }
    }
    for (uint32_t i = 0; i < work->count; i++)
        count_one(table->archive.header, arena, work->header[i]);
    work->names = names;
    TRY(add_columns(work, types, err));
    drop_twins(work, names);
    bind(work);
    note_missing(work);
    return true;
}

/* ---- a file ---- */

static void end_file(FileWork *work, uint64_t rows_before)
{
    PartTable *table = work->table;
    Arena *arena = table->group->archive_arena;
    table->archive.files++;
    table->archive.plain_bytes += work->member->bytes;
    if (!table->group->wants_files)
        return;
    Value row = value_dict(arena);
    dict_put(row.dict, STR("file"), value_text(str_copy(arena, work->member->name)));
    dict_put(row.dict, STR("archive"), value_text(table->group->archive->name));
    put_count(row, "rows", table->archive.rows_in + table->archive.rows_bad - rows_before);
    array_add(table->archive.files_seen, row);
}

static bool read_piece(void *source, Str *piece, Err *err)
{
    FileWork *work = source;
    GroupWork *group = work->table->group;
    return giant_take(group->drop, csv_reader_held(group->csv), &work->has_giant, err) &&
           member_read(work->member, piece, err);
}

static bool take_file(FileWork *work, Err *err)
{
    CsvReader *csv = work->table->group->csv;
    work->count = csv_reader_header(csv, &work->header);
    if (work->count)
        TRY(bind_file(work, err));
    for (CsvStop stop = work->count ? CSV_FULL : CSV_END; stop != CSV_END;) {
        BadValue bad;
        TRY(csv_reader_fill(csv, &stop, &bad, err));
        if (stop == CSV_MISFIT) {
            TRY(take_misfit(work, &bad, err));
            continue;
        }
        csv_reader_relax(csv, false);
        TRY(flush(work, err));
    }
    return true;
}

bool part_file(PartTable *table, MemberFile *member, Err *err)
{
    GroupWork *group = table->group;
    FileWork work = {.table = table, .member = member};
    CsvFile file = {.name = member->name, .csv = group->drop->spec.csv, .read = read_piece,
                    .source = &work, .record_limit_bytes = record_limit(group->drop)};
    if (!table->archive.header)
        notes_begin(group->archive_arena, &table->archive);
    uint64_t rows_before = table->archive.rows_in + table->archive.rows_bad;
    bool ok = csv_reader_begin(group->csv, &file, err) && take_file(&work, err);
    csv_reader_relax(group->csv, true);
    giant_give(group->drop, &work.has_giant);
    if (ok)
        end_file(&work, rows_before);
    return ok;
}

/* ---- the end ---- */

static Value table_value(PartTable *table)
{
    Arena *arena = table->group->arena;
    Value row = value_dict(arena), bad = value_list(arena), key, value;
    for (uint32_t at = 0; dict_next(table->sum.bad, &at, &key, &value);)
        array_add(bad.list, value);
    dict_put(row.dict, STR("segments"), value_of_array(table->segments));
    put_count(row, "files", table->sum.files);
    put_count(row, "plain_bytes", table->sum.plain_bytes);
    put_count(row, "rows_in", table->sum.rows_in);
    put_count(row, "rows_bad", table->sum.rows_bad);
    put_count(row, "values_bad", table->sum.values_bad);
    dict_put(row.dict, STR("header"), value_of_dict(table->sum.header));
    dict_put(row.dict, STR("missing"), value_of_dict(table->sum.missing));
    dict_put(row.dict, STR("unknown"), value_of_dict(table->sum.unknown));
    dict_put(row.dict, STR("bad"), bad);
    dict_put(row.dict, STR("rejects"),
             table->rejects_file.len ? value_text(path_name(table->rejects_file)) : NONE);
    dict_put(row.dict, STR("files_seen"), value_of_array(table->sum.files_seen));
    return row;
}

bool parts_finish(GroupWork *group, Value *out, Err *err)
{
    *out = value_dict(group->arena);
    for (uint32_t i = 0; i < group->order.len; i++) {
        PartTable *table = group->order.at[i];
        TRY(close_segment(table, err));
        TRY(commit(&table->rejects, group->arena, err));
        if (table->sum.files)
            dict_put(out->dict, table->name, table_value(table));
    }
    return true;
}

void parts_drop(GroupWork *group)
{
    bool clean;
    for (uint32_t i = 0; i < group->order.len; i++) {
        PartTable *table = group->order.at[i];
        if (table->writer)
            parquet_drop(table->writer);
        Writer *writers[] = {table->out, table->keys, table->rejects};
        for (size_t w = 0; w < COUNT_OF(writers); w++)
            if (writers[w])
                writer_drop(writers[w]);
        text_drop(&table->reject_lines);
        arena_drop(&table->writer_arena);
        table->writer = NULL;
        table->out = table->keys = table->rejects = NULL;
    }
    parts_refuse(group, &clean);
    for (uint32_t i = 0; i < group->order.len; i++)
        arena_drop(&group->order.at[i]->now_arena);
}
