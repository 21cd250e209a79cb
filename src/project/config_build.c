/* config_build.c: the config of a node, from all who have a say.
 *
 *   defaults < own package's dbt_project.yml by fqn < property file < config() < root's file by fqn
 *
 * What a folder's nodes have in common is built once a worker and shared, frozen; a node with
 * configs of its own gets a copy of that to change.
 */
#include "project/config_table.h"

enum { LEVELS_MAX = 64 };

/* The dicts of one dbt_project.yml that an fqn leads through. */
typedef struct Levels {
    const Dict *at[LEVELS_MAX];
    uint32_t count;
} Levels;

/* What nodes of one folder start from. */
typedef struct Base {
    Dict *config, *unrendered;
} Base;

/* ---- dicts ---- */

/* A copy of the top level, entries as they are. Cost: two memcpy. */
static Dict *dict_clone(Arena *arena, const Dict *dict)
{
    Dict *made = NEW(arena, Dict);
    *made = *dict;
    made->arena = arena;
    made->is_frozen = false;
    made->cap = dict->used + 8;
    made->at = NEW_N(arena, DictEntry, made->cap);
    if (dict->used)
        memcpy(made->at, dict->at, dict->used * sizeof(DictEntry));
    if (dict->index) {
        made->index = NEW_N(arena, uint32_t, dict->index_cap);
        memcpy(made->index, dict->index, dict->index_cap * sizeof(uint32_t));
    }
    return made;
}

Dict *config_own(Arena *arena, Node *node)
{
    if (node->config.dict->is_frozen)
        node->config = value_of_dict(dict_clone(arena, node->config.dict));
    return node->config.dict;
}

static Array *listed(Arena *arena, Value v)
{
    bool is_list = v.kind == VALUE_LIST || v.kind == VALUE_TUPLE;
    Array *list = array_make(arena, is_list ? v.list->len : 1);
    for (uint32_t i = 0; is_list && i < v.list->len; i++)
        array_add(list, v.list->at[i]);
    if (!is_list)
        array_add(list, v);
    return list;
}

static Value joined(Arena *arena, Value first, Value second)
{
    Array *list = listed(arena, first);
    bool is_list = second.kind == VALUE_LIST || second.kind == VALUE_TUPLE;
    for (uint32_t i = 0; is_list && i < second.list->len; i++)
        array_add(list, second.list->at[i]);
    if (!is_list)
        array_add(list, second);
    return value_of_array(list);
}

static Value updated(Arena *arena, Value first, Value second)
{
    Dict *dict = dict_clone(arena, first.dict);
    Value key, value;
    for (uint32_t at = 0; dict_next(second.dict, &at, &key, &value);)
        dict_put_keyed(dict, key, value);
    return value_of_dict(dict);
}

/* Grants: a privilege written "+name" adds to the list, "name" replaces it. */
static Value granted(Arena *arena, Value first, Value second, bool keeps_plus)
{
    Dict *dict = dict_make(arena, first.dict->len + second.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(first.dict, &at, &key, &value);)
        dict_put_keyed(dict, key, value_of_array(listed(arena, value)));
    for (uint32_t at = 0; dict_next(second.dict, &at, &key, &value);) {
        Str name = value_str(key);
        bool adds = name.len && name.at[0] == '+';
        if (adds && !keeps_plus)
            name = str_slice(name, 1, name.len);
        Value *found = dict_find(dict, name);
        dict_put(dict, name, adds && found ? joined(arena, *found, value)
                                           : value_of_array(listed(arena, value)));
    }
    return value_of_dict(dict);
}

/* ---- config() calls ---- */

static bool is_among(Str key, const char *const *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_is(key, names[i]))
            return true;
    return false;
}

bool config_merge_call(Arena *arena, Dict *into, Str key, Value value, Err *err)
{
    static const char *const appended[] = {"pre-hook", "post-hook", "tags", "packages"};
    static const char *const merged[] = {"quoting", "column_types", "meta", "docs", "contract",
                                         "snapshot_meta_column_names"};
    Value *found = dict_find(into, key);
    bool is_merged = is_among(key, merged, COUNT_OF(merged)) || str_is(key, "grants");
    if (is_merged && value.kind != VALUE_DICT && (found || str_is(key, "grants"))) {
        AUTO(text) Text shown = {0};
        value_repr(value, &shown);
        return err_set(err, ERR_PARSING, NOWHERE,
                       "config '" STR_FMT "': expected dict, got " STR_FMT, STR_ARG(key),
                       STR_ARG(text_str(&shown)));
    }
    if (found && is_among(key, appended, COUNT_OF(appended)))
        value = joined(arena, *found, value);
    else if (found && is_merged && found->kind == VALUE_DICT)
        value = str_is(key, "grants") ? granted(arena, *found, value, true)
                                      : updated(arena, *found, value);
    dict_put(into, key, value);
    return true;
}

/* ---- merging into a config ---- */

static Str hook_name(Str key)
{
    if (str_is(key, "pre_hook"))
        return STR("pre-hook");
    return str_is(key, "post_hook") ? STR("post-hook") : key;
}

static bool merge_one(Arena *arena, const ConfigClass *class, Dict *config, Str key, Value value,
                      Err *err)
{
    key = hook_name(key);
    const ConfigField *field = config_field(class, key);
    if (!field) {
        dict_put(config, key, value);
        return true;
    }
    Value given;
    TRY(config_normalize(arena, field, value, &given, err));
    Value *found = dict_find(config, key);
    Value before = found ? *found : NONE;
    switch (field->merge) {
    case MERGE_CLOBBER: break;
    case MERGE_APPEND:
        if (before.kind == VALUE_LIST && before.list->len)
            given = joined(arena, before, given);
        break;
    case MERGE_UPDATE:
        if (before.kind == VALUE_DICT && before.dict->len)
            given = updated(arena, before, given);
        break;
    case MERGE_GRANTS:
        given = granted(arena, before.kind == VALUE_DICT ? before : value_dict(arena), given,
                        false);
        break;
    }
    dict_put(config, key, given);
    return true;
}

/* A level of dbt_project.yml: "+key" and plain values; plain dicts are deeper levels. */
static bool level_key(Value key, Value value, Str *name)
{
    *name = value_str(key);
    if (!name->len)
        return false;
    if (name->at[0] == '+') {
        *name = str_trim(str_slice(*name, 1, name->len));
        return true;
    }
    return value.kind != VALUE_DICT;
}

/* Groups take what stands under models, but no hooks. */
static bool is_hook_of_group(const ConfigClass *class, Str name)
{
    return class == config_class(NODE_KIND_COUNT) &&
           (str_is(hook_name(name), "pre-hook") || str_is(hook_name(name), "post-hook"));
}

static bool merge_level(Arena *arena, const ConfigClass *class, Dict *config, const Dict *level,
                        Err *err)
{
    Value key, value;
    Str name;
    for (uint32_t at = 0; dict_next(level, &at, &key, &value);)
        if (level_key(key, value, &name) && !is_hook_of_group(class, name))
            TRY(merge_one(arena, class, config, name, value, err));
    return true;
}

static bool merge_plain(Arena *arena, const ConfigClass *class, Dict *config, const Dict *given,
                        Err *err)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(given, &at, &key, &value);)
        TRY(merge_one(arena, class, config, str_trim(value_str(key)), value, err));
    return true;
}

static void put_level(Dict *into, const Dict *level)
{
    Value key, value;
    Str name;
    for (uint32_t at = 0; dict_next(level, &at, &key, &value);)
        if (level_key(key, value, &name))
            dict_put(into, name, value);
}

static void put_all(Dict *into, const Dict *from)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(from, &at, &key, &value);)
        dict_put_keyed(into, key, value);
}

/* What dbt keeps of a patch: as rendered, with its raw text laid over it. Lists stand one behind
 * the other, the raw one first. */
static Value overlaid(Arena *arena, Value under, Value over)
{
    if (over.kind == VALUE_LIST)
        return under.kind == VALUE_LIST ? joined(arena, over, under) : over;
    if (over.kind != VALUE_DICT)
        return over;
    Dict *dict = under.kind == VALUE_DICT ? dict_clone(arena, under.dict) : dict_make(arena, 4);
    Value key, value;
    for (uint32_t at = 0; dict_next(over.dict, &at, &key, &value);) {
        Value *found = dict_find(dict, value_str(key));
        dict_put_keyed(dict, key, overlaid(arena, found ? *found : NONE, value));
    }
    return value_of_dict(dict);
}

/* ---- levels and bases ---- */

static void find_levels(Value config, const char *tree, Value fqn, Levels *out)
{
    out->count = 0;
    Value level = value_get(config, tree);
    for (uint32_t i = 0; level.kind == VALUE_DICT && out->count < LEVELS_MAX; i++) {
        out->at[out->count++] = level.dict;
        if (i >= fqn.list->len)
            break;
        level = value_get_str(level, value_str(fqn.list->at[i]));
    }
}

static const Dict *deepest(const Levels *levels)
{
    return levels->count ? levels->at[levels->count - 1] : NULL;
}

typedef struct Build {
    const Loader *loader;
    Worker *worker;
    const ConfigClass *class;
    NodeKind kind;
    Levels own, own_unrendered, root, root_unrendered;
} Build;

static bool make_base(const Build *build, const Base *below, const Levels *levels,
                      const Levels *unrendered, Base *out, Err *err)
{
    Arena *arena = build->worker->arena;
    if (below) {
        out->config = dict_clone(arena, below->config);
        out->unrendered = dict_clone(arena, below->unrendered);
    } else {
        out->config = dict_make(arena, build->class->count + 8);
        for (uint32_t i = 0; i < build->class->count; i++)
            dict_put(out->config, build->class->fields[i].key,
                     config_default(arena, &build->class->fields[i]));
        out->unrendered = dict_make(arena, 4);
    }
    for (uint32_t i = 0; i < levels->count; i++)
        TRY(merge_level(arena, build->class, out->config, levels->at[i], err));
    for (uint32_t i = 0; i < unrendered->count; i++)
        put_level(out->unrendered, unrendered->at[i]);
    value_freeze(value_of_dict(out->config));
    value_freeze(value_of_dict(out->unrendered));
    return true;
}

/* The base of these levels, from the worker's cache. with_root: the root's overrides are in it. */
static bool find_base(const Build *build, bool with_root, const Base **out, Err *err)
{
    Worker *worker = build->worker;
    const void *parts[4] = {deepest(&build->own), with_root ? deepest(&build->root) : NULL,
                            (const void *)(uintptr_t)(build->kind + 1),
                            (const void *)(uintptr_t)with_root};
    Str key = {(const char *)parts, sizeof(parts)};
    if (!worker->config_bases)
        worker->config_bases = dict_make(worker->arena, 64);
    const Value *found = dict_find(worker->config_bases, key);
    if (found) {
        *out = (const Base *)(uintptr_t)found->number;
        return true;
    }
    const Base *below = NULL;
    if (with_root)
        TRY(find_base(build, false, &below, err));
    Base *base = NEW(worker->arena, Base);
    const Levels *levels = with_root ? &build->root : &build->own;
    const Levels *unrendered = with_root ? &build->root_unrendered : &build->own_unrendered;
    TRY(make_base(build, below, levels, unrendered, base, err));
    dict_put(worker->config_bases, str_copy(worker->arena, key),
             value_int((int64_t)(uintptr_t)base));
    *out = base;
    return true;
}

/* ---- the whole ---- */

/* Tests: store_failures_as decides; without it store_failures does. */
static void finish_test(Dict *config)
{
    Value as = *dict_find(config, STR("store_failures_as"));
    Value stores = *dict_find(config, STR("store_failures"));
    if (!value_is_none(as))
        dict_put(config, STR("store_failures"), value_bool(!value_is(as, "ephemeral")));
    else if (value_is_bool(stores))
        dict_put(config, STR("store_failures_as"),
                 stores.is_true ? value_lit("table") : value_lit("ephemeral"));
}

static bool check_materialized(const Dict *config, NodeKind kind, Err *err)
{
    const char *wanted = kind == NODE_SEED ? "seed" : kind == NODE_TEST ? "test" : NULL;
    const Value *found = dict_find(config, STR("materialized"));
    if (!wanted || !found || value_is(*found, wanted))
        return true;
    return err_set(err, ERR_PARSING, NOWHERE,
                   "at path []: A %s must have a materialized value of '%s'", wanted, wanted);
}

static bool check_contract(const Dict *config, Err *err)
{
    const Value *contract = dict_find(config, STR("contract"));
    const Value *change = dict_find(config, STR("on_schema_change"));
    const Value *materialized = dict_find(config, STR("materialized"));
    if (!contract || !value_truth(value_get(*contract, "enforced")) || !change ||
        !value_is(*materialized, "incremental") || value_is(*change, "append_new_columns") ||
        value_is(*change, "fail"))
        return true;
    AUTO(text) Text shown = {0};
    value_print(*change, &shown);
    return err_set(err, ERR_PARSING, NOWHERE,
                   "Invalid value for on_schema_change: " STR_FMT
                   ". Models materialized as incremental with contracts enabled must set "
                   "on_schema_change to 'append_new_columns' or 'fail'",
                   STR_ARG(text_str(&shown)));
}

static bool has_own(const ConfigInput *input)
{
    return (input->calls && input->calls->len) || value_is_dict(input->patch) ||
           value_is_dict(input->unrendered_patch);
}

/* For a node that says something itself. */
static bool build_own(const Build *build, const ConfigInput *input, Value *config,
                      Value *unrendered, Err *err)
{
    Arena *arena = build->worker->arena;
    const Base *base;
    TRY(find_base(build, false, &base, err));
    Dict *made = dict_clone(arena, base->config), *raw = dict_clone(arena, base->unrendered);
    if (value_is_dict(input->patch))
        TRY(merge_plain(arena, build->class, made, input->patch.dict, err));
    Value patch = input->patch;
    if (value_is_dict(input->unrendered_patch) && !build->loader->has_rendered_raw)
        patch = overlaid(arena, patch, input->unrendered_patch);
    if (value_is_dict(patch))
        put_all(raw, patch.dict);
    if (input->calls) {
        TRY(merge_plain(arena, build->class, made, input->calls, err));
        bool has_text = !input->is_static && !build->loader->has_rendered_raw &&
                        input->unrendered_calls && input->unrendered_calls->len;
        put_all(raw, has_text ? input->unrendered_calls : input->calls);
    }
    for (uint32_t i = 0; i < build->root.count; i++)
        TRY(merge_level(arena, build->class, made, build->root.at[i], err));
    for (uint32_t i = 0; i < build->root_unrendered.count; i++)
        put_level(raw, build->root_unrendered.at[i]);
    *config = value_of_dict(made);
    *unrendered = value_of_dict(raw);
    return true;
}

bool config_compute(const Loader *loader, Worker *worker, NodeKind kind, Str package, Value fqn,
                    const ConfigInput *input, Value *config, Value *unrendered, Err *err)
{
    Build build = {.loader = loader, .worker = worker, .kind = kind, .class = config_class(kind)};
    const Package *root = loader->project->packages.at[0], *own = root;
    if (!str_eq(package, root->name))
        own = loader_package(loader, package);
    if (!own)
        own = root;
    const char *tree = build.class->tree;
    if (kind == NODE_ANALYSIS && loader->has_corrected_analysis)
        tree = "analyses";
    find_levels(own->config, tree, fqn, &build.own);
    /* dbt looks some kinds up under another name than the file's: nothing is found, or models' */
    bool has_raw = kind != NODE_SEMANTIC_MODEL && kind != NODE_SAVED_QUERY;
    const char *raw_tree = kind == NODE_FUNCTION ? "models" : tree;
    if (has_raw)
        find_levels(own->unrendered, raw_tree, fqn, &build.own_unrendered);
    if (own != root) {
        find_levels(root->config, tree, fqn, &build.root);
        if (has_raw)
            find_levels(root->unrendered, raw_tree, fqn, &build.root_unrendered);
    }
    if (has_own(input)) {
        TRY(build_own(&build, input, config, unrendered, err));
    } else {
        const Base *base;
        TRY(find_base(&build, build.root.count > 0, &base, err));
        *config = value_of_dict(base->config);
        *unrendered = value_of_dict(base->unrendered);
    }
    if (kind == NODE_TEST) {
        Value as = value_get(*config, "store_failures_as");
        Value is = value_get(*config, "store_failures");
        if (!value_is_none(as) || value_is_bool(is)) {
            if (config->dict->is_frozen)
                config->dict = dict_clone(worker->arena, config->dict);
            finish_test(config->dict);
        }
    }
    TRY(check_materialized(config->dict, kind, err));
    return check_contract(config->dict, err);
}

/* ---- what the node repeats of its config ---- */

static void set_tags(Arena *arena, Node *node, Value tags)
{
    if (tags.kind != VALUE_LIST || !tags.list->len)
        return;
    Array *all = listed(arena, node->tags);
    for (uint32_t i = 0; i < tags.list->len; i++) {
        bool is_there = false;
        for (uint32_t j = 0; j < all->len && !is_there; j++)
            is_there = value_equal(all->at[j], tags.list->at[i]);
        if (!is_there)
            array_add(all, tags.list->at[i]);
    }
    node->tags = value_of_array(all);
}

/* dbt builds a model's config twice, first without the property file: those tags come first. */
static bool set_first_tags(const Loader *loader, Worker *worker, Node *node,
                           const ConfigInput *input, Err *err)
{
    ConfigInput without = *input;
    without.patch = without.unrendered_patch = NONE;
    Value config, unrendered;
    TRY(config_compute(loader, worker, node->kind, node->package, node->fqn, &without, &config,
                       &unrendered, err));
    set_tags(worker->arena, node, value_get(config, "tags"));
    return true;
}

/* A none of the node's own hides what its folder says from names and group, but the config goes on
 * showing the folder's: dbt drops nones when it lays one dict over the other. */
static bool restore_nones(const Loader *loader, Worker *worker, Node *node, Err *err)
{
    const ConfigInput nothing = {.patch = NONE, .unrendered_patch = NONE};
    Value base, unrendered;
    TRY(config_compute(loader, worker, node->kind, node->package, node->fqn, &nothing, &base,
                       &unrendered, err));
    Dict *own = node->config.dict;
    for (uint32_t i = 0; i < base.dict->used; i++) {
        const DictEntry *of = &base.dict->at[i];
        if (of->is_gone || value_is_none(of->value))
            continue;
        bool is_same_place = i < own->used && own->at[i].key.text == of->key.text;
        const Value *found = is_same_place ? &own->at[i].value
                                           : dict_find(own, value_str(of->key));
        if (!found || !value_is_none(*found))
            continue;
        Str key = value_str(of->key);
        node->unsets_database |= str_is(key, "database");
        node->unsets_schema |= str_is(key, "schema");
        node->unsets_alias |= str_is(key, "alias");
        dict_put(own, key, of->value);
    }
    return true;
}

static bool has_two_tags(const ConfigInput *input)
{
    return input->calls && dict_find(input->calls, STR("tags")) &&
           value_truth(value_get(input->patch, "tags"));
}

static void set_contract(Arena *arena, Node *node, Value contract)
{
    Value enforced = value_get(contract, "enforced"), alias = value_get(contract, "alias_types");
    if (contract.kind != VALUE_DICT ||
        (value_is_bool(enforced) && !enforced.is_true && value_is_bool(alias) && alias.is_true))
        return;
    Value made = value_dict(arena);
    dict_put(made.dict, STR("enforced"), enforced);
    dict_put(made.dict, STR("alias_types"), alias);
    dict_put(made.dict, STR("checksum"), NONE);
    node->contract = made;
}

bool config_build(const Loader *loader, Worker *worker, Node *node, const ConfigInput *input,
                  Err *err)
{
    Arena *arena = worker->arena;
    if (!config_compute(loader, worker, node->kind, node->package, node->fqn, input, &node->config,
                        &node->unrendered_config, err)) {
        if (!err->place.file.len)
            err->place = NOWHERE;
        err_locate(err, (Place){node->file, (int)node->line, 0}, STR_NONE);
        return err_trail(err, "in " STR_FMT, STR_ARG(node_label(node, arena)));
    }
    if (input->calls)
        node->config_call_dict = value_of_dict(input->calls);
    if (input->unrendered_calls)
        node->unrendered_config_call_dict = value_of_dict(input->unrendered_calls);
    Value config = node->config;
    if (has_two_tags(input))
        TRY(set_first_tags(loader, worker, node, input, err));
    set_tags(arena, node, value_get(config, "tags"));
    Value meta = value_get(config, "meta"), docs = value_get(config, "docs");
    if (value_is_dict(meta) && meta.dict->len)
        node->meta = meta;
    if (value_is_dict(docs))
        node->docs = docs;
    Str group = value_get_text(config, "group", STR(""));
    if (group.len)
        node->group = group;
    node->access = value_get_text(config, "access", STR("protected"));
    set_contract(arena, node, value_get(config, "contract"));
    Value enabled = value_get(config, "enabled");
    node->is_enabled = !value_is_bool(enabled) || enabled.is_true;
    bool is_named = node->kind == NODE_MODEL || node->kind == NODE_SEED ||
                    node->kind == NODE_SNAPSHOT || node->kind == NODE_FUNCTION;
    return !is_named || !has_own(input) || restore_nones(loader, worker, node, err);
}
