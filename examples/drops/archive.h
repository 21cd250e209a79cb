/* archive.h: .tar.gz written member by member, whole or broken in a chosen way. private to
 * examples/drops */
#ifndef DROPS_ARCHIVE_H
#define DROPS_ARCHIVE_H

#include "tables.h"

/* What may be wrong: id, name, does the archive load nevertheless (its good rows). */
#define DEFECTS(X)                                                                                 \
    X(DEFECT_NONE, "none", true)                                                                   \
    X(DEFECT_TRUNCATED, "truncated", false)    /* ends in the middle of the gzip stream        */  \
    X(DEFECT_CORRUPT, "corrupt", false)        /* some bytes of it are others                  */  \
    X(DEFECT_NOT_TAR, "not_tar", false)        /* gzip of a text                               */  \
    X(DEFECT_GARBAGE, "garbage", false)        /* no gzip                                      */  \
    X(DEFECT_VOID, "void", false)              /* a file of 0 bytes                            */  \
    X(DEFECT_PATH, "path", false)              /* a member ../../NAME                          */  \
    X(DEFECT_LINK, "link", false)              /* a symbolic link as a member                  */  \
    X(DEFECT_NESTED, "nested", true)           /* an archive in it, which is not opened        */  \
    X(DEFECT_BOMB, "bomb", false)              /* 100 MB of the same few bytes                 */  \
    X(DEFECT_QUOTE, "quote", false)            /* the last record's quote does not close       */  \
    X(DEFECT_BEHIND, "behind", true)           /* a record with text behind a closing quote    */  \
    X(DEFECT_LATIN1, "latin1", true)           /* a record that is no UTF-8                    */  \
    X(DEFECT_NUL, "nul", true)                 /* a record with a NUL byte                     */  \
    X(DEFECT_SHORT, "short", true)             /* a record with too few fields                 */  \
    X(DEFECT_LONG, "long", true)               /* a record with too many                       */  \
    X(DEFECT_EMPTY, "empty", true)             /* CSV files of 0 bytes                         */  \
    X(DEFECT_HEADER, "header", true)           /* CSV files with a header alone                */  \
    X(DEFECT_HOLLOW, "hollow", true)           /* no members                                   */  \
    X(DEFECT_SURPLUS, "surplus", true)         /* a member that is none of ours                */  \
    X(DEFECT_COPY, "copy", false)              /* the bytes of the archive before, renamed     */

#define AS_ID(id, name, loads) id,
typedef enum Defect { DEFECTS(AS_ID) DEFECT_COUNT } Defect;
#undef AS_ID
const char *defect_name(Defect defect);
bool defect_loads(Defect defect);
/* DEFECT_COUNT: there is none of this name. */
Defect defect_find(const char *name, size_t len);

typedef struct Archive Archive;

/* One writer for many archives. level: zlib's, 1 to 9. Owner: archive_drop(). */
Archive *archive_make(int level);
void archive_drop(Archive *archive);
/* Begins one: what is kept of the one before is gone. stream: a file descriptor that takes the
 * bytes as they come, or -1: they stay in memory. */
void archive_begin(Archive *archive, int stream);
void archive_add(Archive *archive, const char *name, const Buffer *content);
/* A member without content: a symbolic link to `target`. */
void archive_add_link(Archive *archive, const char *name, const char *target);
void archive_add_bomb(Archive *archive, const char *name);
/* Ends it and breaks it as asked. False: the stream could not be written (errno). */
bool archive_end(Archive *archive, Defect defect);
/* The bytes, if they stayed in memory. */
const Buffer *archive_bytes(const Archive *archive);
/* Writes them to a file, beside it first. False: errno says why. */
bool archive_save(const Archive *archive, const char *path);

#endif
