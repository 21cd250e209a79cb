/* py_re.c: the module re: patterns, matches, and the functions over them. */
#include "jinja/py_re.h"

typedef struct Pattern {
    Object base;
    Regex *regex;
} Pattern;

typedef struct Match {
    Object base;
    Pattern *pattern;
    Str text;
    int64_t *spans;       /* byte offsets, two a group */
    int64_t from, to;     /* pos, endpos               */
} Match;

static const ObjectType pattern_type, match_type;

/* ---- matches ---- */

static Value match_group_at(const Match *match, uint32_t group, Value otherwise)
{
    int64_t from = match->spans[2 * group], to = match->spans[2 * group + 1];
    return from < 0 || to < 0
               ? otherwise
               : value_text(str_slice(match->text, (size_t)from, (size_t)to));
}

static bool group_number(const Match *match, Value which, uint32_t *out, Err *err)
{
    const Regex *regex = match->pattern->regex;
    const Value *named = which.kind == VALUE_TEXT ? dict_find(regex->names, value_str(which))
                                                  : NULL;
    if (named)
        which = *named;
    if (which.kind == VALUE_UNDEFINED)
        return undefined_fail(which, err);
    if (!is_whole(which) || whole_of(which) < 0 || whole_of(which) > regex->group_count)
        return FAIL(err, "no such group");
    *out = (uint32_t)whole_of(which);
    return true;
}

static bool match_group(Object *self, Call *call, Value *out, Err *err)
{
    const Match *match = (Match *)self;
    if (call->named_count)
        return FAIL(err, "group() takes no keyword arguments");
    if (!call->arg_count) {
        *out = match_group_at(match, 0, NONE);
        return true;
    }
    Array *groups = array_make(call->arena, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        uint32_t number = 0;
        TRY(group_number(match, call->args[i], &number, err));
        array_add(groups, match_group_at(match, number, NONE));
    }
    *out = call->arg_count == 1 ? groups->at[0] : value_of_tuple(groups);
    return true;
}

static bool match_groups(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"default"};
    Value otherwise = NONE;
    TRY(call_bind(call, "groups", names, 1, 0, &otherwise, err));
    const Match *match = (Match *)self;
    uint32_t count = match->pattern->regex->group_count;
    Array *groups = array_make(call->arena, count);
    for (uint32_t i = 1; i <= count; i++)
        array_add(groups, match_group_at(match, i, otherwise));
    *out = value_of_tuple(groups);
    return true;
}

static bool match_groupdict(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"default"};
    Value otherwise = NONE, name, number;
    TRY(call_bind(call, "groupdict", names, 1, 0, &otherwise, err));
    const Match *match = (Match *)self;
    Dict *dict = dict_make(call->arena, 0);
    for (uint32_t at = 0; dict_next(match->pattern->regex->names, &at, &name, &number);)
        dict_put(dict, value_str(name),
                 match_group_at(match, (uint32_t)number.number, otherwise));
    *out = value_of_dict(dict);
    return true;
}

/* A byte offset of the text as Python counts, -1 stays. */
static Value point_of(const Match *match, int64_t offset)
{
    if (offset < 0)
        return value_int(-1);
    return value_int((int64_t)utf8_length(str_slice(match->text, 0, (size_t)offset)));
}

static bool match_bound(Object *self, Call *call, const char *name, Value *start, Value *end,
                        Err *err)
{
    TRY(check_counts(call, name, 0, 1, err));
    const Match *match = (Match *)self;
    uint32_t number = 0;
    if (call->arg_count)
        TRY(group_number(match, call->args[0], &number, err));
    *start = point_of(match, match->spans[2 * number]);
    *end = point_of(match, match->spans[2 * number + 1]);
    return true;
}

static bool match_start(Object *self, Call *call, Value *out, Err *err)
{
    Value end;
    return match_bound(self, call, "start", out, &end, err);
}

static bool match_end(Object *self, Call *call, Value *out, Err *err)
{
    Value start;
    return match_bound(self, call, "end", &start, out, err);
}

static bool match_span(Object *self, Call *call, Value *out, Err *err)
{
    Value start, end;
    TRY(match_bound(self, call, "span", &start, &end, err));
    *out = pair_make(call->arena, start, end);
    return true;
}

/* ---- templates of sub() and expand() ---- */

static bool add_group(const Match *match, Value which, Text *out, Err *err)
{
    uint32_t number = 0;
    if (!group_number(match, which, &number, err)) {
        if (which.kind == VALUE_TEXT)
            return FAIL(err, "unknown group name '" STR_FMT "'", STR_ARG(value_str(which)));
        return FAIL(err, "invalid group reference %lld", (long long)whole_of(which));
    }
    text_add(out, value_str(match_group_at(match, number, NONE)));
    return true;
}

/* An escape of a template; *at stands behind the backslash. */
static bool add_template_escape(const Match *match, Str s, size_t *at, Text *out, Err *err)
{
    char c = *at < s.len ? s.at[*at] : '\0';
    const char *letters = "abfnrtv", *codes = "\a\b\f\n\r\t\v";
    const char *letter = c ? strchr(letters, c) : NULL;
    size_t start = *at;
    if (c == 'g') {
        ptrdiff_t end = str_find_char(str_slice(s, start, s.len), '>');
        if (end < 2 || s.at[start + 1] != '<')
            return FAIL(err, end < 0 && start + 1 < s.len && s.at[start + 1] == '<'
                                 ? "missing >, unterminated name"
                                 : "missing <");
        Str name = str_slice(s, start + 2, start + (size_t)end);
        int64_t number;
        *at = start + (size_t)end + 1;
        return add_group(match, str_to_int(name, &number) ? value_int(number) : value_text(name),
                         out, err);
    }
    if (c >= '0' && c <= '9') {
        int64_t number = 0;
        bool is_octal = c == '0' || (start + 2 < s.len && c <= '3' && s.at[start + 1] >= '0' &&
                                     s.at[start + 1] <= '7' && s.at[start + 2] >= '0' &&
                                     s.at[start + 2] <= '7');
        size_t most = is_octal ? 3 : 2;
        for (; *at < s.len && *at - start < most && s.at[*at] >= '0' &&
               s.at[*at] <= (is_octal ? '7' : '9'); ++*at)
            number = number * (is_octal ? 8 : 10) + (s.at[*at] - '0');
        if (!is_octal)
            return add_group(match, value_int(number), out, err);
        text_add_code_point(out, (uint32_t)number);
        return true;
    }
    if (letter) {
        text_add_char(out, codes[letter - letters]);
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        return FAIL(err, "bad escape \\%c at position %zu", c,
                    utf8_length(str_slice(s, 0, start - 1)));
    } else {
        text_add_char(out, '\\');
        if (c)
            text_add_char(out, c);
        if (c == '\\')
            out->len--, out->at[out->len] = '\0';
    }
    ++*at;
    return true;
}

static bool expand(const Match *match, Str template, Text *out, Err *err)
{
    for (size_t at = 0; at < template.len;) {
        ptrdiff_t found = str_find_char(str_slice(template, at, template.len), '\\');
        size_t end = found < 0 ? template.len : at + (size_t)found;
        text_add(out, str_slice(template, at, end));
        at = end + 1;
        if (found >= 0)
            TRY(add_template_escape(match, template, &at, out, err));
    }
    return true;
}

static bool match_expand(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "expand", 1, 1, err));
    Str template;
    TRY(text_argument(call->args[0], "expand() argument", &template, err));
    AUTO(text) Text text = {0};
    TRY(expand((Match *)self, template, &text, err));
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- the type Match ---- */

static uint32_t last_group(const Match *match)
{
    uint32_t last = 0; /* the one that was closed last */
    for (uint32_t i = 1; i <= match->pattern->regex->group_count; i++)
        if (match->spans[2 * i + 1] >= 0 &&
            (!last || match->spans[2 * i + 1] > match->spans[2 * last + 1]))
            last = i;
    return last;
}

static bool match_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    Match *match = (Match *)self;
    uint32_t last = last_group(match);
    *out = UNDEFINED;
    if (str_is(name, "string")) {
        *out = value_text(match->text);
    } else if (str_is(name, "re")) {
        *out = value_of_object(&match->pattern->base);
    } else if (str_is(name, "pos")) {
        *out = point_of(match, match->from);
    } else if (str_is(name, "endpos")) {
        *out = point_of(match, match->to);
    } else if (str_is(name, "lastindex")) {
        *out = last ? value_int(last) : NONE;
    } else if (str_is(name, "lastgroup")) {
        Value key, number;
        *out = NONE;
        for (uint32_t at = 0; dict_next(match->pattern->regex->names, &at, &key, &number);)
            if (number.number == last)
                *out = key;
    }
    return true;
}

static bool match_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)arena;
    Err ignored = {0};
    uint32_t number = 0;
    *out = UNDEFINED;
    (void)err;
    if (group_number((Match *)self, key, &number, &ignored))
        *out = match_group_at((Match *)self, number, NONE);
    err_drop(&ignored);
    return true;
}

static void match_print(Object *self, Text *out)
{
    const Match *match = (Match *)self;
    text_print(out, "<re.Match object; span=(%lld, %lld), match=",
               (long long)point_of(match, match->spans[0]).number,
               (long long)point_of(match, match->spans[1]).number);
    value_repr(match_group_at(match, 0, NONE), out);
    text_add_char(out, '>');
}

static const Method match_methods[] = {
    {"end", match_end},       {"expand", match_expand}, {"group", match_group},
    {"groupdict", match_groupdict}, {"groups", match_groups}, {"span", match_span},
    {"start", match_start},   {0},
};

static const ObjectType match_type = {
    .name = "re.Match", .methods = match_methods, .get = match_get, .item = match_item,
    .print = match_print,
};

static Value match_make(Arena *arena, Pattern *pattern, Str text, const int64_t *spans,
                        int64_t from, int64_t to)
{
    uint32_t count = 2 * (pattern->regex->group_count + 1);
    Match *match = NEW(arena, Match);
    *match = (Match){.base = {&match_type}, .pattern = pattern, .text = text, .from = from,
                     .to = to, .spans = NEW_N(arena, int64_t, count)};
    memcpy(match->spans, spans, count * sizeof(*spans));
    return value_of_object(&match->base);
}

/* ---- one after the other ---- */

/* All matches of a pattern in a text, in order; empty ones not where the last one ended empty. */
typedef struct Scan {
    Call *call;
    Pattern *pattern;
    Str text;
    size_t at, from, to;
    bool must_move, is_over;
    int64_t *spans;
} Scan;

static Scan scan_begin(Call *call, Pattern *pattern, Str text)
{
    return (Scan){.call = call, .pattern = pattern, .text = text, .to = text.len,
                  .spans = NEW_N(call->arena, int64_t, 2 * (pattern->regex->group_count + 1))};
}

static bool scan_next(Scan *scan, bool *found, Err *err)
{
    *found = false;
    if (scan->is_over)
        return true;
    TRY(regex_run(scan->call->arena, scan->pattern->regex, scan->text, scan->at, scan->to,
                  REGEX_SEARCH, scan->must_move, scan->spans, found, err));
    scan->is_over = !*found;
    if (*found) {
        scan->must_move = scan->spans[0] == scan->spans[1];
        scan->at = (size_t)scan->spans[1];
    }
    return true;
}

static Str span_of(const Scan *scan, uint32_t group)
{
    if (scan->spans[2 * group] < 0 || scan->spans[2 * group + 1] < 0)
        return STR("");
    return str_slice(scan->text, (size_t)scan->spans[2 * group],
                     (size_t)scan->spans[2 * group + 1]);
}

/* ---- the functions, of a Pattern ---- */

static bool run_once(Call *call, Pattern *pattern, RegexMode mode, Value text, Value pos,
                     Value endpos, Value *out, Err *err)
{
    Str s;
    TRY(text_argument(text, "expected string or bytes-like object: argument", &s, err));
    int64_t from = 0, to = INT64_MAX;
    if (pos.kind != VALUE_NONE)
        TRY(index_of(pos, &from, err));
    if (endpos.kind != VALUE_NONE)
        TRY(index_of(endpos, &to, err));
    size_t start = text_offset(s, from < 0 ? 0 : from), end = text_offset(s, to < 0 ? 0 : to);
    int64_t *spans = NEW_N(call->arena, int64_t, 2 * (pattern->regex->group_count + 1));
    bool found = false;
    if (start <= end)
        TRY(regex_run(call->arena, pattern->regex, s, start, end, mode, false, spans, &found,
                      err));
    *out = found ? match_make(call->arena, pattern, s, spans, (int64_t)start, (int64_t)end) : NONE;
    return true;
}

static bool find_all(Call *call, Pattern *pattern, Value text, bool gives_matches, Value *out,
                     Err *err)
{
    Str s;
    TRY(text_argument(text, "expected string or bytes-like object: argument", &s, err));
    Array *found_all = array_make(call->arena, 0);
    uint32_t groups = pattern->regex->group_count;
    Scan scan = scan_begin(call, pattern, s);
    for (bool found;;) {
        TRY(scan_next(&scan, &found, err));
        if (!found)
            break;
        if (gives_matches) {
            array_add(found_all, match_make(call->arena, pattern, s, scan.spans, 0,
                                            (int64_t)s.len));
        } else if (groups < 2) {
            array_add(found_all, value_text(span_of(&scan, groups)));
        } else {
            Array *tuple = array_make(call->arena, groups);
            for (uint32_t i = 1; i <= groups; i++)
                array_add(tuple, value_text(span_of(&scan, i)));
            array_add(found_all, value_of_tuple(tuple));
        }
    }
    *out = gives_matches ? iterator_make(call->arena, "callable_iterator", found_all)
                         : value_of_array(found_all);
    return true;
}

static bool split_text(Call *call, Pattern *pattern, Value text, Value most, Value *out, Err *err)
{
    Str s;
    int64_t left;
    TRY(text_argument(text, "expected string or bytes-like object: argument", &s, err));
    TRY(index_of(most, &left, err));
    Array *parts = array_make(call->arena, 0);
    Scan scan = scan_begin(call, pattern, s);
    size_t last = 0;
    for (int64_t cuts = 0; left <= 0 || cuts < left; cuts++) {
        bool found;
        if (left < 0)
            break;
        TRY(scan_next(&scan, &found, err));
        if (!found)
            break;
        array_add(parts, value_text(str_slice(s, last, (size_t)scan.spans[0])));
        for (uint32_t i = 1; i <= pattern->regex->group_count; i++)
            array_add(parts, scan.spans[2 * i] < 0 ? NONE : value_text(span_of(&scan, i)));
        last = (size_t)scan.spans[1];
    }
    array_add(parts, value_text(str_slice(s, last, s.len)));
    *out = value_of_array(parts);
    return true;
}

static bool replace_one(Call *call, const Scan *scan, Value with, Text *out, Err *err)
{
    Value match = match_make(call->arena, scan->pattern, scan->text, scan->spans, 0,
                             (int64_t)scan->text.len), piece;
    if (with.kind == VALUE_TEXT)
        return expand((Match *)match.object, value_str(with), out, err);
    TRY(call_with(call, with, &match, 1, &piece, err));
    if (piece.kind == VALUE_NONE)
        return true;
    Str text;
    TRY(text_argument(piece, "expected str instance: what the function gives", &text, err));
    text_add(out, text);
    return true;
}

static bool substitute(Call *call, Pattern *pattern, Value with, Value text, Value most,
                       bool gives_count, Value *out, Err *err)
{
    Str s;
    int64_t left, count = 0;
    TRY(text_argument(text, "expected string or bytes-like object: argument", &s, err));
    TRY(index_of(most, &left, err));
    if (with.kind == VALUE_UNDEFINED)
        return undefined_fail(with, err);
    if (with.kind != VALUE_TEXT && with.kind != VALUE_OBJECT)
        return FAIL(err, "decoding to str: need a bytes-like object, %s found",
                    value_type_name(with));
    AUTO(text) Text result = {.limit = LARGEST_TEXT_BYTES};
    Scan scan = scan_begin(call, pattern, s);
    size_t last = 0;
    for (; left <= 0 || count < left; count++) {
        bool found;
        TRY(scan_next(&scan, &found, err));
        if (!found)
            break;
        text_add(&result, str_slice(s, last, (size_t)scan.spans[0]));
        TRY(replace_one(call, &scan, with, &result, err));
        last = (size_t)scan.spans[1];
    }
    text_add(&result, str_slice(s, last, s.len));
    *out = text_value(call->arena, &result);
    if (gives_count)
        *out = pair_make(call->arena, *out, value_int(count));
    return true;
}

/* ---- the type Pattern ---- */

#define PATTERN_ONCE(name, mode)                                                           \
    static bool pattern_##name(Object *self, Call *call, Value *out, Err *err)             \
    {                                                                                      \
        static const char *const names[] = {"string", "pos", "endpos"};                    \
        Value slots[] = {UNDEFINED, NONE, NONE};                                           \
        TRY(call_bind(call, #name, names, 3, 1, slots, err));                              \
        return run_once(call, (Pattern *)self, mode, slots[0], slots[1], slots[2], out, err); \
    }
PATTERN_ONCE(match, REGEX_MATCH)
PATTERN_ONCE(search, REGEX_SEARCH)
PATTERN_ONCE(fullmatch, REGEX_FULL)

static bool pattern_findall(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "findall", 1, 1, err));
    return find_all(call, (Pattern *)self, call->args[0], false, out, err);
}

static bool pattern_finditer(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "finditer", 1, 1, err));
    return find_all(call, (Pattern *)self, call->args[0], true, out, err);
}

static bool pattern_split(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"string", "maxsplit"};
    Value slots[] = {UNDEFINED, value_int(0)};
    TRY(call_bind(call, "split", names, 2, 1, slots, err));
    return split_text(call, (Pattern *)self, slots[0], slots[1], out, err);
}

static bool pattern_replace(Object *self, Call *call, bool gives_count, Value *out, Err *err)
{
    static const char *const names[] = {"repl", "string", "count"};
    Value slots[] = {UNDEFINED, UNDEFINED, value_int(0)};
    TRY(call_bind(call, "sub", names, 3, 2, slots, err));
    return substitute(call, (Pattern *)self, slots[0], slots[1], slots[2], gives_count, out, err);
}

static bool pattern_sub(Object *self, Call *call, Value *out, Err *err)
{
    return pattern_replace(self, call, false, out, err);
}

static bool pattern_subn(Object *self, Call *call, Value *out, Err *err)
{
    return pattern_replace(self, call, true, out, err);
}

static bool pattern_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Regex *regex = ((Pattern *)self)->regex;
    *out = str_is(name, "pattern")      ? value_text(regex->pattern)
           : str_is(name, "flags")      ? value_int(regex->flags |
                                                    (regex->flags & RE_ASCII ? 0 : RE_UNICODE))
           : str_is(name, "groups")     ? value_int(regex->group_count)
           : str_is(name, "groupindex") ? value_of_dict(regex->names)
                                        : UNDEFINED;
    return true;
}

static void pattern_print(Object *self, Text *out)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } flags[] = {{RE_ASCII, "re.ASCII"},         {RE_IGNORECASE, "re.IGNORECASE"},
                 {RE_MULTILINE, "re.MULTILINE"}, {RE_DOTALL, "re.DOTALL"},
                 {RE_VERBOSE, "re.VERBOSE"}};
    const Regex *regex = ((Pattern *)self)->regex;
    text_add_c(out, "re.compile(");
    value_repr(value_text(regex->pattern), out);
    const char *between = ", ";
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (regex->flags & flags[i].flag) {
            text_print(out, "%s%s", between, flags[i].name);
            between = "|";
        }
    text_add_char(out, ')');
}

static bool pattern_equal(Object *self, Value other)
{
    if (!value_is_a(other, &pattern_type))
        return false;
    const Regex *a = ((Pattern *)self)->regex, *b = ((Pattern *)other.object)->regex;
    return str_eq(a->pattern, b->pattern) && a->flags == b->flags;
}

static uint32_t pattern_hash(Object *self)
{
    return str_hash(((Pattern *)self)->regex->pattern);
}

static const Method pattern_methods[] = {
    {"findall", pattern_findall}, {"finditer", pattern_finditer},
    {"fullmatch", pattern_fullmatch}, {"match", pattern_match},
    {"search", pattern_search},   {"split", pattern_split},
    {"sub", pattern_sub},         {"subn", pattern_subn},
    {0},
};

static const ObjectType pattern_type = {
    .name = "re.Pattern", .methods = pattern_methods, .get = pattern_get, .print = pattern_print,
    .equal = pattern_equal, .hash = pattern_hash,
};

/* ---- the module ---- */

/* A Pattern of a text, or the Pattern itself. */
static bool pattern_of(Call *call, Value v, Value flags, Pattern **out, Err *err)
{
    int64_t bits;
    TRY(index_of(flags, &bits, err));
    if (value_is_a(v, &pattern_type)) {
        if (bits)
            return FAIL(err, "cannot process flags argument with a compiled pattern");
        *out = (Pattern *)v.object;
        return true;
    }
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (v.kind != VALUE_TEXT)
        return FAIL(err, "first argument must be string or compiled pattern");
    Pattern *pattern = NEW(call->arena, Pattern);
    pattern->base.type = &pattern_type;
    TRY(regex_compile(call->arena, value_str(v), (uint32_t)bits, &pattern->regex, err));
    *out = pattern;
    return true;
}

static bool re_compile(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"pattern", "flags"};
    Value slots[] = {UNDEFINED, value_int(0)};
    Pattern *pattern = NULL;
    TRY(call_bind(call, "compile", names, 2, 1, slots, err));
    TRY(pattern_of(call, slots[0], slots[1], &pattern, err));
    *out = value_of_object(&pattern->base);
    return true;
}

/* pattern, string, flags */
static bool bind_plain(Call *call, const char *name, Value slots[3], Pattern **pattern, Err *err)
{
    static const char *const names[] = {"pattern", "string", "flags"};
    slots[2] = value_int(0);
    TRY(call_bind(call, name, names, 3, 2, slots, err));
    return pattern_of(call, slots[0], slots[2], pattern, err);
}

#define MODULE_ONCE(name, mode)                                                          \
    static bool re_##name(Object *self, Call *call, Value *out, Err *err)                \
    {                                                                                    \
        (void)self;                                                                      \
        Value slots[3];                                                                  \
        Pattern *pattern = NULL;                                                         \
        TRY(bind_plain(call, #name, slots, &pattern, err));                              \
        return run_once(call, pattern, mode, slots[1], NONE, NONE, out, err);            \
    }
MODULE_ONCE(match, REGEX_MATCH)
MODULE_ONCE(search, REGEX_SEARCH)
MODULE_ONCE(fullmatch, REGEX_FULL)

static bool re_findall(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Value slots[3];
    Pattern *pattern = NULL;
    TRY(bind_plain(call, "findall", slots, &pattern, err));
    return find_all(call, pattern, slots[1], false, out, err);
}

static bool re_finditer(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Value slots[3];
    Pattern *pattern = NULL;
    TRY(bind_plain(call, "finditer", slots, &pattern, err));
    return find_all(call, pattern, slots[1], true, out, err);
}

static bool re_split(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"pattern", "string", "maxsplit", "flags"};
    Value slots[] = {UNDEFINED, UNDEFINED, value_int(0), value_int(0)};
    Pattern *pattern = NULL;
    TRY(call_bind(call, "split", names, 4, 2, slots, err));
    TRY(pattern_of(call, slots[0], slots[3], &pattern, err));
    return split_text(call, pattern, slots[1], slots[2], out, err);
}

static bool replace(Call *call, bool gives_count, Value *out, Err *err)
{
    static const char *const names[] = {"pattern", "repl", "string", "count", "flags"};
    Value slots[] = {UNDEFINED, UNDEFINED, UNDEFINED, value_int(0), value_int(0)};
    Pattern *pattern = NULL;
    TRY(call_bind(call, gives_count ? "subn" : "sub", names, 5, 3, slots, err));
    TRY(pattern_of(call, slots[0], slots[4], &pattern, err));
    return substitute(call, pattern, slots[1], slots[2], slots[3], gives_count, out, err);
}

static bool re_sub(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return replace(call, false, out, err);
}

static bool re_subn(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return replace(call, true, out, err);
}

static bool re_escape(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "escape", 1, 1, err));
    Str s;
    TRY(text_argument(call->args[0], "escape() argument", &s, err));
    AUTO(text) Text text = {0};
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", s.at[i]))
            text_add_char(&text, '\\');
        text_add_char(&text, s.at[i]);
    }
    *out = text_value(call->arena, &text);
    return true;
}

static bool re_purge(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "purge", 0, 0, err));
    *out = NONE;
    return true;
}

static bool re_module_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)arena, (void)err;
    static const struct {
        const char *name;
        int flag;
    } flags[] = {{"A", RE_ASCII},         {"ASCII", RE_ASCII},         {"I", RE_IGNORECASE},
                 {"IGNORECASE", RE_IGNORECASE}, {"M", RE_MULTILINE},   {"MULTILINE", RE_MULTILINE},
                 {"S", RE_DOTALL},        {"DOTALL", RE_DOTALL},       {"X", RE_VERBOSE},
                 {"VERBOSE", RE_VERBOSE}, {"U", RE_UNICODE},           {"UNICODE", RE_UNICODE},
                 {"L", RE_LOCALE},        {"LOCALE", RE_LOCALE},       {"NOFLAG", 0}};
    *out = UNDEFINED;
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (str_is(name, flags[i].name))
            *out = value_int(flags[i].flag);
    return true;
}

static void re_module_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<module 're'>");
}

static const Method re_methods[] = {
    {"compile", re_compile}, {"escape", re_escape},       {"findall", re_findall},
    {"finditer", re_finditer}, {"fullmatch", re_fullmatch}, {"match", re_match},
    {"purge", re_purge},     {"search", re_search},       {"split", re_split},
    {"sub", re_sub},         {"subn", re_subn},           {0},
};

static const ObjectType re_module_type = {
    .name = "module", .methods = re_methods, .get = re_module_get, .print = re_module_print};

Object re_module = {&re_module_type};
