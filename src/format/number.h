/* number.h: numbers as texts write them, digit for digit; private to format/. */
#ifndef FORMAT_NUMBER_H
#define FORMAT_NUMBER_H

#include "base/str.h"

/* The text's value is mantissa * 10^exponent, exactly, unless `is_long`. */
typedef struct Number {
    uint64_t mantissa; /* the first 19 significant digits                              */
    int32_t exponent;  /* of the mantissa                                              */
    uint32_t digits;   /* significant ones, leading zeros left out; 0: the value is 0  */
    bool is_negative;
    bool is_real; /* has a point or an exponent                                   */
    bool is_long; /* more digits than the mantissa holds (trailing zeros aside)   */
    Str raw;
} Number;

/* How a text may write it. */
typedef enum NumberStyle {
    NUMBER_JSON, /* -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?                        */
    NUMBER_CSV,  /* besides: ".5" and "5."                                       */
} NumberStyle;

/* Reads the number that begins at `at`: the byte behind it, or NULL if none stands there.
 * mark  the decimal mark */
const char *number_scan(const char *at, const char *end, NumberStyle style, char mark, Number *out);
/* The same for a whole text. */
bool number_parse(Str text, NumberStyle style, char mark, Number *out);

/* The whole value as an integer; false: a fraction is left or it does not fit. "1e3" and "2.0" are
 * whole. */
bool number_to_int64(const Number *number, int64_t *out);
bool number_to_uint64(const Number *number, uint64_t *out);
/* value * 10^scale; false: digits would be lost or it has more than `precision` digits. */
bool number_to_decimal(const Number *number, unsigned precision, unsigned scale, __int128 *out);
/* The nearest double, correctly rounded; false: beyond the largest. */
bool number_to_double(const Number *number, double *out);
/* True if the shortest text that reads back as `real` has the value of the number's digits: the
 * double says the same. */
bool number_is_double(const Number *number, double real);
/* Digits before and behind the point that a DECIMAL needs; false: more than 38 or an exponent
 * beyond. */
bool number_extent(const Number *number, unsigned *whole, unsigned *scale);

#endif
