/* sinks_test.c: lines of events: text, colours, debug, JSON; the log file; what the hub drops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "cli/sinks.h"

static void expect_line(Event event, bool is_coloured, const char *want)
{
    AUTO(text) Text got = {0};
    line_add_message(&event, is_coloured, &got);
    assert_string_equal(got.at ? got.at : "", want);
}

static void test_text(void **state)
{
    (void)state;
    Event result = {.name = "LogModelResult", .code = "Q012", .level = LEVEL_INFO,
                    .message = STR("1 of 2 OK created sql view model main.a [b] .. [OK in 0.10s]")};
    expect_line(result, false, "1 of 2 OK created sql view model main.a [b] .. [OK in 0.10s]");
    expect_line(result, true,
                "1 of 2 OK created sql view model main.a [b] .. [\x1b[32mOK\x1b[0m in 0.10s]");
    result.level = LEVEL_ERROR;
    result.message = STR("x [ERROR in 1.00s]");
    expect_line(result, true, "x [\x1b[31mERROR\x1b[0m in 1.00s]");
    Event seed = {.name = "LogSeedResult", .level = LEVEL_INFO,
                  .message = STR("x [INSERT 3 in 1.00s]")};
    expect_line(seed, true, "x [\x1b[32mINSERT 3\x1b[0m in 1.00s]");
    seed.message = STR("x [MERGE 30 rows in 1 file in 0.09s]");
    expect_line(seed, true, "x [\x1b[32mMERGE 30 rows in 1 file\x1b[0m in 0.09s]");
    Event skip = {.name = "SkippingDetails", .level = LEVEL_INFO, .message = STR("x [SKIP]")};
    expect_line(skip, true, "x [\x1b[33mSKIP\x1b[0m]");
    Event warning = {.name = "JinjaLogWarning", .level = LEVEL_WARN, .message = STR("careful")};
    expect_line(warning, false, "[WARNING]: careful");
    expect_line(warning, true, "[\x1b[33mWARNING\x1b[0m]: careful");
    Event old = {.name = "OldWayDeprecation", .level = LEVEL_WARN, .message = STR("new way")};
    expect_line(old, false, "[WARNING][OldWayDeprecation]: new way");
    Event problem = {.name = "RunResultFailure", .level = LEVEL_ERROR,
                     .message = STR("[ERROR]: in model a")};
    expect_line(problem, true, "[\x1b[31mERROR\x1b[0m]: in model a");
    Event end = {.name = "EndOfRunSummary", .level = LEVEL_INFO,
                 .message = STR("Completed successfully")};
    expect_line(end, true, "\x1b[32mCompleted successfully\x1b[0m");
    Event plain = {.name = "FoundStats", .level = LEVEL_INFO, .message = STR("Found [x]")};
    expect_line(plain, true, "Found [x]");
}

static void test_json(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value data = value_dict(&arena), line;
    dict_put(data.dict, STR("b"), value_int(1));
    dict_put(data.dict, STR("a"), value_lit("\"quoted\"\n"));
    Event event = {.name = "Note", .code = "Z050", .level = LEVEL_WARN, .message = STR("hello"),
                   .data = data, .at_us = 1700000000123456, .thread = "Thread-1"};
    AUTO(text) Text text = {0};
    line_add_json(&event, STR("id-1"), &text);
    assert_true(json_parse(&arena, text_str(&text), STR("line"), &line, &err));
    assert_true(str_starts(text_str(&text),
                           STR("{\"data\": {\"a\": \"\\\"quoted\\\"\\n\", \"b\": 1}, ")));
    Value info = value_get(line, "info");
    assert_int_equal(info.dict->len, 10);
    assert_true(value_is(value_get(info, "ts"), "2023-11-14T22:13:20.123456Z"));
    assert_true(value_is(value_get(info, "level"), "warn"));
    assert_true(value_is(value_get(info, "msg"), "[WARNING]: hello"));
    assert_true(value_is(value_get(info, "invocation_id"), "id-1"));
    Str last = STR(""), key_text;
    uint32_t at = 0;
    Value key, value;
    while (dict_next(info.dict, &at, &key, &value)) {
        key_text = value_str(key);
        assert_true(str_compare(last, key_text) < 0);
        last = key_text;
    }
    arena_drop(&arena);
}

static SinkOptions options_in(Str folder)
{
    return (SinkOptions){.form = FORM_TEXT, .form_file = FORM_DEBUG, .level = LEVEL_NOTHING,
                         .level_file = LEVEL_DEBUG, .is_quiet = false, .log_folder = folder,
                         .log_most_bytes = 10 << 20, .invocation_id = STR("id-1"),
                         .errors = NONE, .warns = NONE, .silenced = NONE};
}

/* What a run of `say` leaves in the log file. */
static Str logged(Arena *arena, SinkOptions options, void (*say)(void))
{
    Err err = {0};
    Str text;
    assert_true(sinks_open(&options, &err));
    say();
    sinks_close();
    Str path = path_join(arena, options.log_folder, STR("dbt.log"));
    assert_true(file_read(arena, path, &text, &err));
    return text;
}

static Str scratch(Arena *arena)
{
    char name[] = "/tmp/weir-sinks-XXXXXX";
    assert_non_null(mkdtemp(name));
    return str_copy(arena, str_of(name));
}

static void say_some(void)
{
    event_print(LEVEL_DEBUG, "SQLQuery", "E017", "select 'hush_hush'");
    event_print(LEVEL_WARN, "SomeDeprecation", "D001", "first");
    event_print(LEVEL_WARN, "SomeDeprecation", "D001", "second");
    event_print(LEVEL_WARN, "Muted", "X001", "never seen");
    event_print(LEVEL_INFO, "Note", "Z050", "a note");
}

static uint32_t count_of(Str text, const char *what)
{
    uint32_t count = 0;
    ptrdiff_t at;
    while ((at = str_find(text, str_of(what))) >= 0) {
        count++;
        text = str_slice(text, (size_t)at + 1, text.len);
    }
    return count;
}

static void test_log_file(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str folder = scratch(&arena);
    Value silenced = value_list(&arena);
    array_add(silenced.list, value_lit("Muted"));
    SinkOptions options = options_in(folder);
    options.silenced = silenced;
    secret_add(STR("hush_hush"));
    Str text = logged(&arena, options, say_some);
    assert_int_equal(count_of(text, " | id-1 ="), 1);
    assert_int_equal(count_of(text, "[debug] [MainThread]: select '*****'"), 1);
    assert_int_equal(count_of(text, "hush_hush"), 0);
    assert_int_equal(count_of(text, "[warn ] [MainThread]: [WARNING][SomeDeprecation]: first"), 1);
    assert_int_equal(count_of(text, "second"), 0);
    assert_int_equal(count_of(text, "never seen"), 0);
    assert_int_equal(count_of(text, "- SomeDeprecation: 2 occurrences"), 1);
    options.shows_all_deprecations = true;
    options.log_most_bytes = 1; /* rotated by every flush */
    text = logged(&arena, options, say_some);
    assert_true(file_exists(path_join(&arena, folder, STR("dbt.log.1"))));
    assert_true(folder_remove(folder, &err));
    arena_drop(&arena);
}

static void test_json_file(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    SinkOptions options = options_in(scratch(&arena));
    options.form_file = FORM_JSON;
    options.level_file = LEVEL_INFO;
    Str rest = logged(&arena, options, say_some), line;
    uint32_t count = 0;
    while (str_next_part(&rest, '\n', &line)) {
        Value value;
        if (!line.len)
            continue;
        assert_true(json_parse(&arena, line, STR("line"), &value, &err));
        count++;
    }
    assert_int_equal(count, 4); /* deprecation, muted, note, summary */
    assert_true(folder_remove(options.log_folder, &err));
    arena_drop(&arena);
}

static void test_warnings_as_errors(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    SinkOptions options = options_in(STR_NONE);
    Value errors = value_list(&arena);
    array_add(errors.list, value_lit("Muted"));
    options.errors = errors;
    assert_true(sinks_open(&options, &err));
    event_print(LEVEL_WARN, "Other", "X002", "no matter");
    assert_true(sinks_check(&err));
    event_print(LEVEL_WARN, "Muted", "X001", "it matters");
    assert_false(sinks_check(&err));
    assert_int_equal(err.kind, ERR_COMPILATION);
    assert_string_equal(err.text, "it matters");
    err_drop(&err);
    sinks_close();
    options.errors = value_lit("all");
    options.warns = errors;
    assert_true(sinks_open(&options, &err));
    event_print(LEVEL_WARN, "Muted", "X001", "only a warning");
    assert_true(sinks_check(&err));
    event_print(LEVEL_WARN, "Other", "X002", "an error");
    assert_false(sinks_check(&err));
    err_drop(&err);
    sinks_close();
    arena_drop(&arena);
}

static void test_no_log_folder(void **state)
{
    (void)state;
    Err err = {0};
    SinkOptions options = options_in(STR("/proc/nowhere/logs"));
    assert_false(sinks_open(&options, &err));
    assert_non_null(strstr(err.text, "/proc/nowhere"));
    err_drop(&err);
    sinks_close();
}

/* Starts and ends of nodes as the runner says them. */
static void say_node(const char *name, const char *id)
{
    Arena arena = {0};
    Value data = value_dict(&arena), info = value_dict(&arena);
    dict_put(info.dict, STR("unique_id"), value_text(str_of(id)));
    dict_put(info.dict, STR("node_name"), value_text(str_of(id)));
    dict_put(info.dict, STR("resource_type"), value_lit("model"));
    dict_put(data.dict, STR("node_info"), info);
    Event event = {.name = name, .level = LEVEL_INFO, .message = STR("x"), .data = data};
    progress_take(&event);
    arena_drop(&arena);
}

static void test_progress(void **state)
{
    (void)state;
    Arena arena = {0};
    Value durations = value_dict(&arena);
    dict_put(durations.dict, STR("a"), value_int(60 * 1000000));
    dict_put(durations.dict, STR("b"), value_int(30 * 1000000));
    progress_begin(2, 1, durations);
    say_node("LogStartLine", "a");
    say_node("LogStartLine", "b");
    AUTO(text) Text text = {0};
    assert_int_equal(progress_draw(&text, 0, 80, false), 3);
    assert_int_equal(count_of(text_str(&text), "0 of 2"), 1);
    assert_int_equal(count_of(text_str(&text), "about 1:30 left"), 1);
    assert_int_equal(count_of(text_str(&text), "model a "), 1);
    say_node("LogModelResult", "a");
    text_clear(&text);
    assert_int_equal(progress_draw(&text, 0, 20, false), 2);
    Str rest = text_str(&text), line;
    while (str_next_part(&rest, '\n', &line))
        assert_true(utf8_length(line) < 20);
    say_node("SkippingDetails", "c");
    say_node("LogModelResult", "b");
    text_clear(&text);
    progress_draw(&text, 0, 80, false);
    assert_int_equal(count_of(text_str(&text), "about 0:00 left"), 1);
    progress_end();
    text_clear(&text);
    assert_int_equal(progress_draw(&text, 0, 80, false), 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_log_file),  cmocka_unit_test(test_json_file),
        cmocka_unit_test(test_warnings_as_errors), cmocka_unit_test(test_no_log_folder),
        cmocka_unit_test(test_progress),
    };
    event_set_thread_name("MainThread");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
