/* postgres_result.c: results as values: what libpq's texts become. */
#include "base/clock.h"
#include "engine/postgres_session.h"

#include <stdlib.h>

static const struct {
    uint32_t oid;
    ColumnKind kind;
    const char *name, *code;
} known[] = {
#define PG(oid, kind, name, code) {oid, COLUMN_##kind, name, code},
#include "engine/postgres_oids.def"
#undef PG
};

/* What a statement's rows go into; `cells` grows in the arena. */
typedef struct Collector {
    PgSession *session;
    Arena *arena;
    const Libpq *pq;
    Result result;
    PgColumn *columns; /* of the result: oid and modifier */
    uint64_t cap, row_limit;
    bool is_in_rows;
} Collector;

/* ---- columns ---- */

/* The catalogue's name with the modifiers that are common. */
static Str print_name(Arena *arena, const char *name, uint32_t oid, int modifier)
{
    if (modifier < 4)
        return str_of(name);
    if (oid == 1700)
        return str_print(arena, "%s(%d,%d)", name, ((modifier - 4) >> 16) & 0xffff,
                         (((modifier - 4) & 0x7ff) ^ 1024) - 1024);
    if (oid == 1042 || oid == 1043)
        return str_print(arena, "%s(%d)", name, modifier - 4);
    return str_of(name);
}

ResultColumn postgres_result_column(Arena *arena, const PgColumn *column)
{
    ResultColumn out = {.name = column->name, .type = column->source_type, .kind = COLUMN_OTHER};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].oid == column->oid) {
            out.kind = known[i].kind;
            out.code = str_of(known[i].code);
            if (!out.type.len)
                out.type = print_name(arena, known[i].name, column->oid, column->modifier);
        }
    if (!out.code.len)
        out.code = str_print(arena, "unknown type_code %u", column->oid);
    return out;
}

/* The name of a type of the session's that was asked for before. */
static Str find_name(const PgSession *session, uint32_t oid)
{
    for (uint32_t i = 0; i < session->names.len; i++)
        if (session->names.at[i].oid == oid)
            return session->names.at[i].name;
    return STR_NONE;
}

/* Types that are not built in are asked for, once a session. */
static bool name_columns(Collector *into, PgLink *link, Err *err)
{
    Result *result = &into->result;
    for (uint32_t i = 0; i < result->column_count; i++) {
        PgColumn column = into->columns[i];
        if (result->columns[i].type.len)
            continue;
        Str name = find_name(into->session, column.oid);
        if (!name.len) {
            column.modifier = -1;
            TRY(postgres_load_source_types(link, into->arena, &column, 1, err));
            name = str_copy(into->session->arena, column.source_type);
            list_add(into->session->arena, &into->session->names, ((PgName){column.oid, name}));
        }
        result->columns[i].type = name;
    }
    return true;
}

static void begin_rows(Collector *into, const PGresult *from)
{
    Result *result = &into->result;
    *result = (Result){.column_count = (uint32_t)into->pq->PQnfields(from), .changed = -1};
    into->cap = 0;
    result->columns = NEW_N(into->arena, ResultColumn, result->column_count + 1);
    into->columns = NEW_N(into->arena, PgColumn, result->column_count + 1);
    for (uint32_t i = 0; i < result->column_count; i++) {
        into->columns[i] = (PgColumn){
            .name = str_copy(into->arena, str_of(into->pq->PQfname(from, (int)i))),
            .oid = into->pq->PQftype(from, (int)i),
            .modifier = into->pq->PQfmod(from, (int)i),
        };
        result->columns[i] = postgres_result_column(into->arena, &into->columns[i]);
    }
}

/* ---- cells ---- */

/* A whole number of at least one digit; moves *at. */
static bool read_number(Str s, size_t *at, int64_t *out)
{
    size_t from = *at;
    for (*out = 0; *at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9' && *at - from < 9; (*at)++)
        *out = *out * 10 + (s.at[*at] - '0');
    return *at > from;
}

/* Numbers between single letters: "10:00:00" into three. */
static unsigned read_numbers(Str s, size_t *at, char between, unsigned most, int64_t *out)
{
    unsigned count = 0;
    while (count < most && read_number(s, at, &out[count])) {
        count++;
        if (*at >= s.len || s.at[*at] != between || count == most)
            break;
        (*at)++;
    }
    return count;
}

/* "+05:30", "-03:30:15" in seconds. */
static bool read_zone(Str s, size_t *at, int64_t *out)
{
    int64_t parts[3] = {0};
    if (*at >= s.len || (s.at[*at] != '+' && s.at[*at] != '-'))
        return false;
    bool is_west = s.at[(*at)++] == '-';
    if (!read_numbers(s, at, ':', 3, parts))
        return false;
    *out = (parts[0] * 3600 + parts[1] * 60 + parts[2]) * (is_west ? -1 : 1);
    return true;
}

/* A moment of the session's zone in UTC: "2020-01-31 12:00:00.5+02" -> "2020-01-31 10:00:00.5+00".
 * What does not look like one stays as it is ("infinity"). */
static Str to_utc(Arena *arena, Str text)
{
    int64_t date[3] = {0}, time[3] = {0}, zone = 0, year;
    unsigned month, day;
    size_t at = 0;
    if (read_numbers(text, &at, '-', 3, date) != 3 || at >= text.len || text.at[at++] != ' ' ||
        read_numbers(text, &at, ':', 3, time) != 3)
        return str_copy(arena, text);
    size_t fraction = at;
    while (at < text.len && (text.at[at] == '.' || (text.at[at] >= '0' && text.at[at] <= '9')))
        at++;
    Str part = str_slice(text, fraction, at);
    bool is_old = str_ends(text, STR(" BC"));
    if (!read_zone(text, &at, &zone))
        return str_copy(arena, text);
    int64_t seconds =
        days_of_civil(is_old ? 1 - date[0] : date[0], (unsigned)date[1], (unsigned)date[2]) *
            86400 +
        time[0] * 3600 + time[1] * 60 + time[2] - zone;
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    seconds -= days * 86400;
    civil_of_days(days, &year, &month, &day);
    return str_print(arena, "%04lld-%02u-%02u %02d:%02d:%02d" STR_FMT "+00%s",
                     (long long)(year > 0 ? year : 1 - year), month, day, (int)(seconds / 3600),
                     (int)(seconds / 60 % 60), (int)(seconds % 60), STR_ARG(part),
                     year > 0 ? "" : " (BC)");
}

static Value cell_value(Arena *arena, ColumnKind kind, Str text)
{
    int64_t number;
    switch (kind) {
    case COLUMN_BOOL:
        return value_bool(str_is(text, "t"));
    case COLUMN_INT:
        return str_to_int(text, &number) ? value_int(number) : value_text(str_copy(arena, text));
    case COLUMN_FLOAT: /* libpq ends its texts with a NUL; "NaN" and "Infinity" are known to C */
        return value_float(strtod(text.at, NULL));
    case COLUMN_DATE:
    case COLUMN_TIMESTAMP:
        if (str_ends(text, STR(" BC")))
            return value_text(str_print(arena, STR_FMT " (BC)",
                                        STR_ARG(str_slice(text, 0, text.len - 3))));
        return value_text(str_copy(arena, text));
    case COLUMN_TIMESTAMP_TZ:
        return value_text(str_ends(text, STR("+00")) ? str_copy(arena, text)
                                                     : to_utc(arena, text));
    default:
        return value_text(str_copy(arena, text));
    }
}

static void add_rows(Collector *into, const PGresult *from)
{
    Result *result = &into->result;
    const Libpq *pq = into->pq;
    uint32_t width = result->column_count;
    for (int row = 0; row < pq->PQntuples(from); row++) {
        if (result->row_count == into->row_limit) {
            result->is_cut = true;
            return;
        }
        if (result->row_count == into->cap) {
            uint64_t cap = into->cap ? into->cap * 2 : 8;
            result->cells =
                arena_grow(into->arena, result->cells, into->cap * width * sizeof(Value),
                           cap * width * sizeof(Value), _Alignof(Value));
            into->cap = cap;
        }
        Value *cells = &result->cells[result->row_count++ * width];
        for (uint32_t i = 0; i < width; i++) {
            Str text = {pq->PQgetvalue(from, row, (int)i),
                        (size_t)pq->PQgetlength(from, row, (int)i)};
            cells[i] = pq->PQgetisnull(from, row, (int)i)
                           ? NONE
                           : cell_value(into->arena, result->columns[i].kind, text);
        }
    }
}

/* ---- results ---- */

/* Takes one result in; the first of a statement's rows begins it. */
static void collect(Collector *into, PGresult *from)
{
    const Libpq *pq = into->pq;
    ExecStatusType status = pq->PQresultStatus(from);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return;
    if (status == PGRES_COMMAND_OK) {
        into->result = (Result){.changed = -1};
    } else {
        if (!into->is_in_rows)
            begin_rows(into, from);
        add_rows(into, from);
    }
    into->is_in_rows = status == PGRES_SINGLE_TUPLE;
    if (into->is_in_rows)
        return;
    int64_t changed;
    if (str_to_int(str_of(pq->PQcmdTuples(from)), &changed))
        into->result.changed = changed;
    into->result.tag = str_copy(into->arena, str_of(pq->PQcmdStatus(from)));
}

static bool is_copy(ExecStatusType status)
{
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* After a failure: the rest of what the server says. */
static void drain(PgLink *link)
{
    Err ignored = {0};
    (void)!postgres_end(link, &ignored);
    err_drop(&ignored);
}

bool postgres_collect(PgSession *session, PgLink *link, Arena *arena, uint64_t row_limit,
                      Result *out, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    Collector into = {.session = session,
                      .arena = arena,
                      .pq = pq,
                      .result = {.changed = -1},
                      .row_limit = row_limit};
    for (PGresult *result;;) {
        TRY(postgres_next_result(link, &result, err));
        if (!result)
            break;
        ExecStatusType status = pq->PQresultStatus(result);
        bool is_failure = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
        if (is_failure)
            postgres_fail_result(link, result, err);
        else
            collect(&into, result);
        pq->PQclear(result);
        if (is_copy(status))
            return postgres_fail_copy(link, err);
        if (is_failure) {
            drain(link);
            return false;
        }
    }
    if (row_limit)
        TRY(name_columns(&into, link, err));
    *out = into.result;
    return true;
}
