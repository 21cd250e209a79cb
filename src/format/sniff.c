/* sniff.c: the columns of a CSV: dialect from its beginning, types from every record fed. */
#include "format/csv_window.h"
#include "format/kinds.h"
#include "format/times.h"

struct CsvSniffer {
    CsvWindow window;
    Kinds *kinds; /* one a column                                                  */
    uint32_t count;
    Text scratch;
};

static void sniffer_drop(void *what)
{
    text_drop(&((CsvSniffer *)what)->scratch);
}

CsvSniffer *csv_sniffer_make(Arena *arena, const CsvOptions *options)
{
    CsvSniffer *sniffer = NEW(arena, CsvSniffer);
    csv_window_init(&sniffer->window, arena, options, STR_NONE);
    arena_on_drop(arena, sniffer_drop, sniffer);
    return sniffer;
}

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

static void add_record(CsvSniffer *sniffer)
{
    const CsvWindow *window = &sniffer->window;
    const CsvOptions *options = &window->options;
    bool has_forms = options->date_format.len || options->timestamp_format.len;
    char mark = options->decimal_mark.at[0];
    for (uint32_t i = 0; i < window->record.count && i < sniffer->count; i++) {
        const CsvField *field = &window->record.fields[i];
        Kinds *kinds = &sniffer->kinds[i];
        if (kinds->seen & KIND_TEXT)
            continue;
        Str text = csv_field_text(&window->dialect, field, &sniffer->scratch);
        bool is_null = !text.len || (!field->is_quoted && str_eq(text, options->null_text));
        if (is_null)
            kinds->seen |= KIND_NULL;
        else if (!has_forms || !add_by_form(options, kinds, text))
            kinds_add_text(kinds, text, mark);
    }
}

static bool take_records(CsvSniffer *sniffer, Err *err)
{
    CsvWindow *window = &sniffer->window;
    for (;;) {
        bool has_record;
        TRY(csv_window_next(window, &has_record, err));
        if (window->has_begun && !sniffer->kinds) {
            sniffer->count = window->count;
            sniffer->kinds = NEW_N(window->arena, Kinds, window->count);
        }
        if (!has_record)
            return true;
        add_record(sniffer);
    }
}

MUST bool csv_sniffer_feed(CsvSniffer *sniffer, Str piece, Err *err)
{
    while (piece.len) {
        Str slice = str_slice(piece, 0, CSV_SLICE_BYTES);
        piece = str_slice(piece, slice.len, piece.len);
        TRY(csv_window_add(&sniffer->window, slice, err));
        TRY(take_records(sniffer, err));
    }
    return true;
}

MUST bool csv_sniffer_end(CsvSniffer *sniffer, CsvOptions *csv, Schema *schema, Err *err)
{
    CsvWindow *window = &sniffer->window;
    TRY(csv_window_end(window, err));
    TRY(take_records(sniffer, err));
    if (window->invalid_at >= 0)
        return err_set(
            err, ERR_PARSING, NOWHERE,
            "byte %lld is no valid UTF-8: set `encoding` (latin-1, cp949, euc-kr, utf-16, ...)",
            (long long)window->invalid_at);
    *csv = window->options;
    *schema = (Schema){NEW_N(window->arena, Field, sniffer->count + 1), sniffer->count};
    for (uint32_t i = 0; i < sniffer->count; i++) {
        schema->fields[i].name = window->names[i];
        kinds_resolve(&sniffer->kinds[i], &schema->fields[i]);
        if (schema->fields[i].type == ARROW_NULL)
            schema->fields[i].type = ARROW_TEXT; /* nothing but empty fields */
    }
    return true;
}
