/* The digests' published test vectors, every length around the block borders, and both ways of
 * computing SHA-256 against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/text.h"

static void test_vectors(void **state)
{
    (void)state;
    Arena arena = {0};
    Str abc = STR("abc");
    Str long_one = STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    assert_string_equal(md5_hex(&arena, STR("")).at, "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(md5_hex(&arena, abc).at, "900150983cd24fb0d6963f7d28e17f72");
    assert_string_equal(md5_hex(&arena, long_one).at, "8215ef0796a20bcaaae116d3876c664a");
    assert_string_equal(sha1_hex(&arena, STR("")).at, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_string_equal(sha1_hex(&arena, abc).at, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_string_equal(sha1_hex(&arena, long_one).at, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    assert_string_equal(sha256_hex(&arena, STR_NONE).at,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(sha256_hex(&arena, abc).at,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(sha256_hex(&arena, long_one).at,
                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    arena_drop(&arena);
}

/* A million times "a", from FIPS 180. */
static void test_million(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text text = {0};
    text_add_repeat(&text, 'a', 1000000);
    Str data = text_str(&text);
    assert_string_equal(md5_hex(&arena, data).at, "7707d6ae4e027c70eea2a935c2296f21");
    assert_string_equal(sha1_hex(&arena, data).at, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    assert_string_equal(sha256_hex(&arena, data).at,
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    arena_drop(&arena);
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void test_hmac(void **state)
{
    (void)state;
    Arena arena = {0};
    uint8_t out[32];
    char key[131];
    memset(key, 0x0b, 20);
    hmac_sha256((Str){key, 20}, STR("Hi There"), out);
    assert_string_equal(hex_print(&arena, out, 32).at,
                        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
    assert_string_equal(hex_print(&arena, out, 32).at,
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    hmac_sha256((Str){key, sizeof(key)},
                STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_string_equal(hex_print(&arena, out, 32).at,
                        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    arena_drop(&arena);
}

/* A digest over the digests of all lengths 0..199, as hashlib gives it. */
static void test_lengths(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text data = {0}, all = {0};
    for (int i = 0; i < 200; i++) {
        Str now = text_str(&data);
        assert_true(str_eq(sha256_hex(&arena, now), sha256_hex_plain(&arena, now)));
        text_add(&all, md5_hex(&arena, now));
        text_add(&all, sha1_hex(&arena, now));
        text_add(&all, sha256_hex(&arena, now));
        text_add_char(&data, (char)i);
    }
    assert_string_equal(sha256_hex(&arena, text_str(&all)).at,
                        "5b1dc1b9801d685300e895b36dc89c61eb85930cee49e211bb23194ba220616b");
    arena_drop(&arena);
}

/* Same input, same hash; any change of a byte, the length or the seed, another. */
static void test_hash64(void **state)
{
    (void)state;
    char data[64] = {0};
    uint64_t seen[300];
    size_t count = 0;
    for (size_t len = 0; len <= sizeof(data); len++)
        seen[count++] = hash64((Str){data, len}, 1);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = 1;
        seen[count++] = hash64((Str){data, sizeof(data)}, 1);
        assert_true(seen[count - 1] == hash64((Str){data, sizeof(data)}, 1));
        data[i] = 0;
    }
    seen[count++] = hash64((Str){data, sizeof(data)}, 2);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_million),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_hash64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
