/* duckdb_abi.c: finds and opens libduckdb, and looks its calls up. */
#include "engine/duckdb_abi.h"

#include <dlfcn.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/process.h"

#define LOAD_RANK 110
#define VERSION   "v1.5."

static const struct {
    const char *name;
    size_t offset;
} calls[] = {
#define DUCK(result, name, parameters) {"duckdb_" #name, offsetof(DuckAbi, name)},
#include "engine/duckdb_abi.def"
#undef DUCK
};

/* What is loaded; written once, under the lock. */
static struct {
    Lock lock;
    bool is_loaded;
    DuckAbi abi;
    Arena arena;
    Str folder;
} library = {.lock = LOCK_INIT(LOAD_RANK, "libduckdb")};

/* The places to look at, first to last. */
static size_t candidates(Arena *arena, Str out[3])
{
    size_t count = 0;
    Str named = environment_get("WEIR_DUCKDB_LIB");
    if (named.len)
        out[count++] = path_absolute(arena, named);
    Str home = path_folder(path_program(arena));
    out[count++] = path_join(arena, home, STR("lib/libduckdb.so"));
    out[count++] = path_clean(arena, path_join(arena, home, STR("../lib/weir/libduckdb.so")));
    return count;
}

static bool not_found(const Str *places, size_t count, Err *err)
{
    AUTO(text) Text list = {0};
    for (size_t i = 0; i < count; i++)
        text_print(&list, "  " STR_FMT "\n", STR_ARG(places[i]));
    return err_set(
        err, ERR_RUNTIME, NOWHERE,
        "DuckDB's library libduckdb.so was not found. Looked for:\n%s"
        "`make setup build` fetches it; or set WEIR_DUCKDB_LIB to the file of DuckDB 1.5.",
        list.at);
}

/* Fills the table from an open library. */
static bool look_up(void *handle, Str path, DuckAbi *abi, Err *err)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        void *symbol = dlsym(handle, calls[i].name);
        if (!symbol)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT " lacks %s: weir needs DuckDB 1.5 (libduckdb.so 1.5.x)",
                           STR_ARG(path), calls[i].name);
        memcpy((char *)abi + calls[i].offset, &symbol, sizeof symbol);
    }
    const char *version = abi->library_version();
    if (strncmp(version, VERSION, strlen(VERSION)) != 0)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is DuckDB %s; weir needs 1.5.x",
                       STR_ARG(path), version);
    return true;
}

static bool load(Err *err)
{
    Arena *arena = &library.arena;
    Str places[3];
    size_t count = candidates(arena, places), i = 0;
    while (i < count && !file_exists(places[i]))
        i++;
    if (i == count || (i > 0 && count == 3)) /* a named file must exist: no guessing then */
        return not_found(places, i == count ? count : 1, err);
    void *handle = dlopen(str_c(arena, places[i]), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return err_set(err, ERR_RUNTIME, NOWHERE, "DuckDB's library cannot be loaded: %s",
                       dlerror());
    DuckAbi abi;
    TRY(look_up(handle, places[i], &abi, err));
    library.abi = abi;
    library.folder = path_folder(places[i]);
    library.is_loaded = true;
    return true;
}

bool duckdb_load(const DuckAbi **out, Err *err)
{
    lock_take(&library.lock);
    bool ok = library.is_loaded || load(err);
    lock_give(&library.lock);
    if (ok)
        *out = &library.abi;
    return ok;
}

Str duckdb_folder(void)
{
    assert(library.is_loaded);
    return library.folder;
}
