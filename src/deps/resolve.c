/* resolve.c: from what packages.yml asks for to one version of each package, needs of needs too.
 *
 *   round 1: root's entries; round n + 1: what the packages of round n need
 *
 * Each package takes the highest version that fits what was asked so far; at the end all are taken
 * anew with everything that was asked, as dbt does.
 */
#include "deps/deps_base.h"

enum { ROUNDS_MOST = 50 };

static bool is_git(const Spec *spec)
{
    return spec->kind == SPEC_GIT || spec->kind == SPEC_PRIVATE;
}

/* Several places may ask for the same revision only. */
static bool pin_git(Deps *deps, const Spec *spec, Pinned *out, Err *err)
{
    StrList different = {0};
    for (uint32_t i = 0; i < spec->revisions.len; i++) {
        bool is_known = false;
        for (uint32_t j = 0; j < different.len && !is_known; j++)
            is_known = str_eq(different.at[j], spec->revisions.at[i]);
        if (!is_known)
            list_add(deps->arena, &different, spec->revisions.at[i]);
    }
    *out = (Pinned){.spec = spec, .revision = different.len ? different.at[0] : STR("HEAD")};
    if (different.len < 2)
        return true;
    AUTO(text) Text all = {0};
    for (uint32_t i = 0; i < different.len; i++)
        text_print(&all, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(different.at[i]));
    return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                      "git dependencies should contain exactly one version. " STR_FMT
                      " contains: {%s}",
                      STR_ARG(spec_shown(deps->arena, spec)), all.at);
}

bool pin(Deps *deps, const Spec *spec, Pinned *out, Err *err)
{
    if (spec->kind == SPEC_REGISTRY)
        return registry_resolve(deps, spec, out, err);
    if (is_git(spec))
        return pin_git(deps, spec, out, err);
    *out = (Pinned){.spec = spec};
    return true;
}

/* ---- a folder that holds a package ---- */

/* Name and needs of the project in `folder`. */
static bool read_folder(Deps *deps, Pinned *pinned, Str folder, Err *err)
{
    Arena *arena = deps->arena;
    const Spec *spec = pinned->spec;
    Str path = path_join(arena, folder, STR("dbt_project.yml")), text;
    if (!file_exists(path))
        return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                          "No dbt_project.yml found at expected path " STR_FMT
                          "\nVerify that each entry within packages.yml (and their transitive "
                          "dependencies) contains a file named dbt_project.yml",
                          STR_ARG(path));
    YamlDoc doc = {0};
    TRY(file_read(arena, path, &text, err));
    TRY(yaml_parse(arena, text, path, &doc, err));
    pinned->project_name = value_get_text(doc.root, "name", STR_NONE);
    if (!pinned->project_name.len)
        return err_set(err, ERR_RUNTIME, (Place){.file = path},
                       "Package dbt_project.yml must have a name!");
    PackagesFile file;
    TRY(packages_file_read(arena, deps->options->invocation, folder,
                           spec_shown(arena, spec), &file, err));
    return specs_of(arena, &file, &pinned->needs, err);
}

/* The name becomes a folder's. */
static bool check_name(const Pinned *pinned, Err *err)
{
    Str name = pinned->project_name;
    bool is_good = name.len && name.at[0] != '.' && str_find_char(name, '/') < 0 &&
                   !str_starts(name, STR("__"));
    return is_good || err_set_in(err, ERR_RUNTIME, pinned->spec->place, pinned->spec->source,
                                 "Invalid package name '" STR_FMT
                                 "': resolves outside of the packages-install-path",
                                 STR_ARG(name));
}

bool pin_metadata(Deps *deps, Pinned *pinned, Err *err)
{
    const Spec *spec = pinned->spec;
    if (pinned->project_name.len)
        return true;
    if (spec->kind == SPEC_REGISTRY) {
        TRY(registry_metadata(deps, pinned, err));
    } else if (spec->kind == SPEC_LOCAL) {
        Str folder = path_clean(deps->arena, path_join(deps->arena, deps->options->project_dir,
                                                       spec->at));
        TRY(read_folder(deps, pinned, folder, err));
    } else if (is_git(spec)) {
        TRY(git_fetch(deps, pinned, err));
        TRY(read_folder(deps, pinned, pinned->folder, err));
    } else {
        TRY(tarball_fetch(deps, pinned, err));
        TRY(read_folder(deps, pinned, pinned->folder, err));
        pinned->project_name = spec->name;
    }
    return check_name(pinned, err);
}

/* ---- all of them ---- */

static bool check_names(Deps *deps, const PinnedList *all, Err *err)
{
    for (uint32_t i = 0; i < all->len; i++) {
        const Pinned *pinned = &all->at[i];
        const Spec *spec = pinned->spec;
        Str name = pinned->project_name;
        for (uint32_t j = 0; j < i; j++)
            if (str_eq(name, all->at[j].project_name))
                return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                                  "Found duplicate project \"" STR_FMT
                                  "\". This occurs when a dependency has the same project name as "
                                  "some other dependency.\nThey are " STR_FMT " and " STR_FMT,
                                  STR_ARG(name),
                                  STR_ARG(spec_shown(deps->arena, all->at[j].spec)),
                                  STR_ARG(spec_shown(deps->arena, spec)));
        if (str_eq(name, deps->options->project_name))
            return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                              "Found a dependency with the same name as the root project \""
                              STR_FMT "\". Package names must be unique in a project. Please "
                              "rename one of these packages.", STR_ARG(name));
    }
    return true;
}

static bool resolve_round(Deps *deps, const Listing *pending, Listing *final, Listing *next,
                          Err *err)
{
    for (uint32_t i = 0; i < pending->specs.len; i++) {
        Spec *joined;
        Pinned pinned;
        TRY(listing_add(deps->arena, final, &pending->specs.at[i], &joined, err));
        TRY(pin(deps, joined, &pinned, err));
        TRY(pin_metadata(deps, &pinned, err));
        for (uint32_t k = 0; k < pinned.needs.len; k++)
            TRY(listing_add(deps->arena, next, &pinned.needs.at[k], NULL, err));
    }
    return true;
}

bool resolve_all(Deps *deps, const SpecList *specs, PinnedList *out, Err *err)
{
    Listing pending = {0}, final = {0};
    for (uint32_t i = 0; i < specs->len; i++)
        TRY(listing_add(deps->arena, &pending, &specs->at[i], NULL, err));
    for (unsigned round = 0; pending.specs.len; round++) {
        Listing next = {0};
        if (round == ROUNDS_MOST)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "packages need one another without end, " STR_FMT " among them",
                           STR_ARG(spec_shown(deps->arena, &pending.specs.at[0])));
        TRY(resolve_round(deps, &pending, &final, &next, err));
        pending = next;
    }
    PinnedList all = {0};
    for (uint32_t i = 0; i < final.specs.len; i++) {
        Pinned pinned;
        TRY(pin(deps, &final.specs.at[i], &pinned, err));
        TRY(pin_metadata(deps, &pinned, err));
        list_add(deps->arena, &all, pinned);
    }
    TRY(check_names(deps, &all, err));
    *out = all;
    return true;
}
