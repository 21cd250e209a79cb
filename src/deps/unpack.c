/* unpack.c: a package's archive into a folder of its own.
 *
 *   dbt-utils-1.3.0/macros/star.sql -> FOLDER/macros/star.sql
 *
 * Nothing is written outside: names with "..", absolute ones and members below a link are refused,
 * a link may name a place below the top folder only, and only with leading "..".
 */
#include <errno.h>
#include <unistd.h>

#include "deps/deps_base.h"
#include "store/store.h"

enum { MEMBERS_MOST = 100000 };
#define BYTES_MOST (1ull << 30)

typedef struct Unpack {
    Arena arena;                 /* names: as long as the archive                                 */
    Archive *archive;
    Str shown, folder;
    Str top;                     /* the one folder that all names begin with; empty: none yet     */
    Dict *links;                 /* paths below the top that are links                            */
    uint64_t bytes;
    uint32_t members;
} Unpack;

static bool fail_name(const Unpack *unpack, Str name, const char *why, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, "'" STR_FMT "' in " STR_FMT " %s", STR_ARG(name),
                   STR_ARG(unpack->shown), why);
}

/* The name below the top folder; empty for the folder itself. */
static bool below_top(Unpack *unpack, Str name, Str *out, Err *err)
{
    while (str_starts(name, STR("./")))
        name = str_slice(name, 2, name.len);
    while (name.len && name.at[name.len - 1] == '/')
        name.len--;
    ptrdiff_t slash = str_find_char(name, '/');
    Str top = slash < 0 ? name : str_slice(name, 0, (size_t)slash);
    *out = slash < 0 ? STR("") : str_slice(name, (size_t)slash + 1, name.len);
    if (!top.len || str_is(top, "."))
        return true;
    if (!unpack->top.len)
        unpack->top = str_copy(&unpack->arena, top);
    if (!str_eq(top, unpack->top))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Incorrect structure for package extracted from " STR_FMT
                       ". One folder that holds the package is expected at its top, there are "
                       "'" STR_FMT "' and '" STR_FMT "'",
                       STR_ARG(unpack->shown), STR_ARG(unpack->top), STR_ARG(top));
    return true;
}

/* Does the path, or a folder on the way to it, stand for something else? */
static bool passes_link(const Unpack *unpack, Str path)
{
    for (size_t i = 1; i <= path.len; i++)
        if ((i == path.len || path.at[i] == '/') &&
            dict_find(unpack->links, str_slice(path, 0, i)))
            return true;
    return false;
}

static bool copy_file(Unpack *unpack, Str path, Err *err)
{
    Reader *reader;
    AUTO(file_writer) FileWriter writer = {.fd = -1};
    TRY(archive_read(unpack->archive, &reader, err));
    bool ok = file_writer_open(&writer, path, err);
    for (bool has_more = ok; ok && has_more;) {
        Str piece;
        ok = reader_next(reader, &piece, err);
        has_more = ok && piece.len;
        unpack->bytes += has_more ? piece.len : 0;
        if (ok && unpack->bytes > BYTES_MOST)
            ok = err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " unpacks to more than 1 GiB",
                         STR_ARG(unpack->shown));
        if (ok && has_more)
            ok = file_writer_add(&writer, piece, err);
    }
    reader_close(reader);
    return ok && file_writer_commit(&writer, false, err);
}

/* May `target` stand in a link at `path`? Leading ".." that stay below the top folder. */
static bool is_inside(Str path, Str target)
{
    size_t depth = 0;
    bool goes_down = false;
    for (size_t i = 0; i < path.len; i++)
        depth += path.at[i] == '/';
    Str rest = target, part;
    if (!target.len || target.at[0] == '/')
        return false;
    while (str_next_part(&rest, '/', &part)) {
        if (!part.len || str_is(part, "."))
            continue;
        if (!str_is(part, "..")) {
            goes_down = true;
        } else {
            if (goes_down || !depth)
                return false;
            depth--;
        }
    }
    return true;
}

static bool make_link(Unpack *unpack, Str name, Str path, Str target, Err *err)
{
    if (!is_inside(path, target))
        return fail_name(unpack, name, "is a link that leads out of the package", err);
    Str at = path_join(&unpack->arena, unpack->folder, path);
    TRY(folder_make(path_folder(at), err));
    if (symlink(str_c(&unpack->arena, target), str_c(&unpack->arena, at)) != 0)
        return err_set(err, ERR_IO, NOWHERE, "cannot make the link " STR_FMT ": %s", STR_ARG(at),
                       strerror(errno));
    dict_put(unpack->links, str_copy(&unpack->arena, path), NONE);
    return true;
}

static bool take_member(Unpack *unpack, const Member *member, Err *err)
{
    if (++unpack->members > MEMBERS_MOST)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " holds more than %d members",
                       STR_ARG(unpack->shown), MEMBERS_MOST);
    if (member->is_unsafe)
        return fail_name(unpack, member->name,
                         "would be extracted to a place outside the destination", err);
    Str path;
    TRY(below_top(unpack, member->name, &path, err));
    if (!path.len)
        return !member->is_file ||
               fail_name(unpack, member->name, "does not lie in a folder: the package is expected "
                                               "in one folder at the top", err);
    if (passes_link(unpack, path))
        return fail_name(unpack, member->name, "lies behind a link", err);
    Str at = path_join(&unpack->arena, unpack->folder, path);
    if (member->is_folder)
        return folder_make(at, err);
    if (member->link.len)
        return make_link(unpack, member->name, path, member->link, err);
    return member->is_file
               ? copy_file(unpack, at, err)
               : fail_name(unpack, member->name, "is neither file, folder nor link", err);
}

static bool unpack_all(Unpack *unpack, Err *err)
{
    for (;;) {
        Member member;
        bool has = false;
        TRY(archive_next(unpack->archive, &member, &has, err));
        if (!has)
            break;
        TRY(take_member(unpack, &member, err));
    }
    return unpack->top.len ||
           err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is empty", STR_ARG(unpack->shown));
}

bool unpack_package(Str archive, Str shown, Str folder, Err *err)
{
    Unpack unpack = {.shown = shown, .folder = folder};
    unpack.links = dict_make(&unpack.arena, 0);
    Store *store;
    Reader *reader;
    bool ok = folder_make(folder, err) &&
              store_open(&unpack.arena, path_folder(archive), NONE, NULL, &store, err) &&
              store_read(store, path_name(archive), 0, &reader, err) &&
              archive_open(reader, &unpack.archive, err);
    if (ok) {
        ok = unpack_all(&unpack, err);
        archive_close(unpack.archive);
    }
    arena_drop(&unpack.arena);
    if (!ok && err->kind == ERR_IO)
        return false;
    return ok || err_wrap(err, "cannot unpack " STR_FMT, STR_ARG(shown));
}
