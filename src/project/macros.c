/* macros.c: all macros: built in, of the root project, of packages; what each one calls. */
#include <stdlib.h>

#include "base/assets.h"
#include "project/load.h"

typedef List(MacroEntry *) EntryList;

/* What a macro's calls are looked up in. */
typedef struct Lookup {
    EntryList entries;
    Map by_name;                 /* macros of packages by their bare names: the root's first      */
} Lookup;

/* A file of macros. */
typedef struct MacroSource {
    Str package, path, file, text;
    bool is_builtin, is_generic;
    EntryList entries;
} MacroSource;

typedef struct Sources {
    List(MacroSource) list;
} Sources;

static Value default_arguments(Loader *loader, Arena *arena, const Macro *macro)
{
    if (!macro->parameter_count)
        return loader->empty_list;
    Array *list = array_make(arena, macro->parameter_count);
    for (uint32_t i = 0; i < macro->parameter_count; i++) {
        Dict *entry = dict_make(arena, 3);
        dict_put(entry, STR("name"), value_text(macro->parameters[i].name));
        dict_put(entry, STR("type"), NONE);
        dict_put(entry, STR("description"), value_lit(""));
        array_add(list, value_of_dict(entry));
    }
    return value_of_array(list);
}

/* The block as dbt's manifest has it: with the white space that "{%-" and "-%}" take away, unless
 * the block before, which ends at `floor`, has taken it already.
 */
static Str block_text(const Block *block, Str source, const char *floor)
{
    const char *from = block->full.at, *to = from + block->full.len;
    if (str_starts(block->full, STR("{%-")))
        while (from > floor && strchr(" \t\r\n", from[-1]))
            from--;
    if (str_ends(block->full, STR("-%}")))
        while (to < source.at + source.len && strchr(" \t\r\n", *to))
            to++;
    return (Str){from, (size_t)(to - from)};
}

static bool compile_one(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    static const char *const kinds[] = {"macro", "test", "data_test", "materialization", NULL};
    static const char *const test_kinds[] = {"test", "data_test", NULL};
    MacroSource *source = &((Sources *)user)->list.at[i];
    Arena *arena = worker->arena;
    BlockList blocks = {0};
    TRY(jinja_blocks(arena, source->text, source->file, source->is_generic ? test_kinds : kinds,
                     &blocks, err));
    const char *floor = source->text.at;
    for (uint32_t b = 0; b < blocks.len; b++) {
        MacroEntry *entry = NEW(arena, MacroEntry);
        TRY(jinja_compile_macro(arena, &blocks.at[b], source->file, source->text, &entry->macro,
                                err));
        entry->macro->owner = entry;
        entry->macro->block = block_text(&blocks.at[b], source->text, floor);
        floor = entry->macro->block.at + entry->macro->block.len;
        entry->name = entry->macro->name;
        entry->package = source->package;
        entry->unique_id = str_print(arena, "macro." STR_FMT "." STR_FMT, STR_ARG(source->package),
                                     STR_ARG(entry->name));
        entry->path = entry->original_file_path = source->path;
        entry->is_builtin = source->is_builtin;
        entry->meta = loader->empty_dict;
        entry->docs = loader->default_docs;
        entry->config = NONE;
        entry->arguments = source->is_generic
                               ? loader->empty_list
                               : default_arguments(loader, arena, entry->macro);
        entry->depends_on = array_make(arena, 0);
        entry->created_at_us = loader->now_us;
        list_add(arena, &source->entries, entry);
    }
    return true;
}

static bool add_builtin(Loader *loader, Sources *sources, const char *folder, const char *package,
                        Err *err)
{
    AssetList found = {0};
    TRY(assets_list(loader->arena, str_of(folder), &found, err));
    for (uint32_t i = 0; i < found.len; i++) {
        Str name = found.at[i].name;
        if (!str_ends(name, STR(".sql")))
            continue;
        Str rest = str_slice(name, strlen(folder) + 1, name.len);
        Str path = path_join(loader->arena, STR("macros"), rest);
        list_add(loader->arena, &sources->list,
                 (MacroSource){.package = str_of(package), .path = path, .file = name,
                               .text = found.at[i].text, .is_builtin = true});
    }
    return true;
}

static void add_files(Loader *loader, Sources *sources, FileUse use)
{
    uint32_t count;
    SourceFile **files = loader_files(loader, use, &count);
    for (uint32_t i = 0; i < count; i++)
        list_add(loader->arena, &sources->list,
                 (MacroSource){.package = files[i]->package->name,
                               .path = files[i]->original_file_path,
                               .file = files[i]->file,
                               .text = files[i]->text,
                               .is_generic = use == USE_GENERIC_TEST});
}

/* ---- what a macro calls ---- */

typedef struct Visit {
    Loader *loader;
    Arena *arena;
    MacroEntry *entry;
    const Lookup *lookup;
} Visit;

/* Names that dbt's contexts offer themselves: calls of these are no macros. */
static bool is_context_name(Str name)
{
    static const char *const names[] = {
        "source", "ref", "config", "var", "env_var", "return", "fromjson", "tojson", "fromyaml",
        "toyaml", "set", "set_strict", "zip", "zip_strict", "log", "print", "diff_of_two_dicts",
        "local_md5", "target", "flags", "modules", "project_name", "builtins", "invocation_id",
        "run_started_at", "thread_id", "dbt_version", "invocation_args_dict", "dbt_metadata_envs"};
    for (uint32_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static void add_dependency(Visit *visit, const MacroEntry *found)
{
    if (!found)
        return;
    Array *list = visit->entry->depends_on;
    for (uint32_t i = 0; i < list->len; i++)
        if (str_eq(value_str(list->at[i]), found->unique_id))
            return;
    array_add(list, value_text(found->unique_id));
}

/* A name as dbt's manifest resolves it, which is not how it is called: the package's own, the
 * root's, that of any other package, a built-in one. */
static MacroEntry *find_by_name(const Visit *visit, Str package, Str name)
{
    const Library *library = visit->loader->project->library;
    MacroEntry *found = package.len ? library_find(library, package, name) : NULL;
    if (!found)
        found = map_find(&visit->lookup->by_name, name);
    return found ? found
                 : library_resolve(library, visit->loader->project->packages.at[0]->name, name,
                                   str_hash(name));
}

/* A name without its package, from a macro of this entry's package. */
static void add_by_name(Visit *visit, Str name)
{
    if (!str_eq(name, visit->entry->name))
        add_dependency(visit, find_by_name(visit, visit->entry->package, name));
}

static Value argument_of(const TemplateCall *call, uint32_t position, const char *name)
{
    for (uint32_t i = 0; i < call->named_count; i++)
        if (str_is(call->names[i], name))
            return call->named[i];
    return position < call->arg_count ? call->args[position] : UNDEFINED;
}

static void visit_call(void *context, const TemplateCall *call)
{
    Visit *visit = context;
    const Library *library = visit->loader->project->library;
    if (str_is(call->package, "adapter")) {
        Str name = value_str(argument_of(call, 0, "macro_name"));
        if (!str_is(call->name, "dispatch") || !name.len)
            return;
        add_by_name(visit, name);
        Str package = visit->entry->is_builtin ? visit->loader->project->packages.at[0]->name
                                               : visit->entry->package;
        MacroEntry *found =
            library_dispatch(library, package, name,
                             value_str(argument_of(call, 1, "macro_namespace")), NULL);
        if (found && !str_eq(found->name, visit->entry->name))
            add_dependency(visit, found);
    } else if (call->package.len) {
        /* `builtins.ref` and the like: dbt looks for the name alone */
        add_dependency(visit, find_by_name(visit, call->package, call->name));
    } else if (!is_context_name(call->name)) {
        add_by_name(visit, call->name);
    }
}

static bool find_dependencies(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    (void)err;
    const Lookup *lookup = user;
    Visit visit = {loader, &worker->scratch, lookup->entries.at[i], lookup};
    visit.entry->depends_on = array_make(worker->arena, 0);
    jinja_visit_calls(NULL, visit.entry->macro, &worker->scratch, visit_call, &visit);
    arena_reset(&worker->scratch);
    return true;
}

/* ---- the library ---- */

static int compare_entries(const void *a, const void *b)
{
    const MacroEntry *x = *(MacroEntry *const *)a, *y = *(MacroEntry *const *)b;
    int order = str_compare(x->unique_id, y->unique_id);
    if (order == 0)
        order = str_compare(x->path, y->path);
    if (order)
        return order;
    return (x->macro->offset > y->macro->offset) - (x->macro->offset < y->macro->offset);
}

static bool fill_library(Loader *loader, EntryList *entries, Err *err)
{
    Str *chain = NEW_N(loader->arena, Str, 2); /* the library keeps it */
    chain[0] = dialect_now()->type;
    chain[1] = STR("default");
    Project *project = loader->project;
    Package *root = project->packages.at[0];
    Library *library = library_make(loader->arena, root->name, chain, 2);
    for (uint32_t i = 0; i < entries->len; i++) {
        MacroEntry *entry = entries->at[i], *twin = NULL;
        if (library_add(library, entry, &twin))
            continue;
        return err_set(err, ERR_COMPILATION,
                       place_at(entry->macro->file, entry->macro->source, entry->macro->offset),
                       "dbt found multiple macros named \"" STR_FMT "\" in the project \"" STR_FMT
                       "\".\nAll macros require unique names, to fix this error rename or remove "
                       "any\nduplicates. They can be found in these files:\n  - " STR_FMT
                       "\n  - " STR_FMT,
                       STR_ARG(entry->name), STR_ARG(entry->package),
                       STR_ARG(entry->original_file_path), STR_ARG(twin->original_file_path));
    }
    library_set_dispatch(library, value_get(root->config, "dispatch"));
    Str *names = NEW_N(loader->arena, Str, project->packages.len);
    for (uint32_t i = 0; i < project->packages.len; i++)
        names[i] = project->packages.at[i]->name;
    library_freeze(library, names, project->packages.len);
    project->library = library;
    return true;
}

static void fill_names(Loader *loader, Lookup *lookup)
{
    Str root = loader->project->packages.at[0]->name;
    map_init(&lookup->by_name, loader->arena);
    for (uint32_t i = 0; i < lookup->entries.len; i++) {
        MacroEntry *entry = lookup->entries.at[i];
        if (entry->is_builtin)
            continue;
        const MacroEntry *known = map_find(&lookup->by_name, entry->name);
        if (!known || !str_eq(known->package, root))
            map_put(&lookup->by_name, entry->name, entry);
    }
}

bool macros_load(Loader *loader, Err *err)
{
    Sources sources = {0};
    TRY(add_builtin(loader, &sources, "macros/core", "dbt", err));
    const Dialect *dialect = dialect_now();
    TRY(add_builtin(loader, &sources,
                    str_c(loader->arena, str_print(loader->arena, "macros/" STR_FMT,
                                                   STR_ARG(dialect->type))),
                    str_c(loader->arena, dialect->package), err));
    add_files(loader, &sources, USE_MACRO);
    add_files(loader, &sources, USE_GENERIC_TEST);
    TRY(loader_parallel(loader, sources.list.len, 2, compile_one, &sources, err));
    Lookup lookup = {0};
    EntryList *entries = &lookup.entries;
    for (uint32_t i = 0; i < sources.list.len; i++)
        for (uint32_t j = 0; j < sources.list.at[i].entries.len; j++)
            list_add(loader->arena, entries, sources.list.at[i].entries.at[j]);
    if (entries->len)
        qsort(entries->at, entries->len, sizeof(*entries->at), compare_entries);
    TRY(fill_library(loader, entries, err));
    fill_names(loader, &lookup);
    TRY(loader_parallel(loader, entries->len, 32, find_dependencies, &lookup, err));
    names_init(loader);
    return true;
}
