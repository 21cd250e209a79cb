/* format.h: records in text formats and what they hold: JSON, JSONL, CSV, XML; exact, streaming.
 *
 *   an answer's bytes --Splitter--> records (JSON lines, raw) --Shape--> the types they need
 *   a file of records --records_stream(Schema)--> Batches, and bad values told one by one
 *
 * No value is changed silently: what does not fit its column exactly is a bad value, with file,
 * line and column. Memory is bounded by one record (limit) and one batch.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "arrow/arrow.h"

/* ---- splitting answers into records ---- */

typedef enum RecordFormat {
    FORMAT_AUTO,    /* by the first bytes: XML, JSON, or JSON objects one after the other (JSONL) */
    FORMAT_JSON,    /* one document: records at a path in it                                 */
    FORMAT_JSONL,   /* a record a line                                                       */
    FORMAT_CSV,     /* split: every field a text, the unquoted empty one null                */
    FORMAT_XML,     /* records are elements at a path; each becomes a JSON object            */
    FORMAT_PARQUET, /* these two are not split here: an engine reads them                    */
    FORMAT_EXCEL,
} RecordFormat;
/* By file name ("a.csv.gz" -> CSV) or content type; FORMAT_AUTO if neither tells. */
RecordFormat format_of_name(Str name);
RecordFormat format_of_content_type(Str type);

typedef struct Splitter Splitter;

typedef struct SplitOptions {
    RecordFormat format;
    /* data_selector: "data.items", "$.results[*]", "response.docs[0].rows", "['odd key'].x",
     * "*.rows"; "" or "$": the document: an array's items, or itself. XML: "feed/entry"; "": the
     * children of the document's element. */
    Str path;
    uint64_t record_limit_bytes; /* 0: 64 MiB                                                 */
    /* Paths of scalars to keep besides: "meta.next", "paging.total"; XML: "feed/total",
     * "feed/@total" (texts). Met more than once (in records, say): the last one. */
    const Str *wanted;
    uint32_t wanted_count;
    Str name; /* for messages: the URL or file                             */
    /* Told of every record: one line of compact JSON as received, spaces between tokens left out,
     * no newline inside; a view that holds for the call. Records need not be objects: scalars and
     * null items of an array are told as they are. False: stop (err is set). */
    bool (*on_record)(void *context, Str record, Err *err);
    void *context;
} SplitOptions;

/* Fails ERR_PARSING for a path that cannot be read. Owner: the arena. */
MUST bool splitter_make(Arena *arena, const SplitOptions *options, Splitter **out, Err *err);
/* Feeds the next bytes, cut anywhere. Records that lie whole in a piece are views of it.
 * Fails  ERR_PARSING with line and column (in bytes) in the answer: no JSON ("expected a value,
 *        found '<': is this a web page?"), invalid UTF-8, nested deeper than 200; ERR_TOO_BIG: a
 *        record above the limit
 * Cost   JSON and JSONL 1.2 GB a CPU second, with spaces between tokens half of it; XML 0.2 */
MUST bool splitter_feed(Splitter *splitter, Str piece, Err *err);
/* The end: a truncated document fails; a path that was never met is an error that names the keys
 * that were there (nearest first), unless the document holds no records at that path because
 * something on its way is null or empty (XML: because the element above has no such children). */
MUST bool splitter_end(Splitter *splitter, Err *err);
/* After splitter_end(): the scalar (or small tree) met at wanted[i]; UNDEFINED: not there. */
Value splitter_wanted(const Splitter *splitter, uint32_t i);
uint64_t splitter_count(const Splitter *splitter);

/* One value of a JSON record by path ("id", "owner.id"), without parsing the rest: a view of its
 * raw text ("17", "\"a\"", "{..}"), at NULL: absent. Of doubled keys the last. The record must have
 * come from a Splitter. Cost: a scan at about 1 GB/s. */
Str record_find(Str record, Str path);
/* The same as a Value (texts unescaped). Owner: the arena. */
MUST bool record_value(Arena *arena, Str record, Str path, Value *out, Err *err);

/* ---- shapes: what types records need ---- */

/* Grows with every record; merges with others (of other threads). Numbers as their digits ask for:
 *
 *   integers         BIGINT (always, so that types stay), then UBIGINT, DECIMAL(38,0), TEXT
 *   with fractions   DOUBLE if every double's shortest text has the digits' value, DECIMAL, TEXT
 *   both             DOUBLE if all integers are within 2^53 besides, DECIMAL, TEXT
 *
 * Booleans, ISO dates and times (if told to look for them; DATE + TIMESTAMP = TIMESTAMP), texts,
 * objects as STRUCT, arrays as LIST (an empty one: of NULL). Nothing but null: NULL. Mixtures:
 * scalar kinds = TEXT, scalar and object or array = JSON. Objects whose keys look like data (> 200
 * of them), and {} alone = JSON. Keys that differ in case are different fields. Records that are no
 * objects count as {"value": record}.
 *
 * BIGINT and DOUBLE fields carry the digits seen in precision and scale (0: unknown), for
 * types_meet(). */
typedef struct Shape Shape;
typedef struct ShapeOptions {
    bool finds_times; /* ISO 8601 texts become DATE, TIMESTAMP, TIMESTAMP_TZ       */
    uint32_t depth;   /* objects and arrays nested deeper stay JSON; 0: 10         */
} ShapeOptions;
Shape *shape_make(Arena *arena, const ShapeOptions *options);
/* Fails  ERR_PARSING for what is no JSON (texts are not looked into); ERR_TOO_BIG beyond 16,384
 *        columns
 * Cost   about 800 MB a CPU second */
MUST bool shape_add(Shape *shape, Str json_record, Err *err);
void shape_merge(Shape *into, const Shape *from);
/* The columns, in order of first sight. Owner: the arena. */
Schema shape_schema(const Shape *shape, Arena *arena);
uint64_t shape_records(const Shape *shape);

/* How two types meet. WIDEN: *out holds every value of both exactly. */
typedef enum TypeMeet { TYPES_SAME, TYPES_NARROWER, TYPES_WIDEN, TYPES_CLASH } TypeMeet;

/* `have` is a table's column, `seen` what data needs. NARROWER: have holds all of seen (*out is
 * `have`). STRUCTs meet field by field (a new field widens), LISTs by their items. A TEXT column
 * takes scalars, a JSON column anything; no scalar column becomes TEXT: that is a CLASH, the
 * contract's business. Where `seen` comes from a Shape its digits count: BIGINT + 10.25 =
 * DECIMAL(21,2); DOUBLE takes integers of up to 15 digits.
 * Owner of *out: the arena. */
TypeMeet types_meet(Arena *arena, const Field *have, const Field *seen, Field *out);

/* ---- reading records into columns ---- */

/* A value that does not fit its column. */
typedef struct BadValue {
    Str file;
    uint64_t line; /* 1-based, of the record's first line                       */
    Str column;    /* "a", "a.b" in a STRUCT; empty: the whole record           */
    Str value;     /* raw, cut to 200 bytes                                     */
    Str record;    /* raw                                                       */
    /* "no BIGINT" (any type), "not in the schema", "too few fields", "too many fields", "no JSON",
     * "no object", "no list", "a quote that does not close", "text behind a closing quote",
     * "invalid UTF-8", "a NUL byte" */
    const char *reason;
} BadValue;

/* NULL: the value is left out (of a ragged record: what is missing or too much). Where the whole
 * record is bad ("no JSON", a broken quote) NULL drops it too. */
typedef enum Verdict { VERDICT_FAIL, VERDICT_DROP_ROW, VERDICT_NULL } Verdict;

typedef struct CsvOptions {
    char delimiter, quote; /* 0: found out from the first 256 KiB: , ; tab |  and \" '   */
    char escape;           /* 0: the quote doubled                                      */
    int has_header;        /* 1, 0; -1: found out. Without one: column_1, column_2, ... */
    /* "latin-1", "cp949", "euc-kr", "utf-16", ...; empty: a byte order mark's, else UTF-8. */
    Str encoding;
    Str null_text;    /* unquoted text that is NULL; default: the empty field      */
    Str decimal_mark; /* "." or ","                                                */
    Str date_format, timestamp_format; /* strptime forms; empty: ISO                          */
} CsvOptions;

typedef struct RecordOptions {
    RecordFormat format; /* JSONL or CSV                                              */
    CsvOptions csv;
    Schema schema; /* columns to fill, by name, letter for letter               */
    Str file;      /* for messages and bad values                               */
    uint64_t batch_rows, batch_bytes; /* 0: 64k rows, 1 MiB of input                          */
    /* The next bytes, which hold until the next call; empty at the end. */
    MUST bool (*read)(void *source, Str *piece, Err *err);
    void *source;
    /* What to do about a bad value; NULL: fail. Keys or columns that the schema lacks are told once
     * a column and record when `tells_unknown` (VERDICT_NULL: passed over). */
    Verdict (*on_bad)(void *context, const BadValue *bad);
    bool tells_unknown;
    void *context;
    int line_column; /* BIGINT column of the schema that gets the line number, or -1 */
} RecordOptions;

/* A stream of batches. Values are never changed: what a column does not hold exactly is bad (1.0
 * and 1e3 are integers; a DOUBLE must say the same digits; a naive time is no TIMESTAMP_TZ). JSON
 * texts fit numbers and times as CSV fields do. Of doubled keys the last wins; missing ones are
 * NULL. CSV: line ends \n, \r\n, \r; blank lines are passed; an empty field is NULL where no text
 * is wanted, a quoted one '' in texts; a name twice in a header is "a", "a_1".
 * Owner  the arena; closing it does not close `source`
 * Fails  next(): ERR_PARSING with file and line, what read() fails with, ERR_TOO_BIG: a record
 *        above 64 MiB
 * Cost   about 350 MB of JSONL, 800 MB of CSV a CPU second */
MUST bool records_stream(Arena *arena, const RecordOptions *options, Stream *out, Err *err);

/* The header and types of a CSV from a sample of its beginning (or of all of it, fed piece by
 * piece): dialect found out into *csv; columns of the narrowest type that holds all values seen
 * exactly, as Shape's. Booleans are true and false in any case; 007 and +1 are texts; empty fields
 * are NULL, a column of nothing else is TEXT. *csv and *schema live as long as the arena.
 * Fails ERR_PARSING: invalid UTF-8 without a mark or `encoding`; a header that is broken
 * Cost  1 GB a CPU second and more; a column that is known to be a text costs nothing */
typedef struct CsvSniffer CsvSniffer;
CsvSniffer *csv_sniffer_make(Arena *arena, const CsvOptions *options);
MUST bool csv_sniffer_feed(CsvSniffer *sniffer, Str piece, Err *err);
MUST bool csv_sniffer_end(CsvSniffer *sniffer, CsvOptions *csv, Schema *schema, Err *err);
/* Behind csv_sniffer_end(): a column of nothing but empty fields, which it calls TEXT. */
bool csv_sniffer_is_empty(const CsvSniffer *sniffer, uint32_t column);
/* Begins with another file, in whose arena its *schema will lie; buffers stay. A record may have so
 * many bytes; 0: 64 MiB. */
void csv_sniffer_restart(CsvSniffer *sniffer, Arena *arena, const CsvOptions *options,
                         uint64_t record_limit_bytes);
/* As csv_reader_held() and csv_reader_relax(): behind a file. */
uint64_t csv_sniffer_held(const CsvSniffer *sniffer);
void csv_sniffer_relax(CsvSniffer *sniffer);

/* ---- CSV, file after file, by whoever decides what to do about what does not fit ---- */

/* A reader that is used for many files: its buffers stay. One thread.
 *
 *   csv_reader_begin(file)  -> header, a sample's types
 *   csv_reader_bind()       -> which column of a Builder a field goes to
 *   csv_reader_fill()       -> rows, until the batch is full, the file ends, or something misfits;
 *                              then csv_reader_null() or csv_reader_skip(), or another Builder of
 *                              wider types is bound; and on with csv_reader_fill()
 */
typedef struct CsvReader CsvReader;

typedef struct CsvFile {
    Str name;       /* for messages                                                  */
    CsvOptions csv; /* what is 0, empty or -1 is found out                           */
    /* The next bytes, which hold until the next call; empty at the end. */
    MUST bool (*read)(void *source, Str *piece, Err *err);
    void *source;
    uint64_t record_limit_bytes; /* 0: 64 MiB                                                     */
} CsvFile;

typedef enum CsvStop {
    CSV_FULL,   /* builder_is_full()                                             */
    CSV_END,    /* the file has ended                                            */
    CSV_MISFIT, /* a row does not fit: *bad says which value and why; the Builder
                   holds the rows before it, whole                               */
} CsvStop;

CsvReader *csv_reader_make(Arena *arena);
/* Begins a file: dialect, encoding, header. An empty file (no bytes, or blank lines only) has no
 * header: count 0. `file` is copied; texts must hold until the next begin.
 * Fails  ERR_PARSING: a header with invalid UTF-8, a NUL byte, a quote that never closes or text
 *        behind one; an unknown encoding; ERR_TOO_BIG; what read() fails with */
MUST bool csv_reader_begin(CsvReader *reader, const CsvFile *file, Err *err);
/* Names of the fields, made different as in records_stream(); views until the next begin. */
uint32_t csv_reader_header(const CsvReader *reader, const Str **names);
/* The types that the rows in the window (the first 256 KiB or so) ask for, as csv_sniffer gives
 * them; a field without any value: ARROW_NULL. Owner: the arena. */
MUST bool csv_reader_sniff(CsvReader *reader, Arena *arena, Schema *out, Err *err);
/* target[i]: the column of the builder that field i goes to, -1: passed over. Columns of the
 * builder that no field goes to get NULLs. line_column: BIGINT column that gets the record's line,
 * or -1. `nulls`: see CsvOptions.null_text. Allowed after begin, and again after CSV_FULL or
 * CSV_MISFIT, when the builder has no rows (other columns and types then, too). The row that did
 * not fit is read anew; what csv_reader_null() said of it holds. */
void csv_reader_bind(CsvReader *reader, Builder *builder, const int32_t *target,
                     int32_t line_column);
/* Fills on. Ragged rows stop as CSV_MISFIT with an empty `column` ("too few fields", "too many
 * fields"), as do "a quote that does not close", "text behind a closing quote", "invalid UTF-8", "a
 * NUL byte".
 * bad    views that hold until the next call; only after CSV_MISFIT
 * Fails  what read() fails with; ERR_TOO_BIG: a record above the limit
 * Cost   900 MB a CPU second of mixed types, 2 GB of wide texts; a file besides its bytes 2 us
 * where delimiter, quote and header are given, 6 us where they are found out. A value that does not
 *        fit costs some rows, which are read twice */
MUST bool csv_reader_fill(CsvReader *reader, CsvStop *stop, BadValue *bad, Err *err);
/* After CSV_MISFIT: takes the row with this one value NULL (ragged: what is missing NULL, what is
 * too much left out), or leaves it out. A record with a broken quote or bytes cannot be taken with
 * null: it is left out as well. */
void csv_reader_null(CsvReader *reader);
void csv_reader_skip(CsvReader *reader);
/* Rows taken or left out so far in this file; header and blank lines are not counted, nor is a row
 * that waits behind CSV_MISFIT. */
uint64_t csv_reader_rows(const CsvReader *reader);

/* Bytes that were read and wait for the end of their record: many where records are giant. */
uint64_t csv_reader_held(const CsvReader *reader);
/* Gives back buffers that giant records have taken; is_over: the file is not read on. Not between
 * CSV_MISFIT and the next fill. */
void csv_reader_relax(CsvReader *reader, bool is_over);

/* What was found out of the file's options: delimiter, quote, has_header, encoding, decimal mark. A
 * view until the next begin. */
const CsvOptions *csv_reader_options(const CsvReader *reader);

/* The type that holds both what a column of type `have` holds and this text: DATE and "n/a" ->
 * TEXT; ARROW_NULL and "7" -> BIGINT; BIGINT and "1.5" -> DOUBLE where have->precision says that at
 * most 15 digits were seen (csv_sniffer and csv_reader_sniff() do, and so does *out), else
 * DECIMAL(20,1): a double does not hold every BIGINT. The second one reads the text by the file's
 * decimal mark and forms. Owner: the arena. */
void csv_widen(Arena *arena, const Field *have, Str value, Field *out);
void csv_reader_widen(const CsvReader *reader, Arena *arena, const Field *have, Str value,
                      Field *out);

/* Bytes of any encoding to UTF-8, piece by piece (libc's iconv); a byte order mark is left out.
 * Fails ERR_PARSING with the byte offset; an unknown name: the nearest known one. */
typedef struct Recoder Recoder;
MUST bool recoder_make(Arena *arena, Str encoding, Recoder **out, Err *err);
MUST bool recoder_feed(Recoder *recoder, Str piece, Text *out, Err *err);
MUST bool recoder_end(Recoder *recoder, Err *err);

#endif
