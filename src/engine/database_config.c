/* database_config.c: connection keys in one form, urls taken apart, hints on types. */
#include "base/process.h"
#include "engine/database_base.h"

/* ---- urls ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%40" -> "@". A percent sign that begins nothing stays. */
static Str percent_decode(Arena *arena, Str s)
{
    char *out = NEW_N(arena, char, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        int high = s.at[i] == '%' && i + 2 < s.len ? hex_of(s.at[i + 1]) : -1;
        int low = high >= 0 ? hex_of(s.at[i + 2]) : -1;
        out[len++] = low >= 0 ? (char)(high * 16 + low) : s.at[i];
        i += low >= 0 ? 2 : 0;
    }
    return (Str){out, len};
}

static void put(Arena *arena, Value out, const char *key, Str encoded)
{
    if (encoded.len)
        dict_put(out.dict, str_of(key), value_text(percent_decode(arena, encoded)));
}

/* "host:port", "[::1]:5432". */
static void put_host(Arena *arena, Value out, Str place)
{
    ptrdiff_t bracket = str_starts(place, STR("[")) ? str_find_char(place, ']') : -1;
    Str host = place, port = STR_NONE;
    if (bracket > 0) {
        host = str_slice(place, 1, (size_t)bracket);
        port = str_slice(place, (size_t)bracket + 1, place.len);
        port = str_starts(port, STR(":")) ? str_slice(port, 1, port.len) : STR_NONE;
    } else if (str_find_char(place, ':') >= 0) {
        size_t colon = (size_t)str_find_char(place, ':');
        host = str_slice(place, 0, colon);
        port = str_slice(place, colon + 1, place.len);
    }
    put(arena, out, "host", host);
    put(arena, out, "port", port);
}

/* "key=value&key=value". */
static void put_parameters(Arena *arena, Value out, Str rest)
{
    for (Str part; str_next_part(&rest, '&', &part);) {
        ptrdiff_t equals = str_find_char(part, '=');
        if (equals > 0)
            dict_put(out.dict, percent_decode(arena, str_slice(part, 0, (size_t)equals)),
                     value_text(
                         percent_decode(arena, str_slice(part, (size_t)equals + 1, part.len))));
    }
}

/* The message never holds the url: it may hold a password. */
static bool read_url(Arena *arena, Str url, Value out, Err *err)
{
    ptrdiff_t scheme = str_find(url, STR("://"));
    if (scheme <= 0)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the connection's `url` is not of the form "
                       "postgres://user:password@host:port/database");
    Str rest = str_slice(url, (size_t)scheme + 3, url.len);
    ptrdiff_t question = str_find_char(rest, '?');
    if (question >= 0) {
        put_parameters(arena, out, str_slice(rest, (size_t)question + 1, rest.len));
        rest = str_slice(rest, 0, (size_t)question);
    }
    ptrdiff_t at = str_find_last(rest, STR("@"));
    Str who = at >= 0 ? str_slice(rest, 0, (size_t)at) : STR_NONE;
    Str where = str_slice(rest, (size_t)(at + 1), rest.len);
    ptrdiff_t colon = str_find_char(who, ':'), slash = str_find_char(where, '/');
    put(arena, out, "user", colon >= 0 ? str_slice(who, 0, (size_t)colon) : who);
    if (colon >= 0)
        put(arena, out, "password", str_slice(who, (size_t)colon + 1, who.len));
    if (slash >= 0) {
        put(arena, out, "database", str_slice(where, (size_t)slash + 1, where.len));
        where = str_slice(where, 0, (size_t)slash);
    }
    put_host(arena, out, where);
    return true;
}

/* ---- keys ---- */

static Str key_of(Str key)
{
    static const char *const same[][2] = {
        {"dbname", "database"}, {"db", "database"},   {"username", "user"},
        {"pass", "password"},   {"hostname", "host"}, {"unix_socket", "socket"},
    };
    for (size_t i = 0; i < COUNT_OF(same); i++)
        if (str_is(key, same[i][0]))
            return str_of(same[i][1]);
    return key;
}

bool database_config_int(Value config, const char *key, int64_t least, int64_t most,
                         int64_t otherwise, int64_t *out, Err *err)
{
    Str text = value_get_text(config, key, STR_NONE);
    int64_t number = otherwise;
    if (text.len && (!str_to_int(text, &number) || number < least || number > most))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the connection's `%s` must be a whole number from %lld to %lld, this is "
                       "\"" STR_FMT "\"",
                       key, (long long)least, (long long)most, STR_ARG(text));
    *out = number;
    return true;
}

bool database_config_read(Arena *arena, Value config, Value *out, Err *err)
{
    if (!value_is_dict(config))
        return err_set(err, ERR_RUNTIME, NOWHERE, "a connection must be a mapping, this is %s",
                       value_type_name(config));
    Value normal = value_dict(arena), key, value;
    Str url = value_get_text(config, "url", STR_NONE);
    if (url.len)
        TRY(read_url(arena, url, normal, err));
    for (uint32_t at = 0; dict_next(config.dict, &at, &key, &value);) {
        if (value_is_none(value) && value_is(key, "zero_dates"))
            value = value_lit("null"); /* YAML's null is a word of this key */
        if (value_is(key, "url") || value_is_none(value) || value_is_undefined(value))
            continue;
        Text text = {0};
        if (value_is_bool(value))
            text_add_c(&text, value.is_true ? "true" : "false");
        else
            value_print(value, &text);
        Str given = text_give(arena, &text);
        if (given.len)
            dict_put(normal.dict, key_of(value_str(key)), value_text(given));
    }
    Str password = value_get_text(normal, "password", STR_NONE);
    if (password.len)
        secret_add(password);
    int64_t port;
    TRY(database_config_int(normal, "port", 1, 65535, 1, &port, err));
    *out = normal;
    return true;
}

/* ---- hints ---- */

bool database_hint(Arena *arena, Value hints, Str column, bool *is_hinted, Field *out, Err *err)
{
    *is_hinted = false;
    Value key, value;
    for (uint32_t at = 0; value_is_dict(hints) && dict_next(hints.dict, &at, &key, &value);) {
        if (!str_eq_fold(value_str(key), column))
            continue;
        Str type =
            value_is_dict(value) ? value_get_text(value, "type", STR_NONE) : value_str(value);
        if (!type.len)
            return true;
        *out = (Field){0};
        if (!field_parse_type(arena, type, out, err))
            return err_wrap(err, "the type given for column " STR_FMT, STR_ARG(column));
        out->name = column;
        *is_hinted = true;
        return true;
    }
    return true;
}

Str database_hint_text(Arena *arena, Str column, const char *type)
{
    return str_print(arena, "columns: {" STR_FMT ": {type: %s}}", STR_ARG(column), type);
}

Str database_nearest(Arena *arena, Str name, const Str *candidates, size_t count)
{
    Str nearest = str_nearest(name, candidates, count);
    return nearest.len ? str_print(arena, " (nearest: " STR_FMT ")", STR_ARG(nearest)) : STR("");
}

Str database_nearest_table(Arena *arena, Str name, const DatabaseTables *tables)
{
    Str *names = NEW_N(arena, Str, tables->len + 1);
    for (uint32_t i = 0; i < tables->len; i++)
        names[i] = tables->at[i].name;
    return database_nearest(arena, name, names, tables->len);
}
