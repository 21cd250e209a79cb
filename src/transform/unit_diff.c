/* unit_diff.c: which rows belong together, and what differs between them.
 *
 *   columns that identify rows (all subsets of up to five, cheapest first) --> pairs of rows
 *   --> order of both tables merged --> what is shown: changes, one row and column around them
 *   --> a grid of texts --> aligned lines
 */
#include "transform/unit_diff.h"

#include <math.h>

enum { KEY_COLUMNS_MAX = 5, WIDTH_MAX = 130, UNLINKED = -2, ALONE = -1 };
enum { HIDDEN = 0, CHANGED = 1, AROUND = 2, GAP = 3 }; /* what becomes of a row or column */

typedef struct Pair {
    int32_t left, right;       /* rows of expected and actual; ALONE: on that side there is none */
} Pair;

typedef struct Diff {
    Arena *arena;
    const DiffTable *a, *b;    /* expected, actual                                              */
    int32_t *a2b, *b2a;        /* row -> row, ALONE or UNLINKED                                  */
    List(uint32_t) linked;     /* rows of a in the order in which they found their partner       */
    bool *is_key;              /* per column: was used to identify rows                          */
    List(Pair) pairs;
    uint8_t *rows, *columns;   /* HIDDEN ... GAP for pairs and columns                           */
    Str arrow;                 /* "->", longer where a cell holds that                           */
    List(DiffCell) grid;       /* shown rows, `shown_width` cells each; column 0 is the sign     */
    uint32_t shown_width;
    bool has_colors;
} Diff;

static DiffCell cell_of(const DiffTable *table, uint32_t row, uint32_t column)
{
    return table->cells[row * table->width + column];
}

static Str shown_text(DiffCell cell)
{
    return cell.is_none ? STR("") : cell.text;
}

/* ---- pairing rows ---- */

static void link_rows(Diff *diff, int32_t left, int32_t right)
{
    if (left >= 0 && diff->a2b[left] == UNLINKED)
        list_add(diff->arena, &diff->linked, (uint32_t)left);
    if (left >= 0)
        diff->a2b[left] = right;
    if (right >= 0)
        diff->b2a[right] = left;
}

/* What a row is known by: its values in some columns. */
static Str row_key(Diff *diff, const DiffTable *table, uint32_t row, const uint32_t *columns,
                   uint32_t count)
{
    AUTO(text) Text key = {0};
    text_add_c(&key, row ? "" : "_");
    for (uint32_t i = 0; i < count; i++) {
        Str text = shown_text(cell_of(table, row, columns[i]));
        text_add_c(&key, i ? " // " : "");
        if (!str_is(text, "null") && !str_is(text, "undefined"))
            text_add(&key, text);
    }
    return text_copy(diff->arena, &key);
}

typedef struct KeyUse {
    uint32_t in_a, in_b, row_b; /* row_b: the first of them */
} KeyUse;

typedef struct KeyIndex {
    Map uses;                  /* key -> KeyUse */
    Str *keys_a, *keys_b;
    uint32_t most;             /* rows of the commonest key */
} KeyIndex;

static KeyUse *key_use(Diff *diff, KeyIndex *index, Str key)
{
    KeyUse *use = map_find(&index->uses, key);
    if (use)
        return use;
    use = NEW(diff->arena, KeyUse);
    map_put(&index->uses, key, use);
    return use;
}

static KeyIndex *index_make(Diff *diff, const uint32_t *columns, uint32_t count)
{
    KeyIndex *index = NEW(diff->arena, KeyIndex);
    map_init(&index->uses, diff->arena);
    index->keys_a = NEW_N(diff->arena, Str, diff->a->height + 1);
    index->keys_b = NEW_N(diff->arena, Str, diff->b->height + 1);
    for (uint32_t i = 0; i < diff->a->height; i++) {
        index->keys_a[i] = row_key(diff, diff->a, i, columns, count);
        KeyUse *use = key_use(diff, index, index->keys_a[i]);
        index->most = ++use->in_a > index->most ? use->in_a : index->most;
    }
    for (uint32_t i = 0; i < diff->b->height; i++) {
        index->keys_b[i] = row_key(diff, diff->b, i, columns, count);
        KeyUse *use = key_use(diff, index, index->keys_b[i]);
        if (!use->in_b)
            use->row_b = i;
        index->most = ++use->in_b > index->most ? use->in_b : index->most;
    }
    return index;
}

static uint32_t distinct_values(Diff *diff, const DiffTable *table, uint32_t column)
{
    Map seen;
    map_init(&seen, diff->arena);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->height; i++) {
        Str text = shown_text(cell_of(table, i, column));
        if (map_find(&seen, text))
            continue;
        map_put(&seen, text, diff);
        count++;
    }
    return count;
}

/* The columns tried as keys: all, or the five with most values. */
static uint32_t key_columns(Diff *diff, uint32_t *columns)
{
    uint32_t width = diff->a->width;
    if (width <= KEY_COLUMNS_MAX) {
        for (uint32_t i = 0; i < width; i++)
            columns[i] = i;
        return width;
    }
    uint32_t *values = NEW_N(diff->arena, uint32_t, width);
    bool *is_taken = NEW_N(diff->arena, bool, width);
    for (uint32_t i = 0; i < width; i++)
        values[i] = distinct_values(diff, diff->a, i) + distinct_values(diff, diff->b, i);
    for (uint32_t n = 0; n < KEY_COLUMNS_MAX; n++) {
        uint32_t best = width;
        for (uint32_t i = 0; i < width; i++)
            if (!is_taken[i] && (best == width || values[i] > values[best]))
                best = i;
        is_taken[best] = true;
        columns[n] = best;
    }
    return KEY_COLUMNS_MAX;
}

/* Pairs the rows that are alone with their key on both sides; gives how many were paired. */
static uint32_t pair_by_index(Diff *diff, const KeyIndex *index)
{
    uint32_t paired = 0;
    for (uint32_t i = 0; i < diff->a->height; i++) {
        const KeyUse *use = map_find(&index->uses, index->keys_a[i]);
        bool is_sure = index->keys_a[i].len && use->in_a == 1 && use->in_b == 1;
        if (diff->a2b[i] != UNLINKED || !is_sure || diff->b2a[use->row_b] != UNLINKED)
            continue;
        link_rows(diff, (int32_t)i, (int32_t)use->row_b);
        paired++;
    }
    return paired;
}

/* Equal rows behind (step 1) or before (step -1) rows that are paired: as they come. by_a: walks
 * along the rows of a, else along those of b. */
static void pair_in_order(Diff *diff, const KeyIndex *index, bool by_a, int32_t step,
                          uint32_t *pending)
{
    int32_t walked = (int32_t)(by_a ? diff->a->height : diff->b->height);
    int32_t other_count = (int32_t)(by_a ? diff->b->height : diff->a->height);
    const int32_t *partner = by_a ? diff->a2b : diff->b2a, *back = by_a ? diff->b2a : diff->a2b;
    int32_t other = step < 0 && other_count ? other_count - 1 : UNLINKED;
    for (int32_t n = 0; n < walked && *pending; n++) {
        int32_t at = step > 0 ? n : walked - 1 - n;
        if (partner[at] != UNLINKED) {
            other = partner[at] + step;
        } else if (other == UNLINKED || back[other] != UNLINKED ||
                   !str_eq(index->keys_a[by_a ? at : other], index->keys_b[by_a ? other : at])) {
            continue;
        } else {
            link_rows(diff, by_a ? at : other, by_a ? other : at);
            --*pending;
            other += step;
        }
        if (other < 0 || other >= other_count)
            return;
    }
}

static void pair_rows(Diff *diff)
{
    uint32_t columns[KEY_COLUMNS_MAX], count = key_columns(diff, columns);
    uint32_t top = 1u << count, tried = 0, pending = diff->a->height;
    uint32_t highest = diff->a->height > diff->b->height ? diff->a->height : diff->b->height;
    uint32_t pending_b = diff->b->height;
    KeyIndex *last = NULL;
    for (uint32_t k = 1; k < top && pending; k++) {
        uint32_t active[KEY_COLUMNS_MAX], active_count = 0;
        for (uint32_t i = 0; i < count; i++)
            if (k >> i & 1) {
                active[active_count++] = columns[i];
                diff->is_key[columns[i]] = true;
            }
        KeyIndex *index = index_make(diff, active, active_count);
        if (k == top - 1)
            last = index;
        bool is_vague = index->most / (highest + 20.0) >= 0.1;
        if (is_vague && (tried || k < top - 1))
            continue;
        tried++;
        uint32_t paired = pair_by_index(diff, index);
        pending -= paired;
        pending_b -= paired;
    }
    if (last && pending)
        pair_in_order(diff, last, true, 1, &pending);
    if (last && pending)
        pair_in_order(diff, last, true, -1, &pending);
    if (last && pending_b)
        pair_in_order(diff, last, false, 1, &pending_b);
    if (last && pending_b)
        pair_in_order(diff, last, false, -1, &pending_b);
    for (uint32_t i = 1; i < diff->a->height; i++)
        if (diff->a2b[i] == UNLINKED)
            link_rows(diff, (int32_t)i, ALONE);
    for (uint32_t i = 1; i < diff->b->height; i++)
        if (diff->b2a[i] == UNLINKED)
            link_rows(diff, ALONE, (int32_t)i);
    link_rows(diff, 0, 0);
}

/* In the order of actual; rows that only expected has stand before the first row behind them. */
static void order_pairs(Diff *diff)
{
    uint32_t at_a = 0, at_b = 0;
    while (at_a < diff->a->height && diff->a2b[at_a] != ALONE)
        at_a++;
    while (at_a < diff->a->height || at_b < diff->b->height) {
        bool has_b = at_b < diff->b->height;
        bool takes_a = at_a < diff->a->height && (!has_b || diff->b2a[at_b] > (int32_t)at_a);
        if (!takes_a) {
            list_add(diff->arena, &diff->pairs, (Pair){diff->b2a[at_b], (int32_t)at_b});
            at_b++;
            continue;
        }
        list_add(diff->arena, &diff->pairs, (Pair){(int32_t)at_a, ALONE});
        do
            at_a++;
        while (at_a < diff->a->height && diff->a2b[at_a] != ALONE);
    }
}

/* ---- what is shown ---- */

/* Python's str(): None is a word there. */
static bool same_cell(DiffCell a, DiffCell b)
{
    return str_eq(a.is_none ? STR("None") : a.text, b.is_none ? STR("None") : b.text);
}

static bool has_differences(Diff *diff)
{
    bool is_different = false;
    for (uint32_t i = 0; i < diff->pairs.len; i++) {
        Pair pair = diff->pairs.at[i];
        bool is_alone = pair.left < 0 || pair.right < 0;
        for (uint32_t c = 0; c < diff->a->width && pair.right; c++) {
            bool is_changed = is_alone ? pair.right >= 0
                                       : !same_cell(cell_of(diff->a, (uint32_t)pair.left, c),
                                                    cell_of(diff->b, (uint32_t)pair.right, c));
            if (is_changed)
                diff->columns[c] = CHANGED;
            if (is_changed || is_alone)
                diff->rows[i] = CHANGED;
        }
        is_different |= diff->rows[i] == CHANGED;
    }
    return is_different;
}

/* One neighbour of a change is shown, and a gap beyond it. */
static void spread(uint8_t *marks, uint32_t count)
{
    for (int pass = 0; pass < 2; pass++) {
        int64_t mark = pass ? (int64_t)count + 2 : -2;
        for (uint32_t n = 0; n < count; n++) {
            int64_t i = pass ? (int64_t)count - 1 - n : n;
            int64_t distance = pass ? mark - i : i - mark;
            if (marks[i] == CHANGED)
                mark = i;
            else if (marks[i] != AROUND && distance <= 2)
                marks[i] = distance <= 1 ? AROUND : GAP;
        }
    }
}

/* "->" with as many dashes as it takes to be found in no cell. */
static void choose_arrow(Diff *diff)
{
    diff->arrow = STR("->");
    const DiffTable *tables[2] = {diff->a, diff->b};
    for (int t = 0; t < 2; t++)
        for (uint32_t i = 0; i < tables[t]->width * tables[t]->height; i++)
            while (str_find(shown_text(tables[t]->cells[i]), diff->arrow) >= 0)
                diff->arrow = str_print(diff->arena, "-" STR_FMT, STR_ARG(diff->arrow));
}

/* A value on one side of an arrow: NULL for nothing, and the text NULL marked by a line. */
static Str side_of_arrow(Diff *diff, DiffCell cell)
{
    if (cell.is_none || str_is(cell.text, "None"))
        return STR("NULL");
    size_t lines = 0;
    while (lines < cell.text.len && cell.text.at[lines] == '_')
        lines++;
    bool is_word = str_is(str_slice(cell.text, lines, cell.text.len), "NULL");
    return is_word ? str_print(diff->arena, "_" STR_FMT, STR_ARG(cell.text)) : cell.text;
}

static DiffCell text_cell(Str text)
{
    return (DiffCell){text, false};
}

/* The cells of one line, with hidden columns run together as "...". */
static void add_line(Diff *diff, Str sign, const DiffCell *cells)
{
    bool was_hidden = false;
    uint32_t start = diff->grid.len;
    list_add(diff->arena, &diff->grid, text_cell(sign));
    for (uint32_t c = 0; c < diff->a->width; c++) {
        bool is_hidden = diff->columns[c] == HIDDEN;
        if (!is_hidden)
            list_add(diff->arena, &diff->grid, cells[c]);
        else if (!was_hidden)
            list_add(diff->arena, &diff->grid, text_cell(STR("...")));
        was_hidden = is_hidden;
    }
    diff->shown_width = diff->grid.len - start;
}

static void add_pair(Diff *diff, Pair pair)
{
    uint32_t width = diff->a->width;
    DiffCell *cells = NEW_N(diff->arena, DiffCell, width + 1);
    Str sign = pair.left < 0 ? STR("+++") : pair.right < 0 ? STR("---") : STR("");
    for (uint32_t c = 0; c < width; c++) {
        if (pair.left < 0 || pair.right < 0) {
            cells[c] = pair.left < 0 ? cell_of(diff->b, (uint32_t)pair.right, c)
                                     : cell_of(diff->a, (uint32_t)pair.left, c);
            continue;
        }
        cells[c] = cell_of(diff->a, (uint32_t)pair.left, c);
        DiffCell other = cell_of(diff->b, (uint32_t)pair.right, c);
        if (same_cell(cells[c], other))
            continue;
        sign = diff->arrow;
        cells[c] = text_cell(str_print(diff->arena, STR_FMT STR_FMT STR_FMT,
                                       STR_ARG(side_of_arrow(diff, cells[c])),
                                       STR_ARG(diff->arrow), STR_ARG(side_of_arrow(diff, other))));
    }
    add_line(diff, sign, cells);
}

static void fill_grid(Diff *diff)
{
    uint32_t width = diff->a->width;
    DiffCell *gap = NEW_N(diff->arena, DiffCell, width + 1);
    for (uint32_t c = 0; c < width; c++)
        gap[c] = text_cell(STR("..."));
    add_line(diff, STR("@@"), diff->b->cells);
    bool was_gap = false;
    for (uint32_t i = 0; i < diff->pairs.len; i++) {
        if (diff->rows[i] == HIDDEN || !diff->pairs.at[i].right)
            continue;
        bool is_gap = diff->rows[i] == GAP;
        if (is_gap && !was_gap)
            add_line(diff, STR("..."), gap);
        else if (!is_gap)
            add_pair(diff, diff->pairs.at[i]);
        was_gap = is_gap;
    }
}

/* ---- printing ---- */

static const char *const code_header = "\x1b[0;1m", *const code_minor = "\x1b[33m",
                         *const code_done = "\x1b[0m", *const code_add = "\x1b[32;1m",
                         *const code_modify = "\x1b[34;1m", *const code_remove = "\x1b[31;1m";

/* The colour of what stands in a line with this sign; NULL: none. */
static const char *line_code(Str sign)
{
    return str_is(sign, "@@")    ? code_header
           : str_is(sign, "+++") ? code_add
           : str_is(sign, "---") ? code_remove
                                 : NULL;
}

/* Blanks that only one of two otherwise equal texts has are made visible. */
static Str mark_blanks(Arena *arena, Str text, Str other)
{
    Str bare = str_replace(arena, text, STR(" "), STR(""));
    if (str_eq(text, other) || !str_eq(bare, str_replace(arena, other, STR(" "), STR(""))))
        return text;
    AUTO(text) Text out = {0};
    for (size_t left = 0, right = 0; left < text.len;) {
        char c = right < other.len ? other.at[right] : '\0';
        if (text.at[left] == c) {
            text_add_char(&out, c);
            left++;
            right++;
        } else if (c == ' ') {
            right++;
        } else {
            text_add_c(&out, "\xe2\x90\xa3");
            left++;
        }
    }
    return text_copy(arena, &out);
}

/* As a CSV writer quotes. */
static Str quoted(Arena *arena, Str text)
{
    bool needs = text.len && (text.at[0] == ' ' || text.at[text.len - 1] == ' ');
    for (size_t i = 0; i < text.len && !needs; i++)
        needs = memchr("\"\r\n\t,", text.at[i], 5) != NULL;
    if (!needs && str_find_char(text, '"') < 0)
        return text;
    Str inner = str_replace(arena, text, STR("\""), STR("\"\""));
    return str_print(arena, "\"" STR_FMT "\"", STR_ARG(inner));
}

/* A cell as it is printed; its width is that without colours. */
static Str cell_text(Diff *diff, const DiffCell *line, uint32_t column, bool in_colour)
{
    Arena *arena = diff->arena;
    DiffCell cell = line[column];
    Str sign = line[0].text;
    bool is_change = sign.len && str_eq(sign, diff->arrow);
    ptrdiff_t at = is_change && !cell.is_none ? str_find(cell.text, diff->arrow) : -1;
    const char *code = line_code(sign);
    if (at >= 0) {
        Str left = str_slice(cell.text, 0, (size_t)at);
        Str right = str_slice(cell.text, (size_t)at + diff->arrow.len, cell.text.len);
        left = mark_blanks(arena, left, right);
        right = mark_blanks(arena, right, left);
        const char *no = "";
        Str made = str_print(arena, "%s" STR_FMT "%s\xe2\x86\x92%s" STR_FMT "%s",
                             in_colour ? code_remove : no, STR_ARG(left),
                             in_colour ? code_modify : no, in_colour ? code_add : no,
                             STR_ARG(right), in_colour ? code_done : no);
        return quoted(arena, made);
    }
    if (!in_colour || !code)
        return cell.is_none ? STR("NULL") : quoted(arena, cell.text);
    Str text = cell.is_none ? STR("null") : cell.text;
    return quoted(arena, str_print(arena, "%s" STR_FMT "%s", code, STR_ARG(text), code_done));
}

/* The width of a column: that of most of its cells. */
static uint32_t column_width(Diff *diff, uint32_t column, uint32_t height)
{
    double sum = 0, squares = 0;
    uint32_t named = 0, widest = 0;
    uint32_t *widths = NEW_N(diff->arena, uint32_t, height + 1);
    for (uint32_t y = 0; y < height; y++) {
        const DiffCell *line = diff->grid.at + y * diff->shown_width;
        widths[y] = (uint32_t)utf8_length(cell_text(diff, line, column, false));
        sum += widths[y];
        squares += (double)widths[y] * widths[y];
        named = y ? named : widths[y];
    }
    double mean = sum / height, variance = squares / height - mean * mean;
    bool is_odd = variance < 0; /* by rounding: no column is wide then */
    uint32_t most = is_odd ? 0 : (uint32_t)(mean + sqrt(variance) * 2 + 0.5);
    for (uint32_t y = 0; y < height && !is_odd; y++)
        if (widths[y] <= most && widths[y] > widest)
            widest = widths[y];
    return widest < named ? named : widest;
}

/* Takes the colours out again: nothing else in the text begins with an escape. */
static void add_plain(Text *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_code = text.at[i] == '\x1b' && i + 1 < text.len && text.at[i + 1] == '[';
        if (!is_code) {
            text_add_char(out, text.at[i]);
            continue;
        }
        i += 2;
        while (i < text.len && !(text.at[i] >= '@' && text.at[i] <= '~'))
            i++;
    }
}

static void print_grid(Diff *diff, Text *out)
{
    uint32_t width = diff->shown_width, height = diff->grid.len / width;
    uint32_t *widths = NEW_N(diff->arena, uint32_t, width), total = width - 1;
    AUTO(text) Text coloured = {0};
    for (uint32_t x = 0; x < width; x++)
        total += widths[x] = column_width(diff, x, height);
    bool is_aligned = total <= WIDTH_MAX;
    for (uint32_t y = 0; y < height; y++) {
        const DiffCell *line = diff->grid.at + y * width;
        uint32_t at = 0, target = 0;
        for (uint32_t x = 0; x < width; x++) {
            for (; is_aligned && at < target; at++)
                text_add_char(&coloured, ' ');
            if (x)
                text_print(&coloured, "%s,%s", code_minor, code_done);
            text_add(&coloured, cell_text(diff, line, x, true));
            at += (uint32_t)utf8_length(cell_text(diff, line, x, false));
            target += widths[x];
        }
        text_add_c(&coloured, "\r\n");
    }
    if (diff->has_colors)
        text_add(out, text_str(&coloured));
    else
        add_plain(out, text_str(&coloured));
}

bool unit_diff_print(Arena *arena, const DiffTable *expected, const DiffTable *actual,
                     bool has_colors, Text *out)
{
    assert(expected->width == actual->width && expected->height && actual->height);
    Diff diff = {.arena = arena, .a = expected, .b = actual, .has_colors = has_colors};
    diff.a2b = NEW_N(arena, int32_t, expected->height);
    diff.b2a = NEW_N(arena, int32_t, actual->height);
    for (uint32_t i = 0; i < expected->height; i++)
        diff.a2b[i] = UNLINKED;
    for (uint32_t i = 0; i < actual->height; i++)
        diff.b2a[i] = UNLINKED;
    diff.is_key = NEW_N(arena, bool, expected->width + 1);
    diff.columns = NEW_N(arena, uint8_t, expected->width + 1);
    pair_rows(&diff);
    order_pairs(&diff);
    diff.rows = NEW_N(arena, uint8_t, diff.pairs.len + 1);
    for (uint32_t c = 0; c < expected->width; c++)
        diff.columns[c] = diff.is_key[c] ? CHANGED : HIDDEN;
    if (!has_differences(&diff))
        return false;
    spread(diff.rows, diff.pairs.len);
    spread(diff.columns, expected->width);
    for (uint32_t c = 0; c < expected->width; c++)
        if (diff.columns[c] == GAP)
            diff.columns[c] = HIDDEN;
    choose_arrow(&diff);
    fill_grid(&diff);
    print_grid(&diff, out);
    return true;
}
