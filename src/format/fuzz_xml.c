/* fuzz_xml.c: any bytes as XML, cut anywhere: the same records as in one piece, each of them JSON.
 */
#include "base/json.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool keep_record(void *context, Str record, Err *err)
{
    Text *out = context;
    Arena arena = {0};
    Value value;
    assert(json_parse(&arena, record, STR("record"), &value, err));
    arena_drop(&arena);
    text_add(out, record);
    text_add_char(out, '\n');
    return true;
}

static bool split(Str path, Str input, size_t step, Text *out)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Splitter *splitter;
    Str wanted[] = {STR("a/@n"), STR("a/b")};
    SplitOptions options = {.format = FORMAT_XML,
                            .path = path,
                            .on_record = keep_record,
                            .context = out,
                            .wanted = wanted,
                            .wanted_count = 2};
    assert(splitter_make(&arena, &options, &splitter, &err));
    bool is_done = true;
    for (size_t at = 0; at < input.len && is_done; at += step) {
        Arena piece = {0};
        is_done = splitter_feed(splitter, str_copy(&piece, str_slice(input, at, at + step)), &err);
        arena_drop(&piece);
    }
    is_done = is_done && splitter_end(splitter, &err);
    for (uint32_t i = 0; is_done && i < 2; i++)
        splitter_wanted(splitter, i);
    arena_drop(&arena);
    return is_done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    static const Str paths[] = {STR_INIT(""), STR_INIT("a"), STR_INIT("a/b"), STR_INIT("a.*.b")};
    Str input = {(const char *)data + 2, size - 2};
    AUTO(text) Text whole = {0};
    AUTO(text) Text cut = {0};
    bool is_done = split(paths[data[0] % 4], input, input.len + 1, &whole);
    bool is_cut_done = split(paths[data[0] % 4], input, data[1] % 16 + 1u, &cut);
    assert(is_done == is_cut_done);
    assert(!is_done || str_eq(text_str(&whole), text_str(&cut)));
    return 0;
}
