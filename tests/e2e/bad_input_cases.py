"""The table of bad input: what is wrong, the command that meets it, and what must be said.

The suite suite/bad_input.py runs it. Each case starts from a small sound project (BASE), lays `files`
over it and runs `args`. The exit code must be the one recorded from dbt, unless the case gives `exit`
(with the reason in `why`). All texts of `must` have to be printed; they are strings that dbt prints too.
All regular expressions of `located` have to match as well: they are what weir promises beyond dbt, that
every message names file, line and column and suggests the nearest thing that exists.

Values of `files`: text, bytes, None (remove), or a function (path) -> None that makes something odd.
"""
import os

BASE = {
    "dbt_project.yml": "name: bad\nversion: '1.0'\nconfig-version: 2\nprofile: bad\n",
    "profiles.yml": "bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: 1}\n",
    "models/good.sql": "select 1 as id\n",
}
PROJECT = BASE["dbt_project.yml"]


def at(path, line, column=None):
    """A regular expression of a place: path:line:column, any column when it is not given."""
    return "%s:%d:%s" % (path.replace(".", r"\."), line, r"\d+" if column is None else str(column))


def suggests(name):
    return r"(?i)did you mean [^\n]*" + name


CASES = []


def case(name, files=None, args=("parse",), must=(), located=(), **more):
    """more: exit + why, env, before (args of a command that must succeed first), keeps (tables stay as `before`
    left them), secret (a text that may appear nowhere), peer=False (dbt cannot be asked), limit_kb (largest file
    the program may write), locked (another process holds the database), warns (a warning is enough)."""
    assert all(other["name"] != name for other in CASES), name
    CASES.append(dict(name=name, files=files or {}, args=list(args), must=list(must), located=list(located), **more))


def model(text, **other):
    return {"models/bad.sql": text, **other}


def schema(text, **other):
    return {"models/schema.yml": text, **other}


def profile(text):
    return {"profiles.yml": text}


def link(target):
    return lambda path: os.symlink(target, path)


def folder(path):
    os.makedirs(path)


def big_sql(path):
    """100 MB of a SQL comment before a statement."""
    with open(path, "w", encoding="ascii") as file:
        line = "-- " + "x" * 1020 + "\n"
        for _ in range(100):
            file.write(line * 1024)
        file.write("select 1 as id\n")


# --- the project file ------------------------------------------------------------------------------

case("project_missing", {"dbt_project.yml": None}, must=["dbt_project.yml"])
case("project_empty", {"dbt_project.yml": ""}, located=[r"dbt_project\.yml"])
case("project_malformed", {"dbt_project.yml": PROJECT + "models: [a, b\nvars: {}\n"}, located=[at("dbt_project.yml", 6)])
case("project_tab", {"dbt_project.yml": PROJECT + "vars:\n\ta: 1\n"}, located=[at("dbt_project.yml", 6)])
case("project_is_list", {"dbt_project.yml": "- name: bad\n"}, must=["dbt_project.yml"])
case("project_without_name", {"dbt_project.yml": "version: '1.0'\nprofile: bad\n"}, must=["name"],
     located=[r"dbt_project\.yml"])
case("project_bad_name", {"dbt_project.yml": PROJECT.replace("name: bad", "name: my-project", 1)}, must=["my-project"],
     located=[r"dbt_project\.yml"])
case("project_name_is_number", {"dbt_project.yml": PROJECT.replace("name: bad", "name: 5", 1)},
     located=[r"dbt_project\.yml"])
case("project_unknown_key", {"dbt_project.yml": PROJECT + "model-path: [models]\n"}, must=["model-path"],
     located=[suggests("model-paths")])
case("project_config_version", {"dbt_project.yml": PROJECT.replace("config-version: 2", "config-version: 99")})
case("project_paths_not_list", {"dbt_project.yml": PROJECT + "model-paths: models\n"}, must=["model-paths"])
case("project_model_path_missing", {"dbt_project.yml": PROJECT + "model-paths: [nowhere]\n"})
case("project_version_unmet", {"dbt_project.yml": PROJECT + "require-dbt-version: '>=9.0.0'\n"}, must=["9.0.0"])
case("project_vars_not_mapping", {"dbt_project.yml": PROJECT + "vars: 5\n"}, must=["vars"])
case("project_env_var_unset", {"dbt_project.yml": PROJECT + "models: {bad: {+schema: \"{{ env_var('NOT_SET') }}\"}}\n"},
     must=["Env var required but not provided: 'NOT_SET'"])
case("project_var_unset", {"dbt_project.yml": PROJECT + "models: {bad: {+schema: \"{{ var('not_set') }}\"}}\n"},
     must=["Required var 'not_set' not found in config"])
case("project_jinja_malformed", {"dbt_project.yml": PROJECT + "models: {bad: {+schema: \"{{ target.name\"}}\n"},
     must=["target.name"])
case("project_not_utf8", {"dbt_project.yml": PROJECT.encode() + b"# \xff\xfe\nvars: {a: \"\xe9\"}\n"})
case("project_is_folder", {"dbt_project.yml": folder})
case("project_dir_missing", args=["parse", "--project-dir", "nowhere"], must=["nowhere"])
case("project_unused_path", {"dbt_project.yml": PROJECT + "models: {bad: {stagin: {+materialized: table}}}\n"},
     must=["models.bad.stagin"])

# --- profiles --------------------------------------------------------------------------------------

case("profiles_missing", profile(None), must=["profiles.yml"])
case("profiles_malformed", profile("bad:\n  target: dev\n outputs: {}\n"), located=[at("profiles.yml", 3)])
case("profiles_empty", profile(""), located=["bad"])
case("profiles_is_list", profile("- bad\n"), located=[r"profiles\.yml"])
case("profiles_is_folder", {"profiles.yml": folder})
case("profiles_dir_missing", args=["parse", "--profiles-dir", "nowhere"], must=["nowhere"])
case("profile_missing", {"dbt_project.yml": PROJECT.replace("profile: bad", "profile: bat")},
     must=["Could not find profile named 'bat'"], located=[suggests("bad")])
case("profile_option_missing", args=["parse", "--profile", "NONE"], must=["Could not find profile named 'NONE'"])
case("target_missing", args=["parse", "--target", "NONE"], must=["does not have a target named 'NONE'"])
case("target_default_missing", profile("bad:\n  target: prd\n  outputs:\n    prod: {type: duckdb}\n"),
     must=["does not have a target named 'prd'"], located=[suggests("prod")])
case("outputs_missing", profile("bad:\n  target: dev\n"), must=["outputs"])
case("adapter_unknown", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdbb, path: x.duckdb}\n"),
     must=["duckdbb"], located=[suggests("duckdb")])
case("adapter_missing", profile("bad:\n  target: dev\n  outputs:\n    dev: {path: x.duckdb}\n"), must=["type"])
case("threads_not_number", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb, threads: many}\n"))
case("profile_unknown_setting", profile(
    "bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, settings: {no_such_setting: 1}}\n"),
    args=["run"], must=["no_such_setting"])
case("profile_unknown_extension", profile(
    "bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, extensions: [no_such_extension]}\n"),
    args=["run"], must=["no_such_extension"])
case("profile_env_var_unset", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: \"{{ env_var('NOT_SET') }}\"}\n"),
     must=["Env var required but not provided: 'NOT_SET'"])
case("secret_in_path", profile(
    "bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: \"no_folder/{{ env_var('DBT_ENV_SECRET_X') }}/x.duckdb\"}\n"),
    args=["run"], env={"DBT_ENV_SECRET_X": "hush_hush_42"}, secret="hush_hush_42")
case("secret_in_model", model("select '{{ env_var(\"DBT_ENV_SECRET_X\") }}' as s\n"), args=["run"],
     env={"DBT_ENV_SECRET_X": "hush_hush_42"}, secret="hush_hush_42", must=["DBT_ENV_SECRET_X"],
     located=[at("models/bad.sql", 1)])
case("secret_in_var", model("select '{{ var(\"s\") }}' from nowhere\n"),
     args=["run", "--vars", "{s: hush_hush_42}"], env={"DBT_ENV_SECRET_X": "hush_hush_42"}, must=["*****"])

# --- the database ----------------------------------------------------------------------------------

case("database_locked", args=["run"], before=["run"], locked=True, keeps=True, must=["lock"],
     located=[r"warehouse\.duckdb"])
case("database_not_a_database", {"warehouse.duckdb": "this is not a database\n" * 500}, args=["run"],
     must=["warehouse.duckdb"])
case("database_folder_missing", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: no/where/x.duckdb}\n"),
     args=["run"], must=["no/where/x.duckdb"])
case("database_is_folder", {"warehouse.duckdb": folder}, args=["run"], must=["warehouse.duckdb"])
case("database_read_only_place", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: /proc/x.duckdb}\n"),
     args=["run"], must=["/proc/x.duckdb"])
case("target_path_not_writable", args=["parse", "--target-path", "/proc/nowhere/target"], must=["/proc/nowhere"])
case("log_path_not_writable", args=["parse", "--log-path", "/proc/nowhere/logs"])
case("disk_full", {"models/bad.sql": "{{ config(materialized='table') }}\nselect range as n, md5(range::varchar) as h from range(600000)\n"},
     args=["run", "--select", "bad"], before=["run", "--select", "good"], limit_kb=4096, keeps="good")
case("disk_full_at_parse", args=["parse"], limit_kb=1, peer=False, exit=2, why="as database_read_only_place")
case("attach_missing", profile("bad:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, "
                               "attach: [{path: /proc/none.duckdb, alias: o}]}\n"), args=["run"], must=["/proc/none.duckdb"])

# --- Jinja in models -------------------------------------------------------------------------------

case("jinja_expression_open", model("select 1 as a,\n  {{ 1 + \n"), located=[at("models/bad.sql", 2)], must=["bad.sql"])
case("jinja_block_open", model("select 1\n{% if true %}\n  as a\n"), must=["bad.sql", "if"], located=[r"models/bad\.sql:\d+"])
case("jinja_comment_open", model("select 1 {# never closed\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_string_open", model("select {{ 'abc }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_raw_open", model("{% raw %} select 1\n"), must=["bad.sql", "raw"])
case("jinja_end_without_begin", model("select 1\n{% endif %}\n"), must=["endif"], located=[at("models/bad.sql", 2)])
case("jinja_wrong_end", model("{% for a in [1] %}\n{{ a }}\n{% endif %}\n"), must=["endif"], located=[at("models/bad.sql", 3)])
case("jinja_unknown_tag", model("select 1\n{% wibble %}\n"), must=["wibble"], located=[at("models/bad.sql", 2)])
case("jinja_unknown_filter", model("select {{ 'a' | uper }}\n"), must=["uper"],
     located=[at("models/bad.sql", 1), suggests("upper")])
case("jinja_unknown_test", model("select {{ 1 is evven }}\n"), must=["evven"],
     located=[at("models/bad.sql", 1), suggests("even")])
case("jinja_unexpected_char", model("select {{ 1 ? 2 }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1, 13)])
case("jinja_divide_by_zero", model("select\n {{ 1 / 0 }}\n"), must=["division by zero"], located=[at("models/bad.sql", 2)])
case("jinja_wrong_types", model("select {{ 1 + 'a' }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_none_attribute", model("select {{ none.thing.other }}\n"), args=["compile"], located=[at("models/bad.sql", 1)])
case("jinja_undefined_attribute", model("select {{ target.nothing.more }}\n"), args=["compile"], located=[at("models/bad.sql", 1)])
case("jinja_call_of_text", model("select {{ 'text'() }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_format_error", model("select {{ '%d' % 'x' }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_include", model("{% include 'other.sql' %}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("jinja_nested_brackets", model("select {{ " + "(" * 10000 + "1" + ")" * 10000 + " }}\n"), located=[at("models/bad.sql", 1)])
case("jinja_nested_lists", model("select {{ " + "[" * 10000 + "]" * 10000 + " }}\n"), exit=2, why="dbt crashes", located=[at("models/bad.sql", 1)])
case("jinja_nested_ifs", model("{% if true %}" * 5000 + "select 1" + "{% endif %}" * 5000), located=[at("models/bad.sql", 1)])
case("jinja_many_minus", model("select {{ " + "-" * 20000 + "1 }}\n"), located=[at("models/bad.sql", 1)])
case("jinja_endless_recursion", model("select {{ again(1) }}\n", **{"macros/m.sql": "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}\n"}),
     must=["bad.sql"], located=[r"again"])
case("jinja_endless_output", model("{% for a in range(100000) %}{% for b in range(100000) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}\n"),
     peer=False, exit=2, why="dbt would run for hours", located=[r"models/bad\.sql"])
case("jinja_huge_range", model("{% set a = range(10 ** 12) | list %}select 1\n"), peer=False, exit=2, why="dbt ends in lack of memory",
     located=[at("models/bad.sql", 1)])
case("jinja_huge_text", model("select {{ 'x' * (10 ** 12) }}\n"), peer=False, exit=2, why="dbt ends in lack of memory",
     located=[at("models/bad.sql", 1)])
case("jinja_huge_power", model("select {{ 10 ** (10 ** 9) }}\n"), peer=False, exit=2, why="dbt would run for hours",
     located=[at("models/bad.sql", 1)])

# --- macros and the context ------------------------------------------------------------------------

case("macro_unknown", model("select 1,\n  {{ surely_not_there() }}\n"), args=["compile"], must=["'surely_not_there' is undefined"],
     located=[at("models/bad.sql", 2)])
case("macro_misspelt", model("select {{ ad_one(1) }}\n", **{"macros/m.sql": "{% macro add_one(n) %}{{ n + 1 }}{% endmacro %}\n"}), args=["compile"],
     must=["'ad_one' is undefined"], located=[at("models/bad.sql", 1), suggests("add_one")])
case("macro_unknown_in_package", model("select {{ nopackage.macro_name() }}\n"), args=["compile"], must=["nopackage"], located=[at("models/bad.sql", 1)])
case("macro_wrong_keyword", model("select {{ one(invalid=1) }}\n", **{"macros/m.sql": "{% macro one(n) %}1{% endmacro %}\n"}),
     must=["takes no keyword argument 'invalid'"], located=[at("models/bad.sql", 1)])
case("macro_too_many", model("select {{ one(1, 2, 3) }}\n", **{"macros/m.sql": "{% macro one(n) %}1{% endmacro %}\n"}),
     must=["one"], located=[at("models/bad.sql", 1)])
case("macro_file_malformed", {"macros/m.sql": "{% macro ok() %}1{% endmacro %}\n{% macro broken( %}1{% endmacro %}\n"},
     must=["m.sql"], located=[at("macros/m.sql", 2)])
case("macro_not_closed", {"macros/m.sql": "{% macro ok() %}1\n"}, must=["m.sql"], located=[r"macros/m\.sql:\d"])
case("macro_wrong_end", {"macros/m.sql": "{% macro ok() %}1{% endmcro %}\n"}, must=["endmcro"], located=[at("macros/m.sql", 1)])
case("macro_twice", {"macros/a.sql": "{% macro same() %}1{% endmacro %}\n", "macros/b.sql": "{% macro same() %}2{% endmacro %}\n"},
     must=["same", "macros/a.sql", "macros/b.sql"])
case("dispatch_nothing", model("select {{ adapter.dispatch('cowsay')() }}\n"), must=["In dispatch: No macro named 'cowsay' found"],
     located=[at("models/bad.sql", 1)])
case("raise_compiler_error", model("select 1\n{{ exceptions.raise_compiler_error('told you so') }}\n"), must=["told you so"],
     located=[at("models/bad.sql", 2)])
case("var_required", model("select {{ var('not_set') }}\n"), args=["compile"], must=["Required var 'not_set' not found in config"],
     located=[at("models/bad.sql", 1)])
case("env_var_required", model("select {{ env_var('NOT_SET') }}\n"), must=["Env var required but not provided: 'NOT_SET'"],
     located=[at("models/bad.sql", 1)])
case("ref_without_arguments", model("select * from {{ ref() }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("ref_four_arguments", model("select * from {{ ref('a', 'b', 'c') }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("ref_of_number", model("select * from {{ ref(5) }}\n"))
case("source_one_argument", model("select * from {{ source('a') }}\n"), must=["bad.sql"], located=[at("models/bad.sql", 1)])
case("config_wrong_call", model("{{ config(5, 6) }} select 1\n"), must=["bad.sql"])
case("config_require_missing", model("select '{{ config.require('no_such_key') }}'\n"), args=["run"], must=["no_such_key"])
case("fromyaml_malformed", model("select '{{ fromyaml(\"a: [\") }}' as a\n"))
case("schema_name_macro_raises", {"macros/m.sql": "{% macro generate_schema_name(n, node) %}{{ exceptions.raise_compiler_error('no schema today') }}"
                                  "{% endmacro %}\n"}, must=["no schema today"])
case("unknown_macro_at_run", model("{% if execute %}{{ not_at_all_here() }}{% endif %}select 1\n"), args=["run"],
     must=["not_at_all_here"], located=[r"bad\.sql"])
case("query_fails_at_run", model("{% set r = run_query('select * from nothing_here') %}select 1 as a\n"), args=["run"],
     must=["nothing_here"])

# --- graph -----------------------------------------------------------------------------------------

case("ref_missing", model("select 1 from\n  {{ ref('goood') }}\n"), must=["depends on a node named 'goood' which was not found"],
     located=[at("models/bad.sql", 2), suggests("good")])
case("ref_disabled", {**model("select * from {{ ref('off') }}\n"), "models/off.sql": "{{ config(enabled=false) }} select 1\n"},
     must=["depends on a node named 'off' which is disabled"], located=[at("models/bad.sql", 1)])
case("source_missing", model("select * from {{ source('nowhere', 'none') }}\n"), must=["nowhere", "none"], located=[at("models/bad.sql", 1)])
case("source_misspelt", {**model("select * from {{ source('raw', 'order') }}\n"),
                         **schema("sources: [{name: raw, tables: [{name: orders}]}]\n")}, must=["raw"], located=[suggests("orders")])
case("cycle_two", {"models/a.sql": "select * from {{ ref('b') }}\n", "models/b.sql": "select * from {{ ref('a') }}\n"}, args=["compile"],
     must=["Found a cycle", "model.bad.a", "model.bad.b"])
case("cycle_self", {"models/a.sql": "select * from {{ ref('a') }}\n"}, args=["compile"], must=["model.bad.a"])
case("cycle_macros", model("select {{ ping() }}\n", **{"macros/m.sql": "{% macro ping() %}{{ pong() }}{% endmacro %}{% macro pong() %}{{ ping() }}{% endmacro %}\n"}),
     must=["bad.sql"])
case("two_models_one_name", {"models/x/same.sql": "select 1\n", "models/y/same.sql": "select 2\n"},
     must=["same", "models/x/same.sql", "models/y/same.sql"])
case("two_models_one_table", {"models/x.sql": "{{ config(alias='t') }} select 1\n", "models/y.sql": "{{ config(alias='t') }} select 2\n"},
     must=["model.bad.x", "model.bad.y"])
case("model_and_seed_one_name", {"seeds/good.csv": "a\n1\n"}, must=["good"])
case("two_seeds_one_name", {"seeds/a/s.csv": "a\n1\n", "seeds/b/s.csv": "a\n1\n"}, must=["seeds/a/s.csv", "seeds/b/s.csv"])
case("two_tests_one_name", schema("models: [{name: good, columns: [{name: id, data_tests: [unique, unique]}]}]\n"),
     must=["dbt found two data_tests with the name"])
case("two_sources_one_name", schema("sources: [{name: s, tables: [{name: t}]}, {name: s, tables: [{name: t}]}]\n"),
     must=["dbt found two", "models/schema.yml"])
case("two_descriptions", schema("models: [{name: good, description: a}]\n", **{"models/other.yml": "models: [{name: good, description: b}]\n"}),
     must=["good", "models/schema.yml", "models/other.yml"])
case("ambiguous_ref", {**model("select * from {{ ref('twin') }}\n"), "packages.yml": "packages: [{local: one}, {local: two}]\n",
                       "one/dbt_project.yml": "name: one\nversion: '1.0'\n", "two/dbt_project.yml": "name: two\nversion: '1.0'\n",
                       "one/models/twin.sql": "{{ config(alias='t1') }} select 1\n", "two/models/twin.sql": "{{ config(alias='t2') }} select 1\n"},
     before=["deps"], must=["twin"])
case("package_not_installed", {"packages.yml": "packages: [{local: one}]\n"}, must=["dbt deps"])
case("package_missing", {"packages.yml": "packages: [{local: not_there}]\n"}, args=["deps"], must=["not_there"])
case("packages_malformed", {"packages.yml": "packages: [{local: one\n"}, args=["deps"], must=["packages.yml"])
case("packages_unknown_kind", {"packages.yml": "packages: [{wherever: one}]\n"}, args=["deps"])

# --- properties ------------------------------------------------------------------------------------

case("schema_malformed", schema("models:\n  - name: good\n   description: x\n"), must=["schema.yml"], located=[at("models/schema.yml", 3)])
case("schema_tab", schema("models:\n\t- name: good\n"), must=["schema.yml"], located=[at("models/schema.yml", 2)])
case("schema_bad_escape", schema("models:\n  - name: \"go\\od\"\n"), must=["schema.yml"], located=[at("models/schema.yml", 2)])
case("schema_models_is_mapping", schema("models: {name: good}\n"), must=["schema.yml"])
case("schema_model_is_text", schema("models: [good]\n"), must=["schema.yml"])
case("schema_without_name", schema("models: [{description: x}]\n"), must=["schema.yml"], located=[at("models/schema.yml", 1)])
case("schema_name_is_number", schema("models: [{name: 5}]\n"), must=["schema.yml"])
case("schema_name_is_boolean", schema("models:\n  - name: on\n"), must=["schema.yml"], located=[at("models/schema.yml", 2)])
case("schema_version_wrong", schema("version: 7\nmodels: []\n"))
case("schema_is_list", schema("- models\n"), must=["schema.yml"])
case("schema_empty", schema(""))
case("schema_only_comment", schema("# nothing\n"))
case("schema_not_utf8", {"models/schema.yml": b"models: [{name: good, description: \"caf\xe9\"}]\n"}, must=["schema.yml"])
case("schema_double_key", schema("models:\n  - name: good\n    description: a\n    description: b\n"), must=["description"])
case("schema_nested", schema("models: " + "[" * 10000 + "]" * 10000 + "\n"), located=[r"models/schema\.yml"])
case("schema_alias_bomb", schema("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    "%s: &%s [%s]\n" % (b, b, ", ".join(["*" + a] * 9)) for a, b in zip("abcdefgh", "bcdefghi")) + "models: *i\n"),
    peer=False, exit=2, why="dbt ends in lack of memory", located=[r"models/schema\.yml"])
case("schema_unknown_alias", schema("models: *nothing\n"), must=["schema.yml"], located=[at("models/schema.yml", 1)])
case("schema_patch_of_nothing", schema("models:\n  - name: goood\n    columns: [{name: id, data_tests: [unique]}]\n"), must=["goood"],
     located=[r"models/schema\.yml", suggests("good")])
case("schema_unknown_config", schema("models: [{name: good, config: {materialised: table}}]\n"), located=["materialised", suggests("materialized")])
case("schema_enabled_not_boolean", schema("models: [{name: good, config: {enabled: maybe}}]\n"), must=["maybe"])
case("schema_tags_wrong", schema("models: [{name: good, config: {tags: {a: 1}}}]\n"))
case("schema_jinja_malformed", schema("models: [{name: good, description: \"{{ doc('x' \"}]\n"), must=["schema.yml"])
case("schema_doc_missing", schema("models:\n  - name: good\n    description: \"{{ doc('not_there') }}\"\n"), must=["not_there"],
     located=[r"models/schema\.yml"])
case("docs_twice", {"models/a.md": "{% docs d %}a{% enddocs %}\n", "models/b.md": "{% docs d %}b{% enddocs %}\n"}, must=["models/a.md", "models/b.md"])
case("docs_not_closed", {"models/a.md": "text\n{% docs d %}a\n"}, must=["a.md"], located=[r"models/a\.md:\d"])
case("exposure_without_owner", schema("exposures: [{name: e, type: dashboard}]\n"), must=["owner"], located=[r"models/schema\.yml"])
case("exposure_ref_missing", schema("exposures: [{name: e, type: dashboard, owner: {email: a@example.com}, depends_on: [\"ref('nope')\"]}]\n"),
     must=["depends on a node named 'nope' which was not found"])
case("exposure_bad_type", schema("exposures: [{name: e, type: dashbord, owner: {email: a@example.com}}]\n"), must=["dashbord"])
case("group_missing", schema("models: [{name: good, config: {group: nobody}}]\n"), must=["nobody"])
case("ref_private", {**model("select * from {{ ref('good') }}\n"),
                     **schema("groups: [{name: g, owner: {email: a@example.com}}]\nmodels: [{name: good, access: private, config: {group: g}}]\n")},
     must=["good", "bad"])
case("source_without_tables", schema("sources: [{name: s}]\n"))
case("source_table_without_name", schema("sources: [{name: s, tables: [{description: x}]}]\n"), must=["schema.yml"])

# --- tests -----------------------------------------------------------------------------------------

def tested(text):
    return schema("models: [{name: good, columns: [{name: id, data_tests: [%s]}]}]\n" % text)


case("test_unknown", tested("uniqe"), args=["compile"], must=["uniqe"], located=[r"models/schema\.yml", suggests("unique")])
case("test_two_keys", tested("{unique: {}, not_null: {}}"), must=["schema.yml"])
case("test_is_number", tested("5"), must=["schema.yml"])
case("tests_not_list", schema("models: [{name: good, columns: [{name: id, data_tests: unique}]}]\n"), must=["schema.yml"])
case("test_missing_argument", tested("accepted_values"), args=["test"], before=["run"])
case("test_unknown_argument", tested("{unique: {arguments: {wrong: 1}}}"), args=["compile"], must=["wrong"])
case("test_both_ref_missing", tested("{relationships: {arguments: {to: \"ref('nope')\", field: id}}}"), must=["nope"])
case("test_severity_wrong", tested("{unique: {config: {severity: awful}}}"), must=["awful"])
case("test_error_if_wrong", tested("{unique: {config: {error_if: rubbish}}}"), args=["build"], must=["rubbish"])
case("test_column_missing", schema("models: [{name: good, columns: [{name: no_such_column, data_tests: [unique]}]}]\n"), args=["build"],
     must=["no_such_column"], located=[r"models/schema\.yml"])
case("test_sql_malformed", {"tests/t.sql": "select {{ 1\n"}, must=["t.sql"], located=[at("tests/t.sql", 1)])
case("test_generic_malformed", {"tests/generic/g.sql": "{% test g(model) %}select 1\n"}, must=["g.sql"])

# --- models and seeds ------------------------------------------------------------------------------

case("sql_error", model("select 1 as a,\n  nothing_of_that_kind\nfrom {{ ref('good') }}\n"), args=["run"], must=["nothing_of_that_kind"],
     located=[r"bad\.sql"])
case("sql_empty", model(""), args=["run"])
case("sql_only_comment", model("-- nothing\n"), args=["run"])
case("sql_two_statements", model("select 1 as a; select 2 as b\n"), args=["run"])
case("sql_not_utf8", {"models/bad.sql": b"select 'caf\xe9' as a\n"}, must=["bad.sql"], located=[r"models/bad\.sql"])
case("sql_with_nul", {"models/bad.sql": b"select 1 \0 as a\n"}, args=["run"])
case("sql_with_bom", {"models/bad.sql": b"\xef\xbb\xbfselect 1 as a\n"}, args=["run"])
case("sql_carriage_returns", {"models/bad.sql": b"select 1 as a\r\nfrom {{ ref('good') }}\r\n"}, args=["run"])
case("sql_100_mb", {"models/bad.sql": big_sql}, peer=False, exit=0, why="a large file is no error")
case("sql_is_folder", {"models/bad.sql": folder})
case("link_loop", {"models/loop": link("..")}, peer=False, exit=0, why="a loop is walked once; dbt goes round until the path is too long")
case("link_to_nothing", {"models/bad.sql": link("not_there.sql")})
case("materialization_unknown", model("{{ config(materialized='vieww') }}\nselect 1\n"), args=["run"], must=["vieww"],
     located=[r"bad\.sql", suggests("view")])
case("strategy_unknown", model("{{ config(materialized='incremental', incremental_strategy=var('how', 'append')) }}\nselect 1 as a\n"),
     before=["run"], args=["run", "--vars", "{how: bad_strategy}"], keeps=True,
     must=["dbt could not find an incremental strategy macro with the name \"get_incremental_bad_strategy_sql\""])
case("on_schema_change_wrong", model("{{ config(materialized='incremental', on_schema_change='whatever') }}\nselect 1 as a\n"), args=["run"])
case("unique_key_missing", model("{{ config(materialized='incremental', unique_key='nope') }}\nselect 1 as id\n"), args=["run"], before=["run"],
     must=["nope"], keeps=True)
case("replaced_model_fails", model("{{ config(materialized='table') }}\nselect {% if var('bad', false) %} 1 / 0 :: nothing {% else %} 1 {% endif %} as id\n"),
     before=["run"], args=["run", "--vars", "{bad: true}"], keeps=True, must=["nothing"])
case("table_fails_half_way", model("{{ config(materialized='table') }}\nselect cast(case when range > {{ var('at', 99) }} then 'x' else '1' end as integer) as id from range(50)\n"),
     before=["run"], args=["run", "--vars", "{at: 40}"], keeps=True, must=["Conversion Error"])
case("hook_fails_at_start", {"dbt_project.yml": PROJECT + "on-run-start: ['select * from hook_table']\n"}, args=["run"], must=["hook_table"])
case("hook_fails_at_end", {"dbt_project.yml": PROJECT + "on-run-end: ['select * from hook_table']\n"}, args=["run"], must=["hook_table"])
case("hook_malformed", model("{{ config(pre_hook='select {{ 1') }} select 1\n"), args=["run"])
case("seed_empty", {"seeds/s.csv": ""}, args=["seed"])
case("seed_ragged", {"seeds/s.csv": "a,b\n1,2\n3,4,5\n"}, args=["seed"], must=["s.csv"])
case("seed_double_header", {"seeds/s.csv": "a,a\n1,2\n"}, args=["seed"])
case("seed_empty_header", {"seeds/s.csv": "a,\n1,2\n"}, args=["seed"])
case("seed_quote_open", {"seeds/s.csv": "a,b\n1,\"never closed\n2,x\n"}, args=["seed"])
case("seed_not_utf8", {"seeds/s.csv": b"a\ncaf\xe9\n"}, args=["seed"], must=["s.csv"])
case("seed_with_nul", {"seeds/s.csv": b"a,b\n1,x\0y\n"}, args=["seed"])
case("seed_with_bom", {"seeds/s.csv": b"\xef\xbb\xbfa,b\n1,2\n"}, args=["seed"])
case("seed_wrong_type", {"seeds/s.csv": "a\nx\n", "seeds/s.yml": "seeds: [{name: s, config: {column_types: {a: integer}}}]\n"}, args=["seed"],
     must=["s.csv"])
case("seed_unknown_type", {"seeds/s.csv": "a\nx\n", "seeds/s.yml": "seeds: [{name: s, config: {column_types: {a: wibble}}}]\n"}, args=["seed"],
     must=["wibble"])
case("seed_bad_name", {"seeds/my seed.csv": "a\n1\n"}, args=["seed"])
case("model_with_space", {"models/my model.sql": "select 1\n"}, args=["parse"], must=["my model"])

# --- command line ----------------------------------------------------------------------------------

case("command_unknown", args=["biuld"], must=["No such command 'biuld'"], located=[suggests("build")])
case("command_none", args=[])
case("option_unknown", args=["run", "--selekt", "good"], must=["No such option", "--selekt"])
case("option_without_value", args=["run", "--select"], must=["--select"])
case("option_wrong_number", args=["run", "--threads", "abc"], must=["abc", "--threads"])
case("option_wrong_choice", args=["ls", "--output", "xml"], must=["xml"])
case("option_wrong_resource", args=["ls", "--resource-type", "modle"], must=["modle"])
case("argument_not_expected", args=["run", "good"], must=["good"])
case("options_exclusive", args=["run", "--warn-error", "--warn-error-options", "{include: all}"])
case("vars_malformed", args=["run", "--vars", "{a: "], must=["--vars"])
case("vars_not_mapping", args=["run", "--vars", "5"], must=["--vars"])
case("select_nothing", args=["run", "--select", "nothing_of_that"], must=["nothing_of_that"])
case("select_unknown_method", args=["ls", "--select", "tagg:x"], must=["tagg"], located=[suggests("tag")])
case("select_malformed", args=["ls", "--select", "+"], must=["No nodes selected"])
case("select_bad_depth", args=["ls", "--select", "x+good"], must=["x+good"])
case("selector_missing", args=["ls", "--selector", "nope"], must=["nope"])
case("selectors_malformed", {"selectors.yml": "selectors:\n  - name: [\n"}, must=["selectors"], located=[r"selectors\.yml"])
case("selectors_wrong", {"selectors.yml": "selectors: [{name: a, definition: {method: no_such_method, value: x}}]\n"}, args=["ls", "--selector", "a"])
case("selectors_unknown_inherit", {"selectors.yml": "selectors: [{name: a, definition: {method: selector, value: zz}}]\n"}, args=["ls", "--selector", "a"],
     must=["zz"])
case("state_missing", args=["ls", "--select", "state:modified"], must=["state"])
case("state_folder_missing", args=["ls", "--select", "state:modified", "--state", "nowhere"])
case("state_malformed", {"old/manifest.json": "{\"nodes\": "}, args=["ls", "--select", "state:modified", "--state", "old"])
case("state_wrong_version", {"old/manifest.json": "{\"metadata\": {\"dbt_schema_version\": \"https://schemas.getdbt.com/dbt/manifest/v99.json\"}}"},
     args=["ls", "--select", "state:modified", "--state", "old"])
case("operation_unknown", args=["run-operation", "no_such_operation"], must=["no_such_operation"])
case("operation_args_malformed", {"macros/m.sql": "{% macro m() %}{% endmacro %}\n"}, args=["run-operation", "m", "--args", "{a: "], must=["--args"])
case("operation_wrong_argument", {"macros/m.sql": "{% macro m(a) %}{% endmacro %}\n"}, args=["run-operation", "m", "--args", "{b: 1}"], must=["b"])
case("operation_sql_fails", {"macros/m.sql": "{% macro m() %}{% do run_query('select * from nix') %}{% endmacro %}\n"}, args=["run-operation", "m"],
     must=["nix"])
case("inline_malformed", args=["compile", "--inline", "select {{ 1"], must=["inline"])
case("inline_ref_missing", args=["compile", "--inline", "select * from {{ ref('nope') }}"], must=["nope"])
case("show_nothing", args=["show", "--select", "nope"], must=["nope"])
case("show_sql_fails", args=["show", "--inline", "select nix"], must=["nix"])
case("env_option_wrong", args=["run"], env={"DBT_THREADS": "abc"})
case("env_boolean_wrong", args=["run"], env={"DBT_FAIL_FAST": "perhaps"})
case("snapshot_without_strategy", {"snapshots/s.sql": "{% snapshot s %}{{ config(unique_key='id') }}select 1 as id{% endsnapshot %}\n"},
     must=["Snapshots must be configured with a 'strategy' and 'unique_key'"])
case("snapshot_not_closed", {"snapshots/s.sql": "{% snapshot s %}select 1 as id\n"}, must=["s.sql"])


# --- the semantic layer --------------------------------------------------------------------------------

SEMANTIC = """\
models:
  - name: good
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: orders
    model: ref('good')
    defaults: {agg_time_dimension: placed}
    entities:
      - {name: order, type: primary, expr: id}
    dimensions:
      - name: placed
        type: time
        type_params: {time_granularity: day}
      - {name: channel, type: categorical}
    measures:
      - {name: revenue, agg: sum, expr: amount}
      - {name: order_count, agg: count, expr: 1}
metrics:
  - name: total
    label: Total
    type: simple
    type_params: {measure: revenue}
saved_queries:
  - name: daily
    query_params: {metrics: [total], group_by: ["Dimension('order__channel')"]}
"""


def semantic(name, old, new, *, must, located, **more):
    """The sound YAML above with one text replaced; the place is that of the replaced line unless `line` says."""
    assert old in SEMANTIC, old
    text = SEMANTIC.replace(old, new, 1)
    more.setdefault("exit", 2)
    more.setdefault("why", "a mistake that parsing finds")
    line = more.pop("line", None) or SEMANTIC[:SEMANTIC.index(old)].count("\n") + 1
    case("semantic_" + name, schema(text), must=must, located=[at("models/schema.yml", line)] + list(located), **more)


def metric(text):
    """An entry added to `metrics:`."""
    return "metrics:\n" + "".join("  %s\n" % line for line in text.strip("\n").split("\n"))


semantic("unknown_key", "    model: ref('good')", "    modell: ref('good')",
         must=["Parsing Error", "Invalid semantic_models config", "Additional properties are not allowed", "modell"],
         located=[suggests("model")])
semantic("without_model", "    model: ref('good')\n", "", line=6, must=["'model' is a required property"], located=[])
semantic("model_not_found", "ref('good')", "ref('goood')", must=["Compilation Error", "depends on a node named 'goood'"],
         located=[suggests("good")])
semantic("bad_aggregation", "agg: sum", "agg: summ", must=["summ"], located=[suggests("sum"), r"\['measures'\]\[0\]\['agg'\]"], exit=2,
         why="dbt ends in an exception of Python's enum")
semantic("bad_entity_type", "type: primary", "type: primry", must=["primry"], located=[suggests("primary")], exit=2,
         why="dbt ends in an exception of Python's enum")
semantic("bad_granularity", "type_params: {time_granularity: day}", "type_params: {time_granularity: dai}", must=["dai"],
         located=[suggests("day")], exit=2, why="dbt ends in an exception of Python's enum")
semantic("measure_not_found", "measure: revenue", "measure: revenu",
         must=["Parsing Error", "A semantic model having a measure `revenu` does not exist but was referenced."],
         located=[suggests("revenue")])
semantic("metric_not_found", "metrics:\n", metric("- {name: r, label: R, type: ratio, type_params: {numerator: totel, denominator: total}}"),
         line=20, must=["The metric `totel` does not exist but was referenced"], located=[suggests("total")])
semantic("metric_disabled", "    label: Total", "    config: {enabled: false}\n    label: Total", line=26,
         must=["depends on a metric named 'total'"], located=[])
semantic("metric_name", "- name: total\n", "- name: 1 total\n", must=["The metric name '1 total' is invalid.", "cannot contain spaces"],
         located=[])
semantic("ratio_without_denominator", "metrics:\n", metric("- {name: r, label: R, type: ratio, type_params: {numerator: total}}"),
         line=20, must=["Invalid ratio metric. Both a numerator and denominator must be specified"], located=[])
semantic("bad_window", "metrics:\n", metric("- {name: c, label: C, type: cumulative, type_params: {measure: revenue, cumulative_type_params: {window: often}}}"),
         line=20, must=["Invalid window (often)"], located=[])
semantic("window_granularity", "metrics:\n", metric("- {name: cum, label: C, type: cumulative, type_params: {measure: revenue, cumulative_type_params: {window: 3 dayz}}}"),
         line=20, must=["Semantic Manifest validation failed", "Invalid time granularity 'dayz' in window"], located=[])
semantic("window_and_grain", "metrics:\n", metric("- {name: cum, label: C, type: cumulative, type_params: {measure: revenue, cumulative_type_params: {window: 3 days, grain_to_date: month}}}"),
         line=20, must=["Both window and grain_to_date set for cumulative metric."], located=[])
semantic("window_not_nested", "metrics:\n", metric("- {name: cum, label: C, type: cumulative, type_params: {measure: revenue, window: 3 days}}"),
         line=20, must=["should be nested under"], located=[])
semantic("derived_without_inputs", "metrics:\n", metric("- {name: der, label: D, type: derived, type_params: {expr: a}}"),
         line=20, must=["No input metrics found for derived metric 'der'"], located=[])
semantic("derived_alias", "metrics:\n", metric("- {name: der, label: D, type: derived, type_params: {expr: total, metrics: [{name: total, alias: total}]}}"),
         line=20, must=["is already being used. Please choose another alias."], located=[])
semantic("conversion_sum", "metrics:\n", metric("- {name: con, label: C, type: conversion, type_params: {conversion_type_params: {base_measure: revenue, conversion_measure: order_count, entity: order}}}"),
         line=20, must=["must be COUNT/SUM(1)/COUNT_DISTINCT"], located=[])
semantic("conversion_entity", "metrics:\n", metric("- {name: con, label: C, type: conversion, type_params: {conversion_type_params: {base_measure: order_count, conversion_measure: order_count, entity: ordr}}}"),
         line=20, must=["Entity: ordr not found in base semantic model: orders."], located=[])
semantic("same_label", "metrics:\n", metric("- {name: again, label: Total, type: simple, type_params: {measure: revenue}}"),
         line=22, must=["Can't use label `Total`", "as it's already used for metric"], located=[])
semantic("name_with_capitals", "- {name: channel,", "- {name: Channel,", must=["Invalid name `Channel`", "names may only contain lower case letters"],
         located=[])
semantic("reserved_name", "- {name: channel,", "- {name: month,", must=["Invalid name `month`", "reserved time granularity"], located=[])
semantic("keyword", "- {name: channel,", "- {name: select,", must=["'select' is an SQL reserved keyword"], located=[])
semantic("name_twice", "- {name: channel,", "- {name: revenue,", must=["can't use name `revenue` for a dimension when it was already used for a measure"],
         located=[], line=15)
semantic("no_primary_entity", "type: primary", "type: foreign", must=["contains dimensions, but it does not define a primary entity"],
         located=[], line=6)
semantic("two_primary_entities", "    entities:\n", "    entities:\n      - {name: buyer, type: primary}\n", line=10,
         must=["Semantic models can have only one primary entity."], located=[])
semantic("default_time", "defaults: {agg_time_dimension: placed}", "defaults: {agg_time_dimension: placd}", line=17,
         must=["which doesn't exist as a time dimension in semantic model named 'orders'"], located=[suggests("placed")])
semantic("no_time", "    defaults: {agg_time_dimension: placed}\n", "", line=16, must=["Aggregation time dimension for measure revenue"], located=[])
semantic("percentile", "agg: sum,", "agg: percentile,", must=["uses a PERCENTILE aggregation, which requires agg_params.percentile to be provided."],
         located=[])
semantic("percentile_range", "agg: sum,", "agg: percentile, agg_params: {percentile: 95},", must=["but must be between 0 and 1"], located=[])
semantic("count_without_expr", "agg: count, expr: 1", "agg: count", must=["uses a COUNT aggregation, which requires an expr to be provided."],
         located=[])
semantic("non_additive", "expr: amount", "expr: amount, non_additive_dimension: {name: dey, window_choice: sum}",
         must=["that is not defined as a dimension in semantic model 'orders'", "Only choices supported are 'min' or 'max'"], located=[])
semantic("natural_entity", "type: primary", "type: natural", must=["The use of `natural` entities"], located=[], line=10)
semantic("no_time_spine", "    time_spine: {standard_granularity_column: day}\n", "", line=5,
         must=["The semantic layer requires a time spine model with granularity DAY or smaller in the project"], located=[])
semantic("time_spine_column", "standard_granularity_column: day", "standard_granularity_column: dag",
         must=["Time spine standard granularity column must be defined on the model."], located=[suggests("day")])
semantic("time_spine_granularity", "{name: day, granularity: day}", "{name: day}",
         must=["Time spine standard granularity column must have a granularity defined"], located=[])
semantic("filter_syntax", "measure: revenue", "measure: {name: revenue, filter: \"{{ Dimension('order__channel' }} = 1\"}",
         must=["Semantic Manifest validation failed"], located=[])
semantic("filter_name", "measure: revenue", "measure: {name: revenue, filter: \"{{ Dimensoin('order__channel') }} = 1\"}",
         must=["Semantic Manifest validation failed", "'Dimensoin' is undefined"], located=[suggests("Dimension")])
semantic("saved_query_metric", "metrics: [total]", "metrics: [totel]", line=25, must=["depends on a metric named 'totel'"], located=[suggests("total")])
semantic("saved_query_group_by", "Dimension('order__channel')", "Dimension('order__chanel')", must=["is not a valid group-by name."], located=[])
semantic("saved_query_order_by", "metrics: [total],", "metrics: [total], order_by: [total],",
         must=["Semantic Manifest validation failed"], located=[])
semantic("export_as", "  - name: daily\n", "  - name: daily\n    exports: [{name: e, config: {export_as: cube}}]\n", line=26,
         must=["cube"], located=[], exit=2, why="dbt ends in an exception of Python's enum")


# --- unit tests --------------------------------------------------------------------------------

UNIT = """unit_tests:
  - name: adds_up
    model: total
    given:
      - input: ref('good')
        rows: [{id: 1}]
    expect:
      rows: [{id: 1}]
"""
UNIT_MODELS = {"models/total.sql": "select id from {{ ref('good') }}\n", "tests/fixtures/rows.csv": "id\n1\n"}


def unit(name, old, new, must, line, located=(), **more):
    """One change in UNIT; the message names line `line` of it."""
    files = {**UNIT_MODELS, "models/units.yml": UNIT.replace(old, new, 1), **more.pop("files", {})}
    assert old in UNIT, name
    case("unit_" + name, files, must=must, located=[at("models/units.yml", line), *located], **more)


unit("unknown_model", "model: total", "model: totel", ["Unable to find model 'bad.totel' for unit test 'adds_up' in models/units.yml"], 3,
     [suggests("total")])
unit("no_model", "    model: total\n", "", ["Invalid unit_tests config given in models/units.yml", "'model' is a required property"], 2)
unit("no_expect", "    expect:\n      rows: [{id: 1}]\n", "", ["'expect' is a required property"], 2)
unit("unknown_format", "        rows: [{id: 1}]\n", "        format: jsn\n        rows: [{id: 1}]\n", ["'jsn' is not one of"], 6)
unit("rows_as_text", "        rows: [{id: 1}]\n", "        rows: id 1\n", ["Unit test adds_up has input rows which do not match format"], 6)
unit("csv_as_rows", "        rows: [{id: 1}]\n", "        format: csv\n        rows: [{id: 1}]\n",
     ["Unit test adds_up has input rows or fixtures which do not match format csv", "Expected string."], 7)
unit("expected_missing", "    expect:\n      rows: [{id: 1}]\n", "    expect: {format: sql}\n",
     ["Unit test adds_up has expected rows or fixtures which do not match format sql"], 2)
unit("unknown_fixture", "        rows: [{id: 1}]\n", "        format: csv\n        fixture: rowz\n",
     ["File not found for fixture 'rowz' in unit tests in models/units.yml"], 7, [suggests("rows")])
unit("no_seed", "        rows: [{id: 1}]\n", "", ["Unable to find seed 'bad.good' for unit tests in directories"], 5)
unit("versions_without_versions", "    given:", "    versions: {include: [1]}\n    given:",
     ["Unit test 'adds_up' should not have a versions include or exclude when referencing non-versioned model 'total'"], 4)
unit("versions_both", "    given:", "    versions: {include: [1], exclude: [2]}\n    given:", ["can not both include and exclude versions"], 4)
unit("incremental_without_override", "model: total", "model: grows", ["Boolean override for 'is_incremental' must be provided for unit test 'adds_up' in model 'grows'"], 2,
     files={"models/grows.sql": "{{ config(materialized='incremental') }} select id from {{ ref('good') }} {% if is_incremental() %}where id > 1{% endif %}\n"})
unit("incremental_without_this", "    given:", "    overrides: {macros: {is_incremental: true}}\n    given:",
     ["Unit test 'adds_up' for incremental model 'total' must have a 'this' input"], 6,
     files={"models/total.sql": "{{ config(materialized='incremental') }} select id from {{ ref('good') }} {% if is_incremental() %}where id > 1{% endif %}\n"})
case("unit_twice", {**UNIT_MODELS, "models/units.yml": UNIT + UNIT.split("\n", 1)[1]}, must=["adds_up"])
