/* json.c: the JSON reader.
 *
 * One pass over the bytes. Texts without escapes become views; the items of a list or dict are
 * gathered on a stack first, so that each container is made once, in its final size. Deviations
 * from RFC 8259 are Python's: NaN, Infinity and -Infinity are read, the last of doubled keys wins.
 */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DEPTH_MOST 200
#define PLACE_MOST ((size_t)0xffffff - 1)   /* Value.at has 24 bits */

typedef struct Parser {
    Arena *arena;
    const char *at, *end;
    Str source, file;
    Value *stack;           /* items of the containers that are open */
    size_t stack_len, stack_cap;
    Err *err;
} Parser;

static void parser_drop(Parser *parser)
{
    memory_give(parser->stack);
}

/* ---- errors ---- */

static bool fail(const Parser *parser, const char *at, const char *what)
{
    Place place = place_at(parser->file, parser->source, (size_t)(at - parser->source.at));
    return err_set_in(parser->err, ERR_PARSING, place, parser->source, "%s", what);
}

/* "expected <what>, found <what stands there>" */
static bool fail_expected(const Parser *parser, const char *what)
{
    Place place =
        place_at(parser->file, parser->source, (size_t)(parser->at - parser->source.at));
    if (parser->at == parser->end)
        return err_set_in(parser->err, ERR_PARSING, place, parser->source,
                          "expected %s, found the end of the text", what);
    Str rest = {parser->at, (size_t)(parser->end - parser->at)};
    size_t len = 0;
    utf8_next(rest, &len);
    return err_set_in(parser->err, ERR_PARSING, place, parser->source,
                      "expected %s, found '" STR_FMT "'", what, STR_ARG(str_slice(rest, 0, len)));
}

/* ---- parts ---- */

static inline void skip_space(Parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n' ||
                                        *parser->at == '\r' || *parser->at == '\t'))
        parser->at++;
}

static inline Value placed(const Parser *parser, Value v, const char *from)
{
    size_t offset = (size_t)(from - parser->source.at);
    v.at = offset < PLACE_MOST ? (uint32_t)offset + 1 : 0;
    return v;
}

static inline void push(Parser *parser, Value v)
{
    if (parser->stack_len == parser->stack_cap) {
        parser->stack_cap = parser->stack_cap ? parser->stack_cap * 2 : 256;
        parser->stack = memory_grow(parser->stack, parser->stack_cap * sizeof(Value));
    }
    parser->stack[parser->stack_len++] = v;
}

/* ---- texts ---- */

/* The first quote, backslash or control character from `at` on; *has_high tells whether a byte
 * beyond ASCII was passed. */
static inline const char *scan_text(const char *at, const char *end, bool *has_high)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i special = _mm_cmpeq_epi8(bytes, quote);
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, backslash));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
        unsigned stops = (unsigned)_mm_movemask_epi8(special);
        unsigned high = (unsigned)_mm_movemask_epi8(bytes);
        if (stops) {
            unsigned first = (unsigned)__builtin_ctz(stops);
            *has_high |= (high & ((1u << first) - 1)) != 0;
            return at + first;
        }
        *has_high |= high != 0;
    }
#endif
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        *has_high |= c >= 0x80;
    }
    return at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at `at`; -1 if they are none. */
static int32_t hex_4(const Parser *parser, const char *at)
{
    if (parser->end - at < 4)
        return -1;
    int32_t number = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

/* Decodes the escape at `*at` (a backslash) to `out`; moves *at behind it. */
static bool decode_escape(const Parser *parser, const char **at, char **out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *from = *at;
    char letter = from + 1 < parser->end ? from[1] : '\0';
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (known) {
        *(*out)++ = meanings[known - letters];
        *at = from + 2;
        return true;
    }
    if (letter != 'u')
        return fail(parser, from, "this is no escape that JSON knows");
    int32_t unit = hex_4(parser, from + 2);
    if (unit < 0)
        return fail(parser, from, "expected four hex digits behind \\u");
    *at = from + 6;
    if (unit >= 0xd800 && unit < 0xdc00 && parser->end - *at >= 6 && (*at)[0] == '\\' &&
        (*at)[1] == 'u') {
        int32_t low = hex_4(parser, *at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            *at += 6;
        }
    }
    char bytes[4];
    size_t len = utf8_put(bytes, (uint32_t)unit);
    memcpy(*out, bytes, len);
    *out += len;
    return true;
}

/* Copies a text with escapes from behind its quote; an escape is never shorter than its bytes. */
static bool decode_text(Parser *parser, const char *from, const char *to, Str *out)
{
    char *copy = arena_take(parser->arena, (size_t)(to - from) + 1, 1), *end = copy;
    while (from < to) {
        const char *escape = memchr(from, '\\', (size_t)(to - from));
        size_t plain = (size_t)((escape ? escape : to) - from);
        memcpy(end, from, plain);
        end += plain;
        from += plain;
        if (escape)
            TRY(decode_escape(parser, &from, &end));
    }
    *out = (Str){copy, (size_t)(end - copy)};
    return true;
}

/* A text; at stands on its quote. */
static bool parse_text(Parser *parser, Value *out)
{
    const char *quote = parser->at, *from = quote + 1, *at = from;
    bool has_high = false, has_escapes = false;
    for (;;) {
        at = scan_text(at, parser->end, &has_high);
        if (at == parser->end)
            return fail(parser, quote, "this text has no closing quote");
        if (*at == '"')
            break;
        if (*at != '\\')
            return fail(parser, at, "a control character must be escaped within a text");
        has_escapes = true;
        at += parser->end - at >= 2 ? 2 : 1;
    }
    Str text = {from, (size_t)(at - from)};
    ptrdiff_t invalid = has_high ? utf8_find_invalid(text) : -1;
    if (invalid >= 0)
        return fail(parser, from + invalid, "this byte is not valid UTF-8");
    if (has_escapes)
        TRY(decode_text(parser, from, at, &text));
    parser->at = at + 1;
    *out = placed(parser, value_text(text), quote);
    return true;
}

/* ---- numbers ---- */

/* A decimal that has more digits or a larger exponent than parse_real() can do exactly. */
static double slow_real(Parser *parser, const char *from, const char *to)
{
    char digits[64];
    size_t len = (size_t)(to - from);
    if (len < sizeof(digits)) {
        memcpy(digits, from, len);
        digits[len] = '\0';
        return strtod(digits, NULL);
    }
    return strtod(str_c(parser->arena, (Str){from, len}), NULL);
}

/* A number whose integer part ends at `at`, with fraction or exponent or too many digits. Up to
 * 15 digits and 22 powers of ten both are exact doubles, so that one operation rounds rightly. */
static bool parse_real(Parser *parser, const char *from, const char *at, Value *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t digits = 0;
    int digit_count = 0, power = 0;
    for (const char *c = from + (*from == '-'); c < at; c++, digit_count++)
        digits = digits * 10 + (uint64_t)(*c - '0');
    if (parser->end - at >= 2 && *at == '.' && at[1] >= '0' && at[1] <= '9')
        for (at++; at < parser->end && *at >= '0' && *at <= '9'; at++, digit_count++, power--)
            digits = digits * 10 + (uint64_t)(*at - '0');
    if (at < parser->end && (*at | 32) == 'e') {
        const char *c = at + 1;
        bool is_negative = c < parser->end && *c == '-';
        if (c < parser->end && (*c == '-' || *c == '+'))
            c++;
        int exponent = 0;
        bool has_digits = c < parser->end && *c >= '0' && *c <= '9';
        for (; c < parser->end && *c >= '0' && *c <= '9'; c++)
            exponent = exponent < 100000 ? exponent * 10 + (*c - '0') : exponent;
        if (has_digits) {
            power += is_negative ? -exponent : exponent;
            at = c;
        }
    }
    double real;
    if (digit_count <= 15 && power >= -22 && power <= 22) {
        real = power < 0 ? (double)digits / tens[-power] : (double)digits * tens[power];
        real = *from == '-' ? -real : real;
    } else {
        real = slow_real(parser, from, at);
    }
    parser->at = at;
    *out = placed(parser, value_float(real), from);
    return true;
}

static bool parse_literal(Parser *parser, Str word, Value v, Value *out)
{
    Str rest = {parser->at, (size_t)(parser->end - parser->at)};
    if (!str_starts(rest, word))
        return fail_expected(parser, "a value");
    *out = placed(parser, v, parser->at);
    parser->at += word.len;
    return true;
}

static bool parse_number(Parser *parser, Value *out)
{
    const char *from = parser->at, *at = from;
    bool is_negative = *at == '-';
    if (is_negative)
        at++;
    if (at < parser->end && *at == 'I' && is_negative)
        return parse_literal(parser, STR("-Infinity"), value_float(-INFINITY), out);
    if (at == parser->end || *at < '0' || *at > '9')
        return fail_expected(parser, "a value");
    uint64_t number = 0;
    bool is_too_big = false;
    const char *first = at;
    for (; at < parser->end && *at >= '0' && *at <= '9'; at++) {
        if (*first == '0' && at > first)
            break; /* a zero stands alone */
        is_too_big |= __builtin_mul_overflow(number, (uint64_t)10, &number);
        is_too_big |= __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number);
    }
    is_too_big |= number > (uint64_t)INT64_MAX + is_negative;
    bool has_more = at < parser->end && (*at == '.' || (*at | 32) == 'e');
    if (is_too_big || has_more) {
        TRY(parse_real(parser, from, at, out));
        if (is_too_big || parser->at > at)
            return true;
    } /* what follows is no fraction: an integer, and the dot an error of its own */
    parser->at = at;
    int64_t value = is_negative ? (int64_t)(0 - number) : (int64_t)number;
    *out = placed(parser, value_int(value), from);
    return true;
}

/* ---- containers ---- */

static bool parse_value(Parser *parser, int depth, Value *out);

static bool parse_list(Parser *parser, int depth, Value *out)
{
    const char *from = parser->at++;
    size_t base = parser->stack_len;
    skip_space(parser);
    if (parser->at < parser->end && *parser->at == ']') {
        parser->at++;
        *out = placed(parser, value_of_array(array_make(parser->arena, 0)), from);
        return true;
    }
    for (;;) {
        Value item;
        TRY(parse_value(parser, depth, &item));
        push(parser, item);
        skip_space(parser);
        if (parser->at == parser->end || (*parser->at != ',' && *parser->at != ']'))
            return fail_expected(parser, "',' or ']'");
        if (*parser->at++ == ']')
            break;
    }
    uint32_t count = (uint32_t)(parser->stack_len - base);
    Array *list = array_make(parser->arena, count);
    memcpy(list->at, parser->stack + base, count * sizeof(Value));
    list->len = count;
    parser->stack_len = base;
    *out = placed(parser, value_of_array(list), from);
    return true;
}

static bool parse_dict(Parser *parser, int depth, Value *out)
{
    const char *from = parser->at++;
    size_t base = parser->stack_len;
    skip_space(parser);
    if (parser->at < parser->end && *parser->at == '}') {
        parser->at++;
        *out = placed(parser, value_of_dict(dict_make(parser->arena, 0)), from);
        return true;
    }
    for (;;) {
        Value key, value;
        skip_space(parser);
        if (parser->at == parser->end || *parser->at != '"')
            return fail_expected(parser, "a key in double quotes");
        TRY(parse_text(parser, &key));
        skip_space(parser);
        if (parser->at == parser->end || *parser->at != ':')
            return fail_expected(parser, "':'");
        parser->at++;
        TRY(parse_value(parser, depth, &value));
        push(parser, key);
        push(parser, value);
        skip_space(parser);
        if (parser->at == parser->end || (*parser->at != ',' && *parser->at != '}'))
            return fail_expected(parser, "',' or '}'");
        if (*parser->at++ == '}')
            break;
    }
    Dict *dict = dict_make(parser->arena, (uint32_t)((parser->stack_len - base) / 2));
    for (size_t i = base; i < parser->stack_len; i += 2)
        dict_put_keyed(dict, parser->stack[i], parser->stack[i + 1]);
    parser->stack_len = base;
    *out = placed(parser, value_of_dict(dict), from);
    return true;
}

/* Any value, white space in front passed. */
static bool parse_value(Parser *parser, int depth, Value *out)
{
    skip_space(parser);
    if (parser->at == parser->end)
        return fail_expected(parser, "a value");
    if ((*parser->at == '[' || *parser->at == '{') && depth == DEPTH_MOST)
        return err_set(parser->err, ERR_TOO_DEEP,
                       place_at(parser->file, parser->source,
                                (size_t)(parser->at - parser->source.at)),
                       "lists and objects nest deeper than %d levels", DEPTH_MOST);
    switch (*parser->at) {
    case '"': return parse_text(parser, out);
    case '{': return parse_dict(parser, depth + 1, out);
    case '[': return parse_list(parser, depth + 1, out);
    case 't': return parse_literal(parser, STR("true"), value_bool(true), out);
    case 'f': return parse_literal(parser, STR("false"), value_bool(false), out);
    case 'n': return parse_literal(parser, STR("null"), NONE, out);
    case 'N': return parse_literal(parser, STR("NaN"), value_float(NAN), out);
    case 'I': return parse_literal(parser, STR("Infinity"), value_float(INFINITY), out);
    default: return parse_number(parser, out);
    }
}

bool json_parse(Arena *arena, Str source, Str file, Value *out, Err *err)
{
    if (!source.at)
        source.at = "";
    AUTO(parser) Parser parser = {
        .arena = arena,
        .at = source.at,
        .end = source.at + source.len,
        .source = source,
        .file = file,
        .err = err,
    };
    if (str_starts(source, STR("\xef\xbb\xbf")))
        parser.at += 3;
    Value v;
    TRY(parse_value(&parser, 0, &v));
    skip_space(&parser);
    if (parser.at != parser.end)
        return fail_expected(&parser, "the end of the text");
    *out = v;
    return true;
}
