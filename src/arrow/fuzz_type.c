/* fuzz_type.c: any bytes as a type: an error, or a type whose print reads back as the same. */
#include "arrow/arrow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text text = {0};
    Field field = {0}, again = {0};
    if (field_parse_type(&arena, (Str){(const char *)data, size}, &field, &err)) {
        field_print_type(&field, &text);
        bool ok = field_parse_type(&arena, text_str(&text), &again, &err);
        assert(ok && field_same_type(&field, &again));
    }
    arena_drop(&arena);
    return 0;
}
