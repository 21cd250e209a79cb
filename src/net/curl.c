/* curl.c: loads libcurl, once a process. */
#include "net/curl.h"

#include "base/dynamic.h"
#include "base/pool.h"

#define CURL_RANK 219

static const DynamicCall calls[] = {
#define LIB(name) {#name, offsetof(CurlCalls, name)},
#include "net/curl.def"
#undef LIB
};

static const Dynamic library = {
    .file = "libcurl.so.4", .package = "libcurl4", .calls = calls, .count = COUNT_OF(calls)};

static struct {
    Lock lock;
    CurlCalls calls;
    bool is_loaded;
} loaded = {.lock = LOCK_INIT(CURL_RANK, "curl")};

/* Under the lock. */
static bool load(Err *err)
{
    if (loaded.is_loaded)
        return true;
    TRY(dynamic_load(&library, &loaded.calls, err));
    CURLcode code = loaded.calls.curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return err_set(err, ERR_RUNTIME, NOWHERE, "libcurl does not start: %s",
                       loaded.calls.curl_easy_strerror(code));
    loaded.is_loaded = true;
    return true;
}

bool curl_load(const CurlCalls **out, Err *err)
{
    lock_take(&loaded.lock);
    bool is_fine = load(err);
    lock_give(&loaded.lock);
    if (is_fine)
        *out = &loaded.calls;
    return is_fine;
}
