/* fuzz_json.c: any bytes: a tree that prints and reads again, or an error. */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source = str_copy(&arena, (Str){(const char *)data, size});
    Value v;
    if (json_parse(&arena, source, STR("fuzz"), &v, &err)) {
        AUTO(text) Text out = {0};
        json_print(v, (JsonStyle){.sorts_keys = true}, &out);
        bool is_read = json_parse(&arena, text_copy(&arena, &out), STR("again"), &v, &err);
        assert(is_read); /* what we print, we read */
    }
    arena_drop(&arena);
    return 0;
}
