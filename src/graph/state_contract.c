/* state_contract.c: a model's contract against what it was.
 *
 * A change that can break a reader of the model is said: as a warning, or, for a versioned model,
 * as an error, because there a new version is the way to change.
 */
#include "base/clock.h"
#include "graph/selector.h"

static bool is_enforced(Value model)
{
    return value_truth(value_get(value_get(model, "contract"), "enforced"));
}

static bool enforces_constraints(Value model)
{
    Value kind = value_get(value_get(model, "config"), "materialized");
    return value_is(kind, "table") || value_is(kind, "incremental");
}

static uint32_t length_of(Value list)
{
    return list.kind == VALUE_LIST ? list.list->len : 0;
}

static bool list_has(Value list, Value item)
{
    for (uint32_t i = 0; i < length_of(list); i++)
        if (value_equal(list.list->at[i], item))
            return true;
    return false;
}

/* "VARCHAR(10)" -> "VARCHAR": sizes may change. */
static Str base_type(Value type)
{
    Str text = value_str(type);
    ptrdiff_t bracket = str_find_char(text, '(');
    return str_trim(bracket < 0 ? text : str_slice(text, 0, (size_t)bracket));
}

/* Adds a line below a heading; the heading comes with the first. */
static void add_line(Text *changes, bool *has_heading, const char *heading, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void add_line(Text *changes, bool *has_heading, const char *heading, const char *format, ...)
{
    if (!*has_heading)
        text_print(changes, "\n  - %s: ", heading);
    *has_heading = true;
    text_add_c(changes, "\n    - ");
    va_list args;
    va_start(args, format);
    text_vprint(changes, format, args);
    va_end(args);
}

typedef void ColumnCheck(Value old, Value now, Text *changes, bool *has_heading);

static void check_removed(Value old, Value now, Text *changes, bool *has_heading)
{
    if (now.kind == VALUE_UNDEFINED)
        add_line(changes, has_heading, "Columns were removed", STR_FMT,
                 STR_ARG(value_get_text(old, "name", STR(""))));
}

static void check_type(Value old, Value now, Text *changes, bool *has_heading)
{
    Value before = value_get(old, "data_type"), after = value_get(now, "data_type");
    if (now.kind != VALUE_UNDEFINED && !str_eq_fold(base_type(before), base_type(after)))
        add_line(changes, has_heading, "Columns with data_type changes",
                 STR_FMT " (" STR_FMT " -> " STR_FMT ")",
                 STR_ARG(value_get_text(old, "name", STR(""))),
                 STR_ARG(value_get_text(old, "data_type", STR("None"))),
                 STR_ARG(value_get_text(now, "data_type", STR("None"))));
}

static Str constraint_name(Value constraint)
{
    Str name = value_get_text(constraint, "name", STR_NONE);
    return name.len ? name : value_get_text(constraint, "type", STR(""));
}

/* Custom constraints are never enforced by the engine. */
static bool is_supported(Value constraint)
{
    return !value_is(value_get(constraint, "type"), "custom");
}

static void check_constraints(Value old, Value now, Text *changes, bool *has_heading)
{
    Value before = value_get(old, "constraints");
    for (uint32_t i = 0; now.kind != VALUE_UNDEFINED && i < length_of(before); i++) {
        Value constraint = before.list->at[i];
        if (is_supported(constraint) && !list_has(value_get(now, "constraints"), constraint))
            add_line(changes, has_heading, "Enforced column level constraints were removed",
                     "'" STR_FMT "' constraint on column " STR_FMT,
                     STR_ARG(constraint_name(constraint)),
                     STR_ARG(value_get_text(old, "name", STR(""))));
    }
}

static void check_columns(Value old, Value now, ColumnCheck *check, Text *changes)
{
    Value before = value_get(old, "columns"), after = value_get(now, "columns"), key, column;
    uint32_t at = 0;
    bool has_heading = false;
    while (before.kind == VALUE_DICT && dict_next(before.dict, &at, &key, &column))
        check(column, value_get_str(after, value_str(key)), changes, &has_heading);
}

static void check_model_constraints(Value old, Value now, Text *changes)
{
    Value before = value_get(old, "constraints");
    bool has_heading = false;
    for (uint32_t i = 0; i < length_of(before); i++) {
        Value constraint = before.list->at[i];
        if (!is_supported(constraint) || list_has(value_get(now, "constraints"), constraint))
            continue;
        AUTO(text) Text columns = {0};
        value_print(value_get(constraint, "columns"), &columns);
        add_line(changes, &has_heading, "Enforced model level constraints were removed",
                 "'" STR_FMT "' constraint on columns " STR_FMT,
                 STR_ARG(constraint_name(constraint)), STR_ARG(text_str(&columns)));
    }
}

static bool has_constraints(Value model)
{
    if (length_of(value_get(model, "constraints")))
        return true;
    Value columns = value_get(model, "columns"), key, column;
    uint32_t at = 0;
    while (columns.kind == VALUE_DICT && dict_next(columns.dict, &at, &key, &column))
        if (length_of(value_get(column, "constraints")))
            return true;
    return false;
}

static void find_changes(Value old, Value now, Text *changes)
{
    if (!is_enforced(now))
        text_add_c(changes, "\n  - Contract enforcement was removed: the model had an enforced "
                            "contract and has none any more.");
    check_columns(old, now, check_removed, changes);
    check_columns(old, now, check_type, changes);
    if (!enforces_constraints(old))
        return;
    check_columns(old, now, check_constraints, changes);
    check_model_constraints(old, now, changes);
    if (!enforces_constraints(now) && has_constraints(old))
        text_print(changes,
                   "\n  - Materialization changed with enforced constraints: \n    - " STR_FMT
                   " -> " STR_FMT,
                   STR_ARG(value_get_text(value_get(old, "config"), "materialized", STR(""))),
                   STR_ARG(value_get_text(value_get(now, "config"), "materialized", STR(""))));
}

static bool report(const Graph *graph, Str name, Str file, bool is_versioned, Str changes, Err *err)
{
    if (is_versioned)
        return err_set(err, ERR_CONTRACT, (Place){file, 0, 0},
                       "While comparing to previous project state, a breaking change to an "
                       "enforced contract was found." STR_FMT
                       "\nConsider making an additive (non-breaking) change instead, if possible, "
                       "or a new version of the model.",
                       STR_ARG(changes));
    return graph_warn(graph->project, "UnversionedBreakingChange", "I071", err,
                      "Breaking change to contracted, unversioned model " STR_FMT " (" STR_FMT
                      ")\nWhile comparing to previous project state, a breaking change to an "
                      "unversioned model was found." STR_FMT "\n",
                      STR_ARG(name), STR_ARG(file), STR_ARG(changes));
}

bool contract_compare(const Graph *graph, const Node *node, Value old, bool *same, Err *err)
{
    Arena scratch = {0};
    Value now = node_value(node, &scratch);
    bool was = is_enforced(old), is = is_enforced(now);
    *same = !was && !is;
    bool is_equal = is && value_equal(value_get(value_get(now, "contract"), "checksum"),
                                      value_get(value_get(old, "contract"), "checksum"));
    bool is_done = true;
    if (was && is_equal) {
        *same = true;
    } else if (was) {
        AUTO(text) Text changes = {0};
        find_changes(old, now, &changes);
        if (changes.len)
            is_done = report(graph, node->name, node->original_file_path,
                             node->version.kind > VALUE_NONE, text_str(&changes), err);
    }
    arena_drop(&scratch);
    return is_done;
}

static bool is_past(Value date)
{
    Str text = value_str(date);
    if (!text.len)
        return false;
    Arena scratch = {0};
    Str now = clock_print_iso(&scratch, clock_now_us());
    size_t len = text.len < 19 ? text.len : 19;
    bool is_over = str_compare(str_slice(text, 0, len), str_slice(now, 0, len)) < 0;
    arena_drop(&scratch);
    return is_over;
}

bool contract_compare_removed(const Graph *graph, Str id, Value old, bool is_disabled, Err *err)
{
    if (!value_is(value_get(old, "resource_type"), "model") || !is_enforced(old) ||
        is_past(value_get(old, "deprecation_date")))
        return true;
    AUTO(text) Text change = {0};
    text_print(&change, "\n  - Contracted model '" STR_FMT "' was %s.", STR_ARG(id),
               is_disabled ? "disabled" : "deleted or renamed");
    return report(graph, value_get_text(old, "name", STR("")),
                  value_get_text(old, "original_file_path", STR("")),
                  value_get(old, "version").kind > VALUE_NONE, text_str(&change), err);
}
