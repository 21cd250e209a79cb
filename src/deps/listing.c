/* listing.c: packages by name: what several places ask of one is joined. */
#include "deps/deps_base.h"

static bool is_git(const Spec *spec)
{
    return spec->kind == SPEC_GIT || spec->kind == SPEC_PRIVATE;
}

/* A URL without ".git": both forms name one repository. */
static Str bare_url(Str url)
{
    return str_ends(url, STR(".git")) ? str_slice(url, 0, url.len - 4) : url;
}

static bool is_same(const Spec *a, const Spec *b)
{
    bool names_git = is_git(a) || is_git(b);
    return str_eq(names_git ? bare_url(a->at) : a->at, names_git ? bare_url(b->at) : b->at) &&
           str_eq(a->subdirectory, b->subdirectory);
}

static const char *kind_name(const Spec *spec)
{
    static const char *const names[] = {"a local folder", "a tarball", "a git repository",
                                        "of the registry", "a private repository"};
    return names[spec->kind];
}

static void join(Arena *arena, Spec *into, const Spec *more)
{
    for (uint32_t i = 0; i < more->revisions.len; i++)
        list_add(arena, &into->revisions, more->revisions.at[i]);
    for (uint32_t i = 0; i < more->versions.len; i++)
        list_add(arena, &into->versions, more->versions.at[i]);
    into->warns_unpinned &= more->warns_unpinned;
}

/* A copy whose lists may grow. */
static Spec spec_copy(Arena *arena, const Spec *spec)
{
    Spec copy = *spec;
    copy.revisions = (StrList){0};
    copy.versions = (VersionList){0};
    Spec more = *spec;
    join(arena, &copy, &more);
    return copy;
}

bool listing_add(Arena *arena, Listing *listing, const Spec *spec, Spec **joined, Err *err)
{
    for (uint32_t i = 0; i < listing->specs.len; i++) {
        Spec *known = &listing->specs.at[i];
        if (!is_same(known, spec))
            continue;
        if (known->kind != spec->kind)
            return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                              "Cannot incorporate " STR_FMT " (%s) in " STR_FMT
                              " (%s): mismatched types",
                              STR_ARG(spec->at), kind_name(spec), STR_ARG(known->at),
                              kind_name(known));
        join(arena, known, spec);
        if (joined)
            *joined = known;
        return true;
    }
    list_add(arena, &listing->specs, spec_copy(arena, spec));
    if (joined)
        *joined = &listing->specs.at[listing->specs.len - 1];
    return true;
}
