/* duckdb_config.c: a profile's output, with the keys of dbt-duckdb 1.11.1, as options and
 * statements.
 *
 * path database schema | config_options settings motherduck_token | extensions secrets
 * use_credential_provider attach | retries (duckdb_open.c). Accepted without effect: keep_open,
 * disable_transactions, is_ducklake, external_root, module_paths, flights. Refused: plugins,
 * filesystems, remote: they need Python.
 */
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "engine/duckdb_base.h"
#include "sql/sql.h"

/* Letters, digits, _ and, for options, a point or hyphen. */
static bool is_plain_word(Str word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == '-'))
            return false;
    }
    return word.len > 0;
}

/* str(value) of Python. */
static Str printed(Arena *arena, Value value)
{
    AUTO(text) Text text = {0};
    value_print(value, &text);
    return text_copy(arena, &text);
}

/* The same between single quotes. */
static Str quoted(Arena *arena, Value value)
{
    return sql_quote_text(arena, printed(arena, value));
}

/* A name as the profile has it: quoted unless it is plain or quoted already. */
static Str name_of(Arena *arena, Value value)
{
    Str name = printed(arena, value);
    bool is_done =
        is_plain_word(name) || (name.len > 1 && (name.at[0] == '"' || name.at[0] == '\''));
    return is_done ? name : sql_quote_name(arena, name);
}

static bool is_given(Value value)
{
    return value_truth(value);
}

/* ---- path and database ---- */

/* The name DuckDB gives to the database of a file: what stands before the first point. */
static Str database_of(Str path)
{
    if (!path.len || str_eq(path, STR(":memory:")))
        return STR("memory");
    bool is_motherduck = str_starts(path, STR("md:")) || str_starts(path, STR("motherduck:"));
    ptrdiff_t scheme = str_find_char(path, ':');
    if (is_motherduck || str_starts(path, STR("ducklake:")))
        path = str_slice(path, (size_t)scheme + 1, path.len);
    ptrdiff_t query = str_find_char(path, '?');
    if (query >= 0)
        path = str_slice(path, 0, (size_t)query);
    Str name = path_name(path);
    while (name.len && name.at[0] == '.')
        name = str_slice(name, 1, name.len);
    ptrdiff_t point = str_find_char(name, '.');
    name = point >= 0 ? str_slice(name, 0, (size_t)point) : name;
    return !name.len && is_motherduck ? STR("my_db") : name;
}

/* Is it the alias of an attached database? */
static bool is_attached(Value config, Str name)
{
    Value attach = value_get(config, "attach");
    for (uint32_t i = 0; value_is_list(attach) && i < attach.list->len; i++)
        if (name.len && str_eq(value_get_text(attach.list->at[i], "alias", STR_NONE), name))
            return true;
    return false;
}

bool duckdb_config_check(Arena *arena, Value config, Str *path, Str *database, Err *err)
{
    static const char *const refused[] = {"plugins", "filesystems", "remote"};
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (is_given(value_get(config, refused[i])))
            return err_set(
                err, ERR_RUNTIME, NOWHERE,
                "the profile's `%s` need dbt-duckdb's Python; weir cannot use them. Take "
                "the key out, or look for a DuckDB extension that does the same",
                refused[i]);
    Value given = value_get(config, "path");
    Str file = is_given(given) ? printed(arena, given) : STR(":memory:");
    Str name = str_copy(arena, database_of(file));
    if (!name.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Unable to determine target database name from 'path' field in profile");
    Value wanted = value_get(config, "database");
    if (is_given(wanted) && !value_is_undefined(wanted)) {
        Str asked = printed(arena, wanted);
        if (!str_eq(asked, name) && !is_attached(config, asked))
            return err_set(
                err, ERR_RUNTIME, NOWHERE,
                "Inconsistency detected between 'path' and 'database' fields in profile; the "
                "'database' property must be set to '" STR_FMT "' to match the 'path'",
                STR_ARG(name));
    }
    *path = file;
    *database = name;
    return true;
}

/* ---- options for opening ---- */

static bool set_option(const DuckAbi *duck, Arena *arena, DuckConfig config, Str name, Str value,
                       Err *err)
{
    if (duck->set_config(config, str_c(arena, name), str_c(arena, value)) == DUCK_OK)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "the profile's config_options: DuckDB has no option \"" STR_FMT
                   "\", or it cannot be \"" STR_FMT "\"",
                   STR_ARG(name), STR_ARG(value));
}

/* Where DuckDB puts what does not fit into memory, unless the profile says so: beside the file, or
 * in the system's temporary folder for a database in memory. */
static Str temp_folder(Arena *arena, Value config, Str file)
{
    Value given = value_get(value_get(config, "settings"), "temp_directory");
    if (is_given(given))
        return printed(arena, given);
    if (file.len)
        return str_print(arena, STR_FMT ".tmp", STR_ARG(file));
    static atomic_uint opened;
    Str folder = environment_get("TMPDIR");
    return str_print(arena, STR_FMT "/weir-%ld-%u.tmp", STR_ARG(folder.len ? folder : STR("/tmp")),
                     (long)getpid(), atomic_fetch_add(&opened, 1));
}

static bool set_options(const DuckAbi *duck, Arena *arena, Value config, Str file, DuckConfig out,
                        Err *err)
{
    Value options = value_get(config, "config_options");
    Str extensions = path_join(arena, duckdb_folder(), STR("extensions"));
    if (file_info(extensions).kind == FILE_FOLDER) {
        Str list = str_print(arena, "[" STR_FMT "]", STR_ARG(sql_quote_text(arena, extensions)));
        TRY(set_option(duck, arena, out, STR("extension_directories"), list, err));
    }
    TRY(set_option(duck, arena, out, STR("temp_directory"), temp_folder(arena, config, file), err));
    Value key, value;
    for (uint32_t at = 0; value_is_dict(options) && dict_next(options.dict, &at, &key, &value);)
        TRY(set_option(duck, arena, out, printed(arena, key), printed(arena, value), err));
    return true;
}

bool duckdb_config_options(const DuckAbi *duck, Arena *arena, Value config, Str file,
                           DuckConfig *out, Err *err)
{
    DuckConfig made = NULL;
    if (duck->create_config(&made) != DUCK_OK)
        return err_set(err, ERR_RUNTIME, NOWHERE, "DuckDB cannot make a configuration");
    if (!set_options(duck, arena, config, file, made, err)) {
        duck->destroy_config(&made);
        return false;
    }
    *out = made;
    return true;
}

/* ---- extensions ---- */

/* Loads one that is there (in the library, beside it, or in the user's folder); else installs. */
static bool load_extension(const DuckAbi *duck, Arena *arena, Value spec, DuckConnection connection,
                           Err *err)
{
    Str name = printed(arena, value_is_dict(spec) ? value_get(spec, "name") : spec);
    if (!is_plain_word(name))
        return err_set(
            err, ERR_RUNTIME, NOWHERE,
            "the profile's extensions: expected a name, or name and repo, found \"" STR_FMT "\"",
            STR_ARG(name));
    Str load = str_print(arena, "load " STR_FMT, STR_ARG(name));
    Err missing = {0};
    if (duckdb_run(duck, connection, load.at, &missing))
        return true;
    err_drop(&missing);
    Value repo = value_is_dict(spec) ? value_get(spec, "repo") : NONE;
    Str from = is_given(repo) ? printed(arena, repo) : STR_NONE;
    if (from.len && from.at[0] != '\'' && str_find_char(from, '/') >= 0)
        from = sql_quote_text(arena, from);
    Str install = str_print(arena, "install " STR_FMT "%s" STR_FMT, STR_ARG(name),
                            from.len ? " from " : "", STR_ARG(from));
    if (!duckdb_run(duck, connection, install.at, err) ||
        !duckdb_run(duck, connection, load.at, err))
        return err_wrap(err, "the profile's extension " STR_FMT, STR_ARG(name));
    return true;
}

/* ---- secrets ---- */

/* One parameter: key 'value', key map {...}, key array [...]. */
static void add_parameter(Arena *arena, Str key, Value value, Text *sql)
{
    text_print(sql, ", " STR_FMT " ", STR_ARG(key));
    if (value_is_dict(value)) {
        Value name, item;
        const char *between = "map {";
        for (uint32_t at = 0; dict_next(value.dict, &at, &name, &item); between = ", ")
            text_print(sql, "%s" STR_FMT ": " STR_FMT, between, STR_ARG(quoted(arena, name)),
                       STR_ARG(quoted(arena, item)));
        text_add_c(sql, value.dict->len ? "}" : "map {}");
    } else if (value_is_list(value)) {
        text_add_c(sql, "array [");
        for (uint32_t i = 0; i < value.list->len; i++)
            text_print(sql, "%s" STR_FMT, i ? ", " : "", STR_ARG(quoted(arena, value.list->at[i])));
        text_add_char(sql, ']');
    } else if (str_is(key, "provider") || str_is(key, "extra_http_headers")) {
        text_add(sql, printed(arena, value));
    } else {
        text_add(sql, quoted(arena, value));
    }
}

/* The parameters of a secret but for name, type and persistent; a scope may be several. */
static void add_parameters(Arena *arena, Value secret, Text *sql)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(secret.dict, &at, &key, &value);) {
        Str name = printed(arena, key);
        if (value_is_none(value) || str_is(name, "name") || str_is(name, "persistent") ||
            str_is(name, "type"))
            continue;
        if (str_is(name, "scope") && value_is_list(value)) {
            for (uint32_t i = 0; i < value.list->len; i++)
                add_parameter(arena, name, value.list->at[i], sql);
        } else {
            add_parameter(arena, name, value, sql);
        }
    }
}

static bool make_secret(const DuckAbi *duck, Arena *arena, Value secret, uint32_t number,
                        DuckConnection connection, Err *err)
{
    if (!value_is_dict(secret) || !is_given(value_get(secret, "type")))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the profile's secrets: number %u is no mapping with a `type`", number);
    AUTO(text) Text sql = {0};
    Value name = value_get(secret, "name"), persistent = value_get(secret, "persistent");
    text_print(&sql, "create or replace%s secret ", is_given(persistent) ? " persistent" : "");
    if (is_given(name))
        text_add(&sql, name_of(arena, name));
    else
        text_print(&sql, "_dbt_secret_%u", number);
    text_print(&sql, " (type " STR_FMT, STR_ARG(name_of(arena, value_get(secret, "type"))));
    add_parameters(arena, secret, &sql);
    text_add_char(&sql, ')');
    return duckdb_run(duck, connection, sql.at, err) ||
           err_wrap(err, "the profile's secret number %u", number);
}

static bool make_secrets(const DuckAbi *duck, Arena *arena, Value config, DuckConnection connection,
                         Err *err)
{
    Value secrets = value_get(config, "secrets");
    uint32_t count = 0;
    for (; value_is_list(secrets) && count < secrets.list->len; count++)
        TRY(make_secret(duck, arena, secrets.list->at[count], count + 1, connection, err));
    Value provider = value_get(config, "use_credential_provider");
    if (!is_given(provider))
        return true;
    if (!value_is(provider, "aws"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Unsupported value for use_credential_provider: " STR_FMT,
                       STR_ARG(printed(arena, provider)));
    Value secret = value_dict(arena);
    dict_put(secret.dict, STR("type"), value_lit("s3"));
    dict_put(secret.dict, STR("provider"), value_lit("credential_chain"));
    return make_secret(duck, arena, secret, count + 1, connection, err);
}

/* ---- attach ---- */

/* An entry of `options`: a flag, or a value, texts quoted unless they are. */
static void add_attach_option(Arena *arena, Str key, Value value, Text *sql)
{
    if (value_is_none(value) || (value_is_bool(value) && !value.is_true))
        return;
    text_print(sql, ", " STR_FMT, STR_ARG(key));
    if (value_is_bool(value))
        return;
    Str text = str_trim(printed(arena, value));
    bool is_quoted = text.len > 1 && (text.at[0] == '\'' || text.at[0] == '"') &&
                     text.at[text.len - 1] == text.at[0];
    text_add_char(sql, ' ');
    text_add(sql,
             value_is_text(value) && !is_quoted ? quoted(arena, value) : printed(arena, value));
}

/* type, secret and read_only stand beside `options` or in it, not in both. */
static bool add_attach_options(Arena *arena, Value entry, Text *sql, Err *err)
{
    static const char *const direct[] = {"type", "secret", "read_only"};
    Value options = value_get(entry, "options");
    for (size_t i = 0; i < COUNT_OF(direct); i++) {
        Value beside = value_get(entry, direct[i]), inside = value_get(options, direct[i]);
        if (is_given(beside) && !value_is_undefined(inside))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "attach: `%s` is given twice, directly and in `options`", direct[i]);
        Value value = is_given(beside) ? beside : inside;
        if (is_given(value) && i == 2)
            text_add_c(sql, ", read_only");
        else if (is_given(value))
            text_print(sql, ", %s " STR_FMT, direct[i], STR_ARG(name_of(arena, value)));
    }
    Value key, value;
    for (uint32_t at = 0; value_is_dict(options) && dict_next(options.dict, &at, &key, &value);) {
        Str name = printed(arena, key);
        if (!is_plain_word(name))
            return err_set(err, ERR_RUNTIME, NOWHERE, "attach: no option's name: " STR_FMT,
                           STR_ARG(name));
        if (!str_is(name, "type") && !str_is(name, "secret") && !str_is(name, "read_only"))
            add_attach_option(arena, name, value, sql);
    }
    return true;
}

static bool attach(const DuckAbi *duck, Arena *arena, Value entry, DuckConnection connection,
                   Err *err)
{
    Value given = value_get(entry, "path"), alias = value_get(entry, "alias");
    if (value_is_undefined(given) || value_is_none(given))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the profile's attach: an entry has no `path`");
    Str path = printed(arena, given);
    if (str_starts(path, STR("md:")) || str_starts(path, STR("motherduck:"))) {
        ptrdiff_t query = str_find_char(path, '?');
        path = query >= 0 ? str_slice(path, 0, (size_t)query) : path;
    }
    AUTO(text) Text sql = {0}, options = {0};
    TRY(add_attach_options(arena, entry, &options, err));
    text_print(&sql, "attach if not exists " STR_FMT, STR_ARG(sql_quote_text(arena, path)));
    if (is_given(alias))
        text_print(&sql, " as " STR_FMT, STR_ARG(name_of(arena, alias)));
    if (options.len)
        text_print(&sql, " (%s)", options.at + 2);
    return duckdb_run(duck, connection, sql.at, err) ||
           err_wrap(err, "attaching " STR_FMT, STR_ARG(path));
}

bool duckdb_config_setup(const DuckAbi *duck, Arena *arena, Value config, DuckConnection connection,
                         Err *err)
{
    Value extensions = value_get(config, "extensions"), others = value_get(config, "attach");
    for (uint32_t i = 0; value_is_list(extensions) && i < extensions.list->len; i++)
        TRY(load_extension(duck, arena, extensions.list->at[i], connection, err));
    TRY(make_secrets(duck, arena, config, connection, err));
    for (uint32_t i = 0; value_is_list(others) && i < others.list->len; i++)
        TRY(attach(duck, arena, others.list->at[i], connection, err));
    return true;
}

/* ---- settings ---- */

Value duckdb_config_settings(Arena *arena, Value config)
{
    Value given = value_get(config, "settings"), token = value_get(config, "motherduck_token");
    if (!is_given(token) && !(value_is_dict(given) && given.dict->len))
        return NONE;
    Value settings = value_dict(arena), key, value;
    if (is_given(token))
        dict_put(settings.dict, STR("motherduck_token"), value_copy(arena, token));
    for (uint32_t at = 0; value_is_dict(given) && dict_next(given.dict, &at, &key, &value);)
        if (!value_is(key, "temp_directory")) /* set when opening: it cannot be changed later */
            dict_put(settings.dict, str_copy(arena, printed(arena, key)), value_copy(arena, value));
    return settings;
}

bool duckdb_config_session(const DuckAbi *duck, Value settings, DuckConnection connection, Err *err)
{
    Value key, value;
    Arena arena = {0};
    bool ok = true;
    for (uint32_t at = 0;
         ok && value_is_dict(settings) && dict_next(settings.dict, &at, &key, &value);) {
        Str name = value_str(key);
        Str sql = str_print(&arena, "set " STR_FMT " = " STR_FMT, STR_ARG(name),
                            STR_ARG(quoted(&arena, value)));
        ok = is_plain_word(name) ? duckdb_run(duck, connection, sql.at, err)
                                 : err_set(err, ERR_RUNTIME, NOWHERE, "no name of a setting");
        if (!ok)
            err_wrap(err, "the profile's setting " STR_FMT, STR_ARG(name));
    }
    arena_drop(&arena);
    return ok;
}
