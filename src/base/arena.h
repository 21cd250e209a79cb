/* arena.h: memory as lifetimes.
 *
 * An arena hands out zeroed memory that is given back all at once. Nothing in it is freed alone.
 *
 *   Arena -> chunk (newest) -> chunk -> chunk (oldest)
 *            [header|####used####|....free....]
 *
 * One thread per arena. What must outlive it is copied into a longer one.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/macros.h"

typedef struct ArenaChunk ArenaChunk;
typedef struct ArenaHook ArenaHook;

typedef struct Arena {
    char *at, *end;       /* free space of the newest chunk                        */
    ArenaChunk *chunks;   /* newest first                                          */
    ArenaHook *hooks;     /* newest first: run in reverse order of their adding    */
    size_t taken_bytes;   /* bytes of all chunks: what the arena costs             */
    size_t next_bytes;    /* size of the next chunk; doubles to 1 MiB, then 2 MiB  */
} Arena;

/* Gives back all memory and runs the hooks, newest first. Leaves a zeroed, usable arena. */
void arena_drop(Arena *arena);

/* As arena_drop(), but keeps the largest chunk for the next round. Cost: O(chunks). */
void arena_reset(Arena *arena);

/* `size` zeroed bytes at `align` (a power of two). Never NULL: out of memory aborts.
 * Owner: the arena. */
void *arena_take(Arena *arena, size_t size, size_t align);

/* count * size zeroed bytes; aborts when the product overflows. */
void *arena_take_n(Arena *arena, size_t count, size_t size, size_t align);

/* Grows an array from `old_size` to `new_size` bytes: in place where it is the newest piece,
 * else by copying. The new part is zeroed. */
void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size, size_t align);

/* Calls drop(what) when the arena is dropped or reset: for things that are not memory. */
void arena_on_drop(Arena *arena, void (*drop)(void *what), void *what);

#define NEW(arena, T) ((T *)arena_take((arena), sizeof(T), _Alignof(T)))
#define NEW_N(arena, T, n) ((T *)arena_take_n((arena), (n), sizeof(T), _Alignof(T)))

/* A growable array in an arena. Owner: the arena. `T *at` may move when it grows. */
#define List(T)            \
    struct {               \
        T *at;             \
        uint32_t len, cap; \
    }

/* Appends a copy of `item`. Cost: O(1) amortised. */
#define list_add(arena, list, ...)                                                               \
    do {                                                                                         \
        if ((list)->len == (list)->cap) {                                                        \
            uint32_t cap_ = (list)->cap ? (list)->cap * 2 : 8;                                   \
            (list)->at = arena_grow((arena), (list)->at, (list)->cap * sizeof(*(list)->at),      \
                                    cap_ * sizeof(*(list)->at), _Alignof(max_align_t));          \
            (list)->cap = cap_;                                                                  \
        }                                                                                        \
        (list)->at[(list)->len++] = (__VA_ARGS__);                                               \
    } while (0)

/* The process's allocator for what no arena can hold (Text, library hand-overs): aborts when
 * memory is out. Only base/ calls them. */
void *memory_take(size_t size);
void *memory_grow(void *old, size_t size);
void memory_give(void *old);

#endif
