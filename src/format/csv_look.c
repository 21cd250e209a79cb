/* csv_look.c: what the columns of a run hold. Most values confirm what is known of their column, so
 * each kind has a loop that checks just that; the first value that is something else is looked at
 * carefully, and the loop of what is known then goes on.
 */
#include "format/csv_run.h"
#include "format/digits.h"
#include "format/times.h"

/* By the forms that were given, where there are some: ISO texts are no times then. */
static bool add_by_form(const CsvOptions *options, Kinds *kinds, Str text)
{
    int64_t value;
    bool has_zone;
    if (options->date_format.len &&
        time_parse_form(text, options->date_format, &value, &has_zone)) {
        kinds->seen |= KIND_DATE;
        return true;
    }
    if (options->timestamp_format.len &&
        time_parse_form(text, options->timestamp_format, &value, &has_zone)) {
        kinds->seen |= has_zone ? KIND_STAMP_TZ : KIND_STAMP;
        return true;
    }
    return false;
}

void csv_add_kind(const CsvOptions *options, Kinds *kinds, Str text)
{
    bool has_forms = options->date_format.len || options->timestamp_format.len;
    char mark = options->decimal_mark.len ? options->decimal_mark.at[0] : '.';
    if (!has_forms || !add_by_form(options, kinds, text))
        kinds_add_text(kinds, text, mark);
}

void csv_add_kinds(const CsvOptions *options, const CsvDialect *dialect, const CsvRecord *record,
                   Kinds *all, uint32_t count, Text *scratch)
{
    if (record->fault || record->count != count)
        return; /* no reader takes it as it is */
    for (uint32_t i = 0; i < count; i++) {
        const CsvField *field = &record->fields[i];
        Kinds *kinds = &all[i];
        if (kinds->seen & KIND_TEXT)
            continue;
        Str text = csv_field_text(dialect, field, scratch);
        if (!text.len || (!field->is_quoted && str_eq(text, options->null_text)))
            kinds->seen |= KIND_NULL;
        else
            csv_add_kind(options, kinds, text);
    }
}

/* ---- loops: from `row` on; they give the first row that they do not know ---- */

typedef struct Looking {
    const CsvSpan *span;
    Kinds *kinds;
    uint32_t rows;
    char mark;
} Looking;

static inline void note_digits(Kinds *kinds, uint32_t whole, uint32_t scale)
{
    kinds->whole = kinds->whole > whole ? kinds->whole : (uint8_t)whole;
    kinds->scale = kinds->scale > scale ? kinds->scale : (uint8_t)scale;
}

static uint32_t look_for_ints(const Looking *looking, uint32_t row)
{
    uint32_t whole = 0, seen = 0;
    for (; row < looking->rows; row++) {
        CsvCell cell = csv_cell(looking->span, row);
        if (!cell.len) {
            seen |= KIND_NULL;
            continue;
        }
        bool is_negative = *cell.at == '-';
        const char *at = cell.at + is_negative;
        size_t len = cell.len - is_negative;
        bool is_zero = *at == '0';
        if (len - 1 > 14 || (is_zero && len > 1) || !digits_are(at, len))
            break;
        len -= is_zero;
        whole = whole > len ? whole : (uint32_t)len;
        seen |= is_negative && !is_zero ? KIND_NEGATIVE : 0;
    }
    looking->kinds->seen |= seen;
    note_digits(looking->kinds, whole, 0);
    return row;
}

static uint32_t look_for_reals(const Looking *looking, uint32_t row)
{
    uint32_t whole = 0, scale = 0, seen = 0;
    for (; row < looking->rows; row++) {
        CsvCell cell = csv_cell(looking->span, row);
        Digits digits;
        if (!cell.len) {
            seen |= KIND_NULL;
            continue;
        }
        if (!digits_number(cell.at, cell.len, looking->mark, &digits))
            break;
        uint32_t before = digits.whole - (cell.at[digits.is_negative] == '0');
        whole = whole > before ? whole : before;
        scale = scale > digits.scale ? scale : digits.scale;
        seen |= digits.scale ? KIND_REAL : KIND_INT;
        seen |= digits.is_negative && digits.mantissa ? KIND_NEGATIVE : 0;
    }
    looking->kinds->seen |= seen;
    note_digits(looking->kinds, whole, scale);
    return row;
}

static uint32_t look_for_dates(const Looking *looking, uint32_t row)
{
    int64_t days;
    for (; row < looking->rows; row++) {
        CsvCell cell = csv_cell(looking->span, row);
        if (!cell.len)
            looking->kinds->seen |= KIND_NULL;
        else if (cell.len != 10 || !time_parse_day(cell.at, &days))
            break;
    }
    return row;
}

static uint32_t look_for_stamps(const Looking *looking, uint32_t row)
{
    bool has_zone = looking->kinds->seen & KIND_STAMP_TZ;
    for (; row < looking->rows; row++) {
        CsvCell cell = csv_cell(looking->span, row);
        int64_t micros;
        if (!cell.len)
            looking->kinds->seen |= KIND_NULL;
        else if (!time_parse_stamp(cell.at, cell.len, has_zone, &micros))
            break;
    }
    return row;
}

static uint32_t look_for_bools(const Looking *looking, uint32_t row)
{
    for (; row < looking->rows; row++) {
        CsvCell cell = csv_cell(looking->span, row);
        if (!cell.len)
            looking->kinds->seen |= KIND_NULL;
        else if (!(cell.len == 4 && memcmp(cell.at, "true", 4) == 0) &&
                 !(cell.len == 5 && memcmp(cell.at, "false", 5) == 0))
            break;
    }
    return row;
}

/* The loop of what is known, if that is all there is to know. */
static uint32_t look_for_known(const Looking *looking, uint32_t row)
{
    switch (looking->kinds->seen & (KINDS_NUMBER | KIND_BOOL | KINDS_TIME)) {
    case KIND_INT:
        return look_for_ints(looking, row);
    case KIND_REAL:
    case KIND_INT | KIND_REAL:
        return look_for_reals(looking, row);
    case KIND_DATE:
        return look_for_dates(looking, row);
    case KIND_STAMP:
    case KIND_STAMP_TZ:
        return look_for_stamps(looking, row);
    case KIND_BOOL:
        return look_for_bools(looking, row);
    default:
        return row;
    }
}

/* A text with doubled quotes is left as it is: with or without them it is nothing but a text. */
static void look_at_column(const CsvRun *run, const CsvSpan *span, const CsvOptions *options,
                           Kinds *kinds)
{
    bool is_usual =
        !options->null_text.len && !options->date_format.len && !options->timestamp_format.len;
    Looking looking = {span, kinds, run->rows,
                       options->decimal_mark.len ? options->decimal_mark.at[0] : '.'};
    for (uint32_t row = 0; row < run->rows && !(kinds->seen & KIND_TEXT); row++) {
        row = is_usual ? look_for_known(&looking, row) : row;
        if (row == run->rows)
            return;
        CsvCell cell = csv_cell(span, row);
        Str text = {cell.at, cell.len};
        if (!text.len || (!cell.is_quoted && str_eq(text, options->null_text)))
            kinds->seen |= KIND_NULL;
        else
            csv_add_kind(options, kinds, text);
    }
}

void csv_look_at_run(const CsvRun *run, const CsvOptions *options, Kinds *kinds)
{
    for (uint32_t i = 0; i < run->columns; i++)
        if (!(kinds[i].seen & KIND_TEXT)) {
            CsvSpan span = csv_span(run, i);
            look_at_column(run, &span, options, &kinds[i]);
        }
}
