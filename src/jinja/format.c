/* format.c: the two ways of filling a text: "..." % args and "...".format(args). */
#include "jinja/filter.h"

/* repr() with what is beyond ASCII escaped. */
static Value ascii_repr(Arena *arena, Value v)
{
    AUTO(text) Text shown = {0};
    value_repr(v, &shown);
    AUTO(text) Text out = {0};
    Str s = text_str(&shown);
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (c < 0x80)
            text_add_char(&out, (char)c);
        else
            text_print(&out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    return text_value(arena, &out);
}

static Value repr_of(Arena *arena, Value v)
{
    AUTO(text) Text shown = {0};
    value_repr(v, &shown);
    return text_value(arena, &shown);
}

/* ---- % ---- */

/* One run through a format: where it stands and which arguments are used. */
typedef struct Percent {
    Arena *arena;
    Str format;
    size_t at;
    Value args;           /* a tuple gives its items in turn, anything else is the only one */
    uint32_t used;
    bool has_names;       /* %(name)s occurred */
} Percent;

static bool next_argument(Percent *percent, Value *out, Err *err)
{
    if (percent->has_names) /* the mapping itself, as for %(a)*d */
        return FAIL(err, "not enough arguments for format string");
    if (percent->args.kind == VALUE_TUPLE) {
        if (percent->used >= percent->args.list->len)
            return FAIL(err, "not enough arguments for format string");
        *out = percent->args.list->at[percent->used++];
        return true;
    }
    if (percent->used++)
        return FAIL(err, "not enough arguments for format string");
    *out = percent->args;
    return true;
}

/* (name) behind the % */
static bool read_name(Percent *percent, Value *out, Err *err)
{
    int depth = 1;
    size_t start = ++percent->at;
    for (; percent->at < percent->format.len; percent->at++) {
        char c = percent->format.at[percent->at];
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (!depth)
            break;
    }
    if (depth)
        return FAIL(err, "incomplete format key");
    Str name = str_slice(percent->format, start, percent->at++);
    if (percent->args.kind != VALUE_DICT)
        return FAIL(err, "format requires a mapping");
    const Value *found = dict_find(percent->args.dict, name);
    if (!found)
        return FAIL(err, "'" STR_FMT "'", STR_ARG(name));
    percent->has_names = true;
    *out = *found;
    return true;
}

/* A number or `*` for width and precision. */
static bool read_number(Percent *percent, int64_t *out, Err *err)
{
    if (percent->at < percent->format.len && percent->format.at[percent->at] == '*') {
        Value given;
        TRY(next_argument(percent, &given, err));
        if (!is_whole(given))
            return FAIL(err, "* wants int");
        percent->at++;
        *out = whole_of(given);
        return true;
    }
    *out = 0;
    for (; percent->at < percent->format.len; percent->at++) {
        char c = percent->format.at[percent->at];
        if (c < '0' || c > '9')
            return true;
        *out = *out * 10 + (c - '0');
        if (*out > 1 << 24)
            return FAIL(err, "width too big");
    }
    return true;
}

typedef struct Directive {
    bool is_left, has_plus, has_space, has_zero, is_alternate, has_precision;
    int64_t width, precision;
    char type;
} Directive;

static bool read_directive(Percent *percent, Directive *out, Value *named, bool *is_named,
                           Err *err)
{
    Directive found = {0};
    Str format = percent->format;
    *is_named = percent->at < format.len && format.at[percent->at] == '(';
    if (*is_named)
        TRY(read_name(percent, named, err));
    for (; percent->at < format.len && format.at[percent->at] &&
           strchr("#0- +", format.at[percent->at]);
         percent->at++) {
        char c = format.at[percent->at];
        found.is_left |= c == '-';
        found.has_plus |= c == '+';
        found.has_space |= c == ' ';
        found.has_zero |= c == '0';
        found.is_alternate |= c == '#';
    }
    TRY(read_number(percent, &found.width, err));
    if (found.width < 0) {
        found.is_left = true;
        found.width = -found.width;
    }
    if (percent->at < format.len && format.at[percent->at] == '.') {
        percent->at++;
        found.has_precision = true;
        TRY(read_number(percent, &found.precision, err));
        if (found.precision < 0)
            found.precision = 0;
    }
    while (percent->at < format.len && format.at[percent->at] &&
           strchr("hlL", format.at[percent->at]))
        percent->at++;
    if (percent->at >= format.len)
        return FAIL(err, "incomplete format");
    found.type = format.at[percent->at++];
    *out = found;
    return true;
}

/* The body within the width; zeros go behind the sign and the prefix 0x. */
static void add_padded(const Directive *directive, Str body, bool is_number, Text *out)
{
    int64_t length = (int64_t)utf8_length(body);
    size_t missing = directive->width > length ? (size_t)(directive->width - length) : 0;
    if (directive->is_left) {
        text_add(out, body);
        text_add_repeat(out, ' ', missing);
        return;
    }
    if (!is_number || !directive->has_zero) {
        text_add_repeat(out, ' ', missing);
        text_add(out, body);
        return;
    }
    size_t front = body.len && strchr("+- ", body.at[0]) ? 1 : 0;
    if (directive->is_alternate && body.len > front + 1 && strchr("xXo", body.at[front + 1]))
        front += 2;
    text_add(out, str_slice(body, 0, front));
    text_add_repeat(out, '0', missing);
    text_add(out, str_slice(body, front, body.len));
}

static bool percent_whole(Percent *percent, const Directive *directive, Value v, Text *out,
                          Err *err)
{
    char type = directive->type;
    bool is_decimal = type == 'd' || type == 'i' || type == 'u';
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (value_is_a(v, &decimal_type) && is_decimal)
        v = decimal_to_int(percent->arena, v);
    if (v.kind == VALUE_FLOAT && is_decimal)
        TRY(float_to_int(percent->arena, v.real, &v, err));
    if (!is_any_whole(v))
        return FAIL(err, is_decimal ? "%%%c format: a real number is required, not %s"
                                    : "%%%c format: an integer is required, not %s",
                    type, value_type_name(v));
    unsigned base = type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    bool is_negative;
    Str digits = whole_digits(percent->arena, v, base, &is_negative);
    AUTO(text) Text body = {0};
    if (is_negative || directive->has_plus || directive->has_space)
        text_add_char(&body, is_negative ? '-' : directive->has_plus ? '+' : ' ');
    if (directive->is_alternate && base != 10)
        text_add_c(&body, base == 8 ? "0o" : type == 'x' ? "0x" : "0X");
    if (directive->has_precision && directive->precision > (int64_t)digits.len)
        text_add_repeat(&body, '0', (size_t)(directive->precision - (int64_t)digits.len));
    text_add(&body, type == 'X' ? str_upper(percent->arena, digits) : digits);
    add_padded(directive, text_str(&body), true, out);
    return true;
}

static bool percent_real(Percent *percent, const Directive *directive, Value v, Text *out,
                         Err *err)
{
    double real;
    TRY(number_real(v, &real, err));
    if (directive->precision > 1 << 16)
        return FAIL(err, "precision too large");
    AUTO(text) Text spec = {0};
    if (directive->has_plus || directive->has_space)
        text_add_char(&spec, directive->has_plus ? '+' : ' ');
    if (directive->is_alternate)
        text_add_char(&spec, '#');
    if (directive->has_precision)
        text_print(&spec, ".%lld", (long long)directive->precision);
    text_add_char(&spec, directive->type);
    Value body;
    TRY(format_spec(percent->arena, value_float(real), text_str(&spec), &body, err));
    Directive plain = *directive;
    plain.is_alternate = false;
    add_padded(&plain, value_str(body), true, out);
    return true;
}

static bool percent_character(const Directive *directive, Value v, Text *out, Err *err)
{
    AUTO(text) Text body = {0};
    if (v.kind == VALUE_TEXT && utf8_length(value_str(v)) == 1) {
        text_add(&body, value_str(v));
    } else if (is_whole(v)) {
        if (whole_of(v) < 0 || whole_of(v) > 0x10ffff)
            return FAIL(err, "%%c arg not in range(0x110000)");
        text_add_code_point(&body, (uint32_t)whole_of(v));
    } else {
        return FAIL(err, "%%c requires int or char");
    }
    add_padded(directive, text_str(&body), false, out);
    return true;
}

static bool percent_one(Percent *percent, const Directive *directive, Value v, Text *out, Err *err)
{
    Value shown;
    switch (directive->type) {
    case 's': shown = value_to_text(percent->arena, v); break;
    case 'r': shown = repr_of(percent->arena, v); break;
    case 'a': shown = ascii_repr(percent->arena, v); break;
    case 'c': return percent_character(directive, v, out, err);
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X': return percent_whole(percent, directive, v, out, err);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return percent_real(percent, directive, v, out, err);
    default:
        return FAIL(err, "unsupported format character '%c' (0x%x) at index %zu",
                    directive->type >= ' ' ? directive->type : '?',
                    (unsigned char)directive->type,
                    utf8_length(str_slice(percent->format, 0, percent->at - 1)));
    }
    Str body = value_str(shown);
    if (directive->has_precision)
        body = str_slice(body, 0, text_offset(body, directive->precision));
    add_padded(directive, body, false, out);
    return true;
}

bool format_percent(Arena *arena, Str format, Value args, Value *out, Err *err)
{
    Percent percent = {.arena = arena, .format = format, .args = args};
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    while (percent.at < format.len) {
        ptrdiff_t found = str_find_char(str_slice(format, percent.at, format.len), '%');
        size_t end = found < 0 ? format.len : percent.at + (size_t)found;
        text_add(&text, str_slice(format, percent.at, end));
        percent.at = end + 1;
        if (found < 0)
            break;
        if (percent.at < format.len && format.at[percent.at] == '%') {
            text_add_char(&text, '%');
            percent.at++;
            continue;
        }
        Directive directive;
        Value v = NONE;
        bool is_named;
        TRY(read_directive(&percent, &directive, &v, &is_named, err));
        if (!is_named)
            TRY(next_argument(&percent, &v, err));
        TRY(percent_one(&percent, &directive, v, &text, err));
    }
    bool has_items = args.kind == VALUE_DICT || args.kind == VALUE_LIST ||
                     args.kind == VALUE_UNDEFINED ||
                     (args.kind == VALUE_OBJECT && args.object->type->item);
    bool is_all_used = args.kind == VALUE_TUPLE ? percent.used >= args.list->len
                                                : percent.used || has_items;
    if (!is_all_used && !percent.has_names)
        return FAIL(err, "not all arguments converted during string formatting");
    *out = text_value(arena, &text);
    return true;
}

/* ---- {} ---- */

typedef enum Numbering { NUMBER_NONE, NUMBER_AUTO, NUMBER_GIVEN } Numbering;

typedef struct Braces {
    Call *call;
    Numbering numbering;
    uint32_t next;      /* the next automatic number */
} Braces;

static bool braces_fill(Braces *braces, Str format, int depth, Text *out, Err *err);

/* The argument a field begins with: "", "0" or "name". */
static bool first_value(Braces *braces, Str name, Value *out, Err *err)
{
    const Call *call = braces->call;
    int64_t number;
    bool is_number = str_to_int(name, &number) && name.at[0] != '-' && name.at[0] != '+';
    if (name.len == 0 || is_number) {
        Numbering now = name.len ? NUMBER_GIVEN : NUMBER_AUTO;
        if (braces->numbering != NUMBER_NONE && braces->numbering != now)
            return FAIL(err, now == NUMBER_AUTO
                                 ? "cannot switch from manual field specification to automatic "
                                   "field numbering"
                                 : "cannot switch from automatic field numbering to manual field "
                                   "specification");
        braces->numbering = now;
        if (!name.len)
            number = braces->next++;
        if (number >= call->arg_count)
            return FAIL(err,
                        "Replacement index %lld out of range for positional args tuple",
                        (long long)number);
        *out = call->args[number];
        return true;
    }
    for (uint32_t i = 0; i < call->named_count; i++)
        if (str_eq(call->names[i], name)) {
            *out = call->named[i];
            return true;
        }
    return FAIL(err, "'" STR_FMT "'", STR_ARG(name));
}

static bool take_item(Braces *braces, Value v, Str key, Value *out, Err *err)
{
    int64_t number;
    bool is_number = str_to_int(key, &number) && key.at[0] != '-' && key.at[0] != '+';
    return jinja_item(braces->call->interp, braces->call->arena, v,
                      is_number ? value_int(number) : value_text(key), out, err);
}

/* "0.name[key].other" */
static bool field_value(Braces *braces, Str path, Value *out, Err *err)
{
    size_t at = 0;
    while (at < path.len && path.at[at] != '.' && path.at[at] != '[')
        at++;
    Value v;
    TRY(first_value(braces, str_slice(path, 0, at), &v, err));
    while (at < path.len) {
        size_t start = at + 1, end = start;
        if (path.at[at] == '.') {
            while (end < path.len && path.at[end] != '.' && path.at[end] != '[')
                end++;
            at = end;
        } else if (path.at[at] == '[') {
            while (end < path.len && path.at[end] != ']')
                end++;
            if (end == path.len)
                return FAIL(err, "Missing ']' in format string");
            at = end + 1;
        } else {
            return FAIL(err, "Only '.' or '[' may follow ']' in format field specifier");
        }
        if (start == end)
            return FAIL(err, "Empty attribute in format string");
        Str name = str_slice(path, start, end);
        if (path.at[start - 1] == '.')
            TRY(jinja_attribute(braces->call->interp, braces->call->arena, v, name, &v, err));
        else
            TRY(take_item(braces, v, name, &v, err));
    }
    *out = v;
    return true;
}

/* What stands between { and }: path [!conversion] [:spec] */
static bool add_field(Braces *braces, Str field, int depth, Text *out, Err *err)
{
    size_t end = 0;
    for (bool is_inside = false; end < field.len; end++) {
        char c = field.at[end];
        is_inside = c == '[' ? true : c == ']' ? false : is_inside;
        if (!is_inside && (c == '!' || c == ':'))
            break;
        if (!is_inside && c == '{')
            return FAIL(err, "unexpected '{' in field name");
    }
    Value v;
    TRY(field_value(braces, str_slice(field, 0, end), &v, err));
    if (end < field.len && field.at[end] == '!') {
        char conversion = end + 1 < field.len ? field.at[end + 1] : '\0';
        if (!conversion || conversion == ':')
            return FAIL(err, "end of string while looking for conversion specifier");
        if (end + 2 < field.len && field.at[end + 2] != ':')
            return FAIL(err, "expected ':' after conversion specifier");
        if (conversion == 'r')
            v = repr_of(braces->call->arena, v);
        else if (conversion == 's')
            v = value_to_text(braces->call->arena, v);
        else if (conversion == 'a')
            v = ascii_repr(braces->call->arena, v);
        else
            return FAIL(err, "Unknown conversion specifier '%c'", conversion);
        end += 2;
    }
    AUTO(text) Text spec = {.limit = 1 << 16};
    if (end < field.len)
        TRY(braces_fill(braces, str_slice(field, end + 1, field.len), depth + 1, &spec, err));
    Value shown;
    TRY(check_defined(braces->call, v, err));
    TRY(format_spec(braces->call->arena, v, text_str(&spec), &shown, err));
    text_add(out, value_str(shown));
    return true;
}

/* Offset of the } that closes the field begun before `at`, or -1. */
static ptrdiff_t field_end(Str format, size_t at)
{
    int depth = 1;
    bool is_inside = false;
    for (; at < format.len; at++) {
        char c = format.at[at];
        if (c == '[' && depth == 1)
            is_inside = true;
        else if (c == ']')
            is_inside = false;
        else if (!is_inside && c == '{')
            depth++;
        else if (!is_inside && c == '}' && --depth == 0)
            return (ptrdiff_t)at;
    }
    return -1;
}

static bool braces_fill(Braces *braces, Str format, int depth, Text *out, Err *err)
{
    if (depth > 2)
        return FAIL(err, "Max string recursion exceeded");
    for (size_t at = 0; at < format.len;) {
        size_t start = at;
        while (at < format.len && format.at[at] != '{' && format.at[at] != '}')
            at++;
        text_add(out, str_slice(format, start, at));
        if (at == format.len)
            break;
        char c = format.at[at++];
        if (at < format.len && format.at[at] == c) {
            text_add_char(out, c);
            at++;
            continue;
        }
        if (c == '}')
            return FAIL(err, "Single '}' encountered in format string");
        if (at == format.len)
            return FAIL(err, "Single '{' encountered in format string");
        ptrdiff_t end = field_end(format, at);
        if (end < 0)
            return FAIL(err, "expected '}' before end of string");
        TRY(add_field(braces, str_slice(format, at, (size_t)end), depth, out, err));
        at = (size_t)end + 1;
    }
    return true;
}

bool format_braces(Call *call, Str format, Value *out, Err *err)
{
    Braces braces = {.call = call};
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    TRY(braces_fill(&braces, format, 1, &text, err));
    *out = text_value(call->arena, &text);
    return true;
}
