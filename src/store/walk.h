/* walk.h: a glob over places that have folders (local, SFTP, FTP). private to store/ */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include "store/inner.h"

typedef struct WalkEntry {
    StoreEntry entry;            /* name: the bare one                                            */
    bool is_folder;
} WalkEntry;
typedef List(WalkEntry) WalkEntries;

/* What a folder (relative to the store; "" = its root) holds. An absent one holds nothing. */
typedef bool (*WalkList)(void *context, Str folder, Arena *arena, WalkEntries *out, Err *err);
/* Completes the entry of a file that matches (size, time), or says that it is none. NULL: not
 * needed. */
typedef bool (*WalkFill)(void *context, Str folder, Arena *arena, StoreEntry *entry);

/* Adds what matches to `out`, unsorted. Folders in which nothing can match are not entered.
 * Fails as `list` does; ERR_TOO_DEEP beyond 100 folders. */
MUST bool walk_folders(const Patterns *patterns, WalkList list, WalkFill fill, void *context,
                       Arena *arena, StoreEntries *out, Err *err);

#endif
