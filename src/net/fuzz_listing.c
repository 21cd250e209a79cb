/* fuzz_listing.c: any bytes: entries with names, or an error. */
#include "net/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str text = str_copy(&arena, (Str){(const char *)data, size});
    RemoteEntries entries;
    if (listing_parse(&arena, text, 1790000000000000, &entries, &err))
        for (uint32_t i = 0; i < entries.len; i++)
            assert(entries.at[i].name.len && str_find_char(entries.at[i].name, '\n') < 0);
    else
        assert(err.kind == ERR_RUNTIME);
    arena_drop(&arena);
    return 0;
}
