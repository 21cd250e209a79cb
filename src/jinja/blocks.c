/* blocks.c: cuts a file into dbt's top-level blocks, as dbt's own scanner does.
 *
 * It does not parse: it knows tags, comments, raw blocks and texts in quotes, and that if and for
 * nest. So a block is found even in a file whose inside has other faults.
 */
#include "jinja/lexer.h"

typedef struct Scanner {
    Arena *arena;
    Str source, file;
    const char *const *kinds;
    size_t at;
    Err *err;
    /* the tag just read */
    Str kind, name;
    size_t tag_start, tag_trimmed_start, tag_end, tag_trimmed_end;
} Scanner;

static bool fail_at(Scanner *scanner, size_t at, const char *text, Str what)
{
    return err_set_in(scanner->err, ERR_COMPILATION,
                      place_at(scanner->file, scanner->source, at), scanner->source, "%s" STR_FMT,
                      text, STR_ARG(what));
}

static size_t skip_space(Str s, size_t at)
{
    for (size_t len; (len = space_length(s, at));)
        at += len;
    return at;
}

static bool starts_at(const Scanner *scanner, size_t at, const char *text)
{
    size_t len = strlen(text);
    return at + len <= scanner->source.len && memcmp(scanner->source.at + at, text, len) == 0;
}

static bool is_name_char(char c, bool is_first)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' ||
           (!is_first && c >= '0' && c <= '9');
}

static Str read_name(const Scanner *scanner, size_t at)
{
    size_t end = at;
    while (end < scanner->source.len && is_name_char(scanner->source.at[end], end == at))
        end++;
    return str_slice(scanner->source, at, end);
}

/* From a quote to behind the one that closes it. */
static bool skip_text(Scanner *scanner)
{
    size_t begin = scanner->at;
    char quote = scanner->source.at[begin];
    for (size_t at = begin + 1; at < scanner->source.len; at++) {
        char c = scanner->source.at[at];
        if (c == quote) {
            scanner->at = at + 1;
            return true;
        }
        at += c == '\\';
    }
    return fail_at(scanner, begin, "a text that is not closed", STR_NONE);
}

/* To behind `closer` ("}}" or "%}"), texts passed over. */
static bool skip_to(Scanner *scanner, size_t begin, const char *closer)
{
    while (scanner->at < scanner->source.len) {
        char c = scanner->source.at[scanner->at];
        if (c == '\'' || c == '"') {
            TRY(skip_text(scanner));
        } else if (c == closer[0] && starts_at(scanner, scanner->at, closer)) {
            scanner->at += 2;
            return true;
        } else {
            scanner->at++;
        }
    }
    return fail_at(scanner, begin, "a tag that is not closed: expected ", str_of(closer));
}

static bool skip_comment(Scanner *scanner)
{
    ptrdiff_t end = str_find(str_slice(scanner->source, scanner->at + 2, scanner->source.len),
                             STR("#}"));
    if (end < 0)
        return fail_at(scanner, scanner->at, "a comment that is not closed: expected #}",
                       STR_NONE);
    scanner->at += 2 + (size_t)end + 2;
    return true;
}

/* The end of "{%- raw -%}" or the like at `at`, 0 if it is not one. */
static size_t word_tag_end(const Scanner *scanner, size_t at, const char *word)
{
    at += 2;
    at += starts_at(scanner, at, "-");
    at = skip_space(scanner->source, at);
    if (!starts_at(scanner, at, word))
        return 0;
    at = skip_space(scanner->source, at + strlen(word));
    at += starts_at(scanner, at, "-");
    return starts_at(scanner, at, "%}") ? at + 2 : 0;
}

static bool skip_raw(Scanner *scanner, size_t raw_end)
{
    for (size_t at = raw_end; at + 1 < scanner->source.len; at++) {
        const char *brace = memchr(scanner->source.at + at, '{', scanner->source.len - at);
        if (!brace)
            break;
        at = (size_t)(brace - scanner->source.at);
        size_t end = starts_at(scanner, at, "{%") ? word_tag_end(scanner, at, "endraw") : 0;
        if (end) {
            scanner->at = end;
            return true;
        }
    }
    return fail_at(scanner, scanner->at, "{% raw %} without {% endraw %}", STR_NONE);
}

/* A tag {% kind name ... %}. *found false: {% without a name, passed over. */
static bool read_tag(Scanner *scanner, bool *found)
{
    size_t start = scanner->at, raw_end = word_tag_end(scanner, start, "raw");
    bool strips = starts_at(scanner, start + 2, "-");
    *found = false;
    if (raw_end)
        return skip_raw(scanner, raw_end);
    size_t at = skip_space(scanner->source, start + 2 + strips);
    scanner->kind = read_name(scanner, at);
    if (!scanner->kind.len) {
        scanner->at += 2;
        return true;
    }
    at += scanner->kind.len;
    size_t name_at = skip_space(scanner->source, at);
    scanner->name = name_at > at ? read_name(scanner, name_at) : STR_NONE;
    scanner->at = scanner->name.len ? name_at + scanner->name.len : at;
    TRY(skip_to(scanner, start, "%}"));
    scanner->tag_start = scanner->tag_trimmed_start = start;
    scanner->tag_end = scanner->tag_trimmed_end = scanner->at;
    if (strips)
        while (scanner->tag_trimmed_start &&
               space_length(scanner->source, scanner->tag_trimmed_start - 1) == 1)
            scanner->tag_trimmed_start--;
    if (scanner->source.at[scanner->at - 3] == '-')
        scanner->tag_trimmed_end = skip_space(scanner->source, scanner->at);
    *found = true;
    return true;
}

/* The next tag with a name. False in *found: no more. */
static bool next_tag(Scanner *scanner, bool *found)
{
    *found = false;
    while (scanner->at + 1 < scanner->source.len && !*found) {
        const char *brace = memchr(scanner->source.at + scanner->at, '{',
                                   scanner->source.len - scanner->at - 1);
        if (!brace)
            break;
        scanner->at = (size_t)(brace - scanner->source.at);
        size_t begin = scanner->at;
        if (brace[1] == '#') {
            TRY(skip_comment(scanner));
        } else if (brace[1] == '{') {
            scanner->at += 2;
            TRY(skip_to(scanner, begin, "}}"));
        } else if (brace[1] == '%') {
            TRY(read_tag(scanner, found));
        } else {
            scanner->at++;
        }
    }
    return true;
}

static bool is_wanted(const Scanner *scanner)
{
    for (const char *const *kind = scanner->kinds; *kind; kind++)
        if (str_is(scanner->kind, *kind))
            return true;
    return false;
}

typedef List(char) Controls;

/* if and for: blocks stand outside of them. */
static bool follow_control(Scanner *scanner, Controls *open)
{
    Str kind = scanner->kind;
    if (str_is(kind, "if") || str_is(kind, "for")) {
        list_add(scanner->arena, open, kind.at[0]);
    } else if (str_is(kind, "endif") || str_is(kind, "endfor")) {
        if (!open->len)
            return fail_at(scanner, scanner->tag_start, "nothing is open that could end here: ",
                           kind);
        if (open->at[--open->len] != kind.at[3])
            return fail_at(scanner, scanner->tag_start, "this does not end what is open: ", kind);
    }
    return true;
}

static bool is_end_of(Str kind, Str block_kind)
{
    return kind.len == block_kind.len + 3 && memcmp(kind.at, "end", 3) == 0 &&
           str_eq(str_slice(kind, 3, kind.len), block_kind);
}

bool jinja_blocks(Arena *arena, Str source, Str file, const char *const *kinds, BlockList *out,
                  Err *err)
{
    Scanner scanner = {.arena = arena, .source = source, .file = file, .kinds = kinds,
                       .err = err};
    Controls open = {0};
    Block block = {0};
    bool is_inside = false, found;
    size_t body = 0;
    for (;;) {
        TRY(next_tag(&scanner, &found));
        if (!found)
            break;
        TRY(follow_control(&scanner, &open));
        if (is_wanted(&scanner)) {
            if (open.len)
                return fail_at(&scanner, scanner.tag_start,
                               "blocks stand outside of if and for: ", scanner.kind);
            if (is_inside)
                return fail_at(&scanner, scanner.tag_start, "a block inside another: ",
                               scanner.kind);
            block = (Block){.kind = scanner.kind, .name = scanner.name,
                            .offset = scanner.tag_start};
            body = scanner.tag_trimmed_end;
            is_inside = true;
        } else if (is_inside && is_end_of(scanner.kind, block.kind)) {
            size_t end = scanner.tag_trimmed_start;
            block.full = str_slice(source, block.offset, scanner.tag_end);
            block.body = str_slice(source, body, end > body ? end : body);
            list_add(arena, out, block);
            is_inside = false;
        }
    }
    if (is_inside)
        return err_set_in(err, ERR_COMPILATION, place_at(file, source, block.offset), source,
                          "a block that is not closed: " STR_FMT "; expected {%% end" STR_FMT
                          " %%}", STR_ARG(block.kind), STR_ARG(block.kind));
    return true;
}
