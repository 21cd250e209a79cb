/* prop_exposures.c: exposures. */
#include "project/prop.h"

Node *declared_node(const Loader *loader, Arena *arena, NodeKind kind, const Entry *entry, Str name)
{
    const SourceFile *file = entry->document->file;
    Node *node = node_new(loader, arena, kind, file, name);
    node->line = document_line(entry->document, entry->raw);
    node->unique_id = node_unique_id(arena, kind, node->package, name);
    node->fqn = node_fqn(arena, node->package, file->path, name);
    return node;
}

static bool check_one_of(const Entry *entry, Value v, const char *const *known, uint32_t count,
                         Err *err)
{
    AUTO(text) Text shown = {0};
    Str names[8];
    for (uint32_t i = 0; i < count && i < COUNT_OF(names); i++) {
        if (value_is(v, known[i]))
            return true;
        names[i] = str_of(known[i]);
        text_print(&shown, "%s'%s'", i ? ", " : "", known[i]);
    }
    Str near = str_nearest(value_str(v), names, count);
    return entry_fail(entry, v, err, "'" STR_FMT "' is not one of [" STR_FMT "]%s" STR_FMT "%s",
                      STR_ARG(value_str(v)), STR_ARG(text_str(&shown)),
                      near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static bool check_exposure(const Entry *entry, Err *err)
{
    static const char *const types[] = {"dashboard", "notebook", "analysis", "ml", "application"};
    static const char *const maturities[] = {"low", "medium", "high"};
    Value owner = value_get(entry->tree, "owner"), maturity = value_get(entry->tree, "maturity");
    TRY(check_one_of(entry, value_get(entry->tree, "type"), types, COUNT_OF(types), err));
    if (maturity.kind == VALUE_TEXT)
        TRY(check_one_of(entry, maturity, maturities, COUNT_OF(maturities), err));
    if (value_is_none(prop_get(owner, "name")) && value_is_none(prop_get(owner, "email")))
        return entry_fail(entry, owner, err,
                          "Exposure owner must have at least one of 'name' or 'email'.");
    return true;
}

static void put_all(Dict *into, Value from)
{
    Value key, value;
    for (uint32_t at = 0; from.kind == VALUE_DICT && dict_next(from.dict, &at, &key, &value);)
        dict_put_keyed(into, key, value);
}

static void add_all(Array *into, Value list)
{
    if (list.kind == VALUE_TEXT)
        array_add(into, list);
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (list.list->at[i].kind == VALUE_TEXT)
            array_add(into, list.list->at[i]);
}

/* Tags and meta of project, exposure and config together. */
static void set_tags_and_meta(Arena *arena, const Entry *entry, Node *node)
{
    Value project = value_get(entry->document->file->package->config, "exposures");
    Array *tags = array_make(arena, 4);
    add_all(tags, value_get(project, "tags"));
    add_all(tags, value_get(entry->tree, "tags"));
    add_all(tags, value_get(node->config, "tags"));
    Value meta = value_dict(arena);
    put_all(meta.dict, value_get(project, "meta"));
    put_all(meta.dict, value_get(entry->tree, "meta"));
    put_all(meta.dict, value_get(node->config, "meta"));
    node->tags = texts_sorted(arena, tags);
    node->meta = meta;
    Dict *config = config_own(arena, node);
    dict_put(config, STR("tags"), node->tags);
    dict_put(config, STR("meta"), meta);
}

bool dependency_note(const Loader *loader, Worker *worker, const Entry *entry, Node *node,
                     Value text, Err *err)
{
    Arena *arena = worker->arena;
    StaticCall call;
    if (loader->can_parse_static && static_call_parse(arena, value_str(text), &call)) {
        call.ref.place = call.source.place = document_place(entry->document, text);
        if (call.is_ref)
            list_add(arena, &node->refs, call.ref);
        else
            list_add(arena, &node->sources, call.source);
        return true;
    }
    Str source = str_print(arena, "{{ " STR_FMT " }}", STR_ARG(value_str(text)));
    JinjaSyntax syntax = {0};
    Template *template;
    if (!jinja_compile(arena, source, entry->document->file->file, &syntax, &template, err) ||
        !parse_render(loader, worker, node, template, NULL, NULL, err))
        return document_relocate(entry->document, text, err);
    return true;
}

static Value owner_of(Arena *arena, Value given)
{
    Value made = value_dict(arena);
    dict_put(made.dict, STR("email"), prop_get(given, "email"));
    dict_put(made.dict, STR("name"), prop_get(given, "name"));
    put_all(made.dict, given);
    return made;
}

bool exposure_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    static const char *const fields[] = {"type", "label", "maturity", "url"};
    const Entry *entry = item->entry;
    Arena *arena = worker->arena;
    TRY(check_exposure(entry, err));
    Node *node = declared_node(loader, arena, NODE_EXPOSURE, entry, entry->name);
    Value config = value_get(entry->tree, "config");
    ConfigInput input = {.patch = value_is_dict(config) ? config : NONE, .unrendered_patch = NONE};
    if (!config_build(loader, worker, node, &input, err))
        return document_relocate(entry->document, entry->raw, err);
    set_tags_and_meta(arena, entry, node);
    Value blocks, depends_on = value_get(entry->tree, "depends_on");
    TRY(description_render(loader, worker, node->package, value_get(entry->tree, "description"),
                           entry->document, &node->description, &blocks, err));
    for (uint32_t i = 0; depends_on.kind == VALUE_LIST && i < depends_on.list->len; i++)
        TRY(dependency_note(loader, worker, entry, node, depends_on.list->at[i], err));
    Dict *extra = dict_make(arena, 5);
    for (uint32_t i = 0; i < COUNT_OF(fields); i++)
        dict_put(extra, str_of(fields[i]), prop_get(entry->tree, fields[i]));
    dict_put(extra, STR("owner"), owner_of(arena, value_get(entry->tree, "owner")));
    node->extra = value_of_dict(extra);
    list_add(arena, &item->nodes, node);
    return true;
}
