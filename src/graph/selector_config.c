/* selector_config.c: config.materialized:table, config.meta.owner:ann, config.tags:nightly. */
#include "graph/selector.h"

/* dbt's Python names of the hooks. */
static Str config_key(Str name)
{
    if (str_is(name, "pre_hook"))
        return STR("pre-hook");
    return str_is(name, "post_hook") ? STR("post-hook") : name;
}

/* What the command line means by "true" and "false". */
static bool is_word(Value wanted, const char *word)
{
    if (wanted.kind == VALUE_BOOL)
        return wanted.is_true == (word[0] == 't');
    return str_eq_fold(value_str(wanted), str_of(word));
}

static bool value_fits(Value value, Value wanted, bool folds_case)
{
    if (folds_case && value.kind == VALUE_TEXT && wanted.kind == VALUE_TEXT)
        return str_eq_fold(value_str(value), value_str(wanted));
    if (value_equal(value, wanted))
        return true;
    return value.kind == VALUE_BOOL && is_word(wanted, value.is_true ? "true" : "false");
}

bool config_matches(const Node *node, Str arguments, Value wanted)
{
    Value value = node->config;
    Str rest = arguments.len ? arguments : STR_NONE, part;
    bool is_top = true;
    while (rest.at && str_next_part(&rest, '.', &part)) {
        value = value_get_str(value, is_top ? config_key(part) : part);
        is_top = false;
        if (value.kind == VALUE_UNDEFINED)
            return false;
    }
    bool folds_case = str_is(arguments, "severity");
    if (value.kind != VALUE_LIST)
        return value_fits(value, wanted, folds_case);
    for (uint32_t i = 0; i < value.list->len; i++)
        if (value_fits(value.list->at[i], wanted, folds_case))
            return true;
    return false;
}
