/* listing.c: lines of `ls -l`, read from the date: what stands before it varies from server to
 * server. */
#include "net/listing.h"

#include "base/clock.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define SHOWN_BYTES 120

/* The next word; *at moves behind it. Empty at the end. */
static Str next_word(Str line, size_t *at)
{
    while (*at < line.len && line.at[*at] == ' ')
        (*at)++;
    size_t begin = *at;
    while (*at < line.len && line.at[*at] != ' ')
        (*at)++;
    return str_slice(line, begin, *at);
}

static bool number_of(Str word, int64_t most, int64_t *out)
{
    return word.len && word.at[0] >= '0' && word.at[0] <= '9' && str_to_int(word, out) &&
           *out <= most;
}

/* 1..12, or 0. */
static unsigned month_of(Str word)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (unsigned i = 0; i < COUNT_OF(months); i++)
        if (str_eq_fold(word, str_of(months[i])))
            return i + 1;
    return 0;
}

/* "16:14", "16:14:05" and "16:14:05.000000000". */
static bool time_of(Str word, Civil *civil)
{
    int64_t hour, minute, second = 0;
    Str rest = word, part;
    if (!str_next_part(&rest, ':', &part) || !number_of(part, 23, &hour) || !rest.at ||
        !str_next_part(&rest, ':', &part) || !number_of(part, 59, &minute))
        return false;
    if (rest.at && !number_of(str_slice(rest, 0, 2), 60, &second))
        return false;
    civil->hour = (unsigned)hour;
    civil->minute = (unsigned)minute;
    civil->second = (unsigned)second;
    return true;
}

/* "Nov 21 16:14" or "Nov 21 2025" from `at` on, whose first word is `word`. */
static bool date_by_name(Str line, Str word, size_t *at, int64_t now_us, int64_t *out)
{
    Civil civil = {.month = month_of(word)};
    int64_t day, year;
    if (!civil.month || !number_of(next_word(line, at), 31, &day) || day < 1)
        return false;
    civil.day = (unsigned)day;
    Str last = next_word(line, at);
    if (number_of(last, 9999, &year) && last.len == 4) {
        civil.year = year;
    } else if (time_of(last, &civil)) {
        civil.year = civil_of_us(now_us).year;
        if (us_of_civil(civil) > now_us + DAY_US)
            civil.year--;
    } else {
        return false;
    }
    *out = us_of_civil(civil);
    return true;
}

/* "2026-11-21 16:14", perhaps with "+0100" behind it. */
static bool date_by_number(Str line, Str word, size_t *at, int64_t *out)
{
    int64_t year, month, day;
    if (word.len != 10 || word.at[4] != '-' || word.at[7] != '-' ||
        !number_of(str_slice(word, 0, 4), 9999, &year) ||
        !number_of(str_slice(word, 5, 7), 12, &month) || month < 1 ||
        !number_of(str_slice(word, 8, 10), 31, &day) || day < 1)
        return false;
    Civil civil = {.year = year, .month = (unsigned)month, .day = (unsigned)day};
    if (!time_of(next_word(line, at), &civil))
        return false;
    *out = us_of_civil(civil);
    size_t behind = *at;
    Str zone = next_word(line, &behind);
    if (zone.len == 5 && (zone.at[0] == '+' || zone.at[0] == '-')) {
        int64_t hour, minute;
        if (number_of(str_slice(zone, 1, 3), 14, &hour) &&
            number_of(str_slice(zone, 3, 5), 59, &minute)) {
            int64_t shift_us = (hour * 60 + minute) * 60 * 1000000;
            *out += zone.at[0] == '+' ? -shift_us : shift_us;
            *at = behind;
        }
    }
    return true;
}

static bool has_permissions(Str line)
{
    if (line.len < 10)
        return false;
    for (size_t i = 1; i < 10; i++)
        if (!strchr("rwxsStTl-", line.at[i]) || !line.at[i])
            return false;
    return true;
}

static bool line_parse(Str line, int64_t now_us, RemoteEntry *out)
{
    size_t at = 0;
    int64_t size_bytes = -1;
    next_word(line, &at); /* the permissions */
    for (Str word = next_word(line, &at); word.len; word = next_word(line, &at)) {
        size_t behind = at;
        int64_t modified_at_us;
        if (size_bytes >= 0 && (date_by_name(line, word, &behind, now_us, &modified_at_us) ||
                                (behind = at, date_by_number(line, word, &behind,
                                                             &modified_at_us)))) {
            Str name = str_slice(line, behind + 1, line.len); /* after one blank */
            ptrdiff_t arrow = line.at[0] == 'l' ? str_find(name, STR(" -> ")) : -1;
            *out = (RemoteEntry){.name = arrow >= 0 ? str_slice(name, 0, (size_t)arrow) : name,
                                 .size_bytes = (uint64_t)size_bytes,
                                 .modified_at_us = modified_at_us,
                                 .is_folder = line.at[0] == 'd'};
            return out->name.len > 0;
        }
        if (!number_of(word, INT64_MAX, &size_bytes))
            size_bytes = -1;
    }
    return false;
}

bool listing_parse(Arena *arena, Str text, int64_t now_us, RemoteEntries *out, Err *err)
{
    RemoteEntries entries = {0};
    Str line;
    while (text.at && str_next_part(&text, '\n', &line)) {
        if (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        if (!str_trim(line).len || str_starts(line, STR("total ")))
            continue;
        if (strchr("bcps", line.at[0]) && line.at[0] && has_permissions(line))
            continue;
        RemoteEntry entry;
        bool is_known = strchr("-dl", line.at[0]) && line.at[0] && has_permissions(line);
        if (!is_known || !line_parse(line, now_us, &entry))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "the server's listing has a line that is not like `ls -l`: '" STR_FMT
                           "'",
                           STR_ARG(str_slice(line, 0, SHOWN_BYTES)));
        if (str_is(entry.name, ".") || str_is(entry.name, ".."))
            continue;
        entry.name = str_copy(arena, entry.name);
        list_add(arena, &entries, entry);
    }
    *out = entries;
    return true;
}
