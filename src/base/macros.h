/* macros.h: the few macros that every room uses. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The result says whether it worked and must be looked at. */
#define MUST __attribute__((warn_unused_result))

/* Returns false from the calling function if `call` did; the callee has set the Err. */
#define TRY(call)          \
    do {                   \
        if (!(call))       \
            return false;  \
    } while (0)

/* A local whose contents are dropped on every way out of its block: AUTO(text) Text sql = {0}; */
#define AUTO(name) __attribute__((cleanup(name##_drop)))

#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Asserts that walk a structure: debug builds only. */
#ifdef WEIR_SLOW_ASSERTS
#define assert_slow(claim) assert(claim)
#else
#define assert_slow(claim) ((void)0)
#endif

/* Takes back an object that travelled through a void pointer. */
#define CHECK(object, expected_magic) assert((object) && (object)->magic == (expected_magic))

#endif
