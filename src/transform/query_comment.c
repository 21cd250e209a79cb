/* query_comment.c: `query-comment` of dbt_project.yml: a comment at every statement of a node.
 * Where the project says nothing, nothing is sent: dbt's own comment is for its vendor's logs. */
#include <ctype.h>

#include "transform/run.h"

static const char macro_name[] = "query_comment_macro";

/* The project's text, and whether it goes behind the statement. False: there is none. */
static bool setting_of(const NodeRun *run, Str *text, bool *is_behind)
{
    Value setting = value_get(run->runner->project->packages.at[0]->config, "query-comment");
    *is_behind = value_is_dict(setting) && value_truth(value_get(setting, "append"));
    *text = value_is_dict(setting) ? value_get_text(setting, "comment", STR(""))
                                   : value_str(setting);
    return text->len > 0;
}

/* The text as body of a macro of (connection_name, node): `return` in it is allowed, as in dbt. */
static bool compile(Arena *arena, Str text, Macro **out, Err *err)
{
    static const char *const kinds[] = {"macro", NULL};
    Str file = STR("dbt_project.yml");
    Str source = str_print(arena, "{%%- macro %s(connection_name, node) -%%}\n" STR_FMT
                                  "\n{%% endmacro %%}", macro_name, STR_ARG(text));
    BlockList blocks = {0};
    TRY(jinja_blocks(arena, source, file, kinds, &blocks, err));
    if (blocks.len != 1)
        return err_set(err, ERR_COMPILATION, NOWHERE, "query-comment: it cannot hold a macro");
    return jinja_compile_macro(arena, &blocks.at[0], file, source, out, err);
}

static bool render(NodeRun *run, Str text, Str *out, Err *err)
{
    Macro *macro;
    TRY(compile(run->arena, text, &macro, err));
    Str own = str_print(run->arena, "operation." STR_FMT "." STR_FMT,
                        STR_ARG(run->node->package), STR_ARG(run->node->name));
    bool is_node = run->node->kind != NODE_OPERATION || !str_eq(own, run->node->unique_id) ||
                   run->node->raw_code.len;
    Value args[2] = {is_node ? value_text(run->node->unique_id) : value_lit("master"),
                     is_node ? run_model(run) : NONE};
    RenderOptions options = context_options(&run->context, false);
    Value made;
    TRY(jinja_call_macro(macro, run->arena, &options, args, 2, NULL, NULL, 0, &made, err));
    AUTO(text) Text comment = {0};
    value_print(made, &comment);
    *out = str_copy(run->arena, str_trim(text_str(&comment)));
    if (str_find(*out, STR("*/")) >= 0)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "query comment contains illegal value \"*/\": " STR_FMT, STR_ARG(*out));
    return true;
}

static Str behind(Arena *arena, Str sql, Str comment)
{
    while (sql.len && isspace((unsigned char)sql.at[sql.len - 1]))
        sql.len--;
    bool ends = sql.len && sql.at[sql.len - 1] == ';';
    if (ends)
        sql.len--;
    return str_print(arena, STR_FMT "\n/* " STR_FMT " */%s", STR_ARG(sql), STR_ARG(comment),
                     ends ? ";" : "");
}

bool conn_comment(NodeRun *run, Str *sql, Err *err)
{
    Str text;
    bool is_behind;
    if (!setting_of(run, &text, &is_behind) || run->is_commenting)
        return true;
    if (!run->comment.at) {
        run->is_commenting = true; /* a macro of the comment that asks the database gets none */
        bool ok = render(run, text, &run->comment, err);
        run->is_commenting = false;
        TRY(ok);
    }
    if (!run->comment.len)
        return true;
    *sql = is_behind ? behind(run->arena, *sql, run->comment)
                     : str_print(run->arena, "/* " STR_FMT " */\n" STR_FMT,
                                 STR_ARG(run->comment), STR_ARG(*sql));
    return true;
}
