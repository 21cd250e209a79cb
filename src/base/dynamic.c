/* dynamic.c: dlopen() and a table of calls. */
#include "base/dynamic.h"

#include <dlfcn.h>

bool dynamic_load(const Dynamic *library, void *table, Err *err)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "%s cannot be loaded: %s (Debian's package %s has it)", library->file,
                       dlerror(), library->package);
    for (size_t i = 0; i < library->count; i++) {
        void *symbol = dlsym(handle, library->calls[i].name);
        if (!symbol)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "%s lacks the call %s: a newer %s is needed", library->file,
                           library->calls[i].name, library->package);
        memcpy((char *)table + library->calls[i].offset, &symbol, sizeof symbol);
    }
    return true;
}
