/* selector_path.c: path:models/staging, path:models/stg_?.sql, path:models/schema.yml.
 *
 * dbt expands the pattern in the project's folder and takes nodes whose file, or a folder above it,
 * is among what it found. Here the pattern is compared with the paths of the nodes. Files of other
 * packages count only when the project has such a path too, as in dbt.
 */
#include "base/glob.h"
#include "graph/selector.h"

/* Without "." parts and doubled slashes, relative to the project. */
static Str clean_pattern(Arena *arena, const Project *project, Str pattern)
{
    AUTO(text) Text text = {0};
    Str root = project->project_dir, rest = pattern, part;
    if (root.len && str_starts(pattern, root) && pattern.len > root.len &&
        pattern.at[root.len] == '/')
        rest = str_slice(pattern, root.len + 1, pattern.len);
    while (str_next_part(&rest, '/', &part)) {
        if (!part.len || str_is(part, "."))
            continue;
        if (text.len)
            text_add_char(&text, '/');
        text_add(&text, part);
    }
    return text_copy(arena, &text);
}

static bool path_fits(const Project *project, Arena *arena, Str pattern, Str path, bool is_own)
{
    if (!glob_match_path(pattern, path))
        return false;
    return is_own || file_exists(path_join(arena, project->project_dir, path));
}

/* The path itself or one of the folders above it. */
static bool any_fits(const Project *project, Arena *arena, Str pattern, Str path, bool is_own)
{
    for (; path.len; path = path_folder(path))
        if (path_fits(project, arena, pattern, path, is_own))
            return true;
    return false;
}

static Str patch_file(const Node *node)
{
    ptrdiff_t at = str_find(node->patch_path, STR("://"));
    return at < 0 ? STR_NONE : str_slice(node->patch_path, (size_t)at + 3, node->patch_path.len);
}

void path_search(const Selecting *selecting, Str pattern, Bits *out)
{
    const Project *project = selecting->graph->project;
    Str root = project->packages.len ? project->packages.at[0]->name : STR("");
    pattern = clean_pattern(selecting->arena, project, pattern);
    uint32_t at = 0, i;
    while (bits_next(selecting->members, &at, &i)) {
        const Node *node = project->nodes.at[i];
        bool is_own = str_eq(node->package, root);
        Str patch = patch_file(node);
        if (!pattern.len ||
            any_fits(project, selecting->arena, pattern, node->original_file_path, is_own) ||
            (patch.len && path_fits(project, selecting->arena, pattern, patch, is_own)))
            bits_add(*out, i);
    }
}
