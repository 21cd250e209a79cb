/* column.c: rows of a batch become values that wait for their page.
 *
 * NULLs are taken out: what waits are values alone, beside a bit a row. As long as all rows of a
 * page are the same (all NULL, none NULL) there are not even the bits.
 */
#include "parquet/writer.h"

/* ---- definition levels ---- */

static void levels_fill(const Column *column, uint64_t at, uint64_t count, bool is_set)
{
    char *bits = column->levels.at;
    for (; count && at % 8; at++, count--)
        bits_push(bits, at, is_set, 1);
    memset(bits + at / 8, is_set ? 0xff : 0, (count + 7) / 8);
    if (count % 8)
        bits[(at + count) / 8] = (char)(is_set ? (1u << count % 8) - 1 : 0);
}

static void levels_copy(const Column *column, uint64_t at, const uint8_t *validity,
                        uint64_t from, uint64_t count)
{
    for (; count; at += 64, from += 64) {
        unsigned here = count < 64 ? (unsigned)count : 64;
        bits_push(column->levels.at, at, bits_load(validity, from, here), here);
        count -= here;
    }
}

static void levels_add(ParquetWriter *writer, Column *column, const uint8_t *validity,
                       uint64_t from, uint64_t count, uint64_t nulls)
{
    uint64_t rows = column->page_rows, nulls_before = column->page_nulls;
    column->page_rows += count;
    column->page_nulls += nulls;
    if (!column->is_mixed) {
        if (column->page_nulls == 0 || column->page_nulls == column->page_rows)
            return;
        column->is_mixed = true;
        column->levels.len = 0;
        bin_reserve(&column->levels, rows / 8 + 1, &writer->held);
        levels_fill(column, 0, rows, nulls_before == 0);
    }
    column->levels.len = rows / 8 + 1;
    bin_reserve(&column->levels, count / 8 + 1, &writer->held);
    if (nulls == 0 || nulls == count)
        levels_fill(column, rows, count, nulls == 0);
    else
        levels_copy(column, rows, validity, from, count);
}

/* ---- values ---- */

/* Calls a loop body for each row that has a value: for 64 rows at once where all have one. */
#define FOR_VALUES(validity, from, count, all, some)                                              \
    for (uint64_t row_ = 0; row_ < (count); row_ += 64) {                                         \
        const unsigned here = (count) - row_ < 64 ? (unsigned)((count) - row_) : 64;              \
        const uint64_t at = (from) + row_;                                                        \
        uint64_t word_ = bits_load((validity), at, here);                                         \
        if (here == 64 && word_ == UINT64_MAX) {                                                  \
            all;                                                                                  \
        } else {                                                                                  \
            for (; word_; word_ &= word_ - 1) {                                                   \
                const uint64_t one = at + (unsigned)__builtin_ctzll(word_);                       \
                some;                                                                             \
            }                                                                                     \
        }                                                                                         \
    }

/* Values of type `from_type` become those of `to_type`. */
#define DEFINE_ADD(name, from_type, to_type)                                                      \
    static void add_##name(char *out, const void *buffer, const uint8_t *validity, uint64_t from, \
                           uint64_t count)                                                        \
    {                                                                                             \
        const from_type *values = buffer;                                                         \
        to_type *to = (to_type *)(void *)out;                                                     \
        if (!validity) {                                                                          \
            for (uint64_t i = 0; i < count; i++)                                                  \
                to[i] = (to_type)values[from + i];                                                \
            return;                                                                               \
        }                                                                                         \
        FOR_VALUES(validity, from, count,                                                         \
                   for (unsigned i = 0; i < 64; i++) *to++ = (to_type)values[at + i],             \
                   *to++ = (to_type)values[one])                                                  \
    }

__extension__ typedef __int128 Wide;

DEFINE_ADD(8_4, int8_t, int32_t)
DEFINE_ADD(16_4, int16_t, int32_t)
DEFINE_ADD(u8_4, uint8_t, int32_t)
DEFINE_ADD(u16_4, uint16_t, int32_t)
DEFINE_ADD(4, uint32_t, uint32_t)
DEFINE_ADD(8, uint64_t, uint64_t)
DEFINE_ADD(wide_4, Wide, int32_t)
DEFINE_ADD(wide_8, Wide, int64_t)

static void add_16(char *out, const void *buffer, const uint8_t *validity, uint64_t from,
                   uint64_t count)
{
    const char *values = buffer;
    if (!validity) {
        memcpy(out, values + from * 16, count * 16);
        return;
    }
    FOR_VALUES(validity, from, count, {
        memcpy(out, values + at * 16, (size_t)64 * 16);
        out += (size_t)64 * 16;
    }, {
        memcpy(out, values + one * 16, 16);
        out += 16;
    })
}

/* The high byte first, as FIXED_LEN_BYTE_ARRAY has decimals. */
static void add_wide(char *out, const void *buffer, const uint8_t *validity, uint64_t from,
                     uint64_t count)
{
    char *values = out;
    add_16(out, buffer, validity, from, count);
    uint64_t added = validity ? bits_set(validity, from, count) : count;
    for (uint64_t i = 0; i < added; i++, values += 16) {
        uint64_t halves[2], turned[2];
        memcpy(halves, values, 16);
        turned[0] = __builtin_bswap64(halves[1]);
        turned[1] = __builtin_bswap64(halves[0]);
        memcpy(values, turned, 16);
    }
}

typedef void (*AddFn)(char *out, const void *buffer, const uint8_t *validity, uint64_t from,
                      uint64_t count);

static AddFn add_of(const Column *column)
{
    switch (column->field->type) {
    case ARROW_INT8: return add_8_4;
    case ARROW_INT16: return add_16_4;
    case ARROW_UINT8: return add_u8_4;
    case ARROW_UINT16: return add_u16_4;
    case ARROW_DECIMAL:
        return column->layout.width == 4 ? add_wide_4
               : column->layout.width == 8 ? add_wide_8 : add_wide;
    case ARROW_UUID: return add_16;
    default: return column->layout.width == 4 ? add_4 : add_8;
    }
}

static void add_fixed(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                      const uint8_t *validity, uint64_t from, uint64_t count, uint64_t added)
{
    bin_reserve(&column->values, count * column->layout.width, &writer->held);
    add_of(column)(column->values.at + column->values.len, array->buffers[1], validity, from,
                   count);
    column->values.len += added * column->layout.width;
}

static void add_bits(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                     const uint8_t *validity, uint64_t from, uint64_t count)
{
    const uint8_t *bits = array->buffers[1];
    uint64_t at = column->value_count;
    column->values.len = at / 8 + 1;
    bin_reserve(&column->values, count / 8 + 1, &writer->held);
    for (uint64_t row = 0; row < count; row += 64) {
        unsigned here = count - row < 64 ? (unsigned)(count - row) : 64, added = here;
        uint64_t word = bits_load(bits, from + row, here);
        if (validity) {
            uint64_t valid = bits_load(validity, from + row, here), some = 0;
            added = 0;
            for (; valid; valid &= valid - 1)
                some |= (word >> __builtin_ctzll(valid) & 1) << added++;
            word = some;
        }
        if (added)
            bits_push(column->values.at, at, word, added);
        at += added;
    }
}

/* Texts one behind the other; a NULL may have bytes too, which are left out. */
static void add_texts(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                      const uint8_t *validity, uint64_t from, uint64_t count, uint64_t added)
{
    const int32_t *offsets = (const int32_t *)array->buffers[1] + from;
    const char *bytes = array->buffers[2];
    bin_reserve(&column->lengths, count * sizeof(uint32_t), &writer->held);
    uint32_t *to = (uint32_t *)(void *)(column->lengths.at + column->lengths.len);
    uint64_t len = 0, all = (uint64_t)(offsets[count] - offsets[0]);
    if (!validity) {
        for (uint64_t i = 0; i < count; i++)
            to[i] = (uint32_t)(offsets[i + 1] - offsets[i]);
        len = all;
    } else {
        const int32_t *base = offsets - from;
        FOR_VALUES(validity, from, count, {
            for (unsigned i = 0; i < 64; i++)
                *to++ = (uint32_t)(base[at + i + 1] - base[at + i]);
            len += (uint32_t)(base[at + 64] - base[at]);
        }, len += *to++ = (uint32_t)(base[one + 1] - base[one]))
    }
    column->lengths.len += added * sizeof(uint32_t);
    bin_reserve(&column->values, len + 1, &writer->held);    /* texts without a byte have a place */
    if (len == all) {
        bin_add(&column->values, len ? bytes + offsets[0] : NULL, len, &writer->held);
        return;
    }
    const int32_t *base = offsets - from;
    FOR_VALUES(validity, from, count,
               bin_add(&column->values, bytes + base[at], (size_t)(base[at + 64] - base[at]),
                       &writer->held),
               bin_add(&column->values, bytes + base[one], (size_t)(base[one + 1] - base[one]),
                       &writer->held))
}

/* ---- pages ---- */

static bool is_full(const ParquetWriter *writer, const Column *column)
{
    switch (column->wait) {
    case WAIT_NOTHING: return false;
    case WAIT_BITS: return column->value_count / 8 >= writer->page_bytes;
    case WAIT_WORDS:
    case WAIT_FIXED: return column->values.len + column->layout.width > writer->page_bytes;
    case WAIT_TEXTS: return column->values.len + column->lengths.len >= writer->page_bytes;
    case WAIT_RUNS: return column->lengths.len + sizeof(Run) > writer->page_bytes;
    }
    return true;
}

/* How many of `count` rows the page has room for; values, if all rows have one. */
static uint64_t rows_that_fit(const ParquetWriter *writer, const Column *column,
                              const struct ArrowArray *array, uint64_t from, uint64_t count)
{
    const uint64_t used = column->values.len + column->lengths.len;
    const uint64_t room = used < writer->page_bytes ? writer->page_bytes - used : 0;
    if (column->wait == WAIT_NOTHING || column->wait == WAIT_RUNS || column->wait == WAIT_BITS)
        return count;
    if (column->wait != WAIT_TEXTS) {
        uint64_t fit = room / column->layout.width;
        return count < fit ? count : fit;
    }
    const int32_t *offsets = (const int32_t *)array->buffers[1] + from;
    uint64_t least = 0, most = count;
    while (least < most) {       /* the first guess is that all fit                              */
        uint64_t middle = most == count ? most : (least + most + 1) / 2;
        if ((uint64_t)(offsets[middle] - offsets[0]) + middle * sizeof(uint32_t) <= room)
            least = middle;
        else
            most = middle - 1;
    }
    return least;
}

/* Rows of a page that mixes NULLs and values: their bits count, too. */
static uint64_t mixed_rows(const ParquetWriter *writer)
{
    return writer->page_bytes * 4;
}

/* NULLs among rows [from, from + count); *validity becomes NULL where there are none. */
static uint64_t count_nulls(const Column *column, const struct ArrowArray *array, uint64_t from,
                            uint64_t count, const uint8_t **validity)
{
    if (column->wait == WAIT_NOTHING)
        return count;
    *validity = array->n_buffers > 0 ? array->buffers[0] : NULL;
    if (!*validity || array->null_count == 0) {
        *validity = NULL;
        return 0;
    }
    if (array->null_count == array->length)
        return count;
    uint64_t nulls = count - bits_set(*validity, from, count);
    if (nulls == 0)
        *validity = NULL;
    return nulls;
}

static void values_add(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                       const uint8_t *validity, uint64_t from, uint64_t count, uint64_t added)
{
    if (column->wait == WAIT_TEXTS)
        add_texts(writer, column, array, validity, from, count, added);
    else if (column->wait == WAIT_BITS)
        add_bits(writer, column, array, validity, from, count);
    else
        add_fixed(writer, column, array, validity, from, count, added);
    column->value_count += added;
}

bool column_add(ParquetWriter *writer, Column *column, const struct ArrowArray *array,
                uint64_t from, uint64_t count, Err *err)
{
    from += (uint64_t)array->offset;
    while (count) {
        const uint8_t *validity = NULL;
        uint64_t take = count, nulls = count_nulls(column, array, from, take, &validity);
        if (nulls < take) {
            take = rows_that_fit(writer, column, array, from, take);
            bool mixes = column->is_mixed || (nulls && take) || column->page_nulls;
            if (mixes && column->page_rows >= mixed_rows(writer))
                take = 0;
            else if (mixes && take > mixed_rows(writer) - column->page_rows)
                take = mixed_rows(writer) - column->page_rows;
            if (take == 0 && column->page_rows) {
                TRY(page_flush(writer, column, err));
                continue;
            }
            take = take ? take : 1;      /* a value larger than a page is one                    */
            if (take < count)
                nulls = count_nulls(column, array, from, take, &validity);
        } else if (column->is_mixed && column->page_rows + take > mixed_rows(writer)) {
            TRY(page_flush(writer, column, err));
        }
        levels_add(writer, column, validity, from, take, nulls);
        if (nulls < take)
            values_add(writer, column, array, validity, from, take, take - nulls);
        from += take;
        count -= take;
        if (is_full(writer, column))
            TRY(page_flush(writer, column, err));
    }
    return true;
}

/* The run that is open, or NULL. */
static Run *last_run(const Column *column)
{
    if (column->lengths.len == 0)
        return NULL;
    return (Run *)(void *)(column->lengths.at + column->lengths.len - sizeof(Run));
}

/* The number of a constant; that of the run before is looked at first. */
static uint32_t constant_number(ParquetWriter *writer, Column *column, Str value)
{
    const Run *last = last_run(column);
    if (last && column->values.len == value.len &&
        memcmp(column->values.at, value.at, value.len) == 0)
        return last->number;
    column->values.len = 0;
    bin_reserve(&column->values, 1, &writer->held);
    bin_add(&column->values, value.at, value.len, &writer->held);
    uint64_t before = terms_bytes(&column->dict);
    uint32_t number = terms_add_one(&column->dict, (Str){column->values.at, value.len},
                                   &writer->held);
    writer->ready_bytes += terms_bytes(&column->dict) - before;
    return number;
}

bool column_add_constant(ParquetWriter *writer, Column *column, Str value, uint64_t count, Err *err)
{
    bool is_null = !value.at;
    bool mixes = column->is_mixed || column->page_nulls != (is_null ? column->page_rows : 0);
    if (mixes && column->page_rows && column->page_rows + count > mixed_rows(writer))
        TRY(page_flush(writer, column, err));
    levels_add(writer, column, NULL, 0, count, is_null ? count : 0);
    if (is_null)
        return true;
    uint32_t number = constant_number(writer, column, value);
    column->value_count += count;
    Run *last = last_run(column);
    if (last && last->number == number)
        last->count += (uint32_t)count;
    else
        bin_add(&column->lengths, &(Run){number, (uint32_t)count}, sizeof(Run), &writer->held);
    return is_full(writer, column) ? page_flush(writer, column, err) : true;
}
