/* csv_scan.c: see csv_scan.h.
 *
 * 64 bytes become a mask of those that end a field (delimiter, \n, \r); each field takes the next
 * bit. A field that begins with a quote is walked to its closing one, after which the mask is made
 * anew.
 */
#include "format/csv_scan.h"
#include "format/scan.h"

const char csv_unclosed[] = "a quote that does not close";

/* The first of three bytes, or the end. */
static inline const char *find_any(const char *at, const char *end, char a, char b, char c)
{
#if defined(__SSE2__)
    const __m128i is_a = _mm_set1_epi8(a), is_b = _mm_set1_epi8(b), is_c = _mm_set1_epi8(c);
    while (at < end) { /* the padding is readable */
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        __m128i found =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, is_a), _mm_cmpeq_epi8(bytes, is_b)),
                         _mm_cmpeq_epi8(bytes, is_c));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask) {
            at += __builtin_ctz(mask);
            return at < end ? at : end;
        }
        at += 16;
    }
    return end;
#else
    while (at < end && *at != a && *at != b && *at != c)
        at++;
    return at;
#endif
}

static void make_room(CsvRecord *record)
{
    uint32_t room = record->room ? record->room * 2 : 64;
    record->fields = arena_grow(record->arena, record->fields, record->room * sizeof(CsvField),
                                room * sizeof(CsvField), _Alignof(CsvField));
    record->room = room;
}

/* From behind an opening quote to behind the closing one; NULL: it does not close before the end.
 */
static const char *scan_quoted(const CsvDialect *dialect, const char *at, const char *end,
                               bool is_last, CsvRecord *record, CsvField *field)
{
    *field = (CsvField){.at = at, .is_quoted = true};
    for (;;) {
        at = find_any(at, end, dialect->quote, dialect->escape, '\n');
        if (at == end)
            return NULL;
        if (*at == '\n') {
            record->newlines++;
            at++;
            continue;
        }
        bool is_escape = *at == dialect->escape && dialect->escape != dialect->quote;
        if (at + 1 == end && !is_last)
            return NULL;
        bool is_doubled = *at == dialect->quote && dialect->escape == dialect->quote &&
                          at + 1 < end && at[1] == dialect->quote;
        if (!is_escape && !is_doubled)
            break;
        if (at + 1 == end)
            return NULL;
        field->has_escapes = true;
        record->newlines += at[1] == '\n';
        at += 2;
    }
    field->len = (uint32_t)(at - field->at);
    return at + 1;
}

/* The record ends with the line end at `at`. False: it is not known yet where the next begins. */
static inline bool end_record(CsvRecord *record, const char *at, const char *end, bool is_last)
{
    if (*at == '\r' && at + 1 == end && !is_last)
        return false;
    record->end = at;
    record->next = at + 1 + (*at == '\r' && at + 1 < end && at[1] == '\n');
    return true;
}

/* The bytes ran out. */
static bool end_at_last(CsvRecord *record, const char *end, bool is_last)
{
    record->end = record->next = end;
    return is_last;
}

bool csv_scan_record(const CsvDialect *dialect, const char *at, const char *end, bool is_last,
                     CsvRecord *record)
{
    const char delimiter = dialect->delimiter, quote = dialect->quote;
    const char *block = at;
    uint64_t mask = scan_any_of_three(block, delimiter, '\n', '\r');
    bool is_fresh = true; /* the mask tells of the bytes at hand */
    record->count = record->newlines = 0;
    record->fault = NULL;
    record->begin = at;
    for (;;) {
        if (record->count == record->room)
            make_room(record);
        CsvField *field = &record->fields[record->count];
        if (at < end && *at == quote) {
            const char *behind = scan_quoted(dialect, at + 1, end, is_last, record, field);
            if (!behind) {
                record->fault = csv_unclosed;
                return end_at_last(record, end, is_last);
            }
            at = behind;
            if (at < end && *at != delimiter && *at != '\n' && *at != '\r') {
                record->fault = "text behind a closing quote";
                at = find_any(at, end, delimiter, '\n', '\r');
            }
            is_fresh = false;
        } else {
            field->at = at;
            field->is_quoted = field->has_escapes = false;
            if (!is_fresh) {
                block = at;
                mask = scan_any_of_three(block, delimiter, '\n', '\r');
                is_fresh = true;
            }
            while (!mask && block + 64 < end) {
                block += 64;
                mask = scan_any_of_three(block, delimiter, '\n', '\r');
            }
            at = mask ? block + __builtin_ctzll(mask) : end;
            mask &= mask - 1;
            at = at < end ? at : end;
            field->len = (uint32_t)(at - field->at);
        }
        record->count++;
        if (at >= end)
            return end_at_last(record, end, is_last);
        if (*at != delimiter)
            return end_record(record, at, end, is_last);
        at++;
    }
}

Str csv_field_text(const CsvDialect *dialect, const CsvField *field, Text *scratch)
{
    if (!field->has_escapes)
        return (Str){field->at, field->len};
    text_clear(scratch);
    const char *at = field->at, *end = field->at + field->len;
    while (at < end) {
        const char *found = memchr(at, dialect->escape, (size_t)(end - at));
        if (!found || found + 1 == end)
            break;
        text_add_bytes(scratch, at, (size_t)(found - at));
        text_add_char(scratch, found[1]);
        at = found + 2;
    }
    text_add_bytes(scratch, at, (size_t)(end - at));
    return text_str(scratch);
}
