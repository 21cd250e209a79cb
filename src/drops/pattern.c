/* pattern.c: names with holes, matched by a table of what can still come: never more than parts
 * times bytes steps. */
#include "drops/pattern.h"

#include "base/clock.h"

typedef enum PartKind { PART_TEXT, PART_FREE, PART_TIME } PartKind;

typedef struct Part {
    PartKind kind;
    Str text;                    /* the text itself, or the hole's name                           */
    Str format;                  /* PART_TIME                                                     */
    uint32_t width;              /* bytes that it takes; PART_FREE: 0                             */
} Part;

struct Pattern {
    Part parts[PATTERN_MOST_PARTS];
    uint32_t count;
    bool is_path;                /* compared with whole paths                                     */
};

/* What a time's digits say; -1: nothing. */
typedef struct Digits {
    int year, month, day, day_of_year;
} Digits;

/* Which letters a format may hold, and how many digits they take. */
static const struct {
    char letter;
    uint8_t digits;
    int least, most;
} letters[] = {
    {'Y', 4, 0, 9999}, {'y', 2, 0, 99}, {'m', 2, 1, 12}, {'d', 2, 1, 31},
    {'j', 3, 1, 366},  {'H', 2, 0, 23}, {'M', 2, 0, 59}, {'S', 2, 0, 60},
};

/* ---- reading a pattern ---- */

bool hole_fail(Str source, size_t at, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set_in(err, ERR_PARSING, place_at(STR_NONE, source, at), source, STR_FMT,
                      STR_ARG(text_str(&text)));
}

Str hole_format(Str name)
{
    return str_is(name, "date")    ? STR("%Y-%m-%d")
           : str_is(name, "year")  ? STR("%Y")
           : str_is(name, "month") ? STR("%m")
           : str_is(name, "day")   ? STR("%d")
                                   : STR_NONE;
}

static bool is_name(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0;
}

bool hole_next(Str source, size_t *at, HolePart *out, bool *has, Err *err)
{
    Str rest = str_slice(source, *at, source.len);
    *has = rest.len > 0;
    *out = (HolePart){.at = *at};
    if (!rest.len)
        return true;
    if (rest.at[0] == '}')
        return hole_fail(source, *at, err, "a '}' without its '{'");
    if (rest.at[0] != '{') {
        size_t len = 0;
        while (len < rest.len && rest.at[len] != '{' && rest.at[len] != '}')
            len++;
        out->text = str_slice(rest, 0, len);
        *at += len;
        return true;
    }
    ptrdiff_t end = str_find_char(rest, '}');
    if (end < 0)
        return hole_fail(source, *at, err, "a '{' that does not close: expected '}'");
    Str inside = str_slice(rest, 1, (size_t)end);
    ptrdiff_t colon = str_find_char(inside, ':');
    out->is_hole = true;
    out->text = colon < 0 ? inside : str_slice(inside, 0, (size_t)colon);
    out->format = colon < 0 ? STR_NONE : str_slice(inside, (size_t)colon + 1, inside.len);
    if (!is_name(out->text))
        return hole_fail(source, *at + 1, err, "expected a name such as {table}, {date:%%Y%%m%%d} "
                                               "or {batch_id}");
    *at += (size_t)end + 1;
    return true;
}

static int letter_find(char letter)
{
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (letters[i].letter == letter)
            return (int)i;
    return -1;
}

/* The width of a format's times; *has: bits of the letters. */
static bool format_check(Str source, const HolePart *hole, Str format, Part *part, uint32_t *has,
                         Err *err)
{
    size_t begin = hole->at + 2 + hole->text.len;
    *has = 0;
    if (!format.len)
        return hole_fail(source, begin, err, "expected a format such as %%Y%%m%%d behind ':'");
    for (size_t i = 0; i < format.len; i++) {
        if (format.at[i] != '%') {
            part->width++;
            continue;
        }
        int letter = ++i < format.len ? letter_find(format.at[i]) : -1;
        if (letter < 0)
            return hole_fail(source, begin + i - 1, err,
                             "unknown letter in a format: it knows %%Y %%y %%m %%d %%j %%H %%M "
                             "%%S");
        part->width += letters[letter].digits;
        *has |= 1u << letter;
    }
    return true;
}

static bool has_letter(uint32_t has, char letter)
{
    return has >> letter_find(letter) & 1;
}

static bool add_hole(Pattern *pattern, Str source, const HolePart *hole, Err *err)
{
    Part *part = &pattern->parts[pattern->count];
    *part = (Part){.kind = PART_FREE, .text = hole->text};
    for (uint32_t i = 0; i < pattern->count; i++)
        if (pattern->parts[i].kind != PART_TEXT && str_eq(pattern->parts[i].text, hole->text))
            return hole_fail(source, hole->at, err, "{" STR_FMT "} stands twice",
                             STR_ARG(hole->text));
    Str format = hole->format.at ? hole->format : hole_format(hole->text);
    if (format.at) {
        uint32_t has;
        part->kind = PART_TIME;
        part->format = format;
        TRY(format_check(source, hole, format, part, &has, err));
        bool has_year = has_letter(has, 'Y') || has_letter(has, 'y');
        bool has_day = (has_letter(has, 'm') && has_letter(has, 'd')) || has_letter(has, 'j');
        if (str_is(hole->text, "date") && !(has_year && has_day))
            return hole_fail(source, hole->at, err, "a date needs year, month and day, such as "
                                                    "{date:%%Y%%m%%d}, {date:%%y%%m%%d} or "
                                                    "{date:%%Y%%j}");
    }
    const Part *before = pattern->count ? part - 1 : NULL;
    if (before && before->kind == PART_FREE && part->kind == PART_FREE)
        return hole_fail(source, hole->at, err, "nothing stands between {" STR_FMT "} and {" STR_FMT
                         "}: where one ends is not said", STR_ARG(before->text),
                         STR_ARG(hole->text));
    pattern->count++;
    return true;
}

bool pattern_make(Arena *arena, Str text, Pattern **out, Err *err)
{
    Pattern *pattern = NEW(arena, Pattern);
    Str source = str_copy(arena, text);
    bool has = true, has_table = false;
    for (size_t at = 0; has;) {
        HolePart part;
        TRY(hole_next(source, &at, &part, &has, err));
        if (!has)
            break;
        if (pattern->count == PATTERN_MOST_PARTS)
            return hole_fail(source, part.at, err, "more than %d holes and texts",
                             PATTERN_MOST_PARTS);
        if (part.is_hole) {
            TRY(add_hole(pattern, source, &part, err));
            has_table = has_table || str_is(part.text, "table");
        } else {
            pattern->parts[pattern->count++] =
                (Part){.kind = PART_TEXT, .text = part.text, .width = (uint32_t)part.text.len};
        }
    }
    if (!has_table)
        return hole_fail(source, 0, err, "the pattern of member names lacks {table}, as in "
                                         "{table}_{date:%%Y%%m%%d}_{batch_id}.csv");
    pattern->is_path = str_find_char(source, '/') >= 0;
    *out = pattern;
    return true;
}

/* ---- matching ---- */

/* Is it a day of the calendar, as far as it is said? */
static bool digits_are_day(const Digits *digits)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = digits->year;
    bool is_leap = year < 0 || (year % 4 == 0 && (year % 100 || year % 400 == 0));
    if (digits->month > 0 && digits->day > days[digits->month - 1])
        return false;
    if (digits->month == 2 && digits->day == 29 && !is_leap)
        return false;
    return digits->day_of_year < 366 || is_leap;
}

/* Does a time in `format` begin at `at`? There are as many bytes as it is wide. */
static bool time_match(Str format, const char *at, Digits *out)
{
    *out = (Digits){-1, -1, -1, -1};
    for (size_t i = 0; i < format.len; i++) {
        if (format.at[i] != '%') {
            if (*at++ != format.at[i])
                return false;
            continue;
        }
        int row = letter_find(format.at[++i]), number = 0;
        for (unsigned digit = 0; digit < letters[row].digits; digit++, at++) {
            if (*at < '0' || *at > '9')
                return false;
            number = number * 10 + (*at - '0');
        }
        if (number < letters[row].least || number > letters[row].most)
            return false;
        switch (letters[row].letter) {
        case 'Y': out->year = number; break;
        case 'y': out->year = number < 69 ? 2000 + number : 1900 + number; break;
        case 'm': out->month = number; break;
        case 'd': out->day = number; break;
        case 'j': out->day_of_year = number; break;
        default: break;
        }
    }
    return digits_are_day(out);
}

bool pattern_is_time(Str format, Str text)
{
    Digits digits;
    size_t width = 0;
    for (size_t i = 0; i < format.len; i++)
        width += format.at[i] == '%' ? letters[letter_find(format.at[++i])].digits : 1;
    return width == text.len && time_match(format, text.at, &digits);
}

/* A row a part and one behind the last; bit i: from byte i on, this part and all behind it
 * match. */
typedef struct Reach {
    uint64_t rows[PATTERN_MOST_PARTS + 1][(PATTERN_MOST_BYTES + 1) / 64];
} Reach;

static bool reach_get(const Reach *reach, uint32_t part, size_t at)
{
    return reach->rows[part][at / 64] >> (at % 64) & 1;
}

static void reach_part(const Part *part, uint32_t number, Str name, Reach *reach)
{
    uint64_t *row = reach->rows[number];
    Digits digits;
    memset(row, 0, (name.len / 64 + 1) * sizeof *row);
    for (size_t at = name.len + 1; at-- > 0;) {
        bool can = false;
        if (part->kind == PART_FREE)
            can = at < name.len && name.at[at] != '/' &&
                  (reach_get(reach, number + 1, at + 1) || reach_get(reach, number, at + 1));
        else if (part->width <= name.len - at && reach_get(reach, number + 1, at + part->width))
            can = part->kind == PART_TEXT
                      ? memcmp(part->text.at, name.at + at, part->width) == 0
                      : time_match(part->format, name.at + at, &digits);
        row[at / 64] |= (uint64_t)can << (at % 64);
    }
}

/* The bytes that a part takes from `at` on: as many as it can. */
static size_t part_width(const Part *part, uint32_t number, Str name, size_t at,
                         const Reach *reach)
{
    if (part->kind != PART_FREE)
        return part->width;
    size_t best = 0;
    for (size_t end = at + 1; end <= name.len && name.at[end - 1] != '/'; end++)
        if (reach_get(reach, number + 1, end))
            best = end - at;
    return best;
}

static Str print_day(Arena *arena, Digits digits)
{
    if (digits.year >= 0 && digits.day_of_year > 0 && (digits.month < 0 || digits.day < 0)) {
        int64_t year;
        unsigned month, day;
        civil_of_days(days_of_civil(digits.year, 1, 1) + digits.day_of_year - 1, &year, &month,
                      &day);
        return str_print(arena, "%04d-%02u-%02u", digits.year, month, day);
    }
    if (digits.year < 0 || digits.month < 0 || digits.day < 0)
        return STR_NONE;
    return str_print(arena, "%04d-%02d-%02d", digits.year, digits.month, digits.day);
}

/* Takes what a hole holds into the match. */
static void take_hole(const Part *part, Str text, Arena *arena, Digits *parts_of_day,
                      PatternMatch *out)
{
    Digits digits;
    if (str_is(part->text, "table")) {
        out->table = text;
    } else if (str_is(part->text, "date")) {
        time_match(part->format, text.at, &digits);
        out->date = print_day(arena, digits);
    } else {
        dict_put(out->others.dict, part->text, value_text(text));
        if (part->kind != PART_TIME || !hole_format(part->text).at)
            return;
        time_match(part->format, text.at, &digits);
        parts_of_day->year = digits.year >= 0 ? digits.year : parts_of_day->year;
        parts_of_day->month = digits.month >= 0 ? digits.month : parts_of_day->month;
        parts_of_day->day = digits.day >= 0 ? digits.day : parts_of_day->day;
    }
}

bool pattern_match(const Pattern *pattern, Str name, Arena *arena, PatternMatch *out)
{
    while (str_starts(name, STR("./")))
        name = str_slice(name, 2, name.len);
    if (!pattern->is_path)
        name = str_slice(name, (size_t)(str_find_last(name, STR("/")) + 1), name.len);
    if (!name.len || name.len > PATTERN_MOST_BYTES)
        return false;
    Reach reach;
    memset(reach.rows[pattern->count], 0, (name.len / 64 + 1) * sizeof(uint64_t));
    reach.rows[pattern->count][name.len / 64] = (uint64_t)1 << (name.len % 64);
    for (uint32_t i = pattern->count; i-- > 0;)
        reach_part(&pattern->parts[i], i, name, &reach);
    if (!reach_get(&reach, 0, 0))
        return false;
    Digits day = {-1, -1, -1, -1};
    PatternMatch match = {.others = value_dict(arena)};
    size_t at = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        size_t width = part_width(&pattern->parts[i], i, name, at, &reach);
        if (pattern->parts[i].kind != PART_TEXT)
            take_hole(&pattern->parts[i], str_slice(name, at, at + width), arena, &day, &match);
        at += width;
    }
    assert(at == name.len);
    if (!match.date.len && day.day > 0 && day.month > 0 && digits_are_day(&day))
        match.date = print_day(arena, day);
    *out = match;
    return true;
}
