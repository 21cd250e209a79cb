/* fetch_git.c: git packages: one commit of a repository, by running `git`.
 *
 *   init, remote add, fetch --depth 1 origin REVISION, checkout FETCH_HEAD
 *
 * A name is tried as a tag, then as a branch, as dbt prefers them. Secrets in the URL are known to
 * secret_add() (they come from DBT_ENV_SECRET_*): no message shows them.
 */
#include "deps/deps_base.h"

#include "base/process.h"

#define GIT_TIMEOUT_MS (15 * 60 * 1000)
enum { ARGUMENTS_MOST = 16 };

typedef struct Git {
    Deps *deps;
    const Spec *spec;
    Str folder, revision;
} Git;

/* What git said, without the line about what it is doing. */
static Str reason_of(Arena *arena, const Text *errors)
{
    AUTO(text) Text out = {0};
    Str rest = str_trim(text_str(errors)), line;
    while (str_next_part(&rest, '\n', &line))
        if (!str_starts(line, STR("Cloning into")) && !str_starts(line, STR("hint:")))
            text_print(&out, "%s" STR_FMT, out.len ? "\n" : "", STR_ARG(line));
    return text_copy(arena, &out);
}

/* "https://me:password@host/..." with the password hidden. */
static Str shown_url(Arena *arena, Str url)
{
    ptrdiff_t scheme = str_find(url, STR("://"));
    if (scheme < 0)
        return url;
    size_t start = (size_t)scheme + 3, end = start;
    while (end < url.len && url.at[end] != '/')
        end++;
    Str host = str_slice(url, start, end);
    ptrdiff_t at = str_find_last(host, STR("@")), colon = str_find_char(host, ':');
    if (at < 0 || colon < 0 || colon > at)
        return url;
    return str_print(arena, STR_FMT ":*****" STR_FMT,
                     STR_ARG(str_slice(url, 0, start + (size_t)colon)),
                     STR_ARG(str_slice(url, start + (size_t)at, url.len)));
}

static bool fail_git(const Git *git, const Text *errors, Err *err)
{
    Arena *arena = git->deps->arena;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Error checking out spec='" STR_FMT "' for repo " STR_FMT "\n" STR_FMT,
                   STR_ARG(git->revision), STR_ARG(shown_url(arena, git->spec->at)),
                   STR_ARG(reason_of(arena, errors)));
}

/* Runs git with up to 15 arguments (NULL ends them) in the folder. */
static bool run_git(const Git *git, const char *const *arguments, ProcessResult *result, Err *err)
{
    const char *argv[ARGUMENTS_MOST + 4] = {"env", "LC_ALL=C", "git"};
    size_t count = 3;
    for (size_t i = 0; arguments[i]; i++) {
        assert(i < ARGUMENTS_MOST);
        argv[count++] = arguments[i];
    }
    argv[count] = NULL;
    TRY(process_run(argv, git->folder, STR(""), GIT_TIMEOUT_MS, result, err));
    if (result->exit_code != 127)
        return true;
    process_result_drop(result);
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "git packages are fetched by the program `git`, which is not installed here: "
                   "install it, or name the package as `tarball:`");
}

static bool must_git(const Git *git, const char *const *arguments, Err *err)
{
    ProcessResult result = {0};
    TRY(run_git(git, arguments, &result, err));
    bool ok = result.exit_code == 0 || fail_git(git, &result.errors, err);
    process_result_drop(&result);
    return ok;
}

static bool is_commit(Str revision)
{
    if (revision.len != 40)
        return false;
    for (size_t i = 0; i < revision.len; i++)
        if (!strchr("0123456789abcdef", revision.at[i]))
            return false;
    return true;
}

/* One try to fetch. *is_absent: the server knows no such name. */
static bool try_fetch(const Git *git, const char *what, bool is_shallow, bool *is_absent, Err *err)
{
    const char *arguments[8] = {"fetch", "-q", "--no-tags"};
    size_t count = 3;
    if (is_shallow) {
        arguments[count++] = "--depth";
        arguments[count++] = "1";
    }
    arguments[count++] = "origin";
    arguments[count++] = what;
    ProcessResult result = {0};
    TRY(run_git(git, arguments, &result, err));
    Str said = text_str(&result.errors);
    *is_absent = result.exit_code != 0 && (str_find(said, STR("couldn't find remote ref")) >= 0 ||
                                           str_find(said, STR("unadvertised object")) >= 0 ||
                                           str_find(said, STR("not our ref")) >= 0);
    bool ok = result.exit_code == 0 || *is_absent || fail_git(git, &result.errors, err);
    process_result_drop(&result);
    return ok;
}

static bool fail_absent(const Git *git, Err *err)
{
    AUTO(text) Text why = {0};
    text_print(&why, "fatal: couldn't find remote ref " STR_FMT, STR_ARG(git->revision));
    return fail_git(git, &why, err);
}

/* The commit into FETCH_HEAD. */
static bool fetch_revision(const Git *git, Err *err)
{
    Arena *arena = git->deps->arena;
    bool is_absent = false;
    const char *revision = str_c(arena, git->revision);
    if (is_commit(git->revision) || str_is(git->revision, "HEAD")) {
        TRY(try_fetch(git, revision, true, &is_absent, err));
        if (is_absent && is_commit(git->revision)) {
            /* a server that gives out named commits only: all of it, then look */
            const char *const all[] = {"fetch", "-q", "--tags", "origin",
                                       "+refs/heads/*:refs/all/*", NULL};
            const char *const look[] = {"rev-parse", "-q", "--verify",
                                        str_c(arena, str_print(arena, "%s^{commit}", revision)),
                                        NULL};
            ProcessResult result = {0};
            TRY(must_git(git, all, err));
            TRY(run_git(git, look, &result, err));
            is_absent = result.exit_code != 0;
            process_result_drop(&result);
        }
        return !is_absent || fail_absent(git, err);
    }
    static const char *const places[] = {"refs/tags/%s", "refs/heads/%s", "refs/%s"};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        Str ref = str_replace(arena, str_of(places[i]), STR("%s"), git->revision);
        TRY(try_fetch(git, str_c(arena, ref), true, &is_absent, err));
        if (!is_absent)
            return true;
    }
    return fail_absent(git, err);
}

/* Makes the repository; with a subdirectory only that is fetched and checked out. */
static bool prepare(const Git *git, Err *err)
{
    Arena *arena = git->deps->arena;
    const char *url = str_c(arena, git->spec->at), *part = str_c(arena, git->spec->subdirectory);
    const char *const init[] = {"-c", "init.defaultBranch=main", "init", "-q", ".", NULL};
    const char *const remote[] = {"remote", "add", "--", "origin", url, NULL};
    const char *const promise[] = {"config", "remote.origin.promisor", "true", NULL};
    const char *const filter[] = {"config", "remote.origin.partialclonefilter", "blob:none", NULL};
    const char *const sparse[] = {"sparse-checkout", "set", "--", part, NULL};
    TRY(must_git(git, init, err));
    TRY(must_git(git, remote, err));
    if (!git->spec->subdirectory.len)
        return true;
    return must_git(git, promise, err) && must_git(git, filter, err) && must_git(git, sparse, err);
}

static bool checkout(const Git *git, Str *commit, Err *err)
{
    Arena *arena = git->deps->arena;
    const char *what = is_commit(git->revision) ? str_c(arena, git->revision) : "FETCH_HEAD";
    const char *const out[] = {"checkout", "-q", "--detach", what, NULL};
    const char *const ask[] = {"rev-parse", "HEAD", NULL};
    ProcessResult result = {0};
    TRY(must_git(git, out, err));
    TRY(run_git(git, ask, &result, err));
    *commit = str_trim(text_copy(arena, &result.out));
    bool ok = result.exit_code == 0 || fail_git(git, &result.errors, err);
    process_result_drop(&result);
    return ok;
}

static void warn_unpinned(const Git *git)
{
    Str revision = git->revision;
    bool is_head = str_is(revision, "HEAD");
    if (!git->spec->warns_unpinned ||
        !(is_head || str_is(revision, "main") || str_is(revision, "master")))
        return;
    AUTO(text) Text how = {0};
    if (is_head)
        text_add_c(&how, "not pinned, using HEAD (default branch)");
    else
        text_print(&how, "pinned to the \"" STR_FMT "\" branch", STR_ARG(revision));
    deps_warn(git->deps, "DepsUnpinned", "M029",
              str_print(git->deps->arena,
                        "The git package \"" STR_FMT "\" \n\tis %s.\n\tWhat changes there comes "
                        "into this project unasked: name a tag or a commit as `revision:`",
                        STR_ARG(git->spec->at), how.at));
}

static bool check_words(const Git *git, Err *err)
{
    const Str words[] = {git->spec->at, git->revision, git->spec->subdirectory};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts(words[i], STR("-")))
            return err_set_in(err, ERR_RUNTIME, git->spec->place, git->spec->source,
                              "'" STR_FMT "' begins with a dash: git would take it for an option",
                              STR_ARG(words[i]));
    Str rest = git->spec->subdirectory, part;
    while (rest.len && str_next_part(&rest, '/', &part))
        if (str_is(part, "..") || git->spec->subdirectory.at[0] == '/')
            return err_set_in(err, ERR_RUNTIME, git->spec->place, git->spec->source,
                              "the subdirectory '" STR_FMT "' leads out of the repository",
                              STR_ARG(git->spec->subdirectory));
    return true;
}

/* Kept for the whole run: url, revision, subdirectory. */
typedef struct Checkout {
    Str folder, commit;
} Checkout;

static bool clone(Git *git, Checkout *out, Err *err)
{
    Arena *arena = git->deps->arena;
    Str folder;
    TRY(check_words(git, err));
    TRY(deps_stage(git->deps, &folder, err));
    git->folder = path_join(arena, folder, STR("package"));
    TRY(folder_make(git->folder, err));
    TRY(prepare(git, err));
    TRY(fetch_revision(git, err));
    TRY(checkout(git, &out->commit, err));
    out->folder = path_join(arena, git->folder, git->spec->subdirectory);
    if (file_info(out->folder).kind != FILE_FOLDER)
        return err_set_in(err, ERR_RUNTIME, git->spec->place, git->spec->source,
                          "Directory does not exist: \"" STR_FMT "\" in " STR_FMT
                          " at revision " STR_FMT,
                          STR_ARG(git->spec->subdirectory), STR_ARG(git->spec->at),
                          STR_ARG(git->revision));
    warn_unpinned(git);
    return true;
}

bool git_fetch(Deps *deps, Pinned *pinned, Err *err)
{
    Git git = {.deps = deps, .spec = pinned->spec, .revision = pinned->revision};
    Str key = str_print(deps->arena, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(git.spec->at),
                        STR_ARG(git.spec->subdirectory), STR_ARG(git.revision));
    Checkout *known = map_find(&deps->checkouts, key);
    if (!known) {
        Checkout made;
        TRY(clone(&git, &made, err));
        known = NEW(deps->arena, Checkout);
        *known = made;
        map_put(&deps->checkouts, key, known);
        /* the lock file names the commit: the same checkout */
        map_put(&deps->checkouts,
                str_print(deps->arena, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(git.spec->at),
                          STR_ARG(git.spec->subdirectory), STR_ARG(made.commit)), known);
    }
    pinned->folder = known->folder;
    pinned->version = known->commit;
    return true;
}
