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

/* A group that is looked at. */
typedef struct ShapeGroup {
    const ShapesWork *work;
    Arena *arena;
    CsvReader *csv;
    Dict *tables;                /* name -> Value of columns, of archives that ended well          */
    Dict *archive;               /* of the one at work                                            */
} ShapeGroup;

/* ---- uniting ---- */

static uint32_t find_field(const Field *fields, uint32_t count, Str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_eq_fold(fields[i].name, name))
            return i;
    return UINT32_MAX;
}

/* What holds both; scalar kinds that clash become texts. */
static void unite_field(Arena *arena, Field *have, const Field *seen)
{
    Field met;
    Str name = have->name;
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
    have->name = name;
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

static bool unite_value(Arena *arena, Dict *tables, Str table, const Schema *more, Err *err)
{
    Value *found = dict_find(tables, table);
    Schema have = {0};
    if (found)
        TRY(schema_read(arena, *found, &have, err));
    Schema sum = unite(arena, &have, more);
    dict_put(tables, str_copy(arena, table), schema_value(arena, &sum));
    return true;
}

/* ---- a first look ---- */

static bool sniff_all(ShapeGroup *group, MemberFile *member, Schema *out, Err *err)
{
    CsvOptions csv = group->work->drop->spec.csv;
    Arena *arena = member->walk->arena;
    CsvSniffer *sniffer = csv_sniffer_make(arena, &csv);
    for (Str piece = STR(" "); piece.len;) {
        TRY(member_read(member, &piece, err));
        if (piece.len)
            TRY(csv_sniffer_feed(sniffer, piece, err));
    }
    return csv_sniffer_end(sniffer, &csv, out, err);
}

static bool sniff_head(ShapeGroup *group, MemberFile *member, Schema *out, Err *err)
{
    CsvFile file = {.name = member->name, .csv = group->work->drop->spec.csv, .read = member_read,
                    .source = member};
    TRY(csv_reader_begin(group->csv, &file, err));
    return csv_reader_sniff(group->csv, member->walk->arena, out, err);
}

static bool take_shape(void *context, MemberFile *member, Err *err)
{
    ShapeGroup *group = context;
    Drop *drop = group->work->drop;
    Schema seen = {0}, named;
    if (!dict_find(group->work->unknown, member->table))
        return true;
    if (drop->spec.infer == INFER_ALL)
        TRY(sniff_all(group, member, &seen, err));
    else
        TRY(sniff_head(group, member, &seen, err));
    named = (Schema){NEW_N(member->walk->arena, Field, (size_t)seen.count + 1), 0};
    Str *header = NEW_N(member->walk->arena, Str, (size_t)seen.count + 1);
    MapBinding binding = {0};
    for (uint32_t i = 0; i < seen.count; i++)
        header[i] = seen.fields[i].name;
    if (member->map)
        TRY(map_bind(member->map, header, seen.count, member->walk->arena, &binding, err));
    for (uint32_t i = 0; i < seen.count; i++) {
        if (member->map && !binding.names[i].at)
            continue;
        named.fields[named.count] = seen.fields[i];
        named.fields[named.count++].name = member->map ? binding.names[i] : header[i];
    }
    return unite_value(group->arena, group->archive, member->table, &named, err);
}

/* Bad archives are passed over here: they are told when their rows are wanted. */
static bool look_at(ShapeGroup *group, const PlanArchive *archive, Reader *reader, Err *err)
{
    Arena arena = {0};
    const ShapesWork *work = group->work;
    ArchiveWalk walk = {.drop = work->drop, .arena = &arena, .archive = archive,
                        .expected_tables = value_of_dict(work->tables), .take = take_shape,
                        .context = group};
    group->archive = dict_make(group->arena, 8);
    bool ok = archive_walk(&walk, reader, err);
    arena_drop(&arena);
    if (!ok && !archive_is_to_blame(err))
        return false;
    if (!ok) {
        err_drop(err);
        return true;
    }
    Value name, columns;
    for (uint32_t at = 0; dict_next(group->archive, &at, &name, &columns);) {
        Schema more;
        TRY(schema_read(group->arena, columns, &more, err) &&
            unite_value(group->arena, group->tables, value_str(name), &more, err));
    }
    return true;
}

static bool look_at_group(void *context, const Unit *unit, unsigned worker, Arena *arena,
                          Str attempt, Value *marker, Err *err)
{
    const ShapesWork *work = context;
    const PlanGroup *group = unit->what;
    ShapeGroup shape = {.work = work, .arena = arena, .csv = work->readers[worker],
                        .tables = dict_make(arena, 8)};
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
    *marker = value_dict(arena);
    dict_put(marker->dict, STR("tables"), value_of_dict(shape.tables));
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

static bool unite_all(const ShapesWork *work, Arena *arena, Dict *tables, Err *err)
{
    const Plan *plan = work->plan;
    const Unit *units = shape_units(plan, arena);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        Value shape, name, columns;
        TRY(marker_get(work->drop, units[i].marker, arena, &shape, err));
        Value found = value_get(shape, "tables");
        for (uint32_t at = 0; found.kind == VALUE_DICT &&
                              dict_next(found.dict, &at, &name, &columns);) {
            Schema more;
            TRY(schema_read(arena, columns, &more, err) &&
                unite_value(arena, tables, value_str(name), &more, err));
        }
    }
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

/* Puts what is known into `tables`, the names of tables about which too little is into `unknown`. */
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
