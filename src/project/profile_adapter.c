/* profile_adapter.c: what an output of profiles.yml must hold, by the type of its adapter. Each is
 * a row of the table below: its keys, and what follows from them. */
#include "base/process.h"
#include "project/load.h"

/* One key of an output. Those that templates see have a place in `target`. */
typedef struct AdapterKey {
    const char *name, *alias;      /* alias: another spelling, or NULL                  */
    const char *type;              /* "string", "integer", "any"; "string?" may be none */
    bool is_required, is_shown;
    int64_t number;                /* default of an integer                             */
    const char *text;              /* default of a text, or NULL: none                  */
} AdapterKey;

struct Adapter {
    Str type;
    const AdapterKey *keys;
    uint32_t key_count;
    bool is_checked;               /* types and required keys, as dbt's JSON schema has them */
    bool (*finish)(Loader *loader, Dict *credentials, Err *err);
};

static bool fail_credentials(const Loader *loader, Str problem, Err *err)
{
    const Profile *profile = &loader->project->profile;
    (void)err_set(err, ERR_RUNTIME, (Place){profile->file, 0, 0},
                  "Credentials in profile \"" STR_FMT "\", target \"" STR_FMT
                  "\" invalid: " STR_FMT,
                  STR_ARG(profile->name), STR_ARG(profile->target), STR_ARG(problem));
    profile_locate(profile, err);
    return false;
}

/* ---- DuckDB ---- */

/* The catalog that DuckDB makes of a path: "data/my.db.duckdb" is "my". */
static Str database_of_path(Str path)
{
    if (!path.len || str_is(path, ":memory:"))
        return STR("memory");
    bool is_motherduck = str_starts(path, STR("md:")) || str_starts(path, STR("motherduck:"));
    ptrdiff_t colon = str_find(path, STR("://"));
    if (colon > 0)
        path = str_slice(path, (size_t)colon + 3, path.len);
    else if (is_motherduck || str_starts(path, STR("ducklake:")))
        path = str_slice(path, (size_t)str_find_char(path, ':') + 1, path.len);
    ptrdiff_t query = str_find_char(path, '?');
    if (query >= 0)
        path = str_slice(path, 0, (size_t)query);
    Str name = path_name(path);
    if (is_motherduck)
        return name.len ? path_stem(name) : STR("my_db");
    while (name.len && name.at[0] == '.')
        name = str_slice(name, 1, name.len);
    ptrdiff_t dot = str_find_char(name, '.');
    return dot > 0 ? str_slice(name, 0, (size_t)dot) : name;
}

static bool is_attached(Value credentials, Str database)
{
    Value attach = value_get(credentials, "attach");
    for (uint32_t i = 0; attach.kind == VALUE_LIST && i < attach.list->len; i++)
        if (str_eq(value_get_text(attach.list->at[i], "alias", STR("")), database))
            return true;
    return false;
}

static bool finish_duckdb(Loader *loader, Dict *credentials, Err *err)
{
    Profile *profile = &loader->project->profile;
    Value whole = value_of_dict(credentials);
    Str path = value_get_text(whole, "path", STR(":memory:"));
    Str derived = database_of_path(path);
    if (!derived.len)
        return err_set(err, ERR_RUNTIME, (Place){profile->file, 0, 0},
                       "Unable to determine target database name from 'path' field in profile");
    Str database = value_get_text(whole, "database", derived);
    if (!str_eq(database, derived) && value_is_undefined(value_get(whole, "remote")) &&
        !is_attached(whole, database))
        return err_set(err, ERR_RUNTIME, (Place){profile->file, 0, 0},
                       "Credentials in profile \"" STR_FMT "\", target \"" STR_FMT
                       "\" invalid: Runtime Error\n  Inconsistency detected between 'path' and "
                       "'database' fields in profile; the 'database' property must be set to '"
                       STR_FMT "' to match the 'path'",
                       STR_ARG(profile->name), STR_ARG(profile->target), STR_ARG(derived));
    dict_put(credentials, STR("database"), value_text(database));
    dict_put(credentials, STR("path"), value_text(path));
    if (value_get(whole, "schema").kind != VALUE_TEXT)
        dict_put(credentials, STR("schema"), value_lit("main"));
    return true;
}

/* ---- Postgres ---- */

static bool finish_postgres(Loader *loader, Dict *credentials, Err *err)
{
    (void)loader, (void)err;
    Value password = value_get(value_of_dict(credentials), "password");
    if (password.kind == VALUE_TEXT && value_str(password).len)
        secret_add(value_str(password));
    return true;
}

/* ---- the table ---- */

static const AdapterKey duckdb_keys[] = {
    {.name = "database", .is_shown = true},
    {.name = "schema", .is_shown = true},
    {.name = "path", .is_shown = true},
    {.name = "config_options", .is_shown = true},
    {.name = "extensions", .is_shown = true},
    {.name = "settings", .is_shown = true, .type = "dict"},
    {.name = "external_root", .is_shown = true, .text = "."},
    {.name = "use_credential_provider", .is_shown = true},
    {.name = "attach", .is_shown = true},
    {.name = "filesystems", .is_shown = true},
    {.name = "remote", .is_shown = true},
    {.name = "plugins", .is_shown = true},
    {.name = "disable_transactions", .is_shown = true, .type = "bool"},
};

static const AdapterKey postgres_keys[] = {
    {.name = "host", .type = "string", .is_required = true, .is_shown = true},
    {.name = "port", .type = "integer", .is_required = true, .is_shown = true},
    {.name = "user", .type = "string", .is_required = true, .is_shown = true},
    {.name = "database", .alias = "dbname", .type = "string", .is_required = true,
     .is_shown = true},
    {.name = "schema", .type = "string", .is_required = true, .is_shown = true},
    {.name = "password", .alias = "pass", .type = "string", .is_required = true},
    {.name = "connect_timeout", .type = "integer", .number = 10, .is_shown = true},
    {.name = "role", .type = "string?", .is_shown = true},
    {.name = "search_path", .type = "string?", .is_shown = true},
    {.name = "keepalives_idle", .type = "integer", .number = 0, .is_shown = true},
    {.name = "sslmode", .type = "string?", .is_shown = true},
    {.name = "sslcert", .type = "string?", .is_shown = true},
    {.name = "sslkey", .type = "string?", .is_shown = true},
    {.name = "sslrootcert", .type = "string?", .is_shown = true},
    {.name = "application_name", .type = "string?", .text = "dbt", .is_shown = true},
    {.name = "autocommit", .type = "bool?", .is_shown = true},
    {.name = "retries", .type = "integer", .number = 1, .is_shown = true},
};

static const Adapter adapters[] = {
    {STR_INIT("duckdb"), duckdb_keys, COUNT_OF(duckdb_keys), false, finish_duckdb},
    {STR_INIT("postgres"), postgres_keys, COUNT_OF(postgres_keys), true, finish_postgres},
};

const Adapter *adapter_find(Str type)
{
    for (uint32_t i = 0; i < COUNT_OF(adapters); i++)
        if (str_eq(adapters[i].type, type))
            return &adapters[i];
    return NULL;
}

/* ---- checks ---- */

/* Other spellings become the key's own name. */
static bool take_aliases(const Loader *loader, const Adapter *adapter, Dict *credentials, Err *err)
{
    for (uint32_t i = 0; i < adapter->key_count; i++) {
        const AdapterKey *key = &adapter->keys[i];
        const Value *found = key->alias ? dict_find(credentials, str_of(key->alias)) : NULL;
        if (!found)
            continue;
        if (dict_find(credentials, str_of(key->name)))
            return fail_credentials(loader,
                                    str_print(loader->arena,
                                              "Runtime Error\n  Got duplicate keys: (%s) all map "
                                              "to \"%s\"",
                                              key->alias, key->name),
                                    err);
        Value value = *found;
        dict_remove(credentials, value_text(str_of(key->alias)));
        dict_put(credentials, str_of(key->name), value);
    }
    return true;
}

static bool has_type(const AdapterKey *key, Value value)
{
    bool may_be_none = strchr(key->type, '?') != NULL;
    if (value_is_none(value))
        return may_be_none;
    if (str_starts(str_of(key->type), STR("string")))
        return value.kind == VALUE_TEXT;
    if (str_starts(str_of(key->type), STR("bool")))
        return value_is_bool(value);
    return value_is_int(value) && !value_is_bool(value);
}

static bool check_keys(const Loader *loader, const Adapter *adapter, Dict *credentials, Err *err)
{
    for (uint32_t i = 0; i < adapter->key_count; i++) {
        const AdapterKey *key = &adapter->keys[i];
        const Value *value = dict_find(credentials, str_of(key->name));
        if (!value || has_type(key, *value))
            continue;
        AUTO(text) Text shown = {0};
        if (str_is(str_of(key->name), "password")) /* never its value */
            text_add_c(&shown, "the password");
        else
            value_repr(*value, &shown);
        if (strchr(key->type, '?'))
            text_print(&shown, " is not valid under any of the given schemas (%s)", key->name);
        else
            text_print(&shown, " is not of type '%s' (%s)", key->type, key->name);
        return fail_credentials(loader, text_str(&shown), err);
    }
    static const char *const first[] = {"database", "schema"}; /* of dbt's base class */
    for (uint32_t i = 0; i < adapter->key_count + COUNT_OF(first); i++) {
        const char *name = i < COUNT_OF(first) ? first[i]
                                               : adapter->keys[i - COUNT_OF(first)].name;
        bool is_required = i < COUNT_OF(first) || adapter->keys[i - COUNT_OF(first)].is_required;
        if (is_required && !dict_find(credentials, str_of(name)))
            return fail_credentials(
                loader, str_print(loader->arena, "'%s' is a required property", name), err);
    }
    return true;
}

static void put_defaults(const Adapter *adapter, Dict *credentials)
{
    for (uint32_t i = 0; i < adapter->key_count; i++) {
        const AdapterKey *key = &adapter->keys[i];
        if (key->is_required || dict_find(credentials, str_of(key->name)))
            continue;
        if (str_is(str_of(key->type), "integer"))
            dict_put(credentials, str_of(key->name), value_int(key->number));
        else if (key->text)
            dict_put(credentials, str_of(key->name), value_text(str_of(key->text)));
        else if (str_is(str_of(key->type), "bool?"))
            dict_put(credentials, str_of(key->name), value_bool(false));
    }
}

bool adapter_finish(Loader *loader, const Adapter *adapter, Dict *credentials, Err *err)
{
    TRY(take_aliases(loader, adapter, credentials, err));
    if (adapter->is_checked) {
        TRY(check_keys(loader, adapter, credentials, err));
        put_defaults(adapter, credentials);
    }
    return adapter->finish(loader, credentials, err);
}

void adapter_show(Loader *loader, const Adapter *adapter, Dict *credentials, Dict *shown)
{
    for (uint32_t i = 0; i < adapter->key_count; i++) {
        const AdapterKey *key = &adapter->keys[i];
        if (!key->is_shown)
            continue;
        const Value *found = dict_find(credentials, str_of(key->name));
        Value value = found ? *found : NONE;
        if (!found && key->text)
            value = value_text(str_of(key->text));
        else if (!found && key->type && str_is(str_of(key->type), "bool"))
            value = value_bool(false);
        else if (!found && key->type && str_is(str_of(key->type), "dict"))
            value = loader->empty_dict;
        dict_put(shown, str_of(key->name), value);
    }
    for (uint32_t i = 0; i < adapter->key_count; i++) { /* other spellings, as dbt has them last */
        const AdapterKey *key = &adapter->keys[i];
        const Value *value = key->alias ? dict_find(shown, str_of(key->name)) : NULL;
        if (value)
            dict_put(shown, str_of(key->alias), *value);
    }
}
