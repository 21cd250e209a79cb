/* fuzz_glob.c: the first line is a pattern and a rule, the rest a text and a path. */
#include "base/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Str text = {(const char *)data, size}, pattern;
    if (str_next_part(&text, '\n', &pattern) && text.at) {
        glob_match(pattern, text);
        glob_match_path(pattern, text);
        ignore_matches(ignore_make(&arena, pattern), text);
    }
    arena_drop(&arena);
    return 0;
}
