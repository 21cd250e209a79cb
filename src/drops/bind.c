/* bind.c: a header's fields and a table's columns: which is which, and how each is read. */
#include "drops/mapping.h"

/* How a column's fields are read. DECIMAL: as many digits behind the point as a product without
 * more than the target's can come from. */
static Field read_as(const MapColumn *column)
{
    Field type = column->type;
    MapFactor factor = {0};
    if (column->values.kind == VALUE_DICT || column->date_format.len ||
        column->timestamp_format.len)
        return (Field){.name = column->name, .type = ARROW_TEXT};
    if (!column->multiply.len)
        return type;
    if (type.type == ARROW_DOUBLE || type.type == ARROW_FLOAT)
        return (Field){.name = column->name, .type = ARROW_DOUBLE};
    bool is_factor = map_factor(column->multiply, &factor);
    assert(is_factor);
    int scale = (type.type == ARROW_DECIMAL ? type.scale : 0) + factor.exponent;
    uint64_t rest = (uint64_t)(factor.mantissa < 0 ? -factor.mantissa : factor.mantissa);
    for (; rest > 1 && rest % 2 == 0; rest /= 2)
        scale++;
    for (; rest > 1 && rest % 5 == 0; rest /= 5)
        scale++;
    scale = scale < 0 ? 0 : scale > 38 ? 38 : scale;
    return (Field){.name = column->name, .type = ARROW_DECIMAL, .precision = 38,
                   .scale = (uint8_t)scale};
}

/* A header's names, letter for letter and folded. */
typedef struct HeaderIndex {
    Arena *arena;
    const Str *names;
    Map exact, folded;           /* -> the name in `names`                                        */
    Map twice;                   /* folded names that two fields have                             */
} HeaderIndex;

static void index_header(HeaderIndex *index, Arena *arena, const Str *header, uint32_t count)
{
    index->arena = arena;
    index->names = header;
    map_init(&index->exact, arena);
    map_init(&index->folded, arena);
    map_init(&index->twice, arena);
    for (uint32_t i = 0; i < count; i++) {
        Str fold = map_folded(arena, header[i]);
        void *other = map_find(&index->folded, fold);
        map_put(&index->exact, header[i], (void *)(uintptr_t)&header[i]);
        if (other)
            map_put(&index->twice, fold, other);
        map_put(&index->folded, fold, (void *)(uintptr_t)&header[i]);
    }
}

/* The field that a name means; -1: none. */
static bool find_field(const HeaderIndex *index, const MapTable *table, Str name, int64_t *field,
                       Err *err)
{
    const Str *found = map_find(&index->exact, name);
    Str fold = map_folded(index->arena, name);
    const Str *twice = map_find(&index->twice, fold);
    if (!found)
        found = map_find(&index->folded, fold);
    *field = found ? found - index->names : -1;
    if (found && twice && !str_eq(*found, name))
        return err_set(err, ERR_PARSING, NOWHERE, "two fields for one column: '" STR_FMT "' and '"
                       STR_FMT "' are both '" STR_FMT "' of table " STR_FMT ": the mapping should "
                       "name one letter for letter in `from:`", STR_ARG(*twice), STR_ARG(*found),
                       STR_ARG(name), STR_ARG(table->name));
    return true;
}

/* The fields of the table's columns. named[i]: field i is named by the mapping. */
static bool bind_columns(const MapTable *table, const HeaderIndex *index, bool *named,
                         MapBinding *out, Err *err)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        const MapColumn *column = &table->columns[c];
        int64_t chosen = -1;
        for (uint32_t i = 0; i < column->from_count; i++) {
            int64_t field;
            TRY(find_field(index, table, column->from[i], &field, err));
            if (field < 0)
                continue;
            named[field] = true;
            if (chosen < 0 && out->columns[field] && out->columns[field] != column)
                return err_set(err, ERR_PARSING, NOWHERE, "the field '" STR_FMT "' is both '"
                               STR_FMT "' and '" STR_FMT "' of table " STR_FMT,
                               STR_ARG(index->names[field]), STR_ARG(out->columns[field]->name),
                               STR_ARG(column->name), STR_ARG(table->name));
            chosen = chosen < 0 ? field : chosen;
        }
        if (chosen < 0) {
            array_add(out->missing.list, value_text(column->name));
            continue;
        }
        out->names[chosen] = column->name;
        out->types[chosen] = read_as(column);
        out->columns[chosen] = column;
    }
    return true;
}

/* A field that the mapping does not name is kept under its own name: is that free? */
static bool keep_field(const MapTable *table, Map *kept, Str name, Arena *arena, Err *err)
{
    const MapColumn *column = map_find(&table->by_name, map_folded(arena, name));
    Str fold = map_folded(arena, name);
    if (column)
        return err_set(err, ERR_PARSING, NOWHERE, "two fields for one column: '" STR_FMT "' has "
                       "the name of column '" STR_FMT "' of table " STR_FMT ", which is read from '"
                       STR_FMT "': add it to `from:`, or rename it by a column of its own",
                       STR_ARG(name), STR_ARG(column->name), STR_ARG(table->name),
                       STR_ARG(column->from[0]));
    const Str *other = map_find(kept, fold);
    if (other)
        return err_set(err, ERR_PARSING, NOWHERE, "two fields for one column: '" STR_FMT "' and '"
                       STR_FMT "' of table " STR_FMT " differ in case only: name them in the "
                       "mapping", STR_ARG(*other), STR_ARG(name), STR_ARG(table->name));
    return true;
}

static bool fail_others(const MapTable *table, Value unknown, Err *err)
{
    AUTO(text) Text list = {0};
    Arena arena = {0};
    Str *known = NEW_N(&arena, Str, (size_t)table->column_count + 1), first = STR_NONE;
    for (uint32_t c = 0; c < table->column_count; c++)
        known[c] = table->columns[c].from[0];
    for (uint32_t i = 0; i < unknown.list->len; i++)
        text_print(&list, "%s'" STR_FMT "'", i ? ", " : "",
                   STR_ARG(value_str(unknown.list->at[i])));
    first = str_nearest(value_str(unknown.list->at[0]), known, table->column_count);
    err_set(err, ERR_PARSING, NOWHERE, "the mapping of table " STR_FMT " (others: fail) does not "
            "name " STR_FMT "%s" STR_FMT "%s", STR_ARG(table->name), STR_ARG(text_str(&list)),
            first.len ? ". Was '" : "", STR_ARG(first), first.len ? "' meant?" : "");
    arena_drop(&arena);
    return false;
}

bool map_bind(const MapTable *table, const Str *header, uint32_t count, Arena *arena,
              MapBinding *out, Err *err)
{
    HeaderIndex index;
    Map kept;
    MapBinding binding = {
        .count = count,
        .names = NEW_N(arena, Str, (size_t)count + 1),
        .types = NEW_N(arena, Field, (size_t)count + 1),
        .columns = NEW_N(arena, const MapColumn *, (size_t)count + 1),
        .missing = value_list(arena),
        .unknown = value_list(arena),
    };
    bool *named = NEW_N(arena, bool, (size_t)count + 1);
    index_header(&index, arena, header, count);
    map_init(&kept, arena);
    TRY(bind_columns(table, &index, named, &binding, err));
    for (uint32_t i = 0; i < count; i++) {
        if (named[i])
            continue;
        if (table->column_count)
            array_add(binding.unknown.list, value_text(header[i]));
        if (table->others != OTHERS_KEEP)
            continue;
        TRY(keep_field(table, &kept, header[i], arena, err));
        map_put(&kept, map_folded(arena, header[i]), (void *)(uintptr_t)&header[i]);
        binding.names[i] = header[i];
        binding.types[i] = (Field){.name = header[i], .type = ARROW_NULL};
    }
    if (table->others == OTHERS_FAIL && binding.unknown.list->len)
        return fail_others(table, binding.unknown, err);
    *out = binding;
    return true;
}
