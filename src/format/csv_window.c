/* csv_window.c: see csv_window.h. */
#include "format/csv_window.h"
#include "format/scan.h"

#define KEPT_BYTES (4u << 20) /* of the window, from file to file                              */

static void csv_window_drop(void *what)
{
    CsvWindow *window = what;
    text_drop(&window->head);
    text_drop(&window->text);
}

void csv_window_init(CsvWindow *window, Arena *arena)
{
    *window = (CsvWindow){.record.arena = arena, .index.arena = arena};
    window->begins = NEW_N(arena, uint32_t, CSV_RUN_ROWS);
    arena_on_drop(arena, csv_window_drop, window);
}

void csv_window_restart(CsvWindow *window, Arena *file_arena, const CsvOptions *options, Str file,
                        uint64_t record_limit)
{
    CsvWindow fresh = {.file_arena = file_arena,
                       .options = *options,
                       .file = file,
                       .record_limit = record_limit ? record_limit : CSV_RECORD_LIMIT,
                       .head = window->head,
                       .text = window->text,
                       .invalid_at = -1,
                       .line = 1,
                       .next_line = 1,
                       .record = window->record,
                       .index = window->index,
                       .begins = window->begins};
    fresh.index.row_count = 0;
    text_clear(&fresh.head);
    text_clear(&fresh.text);
    *window = fresh;
    csv_window_relax(window, true);
}

/* Moves what is left to the front. */
static void pass_read(CsvWindow *window)
{
    Text *text = &window->text;
    window->index.row_count = window->index_row = 0;
    if (!window->at)
        return;
    window->passed += window->at;
    memmove(text->at, text->at + window->at, text->len - window->at);
    text->len -= window->at;
    window->checked -= window->at < window->checked ? window->at : window->checked;
    window->at = 0;
}

void csv_window_relax(CsvWindow *window, bool is_over)
{
    if (is_over)
        window->at = window->text.len;
    if (window->text.cap <= KEPT_BYTES || csv_window_held(window) > KEPT_BYTES / 2)
        return;
    pass_read(window);
    Text small = {0};
    text_reserve(&small, window->text.len + CSV_PADDING);
    text_add(&small, text_str(&window->text));
    text_drop(&window->text);
    window->text = small;
}

/* Notes NULs and invalid UTF-8 in what has come. A character that the end cuts is not looked at
 * yet. */
static void inspect(CsvWindow *window)
{
    Str all = text_str(&window->text);
    Str fresh = str_slice(all, window->checked, all.len);
    uint64_t begin = window->passed + window->checked, end = window->passed + all.len;
    ptrdiff_t invalid = scan_invalid_utf8(fresh);
    bool is_cut = false;
    if (fresh.len && memchr(fresh.at, 0, fresh.len))
        window->bad_until = end;
    window->checked = all.len;
    if (invalid < 0)
        return;
    if (!window->is_end && (size_t)invalid + 4 > fresh.len)
        (void)!scan_sequence(fresh.at + invalid, fresh.at + fresh.len, &is_cut);
    if (is_cut) {
        window->checked -= fresh.len - (size_t)invalid;
        return;
    }
    window->bad_until = end;
    if (window->invalid_at < 0)
        window->invalid_at = (int64_t)begin + invalid;
}

static bool add_text(CsvWindow *window, Str piece, Err *err)
{
    Text *text = &window->text;
    pass_read(window);
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
        TRY(recoder_make(window->file_arena, encoding, &window->recoder, err));
    window->options.encoding = encoding.len ? encoding : STR("utf-8");
    if (is_plain && str_eq(marked, STR("utf-8")))
        head = str_slice(head, 3, head.len);
    return add_text(window, head, err);
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
        bool is_whole = csv_scan_record(&window->dialect, begin, end, window->is_end, record);
        if ((uint64_t)((is_whole ? record->end : end) - begin) > window->record_limit)
            return err_set(err, ERR_TOO_BIG, (Place){window->file, (int)window->next_line, 0},
                           "a record of more than %llu bytes begins here%s",
                           (unsigned long long)window->record_limit,
                           record->fault == csv_unclosed ? ": does its quote ever close?" : "");
        if (!is_whole) {
            window->wanted = 2 * (size_t)(end - begin);
            if (window->wanted > window->record_limit)
                window->wanted = window->record_limit + 1;
            return true;
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

/* A header whose names are not to be trusted. */
static bool check_header(const CsvWindow *window, Err *err)
{
    const CsvRecord *record = &window->record;
    const char *fault = record->fault;
    Str raw = {record->begin, (size_t)(record->end - record->begin)};
    if (!fault && csv_window_is_suspect(window, record->begin)) {
        ptrdiff_t invalid = scan_invalid_utf8(raw);
        if (invalid >= 0)
            return err_set(
                err, ERR_PARSING, NOWHERE,
                "byte %lld is no valid UTF-8: set `encoding` (latin-1, cp949, euc-kr, utf-16, ...)",
                (long long)window->passed + (record->begin - window->text.at) + invalid);
        fault = memchr(raw.at, 0, raw.len) ? "a NUL byte" : NULL;
    }
    return !fault || err_set(err, ERR_PARSING, (Place){window->file, (int)window->line, 0},
                             "the header has %s", fault);
}

/* Dialect and names are known without looking at more than the first record. */
static bool is_given(const CsvOptions *options)
{
    return options->delimiter && options->quote && options->has_header >= 0;
}

MUST bool csv_window_begin(CsvWindow *window, Err *err)
{
    bool has_record;
    if (window->has_begun || !window->knows_encoding)
        return true;
    if (!window->is_end && window->text.len < CSV_SAMPLE_BYTES && !is_given(&window->options))
        return true;
    Str sample = str_slice(text_str(&window->text), 0, CSV_SAMPLE_BYTES);
    csv_find_dialect(window->file_arena, sample, window->is_end && sample.len == window->text.len,
                     &window->options);
    window->dialect =
        (CsvDialect){window->options.delimiter, window->options.quote, window->options.escape};
    TRY(scan_next(window, &has_record, err));
    if (!has_record)
        return true;
    bool is_header = window->options.has_header > 0;
    if (is_header)
        TRY(check_header(window, err));
    window->has_begun = true;
    window->count = window->record.count;
    window->names = csv_names(window->file_arena, &window->dialect, &window->record, is_header);
    if (!is_header) {
        window->at = (size_t)(window->record.begin - window->text.at);
        window->next_line = window->line;
    }
    return true;
}

/* ---- many rows at once ---- */

#define INDEX_LEAST_BYTES ((size_t)64 << 10)
#define INDEX_MOST_BYTES  ((size_t)1 << 20)
#define INDEX_ROWS        32 /* at least, where rows are long                            */
#define WALK_BYTES        256

/* What is indexed at a time: it stays in the cache, yet a column's loop has some rows. */
static size_t index_goal(const CsvWindow *window)
{
    uint64_t goal = window->row_bytes * INDEX_ROWS;
    return goal < INDEX_LEAST_BYTES  ? INDEX_LEAST_BYTES
           : goal > INDEX_MOST_BYTES ? INDEX_MOST_BYTES
                                     : (size_t)goal;
}

size_t csv_window_goal(const CsvWindow *window)
{
    size_t goal = 2 * index_goal(window);
    return goal > CSV_SLICE_BYTES ? goal : CSV_SLICE_BYTES;
}

/* Indexes what is next. Without a whole row in it the index stays empty. */
static void build_index(CsvWindow *window)
{
    CsvIndex *index = &window->index;
    Str left = str_slice(text_str(&window->text), window->at, window->text.len);
    Str part = str_slice(left, 0, index_goal(window));
    bool is_last = window->is_end && part.len == left.len;
    if (part.len && part.at[part.len - 1] == '\r' && !is_last)
        part.len--;
    csv_index_build(index, &window->dialect, part.at, part.at + part.len);
    window->index_at = window->at;
    window->index_row = window->index_mark = 0;
    if (index->row_count)
        window->row_bytes = index->bytes / index->row_count;
    if (index->broken_until && !index->row_count)
        window->walk_until = window->passed + window->at + index->broken_until + WALK_BYTES;
}

/* Moves the index behind what was passed otherwise. */
static void sync_index(CsvWindow *window)
{
    const CsvIndex *index = &window->index;
    while (window->index_row < index->row_count &&
           window->index_at + index->marks[index->rows[window->index_row]] < window->at)
        window->index_mark = index->rows[window->index_row++] + 1;
}

MUST bool csv_window_next(CsvWindow *window, bool *has_record, Err *err)
{
    *has_record = false;
    TRY(csv_window_begin(window, err));
    if (window->has_begun)
        TRY(scan_next(window, has_record, err));
    sync_index(window);
    return true;
}

/* Where the row behind a mark begins. */
static inline uint32_t behind_mark(const CsvWindow *window, const char *base, uint32_t mark)
{
    uint32_t at = window->index.marks[mark];
    bool is_crlf = window->index.has_cr && base[at] == '\r' && base[at + 1] == '\n';
    return at + 1 + is_crlf;
}

/* Counts the regular rows that come next and notes where they begin. */
static uint32_t count_rows(CsvWindow *window, uint32_t most)
{
    const CsvIndex *index = &window->index;
    const char *base = window->text.at + window->index_at;
    const uint32_t *ends = index->rows + window->index_row;
    uint32_t left = index->row_count - window->index_row, rows = 0;
    uint32_t mark = window->index_mark, begin = (uint32_t)(window->at - window->index_at);
    bool is_long = index->bytes > window->record_limit;
    if (csv_window_is_suspect(window, base + begin))
        return 0;
    for (most = most < left ? most : left; rows < most; rows++) {
        uint32_t end = ends[rows];
        bool is_blank = window->count == 1 && index->marks[end] == begin;
        if (end - mark + 1 != window->count || is_blank ||
            (is_long && index->marks[end] - begin > window->record_limit))
            break;
        window->begins[rows] = begin;
        begin = behind_mark(window, base, end);
        mark = end + 1;
    }
    return rows;
}

MUST bool csv_window_take(CsvWindow *window, uint32_t most, CsvRun *run, bool *has_record, Err *err)
{
    run->rows = 0;
    *has_record = false;
    TRY(csv_window_begin(window, err));
    if (!window->has_begun)
        return true;
    size_t left = window->text.len - window->at;
    bool is_known = window->index_row < window->index.row_count;
    bool may_index = window->dialect.escape == window->dialect.quote &&
                     window->passed + window->at >= window->walk_until &&
                     (left >= window->wanted || window->is_end);
    if (!is_known && may_index && left) {
        build_index(window);
        is_known = window->index.row_count > 0;
    }
    if (is_known)
        run->rows = count_rows(window, most < CSV_RUN_ROWS ? most : CSV_RUN_ROWS);
    if (!run->rows) {
        TRY(scan_next(window, has_record, err));
        sync_index(window);
        return true;
    }
    const CsvIndex *index = &window->index;
    run->base = window->text.at + window->index_at;
    run->marks = index->marks + window->index_mark;
    run->begins = window->begins;
    run->columns = window->count;
    run->dialect = &window->dialect;
    run->null_text = window->options.null_text;
    run->has_quotes = index->has_quotes;
    run->has_doubled = index->has_doubled;
    run->has_quoted_newlines = index->has_quoted_newlines;
    window->line = window->next_line;
    return true;
}

void csv_window_pass(CsvWindow *window, const CsvRun *run, uint32_t rows)
{
    if (!rows)
        return;
    uint32_t last = window->index_mark + rows * window->count - 1;
    if (run->has_quoted_newlines)
        for (uint32_t row = 0; row < rows; row++)
            window->next_line += scan_count(csv_run_row(run, row), '\n');
    window->next_line += rows;
    window->at = window->index_at + behind_mark(window, run->base, last);
    window->index_mark = last + 1;
    window->index_row += rows;
}
