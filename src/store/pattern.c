/* pattern.c: {a,b} written out, then a small automaton over the parts of a name. */
#include "store/pattern.h"

#include "base/glob.h"

/* ---- braces ---- */

/* The end of the group that opens at `open`: offset of its '}', or 0 if it does not close. */
static size_t brace_end(Str text, size_t open, bool *has_comma)
{
    unsigned depth = 0;
    *has_comma = false;
    for (size_t i = open; i < text.len; i++) {
        if (text.at[i] == '{') {
            depth++;
        } else if (text.at[i] == '}' && --depth == 0) {
            return i;
        } else if (text.at[i] == ',' && depth == 1) {
            *has_comma = true;
        }
    }
    return 0;
}

static bool too_many(Str glob, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "the pattern \"" STR_FMT "\" has more than %d alternatives", STR_ARG(glob),
                   PATTERN_MOST_WAYS);
}

/* Writes out the first group of text from `from` on; texts without any go to `out`. */
static bool expand(Arena *arena, Str text, size_t from, unsigned depth, StrList *out, Err *err)
{
    if (depth > 20 || out->len > PATTERN_MOST_WAYS)
        return too_many(text, err);
    for (size_t open = from; open < text.len; open++) {
        bool has_comma = false;
        size_t end = text.at[open] == '{' ? brace_end(text, open, &has_comma) : 0;
        if (!end || !has_comma)
            continue;
        size_t begin = open + 1;
        unsigned inner = 0;
        for (size_t i = begin; i <= end; i++) {
            inner += text.at[i] == '{';
            if ((text.at[i] == ',' && inner == 0) || i == end) {
                Str one = str_print(arena, STR_FMT STR_FMT STR_FMT, (int)open, text.at,
                                    (int)(i - begin), text.at + begin,
                                    STR_ARG(str_slice(text, end + 1, text.len)));
                TRY(expand(arena, one, open, depth + 1, out, err));
                begin = i + 1;
            }
            inner -= text.at[i] == '}' && inner > 0;
        }
        return true;
    }
    list_add(arena, out, text);
    return true;
}

/* ---- one pattern ---- */

static bool is_wild(Str part)
{
    return glob_is_pattern(part);
}

static bool is_any_depth(Str part)
{
    return str_is(part, "**");
}

static bool pattern_make(Arena *arena, Str text, Pattern *out, Err *err)
{
    *out = (Pattern){.is_literal = !is_wild(text)};
    AUTO(text) Text clean = {0};
    Str rest = text, part;
    bool was_any_depth = false;
    while (str_next_part(&rest, '/', &part)) {
        if (!part.len || str_is(part, ".") || (was_any_depth && is_any_depth(part)))
            continue;
        if (out->count + 2 > PATTERN_MOST_PARTS)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "the pattern \"" STR_FMT "\" has more than %d parts", STR_ARG(text),
                           PATTERN_MOST_PARTS - 1);
        was_any_depth = is_any_depth(part);
        out->parts[out->count++] = part;
        text_add(&clean, clean.len ? STR("/") : STR(""));
        text_add(&clean, part);
    }
    if (was_any_depth) /* "a/" + "**" means the files below a, not a itself */
        out->parts[out->count++] = STR("*");
    out->text = text_copy(arena, &clean);
    size_t fixed = 0;
    while (fixed < out->text.len && !strchr("*?[", out->text.at[fixed]))
        fixed++;
    out->fixed = fixed;
    return true;
}

bool patterns_make(Arena *arena, Str glob, Patterns *out, Err *err)
{
    StrList texts = {0};
    TRY(expand(arena, glob, 0, 0, &texts, err));
    if (texts.len > PATTERN_MOST_WAYS)
        return too_many(glob, err);
    Patterns made = {.at = NEW_N(arena, Pattern, texts.len), .len = texts.len, .cap = texts.len};
    for (uint32_t i = 0; i < texts.len; i++)
        TRY(pattern_make(arena, texts.at[i], &made.at[i], err));
    *out = made;
    return true;
}

/* ---- matching ---- */

/* Behind "**" its successor may come at once: it stands for no part, too. */
static uint64_t with_skips(const Pattern *pattern, uint64_t states)
{
    for (uint32_t i = 0; i < pattern->count; i++)
        if ((states >> i & 1) && is_any_depth(pattern->parts[i]))
            states |= UINT64_C(1) << (i + 1);
    return states;
}

static bool part_matches(Str pattern, Str part)
{
    if (part.len && part.at[0] == '.' && !(pattern.len && pattern.at[0] == '.'))
        return false;
    return is_any_depth(pattern) || (is_wild(pattern) ? glob_match(pattern, part)
                                                      : str_eq(pattern, part));
}

void patterns_begin(const Patterns *patterns, PatternState *state)
{
    for (uint32_t i = 0; i < patterns->len; i++)
        state->at[i] = with_skips(&patterns->at[i], 1);
}

bool patterns_step(const Patterns *patterns, const PatternState *from, Str part, PatternState *to)
{
    bool is_alive = false;
    for (uint32_t way = 0; way < patterns->len; way++) {
        const Pattern *pattern = &patterns->at[way];
        uint64_t next = 0;
        for (uint32_t i = 0; i < pattern->count; i++)
            if ((from->at[way] >> i & 1) && part_matches(pattern->parts[i], part))
                next |= UINT64_C(1) << (is_any_depth(pattern->parts[i]) ? i : i + 1);
        to->at[way] = with_skips(pattern, next);
        is_alive = is_alive || next;
    }
    return is_alive;
}

bool patterns_accept(const Patterns *patterns, const PatternState *state)
{
    for (uint32_t way = 0; way < patterns->len; way++)
        if (state->at[way] >> patterns->at[way].count & 1)
            return true;
    return false;
}

bool patterns_match(const Patterns *patterns, Str name)
{
    if (str_ends(name, STR(".weir-tmp")))
        return false;
    PatternState state;
    patterns_begin(patterns, &state);
    Str rest = name, part;
    while (str_next_part(&rest, '/', &part))
        if (!patterns_step(patterns, &state, part, &state))
            return false;
    return patterns_accept(patterns, &state);
}

/* ---- prefixes ---- */

/* Does everything below `inner` lie below `outer`, too? */
static bool covers(Str outer, Str inner, bool by_folder)
{
    if (!str_starts(inner, outer))
        return false;
    return !by_folder || !outer.len || inner.len == outer.len || inner.at[outer.len] == '/';
}

void patterns_prefixes(const Patterns *patterns, bool by_folder, Arena *arena, StrList *out)
{
    for (uint32_t i = 0; i < patterns->len; i++) {
        Str prefix = str_slice(patterns->at[i].text, 0, patterns->at[i].fixed);
        if (by_folder) {
            ptrdiff_t slash = str_find_last(prefix, STR("/"));
            prefix = str_slice(prefix, 0, slash < 0 ? 0 : (size_t)slash);
        }
        bool is_covered = false;
        for (uint32_t k = 0; k < out->len && !is_covered; k++)
            is_covered = covers(out->at[k], prefix, by_folder);
        if (is_covered)
            continue;
        uint32_t kept = 0;
        for (uint32_t k = 0; k < out->len; k++)
            if (!covers(prefix, out->at[k], by_folder))
                out->at[kept++] = out->at[k];
        out->len = kept;
        list_add(arena, out, prefix);
    }
}
