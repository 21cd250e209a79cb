/* inner.h: what the kinds of places, readers and writers share. private to store/
 *
 * A place, a reader and a writer are each a struct that begins with the common part and brings a
 * table of calls. Readers and writers own an arena of their own, in which they lie themselves:
 * close and drop give all back at once.
 */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include "base/pool.h"
#include "store/pattern.h"
#include "store/store.h"

#define STORE_MAGIC 0x53544f52u
#define READER_MAGIC 0x52454144u
#define WRITER_MAGIC 0x57524954u

#define PIECE_BYTES ((size_t)256 << 10) /* what local readers and unpackers give at once */
#define TEMP_SUFFIX ".weir-tmp"

/* Lock ranks of this room. */
enum { RANK_CREDENTIALS = 201, RANK_RING = 202, RANK_SPOOL = 965 };

typedef struct StoreKind {
    MUST bool (*list)(Store *store, const Patterns *patterns, Arena *arena, StoreEntries *out,
                      Err *err);
    MUST bool (*stat)(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists,
                      Err *err);
    MUST bool (*read)(Store *store, Str name, uint64_t offset, Reader **out, Err *err);
    /* NULL: put together of stat and read */
    MUST bool (*get)(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out,
                     Str *etag, bool *exists, Err *err);
    MUST bool (*write)(Store *store, Str name, const WriteOptions *options, Writer **out,
                       Err *err);
    MUST bool (*remove)(Store *store, Str name, Err *err);
} StoreKind;

struct Store {
    uint32_t magic;
    const StoreKind *kind;
    Str uri;                     /* without user, password and '/' at the end                     */
    Http *http;
    bool is_local;
};

typedef struct ReaderKind {
    MUST bool (*next)(Reader *reader, Str *piece, Err *err);
    void (*close)(Reader *reader); /* not the readers below; NULL: nothing but memory             */
} ReaderKind;

struct Reader {
    uint32_t magic;
    const ReaderKind *kind;
    Arena arena;                 /* holds the reader itself                                       */
    Str name;
    Reader *below;               /* closed with it, or NULL                                       */
    uint64_t raw_bytes;          /* of the lowest one: taken from the store                       */
    bool is_at_end, has_failed;
};

typedef struct WriterKind {
    MUST bool (*add)(Writer *writer, Str piece, Err *err);
    /* Makes it visible. What it holds outside of memory is given back by `drop`, which follows. */
    MUST bool (*commit)(Writer *writer, Arena *arena, Str *etag, Err *err);
    void (*drop)(Writer *writer); /* after a commit that went well, too: see is_committed         */
} WriterKind;

struct Writer {
    uint32_t magic;
    const WriterKind *kind;
    Arena arena;
    Str name;                    /* for messages                                                  */
    WriteOptions options;        /* texts copied                                                  */
    bool has_failed, is_committed;
};

/* Objects of `size` bytes that begin with a Reader or Writer, in an arena of their own. */
Reader *reader_make(size_t size, const ReaderKind *kind, Str name, Reader *below);
Writer *writer_make(size_t size, const WriterKind *kind, Str name, const WriteOptions *options);

/* The full name for messages: "s3://bucket/prefix/name". */
Str store_name(const Store *store, Arena *arena, Str name);

/* Empties a reader into a Text with a limit. Fails ERR_TOO_BIG; what the reader fails with. */
MUST bool read_whole(Reader *reader, Text *content, Err *err);

/* Reports an errno of a system call: "cannot read PATH: No such file or directory". Returns
 * false. */
bool io_fail(Err *err, const char *what, Str path);
bool write_fully(int fd, Str piece);

/* store_exchange_folder() of absolute paths; can_exchange false: by steps, as where the file system
 * cannot. */
MUST bool folders_exchange(Str made_path, Str name_path, bool can_exchange, Err *err);

/* ---- options ---- */

/* Refuses keys of `options` that are neither in `known` nor common to all connections. */
MUST bool options_check(Value options, const Str *known, size_t count, const char *kind,
                        Err *err);
/* "true", true, 1 ... ; `otherwise` when absent. */
bool option_is_true(Value options, const char *key, bool otherwise);

/* The limit that `rate_limit` and `concurrency` ask for; NULL: none. Fails ERR_PARSING. */
MUST bool limit_option(Arena *arena, Value options, Limit **out, Err *err);

/* ---- the kinds of places ---- */

MUST bool local_open(Arena *arena, Str uri, Value options, Store **out, Err *err);
MUST bool s3_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err);
MUST bool web_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err);
MUST bool remote_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err);

/* ---- pieces they share ---- */

/* "2026-01-31T10:00:00.000Z" and "Sat, 31 Jan 2026 10:00:00 GMT" to an instant; 0 when it is
 * neither. */
int64_t when_iso(Str text);
int64_t when_http(Str text);

/* A file without a name in $TMPDIR or /tmp: gone when closed. -1 and err on failure. */
int spool_open(Err *err);

#endif
