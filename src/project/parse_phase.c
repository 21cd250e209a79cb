/* parse_phase.c: the context in which a node's text is rendered when the project is loaded: refs,
 * sources and configs are noted, nothing is asked of an engine. */
#include "project/load.h"

typedef struct Parse {
    const Loader *loader;
    Worker *worker;
    Node *node;
    ParseNotes *notes;      /* NULL: config() is not allowed here (hooks) */
    Value this_relation;    /* UNDEFINED until asked for                  */
} Parse;

static Parse *parse_of(const Call *call)
{
    return context_of(call)->owner;
}

/* What a render made, copied to where it stays; objects as their text. */
static Value settle(Arena *arena, Value v)
{
    if (v.kind == VALUE_UNDEFINED)
        return NONE;
    if (v.kind == VALUE_OBJECT) {
        AUTO(text) Text text = {0};
        value_print(v, &text);
        return value_text(text_copy(arena, &text));
    }
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        Array *list = array_make(arena, v.list->len);
        for (uint32_t i = 0; i < v.list->len; i++)
            array_add(list, settle(arena, v.list->at[i]));
        return value_of_array(list);
    }
    if (v.kind == VALUE_DICT) {
        Dict *dict = dict_make(arena, v.dict->len);
        Value key, value;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            dict_put_keyed(dict, value_copy(arena, key), settle(arena, value));
        return value_of_dict(dict);
    }
    return value_copy(arena, v);
}

static Value this_of(Parse *parse, Arena *arena)
{
    if (value_is_undefined(parse->this_relation))
        parse->this_relation = relation_value(node_relation(parse->node, arena));
    return parse->this_relation;
}

static Place place_of_call(const Parse *parse, const Call *call)
{
    Place place = call->place;
    place.file = parse->node->file;
    return place;
}

/* ---- ref, source, metric, function ---- */

static bool check_text(const char *what, const char *function, Value v, Err *err)
{
    if (v.kind == VALUE_TEXT)
        return true;
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "The %s argument to %s() must be a string, got <class '%s'>", what, function,
                   value_type_name(v));
}

static bool call_ref(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Parse *parse = parse_of(call);
    if (call->arg_count < 1 || call->arg_count > 2)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "ref() takes at most two arguments (%u given)", call->arg_count);
    Value name = call->args[call->arg_count - 1];
    TRY(check_text("name", "ref", name, err));
    if (call->arg_count == 2)
        TRY(check_text("package", "ref", call->args[0], err));
    const Value *version = call_named(call, "version");
    if (!version || !value_truth(*version))
        version = call_named(call, "v");
    Arena *arena = parse->worker->arena;
    RefCall ref = {.name = str_copy(arena, value_str(name)),
                   .version = version && value_truth(*version) ? settle(arena, *version) : NONE,
                   .place = place_of_call(parse, call)};
    if (call->arg_count == 2)
        ref.package = str_copy(arena, value_str(call->args[0]));
    list_add(arena, &parse->node->refs, ref);
    *out = this_of(parse, call->arena);
    return true;
}

static bool call_source(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Parse *parse = parse_of(call);
    if (call->arg_count != 2)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "source() takes exactly two arguments (%u given)", call->arg_count);
    TRY(check_text("source name (first)", "source", call->args[0], err));
    TRY(check_text("table name (second)", "source", call->args[1], err));
    Arena *arena = parse->worker->arena;
    list_add(arena, &parse->node->sources,
             (SourceCall){str_copy(arena, value_str(call->args[0])),
                          str_copy(arena, value_str(call->args[1])), place_of_call(parse, call)});
    *out = this_of(parse, call->arena);
    return true;
}

/* Notes [name] or [package, name] in a list of the node. */
static bool note_names(Call *call, const char *function, Value *list, Err *err)
{
    if (call->arg_count < 1 || call->arg_count > 2)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "%s() takes at most two arguments (%u given)", function, call->arg_count);
    Arena *arena = parse_of(call)->worker->arena;
    Array *names = array_make(arena, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        TRY(check_text("name", function, call->args[i], err));
        array_add(names, value_text(str_copy(arena, value_str(call->args[i]))));
    }
    if (list->kind != VALUE_LIST || list->list->is_frozen)
        *list = value_list(arena);
    array_add(list->list, value_of_array(names));
    return true;
}

static bool call_metric(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(note_names(call, "metric", &parse_of(call)->node->metrics, err));
    *out = call->args[call->arg_count - 1];
    return true;
}

static bool call_function(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(note_names(call, "function", &parse_of(call)->node->functions, err));
    *out = this_of(parse_of(call), call->arena);
    return true;
}

/* ---- config ---- */

static bool note_config(Parse *parse, Dict *options, Err *err)
{
    ParseNotes *notes = parse->notes;
    Arena *arena = parse->worker->arena;
    if (!notes->calls)
        notes->calls = dict_make(arena, 8);
    if (!notes->unrendered_calls)
        notes->unrendered_calls = unrendered_config_call(arena, parse->node->raw_code);
    Value key, value;
    for (uint32_t at = 0; dict_next(options, &at, &key, &value);) {
        Str name = value_str(key);
        if (str_is(name, "pre_hook"))
            name = STR("pre-hook");
        else if (str_is(name, "post_hook"))
            name = STR("post-hook");
        if (!str_eq(name, value_str(key)) && dict_find(options, name))
            return err_set(err, ERR_COMPILATION, NOWHERE,
                           "Invalid config, has conflicting keys \"" STR_FMT "\" and \"" STR_FMT
                           "\"", STR_ARG(value_str(key)), STR_ARG(name));
        TRY(config_merge_call(arena, notes->calls, str_copy(arena, name), settle(arena, value),
                              err));
    }
    return true;
}

static bool call_config(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Parse *parse = parse_of(call);
    *out = value_lit("");
    bool has_dict = call->arg_count == 1 && !call->named_count && value_is_dict(call->args[0]);
    if (!has_dict && (call->arg_count || !call->named_count))
        return err_set(err, ERR_COMPILATION, NOWHERE, "Invalid inline model config");
    if (!parse->notes)
        return true;
    if (has_dict)
        return note_config(parse, call->args[0].dict, err);
    Dict *options = dict_make(call->arena, call->named_count);
    for (uint32_t i = 0; i < call->named_count; i++)
        dict_put(options, call->names[i], call->named[i]);
    return note_config(parse, options, err);
}

static bool config_set(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "value"};
    Value slots[2];
    TRY(call_bind(call, "set", names, 2, 2, slots, err));
    *out = value_lit("");
    if (!parse_of(call)->notes)
        return true;
    Dict *options = dict_make(call->arena, 1);
    dict_put(options, value_str(slots[0]), slots[1]);
    return note_config(parse_of(call), options, err);
}

static bool give_empty(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_lit("");
    return true;
}

static bool give_none(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = NONE;
    return true;
}

static bool give_false(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_bool(false);
    return true;
}

static const Method config_methods[] = {
    {"get", give_empty},
    {"require", give_empty},
    {"meta_get", give_empty},
    {"meta_require", give_empty},
    {"set", config_set},
    {"persist_relation_docs", give_false},
    {"persist_column_docs", give_false},
    {NULL, NULL},
};
static const ObjectType config_type = {
    .name = "ParseConfigObject", .methods = config_methods, .call = call_config};
static Object config_object = {&config_type};

static const Method validation_methods[] = {{"any", give_none}, {NULL, NULL}};
static const ObjectType validation_type = {.name = "dict", .methods = validation_methods};
static Object validation_object = {&validation_type};

/* ---- names ---- */

static const Method functions[] = {
    {"ref", call_ref},
    {"source", call_source},
    {"metric", call_metric},
    {"function", call_function},
    {"load_result", give_none},
    {"store_result", give_empty},
    {"store_raw_result", give_empty},
    {"load_agate_table", give_none},
    {"submit_python_job", give_empty},
    {"write", give_empty},
    {"adapter_macro", give_none},
};

static bool defines(const Loader *loader, const char *name)
{
    const Project *project = loader->project;
    for (uint32_t i = 0; i < project->packages.len; i++)
        if (library_find(project->library, project->packages.at[i]->name, str_of(name)))
            return true;
    return false;
}

void parse_phase_init(Loader *loader)
{
    Arena *arena = loader->arena;
    loader->adapter = parse_adapter_make(arena);
    Dict *names = loader->parse_names = dict_make(arena, 32);
    for (uint32_t i = 0; i < COUNT_OF(functions); i++)
        dict_put(names, str_of(functions[i].name),
                 value_function(arena, functions[i].name, functions[i].call, NULL));
    dict_put(names, STR("config"), value_of_object(&config_object));
    dict_put(names, STR("validation"), value_of_object(&validation_object));
    dict_put(names, STR("adapter"), loader->adapter);
    dict_put(names, STR("graph"), loader->empty_dict);
    dict_put(names, STR("pre_hooks"), loader->empty_list);
    dict_put(names, STR("post_hooks"), loader->empty_list);
    dict_put(names, STR("selected_resources"), loader->empty_list);
    dict_put(names, STR("sql"), NONE);
    dict_put(names, STR("compiled_code"), NONE);
    dict_put(names, STR("defer_relation"), NONE);
    value_freeze(value_of_dict(names));
    loader->can_parse_static = !defines(loader, "ref") && !defines(loader, "source") &&
                               !defines(loader, "config");
}

static bool find_name(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    Parse *parse = context->owner;
    const Value *found = dict_find_hashed(parse->loader->parse_names, name, hash);
    *out = UNDEFINED;
    if (found)
        *out = *found;
    else if (str_is(name, "this"))
        *out = this_of(parse, context->arena);
    else if (str_is(name, "database"))
        *out = value_text(parse->node->database);
    else if (str_is(name, "schema"))
        *out = value_text(parse->node->schema);
    else if (str_is(name, "model") || str_is(name, "node")) {
        if (value_is_undefined(context->node))
            context->node = node_value(parse->node, context->arena);
        *out = context->node;
    }
    return true;
}

static bool find_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    return loader_var(((Parse *)context->owner)->loader, context, name, out, is_found, err);
}

static void note_macro(Context *context, MacroEntry *entry)
{
    Parse *parse = context->owner;
    node_add_macro(parse->worker->arena, parse->node, entry);
}

static const Phase phase_parse = {.find = find_name, .var = find_var, .on_macro = note_macro};

void node_add_macro(Arena *arena, Node *node, MacroEntry *entry)
{
    for (uint32_t i = 0; i < node->macros.len; i++)
        if (node->macros.at[i] == entry)
            return;
    list_add(arena, &node->macros, entry);
}

/* ---- rendering ---- */

static Context context_for(Parse *parse, Dict *extra)
{
    const Loader *loader = parse->loader;
    return (Context){
        .arena = &parse->worker->scratch,
        .library = loader->project->library,
        .invocation = loader->invocation,
        .phase = &phase_parse,
        .package = parse->node->package,
        .project_name = loader->project->packages.at[0]->name,
        .node_label = node_label(parse->node, &parse->worker->scratch),
        .target = loader->target,
        .node = UNDEFINED,
        .extra = extra,
        .owner = parse,
    };
}

bool parse_render(const Loader *loader, Worker *worker, Node *node, const Template *template,
                  Dict *extra, ParseNotes *notes, Err *err)
{
    Parse parse = {loader, worker, node, notes, UNDEFINED};
    Context context = context_for(&parse, extra);
    RenderOptions options = context_options(&context, false);
    AUTO(text) Text ignored = {0};
    bool ok = jinja_render(template, context.arena, &options, &ignored, err);
    if (!ok)
        err_trail(err, "in " STR_FMT, STR_ARG(context.node_label));
    arena_reset(&worker->scratch);
    return ok;
}

static bool render_hook(Context *context, const Node *node, Str sql, Err *err)
{
    if (!jinja_has_tags(sql))
        return true;
    Str ignored;
    if (context_render(context, sql, node->file, &ignored, err))
        return true;
    err_trail(err, "in a hook of " STR_FMT, STR_ARG(context->node_label));
    return false;
}

bool config_render_hooks(const Loader *loader, Worker *worker, Node *node, Err *err)
{
    static const char *const keys[] = {"pre-hook", "post-hook"};
    bool ok = true;
    for (uint32_t k = 0; k < COUNT_OF(keys) && ok; k++) {
        Value hooks = value_get(node->config, keys[k]);
        if (hooks.kind != VALUE_LIST || !hooks.list->len)
            continue;
        Parse parse = {loader, worker, node, NULL, UNDEFINED};
        Context context = context_for(&parse, NULL);
        for (uint32_t i = 0; i < hooks.list->len && ok; i++)
            ok = render_hook(&context, node,
                             value_get_text(hooks.list->at[i], "sql", STR("")), err);
        arena_reset(&worker->scratch);
    }
    if (ok && node->kind == NODE_SEED && (node->refs.len || node->sources.len))
        return err_set(err, ERR_PARSING, NOWHERE,
                       "Seeds cannot depend on other nodes: a pre- or post-hook of '" STR_FMT
                       "' calls ref or source, itself or by way of a macro",
                       STR_ARG(node->unique_id));
    return ok;
}
