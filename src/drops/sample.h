/* sample.h: what sample files of a partner hold: tables, columns, types, words. private to drops/
 *
 *   files, archives --names--> pattern --{table}--> SampleTable: every CSV of it, row for row
 */
#ifndef DROPS_SAMPLE_H
#define DROPS_SAMPLE_H

#include "drops/drops.h"
#include "drops/pattern.h"

enum {
    SAMPLE_WORDS = 12,           /* distinct values that are kept of a column                     */
    SAMPLE_FORMS = 14,           /* forms of dates and times that are tried                       */
    SAMPLE_PAIR_COLUMNS = 5,     /* columns that are tried as halves of a key                     */
};
#define SAMPLE_BYTES ((uint64_t)64 << 20)    /* of each file, unpacked                            */
#define SAMPLE_KEYS 1000000                  /* values that are compared for being different      */

/* Values met so far, by hashes of 128 bits. */
typedef struct SampleKeys {
    uint64_t (*at)[2];
    uint32_t len, room;
} SampleKeys;

typedef struct SampleColumn {
    Str name;                    /* as in the files                                               */
    Field type;                  /* that holds all values; ARROW_NULL: there are none             */
    uint64_t value_count, null_count;
    bool is_unique;              /* all values differ, as far as they were compared               */
    SampleKeys keys;
    Str words[SAMPLE_WORDS];
    uint64_t word_rows[SAMPLE_WORDS];
    uint32_t word_count;         /* SAMPLE_WORDS + 1: more                                        */
    uint32_t forms;              /* bit i: all values are of sample_forms[i]                      */
    bool is_decimal;             /* all values are plain numbers                                  */
    unsigned scale;              /* most digits behind their point                                */
} SampleColumn;

/* Two columns that may be a key together. */
typedef struct SamplePair {
    const SampleColumn *first, *second;
    bool is_unique;              /* and nowhere NULL                                              */
    SampleKeys keys;
} SamplePair;

typedef struct SampleTable {
    Str name;                    /* {table} in the files                                          */
    List(SampleColumn *) columns;
    Map by_name;
    List(SamplePair) pairs;      /* of the first file's columns                                   */
    uint64_t row_count;
    uint32_t file_count;
} SampleTable;

typedef struct Sample {
    Arena *arena;
    List(Str) names;             /* of the CSV files, in order                                    */
    List(SampleTable *) tables;
    Map by_name;
    Str pattern;                 /* of the names                                                  */
    uint64_t row_count, bytes;
    Text *notes;
} Sample;

/* strptime forms that files write dates and times in besides ISO; the first is_date ones dates. */
extern const char *const sample_forms[SAMPLE_FORMS];
bool sample_form_is_date(uint32_t form);

/* Reads all: at most SAMPLE_BYTES of each file. members: pattern, or empty: sample_guess().
 * Fails  ERR_IO, ERR_PARSING */
MUST bool sample_read(Arena *arena, const Str *paths, uint32_t count, Str members, Text *notes,
                      Sample *out, Err *err);

/* The pattern of most of these names, the most telling one: a date in one of the usual forms, a
 * table before or behind it, a batch. Empty: they have nothing in common. */
Str sample_guess(Arena *arena, const Str *names, uint32_t count);

#endif
