/* prepare.c: before the first node: the database is opened, schemas are made, relations listed.
 * One thread: DuckDB's "create schema if not exists" fails when several do it at once. */
#include "transform/prepare.h"

#include "base/file.h"

enum { OPEN_LOCK_RANK = 30 };

static Lock open_lock = LOCK_INIT(OPEN_LOCK_RANK, "warehouse");

bool runner_open(Runner *runner, Err *err)
{
    lock_take(&open_lock);
    bool ok = true;
    if (!runner->warehouse) {
        Str nearest = STR_NONE;
        const Profile *profile = &runner->project->profile;
        const Engine *engine = engine_find(profile->type, &nearest);
        ok = engine ? warehouse_open(engine, &runner->results_arena, profile->credentials,
                                     &runner->warehouse, err)
                    : err_set(err, ERR_RUNTIME, NOWHERE,
                              "Could not find adapter type " STR_FMT "!%s" STR_FMT "%s",
                              STR_ARG(profile->type), nearest.len ? " Did you mean '" : "",
                              STR_ARG(nearest), nearest.len ? "'?" : "");
    }
    lock_give(&open_lock);
    return ok;
}

bool run_cache_schema(NodeRun *run, Str database, Str schema, Err *err)
{
    Cache *cache = run->runner->cache;
    if (cache_has_schema(cache, database, schema))
        return true;
    Relation *place = relation_make(run->arena, database, schema, STR_NONE, STR(""));
    place->shows_identifier = false;
    Value arg = relation_value(place), listed;
    TRY(run_macro(run, "list_relations_without_caching", &arg, 1, &listed, err));
    cache_add_schema(cache, database, schema);
    if (!value_is_a(listed, &table_type))
        return true;
    for (uint64_t row = 0; row < table_row_count(listed); row++) {
        Str parts[4] = {STR_NONE, STR_NONE, STR_NONE, STR_NONE};
        for (uint32_t i = 0; i < 4 && i < table_column_count(listed); i++)
            parts[i] = value_str(table_cell(listed, row, i));
        /* columns: database, name, schema, type; a function may have the name of a table */
        if (!cache_find(cache, run->arena, parts[0], parts[2], parts[1]))
            cache_add(cache, relation_make(run->arena, parts[0], parts[2], parts[1], parts[3]));
    }
    return true;
}

static bool has_relation(const Node *node)
{
    switch (node->kind) {
    case NODE_MODEL: return !node_is_ephemeral(node);
    case NODE_SEED:
    case NODE_SNAPSHOT: return true;
    case NODE_TEST: return node->relation_name.len != 0;
    default: return false;
    }
}

/* Schemas of the database that exist, in lower case, as a set. */
static bool list_schemas(NodeRun *run, Str database, Dict **out, Err *err)
{
    Value arg = value_text(database), listed;
    TRY(run_macro(run, "list_schemas", &arg, 1, &listed, err));
    *out = dict_make(run->arena, 0);
    for (uint64_t row = 0; value_is_a(listed, &table_type) && row < table_row_count(listed); row++)
        dict_put(*out, str_lower(run->arena, value_str(table_cell(listed, row, 0))), NONE);
    return true;
}

static bool make_schema(NodeRun *run, Dict *databases, Str database, Str schema, Err *err)
{
    Value *known = dict_find(databases, database);
    Dict *existing;
    if (known) {
        existing = known->dict;
    } else {
        TRY(list_schemas(run, database, &existing, err));
        dict_put(databases, database, value_of_dict(existing));
    }
    if (dict_find(existing, str_lower(run->arena, schema)))
        return true;
    Relation *place = relation_make(run->arena, database, schema, STR_NONE, STR(""));
    place->shows_identifier = false;
    Value arg = relation_value(place), ignored;
    TRY(run_macro(run, "create_schema", &arg, 1, &ignored, err));
    TRY(conn_commit(run, err));
    dict_put(existing, str_lower(run->arena, schema), NONE);
    return true;
}

/* Which views stand on which relations: rows dependent schema, name, referenced schema, name. */
static bool link_relations(NodeRun *run, Err *err)
{
    Value rows;
    TRY(run_macro(run, "get_relations", NULL, 0, &rows, err));
    for (uint64_t row = 0; value_is_a(rows, &table_type) && row < table_row_count(rows); row++) {
        Str cells[4];
        for (uint32_t i = 0; i < 4; i++)
            cells[i] = value_str(table_cell(rows, row, i));
        Str database = run->runner->project->profile.database;
        cache_link(run->runner->cache,
                   relation_make(run->arena, database, cells[2], cells[3], STR("")),
                   relation_make(run->arena, database, cells[0], cells[1], STR("")));
    }
    return true;
}

/* Of all nodes, not only those that run: as dbt does, which lists all their schemas. */
static bool check_databases(const Runner *runner, Err *err)
{
    const Project *project = runner->project;
    for (uint32_t i = 0; dialect_now()->has_one_database && i < project->nodes.len; i++)
        if (has_relation(project->nodes.at[i]))
            TRY(run_check_database(runner, project->nodes.at[i]->database, err));
    return true;
}

bool runner_prepare(Runner *runner, Bits runs, Err *err)
{
    Arena arena = {0};
    Node *label = NEW(&arena, Node);
    *label = (Node){.kind = NODE_OPERATION,
                    .unique_id = STR("prepare"),
                    .name = STR("prepare"),
                    .package = runner->project->packages.at[0]->name,
                    .config = value_dict(&arena),
                    .template_context = NONE,
                    .file = STR("prepare"),
                    .original_file_path = STR("prepare")};
    NodeRun run = {0};
    node_run_init(&run, runner, label, &runner->conns[0], &arena);
    Session *session;
    bool ok = check_databases(runner, err) && conn_session(&run, &session, err);
    if (!ok)
        profile_locate(&runner->project->profile, err);
    Dict *databases = dict_make(&arena, 0), *done = dict_make(&arena, 0);
    uint32_t at = 0, number;
    while (ok && bits_next(runs, &at, &number)) {
        const Node *node = runner->project->nodes.at[number];
        if (!has_relation(node))
            continue;
        Str key = str_print(&arena, STR_FMT "." STR_FMT, STR_ARG(node->database),
                            STR_ARG(node->schema));
        if (dict_find(done, key))
            continue;
        dict_put(done, key, NONE);
        ok = make_schema(&run, databases, node->database, node->schema, err) &&
             run_cache_schema(&run, node->database, node->schema, err);
    }
    if (ok && dialect_now()->has_dependents && done->len)
        ok = link_relations(&run, err);
    if (ok)
        conn_rollback(&run);
    arena_drop(&arena);
    return ok;
}
