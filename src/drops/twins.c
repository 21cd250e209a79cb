/* twins.c: archives that were sent twice under two names: the first one counts. */
#include "drops/drops_base.h"

static Str print_of(Arena *arena, Value archive)
{
    Value size = value_get(archive, "size");
    return str_print(arena, "%lld-" STR_FMT, value_is_int(size) ? (long long)size.number : 0,
                     STR_ARG(value_get_text(archive, "hash", STR(""))));
}

static bool counts(const Plan *plan, uint32_t at, Value archive)
{
    Value files = value_get(archive, "files");
    return at < plan->archive_count && !plan->archives[at].is_replaced &&
           value_is(value_get(archive, "status"), "ok") && value_is_int(files) && files.number > 0;
}

Value twins_mark(Plan *plan, const Value *groups, Arena *arena)
{
    Value told = value_list(arena);
    Dict *seen = dict_make(arena, plan->archive_count);
    for (uint32_t g = 0; g < plan->group_count; g++) {
        Value archives = value_get(groups[g], "archives");
        for (uint32_t i = 0; value_is_list(archives) && i < archives.list->len; i++) {
            Value archive = archives.list->at[i];
            uint32_t at = plan->groups[g].first + i;
            if (!counts(plan, at, archive))
                continue;
            Str print = print_of(arena, archive);
            const Value *first = dict_find(seen, print);
            if (!first) {
                dict_put(seen, print, value_get(archive, "name"));
                continue;
            }
            plan->archives[at].is_replaced = true;
            Value twin = value_dict(arena);
            dict_put(twin.dict, STR("archive"), value_get(archive, "name"));
            dict_put(twin.dict, STR("same_as"), *first);
            array_add(told.list, twin);
        }
    }
    return told;
}
