/* values.h: how the shop's exports spell one value. private to examples/shop
 *
 * The functions that take dice spoil a few values in the ways that real exports do: other date
 * formats, lost zeros, stray blanks, decimal commas. Errors of `file` are left to ferror().
 */
#ifndef SHOP_VALUES_H
#define SHOP_VALUES_H

#include "company.h"

#include <stdio.h>

#define DAY INT64_C(86400)                      /* seconds                                        */

typedef struct Civil { int32_t year, month, day; } Civil;   /* month and day from 1              */

/* Calendar date of a day number (1970-01-01 is 0), for days from 2000 on. Cost: O(years). */
Civil civil_of(int64_t day);

/* 2018-05-03 14:07:09 and 2018-05-03T14:07:09Z; `at` in seconds since 1970, UTC. */
void put_stamp(FILE *file, int64_t at);
void put_stamp_iso(FILE *file, int64_t at);

/* An instant as various systems export it, nothing (or NULL) if `at` is 0. 5 % are odd. */
void put_stamp_dirty(FILE *file, Random *random, int64_t at);

/* An amount; one in 200 with decimal comma (then quoted) or currency sign. */
void put_money(FILE *file, Random *random, int64_t cents);

/* A city as people type it, half of them without accents or capitals; quoted if it needs to be. */
void put_city(FILE *file, Random *random, const Place *place);

/* A five-digit prefix; 3 % have lost leading zeros to a spreadsheet. */
void put_zip(FILE *file, Random *random, int32_t zip);

/* A state's two letters; 1.5 % in small letters with a blank behind. */
void put_state(FILE *file, Random *random, const Place *place);

/* A JSON string with its quotes; `text` is UTF-8 without control characters but newlines. */
void put_json_text(FILE *file, const char *text);

#endif
