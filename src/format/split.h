/* split.h: what the splitters of the formats share; private to format/.
 *
 *   splitter_feed -> split_json | split_jsonl | split_xml | split_csv -> split_emit -> on_record
 *
 * A unit (a value, a line, a tag) that is cut by the end of a piece waits in `pending` for its
 * rest. `base` and `line`, `column` move together: they say where the bytes at hand stand in the
 * whole answer.
 */
#ifndef FORMAT_SPLIT_H
#define FORMAT_SPLIT_H

#include "format/format.h"
#include "format/json_scan.h"
#include "format/path.h"

typedef struct JsonSplit JsonSplit;
typedef struct XmlSplit XmlSplit;
typedef struct CsvSplit CsvSplit;

struct Splitter {
    Arena *arena;
    SplitOptions options;
    RecordFormat format; /* FORMAT_AUTO until the first bytes have told                   */
    bool takes_many;     /* several JSON documents one after the other                    */
    bool has_begun;      /* the byte order mark has been looked for                       */
    Path path, *wanted;
    Text *wanted_raw;     /* JSON text of what was met; empty: nothing                     */
    Value *wanted_values; /* made by splitter_end()                                        */
    uint64_t count, limit;
    const char *base;      /* the byte that stands at line, column                          */
    uint64_t line, column; /* 1-based; column in bytes                                      */
    Text pending, compact;
    JsonSplit *json;
    XmlSplit *xml;
    CsvSplit *csv;
};

/* Moves the place of `base` to `to`, which lies behind it in the same bytes. */
void split_advance(Splitter *splitter, const char *to);
/* Fails at `at`, which lies behind `base`. */
MUST bool split_fail(const Splitter *splitter, const char *at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);
MUST bool split_fail_json(const Splitter *splitter, const JsonCheck *check, Err *err);
/* Passes a checked record on, compact. */
MUST bool split_emit(Splitter *splitter, Str record, uint64_t spaces, Err *err);
/* Fails ERR_TOO_BIG if so many bytes from `at` (NULL: `base`) are above the limit. */
MUST bool split_check_size(const Splitter *splitter, const char *at, size_t bytes, Err *err);
/* Keeps what was met at a wanted path: JSON text. */
void split_keep_wanted(Splitter *splitter, uint32_t i, Str json);

void split_json_init(Splitter *splitter);
MUST bool split_json_feed(Splitter *splitter, Str piece, Err *err);
MUST bool split_json_end(Splitter *splitter, Err *err);

void split_xml_init(Splitter *splitter);
MUST bool split_xml_feed(Splitter *splitter, Str piece, Err *err);
MUST bool split_xml_end(Splitter *splitter, Err *err);

void split_csv_init(Splitter *splitter);
MUST bool split_csv_feed(Splitter *splitter, Str piece, Err *err);
MUST bool split_csv_end(Splitter *splitter, Err *err);

#endif
