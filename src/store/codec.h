/* codec.h: libarchive, zlib and libzstd behind tables of calls. private to store/ */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <zlib.h>
#include <zstd.h>

#include "store/inner.h"

#define LIB(name) __typeof__(name) *name;
typedef struct ArchiveLib {
#include "store/archive.def"
} ArchiveLib;
typedef struct ZLib {
#include "store/zlib.def"
} ZLib;
typedef struct ZstdLib {
#include "store/zstd.def"
} ZstdLib;
#undef LIB

/* The tables; loaded once a process. Any thread. Fails ERR_RUNTIME: the library is missing. */
MUST bool archive_lib(const ArchiveLib **out, Err *err);
MUST bool zlib_lib(const ZLib **out, Err *err);
MUST bool zstd_lib(const ZstdLib **out, Err *err);

/* libarchive turns names into the thread's locale, and in the plain one loses those that are not
 * ASCII: header calls stand between these two, which make it UTF-8 for this thread. */
locale_t utf8_begin(void);
void utf8_end(locale_t before);

/* Where libarchive takes its bytes: `head`, then what the reader below brings. */
typedef struct Feed {
    const ArchiveLib *lib;
    Reader *below;
    Str head;
    Err failure;                 /* of the reader below: more telling than libarchive's own       */
} Feed;

/* Opens `handle` over the feed, which must stay where it is. */
MUST bool feed_open(Feed *feed, struct archive *handle, Str name, Err *err);
/* Reports what ended a call of libarchive: the reader's failure or libarchive's. Returns false. */
bool feed_fail(Feed *feed, struct archive *handle, Str name, Err *err);

#endif
