/* csv.c: a CSV reader with the states of Python's csv module in its "excel" dialect, over a text
 * whose line ends are read as Python's open() reads them: \r\n and \r are \n, also within quotes.
 *
 * Quotes matter at a field's beginning only; behind the closing quote more text may follow and
 * belongs to the field ("a"b is ab); a doubled quote within quotes is one quote.
 */
#include "base/csv.h"

void csv_init(CsvReader *reader, Str source, Str file, char delimiter)
{
    *reader = (CsvReader){
        .source = source.at ? source : STR(""),
        .file = file,
        .delimiter = delimiter,
        .line = 1,
        .next_line = 1,
    };
    if (str_starts(reader->source, STR("\xef\xbb\xbf")))
        reader->at = 3;
}

void csv_drop(CsvReader *reader)
{
    text_drop(&reader->scratch);
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* Behind the line end at `at`: \r\n is one. */
static size_t pass_break(Str source, size_t at)
{
    return at + (source.at[at] == '\r' && at + 1 < source.len && source.at[at + 1] == '\n' ? 2 : 1);
}

/* Where an unquoted piece ends: a delimiter, a line end or the end. */
static size_t piece_end(const CsvReader *reader, size_t at)
{
    const char *source = reader->source.at;
    while (at < reader->source.len && source[at] != reader->delimiter && !is_break(source[at]))
        at++;
    return at;
}

/* Reads the inside of a quoted field into the scratch; *at stands behind the opening quote and
 * afterwards behind the closing one. */
static bool read_quoted(CsvReader *reader, size_t *at, Err *err)
{
    Str source = reader->source;
    size_t open = *at - 1, i = *at, from = i;
    for (;; i++) {
        if (i >= source.len)
            return err_set_in(err, ERR_PARSING, place_at(reader->file, source, open), source,
                              "the quote that opens here is never closed");
        char c = source.at[i];
        if (c != '"' && c != '\r')
            continue;
        text_add(&reader->scratch, str_slice(source, from, i));
        if (c == '\r') {
            text_add_char(&reader->scratch, '\n');
            i = pass_break(source, i) - 1;
        } else if (i + 1 < source.len && source.at[i + 1] == '"') {
            text_add_char(&reader->scratch, '"');
            i++;
        } else {
            *at = i + 1;
            return true;
        }
        from = i + 1;
    }
}

/* The common quoted field: nothing doubled, no \r, its end right behind: a view. */
static bool view_quoted(const CsvReader *reader, size_t *at, Str *out)
{
    Str source = reader->source;
    size_t from = *at + 1, i = from;
    while (i < source.len && source.at[i] != '"' && source.at[i] != '\r')
        i++;
    if (i >= source.len || source.at[i] != '"')
        return false;
    bool is_end = i + 1 == source.len || source.at[i + 1] == reader->delimiter ||
                  is_break(source.at[i + 1]);
    if (!is_end)
        return false;
    *out = str_slice(source, from, i);
    *at = i + 1;
    return true;
}

/* Reads the field at *at and moves it to the delimiter, line end or end behind it. */
static bool read_field(CsvReader *reader, Arena *arena, size_t *at, Str *out, Err *err)
{
    Str source = reader->source;
    if (*at >= source.len || source.at[*at] != '"') {
        size_t end = piece_end(reader, *at);
        *out = str_slice(source, *at, end);
        *at = end;
        return true;
    }
    if (view_quoted(reader, at, out))
        return true;
    text_clear(&reader->scratch);
    ++*at;
    TRY(read_quoted(reader, at, err));
    size_t end = piece_end(reader, *at);
    text_add(&reader->scratch, str_slice(source, *at, end));
    *at = end;
    *out = text_copy(arena, &reader->scratch);
    return true;
}

static uint32_t count_breaks(Str source, size_t from, size_t to)
{
    uint32_t count = 0;
    for (size_t at = from; at < to; at++)
        count += source.at[at] == '\n' ||
                 (source.at[at] == '\r' && !(at + 1 < source.len && source.at[at + 1] == '\n'));
    return count;
}

bool csv_next(CsvReader *reader, Arena *arena, Str **fields, uint32_t *count, bool *out_more,
              Err *err)
{
    Str source = reader->source;
    size_t at = reader->at;
    while (at < source.len && is_break(source.at[at])) /* blank lines */
        at = pass_break(source, at);
    uint32_t line = reader->next_line + count_breaks(source, reader->at, at);
    *out_more = at < source.len;
    if (!*out_more) {
        reader->at = at;
        return true;
    }
    List(Str) found = {0};
    size_t from = at;
    for (;; at++) {
        Str field;
        TRY(read_field(reader, arena, &at, &field, err));
        list_add(arena, &found, field);
        if (at >= source.len || source.at[at] != reader->delimiter)
            break;
    }
    if (at < source.len)
        at = pass_break(source, at);
    reader->line = line;
    reader->next_line = line + count_breaks(source, from, at);
    reader->at = at;
    *fields = found.at;
    *count = found.len;
    return true;
}
