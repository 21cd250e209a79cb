/* builtins.c: the functions and facts that every phase offers. */
#include <pthread.h>

#include "base/event.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "base/yaml.h"
#include "context/context.h"
#include "context/library.h"

static bool fail_call(Err *err, const char *what, Value got)
{
    AUTO(text) Text shown = {0};
    value_repr(got, &shown);
    return err_set(err, ERR_COMPILATION, NOWHERE, "%s, got " STR_FMT, what,
                   STR_ARG(text_str(&shown)));
}

/* ---- variables ---- */

static bool call_var(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "default"};
    Value slots[2] = {UNDEFINED, UNDEFINED};
    TRY(call_bind(call, "var", names, 2, 1, slots, err));
    Context *context = context_of(call);
    Str name = value_str(slots[0]);
    bool is_found = false;
    if (context->phase->var)
        TRY(context->phase->var(context, name, out, &is_found, err));
    if (is_found)
        return true;
    bool has_default = call->arg_count > 1 || call_named(call, "default");
    *out = has_default ? slots[1] : NONE;
    if (has_default || !context->phase->is_executing)
        return true;
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Required var '" STR_FMT "' not found in config:\nVars supplied to " STR_FMT
                   " do not contain it\nGive it with --vars '{" STR_FMT ": ...}', below `vars:` in "
                   "dbt_project.yml, or a default: var('" STR_FMT "', ...)",
                   STR_ARG(name), STR_ARG(context->node_label), STR_ARG(name), STR_ARG(name));
}

/* var.has_var('x') */
static bool var_has(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name"};
    Value slots[1];
    TRY(call_bind(call, "has_var", names, 1, 1, slots, err));
    Context *context = context_of(call);
    bool is_found = false;
    Value ignored;
    if (context->phase->var)
        TRY(context->phase->var(context, value_str(slots[0]), &ignored, &is_found, err));
    *out = value_bool(is_found);
    return true;
}

static void var_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<Var>");
}

static const Method var_methods[] = {{"has_var", var_has}, {NULL, NULL}};
static const ObjectType var_type = {
    .name = "Var", .methods = var_methods, .call = call_var, .print = var_print};
static Object var_object = {&var_type};

static bool call_env_var(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"var", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "env_var", names, 2, 1, slots, err));
    Context *context = context_of(call);
    if (slots[0].kind != VALUE_TEXT)
        return fail_call(err, "env_var() takes a name", slots[0]);
    Str name = value_str(slots[0]);
    if (str_starts(name, STR("DBT_ENV_SECRET")) && !context->allows_secrets)
        return err_set(err, ERR_PARSING, NOWHERE,
                       "Secret env vars are allowed only in profiles.yml or packages.yml. Found '"
                       STR_FMT "' referenced elsewhere.",
                       STR_ARG(name));
    Str value = environment_get(str_c(call->arena, name));
    if (value.at) {
        *out = value_text(str_copy(call->arena, value));
    } else if (!value_is_none(slots[1])) {
        *out = value_text(STR(""));
        AUTO(text) Text shown = {0};
        value_print(slots[1], &shown);
        *out = value_text(text_copy(call->arena, &shown));
    } else {
        return err_set(err, ERR_PARSING, NOWHERE,
                       "Env var required but not provided: '" STR_FMT "'\nSet it, or give a "
                       "default: env_var('" STR_FMT "', ...)", STR_ARG(name), STR_ARG(name));
    }
    if (context->phase->on_env_var)
        context->phase->on_env_var(context, name, *out);
    return true;
}

/* ---- JSON and YAML ---- */

static bool call_tojson(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"value", "default", "sort_keys"};
    Value slots[3] = {UNDEFINED, NONE, value_bool(false)};
    TRY(call_bind(call, "tojson", names, 3, 1, slots, err));
    AUTO(text) Text text = {0};
    json_print(slots[0], (JsonStyle){.sorts_keys = value_truth(slots[2])}, &text);
    *out = value_text(text_copy(call->arena, &text));
    return true;
}

static bool call_fromjson(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"string", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "fromjson", names, 2, 1, slots, err));
    Err ignored = {0};
    if (slots[0].kind != VALUE_TEXT ||
        !json_parse(call->arena, value_str(slots[0]), STR("fromjson()"), out, &ignored))
        *out = slots[1];
    err_drop(&ignored);
    return true;
}

static bool call_toyaml(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"value", "default", "sort_keys"};
    Value slots[3] = {UNDEFINED, NONE, value_bool(false)};
    TRY(call_bind(call, "toyaml", names, 3, 1, slots, err));
    AUTO(text) Text text = {0};
    yaml_print(slots[0], value_truth(slots[2]), &text);
    *out = value_text(text_copy(call->arena, &text));
    return true;
}

static bool call_fromyaml(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"value", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "fromyaml", names, 2, 1, slots, err));
    Err ignored = {0};
    YamlDoc doc = {0};
    Str source = str_copy(call->arena, value_str(slots[0]));
    if (slots[0].kind == VALUE_TEXT &&
        yaml_parse(call->arena, source, STR("fromyaml()"), &doc, &ignored))
        *out = doc.root;
    else
        *out = slots[1];
    err_drop(&ignored);
    return true;
}

/* ---- sets and zips ---- */

static bool make_set(Call *call, const char *name, bool is_strict, Value *out, Err *err)
{
    static const char *const names[] = {"value", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, name, names, 2, 1, slots, err));
    Array *items;
    Err problem = {0};
    bool ok = jinja_iterate(call->arena, slots[0], &items, &problem);
    Dict *set = dict_make(call->arena, 0);
    uint32_t hash;
    for (uint32_t i = 0; ok && i < items->len; i++) {
        ok = value_hash(items->at[i], &hash);
        if (ok)
            dict_put_keyed(set, items->at[i], NONE);
    }
    err_drop(&problem);
    if (!ok && is_strict)
        return fail_call(err, "set_strict() takes hashable items", slots[0]);
    *out = ok ? value_of_set(set) : slots[1];
    return true;
}

static bool call_set(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return make_set(call, "set", false, out, err);
}

static bool call_set_strict(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return make_set(call, "set_strict", true, out, err);
}

static bool make_zip(Call *call, bool is_strict, Value *out, Err *err)
{
    uint32_t count = call->arg_count, shortest = UINT32_MAX;
    Array **lists = NEW_N(call->arena, Array *, count + 1);
    const Value *otherwise = call_named(call, "default");
    for (uint32_t i = 0; i < count; i++) {
        Err problem = {0};
        if (!jinja_iterate(call->arena, call->args[i], &lists[i], &problem)) {
            if (is_strict) {
                err_move(err, &problem);
                return false;
            }
            err_drop(&problem);
            *out = otherwise ? *otherwise : NONE;
            return true;
        }
        if (lists[i]->len < shortest)
            shortest = lists[i]->len;
    }
    Array *rows = array_make(call->arena, count ? shortest : 0);
    for (uint32_t row = 0; count && row < shortest; row++) {
        Array *tuple = array_make(call->arena, count);
        for (uint32_t i = 0; i < count; i++)
            array_add(tuple, lists[i]->at[row]);
        array_add(rows, value_of_tuple(tuple));
    }
    *out = value_of_array(rows);
    return true;
}

static bool call_zip(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return make_zip(call, false, out, err);
}

static bool call_zip_strict(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return make_zip(call, true, out, err);
}

/* ---- talking ---- */

static Str printed(Call *call, Value v)
{
    AUTO(text) Text text = {0};
    value_print(v, &text);
    return text_copy(call->arena, &text);
}

static bool call_log(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"msg", "info"};
    Value slots[2] = {UNDEFINED, value_bool(false)};
    TRY(call_bind(call, "log", names, 2, 1, slots, err));
    bool is_info = value_truth(slots[1]);
    Value data = value_dict(call->arena);
    Str message = printed(call, slots[0]);
    dict_put(data.dict, STR("msg"), value_text(message));
    event_say((Event){.name = is_info ? "JinjaLogInfo" : "JinjaLogDebug",
                      .code = is_info ? "I062" : "I063",
                      .level = is_info ? LEVEL_INFO : LEVEL_DEBUG,
                      .message = message,
                      .data = data});
    *out = value_text(STR(""));
    return true;
}

static bool call_print(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"msg"};
    Value slots[1];
    TRY(call_bind(call, "print", names, 1, 1, slots, err));
    event_say((Event){.name = "PrintEvent",
                      .code = "Z052",
                      .level = LEVEL_INFO,
                      .message = printed(call, slots[0]),
                      .is_payload = true});
    *out = value_text(STR(""));
    return true;
}

static bool call_return(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"data"};
    Value slots[1] = {NONE};
    TRY(call_bind(call, "return", names, 1, 0, slots, err));
    return jinja_return(call, slots[0], err);
}

/* ---- the rest ---- */

static bool call_local_md5(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"value"};
    Value slots[1];
    TRY(call_bind(call, "local_md5", names, 1, 1, slots, err));
    *out = value_text(md5_hex(call->arena, printed(call, slots[0])));
    return true;
}

/* What in dict a is missing from b or holds other items: {key: items}; values are lists and are
 * compared without case, as grants are. */
static bool call_diff_of_two_dicts(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"dict_a", "dict_b"};
    Value slots[2];
    TRY(call_bind(call, "diff_of_two_dicts", names, 2, 2, slots, err));
    if (slots[0].kind != VALUE_DICT || slots[1].kind != VALUE_DICT)
        return fail_call(err, "diff_of_two_dicts() takes two dicts", slots[0]);
    Dict *diff = dict_make(call->arena, 0);
    Value key, items, other_key, other_items;
    for (uint32_t at = 0; dict_next(slots[0].dict, &at, &key, &items);) {
        Value other = UNDEFINED;
        for (uint32_t j = 0; dict_next(slots[1].dict, &j, &other_key, &other_items);)
            if (str_eq_fold(value_str(key), value_str(other_key)))
                other = other_items;
        Array *left = array_make(call->arena, 0);
        for (uint32_t i = 0; items.kind == VALUE_LIST && i < items.list->len; i++) {
            bool is_there = false;
            for (uint32_t j = 0; other.kind == VALUE_LIST && j < other.list->len; j++)
                is_there |= str_eq_fold(value_str(items.list->at[i]), value_str(other.list->at[j]));
            if (!is_there)
                array_add(left, items.list->at[i]);
        }
        if (left->len)
            dict_put_keyed(diff, key, value_of_array(left));
    }
    *out = value_of_dict(diff);
    return true;
}

/* try_or_compiler_error(message, function, *args) */
static bool call_try(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    if (call->arg_count < 2)
        return err_set(err, ERR_TYPE, NOWHERE,
                       "try_or_compiler_error() takes a message and a function");
    Call inner = *call;
    inner.args += 2;
    inner.arg_count -= 2;
    Err problem = {0};
    if (value_call(call->args[1], &inner, out, &problem))
        return true;
    if (problem.kind == ERR_RETURN || problem.kind == ERR_CANCELLED) {
        err_move(err, &problem);
        return false;
    }
    err_drop(&problem);
    return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(printed(call, call->args[0])));
}

static bool call_render(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"string"};
    Value slots[1];
    TRY(call_bind(call, "render", names, 1, 1, slots, err));
    Context *context = context_of(call);
    Str text;
    TRY(context_render(context, printed(call, slots[0]), context->node_label, &text, err));
    *out = value_text(text);
    return true;
}

/* ---- modules, flags, context ---- */

static bool modules_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = jinja_module(str_c(arena, name));
    return true;
}
static const ObjectType modules_type = {
    .name = "Modules", .get = modules_get, .is_mapping = true};
static Object modules_object = {&modules_type};

typedef struct Bound {
    Object base;
    Context *context;
} Bound;

static Value bound_make(Context *context, const ObjectType *type)
{
    Bound *bound = NEW(context->arena, Bound);
    *bound = (Bound){{type}, context};
    return value_of_object(&bound->base);
}

/* Flags that templates may ask for in any command, also in those that have no such option. */
static const char *const flags_always[] = {"full_refresh", "store_failures", "empty", "defer",
                                           "favor_state", "fail_fast"};

/* flags.FULL_REFRESH: the invocation's flags, any case. */
static bool flags_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    const Invocation *invocation = ((Bound *)self)->context->invocation;
    Str lower = str_lower(arena, name);
    Value found = value_get_str(invocation->args, lower);
    *out = NONE;
    for (size_t i = 0; i < COUNT_OF(flags_always); i++)
        if (str_is(lower, flags_always[i]))
            *out = value_bool(false);
    if (!value_is_undefined(found))
        *out = value_copy(arena, found);
    return true;
}
static const ObjectType flags_type = {.name = "Flags", .get = flags_get};

/* context['name'], context.get('name') */
static bool mapping_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)arena;
    Str name = value_str(key);
    return context_find(((Bound *)self)->context, name, str_hash(name), out, err);
}

static bool mapping_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    return mapping_item(self, arena, value_text(name), out, err);
}

static bool mapping_method_get(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"key", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "get", names, 2, 1, slots, err));
    TRY(mapping_item(self, call->arena, slots[0], out, err));
    if (value_is_undefined(*out))
        *out = slots[1];
    return true;
}

/* context.update({...}): names for the rest of this render. */
static bool mapping_method_update(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"other"};
    Value slots[1] = {NONE};
    TRY(call_bind(call, "update", names, 1, 0, slots, err));
    Context *context = ((Bound *)self)->context;
    if (!context->extra)
        context->extra = dict_make(context->arena, 0);
    Value key, value;
    uint32_t at = 0;
    while (slots[0].kind == VALUE_DICT && dict_next(slots[0].dict, &at, &key, &value))
        dict_put_keyed(context->extra, key, value);
    *out = NONE;
    return true;
}

static bool mapping_contains(Object *self, Value item)
{
    Err ignored = {0};
    Value found = UNDEFINED;
    bool ok = mapping_item(self, NULL, item, &found, &ignored);
    err_drop(&ignored);
    return ok && !value_is_undefined(found);
}

static const Method mapping_methods[] = {
    {"get", mapping_method_get}, {"update", mapping_method_update}, {NULL, NULL}};
static const ObjectType mapping_type = {.name = "dict",
                                        .methods = mapping_methods,
                                        .get = mapping_get,
                                        .item = mapping_item,
                                        .contains = mapping_contains,
                                        .is_mapping = true};

/* builtins.ref: what the phase offers, though a macro has the same name. */
static bool builtins_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena;
    Context *context = ((Bound *)self)->context;
    *out = UNDEFINED;
    if (context->phase->find)
        TRY(context->phase->find(context, name, str_hash(name), out, err));
    if (value_is_undefined(*out))
        return builtin_find(context, name, str_hash(name), out, err);
    return true;
}
static const ObjectType builtins_type = {
    .name = "dict", .get = builtins_get, .is_mapping = true};

/* ---- the table ---- */

static const Method functions[] = {
    {"env_var", call_env_var},
    {"tojson", call_tojson},
    {"fromjson", call_fromjson},
    {"toyaml", call_toyaml},
    {"fromyaml", call_fromyaml},
    {"set", call_set},
    {"set_strict", call_set_strict},
    {"zip", call_zip},
    {"zip_strict", call_zip_strict},
    {"log", call_log},
    {"print", call_print},
    {"return", call_return},
    {"local_md5", call_local_md5},
    {"diff_of_two_dicts", call_diff_of_two_dicts},
    {"try_or_compiler_error", call_try},
    {"render", call_render},
};

static Arena table_arena; /* lives as long as the process */
static Dict *table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_build(void)
{
    table = dict_make(&table_arena, 64);
    for (uint32_t i = 0; i < COUNT_OF(functions); i++)
        dict_put(table, str_of(functions[i].name),
                 value_function(&table_arena, functions[i].name, functions[i].call, NULL));
    dict_put(table, STR("var"), value_of_object(&var_object));
    dict_put(table, STR("modules"), value_of_object(&modules_object));
    dict_put(table, STR("exceptions"), exceptions_object());
    dict_put(table, STR("dbt_version"), value_lit(DBT_VERSION));
    dict_put(table, STR("api"), context_api(&table_arena));
    value_freeze(value_of_dict(table));
}

/* Facts of this context; UNDEFINED for any other name. */
static Value fact(Context *context, Str name)
{
    const Invocation *invocation = context->invocation;
    if (str_is(name, "target"))
        return context->target;
    if (str_is(name, "execute"))
        return value_bool(context->phase->is_executing);
    if (str_is(name, "project_name"))
        return value_text(context->project_name);
    if (str_is(name, "flags"))
        return bound_make(context, &flags_type);
    if (str_is(name, "context"))
        return bound_make(context, &mapping_type);
    if (str_is(name, "builtins"))
        return bound_make(context, &builtins_type);
    if (str_is(name, "invocation_id"))
        return value_text(invocation->id);
    if (str_is(name, "run_started_at"))
        return jinja_datetime(context->arena, invocation->started_at_us, true);
    if (str_is(name, "invocation_args_dict"))
        return value_copy(context->arena, invocation->args);
    if (str_is(name, "dbt_metadata_envs"))
        return value_copy(context->arena, invocation->metadata_env);
    if (str_is(name, "thread_id"))
        return value_text(str_of(event_thread_name()));
    if (str_is(name, "model") || str_is(name, "node"))
        return context->node;
    return UNDEFINED;
}

bool builtin_find(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    pthread_once(&table_once, table_build);
    const Value *found = dict_find_hashed(table, name, hash);
    *out = found ? *found : fact(context, name);
    return true;
}

static bool bare_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    (void)err;
    Value found = value_get_str(context->invocation->cli_vars, name);
    *is_found = !value_is_undefined(found);
    if (*is_found)
        *out = value_copy(context->arena, found);
    return true;
}

const Phase phase_bare = {.is_executing = true, .var = bare_var};
