/* deps_base.h: what the files of deps share. private to deps/ */
#ifndef DEPS_BASE_H
#define DEPS_BASE_H

#include "base/event.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "deps/deps.h"
#include "net/net.h"

/* ---- version.c: semantic versions and ranges, as dbt compares them ---- */

typedef enum Matcher {
    MATCH_EXACT, MATCH_GREATER, MATCH_AT_LEAST, MATCH_LESS, MATCH_AT_MOST,
} Matcher;

typedef struct Version {
    bool is_bound;               /* false: no bound (any version)                                 */
    Matcher matcher;
    int64_t parts[3];
    Str prerelease, build;       /* without '-' and '+'                                           */
} Version;

typedef List(Version) VersionList;
typedef List(Str) StrList;

typedef struct VersionRange {
    Version from, to;
} VersionRange;

/* ">=1.2.0-b1+x". Fails ERR_RUNTIME: "x" is not a valid semantic version. */
MUST bool version_parse(Arena *arena, Str text, Version *out, Err *err);
/* <0, 0, >0; the matchers count: ">1.0.0" is above "1.0.0". */
int version_compare(const Version *a, const Version *b);
void version_print(const Version *version, Text *out);
/* All of them at once. False: nothing can satisfy them. */
bool range_of(const Version *at, uint32_t count, VersionRange *out);
/* ">=1.0.0, <2.0.0"; "ANY". */
void range_print(const VersionRange *range, Text *out);
bool range_has(const VersionRange *range, const Version *exact);
/* The highest of `versions` in the range; -1: none. */
int range_pick(const VersionRange *range, const VersionList *versions);

/* ---- spec.c: an entry of packages.yml ---- */

typedef enum SpecKind { SPEC_LOCAL, SPEC_TARBALL, SPEC_GIT, SPEC_REGISTRY, SPEC_PRIVATE } SpecKind;

typedef struct Spec {
    SpecKind kind;
    Str at;                      /* folder, URL, "namespace/name"; private: the URL it stands for */
    Str unrendered;              /* as packages.yml has it: secrets are still env_var() calls     */
    Str name;                    /* of the package, where the entry says it (lock file, tarball)  */
    StrList revisions;           /* git                                                           */
    VersionList versions;        /* registry                                                      */
    bool is_prerelease, warns_unpinned;
    Str subdirectory, provider;
    Place place;                 /* of the entry                                                  */
    Str source;
} Spec;
typedef List(Spec) SpecList;

MUST bool specs_of(Arena *arena, const PackagesFile *file, SpecList *out, Err *err);
/* The hash that package-lock.yml keeps of packages.yml: dbt's, digit for digit. */
Str specs_hash(Arena *arena, const PackagesFile *file);
/* "https://x/y.git/sub": what messages call it; of the registry its name. */
Str spec_shown(Arena *arena, const Spec *spec);

/* ---- listing.c: specs by name, joined ---- */

typedef struct Listing {
    SpecList specs;
} Listing;

/* Joins with an entry of the same name (git URLs with and without ".git" are one). *joined, if not
 * NULL, is the entry that it became part of. Fails ERR_RUNTIME: same name, other kind. */
MUST bool listing_add(Arena *arena, Listing *listing, const Spec *spec, Spec **joined, Err *err);

/* ---- a run ---- */

typedef struct Hub Hub;

typedef struct Deps {
    Arena *arena;
    const DepsOptions *options;
    Http *http;                  /* opened at the first use                                       */
    Hub *hub;
    Str install_path;            /* absolute                                                      */
    Str staging;                 /* absolute; empty: not made yet                                 */
    unsigned made_count;         /* folders made in it                                            */
    Str ca_file;
    uint32_t timeout_ms;
    Dict *warned;                /* texts of warnings that were said                              */
    Map checkouts;               /* what was fetched in this run: identity -> Str * folder        */
} Deps;

/* A package of one version. */
typedef struct Pinned {
    const Spec *spec;
    Str version;                 /* registry: "1.3.0"; git: commit, once it is fetched            */
    Str latest;                  /* registry: of the compatible ones                              */
    Str revision;                /* git: as asked for                                             */
    Str project_name;            /* once known                                                    */
    SpecList needs;              /* its own packages                                              */
    Str folder;                  /* where it was unpacked; empty: not fetched                     */
} Pinned;
typedef List(Pinned) PinnedList;

/* A name in the staging folder that is free; the folder is made. */
MUST bool deps_stage(Deps *deps, Str *path, Err *err);
MUST bool deps_http(Deps *deps, Http **out, Err *err);
/* Says a warning once; those that --warn-error makes fatal end the command later. */
void deps_warn(Deps *deps, const char *name, const char *code, Str message);

/* ---- registry.c ---- */

/* The version to take. Fails ERR_RUNTIME: not in the index, no version fits. */
MUST bool registry_resolve(Deps *deps, const Spec *spec, Pinned *out, Err *err);
/* project_name, needs from the registry's answer. */
MUST bool registry_metadata(Deps *deps, Pinned *pinned, Err *err);
/* Downloads and unpacks: pinned->folder. */
MUST bool registry_fetch(Deps *deps, Pinned *pinned, Err *err);
/* Where the archive of this version lies; empty if the registry was not asked yet. */
Str registry_tarball(Deps *deps, const Pinned *pinned);

/* ---- fetch_git.c, fetch_tar.c, unpack.c ---- */

MUST bool git_fetch(Deps *deps, Pinned *pinned, Err *err);
MUST bool tarball_fetch(Deps *deps, Pinned *pinned, Err *err);
/* A URL into a file; a path or file:// is taken as it lies. */
MUST bool url_save(Deps *deps, Str url, Str path, Err *err);
/* A tar (any compression) into `folder`, which is made, without its one top folder.
 * Fails ERR_RUNTIME: more than one top folder, names or links that lead out, damage, more than
 * 100,000 members or 1 GiB. */
MUST bool unpack_package(Str archive, Str shown, Str folder, Err *err);

/* ---- resolve.c ---- */

/* What a spec stands for, not fetched. */
MUST bool pin(Deps *deps, const Spec *spec, Pinned *out, Err *err);
/* Fetches what is needed to know its name and needs. */
MUST bool pin_metadata(Deps *deps, Pinned *pinned, Err *err);
/* All packages, transitive ones too. Fails ERR_RUNTIME: conflicts, doubled names. */
MUST bool resolve_all(Deps *deps, const SpecList *specs, PinnedList *out, Err *err);

/* ---- lock.c ---- */

/* package-lock.yml as dbt writes it. */
void lock_print(Arena *arena, const PinnedList *pinned, Str hash, Text *out);
/* A tree as dbt's dumper prints it: keys sorted, lists indented. */
void lock_print_tree(Value tree, Text *out);

/* ---- install.c ---- */

MUST bool install_all(Deps *deps, const SpecList *locked, Err *err);
/* Removes the staging folder. */
void install_clean(Deps *deps);

/* ---- add.c ---- */

MUST bool add_package(Deps *deps, Err *err);

#endif
