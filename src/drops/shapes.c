/* shapes.c: the types of a day's columns, decided before the first row is written.
 *
 *   mapping's word, else the registry's (former days), else what all files of the day ask for
 *
 * Only where a table is new are its files looked at: a first pass, a group a unit, each leaving
 * shapes/ID.json; types.json unites them in the order of the plan, so that it is the same whoever
 * looked.
 */
#include "drops/extract.h"

typedef struct ShapesWork {
    Drop *drop;
    const Plan *plan;
    CsvReader **readers;         /* one a worker                                                  */
    Dict *unknown;               /* tables whose columns are to be found out                      */
    Dict *tables;                /* all                                                           */
} ShapesWork;

typedef struct ShapeTable {
    Str name;
    Schema columns;
} ShapeTable;

/* What tables are seen to have. Grows with what they have, not with the files. */
typedef struct Shapes {
    Arena *arena;
    List(ShapeTable) tables;
} Shapes;

/* A group that is looked at. */
typedef struct ShapeGroup {
    const ShapesWork *work;
    CsvReader *csv;
    CsvSniffer *sniffer;
    Arena file_arena;            /* of the file at work                                           */
    Shapes all, archive;         /* of archives that ended well; of the one at work               */
} ShapeGroup;

/* ---- uniting ---- */

static uint32_t find_field(const Field *fields, uint32_t count, Str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_eq_fold(fields[i].name, name))
            return i;
    return UINT32_MAX;
}

/* Numbers as they were seen: with the digits that all files together need. */
static bool knows_digits(const Field *field)
{
    return (field->type == ARROW_INT64 || field->type == ARROW_DOUBLE) && field->precision;
}

/* What holds both; scalar kinds that clash become texts. */
static void unite_field(Arena *arena, Field *have, const Field *seen)
{
    Field met, before = *have;
    if (seen->type == ARROW_NULL)
        return;
    if (have->type == ARROW_NULL) {
        *have = *seen;
    } else {
        TypeMeet meet = types_meet(arena, have, seen, &met);
        if (meet == TYPES_WIDEN)
            *have = met;
        else if (meet == TYPES_CLASH)
            *have = (Field){.type = ARROW_TEXT};
    }
    have->name = before.name;
    if (!knows_digits(&before) || !knows_digits(seen) ||
        (have->type != ARROW_INT64 && have->type != ARROW_DOUBLE))
        return;
    unsigned whole = before.precision - before.scale, more = seen->precision - seen->scale;
    have->scale = before.scale > seen->scale ? before.scale : seen->scale;
    have->precision = (uint8_t)((whole > more ? whole : more) + have->scale);
}

/* Columns of `more` are added to, or widen, those of `into`. */
static Schema unite(Arena *arena, const Schema *into, const Schema *more)
{
    Schema sum = {NEW_N(arena, Field, (size_t)into->count + more->count + 1), into->count};
    for (uint32_t i = 0; i < into->count; i++)
        sum.fields[i] = into->fields[i];
    for (uint32_t i = 0; i < more->count; i++) {
        bool is_next = i < sum.count && str_eq(sum.fields[i].name, more->fields[i].name);
        uint32_t at = is_next ? i : find_field(sum.fields, sum.count, more->fields[i].name);
        if (at == UINT32_MAX)
            sum.fields[sum.count++] = more->fields[i];
        else
            unite_field(arena, &sum.fields[at], &more->fields[i]);
    }
    return sum;
}

static bool is_same(const Schema *a, const Schema *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = field_same_type(&a->fields[i], &b->fields[i]) &&
               a->fields[i].precision == b->fields[i].precision &&
               a->fields[i].scale == b->fields[i].scale;
    return same;
}

static void unite_table(Shapes *shapes, Str name, const Schema *more)
{
    ShapeTable *table = NULL;
    for (uint32_t i = 0; !table && i < shapes->tables.len; i++)
        if (str_eq(shapes->tables.at[i].name, name))
            table = &shapes->tables.at[i];
    if (!table) {
        ShapeTable fresh = {.name = str_copy(shapes->arena, name)};
        list_add(shapes->arena, &shapes->tables, fresh);
        table = &shapes->tables.at[shapes->tables.len - 1];
    }
    Arena scratch = {0};
    Schema sum = unite(&scratch, &table->columns, more);
    if (!is_same(&table->columns, &sum))
        table->columns = schema_copy(shapes->arena, &sum);
    arena_drop(&scratch);
}

static Value shapes_value(Arena *arena, const Shapes *shapes)
{
    Value tables = value_dict(arena);
    for (uint32_t i = 0; i < shapes->tables.len; i++) {
        const ShapeTable *table = &shapes->tables.at[i];
        dict_put(tables.dict, table->name, schema_value(arena, &table->columns));
    }
    return tables;
}

/* ---- a first look ---- */

static bool sniff_all(ShapeGroup *group, MemberFile *member, Schema *out, Err *err)
{
    const DropSpec *spec = &group->work->drop->spec;
    Drop *drop = group->work->drop;
    CsvOptions csv = spec->csv;
    bool has_giant = false, ok = true;
    csv_sniffer_restart(group->sniffer, &group->file_arena, &csv, record_limit(drop));
    for (Str piece = STR(" "); ok && piece.len;)
        ok = giant_take(drop, csv_sniffer_held(group->sniffer), &has_giant, err) &&
             member_read(member, &piece, err) &&
             (!piece.len || csv_sniffer_feed(group->sniffer, piece, err));
    ok = ok && csv_sniffer_end(group->sniffer, &csv, out, err);
    for (uint32_t i = 0; ok && i < out->count; i++)
        if (csv_sniffer_is_empty(group->sniffer, i))
            out->fields[i].type = ARROW_NULL; /* another file may know */
    csv_sniffer_relax(group->sniffer);
    giant_give(drop, &has_giant);
    return ok;
}

static bool read_head(void *member, Str *piece, Err *err)
{
    return member_read(member, piece, err);
}

static bool sniff_head(ShapeGroup *group, MemberFile *member, Schema *out, Err *err)
{
    const DropSpec *spec = &group->work->drop->spec;
    CsvFile file = {.name = member->name, .csv = spec->csv, .read = read_head, .source = member,
                    .record_limit_bytes = record_limit(group->work->drop)};
    TRY(csv_reader_begin(group->csv, &file, err));
    return csv_reader_sniff(group->csv, &group->file_arena, out, err);
}

/* The columns of a file by their unified names. */
static bool name_columns(ShapeGroup *group, const MemberFile *member, const Schema *seen,
                         Schema *out, Err *err)
{
    Arena *arena = &group->file_arena;
    *out = (Schema){NEW_N(arena, Field, (size_t)seen->count + 1), 0};
    Str *header = NEW_N(arena, Str, (size_t)seen->count + 1);
    MapBinding binding = {0};
    for (uint32_t i = 0; i < seen->count; i++)
        header[i] = seen->fields[i].name;
    if (member->map)
        TRY(map_bind(member->map, header, seen->count, arena, &binding, err));
    for (uint32_t i = 0; i < seen->count; i++) {
        if (member->map && !binding.names[i].at)
            continue;
        out->fields[out->count] = seen->fields[i];
        out->fields[out->count++].name = member->map ? binding.names[i] : header[i];
    }
    return true;
}

static bool take_shape(void *context, MemberFile *member, Err *err)
{
    ShapeGroup *group = context;
    Schema seen = {0}, named;
    if (!dict_find(group->work->unknown, member->table))
        return true;
    bool is_all = group->work->drop->spec.infer == INFER_ALL;
    bool ok = (is_all ? sniff_all(group, member, &seen, err)
                      : sniff_head(group, member, &seen, err)) &&
              name_columns(group, member, &seen, &named, err);
    if (ok)
        unite_table(&group->archive, member->table, &named);
    arena_reset(&group->file_arena);
    return ok;
}

/* Bad archives are passed over here: they are told when their rows are wanted. */
static bool look_at(ShapeGroup *group, const PlanArchive *archive, Reader *reader, Err *err)
{
    Arena arena = {0};
    const ShapesWork *work = group->work;
    ArchiveWalk walk = {.drop = work->drop, .arena = &arena, .archive = archive,
                        .expected_tables = value_of_dict(work->tables), .take = take_shape,
                        .is_ahead = unpacks_ahead(work->drop, work->plan),
                        .context = group};
    group->archive = (Shapes){.arena = &arena};
    bool ok = archive_walk(&walk, reader, err);
    for (uint32_t i = 0; ok && i < group->archive.tables.len; i++) {
        const ShapeTable *table = &group->archive.tables.at[i];
        unite_table(&group->all, table->name, &table->columns);
    }
    arena_drop(&arena);
    if (ok || !archive_is_to_blame(err))
        return ok;
    err_drop(err);
    return true;
}

static bool look_at_group(void *context, const Unit *unit, unsigned worker, Arena *arena,
                          Str attempt, Value *marker, Err *err)
{
    const ShapesWork *work = context;
    const PlanGroup *group = unit->what;
    ShapeGroup shape = {.work = work, .csv = work->readers[worker], .all.arena = arena,
                        .sniffer = csv_sniffer_make(arena, &work->drop->spec.csv)};
    Ahead ahead;
    bool ok = true;
    (void)attempt;
    ahead_begin(&ahead, work->drop, work->plan->archives + group->first, group->count);
    for (uint32_t i = 0; ok && i < group->count; i++) {
        bool is_end = !i || i + 1 == group->count;
        Reader *reader;
        if (work->drop->spec.infer == INFER_SAMPLE && !is_end)
            continue;
        ok = ahead_take(&ahead, i, &reader, err) &&
             look_at(&shape, &work->plan->archives[group->first + i], reader, err);
    }
    ahead_end(&ahead);
    arena_drop(&shape.file_arena);
    *marker = value_dict(arena);
    dict_put(marker->dict, STR("tables"), shapes_value(arena, &shape.all));
    return ok;
}

static Unit *shape_units(const Plan *plan, Arena *arena)
{
    Unit *units = NEW_N(arena, Unit, plan->group_count + 1);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        Str name = str_print(arena, "shapes/" STR_FMT, STR_ARG(plan->groups[i].id));
        units[i] = (Unit){name, str_print(arena, STR_FMT ".json", STR_ARG(name)),
                          &plan->groups[i]};
    }
    return units;
}

static bool unite_group(const ShapesWork *work, Str marker, Shapes *all, Err *err)
{
    Arena scratch = {0};
    Value shape, name, columns;
    bool ok = marker_get(work->drop, marker, &scratch, &shape, err);
    Value found = ok ? value_get(shape, "tables") : NONE;
    for (uint32_t at = 0; ok && found.kind == VALUE_DICT &&
                          dict_next(found.dict, &at, &name, &columns);) {
        Schema more;
        ok = schema_read(&scratch, columns, &more, err);
        if (ok)
            unite_table(all, value_str(name), &more);
    }
    arena_drop(&scratch);
    return ok;
}

/* Columns without a value in any file. */
static void call_texts(Shapes *all)
{
    for (uint32_t i = 0; i < all->tables.len; i++) {
        Schema *columns = &all->tables.at[i].columns;
        for (uint32_t c = 0; c < columns->count; c++)
            if (columns->fields[c].type == ARROW_NULL)
                columns->fields[c].type = ARROW_TEXT;
    }
}

static bool unite_all(const ShapesWork *work, Arena *arena, Dict *tables, Err *err)
{
    const Plan *plan = work->plan;
    const Unit *units = shape_units(plan, arena);
    Shapes all = {.arena = arena};
    Value name, columns;
    for (uint32_t i = 0; i < plan->group_count; i++)
        TRY(unite_group(work, units[i].marker, &all, err));
    if (work->drop->spec.infer == INFER_ALL)
        call_texts(&all);
    Value found = shapes_value(arena, &all);
    for (uint32_t at = 0; dict_next(found.dict, &at, &name, &columns);)
        dict_put(tables, value_str(name), columns);
    return true;
}

/* ---- types.json ---- */

static bool all_is_said(const MapTable *map)
{
    for (uint32_t i = 0; map && i < map->column_count; i++)
        if (map->columns[i].type.type == ARROW_NULL)
            return false;
    return map && map->others == OTHERS_DROP;
}

/* Puts what is known into `tables`, names of tables about which too little is into `unknown`. */
static bool known_types(Drop *drop, Arena *arena, Dict *tables, Dict *unknown, Err *err)
{
    const DropSpec *spec = &drop->spec;
    for (uint32_t i = 0; i < spec->table_count; i++) {
        Str table = spec->tables[i];
        Value registry;
        TRY(registry_get(drop, table, arena, &registry, err));
        Value versions = value_get(registry, "versions");
        if (versions.kind == VALUE_LIST && versions.list->len) {
            Value newest = versions.list->at[versions.list->len - 1];
            dict_put(tables, table, value_get(newest, "columns"));
        } else if (!spec->mapping || !all_is_said(mapping_table_named(spec->mapping, table))) {
            dict_put(unknown, table, value_bool(true));
        }
    }
    return true;
}

static bool needs_look(const ShapesWork *work)
{
    return work->unknown->len && work->drop->spec.infer != INFER_TEXT;
}

static bool decide(void *context, const Unit *unit, unsigned worker, Arena *arena, Str attempt,
                   Value *marker, Err *err)
{
    const ShapesWork *work = context;
    Dict *tables = dict_make(arena, 16), *unknown = dict_make(arena, 16);
    (void)unit, (void)worker, (void)attempt;
    TRY(known_types(work->drop, arena, tables, unknown, err));
    if (needs_look(work))
        TRY(unite_all(work, arena, tables, err));
    *marker = value_dict(arena);
    dict_put(marker->dict, STR("version"), value_int(1));
    dict_put(marker->dict, STR("tables"), value_of_dict(tables));
    return true;
}

/* All workers look; one of them decides. */
static bool look_and_decide(ShapesWork *work, const Unit *types, Arena *arena, Err *err)
{
    uint32_t done;
    UnitWork look = {look_at_group, work, work->drop->workers}, last = {decide, work, 1};
    TRY(known_types(work->drop, arena, dict_make(arena, 16), work->unknown, err));
    if (needs_look(work))
        TRY(units_run(work->drop, shape_units(work->plan, arena), work->plan->group_count, &look,
                      &done, err));
    return units_run(work->drop, types, 1, &last, &done, err);
}

bool types_decide(Drop *drop, const Plan *plan, CsvReader **readers, Arena *arena, Value *out,
                  Err *err)
{
    Unit unit = {.name = STR("types"), .marker = STR("types.json")};
    Value marker;
    ShapesWork work = {.drop = drop, .plan = plan, .readers = readers,
                       .tables = dict_make(arena, 16), .unknown = dict_make(arena, 16)};
    for (uint32_t i = 0; i < drop->spec.table_count; i++)
        dict_put(work.tables, drop->spec.tables[i], value_bool(true));
    TRY(marker_get(drop, unit.marker, arena, &marker, err));
    if (value_is_none(marker)) {
        TRY(look_and_decide(&work, &unit, arena, err));
        TRY(marker_get(drop, unit.marker, arena, &marker, err));
    }
    *out = value_get(marker, "tables");
    return out->kind == VALUE_DICT ||
           err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT "types.json in the work folder is damaged: "
                   "remove it and run again", STR_ARG(drop->folder));
}
