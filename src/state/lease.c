/* lease.c: who may work on what: one process at a time.
 *
 * A holder is a host, a process number and the instant that process began (numbers come again).
 * On the own host a holder that is gone is seen at once; elsewhere the lease has to run out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "state/state_base.h"

/* When a process began, in ticks since the machine did; 0: there is none. */
static int64_t process_born(int64_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    bool ok = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    /* the program's name, in brackets, may hold anything: count the words behind its end */
    char *at = ok ? strrchr(line, ')') : NULL;
    if (!at || at[1] == '\0' || at[2] == 'Z')
        return 0;
    for (int word = 0; at && word < 20; word++)
        at = strchr(at + 1, ' ');
    return at ? strtoll(at + 1, NULL, 10) : 0;
}

static Str own_host(char at[256])
{
    if (gethostname(at, 256) != 0)
        at[0] = '\0';
    at[255] = '\0';
    return str_of(at);
}

typedef struct Holder {
    Str host;
    int64_t pid, born;
} Holder;

static bool is_alive(Value row, const Holder *me, int64_t now_us)
{
    if (value_get(row, "until_us").number <= now_us)
        return false;
    if (!str_eq(value_str(value_get(row, "host")), me->host))
        return true;
    return process_born(value_get(row, "pid").number) == value_get(row, "born").number;
}

static bool is_holder(Value row, const Holder *me)
{
    return str_eq(value_str(value_get(row, "host")), me->host) &&
           value_get(row, "pid").number == me->pid && value_get(row, "born").number == me->born;
}

static Str print_holder(Arena *arena, Value row)
{
    Str since = clock_print_iso(arena, value_get(row, "since_us").number);
    return str_print(arena, STR_FMT ":%lld since " STR_FMT "Z",
                     STR_ARG(value_str(value_get(row, "host"))),
                     (long long)value_get(row, "pid").number, STR_ARG(str_slice(since, 0, 19)));
}

static bool take(StateDb *db, Arena *arena, Str name, int64_t seconds, const Holder *me,
                 bool *taken, Value *other, Err *err)
{
    Value found;
    int64_t now_us = clock_now_us(), since_us = now_us;
    TRY(state_run(db, "lease_find", STATE_ARGS(value_text(name)), arena, &found, err));
    if (found.list->len) {
        Value row = found.list->at[0];
        if (is_holder(row, me)) {
            since_us = value_get(row, "since_us").number;
        } else if (is_alive(row, me, now_us)) {
            *taken = false;
            *other = row;
            return true;
        }
    }
    *taken = true;
    return state_run(db, "lease_put",
                     STATE_ARGS(value_text(name), value_text(me->host), value_int(me->pid),
                                value_int(me->born), value_int(since_us),
                                value_int(now_us + seconds * 1000000)),
                     NULL, NULL, err);
}

static Holder myself(char host[256])
{
    return (Holder){own_host(host), getpid(), process_born(getpid())};
}

bool statedb_lease_take(StateDb *db, Str name, int64_t seconds, bool *taken, Arena *arena,
                        Str *holder, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    char host[256];
    Holder me = myself(host);
    Value other = NONE;
    bool is_mine = false;
    TRY(state_begin(db, err));
    TRY(state_end(db, take(db, &scratch, name, seconds, &me, &is_mine, &other, err), err));
    if (!is_mine && holder)
        *holder = print_holder(arena, other);
    *taken = is_mine;
    return true;
}

bool statedb_lease_give(StateDb *db, Str name, Err *err)
{
    char host[256];
    Holder me = myself(host);
    return state_once(db, "lease_remove",
                      STATE_ARGS(value_text(name), value_text(me.host), value_int(me.pid),
                                 value_int(me.born)),
                      NULL, NULL, err);
}
