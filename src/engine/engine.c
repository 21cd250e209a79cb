/* engine.c: the door: finds the engine of a profile and hands calls on to it; the trace. */
#include "engine/engine.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "engine/engine_base.h"

static const Engine *const engines[] = {&engine_duckdb, &engine_postgres};

const Engine *engine_find(Str type, Str *nearest)
{
    Str names[COUNT_OF(engines)];
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        names[i] = str_of(engines[i]->name);
        if (str_eq(names[i], type))
            return engines[i];
    }
    if (nearest)
        *nearest = str_nearest(type, names, COUNT_OF(engines));
    return NULL;
}

Str engine_name(const Engine *engine)
{
    return str_of(engine->name);
}

Str engine_adapter_version(const Engine *engine)
{
    return str_of(engine->adapter_version);
}

bool engine_library_version(const Engine *engine, Arena *arena, Str *out, Err *err)
{
    return engine->library_version(arena, out, err);
}

/* ---- trace ---- */

typedef void (*Trace)(void *context, Str sql, int64_t us);

/* The context is written before the function and read after it. */
static void *_Atomic trace_context;
static _Atomic(Trace) trace_call;

void engine_trace(void (*trace)(void *context, Str sql, int64_t us), void *context)
{
    atomic_store(&trace_call, NULL);
    atomic_store(&trace_context, context);
    atomic_store(&trace_call, trace);
}

int64_t engine_tell_from(void)
{
    return atomic_load_explicit(&trace_call, memory_order_relaxed) ? clock_steady_us() : 0;
}

void engine_told(Str sql, int64_t began_us)
{
    Trace trace = began_us ? atomic_load(&trace_call) : NULL;
    if (trace)
        trace(atomic_load(&trace_context), sql, clock_steady_us() - began_us);
}

/* ---- handing on ---- */

bool warehouse_open(const Engine *engine, Arena *arena, Value config, Warehouse **out, Err *err)
{
    engine_trace_from_environment();
    return engine->open(arena, config, out, err);
}

Str warehouse_database(const Warehouse *warehouse)
{
    CHECK(warehouse, WAREHOUSE_MAGIC);
    return warehouse->database;
}

bool session_open(Warehouse *warehouse, Arena *arena, Session **out, Err *err)
{
    CHECK(warehouse, WAREHOUSE_MAGIC);
    return warehouse->engine->session(warehouse, arena, out, err);
}

bool session_query(Session *session, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                   Err *err)
{
    CHECK(session, SESSION_MAGIC);
    int64_t began_us = engine_tell_from();
    bool ok = session->engine->query(session, arena, sql, row_limit, out, err);
    engine_told(sql, began_us);
    return ok;
}

bool session_execute(Session *session, Arena *arena, Str sql, Result *out, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    int64_t began_us = engine_tell_from();
    Result result = {.changed = -1};
    bool ok = session->engine->execute
                  ? session->engine->execute(session, arena, sql, &result, err)
                  : session->engine->query(session, arena, sql, 0, NULL, err);
    engine_told(sql, began_us);
    TRY(ok);
    *out = result;
    return true;
}

bool session_describe(Session *session, Arena *arena, Str sql, Result *out, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    return session->engine->describe(session, arena, sql, out, err);
}

bool session_append(Session *session, Str database, Str schema, Str table, uint32_t column_count,
                    bool (*next)(void *context, Str *fields, Err *err), void *context,
                    uint64_t *rows, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    return session->engine->append(session, database, schema, table, column_count, next, context,
                                   rows, err);
}

void session_interrupt(Session *session)
{
    CHECK(session, SESSION_MAGIC);
    session->engine->interrupt(session);
}

/* ---- streams ---- */

bool session_query_over(Session *session, Arena *arena, Str sql, const NamedStream *streams,
                        uint32_t count, uint64_t row_limit, Result *out, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    int64_t began_us = engine_tell_from();
    bool ok = session->engine->query_over(session, arena, sql, streams, count, row_limit, out, err);
    engine_told(sql, began_us);
    return ok;
}

bool session_stream(Session *session, Arena *arena, Str sql, Stream *out, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    int64_t began_us = engine_tell_from();
    bool ok = session->engine->stream(session, arena, sql, out, err);
    engine_told(sql, began_us);
    return ok;
}

bool session_schema(Session *session, Arena *arena, Str sql, Schema *out, Err *err)
{
    CHECK(session, SESSION_MAGIC);
    return session->engine->schema(session, arena, sql, out, err);
}
