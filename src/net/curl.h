/* curl.h: libcurl as this room sees it. private to net/
 *
 * Opened with dlopen() when first needed, never closed. The types are those of the library's own
 * header (7.88, Debian 12); the calls are the table below.
 */
#ifndef NET_CURL_H
#define NET_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

typedef struct CurlCalls {
#define LIB(name) __typeof__(name) *name;
#include "net/curl.def"
#undef LIB
} CurlCalls;

/* The library, loaded at the first call. Any thread.
 * Fails ERR_RUNTIME: missing, or lacks a call. */
MUST bool curl_load(const CurlCalls **out, Err *err);

#endif
