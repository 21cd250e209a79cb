/* arrow_base.h: what the files of this room share. private to arrow/ */
#ifndef ARROW_ARROW_BASE_H
#define ARROW_ARROW_BASE_H

#include "arrow/arrow.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are filled low byte first");

/* Types, lists and structs nest at most this deep. */
#define ARROW_DEEPEST 200

/* Bytes of a value in its buffer by type; 0: special. */
extern const uint8_t arrow_widths[ARROW_TYPE_COUNT];

/* Has 32-bit offsets into bytes: TEXT, JSON, BINARY. */
static inline bool arrow_is_bytes(TypeId type)
{
    return type == ARROW_TEXT || type == ARROW_JSON || type == ARROW_BINARY;
}

static inline bool bit_get(const uint8_t *bits, uint64_t at)
{
    return bits[at / 8] >> (at % 8) & 1;
}

/* buffer.c: memory of a column, aligned to 64 bytes, not cleared; counted in batch_bytes_alive().
 * What is given back may be any thread's next buffer. buffer_give() takes NULL. */
void *buffer_take(uint64_t size);
void buffer_give(const void *buffer);
/* The size it was taken with. */
uint64_t buffer_size(const void *buffer);

/* Bytes of the values of an array, its children included. */
uint64_t array_size(const Field *field, const struct ArrowArray *array);

#endif
