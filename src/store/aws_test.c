/* Where keys come from: each source of the chain, and which goes before which. */
#include "store/aws.h"

#include "store/store_test_help.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

typedef struct TestPlace {
    Arena arena;
    Str folder;
    Http *http;
    pid_t server;
    Str url;
} TestPlace;

static TestPlace place;

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
};

static int set_up(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    place.folder = test_folder(&place.arena);
    Str credentials = path_join(&place.arena, place.folder, STR("credentials"));
    Str config = path_join(&place.arena, place.folder, STR("config"));
    MUST_WORK(file_write(credentials,
                         STR("# comment\n[default]\naws_access_key_id = FILEKEY\n"
                             "aws_secret_access_key=file-secret\n\n[half]\naws_access_key_id=x\n"
                             "[ other ]\n  aws_access_key_id = nested, not a key\n"
                             "AWS_ACCESS_KEY_ID=OTHERKEY\naws_secret_access_key=other=secret\n"
                             "aws_session_token=other-token\n"),
                         false, &err));
    MUST_WORK(file_write(config,
                         STR("[default]\nregion = eu-central-1\n[profile other]\n"
                             "region=ap-northeast-2\nendpoint_url = http://other:9000\n"
                             "[profile bare]\nregion = us-west-2\n"),
                         false, &err));
    MUST_WORK(file_write(path_join(&place.arena, place.folder, STR("token")),
                         STR("the web token\n"), false, &err));
    setenv("AWS_SHARED_CREDENTIALS_FILE", credentials.at, 1);
    setenv("AWS_CONFIG_FILE", config.at, 1);
    Str python = test_program(&place.arena, NULL, NULL, "python3");
    int port = test_port();
    place.url = str_print(&place.arena, "http://127.0.0.1:%d", port);
    const char *argv[] = {python.at, "tests/cases/store/http_server.py",
                          str_print(&place.arena, "%d", port).at, place.folder.at, NULL};
    place.server = test_server(argv, port);
    assert_true(place.server > 0);
    MUST_WORK(http_open(&place.arena, &place.http, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_server_stop(place.server);
    test_folder_remove(place.folder);
    arena_drop(&place.arena);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        unsetenv(variables[i]);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    return 0;
}

/* Options from "key=value key=value". */
static Value options(Arena *arena, const char *text)
{
    Dict *dict = dict_make(arena, 4);
    Str rest = str_of(text), word;
    while (rest.len && str_next_part(&rest, ' ', &word)) {
        size_t equals = (size_t)str_find_char(word, '=');
        Str value = str_slice(word, equals + 1, word.len);
        dict_put(dict, str_slice(word, 0, equals),
                 (Value){.kind = VALUE_TEXT, .len = (uint32_t)value.len, .text = value.at});
    }
    return (Value){.kind = VALUE_DICT, .dict = dict};
}

/* "key secret token region endpoint" of a chain, twice: the second time from what is kept. */
static void expect(const char *given, const char *expected)
{
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AwsChain *chain;
    Str region, endpoint;
    MUST_WORK(aws_chain_make(&arena, options(&arena, given), place.http, &chain, &region, &endpoint,
                             &err));
    for (int i = 0; i < 2; i++) {
        AwsKeys keys;
        uint64_t before = http_stats(place.http).requests;
        MUST_WORK(aws_keys(chain, &arena, &keys, &err));
        Str got = str_print(&arena, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                            STR_ARG(keys.access_key), STR_ARG(keys.secret_key),
                            STR_ARG(keys.session_token), STR_ARG(region), STR_ARG(endpoint));
        assert_string_equal(got.at, expected);
        assert_string_equal(keys.region.at, region.at);
        if (i == 1)
            assert_int_equal(http_stats(place.http).requests, before);
    }
}

static void test_fixed(void **state)
{
    (void)state;
    expect("", "FILEKEY file-secret  eu-central-1 ");
    expect("profile=other", "OTHERKEY other=secret other-token ap-northeast-2 http://other:9000");
    expect("access_key_id=A secret_access_key=B", "A B  eu-central-1 ");
    expect("access_key_id=A secret_access_key=B session_token=C region=r endpoint=http://e",
           "A B C r http://e");
    setenv("AWS_PROFILE", "other", 1);
    expect("", "OTHERKEY other=secret other-token ap-northeast-2 http://other:9000");
    setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "env-secret", 1);
    setenv("AWS_DEFAULT_REGION", "sa-east-1", 1);
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    expect("", "ENVKEY env-secret  sa-east-1 http://all");
    setenv("AWS_REGION", "me-south-1", 1);
    setenv("AWS_ENDPOINT_URL_S3", "http://s3", 1);
    setenv("AWS_SESSION_TOKEN", "env-token", 1);
    expect("", "ENVKEY env-secret env-token me-south-1 http://s3");
    expect("profile=other region=x", "OTHERKEY other=secret other-token x http://s3");
}

static void test_wrong(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AwsChain *chain;
    Str region, endpoint;
    MUST_FAIL(aws_chain_make(&arena, options(&arena, "profile=nobody"), place.http, &chain, &region,
                             &endpoint, &err),
              ERR_RUNTIME, "no profile \"nobody\"");
    MUST_FAIL(aws_chain_make(&arena, options(&arena, "profile=half"), place.http, &chain, &region,
                             &endpoint, &err),
              ERR_RUNTIME, "only one of");
    MUST_FAIL(aws_chain_make(&arena, options(&arena, "access_key_id=A"), place.http, &chain,
                             &region, &endpoint, &err),
              ERR_RUNTIME, "the options hold only one of");
}

static void test_roles(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    setenv("AWS_PROFILE", "bare", 1); /* a region, no keys */
    expect("", "   us-west-2 ");      /* nobody: requests go unsigned */
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", place.url.at, 1);
    expect("", "ROLEKEY role-secret role-token us-west-2 ");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
           str_print(&arena, STR_FMT "/container", STR_ARG(place.url)).at, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token", 1);
    expect("", "ROLEKEY role-secret role-token us-west-2 ");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong", 1);
    AwsChain *chain;
    AwsKeys keys;
    Str region, endpoint;
    MUST_WORK(aws_chain_make(&arena, NONE, place.http, &chain, &region, &endpoint, &err));
    MUST_FAIL(aws_keys(chain, &arena, &keys, &err), ERR_RUNTIME, "AWS container role");
    setenv("AWS_ENDPOINT_URL_STS", place.url.at, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path_join(&arena, place.folder, STR("token")).at, 1);
    expect("", "WEBKEY web-secret web-session us-west-2 ");
    setenv("AWS_ROLE_ARN", "arn:other", 1);
    MUST_WORK(aws_chain_make(&arena, NONE, place.http, &chain, &region, &endpoint, &err));
    MUST_FAIL(aws_keys(chain, &arena, &keys, &err), ERR_RUNTIME, "AWS web identity");
}

/* Threads that want keys at once: one asks for all. */
static void want_keys(void *context, unsigned worker, uint32_t i)
{
    (void)worker, (void)i;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AwsKeys keys;
    MUST_WORK(aws_keys(context, &arena, &keys, &err));
    assert_string_equal(keys.access_key.at, "ROLEKEY");
}

static void test_together(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AwsChain *chain;
    Str region, endpoint;
    setenv("AWS_PROFILE", "bare", 1);
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", place.url.at, 1);
    MUST_WORK(aws_chain_make(&arena, NONE, place.http, &chain, &region, &endpoint, &err));
    uint64_t before = http_stats(place.http).requests;
    parallel_for(8, 64, 1, want_keys, chain);
    assert_int_equal(http_stats(place.http).requests - before, 3); /* token, role, keys */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_fixed, clear),
        cmocka_unit_test_setup(test_wrong, clear),
        cmocka_unit_test_setup(test_roles, clear),
        cmocka_unit_test_setup(test_together, clear),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
