/* api.c: a load from an HTTP API: pages asked for ahead, taken in order, landed, loaded.
 *
 *   Walk (endpoint, or one a parent row) -> pages in flight, oldest first -> records -> landing
 * -> table
 *
 * Pages whose place is known before (offset, page number) are asked for side by side, as many as
 * the connection's concurrency lets; those that the server names (cursor, links) one after the
 * other, of several walks at once.
 */
#include <ctype.h>

#include "base/hash.h"
#include "base/json.h"
#include "ingest/api.h"

enum { MOST_REPEATS = 3, MOST_PAGES = 64 };

/* ---- reading the declaration ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Does the endpoint place its page by {{ page... }} itself? */
static bool names_page(Value endpoint)
{
    AUTO(text) Text text = {0};
    value_print(endpoint, &text);
    Str rest = text_str(&text), word = STR("page");
    for (ptrdiff_t open = str_find(rest, STR("{")); open >= 0; open = str_find(rest, STR("{"))) {
        rest = str_slice(rest, (size_t)open + 1, rest.len);
        if (!rest.len || (rest.at[0] != '{' && rest.at[0] != '%'))
            continue;
        ptrdiff_t close = str_find(rest, rest.at[0] == '{' ? STR("}}") : STR("%}"));
        Str inside = str_slice(rest, 0, close < 0 ? rest.len : (size_t)close);
        for (ptrdiff_t at; (at = str_find(inside, word)) >= 0;) {
            size_t end = (size_t)at + word.len;
            bool begins = at == 0 || !is_word(inside.at[at - 1]);
            if (begins && end < inside.len && (inside.at[end] == '.' || inside.at[end] == '['))
                return true;
            inside = str_slice(inside, end, inside.len);
        }
    }
    return false;
}

/* A text of the endpoint that is the same for all pages; at NULL: not there. */
static bool endpoint_text(Load *load, Value raw, const char *key, Str *out, Err *err)
{
    Value found = value_get(raw, key);
    *out = STR_NONE;
    return value_is_undefined(found) || value_is_none(found) ||
           load_render_text(load, found, out, err);
}

/* `param` and `end_param` of the cursor. */
static bool read_params(Api *api, Err *err)
{
    Value cursor;
    TRY(load_setting(api->load, "cursor", &cursor, err));
    api->param = value_get_text(cursor, "param", STR_NONE);
    api->end_param = value_get_text(cursor, "end_param", STR_NONE);
    return true;
}

static bool read_format(Api *api, Value raw, Err *err)
{
    static const struct {
        const char *word;
        RecordFormat format;
    } formats[] = {{"auto", FORMAT_AUTO}, {"json", FORMAT_JSON}, {"jsonl", FORMAT_JSONL},
                   {"csv", FORMAT_CSV}, {"xml", FORMAT_XML}};
    Str word;
    TRY(endpoint_text(api->load, raw, "format", &word, err));
    if (!word.at)
        TRY(load_setting_text(api->load, "format", STR("auto"), &word, err));
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (str_is(word, formats[i].word)) {
            api->format = formats[i].format;
            return true;
        }
    return load_fail(api->load, "endpoint", err, "an API's answer has no format '" STR_FMT
                     "': it is one of json, jsonl, csv, xml", STR_ARG(word));
}

static bool read_endpoint(Api *api, Err *err)
{
    Load *load = api->load;
    Value raw = load_setting_raw(load, "endpoint"), include;
    api->path = raw.kind == VALUE_TEXT ? raw : value_get(raw, "path");
    api->params = value_get(raw, "params");
    api->headers = value_get(raw, "headers");
    api->body = value_get(raw, "body");
    api->json = value_get(raw, "json");
    api->endpoint = raw;
    bool has_body = !value_is_undefined(api->body) || !value_is_undefined(api->json);
    TRY(endpoint_text(load, raw, "method", &api->method, err));
    api->method = api->method.len ? str_upper(load->arena, api->method)
                  : has_body      ? STR("POST")
                                  : STR("GET");
    TRY(endpoint_text(load, raw, "data_selector", &api->selector, err));
    if (!api->selector.at)
        TRY(load_setting_text(load, "data_selector", STR(""), &api->selector, err));
    TRY(load_setting(load, "include_from_parent", &include, err));
    api->include = include;
    if (include.kind == VALUE_LIST && !load->declared->parent)
        return load_fail(load, "include_from_parent", err,
                         "`include_from_parent` needs a `parent`: the resource whose rows are "
                         "asked about");
    TRY(read_format(api, raw, err));
    TRY(read_params(api, err));
    TRY(pager_read(load, names_page(raw), &api->pager, err));
    Value many = value_get(load->line->config, "concurrency"), own;
    TRY(load_setting(load, "concurrency", &own, err));
    if (own.kind == VALUE_INT)
        many = own;
    api->concurrency = many.kind == VALUE_INT && many.number > 0 ? (unsigned)many.number : 8;
    if (api->concurrency > MOST_PAGES)
        api->concurrency = MOST_PAGES;
    return true;
}

/* ---- records ---- */

typedef struct Taking {
    Api *api;
    Walk *walk;
    Page *page;
} Taking;

/* The cursor value of a record as text; at NULL: absent or null. */
static Str cursor_text(Str record, Str field, Arena *arena, Err *err)
{
    Str raw = record_find(record, field);
    Value value;
    if (!raw.at || str_is(raw, "null"))
        return STR_NONE;
    if (raw.at[0] != '"')
        return raw;
    if (!record_value(arena, record, field, &value, err))
        return STR_NONE;
    return value_str(value);
}

static bool note_cursor(Api *api, Str value, Err *err)
{
    const Load *load = api->load;
    int order = api->has_reached ? cursor_compare(value, text_str(&api->reached)) : 1;
    if (order < 0 && load->window.is_sorted)
        return load_fail(load, "cursor", err,
                         "a record with " STR_FMT " = " STR_FMT " came after one with " STR_FMT
                         ": the rows are not in the order that `row_order: asc` promises",
                         STR_ARG(load->window.field), STR_ARG(value),
                         STR_ARG(text_str(&api->reached)));
    if (order > 0) {
        text_clear(&api->reached);
        text_add(&api->reached, value);
        api->has_reached = true;
    }
    return true;
}

static bool check_cursor(Taking *taking, Str record, bool *is_outside, Err *err)
{
    Api *api = taking->api;
    Load *load = api->load;
    const Window *window = &load->window;
    *is_outside = false;
    if (!window->is_on)
        return true;
    Str value = cursor_text(record, window->field, &taking->page->arena, err);
    if (!value.at) {
        if (err->kind != ERR_NONE)
            return false;
        *is_outside = !window->takes_nulls && !window->fails_on_nulls;
        api->without += !record_find(record, window->field).at;
        if (api->without == 1 && !api->example.len)
            text_add(&api->example, str_slice(record, 0, 200));
        return !window->fails_on_nulls ||
               load_fail(load, "cursor", err,
                         "a record has no value for the cursor '" STR_FMT "': " STR_FMT
                         "\nsay `nulls: include` or `exclude` in `cursor`, or name another field",
                         STR_ARG(window->field), STR_ARG(str_slice(record, 0, 200)));
    }
    *is_outside = (window->to.at && cursor_compare(value, window->to) >= 0) ||
                  (window->from.at && cursor_compare(value, window->from) < 0);
    return *is_outside || note_cursor(api, value, err);
}

/* {"id": 1} and the parent's fields: {"id": 1, "_user_id": 7}. */
static bool add_parent_fields(Taking *taking, Str *record, Err *err)
{
    const Api *api = taking->api;
    if (api->include.kind != VALUE_LIST)
        return true;
    Str parent = api->load->declared->parent->name;
    AUTO(text) Text made = {0};
    bool is_object = record->len > 1 && record->at[0] == '{';
    if (is_object)
        text_add(&made, str_slice(*record, 0, record->len - 1));
    else
        text_print(&made, "{\"value\":" STR_FMT, STR_ARG(*record));
    bool is_empty = is_object && record->len == 2;
    for (uint32_t i = 0; i < api->include.list->len; i++) {
        Str field = value_str(api->include.list->at[i]);
        Value value = value_get_str(taking->walk->parent, field);
        if (value_is_undefined(value))
            return load_fail(api->load, "include_from_parent", err,
                             "the parent '" STR_FMT "' has no field '" STR_FMT "'", STR_ARG(parent),
                             STR_ARG(field));
        text_print(&made, "%s\"_" STR_FMT "_" STR_FMT "\":", is_empty ? "" : ",", STR_ARG(parent),
                   STR_ARG(field));
        json_print(value, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &made);
        is_empty = false;
    }
    text_add_char(&made, '}');
    *record = text_copy(&taking->page->arena, &made);
    return true;
}

static bool take_record(void *context, Str record, Err *err)
{
    Taking *taking = context;
    Api *api = taking->api;
    bool is_outside;
    TRY(check_cursor(taking, record, &is_outside, err));
    if (is_outside) {
        api->dropped++;
        return true;
    }
    TRY(add_parent_fields(taking, &record, err));
    if (record.len && record.at[0] != '{')
        record = str_print(&taking->page->arena, "{\"value\":" STR_FMT "}", STR_ARG(record));
    return landing_add(api->landing, record, err);
}

/* ---- where the next page is ---- */

static const char *const link_paths[] = {"next", "links.next", "_links.next.href", "paging.next",
                                         "pagination.next_url", "meta.next", "next_url"};
/* What else tells that an answer is not all: a flag, a cursor, a number of rows. */
static const char *const hint_paths[] = {"has_more", "next_cursor", "total"};

/* The scalars that splitting keeps for the pager, and where each stands among them (-1:
 * nowhere). */
typedef struct Wanted {
    Str paths[16];
    uint32_t count;
    int total, more, next, links, hints;
} Wanted;

static int want(Wanted *wanted, Str path)
{
    if (!path.len)
        return -1;
    wanted->paths[wanted->count] = path;
    return (int)wanted->count++;
}

/* A record a line has nothing around it: what rows call "next" or "total" is not the pager's. */
static Wanted wanted_of(const Pager *pager, RecordFormat format)
{
    Wanted wanted = {.next = -1, .links = -1, .hints = -1};
    bool guesses = pager->kind == PAGER_AUTO && format != FORMAT_JSONL;
    wanted.total = want(&wanted, pager->total_path);
    wanted.more = want(&wanted, pager->more_path);
    if (pager->kind == PAGER_CURSOR)
        wanted.next = want(&wanted, pager->cursor_path);
    else if (pager->kind == PAGER_JSON_LINK)
        wanted.next = want(&wanted, pager->next_path);
    for (size_t i = 0; guesses && i < COUNT_OF(link_paths); i++) {
        int at = want(&wanted, str_of(link_paths[i]));
        wanted.links = i ? wanted.links : at;
    }
    for (size_t i = 0; guesses && i < COUNT_OF(hint_paths); i++) {
        int at = want(&wanted, str_of(hint_paths[i]));
        wanted.hints = i ? wanted.hints : at;
    }
    return wanted;
}

static Value found_at(const Splitter *splitter, int at)
{
    return splitter && at >= 0 ? splitter_wanted(splitter, (uint32_t)at) : UNDEFINED;
}

/* The URL of a Link header's relation (RFC 8288), or STR_NONE. */
static Str link_of(Str header, Str name)
{
    while (header.len) {
        ptrdiff_t open = str_find_char(header, '<'), close = str_find_char(header, '>');
        if (open < 0 || close < open)
            break;
        Str url = str_slice(header, (size_t)open + 1, (size_t)close);
        header = str_slice(header, (size_t)close + 1, header.len);
        ptrdiff_t next = str_find_char(header, '<');
        Str rest = next < 0 ? header : str_slice(header, 0, (size_t)next);
        Arena scratch = {0};
        bool fits = str_find(rest, str_print(&scratch, "rel=\"" STR_FMT "\"",
                                             STR_ARG(name))) >= 0 ||
                    str_find(rest, str_print(&scratch, "rel=" STR_FMT, STR_ARG(name))) >= 0;
        arena_drop(&scratch);
        if (fits)
            return url;
    }
    return STR_NONE;
}

static Str value_as_text(Arena *arena, Value v)
{
    if (value_is_undefined(v) || value_is_none(v) || (v.kind == VALUE_BOOL && !v.is_true))
        return STR_NONE;
    AUTO(text) Text text = {0};
    value_print(v, &text);
    return text.len ? text_copy(arena, &text) : STR_NONE;
}

static bool follow(Walk *walk, const Page *page, Str link, Err *err)
{
    if (!link.at) {
        walk->is_exhausted = true;
        return true;
    }
    Str url = url_resolve(&walk->arena, page->url, link);
    if (str_eq(url, page->url))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the next page of " STR_FMT " is that page itself",
                       STR_ARG(url_shown(&walk->arena, url)));
    walk->next_url = url;
    return true;
}

/* An unnamed paginator: what the first answer shows decides. Gives the link of a JSON_LINK. */
static Value guess(Walk *walk, const Splitter *splitter, const Wanted *wanted,
                   const Response *response)
{
    Pager *pager = &walk->pager;
    pager->kind = PAGER_SINGLE;
    if (link_of(response_header(response, "link"), STR("next")).at)
        pager->kind = PAGER_HEADER_LINK;
    uint32_t count = wanted->links < 0 ? 0 : COUNT_OF(link_paths);
    for (uint32_t i = 0; i < count && pager->kind == PAGER_SINGLE; i++) {
        Value link = found_at(splitter, wanted->links + (int)i);
        if (str_starts(value_str(link), STR("http")) || str_starts(value_str(link), STR("/"))) {
            pager->kind = PAGER_JSON_LINK;
            pager->next_path = str_of(link_paths[i]);
            return link;
        }
    }
    return UNDEFINED;
}

/* The rows of a CSV page, about: lines less the header. */
static int64_t csv_rows(const Page *page)
{
    Str text = str_trim(text_str(&page->answer));
    int64_t lines = page->has_spill;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines;
}

/* Does one of the hints tell that there are more records? */
static bool tells_more(size_t hint, Value v, uint64_t count)
{
    enum { HAS_MORE, NEXT_CURSOR, TOTAL };
    if (v.kind == VALUE_BOOL)
        return hint == HAS_MORE && v.is_true;
    if (v.kind == VALUE_TEXT)
        return hint == NEXT_CURSOR && value_str(v).len;
    if (v.kind != VALUE_INT)
        return false;
    return hint == NEXT_CURSOR || (hint == TOTAL && count > 1 && v.number > (int64_t)count);
}

/* An answer without links that says itself that it is not all: rows would be lost in silence. */
static bool refuse_part(Walk *walk, const Splitter *splitter, const Wanted *wanted, Err *err)
{
    uint64_t count = splitter_count(splitter);
    for (size_t i = 0; i < COUNT_OF(hint_paths); i++) {
        Value hint = found_at(splitter, wanted->hints + (int)i);
        if (!tells_more(i, hint, count))
            continue;
        AUTO(text) Text shown = {0};
        value_print(hint, &shown);
        return load_fail(walk->api->load, "endpoint", err,
                         "the answer holds %llu records and says `%s: " STR_FMT
                         "`, but no paginator is declared and none was found: name one, or say "
                         "`paginator: single_page` if this is all",
                         (unsigned long long)count, hint_paths[i], STR_ARG(text_str(&shown)));
    }
    return true;
}

static bool note_order(Walk *walk, const Page *page, int64_t count, Err *err)
{
    const Pager *pager = &walk->pager;
    if (pager->kind != PAGER_OFFSET)
        return true;
    if (count && walk->short_count)
        return load_fail(walk->api->load, "paginator", err,
                         "a page of %lld rows was followed by another at offset %lld: the server "
                         "gives "
                         "fewer rows a page than the %lld asked for, so rows between would be "
                         "lost. "
                         "Set `limit` to what it gives", (long long)walk->short_count,
                         (long long)page->at, (long long)pager->limit);
    if (count && count < pager->limit)
        walk->short_count = count;
    return true;
}

/* What the answer says of the number of rows (of pages, where these are numbered). A total that
 * lies below what has come already tells nothing. */
static void note_total(Walk *walk, const Page *page, Value total, int64_t count)
{
    const Pager *pager = &walk->pager;
    int64_t number = -1;
    if (total.kind == VALUE_INT)
        number = total.number;
    else if (total.kind == VALUE_TEXT && !str_to_int(value_str(total), &number))
        number = -1;
    if (number < 0)
        return;
    if (pager->kind == PAGER_OFFSET && page->at - pager->start + count > number)
        walk->doubts_total = true;
    walk->total = walk->doubts_total ? -1 : number;
}

/* After a page: is there another, and where? */
static bool step(Walk *walk, Page *page, const Splitter *splitter, const Wanted *wanted,
                 const Response *response, Err *err)
{
    Pager *pager = &walk->pager;
    int64_t count = splitter ? (int64_t)splitter_count(splitter) : csv_rows(page);
    Value total = found_at(splitter, wanted->total), more = found_at(splitter, wanted->more);
    Value next = found_at(splitter, wanted->next);
    note_total(walk, page, total, count);
    TRY(note_order(walk, page, count, err));
    if (pager->kind == PAGER_AUTO && splitter)
        next = guess(walk, splitter, wanted, response);
    if (wanted->hints >= 0 && pager->kind == PAGER_SINGLE && splitter)
        TRY(refuse_part(walk, splitter, wanted, err));
    if (value_is_bool(more) && !more.is_true)
        walk->is_exhausted = true;
    switch (pager->kind) {
    case PAGER_OFFSET:
    case PAGER_NUMBER:
        if (!count && pager->stops_at_empty)
            walk->is_exhausted = true;
        return true;
    case PAGER_CURSOR: {
        Str token = value_as_text(&walk->arena, next);
        if (token.at && page->token.at && str_eq(token, page->token))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "the server names the same next page again (" STR_FMT
                           "): it would never end",
                           STR_ARG(str_slice(token, 0, 40)));
        walk->next_token = token;
        walk->is_exhausted = walk->is_exhausted || !token.at;
        return true;
    }
    case PAGER_JSON_LINK: return follow(walk, page, value_as_text(&walk->arena, next), err);
    case PAGER_HEADER_LINK:
        return follow(walk, page, link_of(response_header(response, "link"), pager->link_name),
                      err);
    default: walk->is_exhausted = true; return true;
    }
}

/* ---- one page ---- */

static bool feed_splitter(void *context, Str piece, Err *err)
{
    return splitter_feed(context, piece, err);
}

static bool feed_hash(void *context, Str piece, Err *err)
{
    (void)err;
    uint64_t *hash = context;
    *hash = hash64(piece, *hash);
    return true;
}

static bool feed_raw(void *context, Str piece, Err *err)
{
    return !piece.len || landing_add_bytes(context, piece, err);
}

/* Bronze that is down is no source that is down: nothing excuses it. */
static bool bronze_failed(Err *err)
{
    if (err->kind == ERR_UNAVAILABLE)
        err->kind = ERR_IO;
    return false;
}

static bool end_file(Api *api, Err *err)
{
    return landing_next(api->landing, err) || bronze_failed(err);
}

static RecordFormat format_of(const Api *api, const Response *response)
{
    if (api->format != FORMAT_AUTO)
        return api->format;
    return format_of_content_type(response_header(response, "content-type"));
}

static bool count_record(void *context, Str record, Err *err)
{
    (void)context;
    (void)record;
    (void)err;
    return true;
}

/* The rows of an answer that is held in memory; 0 also where it cannot be read. */
static uint64_t count_rows(const Api *api, Page *page, const Response *response)
{
    RecordFormat format = format_of(api, response);
    if (format == FORMAT_CSV)
        return (uint64_t)csv_rows(page);
    SplitOptions options = {.format = format, .path = api->selector, .name = page->url,
                            .on_record = count_record};
    Splitter *splitter;
    Err quiet = {0};
    bool ok = splitter_make(&page->arena, &options, &splitter, &quiet) &&
              splitter_feed(splitter, text_str(&page->answer), &quiet) &&
              splitter_end(splitter, &quiet);
    err_drop(&quiet);
    return ok ? splitter_count(splitter) : 0;
}

/* A page that equals the one before is asked for again: a repeated page hides the one in its
 * place. */
static bool refuse_repeat(Walk *walk, Page *page, Response *response, Err *err)
{
    PagerKind kind = walk->pager.kind;
    if (kind == PAGER_SINGLE || page->has_spill || !page->answer.len)
        return true;
    for (int repeat = 0;; repeat++) {
        uint64_t hash = 1;
        TRY(feed_hash(&hash, text_str(&page->answer), err));
        bool is_same = hash == walk->last_hash;
        walk->last_hash = hash;
        if (!is_same || page->has_spill || !count_rows(walk->api, page, response))
            return true;
        if (repeat == MOST_REPEATS)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "%s " STR_FMT " gave the same rows as the page before it, %d times: "
                                         "does the "
                           "server heed the parameters of the paginator?",
                           str_c(&page->arena, walk->api->method),
                           STR_ARG(url_shown(&page->arena, page->url)), repeat + 1);
        page_resend(page);
        TRY(load_wait(walk->api->load, page->call, &page->arena, response, err));
        walk->api->load->requests += response->tries;
    }
}

static bool is_blank(const Page *page)
{
    return !page->has_spill && str_trim(text_str(&page->answer)).len == 0;
}

static bool is_web_page(const Response *response)
{
    return str_starts(response_header(response, "content-type"), STR("text/html"));
}

static bool take_page(Walk *walk, Page *page, Response *response, Err *err)
{
    Api *api = walk->api;
    TRY(refuse_repeat(walk, page, response, err));
    walk->taken += walk->taken < MOST_PAGES;
    if (page->has_failed) {
        err_move(err, &page->failure);
        return false;
    }
    RecordFormat format = format_of(api, response);
    if (format == FORMAT_CSV && api->load->window.is_on)
        return load_fail(api->load, "cursor", err,
                         "the answer is CSV, which is loaded as it comes: a cursor needs JSON, "
                         "JSONL or XML");
    if (is_blank(page)) { /* 204 and its like: no records */
        walk->is_exhausted = true;
        return true;
    }
    if (api->format == FORMAT_AUTO && is_web_page(response))
        return load_fail(api->load, "endpoint", err,
                         "the answer is a web page (text/html), no JSON: " STR_FMT
                         "\nis it a login page? if it is meant, say `format`",
                         STR_ARG(url_shown(&page->arena, page->url)));
    if (format == FORMAT_CSV) {
        api->is_csv = true;
        TRY(page_each(page, feed_raw, api->landing, err));
        TRY(end_file(api, err));
        Wanted none = wanted_of(&(Pager){.kind = PAGER_SINGLE, .total_path = STR(""),
                                         .more_path = STR("")}, format);
        return step(walk, page, NULL, &none, response, err);
    }
    Wanted wanted = wanted_of(&walk->pager, format);
    Taking taking = {api, walk, page};
    SplitOptions options = {.format = format, .path = api->selector,
                            .name = url_shown(&page->arena, page->url), .wanted = wanted.paths,
                                .wanted_count = wanted.count,
                            .on_record = take_record, .context = &taking};
    Splitter *splitter;
    TRY(splitter_make(&page->arena, &options, &splitter, err));
    TRY(page_each(page, feed_splitter, splitter, err));
    TRY(splitter_end(splitter, err));
    return step(walk, page, splitter, &wanted, response, err);
}

/* ---- walks ---- */

static bool is_ahead(const Pager *pager)
{
    return pager->kind == PAGER_OFFSET || pager->kind == PAGER_NUMBER;
}

/* The pages in flight, oldest first, and the walks that are not done. */
typedef struct Flight {
    Page pages[MOST_PAGES];
    uint32_t first, count;
    Walk *walks[MOST_PAGES];
    uint32_t walk_count;
    /* to be used again */
    Walk *done;
    Parents *parents;
    bool has_more_parents;
} Flight;

static Walk *walk_make(Api *api, Flight *flight)
{
    Walk *walk = flight->done;
    if (walk)
        flight->done = walk->next;
    else
        walk = NEW(api->load->arena, Walk);
    *walk = (Walk){.api = api, .parent = UNDEFINED, .pager = api->pager, .total = -1,
                   .next_at = api->pager.start};
    return walk;
}

static void walk_drop(Flight *flight, Walk *walk)
{
    arena_drop(&walk->arena);
    walk->next = flight->done;
    flight->done = walk;
}

/* How many pages of a walk may be under way: one, then twice as many as have come, so that a
 * table of one page costs no eight requests; behind a page that was not full one, to see that it
 * was the last. */
static uint32_t pages_ahead(const Walk *walk)
{
    const Pager *pager = &walk->pager;
    if (!is_ahead(pager))
        return 1;
    if (walk->total >= 0)
        return MOST_PAGES;
    if (pager->total_path.len || pager->more_path.len || walk->short_count)
        return 1;
    return walk->taken ? 2 * walk->taken : 1;
}

/* May the walk ask for another page now? */
static bool may_ask(const Walk *walk)
{
    const Pager *pager = &walk->pager;
    if (walk->is_exhausted || walk->in_flight >= pages_ahead(walk))
        return false;
    if (!is_ahead(pager))
        return true;
    bool is_beyond = walk->total >= 0 && walk->next_at - pager->start >= walk->total;
    return !is_beyond && (pager->most < 0 || walk->next_at < pager->most);
}

static bool ask(Walk *walk, Page *page, Err *err)
{
    TRY(page_send(walk, page, err));
    walk->next_at += walk->pager.kind == PAGER_OFFSET ? walk->pager.limit : 1;
    return true;
}

static bool next_walk(Api *api, Flight *flight, Err *err)
{
    Walk *walk = walk_make(api, flight);
    if (flight->parents) {
        bool has;
        if (!parents_next(flight->parents, &walk->arena, &walk->parent, &has, err)) {
            walk_drop(flight, walk);
            return false;
        }
        flight->has_more_parents = has;
        if (!has) {
            walk_drop(flight, walk);
            return true;
        }
    } else {
        flight->has_more_parents = false;
    }
    flight->walks[flight->walk_count++] = walk;
    return true;
}

static void forget_done(Flight *flight)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < flight->walk_count; i++) {
        Walk *walk = flight->walks[i];
        if (walk->in_flight || may_ask(walk))
            flight->walks[kept++] = walk;
        else
            walk_drop(flight, walk);
    }
    flight->walk_count = kept;
}

/* Fills the sky: as many pages as the concurrency lets, round the walks. */
static bool fill(Api *api, Flight *flight, Err *err)
{
    bool has_asked = true;
    while (flight->count < api->concurrency && has_asked) {
        has_asked = false;
        for (uint32_t i = 0; i < flight->walk_count && flight->count < api->concurrency; i++) {
            Walk *walk = flight->walks[i];
            if (!may_ask(walk))
                continue;
            Page *page = &flight->pages[(flight->first + flight->count) % MOST_PAGES];
            TRY(ask(walk, page, err));
            flight->count++;
            has_asked = true;
        }
        if (!has_asked && flight->has_more_parents && flight->walk_count < MOST_PAGES) {
            TRY(next_walk(api, flight, err));
            has_asked = true;
        }
    }
    return true;
}

/* What the rows that were landed leave in _weir_state. */
static Value cursor_of(Api *api)
{
    Load *load = api->load;
    Str reached = text_str(&api->reached);
    Value cursor = window_cursor(load, api->has_reached ? value_text(str_copy(load->arena, reached))
                                                        : NONE);
    if (!api->parents_until.at)
        return cursor;
    Value former = load->window.committed, made = value_dict(load->arena);
    if (value_is_none(cursor))
        cursor = former;
    for (size_t i = 0; i < 2; i++) {
        Str key = i ? STR("field") : STR("value");
        Value found = cursor.kind == VALUE_DICT ? value_get_str(cursor, key) : UNDEFINED;
        if (!value_is_undefined(found))
            dict_put(made.dict, key, found);
    }
    dict_put(made.dict, STR("parents_until"), value_text(api->parents_until));
    return made;
}

static bool commit_batch(Api *api, Err *err)
{
    Load *load = api->load;
    TRY(end_file(api, err));
    bool may_commit = load->window.is_sorted && !load->declared->parent && !api->is_csv &&
                      (load->spec.disposition == WRITE_APPEND ||
                       load->spec.disposition == WRITE_MERGE);
    if (!may_commit)
        return true;
    Value cursor = cursor_of(api);
    TRY(landing_complete(api->landing, cursor, err));
    TRY(load_landed(load, api->landing, INPUT_JSONL, cursor, err));
    return landing_loaded(api->landing, err);
}

/* A page that was asked for ahead and lies behind the end: rows in it mean that the end was
 * none. */
static bool check_beyond(Walk *walk, Page *page, const Response *response, Err *err)
{
    Api *api = walk->api;
    if (walk->total >= 0 || !walk->pager.stops_at_empty || is_blank(page) || page->has_spill)
        return true;
    uint64_t count = count_rows(api, page, response);
    return !count || load_fail(api->load, "paginator", err,
                     "a page was empty, but the one after it (at %lld) has %llu rows: the server "
                     "left out "
                     "what lies between", (long long)page->at, (unsigned long long)count);
}

/* Takes the oldest page. */
static bool land_one(Api *api, Flight *flight, Err *err)
{
    Page *page = &flight->pages[flight->first];
    Walk *walk = page->walk;
    Load *load = api->load;
    Response response;
    bool ok = load_wait(load, page->call, &page->arena, &response, err);
    if (!ok && page->has_failed) { /* what ended it: a disk that is full, not the server */
        err_drop(err);
        err_move(err, &page->failure);
    }
    page->call = NULL;
    walk->in_flight--;
    flight->first = (flight->first + 1) % MOST_PAGES;
    flight->count--;
    if (ok) {
        load->requests += response.tries;
        ok = walk->is_exhausted ? check_beyond(walk, page, &response, err)
                                : take_page(walk, page, &response, err);
    }
    page_drop(page);
    TRY(ok);
    forget_done(flight);
    return !landing_is_full(api->landing) || commit_batch(api, err);
}

static void drop_flight(Flight *flight)
{
    for (; flight->count; flight->count--) {
        Page *page = &flight->pages[flight->first];
        flight->first = (flight->first + 1) % MOST_PAGES;
        Response response;
        Err quiet = {0};
        http_cancel(page->call);
        if (!http_wait(page->call, &page->arena, &response, &quiet))
            err_drop(&quiet);
        page_drop(page);
    }
    for (uint32_t i = 0; i < flight->walk_count; i++)
        arena_drop(&flight->walks[i]->arena);
    if (flight->parents)
        parents_close(flight->parents);
}

static bool walk_all(Api *api, Err *err)
{
    Flight *flight = NEW(api->load->arena, Flight);
    if (api->load->declared->parent)
        TRY(parents_open(api->load, &flight->parents, &api->parents_until, err));
    flight->has_more_parents = true;
    bool ok = next_walk(api, flight, err) && fill(api, flight, err);
    while (ok && flight->count)
        ok = land_one(api, flight, err) && fill(api, flight, err);
    drop_flight(flight);
    if (ok && load_is_cancelled(api->load))
        return err_set(err, ERR_CANCELLED, NOWHERE, "the load was cancelled");
    return ok;
}

/* Not one record had the cursor's field: a wrong name, not an empty value. */
static bool check_field(Api *api, Err *err)
{
    const Window *window = &api->load->window;
    if (!api->without || api->has_reached || window->has_own_nulls)
        return true;
    return load_fail(api->load, "cursor", err,
                     "no record has the field '" STR_FMT "' that `cursor` names: " STR_FMT
                     "\nname another field, or say `nulls: include` if that is meant",
                     STR_ARG(window->field), STR_ARG(text_str(&api->example)));
}

static bool finish(Api *api, Err *err)
{
    Load *load = api->load;
    TRY(check_field(api, err));
    TRY(end_file(api, err));
    Value cursor = cursor_of(api);
    const InputFile *files;
    InputKind kind = api->is_csv ? INPUT_CSV : INPUT_JSONL;
    if (landing_files(api->landing, &files) && !api->is_csv)
        TRY(landing_complete(api->landing, cursor, err));
    TRY(load_landed(load, api->landing, kind, cursor, err));
    return landing_loaded(api->landing, err);
}

bool load_api(Load *load, Err *err)
{
    Api api = {.load = load};
    TRY(ingest_http(load->ingest, &api.http, err));
    TRY(read_endpoint(&api, err));
    if (!landing_open(load, "jsonl", true, &api.landing, err))
        return bronze_failed(err);
    bool ok = walk_all(&api, err) && finish(&api, err);
    landing_close(api.landing);
    text_drop(&api.reached);
    text_drop(&api.example);
    if (!ok && !err->place.line && err->kind != ERR_CANCELLED)
        err_locate(err, value_place(api.endpoint, load->declared->file, load->declared->source),
                   load->declared->source);
    return ok;
}
