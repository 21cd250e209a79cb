/* expected.c: the list of what should have come: read from the inbox, in the forms partners use. */
#include "base/csv.h"
#include "base/json.h"
#include "drops/merge.h"

enum { MANIFEST_LIMIT_BYTES = 256 << 20 };

static const char *const name_keys[] = {"name", "file", "archive", "filename", "path", "key", NULL};
static const char *const row_keys[] = {"rows", "row_count", "records", "count", NULL};
static const char *const size_keys[] = {"size", "bytes", "size_bytes", NULL};

/* ---- one entry ---- */

static Str clean_name(Str name)
{
    name = str_trim(name);
    while (str_starts(name, STR("./")) || str_starts(name, STR("/")))
        name = str_slice(name, name.at[0] == '.' ? 2 : 1, name.len);
    return name;
}

static int64_t number_of(Value v)
{
    int64_t number = -1;
    if (value_is_int(v))
        number = v.number;
    else if (value_is_text(v) && !str_to_int(str_trim(value_str(v)), &number))
        number = -1;
    return number < 0 ? -1 : number;
}

static void add(Arena *arena, ExpectedList *out, Str name, Value rows, Value size)
{
    Expected entry = {clean_name(name), number_of(rows), number_of(size)};
    if (entry.name.len)
        list_add(arena, out, entry);
}

static Value first_of(Value item, const char *const *keys)
{
    for (; *keys; keys++) {
        Value found = value_get(item, *keys);
        if (!value_is_undefined(found))
            return found;
    }
    return UNDEFINED;
}

/* ---- JSON ---- */

static bool add_json(Arena *arena, Value tree, Str file, ExpectedList *out, Err *err)
{
    static const char *const lists[] = {"archives", "files"};
    bool has_list = value_is_list(tree);
    for (size_t i = 0; i < COUNT_OF(lists) && value_is_dict(tree); i++) {
        Value list = value_get(tree, lists[i]);
        if (value_is_list(list)) {
            has_list = true;
            TRY(add_json(arena, list, file, out, err));
        }
    }
    for (uint32_t i = 0; value_is_list(tree) && i < tree.list->len; i++) {
        Value item = tree.list->at[i];
        Value name = value_is_text(item) ? item : first_of(item, name_keys);
        if (!value_is_text(name))
            return err_set(err, ERR_PARSING, (Place){file, 0, 0},
                           "item %u of its list has no name (%s, %s or %s)", i + 1, name_keys[0],
                           name_keys[1], name_keys[2]);
        add(arena, out, value_str(name), first_of(item, row_keys), first_of(item, size_keys));
    }
    if (has_list)
        return true;
    Value key, rows;                          /* {"orders_1.csv": 17, ...} */
    for (uint32_t at = 0; value_is_dict(tree) && dict_next(tree.dict, &at, &key, &rows);) {
        if (!value_is_int(rows))
            return err_set(err, ERR_PARSING, (Place){file, 0, 0},
                           "it must be a list of names or {name, rows, size}, have one under "
                           "`files` or `archives`, or be a dict of names and rows");
        add(arena, out, value_str(key), rows, UNDEFINED);
    }
    return true;
}

/* ---- CSV and plain lines ---- */

static uint32_t column_of(const Str *fields, uint32_t count, const char *const *keys)
{
    for (; *keys; keys++)
        for (uint32_t i = 0; i < count; i++)
            if (str_eq_fold(str_trim(fields[i]), str_of(*keys)))
                return i;
    return UINT32_MAX;
}

static char delimiter_of(Str text)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    Str line;
    str_next_part(&text, '\n', &line);
    for (size_t i = 0; i < COUNT_OF(candidates); i++)
        if (str_find_char(line, candidates[i]) >= 0)
            return candidates[i];
    return ',';
}

static Value field(const Str *fields, uint32_t count, uint32_t at)
{
    return at < count ? value_text(fields[at]) : UNDEFINED;
}

/* *is_table false: the first line is no header. */
static bool add_table(Arena *arena, Str text, Str file, ExpectedList *out, bool *is_table,
                      Err *err)
{
    CsvReader AUTO(csv) csv = {0};
    Str *fields;
    uint32_t count;
    bool more;
    csv_init(&csv, text, file, delimiter_of(text));
    TRY(csv_next(&csv, arena, &fields, &count, &more, err));
    uint32_t name = more ? column_of(fields, count, name_keys) : UINT32_MAX;
    *is_table = name != UINT32_MAX;
    if (!*is_table)
        return true;
    uint32_t rows = column_of(fields, count, row_keys), size = column_of(fields, count, size_keys);
    for (;;) {
        TRY(csv_next(&csv, arena, &fields, &count, &more, err));
        if (!more)
            return true;
        if (name < count)
            add(arena, out, fields[name], field(fields, count, rows), field(fields, count, size));
    }
}

bool expected_parse(Arena *arena, Str text, Str file, ExpectedList *out, Err *err)
{
    bool is_table;
    Str line;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_slice(text, 3, text.len);
    Str bare = str_trim(text);
    if (str_starts(bare, STR("[")) || str_starts(bare, STR("{"))) {
        Value tree;
        TRY(json_parse(arena, text, file, &tree, err));
        return add_json(arena, tree, file, out, err);
    }
    TRY(add_table(arena, text, file, out, &is_table, err));
    while (!is_table && str_next_part(&text, '\n', &line))
        if (!str_starts(str_trim(line), STR("#")))
            add(arena, out, line, UNDEFINED, UNDEFINED);
    return true;
}

/* ---- the inbox ---- */

/* As a marker: beside the archives, unless it names a folder itself. */
static Str beside(const Drop *drop, Arena *arena, Str name)
{
    Str glob = drop->spec.glob;
    size_t end = 0;
    for (size_t i = 0; i < glob.len && !memchr("*?[{", glob.at[i], 4); i++)
        if (glob.at[i] == '/')
            end = i + 1;
    return str_find_char(name, '/') >= 0
               ? clean_name(name)
               : str_print(arena, STR_FMT STR_FMT, STR_ARG(str_slice(glob, 0, end)),
                           STR_ARG(name));
}

bool expected_load(const Drop *drop, Arena *arena, ExpectedList *out, uint32_t *found, Err *err)
{
    StoreEntries files = {0};
    *found = 0;
    *out = (ExpectedList){0};
    if (!drop->spec.checks.expected.len)
        return true;
    TRY(store_list(drop->spec.inbox, beside(drop, arena, drop->spec.checks.expected), arena, &files,
                   err));
    for (uint32_t i = 0; i < files.len; i++) {
        Str text;
        bool exists;
        TRY(store_get(drop->spec.inbox, files.at[i].name, MANIFEST_LIMIT_BYTES, arena, &text, NULL,
                      &exists, err));
        if (!exists)
            continue;
        TRY(expected_parse(arena, text, files.at[i].name, out, err));
        ++*found;
    }
    return true;
}

/* ---- comparing ---- */

static bool ends_with_parts(Str whole, Str end)
{
    return str_ends(whole, end) &&
           (whole.len == end.len || whole.at[whole.len - end.len - 1] == '/');
}

Expected *expected_find(ExpectedList *list, Arena *arena, Str name)
{
    if (!list->names) {
        list->names = dict_make(arena, list->len + 1);
        for (uint32_t i = 0; i < list->len; i++) {
            Str last = path_name(list->at[i].name);
            if (!dict_find(list->names, last))
                dict_put(list->names, last, value_list(arena));
            array_add(dict_find(list->names, last)->list, value_int(i));
        }
    }
    Value *same = dict_find(list->names, path_name(name));
    for (uint32_t i = 0; same && i < same->list->len; i++) {
        Expected *entry = &list->at[same->list->at[i].number];
        if (ends_with_parts(name, entry->name) || ends_with_parts(entry->name, name))
            return entry;
    }
    return NULL;
}
