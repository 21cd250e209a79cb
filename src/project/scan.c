/* scan.c: names, strings and versions, as ref(), source() and config() of literals hold them. */
#include "project/scan.h"

#include <ctype.h>

void scan_blanks(Scan *scan)
{
    while (scan->at < scan->source.len && isspace((unsigned char)scan->source.at[scan->at]))
        scan->at++;
}

bool scan_char(Scan *scan, char c)
{
    scan_blanks(scan);
    if (scan->at >= scan->source.len || scan->source.at[scan->at] != c)
        return false;
    scan->at++;
    return true;
}

Str scan_name(Scan *scan)
{
    scan_blanks(scan);
    size_t from = scan->at;
    while (scan->at < scan->source.len && (isalnum((unsigned char)scan->source.at[scan->at]) ||
                                           scan->source.at[scan->at] == '_'))
        scan->at++;
    return str_slice(scan->source, from, scan->at);
}

bool scan_string(Scan *scan, Str *out)
{
    scan_blanks(scan);
    char quote = scan->at < scan->source.len ? scan->source.at[scan->at] : 0;
    if (quote != '\'' && quote != '"')
        return false;
    size_t from = ++scan->at;
    while (scan->at < scan->source.len && scan->source.at[scan->at] != quote) {
        if (scan->source.at[scan->at] == '\\')
            scan->at++;
        scan->at++;
    }
    if (scan->at >= scan->source.len)
        return false;
    *out = str_slice(scan->source, from, scan->at++);
    return true;
}

bool scan_version(Scan *scan, Value *out)
{
    Str key = scan_name(scan), text;
    if ((!str_is(key, "v") && !str_is(key, "version")) || !scan_char(scan, '='))
        return false;
    if (scan_string(scan, &text)) {
        *out = value_text(text);
        return true;
    }
    scan_blanks(scan);
    size_t from = scan->at;
    while (scan->at < scan->source.len && isdigit((unsigned char)scan->source.at[scan->at]))
        scan->at++;
    int64_t number;
    if (!str_to_int(str_slice(scan->source, from, scan->at), &number))
        return false;
    *out = value_int(number);
    return true;
}
