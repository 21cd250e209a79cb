/* cmd_docs.c: docs generate: catalog.json, and the manifest with compiled SQL beside it. */
#include "cli/cli.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { COMPILED = KIND(MODEL) | KIND(ANALYSIS) | KIND(TEST) | KIND(SNAPSHOT) |
                  KIND(OPERATION) | KIND(SEED),
       CATALOGED = KIND(MODEL) | KIND(SEED) | KIND(SNAPSHOT) | KIND(SOURCE) | KIND(TEST) };

static bool compile_all(Cli *cli, Err *err)
{
    NodeResults results = {0};
    Bits selected;
    cli_say_found(cli);
    TRY(cli_select(cli, COMPILED, &selected, err));
    if (!bits_count(selected))
        return true;
    return cli_run_nodes(cli, RUN_COMPILE, selected, &results, err) &&
           cli_raise_first(&results, err);
}

bool cmd_docs(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Bits selected;
    bool is_empty = flag_is(cli->flags, "empty_catalog");
    if (flag_is(cli->flags, "static"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "--static is not there yet: dbt's page is not part of weir. catalog.json "
                       "and manifest.json are written without it, for any page that reads them");
    TRY(cli_load(cli, STR_NONE, NULL, err));
    if (flag_is(cli->flags, "compile"))
        TRY(compile_all(cli, err));
    TRY(cli_select(cli, CATALOGED, &selected, err));
    if (!is_empty)
        event_print(LEVEL_INFO, "BuildingCatalog", "E044", "Building catalog");
    Str path = cli_artifact(cli, "catalog.json");
    TRY(transform_catalog(cli->graph, selected, is_empty, path, &cli->arena, err));
    event_print(LEVEL_INFO, "CatalogWritten", "E038", "Catalog written to " STR_FMT, STR_ARG(path));
    return true;
}
