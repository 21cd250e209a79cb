/* parents.c: the rows of the parent resource, for resources that are asked for one by one. */
#include "base/json.h"
#include "ingest/api.h"
#include "sql/sql.h"

struct Parents {
    Stream stream;
    Batch batch;
    uint64_t row;
    bool has_batch;
};

/* The newest parents that this resource asked about, as the table shows their time; at NULL:
 * never, or all are wanted. In _weir_state, with the rows: a load that failed asks about the same
 * parents again. */
static bool read_until(Load *load, Session *session, Str *out, Err *err)
{
    Value state;
    TRY(lake_cursor(load->ingest->lake, session, &load->spec, load->arena, &state, err));
    load->window.committed = state;
    *out = load->ingest->options.is_full_refresh
               ? STR_NONE
               : value_get_text(state, "parents_until", STR_NONE);
    return true;
}

static bool fail_parent(const Load *load, Err *err)
{
    if (err->kind != ERR_DATABASE)
        return false;
    AUTO(text) Text why = {0};
    text_add_c(&why, err->text);
    err_drop(err);
    return load_fail(load, "parent", err,
                     "the rows of the parent '" STR_FMT "' cannot be read: load it first. " STR_FMT,
                     STR_ARG(load->declared->parent->name), STR_ARG(text_str(&why)));
}

static bool has_times(const Declared *parent)
{
    Value columns = value_get(parent->tree, "meta_columns");
    bool has = columns.kind != VALUE_LIST;
    for (uint32_t i = 0; !has && i < columns.list->len; i++)
        has = value_is(columns.list->at[i], "_weir_loaded_at");
    return has;
}

bool parents_open(Load *load, Parents **out, Str *until, Err *err)
{
    const Node *parent = load->declared->parent;
    Ingest *ingest = load->ingest;
    Session *session;
    lock_take(&ingest->lock);
    bool is_fresh = map_find(&ingest->done, parent->unique_id) != NULL;
    lock_give(&ingest->lock);
    TRY(session_open(ingest->warehouse, load->arena, &session, err));
    Arena *arena = load->arena;
    Str select = str_print(arena, "from " STR_FMT, STR_ARG(parent->relation_name)), former;
    Result newest;
    *until = STR_NONE;
    if (has_times(parent->declared)) {
        TRY(read_until(load, session, &former, err));
        Str query = str_print(arena, "select max(_weir_loaded_at)::varchar " STR_FMT,
                              STR_ARG(select));
        if (!session_query(session, arena, query, 1, &newest, err))
            return fail_parent(load, err);
        if (newest.row_count && newest.cells[0].kind == VALUE_TEXT)
            *until = value_str(newest.cells[0]);
        if (is_fresh && former.at)
            select = str_print(arena, STR_FMT " where _weir_loaded_at > " STR_FMT, STR_ARG(select),
                               STR_ARG(sql_quote_text(arena, former)));
    }
    Parents *parents = NEW(load->arena, Parents);
    if (!session_stream(session, load->arena, select, &parents->stream, err))
        return fail_parent(load, err);
    *out = parents;
    return true;
}

static bool next_batch(Parents *parents, Err *err)
{
    if (parents->has_batch)
        batch_drop(&parents->batch);
    parents->has_batch = false;
    TRY(parents->stream.next(parents->stream.self, &parents->batch, err));
    parents->has_batch = true;
    parents->row = 0;
    return true;
}

bool parents_next(Parents *parents, Arena *arena, Value *row, bool *has, Err *err)
{
    if (!parents->has_batch || parents->row >= batch_rows(&parents->batch))
        TRY(next_batch(parents, err));
    *has = batch_rows(&parents->batch) > 0;
    if (!*has)
        return true;
    AUTO(text) Text text = {0};
    const Schema *schema = &parents->stream.schema;
    text_add_char(&text, '{');
    for (uint32_t c = 0; c < schema->count; c++) {
        if (c)
            text_add_char(&text, ',');
        json_print_text(schema->fields[c].name, true, &text);
        text_add_char(&text, ':');
        array_print_json(&schema->fields[c], parents->batch.array.children[c], parents->row, &text);
    }
    text_add_char(&text, '}');
    parents->row++;
    return json_parse(arena, text_copy(arena, &text), STR("a parent's row"), row, err);
}

void parents_close(Parents *parents)
{
    if (parents->has_batch)
        batch_drop(&parents->batch);
    parents->has_batch = false;
    stream_close(&parents->stream);
}
