/* unit_run.c: unit tests: a model's query over given rows, compared with expected rows.
 *
 *   given: --> one stand-in node an input --> a CTE of literals (get_fixture_sql) or the given SQL
 *   the model's own text, rendered with those CTEs for its refs and with the test's overrides
 *     --> materialization `unit` (actual rows union all expected rows) --> unit_diff_print()
 *
 * Source of the rules: dbt-core 1.12.6, by running it. */
#include "transform/unit_test.h"

#include "base/file.h"
#include "transform/unit_diff.h"

typedef struct UnitInput {
    Node *original;            /* the model, seed, snapshot or source; the tested model: `this`   */
    Node *node;                /* what stands for it while it is compiled                         */
    Value given;               /* {input, rows, format, fixture}                                  */
    Str id, cte;               /* "model.shop.orders"; "__dbt__cte__orders"                       */
} UnitInput;

struct UnitTest {
    Node *definition, *tested;
    Node *node;                /* the tested model's text under the test's name                   */
    List(UnitInput *) inputs;
    UnitInput *own;            /* the one of `this`; NULL: none                                   */
    Node *culprit;             /* whose error it is; NULL: the test's                             */
    /* while an input's text is read: the node that it names */
    bool is_reading, is_named;
    Node *named;
};

/* ---- inputs ---- */

static Str input_name(const UnitInput *input, Arena *arena)
{
    const Node *node = input->original;
    if (node->kind == NODE_SOURCE)
        return str_print(arena, STR_FMT "__" STR_FMT, STR_ARG(node->source_name),
                         STR_ARG(node->name));
    return node->name;
}

/* The original under the file of the test, as an ephemeral model. */
static Node *stand_in(const UnitInput *input, const Node *definition, Arena *arena)
{
    Node *node = NEW(arena, Node);
    *node = *input->original;
    node->kind = NODE_MODEL;
    node->path = str_print(arena, STR_FMT ".sql", STR_ARG(node->name));
    node->original_file_path = definition->original_file_path;
    node->file = definition->file;
    node->language = STR("sql");
    node->config = value_dict(arena);
    dict_put(node->config.dict, STR("materialized"), value_lit("ephemeral"));
    dict_put(node->config.dict, STR("enabled"), value_bool(true));
    node->raw_code = STR("");
    node->template = NULL;
    node->template_context = NONE;
    node->compiled = NULL;
    node->extra = NONE;
    node->parents.len = 0;
    return node;
}

static bool fail_input(const struct UnitTest *unit, Str text, bool is_call, Err *err)
{
    const Node *node = unit->definition;
    Place place = {node->file, (int)node->line, 1};
    if (!is_call)
        return err_set(err, ERR_PARSING, place,
                       "Unit test given inputs must be either a 'ref', 'source' or 'this' call. "
                       "Got: '" STR_FMT "'.", STR_ARG(text));
    return err_set(err, ERR_PARSING, place,
                   "Unit test '" STR_FMT "' had an input (" STR_FMT
                   ") which was not found in the manifest.",
                   STR_ARG(node->name), STR_ARG(text));
}

/* Which node "ref('a')" names: found by calling it. */
static bool read_input(NodeRun *run, Str text, Node **out, Err *err)
{
    struct UnitTest *unit = run->unit;
    Str source = str_print(run->arena, "{{ " STR_FMT " }}", STR_ARG(text));
    JinjaSyntax syntax = {0};
    Template *template;
    unit->is_reading = true;
    unit->is_named = false;
    unit->named = NULL;
    AUTO(text) Text ignored = {0};
    RenderOptions options = context_options(&run->context, false);
    Err problem = {0};
    bool ok = jinja_compile(run->arena, source, unit->definition->file, &syntax, &template,
                            &problem) &&
              jinja_render(template, run->arena, &options, &ignored, &problem);
    err_drop(&problem);
    unit->is_reading = false;
    if (!ok || !unit->is_named)
        return fail_input(unit, text, false, err);
    *out = unit->named;
    return *out || fail_input(unit, text, true, err);
}

static bool add_input(NodeRun *run, Value given, Err *err)
{
    struct UnitTest *unit = run->unit;
    Arena *arena = run->arena;
    UnitInput *input = NEW(arena, UnitInput);
    Str text = str_trim(value_get_text(given, "input", STR("")));
    input->given = given;
    if (str_is(text, "this"))
        input->original = unit->tested;
    else
        TRY(read_input(run, text, &input->original, err));
    Str name = input_name(input, arena);
    input->node = stand_in(input, unit->definition, arena);
    input->id = str_print(arena, "model." STR_FMT "." STR_FMT, STR_ARG(input->original->package),
                          STR_ARG(name));
    bool is_source = input->original->kind == NODE_SOURCE;
    input->cte = str_print(arena, "__dbt__cte__" STR_FMT,
                           STR_ARG(is_source ? name : input->original->alias));
    if (input->original == unit->tested)
        unit->own = input;
    for (uint32_t i = 0; i < unit->inputs.len; i++)
        if (str_eq(unit->inputs.at[i]->id, input->id)) { /* the last of a name counts, as in dbt */
            unit->inputs.at[i] = input;
            return true;
        }
    list_add(arena, &unit->inputs, input);
    return true;
}

static bool has_cte(const NodeRun *run, Str id)
{
    for (uint32_t i = 0; i < run->cte_ids.len; i++)
        if (str_eq(run->cte_ids.at[i], id))
            return true;
    return false;
}

static Str file_path(NodeRun *run, const Node *node)
{
    return str_print(run->arena, STR_FMT "/compiled/" STR_FMT "/" STR_FMT "/" STR_FMT,
                     STR_ARG(run->runner->project->target_path), STR_ARG(node->package),
                     STR_ARG(node->original_file_path), STR_ARG(node->path));
}

static bool write_file(NodeRun *run, const Node *node, Str code, Err *err)
{
    if (!run->runner->options.writes_json || !code.len)
        return true;
    return file_update(path_join(run->arena, run->runner->project->project_dir,
                                 file_path(run, node)), code, err);
}

/* "Invalid column name: 'contry' ... are: ['id', 'country']": the nearest is suggested. */
static bool explain_column(Err *err, Arena *arena)
{
    Str text = err->text ? str_copy(arena, str_of(err->text)) : STR("");
    Str head = STR("Invalid column name: '"), known = STR(" are: [");
    ptrdiff_t list = str_find(text, known);
    if (!str_starts(text, head) || list < 0)
        return false;
    Str name = str_slice(text, head.len, text.len), part;
    name = str_slice(name, 0, (size_t)str_find_char(name, '\''));
    text = str_slice(text, (size_t)list + known.len, text.len);
    List(Str) names = {0};
    for (bool is_inside = false; str_next_part(&text, '\'', &part); is_inside = !is_inside)
        if (is_inside)
            list_add(arena, &names, part);
    Str near = str_nearest(name, names.at, names.len);
    if (near.len)
        err_add(err, "\nDid you mean '" STR_FMT "'?", STR_ARG(near));
    return false;
}

/* The SQL of an input's rows. */
static bool input_sql(NodeRun *inner, const UnitInput *input, Str *out, Err *err)
{
    Value rows = value_get(input->given, "rows");
    AUTO(text) Text text = {0};
    if (value_is(value_get(input->given, "format"), "sql")) {
        JinjaSyntax syntax = {.is_dbt = true};
        Template *template;
        RenderOptions options = context_options(&inner->context, false);
        TRY(jinja_compile(inner->arena, value_str(rows), inner->node->file, &syntax, &template,
                          err));
        inner->is_compiling = true;
        TRY(jinja_render(template, inner->arena, &options, &text, err));
    } else {
        Value args[2] = {value_copy(inner->arena, rows), NONE}, made;
        TRY(run_macro(inner, "get_fixture_sql", args, 2, &made, err));
        value_print(made, &text);
    }
    *out = text_copy(inner->arena, &text);
    return true;
}

/* Puts the rows of an input among the CTEs, once. */
static bool use_input(NodeRun *run, const UnitInput *input, Err *err)
{
    if (has_cte(run, input->id))
        return true;
    NodeRun inner = {0};
    node_run_init(&inner, run->runner, input->node, run->conn, run->arena);
    inner.unit = run->unit;
    inner.cancel = run->cancel;
    inner.relation = node_relation(input->original, run->arena); /* whose columns have the types */
    Str code;
    if (!input_sql(&inner, input, &code, err)) {
        run->unit->culprit = input->node;
        explain_column(err, run->arena);
        return node_explain(&inner, err);
    }
    TRY(write_file(run, input->node, code, err));
    for (uint32_t i = 0; i < inner.ctes.len; i++) /* refs within given SQL */
        if (!has_cte(run, inner.cte_ids.at[i])) {
            list_add(run->arena, &run->cte_ids, inner.cte_ids.at[i]);
            list_add(run->arena, &run->ctes, inner.ctes.at[i]);
        }
    list_add(run->arena, &run->cte_ids, input->id);
    list_add(run->arena, &run->ctes,
             (Cte){input->cte, str_print(run->arena, " " STR_FMT " as (\n" STR_FMT "\n)",
                                         STR_ARG(input->cte), STR_ARG(code))});
    return true;
}

/* ---- ref, source, this, var ---- */

static bool give_input(NodeRun *run, const Node *target, const UnitInput **out, Err *err)
{
    struct UnitTest *unit = run->unit;
    *out = NULL;
    for (uint32_t i = 0; target && i < unit->inputs.len; i++)
        if (unit->inputs.at[i]->original == target)
            *out = unit->inputs.at[i];
    return !*out || use_input(run, *out, err);
}

static Value input_relation(NodeRun *run, const UnitInput *input)
{
    Relation *relation = relation_make(run->arena, STR_NONE, STR_NONE, input->cte, STR("cte"));
    relation->quotes_identifier = false;
    return relation_value(relation);
}

static bool fail_missing(const NodeRun *run, const char *kind, Str name, Str call, Err *err)
{
    const Node *node = run->node;
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "%s '" STR_FMT "' (" STR_FMT ") depends on a %s named " STR_FMT
                   " which was not found\nThe test gives no rows for it. Add to `given`:\n"
                   "  - input: " STR_FMT "\n    rows: []",
                   node->kind == NODE_UNIT_TEST ? "Unit_Test" : "Model", STR_ARG(node->unique_id),
                   STR_ARG(node->original_file_path), kind, STR_ARG(name), STR_ARG(call));
}

/* What a name means to the test: noted while an `input:` is read, else the given rows. *out
 * UNDEFINED: none are given. */
static bool take_input(NodeRun *run, Node *target, Value *out, Err *err)
{
    struct UnitTest *unit = run->unit;
    *out = NONE;
    if (unit->is_reading) {
        unit->is_named = true;
        unit->named = unit->named ? unit->named : target;
        return true;
    }
    const UnitInput *input;
    TRY(give_input(run, target, &input, err));
    *out = input ? input_relation(run, input) : UNDEFINED;
    return true;
}

bool unit_test_ref(NodeRun *run, const RefCall *ref, Value *out, Err *err)
{
    Node *target = graph_find_ref(run->runner->graph, run->node->package, ref, NULL);
    TRY(take_input(run, target, out, err));
    if (!value_is_undefined(*out))
        return true;
    AUTO(text) Text name = {0}, call = {0};
    text_print(&name, "'" STR_FMT "'", STR_ARG(ref->name));
    text_print(&call, "ref('" STR_FMT "%s" STR_FMT "'",
               STR_ARG(ref->package.len ? ref->package : ref->name), ref->package.len ? "', '" : "",
               STR_ARG(ref->package.len ? ref->name : STR("")));
    if (!value_is_none(ref->version)) {
        text_add_c(&name, " with version '");
        value_print(ref->version, &name);
        text_add_char(&name, '\'');
        text_add_c(&call, ", v=");
        value_repr(ref->version, &call);
    }
    if (ref->package.len)
        text_print(&name, " in package or project '" STR_FMT "'", STR_ARG(ref->package));
    text_add_char(&call, ')');
    return fail_missing(run, "node", text_str(&name), text_str(&call), err);
}

bool unit_test_source(NodeRun *run, Str source, Str table, Value *out, Err *err)
{
    Node *target = graph_find_source(run->runner->graph, run->node->package, source, table, NULL);
    TRY(take_input(run, target, out, err));
    if (!value_is_undefined(*out))
        return true;
    return fail_missing(run, "source",
                        str_print(run->arena, "'" STR_FMT "." STR_FMT "'", STR_ARG(source),
                                  STR_ARG(table)),
                        str_print(run->arena, "source('" STR_FMT "', '" STR_FMT "')",
                                  STR_ARG(source), STR_ARG(table)),
                        err);
}

Value unit_test_this(NodeRun *run)
{
    const UnitInput *own = run->unit->own;
    return own ? value_text(own->cte) : NONE;
}

static Value overrides_of(const struct UnitTest *unit, const char *part)
{
    return value_get(value_get(unit->definition->extra, "overrides"), part);
}

bool unit_test_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    NodeRun *run = context->owner;
    Value own = value_get_str(overrides_of(run->unit, "vars"), name);
    *is_found = !value_is_undefined(own);
    if (!*is_found)
        return phase_run.var(context, name, out, is_found, err);
    *out = value_copy_shallow_text(context->arena, own);
    return true;
}

/* ---- overrides of macros and of the environment ---- */

typedef struct Override {
    Object base;
    Value value;               /* of a macro: what it gives. Of a package: a dict of them       */
    Str package;
    NodeRun *run;
} Override;

static bool override_call(Object *self, Call *call, Value *out, Err *err)
{
    (void)call, (void)err;
    *out = ((Override *)self)->value;
    return true;
}

static const ObjectType override_type = {.name = "macro override", .call = override_call};

static Value override_make(Arena *arena, Value value)
{
    Override *made = NEW(arena, Override);
    *made = (Override){.base = {&override_type}, .value = value};
    return value_of_object(&made->base);
}

/* A package of macros some of which are overridden. */
static bool package_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Override *package = (Override *)self;
    *out = value_get_str(package->value, name);
    if (!value_is_undefined(*out))
        return true;
    const Library *library = package->run->runner->project->library;
    MacroEntry *entry = library_find(library, package->package, name);
    if (entry)
        *out = value_of_object(&entry->macro->base);
    return true;
}

static const ObjectType package_type = {
    .name = "MacroNamespace", .get = package_get, .is_mapping = true};

/* The dict of a package's overrides; made with the package when it is the first. */
static Dict *package_overrides(NodeRun *run, Dict *extra, Str package)
{
    Value *found = dict_find(extra, package);
    if (found && value_is_a(*found, &package_type))
        return ((Override *)found->object)->value.dict;
    Override *made = NEW(run->arena, Override);
    *made = (Override){{&package_type}, value_dict(run->arena), package, run};
    dict_put(extra, package, value_of_object(&made->base));
    return made->value.dict;
}

static void override_macro(NodeRun *run, Dict *extra, Str name, Value value)
{
    const Library *library = run->runner->project->library;
    ptrdiff_t dot = str_find_char(name, '.');
    if (dot < 0) {
        bool is_macro = library_resolve(library, run->node->package, name, str_hash(name)) != NULL;
        Value made = is_macro ? override_make(run->arena, value) : value;
        dict_put(extra, name, made);
        if (library_find(library, STR("dbt"), name))
            dict_put(package_overrides(run, extra, STR("dbt")), name, made);
        return;
    }
    Str package = str_slice(name, 0, (size_t)dot);
    name = str_slice(name, (size_t)dot + 1, name.len);
    if (!library_find(library, package, name))
        return;
    Value made = override_make(run->arena, value);
    dict_put(package_overrides(run, extra, package), name, made);
    if (str_is(package, "dbt") && !dict_find(extra, name))
        dict_put(extra, name, made);
}

static bool call_env_var(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"var", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "env_var", names, 2, 1, slots, err));
    const Override *override = (Override *)self;
    Value own = value_get_str(override->value, value_str(slots[0]));
    if (!value_is_undefined(own)) {
        *out = own;
        return true;
    }
    Value original;
    Str name = STR("env_var");
    TRY(context_builtin(&override->run->context, name, &original, err));
    return value_call(original, call, out, err);
}

static Dict *overrides_make(NodeRun *run)
{
    Arena *arena = run->arena;
    Dict *extra = dict_make(arena, 4);
    Value macros = overrides_of(run->unit, "macros"), key, value;
    for (int with_package = 1; with_package >= 0; with_package--) /* plain names win */
        for (uint32_t at = 0;
             macros.kind == VALUE_DICT && dict_next(macros.dict, &at, &key, &value);)
            if ((str_find_char(value_str(key), '.') >= 0) == with_package)
                override_macro(run, extra, value_str(key), value);
    Value env_vars = overrides_of(run->unit, "env_vars");
    if (env_vars.kind == VALUE_DICT && env_vars.dict->len) {
        Override *made = NEW(arena, Override);
        *made = (Override){.value = env_vars, .run = run};
        made->base.type = &override_type;
        dict_put(extra, STR("env_var"),
                 value_function(arena, "env_var", call_env_var, &made->base));
    }
    return extra;
}

/* ---- compiling ---- */

static Node *unit_node(const struct UnitTest *unit, Arena *arena)
{
    const Node *definition = unit->definition, *tested = unit->tested;
    Node *node = NEW(arena, Node);
    *node = *definition;
    AUTO(text) Text name = {0};
    text_add(&name, definition->name);
    if (!value_is_none(tested->version)) {
        text_add_c(&name, "_v");
        value_print(tested->version, &name);
    }
    node->name = node->alias = text_copy(arena, &name);
    Str folder = path_folder(definition->original_file_path);
    node->path = str_print(arena, STR_FMT "%s" STR_FMT ".sql", STR_ARG(folder),
                           folder.len ? "/" : "", STR_ARG(node->name));
    node->raw_code = tested->raw_code;
    node->template = tested->template;
    node->database = tested->database;
    node->schema = tested->schema;
    node->quotes_database = tested->quotes_database;
    node->quotes_schema = tested->quotes_schema;
    node->quotes_identifier = tested->quotes_identifier;
    node->refs = tested->refs;
    node->sources = tested->sources;
    node->compiled = NULL;
    node->template_context = NONE;
    Value expect = value_get(definition->extra, "expect"), rows = value_get(expect, "rows");
    bool is_sql = value_is(value_get(expect, "format"), "sql");
    node->config = value_dict(arena);
    dict_put(node->config.dict, STR("materialized"), value_lit("unit"));
    dict_put(node->config.dict, STR("expected_rows"), is_sql ? value_list(arena) : rows);
    dict_put(node->config.dict, STR("expected_sql"), is_sql ? rows : NONE);
    return node;
}

/* Renders the tested model over the given rows; the result is the definition's, too, as long as
 * the run. */
static bool compile(NodeRun *run, Err *err)
{
    struct UnitTest *unit = run->unit;
    if (unit->own)
        TRY(use_input(run, unit->own, err));
    Template *template;
    TRY(node_template(unit->tested, run->arena, &template, err));
    AUTO(text) Text rendered = {0};
    run->context.phase = &phase_unit;
    run->context.extra = overrides_make(run);
    RenderOptions options = context_options(&run->context, false);
    options.cancel = run->cancel;
    run->is_compiling = true;
    if (!jinja_render(template, run->arena, &options, &rendered, err))
        return unit->culprit ? false : node_explain(run, err);
    Str bare = text_str(&rendered);
    Arena *arena = &run->conn->arena;
    Compiled *compiled = NEW(arena, Compiled);
    compiled->code = str_copy(arena, run->ctes.len ? sql_add_ctes(run->arena, bare, run->ctes.at,
                                                                  run->ctes.len)
                                                   : bare);
    compiled->bare = str_copy(arena, bare);
    compiled->path = str_copy(arena, file_path(run, run->node));
    compiled->extra_ctes = value_list(arena);
    TRY(write_file(run, run->node, compiled->code, err));
    run->node->compiled = compiled;
    __atomic_store_n(&unit->definition->compiled, compiled, __ATOMIC_RELEASE);
    return true;
}

/* ---- comparing ---- */

/* Python's order of two cells, nothing last. */
static int compare_cells(Value a, Value b)
{
    bool a_none = value_is_none(a), b_none = value_is_none(b);
    if (a_none || b_none)
        return a_none - b_none;
    Err ignored = {0};
    int order = 0;
    if (value_compare(a, b, "<", &order, &ignored))
        return order;
    err_drop(&ignored);
    AUTO(text) Text left = {0}, right = {0};
    value_print(a, &left);
    value_print(b, &right);
    return str_compare(text_str(&left), text_str(&right));
}

typedef struct Rows {
    Value table;
    uint32_t mark;             /* the column that says which side a row is of                    */
    List(uint64_t) at;
} Rows;

static int compare_rows(const Rows *rows, uint64_t a, uint64_t b)
{
    for (uint32_t c = 0; c < table_column_count(rows->table); c++) {
        int order = c == rows->mark ? 0 : compare_cells(table_cell(rows->table, a, c),
                                                        table_cell(rows->table, b, c));
        if (order)
            return order;
    }
    return 0;
}

/* Merge sort: rows that are equal stay in order. */
static void sort_rows(Arena *arena, const Rows *rows, uint64_t *at, uint32_t count)
{
    if (count < 2)
        return;
    uint32_t half = count / 2;
    sort_rows(arena, rows, at, half);
    sort_rows(arena, rows, at + half, count - half);
    uint64_t *merged = NEW_N(arena, uint64_t, count);
    for (uint32_t i = 0, left = 0, right = half; i < count; i++) {
        bool takes_left = right == count ||
                          (left < half && compare_rows(rows, at[left], at[right]) <= 0);
        merged[i] = takes_left ? at[left++] : at[right++];
    }
    memcpy(at, merged, count * sizeof(*at));
}

static DiffTable side_table(Arena *arena, Value table, uint32_t mark, const char *side)
{
    Rows rows = {.table = table, .mark = mark};
    for (uint64_t r = 0; r < table_row_count(table); r++)
        if (value_is(table_cell(table, r, mark), side))
            list_add(arena, &rows.at, r);
    sort_rows(arena, &rows, rows.at.at, rows.at.len);
    uint32_t columns = table_column_count(table), width = columns - 1;
    DiffCell *cells = NEW_N(arena, DiffCell, (size_t)width * (rows.at.len + 1) + 1), *at = cells;
    for (uint32_t c = 0; c < columns; c++)
        if (c != mark)
            *at++ = (DiffCell){str_lower(arena, table_column_name(table, c)), false};
    for (uint32_t r = 0; r < rows.at.len; r++)
        for (uint32_t c = 0; c < columns; c++) {
            if (c == mark)
                continue;
            Value cell = table_cell(table, rows.at.at[r], c);
            AUTO(text) Text text = {0};
            value_print(cell, &text);
            *at++ = (DiffCell){text_copy(arena, &text), value_is_none(cell)};
        }
    return (DiffTable){cells, width, rows.at.len + 1};
}

static uint32_t mark_column(Value table)
{
    uint32_t count = table_column_count(table);
    for (uint32_t c = count; c-- > 0;)
        if (str_eq_fold(table_column_name(table, c), STR("actual_or_expected")))
            return c;
    return count;
}

static bool compare(NodeRun *run, NodeResult *result, Err *err)
{
    Value table, response;
    TRY(run_main_result(run, "table", &table, err));
    TRY(run_main_result(run, "response", &response, err));
    uint32_t mark = value_is_a(table, &table_type) ? mark_column(table) : 0;
    if (!value_is_a(table, &table_type) || mark == table_column_count(table))
        return err_set(err, ERR_INTERNAL, NOWHERE,
                       "the materialization 'unit' gave no rows with actual_or_expected");
    bool has_colors = value_truth(value_get(run->runner->project->invocation->args, "use_colors"));
    DiffTable expected = side_table(run->arena, table, mark, "expected");
    DiffTable actual = side_table(run->arena, table, mark, "actual");
    AUTO(text) Text diff = {0};
    result->adapter_response = response;
    result->status = STATUS_PASS;
    result->failures = 0;
    if (!unit_diff_print(run->arena, &expected, &actual, has_colors, &diff))
        return true;
    result->status = STATUS_FAIL;
    result->failures = 1;
    result->message = str_print(run->arena, "\n\n%sactual%s differs from %sexpected%s:\n\n" STR_FMT
                                "\n", has_colors ? "\x1b[32m" : "", has_colors ? "\x1b[0m" : "",
                                has_colors ? "\x1b[31m" : "", has_colors ? "\x1b[0m" : "",
                                STR_ARG(text_str(&diff)));
    return true;
}

/* ---- the whole ---- */

static bool fail_execution(const struct UnitTest *unit, Err *err)
{
    AUTO(text) Text what = {0};
    err_print(err, &what);
    err_drop(err);
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "An error occurred during execution of unit test '" STR_FMT
                   "'. There may be an error in the unit test definition: check the data types.\n "
                   STR_FMT, STR_ARG(unit->definition->name), STR_ARG(text_str(&what)));
}

bool unit_test_execute(NodeRun *run, NodeResult *result, Err *err)
{
    struct UnitTest unit = {.definition = run->node};
    assert(run->node->parents.len);
    unit.tested = run->node->parents.at[0];
    unit.node = unit_node(&unit, run->arena);
    NodeRun compiling = {0}, running = {0};
    node_run_init(&compiling, run->runner, unit.node, run->conn, run->arena);
    compiling.unit = &unit;
    compiling.cancel = run->cancel;
    Value given = value_get(run->node->extra, "given");
    for (uint32_t i = 0; i < given.list->len; i++)
        TRY(add_input(&compiling, given.list->at[i], err));
    bool ok = compile(&compiling, err);
    result->culprit = unit.culprit;
    TRY(ok);
    result->is_compiled = true;
    node_run_init(&running, run->runner, unit.node, run->conn, run->arena);
    running.cancel = run->cancel;
    if (!run_materialization(&running, STR("unit"), err)) {
        result->is_compiled = false;
        explain_column(err, run->arena);
        node_explain(&running, err);
        return fail_execution(&unit, err);
    }
    return compare(&running, result, err);
}
