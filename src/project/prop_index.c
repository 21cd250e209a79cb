/* prop_index.c: reading all documents; the patch of a node. */
#include "project/prop.h"

/* "package.name" into a buffer; names too long for it get a copy in the arena. */
typedef struct Key {
    char at[512];
} Key;

static Str key_of(Key *key, Str package, Str name)
{
    size_t len = package.len + 1 + name.len;
    if (len > sizeof(key->at))
        len = sizeof(key->at);
    size_t from = package.len < len ? package.len : len;
    if (from)
        memcpy(key->at, package.at, from);
    if (from < len)
        key->at[from++] = '.';
    if (from < len)
        memcpy(key->at + from, name.at, len - from);
    return (Str){key->at, len};
}

static FileUse use_of(NodeKind kind)
{
    switch (kind) {
    case NODE_SEED: return USE_SEED;
    case NODE_SNAPSHOT: return USE_SNAPSHOT;
    case NODE_ANALYSIS: return USE_ANALYSIS;
    case NODE_TEST: return USE_TEST;
    case NODE_FUNCTION: return USE_FUNCTION;
    default: return USE_MODEL;
    }
}

static bool has_file(const Loader *loader, NodeKind kind, const Package *package, Str name)
{
    uint32_t count;
    SourceFile **files = loader_files(loader, use_of(kind), &count);
    for (uint32_t i = 0; i < count; i++)
        if (files[i]->package == package && str_eq(path_stem(files[i]->path), name))
            return true;
    return false;
}

Patch *properties_find(const Loader *loader, NodeKind kind, const Package *package, Str file_name)
{
    const Properties *properties = properties_of(loader);
    Key buffer;
    PatchRow *row = map_find(&properties->patches[kind], key_of(&buffer, package->name, file_name));
    if (row && row->patch->is_released)
        return NULL;
    if (!row && kind != NODE_TEST) {
        /* another package may describe it, unless that has such a node itself */
        row = map_find(&properties->anywhere[kind], file_name);
        if (row && (row->patch->doc->package == package ||
                    (has_file(loader, kind, row->patch->doc->package, file_name) &&
                     !row->patch->is_released)))
            row = NULL;
    }
    if (!row)
        return NULL;
    if (row->is_fallback) { /* only where the versioned file is missing */
        AUTO(text) Text version = {0};
        text_add(&version, row->patch->name);
        text_add_c(&version, "_v");
        value_print(row->patch->version, &version);
        Str defined_in =
            value_get_text(row->patch->version_entry, "defined_in", text_str(&version));
        if (has_file(loader, kind, package, defined_in))
            return NULL;
    }
    atomic_store(&row->patch->is_used, true);
    return row->patch;
}

static bool read_one(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    Document *documents = user;
    return document_read(loader, worker, &documents[i], err);
}

/* ---- the maps ---- */

/* The same node described twice. */
static bool fail_double(const Loader *loader, const Patch *first, const Patch *second, Err *err)
{
    (void)loader;
    const SourceFile *one = first->doc, *two = second->doc;
    Place place = value_place(second->target, two->file, two->text);
    Str name = first->name;
    if (one == two)
        return err_set_in(err, ERR_COMPILATION, place, two->text,
                          "dbt found two schema.yml entries for the same resource named " STR_FMT
                          ". Resources and their associated columns may only be described a single "
                          "time. To fix this, remove one of the resource entries for " STR_FMT
                          " in this file:\n - " STR_FMT,
                          STR_ARG(name), STR_ARG(name), STR_ARG(one->original_file_path));
    return err_set_in(err, ERR_COMPILATION, place, two->text,
                      "dbt found two schema.yml entries for the same resource named " STR_FMT
                      ". Resources and their associated columns may only be described a single "
                      "time. To fix this, remove the resource entry for " STR_FMT
                      " in one of these files:\n - " STR_FMT "\n - " STR_FMT,
                      STR_ARG(name), STR_ARG(name), STR_ARG(two->original_file_path),
                      STR_ARG(one->original_file_path));
}

static bool add_row(Loader *loader, PatchRow *row, Err *err)
{
    Properties *properties = properties_of(loader);
    Arena *arena = loader->arena;
    const Package *package = row->patch->doc->package;
    Key buffer;
    Str key = key_of(&buffer, package->name, row->file_name);
    const PatchRow *twin = map_find(&properties->patches[row->kind], key);
    if (twin && twin->is_fallback == row->is_fallback && !row->is_fallback &&
        has_file(loader, row->kind, package, row->file_name))
        return fail_double(loader, twin->patch, row->patch, err);
    if (!twin || twin->is_fallback)
        map_put(&properties->patches[row->kind], str_copy(arena, key), row);
    if (loader->project->packages.len > 1 && !row->is_fallback &&
        !map_find(&properties->anywhere[row->kind], row->file_name))
        map_put(&properties->anywhere[row->kind], row->file_name, row);
    return true;
}

/* Does a test macro call nothing? Then rendering it in the parse phase finds nothing. */
static void count_call(void *context, const TemplateCall *call)
{
    (void)call;
    ++*(uint32_t *)context;
}

/* Is what this name means, and what it dispatches to, built in for every package? */
static MacroEntry *find_builtin(const Loader *loader, const char *name)
{
    const Project *project = loader->project;
    MacroEntry *entry = NULL;
    for (uint32_t i = 0; i < project->packages.len; i++) {
        Str package = project->packages.at[i]->name;
        entry = library_resolve(project->library, package, str_of(name), str_hash(str_of(name)));
        MacroEntry *chosen =
            library_dispatch(project->library, package, str_of(name), STR("dbt"), NULL);
        if (!entry || !entry->is_builtin || (chosen && !chosen->is_builtin))
            return NULL;
    }
    return entry;
}

static void find_quiet(Loader *loader)
{
    Properties *properties = properties_of(loader);
    if (loader->can_parse_static)
        properties->where_subquery = find_builtin(loader, "get_where_subquery");
    map_init(&properties->quiet, loader->arena);
    Arena *scratch = &loader->workers[0].scratch;
    MacroEntry *entry;
    for (uint32_t at = 0; library_next(loader->project->library, &at, &entry);) {
        if (!str_starts(entry->name, STR("test_")))
            continue;
        uint32_t calls = 0;
        bool is_known = entry->is_builtin && (str_is(entry->name, "test_accepted_values") ||
                                              str_is(entry->name, "test_relationships"));
        if (is_known && !find_builtin(loader, str_c(loader->arena, entry->name)))
            continue;
        if (!is_known)
            jinja_visit_calls(NULL, entry->macro, scratch, count_call, &calls);
        if (is_known || !calls)
            map_put(&properties->quiet, entry->unique_id, entry);
    }
    arena_reset(scratch);
}

bool properties_index(Loader *loader, Err *err)
{
    Properties *properties = NEW(loader->arena, Properties);
    loader->properties = properties;
    for (int k = 0; k < NODE_KIND_COUNT; k++) {
        map_init(&properties->patches[k], loader->arena);
        map_init(&properties->anywhere[k], loader->arena);
    }
    Value flag = value_get(loader->project->flags, "require_generic_test_arguments_property");
    properties->has_arguments_flag = !value_is_bool(flag) || flag.is_true;
    SourceFile **files = loader_files(loader, USE_PROPERTIES, &properties->document_count);
    properties->documents = NEW_N(loader->arena, Document, properties->document_count + 1);
    for (uint32_t i = 0; i < properties->document_count; i++)
        properties->documents[i].file = files[i];
    TRY(loader_parallel(loader, properties->document_count, 1, read_one, properties->documents,
                        err));
    for (uint32_t i = 0; i < properties->document_count; i++) {
        Document *document = &properties->documents[i];
        for (uint32_t p = 0; p < document->patches.len; p++)
            TRY(add_row(loader, &document->patches.at[p], err));
    }
    find_quiet(loader);
    return true;
}
