/* add.c: --add-package: one more entry in packages.yml, in place of one of the same name. */
#include "deps/deps_base.h"

/* Is `variant` a word of `id` between slashes and dots? Only its first occurrence counts. */
static bool has_word(Str id, Str variant)
{
    ptrdiff_t at = str_find(id, variant);
    if (at < 0 || !variant.len)
        return false;
    size_t begin = (size_t)at, end = begin + variant.len;
    return (!begin || strchr("/.", id.at[begin - 1])) &&
           (end == id.len || strchr("/.", id.at[end]));
}

/* Does the entry name the package that is added? "_" and "-" are the same, with or without the
 * namespace. */
static bool is_double(Arena *arena, Value entry, Str name)
{
    static const char *const keys[] = {"package", "git", "local", "tarball", "private"};
    Str id = STR_NONE;
    for (size_t i = 0; i < COUNT_OF(keys) && !id.len; i++)
        id = value_get_text(entry, keys[i], STR_NONE);
    ptrdiff_t slash = str_find_last(name, STR("/"));
    Str forms[2] = {name, slash < 0 ? name : str_slice(name, (size_t)slash + 1, name.len)};
    for (size_t i = 0; i < 2; i++)
        if (has_word(id, forms[i]) ||
            has_word(id, str_replace(arena, forms[i], STR("_"), STR("-"))) ||
            has_word(id, str_replace(arena, forms[i], STR("-"), STR("_"))))
            return true;
    return false;
}

static void say_removed(Value entry)
{
    AUTO(text) Text shown = {0};
    AUTO(arena) Arena scratch = {0};
    Dict *plain = dict_make(&scratch, 4);
    Value key, value;
    for (uint32_t at = 0; dict_next(entry.dict, &at, &key, &value);)
        if (value_is_text(value) || value_is_int(value) || value_is_float(value)) {
            AUTO(text) Text text = {0};
            value_print(value, &text);
            dict_put(plain, value_str(key), value_text(text_copy(&scratch, &text)));
        }
    value_repr(value_of_dict(plain), &shown);
    event_print(LEVEL_INFO, "DepsFoundDuplicatePackage", "M033",
                "Found duplicate package in packages.yml, removing: %s", shown.at);
}

static Value make_entry(Arena *arena, Str name, Str version, Str source)
{
    Dict *entry = dict_make(arena, 2);
    bool is_hub = str_is(source, "hub"), is_git = str_is(source, "git");
    dict_put(entry, is_hub ? STR("package") : str_copy(arena, source), value_text(name));
    if (!version.len)
        return value_of_dict(entry);
    Value shown = value_text(version);
    if (str_find_char(version, ',') >= 0) {
        Array *list = array_make(arena, 2);
        Str part;
        while (str_next_part(&version, ',', &part))
            array_add(list, value_text(part));
        shown = value_of_array(list);
    }
    dict_put(entry, is_git ? STR("revision") : STR("version"), shown);
    return value_of_dict(entry);
}

/* "name@version": the last @ that is not the one of "git@host". */
static void split(Str text, Str *name, Str *version)
{
    ptrdiff_t at = str_find_last(text, STR("@"));
    bool is_login = at > 0 && str_find_char(str_slice(text, (size_t)at, text.len), ':') >= 0 &&
                    str_find_char(str_slice(text, (size_t)at, text.len), '/') >= 0;
    *name = at <= 0 || is_login ? text : str_slice(text, 0, (size_t)at);
    *version = at <= 0 || is_login ? STR("") : str_slice(text, (size_t)at + 1, text.len);
}

bool add_package(Deps *deps, Err *err)
{
    Arena *arena = deps->arena;
    const DepsOptions *options = deps->options;
    PackagesFile file;
    Str name, version;
    split(options->add, &name, &version);
    if (!version.len && str_is(options->add_source, "hub"))
        return err_set(err, ERR_USAGE, NOWHERE,
                       "Version is required in --add-package when a package when source is hub: "
                       "--add-package " STR_FMT "@1.0.0", STR_ARG(name));
    TRY(packages_file_read(arena, options->invocation, options->project_dir, STR(""), &file, err));
    Str path = path_join(arena, options->project_dir, str_of(file.name)), source = STR("");
    bool is_new = !file_exists(path);
    YamlDoc doc = {.root = NONE};
    if (!is_new) {
        TRY(file_read(arena, path, &source, err));
        TRY(yaml_parse(arena, source, str_of(file.name), &doc, err));
    }
    Value tree = value_is_dict(doc.root) ? value_copy(arena, doc.root) : value_dict(arena);
    Value old = value_get(tree, "packages");
    Array *list = array_make(arena, 8);
    for (uint32_t i = 0; value_is_list(old) && i < old.list->len; i++) {
        if (is_double(arena, old.list->at[i], name))
            say_removed(old.list->at[i]);
        else
            array_add(list, old.list->at[i]);
    }
    array_add(list, make_entry(arena, name, version, options->add_source));
    dict_put(tree.dict, STR("packages"), value_of_array(list));
    AUTO(text) Text text = {0};
    lock_print_tree(tree, &text);
    TRY(file_write(path, text_str(&text), false, err));
    if (is_new)
        event_print(LEVEL_INFO, "Formatting", "Z017", "Created packages.yml");
    event_print(LEVEL_INFO, "DepsAddPackage", "M032", "Added new package " STR_FMT "@" STR_FMT
                " to " STR_FMT, STR_ARG(name), STR_ARG(version), STR_ARG(path));
    return true;
}
