/* registry.c: what the registry says: index, versions of a package, where the archives lie.
 *
 *   GET api/v1/index.json -> ["dbt-labs/dbt_utils", ...]
 *   GET api/v1/dbt-labs/dbt_utils.json -> {name, namespace, versions: {"1.3.0": {name, packages,
 *       downloads: {tarball}, require_dbt_version}}, redirectname?, redirectnamespace?}
 */
#include "deps/deps_base.h"

#include <stdlib.h>

#include "base/process.h"

struct Hub {
    Str base;                    /* "https://hub.getdbt.com/"                                     */
    Dict *index;                 /* names; NULL: not read yet                                     */
    Dict *packages;              /* name -> its answer                                            */
};

static Hub *hub_of(Deps *deps)
{
    if (deps->hub)
        return deps->hub;
    Str base = environment_get("DBT_PACKAGE_HUB_URL");
    if (!base.len)
        base = STR("https://hub.getdbt.com/");
    deps->hub = NEW(deps->arena, Hub);
    deps->hub->base = str_print(deps->arena, STR_FMT "%s", STR_ARG(base),
                                str_ends(base, STR("/")) ? "" : "/");
    deps->hub->packages = dict_make(deps->arena, 8);
    return deps->hub;
}

/* ---- asking ---- */

/* dbt's word for all that goes wrong on the way; the exit code is that of an exception. */
static bool fail_connection(Err *err)
{
    err->kind = ERR_RUNTIME;
    return err_wrap(err, "External connection exception occurred");
}

static bool get_json(Deps *deps, Str url, Value *out, Err *err)
{
    Http *http;
    TRY(deps_http(deps, &http, err));
    Header accept = {STR("accept"), STR("application/json")};
    Request request = {
        .url = url, .headers = &accept, .header_count = 1, .retry = {.most = 6},
        .idle_timeout_ms = deps->timeout_ms, .ca_file = deps->ca_file,
    };
    Response response;
    event_print(LEVEL_DEBUG, "RegistryProgressGETRequest", "M008",
                "Making package registry request: GET " STR_FMT, STR_ARG(url));
    if (!http_do(http, &request, deps->arena, &response, err))
        return fail_connection(err);
    event_print(LEVEL_DEBUG, "RegistryProgressGETResponse", "M009",
                "Response from registry: GET " STR_FMT " %d", STR_ARG(url), response.status);
    return json_parse(deps->arena, response.body, url, out, err) || fail_connection(err);
}

static bool fail_answer(Str url, const char *expected, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "External connection exception occurred: Request error: the answer of " STR_FMT
                   " is not what a registry gives: %s", STR_ARG(url), expected);
}

static bool load_index(Deps *deps, Hub *hub, Err *err)
{
    if (hub->index)
        return true;
    Str url = str_print(deps->arena, STR_FMT "api/v1/index.json", STR_ARG(hub->base));
    Value list;
    TRY(get_json(deps, url, &list, err));
    if (!value_is_list(list))
        return fail_answer(url, "a list of names is expected", err);
    hub->index = dict_make(deps->arena, list.list->len);
    for (uint32_t i = 0; i < list.list->len; i++)
        if (value_is_text(list.list->at[i]))
            dict_put(hub->index, value_str(list.list->at[i]), NONE);
    return true;
}

static void warn_moved(Deps *deps, Str name, Value package)
{
    Value to_namespace = value_get(package, "redirectnamespace");
    Value to_name = value_get(package, "redirectname");
    if (value_is_undefined(to_namespace) && value_is_undefined(to_name))
        return;
    if (!value_truth(to_namespace))
        to_namespace = value_get(package, "namespace");
    if (!value_truth(to_name))
        to_name = value_get(package, "name");
    Str now = str_print(deps->arena, STR_FMT "/" STR_FMT, STR_ARG(value_str(to_namespace)),
                        STR_ARG(value_str(to_name)));
    deps_warn(deps, "PackageRedirectDeprecation", "D001",
              str_print(deps->arena,
                        "Deprecated functionality\nThe `" STR_FMT "` package is deprecated in "
                        "favor of `" STR_FMT "`. Name `" STR_FMT "` in packages.yml instead.",
                        STR_ARG(name), STR_ARG(now), STR_ARG(now)));
}

/* name -> {"1.0.0": {...}} */
static bool load_versions(Deps *deps, Hub *hub, Str name, Value *versions, Err *err)
{
    Value *known = dict_find(hub->packages, name);
    Value package;
    if (known) {
        package = *known;
    } else {
        Str url = str_print(deps->arena, STR_FMT "api/v1/" STR_FMT ".json", STR_ARG(hub->base),
                            STR_ARG(name));
        TRY(get_json(deps, url, &package, err));
        Value list = value_get(package, "versions");
        if (!value_is_dict(list) || value_is_undefined(value_get(package, "name")))
            return fail_answer(url, "`name` and `versions` are expected", err);
        Value key, version;
        for (uint32_t at = 0; dict_next(list.dict, &at, &key, &version);)
            if (!value_get_text(value_get(version, "downloads"), "tarball", STR_NONE).len ||
                !value_get_text(version, "name", STR_NONE).len)
                return fail_answer(url, "each version has `name`, `packages`, "
                                        "`downloads.tarball`", err);
        dict_put(hub->packages, name, package);
        warn_moved(deps, name, package);
    }
    *versions = value_get(package, "versions");
    return true;
}

/* ---- choosing ---- */

/* Does the version's require_dbt_version take the dbt whose behaviour this is? */
static bool is_compatible(Deps *deps, Value version, bool *fits, Err *err)
{
    Value required = value_get(version, "require_dbt_version");
    *fits = true;
    if (!value_truth(required))
        return true;
    VersionList all = {0};
    Version one;
    TRY(version_parse(deps->arena, STR("=" DBT_VERSION), &one, err));
    list_add(deps->arena, &all, one);
    uint32_t count = value_is_list(required) ? required.list->len : 1;
    for (uint32_t i = 0; i < count; i++) {
        Value text = value_is_list(required) ? required.list->at[i] : required;
        TRY(version_parse(deps->arena, value_str(text), &one, err));
        list_add(deps->arena, &all, one);
    }
    VersionRange range;
    *fits = range_of(all.at, all.len, &range);
    return true;
}

/* A version with its text as the registry has it. */
typedef struct Offer {
    Version version;
    Str text;
} Offer;

typedef List(Offer) OfferList;

/* Stable, as Python's sorted(): few enough for insertion. */
static void add_sorted(Arena *arena, OfferList *offers, Offer offer)
{
    list_add(arena, offers, offer);
    uint32_t at = offers->len - 1;
    for (; at && version_compare(&offer.version, &offers->at[at - 1].version) < 0; at--)
        offers->at[at] = offers->at[at - 1];
    offers->at[at] = offer;
}

static bool collect_offers(Deps *deps, Value versions, bool takes_prereleases, OfferList *out,
                           Err *err)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(versions.dict, &at, &key, &value);) {
        bool fits = true;
        Offer offer = {.text = value_str(key)};
        if (deps->options->checks_version)
            TRY(is_compatible(deps, value, &fits, err));
        if (!fits)
            continue;
        TRY(version_parse(deps->arena, offer.text, &offer.version, err));
        if (takes_prereleases || !offer.version.prerelease.len)
            add_sorted(deps->arena, out, offer);
    }
    return true;
}

static bool fail_none(const Deps *deps, const Spec *spec, const VersionRange *range,
                      const OfferList *offers, Err *err)
{
    AUTO(text) Text text = {0};
    text_print(&text, "Could not find a matching compatible version for package " STR_FMT
               "\n  Requested range: ", STR_ARG(spec->at));
    range_print(range, &text);
    text_add_c(&text, "\n  Compatible versions: [");
    for (uint32_t i = 0; i < offers->len; i++)
        text_print(&text, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(offers->at[i].text));
    text_add_c(&text, "]");
    if (deps->options->checks_version)
        text_add_c(&text, "\n\n  Not shown: package versions incompatible with installed version "
                          "of dbt-core\n  To include them, run 'dbt --no-version-check deps'");
    return err_set_in(err, ERR_RUNTIME, spec->place, spec->source, "%s", text.at);
}

static bool fail_conflict(const Spec *spec, Err *err)
{
    AUTO(text) Text text = {0};
    for (uint32_t i = 0; i < spec->versions.len; i++) {
        text_add_c(&text, i ? ", '" : "'");
        version_print(&spec->versions.at[i], &text);
        text_add_c(&text, "'");
    }
    return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                      "Version error for package " STR_FMT
                      ": Could not find a satisfactory version from options: [%s]",
                      STR_ARG(spec->at), text.at);
}

static bool check_in_index(const Hub *hub, const Spec *spec, Err *err)
{
    if (dict_find(hub->index, spec->at))
        return true;
    AUTO(arena) Arena scratch = {0};
    StrList names = {0};
    Value key, value;
    for (uint32_t at = 0; dict_next(hub->index, &at, &key, &value);)
        list_add(&scratch, &names, value_str(key));
    Str near = str_nearest(spec->at, names.at, names.len);
    return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                      "Package " STR_FMT " was not found in the package index%s" STR_FMT "%s",
                      STR_ARG(spec->at), near.len ? "\nDid you mean '" : "", STR_ARG(near),
                      near.len ? "'?" : "");
}

bool registry_resolve(Deps *deps, const Spec *spec, Pinned *out, Err *err)
{
    Hub *hub = hub_of(deps);
    VersionRange range;
    Value versions;
    TRY(load_index(deps, hub, err));
    TRY(check_in_index(hub, spec, err));
    if (!range_of(spec->versions.at, spec->versions.len, &range))
        return fail_conflict(spec, err);
    TRY(load_versions(deps, hub, spec->at, &versions, err));
    bool takes_prereleases = spec->is_prerelease;
    for (uint32_t i = 0; i < spec->versions.len; i++)
        takes_prereleases |= spec->versions.at[i].prerelease.len > 0;
    OfferList offers = {0};
    VersionList all = {0};
    TRY(collect_offers(deps, versions, takes_prereleases, &offers, err));
    for (uint32_t i = 0; i < offers.len; i++)
        list_add(deps->arena, &all, offers.at[i].version);
    int best = range_pick(&range, &all);
    if (best < 0)
        return fail_none(deps, spec, &range, &offers, err);
    *out = (Pinned){.spec = spec, .version = offers.at[best].text,
                    .latest = offers.at[offers.len - 1].text};
    return true;
}

/* ---- one version ---- */

static Value version_answer(Deps *deps, const Pinned *pinned)
{
    Value *package = dict_find(hub_of(deps)->packages, pinned->spec->at);
    return package ? value_get_str(value_get(*package, "versions"), pinned->version) : UNDEFINED;
}

bool registry_metadata(Deps *deps, Pinned *pinned, Err *err)
{
    Value answer = version_answer(deps, pinned);
    pinned->project_name = value_get_text(answer, "name", STR_NONE);
    PackagesFile file = {.name = "packages.yml",
                         .file = str_print(deps->arena, STR_FMT "@" STR_FMT,
                                           STR_ARG(pinned->spec->at), STR_ARG(pinned->version))};
    TRY(packages_check(deps->arena, NULL, value_get(answer, "packages"), &file, err));
    return specs_of(deps->arena, &file, &pinned->needs, err);
}

Str registry_tarball(Deps *deps, const Pinned *pinned)
{
    return value_get_text(value_get(version_answer(deps, pinned), "downloads"), "tarball",
                          STR_NONE);
}

bool registry_fetch(Deps *deps, Pinned *pinned, Err *err)
{
    Str url = registry_tarball(deps, pinned), archive;
    Str folder;
    TRY(deps_stage(deps, &folder, err));
    archive = path_join(deps->arena, folder, STR("archive.tar.gz"));
    pinned->folder = path_join(deps->arena, folder, STR("package"));
    TRY(url_save(deps, url, archive, err));
    return unpack_package(archive, url, pinned->folder, err);
}
