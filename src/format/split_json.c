/* split_json.c: records of one JSON document that comes in pieces.
 *
 * Containers on the way to the records (and those too large for a piece) are walked, a frame each;
 * whole values are checked where they lie. For each path the depth says how many of its steps have
 * been met:
 *
 *   path data.items     {"meta": 1, "data": {"items": [ {..}, {..} ]}}
 *   matched             0  -1       1       2         records
 */
#include "format/split.h"

#define NOT_MET    (-1)
#define KEYS_SHOWN 40

typedef enum Expect {
    EXPECT_VALUE,
    EXPECT_ITEM_OR_END,
    EXPECT_KEY_OR_END,
    EXPECT_KEY,
    EXPECT_COLON,
    EXPECT_COMMA,
    EXPECT_NOTHING,
} Expect;

typedef struct Frame {
    bool is_object, is_records; /* is_records: its items are records                             */
    bool has_wanted;            /* a wanted path may lead on                                     */
    uint32_t index;             /* of the item of an array                                       */
} Frame;

struct JsonSplit {
    Expect expect;
    uint32_t depth; /* of open frames                                                */
    Frame frames[JSON_DEPTH_LIMIT + 1];
    int16_t *matched;       /* (depth + 1) x paths: steps met by the value at that depth     */
    uint32_t path_count;    /* the selector and the wanted ones                              */
    bool is_found, is_null; /* the selector was met; null stands on its way                  */
    int16_t keys_at;        /* keys: those of the objects where so many steps had been met   */
    List(Str) keys;
    bool is_waiting; /* `pending` holds the beginning of a unit                       */
    JsonSeeker seeker;
    Text key; /* scratch                                                       */
};

/* The bytes at hand. */
typedef struct Run {
    const char *at, *end;
    bool is_whole; /* nothing is cut by the end                                     */
} Run;

static void json_split_drop(void *what)
{
    text_drop(&((JsonSplit *)what)->key);
}

void split_json_init(Splitter *splitter)
{
    JsonSplit *json = NEW(splitter->arena, JsonSplit);
    json->path_count = 1 + splitter->options.wanted_count;
    json->matched = NEW_N(splitter->arena, int16_t, (JSON_DEPTH_LIMIT + 2) * json->path_count);
    json->keys_at = -1;
    arena_on_drop(splitter->arena, json_split_drop, json);
    splitter->json = json;
}

static int16_t *matched_at(JsonSplit *json, uint32_t depth)
{
    return json->matched + (size_t)depth * json->path_count;
}

static const Path *path_number(const Splitter *splitter, uint32_t i)
{
    return i ? &splitter->wanted[i - 1] : &splitter->path;
}

/* ---- going down and up ---- */

/* Keeps the key for the message that no records were met. */
static void note_key(Splitter *splitter, int16_t met, Str key)
{
    JsonSplit *json = splitter->json;
    if (met < json->keys_at || json->is_found)
        return;
    if (met > json->keys_at)
        json->keys.len = 0;
    json->keys_at = met;
    for (uint32_t i = 0; i < json->keys.len; i++)
        if (str_eq(json->keys.at[i], key))
            return;
    if (json->keys.len < KEYS_SHOWN && key.len < 200)
        list_add(splitter->arena, &json->keys, str_copy(splitter->arena, key));
}

/* Sets what the value under a key (or an index) of the innermost frame has met. */
static void match_child(Splitter *splitter, const Str *key)
{
    JsonSplit *json = splitter->json;
    Frame *frame = &json->frames[json->depth - 1];
    if (frame->is_records && !frame->has_wanted)
        return;
    int16_t *outer = matched_at(json, json->depth - 1), *inner = matched_at(json, json->depth);
    for (uint32_t i = 0; i < json->path_count; i++) {
        const Path *path = path_number(splitter, i);
        inner[i] = NOT_MET;
        if (outer[i] == NOT_MET || (uint32_t)outer[i] >= path->count)
            continue;
        const Step *step = &path->steps[outer[i]];
        if (key ? step_meets_key(step, *key) : step_meets_index(step, frame->index))
            inner[i] = (int16_t)(outer[i] + 1);
    }
    if (key && outer[0] != NOT_MET)
        note_key(splitter, outer[0], *key);
}

static bool open_container(Splitter *splitter, Run *run, bool is_records, Err *err)
{
    JsonSplit *json = splitter->json;
    if (json->depth == JSON_DEPTH_LIMIT)
        return split_fail(splitter, run->at, err, "arrays and objects nest too deep");
    Frame *frame = &json->frames[json->depth++];
    *frame = (Frame){.is_object = *run->at == '{', .is_records = is_records};
    const int16_t *matched = matched_at(json, json->depth - 1);
    int16_t *inner = matched_at(json, json->depth);
    for (uint32_t i = 0; i < json->path_count; i++) {
        frame->has_wanted |=
            i && matched[i] != NOT_MET && (uint32_t)matched[i] < path_number(splitter, i)->count;
        inner[i] = NOT_MET;
    }
    json->expect = frame->is_object ? EXPECT_KEY_OR_END : EXPECT_ITEM_OR_END;
    run->at++;
    return true;
}

/* A value has ended. */
static void close_value(JsonSplit *json)
{
    json->expect = json->depth ? EXPECT_COMMA : EXPECT_NOTHING;
}

static void close_container(JsonSplit *json, Run *run)
{
    bool is_empty = json->expect == EXPECT_ITEM_OR_END || json->expect == EXPECT_KEY_OR_END;
    bool is_array = *run->at++ == ']';
    json->depth--;
    if (is_empty && matched_at(json, json->depth)[0] != NOT_MET && (is_array || json->depth))
        json->is_null = true; /* empty on the way to the records: there are none */
    close_value(json);
}

/* ---- values ---- */

/* What a whole value is for. */
static bool use_value(Splitter *splitter, Str value, uint64_t spaces, bool is_record, Err *err)
{
    JsonSplit *json = splitter->json;
    bool in_records = json->depth && json->frames[json->depth - 1].is_records;
    const int16_t *matched = matched_at(json, json->depth);
    bool is_null = str_eq(value, STR("null"));
    if (is_record)
        TRY(split_check_size(splitter, value.at, value.len, err));
    if (is_record && (in_records || !is_null))
        TRY(split_emit(splitter, value, spaces, err));
    if (!in_records && matched[0] != NOT_MET) {
        json->is_found |= is_record;
        json->is_null |= is_null;
    }
    if (in_records && !json->frames[json->depth - 1].has_wanted)
        return true;
    for (uint32_t i = 1; i < json->path_count; i++) {
        const Path *path = path_number(splitter, i);
        if (matched[i] == NOT_MET)
            continue;
        Str found = path_walk(value, path->steps + matched[i], path->count - (uint32_t)matched[i]);
        if (found.at)
            split_keep_wanted(splitter, i - 1, found);
    }
    return true;
}

/* The unit at run->at is cut: it waits. */
static bool wait_for_rest(Splitter *splitter, Run *run, Err *err)
{
    JsonSplit *json = splitter->json;
    split_advance(splitter, run->at);
    Str begun = {run->at, (size_t)(run->end - run->at)};
    TRY(split_check_size(splitter, NULL, begun.len, err));
    json->seeker = (JsonSeeker){0};
    json_seek_end(&json->seeker, begun);
    text_clear(&splitter->pending);
    text_add(&splitter->pending, begun);
    json->is_waiting = true;
    run->at = run->end;
    return true;
}

/* True if the value must be walked, not taken as a whole. */
static bool must_walk(Splitter *splitter, const int16_t *matched)
{
    bool is_wanted = false, leads_on = false;
    for (uint32_t i = 1; i < splitter->json->path_count; i++) {
        bool is_all =
            matched[i] != NOT_MET && (uint32_t)matched[i] == path_number(splitter, i)->count;
        is_wanted |= is_all;
        leads_on |= matched[i] != NOT_MET && !is_all;
    }
    return matched[0] != NOT_MET || (leads_on && !is_wanted);
}

static bool has_wanted_here(Splitter *splitter, const int16_t *matched)
{
    for (uint32_t i = 1; i < splitter->json->path_count; i++)
        if (matched[i] != NOT_MET)
            return true;
    return false;
}

static bool take_value(Splitter *splitter, Run *run, Err *err)
{
    JsonSplit *json = splitter->json;
    bool is_container = *run->at == '{' || *run->at == '[';
    bool is_record = json->depth && json->frames[json->depth - 1].is_records;
    const int16_t *matched = matched_at(json, json->depth);
    if (!is_record && matched[0] != NOT_MET && (uint32_t)matched[0] == splitter->path.count) {
        if (*run->at == '[') {
            json->is_found = true;
            return open_container(splitter, run, true, err);
        }
        is_record = true;
    }
    if (!is_record && is_container && must_walk(splitter, matched))
        return open_container(splitter, run, false, err);
    JsonCheck check = {.at = run->at,
                       .end = run->end,
                       .depth = json->depth,
                       .is_whole = run->is_whole};
    JsonState state = json_check_value(&check);
    if (state == JSON_BAD)
        return split_fail_json(splitter, &check, err);
    if (state == JSON_MORE) {
        if (is_container && !is_record && !has_wanted_here(splitter, matched))
            return open_container(splitter, run, false, err);
        return wait_for_rest(splitter, run, err);
    }
    Str value = {run->at, (size_t)(check.at - run->at)};
    run->at = check.at;
    TRY(use_value(splitter, value, check.spaces, is_record, err));
    close_value(json);
    return true;
}

static bool take_key(Splitter *splitter, Run *run, Err *err)
{
    JsonSplit *json = splitter->json;
    JsonCheck check = {.at = run->at, .end = run->end, .is_whole = run->is_whole};
    JsonState state = json_check_string(&check);
    if (state == JSON_BAD)
        return split_fail_json(splitter, &check, err);
    if (state == JSON_MORE)
        return wait_for_rest(splitter, run, err);
    Str inside = {run->at + 1, (size_t)(check.at - run->at) - 2};
    Str key = json_unescape(inside, &json->key);
    match_child(splitter, &key);
    run->at = check.at;
    json->expect = EXPECT_COLON;
    return true;
}

/* ---- the document ---- */

static bool expected(const Splitter *splitter, const Run *run, const char *message, Err *err)
{
    JsonCheck check = {.at = run->at, .end = run->end, .message = message};
    return split_fail_json(splitter, &check, err);
}

/* A comma or the end of a container. */
static bool take_comma(Splitter *splitter, Run *run, Err *err)
{
    JsonSplit *json = splitter->json;
    Frame *frame = &json->frames[json->depth - 1];
    if (*run->at == (frame->is_object ? '}' : ']')) {
        close_container(json, run);
        return true;
    }
    if (*run->at != ',')
        return expected(splitter, run,
                        frame->is_object ? "expected ',' or '}'" : "expected ',' or ']'", err);
    run->at++;
    frame->index++;
    json->expect = frame->is_object ? EXPECT_KEY : EXPECT_VALUE;
    if (!frame->is_object)
        match_child(splitter, NULL);
    return true;
}

/* The next unit; run->at stands on something that is no white space. */
static bool take_unit(Splitter *splitter, Run *run, Err *err)
{
    JsonSplit *json = splitter->json;
    switch (json->expect) {
    case EXPECT_ITEM_OR_END:
        if (*run->at == ']') {
            close_container(json, run);
            return true;
        }
        match_child(splitter, NULL);
        json->expect = EXPECT_VALUE;
        return true;
    case EXPECT_VALUE:
        return take_value(splitter, run, err);
    case EXPECT_KEY_OR_END:
        if (*run->at == '}') {
            close_container(json, run);
            return true;
        }
        return take_key(splitter, run, err);
    case EXPECT_KEY:
        return take_key(splitter, run, err);
    case EXPECT_COLON:
        if (*run->at != ':')
            return expected(splitter, run, "expected ':'", err);
        run->at++;
        json->expect = EXPECT_VALUE;
        return true;
    case EXPECT_COMMA:
        return take_comma(splitter, run, err);
    case EXPECT_NOTHING:
        if (!splitter->takes_many)
            return expected(splitter, run, "expected nothing behind the document", err);
        json->expect = EXPECT_VALUE;
        return true;
    }
    return true;
}

static bool run_through(Splitter *splitter, Run *run, Err *err)
{
    for (;;) {
        run->at = json_skip_spaces(run->at, run->end);
        if (run->at == run->end)
            return true;
        TRY(take_unit(splitter, run, err));
    }
}

/* Takes the unit that waits, now that it is whole. */
static bool run_pending(Splitter *splitter, Err *err)
{
    splitter->json->is_waiting = false;
    Text unit = splitter->pending; /* what it holds may not be touched meanwhile */
    splitter->pending = (Text){0};
    splitter->base = unit.at;
    Run run = {unit.at, unit.at + unit.len, true};
    bool is_taken = run_through(splitter, &run, err);
    if (is_taken)
        split_advance(splitter, unit.at + unit.len);
    text_clear(&unit);
    splitter->pending = unit;
    return is_taken;
}

MUST bool split_json_feed(Splitter *splitter, Str piece, Err *err)
{
    JsonSplit *json = splitter->json;
    Run run = {piece.at, piece.at + piece.len, false};
    if (json->is_waiting) {
        ptrdiff_t end = json_seek_end(&json->seeker, piece);
        size_t taken = end < 0 ? piece.len : (size_t)end;
        TRY(split_check_size(splitter, NULL, splitter->pending.len + taken, err));
        text_add(&splitter->pending, str_slice(piece, 0, taken));
        if (end < 0)
            return true;
        TRY(run_pending(splitter, err));
        run.at += taken;
    }
    splitter->base = run.at;
    TRY(run_through(splitter, &run, err));
    if (!json->is_waiting)
        split_advance(splitter, run.end);
    return true;
}

/* No records were met: says what was there instead. */
static bool fail_not_found(Splitter *splitter, Err *err)
{
    JsonSplit *json = splitter->json;
    Place place = {splitter->options.name, 0, 0};
    Str missing = STR_NONE;
    if (json->keys_at >= 0 && (uint32_t)json->keys_at < splitter->path.count)
        missing = splitter->path.steps[json->keys_at].key;
    err_set(err, ERR_PARSING, place, "no records at '" STR_FMT "'", STR_ARG(splitter->path.text));
    if (!json->keys.len)
        return err_add(err, ": the document has no object there");
    Str nearest = str_nearest(missing, json->keys.at, json->keys.len);
    err_add(err, ": there is no key '" STR_FMT "'", STR_ARG(missing));
    if (nearest.at)
        err_add(err, ", did you mean '" STR_FMT "'?", STR_ARG(nearest));
    err_add(err, " Keys there: ");
    for (uint32_t i = 0; i < json->keys.len; i++)
        err_add(err, "%s" STR_FMT, i ? ", " : "", STR_ARG(json->keys.at[i]));
    return false;
}

MUST bool split_json_end(Splitter *splitter, Err *err)
{
    JsonSplit *json = splitter->json;
    if (json->is_waiting)
        TRY(run_pending(splitter, err));
    if (json->expect != EXPECT_NOTHING) {
        static const char *const wants[] = {"expected a value",
                                            "expected a value or ']'",
                                            "expected a key or '}'",
                                            "expected a key",
                                            "expected ':'",
                                            "expected ',' or the end of what is open"};
        Run run = {splitter->base, splitter->base, true};
        return expected(splitter, &run, wants[json->expect], err);
    }
    return json->is_found || json->is_null || fail_not_found(splitter, err);
}
