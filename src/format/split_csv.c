/* split_csv.c: CSV records as JSON objects: every field a text, the unquoted empty one null. */
#include "base/json.h"
#include "format/csv_window.h"
#include "format/split.h"

struct CsvSplit {
    CsvWindow window;
    Text field, record; /* scratch                                                       */
};

static void csv_split_drop(void *what)
{
    text_drop(&((CsvSplit *)what)->field);
    text_drop(&((CsvSplit *)what)->record);
}

void split_csv_init(Splitter *splitter)
{
    CsvOptions options = {.has_header = -1};
    splitter->csv = NEW(splitter->arena, CsvSplit);
    csv_window_init(&splitter->csv->window, splitter->arena);
    csv_window_restart(&splitter->csv->window, splitter->arena, &options, splitter->options.name,
                       0);
    arena_on_drop(splitter->arena, csv_split_drop, splitter->csv);
}

static bool fail_line(const Splitter *splitter, const char *reason, Err *err)
{
    return err_set(err, ERR_PARSING,
                   (Place){splitter->options.name, (int)splitter->csv->window.line, 0}, "%s",
                   reason);
}

static bool take_record(Splitter *splitter, Err *err)
{
    CsvWindow *window = &splitter->csv->window;
    Text *out = &splitter->csv->record;
    if (window->record.fault)
        return fail_line(splitter, window->record.fault, err);
    if (window->record.count != window->count)
        return fail_line(splitter,
                         window->record.count < window->count ? "too few fields"
                                                              : "too many fields",
                         err);
    if (window->invalid_at >= 0)
        return fail_line(splitter, "invalid UTF-8: set `encoding`", err);
    text_clear(out);
    for (uint32_t i = 0; i < window->count; i++) {
        const CsvField *field = &window->record.fields[i];
        text_add_char(out, i ? ',' : '{');
        json_print_text(window->names[i], true, out);
        text_add_char(out, ':');
        if (!field->len && !field->is_quoted)
            text_add(out, STR("null"));
        else
            json_print_text(csv_field_text(&window->dialect, field, &splitter->csv->field), true,
                            out);
    }
    text_add_char(out, '}');
    return split_emit(splitter, text_str(out), 0, err);
}

static bool take_records(Splitter *splitter, Err *err)
{
    for (;;) {
        bool has_record;
        TRY(csv_window_next(&splitter->csv->window, &has_record, err));
        if (!has_record)
            return true;
        TRY(take_record(splitter, err));
    }
}

MUST bool split_csv_feed(Splitter *splitter, Str piece, Err *err)
{
    while (piece.len) {
        Str slice = str_slice(piece, 0, CSV_SLICE_BYTES);
        piece = str_slice(piece, slice.len, piece.len);
        TRY(csv_window_add(&splitter->csv->window, slice, err));
        TRY(take_records(splitter, err));
    }
    return true;
}

MUST bool split_csv_end(Splitter *splitter, Err *err)
{
    TRY(csv_window_end(&splitter->csv->window, err));
    return take_records(splitter, err);
}
