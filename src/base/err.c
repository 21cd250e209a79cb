/* err.c: one error, with its place, the line it points at and the way it came. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct ErrRow {
    const char *title;
    int exit_code;
    bool can_retry;
    const char *hint;
} ErrRow;

static const ErrRow rows[ERR_KIND_COUNT] = {
    [ERR_NONE] = {"", 0, false, ""},
#define ERR(id, title, exit_code, can_retry, hint) [ERR_##id] = {title, exit_code, can_retry, hint},
#include "base/err.def"
#undef ERR
};

const char *err_title(ErrKind kind)
{
    return rows[kind].title;
}

int err_exit_code(ErrKind kind)
{
    return rows[kind].exit_code;
}

bool err_can_retry(ErrKind kind)
{
    return rows[kind].can_retry;
}

const char *err_hint(ErrKind kind)
{
    return rows[kind].hint;
}

void err_drop(Err *err)
{
    memory_give(err->text);
    memory_give(err->excerpt);
    memory_give(err->trail);
    memory_give((char *)err->place.file.at);
    *err = (Err){0};
}

static char *copy_bytes(Str s)
{
    char *at = memory_take(s.len + 1);
    if (s.len)
        memcpy(at, s.at, s.len);
    at[s.len] = '\0';
    return at;
}

/* Takes the buffer out of a Text. */
static char *text_take(Text *text)
{
    char *at = text->at ? text->at : copy_bytes(STR(""));
    *text = (Text){0};
    return at;
}

static Place place_own(Place place)
{
    if (place.file.len)
        place.file.at = copy_bytes(place.file);
    else
        place.file = STR_NONE;
    return place;
}

static void set_text(Err *err, ErrKind kind, Place place, const char *format, va_list args)
{
    Text text = {0};
    text_vprint(&text, format, args); /* before the drop: an argument may be the old text */
    place = place_own(place);
    err_drop(err);
    *err = (Err){.kind = kind, .place = place, .text = text_take(&text)};
}

bool err_set(Err *err, ErrKind kind, Place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, kind, place, format, args);
    va_end(args);
    return false;
}

bool err_set_in(Err *err, ErrKind kind, Place place, Str source, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(err, kind, place, format, args);
    va_end(args);
    err_show_source(err, source);
    return false;
}

/* The `number`th line of a text, without its end. */
static Str line_of(Str source, int number)
{
    Str line = STR_NONE;
    for (int i = 0; i < number; i++)
        if (!str_next_part(&source, '\n', &line))
            return STR_NONE;
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* Lines longer than a screen are cut around the column. */
static Str window_of(Str line, int *column)
{
    enum { WIDEST = 160, BEFORE = 100 };
    if (line.len <= WIDEST)
        return line;
    size_t offset = 0;
    for (int i = 1; i < *column && offset < line.len; i++)
        utf8_next(line, &offset);
    size_t from = offset > BEFORE ? offset - BEFORE : 0;
    while (from < line.len && ((unsigned char)line.at[from] & 0xc0) == 0x80)
        from++;
    size_t to = from + WIDEST < line.len ? from + WIDEST : line.len;
    while (to < line.len && ((unsigned char)line.at[to] & 0xc0) == 0x80)
        to++;
    *column -= (int)utf8_length(str_slice(line, 0, from));
    return str_slice(line, from, to);
}

void err_show_source(Err *err, Str source)
{
    if (err->excerpt || err->place.line <= 0)
        return;
    Str line = line_of(source, err->place.line);
    if (!line.at)
        return;
    int column = err->place.column;
    line = window_of(line, &column);
    char number[16];
    int width = snprintf(number, sizeof(number), "%d", err->place.line);
    Text text = {0};
    text_print(&text, "%*s |\n%s | " STR_FMT "\n%*s | ", width, "", number, STR_ARG(line), width,
               "");
    size_t offset = 0;
    for (int i = 1; i < column && offset < line.len; i++)
        text_add_char(&text, utf8_next(line, &offset) == '\t' ? '\t' : ' ');
    text_add_char(&text, '^');
    err->excerpt = text_take(&text);
}

bool err_locate(Err *err, Place place, Str source)
{
    if (err->place.file.len == 0 && err->place.line == 0) {
        err->place = place_own(place);
        err_show_source(err, source);
    }
    return false;
}

bool err_within(Err *err, Str source)
{
    Str excerpt = str_of(err->excerpt), line = STR_NONE;
    str_next_part(&excerpt, '\n', &line);
    if (err->place.line < 1 || !str_next_part(&excerpt, '\n', &line))
        return false;
    ptrdiff_t bar = str_find(line, STR(" | "));
    Str shown = bar < 0 ? STR_NONE : str_slice(line, (size_t)bar + 3, line.len);
    ptrdiff_t at = shown.len ? str_find(source, shown) : -1;
    if (at < 0)
        return false;
    size_t inside = 0;
    for (int i = 1; i < err->place.column && inside < shown.len; i++)
        utf8_next(shown, &inside);
    Place found = place_at(err->place.file, source, (size_t)at + inside);
    err->place.line = found.line;
    err->place.column = found.column;
    memory_give(err->excerpt);
    err->excerpt = NULL;
    err_show_source(err, source);
    return false;
}

bool err_wrap(Err *err, const char *format, ...)
{
    assert(err->kind != ERR_NONE);
    Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    text_add_c(&text, ": ");
    text_add_c(&text, err->text);
    memory_give(err->text);
    err->text = text_take(&text);
    return false;
}

bool err_add(Err *err, const char *format, ...)
{
    assert(err->kind != ERR_NONE);
    Text text = {0};
    text_add_c(&text, err->text);
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    memory_give(err->text);
    err->text = text_take(&text);
    return false;
}

bool err_trail(Err *err, const char *format, ...)
{
    Text text = {0};
    if (err->trail) {
        text_add_c(&text, err->trail);
        text_add_char(&text, '\n');
    }
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    memory_give(err->trail);
    err->trail = text_take(&text);
    return false;
}

void err_move(Err *to, Err *from)
{
    if (to == from)
        return;
    err_drop(to);
    *to = *from;
    *from = (Err){0};
}

void err_print(const Err *err, Text *out)
{
    text_add_c(out, err->text ? err->text : "");
    if (err->place.file.len) {
        text_print(out, "\n  --> " STR_FMT, STR_ARG(err->place.file));
        if (err->place.line > 0)
            text_print(out, ":%d:%d", err->place.line, err->place.column);
    } else if (err->place.line > 0) {
        text_print(out, "\n  --> line %d, column %d", err->place.line, err->place.column);
    }
    Str excerpt = str_of(err->excerpt), line;
    while (str_next_part(&excerpt, '\n', &line))
        text_print(out, "\n   " STR_FMT, STR_ARG(line));
    Str trail = str_of(err->trail);
    while (str_next_part(&trail, '\n', &line))
        text_print(out, "\n> " STR_FMT, STR_ARG(line));
}

Place place_at(Str file, Str source, size_t offset)
{
    if (offset > source.len)
        offset = source.len;
    if (!offset)
        return (Place){file, 1, 1};
    int line = 1;
    const char *start = source.at, *end = source.at + offset, *found;
    while (start < end && (found = memchr(start, '\n', (size_t)(end - start)))) {
        line++;
        start = found + 1;
    }
    int column = 1 + (int)utf8_length((Str){start, (size_t)(end - start)});
    return (Place){file, line, column};
}
