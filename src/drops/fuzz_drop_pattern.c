/* fuzz_drop_pattern.c: the first line is a pattern, the rest a name: views of the name, or no
 * match. */
#include "drops/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str name = {(const char *)data, size}, text, path;
    Pattern *pattern;
    if (str_next_part(&name, '\n', &text) && name.at) {
        PatternMatch match;
        if (pattern_make(&arena, text, &pattern, &err) &&
            pattern_match(pattern, name, &arena, &match)) {
            assert(match.table.len > 0 && match.table.at >= name.at);
            assert(match.table.at + match.table.len <= name.at + name.len);
            assert(match.date.len == 0 || match.date.len == 10);
            if (layout_print(&arena, text, match.date, match.others, &path, &err))
                assert(str_find(path, STR("\n")) < 0);
            err_drop(&err);
            if (layout_glob(&arena, text, match.others, &path, &err))
                assert(path.len > 0);
        }
    }
    arena_drop(&arena);
    return 0;
}
