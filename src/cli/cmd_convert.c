/* cmd_convert.c: convert: plain SQL files as models. */
#include <stdio.h>

#include "base/file.h"
#include "cli/cli.h"
#include "workbench/workbench.h"

static void say_notes(const Converted *converted, Str path)
{
    for (uint32_t i = 0; i < converted->replaced.len; i++)
        fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(path),
                STR_ARG(converted->replaced.at[i]));
    for (uint32_t i = 0; i < converted->left.len; i++)
        fprintf(stderr, STR_FMT ": " STR_FMT " stays: no model and no source of the project is "
                "that table\n", STR_ARG(path), STR_ARG(converted->left.at[i]));
}

static bool convert_file(Cli *cli, Str path, Str output, Err *err)
{
    Arena *arena = &cli->arena;
    Str text;
    Converted converted;
    TRY(file_read(arena, path, &text, err));
    Str name = path_stem(path);
    TRY(convert_sql(cli->graph, name, path, text, arena, &converted, err));
    say_notes(&converted, path);
    if (!output.len) {
        console_write(converted.sql);
        console_flush();
        return true;
    }
    Str file = file_info(output).kind == FILE_FOLDER
                   ? path_join(arena, output, str_print(arena, STR_FMT ".sql", STR_ARG(name)))
                   : output;
    if (file_info(file).kind != FILE_ABSENT)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the file '" STR_FMT "' exists: it is not overwritten. Remove it, or name "
                       "another one in --output", STR_ARG(file));
    TRY(file_write(file, converted.sql, false, err));
    fprintf(stderr, "wrote " STR_FMT "\n", STR_ARG(file));
    return true;
}

bool cmd_convert(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    const Array *files = cli->parsed.arguments;
    Str output = flag_text(cli->flags, "output");
    if (!files->len)
        return err_set(err, ERR_USAGE, NOWHERE, "which files? %s convert FILE...", cli->program);
    if (files->len > 1 && output.len && file_info(output).kind != FILE_FOLDER)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "several files: --output must name a folder that exists");
    TRY(cli_load(cli, STR_NONE, NULL, err));
    for (uint32_t i = 0; i < files->len; i++)
        TRY(convert_file(cli, value_str(files->at[i]), output, err));
    return true;
}
