/* fuzz_s3_xml.c: any bytes as an answer of S3: a page of whole entries, or an error. */
#include "store/s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source = str_copy(&arena, (Str){(const char *)data, size});
    S3Page page = {0};
    if (s3_page_parse(&arena, source, &page, &err))
        assert(!page.is_truncated || page.next.len);
    else
        assert(err.kind == ERR_RUNTIME && !page.entries.len);
    Str code = xml_text(&arena, source, "Code");
    assert(code.len <= source.len);
    arena_drop(&arena);
    return 0;
}
