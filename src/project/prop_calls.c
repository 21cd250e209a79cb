/* prop_calls.c: ref() and source() of literals, read without a template. */
#include "project/prop.h"
#include "project/scan.h"

static bool finish(Scan *scan)
{
    scan_char(scan, ','); /* one comma behind the last argument is allowed */
    if (!scan_char(scan, ')'))
        return false;
    scan_blanks(scan);
    return scan->at == scan->source.len;
}

bool static_call_parse(Arena *arena, Str text, StaticCall *out)
{
    (void)arena;
    if (str_find_char(text, '\\') >= 0)
        return false; /* escapes are Jinja's */
    Scan scan = {text, 0};
    Str name = scan_name(&scan), first, second = STR_NONE;
    *out = (StaticCall){.is_ref = str_is(name, "ref"), .ref.version = NONE};
    if ((!out->is_ref && !str_is(name, "source")) || !scan_char(&scan, '(') ||
        !scan_string(&scan, &first))
        return false;
    Scan before = scan;
    bool has_second = scan_char(&scan, ',') && scan_string(&scan, &second);
    if (!has_second)
        scan = before;
    if (!out->is_ref) {
        out->source = (SourceCall){first, second, NOWHERE};
        return has_second && finish(&scan);
    }
    out->ref.name = has_second ? second : first;
    out->ref.package = has_second ? first : STR_NONE;
    before = scan;
    if (!scan_char(&scan, ',') || !scan_version(&scan, &out->ref.version))
        scan = before;
    return finish(&scan);
}
