/* filter_wrap.c: wordwrap: lines of at most so many columns, as Python's textwrap cuts them.
 *
 * A line is cut into chunks: runs of blanks, words, and parts of words behind hyphens. Chunks are
 * put on a line until the next one is too wide.
 */
#include "jinja/filter.h"

typedef List(Str) ChunkList;

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter_at(Str s, size_t at)
{
    if (at >= s.len)
        return false;
    uint32_t c = utf8_next(s, &at);
    return code_is_word(c) && !code_is_decimal(c) && c != '_';
}

/* May the word be broken behind the hyphen at `at`? Two letters must stand before it, and one
 * letter behind or a letter, a hyphen, a letter. */
static bool breaks_behind(Str word, size_t start, size_t at)
{
    size_t before = at;
    for (int i = 0; i < 2; i++) {
        if (before == start)
            return false;
        before--;
        while (before > start && (word.at[before] & 0xc0) == 0x80)
            before--;
        if (!is_letter_at(word, before) && !(i == 1 && word.at[before] == '-'))
            return false;
    }
    size_t next = at + 1;
    if (!is_letter_at(word, next))
        return false;
    utf8_next(word, &next);
    return is_letter_at(word, next) || (next < word.len && word.at[next] == '-');
}

/* Cuts a word at its hyphens; a dash of several stands alone between words. */
static void add_word_chunks(Arena *arena, Str word, bool by_hyphens, ChunkList *chunks)
{
    size_t start = 0;
    for (size_t at = 0; by_hyphens && at < word.len; at++) {
        if (word.at[at] != '-')
            continue;
        size_t end = at;
        while (end < word.len && word.at[end] == '-')
            end++;
        if (end - at >= 2 && at > start && end < word.len) {
            list_add(arena, chunks, str_slice(word, start, at));
            list_add(arena, chunks, str_slice(word, at, end));
            start = end;
        } else if (end - at == 1 && breaks_behind(word, start, at)) {
            list_add(arena, chunks, str_slice(word, start, end));
            start = end;
        }
        at = end - 1;
    }
    if (start < word.len)
        list_add(arena, chunks, str_slice(word, start, word.len));
}

static void cut_chunks(Arena *arena, Str line, bool by_hyphens, ChunkList *chunks)
{
    for (size_t at = 0; at < line.len;) {
        size_t start = at;
        bool is_space = is_blank(line.at[at]);
        while (at < line.len && is_blank(line.at[at]) == is_space)
            at++;
        Str piece = str_slice(line, start, at);
        if (is_space)
            list_add(arena, chunks, piece);
        else
            add_word_chunks(arena, piece, by_hyphens, chunks);
    }
}

typedef struct Wrap {
    int64_t width;
    bool breaks_words, by_hyphens;
    Str end;
} Wrap;

/* How much of a chunk that is too wide goes on the line that has `space` columns left. */
static size_t break_point(const Wrap *wrap, Str chunk, int64_t space)
{
    size_t end = text_offset(chunk, space);
    if (!wrap->by_hyphens || end >= chunk.len)
        return end;
    ptrdiff_t hyphen = str_find_last(str_slice(chunk, 0, end), STR("-"));
    bool has_other = false;
    for (ptrdiff_t i = 0; i < hyphen; i++)
        has_other = has_other || chunk.at[i] != '-';
    return hyphen > 0 && has_other ? (size_t)hyphen + 1 : end;
}

static void wrap_line(const Wrap *wrap, ChunkList *chunks, Text *out, bool *has_line)
{
    uint32_t at = 0;
    while (at < chunks->len) {
        int64_t used = 0;
        if (is_blank(chunks->at[at].at[0]) && *has_line) {
            at++; /* blanks at the start of a further line are dropped */
            if (at == chunks->len)
                break;
        }
        AUTO(text) Text line = {0};
        for (; at < chunks->len; at++) {
            int64_t width = (int64_t)utf8_length(chunks->at[at]);
            if (used + width > wrap->width)
                break;
            text_add(&line, chunks->at[at]);
            used += width;
        }
        if (at < chunks->len && (int64_t)utf8_length(chunks->at[at]) > wrap->width) {
            if (wrap->breaks_words) {
                int64_t space = wrap->width < 1 ? 1 : wrap->width - used;
                size_t end = break_point(wrap, chunks->at[at], space);
                text_add(&line, str_slice(chunks->at[at], 0, end));
                chunks->at[at] = str_slice(chunks->at[at], end, chunks->at[at].len);
                if (!chunks->at[at].len)
                    at++;
            } else if (!used) {
                text_add(&line, chunks->at[at++]);
            }
        }
        Str kept = text_str(&line);
        while (kept.len && is_blank(kept.at[kept.len - 1]))
            kept.len--;
        if (!kept.len)
            continue;
        if (*has_line)
            text_add(out, wrap->end);
        text_add(out, kept);
        *has_line = true;
    }
}

bool filter_wordwrap(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"width", "break_long_words", "wrapstring",
                                        "break_on_hyphens"};
    Value slots[] = {value_int(79), value_bool(true), NONE, value_bool(true)};
    TRY(call_bind(call, "wordwrap", names, 4, 0, slots, err));
    Wrap wrap = {.breaks_words = value_truth(slots[1]), .by_hyphens = value_truth(slots[3]),
                 .end = STR("\n")};
    TRY(index_of(slots[0], &wrap.width, err));
    if (wrap.width <= 0)
        return FAIL(err, "invalid width %lld (must be > 0)", (long long)wrap.width);
    if (slots[2].kind != VALUE_NONE)
        TRY(text_argument(slots[2], "wrapstring", &wrap.end, err));
    if (input.kind == VALUE_UNDEFINED)
        return undefined_fail(input, err);
    if (input.kind != VALUE_TEXT)
        return FAIL(err, "'%s' object has no attribute 'splitlines'", value_type_name(input));
    Array *lines = text_split_lines(call->arena, value_str(input), false);
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    for (uint32_t i = 0; i < lines->len; i++) {
        if (i)
            text_add(&text, wrap.end);
        ChunkList chunks = {0};
        bool has_line = false;
        cut_chunks(call->arena, value_str(lines->at[i]), wrap.by_hyphens, &chunks);
        wrap_line(&wrap, &chunks, &text, &has_line);
    }
    *out = text_value(call->arena, &text);
    return true;
}
