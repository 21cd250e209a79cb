/* rewrite.c: what only the engine can do: rows in other types, rows left out, keys compared. */
#include "drops/duplicates.h"
#include "drops/merge.h"

/* ---- row numbers as a stream ---- */

/* Numbers of the bits in [first, end), less `first`. */
typedef struct Places {
    Bits bits;
    uint32_t at, end, first;
    Builder *builder;
} Places;

static bool places_next(void *self, Batch *out, Err *err)
{
    Places *places = self;
    uint32_t number;
    (void)err;
    *out = (Batch){0};
    while (places->at < places->end && builder_rows(places->builder) < BATCH_ROWS) {
        if (!bits_next(places->bits, &places->at, &number) || number >= places->end) {
            places->at = places->end;
            break;
        }
        column_add_int(builder_column(places->builder, 0), (int64_t)number - places->first);
    }
    if (builder_rows(places->builder))
        builder_finish(places->builder, out);
    return true;
}

static Stream places_stream(Arena *arena, Bits bits, const MergeSegment *segment)
{
    Places *places = NEW(arena, Places);
    Field *field = NEW(arena, Field);
    *field = (Field){.name = STR("place"), .type = ARROW_INT64};
    Stream stream = {.schema = {field, 1}, .next = places_next, .self = places};
    *places = (Places){.bits = bits, .at = segment->first_row, .first = segment->first_row,
                       .end = segment->first_row + (uint32_t)segment->segment.rows,
                       .builder = builder_make(arena, &stream.schema)};
    return stream;
}

static bool has_bits(Bits bits, const MergeSegment *segment, RowRange range)
{
    uint32_t at = segment->first_row + range.from, number;
    return bits.words && bits_next(bits, &at, &number) && number < segment->first_row + range.end;
}

static void make_gone(Merge *merge)
{
    if (!merge->gone.words)
        merge->gone = bits_make(merge->arena, merge->row_count);
}

/* ---- columns in templates ---- */

static Value column_vars(Arena *arena, const Field *to, const Schema *from)
{
    Value row = value_dict(arena);
    AUTO(text) Text type = {0};
    uint32_t at = schema_find(from, to->name);
    bool is_there = at != UINT32_MAX;
    const Field *field = is_there ? &from->fields[at] : to;
    bool is_real = field->type == ARROW_DOUBLE || field->type == ARROW_FLOAT;
    field_print_type(to, &type);
    put_text(row, "name", to->name);
    put_text(row, "source", field->name);
    put_text(row, "type", text_copy(arena, &type));
    put_text(row, "how", !is_there                               ? STR("missing")
                         : field_same_type(field, to)            ? STR("same")
                         : is_real && to->type == ARROW_TEXT     ? STR("number_text")
                                                                 : STR("cast"));
    return row;
}

/* ---- replaced archives ---- */

static Value replaced_names(const Merge *merge, const MergeSegment *segment, Arena *arena)
{
    const PlanGroup *group = &merge->plan.groups[segment->segment.group];
    Value names = value_list(arena);
    Value told = value_get(merge->groups[segment->segment.group], "archives");
    for (uint32_t i = 0; i < group->count; i++) {
        const PlanArchive *archive = &merge->plan.archives[group->first + i];
        bool has_rows = !value_is_list(told) || i >= told.list->len ||
                        get_count(told.list->at[i], "rows");
        if (archive->is_replaced && has_rows)
            array_add(names.list, value_text(archive->name));
    }
    return names;
}

static void mark_stretches(Merge *merge, const MergeSegment *segment, const Result *stretches)
{
    for (uint64_t i = 0; i < stretches->row_count; i++) {
        int64_t first = stretches->cells[2 * i].number, last = stretches->cells[2 * i + 1].number;
        make_gone(merge);
        for (int64_t row = first; row <= last; row++)
            bits_add(merge->gone, segment->first_row + (uint32_t)row);
        merge->replaced_rows += (uint64_t)(last - first + 1);
    }
}

bool rewrite_find_replaced(Merge *merge, Err *err)
{
    for (uint32_t i = 0; i < merge->segment_count; i++) {
        AUTO(arena) Arena arena = {0};
        MergeSegment *segment = &merge->segments[i];
        Value vars = value_dict(&arena), names = replaced_names(merge, segment, &arena);
        Result stretches;
        if (!names.list->len)
            continue;
        TRY(segment_fetch(merge, segment, err));
        put_text(vars, "path", segment->segment.path);
        put_text(vars, "archive", STR(COLUMN_ARCHIVE));
        put(vars, "archives", names);
        TRY(statement_run(merge->drop, &arena, "replaced", vars, NULL, 0, &stretches, err));
        segment_release(merge, segment);
        mark_stretches(merge, segment, &stretches);
    }
    return true;
}

/* ---- keys ---- */

static uint32_t key_count(const Merge *merge)
{
    return merge->map && value_is_list(merge->map->primary_key)
               ? merge->map->primary_key.list->len : 0;
}

static bool has_key_columns(const Merge *merge, const MergeSegment *segment)
{
    for (uint32_t i = 0; i < key_count(merge); i++)
        if (schema_find(&segment->segment.schema,
                        value_str(merge->map->primary_key.list->at[i])) == UINT32_MAX)
            return false;
    return true;
}

/* Hashes tell only of keys of one type: a number and its digits in another segment need not have
 * the same. */
static bool are_hashes_comparable(const Merge *merge)
{
    for (uint32_t k = 0; k < key_count(merge); k++) {
        const Field *first = NULL;
        for (uint32_t i = 0; i < merge->segment_count; i++) {
            const Schema *schema = &merge->segments[i].segment.schema;
            uint32_t at = schema_find(schema, value_str(merge->map->primary_key.list->at[k]));
            if (at == UINT32_MAX)
                continue;
            if (first && !field_same_type(first, &schema->fields[at]))
                return false;
            first = &schema->fields[at];
        }
    }
    return true;
}

/* Rows whose key may be double. Where a segment has no hashes, or others', all may. */
static bool find_candidates(Merge *merge, Arena *arena, Bits *out, uint64_t *found, Err *err)
{
    KeyFile *files = NEW_N(arena, KeyFile, merge->segment_count);
    bool knows = are_hashes_comparable(merge);
    *out = bits_make(arena, merge->row_count);
    for (uint32_t i = 0; i < merge->segment_count; i++) {
        const MergeSegment *segment = &merge->segments[i];
        files[i] = (KeyFile){merge->drop->spec.work, segment->keys_name,
                             (uint32_t)segment->segment.rows};
        knows = knows && (segment->keys_name.at || !has_key_columns(merge, segment));
    }
    if (knows)
        return duplicates_find(files, merge->segment_count, merge->gone,
                               merge->drop->memory_bytes / 4, merge->drop->cancel, *out, found,
                               err);
    for (uint32_t i = 0; i < merge->row_count; i++)
        if (!merge->gone.words || !bits_has(merge->gone, i))
            bits_add(*out, i);
    *found = merge->row_count;
    return true;
}

static Value key_vars(const Merge *merge, const Schema *from, Arena *arena)
{
    Value vars = value_dict(arena), keys = value_list(arena);
    for (uint32_t i = 0; i < key_count(merge); i++) {
        Str name = value_str(merge->map->primary_key.list->at[i]);
        uint32_t at = schema_find(&merge->schema, name);
        array_add(keys.list, column_vars(arena, &merge->schema.fields[at], from));
    }
    put(vars, "keys", keys);
    put(vars, "has_origin", value_bool(merge->map->duplicates == DUPLICATES_FAIL ||
                                       merge->drop->spec.checks.duplicate_keys != CHECK_OFF));
    put_text(vars, "archive", STR(COLUMN_ARCHIVE));
    put_text(vars, "file", STR(COLUMN_FILE));
    put_text(vars, "line", STR(COLUMN_LINE));
    return vars;
}

/* The keys of the candidates of one segment go to the temporary table. */
static bool add_keys(Merge *merge, MergeSegment *segment, Bits candidates, Err *err)
{
    AUTO(arena) Arena arena = {0};
    RowRange all = {0, (uint32_t)segment->segment.rows};
    if (!has_bits(candidates, segment, all) || !has_key_columns(merge, segment))
        return true;
    Stream stream = places_stream(&arena, candidates, segment);
    NamedStream named = {STR("weir_places"), &stream};
    Value vars = key_vars(merge, &segment->segment.schema, &arena);
    TRY(segment_fetch(merge, segment, err));
    put_text(vars, "path", segment->segment.path);
    put(vars, "first", value_int(segment->first_row));
    TRY(statement_run(merge->drop, &arena, "keys_add", vars, &named, 1, NULL, err));
    segment_release(merge, segment);
    return true;
}

static void take_losers(Merge *merge, const Batch *batch)
{
    const struct ArrowArray *places = batch->array.children[0];
    const int64_t *at = (const int64_t *)places->buffers[1] + places->offset;
    merge->duplicates += batch_rows(batch);
    if (merge->map->duplicates != DUPLICATES_LAST)
        return;
    make_gone(merge);
    for (uint64_t i = 0; i < batch_rows(batch); i++)
        bits_add(merge->gone, (uint32_t)at[i]);
    merge->duplicates_dropped += batch_rows(batch);
}

static bool find_losers(Merge *merge, Value vars, Arena *arena, Err *err)
{
    Str sql;
    Stream stream;
    TRY(statement_render(arena, "keys_losers", vars, &sql, err));
    TRY(session_stream(merge->drop->session, arena, sql, &stream, err));
    bool ok = true;
    for (bool more = true; ok && more;) {
        Batch batch = {0};
        ok = stream.next(stream.self, &batch, err);
        more = ok && batch_rows(&batch) > 0;
        if (more)
            take_losers(merge, &batch);
        if (ok)
            batch_drop(&batch);
    }
    stream_close(&stream);
    return ok;
}

static bool show_keys(Merge *merge, Value vars, Arena *arena, Value *keys, Err *err)
{
    Result rows;
    if (!merge->duplicates || !value_get(vars, "has_origin").is_true)
        return true;
    TRY(statement_run(merge->drop, arena, "keys_shown", vars, NULL, 0, &rows, err));
    for (uint64_t i = 0; i < rows.row_count; i++)
        array_add(keys->list, value_copy(merge->arena, rows.cells[i]));
    return true;
}

static void forget_keys(Merge *merge)
{
    AUTO(arena) Arena arena = {0};
    Err err = {0};
    if (!statement_run(merge->drop, &arena, "keys_drop", value_dict(&arena), NULL, 0, NULL, &err))
        err_drop(&err); /* it goes with the session */
}

bool rewrite_find_duplicates(Merge *merge, Value *keys, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Bits candidates;
    uint64_t found;
    *keys = value_list(merge->arena);
    if (!key_count(merge) || !merge->row_count)
        return true;
    for (uint32_t i = 0; i < key_count(merge); i++)
        if (schema_find(&merge->schema, value_str(merge->map->primary_key.list->at[i])) ==
            UINT32_MAX)
            return true; /* a key column that no file has: no row has a key */
    TRY(find_candidates(merge, &arena, &candidates, &found, err));
    if (!found)
        return true;
    Value vars = key_vars(merge, &merge->schema, &arena);
    bool ok = statement_run(merge->drop, &arena, "keys_make", vars, NULL, 0, NULL, err);
    for (uint32_t i = 0; ok && i < merge->segment_count; i++)
        ok = add_keys(merge, &merge->segments[i], candidates, err);
    ok = ok && find_losers(merge, vars, &arena, err) && show_keys(merge, vars, &arena, keys, err);
    forget_keys(merge);
    return ok;
}

/* ---- rows written anew ---- */

bool rewrite_has_other_types(const Merge *merge, const MergeSegment *segment)
{
    const Schema *schema = &segment->segment.schema;
    for (uint32_t i = 0; i < schema->count; i++) {
        uint32_t at = schema_find(&merge->schema, schema->fields[i].name);
        if (at == UINT32_MAX || !field_same_type(&merge->schema.fields[at], &schema->fields[i]) ||
            !str_eq(merge->schema.fields[at].name, schema->fields[i].name))
            return true;
    }
    return false;
}

bool rewrite_has_gone(const Merge *merge, const MergeSegment *segment, RowRange range)
{
    return has_bits(merge->gone, segment, range);
}

static bool find_order(Merge *merge, Arena *arena, Err *err)
{
    Result setting;
    Value vars = value_dict(arena);
    TRY(statement_run(merge->drop, arena, "order", vars, NULL, 0, &setting, err));
    merge->sorts = setting.row_count != 1 || !value_truth(setting.cells[0]);
    return true;
}

static bool check_schema(const Merge *merge, const MergeSegment *segment, const Schema *given,
                         Err *err)
{
    for (uint32_t i = 0; i < merge->schema.count; i++)
        if (i + 1 >= given->count || !field_same_type(&given->fields[i], &merge->schema.fields[i]))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": the engine gives column " STR_FMT " in another type than "
                           "asked for", STR_ARG(segment->name),
                           STR_ARG(merge->schema.fields[i].name));
    return true;
}

/* A rewrite at work. */
typedef struct Rows {
    Merge *merge;
    const MergeSegment *segment;
    uint32_t next;               /* row of the segment that is to come                            */
    bool (*take)(void *context, const Batch *batch, Err *err);
    void *context;
} Rows;

/* The rows must come as they lie in the segment: what file says which line is at stake, and what
 * every worker has to write alike. */
static bool check_order(const Rows *rows, const Batch *batch, Err *err)
{
    const struct ArrowArray *numbers = batch->array.children[rows->merge->schema.count];
    const int64_t *at = (const int64_t *)numbers->buffers[1] + numbers->offset +
                        batch->array.offset;
    for (uint64_t i = 0; i < batch_rows(batch); i++)
        if (at[i] != (int64_t)(rows->next + i))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": the engine gives row %lld where row %llu is due",
                           STR_ARG(rows->segment->name), (long long)at[i],
                           (unsigned long long)(rows->next + i));
    return true;
}

/* Stretches of rows that stay, as views of the batch, without the column of row numbers. */
static bool take_kept(Rows *rows, const Batch *batch, Err *err)
{
    Bits gone = rows->merge->gone;
    uint32_t first = rows->segment->first_row + rows->next, count = (uint32_t)batch_rows(batch);
    TRY(check_order(rows, batch, err));
    rows->next += count;
    for (uint32_t from = 0, end; from < count; from = end) {
        uint32_t next_gone, at = first + from;
        bool has_gone = gone.words && bits_next(gone, &at, &next_gone);
        uint32_t stop = has_gone && next_gone - first < count ? next_gone - first : count;
        Batch kept = *batch;
        kept.array.offset += from;
        kept.array.length = stop - from;
        kept.array.n_children--;
        if (stop > from)
            TRY(rows->take(rows->context, &kept, err));
        end = stop + (stop < count);
    }
    return true;
}

static bool stream_rows(Rows *rows, Str sql, Arena *arena, Err *err)
{
    Merge *merge = rows->merge;
    Stream stream;
    TRY(session_stream(merge->drop->session, arena, sql, &stream, err));
    bool ok = check_schema(merge, rows->segment, &stream.schema, err);
    for (bool more = ok; ok && more;) {
        Batch batch = {0};
        ok = stream.next(stream.self, &batch, err);
        more = ok && batch_rows(&batch) > 0;
        if (more)
            ok = take_kept(rows, &batch, err);
        if (ok || more)
            batch_drop(&batch);
        if (ok && drop_is_cancelled(merge->drop))
            ok = err_set(err, ERR_CANCELLED, NOWHERE, "the merge was cancelled");
    }
    stream_close(&stream);
    return ok;
}

bool rewrite_rows(Merge *merge, MergeSegment *segment, RowRange range,
                  bool (*take)(void *context, const Batch *batch, Err *err), void *context,
                  Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value vars = value_dict(&arena), columns = value_list(&arena);
    Rows rows = {merge, segment, range.from, take, context};
    Str sql;
    TRY(find_order(merge, &arena, err));
    TRY(segment_fetch(merge, segment, err));
    for (uint32_t i = 0; i < merge->schema.count; i++)
        array_add(columns.list, column_vars(&arena, &merge->schema.fields[i],
                                            &segment->segment.schema));
    put(vars, "columns", columns);
    put_text(vars, "path", segment->segment.path);
    put(vars, "rows_from", value_int(range.from));
    put(vars, "rows_end", value_int(range.end));
    put(vars, "sorts", value_bool(merge->sorts));
    TRY(statement_render(&arena, "rewrite", vars, &sql, err));
    TRY(stream_rows(&rows, sql, &arena, err));
    if (rows.next == range.end)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": the engine gives %u of %u rows",
                   STR_ARG(segment->name), rows.next - range.from, range.end - range.from);
}

bool rewrite_fits_double(Merge *merge, MergeSegment *segment, Str column, bool *fits, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value vars = value_dict(&arena);
    Result row;
    TRY(segment_fetch(merge, segment, err));
    put_text(vars, "path", segment->segment.path);
    put_text(vars, "column", column);
    TRY(statement_run(merge->drop, &arena, "double", vars, NULL, 0, &row, err));
    segment_release(merge, segment);
    *fits = row.row_count == 1 && value_truth(row.cells[0]);
    return true;
}
