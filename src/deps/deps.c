/* deps.c: one run of `deps`: add, lock if needed, install. */
#include "deps/deps_base.h"

#include "base/process.h"

#define LOCK_FILE "package-lock.yml"

bool deps_http(Deps *deps, Http **out, Err *err)
{
    if (!deps->http)
        TRY(http_open(deps->arena, &deps->http, err));
    *out = deps->http;
    return true;
}

void deps_warn(Deps *deps, const char *name, const char *code, Str message)
{
    if (dict_find(deps->warned, message))
        return;
    dict_put(deps->warned, message, NONE);
    event_say((Event){.name = name, .code = code, .level = LEVEL_WARN, .message = message});
}

static void say_none(void)
{
    event_print(LEVEL_INFO, "DepsNoPackagesFound", "M013",
                "Warning: No packages were found in packages.yml");
}

/* Secrets in a URL that the lock file shows as *****: the next `deps` cannot use it. */
static void warn_scrubbed(Deps *deps, const Pinned *pinned)
{
    AUTO(text) Text hidden = {0};
    text_add(&hidden, pinned->spec->unrendered);
    secret_hide(&hidden);
    if (str_eq(text_str(&hidden), pinned->spec->unrendered))
        return;
    deps_warn(deps, "DepsScrubbedPackageName", "M035",
              str_print(deps->arena,
                        "Detected secret env var in %s. The lock file shows it as *****, so that "
                        "the next `deps` needs --upgrade: write the URL with {{ env_var('"
                        "DBT_ENV_SECRET_...') }}", hidden.at));
}

static Str lock_path(const Deps *deps)
{
    return path_join(deps->arena, deps->options->project_dir, STR(LOCK_FILE));
}

static bool write_lock(Deps *deps, const PackagesFile *file, Err *err)
{
    SpecList specs;
    PinnedList pinned;
    AUTO(text) Text text = {0};
    if (!file->packages.list->len) {
        say_none();
        return true;
    }
    TRY(specs_of(deps->arena, file, &specs, err));
    TRY(resolve_all(deps, &specs, &pinned, err));
    for (uint32_t i = 0; i < pinned.len; i++)
        warn_scrubbed(deps, &pinned.at[i]);
    lock_print(deps->arena, &pinned, specs_hash(deps->arena, file), &text);
    TRY(file_write(lock_path(deps), text_str(&text), false, err));
    event_print(LEVEL_INFO, "DepsLockUpdating", "M031", "Updating lock file in file path: " STR_FMT,
                STR_ARG(lock_path(deps)));
    return true;
}

/* The lock file as it lies there; *exists false: none. */
static bool read_lock(Deps *deps, YamlDoc *doc, bool *exists, Err *err)
{
    Str text;
    *doc = (YamlDoc){.root = NONE};
    *exists = file_exists(lock_path(deps));
    if (!*exists)
        return true;
    TRY(file_read(deps->arena, lock_path(deps), &text, err));
    return yaml_parse(deps->arena, text, STR(LOCK_FILE), doc, err);
}

static bool read_locked(Deps *deps, SpecList *out, Err *err)
{
    YamlDoc doc;
    bool exists;
    TRY(read_lock(deps, &doc, &exists, err));
    PackagesFile file = {.name = LOCK_FILE, .file = doc.file, .source = doc.source};
    TRY(packages_check(deps->arena, deps->options->invocation, value_get(doc.root, "packages"),
                       &file, err));
    return specs_of(deps->arena, &file, out, err);
}

static bool lock_if_needed(Deps *deps, Err *err)
{
    const DepsOptions *options = deps->options;
    PackagesFile file;
    YamlDoc lock;
    bool exists;
    TRY(packages_file_read(deps->arena, options->invocation, options->project_dir, STR(""), &file,
                           err));
    TRY(read_lock(deps, &lock, &exists, err));
    if (exists && !options->upgrades &&
        str_eq(value_get_text(lock.root, "sha1_hash", STR_NONE), specs_hash(deps->arena, &file)))
        return true;
    return write_lock(deps, &file, err);
}

static bool run(Deps *deps, Err *err)
{
    SpecList locked;
    if (deps->options->add.len)
        TRY(add_package(deps, err));
    TRY(lock_if_needed(deps, err));
    if (deps->options->only_locks)
        return true;
    TRY(read_locked(deps, &locked, err));
    TRY(install_all(deps, &locked, err));
    if (!locked.len)
        say_none();
    return true;
}

/* The first of these variables that is set. */
static Str environment_first(const char *const *names)
{
    for (; *names; names++)
        if (environment_get(*names).len)
            return environment_get(*names);
    return STR_NONE;
}

bool deps_run(Arena *arena, const DepsOptions *options, Err *err)
{
    static const char *const authorities[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", NULL};
    int64_t seconds = 0;
    Deps deps = {.arena = arena, .options = options, .timeout_ms = 30000,
                 .ca_file = environment_first(authorities), .warned = dict_make(arena, 4)};
    map_init(&deps.checkouts, arena);
    if (str_to_int(environment_get("DBT_HTTP_TIMEOUT"), &seconds) && seconds > 0 && seconds < 86400)
        deps.timeout_ms = (uint32_t)seconds * 1000;
    deps.install_path = path_clean(arena, path_join(arena, options->project_dir,
                                                    options->install_path));
    bool ok = run(&deps, err);
    install_clean(&deps);
    return ok;
}
