/* fuzz_csv.c: any bytes: records of at least one field, or an error. */
#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source = str_copy(&arena, (Str){(const char *)data, size});
    AUTO(csv) CsvReader reader;
    csv_init(&reader, source, STR("fuzz"), ',');
    Str *fields;
    uint32_t count;
    bool has_more = true;
    while (has_more && csv_next(&reader, &arena, &fields, &count, &has_more, &err))
        assert(!has_more || count);
    arena_drop(&arena);
    return 0;
}
