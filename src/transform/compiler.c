/* compiler.c: one connection on which nodes are compiled, for rooms that look at a project rather
 * than run it. */
#include "transform/run.h"

struct Compiler {
    Runner *runner;
    Conn *conn;
    Arena arena;               /* of the compiler */
};

static void compiler_drop(void *what)
{
    arena_drop(&((Compiler *)what)->arena);
}

bool compiler_open(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                   Compiler **out, Err *err)
{
    Compiler *compiler = NEW(arena, Compiler);
    arena_on_drop(arena, compiler_drop, compiler);
    NodeResults *results = NEW(arena, NodeResults);
    compiler->runner = runner_make(graph, selected, options, arena, results);
    compiler->conn = &compiler->runner->conns[0];
    Node *label = operation_node(graph, STR("compiler"), &compiler->arena);
    NodeRun run = {0};
    Session *session;
    node_run_init(&run, compiler->runner, label, compiler->conn, &compiler->arena);
    TRY(conn_session(&run, &session, err));
    *out = compiler;
    return true;
}

Session *compiler_session(Compiler *compiler)
{
    return compiler->conn->session;
}


bool compiler_compile(Compiler *compiler, Node *node, Arena *arena, Str *code, Err *err)
{
    NodeRun run = {0};
    node_run_init(&run, compiler->runner, node, compiler->conn, arena);
    __atomic_store_n(&node->compiled, NULL, __ATOMIC_RELEASE);
    bool ok = node_compile(&run, err) || node_explain(&run, err);
    conn_rollback(&run);
    if (ok)
        *code = node->compiled ? node->compiled->code : STR("");
    return ok;
}

bool compiler_macro(Compiler *compiler, Node *node, const char *name, const Value *args,
                    uint32_t count, Arena *arena, Value *out, Err *err)
{
    NodeRun run = {0};
    node_run_init(&run, compiler->runner, node, compiler->conn, arena);
    bool ok = run_macro(&run, name, args, count, out, err) && conn_commit(&run, err);
    conn_rollback(&run);
    return ok;
}

bool compiler_make_seed(Compiler *compiler, Node *node, Arena *arena, Err *err)
{
    NodeRun run = {0};
    node_run_init(&run, compiler->runner, node, compiler->conn, arena);
    Value table, ignored;
    Str path = seed_path(compiler->runner, node, arena);
    TRY(seed_table_load(arena, node, path, UINT64_MAX, &table, err));
    Value args[2] = {run_model(&run), table};
    bool ok = run_macro(&run, "create_csv_table", args, 2, &ignored, err) && conn_commit(&run, err);
    conn_rollback(&run);
    return ok;
}

void compiler_know(Compiler *compiler, const Node *node, const char *type)
{
    Relation *relation = relation_make(compiler->runner->arena, node->database, node->schema,
                                       node->alias, str_of(type));
    cache_add_schema(compiler->runner->cache, node->database, node->schema);
    cache_add(compiler->runner->cache, relation);
}
