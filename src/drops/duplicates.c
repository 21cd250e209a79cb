/* duplicates.c: which rows share the hash of their key with another one. */
#include <stdlib.h>

#include "drops/duplicates.h"

enum {
    BLOCK_ROWS = 4096,
    HOT_MOST = 32,
    BUDGET_LEAST = 1 << 16,
    AHEAD = 16,                  /* rows: the filter is larger than the caches                    */
};

typedef struct Twin {
    uint64_t hash;
    uint32_t row;
} Twin;

/* The hashes from `low` to `high`, both included. */
typedef struct Range {
    uint64_t low, high;
} Range;

typedef struct Search {
    const KeyFile *files;
    uint32_t file_count;
    Bits gone, out;
    const volatile bool *cancel;
    uint64_t *filter;            /* two bits a bucket: 0, 1, 2 and more                           */
    unsigned shift;              /* 64 - log2(buckets)                                            */
    uint64_t filter_words;
    Twin *twins;
    uint64_t twin_count, twin_room;
    bool is_full;                /* there were more than twin_room                                */
    uint64_t hot[HOT_MOST];      /* hashes of very many rows: their rows go straight to `out`     */
    uint32_t hot_count;
    uint64_t found;
} Search;

typedef void (*Look)(Search *search, Range range, const uint64_t *hashes, uint32_t count,
                     uint32_t first_row);

/* ---- reading ---- */

static bool end_block(Search *search, Range range, Look look, const uint64_t *block, size_t bytes,
                      uint32_t *row)
{
    look(search, range, block, (uint32_t)(bytes / sizeof *block), *row);
    *row += (uint32_t)(bytes / sizeof *block);
    return !search->is_full;
}

static bool read_file(Search *search, const KeyFile *file, Range range, Look look, Reader *reader,
                      uint32_t first_row, Err *err)
{
    uint64_t block[BLOCK_ROWS];
    size_t held = 0;
    uint32_t row = first_row;
    Str piece = STR(" ");
    while (piece.len) {
        TRY(reader_next(reader, &piece, err));
        if (*search->cancel)
            return err_set(err, ERR_CANCELLED, NOWHERE, "looking for double keys was cancelled");
        for (size_t at = 0; at < piece.len;) {
            size_t take = piece.len - at < sizeof block - held ? piece.len - at
                                                               : sizeof block - held;
            memcpy((char *)block + held, piece.at + at, take);
            at += take;
            held += take;
            if (held == sizeof block) {
                held = 0;
                if (row - first_row + BLOCK_ROWS > file->rows)
                    break;
                if (!end_block(search, range, look, block, sizeof block, &row))
                    return true;
            }
        }
    }
    if (held % sizeof *block == 0 && row - first_row + held / sizeof *block == file->rows) {
        end_block(search, range, look, block, held, &row);
        return true;
    }
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   STR_FMT " does not hold the %u hashes that its part has rows: remove the day's "
                   "work folder and extract again", STR_ARG(reader_name(reader)), file->rows);
}

/* Shows all hashes to `look`, until the room for twins is full. */
static bool scan(Search *search, Range range, Look look, Err *err)
{
    uint32_t first_row = 0;
    for (uint32_t i = 0; i < search->file_count && !search->is_full; i++) {
        const KeyFile *file = &search->files[i];
        Reader *reader;
        if (file->name.at) {
            TRY(store_read(file->store, file->name, 0, &reader, err));
            bool ok = read_file(search, file, range, look, reader, first_row, err);
            reader_close(reader);
            TRY(ok);
        }
        first_row += file->rows;
    }
    return true;
}

/* ---- looks ---- */

static bool is_asked(const Search *search, Range range, uint64_t hash, uint32_t row)
{
    return hash >= range.low && hash <= range.high &&
           !(search->gone.words && bits_has(search->gone, row));
}

static uint64_t bucket_of(const Search *search, uint64_t hash)
{
    return (hash * 0x9e3779b97f4a7c15ull) >> search->shift;
}

static void fetch_ahead(const Search *search, const uint64_t *hashes, uint32_t i, uint32_t count)
{
    if (i + AHEAD < count)
        __builtin_prefetch(&search->filter[bucket_of(search, hashes[i + AHEAD]) >> 5], 1);
}

static void look_first(Search *search, Range range, const uint64_t *hashes, uint32_t count,
                       uint32_t first_row)
{
    for (uint32_t i = 0; i < count; i++) {
        fetch_ahead(search, hashes, i, count);
        if (!is_asked(search, range, hashes[i], first_row + i))
            continue;
        uint64_t bucket = bucket_of(search, hashes[i]);
        uint64_t *word = &search->filter[bucket >> 5];
        unsigned at = (unsigned)(bucket & 31) * 2;
        uint64_t had = *word >> at & 3;
        if (had < 2)
            *word += (uint64_t)1 << at;
    }
}

static void note(Search *search, uint32_t row)
{
    search->found += !bits_has(search->out, row);
    bits_add(search->out, row);
}

static bool is_hot(const Search *search, uint64_t hash)
{
    for (uint32_t i = 0; i < search->hot_count; i++)
        if (search->hot[i] == hash)
            return true;
    return false;
}

static void look_again(Search *search, Range range, const uint64_t *hashes, uint32_t count,
                       uint32_t first_row)
{
    for (uint32_t i = 0; i < count; i++) {
        fetch_ahead(search, hashes, i, count);
        if (!is_asked(search, range, hashes[i], first_row + i))
            continue;
        uint64_t bucket = bucket_of(search, hashes[i]);
        if ((search->filter[bucket >> 5] >> (bucket & 31) * 2 & 3) < 2)
            continue;
        if (search->hot_count && is_hot(search, hashes[i])) {
            note(search, first_row + i);
            continue;
        }
        if (search->twin_count == search->twin_room) {
            search->is_full = true;
            return;
        }
        search->twins[search->twin_count++] = (Twin){hashes[i], first_row + i};
    }
}

/* ---- twins ---- */

static int compare_twins(const void *left, const void *right)
{
    const Twin *a = left, *b = right;
    return a->hash < b->hash ? -1 : a->hash > b->hash ? 1 : 0;
}

/* Length of the run of one hash that begins at i. */
static uint64_t run_at(const Search *search, uint64_t i)
{
    uint64_t end = i + 1;
    while (end < search->twin_count && search->twins[end].hash == search->twins[i].hash)
        end++;
    return end - i;
}

static void note_twins(Search *search)
{
    qsort(search->twins, search->twin_count, sizeof *search->twins, compare_twins);
    for (uint64_t i = 0, run; i < search->twin_count; i += run) {
        run = run_at(search, i);
        for (uint64_t k = i; run > 1 && k < i + run; k++)
            note(search, search->twins[k].row);
    }
}

/* Of too many twins: those that are most of them are noted without being kept. */
static bool find_hot(Search *search)
{
    uint32_t had = search->hot_count;
    qsort(search->twins, search->twin_count, sizeof *search->twins, compare_twins);
    for (uint64_t i = 0, run; i < search->twin_count && search->hot_count < HOT_MOST; i += run) {
        run = run_at(search, i);
        if (run > search->twin_room / 16)
            search->hot[search->hot_count++] = search->twins[i].hash;
    }
    return search->hot_count > had;
}

/* One range. Where it has more twins than there is room for, it is cut in two; each step halves it
 * or adds a hot hash, so that it ends. */
static bool search_range(Search *search, Range range, Err *err)
{
    search->hot_count = 0;
    memset(search->filter, 0, search->filter_words * sizeof *search->filter);
    TRY(scan(search, range, look_first, err));
    for (;;) {
        search->twin_count = 0;
        search->is_full = false;
        TRY(scan(search, range, look_again, err));
        if (!search->is_full)
            break;
        if (find_hot(search))
            continue;
        search->is_full = false;
        uint64_t middle = range.low + (range.high - range.low) / 2;
        TRY(search_range(search, (Range){range.low, middle}, err));
        return search_range(search, (Range){middle + 1, range.high}, err);
    }
    note_twins(search);
    return true;
}

bool duplicates_find(const KeyFile *files, uint32_t count, Bits gone, uint64_t budget,
                     const volatile bool *cancel, Bits out, uint64_t *found, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Search search = {.files = files, .file_count = count, .gone = gone, .out = out,
                     .cancel = cancel};
    uint64_t rows = 0, filter_bytes = 1 << 13;
    unsigned log_buckets = 15;   /* four buckets a byte */
    for (uint32_t i = 0; i < count; i++)
        rows += files[i].rows;
    budget = budget < BUDGET_LEAST ? BUDGET_LEAST : budget;
    /* half of it, but no more than makes false twins rare */
    while (filter_bytes * 2 <= budget / 2 && filter_bytes < rows * 8) {
        filter_bytes *= 2;
        log_buckets++;
    }
    search.shift = 64 - log_buckets;
    search.filter_words = filter_bytes / 8;
    search.filter = NEW_N(&arena, uint64_t, search.filter_words);
    /* the other half: twins, and what qsort() takes besides */
    search.twin_room = budget / 4 / sizeof(Twin);
    search.twins = NEW_N(&arena, Twin, search.twin_room);
    uint64_t rows_a_pass = filter_bytes / 4;     /* one row in 16 meets another by chance */
    uint64_t passes = rows ? (rows + rows_a_pass - 1) / rows_a_pass : 0;
    uint64_t step = passes > 1 ? UINT64_MAX / passes + 1 : 0;
    for (uint64_t i = 0; i < passes; i++) {
        Range range = {i * step, i + 1 == passes ? UINT64_MAX : (i + 1) * step - 1};
        TRY(search_range(&search, range, err));
    }
    *found = search.found;
    return true;
}
