/* names.c: database, schema and alias of a node, through the generate_*_name macros.
 *
 * When nobody overrides a macro its result is computed here, without a call: two calls a node are
 * most of the time that thousands of tests take.
 */
#include "project/load.h"

static const char *const components[3] = {"generate_database_name", "generate_schema_name",
                                          "generate_alias_name"};

static MacroEntry *find_macro(const Loader *loader, int component, Str package)
{
    return library_find_generate(loader->project->library, str_of(components[component]), package);
}

void names_init(Loader *loader)
{
    static const char *const defaults[3] = {"default__generate_database_name",
                                            "default__generate_schema_name",
                                            "default__generate_alias_name"};
    const Project *project = loader->project;
    loader->default_database = project->profile.database;
    loader->default_schema = project->profile.schema;
    for (int c = 0; c < 3; c++) {
        bool is_default = true;
        for (uint32_t i = 0; i < project->packages.len; i++) {
            Str package = project->packages.at[i]->name;
            const MacroEntry *found = find_macro(loader, c, package);
            is_default &= found && found->is_builtin;
            const MacroEntry *chosen = library_dispatch(project->library, package,
                                                        str_of(components[c]), STR("dbt"), NULL);
            is_default &= chosen && chosen->is_builtin && str_is(chosen->name, defaults[c]);
        }
        loader->has_default_names[c] = is_default;
    }
}

/* ---- built-in rules ---- */

static Str default_schema(const Loader *loader, Arena *arena, Value custom)
{
    if (custom.kind != VALUE_TEXT)
        return loader->default_schema;
    Str name = str_trim(value_str(custom));
    char *made = NEW_N(arena, char, loader->default_schema.len + name.len + 2);
    memcpy(made, loader->default_schema.at, loader->default_schema.len);
    made[loader->default_schema.len] = '_';
    if (name.len)
        memcpy(made + loader->default_schema.len + 1, name.at, name.len);
    return (Str){made, loader->default_schema.len + 1 + name.len};
}

static Str default_alias(Arena *arena, const Node *node, Value custom)
{
    if (value_truth(custom))
        return str_trim(value_str(custom));
    if (!value_truth(node->version))
        return node->name;
    AUTO(text) Text version = {0};
    value_print(node->version, &version);
    return str_print(arena, STR_FMT "_v" STR_FMT, STR_ARG(node->name),
                     STR_ARG(str_replace(arena, text_str(&version), STR("."), STR("_"))));
}

/* A worker's copy of names that many nodes share: the schema of a folder. */
static Str shared_schema(const Loader *loader, Worker *worker, Value custom)
{
    if (custom.kind != VALUE_TEXT)
        return loader->default_schema;
    if (!worker->names_seen)
        worker->names_seen = dict_make(worker->arena, 16);
    const Value *found = dict_find(worker->names_seen, value_str(custom));
    if (found)
        return value_str(*found);
    Str made = default_schema(loader, worker->arena, custom);
    dict_put(worker->names_seen, str_copy(worker->arena, value_str(custom)), value_text(made));
    return made;
}

/* ---- calling a macro ---- */

static bool names_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    return loader_var(context->owner, context, name, out, is_found, err);
}

static bool names_find(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Loader *loader = context->owner;
    const Value *found = dict_find_hashed(loader->parse_names, name, hash);
    *out = UNDEFINED;
    if (found && (str_is(name, "adapter") || str_is(name, "graph")))
        *out = *found;
    return true;
}

static const Phase phase_names = {.find = names_find, .var = names_var};

static bool call_macro(const Loader *loader, Worker *worker, const Node *node, int component,
                       Value custom, Str *out, Err *err)
{
    const MacroEntry *entry = find_macro(loader, component, node->package);
    if (!entry)
        return err_set(err, ERR_COMPILATION, NOWHERE, "No macro with name %s found",
                       components[component]);
    Arena *scratch = &worker->scratch;
    Context context = {
        .arena = scratch,
        .library = loader->project->library,
        .invocation = loader->invocation,
        .phase = &phase_names,
        .package = node->package,
        .project_name = loader->project->packages.at[0]->name,
        .node_label = node_label(node, scratch),
        .target = loader->target,
        .node = node_value(node, scratch),
        .owner = (void *)(uintptr_t)loader,
    };
    Value args[2] = {custom, context.node}, result = NONE;
    bool ok = context_call(&context, entry, args, 2, &result, err);
    *out = STR_NONE;
    if (ok && result.kind != VALUE_NONE) {
        AUTO(text) Text text = {0};
        value_print(result, &text);
        *out = str_copy(worker->arena, str_trim(text_str(&text)));
    } else if (!ok) {
        err_trail(err, "in %s of " STR_FMT, components[component], STR_ARG(context.node_label));
    }
    arena_reset(scratch);
    return ok;
}

static Value custom_of(const Node *node, const char *key)
{
    if ((node->unsets_database && key[0] == 'd') || (node->unsets_schema && key[0] == 's') ||
        (node->unsets_alias && key[0] == 'a'))
        return NONE;
    Value v = value_get(node->config, key);
    return value_is_undefined(v) ? NONE : v;
}

static bool set_names(const Loader *loader, Worker *worker, Node *node, Err *err)
{
    Value custom = custom_of(node, "database");
    if (!loader->has_default_names[0])
        TRY(call_macro(loader, worker, node, 0, custom, &node->database, err));
    else
        node->database = custom.kind == VALUE_TEXT ? str_trim(value_str(custom))
                                                   : loader->default_database;
    custom = custom_of(node, "schema");
    if (!loader->has_default_names[1])
        TRY(call_macro(loader, worker, node, 1, custom, &node->schema, err));
    else
        node->schema = shared_schema(loader, worker, custom);
    custom = custom_of(node, "alias");
    if (!loader->has_default_names[2])
        return call_macro(loader, worker, node, 2, custom, &node->alias, err);
    node->alias = default_alias(worker->arena, node, custom);
    return true;
}

/* ---- relations ---- */

/* By `quoting:` of the root's dbt_project.yml. A node's own config of that name is kept but has no
 * effect, as in dbt. */
static bool quotes(Value quoting, const char *part)
{
    Value found = value_get(quoting, part);
    return !value_is_bool(found) || found.is_true;
}

static void set_quoting(const Loader *loader, Node *node)
{
    Value quoting = value_get(loader->project->packages.at[0]->config, "quoting");
    if (value_is_undefined(quoting))
        return;
    node->quotes_database = quotes(quoting, "database");
    node->quotes_schema = quotes(quoting, "schema");
    node->quotes_identifier = quotes(quoting, "identifier");
}

static char *put_part(char *at, Str part, bool is_quoted)
{
    if (is_quoted)
        *at++ = '"';
    if (part.len)
        memcpy(at, part.at, part.len);
    at += part.len;
    if (is_quoted)
        *at++ = '"';
    return at;
}

Str node_relation_name(Arena *arena, const Node *node)
{
    size_t len = node->database.len + node->schema.len + node->alias.len + 9;
    char *made = NEW_N(arena, char, len), *at = made;
    if (node->database.len) {
        at = put_part(at, node->database, node->quotes_database);
        *at++ = '.';
    }
    if (node->schema.len) {
        at = put_part(at, node->schema, node->quotes_schema);
        *at++ = '.';
    }
    at = put_part(at, node->alias, node->quotes_identifier);
    return (Str){made, (size_t)(at - made)};
}

/* Tests leave a relation behind when they store failures. */
static bool has_relation(const Loader *loader, const Node *node)
{
    if (node->kind == NODE_SEED || node->kind == NODE_SNAPSHOT || node->kind == NODE_FUNCTION)
        return true;
    if (node->kind == NODE_MODEL)
        return !node_is_ephemeral(node);
    if (node->kind != NODE_TEST)
        return false;
    Value stores = value_get(node->config, "store_failures");
    return value_is_bool(stores) ? stores.is_true : loader->invocation->stores_failures;
}

bool node_finish_names(const Loader *loader, Worker *worker, Node *node, Err *err)
{
    TRY(set_names(loader, worker, node, err));
    if (node->kind == NODE_SNAPSHOT) {
        Str database = value_get_text(node->config, "target_database", STR(""));
        Str schema = value_get_text(node->config, "target_schema", STR(""));
        if (database.len)
            node->database = database;
        if (schema.len)
            node->schema = schema;
    }
    set_quoting(loader, node);
    node->relation_name = has_relation(loader, node) ? node_relation_name(worker->arena, node)
                                                     : STR_NONE;
    return true;
}
