/* file.h: files and folders. Paths are Str; errors say the path and the system's reason. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/value.h"

/* The whole file, NUL-terminated after its end; regular files only. Owner: the arena.
 * Fails ERR_IO (missing, unreadable, a folder), ERR_TOO_BIG over `file_limit_bytes` (1 GiB). */
MUST bool file_read(Arena *arena, Str path, Str *out, Err *err);

/* Writes beside `path` (a temp name with the process id), then renames: readers see the old file
 * or the new one. Missing parent folders are made. Nothing is left behind on failure.
 * `is_durable` adds fsync of file and folder. */
MUST bool file_write(Str path, Str content, bool is_durable, Err *err);
/* The same, but a file that holds just that is left alone: rebuilding 3,000 nodes then makes no
 * file anew. */
MUST bool file_update(Str path, Str content, Err *err);

/* The same in pieces, for contents that stream: open, add..., commit or drop. */
typedef struct FileWriter {
    int fd;
    Str path, temp;      /* owned by `arena` */
    Arena arena;
    Text buffer;         /* flushed at 128 KiB; larger pieces go past it */
    uint64_t size_bytes;
} FileWriter;
MUST bool file_writer_open(FileWriter *writer, Str path, Err *err);
MUST bool file_writer_add(FileWriter *writer, Str piece, Err *err);
MUST bool file_writer_commit(FileWriter *writer, bool is_durable, Err *err);
void file_writer_drop(FileWriter *writer);   /* removes the temp file if not committed */

typedef enum FileKind { FILE_ABSENT, FILE_REGULAR, FILE_FOLDER, FILE_OTHER } FileKind;
typedef struct FileInfo {
    FileKind kind;
    uint64_t size_bytes;
    int64_t modified_at_us;
} FileInfo;

/* Follows links. Absent is no error. */
FileInfo file_info(Str path);
bool file_exists(Str path);

MUST bool folder_make(Str path, Err *err);                       /* with parents; exists = ok   */
MUST bool folder_remove(Str path, Err *err);                     /* with all in it; absent = ok */
MUST bool file_remove(Str path, Err *err);                       /* absent = ok                 */

/* Every file below `root`, as paths relative to it, sorted by bytes. Links to folders are
 * followed as Python's os.walk(followlinks=True) does; loops by links are entered once.
 * Folders whose name begins with "." are walked too, as dbt does. A root that is absent has no
 * files; links to nothing are listed with size 0.
 * Fails ERR_IO (unreadable), ERR_TOO_DEEP (more than 200 folders).
 * Owner: the arena. */
typedef struct FileEntry {
    Str path;                  /* relative to root, with '/' */
    uint64_t size_bytes;
    int64_t modified_at_us;
} FileEntry;
typedef struct FileList {
    FileEntry *at;
    uint32_t len, cap;
} FileList;
MUST bool folder_walk(Arena *arena, Str root, FileList *out, Err *err);

/* Text of a path. Owner: the arena where there is one; otherwise views. */
Str path_join(Arena *arena, Str a, Str b);       /* b alone if absolute; a alone if b is empty */
Str path_folder(Str path);                       /* "a/b.c" -> "a", "b" -> ""                  */
Str path_name(Str path);                         /* "a/b.c" -> "b.c"                           */
Str path_stem(Str path);                         /* "a/b.c" -> "b"                             */
Str path_extension(Str path);                    /* "a/b.c" -> ".c"                            */
Str path_clean(Arena *arena, Str path);          /* "a/./b/../c" -> "a/c"                      */
Str path_absolute(Arena *arena, Str path);       /* against the working folder, cleaned        */
Str path_relative(Arena *arena, Str path, Str to); /* both absolute                            */
Str path_expand_home(Arena *arena, Str path);    /* "~/x" -> "$HOME/x"                         */
Str path_working(Arena *arena);                  /* getcwd                                     */
Str path_program(Arena *arena);                  /* of this program: /proc/self/exe            */

#endif
