/* deps.h: the packages of a project: from packages.yml to folders in dbt_packages.
 *
 *   packages.yml --read--> specs --resolve (transitive)--> pinned --> package-lock.yml
 *   package-lock.yml --> pinned --fetch (hub, git, tarball, local)--> staging --> dbt_packages
 *
 * Source of the rules: dbt-core 1.12.6, by running it against a registry and git servers of ours.
 */
#ifndef DEPS_DEPS_H
#define DEPS_DEPS_H

#include "project/project.h"

typedef struct DepsOptions {
    const Invocation *invocation;
    Str project_dir;             /* absolute                                                      */
    Str install_path;            /* as written: "dbt_packages"; relative to the project           */
    Str project_name;            /* no package may have it                                        */
    bool upgrades;               /* resolves although the lock file fits                          */
    bool only_locks;             /* writes package-lock.yml and installs nothing                  */
    bool checks_version;         /* versions whose require-dbt-version does not fit are passed    */
    Str add;                     /* "dbt-labs/dbt_utils@1.3.0": put into packages.yml first       */
    Str add_source;              /* hub, git, local                                               */
} DepsOptions;

/* `deps`: says what it does as dbt does (Installing ..., Installed from ...).
 * A package that lies there already as the lock file wants it is left alone. A package is exchanged
 * in one step: killed at any time, there is the former one or the new one. What the lock file does
 * not name is removed at the end.
 * Environment: DBT_PACKAGE_HUB_URL (default https://hub.getdbt.com/), DBT_HTTP_TIMEOUT (seconds),
 * REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, and the usual proxy variables.
 * Fails    ERR_RUNTIME: with dbt's words: packages.yml, versions that conflict, doubled names, a
 *          package that cannot be fetched
 * Cost     two requests a package of the registry, one clone a git package */
MUST bool deps_run(Arena *arena, const DepsOptions *options, Err *err);

#endif
