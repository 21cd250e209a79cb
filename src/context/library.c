/* library.c: which macro a name means.
 *
 * The table of names of a package P holds, later ones giving way to earlier ones: P's macros, the
 * root project's, the packages as namespaces, "dbt" as a namespace, and the built-in macros. It is
 * built once, when the project is loaded; a look-up is one hash look-up afterwards.
 */
#include "context/library.h"

typedef struct PackageMacros {
    Str name;
    Dict *macros;        /* name -> macro object */
    Value as_namespace;  /* what {{ package.macro }} goes through */
    Dict *names;         /* of library_freeze(): everything a node of the package sees */
} PackageMacros;

struct Library {
    Arena *arena;
    Str root;
    const Str *chain;
    uint32_t chain_count;
    Map packages;        /* name -> PackageMacros                            */
    Dict *builtin;       /* all built-in macros, the adapter's over dbt's    */
    Value builtin_namespace;
    Dict *by_id;
    Value dispatch;
    List(MacroEntry *) sorted;
};

/* ---- namespaces: {{ dbt_utils.star(...) }} ---- */

typedef struct Namespace {
    Object base;
    Str name;
    Dict *macros;
} Namespace;

static bool namespace_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Value *found = dict_find(((Namespace *)self)->macros, name);
    *out = found ? *found : UNDEFINED;
    return true;
}

static void namespace_print(Object *self, Text *out)
{
    text_print(out, "<macros of " STR_FMT ">", STR_ARG(((Namespace *)self)->name));
}

static const ObjectType namespace_type = {
    .name = "MacroNamespace", .get = namespace_get, .print = namespace_print, .is_mapping = true};

static Value namespace_make(Arena *arena, Str name, Dict *macros)
{
    Namespace *made = NEW(arena, Namespace);
    *made = (Namespace){{&namespace_type}, name, macros};
    return value_of_object(&made->base);
}

/* ---- building ---- */

Library *library_make(Arena *arena, Str root_package, const Str *adapter_chain, uint32_t count)
{
    Library *library = NEW(arena, Library);
    library->arena = arena;
    library->root = root_package;
    library->chain = adapter_chain;
    library->chain_count = count;
    map_init(&library->packages, arena);
    library->builtin = dict_make(arena, 1024);
    library->builtin_namespace = namespace_make(arena, STR("dbt"), library->builtin);
    library->by_id = dict_make(arena, 1024);
    return library;
}

static PackageMacros *package_of(Library *library, Str name)
{
    PackageMacros *package = map_find(&library->packages, name);
    if (package)
        return package;
    package = NEW(library->arena, PackageMacros);
    package->name = name;
    package->macros = dict_make(library->arena, 0);
    package->as_namespace = namespace_make(library->arena, name, package->macros);
    map_put(&library->packages, name, package);
    return package;
}

bool library_add(Library *library, MacroEntry *entry, MacroEntry **twin)
{
    PackageMacros *package = package_of(library, entry->package);
    Value *found = dict_find(package->macros, entry->name);
    if (found) {
        *twin = ((Macro *)found->object)->owner;
        return false;
    }
    Value macro = value_of_object(&entry->macro->base);
    entry->macro->owner = entry;
    dict_put(package->macros, entry->name, macro);
    dict_put(library->by_id, entry->unique_id, macro);
    if (entry->is_builtin) {
        bool is_adapters = !str_is(entry->package, "dbt");
        if (is_adapters || !dict_find(library->builtin, entry->name))
            dict_put(library->builtin, entry->name, macro);
    }
    uint32_t at = library->sorted.len; /* insertion sort from the end: entries come nearly sorted */
    list_add(library->arena, &library->sorted, entry);
    while (at && str_compare(library->sorted.at[at - 1]->unique_id, entry->unique_id) > 0) {
        library->sorted.at[at] = library->sorted.at[at - 1];
        at--;
    }
    library->sorted.at[at] = entry;
    return true;
}

void library_set_dispatch(Library *library, Value dispatch)
{
    library->dispatch = dispatch;
}

static void add_names(Dict *into, const Dict *names)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(names, &at, &key, &value);)
        if (!dict_find(into, value_str(key)))
            dict_put(into, value_str(key), value);
}

static bool is_builtin_package(const PackageMacros *package)
{
    Value key, first;
    uint32_t at = 0;
    return dict_next(package->macros, &at, &key, &first) &&
           ((const MacroEntry *)((const Macro *)first.object)->owner)->is_builtin;
}

static void build_names(Library *library, PackageMacros *package)
{
    package->names = dict_make(library->arena, 1024);
    add_names(package->names, package->macros);
    PackageMacros *root = map_find(&library->packages, library->root);
    if (root && root != package)
        add_names(package->names, root->macros);
    Str name;
    void *other;
    for (uint32_t at = 0; map_next(&library->packages, &at, &name, &other);)
        if (!is_builtin_package(other) && !dict_find(package->names, name))
            dict_put(package->names, name, ((PackageMacros *)other)->as_namespace);
    if (!dict_find(package->names, STR("dbt")))
        dict_put(package->names, STR("dbt"), library->builtin_namespace);
    for (uint32_t at = 0; map_next(&library->packages, &at, &name, &other);)
        if (is_builtin_package(other) && !dict_find(package->names, name))
            dict_put(package->names, name, ((PackageMacros *)other)->as_namespace);
    add_names(package->names, library->builtin);
    value_freeze(value_of_dict(package->names));
}

void library_freeze(Library *library, const Str *packages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        package_of(library, packages[i]);
    Str name;
    void *package;
    for (uint32_t at = 0; map_next(&library->packages, &at, &name, &package);)
        build_names(library, package);
}

/* ---- finding ---- */

static MacroEntry *entry_of(const Value *found)
{
    bool is_macro = found && found->kind == VALUE_OBJECT && found->object->type != &namespace_type;
    return is_macro ? ((Macro *)found->object)->owner : NULL;
}

MacroEntry *library_find_id(const Library *library, Str unique_id)
{
    return entry_of(dict_find(library->by_id, unique_id));
}

const Dict *library_names(const Library *library, Str package)
{
    PackageMacros *found = map_find(&library->packages, package);
    if (!found)
        found = map_find(&library->packages, library->root);
    return found ? found->names : NULL;
}

MacroEntry *library_resolve(const Library *library, Str package, Str name, uint32_t hash)
{
    const Dict *names = library_names(library, package);
    return names ? entry_of(dict_find_hashed(names, name, hash)) : NULL;
}

MacroEntry *library_find(const Library *library, Str package, Str name)
{
    if (!package.len)
        return library_resolve(library, library->root, name, str_hash(name));
    if (str_is(package, "dbt"))
        return entry_of(dict_find(library->builtin, name));
    PackageMacros *found = map_find(&library->packages, package);
    return found ? entry_of(dict_find(found->macros, name)) : NULL;
}

/* The search order that `dispatch:` of dbt_project.yml gives for a namespace, or undefined. */
static Value configured_order(const Library *library, Str macro_namespace)
{
    if (library->dispatch.kind != VALUE_LIST)
        return UNDEFINED;
    for (uint32_t i = 0; i < library->dispatch.list->len; i++) {
        Value row = library->dispatch.list->at[i];
        if (str_eq(value_get_text(row, "macro_namespace", STR("")), macro_namespace))
            return value_get(row, "search_order");
    }
    return UNDEFINED;
}

typedef struct Search {
    const Library *library;
    Str name;
    Str node_package;
    Text *tried;
} Search;

/* Looks for PREFIX__name in one package; an empty package: as the node sees names. */
static MacroEntry *search_package(const Search *search, Str package)
{
    const Library *library = search->library;
    for (uint32_t i = 0; i < library->chain_count; i++) {
        char full[512];
        Str prefix = library->chain[i];
        size_t len = prefix.len + 2 + search->name.len;
        if (len >= sizeof(full))
            return NULL;
        memcpy(full, prefix.at, prefix.len);
        memcpy(full + prefix.len, "__", 2);
        if (search->name.len)
            memcpy(full + prefix.len + 2, search->name.at, search->name.len);
        Str wanted = {full, len};
        MacroEntry *found =
            package.len ? library_find(library, package, wanted)
                        : library_resolve(library, search->node_package, wanted, str_hash(wanted));
        if (found)
            return found;
        if (search->tried)
            text_print(search->tried, "%s'" STR_FMT "%s" STR_FMT "'",
                       search->tried->len ? ", " : "", STR_ARG(package), package.len ? "." : "",
                       STR_ARG(wanted));
    }
    return NULL;
}

MacroEntry *library_dispatch(const Library *library, Str node_package, Str name,
                             Str macro_namespace, Text *tried)
{
    Search search = {library, name, node_package, tried};
    if (!macro_namespace.len)
        return search_package(&search, STR_NONE);
    Value order = configured_order(library, macro_namespace);
    if (order.kind == VALUE_LIST && order.list->len) {
        for (uint32_t i = 0; i < order.list->len; i++) {
            MacroEntry *found = search_package(&search, value_str(order.list->at[i]));
            if (found)
                return found;
        }
        return NULL;
    }
    MacroEntry *found = search_package(&search, library->root);
    return found ? found : search_package(&search, macro_namespace);
}

MacroEntry *library_find_generate(const Library *library, Str name, Str node_package)
{
    MacroEntry *found = library_find(library, library->root, name);
    if (!found && node_package.len && !str_eq(node_package, library->root))
        found = library_find(library, node_package, name);
    return found ? found : library_find(library, STR("dbt"), name);
}

MacroEntry *library_find_materialization(const Library *library, Str name)
{
    Str packages[2] = {library->root, STR("dbt")};
    MacroEntry *best = NULL;
    for (uint32_t i = 0; i < library->chain_count && !best; i++) {
        char full[512];
        int len = snprintf(full, sizeof(full), "materialization_" STR_FMT "_" STR_FMT,
                           STR_ARG(name), STR_ARG(library->chain[i]));
        Str wanted = {full, (size_t)len < sizeof(full) ? (size_t)len : 0};
        for (uint32_t p = 0; p < 2 && !best; p++)
            best = library_find(library, packages[p], wanted);
        Str package;
        void *other;
        for (uint32_t at = 0; !best && map_next(&library->packages, &at, &package, &other);)
            best = library_find(library, package, wanted);
    }
    return best;
}

bool library_next(const Library *library, uint32_t *at, MacroEntry **entry)
{
    if (*at >= library->sorted.len)
        return false;
    *entry = library->sorted.at[(*at)++];
    return true;
}

uint32_t library_len(const Library *library)
{
    return library->sorted.len;
}
