/* Answers of S3 as they come from several servers. */
#include "store/s3_xml.h"

#include "store/store_test_help.h"

static void test_page(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    S3Page page;
    Str xml = STR("<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3/doc/\">"
                  "<Name>b</Name><Prefix/><EncodingType>url</EncodingType>"
                  "<IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>a&amp;b==</NextContinuationToken>"
                  "<Contents><Key>x+y%2Bz%25.csv</Key><LastModified>2026-01-02T03:04:05.678Z"
                  "</LastModified><ETag>&quot;abc-2&quot;</ETag><Size>12</Size>"
                  "<Owner><ID>1</ID></Owner></Contents><Contents><Size>0</Size><Key>e</Key>"
                  "</Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
                  "</ListBucketResult>");
    MUST_WORK(s3_page_parse(&arena, xml, &page, &err));
    assert_true(page.is_truncated);
    assert_string_equal(page.next.at, "a&b==");
    assert_int_equal(page.entries.len, 2);
    assert_string_equal(page.entries.at[0].name.at, "x y+z%.csv");
    assert_true(str_is(page.entries.at[0].etag, "abc-2"));
    assert_int_equal(page.entries.at[0].size_bytes, 12);
    assert_true(page.entries.at[0].modified_at_us == INT64_C(1767323045678000));
    assert_string_equal(page.entries.at[1].name.at, "e");
    /* not encoded: as it stands, entities decoded */
    xml = STR("<ns:ListBucketResult><ns:Contents a='1'>"
              "<ns:Key>a+b%20&lt;&#xe9;&#10;&nope;&</ns:Key><ns:Size>1</ns:Size></ns:Contents>"
              "<EncodingType></EncodingType>"
              "</ns:ListBucketResult>");
    MUST_WORK(s3_page_parse(&arena, xml, &page, &err));
    assert_string_equal(page.entries.at[0].name.at, "a+b%20<\xc3\xa9\n&nope;&");
    assert_false(page.is_truncated);
}

static void test_wrong(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    S3Page page;
    MUST_FAIL(s3_page_parse(&arena, STR("<html>hello</html>"), &page, &err), ERR_RUNTIME,
              "is that an S3 server?");
    MUST_FAIL(s3_page_parse(&arena, STR("<ListBucketResult><Contents><Key>a"), &page, &err),
              ERR_RUNTIME, "is that an S3 server?");
    MUST_FAIL(s3_page_parse(&arena, STR("<ListBucketResult><IsTruncated>true</IsTruncated>"
                                        "</ListBucketResult>"), &page, &err),
              ERR_RUNTIME, "does not say where");
    MUST_FAIL(s3_page_parse(&arena, STR("<ListBucketResult><Contents><Key>k</Key><Size>x</Size>"
                                        "</Contents></ListBucketResult>"), &page, &err),
              ERR_RUNTIME, "no size of \"k\"");
}

static void test_times(void **state)
{
    (void)state;
    assert_true(when_iso(STR("1970-01-01T00:00:01Z")) == 1000000);
    assert_true(when_iso(STR("2026-13-01T00:00:01Z")) == 0);
    assert_true(when_iso(STR("")) == 0);
    assert_true(when_http(STR("Wed, 21 Oct 2015 07:28:00 GMT")) == INT64_C(1445412480000000));
    assert_true(when_http(STR("yesterday")) == 0);
    assert_true(when_http(STR("Wed, 21 Foo 2015 07:28:00 GMT")) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
