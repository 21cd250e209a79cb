/* ipc_test.c: streams that pyarrow wrote (tests/cases/arrow), our own there and back, and what is
 * no stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arrow/arrow.h"
#include "base/file.h"

#define UUID "\"30313233-3435-3637-3839-616263646566\""
#define SPAN "\"1 year 2 months -3 days 00:00:01.5\""

/* Bytes as source and sink. */
typedef struct Bytes {
    Text text;
    size_t at;
} Bytes;

static bool bytes_get(void *self, void *into, uint64_t size, Err *err)
{
    Bytes *bytes = self;
    if (size > bytes->text.len - bytes->at)
        return err_set(err, ERR_IO, NOWHERE, "the bytes end");
    if (size)
        memcpy(into, bytes->text.at + bytes->at, size);
    bytes->at += size;
    return true;
}

static bool bytes_put(void *self, const void *from, uint64_t size, Err *err)
{
    (void)err;
    text_add_bytes(&((Bytes *)self)->text, from, size);
    return true;
}

/* Reads all of it: rows as JSON lines to `rows`, the stream written anew to `again`; each may be
 * NULL. */
static bool read_all(Bytes *bytes, Arena *arena, Text *rows, Bytes *again, Err *err)
{
    IpcSource source = {bytes_get, bytes};
    IpcSink sink = {bytes_put, again};
    Stream stream;
    TRY(ipc_open(&source, 1 << 20, arena, &stream, err));
    if (again)
        TRY(ipc_write_schema(&stream.schema, &sink, err));
    for (;;) {
        Batch batch = {0};
        TRY(stream.next(stream.self, &batch, err));
        if (!batch_rows(&batch))
            break;
        for (uint64_t row = 0; rows && row < batch_rows(&batch); row++) {
            for (uint32_t i = 0; i < stream.schema.count; i++) {
                text_add_c(rows, i ? "," : "[");
                array_print_json(&stream.schema.fields[i], batch.array.children[i], row, rows);
            }
            text_add_c(rows, "]\n");
        }
        bool ok = !again || ipc_write_batch(&stream.schema, &batch, &sink, err);
        batch_drop(&batch);
        TRY(ok);
    }
    stream_close(&stream);
    return !again || ipc_write_end(&sink, err);
}

static void load(Arena *arena, const char *name, const char *extension, Str *out)
{
    Err err = {0};
    Str path = str_print(arena, "tests/cases/arrow/%s.%s", name, extension);
    if (!file_read(arena, path, out, &err))
        fail_msg("%s", err.text);
}

static void bytes_drop(Bytes *bytes)
{
    text_drop(&bytes->text);
}

static void check_file(const char *name)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(bytes) Bytes bytes = {0}, again = {0}, third = {0};
    AUTO(text) Text rows = {0};
    AUTO(text) Text rows_again = {0};
    Err err = {0};
    Str stream, wanted;
    load(&arena, name, "arrows", &stream);
    load(&arena, name, "json", &wanted);
    text_add(&bytes.text, stream);
    if (!read_all(&bytes, &arena, &rows, &again, &err))
        fail_msg("%s: %s", name, err.text);
    assert_string_equal(rows.at ? rows.at : "", str_c(&arena, wanted));
    if (!read_all(&again, &arena, &rows_again, &third, &err))
        fail_msg("%s, ours: %s", name, err.text);
    assert_string_equal(rows_again.at ? rows_again.at : "", rows.at ? rows.at : "");
    assert_int_equal(again.text.len, third.text.len);
    assert_memory_equal(again.text.at, third.text.at, third.text.len);
    assert_int_equal(batch_bytes_alive(), 0);
}

static void test_pyarrow(void **state)
{
    (void)state;
    check_file("types");
    check_file("slices");
    check_file("empty");
    check_file("no_columns");
}

static void check_refused(const char *name, const char *words)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(bytes) Bytes bytes = {0};
    AUTO(text) Text rows = {0};
    Err err = {0};
    Str stream;
    load(&arena, name, "arrows", &stream);
    text_add(&bytes.text, stream);
    assert_false(read_all(&bytes, &arena, &rows, NULL, &err));
    assert_non_null(strstr(err.text, words));
    err_drop(&err);
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("refused_dictionary", "column 'c' has a dictionary");
    check_refused("refused_unit", "column 'n' has a type that is not carried");
    check_refused("refused_large", "column 'n' has a type that is not carried");
}

/* What pyarrow has no plain type for: JSON, UUID, BINARY, intervals, instants. */
static void test_own(void **state)
{
    (void)state;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(bytes) Bytes bytes = {0};
    AUTO(text) Text rows = {0};
    Err err = {0};
    Field fields[] = {{.name = STR("j"), .type = ARROW_JSON},
                      {.name = STR("u"), .type = ARROW_UUID},
                      {.name = STR("b"), .type = ARROW_BINARY},
                      {.name = STR("v"), .type = ARROW_INTERVAL, .is_required = true}};
    Schema schema = {fields, COUNT_OF(fields)};
    Builder *builder = builder_make(&arena, &schema);
    for (int i = 0; i < 3; i++) {
        column_add_bytes(builder_column(builder, 0), STR("{\"a\": 1}"));
        column_add_bytes(builder_column(builder, 1), STR("0123456789abcdef"));
        column_add_bytes(builder_column(builder, 2), STR("\0\1\2"));
        column_add_interval(builder_column(builder, 3), 14, -3, 1500000000);
    }
    column_set_null(builder_column(builder, 0), 1);
    column_set_null(builder_column(builder, 1), 2);
    Batch batch;
    builder_finish(builder, &batch);
    IpcSink sink = {bytes_put, &bytes};
    assert_true(ipc_write_schema(&schema, &sink, &err));
    assert_true(ipc_write_batch(&schema, &batch, &sink, &err));
    assert_true(ipc_write_end(&sink, &err));
    batch_drop(&batch);
    IpcSource source = {bytes_get, &bytes};
    Stream stream;
    assert_true(ipc_open(&source, 1 << 20, &arena, &stream, &err));
    for (uint32_t i = 0; i < schema.count; i++) {
        assert_int_equal(stream.schema.fields[i].type, fields[i].type);
        assert_int_equal(stream.schema.fields[i].is_required, fields[i].is_required);
    }
    bytes.at = 0;
    assert_true(read_all(&bytes, &arena, &rows, NULL, &err));
    assert_string_equal(rows.at,
        "[{\"a\": 1}," UUID ",\"\\\\x000102\"," SPAN "]\n"
        "[null," UUID ",\"\\\\x000102\"," SPAN "]\n"
        "[{\"a\": 1},null,\"\\\\x000102\"," SPAN "]\n");
}

/* Every stream that is cut, and every one with a byte changed, is refused or read: nothing else. */
static void test_broken(void **state)
{
    (void)state;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Str stream;
    load(&arena, "types", "arrows", &stream);
    for (size_t i = 0; i < stream.len; i += i < 4096 ? 1 : 7) {
        __attribute__((cleanup(arena_drop))) Arena scratch = {0};
        AUTO(bytes) Bytes cut = {0}, changed = {0};
        Err err = {0};
        text_add(&cut.text, str_slice(stream, 0, i));
        assert_false(read_all(&cut, &scratch, NULL, NULL, &err));
        err_drop(&err);
        text_add(&changed.text, stream);
        changed.text.at[i] ^= (char)(1 << (i % 8));
        bool ok = read_all(&changed, &scratch, NULL, NULL, &err);
        assert_true(ok || err.kind != ERR_NONE);
        err_drop(&err);
    }
    assert_int_equal(batch_bytes_alive(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pyarrow),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
