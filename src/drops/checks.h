/* checks.h: what is looked at before rows are published. private to drops/
 *
 * Each check adds rows {check, column, status, value, threshold, message}; a hard failure (status
 * "error") keeps the former files where they are.
 */
#ifndef DROPS_CHECKS_H
#define DROPS_CHECKS_H

#include "drops/drops.h"
#include "drops/mapping.h"

typedef struct Checks {
    Arena *arena;
    Value rows;                  /* list                                                          */
    uint32_t warnings, errors;
} Checks;

void checks_init(Checks *checks, Arena *arena);
/* CHECK_OFF is "pass". column may be empty; value and threshold negative: none. */
void checks_add(Checks *checks, const char *check, Str column, CheckLevel status, double value,
                double threshold, Str message);
/* "success", "warn", "error" */
const char *checks_status(const Checks *checks);
/* The messages of a status, joined by "; ". */
Str checks_messages(const Checks *checks, const char *status, Arena *arena);
/* Is it beyond? Negative thresholds are none; 1 and more is met by 1. */
bool check_exceeds(double value, double threshold);

typedef struct ColumnNulls {
    Str name;
    uint64_t nulls;
    bool is_required;            /* by the mapping                                                */
    bool is_absent;              /* no file had it today                                          */
} ColumnNulls;

/* Ratio of NULLs; columns that no file had are the header's business. */
void checks_nulls(Checks *checks, const DropChecks *spec, const ColumnNulls *columns,
                  uint32_t count, uint64_t rows);
/* The mapping's required columns: there at all; NULLs in them count as violations. */
void checks_required(Checks *checks, const DropChecks *spec, const ColumnNulls *columns,
                     uint32_t count, uint64_t rows);
/* Columns of the days before against those of today's files; former->count 0: the first day. */
void checks_header(Checks *checks, HeaderRule rule, const Schema *former, const Schema *today,
                   uint64_t rows);
void checks_violations(Checks *checks, const DropChecks *spec, uint64_t rows_in, uint64_t rows_bad,
                       uint64_t values_bad);
/* keys: up to five double keys as texts. */
void checks_duplicates(Checks *checks, CheckLevel level, DuplicateRule rule, uint64_t duplicates,
                       Value keys);
/* Rows against the median of days before (in any order); fewer than three: nothing is said. */
void checks_change(Checks *checks, const DropChecks *spec, uint64_t rows, const uint64_t *before,
                   uint32_t count);

#endif
