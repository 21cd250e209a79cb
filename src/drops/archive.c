/* archive.c: the members of an archive: what may be read, what may not, and how much of it. */
#include <malloc.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "drops/extract.h"

enum {
    RATIO_FROM = 64 << 20,       /* below it no ratio is looked at                                */
    DEFAULT_MEMBERS = 100000,
    DEFAULT_RATIO = 1000,
    AHEAD_BYTES = 8 << 20,
    UNPACKED_BYTES = 2 << 20,
    GIANT_BYTES = 4 << 20,
    RECORD_BYTES = 64 << 20,
    RECORD_SHARE = 8,            /* of the memory that was granted                                */
    NAP_NS = 2000000,
};
#define DEFAULT_ARCHIVE_BYTES (1ull << 40)
#define DEFAULT_MEMBER_BYTES (1ull << 38)

bool archive_is_to_blame(const Err *err)
{
    switch (err->kind) {
    case ERR_CANCELLED:
    case ERR_UNAVAILABLE:
    case ERR_IO:
    case ERR_DATABASE: return false;
    default: return true;
    }
}

static bool refuse(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT, STR_ARG(text_str(&text)));
}

/* ---- limits ---- */

static uint64_t or_default(uint64_t limit, uint64_t otherwise)
{
    return limit ? limit : otherwise;
}

/* So many plain bytes in all, if `more` come: is it still an archive that people send? */
static bool check_size(const ArchiveWalk *walk, uint64_t member_bytes, uint64_t more, Err *err)
{
    const DropLimits *limits = &walk->drop->spec.limits;
    uint64_t plain = walk->plain_bytes + more;
    uint64_t member_most = or_default(limits->member_bytes, DEFAULT_MEMBER_BYTES);
    uint64_t most = or_default(limits->archive_bytes, DEFAULT_ARCHIVE_BYTES);
    uint64_t ratio = or_default(limits->ratio, DEFAULT_RATIO);
    if (member_bytes + more > member_most)
        return refuse(err, "a member of more than %llu bytes (limits.member)",
                      (unsigned long long)member_most);
    if (plain > most)
        return refuse(err, "it unpacks to more than %llu bytes (limits.archive)",
                      (unsigned long long)most);
    if (plain > RATIO_FROM && plain / ratio > walk->archive->size_bytes)
        return refuse(err, "a zip bomb? %llu bytes unpack to more than %llu times as many "
                           "(limits.ratio)",
                      (unsigned long long)walk->archive->size_bytes, (unsigned long long)ratio);
    return true;
}

/* ---- giant records ---- */

uint64_t record_limit(const Drop *drop)
{
    uint64_t share = drop->memory_bytes / RECORD_SHARE;
    if (drop->spec.limits.record_bytes)
        return drop->spec.limits.record_bytes;
    return share < RECORD_BYTES ? share : RECORD_BYTES;
}

bool giant_take(Drop *drop, uint64_t record_bytes, bool *is_mine, Err *err)
{
    while (record_bytes > GIANT_BYTES && !*is_mine) {
        *is_mine = !atomic_exchange(&drop->has_giant, true);
        if (*is_mine)
            break;
        if (drop_is_cancelled(drop))
            return err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return true;
}

void giant_give(Drop *drop, bool *is_mine)
{
    if (!*is_mine)
        return;
    malloc_trim(0); /* or the C library keeps it for the next one */
    atomic_store(&drop->has_giant, false);
    *is_mine = false;
}

/* ---- reading ---- */

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9fb21c651e98df25ull;
    return hash ^ (hash >> 29);
}

/* The same hash however the bytes are cut into pieces: a word at a time, the rest is kept. */
static void see_packed(void *context, Str piece, int64_t us)
{
    ArchiveWalk *walk = context;
    walk->read_us += us;
    if (walk->is_ahead)
        walk->ahead_cpu_us = clock_thread_cpu_us();
    walk->packed_bytes += piece.len;
    size_t at = 0;
    while (at < piece.len && (walk->rest_len || piece.len - at < sizeof walk->rest)) {
        memcpy((char *)&walk->rest + walk->rest_len++, piece.at + at++, 1);
        if (walk->rest_len < sizeof walk->rest)
            continue;
        walk->hash = hash_word(walk->hash, walk->rest);
        walk->rest = walk->rest_len = 0;
    }
    for (; piece.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, piece.at + at, sizeof word);
        walk->hash = hash_word(walk->hash, word);
    }
    for (; at < piece.len; at++)
        memcpy((char *)&walk->rest + walk->rest_len++, piece.at + at, 1);
}

bool member_read(MemberFile *member, Str *piece, Err *err)
{
    ArchiveWalk *walk = member->walk;
    if (drop_is_cancelled(walk->drop))
        return err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
    int64_t began_us = clock_steady_us();
    bool ok = reader_next(member->reader, piece, err);
    walk->wait_us += clock_steady_us() - began_us;
    TRY(ok);
    TRY(check_size(walk, member->bytes, piece->len, err));
    member->bytes += piece->len;
    walk->plain_bytes += piece->len;
    return !member->raw || !piece->len || writer_add(member->raw, *piece, err);
}

static bool drain(MemberFile *member, Err *err)
{
    for (Str piece = STR(" "); piece.len;)
        TRY(member_read(member, &piece, err));
    return true;
}

static bool is_archive_name(Str name)
{
    static const char *const ends[] = {".tar",     ".tgz",     ".zip",    ".tar.gz", ".tar.zst",
                                       ".tar.bz2", ".tar.xz",  ".tbz2",   ".txz",    ".tar.lz4",
                                       ".7z",      ".rar"};
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends(name, str_of(ends[i])))
            return true;
    return false;
}

static Str last_part(Str name)
{
    ptrdiff_t slash = -1;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == '/')
            slash = (ptrdiff_t)i;
    return str_slice(name, (size_t)(slash + 1), name.len);
}

static void tell_surplus(ArchiveWalk *walk, Str member, Str reason)
{
    if (walk->surplus)
        walk->surplus(walk->context, member, reason);
}

/* Whose rows are these? False in *wanted: nobody's, and that was told. */
static bool find_table(ArchiveWalk *walk, MemberFile *member, bool *wanted, Err *err)
{
    const DropSpec *spec = &walk->drop->spec;
    Str near = STR_NONE, base = last_part(member->name);
    *wanted = false;
    if (is_archive_name(base)) {
        tell_surplus(walk, member->name, STR("an archive within an archive is not opened"));
        return true;
    }
    if (!pattern_match(walk->drop->members, member->name, walk->arena, &member->match)) {
        tell_surplus(walk, member->name, str_print(walk->arena, "its name is not of the form "
                                                   STR_FMT, STR_ARG(spec->members)));
        return true;
    }
    member->table = member->match.table;
    if (spec->mapping) {
        member->map = mapping_table(spec->mapping, member->match.table, &near);
        if (member->map)
            member->table = member->map->name;
    }
    if (!dict_find(walk->expected_tables.dict, member->table)) {
        if (!near.len)
            near = str_nearest(member->table, spec->tables, spec->table_count);
        tell_surplus(walk, member->name,
                     str_print(walk->arena, "no table '" STR_FMT "' is declared%s" STR_FMT "%s",
                               STR_ARG(member->table), near.len ? ". Did you mean '" : "",
                               STR_ARG(near), near.len ? "'?" : ""));
        return true;
    }
    *wanted = true;
    (void)err;
    return true;
}

/* One member of an archive, or the file itself. Takes `reader`. */
static bool take_member(ArchiveWalk *walk, Str name, Reader *reader, Err *err)
{
    MemberFile member = {.name = str_copy(walk->arena, name), .walk = walk, .reader = reader};
    bool wanted = false;
    bool ok = find_table(walk, &member, &wanted, err);
    if (ok && wanted)
        ok = walk->take(walk->context, &member, err) && drain(&member, err);
    reader_close(reader);
    return ok;
}

static bool check_member(ArchiveWalk *walk, const Member *member, Map *names, Err *err)
{
    Str name = member->name;
    uint32_t most = walk->drop->spec.limits.members;
    if (++walk->members > (most ? most : DEFAULT_MEMBERS))
        return refuse(err, "more than %u members (limits.members)", most ? most : DEFAULT_MEMBERS);
    if (member->is_unsafe)
        return refuse(err, "the member '" STR_FMT "' would lie outside of the archive",
                      STR_ARG(name));
    if (!member->is_file && !member->is_folder)
        return refuse(err, "the member '" STR_FMT "' is a link or a device", STR_ARG(name));
    if (!member->is_file)
        return true;
    if (map_find(names, name))
        return refuse(err, "the member '" STR_FMT "' occurs twice", STR_ARG(name));
    Str kept = str_copy(walk->arena, name);
    map_put(names, kept, walk);
    return member->size_bytes <= 0 || check_size(walk, 0, (uint64_t)member->size_bytes, err);
}

static bool unpack(ArchiveWalk *walk, Reader *reader, Reader **out, Err *err)
{
    int64_t began_us = clock_steady_us();
    bool ok = reader_unpack(reader, out, err);
    walk->wait_us += clock_steady_us() - began_us;
    return ok;
}

static bool walk_members(ArchiveWalk *walk, Reader *reader, Err *err)
{
    Archive *archive;
    Map names;
    map_init(&names, walk->arena);
    int64_t began_us = clock_steady_us();
    bool has = true, ok = archive_open(reader, &archive, err);
    walk->wait_us += clock_steady_us() - began_us;
    TRY(ok);
    while (ok && has) {
        Member member;
        Reader *plain, *unpacked;
        began_us = clock_steady_us();
        ok = !drop_is_cancelled(walk->drop) ||
             err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
        ok = ok && archive_next(archive, &member, &has, err);
        walk->wait_us += clock_steady_us() - began_us;
        if (!ok || !has)
            break;
        ok = check_member(walk, &member, &names, err);
        if (ok && member.is_file)
            ok = archive_read(archive, &plain, err) && unpack(walk, plain, &unpacked, err) &&
                 take_member(walk, member.name, unpacked, err);
    }
    archive_close(archive);
    return ok;
}

/* "a/orders_20240101_1.csv.gz" is its own and only member: "orders_20240101_1.csv". */
static Str plain_name(Str name)
{
    static const char *const ends[] = {".gz", ".zst", ".bz2", ".xz", ".lz4"};
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends(name, str_of(ends[i])))
            return str_slice(name, 0, name.len - strlen(ends[i]));
    return name;
}

bool archive_walk(ArchiveWalk *walk, Reader *reader, Err *err)
{
    Reader *watched, *unpacked;
    Str plain = plain_name(last_part(walk->archive->name));
    PatternMatch match;
    walk->hash = walk->archive->size_bytes;
    TRY(reader_watch(reader, see_packed, walk, &watched, err));
    if (walk->is_ahead)
        TRY(unpack(walk, watched, &unpacked, err) &&
            reader_ahead(unpacked, UNPACKED_BYTES, &watched, err));
    bool is_single = !is_archive_name(walk->archive->name) &&
                     pattern_match(walk->drop->members, plain, walk->arena, &match);
    if (!is_single) {
        TRY(walk_members(walk, watched, err));
    } else {
        walk->members = 1;
        TRY(unpack(walk, watched, &unpacked, err) && take_member(walk, plain, unpacked, err));
    }
    walk->hash = hash_word(hash_word(walk->hash, walk->rest), walk->packed_bytes);
    return true;
}

bool unpacks_ahead(const Drop *drop, const Plan *plan)
{
    return plan->group_count < drop->workers && store_is_local(drop->spec.inbox);
}

/* ---- the next ones ---- */

void ahead_begin(Ahead *ahead, Drop *drop, const PlanArchive *archives, uint32_t count)
{
    *ahead = (Ahead){.drop = drop, .archives = archives, .count = count};
}

/* Opens what comes next: a few, and not more than some megabytes of them. */
static bool open_more(Ahead *ahead, Err *err)
{
    enum { MOST = sizeof ahead->readers / sizeof *ahead->readers };
    uint64_t bytes = 0;
    for (uint32_t i = ahead->next; i < ahead->opened; i++)
        bytes += ahead->archives[i].size_bytes;
    while (ahead->opened < ahead->count && ahead->opened - ahead->next < MOST &&
           (ahead->opened == ahead->next || bytes < AHEAD_BYTES)) {
        const PlanArchive *archive = &ahead->archives[ahead->opened];
        Reader **reader = &ahead->readers[ahead->opened % MOST];
        TRY(store_read(ahead->drop->spec.inbox, archive->name, 0, reader, err));
        bytes += archive->size_bytes;
        ahead->opened++;
    }
    return true;
}

static void pass(Ahead *ahead)
{
    enum { MOST = sizeof ahead->readers / sizeof *ahead->readers };
    if (ahead->next < ahead->opened)
        reader_close(ahead->readers[ahead->next % MOST]);
    ahead->next++;
    if (ahead->opened < ahead->next)
        ahead->opened = ahead->next;
}

bool ahead_take(Ahead *ahead, uint32_t i, Reader **out, Err *err)
{
    enum { MOST = sizeof ahead->readers / sizeof *ahead->readers };
    while (ahead->next < i)
        pass(ahead);
    TRY(open_more(ahead, err));
    *out = ahead->readers[i % MOST];
    ahead->next = i + 1;
    return true;
}

void ahead_end(Ahead *ahead)
{
    while (ahead->next < ahead->opened)
        pass(ahead);
}
