/* values.c: one column value each; see values.h. */
#include "values.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

Civil civil_of(int64_t day)
{
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    Civil civil = {2000, 1, 1};
    day -= 10957;
    assert(day >= 0);
    for (; day >= 365 + is_leap(civil.year); civil.year++)
        day -= 365 + is_leap(civil.year);
    for (;; civil.month++) {
        int32_t length = lengths[civil.month - 1] + (civil.month == 2 && is_leap(civil.year));
        if (day < length)
            break;
        day -= length;
    }
    civil.day = (int32_t)day + 1;
    return civil;
}

void put_stamp(FILE *file, int64_t at)
{
    Civil civil = civil_of(at / DAY);
    int32_t second = (int32_t)(at % DAY);
    fprintf(file, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
            second / 3600, second / 60 % 60, second % 60);
}

void put_stamp_iso(FILE *file, int64_t at)
{
    Civil civil = civil_of(at / DAY);
    int32_t second = (int32_t)(at % DAY);
    fprintf(file, "%04d-%02d-%02dT%02d:%02d:%02dZ", civil.year, civil.month, civil.day,
            second / 3600, second / 60 % 60, second % 60);
}

void put_stamp_dirty(FILE *file, Random *random, int64_t at)
{
    if (at == 0) {
        fputs(random_happens(random, 500) ? "NULL" : "", file);
        return;
    }
    uint32_t kind = random_below(random, 1000);
    if (kind < 25) {                            /* a partner's spreadsheet: day first, no seconds */
        Civil civil = civil_of(at / DAY);
        int32_t minute = (int32_t)(at % DAY / 60);
        fprintf(file, "%02d/%02d/%04d %02d:%02d", civil.day, civil.month, civil.year, minute / 60,
                minute % 60);
    } else if (kind < 40) {
        put_stamp_iso(file, at);
    } else if (kind < 50) {
        fputc(' ', file);
        put_stamp(file, at);
        fputc(' ', file);
    } else {
        put_stamp(file, at);
    }
}

void put_money(FILE *file, Random *random, int64_t cents)
{
    const char *sign = cents < 0 ? "-" : "";
    int64_t whole = (cents < 0 ? -cents : cents) / 100, rest = (cents < 0 ? -cents : cents) % 100;
    uint32_t kind = random_below(random, 1000);
    if (kind < 3)
        fprintf(file, "\"%s%" PRId64 ",%02d\"", sign, whole, (int)rest);
    else if (kind < 5)
        fprintf(file, "R$ %s%" PRId64 ".%02d", sign, whole, (int)rest);
    else
        fprintf(file, "%s%" PRId64 ".%02d", sign, whole, (int)rest);
}

/* Lower case, without accents: the Latin-1 letters of UTF-8 that Portuguese uses. */
static void fold_city(const char *city, char out[64])
{
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo/ouuuuypyaaaaaaaceeeeiiiidnooooo/ouuuuypy";
    size_t length = 0;
    for (const unsigned char *at = (const unsigned char *)city; *at != 0; at++) {
        assert(length < 63);
        if (*at == 0xc3 && at[1] >= 0x80)
            out[length++] = plain[*++at - 0x80];
        else
            out[length++] = (char)tolower(*at);
    }
    out[length] = 0;
}

void put_city(FILE *file, Random *random, const Place *place)
{
    char folded[64];
    fold_city(place->city, folded);
    uint32_t kind = random_below(random, 100);
    if (kind < 55) {
        fputs(place->city, file);
    } else if (kind < 85) {
        fputs(folded, file);
    } else if (kind < 92) {
        for (const char *at = folded; *at != 0; at++)
            fputc(toupper((unsigned char)*at), file);
    } else if (kind < 96) {
        fprintf(file, "  %s ", folded);
    } else if (kind < 98) {
        fprintf(file, "\"%s, %s\"", folded, place->state);
    } else {
        fprintf(file, "%s / %s", folded, place->state);
    }
}

void put_zip(FILE *file, Random *random, int32_t zip)
{
    fprintf(file, random_happens(random, 300) ? "%d" : "%05d", zip);
}

void put_state(FILE *file, Random *random, const Place *place)
{
    if (random_happens(random, 150))
        fprintf(file, "%c%c ", tolower((unsigned char)place->state[0]),
                tolower((unsigned char)place->state[1]));
    else
        fputs(place->state, file);
}

void put_json_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if (*text == '\n')
            fputs("\\n", file);
        else
            fputc(*text, file);
    }
    fputc('"', file);
}
