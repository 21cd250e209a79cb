/* filter_text.c: filters from text to text. */
#include "jinja/filter.h"
#include "jinja/method_text.h"

bool check_defined(Call *call, Value v, Err *err)
{
    return v.kind != VALUE_UNDEFINED || !call->interp ||
           interp_undefined_mode(call->interp) != UNDEFINED_STRICT || undefined_fail(v, err);
}

Str input_text(Call *call, Value input)
{
    return value_str(value_to_text(call->arena, input));
}

bool filter_string(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "string", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = value_to_text(call->arena, input);
    return true;
}

bool filter_as_text(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "as_text", 0, 0, err));
    *out = input;
    return true;
}

bool filter_as_same(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "as_native", 0, 0, err));
    *out = input;
    return true;
}

bool filter_lower(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "lower", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = value_text(text_lower(call->arena, input_text(call, input)));
    return true;
}

bool filter_upper(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "upper", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = value_text(text_upper(call->arena, input_text(call, input)));
    return true;
}

bool filter_capitalize(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "capitalize", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = value_text(text_capitalize(call->arena, input_text(call, input)));
    return true;
}

/* Words begin behind blanks, hyphens and opening brackets; the rest of a word is lower case. */
bool filter_title(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "title", 0, 0, err));
    TRY(check_defined(call, input, err));
    Str s = input_text(call, input);
    AUTO(text) Text text = {0};
    for (size_t at = 0; at < s.len;) {
        size_t start = at, end = at;
        bool is_between = false;
        while (at < s.len) {
            end = at;
            uint32_t c = utf8_next(s, &at);
            is_between = code_is_space(c) || (c < 0x80 && strchr("-({[<", (int)c) && c);
            if (is_between)
                break;
            end = at;
        }
        Str word = str_slice(s, start, end);
        if (word.len) {
            size_t first = 0;
            utf8_next(word, &first);
            text_add(&text, text_upper(call->arena, str_slice(word, 0, first)));
            text_add(&text, text_lower(call->arena, str_slice(word, first, word.len)));
        }
        if (is_between)
            text_add(&text, str_slice(s, end, at));
    }
    *out = text_value(call->arena, &text);
    return true;
}

bool filter_trim(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"chars"};
    Value chars = NONE;
    TRY(call_bind(call, "trim", names, 1, 0, &chars, err));
    TRY(check_defined(call, input, err));
    Str s = input_text(call, input);
    if (chars.kind == VALUE_NONE) {
        *out = value_text(text_strip(s));
        return true;
    }
    if (chars.kind == VALUE_UNDEFINED)
        return undefined_fail(chars, err);
    if (chars.kind != VALUE_TEXT)
        return FAIL(err, "strip arg must be None or str");
    Str set = value_str(chars);
    *out = value_text(text_strip_set(s, &set, true, true));
    return true;
}

bool filter_replace(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"old", "new", "count"};
    Value slots[] = {UNDEFINED, UNDEFINED, NONE};
    TRY(call_bind(call, "replace", names, 3, 2, slots, err));
    TRY(check_defined(call, input, err));
    TRY(check_defined(call, slots[0], err));
    TRY(check_defined(call, slots[1], err));
    int64_t count = -1;
    if (slots[2].kind != VALUE_NONE)
        TRY(index_of(slots[2], &count, err));
    *out = text_replace(call->arena, input_text(call, input), input_text(call, slots[0]),
                        input_text(call, slots[1]), count);
    return true;
}

bool filter_center(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"width"};
    Value width = value_int(80);
    TRY(call_bind(call, "center", names, 1, 0, &width, err));
    Call inner = *call;
    inner.args = &width;
    inner.arg_count = 1;
    inner.named_count = 0;
    Value text = value_to_text(call->arena, input);
    return value_method_find(text, STR("center"))(&inner, text, out, err);
}

bool filter_indent(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"width", "first", "blank"};
    Value slots[] = {value_int(4), value_bool(false), value_bool(false)}, with;
    TRY(call_bind(call, "indent", names, 3, 0, slots, err));
    if (slots[0].kind == VALUE_TEXT)
        with = slots[0];
    else
        TRY(operate(call->arena, OP_MULTIPLY, value_lit(" "), slots[0], &with, err));
    Value ended; /* a last line without its end is a line as well */
    TRY(operate(call->arena, OP_ADD, input, value_lit("\n"), &ended, err));
    Array *lines = text_split_lines(call->arena, value_str(ended), false);
    bool has_first = value_truth(slots[1]), has_blank = value_truth(slots[2]);
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    for (uint32_t i = 0; i < lines->len; i++) {
        if (i)
            text_add_char(&text, '\n');
        if (i ? has_blank || lines->at[i].len : has_first)
            text_add(&text, value_str(with));
        text_add(&text, value_str(lines->at[i]));
    }
    *out = text_value(call->arena, &text);
    return true;
}

bool filter_truncate(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"length", "killwords", "end", "leeway"};
    Value slots[] = {value_int(255), value_bool(false), value_lit("..."), NONE};
    TRY(call_bind(call, "truncate", names, 4, 0, slots, err));
    int64_t length, leeway = 5, end_length, input_length;
    TRY(index_of(slots[0], &length, err));
    if (slots[3].kind != VALUE_NONE)
        TRY(index_of(slots[3], &leeway, err));
    TRY(operate_length(slots[2], &end_length, err));
    if (length < end_length)
        return FAIL(err, "expected length >= %lld, got %lld", (long long)end_length,
                    (long long)length);
    if (leeway < 0)
        return FAIL(err, "expected leeway >= 0, got %lld", (long long)leeway);
    TRY(operate_length(input, &input_length, err));
    *out = input;
    if (input_length <= length + leeway)
        return true;
    if (input.kind != VALUE_TEXT)
        return FAIL(err, "'%s' object is not a text to truncate", value_type_name(input));
    Str s = value_str(input);
    s = str_slice(s, 0, text_offset(s, length - end_length));
    ptrdiff_t blank = str_find_last(s, STR(" "));
    if (!value_truth(slots[1]) && blank >= 0)
        s.len = (size_t)blank;
    return operate(call->arena, OP_ADD, value_text(s), slots[2], out, err);
}

bool filter_format(Call *call, Value input, Value *out, Err *err)
{
    if (call->arg_count && call->named_count)
        return FAIL(err, "can't handle positional and keyword arguments at the same time");
    TRY(check_defined(call, input, err));
    Str format = input_text(call, input);
    if (call->named_count) {
        Dict *dict = dict_make(call->arena, call->named_count);
        for (uint32_t i = 0; i < call->named_count; i++)
            dict_put(dict, call->names[i], call->named[i]);
        return format_percent(call->arena, format, value_of_dict(dict), out, err);
    }
    Array *args = array_make(call->arena, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        TRY(check_defined(call, call->args[i], err));
        array_add(args, call->args[i]);
    }
    return format_percent(call->arena, format, value_of_tuple(args), out, err);
}

bool filter_wordcount(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "wordcount", 0, 0, err));
    TRY(check_defined(call, input, err));
    Str s = input_text(call, input);
    int64_t count = 0;
    bool is_inside = false;
    for (size_t at = 0; at < s.len;) {
        bool is_word = code_is_word(utf8_next(s, &at));
        count += is_word && !is_inside;
        is_inside = is_word;
    }
    *out = value_int(count);
    return true;
}

bool filter_filesizeformat(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"binary"};
    static const char units[] = "kMGTPEZY";
    Value is_binary = value_bool(false);
    TRY(call_bind(call, "filesizeformat", names, 1, 0, &is_binary, err));
    double bytes;
    if (input.kind != VALUE_TEXT || !text_to_float(value_str(input), &bytes)) {
        if (input.kind == VALUE_TEXT)
            return FAIL(err, "could not convert string to float: '" STR_FMT "'",
                        STR_ARG(value_str(input)));
        TRY(number_real(input, &bytes, err));
    }
    double base = value_truth(is_binary) ? 1024 : 1000;
    const char *infix = value_truth(is_binary) ? "i" : "";
    if (bytes == 1) {
        *out = value_lit("1 Byte");
        return true;
    }
    if (bytes < base) {
        *out = value_text(str_print(call->arena, "%lld Bytes", (long long)bytes));
        return true;
    }
    double unit = base;
    size_t at = 0;
    for (; at < sizeof(units) - 2 && bytes >= unit * base; at++)
        unit *= base;
    char letter = at == 0 && value_truth(is_binary) ? 'K' : units[at];
    *out = value_text(str_print(call->arena, "%.1f %c%sB", bytes / unit, letter, infix));
    return true;
}
