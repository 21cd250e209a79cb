/* The embedded files: the table that the build made, or a folder in its place.
 *
 * The table is written by an assembler and not by the C compiler: .incbin costs nothing, while a
 * C array of 2 MB compiles for two seconds. Its rows are laid out as three words, see tools/embed.
 */
#include "base/assets.h"

#include <stdlib.h>

#include "base/file.h"

_Static_assert(sizeof(Asset) == 24 && sizeof(size_t) == 8, "tools/embed writes rows of 3 words");

/* The folder that stands in for the table, or STR_NONE. */
static Str assets_folder(void)
{
    return str_of(getenv("WEIR_ASSETS"));
}

/* The first row whose name is not below `name`; assets_count if there is none. */
static size_t asset_lower_bound(Str name)
{
    size_t low = 0, high = assets_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(str_of(assets[middle].name), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static Str asset_text(const Asset *asset)
{
    return (Str){(const char *)asset->at, asset->len};
}

bool asset_read(Arena *arena, Str name, Str *out, Err *err)
{
    Str folder = assets_folder();
    if (!str_is_empty(folder))
        return file_read(arena, path_join(arena, folder, name), out, err);

    size_t row = asset_lower_bound(name);
    if (row == assets_count || !str_is(name, assets[row].name))
        return err_set(err, ERR_INTERNAL, NOWHERE, "no file " STR_FMT " inside the program",
                       STR_ARG(name));
    *out = asset_text(&assets[row]);
    return true;
}

/* Only what the build would embed: see macros/meson.build. */
static bool asset_is_wanted(Str path)
{
    return (str_ends(path, STR(".sql")) || str_ends(path, STR(".yml")))
        && !str_starts(path_name(path), STR("."));
}

/* As assets_list(), from disk. */
static bool assets_list_on_disk(Arena *arena, Str root, Str folder, AssetList *out, Err *err)
{
    Str top = path_join(arena, root, folder);
    FileList files = {0};
    if (file_exists(top))
        TRY(folder_walk(arena, top, &files, err));
    AssetList found = {0};
    for (uint32_t i = 0; i < files.len; i++) {
        if (!asset_is_wanted(files.at[i].path))
            continue;
        AssetFile file = {.name = path_join(arena, folder, files.at[i].path)};
        TRY(file_read(arena, path_join(arena, root, file.name), &file.text, err));
        list_add(arena, &found, file);
    }
    *out = found;
    return true;
}

bool assets_list(Arena *arena, Str folder, AssetList *out, Err *err)
{
    Str root = assets_folder();
    if (!str_is_empty(root))
        return assets_list_on_disk(arena, root, folder, out, err);

    Str prefix = str_print(arena, STR_FMT "/", STR_ARG(folder));
    AssetList found = {0};
    for (size_t row = asset_lower_bound(prefix); row < assets_count; row++) {
        AssetFile file = {str_of(assets[row].name), asset_text(&assets[row])};
        if (!str_starts(file.name, prefix))
            break;
        list_add(arena, &found, file);
    }
    *out = found;
    return true;
}
