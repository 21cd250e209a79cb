/* load.c: the order of work, and what both halves of the loader share. */
#include "project/declare.h"

#include "base/clock.h"

/* ---- side by side ---- */

typedef struct Job {
    Loader *loader;
    LoaderWork work;
    void *user;
    uint32_t first_failed;   /* guarded by lock; UINT32_MAX: none */
    Err err;
    Lock lock;
} Job;

static void run_piece(void *context, unsigned worker, uint32_t i)
{
    Job *job = context;
    Err problem = {0};
    if (job->work(job->loader, &job->loader->workers[worker], i, job->user, &problem))
        return;
    lock_take(&job->lock);
    if (i < job->first_failed) {
        job->first_failed = i;
        err_move(&job->err, &problem);
    }
    lock_give(&job->lock);
    err_drop(&problem);
}

bool loader_parallel(Loader *loader, uint32_t count, uint32_t chunk, LoaderWork work, void *user,
                     Err *err)
{
    Job job = {.loader = loader, .work = work, .user = user, .first_failed = UINT32_MAX};
    lock_init(&job.lock, 10, "loader");
    parallel_for(loader->worker_count, count, chunk, run_piece, &job);
    lock_drop(&job.lock);
    if (job.first_failed == UINT32_MAX)
        return true;
    err_move(err, &job.err);
    return false;
}

/* ---- warnings ---- */

void loader_warn(Worker *worker, uint32_t order, const char *name, const char *code,
                 const char *format, ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    list_add(worker->arena, &worker->warnings,
             (Warning){order, name, code, text_copy(worker->arena, &message)});
}

static int compare_warnings(const void *a, const void *b)
{
    const Warning *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Merge sort, for a stable order: qsort() promises none. */
static void sort_warnings(Arena *arena, Warning *at, uint32_t count)
{
    if (count < 2)
        return;
    uint32_t half = count / 2;
    sort_warnings(arena, at, half);
    sort_warnings(arena, at + half, count - half);
    Warning *merged = NEW_N(arena, Warning, count);
    for (uint32_t i = 0, left = 0, right = half; i < count; i++) {
        bool takes_left = right == count ||
                          (left < half && compare_warnings(&at[left], &at[right]) <= 0);
        merged[i] = takes_left ? at[left++] : at[right++];
    }
    memcpy(at, merged, count * sizeof(*at));
}

static bool say_warnings(Loader *loader, Err *err)
{
    List(Warning) all = {0};
    for (unsigned w = 0; w < loader->worker_count; w++)
        for (uint32_t i = 0; i < loader->workers[w].warnings.len; i++)
            list_add(loader->arena, &all, loader->workers[w].warnings.at[i]);
    sort_warnings(loader->arena, all.at, all.len);
    for (uint32_t i = 0; i < all.len; i++) {
        bool is_note = strcmp(all.at[i].name, "Note") == 0;
        loader->project->warning_count += !is_note;
        if (!is_note && loader->invocation->fails_on_warning)
            return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(all.at[i].message));
        event_say((Event){.name = all.at[i].name,
                          .code = all.at[i].code,
                          .level = is_note ? LEVEL_INFO : LEVEL_WARN,
                          .message = all.at[i].message});
    }
    return true;
}

/* ---- looking up ---- */

Package *loader_package(const Loader *loader, Str name)
{
    for (uint32_t i = 0; i < loader->project->packages.len; i++)
        if (str_eq(loader->project->packages.at[i]->name, name))
            return loader->project->packages.at[i];
    return NULL;
}

SourceFile **loader_files(const Loader *loader, FileUse use, uint32_t *count)
{
    *count = loader->use_start[use + 1] - loader->use_start[use];
    return loader->files.at + loader->use_start[use];
}

Context *loader_yaml_context(const Loader *loader, Arena *arena, const Package *package)
{
    Context *context = NEW(arena, Context);
    *context = (Context){
        .arena = arena,
        .invocation = loader->invocation,
        .phase = &phase_yaml,
        .package = package->name,
        .project_name = loader->project->packages.at[0]->name,
        .node_label = STR("a property file"),
        .target = loader->target,
        .owner = (void *)(uintptr_t)loader,
    };
    return context;
}

bool value_has_tags(Value tree)
{
    if (tree.kind == VALUE_TEXT)
        return jinja_has_tags(value_str(tree));
    if (tree.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < tree.list->len; i++)
            if (value_has_tags(tree.list->at[i]))
                return true;
    } else if (tree.kind == VALUE_DICT) {
        Value key, value;
        for (uint32_t at = 0; dict_next(tree.dict, &at, &key, &value);)
            if (value_has_tags(value))
                return true;
    }
    return false;
}

bool loader_render_tree(const Loader *loader, Arena *arena, const Package *package, Value tree,
                        Str file, Str source, Value *out, Err *err)
{
    if (!value_has_tags(tree)) {
        *out = tree;
        return true;
    }
    Context *context = loader_yaml_context(loader, arena, package);
    return declare_render(context, tree, file, source, out, err);
}

void loader_add_node(Loader *loader, Node *node)
{
    Project *project = loader->project;
    if (node->is_enabled) {
        node->index = project->nodes.len;
        list_add(loader->arena, &project->nodes, node);
    } else {
        node->index = project->disabled.len;
        list_add(loader->arena, &project->disabled, node);
    }
}

/* ---- the whole ---- */

static void drop_workers(void *what)
{
    Loader *loader = what;
    for (unsigned w = 0; w < loader->worker_count; w++) {
        arena_drop(&loader->workers[w].scratch);
        if (w)
            arena_drop(loader->workers[w].arena);
    }
}

static Loader *loader_make(const Invocation *invocation, const ProjectOptions *options,
                           Arena *arena)
{
    Loader *loader = NEW(arena, Loader);
    loader->arena = arena;
    loader->invocation = invocation;
    loader->options = options;
    loader->project = NEW(arena, Project);
    loader->project->arena = arena;
    loader->project->invocation = invocation;
    loader->now_us = clock_now_us();
    unsigned wanted = options->workers ? options->workers : cpu_count();
    loader->worker_count = wanted > 16 ? 16 : wanted;
    loader->workers = NEW_N(arena, Worker, loader->worker_count);
    for (unsigned w = 0; w < loader->worker_count; w++)
        loader->workers[w].arena = w ? NEW(arena, Arena) : arena;
    arena_on_drop(arena, drop_workers, loader);
    loader->empty_list = value_list(arena);
    loader->empty_dict = value_dict(arena);
    loader->default_docs = value_dict(arena);
    dict_put(loader->default_docs.dict, STR("show"), value_bool(true));
    dict_put(loader->default_docs.dict, STR("node_color"), NONE);
    loader->default_contract = value_dict(arena);
    dict_put(loader->default_contract.dict, STR("enforced"), value_bool(false));
    dict_put(loader->default_contract.dict, STR("alias_types"), value_bool(true));
    dict_put(loader->default_contract.dict, STR("checksum"), NONE);
    value_freeze(loader->empty_list);
    value_freeze(loader->empty_dict);
    value_freeze(loader->default_docs);
    value_freeze(loader->default_contract);
    map_init(&loader->docs, arena);
    return loader;
}

bool project_load_config(const Invocation *invocation, const ProjectOptions *options, Arena *arena,
                         Project **out, Err *err)
{
    Loader *loader = loader_make(invocation, options, arena);
    TRY(config_load(loader, err));
    *out = loader->project;
    return true;
}

bool project_load(const Invocation *invocation, const ProjectOptions *options, Arena *arena,
                  Project **out, Err *err)
{
    Loader *loader = loader_make(invocation, options, arena);
    TRY(config_load(loader, err));
    TRY(packages_load(loader, err));
    TRY(discover_files(loader, err));
    TRY(macros_load(loader, err));
    TRY(docs_load(loader, err));
    parse_phase_init(loader);
    TRY(properties_index(loader, err));
    TRY(nodes_load(loader, err));
    TRY(properties_load(loader, err));
    TRY(declarations_load(loader, err));
    TRY(checks_run(loader, err));
    TRY(say_warnings(loader, err));
    loader->project->loader = loader;
    *out = loader->project;
    return true;
}
