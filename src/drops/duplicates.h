/* duplicates.h: rows whose key's hash others have, too, in bounded memory. private to drops/
 *
 *   hashes --2 bits a bucket--> buckets met twice --second look--> (hash, row), sorted --> twins
 *
 * More rows than the filter takes: several passes, each over a range of hashes.
 */
#ifndef DROPS_DUPLICATES_H
#define DROPS_DUPLICATES_H

#include "base/bits.h"
#include "store/store.h"

/* 64-bit hashes, little endian, one a row, in order. 0 is a hash like others here: rows without a
 * key have it, and who compares the keys themselves leaves them out. */
typedef struct KeyFile {
    Store *store;
    Str name;                    /* at NULL: rows without keys                                    */
    uint32_t rows;
} KeyFile;

/* Adds to *out the rows (numbered through all files) whose hash comes more than once among those
 * that are not in `gone` (words NULL: none are).
 *
 * budget   bytes; at least 64 KiB are taken
 * out      a bit for each row
 * found    how many
 * Fails    ERR_RUNTIME: a file has not the size that it should; ERR_CANCELLED; the store's
 * Cost     two looks at all files for each budget / 8 rows: 10 million rows 0.5 CPU s; more where
 *          most rows are double */
MUST bool duplicates_find(const KeyFile *files, uint32_t count, Bits gone, uint64_t budget,
                          const volatile bool *cancel, Bits out, uint64_t *found, Err *err);

#endif
