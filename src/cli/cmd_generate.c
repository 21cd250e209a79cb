/* cmd_generate.c: generate: a partner's mapping from sample files; YAML and staging models from the
 * database's catalogue. */
#include <stdio.h>

#include "base/file.h"
#include "cli/cli.h"
#include "drops/drops.h"
#include "workbench/workbench.h"

/* What was looked at: the first lines, and how many more there are. */
static void say_notes(Str notes)
{
    enum { SHOWN = 40 };
    uint32_t count = 0;
    Str line;
    while (notes.len && str_next_part(&notes, '\n', &line))
        if (line.len && count++ < SHOWN)
            fprintf(stderr, STR_FMT "\n", STR_ARG(line));
    if (count > SHOWN)
        fprintf(stderr, "... and %u more\n", count - SHOWN);
}

static bool fail_exists(Str path, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, "the file '" STR_FMT "' exists: it is not "
                   "overwritten. Remove it, or name another one in --output", STR_ARG(path));
}

bool cmd_generate(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Arena *arena = &cli->arena;
    const Array *files = cli->parsed.arguments;
    Str output = flag_text(cli->flags, "output");
    if (!files->len)
        return err_set(err, ERR_USAGE, NOWHERE, "which files? %s generate partner FILE...",
                       cli->program);
    if (output.len && file_info(output).kind != FILE_ABSENT)
        return fail_exists(output, err);
    Str *paths = NEW_N(arena, Str, files->len);
    for (uint32_t i = 0; i < files->len; i++)
        paths[i] = value_str(files->at[i]);
    bool has_partners = file_info(STR("partners")).kind == FILE_FOLDER;
    ProposeOptions options = {
        .partner = flag_text(cli->flags, "partner"),
        .paths = paths,
        .count = files->len,
        .members = flag_text(cli->flags, "members"),
        .unified = flag_text(cli->flags, "unified"),
        .folder = output.len ? path_folder(output) : has_partners ? STR("partners") : STR(""),
    };
    AUTO(text) Text out = {0}, notes = {0};
    bool ok = mapping_propose(arena, &options, &out, &notes, err);
    say_notes(text_str(&notes));
    if (!ok)
        return false;
    if (output.len) {
        TRY(file_write(output, text_str(&out), false, err));
        fprintf(stderr, "wrote " STR_FMT "\n", STR_ARG(output));
        return true;
    }
    console_write(text_str(&out));
    console_flush();
    return true;
}

/* ---- from the catalogue ---- */

/* What one of them made: to the file of --output, which grows if it is there, else to stdout. */
static bool give(Str output, Str before, const Generated *made, Err *err)
{
    for (uint32_t i = 0; i < made->notes.len; i++)
        fprintf(stderr, STR_FMT "\n", STR_ARG(made->notes.at[i]));
    if (!output.len) {
        console_write(made->text);
        console_flush();
        return true;
    }
    if (str_eq(before, made->text) && before.len) {
        fprintf(stderr, STR_FMT " is up to date\n", STR_ARG(output));
        return true;
    }
    TRY(file_write(output, made->text, true, err));
    fprintf(stderr, "wrote " STR_FMT "\n", STR_ARG(output));
    return true;
}

/* The project, a connection, and what stands in the file of --output. */
static bool open_catalogue(Cli *cli, Compiler **compiler, Str *output, Str *before, Err *err)
{
    RunOptions options;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_run_options(cli, RUN_SHOW, NULL, &options);
    options.threads = 1;
    *output = flag_text(cli->flags, "output");
    *before = STR("");
    if (output->len && file_info(*output).kind != FILE_ABSENT)
        TRY(file_read(&cli->arena, *output, before, err));
    return compiler_open(cli->graph, bits_make(&cli->arena, cli->graph->count), &options,
                         &cli->arena, compiler, err);
}

static const Str *words_given(Cli *cli, uint32_t *count)
{
    const Array *words = cli->parsed.arguments;
    *count = words->len;
    Str *out = NEW_N(&cli->arena, Str, words->len + 1);
    for (uint32_t i = 0; i < words->len; i++)
        out[i] = value_str(words->at[i]);
    return out;
}

typedef bool (*GenerateFn)(Compiler *compiler, Graph *graph, const Str *names, uint32_t count,
                           Str before, Str file, Arena *arena, Generated *out, Err *err);

static bool generate_yaml(Cli *cli, GenerateFn make, const char *of_what, Err *err)
{
    Compiler *compiler;
    Str output, before;
    uint32_t count;
    const Str *names = words_given(cli, &count);
    if (!count)
        return err_set(err, ERR_USAGE, NOWHERE, "of which %s? See `%s %s --help`", of_what,
                       cli->program, commands[cli->parsed.command].name);
    TRY(open_catalogue(cli, &compiler, &output, &before, err));
    Generated made;
    TRY(make(compiler, cli->graph, names, count, before, output, &cli->arena, &made, err));
    return give(output, before, &made, err);
}

bool cmd_generate_source(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    return generate_yaml(cli, generate_sources, "schema", err);
}

bool cmd_generate_schema(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    return generate_yaml(cli, generate_schema, "models", err);
}

/* --output may be a folder: a file stg_SOURCE__TABLE.sql in it for each. */
bool cmd_generate_model(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Arena *arena = &cli->arena;
    Compiler *compiler;
    uint32_t count;
    const Str *sources = words_given(cli, &count);
    Str output = flag_text(cli->flags, "output"), nowhere, before;
    bool is_folder = output.len && file_info(output).kind == FILE_FOLDER;
    if (!count)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "of which sources? %s generate model SOURCE.TABLE...", cli->program);
    if (count > 1 && output.len && !is_folder)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "several models: --output must name a folder that exists");
    if (is_folder)
        dict_put(cli->flags.dict, STR("output"), value_text(STR("")));
    TRY(open_catalogue(cli, &compiler, &nowhere, &before, err));
    for (uint32_t i = 0; i < count; i++) {
        Generated made;
        Str file = output;
        if (is_folder) {
            file = path_join(arena, output, str_print(arena, STR_FMT ".sql",
                                                      STR_ARG(staging_name(arena, sources[i]))));
            before = STR("");
            if (file_info(file).kind != FILE_ABSENT)
                TRY(file_read(arena, file, &before, err));
        }
        TRY(generate_model(compiler, cli->graph, sources[i], before, file, arena, &made, err));
        TRY(give(file, before, &made, err));
    }
    return true;
}
