/* drop.c: a node of a drop: its stage, day by day (drops/drops.h does the work).
 *
 * Late days come first and must not stand in the way of the one that is asked for: what they fail
 * with is a warning, and they are left alone for the rest of the run. A day without files
 * (on_deadline: skip) is left alone, too; a node that is left with no day at all is skipped.
 *
 * Merges of one drop share its memory_limit: no more run side by side than have room in it.
 */
#include "base/event.h"
#include "base/process.h"
#include "ingest/ingest_base.h"

#define MERGE_MEMORY (UINT64_C(128) << 20)
enum { POLL_MS = 100, ENGINE_SHARE = 3, LEAST_ENGINE_MB = 48 };

typedef struct DropJob {
    Load *load;
    DropDays *days;
    uint32_t slots;              /* merges side by side                                           */
    uint32_t told;               /* days that *message tells of                                   */
    bool has_warning;
    Text message;
    Value response;
} DropJob;

static DropStage stage_of(DeclaredStage stage)
{
    static const DropStage stages[] = {
        [STAGE_SET_DATE] = DROP_SET_DATE, [STAGE_WAIT] = DROP_WAIT,
        [STAGE_EXTRACT] = DROP_EXTRACT,   [STAGE_MERGE] = DROP_MERGE,
        [STAGE_SUMMARY] = DROP_SUMMARY,   [STAGE_CHECK] = DROP_CHECK};
    return stages[stage];
}

/* ---- memory and merges side by side ---- */

static bool plan_memory(DropJob *job, Err *err)
{
    Load *load = job->load;
    uint64_t bytes;
    drop_names(load, NULL);
    TRY(drop_memory(load, &bytes, err));
    uint32_t limit_mb = (uint32_t)(bytes / ENGINE_SHARE >> 20);
    TRY(memory_cap(load, limit_mb < LEAST_ENGINE_MB ? LEAST_ENGINE_MB : limit_mb, err));
    job->slots = 1;
    if (load->declared->stage != STAGE_MERGE)
        return true;
    uint64_t room = bytes / MERGE_MEMORY, threads = load->ingest->options.threads;
    room = room < threads ? room : threads;
    room = room < load->declared->merges.len ? room : load->declared->merges.len;
    room = room < cpu_count() ? room : cpu_count();
    job->slots = room ? (uint32_t)room : 1;
    return true;
}

static bool slot_take(DropJob *job, Err *err)
{
    Load *load = job->load;
    Ingest *ingest = load->ingest;
    bool has_slot = load->declared->stage != STAGE_MERGE;
    if (has_slot)
        return true;
    lock_take(&ingest->lock);
    while (!has_slot && !load_is_cancelled(load)) {
        has_slot = job->days->merging < job->slots;
        if (has_slot)
            job->days->merging++;
        else
            signal_wait(&ingest->drop_ended, &ingest->lock, POLL_MS);
    }
    lock_give(&ingest->lock);
    return has_slot || err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
}

static void slot_give(DropJob *job)
{
    Ingest *ingest = job->load->ingest;
    if (job->load->declared->stage != STAGE_MERGE)
        return;
    lock_take(&ingest->lock);
    job->days->merging--;
    signal_tell_all(&ingest->drop_ended);
    lock_give(&ingest->lock);
}

/* ---- days ---- */

static bool is_out(DropJob *job, const DropDay *day)
{
    Lock *lock = &job->load->ingest->lock;
    lock_take(lock);
    bool out = day->is_out;
    lock_give(lock);
    return out;
}

static void leave_out(DropJob *job, DropDay *day)
{
    Lock *lock = &job->load->ingest->lock;
    lock_take(lock);
    day->is_out = true;
    lock_give(lock);
}

/* Numbers are added up over the days; of anything else the last one stays. */
static void add_response(DropJob *job, Value response)
{
    Value key, value;
    for (uint32_t at = 0; value_is_dict(response) && dict_next(response.dict, &at, &key, &value);) {
        const Value *had = dict_find(job->response.dict, value_str(key));
        if (had && had->kind == VALUE_INT && value.kind == VALUE_INT)
            value = value_int(had->number + value.number);
        dict_put(job->response.dict, value_str(key), value);
    }
}

static void tell_day(DropJob *job, const DropDay *day, Str message)
{
    bool has_date = job->days->len > 1 || job->load->declared->stage == STAGE_SET_DATE;
    if (job->told++)
        text_add_c(&job->message, job->load->declared->stage == STAGE_SET_DATE ? ", " : "; ");
    if (has_date)
        text_print(&job->message, STR_FMT "%s", STR_ARG(day->date),
                   day->is_late ? " (unfinished)" : "");
    if (job->load->declared->stage == STAGE_SET_DATE)
        return;
    text_print(&job->message, "%s" STR_FMT, has_date ? ": " : "", STR_ARG(message));
}

/* What a late day fails with. */
static void tell_late(DropJob *job, DropDay *day, Err *err)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, err->text);
    secret_hide(&text);
    event_print(LEVEL_WARN, "DropLateDay", "W116",
                STR_FMT " " STR_FMT " stays unfinished: " STR_FMT,
                STR_ARG(job->load->declared->drop), STR_ARG(day->date), STR_ARG(text_str(&text)));
    job->has_warning = true;
    tell_day(job, day, STR("failed"));
    leave_out(job, day);
    err_drop(err);
}

/* The pattern's own place is a column of it. */
static bool fail_members(const Load *load, Str members, Err *err)
{
    Err why = {0};
    if (err->kind != ERR_PARSING)
        return false;
    err_move(&why, err);
    load_fail(load, "members", err, "`members`, column %d of '" STR_FMT "': %s", why.place.column,
              STR_ARG(members), why.text);
    err_drop(&why);
    return false;
}

static bool run_stage(DropJob *job, const DropDay *day, DropReport *report, Err *err)
{
    Load *load = job->load;
    Ingest *ingest = load->ingest;
    DropSpec *spec = NEW(load->arena, DropSpec);
    Drop *drop;
    TRY(drop_spec(load, job->days, day, job->slots, spec, err));
    if (!drop_open(load->arena, spec, ingest->state, load->session, load->attempt->cancel,
                   ingest->run_id, &drop, err))
        return fail_members(load, spec->members, err);
    return drop_run(drop, stage_of(load->declared->stage), load->declared->table, report, err);
}

/* *has_run: the day was worked at, not passed over. */
static bool run_day(DropJob *job, DropDay *day, bool *has_run, Err *err)
{
    DropReport report = {.response = NONE};
    *has_run = false;
    if (is_out(job, day))
        return true;
    if (load_is_cancelled(job->load))
        return err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
    if (!run_stage(job, day, &report, err)) {
        if (!day->is_late || err->kind == ERR_CANCELLED || load_is_cancelled(job->load))
            return false;
        tell_late(job, day, err);
        return true;
    }
    tell_day(job, day, report.message);
    if (report.is_skipped) {
        leave_out(job, day);
        return true;
    }
    *has_run = true;
    job->has_warning = job->has_warning || report.has_warning;
    add_response(job, report.response);
    return true;
}

static bool run_days(DropJob *job, Err *err)
{
    bool has_any = false, has_run;
    for (uint32_t i = 0; i < job->days->len; i++) {
        TRY(run_day(job, &job->days->at[i], &has_run, err));
        has_any = has_any || has_run;
    }
    job->load->report->is_skipped = !has_any && !job->has_warning;
    return true;
}

/* ---- the report ---- */

static void finish(DropJob *job)
{
    Load *load = job->load;
    IngestReport *report = load->report;
    if (!job->message.len)
        text_add_c(&job->message, "no day to work at");
    report->message = text_copy(load->arena, &job->message);
    report->has_warning = job->has_warning;
    report->response = job->response;
    Dict *response = job->response.dict;
    Value rows = value_get(job->response, "rows");
    if (rows.kind == VALUE_INT)
        load->total.rows_in = (uint64_t)rows.number;
    dict_put(response, STR("_message"), value_text(report->message));
    if (!dict_find(response, STR("code")))
        dict_put(response, STR("code"), value_lit("DROP"));
    if (!dict_find(response, STR("rows_affected")))
        dict_put(response, STR("rows_affected"), rows.kind == VALUE_INT ? rows : value_int(0));
}

bool load_drop(Load *load, Err *err)
{
    DropJob job = {.load = load, .response = value_dict(load->arena)};
    TRY(drop_days(load, &job.days, err));
    TRY(plan_memory(&job, err));
    TRY(slot_take(&job, err));
    bool ok = run_days(&job, err);
    slot_give(&job);
    if (ok)
        finish(&job);
    text_drop(&job.message);
    return ok;
}
