/* bounds.c: least and greatest value of a column chunk, by which readers pass over row groups.
 *
 * Texts are kept up to 64 bytes: a cut least one still is a bound; a cut greatest one is counted
 * up.
 * A chunk with a NaN has no bounds (readers do not agree where NaN stands), nor have UUIDs and
 * decimals of more than 18 digits.
 */
#include "parquet/writer.h"

static bool is_unsigned(TypeId type)
{
    return type == ARROW_UINT8 || type == ARROW_UINT16 || type == ARROW_UINT32 ||
           type == ARROW_UINT64;
}

static bool has_text_order(const Column *column)
{
    return column->wait == WAIT_TEXTS || column->wait == WAIT_RUNS;
}

/* ---- numbers ---- */

static void add_range(Bounds *bounds, Range range)
{
    if (!bounds->is_set || range.least < bounds->range.least)
        bounds->range.least = range.least;
    if (!bounds->is_set || range.greatest > bounds->range.greatest)
        bounds->range.greatest = range.greatest;
    bounds->is_set = true;
}

/* Unsigned ones are compared as signed ones after their highest bit was turned. */
static Range range_of_unsigned(const char *values, uint64_t count, uint32_t width)
{
    uint64_t least = UINT64_MAX, greatest = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = 0;
        memcpy(&value, values + i * width, width == 8 ? 8 : 4);
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    return (Range){(int64_t)(least ^ (uint64_t)1 << 63), (int64_t)(greatest ^ (uint64_t)1 << 63)};
}

static void add_integers(Column *column, const char *values, uint64_t count)
{
    if (is_unsigned(column->field->type))
        add_range(&column->bounds, range_of_unsigned(values, count, column->layout.width));
    else if (column->layout.width == 4)
        add_range(&column->bounds, range_of_32((const int32_t *)(const void *)values, count));
    else
        add_range(&column->bounds, range_of_64((const int64_t *)(const void *)values, count));
}

static void add_reals(Column *column, const char *values, uint64_t count)
{
    Bounds *bounds = &column->bounds;
    double least = bounds->is_set ? bounds->least_real : __builtin_inf();
    double greatest = bounds->is_set ? bounds->greatest_real : -__builtin_inf();
    bool has_nan = false;
    for (uint64_t i = 0; i < count; i++) {
        double value;
        float narrow;
        if (column->layout.width == 8) {
            memcpy(&value, values + i * 8, 8);
        } else {
            memcpy(&narrow, values + i * 4, 4);
            value = narrow;
        }
        has_nan |= value != value;
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    bounds->least_real = least;
    bounds->greatest_real = greatest;
    bounds->is_set = true;
    bounds->is_off |= has_nan;
}

static void add_bools(Column *column)
{
    const uint8_t *bits = (const uint8_t *)column->values.at;
    uint64_t set = bits_set(bits, 0, column->value_count);
    add_range(&column->bounds, (Range){set == column->value_count, set > 0});
}

/* ---- texts ---- */

/* <0, 0, >0: text against the bound; what begins like a cut bound is equal to it. */
static int compare_bound(const char *text, uint32_t len, const Bound *bound)
{
    uint32_t least = len < bound->len ? len : bound->len;
    int order = least ? memcmp(text, bound->text, least) : 0;
    if (order != 0)
        return order;
    if (len < bound->len)
        return -1;
    return len > bound->len && !bound->is_cut ? 1 : 0;
}

static void set_bound(Bound *bound, const char *text, uint32_t len, uint64_t prefix)
{
    bound->prefix = prefix;
    bound->is_cut = len > BOUND_BYTES;
    bound->len = bound->is_cut ? BOUND_BYTES : len;
    if (bound->len)
        memcpy(bound->text, text, bound->len);
}

/* As long as the first eight bytes decide, nothing else is looked at. 8 bytes behind the text may
 * be read. */
static inline void add_text(Bounds *bounds, const char *text, uint32_t len)
{
    uint64_t word;
    memcpy(&word, text, 8);
    if (len < 8)
        word &= ((uint64_t)1 << (8 * len)) - 1;
    uint64_t prefix = __builtin_bswap64(word);
    if (prefix > bounds->least.prefix && prefix < bounds->greatest.prefix)
        return;
    if (!bounds->is_set) {
        set_bound(&bounds->least, text, len, prefix);
        set_bound(&bounds->greatest, text, len, prefix);
        bounds->is_set = true;
        return;
    }
    if (prefix <= bounds->least.prefix) {
        int order = compare_bound(text, len, &bounds->least);
        if (order < 0)
            set_bound(&bounds->least, text, len, prefix);
        else if (order == 0 && len > BOUND_BYTES)
            bounds->least.is_cut = true;
    }
    if (prefix >= bounds->greatest.prefix) {
        int order = compare_bound(text, len, &bounds->greatest);
        if (order > 0)
            set_bound(&bounds->greatest, text, len, prefix);
    }
}

/* ---- the columns' ways ---- */

void bounds_add(Column *column)
{
    const char *values = column->values.at;
    const uint32_t *lengths = (const uint32_t *)(const void *)column->lengths.at;
    switch (column->layout.physical) {
    case PHYSICAL_BOOLEAN: add_bools(column); break;
    case PHYSICAL_INT32:
    case PHYSICAL_INT64: add_integers(column, values, column->value_count); break;
    case PHYSICAL_FLOAT:
    case PHYSICAL_DOUBLE: add_reals(column, values, column->value_count); break;
    case PHYSICAL_BYTES:
        for (uint64_t i = 0; i < column->value_count; values += lengths[i++])
            add_text(&column->bounds, values, lengths[i]);
        break;
    default: break;
    }
}

void bounds_add_dictionary(Column *column)
{
    const Terms *dict = &column->dict;
    if (dict->count == 0)
        return;
    switch (column->layout.physical) {
    case PHYSICAL_INT32:
    case PHYSICAL_INT64: add_integers(column, dict->entries.at, dict->count); break;
    case PHYSICAL_FLOAT:
    case PHYSICAL_DOUBLE: add_reals(column, dict->entries.at, dict->count); break;
    case PHYSICAL_BYTES:
        for (uint32_t i = 0; dict->bytes.at && i < dict->count; i++)
            add_text(&column->bounds, dict->bytes.at + terms_at(dict, i)->at,
                     terms_at(dict, i)->len);
        break;
    default: break;
    }
}

/* ---- in the footer ---- */

/* The first text behind all that begin with the bound: its last ASCII character below DEL counted
 * up, what follows cut. False: there is none. */
static bool count_up(Bound *bound)
{
    while (bound->len > 0 && (uint8_t)bound->text[bound->len - 1] >= 0x7f)
        bound->len--;
    if (bound->len > 0)
        bound->text[bound->len - 1]++;
    return bound->len > 0;
}

/* Cut where a character begins. */
static void cut_back(Bound *bound)
{
    uint32_t len = bound->len;
    while (len > 0 && ((uint8_t)bound->text[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && (uint8_t)bound->text[len - 1] >= 0xc0)
        bound->len = len - 1;
}

static void print_bounds(Thrift *out, Str least, Str greatest, bool is_least_exact,
                         bool is_greatest_exact)
{
    thrift_bytes(out, 5, greatest);
    thrift_bytes(out, 6, least);
    thrift_bool(out, 7, is_greatest_exact);
    thrift_bool(out, 8, is_least_exact);
}

static void print_texts(const Bounds *bounds, Thrift *out)
{
    Bound least = bounds->least, greatest = bounds->greatest;
    if (greatest.is_cut && !count_up(&greatest))
        return;
    if (least.is_cut)
        cut_back(&least);
    print_bounds(out, (Str){least.text, least.len}, (Str){greatest.text, greatest.len},
                 !least.is_cut, !greatest.is_cut);
}

/* A zero may be of either sign: the bounds must hold for both. */
static void print_reals(const Bounds *bounds, uint32_t width, Thrift *out)
{
    double least = bounds->least_real == 0 ? -0.0 : bounds->least_real;
    double greatest = bounds->greatest_real == 0 ? 0.0 : bounds->greatest_real;
    float narrow[2] = {(float)least, (float)greatest};
    if (width == 8)
        print_bounds(out, (Str){(const char *)&least, 8}, (Str){(const char *)&greatest, 8}, true,
                     true);
    else
        print_bounds(out, (Str){(const char *)&narrow[0], 4}, (Str){(const char *)&narrow[1], 4},
                     true, true);
}

void bounds_print(const Column *column, Thrift *out)
{
    const Bounds *bounds = &column->bounds;
    if (!bounds->is_set || bounds->is_off || column->layout.physical == PHYSICAL_FIXED)
        return;
    if (has_text_order(column)) {
        print_texts(bounds, out);
        return;
    }
    if (column->layout.physical == PHYSICAL_FLOAT || column->layout.physical == PHYSICAL_DOUBLE) {
        print_reals(bounds, column->layout.width, out);
        return;
    }
    uint64_t turn = is_unsigned(column->field->type) ? (uint64_t)1 << 63 : 0;
    uint64_t least = (uint64_t)bounds->range.least ^ turn;
    uint64_t greatest = (uint64_t)bounds->range.greatest ^ turn;
    size_t width = column->layout.physical == PHYSICAL_BOOLEAN ? 1 : column->layout.width;
    print_bounds(out, (Str){(const char *)&least, width}, (Str){(const char *)&greatest, width},
                 true, true);
}
