/* fuzz_python.c: what reads foreign patterns and formats: regular expressions, % and {} formats,
 * strptime(), ISO dates, numbers. First line: the pattern; the rest: the text. */
#include "jinja/py_datetime.h"
#include "jinja/py_re.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_regex(Arena *arena, Str pattern, Str text)
{
    AUTO(err) Err err = {0};
    Regex *regex;
    bool found;
    if (!regex_compile(arena, pattern, (uint32_t)text.len & RE_IGNORECASE, &regex, &err))
        return;
    int64_t *spans = NEW_N(arena, int64_t, 2 * (regex->group_count + 1));
    if (!regex_run(arena, regex, text, 0, text.len, REGEX_SEARCH, false, spans, &found, &err))
        return;
    assert(!found || (spans[0] <= spans[1] && spans[1] <= (int64_t)text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str all = {(const char *)data, size > 2000 ? 2000 : size};
    ptrdiff_t line = str_find_char(all, '\n');
    Str first = line < 0 ? all : str_slice(all, 0, (size_t)line);
    Str rest = line < 0 ? STR("") : str_slice(all, (size_t)line + 1, all.len);
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Value out, args[] = {value_text(rest), value_int(-42), value_float(2.5)};
    Array *tuple = array_make(&arena, 3);
    for (size_t i = 0; i < COUNT_OF(args); i++) {
        array_add(tuple, args[i]);
        (void)!format_spec(&arena, args[i], first, &out, &err);
    }
    run_regex(&arena, first, rest);
    (void)!format_percent(&arena, first, value_of_tuple(tuple), &out, &err);
    (void)!moment_parse(&arena, rest, first, &out, &err);
    (void)!iso_parse_datetime(&arena, first, &out, &err);
    (void)!text_to_int(&arena, first, 0, &out);
    if (decimal_parse(&arena, first, &out))
        (void)!format_spec(&arena, out, rest, &out, &err);
    return 0;
}
