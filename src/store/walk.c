/* walk.c: down the folders in which something can match. */
#include "store/walk.h"

enum { WALK_MOST_FOLDERS = 100 };

typedef struct Walk {
    const Patterns *patterns;
    WalkList list;
    WalkFill fill;
    void *context;
    Arena *arena;                /* of the results                                                */
    StoreEntries *out;
} Walk;

static Str below(Arena *arena, Str folder, Str name)
{
    if (!folder.len)
        return str_copy(arena, name);
    return str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name));
}

/* Takes a file of `folder` if it matches. */
static void take_file(Walk *walk, Str folder, StoreEntry entry)
{
    if (str_ends(entry.name, STR(TEMP_SUFFIX)))
        return;
    if (walk->fill && !walk->fill(walk->context, folder, walk->arena, &entry))
        return;
    entry.name = below(walk->arena, folder, entry.name);
    entry.etag = str_copy(walk->arena, entry.etag);
    list_add(walk->arena, walk->out, entry);
}

static bool walk_folder(Walk *walk, Str folder, const PatternState *state, unsigned depth,
                        Err *err)
{
    if (depth > WALK_MOST_FOLDERS)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "folders lie deeper than %d at " STR_FMT,
                       WALK_MOST_FOLDERS, STR_ARG(folder));
    AUTO(arena) Arena scratch = {0};
    WalkEntries entries = {0};
    TRY(walk->list(walk->context, folder, &scratch, &entries, err));
    for (uint32_t i = 0; i < entries.len; i++) {
        PatternState next;
        Str name = entries.at[i].entry.name;
        if (!patterns_step(walk->patterns, state, name, &next))
            continue;
        if (entries.at[i].is_folder)
            TRY(walk_folder(walk, below(&scratch, folder, name), &next, depth + 1, err));
        else if (patterns_accept(walk->patterns, &next))
            take_file(walk, folder, entries.at[i].entry);
    }
    return true;
}

bool walk_folders(const Patterns *patterns, WalkList list, WalkFill fill, void *context,
                  Arena *arena, StoreEntries *out, Err *err)
{
    Walk walk = {patterns, list, fill, context, arena, out};
    StrList folders = {0};
    patterns_prefixes(patterns, true, arena, &folders);
    for (uint32_t i = 0; i < folders.len; i++) {
        PatternState state;
        patterns_begin(patterns, &state);
        Str rest = folders.at[i], part;
        while (folders.at[i].len && str_next_part(&rest, '/', &part))
            patterns_step(patterns, &state, part, &state);
        TRY(walk_folder(&walk, folders.at[i], &state, 0, err));
    }
    return true;
}
