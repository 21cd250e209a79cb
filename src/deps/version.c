/* version.c: semantic versions, bounds and ranges.
 *
 * The order is that of semver.org, with dbt's additions: a bound "<2.0.0" is below any pre-release
 * of 2.0.0, and of two bounds at one version the matchers decide.
 */
#include "deps/deps_base.h"

#include <ctype.h>

/* ---- reading ---- */

static bool read_number(Str text, size_t *at, int64_t *out)
{
    size_t begin = *at;
    while (*at < text.len && isdigit((unsigned char)text.at[*at]))
        (*at)++;
    Str digits = str_slice(text, begin, *at);
    return digits.len && (digits.len == 1 || digits.at[0] != '0') && str_to_int(digits, out);
}

/* Dotted words of letters, digits and '-'. Numbers have no leading zero where `is_strict`. */
static bool read_words(Str text, size_t *at, bool is_strict, Str *out)
{
    size_t begin = *at, word = *at;
    for (;; (*at)++) {
        bool ends = *at >= text.len;
        char c = ends ? '.' : text.at[*at];
        if (!ends && (isalnum((unsigned char)c) || c == '-'))
            continue;
        Str one = str_slice(text, word, *at);
        bool is_number = one.len > 0;
        for (size_t i = 0; i < one.len; i++)
            is_number &= isdigit((unsigned char)one.at[i]) != 0;
        if (is_strict && (!one.len || (is_number && one.len > 1 && one.at[0] == '0')))
            return false;
        if (ends || c != '.')
            break;
        word = *at + 1;
    }
    *out = str_slice(text, begin, *at);
    return true;
}

static Matcher read_matcher(Str text, size_t *at)
{
    static const struct {
        const char *text;
        Matcher matcher;
    } table[] = {{">=", MATCH_AT_LEAST}, {"<=", MATCH_AT_MOST}, {">", MATCH_GREATER},
                 {"<", MATCH_LESS},      {"=", MATCH_EXACT}};
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_starts(text, str_of(table[i].text))) {
            *at = strlen(table[i].text);
            return table[i].matcher;
        }
    return MATCH_EXACT;
}

static bool read_version(Str text, Version *out)
{
    size_t at = 0;
    *out = (Version){.is_bound = true, .matcher = read_matcher(text, &at)};
    for (int i = 0; i < 3; i++) {
        if (i && (at >= text.len || text.at[at++] != '.'))
            return false;
        if (!read_number(text, &at, &out->parts[i]))
            return false;
    }
    if (at < text.len && text.at[at] != '+') {
        at += text.at[at] == '-';
        if (!read_words(text, &at, true, &out->prerelease))
            return false;
    }
    if (at < text.len && text.at[at] == '+') {
        at++;
        if (!read_words(text, &at, false, &out->build))
            return false;
    }
    return at == text.len;
}

bool version_parse(Arena *arena, Str text, Version *out, Err *err)
{
    text = str_copy(arena, text);
    if (read_version(text, out))
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, "\"" STR_FMT "\" is not a valid semantic version.",
                   STR_ARG(text));
}

/* ---- order ---- */

static bool is_lower(const Version *v)
{
    return v->is_bound && (v->matcher == MATCH_GREATER || v->matcher == MATCH_AT_LEAST);
}

static bool is_upper(const Version *v)
{
    return v->is_bound && (v->matcher == MATCH_LESS || v->matcher == MATCH_AT_MOST);
}

static bool is_exact(const Version *v)
{
    return v->is_bound && v->matcher == MATCH_EXACT;
}

static bool part_number(Str part, int64_t *out)
{
    for (size_t i = 0; i < part.len; i++)
        if (!isdigit((unsigned char)part.at[i]))
            return false;
    return part.len && str_to_int(part, out);
}

/* "b2" < "b10"? No: words by letters, numbers by value, numbers before words. */
static int compare_prerelease(Str a, Str b)
{
    Str left, right, rest_a = a, rest_b = b;
    for (;;) {
        bool has_left = str_next_part(&rest_a, '.', &left);
        bool has_right = str_next_part(&rest_b, '.', &right);
        if (!has_left || !has_right)
            return (int)has_left - (int)has_right;
        int64_t x, y;
        bool left_counts = part_number(left, &x), right_counts = part_number(right, &y);
        int order = 0;
        if (left_counts && right_counts)
            order = (x > y) - (x < y);
        else if (left_counts != right_counts)
            order = left_counts ? -1 : 1;
        else
            order = str_compare(left, right);
        if (order)
            return order;
    }
}

static int compare_prereleases(const Version *a, const Version *b)
{
    if (!a->prerelease.len && !b->prerelease.len)
        return 0;
    if (!a->prerelease.len)
        return a->matcher == MATCH_LESS ? -1 : 1;
    return b->prerelease.len ? compare_prerelease(a->prerelease, b->prerelease) : -1;
}

/* Two bounds at one version. */
static int compare_matchers(const Version *a, const Version *b)
{
    Matcher x = a->matcher, y = b->matcher;
    if ((x == MATCH_AT_LEAST && y == MATCH_AT_MOST) || (x == MATCH_AT_MOST && y == MATCH_AT_LEAST))
        return 0;
    if ((x == MATCH_LESS && y == MATCH_AT_MOST) || (x == MATCH_AT_LEAST && y == MATCH_GREATER) ||
        (is_upper(a) && is_lower(b)))
        return -1;
    if ((x == MATCH_AT_MOST && y == MATCH_LESS) || (x == MATCH_GREATER && y == MATCH_AT_LEAST) ||
        (is_lower(a) && is_upper(b)))
        return 1;
    return 0;
}

int version_compare(const Version *a, const Version *b)
{
    if (!a->is_bound || !b->is_bound)
        return 0;
    for (int i = 0; i < 3; i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i] ? -1 : 1;
    int order = compare_prereleases(a, b);
    return order ? order : compare_matchers(a, b);
}

/* ---- printing ---- */

void version_print(const Version *version, Text *out)
{
    static const char *const matchers[] = {"=", ">", ">=", "<", "<="};
    if (!version->is_bound) {
        text_add_c(out, "*");
        return;
    }
    text_print(out, "%s%lld.%lld.%lld", matchers[version->matcher], (long long)version->parts[0],
               (long long)version->parts[1], (long long)version->parts[2]);
    if (version->prerelease.len)
        text_print(out, "-" STR_FMT, STR_ARG(version->prerelease));
    if (version->build.len)
        text_print(out, "+" STR_FMT, STR_ARG(version->build));
}

void range_print(const VersionRange *range, Text *out)
{
    if (!range->from.is_bound && !range->to.is_bound) {
        text_add_c(out, "ANY");
        return;
    }
    if (range->from.is_bound)
        version_print(&range->from, out);
    if (range->from.is_bound && range->to.is_bound)
        text_add_c(out, ", ");
    if (range->to.is_bound)
        version_print(&range->to, out);
}

/* ---- ranges ---- */

static VersionRange range_one(const Version *v)
{
    VersionRange range = {0};
    if (is_exact(v) || is_lower(v))
        range.from = *v;
    if (is_exact(v) || is_upper(v))
        range.to = *v;
    return range;
}

/* An exact version within a bound. */
static bool fits_bound(const Version *bound, const Version *exact, bool is_from)
{
    int order = version_compare(bound, exact);
    if (order == 0)
        return bound->matcher == (is_from ? MATCH_AT_LEAST : MATCH_AT_MOST);
    return is_from ? order < 0 : order > 0;
}

static bool join_bound(const Version *a, const Version *b, bool is_from, Version *out)
{
    if (!a->is_bound || !b->is_bound) {
        *out = a->is_bound ? *a : *b;
        return true;
    }
    if (!is_exact(a) && !is_exact(b)) {
        int order = version_compare(a, b);
        *out = (is_from ? order < 0 : order > 0) ? *b : *a;
        return true;
    }
    const Version *exact = is_exact(a) ? a : b, *bound = is_exact(a) ? b : a;
    *out = *exact;
    return fits_bound(bound, exact, is_from);
}

static bool range_join(VersionRange *range, const VersionRange *other)
{
    VersionRange made = *range;
    if (is_exact(&range->from) && is_exact(&other->from)) {
        if (version_compare(&range->from, &other->from) != 0)
            return false;
    } else if (!join_bound(&range->from, &other->from, true, &made.from) ||
               !join_bound(&range->to, &other->to, false, &made.to)) {
        return false;
    }
    *range = made;
    return version_compare(&made.from, &made.to) <= 0;
}

bool range_of(const Version *at, uint32_t count, VersionRange *out)
{
    *out = (VersionRange){0};
    if (!count)
        return true;
    VersionRange range = range_one(&at[count - 1]);
    for (uint32_t i = 0; i + 1 < count; i++) {
        VersionRange one = range_one(&at[i]);
        if (!range_join(&range, &one))
            return false;
    }
    *out = range;
    return true;
}

bool range_has(const VersionRange *range, const Version *exact)
{
    Version all[3] = {*exact};
    uint32_t count = 1;
    if (range->from.is_bound)
        all[count++] = range->from;
    if (range->to.is_bound)
        all[count++] = range->to;
    VersionRange joined;
    return range_of(all, count, &joined);
}

int range_pick(const VersionRange *range, const VersionList *versions)
{
    int best = -1;
    for (uint32_t i = 0; i < versions->len; i++)
        if (range_has(range, &versions->at[i]) &&
            (best < 0 || version_compare(&versions->at[best], &versions->at[i]) < 0))
            best = (int)i;
    return best;
}
