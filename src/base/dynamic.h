/* dynamic.h: foreign libraries, opened when first needed: weir starts in a millisecond because it
 * links none.
 *
 * The room that fences a library in lists the calls it uses in a .def file of LIB(name) lines and
 * makes a struct of pointers of it with the types of the library's own header:
 *
 *   typedef struct Curl {
 *   #define LIB(name) __typeof__(name) *name;
 *   #include "net/curl.def"
 *   #undef LIB
 *   } Curl;
 *   static const DynamicCall calls[] = {
 *   #define LIB(name) {#name, offsetof(Curl, name)},
 *   ...
 */
#ifndef BASE_DYNAMIC_H
#define BASE_DYNAMIC_H

#include "base/err.h"

typedef struct DynamicCall {
    const char *name;
    size_t offset;               /* of its pointer in the table                                   */
} DynamicCall;

typedef struct Dynamic {
    const char *file;            /* "libcurl.so.4"                                                */
    const char *package;         /* Debian's package that brings it, for the message              */
    const DynamicCall *calls;
    size_t count;
} Dynamic;

/* Opens the library and fills `table`. The caller keeps the table and calls once (pthread_once or a
 * lock). The library is never closed.
 * Fails ERR_RUNTIME: "libcurl.so.4 cannot be loaded: ... (Debian's package libcurl4 has it)", or
 * names the call that it lacks */
MUST bool dynamic_load(const Dynamic *library, void *table, Err *err);

#endif
