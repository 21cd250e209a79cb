/* recode.c: bytes of other encodings to UTF-8, piece by piece, by libc's iconv. */
#include <errno.h>
#include <iconv.h>

#include "format/format.h"

#define CARRY_BYTES 16 /* longer than any character's sequence */
#define CHUNK_BYTES 8192

struct Recoder {
    iconv_t handle;
    Str encoding;
    uint64_t offset;         /* of the next byte in the whole                                 */
    char carry[CARRY_BYTES]; /* the beginning of a character that was cut                     */
    size_t carried;
    bool has_begun; /* a byte order mark cannot come any more                              */
};

/* Names that people write and what libc calls them; others are passed as they are. */
static const char *libc_name(Arena *arena, Str encoding)
{
    static const struct {
        const char *name, *libc;
    } known[] = {
        {"latin-1", "ISO-8859-1"}, {"latin1", "ISO-8859-1"}, {"iso8859-1", "ISO-8859-1"},
        {"cp949", "UHC"},          {"uhc", "UHC"},           {"ms949", "UHC"},
        {"ks_c_5601-1987", "UHC"}, {"euckr", "EUC-KR"},      {"utf8", "UTF-8"},
        {"utf16", "UTF-16"},       {"sjis", "SHIFT_JIS"},    {"windows-1252", "CP1252"},
        {"ascii", "US-ASCII"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_eq_fold(encoding, str_of(known[i].name)))
            return known[i].libc;
    return str_c(arena, str_upper(arena, encoding));
}

static void recoder_drop(void *what)
{
    iconv_close(((Recoder *)what)->handle);
}

MUST bool recoder_make(Arena *arena, Str encoding, Recoder **out, Err *err)
{
    iconv_t handle = iconv_open("UTF-8", libc_name(arena, encoding));
    if (handle == (iconv_t)-1) {
        static const Str usual[] = {STR_INIT("utf-8"),     STR_INIT("utf-16"),  STR_INIT("latin-1"),
                                    STR_INIT("cp949"),     STR_INIT("euc-kr"),  STR_INIT("cp1252"),
                                    STR_INIT("shift_jis"), STR_INIT("gb18030"), STR_INIT("big5")};
        Str nearest = str_nearest(encoding, usual, COUNT_OF(usual));
        err_set(err, ERR_PARSING, NOWHERE, "the encoding '" STR_FMT "' is not known",
                STR_ARG(encoding));
        return nearest.at ? err_add(err, ": did you mean '" STR_FMT "'?", STR_ARG(nearest)) : false;
    }
    Recoder *recoder = NEW(arena, Recoder);
    recoder->handle = handle;
    recoder->encoding = str_copy(arena, encoding);
    arena_on_drop(arena, recoder_drop, recoder);
    *out = recoder;
    return true;
}

static bool fail_at(const Recoder *recoder, Err *err, const char *what)
{
    return err_set(err, ERR_PARSING, NOWHERE, "byte %llu %s " STR_FMT,
                   (unsigned long long)recoder->offset, what, STR_ARG(recoder->encoding));
}

/* Takes what iconv has put behind the text, without the byte order mark of the beginning. */
static void take_made(Recoder *recoder, Text *out, size_t made)
{
    Str text = {out->at + out->len, made};
    if (made && !recoder->has_begun && str_starts(text, STR("\xef\xbb\xbf"))) {
        made -= 3;
        memmove(out->at + out->len, text.at + 3, made);
    }
    recoder->has_begun |= text.len > 0;
    out->len += made;
    out->at[out->len] = '\0';
}

/* Converts what it can of *from; what is cut stays there. */
static bool convert(Recoder *recoder, Str *from, Text *out, Err *err)
{
    while (from->len) {
        text_reserve(out, CHUNK_BYTES);
        char *in = (char *)(uintptr_t)from->at, *to = out->at + out->len;
        size_t in_left = from->len, out_left = CHUNK_BYTES;
        size_t done = iconv(recoder->handle, &in, &in_left, &to, &out_left);
        int why = errno;
        take_made(recoder, out, CHUNK_BYTES - out_left);
        recoder->offset += from->len - in_left;
        *from = (Str){in, in_left};
        if (done != (size_t)-1 || why == E2BIG)
            continue;
        return why == EINVAL || fail_at(recoder, err, "is no valid");
    }
    return true;
}

MUST bool recoder_feed(Recoder *recoder, Str piece, Text *out, Err *err)
{
    while (recoder->carried && piece.len) {
        recoder->carry[recoder->carried++] = piece.at[0];
        piece = str_slice(piece, 1, piece.len);
        Str begun = {recoder->carry, recoder->carried};
        TRY(convert(recoder, &begun, out, err));
        memmove(recoder->carry, begun.at, begun.len);
        recoder->carried = begun.len;
        if (begun.len == CARRY_BYTES)
            return fail_at(recoder, err, "is no valid");
    }
    TRY(convert(recoder, &piece, out, err));
    if (recoder->carried + piece.len > CARRY_BYTES)
        return fail_at(recoder, err, "is no valid");
    memcpy(recoder->carry + recoder->carried, piece.at, piece.len);
    recoder->carried += piece.len;
    return true;
}

MUST bool recoder_end(Recoder *recoder, Err *err)
{
    return !recoder->carried || fail_at(recoder, err, "begins a character that is cut, in");
}
