/* say.c: the lines and events of a run: "1 of 6 START sql view model s1.a ..... [RUN]". */
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "transform/microbatch.h"

enum { LINE_WIDTH = 80 };

const char *status_name(NodeStatus status)
{
    static const char *const names[] = {
        [STATUS_SUCCESS] = "success", [STATUS_ERROR] = "error",     [STATUS_SKIPPED] = "skipped",
        [STATUS_PASS] = "pass",       [STATUS_FAIL] = "fail",       [STATUS_WARN] = "warn",
        [STATUS_NO_OP] = "no-op",     [STATUS_PARTIAL] = "partial success",
        [STATUS_RUNTIME_ERROR] = "runtime error",
    };
    return names[status];
}

/* "unit_test orders::adds_up_v2" */
static void describe_unit_test(const Node *node, Text *out)
{
    text_print(out, "unit_test " STR_FMT "::" STR_FMT,
               STR_ARG(value_get_text(node->extra, "model", STR(""))), STR_ARG(node->name));
    if (!value_is_none(node->version)) {
        text_add_c(out, "_v");
        value_print(node->version, out);
    }
}

/* "sql view model main.a", "seed file main.tiny", "test not_null_a_id" */
static void describe(const Runner *runner, const Node *node, Text *out)
{
    Str materialized = node_materialized(node), home = runner->project->profile.database;
    bool is_elsewhere = node->database.len && !str_eq(node->database, home);
    Str database = is_elsewhere ? node->database : STR("");
    const char *dot = is_elsewhere ? "." : "";
    switch (node->kind) {
    case NODE_SEED:
        text_print(out, "seed file " STR_FMT "%s" STR_FMT "." STR_FMT, STR_ARG(database), dot,
                   STR_ARG(node->schema), STR_ARG(node->alias));
        return;
    case NODE_SNAPSHOT:
        text_print(out, "snapshot " STR_FMT "%s" STR_FMT "." STR_FMT, STR_ARG(database), dot,
                   STR_ARG(node->schema), STR_ARG(node->alias));
        return;
    case NODE_TEST: text_print(out, "test " STR_FMT, STR_ARG(node->name)); return;
    case NODE_UNIT_TEST: describe_unit_test(node, out); return;
    case NODE_OPERATION: {
        Arena scratch = {0};
        text_print(out, "hook: " STR_FMT, STR_ARG(hook_label(node, &scratch)));
        arena_drop(&scratch);
        return;
    }
    case NODE_INGEST:
        if (node->declared->stage) {
            text_print(out, "drop " STR_FMT, STR_ARG(node->name));
            return;
        }
        text_print(out, "load of " STR_FMT "." STR_FMT, STR_ARG(node->schema),
                   STR_ARG(node->alias));
        return;
    case NODE_PUBLISH: text_print(out, "publication " STR_FMT, STR_ARG(node->name)); return;
    case NODE_EXPOSURE:
        text_print(out, "exposure " STR_FMT, STR_ARG(node->name));
        return;
    case NODE_SAVED_QUERY:
        text_print(out, "saved query " STR_FMT, STR_ARG(node->name));
        return;
    case NODE_FUNCTION:
        text_print(out, "function " STR_FMT "%s" STR_FMT "." STR_FMT, STR_ARG(database), dot,
                   STR_ARG(node->schema), STR_ARG(node->alias));
        return;
    case NODE_SOURCE:
        text_print(out, "freshness of " STR_FMT "." STR_FMT, STR_ARG(node->source_name),
                   STR_ARG(node->name));
        return;
    case NODE_MODEL:
        if (node_is_microbatch(runner->project, node))
            materialized = STR("microbatch");
        text_print(out, STR_FMT " " STR_FMT " model " STR_FMT "%s" STR_FMT "." STR_FMT,
                   STR_ARG(node->language), STR_ARG(materialized), STR_ARG(database), dot,
                   STR_ARG(node->schema), STR_ARG(node->alias));
        return;
    default:
        text_print(out, "%s " STR_FMT "." STR_FMT, node_kind_name(node->kind),
                   STR_ARG(node->package), STR_ARG(node->name));
    }
}

/* Numbers, then text, then dots to the width, then the status in brackets. */
static void line(Text *out, uint32_t number, uint32_t total, const Text *what, const char *status,
                 int64_t took_us)
{
    text_print(out, "%u of %u " STR_FMT " ", number, total, STR_ARG(text_str(what)));
    if (out->len < LINE_WIDTH)
        text_add_repeat(out, '.', LINE_WIDTH - out->len);
    if (took_us >= 0)
        text_print(out, " [%s in %.2fs]", status, (double)took_us / 1e6);
    else
        text_print(out, " [%s]", status);
}

static Value text_or_none(Str text)
{
    return text.len ? value_text(text) : NONE;
}

/* took_us: -1 while it runs. */
static Value node_info(const Node *node, const char *status, int64_t took_us, Arena *arena)
{
    Value data = value_dict(arena), info = value_dict(arena);
    dict_put(info.dict, STR("node_name"), value_text(node->name));
    dict_put(info.dict, STR("node_path"), value_text(node->path));
    dict_put(info.dict, STR("unique_id"), value_text(node->unique_id));
    dict_put(info.dict, STR("resource_type"), value_text(str_of(node_kind_name(node->kind))));
    dict_put(info.dict, STR("materialized"), value_text(node_materialized(node)));
    dict_put(info.dict, STR("node_status"), value_text(str_of(status)));
    int64_t now_us = clock_now_us();
    dict_put(info.dict, STR("node_started_at"),
             value_text(clock_print_iso(arena, now_us - (took_us > 0 ? took_us : 0))));
    dict_put(info.dict, STR("node_finished_at"),
             value_text(took_us < 0 ? STR("") : clock_print_iso(arena, now_us)));
    dict_put(info.dict, STR("meta"), node->meta);
    Value checksum = text_or_none(node->checksum);
    dict_put(info.dict, STR("node_checksum"), checksum);
    Value relation = value_dict(arena);
    dict_put(relation.dict, STR("database"), value_text(node->database));
    dict_put(relation.dict, STR("schema"), value_text(node->schema));
    dict_put(relation.dict, STR("alias"), value_text(node->alias));
    dict_put(relation.dict, STR("relation_name"), value_text(node->relation_name));
    dict_put(info.dict, STR("node_relation"), relation);
    dict_put(data.dict, STR("node_info"), info);
    return data;
}

static void say(const char *name, const char *code, Level level, const Node *node,
                const char *status, const Text *message, uint32_t number, uint32_t total,
                int64_t took_us)
{
    Arena arena = {0};
    Value data = node_info(node, status, took_us, &arena);
    dict_put(data.dict, STR("index"), value_int(number));
    dict_put(data.dict, STR("total"), value_int(total));
    dict_put(data.dict, STR("status"), value_text(str_of(status)));
    event_say((Event){.name = name,
                      .code = code,
                      .level = level,
                      .message = text_str(message),
                      .data = data});
    arena_drop(&arena);
}

void say_start(const Runner *runner, const Node *node, uint32_t number)
{
    AUTO(text) Text what = {0}, out = {0};
    text_add_c(&what, "START ");
    describe(runner, node, &what);
    line(&out, number, runner->total, &what, "RUN", -1);
    bool is_hook = node->kind == NODE_OPERATION;
    say(is_hook ? "LogHookStartLine" : "LogStartLine", is_hook ? "E032" : "Q011", LEVEL_INFO, node,
        "started", &out, number, runner->total, -1);
}

/* Verb in front of the description, word in brackets. */
static void result_words(const NodeResult *result, Text *verb, Text *word)
{
    bool is_error = result->status == STATUS_ERROR;
    const Node *node = result->node;
    if (result->status == STATUS_NO_OP) {
        text_add_c(verb, "NO-OP ");
        text_add_c(word, "NO-OP");
    } else if (kind_is_own(node->kind)) {
        bool is_skipped = result->status == STATUS_SKIPPED;
        text_add_c(verb, is_error                        ? "ERROR "
                         : is_skipped                    ? "SKIP "
                         : result->status == STATUS_WARN ? "WARN "
                                                         : "OK ");
        text_add(word, is_error ? STR("ERROR") : is_skipped ? STR("SKIP") : result->message);
    } else if (node->kind == NODE_TEST || node->kind == NODE_UNIT_TEST) {
        if (is_error || result->status == STATUS_PASS)
            text_add_c(word, is_error ? "ERROR" : "PASS");
        else
            text_print(word, "%s %lld", result->status == STATUS_WARN ? "WARN" : "FAIL",
                       (long long)result->failures);
        text_print(verb, STR_FMT " ", STR_ARG(text_str(word)));
    } else if (result->node->kind == NODE_SOURCE) {
        bool is_down = result->status == STATUS_RUNTIME_ERROR;
        text_add_c(word, is_error  ? "ERROR STALE"
                         : is_down ? "ERROR"
                         : result->status == STATUS_WARN ? "WARN" : "PASS");
        text_print(verb, STR_FMT " ", STR_ARG(text_str(word)));
    } else {
        const char *done = is_error ? "creating" : "created";
        if (node->kind == NODE_SEED)
            done = is_error ? "loading" : "loaded";
        else if (node->kind == NODE_SNAPSHOT)
            done = is_error ? "snapshotting" : "snapshotted";
        text_print(verb, "%s ", is_error                           ? "ERROR"
                                : result->status == STATUS_PARTIAL ? "PARTIALLY"
                                                                   : "OK");
        if (node->kind == NODE_SNAPSHOT || node->kind == NODE_SEED || node->kind == NODE_MODEL ||
            (is_error && node->kind != NODE_OPERATION))
            text_print(verb, "%s ", done);
        if (is_error)
            text_add_c(word, "ERROR");
        else if (node->kind == NODE_OPERATION)
            text_add_c(word, "OK");
        else
            text_add(word, result->message);
    }
}

void say_result(const Runner *runner, const NodeResult *result, uint32_t number)
{
    AUTO(text) Text verb = {0}, word = {0}, what = {0}, out = {0};
    result_words(result, &verb, &word);
    text_add(&what, text_str(&verb));
    AUTO(text) Text description = {0};
    describe(runner, result->node, &description);
    Str shown = text_str(&description);
    bool names_kind = result->node->kind != NODE_TEST &&
                      result->node->kind != NODE_UNIT_TEST &&
                      result->node->kind != NODE_SNAPSHOT;
    if (!names_kind) /* "PASS name", "OK snapshotted schema.name" */
        shown = str_slice(shown, (size_t)str_find_char(shown, ' ') + 1, shown.len);
    text_add(&what, shown);
    line(&out, number, runner->total, &what, word.at ? word.at : "", result->execution_us);
    bool is_bad = result->status == STATUS_ERROR || result->status == STATUS_FAIL ||
                  result->status == STATUS_RUNTIME_ERROR;
    bool is_remark = result->status == STATUS_WARN || result->is_away;
    Level level = is_bad ? LEVEL_ERROR : is_remark ? LEVEL_WARN : LEVEL_INFO;
    const char *name = "LogModelResult", *code = "Q012";
    if (result->status == STATUS_NO_OP) {
        name = "LogNodeNoOpResult";
        code = "Q019";
    } else if (result->node->kind == NODE_TEST || result->node->kind == NODE_UNIT_TEST) {
        name = "LogTestResult";
        code = "Q007";
    } else if (result->node->kind == NODE_SEED) {
        name = "LogSeedResult";
        code = "Q016";
    } else if (result->node->kind == NODE_SNAPSHOT) {
        name = "LogSnapshotResult";
        code = "Q015";
    } else if (result->node->kind == NODE_OPERATION) {
        name = "LogHookEndLine";
        code = "Q033";
    } else if (result->node->kind == NODE_SOURCE) {
        name = "LogFreshnessResult";
        code = "Q018";
    }
    say(name, code, level, result->node, status_name(result->status), &out, number, runner->total,
        result->execution_us);
}

/* "Batch 1 of 3 START batch 2024-01-01 of main.a ... [RUN]": dots as in other lines, five columns
 * further. took_us: -1 while it runs. */
static void say_batch(const char *event, const char *code, Level level, const Node *node,
                      Str name, const char *verb, NodeStatus status, const char *word,
                      uint32_t number, uint32_t total, int64_t took_us)
{
    AUTO(text) Text what = {0}, out = {0}, shown = {0};
    text_print(&what, "%s batch " STR_FMT " of " STR_FMT "." STR_FMT, verb, STR_ARG(name),
               STR_ARG(node->schema), STR_ARG(node->alias));
    line(&out, number, total, &what, word, took_us);
    text_print(&shown, "Batch " STR_FMT, STR_ARG(text_str(&out)));
    say(event, code, level, node, took_us < 0 ? "started" : status_name(status), &shown, number,
        total, took_us);
}

void say_batch_start(const Node *node, Str name, uint32_t number, uint32_t total)
{
    say_batch("LogStartBatch", "Q045", LEVEL_INFO, node, name, "START", STATUS_SUCCESS, "RUN",
              number, total, -1);
}

void say_batch_result(const Node *node, Str name, NodeStatus status, Str message, Str error,
                      uint32_t number, uint32_t total, int64_t took_us)
{
    Arena arena = {0};
    bool is_error = status == STATUS_ERROR, is_skip = status == STATUS_SKIPPED;
    if (error.len)
        event_say((Event){.name = "GenericExceptionOnRun",
                          .code = "W004",
                          .level = LEVEL_ERROR,
                          .message = str_print(&arena, "[ERROR]: batch " STR_FMT " of " STR_FMT
                                                       ": " STR_FMT, STR_ARG(name),
                                               STR_ARG(node->name), STR_ARG(error)),
                          .data = NONE});
    const char *word = is_error ? "ERROR" : is_skip ? "SKIPPED" : str_c(&arena, message);
    say_batch("LogBatchResult", "Q046", is_error ? LEVEL_ERROR : LEVEL_INFO, node, name,
              is_error  ? "ERROR creating"
              : is_skip ? "SKIP"
                        : "OK created",
              status, word, number, total, took_us);
    arena_drop(&arena);
}

void say_skip(const Runner *runner, const Node *node, uint32_t number, bool is_error_cause)
{
    (void)is_error_cause;
    AUTO(text) Text what = {0}, out = {0};
    if (node->kind == NODE_OPERATION) {
        text_add_c(&what, "SKIP ");
        describe(runner, node, &what);
        line(&out, number, runner->total, &what, "SKIP", 0);
        say("LogHookEndLine", "Q033", LEVEL_INFO, node, "skipped", &out, number, runner->total, 0);
        return;
    }
    bool has_relation =
        node->kind == NODE_MODEL || node->kind == NODE_SEED || node->kind == NODE_SNAPSHOT;
    if (has_relation)
        text_print(&what, "SKIP relation " STR_FMT "." STR_FMT, STR_ARG(node->schema),
                   STR_ARG(node->name));
    else
        text_print(&what, "SKIP %s " STR_FMT, node->declared && node->declared->stage
                                                   ? "drop" : node_kind_name(node->kind),
                   STR_ARG(node->name));
    line(&out, number, runner->total, &what, "SKIP", -1);
    say("SkippingDetails", "Z033", LEVEL_INFO, node, "skipped", &out, number, runner->total, 0);
}
