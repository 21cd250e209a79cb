/* s3_xml.h: the few tags of S3's answers. private to store/ */
#ifndef STORE_S3_XML_H
#define STORE_S3_XML_H

#include "store/inner.h"

/* The content of the next element of that name (any namespace prefix, attributes passed over), as
 * it stands; *rest moves behind it. Elements of one name do not nest in these answers. False: no
 * more. */
bool s3_xml_next(Str *rest, const char *tag, Str *inner);
/* The text of the first element of that name, entities decoded; empty when there is none. */
Str xml_text(Arena *arena, Str xml, const char *tag);

typedef struct S3Page {
    StoreEntries entries;        /* names: whole keys                                             */
    bool is_truncated;
    Str next;                    /* continuation token                                            */
} S3Page;

/* An answer to ListObjectsV2. Keys are decoded when the answer says EncodingType url.
 * Owner: the arena. Fails ERR_RUNTIME: no such answer, or it goes on without saying where. */
MUST bool s3_page_parse(Arena *arena, Str xml, S3Page *out, Err *err);

/* Without the quotes that S3 puts around. */
Str etag_bare(Str etag);

#endif
