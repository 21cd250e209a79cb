/* diff.c: two tables or queries beside each other: columns, counts, keys, values. */
#include "workbench/workbench.h"

typedef struct Diff {
    Compiler *compiler;
    Node *node;                /* whom the macros see as theirs                                */
    const DiffSide *a, *b;
    Arena *arena;
    DiffReport *out;
    Value columns;             /* compared ones: in both, no keys                              */
} Diff;

/* ---- sides ---- */

static bool is_table(const Node *node)
{
    return node->is_enabled && (node->kind == NODE_MODEL || node->kind == NODE_SEED ||
                                node->kind == NODE_SNAPSHOT || node->kind == NODE_SOURCE);
}

static Str name_of(const Node *node, Arena *arena)
{
    if (node->kind == NODE_SOURCE)
        return str_print(arena, STR_FMT "." STR_FMT, STR_ARG(node->source_name),
                         STR_ARG(node->name));
    return node->name;
}

static Node *find_table(const Graph *graph, Str word, Arena *arena, Str *nearest)
{
    Str *names = NEW_N(arena, Str, graph->count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        Node *node = graph->project->nodes.at[i];
        if (!is_table(node))
            continue;
        names[count] = name_of(node, arena);
        if (str_eq(names[count++], word) || str_eq(node->unique_id, word))
            return node;
    }
    *nearest = str_nearest(word, names, count);
    return NULL;
}

static bool is_query(Str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] == ' ' || word.at[i] == '\n' || word.at[i] == '{')
            return true;
    return false;
}

bool diff_side(Compiler *compiler, Graph *graph, Str word, Arena *arena, DiffSide *out, Err *err)
{
    *out = (DiffSide){.label = word};
    if (!is_query(word)) {
        Str nearest = STR("");
        Node *node = find_table(graph, word, arena, &nearest);
        if (!node)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "no model, seed, snapshot or source is called '" STR_FMT "'%s" STR_FMT
                           "%s", STR_ARG(word), nearest.len ? "; did you mean '" : "",
                           STR_ARG(nearest), nearest.len ? "'?" : "");
        if (node_is_ephemeral(node))
            return err_set(err, ERR_RUNTIME, (Place){.file = node->file},
                           "model '" STR_FMT "' is ephemeral: there is no table to compare. Give "
                           "a query: \"select * from {{ ref('" STR_FMT "') }}\"",
                           STR_ARG(node->name), STR_ARG(node->name));
        out->node = node;
        out->sql = relation_render(arena, node_relation(node, arena));
        return true;
    }
    Node *node;
    Str code;
    Str name = str_print(arena, "diff_%u", graph->project->nodes.len);
    TRY(project_add_inline(graph->project, name, word, &node, err));
    TRY(graph_resolve_node(graph, node, err));
    TRY(compiler_compile(compiler, node, arena, &code, err));
    out->sql = str_print(arena, "(\n" STR_FMT "\n)", STR_ARG(code));
    return true;
}

/* ---- asking ---- */

static bool ask(Diff *diff, const char *macro, const Value *args, uint32_t count, Value *table,
                Err *err)
{
    TRY(compiler_macro(diff->compiler, diff->node, macro, args, count, diff->arena, table, err));
    if (!value_is_a(*table, &table_type))
        return err_set(err, ERR_INTERNAL, NOWHERE, "%s gave no table", macro);
    return true;
}

static int64_t number_at(Value table, uint32_t column)
{
    if (!table_row_count(table))
        return 0;
    Value cell = table_cell(table, 0, column);
    int64_t number = 0;
    AUTO(text) Text shown = {0};
    value_print(cell, &shown);
    ptrdiff_t dot = str_find_char(text_str(&shown), '.');
    Str digits = dot < 0 ? text_str(&shown) : str_slice(text_str(&shown), 0, (size_t)dot);
    return str_to_int(digits, &number) ? number : 0;
}

/* ---- columns ---- */

static bool describe(Diff *diff, const DiffSide *side, Result *out, Err *err)
{
    Str sql = str_print(diff->arena, "select * from " STR_FMT " as weir_side", STR_ARG(side->sql));
    return session_describe(compiler_session(diff->compiler), diff->arena, sql, out, err) ||
           err_wrap(err, STR_FMT, STR_ARG(side->label));
}

static bool same_name(Str a, Str b)
{
    return dialect_now()->ignores_case ? str_eq_fold(a, b) : str_eq(a, b);
}

static const ResultColumn *find_column(const Result *side, Str name)
{
    for (uint32_t i = 0; i < side->column_count; i++)
        if (same_name(side->columns[i].name, name))
            return &side->columns[i];
    return NULL;
}

static void compare_columns(Diff *diff, const Result *a, const Result *b)
{
    DiffReport *out = diff->out;
    for (uint32_t i = 0; i < a->column_count; i++) {
        const ResultColumn *mine = &a->columns[i], *other = find_column(b, mine->name);
        DiffColumn column = {mine->name, mine->type, other ? other->type : STR(""), -1, NONE};
        list_add(diff->arena, &out->columns, column);
        out->differs |= !other || !str_eq(mine->type, other->type);
    }
    for (uint32_t i = 0; i < b->column_count; i++) {
        if (find_column(a, b->columns[i].name))
            continue;
        DiffColumn column = {b->columns[i].name, STR(""), b->columns[i].type, -1, NONE};
        list_add(diff->arena, &out->columns, column);
        out->differs = true;
    }
}

/* ---- keys ---- */

static Value keys_of(const Node *node, Arena *arena)
{
    Value keys = value_list(arena);
    if (!node)
        return keys;
    Value given = node_config(node, "unique_key");
    if (given.kind == VALUE_LIST && given.list->len)
        return given;
    if (given.kind == VALUE_TEXT && value_str(given).len)
        array_add(keys.list, given);
    else if (node->primary_key.kind == VALUE_LIST)
        return node->primary_key;
    return keys;
}

/* The column on both sides that is meant: a key of a config is SQL, its case may be another. */
static const DiffColumn *shared_column(const DiffReport *out, Str key)
{
    const DiffColumn *found = NULL;
    for (uint32_t i = 0; i < out->columns.len; i++) {
        const DiffColumn *column = &out->columns.at[i];
        if (!column->type_a.len || !column->type_b.len || !str_eq_fold(column->name, key))
            continue;
        if (str_eq(column->name, key))
            return column;
        found = column;
    }
    return found;
}

/* Takes the keys if both sides have them all. */
static bool take_keys(Diff *diff, Value keys)
{
    Value named = value_list(diff->arena);
    for (uint32_t i = 0; i < keys.list->len; i++) {
        const DiffColumn *column = shared_column(diff->out, value_str(keys.list->at[i]));
        if (!column)
            return false;
        array_add(named.list, value_text(column->name));
    }
    diff->out->keys = named;
    return keys.list->len > 0;
}

/* The words of --key as one name: "Order Id". */
static Value joined(Diff *diff, Value words)
{
    AUTO(text) Text name = {0};
    for (uint32_t i = 0; i < words.list->len; i++) {
        if (i)
            text_add_char(&name, ' ');
        text_add(&name, value_str(words.list->at[i]));
    }
    Value out = value_list(diff->arena);
    array_add(out.list, value_text(text_copy(diff->arena, &name)));
    return out;
}

static bool choose_keys(Diff *diff, Value given, Err *err)
{
    DiffReport *out = diff->out;
    out->keys = value_list(diff->arena);
    if (given.kind == VALUE_LIST && given.list->len)
        return take_keys(diff, given) || take_keys(diff, joined(diff, given)) ||
               err_set(err, ERR_USAGE, NOWHERE,
                       "--key: both sides must have the columns of the key");
    Value candidates[2] = {keys_of(diff->a->node, diff->arena),
                           keys_of(diff->b->node, diff->arena)};
    for (int i = 0; i < 2; i++)
        if (take_keys(diff, candidates[i]))
            break;
    return true;
}

static bool is_key(const DiffReport *out, Str name)
{
    for (uint32_t i = 0; i < out->keys.list->len; i++)
        if (str_eq(value_str(out->keys.list->at[i]), name))
            return true;
    return false;
}

/* ---- rows ---- */

static bool missing_keys(Diff *diff, const DiffSide *from, const DiffSide *in, int64_t samples,
                         int64_t *count, Value *shown, Err *err)
{
    Value args[4] = {value_text(from->sql), value_text(in->sql), diff->out->keys,
                     value_int(samples)}, table;
    TRY(ask(diff, "weir__diff_missing", args, 3, &table, err));
    *count = number_at(table, 0);
    *shown = NONE;
    return !*count || !samples || ask(diff, "weir__diff_missing", args, 4, shown, err);
}

static bool doubles(Diff *diff, const DiffSide *side, int64_t *count, Err *err)
{
    Value args[2] = {value_text(side->sql), diff->out->keys}, table;
    TRY(ask(diff, "weir__diff_doubles", args, 2, &table, err));
    *count = number_at(table, 0);
    return true;
}

static bool compare_values(Diff *diff, int64_t samples, Err *err)
{
    DiffReport *out = diff->out;
    Value args[5] = {value_text(diff->a->sql), value_text(diff->b->sql), out->keys, diff->columns,
                     value_int(samples)}, table;
    if (!diff->columns.list->len)
        return true;
    TRY(ask(diff, "weir__diff_values", args, 4, &table, err));
    uint32_t at = 0;
    for (uint32_t i = 0; i < out->columns.len && at < diff->columns.list->len; i++) {
        DiffColumn *column = &out->columns.at[i];
        if (!str_eq(column->name, value_str(diff->columns.list->at[at])))
            continue;
        column->differing = number_at(table, at++);
        if (!column->differing)
            continue;
        out->differs = true;
        args[3] = value_text(column->name);
        if (samples)
            TRY(ask(diff, "weir__diff_value_samples", args, 5, &column->samples, err));
    }
    return true;
}

static bool compare_by_key(Diff *diff, int64_t samples, Err *err)
{
    DiffReport *out = diff->out;
    TRY(missing_keys(diff, diff->a, diff->b, samples, &out->only_a, &out->samples_a, err));
    TRY(missing_keys(diff, diff->b, diff->a, samples, &out->only_b, &out->samples_b, err));
    TRY(doubles(diff, diff->a, &out->doubles_a, err));
    TRY(doubles(diff, diff->b, &out->doubles_b, err));
    return compare_values(diff, samples, err);
}

static bool missing_rows(Diff *diff, const DiffSide *from, const DiffSide *in, int64_t samples,
                         int64_t *count, Value *shown, Err *err)
{
    Value args[4] = {value_text(from->sql), value_text(in->sql), diff->columns,
                     value_int(samples)}, table;
    *shown = NONE;
    if (!diff->columns.list->len)
        return true;
    TRY(ask(diff, "weir__diff_whole", args, 3, &table, err));
    *count = number_at(table, 0);
    return !*count || !samples || ask(diff, "weir__diff_whole", args, 4, shown, err);
}

bool diff_run(Compiler *compiler, Graph *graph, const DiffSide *a, const DiffSide *b, Value keys,
              int64_t samples, Arena *arena, DiffReport *out, Err *err)
{
    *out = (DiffReport){.samples_a = NONE, .samples_b = NONE};
    Diff diff = {.compiler = compiler, .node = graph->project->nodes.at[0], .a = a, .b = b,
                 .arena = arena, .out = out, .columns = value_list(arena)};
    Result columns_a, columns_b;
    TRY(describe(&diff, a, &columns_a, err));
    TRY(describe(&diff, b, &columns_b, err));
    compare_columns(&diff, &columns_a, &columns_b);
    TRY(choose_keys(&diff, keys, err));
    for (uint32_t i = 0; i < out->columns.len; i++) {
        const DiffColumn *column = &out->columns.at[i];
        if (column->type_a.len && column->type_b.len && !is_key(out, column->name))
            array_add(diff.columns.list, value_text(column->name));
    }
    Value args[2] = {value_text(a->sql), value_text(b->sql)}, table;
    TRY(ask(&diff, "weir__diff_rows", args, 2, &table, err));
    out->rows_a = number_at(table, 0);
    out->rows_b = number_at(table, 1);
    if (out->keys.list->len) {
        TRY(compare_by_key(&diff, samples, err));
    } else {
        TRY(missing_rows(&diff, a, b, samples, &out->only_a, &out->samples_a, err));
        TRY(missing_rows(&diff, b, a, samples, &out->only_b, &out->samples_b, err));
    }
    out->differs |= out->rows_a != out->rows_b || out->only_a || out->only_b;
    return true;
}
