/* url.h: the parts of a URL. private to net/ */
#ifndef NET_URL_H
#define NET_URL_H

#include "net/net.h"

/* scheme://user@host:port/path?query#fragment; at == NULL: the part is absent. Views. */
typedef struct UrlParts {
    Str scheme, authority, user, host, port, path, query, fragment;
} UrlParts;

void url_split(Str url, UrlParts *out);
/* Same scheme, host and port? */
bool url_same_origin(Str a, Str b);
/* "a/./b/../c" -> "a/c" (RFC 3986, 5.2.4). Owner: the arena. */
Str url_remove_dots(Arena *arena, Str path);
/* %41 -> A; what is no escape stays. Owner: the arena. */
Str url_decode(Arena *arena, Str text);
/* Does a parameter or header of this name carry a secret? */
bool url_name_is_secret(Str name);
/* RFC 4648, with padding. Owner: the arena. */
Str base64_print(Arena *arena, Str bytes);

#endif
