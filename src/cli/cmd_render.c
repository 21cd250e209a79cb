/* cmd_render.c: render: the template engine alone, with variables from a JSON file. */
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"

bool cmd_render(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Arena *arena = &cli->arena;
    Str name = flag_text(cli->flags, "template"), file = flag_text(cli->flags, "render_vars");
    Str source, json;
    Value vars = value_dict(arena);
    if (!name.len)
        return err_set(err, ERR_USAGE, NOWHERE, "render needs a template: --template FILE");
    TRY(file_read(arena, name, &source, err));
    if (file.len) {
        TRY(file_read(arena, file, &json, err));
        TRY(json_parse(arena, json, file, &vars, err));
        if (!value_is_dict(vars))
            return err_set(err, ERR_RUNTIME, (Place){.file = file},
                           "the variables must be an object of names, this is %s",
                           value_type_name(vars));
    }
    JinjaSyntax syntax = {
        .trim_blocks = flag_is(cli->flags, "trim_blocks"),
        .lstrip_blocks = flag_is(cli->flags, "lstrip_blocks"),
        .keep_trailing_newline = flag_is(cli->flags, "keep_trailing_newline"),
    };
    UndefinedMode undefined =
        flag_is(cli->flags, "strict") ? UNDEFINED_STRICT : UNDEFINED_LENIENT;
    AUTO(text) Text out = {0};
    TRY(jinja_render_file(source, name, vars, &syntax, undefined, &out, err));
    console_write(text_str(&out));
    console_flush();
    return true;
}
