/* fuzz_lint.c: any bytes as Jinja SQL in any dialect: linted, formatted, formatted again; the code
 * stays what it was. */
#include "lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const dialects[] = {"duckdb", "postgres", "bigquery", "snowflake"};

/* Loaded once each: configuration files are none of the input. */
static const LintConfig *config_of(unsigned dialect, bool formats)
{
    static Arena arena;
    static LintConfig *configs[8];
    LintConfig **config = &configs[dialect * 2 + formats];
    Err err = {0};
    LintOverrides overrides = {.dialect = str_of(dialects[dialect]), .formats = formats};
    if (!*config && !lint_config_load(&arena, STR("/"), &overrides, config, &err))
        assert(err.text);
    return *config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    LintReport report;
    if (size < 1 || size > 4096)
        return 0;
    const LintConfig *config = config_of(data[0] & 3, data[0] & 4);
    Str source = str_copy(&arena, (Str){(const char *)data + 1, size - 1});
    lint_text(config, &arena, source, &report);
    for (uint32_t i = 0; i < report.violations.len; i++)
        assert(report.violations.at[i].offset <= source.len && report.violations.at[i].line >= 1 &&
               report.violations.at[i].text.len);
    Str fixed = lint_fix(config, &arena, source);
    assert(str_eq(lint_fix(config, &arena, fixed), fixed));
    arena_drop(&arena);
    return 0;
}
