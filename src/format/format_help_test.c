/* format_help_test.c: see format_help_test.h. */
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "format/format_help_test.h"

Array *load_cases(Arena *arena, const char *name)
{
    AUTO(err) Err err = {0};
    Str path = str_print(arena, "tests/cases/format/%s.json", name), source;
    Value cases;
    if (!file_read(arena, path, &source, &err) || !json_parse(arena, source, path, &cases, &err))
        fail_msg("%s: %s", path.at, err.text);
    assert_true(value_is_list(cases) && cases.list->len > 0);
    return cases.list;
}

static unsigned nibble(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

Str case_bytes(Arena *arena, Value one, const char *key)
{
    Str hex = value_str(value_get_str(one, str_print(arena, "%s_hex", key)));
    if (!hex.at)
        return value_str(value_get(one, key));
    char *bytes = arena_take(arena, hex.len / 2 + 1, 1);
    for (size_t i = 0; i + 1 < hex.len; i += 2)
        bytes[i / 2] = (char)(nibble(hex.at[i]) << 4 | nibble(hex.at[i + 1]));
    return (Str){bytes, hex.len / 2};
}

Schema parse_schema(Arena *arena, Str text)
{
    AUTO(err) Err err = {0};
    Field all = {0};
    if (!field_parse_type(arena, str_print(arena, "STRUCT(" STR_FMT ")", STR_ARG(text)), &all,
                          &err))
        fail_msg("%s: %s", str_c(arena, text), err.text);
    return (Schema){all.children, all.child_count};
}

void print_schema(const Schema *schema, Text *out)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        text_print(out, "%s" STR_FMT " ", i ? ", " : "", STR_ARG(schema->fields[i].name));
        field_print_type(&schema->fields[i], out);
    }
}

bool pieces_read(void *what, Str *piece, Err *err)
{
    (void)err;
    Pieces *pieces = what;
    free(pieces->copy);
    Str next = str_slice(pieces->data, pieces->at, pieces->at + pieces->step);
    pieces->at += next.len;
    pieces->copy = malloc(next.len + !next.len);
    if (next.len)
        memcpy(pieces->copy, next.at, next.len);
    *piece = (Str){pieces->copy, next.len};
    return true;
}

void pieces_drop(Pieces *pieces)
{
    free(pieces->copy);
    pieces->copy = NULL;
}

bool same_text(Value one, Str found, Str expected)
{
    if (str_eq(found, expected))
        return true;
    AUTO(text) Text shown = {0};
    json_print(one, (JsonStyle){.keeps_unicode = true}, &shown);
    print_message("%s\n  expected " STR_FMT "\n  found    " STR_FMT "\n", shown.at,
                  STR_ARG(expected), STR_ARG(found));
    return false;
}
