/* Random documents against Python's json and csv: tests/cases/format/differential.py makes them
 * with a fixed seed and says what must come out; here they are split, shaped and read, cut at
 * random. Runs in the project's root. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "format/format_help_test.h"

/* Lines of {"kind", "input", "path", "steps", "expected"}. */
static Str run_python(Arena *arena)
{
    FILE *pipe = popen("python3 tests/cases/format/differential.py 20260101 600", "r");
    AUTO(text) Text all = {0};
    char piece[65536];
    size_t count;
    assert_non_null(pipe);
    while ((count = fread(piece, 1, sizeof(piece), pipe)) > 0)
        text_add_bytes(&all, piece, count);
    assert_int_equal(pclose(pipe), 0);
    return text_copy(arena, &all);
}

static bool keep_record(void *context, Str record, Err *err)
{
    (void)err;
    text_add(context, record);
    text_add_char(context, '\n');
    return true;
}

static void split(Arena *arena, Value one, RecordFormat format, Text *out)
{
    AUTO(err) Err err = {0};
    Splitter *splitter;
    SplitOptions options = {.format = format,
                            .path = value_get_text(one, "path", STR_NONE),
                            .on_record = keep_record,
                            .context = out};
    Pieces pieces = {.data = value_str(value_get(one, "input")),
                     .step = (size_t)value_get(one, "step").number};
    Str piece;
    bool is_done = splitter_make(arena, &options, &splitter, &err);
    while (is_done && pieces_read(&pieces, &piece, &err) && piece.len)
        is_done = splitter_feed(splitter, piece, &err);
    pieces_drop(&pieces);
    if (!is_done || !splitter_end(splitter, &err)) {
        text_clear(out);
        text_add(out, STR("refused\n"));
    }
}

/* The rows as lists of JSON values, by the types that the data itself asks for. */
static void read_rows(Arena *arena, Value one, RecordFormat format, Schema schema, CsvOptions csv,
                      Text *out)
{
    AUTO(err) Err err = {0};
    Pieces pieces = {.data = value_str(value_get(one, "input")),
                     .step = (size_t)value_get(one, "step").number};
    RecordOptions options = {.format = format,
                             .csv = csv,
                             .schema = schema,
                             .read = pieces_read,
                             .source = &pieces,
                             .line_column = -1};
    Stream stream;
    Batch batch = {.array.length = 1};
    assert_true(records_stream(arena, &options, &stream, &err));
    while (batch.array.length) {
        batch = (Batch){0};
        if (!stream.next(stream.self, &batch, &err))
            fail_msg("%s", err.text);
        for (int64_t row = 0; row < batch.array.length; row++) {
            for (uint32_t i = 0; i < schema.count; i++) {
                text_add_char(out, i ? ',' : '[');
                array_print_json(&schema.fields[i], batch.array.children[i], (uint64_t)row, out);
            }
            text_add(out, STR("]\n"));
        }
        if (batch.array.length)
            batch_drop(&batch);
    }
    stream_close(&stream);
    pieces_drop(&pieces);
}

static void read_jsonl(Arena *arena, Value one, Text *out)
{
    AUTO(err) Err err = {0};
    Shape *shape = shape_make(arena, &(ShapeOptions){0});
    Str rest = value_str(value_get(one, "input")), line;
    while (str_next_part(&rest, '\n', &line))
        if (line.len && !shape_add(shape, line, &err))
            fail_msg("%s", err.text);
    read_rows(arena, one, FORMAT_JSONL, shape_schema(shape, arena), (CsvOptions){0}, out);
}

static void read_csv(Arena *arena, Value one, Text *out)
{
    AUTO(err) Err err = {0};
    CsvOptions csv = {.has_header = 1};
    Schema schema;
    CsvSniffer *sniffer = csv_sniffer_make(arena, &csv);
    if (!csv_sniffer_feed(sniffer, value_str(value_get(one, "input")), &err) ||
        !csv_sniffer_end(sniffer, &csv, &schema, &err))
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < schema.count; i++)
        schema.fields[i].type = ARROW_TEXT;
    read_rows(arena, one, FORMAT_CSV, schema, csv, out);
}

/* The same values: compact, floats by Python's rules. */
static void normalise(Arena *arena, Str lines, Text *out)
{
    AUTO(err) Err err = {0};
    Str rest = lines, line;
    while (str_next_part(&rest, '\n', &line)) {
        Value value;
        if (!line.len)
            continue;
        if (!json_parse(arena, line, STR("line"), &value, &err)) {
            err_drop(&err);
            text_add(out, line);
        } else {
            json_print(value, (JsonStyle){.is_compact = true, .keeps_unicode = true}, out);
        }
        text_add_char(out, '\n');
    }
}

static void test_as_python(void **state)
{
    (void)state;
    Arena arena = {0};
    Str rest = run_python(&arena), line;
    int count = 0, wrong = 0;
    while (str_next_part(&rest, '\n', &line) && line.len) {
        AUTO(err) Err err = {0};
        Arena round = {0};
        Value one;
        assert_true(json_parse(&round, line, STR("differential.py"), &one, &err));
        Str kind = value_str(value_get(one, "kind"));
        AUTO(text) Text found = {0};
        AUTO(text) Text left = {0};
        AUTO(text) Text right = {0};
        if (str_is(kind, "json"))
            split(&round, one, FORMAT_JSON, &found);
        else if (str_is(kind, "jsonl"))
            split(&round, one, FORMAT_JSONL, &found);
        else if (str_is(kind, "typed"))
            read_jsonl(&round, one, &found);
        else
            read_csv(&round, one, &found);
        normalise(&round, text_str(&found), &left);
        normalise(&round, value_str(value_get(one, "expected")), &right);
        wrong += !same_text(one, text_str(&left), text_str(&right));
        count++;
        arena_drop(&round);
    }
    assert_true(count >= 600);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_python)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
