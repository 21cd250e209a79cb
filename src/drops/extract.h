/* extract.h: a group of archives at work. private to drops/
 *
 *   GroupWork --archive_walk()--> members of archives --MemberTake--> shapes.c | extract.c
 *                                                     --PartTable--> Parquet segments, .keys
 */
#ifndef DROPS_EXTRACT_H
#define DROPS_EXTRACT_H

#include "drops/drops_base.h"

/* ---- archive.c: the members of an archive, with limits ---- */

/* A file in an archive, or a plain file of the inbox. */
typedef struct MemberFile {
    Str name;                    /* as it stands in the archive                                   */
    PatternMatch match;
    const MapTable *map;         /* NULL: no mapping                                              */
    Str table;                   /* unified name                                                  */
    uint64_t bytes;              /* plain, so far                                                 */
    Reader *reader;
    Writer *raw;                 /* gets the bytes as they pass; NULL: none                       */
    struct ArchiveWalk *walk;
} MemberFile;

typedef struct ArchiveWalk {
    Drop *drop;
    Arena *arena;                /* of the archive: dropped behind it                             */
    const PlanArchive *archive;
    Value expected_tables;       /* dict name -> true                                             */
    bool is_ahead;               /* it is unpacked in a thread of its own                         */
    /* Takes the bytes of a member by member_read(). False: the archive has failed. */
    MUST bool (*take)(void *context, MemberFile *member, Err *err);
    /* Told of members that are no table's: a verdict without consequences; may be NULL. */
    void (*surplus)(void *context, Str member, Str reason);
    void *context;
    /* what was met */
    uint64_t packed_bytes, plain_bytes;
    uint64_t hash;               /* of the packed bytes, once it has ended well                   */
    uint64_t rest, rest_len;     /* bytes that are no word yet                                    */
    uint32_t members;
    int64_t wait_us;             /* inside of the readers: read and unpack                        */
    int64_t read_us;             /* of it, until packed bytes had come                            */
    int64_t ahead_cpu_us;        /* of the other thread                                           */
} ArchiveWalk;

/* Walks `reader` (which it takes) to its end: also what lies behind the last member is checked.
 * Fails  ERR_CANCELLED, ERR_UNAVAILABLE, ERR_IO, ERR_DATABASE: the run's trouble; all others are
 *        the archive's: it is bad, for the reason that the message says */
MUST bool archive_walk(ArchiveWalk *walk, Reader *reader, Err *err);
bool archive_is_to_blame(const Err *err);
MUST bool member_read(MemberFile *member, Str *piece, Err *err);

/* Bytes that a record may have: limits.record, else 64 MiB or what an eighth of the memory is. */
uint64_t record_limit(const Drop *drop);
/* A record of which so many bytes have come needs a multiple of them until it is written: above
 * some megabytes all other workers with such a one wait. *is_mine: this worker goes on. */
MUST bool giant_take(Drop *drop, uint64_t record_bytes, bool *is_mine, Err *err);
void giant_give(Drop *drop, bool *is_mine);

/* Whether archives are to be unpacked in threads of their own: there are not enough of them to
 * keep all workers busy. */
bool unpacks_ahead(const Drop *drop, const Plan *plan);

/* Readers of the next archives, opened before they are needed. */
typedef struct Ahead {
    Drop *drop;
    const PlanArchive *archives;
    uint32_t count, next, opened;
    Reader *readers[8];
} Ahead;

void ahead_begin(Ahead *ahead, Drop *drop, const PlanArchive *archives, uint32_t count);
/* The reader of archives[i]; i rises by any step. */
MUST bool ahead_take(Ahead *ahead, uint32_t i, Reader **out, Err *err);
void ahead_end(Ahead *ahead);

/* ---- part.c: rows of a table ---- */

/* A version of the columns of a table: those of all files so far. */
typedef struct PartSchema {
    Schema read;                 /* as the builder is filled: data columns, _line                 */
    Schema written;              /* as segments hold it: the same, _archive, _file                */
    Mapper *mapper;              /* NULL: read and written are the same                           */
    uint32_t *keys;              /* columns of the primary key                                    */
    uint32_t key_count;
} PartSchema;

typedef struct GroupWork GroupWork;

typedef struct PartTable {
    GroupWork *group;
    Str name;
    const MapTable *map;
    Map columns;                 /* name without case -> 1 + column of now->read                  */
    const PartSchema *now;       /* for the next rows                                             */
    const PartSchema *before;    /* when the archive began                                        */
    Builder *builder;            /* of now->read                                                  */
    Arena now_arena;             /* of builder and columns: another schema, and they are gone     */
    /* the segment that is open */
    const PartSchema *open;
    ParquetWriter *writer;       /* NULL: none                                                    */
    Arena writer_arena;
    Writer *out, *keys;          /* NULL: nothing written yet                                     */
    uint64_t out_bytes;
    Str file, keys_file;
    Array *segments;
    uint32_t segment_count;
    Str rejects_file;
    Writer *rejects;             /* rows left out, as JSON lines; NULL: none yet                  */
    Text reject_lines;           /* of the archive at work                                        */
    /* of archives that ended well, and of the one at work (of whose arena they are) */
    struct PartNotes {
        uint64_t files, plain_bytes, rows_in, rows_bad, values_bad;
        Dict *header, *missing, *unknown;   /* name -> files                                      */
        Dict *bad;               /* "column\nreason" -> {column, reason, count, first}            */
        Array *files_seen;       /* {file, archive, rows}                                         */
    } sum, archive;
} PartTable;

/* Rows that wait until their archive has ended well. */
typedef struct Held {
    PartTable *table;
    const PartSchema *schema;
    Batch batch;
    Str archive, file;
} Held;

struct GroupWork {
    Drop *drop;
    Arena *arena;
    Arena *archive_arena;        /* of the archive at work: reset behind it                       */
    const PlanGroup *group;
    Str attempt;
    CsvReader *csv;
    Value types;                 /* types.json's tables                                           */
    bool wants_files;            /* rows of every file are noted                                  */
    Map tables;
    List(PartTable *) order;
    List(Held) held;
    uint64_t held_bytes;
    Packer *packer;              /* of all writers; NULL: none yet                                */
    bool is_spilled;             /* rows of the archive at work were written already              */
    const PlanArchive *archive;
    uint64_t bytes_written;
    int64_t write_us;
    Array *surplus, *verdicts;
    uint64_t surplus_count, verdict_count;
};

/* The table, made at first sight with the columns that are known. */
MUST bool part_table(GroupWork *group, Str name, const MapTable *map, PartTable **out, Err *err);
/* A file of the archive at work, all its rows. */
MUST bool part_file(PartTable *table, MemberFile *member, Err *err);
/* The archive has ended well: its rows are written. Or it has not: they are dropped; false in
 * *clean: some were written, the group is to be run again without it. */
MUST bool parts_accept(GroupWork *group, Err *err);
void parts_refuse(GroupWork *group, bool *clean);
/* Ends all segments: *out is the dict of `tables` of the marker. */
MUST bool parts_finish(GroupWork *group, Value *out, Err *err);
void parts_drop(GroupWork *group);

void group_verdict(GroupWork *group, const char *level, Str member, Str reason);

/* 64-bit hashes of the keys of a batch's rows, added to *out; 0: a part of the key is NULL. Equal
 * keys have equal hashes, also where one is a number and the other its digits. */
void keys_hash(const Batch *batch, const Schema *schema, const uint32_t *keys, uint32_t count,
               Text *out);

/* ---- shapes.c: types before the first row ---- */

/* types.json: found out unless it is there. *out: its tables. */
MUST bool types_decide(Drop *drop, const Plan *plan, CsvReader **readers, Arena *arena, Value *out,
                       Err *err);

#endif
