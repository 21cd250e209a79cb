/* convert.c: plain SQL as a model: names of tables become ref() and source(). */
#include "sql/sql.h"
#include "workbench/workbench.h"

enum { MOST_PARTS = 3 };

typedef struct Name {
    Str parts[MOST_PARTS];     /* unquoted: [database,] [schema,] table */
    uint32_t count;
    size_t from, to;           /* in the text                           */
} Name;

typedef struct Convert {
    const Graph *graph;
    Str own_name, sql;
    Arena *arena;
    Converted *out;
    Map ctes;                  /* names in lower case: not tables       */
} Convert;

/* ---- which node a name is ---- */

static Str unquote(Arena *arena, SqlToken token)
{
    if (token.kind != SQL_NAME || token.text.len < 2)
        return token.text;
    char quote = token.text.at[0];
    Str inner = str_slice(token.text, 1, token.text.len - 1);
    return quote == '"' ? str_replace(arena, inner, STR("\"\""), STR("\"")) : inner;
}

static bool matches(const Node *node, const Name *name)
{
    Str own[MOST_PARTS] = {node->database, node->schema, node->alias};
    for (uint32_t i = 0; i < name->count; i++)
        if (!str_eq_fold(name->parts[name->count - 1 - i], own[MOST_PARTS - 1 - i]))
            return false;
    return true;
}

/* `raw.orders` also means the source's own name and its table's, whatever they are called there. */
static bool matches_source(const Node *node, const Name *name)
{
    return node->kind == NODE_SOURCE && name->count == 2 &&
           str_eq_fold(name->parts[0], node->source_name) &&
           str_eq_fold(name->parts[1], node->name);
}

static const Node *find_node(const Convert *convert, const Name *name)
{
    const Node *found = NULL;
    for (uint32_t i = 0; i < convert->graph->count; i++) {
        const Node *node = convert->graph->project->nodes.at[i];
        bool is_table = node->kind == NODE_MODEL || node->kind == NODE_SEED ||
                        node->kind == NODE_SNAPSHOT || node->kind == NODE_SOURCE;
        if (!is_table || !node->is_enabled || str_eq(node->name, convert->own_name))
            continue;
        if (!matches(node, name) && !matches_source(node, name))
            continue;
        if (found) /* two nodes of that name: nobody can tell */
            return NULL;
        found = node;
    }
    return found;
}

static Str call_of(Arena *arena, const Node *node)
{
    if (node->kind == NODE_SOURCE)
        return str_print(arena, "{{ source('" STR_FMT "', '" STR_FMT "') }}",
                         STR_ARG(node->source_name), STR_ARG(node->name));
    AUTO(text) Text version = {0};
    if (!value_is_none(node->version) && !value_is_undefined(node->version)) {
        text_add_c(&version, ", v=");
        value_repr(node->version, &version);
    }
    return str_print(arena, "{{ ref('" STR_FMT "'" STR_FMT ") }}", STR_ARG(node->name),
                     STR_ARG(text_str(&version)));
}

/* ---- what the text says ---- */

static bool is_word(SqlToken token, const char *word)
{
    return token.kind == SQL_WORD && str_eq_fold(token.text, str_of(word));
}

static bool is_symbol(SqlToken token, char c)
{
    return token.kind == SQL_SYMBOL && token.text.len == 1 && token.text.at[0] == c;
}

/* "{{", "{%" or "{#" at an offset, and the end of what it begins; 0: none. */
static size_t jinja_end(Str sql, size_t at)
{
    if (at + 1 >= sql.len || sql.at[at] != '{')
        return 0;
    char kind = sql.at[at + 1];
    const char *close = kind == '{' ? "}}" : kind == '%' ? "%}" : kind == '#' ? "#}" : NULL;
    if (!close)
        return 0;
    ptrdiff_t end = str_find(str_slice(sql, at, sql.len), str_of(close));
    return end < 0 ? sql.len : at + (size_t)end + 2;
}

/* The next token that is code; Jinja is passed as if it were a symbol. *from: where it begins. */
static SqlToken next_code(Str sql, size_t *at, size_t *from)
{
    for (;;) {
        size_t end = jinja_end(sql, *at);
        *from = *at;
        if (end) {
            *at = end;
            return (SqlToken){SQL_SYMBOL, str_slice(sql, *from, end)};
        }
        SqlToken token = sql_next(sql, at);
        if (token.kind != SQL_SPACE && token.kind != SQL_COMMENT)
            return token;
    }
}

/* A dotted name at *at; false (and *at is left) if there is none or it is a function's. */
static bool read_name(const Convert *convert, size_t *at, Name *name)
{
    size_t here = *at, from;
    *name = (Name){0};
    Str parts[MOST_PARTS + 1];
    for (;;) {
        SqlToken token = next_code(convert->sql, &here, &from);
        bool is_part = token.kind == SQL_WORD || token.kind == SQL_NAME;
        if (!is_part || name->count == MOST_PARTS)
            return false;
        if (!name->count)
            name->from = from;
        parts[name->count++] = unquote(convert->arena, token);
        name->to = here;
        size_t ahead = here;
        SqlToken next = next_code(convert->sql, &ahead, &from);
        if (is_symbol(next, '(')) /* read_csv(...), lateral (...), select (...) */
            return false;
        if (!is_symbol(next, '.'))
            break;
        here = ahead;
    }
    for (uint32_t i = 0; i < name->count; i++)
        name->parts[i] = parts[i];
    *at = name->to;
    return true;
}

/* Words behind which no table stands although FROM or JOIN comes first. */
static bool is_no_table(const Name *name)
{
    static const char *const words[] = {"select", "lateral", "unnest", "values", "table", "only"};
    for (size_t i = 0; name->count == 1 && i < COUNT_OF(words); i++)
        if (str_eq_fold(name->parts[0], str_of(words[i])))
            return true;
    return false;
}

/* Names that WITH gives: "with a as (", ", b (x, y) as materialized (". */
static void find_ctes(Convert *convert)
{
    size_t at = 0, from;
    SqlToken before = {0}, name = {0};
    for (;;) {
        SqlToken token = next_code(convert->sql, &at, &from);
        if (token.kind == SQL_END)
            return;
        bool is_start = is_word(before, "with") || is_word(before, "recursive") ||
                        is_symbol(before, ',');
        if (is_start && (token.kind == SQL_WORD || token.kind == SQL_NAME))
            name = token;
        else if (is_word(token, "as") && name.text.at) {
            size_t ahead = at;
            SqlToken next = next_code(convert->sql, &ahead, &from);
            if (is_symbol(next, '(') || is_word(next, "materialized") || is_word(next, "not"))
                map_put(&convert->ctes,
                        str_lower(convert->arena, unquote(convert->arena, name)), convert);
            name = (SqlToken){0};
        } else if (name.text.at && !is_symbol(token, '(') && token.kind == SQL_SYMBOL &&
                   !is_symbol(token, ')') && !is_symbol(token, ',')) {
            name = (SqlToken){0};
        }
        before = token;
    }
}

static void note_once(Convert *convert, bool is_replaced, Str text)
{
    Converted *out = convert->out;
    for (uint32_t i = 0; is_replaced && i < out->replaced.len; i++)
        if (str_eq(out->replaced.at[i], text))
            return;
    for (uint32_t i = 0; !is_replaced && i < out->left.len; i++)
        if (str_eq(out->left.at[i], text))
            return;
    if (is_replaced)
        list_add(convert->arena, &out->replaced, text);
    else
        list_add(convert->arena, &out->left, text);
}

/* A name where a table is meant: replaced in `into`, or copied. */
static void take_table(Convert *convert, const Name *name, Text *into)
{
    Str shown = str_slice(convert->sql, name->from, name->to);
    bool is_cte = name->count == 1 &&
                  map_find(&convert->ctes, str_lower(convert->arena, name->parts[0]));
    const Node *node = is_cte ? NULL : find_node(convert, name);
    if (!node) {
        text_add(into, shown);
        if (!is_cte)
            note_once(convert, false, shown);
        return;
    }
    Str call = call_of(convert->arena, node);
    text_add(into, call);
    note_once(convert, true, str_print(convert->arena, STR_FMT " -> " STR_FMT, STR_ARG(shown),
                                       STR_ARG(str_slice(call, 3, call.len - 3))));
}

/* ---- create table x as ---- */

/* The end of "create [or replace] [temporary] KIND [if not exists] NAME as", or 0; *kind is the
 * materialization that it means. */
static size_t read_create(const Convert *convert, const char **kind)
{
    size_t at = 0, from;
    SqlToken token = next_code(convert->sql, &at, &from);
    if (!is_word(token, "create"))
        return 0;
    *kind = NULL;
    bool is_materialized = false;
    while ((token = next_code(convert->sql, &at, &from)).kind == SQL_WORD && !*kind) {
        is_materialized |= is_word(token, "materialized");
        if (is_word(token, "table"))
            *kind = "table";
        else if (is_word(token, "view"))
            *kind = is_materialized ? "materialized_view" : "view";
        if (*kind)
            break;
    }
    if (!*kind)
        return 0;
    size_t ahead = at;
    if (is_word(next_code(convert->sql, &ahead, &from), "if")) /* if not exists */
        for (int i = 0; i < 3; i++)
            next_code(convert->sql, &at, &from);
    Name name;
    if (!read_name(convert, &at, &name) || !is_word(next_code(convert->sql, &at, &from), "as"))
        return 0;
    return at;
}

/* ---- all of it ---- */

static void convert_body(Convert *convert, size_t at, Text *into)
{
    bool expects_table = false, in_from = false;
    int depth = 0, from_depth = 0;
    for (;;) {
        size_t start = at, from;
        SqlToken token = next_code(convert->sql, &at, &from);
        text_add(into, str_slice(convert->sql, start, from)); /* space and comments */
        if (token.kind == SQL_END)
            return;
        bool can_be_table = expects_table &&
                            (token.kind == SQL_WORD || token.kind == SQL_NAME);
        Name name;
        size_t here = from;
        if (can_be_table && read_name(convert, &here, &name) && !is_no_table(&name)) {
            take_table(convert, &name, into);
            at = here;
            expects_table = false;
            continue;
        }
        text_add(into, str_slice(convert->sql, from, at));
        depth += is_symbol(token, '(') - is_symbol(token, ')');
        if (is_word(token, "from") || is_word(token, "join")) {
            expects_table = in_from = true;
            from_depth = depth;
        } else if (is_symbol(token, ',') && in_from && depth == from_depth) {
            expects_table = true; /* from a, b */
        } else {
            static const char *const ends[] = {"where", "group", "order", "having", "limit",
                                               "select", "on", "window", "qualify", "union"};
            for (size_t i = 0; i < COUNT_OF(ends); i++)
                if (is_word(token, ends[i]) && depth <= from_depth)
                    in_from = false;
            expects_table = false;
        }
    }
}

bool convert_sql(const Graph *graph, Str name, Str file, Str sql, Arena *arena, Converted *out,
                 Err *err)
{
    *out = (Converted){0};
    Str body = str_trim(sql), statement;
    size_t at = 0;
    uint32_t count = 0;
    while (sql_next_statement(body, &at, &statement))
        if (count++)
            return err_set_in(err, ERR_COMPILATION,
                              place_at(file, sql, (size_t)(str_trim(statement).at - sql.at)), sql,
                              "a model is one query: this is a second statement");
    while (body.len && (body.at[body.len - 1] == ';' || body.at[body.len - 1] == '\n' ||
                        body.at[body.len - 1] == ' '))
        body.len--;
    Convert convert = {.graph = graph, .own_name = name, .sql = body, .arena = arena, .out = out};
    map_init(&convert.ctes, arena);
    find_ctes(&convert);
    const char *kind;
    size_t start = read_create(&convert, &kind);
    AUTO(text) Text into = {0};
    if (start)
        text_print(&into, "{{ config(materialized='%s') }}\n", kind);
    while (start && start < body.len && (body.at[start] == ' ' || body.at[start] == '\n'))
        start++;
    convert_body(&convert, start, &into);
    text_add_char(&into, '\n');
    out->sql = text_copy(arena, &into);
    return true;
}
