/* mysql_open.c: the door of MySQL and MariaDB: configuration, and what database.c hands on. */
#include "base/assets.h"
#include "engine/mysql_base.h"

/* ---- configuration ---- */

/* A text of the configuration under the first of up to two names, NULL: absent. */
static const char *text_of(Arena *arena, Value config, const char *key, const char *other)
{
    Str text = value_get_text(config, key, STR_NONE);
    if (!text.len && other)
        text = value_get_text(config, other, STR_NONE);
    return text.len ? str_c(arena, text) : NULL;
}

/* MySQL's words for ssl_mode, libpq's for sslmode, and yes and no. On this machine there is no TLS
 * unless it is asked for: it would cost more than the reading. */
static bool read_ssl_mode(Mysql *mysql, Arena *arena, Value config, Err *err)
{
    static const struct {
        const char *word;
        int mode;
    } modes[] = {
        {"preferred", SSL_MODE_PREFERRED},      {"prefer", SSL_MODE_PREFERRED},
        {"allow", SSL_MODE_PREFERRED},          {"disabled", SSL_MODE_DISABLED},
        {"disable", SSL_MODE_DISABLED},         {"false", SSL_MODE_DISABLED},
        {"required", SSL_MODE_REQUIRED},        {"require", SSL_MODE_REQUIRED},
        {"true", SSL_MODE_REQUIRED},            {"verify_ca", SSL_MODE_VERIFIED},
        {"verify-ca", SSL_MODE_VERIFIED},       {"verify_identity", SSL_MODE_VERIFIED},
        {"verify-full", SSL_MODE_VERIFIED},
    };
    const char *word = text_of(arena, config, "ssl_mode", "sslmode");
    Str host = str_of(mysql->host);
    if (!word && !mysql->ssl_ca && !mysql->ssl_cert) {
        bool is_here = mysql->socket || !mysql->host || str_is(host, "localhost") ||
                       str_starts(host, STR("127.")) || str_is(host, "::1");
        mysql->ssl_mode = is_here ? SSL_MODE_DISABLED : SSL_MODE_PREFERRED;
        return true;
    }
    if (!word) {
        mysql->ssl_mode = mysql->ssl_ca ? SSL_MODE_VERIFIED : SSL_MODE_REQUIRED;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (str_eq_fold(str_of(word), str_of(modes[i].word))) {
            mysql->ssl_mode = modes[i].mode;
            return true;
        }
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "the connection's `ssl_mode` must be disabled, preferred, required, verify_ca "
                   "or verify_identity, this is \"%s\"", word);
}

static bool read_zero_dates(Mysql *mysql, Value config, Err *err)
{
    Str word = value_get_text(config, "zero_dates", STR("fail"));
    mysql->nulls_zero_dates = str_eq_fold(word, STR("null"));
    if (!mysql->nulls_zero_dates && !str_is(word, "fail"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the connection's `zero_dates` must be fail or null, this is \"" STR_FMT
                       "\"", STR_ARG(word));
    return true;
}

static bool read_config(Mysql *mysql, Arena *arena, Value config, Err *err)
{
    enum { CONNECT_TIMEOUT_S = 10, CONNECT_TIMEOUT_MOST_S = 3600 };
    int64_t port, timeout_s;
    mysql->host = text_of(arena, config, "host", NULL);
    mysql->socket = text_of(arena, config, "socket", NULL);
    mysql->user = text_of(arena, config, "user", NULL);
    mysql->password = text_of(arena, config, "password", NULL);
    mysql->database = text_of(arena, config, "database", NULL);
    mysql->ssl_key = text_of(arena, config, "ssl_key", "sslkey");
    mysql->ssl_cert = text_of(arena, config, "ssl_cert", "sslcert");
    mysql->ssl_ca = text_of(arena, config, "ssl_ca", "sslrootcert");
    mysql->ssl_capath = text_of(arena, config, "ssl_capath", NULL);
    mysql->ssl_cipher = text_of(arena, config, "ssl_cipher", NULL);
    mysql->plugin_dir = text_of(arena, config, "plugin_dir", NULL);
    mysql->is_compressed = str_is(value_get_text(config, "compress", STR("")), "true");
    TRY(database_config_int(config, "port", 1, 65535, 0, &port, err));
    TRY(database_config_int(config, "connect_timeout", 1, CONNECT_TIMEOUT_MOST_S,
                            CONNECT_TIMEOUT_S, &timeout_s, err));
    TRY(read_ssl_mode(mysql, arena, config, err));
    TRY(read_zero_dates(mysql, config, err));
    mysql->port = (unsigned)port;
    mysql->connect_timeout_s = (unsigned)timeout_s;
    Text where = {0};
    if (mysql->database)
        text_print(&where, "%s on ", mysql->database);
    if (mysql->socket)
        text_add_c(&where, mysql->socket);
    else
        text_print(&where, "%s:%u", mysql->host ? mysql->host : "localhost",
                   mysql->port ? mysql->port : MYSQL_PORT);
    mysql->where = text_give(arena, &where);
    return true;
}

/* ---- the door ---- */

static void close_mysql(void *what)
{
    Mysql *mysql = what;
    mysql_link_close(&mysql->main);
    assert(!mysql->links);
    lock_drop(&mysql->lock);
}

static bool open_mysql(Arena *arena, Value config, Database **out, Err *err)
{
    Mysql *mysql = NEW(arena, Mysql);
    mysql->base = (Database){DATABASE_MAGIC, &database_mysql};
    mysql->main.mysql = mysql;
    TRY(mysql_library(&mysql->lib, err));
    TRY(read_config(mysql, arena, config, err));
    TRY(asset_read(arena, STR("src/engine/mysql/session.sql"), &mysql->session_sql, err));
    lock_init(&mysql->lock, MYSQL_RANK_LINKS, "mysql links");
    arena_on_drop(arena, close_mysql, mysql);
    MysqlLink *link;
    TRY(mysql_main(&mysql->base, &link, err));
    *out = &mysql->base;
    return true;
}

static void interrupt(Database *database)
{
    Mysql *mysql = (Mysql *)database;
    atomic_fetch_add(&mysql->interrupts, 1);
    mysql_link_cut(mysql, NULL);
}

static bool query(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                  Err *err)
{
    MysqlLink *link;
    TRY(mysql_main(database, &link, err));
    return mysql_run(link, arena, sql, row_limit, out, err);
}

static bool tables(Database *database, Arena *arena, Str schema, DatabaseTables *out, Err *err)
{
    MysqlLink *link;
    TRY(mysql_main(database, &link, err));
    return mysql_tables_of(link, arena, schema, out, err);
}

static bool describe(Database *database, Arena *arena, const DatabaseRead *read,
                     DatabaseShape *out, Err *err)
{
    MysqlLink *link;
    MysqlPlan plan;
    TRY(mysql_main(database, &link, err));
    TRY(mysql_plan(link, arena, read, &plan, err));
    *out = (DatabaseShape){plan.schema, plan.primary_key, value_list(arena)};
    for (uint32_t i = 0; i < plan.count; i++)
        array_add(out->source_types.list, value_text(plan.columns[i].source_type));
    return true;
}

/* The largest value in the form that mysql_literal() reads: exact for every type. */
static Str max_expression(Arena *arena, const MysqlColumn *cursor)
{
    const char *before = "max(", *after = ")";
    if (cursor->wire == MYSQL_WIRE_FLOAT || cursor->wire == MYSQL_WIRE_DOUBLE)
        after = ") + 0e0"; /* as a double: all its digits */
    else if (cursor->wire == MYSQL_WIRE_BIT)
        after = " + 0)";
    else if (cursor->wire == MYSQL_WIRE_BYTES)
        before = "concat('0x', hex(max(", after = ")))";
    return str_print(arena, "%s" STR_FMT "%s", before, STR_ARG(cursor->expression), after);
}

static bool cursor_max(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                       Err *err)
{
    MysqlLink *link;
    MysqlPlan plan;
    Result rows;
    TRY(mysql_main(database, &link, err));
    TRY(mysql_plan(link, arena, read, &plan, err));
    Str sql = mysql_select(arena, &plan, max_expression(arena, &plan.cursor), STR_NONE);
    TRY(mysql_run(link, arena, sql, 1, &rows, err));
    *out = rows.row_count ? mysql_cell(&rows, 0, 0) : STR_NONE;
    return true;
}

static const char *const aliases[] = {"mariadb", NULL};

const DatabaseKind database_mysql = {
    .name = "mysql",
    .aliases = aliases,
    .open = open_mysql,
    .interrupt = interrupt,
    .query = query,
    .tables = tables,
    .describe = describe,
    .cursor_max = cursor_max,
    .read = mysql_read,
    .write = NULL,
};
