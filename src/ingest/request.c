/* request.c: one page: its request rendered and sent, its answer kept. */
#include "base/file.h"
#include "base/json.h"
#include "context/context.h"
#include "ingest/api.h"

enum { SPILL_BYTES = 2 << 20 };

Str url_join(Arena *arena, Str base, Str path)
{
    if (str_find(path, STR("://")) >= 0 || !base.len)
        return path;
    while (base.len && base.at[base.len - 1] == '/')
        base.len--;
    while (path.len && path.at[0] == '/')
        path = str_slice(path, 1, path.len);
    return path.len ? str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(path)) : base;
}

/* ---- rendering ---- */

static void put_names(Walk *walk, Page *page)
{
    Load *load = walk->api->load;
    Value names = value_dict(&page->arena);
    const Pager *pager = &walk->pager;
    bool is_offset = pager->kind == PAGER_OFFSET;
    int64_t offset = is_offset ? page->at : (page->at - pager->start) * pager->limit;
    int64_t number = is_offset ? (page->at - pager->start) / pager->limit : page->at;
    dict_put(names.dict, STR("offset"), value_int(offset));
    dict_put(names.dict, STR("number"), value_int(number));
    dict_put(names.dict, STR("limit"), value_int(pager->limit));
    dict_put(names.dict, STR("cursor"), page->token.at ? value_text(page->token) : NONE);
    dict_put(load->names, STR("page"), names);
    if (!value_is_undefined(walk->parent))
        dict_put(load->names, STR("parent"), walk->parent);
}

static Str text_of(Page *page, Value v)
{
    AUTO(text) Text text = {0};
    if (v.kind == VALUE_BOOL)
        text_add_c(&text, v.is_true ? "true" : "false");
    else if (v.kind == VALUE_DICT || v.kind == VALUE_LIST)
        json_print(v, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &text);
    else
        value_print(v, &text);
    return text_copy(&page->arena, &text);
}

static Str add_param(Page *page, Str url, Str name, Value value)
{
    if (value.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value.list->len; i++)
            url = url_with(&page->arena, url, name, text_of(page, value.list->at[i]));
        return url;
    }
    bool is_absent = value_is_none(value) || value_is_undefined(value);
    return is_absent ? url : url_with(&page->arena, url, name, text_of(page, value));
}

static bool add_params(Walk *walk, Page *page, Value raw, Err *err)
{
    Value params, key, value;
    if (value_is_undefined(raw))
        return true;
    TRY(load_render(walk->api->load, raw, &params, err));
    for (uint32_t at = 0; params.kind == VALUE_DICT && dict_next(params.dict, &at, &key, &value);)
        page->url = add_param(page, page->url, value_str(key), value);
    return true;
}

static void add_page_params(Walk *walk, Page *page)
{
    const Pager *pager = &walk->pager;
    if (pager->offset_param.len)
        page->url = add_param(page, page->url, pager->offset_param, value_int(page->at));
    if (pager->page_param.len)
        page->url = add_param(page, page->url, pager->page_param, value_int(page->at));
    if (pager->limit_param.len)
        page->url = add_param(page, page->url, pager->limit_param, value_int(pager->limit));
    if (pager->kind == PAGER_CURSOR && page->token.at && pager->cursor_param.len)
        page->url = add_param(page, page->url, pager->cursor_param, value_text(page->token));
}

/* `cursor: {param: updated_since}`: the window's bounds as parameters. */
static void add_window_params(Walk *walk, Page *page)
{
    const Api *api = walk->api;
    const Window *window = &api->load->window;
    if (api->param.len && window->from.at)
        page->url = add_param(page, page->url, api->param, value_text(window->from));
    if (api->end_param.len && window->to.at)
        page->url = add_param(page, page->url, api->end_param, value_text(window->to));
}

/* What may stand in no URL (blanks, letters of other scripts: a parent's name, say)
 * percent-encoded. */
static Str encoded(Arena *arena, Str url)
{
    AUTO(text) Text text = {0};
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c))
            text_print(&text, "%%%02X", c);
        else
            text_add_char(&text, (char)c);
    }
    return text_copy(arena, &text);
}

static bool render_url(Walk *walk, Page *page, Err *err)
{
    Api *api = walk->api;
    Load *load = api->load;
    if (walk->next_url.at) { /* a link: complete as it is */
        page->url = str_copy(&page->arena, walk->next_url);
        return true;
    }
    Value path = NONE;
    if (!value_is_undefined(api->path))
        TRY(load_render(load, api->path, &path, err));
    Str base = value_get_text(load->line->config, "base_url", STR_NONE);
    page->url = url_join(&page->arena, base, value_is_none(path) ? STR("") : text_of(page, path));
    if (str_find(page->url, STR("://")) < 0)
        return load_fail(load, "endpoint", err,
                         "the connection '" STR_FMT "' has no `base_url`, and `path` is no URL",
                         STR_ARG(load->line->connection->name));
    page->url = encoded(&page->arena, page->url);
    TRY(add_params(walk, page, value_get(load->line->connection->config, "params"), err));
    TRY(add_params(walk, page, load_setting_raw(load, "params"), err));
    TRY(add_params(walk, page, api->params, err));
    add_window_params(walk, page);
    add_page_params(walk, page);
    return true;
}

static void add_header(Page *page, Str name, Str value)
{
    size_t had = page->header_count * sizeof(Header);
    page->headers = arena_grow(&page->arena, page->headers, had, had + sizeof(Header),
                               _Alignof(Header));
    page->headers[page->header_count++] = (Header){name, value};
}

static bool add_headers(Walk *walk, Page *page, Value raw, Err *err)
{
    Value headers, key, value;
    if (raw.kind != VALUE_DICT)
        return true;
    TRY(load_render(walk->api->load, raw, &headers, err));
    for (uint32_t at = 0; dict_next(headers.dict, &at, &key, &value);)
        add_header(page, str_copy(&page->arena, value_str(key)), text_of(page, value));
    return true;
}

static bool has_header(const Page *page, const char *name)
{
    for (uint32_t i = 0; i < page->header_count; i++)
        if (str_eq_fold(page->headers[i].name, str_of(name)))
            return true;
    return false;
}

/* "https://host:8443" of a URL. */
static Str origin_of(Str url)
{
    ptrdiff_t from = str_find(url, STR("://"));
    size_t at = from < 0 ? 0 : (size_t)from + 3;
    while (at < url.len && !strchr("/?#", url.at[at]))
        at++;
    return str_slice(url, 0, at);
}

/* A link that leads to another host: what is secret is not sent there. */
static bool is_foreign(const Page *page)
{
    const Line *line = page->walk->api->load->line;
    Str base = value_get_text(line->config, "base_url", STR_NONE);
    bool is_link = page->walk->next_url.at != NULL;
    return is_link && base.len && !str_eq_fold(origin_of(base), origin_of(page->url));
}

static bool render_body(Walk *walk, Page *page, Err *err)
{
    Api *api = walk->api;
    Value value, shared = value_get(api->load->line->connection->config, "headers");
    if (!is_foreign(page)) {
        TRY(add_headers(walk, page, shared, err));
        TRY(add_headers(walk, page, load_setting_raw(api->load, "headers"), err));
        TRY(add_headers(walk, page, api->headers, err));
    }
    if (!value_is_undefined(api->body)) {
        TRY(load_render(api->load, api->body, &value, err));
        page->body = text_of(page, value);
        return true;
    }
    if (value_is_undefined(api->json))
        return true;
    TRY(load_render(api->load, api->json, &value, err));
    page->body = text_of(page, value);
    if (!has_header(page, "content-type"))
        add_header(page, STR("Content-Type"), STR("application/json"));
    return true;
}

/* ---- the answer ---- */

/* On the driving thread. */
static bool take_piece(void *context, Str piece)
{
    Page *page = context;
    if (!page->has_spill && page->answer.len + piece.len <= SPILL_BYTES) {
        text_add(&page->answer, piece);
        return true;
    }
    if (!page->has_spill) {
        Load *load = page->walk->api->load;
        Str folder = path_join(&page->arena, load->ingest->folder, STR("spool"));
        folder = path_join(&page->arena, folder, load->node->unique_id);
        Str name = str_print(&page->arena, "answer-%p", (void *)page);
        page->has_spill = file_writer_open(&page->spill, path_join(&page->arena, folder, name),
                                           &page->failure);
        page->has_failed = !page->has_spill;
    }
    page->has_failed = page->has_failed ||
                       !file_writer_add(&page->spill, text_str(&page->answer), &page->failure);
    text_clear(&page->answer);
    text_add(&page->answer, piece);
    return !page->has_failed;
}

static void restart(void *context)
{
    Page *page = context;
    text_clear(&page->answer);
    if (page->has_spill)
        file_writer_drop(&page->spill);
    page->has_spill = false;
}

void page_resend(Page *page)
{
    restart(page);
    page->call = http_send(page->walk->api->http, &page->request);
}

bool page_send(Walk *walk, Page *page, Err *err)
{
    Api *api = walk->api;
    Load *load = api->load;
    *page = (Page){.walk = walk, .at = walk->next_at};
    page->token = walk->next_token.at ? str_copy(&page->arena, walk->next_token) : STR_NONE;
    put_names(walk, page);
    Arena *former = load->context->arena;
    load->context->arena = &page->arena;
    bool ok = render_url(walk, page, err) && render_body(walk, page, err);
    load->context->arena = former;
    dict_put(load->names, STR("page"), NONE);
    dict_put(load->names, STR("parent"), NONE);
    if (!ok) {
        page_drop(page);
        return false;
    }
    Value config = load->line->config;
    int64_t connect_us = 0, idle_us = 0;
    duration_read(value_get(config, "connect_timeout"), &connect_us);
    duration_read(value_get(config, "timeout"), &idle_us);
    Value retries = value_get(config, "retries"), verify = value_get(config, "verify");
    page->request = (Request){
        .method = api->method,
        .url = page->url,
        .headers = page->headers,
        .header_count = page->header_count,
        .body = page->body,
        .on_data = take_piece,
        .on_restart = restart,
        .context = page,
        .auth = is_foreign(page) ? NULL : load->line->auth,
        .limit = load->line->limit,
        .retry = {.most = retries.kind == VALUE_INT ? (uint32_t)retries.number + 1 : 0},
        .connect_timeout_ms = (uint32_t)(connect_us / 1000),
        .idle_timeout_ms = (uint32_t)(idle_us / 1000),
        .ca_file = value_get_text(config, "ca_file", STR_NONE),
        .trusts_anyone = value_is_bool(verify) && !verify.is_true,
    };
    walk->in_flight++;
    page->call = http_send(api->http, &page->request);
    return true;
}

void page_drop(Page *page)
{
    if (page->has_spill)
        file_writer_drop(&page->spill);
    text_drop(&page->answer);
    err_drop(&page->failure);
    arena_drop(&page->arena);
}

bool page_each(Page *page, bool (*take)(void *context, Str piece, Err *err), void *context,
               Err *err)
{
    if (page->has_spill) {
        Store *store;
        Reader *reader;
        Str path = str_copy(&page->arena, page->spill.path), piece = STR(" ");
        TRY(file_writer_commit(&page->spill, false, err));
        page->has_spill = false;
        TRY(store_open(&page->arena, path_folder(path), NONE, NULL, &store, err));
        TRY(store_read(store, path_name(path), 0, &reader, err));
        bool ok = true;
        while (ok && piece.len)
            ok = reader_next(reader, &piece, err) && (!piece.len || take(context, piece, err));
        reader_close(reader);
        Err quiet = {0};
        if (!file_remove(path, ok ? err : &quiet)) {
            err_drop(&quiet);
            ok = false;
        }
        TRY(ok);
    }
    return take(context, text_str(&page->answer), err);
}
