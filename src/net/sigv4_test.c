/* AWS Signature Version 4 against the signatures that AWS publishes: the examples of
 * "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference, and cases of AWS's
 * signature test suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/net.h"

typedef struct Row {
    const char *method, *url, *body, *signature;
    Header headers[3];
} Row;

static void check_rows(const AwsKeys *keys, int64_t now_us, const Row *rows, size_t count)
{
    Arena arena = {0};
    for (size_t i = 0; i < count; i++) {
        const Row *row = &rows[i];
        uint32_t header_count = 0;
        while (header_count < COUNT_OF(row->headers) && row->headers[header_count].name.at)
            header_count++;
        Header *out;
        uint32_t out_count;
        sigv4_sign(&arena, keys, str_of(row->method), str_of(row->url), row->headers, header_count,
                   sha256_hex(&arena, str_of(row->body)), now_us, &out, &out_count);
        Str value = out[out_count - 1].value;
        assert_true(str_is(out[out_count - 1].name, "authorization"));
        if (!str_ends(value, str_of(row->signature)))
            fail_msg("%s %s: " STR_FMT, row->method, row->url, STR_ARG(value));
    }
    arena_drop(&arena);
}

static void test_s3(void **state)
{
    (void)state;
    AwsKeys keys = {.access_key = STR("AKIAIOSFODNN7EXAMPLE"),
                    .secret_key = STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                    .region = STR("us-east-1"),
                    .service = STR("s3")};
    int64_t now_us = us_of_civil((Civil){.year = 2013, .month = 5, .day = 24});
#define HOST "https://examplebucket.s3.amazonaws.com"
    const Row rows[] = {
        {"GET", HOST "/test.txt", "",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
         {{STR("Range"), STR("bytes=0-9")}}},
        {"PUT", HOST "/test$file.text", "Welcome to Amazon S3.",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
         {{STR("Date"), STR("Fri, 24 May 2013 00:00:00 GMT")},
          {STR("x-amz-storage-class"), STR("REDUCED_REDUNDANCY")}}},
        {"GET", HOST "/?lifecycle", "",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
         {{STR_NONE, STR_NONE}}},
        {"GET", HOST "/?max-keys=2&prefix=J", "",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
         {{STR_NONE, STR_NONE}}},
    };
    check_rows(&keys, now_us, rows, COUNT_OF(rows));
}

static void test_suite(void **state)
{
    (void)state;
    AwsKeys keys = {.access_key = STR("AKIDEXAMPLE"),
                    .secret_key = STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                    .region = STR("us-east-1"),
                    .service = STR("service")};
    int64_t now_us = us_of_civil((Civil){.year = 2015, .month = 8, .day = 30, .hour = 12,
                                         .minute = 36});
#define SUITE "https://example.amazonaws.com"
    const Row rows[] = {
        {"GET", SUITE "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
         {{STR_NONE, STR_NONE}}},
        {"GET", SUITE "/?Param2=value2&Param1=value1", "",
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
         {{STR_NONE, STR_NONE}}},
        {"POST", SUITE "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
         {{STR_NONE, STR_NONE}}},
    };
    check_rows(&keys, now_us, rows, COUNT_OF(rows));
}

/* The session token is a header of its own, and signed. */
static void test_session(void **state)
{
    (void)state;
    Arena arena = {0};
    AwsKeys keys = {.access_key = STR("A"), .secret_key = STR("S"), .session_token = STR("TOKEN"),
                    .region = STR("r"), .service = STR("s3")};
    Header *out;
    uint32_t count;
    sigv4_sign(&arena, &keys, STR("GET"), STR("http://127.0.0.1:9000/b/k"), NULL, 0,
               STR("UNSIGNED-PAYLOAD"), 0, &out, &count);
    static const char *const names[] = {"host", "x-amz-date", "x-amz-content-sha256",
                                        "x-amz-security-token", "authorization"};
    assert_int_equal(count, COUNT_OF(names));
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(out[i].name.at, names[i]);
    assert_true(str_is(out[0].value, "127.0.0.1:9000"));
    assert_true(str_is(out[1].value, "19700101T000000Z"));
    assert_true(str_find(out[4].value, STR("SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                                           "x-amz-security-token,")) > 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3),
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
