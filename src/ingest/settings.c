/* settings.c: what a declaration says, rendered when its node runs. */
#include "base/clock.h"
#include "context/context.h"
#include "ingest/ingest_base.h"

Value load_setting_raw(const Load *load, const char *key)
{
    Value own = value_get(load->declared->entry, key);
    return value_is_undefined(own) ? value_get(load->declared->tree, key) : own;
}

bool load_render(Load *load, Value tree, Value *out, Err *err)
{
    const Declared *declared = load->declared;
    return declare_render(load->context, tree, declared->file, declared->source, out, err);
}

bool load_render_text(Load *load, Value text, Str *out, Err *err)
{
    Value value;
    TRY(load_render(load, text, &value, err));
    *out = STR_NONE;
    if (value_is_undefined(value) || value_is_none(value))
        return true;
    AUTO(text) Text made = {0};
    value_print(value, &made);
    *out = text_copy(load->arena, &made);
    return true;
}

bool load_setting(Load *load, const char *key, Value *out, Err *err)
{
    *out = load_setting_raw(load, key);
    if (value_is_undefined(*out))
        return true;
    TRY(load_render(load, *out, out, err));
    Dict *one = dict_make(load->arena, 1);
    dict_put(one, str_of(key), *out);
    const Declared *declared = load->declared;
    const char *object = declared->stage                   ? "drop"
                         : load->node->kind == NODE_INGEST ? "resource"
                                                           : "publication";
    TRY(declare_check_object(object, value_of_dict(one), declared->file, declared->source, err));
    *out = *dict_find(one, str_of(key)); /* "5" has become a number */
    if (value_is_none(*out))
        *out = UNDEFINED;
    return true;
}

bool load_setting_text(Load *load, const char *key, Str otherwise, Str *out, Err *err)
{
    Value value;
    TRY(load_setting(load, key, &value, err));
    if (value_is_undefined(value)) {
        *out = otherwise;
        return true;
    }
    AUTO(text) Text made = {0};
    value_print(value, &made);
    *out = text_copy(load->arena, &made);
    return true;
}

static char one_char(Value v)
{
    Str text = value_str(v);
    bool is_tab = str_is(text, "\\t") || str_is(text, "tab");
    return is_tab ? '\t' : text.len ? text.at[0] : '\0';
}

bool load_csv_options(Load *load, CsvOptions *out, Err *err)
{
    Value csv;
    TRY(load_setting(load, "csv", &csv, err));
    Value header = value_get(csv, "header");
    *out = (CsvOptions){.delimiter = one_char(value_get(csv, "delimiter")),
                        .quote = one_char(value_get(csv, "quote")),
                        .escape = one_char(value_get(csv, "escape")),
                        .has_header = value_is_bool(header) ? header.is_true : -1,
                        .encoding = value_get_text(csv, "encoding", STR_NONE),
                        .null_text = value_get_text(csv, "null_text",
                                                    value_get_text(csv, "null", STR_NONE)),
                        .decimal_mark = value_get_text(csv, "decimal", STR_NONE),
                        .date_format = value_get_text(csv, "date_format", STR_NONE),
                        .timestamp_format = value_get_text(csv, "timestamp_format", STR_NONE)};
    return true;
}

bool load_fail(const Load *load, const char *key, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    const Declared *declared = load->declared;
    Value at = key ? load_setting_raw(load, key) : UNDEFINED;
    if (value_is_undefined(at) || !at.at)
        at = declared->tree;
    return err_set_in(err, ERR_RUNTIME, value_place(at, declared->file, declared->source),
                      declared->source, STR_FMT, STR_ARG(text_str(&text)));
}

/* ---- what every load needs to know ---- */

/* The names that templates see besides dbt's own. */
static void add_names(Load *load)
{
    Arena *arena = load->arena;
    Civil civil = civil_local(load->ingest->started_at_us);
    Dict *names = load->names = dict_make(arena, 24);
    const struct {
        const char *name;
        Str text;
    } rows[] = {
        {"run_date", str_print(arena, "%04d-%02u-%02u", (int)civil.year, civil.month, civil.day)},
        {"run_id", load->ingest->run_id},
        {"run_ts", str_print(arena, "%04d%02u%02uT%02u%02u%02u", (int)civil.year, civil.month,
                             civil.day, civil.hour, civil.minute, civil.second)},
        {"year", str_print(arena, "%04d", (int)civil.year)},
        {"month", str_print(arena, "%02u", civil.month)},
        {"day", str_print(arena, "%02u", civil.day)},
        {"hour", str_print(arena, "%02u", civil.hour)},
        {"batch", STR("001")},
        {"resource", load->node->name},
        {"table", load->node->alias},
        {"schema", load->node->schema},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        dict_put(names, str_of(rows[i].name), value_text(rows[i].text));
    load->context = declare_context(load->ingest->project, arena, load->node->package, names);
}

static bool read_key(Load *load, Err *err)
{
    Value key;
    TRY(load_setting(load, "primary_key", &key, err));
    if (key.kind == VALUE_DICT) { /* of each table */
        const Value *own = dict_find(key.dict, load->declared->table.len ? load->declared->table
                                                                         : load->node->alias);
        key = own ? *own : UNDEFINED;
    }
    Array *list = array_make(load->arena, 2);
    if (key.kind == VALUE_TEXT)
        array_add(list, key);
    for (uint32_t i = 0; key.kind == VALUE_LIST && i < key.list->len; i++) {
        if (key.list->at[i].kind != VALUE_TEXT)
            return load_fail(load, "primary_key", err, "`primary_key` must name columns");
        array_add(list, key.list->at[i]);
    }
    load->spec.primary_key = value_of_array(list);
    return true;
}

static bool read_disposition(Load *load, Err *err)
{
    static const char *const words[] = {"append", "replace", "merge", "scd2"};
    Str word;
    bool has_key = load->spec.primary_key.list->len > 0;
    bool has_cursor = !value_is_undefined(load_setting_raw(load, "cursor"));
    bool has_files = !value_is_undefined(load_setting_raw(load,
                                                          "path")); /* the new ones are added */
    Str otherwise = has_key                   ? STR("merge")
                    : has_cursor || has_files ? STR("append")
                                              : STR("replace");
    TRY(load_setting_text(load, "write_disposition", otherwise, &word, err));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            load->spec.disposition = (Disposition)i;
    bool is_database = load->line && (str_is(load->line->type, "postgres") ||
                                      str_is(load->line->type, "mysql"));
    /* a table's key may come from the catalogue: tables.c knows */
    if (!has_key && load->spec.disposition == WRITE_MERGE && !is_database)
        return load_fail(load, "write_disposition", err,
                         "write_disposition: %s needs a `primary_key`", "merge");
    return true;
}

/* The types that `columns` gives: what is no type would be passed over without a word. */
static bool check_types(Load *load, Value columns, Err *err)
{
    Value key, hint;
    for (uint32_t at = 0; columns.kind == VALUE_DICT && dict_next(columns.dict, &at, &key,
                                                                  &hint);) {
        Str other = value_get_text(hint, "data_type", STR_NONE);
        Str type = hint.kind == VALUE_TEXT ? value_str(hint) : value_get_text(hint, "type", other);
        Field field;
        Err quiet = {0};
        if (!type.at || field_parse_type(load->arena, type, &field, &quiet))
            continue;
        err_drop(&quiet);
        return load_fail(load, "columns", err, "'" STR_FMT "' of the column '" STR_FMT
                         "' is no type: types are DuckDB's, such as bigint, decimal(12,2), "
                         "timestamp",
                         STR_ARG(type), STR_ARG(value_str(key)));
    }
    return true;
}

static bool read_rest(Load *load, Err *err)
{
    Value value;
    LoadSpec *spec = &load->spec;
    TRY(load_setting(load, "schema_contract", &value, err));
    TRY(contract_parse(value_is_undefined(value) ? NONE : value, &spec->contract, err));
    if (value.kind == VALUE_TEXT) /* one word is about columns and types: the table is declared */
        spec->contract.tables = CONTRACT_EVOLVE;
    TRY(load_setting(load, "columns", &value, err));
    spec->columns = value_is_undefined(value) ? value_dict(load->arena) : value;
    TRY(check_types(load, spec->columns, err));
    TRY(load_setting(load, "nested", &value, err));
    spec->splits_nested = value_is(value, "split");
    TRY(load_setting(load, "meta_columns", &value, err));
    spec->meta_columns = value_is_undefined(value) ? NONE : value;
    TRY(load_setting(load, "deletes", &value, err));
    spec->deletes_missing = value_is(value, "full_keys");
    TRY(load_setting_text(load, "deleted_column", STR_NONE, &spec->deleted_column, err));
    return true;
}

/* Where nothing is committed, no cursor can be. */
static bool read_lands_only(Load *load, Err *err)
{
    Value loads, raw = load_setting_raw(load, "raw");
    TRY(load_setting(load, "load", &loads, err));
    load->lands_only = value_is_bool(loads) && !loads.is_true;
    if (!load->lands_only)
        return true;
    if (!value_is_undefined(load_setting_raw(load, "cursor")))
        return load_fail(load, "load", err,
                         "`load: false` lands files alone, and the cursor is kept with the "
                         "table's rows: "
                         "leave out one of the two");
    if (value_is_bool(raw) || value_is(raw, "none"))
        return load_fail(load, "load", err, "`load: false` without `raw` files does nothing");
    return true;
}

bool load_prepare(Load *load, Err *err)
{
    const Node *node = load->node;
    add_names(load);
    load->spec = (LoadSpec){.resource = node->unique_id,
                            .database = node->database,
                            .schema = node->schema,
                            .table = node->alias,
                            .run_id = load->ingest->run_id,
                            .loaded_at_us = load->ingest->started_at_us,
                            .is_full_refresh = load->ingest->options.is_full_refresh,
                            .cursor = NONE,
                            .files = NONE,
                            .details = value_dict(load->arena)};
    TRY(read_key(load, err));
    TRY(read_disposition(load, err));
    TRY(read_rest(load, err));
    TRY(read_lands_only(load, err));
    TRY(lake_prepare(load->ingest->lake, load->session, node->database, node->schema, err));
    return window_make(load, err);
}
