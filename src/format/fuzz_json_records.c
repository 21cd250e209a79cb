/* fuzz_json_records.c: any bytes as JSON, JSONL or CSV answers, cut anywhere: the same records as
 * in one piece, each JSON of its own; then into columns. */
#include "base/json.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool keep_record(void *context, Str record, Err *err)
{
    Text *out = context;
    Arena arena = {0};
    Value value;
    if (!memmem(record.at, record.len, "\\u", 2)) /* half pairs are json_parse()'s own business */
        assert(json_parse(&arena, record, STR("record"), &value, err));
    assert(!memchr(record.at, '\n', record.len));
    arena_drop(&arena);
    text_add(out, record);
    text_add_char(out, '\n');
    return true;
}

static bool split(RecordFormat format, Str path, Str input, size_t step, Text *out)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Splitter *splitter;
    Str wanted[] = {STR("a.b"), STR("next")};
    SplitOptions options = {.format = format,
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
    assert(is_done == (err.kind == ERR_NONE));
    arena_drop(&arena);
    return is_done;
}

static bool give_all(void *source, Str *piece, Err *err)
{
    (void)err;
    *piece = *(Str *)source;
    *(Str *)source = STR_NONE;
    return true;
}

static Verdict take_verdict(void *context, const BadValue *bad)
{
    (void)bad;
    return *(int *)context ? VERDICT_NULL : VERDICT_DROP_ROW;
}

/* Records into the columns that they need, or others. */
static void read_records(Str lines, bool has_own_schema, int is_null)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Shape *shape = shape_make(&arena, &(ShapeOptions){.finds_times = true});
    Str rest = lines, line;
    while (str_next_part(&rest, '\n', &line))
        if (line.len)
            assert(shape_add(shape, line, &err));
    Schema schema = shape_schema(shape, &arena);
    if (!has_own_schema) {
        Field field = {0};
        assert(field_parse_type(&arena,
                                STR("STRUCT(a STRUCT(b BIGINT)[], next DOUBLE, value JSON)"),
                                &field, &err));
        schema = (Schema){field.children, field.child_count};
    }
    RecordOptions options = {.format = FORMAT_JSONL,
                             .schema = schema,
                             .read = give_all,
                             .source = &lines,
                             .on_bad = take_verdict,
                             .context = &is_null,
                             .tells_unknown = is_null,
                             .line_column = -1};
    Stream stream;
    Batch batch = {0};
    if (schema.count) {
        assert(records_stream(&arena, &options, &stream, &err));
        do {
            batch = (Batch){0};
            assert(stream.next(stream.self, &batch, &err));
            if (batch.array.release)
                batch_drop(&batch);
        } while (batch.array.length);
        stream_close(&stream);
    }
    arena_drop(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    static const RecordFormat formats[] = {FORMAT_JSON, FORMAT_JSONL, FORMAT_AUTO, FORMAT_CSV};
    static const Str paths[] = {STR_INIT(""), STR_INIT("a"), STR_INIT("a[*].b"), STR_INIT("a.b")};
    RecordFormat format = formats[data[0] % 4];
    Str path = paths[data[0] / 4 % 4], input = {(const char *)data + 2, size - 2};
    AUTO(text) Text whole = {0};
    AUTO(text) Text cut = {0};
    bool is_done = split(format, path, input, input.len + 1, &whole);
    bool is_cut_done = split(format, path, input, data[1] % 16 + 1u, &cut);
    assert(is_done == is_cut_done);
    if (!is_done)
        return 0;
    assert(str_eq(text_str(&whole), text_str(&cut)));
    record_find(text_str(&whole), STR("a[0].b"));
    read_records(text_str(&whole), data[0] / 16 % 2, data[0] / 32 % 2);
    return 0;
}
