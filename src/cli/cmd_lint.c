/* cmd_lint.c: lint and format: Jinja SQL files as text; the project is read for --select only. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "lint/lint.h"

/* ---- which files ---- */

static bool is_stdin(const Cli *cli)
{
    const Array *words = cli->parsed.arguments;
    return words->len == 1 && value_is(words->at[0], "-");
}

static LintOverrides overrides_of(const Cli *cli)
{
    return (LintOverrides){.dialect = flag_text(cli->flags, "dialect"),
                           .rules = flag_text(cli->flags, "rules"),
                           .exclude_rules = flag_text(cli->flags, "exclude_rules"),
                           .max_line_length = flag_text(cli->flags, "max_line_length"),
                           .formats = cli->parsed.command == COMMAND_FORMAT};
}

static bool has_selection(const Cli *cli)
{
    static const char *const keys[] = {"select", "exclude"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        Value words = value_get(cli->flags, keys[i]);
        if (value_is_list(words) && words.list->len)
            return true;
    }
    return flag_text(cli->flags, "selector").len > 0;
}

/* The files of the nodes that --select means. */
static bool find_selected(Cli *cli, const LintOverrides *overrides, LintFiles *out, Err *err)
{
    Bits selected;
    uint32_t at = 0, number;
    List(Str) paths = {0};
    TRY(cli_load(cli, STR_NONE, NULL, err));
    TRY(cli_select(cli, UINT32_MAX, &selected, err));
    while (bits_next(selected, &at, &number)) {
        Str path = cli->project->nodes.at[number]->original_file_path;
        if (str_ends(path, STR(".sql")) && file_exists(path))
            list_add(&cli->arena, &paths, path);
    }
    return lint_files_find(&cli->arena, paths.at, paths.len, overrides, out, err);
}

/* Paths mean the caller's folder. */
static bool find_named(Cli *cli, const LintOverrides *overrides, LintFiles *out, Err *err)
{
    const Array *words = cli->parsed.arguments;
    Str here = STR("."), *paths = NEW_N(&cli->arena, Str, words->len + 1);
    for (uint32_t i = 0; i < words->len; i++)
        paths[i] = value_str(words->at[i]);
    if (chdir(str_c(&cli->arena, cli->start_folder)) != 0)
        return err_set(err, ERR_RUNTIME, NOWHERE, "cannot enter the folder " STR_FMT,
                       STR_ARG(cli->start_folder));
    return lint_files_find(&cli->arena, words->len ? paths : &here, words->len ? words->len : 1,
                           overrides, out, err);
}

static bool read_stdin(Cli *cli, const LintOverrides *overrides, LintFiles *out, Err *err)
{
    Text content = {.limit = (size_t)64 << 20};
    char buffer[65536];
    size_t got;
    LintConfig *config;
    while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
        text_add_bytes(&content, buffer, got);
    bool is_cut = content.is_cut;
    Str source = text_copy(&cli->arena, &content);
    text_drop(&content);
    if (is_cut)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "standard input is larger than 64 MiB");
    TRY(lint_config_load(&cli->arena, cli->start_folder, overrides, &config, err));
    list_add(&cli->arena, out, (LintFileEntry){.path = STR("stdin"), .config = config,
                                               .source = source.at ? source : STR("")});
    return true;
}

static bool find(Cli *cli, LintFiles *out, Err *err)
{
    LintOverrides overrides = overrides_of(cli);
    if (is_stdin(cli))
        return read_stdin(cli, &overrides, out, err);
    if (has_selection(cli))
        return find_selected(cli, &overrides, out, err);
    return find_named(cli, &overrides, out, err);
}

/* ---- writing ---- */

/* Writes through links and keeps the file's mode. */
static bool write_back(Cli *cli, const LintFileEntry *entry, Err *err)
{
    const char *path = str_c(&cli->arena, entry->path);
    char *real = realpath(path, NULL);
    Str target = str_copy(&cli->arena, real ? str_of(real) : entry->path);
    struct stat before;
    bool has_mode = stat(path, &before) == 0;
    free(real);
    TRY(file_write(target, entry->fixed, false, err));
    if (has_mode && chmod(str_c(&cli->arena, target), before.st_mode & 07777) != 0)
        return err_set(err, ERR_IO, NOWHERE, "cannot set the mode of " STR_FMT, STR_ARG(target));
    return true;
}

static bool write_all_back(Cli *cli, const LintFiles *files, Err *err)
{
    for (uint32_t i = 0; i < files->len; i++)
        if (files->at[i].fixed.at)
            TRY(write_back(cli, &files->at[i], err));
    return true;
}

/* ---- telling ---- */

static LintForm form_of(Str name)
{
    return str_is(name, "json")                       ? LINT_JSON
           : str_is(name, "yaml")                     ? LINT_YAML
           : str_is(name, "github-annotation")        ? LINT_GITHUB
           : str_is(name, "github-annotation-native") ? LINT_GITHUB_NATIVE
                                                      : LINT_HUMAN;
}

typedef struct Counts {
    uint32_t failures, violations, warnings, fixed, changed, unparsed, dirty;
} Counts;

static Counts count(const LintFiles *files)
{
    Counts counts = {0};
    for (uint32_t i = 0; i < files->len; i++) {
        const LintFileEntry *entry = &files->at[i];
        uint32_t before = counts.violations;
        counts.failures += entry->failure.len > 0;
        counts.fixed += entry->fixed_count;
        counts.changed += entry->fixed.at != NULL;
        counts.unparsed += entry->report.unparsed > 0;
        for (uint32_t v = 0; v < entry->report.violations.len; v++)
            if (lint_is_warning(entry->config, &entry->report.violations.at[v]))
                counts.warnings++;
            else
                counts.violations++;
        counts.dirty += counts.violations > before;
    }
    return counts;
}

static void say_unparsed(const LintFiles *files)
{
    for (uint32_t i = 0; i < files->len; i++)
        if (files->at[i].report.unparsed)
            fprintf(stderr, STR_FMT ":%u PRS left alone: not understood (%u %s)\n",
                    STR_ARG(files->at[i].path), files->at[i].report.unparsed_line,
                    files->at[i].report.unparsed,
                    files->at[i].report.unparsed == 1 ? "piece" : "pieces");
}

static void say_summary(const LintFiles *files, Counts counts)
{
    if (counts.fixed)
        fprintf(stderr, "%u fixed in %u %s\n", counts.fixed, counts.changed,
                counts.changed == 1 ? "file" : "files");
    if (counts.violations)
        fprintf(stderr, "%u %s in %u of %u %s\n", counts.violations,
                counts.violations == 1 ? "violation" : "violations", counts.dirty, files->len,
                files->len == 1 ? "file" : "files");
    else
        fprintf(stderr, "%u %s, all clean\n", files->len, files->len == 1 ? "file" : "files");
}

/* ---- the commands ---- */

bool cmd_lint(Cli *cli, int *exit_code, Err *err)
{
    LintFiles files = {0};
    bool fixes = flag_is(cli->flags, "fix"), reads_stdin = is_stdin(cli);
    LintForm form = form_of(flag_text(cli->flags, "format"));
    TRY(find(cli, &files, err));
    lint_files_run(&cli->arena, &files, fixes, cpu_count());
    AUTO(text) Text out = {0};
    if (fixes && reads_stdin)
        text_add(&out, files.at[0].fixed.at ? files.at[0].fixed : files.at[0].source);
    else
        lint_print(&files, form, isatty(STDOUT_FILENO), &out);
    if (fixes && !reads_stdin)
        TRY(write_all_back(cli, &files, err));
    console_write(text_str(&out));
    console_flush();
    Counts counts = count(&files);
    if (form == LINT_HUMAN && !flag_is(cli->flags, "quiet")) {
        say_unparsed(&files);
        say_summary(&files, counts);
    }
    *exit_code = counts.failures ? 2 : counts.violations ? 1 : 0;
    return true;
}

static void say_formatted(const LintFiles *files, Counts counts, bool checks)
{
    for (uint32_t i = 0; i < files->len; i++)
        if (files->at[i].failure.len)
            fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(files->at[i].path),
                    STR_ARG(files->at[i].failure));
        else if (files->at[i].fixed.at)
            fprintf(stderr, "%s " STR_FMT "\n", checks ? "would format" : "formatted",
                    STR_ARG(files->at[i].path));
    fprintf(stderr, "%u of %u %s %s\n", counts.changed, files->len,
            files->len == 1 ? "file" : "files", checks ? "would change" : "changed");
}

bool cmd_format(Cli *cli, int *exit_code, Err *err)
{
    LintFiles files = {0};
    bool checks = flag_is(cli->flags, "check"), shows_diff = flag_is(cli->flags, "diff");
    bool reads_stdin = is_stdin(cli);
    TRY(find(cli, &files, err));
    lint_files_run(&cli->arena, &files, true, cpu_count());
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; shows_diff && i < files.len; i++)
        if (files.at[i].fixed.at)
            lint_print_diff(files.at[i].path, files.at[i].source, files.at[i].fixed, &out);
    if (reads_stdin && !checks && !shows_diff)
        text_add(&out, files.at[0].fixed.at ? files.at[0].fixed : files.at[0].source);
    if (!reads_stdin && !checks && !shows_diff)
        TRY(write_all_back(cli, &files, err));
    console_write(text_str(&out));
    console_flush();
    Counts counts = count(&files);
    if (!flag_is(cli->flags, "quiet") && !(reads_stdin && !checks))
        say_formatted(&files, counts, checks || shows_diff);
    *exit_code = counts.failures ? 2 : (checks || shows_diff) && counts.changed ? 1 : 0;
    return true;
}
