/* parse_static.c: reading a model without rendering it.
 *
 * Most models hold nothing but {{ ref('a') }}, {{ source('a', 'b') }} and {{ config(key='value') }}
 * with literals. dbt reads those with a grammar of its own before it turns to Jinja, and the result
 * shows in unrendered_config; this is the same grammar: strings, True, False, lists and dicts; no
 * numbers but versions, no hooks, no white space control beside a config.
 */
#include <ctype.h>

#include "project/load.h"

typedef struct Found {
    List(RefCall) refs;
    List(SourceCall) sources;
    Dict *calls;
} Found;

typedef struct Scan {
    Arena *arena;
    Str source;
    size_t at;
    const Node *node;
    Found found;
    bool has_control;   /* {{- or -}} */
} Scan;

static void skip_space(Scan *scan)
{
    while (scan->at < scan->source.len && isspace((unsigned char)scan->source.at[scan->at]))
        scan->at++;
}

static bool take(Scan *scan, char c)
{
    skip_space(scan);
    if (scan->at >= scan->source.len || scan->source.at[scan->at] != c)
        return false;
    scan->at++;
    return true;
}

static Str take_name(Scan *scan)
{
    skip_space(scan);
    size_t from = scan->at;
    while (scan->at < scan->source.len && (isalnum((unsigned char)scan->source.at[scan->at]) ||
                                           scan->source.at[scan->at] == '_'))
        scan->at++;
    return str_slice(scan->source, from, scan->at);
}

/* A string literal; escapes stay as they are written, as in dbt's static parser. */
static bool take_string(Scan *scan, Str *out)
{
    skip_space(scan);
    char quote = scan->at < scan->source.len ? scan->source.at[scan->at] : 0;
    if (quote != '\'' && quote != '"')
        return false;
    size_t from = ++scan->at;
    while (scan->at < scan->source.len && scan->source.at[scan->at] != quote) {
        if (scan->source.at[scan->at] == '\\')
            scan->at++;
        scan->at++;
    }
    if (scan->at >= scan->source.len)
        return false;
    *out = str_slice(scan->source, from, scan->at++);
    return true;
}

static bool take_literal(Scan *scan, int depth, Value *out);

static bool take_list(Scan *scan, int depth, Value *out)
{
    *out = value_list(scan->arena);
    while (!take(scan, ']')) {
        Value item;
        if (!take_literal(scan, depth + 1, &item))
            return false;
        array_add(out->list, item);
        if (!take(scan, ','))
            return take(scan, ']');
    }
    return true;
}

static bool take_dict(Scan *scan, int depth, Value *out)
{
    *out = value_dict(scan->arena);
    while (!take(scan, '}')) {
        Str key;
        Value item;
        if (!take_string(scan, &key) || !take(scan, ':') || !take_literal(scan, depth + 1, &item))
            return false;
        dict_put(out->dict, key, item);
        if (!take(scan, ','))
            return take(scan, '}');
    }
    return true;
}

static bool take_literal(Scan *scan, int depth, Value *out)
{
    if (depth > 50)
        return false;
    if (take(scan, '['))
        return take_list(scan, depth, out);
    if (take(scan, '{'))
        return take_dict(scan, depth, out);
    Str text;
    if (take_string(scan, &text)) {
        *out = value_text(text);
        return true;
    }
    Str name = take_name(scan);
    *out = value_bool(str_is(name, "True"));
    return str_is(name, "True") || str_is(name, "False");
}

static Place place_here(const Scan *scan, size_t at)
{
    return place_at(scan->node->file, scan->source, at);
}

/* v=1 or version='1' behind the names of a ref. */
static bool take_version(Scan *scan, Value *out)
{
    Str key = take_name(scan), text;
    if ((!str_is(key, "v") && !str_is(key, "version")) || !take(scan, '='))
        return false;
    if (take_string(scan, &text)) {
        *out = value_text(text);
        return true;
    }
    skip_space(scan);
    size_t from = scan->at;
    while (scan->at < scan->source.len && isdigit((unsigned char)scan->source.at[scan->at]))
        scan->at++;
    int64_t number;
    if (!str_to_int(str_slice(scan->source, from, scan->at), &number))
        return false;
    *out = value_int(number);
    return true;
}

static bool take_ref(Scan *scan, size_t begin)
{
    RefCall ref = {.version = NONE};
    Str first, second;
    if (!take_string(scan, &first))
        return false;
    ref.name = first;
    bool has_comma = take(scan, ',');
    if (has_comma && take_string(scan, &second)) {
        ref.package = first;
        ref.name = second;
        has_comma = take(scan, ',');
    }
    if (has_comma) {
        skip_space(scan);
        if (scan->at < scan->source.len && scan->source.at[scan->at] == 'v') {
            if (!take_version(scan, &ref.version))
                return false;
            take(scan, ',');
        }
    }
    if (!take(scan, ')'))
        return false;
    ref.place = place_here(scan, begin);
    list_add(scan->arena, &scan->found.refs, ref);
    return true;
}

static bool take_source(Scan *scan, size_t begin)
{
    SourceCall call = {0};
    if (!take_string(scan, &call.source) || !take(scan, ',') || !take_string(scan, &call.table))
        return false;
    take(scan, ',');
    if (!take(scan, ')'))
        return false;
    call.place = place_here(scan, begin);
    list_add(scan->arena, &scan->found.sources, call);
    return true;
}

static bool take_config(Scan *scan)
{
    if (!scan->found.calls)
        scan->found.calls = dict_make(scan->arena, 4);
    for (uint32_t count = 0;; count++) {
        if (take(scan, ')'))
            return count > 0;
        Str key = take_name(scan);
        Value value;
        if (!key.len || str_is(key, "pre_hook") || str_is(key, "post_hook") ||
            !take(scan, '=') || !take_literal(scan, 0, &value))
            return false;
        Err ignored = {0};
        bool ok = config_merge_call(scan->arena, scan->found.calls, key, value, &ignored);
        err_drop(&ignored);
        if (!ok)
            return false;
        if (!take(scan, ','))
            return take(scan, ')');
    }
}

/* The inside of {{ ... }}. */
static bool take_expression(Scan *scan)
{
    if (scan->at < scan->source.len && scan->source.at[scan->at] == '-') {
        scan->has_control = true;
        scan->at++;
    }
    skip_space(scan);
    size_t begin = scan->at;
    Str name = take_name(scan);
    if (!take(scan, '('))
        return false;
    bool ok = str_is(name, "ref")      ? take_ref(scan, begin)
              : str_is(name, "source") ? take_source(scan, begin)
              : str_is(name, "config") ? take_config(scan)
                                       : false;
    if (!ok)
        return false;
    skip_space(scan);
    if (scan->at < scan->source.len && scan->source.at[scan->at] == '-') {
        scan->has_control = true;
        scan->at++;
    }
    if (scan->at + 1 >= scan->source.len || scan->source.at[scan->at] != '}' ||
        scan->source.at[scan->at + 1] != '}')
        return false;
    scan->at += 2;
    return true;
}

static bool scan_all(Scan *scan)
{
    for (;;) {
        const char *open = memchr(scan->source.at + scan->at, '{', scan->source.len - scan->at);
        if (!open)
            return !(scan->has_control && scan->found.calls);
        scan->at = (size_t)(open - scan->source.at) + 1;
        char next = scan->at < scan->source.len ? scan->source.at[scan->at] : 0;
        if (next == '%')
            return false;
        if (next == '#') {
            ptrdiff_t end = str_find(str_slice(scan->source, scan->at + 1, scan->source.len),
                                     STR("#}"));
            if (end < 0)
                return false;
            scan->at += (size_t)end + 3;
        } else if (next == '{') {
            scan->at++;
            if (!take_expression(scan))
                return false;
        }
    }
}

bool parse_static(const Loader *loader, Worker *worker, Node *node, Str source, ParseNotes *notes)
{
    if (!loader->can_parse_static)
        return false;
    Scan scan = {.arena = worker->arena, .source = source, .node = node};
    if (!scan_all(&scan))
        return false;
    node->refs.at = scan.found.refs.at;
    node->refs.len = scan.found.refs.len;
    node->refs.cap = scan.found.refs.cap;
    node->sources.at = scan.found.sources.at;
    node->sources.len = scan.found.sources.len;
    node->sources.cap = scan.found.sources.cap;
    notes->calls = scan.found.calls;
    notes->is_static = true;
    return true;
}
