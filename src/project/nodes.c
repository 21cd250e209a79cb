/* nodes.c: the nodes that files make: models, snapshots, analyses, singular tests, seeds,
 * functions; and the hooks of dbt_project.yml. */
#include "base/clock.h"
#include "project/load.h"

typedef List(Node *) NodeList;

/* ---- one node ---- */

/* A model's own version: its name is the model's, its id ends in ".v2". */
static void take_version(Arena *arena, Node *node, const Patch *patch)
{
    if (!patch || value_is_none(patch->version))
        return;
    AUTO(text) Text version = {0};
    value_print(patch->version, &version);
    node->name = patch->name;
    node->version = patch->version;
    node->latest_version = patch->latest_version;
    node->unique_id = str_print(arena, "model." STR_FMT "." STR_FMT ".v" STR_FMT,
                                STR_ARG(node->package), STR_ARG(node->name),
                                STR_ARG(text_str(&version)));
    Array *fqn = node->fqn.list;
    fqn->at[fqn->len - 1] = value_text(node->name);
    array_add(fqn, value_text(str_print(arena, "v" STR_FMT, STR_ARG(text_str(&version)))));
}

/* A config that does not fit stands in the property file or in config(): that is its place. */
static bool place_config(const Node *node, const Patch *patch, Err *err)
{
    Str text = str_of(err->text);
    ptrdiff_t at = str_find(text, STR("at path ['"));
    ptrdiff_t field = str_find(text, STR("Field \""));
    if ((at < 0 && field < 0) || err->place.column)
        return false;
    text = at >= 0 ? str_slice(text, (size_t)at + strlen("at path ['"), text.len)
                   : str_slice(text, (size_t)field + strlen("Field \""), text.len);
    ptrdiff_t end = str_find_char(text, at >= 0 ? '\'' : '"');
    Str key = str_slice(text, 0, end > 0 ? (size_t)end : 0);
    Value value = patch ? value_get_str(value_get(patch->target, "config"), key) : UNDEFINED;
    if (patch && value_is_undefined(value))
        value = value_get_str(patch->target, key);
    ptrdiff_t own = key.len ? str_find(node->raw_code, key) : -1;
    Err placed = {0};
    if (!value_is_undefined(value))
        (void)err_set_in(&placed, err->kind, value_place(value, patch->doc->file, patch->doc->text),
                         patch->doc->text, "%s", err->text);
    else if (own >= 0)
        (void)err_set_in(&placed, err->kind, place_at(node->file, node->raw_code, (size_t)own),
                         node->raw_code, "%s", err->text);
    else
        return false;
    placed.trail = err->trail;
    err->trail = NULL;
    err_move(err, &placed);
    return false;
}

/* Config, properties, names, hooks: what every node of a file gets once its text is read. */
static bool finish_node(const Loader *loader, Worker *worker, Node *node, const Patch *patch,
                        const ParseNotes *notes, Err *err)
{
    ConfigInput input = {.calls = notes->calls,
                         .unrendered_calls = notes->unrendered_calls,
                         .is_static = notes->is_static,
                         .patch = NONE,
                         .unrendered_patch = NONE};
    if (patch) {
        input.patch = patch->config;
        input.unrendered_patch = patch->unrendered_config;
    }
    bool is_python = str_is(node->language, "python");
    if (is_python && value_is_undefined(value_get(input.patch, "materialized"))) {
        Value with = value_dict(worker->arena), key, value;
        dict_put(with.dict, STR("materialized"), value_lit("table"));
        for (uint32_t at = 0; value_is_dict(input.patch) &&
                              dict_next(input.patch.dict, &at, &key, &value);)
            dict_put_keyed(with.dict, key, value);
        input.patch = with;
    }
    if (!config_build(loader, worker, node, &input, err))
        return place_config(node, patch, err);
    if (patch)
        TRY(properties_apply(loader, worker, node, patch, err));
    TRY(node_finish_names(loader, worker, node, err));
    if (node->kind == NODE_TEST)
        return true;
    return config_render_hooks(loader, worker, node, err);
}

/* Reads or renders the node's text. */
static bool read_text(const Loader *loader, Worker *worker, Node *node, ParseNotes *notes, Err *err)
{
    if (str_is(node->language, "python") || !jinja_has_tags(node->raw_code))
        return true;
    bool is_model = node->kind == NODE_MODEL;
    if ((is_model || str_find_char(node->raw_code, '\\') < 0) &&
        parse_static(loader, worker, node, node->raw_code, notes)) {
        if (!is_model && notes->calls) { /* dbt reads only models this way: the rest has texts */
            notes->unrendered_calls = unrendered_config_call(worker->arena, node->raw_code);
            notes->is_static = false;
        }
        return true;
    }
    JinjaSyntax syntax = {.is_dbt = true};
    if (!jinja_compile(worker->arena, node->raw_code, node->file, &syntax, &node->template, err))
        return err_trail(err, "in " STR_FMT, STR_ARG(node_label(node, worker->arena)));
    return parse_render(loader, worker, node, node->template, NULL, notes, err);
}

static bool build_node(const Loader *loader, Worker *worker, Node *node, const Patch *patch,
                       Err *err)
{
    ParseNotes notes = {0};
    TRY(read_text(loader, worker, node, &notes, err));
    return finish_node(loader, worker, node, patch, &notes, err);
}

/* ---- by kind of file ---- */

static bool load_python(const Loader *loader, Worker *worker, const SourceFile *file, Node *node,
                        const Patch *patch, Err *err)
{
    ParseNotes notes = {0};
    node->line = file->first_line > 1 ? file->first_line : 0;
    TRY(parse_python(worker, file, node, &notes, err));
    return finish_node(loader, worker, node, patch, &notes, err);
}

static Patch *patch_of(const Loader *loader, NodeKind kind, const SourceFile *file, Str name)
{
    return file->takes_no_patch ? NULL : properties_find(loader, kind, file->package, name);
}

static bool load_plain(const Loader *loader, Worker *worker, const SourceFile *file, NodeKind kind,
                       NodeList *out, Err *err)
{
    Arena *arena = worker->arena;
    Str name = path_stem(file->path);
    Node *node = node_new(loader, arena, kind, file, name);
    node->raw_code = file->text;
    if (str_eq_fold(path_extension(file->path), STR(".py")))
        node->language = STR("python");
    if (kind == NODE_ANALYSIS && !loader->has_corrected_analysis)
        node->path = path_join(arena, STR("analysis"), file->path);
    node->unique_id = node_unique_id(arena, kind, node->package, name);
    node->fqn = node_fqn(arena, node->package, node->path, name);
    Patch *patch = patch_of(loader, kind, file, name);
    if (kind == NODE_MODEL)
        take_version(arena, node, patch);
    if (kind == NODE_MODEL && str_is(node->language, "python"))
        TRY(load_python(loader, worker, file, node, patch, err));
    else
        TRY(build_node(loader, worker, node, patch, err));
    list_add(arena, out, node);
    return true;
}

/* Between the tags; white space that a "-" in them takes away is not part of it. */
static Str body_of(const Block *block)
{
    Str body = block->body;
    const char *end = block->full.at + block->full.len;
    if (body.at - block->full.at >= 3 && body.at[-3] == '-') {
        Str stripped = python_strip(body);
        body = (Str){stripped.at, (size_t)(body.at + body.len - stripped.at)};
    }
    if (end - (body.at + body.len) >= 3 && body.at[body.len + 2] == '-')
        body.len = (size_t)(python_strip(body).at + python_strip(body).len - body.at);
    return body;
}

/* A block's text begins in the middle of the file: an error's line is counted from there. */
static bool load_snapshots(const Loader *loader, Worker *worker, const SourceFile *file,
                           NodeList *out, Err *err)
{
    static const char *const kinds[] = {"snapshot", NULL};
    Arena *arena = worker->arena;
    BlockList blocks = {0};
    TRY(jinja_blocks(arena, file->text, file->file, kinds, &blocks, err));
    for (uint32_t i = 0; i < blocks.len; i++) {
        const Block *block = &blocks.at[i];
        Node *node = node_new(loader, arena, NODE_SNAPSHOT, file, block->name);
        node->raw_code = body_of(block);
        node->line = (uint32_t)place_at(file->file, file->text, block->offset).line;
        node->unique_id = node_unique_id(arena, NODE_SNAPSHOT, node->package, block->name);
        Str without = str_slice(file->path, 0,
                                file->path.len - path_extension(file->path).len);
        node->fqn = node_fqn(arena, node->package, path_join(arena, without, STR("x")),
                             block->name);
        Patch *patch = properties_find(loader, NODE_SNAPSHOT, file->package, block->name);
        TRY(build_node(loader, worker, node, patch, err));
        list_add(arena, out, node);
    }
    return true;
}

static bool load_seed(const Loader *loader, Worker *worker, const SourceFile *file, NodeList *out,
                      Err *err)
{
    Arena *arena = worker->arena;
    Str name = path_stem(file->path);
    Node *node = node_new(loader, arena, NODE_SEED, file, name);
    if (!file->checksum.len) {
        node->checksum_name = STR("path");
        node->checksum = file->original_file_path;
    }
    node->unique_id = node_unique_id(arena, NODE_SEED, node->package, name);
    node->fqn = node_fqn(arena, node->package, file->path, name);
    node->extra = value_dict(arena);
    dict_put(node->extra.dict, STR("root_path"), value_text(file->package->root));
    ParseNotes notes = {0};
    Patch *patch = patch_of(loader, NODE_SEED, file, name);
    TRY(finish_node(loader, worker, node, patch, &notes, err));
    list_add(arena, out, node);
    return true;
}

static bool load_file(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    const SourceFile *file = loader->files.at[loader->use_start[USE_MODEL] + i];
    NodeList *out = &((NodeList *)user)[i];
    switch (file->use) {
    case USE_MODEL: return load_plain(loader, worker, file, NODE_MODEL, out, err);
    case USE_SNAPSHOT: return load_snapshots(loader, worker, file, out, err);
    case USE_ANALYSIS: return load_plain(loader, worker, file, NODE_ANALYSIS, out, err);
    case USE_TEST: return load_plain(loader, worker, file, NODE_TEST, out, err);
    case USE_SEED: return load_seed(loader, worker, file, out, err);
    case USE_FUNCTION: return load_plain(loader, worker, file, NODE_FUNCTION, out, err);
    default: return true;
    }
}

/* ---- hooks of a project ---- */

static bool load_hook(Loader *loader, const SourceFile *file, const char *type, int64_t index,
                      Value text, Err *err)
{
    Arena *arena = loader->arena;
    Worker *worker = &loader->workers[0];
    Str name = str_print(arena, STR_FMT "-%s-%lld", STR_ARG(file->package->name), type,
                         (long long)index);
    if (text.kind != VALUE_TEXT)
        return err_set(err, ERR_RUNTIME,
                       value_place(text, file->package->config_file, file->package->config_text),
                       "%s: a hook is a text, this is %s", type, value_type_name(text));
    Node *node = node_new(loader, arena, NODE_OPERATION, file, name);
    node->raw_code = value_str(text);
    node->path = str_print(arena, "hooks/" STR_FMT ".sql", STR_ARG(name));
    node->unique_id = node_unique_id(arena, NODE_OPERATION, node->package, name);
    node->fqn = node_fqn(arena, node->package, node->path, name);
    node->tags = value_list(arena);
    array_add(node->tags.list, value_text(str_of(type)));
    node->hook_index = index;
    TRY(build_node(loader, worker, node, NULL, err));
    loader_add_node(loader, node);
    return true;
}

static bool load_hooks(Loader *loader, Package *package, Err *err)
{
    static const char *const types[] = {"on-run-start", "on-run-end"};
    SourceFile *file = NEW(loader->arena, SourceFile);
    *file = (SourceFile){.package = package,
                         .path = STR("dbt_project.yml"),
                         .original_file_path = STR("./dbt_project.yml"),
                         .file = STR("dbt_project.yml"),
                         .text = package->config_text};
    for (uint32_t t = 0; t < COUNT_OF(types); t++) {
        Value hooks = value_get(package->config, types[t]);
        if (value_is_undefined(hooks) || value_is_none(hooks))
            continue;
        if (!file->checksum.len)
            file->checksum = checksum_of(loader->arena, &loader->workers[0].scratch,
                                         python_strip(package->config_text));
        if (hooks.kind != VALUE_LIST)
            TRY(load_hook(loader, file, types[t], 0, hooks, err));
        for (uint32_t i = 0; hooks.kind == VALUE_LIST && i < hooks.list->len; i++)
            TRY(load_hook(loader, file, types[t], i, hooks.list->at[i], err));
    }
    return true;
}

/* ---- all ---- */

/* ---- what is said of a node that is switched off ---- */

/* An enabled node and the number of its file. */
typedef struct Enabled {
    const Node *node;
    uint32_t file;
} Enabled;

typedef struct Release {
    Loader *loader;
    Arena scratch;
    NodeList *made;              /* by file                                                      */
    Map twins;                   /* enabled nodes by kind, package, name -> Enabled *            */
    Map others;                  /* those without a patch by kind and name                       */
} Release;

static Str name_key(Arena *arena, const Node *node, Str package)
{
    return str_print(arena, "%d " STR_FMT " " STR_FMT, (int)node->kind, STR_ARG(package),
                     STR_ARG(node->name));
}

static void note_enabled(Release *release, const Node *node, uint32_t file)
{
    Enabled *enabled = NEW(&release->scratch, Enabled);
    *enabled = (Enabled){node, file};
    map_put(&release->twins, name_key(&release->scratch, node, node->package), enabled);
    if (!node->patch_path.len)
        map_put(&release->others, name_key(&release->scratch, node, STR("")), enabled);
}

static bool load_anew(Release *release, uint32_t file, Err *err)
{
    release->made[file].len = 0;
    return load_file(release->loader, &release->loader->workers[0], file, release->made, err);
}

/* dbt gives a description to the enabled node of that name: of the same package (another file makes
 * it for this engine, say), else of another package (a seed that the root project replaces by its
 * own). What got it as a disabled one, and who gets it instead, are made anew. */
static bool release_patch(Release *release, const Node *node, uint32_t file, Err *err)
{
    Loader *loader = release->loader;
    if (map_find(&release->twins, name_key(&release->scratch, node, node->package))) {
        loader->files.at[loader->use_start[USE_MODEL] + file]->takes_no_patch = true;
        return load_anew(release, file, err);
    }
    const Enabled *other =
        map_find(&release->others, name_key(&release->scratch, node, STR("")));
    Patch *patch = other ? properties_find(loader, node->kind,
                                           loader_package(loader, node->package), node->name)
                         : NULL;
    if (!patch)
        return true;
    patch->is_released = true;
    return load_anew(release, file, err) && load_anew(release, other->file, err);
}

static bool is_described_off(const NodeList *nodes)
{
    const Node *node = nodes->len == 1 ? nodes->at[0] : NULL;
    return node && !node->is_enabled && node->patch_path.len && value_is_none(node->version);
}

static bool release_patches(Release *release, uint32_t files, Err *err)
{
    bool is_needed = false;
    for (uint32_t i = 0; i < files; i++)
        is_needed |= is_described_off(&release->made[i]);
    if (!is_needed)
        return true;
    map_init(&release->twins, &release->scratch);
    map_init(&release->others, &release->scratch);
    for (uint32_t i = 0; i < files; i++)
        for (uint32_t n = 0; n < release->made[i].len; n++)
            if (release->made[i].at[n]->is_enabled)
                note_enabled(release, release->made[i].at[n], i);
    for (uint32_t i = 0; i < files; i++)
        if (is_described_off(&release->made[i]))
            TRY(release_patch(release, release->made[i].at[0], i, err));
    return true;
}

bool nodes_load(Loader *loader, Err *err)
{
    Project *project = loader->project;
    uint32_t from = loader->use_start[USE_MODEL], to = loader->use_start[USE_DOC];
    NodeList *made = NEW_N(loader->arena, NodeList, to - from + 1);
    TRY(loader_parallel(loader, to - from, 16, load_file, made, err));
    Release release = {.loader = loader, .made = made};
    bool ok = release_patches(&release, to - from, err);
    arena_drop(&release.scratch);
    if (!ok)
        return false;
    for (uint32_t p = 0; p < project->packages.len; p++) {
        Package *package = project->packages.at[p];
        for (uint32_t i = from; i < to; i++)
            for (uint32_t n = 0; loader->files.at[i]->package == package && n < made[i - from].len;
                 n++)
                loader_add_node(loader, made[i - from].at[n]);
        TRY(load_hooks(loader, package, err));
    }
    return true;
}

bool project_add_inline(Project *project, Str name, Str sql, Node **out, Err *err)
{
    Loader *loader = project->loader;
    Arena *arena = project->arena;
    SourceFile *file = NEW(arena, SourceFile);
    *file = (SourceFile){.package = project->packages.at[0],
                         .path = path_join(arena, STR("sql"), name),
                         .original_file_path = STR("from remote system"),
                         .file = name};
    file->checksum = checksum_of(arena, &loader->workers[0].scratch, python_strip(sql));
    Node *node = node_new(loader, arena, NODE_SQL_OPERATION, file, name);
    node->raw_code = str_copy(arena, sql);
    node->unique_id = node_unique_id(arena, NODE_SQL_OPERATION, node->package, name);
    node->fqn = node_fqn(arena, node->package, file->path, name);
    TRY(build_node(loader, &loader->workers[0], node, NULL, err));
    *out = node;
    return true;
}
