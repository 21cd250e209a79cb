/* python.h: models written in Python: what they say of themselves, and running them.
 *
 *   text of a .py file --python_scan()--> refs, sources, configs       no Python is needed for that
 *
 *   weir                                        a Python of the user's choice
 *   python_run()  --- code, Arrow batches --->  driver.py: model(dbt, session)
 *      host        <-- queries, Arrow batches --   dbt.ref(), session.sql(), the result
 *
 * Behaviour follows dbt-core 1.12.6 and dbt-duckdb 1.11.1.
 */
#ifndef PYTHON_PYTHON_H
#define PYTHON_PYTHON_H

#include "arrow/arrow.h"

/* ---- reading ---- */

typedef enum PythonFunction {
    PYTHON_REF, PYTHON_SOURCE, PYTHON_CONFIG, PYTHON_CONFIG_GET, PYTHON_CONFIG_META_GET,
} PythonFunction;

/* dbt.ref("a", v=2), dbt.config(materialized="table"), ... */
typedef struct PythonCall {
    PythonFunction function;
    Value arguments;             /* list                                                         */
    Value named;                 /* dict                                                         */
    Place place;
} PythonCall;

typedef struct PythonModel {
    List(PythonCall) calls;      /* in the order in which dbt comes upon them                    */
} PythonModel;

/* Finds what a model says to dbt: the calls of dbt.ref and the like that dbt's walk over the syntax
 * tree finds (it passes over calls that are part of a larger argument), with literal arguments.
 *
 * file        for messages
 * text        of the file, from its line `first_line` on; the values are views into it or copies
 * out         no calls if there is nothing but comments
 * Fails       ERR_PARSING with the place: no or several functions `model`, wrong arguments, no
 *             return at its end, arguments that are no literals, and what Python's tokenizer would
 *             refuse. What only its grammar would is found when the model runs
 * Cost        O(bytes), some 100 MB/s
 */
MUST bool python_scan(Arena *arena, Str file, Str text, int first_line, PythonModel *out, Err *err);

/* ---- running ---- */

/* What a model may ask for while it runs. Called from whichever thread reads the result. */
typedef struct PythonHost {
    void *self;
    /* The columns of a query, and their types in the database's words, a text each.
     * Fails ERR_DATABASE: the model gets to hear of it. */
    bool (*describe)(void *self, Arena *arena, Str sql, Schema *schema, Value *types, Err *err);
    /* Its rows. Several may be open at once. */
    bool (*open)(void *self, Arena *arena, Str sql, Stream *out, Err *err);
    /* Takes the rows that the model has returned: `statements` (texts) select from `name`. */
    bool (*write)(void *self, Value statements, Str name, Stream *rows, Err *err);
} PythonHost;

typedef struct PythonJob {
    Str python;                  /* the interpreter: a path, or a name on PATH                   */
    Str folder;                  /* to run in                                                    */
    Str file, code;              /* the user's file as messages show it; the code to run         */
    int first_line, last_line;   /* of the user's part of the code, in the file                  */
    Str name;                    /* of the module: the model's alias                             */
    Value settings;              /* dict: database, schema: the current ones; module_paths: more
                                    places of modules; scratch: a folder for what DuckDB spills  */
    PythonHost host;
    const volatile bool *cancel; /* true: end soon                                               */
} PythonJob;

/* Which Python: `wanted` if not empty, else that of VIRTUAL_ENV, else "python3". */
Str python_choose(Arena *arena, Str wanted);

/* Runs a model in a process of its own, which has ended when this returns.
 *
 * Fails    ERR_RUNTIME "Python model failed:" and Python's traceback, cut to the user's own code;
 *          that Python cannot be started; ERR_CANCELLED; what the host's write() fails with
 * Cost     some 30 ms for the start (more with duckdb, pandas ...); batches in flight: one a stream
 * Threads  any; one job a thread
 */
MUST bool python_run(const PythonJob *job, Arena *arena, Err *err);

#endif
