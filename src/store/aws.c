/* aws.c: the chain of AWS credentials.
 *
 * Fixed keys are settled when the place is opened. Keys of roles are fetched when first needed and
 * when they expire: one thread fetches, without the lock, and the others wait for it.
 */
#include "store/aws.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "store/s3_xml.h"

#define RENEW_BEFORE_US ((int64_t)300 * 1000000)

struct AwsChain {
    Http *http;
    Str region;
    AwsKeys fixed;               /* access_key empty: from a role                                 */
    Lock lock;
    Signal fetched;
    Arena arena;                 /* of `keys`                                                     */
    AwsKeys keys;
    int64_t expires_at_us;       /* 0: not fetched yet                                            */
    bool is_fetching;
};

/* ---- files ---- */

Str ini_find(Str text, Str section, Str key)
{
    bool is_inside = false;
    Str line;
    while (str_next_part(&text, '\n', &line)) {
        bool is_indented = line.len && (line.at[0] == ' ' || line.at[0] == '\t');
        line = str_trim(line);
        if (!line.len || line.at[0] == '#' || line.at[0] == ';')
            continue;
        if (line.at[0] == '[') {
            ptrdiff_t end = str_find_char(line, ']');
            is_inside = end > 0 && str_eq(str_trim(str_slice(line, 1, (size_t)end)), section);
            continue;
        }
        ptrdiff_t equals = str_find_char(line, '=');
        if (is_inside && !is_indented && equals > 0 &&
            str_eq_fold(str_trim(str_slice(line, 0, (size_t)equals)), key))
            return str_trim(str_slice(line, (size_t)equals + 1, line.len));
    }
    return STR_NONE;
}

/* ~/.aws/credentials and ~/.aws/config, as far as they are there. */
typedef struct AwsFiles {
    Str credentials, config;
    Str profile;
} AwsFiles;

static Str read_if_there(Arena *arena, const char *variable, const char *usual)
{
    AUTO(err) Err ignored = {0};
    Str path = environment_get(variable), text;
    path = path_expand_home(arena, path.len ? path : str_of(usual));
    if (file_info(path).kind != FILE_REGULAR || !file_read(arena, path, &text, &ignored))
        return STR("");
    return text;
}

/* A setting of the profile: the credentials file says [name], the config file [profile name]. */
static Str profile_get(Arena *arena, const AwsFiles *files, const char *key)
{
    Str found = ini_find(files->credentials, files->profile, str_of(key));
    if (found.at)
        return found;
    bool is_default = str_is(files->profile, "default");
    Str section = is_default ? files->profile
                             : str_print(arena, "profile " STR_FMT, STR_ARG(files->profile));
    return ini_find(files->config, section, str_of(key));
}

static bool profile_exists(Arena *arena, const AwsFiles *files)
{
    Str head = str_print(arena, "[" STR_FMT "]", STR_ARG(files->profile));
    Str long_head = str_print(arena, "[profile " STR_FMT "]", STR_ARG(files->profile));
    return str_find(files->credentials, head) >= 0 || str_find(files->config, head) >= 0 ||
           str_find(files->config, long_head) >= 0;
}

/* ---- settling ---- */

static Str first_of(Str a, Str b)
{
    return a.len ? a : b;
}

static Str option_text(Value options, const char *key)
{
    return value_get_text(options, key, STR_NONE);
}

/* A pair of keys; half of one is a mistake that is better said than searched for. */
static bool take_pair(AwsChain *chain, Str access_key, Str secret_key, Str token, const char *where,
                      Err *err)
{
    if (!access_key.len != !secret_key.len)
        return err_set(err, ERR_RUNTIME, NOWHERE, "%s hold only one of access key id and secret "
                       "access key", where);
    chain->fixed.access_key = access_key;
    chain->fixed.secret_key = secret_key;
    chain->fixed.session_token = token;
    return true;
}

static bool take_profile(Arena *arena, AwsChain *chain, const AwsFiles *files, bool is_asked_for,
                         Err *err)
{
    if (is_asked_for && !profile_exists(arena, files))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "there is no profile \"" STR_FMT "\" in ~/.aws/credentials or ~/.aws/config",
                       STR_ARG(files->profile));
    return take_pair(chain, profile_get(arena, files, "aws_access_key_id"),
                     profile_get(arena, files, "aws_secret_access_key"),
                     profile_get(arena, files, "aws_session_token"), "the AWS profile's settings",
                     err);
}

static bool settle(Arena *arena, AwsChain *chain, Value options, const AwsFiles *files, Err *err)
{
    bool names_profile = option_text(options, "profile").len > 0;
    TRY(take_pair(chain, option_text(options, "access_key_id"),
                  option_text(options, "secret_access_key"), option_text(options, "session_token"),
                  "the options", err));
    if (!chain->fixed.access_key.len && names_profile)
        return take_profile(arena, chain, files, true, err);
    if (!chain->fixed.access_key.len)
        TRY(take_pair(chain, environment_get("AWS_ACCESS_KEY_ID"),
                      environment_get("AWS_SECRET_ACCESS_KEY"),
                      environment_get("AWS_SESSION_TOKEN"),
                      "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err));
    if (!chain->fixed.access_key.len)
        return take_profile(arena, chain, files, environment_get("AWS_PROFILE").len > 0, err);
    return true;
}

static void keys_copy(Arena *arena, const AwsKeys *from, AwsKeys *to)
{
    *to = (AwsKeys){
        .access_key = str_copy(arena, from->access_key),
        .secret_key = str_copy(arena, from->secret_key),
        .session_token = str_copy(arena, from->session_token),
        .region = str_copy(arena, from->region),
        .service = str_copy(arena, from->service),
    };
}

/* While keys are held they are secrets. */
static void keys_hide(const AwsKeys *keys)
{
    secret_add(keys->secret_key);
    secret_add(keys->session_token);
}

static void keys_forget(const AwsKeys *keys)
{
    secret_remove(keys->secret_key);
    secret_remove(keys->session_token);
}

static void chain_drop(void *what)
{
    AwsChain *chain = what;
    keys_forget(&chain->fixed);
    keys_forget(&chain->keys);
    arena_drop(&chain->arena);
    signal_drop(&chain->fetched);
    lock_drop(&chain->lock);
}

bool aws_chain_make(Arena *arena, Value options, Http *http, AwsChain **out, Str *region,
                    Str *endpoint, Err *err)
{
    AwsChain *chain = NEW(arena, AwsChain);
    AwsFiles files = {
        .credentials = read_if_there(arena, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        .config = read_if_there(arena, "AWS_CONFIG_FILE", "~/.aws/config"),
        .profile = first_of(option_text(options, "profile"),
                            first_of(environment_get("AWS_PROFILE"), STR("default"))),
    };
    TRY(settle(arena, chain, options, &files, err));
    Str place = first_of(option_text(options, "region"),
                         first_of(environment_get("AWS_REGION"),
                                  environment_get("AWS_DEFAULT_REGION")));
    place = first_of(first_of(place, profile_get(arena, &files, "region")), STR("us-east-1"));
    Str host = first_of(option_text(options, "endpoint"),
                        first_of(environment_get("AWS_ENDPOINT_URL_S3"),
                                 environment_get("AWS_ENDPOINT_URL")));
    chain->http = http;
    chain->region = str_copy(arena, place);
    AwsKeys fixed = chain->fixed;
    fixed.region = place;
    fixed.service = STR("s3");
    keys_copy(arena, &fixed, &chain->fixed);
    keys_hide(&chain->fixed);
    lock_init(&chain->lock, RANK_CREDENTIALS, "aws keys");
    signal_init(&chain->fetched);
    arena_on_drop(arena, chain_drop, chain);
    *region = chain->region;
    *endpoint = str_copy(arena, first_of(host, profile_get(arena, &files, "endpoint_url")));
    *out = chain;
    return true;
}

/* ---- roles ---- */

/* A request to a server of the machine's own: soon answered or not there. */
static bool ask(AwsChain *chain, Request *request, Arena *arena, Response *out, Err *err)
{
    request->connect_timeout_ms = 1000;
    request->total_timeout_ms = 3000;
    request->retry = (Retry){.most = 2, .first_wait_ms = 100};
    request->body_limit_bytes = 1 << 20;
    return http_do(chain->http, request, arena, out, err);
}

/* {AccessKeyId, SecretAccessKey, Token, Expiration} of container and instance roles. */
static bool take_json(Arena *arena, Str body, AwsKeys *keys, int64_t *expires_at_us, Err *err)
{
    Value answer;
    TRY(json_parse(arena, body, STR("AWS role"), &answer, err));
    keys->access_key = value_get_text(answer, "AccessKeyId", STR_NONE);
    keys->secret_key = value_get_text(answer, "SecretAccessKey", STR_NONE);
    keys->session_token = value_get_text(answer, "Token", STR_NONE);
    *expires_at_us = when_iso(value_get_text(answer, "Expiration", STR_NONE));
    if (keys->access_key.len && keys->secret_key.len)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, "the AWS role's answer holds no keys");
}

/* Kubernetes: a token in a file is exchanged for keys at STS. */
static bool from_web_identity(AwsChain *chain, Str token_file, Arena *arena, AwsKeys *keys,
                              int64_t *expires_at_us, Err *err)
{
    Str token;
    TRY(file_read(arena, token_file, &token, err));
    Str session = first_of(environment_get("AWS_ROLE_SESSION_NAME"), STR("weir"));
    Str url = first_of(environment_get("AWS_ENDPOINT_URL_STS"),
                       str_print(arena, "https://sts." STR_FMT ".amazonaws.com",
                                 STR_ARG(chain->region)));
    Header form = {STR("content-type"), STR("application/x-www-form-urlencoded")};
    Request request = {
        .method = STR("POST"),
        .url = url,
        .headers = &form,
        .header_count = 1,
        .body = str_print(arena,
                          "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" STR_FMT
                          "&RoleSessionName=" STR_FMT "&WebIdentityToken=" STR_FMT,
                          STR_ARG(url_encode(arena, environment_get("AWS_ROLE_ARN"), false)),
                          STR_ARG(url_encode(arena, session, false)),
                          STR_ARG(url_encode(arena, str_trim(token), false))),
        .total_timeout_ms = 10000,
        .retry = {.most = 3},
        .body_limit_bytes = 1 << 20,
    };
    Response response;
    TRY(http_do(chain->http, &request, arena, &response, err));
    keys->access_key = xml_text(arena, response.body, "AccessKeyId");
    keys->secret_key = xml_text(arena, response.body, "SecretAccessKey");
    keys->session_token = xml_text(arena, response.body, "SessionToken");
    *expires_at_us = when_iso(xml_text(arena, response.body, "Expiration"));
    return keys->access_key.len || err_set(err, ERR_RUNTIME, NOWHERE, "STS gave no keys");
}

static bool from_container(AwsChain *chain, Str url, Arena *arena, AwsKeys *keys,
                           int64_t *expires_at_us, Err *err)
{
    Str token = environment_get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    Str file = environment_get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (file.len)
        TRY(file_read(arena, file, &token, err));
    token = str_trim(token);
    if (token.len)
        secret_add(token);
    Header header = {STR("authorization"), token};
    Request request = {.url = url, .headers = &header, .header_count = token.len ? 1 : 0};
    Response response;
    TRY(ask(chain, &request, arena, &response, err));
    return take_json(arena, response.body, keys, expires_at_us, err);
}

/* A path of the instance's metadata server, with the session's token. */
static bool instance_get(AwsChain *chain, const char *path, Str role, Header *token, Arena *arena,
                         Str *out, Err *err)
{
    Str host = first_of(environment_get("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
                        STR("http://169.254.169.254"));
    while (str_ends(host, STR("/")))
        host.len--;
    bool is_token = !token->value.len;
    Header life = {STR("x-aws-ec2-metadata-token-ttl-seconds"), STR("21600")};
    Request request = {
        .method = is_token ? STR("PUT") : STR("GET"),
        .url = str_print(arena, STR_FMT "%s" STR_FMT, STR_ARG(host), path, STR_ARG(role)),
        .headers = is_token ? &life : token,
        .header_count = 1,
    };
    Response response;
    TRY(ask(chain, &request, arena, &response, err));
    *out = str_trim(response.body);
    return true;
}

static bool from_instance(AwsChain *chain, Arena *arena, AwsKeys *keys, int64_t *expires_at_us,
                          Err *err)
{
    static const char roles[] = "/latest/meta-data/iam/security-credentials/";
    Header token = {STR("x-aws-ec2-metadata-token"), STR_NONE};
    Str role, answer, value;
    TRY(instance_get(chain, "/latest/api/token", STR(""), &token, arena, &value, err));
    token.value = value;
    TRY(instance_get(chain, roles, STR(""), &token, arena, &role, err));
    Str rest = role, first = STR("");
    if (!str_next_part(&rest, '\n', &first) || !str_trim(first).len)
        return err_set(err, ERR_RUNTIME, NOWHERE, "the instance has no role");
    TRY(instance_get(chain, roles, str_trim(first), &token, arena, &answer, err));
    return take_json(arena, answer, keys, expires_at_us, err);
}

/* Asks the one role that the environment speaks of; where it speaks of none, the instance's, whose
 * absence is no failure: then there are no keys. */
static bool fetch(AwsChain *chain, Arena *arena, AwsKeys *keys, int64_t *expires_at_us, Err *err)
{
    Str token_file = environment_get("AWS_WEB_IDENTITY_TOKEN_FILE");
    Str relative = environment_get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    Str full = environment_get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    *expires_at_us = INT64_MAX;
    if (token_file.len && environment_get("AWS_ROLE_ARN").len)
        return from_web_identity(chain, token_file, arena, keys, expires_at_us, err) ||
               err_wrap(err, "AWS web identity");
    if (relative.len)
        full = str_print(arena, "http://169.254.170.2" STR_FMT, STR_ARG(relative));
    if (full.len)
        return from_container(chain, full, arena, keys, expires_at_us, err) ||
               err_wrap(err, "AWS container role");
    AUTO(err) Err absent = {0};
    bool is_off = str_eq_fold(environment_get("AWS_EC2_METADATA_DISABLED"), STR("true"));
    if (is_off || !from_instance(chain, arena, keys, expires_at_us, &absent)) {
        if (absent.kind == ERR_CANCELLED) {
            err_move(err, &absent);
            return false;
        }
        *keys = (AwsKeys){0};
        *expires_at_us = INT64_MAX;
    }
    return true;
}

/* Under the lock: are the fetched keys good for a while? */
static bool is_fresh(const AwsChain *chain)
{
    return chain->expires_at_us == INT64_MAX ||
           chain->expires_at_us - RENEW_BEFORE_US > clock_now_us();
}

/* Under the lock, which is given up while a server is asked. */
static bool renew(AwsChain *chain, Err *err)
{
    while (chain->is_fetching)
        signal_wait(&chain->fetched, &chain->lock, -1);
    if (is_fresh(chain))
        return true;
    chain->is_fetching = true;
    lock_give(&chain->lock);
    AUTO(arena) Arena scratch = {0};
    AwsKeys keys = {0};
    int64_t expires_at_us = 0;
    bool is_fetched = fetch(chain, &scratch, &keys, &expires_at_us, err);
    keys.region = chain->region;
    keys.service = STR("s3");
    lock_take(&chain->lock);
    if (is_fetched) {
        keys_hide(&keys);
        keys_forget(&chain->keys);
        arena_reset(&chain->arena);
        keys_copy(&chain->arena, &keys, &chain->keys);
        chain->expires_at_us = expires_at_us ? expires_at_us : INT64_MAX;
    }
    chain->is_fetching = false;
    signal_tell_all(&chain->fetched);
    return is_fetched;
}

bool aws_keys(AwsChain *chain, Arena *arena, AwsKeys *out, Err *err)
{
    if (chain->fixed.access_key.len) {
        *out = chain->fixed;
        return true;
    }
    lock_take(&chain->lock);
    bool is_fetched = is_fresh(chain) || renew(chain, err);
    if (is_fetched)
        keys_copy(arena, &chain->keys, out);
    lock_give(&chain->lock);
    return is_fetched;
}
