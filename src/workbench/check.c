/* check.c: every model bound against its parents' columns on empty tables.
 *
 *   names moved to a place of their own -> each node, parents first: compile -> bind -> an empty
 *   table
 */
#include "base/event.h"
#include "base/process.h"
#include "sql/sql.h"
#include "workbench/check.h"

typedef enum Standing {
    NOT_LOOKED_AT, STANDS, HAS_NO_COLUMNS, /* nobody knows its columns */
} Standing;

typedef struct Moved {
    Str database, schema;      /* as they were                     */
    Value place;               /* list: database, schema of the check */
} Moved;

typedef struct Check {
    Graph *graph;
    Arena *arena;
    Compiler *compiler;
    CheckReport *report;
    Standing *standing;        /* by number of the node              */
    const Node **unknown;      /* by number: the node whose columns are missing */
    Str *real_names;           /* by number: the relation as the project has it */
    Map places;                /* "database.schema" -> Moved         */
    bool reads_rows;           /* a template asked for rows of an empty table */
} Check;

static const char marker[] = "__weir_check";

/* ---- findings ---- */

static Finding *add_finding(Check *check, const Node *node, FindingLevel level, Str message)
{
    Finding finding = {.node = node, .level = level, .place = {.file = node->file},
                       .message = str_replace(check->arena, str_copy(check->arena, message),
                                              str_of(marker), STR("")),
                       .line = STR("")};
    list_add(check->arena, &check->report->findings, finding);
    check->report->levels[level]++;
    return &check->report->findings.at[check->report->findings.len - 1];
}

/* The source line of an excerpt: "   |", "12 | the line", "   |  ^". */
static Str excerpt_line(Arena *arena, const Err *err)
{
    Str rest = str_of(err->excerpt ? err->excerpt : ""), line;
    if (!str_next_part(&rest, '\n', &line) || !str_next_part(&rest, '\n', &line))
        return STR("");
    ptrdiff_t bar = str_find(line, STR("| "));
    return bar < 0 ? STR("") : str_copy(arena, str_slice(line, (size_t)bar + 2, line.len));
}

/* An error of compiling: it knows its place, or its trail does. */
static void add_compile_error(Check *check, const Node *node, Err *err)
{
    AUTO(text) Text body = {0};
    Place place = err->place;
    Err bare = {.kind = err->kind, .text = err->text, .trail = err->trail};
    err_print(place.line ? &bare : err, &body);
    Finding *finding = add_finding(check, node, FINDING_ERROR, text_str(&body));
    if (place.line) {
        finding->place = (Place){str_copy(check->arena, place.file), place.line, place.column};
        finding->line = excerpt_line(check->arena, err);
    }
    err_drop(err);
}

static void add_bind_error(Check *check, const Node *node, Str code, uint32_t first_line, Err *err)
{
    Fault fault = fault_read(check->arena, str_of(err->text), first_line);
    bool is_generic = node->kind == NODE_TEST && node->attached;
    Str message = is_generic ? str_print(check->arena, "data test " STR_FMT ": " STR_FMT,
                                         STR_ARG(node->name), STR_ARG(fault.message))
                             : fault.message;
    Finding *finding = add_finding(check, node, FINDING_ERROR, message);
    if (is_generic) /* its SQL is a macro's: what a person wrote is the column it stands at */
        column_place(check->arena, check->graph->project, node->attached, node->column_name,
                     finding);
    else
        fault_place(check->arena, node, code, &fault, finding);
    finding->line = str_replace(check->arena, finding->line, str_of(marker), STR(""));
    err_drop(err);
}

/* ---- a place of its own ---- */

static bool is_built(const Node *node)
{
    return (node->kind == NODE_MODEL && !node_is_ephemeral(node)) || node->kind == NODE_SEED ||
           node->kind == NODE_SNAPSHOT;
}

static bool find_place(Check *check, Node *node, Moved **out, Err *err)
{
    Str key = str_print(check->arena, STR_FMT "." STR_FMT, STR_ARG(node->database),
                        STR_ARG(node->schema));
    *out = map_find(&check->places, key);
    if (*out)
        return true;
    Moved *moved = NEW(check->arena, Moved);
    *moved = (Moved){node->database, node->schema, NONE};
    Value args[2] = {value_text(node->database), value_text(node->schema)}, place, ignored;
    TRY(compiler_macro(check->compiler, node, "weir__check_place", args, 2, check->arena, &place,
                       err));
    moved->place = value_copy(check->arena, place);
    const Array *parts = moved->place.list;
    TRY(compiler_macro(check->compiler, node, "weir__check_open", parts->at, 2, check->arena,
                       &ignored, err));
    map_put(&check->places, key, moved);
    *out = moved;
    return true;
}

static bool move_node(Check *check, Node *node, Err *err)
{
    Moved *moved;
    TRY(find_place(check, node, &moved, err));
    const Relation *real = node_relation(node, check->arena);
    check->real_names[node->index] = relation_render(check->arena, real);
    node->database = value_str(moved->place.list->at[0]);
    node->schema = value_str(moved->place.list->at[1]);
    node->relation_name = relation_render(check->arena, node_relation(node, check->arena));
    return true;
}

static void close_places(Check *check)
{
    uint32_t at = 0;
    Str key;
    void *what;
    while (map_next(&check->places, &at, &key, &what)) {
        const Moved *moved = what;
        Value ignored;
        Err err = {0};
        Node *any = check->graph->project->nodes.at[0];
        if (!compiler_macro(check->compiler, any, "weir__check_close", moved->place.list->at, 2,
                            check->arena, &ignored, &err))
            event_print(LEVEL_DEBUG, "CheckClose", "W100", "check: %s", err.text);
        err_drop(&err);
    }
}

/* ---- what templates ask while they are compiled ---- */

/* Rows of an empty table were asked for: what is made of them is not what will run. */
static void look_at_statement(void *context, Str sql, int64_t us)
{
    (void)us;
    Check *check = context;
    if (str_find(sql, str_of(marker)) < 0)
        return;
    size_t at = 0;
    Str before = STR("");
    for (;;) {
        SqlToken token = sql_next_code(sql, &at);
        if (token.kind == SQL_END)
            return;
        if (token.kind == SQL_NAME && str_find(token.text, str_of(marker)) >= 0 &&
            !str_eq_fold(before, STR("describe")))
            check->reads_rows = true;
        if (token.kind == SQL_WORD)
            before = token.text;
    }
}

static bool compile(Check *check, Node *node, Arena *arena, Str *code, Err *err)
{
    check->reads_rows = false;
    engine_trace(look_at_statement, check);
    bool ok = compiler_compile(check->compiler, node, arena, code, err);
    engine_trace(NULL, NULL);
    return ok;
}

/* ---- standing in ---- */

static bool call_macro(Check *check, Node *node, const char *name, Value arg, Arena *arena,
                       Err *err)
{
    Value ignored;
    return compiler_macro(check->compiler, node, name, &arg, 1, arena, &ignored, err);
}

/* What cannot be bound stands as it is in the database, so that its children can be looked at. */
static void stand_in(Check *check, Node *node)
{
    Arena arena = {0};
    Err err = {0};
    Value name = value_text(check->real_names[node->index]);
    bool ok = call_macro(check, node, "weir__check_copy", name, &arena, &err);
    err_drop(&err);
    arena_drop(&arena);
    check->standing[node->index] = ok ? STANDS : HAS_NO_COLUMNS;
    if (!ok)
        check->unknown[node->index] = node;
    else
        compiler_know(check->compiler, node, "table");
}

/* The columns of a source as its YAML declares them; false if one has no type. */
static bool declared_columns(const Node *node, Value *out)
{
    uint32_t at = 0;
    Value key, column;
    if (node->columns.kind != VALUE_DICT || !node->columns.dict->len)
        return false;
    while (dict_next(node->columns.dict, &at, &key, &column))
        if (!value_get_text(column, "data_type", STR("")).len)
            return false;
    at = 0;
    while (dict_next(node->columns.dict, &at, &key, &column))
        array_add(out->list, column);
    return true;
}

static void look_at_source(Check *check, Node *node)
{
    Arena arena = {0};
    Err err = {0};
    Result columns;
    Str sql = str_print(&arena, "select * from " STR_FMT,
                        STR_ARG(relation_render(&arena, node_relation(node, &arena))));
    Value declared = value_list(check->arena);
    Session *session = compiler_session(check->compiler);
    bool is_there = !value_is_undefined(value_get(node->meta, "external_location")) ||
                    session_describe(session, &arena, sql, &columns, &err);
    check->standing[node->index] = STANDS;
    if (!is_there) {
        err_drop(&err);
        bool ok = declared_columns(node, &declared) && move_node(check, node, &err) &&
                  call_macro(check, node, "weir__check_declare", declared, &arena, &err);
        if (!ok) {
            check->standing[node->index] = HAS_NO_COLUMNS;
            check->unknown[node->index] = node;
        }
    }
    err_drop(&err);
    arena_drop(&arena);
    check->report->counts[NODE_SOURCE]++;
}

/* ---- one node ---- */

/* The first parent whose columns nobody knows, or NULL. */
static const Node *unknown_parent(const Check *check, const Node *node)
{
    for (uint32_t i = 0; i < node->parents.len; i++) {
        uint32_t number = node->parents.at[i]->index;
        if (check->standing[number] == HAS_NO_COLUMNS)
            return check->unknown[number] ? check->unknown[number] : node->parents.at[i];
    }
    return NULL;
}

static Str described_nearest(const Result *found, Str name)
{
    Arena arena = {0};
    Str *names = NEW_N(&arena, Str, found->column_count + 1);
    for (uint32_t i = 0; i < found->column_count; i++)
        names[i] = found->columns[i].name;
    Str nearest = str_nearest(name, names, found->column_count);
    arena_drop(&arena);
    return nearest;
}

static bool has_column(const Result *found, Str name)
{
    for (uint32_t i = 0; i < found->column_count; i++)
        if (str_eq_fold(found->columns[i].name, name))
            return true;
    return false;
}

/* Columns that a property file describes and the model does not have. */
static void look_at_described(Check *check, const Node *node, Arena *arena)
{
    if (node->columns.kind != VALUE_DICT || !node->columns.dict->len)
        return;
    Result found;
    Err err = {0};
    Str sql = str_print(arena, "select * from " STR_FMT, STR_ARG(node->relation_name));
    bool ok = session_describe(compiler_session(check->compiler), arena, sql, &found, &err);
    err_drop(&err);
    uint32_t at = 0;
    Value key, column;
    while (ok && dict_next(node->columns.dict, &at, &key, &column)) {
        Str name = value_get_text(column, "name", value_str(key));
        if (has_column(&found, name))
            continue;
        Str nearest = described_nearest(&found, name);
        Str text = str_print(arena, "column \"" STR_FMT "\" is described, but %s '" STR_FMT
                             "' has no such column%s" STR_FMT "%s", STR_ARG(name),
                             node_kind_name(node->kind), STR_ARG(node->name),
                             nearest.len ? "; did you mean \"" : "", STR_ARG(nearest),
                             nearest.len ? "\"?" : "");
        column_place(check->arena, check->graph->project, node, name,
                     add_finding(check, node, FINDING_WARNING, text));
    }
}

/* A contract is compared before the table is made: as when it runs. */
static bool look_at_contract(Check *check, Node *node, Str code, Arena *arena)
{
    if (!value_truth(value_get(node->contract, "enforced")))
        return true;
    Err err = {0};
    Value arg = value_text(code), ignored;
    if (compiler_macro(check->compiler, node, "get_assert_columns_equivalent", &arg, 1, arena,
                       &ignored, &err))
        return true;
    Finding *finding = add_finding(check, node, FINDING_ERROR, str_trim(str_of(err.text)));
    finding->place = (Place){.file = node->file};
    err_drop(&err);
    return false;
}

/* The rule that runs from the second time on. */
static void look_at_increment(Check *check, Node *node, Str first, Arena *arena)
{
    if (!str_is(node_materialized(node), "incremental"))
        return;
    Err err = {0};
    Str code;
    Result columns;
    if (!compile(check, node, arena, &code, &err)) {
        add_compile_error(check, node, &err);
    } else if (!str_eq(code, first) &&
               !session_describe(compiler_session(check->compiler), arena, code, &columns, &err)) {
        if (check->reads_rows)
            err_drop(&err);
        else
            add_bind_error(check, node, code, 1, &err);
    }
}

static void fail_unknown(Check *check, Node *node, const Node *parent)
{
    Str text = str_print(check->arena, "not checked: the columns of %s '" STR_FMT "%s" STR_FMT
                         "' are not known%s", node_kind_name(parent->kind),
                         STR_ARG(parent->kind == NODE_SOURCE ? parent->source_name : STR("")),
                         parent->kind == NODE_SOURCE ? "." : "", STR_ARG(parent->name),
                         parent->kind == NODE_SOURCE
                             ? " (it is not in the database; give its columns a data_type)"
                             : "");
    add_finding(check, node, FINDING_UNKNOWN, text);
    if (is_built(node))
        stand_in(check, node);
    if (check->standing[node->index] == HAS_NO_COLUMNS)
        check->unknown[node->index] = parent;
}

static void look_at_model(Check *check, Node *node, Arena *arena)
{
    Str code;
    Err err = {0};
    if (!str_is(node->language, "sql")) {
        add_finding(check, node, FINDING_UNKNOWN, STR("not checked: it is no SQL"));
        stand_in(check, node);
        return;
    }
    if (!compile(check, node, arena, &code, &err)) {
        add_compile_error(check, node, &err);
        if (is_built(node))
            stand_in(check, node);
        return;
    }
    bool reads_rows = check->reads_rows, is_snapshot = node->kind == NODE_SNAPSHOT;
    const char *macro = is_snapshot ? "weir__check_bind_snapshot" : "weir__check_bind";
    Session *session = compiler_session(check->compiler);
    Result columns;
    bool ok = is_built(node) ? call_macro(check, node, macro, value_text(code), arena, &err)
                             : session_describe(session, arena, code, &columns, &err);
    if (ok) {
        check->standing[node->index] = STANDS;
        if (is_built(node) && look_at_contract(check, node, code, arena)) {
            look_at_described(check, node, arena);
            compiler_know(check->compiler, node, "table");
            look_at_increment(check, node, code, arena);
        }
        return;
    }
    if (reads_rows) {
        err_drop(&err);
        add_finding(check, node, FINDING_UNKNOWN,
                    STR("not checked: its SQL is made of rows of its parents"));
    } else {
        add_bind_error(check, node, code, is_snapshot ? 3 : is_built(node) ? 2 : 1, &err);
    }
    if (is_built(node))
        stand_in(check, node);
}

static void look_at_seed(Check *check, Node *node, Arena *arena)
{
    Err err = {0};
    if (compiler_make_seed(check->compiler, node, arena, &err)) {
        check->standing[node->index] = STANDS;
        compiler_know(check->compiler, node, "table");
        look_at_described(check, node, arena);
        return;
    }
    add_compile_error(check, node, &err);
    stand_in(check, node);
}

static void look_at(Check *check, Node *node)
{
    Arena arena = {0};
    const Node *unknown = unknown_parent(check, node);
    if (node->kind == NODE_SOURCE) {
        look_at_source(check, node);
    } else if (unknown) {
        fail_unknown(check, node, unknown);
    } else if (node->kind == NODE_SEED) {
        look_at_seed(check, node, &arena);
    } else {
        look_at_model(check, node, &arena);
    }
    if (node->kind != NODE_SOURCE)
        check->report->counts[node->kind]++;
    arena_drop(&arena);
}

static bool is_looked_at(const Node *node)
{
    if (!node->is_enabled)
        return false;
    switch (node->kind) {
    case NODE_MODEL:
    case NODE_SEED:
    case NODE_SNAPSHOT:
    case NODE_SOURCE: return true;
    case NODE_ANALYSIS:
    case NODE_TEST: return str_is(node->language, "sql");
    default: return false;
    }
}

/* The selected nodes and, unless a state stands for them, all that they stand on. */
static Bits nodes_needed(const Graph *graph, Bits selected, bool has_state, Arena *arena)
{
    Bits needed = bits_copy(arena, selected);
    for (uint32_t i = graph->count; i-- > 0;) {
        uint32_t number = graph->order[i];
        if (!bits_has(needed, number))
            continue;
        for (uint32_t p = graph->parent_start[number]; p < graph->parent_start[number + 1]; p++) {
            const Node *parent = graph->project->nodes.at[graph->parents[p]];
            if (!has_state || parent->kind == NODE_SOURCE || node_is_ephemeral(parent))
                bits_add(needed, graph->parents[p]);
        }
    }
    return needed;
}

bool check_run(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
               CheckReport *out, Err *err)
{
    *out = (CheckReport){0};
    Check check = {.graph = graph, .arena = arena, .report = out};
    RunOptions how = *options;
    how.mode = RUN_COMPILE;
    how.writes_json = false; /* target/compiled/ keeps what the project says */
    how.threads = 1;
    map_init(&check.places, arena);
    check.standing = NEW_N(arena, Standing, graph->count + 1);
    check.unknown = NEW_N(arena, const Node *, graph->count + 1);
    check.real_names = NEW_N(arena, Str, graph->count + 1);
    Bits needed = nodes_needed(graph, selected, how.defers && how.state, arena);
    TRY(compiler_open(graph, needed, &how, arena, &check.compiler, err));
    bool ok = true;
    for (uint32_t i = 0; ok && i < graph->count && !interrupt_seen(); i++) {
        Node *node = graph->project->nodes.at[graph->order[i]];
        if (bits_has(needed, node->index) && node->is_enabled && is_built(node))
            ok = move_node(&check, node, err);
    }
    for (uint32_t i = 0; ok && i < graph->count && !interrupt_seen(); i++) {
        Node *node = graph->project->nodes.at[graph->order[i]];
        if (bits_has(needed, node->index) && is_looked_at(node))
            look_at(&check, node);
    }
    close_places(&check);
    return ok;
}
