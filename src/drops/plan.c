/* plan.c: which archives a day has, and in which groups they are worked on.
 *
 *   {"version": 1, "run_id": ..., "settings": print, "groups": [{"id": "00000", "bytes": 17,
 *    "archives": [[name, size, etag, modified_at_us], ...]}, ...]}
 *
 * A plan never changes: what comes later stands in the next one. So all workers have the same
 * groups, whoever looked into the inbox first.
 */
#include <stdlib.h>

#include "base/json.h"
#include "drops/drops_base.h"

enum {
    GROUP_BYTES = 32 << 20,
    GROUP_ARCHIVES = 512,
    MOST_PLANS = 9999,           /* names sort by number                                          */
    MOST_TRIES = 100,
};

typedef List(PlanArchive) ArchiveList;
typedef List(PlanGroup) GroupList;

/* Plans as they are read, one behind the other. */
typedef struct PlanSet {
    Arena *arena;
    ArchiveList archives;
    GroupList groups;
    Dict *newest;                /* name -> number of the archive                                 */
    uint32_t plans;
    Str run_id;                  /* of the first plan                                             */
    Str settings;                /* print of ours; empty: not compared                            */
} PlanSet;

static bool damaged(Str file, const char *what, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is damaged: %s. --full-refresh begins the "
                   "day anew, from what is in the inbox", STR_ARG(file), what);
}

static bool add_archive(PlanSet *set, Value row, Str file, Err *err)
{
    if (!value_is_list(row) || row.list->len != 4 || !value_is_text(row.list->at[0]) ||
        !value_is_int(row.list->at[1]) || !value_is_int(row.list->at[3]))
        return damaged(file, "an archive is [name, size, etag, time]", err);
    PlanArchive archive = {
        .name = value_str(row.list->at[0]),
        .size_bytes = (uint64_t)row.list->at[1].number,
        .etag = value_str(row.list->at[2]),
        .modified_at_us = row.list->at[3].number,
    };
    Value *former = dict_find(set->newest, archive.name);
    if (former)
        set->archives.at[former->number].is_replaced = true;
    dict_put(set->newest, archive.name, value_int(set->archives.len));
    list_add(set->arena, &set->archives, archive);
    return true;
}

static bool add_group(PlanSet *set, Value row, Str file, Err *err)
{
    Value archives = value_get(row, "archives"), bytes = value_get(row, "bytes");
    PlanGroup group = {
        .id = value_get_text(row, "id", STR_NONE),
        .first = set->archives.len,
        .bytes = value_is_int(bytes) ? (uint64_t)bytes.number : 0,
    };
    if (!group.id.len || !value_is_list(archives))
        return damaged(file, "a group without id or archives", err);
    group.count = archives.list->len;
    for (uint32_t i = 0; i < group.count; i++)
        TRY(add_archive(set, archives.list->at[i], file, err));
    list_add(set->arena, &set->groups, group);
    return true;
}

/* Adds a plan's content, which must live as long as the set. */
static bool add_plan(PlanSet *set, Str content, Str file, Err *err)
{
    Value plan;
    Err why = {0};
    if (!json_parse(set->arena, content, file, &plan, &why)) {
        damaged(file, why.text, err);
        err_drop(&why);
        return false;
    }
    Value groups = value_get(plan, "groups"), version = value_get(plan, "version");
    if (!value_is_list(groups))
        return damaged(file, "it has no groups", err);
    if (!value_is_int(version) || version.number != 1)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " was made by a newer weir",
                       STR_ARG(file));
    Str settings = value_get_text(plan, "settings", STR_NONE);
    if (settings.len && set->settings.len && !str_eq(settings, set->settings))
        return err_set(err, ERR_RUNTIME, NOWHERE, "members, tables, mapping, csv or types have "
                       "changed since " STR_FMT " was planned, and what is extracted is not by "
                       "them: `--from " STR_FMT " --full-refresh` makes the day anew, from what is "
                       "in the inbox", STR_ARG(path_name(path_folder(file))),
                       STR_ARG(path_name(path_folder(file))));
    for (uint32_t i = 0; i < groups.list->len; i++)
        TRY(add_group(set, groups.list->at[i], file, err));
    if (!set->plans++)
        set->run_id = value_get_text(plan, "run_id", STR_NONE);
    return true;
}

static bool has_groups(const Drop *drop, Arena *arena, bool *has, Err *err)
{
    StoreEntries files = {0};
    Str glob = str_print(arena, STR_FMT "groups/*.json", STR_ARG(drop->folder));
    TRY(store_list(drop->spec.work, glob, arena, &files, err));
    *has = files.len > 0;
    return true;
}

static bool list_plans(const Drop *drop, Arena *arena, StoreEntries *out, Err *err)
{
    *out = (StoreEntries){0};
    Str glob = str_print(arena, STR_FMT "plan-*.json", STR_ARG(drop->folder));
    return store_list(drop->spec.work, glob, arena, out, err);
}

static bool load(const Drop *drop, Arena *arena, PlanSet *set, Err *err)
{
    StoreEntries files;
    TRY(list_plans(drop, arena, &files, err));
    *set = (PlanSet){.arena = arena, .newest = dict_make(arena, 64)};
    if (drop->spec.settings)
        set->settings = str_print(arena, "%016llx", (unsigned long long)drop->spec.settings);
    for (uint32_t i = 0; i < files.len; i++) {
        Str content, name = files.at[i].name;
        Str number = str_print(arena, "plan-%04u.json", i + 1);
        bool exists;
        if (!str_ends(name, number))
            return damaged(store_path(drop->spec.work, arena, drop->folder),
                           str_print(arena, STR_FMT " is gone", STR_ARG(number)).at, err);
        TRY(store_get(drop->spec.work, name, 0, arena, &content, NULL, &exists, err));
        if (exists)
            TRY(add_plan(set, content, store_path(drop->spec.work, arena, name), err));
    }
    return true;
}

static Plan plan_of(const PlanSet *set, uint32_t added_count)
{
    return (Plan){set->archives.at, set->groups.at, set->archives.len, set->groups.len,
                  added_count};
}

bool plan_load(const Drop *drop, Arena *arena, Plan *out, bool *exists, Err *err)
{
    PlanSet set;
    TRY(load(drop, arena, &set, err));
    *out = plan_of(&set, 0);
    *exists = set.plans > 0;
    return true;
}

/* ---- what is new ---- */

static int by_name(const void *a, const void *b)
{
    return str_compare(((const StoreEntry *)a)->name, ((const StoreEntry *)b)->name);
}

static bool is_same_version(const PlanArchive *planned, const StoreEntry *entry)
{
    if (planned->size_bytes != entry->size_bytes)
        return false;
    if (planned->etag.len && entry->etag.len)
        return str_eq(planned->etag, entry->etag);
    return planned->modified_at_us == entry->modified_at_us;
}

static void find_new(const PlanSet *set, const StoreEntries *entries, Arena *arena,
                     StoreEntries *out)
{
    *out = (StoreEntries){0};
    for (uint32_t i = 0; i < entries->len; i++) {
        const Value *planned = dict_find(set->newest, entries->at[i].name);
        if (!planned || !is_same_version(&set->archives.at[planned->number], &entries->at[i]))
            list_add(arena, out, entries->at[i]);
    }
    if (out->len)
        qsort(out->at, out->len, sizeof *out->at, by_name);
}

/* ---- a further plan ---- */

/* How many entries from `first` on are a group, and their bytes. */
static uint32_t group_end(const StoreEntries *entries, uint32_t first, uint64_t *bytes)
{
    uint32_t count = 0;
    *bytes = 0;
    while (first + count < entries->len && count < GROUP_ARCHIVES) {
        uint64_t size = entries->at[first + count].size_bytes;
        if (count && (size > GROUP_BYTES || *bytes + size > GROUP_BYTES))
            break;
        *bytes += size;
        count++;
    }
    return count;
}

static void print_group(const StoreEntries *entries, uint32_t first, uint32_t count, Text *out)
{
    for (uint32_t i = first; i < first + count; i++) {
        const StoreEntry *entry = &entries->at[i];
        text_add_c(out, i == first ? "[" : ",\n[");
        json_print_text(entry->name, true, out);
        text_print(out, ",%llu,", (unsigned long long)entry->size_bytes);
        json_print_text(entry->etag, true, out);
        text_print(out, ",%lld]", (long long)entry->modified_at_us);
    }
}

/* The same text for the same entries, groups before and run. */
static void print_plan(const StoreEntries *entries, uint32_t groups_before, Str run_id,
                       Str settings, Text *out)
{
    text_reserve(out, 128 + (size_t)entries->len * 96);
    text_add_c(out, "{\"version\":1,\"run_id\":");
    json_print_text(run_id, true, out);
    if (settings.len)
        text_print(out, ",\"settings\":\"" STR_FMT "\"", STR_ARG(settings));
    text_add_c(out, ",\"groups\":[");
    uint32_t count, number = groups_before;
    for (uint32_t first = 0; first < entries->len; first += count) {
        uint64_t bytes;
        count = group_end(entries, first, &bytes);
        text_print(out, "%s{\"id\":\"%05u\",\"bytes\":%llu,\"archives\":[", first ? ",\n" : "\n",
                   number++, (unsigned long long)bytes);
        print_group(entries, first, count, out);
        text_add_c(out, "]}");
    }
    text_add_c(out, "]}\n");
}

/* Writes the next plan. *is_late: another worker's was there first. */
static bool put_plan(const Drop *drop, PlanSet *set, const StoreEntries *entries, bool *is_late,
                     Err *err)
{
    if (set->plans >= MOST_PLANS)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " of " STR_FMT " has %u plans already",
                       STR_ARG(drop->spec.name), STR_ARG(drop->spec.date), set->plans);
    AUTO(text) Text text = {0};
    print_plan(entries, set->groups.len, drop->run_id, set->settings, &text);
    Str name = str_print(set->arena, STR_FMT "plan-%04u.json", STR_ARG(drop->folder),
                         set->plans + 1);
    WriteOptions options = {.if_absent = true, .is_durable = true,
                            .content_type = STR("application/json")};
    if (!store_put(drop->spec.work, name, text_str(&text), &options, set->arena, NULL, err)) {
        *is_late = err->kind == ERR_CONFLICT;
        if (*is_late)
            err_drop(err);
        return *is_late;
    }
    *is_late = false;
    return add_plan(set, text_give(set->arena, &text),
                    store_path(drop->spec.work, set->arena, name), err);
}

/* ---- a full refresh ---- */

/* What decides goes first, the plans last and from the last one on: a kill in between leaves groups
 * that are to be done, never markers of other groups. */
static bool forget_day(const Drop *drop, Arena *arena, Err *err)
{
    static const char *const folders[] = {"merge", "groups", "shapes", "claims", "parts"};
    static const char *const files[] = {"summary.json", "types.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        TRY(store_remove(drop->spec.work,
                         str_print(arena, STR_FMT "%s", STR_ARG(drop->folder), files[i]), err));
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        TRY(drop_remove_folder(
            drop, str_print(arena, STR_FMT "%s", STR_ARG(drop->folder), folders[i]), err));
    StoreEntries plans;
    TRY(list_plans(drop, arena, &plans, err));
    for (uint32_t i = plans.len; i > 0; i--)
        TRY(store_remove(drop->spec.work, plans.at[i - 1].name, err));
    return true;
}

/* Markers of groups without a plan are of other groups than the next plan's: their archives would
 * be missing in silence. (Another worker may have written plan and groups meanwhile.) */
static bool check_first(const Drop *drop, Arena *arena, bool *is_late, Err *err)
{
    StoreEntries plans;
    bool has;
    TRY(has_groups(drop, arena, &has, err));
    *is_late = false;
    if (!has)
        return true;
    TRY(list_plans(drop, arena, &plans, err));
    *is_late = plans.len > 0;
    return *is_late || damaged(store_path(drop->spec.work, arena, drop->folder),
                               "plan-0001.json is gone", err);
}

/* Once a run: the first plan says whose it is. */
static bool begin_anew(const Drop *drop, Arena *arena, Err *err)
{
    if (drop->spec.shards)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT ": a full refresh takes away what other workers have done: run it "
                       "once without --shard", STR_ARG(drop->spec.name));
    PlanSet set;
    Err why = {0};
    bool is_whole = load(drop, arena, &set, &why);
    err_drop(&why); /* what cannot be read is not ours */
    if (is_whole && set.plans && set.run_id.len && str_eq(set.run_id, drop->run_id))
        return true;
    return forget_day(drop, arena, err);
}

bool plan_extend(const Drop *drop, const StoreEntries *entries, Arena *arena, Plan *out, Err *err)
{
    if (drop->spec.is_full_refresh)
        TRY(begin_anew(drop, arena, err));
    for (int i = 0; i < MOST_TRIES; i++) {
        PlanSet set;
        StoreEntries added;
        bool is_late = false;
        TRY(load(drop, arena, &set, err));
        find_new(&set, entries, arena, &added);
        if (added.len && !set.plans)
            TRY(check_first(drop, arena, &is_late, err));
        if (added.len && !is_late)
            TRY(put_plan(drop, &set, &added, &is_late, err));
        if (is_late)
            continue;
        *out = plan_of(&set, added.len);
        return true;
    }
    return err_set(err, ERR_CONFLICT, NOWHERE,
                   STR_FMT " of " STR_FMT ": other workers write plans all the time",
                   STR_ARG(drop->spec.name), STR_ARG(drop->spec.date));
}
