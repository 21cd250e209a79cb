/* hooks.c: `results`, `schemas`, `database_schemas` of on-run-end hooks.
 *
 * A result is an object: result.status, result.node.name, result.to_dict(); so is its node.
 */
#include "transform/hooks.h"

#include "transform/microbatch.h"

/* ---- an object over a dict ---- */

typedef struct Record {
    Object base;
    Value fields;              /* dict                                     */
    Value shown;               /* what to_dict() gives, with plain dicts   */
} Record;

static bool record_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    *out = value_get_str(((Record *)self)->fields, name);
    return true;
}

static void record_print(Object *self, Text *out)
{
    const Record *record = (Record *)self;
    Value key, value;
    text_print(out, "%s(", self->type->name);
    for (uint32_t at = 0, i = 0; dict_next(record->fields.dict, &at, &key, &value); i++) {
        text_print(out, "%s" STR_FMT "=", i ? ", " : "", STR_ARG(value_str(key)));
        value_repr(value, out);
    }
    text_add_char(out, ')');
}

/* omit_none=True leaves out what is None. */
static bool record_to_dict(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"omit_none"};
    Value slots[1] = {value_bool(false)}, key, value;
    TRY(call_bind(call, "to_dict", names, 1, 0, slots, err));
    Value all = value_copy(call->arena, ((Record *)self)->shown);
    *out = all;
    if (!value_truth(slots[0]))
        return true;
    *out = value_dict(call->arena);
    for (uint32_t at = 0; dict_next(all.dict, &at, &key, &value);)
        if (!value_is_none(value))
            dict_put_keyed(out->dict, key, value);
    return true;
}

static const Method record_methods[] = {{"to_dict", record_to_dict}, {NULL, NULL}};
static const ObjectType result_type = {
    .name = "RunResult", .methods = record_methods, .get = record_get, .print = record_print};
static const ObjectType node_type = {
    .name = "Node", .methods = record_methods, .get = record_get, .print = record_print};

static const ObjectType timing_type = {
    .name = "TimingInfo", .methods = record_methods, .get = record_get, .print = record_print};

static Value record_make(const ObjectType *type, Value fields, Value shown, Arena *arena)
{
    Record *record = NEW(arena, Record);
    *record = (Record){{type}, fields, shown};
    return value_of_object(&record->base);
}

/* ---- results ---- */

/* Steps as objects whose instants are datetimes. */
static Value timing_records(const NodeResult *result, Arena *arena)
{
    const int64_t times[2][2] = {{result->compile_start_us, result->compile_end_us},
                                 {result->execute_start_us, result->execute_end_us}};
    Value shown = timings_value(result, arena), records = value_list(arena);
    for (uint32_t i = 0, step = 0; step < 2; step++) {
        if (!times[step][0])
            continue;
        Value fields = value_copy_shallow_text(arena, shown.list->at[i]);
        dict_put(fields.dict, STR("started_at"), jinja_datetime(arena, times[step][0], false));
        dict_put(fields.dict, STR("completed_at"), jinja_datetime(arena, times[step][1], false));
        array_add(records.list, record_make(&timing_type, fields, shown.list->at[i++], arena));
    }
    return records;
}

static Value result_fields(const NodeResult *result, bool is_shown, Arena *arena)
{
    const Node *node = result->node;
    Value row = value_dict(arena), shown = node_value(node, arena);
    if (shown.kind == VALUE_DICT && node->compiled) {
        dict_put(shown.dict, STR("compiled"), value_bool(true));
        dict_put(shown.dict, STR("compiled_code"), value_text(node->compiled->code));
    }
    result_facts(result, is_shown ? timings_value(result, arena) : timing_records(result, arena),
                 row.dict, arena);
    dict_put(row.dict, STR("batch_results"), batches_value(result, !is_shown, arena));
    dict_put(row.dict, STR("node"),
             is_shown ? shown : record_make(&node_type, shown, shown, arena));
    return row;
}

/* dbt leaves out the project's hooks, unless they failed. */
static bool is_told(const NodeResult *result)
{
    return result->node->kind != NODE_OPERATION || result->status == STATUS_ERROR;
}

static bool is_built(const NodeResult *result)
{
    NodeKind kind = result->node->kind;
    bool is_bad = result->status == STATUS_ERROR || result->status == STATUS_FAIL ||
                  result->status == STATUS_SKIPPED;
    return !is_bad && (kind == NODE_MODEL || kind == NODE_SEED || kind == NODE_SNAPSHOT);
}

void hook_names_make(Runner *runner, uint32_t count)
{
    Arena *arena = &runner->results_arena;
    runner->results_value = value_list(arena);
    runner->schemas = value_list(arena);
    runner->database_schemas = value_list(arena);
    Dict *pairs = dict_make(arena, 8), *schemas = dict_make(arena, 8);
    for (uint32_t i = 0; i < count; i++) {
        const NodeResult *result = &runner->results->at[i];
        const Node *node = result->node;
        if (is_told(result))
            array_add(runner->results_value.list,
                      record_make(&result_type, result_fields(result, false, arena),
                                  result_fields(result, true, arena), arena));
        Str pair = str_print(arena, STR_FMT "\n" STR_FMT, STR_ARG(node->database),
                             STR_ARG(node->schema));
        if (!is_built(result) || dict_find(pairs, pair))
            continue;
        dict_put(pairs, pair, NONE);
        Array *tuple = array_make(arena, 2);
        array_add(tuple, value_text(node->database));
        array_add(tuple, value_text(node->schema));
        array_add(runner->database_schemas.list, value_of_tuple(tuple));
        if (!dict_find(schemas, node->schema))
            array_add(runner->schemas.list, value_text(node->schema));
        dict_put(schemas, node->schema, NONE);
    }
}
