/* declare_check.c: is what stands in ingest/ and publish/ files a key and a value we know? */
#include "project/declare.h"

#include <math.h>
#include <stdlib.h>

typedef enum KeyKind {
    KEY_TEXT, KEY_INT, KEY_BOOL, KEY_ANY, KEY_NAMES, KEY_LIST, KEY_DICT, KEY_DURATION, KEY_BYTES,
    KEY_WORD, KEY_OBJECT, KEY_LIST_OF, KEY_MAP_OF, KEY_WORD_OR, KEY_TEXT_OR, KEY_MAP_TEXT_OR,
    KEY_WORDS, KEY_NUMBER, KEY_SHARE,
} KeyKind;

static const struct KeyRow {
    const char *object, *key;
    KeyKind kind;
    const char *detail;
} rows[] = {
#define KEY(object, key, kind, detail) {#object, key, KEY_##kind, detail},
#include "project/declare.def"
#undef KEY
};

typedef struct Check {
    Str file, source;
} Check;

static bool fail_at(const Check *check, Value at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static bool fail_at(const Check *check, Value at, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set_in(err, ERR_PARSING, value_place(at, check->file, check->source), check->source,
                      STR_FMT, STR_ARG(text_str(&text)));
}

/* ---- values ---- */

bool duration_read(Value v, int64_t *us)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"sec", 1}, {"m", 60}, {"min", 60}, {"h", 3600},
                 {"d", 86400}, {"w", 604800}, {"", 1}};
    if (v.kind == VALUE_INT || v.kind == VALUE_FLOAT) {
        double seconds = v.kind == VALUE_INT ? (double)v.number : v.real;
        *us = (int64_t)(seconds * 1e6);
        return seconds >= 0;
    }
    Str text = value_str(v);
    double total = 0;
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && (strchr("0123456789.", text.at[i])))
            i++;
        char number[32] = "";
        if (i == from || i - from >= sizeof number)
            return false;
        memcpy(number, text.at + from, i - from);
        while (i < text.len && text.at[i] == ' ')
            i++;
        from = i;
        while (i < text.len && !strchr("0123456789. ", text.at[i]))
            i++;
        Str unit = str_slice(text, from, i);
        size_t u = 0;
        while (u < COUNT_OF(units) && !str_is(unit, units[u].unit))
            u++;
        if (u == COUNT_OF(units) || (!unit.len && total > 0)) /* "30" is seconds, "1h30" nothing */
            return false;
        char *end;
        total += strtod(number, &end) * units[u].seconds;
        while (i < text.len && text.at[i] == ' ')
            i++;
    }
    *us = (int64_t)(total * 1e6);
    return text.len > 0;
}

bool bytes_read(Value v, uint64_t *bytes)
{
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {{"", 1}, {"b", 1}, {"kb", 1000}, {"mb", 1000000}, {"gb", 1000000000},
                 {"kib", 1024}, {"mib", 1 << 20}, {"gib", 1 << 30},
                 {"k", 1000}, {"m", 1000000}, {"g", 1000000000}};
    if (v.kind == VALUE_INT) {
        *bytes = (uint64_t)v.number;
        return v.number >= 0;
    }
    Str text = str_trim(value_str(v));
    size_t digits = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    int64_t number;
    if (!str_to_int(str_slice(text, 0, digits), &number))
        return false;
    Str unit = str_trim(str_slice(text, digits, text.len));
    for (size_t u = 0; u < COUNT_OF(units); u++)
        if (str_eq_fold(unit, str_of(units[u].unit))) {
            *bytes = (uint64_t)number * units[u].bytes;
            return true;
        }
    return false;
}

/* ---- words ---- */

static Str nearest_word(Str words, Str word)
{
    Str list[32], part;
    size_t count = 0;
    while (count < COUNT_OF(list) && str_next_part(&words, ' ', &part))
        list[count++] = part;
    return str_nearest(word, list, count);
}

static bool has_word(Str words, Str word)
{
    Str part;
    while (str_next_part(&words, ' ', &part))
        if (str_eq(part, word))
            return true;
    return false;
}

static bool check_word(const Check *check, const char *key, Str words, Value v, Err *err)
{
    if (v.kind == VALUE_TEXT && has_word(words, value_str(v)))
        return true;
    AUTO(text) Text shown = {0};
    value_print(v, &shown);
    Str near = nearest_word(words, text_str(&shown));
    return fail_at(check, v, err, "'" STR_FMT "' is no %s: it is one of " STR_FMT "%s" STR_FMT "%s",
                   STR_ARG(text_str(&shown)), key, STR_ARG(words),
                   near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

/* ---- objects ---- */

static bool check_object(const Check *check, const char *object, Value tree, Value at, Err *err);

static const char *type_wanted(KeyKind kind)
{
    switch (kind) {
    case KEY_TEXT: return "a text";
    case KEY_INT: return "a whole number, 0 or above";
    case KEY_NUMBER: return "a number, 0 or above";
    case KEY_SHARE: return "a share between 0 and 1, such as 0.5";
    case KEY_BOOL: return "true or false";
    case KEY_NAMES: return "a text or a list of texts";
    case KEY_LIST:
    case KEY_WORDS:
    case KEY_LIST_OF: return "a list";
    case KEY_DURATION: return "a duration such as 30s, 15m, 1h or 7d";
    case KEY_BYTES: return "a size such as 64MB or 1GiB";
    default: return "a mapping";
    }
}

static bool is_names(Value v)
{
    if (v.kind != VALUE_LIST)
        return v.kind == VALUE_TEXT;
    for (uint32_t i = 0; i < v.list->len; i++)
        if (v.list->at[i].kind != VALUE_TEXT)
            return false;
    return true;
}

static bool has_kind(KeyKind kind, Value v)
{
    int64_t us;
    uint64_t bytes;
    switch (kind) {
    case KEY_TEXT: return v.kind == VALUE_TEXT || v.kind == VALUE_INT || v.kind == VALUE_FLOAT;
    case KEY_INT: return v.kind == VALUE_INT && v.number >= 0;
    case KEY_NUMBER: return (v.kind == VALUE_INT && v.number >= 0) ||
                            (v.kind == VALUE_FLOAT && v.real >= 0);
    case KEY_SHARE: return (v.kind == VALUE_INT && v.number >= 0 && v.number <= 1) ||
                           (v.kind == VALUE_FLOAT && v.real >= 0 && v.real <= 1);
    case KEY_BOOL: return v.kind == VALUE_BOOL;
    case KEY_NAMES: return is_names(v);
    case KEY_LIST:
    case KEY_WORDS:
    case KEY_LIST_OF: return v.kind == VALUE_LIST;
    case KEY_DURATION: return duration_read(v, &us);
    case KEY_BYTES: return bytes_read(v, &bytes);
    case KEY_DICT:
    case KEY_MAP_OF:
    case KEY_MAP_TEXT_OR:
    case KEY_OBJECT: return v.kind == VALUE_DICT;
    default: return true;
    }
}

static bool check_many(const Check *check, const struct KeyRow *row, Value v, Err *err)
{
    if (v.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < v.list->len; i++)
            TRY(check_object(check, row->detail, v.list->at[i], v.list->at[i], err));
        return true;
    }
    Value key, item;
    for (uint32_t at = 0; dict_next(v.dict, &at, &key, &item);)
        if (row->kind != KEY_MAP_TEXT_OR || item.kind != VALUE_TEXT)
            TRY(check_object(check, row->detail, item, key, err));
    return true;
}

/* "`count` must be a whole number, 0 or above, not -1". */
static bool fail_kind(const Check *check, const struct KeyRow *row, Value at, Value v, Err *err)
{
    AUTO(text) Text shown = {0};
    bool is_plain = v.kind == VALUE_TEXT || v.kind == VALUE_INT || v.kind == VALUE_FLOAT ||
                    v.kind == VALUE_BOOL;
    const char *quote = v.kind == VALUE_TEXT ? "'" : "";
    if (is_plain)
        value_print(v, &shown);
    else
        text_add_c(&shown, v.kind == VALUE_LIST   ? "a list"
                           : v.kind == VALUE_DICT ? "a mapping"
                                                  : value_type_name(v));
    return fail_at(check, at, err, "`%s` must be %s, not %s" STR_FMT "%s", row->key,
                   type_wanted(row->kind), quote, STR_ARG(text_str(&shown)), quote);
}

static bool check_value(const Check *check, const struct KeyRow *row, Value key, Value v, Err *err)
{
    bool has_jinja = v.kind == VALUE_TEXT && value_has_tags(v);
    if (has_jinja || v.kind == VALUE_NONE)
        return true;
    if (!has_kind(row->kind, v))
        return fail_kind(check, row, v.at ? v : key, v, err);
    Str detail = str_of(row->detail);
    ptrdiff_t bar = str_find_char(detail, '|');
    Str words = bar < 0 ? detail : str_slice(detail, 0, (size_t)bar);
    switch (row->kind) {
    case KEY_WORD: return check_word(check, row->key, words, v, err);
    case KEY_WORDS:
        for (uint32_t i = 0; i < v.list->len; i++)
            TRY(check_word(check, row->key, words, v.list->at[i], err));
        return true;
    case KEY_OBJECT: return check_object(check, row->detail, v, key, err);
    case KEY_LIST_OF:
    case KEY_MAP_OF:
    case KEY_MAP_TEXT_OR: return check_many(check, row, v, err);
    case KEY_WORD_OR:
        return v.kind == VALUE_DICT ? check_object(check, row->detail + bar + 1, v, key, err)
                                    : check_word(check, row->key, words, v, err);
    case KEY_TEXT_OR:
        return v.kind == VALUE_DICT ? check_object(check, row->detail, v, key, err) : true;
    default: return true;
    }
}

/* The row of a key in an object, or of the object that a connection's type names. */
static const struct KeyRow *find_row(const char *object, const char *type, Str key)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_is(key, rows[i].key) &&
            (strcmp(rows[i].object, object) == 0 || (type && strcmp(rows[i].object, type) == 0)))
            return &rows[i];
    return NULL;
}

/* As messages name it: a resource, a drop; else by its key: `to`, `ready`. */
static Str shown_object(const char *object, Text *out)
{
    static const struct {
        const char *object, *shown;
    } things[] = {{"drop", "a drop"}, {"resource", "a resource"}, {"connection", "a connection"},
                  {"publication", "a publication"}, {"drop_place", "a place"},
                  {"endpoint", "an endpoint"}, {"column", "a column"}, {"top", "the file"}};
    for (size_t i = 0; i < COUNT_OF(things); i++)
        if (strcmp(object, things[i].object) == 0)
            text_add_c(out, things[i].shown);
    if (!out->len)
        text_print(out, "`%s`", strncmp(object, "drop_", 5) == 0 ? object + 5 : object);
    return text_str(out);
}

/* A key of drops where none is, or the other way round. */
static bool is_of_other_kind(const char *object, Str key)
{
    return (strcmp(object, "resource") == 0 && find_row("drop", NULL, key)) ||
           (strcmp(object, "drop") == 0 && find_row("resource", NULL, key));
}

static bool fail_unknown(const Check *check, const char *object, const char *type, Value key,
                         Err *err)
{
    Str names[128];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(rows) && count < COUNT_OF(names); i++)
        if (strcmp(rows[i].object, object) == 0 || (type && strcmp(rows[i].object, type) == 0))
            names[count++] = str_of(rows[i].key);
    AUTO(text) Text shown = {0}, known = {0};
    value_print(key, &shown);
    for (size_t i = 0; i < count; i++)
        text_print(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
    if (is_of_other_kind(object, text_str(&shown)) && strcmp(object, "resource") == 0)
        return fail_at(check, key, err, "'" STR_FMT "' is a key of drops: is `type: drop` missing?",
                       STR_ARG(text_str(&shown)));
    if (is_of_other_kind(object, text_str(&shown)))
        return fail_at(check, key, err, "'" STR_FMT "' is a key of other resources, not of a drop: "
                       "it has " STR_FMT, STR_ARG(text_str(&shown)), STR_ARG(text_str(&known)));
    Str near = str_nearest(text_str(&shown), names, count);
    AUTO(text) Text owner = {0};
    if (type)
        text_print(&owner, "a connection of type %s", type);
    else
        shown_object(object, &owner);
    if (near.len)
        return fail_at(check, key, err, "'" STR_FMT "' is no key of " STR_FMT ". Did you mean '"
                       STR_FMT "'?", STR_ARG(text_str(&shown)), STR_ARG(text_str(&owner)),
                       STR_ARG(near));
    return fail_at(check, key, err, "'" STR_FMT "' is no key of " STR_FMT ": it has " STR_FMT,
                   STR_ARG(text_str(&shown)), STR_ARG(text_str(&owner)),
                   STR_ARG(text_str(&known)));
}

const char *connection_type(Str type)
{
    static const char *const same[][2] = {
        {"http", "http"}, {"https", "http"}, {"rest_api", "http"}, {"postgres", "postgres"},
        {"postgresql", "postgres"}, {"mysql", "mysql"}, {"mariadb", "mysql"}, {"s3", "s3"},
        {"sftp", "sftp"}, {"ftp", "ftp"}, {"ftps", "ftp"}, {"file", "file"}};
    for (size_t i = 0; i < COUNT_OF(same); i++)
        if (str_is(type, same[i][0]))
            return same[i][1];
    return NULL;
}

/* "0.25" as a number; other texts stay. */
static Value real_of(Value v)
{
    char digits[32] = "";
    Str text = value_str(v);
    char *end = digits;
    if (text.len && text.len < sizeof digits)
        memcpy(digits, text.at, text.len);
    double number = strtod(digits, &end);
    return *digits && !*end && isfinite(number) ? value_float(number) : v;
}

/* "5432" and "true", as the environment and quotes give them, where a number or a truth value
 * belongs. */
static Value settled(KeyKind kind, Value v)
{
    Str text = value_str(v);
    int64_t number;
    Value made = v;
    if (v.kind != VALUE_TEXT)
        return v;
    bool is_number = kind == KEY_NUMBER || kind == KEY_SHARE;
    if ((kind == KEY_INT || is_number) && str_to_int(text, &number))
        made = value_int(number);
    else if (is_number)
        made = real_of(v);
    else if (kind == KEY_BOOL && (str_eq_fold(text, STR("true")) || str_eq_fold(text,
                                                                                STR("false"))))
        made = value_bool(str_eq_fold(text, STR("true")));
    made.at = v.at;
    return made;
}

static bool check_object(const Check *check, const char *object, Value tree, Value at, Err *err)
{
    if (tree.kind != VALUE_DICT) {
        AUTO(text) Text shown = {0};
        return fail_at(check, tree.at ? tree : at, err, STR_FMT " must be a mapping, not %s",
                       STR_ARG(shown_object(object, &shown)), value_type_name(tree));
    }
    const char *type = NULL;
    if (strcmp(object, "resource") == 0 && value_is(value_get(tree, "type"), "drop"))
        object = "drop";
    bool is_connection = strcmp(object, "connection") == 0;
    if (is_connection) {
        Value given = value_get(tree, "type");
        if (value_is_undefined(given))
            return fail_at(check, at, err, "the connection lacks `type`: it is one of http, "
                                           "postgres, mysql, s3, sftp, ftp, file");
        type = connection_type(value_str(given));
        if (!type && !value_has_tags(given))
            return check_word(check, "type", STR("http postgres mysql s3 sftp ftp file"), given,
                              err);
        if (!type)
            return true;
    }
    Value key, value;
    for (uint32_t i = 0; dict_next(tree.dict, &i, &key, &value);) {
        const struct KeyRow *row = find_row(object, type, value_str(key));
        if (!row)
            return fail_unknown(check, object, type, key, err);
        Value plain = settled(row->kind, value);
        if (plain.kind != value.kind)
            dict_put(tree.dict, value_str(key), value = plain);
        if (!(is_connection && str_is(value_str(key), "type")))
            TRY(check_value(check, row, key, value, err));
    }
    return true;
}

bool declare_check_object(const char *object, Value tree, Str file, Str source, Err *err)
{
    Check check = {file, source};
    return check_object(&check, object, tree, tree, err);
}

bool declare_check(const SourceFile *file, Err *err)
{
    return declare_check_object("top", file->doc.root, file->doc.file, file->doc.source, err);
}
