/* hub.c: the one sink on the event stream: filters, counts, and hands on. */
#include "base/clock.h"
#include "cli/sinks.h"

static struct {
    SinkOptions options;
    Arena arena;
    Dict *deprecations;            /* name -> how often                                */
    bool is_open, has_warning;
    Text warning;                  /* the first that is an error                       */
    bool holds_concurrency;
    int64_t threads;
    Str target;
    uint32_t node_count;
} hub;

bool names_event(Value names, const char *event)
{
    if (value_is(names, "all") || value_is(names, "*"))
        return true;
    for (uint32_t i = 0; value_is_list(names) && i < names.list->len; i++) {
        Value name = names.list->at[i];
        bool is_deprecation = value_is(name, "Deprecations") &&
                              str_ends(str_of(event), STR("Deprecation"));
        if (value_is(name, event) || value_is(name, "all") || value_is(name, "*") || is_deprecation)
            return true;
    }
    return false;
}

/* How an event stands in a list: 3 by its name, 2 as a deprecation, 1 by "all", 0 not at all. */
static int rank_in(Value names, const char *event)
{
    int rank = value_is(names, "all") || value_is(names, "*");
    for (uint32_t i = 0; value_is_list(names) && i < names.list->len; i++) {
        Value name = names.list->at[i];
        if (value_is(name, event))
            return 3;
        if (value_is(name, "Deprecations") && str_ends(str_of(event), STR("Deprecation")))
            rank = 2;
        else if (!rank && (value_is(name, "all") || value_is(name, "*")))
            rank = 1;
    }
    return rank;
}

/* The nearest mention decides; of two alike silence goes before warn, warn before error. */
static bool is_silenced(const Event *event)
{
    int silent = rank_in(hub.options.silenced, event->name);
    return event->level == LEVEL_WARN && silent &&
           silent >= rank_in(hub.options.warns, event->name) &&
           silent >= rank_in(hub.options.errors, event->name);
}

bool sinks_promote(const char *event)
{
    int error = rank_in(hub.options.errors, event), warn = rank_in(hub.options.warns, event);
    int silent = rank_in(hub.options.silenced, event);
    return hub.options.warns_are_errors || (error && error > warn && error > silent);
}

/* Is a warning to be an error? */
static bool is_promoted(const Event *event)
{
    if (event->level != LEVEL_WARN || strcmp(event->name, "LogTestResult") == 0 ||
        strcmp(event->name, "EndOfRunSummary") == 0 ||
        strncmp(event->name, "RunResult", 9) == 0 ||
        strcmp(event->name, "DeprecationsSummary") == 0)
        return false;
    return sinks_promote(event->name);
}

/* Counts it; false when its kind was shown already. */
static bool is_new_deprecation(const Event *event)
{
    Str name = str_of(event->name);
    if (!str_ends(name, STR("Deprecation")))
        return true;
    Value *known = dict_find(hub.deprecations, name);
    dict_put(hub.deprecations, known ? name : str_copy(&hub.arena, name),
             value_int(known ? known->number + 1 : 1));
    return !known || hub.options.shows_all_deprecations;
}

static void hand_on(const Event *event)
{
    console_take(event);
    log_file_take(event);
}

static Event made(const Event *like, const char *name, const char *code, Str message, Value data)
{
    Event event = *like;
    event.name = name;
    event.code = code;
    event.level = LEVEL_INFO;
    event.message = message;
    event.data = data;
    event.is_payload = false;
    return event;
}

static void hand_on_concurrency(const Event *like)
{
    Arena arena = {0};
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("node_count"), value_int(hub.node_count));
    dict_put(data.dict, STR("num_threads"), value_int(hub.threads));
    dict_put(data.dict, STR("target_name"), value_text(hub.target));
    Str message = str_print(&arena, "Concurrency: %lld threads (target='" STR_FMT "')",
                            (long long)hub.threads, STR_ARG(hub.target));
    Event blank = made(like, "Formatting", "Z017", STR(""), NONE);
    Event line = made(like, "ConcurrencyLine", "Q027", message, data);
    hub.holds_concurrency = false;
    hand_on(&line);
    hand_on(&blank);
    arena_drop(&arena);
}

static void hub_take(void *context, const Event *event)
{
    (void)context;
    if (is_silenced(event) || !is_new_deprecation(event))
        return;
    if (is_promoted(event) && !hub.has_warning) {
        hub.has_warning = true;
        text_add(&hub.warning, event->message);
    }
    bool begins_nodes = strcmp(event->name, "LogStartLine") == 0 ||
                        strcmp(event->name, "SkippingDetails") == 0 ||
                        strcmp(event->name, "LogNodeNoOpResult") == 0;
    if (hub.holds_concurrency && begins_nodes)
        hand_on_concurrency(event);
    hand_on(event);
}

bool sinks_open(const SinkOptions *options, Err *err)
{
    hub.options = *options;
    hub.deprecations = dict_make(&hub.arena, 8);
    hub.is_open = true;
    console_open(options);
    event_clear_sinks();
    event_add_sink((EventSink){NULL, hub_take});
    return log_file_open(options, err);
}

bool sinks_check(Err *err)
{
    if (!hub.has_warning)
        return true;
    hub.has_warning = false;
    return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(text_str(&hub.warning)));
}

void sinks_hold_concurrency(int64_t threads, Str target, uint32_t node_count)
{
    hub.threads = threads;
    hub.target = target;
    hub.node_count = node_count;
    hub.holds_concurrency = true;
}

/* No other thread says anything when this is called. */
void sinks_give_concurrency(void)
{
    if (hub.holds_concurrency)
        hand_on_concurrency(&(Event){
            .level = LEVEL_INFO, .at_us = clock_now_us(), .thread = event_thread_name()});
}

void say_blank(void)
{
    event_print(LEVEL_INFO, "Formatting", "Z017", "%s", "");
}

static void say_deprecations(void)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, "Deprecated functionality\nSummary of encountered deprecations:");
    uint32_t at = 0;
    Value name, count;
    while (dict_next(hub.deprecations, &at, &name, &count))
        text_print(&text, "\n- " STR_FMT ": %lld occurrence%s", STR_ARG(value_str(name)),
                   (long long)count.number, count.number == 1 ? "" : "s");
    if (!hub.options.shows_all_deprecations)
        text_add_c(&text, "\nEach kind is shown once: `--show-all-deprecations` shows every one.");
    event_say((Event){.name = "DeprecationsSummary",
                      .code = "Z055",
                      .level = LEVEL_WARN,
                      .message = text_str(&text),
                      .data = NONE});
}

void sinks_close(void)
{
    if (!hub.is_open)
        return;
    if (hub.deprecations->len)
        say_deprecations();
    hub.is_open = false;
    event_clear_sinks();
    console_end_progress();
    log_file_close();
    text_drop(&hub.warning);
    arena_drop(&hub.arena);
}
