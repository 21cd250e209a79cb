/* sniff.c: the columns of a CSV: dialect from its beginning, types from every record fed. */
#include "format/csv_window.h"
#include "format/kinds.h"

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
    csv_window_init(&sniffer->window, arena);
    csv_window_restart(&sniffer->window, arena, options, STR_NONE, 0);
    arena_on_drop(arena, sniffer_drop, sniffer);
    return sniffer;
}

void csv_sniffer_restart(CsvSniffer *sniffer, Arena *arena, const CsvOptions *options,
                         uint64_t record_limit_bytes)
{
    csv_window_restart(&sniffer->window, arena, options, STR_NONE, record_limit_bytes);
    sniffer->kinds = NULL;
    sniffer->count = 0;
}

bool csv_sniffer_is_empty(const CsvSniffer *sniffer, uint32_t column)
{
    Field field = {0};
    assert(column < sniffer->count);
    kinds_resolve(&sniffer->kinds[column], &field);
    return field.type == ARROW_NULL;
}

uint64_t csv_sniffer_held(const CsvSniffer *sniffer)
{
    return csv_window_held(&sniffer->window);
}

void csv_sniffer_relax(CsvSniffer *sniffer)
{
    csv_window_relax(&sniffer->window, true);
}

static bool take_records(CsvSniffer *sniffer, Err *err)
{
    CsvWindow *window = &sniffer->window;
    for (;;) {
        bool has_record;
        CsvRun run;
        TRY(csv_window_take(window, CSV_RUN_ROWS, &run, &has_record, err));
        if (window->has_begun && !sniffer->kinds) {
            sniffer->count = window->count;
            sniffer->kinds = NEW_N(window->file_arena, Kinds, window->count);
        }
        if (!has_record && !run.rows)
            return true;
        if (run.rows) {
            csv_look_at_run(&run, &window->options, sniffer->kinds);
            csv_window_pass(window, &run, run.rows);
            continue;
        }
        csv_add_kinds(&window->options, &window->dialect, &window->record, sniffer->kinds,
                      sniffer->count, &sniffer->scratch);
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
    *schema = (Schema){NEW_N(window->file_arena, Field, sniffer->count + 1), sniffer->count};
    for (uint32_t i = 0; i < sniffer->count; i++) {
        schema->fields[i].name = window->names[i];
        kinds_resolve(&sniffer->kinds[i], &schema->fields[i]);
        if (schema->fields[i].type == ARROW_NULL)
            schema->fields[i].type = ARROW_TEXT; /* nothing but empty fields */
    }
    return true;
}
