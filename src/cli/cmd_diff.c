/* cmd_diff.c: diff A B: two models, queries, or all selected models of two targets. */
#include "base/json.h"
#include "cli/cli.h"
#include "workbench/workbench.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { KINDS = KIND(MODEL) | KIND(SEED) | KIND(SNAPSHOT) };

/* ---- telling ---- */

static void add_table(Value table, const char *title, Text *out)
{
    if (!value_is_a(table, &table_type))
        return;
    AUTO(text) Text rows = {0};
    table_add_text(table, &rows);
    text_print(out, "  %s\n", title);
    Str rest = text_str(&rows), line;
    while (rest.len && str_next_part(&rest, '\n', &line))
        if (line.len)
            text_print(out, "    " STR_FMT "\n", STR_ARG(line));
}

static void add_columns(const DiffReport *report, Text *out)
{
    for (uint32_t i = 0; i < report->columns.len; i++) {
        const DiffColumn *column = &report->columns.at[i];
        if (!column->type_b.len)
            text_print(out, "  column " STR_FMT " (" STR_FMT "): only in A\n",
                       STR_ARG(column->name), STR_ARG(column->type_a));
        else if (!column->type_a.len)
            text_print(out, "  column " STR_FMT " (" STR_FMT "): only in B\n",
                       STR_ARG(column->name), STR_ARG(column->type_b));
        else if (!str_eq(column->type_a, column->type_b))
            text_print(out, "  column " STR_FMT ": " STR_FMT " in A, " STR_FMT " in B\n",
                       STR_ARG(column->name), STR_ARG(column->type_a), STR_ARG(column->type_b));
    }
}

static void add_keys(const DiffReport *report, Text *out)
{
    if (!report->keys.list->len) {
        text_add_c(out, "  no key is known (--key): whole rows are compared\n");
        return;
    }
    text_add_c(out, "  key ");
    for (uint32_t i = 0; i < report->keys.list->len; i++)
        text_print(out, "%s" STR_FMT, i ? ", " : "", STR_ARG(value_str(report->keys.list->at[i])));
    text_add_char(out, '\n');
    if (report->doubles_a || report->doubles_b)
        text_print(out, "  rows whose key is not unique, or null: %lld in A, %lld in B\n",
                   (long long)report->doubles_a, (long long)report->doubles_b);
}

static void add_text(const DiffSide *a, const DiffSide *b, const DiffReport *report, Text *out)
{
    const char *what = report->keys.list->len ? "keys" : "rows";
    text_print(out, "A " STR_FMT "\nB " STR_FMT "\n", STR_ARG(a->label), STR_ARG(b->label));
    if (!report->differs) {
        text_print(out, "  equal: %lld rows, %u columns\n", (long long)report->rows_a,
                   report->columns.len);
        return;
    }
    add_columns(report, out);
    text_print(out, "  rows: %lld in A, %lld in B\n", (long long)report->rows_a,
               (long long)report->rows_b);
    add_keys(report, out);
    if (report->only_a)
        text_print(out, "  %s only in A: %lld\n", what, (long long)report->only_a);
    add_table(report->samples_a, "such as", out);
    if (report->only_b)
        text_print(out, "  %s only in B: %lld\n", what, (long long)report->only_b);
    add_table(report->samples_b, "such as", out);
    for (uint32_t i = 0; i < report->columns.len; i++) {
        const DiffColumn *column = &report->columns.at[i];
        if (column->differing > 0)
            text_print(out, "  column " STR_FMT ": differs in %lld rows\n", STR_ARG(column->name),
                       (long long)column->differing);
        add_table(column->samples, "such as (key, value in A, value in B)", out);
    }
}

static Value rows_or_none(Value table, Arena *arena)
{
    return value_is_a(table, &table_type) ? table_rows(table, arena) : value_list(arena);
}

static Value column_value(const DiffColumn *column, Arena *arena)
{
    Value v = value_dict(arena);
    dict_put(v.dict, STR("name"), value_text(column->name));
    dict_put(v.dict, STR("type_a"), column->type_a.len ? value_text(column->type_a) : NONE);
    dict_put(v.dict, STR("type_b"), column->type_b.len ? value_text(column->type_b) : NONE);
    dict_put(v.dict, STR("differing"), column->differing < 0 ? NONE : value_int(column->differing));
    dict_put(v.dict, STR("samples"), rows_or_none(column->samples, arena));
    return v;
}

static Value report_value(const DiffSide *a, const DiffSide *b, const DiffReport *report,
                          Arena *arena)
{
    Value v = value_dict(arena), columns = value_list(arena);
    for (uint32_t i = 0; i < report->columns.len; i++)
        array_add(columns.list, column_value(&report->columns.at[i], arena));
    dict_put(v.dict, STR("a"), value_text(a->label));
    dict_put(v.dict, STR("b"), value_text(b->label));
    dict_put(v.dict, STR("differs"), value_bool(report->differs));
    dict_put(v.dict, STR("rows_a"), value_int(report->rows_a));
    dict_put(v.dict, STR("rows_b"), value_int(report->rows_b));
    dict_put(v.dict, STR("keys"), report->keys);
    dict_put(v.dict, STR("only_a"), value_int(report->only_a));
    dict_put(v.dict, STR("only_b"), value_int(report->only_b));
    dict_put(v.dict, STR("not_unique_a"), value_int(report->doubles_a));
    dict_put(v.dict, STR("not_unique_b"), value_int(report->doubles_b));
    dict_put(v.dict, STR("samples_a"), rows_or_none(report->samples_a, arena));
    dict_put(v.dict, STR("samples_b"), rows_or_none(report->samples_b, arena));
    dict_put(v.dict, STR("columns"), columns);
    return v;
}

/* ---- comparing ---- */

typedef struct Pairs {
    Cli *cli;
    Compiler *compiler;
    Value told;                /* list, for --output json                                      */
    bool is_json, differs;
} Pairs;

static bool compare(Pairs *pairs, const DiffSide *a, const DiffSide *b, Err *err)
{
    Cli *cli = pairs->cli;
    DiffReport report;
    Value keys = value_get(cli->flags, "key"), limit = value_get(cli->flags, "limit");
    TRY(diff_run(pairs->compiler, cli->graph, a, b, keys,
                 value_is_int(limit) ? limit.number : 5, &cli->arena, &report, err));
    pairs->differs |= report.differs;
    if (pairs->is_json) {
        array_add(pairs->told.list, report_value(a, b, &report, &cli->arena));
        return true;
    }
    AUTO(text) Text out = {0};
    add_text(a, b, &report, &out);
    text_truncate(&out, out.len - 1);
    cli_payload(text_str(&out));
    return true;
}

static bool open_compiler(Pairs *pairs, Err *err)
{
    Cli *cli = pairs->cli;
    RunOptions options;
    cli_run_options(cli, RUN_SHOW, NULL, &options);
    options.threads = 1;
    return compiler_open(cli->graph, bits_make(&cli->arena, cli->graph->count), &options,
                         &cli->arena, &pairs->compiler, err);
}

static bool compare_words(Pairs *pairs, Str a, Str b, Err *err)
{
    Cli *cli = pairs->cli;
    DiffSide sides[2];
    TRY(cli_load(cli, STR_NONE, NULL, err));
    TRY(open_compiler(pairs, err));
    TRY(diff_side(pairs->compiler, cli->graph, a, &cli->arena, &sides[0], err));
    TRY(diff_side(pairs->compiler, cli->graph, b, &cli->arena, &sides[1], err));
    return compare(pairs, &sides[0], &sides[1], err);
}

/* ---- two targets ---- */

static Str target_of(Str word)
{
    Str prefix = STR("target:");
    return str_starts(word, prefix) ? str_slice(word, prefix.len, word.len) : STR_NONE;
}

static void drop_arena(void *arena)
{
    arena_drop(arena);
}

/* The project as another target sees it; nothing is written for it. */
static bool load_target(Cli *cli, Str target, Cli *out, Err *err)
{
    Value flags = value_copy(&cli->arena, cli->flags);
    *out = *cli;
    out->arena = (Arena){0};
    arena_on_drop(&cli->arena, drop_arena, &out->arena);
    out->flags = flags;
    dict_put(out->flags.dict, STR("target"), value_text(target));
    dict_put(out->flags.dict, STR("write_json"), value_bool(false));
    return cli_load(out, STR_NONE, NULL, err);
}

/* The name that the other target's database has on this one's connection. */
static bool reach(Pairs *pairs, const Project *other, Str *database, Err *err)
{
    const Profile *mine = &pairs->cli->project->profile, *theirs = &other->profile;
    Value path_a = value_get(mine->credentials, "path");
    Value path_b = value_get(theirs->credentials, "path");
    bool is_same = str_eq(mine->type, theirs->type) && str_eq(mine->database, theirs->database) &&
                   value_equal(path_a, path_b) &&
                   value_equal(value_get(mine->credentials, "host"),
                               value_get(theirs->credentials, "host"));
    *database = STR_NONE;
    if (is_same)
        return true;
    if (!str_eq(mine->type, theirs->type))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "target '" STR_FMT "' is " STR_FMT ", target '" STR_FMT "' is " STR_FMT
                       ": two engines cannot be compared in one query",
                       STR_ARG(mine->target), STR_ARG(mine->type), STR_ARG(theirs->target),
                       STR_ARG(theirs->type));
    Value args[2] = {value_text(theirs->database), path_b}, name;
    Node *any = pairs->cli->project->nodes.at[0];
    TRY(compiler_macro(pairs->compiler, any, "weir__diff_attach", args, 2, &pairs->cli->arena,
                       &name, err));
    *database = value_str(name);
    return true;
}

static bool is_there(const Pairs *pairs, const DiffSide *side)
{
    Arena arena = {0};
    Err ignored = {0};
    Result columns;
    Str sql = str_print(&arena, "select * from " STR_FMT, STR_ARG(side->sql));
    bool ok = session_describe(compiler_session(pairs->compiler), &arena, sql, &columns, &ignored);
    err_drop(&ignored);
    arena_drop(&arena);
    return ok;
}

/* A table that one target lacks is a difference; one that both lack was never built. */
static bool compare_nodes(Pairs *pairs, const DiffSide *sides, Err *err)
{
    bool has_a = is_there(pairs, &sides[0]), has_b = is_there(pairs, &sides[1]);
    if (has_a && has_b)
        return compare(pairs, &sides[0], &sides[1], err);
    pairs->differs |= has_a || has_b;
    if (pairs->is_json && (has_a || has_b)) {
        DiffReport report = {.keys = value_list(&pairs->cli->arena), .samples_a = NONE,
                             .samples_b = NONE, .differs = true};
        Value v = report_value(&sides[0], &sides[1], &report, &pairs->cli->arena);
        dict_put(v.dict, STR("missing"), value_text(has_a ? STR("b") : STR("a")));
        array_add(pairs->told.list, v);
    } else if (!pairs->is_json) {
        AUTO(text) Text out = {0};
        text_print(&out, "A " STR_FMT "\nB " STR_FMT "\n  %s", STR_ARG(sides[0].label),
                   STR_ARG(sides[1].label),
                   has_a   ? "only in A: B has no such table"
                   : has_b ? "only in B: A has no such table"
                           : "in neither: it was not built yet");
        cli_payload(text_str(&out));
    }
    return true;
}

static bool compare_targets(Pairs *pairs, Str a, Str b, Err *err)
{
    Cli *cli = pairs->cli, *other = NEW(&cli->arena, Cli);
    Bits selected;
    Str database;
    dict_put(cli->flags.dict, STR("target"), value_text(a));
    dict_put(cli->flags.dict, STR("write_json"), value_bool(false));
    TRY(cli_load(cli, STR_NONE, NULL, err));
    TRY(load_target(cli, b, other, err));
    TRY(cli_select(cli, KINDS, &selected, err));
    TRY(open_compiler(pairs, err));
    TRY(reach(pairs, other->project, &database, err));
    uint32_t at = 0, number;
    while (bits_next(selected, &at, &number)) {
        const Node *node = cli->project->nodes.at[number];
        Node *twin = map_find(&other->project->by_id, node->unique_id);
        if (!twin || node_is_ephemeral(node))
            continue;
        if (database.at && str_eq(twin->database, other->project->profile.database))
            twin->database = database;
        DiffSide sides[2] = {
            {str_print(&cli->arena, STR_FMT " in target " STR_FMT, STR_ARG(node->name), STR_ARG(a)),
             relation_render(&cli->arena, node_relation(node, &cli->arena)), node},
            {str_print(&cli->arena, STR_FMT " in target " STR_FMT, STR_ARG(twin->name), STR_ARG(b)),
             relation_render(&cli->arena, node_relation(twin, &cli->arena)), twin}};
        TRY(compare_nodes(pairs, sides, err));
    }
    return true;
}

bool cmd_diff(Cli *cli, int *exit_code, Err *err)
{
    const Array *words = cli->parsed.arguments;
    if (words->len != 2)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "two things to compare, please: %s diff A B (models, queries in quotes, or "
                       "target:NAME)", cli->program);
    Str a = value_str(words->at[0]), b = value_str(words->at[1]);
    Str target_a = target_of(a), target_b = target_of(b);
    Pairs pairs = {.cli = cli, .told = value_list(&cli->arena),
                   .is_json = str_is(flag_text(cli->flags, "output"), "json")};
    if (!!target_a.at != !!target_b.at)
        return err_set(err, ERR_USAGE, NOWHERE, "a target is compared with another target");
    TRY(target_a.at ? compare_targets(&pairs, target_a, target_b, err)
                    : compare_words(&pairs, a, b, err));
    if (pairs.is_json) {
        AUTO(text) Text out = {0};
        json_print(pairs.told, (JsonStyle){.indent = 2}, &out);
        cli_payload(text_str(&out));
    }
    *exit_code = pairs.differs ? 1 : 0;
    return true;
}
