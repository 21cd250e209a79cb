/* sigv4.c: AWS Signature Version 4, after AWS's page "Create a signed AWS API request".
 *
 *   canonical request -> its hash in the string to sign -> HMAC by a key made of date, region,
 * service
 */
#include "base/clock.h"
#include "base/hash.h"
#include "net/url.h"

typedef struct Pair {
    Str name, value;
} Pair;
typedef List(Pair) PairList;

/* By name, then by value: few enough for insertion. */
static void pairs_sort(PairList *pairs)
{
    for (uint32_t i = 1; i < pairs->len; i++) {
        Pair pair = pairs->at[i];
        uint32_t at = i;
        for (; at; at--) {
            int order = str_compare(pairs->at[at - 1].name, pair.name);
            if (order < 0 || (order == 0 && str_compare(pairs->at[at - 1].value, pair.value) <= 0))
                break;
            pairs->at[at] = pairs->at[at - 1];
        }
        pairs->at[at] = pair;
    }
}

/* S3 signs a key as it is, encoded once; other services sign the path as it is sent, encoded
 * again. */
static Str canonical_path(Arena *arena, Str path, bool is_s3)
{
    if (!path.len)
        return STR("/");
    if (is_s3)
        return url_encode(arena, url_decode(arena, path), true);
    AUTO(text) Text single = {0}; /* without empty parts */
    Str clean = url_remove_dots(arena, path);
    for (size_t i = 0; i < clean.len; i++)
        if (clean.at[i] != '/' || !single.len || single.at[single.len - 1] != '/')
            text_add_char(&single, clean.at[i]);
    return url_encode(arena, text_str(&single), true);
}

static Str canonical_query(Arena *arena, Str query)
{
    PairList pairs = {0};
    Str part;
    while (query.at && str_next_part(&query, '&', &part)) {
        if (!part.len)
            continue;
        ptrdiff_t equals = str_find_char(part, '=');
        Str name = equals < 0 ? part : str_slice(part, 0, (size_t)equals);
        Str value = equals < 0 ? STR("") : str_slice(part, (size_t)equals + 1, part.len);
        list_add(arena, &pairs, (Pair){url_encode(arena, url_decode(arena, name), false),
                                       url_encode(arena, url_decode(arena, value), false)});
    }
    pairs_sort(&pairs);
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; i < pairs.len; i++)
        text_print(&out, "%s" STR_FMT "=" STR_FMT, i ? "&" : "", STR_ARG(pairs.at[i].name),
                   STR_ARG(pairs.at[i].value));
    return text_copy(arena, &out);
}

/* Trimmed, runs of blanks made one. */
static Str canonical_value(Arena *arena, Str value)
{
    AUTO(text) Text out = {0};
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] != ' ' || value.at[i - 1] != ' ')
            text_add_char(&out, value.at[i]);
    return text_copy(arena, &out);
}

/* Those that proxies or the library may change stay unsigned. */
static bool is_signed(Str name)
{
    static const char *const loose[] = {"accept-encoding", "user-agent",        "connection",
                                        "expect",          "authorization",     "content-length",
                                        "te",              "transfer-encoding", "x-amzn-trace-id"};
    for (size_t i = 0; i < COUNT_OF(loose); i++)
        if (str_is(name, loose[i]))
            return false;
    return true;
}

static bool pairs_have(const PairList *pairs, const char *name)
{
    for (uint32_t i = 0; i < pairs->len; i++)
        if (str_is(pairs->at[i].name, name))
            return true;
    return false;
}

/* Host without the scheme's usual port, as it is sent. */
static Str host_header(Arena *arena, const UrlParts *parts)
{
    bool is_usual = !parts->port.len ||
                    (str_eq_fold(parts->scheme, STR("https")) && str_is(parts->port, "443")) ||
                    (str_eq_fold(parts->scheme, STR("http")) && str_is(parts->port, "80"));
    if (is_usual)
        return str_copy(arena, parts->host);
    return str_print(arena, STR_FMT ":" STR_FMT, STR_ARG(parts->host), STR_ARG(parts->port));
}

/* HMACs over date, region, service and a last word; the key never travels. */
static void signing_key(Arena *arena, const AwsKeys *keys, Str day, uint8_t out[32])
{
    Str first = str_print(arena, "AWS4" STR_FMT, STR_ARG(keys->secret_key));
    hmac_sha256(first, day, out);
    const Str words[] = {keys->region, keys->service, STR("aws4_request")};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        uint8_t key[32];
        memcpy(key, out, sizeof(key));
        hmac_sha256((Str){(const char *)key, sizeof(key)}, words[i], out);
    }
}

/* The headers to sign: what is given and what we add to it (in `added`). */
static void collect(Arena *arena, const AwsKeys *keys, const UrlParts *url, const Header *headers,
                    uint32_t header_count, Str payload_hash, Str stamp, PairList *all,
                    PairList *added)
{
    for (uint32_t i = 0; i < header_count; i++) {
        Str name = str_lower(arena, headers[i].name);
        if (is_signed(name))
            list_add(arena, all, (Pair){name, canonical_value(arena, headers[i].value)});
    }
    if (!pairs_have(all, "host"))
        list_add(arena, added, (Pair){STR("host"), host_header(arena, url)});
    if (!pairs_have(all, "x-amz-date"))
        list_add(arena, added, (Pair){STR("x-amz-date"), stamp});
    bool is_s3 = str_is(keys->service, "s3");
    if (is_s3 && !pairs_have(all, "x-amz-content-sha256"))
        list_add(arena, added, (Pair){STR("x-amz-content-sha256"), payload_hash});
    if (keys->session_token.len && !pairs_have(all, "x-amz-security-token"))
        list_add(arena, added, (Pair){STR("x-amz-security-token"), keys->session_token});
    for (uint32_t i = 0; i < added->len; i++)
        list_add(arena, all, added->at[i]);
    pairs_sort(all);
}

void sigv4_sign(Arena *arena, const AwsKeys *keys, Str method, Str url, const Header *headers,
                uint32_t header_count, Str payload_hash, int64_t now_us, Header **out,
                uint32_t *out_count)
{
    UrlParts parts;
    url_split(url, &parts);
    Civil now = civil_of_us(now_us);
    Str stamp = str_print(arena, "%04d%02u%02uT%02u%02u%02uZ", (int)now.year, now.month, now.day,
                          now.hour, now.minute, now.second);
    Str day = str_slice(stamp, 0, 8);
    PairList all = {0}, added = {0};
    collect(arena, keys, &parts, headers, header_count, payload_hash, stamp, &all, &added);

    AUTO(text) Text request = {0}, names = {0};
    Str path = canonical_path(arena, parts.path, str_is(keys->service, "s3"));
    text_print(&request, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n", STR_ARG(method), STR_ARG(path),
               STR_ARG(canonical_query(arena, parts.query)));
    for (uint32_t i = 0; i < all.len; i++) {
        bool is_same = i && str_eq(all.at[i].name, all.at[i - 1].name);
        if (is_same) /* values of one name stand in one line */
            text_truncate(&request, request.len - 1);
        else
            text_print(&names, "%s" STR_FMT, i ? ";" : "", STR_ARG(all.at[i].name));
        text_print(&request, STR_FMT STR_FMT "\n", STR_ARG(is_same ? STR("") : all.at[i].name),
                   STR_ARG(str_print(arena, "%s" STR_FMT, is_same ? "," : ":",
                                     STR_ARG(all.at[i].value))));
    }
    text_print(&request, "\n" STR_FMT "\n" STR_FMT, STR_ARG(text_str(&names)),
               STR_ARG(payload_hash));

    Str scope = str_print(arena, STR_FMT "/" STR_FMT "/" STR_FMT "/aws4_request", STR_ARG(day),
                          STR_ARG(keys->region), STR_ARG(keys->service));
    Str to_sign = str_print(arena, "AWS4-HMAC-SHA256\n" STR_FMT "\n" STR_FMT "\n" STR_FMT,
                            STR_ARG(stamp), STR_ARG(scope),
                            STR_ARG(sha256_hex(arena, text_str(&request))));
    uint8_t key[32], signature[32];
    signing_key(arena, keys, day, key);
    hmac_sha256((Str){(const char *)key, sizeof(key)}, to_sign, signature);
    Str value = str_print(arena,
                          "AWS4-HMAC-SHA256 Credential=" STR_FMT "/" STR_FMT
                          ", SignedHeaders=" STR_FMT ", Signature=" STR_FMT,
                          STR_ARG(keys->access_key), STR_ARG(scope), STR_ARG(text_str(&names)),
                          STR_ARG(hex_print(arena, signature, sizeof(signature))));
    list_add(arena, &added, (Pair){STR("authorization"), value});
    Header *list = NEW_N(arena, Header, added.len);
    for (uint32_t i = 0; i < added.len; i++)
        list[i] = (Header){added.at[i].name, added.at[i].value};
    *out = list;
    *out_count = added.len;
}
