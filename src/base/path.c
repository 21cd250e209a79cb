/* path.c: the text of paths, as Python's os.path treats it on POSIX. No file is looked at. */
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

static bool is_absolute(Str path)
{
    return path.len && path.at[0] == '/';
}

Str path_join(Arena *arena, Str a, Str b)
{
    if (!a.len || is_absolute(b))
        return str_copy(arena, b);
    if (!b.len)
        return str_copy(arena, a);
    bool has_slash = a.at[a.len - 1] == '/';
    size_t len = a.len + !has_slash + b.len;
    char *out = arena_take(arena, len + 1, 1);
    memcpy(out, a.at, a.len);
    out[a.len] = '/';
    memcpy(out + len - b.len, b.at, b.len);
    return (Str){out, len};
}

Str path_folder(Str path)
{
    ptrdiff_t slash = path.len;
    while (slash > 0 && path.at[slash - 1] != '/')
        slash--;
    Str folder = str_slice(path, 0, (size_t)slash);
    while (folder.len > 1 && folder.at[folder.len - 1] == '/')
        folder.len--;
    return folder;
}

Str path_name(Str path)
{
    size_t from = path.len;
    while (from > 0 && path.at[from - 1] != '/')
        from--;
    return str_slice(path, from, path.len);
}

/* Offset of the extension's dot in a name; its length if there is none. Leading dots are no
 * extension. */
static size_t extension_at(Str name)
{
    size_t first = 0;
    while (first < name.len && name.at[first] == '.')
        first++;
    for (size_t at = name.len; at > first; at--)
        if (name.at[at - 1] == '.')
            return at - 1;
    return name.len;
}

Str path_stem(Str path)
{
    Str name = path_name(path);
    return str_slice(name, 0, extension_at(name));
}

Str path_extension(Str path)
{
    Str name = path_name(path);
    return str_slice(name, extension_at(name), name.len);
}

Str path_clean(Arena *arena, Str path)
{
    bool is_rooted = is_absolute(path);
    char *out = arena_take(arena, path.len + 2, 1);
    size_t len = 0, least = 0;
    if (is_rooted)
        out[len++] = '/';
    least = len; /* what ".." may not take away */
    Str part;
    while (str_next_part(&path, '/', &part)) {
        if (!part.len || str_eq(part, STR(".")))
            continue;
        if (str_eq(part, STR(".."))) {
            if (len > least) {
                while (len > least && out[len - 1] != '/')
                    len--;
                if (len > least)
                    len--;
                continue;
            }
            if (is_rooted)
                continue;
        }
        if (len && out[len - 1] != '/')
            out[len++] = '/';
        memcpy(out + len, part.at, part.len);
        len += part.len;
        if (str_eq(part, STR("..")))
            least = len;
    }
    if (!len)
        out[len++] = '.';
    out[len] = '\0';
    return (Str){out, len};
}

Str path_working(Arena *arena)
{
    char here[PATH_MAX];
    return getcwd(here, sizeof(here)) ? str_copy(arena, str_of(here)) : str_copy(arena, STR("."));
}

Str path_absolute(Arena *arena, Str path)
{
    if (is_absolute(path))
        return path_clean(arena, path);
    return path_clean(arena, path_join(arena, path_working(arena), path));
}

Str path_relative(Arena *arena, Str path, Str to)
{
    Str goal = path_clean(arena, path), base = path_clean(arena, to);
    size_t shared = 0; /* length of the folders that both have */
    for (size_t i = 0;; i++) {
        bool ends_goal = i == goal.len, ends_base = i == base.len;
        if ((ends_goal || goal.at[i] == '/') && (ends_base || base.at[i] == '/'))
            shared = i;
        if (ends_goal || ends_base || goal.at[i] != base.at[i])
            break;
    }
    AUTO(text) Text out = {0};
    Str rest = str_slice(base, shared, base.len), part;
    while (str_next_part(&rest, '/', &part))
        if (part.len)
            text_add_c(&out, out.len ? "/.." : "..");
    rest = str_slice(goal, shared, goal.len);
    while (str_next_part(&rest, '/', &part)) {
        if (!part.len)
            continue;
        if (out.len)
            text_add_char(&out, '/');
        text_add(&out, part);
    }
    return out.len ? text_copy(arena, &out) : str_copy(arena, STR("."));
}

Str path_expand_home(Arena *arena, Str path)
{
    bool is_home = path.len && path.at[0] == '~' && (path.len == 1 || path.at[1] == '/');
    Str home = environment_get("HOME");
    if (!is_home || !home.len)
        return path;
    while (home.len > 1 && home.at[home.len - 1] == '/')
        home.len--;
    return str_print(arena, STR_FMT STR_FMT, STR_ARG(home), STR_ARG(str_slice(path, 1, path.len)));
}

Str path_program(Arena *arena)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    return len > 0 ? str_copy(arena, (Str){path, (size_t)len}) : STR("");
}
