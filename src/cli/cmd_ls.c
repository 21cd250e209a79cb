/* cmd_ls.c: ls: the selected nodes, one a line. Never opens an engine. */
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { KINDS = KIND(MODEL) | KIND(SNAPSHOT) | KIND(SEED) | KIND(TEST) | KIND(SOURCE) |
               KIND(EXPOSURE) | KIND(METRIC) | KIND(SAVED_QUERY) | KIND(SEMANTIC_MODEL) |
               KIND(UNIT_TEST) | KIND(FUNCTION) | KIND(INGEST) | KIND(PUBLISH) };

static bool wants_all_kinds(const Cli *cli)
{
    Value kinds = value_get(cli->flags, "resource_types");
    for (uint32_t i = 0; value_is_list(kinds) && i < kinds.list->len; i++)
        if (value_is(kinds.list->at[i], "all"))
            return true;
    return false;
}

/* "source:pkg.src.table", "exposure:pkg.name", else the fully qualified name. */
static void add_selector(const Node *node, Text *out)
{
    switch (node->kind) {
    case NODE_SOURCE:
        text_print(out, "source:" STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(node->package),
                   STR_ARG(node->source_name), STR_ARG(node->name));
        return;
    case NODE_EXPOSURE:
    case NODE_METRIC:
    case NODE_SAVED_QUERY:
    case NODE_SEMANTIC_MODEL:
    case NODE_UNIT_TEST:
    case NODE_PUBLISH:
        text_print(out, "%s:" STR_FMT "." STR_FMT, node_kind_name(node->kind),
                   STR_ARG(node->package), STR_ARG(node->name));
        if (node->kind == NODE_UNIT_TEST && !value_is_none(node->version)) {
            text_add_c(out, "_v");
            value_print(node->version, out);
        }
        return;
    case NODE_INGEST: text_add_c(out, "ingest:"); break;
    default: break;
    }
    for (uint32_t i = 0; value_is_list(node->fqn) && i < node->fqn.list->len; i++)
        text_print(out, "%s" STR_FMT, i ? "." : "", STR_ARG(value_str(node->fqn.list->at[i])));
}

/* The name that `name:` selects by: with the version, with the source. */
static void add_name(const Node *node, Text *out)
{
    if (node->kind == NODE_SOURCE)
        text_print(out, STR_FMT ".", STR_ARG(node->source_name));
    text_add(out, node->name);
    bool has_version = !value_is_none(node->version) && !value_is_undefined(node->version);
    if (has_version && node->kind == NODE_MODEL) {
        text_add_c(out, ".v");
        value_print(node->version, out);
    }
}

/* config.materialized: the value below the keys; UNDEFINED if absent or null. */
static Value nested(Value tree, Str keys)
{
    Str rest = keys, key;
    while (str_next_part(&rest, '.', &key))
        tree = value_get_str(tree, key);
    return value_is_none(tree) ? UNDEFINED : tree;
}

/* What --output json shows without --output-keys. */
static bool is_standard_key(Str key)
{
    static const char *const standard[] = {
        "alias", "name", "package_name", "depends_on", "tags", "config", "resource_type",
        "source_name", "original_file_path", "unique_id"};
    for (size_t i = 0; i < COUNT_OF(standard); i++)
        if (str_is(key, standard[i]))
            return true;
    return false;
}

static void add_json(const Cli *cli, const Node *node, Text *out)
{
    Arena arena = {0};
    Value whole = node_value(node, &arena), shown = value_dict(&arena), key, value;
    Value keys = value_get(cli->flags, "output_keys");
    bool has_keys = value_is_list(keys) && keys.list->len;
    uint32_t at = 0;
    for (uint32_t i = 0; has_keys && i < keys.list->len; i++) {
        Str wanted = value_str(keys.list->at[i]);
        bool is_nested = str_find_char(wanted, '.') >= 0;
        Value found = is_nested ? nested(whole, wanted) : value_get_str(whole, wanted);
        if (!value_is_undefined(found))
            dict_put(shown.dict, wanted, found);
    }
    while (!has_keys && dict_next(whole.dict, &at, &key, &value))
        if (is_standard_key(value_str(key)))
            dict_put(shown.dict, value_str(key), value);
    if (!has_keys && node->kind == NODE_MODEL)
        dict_put(shown.dict, STR("direct_parents"), nested(whole, STR("depends_on.nodes")));
    json_print(shown, (JsonStyle){0}, out);
    arena_drop(&arena);
}

static void print_node(const Cli *cli, const Node *node)
{
    AUTO(text) Text out = {0};
    Str form = flag_text(cli->flags, "output");
    if (str_is(form, "name"))
        add_name(node, &out);
    else if (str_is(form, "path"))
        text_add(&out, node->original_file_path);
    else if (str_is(form, "json"))
        add_json(cli, node, &out);
    else
        add_selector(node, &out);
    cli_payload(text_str(&out));
}

static bool has_words(const Cli *cli, const char *key)
{
    Value words = value_get(cli->flags, key);
    return value_is_list(words) && words.list->len;
}

/* --models of ls: --select among models only. */
static bool heed_models(Cli *cli, uint32_t *kinds, Err *err)
{
    if (!has_words(cli, "models"))
        return true;
    if (has_words(cli, "select") || has_words(cli, "resource_types"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "\"models\" and \"%s\" are mutually exclusive arguments",
                       has_words(cli, "select") ? "select" : "resource_type");
    dict_put(cli->flags.dict, STR("select"), value_get(cli->flags, "models"));
    *kinds = KIND(MODEL);
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    const Node *const *x = a, *const *y = b;
    return str_compare((*x)->unique_id, (*y)->unique_id);
}

bool cmd_ls(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Bits selected;
    uint32_t kinds = KINDS | (wants_all_kinds(cli) ? KIND(ANALYSIS) : 0);
    TRY(heed_models(cli, &kinds, err));
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, kinds, &selected, err));
    uint32_t count = bits_count(selected), at = 0, number, filled = 0;
    if (!count) {
        event_print(LEVEL_WARN, "NoNodesSelected", "P030", "No nodes selected!");
        return sinks_check(err);
    }
    const Node **nodes = NEW_N(&cli->arena, const Node *, count);
    while (bits_next(selected, &at, &number))
        nodes[filled++] = cli->project->nodes.at[number];
    qsort(nodes, count, sizeof(*nodes), compare_ids);
    for (uint32_t i = 0; i < count; i++)
        print_node(cli, nodes[i]);
    return true;
}
