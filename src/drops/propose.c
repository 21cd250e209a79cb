/* propose.c: a mapping file proposed from sample files. */
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "drops/mapping.h"
#include "drops/sample.h"

/* A column of the sample on its way into the mapping. */
typedef struct Idea {
    const SampleColumn *seen;    /* NULL: of the unified schema only                              */
    Str name;                    /* unified                                                       */
    const UnifiedColumn *unified;
    bool is_near;                /* by a similar name only                                        */
} Idea;

typedef struct Proposal {
    Arena *arena;
    const Sample *sample;
    const Unified *unified;      /* NULL: none                                                    */
    Text *out;
} Proposal;

/* ---- names ---- */

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "OrderID" -> order_id, "HTMLPage" -> html_page, "Order No." -> order_no */
static Str snake_case(Arena *arena, Str name, uint32_t number)
{
    AUTO(text) Text text = {0};
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i], before = i ? name.at[i - 1] : ' ';
        char next = i + 1 < name.len ? name.at[i + 1] : ' ';
        bool begins = is_upper(c) && (is_lower(before) || is_digit(before) ||
                                      (is_upper(before) && is_lower(next)));
        bool is_word = is_lower(c) || is_upper(c) || is_digit(c);
        if ((begins || !is_word) && text.len && text.at[text.len - 1] != '_')
            text_add_char(&text, '_');
        if (is_word)
            text_add_char(&text, is_upper(c) ? (char)(c + ('a' - 'A')) : c);
    }
    while (text.len && text.at[text.len - 1] == '_')
        text_truncate(&text, text.len - 1);
    if (!text.len)
        return str_print(arena, "column_%u", number + 1);
    if (is_digit(text.at[0]))
        return str_print(arena, "column_" STR_FMT, STR_ARG(text_str(&text)));
    return text_copy(arena, &text);
}

/* Without '_': customerid and customer_id are the same. */
static Str squeezed(Arena *arena, Str name)
{
    return str_replace(arena, name, STR("_"), STR(""));
}

static bool has_word(Str name, const char *const *words, size_t count)
{
    Str rest = name, part;
    while (str_next_part(&rest, '_', &part))
        for (size_t i = 0; i < count; i++)
            if (str_is(part, words[i]))
                return true;
    return false;
}

static bool is_money(Str name)
{
    static const char *const words[] = {"amount", "price", "total", "cost", "fee", "tax", "net",
                                        "gross", "sum", "balance", "discount", "revenue", "vat",
                                        "betrag", "preis", "freight", "payment"};
    return has_word(name, words, COUNT_OF(words));
}

static bool is_day(Str name)
{
    static const char *const words[] = {"date", "day", "datum", "dt", "on", "at", "time", "ts"};
    return has_word(name, words, COUNT_OF(words));
}

/* How much a name looks like that of a key; 0: not at all. */
static int key_rank(Arena *arena, Str name, Str table)
{
    static const char *const words[] = {"id", "uuid", "guid", "key", "no", "nr", "number", "code",
                                        "sku"};
    Str single = str_ends(table, STR("s")) ? str_slice(table, 0, table.len - 1) : table;
    if (str_is(name, "id") || str_eq(name, str_print(arena, STR_FMT "_id", STR_ARG(single))))
        return 4;
    if (str_eq(name, str_print(arena, STR_FMT "_id", STR_ARG(table))))
        return 4;
    ptrdiff_t last = str_find_last(name, STR("_"));
    Str word = str_slice(name, (size_t)(last + 1), name.len);
    if (str_starts(name, single) && has_word(word, words, COUNT_OF(words)))
        return 3;
    return has_word(word, words, 3) ? 2 : has_word(word, words, COUNT_OF(words)) ? 1 : 0;
}

/* ---- types ---- */

/* The form of dates that all values have, or -1: a column of digits only where its name says so. */
static int time_form(const SampleColumn *seen, Str name)
{
    if (!seen->value_count || !seen->forms ||
        (seen->type.type != ARROW_TEXT && !(seen->type.type == ARROW_INT64 && is_day(name))))
        return -1;
    return __builtin_ctz(seen->forms);
}

static Str lower_type(Arena *arena, const Field *type)
{
    AUTO(text) Text text = {0};
    if (type->type == ARROW_TIMESTAMP_TZ)
        return STR("timestamptz");
    field_print_type(type, &text);
    return str_lower(arena, text_copy(arena, &text));
}

/* What is proposed: decimals for money, dates in a form. */
static Field propose_type(const SampleColumn *seen, Str name, int form)
{
    Field type = seen->type;
    if (!seen->value_count)
        return (Field){.type = ARROW_TEXT};
    if (form >= 0)
        return (Field){.type = sample_form_is_date((uint32_t)form) ? ARROW_DATE : ARROW_TIMESTAMP};
    if (type.type == ARROW_DOUBLE && seen->is_decimal && seen->scale <= 4 && is_money(name))
        return (Field){.type = ARROW_DECIMAL, .precision = 18,
                       .scale = (uint8_t)(seen->scale < 2 ? 2 : seen->scale)};
    return type;
}

/* ---- YAML ---- */

/* A scalar that is read back as this text. */
static void add_scalar(Text *out, Str text)
{
    Arena arena = {0};
    bool is_plain = text.len > 0 && !is_digit(text.at[0]) && text.at[0] != '-' &&
                    text.at[text.len - 1] != ' ' && text.at[0] != ' ' &&
                    value_is_text(yaml_scalar(&arena, text));
    for (size_t i = 0; i < text.len && is_plain; i++)
        is_plain = is_lower(text.at[i]) || is_upper(text.at[i]) || is_digit(text.at[i]) ||
                   strchr("_ .-/()[]", text.at[i]) != NULL;
    is_plain = is_plain && str_find_char(text, '[') < 0 && text.at[0] != '.';
    if (is_plain)
        text_add(out, text);
    else
        json_print_text(text, true, out);
    arena_drop(&arena);
}

/* A text within a comment: on one line. */
static void add_shown(Text *out, Str text)
{
    for (size_t i = 0; i < text.len; i++)
        text_add_char(out, (unsigned char)text.at[i] < ' ' ? ' ' : text.at[i]);
}

static bool has_words(const SampleColumn *seen)
{
    return seen->word_count > 0 && seen->word_count <= SAMPLE_WORDS &&
           (seen->type.type == ARROW_TEXT || seen->type.type == ARROW_INT64) &&
           seen->value_count >= 3 * (uint64_t)seen->word_count && seen->value_count >= 6;
}

/* Words that mean yes and no: the number of their pair, or -1. */
static int truth_pair(const SampleColumn *seen, const char *const (*pairs)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t hits = 0;
        for (uint32_t w = 0; w < seen->word_count; w++)
            hits += str_is(seen->words[w], pairs[i][0]) || str_is(seen->words[w], pairs[i][1]);
        if (hits == 2 && seen->word_count == 2)
            return (int)i;
    }
    return -1;
}

/* "words: A (12), I (3)", or what they would be as BOOLEAN. */
static void add_words(Text *out, const SampleColumn *seen)
{
    static const char *const pairs[][2] = {{"Y", "N"}, {"y", "n"}, {"yes", "no"}, {"Yes", "No"},
                                           {"YES", "NO"}, {"J", "N"}, {"ja", "nein"}, {"T", "F"},
                                           {"t", "f"}, {"S", "N"}, {"O", "N"}};
    text_add_c(out, "words: ");
    for (uint32_t i = 0; i < seen->word_count; i++) {
        text_add_c(out, i ? ", " : "");
        add_shown(out, seen->words[i]);
        text_print(out, " (%llu)", (unsigned long long)seen->word_rows[i]);
    }
    int pair = truth_pair(seen, pairs, COUNT_OF(pairs));
    if (pair >= 0)
        text_print(out, "; type: boolean, values: {%s: true, %s: false}?", pairs[pair][0],
                   pairs[pair][1]);
}

/* Words of columns of few texts; NULLs, emptiness, guesses. between: "  # ", or "; " where there
 * is a remark already. */
static void add_remarks(const Proposal *proposal, const Idea *idea, int form, const char *between)
{
    Text *out = proposal->out;
    const SampleColumn *seen = idea->seen;
    if (idea->is_near) {
        text_print(out, "%ssimilar by name only: right?", between);
        between = "; ";
    }
    if (!seen->value_count) {
        text_print(out, "%sempty in the sample", between);
        return;
    }
    if (form >= 0 && seen->forms & (seen->forms - 1)) { /* 03/04/2024 */
        text_print(out, "%sor:", between);
        for (uint32_t rest = seen->forms & (seen->forms - 1); rest; rest &= rest - 1)
            text_print(out, " %s", sample_forms[__builtin_ctz(rest)]);
        between = "; ";
    }
    if (str_ends(idea->name, STR("_cents")) || str_ends(idea->name, STR("_ct"))) {
        text_print(out, "%smultiply: 0.01 makes it the whole unit", between);
        between = "; ";
    }
    if (form < 0 && seen->type.type == ARROW_TEXT && has_words(seen)) {
        text_add_c(out, between);
        add_words(out, seen);
        between = "; ";
    }
    if (seen->null_count)
        text_print(out, "%s%llu of %llu empty", between, (unsigned long long)seen->null_count,
                   (unsigned long long)(seen->null_count + seen->value_count));
}

/* What a unified column asks besides its name: a form, or a word about types that do not meet
 * (true). */
static bool add_unified_column(const Proposal *proposal, const Idea *idea, int form)
{
    Text *out = proposal->out;
    Field meet, type = propose_type(idea->seen, idea->name, form);
    const Field *wanted = &idea->unified->type;
    bool is_time = wanted->type == ARROW_DATE || wanted->type == ARROW_TIMESTAMP;
    text_add_c(out, "{from: ");
    add_scalar(out, idea->seen->name);
    if (form >= 0 && is_time && (wanted->type == ARROW_DATE) ==
                                    sample_form_is_date((uint32_t)form))
        text_print(out, ", %s: \"%s\"", wanted->type == ARROW_DATE ? "date_format"
                                                                   : "timestamp_format",
                   sample_forms[form]);
    text_add_char(out, '}');
    if (wanted->type == ARROW_NULL || !idea->seen->value_count)
        return false;
    TypeMeet how = types_meet(proposal->arena, wanted, &type, &meet);
    if (how == TYPES_SAME || how == TYPES_NARROWER)
        return false;
    text_print(out, "  # the sample holds " STR_FMT ", the schema wants " STR_FMT,
               STR_ARG(lower_type(proposal->arena, &type)),
               STR_ARG(lower_type(proposal->arena, wanted)));
    return true;
}

static void add_column(const Proposal *proposal, const Idea *idea)
{
    Text *out = proposal->out;
    int form = time_form(idea->seen, idea->name);
    Field type = propose_type(idea->seen, idea->name, form);
    Str shown = lower_type(proposal->arena, &type);
    bool has_remark = false;
    text_add_c(out, "      ");
    add_scalar(out, idea->name);
    text_add_c(out, ": ");
    if (idea->unified) {
        has_remark = add_unified_column(proposal, idea, form);
    } else if (form < 0 && str_eq(idea->name, idea->seen->name)) {
        add_scalar(out, shown);
    } else {
        text_add_c(out, "{");
        if (!str_eq(idea->name, idea->seen->name)) {
            text_add_c(out, "from: ");
            add_scalar(out, idea->seen->name);
            text_add_c(out, ", ");
        }
        text_add_c(out, "type: ");
        bool has_comma = str_find_char(shown, ',') >= 0;
        text_print(out, has_comma ? "\"" STR_FMT "\"" : STR_FMT, STR_ARG(shown));
        if (form >= 0)
            text_print(out, ", %s: \"%s\"", sample_form_is_date((uint32_t)form)
                                                ? "date_format" : "timestamp_format",
                       sample_forms[form]);
        text_add_char(out, '}');
    }
    add_remarks(proposal, idea, form, has_remark ? "; " : "  # ");
    text_add_char(out, '\n');
}

/* ---- columns of the unified schema ---- */

/* The table of the unified schema that is most like this one: by name, else by its columns. */
static const UnifiedTable *find_table(const Proposal *proposal, const SampleTable *table)
{
    const Unified *unified = proposal->unified;
    Str name = snake_case(proposal->arena, table->name, 0);
    Str *names = NEW_N(proposal->arena, Str, unified->table_count);
    const UnifiedTable *best = NULL;
    uint32_t best_count = 1; /* one column alone says nothing */
    for (uint32_t t = 0; t < unified->table_count; t++)
        names[t] = unified->tables[t].name;
    Str near = str_nearest(name, names, unified->table_count);
    for (uint32_t t = 0; t < unified->table_count; t++) {
        uint32_t count = str_eq(names[t], name) ? 100000 : near.at == names[t].at ? 2 : 0;
        for (uint32_t c = 0; c < unified->tables[t].column_count; c++)
            for (uint32_t i = 0; i < table->columns.len; i++)
                count += str_eq(unified->tables[t].columns[c].name,
                                snake_case(proposal->arena, table->columns.at[i]->name, i));
        if (count > best_count) {
            best = &unified->tables[t];
            best_count = count;
        }
    }
    return best;
}

/* How well a field's name says a unified column: 3 the same, 2 but for '_' or the table's name, 1
 * similar, 0 not. */
static int name_fit(Arena *arena, Str field, const UnifiedColumn *column, Str table)
{
    Str single = str_ends(table, STR("s")) ? str_slice(table, 0, table.len - 1) : table;
    Str bare = squeezed(arena, field), wanted = squeezed(arena, column->name);
    Str prefixed = str_print(arena, STR_FMT STR_FMT, STR_ARG(squeezed(arena, single)),
                             STR_ARG(wanted));
    if (str_eq(field, column->name))
        return 3;
    if (str_eq(bare, wanted) || str_eq(bare, prefixed) ||
        str_eq(wanted, str_print(arena, STR_FMT STR_FMT, STR_ARG(squeezed(arena, single)),
                                 STR_ARG(bare))))
        return 2;
    bool is_part = field.len >= 4 && (str_starts(column->name, field) ||
                                      str_ends(column->name, field));
    bool holds = column->name.len >= 4 && (str_starts(field, column->name) ||
                                           str_ends(field, column->name));
    return is_part || holds || str_nearest(field, &column->name, 1).len ? 1 : 0;
}

/* An idea for every unified column, the best fits first. used[i]: field i is taken. */
static Idea *match_columns(const Proposal *proposal, const SampleTable *table,
                           const UnifiedTable *unified, bool *used)
{
    Arena *arena = proposal->arena;
    Idea *ideas = NEW_N(arena, Idea, unified->column_count);
    for (uint32_t c = 0; c < unified->column_count; c++)
        ideas[c] = (Idea){.name = unified->columns[c].name, .unified = &unified->columns[c]};
    for (int fit = 3; fit > 0; fit--)
        for (uint32_t c = 0; c < unified->column_count; c++)
            for (uint32_t i = 0; i < table->columns.len && !ideas[c].seen; i++) {
                Str field = snake_case(arena, table->columns.at[i]->name, i);
                if (used[i] || name_fit(arena, field, &unified->columns[c], unified->name) != fit)
                    continue;
                ideas[c].seen = table->columns.at[i];
                ideas[c].is_near = fit == 1;
                used[i] = true;
            }
    return ideas;
}

static void add_unified_table(const Proposal *proposal, const SampleTable *table,
                              const UnifiedTable *unified)
{
    Text *out = proposal->out;
    bool *used = NEW_N(proposal->arena, bool, (size_t)table->columns.len + 1);
    Idea *ideas = match_columns(proposal, table, unified, used);
    uint32_t found = 0, rest = 0;
    for (uint32_t c = 0; c < unified->column_count; c++)
        found += ideas[c].seen != NULL;
    text_print(out, "    columns:%s\n", found ? "" : " {}");
    for (uint32_t c = 0; c < unified->column_count; c++)
        if (ideas[c].seen)
            add_column(proposal, &ideas[c]);
    for (uint32_t c = 0; c < unified->column_count; c++)
        if (!ideas[c].seen)
            text_print(out, "      # " STR_FMT ": no field looks like it; `{from: FIELD}`, or "
                       "`{default: VALUE}`\n", STR_ARG(ideas[c].name));
    for (uint32_t i = 0; i < table->columns.len; i++) {
        if (used[i])
            continue;
        text_add_c(out, rest++ ? ", " : "      # not in the unified schema, left out: ");
        add_shown(out, table->columns.at[i]->name);
    }
    text_add_c(out, rest ? "\n" : "");
}

/* ---- tables ---- */

/* The key: a column without NULLs or doubles whose name looks like one, else a pair of such. */
static void add_key(const Proposal *proposal, const SampleTable *table, const Idea *ideas,
                    uint32_t count)
{
    Text *out = proposal->out;
    const SamplePair *pair = NULL;
    int best = 0;
    const Idea *key = NULL;
    AUTO(text) Text others = {0};
    Str name = snake_case(proposal->arena, table->name, 0);
    for (uint32_t i = 0; i < count; i++) {
        const SampleColumn *seen = ideas[i].seen;
        TypeId type = seen->type.type;
        bool is_key = seen->is_unique && !seen->null_count && seen->value_count > 1 &&
                      seen->value_count == table->row_count &&
                      (type == ARROW_INT64 || type == ARROW_TEXT || type == ARROW_UUID ||
                       type == ARROW_UINT64 || type == ARROW_DECIMAL);
        int rank = is_key ? key_rank(proposal->arena, ideas[i].name, name) : -1;
        if (rank > best) {
            best = rank;
            key = &ideas[i];
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (&ideas[i] != key && ideas[i].seen->is_unique && !ideas[i].seen->null_count &&
            ideas[i].seen->value_count > 1 && ideas[i].seen->value_count == table->row_count)
            text_print(&others, "%s" STR_FMT, others.len ? ", " : "", STR_ARG(ideas[i].name));
    for (uint32_t i = 0; i < table->pairs.len && !key && !pair; i++)
        pair = table->pairs.at[i].is_unique && table->row_count > 1 ? &table->pairs.at[i] : NULL;
    if (pair && !others.len) {
        text_add_c(out, "    primary_key: [");
        for (uint32_t i = 0; i < count; i++)
            if (ideas[i].seen == pair->first || ideas[i].seen == pair->second) {
                text_add_c(out, ideas[i].seen == pair->first ? "" : ", ");
                add_scalar(out, ideas[i].name);
            }
        text_add_c(out, "]  # unique together in the sample\n"
                        "    # duplicates: last  # or keep (all rows), fail\n");
    } else if (key) {
        text_add_c(out, "    primary_key: [");
        add_scalar(out, key->name);
        text_print(out, "]  # unique in the sample%s" STR_FMT "\n",
                   others.len ? ", as " : "", STR_ARG(text_str(&others)));
        text_add_c(out, "    # duplicates: last  # or keep (all rows), fail\n");
    } else if (others.len) {
        text_print(out, "    # primary_key: [...]  # unique in the sample: " STR_FMT "\n",
                   STR_ARG(text_str(&others)));
    } else if (table->row_count > 1) {
        text_add_c(out, "    # primary_key: [...]  # no single column is unique in the sample\n");
    }
}

/* Fields under names of ours, all different. */
static Idea *name_columns(const Proposal *proposal, const SampleTable *table)
{
    Map names;
    Idea *ideas = NEW_N(proposal->arena, Idea, (size_t)table->columns.len + 1);
    map_init(&names, proposal->arena);
    for (uint32_t i = 0; i < table->columns.len; i++) {
        Str name = snake_case(proposal->arena, table->columns.at[i]->name, i), first = name;
        for (unsigned n = 2; map_find(&names, name); n++)
            name = str_print(proposal->arena, STR_FMT "_%u", STR_ARG(first), n);
        map_put(&names, name, &ideas[i]);
        ideas[i] = (Idea){.seen = table->columns.at[i], .name = name};
    }
    return ideas;
}

/* The name that a table gets, different from those before. */
static Str table_name(const Proposal *proposal, const SampleTable *table, Map *names)
{
    Str name = snake_case(proposal->arena, table->name, 0), first = name;
    for (unsigned n = 2; map_find(names, name); n++)
        name = str_print(proposal->arena, STR_FMT "_%u", STR_ARG(first), n);
    map_put(names, name, names);
    return name;
}

static void begin_table(const Proposal *proposal, const SampleTable *table, Str name)
{
    Text *out = proposal->out;
    text_add_c(out, "\n  ");
    add_scalar(out, name);
    text_print(out, ":  # %u file%s, %llu row%s\n", table->file_count,
               table->file_count == 1 ? "" : "s", (unsigned long long)table->row_count,
               table->row_count == 1 ? "" : "s");
    if (!str_eq(name, table->name)) {
        text_add_c(out, "    from: ");
        add_scalar(out, table->name);
        text_add_char(out, '\n');
    }
}

static void add_table(const Proposal *proposal, const SampleTable *table, Map *names)
{
    Text *out = proposal->out;
    const Idea *ideas = name_columns(proposal, table);
    begin_table(proposal, table, table_name(proposal, table, names));
    add_key(proposal, table, ideas, table->columns.len);
    text_print(out, "    columns:%s\n", table->columns.len ? "" : " {}");
    for (uint32_t i = 0; i < table->columns.len; i++)
        add_column(proposal, &ideas[i]);
}

/* Tables of the schema that files fill; several files' tables may fill one. */
static bool add_unified_tables(const Proposal *proposal, Err *err)
{
    const Sample *sample = proposal->sample;
    Map filled;
    uint32_t count = 0;
    map_init(&filled, proposal->arena);
    for (uint32_t t = 0; t < sample->tables.len; t++) {
        const SampleTable *table = sample->tables.at[t];
        const UnifiedTable *unified = find_table(proposal, table);
        if (!unified || map_find(&filled, unified->name)) {
            text_add_c(proposal->out, "\n  # ");
            add_shown(proposal->out, table->name);
            text_print(proposal->out, unified ? ": looks like " STR_FMT " as well\n"
                                              : ": no table of the unified schema is like it"
                                                STR_FMT "\n",
                       STR_ARG(unified ? unified->name : STR("")));
            continue;
        }
        map_put(&filled, unified->name, (void *)(uintptr_t)unified);
        begin_table(proposal, table, unified->name);
        add_unified_table(proposal, table, unified);
        count++;
    }
    return count || err_set(err, ERR_PARSING, NOWHERE, "no table of the files, such as '" STR_FMT
                            "', is like one of the unified schema, such as '" STR_FMT "'",
                            STR_ARG(sample->tables.at[0]->name),
                            STR_ARG(proposal->unified->tables[0].name));
}

/* ---- the file ---- */

/* "acme" of "inbox/acme_2024.tar.gz": letters up to the first digit or separator. */
static Str guess_partner(Arena *arena, Str path)
{
    Str name = path_name(path);
    size_t end = 0;
    while (end < name.len && (is_lower(name.at[end]) || is_upper(name.at[end])))
        end++;
    return end ? str_lower(arena, str_slice(name, 0, end)) : STR("partner");
}

static void add_head(const Proposal *proposal, const ProposeOptions *options)
{
    Text *out = proposal->out;
    const Sample *sample = proposal->sample;
    text_print(out, "# A proposal from %u sample file%s: %u CSV, %llu rows. Look at names, types "
               "and keys;\n# what is commented out is a suggestion. Members: ", options->count,
               options->count == 1 ? "" : "s", sample->names.len,
               (unsigned long long)sample->row_count);
    add_shown(out, sample->pattern);
    text_add_c(out, "\nversion: 1\npartner: ");
    add_scalar(out, options->partner.len ? options->partner
                                         : guess_partner(proposal->arena, options->paths[0]));
    text_add_char(out, '\n');
    if (!options->unified.len)
        return;
    Str folder = options->folder.len ? options->folder : STR(".");
    text_add_c(out, "schema: ");
    add_scalar(out, path_relative(proposal->arena,
                                  path_absolute(proposal->arena, options->unified),
                                  path_absolute(proposal->arena, folder)));
    text_add_char(out, '\n');
}

bool mapping_propose(Arena *arena, const ProposeOptions *options, Text *out, Text *notes, Err *err)
{
    Sample sample;
    Unified unified;
    Map names;
    if (options->unified.len)
        TRY(unified_load(arena, options->unified, &unified, err));
    TRY(sample_read(arena, options->paths, options->count, options->members, notes, &sample, err));
    Proposal proposal = {arena, &sample, options->unified.len ? &unified : NULL, out};
    add_head(&proposal, options);
    text_add_c(out, "tables:");
    if (proposal.unified)
        return add_unified_tables(&proposal, err);
    map_init(&names, arena);
    for (uint32_t t = 0; t < sample.tables.len; t++)
        add_table(&proposal, sample.tables.at[t], &names);
    return true;
}
