/* json_scan.h: JSON text without a tree: checking, skipping, unescaping; private to format/. */
#ifndef FORMAT_JSON_SCAN_H
#define FORMAT_JSON_SCAN_H

#include "base/text.h"
#include "format/scan.h"

#define JSON_DEPTH_LIMIT 200

typedef enum JsonState {
    JSON_COMPLETE,
    JSON_MORE, /* right so far, but cut by the end of the bytes                 */
    JSON_BAD,
} JsonState;

typedef struct JsonCheck {
    const char *at; /* behind the value; JSON_BAD: at the fault                      */
    const char *end;
    const char *message; /* JSON_BAD: "expected a value"; the found byte is told by the caller */
    uint64_t spaces;     /* bytes of white space between tokens                           */
    unsigned depth;      /* of the containers around                                      */
    bool is_whole;       /* no more bytes follow: what is cut is bad                      */
    bool is_more;
} JsonCheck;

/* Checks the value that begins at check->at (no white space before it), strictly (RFC 8259), with
 * its UTF-8. Cost: about 1 GB/s. */
JsonState json_check_value(JsonCheck *check);
/* Checks the string at check->at (at its quote). */
JsonState json_check_string(JsonCheck *check);
/* "expected a value, found '<'". */
void json_print_fault(const JsonCheck *check, Text *out);

static inline bool json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *json_skip_spaces(const char *at, const char *end)
{
    while (at < end && json_is_space(*at))
        at++;
    return at;
}

/* Looking for the end of a value that comes in pieces. */
typedef struct JsonSeeker {
    uint32_t depth;
    bool in_string, is_escaped, is_scalar, has_begun;
} JsonSeeker;
/* Takes the next bytes of the value: the count of those that belong to it if it ends here, -1 if
 * not. A scalar ends before the byte that follows it. Does not check. */
ptrdiff_t json_seek_end(JsonSeeker *seeker, Str piece);

/* Adds the value without the white space between its tokens. */
void json_add_compact(Str value, Text *out);

/* Of text that has been checked: behind the value at `at`; NULL if it is cut after all. */
const char *json_skip_value(const char *at, const char *end);

/* The text of a JSON string, its quotes left out: a view if it has no escapes, else made in
 * `scratch` (cleared before). Half a surrogate pair becomes U+FFFD. */
Str json_unescape(Str inside, Text *scratch);
/* The same where it is known whether there are any. */
static inline Str json_text(Str inside, bool has_escapes, Text *scratch)
{
    return has_escapes ? json_unescape(inside, scratch) : inside;
}

#endif
