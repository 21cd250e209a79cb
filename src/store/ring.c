/* ring.c: one lock, one signal, one buffer. */
#include "store/ring.h"

#include "base/clock.h"

void ring_init(Ring *ring, size_t size)
{
    *ring = (Ring){.size = size};
    text_reserve(&ring->bytes, size);
    lock_init(&ring->lock, RANK_RING, "ring");
    signal_init(&ring->changed);
}

void ring_drop(Ring *ring)
{
    err_drop(&ring->failure);
    text_drop(&ring->bytes);
    signal_drop(&ring->changed);
    lock_drop(&ring->lock);
}

bool ring_put(Ring *ring, Str piece)
{
    lock_take(&ring->lock);
    while (piece.len && !ring->is_stopped) {
        if (ring->held == ring->size) {
            signal_wait(&ring->changed, &ring->lock, -1);
            continue;
        }
        size_t end = (ring->first + ring->held) % ring->size;
        size_t room = ring->size - ring->held;
        if (room > ring->size - end)
            room = ring->size - end;
        if (room > piece.len)
            room = piece.len;
        memcpy(ring->bytes.at + end, piece.at, room);
        ring->held += room;
        piece = str_slice(piece, room, piece.len);
        signal_tell_all(&ring->changed);
    }
    bool is_put = !ring->is_stopped;
    lock_give(&ring->lock);
    return is_put;
}

bool ring_take(Ring *ring, Str *piece)
{
    lock_take(&ring->lock);
    if (ring->lent) {
        ring->first = (ring->first + ring->lent) % ring->size;
        ring->held -= ring->lent;
        ring->lent = 0;
        signal_tell_all(&ring->changed);
    }
    while (!ring->held && !ring->is_ended && !ring->is_stopped)
        signal_wait(&ring->changed, &ring->lock, -1);
    size_t len = ring->size - ring->first;
    if (len > ring->held)
        len = ring->held;
    if (len > ring->size / 4) /* give the rest room to be filled meanwhile */
        len = ring->size / 4;
    ring->lent = len;
    bool is_fine = !ring->is_stopped && (len || ring->failure.kind == ERR_NONE);
    if (is_fine)
        *piece = (Str){ring->bytes.at + ring->first, len};
    lock_give(&ring->lock);
    return is_fine;
}

void ring_end(Ring *ring, Err *failure)
{
    lock_take(&ring->lock);
    if (failure && failure->kind != ERR_NONE)
        err_move(&ring->failure, failure);
    ring->is_ended = true;
    signal_tell_all(&ring->changed);
    lock_give(&ring->lock);
}

void ring_stop(Ring *ring)
{
    lock_take(&ring->lock);
    ring->is_stopped = true;
    signal_tell_all(&ring->changed);
    lock_give(&ring->lock);
}

bool ring_pause(Ring *ring, int64_t wait_ms)
{
    int64_t until_us = clock_steady_us() + wait_ms * 1000;
    lock_take(&ring->lock);
    for (;;) {
        int64_t left_ms = (until_us - clock_steady_us()) / 1000;
        if (ring->is_stopped || left_ms <= 0)
            break;
        signal_wait(&ring->changed, &ring->lock, left_ms);
    }
    bool goes_on = !ring->is_stopped;
    lock_give(&ring->lock);
    return goes_on;
}
