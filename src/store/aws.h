/* aws.h: who we are to AWS: keys from options, environment, files and roles. private to store/ */
#ifndef STORE_AWS_H
#define STORE_AWS_H

#include "store/inner.h"

typedef struct AwsChain AwsChain;

/* Settles where keys come from, in this order; asks no server yet.
 *   options (keys; or a profile) - environment - AWS_PROFILE or [default] of the files - web
 *   identity (AWS_WEB_IDENTITY_TOKEN_FILE) - container role - instance role (IMDSv2)
 * region   from options, environment or profile, else us-east-1
 * endpoint from options, environment or profile, else empty
 * Owner    the arena. Fails ERR_RUNTIME: half of a pair of keys, a profile that is asked for and
 *          absent */
MUST bool aws_chain_make(Arena *arena, Value options, Http *http, AwsChain **out, Str *region,
                         Str *endpoint, Err *err);

/* The keys that hold now; asked for anew 5 minutes before they expire, by one thread while others
 * wait. access_key empty: there are none, requests go unsigned. Copies: owner the arena. */
MUST bool aws_keys(AwsChain *chain, Arena *arena, AwsKeys *out, Err *err);

/* The value of `key` in section `section` of an INI file's text, or empty. A view. */
Str ini_find(Str text, Str section, Str key);

#endif
