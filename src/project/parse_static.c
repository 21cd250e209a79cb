/* parse_static.c: reading a model without rendering it.
 *
 * Most models hold nothing but {{ ref('a') }}, {{ source('a', 'b') }} and {{ config(key='value') }}
 * with literals. dbt reads those with a grammar of its own before it turns to Jinja, and the result
 * shows in unrendered_config; this is the same grammar: strings, True, False, lists and dicts; no
 * numbers but versions, no hooks, no white space control beside a config.
 */
#include "project/load.h"
#include "project/scan.h"

typedef struct Found {
    List(RefCall) refs;
    List(SourceCall) sources;
    Dict *calls;
} Found;

typedef struct Reading {
    Arena *arena;
    const Node *node;
    Scan scan;
    Found found;
    bool has_control;   /* {{- or -}} */
} Reading;

static bool take_literal(Reading *reading, int depth, Value *out);

static bool take_list(Reading *reading, int depth, Value *out)
{
    Scan *scan = &reading->scan;
    *out = value_list(reading->arena);
    while (!scan_char(scan, ']')) {
        Value item;
        if (!take_literal(reading, depth + 1, &item))
            return false;
        array_add(out->list, item);
        if (!scan_char(scan, ','))
            return scan_char(scan, ']');
    }
    return true;
}

static bool take_dict(Reading *reading, int depth, Value *out)
{
    Scan *scan = &reading->scan;
    *out = value_dict(reading->arena);
    while (!scan_char(scan, '}')) {
        Str key;
        Value item;
        if (!scan_string(scan, &key) || !scan_char(scan, ':') ||
            !take_literal(reading, depth + 1, &item))
            return false;
        dict_put(out->dict, key, item);
        if (!scan_char(scan, ','))
            return scan_char(scan, '}');
    }
    return true;
}

static bool take_literal(Reading *reading, int depth, Value *out)
{
    Scan *scan = &reading->scan;
    if (depth > 50)
        return false;
    if (scan_char(scan, '['))
        return take_list(reading, depth, out);
    if (scan_char(scan, '{'))
        return take_dict(reading, depth, out);
    Str text;
    if (scan_string(scan, &text)) {
        *out = value_text(text);
        return true;
    }
    Str name = scan_name(scan);
    *out = value_bool(str_is(name, "True"));
    return str_is(name, "True") || str_is(name, "False");
}

static Place place_here(const Reading *reading, size_t at)
{
    return place_at(reading->node->file, reading->scan.source, at);
}

static bool take_ref(Reading *reading, size_t begin)
{
    Scan *scan = &reading->scan;
    RefCall ref = {.version = NONE};
    Str first, second;
    if (!scan_string(scan, &first))
        return false;
    ref.name = first;
    bool has_comma = scan_char(scan, ',');
    if (has_comma && scan_string(scan, &second)) {
        ref.package = first;
        ref.name = second;
        has_comma = scan_char(scan, ',');
    }
    if (has_comma) {
        scan_blanks(scan);
        if (scan->at < scan->source.len && scan->source.at[scan->at] == 'v') {
            if (!scan_version(scan, &ref.version))
                return false;
            scan_char(scan, ',');
        }
    }
    if (!scan_char(scan, ')'))
        return false;
    ref.place = place_here(reading, begin);
    list_add(reading->arena, &reading->found.refs, ref);
    return true;
}

static bool take_source(Reading *reading, size_t begin)
{
    Scan *scan = &reading->scan;
    SourceCall call = {0};
    if (!scan_string(scan, &call.source) || !scan_char(scan, ',') ||
        !scan_string(scan, &call.table))
        return false;
    scan_char(scan, ',');
    if (!scan_char(scan, ')'))
        return false;
    call.place = place_here(reading, begin);
    for (uint32_t i = 0; i < reading->found.sources.len; i++) {
        const SourceCall *known = &reading->found.sources.at[i];
        if (str_eq(known->source, call.source) && str_eq(known->table, call.table))
            return true; /* dbt's static parser keeps a set of them */
    }
    list_add(reading->arena, &reading->found.sources, call);
    return true;
}

static bool take_config(Reading *reading)
{
    Scan *scan = &reading->scan;
    if (!reading->found.calls)
        reading->found.calls = dict_make(reading->arena, 4);
    for (uint32_t count = 0;; count++) {
        if (scan_char(scan, ')'))
            return count > 0;
        Str key = scan_name(scan);
        Value value;
        if (!key.len || str_is(key, "pre_hook") || str_is(key, "post_hook") ||
            !scan_char(scan, '=') || !take_literal(reading, 0, &value))
            return false;
        Err ignored = {0};
        bool ok = config_merge_call(reading->arena, reading->found.calls, key, value, &ignored);
        err_drop(&ignored);
        if (!ok)
            return false;
        if (!scan_char(scan, ','))
            return scan_char(scan, ')');
    }
}

/* The inside of {{ ... }}. */
static bool take_expression(Reading *reading)
{
    Scan *scan = &reading->scan;
    if (scan->at < scan->source.len && scan->source.at[scan->at] == '-') {
        reading->has_control = true;
        scan->at++;
    }
    scan_blanks(scan);
    size_t begin = scan->at;
    Str name = scan_name(scan);
    if (!scan_char(scan, '('))
        return false;
    bool ok = str_is(name, "ref")      ? take_ref(reading, begin)
              : str_is(name, "source") ? take_source(reading, begin)
              : str_is(name, "config") ? take_config(reading)
                                       : false;
    if (!ok)
        return false;
    scan_blanks(scan);
    if (scan->at < scan->source.len && scan->source.at[scan->at] == '-') {
        reading->has_control = true;
        scan->at++;
    }
    if (scan->at + 1 >= scan->source.len || scan->source.at[scan->at] != '}' ||
        scan->source.at[scan->at + 1] != '}')
        return false;
    scan->at += 2;
    return true;
}

static bool scan_all(Reading *reading)
{
    Scan *scan = &reading->scan;
    for (;;) {
        const char *open = memchr(scan->source.at + scan->at, '{', scan->source.len - scan->at);
        if (!open)
            return !(reading->has_control && reading->found.calls);
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
            if (!take_expression(reading))
                return false;
        }
    }
}

bool parse_static(const Loader *loader, Worker *worker, Node *node, Str source, ParseNotes *notes)
{
    if (!loader->can_parse_static)
        return false;
    Reading reading = {.arena = worker->arena, .node = node, .scan = {source, 0}};
    if (!scan_all(&reading))
        return false;
    node->refs.at = reading.found.refs.at;
    node->refs.len = reading.found.refs.len;
    node->refs.cap = reading.found.refs.cap;
    node->sources.at = reading.found.sources.at;
    node->sources.len = reading.found.sources.len;
    node->sources.cap = reading.found.sources.cap;
    notes->calls = reading.found.calls;
    notes->is_static = true;
    return true;
}
