/* Streams over the C border and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arrow/arrow.h"

/* Gives `count` batches of `rows` rows, then fails if fail_at says so. */
typedef struct Source {
    Schema schema;
    Builder *builder;
    unsigned at, count, rows, fail_at;
    bool is_closed;
} Source;

static const char *const types[] = {
    "bool",     "tinyint", "smallint",       "int",           "bigint", "utinyint", "usmallint",
    "uinteger", "ubigint", "float",          "double",        "text",   "json",     "blob",
    "uuid",     "date",    "time",           "timestamp",     "timestamptz", "interval", "null",
    "decimal(38,10)",      "decimal(4,1)",   "int[]",         "struct(a int, \"b c\" text[])",
    "struct(u uuid, j json)[]",
};

/* A value of any type, made of a number. */
static void add(ColumnBuilder *column, unsigned n)
{
    char bytes[16] = "0123456789abcde";
    if (n % 4 == 3) {
        column_add_null(column);
        return;
    }
    switch (column->type) {
    case ARROW_NULL:
        column_add_null(column);
        break;
    case ARROW_BOOL:
        column_add_bool(column, n % 2);
        break;
    case ARROW_FLOAT:
    case ARROW_DOUBLE:
        column_add_double(column, n / 8.0);
        break;
    case ARROW_DECIMAL:
        column_add_decimal(column, (__int128)n - 5);
        break;
    case ARROW_UUID:
        bytes[15] = (char)n;
        column_add_bytes(column, (Str){bytes, 16});
        break;
    case ARROW_TEXT:
    case ARROW_BINARY:
    case ARROW_JSON:
        column_add_bytes(column, (Str){"12345678901234567890", n % 20 + 1});
        break;
    case ARROW_INTERVAL:
        column_add_interval(column, (int32_t)n, 2, 3000);
        break;
    case ARROW_LIST:
        for (unsigned i = 0; i < n % 3; i++)
            add(column_child(column, 0), n + i);
        column_end_list(column);
        break;
    case ARROW_STRUCT:
        for (uint32_t i = 0; i < column->child_count; i++)
            add(column_child(column, i), n + i);
        column_end_struct(column);
        break;
    default:
        column_add_int(column, n % 100);
    }
}

static bool source_next(void *self, Batch *out, Err *err)
{
    Source *source = self;
    if (source->fail_at && source->at + 1 == source->fail_at)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE, "the source is down");
    if (source->at == source->count) {
        *out = (Batch){0};
        return true;
    }
    for (unsigned row = 0; row < source->rows; row++)
        for (uint32_t i = 0; i < source->schema.count; i++)
            add(builder_column(source->builder, i), source->at * source->rows + row + i);
    builder_finish(source->builder, out);
    source->at++;
    return true;
}

static void source_close(void *self)
{
    Source *source = self;
    assert_false(source->is_closed);
    source->is_closed = true;
}

static Stream source_open(Source *source, Arena *arena)
{
    AUTO(err) Err err = {0};
    source->schema = (Schema){NEW_N(arena, Field, COUNT_OF(types)), COUNT_OF(types)};
    for (uint32_t i = 0; i < COUNT_OF(types); i++) {
        source->schema.fields[i].name = str_print(arena, "column %u", i);
        source->schema.fields[i].is_required = i % 2;
        if (!field_parse_type(arena, str_of(types[i]), &source->schema.fields[i], &err))
            fail_msg("%s", err.text);
    }
    source->builder = builder_make(arena, &source->schema);
    return (Stream){source->schema, source_next, source_close, source};
}

/* Every cell of a stream as JSON. */
static bool stream_text(Stream *stream, Text *out, Err *err)
{
    for (;;) {
        Batch batch;
        TRY(stream->next(stream->self, &batch, err));
        uint64_t rows = batch_rows(&batch);
        for (uint64_t row = 0; row < rows; row++)
            for (uint32_t i = 0; i < stream->schema.count; i++) {
                array_print_json(&stream->schema.fields[i], batch.array.children[i], row, out);
                text_add_char(out, i + 1 < stream->schema.count ? '|' : '\n');
            }
        batch_drop(&batch);
        if (!rows)
            return true;
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(err) Err failure = {0};
    AUTO(text) Text direct = {0};
    AUTO(text) Text around = {0};
    Source one = {.count = 3, .rows = 50}, two = {.count = 3, .rows = 50};
    Stream plain = source_open(&one, &arena), stream = source_open(&two, &arena), back;
    struct ArrowArrayStream border;
    stream_export(&stream, &arena, &failure, &border);
    if (!stream_import(&border, &arena, &back, &err))
        fail_msg("%s", err.text);
    assert_null(border.release);
    for (uint32_t i = 0; i < COUNT_OF(types); i++) {
        assert_true(field_same_type(&back.schema.fields[i], &plain.schema.fields[i]));
        assert_true(str_eq(back.schema.fields[i].name, plain.schema.fields[i].name));
        assert_int_equal(back.schema.fields[i].is_required, i % 2);
    }
    assert_true(stream_text(&plain, &direct, &err));
    assert_true(stream_text(&back, &around, &err));
    assert_string_equal(direct.at, around.at);
    assert_int_equal(failure.kind, ERR_NONE);
    stream_close(&plain);
    stream_close(&back);
    stream_close(&back); /* does nothing */
    assert_true(one.is_closed && two.is_closed);
    assert_int_equal(batch_bytes_alive(), 0);
    arena_drop(&arena);
}

static void test_failure(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(err) Err failure = {0};
    AUTO(text) Text text = {0};
    Source source = {.count = 3, .rows = 5, .fail_at = 2};
    Stream stream = source_open(&source, &arena), back;
    struct ArrowArrayStream border;
    stream_export(&stream, &arena, &failure, &border);
    assert_true(stream_import(&border, &arena, &back, &err));
    assert_false(stream_text(&back, &text, &err));
    assert_string_equal(err.text, "the source is down");
    assert_int_equal(failure.kind, ERR_UNAVAILABLE); /* the failure itself is on our side */
    stream_close(&back);
    assert_true(source.is_closed);
    arena_drop(&arena);
}

/* ---- foreign streams ---- */

static void release_nothing(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static struct ArrowSchema column, *columns[] = {&column};

static int foreign_schema(struct ArrowArrayStream *from, struct ArrowSchema *out)
{
    (void)from;
    *out = (struct ArrowSchema){.format = "+s", .name = "", .n_children = 1, .children = columns,
                                .release = release_nothing};
    return 0;
}

static void release_stream(struct ArrowArrayStream *from)
{
    from->release = NULL;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"U",          "vu", "w:16",   "tsn:",
                                          "d:18,2,256", "+m", "d:39,0", "d:x"};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        Arena arena = {0};
        AUTO(err) Err err = {0};
        Stream stream;
        struct ArrowArrayStream border = {.get_schema = foreign_schema, .release = release_stream};
        column = (struct ArrowSchema){.format = formats[i], .name = "amount"};
        assert_false(stream_import(&border, &arena, &stream, &err));
        assert_int_equal(err.kind, ERR_RUNTIME);
        assert_non_null(strstr(err.text, "amount"));
        assert_non_null(strstr(err.text, formats[i]));
        assert_non_null(border.release); /* still the caller's */
        arena_drop(&arena);
    }
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

/* One batch of three rows that begins at the array's offset 2 and the column's offset 1. */
static int foreign_next(struct ArrowArrayStream *from, struct ArrowArray *out)
{
    static const int64_t numbers[] = {0, 1, 2, 3, 4, 5};
    static const uint8_t validity[] = {0xef};
    static const void *buffers[] = {validity, numbers}, *none[] = {NULL};
    static struct ArrowArray child, *children[] = {&child};
    child = (struct ArrowArray){.length = 5, .offset = 1, .n_buffers = 2, .buffers = buffers};
    *out = (struct ArrowArray){0};
    if (from->private_data)
        *out = (struct ArrowArray){.length = 3, .offset = 2, .n_buffers = 1, .buffers = none,
                                   .n_children = 1, .children = children,
                                   .release = release_array};
    from->private_data = NULL;
    return 0;
}

static void test_offsets(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text text = {0};
    Stream stream;
    struct ArrowArrayStream border = {.get_schema = foreign_schema, .get_next = foreign_next,
                                      .release = release_stream, .private_data = &arena};
    column = (struct ArrowSchema){.format = "l", .name = "n", .flags = 2};
    assert_true(stream_import(&border, &arena, &stream, &err));
    assert_true(stream_text(&stream, &text, &err));
    assert_string_equal(text.at, "3\nnull\n5\n");
    stream_close(&stream);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
