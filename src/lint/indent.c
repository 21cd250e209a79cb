/* indent.c: LT02: indentation follows the structure; line breaks where an indent must be taken.
 *
 * As sqlfluff's reindent does it: every gap raises or lowers the balance. A raise without a line
 * break is an "untaken" indent: lines below do not count it. A balance that is lowered by a line
 * break must have been raised by one.
 */
#include "lint/lint_base.h"

typedef struct Point {
    uint32_t gap;
    int impulse, trough, balance;  /* balance before the gap                               */
    uint64_t untaken;              /* bit b: the indent to balance b was not taken         */
    bool breaks;
} Point;

typedef struct Line {
    uint32_t first, last;          /* points                                               */
    int balance;                   /* of its first token, before untaken ones are taken off */
    bool is_skipped;
} Line;

typedef struct Indenter {
    LintFile *file;
    Point *points;
    uint32_t point_count;
    Line *lines;
    uint32_t line_count;
    bool *imbalanced;              /* by gap: an indent that must be taken                 */
    uint64_t forced;               /* indents taken by breaks made here                    */
} Indenter;

static uint64_t bit(int balance)
{
    return balance >= 0 && balance < 64 ? (uint64_t)1 << balance : 0;
}

/* Bits of balances <= most. */
static uint64_t bits_to(int most)
{
    return most < 0 ? 0 : most >= 63 ? UINT64_MAX : ((uint64_t)1 << (most + 1)) - 1;
}

static int count_bits(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

static int closing(const Point *point)
{
    return point->balance + point->impulse;
}

static bool is_placeholder(const Token *token)
{
    return token->kind == TOKEN_TAG || token->kind == TOKEN_NOTE || token->kind == TOKEN_SKIP ||
           (token->kind == TOKEN_EXPR && token->role == ROLE_EMPTY);
}

static bool is_comment(const Token *token)
{
    return token->kind == TOKEN_COMMENT || token->kind == TOKEN_BLOCK_COMMENT;
}

/* ---- points ---- */

typedef struct Stats {
    int impulse, trough;
} Stats;

static Stats combine(Stats first, const Gap *gap)
{
    int trough = first.impulse + gap->trough;
    return (Stats){first.impulse + gap->sum, trough < first.trough ? trough : first.trough};
}

/* The untaken indents behind a point. */
static uint64_t prune(uint64_t untaken, int balance, Stats stats, bool breaks)
{
    int most = balance + stats.impulse + (stats.trough < stats.impulse ? stats.trough : 0);
    untaken &= bits_to(most);
    for (int i = stats.trough; !breaks && i < stats.impulse; i++)
        untaken |= bit(balance + i + 1);
    return untaken;
}

static void add_point(Indenter *indenter, Point point)
{
    indenter->points[indenter->point_count++] = point;
}

/* Indents on both sides of a comment count where the line break is. */
static void find_points(Indenter *indenter)
{
    LintFile *file = indenter->file;
    Stats cached = {0, 0};
    Point held = {0};
    int balance = 0;
    uint64_t untaken = 0;
    bool is_held = false;
    for (uint32_t gap = 0; gap < file->count; gap++) {
        Stats stats = combine(is_held ? cached : (Stats){0, 0}, &file->gaps[gap]);
        const Token *next = &file->tokens[gap];
        bool breaks = file_gap_breaks(file, gap);
        if (is_held && held.breaks) {
            add_point(indenter, (Point){held.gap, stats.impulse, stats.trough, balance, untaken,
                                        true});
            untaken = prune(untaken, balance, stats, true);
            balance += stats.impulse;
            stats = (Stats){0, 0};
        } else if (is_held) {
            add_point(indenter, (Point){held.gap, 0, 0, balance, untaken, false});
        }
        Point point = {gap, stats.impulse, stats.trough, balance, untaken, breaks};
        is_held = is_comment(next) || (next->kind == TOKEN_EXPR && next->role == ROLE_EMPTY &&
                                       !breaks);
        if (is_held) {
            cached = stats;
            held = point;
            continue;
        }
        if (breaks || stats.impulse || stats.trough || !gap || next->kind == TOKEN_END)
            add_point(indenter, point);
        untaken = prune(untaken, balance, stats, breaks);
        balance += stats.impulse;
    }
}

/* ---- lines ---- */

static bool is_on_line(const Indenter *indenter, uint32_t first, uint32_t last, uint32_t gap)
{
    for (uint32_t i = first; i <= last; i++)
        if (indenter->points[i].gap == gap)
            return true;
    return false;
}

/* Are there but comments between the end of the line of gap `from` and gap `to`? */
static bool has_only_comments(const Indenter *indenter, uint32_t from, uint32_t to)
{
    uint32_t at = from;
    while (at < to && !file_gap_breaks(indenter->file, at))
        at++;
    for (; at < to; at++)
        if (!is_comment(&indenter->file->tokens[at]))
            return false;
    return true;
}

/* A break that lowers the balance marks the raises that were not taken. `raised`: by balance, the
 * gap of the last untaken raise, plus one. */
static void mark_imbalanced(Indenter *indenter, uint32_t first, uint32_t last,
                            const uint32_t raised[64])
{
    const Point *point = &indenter->points[last];
    const LintFile *file = indenter->file;
    if (point->trough >= 0 || file->tokens[point->gap].kind == TOKEN_END)
        return;
    for (int i = point->balance + point->trough + 1; i <= point->balance; i++) {
        if (i < 0 || i >= 64 || !raised[i])
            return;
        uint32_t gap = raised[i] - 1;
        if (file->tokens[gap].kind != TOKEN_OPEN && !is_on_line(indenter, first, last, gap) &&
            !has_only_comments(indenter, gap, point->gap))
            indenter->imbalanced[gap] = true;
    }
}

static void find_lines(Indenter *indenter)
{
    uint32_t raised[64] = {0}, first = 0;
    for (uint32_t i = 0; i < indenter->point_count; i++) {
        const Point *point = &indenter->points[i];
        if (!point->breaks) {
            int to = closing(point);
            const Gap *gap = &indenter->file->gaps[point->gap];
            bool is_implicit = indenter->file->config->allows_implicit && gap->starts_implicit;
            if (point->impulse > point->trough && to >= 0 && to < 64 && !is_implicit)
                raised[to] = point->gap + 1;
            continue;
        }
        bool is_first = !indenter->line_count && !indenter->points[first].breaks;
        indenter->lines[indenter->line_count++] = (Line){
            first, i, is_first ? 0 : closing(&indenter->points[first]), false};
        mark_imbalanced(indenter, first, i, raised);
        for (int b = 0; b < 64; b++)
            if (b > point->balance + point->trough)
                raised[b] = 0;
        first = i;
    }
    if (indenter->point_count > first + 1)
        indenter->lines[indenter->line_count++] =
            (Line){first, indenter->point_count - 1, closing(&indenter->points[first]), false};
}

static uint32_t first_token(const Indenter *indenter, const Line *line)
{
    return indenter->points[line->first].gap;
}

static uint32_t end_token(const Indenter *indenter, const Line *line)
{
    return indenter->points[line->last].gap;
}

static bool is_all(const Indenter *indenter, const Line *line, bool (*is)(const Token *token))
{
    uint32_t end = end_token(indenter, line);
    for (uint32_t i = first_token(indenter, line); i < end; i++)
        if (!is(&indenter->file->tokens[i]))
            return false;
    return end > first_token(indenter, line);
}

/* ---- template blocks ---- */

enum { STEP_ZERO = 32 };

/* All balances that a gap passes when it starts at `from`. */
static uint64_t steps_from(const Gap *gap, int from)
{
    uint64_t steps = gap->steps | (uint64_t)1 << STEP_ZERO;
    int shift = from;
    if (shift <= -60 || shift >= 60)
        return 0;
    return shift >= 0 ? steps << shift : steps >> -shift;
}

/* The balances that a line of tags could stand at without passing code. */
static uint64_t line_options(const Indenter *indenter, uint32_t number)
{
    const LintFile *file = indenter->file;
    const Line *line = &indenter->lines[number];
    uint32_t first = first_token(indenter, line), end = end_token(indenter, line);
    uint64_t options = (uint64_t)1 << STEP_ZERO;
    TagKind tag = file->tokens[first].tag;
    int balance = line->balance;
    if (balance <= -30 || balance >= 30)
        return options;
    options = steps_from(&file->gaps[end], balance) | (uint64_t)1 << (STEP_ZERO + balance);
    for (uint32_t i = first + 1; i-- > 0;) {
        balance -= file->gaps[i].code_sum;
        options |= steps_from(&file->gaps[i], balance);
        if (!i || !is_placeholder(&file->tokens[i - 1]) || file->tokens[i - 1].kind == TOKEN_NOTE)
            break;
    }
    balance = line->balance;
    for (uint32_t i = first; (tag == TAG_OPEN || tag == TAG_MID) && i < file->count; i++) {
        if (i != first || !i) {
            options |= steps_from(&file->gaps[i], balance);
            balance += file->gaps[i].code_sum;
        }
        if (!is_placeholder(&file->tokens[i]) && !is_comment(&file->tokens[i]))
            break;
    }
    if (tag == TAG_CLOSE && number && first_token(indenter, line) &&
        file->tokens[first - 1].tag == TAG_CLOSE)
        for (int b = line->balance; b < indenter->lines[number - 1].balance && b < 30; b++)
            options |= (uint64_t)1 << (STEP_ZERO + b);
    return options;
}

/* Do code's indents between the lines of a block fall to where it began? */
static bool dips_between(const Indenter *indenter, uint32_t from, uint32_t to)
{
    const LintFile *file = indenter->file;
    int net = 0;
    for (uint32_t i = from + 1; i < to; i++) {
        const Line *line = &indenter->lines[i];
        bool is_block = is_all(indenter, line, is_placeholder);
        for (uint32_t p = line->first; p < line->last; p++) {
            const Point *point = &indenter->points[p];
            TagKind tag = file->tokens[point->gap].tag;
            if (tag == TAG_CLOSE || tag == TAG_MID)
                continue;
            if (point->trough < 0 && !is_block && net + point->trough <= 0 &&
                !(net + point->trough == 0 && point->impulse < 0 && !point->breaks))
                return true;
            net += point->impulse;
        }
    }
    return false;
}

/* Puts the tags of one block onto one indent. */
static void align_block(Indenter *indenter, const uint32_t *lines, uint32_t count)
{
    uint64_t overlap = UINT64_MAX;
    bool is_same = true, dips = false;
    int least = indenter->lines[lines[0]].balance;
    for (uint32_t i = 0; i < count; i++) {
        const Line *line = &indenter->lines[lines[i]];
        is_same = is_same && line->balance == indenter->lines[lines[0]].balance;
        least = line->balance < least ? line->balance : least;
        overlap &= line_options(indenter, lines[i]);
        dips = dips || (i && dips_between(indenter, lines[i - 1], lines[i]));
    }
    if (is_same)
        return;
    int best = least;
    if (overlap && !dips) {
        uint64_t inner = overlap;
        int before = indenter->lines[lines[0] + 1].balance;
        int behind = indenter->lines[lines[count - 1] - 1].balance;
        if (count_bits(overlap) > 1) {
            if (before > -30 && before < 30)
                inner &= ~((uint64_t)1 << (STEP_ZERO + before));
            if (behind > -30 && behind < 30)
                inner &= ~((uint64_t)1 << (STEP_ZERO + behind));
        }
        best = inner ? 63 - __builtin_clzll(inner) - STEP_ZERO
                     : before > behind ? before : behind;
    } else {
        for (uint32_t i = 1; i < count; i++)
            for (uint32_t l = lines[i - 1] + 1; l < lines[i]; l++)
                indenter->lines[l].balance--;
    }
    for (uint32_t i = 0; i < count; i++)
        indenter->lines[lines[i]].balance = best;
}

typedef struct Group {
    uint32_t lines[64];
    uint32_t count;
    int deepest;
} Group;

/* The groups of lines that hold nothing but tags, one a block. */
static Group *find_groups(Indenter *indenter, uint32_t *count)
{
    const LintFile *file = indenter->file;
    uint32_t most = 0;
    for (uint32_t i = 0; i < file->count; i++)
        if (file->tokens[i].tag != TAG_OTHER && file->tokens[i].block >= most)
            most = file->tokens[i].block + 1;
    Group *groups = NEW_N(file->arena, Group, most + 1);
    for (uint32_t i = 0; i < indenter->line_count; i++) {
        const Line *line = &indenter->lines[i];
        if (!is_all(indenter, line, is_placeholder))
            continue;
        for (uint32_t t = first_token(indenter, line); t < end_token(indenter, line); t++) {
            const Token *token = &file->tokens[t];
            Group *group = &groups[token->block];
            if (token->tag == TAG_OTHER || group->count == COUNT_OF(group->lines) ||
                (group->count && group->lines[group->count - 1] == i))
                continue;
            group->lines[group->count++] = i;
            if (group->count == 1 || line->balance > group->deepest)
                group->deepest = line->balance;
        }
    }
    *count = most;
    return groups;
}

static void align_templates(Indenter *indenter)
{
    const LintFile *file = indenter->file;
    uint32_t count;
    Group *groups = find_groups(indenter, &count);
    int deepest = 0;
    for (uint32_t i = 0; i < count; i++)
        deepest = groups[i].count && groups[i].deepest > deepest ? groups[i].deepest : deepest;
    for (int depth = deepest; depth >= 0; depth--)
        for (uint32_t i = 0; i < count; i++)
            if (groups[i].count > 1 && (groups[i].deepest == depth ||
                                        (!depth && groups[i].deepest < 0)))
                align_block(indenter, groups[i].lines, groups[i].count);
    for (uint32_t i = 0; i < indenter->line_count; i++) {
        const Token *token = &file->tokens[first_token(indenter, &indenter->lines[i])];
        if (token->is_templated && str_find_char(token->text, '\n') >= 0)
            indenter->lines[i].is_skipped = true;
    }
}

/* Lines of comments stand as the code below them. */
static void align_comments(Indenter *indenter)
{
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < indenter->line_count; i++) {
        if (is_all(indenter, &indenter->lines[i], is_comment)) {
            waiting++;
            continue;
        }
        for (uint32_t j = i - waiting; j < i; j++)
            indenter->lines[j].balance = indenter->lines[i].balance;
        waiting = 0;
    }
    for (uint32_t j = indenter->line_count - waiting; j < indenter->line_count; j++)
        indenter->lines[j].balance = 0;
}

/* ---- telling ---- */

static uint32_t width_of(const Indenter *indenter, int units)
{
    return units > 0 ? (uint32_t)units * indenter->file->config->tab_size : 0;
}

/* What stands behind the last line end of a gap. */
static Str indent_of(const LintFile *file, uint32_t gap)
{
    Str text = file_gap(file, gap);
    ptrdiff_t end = str_find_last(text, STR("\n"));
    return str_slice(text, (size_t)(end + 1), text.len);
}

static void break_at(Indenter *indenter, uint32_t gap, int units)
{
    LintFile *file = indenter->file;
    uint32_t width = width_of(indenter, units);
    Str name = file->tokens[gap].text;
    if (file_report(file, RULE_LT02, file->tokens[gap].offset, true,
                    "Expected line break and %u spaces of indent before '" STR_FMT "'.", width,
                    STR_ARG(str_slice(name, 0, 40))))
        file_edit_gap(file, RULE_LT02, gap, file_line_break(file, width));
}

static int wanted_units(const Indenter *indenter, const Line *line)
{
    const Point *point = &indenter->points[line->first];
    uint64_t untaken = point->untaken;
    if (point->trough)
        untaken &= bits_to(line->balance - (point->impulse - point->trough));
    return line->balance - count_bits(untaken) + count_bits(indenter->forced);
}

static void check_start(Indenter *indenter, const Line *line, Str before)
{
    LintFile *file = indenter->file;
    uint32_t gap = first_token(indenter, line);
    if (!gap && !file_gap_breaks(file, 0)) {
        if (file_gap(file, 0).len &&
            file_report(file, RULE_LT02, 0, true, "First line should not be indented."))
            file_edit_gap(file, RULE_LT02, 0, STR(""));
        return;
    }
    uint32_t width = width_of(indenter, wanted_units(indenter, line));
    Str found = indent_of(file, gap), wanted = file_line_break(file, width);
    wanted = str_slice(wanted, (size_t)str_find_char(wanted, '\n') + 1, wanted.len);
    const Token *token = &file->tokens[gap];
    if (str_eq(found, wanted) || str_trim(found).len || (!gap && !found.len))
        return;
    if (is_comment(token) && gap && found.len == before.len)
        return;
    if (gap && token->kind == TOKEN_BLOCK_COMMENT && found.len > wanted.len &&
        file->tokens[gap - 1].kind == TOKEN_BLOCK_COMMENT)
        return;
    if (file_report(file, RULE_LT02, token->offset - (uint32_t)found.len, true,
                    found.len ? "Expected indent of %u spaces." : "Expected indent of %u spaces.",
                    width))
        file_edit(file, RULE_LT02, token->offset - (uint32_t)found.len, token->offset, wanted);
}

/* Raises that should have been taken; true if any was told. */
static bool check_raises(Indenter *indenter, const Line *line)
{
    const LintFile *file = indenter->file;
    bool has_any = false;
    uint64_t forced = 0;
    for (uint32_t i = line->first; i <= line->last; i++) {
        const Point *point = &indenter->points[i];
        if (!indenter->imbalanced[point->gap] || (point->breaks && i == line->last))
            continue;
        break_at(indenter, point->gap, closing(point) - count_bits(point->untaken & ~forced));
        forced |= bit(closing(point));
        has_any = true;
    }
    if (has_any) {
        indenter->forced |= forced;
        return true;
    }
    const Point *last = &indenter->points[line->last];
    int opening = closing(&indenter->points[line->first]);
    if (last->balance + last->trough <= opening)
        return false;
    int trough = last->balance + (last->trough ? last->trough : last->impulse);
    if (is_comment(&file->tokens[last->gap]) || !(last->untaken & bit(trough)))
        return false;
    for (uint32_t i = line->first; i <= line->last; i++) {
        const Point *point = &indenter->points[i];
        if (closing(point) != trough)
            continue;
        if (!point->breaks)
            break_at(indenter, point->gap, trough - count_bits(point->untaken));
        indenter->forced |= bit(trough);
        return true;
    }
    return false;
}

/* Lowerings of what was taken, in the middle of a line. */
static void check_falls(Indenter *indenter, const Line *line)
{
    const LintFile *file = indenter->file;
    int opening = closing(&indenter->points[line->first]);
    if (closing(&indenter->points[line->last]) >= opening)
        return;
    for (uint32_t i = line->first; i < line->last; i++) {
        const Point *point = &indenter->points[i];
        int low = point->balance + point->trough;
        const Token *next = &file->tokens[point->gap];
        if (point->breaks || point->impulse >= 0 || low >= opening)
            continue;
        uint64_t covered = bits_to(point->balance) & ~bits_to(low);
        if (!(covered & ~(point->untaken & ~indenter->forced)) ||
            next->kind == TOKEN_SEMICOLON || next->kind == TOKEN_COMMA ||
            (is_placeholder(next) && next->tag != TAG_OTHER))
            continue;
        break_at(indenter, point->gap, closing(point) - count_bits(point->untaken) +
                                           count_bits(indenter->forced));
    }
}

void check_indents(LintFile *file)
{
    if (!file->config->is_on[RULE_LT02])
        return;
    Indenter indenter = {.file = file};
    indenter.points = NEW_N(file->arena, Point, 2 * (size_t)file->count + 2);
    indenter.lines = NEW_N(file->arena, Line, (size_t)file->count + 2);
    indenter.imbalanced = NEW_N(file->arena, bool, (size_t)file->count + 1);
    find_points(&indenter);
    find_lines(&indenter);
    align_templates(&indenter);
    align_comments(&indenter);
    Str before = STR("");
    for (uint32_t i = 0; i < indenter.line_count; i++) {
        const Line *line = &indenter.lines[i];
        if (line->is_skipped)
            continue;
        if (file->tokens[first_token(&indenter, line)].kind != TOKEN_END) {
            check_start(&indenter, line, before);
            if (!check_raises(&indenter, line)) {
                check_falls(&indenter, line);
                indenter.forced &= bits_to(closing(&indenter.points[line->last]));
            }
        }
        before = indent_of(file, first_token(&indenter, line));
    }
}
