/* discover.c: which files a project has; reading them all, side by side. */
#include "base/glob.h"
#include "base/hash.h"
#include "project/load.h"

/* ---- finding ---- */

typedef struct Search {
    Loader *loader;
    Package *package;
    IgnoreRules *ignore;
    List(SourceFile *) found[USE_COUNT];
} Search;

static bool in_paths(Value paths, Str path)
{
    for (uint32_t i = 0; i < paths.list->len; i++) {
        Str other = value_str(paths.list->at[i]);
        while (other.len > 1 && other.at[other.len - 1] == '/')
            other.len--;
        if (str_eq(other, path))
            return true;
    }
    return false;
}

static void add_file(Search *search, FileUse use, Str folder, Str path, uint64_t size_bytes)
{
    Arena *arena = search->loader->arena;
    const Package *package = search->package;
    SourceFile *file = NEW(arena, SourceFile);
    file->package = search->package;
    file->use = use;
    file->path = path;
    file->original_file_path = path_join(arena, folder, path);
    file->disk = path_join(arena, package->root, file->original_file_path);
    file->file = file->original_file_path;
    if (!package->is_root)
        file->file = path_join(arena, path_relative(arena, package->root,
                                                    search->loader->project->project_dir),
                               file->original_file_path);
    file->size_bytes = size_bytes;
    list_add(arena, &search->found[use], file);
}

/* What a file below one of the package's paths is read for: perhaps several things. */
static void classify(Search *search, Str folder, const FileEntry *entry)
{
    const Package *package = search->package;
    Str name = path_name(entry->path), extension = path_extension(name);
    bool is_sql = str_eq_fold(extension, STR(".sql")), is_csv = str_eq_fold(extension, STR(".csv"));
    bool is_python = str_eq_fold(extension, STR(".py"));
    if (is_sql && in_paths(package->macro_paths, folder))
        add_file(search, USE_MACRO, folder, entry->path, entry->size_bytes);
    if ((is_sql || is_python) && in_paths(package->model_paths, folder))
        add_file(search, USE_MODEL, folder, entry->path, entry->size_bytes);
    if (is_sql && in_paths(package->snapshot_paths, folder))
        add_file(search, USE_SNAPSHOT, folder, entry->path, entry->size_bytes);
    if (is_sql && in_paths(package->analysis_paths, folder))
        add_file(search, USE_ANALYSIS, folder, entry->path, entry->size_bytes);
    if (in_paths(package->test_paths, folder)) {
        bool is_generic = str_starts(entry->path, STR("generic/"));
        bool is_fixture = str_starts(entry->path, STR("fixtures/"));
        if (is_sql && is_generic)
            add_file(search, USE_GENERIC_TEST, folder, entry->path, entry->size_bytes);
        else if ((is_sql || is_csv) && is_fixture)
            add_file(search, USE_FIXTURE, folder, entry->path, entry->size_bytes);
        else if (is_sql)
            add_file(search, USE_TEST, folder, entry->path, entry->size_bytes);
    }
    if (is_csv && in_paths(package->seed_paths, folder))
        add_file(search, USE_SEED, folder, entry->path, entry->size_bytes);
    if ((is_sql || is_python) && in_paths(package->function_paths, folder))
        add_file(search, USE_FUNCTION, folder, entry->path, entry->size_bytes);
    if (str_eq_fold(extension, STR(".md")) && in_paths(package->docs_paths, folder))
        add_file(search, USE_DOC, folder, entry->path, entry->size_bytes);
    if ((str_eq_fold(extension, STR(".yml")) || str_eq_fold(extension, STR(".yaml"))) &&
        in_paths(package->source_paths, folder))
        add_file(search, USE_PROPERTIES, folder, entry->path, entry->size_bytes);
}

static bool search_folder(Search *search, Str folder, Err *err)
{
    Arena *arena = search->loader->arena;
    Str root = path_join(arena, search->package->root, folder);
    if (file_info(root).kind != FILE_FOLDER)
        return true;
    FileList list = {0};
    TRY(folder_walk(arena, root, &list, err));
    for (uint32_t i = 0; i < list.len; i++) {
        Str name = path_name(list.at[i].path);
        if (!name.len || strchr(".#~", name.at[0]))
            continue;
        if (search->ignore &&
            ignore_matches(search->ignore, path_join(arena, folder, list.at[i].path)))
            continue;
        classify(search, folder, &list.at[i]);
    }
    return true;
}

/* ingest/ and publish/ of a package, unless the project keeps something else there. */
static bool search_declarations(Search *search, Str folder, Err *err)
{
    Arena *arena = search->loader->arena;
    Str root = path_join(arena, search->package->root, folder);
    if (in_paths(search->package->source_paths, folder) || file_info(root).kind != FILE_FOLDER)
        return true;
    FileList list = {0};
    TRY(folder_walk(arena, root, &list, err));
    for (uint32_t i = 0; i < list.len; i++) {
        Str name = path_name(list.at[i].path), extension = path_extension(name);
        if (name.at[0] != '.' && (str_is(extension, ".yml") || str_is(extension, ".yaml")))
            add_file(search, USE_DECLARATION, folder, list.at[i].path, list.at[i].size_bytes);
    }
    return true;
}

static bool search_package(Search *search, Err *err)
{
    Arena *arena = search->loader->arena;
    Str path = path_join(arena, search->package->root, STR(".dbtignore"));
    search->ignore = NULL;
    if (file_info(path).kind == FILE_REGULAR) {
        Str rules;
        TRY(file_read(arena, path, &rules, err));
        search->ignore = ignore_make(arena, rules);
    }
    Value folders = search->package->source_paths, docs = search->package->docs_paths;
    for (uint32_t i = 0; i < folders.list->len; i++)
        TRY(search_folder(search, value_str(folders.list->at[i]), err));
    TRY(search_declarations(search, STR("ingest"), err));
    TRY(search_declarations(search, STR("publish"), err));
    for (uint32_t i = 0; i < docs.list->len; i++) {
        Str folder = value_str(docs.list->at[i]);
        while (folder.len > 1 && folder.at[folder.len - 1] == '/')
            folder.len--;
        if (!in_paths(folders, folder))
            TRY(search_folder(search, folder, err));
    }
    return true;
}

/* ---- reading ---- */

/* Bytes of white space, as Python's str.split() has it, at `at`; 0: none. */
static size_t space_at(Str text, size_t at)
{
    unsigned char c = (unsigned char)text.at[at];
    if (c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f))
        return 1;
    if (c < 0x80)
        return 0;
    size_t next = at;
    uint32_t point = utf8_next(text, &next);
    bool is_space = point == 0x85 || point == 0xa0 || point == 0x1680 ||
                    (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
                    point == 0x202f || point == 0x205f || point == 0x3000;
    return is_space ? next - at : 0;
}

Str python_strip(Str text)
{
    size_t from = 0, width;
    while (from < text.len && (width = space_at(text, from)))
        from += width;
    text = str_slice(text, from, text.len);
    while (text.len) {
        size_t last = text.len - 1;
        while (last && ((unsigned char)text.at[last] & 0xc0) == 0x80)
            last--;
        if (!space_at(text, last))
            break;
        text.len = last;
    }
    return text;
}

/* sha256 of the words of a text with one blank between them: dbt's checksum of a file. */
Str checksum_of(Arena *arena, Arena *scratch, Str text)
{
    char *packed = NEW_N(scratch, char, text.len + 1);
    size_t len = 0;
    bool in_space = false;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.at[i];
        size_t width = c > ' ' && c < 0x80 ? 0 : space_at(text, i);
        if (width) {
            in_space = true;
            i += width;
            continue;
        }
        if (in_space && len)
            packed[len++] = ' ';
        in_space = false;
        packed[len++] = text.at[i++];
    }
    return sha256_hex(arena, (Str){packed, len});
}

/* A seed's text is hashed with its line ends as \n. */
static Str seed_checksum(Arena *arena, Str text)
{
    if (str_find_char(text, '\r') >= 0) {
        text = str_replace(arena, text, STR("\r\n"), STR("\n"));
        text = str_replace(arena, text, STR("\r"), STR("\n"));
    }
    return sha256_hex(arena, python_strip(text));
}

static bool check_utf8(const SourceFile *file, Str text, Err *err)
{
    ptrdiff_t bad = utf8_find_invalid(text);
    if (bad < 0)
        return true;
    return err_set(err, ERR_RUNTIME, place_at(file->file, text, (size_t)bad),
                   "'utf-8' codec can't decode byte 0x%02x in position %td: invalid start byte\n"
                   "The file must be saved as UTF-8.",
                   (unsigned char)text.at[bad], bad);
}

enum { SEED_LIMIT = 1 << 20 };   /* bigger seeds are known by their path, as in dbt */

/* Does a line begin with a word of ours, be it in quotes or braces? Other files of ingest/ and
 * publish/ need not even be YAML: dbt has never looked at them. */
static bool says_declarations(Str text)
{
    static const char *const words[] = {"ingest", "publish", "connections"};
    for (Str line; str_next_part(&text, '\n', &line);)
        for (size_t i = 0; i < COUNT_OF(words); i++)
            if (str_find(str_slice(line, 0, 16), str_of(words[i])) >= 0)
                return true;
    return false;
}

static bool read_one(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    (void)user;
    SourceFile *file = loader->files.at[i];
    Arena *arena = worker->arena;
    if (file->use == USE_SEED) {
        if (file->size_bytes > SEED_LIMIT)
            return true;
        Str text;
        TRY(file_read(&worker->scratch, file->disk, &text, err));
        TRY(check_utf8(file, text, err));
        file->checksum = str_copy(arena, seed_checksum(&worker->scratch, text));
        arena_reset(&worker->scratch);
        return true;
    }
    Str whole;
    TRY(file_read(arena, file->disk, &whole, err));
    if (file->use == USE_DECLARATION && !says_declarations(whole)) {
        file->text = STR("");
        return true;
    }
    TRY(check_utf8(file, whole, err));
    file->text = python_strip(whole);
    file->first_line = 1;
    for (const char *at = whole.at; file->text.len && at < file->text.at; at++)
        file->first_line += *at == '\n';
    if (!file->text.at)
        file->text = STR("");
    if (file->use == USE_PROPERTIES || file->use == USE_DECLARATION) {
        /* dbt reads files stripped: a block scalar at the very end has no line end */
        if (file->text.len)
            whole.len = (size_t)(file->text.at + file->text.len - whole.at);
        TRY(yaml_parse(arena, whole, file->file, &file->doc, err));
        return true;
    }
    if (file->use != USE_MACRO && file->use != USE_DOC) {
        file->checksum = checksum_of(arena, &worker->scratch, file->text);
        arena_reset(&worker->scratch);
    }
    return true;
}

bool discover_files(Loader *loader, Err *err)
{
    Project *project = loader->project;
    Search search = {.loader = loader};
    for (uint32_t i = 0; i < project->packages.len; i++) {
        search.package = project->packages.at[i];
        TRY(search_package(&search, err));
    }
    for (uint32_t use = 0; use < USE_COUNT; use++) {
        loader->use_start[use] = loader->files.len;
        for (uint32_t i = 0; i < search.found[use].len; i++) {
            search.found[use].at[i]->order = loader->files.len;
            list_add(loader->arena, &loader->files, search.found[use].at[i]);
        }
    }
    loader->use_start[USE_COUNT] = loader->files.len;
    return loader_parallel(loader, loader->files.len, 8, read_one, NULL, err);
}
