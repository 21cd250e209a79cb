/* fetch.h: a file read ahead by ranges, a few of them in flight. private to store/
 *
 *   [consumed | in flight | in flight | in flight]   2 MiB each: 8 MiB in all
 *
 * The first answer tells size and etag; every later range asks for that very etag, so that a file
 * that is changed while it is read is an error. A broken transfer is one range, which the client
 * asks for again.
 */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "store/inner.h"

/* How a place makes its requests. */
typedef struct FetchKind {
    /* Fills a request for `name` with these headers besides its own. Owner: the arena. */
    MUST bool (*request)(Store *store, Str name, const Header *headers, uint32_t count,
                         Arena *arena, Request *out, Err *err);
    /* Reports an answer that is no success. Returns false. */
    bool (*fail)(Store *store, const Response *response, Str name, Err *err);
} FetchKind;

/* Begins to read; the first answer is waited for at the first reader_next(). */
MUST bool fetch_open(Store *store, const FetchKind *kind, Str name, uint64_t offset, Reader **out,
                     Err *err);

#endif
