/* units.c: work that is done once, by whoever comes first.
 *
 *   open --claim--> ours --run--> marker (if_absent) --> done
 *     ^               |
 *     +---- given back, or silent for claim_us (then taken over)
 *
 * The marker alone decides; a claim only keeps two workers from doing the same. Claims are files
 * that change under conditional writes: who writes one anew shows that it lives. Whether it does is
 * measured by the own steady clock since the claim was last seen to change, so that clocks of
 * machines need not agree. Lock: rank 130, never held over I/O.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/hash.h"
#include "base/json.h"
#include "drops/drops_base.h"

enum {
    UNITS_RANK = 130,
    CLAIM_US = 60 * 1000000,
    PAUSE_LEAST_US = 200 * 1000,
    PAUSE_MOST_US = 5 * 1000000,
    LOOK_FIRST_US = 5 * 1000000, /* before others' shares are touched, what is known is no older  */
    CANCEL_MS = 100,             /* how often who waits looks at the cancel flag                  */
    ASK_ALONE = 2,               /* so few units are asked for one by one                         */
    ETAG_BYTES = 200,
};

typedef enum UnitState { UNIT_OPEN, UNIT_BUSY, UNIT_DONE } UnitState;

typedef struct Track {           /* a unit as it is known here                                    */
    UnitState state;             /* BUSY: by a thread of ours                                     */
    uint64_t claim;              /* print of another's claim; 0: none known                       */
    int64_t claim_since_us;      /* steady: when it was first seen                                */
} Track;

typedef struct Held {            /* the claim that a thread of ours holds                         */
    bool is_held, is_beating, is_lost;
    uint32_t unit;
    uint64_t beats;
    int64_t renewed_at_us;       /* steady                                                        */
    Str name, attempt;           /* of the thread's arena                                         */
    size_t etag_len;
    char etag[ETAG_BYTES];
} Held;

typedef struct Units {
    Drop *drop;
    const Unit *units;
    uint32_t count;
    const UnitWork *work;
    unsigned workers;
    int64_t claim_us;            /* 0: without claims                                             */
    Arena arena;                 /* of the calling thread                                         */
    uint32_t *order;             /* in which units are looked for                                 */
    uint32_t own_count;          /* the first so many are the own share                           */

    Lock lock;                   /* for all below                                                 */
    Signal changed, beat;
    Track *tracks;
    uint32_t head;               /* all before it in `order` are done                             */
    uint32_t done, busy, done_here;
    bool is_looking, has_ended, has_failed;
    int64_t looked_at_us, pause_us;
    Held *held;                  /* one a worker                                                  */
    Err err;
} Units;

/* ---- names and contents ---- */

static Str marker_name(const Units *units, Arena *arena, uint32_t unit)
{
    return str_print(arena, STR_FMT STR_FMT, STR_ARG(units->drop->folder),
                     STR_ARG(units->units[unit].marker));
}

static Str claim_name(const Units *units, Arena *arena, uint32_t unit)
{
    return str_print(arena, STR_FMT "claims/" STR_FMT ".json", STR_ARG(units->drop->folder),
                     STR_ARG(str_replace(arena, units->units[unit].name, STR("/"), STR("-"))));
}

/* 8 letters, another 8 each time. */
static Str attempt_make(Arena *arena)
{
    Str uuid = uuid_make(arena);
    char letters[9] = {0};
    for (int i = 0; i < 8; i++) {
        char digit = uuid.at[i];
        letters[i] = (char)(digit <= '9' ? 'a' + (digit - '0') : 'k' + (digit - 'a'));
    }
    return str_copy(arena, str_of(letters));
}

/* Another text each time: its etag is what others see change. */
static Str claim_text(const Units *units, Arena *arena, Str attempt, uint64_t beats)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    int64_t now_us = clock_now_us();
    Value claim = value_dict(arena);
    dict_put(claim.dict, STR("worker"), value_int(units->drop->spec.shard));
    dict_put(claim.dict, STR("host"), value_text(str_of(host)));
    dict_put(claim.dict, STR("pid"), value_int(getpid()));
    dict_put(claim.dict, STR("attempt"), value_text(attempt));
    dict_put(claim.dict, STR("beats"), value_int((int64_t)beats));
    dict_put(claim.dict, STR("at_us"), value_int(now_us));
    dict_put(claim.dict, STR("until"),
             value_text(clock_print_iso(arena, now_us + units->claim_us)));
    AUTO(text) Text text = {0};
    json_print(claim, (JsonStyle){.keeps_unicode = true}, &text);
    return text_copy(arena, &text);
}

/* What changes when a claim is written anew; never 0. */
static uint64_t print_of(const StoreEntry *entry)
{
    if (entry->etag.len)
        return hash64(entry->etag, 0) | 1;
    return hash64((Str){(const char *)&entry->modified_at_us, sizeof entry->modified_at_us},
                  entry->size_bytes) | 1;
}

bool marker_get(const Drop *drop, Str marker, Arena *arena, Value *out, Err *err)
{
    Str name = str_print(arena, STR_FMT STR_FMT, STR_ARG(drop->folder), STR_ARG(marker));
    Str content;
    bool exists;
    TRY(store_get(drop->spec.work, name, 0, arena, &content, NULL, &exists, err));
    *out = NONE;
    if (!exists)
        return true;
    Err why = {0};
    Str path = store_path(drop->spec.work, arena, name);
    bool is_json = json_parse(arena, content, path, out, &why);
    Value version = value_get(*out, "version");
    if (!is_json || !value_is_dict(*out))
        err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is damaged (%s): remove it and run again",
                STR_ARG(path), is_json ? "it is no object" : why.text);
    else if (value_is_int(version) && version.number > MARKER_VERSION)
        err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " was made by a newer weir", STR_ARG(path));
    else
        return true;
    err_drop(&why);
    return false;
}

static bool put_marker(const Units *units, Arena *arena, uint32_t unit, Value marker,
                       bool *is_ours, Err *err)
{
    AUTO(text) Text text = {0};
    json_print(marker, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &text);
    text_add_char(&text, '\n');
    WriteOptions options = {.if_absent = true, .is_durable = true,
                            .content_type = STR("application/json")};
    *is_ours = store_put(units->drop->spec.work, marker_name(units, arena, unit), text_str(&text),
                         &options, arena, NULL, err);
    if (*is_ours)
        return true;
    if (err->kind != ERR_CONFLICT)
        return false;
    err_drop(err);
    return true;
}

/* ---- looking: what is done, what is claimed ---- */

static bool ask_markers(const Units *units, Arena *arena, Dict *found, Err *err)
{
    for (uint32_t i = 0; i < units->count; i++) {
        StoreEntry entry;
        bool exists;
        Str name = marker_name(units, arena, i);
        TRY(store_stat(units->drop->spec.work, name, arena, &entry, &exists, err));
        if (exists)
            dict_put(found, name, NONE);
    }
    return true;
}

/* The folders that markers lie in, each listed once. */
static bool list_markers(const Units *units, Arena *arena, Dict *found, Err *err)
{
    if (units->count <= ASK_ALONE)
        return ask_markers(units, arena, found, err);
    Dict *folders = dict_make(arena, 4);
    for (uint32_t i = 0; i < units->count; i++) {
        Str folder = path_folder(units->units[i].marker);
        if (dict_find(folders, folder))
            continue;
        dict_put(folders, folder, NONE);
        StoreEntries entries = {0};
        Str glob = str_print(arena, STR_FMT STR_FMT "%s*.json", STR_ARG(units->drop->folder),
                             STR_ARG(folder), folder.len ? "/" : "");
        TRY(store_list(units->drop->spec.work, glob, arena, &entries, err));
        for (uint32_t k = 0; k < entries.len; k++)
            dict_put(found, entries.at[k].name, NONE);
    }
    return true;
}

static bool list_claims(const Units *units, Arena *arena, StoreEntries *claims, Dict *found,
                        Err *err)
{
    Str glob = str_print(arena, STR_FMT "claims/*.json", STR_ARG(units->drop->folder));
    TRY(store_list(units->drop->spec.work, glob, arena, claims, err));
    for (uint32_t i = 0; i < claims->len; i++)
        dict_put(found, claims->at[i].name, value_int(i));
    return true;
}

/* The lock is held. `claim` 0: there is none. */
static void note_claim(Track *track, uint64_t claim, int64_t now_us)
{
    if (track->claim == claim)
        return;
    track->claim = claim;
    track->claim_since_us = now_us;
}

/* Claims are listed before markers: one that went away meanwhile has its marker then. */
static bool look(Units *units, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Dict *markers = dict_make(&arena, units->count), *claimed = dict_make(&arena, 64);
    StoreEntries claims = {0};
    if (units->claim_us)
        TRY(list_claims(units, &arena, &claims, claimed, err));
    int64_t now_us = clock_steady_us();
    TRY(list_markers(units, &arena, markers, err));
    Arena scratch = {0};
    bool has_news = false;
    lock_take(&units->lock);
    for (uint32_t i = 0; i < units->count; i++) {
        Track *track = &units->tracks[i];
        if (track->state != UNIT_OPEN)
            continue;
        arena_reset(&scratch);
        if (dict_find(markers, marker_name(units, &scratch, i))) {
            track->state = UNIT_DONE;
            units->done++;
            has_news = true;
        } else if (units->claim_us) {
            const Value *at = dict_find(claimed, claim_name(units, &scratch, i));
            note_claim(track, at ? print_of(&claims.at[at->number]) : 0, now_us);
        }
    }
    units->looked_at_us = clock_steady_us();
    units->pause_us = has_news ? PAUSE_LEAST_US : units->pause_us * 2;
    int64_t most_us = units->claim_us / 4 < PAUSE_MOST_US ? units->claim_us / 4 : PAUSE_MOST_US;
    if (units->pause_us > most_us)
        units->pause_us = most_us;
    lock_give(&units->lock);
    arena_drop(&scratch);
    return true;
}

/* ---- claims ---- */

/* The lock is held. */
static void hold(Held *held, uint32_t unit, Str name, Str attempt, Str etag)
{
    *held = (Held){.is_held = true, .unit = unit, .name = name, .attempt = attempt,
                   .etag_len = etag.len, .renewed_at_us = clock_steady_us()};
    memcpy(held->etag, etag.at, etag.len);
}

static bool check_etag(const Units *units, Str etag, Err *err)
{
    if (etag.len && etag.len < ETAG_BYTES)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "shards need a work folder with conditional writes (local or s3), " STR_FMT
                   " has none", STR_ARG(store_uri(units->drop->spec.work)));
}

static void tell_takeover(const Units *units, uint32_t unit, Str former)
{
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Value claim = NONE;
    if (!json_parse(&arena, former, STR("claim"), &claim, &err))
        claim = NONE;
    Value pid = value_get(claim, "pid"), worker = value_get(claim, "worker");
    event_print(LEVEL_WARN, "DropTakenOver", "W111",
                STR_FMT " " STR_FMT ": " STR_FMT " is taken over: worker %lld (" STR_FMT
                ":%lld) was not heard of for " STR_FMT, STR_ARG(units->drop->spec.name),
                STR_ARG(units->drop->spec.date), STR_ARG(units->units[unit].name),
                value_is_int(worker) ? (long long)worker.number : 0,
                STR_ARG(value_get_text(claim, "host", STR("?"))),
                value_is_int(pid) ? (long long)pid.number : 0,
                STR_ARG(drop_print_span(&arena, units->claim_us)));
}

/* How the claim that is silent may be replaced. *options untouched and *is_live: it is not silent
 * any more. */
static bool find_silent(const Units *units, Arena *arena, Str name, uint64_t known,
                        WriteOptions *options, Str *former, bool *is_live, Err *err)
{
    bool exists;
    Str etag = STR_NONE;
    TRY(store_get(units->drop->spec.work, name, 64 << 10, arena, former, &etag, &exists, err));
    *is_live = exists && print_of(&(StoreEntry){.etag = etag}) != known;
    if (exists && !*is_live)
        *options = (WriteOptions){.if_etag = etag};
    return true;
}

/* Another holds it: notes the claim as it is now. */
static bool note_other(Units *units, Arena *arena, uint32_t unit, Str name, Err *err)
{
    StoreEntry entry;
    bool exists;
    TRY(store_stat(units->drop->spec.work, name, arena, &entry, &exists, err));
    lock_take(&units->lock);
    /* one that is gone again was ended in this moment: the next look tells */
    note_claim(&units->tracks[unit], exists ? print_of(&entry) : 1, clock_steady_us());
    lock_give(&units->lock);
    return true;
}

/* Claims a unit for a worker. The marker is looked for once the claim is ours: claims go away only
 * behind it. */
static bool claim(Units *units, unsigned worker, Arena *arena, uint32_t unit, Str attempt,
                  bool *is_ours, Err *err)
{
    Store *work = units->drop->spec.work;
    Str name = claim_name(units, arena, unit), etag = STR_NONE, former = STR_NONE;
    WriteOptions options = {.if_absent = true};
    bool is_live = false;
    *is_ours = false;
    lock_take(&units->lock);
    uint64_t known = units->tracks[unit].claim;
    lock_give(&units->lock);
    if (known)
        TRY(find_silent(units, arena, name, known, &options, &former, &is_live, err));
    if (is_live)
        return note_other(units, arena, unit, name, err);
    if (!store_put(work, name, claim_text(units, arena, attempt, 0), &options, arena, &etag, err)) {
        if (err->kind != ERR_CONFLICT)
            return false;
        err_drop(err);
        return note_other(units, arena, unit, name, err);
    }
    TRY(check_etag(units, etag, err));
    if (options.if_etag.len)
        tell_takeover(units, unit, former);
    lock_take(&units->lock);
    hold(&units->held[worker], unit, name, attempt, etag);
    units->tracks[unit].claim = 0;
    lock_give(&units->lock);
    *is_ours = true;
    return true;
}

/* Gives a claim back: the file goes, unless it may be another's by now. */
static void unclaim(Units *units, unsigned worker)
{
    AUTO(err) Err err = {0};
    Held *held = &units->held[worker];
    lock_take(&units->lock);
    while (held->is_beating)
        signal_wait(&units->changed, &units->lock, -1);
    bool is_ours = held->is_held && !held->is_lost &&
                   clock_steady_us() - held->renewed_at_us < units->claim_us;
    held->is_held = false;
    lock_give(&units->lock);
    if (is_ours && !store_remove(units->drop->spec.work, held->name, &err))
        event_print(LEVEL_DEBUG, "DropClaim", "W112", "a claim stays: %s", err.text);
}

/* Writes a claim anew; the lock is held, but not over the write. */
static void renew(Units *units, Held *held, Arena *arena)
{
    AUTO(err) Err err = {0};
    Str etag = STR_NONE;
    WriteOptions options = {.if_etag = str_copy(arena, (Str){held->etag, held->etag_len})};
    Str name = str_copy(arena, held->name), attempt = str_copy(arena, held->attempt);
    uint64_t beats = ++held->beats;
    int64_t begun_at_us = clock_steady_us();
    held->is_beating = true;
    lock_give(&units->lock);
    bool is_renewed = store_put(units->drop->spec.work, name,
                                claim_text(units, arena, attempt, beats), &options, arena, &etag,
                                &err);
    lock_take(&units->lock);
    held->is_beating = false;
    if (is_renewed && etag.len < ETAG_BYTES) {
        memcpy(held->etag, etag.at, etag.len);
        held->etag_len = etag.len;
        held->renewed_at_us = begun_at_us;
    } else if (!is_renewed && err.kind == ERR_CONFLICT) {
        held->is_lost = true;    /* taken over: the marker will say who was first                 */
    }
    signal_tell_all(&units->changed);
}

/* The thread that shows others that this process lives. */
static void beat_claims(void *context)
{
    Units *units = context;
    AUTO(arena) Arena arena = {0};
    lock_take(&units->lock);
    while (!units->has_ended) {
        signal_wait(&units->beat, &units->lock, units->claim_us / 3000);
        for (unsigned i = 0; i < units->workers && !units->has_ended; i++) {
            Held *held = &units->held[i];
            if (!held->is_held || held->is_lost ||
                clock_steady_us() - held->renewed_at_us < units->claim_us / 4)
                continue;
            renew(units, held, &arena);
            arena_reset(&arena);
        }
    }
    lock_give(&units->lock);
}

/* ---- working ---- */

static void fail(Units *units, Err *err)
{
    lock_take(&units->lock);
    if (!units->has_failed)
        err_move(&units->err, err);
    units->has_failed = true;
    units->drop->is_stopping = true;
    signal_tell_all(&units->changed);
    lock_give(&units->lock);
    err_drop(err);
}

static void settle(Units *units, uint32_t unit, UnitState state, bool is_ours)
{
    lock_take(&units->lock);
    units->tracks[unit].state = state;
    units->busy--;
    if (state == UNIT_DONE)
        units->done++;
    units->done_here += is_ours;
    signal_tell_all(&units->changed);
    lock_give(&units->lock);
}

/* Runs a unit and leaves its marker. */
static bool run_unit(Units *units, unsigned worker, Arena *arena, uint32_t unit, Str attempt,
                     bool *is_ours, Err *err)
{
    Value marker = NONE;
    const UnitWork *work = units->work;
    TRY(work->run(work->context, &units->units[unit], worker, arena, attempt, &marker, err));
    return put_marker(units, arena, unit, marker, is_ours, err);
}

static bool do_unit(Units *units, unsigned worker, Arena *arena, uint32_t unit, Err *err)
{
    Str attempt = attempt_make(arena);
    bool is_claimed = true, is_done = false, is_ours = false, ok = true;
    if (units->claim_us) {
        TRY(claim(units, worker, arena, unit, attempt, &is_claimed, err));
        StoreEntry entry;
        if (is_claimed)
            ok = store_stat(units->drop->spec.work, marker_name(units, arena, unit), arena, &entry,
                            &is_done, err);
    }
    if (ok && is_claimed && !is_done)
        ok = is_done = run_unit(units, worker, arena, unit, attempt, &is_ours, err);
    if (units->claim_us && is_claimed)
        unclaim(units, worker);
    TRY(ok);
    settle(units, unit, is_done ? UNIT_DONE : UNIT_OPEN, is_ours);
    return true;
}

/* The lock is held. Is it to be had, as far as is known? */
static bool is_free(const Units *units, const Track *track, int64_t now_us)
{
    return track->state == UNIT_OPEN &&
           (!track->claim || now_us - track->claim_since_us > units->claim_us);
}

/* The lock is held. Place in `order` of a unit to do; UINT32_MAX: none. */
static uint32_t find_free(Units *units, int64_t now_us)
{
    while (units->head < units->count &&
           units->tracks[units->order[units->head]].state == UNIT_DONE)
        units->head++;
    for (uint32_t at = units->head; at < units->count; at++)
        if (is_free(units, &units->tracks[units->order[at]], now_us))
            return at;
    return UINT32_MAX;
}

/* The lock is held, but not while it looks. */
static void look_again(Units *units)
{
    Err err = {0};
    units->is_looking = true;
    lock_give(&units->lock);
    bool is_seen = look(units, &err);
    if (!is_seen)
        fail(units, &err);
    lock_take(&units->lock);
    units->is_looking = false;
    signal_tell_all(&units->changed);
}

/* The next unit to do here; waits for what others do. False: there is no more, or it is time to
 * stop. */
static bool next_unit(Units *units, uint32_t *unit)
{
    bool has_one = false;
    lock_take(&units->lock);
    while (!has_one && !drop_is_cancelled(units->drop) &&
           units->done + units->busy < units->count) {
        int64_t now_us = clock_steady_us(), age_us = now_us - units->looked_at_us;
        uint32_t at = find_free(units, now_us);
        bool is_foreign = units->claim_us && at != UINT32_MAX && at >= units->own_count;
        bool is_old = at == UINT32_MAX ? age_us >= units->pause_us
                                       : is_foreign && age_us > LOOK_FIRST_US;
        if (is_old && !units->is_looking) {
            look_again(units);
        } else if (at != UINT32_MAX) {
            *unit = units->order[at];
            units->tracks[*unit].state = UNIT_BUSY;
            units->busy++;
            has_one = true;
        } else {
            int64_t left_ms = (units->pause_us - age_us) / 1000;
            signal_wait(&units->changed, &units->lock,
                        left_ms < 1 ? 1 : left_ms < CANCEL_MS ? left_ms : CANCEL_MS);
        }
    }
    lock_give(&units->lock);
    return has_one;
}

typedef struct Worker {
    Units *units;
    unsigned number;
    Thread thread;
} Worker;

static void work_on(void *context)
{
    Worker *worker = context;
    AUTO(arena) Arena arena = {0};
    uint32_t unit;
    while (next_unit(worker->units, &unit)) {
        Err err = {0};
        if (!do_unit(worker->units, worker->number, &arena, unit, &err))
            fail(worker->units, &err);
        arena_reset(&arena);
    }
}

/* The own share from its front, then those of the others from their backs, the next worker's
 * first. */
static void make_order(Units *units)
{
    uint32_t shards = units->claim_us ? units->drop->spec.shards : 1;
    uint32_t own = units->claim_us ? (units->drop->spec.shard + shards - 1) % shards : 0, at = 0;
    units->order = NEW_N(&units->arena, uint32_t, units->count);
    for (uint32_t i = own; i < units->count; i += shards)
        units->order[at++] = i;
    units->own_count = at;
    for (uint32_t k = 1; k < shards; k++)
        for (uint32_t i = units->count; i > 0; i--)
            if ((i - 1) % shards == (own + k) % shards)
                units->order[at++] = i - 1;
    assert(at == units->count);
}

static void run_workers(Units *units)
{
    Worker *workers = NEW_N(&units->arena, Worker, units->workers);
    Thread beat = {0};
    if (units->claim_us)
        thread_start(&beat, "drop-claims", beat_claims, units);
    for (unsigned i = 0; i < units->workers; i++) {
        workers[i] = (Worker){.units = units, .number = i};
        if (i)
            thread_start(&workers[i].thread, "drop-unit", work_on, &workers[i]);
    }
    work_on(&workers[0]);
    for (unsigned i = 1; i < units->workers; i++)
        thread_join(&workers[i].thread);
    if (!units->claim_us)
        return;
    lock_take(&units->lock);
    units->has_ended = true;
    signal_tell_all(&units->beat);
    lock_give(&units->lock);
    thread_join(&beat);
}

static bool units_finish(Units *units, Err *err)
{
    if (units->has_failed) {
        err_move(err, &units->err);
        return false;
    }
    if (units->done < units->count)
        return err_set(err, ERR_CANCELLED, NOWHERE, "cancelled with %u of %u to do",
                       units->count - units->done, units->count);
    return true;
}

bool units_run(Drop *drop, const Unit *list, uint32_t count, const UnitWork *work, uint32_t *done,
               Err *err)
{
    *done = 0;
    if (!count)
        return true;
    Units units = {.drop = drop, .units = list, .count = count, .work = work,
                   .pause_us = PAUSE_LEAST_US / 2};
    if (drop->spec.shards)
        units.claim_us = drop->spec.claim_us > 0 ? drop->spec.claim_us : CLAIM_US;
    lock_init(&units.lock, UNITS_RANK, "units");
    signal_init(&units.changed);
    signal_init(&units.beat);
    units.tracks = NEW_N(&units.arena, Track, count);
    make_order(&units);
    bool ok = look(&units, err);
    if (ok) {
        uint32_t open = count - units.done;
        units.workers = work->workers ? work->workers : 1;
        if (units.workers > open)
            units.workers = open;
        units.held = NEW_N(&units.arena, Held, units.workers + 1);
        if (open)
            run_workers(&units);
        drop->is_stopping = false;
        ok = units_finish(&units, err);
        *done = units.done_here;
    }
    err_drop(&units.err);
    signal_drop(&units.beat);
    signal_drop(&units.changed);
    lock_drop(&units.lock);
    arena_drop(&units.arena);
    return ok;
}
