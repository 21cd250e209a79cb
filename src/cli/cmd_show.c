/* cmd_show.c: show: the first rows of a node, or of a query. */
#include "base/json.h"
#include "base/process.h"
#include "cli/cli.h"
#include "jinja/jinja.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { KINDS = KIND(MODEL) | KIND(ANALYSIS) | KIND(TEST) | KIND(SNAPSHOT) | KIND(SEED) };

static void print_rows(const Cli *cli, const NodeResult *result, bool is_inline)
{
    Arena arena = {0};
    AUTO(text) Text out = {0}, name = {0}, preview = {0};
    const Node *node = result->node;
    text_add(&name, node->name);
    if (!value_is_none(node->version) && !value_is_undefined(node->version)) {
        text_add_c(&name, ".v");
        value_print(node->version, &name);
    }
    if (str_is(flag_text(cli->flags, "output"), "json")) {
        Value shown = value_dict(&arena);
        if (!is_inline)
            dict_put(shown.dict, STR("node"), value_text(text_str(&name)));
        Value rows = table_rows(result->table, &arena);
        dict_put(shown.dict, STR("show"), rows);
        json_print(rows, (JsonStyle){0}, &preview);
        json_print(shown, (JsonStyle){.indent = 2}, &out);
    } else {
        if (!cli->invocation.is_quiet && is_inline)
            text_add_c(&out, "Previewing inline node:\n");
        else if (!cli->invocation.is_quiet)
            text_print(&out, "Previewing node '" STR_FMT "':\n", STR_ARG(text_str(&name)));
        table_add_text(result->table, &preview);
        text_add(&out, text_str(&preview));
    }
    cli_node_payload(cli, (NodePayload){"ShowNode", "Q041", node, text_str(&name), is_inline,
                                        "preview", text_str(&preview), text_str(&out)});
    arena_drop(&arena);
}

static bool show_inline(Cli *cli, Str sql, Err *err)
{
    Node *node;
    RunOptions options;
    NodeResults results = {0};
    TRY(cli_load_inline(cli, sql, RUN_SHOW, &node, &options, err));
    NodeResult result;
    if (!transform_show(cli->graph, node, &options, &cli->arena, &result, err))
        return cli_fail_inline(err);
    print_rows(cli, &result, true);
    result.thread = STR("MainThread");
    list_add(&cli->arena, &results, result);
    return cli_write_results(cli, &results, err);
}

static bool is_asked_for(const Cli *cli, const Node *node)
{
    Value select = value_get(cli->flags, "select");
    if (!value_is_list(select) || !select.list->len)
        return true;
    return str_find(value_str(select.list->at[0]), node->name) >= 0;
}

/* dbt shows a seed with all its rows, whatever --limit says. */
static void show_seeds_whole(Cli *cli, Bits selected)
{
    uint32_t at = 0, number;
    while (bits_next(selected, &at, &number))
        if (is_asked_for(cli, cli->project->nodes.at[number]) &&
            cli->project->nodes.at[number]->kind != NODE_SEED)
            return;
    dict_put(cli->flags.dict, STR("limit"), value_int(-1));
}

bool cmd_show(Cli *cli, int *exit_code, Err *err)
{
    Str sql = flag_text(cli->flags, "inline");
    Str direct = flag_text(cli->flags, "inline_direct");
    if (!sql.at && direct.at) /* as it stands: braces are no Jinja */
        sql = !jinja_has_tags(direct) ? direct
                                      : str_print(&cli->arena, "{%% raw %%}" STR_FMT
                                                  "{%% endraw %%}", STR_ARG(direct));
    if (sql.at)
        return show_inline(cli, sql, err);
    Value select = value_get(cli->flags, "select");
    if (!select.list->len && !flag_text(cli->flags, "selector").len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Either --select or --inline must be passed to show");
    NodeResults results = {0};
    Bits selected;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, KINDS, &selected, err));
    if (!bits_count(selected))
        return cli_nothing_to_do(cli, err);
    show_seeds_whole(cli, selected);
    TRY(cli_run_nodes(cli, RUN_SHOW, selected, &results, err));
    TRY(cli_raise_first(&results, err));
    *exit_code = report_exit_code(&results);
    for (uint32_t i = 0; i < results.len; i++)
        if (is_asked_for(cli, results.at[i].node) && value_is_object(results.at[i].table))
            print_rows(cli, &results.at[i], false);
    return true;
}
