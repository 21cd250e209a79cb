/* load_test.c: small projects written to a folder, loaded, and asked; cases in tests/cases/project.
 *
 *   == name of the case
 *   -- file models/a.sql         content up to the next line that begins with "-- " or "== "
 *   -- gives model.p.a config.materialized
 *   "table"                      a JSON value
 *   -- has no model.p.b          neither enabled nor disabled
 *   -- disabled model.p.b
 *   -- fails Parsing Error       title; below: texts that the message holds, one a line
 *   -- warns EventName
 *
 * dbt_project.yml and profiles.yml are given by default. Every case is loaded with one worker and
 * with four: both must agree. Expected values: dbt-core 1.12.6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "project/project.h"

typedef struct Part {
    Str head, body;    /* "file models/a.sql", what stands below */
} Part;

typedef struct Case {
    Str name;
    List(Part) parts;
} Case;

typedef List(Case) CaseList;

static bool starts_part(Str line)
{
    static const char *const heads[] = {"-- file ", "-- gives ", "-- has no ", "-- disabled ",
                                        "-- fails ", "-- warns "};
    for (uint32_t i = 0; i < COUNT_OF(heads); i++)
        if (str_starts(line, str_of(heads[i])))
            return true;
    return false;
}

static void read_cases(Arena *arena, Str path, CaseList *out)
{
    Err err = {0};
    Str text;
    assert_true(file_read(arena, path, &text, &err));
    Part *part = NULL;
    for (Str rest = text, line; str_next_part(&rest, '\n', &line);) {
        if (str_starts(line, STR("== "))) {
            list_add(arena, out, (Case){.name = str_slice(line, 3, line.len)});
            part = NULL;
        } else if (starts_part(line) && out->len) {
            Case *last = &out->at[out->len - 1];
            list_add(arena, &last->parts, (Part){str_slice(line, 3, line.len), STR_NONE});
            part = &last->parts.at[last->parts.len - 1];
        } else if (part) {
            const char *from = part->body.at ? part->body.at : line.at;
            part->body = (Str){from, (size_t)(line.at + line.len - from) + (rest.at ? 1 : 0)};
        }
    }
}

/* ---- one case ---- */

typedef struct Heard {
    Text names;
} Heard;

static void hear(void *context, const Event *event)
{
    if (event->level >= LEVEL_WARN)
        text_print(&((Heard *)context)->names, "%s\n", event->name);
}

static void write_case(Arena *arena, const Case *one, Str folder)
{
    Err err = {0};
    assert_true(folder_remove(folder, &err));
    static const char project[] = "name: p\nversion: '1.0'\nconfig-version: 2\nprofile: p\n";
    static const char profiles[] = "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: "
                                   "w.duckdb}\n";
    assert_true(file_write(path_join(arena, folder, STR("dbt_project.yml")), str_of(project),
                           false, &err));
    assert_true(file_write(path_join(arena, folder, STR("profiles.yml")), str_of(profiles), false,
                           &err));
    for (uint32_t i = 0; i < one->parts.len; i++) {
        Str head = one->parts.at[i].head, body = one->parts.at[i].body;
        if (!str_starts(head, STR("file ")))
            continue;
        Str path = path_join(arena, folder, str_slice(head, 5, head.len));
        if (str_is(str_slice(head, 5, head.len), "dbt_project.yml"))
            body = str_print(arena, "%s" STR_FMT, project, STR_ARG(body));
        assert_true(file_write(path, body, false, &err));
    }
}

/* node.field.field of a node's manifest entry. */
static Value dig(Value value, Str path)
{
    for (Str part; path.at && str_next_part(&path, '.', &part);)
        value = value_get_str(value, part);
    return value;
}

/* The manifest entry of a node or a macro; UNDEFINED without one. */
static Value manifest_entry(Arena *arena, const Project *project, Str id)
{
    const Node *node = map_find(&project->by_id, id);
    if (node)
        return node_value(node, arena);
    MacroEntry *entry;
    for (uint32_t at = 0; library_next(project->library, &at, &entry);)
        if (str_eq(entry->unique_id, id))
            return macro_entry_value(entry, arena);
    return UNDEFINED;
}

static void check_gives(Arena *arena, const Case *one, const Part *part, const Project *project)
{
    Str rest = str_slice(part->head, 6, part->head.len), id;
    assert_true(str_next_part(&rest, ' ', &id));
    Value entry = manifest_entry(arena, project, id);
    if (!value_is_dict(entry))
        fail_msg(STR_FMT ": no node " STR_FMT, STR_ARG(one->name), STR_ARG(id));
    Value found = dig(entry, rest), wanted;
    Err err = {0};
    assert_true(json_parse(arena, str_trim(part->body), one->name, &wanted, &err));
    if (value_equal(found, wanted))
        return;
    AUTO(text) Text shown = {0};
    json_print(found, (JsonStyle){.keeps_unicode = true}, &shown);
    fail_msg(STR_FMT ": " STR_FMT " gives %s", STR_ARG(one->name), STR_ARG(part->head), shown.at);
}

static void check_failure(const Case *one, const Part *part, const Err *err)
{
    Str title = str_slice(part->head, 6, part->head.len);
    AUTO(text) Text text = {0};
    err_print(err, &text);
    if (!str_is(title, err_title(err->kind)))
        fail_msg(STR_FMT ": fails with %s: %s", STR_ARG(one->name), err_title(err->kind), text.at);
    for (Str rest = part->body, line; str_next_part(&rest, '\n', &line);)
        if (str_trim(line).len && str_find(text_str(&text), str_trim(line)) < 0)
            fail_msg(STR_FMT ": not in the message: " STR_FMT "\n%s", STR_ARG(one->name),
                     STR_ARG(line), text.at);
}

static void check_loaded(Arena *arena, const Case *one, const Project *project, const Heard *heard)
{
    for (uint32_t i = 0; i < one->parts.len; i++) {
        const Part *part = &one->parts.at[i];
        Str head = part->head;
        if (str_starts(head, STR("gives "))) {
            check_gives(arena, one, part, project);
        } else if (str_starts(head, STR("has no "))) {
            assert_null(map_find(&project->by_id, str_slice(head, 7, head.len)));
        } else if (str_starts(head, STR("disabled "))) {
            bool is_there = false;
            Str id = str_slice(head, 9, head.len);
            for (uint32_t d = 0; d < project->disabled.len; d++)
                is_there |= str_eq(project->disabled.at[d]->unique_id, id);
            if (!is_there)
                fail_msg(STR_FMT ": not disabled: " STR_FMT, STR_ARG(one->name), STR_ARG(head));
        } else if (str_starts(head, STR("warns "))) {
            if (str_find(text_str(&heard->names), str_slice(head, 6, head.len)) < 0)
                fail_msg(STR_FMT ": does not warn: " STR_FMT "; heard %s", STR_ARG(one->name),
                         STR_ARG(head), heard->names.at ? heard->names.at : "nothing");
        }
    }
}

static void run_case(const Case *one, unsigned workers)
{
    Arena arena = {0};
    Str temp = environment_get("TMPDIR");
    if (!temp.len)
        temp = STR("/tmp");
    Str folder = str_print(&arena, STR_FMT "/weir-project-test-%d", STR_ARG(temp), (int)getpid());
    write_case(&arena, one, folder);
    Invocation invocation = {.id = STR("test"), .started_at_us = 0, .which = STR("parse"),
                             .args = value_dict(&arena), .cli_vars = value_dict(&arena),
                             .metadata_env = value_dict(&arena)};
    ProjectOptions options = {.project_dir = folder, .profiles_dir = folder, .needs_profile = true,
                              .workers = workers};
    Heard heard = {0};
    event_add_sink((EventSink){&heard, hear});
    Project *project = NULL;
    Err err = {0};
    bool ok = project_load(&invocation, &options, &arena, &project, &err);
    const Part *failure = NULL;
    for (uint32_t i = 0; i < one->parts.len; i++)
        if (str_starts(one->parts.at[i].head, STR("fails ")))
            failure = &one->parts.at[i];
    if (ok && failure)
        fail_msg(STR_FMT ": loads, but should fail", STR_ARG(one->name));
    if (!ok && !failure) {
        AUTO(text) Text text = {0};
        err_print(&err, &text);
        fail_msg(STR_FMT ": %s", STR_ARG(one->name), text.at);
    }
    if (ok)
        check_loaded(&arena, one, project, &heard);
    else
        check_failure(one, failure, &err);
    event_clear_sinks();
    text_drop(&heard.names);
    err_drop(&err);
    Err ignored = {0};
    assert_true(folder_remove(folder, &ignored));
    arena_drop(&arena);
}

static void test_cases(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    FileList files = {0};
    uint32_t count = 0;
    assert_true(folder_walk(&arena, STR("tests/cases/project"), &files, &err));
    for (uint32_t f = 0; f < files.len; f++) {
        if (!str_ends(files.at[f].path, STR(".case")))
            continue;
        CaseList cases = {0};
        read_cases(&arena, path_join(&arena, STR("tests/cases/project"), files.at[f].path), &cases);
        for (uint32_t i = 0; i < cases.len; i++, count++) {
            run_case(&cases.at[i], 1);
            run_case(&cases.at[i], 4);
        }
    }
    assert_true(count > 20);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
