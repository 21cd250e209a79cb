/* cmd_compile.c: compile: SQL of nodes to target/compiled; of selected ones to stdout too. */
#include "base/json.h"
#include "cli/cli.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { KINDS = KIND(MODEL) | KIND(ANALYSIS) | KIND(TEST) | KIND(SNAPSHOT) | KIND(OPERATION) |
               KIND(SEED) | KIND(SQL_OPERATION) | KIND(UNIT_TEST) };

/* Shows one node's SQL, as text or {"node": ..., "compiled": ...}. */
static void print_compiled(const Cli *cli, const Node *node, bool is_inline)
{
    Arena arena = {0};
    AUTO(text) Text out = {0};
    bool has_ctes = flag_is(cli->flags, "inject_ephemeral_ctes");
    Str code = !node->compiled ? STR("") : has_ctes ? node->compiled->code : node->compiled->bare;
    if (str_is(flag_text(cli->flags, "output"), "json")) {
        Value shown = value_dict(&arena);
        if (!is_inline)
            dict_put(shown.dict, STR("node"), value_text(node->name));
        dict_put(shown.dict, STR("compiled"), value_text(code));
        json_print(shown, (JsonStyle){.indent = 2}, &out);
    } else {
        if (!cli->invocation.is_quiet && is_inline)
            text_add_c(&out, "Compiled inline node is:\n");
        else if (!cli->invocation.is_quiet)
            text_print(&out, "Compiled node '" STR_FMT "' is:\n", STR_ARG(node->name));
        text_add(&out, code);
    }
    cli_node_payload(cli, (NodePayload){"CompiledNode", "Q042", node, node->name, is_inline,
                                        "compiled", code, text_str(&out)});
    arena_drop(&arena);
}

static bool compile_inline(Cli *cli, Str sql, Err *err)
{
    Node *node;
    RunOptions options;
    NodeResults results = {0};
    TRY(cli_load_inline(cli, sql, RUN_COMPILE, &node, &options, err));
    if (!transform_compile(cli->graph, node, &options, &cli->arena, err))
        return cli_fail_inline(err);
    print_compiled(cli, node, true);
    NodeResult done = {.node = node, .status = STATUS_SUCCESS, .failures = -1,
                       .adapter_response = NONE, .table = NONE, .is_compiled = true,
                       .thread = STR("MainThread")};
    list_add(&cli->arena, &results, done);
    return cli_write_results(cli, &results, err);
}

/* dbt prints the nodes whose name is part of the first selected word. */
static bool is_asked_for(const Cli *cli, const Node *node)
{
    Value select = value_get(cli->flags, "select");
    return value_is_list(select) && select.list->len &&
           str_find(value_str(select.list->at[0]), node->name) >= 0;
}

bool cmd_compile(Cli *cli, int *exit_code, Err *err)
{
    Str sql = flag_text(cli->flags, "inline");
    NodeResults results = {0};
    Bits selected;
    if (sql.at)
        return compile_inline(cli, sql, err);
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, KINDS, &selected, err));
    if (!bits_count(selected))
        return cli_nothing_to_do(cli, err);
    TRY(cli_run_nodes(cli, RUN_COMPILE, selected, &results, err));
    TRY(cli_raise_first(&results, err));
    *exit_code = report_exit_code(&results);
    for (uint32_t i = 0; i < results.len; i++)
        if (is_asked_for(cli, results.at[i].node))
            print_compiled(cli, results.at[i].node, false);
    return true;
}
