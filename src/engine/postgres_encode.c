/* postgres_encode.c: batches as COPY's text form: a line a row, fields between tabs.
 *
 * Text, not binary: the server then casts every value to the target's own type, whatever that is.
 * Source: PostgreSQL's manual, COPY, "Text Format"; "Array Input and Output Syntax".
 */
#include "base/clock.h"
#include "engine/postgres_base.h"

#define US_A_DAY ((int64_t)86400 * 1000000)

/* Letters that stand for themselves nowhere in a field. */
void postgres_encode_text(Text *out, Str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i], letter = c == '\\' ? '\\' : c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
        if (c != '\\' && c != '\n' && c != '\r' && c != '\t')
            continue;
        const char pair[2] = {'\\', letter};
        text_add_bytes(out, s.at + from, i - from);
        text_add_bytes(out, pair, 2);
        from = i + 1;
    }
    text_add_bytes(out, s.at + from, s.len - from);
}

/* Dates before the common era: " (BC)" is how they are printed, " BC" how Postgres reads them. */
static void mend_era(const Field *field, Text *out)
{
    bool is_moment = field->type == ARROW_DATE || field->type == ARROW_TIMESTAMP ||
                     field->type == ARROW_TIMESTAMP_TZ;
    if (is_moment && str_ends(text_str(out), STR(" (BC)"))) {
        text_truncate(out, out->len - 5);
        text_add_c(out, " BC");
    }
}

static bool is_json_on_server(const Field *field)
{
    return field->type == ARROW_STRUCT ||
           (field->type == ARROW_LIST &&
            (field->children[0].type == ARROW_LIST || field->children[0].type == ARROW_STRUCT));
}

/* {"a","b\"c",NULL}: every item in quotes, which is always allowed. */
static void print_array(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out)
{
    const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset + row;
    AUTO(text) Text item = {0};
    text_add_char(out, '{');
    for (int32_t i = offsets[0]; i < offsets[1]; i++) {
        text_add_c(out, i > offsets[0] ? "," : "");
        if (array_is_null(array->children[0], (uint64_t)i)) {
            text_add_c(out, "NULL");
            continue;
        }
        text_clear(&item);
        array_print(&field->children[0], array->children[0], (uint64_t)i, &item);
        mend_era(&field->children[0], &item);
        text_add_char(out, '"');
        for (size_t j = 0; j < item.len; j++) {
            if (item.at[j] == '"' || item.at[j] == '\\')
                text_add_char(out, '\\');
            text_add_char(out, item.at[j]);
        }
        text_add_char(out, '"');
    }
    text_add_char(out, '}');
}

/* ---- common types without printf(), which was half of publishing's time ---- */

/* At least `least` digits, zeros in front. */
static void add_digits(Text *out, uint64_t number, unsigned least)
{
    char digits[24];
    size_t at = sizeof digits;
    for (; number || least; number /= 10, least -= least > 0)
        digits[--at] = (char)('0' + number % 10);
    text_add_bytes(out, digits + at, sizeof digits - at);
}

/* A decimal of 64 bits. False: it has more. */
static bool add_small_decimal(const Field *field, const char *at, Text *out)
{
    __int128 number;
    memcpy(&number, at, sizeof number);
    if (number > INT64_MAX || number < -INT64_MAX || field->scale > 18)
        return false;
    uint64_t rest = (uint64_t)(number < 0 ? -number : number), by = 1;
    for (unsigned i = 0; i < field->scale; i++)
        by *= 10;
    if (number < 0)
        text_add_char(out, '-');
    add_digits(out, rest / by, 1);
    if (field->scale) {
        text_add_char(out, '.');
        add_digits(out, rest % by, field->scale);
    }
    return true;
}

/* Years 1 to 9999. False: another. */
static bool add_date(int64_t days, Text *out)
{
    int64_t year;
    unsigned month, day;
    if (days < -719162 || days > 2932896)
        return false;
    civil_of_days(days, &year, &month, &day);
    add_digits(out, (uint64_t)year, 4);
    text_add_char(out, '-');
    add_digits(out, month, 2);
    text_add_char(out, '-');
    add_digits(out, day, 2);
    return true;
}

static bool add_timestamp(const Field *field, int64_t us, Text *out)
{
    int64_t days = us / US_A_DAY - (us % US_A_DAY < 0);
    uint64_t rest = (uint64_t)(us - days * US_A_DAY);
    if (!add_date(days, out))
        return false;
    text_add_char(out, ' ');
    add_digits(out, rest / 3600000000u, 2);
    text_add_char(out, ':');
    add_digits(out, rest / 60000000u % 60, 2);
    text_add_char(out, ':');
    add_digits(out, rest / 1000000u % 60, 2);
    text_add_char(out, '.');
    add_digits(out, rest % 1000000u, 6);
    text_add_c(out, field->type == ARROW_TIMESTAMP_TZ ? "+00" : "");
    return true;
}

/* The value of a common type. False: of another, or an uncommon value. */
static bool add_common(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out)
{
    row += (uint64_t)array->offset;
    switch (field->type) {
    case ARROW_INT32:
        text_add_int(out, ((const int32_t *)array->buffers[1])[row]);
        return true;
    case ARROW_INT64:
        text_add_int(out, ((const int64_t *)array->buffers[1])[row]);
        return true;
    case ARROW_DECIMAL:
        return add_small_decimal(field, (const char *)array->buffers[1] + 16 * row, out);
    case ARROW_DATE:
        return add_date(((const int32_t *)array->buffers[1])[row], out);
    case ARROW_TIMESTAMP:
    case ARROW_TIMESTAMP_TZ:
        return add_timestamp(field, ((const int64_t *)array->buffers[1])[row], out);
    default:
        return false;
    }
}

static void add_field(const Field *field, const struct ArrowArray *array, uint64_t row,
                      Text *scratch, Text *out)
{
    if (field->type == ARROW_NULL || array_is_null(array, row)) {
        text_add_c(out, "\\N");
    } else if (field->type == ARROW_TEXT || field->type == ARROW_JSON) {
        postgres_encode_text(out, array_bytes(array, row));
    } else if (field->type == ARROW_LIST && !is_json_on_server(field)) {
        text_clear(scratch);
        print_array(field, array, row, scratch);
        postgres_encode_text(out, text_str(scratch));
    } else if (field->type == ARROW_BINARY || is_json_on_server(field)) {
        text_clear(scratch);
        array_print(field, array, row, scratch);
        postgres_encode_text(out, text_str(scratch));
    } else if (!add_common(field, array, row, out)) {
        array_print(field, array, row, out);
        mend_era(field, out);
    }
}

void postgres_encode_row(const Schema *schema, const Batch *batch, uint64_t row, Text *scratch,
                         Text *out)
{
    row += (uint64_t)batch->array.offset;
    for (uint32_t i = 0; i < schema->count; i++) {
        if (i)
            text_add_char(out, '\t');
        add_field(&schema->fields[i], batch->array.children[i], row, scratch, out);
    }
    text_add_char(out, '\n');
}
