/* mapping.c: partners/NAME.yml and the unified schema beside it: read, checked, bound to headers.
 *
 *   text --yaml--> tree --check_object() by mapping.def--> tree of known keys and kinds
 *                       --make_table(), make_column()----> MapTable, MapColumn
 */
#include "drops/mapping.h"

#include "base/file.h"
#include "base/yaml.h"
#include "drops/drops_base.h"

typedef enum KeyKind {
    KEY_TEXT, KEY_NAMES, KEY_BOOL, KEY_TYPE, KEY_FACTOR, KEY_SCALAR, KEY_VERSION, KEY_WORD,
    KEY_VALUES, KEY_MAP_OF, KEY_TYPE_OR_MAP,
} KeyKind;

static const struct KeyRow {
    const char *object, *key;
    KeyKind kind;
    const char *detail;
} rows[] = {
#define KEY(object, key, kind, detail) {#object, key, KEY_##kind, detail},
#include "drops/mapping.def"
#undef KEY
};

/* A file that is being read. */
typedef struct Source {
    Arena *arena;
    YamlDoc doc;
} Source;

struct Mapping {
    Str path, partner;
    MapTable *tables;
    Str *names;                  /* of the tables                                                 */
    uint32_t count;
    Map by_from, by_folded;      /* {table} in the partner's files -> MapTable                    */
};

/* ---- saying what is wrong ---- */

static bool fail_at(const Source *source, Value at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static bool fail_at(const Source *source, Value at, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set_in(err, ERR_PARSING, value_place(at, source->doc.file, source->doc.source),
                      source->doc.source, STR_FMT, STR_ARG(text_str(&text)));
}

/* "<says>. Did you mean 'x'?", or "<says>: there are a, b" where nothing is near. */
static bool fail_near(const Source *source, Value at, Str name, const Str *names, size_t count,
                      const char *says, Err *err)
{
    AUTO(text) Text list = {0};
    Str near = str_nearest(name, names, count);
    if (near.len)
        return fail_at(source, at, err, "%s. Did you mean '" STR_FMT "'?", says, STR_ARG(near));
    for (size_t i = 0; i < count && i < 40; i++)
        text_print(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
    return fail_at(source, at, err, "%s: there %s " STR_FMT "%s", says,
                   count == 1 ? "is" : "are", STR_ARG(text_str(&list)), count > 40 ? ", ..." : "");
}

static const char *object_label(const char *object)
{
    return strcmp(object, "mapping") == 0         ? "a mapping file"
           : strcmp(object, "table") == 0         ? "a table"
           : strcmp(object, "column") == 0        ? "a column"
           : strcmp(object, "schema") == 0        ? "a unified schema"
           : strcmp(object, "schema_table") == 0  ? "a table of the unified schema"
                                                  : "a column of the unified schema";
}

Str map_folded(Arena *arena, Str name)
{
    return str_lower(arena, str_trim(name));
}

/* ---- scalars as they are written ---- */

/* A scalar's text: partners' words such as yes, 007 and 1.10 mean what stands there, not what YAML
 * makes of it. */
static Str scalar_text(const Source *source, Value v)
{
    if (v.kind == VALUE_TEXT)
        return value_str(v);
    AUTO(text) Text shown = {0};
    value_print(v, &shown);
    Str text = source->doc.source;
    size_t from = v.at ? (size_t)v.at - 1 : text.len, at = from;
    while (at < text.len && !strchr(" \t\r\n,]}", text.at[at]) &&
           !(text.at[at] == ':' && (at + 1 == text.len || strchr(" \t\r\n", text.at[at + 1]))))
        at++;
    bool is_plain = at > from && !strchr("!&*\"'{[<|>", text.at[from]);
    if (is_plain)
        return str_slice(text, from, at);
    if (v.kind == VALUE_NONE)
        return STR("");
    return str_lower(source->arena, text_copy(source->arena, &shown));
}

/* The same where it becomes a value of a type: true for yes, 1000 for 1_000. */
static Str scalar_of_type(const Source *source, Value v, const Field *type)
{
    AUTO(text) Text shown = {0};
    if (v.kind == VALUE_BOOL && type->type == ARROW_BOOL)
        return v.is_true ? STR("true") : STR("false");
    if (v.kind == VALUE_INT && type_is_numeric(type->type)) {
        value_print(v, &shown);
        return text_copy(source->arena, &shown);
    }
    return scalar_text(source, v);
}

static bool is_scalar(Value v)
{
    return v.kind == VALUE_TEXT || v.kind == VALUE_INT || v.kind == VALUE_FLOAT ||
           v.kind == VALUE_BOOL || v.kind == VALUE_NONE;
}

/* A text or a list of texts, as they are written. */
static uint32_t read_names(const Source *source, Value v, const Str **out)
{
    uint32_t count = v.kind == VALUE_LIST ? v.list->len : 1;
    Str *names = NEW_N(source->arena, Str, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = scalar_text(source, v.kind == VALUE_LIST ? v.list->at[i] : v);
    *out = names;
    return count;
}

/* "-0.01", "1000", "2.5e-3" */
bool map_factor(Str text, MapFactor *out)
{
    size_t at = 0, digits = 0;
    int64_t mantissa = 0, exponent = 0;
    bool has_point = false, is_negative = text.len && text.at[0] == '-';
    int behind = 0;
    for (at = is_negative; at < text.len; at++) {
        char c = text.at[at];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        if ((mantissa || c != '0') && ++digits > 18)
            return false;
        mantissa = mantissa * 10 + (c - '0');
        behind += has_point;
    }
    if (at < text.len && (text.at[at] == 'e' || text.at[at] == 'E')) {
        if (!str_to_int(str_slice(text, at + 1, text.len), &exponent) || exponent > 40 ||
            exponent < -40)
            return false;
        at = text.len;
    }
    exponent -= behind;
    for (; mantissa && mantissa % 10 == 0; mantissa /= 10)
        exponent++;
    if (at < text.len || !mantissa || exponent > 18 || exponent < -18)
        return false;
    *out = (MapFactor){is_negative ? -mantissa : mantissa, (int)exponent};
    return true;
}

/* ---- keys and kinds ---- */

static bool check_object(const Source *source, const char *object, Value tree, Value at, Err *err);

static const char *kind_wanted(KeyKind kind)
{
    switch (kind) {
    case KEY_TEXT: return "a text";
    case KEY_NAMES: return "a name or a list of names";
    case KEY_BOOL: return "true or false";
    case KEY_TYPE: return "a type such as bigint or \"decimal(18,2)\"";
    case KEY_FACTOR: return "a number such as 0.01, of up to 18 digits and other than 0";
    case KEY_SCALAR: return "one value";
    case KEY_VERSION: return "1";
    case KEY_VALUES: return "a mapping from the partner's words to ours, such as {A: active}";
    default: return "a mapping";
    }
}

static bool has_kind(const Source *source, KeyKind kind, Value v)
{
    MapFactor factor;
    Value key, value;
    switch (kind) {
    case KEY_TEXT: return is_scalar(v);
    case KEY_NAMES:
        if (v.kind != VALUE_LIST)
            return is_scalar(v) && scalar_text(source, v).len;
        for (uint32_t i = 0; i < v.list->len; i++)
            if (!is_scalar(v.list->at[i]) || !scalar_text(source, v.list->at[i]).len)
                return false;
        return v.list->len > 0;
    case KEY_BOOL: return v.kind == VALUE_BOOL;
    case KEY_TYPE: return v.kind == VALUE_TEXT;
    case KEY_FACTOR: return is_scalar(v) && map_factor(scalar_text(source, v), &factor);
    case KEY_SCALAR:
    case KEY_WORD: return is_scalar(v);
    case KEY_VERSION: return v.kind == VALUE_INT;
    case KEY_VALUES:
        if (v.kind != VALUE_DICT || !v.dict->len)
            return false;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            if (!is_scalar(key) || !is_scalar(value))
                return false;
        return true;
    default: return v.kind == VALUE_DICT;
    }
}

/* The number of a word in "keep last fail"; -1: none. */
static int word_find(const char *words, Str word)
{
    Str rest = str_of(words), part;
    for (int i = 0; str_next_part(&rest, ' ', &part); i++)
        if (str_eq(part, word))
            return i;
    return -1;
}

static bool check_word(const Source *source, const struct KeyRow *row, Value v, Err *err)
{
    Str text = scalar_text(source, v), words[8], rest = str_of(row->detail);
    if (word_find(row->detail, text) >= 0)
        return true;
    size_t count = 0;
    while (count < COUNT_OF(words) && str_next_part(&rest, ' ', &words[count]))
        count++;
    return fail_near(source, v, text, words, count,
                     str_print(source->arena, "`%s` cannot be '" STR_FMT "'", row->key,
                               STR_ARG(text)).at, err);
}

static bool read_type(const Source *source, Value v, Field *out, Err *err)
{
    Str text = value_str(v);
    AUTO(err) Err why = {0};
    *out = (Field){.name = out->name};
    if (str_find_char(text, '(') >= 0 && str_find_char(text, ')') < 0)
        return fail_at(source, v, err, "the type '" STR_FMT "' lacks its ')': between { } a type "
                       "with a comma needs quotes, type: \"decimal(18,2)\"", STR_ARG(text));
    if (!field_parse_type(source->arena, text, out, &why))
        return fail_at(source, v, err, "%s", why.text);
    if (out->type == ARROW_NULL)
        return fail_at(source, v, err, "a column cannot be of type NULL");
    return true;
}

static bool check_many(const Source *source, const struct KeyRow *row, Value v, Err *err)
{
    Value key, item;
    for (uint32_t at = 0; dict_next(v.dict, &at, &key, &item);) {
        if (!is_scalar(key) || !scalar_text(source, key).len)
            return fail_at(source, key, err, "expected a name");
        Field type = {0};
        if (item.kind == VALUE_TEXT && row->kind == KEY_TYPE_OR_MAP)
            TRY(read_type(source, item, &type, err));
        else if (item.kind != VALUE_NONE)
            TRY(check_object(source, row->detail, item, key, err));
    }
    return true;
}

static bool check_value(const Source *source, const struct KeyRow *row, Value key, Value v,
                        Err *err)
{
    Field type = {0};
    if (v.kind == VALUE_NONE && row->kind != KEY_SCALAR) /* a key without a value */
        return true;
    if (!has_kind(source, row->kind, v)) {
        bool is_inside = is_scalar(v) || (row->kind == KEY_NAMES && v.kind == VALUE_LIST) ||
                         (row->kind == KEY_VALUES && v.kind == VALUE_DICT);
        return fail_at(source, v.at ? v : key, err, "`%s` must be %s%s%s", row->key,
                       kind_wanted(row->kind), is_inside ? "" : ", not ",
                       is_inside ? "" : value_type_name(v));
    }
    switch (row->kind) {
    case KEY_WORD: return check_word(source, row, v, err);
    case KEY_TYPE: return read_type(source, v, &type, err);
    case KEY_VERSION:
        return v.number == 1 ||
               fail_at(source, v, err, "`version` must be 1: this is the only one there is");
    case KEY_MAP_OF:
    case KEY_TYPE_OR_MAP: return check_many(source, row, v, err);
    default: return true;
    }
}

static bool fail_key(const Source *source, const char *object, Value key, Str name, Err *err)
{
    Str names[COUNT_OF(rows)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].object, object) == 0)
            names[count++] = str_of(rows[i].key);
    return fail_near(source, key, name, names, count,
                     str_print(source->arena, "'" STR_FMT "' is no key of %s", STR_ARG(name),
                               object_label(object)).at, err);
}

static bool check_object(const Source *source, const char *object, Value tree, Value at, Err *err)
{
    if (tree.kind != VALUE_DICT)
        return fail_at(source, tree.at ? tree : at, err, "%s must be %s, not %s",
                       object_label(object),
                       strstr(object, "column") ? "a type or a mapping of keys" : "a mapping",
                       tree.kind == VALUE_NONE ? "empty" : value_type_name(tree));
    Value key, value;
    for (uint32_t i = 0; dict_next(tree.dict, &i, &key, &value);) {
        Str name = is_scalar(key) ? scalar_text(source, key) : STR("");
        size_t row = 0;
        while (row < COUNT_OF(rows) && !(strcmp(rows[row].object, object) == 0 &&
                                         str_is(name, rows[row].key)))
            row++;
        if (row == COUNT_OF(rows))
            return fail_key(source, object, key, name, err);
        TRY(check_value(source, &rows[row], key, value, err));
    }
    return true;
}

/* Reads a file and checks its keys; `tables` must be there. */
static bool read_source(Arena *arena, Str path, const char *object, Source *out, Err *err)
{
    Str text;
    *out = (Source){.arena = arena};
    TRY(file_read(arena, path, &text, err));
    TRY(yaml_parse(arena, text, str_copy(arena, path), &out->doc, err));
    if (out->doc.doubles.len) {
        const YamlDouble *twice = &out->doc.doubles.at[0];
        bool is_truth = str_find(STR(" 1 0 true false yes no on off "),
                                 str_print(arena, " " STR_FMT " ",
                                           STR_ARG(map_folded(arena, twice->key)))) >= 0;
        return err_set_in(err, ERR_PARSING, twice->place, out->doc.source,
                          "'" STR_FMT "' stands twice%s", STR_ARG(twice->key),
                          is_truth ? ": to YAML 1, yes, on and true are the same, as are 0, no, "
                                     "off and false; put them in quotes" : "");
    }
    TRY(check_object(out, object, out->doc.root, out->doc.root, err));
    Value tables = value_get(out->doc.root, "tables");
    if (tables.kind != VALUE_DICT || !tables.dict->len)
        return fail_at(out, out->doc.root, err, "%s needs `tables:`, a mapping from names to their "
                       "columns", object_label(object));
    return true;
}

/* ---- the unified schema ---- */

static bool make_unified_column(const Source *source, Value key, Value tree, UnifiedColumn *out,
                                Err *err)
{
    *out = (UnifiedColumn){.name = scalar_text(source, key)};
    Value type = tree.kind == VALUE_TEXT ? tree : value_get(tree, "type");
    if (type.kind == VALUE_TEXT)
        TRY(read_type(source, type, &out->type, err));
    out->type.name = out->name;
    out->is_required = value_truth(value_get(tree, "required"));
    return true;
}

/* The names of a key as a list of texts; an empty one when it is not there. */
static Value name_list(const Source *source, Value v)
{
    Value list = value_list(source->arena);
    const Str *names;
    uint32_t count = is_scalar(v) || v.kind == VALUE_LIST ? read_names(source, v, &names) : 0;
    for (uint32_t i = 0; i < count && v.kind != VALUE_NONE; i++)
        array_add(list.list, value_text(names[i]));
    return list;
}

static bool make_unified_table(const Source *source, Value key, Value tree, UnifiedTable *out,
                               Err *err)
{
    *out = (UnifiedTable){.name = scalar_text(source, key)};
    Value columns = value_get(tree, "columns"), name, column;
    if (columns.kind != VALUE_DICT || !columns.dict->len)
        return fail_at(source, key, err, "the table '" STR_FMT "' of the unified schema needs "
                       "`columns:`", STR_ARG(out->name));
    out->columns = NEW_N(source->arena, UnifiedColumn, columns.dict->len);
    for (uint32_t at = 0; dict_next(columns.dict, &at, &name, &column);) {
        TRY(make_unified_column(source, name, column, &out->columns[out->column_count], err));
        for (uint32_t i = 0; i < out->column_count; i++)
            if (str_eq_fold(out->columns[i].name, out->columns[out->column_count].name))
                return fail_at(source, name, err, "the column '" STR_FMT "' stands twice: names "
                               "are compared without case", STR_ARG(out->columns[i].name));
        out->column_count++;
    }
    out->primary_key = name_list(source, value_get(tree, "primary_key"));
    return true;
}

bool unified_load(Arena *arena, Str path, Unified *out, Err *err)
{
    Source source;
    *out = (Unified){0};
    TRY(read_source(arena, path, "schema", &source, err));
    Value tables = value_get(source.doc.root, "tables"), key, tree;
    out->tables = NEW_N(arena, UnifiedTable, tables.dict->len);
    for (uint32_t at = 0; dict_next(tables.dict, &at, &key, &tree);)
        TRY(make_unified_table(&source, key, tree, &out->tables[out->table_count++], err));
    return true;
}

/* ---- columns ---- */

static Str type_shown(Arena *arena, const Field *type)
{
    AUTO(text) Text text = {0};
    field_print_type(type, &text);
    return text_copy(arena, &text);
}

/* A format of times: only letters that the reader knows. */
static bool check_format(const Source *source, Value format, Err *err)
{
    Str text = value_str(format);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '%' && (++i == text.len || !strchr("YymdeHIMSfpbBjz%", text.at[i])))
            return fail_at(source, format, err, "unknown letter in '" STR_FMT "': times know %%Y "
                           "%%y %%m %%d %%e %%j %%b %%B %%H %%I %%p %%M %%S %%f %%z",
                           STR_ARG(text));
    return true;
}

/* What a column's type follows from when it is not said: formats, texts among its words. */
static void guess_type(Value tree, MapColumn *column)
{
    Value key, word;
    bool all_texts = column->values.kind == VALUE_DICT;
    if (column->date_format.len)
        column->type.type = ARROW_DATE;
    else if (column->timestamp_format.len)
        column->type.type = str_find(column->timestamp_format, STR("%z")) >= 0 ? ARROW_TIMESTAMP_TZ
                                                                              : ARROW_TIMESTAMP;
    Value words = value_get(tree, "values");
    for (uint32_t at = 0; all_texts && dict_next(words.dict, &at, &key, &word);)
        all_texts = word.kind == VALUE_TEXT || word.kind == VALUE_NONE;
    if (column->type.type == ARROW_NULL && all_texts)
        column->type.type = ARROW_TEXT;
}

/* The type: the mapping's, which the unified one must be able to take. */
static bool settle_type(const Source *source, Value tree, const UnifiedColumn *unified,
                        MapColumn *column, Err *err)
{
    Value type = tree.kind == VALUE_TEXT ? tree : value_get(tree, "type");
    Str formats[] = {STR("date_format"), STR("timestamp_format")};
    if (type.kind == VALUE_TEXT)
        TRY(read_type(source, type, &column->type, err));
    else if (unified && unified->type.type != ARROW_NULL)
        column->type = unified->type;
    else
        guess_type(tree, column);
    column->type.name = column->name;
    if (unified && type.kind == VALUE_TEXT && unified->type.type != ARROW_NULL) {
        Field meet;
        TypeMeet how = types_meet(source->arena, &unified->type, &column->type, &meet);
        if (how != TYPES_SAME && how != TYPES_NARROWER)
            return fail_at(source, type, err, "the column '" STR_FMT "' is " STR_FMT " in the "
                           "unified schema, which does not hold all of " STR_FMT,
                           STR_ARG(column->name),
                           STR_ARG(type_shown(source->arena, &unified->type)),
                           STR_ARG(type_shown(source->arena, &column->type)));
    }
    TypeId id = column->type.type;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        Value format = value_get_str(tree, formats[i]);
        bool fits = i == 0 ? id == ARROW_DATE
                           : id == ARROW_TIMESTAMP || id == ARROW_TIMESTAMP_TZ;
        if (format.kind != VALUE_TEXT)
            continue;
        if (!fits)
            return fail_at(source, format, err, "`" STR_FMT "` is for columns of type %s, '" STR_FMT
                           "' is " STR_FMT, STR_ARG(formats[i]), i ? "TIMESTAMP" : "DATE",
                           STR_ARG(column->name),
                           STR_ARG(type_shown(source->arena, &column->type)));
        TRY(check_format(source, format, err));
    }
    return true;
}

/* One of the words and values that a mapping names: a value of the column's type? */
static bool check_cell(const Source *source, const MapColumn *column, Value at, Value text,
                       Err *err)
{
    Str word = value_str(text);
    MapCell cell;
    if (text.kind != VALUE_TEXT)
        return true;
    TRY(map_cells(source->arena, &column->type, STR_NONE, STR_NONE, &word, 1, &cell, err));
    return !cell.is_bad || fail_at(source, at, err, "'" STR_FMT "' is no " STR_FMT
                                   ", the type of '" STR_FMT "'", STR_ARG(word),
                                   STR_ARG(type_shown(source->arena, &column->type)),
                                   STR_ARG(column->name));
}

/* A value of the mapping as a text (or NONE), checked. */
static bool read_cell(const Source *source, const MapColumn *column, Value v, Value *out, Err *err)
{
    *out = v.kind == VALUE_UNDEFINED ? UNDEFINED
           : v.kind == VALUE_NONE    ? NONE
                                     : value_text(scalar_of_type(source, v, &column->type));
    return check_cell(source, column, v, *out, err);
}

static bool read_values(const Source *source, Value tree, MapColumn *column, Err *err)
{
    Value values = value_get(tree, "values"), key, word;
    if (values.kind != VALUE_DICT)
        return true;
    column->values = value_dict(source->arena);
    for (uint32_t at = 0; dict_next(values.dict, &at, &key, &word);) {
        Value text;
        Str name = key.kind == VALUE_NONE && !scalar_text(source, key).len
                       ? STR("") : scalar_text(source, key);
        TRY(read_cell(source, column, word, &text, err));
        if (dict_find(column->values.dict, name))
            return fail_at(source, key, err, "the word '" STR_FMT "' stands twice", STR_ARG(name));
        dict_put(column->values.dict, name, text);
    }
    return true;
}

/* What excludes or needs one another. */
static bool check_steps(const Source *source, Value tree, const MapColumn *column, Err *err)
{
    static const char *const of_words[] = {"otherwise", "values_are_all"};
    Str name = column->name;
    bool has_words = column->values.kind == VALUE_DICT;
    Value multiply = value_get(tree, "multiply"), otherwise = value_get(tree, "otherwise");
    Value given = value_get(tree, "default");
    for (size_t i = 0; i < COUNT_OF(of_words); i++) {
        Value v = value_get(tree, of_words[i]);
        if (!value_is_undefined(v) && !has_words)
            return fail_at(source, v, err, "`%s` is about words that `values:` lacks: '" STR_FMT
                           "' has no `values:`", of_words[i], STR_ARG(name));
    }
    if (column->values_are_all && !value_is_undefined(otherwise))
        return fail_at(source, otherwise, err, "`otherwise` and `values_are_all` exclude each "
                       "other: words that `values` lacks are either replaced or violations");
    if (column->multiply.len && (has_words || column->date_format.len ||
                                 column->timestamp_format.len))
        return fail_at(source, multiply, err, "`multiply` is for numbers, `%s` for words: a column "
                       "has one of them", has_words ? "values" : "date_format");
    if (column->multiply.len && !type_is_numeric(column->type.type))
        return fail_at(source, multiply, err, "`multiply` needs a numeric `type:`, '" STR_FMT
                       "' %s" STR_FMT, STR_ARG(name),
                       column->type.type == ARROW_NULL ? "has no type" : "is ",
                       STR_ARG(column->type.type == ARROW_NULL
                                   ? STR("") : type_shown(source->arena, &column->type)));
    bool has_cells = has_words || !value_is_undefined(given);
    if (has_cells && column->type.type == ARROW_NULL)
        return fail_at(source, has_words ? value_get(tree, "values") : given, err,
                       "`%s` needs to know the column's `type:`", has_words ? "values" : "default");
    if (has_cells && column->type.child_count)
        return fail_at(source, has_words ? value_get(tree, "values") : given, err,
                       "`%s` is for plain types, '" STR_FMT "' is " STR_FMT,
                       has_words ? "values" : "default", STR_ARG(name),
                       STR_ARG(type_shown(source->arena, &column->type)));
    return true;
}

/* tree: a dict, a type's text or NONE; also for columns that only the unified schema has. */
static bool make_column(const Source *source, Value key, Value tree, const UnifiedColumn *unified,
                        MapColumn *out, Err *err)
{
    Value from = value_get(tree, "from"), multiply = value_get(tree, "multiply");
    Value required = value_get(tree, "required");
    *out = (MapColumn){.name = unified ? unified->name : scalar_text(source, key),
                       .values = NONE, .other_word = UNDEFINED, .otherwise = UNDEFINED};
    if (from.kind == VALUE_UNDEFINED || from.kind == VALUE_NONE) {
        Str *own = NEW(source->arena, Str);
        *own = out->name;
        out->from = own;
        out->from_count = 1;
    } else {
        out->from_count = read_names(source, from, &out->from);
    }
    out->is_required = required.kind == VALUE_BOOL ? required.is_true
                                                   : unified && unified->is_required;
    out->date_format = value_get_text(tree, "date_format", STR_NONE);
    out->timestamp_format = value_get_text(tree, "timestamp_format", STR_NONE);
    out->values_are_all = value_truth(value_get(tree, "values_are_all"));
    if (is_scalar(multiply) && multiply.kind != VALUE_NONE)
        out->multiply = scalar_text(source, multiply);
    if (value_get(tree, "values").kind == VALUE_DICT)
        out->values = value_dict(source->arena);
    TRY(settle_type(source, tree, unified, out, err));
    TRY(check_steps(source, tree, out, err));
    TRY(read_values(source, tree, out, err));
    TRY(read_cell(source, out, value_get(tree, "otherwise"), &out->other_word, err));
    TRY(read_cell(source, out, value_get(tree, "default"), &out->otherwise, err));
    out->has_steps = out->multiply.len || out->values.kind == VALUE_DICT ||
                     out->otherwise.kind == VALUE_TEXT || out->date_format.len ||
                     out->timestamp_format.len;
    return true;
}

/* ---- tables ---- */

/* Every name that columns are read from, once. */
static bool check_from(const Source *source, Value columns, const MapTable *table, Err *err)
{
    Map seen;
    Value key, tree;
    map_init(&seen, source->arena);
    for (uint32_t c = 0; c < table->column_count; c++) {
        MapColumn *column = &table->columns[c];
        for (uint32_t i = 0; i < column->from_count; i++) {
            MapColumn *other = map_find(&seen, column->from[i]);
            map_put(&seen, column->from[i], column);
            if (!other || other == column)
                continue;
            Value at = UNDEFINED;
            for (uint32_t n = 0; dict_next(columns.dict, &n, &key, &tree);)
                if (str_eq(scalar_text(source, key), column->name))
                    at = key;
            return fail_at(source, at.at ? at : columns, err, "'" STR_FMT "' is read by two "
                           "columns, '" STR_FMT "' and '" STR_FMT "'", STR_ARG(column->from[i]),
                           STR_ARG(other->name), STR_ARG(column->name));
        }
    }
    return true;
}

static bool check_key(const Source *source, Value tree, const MapTable *table, Err *err)
{
    Array *names = table->primary_key.list;
    Value at = value_get(tree, "primary_key");
    for (uint32_t i = 0; i < names->len && table->column_count; i++) {
        Str name = value_str(names->at[i]);
        if (map_find(&table->by_name, map_folded(source->arena, name)))
            continue;
        Str *known = NEW_N(source->arena, Str, table->column_count);
        for (uint32_t c = 0; c < table->column_count; c++)
            known[c] = table->columns[c].name;
        return fail_near(source, at.kind == VALUE_LIST ? at.list->at[i] : at, name, known,
                         table->column_count,
                         str_print(source->arena, "`primary_key` names '" STR_FMT "', which is no "
                                   "column of '" STR_FMT "'", STR_ARG(name),
                                   STR_ARG(table->name)).at, err);
    }
    return true;
}

/* The names of the columns that say where a row comes from are taken. */
static bool check_free(const Source *source, Value key, Str name, Err *err)
{
    static const char *const ours[] = {COLUMN_LINE, COLUMN_ARCHIVE, COLUMN_FILE};
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (str_is(name, ours[i]))
            return fail_at(source, key, err, "every table has a column %s already, which says "
                           "where a row comes from: give this one another name, such as "
                           "partner%s: {from: %s}", ours[i], ours[i], ours[i]);
    return true;
}

/* The columns of the mapping; with a unified schema all of its columns, in its order. */
static bool make_columns(const Source *source, Value columns, const UnifiedTable *unified,
                         MapTable *out, Err *err)
{
    bool has = columns.kind == VALUE_DICT;
    uint32_t count = unified ? unified->column_count : has ? columns.dict->len : 0;
    Value *keys = NEW_N(source->arena, Value, (size_t)count + 1);
    Value *trees = NEW_N(source->arena, Value, (size_t)count + 1), key, tree;
    uint32_t used = 0;
    for (uint32_t at = 0; has && dict_next(columns.dict, &at, &key, &tree);) {
        Str name = scalar_text(source, key);
        uint32_t c = unified ? 0 : used++;
        while (unified && c < count && !str_eq(unified->columns[c].name, name))
            c++;
        if (unified && c == count) {
            Str *known = NEW_N(source->arena, Str, count);
            for (uint32_t i = 0; i < count; i++)
                known[i] = unified->columns[i].name;
            return fail_near(source, key, name, known, count,
                             str_print(source->arena, "the table '" STR_FMT "' of the unified "
                                       "schema has no column '" STR_FMT "'",
                                       STR_ARG(unified->name), STR_ARG(name)).at, err);
        }
        keys[c] = key;
        trees[c] = tree;
    }
    out->columns = NEW_N(source->arena, MapColumn, (size_t)count + 1);
    out->column_count = count;
    for (uint32_t c = 0; c < count; c++) {
        TRY(make_column(source, keys[c], trees[c], unified ? &unified->columns[c] : NULL,
                        &out->columns[c], err));
        Str name = map_folded(source->arena, out->columns[c].name);
        TRY(check_free(source, keys[c], name, err));
        if (map_find(&out->by_name, name))
            return fail_at(source, keys[c], err, "the column '" STR_FMT "' stands twice: names are "
                           "compared without case", STR_ARG(out->columns[c].name));
        map_put(&out->by_name, name, &out->columns[c]);
    }
    return !has || check_from(source, columns, out, err);
}

/* Names without case are folders' and relations' names, too. */
static bool check_names(const Source *source, const Mapping *mapping, Value key, Err *err)
{
    const Str *names = mapping->names, name = names[mapping->count];
    for (uint32_t i = 0; i < mapping->count; i++)
        if (str_eq_fold(names[i], name))
            return fail_at(source, key, err, "the tables '" STR_FMT "' and '" STR_FMT "' differ in "
                           "case only: to the warehouse they are one", STR_ARG(names[i]),
                           STR_ARG(name));
    return true;
}

static bool make_table(const Source *source, Value key, Value tree, const Unified *unified,
                       MapTable *out, Err *err)
{
    const UnifiedTable *schema = NULL;
    *out = (MapTable){.name = scalar_text(source, key)};
    map_init(&out->by_name, source->arena);
    for (uint32_t i = 0; unified && i < unified->table_count; i++)
        if (str_eq(unified->tables[i].name, out->name))
            schema = &unified->tables[i];
    if (unified && !schema) {
        Str *known = NEW_N(source->arena, Str, unified->table_count);
        for (uint32_t i = 0; i < unified->table_count; i++)
            known[i] = unified->tables[i].name;
        return fail_near(source, key, out->name, known, unified->table_count,
                         str_print(source->arena, "the unified schema has no table '" STR_FMT "'",
                                   STR_ARG(out->name)).at, err);
    }
    Value from = value_get(tree, "from"), duplicates = value_get(tree, "duplicates");
    Value others = value_get(tree, "others"), names = value_get(tree, "primary_key");
    if (from.kind == VALUE_UNDEFINED || from.kind == VALUE_NONE)
        from = key;
    out->from_count = read_names(source, from, &out->from);
    out->duplicates = DUPLICATES_KEEP;
    if (duplicates.kind == VALUE_TEXT)
        out->duplicates = (DuplicateRule)word_find("keep last fail", value_str(duplicates));
    out->others = schema ? OTHERS_DROP : OTHERS_KEEP;
    if (others.kind == VALUE_TEXT)
        out->others = (OtherColumns)word_find("keep drop fail", value_str(others));
    out->primary_key = schema && (names.kind == VALUE_UNDEFINED || names.kind == VALUE_NONE)
                           ? schema->primary_key : name_list(source, names);
    if (out->duplicates != DUPLICATES_KEEP && !out->primary_key.list->len)
        return fail_at(source, duplicates, err, "`duplicates: " STR_FMT "` needs a `primary_key:`",
                       STR_ARG(value_str(duplicates)));
    TRY(make_columns(source, value_get(tree, "columns"), schema, out, err));
    return check_key(source, tree, out, err);
}

/* Files' {table} to tables: one each. */
static bool index_tables(const Source *source, Value tables, Mapping *mapping, Err *err)
{
    Value key, tree;
    uint32_t at = 0;
    map_init(&mapping->by_from, source->arena);
    map_init(&mapping->by_folded, source->arena);
    for (uint32_t t = 0; dict_next(tables.dict, &at, &key, &tree); t++) {
        MapTable *table = &mapping->tables[t];
        for (uint32_t i = 0; i < table->from_count; i++) {
            MapTable *other = map_find(&mapping->by_from, table->from[i]);
            if (other && other != table)
                return fail_at(source, key, err, "files of '" STR_FMT "' fill two tables, '" STR_FMT
                               "' and '" STR_FMT "'", STR_ARG(table->from[i]),
                               STR_ARG(other->name), STR_ARG(table->name));
            map_put(&mapping->by_from, table->from[i], table);
            map_put(&mapping->by_folded, map_folded(source->arena, table->from[i]), table);
        }
    }
    return true;
}

bool mapping_load(Arena *arena, Str path, Mapping **out, Err *err)
{
    Source source;
    Unified unified = {0};
    TRY(read_source(arena, path, "mapping", &source, err));
    Value schema = value_get(source.doc.root, "schema"), key, tree;
    Value partner = value_get(source.doc.root, "partner");
    Value tables = value_get(source.doc.root, "tables");
    bool has_schema = schema.kind != VALUE_UNDEFINED && schema.kind != VALUE_NONE;
    if (has_schema) {
        Str beside = path_join(arena, path_folder(path), scalar_text(&source, schema));
        if (file_info(beside).kind != FILE_REGULAR)
            return fail_at(&source, schema, err, "the unified schema '" STR_FMT "' is no file (it "
                           "is looked for beside the mapping)", STR_ARG(beside));
        TRY(unified_load(arena, beside, &unified, err));
    }
    Mapping *mapping = NEW(arena, Mapping);
    mapping->path = str_copy(arena, path);
    mapping->partner =
        is_scalar(partner) ? scalar_text(&source, partner) : path_stem(mapping->path);
    mapping->tables = NEW_N(arena, MapTable, tables.dict->len);
    mapping->names = NEW_N(arena, Str, tables.dict->len);
    for (uint32_t at = 0; dict_next(tables.dict, &at, &key, &tree); mapping->count++) {
        MapTable *table = &mapping->tables[mapping->count];
        TRY(make_table(&source, key, tree, has_schema ? &unified : NULL, table, err));
        mapping->names[mapping->count] = table->name;
        TRY(check_names(&source, mapping, key, err));
        value_freeze(table->primary_key);
        for (uint32_t c = 0; c < table->column_count; c++)
            value_freeze(table->columns[c].values);
    }
    TRY(index_tables(&source, tables, mapping, err));
    *out = mapping;
    return true;
}

/* ---- asking ---- */

Str mapping_partner(const Mapping *mapping)
{
    return mapping->partner;
}

uint32_t mapping_tables(const Mapping *mapping, const Str **names)
{
    *names = mapping->names;
    return mapping->count;
}

const MapTable *mapping_table_named(const Mapping *mapping, Str name)
{
    for (uint32_t i = 0; i < mapping->count; i++)
        if (str_eq(mapping->names[i], name))
            return &mapping->tables[i];
    return NULL;
}

const MapTable *mapping_table(const Mapping *mapping, Str name_in_file, Str *near)
{
    Arena arena = {0};
    const MapTable *table = map_find(&mapping->by_from, name_in_file);
    if (!table)
        table = map_find(&mapping->by_folded, map_folded(&arena, name_in_file));
    *near = STR_NONE;
    if (!table) {
        Str *known = NEW_N(&arena, Str, (size_t)map_len(&mapping->by_from) + 1), key;
        void *what;
        uint32_t count = 0;
        for (uint32_t at = 0; map_next(&mapping->by_from, &at, &key, &what);)
            known[count++] = key;
        *near = str_nearest(name_in_file, known, count);
    }
    arena_drop(&arena);
    return table;
}
