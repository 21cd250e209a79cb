/* scan.h: the few words of Jinja that are read without a template: names, literals, versions.
 * private to project/
 *
 * Each function passes over blanks first and gives false, with nothing it promised read, where
 * something else stands: the caller then leaves the whole text to Jinja. */
#ifndef PROJECT_SCAN_H
#define PROJECT_SCAN_H

#include "base/value.h"

typedef struct Scan {
    Str source;
    size_t at; /* the next character */
} Scan;

void scan_blanks(Scan *scan);
/* Is this the next character? Then it is passed. */
bool scan_char(Scan *scan, char c);
/* Letters, digits and underscores; empty if there are none. */
Str scan_name(Scan *scan);
/* What stands between the quotes, escapes as they are written. A view into the source. */
bool scan_string(Scan *scan, Str *out);
/* v=1 or version='1' behind the names of a ref: a whole number or a text. */
bool scan_version(Scan *scan, Value *out);

#endif
