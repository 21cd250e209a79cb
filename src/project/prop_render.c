/* prop_render.c: rendering of property entries: natively, text by text, but for descriptions, tests
 * and hooks, which are rendered later or elsewhere. */
#include "project/prop_render.h"

enum { PATH_MAX_DEPTH = 64 };

typedef struct Walk {
    const Loader *loader;
    Arena *arena;
    const Document *document;
    PropKey key;
    Context *context;          /* NULL until the first tag */
    Str path[PATH_MAX_DEPTH];  /* keys; empty: a list's number */
    uint32_t depth;
} Walk;

static bool is_late(Str key)
{
    return str_is(key, "tests") || str_is(key, "data_tests") || str_is(key, "description");
}

static bool is_query(Str key)
{
    return str_is(key, "loaded_at_query");
}

static bool is_one_of(Str key, const char *a, const char *b, const char *c)
{
    return str_is(key, a) || str_is(key, b) || str_is(key, c);
}

/* Is this path, or all below it, left as it is? is_text: the path ends here. */
static bool is_left(const Str *path, uint32_t len, bool is_text)
{
    if (!len)
        return false;
    if (is_late(path[0]) || is_query(path[0]))
        return true;
    if (len == 2 && is_text && (is_late(path[1]) || is_query(path[1])))
        return true;
    if (len >= 2 && str_is(path[0], "config") &&
        is_one_of(path[1], "pre_hook", "post_hook", "loaded_at_query"))
        return true;
    if (len == 5 && is_text && str_is(path[4], "description"))
        return true;
    if (len >= 3 && str_is(path[0], "versions") &&
        (is_late(path[2]) || (len >= 5 && str_is(path[2], "columns") && is_late(path[4]))))
        return true;
    bool has_parts = str_is(path[0], "columns") || str_is(path[0], "metrics") ||
                     is_one_of(path[0], "dimensions", "measures", "entities");
    if (len >= 3 && has_parts && is_late(path[2]))
        return true;
    return len >= 4 && str_is(path[0], "derived_semantics") && is_late(path[3]);
}

static bool is_filter(const Walk *walk)
{
    uint32_t len = walk->depth;
    return str_is(walk->path[len - 1], "filter") ||
           (len > 1 && str_is(walk->path[len - 2], "filter"));
}

static bool should_render(const Walk *walk, bool is_text)
{
    const Str *path = walk->path;
    uint32_t len = walk->depth;
    if (!len || len >= PATH_MAX_DEPTH)
        return true;
    switch (walk->key) {
    case KEY_SOURCES:
        if (str_is(path[0], "description") || is_query(path[0]))
            return false;
        if (len >= 2 && str_is(path[0], "config") && is_query(path[1]))
            return false;
        return !(len >= 2 && str_is(path[0], "tables") && is_left(path + 2, len - 2, is_text));
    case KEY_MACROS:
        if (str_is(path[0], "arguments"))
            return !is_left(path + 1, len - 1, is_text);
        return !is_left(path, len, is_text);
    case KEY_METRICS:
        return !(is_text && is_filter(walk)) && !is_left(path, len, is_text);
    case KEY_SAVED_QUERIES:
        if (len > 1 && str_is(path[0], "query_params") && str_is(path[1], "where"))
            return false;
        return !is_left(path, len, is_text);
    default:
        if (str_is(path[0], "metrics") && is_text && is_filter(walk))
            return false;
        return !is_left(path, len, is_text);
    }
}

static bool render_text(Walk *walk, Value in, Value *out, Err *err)
{
    Str text = value_str(in);
    *out = in;
    if (jinja_has_tags(text)) {
        const SourceFile *file = walk->document->file;
        if (!walk->context)
            walk->context = loader_yaml_context(walk->loader, walk->arena, file->package);
        if (!context_render_value(walk->context, text, file->file, out, err)) {
            document_relocate(walk->document, in, err);
            return err_wrap(err, "Failed to render " STR_FMT " from project " STR_FMT,
                            STR_ARG(file->original_file_path), STR_ARG(file->package->name));
        }
        if (value_is_undefined(*out))
            *out = NONE;
        out->at = in.at;
    } else if (text.len && text.at[text.len - 1] == '\n') {
        out->len--; /* as jinja2 does without keep_trailing_newline */
    }
    return true;
}

static bool same(Value a, Value b)
{
    return a.kind == b.kind && a.len == b.len && a.number == b.number;
}

static bool render(Walk *walk, Value in, Value *out, Err *err);

static bool render_list(Walk *walk, Value in, Value *out, Err *err)
{
    Array *made = NULL;
    for (uint32_t i = 0; i < in.list->len; i++) {
        Value item;
        if (walk->depth < PATH_MAX_DEPTH)
            walk->path[walk->depth] = STR_NONE;
        walk->depth++;
        TRY(render(walk, in.list->at[i], &item, err));
        walk->depth--;
        if (!made && !same(item, in.list->at[i])) {
            made = array_make(walk->arena, in.list->len);
            for (uint32_t j = 0; j < i; j++)
                array_add(made, in.list->at[j]);
        }
        if (made)
            array_add(made, item);
    }
    *out = in;
    if (made)
        out->list = made;
    return true;
}

static void put_first(Dict *into, const Dict *from, uint32_t count)
{
    Value key, value;
    for (uint32_t at = 0; count && dict_next(from, &at, &key, &value); count--)
        dict_put_keyed(into, key, value);
}

static bool render_dict(Walk *walk, Value in, Value *out, Err *err)
{
    Dict *made = NULL;
    Value key, value;
    uint32_t before = 0;
    for (uint32_t at = 0; dict_next(in.dict, &at, &key, &value); before++) {
        Value item;
        if (walk->depth < PATH_MAX_DEPTH)
            walk->path[walk->depth] = value_str(key);
        walk->depth++;
        TRY(render(walk, value, &item, err));
        walk->depth--;
        if (!made && !same(item, value)) {
            made = dict_make(walk->arena, in.dict->len);
            put_first(made, in.dict, before);
        }
        if (made)
            dict_put_keyed(made, key, item);
    }
    *out = in;
    if (made)
        out->dict = made;
    return true;
}

static bool render(Walk *walk, Value in, Value *out, Err *err)
{
    *out = in;
    bool is_container = in.kind == VALUE_LIST || in.kind == VALUE_DICT;
    if ((!is_container && in.kind != VALUE_TEXT) || !should_render(walk, !is_container))
        return true;
    if (in.kind == VALUE_TEXT)
        return render_text(walk, in, out, err);
    return in.kind == VALUE_LIST ? render_list(walk, in, out, err)
                                 : render_dict(walk, in, out, err);
}

bool entry_render(const Loader *loader, Worker *worker, const Document *document, PropKey key,
                  Value entry, Value *out, Err *err)
{
    Walk walk = {.loader = loader, .arena = worker->arena, .document = document, .key = key};
    return render(&walk, entry, out, err);
}
