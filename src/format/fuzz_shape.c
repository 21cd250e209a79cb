/* fuzz_shape.c: any lines as records: a shape or an error; in two shapes that are merged the same
 * types; types meet themselves. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    ShapeOptions options = {.finds_times = data[0] & 1, .depth = data[0] / 2 % 4};
    Shape *whole = shape_make(&arena, &options), *one = shape_make(&arena, &options),
          *two = shape_make(&arena, &options);
    Str rest = {(const char *)data + 1, size - 1}, line;
    unsigned i = 0;
    for (; str_next_part(&rest, '\n', &line); i++) {
        Str record = str_copy(&arena, line);
        if (!shape_add(whole, record, &err)) {
            arena_drop(&arena);
            return 0;
        }
        assert(shape_add(i < 2 ? one : two, record, &err));
    }
    shape_merge(one, two);
    assert(shape_records(one) == i && shape_records(whole) == i);
    Schema left = shape_schema(whole, &arena), right = shape_schema(one, &arena);
    assert(left.count == right.count);
    for (uint32_t k = 0; k < left.count; k++) {
        assert(field_same_type(&left.fields[k], &right.fields[k]));
        Field out;
        assert(types_meet(&arena, &left.fields[k], &right.fields[k], &out) == TYPES_SAME);
        assert(field_same_type(&left.fields[k], &out));
    }
    arena_drop(&arena);
    return 0;
}
