/* files.c: which files are meant, and working on all of them side by side. */
#include <stdlib.h>

#include "base/file.h"
#include "base/glob.h"
#include "base/pool.h"
#include "lint/lint_base.h"

typedef struct Finder {
    Arena *arena;
    const LintOverrides *overrides;
    Map configs, ignores;         /* by folder, absolute */
    LintFiles *out;
} Finder;

/* ---- what is left out ---- */

static bool is_standing_folder(Str name)
{
    return str_is(name, "target") || str_is(name, "dbt_packages") || str_is(name, "dbt_modules") ||
           str_is(name, "node_modules") || (name.len > 1 && name.at[0] == '.' && name.at[1] != '.');
}

static bool is_in_standing_folder(Str relative)
{
    Str rest = path_folder(relative), part;
    while (rest.len && str_next_part(&rest, '/', &part))
        if (is_standing_folder(part))
            return true;
    return false;
}

static const IgnoreRules *rules_of(Finder *finder, Str folder, Err *err, bool *ok)
{
    IgnoreRules *rules = map_find(&finder->ignores, folder);
    Str content = STR(""), path = path_join(finder->arena, folder, STR(".sqlfluffignore"));
    *ok = true;
    if (rules)
        return rules;
    if (file_info(path).kind == FILE_REGULAR)
        *ok = file_read(finder->arena, path, &content, err);
    rules = ignore_make(finder->arena, content);
    map_put(&finder->ignores, str_copy(finder->arena, folder), rules);
    return rules;
}

/* .sqlfluffignore of every folder between `root` and the file; *is_out whether one names it. */
static bool check_ignored(Finder *finder, Str root, Str file, bool *is_out, Err *err)
{
    *is_out = false;
    for (Str folder = path_folder(file); folder.len >= root.len && !*is_out;
         folder = path_folder(folder)) {
        bool ok;
        const IgnoreRules *rules = rules_of(finder, folder, err, &ok);
        TRY(ok);
        *is_out = ignore_matches(rules, str_slice(file, folder.len + 1, file.len));
        if (folder.len <= 1)
            break;
    }
    return true;
}

/* ---- finding ---- */

static bool config_of(Finder *finder, Str folder, LintConfig **out, Err *err)
{
    *out = map_find(&finder->configs, folder);
    if (*out)
        return true;
    TRY(lint_config_load(finder->arena, folder, finder->overrides, out, err));
    map_put(&finder->configs, str_copy(finder->arena, folder), *out);
    return true;
}

static bool add_file(Finder *finder, Str shown, bool is_named, Str root, Err *err)
{
    Str absolute = path_absolute(finder->arena, shown);
    LintConfig *config;
    bool is_out = false;
    TRY(check_ignored(finder, root, absolute, &is_out, err));
    if (is_out)
        return true;
    TRY(config_of(finder, path_folder(absolute), &config, err));
    Str paths = config_text(config, "core", "ignore_paths");
    if (paths.len && !is_named) {
        IgnoreRules *rules = ignore_make(finder->arena, str_replace(finder->arena, paths, STR(","),
                                                                    STR("\n")));
        Str here = path_working(finder->arena);
        if (str_starts(absolute, here) &&
            ignore_matches(rules, str_slice(absolute, here.len + 1, absolute.len)))
            return true;
    }
    list_add(finder->arena, finder->out, (LintFileEntry){.path = shown, .config = config});
    return true;
}

static bool has_sql_ending(Str path)
{
    return str_ends(path, STR(".sql")) || str_ends(path, STR(".sql.j2")) ||
           str_ends(path, STR(".ddl")) || str_ends(path, STR(".dml"));
}

static bool add_folder(Finder *finder, Str folder, Str root, Err *err)
{
    FileList found = {0};
    TRY(folder_walk(finder->arena, folder, &found, err));
    for (uint32_t i = 0; i < found.len; i++) {
        Str path = found.at[i].path;
        if (!has_sql_ending(path) || is_in_standing_folder(path))
            continue;
        Str shown = str_is(folder, ".") ? path : path_join(finder->arena, folder, path);
        TRY(add_file(finder, shown, false, root, err));
    }
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    const LintFileEntry *x = a, *y = b;
    return str_compare(x->path, y->path);
}

bool lint_files_find(Arena *arena, const Str *paths, uint32_t count,
                     const LintOverrides *overrides, LintFiles *out, Err *err)
{
    Finder finder = {.arena = arena, .overrides = overrides, .out = out};
    Str here = path_working(arena);
    map_init(&finder.configs, arena);
    map_init(&finder.ignores, arena);
    for (uint32_t i = 0; i < count; i++) {
        Str absolute = path_absolute(arena, paths[i]), root = here;
        FileKind kind = file_info(paths[i]).kind;
        if (!str_starts(absolute, here))
            root = kind == FILE_FOLDER ? absolute : path_folder(absolute);
        if (kind == FILE_ABSENT)
            return err_set(err, ERR_USAGE, NOWHERE, "the path '" STR_FMT "' does not exist",
                           STR_ARG(paths[i]));
        if (kind == FILE_FOLDER)
            TRY(add_folder(&finder, paths[i], root, err));
        else
            TRY(add_file(&finder, paths[i], true, root, err));
    }
    if (!out->len)
        return true;
    qsort(out->at, out->len, sizeof(*out->at), compare_paths);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < out->len; i++)
        if (!str_eq(out->at[kept - 1].path, out->at[i].path))
            out->at[kept++] = out->at[i];
    out->len = kept;
    return true;
}

/* ---- running ---- */

typedef struct Work {
    LintFiles *files;
    Arena *arenas;                /* one a worker */
    bool fixes;
} Work;

/* What is kept of a report once the file's own arena goes. */
static void keep_report(Arena *arena, const LintReport *report, LintReport *out)
{
    *out = *report;
    out->violations.at = NEW_N(arena, Violation, report->violations.len + 1);
    for (uint32_t i = 0; i < report->violations.len; i++) {
        out->violations.at[i] = report->violations.at[i];
        out->violations.at[i].text = str_copy(arena, report->violations.at[i].text);
    }
}

static void work_on(void *context, unsigned worker, uint32_t i)
{
    Work *work = context;
    LintFileEntry *entry = &work->files->at[i];
    Arena *arena = &work->arenas[worker], scratch = {0};
    Err err = {0};
    LintReport report;
    if (!entry->source.at && !file_read(arena, entry->path, &entry->source, &err)) {
        entry->failure = str_copy(arena, str_of(err.text));
        err_drop(&err);
        return;
    }
    lint_text(entry->config, &scratch, entry->source, &report);
    if (work->fixes && report.violations.len) {
        uint32_t before = report.violations.len;
        Str fixed = lint_fix(entry->config, &scratch, entry->source);
        if (!str_eq(fixed, entry->source)) {
            entry->fixed = str_copy(arena, fixed);
            lint_text(entry->config, &scratch, entry->fixed, &report);
        }
        entry->fixed_count = before > report.violations.len ? before - report.violations.len : 0;
    }
    keep_report(arena, &report, &entry->report);
    arena_drop(&scratch);
}

static void drop_arena(void *arena)
{
    arena_drop(arena);
}

void lint_files_run(Arena *arena, LintFiles *files, bool fixes, unsigned workers)
{
    Work work = {files, NEW_N(arena, Arena, workers + 1), fixes};
    for (unsigned i = 0; i < workers; i++)
        arena_on_drop(arena, drop_arena, &work.arenas[i]);
    parallel_for(workers, files->len, 4, work_on, &work);
}

bool lint_is_warning(const LintConfig *config, const Violation *violation)
{
    return config->is_warning[violation->rule];
}
