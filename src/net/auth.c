/* auth.c: who we are: what a connection's `auth` says, and the tokens of OAuth 2 (RFC 6749).
 *
 * A token belongs to the driving thread. Who lacks one is parked; the first such call sends one
 * request for a token, and its answer sets all of them free.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "net/http.h"

/* ---- reading the configuration ---- */

typedef struct AuthType {
    const char *name;
    const char *keys;            /* space separated; those that must be there begin with '!'      */
} AuthType;

static const AuthType types[] = {
    {"api_key", "!name !value in"},
    {"bearer", "!token"},
    {"basic", "!username !password"},
    {"oauth2_client_credentials",
     "!token_url !client_id !client_secret scope audience client_auth expires_in"},
    {"oauth2_refresh_token",
     "!token_url !client_id client_secret !refresh_token scope client_auth expires_in"},
    {"aws_sigv4", "!access_key !secret_key session_token !region service"},
};

/* Adds a "did you mean" of the nearest of `names`. */
static bool fail_near(Err *err, Str name, const Str *names, size_t count)
{
    Str nearest = str_nearest(name, names, count);
    return nearest.at ? err_add(err, "; did you mean '" STR_FMT "'?", STR_ARG(nearest)) : false;
}

static bool find_type(Str name, const AuthType **out, Err *err)
{
    Str names[COUNT_OF(types)];
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        names[i] = str_of(types[i].name);
        if (str_eq(names[i], name)) {
            *out = &types[i];
            return true;
        }
    }
    err_set(err, ERR_PARSING, NOWHERE,
            name.len ? "auth has no type '" STR_FMT "'" : "auth needs a type" STR_FMT,
            STR_ARG(name));
    return fail_near(err, name, names, COUNT_OF(types));
}

/* Every key is known, and those that must be there hold a text or number. */
static bool check_keys(const AuthType *type, Value config, Err *err)
{
    Str names[16] = {STR_INIT("type")};
    size_t count = 1;
    Str rest = str_of(type->keys), word;
    while (str_next_part(&rest, ' ', &word)) {
        bool is_needed = word.at[0] == '!';
        Str name = str_slice(word, is_needed, word.len);
        names[count++] = name;
        Value value = value_get_str(config, name);
        bool is_empty = value_is_undefined(value) || value_is_none(value) ||
                        (value_is_text(value) && !value_str(value).len);
        if (is_needed && is_empty)
            return err_set(err, ERR_PARSING, NOWHERE, "auth of type %s needs '" STR_FMT "'",
                           type->name, STR_ARG(name));
    }
    Value key, value;
    for (uint32_t at = 0; dict_next(config.dict, &at, &key, &value);) {
        bool is_known = false;
        for (size_t i = 0; i < count; i++)
            is_known = is_known || str_eq(names[i], value_str(key));
        if (is_known)
            continue;
        err_set(err, ERR_PARSING, NOWHERE, "auth of type %s has no key '" STR_FMT "'", type->name,
                STR_ARG(value_str(key)));
        return fail_near(err, value_str(key), names, count);
    }
    return true;
}

/* The text of a key; numbers as they print. Owner: the arena. */
static Str config_text(Arena *arena, Value config, const char *key)
{
    Value value = value_get(config, key);
    if (value_is_undefined(value) || value_is_none(value))
        return STR_NONE;
    AUTO(text) Text text = {0};
    value_print(value, &text);
    return text_copy(arena, &text);
}

/* The same, made known as a secret, also in the form it has in a URL. */
static Str config_secret(Arena *arena, Value config, const char *key)
{
    Str text = config_text(arena, config, key);
    if (text.len) {
        secret_add(text);
        Str encoded = url_encode(arena, text, false);
        if (!str_eq(encoded, text))
            secret_add(encoded);
    }
    return text;
}

static bool one_of(Str text, const char *key, const char *first, const char *second,
                   bool *is_second, Err *err)
{
    *is_second = str_is(text, second);
    if (!text.len || *is_second || str_is(text, first))
        return true;
    return err_set(err, ERR_PARSING, NOWHERE, "auth: %s is %s or %s, not '" STR_FMT "'", key, first,
                   second, STR_ARG(text));
}

static void auth_close(void *what)
{
    Auth *auth = what;
    assert(!auth->fetch && !auth->parked.len); /* whoever sent has waited */
    secret_remove(text_str(&auth->token));
    secret_remove(text_str(&auth->refresh_token));
    text_drop(&auth->token);
    text_drop(&auth->refresh_token);
}

static Str basic_value(Arena *arena, Str user, Str password)
{
    Str both = str_print(arena, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(password));
    Str encoded = base64_print(arena, both);
    secret_add(encoded);
    return str_print(arena, "Basic " STR_FMT, STR_ARG(encoded));
}

static bool read_oauth(Arena *arena, Value config, Auth *auth, Err *err)
{
    auth->kind = AUTH_OAUTH;
    auth->renew_at_us = INT64_MAX;
    auth->parked.link = LINK_PLACE;
    auth->token_url = config_text(arena, config, "token_url");
    auth->client_id = config_text(arena, config, "client_id");
    auth->client_secret = config_secret(arena, config, "client_secret");
    auth->scope = config_text(arena, config, "scope");
    auth->audience = config_text(arena, config, "audience");
    Str refresh = config_text(arena, config, "refresh_token");
    auth->grant = refresh.len ? STR("refresh_token") : STR("client_credentials");
    TRY(one_of(config_text(arena, config, "client_auth"), "client_auth", "body", "basic",
               &auth->is_basic, err));
    Str life = config_text(arena, config, "expires_in");
    int64_t seconds = 0;
    if (life.len && (!str_to_int(life, &seconds) || seconds <= 0))
        return err_set(err, ERR_PARSING, NOWHERE, "auth: expires_in is seconds, not '" STR_FMT "'",
                       STR_ARG(life));
    auth->life_us = seconds * 1000000;
    text_add(&auth->refresh_token, refresh);
    secret_add(refresh);
    arena_on_drop(arena, auth_close, auth);
    return true;
}

static bool read_type(Arena *arena, const AuthType *type, Value config, Auth *auth, Err *err)
{
    if (strcmp(type->name, "api_key") == 0) {
        bool is_query;
        TRY(one_of(config_text(arena, config, "in"), "in", "header", "query", &is_query, err));
        auth->kind = is_query ? AUTH_QUERY : AUTH_HEADER;
        auth->name = config_text(arena, config, "name");
        auth->value = config_secret(arena, config, "value");
    } else if (strcmp(type->name, "bearer") == 0) {
        auth->name = STR("Authorization");
        auth->value = str_print(arena, "Bearer " STR_FMT,
                                STR_ARG(config_secret(arena, config, "token")));
    } else if (strcmp(type->name, "basic") == 0) {
        auth->name = STR("Authorization");
        auth->value = basic_value(arena, config_text(arena, config, "username"),
                                  config_secret(arena, config, "password"));
    } else if (strcmp(type->name, "aws_sigv4") == 0) {
        auth->kind = AUTH_SIGV4;
        Str service = config_text(arena, config, "service");
        auth->keys = (AwsKeys){
            .access_key = config_text(arena, config, "access_key"),
            .secret_key = config_secret(arena, config, "secret_key"),
            .session_token = config_secret(arena, config, "session_token"),
            .region = config_text(arena, config, "region"),
            .service = service.len ? service : STR("s3"),
        };
    } else {
        TRY(read_oauth(arena, config, auth, err));
    }
    return true;
}

bool auth_make(Arena *arena, Http *http, Value config, Limit *limit, Auth **out, Err *err)
{
    if (value_is_none(config) || value_is_undefined(config)) {
        *out = NULL;
        return true;
    }
    if (!value_is_dict(config))
        return err_set(err, ERR_PARSING, NOWHERE, "auth must be a mapping, this is %s",
                       value_type_name(config));
    const AuthType *type;
    TRY(find_type(value_get_text(config, "type", STR_NONE), &type, err));
    TRY(check_keys(type, config, err));
    Auth *auth = NEW(arena, Auth);
    auth->http = http;
    auth->limit = limit;
    TRY(read_type(arena, type, config, auth, err));
    *out = auth;
    return true;
}

/* ---- tokens ---- */

bool auth_lacks_token(const Auth *auth, int64_t now_us)
{
    return auth && auth->kind == AUTH_OAUTH && (!auth->token.len || now_us >= auth->renew_at_us);
}

static void add_field(Arena *arena, Text *form, const char *name, Str value)
{
    if (value.len)
        text_print(form, "%s%s=" STR_FMT, form->len ? "&" : "", name,
                   STR_ARG(url_encode(arena, value, false)));
}

void auth_token_request(const Auth *auth, Arena *arena, Request *out)
{
    AUTO(text) Text form = {0};
    add_field(arena, &form, "grant_type", auth->grant);
    add_field(arena, &form, "refresh_token", text_str(&auth->refresh_token));
    if (!auth->is_basic) {
        add_field(arena, &form, "client_id", auth->client_id);
        add_field(arena, &form, "client_secret", auth->client_secret);
    }
    add_field(arena, &form, "scope", auth->scope);
    add_field(arena, &form, "audience", auth->audience);
    Header *headers = NEW_N(arena, Header, 3);
    headers[0] = (Header){STR("Content-Type"), STR("application/x-www-form-urlencoded")};
    headers[1] = (Header){STR("Accept"), STR("application/json")};
    if (auth->is_basic) {
        Str value = basic_value(arena, url_encode(arena, auth->client_id, false),
                                url_encode(arena, auth->client_secret, false));
        headers[2] = (Header){STR("Authorization"), value};
    }
    *out = (Request){
        .method = STR("POST"),
        .url = auth->token_url,
        .headers = headers,
        .header_count = auth->is_basic ? 3 : 2,
        .body = text_copy(arena, &form),
        .limit = auth->limit,
        .body_limit_bytes = 1 << 20,
    };
}

/* Replaces a text that is known as a secret. */
static void replace_secret(Text *text, Str value)
{
    secret_add(value);
    secret_remove(text_str(text));
    text_clear(text);
    text_add(text, value);
}

/* Seconds that a token lives: a number, or a text of one as some servers send. */
static int64_t life_of(const Auth *auth, Value answer)
{
    Value life = value_get(answer, "expires_in");
    int64_t seconds = 0;
    if (value_is_int(life))
        seconds = life.number;
    else if (value_is_float(life) && life.real > 0 && life.real < 1e12)
        seconds = (int64_t)life.real;
    else if (!str_to_int(value_str(life), &seconds))
        seconds = 0;
    const int64_t most = (int64_t)100 * 365 * 86400;
    return seconds > 0 ? (seconds < most ? seconds : most) * 1000000 : auth->life_us;
}

bool auth_take_token(Auth *auth, Str body, int64_t now_us, Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Value answer;
    Str shown = url_shown(&arena, auth->token_url);
    Err parse = {0};
    bool is_json = json_parse(&arena, body, shown, &answer, &parse);
    err_drop(&parse);
    Str token = is_json ? value_get_text(answer, "access_token", STR_NONE) : STR_NONE;
    if (!token.len || str_find_char(token, '\n') >= 0 || str_find_char(token, '\r') >= 0)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the answer of POST " STR_FMT " holds no access_token (check the "
                       "connection's auth: is token_url right?)",
                       STR_ARG(shown));
    replace_secret(&auth->token, token);
    Str refresh = value_get_text(answer, "refresh_token", STR_NONE);
    if (refresh.len && str_is(auth->grant, "refresh_token"))
        replace_secret(&auth->refresh_token, refresh);
    int64_t life_us = life_of(auth, answer);
    int64_t early_us = life_us / 10 < 30000000 ? life_us / 10 : 30000000;
    auth->renew_at_us = life_us ? now_us + life_us - early_us : INT64_MAX;
    auth->generation++;
    auth->is_proven = false;
    return true;
}
