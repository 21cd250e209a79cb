/* page.c: values that wait become a page in the column's chain: encoded, compressed, with its head.
 *
 *   | head (thrift) | levels | values, compressed or not |               (a data page V2)
 *   | head (thrift) | levels' length, levels, values: all compressed |   (a data page V1)
 *
 * V2 can leave values uncompressed, V1 compresses the levels too: it is used where there are many
 * of them, that is, where NULLs and values mix. The first page of a chunk decides how the chunk is
 * encoded; a dictionary may be given up later.
 */
#include "parquet/writer.h"

/* Pages that would be compressed to no less than 31/32 are left as they are. After a page that did
 * not shrink the next ones are not tried: 1, 3, 7, then 15 of them. */
enum { LEAST_PACKED = 64, MOST_FAILURES = 4 };

bool page_pack(ParquetWriter *writer, Str plain, bool *is_smaller, Err *err)
{
    if (!writer->packer)
        TRY(packer_make(writer->arena, writer->options.level, &writer->packer, err));
    text_clear(&writer->packed);
    TRY(packer_pack(writer->packer, plain, &writer->packed, err));
    *is_smaller = writer->packed.len < plain.len - plain.len / 32;
    return true;
}

static bool try_pack(ParquetWriter *writer, Column *column, Str plain, bool *is_smaller, Err *err)
{
    *is_smaller = false;
    if (plain.len < LEAST_PACKED)
        return true;
    if (column->untried > 0) {
        column->untried--;
        return true;
    }
    TRY(page_pack(writer, plain, is_smaller, err));
    if (*is_smaller)
        column->failures = 0;
    else if (column->failures < MOST_FAILURES)
        column->failures++;
    column->untried = (1u << column->failures) - 1;
    return true;
}

/* ---- encoding ---- */

static void add_levels(const Column *column, Text *out)
{
    if (column->is_mixed)
        hybrid_add_bits(out, (const uint8_t *)column->levels.at, column->page_rows);
    else
        hybrid_add_run(out, column->page_nulls == 0, column->page_rows, 1);
}

static void start_direct(ParquetWriter *writer, Column *column)
{
    column->mode = MODE_DIRECT;
    column->failures = column->untried = 0;
    if (!column->has_dict_pages) {
        writer->ready_bytes -= terms_bytes(&column->dict);
        terms_drop(&column->dict, &writer->held);
    }
}

static unsigned number_width(const Terms *dict)
{
    return dict->count < 2 ? 1 : bits_needed(dict->count - 1);
}

static void add_numbers(const ParquetWriter *writer, const Column *column, Text *out)
{
    unsigned width = number_width(&column->dict);
    text_add_char(out, (char)width);
    hybrid_add(out, (const uint32_t *)(const void *)writer->numbers.at, column->value_count, width);
}

/* Puts the values into the dictionary and their numbers into writer->numbers. */
static bool find_numbers(ParquetWriter *writer, Column *column)
{
    Terms *dict = &column->dict;
    uint64_t before = terms_bytes(dict), count = column->value_count;
    bool is_good;
    writer->numbers.len = 0;
    bin_reserve(&writer->numbers, count * sizeof(uint32_t), &writer->held);
    uint32_t *numbers = (uint32_t *)(void *)writer->numbers.at;
    if (column->wait == WAIT_TEXTS)
        is_good = terms_add_texts(dict, column->values.at,
                                 (const uint32_t *)(const void *)column->lengths.at, count,
                                 writer->dict_limits, numbers, &writer->held);
    else if (column->wait == WAIT_FIXED)
        is_good = terms_add_fixed(dict, column->values.at, column->layout.width, count,
                                 writer->dict_limits, numbers, &writer->held);
    else
        is_good = terms_add_words(dict, column->values.at, count, writer->dict_limits, numbers,
                                 &writer->held);
    writer->ready_bytes += terms_bytes(dict) - before;
    return is_good;
}

/* Without a dictionary. */
static Encoding add_direct(const Column *column, Text *out)
{
    const void *values = column->values.at;
    if (column->wait == WAIT_TEXTS) {
        delta_add_32(out, (const uint32_t *)(const void *)column->lengths.at, column->value_count);
        text_add_bytes(out, values, column->values.len);
        return ENCODING_DELTA_LENGTH;
    }
    if (column->layout.physical == PHYSICAL_INT64) {
        delta_add_64(out, values, column->value_count);
        return ENCODING_DELTA;
    }
    if (column->layout.physical == PHYSICAL_INT32) {
        delta_add_32(out, values, column->value_count);
        return ENCODING_DELTA;
    }
    text_add_bytes(out, values, column->values.len);
    return ENCODING_PLAIN;
}

/* Bytes that the dictionary will take in the file. */
static uint64_t dict_file_bytes(const Column *column)
{
    const Terms *dict = &column->dict;
    if (dict->width)
        return dict->entries.len;
    return dict->bytes.len + (column->wait == WAIT_TEXTS ? dict->count * (uint64_t)4 : 0);
}

static Encoding use_dictionary(ParquetWriter *writer, Column *column, Text *out)
{
    column->mode = MODE_DICTIONARY;
    column->has_dict_pages = true;
    add_numbers(writer, column, out);
    return ENCODING_DICTIONARY;
}

/* The first page of a chunk: which way is shorter? */
static Encoding add_first(ParquetWriter *writer, Column *column, Text *out)
{
    size_t before = out->len;
    Encoding direct = ENCODING_PLAIN;
    uint64_t direct_bytes = column->values.len;
    if (column->wait == WAIT_TEXTS) {
        direct_bytes += column->value_count;
    } else if (column->wait == WAIT_WORDS) {
        direct = add_direct(column, out);
        direct_bytes = out->len - before;
        if (direct_bytes * 8 <= column->value_count * 3) {
            column->mode = MODE_DIRECT;
            return direct;
        }
    }
    if (find_numbers(writer, column)) {
        text_clear(&writer->other);
        add_numbers(writer, column, &writer->other);
        if ((writer->other.len + dict_file_bytes(column)) * 20 <= direct_bytes * 17) {
            text_truncate(out, before);
            text_add(out, text_str(&writer->other));
            column->mode = MODE_DICTIONARY;
            column->has_dict_pages = true;
            return ENCODING_DICTIONARY;
        }
    }
    start_direct(writer, column);
    return out->len > before ? direct : add_direct(column, out);
}

static void add_runs(const Column *column, Text *out)
{
    unsigned width = number_width(&column->dict);
    const Run *runs = (const Run *)(const void *)column->lengths.at;
    text_add_char(out, (char)width);
    for (size_t i = 0; i < column->lengths.len / sizeof(Run); i++)
        hybrid_add_run(out, runs[i].number, runs[i].count, width);
}

static Encoding add_values(ParquetWriter *writer, Column *column, Text *out)
{
    if (column->value_count == 0)
        return ENCODING_PLAIN;
    if (column->wait == WAIT_RUNS) {
        column->has_dict_pages = true;
        add_runs(column, out);
        return ENCODING_DICTIONARY;
    }
    if (column->wait == WAIT_BITS) {
        text_add_bytes(out, column->values.at, (column->value_count + 7) / 8);
        return ENCODING_PLAIN;
    }
    if (column->mode == MODE_OPEN)
        return add_first(writer, column, out);
    if (column->mode == MODE_DICTIONARY) {
        if (find_numbers(writer, column))
            return use_dictionary(writer, column, out);
        start_direct(writer, column);
    }
    return add_direct(column, out);
}

/* ---- the page ---- */

/* A page in writer->plain: 4 bytes for the length of its levels, levels, values. */
typedef struct Page {
    Encoding encoding;
    size_t levels;               /* bytes                                                        */
    Str values, stored;          /* stored: in the file, behind the levels of V2                 */
    bool is_v1, is_packed;
} Page;

static void print_head_v1(Thrift *head, const Column *column, const Page *page)
{
    thrift_i32(head, 1, PAGE_DATA);
    thrift_i32(head, 2, (int32_t)(4 + page->levels + page->values.len));
    thrift_i32(head, 3, (int32_t)page->stored.len);
    thrift_struct(head, 5);
    thrift_i32(head, 1, (int32_t)column->page_rows);
    thrift_i32(head, 2, (int32_t)page->encoding);
    thrift_i32(head, 3, ENCODING_RLE);
    thrift_i32(head, 4, ENCODING_RLE);
    thrift_end(head);
}

static void print_head_v2(Thrift *head, const Column *column, const Page *page)
{
    thrift_i32(head, 1, PAGE_DATA_V2);
    thrift_i32(head, 2, (int32_t)(page->levels + page->values.len));
    thrift_i32(head, 3, (int32_t)(page->levels + page->stored.len));
    thrift_struct(head, 8);
    thrift_i32(head, 1, (int32_t)column->page_rows);
    thrift_i32(head, 2, (int32_t)column->page_nulls);
    thrift_i32(head, 3, (int32_t)column->page_rows);
    thrift_i32(head, 4, (int32_t)page->encoding);
    thrift_i32(head, 5, (int32_t)page->levels);
    thrift_i32(head, 6, 0);
    thrift_bool(head, 7, page->is_packed);
    thrift_end(head);
}

static void print_head(ParquetWriter *writer, const Column *column, const Page *page)
{
    text_clear(&writer->head);
    Thrift head = {.out = &writer->head};
    thrift_struct(&head, 0);
    if (page->is_v1)
        print_head_v1(&head, column, page);
    else
        print_head_v2(&head, column, page);
    thrift_end(&head);
}

static bool pack(ParquetWriter *writer, Column *column, Page *page, Err *err)
{
    Str all = text_str(&writer->plain);
    bool has_levels = page->levels >= LEAST_PACKED;
    page->values = str_slice(all, 4 + page->levels, all.len);
    TRY(try_pack(writer, column, has_levels ? all : page->values, &page->is_packed, err));
    page->is_v1 = has_levels && page->is_packed;
    page->stored = page->is_packed ? text_str(&writer->packed) : page->values;
    return true;
}

static void page_clear(Column *column)
{
    column->page_rows = column->page_nulls = column->value_count = 0;
    column->is_mixed = false;
    column->levels.len = column->values.len = column->lengths.len = 0;
}

/* Puts the page behind those that are finished. */
static void keep(ParquetWriter *writer, Column *column, const Page *page)
{
    uint64_t before = column->pages.len;
    chain_add(&column->pages, text_str(&writer->head), &writer->blocks, &writer->held);
    if (!page->is_v1)
        chain_add(&column->pages, str_slice(text_str(&writer->plain), 4, 4 + page->levels),
                  &writer->blocks, &writer->held);
    chain_add(&column->pages, page->stored, &writer->blocks, &writer->held);
    writer->ready_bytes += column->pages.len - before;
    column->plain_bytes += writer->head.len + page->levels + page->values.len +
                           (page->is_v1 ? 4 : 0);
    column->chunk_nulls += column->page_nulls;
    column->encodings |= 1u << page->encoding | 1u << ENCODING_RLE;
    column->has_packed |= page->is_packed;
}

bool page_flush(ParquetWriter *writer, Column *column, Err *err)
{
    if (column->page_rows == 0)
        return true;
    Text *plain = &writer->plain;
    text_clear(plain);
    text_add_bytes(plain, "\0\0\0", 4);
    add_levels(column, plain);
    Page page = {.levels = plain->len - 4};
    uint32_t levels = (uint32_t)page.levels;
    memcpy(plain->at, &levels, sizeof levels);
    page.encoding = add_values(writer, column, plain);
    if (page.encoding != ENCODING_DICTIONARY && column->value_count)
        bounds_add(column);
    if (plain->len > INT32_MAX)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column " STR_FMT ": a value of %zu bytes is too long for a Parquet file",
                       STR_ARG(column->field->name), plain->len);
    TRY(pack(writer, column, &page, err));
    print_head(writer, column, &page);
    keep(writer, column, &page);
    page_clear(column);
    return true;
}
