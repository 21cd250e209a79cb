/* prop_tests.c: generic tests: from the entry of a property file to a node.
 *
 *   entry --test_read()--> type, arguments, config --names--> node --refs, macros, config--> done
 *
 * Most tests are read here without rendering anything: `unique` and `not_null` as dbt does it, and
 * every other test whose macro calls nothing in the parse phase and whose arguments are literals or
 * ref() and source() of literals. Whatever else there is goes through the template.
 */
#include <stdlib.h>

#include "project/prop.h"

static const char kwargs_name[] = "_dbt_generic_test_kwargs";

/* Arguments that are configs, in dbt's order. */
static const char *const config_keys[] = {
    "severity",      "tags",   "enabled",  "where",    "limit",
    "warn_if",       "error_if", "fail_calc", "store_failures", "store_failures_as",
    "sql_header",    "meta",   "database", "schema",   "alias"};

/* A test as its entry says it. */
typedef struct TestRead {
    const Loader *loader;
    Worker *worker;
    const TestTarget *target;
    Value given;             /* the entry: a text or a dict          */
    Str type, test_namespace;
    Str shown_type;          /* as written: "dbt_utils.unique"       */
    Dict *args, *config;     /* config NULL: none                    */
    Value description;
    Str custom_name;
    Str short_name, full_name;
    Value column;            /* UNDEFINED: a test of the whole table */
    Str column_name;
} TestRead;

static bool fail_test(const TestRead *read, Value where, ErrKind kind, Err *err,
                      const char *format, ...) PRINTF_LIKE(5, 6);

static bool fail_test(const TestRead *read, Value where, ErrKind kind, Err *err,
                      const char *format, ...)
{
    const Document *document = read->target->entry->document;
    AUTO(text) Text reason = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&reason, format, args);
    va_end(args);
    Place place = document_place(document, where);
    if (!place.line)
        place = document_place(document, read->given);
    if (!place.line)
        place = document_place(document, read->target->entry->raw);
    return err_set_in(err, kind, place, document->file->text,
                      "Invalid test config given in " STR_FMT ":\n\t" STR_FMT
                      "\n\t@: %s '" STR_FMT "'",
                      STR_ARG(document->file->original_file_path), STR_ARG(text_str(&reason)),
                      read->target->yaml_key, STR_ARG(read->target->name));
}

static void shown_value(Value v, Text *out)
{
    text_print(out, "<class '%s'> (value ", value_type_name(v));
    value_print(v, out);
    text_add_char(out, ')');
}

/* ---- the entry ---- */

static bool is_config_key(Str key)
{
    for (uint32_t i = 0; i < COUNT_OF(config_keys); i++)
        if (str_is(key, config_keys[i]))
            return true;
    return false;
}

/* The test's name and its arguments as they stand in the entry. */
static bool split_entry(TestRead *read, Value *name, Value *args, Str *passed, Err *err)
{
    Value given = read->given;
    *passed = STR_NONE;
    *args = read->loader->empty_dict;
    *name = given;
    if (given.kind == VALUE_TEXT)
        return true;
    AUTO(text) Text shown = {0};
    if (given.kind != VALUE_DICT) {
        shown_value(given, &shown);
        return fail_test(read, given, ERR_PARSING, err, "test must be dict or str, got " STR_FMT,
                         STR_ARG(text_str(&shown)));
    }
    Value *test_name = dict_find(given.dict, STR("test_name"));
    if (test_name) {
        *name = *test_name;
        *args = given;
        *passed = STR("test_name");
    } else {
        if (given.dict->len != 1) {
            value_repr(given, &shown);
            return fail_test(read, given, ERR_PARSING, err,
                             "test definition dictionary must have exactly one key, got " STR_FMT
                             " instead (%u keys)",
                             STR_ARG(text_str(&shown)), given.dict->len);
        }
        uint32_t at = 0;
        dict_next(given.dict, &at, name, args);
    }
    if (args->kind != VALUE_DICT) {
        shown_value(*args, &shown);
        return fail_test(read, *args, ERR_PARSING, err,
                         "test arguments must be a dict, got " STR_FMT, STR_ARG(text_str(&shown)));
    }
    if (name->kind == VALUE_TEXT)
        return true;
    shown_value(*name, &shown);
    return fail_test(read, *name, ERR_PARSING, err, "test name must be a str, got " STR_FMT,
                     STR_ARG(text_str(&shown)));
}

static Str take_identifier(Str s, size_t *at)
{
    size_t from = *at;
    while (*at < s.len) {
        char c = s.at[*at];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(*at > from && c >= '0' && c <= '9'))
            break;
        ++*at;
    }
    return str_slice(s, from, *at);
}

static bool split_name(TestRead *read, Value name, Err *err)
{
    size_t at = 0;
    read->shown_type = value_str(name);
    read->type = take_identifier(read->shown_type, &at);
    if (!read->type.len)
        return fail_test(read, name, ERR_COMPILATION, err,
                         "Test name string did not match expected pattern: " STR_FMT,
                         STR_ARG(read->shown_type));
    if (at < read->shown_type.len && read->shown_type.at[at] == '.') {
        at++;
        Str behind = take_identifier(read->shown_type, &at);
        if (behind.len) {
            read->test_namespace = read->type;
            read->type = behind;
        }
    }
    return true;
}

/* dbt's deprecations: each is said once, for the first test that earns it. */
static void note_deprecations(const TestRead *read, const Dict *args, bool has_arguments,
                              Item *item)
{
    Value key, value;
    Arena *arena = read->worker->arena;
    const SourceFile *file = read->target->entry->document->file;
    for (uint32_t at = 0; dict_next(args, &at, &key, &value);) {
        Str name = value_str(key);
        if (is_config_key(name) && !item->moved_property.len)
            item->moved_property = str_print(
                arena,
                "Found `" STR_FMT "` as a top-level property of `data_tests." STR_FMT "." STR_FMT
                "` in file `" STR_FMT "`. The `" STR_FMT
                "` top-level property should be moved into the `config` of `data_tests." STR_FMT
                "." STR_FMT "`.",
                STR_ARG(name), STR_ARG(read->shown_type), STR_ARG(name),
                STR_ARG(file->original_file_path), STR_ARG(name), STR_ARG(read->shown_type),
                STR_ARG(name));
        bool is_known = is_config_key(name) || str_is(name, "config") ||
                        str_is(name, "column_name") || str_is(name, "description") ||
                        str_is(name, "name") || str_is(name, "arguments") ||
                        str_is(name, "test_name");
        if (!is_known && !has_arguments && !item->missing_arguments.len)
            item->missing_arguments = str_print(
                arena,
                "Found top-level arguments to test `" STR_FMT "` defined on '" STR_FMT
                "' in package '" STR_FMT "' (" STR_FMT
                "). Arguments to generic tests should be nested under the `arguments` property.",
                STR_ARG(read->shown_type), STR_ARG(read->target->name),
                STR_ARG(file->package->name), STR_ARG(file->original_file_path));
    }
}

static void put_args(TestRead *read, const Dict *given, Str passed, Item *item)
{
    bool has_flag = properties_of(read->loader)->has_arguments_flag;
    Value arguments = UNDEFINED, key, value;
    Dict *args = read->args = dict_make(read->worker->arena, given->len + 3);
    for (uint32_t at = 0; dict_next(given, &at, &key, &value);) {
        if (passed.len && str_eq(value_str(key), passed))
            continue;
        if (has_flag && value_is(key, "arguments"))
            arguments = value;
        else
            dict_put_keyed(args, key, value);
    }
    if (has_flag && given->len)
        note_deprecations(read, given, value_truth(arguments), item);
    if (!value_is_undefined(read->column))
        dict_put(args, STR("column_name"), value_text(read->column_name));
    for (uint32_t at = 0;
         arguments.kind == VALUE_DICT && dict_next(arguments.dict, &at, &key, &value);)
        dict_put_keyed(args, key, value);
}

/* ---- configs ---- */

/* Texts are rendered natively; none is as if it were not there. */
static bool put_config(TestRead *read, Str key, Value value, Err *err)
{
    if (value.kind == VALUE_TEXT && jinja_has_tags(value_str(value))) {
        const Document *document = read->target->entry->document;
        Context *context = loader_yaml_context(read->loader, read->worker->arena,
                                               document->file->package);
        Value rendered;
        if (!context_render_value(context, value_str(value), document->file->file, &rendered,
                                  err))
            return document_relocate(document, value, err);
        value = rendered;
    } else if (value.kind == VALUE_TEXT && value.len && value.text[value.len - 1] == '\n') {
        value.len--;
    }
    if (value_is_none(value) || value_is_undefined(value))
        return true;
    if (!read->config)
        read->config = dict_make(read->worker->arena, 4);
    dict_put(read->config, key, value);
    return true;
}

static Value take_value(Dict *dict, const char *key)
{
    Value *found = dict_find(dict, str_of(key));
    if (!found)
        return UNDEFINED;
    Value value = *found;
    dict_remove(dict, value_text(str_of(key)));
    return value;
}

/* Moves configs out of the arguments: those at the top first, then the rest of config:. */
static bool take_configs(TestRead *read, Err *err)
{
    Value given = take_value(read->args, "config");
    if (!value_is_undefined(given) && given.kind != VALUE_DICT) {
        AUTO(text) Text shown = {0};
        shown_value(given, &shown);
        return fail_test(read, given, ERR_PARSING, err, "'config' must be a dict, got " STR_FMT,
                         STR_ARG(text_str(&shown)));
    }
    bool has_config = given.kind == VALUE_DICT;
    for (uint32_t i = 0; i < COUNT_OF(config_keys); i++) {
        Value value = take_value(read->args, config_keys[i]);
        Value nested = value_get(given, config_keys[i]);
        if (value_truth(value) && !value_is_undefined(nested))
            return fail_test(read, value, ERR_COMPILATION, err,
                             "Test cannot have the same key at the top-level and in config: '%s'",
                             config_keys[i]);
        if (!value_truth(value) && has_config)
            value = nested;
        TRY(put_config(read, str_of(config_keys[i]), value, err));
    }
    Value key, value;
    for (uint32_t at = 0; has_config && dict_next(given.dict, &at, &key, &value);)
        if (!is_config_key(value_str(key)))
            TRY(put_config(read, value_str(key), value, err));
    return true;
}

static Value model_text(const TestRead *read)
{
    const TestTarget *target = read->target;
    Arena *arena = read->worker->arena;
    Str name = target->entry->name;
    if (target->table.len)
        return value_text(str_print(arena,
                                    "{{ get_where_subquery(source('" STR_FMT "', '" STR_FMT
                                    "')) }}",
                                    STR_ARG(target->source), STR_ARG(target->table)));
    if (!value_truth(target->version))
        return value_text(str_print(arena, "{{ get_where_subquery(ref('" STR_FMT "')) }}",
                                    STR_ARG(name)));
    AUTO(text) Text version = {0};
    value_print(target->version, &version);
    return value_text(str_print(arena,
                                "{{ get_where_subquery(ref('" STR_FMT "', version='" STR_FMT
                                "')) }}",
                                STR_ARG(name), STR_ARG(text_str(&version))));
}

static bool has_args(const TestRead *read)
{
    return read->args->len > 0;
}

static bool test_read(TestRead *read, Item *item, Err *err)
{
    Value name, args;
    Str passed;
    TRY(split_entry(read, &name, &args, &passed, err));
    read->shown_type = value_str(name);
    put_args(read, args.dict, passed, item);
    if (dict_find(read->args, STR("model")))
        return fail_test(read, read->given, ERR_COMPILATION, err,
                         "Test arguments include \"model\", which is a reserved argument");
    TRY(split_name(read, name, err));
    if (args.dict->len)
        TRY(take_configs(read, err));
    read->description = NONE;
    if (has_args(read)) {
        Value description = take_value(read->args, "description");
        Value custom = take_value(read->args, "name");
        if (description.kind == VALUE_TEXT)
            read->description = description;
        if (!value_is_undefined(custom) && custom.kind != VALUE_TEXT)
            return fail_test(read, custom, ERR_PARSING, err, "the name of a test must be a text");
        read->custom_name = value_str(custom);
        if (!value_is_undefined(custom) && !read->custom_name.len)
            return fail_test(read, custom, ERR_PARSING, err, "the name of a test is empty");
    }
    dict_put(read->args, STR("model"), model_text(read));
    return true;
}

/* ---- names ---- */

static void set_names(TestRead *read)
{
    Arena *arena = read->worker->arena;
    if (read->custom_name.len) {
        read->short_name = read->full_name = read->custom_name;
        return;
    }
    Str type = read->type, target = read->target->name;
    if (read->target->table.len)
        type = str_print(arena, "source_" STR_FMT, STR_ARG(type));
    if (read->test_namespace.len)
        type = str_print(arena, STR_FMT "_" STR_FMT, STR_ARG(read->test_namespace), STR_ARG(type));
    test_names_make(arena, type, target, value_of_dict(read->args), &read->short_name,
                    &read->full_name);
    if (str_eq(read->short_name, read->full_name))
        return;
    if (!read->config)
        read->config = dict_make(arena, 2);
    if (!dict_find(read->config, STR("alias")))
        dict_put(read->config, STR("alias"), value_text(read->short_name));
}

static Str raw_code(const TestRead *read)
{
    AUTO(text) Text code = {0};
    text_add_c(&code, "{{ ");
    if (read->test_namespace.len) {
        text_add(&code, read->test_namespace);
        text_add_char(&code, '.');
    }
    text_add_c(&code, "test_");
    text_add(&code, read->type);
    text_print(&code, "(**%s) }}", kwargs_name);
    if (read->config && read->config->len) {
        Value key, value;
        bool is_first = true;
        text_add_c(&code, "{{ config(");
        for (uint32_t at = 0; dict_next(read->config, &at, &key, &value); is_first = false) {
            if (!is_first)
                text_add_char(&code, ',');
            value_print(key, &code);
            text_add_char(&code, '=');
            if (value.kind == VALUE_TEXT) {
                text_add_char(&code, '"');
                text_add(&code, str_replace(read->worker->arena, value_str(value), STR("\""),
                                            STR("\\\"")));
                text_add_char(&code, '"');
            } else {
                value_print(value, &code);
            }
        }
        text_add_c(&code, ") }}");
    }
    return text_copy(read->worker->arena, &code);
}

/* The folders of the file below its first folder, then the name. */
static Value test_fqn(const TestRead *read)
{
    const SourceFile *file = read->target->entry->document->file;
    Str path = file->original_file_path;
    ptrdiff_t slash = str_find_char(path, '/');
    if (slash >= 0)
        path = str_slice(path, (size_t)slash + 1, path.len);
    return node_fqn(read->worker->arena, file->package->name, path, read->full_name);
}

static bool test_tags(const TestRead *read, Value *out, Err *err)
{
    Arena *arena = read->worker->arena;
    Value own = read->config ? value_get(value_of_dict(read->config), "tags") : UNDEFINED;
    Array *all = array_make(arena, 4);
    for (uint32_t i = 0; read->target->tags && i < read->target->tags->len; i++)
        array_add(all, read->target->tags->at[i]);
    if (!value_is_undefined(read->column))
        column_tags(read->column, all);
    if (own.kind == VALUE_TEXT) {
        array_add(all, own);
    } else if (own.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < own.list->len; i++) {
            if (own.list->at[i].kind != VALUE_TEXT)
                return fail_test(read, own.list->at[i], ERR_COMPILATION, err,
                                 "got a %s for tag, expected a str",
                                 value_type_name(own.list->at[i]));
            array_add(all, own.list->at[i]);
        }
    } else if (!value_is_undefined(own)) {
        return fail_test(read, own, ERR_COMPILATION, err,
                         "got a %s for tags, expected a list of strings", value_type_name(own));
    }
    *out = all->len ? texts_sorted(arena, all) : read->loader->empty_list;
    return true;
}

/* ---- what a test calls ---- */

static bool fail_macro(const TestRead *read, Err *err)
{
    Arena *arena = read->worker->arena;
    List(Str) known = {0};
    MacroEntry *entry;
    for (uint32_t at = 0; library_next(read->loader->project->library, &at, &entry);)
        if (str_starts(entry->name, STR("test_")))
            list_add(arena, &known, str_slice(entry->name, 5, entry->name.len));
    Str near = str_nearest(read->type, known.at, known.len);
    const Document *document = read->target->entry->document;
    Place place = document_place(document, read->given);
    return err_set_in(err, ERR_COMPILATION, place, document->file->text,
                      "'%s" STR_FMT "' is undefined: there is no generic test '" STR_FMT
                      "' for %s '" STR_FMT "'. Check for typos and/or install package "
                      "dependencies with \"dbt deps\".%s" STR_FMT "%s",
                      read->test_namespace.len ? "" : "test_",
                      STR_ARG(read->test_namespace.len ? read->test_namespace : read->type),
                      STR_ARG(read->shown_type), read->target->yaml_key,
                      STR_ARG(read->target->name), near.len ? "\nDid you mean '" : "",
                      STR_ARG(near), near.len ? "'?" : "");
}

static MacroEntry *find_macro(const TestRead *read)
{
    const Library *library = read->loader->project->library;
    Str name = str_print(read->worker->arena, "test_" STR_FMT, STR_ARG(read->type));
    if (read->test_namespace.len)
        return library_find(library, read->test_namespace, name);
    Str package = read->target->entry->document->file->package->name;
    return library_resolve(library, package, name, str_hash(name));
}

/* Python: ^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$ */
static bool looks_like_call(Str s)
{
    static const char *const names[] = {"env_var", "ref", "var", "source", "doc"};
    s = str_trim(s);
    if (s.len < 6 || s.at[s.len - 1] != ')')
        return false;
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        Str name = str_of(names[i]);
        if (!str_starts(s, name))
            continue;
        Str rest = str_trim(str_slice(s, name.len, s.len));
        if (rest.len > 2 && rest.at[0] == '(')
            return str_find_char(s, '\n') < 0;
    }
    return false;
}

/* Notes refs and sources of an argument that needs no template; false: it needs one. */
static bool note_argument(const TestRead *read, Node *node, Value v)
{
    Arena *arena = read->worker->arena;
    Value key, value;
    switch (v.kind) {
    case VALUE_TEXT: {
        Str text = value_str(v);
        if (jinja_has_tags(text))
            return false;
        if (!looks_like_call(text))
            return true;
        StaticCall call;
        if (!static_call_parse(arena, text, &call))
            return false;
        Place place = document_place(read->target->entry->document, v);
        call.ref.place = call.source.place = place;
        if (call.is_ref)
            list_add(arena, &node->refs, call.ref);
        else
            list_add(arena, &node->sources, call.source);
        return true;
    }
    case VALUE_LIST:
        for (uint32_t i = 0; i < v.list->len; i++)
            if (!note_argument(read, node, v.list->at[i]))
                return false;
        return true;
    case VALUE_DICT:
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            if (!note_argument(read, node, value))
                return false;
        return true;
    default: return true;
    }
}

static bool has_parameter(const Macro *macro, Str name)
{
    for (uint32_t i = 0; i < macro->parameter_count; i++)
        if (str_eq(macro->parameters[i].name, name))
            return true;
    return false;
}

/* The ref or source that the test is about. */
static void note_model(const TestRead *read, Node *node, bool has_text_version)
{
    Arena *arena = read->worker->arena;
    const TestTarget *target = read->target;
    Place place = document_place(target->entry->document, read->given);
    if (target->table.len) {
        list_add(arena, &node->sources, (SourceCall){target->source, target->table, place});
        return;
    }
    Value version = target->version;
    if (has_text_version && value_truth(version)) {
        AUTO(text) Text shown = {0};
        value_print(version, &shown);
        version = value_text(text_copy(arena, &shown));
    }
    list_add(arena, &node->refs,
             (RefCall){.name = target->entry->name, .version = version, .place = place});
}

/* The test without its template; false: it must be rendered. */
static bool note_quietly(const TestRead *read, Node *node)
{
    const Properties *properties = properties_of(read->loader);
    if (!properties->where_subquery || !map_find(&properties->quiet, node->test_macro->unique_id))
        return false;
    Value key, value;
    for (uint32_t at = 0; dict_next(read->args, &at, &key, &value);) {
        bool is_fine = has_parameter(node->test_macro->macro, value_str(key)) &&
                       (value_is(key, "model") || value_is(key, "column_name") ||
                        note_argument(read, node, value));
        if (!is_fine) {
            node->refs.len = node->sources.len = 0;
            return false;
        }
        if (value_is(key, "model"))
            note_model(read, node, true);
    }
    node_add_macro(read->worker->arena, node, properties->where_subquery);
    return true;
}

/* ---- arguments as the template sees them ---- */

static bool needs_braces(Value v)
{
    Value key, value;
    if (v.kind == VALUE_TEXT)
        return looks_like_call(value_str(v)) || (v.len && v.text[v.len - 1] == '\n');
    for (uint32_t i = 0; v.kind == VALUE_LIST && i < v.list->len; i++)
        if (needs_braces(v.list->at[i]))
            return true;
    for (uint32_t at = 0; v.kind == VALUE_DICT && dict_next(v.dict, &at, &key, &value);)
        if (needs_braces(value))
            return true;
    return false;
}

/* "ref('a')" -> "{{ ref('a') }}", in lists and dicts too. */
static Value with_braces(Arena *arena, Value v)
{
    Value key, value, made;
    if (v.kind == VALUE_TEXT) {
        if (looks_like_call(value_str(v)))
            return value_text(str_print(arena, "{{ " STR_FMT " }}", STR_ARG(value_str(v))));
        if (v.len && v.text[v.len - 1] == '\n')
            v.len--;
        return v;
    }
    if (v.kind == VALUE_LIST) {
        made = value_list(arena);
        for (uint32_t i = 0; i < v.list->len; i++)
            array_add(made.list, with_braces(arena, v.list->at[i]));
        return made;
    }
    if (v.kind == VALUE_DICT) {
        made = value_dict(arena);
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            dict_put_keyed(made.dict, key,
                           value_is(key, "column_name") ? value : with_braces(arena, value));
        return made;
    }
    return v;
}

/* Renders the arguments within the template that is about to use them. */
typedef struct KwargsFunction {
    Object base;
    Dict *names;       /* the template's extra names */
    Value kwargs;
    Str file;
} KwargsFunction;

static bool call_kwargs(Object *self, Call *call, Value *out, Err *err)
{
    KwargsFunction *function = (KwargsFunction *)self;
    Context *context = context_of(call);
    Value rendered, key, value;
    Value made = value_dict(call->arena);
    for (uint32_t at = 0; dict_next(function->kwargs.dict, &at, &key, &value);) {
        if (value_is(key, "column_name"))
            rendered = value;
        else
            TRY(context_render_tree(context, value, function->file, &rendered, err));
        dict_put_keyed(made.dict, key, rendered);
    }
    dict_put(function->names, str_of(kwargs_name), made);
    *out = value_lit("");
    return true;
}

static const ObjectType kwargs_type = {.name = "function", .call = call_kwargs};

static bool render_test(const TestRead *read, Node *node, ParseNotes *notes, Err *err)
{
    Arena *arena = read->worker->arena;
    const Document *document = read->target->entry->document;
    KwargsFunction function = {.base = {&kwargs_type},
                               .names = dict_make(arena, 2),
                               .kwargs = value_get(node->template_context, kwargs_name),
                               .file = document->file->file};
    dict_put(function.names, STR("_render_kwargs"), value_of_object(&function.base));
    Str source = str_print(arena, "{{ _render_kwargs() }}" STR_FMT, STR_ARG(node->raw_code));
    JinjaSyntax syntax = {0};
    Template *template;
    if (!jinja_compile(arena, source, document->file->file, &syntax, &template, err) ||
        !parse_render(read->loader, read->worker, node, template, function.names, notes, err))
        return document_relocate(document, read->given, err);
    return true;
}

/* Adds a macro and all that it calls. */
static void add_closure(const Library *library, Dict *known, const MacroEntry *entry)
{
    if (!entry || dict_find(known, entry->unique_id))
        return;
    dict_put(known, entry->unique_id, NONE);
    for (uint32_t i = 0; i < entry->depends_on->len; i++)
        add_closure(library, known,
                    library_find_id(library, value_str(entry->depends_on->at[i])));
}

/* dbt renders a test with the macros that the test's own macro can reach: others, called in its
 * arguments, are no dependencies of it. */
static void drop_foreign_macros(const TestRead *read, Node *node)
{
    const Library *library = read->loader->project->library;
    Dict *known = dict_make(&read->worker->scratch, 16);
    add_closure(library, known, node->test_macro);
    add_closure(library, known, library_find(library, STR_NONE, STR("get_where_subquery")));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->macros.len; i++)
        if (dict_find(known, node->macros.at[i]->unique_id))
            node->macros.at[kept++] = node->macros.at[i];
    node->macros.len = kept;
}

/* ---- the node ---- */

static Value test_metadata(const TestRead *read)
{
    Value made = value_of_dict(dict_make(read->worker->arena, 3));
    dict_put(made.dict, STR("name"), value_text(read->type));
    dict_put(made.dict, STR("kwargs"), value_of_dict(read->args));
    dict_put(made.dict, STR("namespace"),
             read->test_namespace.len ? value_text(read->test_namespace) : NONE);
    return made;
}

static void set_facts(const TestRead *read, Node *node)
{
    Arena *arena = read->worker->arena;
    const TestTarget *target = read->target;
    node->path = str_print(arena, STR_FMT ".sql", STR_ARG(read->short_name));
    node->checksum_name = STR("none");
    node->checksum = STR("");
    node->raw_code = raw_code(read);
    node->fqn = test_fqn(read);
    Value test_namespace = read->test_namespace.len ? value_text(read->test_namespace) : NONE;
    Str hash = test_hash(arena, read->full_name, test_namespace, read->type,
                         value_of_dict(read->args));
    node->unique_id = str_print(arena, "test." STR_FMT "." STR_FMT "." STR_FMT,
                                STR_ARG(node->package), STR_ARG(read->full_name), STR_ARG(hash));
    node->test_metadata = test_metadata(read);
    node->column_name = read->column_name;
    node->file_key_name = target->file_key;
    node->attached = target->attached;
    Value kwargs = value_of_dict(read->args);
    Value context = value_of_dict(dict_make(arena, 1));
    dict_put(context.dict, str_of(kwargs_name),
             needs_braces(kwargs) ? with_braces(arena, kwargs) : kwargs);
    node->template_context = context;
    value_freeze(node->test_metadata);
    value_freeze(node->template_context);
}

/* Refs, macros and what config() says. */
static bool set_calls(const TestRead *read, Node *node, ConfigInput *input, Err *err)
{
    Arena *arena = read->worker->arena;
    Value key, value;
    if (read->config && read->config->len) {
        input->calls = dict_make(arena, read->config->len);
        for (uint32_t at = 0; dict_next(read->config, &at, &key, &value);)
            TRY(config_merge_call(arena, input->calls, value_str(key), value, err));
    }
    node_add_macro(arena, node, node->test_macro);
    bool is_simple = str_is(node->test_macro->unique_id, "macro.dbt.test_unique") ||
                     str_is(node->test_macro->unique_id, "macro.dbt.test_not_null");
    if (is_simple) {
        input->is_static = true;
        note_model(read, node, false);
        return true;
    }
    if (note_quietly(read, node)) {
        if (!input->calls)
            return true;
        /* the template's config() is the second time that it is said */
        for (uint32_t at = 0; dict_next(read->config, &at, &key, &value);)
            TRY(config_merge_call(arena, input->calls, value_str(key), value, err));
        input->unrendered_calls = unrendered_config_call(arena, node->raw_code);
        return true;
    }
    ParseNotes notes = {.calls = input->calls};
    TRY(render_test(read, node, &notes, err));
    if (value_has_tags(value_of_dict(read->args)))
        drop_foreign_macros(read, node);
    input->calls = notes.calls;
    input->unrendered_calls = notes.unrendered_calls;
    return true;
}

static bool test_finish(TestRead *read, Item *item, Err *err)
{
    const Loader *loader = read->loader;
    Arena *arena = read->worker->arena;
    const Document *document = read->target->entry->document;
    set_names(read);
    MacroEntry *macro = find_macro(read);
    if (!macro)
        return fail_macro(read, err);
    Node *node = node_new(loader, arena, NODE_TEST, document->file, read->full_name);
    node->test_macro = macro;
    node->line = document_line(document, read->given);
    if (!node->line)
        node->line = document_line(document, read->target->entry->raw);
    set_facts(read, node);
    TRY(test_tags(read, &node->tags, err));
    ConfigInput input = {.patch = NONE, .unrendered_patch = NONE};
    TRY(set_calls(read, node, &input, err));
    if (!config_build(loader, read->worker, node, &input, err))
        return document_relocate(document, read->given, err);
    if (node->attached)
        node->group = node->attached->group;
    TRY(description_render(loader, read->worker, node->package, read->description, document,
                           &node->description, &node->doc_blocks, err));
    TRY(node_finish_names(loader, read->worker, node, err));
    list_add(arena, &item->tests, node);
    return true;
}

static bool make_one(const Loader *loader, Worker *worker, const TestTarget *target, Value given,
                     Value column, Item *item, Err *err)
{
    TestRead read = {.loader = loader, .worker = worker, .target = target, .given = given,
                     .column = column};
    if (!value_is_undefined(column)) {
        Value quote = value_get(column, "quote");
        bool quotes = value_is_bool(quote) ? quote.is_true : target->quotes_columns;
        read.column_name = value_get_text(column, "name", STR(""));
        if (quotes)
            read.column_name = str_print(worker->arena, "\"" STR_FMT "\"",
                                         STR_ARG(read.column_name));
    }
    TRY(test_read(&read, item, err));
    return test_finish(&read, item, err);
}

bool tests_make(const Loader *loader, Worker *worker, const TestTarget *target, Value owner,
                const Array *columns, Item *item, Err *err)
{
    Value tests;
    for (uint32_t c = 0; columns && c < columns->len; c++) {
        TRY(tests_of(target->entry, columns->at[c], &tests, err));
        for (uint32_t i = 0; tests.kind == VALUE_LIST && i < tests.list->len; i++)
            TRY(make_one(loader, worker, target, tests.list->at[i], columns->at[c], item, err));
    }
    TRY(tests_of(target->entry, owner, &tests, err));
    for (uint32_t i = 0; tests.kind == VALUE_LIST && i < tests.list->len; i++)
        TRY(make_one(loader, worker, target, tests.list->at[i], UNDEFINED, item, err));
    return true;
}

/* ---- lists of texts ---- */

static int compare_texts(const void *a, const void *b)
{
    return str_compare(value_str(*(const Value *)a), value_str(*(const Value *)b));
}

Value texts_sorted(Arena *arena, Array *texts)
{
    Array *made = array_make(arena, texts->len);
    if (texts->len)
        qsort(texts->at, texts->len, sizeof(*texts->at), compare_texts);
    for (uint32_t i = 0; i < texts->len; i++)
        if (!i || !value_equal(texts->at[i], texts->at[i - 1]))
            array_add(made, texts->at[i]);
    return value_of_array(made);
}
