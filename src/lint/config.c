/* config.c: sqlfluff's configuration: .sqlfluff, setup.cfg, tox.ini, pep8.ini, pyproject.toml.
 *
 * Every key is kept as text under "section:key", as .sqlfluff names its sections:
 *   [sqlfluff] dialect                          -> "core:dialect"
 *   [sqlfluff:rules:capitalisation.keywords] x  -> "rules:capitalisation.keywords:x"
 *   [tool.sqlfluff.rules.capitalisation.keywords] x is the same in pyproject.toml
 */
#include "base/file.h"
#include "base/glob.h"
#include "lint/lint_base.h"

const LintRule lint_rules[] = {
#define RULE(code, name, is_core, fixes, about) {#code, name, about, is_core, FIX_##fixes},
#include "lint/rules.def"
#undef RULE
};
const uint32_t lint_rule_count = RULE_COUNT;

/* ---- reading ---- */

/* "tool.sqlfluff.layout.type.comma" -> "layout:type:comma"; STR_NONE if it is another tool's. */
static Str toml_section(Arena *arena, Str name)
{
    Str prefix = STR("tool.sqlfluff");
    if (!str_starts(name, prefix))
        return STR_NONE;
    Str rest = str_slice(name, prefix.len, name.len);
    if (!rest.len || str_is(rest, ".core"))
        return STR("core");
    rest = str_replace(arena, str_slice(rest, 1, rest.len), STR("\""), STR(""));
    if (str_starts(rest, STR("layout.type.")))
        return str_print(arena, "layout:type:" STR_FMT, STR_ARG(str_slice(rest, 12, rest.len)));
    if (str_starts(rest, STR("rules.")))
        return str_print(arena, "rules:" STR_FMT, STR_ARG(str_slice(rest, 6, rest.len)));
    return rest;
}

static Str ini_section(Arena *arena, Str name)
{
    Str prefix = STR("sqlfluff");
    if (!str_starts(name, prefix))
        return STR_NONE;
    Str rest = str_slice(name, prefix.len, name.len);
    return rest.len ? str_copy(arena, str_slice(rest, 1, rest.len)) : STR("core");
}

/* "'a'", "\"a\"", "[\"a\", \"b\"]" as .sqlfluff would have them. */
static Str plain_value(Arena *arena, Str value)
{
    if (value.len && value.at[0] == '[') {
        value = str_slice(value, 1, str_ends(value, STR("]")) ? value.len - 1 : value.len);
        value = str_replace(arena, value, STR("\""), STR(""));
        return str_trim(str_replace(arena, value, STR("'"), STR("")));
    }
    if (value.len > 1 && (value.at[0] == '"' || value.at[0] == '\'')) {
        Str inner = str_slice(value, 1, value.len);
        ptrdiff_t end = str_find_char(inner, value.at[0]);
        return end < 0 ? value : str_slice(inner, 0, (size_t)end);
    }
    ptrdiff_t hash = str_find(value, STR(" #"));
    return hash < 0 ? value : str_trim(str_slice(value, 0, (size_t)hash));
}

static void put(Arena *arena, Value settings, Str section, Str key, Str value)
{
    Str name = str_print(arena, STR_FMT ":" STR_FMT, STR_ARG(section), STR_ARG(key));
    dict_put(settings.dict, str_lower(arena, name), value_text(value));
}

/* A list over several lines is joined: an indented line goes on with the value above it. */
static void read_settings(Arena *arena, Str content, bool is_toml, Value settings)
{
    Str line, section = STR_NONE, key = STR_NONE;
    AUTO(text) Text value = {0};
    while (str_next_part(&content, '\n', &line)) {
        Str text = str_trim(line);
        bool is_array =
            is_toml && value.len && value.at[0] == '[' && value.at[value.len - 1] != ']';
        bool goes_on = is_array || (!is_toml && key.len && line.len &&
                                    (line.at[0] == ' ' || line.at[0] == '\t'));
        if (!text.len || text.at[0] == '#' || text.at[0] == ';')
            continue;
        if (goes_on) {
            text_add(&value, text);
        } else if (text.at[0] == '[') {
            ptrdiff_t end = str_find_last(text, STR("]"));
            Str name = str_trim(str_slice(text, 1, end < 0 ? text.len : (size_t)end));
            section = is_toml ? toml_section(arena, name) : ini_section(arena, name);
            key = STR_NONE;
            continue;
        } else {
            ptrdiff_t equals = str_find_char(text, '='), colon = str_find_char(text, ':');
            if (equals < 0 && !is_toml)
                equals = colon;
            if (equals < 0)
                continue;
            key = str_trim(str_slice(text, 0, (size_t)equals));
            text_clear(&value);
            text_add(&value, str_trim(str_slice(text, (size_t)equals + 1, text.len)));
        }
        if (section.at && key.len) {
            Str whole = text_copy(arena, &value);
            put(arena, settings, section, key, plain_value(arena, whole));
        }
    }
}

/* The configuration files of one folder, the stronger ones later. *count: how many had a say. */
static bool read_folder(Arena *arena, Str folder, Value settings, uint32_t *count, Err *err)
{
    static const char *const names[] = {"setup.cfg", "tox.ini", "pep8.ini", ".sqlfluff",
                                        "pyproject.toml"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Str content, path = path_join(arena, folder, str_of(names[i]));
        if (file_info(path).kind != FILE_REGULAR)
            continue;
        TRY(file_read(arena, path, &content, err));
        uint32_t before = settings.dict->len;
        read_settings(arena, content, i == COUNT_OF(names) - 1, settings);
        *count += settings.dict->len > before || str_find(content, STR("sqlfluff")) >= 0;
    }
    return true;
}

/* ---- asking ---- */

Str config_text(const LintConfig *config, const char *section, const char *key)
{
    char name[160];
    size_t a = strlen(section), b = strlen(key);
    if (a + b + 1 > sizeof(name))
        return STR_NONE;
    memcpy(name, section, a);
    name[a] = ':';
    memcpy(name + a + 1, key, b);
    Str value = value_str(value_get_str(config->settings, (Str){name, a + b + 1}));
    return str_eq_fold(value, STR("none")) ? STR_NONE : value;
}

bool config_flag(const LintConfig *config, const char *section, const char *key, bool otherwise)
{
    Str text = config_text(config, section, key);
    if (!text.len)
        return otherwise;
    return str_eq_fold(text, STR("true")) || str_is(text, "1") || str_eq_fold(text, STR("yes"));
}

bool config_lists(const LintConfig *config, const char *section, const char *key, Str word)
{
    Str rest = config_text(config, section, key), part;
    while (rest.len && str_next_part(&rest, ',', &part))
        if (str_eq_fold(str_trim(part), word))
            return true;
    return false;
}

bool lint_config_has(const LintConfig *config, const char *code)
{
    for (uint32_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(lint_rules[i].code, code) == 0)
            return config->is_on[i];
    return false;
}

/* ---- meaning ---- */

static bool fail(Str folder, const char *key, Str value, const char *expected, Err *err)
{
    return err_set(err, ERR_USAGE, NOWHERE,
                   "sqlfluff's configuration for '" STR_FMT "': %s is '" STR_FMT "', expected %s",
                   STR_ARG(folder), key, STR_ARG(value), expected);
}

static bool set_dialect(LintConfig *config, Str folder, Str name, Err *err)
{
    static const struct {
        const char *name;
        Dialect dialect;
    } names[] = {
#define DIALECT(id, name) {name, DIALECT_##id},
#define DIALECT_ALIAS(name, id) {name, DIALECT_##id},
#include "lint/dialects.def"
#undef DIALECT
#undef DIALECT_ALIAS
    };
    Str known[COUNT_OF(names)];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        known[i] = str_of(names[i].name);
        if (str_eq_fold(name, known[i])) {
            config->dialect = names[i].dialect;
            return true;
        }
    }
    Str nearest = str_nearest(name, known, COUNT_OF(names));
    if (nearest.at)
        return err_set(err, ERR_USAGE, NOWHERE, "unknown dialect '" STR_FMT "'. Did you mean '"
                       STR_FMT "'?", STR_ARG(name), STR_ARG(nearest));
    return fail(folder, "dialect", name, "ansi, bigquery, duckdb, postgres, redshift, snowflake, "
                "sparksql or trino", err);
}

/* Is the rule in a list of codes, names, groups, patterns? */
static bool is_listed(Arena *arena, Str list, const LintRule *rule)
{
    Str rest = list, part, name = str_of(rule->name);
    Str group = str_slice(name, 0, (size_t)str_find_char(name, '.'));
    while (rest.len && str_next_part(&rest, ',', &part)) {
        part = str_trim(part);
        if (str_is(part, "all") || (str_is(part, "core") && rule->is_core) ||
            str_eq(part, group) || glob_match(part, name) ||
            glob_match(str_upper(arena, part), str_of(rule->code)))
            return true;
    }
    return false;
}

/* A word of the list that means no rule. */
static Str find_unknown(Arena *arena, Str list)
{
    Str rest = list, part;
    while (rest.len && str_next_part(&rest, ',', &part)) {
        bool is_known = !str_trim(part).len;
        for (uint32_t i = 0; i < RULE_COUNT && !is_known; i++)
            is_known = is_listed(arena, str_trim(part), &lint_rules[i]);
        Str upper = str_upper(arena, str_trim(part));
        bool is_foreign = upper.len == 4 && upper.at[2] >= '0' && upper.at[2] <= '9';
        if (!is_known && !is_foreign && !str_starts(upper, STR("TSQL")) &&
            !str_starts(upper, STR("L0")))
            return str_trim(part);
    }
    return STR_NONE;
}

static bool set_rules(Arena *arena, LintConfig *config, const LintOverrides *overrides, Err *err)
{
    Str rules = overrides->rules.len ? overrides->rules : config_text(config, "core", "rules");
    Str without = overrides->exclude_rules.len ? overrides->exclude_rules
                                               : config_text(config, "core", "exclude_rules");
    Str warnings = config_text(config, "core", "warnings");
    Str unknown = find_unknown(arena, overrides->rules);
    if (!unknown.len)
        unknown = find_unknown(arena, overrides->exclude_rules);
    if (unknown.len)
        return err_set(err, ERR_USAGE, NOWHERE, "no rule is called '" STR_FMT "': expected codes "
                       "(LT01), names (layout.spacing) or groups (layout, core)",
                       STR_ARG(unknown));
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        const LintRule *rule = &lint_rules[i];
        config->is_on[i] = (!rules.len || is_listed(arena, rules, rule)) &&
                           !is_listed(arena, without, rule);
        config->is_warning[i] = is_listed(arena, warnings, rule);
        if (overrides->formats && rule->fixes != FIX_LAYOUT && rule->fixes != FIX_CASE)
            config->is_on[i] = false;
    }
    if (!config_flag(config, "rules:aliasing.forbid", "force_enable", false))
        config->is_on[RULE_AL07] = false;
    return true;
}

static CasePolicy case_policy(const LintConfig *config, const char *section, bool is_extended,
                              CasePolicy otherwise)
{
    static const char *const names[] = {"consistent", "upper", "lower", "capitalise", "pascal",
                                        "snake", "camel"};
    Str text = config_text(config, section, is_extended ? "extended_capitalisation_policy"
                                                        : "capitalisation_policy");
    if (!text.len)
        text = config_text(config, section, is_extended ? "capitalisation_policy"
                                                        : "extended_capitalisation_policy");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq_fold(text, str_of(names[i])))
            return (CasePolicy)i;
    return otherwise;
}

static LinePosition position(const LintConfig *config, const char *section, LinePosition otherwise)
{
    Str text = config_text(config, section, "line_position");
    return str_starts(text, STR("leading"))    ? POSITION_LEADING
           : str_starts(text, STR("trailing")) ? POSITION_TRAILING
                                               : otherwise;
}

static void set_case(LintConfig *config, CasePolicy otherwise)
{
    config->keywords = case_policy(config, "rules:capitalisation.keywords", false, otherwise);
    config->names = case_policy(config, "rules:capitalisation.identifiers", true, CASE_CONSISTENT);
    config->functions = case_policy(config, "rules:capitalisation.functions", true, otherwise);
    config->constants = case_policy(config, "rules:capitalisation.literals", false, otherwise);
    config->types = case_policy(config, "rules:capitalisation.types", true, otherwise);
    Str policy = config_text(config, "rules:capitalisation.identifiers",
                             "unquoted_identifiers_policy");
    config->case_names = str_is(policy, "aliases")          ? NAMES_ALIASES
                         : str_is(policy, "column_aliases") ? NAMES_COLUMN_ALIASES
                         : str_is(policy, "table_aliases")  ? NAMES_TABLE_ALIASES
                         : str_is(policy, "none")           ? NAMES_NONE
                                                            : NAMES_ALL;
}

static void set_layout(LintConfig *config)
{
    const char *indent = "indentation";
    config->uses_tabs = str_is(config_text(config, indent, "indent_unit"), "tab");
    config->indented_joins = config_flag(config, indent, "indented_joins", false);
    config->indented_ctes = config_flag(config, indent, "indented_ctes", false);
    config->indented_using_on = config_flag(config, indent, "indented_using_on", true);
    config->indented_on_contents = config_flag(config, indent, "indented_on_contents", true);
    config->indented_then = config_flag(config, indent, "indented_then", true);
    config->indented_then_contents = config_flag(config, indent, "indented_then_contents", true);
    config->indents_blocks = config_flag(config, indent, "template_blocks_indent", true);
    config->allows_implicit = str_is(config_text(config, indent, "implicit_indents"), "allow") ||
                              config_flag(config, indent, "allow_implicit_indents", false);
    config->comma = position(config, "layout:type:comma", POSITION_TRAILING);
    config->operator = position(config, "layout:type:binary_operator", POSITION_LEADING);
    config->comparison = position(config, "layout:type:comparison_operator", POSITION_LEADING);
    config->aliases_tables_implicitly =
        str_is(config_text(config, "rules:aliasing.table", "aliasing"), "implicit");
    config->aliases_columns_implicitly =
        str_is(config_text(config, "rules:aliasing.column", "aliasing"), "implicit");
    config->allows_scalar = config_flag(config, "rules:aliasing.expression", "allow_scalar",
                                        config_flag(config, "rules", "allow_scalar", true));
    config->disables_noqa = config_flag(config, "core", "disable_noqa", false);
}

static bool set_numbers(LintConfig *config, Str folder, const LintOverrides *overrides,
                        uint32_t longest, Err *err)
{
    int64_t number = longest;
    Str text = overrides->max_line_length.len ? overrides->max_line_length
                                              : config_text(config, "core", "max_line_length");
    if (text.len && !str_to_int(text, &number))
        return fail(folder, "max_line_length", text, "a number", err);
    config->max_line_length = number > 0 && number < 1000000 ? (uint32_t)number : 0;
    number = 4;
    text = config_text(config, "indentation", "tab_space_size");
    if (text.len && (!str_to_int(text, &number) || number < 1 || number > 16))
        return fail(folder, "tab_space_size", text, "a number from 1 to 16", err);
    config->tab_size = (uint32_t)number;
    return true;
}

/* ---- folders ---- */

/* The folders from `outer` down to `inner`, or from what both have in common. */
static bool read_folders(Arena *arena, Str folder, Value settings, uint32_t *count, Err *err)
{
    Str outer = path_working(arena), home = path_expand_home(arena, STR("~"));
    if (!str_eq(home, STR("~")) && !str_eq(home, outer))
        TRY(read_folder(arena, home, settings, count, err));
    while (outer.len > 1 && !str_eq(outer, folder) &&
           !(str_starts(folder, outer) && folder.len > outer.len && folder.at[outer.len] == '/'))
        outer = path_folder(outer);
    for (size_t at = outer.len > 1 ? outer.len : 1; at <= folder.len; at++) {
        bool is_end = at == folder.len || folder.at[at] == '/';
        if (is_end)
            TRY(read_folder(arena, str_slice(folder, 0, at), settings, count, err));
    }
    return true;
}

bool lint_config_load(Arena *arena, Str folder, const LintOverrides *overrides, LintConfig **out,
                      Err *err)
{
    LintConfig *config = NEW(arena, LintConfig);
    uint32_t count = 0;
    config->settings = value_dict(arena);
    TRY(read_folders(arena, folder, config->settings, &count, err));
    Str dialect = overrides->dialect.len ? overrides->dialect
                                         : config_text(config, "core", "dialect");
    bool is_own_style = overrides->formats && !count;
    config->dialect = DIALECT_DUCKDB;
    if (dialect.len)
        TRY(set_dialect(config, folder, dialect, err));
    TRY(set_rules(arena, config, overrides, err));
    if (is_own_style)
        config->is_on[RULE_CP02] = false;
    set_case(config, is_own_style ? CASE_LOWER : CASE_CONSISTENT);
    set_layout(config);
    TRY(set_numbers(config, folder, overrides, is_own_style ? 100 : 80, err));
    value_freeze(config->settings);
    *out = config;
    return true;
}
