/* config_object.c: `config` in the run phase: what the node was configured to be. */
#include "transform/run.h"

typedef struct ConfigObject {
    Object base;
    NodeRun *run;
    Dict *own;        /* set by config.set(): for this run only; NULL: none */
} ConfigObject;

/* What the columns of a snapshot are called: snapshot_meta_column_names over the defaults. */
static Value snapshot_names(const Node *node, Arena *arena)
{
    static const char *const names[] = {"dbt_valid_to", "dbt_valid_from", "dbt_scd_id",
                                        "dbt_updated_at", "dbt_is_deleted"};
    Value own = value_get(node->config, "snapshot_meta_column_names"), made = value_dict(arena);
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        Str name = value_get_text(own, names[i], STR(""));
        dict_put(made.dict, str_of(names[i]), value_text(name.len ? name : str_of(names[i])));
    }
    return made;
}

static bool config_find(Object *self, Str name, Value *out)
{
    ConfigObject *config = (ConfigObject *)self;
    Value *set = config->own ? dict_find(config->own, name) : NULL;
    Value found = set ? *set : value_get_str(config->run->node->config, name);
    if (value_is_undefined(found) && str_is(name, "pre_hook"))
        found = value_get(config->run->node->config, "pre-hook");
    if (value_is_undefined(found) && str_is(name, "post_hook"))
        found = value_get(config->run->node->config, "post-hook");
    if (value_is_undefined(found) && config->run->node->kind == NODE_SNAPSHOT &&
        str_is(name, "snapshot_table_column_names"))
        found = snapshot_names(config->run->node, config->run->arena);
    if (value_is_undefined(found))
        return false;
    *out = value_copy_shallow_text(config->run->arena, found);
    return true;
}

/* The dict that `meta_` methods look into. */
static bool meta_find(Object *self, Str name, Value *out)
{
    Value meta = value_get(((ConfigObject *)self)->run->node->config, "meta");
    Value found = value_get_str(meta, name);
    if (value_is_undefined(found))
        return false;
    *out = value_copy_shallow_text(((ConfigObject *)self)->run->arena, found);
    return true;
}

typedef bool (*Finder)(Object *self, Str name, Value *out);

static bool get_with(Object *self, Call *call, Finder find, const char *method, Value *out,
                     Err *err)
{
    static const char *const names[] = {"name", "default", "validator"};
    Value slots[3] = {UNDEFINED, NONE, NONE};
    TRY(call_bind(call, method, names, 3, 1, slots, err));
    if (!find(self, value_str(slots[0]), out))
        *out = slots[1];
    if (value_is_none(slots[2]) || value_is_none(slots[1]))
        return true;
    Call inner = *call;
    inner.args = out;
    inner.arg_count = 1;
    inner.named_count = 0;
    Value ignored;
    return value_call(slots[2], &inner, &ignored, err);
}

static bool require_with(Object *self, Call *call, Finder find, const char *method, Value *out,
                         Err *err)
{
    static const char *const names[] = {"name", "validator"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, method, names, 2, 1, slots, err));
    if (find(self, value_str(slots[0]), out))
        return true;
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Model '" STR_FMT "' does not define a required config parameter '" STR_FMT "'.",
                   STR_ARG(((ConfigObject *)self)->run->node->unique_id),
                   STR_ARG(value_str(slots[0])));
}

static bool method_get(Object *self, Call *call, Value *out, Err *err)
{
    return get_with(self, call, config_find, "get", out, err);
}

static bool method_meta_get(Object *self, Call *call, Value *out, Err *err)
{
    return get_with(self, call, meta_find, "meta_get", out, err);
}

static bool method_require(Object *self, Call *call, Value *out, Err *err)
{
    return require_with(self, call, config_find, "require", out, err);
}

static bool method_meta_require(Object *self, Call *call, Value *out, Err *err)
{
    return require_with(self, call, meta_find, "meta_require", out, err);
}

static bool method_set(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"name", "value"};
    Value slots[2];
    TRY(call_bind(call, "set", names, 2, 2, slots, err));
    ConfigObject *config = (ConfigObject *)self;
    if (!config->own)
        config->own = dict_make(config->run->arena, 0);
    dict_put_keyed(config->own, slots[0], slots[1]);
    *out = value_text(STR(""));
    return true;
}

static bool persists(Object *self, const char *what, Value *out, Err *err)
{
    Value persist = NONE;
    if (config_find(self, STR("persist_docs"), &persist) && persist.kind != VALUE_DICT)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "Invalid value provided for 'persist_docs'. Expected dict but received "
                       "type '%s'",
                       value_type_name(persist));
    Value flag = value_get(persist, what);
    *out = value_is_undefined(flag) ? value_bool(false) : flag;
    return true;
}

static bool method_persist_relation_docs(Object *self, Call *call, Value *out, Err *err)
{
    (void)call;
    return persists(self, "relation", out, err);
}

static bool method_persist_column_docs(Object *self, Call *call, Value *out, Err *err)
{
    (void)call;
    return persists(self, "columns", out, err);
}

static bool config_call(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_text(STR(""));
    return true;
}

static bool config_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    *out = UNDEFINED;
    if (str_is(name, "model"))
        *out = run_model(((ConfigObject *)self)->run);
    return true;
}

static const Method methods[] = {
    {"get", method_get},
    {"require", method_require},
    {"meta_get", method_meta_get},
    {"meta_require", method_meta_require},
    {"set", method_set},
    {"persist_relation_docs", method_persist_relation_docs},
    {"persist_column_docs", method_persist_column_docs},
    {NULL, NULL},
};

static const ObjectType config_type = {
    .name = "RuntimeConfigObject", .methods = methods, .call = config_call, .get = config_get};

Value run_config_object(NodeRun *run)
{
    ConfigObject *config = NEW(run->arena, ConfigObject);
    *config = (ConfigObject){{&config_type}, run, NULL};
    return value_of_object(&config->base);
}

Value run_config_get(const NodeRun *run, Str name)
{
    Value out = NONE;
    return config_find(run->config.object, name, &out) ? out : NONE;
}
