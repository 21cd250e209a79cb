/* engine_base.h: what an engine of this room fills in. private to engine/
 *
 * The functions are those of engine.h without the prefix; what every engine does alike (trace,
 * look-up by name) is in engine.c. A Warehouse or Session of an engine begins with the struct here.
 */
#ifndef ENGINE_ENGINE_BASE_H
#define ENGINE_ENGINE_BASE_H

#include "engine/engine.h"

#define WAREHOUSE_MAGIC 0x77617265u
#define SESSION_MAGIC 0x73657373u

typedef bool (*RowSource)(void *context, Str *fields, Err *err);

struct Engine {
    const char *name;
    const char *adapter_version;
    MUST bool (*library_version)(Arena *arena, Str *out, Err *err);
    MUST bool (*open)(Arena *arena, Value config, Warehouse **out, Err *err);
    MUST bool (*session)(Warehouse *warehouse, Arena *arena, Session **out, Err *err);
    MUST bool (*query)(Session *session, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                       Err *err);
    MUST bool (*execute)(Session *session, Arena *arena, Str sql, Result *out,
                         Err *err); /* NULL: query() without rows tells nothing more */
    MUST bool (*describe)(Session *session, Arena *arena, Str sql, Result *out, Err *err);
    MUST bool (*append)(Session *session, Str database, Str schema, Str table,
                        uint32_t column_count, RowSource next, void *context, uint64_t *rows,
                        Err *err);
    void (*interrupt)(Session *session);
    MUST bool (*query_over)(Session *session, Arena *arena, Str sql, const NamedStream *streams,
                            uint32_t count, uint64_t row_limit, Result *out, Err *err);
    MUST bool (*stream)(Session *session, Arena *arena, Str sql, Stream *out, Err *err);
    MUST bool (*schema)(Session *session, Arena *arena, Str sql, Schema *out, Err *err);
};

struct Warehouse {
    uint32_t magic;
    const Engine *engine;
    Str database;
};

struct Session {
    uint32_t magic;
    const Engine *engine;
};

extern const Engine engine_duckdb;   /* duckdb_session.c  */
extern const Engine engine_postgres; /* postgres_engine.c */

/* Tells the trace, if there is one. */
void engine_told(Str sql, int64_t began_us);
/* clock_steady_us() if somebody traces, else 0: then engine_told() does nothing. */
int64_t engine_tell_from(void);
/* Traces to the file that WEIR_TRACE_SQL names, if it is set (trace.c). Does so once. */
void engine_trace_from_environment(void);

#endif
