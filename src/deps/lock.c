/* lock.c: package-lock.yml, and YAML as dbt's dumper lays it out.
 *
 *   packages:
 *     - name: dbt_utils
 *       package: dbt-labs/dbt_utils
 *       version: 1.3.0
 *   sha1_hash: 4d219f...
 */
#include "deps/deps_base.h"

#include <stdlib.h>

#include "base/process.h"

/* ---- printing a tree: keys sorted, lists two blanks further in ---- */

static int compare_keys(const void *a, const void *b)
{
    return str_compare(value_str(((const DictEntry *)a)->key),
                       value_str(((const DictEntry *)b)->key));
}

/* A scalar as yaml_print() writes it, without its line end and document end. */
static void print_scalar(Value v, Text *out)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(text) Text line = {0};
    Dict *dict = dict_make(&scratch, 1);
    dict_put(dict, STR("k"), v);
    yaml_print(value_of_dict(dict), false, &line);
    text_add(out, str_trim(str_slice(text_str(&line), 2, line.len)));
}

static void print_tree(Value v, unsigned indent, Text *out, int depth);

static void print_dict(Dict *dict, unsigned indent, bool is_item, Text *out, int depth)
{
    AUTO(arena) Arena scratch = {0};
    DictEntry *entries = NEW_N(&scratch, DictEntry, dict->len + 1);
    uint32_t count = 0;
    Value key, value;
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value);)
        entries[count++] = (DictEntry){.key = key, .value = value};
    qsort(entries, count, sizeof(entries[0]), compare_keys);
    for (uint32_t i = 0; i < count; i++) {
        if (i || !is_item)
            text_add_repeat(out, ' ', indent);
        print_scalar(entries[i].key, out);
        text_add_char(out, ':');
        print_tree(entries[i].value, indent + 2, out, depth + 1);
    }
}

/* What follows a key's colon. */
static void print_tree(Value v, unsigned indent, Text *out, int depth)
{
    bool is_empty = !value_truth(v);
    if (depth > 100 || (!value_is_dict(v) && !value_is_list(v)) || is_empty) {
        text_add_char(out, ' ');
        if (value_is_list(v) || value_is_dict(v))
            text_add_c(out, value_is_list(v) ? "[]" : "{}");
        else
            print_scalar(v, out);
        text_add_char(out, '\n');
        return;
    }
    text_add_char(out, '\n');
    if (value_is_dict(v)) {
        print_dict(v.dict, indent, false, out, depth);
        return;
    }
    for (uint32_t i = 0; i < v.list->len; i++) {
        Value item = v.list->at[i];
        text_add_repeat(out, ' ', indent);
        text_add_char(out, '-');
        if (value_is_dict(item) && item.dict->len) {
            text_add_char(out, ' ');
            print_dict(item.dict, indent + 2, true, out, depth + 1);
        } else {
            print_tree(item, indent + 2, out, depth + 1);
        }
    }
}

void lock_print_tree(Value tree, Text *out)
{
    if (value_is_dict(tree))
        print_dict(tree.dict, 0, false, out, 0);
}

/* ---- the lock ---- */

/* A text with secrets hidden, as it goes into the file. */
static Value scrubbed(Arena *arena, Str text)
{
    AUTO(text) Text hidden = {0};
    text_add(&hidden, text);
    secret_hide(&hidden);
    return value_text(text_copy(arena, &hidden));
}

static Value lock_entry(Arena *arena, const Pinned *pinned)
{
    const Spec *spec = pinned->spec;
    Dict *dict = dict_make(arena, 5);
    dict_put(dict, STR("name"), value_text(pinned->project_name));
    switch (spec->kind) {
    case SPEC_LOCAL:
        dict_put(dict, STR("local"), value_text(spec->at));
        break;
    case SPEC_TARBALL:
        dict_put(dict, STR("tarball"), scrubbed(arena, spec->unrendered));
        break;
    case SPEC_REGISTRY:
        dict_put(dict, STR("package"), value_text(spec->at));
        dict_put(dict, STR("version"), value_text(pinned->version));
        break;
    case SPEC_GIT:
    case SPEC_PRIVATE:
        dict_put(dict, spec->kind == SPEC_GIT ? STR("git") : STR("private"),
                 scrubbed(arena, spec->unrendered));
        dict_put(dict, STR("revision"), value_text(pinned->version));
        if (spec->subdirectory.len)
            dict_put(dict, STR("subdirectory"), value_text(spec->subdirectory));
        if (spec->kind == SPEC_PRIVATE && spec->provider.len)
            dict_put(dict, STR("provider"), value_text(spec->provider));
        break;
    }
    return value_of_dict(dict);
}

void lock_print(Arena *arena, const PinnedList *pinned, Str hash, Text *out)
{
    Array *list = array_make(arena, pinned->len);
    for (uint32_t i = 0; i < pinned->len; i++)
        array_add(list, lock_entry(arena, &pinned->at[i]));
    Dict *dict = dict_make(arena, 2);
    dict_put(dict, STR("packages"), value_of_array(list));
    dict_put(dict, STR("sha1_hash"), value_text(hash));
    lock_print_tree(value_of_dict(dict), out);
}
