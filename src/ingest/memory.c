/* memory.c: what the engine may take while loads run.
 *
 * Left alone, DuckDB keeps every block it has touched: a load of 5 million rows would take 500 MB
 * to hold nothing that anyone asks for again. Rows on their way into a new table need little:
 *
 *   a stream into a new table or a file -> 25 MB a thread, more for wide rows
 *   files into a new table              -> 10 MB a thread, more for wide rows
 *   it was not enough                   -> four times as much, and once more; then no limit of ours
 *   rows that meet those of a table     -> no limit of ours
 *   drops                               -> a third of their memory_limit
 *
 * The last, because a DELETE that ran out of memory cannot be repeated in the same process: DuckDB
 * 1.5.5 forgets to take some of its marks back ("Conflict on tuple deletion").
 *
 * Only where loads run alone (`weir ingest`) and the profile names no limit: models beside them
 * need theirs. The limit is the engine's, for all threads: it never sinks during a run.
 *
 * The C library's heaps are kept few for the same reason: each thread's own would hold what it had.
 */
#include <malloc.h>

#include "ingest/ingest_base.h"

enum { THREAD_MB = 25, FILE_THREAD_MB = 10, COLUMNS_WIDE = 16, MOST_MB = 1024 };
enum { HEAPS = 2 };

/* Does the profile say how much? */
static bool names_limit(const Project *project)
{
    static const char *const places[] = {"settings", "config_options"};
    static const char *const names[] = {"memory_limit", "max_memory"};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        for (size_t k = 0; k < COUNT_OF(names); k++)
            if (!value_is_undefined(
                    value_get(value_get(project->profile.credentials, places[i]), names[k])))
                return true;
    return false;
}

void memory_begin(Ingest *ingest)
{
    const Project *project = ingest->project;
    ingest->limits_memory = str_is(project->invocation->which, "ingest") && !names_limit(project);
    if (ingest->limits_memory)
        mallopt(M_ARENA_MAX, HEAPS);
}

/* Raises the limit; 0: none of ours. */
static bool raise_limit(Load *load, uint32_t limit_mb, Err *err)
{
    Ingest *ingest = load->ingest;
    lock_take(&ingest->lock);
    uint32_t had_mb = ingest->memory_mb, wanted_mb = limit_mb ? limit_mb : UINT32_MAX;
    if (wanted_mb > had_mb)
        ingest->memory_mb = wanted_mb;
    lock_give(&ingest->lock);
    if (wanted_mb <= had_mb || (!limit_mb && !had_mb))
        return true;
    Str sql = limit_mb ? str_print(load->arena, "set memory_limit = '%uMB'", limit_mb)
                       : STR("reset memory_limit");
    return session_query(load->session, load->arena, sql, 0, NULL, err);
}

bool memory_need(Load *load, MemoryNeed need, uint32_t columns, Err *err)
{
    if (!load->ingest->limits_memory)
        return true;
    unsigned threads = load->ingest->options.threads;
    threads = threads > cpu_count() ? threads : cpu_count();
    uint32_t limit_mb = (need == MEMORY_FILES ? FILE_THREAD_MB : THREAD_MB) * threads;
    limit_mb *= 1 + columns / COLUMNS_WIDE;
    malloc_trim(0); /* what extracting took */
    return raise_limit(load, need == MEMORY_OPEN || limit_mb > MOST_MB ? 0 : limit_mb, err);
}

bool memory_cap(Load *load, uint32_t limit_mb, Err *err)
{
    return !load->ingest->limits_memory || raise_limit(load, limit_mb, err);
}

/* The engine's words for it; the second comes when a transaction ends. */
static bool says_short(const Err *err)
{
    Str text = str_of(err->text);
    return str_find(text, STR("Out of Memory Error")) >= 0 ||
           str_find(text, STR("failed to pin block")) >= 0;
}

bool memory_was_short(Load *load, Err *err)
{
    uint32_t had_mb = load->ingest->memory_mb;
    if (!load->ingest->limits_memory || had_mb == UINT32_MAX || !says_short(err))
        return false;
    Err second = {0};
    bool ok = raise_limit(load, had_mb * 4 > MOST_MB ? 0 : had_mb * 4, &second);
    err_drop(ok ? err : &second);
    return ok;
}
