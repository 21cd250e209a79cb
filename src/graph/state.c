/* state.c: an earlier manifest, for state: and --defer. */
#include "base/json.h"
#include "graph/graph_base.h"

#define MANIFEST_SCHEMA "https://schemas.getdbt.com/dbt/manifest/v"

enum { oldest_version = 4, newest_version = 12 };

static bool is_readable(Str version)
{
    int64_t number;
    Str head = STR(MANIFEST_SCHEMA), tail = STR(".json");
    if (!str_starts(version, head) || !str_ends(version, tail) ||
        version.len <= head.len + tail.len)
        return false;
    Str digits = str_slice(version, head.len, version.len - tail.len);
    return str_to_int(digits, &number) && number >= oldest_version && number <= newest_version;
}

static bool check_version(Value tree, Str path, Err *err)
{
    Str version = value_get_text(value_get(tree, "metadata"), "dbt_schema_version", STR_NONE);
    if (is_readable(version))
        return true;
    const char *quote = version.len ? "\"" : "";
    return err_set(err, ERR_RUNTIME, (Place){path, 0, 0},
                   "Expected a schema version of \"" MANIFEST_SCHEMA "%d.json\" in " STR_FMT
                   ", but found %s" STR_FMT "%s. Are you running with a different version of dbt?",
                   newest_version, STR_ARG(path), quote,
                   STR_ARG(version.len ? version : STR("nothing")), quote);
}

bool state_load(Arena *arena, Str folder, State *out, Err *err)
{
    Str path = path_join(arena, folder, STR("manifest.json"));
    if (file_info(path).kind != FILE_REGULAR)
        return err_set(err, ERR_RUNTIME, (Place){path, 0, 0},
                       "Got a state selector method, but no comparison manifest\n"
                       "There is no " STR_FMT,
                       STR_ARG(path));
    Str text;
    Value tree;
    TRY(file_read(arena, path, &text, err));
    if (!json_parse(arena, text, path, &tree, err)) {
        err->kind = ERR_RUNTIME;
        return err_wrap(err, "Could not read the manifest at \"" STR_FMT "\" as JSON",
                        STR_ARG(path));
    }
    TRY(check_version(tree, path, err));
    if (value_get(tree, "nodes").kind != VALUE_DICT)
        return err_set(err, ERR_RUNTIME, (Place){path, 0, 0},
                       "The manifest at \"" STR_FMT "\" has no nodes", STR_ARG(path));
    value_freeze(tree);
    *out = (State){.path = path, .manifest = tree};
    return true;
}
