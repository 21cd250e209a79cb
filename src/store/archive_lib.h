/* archive_lib.h: libarchive behind a table of calls. private to store/ */
#ifndef STORE_ARCHIVE_LIB_H
#define STORE_ARCHIVE_LIB_H

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "store/inner.h"

#define LIB(name) __typeof__(name) *name;
typedef struct ArchiveLib {
#include "store/archive.def"
} ArchiveLib;
#undef LIB

/* The table; loaded once a process. Any thread. Fails ERR_RUNTIME: the library is missing. */
MUST bool archive_lib(const ArchiveLib **out, Err *err);

/* libarchive turns names into the thread's locale, and in the plain one loses those that are not
 * ASCII: header calls stand between these two, which make it UTF-8 for this thread. */
locale_t utf8_begin(void);
void utf8_end(locale_t before);

enum { TAR_BLOCK_BYTES = 512 };

/* Where libarchive takes its bytes: what the reader below brings. */
typedef struct Feed {
    const ArchiveLib *lib;
    Reader *below;
    bool is_drained;             /* the reader below has ended                                    */
    char tail[TAR_BLOCK_BYTES];  /* the latest bytes, the older ones first                        */
    Err failure;                 /* of the reader below: more telling than libarchive's own       */
} Feed;

/* Opens `handle` over the feed, which must stay where it is. */
MUST bool feed_open(Feed *feed, struct archive *handle, Str name, Err *err);
/* Reports what ended a call of libarchive: the reader's failure or libarchive's. Returns false. */
bool feed_fail(Feed *feed, struct archive *handle, Str name, Err *err);

/* Takes the rest, so that checksums behind the archive's own end are checked, too. Fails also when
 * more than 256 MiB follow. */
MUST bool feed_drain(Feed *feed, Str name, Err *err);

#endif
