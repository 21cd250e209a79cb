/* py_strftime.c: dates and times as texts: strftime, strptime, ISO 8601. C locale. */
#include "jinja/py_datetime.h"

static const char *const day_names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                                        "Saturday", "Sunday"};
static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
                                          "July", "August", "September", "October", "November",
                                          "December"};

/* ---- printing ---- */

static void add_composite(Arena *arena, Moment moment, const char *format, Text *out)
{
    text_add(out, moment_format(arena, moment, str_of(format)));
}

static void add_directive(Arena *arena, Moment moment, char directive, Text *out)
{
    Civil t = civil_of_us(moment.local_us);
    int64_t days = moment.local_us / DAY_US - (moment.local_us % DAY_US < 0), iso_year;
    int week, iso_day, weekday = (int)weekday_of(days);
    int day_of_year = (int)(days - days_of_civil(t.year, 1, 1));
    iso_week_of(days, &iso_year, &week, &iso_day);
    int64_t utc_us = moment.tz ? moment.local_us - moment.tz->offset_us
                               : local_to_utc(moment.local_us);
    switch (directive) {
    case 'a': text_add_bytes(out, day_names[weekday], 3); break;
    case 'A': text_add_c(out, day_names[weekday]); break;
    case 'b':
    case 'h': text_add_bytes(out, month_names[t.month - 1], 3); break;
    case 'B': text_add_c(out, month_names[t.month - 1]); break;
    case 'c': add_composite(arena, moment, "%a %b %e %H:%M:%S %Y", out); break;
    case 'C': text_print(out, "%02lld", (long long)(t.year / 100)); break;
    case 'd': text_print(out, "%02u", t.day); break;
    case 'D':
    case 'x': add_composite(arena, moment, "%m/%d/%y", out); break;
    case 'e': text_print(out, "%2u", t.day); break;
    case 'f': text_print(out, "%06u", t.microsecond); break;
    case 'F': add_composite(arena, moment, "%Y-%m-%d", out); break;
    case 'g': text_print(out, "%02lld", (long long)(iso_year % 100)); break;
    case 'G': text_print(out, "%lld", (long long)iso_year); break;
    case 'H': text_print(out, "%02u", t.hour); break;
    case 'I': text_print(out, "%02u", t.hour % 12 ? t.hour % 12 : 12); break;
    case 'j': text_print(out, "%03d", day_of_year + 1); break;
    case 'k': text_print(out, "%2u", t.hour); break;
    case 'l': text_print(out, "%2u", t.hour % 12 ? t.hour % 12 : 12); break;
    case 'm': text_print(out, "%02u", t.month); break;
    case 'M': text_print(out, "%02u", t.minute); break;
    case 'n': text_add_char(out, '\n'); break;
    case 'p': text_add_c(out, t.hour < 12 ? "AM" : "PM"); break;
    case 'P': text_add_c(out, t.hour < 12 ? "am" : "pm"); break;
    case 'r': add_composite(arena, moment, "%I:%M:%S %p", out); break;
    case 'R': add_composite(arena, moment, "%H:%M", out); break;
    case 's': text_print(out, "%lld", (long long)(utc_us / SECOND_US)); break;
    case 'S': text_print(out, "%02u", t.second); break;
    case 't': text_add_char(out, '\t'); break;
    case 'T':
    case 'X': add_composite(arena, moment, "%H:%M:%S", out); break;
    case 'u': text_print(out, "%d", iso_day); break;
    case 'U': text_print(out, "%02d", (day_of_year + 7 - (weekday + 1) % 7) / 7); break;
    case 'V': text_print(out, "%02d", week); break;
    case 'w': text_print(out, "%d", (weekday + 1) % 7); break;
    case 'W': text_print(out, "%02d", (day_of_year + 7 - weekday) / 7); break;
    case 'y': text_print(out, "%02lld", (long long)(t.year % 100)); break;
    case 'Y': text_print(out, "%lld", (long long)t.year); break;
    case 'z':
        if (moment.tz)
            offset_format(out, moment.tz->offset_us, false);
        break;
    case 'Z':
        if (moment.tz)
            text_add(out, moment.tz->name);
        break;
    case '%': text_add_char(out, '%'); break;
    default:
        text_add_char(out, '%');
        text_add_char(out, directive);
    }
}

/* A number without its zeros in front, as GNU's %-d. */
static void add_unpadded(Arena *arena, Moment moment, char directive, Text *out)
{
    AUTO(text) Text piece = {0};
    add_directive(arena, moment, directive, &piece);
    Str s = text_str(&piece);
    while (s.len > 1 && (s.at[0] == '0' || s.at[0] == ' '))
        s = str_slice(s, 1, s.len);
    text_add(out, s);
}

Str moment_format(Arena *arena, Moment moment, Str format)
{
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < format.len; at++) {
        if (format.at[at] != '%' || at + 1 == format.len) {
            text_add_char(&out, format.at[at]);
        } else if (format.at[at + 1] == '-' && at + 2 < format.len) {
            add_unpadded(arena, moment, format.at[at + 2], &out);
            at += 2;
        } else {
            add_directive(arena, moment, format.at[++at], &out);
        }
    }
    return text_copy(arena, &out);
}

bool clock_format(Text *out, int64_t us, Str timespec, Err *err)
{
    static const char *const specs[] = {"auto", "hours", "minutes", "seconds", "milliseconds",
                                        "microseconds"};
    size_t spec = 0;
    while (spec < COUNT_OF(specs) && !str_is(timespec, specs[spec]))
        spec++;
    if (spec == COUNT_OF(specs))
        return FAIL(err, "Unknown timespec value");
    if (spec == 0)
        spec = us % SECOND_US ? 5 : 3;
    int64_t seconds = us / SECOND_US;
    text_print(out, "%02lld", (long long)(seconds / 3600));
    if (spec >= 2)
        text_print(out, ":%02lld", (long long)(seconds / 60 % 60));
    if (spec >= 3)
        text_print(out, ":%02lld", (long long)(seconds % 60));
    if (spec == 4)
        text_print(out, ".%03lld", (long long)(us % SECOND_US / 1000));
    if (spec == 5)
        text_print(out, ".%06lld", (long long)(us % SECOND_US));
    return true;
}

/* ---- strptime ---- */

typedef struct Parse {
    Str text;
    size_t at;
    int64_t year, month, day, hour, minute, second, us, day_of_year, iso_year, week, weekday;
    char week_kind;         /* 'U', 'W' or 'V' */
    int half;               /* 0: none, 1: AM, 2: PM */
    bool has_offset, has_year, has_name;
    int64_t offset_us;
    Str zone_name;
} Parse;

/* A number of at most `most` digits; one digit at least. */
static bool take_number(Parse *parse, int most, int64_t *out)
{
    size_t start = parse->at;
    int64_t number = 0;
    while (parse->at < parse->text.len && parse->at - start < (size_t)most) {
        char c = parse->text.at[parse->at];
        if (c < '0' || c > '9')
            break;
        number = number * 10 + (c - '0');
        parse->at++;
    }
    *out = number;
    return parse->at > start;
}

/* The number must lie in the range; a second digit that would leave it is not taken. */
static bool take_ranged(Parse *parse, int most, int64_t low, int64_t high, int64_t *out)
{
    size_t start = parse->at;
    for (int digits = most; digits > 0; digits--) {
        parse->at = start;
        if (take_number(parse, digits, out) && *out >= low && *out <= high)
            return true;
    }
    return false;
}

static bool take_name(Parse *parse, const char *const *names, int count, size_t length,
                      int64_t *out)
{
    for (int i = 0; i < count; i++) {
        Str name = str_of(names[i]);
        if (length)
            name.len = length;
        if (str_eq_fold(str_slice(parse->text, parse->at, parse->at + name.len), name)) {
            parse->at += name.len;
            *out = i;
            return true;
        }
    }
    return false;
}

/* +HHMM, +HH:MM[:SS[.ffffff]], Z */
static bool take_offset(Parse *parse)
{
    Str text = parse->text;
    parse->has_offset = true;
    if (parse->at < text.len && text.at[parse->at] == 'Z') {
        parse->at++;
        return true;
    }
    if (parse->at >= text.len || (text.at[parse->at] != '+' && text.at[parse->at] != '-'))
        return false;
    int64_t sign = text.at[parse->at++] == '-' ? -1 : 1, parts[3] = {0};
    size_t start = parse->at;
    if (!take_number(parse, 2, &parts[0]) || parse->at != start + 2)
        return false;
    bool has_colon = parse->at < text.len && text.at[parse->at] == ':';
    parse->at += has_colon;
    start = parse->at;
    if (!take_number(parse, 2, &parts[1]) || parse->at != start + 2 || parts[1] > 59)
        return false;
    if (!has_colon || (parse->at < text.len && text.at[parse->at] == ':')) {
        start = parse->at;
        parse->at += has_colon;
        if (!take_number(parse, 2, &parts[2]))
            parse->at = start;
    }
    parse->offset_us = sign * ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * SECOND_US;
    return true;
}

static bool take_fraction(Parse *parse)
{
    size_t start = parse->at;
    if (!take_number(parse, 6, &parse->us))
        return false;
    for (size_t digits = parse->at - start; digits < 6; digits++)
        parse->us *= 10;
    return true;
}

static bool take_zone_name(Parse *parse)
{
    static const char *const names[] = {"UTC", "GMT"};
    int64_t which;
    parse->has_name = true;
    if (!take_name(parse, names, 2, 0, &which))
        return false;
    parse->zone_name = str_of(names[which]);
    return true;
}

static bool take_all(Parse *parse, Str format, Err *err);

static bool take_directive(Parse *parse, char directive, bool *is_known, Err *err)
{
    static const char *const halves[] = {"AM", "PM"};
    int64_t number = 0;
    bool found;
    *is_known = true;
    switch (directive) {
    case 'Y':
        parse->has_year = true;
        found = take_number(parse, 4, &parse->year);
        return found && parse->at >= 4;
    case 'y':
        parse->has_year = true;
        found = take_number(parse, 2, &number);
        parse->year = number + (number < 69 ? 2000 : 1900);
        return found;
    case 'm': return take_ranged(parse, 2, 1, 12, &parse->month);
    case 'd': return take_ranged(parse, 2, 1, 31, &parse->day);
    case 'H': return take_ranged(parse, 2, 0, 23, &parse->hour);
    case 'I': return take_ranged(parse, 2, 1, 12, &parse->hour);
    case 'M': return take_ranged(parse, 2, 0, 59, &parse->minute);
    case 'S': return take_ranged(parse, 2, 0, 61, &parse->second);
    case 'j': return take_ranged(parse, 3, 1, 366, &parse->day_of_year);
    case 'f': return take_fraction(parse);
    case 'p':
        found = take_name(parse, halves, 2, 0, &number);
        parse->half = (int)number + 1;
        return found;
    case 'a': return take_name(parse, day_names, 7, 3, &parse->weekday);
    case 'A': return take_name(parse, day_names, 7, 0, &parse->weekday);
    case 'b':
    case 'B':
        found = take_name(parse, month_names, 12, directive == 'b' ? 3 : 0, &number);
        parse->month = number + 1;
        return found;
    case 'u':
        found = take_ranged(parse, 1, 1, 7, &number);
        parse->weekday = number - 1;
        return found;
    case 'w':
        found = take_ranged(parse, 1, 0, 6, &number);
        parse->weekday = (number + 6) % 7;
        return found;
    case 'G': return take_number(parse, 4, &parse->iso_year);
    case 'U':
    case 'W':
    case 'V':
        parse->week_kind = directive;
        return take_ranged(parse, 2, directive == 'V', 53, &parse->week);
    case 'z': return take_offset(parse);
    case 'Z': return take_zone_name(parse);
    case 'c': return take_all(parse, STR("%a %b %d %H:%M:%S %Y"), err);
    case 'x': return take_all(parse, STR("%m/%d/%y"), err);
    case 'X': return take_all(parse, STR("%H:%M:%S"), err);
    case '%':
        found = parse->at < parse->text.len && parse->text.at[parse->at] == '%';
        parse->at += found;
        return found;
    default: *is_known = false; return false;
    }
}

/* False without an error: the text does not fit. */
static bool take_all(Parse *parse, Str format, Err *err)
{
    for (size_t at = 0; at < format.len; at++) {
        char c = format.at[at];
        if (c == '%' && at + 1 == format.len)
            return FAIL(err, "stray %% in format '" STR_FMT "'", STR_ARG(format));
        if (c == '%') {
            bool is_known;
            if (!take_directive(parse, format.at[++at], &is_known, err))
                return is_known || err->kind
                           ? false
                           : FAIL(err, "'%c' is a bad directive in format '" STR_FMT "'",
                                  format.at[at], STR_ARG(format));
        } else if (code_is_space((unsigned char)c)) {
            size_t start = parse->at;
            while (parse->at < parse->text.len &&
                   code_is_space((unsigned char)parse->text.at[parse->at]))
                parse->at++;
            if (parse->at == start)
                return false;
            while (at + 1 < format.len && code_is_space((unsigned char)format.at[at + 1]))
                at++;
        } else if (!str_eq_fold(str_slice(parse->text, parse->at, parse->at + 1),
                                (Str){&format.at[at], 1})) {
            return false;
        } else {
            parse->at++;
        }
    }
    return true;
}

/* The day that the parts found name. */
static bool parsed_days(const Parse *parse, int64_t *out, Err *err)
{
    int64_t year = parse->has_year ? parse->year : 1900, first;
    if (parse->week_kind == 'V') {
        if (parse->iso_year < 0 || parse->weekday < 0)
            return FAIL(err, "ISO week directive '%%V' must be used with the ISO year directive "
                             "'%%G' and a weekday directive ('%%A', '%%a', '%%w', or '%%u').");
        first = days_of_civil(parse->iso_year, 1, 4);
        *out = first - weekday_of(first) + (parse->week - 1) * 7 + parse->weekday;
        return true;
    }
    if (parse->day_of_year > 0) {
        *out = days_of_civil(year, 1, 1) + parse->day_of_year - 1;
        return true;
    }
    if (parse->week_kind && parse->weekday >= 0 && parse->has_year) {
        first = days_of_civil(year, 1, 1);
        bool is_monday = parse->week_kind == 'W';
        int64_t start = (weekday_of(first) + !is_monday) % 7; /* of the year, in its week */
        int64_t day = is_monday ? parse->weekday : (parse->weekday + 1) % 7;
        int64_t to_first = (7 - start) % 7;
        *out = parse->week == 0 ? first + day - start
                                : first + to_first + 7 * (parse->week - 1) + day;
        return true;
    }
    return days_checked(year, parse->month, parse->day, out, err);
}

bool moment_parse(Arena *arena, Str text, Str format, Value *out, Err *err)
{
    Parse parse = {.text = text, .month = 1, .day = 1, .weekday = -1, .iso_year = -1};
    if (!take_all(&parse, format, err)) {
        if (err->kind)
            return false;
        return FAIL(err, "time data '" STR_FMT "' does not match format '" STR_FMT "'",
                    STR_ARG(text), STR_ARG(format));
    }
    if (parse.at < text.len) {
        Str rest = str_slice(text, parse.at, text.len);
        return FAIL(err, "unconverted data remains: " STR_FMT, STR_ARG(rest));
    }
    if (parse.half)
        parse.hour = parse.hour % 12 + (parse.half == 2 ? 12 : 0);
    int64_t days, us;
    TRY(parsed_days(&parse, &days, err));
    if (parse.second > 59)
        return FAIL(err, "second must be in 0..59");
    TRY(clock_checked((int64_t[]){parse.hour, parse.minute, parse.second, parse.us}, &us, err));
    Tz *tz = parse.has_offset ? tz_fixed(arena, parse.offset_us) : NULL;
    return datetime_make_checked(arena, days * DAY_US + us, tz, out, err);
}

/* ---- ISO 8601 ---- */

static bool iso_fail(Str text, Err *err)
{
    return FAIL(err, "Invalid isoformat string: '" STR_FMT "'", STR_ARG(text));
}

/* Exactly `digits` digits. */
static bool take_exact(Parse *parse, int digits, int64_t *out)
{
    size_t start = parse->at;
    return take_number(parse, digits, out) && parse->at == start + (size_t)digits;
}

static bool take_char(Parse *parse, char c)
{
    bool is_it = parse->at < parse->text.len && parse->text.at[parse->at] == c;
    parse->at += is_it;
    return is_it;
}

/* YYYY-MM-DD, YYYYMMDD, YYYY-Www[-D], YYYYWww[D] */
static bool take_iso_date(Parse *parse, int64_t *days, Err *err)
{
    int64_t year, month, day = 1;
    if (!take_exact(parse, 4, &year))
        return false;
    bool has_hyphens = take_char(parse, '-');
    if (take_char(parse, 'W')) {
        int64_t week;
        if (!take_exact(parse, 2, &week))
            return false;
        size_t before = parse->at;
        bool has_day = (!has_hyphens || take_char(parse, '-')) && take_exact(parse, 1, &day);
        if (!has_day) {
            parse->at = before;
            day = 1;
        }
        int64_t first = days_of_civil(year, 1, 4);
        *days = first - weekday_of(first) + (week - 1) * 7 + day - 1;
        return week >= 1 && week <= 53 && day >= 1 && day <= 7;
    }
    if (!take_exact(parse, 2, &month) || take_char(parse, '-') != has_hyphens ||
        !take_exact(parse, 2, &day))
        return false;
    return days_checked(year, month, day, days, err);
}

/* HH[:MM[:SS[.fff[fff]]]] or without colons, and an offset. */
static bool take_iso_time(Parse *parse, int64_t *us, Err *err)
{
    int64_t parts[4] = {0};
    take_char(parse, 'T');
    if (!take_exact(parse, 2, &parts[0]))
        return false;
    bool has_colons = parse->at < parse->text.len && parse->text.at[parse->at] == ':';
    for (int i = 1; i < 3; i++) {
        char next = parse->at < parse->text.len ? parse->text.at[parse->at] : '\0';
        if (has_colons ? next != ':' : next < '0' || next > '9')
            break;
        parse->at += has_colons;
        if (!take_exact(parse, 2, &parts[i]))
            return false;
    }
    if (take_char(parse, '.') || take_char(parse, ',')) {
        if (!take_fraction(parse))
            return false;
        parts[3] = parse->us;
        int64_t ignored; /* digits beyond microseconds */
        while (parse->at < parse->text.len && take_number(parse, 1, &ignored))
            ;
    }
    TRY(clock_checked(parts, us, err));
    if (parse->at == parse->text.len)
        return true;
    size_t start = parse->at;
    if (take_offset(parse))
        return parse->at == parse->text.len;
    int64_t hours; /* +HH alone */
    parse->at = start + 1;
    bool is_signed = parse->text.at[start] == '+' || parse->text.at[start] == '-';
    if (!is_signed || !take_exact(parse, 2, &hours) || parse->at != parse->text.len)
        return false;
    parse->offset_us = hours * 3600 * SECOND_US * (parse->text.at[start] == '-' ? -1 : 1);
    return true;
}

bool iso_parse_date(Str text, int64_t *days, Err *err)
{
    Parse parse = {.text = text};
    if (take_iso_date(&parse, days, err) && parse.at == text.len)
        return true;
    return err->kind ? false : iso_fail(text, err);
}

bool iso_parse_time(Arena *arena, Str text, int64_t *us, Tz **tz, Err *err)
{
    Parse parse = {.text = text};
    if (!take_iso_time(&parse, us, err))
        return err->kind ? false : iso_fail(text, err);
    *tz = parse.has_offset ? tz_fixed(arena, parse.offset_us) : NULL;
    return true;
}

bool iso_parse_datetime(Arena *arena, Str text, Value *out, Err *err)
{
    Parse parse = {.text = text};
    int64_t days, us = 0;
    bool ok = take_iso_date(&parse, &days, err);
    if (ok && parse.at < text.len) {
        utf8_next(text, &parse.at); /* any one character */
        ok = parse.at < text.len && take_iso_time(&parse, &us, err);
    }
    if (!ok)
        return err->kind ? false : iso_fail(text, err);
    return datetime_make_checked(arena, days * DAY_US + us,
                                 parse.has_offset ? tz_fixed(arena, parse.offset_us) : NULL, out,
                                 err);
}
