/* Tokens, statements, quoting, fingerprints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "sql/sql.h"

/* One letter a kind, then the tokens between bars: spaces left out. */
static Str spell(Arena *arena, Str sql)
{
    Text out = {0};
    size_t at = 0;
    SqlToken token;
    while ((token = sql_next(sql, &at)).kind != SQL_END) {
        if (token.kind == SQL_SPACE)
            continue;
        text_add_char(&out, "__cwnsdo"[token.kind]);
        text_add(&out, token.text);
        text_add_char(&out, '|');
    }
    return text_give(arena, &out);
}

static void test_tokens(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"select a.b, 1.5e-3", "wselect|wa|o.|wb|o,|d1.5e-3|"},
        {"'it''s' e'a\\'b' E'x' $$a;'$$ $t$ $$ $t$",
         "s'it''s'|se'a\\'b'|sE'x'|s$$a;'$$|s$t$ $$ $t$|"},
        {"\"a\"\"b\" `c;d`", "n\"a\"\"b\"|n`c;d`|"},
        {"-- x\n/* a /* b */ c */ 1", "c-- x|c/* a /* b */ c */|d1|"},
        {"a::int b:=1 x=-1 y<>2 j->>'k' l[1:-1] n--c",
         "wa|o::|wint|wb|o:=|d1|wx|o=|o-|d1|wy|o<>|d2|wj|o->>|s'k'|wl|o[|d1|o:|o-|d1|o]|wn|c--c|"},
        {"1_000 0xFF .5 1..2 $1 na\xc3\xafve\xc2\xa0x",
         "d1_000|d0xFF|d.5|d1|o.|d.2|w$1|wna\xc3\xafve|wx|"},
        {"'open", "s'open|"},
        {"/* open", "c/* open|"},
        {"E'\\", "sE'\\|"},
        {"$a$ open", "s$a$ open|"},
        {"a/*x*/b a*/*y*/b", "wa|c/*x*/|wb|wa|o*|c/*y*/|wb|"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(str_c(&arena, spell(&arena, str_of(cases[i][0]))), cases[i][1]);
    arena_drop(&arena);
}

static void test_statements(void **state)
{
    (void)state;
    Str sql = STR(" select ';' ; -- only\n;; begin; x $$;$$ /* ; */");
    const char *const expected[] = {" select ';' ", " begin", " x $$;$$"};
    size_t at = 0;
    Str statement;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_true(sql_next_statement(sql, &at, &statement));
        assert_true(str_starts(statement, str_of(expected[i])));
    }
    assert_false(sql_next_statement(sql, &at, &statement));
    assert_true(str_is(sql_first(STR(" -- x\n ;( select 1)")).text, "select"));
    assert_true(sql_is_blank(STR(" ; -- a\n /* b */ ;")));
    assert_true(sql_is_blank(STR_NONE));
    assert_false(sql_is_blank(STR("-- a\n 1")));
}

static void test_quotes(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_string_equal(sql_quote_name(&arena, STR("a\"b")).at, "\"a\"\"b\"");
    assert_string_equal(sql_quote_text(&arena, STR("it's")).at, "'it''s'");
    assert_string_equal(sql_quote_text(&arena, STR_NONE).at, "''");
    arena_drop(&arena);
}

static void test_fingerprint(void **state)
{
    (void)state;
    uint64_t a = sql_fingerprint(STR("SELECT a,b -- x\nFROM \"T\" where c='X'"));
    assert_true(a == sql_fingerprint(STR("select a , b\n from \"T\"/**/ WHERE C = 'X'")));
    assert_true(a != sql_fingerprint(STR("select a , b from \"t\" where c='X'")));
    assert_true(a != sql_fingerprint(STR("select a , b from \"T\" where c='x'")));
    assert_true(sql_fingerprint(STR("a b")) != sql_fingerprint(STR("ab")));
    assert_true(sql_fingerprint(STR("a<=b")) != sql_fingerprint(STR("a< =b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
