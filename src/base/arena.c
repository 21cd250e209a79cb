/* arena.c: chunked bump allocation. Chunks double from 4 KiB to 1 MiB, then are 2 MiB each,
 * whose pages are asked for at once: faults one by one cost a tenth of a large parse. Larger
 * pieces get a chunk of their own behind the newest one, so that the free space of the newest is
 * not lost. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

enum { FIRST_CHUNK_BYTES = 4096, WHOLE_BYTES = 2 << 20, PAGE_BYTES = 4096 };

struct ArenaChunk {
    ArenaChunk *below;
    size_t size; /* of the data behind this header */
    _Alignas(max_align_t) char data[];
};

/* Data of the largest chunk, which is WHOLE_BYTES with its header. */
#define LARGEST_CHUNK_BYTES (WHOLE_BYTES - sizeof(ArenaChunk))

struct ArenaHook {
    ArenaHook *below;
    void (*drop)(void *what);
    void *what;
};

static void die_of_memory(size_t size)
{
    fprintf(stderr, "weir: out of memory (%zu bytes wanted)\n", size);
    abort();
}

void *memory_take(size_t size)
{
    void *at = malloc(size ? size : 1);
    if (!at)
        die_of_memory(size);
    return at;
}

void *memory_grow(void *old, size_t size)
{
    void *at = realloc(old, size ? size : 1);
    if (!at)
        die_of_memory(size);
    return at;
}

void memory_give(void *old)
{
    free(old);
}

/* Memory of a largest chunk. Where pages cannot be had at once (Linux before 5.14), they come one
 * by one as they are touched. */
static void *memory_take_whole(void)
{
    void *at = aligned_alloc(PAGE_BYTES, WHOLE_BYTES);
    if (!at)
        die_of_memory(WHOLE_BYTES);
#ifdef MADV_POPULATE_WRITE
    (void)madvise(at, WHOLE_BYTES, MADV_POPULATE_WRITE);
#endif
    return at;
}

static size_t pad_for(const char *at, size_t align)
{
    return (size_t)(-(uintptr_t)at) & (align - 1);
}

static ArenaChunk *chunk_make(Arena *arena, size_t size)
{
    ArenaChunk *chunk = size == LARGEST_CHUNK_BYTES ? memory_take_whole()
                                                    : memory_take(sizeof(ArenaChunk) + size);
    chunk->size = size;
    arena->taken_bytes += sizeof(ArenaChunk) + size;
    POISON(chunk->data, size);
    return chunk;
}

/* A piece too large for the newest chunk. */
static void *take_slow(Arena *arena, size_t size, size_t align)
{
    if (!arena->next_bytes)
        arena->next_bytes = FIRST_CHUNK_BYTES;
    if (size + align > arena->next_bytes / 2 && arena->chunks) {
        ArenaChunk *own = chunk_make(arena, size + align);
        own->below = arena->chunks->below;
        arena->chunks->below = own;
        char *at = own->data + pad_for(own->data, align);
        UNPOISON(at, size);
        return memset(at, 0, size);
    }
    while (arena->next_bytes < size + align)
        arena->next_bytes *= 2;
    ArenaChunk *chunk = chunk_make(arena, arena->next_bytes);
    chunk->below = arena->chunks;
    arena->chunks = chunk;
    arena->at = chunk->data;
    arena->end = chunk->data + chunk->size;
    arena->next_bytes =
        arena->next_bytes < LARGEST_CHUNK_BYTES / 2 ? arena->next_bytes * 2 : LARGEST_CHUNK_BYTES;
    return arena_take(arena, size, align);
}

void *arena_take(Arena *arena, size_t size, size_t align)
{
    assert(arena && align && (align & (align - 1)) == 0);
    size_t pad = pad_for(arena->at, align);
    if (size + pad > (size_t)(arena->end - arena->at))
        return take_slow(arena, size, align);
    char *at = arena->at + pad;
    arena->at = at + size;
    UNPOISON(at, size);
    return memset(at, 0, size);
}

void *arena_take_n(Arena *arena, size_t count, size_t size, size_t align)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        die_of_memory(SIZE_MAX);
    return arena_take(arena, bytes, align);
}

void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size, size_t align)
{
    assert(new_size >= old_size);
    char *end = old ? (char *)old + old_size : NULL;
    if (old && end == arena->at && new_size - old_size <= (size_t)(arena->end - end)) {
        arena->at = (char *)old + new_size;
        UNPOISON(end, new_size - old_size);
        memset(end, 0, new_size - old_size);
        return old;
    }
    char *at = arena_take(arena, new_size, align);
    if (old_size)
        memcpy(at, old, old_size);
    return at;
}

void arena_on_drop(Arena *arena, void (*drop)(void *what), void *what)
{
    ArenaHook *hook = NEW(arena, ArenaHook);
    *hook = (ArenaHook){arena->hooks, drop, what};
    arena->hooks = hook;
}

static void run_hooks(Arena *arena)
{
    while (arena->hooks) {
        ArenaHook *hook = arena->hooks;
        arena->hooks = hook->below;
        hook->drop(hook->what);
    }
}

void arena_drop(Arena *arena)
{
    run_hooks(arena);
    for (ArenaChunk *chunk = arena->chunks; chunk;) {
        ArenaChunk *below = chunk->below;
        UNPOISON(chunk->data, chunk->size);
        memory_give(chunk);
        chunk = below;
    }
    *arena = (Arena){0};
}

void arena_reset(Arena *arena)
{
    run_hooks(arena);
    ArenaChunk *kept = NULL;
    for (ArenaChunk *chunk = arena->chunks; chunk; chunk = chunk->below)
        if (!kept || chunk->size > kept->size)
            kept = chunk;
    for (ArenaChunk *chunk = arena->chunks; chunk;) {
        ArenaChunk *below = chunk->below;
        UNPOISON(chunk->data, chunk->size);
        if (chunk != kept)
            memory_give(chunk);
        chunk = below;
    }
    size_t next_bytes = arena->next_bytes;
    *arena = (Arena){.next_bytes = next_bytes};
    if (!kept)
        return;
    kept->below = NULL;
    arena->chunks = kept;
    arena->at = kept->data;
    arena->end = kept->data + kept->size;
    arena->taken_bytes = sizeof(ArenaChunk) + kept->size;
    POISON(kept->data, kept->size);
}
