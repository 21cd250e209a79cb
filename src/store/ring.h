/* ring.h: bytes from one thread to another, bounded: who is ahead waits. private to store/ */
#ifndef STORE_RING_H
#define STORE_RING_H

#include "store/inner.h"

typedef struct Ring {
    Lock lock;
    Signal changed;
    Text bytes;                  /* the memory: only what was once filled costs                   */
    size_t size, first, held;    /* held bytes begin at first                                     */
    size_t lent;                 /* of them: given out by ring_take(), free at its next call      */
    bool is_ended;               /* the filling side has put its last byte                        */
    bool is_stopped;             /* either side has given up                                      */
    Err failure;                 /* why the filling side ended, if not well                       */
} Ring;

void ring_init(Ring *ring, size_t size);
void ring_drop(Ring *ring);
/* Puts all of it; waits while the ring is full. False: stopped. */
bool ring_put(Ring *ring, Str piece);
/* The next bytes, a view until the next call; empty: ended. False: stopped, or ended by a
 * failure. */
bool ring_take(Ring *ring, Str *piece);
/* No more comes; `failure` (moved) if it is one. */
void ring_end(Ring *ring, Err *failure);
/* Wakes both sides: puts and takes fail from now on. */
void ring_stop(Ring *ring);
/* Sleeps; false when stopped meanwhile. */
bool ring_pause(Ring *ring, int64_t wait_ms);

#endif
