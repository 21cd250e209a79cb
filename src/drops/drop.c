/* drop.c: a resource on one day: its stages by name. */
#include "drops/drops_base.h"

enum { DEFAULT_MEMORY = 256 << 20 };

bool drop_open(Arena *arena, const DropSpec *spec, StateDb *state, Session *session,
               const volatile bool *cancel, Str run_id, Drop **out, Err *err)
{
    Drop *drop = NEW(arena, Drop);
    *drop = (Drop){.spec = *spec, .arena = arena, .state = state, .session = session,
                   .cancel = cancel, .run_id = run_id,
                   .folder = str_print(arena, STR_FMT "/", STR_ARG(spec->date)),
                   .memory_bytes = spec->memory_bytes ? spec->memory_bytes : DEFAULT_MEMORY,
                   .workers = spec->workers ? spec->workers : cpu_count()};
    if (!drop->spec.partner.len)
        drop->spec.partner = spec->name;
    TRY(pattern_make(arena, spec->members, &drop->members, err));
    *out = drop;
    return true;
}

bool drop_run(Drop *drop, DropStage stage, Str table, DropReport *report, Err *err)
{
    *report = (DropReport){.response = value_dict(drop->arena)};
    switch (stage) {
    case DROP_SET_DATE: return stage_set_date(drop, report, err);
    case DROP_WAIT: return stage_wait(drop, report, err);
    case DROP_EXTRACT: return stage_extract(drop, report, err);
    case DROP_MERGE: return stage_merge(drop, table, report, err);
    case DROP_SUMMARY: return stage_summary(drop, report, err);
    default: return stage_check(drop, report, err);
    }
}
