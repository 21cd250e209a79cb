/* s3.h: requests to an S3 server. private to store/ */
#ifndef STORE_S3_H
#define STORE_S3_H

#include "store/aws.h"

typedef struct S3 {
    Store store;
    AwsChain *chain;
    Str root;                    /* of the bucket: "https://host/bucket" or "https://bucket.host" */
    Str bucket, prefix;          /* prefix without '/' at its ends                                */
    Str region;
    bool is_path_style, is_https, trusts_anyone;
    Str ca_file;
    Limit *limit;                /* of the options' rate_limit, or NULL                           */
} S3;

enum { S3_MOST_HEADERS = 8 };

/* What to ask for. Texts must live until the call has ended. */
typedef struct S3Ask {
    const char *method;
    Str key;                     /* whole; empty: the bucket                                      */
    const char *query[8];        /* names, ended by NULL, and                                     */
    Str values[8];               /* their values                                                  */
    Header headers[S3_MOST_HEADERS];
    uint32_t header_count;
    Str body;
    uint64_t body_limit_bytes;
    uint32_t tries;              /* 0: as the client does                                         */
} S3Ask;

/* A request in flight. Zeroed: none. */
typedef struct S3Call {
    Arena arena;
    Request request;
    HttpCall *call;
} S3Call;

/* Signs and sends. */
MUST bool s3_begin(S3 *s3, const S3Ask *ask, S3Call *call, Err *err);
/* Waits. An answer of any status is no failure here. */
MUST bool s3_end(S3Call *call, Arena *arena, Response *out, Err *err);
/* Both. */
MUST bool s3_do(S3 *s3, const S3Ask *ask, Arena *arena, Response *out, Err *err);
void s3_add_header(S3Ask *ask, const char *name, Str value);

/* The whole key of a name. Owner: the arena. Fails ERR_RUNTIME: "." and ".." as parts, which URLs
 * lose. */
MUST bool s3_key(const S3 *s3, Str name, Arena *arena, Str *out, Err *err);

/* Reports an answer that is no success: "s3://bucket/x: NoSuchBucket: The specified ..."; kinds:
 * ERR_CONFLICT 409 and 412, ERR_UNAVAILABLE 429 and 5xx, else ERR_RUNTIME. Returns false. */
bool s3_fail(Store *store, const Response *response, Str name, Err *err);
/* The code in the answer's XML, or empty. Owner: the arena. */
Str s3_code(Arena *arena, const Response *response);

/* s3_write.c */
MUST bool s3_write(Store *store, Str name, const WriteOptions *options, Writer **out, Err *err);

#endif
