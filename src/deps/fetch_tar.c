/* fetch_tar.c: archives by URL: downloaded into the staging folder, then unpacked. */
#include "deps/deps_base.h"

typedef struct Download {
    FileWriter writer;
    Str path;
    Err err;
    bool has_failed;
} Download;

static bool take_piece(void *context, Str piece)
{
    Download *download = context;
    if (!download->has_failed && !file_writer_add(&download->writer, piece, &download->err))
        download->has_failed = true;
    return !download->has_failed;
}

/* A try broke: what came so far is dropped. */
static void start_anew(void *context)
{
    Download *download = context;
    file_writer_drop(&download->writer);
    if (!download->has_failed &&
        !file_writer_open(&download->writer, download->path, &download->err))
        download->has_failed = true;
}

static bool is_web(Str url)
{
    return str_starts(url, STR("http://")) || str_starts(url, STR("https://"));
}

static bool download(Deps *deps, Str url, Str path, Err *err)
{
    Http *http;
    TRY(deps_http(deps, &http, err));
    Download state = {.path = path, .writer = {.fd = -1}};
    TRY(file_writer_open(&state.writer, path, err));
    Request request = {
        .url = url, .retry = {.most = 6}, .idle_timeout_ms = deps->timeout_ms,
        .ca_file = deps->ca_file, .on_data = take_piece, .on_restart = start_anew,
        .context = &state,
    };
    Response response;
    bool is_done = http_do(http, &request, deps->arena, &response, err);
    if (state.has_failed) {
        err_move(err, &state.err);
        is_done = false;
    } else if (!is_done) {
        err->kind = ERR_RUNTIME;
        err_wrap(err, "External connection exception occurred");
    }
    is_done = is_done && file_writer_commit(&state.writer, false, err);
    file_writer_drop(&state.writer);
    return is_done;
}

bool url_save(Deps *deps, Str url, Str path, Err *err)
{
    if (is_web(url))
        return download(deps, url, path, err);
    if (!str_starts(url, STR("file://")))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "a tarball is named by an http(s) URL or file:///..., this is " STR_FMT,
                       STR_ARG(url_shown(deps->arena, url)));
    Str content;
    TRY(file_read(deps->arena, str_slice(url, strlen("file://"), url.len), &content, err));
    return file_write(path, content, false, err);
}

bool tarball_fetch(Deps *deps, Pinned *pinned, Err *err)
{
    Str *known = map_find(&deps->checkouts, pinned->spec->at);
    if (known) {
        pinned->folder = *known;
        return true;
    }
    Str folder;
    TRY(deps_stage(deps, &folder, err));
    Str archive = path_join(deps->arena, folder, STR("archive.tar.gz"));
    Str made = path_join(deps->arena, folder, STR("package"));
    TRY(url_save(deps, pinned->spec->at, archive, err));
    TRY(unpack_package(archive, url_shown(deps->arena, pinned->spec->at), made, err));
    Str *kept = NEW(deps->arena, Str);
    *kept = pinned->folder = made;
    map_put(&deps->checkouts, pinned->spec->at, kept);
    return true;
}
