/* format_spec.c: format(value, spec): Python's mini-language.
 *
 *   [[fill]align][sign][#][0][width][grouping][.precision][type]
 *
 * A number is laid out as  fill | sign prefix | zeros | digits in groups | rest | fill.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "jinja/python.h"

enum { MOST_WIDTH = 1 << 24, MOST_PRECISION = 1 << 16 };

typedef struct Spec {
    uint32_t fill;
    char align, sign;       /* '\0' when not given */
    bool is_alternate, has_precision, has_no_negative_zero, has_zero_and_align;
    int64_t width, precision;
    char grouping;          /* ',' '_' or '\0' */
    char type;              /* '\0' when not given */
} Spec;

/* The parts of a number before they are laid out. */
typedef struct Number {
    bool is_negative;
    Str prefix;   /* "0x" */
    Str digits;   /* before the point */
    Str rest;     /* ".25", "e+10", "%" */
} Number;

/* ---- reading the spec ---- */

static bool is_align(char c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

static bool read_count(Str s, size_t *at, int64_t most, int64_t *out, bool *found, Err *err)
{
    *found = false;
    int64_t number = 0;
    for (; *at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9'; (*at)++) {
        number = number * 10 + (s.at[*at] - '0');
        *found = true;
        if (number > most)
            return FAIL(err, "Too many decimal digits in format string");
    }
    *out = number;
    return true;
}

static void read_flags(Str s, size_t *at, Spec *spec)
{
    if (*at < s.len && (s.at[*at] == '+' || s.at[*at] == '-' || s.at[*at] == ' '))
        spec->sign = s.at[(*at)++];
    if (*at < s.len && s.at[*at] == 'z') {
        spec->has_no_negative_zero = true;
        (*at)++;
    }
    if (*at < s.len && s.at[*at] == '#') {
        spec->is_alternate = true;
        (*at)++;
    }
    if (*at < s.len && s.at[*at] == '0') {
        if (!spec->align) {
            spec->align = '=';
            spec->fill = '0';
        } else {
            spec->has_zero_and_align = true;
            spec->fill = spec->fill ? spec->fill : '0';
        }
        (*at)++;
    }
}

static bool spec_parse(Str s, Spec *out, Err *err)
{
    Spec spec = {0};
    size_t at = 0, behind = 0;
    bool found;
    if (s.len) {
        uint32_t fill = utf8_next(s, &behind);
        if (behind < s.len && is_align(s.at[behind])) {
            spec.fill = fill;
            spec.align = s.at[behind];
            at = behind + 1;
        } else if (is_align(s.at[0])) {
            spec.align = s.at[0];
            at = 1;
        }
    }
    read_flags(s, &at, &spec);
    TRY(read_count(s, &at, MOST_WIDTH, &spec.width, &found, err));
    while (at < s.len && (s.at[at] == ',' || s.at[at] == '_')) {
        if (spec.grouping)
            return FAIL(err, "Cannot specify both ',' and '_'.");
        spec.grouping = s.at[at++];
    }
    if (at < s.len && s.at[at] == '.') {
        at++;
        TRY(read_count(s, &at, MOST_PRECISION, &spec.precision, &found, err));
        if (!found)
            return FAIL(err, "Format specifier missing precision");
        spec.has_precision = true;
    }
    if (at + 1 < s.len)
        return FAIL(err, "Invalid format specifier");
    if (at < s.len)
        spec.type = s.at[at];
    *out = spec;
    return true;
}

/* ---- laying out ---- */

static void add_fill(Text *out, uint32_t fill, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        text_add_code_point(out, fill);
}

/* `body` of `length` code points within the width. */
static void lay_out(const Spec *spec, Str body, int64_t length, char default_align, Text *out)
{
    int64_t missing = spec->width > length ? spec->width - length : 0;
    char align = spec->align ? spec->align : default_align;
    int64_t left = align == '>' || align == '=' ? missing : align == '^' ? missing / 2 : 0;
    uint32_t fill = spec->fill ? spec->fill : ' ';
    add_fill(out, fill, left);
    text_add(out, body);
    add_fill(out, fill, missing - left);
}

/* Digits with a separator every `size`, filled up with zeros to at least `width` characters. */
static void add_grouped(Text *out, Str digits, char separator, unsigned size, int64_t width)
{
    int64_t count = (int64_t)digits.len;
    if (separator && count)
        while (count + (count - 1) / size < width)
            count++;
    else if (count < width)
        count = width;
    for (int64_t i = count; i > 0; i--) {
        int64_t at = (int64_t)digits.len - i;
        text_add_char(out, at < 0 ? '0' : digits.at[at]);
        if (separator && i > 1 && (i - 1) % size == 0)
            text_add_char(out, separator);
    }
}

static Value number_layout(Arena *arena, const Spec *spec, Number number)
{
    char sign = number.is_negative ? '-' : spec->sign == '+' || spec->sign == ' ' ? spec->sign : 0;
    AUTO(text) Text body = {0};
    if (sign)
        text_add_char(&body, sign);
    text_add(&body, number.prefix);
    unsigned size = spec->type && strchr("boxX", spec->type) ? 4 : 3;
    bool is_digits = number.digits.len && number.digits.at[0] >= '0' && number.digits.at[0] <= '9';
    int64_t around = (int64_t)(body.len + number.rest.len);
    bool pads_zeros = spec->align == '=' && spec->fill == '0';
    AUTO(text) Text digits = {0};
    if (is_digits || strchr("xX", spec->type ? spec->type : '-'))
        add_grouped(&digits, number.digits, spec->grouping, size,
                    pads_zeros ? spec->width - around : 0);
    else
        text_add(&digits, number.digits);
    AUTO(text) Text out = {0};
    int64_t length = around + (int64_t)digits.len;
    if (spec->align == '=') {
        text_add(&out, text_str(&body));
        if (length < spec->width)
            add_fill(&out, spec->fill ? spec->fill : ' ', spec->width - length);
        text_add(&out, text_str(&digits));
        text_add(&out, number.rest);
    } else {
        text_add(&body, text_str(&digits));
        text_add(&body, number.rest);
        lay_out(spec, text_str(&body), length, '>', &out);
    }
    return text_value(arena, &out);
}

/* ---- texts ---- */

static bool format_text(Arena *arena, const Spec *spec, Str s, Value *out, Err *err)
{
    if (spec->type && spec->type != 's')
        return FAIL(err, "Unknown format code '%c' for object of type 'str'", spec->type);
    if (spec->sign)
        return FAIL(err, spec->sign == ' ' ? "Space not allowed in string format specifier"
                                           : "Sign not allowed in string format specifier");
    if (spec->is_alternate)
        return FAIL(err, "Alternate form (#) not allowed in string format specifier");
    if (spec->grouping)
        return FAIL(err, "Cannot specify '%c' with 's'.", spec->grouping);
    if (spec->align == '=' && spec->fill != '0')
        return FAIL(err, "'=' alignment not allowed in string format specifier");
    if (spec->has_precision)
        s = str_slice(s, 0, text_offset(s, spec->precision));
    Spec plain = *spec;
    if (plain.align == '=')
        plain.align = '<'; /* from the flag 0 */
    AUTO(text) Text text = {0};
    lay_out(&plain, s, (int64_t)utf8_length(s), '<', &text);
    *out = text_value(arena, &text);
    return true;
}

/* ---- floats ---- */

/* Cuts "1.50e+10" into digits and rest. */
static Number number_split(Arena *arena, const Text *text, bool is_negative)
{
    Str whole = text_copy(arena, text);
    size_t digits = 0;
    while (digits < whole.len && whole.at[digits] >= '0' && whole.at[digits] <= '9')
        digits++;
    if (!digits)
        digits = whole.len; /* inf, nan */
    return (Number){.is_negative = is_negative,
                    .digits = str_slice(whole, 0, digits),
                    .rest = str_slice(whole, digits, whole.len)};
}

/* Without a type but with a precision: 'g', but 1.0 keeps its point, and 12.0 at .2 is 1.2e+01. */
static void print_short(double real, int precision, bool keeps_zeros, Text *out)
{
    char form[64];
    precision = precision ? precision : 1;
    int kept = precision > 40 ? 40 : precision;
    snprintf(form, sizeof(form), "%.*e", kept - 1, real);
    int exponent = (int)strtol(strchr(form, 'e') + 1, NULL, 10);
    if (exponent >= -4 && exponent + 1 > precision - 1) { /* %g would print it in full at 12. */
        size_t end = (size_t)(strchr(form, 'e') - form);
        if (memchr(form, '.', end) && !keeps_zeros)
            while (form[end - 1] == '0')
                end--;
        if (form[end - 1] == '.')
            end--;
        text_add_bytes(out, form, end);
        if (keeps_zeros && !memchr(form, '.', end))
            text_add_char(out, '.');
        text_print(out, "e+%02d", exponent);
        return;
    }
    size_t start = out->len;
    text_print(out, keeps_zeros ? "%#.*g" : "%.*g", precision, real);
    if (!strpbrk(out->at + start, ".en"))
        text_add_c(out, ".0");
}

static void print_typed(const Spec *spec, double real, char type, Text *out)
{
    int precision = spec->has_precision ? (int)spec->precision : 6;
    if (!isfinite(real)) {
        bool is_upper = type == 'E' || type == 'F' || type == 'G';
        text_add_c(out, isnan(real) ? (is_upper ? "NAN" : "nan") : is_upper ? "INF" : "inf");
        return;
    }
    switch (type) {
    case 'e': text_print(out, spec->is_alternate ? "%#.*e" : "%.*e", precision, real); break;
    case 'E': text_print(out, spec->is_alternate ? "%#.*E" : "%.*E", precision, real); break;
    case 'G': text_print(out, spec->is_alternate ? "%#.*G" : "%.*G", precision, real); break;
    case 'g':
    case 'n': text_print(out, spec->is_alternate ? "%#.*g" : "%.*g", precision, real); break;
    default: text_print(out, spec->is_alternate ? "%#.*f" : "%.*f", precision, real); break;
    }
}

static bool format_real(Arena *arena, const Spec *spec, double real, Value *out, Err *err)
{
    char type = spec->type;
    if (type && !strchr("eEfFgGn%", type))
        return FAIL(err, "Unknown format code '%c' for object of type 'float'", type);
    if (type == 'n' && spec->grouping)
        return FAIL(err, "Cannot specify '%c' with 'n'.", spec->grouping);
    bool is_negative = signbit(real) && !isnan(real);
    double size = isnan(real) ? real : fabs(real);
    AUTO(text) Text text = {0};
    if (type == '%') {
        print_typed(spec, size * 100, 'f', &text);
        text_add_char(&text, '%');
    } else if (type || !isfinite(real)) {
        print_typed(spec, size, type, &text);
    } else if (spec->has_precision) {
        print_short(size, (int)spec->precision, spec->is_alternate, &text);
    } else {
        float_print(size, &text);
        const char *exponent = strchr(text.at, 'e');
        if (spec->is_alternate && exponent && !strchr(text.at, '.')) {
            Str power = str_copy(arena, str_of(exponent));
            text_truncate(&text, (size_t)(exponent - text.at));
            text_print(&text, "." STR_FMT, STR_ARG(power));
        }
    }
    if (spec->has_no_negative_zero && is_negative) {
        const char *digit = strpbrk(text.at, "123456789");
        is_negative = digit && (!strpbrk(text.at, "eE") || digit < strpbrk(text.at, "eE"));
    }
    Number number = number_split(arena, &text, is_negative);
    *out = number_layout(arena, spec, number);
    return true;
}

/* ---- whole numbers ---- */

static bool format_character(Arena *arena, const Spec *spec, Value v, Value *out, Err *err)
{
    if (spec->sign)
        return FAIL(err, "Sign not allowed with integer format specifier 'c'");
    if (!is_whole(v) || whole_of(v) < 0 || whole_of(v) > 0x10ffff)
        return FAIL(err, "%%c arg not in range(0x110000)");
    AUTO(text) Text character = {0};
    text_add_code_point(&character, (uint32_t)whole_of(v));
    AUTO(text) Text text = {0};
    lay_out(spec, text_str(&character), 1, '<', &text);
    *out = text_value(arena, &text);
    return true;
}

static bool format_whole(Arena *arena, const Spec *spec, Value v, Value *out, Err *err)
{
    char type = spec->type ? spec->type : 'd';
    if (strchr("eEfFgG%", type)) {
        double real;
        TRY(number_real(v, &real, err));
        return format_real(arena, spec, real, out, err);
    }
    if (!strchr("bcdoxXn", type))
        return FAIL(err, "Unknown format code '%c' for object of type '%s'", type,
                    value_type_name(v));
    if (spec->has_precision)
        return FAIL(err, "Precision not allowed in integer format specifier");
    if (spec->grouping && strchr(spec->grouping == ',' ? "bcoxXn" : "cn", type))
        return FAIL(err, "Cannot specify '%c' with '%c'.", spec->grouping, type);
    if (type == 'c')
        return format_character(arena, spec, v, out, err);
    unsigned base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    Number number = {0};
    number.digits = whole_digits(arena, v, base, &number.is_negative);
    if (type == 'X')
        number.digits = str_upper(arena, number.digits);
    if (spec->is_alternate && base != 10)
        number.prefix = type == 'b' ? STR("0b") : type == 'o' ? STR("0o")
                        : type == 'x' ? STR("0x") : STR("0X");
    *out = number_layout(arena, spec, number);
    return true;
}

/* ---- Decimal ---- */

/* Digits of |v| with exactly `places` behind the point. */
static void decimal_fixed(Arena *arena, Value v, int64_t places, Text *out)
{
    DecimalView view = decimal_view(arena, decimal_round(arena, v, places));
    int64_t whole = (int64_t)view.digits.len + view.exponent; /* digits before the point */
    for (int64_t i = 0; i < (whole > 0 ? whole : 1); i++)
        text_add_char(out, whole <= 0 || i >= (int64_t)view.digits.len ? '0' : view.digits.at[i]);
    if (places > 0)
        text_add_char(out, '.');
    for (int64_t i = 0; i < places; i++) {
        int64_t at = whole + i;
        text_add_char(out, at < 0 || at >= (int64_t)view.digits.len ? '0' : view.digits.at[at]);
    }
}

/* With `count` digits in all, in powers of ten. */
static void decimal_scientific(DecimalView view, char letter, Text *out)
{
    text_add_bytes(out, view.digits.at, 1);
    if (view.digits.len > 1) {
        text_add_char(out, '.');
        text_add(out, str_slice(view.digits, 1, view.digits.len));
    }
    int64_t exponent = view.exponent + (int64_t)view.digits.len - 1;
    text_print(out, "%c%c%lld", letter, exponent < 0 ? '-' : '+', llabs((long long)exponent));
}

static bool format_decimal(Arena *arena, const Spec *spec, Value v, Value *out, Err *err)
{
    char type = spec->type;
    bool is_fit = !type || strchr("eEfFgGn%", type);
    if (!is_fit || spec->is_alternate || spec->grouping == '_' || spec->has_zero_and_align ||
        spec->has_no_negative_zero || (type == 'n' && spec->grouping))
        return FAIL(err, "invalid format string");
    DecimalView view = decimal_view(arena, v);
    AUTO(text) Text text = {0};
    if (view.special) {
        text_add_c(&text, view.special);
    } else if (type == 'f' || type == 'F' || type == '%') {
        int64_t exponent = view.exponent + (type == '%' ? 2 : 0);
        int64_t own = exponent < 0 ? -exponent : 0;
        if (type == '%')
            TRY(operate(arena, OP_MULTIPLY, v, value_int(100), &v, err));
        decimal_fixed(arena, v, spec->has_precision ? spec->precision : own, &text);
        if (type == '%')
            text_add_char(&text, '%');
    } else {
        bool is_scientific = type == 'e' || type == 'E';
        int64_t kept = spec->precision + is_scientific, size = (int64_t)view.digits.len;
        if (kept == 0)
            kept = 1;
        if (spec->has_precision && (size > kept || is_scientific)) {
            int64_t places = kept - (size + view.exponent);
            view = decimal_view(arena, decimal_round(arena, v, places));
        }
        int64_t leading = view.exponent + (int64_t)view.digits.len - 1;
        if (is_scientific || view.exponent > 0 || leading < -6)
            decimal_scientific(view, type == 'E' || type == 'G' ? 'E' : type ? 'e' : 'E', &text);
        else
            decimal_fixed(arena, v, -view.exponent, &text);
    }
    *out = number_layout(arena, spec, number_split(arena, &text, view.is_negative));
    return true;
}

/* ---- any value ---- */

bool format_spec(Arena *arena, Value v, Str spec_text, Value *out, Err *err)
{
    if (!spec_text.len) {
        *out = value_to_text(arena, v);
        return true;
    }
    if (value_is_temporal(v))
        return temporal_format(arena, v, spec_text, out, err);
    bool has_format = v.kind == VALUE_TEXT || is_any_whole(v) || v.kind == VALUE_FLOAT ||
                      value_is_a(v, &decimal_type);
    if (!has_format)
        return FAIL(err, "unsupported format string passed to %s.__format__", value_type_name(v));
    Spec spec;
    TRY(spec_parse(spec_text, &spec, err));
    if (v.kind == VALUE_TEXT)
        return format_text(arena, &spec, value_str(v), out, err);
    if (is_any_whole(v))
        return format_whole(arena, &spec, v, out, err);
    if (v.kind == VALUE_FLOAT)
        return format_real(arena, &spec, v.real, out, err);
    return format_decimal(arena, &spec, v, out, err);
}
