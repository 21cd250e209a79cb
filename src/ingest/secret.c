/* secret.c: secrets that lie in a file or that a secret manager's command prints.
 *
 *   password: {file: /run/secrets/shop}
 *   password: {command: [vault, kv, get, -field=password, secret/shop]}
 *
 * What comes is made known to secret_add() at once: no message, log or artifact shows it.
 */
#include "base/event.h"
#include "base/process.h"
#include "ingest/ingest_base.h"

enum { COMMAND_MS = 30000, MOST_BYTES = 1 << 20 };

static bool fail_at(const Connection *connection, Value at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static bool fail_at(const Connection *connection, Value at, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set_in(err, ERR_RUNTIME, value_place(at, connection->file, connection->source),
                      connection->source, "connection " STR_FMT ": " STR_FMT,
                      STR_ARG(connection->name), STR_ARG(text_str(&text)));
}

/* The words of a command; one text goes through the shell. */
static const char **words_of(Arena *arena, Value command)
{
    uint32_t count = command.kind == VALUE_LIST ? command.list->len : 3;
    const char **argv = NEW_N(arena, const char *, (size_t)count + 1);
    if (command.kind != VALUE_LIST) {
        argv[0] = "/bin/sh";
        argv[1] = "-c";
        argv[2] = str_c(arena, value_str(command));
        return argv;
    }
    for (uint32_t i = 0; i < count; i++) {
        AUTO(text) Text word = {0};
        value_print(command.list->at[i], &word);
        argv[i] = str_c(arena, text_str(&word));
    }
    return argv;
}

static bool run_command(Arena *arena, const Connection *connection, Value key, Value command,
                        Str *out, Err *err)
{
    ProcessResult result = {0};
    bool is_empty = command.kind == VALUE_LIST && !command.list->len;
    if (is_empty || (command.kind != VALUE_LIST && command.kind != VALUE_TEXT))
        return fail_at(connection, key, err, "`command` must be a text or a list of words");
    bool ok = process_run(words_of(arena, command), STR(""), STR(""), COMMAND_MS, &result, err);
    if (ok && result.exit_code)
        ok = fail_at(connection, key, err, "the command that `" STR_FMT "` comes from ended with "
                     "exit code %d", STR_ARG(value_str(key)), result.exit_code);
    if (ok)
        *out = str_copy(arena, str_trim(text_str(&result.out)));
    process_result_drop(&result);
    return ok;
}

/* {file: ...} or {command: ...} -> its text. */
static bool fetch_one(Arena *arena, const Connection *connection, Value key, Value from, Str *out,
                      Err *err)
{
    Value file = value_get(from, "file");
    if (value_is_undefined(file))
        TRY(run_command(arena, connection, key, value_get(from, "command"), out, err));
    else if (!file_read(arena, path_expand_home(arena, value_str(file)), out, err))
        return fail_at(connection, key, err,
                       "the file that `" STR_FMT "` comes from cannot be read: " STR_FMT,
                       STR_ARG(value_str(key)), STR_ARG(value_str(file)));
    *out = str_trim(*out);
    if (!out->len || out->len > MOST_BYTES)
        return fail_at(connection, key, err, "`" STR_FMT "` came out %s", STR_ARG(value_str(key)),
                       out->len ? "too long" : "empty");
    secret_add(*out);
    return true;
}

bool secrets_fetch(Arena *arena, const Connection *connection, Value tree, Err *err)
{
    Value key, value;
    for (uint32_t at = 0; tree.kind == VALUE_DICT && dict_next(tree.dict, &at, &key, &value);) {
        if (value.kind != VALUE_DICT)
            continue;
        bool is_secret = value.dict->len == 1 && (dict_find(value.dict, STR("file")) ||
                                                  dict_find(value.dict, STR("command")));
        if (!is_secret) {
            TRY(secrets_fetch(arena, connection, value, err));
            continue;
        }
        Str text;
        TRY(fetch_one(arena, connection, key, value, &text, err));
        dict_put(tree.dict, value_str(key), value_text(text));
    }
    return true;
}

void secrets_warn(const Connection *connection, Value tree)
{
    static const char *const names[] = {"password", "token", "client_secret", "secret_access_key",
                                        "refresh_token", "secret_key", "key_passphrase", "api_key"};
    Value key, value;
    for (uint32_t at = 0; tree.kind == VALUE_DICT && dict_next(tree.dict, &at, &key, &value);) {
        secrets_warn(connection, value);
        bool is_one = false;
        for (size_t i = 0; i < COUNT_OF(names); i++)
            is_one = is_one || str_is(value_str(key), names[i]);
        if (!is_one || value.kind != VALUE_TEXT || !value.len || jinja_has_tags(value_str(value)))
            continue;
        Place place = value_place(key, connection->file, connection->source);
        event_print(LEVEL_WARN, "SecretInFile", "W102",
                    STR_FMT ":%d: `" STR_FMT "` of the connection '" STR_FMT
                    "' stands in the file: take it from env_var(), {file: ...} or {command: ...}",
                    STR_ARG(place.file), place.line, STR_ARG(value_str(key)),
                    STR_ARG(connection->name));
    }
}
