/* spec.c: entries of packages.yml as Specs, and the hash that the lock file keeps of them. */
#include "deps/deps_base.h"

#include <stdlib.h>

#include "base/hash.h"

/* Python's str() of a scalar: 1.0 is "1.0". */
static Str scalar_text(Arena *arena, Value v)
{
    AUTO(text) Text out = {0};
    value_print(v, &out);
    return text_copy(arena, &out);
}

/* `private: org/repo` without an account of a platform: the address over SSH. */
static bool private_url(Arena *arena, const Spec *spec, Str *out, Err *err)
{
    Str provider = spec->provider.len ? spec->provider : STR("github");
    if (str_is(provider, "github") || str_is(provider, "gitlab")) {
        *out = str_print(arena, "git@" STR_FMT ".com:" STR_FMT ".git", STR_ARG(provider),
                         STR_ARG(spec->unrendered));
        return true;
    }
    if (str_is(provider, "ado") || str_is(provider, "azure_devops")) {
        Str rest = spec->unrendered, part;
        uint32_t count = 0;
        while (str_next_part(&rest, '/', &part))
            count++;
        if (count < 3)
            return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                              "The '" STR_FMT "' provider requires org/project/repo format (3 "
                              "parts), got: '" STR_FMT "'",
                              STR_ARG(provider), STR_ARG(spec->unrendered));
        *out = str_print(arena, "git@ssh.dev.azure.com:v3/" STR_FMT, STR_ARG(spec->unrendered));
        return true;
    }
    return err_set_in(err, ERR_RUNTIME, spec->place, spec->source,
                      "Invalid private package configuration: '" STR_FMT "' provider: '" STR_FMT
                      "'. Valid providers are: github, gitlab, ado, azure_devops. The address "
                      "over SSH is made of it; with another account write `git:` and the whole "
                      "URL, its token as \"{{ env_var('DBT_ENV_SECRET_...') }}\"",
                      STR_ARG(spec->unrendered), STR_ARG(provider));
}

static bool read_versions(Arena *arena, Value version, Spec *spec, Err *err)
{
    uint32_t count = value_is_list(version) ? version.list->len : 1;
    for (uint32_t i = 0; i < count; i++) {
        Value one = value_is_list(version) ? version.list->at[i] : version;
        Version parsed;
        if (!version_parse(arena, scalar_text(arena, one), &parsed, err)) {
            err_locate(err, spec->place, spec->source);
            return err_add(err, " A version is MAJOR.MINOR.PATCH, with =, >, >=, < or <= before "
                                "it; of two bounds make a list: [\">=1.0.0\", \"<2.0.0\"]");
        }
        list_add(arena, &spec->versions, parsed);
    }
    return true;
}

static bool has(Value entry, const char *key)
{
    Value v = value_get(entry, key);
    return !value_is_undefined(v) && !value_is_none(v);
}

static bool spec_of(Arena *arena, const PackagesFile *file, uint32_t i, Spec *out, Err *err)
{
    static const char *const keys[] = {"local", "tarball", "git", "package", "private"};
    Value entry = file->packages.list->at[i], plain = file->unrendered.list->at[i];
    Spec spec = {.warns_unpinned = true, .source = file->source};
    for (size_t k = 0; k < COUNT_OF(keys); k++)
        if (has(entry, keys[k])) {
            spec.kind = (SpecKind)k;
            spec.at = value_get_text(entry, keys[k], STR_NONE);
            spec.unrendered = value_get_text(plain, keys[k], spec.at);
            break;
        }
    if (file->source.len)
        spec.place = value_place(plain, file->file, file->source);
    else
        spec.place = (Place){.file = file->file};
    spec.name = value_get_text(entry, "name", STR_NONE);
    spec.subdirectory = value_get_text(entry, "subdirectory", STR_NONE);
    spec.provider = value_get_text(entry, "provider", STR_NONE);
    spec.is_prerelease = value_truth(value_get(entry, "install_prerelease"));
    Value warns = value_get(entry, "warn-unpinned");
    spec.warns_unpinned = !value_is_bool(warns) || warns.is_true;
    if (has(entry, "revision"))
        list_add(arena, &spec.revisions, scalar_text(arena, value_get(entry, "revision")));
    if (spec.kind == SPEC_REGISTRY)
        TRY(read_versions(arena, value_get(entry, "version"), &spec, err));
    if (spec.kind == SPEC_PRIVATE) {
        spec.unrendered = spec.at;
        TRY(private_url(arena, &spec, &spec.at, err));
    }
    *out = spec;
    return true;
}

bool specs_of(Arena *arena, const PackagesFile *file, SpecList *out, Err *err)
{
    SpecList list = {0};
    for (uint32_t i = 0; i < file->packages.list->len; i++) {
        Spec spec;
        TRY(spec_of(arena, file, i, &spec, err));
        list_add(arena, &list, spec);
    }
    *out = list;
    return true;
}

Str spec_shown(Arena *arena, const Spec *spec)
{
    if (spec->kind == SPEC_TARBALL && spec->name.len)
        return spec->name;
    if (spec->subdirectory.len)
        return str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(spec->at),
                         STR_ARG(spec->subdirectory));
    return spec->at;
}

/* ---- the hash ---- */

/* Versions and revisions: whole numbers become texts, those with a point stay numbers. */
static Value hashed_version(Arena *arena, Value v)
{
    if (value_is_int(v))
        return value_text(scalar_text(arena, v));
    if (!value_is_list(v))
        return v;
    Array *list = array_make(arena, v.list->len);
    for (uint32_t i = 0; i < v.list->len; i++)
        array_add(list, hashed_version(arena, v.list->at[i]));
    return value_of_array(list);
}

/* An entry with every key that its kind has, as dbt serializes it. */
static Value hashed_entry(Arena *arena, Value entry, Value plain)
{
    static const struct {
        const char *kind, *keys[4];
    } defaults[] = {
        {"git", {"revision", "warn-unpinned", "subdirectory"}},
        {"private", {"provider", "revision", "warn-unpinned", "subdirectory"}},
    };
    Dict *out = dict_make(arena, 8);
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        for (size_t k = 0; k < 4 && defaults[i].keys[k] && has(entry, defaults[i].kind); k++)
            dict_put(out, str_of(defaults[i].keys[k]), NONE);
    if (has(entry, "package"))
        dict_put(out, STR("install_prerelease"), value_bool(false));
    Value key, value;
    for (uint32_t at = 0; dict_next(entry.dict, &at, &key, &value);)
        if (!value_is(key, "name") || !value_is_none(value))
            dict_put(out, value_str(key),
                     value_is(key, "version") || value_is(key, "revision")
                         ? hashed_version(arena, value) : value);
    dict_put(out, STR("unrendered"), plain);
    return value_of_dict(out);
}

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

Str specs_hash(Arena *arena, const PackagesFile *file)
{
    StrList lines = {0};
    for (uint32_t i = 0; i < file->packages.list->len; i++) {
        AUTO(text) Text line = {0};
        Value entry = hashed_entry(arena, file->packages.list->at[i], file->unrendered.list->at[i]);
        json_print(entry, (JsonStyle){.sorts_keys = true}, &line);
        list_add(arena, &lines, text_copy(arena, &line));
    }
    if (lines.len)
        qsort(lines.at, lines.len, sizeof(Str), compare_texts);
    AUTO(text) Text all = {0};
    for (uint32_t i = 0; i < lines.len; i++)
        text_print(&all, "%s" STR_FMT, i ? "\n" : "", STR_ARG(lines.at[i]));
    return sha1_hex(arena, text_str(&all));
}
