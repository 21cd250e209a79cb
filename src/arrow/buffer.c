/* buffer.c: the memory of columns, and the large buffers that wait to be used again.
 *
 *   block                 buffer (64-byte aligned)
 *   |  ... | BufferHead    | size bytes ... capacity
 *          | 16 bytes      |
 *
 * Batch follows batch with columns of about the same size. Left to malloc, each buffer of a batch
 * would go back to the kernel and come again page by page: a third of the time of reading CSV. So a
 * few megabytes of buffers are kept, for whichever thread asks next.
 */
#include "arrow/arrow_base.h"
#include "base/pool.h"

#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define HIDE(at, size) __asan_poison_memory_region((at), (size))
#define SHOW(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define HIDE(at, size) ((void)(at), (void)(size))
#define SHOW(at, size) ((void)(at), (void)(size))
#endif

enum { ALIGNMENT = 64, BUFFERS_RANK = 970, KEPT_MOST = 64 };
#define KEPT_LEAST_BYTES ((uint64_t)32 << 10) /* below, malloc is good at it                   */
#define KEPT_BYTES ((uint64_t)8 << 20)        /* of all kept buffers: half of a large batch    */

/* What stands below a buffer: its last byte is the distance to the block. */
typedef struct BufferHead {
    uint64_t size;              /* asked for                                                   */
    uint64_t capacity : 56;     /* there are as many                                           */
    uint64_t distance : 8;
} BufferHead;
_Static_assert(sizeof(BufferHead) == 16, "below a buffer");

static struct Kept {
    Lock lock;
    void *buffers[KEPT_MOST];   /* the longest kept first                                      */
    uint32_t count;
    uint64_t bytes;
} kept = {.lock = LOCK_INIT(BUFFERS_RANK, "arrow buffers")};

static _Atomic uint64_t bytes_alive;

uint64_t batch_bytes_alive(void)
{
    return atomic_load_explicit(&bytes_alive, memory_order_relaxed);
}

static BufferHead *head_of(const void *buffer)
{
    return (BufferHead *)((uintptr_t)buffer - sizeof(BufferHead));
}

uint64_t buffer_size(const void *buffer)
{
    return head_of(buffer)->size;
}

/* ---- kept ones; the lock is held ---- */

static void *kept_remove(uint32_t number)
{
    void *buffer = kept.buffers[number];
    kept.count--;
    kept.bytes -= head_of(buffer)->capacity;
    memmove(&kept.buffers[number], &kept.buffers[number + 1],
            (kept.count - number) * sizeof kept.buffers[0]);
    return buffer;
}

/* The last kept one that is large enough, yet not by more than a quarter; or NULL. */
static void *kept_find(uint64_t size)
{
    for (uint32_t i = kept.count; i-- > 0;) {
        uint64_t capacity = head_of(kept.buffers[i])->capacity;
        if (capacity >= size && capacity - size <= size / 4)
            return kept_remove(i);
    }
    return NULL;
}

/* ---- taking and giving ---- */

void *buffer_take(uint64_t size)
{
    void *buffer = NULL;
    if (size >= KEPT_LEAST_BYTES) {
        lock_take(&kept.lock);
        buffer = kept_find(size);
        lock_give(&kept.lock);
    }
    if (!buffer) {
        char *block = memory_take(size + ALIGNMENT + sizeof(BufferHead));
        char *at = block + sizeof(BufferHead);
        at += -(uintptr_t)at & (ALIGNMENT - 1);
        *head_of(at) = (BufferHead){.capacity = size, .distance = (uint8_t)(at - block)};
        buffer = at;
    }
    SHOW(buffer, size);
    head_of(buffer)->size = size;
    atomic_fetch_add_explicit(&bytes_alive, size, memory_order_relaxed);
    return buffer;
}

static void block_give(void *buffer)
{
    memory_give((char *)buffer - head_of(buffer)->distance);
}

void buffer_give(const void *given)
{
    if (!given)
        return;
    void *buffer = (void *)(uintptr_t)given;
    uint64_t capacity = head_of(buffer)->capacity;
    atomic_fetch_sub_explicit(&bytes_alive, head_of(buffer)->size, memory_order_relaxed);
    if (capacity < KEPT_LEAST_BYTES || capacity > KEPT_BYTES) {
        block_give(buffer);
        return;
    }
    void *old[KEPT_MOST];
    uint32_t old_count = 0;
    HIDE(buffer, capacity);
    lock_take(&kept.lock);
    while (kept.count == KEPT_MOST || kept.bytes + capacity > KEPT_BYTES)
        old[old_count++] = kept_remove(0);
    kept.buffers[kept.count++] = buffer;
    kept.bytes += capacity;
    lock_give(&kept.lock);
    for (uint32_t i = 0; i < old_count; i++)
        block_give(old[i]);
}
