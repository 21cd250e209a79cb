/* state_macros.c: macros that are not what they were, and who uses them.
 *
 * Built-in macros are left out: they change with the program, not with the project, and a manifest
 * written by another program of the same format holds other texts for them.
 */
#include "graph/selector.h"

typedef enum Verdict { NOT_SEEN, IN_WORK, SAME, CHANGED } Verdict;

struct MacroChanges {
    Arena *arena;
    const Library *library;
    Map verdicts;                 /* unique id -> Verdict *, of all macros                      */
    bool any;                     /* some macro of the project has changed                      */
};

static bool has_changed(Arena *scratch, const MacroEntry *entry, Value old_macros)
{
    Value old = value_get_str(old_macros, entry->unique_id);
    if (old.kind == VALUE_UNDEFINED)
        return true;
    Value now = macro_entry_value(entry, scratch);
    return !value_equal(value_get(now, "macro_sql"), value_get(old, "macro_sql"));
}

MacroChanges *macro_changes_make(Arena *arena, const Library *library, Value old_macros)
{
    MacroChanges *changes = NEW(arena, MacroChanges);
    changes->arena = arena;
    changes->library = library;
    map_init(&changes->verdicts, arena);
    Arena scratch = {0};
    uint32_t at = 0;
    MacroEntry *entry;
    while (library_next(library, &at, &entry)) {
        Verdict *verdict = NEW(arena, Verdict);
        if (!entry->is_builtin && has_changed(&scratch, entry, old_macros)) {
            *verdict = CHANGED;
            changes->any = true;
        }
        map_put(&changes->verdicts, entry->unique_id, verdict);
        arena_reset(&scratch);
    }
    arena_drop(&scratch);
    return changes;
}

/* Looks at the macro and all that it calls; a circle counts once. */
static bool reaches_change(MacroChanges *changes, Str id, uint32_t depth)
{
    Verdict *verdict = map_find(&changes->verdicts, id);
    if (!verdict || *verdict == SAME || *verdict == IN_WORK || depth > 200)
        return false;
    if (*verdict == CHANGED)
        return true;
    *verdict = IN_WORK;
    const MacroEntry *entry = library_find_id(changes->library, id);
    bool is_changed = false;
    for (uint32_t i = 0; entry && entry->depends_on && i < entry->depends_on->len; i++)
        if (reaches_change(changes, value_str(entry->depends_on->at[i]), depth + 1))
            is_changed = true;
    /* below the top, "same" may only hold because a circle was cut: not kept */
    *verdict = is_changed ? CHANGED : depth == 0 ? SAME : NOT_SEEN;
    return is_changed;
}

bool macro_changes_touch(MacroChanges *changes, const Node *node)
{
    if (!changes->any)
        return false;
    for (uint32_t i = 0; i < node->macros.len; i++)
        if (reaches_change(changes, node->macros.at[i]->unique_id, 0))
            return true;
    return false;
}
