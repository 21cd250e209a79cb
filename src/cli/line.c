/* line.c: one event as a line: text with colours, debug form, JSON. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "cli/sinks.h"

#define GREEN "\x1b[32m"
#define RED "\x1b[31m"
#define YELLOW "\x1b[33m"
#define PLAIN "\x1b[0m"

const char *level_name(int level)
{
    static const char *const names[] = {"debug", "info", "warn", "error", "none"};
    return names[level];
}

static bool is_name(const Event *event, const char *name)
{
    return strcmp(event->name, name) == 0;
}

static bool is_deprecation(const Event *event)
{
    return str_ends(str_of(event->name), STR("Deprecation")) ||
           is_name(event, "DeprecationsSummary");
}

/* Lines that end in a status in brackets: "... [OK in 0.1s]". */
static bool has_status(const Event *event)
{
    static const char *const names[] = {
        "LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult", "LogHookEndLine",
        "LogNodeNoOpResult", "SkippingDetails", "LogNodeResult", "LogFreshnessResult",
        "LogBatchResult", "LogCancelLine", "DebugCmdOut"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_name(event, names[i]))
            return true;
    return false;
}

static const char *colour_of(const Event *event)
{
    if (is_name(event, "EndOfRunSummary"))
        return str_starts(event->message, STR("Completed successfully"))  ? GREEN
               : str_find(event->message, STR(" partial success")) >= 0 ? RED
                                                                        : YELLOW;
    if (event->level == LEVEL_ERROR)
        return RED;
    bool is_yellow = event->level == LEVEL_WARN || is_name(event, "SkippingDetails") ||
                     is_name(event, "LogNodeNoOpResult") || is_name(event, "LogCancelLine");
    return is_yellow ? YELLOW : GREEN;
}

static void add_coloured(Text *out, const char *colour, Str word)
{
    text_print(out, "%s" STR_FMT PLAIN, colour, STR_ARG(word));
}

/* Colours what stands between the last '[' and the last " in " or ']'. */
static void add_status_line(const Event *event, Text *out)
{
    Str line = event->message;
    ptrdiff_t open = str_find_last(line, STR("["));
    if (open < 0) {
        text_add(out, line);
        return;
    }
    size_t from = (size_t)open + 1;
    Str inside = str_slice(line, from, line.len);
    ptrdiff_t in = str_find_last(inside, STR(" in ")), end = str_find_char(inside, ']');
    bool is_check = is_name(event, "DebugCmdOut");
    size_t len = in >= 0 && !is_check ? (size_t)in : end >= 0 ? (size_t)end : inside.len;
    text_add(out, str_slice(line, 0, from));
    add_coloured(out, colour_of(event), str_slice(inside, 0, len));
    text_add(out, str_slice(inside, len, inside.len));
}

/* "[WARNING]: ", "[WARNING][NameDeprecation]: " unless the message has it. */
static void add_tag(const Event *event, bool is_coloured, Text *out)
{
    bool is_warning = event->level == LEVEL_WARN && !has_status(event) &&
                      !is_name(event, "EndOfRunSummary");
    if (!is_warning || str_starts(event->message, STR("[WARNING]")))
        return;
    text_print(out, "[%sWARNING%s]", is_coloured ? YELLOW : "", is_coloured ? PLAIN : "");
    if (is_deprecation(event))
        text_print(out, "[%s]", event->name);
    text_add_c(out, ": ");
}

/* "[ERROR]..." and "[WARNING]..." that stand in the message itself. */
static bool add_tagged(const Event *event, Text *out)
{
    static const struct {
        Str tag, word;
        const char *colour;
    } tags[] = {{STR_INIT("[ERROR]"), STR_INIT("ERROR"), RED},
                {STR_INIT("[WARNING]"), STR_INIT("WARNING"), YELLOW}};
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (str_starts(event->message, tags[i].tag)) {
            text_add_char(out, '[');
            add_coloured(out, tags[i].colour, tags[i].word);
            text_add_char(out, ']');
            text_add(out, str_slice(event->message, tags[i].tag.len, event->message.len));
            return true;
        }
    return false;
}

void line_add_message(const Event *event, bool is_coloured, Text *out)
{
    add_tag(event, is_coloured, out);
    if (!is_coloured)
        text_add(out, event->message);
    else if (has_status(event))
        add_status_line(event, out);
    else if (is_name(event, "EndOfRunSummary") || is_name(event, "DebugCmdResult"))
        add_coloured(out, colour_of(event), event->message);
    else if (!add_tagged(event, out))
        text_add(out, event->message);
}

void line_add_debug(const Event *event, bool is_coloured, Text *out)
{
    char stamp[9];
    clock_print_stamp(event->at_us, stamp);
    text_print(out, "%s%s.%06d [%-5s] [%-10.10s]: ", is_coloured ? PLAIN : "", stamp,
               (int)(event->at_us % 1000000), level_name(event->level), event->thread);
    line_add_message(event, is_coloured, out);
}

void line_add_json(const Event *event, Str invocation_id, Text *out)
{
    Arena arena = {0};
    AUTO(text) Text message = {0};
    line_add_message(event, false, &message);
    Value data = event->data;
    if (!value_is_dict(data)) {
        data = value_dict(&arena);
        dict_put(data.dict, STR("msg"), value_text(event->message));
    }
    Value info = value_dict(&arena), line = value_dict(&arena);
    dict_put(info.dict, STR("category"), value_lit(""));
    dict_put(info.dict, STR("code"), value_text(str_of(event->code)));
    dict_put(info.dict, STR("extra"), value_dict(&arena));
    dict_put(info.dict, STR("invocation_id"), value_text(invocation_id));
    dict_put(info.dict, STR("level"), value_text(str_of(level_name(event->level))));
    dict_put(info.dict, STR("msg"), value_text(text_str(&message)));
    dict_put(info.dict, STR("name"), value_text(str_of(event->name)));
    dict_put(info.dict, STR("pid"), value_int(getpid()));
    dict_put(info.dict, STR("thread"), value_text(str_of(event->thread)));
    dict_put(info.dict, STR("ts"), value_text(clock_print_iso(&arena, event->at_us)));
    dict_put(line.dict, STR("data"), data);
    dict_put(line.dict, STR("info"), info);
    json_print(line, (JsonStyle){.sorts_keys = true}, out);
    arena_drop(&arena);
}
