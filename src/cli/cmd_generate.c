/* cmd_generate.c: generate partner: a mapping file proposed from sample files. */
#include <stdio.h>

#include "base/file.h"
#include "cli/cli.h"
#include "drops/drops.h"

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
