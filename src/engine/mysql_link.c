/* mysql_link.c: connections: the library, opening, errors, ending from another thread. */
#include <errmsg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/dynamic.h"
#include "engine/mysql_base.h"

/* ---- the library ---- */

bool mysql_library(const Libmariadb **out, Err *err)
{
    static Lock lock = LOCK_INIT(MYSQL_RANK_LIBRARY, "libmariadb");
    static Libmariadb lib;
    static bool is_loaded;
    static const DynamicCall calls[] = {
#define LIB(name) {#name, offsetof(Libmariadb, name)},
#include "engine/mysql.def"
#undef LIB
    };
    static const Dynamic library = {"libmariadb.so.3", "libmariadb3", calls, COUNT_OF(calls)};
    lock_take(&lock);
    bool ok = is_loaded || dynamic_load(&library, &lib, err);
    if (ok && !is_loaded)
        is_loaded = lib.mysql_server_init(0, NULL, NULL) == 0;
    lock_give(&lock);
    if (ok && !is_loaded)
        return err_set(err, ERR_RUNTIME, NOWHERE, "libmariadb.so.3 cannot be initialised");
    *out = &lib;
    return ok;
}

/* ---- errors ---- */

/* Codes of the client library and of the server that mean something other than ERR_DATABASE. */
static const struct {
    unsigned code;
    ErrKind kind;
} kinds[] = {
    {CR_CONNECTION_ERROR, ERR_UNAVAILABLE},     /* 2002 by socket                                */
    {CR_CONN_HOST_ERROR, ERR_UNAVAILABLE},      /* 2003 by TCP                                   */
    {CR_UNKNOWN_HOST, ERR_UNAVAILABLE},         /* 2005                                          */
    {CR_SERVER_GONE_ERROR, ERR_UNAVAILABLE},    /* 2006                                          */
    {CR_SERVER_HANDSHAKE_ERR, ERR_UNAVAILABLE}, /* 2012                                          */
    {CR_SERVER_LOST, ERR_UNAVAILABLE},          /* 2013                                          */
    {2055, ERR_UNAVAILABLE},                    /* lost, with the system's reason                */
    {5014, ERR_UNAVAILABLE},                    /* libmariadb: written short                     */
    {1040, ERR_UNAVAILABLE},                    /* too many connections                          */
    {1053, ERR_UNAVAILABLE},                    /* shutting down                                 */
    {1079, ERR_UNAVAILABLE},                    /* shut down                                     */
    {1129, ERR_UNAVAILABLE},                    /* host blocked                                  */
    {1203, ERR_UNAVAILABLE},                    /* too many connections of the user              */
    {1226, ERR_UNAVAILABLE},                    /* the user's share is used up                   */
    {1927, ERR_UNAVAILABLE},                    /* MariaDB: the connection was killed            */
    {1205, ERR_CONFLICT},                       /* lock wait timed out                           */
    {1213, ERR_CONFLICT},                       /* deadlock                                      */
};

static ErrKind kind_of(unsigned code)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return ERR_DATABASE;
}

static bool is_interrupted(const MysqlLink *link)
{
    return atomic_load(&link->mysql->interrupts) != link->interrupts_seen;
}

static bool fail_cancelled(Err *err)
{
    return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
}

bool mysql_fail(MysqlLink *link, MYSQL_STMT *statement, Err *err)
{
    const Libmariadb *lib = link->mysql->lib;
    /* A connection that breaks while rows come is told of by the handle alone. */
    bool is_own = statement && lib->mysql_stmt_errno(statement);
    unsigned code = is_own ? lib->mysql_stmt_errno(statement) : lib->mysql_errno(link->handle);
    const char *text = is_own ? lib->mysql_stmt_error(statement) : lib->mysql_error(link->handle);
    if (is_interrupted(link))
        return fail_cancelled(err);
    ErrKind kind = kind_of(code);
    if (kind == ERR_UNAVAILABLE)
        return err_set(err, kind, NOWHERE, "lost " STR_FMT ": %s (MySQL %u)",
                       STR_ARG(link->mysql->where), text, code);
    return err_set(err, kind, NOWHERE, "%s (MySQL %u)", text, code);
}

static bool fail_connect(Mysql *mysql, MYSQL *handle, unsigned interrupts_seen, Err *err)
{
    unsigned code = mysql->lib->mysql_errno(handle);
    if (atomic_load(&mysql->interrupts) != interrupts_seen)
        return fail_cancelled(err);
    return err_set(err, kind_of(code), NOWHERE, "cannot connect to " STR_FMT ": %s (MySQL %u)",
                   STR_ARG(mysql->where), mysql->lib->mysql_error(handle), code);
}

/* ---- opening ---- */

/* TLS where the server has it, unless told otherwise; never a file of ours on the server's wish. */
static void set_options(const Mysql *mysql, MYSQL *handle, unsigned timeout_s)
{
    const Libmariadb *lib = mysql->lib;
    unsigned no_files = 0, tcp = MYSQL_PROTOCOL_TCP;
    size_t largest = (size_t)1 << 30;
    char yes = 1;
    lib->mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
    lib->mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
    lib->mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest);
    lib->mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!mysql->socket && mysql->port)
        lib->mysql_options(handle, MYSQL_OPT_PROTOCOL, &tcp);
    if (mysql->is_compressed)
        lib->mysql_options(handle, MYSQL_OPT_COMPRESS, NULL);
    if (mysql->plugin_dir)
        lib->mysql_options(handle, MYSQL_PLUGIN_DIR, mysql->plugin_dir);
    if (mysql->ssl_mode != SSL_MODE_DISABLED)
        lib->mysql_ssl_set(handle, mysql->ssl_key, mysql->ssl_cert, mysql->ssl_ca,
                           mysql->ssl_capath, mysql->ssl_cipher);
    if (mysql->ssl_mode >= SSL_MODE_REQUIRED)
        lib->mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (mysql->ssl_mode == SSL_MODE_VERIFIED)
        lib->mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

/* A host that dies without a word is noticed within about two minutes. */
static void keep_alive(int socket)
{
    int on = 1, idle_s = 60, every_s = 15, probes = 4;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static MYSQL *connect_plain(Mysql *mysql, unsigned timeout_s)
{
    MYSQL *handle = mysql->lib->mysql_init(NULL);
    assert(handle);
    set_options(mysql, handle, timeout_s);
    mysql->lib->mysql_real_connect(handle, mysql->host, mysql->user, mysql->password,
                                   mysql->database, mysql->port, mysql->socket,
                                   CLIENT_MULTI_STATEMENTS | CLIENT_REMEMBER_OPTIONS);
    return handle;
}

bool mysql_link_open(Mysql *mysql, MysqlLink *link, unsigned interrupts_seen, Err *err)
{
    MYSQL *handle = connect_plain(mysql, mysql->connect_timeout_s);
    if (mysql->lib->mysql_errno(handle)) {
        fail_connect(mysql, handle, interrupts_seen, err);
        mysql->lib->mysql_close(handle);
        return false;
    }
    /* The library goes on in the clear where the server has no TLS, even when told to insist. */
    if (mysql->ssl_mode >= SSL_MODE_REQUIRED && !mysql->lib->mysql_get_ssl_cipher(handle)) {
        mysql->lib->mysql_close(handle);
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "cannot connect to " STR_FMT ": TLS is required, the server has none",
                       STR_ARG(mysql->where));
    }
    *link = (MysqlLink){.mysql = mysql, .handle = handle, .interrupts_seen = interrupts_seen};
    link->id = mysql->lib->mysql_thread_id(handle);
    link->socket = (int)mysql->lib->mysql_get_socket(handle);
    keep_alive(link->socket);
    lock_take(&mysql->lock);
    link->next = mysql->links;
    mysql->links = link;
    lock_give(&mysql->lock);
    Arena scratch = {0};
    bool ok = mysql_run(link, &scratch, mysql->session_sql, 0, NULL, err);
    arena_drop(&scratch);
    if (!ok)
        mysql_link_close(link);
    return ok;
}

/* Ends a statement whose connection was shut: the server notices by itself only when it writes. */
static void end_on_server(Mysql *mysql, unsigned long id)
{
    enum { KILL_TIMEOUT_S = 2 };
    MYSQL *handle = connect_plain(mysql, KILL_TIMEOUT_S);
    char sql[40];
    int len = snprintf(sql, sizeof sql, "kill %lu", id);
    if (!mysql->lib->mysql_errno(handle))
        mysql->lib->mysql_real_query(handle, sql, (unsigned long)len);
    mysql->lib->mysql_close(handle);
}

void mysql_link_close(MysqlLink *link)
{
    Mysql *mysql = link->mysql;
    if (!link->handle)
        return;
    lock_take(&mysql->lock);
    MysqlLink **at = &mysql->links;
    while (*at != link) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = link->next;
    bool is_running = link->is_busy || link->is_cut;
    lock_give(&mysql->lock);
    if (is_running)
        shutdown(link->socket, SHUT_RDWR);
    mysql->lib->mysql_close(link->handle);
    link->handle = NULL;
    if (is_running)
        end_on_server(mysql, link->id);
}

/* ---- ending from another thread ---- */

void mysql_link_cut(Mysql *mysql, MysqlLink *only)
{
    lock_take(&mysql->lock);
    for (MysqlLink *link = mysql->links; link; link = link->next)
        if (link->is_busy && (!only || only == link)) {
            link->is_cut = true;
            shutdown(link->socket, SHUT_RDWR);
        }
    lock_give(&mysql->lock);
}

bool mysql_begin(MysqlLink *link, Err *err)
{
    lock_take(&link->mysql->lock);
    bool ok = !is_interrupted(link);
    link->is_busy = ok;
    lock_give(&link->mysql->lock);
    return ok || fail_cancelled(err);
}

void mysql_end(MysqlLink *link)
{
    lock_take(&link->mysql->lock);
    link->is_busy = false;
    lock_give(&link->mysql->lock);
}

static bool is_alive(MysqlLink *link)
{
    Err cancelled = {0};
    bool ok = mysql_begin(link, &cancelled) && link->mysql->lib->mysql_ping(link->handle) == 0;
    mysql_end(link);
    err_drop(&cancelled);
    return ok;
}

/* A link that was cut or that the server has dropped meanwhile is opened anew. */
bool mysql_main(Database *database, MysqlLink **out, Err *err)
{
    Mysql *mysql = (Mysql *)database;
    MysqlLink *link = &mysql->main;
    unsigned seen = atomic_load(&mysql->interrupts);
    link->interrupts_seen = seen;
    if (link->handle && (link->is_cut || !is_alive(link)))
        mysql_link_close(link);
    if (!link->handle)
        TRY(mysql_link_open(mysql, link, seen, err));
    *out = link;
    return true;
}
