/* drop_test.c: --shard. Days, settings and stages are tested whole: tests/suite/drops_nodes.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/ingest.h"

static void test_shards(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t shard, shards;
    } good[] = {{"1/1", 1, 1}, {"2/16", 2, 16}, {"16/16", 16, 16}, {"10000/10000", 10000, 10000}};
    static const struct {
        const char *text, *words;
    } bad[] = {{"", "such as 2/16"},        {"3", "such as 2/16"},       {"a/b", "such as 2/16"},
               {"1/", "such as 2/16"},      {"/2", "such as 2/16"},      {"1/0", "such as 2/16"},
               {"1/2/3", "such as 2/16"},   {"1/10001", "such as 2/16"}, {"0/4", "counted from 1"},
               {"0/4", "$((INDEX + 1))/4"}, {"5/4", "1/4 to 4/4"},       {"-1/4", "1/4 to 4/4"}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        Err err = {0};
        uint32_t shard = 0, shards = 0;
        assert_true(shard_parse(str_of(good[i].text), &shard, &shards, &err));
        assert_int_equal(shard, good[i].shard);
        assert_int_equal(shards, good[i].shards);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(err) Err err = {0};
        uint32_t shard = 7, shards = 7;
        assert_false(shard_parse(str_of(bad[i].text), &shard, &shards, &err));
        assert_int_equal(err.kind, ERR_USAGE);
        if (!strstr(err.text, bad[i].words))
            fail_msg("'%s': no %s in: %s", bad[i].text, bad[i].words, err.text);
        assert_true(shard == 7 && shards == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
