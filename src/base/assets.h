/* assets.h: the files that travel inside the program: built-in macros, queries.
 *
 * The build embeds them (tools/embed) under their path in the project, such as
 * "macros/core/materializations/table.sql". With WEIR_ASSETS=DIR in the environment they are read
 * from DIR/macros/... instead, for working on them without building.
 *
 * Threads: all functions here are safe; the table never changes.
 */
#ifndef BASE_ASSETS_H
#define BASE_ASSETS_H

#include "base/err.h"

/* A row of the embedded table, sorted by name, byte by byte. A NUL stands behind the bytes. */
typedef struct Asset {
    const char *name;
    const unsigned char *at;
    size_t len;
} Asset;

extern const Asset assets[];        /* made by tools/embed */
extern const size_t assets_count;

/* A file as the program sees it. Owner: the program, or the arena when WEIR_ASSETS is set. */
typedef struct AssetFile {
    Str name;
    Str text;
} AssetFile;
typedef List(AssetFile) AssetList;

/* The text of the asset `name`.
 *
 * arena    owns the text when it is read from disk
 * out      the text; untouched on failure
 * Fails    ERR_INTERNAL no such asset (the caller's mistake, or a wrong WEIR_ASSETS); ERR_IO
 * Cost     O(log n), no copy, when embedded
 */
MUST bool asset_read(Arena *arena, Str name, Str *out, Err *err);

/* All assets below `folder` ("macros/core"), sorted by name; none is no error.
 *
 * out      owned by the arena
 * Fails    ERR_IO when WEIR_ASSETS names a folder that cannot be read
 * Cost     O(log n + found), no copy of texts, when embedded
 */
MUST bool assets_list(Arena *arena, Str folder, AssetList *out, Err *err);

#endif
