/* pager.c: which page comes next: reads `paginator`. */
#include "ingest/api.h"

static Str text_at(Value v, const char *key, const char *otherwise)
{
    return value_get_text(v, key, str_of(otherwise));
}

static int64_t int_at(Value v, const char *key, int64_t otherwise)
{
    Value found = value_get(v, key);
    return found.kind == VALUE_INT ? found.number : otherwise;
}

/* The words of declare.def in the order of PagerKind. */
static PagerKind kind_of(Str word)
{
    static const char *const words[] = {"single_page", "offset", "page_number", "cursor",
        "json_link",
                                        "header_link"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return (PagerKind)i;
    return PAGER_AUTO;
}

/* `paginator` of the endpoint, the resource or the connection. */
static bool find_setting(Load *load, Value *out, Err *err)
{
    Value endpoint = load_setting_raw(load, "endpoint");
    Value own = value_get(endpoint, "paginator");
    if (!value_is_undefined(own))
        return load_render(load, own, out, err);
    TRY(load_setting(load, "paginator", out, err));
    if (value_is_undefined(*out))
        *out = value_get(load->line->config, "paginator");
    return true;
}

bool pager_read(Load *load, bool has_templates, Pager *out, Err *err)
{
    Value v;
    TRY(find_setting(load, &v, err));
    Str word = v.kind == VALUE_TEXT ? value_str(v) : text_at(v, "type", "auto");
    *out = (Pager){.kind = kind_of(word),
                   .limit = int_at(v, "limit", 100),
                   .most = -1,
                   .total_path = text_at(v, "total_path", ""),
                   .cursor_path = text_at(v, "cursor_path", "cursors.next"),
                   .next_path = text_at(v, "next_url_path", "next"),
                   .more_path = text_at(v, "has_more_path", ""),
                   .link_name = text_at(v, "links_next_key", "next"),
                   .cursor_param = text_at(v, "cursor_param", "cursor")};
    Value stops = value_get(v, "stop_after_empty_page");
    out->stops_at_empty = value_is_undefined(stops) || value_truth(stops);
    bool has_limit = !value_is_undefined(value_get(v, "limit"));
    switch (out->kind) {
    case PAGER_OFFSET:
        out->start = int_at(v, "offset", 0);
        out->most = int_at(v, "maximum_offset", -1);
        out->offset_param = has_templates ? STR("") : text_at(v, "offset_param", "offset");
        out->limit_param = has_templates ? STR("") : text_at(v, "limit_param", "limit");
        break;
    case PAGER_NUMBER:
        out->start = int_at(v, "base_page", 0);
        out->most = int_at(v, "maximum_page", -1);
        out->page_param = has_templates ? STR("") : text_at(v, "page_param", "page");
        if (!has_templates && has_limit)
            out->limit_param = text_at(v, "limit_param", "limit");
        break;
    case PAGER_CURSOR:
        if (!has_templates && has_limit)
            out->limit_param = text_at(v, "limit_param", "limit");
        break;
    default: break;
    }
    if (out->limit <= 0)
        return load_fail(load, "paginator", err, "`limit` must be above 0");
    bool never_ends = (out->kind == PAGER_OFFSET || out->kind == PAGER_NUMBER) &&
                      !out->stops_at_empty && !out->total_path.len && out->most < 0 &&
                      !out->more_path.len;
    if (never_ends)
        return load_fail(load, "paginator", err,
                         "these pages never end: give `total_path`, `has_more_path` or a "
                         "maximum, or let "
                         "`stop_after_empty_page` be true");
    return true;
}
