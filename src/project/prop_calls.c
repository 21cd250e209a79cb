/* prop_calls.c: ref() and source() of literals, read without a template. */
#include "project/prop.h"

typedef struct Scan {
    Str text;
    size_t at;
} Scan;

static void skip_space(Scan *scan)
{
    while (scan->at < scan->text.len && memchr(" \t\r\n", scan->text.at[scan->at], 4))
        scan->at++;
}

static bool take(Scan *scan, char c)
{
    skip_space(scan);
    if (scan->at >= scan->text.len || scan->text.at[scan->at] != c)
        return false;
    scan->at++;
    return true;
}

static Str take_name(Scan *scan)
{
    skip_space(scan);
    size_t from = scan->at;
    while (scan->at < scan->text.len) {
        char c = scan->text.at[scan->at];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(scan->at > from && c >= '0' && c <= '9'))
            break;
        scan->at++;
    }
    return str_slice(scan->text, from, scan->at);
}

/* A literal without escapes. */
static bool take_text(Scan *scan, Str *out)
{
    skip_space(scan);
    if (scan->at >= scan->text.len)
        return false;
    char quote = scan->text.at[scan->at];
    if (quote != '\'' && quote != '"')
        return false;
    size_t from = ++scan->at;
    while (scan->at < scan->text.len && scan->text.at[scan->at] != quote) {
        if (scan->text.at[scan->at] == '\\')
            return false;
        scan->at++;
    }
    if (scan->at >= scan->text.len)
        return false;
    *out = str_slice(scan->text, from, scan->at++);
    return true;
}

static bool take_version(Scan *scan, Value *out)
{
    Str key = take_name(scan), text;
    if ((!str_is(key, "v") && !str_is(key, "version")) || !take(scan, '='))
        return false;
    skip_space(scan);
    if (take_text(scan, &text)) {
        *out = value_text(text);
        return true;
    }
    size_t from = scan->at;
    while (scan->at < scan->text.len && scan->text.at[scan->at] >= '0' &&
           scan->text.at[scan->at] <= '9')
        scan->at++;
    int64_t number;
    if (!str_to_int(str_slice(scan->text, from, scan->at), &number))
        return false;
    *out = value_int(number);
    return true;
}

static bool finish(Scan *scan)
{
    take(scan, ','); /* one comma behind the last argument is allowed */
    if (!take(scan, ')'))
        return false;
    skip_space(scan);
    return scan->at == scan->text.len;
}

bool static_call_parse(Arena *arena, Str text, StaticCall *out)
{
    (void)arena;
    Scan scan = {text, 0};
    Str name = take_name(&scan), first, second = STR_NONE;
    *out = (StaticCall){.is_ref = str_is(name, "ref"), .ref.version = NONE};
    if ((!out->is_ref && !str_is(name, "source")) || !take(&scan, '(') || !take_text(&scan, &first))
        return false;
    Scan before = scan;
    bool has_second = take(&scan, ',') && take_text(&scan, &second);
    if (!has_second)
        scan = before;
    if (!out->is_ref) {
        out->source = (SourceCall){first, second, NOWHERE};
        return has_second && finish(&scan);
    }
    out->ref.name = has_second ? second : first;
    out->ref.package = has_second ? first : STR_NONE;
    before = scan;
    if (!take(&scan, ',') || !take_version(&scan, &out->ref.version))
        scan = before;
    return finish(&scan);
}
