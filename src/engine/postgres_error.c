/* postgres_error.c: libpq's failures as ours. The SQLSTATE decides the kind, never the words, which
 * come in the server's language. */
#include "engine/postgres_base.h"

#include <ctype.h>

/* Kinds of SQLSTATEs: the first row whose text begins the state. */
static const struct {
    const char *state;
    ErrKind kind;
} states[] = {
    {"08", ERR_UNAVAILABLE},    /* connection exceptions */
    {"53300", ERR_UNAVAILABLE}, /* too many connections */
    {"57P01", ERR_UNAVAILABLE}, /* shut down by an administrator */
    {"57P02", ERR_UNAVAILABLE}, /* crashed */
    {"57P03", ERR_UNAVAILABLE}, /* starting up, shutting down */
    {"57P05", ERR_UNAVAILABLE}, /* idle session timed out */
    {"40", ERR_CONFLICT},       /* serialisation, deadlock */
    {"55P03", ERR_CONFLICT},    /* a lock could not be had in time */
};

static ErrKind kind_of(const char *state)
{
    for (size_t i = 0; state && i < COUNT_OF(states); i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].kind;
    return ERR_DATABASE;
}

/* ---- connecting ---- */

/* libpq gives a failed attempt's SQLSTATE only within the verbose message: "FATAL:  28P01: ...". */
static bool find_state(const char *message, char out[6], const char **text)
{
    for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  ")) {
        size_t len = 0;
        while (len < 5 &&
               (isupper((unsigned char)at[3 + len]) || isdigit((unsigned char)at[3 + len])))
            len++;
        if (len == 5 && at[8] == ':' && at[9] == ' ') {
            memcpy(out, at + 3, 5);
            out[5] = '\0';
            *text = at + 10;
            return true;
        }
    }
    return false;
}

static Str first_line(const char *message)
{
    return (Str){message, strcspn(message, "\n")};
}

/* What libpq itself says (always English) that trying again cannot help. */
static bool is_our_fault(const char *message)
{
    static const char *const words[] = {"SSL",   "certificate", "password", "authentication",
                                        "SCRAM", "invalid ",    "GSS"};
    if (strstr(message, "Connection refused") || strstr(message, "could not translate"))
        return false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(message, words[i]))
            return strstr(message, "SYSCALL") == NULL && strstr(message, "unexpectedly") == NULL;
    return false;
}

/* libpq's own words for the engine: "connection to server at ... failed: FATAL:  password
 * authentication failed for user ..." without the marks of the verbose form. */
static bool fail_session(const char *message, ErrKind kind, const char *state_text, Err *err)
{
    if (!state_text) {
        Str all = str_trim(str_of(message));
        return err_set(err, kind, NOWHERE, STR_FMT, STR_ARG(all));
    }
    Str before = {message, (size_t)(state_text - message) - 7}; /* "28P01: " */
    Str line = first_line(state_text);
    return err_set(err, kind, NOWHERE, STR_FMT STR_FMT, STR_ARG(before), STR_ARG(line));
}

bool postgres_fail_connect(const Postgres *postgres, PGconn *connection, Err *err)
{
    const char *message = postgres->pq->PQerrorMessage(connection), *text;
    char state[6];
    bool has_state = find_state(message, state, &text);
    if (postgres->is_session)
        return fail_session(message,
                            has_state               ? kind_of(state)
                            : is_our_fault(message) ? ERR_DATABASE
                                                    : ERR_UNAVAILABLE,
                            has_state ? text : NULL, err);
    if (has_state) {
        const char *what = kind_of(state) == ERR_UNAVAILABLE ? "Postgres takes no connections now"
                           : strncmp(state, "28", 2) == 0 ? "Postgres refuses the user or password"
                           : strcmp(state, "3D000") == 0  ? "there is no such database"
                                                          : "Postgres refuses the connection";
        Str line = first_line(text);
        return err_set(err, kind_of(state), NOWHERE, STR_FMT ": %s: " STR_FMT " (SQLSTATE %s)",
                       STR_ARG(postgres->where), what, STR_ARG(line), state);
    }
    Str all = str_trim(str_of(message));
    return err_set(err, is_our_fault(message) ? ERR_DATABASE : ERR_UNAVAILABLE, NOWHERE,
                   STR_FMT ": " STR_FMT, STR_ARG(postgres->where), STR_ARG(all));
}

/* ---- statements ---- */

bool postgres_fail_link(const PgLink *link, Err *err)
{
    Str message = str_trim(str_of(link->postgres->pq->PQerrorMessage(link->connection)));
    if (link->postgres->is_session)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE, STR_FMT, STR_ARG(message));
    return err_set(err, ERR_UNAVAILABLE, NOWHERE, STR_FMT ": the connection broke: " STR_FMT,
                   STR_ARG(link->postgres->where), STR_ARG(message));
}

/* "MESSAGE\nDETAIL\nHINT\nWHERE" of those that there are. */
static void add_field(const Libpq *pq, const PGresult *result, int field, const char *before,
                      Text *out)
{
    const char *text = pq->PQresultErrorField(result, field);
    if (text && *text)
        text_print(out, "%s%s", before, text);
}

/* The server's message as psycopg2 shows it: without "ERROR:  ", with the line and what follows. */
static bool fail_plainly(const PgLink *link, const PGresult *result, const char *state, Err *err)
{
    Str message = str_trim(str_of(link->postgres->pq->PQresultErrorMessage(result)));
    size_t at = 0;
    while (at < message.len && isupper((unsigned char)message.at[at]))
        at++;
    if (at && str_starts(str_slice(message, at, message.len), STR(":  ")))
        message = str_slice(message, at + 3, message.len);
    return err_set(err, kind_of(state), NOWHERE, STR_FMT, STR_ARG(message));
}

bool postgres_fail_result(const PgLink *link, const PGresult *result, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    const char *state = pq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!state || strncmp(state, "08", 2) == 0)
        return postgres_fail_link(link, err);
    if (strcmp(state, "57014") == 0 &&
        atomic_load(&link->postgres->interrupts) != link->interrupts_seen)
        return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
    if (link->postgres->is_session)
        return fail_plainly(link, result, state, err);
    AUTO(text) Text text = {0};
    add_field(pq, result, PG_DIAG_MESSAGE_PRIMARY, "", &text);
    add_field(pq, result, PG_DIAG_MESSAGE_DETAIL, "\n  ", &text);
    add_field(pq, result, PG_DIAG_MESSAGE_HINT, "\n  ", &text);
    add_field(pq, result, PG_DIAG_CONTEXT, "\n  in ", &text);
    text_print(&text, " (SQLSTATE %s)", state);
    return err_set(err, kind_of(state), NOWHERE, "%s", text.at);
}

bool postgres_is_state(const Err *err, const char *state)
{
    AUTO(text) Text mark = {0};
    text_print(&mark, "(SQLSTATE %s)", state);
    return err->text && str_ends(str_of(err->text), text_str(&mark));
}
