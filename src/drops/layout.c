/* layout.c: where a table's files go: texts in the place of holes. */
#include "drops/pattern.h"

#include "base/clock.h"

/* Texts that a '/' or ".." would lead out of their folder are refused. */
static bool check_text(Str layout, const HolePart *hole, Str text, Err *err)
{
    bool is_bad = !text.len || str_is(text, ".") || str_is(text, "..");
    for (size_t i = 0; i < text.len && !is_bad; i++)
        is_bad = text.at[i] == '/' || (unsigned char)text.at[i] < ' ';
    return !is_bad || hole_fail(layout, hole->at, err, "{" STR_FMT "} is '" STR_FMT "': that "
                                "cannot be part of a path", STR_ARG(hole->text), STR_ARG(text));
}

static bool fail_unknown(Str layout, const HolePart *hole, Value names, Err *err)
{
    static const char *const of_date[] = {"date", "year", "month", "day"};
    Str known[64];
    size_t count = 0;
    AUTO(text) Text list = {0};
    for (; count < COUNT_OF(of_date); count++)
        known[count] = str_of(of_date[count]);
    Value key, value;
    for (uint32_t at = 0; value_is_dict(names) && count < COUNT_OF(known) &&
                          dict_next(names.dict, &at, &key, &value);)
        known[count++] = value_str(key);
    for (size_t i = 0; i < count; i++)
        text_print(&list, "%s{" STR_FMT "}", i ? ", " : "", STR_ARG(known[i]));
    Str near = str_nearest(hole->text, known, count);
    return near.len ? hole_fail(layout, hole->at, err, "there is no {" STR_FMT "} here. Did you "
                                "mean {" STR_FMT "}?", STR_ARG(hole->text), STR_ARG(near))
                    : hole_fail(layout, hole->at, err, "there is no {" STR_FMT "} here: there are "
                                STR_FMT, STR_ARG(hole->text), STR_ARG(text_str(&list)));
}

/* "2024-01-03" by a format. */
static bool print_date(Str layout, const HolePart *hole, Str date, Text *out, Err *err)
{
    int64_t year = 0, month = 0, day = 0;
    bool is_date = date.len == 10 && str_to_int(str_slice(date, 0, 4), &year) &&
                   str_to_int(str_slice(date, 5, 7), &month) &&
                   str_to_int(str_slice(date, 8, 10), &day);
    if (!is_date)
        return hole_fail(layout, hole->at, err, "{" STR_FMT "} needs a date such as 2024-01-03, "
                         "there is '" STR_FMT "'", STR_ARG(hole->text), STR_ARG(date));
    int64_t of_year = days_of_civil(year, (unsigned)month, (unsigned)day) -
                      days_of_civil(year, 1, 1) + 1;
    Str format = hole->format.at ? hole->format : hole_format(hole->text);
    for (size_t i = 0; i < format.len; i++) {
        char letter = format.at[i];
        if (letter != '%') {
            text_add_char(out, letter);
            continue;
        }
        switch (++i < format.len ? format.at[i] : '\0') {
        case 'Y': text_print(out, "%04lld", (long long)year); break;
        case 'y': text_print(out, "%02lld", (long long)(year % 100)); break;
        case 'm': text_print(out, "%02lld", (long long)month); break;
        case 'd': text_print(out, "%02lld", (long long)day); break;
        case 'j': text_print(out, "%03lld", (long long)of_year); break;
        default:
            return hole_fail(layout, hole->at, err, "unknown letter in {" STR_FMT ":" STR_FMT
                             "}: a date knows %%Y %%y %%m %%d %%j", STR_ARG(hole->text),
                             STR_ARG(format));
        }
    }
    return true;
}

/* A value's text in a glob: what means something there is put in brackets. */
static void add_literal(Str text, bool is_glob, Text *out)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_glob && text.at[i] && strchr("*?[{", text.at[i]))
            text_print(out, "[%c]", text.at[i]);
        else
            text_add_char(out, text.at[i]);
}

static bool fill(Arena *arena, Str layout, Str date, Value names, bool is_glob, Str *out, Err *err)
{
    AUTO(text) Text text = {0}, shown = {0};
    bool has = true;
    for (size_t at = 0; has;) {
        HolePart part;
        TRY(hole_next(layout, &at, &part, &has, err));
        Value named = part.is_hole ? value_get_str(names, part.text) : UNDEFINED;
        if (!part.is_hole) {
            add_literal(part.text, is_glob, &text);
        } else if (is_glob && value_is_none(named)) {
            text_add_char(&text, '*');
        } else if (!value_is_undefined(named)) {
            text_clear(&shown);
            value_print(named, &shown);
            TRY(check_text(layout, &part, text_str(&shown), err));
            add_literal(text_str(&shown), is_glob, &text);
        } else if (!hole_format(part.text).at) {
            return fail_unknown(layout, &part, names, err);
        } else if (is_glob) {
            text_add_char(&text, '*');
        } else {
            TRY(print_date(layout, &part, date, &text, err));
        }
    }
    *out = text_copy(arena, &text);
    return true;
}

bool layout_print(Arena *arena, Str layout, Str date, Value names, Str *out, Err *err)
{
    return fill(arena, layout, date, names, false, out, err);
}

bool layout_glob(Arena *arena, Str layout, Value names, Str *out, Err *err)
{
    return fill(arena, layout, STR_NONE, names, true, out, err);
}
