/* dialect.c: what a CSV's first bytes tell: delimiter, quote, header, names; see csv_scan.h. */
#include "format/csv_scan.h"
#include "format/kinds.h"
#include "format/scan.h"

#define RECORDS_LOOKED_AT 1000
#define HEADER_NAME_LIMIT 128

/* ---- delimiter and quote ---- */

/* How well a delimiter fits: records of the usual count of fields. */
typedef struct Fit {
    uint32_t records, usual, consistent;
} Fit;

/* The commonest count of fields; counts above the table are taken as they come. */
static Fit fit_of(Arena *arena, const CsvDialect *dialect, Str sample, bool is_all)
{
    enum { COUNTS = 1024 };
    uint32_t *seen = NEW_N(arena, uint32_t, COUNTS);
    CsvRecord record = {.arena = arena};
    const char *at = sample.at, *end = sample.at + sample.len;
    Fit fit = {0};
    uint32_t faults = 0;
    while (at < end && fit.records < RECORDS_LOOKED_AT &&
           csv_scan_record(dialect, at, end, is_all, &record)) {
        at = record.next;
        if (csv_is_blank(&record))
            continue;
        fit.records++;
        faults += record.fault != NULL;
        seen[record.count < COUNTS ? record.count : COUNTS - 1]++;
    }
    for (uint32_t count = 1; count < COUNTS; count++)
        if (seen[count] > fit.consistent) {
            fit.consistent = seen[count];
            fit.usual = count;
        }
    fit.consistent = fit.consistent > faults ? fit.consistent - faults : 0;
    return fit;
}

/* True if more fields than not are written 'so'. */
static bool has_single_quotes(Arena *arena, const CsvDialect *dialect, Str sample, bool is_all)
{
    CsvRecord record = {.arena = arena};
    const char *at = sample.at, *end = sample.at + sample.len;
    uint32_t fields = 0, quoted = 0;
    for (uint32_t i = 0; i < RECORDS_LOOKED_AT && at < end; i++) {
        if (!csv_scan_record(dialect, at, end, is_all, &record))
            break;
        at = record.next;
        for (uint32_t k = 0; k < record.count; k++) {
            const CsvField *field = &record.fields[k];
            if (field->is_quoted)
                return false;
            fields += field->len > 0;
            quoted += field->len > 1 && field->at[0] == '\'' && field->at[field->len - 1] == '\'';
        }
    }
    return quoted * 2 > fields;
}

static char find_delimiter(Arena *arena, char quote, char escape, Str sample, bool is_all)
{
    static const char others[] = "\t;|", candidates[] = ",\t;|";
    char best = ',';
    Fit best_fit = {0};
    bool has_others = false;
    for (size_t i = 0; i < sizeof(others) - 1; i++)
        has_others |= str_find_char(sample, others[i]) >= 0;
    for (size_t i = 0; has_others && i < sizeof(candidates) - 1; i++) {
        CsvDialect dialect = {candidates[i], quote, escape};
        Fit fit = fit_of(arena, &dialect, sample, is_all);
        if (fit.usual < 2)
            continue;
        uint64_t left = (uint64_t)fit.consistent * (best_fit.records ? best_fit.records : 1);
        uint64_t right = (uint64_t)best_fit.consistent * (fit.records ? fit.records : 1);
        if (left > right || (left == right && fit.usual > best_fit.usual)) {
            best = candidates[i];
            best_fit = fit;
        }
    }
    return best;
}

/* ---- the header ---- */

typedef struct Columns {
    Str *first;    /* the first record                                              */
    Kinds *kinds;  /* of the others                                                 */
    bool *repeats; /* the first record's text stands in another one too             */
    uint32_t count, records;
} Columns;

static void look_at_columns(Arena *arena, const CsvDialect *dialect, Str sample, bool is_all,
                            char mark, Columns *columns)
{
    CsvRecord record = {.arena = arena};
    AUTO(text) Text scratch = {0};
    const char *at = sample.at, *end = sample.at + sample.len;
    *columns = (Columns){0};
    while (at < end && columns->records < RECORDS_LOOKED_AT &&
           csv_scan_record(dialect, at, end, is_all, &record)) {
        at = record.next;
        if (csv_is_blank(&record))
            continue;
        if (!columns->records++) {
            columns->count = record.count;
            columns->first = NEW_N(arena, Str, record.count);
            columns->kinds = NEW_N(arena, Kinds, record.count);
            columns->repeats = NEW_N(arena, bool, record.count);
            for (uint32_t i = 0; i < record.count; i++)
                columns->first[i] =
                    str_copy(arena, csv_field_text(dialect, &record.fields[i], &scratch));
            continue;
        }
        for (uint32_t i = 0; i < record.count && i < columns->count; i++) {
            Str text = csv_field_text(dialect, &record.fields[i], &scratch);
            columns->repeats[i] |= str_eq(text, columns->first[i]);
            kinds_add_text(&columns->kinds[i], text, mark);
        }
    }
}

/* Names are texts, each once; then a column of another type, or texts that never occur again, tell.
 */
static bool looks_like_header(const Columns *columns)
{
    bool has_typed = false, has_repeat = false;
    for (uint32_t i = 0; i < columns->count; i++) {
        Str name = columns->first[i];
        Kinds kinds = {0};
        Field type = {0};
        kinds_add_text(&kinds, name, '.');
        bool may_be_name = name.len <= HEADER_NAME_LIMIT &&
                           !(kinds.seen & (KINDS_NUMBER | KINDS_TIME | KIND_BOOL));
        if (!may_be_name)
            return false;
        kinds_resolve(&columns->kinds[i], &type);
        has_typed |= type.type != ARROW_TEXT && type.type != ARROW_NULL;
        has_repeat |= columns->repeats[i] && name.len;
    }
    return columns->count && (has_typed || !has_repeat);
}

void csv_find_dialect(Arena *arena, Str sample, bool is_all, CsvOptions *csv)
{
    Arena scratch = {0};
    bool finds_quote = !csv->quote;
    if (finds_quote)
        csv->quote = '"';
    char escape = csv->escape ? csv->escape : csv->quote;
    if (!csv->delimiter)
        csv->delimiter = find_delimiter(&scratch, csv->quote, escape, sample, is_all);
    CsvDialect dialect = {csv->delimiter, csv->quote, escape};
    if (finds_quote && str_find_char(sample, '\'') >= 0 &&
        has_single_quotes(&scratch, &dialect, sample, is_all))
        csv->quote = dialect.quote = '\'';
    if (!csv->escape)
        csv->escape = dialect.escape = csv->quote;
    if (csv->has_header < 0) {
        Columns columns;
        char mark = csv->decimal_mark.len ? csv->decimal_mark.at[0] : '.';
        look_at_columns(&scratch, &dialect, sample, is_all, mark, &columns);
        csv->has_header = looks_like_header(&columns);
    }
    if (!csv->decimal_mark.len)
        csv->decimal_mark = STR(".");
    csv->null_text = str_copy(arena, csv->null_text);
    arena_drop(&scratch);
}

/* ---- names ---- */

Str *csv_names(Arena *arena, const CsvDialect *dialect, const CsvRecord *record, bool is_header)
{
    Str *names = NEW_N(arena, Str, record->count);
    uint32_t *numbers =
        NEW_N(arena, uint32_t, record->count); /* behind "a_" when "a" comes again */
    Map taken;
    AUTO(text) Text scratch = {0};
    map_init(&taken, arena);
    for (uint32_t i = 0; i < record->count; i++) {
        Str name = STR_NONE;
        if (is_header)
            name = str_copy(arena, csv_field_text(dialect, &record->fields[i], &scratch));
        if (!name.len)
            name = str_print(arena, "column_%u", i + 1);
        names[i] = name;
        for (uint32_t *number = map_find(&taken, name); number && map_find(&taken, names[i]);)
            names[i] = str_print(arena, STR_FMT "_%u", STR_ARG(name), ++*number);
        map_put(&taken, names[i], &numbers[i]);
    }
    return names;
}

Str csv_marked_encoding(Str sample)
{
    if (str_starts(sample, STR("\xef\xbb\xbf")))
        return STR("utf-8");
    if (str_starts(sample, STR("\xff\xfe\0\0")) || str_starts(sample, STR("\0\0\xfe\xff")))
        return STR("utf-32");
    if (str_starts(sample, STR("\xff\xfe")) || str_starts(sample, STR("\xfe\xff")))
        return STR("utf-16");
    return STR_NONE;
}
