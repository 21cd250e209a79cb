/* split.c: splitters: making, choosing the format, JSONL, and what all of them share (split.h). */
#include <stdarg.h>

#include "base/json.h"
#include "format/split.h"

#define RECORD_LIMIT (UINT64_C(64) << 20)

/* ---- shared ---- */

void split_advance(Splitter *splitter, const char *to)
{
    Str passed = {splitter->base, (size_t)(to - splitter->base)};
    splitter->base = to;
    uint64_t lines = scan_count(passed, '\n');
    if (!lines) {
        splitter->column += passed.len;
        return;
    }
    const char *last = memrchr(passed.at, '\n', passed.len);
    splitter->line += lines;
    splitter->column = (uint64_t)(to - last);
}

/* The place of a byte at or behind `base`. */
static Place place_of(const Splitter *splitter, const char *at)
{
    Splitter there = {.base = splitter->base, .line = splitter->line, .column = splitter->column};
    if (splitter->base)
        split_advance(&there, at);
    return (Place){splitter->options.name, (int)there.line, (int)there.column};
}

MUST bool split_fail(const Splitter *splitter, const char *at, Err *err, const char *format, ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    return err_set(err, ERR_PARSING, place_of(splitter, at), STR_FMT, STR_ARG(text_str(&message)));
}

MUST bool split_fail_json(const Splitter *splitter, const JsonCheck *check, Err *err)
{
    AUTO(text) Text message = {0};
    json_print_fault(check, &message);
    return split_fail(splitter, check->at, err, STR_FMT, STR_ARG(text_str(&message)));
}

MUST bool split_check_size(const Splitter *splitter, const char *at, size_t bytes, Err *err)
{
    if (bytes <= splitter->limit)
        return true;
    return err_set(err, ERR_TOO_BIG, place_of(splitter, at ? at : splitter->base),
                   "a record of more than %llu bytes begins here",
                   (unsigned long long)splitter->limit);
}

MUST bool split_emit(Splitter *splitter, Str record, uint64_t spaces, Err *err)
{
    if (spaces) {
        text_clear(&splitter->compact);
        json_add_compact(record, &splitter->compact);
        record = text_str(&splitter->compact);
    }
    splitter->count++;
    return splitter->options.on_record(splitter->options.context, record, err);
}

void split_keep_wanted(Splitter *splitter, uint32_t i, Str json)
{
    text_clear(&splitter->wanted_raw[i]);
    text_add(&splitter->wanted_raw[i], json);
}

/* ---- a record a line ---- */

/* One line without its end. Blank ones are passed. */
static bool take_line(Splitter *splitter, Str line, Err *err)
{
    const char *end = line.at + line.len;
    JsonCheck check = {.at = json_skip_spaces(line.at, end), .end = end, .is_whole = true};
    if (check.at == end)
        return true;
    const char *begin = check.at;
    if (json_check_value(&check) != JSON_COMPLETE)
        return split_fail_json(splitter, &check, err);
    Str record = {begin, (size_t)(check.at - begin)};
    const char *behind = json_skip_spaces(check.at, end);
    if (behind != end)
        return split_fail(splitter, behind, err,
                          "expected the end of the line behind a record, found '%c'", *behind);
    TRY(split_check_size(splitter, begin, record.len, err));
    TRY(split_emit(splitter, record, check.spaces, err));
    for (uint32_t i = 0; i < splitter->options.wanted_count; i++) {
        Str found = path_walk(record, splitter->wanted[i].steps, splitter->wanted[i].count);
        if (found.at)
            split_keep_wanted(splitter, i, found);
    }
    return true;
}

/* Ends the line that waits. */
static bool take_pending_line(Splitter *splitter, Err *err)
{
    Str line = text_str(&splitter->pending);
    splitter->base = line.at;
    TRY(take_line(splitter, str_slice(line, 0, line.len - str_ends(line, STR("\n"))), err));
    split_advance(splitter, splitter->pending.at + splitter->pending.len);
    text_clear(&splitter->pending);
    return true;
}

static bool split_jsonl_feed(Splitter *splitter, Str piece, Err *err)
{
    const char *at = piece.at, *end = piece.at + piece.len;
    if (splitter->pending.len) {
        const char *newline = memchr(at, '\n', piece.len);
        const char *behind = newline ? newline + 1 : end;
        TRY(split_check_size(splitter, NULL, splitter->pending.len + (size_t)(behind - at), err));
        text_add_bytes(&splitter->pending, at, (size_t)(behind - at));
        if (!newline)
            return true;
        TRY(take_pending_line(splitter, err));
        at = behind;
    }
    splitter->base = at;
    for (const char *newline; at < end && (newline = memchr(at, '\n', (size_t)(end - at)));
         at = newline + 1)
        TRY(take_line(splitter, (Str){at, (size_t)(newline - at)}, err));
    split_advance(splitter, at);
    TRY(split_check_size(splitter, at, (size_t)(end - at), err));
    text_add_bytes(&splitter->pending, at, (size_t)(end - at));
    return true;
}

static bool split_jsonl_end(Splitter *splitter, Err *err)
{
    return !splitter->pending.len || take_pending_line(splitter, err);
}

/* ---- making ---- */

static void splitter_drop(void *what)
{
    Splitter *splitter = what;
    text_drop(&splitter->pending);
    text_drop(&splitter->compact);
    for (uint32_t i = 0; i < splitter->options.wanted_count; i++)
        text_drop(&splitter->wanted_raw[i]);
}

MUST bool splitter_make(Arena *arena, const SplitOptions *options, Splitter **out, Err *err)
{
    assert(options->on_record && options->format != FORMAT_PARQUET &&
           options->format != FORMAT_EXCEL);
    Splitter *splitter = NEW(arena, Splitter);
    *splitter = (Splitter){
        .arena = arena, .options = *options, .format = options->format, .line = 1, .column = 1};
    splitter->limit = options->record_limit_bytes ? options->record_limit_bytes : RECORD_LIMIT;
    splitter->options.name = str_copy(arena, options->name);
    TRY(path_parse(arena, str_copy(arena, options->path), &splitter->path, err));
    splitter->wanted = NEW_N(arena, Path, options->wanted_count);
    splitter->wanted_raw = NEW_N(arena, Text, options->wanted_count);
    splitter->wanted_values = NEW_N(arena, Value, options->wanted_count);
    for (uint32_t i = 0; i < options->wanted_count; i++)
        TRY(path_parse(arena, str_copy(arena, options->wanted[i]), &splitter->wanted[i], err));
    arena_on_drop(arena, splitter_drop, splitter);
    *out = splitter;
    return true;
}

/* By the first byte that says something. JSON objects may follow each other: that takes JSONL too.
 */
static void choose_format(Splitter *splitter, char first)
{
    if (splitter->format == FORMAT_AUTO) {
        splitter->takes_many = first == '{';
        splitter->format = first == '<' ? FORMAT_XML : FORMAT_JSON;
    }
    if (splitter->format == FORMAT_JSON)
        split_json_init(splitter);
    else if (splitter->format == FORMAT_XML)
        split_xml_init(splitter);
    else if (splitter->format == FORMAT_CSV)
        split_csv_init(splitter);
}

static bool dispatch(Splitter *splitter, Str piece, Err *err)
{
    switch (splitter->format) {
    case FORMAT_JSONL:
        return split_jsonl_feed(splitter, piece, err);
    case FORMAT_XML:
        return split_xml_feed(splitter, piece, err);
    case FORMAT_CSV:
        return split_csv_feed(splitter, piece, err);
    default:
        return split_json_feed(splitter, piece, err);
    }
}

/* Passes a byte order mark and, to know the format, white space; what is too little waits. */
static bool begin(Splitter *splitter, Str *piece, Err *err)
{
    Text *head = &splitter->pending;
    bool knows = splitter->format == FORMAT_CSV || splitter->format == FORMAT_XML;
    size_t old = head->len;
    text_add(head, str_slice(*piece, 0, 4096));
    Str bytes = text_str(head);
    bool has_mark = str_starts(bytes, STR("\xef\xbb\xbf"));
    bool may_be_mark = bytes.len < 3 && str_starts(STR("\xef\xbb\xbf"), bytes);
    size_t from = has_mark && splitter->format != FORMAT_XML ? 3 : 0, first = has_mark ? 3 : 0;
    while (!knows && first < bytes.len && json_is_space(bytes.at[first]))
        first++;
    if (may_be_mark || (!knows && first == bytes.len)) {
        *piece = str_slice(*piece, head->len - old, piece->len);
        return split_check_size(splitter, NULL, head->len, err);
    }
    splitter->has_begun = true;
    choose_format(splitter, bytes.at[knows ? 0 : first]);
    Text taken = *head;
    *head = (Text){0};
    *piece = str_slice(*piece, taken.len - old, piece->len);
    splitter->base = taken.at;
    bool is_fed = dispatch(splitter, str_slice(text_str(&taken), from, taken.len), err);
    text_drop(&taken);
    return is_fed;
}

MUST bool splitter_feed(Splitter *splitter, Str piece, Err *err)
{
    while (!splitter->has_begun && piece.len)
        TRY(begin(splitter, &piece, err));
    return !piece.len || dispatch(splitter, piece, err);
}

static bool end_format(Splitter *splitter, Err *err)
{
    switch (splitter->format) {
    case FORMAT_JSONL:
        return split_jsonl_end(splitter, err);
    case FORMAT_XML:
        return split_xml_end(splitter, err);
    case FORMAT_CSV:
        return split_csv_end(splitter, err);
    default:
        return split_json_end(splitter, err);
    }
}

MUST bool splitter_end(Splitter *splitter, Err *err)
{
    if (!splitter->has_begun) {
        bool may_be_empty = splitter->format == FORMAT_JSONL || splitter->format == FORMAT_CSV;
        if (may_be_empty && !str_trim(text_str(&splitter->pending)).len)
            return true;
        return split_fail(splitter, splitter->base, err, "the answer is empty");
    }
    TRY(end_format(splitter, err));
    for (uint32_t i = 0; i < splitter->options.wanted_count; i++) {
        Str raw = text_copy(splitter->arena, &splitter->wanted_raw[i]);
        if (raw.len)
            TRY(json_parse(splitter->arena, raw, splitter->options.name,
                           &splitter->wanted_values[i], err));
    }
    return true;
}

Value splitter_wanted(const Splitter *splitter, uint32_t i)
{
    assert(i < splitter->options.wanted_count);
    return splitter->wanted_values[i];
}

uint64_t splitter_count(const Splitter *splitter)
{
    return splitter->count;
}
