/* export.h: one lake_export() at work. private to lake/ */
#ifndef LAKE_EXPORT_H
#define LAKE_EXPORT_H

#include "lake/lake_base.h"

#define INDEX_NAME STR("_index.json")
#define INDEX_VERSION 1

typedef struct ExportRun {
    const Export *export;
    Arena *arena;
    Str folder;                    /* temporary, local, absolute */
    Str stamp;                     /* eight hexadecimal digits in the names of its files */
    Str extension;
    Value files;                   /* of the index: {path, size, rows, partition} */
    Value schema;                  /* of the index: {name, type} */
    Value before;                  /* the index that this export was begun upon; NONE */
    Str etag;
    Value counts;                  /* local path -> rows, where the engine tells them */
    uint32_t moved;                /* of `files`, under their names already */
    uint64_t rows;
} ExportRun;

/* Writes the index that names run->files, then removes what is due. */
MUST bool index_publish(ExportRun *run, Value *index, Err *err);

#endif
