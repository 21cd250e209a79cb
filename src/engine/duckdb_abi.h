/* duckdb_abi.h: libduckdb as we see it: just the calls and types in use. private to engine/
 *
 * The library is opened with dlopen() when first needed and never closed. Only the files
 * duckdb*.c include this. Facts from duckdb.h of DuckDB 1.5.5.
 */
#ifndef ENGINE_DUCKDB_ABI_H
#define ENGINE_DUCKDB_ABI_H

#include "base/err.h"

/* Handles: each is given back by its own call, which takes its address and clears it. */
typedef struct DuckConfigBody *DuckConfig;
typedef struct DuckDatabaseBody *DuckDatabase;
typedef struct DuckConnectionBody *DuckConnection;
typedef struct DuckStatementsBody *DuckStatements;
typedef struct DuckPreparedBody *DuckPrepared;
typedef struct DuckPendingBody *DuckPending;
typedef struct DuckChunkBody *DuckChunk;
typedef struct DuckVectorBody *DuckVector;
typedef struct DuckTypeBody *DuckType;
typedef struct DuckAppenderBody *DuckAppender;
typedef struct DuckErrorDataBody *DuckErrorData;
typedef struct DuckTableBody *DuckTable;
typedef struct DuckFunctionBody *DuckFunction;
typedef struct DuckValueBody *DuckValue;

/* Handed to callbacks: the engine's. */
typedef struct DuckBindBody *DuckBind;
typedef struct DuckInitBody *DuckInit;
typedef struct DuckCallBody *DuckCall;
typedef struct DuckReplacementBody *DuckReplacement;

/* Travels by value; only the library looks inside. */
typedef struct DuckResult {
    uint64_t counts[3];
    void *inside[3];
} DuckResult;
_Static_assert(sizeof(DuckResult) == 48, "the layout of duckdb_result");

/* A text in a vector: up to 12 bytes inside, else 4 bytes of prefix and a pointer. */
typedef union DuckString {
    uint32_t len;
    struct {
        uint32_t len;
        char bytes[12];
    } inside;
    struct {
        uint32_t len;
        char prefix[4];
        const char *at;
    } outside;
} DuckString;
_Static_assert(sizeof(DuckString) == 16, "the layout of duckdb_string_t");

/* 128 bits, low half first: HUGEINT, UHUGEINT, UUID (highest bit flipped), wide decimals. */
typedef struct DuckHuge {
    uint64_t lower, upper;
} DuckHuge;

/* An interval, and where a list's items lie in its child vector. */
typedef struct DuckInterval {
    int32_t months, days;
    int64_t us;
} DuckInterval;

typedef struct DuckListEntry {
    uint64_t offset, length;
} DuckListEntry;

/* id, number in the C API, name in SQL ("" = put together from its parts). */
#define DUCK_TYPES(X)                              \
    X(BOOLEAN, 1, "BOOLEAN")                       \
    X(TINYINT, 2, "TINYINT")                       \
    X(SMALLINT, 3, "SMALLINT")                     \
    X(INTEGER, 4, "INTEGER")                       \
    X(BIGINT, 5, "BIGINT")                         \
    X(UTINYINT, 6, "UTINYINT")                     \
    X(USMALLINT, 7, "USMALLINT")                   \
    X(UINTEGER, 8, "UINTEGER")                     \
    X(UBIGINT, 9, "UBIGINT")                       \
    X(FLOAT, 10, "FLOAT")                          \
    X(DOUBLE, 11, "DOUBLE")                        \
    X(TIMESTAMP, 12, "TIMESTAMP")                  \
    X(DATE, 13, "DATE")                            \
    X(TIME, 14, "TIME")                            \
    X(INTERVAL, 15, "INTERVAL")                    \
    X(HUGEINT, 16, "HUGEINT")                      \
    X(VARCHAR, 17, "VARCHAR")                      \
    X(BLOB, 18, "BLOB")                            \
    X(DECIMAL, 19, "")                             \
    X(TIMESTAMP_S, 20, "TIMESTAMP_S")              \
    X(TIMESTAMP_MS, 21, "TIMESTAMP_MS")            \
    X(TIMESTAMP_NS, 22, "TIMESTAMP_NS")            \
    X(ENUM, 23, "")                                \
    X(LIST, 24, "")                                \
    X(STRUCT, 25, "")                              \
    X(MAP, 26, "")                                 \
    X(UUID, 27, "UUID")                            \
    X(UNION, 28, "")                               \
    X(BIT, 29, "BIT")                              \
    X(TIME_TZ, 30, "TIME WITH TIME ZONE")          \
    X(TIMESTAMP_TZ, 31, "TIMESTAMP WITH TIME ZONE") \
    X(UHUGEINT, 32, "UHUGEINT")                    \
    X(ARRAY, 33, "")                               \
    X(BIGNUM, 35, "BIGNUM")                        \
    X(SQLNULL, 36, "\"NULL\"")                     \
    X(TIME_NS, 39, "TIME_NS")                      \
    X(GEOMETRY, 40, "GEOMETRY")                    \
    X(VARIANT, 41, "VARIANT")

#define AS_ENUM(id, number, name) DUCK_##id = number,
enum { DUCK_TYPES(AS_ENUM) };
#undef AS_ENUM

/* Results of calls, kinds of errors, statements and results: those that we ask for. */
enum { DUCK_OK = 0 };
enum { DUCK_PENDING_READY, DUCK_PENDING_NOT_READY, DUCK_PENDING_ERROR, DUCK_PENDING_NO_TASKS };
enum { DUCK_ERROR_TRANSACTION = 10, DUCK_ERROR_IO = 28, DUCK_ERROR_INTERRUPT = 29 };
enum { DUCK_STATEMENT_SELECT = 1, DUCK_STATEMENT_TRANSACTION = 10 };
enum { DUCK_RESULT_CHANGED_ROWS = 1 };

typedef struct DuckAbi {
#define DUCK(result, name, parameters) result(*name) parameters;
#include "engine/duckdb_abi.def"
#undef DUCK
} DuckAbi;

/* The library, loaded at the first call, from the first of these that exists: the file that the
 * environment's WEIR_DUCKDB_LIB names, lib/libduckdb.so beside the program, and
 * ../lib/weir/libduckdb.so seen from it.
 *
 * Fails    ERR_RUNTIME: not found (lists where it looked), cannot be loaded, not 1.5.x, or a
 *          symbol is missing (names it)
 * Threads  safe
 */
MUST bool duckdb_load(const DuckAbi **out, Err *err);

/* The folder of the loaded library, for the extensions that come with it. */
Str duckdb_folder(void);

#endif
