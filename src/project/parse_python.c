/* parse_python.c: what a Python model says in the parse phase: its calls of dbt.ref(), source() and
 * config(), read from its text. No Python is started. */
#include "project/load.h"
#include "python/python.h"

typedef struct Found {
    Arena *arena;
    const SourceFile *file;
    Node *node;
    ParseNotes *notes;
    /* arguments of config.get() and config.meta_get(), with the defaults */
    Array *keys, *defaults, *meta_keys, *meta_defaults;
} Found;

static bool fail_at(const Found *found, const PythonCall *call, ErrKind kind, Err *err,
                    const char *message, unsigned count)
{
    Place place = call->place;
    err_set(err, kind, place, message, count);
    place.line -= (int)found->file->first_line - 1;
    err->place.line = place.line;
    err_show_source(err, found->file->text);
    err->place.line = call->place.line;
    return false;
}

static bool take_ref(Found *found, const PythonCall *call, Err *err)
{
    const Array *arguments = call->arguments.list;
    if (arguments->len < 1 || arguments->len > 2)
        return fail_at(found, call, ERR_COMPILATION, err,
                       "ref() takes at most two arguments (%u given)", arguments->len);
    for (uint32_t i = 0; i < arguments->len; i++)
        if (arguments->at[i].kind != VALUE_TEXT)
            return fail_at(found, call, ERR_COMPILATION, err,
                           "The arguments to ref() must be strings", 0);
    Value version = value_get(call->named, "version");
    if (!value_truth(version))
        version = value_get(call->named, "v");
    RefCall ref = {.name = value_str(arguments->at[arguments->len - 1]),
                   .version = value_truth(version) ? version : NONE,
                   .place = call->place};
    if (arguments->len == 2)
        ref.package = value_str(arguments->at[0]);
    list_add(found->arena, &found->node->refs, ref);
    return true;
}

static bool take_source(Found *found, const PythonCall *call, Err *err)
{
    const Array *arguments = call->arguments.list;
    if (arguments->len != 2)
        return fail_at(found, call, ERR_COMPILATION, err,
                       "source() takes exactly two arguments (%u given)", arguments->len);
    if (arguments->at[0].kind != VALUE_TEXT || arguments->at[1].kind != VALUE_TEXT)
        return fail_at(found, call, ERR_COMPILATION, err,
                       "The arguments to source() must be strings", 0);
    list_add(found->arena, &found->node->sources,
             (SourceCall){value_str(arguments->at[0]), value_str(arguments->at[1]), call->place});
    return true;
}

static bool merge_config(Found *found, const Dict *options, const PythonCall *call, Err *err)
{
    Value key, value;
    if (!found->notes->calls)
        found->notes->calls = dict_make(found->arena, 8);
    for (uint32_t at = 0; dict_next(options, &at, &key, &value);) {
        Str name = value_str(key);
        if (str_is(name, "pre_hook"))
            name = STR("pre-hook");
        else if (str_is(name, "post_hook"))
            name = STR("post-hook");
        if (!config_merge_call(found->arena, found->notes->calls, name, value, err))
            return call ? err_locate(err, call->place, STR_NONE) : false;
    }
    return true;
}

static bool take_config(Found *found, const PythonCall *call, Err *err)
{
    const Array *arguments = call->arguments.list;
    const Dict *named = call->named.dict;
    bool has_dict = arguments->len == 1 && !named->len && value_is_dict(arguments->at[0]);
    if (!has_dict && (arguments->len || !named->len))
        return fail_at(found, call, ERR_COMPILATION, err, "Invalid inline model config", 0);
    return merge_config(found, has_dict ? arguments->at[0].dict : named, call, err);
}

static bool take_get(Found *found, const PythonCall *call, const char *function, Array *keys,
                     Array *defaults, Err *err)
{
    const Array *arguments = call->arguments.list;
    AUTO(text) Text message = {0};
    if (!arguments->len)
        text_print(&message, "dbt.config.%s() requires at least one argument", function);
    else if (arguments->len > 2)
        text_print(&message, "dbt.config.%s() takes at most 2 arguments (%%u given)", function);
    if (message.len)
        return fail_at(found, call, ERR_PARSING, err, message.at, arguments->len);
    array_add(keys, arguments->at[0]);
    array_add(defaults, arguments->len > 1 ? arguments->at[1] : NONE);
    return true;
}

static bool take_call(Found *found, const PythonCall *call, Err *err)
{
    switch (call->function) {
    case PYTHON_REF: return take_ref(found, call, err);
    case PYTHON_SOURCE: return take_source(found, call, err);
    case PYTHON_CONFIG: return take_config(found, call, err);
    case PYTHON_CONFIG_GET:
        return take_get(found, call, "get", found->keys, found->defaults, err);
    default:
        return take_get(found, call, "meta_get", found->meta_keys, found->meta_defaults, err);
    }
}

/* The keys that the model asks for: macros look them up when it runs. */
static bool note_keys(Found *found, Err *err)
{
    if (!found->keys->len && !found->meta_keys->len)
        return true;
    Dict *options = dict_make(found->arena, 4);
    dict_put(options, STR("config_keys_used"), value_of_array(found->keys));
    dict_put(options, STR("config_keys_defaults"), value_of_array(found->defaults));
    dict_put(options, STR("meta_keys_used"), value_of_array(found->meta_keys));
    dict_put(options, STR("meta_keys_defaults"), value_of_array(found->meta_defaults));
    return merge_config(found, options, NULL, err);
}

/* dbt says which model it is of its own checks, and not of what Python's parser says. */
static bool fail_in_model(Worker *worker, const Node *node, Err *err)
{
    static const char *const own[] = {"dbt allows", "'dbt' not", "model function", "In current",
                                      "No jinja", "dbt.config"};
    bool is_own = err->kind != ERR_PARSING;
    for (size_t i = 0; i < COUNT_OF(own); i++)
        is_own |= str_starts(str_of(err->text), str_of(own[i]));
    return is_own && err_trail(err, "in " STR_FMT, STR_ARG(node_label(node, worker->arena)));
}

static bool read_model(Found *found, Worker *worker, Err *err)
{
    const Node *node = found->node;
    PythonModel model = {0};
    if (jinja_has_tags(node->raw_code))
        return err_set(err, ERR_PARSING, (Place){node->file, 0, 0},
                       "No jinja in python model code is allowed\n"
                       "Braces that double, as in f\"{{x}}\", count as Jinja too.");
    TRY(python_scan(worker->arena, node->file, node->raw_code, (int)found->file->first_line,
                    &model, err));
    for (uint32_t i = 0; i < model.calls.len; i++)
        TRY(take_call(found, &model.calls.at[i], err));
    return note_keys(found, err);
}

bool parse_python(Worker *worker, const SourceFile *file, Node *node, ParseNotes *notes, Err *err)
{
    Arena *arena = worker->arena;
    Found found = {arena, file, node, notes, array_make(arena, 2), array_make(arena, 2),
                   array_make(arena, 2), array_make(arena, 2)};
    notes->is_static = true;
    return read_model(&found, worker, err) || fail_in_model(worker, node, err);
}
