/* csv_window.c: see csv_window.h. */
#include "format/csv_window.h"
#include "format/scan.h"

#define SAMPLE_BYTES (256 * 1024)
#define RECORD_LIMIT (64u << 20)

static void csv_window_drop(void *what)
{
    CsvWindow *window = what;
    text_drop(&window->head);
    text_drop(&window->text);
}

void csv_window_init(CsvWindow *window, Arena *arena, const CsvOptions *options, Str file)
{
    *window = (CsvWindow){.arena = arena,
                          .options = *options,
                          .file = file,
                          .invalid_at = -1,
                          .line = 1,
                          .next_line = 1,
                          .record.arena = arena};
    arena_on_drop(arena, csv_window_drop, window);
}

/* Notes NULs and invalid UTF-8 in what is there. A character that the end cuts is not looked at
 * yet. */
static void inspect(CsvWindow *window)
{
    Str all = text_str(&window->text);
    ptrdiff_t invalid = scan_invalid_utf8(all);
    bool is_cut = false;
    if (invalid >= 0 && !window->is_end && (size_t)invalid + 4 > all.len)
        (void)!scan_sequence(all.at + invalid, all.at + all.len, &is_cut);
    if (invalid >= 0 && !is_cut && window->invalid_at < 0)
        window->invalid_at = (int64_t)window->passed + invalid;
    window->is_suspect = (invalid >= 0 && !is_cut) || (all.len && memchr(all.at, 0, all.len));
}

static bool add_text(CsvWindow *window, Str piece, Err *err)
{
    Text *text = &window->text;
    if (window->at) {
        window->passed += window->at;
        memmove(text->at, text->at + window->at, text->len - window->at);
        text->len -= window->at;
        window->at = 0;
    }
    text_reserve(text, piece.len + CSV_PADDING);
    if (window->recoder)
        TRY(recoder_feed(window->recoder, piece, text, err));
    else
        text_add(text, piece);
    text_reserve(text, CSV_PADDING);
    inspect(window);
    return true;
}

/* By what was given or the byte order mark. */
static bool find_encoding(CsvWindow *window, Err *err)
{
    Str head = text_str(&window->head), encoding = window->options.encoding;
    Str marked = csv_marked_encoding(head);
    if (!encoding.len)
        encoding = marked;
    bool is_plain =
        !encoding.len || str_eq_fold(encoding, STR("utf-8")) || str_eq_fold(encoding, STR("utf8"));
    window->knows_encoding = true;
    if (!is_plain)
        TRY(recoder_make(window->arena, encoding, &window->recoder, err));
    window->options.encoding = encoding.len ? encoding : STR("utf-8");
    if (is_plain && str_eq(marked, STR("utf-8")))
        head = str_slice(head, 3, head.len);
    bool is_added = add_text(window, head, err);
    text_drop(&window->head);
    return is_added;
}

MUST bool csv_window_add(CsvWindow *window, Str piece, Err *err)
{
    if (window->knows_encoding)
        return add_text(window, piece, err);
    text_add(&window->head, piece);
    return window->head.len < 4 || find_encoding(window, err);
}

MUST bool csv_window_end(CsvWindow *window, Err *err)
{
    window->is_end = true;
    if (!window->knows_encoding)
        TRY(find_encoding(window, err));
    if (window->recoder)
        TRY(recoder_end(window->recoder, err));
    text_reserve(&window->text, CSV_PADDING);
    inspect(window);
    return true;
}

/* Scans the next record that is not blank. */
static bool scan_next(CsvWindow *window, bool *has_record, Err *err)
{
    CsvRecord *record = &window->record;
    *has_record = false;
    while (window->at < window->text.len) {
        const char *begin = window->text.at + window->at, *end = window->text.at + window->text.len;
        if ((size_t)(end - begin) < window->wanted && !window->is_end)
            return true;
        if (!csv_scan_record(&window->dialect, begin, end, window->is_end, record)) {
            window->wanted = 2 * (size_t)(end - begin);
            if ((size_t)(end - begin) <= RECORD_LIMIT)
                return true;
            return err_set(err, ERR_TOO_BIG, (Place){window->file, (int)window->next_line, 0},
                           "a record of more than %u bytes begins here%s", RECORD_LIMIT,
                           record->fault ? ": does its quote ever close?" : "");
        }
        window->wanted = 0;
        window->at = (size_t)(record->next - window->text.at);
        window->line = window->next_line;
        window->next_line += record->newlines + 1u;
        if (!csv_is_blank(record)) {
            *has_record = true;
            return true;
        }
    }
    return true;
}

/* Finds out the dialect, and the names from the first record. */
static bool begin(CsvWindow *window, Err *err)
{
    csv_find_dialect(window->arena, text_str(&window->text), window->is_end, &window->options);
    window->dialect =
        (CsvDialect){window->options.delimiter, window->options.quote, window->options.escape};
    size_t first = window->at;
    TRY(scan_next(window, &window->has_begun, err));
    if (!window->has_begun)
        return true;
    window->count = window->record.count;
    window->names =
        csv_names(window->arena, &window->dialect, &window->record, window->options.has_header > 0);
    if (window->options.has_header <= 0) {
        window->at = first;
        window->next_line = 1;
    }
    return true;
}

MUST bool csv_window_next(CsvWindow *window, bool *has_record, Err *err)
{
    *has_record = false;
    if (!window->has_begun && (window->is_end || window->text.len >= SAMPLE_BYTES))
        TRY(begin(window, err));
    return !window->has_begun || scan_next(window, has_record, err);
}
