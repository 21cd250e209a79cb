/* table.c: rows as `show` prints them: agate's print_table() and to_json(). */
#include <math.h>
#include <stdlib.h>

#include "cli/cli.h"

enum { COLUMNS_MOST = 6, WIDTH_MOST = 20, PLACES_MOST = 3 };

/* How a column is shown. */
typedef struct Shown {
    bool is_text, is_number;
    int places;                    /* behind the point */
    bool is_cut;                   /* there are more   */
    size_t width;
} Shown;

static bool is_number(Value v)
{
    return value_is_int(v) || value_is_float(v) ||
           str_ends(str_of(value_type_name(v)), STR("Decimal"));
}

/* Digits behind the point, without zeros at the end; exponents are written out. */
static int places_of(Str digits)
{
    ptrdiff_t point = str_find_char(digits, '.');
    if (point < 0)
        return 0;
    size_t end = digits.len;
    while (end > (size_t)point + 1 && digits.at[end - 1] == '0')
        end--;
    return (int)(end - (size_t)point - 1);
}

static void add_digits(Value v, Text *out)
{
    if (value_is_float(v) && isfinite(v.real)) {
        value_print(v, out);
        if (str_find_char(text_str(out), 'e') >= 0) {
            text_clear(out);
            text_print(out, "%.*f", PLACES_MOST + 6, v.real);
        }
    } else {
        value_print(v, out);
    }
}

/* 1234567.5 with two places: "1,234,567.50"; cut ones are rounded and end in an ellipsis. */
static void add_number(Value v, const Shown *shown, Text *out)
{
    AUTO(text) Text digits = {0};
    add_digits(v, &digits);
    Str text = text_str(&digits);
    AUTO(text) Text rounded = {0};
    if (places_of(text) > shown->places) {
        double real = value_is_float(v) ? v.real : strtod(digits.at, NULL);
        text_print(&rounded, "%.*f", shown->places, real);
        text = text_str(&rounded);
    }
    if (text.len && text.at[0] == '-') {
        text_add_char(out, '-');
        text = str_slice(text, 1, text.len);
    }
    ptrdiff_t point = str_find_char(text, '.');
    Str whole = point < 0 ? text : str_slice(text, 0, (size_t)point);
    Str rest = point < 0 ? STR_NONE : str_slice(text, (size_t)point + 1, text.len);
    for (size_t i = 0; i < whole.len; i++) {
        text_add_char(out, whole.at[i]);
        if (i + 1 < whole.len && (whole.len - i - 1) % 3 == 0)
            text_add_char(out, ',');
    }
    if (shown->places) {
        text_add_char(out, '.');
        for (int i = 0; i < shown->places; i++)
            text_add_char(out, (size_t)i < rest.len ? rest.at[i] : '0');
    }
    if (shown->is_cut)
        text_add_c(out, "\u2026");
}

/* At most 20 code points; more end in "...". */
static void add_cut(Str text, Text *out)
{
    if (utf8_length(text) <= WIDTH_MOST) {
        text_add(out, text);
        return;
    }
    size_t at = 0;
    for (int i = 0; i < WIDTH_MOST - 3; i++)
        utf8_next(text, &at);
    text_print(out, STR_FMT "...", STR_ARG(str_slice(text, 0, at)));
}

static void add_cell(Value v, const Shown *shown, Text *out)
{
    AUTO(text) Text whole = {0};
    if (value_is_none(v))
        return;
    bool is_finite = !value_is_float(v) || isfinite(v.real);
    if (shown->is_number && is_number(v) && is_finite)
        add_number(v, shown, &whole);
    else
        value_print(v, &whole);
    add_cut(text_str(&whole), out);
}

static Shown shown_of(Value table, uint32_t column)
{
    Shown shown = {.is_number = true};
    uint64_t rows = table_row_count(table);
    bool has_value = false;
    for (uint64_t row = 0; row < rows; row++) {
        Value v = table_cell(table, row, column);
        if (value_is_none(v))
            continue;
        has_value = true;
        shown.is_text |= value_is_text(v);
        shown.is_number &= is_number(v);
        if (!is_number(v))
            continue;
        AUTO(text) Text digits = {0};
        add_digits(v, &digits);
        int places = places_of(text_str(&digits));
        shown.is_cut |= places > PLACES_MOST;
        shown.places = places > shown.places ? places : shown.places;
    }
    if (shown.places > PLACES_MOST)
        shown.places = PLACES_MOST;
    shown.is_number &= has_value;
    AUTO(text) Text cell = {0};
    add_cut(table_column_name(table, column), &cell);
    shown.width = utf8_length(text_str(&cell));
    for (uint64_t row = 0; row < rows; row++) {
        text_clear(&cell);
        add_cell(table_cell(table, row, column), &shown, &cell);
        size_t width = utf8_length(text_str(&cell));
        shown.width = width > shown.width ? width : shown.width;
    }
    return shown;
}

static void add_padded(Str text, const Shown *shown, Text *out)
{
    size_t blanks = shown->width - utf8_length(text);
    text_add_c(out, "| ");
    if (!shown->is_text)
        text_add_repeat(out, ' ', blanks);
    text_add(out, text);
    if (shown->is_text)
        text_add_repeat(out, ' ', blanks);
    text_add_char(out, ' ');
}

void table_add_text(Value table, Text *out)
{
    uint32_t all = table_column_count(table);
    uint32_t columns = all < COLUMNS_MOST ? all : COLUMNS_MOST;
    bool is_cut = all > columns;
    Shown shown[COLUMNS_MOST];
    AUTO(text) Text cell = {0};
    for (uint32_t i = 0; i < columns; i++) {
        shown[i] = shown_of(table, i);
        text_clear(&cell);
        add_cut(table_column_name(table, i), &cell);
        add_padded(text_str(&cell), &shown[i], out);
    }
    text_add_c(out, is_cut ? "| ... |\n" : "|\n");
    for (uint32_t i = 0; i < columns; i++) {
        text_add_c(out, "| ");
        text_add_repeat(out, '-', shown[i].width);
        text_add_char(out, ' ');
    }
    text_add_c(out, is_cut ? "| --- |\n" : "|\n");
    for (uint64_t row = 0; row < table_row_count(table); row++) {
        for (uint32_t i = 0; i < columns; i++) {
            text_clear(&cell);
            add_cell(table_cell(table, row, i), &shown[i], &cell);
            add_padded(text_str(&cell), &shown[i], out);
        }
        text_add_c(out, is_cut ? "| ... |\n" : "|\n");
    }
}

/* Numbers stay numbers; whole decimals of a column with fractions too: 2.0. Dates are ISO texts. */
static Value json_cell(Value v, bool has_places, Arena *arena)
{
    if (value_is_none(v) || value_is_bool(v) || value_is_text(v) || value_is_float(v) ||
        value_is_int(v))
        return v;
    AUTO(text) Text text = {0};
    value_print(v, &text);
    if (is_number(v)) {
        int64_t whole;
        if (!has_places && str_to_int(text_str(&text), &whole))
            return value_int(whole);
        return value_float(strtod(text.at, NULL));
    }
    if (str_ends(str_of(value_type_name(v)), STR("datetime")))
        for (size_t i = 0; i < text.len; i++)
            if (text.at[i] == ' ') {
                text.at[i] = 'T';
                break;
            }
    return value_text(text_copy(arena, &text));
}

/* Decimals with a point somewhere in the column are floats in all of its rows. */
static bool column_has_places(Value table, uint32_t column)
{
    for (uint64_t row = 0; row < table_row_count(table); row++) {
        Value v = table_cell(table, row, column);
        AUTO(text) Text text = {0};
        if (is_number(v))
            value_print(v, &text);
        if (text.len && str_find_char(text_str(&text), '.') >= 0)
            return true;
    }
    return false;
}

Value table_rows(Value table, Arena *arena)
{
    Value rows = value_list(arena);
    uint32_t columns = table_column_count(table);
    bool *has_places = NEW_N(arena, bool, columns + 1);
    for (uint32_t i = 0; i < columns; i++)
        has_places[i] = column_has_places(table, i);
    for (uint64_t row = 0; row < table_row_count(table); row++) {
        Value line = value_dict(arena);
        for (uint32_t i = 0; i < columns; i++)
            dict_put(line.dict, table_column_name(table, i),
                     json_cell(table_cell(table, row, i), has_places[i], arena));
        array_add(rows.list, line);
    }
    return rows;
}
