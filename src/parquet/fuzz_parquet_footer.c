/* Any bytes as a footer: they are refused or kept, and take no more memory than some hundred times
 * their own. */
#include "parquet/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Err err = {0};
    ParquetFile file = {0};
    /* In memory of its own: a byte read behind the end is found. */
    Str footer = str_copy(&arena, (Str){(const char *)data, size});
    if (footer_parse(&arena, STR("fuzz"), footer, 1 << 20, &file, &err))
        for (uint32_t i = 0; i < file.group_count; i++)
            for (uint32_t k = 0; k < file.schema.count; k++)
                assert(file.groups[i].chunks[k].packed_bytes <= 1 << 20);
    assert(arena.taken_bytes <= (size_t)4 << 20 || arena.taken_bytes <= size * 400);
    err_drop(&err);
    arena_drop(&arena);
    return 0;
}
