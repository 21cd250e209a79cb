/* method_text.c: the methods of str that search, change and classify; splitting and joining stand
 * in method_split.c. Positions count code points. */
#include "jinja/method_text.h"

bool text_argument(Value v, const char *what, Str *out, Err *err)
{
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (v.kind != VALUE_TEXT)
        return FAIL(err, "%s must be str, not %s", what, value_type_name(v));
    *out = value_str(v);
    return true;
}

/* ---- cases and classes ---- */

#define CASE_METHOD(name, turn)                                                         \
    static bool text_method_##name(Call *call, Value self, Value *out, Err *err)        \
    {                                                                                   \
        TRY(check_counts(call, "str." #name, 0, 0, err));                               \
        *out = value_text(turn(call->arena, value_str(self)));                          \
        return true;                                                                    \
    }

CASE_METHOD(lower, text_lower)
CASE_METHOD(upper, text_upper)
CASE_METHOD(title, text_title)
CASE_METHOD(capitalize, text_capitalize)
CASE_METHOD(swapcase, text_swapcase)
CASE_METHOD(casefold, text_casefold)

static bool is_letter_or_number(uint32_t c)
{
    return code_is_letter(c) || code_is_numeric(c);
}

/* True of every code point, and there is one. */
static bool holds_for_all(Str s, bool (*claim)(uint32_t c))
{
    for (size_t at = 0; at < s.len;)
        if (!claim(utf8_next(s, &at)))
            return false;
    return s.len > 0;
}

#define CLASS_METHOD(name, claim)                                                       \
    static bool text_method_##name(Call *call, Value self, Value *out, Err *err)        \
    {                                                                                   \
        TRY(check_counts(call, "str." #name, 0, 0, err));                               \
        *out = value_bool(claim(value_str(self)));                                      \
        return true;                                                                    \
    }
#define CLAIM(name, code_claim)                    \
    static bool claim_##name(Str s)                \
    {                                              \
        return holds_for_all(s, code_claim);       \
    }                                              \
    CLASS_METHOD(name, claim_##name)

CLAIM(isalpha, code_is_letter)
CLAIM(isdecimal, code_is_decimal)
CLAIM(isdigit, code_is_digit)
CLAIM(isnumeric, code_is_numeric)
CLAIM(isspace, code_is_space)
CLAIM(isalnum, is_letter_or_number)

static bool claim_isprintable(Str s)
{
    return s.len == 0 || holds_for_all(s, code_is_printable);
}

static bool claim_isidentifier(Str s)
{
    return s.len && !code_is_numeric((unsigned char)s.at[0]) && holds_for_all(s, code_is_word);
}

bool text_is_lower(Str s)
{
    bool has_cased = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (code_is_upper(c) || code_is_title(c))
            return false;
        has_cased = has_cased || code_is_lower(c);
    }
    return has_cased;
}

bool text_is_upper(Str s)
{
    bool has_cased = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (code_is_lower(c) || code_is_title(c))
            return false;
        has_cased = has_cased || code_is_upper(c);
    }
    return has_cased;
}

static bool claim_istitle(Str s)
{
    bool has_cased = false, is_inside = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        bool is_big = code_is_upper(c) || code_is_title(c), is_small = code_is_lower(c);
        if ((is_big && is_inside) || (is_small && !is_inside))
            return false;
        is_inside = is_big || is_small;
        has_cased = has_cased || is_inside;
    }
    return has_cased;
}

CLASS_METHOD(isprintable, claim_isprintable)
CLASS_METHOD(isidentifier, claim_isidentifier)
CLASS_METHOD(islower, text_is_lower)
CLASS_METHOD(isupper, text_is_upper)
CLASS_METHOD(istitle, claim_istitle)
CLASS_METHOD(isascii, str_is_ascii)

/* ---- searching ---- */

/* The part of self between the optional arguments 1 and 2; false when start lies behind the end. */
static bool search_window(Call *call, Str s, size_t *from, size_t *to, bool *is_there, Err *err)
{
    int64_t start = 0, end = INT64_MAX, length;
    TRY(operate_length(value_text(s), &length, err));
    if (call->arg_count > 1 && call->args[1].kind != VALUE_NONE)
        TRY(index_of(call->args[1], &start, err));
    if (call->arg_count > 2 && call->args[2].kind != VALUE_NONE)
        TRY(index_of(call->args[2], &end, err));
    start = start < 0 ? (start + length < 0 ? 0 : start + length) : start;
    end = end < 0 ? (end + length < 0 ? 0 : end + length) : end > length ? length : end;
    *is_there = start <= length && start <= end;
    *from = text_offset(s, start > length ? length : start);
    *to = text_offset(s, end);
    return true;
}

/* Code points before a byte offset. */
static int64_t point_index(Str s, size_t offset)
{
    return (int64_t)utf8_length(str_slice(s, 0, offset));
}

static bool find_in(Call *call, Value self, const char *name, bool is_last, int64_t *out, Err *err)
{
    TRY(check_counts(call, name, 1, 3, err));
    Str needle, s = value_str(self);
    TRY(text_argument(call->args[0], name, &needle, err));
    size_t from, to;
    bool is_there;
    TRY(search_window(call, s, &from, &to, &is_there, err));
    *out = -1;
    if (!is_there)
        return true;
    Str window = str_slice(s, from, to);
    ptrdiff_t found = is_last ? str_find_last(window, needle) : str_find(window, needle);
    if (found >= 0)
        *out = point_index(s, from + (size_t)found);
    return true;
}

#define FIND_METHOD(name, is_last, must_exist)                                          \
    static bool text_method_##name(Call *call, Value self, Value *out, Err *err)        \
    {                                                                                   \
        int64_t at;                                                                     \
        TRY(find_in(call, self, #name "() argument 1", is_last, &at, err));             \
        if (must_exist && at < 0)                                                       \
            return FAIL(err, "substring not found");                                    \
        *out = value_int(at);                                                           \
        return true;                                                                    \
    }

FIND_METHOD(find, false, false)
FIND_METHOD(rfind, true, false)
FIND_METHOD(index, false, true)
FIND_METHOD(rindex, true, true)

static bool text_method_count(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "count", 1, 3, err));
    Str needle, s = value_str(self);
    TRY(text_argument(call->args[0], "count() argument 1", &needle, err));
    size_t from, to;
    bool is_there;
    TRY(search_window(call, s, &from, &to, &is_there, err));
    int64_t count = 0;
    Str rest = str_slice(s, from, to);
    if (is_there && !needle.len) {
        count = (int64_t)utf8_length(rest) + 1;
    } else if (is_there) {
        for (ptrdiff_t found; (found = str_find(rest, needle)) >= 0; count++)
            rest = str_slice(rest, (size_t)found + needle.len, rest.len);
    }
    *out = value_int(count);
    return true;
}

static bool has_affix(Call *call, Value self, bool is_end, Value *out, Err *err)
{
    const char *name = is_end ? "endswith" : "startswith";
    TRY(check_counts(call, name, 1, 3, err));
    Value affix = call->args[0];
    if (affix.kind == VALUE_UNDEFINED)
        return undefined_fail(affix, err);
    if (affix.kind != VALUE_TEXT && affix.kind != VALUE_TUPLE)
        return FAIL(err, "%s first arg must be str or a tuple of str, not %s", name,
                    value_type_name(affix));
    size_t from, to;
    bool is_there, has = false;
    TRY(search_window(call, value_str(self), &from, &to, &is_there, err));
    Str window = str_slice(value_str(self), from, to);
    const Value *choices = affix.kind == VALUE_TUPLE ? affix.list->at : &affix;
    uint32_t count = affix.kind == VALUE_TUPLE ? affix.list->len : 1;
    for (uint32_t i = 0; i < count && is_there && !has; i++) {
        if (choices[i].kind != VALUE_TEXT)
            return FAIL(err, "tuple for %s must only contain str, not %s", name,
                        value_type_name(choices[i]));
        has = is_end ? str_ends(window, value_str(choices[i]))
                     : str_starts(window, value_str(choices[i]));
    }
    *out = value_bool(has);
    return true;
}

static bool text_method_startswith(Call *call, Value self, Value *out, Err *err)
{
    return has_affix(call, self, false, out, err);
}

static bool text_method_endswith(Call *call, Value self, Value *out, Err *err)
{
    return has_affix(call, self, true, out, err);
}

/* ---- changing ---- */

Value text_replace(Arena *arena, Str s, Str from, Str to, int64_t count)
{
    if (count < 0 && from.len)
        return value_text(str_replace(arena, s, from, to));
    AUTO(text) Text out = {0};
    size_t at = 0;
    int64_t left = count < 0 ? INT64_MAX : count;
    if (!from.len) { /* before every code point and at the end */
        for (; at < s.len && left > 0; left--) {
            size_t start = at;
            utf8_next(s, &at);
            text_add(&out, to);
            text_add(&out, str_slice(s, start, at));
        }
        text_add(&out, str_slice(s, at, s.len));
        if (left > 0)
            text_add(&out, to);
        return text_value(arena, &out);
    }
    for (; left > 0; left--) {
        ptrdiff_t found = str_find(str_slice(s, at, s.len), from);
        if (found < 0)
            break;
        text_add(&out, str_slice(s, at, at + (size_t)found));
        text_add(&out, to);
        at += (size_t)found + from.len;
    }
    text_add(&out, str_slice(s, at, s.len));
    return text_value(arena, &out);
}

static bool text_method_replace(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "replace", 2, 3, err));
    Str from, to;
    int64_t count = -1;
    TRY(text_argument(call->args[0], "replace() argument 1", &from, err));
    TRY(text_argument(call->args[1], "replace() argument 2", &to, err));
    if (call->arg_count > 2)
        TRY(index_of(call->args[2], &count, err));
    *out = text_replace(call->arena, value_str(self), from, to, count);
    return true;
}

static bool is_in_set(Str set, uint32_t c)
{
    for (size_t at = 0; at < set.len;)
        if (utf8_next(set, &at) == c)
            return true;
    return false;
}

Str text_strip_set(Str s, const Str *set, bool from_left, bool from_right)
{
    while (from_left && s.len) {
        size_t at = 0;
        uint32_t c = utf8_next(s, &at);
        if (!(set ? is_in_set(*set, c) : code_is_space(c)))
            break;
        s = str_slice(s, at, s.len);
    }
    while (from_right && s.len) {
        size_t start = s.len - 1, at;
        while (start && (s.at[start] & 0xc0) == 0x80)
            start--;
        at = start;
        uint32_t c = utf8_next(s, &at);
        if (!(set ? is_in_set(*set, c) : code_is_space(c)))
            break;
        s.len = start;
    }
    return s;
}

static bool strip(Call *call, Value self, const char *name, bool left, bool right, Value *out,
                  Err *err)
{
    TRY(check_counts(call, name, 0, 1, err));
    Str set;
    bool has_set = call->arg_count && call->args[0].kind != VALUE_NONE;
    if (has_set && call->args[0].kind != VALUE_TEXT) {
        if (call->args[0].kind == VALUE_UNDEFINED)
            return undefined_fail(call->args[0], err);
        return FAIL(err, "%s arg must be None or str", name);
    }
    if (has_set)
        set = value_str(call->args[0]);
    *out = value_text(text_strip_set(value_str(self), has_set ? &set : NULL, left, right));
    return true;
}

static bool text_method_strip(Call *call, Value self, Value *out, Err *err)
{
    return strip(call, self, "strip", true, true, out, err);
}

static bool text_method_lstrip(Call *call, Value self, Value *out, Err *err)
{
    return strip(call, self, "lstrip", true, false, out, err);
}

static bool text_method_rstrip(Call *call, Value self, Value *out, Err *err)
{
    return strip(call, self, "rstrip", false, true, out, err);
}

static bool text_method_removeprefix(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "str.removeprefix", 1, 1, err));
    Str prefix, s = value_str(self);
    TRY(text_argument(call->args[0], "removeprefix() argument", &prefix, err));
    *out = str_starts(s, prefix) ? value_text(str_slice(s, prefix.len, s.len)) : self;
    return true;
}

static bool text_method_removesuffix(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "str.removesuffix", 1, 1, err));
    Str suffix, s = value_str(self);
    TRY(text_argument(call->args[0], "removesuffix() argument", &suffix, err));
    *out = str_ends(s, suffix) ? value_text(str_slice(s, 0, s.len - suffix.len)) : self;
    return true;
}

static bool text_method_expandtabs(Call *call, Value self, Value *out, Err *err)
{
    static const char *const names[] = {"tabsize"};
    Value slot = value_int(8);
    TRY(call_bind(call, "expandtabs", names, 1, 0, &slot, err));
    int64_t size, column = 0;
    TRY(index_of(slot, &size, err));
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    Str s = value_str(self);
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (c == '\t') {
            int64_t pad = size > 0 ? size - column % size : 0;
            text_add_repeat(&text, ' ', (size_t)pad);
            column += pad;
        } else {
            text_add_code_point(&text, c);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
        }
    }
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- padding ---- */

Value text_pad(Arena *arena, Str s, int64_t left, int64_t right, uint32_t fill)
{
    AUTO(text) Text out = {0};
    for (int64_t i = 0; i < left; i++)
        text_add_code_point(&out, fill);
    text_add(&out, s);
    for (int64_t i = 0; i < right; i++)
        text_add_code_point(&out, fill);
    return text_value(arena, &out);
}

/* Width and fill character of ljust, rjust, center; *missing is how much there is to fill. */
static bool padding(Call *call, Value self, const char *name, int64_t *width, int64_t *missing,
                    uint32_t *fill, Err *err)
{
    TRY(check_counts(call, name, 1, 2, err));
    int64_t length, fill_length = 1;
    TRY(index_of(call->args[0], width, err));
    TRY(operate_length(self, &length, err));
    *fill = ' ';
    if (call->arg_count > 1) {
        Str with;
        TRY(text_argument(call->args[1], "The fill character", &with, err));
        TRY(operate_length(call->args[1], &fill_length, err));
        if (fill_length != 1)
            return FAIL(err, "The fill character must be exactly one character long");
        size_t at = 0;
        *fill = utf8_next(with, &at);
    }
    if (*width > LARGEST_TEXT_BYTES / 4)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "a width of %lld is too large",
                       (long long)*width);
    *missing = *width > length ? *width - length : 0;
    return true;
}

static bool text_method_ljust(Call *call, Value self, Value *out, Err *err)
{
    int64_t width, missing;
    uint32_t fill;
    TRY(padding(call, self, "ljust", &width, &missing, &fill, err));
    *out = text_pad(call->arena, value_str(self), 0, missing, fill);
    return true;
}

static bool text_method_rjust(Call *call, Value self, Value *out, Err *err)
{
    int64_t width, missing;
    uint32_t fill;
    TRY(padding(call, self, "rjust", &width, &missing, &fill, err));
    *out = text_pad(call->arena, value_str(self), missing, 0, fill);
    return true;
}

static bool text_method_center(Call *call, Value self, Value *out, Err *err)
{
    int64_t width, missing;
    uint32_t fill;
    TRY(padding(call, self, "center", &width, &missing, &fill, err));
    int64_t left = missing / 2 + (missing & width & 1);
    *out = text_pad(call->arena, value_str(self), left, missing - left, fill);
    return true;
}

static bool text_method_zfill(Call *call, Value self, Value *out, Err *err)
{
    int64_t width, missing;
    uint32_t fill;
    TRY(check_counts(call, "str.zfill", 1, 1, err));
    TRY(padding(call, self, "zfill", &width, &missing, &fill, err));
    Str s = value_str(self);
    bool has_sign = missing && s.len && (s.at[0] == '-' || s.at[0] == '+');
    AUTO(text) Text text = {0};
    if (has_sign)
        text_add_char(&text, s.at[0]);
    text_add_repeat(&text, '0', (size_t)missing);
    text_add(&text, str_slice(s, has_sign, s.len));
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- translating, formatting ---- */

static bool text_method_maketrans(Call *call, Value self, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "maketrans", 1, 3, err));
    Dict *table = dict_make(call->arena, 8);
    *out = value_of_dict(table);
    if (call->arg_count == 1) {
        if (call->args[0].kind != VALUE_DICT)
            return FAIL(err, "if you give only one argument to maketrans it must be a dict");
        Value key, value;
        for (uint32_t at = 0; dict_next(call->args[0].dict, &at, &key, &value);) {
            size_t end = 0;
            if (key.kind == VALUE_TEXT && key.len)
                key = value_int(utf8_next(value_str(key), &end));
            dict_put_keyed(table, key, value);
        }
        return true;
    }
    Str from, to, gone = STR_NONE;
    TRY(text_argument(call->args[0], "maketrans() argument 1", &from, err));
    TRY(text_argument(call->args[1], "maketrans() argument 2", &to, err));
    if (call->arg_count > 2)
        TRY(text_argument(call->args[2], "maketrans() argument 3", &gone, err));
    if (utf8_length(from) != utf8_length(to))
        return FAIL(err, "the first two maketrans arguments must have equal length");
    for (size_t at = 0, to_at = 0; at < from.len;) {
        uint32_t c = utf8_next(from, &at);
        dict_put_keyed(table, value_int(c), value_int(utf8_next(to, &to_at)));
    }
    for (size_t at = 0; at < gone.len;)
        dict_put_keyed(table, value_int(utf8_next(gone, &at)), NONE);
    return true;
}

static bool text_method_translate(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "str.translate", 1, 1, err));
    if (call->args[0].kind != VALUE_DICT)
        return FAIL(err, "'%s' object is not subscriptable", value_type_name(call->args[0]));
    AUTO(text) Text text = {0};
    Str s = value_str(self);
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        const Value *to = dict_find_value(call->args[0].dict, value_int(c));
        if (!to)
            text_add_code_point(&text, c);
        else if (is_whole(*to))
            text_add_code_point(&text, (uint32_t)whole_of(*to) & 0x1fffff);
        else if (to->kind == VALUE_TEXT)
            text_add(&text, value_str(*to));
        else if (to->kind != VALUE_NONE)
            return FAIL(err, "character mapping must return integer, None or str");
    }
    *out = text_value(call->arena, &text);
    return true;
}

static bool text_method_format(Call *call, Value self, Value *out, Err *err)
{
    return format_braces(call, value_str(self), out, err);
}

static bool text_method_format_map(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "str.format_map", 1, 1, err));
    if (call->args[0].kind != VALUE_DICT)
        return FAIL(err, "format_map() argument must be a dict, not %s",
                    value_type_name(call->args[0]));
    const Dict *dict = call->args[0].dict;
    Str *names = NEW_N(call->arena, Str, dict->len + 1);
    Value *named = NEW_N(call->arena, Value, dict->len + 1), key, value;
    uint32_t count = 0;
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value);)
        if (key.kind == VALUE_TEXT) {
            names[count] = value_str(key);
            named[count++] = value;
        }
    Call inner = {.arena = call->arena, .interp = call->interp, .names = names, .named = named,
                  .named_count = count, .place = call->place};
    return format_braces(&inner, value_str(self), out, err);
}

static bool text_method_encode(Call *call, Value self, Value *out, Err *err)
{
    (void)call, (void)self, (void)out;
    return FAIL(err, "str.encode() gives bytes, which templates of weir do not have");
}

/* Sorted by name. */
const ValueMethod text_methods[] = {
    {"capitalize", text_method_capitalize},
    {"casefold", text_method_casefold},
    {"center", text_method_center},
    {"count", text_method_count},
    {"encode", text_method_encode},
    {"endswith", text_method_endswith},
    {"expandtabs", text_method_expandtabs},
    {"find", text_method_find},
    {"format", text_method_format},
    {"format_map", text_method_format_map},
    {"index", text_method_index},
    {"isalnum", text_method_isalnum},
    {"isalpha", text_method_isalpha},
    {"isascii", text_method_isascii},
    {"isdecimal", text_method_isdecimal},
    {"isdigit", text_method_isdigit},
    {"isidentifier", text_method_isidentifier},
    {"islower", text_method_islower},
    {"isnumeric", text_method_isnumeric},
    {"isprintable", text_method_isprintable},
    {"isspace", text_method_isspace},
    {"istitle", text_method_istitle},
    {"isupper", text_method_isupper},
    {"join", text_method_join},
    {"ljust", text_method_ljust},
    {"lower", text_method_lower},
    {"lstrip", text_method_lstrip},
    {"maketrans", text_method_maketrans},
    {"partition", text_method_partition},
    {"removeprefix", text_method_removeprefix},
    {"removesuffix", text_method_removesuffix},
    {"replace", text_method_replace},
    {"rfind", text_method_rfind},
    {"rindex", text_method_rindex},
    {"rjust", text_method_rjust},
    {"rpartition", text_method_rpartition},
    {"rsplit", text_method_rsplit},
    {"rstrip", text_method_rstrip},
    {"split", text_method_split},
    {"splitlines", text_method_splitlines},
    {"startswith", text_method_startswith},
    {"strip", text_method_strip},
    {"swapcase", text_method_swapcase},
    {"title", text_method_title},
    {"translate", text_method_translate},
    {"upper", text_method_upper},
    {"zfill", text_method_zfill},
};
const uint32_t text_method_total = COUNT_OF(text_methods);
