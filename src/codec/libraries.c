/* libraries.c: opens ISA-L, zlib and libzstd when they are first needed. */
#include "codec/libraries.h"

#include "base/dynamic.h"
#include "base/pool.h"

#define LIB(name) {#name, offsetof(IsalLib, name)},
static const DynamicCall isal_calls[] = {
#include "codec/isal.def"
};
#undef LIB
#define LIB(name) {#name, offsetof(ZLib, name)},
static const DynamicCall zlib_calls[] = {
#include "codec/zlib.def"
};
#undef LIB
#define LIB(name) {#name, offsetof(ZstdLib, name)},
static const DynamicCall zstd_calls[] = {
#include "codec/zstd.def"
};
#undef LIB

typedef struct Library {
    Dynamic file;
    void *table;
    bool is_loaded, is_missing;
} Library;

static Lock loading = LOCK_INIT(208, "codec libraries");
static IsalLib isal_table;
static ZLib zlib_table;
static ZstdLib zstd_table;
static Library isal = {{"libisal.so.2", "libisal2", isal_calls, COUNT_OF(isal_calls)},
                       &isal_table, false, false};
static Library zlib = {{"libz.so.1", "zlib1g", zlib_calls, COUNT_OF(zlib_calls)},
                       &zlib_table, false, false};
static Library zstd = {{"libzstd.so.1", "libzstd1", zstd_calls, COUNT_OF(zstd_calls)},
                       &zstd_table, false, false};

static bool load(Library *library, Err *err)
{
    lock_take(&loading);
    bool is_loaded = library->is_loaded || dynamic_load(&library->file, library->table, err);
    library->is_loaded = is_loaded;
    library->is_missing = !is_loaded;
    lock_give(&loading);
    return is_loaded;
}

bool zlib_lib(const ZLib **out, Err *err)
{
    TRY(load(&zlib, err));
    *out = &zlib_table;
    return true;
}

bool zstd_lib(const ZstdLib **out, Err *err)
{
    TRY(load(&zstd, err));
    *out = &zstd_table;
    return true;
}

const IsalLib *isal_lib(void)
{
    lock_take(&loading);
    bool is_missing = isal.is_missing; /* asked for before: no second search of the disk */
    lock_give(&loading);
    AUTO(err) Err reason = {0};
    return !is_missing && load(&isal, &reason) ? &isal_table : NULL;
}
