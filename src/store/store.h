/* store.h: bytes at a URI: local files, S3, HTTP(S), SFTP, FTP(S); and what is packed in them.
 *
 *   Store (one a place) --list--> entries
 *                       --read--> Reader <- gunzip <- tar member   (each over the one below)
 *                       --write-> Writer -> commit: seen whole, or not at all
 *
 * The only room with libarchive (bzip2, xz, lz4, zip, tar); gzip and zstd are codec's. A Store may
 * be used by many threads at once; a Reader, Writer or Archive belongs to one.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "net/net.h"

typedef struct Store Store;

/* Opens a place.
 * uri      "/abs/folder", "relative", "file:///x", "s3://bucket/prefix", "https://host/path",
 *          "sftp://host/path", "ftp://..."; everything below it is named relative to it, with '/'
 * options  rendered dict of a connection, or NONE; type, name, uri, rate_limit, concurrency and the
 *          like are passed over everywhere (the last two limit requests to S3 and HTTP), and:
 *          s3    endpoint, region, access_key_id, secret_access_key, session_token, profile,
 *                path_style (url_style: path | vhost), use_ssl, ca_file, verify; what lacks comes
 *                from the usual environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 *                AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL,
 *                AWS_ENDPOINT_URL_S3, AWS_PROFILE), then ~/.aws/credentials and config, then web
 *                identity, container and instance roles (IMDSv2); without any keys requests go
 *                unsigned. A given endpoint means path style unless url_style says otherwise
 *          sftp  user, password, key_file, key_passphrase, known_hosts, host_key_check
 *          https auth, headers, ca_file, verify, index: the file that lists (_index.json), a list
 *                of names or {name | path, size?, etag?, modified?}, or one under `files`
 * http     may be NULL for local places
 * Fails    ERR_RUNTIME with the nearest key for unknown options; opens no connection yet
 * Owner    the arena */
MUST bool store_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err);
/* "s3://bucket/prefix": for messages; never with secrets. */
Str store_uri(const Store *store);
bool store_is_local(const Store *store);
/* The absolute path of a name in a local store; "s3://bucket/key" and the like otherwise. */
Str store_path(const Store *store, Arena *arena, Str name);

typedef struct StoreEntry {
    Str name;                    /* relative to the store                                         */
    uint64_t size_bytes;
    int64_t modified_at_us;      /* 0: unknown                                                    */
    Str etag;                    /* or empty                                                      */
} StoreEntry;
typedef struct StoreEntries {
    StoreEntry *at;
    uint32_t len, cap;
} StoreEntries;

/* Files whose name matches a glob (**, *, ?, [..], {a,b}), sorted by name. Lists only below the
 * glob's fixed beginning; a glob without wildcards is asked for alone. Names that begin with "."
 * (any part, unless the glob's own part does) or end in ".weir-tmp" are passed over.
 * Fails ERR_UNAVAILABLE, ERR_RUNTIME (no such bucket, no right; HTTP without an index). An absent
 *       folder has no files */
MUST bool store_list(Store *store, Str glob, Arena *arena, StoreEntries *out, Err *err);
/* False in *exists: there is none. */
MUST bool store_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists, Err *err);

/* ---- reading ---- */

typedef struct Reader Reader;
/* The next piece: a view that holds until the next call; empty at the end. */
MUST bool reader_next(Reader *reader, Str *piece, Err *err);
/* Closes it and the readers below. */
void reader_close(Reader *reader);
/* For messages: "s3://bucket/a.tar.gz: orders.csv". */
Str reader_name(const Reader *reader);
/* Bytes taken from the store so far (as they came over the wire). */
uint64_t reader_raw_bytes(const Reader *reader);

/* From `offset` on. Readers of remote places begin at once and fetch ahead in the background, at
 * most 8 MiB; a broken connection is resumed where it broke. What is wrong there (absent, no right)
 * is told by the first reader_next().
 * Fails  ERR_CONFLICT by reader_next(): changed while it was read (S3, HTTP: another etag; SFTP:
 *        told only behind a break) */
MUST bool store_read(Store *store, Str name, uint64_t offset, Reader **out, Err *err);
/* The whole of a small file (limit 0: of any size). `etag` may be NULL; an etag is of just this
 * content. Fails ERR_TOO_BIG above the limit. */
MUST bool store_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out, Str *etag,
                    bool *exists, Err *err);

/* Passes pieces through and tells of each, and how long it took to come: for hashing, counting,
 * timing. Takes `below`. */
MUST bool reader_watch(Reader *below, void (*seen)(void *context, Str piece, int64_t us),
                       void *context, Reader **out, Err *err);

/* Reads ahead in a thread of its own: so many bytes at most. Takes `below`, which no one else may
 * touch; closing waits for what `below` is at: none that reads from afar. */
MUST bool reader_ahead(Reader *below, size_t budget_bytes, Reader **out, Err *err);

/* Unpacks a stream of bytes: filter by content, not by name (gzip, zstd, bzip2, xz, lz4); plain
 * bytes pass unchanged. Takes `below`, also when it fails. Reads the first bytes at once.
 * Fails ERR_RUNTIME: truncated, corrupt ("x.csv.gz cannot be unpacked: ..."); what `below` fails
 * with */
MUST bool reader_unpack(Reader *below, Reader **out, Err *err);

/* The members of a tar or zip (filters as above; a zip is read by the headers before its members).
 * Takes `below`, also when it fails. An empty file is no archive; an empty tar has no members.
 * Fails ERR_RUNTIME: truncated, corrupt, no archive; what `below` fails with. Behind a failure in a
 *       member's bytes archive_next() may go on; behind one of its own it fails again */
typedef struct Archive Archive;
typedef struct Member {
    Str name;                    /* view until the next archive_next()                            */
    int64_t size_bytes;          /* -1: unknown                                                   */
    int64_t modified_at_us;
    bool is_file;                /* false: folder, link, device: nothing to read                  */
    bool is_folder;
    bool is_unsafe;              /* absolute, "C:", ".." or empty; '\' counts as '/'              */
    Str link;                    /* a symbolic link: where it leads; a view as `name`             */
} Member;
MUST bool archive_open(Reader *below, Archive **out, Err *err);
/* False in *has: no more. */
MUST bool archive_next(Archive *archive, Member *member, bool *has, Err *err);
/* The bytes of the member just met; closed before the next archive_next(). */
MUST bool archive_read(Archive *archive, Reader **out, Err *err);
void archive_close(Archive *archive);

/* ---- writing ---- */

typedef struct Writer Writer;
typedef struct WriteOptions {
    bool if_absent;              /* commit fails with ERR_CONFLICT when the name exists           */
    Str if_etag;                 /* commit fails with ERR_CONFLICT unless it is the present one   */
    Str content_type;
    unsigned parts_in_flight;    /* multipart; 0: 2                                               */
    bool is_durable;             /* local: fsync file and folder                                  */
} WriteOptions;

/* Nothing is seen under the name until writer_commit(). Local: a file without a name (or a hidden
 * one), then linked or renamed: a kill leaves nothing. S3: one PUT up to 8 MiB, else multipart,
 * aborted when dropped or failed; memory (parts_in_flight + 1) x part size. SFTP: temp name, then
 * rename; its conditions are looked at just before, not in one step. HTTP: PUT of a file kept in
 * $TMPDIR. After a failure of writer_add() only writer_drop() helps. */
MUST bool store_write(Store *store, Str name, const WriteOptions *options, Writer **out, Err *err);
MUST bool writer_add(Writer *writer, Str piece, Err *err);
/* etag (may be NULL) of what was written: owner the arena. The writer is gone after it, come what
 * may. */
MUST bool writer_commit(Writer *writer, Arena *arena, Str *etag, Err *err);
void writer_drop(Writer *writer);
/* A whole small file. */
MUST bool store_put(Store *store, Str name, Str content, const WriteOptions *options, Arena *arena,
                    Str *etag, Err *err);
/* A local file as it lies there, streamed. */
MUST bool store_put_file(Store *store, Str name, Str local_path, const WriteOptions *options,
                         Err *err);
/* Absent is no error. A local folder that becomes empty stays. */
MUST bool store_remove(Store *store, Str name, Err *err);
/* Local places only: folder `made` takes the place of folder `name`, and what `name` held is
 * removed; `name` need not be there. In one step where the file system can (renameat2); else for a
 * moment there is no `name`. A kill leaves at most the former content, as `made` or hidden beside
 * it. Both on one file system; names as everywhere, relative to the store.
 * Fails ERR_RUNTIME (remote), ERR_IO */
MUST bool store_exchange_folder(Store *store, Str made, Str name, Err *err);

/* Compresses what is added before it reaches `below` (which it takes, also when it fails): "gz",
 * "zst" (with a checksum), "bz2", "xz". The same bytes every time. */
MUST bool writer_pack(Writer *below, Str codec, Writer **out, Err *err);

#endif
