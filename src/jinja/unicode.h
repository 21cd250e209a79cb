/* unicode.h: private to jinja/: letters, digits and cases as Python's str knows them.
 *
 * Complete to U+FFFF by tables (unicode_table.h); beyond, every code point counts as a letter
 * without case, which is right for all living scripts there but a handful.
 */
#ifndef JINJA_UNICODE_H
#define JINJA_UNICODE_H

#include "base/str.h"
#include "base/text.h"

uint32_t code_lower(uint32_t c);
uint32_t code_upper(uint32_t c);
bool code_is_letter(uint32_t c);    /* str.isalpha()     */
bool code_is_decimal(uint32_t c);   /* str.isdecimal()   */
bool code_is_digit(uint32_t c);     /* str.isdigit()     */
bool code_is_numeric(uint32_t c);   /* str.isnumeric()   */
bool code_is_space(uint32_t c);     /* str.isspace()     */
bool code_is_lower(uint32_t c);
bool code_is_upper(uint32_t c);
bool code_is_title(uint32_t c);     /* Dž and its like   */
bool code_is_printable(uint32_t c); /* str.isprintable(), unassigned points apart */
/* isalnum() or '_': re's \w */
bool code_is_word(uint32_t c);

/* Python's lower(), upper(), title(), capitalize(), swapcase(), casefold(). The sharp s becomes SS
 * and the like; a sigma at the end of a word becomes the final one.
 * Owner: the arena (the text itself where nothing changes). */
Str text_lower(Arena *arena, Str s);
Str text_upper(Arena *arena, Str s);
Str text_title(Arena *arena, Str s);
Str text_capitalize(Arena *arena, Str s);
Str text_swapcase(Arena *arena, Str s);
Str text_casefold(Arena *arena, Str s);

/* Byte offset of code point `index` (0 .. length). Cost: O(offset) beyond ASCII. */
size_t text_offset(Str s, int64_t index);
/* Without leading and trailing white space, as str.strip(). */
Str text_strip(Str s);

#endif
