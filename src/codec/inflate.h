/* inflate.h: raw deflate by ISA-L or by zlib. private to codec/
 *
 * Both look the same from outside: bytes in, bytes out, an end. What a library has read beyond the
 * end lies in `left`.
 */
#ifndef CODEC_INFLATE_H
#define CODEC_INFLATE_H

#include "codec/libraries.h"

typedef enum InflateState { INFLATE_MORE, INFLATE_END, INFLATE_CORRUPT } InflateState;

typedef struct Inflate {
    const IsalLib *isal;         /* NULL: zlib it is                                              */
    const ZLib *zlib;
    struct inflate_state *isal_state;
    z_stream stream;
    const char *reason;          /* why it is corrupt                                             */
    char left[8];
    size_t left_len;             /* behind INFLATE_END                                            */
} Inflate;

/* is_zlib  even where ISA-L is there. Owner: the arena, or inflate_drop() before it */
MUST bool inflate_make(Arena *arena, bool is_zlib, Inflate *out, Err *err);
void inflate_drop(Inflate *inflate);
void inflate_reset(Inflate *inflate);
/* Takes from *in and puts *made bytes to `out`, at most `room`. INFLATE_MORE: the input is used up
 * or the room is. */
InflateState inflate_run(Inflate *inflate, Str *in, char *out, size_t room, size_t *made);
/* CRC-32 as gzip has it, going on from `crc` (0 at first). */
uint32_t inflate_crc(const Inflate *inflate, uint32_t crc, Str bytes);

#endif
