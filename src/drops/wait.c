/* wait.c: until a day's files are all there; then the plan.
 *
 * A look lists archives, markers and manifests and says what lacks. Files that lie still are told
 * from growing ones by our clock, or by their times where the listing has some: then one look
 * suffices.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/event.h"
#include "base/hash.h"
#include "base/json.h"
#include "drops/drops_base.h"

enum {
    POLL_US = 30 * 1000000,
    NAP_US = 50 * 1000,          /* how often the cancel flag is looked at                        */
    TELL_CHANGE_US = 60 * 1000000,
    MANIFEST_BYTES = 256 << 20,
};
#define TELL_ANYWAY_US (INT64_C(600) * 1000000)

/* ---- numbers for people ---- */

Str drop_print_count(Arena *arena, uint64_t count)
{
    char digits[24], out[32];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    return str_copy(arena, (Str){out, (size_t)at});
}

Str drop_print_bytes(Arena *arena, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 999.5 && unit + 1 < COUNT_OF(units); unit++)
        size /= 1000;
    return str_print(arena, "%.*f %s", unit && size < 99.95 ? 1 : 0, size, units[unit]);
}

Str drop_print_span(Arena *arena, int64_t span_us)
{
    long long ms = span_us / 1000, s = ms / 1000, min = s / 60, h = min / 60, d = h / 24;
    if (d)
        return str_print(arena, h % 24 ? "%lld d %lld h" : "%lld d", d, h % 24);
    if (h)
        return str_print(arena, min % 60 ? "%lld h %lld min" : "%lld h", h, min % 60);
    if (min)
        return str_print(arena, s % 60 && min < 10 ? "%lld min %lld s" : "%lld min", min, s % 60);
    return s ? str_print(arena, "%lld s", s) : str_print(arena, "%lld ms", ms);
}

/* ---- one look ---- */

typedef struct Look {
    StoreEntries archives;       /* markers and manifests left out                                */
    Text lacks;                  /* "no _DONE, 3 of 5 archives"; empty: ready                     */
    int64_t quiet_in_us;         /* when it will be quiet, at the earliest; 0: not asked          */
} Look;

typedef struct Wait {
    Drop *drop;
    const DropReady *ready;
    int64_t begun_at_us;         /* steady                                                        */
    uint64_t listing;            /* print of the archives at the last look; 0: none yet           */
    bool has_changed;            /* a change was seen, at                                         */
    int64_t changed_at_us;       /* steady; before: the first look                                */
    int64_t told_at_us;          /* steady; 0: nothing told yet                                   */
    Text told;
} Wait;

static void lack(Look *look, const char *format, ...) PRINTF_LIKE(2, 3);

static void lack(Look *look, const char *format, ...)
{
    if (look->lacks.len)
        text_add_c(&look->lacks, ", ");
    va_list args;
    va_start(args, format);
    text_vprint(&look->lacks, format, args);
    va_end(args);
}

/* The folder in which a glob's files lie, as far as it is fixed: "out/2026/" of "out/2026/x*". */
static Str fixed_folder(Str glob)
{
    size_t end = 0;
    for (size_t i = 0; i < glob.len && !memchr("*?[{", glob.at[i], 4); i++)
        if (glob.at[i] == '/')
            end = i + 1;
    return str_slice(glob, 0, end);
}

/* Where a marker or manifest is looked for: beside the archives, unless it names a folder. */
static Str beside(const Drop *drop, Arena *arena, Str name)
{
    if (str_find_char(name, '/') < 0)
        return str_print(arena, STR_FMT STR_FMT, STR_ARG(fixed_folder(drop->spec.glob)),
                         STR_ARG(name));
    while (str_starts(name, STR("/")))
        name = str_slice(name, 1, name.len);
    return name;
}

static bool list_beside(const Drop *drop, Str name, Arena *arena, StoreEntries *out, Err *err)
{
    *out = (StoreEntries){0};
    return !name.len || store_list(drop->spec.inbox, beside(drop, arena, name), arena, out, err);
}

static void leave_out(StoreEntries *archives, const StoreEntries *others, Arena *arena)
{
    if (!others->len)
        return;
    Dict *names = dict_make(arena, others->len);
    for (uint32_t i = 0; i < others->len; i++)
        dict_put(names, others->at[i].name, NONE);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < archives->len; i++)
        if (!dict_find(names, archives->at[i].name))
            archives->at[kept++] = archives->at[i];
    archives->len = kept;
}

/* ---- manifests ---- */

static const Str name_keys[] = {STR_INIT("name"), STR_INIT("file"), STR_INIT("archive"),
                                STR_INIT("filename"), STR_INIT("path"), STR_INIT("key")};
static const Str size_keys[] = {STR_INIT("size"), STR_INIT("bytes"), STR_INIT("size_bytes")};

typedef struct Listed {          /* what a manifest asks for                                      */
    Arena *arena;
    List(StoreEntry) entries;    /* size_bytes UINT64_MAX: not said                               */
} Listed;

static void add_listed(Listed *listed, Str name, uint64_t size_bytes)
{
    if (name.len)
        list_add(listed->arena, &listed->entries,
                 (StoreEntry){.name = name, .size_bytes = size_bytes});
}

static uint64_t size_of(Value v)
{
    int64_t number = -1;
    if (value_is_int(v))
        number = v.number;
    else if (!value_is_text(v) || !str_to_int(str_trim(value_str(v)), &number))
        return UINT64_MAX;
    return number < 0 ? UINT64_MAX : (uint64_t)number;
}

static Value first_of(Value item, const Str *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Value found = value_get_str(item, keys[i]);
        if (!value_is_undefined(found))
            return found;
    }
    return UNDEFINED;
}

static bool read_json_list(Listed *listed, Value tree, Err *err)
{
    static const char *const lists[] = {"archives", "files"};
    for (size_t i = 0; i < COUNT_OF(lists) && value_is_dict(tree); i++)
        if (value_is_list(value_get(tree, lists[i])))
            tree = value_get(tree, lists[i]);
    if (!value_is_list(tree))
        return err_set(err, ERR_PARSING, NOWHERE,
                       "it must be a list of names or {name, size}, or have one under `files`");
    for (uint32_t i = 0; i < tree.list->len; i++) {
        Value item = tree.list->at[i];
        Value name = value_is_text(item) ? item : first_of(item, name_keys, COUNT_OF(name_keys));
        if (!value_is_text(name))
            return err_set(err, ERR_PARSING, NOWHERE, "item %u of its list has no name", i + 1);
        add_listed(listed, value_str(name),
                   size_of(first_of(item, size_keys, COUNT_OF(size_keys))));
    }
    return true;
}

static uint32_t column_of(const Str *fields, uint32_t count, const Str *keys, size_t key_count)
{
    for (size_t k = 0; k < key_count; k++)
        for (uint32_t i = 0; i < count; i++)
            if (str_eq_fold(str_trim(fields[i]), keys[k]))
                return i;
    return UINT32_MAX;
}

static char delimiter_of(Str content)
{
    Str line, rest = content;
    str_next_part(&rest, '\n', &line);
    static const char candidates[] = {',', ';', '\t', '|'};
    for (size_t i = 0; i < COUNT_OF(candidates); i++)
        if (str_find_char(line, candidates[i]) >= 0)
            return candidates[i];
    return ',';
}

/* *is_table false: its first line is no header. */
static bool read_table(Listed *listed, Str content, Str file, bool *is_table, Err *err)
{
    CsvReader AUTO(csv) csv = {0};
    Str *fields;
    uint32_t count;
    bool more;
    csv_init(&csv, content, file, delimiter_of(content));
    *is_table = false;
    TRY(csv_next(&csv, listed->arena, &fields, &count, &more, err));
    uint32_t name = more ? column_of(fields, count, name_keys, COUNT_OF(name_keys)) : UINT32_MAX;
    if (name == UINT32_MAX)
        return true;
    uint32_t size = column_of(fields, count, size_keys, COUNT_OF(size_keys));
    *is_table = true;
    for (;;) {
        TRY(csv_next(&csv, listed->arena, &fields, &count, &more, err));
        if (!more)
            return true;
        if (name < count)
            add_listed(listed, str_trim(fields[name]),
                       size < count ? size_of(value_text(fields[size])) : UINT64_MAX);
    }
}

static void read_lines(Listed *listed, Str content)
{
    Str rest = content, line;
    while (str_next_part(&rest, '\n', &line)) {
        line = str_trim(line);
        if (!str_starts(line, STR("#")))
            add_listed(listed, line, UINT64_MAX);
    }
}

static bool read_manifest(Listed *listed, Str content, Str file, Err *err)
{
    if (str_starts(content, STR("\xef\xbb\xbf")))
        content = str_slice(content, 3, content.len);
    Str bare = str_trim(content);
    if (str_starts(bare, STR("[")) || str_starts(bare, STR("{"))) {
        Value tree;
        TRY(json_parse(listed->arena, content, file, &tree, err));
        return read_json_list(listed, tree, err);
    }
    bool is_table;
    TRY(read_table(listed, content, file, &is_table, err));
    if (!is_table)
        read_lines(listed, content);
    return true;
}

/* Archives by whole name and by last part. */
static Dict *archives_by_name(const StoreEntries *archives, Arena *arena)
{
    Dict *names = dict_make(arena, archives->len * 2 + 1);
    for (uint32_t i = 0; i < archives->len; i++) {
        dict_put(names, path_name(archives->at[i].name), value_int(i));
        dict_put(names, archives->at[i].name, value_int(i));
    }
    return names;
}

static const Value *find_archive(const Drop *drop, const Dict *names, Arena *arena, Str name)
{
    while (str_starts(name, STR("./")) || str_starts(name, STR("/")))
        name = str_slice(name, name.at[0] == '.' ? 2 : 1, name.len);
    const Value *found = dict_find(names, name);
    if (!found)
        found = dict_find(names, str_print(arena, STR_FMT STR_FMT,
                                           STR_ARG(fixed_folder(drop->spec.glob)), STR_ARG(name)));
    return found ? found : dict_find(names, path_name(name));
}

/* What of the list is not there, or not whole. */
static void compare_listed(const Wait *wait, const Listed *listed, Str manifest, Look *look)
{
    Arena *arena = listed->arena;
    const Dict *names = archives_by_name(&look->archives, arena);
    uint32_t missing = 0, partial = 0;
    Str first = STR_NONE;
    for (uint32_t i = 0; i < listed->entries.len; i++) {
        const StoreEntry *entry = &listed->entries.at[i];
        const Value *at = find_archive(wait->drop, names, arena, entry->name);
        bool is_whole = at && (entry->size_bytes == UINT64_MAX ||
                               look->archives.at[at->number].size_bytes == entry->size_bytes);
        if (is_whole)
            continue;
        missing += !at;
        partial += at != NULL;
        if (!first.at)
            first = entry->name;
    }
    if (missing || partial)
        lack(look, STR_FMT " of %s" STR_FMT " archive%s of " STR_FMT " %s (first: " STR_FMT ")",
             STR_ARG(drop_print_count(arena, missing + partial)),
             listed->entries.len > 1 ? "the " : "",
             STR_ARG(drop_print_count(arena, listed->entries.len)),
             listed->entries.len > 1 ? "s" : "", STR_ARG(path_name(manifest)),
             !partial ? "missing" : !missing ? "of another size" : "missing or of another size",
             STR_ARG(first));
}

/* A manifest that cannot be read may be on its way: it lacks. */
static bool look_manifests(const Wait *wait, const StoreEntries *files, Arena *arena, Look *look,
                           Err *err)
{
    if (!files->len)
        lack(look, "no " STR_FMT " yet", STR_ARG(wait->ready->manifest));
    for (uint32_t i = 0; i < files->len; i++) {
        Listed listed = {.arena = arena};
        Str content, name = files->at[i].name;
        bool exists;
        Err bad = {0};
        TRY(store_get(wait->drop->spec.inbox, name, MANIFEST_BYTES, arena, &content, NULL, &exists,
                      err));
        if (!exists || !str_trim(content).len) {
            lack(look, STR_FMT " is empty", STR_ARG(path_name(name)));
        } else if (!read_manifest(&listed, content, name, &bad)) {
            lack(look, STR_FMT " cannot be read: %s", STR_ARG(path_name(name)), bad.text);
            err_drop(&bad);
        } else {
            compare_listed(wait, &listed, name, look);
        }
    }
    return true;
}

/* ---- lying still ---- */

/* For how long the archives have lain still; *is_sure: by what the files' times say, or by what
 * was seen. */
static int64_t still_for_us(Wait *wait, const StoreEntries *archives)
{
    uint64_t listing = 1;
    int64_t newest_us = 0, now_us = clock_now_us(), steady_us = clock_steady_us();
    bool has_times = archives->len > 0;
    for (uint32_t i = 0; i < archives->len; i++) {
        const StoreEntry *entry = &archives->at[i];
        listing = hash64(entry->name, listing ^ entry->size_bytes);
        listing = hash64(entry->etag, listing ^ (uint64_t)entry->modified_at_us);
        has_times = has_times && entry->modified_at_us > 0;
        if (entry->modified_at_us > newest_us)
            newest_us = entry->modified_at_us;
    }
    listing |= 1;
    if (listing != wait->listing) {
        wait->has_changed = wait->listing != 0;
        wait->listing = listing;
        wait->changed_at_us = steady_us;
    }
    int64_t seen_us = steady_us - wait->changed_at_us;
    if (!wait->has_changed && has_times && now_us - newest_us > seen_us)
        return now_us - newest_us;
    return seen_us;
}

static bool is_quiet(Wait *wait, Look *look)
{
    int64_t still_us = still_for_us(wait, &look->archives);
    if (!wait->ready->quiet_us)
        return false;
    look->quiet_in_us = wait->ready->quiet_us - still_us;
    if (look->quiet_in_us < 1)
        look->quiet_in_us = 1;
    return look->archives.len && still_us >= wait->ready->quiet_us;
}

/* ---- conditions ---- */

static bool look_conditions(Wait *wait, const StoreEntries *markers, const StoreEntries *manifests,
                            Arena *arena, Look *look, Err *err)
{
    const DropReady *ready = wait->ready;
    bool quiet = is_quiet(wait, look);
    if (ready->marker.len && !markers->len)
        lack(look, "no " STR_FMT " yet", STR_ARG(ready->marker));
    if (look->archives.len < ready->count)
        lack(look, "at least " STR_FMT " are needed",
             STR_ARG(drop_print_count(arena, ready->count)));
    if (ready->manifest.len)
        TRY(look_manifests(wait, manifests, arena, look, err));
    bool stands_alone = !ready->marker.len && !ready->count && !ready->manifest.len;
    if (!ready->quiet_us || (!stands_alone && !look->lacks.len))
        return true;
    if (quiet)
        text_clear(&look->lacks);
    else
        lack(look, "not quiet for " STR_FMT,
             STR_ARG(drop_print_span(arena, ready->quiet_us)));
    return true;
}

static bool look_at_inbox(Wait *wait, Arena *arena, Look *look, Err *err)
{
    Drop *drop = wait->drop;
    StoreEntries markers, manifests, expected;
    TRY(list_beside(drop, wait->ready->marker, arena, &markers, err));
    TRY(list_beside(drop, wait->ready->manifest, arena, &manifests, err));
    TRY(list_beside(drop, drop->spec.checks.expected, arena, &expected, err));
    TRY(store_list(drop->spec.inbox, drop->spec.glob, arena, &look->archives, err));
    leave_out(&look->archives, &markers, arena);
    leave_out(&look->archives, &manifests, arena);
    leave_out(&look->archives, &expected, arena);
    return look_conditions(wait, &markers, &manifests, arena, look, err);
}

/* ---- waiting ---- */

static Str deadline_text(const Wait *wait, Arena *arena)
{
    int64_t at_us = wait->ready->deadline_us, now_us = clock_now_us();
    if (!at_us)
        return STR("");
    Civil civil = civil_of_us(at_us);
    Str clock = wait->ready->deadline_name;
    if (!clock.len)
        clock = str_print(arena, "%02u:%02u UTC", civil.hour, civil.minute);
    if (at_us <= now_us)
        return str_print(arena, "; deadline " STR_FMT " passed", STR_ARG(clock));
    return str_print(arena, "; deadline " STR_FMT " in " STR_FMT, STR_ARG(clock),
                     STR_ARG(drop_print_span(arena, at_us - now_us)));
}

/* "1,204 archives, no _DONE yet". */
static Str state_text(const Look *look, Arena *arena)
{
    return str_print(arena, STR_FMT " archive%s, " STR_FMT,
                     STR_ARG(drop_print_count(arena, look->archives.len)),
                     look->archives.len == 1 ? "" : "s", STR_ARG(text_str(&look->lacks)));
}

/* Tells what lacks: at first, when it is other than before, and now and then. */
static void tell(Wait *wait, Arena *arena, Str state)
{
    int64_t now_us = clock_steady_us(), since_us = now_us - wait->told_at_us;
    bool is_new = !str_eq(text_str(&wait->told), state);
    if (wait->told_at_us && since_us < (is_new ? TELL_CHANGE_US : TELL_ANYWAY_US))
        return;
    wait->told_at_us = now_us;
    text_clear(&wait->told);
    text_add(&wait->told, state);
    event_print(LEVEL_INFO, "DropWaiting", "W110", STR_FMT " " STR_FMT ": " STR_FMT STR_FMT,
                STR_ARG(wait->drop->spec.name), STR_ARG(wait->drop->spec.date), STR_ARG(state),
                STR_ARG(deadline_text(wait, arena)));
}

/* False: cancelled. */
static bool nap(const Wait *wait, int64_t quiet_in_us)
{
    int64_t pause_us = wait->ready->poll_us > 0 ? wait->ready->poll_us : POLL_US;
    int64_t left_us = wait->ready->deadline_us - clock_now_us();
    if (quiet_in_us > 0 && quiet_in_us < pause_us)
        pause_us = quiet_in_us;
    if (left_us < pause_us)
        pause_us = left_us;
    int64_t until_us = clock_steady_us() + pause_us;
    while (!drop_is_cancelled(wait->drop)) {
        int64_t now_us = clock_steady_us();
        if (now_us >= until_us)
            return true;
        int64_t part_us = until_us - now_us < NAP_US ? until_us - now_us : NAP_US;
        nanosleep(&(struct timespec){.tv_nsec = (long)part_us * 1000}, NULL);
    }
    return false;
}

static bool is_over(const Wait *wait)
{
    return clock_now_us() >= wait->ready->deadline_us;
}

/* Looks until all is there or time is over. The last look is in *look; what still lacks stands in
 * it. Fails ERR_UNAVAILABLE: the inbox was down to the end. */
static bool wait_for_all(Wait *wait, Arena *arena, Look *look, Err *err)
{
    for (;;) {
        arena_reset(arena);
        text_drop(&look->lacks);
        *look = (Look){0};
        bool is_there = look_at_inbox(wait, arena, look, err);
        if (is_there && !look->lacks.len)
            return true;
        if (!is_there && (err->kind != ERR_UNAVAILABLE || is_over(wait)))
            return false;
        if (is_there && is_over(wait))
            return true;
        tell(wait, arena, is_there ? state_text(look, arena)
                                   : str_print(arena, "the inbox is down: %s", err->text));
        err_drop(err);
        if (!nap(wait, look->quiet_in_us))
            return err_set(err, ERR_CANCELLED, NOWHERE, "cancelled while waiting for files");
    }
}

/* ---- the stage ---- */

/* `missing`: what is not there, where it goes on all the same. */
static void report_plan(Wait *wait, const Plan *plan, Str missing, DropReport *report)
{
    Arena *arena = wait->drop->arena;
    uint64_t count = 0, bytes = 0;
    for (uint32_t i = 0; i < plan->archive_count; i++) {
        if (plan->archives[i].is_replaced)
            continue;
        count++;
        bytes += plan->archives[i].size_bytes;
    }
    report->message = str_print(
        arena, STR_FMT " archive%s, " STR_FMT " in " STR_FMT " group%s; " STR_FMT " new%s" STR_FMT,
        STR_ARG(drop_print_count(arena, count)), count == 1 ? "" : "s",
        STR_ARG(drop_print_bytes(arena, bytes)),
        STR_ARG(drop_print_count(arena, plan->group_count)), plan->group_count == 1 ? "" : "s",
        STR_ARG(drop_print_count(arena, plan->added_count)), missing.len ? "; went on with " : "",
        STR_ARG(missing));
    Value response = value_dict(arena);
    dict_put(response.dict, STR("archives"), value_int((int64_t)count));
    dict_put(response.dict, STR("bytes"), value_int((int64_t)bytes));
    dict_put(response.dict, STR("groups"), value_int(plan->group_count));
    dict_put(response.dict, STR("new"), value_int(plan->added_count));
    dict_put(response.dict, STR("waited_us"),
             value_int(clock_steady_us() - wait->begun_at_us));
    report->response = response;
}

/* Time is over and something lacks. *goes_on: with what is there. */
static bool meet_deadline(Wait *wait, Str state, DropReport *report, bool *goes_on, Err *err)
{
    const DropSpec *spec = &wait->drop->spec;
    AUTO(arena) Arena arena = {0};
    Str deadline = deadline_text(wait, &arena);
    *goes_on = wait->ready->on_deadline == DEADLINE_GO_ON;
    if (wait->ready->on_deadline == DEADLINE_FAIL)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " of " STR_FMT " is not all there: "
                       STR_FMT STR_FMT, STR_ARG(spec->name), STR_ARG(spec->date), STR_ARG(state),
                       STR_ARG(deadline.len ? deadline
                                            : STR(" (without `deadline` it looks once)")));
    if (*goes_on) {
        report->has_warning = true;
        event_print(LEVEL_WARN, "DropDeadline", "W114", STR_FMT " " STR_FMT ": " STR_FMT STR_FMT
                    "; goes on with what is there", STR_ARG(spec->name), STR_ARG(spec->date),
                    STR_ARG(state), STR_ARG(deadline));
        return true;
    }
    report->is_skipped = true;
    report->message = str_print(wait->drop->arena, STR_FMT STR_FMT, STR_ARG(state),
                                STR_ARG(deadline));
    report->response = value_dict(wait->drop->arena);
    return true;
}

static bool wait_and_plan(Wait *wait, Arena *arena, Look *look, DropReport *report, Err *err)
{
    Str missing = STR_NONE;
    bool goes_on = true;
    Plan plan;
    if (!wait_for_all(wait, arena, look, err)) {
        if (err->kind == ERR_UNAVAILABLE)
            err_add(err, STR_FMT, STR_ARG(deadline_text(wait, arena)));
        return false;
    }
    if (look->lacks.len) {
        missing = state_text(look, arena);
        TRY(meet_deadline(wait, missing, report, &goes_on, err));
    }
    if (!goes_on)
        return true;
    TRY(plan_extend(wait->drop, &look->archives, arena, &plan, err));
    if (!plan.archive_count) {
        const DropSpec *spec = &wait->drop->spec;
        report->is_skipped = true;
        report->message = str_print(wait->drop->arena, "no archives at " STR_FMT "%s" STR_FMT,
                                    STR_ARG(spec->inbox_uri),
                                    !spec->inbox_uri.len || str_starts(spec->glob, STR("/"))
                                        ? "" : "/",
                                    STR_ARG(spec->glob));
        report->response = value_dict(wait->drop->arena);
        return true;
    }
    report_plan(wait, &plan, missing, report);
    return true;
}

bool stage_wait(Drop *drop, DropReport *report, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Wait wait = {.drop = drop, .ready = &drop->spec.ready, .begun_at_us = clock_steady_us()};
    Look look = {0};
    bool ok = wait_and_plan(&wait, &arena, &look, report, err);
    text_drop(&look.lacks);
    text_drop(&wait.told);
    return ok;
}
