"""The catalogue of mistakes behind docs/errors.md: what people do wrong in a dbt project, and where.

The suite suite/errors.py runs it with weir and sets the messages beside dbt's recorded ones. Each mistake starts
from a small sound project (BASE), lays `files` over it and runs `args`. weir must end with dbt's exit code (or
`exit`, with the reason in `why`), name the `place` (path, line, column; None where the mistake has no line or no
column of its own: a file that is missing, an option) and say the `remedy` (a regular expression: the nearest name,
what was expected, or what to do).
"""
import bad_input_cases

BASE = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\n",
    "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: 1}\n",
    "models/stg_orders.sql": "select id, customer_id, amount, placed_at\nfrom {{ ref('raw_orders') }}\n",
    "models/customers.sql": "select customer_id, count(*) as orders\nfrom {{ ref('stg_orders') }}\ngroup by customer_id\n",
    "models/schema.yml": "models:\n  - name: customers\n    columns:\n      - name: customer_id\n        data_tests: [not_null]\n"
                         "sources:\n  - name: web\n    tables:\n      - name: visits\n",
    "seeds/raw_orders.csv": "id,customer_id,amount,placed_at\n1,7,1250,2025-01-01\n2,7,300,2025-01-02\n",
    "macros/money.sql": "{% macro cents_to_euros(column, digits=2) %}\n  round({{ column }} / 100.0, {{ digits }})\n{% endmacro %}\n",
}
PROJECT, PROFILES, SCHEMA = BASE["dbt_project.yml"], BASE["profiles.yml"], BASE["models/schema.yml"]
PROJECT_END = PROJECT.count("\n") + 1
AREAS, MISTAKES = [], []
MODEL = "models/orders.sql"


def area(title):
    AREAS.append(title)


def mistake(name, what, files, place, remedy, args=("parse",), **more):
    """more: base, env, before (a command that must succeed first), exit + why."""
    assert all(other["name"] != name for other in MISTAKES), name
    files = {MODEL: files} if isinstance(files, str) else files
    MISTAKES.append({"base": BASE, **more, "name": name, "area": AREAS[-1], "what": what, "files": files or {}, "place": place,
                     "remedy": remedy, "args": list(args)})


def near(name):
    return r"(?i)did you mean\b[^\n]*" + name


def same(name, what, place, remedy):
    """A mistake that the table of bad input has as well."""
    found = next(case for case in bad_input_cases.CASES if case["name"] == name)
    more = {key: found[key] for key in ("env", "before", "exit", "why") if key in found}
    mistake(name, what, found["files"], place, remedy, found["args"], base=bad_input_cases.BASE, **more)


def jinja(name, what, text, line, column, remedy, args=("parse",), **more):
    mistake(name, what, text, (MODEL, line, column), remedy, args, **more)


def project(name, what, text, line, column, remedy, args=("parse",), **more):
    """Lines added to dbt_project.yml; `line` counts from the first of them."""
    mistake(name, what, {"dbt_project.yml": PROJECT + text}, ("dbt_project.yml", line and PROJECT_END + line - 1, column), remedy, args, **more)


def yaml(name, what, text, line, column, remedy, args=("parse",), files=None, **more):
    mistake(name, what, {"models/more.yml": text, **(files or {})}, ("models/more.yml", line, column), remedy, args, **more)


def running(name, what, text, line, column, remedy, args=("run", "--select", "orders"), **more):
    mistake(name, what, text, (MODEL, line, column), remedy, args, **more)


area("The project file")
mistake("project_missing", "There is no `dbt_project.yml`", {"dbt_project.yml": None}, ("dbt_project.yml", None, None), "(?i)expected path")
project("project_key", "`model-path` for `model-paths`", "model-path: [models]\n", 1, 1, near("model-paths"))
project("project_tab", "A tab for indentation", "vars:\n\tcountry: at\n", 2, 1, "(?i)tab|spaces")
project("project_bracket", "A list that is not closed", "model-paths: [models, more\nvars: {}\n", 2, None, r"(?i)expected|close|\]")
project("project_colon", "No space after the colon", "vars:\n  country:at\n", 2, None, "(?i)space|mapping|dictionary|expected")
mistake("project_name", "A name with a hyphen", {"dbt_project.yml": PROJECT.replace("name: shop", "name: my-shop", 1)}, ("dbt_project.yml", 1, 7),
        "letters, digits and underscores")
mistake("project_no_name", "`name` is missing", {"dbt_project.yml": PROJECT.split("\n", 1)[1]}, ("dbt_project.yml", 1, 1), "name")
mistake("project_profile", "A profile that profiles.yml does not have", {"dbt_project.yml": PROJECT.replace("profile: shop", "profile: shpo")},
        ("profiles.yml", None, None), near("shop"))
project("project_paths", "`model-paths` as text instead of a list", "model-paths: models\n", 1, 14, r"(?i)list|array|\[")
project("project_version", "`require-dbt-version` asks for a later version", "require-dbt-version: '>=9.0.0'\n", 1, 22, "(?i)version")
project("project_unused", "A folder name misspelt below `models:`", "models:\n  shop:\n    stagin:\n      +materialized: table\n", None, None, r"models\.shop\.stagin")
project("project_materialized", "An unknown materialization for a folder", "models:\n  shop:\n    +materialized: tabel\n", 3, 20, near("table"),
        ["run", "--select", "stg_orders"])
project("project_config", "A config name misspelt", "models:\n  shop:\n    +materialised: table\n", 3, 5, near("materialized"))
project("project_env_var", "`env_var` of a variable that is not set", "models:\n  shop:\n    +schema: \"{{ env_var('SCHEMA_NAME') }}\"\n", 3, None, r"(?i)default|export|set ")
project("project_var", "`var` of a variable that nobody sets", "models:\n  shop:\n    +schema: \"{{ var('schema_name') }}\"\n", 3, None, r"(?i)--vars|vars:|default")
project("project_jinja", "A Jinja expression that is not closed", "models:\n  shop:\n    +schema: \"{{ target.name\"\n", 3, None, "(?i)expected|close|}}")
project("project_hook_type", "`vars` is not a mapping", "vars: 5\n", 1, 7, "(?i)mapping|object|dict")
project("project_enabled", "`+enabled` is no boolean", "models:\n  shop:\n    +enabled: maybe\n", 3, 15, "(?i)bool|true")
project("project_flag", "A flag misspelt below `flags:`", "flags:\n  fail_fst: true\n", 2, 3, near("fail_fast"))
project("project_dispatch", "`dispatch` without `search_order`", "dispatch:\n  - macro_namespace: dbt_utils\n", 2, None, "search_order")
project("project_key_twice", "The same key twice", "vars: {a: 1}\nvars: {b: 2}\n", 2, 1, "(?i)twice|duplicate")

area("Profiles and targets")


def profile(name, what, text, line, column, remedy, args=("parse",), **more):
    mistake(name, what, {"profiles.yml": text}, ("profiles.yml", line, column), remedy, args, **more)


def output(text, target="dev"):
    return "shop:\n  target: %s\n  outputs:\n    dev:\n%s" % (target, "".join("      %s\n" % line for line in text.strip("\n").split("\n")))


mistake("profiles_missing", "There is no `profiles.yml`", {"profiles.yml": None}, ("profiles.yml", None, None), "(?i)profiles.yml")
profile("profiles_indent", "Wrong indentation", "shop:\n  target: dev\n outputs: {}\n", 3, None, "(?i)indent|expected")
profile("target_default", "`target:` names no output", PROFILES.replace("target: dev", "target: prod"), 2, 11, r"(?i)did you mean|dev")
mistake("target_option", "`--target` names no output", {}, ("profiles.yml", None, None), "dev", ["parse", "--target", "prod"])
mistake("profile_option", "`--profile` names no profile", {}, ("profiles.yml", None, None), "shop", ["parse", "--profile", "shpo"])
profile("outputs_missing", "No `outputs`", "shop:\n  target: dev\n", 2, None, "outputs")
profile("adapter_typo", "An adapter misspelt", output("type: duckbd\npath: warehouse.duckdb"), 5, 13, near("duckdb"))
profile("adapter_missing", "No `type`", output("path: warehouse.duckdb"), 5, None, "type")
profile("adapter_other", "An adapter that is not there", output("type: snowflake\naccount: x"), 5, 13, "(?i)duckdb")
profile("threads_text", "`threads` is no number", output("type: duckdb\npath: warehouse.duckdb\nthreads: many"), 7, 16, "(?i)number|integer|valid")
profile("profile_key", "A connection key misspelt", output("type: duckdb\npth: warehouse.duckdb"), 6, 7, near("path"))
profile("profile_env_var", "`env_var` of a variable that is not set", output("type: duckdb\npath: \"{{ env_var('WAREHOUSE') }}\""), 6, None, "(?i)default|export|set ")
profile("profile_setting", "A setting that DuckDB does not have", output("type: duckdb\npath: warehouse.duckdb\nsettings:\n  memory_limitt: 1GB"), 8, None,
        near("memory_limit"), ["run", "--select", "stg_orders"])
profile("profile_extension", "An extension that does not exist", output("type: duckdb\npath: warehouse.duckdb\nextensions: [htpfs]"), 7, None, "(?i)httpfs|candidate|install",
        ["run", "--select", "stg_orders"])
profile("profile_folder", "The database's folder does not exist", output("type: duckdb\npath: data/warehouse.duckdb"), 6, 13, "(?i)folder|directory|create",
        ["run", "--select", "stg_orders"])
profile("profile_secret", "A secret variable where it would be printed", output("type: duckdb\npath: \"no_folder/{{ env_var('DBT_ENV_SECRET_X') }}/x.duckdb\""), 6, 13,
        r"\*\*\*\*\*", ["run", "--select", "stg_orders"], env={"DBT_ENV_SECRET_X": "hush_hush_42"})
profile("postgres_key", "Postgres without a password", output("type: postgres\nhost: localhost\nuser: u\nport: 5432\ndbname: d\nschema: s"), 5, None, "(?i)password|pass")
profile("postgres_refused", "Postgres: nobody listens", output("type: postgres\nhost: 127.0.0.1\nuser: u\npassword: s3cret-word\nport: 9\ndbname: d\nschema: s\nconnect_timeout: 2"), 6, None,
        "(?i)refused", ["run", "--select", "stg_orders"])
profile("postgres_port", "Postgres: the port is no number", output("type: postgres\nhost: 127.0.0.1\nuser: u\npassword: s3cret-word\nport: abc\ndbname: d\nschema: s"), 9, 13,
        "(?i)integer|number")

area("Jinja")
jinja("expression_open", "`}}` is missing", "select 1 as id,\n  {{ 1 + \n", 2, None, r"(?i)expected|end of")
jinja("brace_single", "One closing brace", "select *\nfrom {{ ref('stg_orders') }\n", 2, None, r"(?i)expected|'}'|}}")
jinja("block_open", "`{% endif %}` is missing", "select 1 as id\n{% if true %}\n  , 2 as b\n", 3, None, "endif.*line 2")
jinja("for_open", "`{% endfor %}` is missing", "select\n{% for c in ['a', 'b'] %}\n  1 as {{ c }},\n1 as z\n", 4, None, "endfor.*line 2")
jinja("comment_open", "A comment that is not closed", "select 1 as id {# never closed\n", 1, 16, "(?i)#}|comment")
jinja("raw_open", "`{% endraw %}` is missing", "{% raw %}\nselect 1 as id\n", 1, None, "endraw")
jinja("quote_open", "A quote is missing", "select *\nfrom {{ ref('stg_orders) }}\n", 2, 13, "(?i)quote|string|unexpected|not closed")
jinja("comma_missing", "No comma between arguments", "{{ config(materialized='table' alias='o') }}\nselect 1 as id\n", 1, 32, "(?i)expected")
jinja("bracket_missing", "A bracket is missing", "{{ config(tags=['a', 'b') }}\nselect 1 as id\n", 1, None, r"(?i)expected|\]")
jinja("paren_missing", "A parenthesis is missing", "select * from {{ ref('stg_orders' }}\n", 1, None, r"(?i)expected|\)")
jinja("end_alone", "`{% endif %}` without an `if`", "select 1 as id\n{% endif %}\n", 2, 4, "(?i)unknown tag|not open|no block|without|encountered|innermost")
jinja("wrong_end", "A `for` closed by `endif`", "{% for c in [1] %}\n{{ c }}\n{% endif %}\n", 3, 4, "endfor")
jinja("elseif", "`elseif` for `elif`", "{% if true %}\nselect 1 as id\n{% elseif false %}\nselect 2 as id\n{% endif %}\n", 3, 4, "elif")
jinja("tag_typo", "A tag misspelt", "{% sett a = 1 %}\nselect 1 as id\n", 1, 4, near("set"))
jinja("filter_typo", "A filter misspelt", "select {{ 'a' | uper }} as id\n", 1, 17, near("upper"))
jinja("jinja_test_typo", "A Jinja test misspelt", "{% if var('a', none) is not defned %}select 1 as id{% endif %}\n", 1, None, near("defined"))
jinja("equals_single", "`=` for `==`", "{% if target.name = 'dev' %}\nselect 1 as id\n{% endif %}\n", 1, 19, "==|expected")
jinja("and_symbol", "`&&` for `and`", "{% if true && false %}select 1 as id{% endif %}\n", 1, 12, "(?i)and|unexpected")
jinja("not_symbol", "`!` for `not`", "{% if !execute %}select 1 as id{% endif %}\n", 1, 7, "(?i)not|unexpected")
jinja("curly_in_curly", "Curlies inside curlies", "{{ config(alias='{{ target.name }}' ~ {{ var('x') }}) }}\nselect 1 as id\n", 1, None, "(?i)expected|unexpected|inside")
jinja("function_typo", "A function misspelt", "select * from {{ reff('stg_orders') }}\n", 1, 18, near("ref"), ["compile", "--select", "orders"])
jinja("variable_undefined", "A variable that is not set", "{% set columns = ['a'] %}\nselect {% for c in colums %}{{ c.x.y }}{% endfor %} 1 as id, {{ colums.first.second }}\n", 2, None, near("columns"),
      ["compile", "--select", "orders"])
jinja("macro_typo", "A macro misspelt", "select {{ cents_to_euro('amount') }} as euros\nfrom {{ ref('stg_orders') }}\n", 1, 11, near("cents_to_euros"), ["compile", "--select", "orders"])
jinja("macro_keyword", "A macro's argument misspelt", "select {{ cents_to_euros('amount', digit=1) }} as euros\n", 1, None, near("digits"))
jinja("macro_too_many", "Too many arguments for a macro", "select {{ cents_to_euros('amount', 2, 3) }} as euros\n", 1, None, r"(?i)takes|arguments")
jinja("attribute_of_none", "An attribute of something that is not there", "select '{{ target.shema.name }}' as id\n", 1, None, near("schema"), ["compile", "--select", "orders"])
jinja("types_mixed", "A number added to text", "select {{ 1 + 'a' }} as id\n", 1, None, "(?i)unsupported|int|~")
jinja("division", "Division by zero", "select\n {{ 1 / 0 }} as id\n", 2, None, "division by zero")
jinja("var_missing", "`var` without a value or default", "select {{ var('min_amount') }} as id\n", 1, None, r"(?i)--vars|vars:|default", ["compile", "--select", "orders"])
jinja("var_typo", "A variable misspelt", {MODEL: "select {{ var('min_amont') }} as id\n", "dbt_project.yml": PROJECT + "vars:\n  min_amount: 5\n"}, 1, None,
      near("min_amount"), ["compile", "--select", "orders"])
jinja("env_var_missing", "`env_var` without a value or default", "select '{{ env_var('REGION') }}' as id\n", 1, None, "(?i)default|export|set ")
jinja("env_var_secret", "A secret in a model", "select '{{ env_var('DBT_ENV_SECRET_KEY') }}' as id\n", 1, None, "(?i)secret", env={"DBT_ENV_SECRET_KEY": "hush_hush_42"})
jinja("config_call", "`config` with positional arguments", "{{ config('table') }}\nselect 1 as id\n", 1, None, "(?i)key|keyword|invalid|=")
jinja("query_without_execute", "A query's answer used while parsing", "{% set r = run_query('select 1') %}\nselect {{ r.columns[0].values()[0] }} as id\n", 2, None, "(?i)execute|parsing")
jinja("include", "`include`, which dbt does not have", "{% include 'other.sql' %}\nselect 1 as id\n", 1, None, "(?i)macro|loader|include")
jinja("import_macro", "`import` of another file", "{% import 'macros/money.sql' as money %}\nselect 1 as id\n", 1, None, "(?i)macro|loader|import")

area("Macros and packages")
mistake("macro_open", "`{% endmacro %}` is missing", {"macros/m.sql": "{% macro plus_one(a) %}\n  {{ a }} + 1\n"}, ("macros/m.sql", 1, None), "endmacro")
mistake("macro_end_typo", "`{% endmcro %}`", {"macros/m.sql": "{% macro plus_one(a) %}\n  {{ a }} + 1\n{% endmcro %}\n"}, ("macros/m.sql", 1, None), "endmacro")
mistake("macro_signature", "A macro's parenthesis is missing", {"macros/m.sql": "{% macro plus_one(a %}\n  {{ a }} + 1\n{% endmacro %}\n"}, ("macros/m.sql", 1, None), "(?i)expected")
mistake("macro_default_first", "An argument without default after one with", {"macros/m.sql": "{% macro plus(a=1, b) %}{{ a }} + {{ b }}{% endmacro %}\n"}, ("macros/m.sql", 1, None), "(?i)default")
mistake("macro_twice", "Two macros with one name", {"macros/m.sql": "{% macro cents_to_euros(c) %}{{ c }}{% endmacro %}\n"}, ("macros/money.sql", 1, None), "(?i)rename|remove|delete")
jinja("package_prefix", "A package that is not installed", "select {{ dbt_utils.star(ref('stg_orders')) }}\n", 1, None, "(?i)packages.yml|deps|install", ["compile", "--select", "orders"])
mistake("package_macro", "A macro that the package does not have", {MODEL: "select {{ tools.doubel(1) }} as id\n", "packages.yml": "packages: [{local: tools}]\n",
        "tools/dbt_project.yml": "name: tools\nversion: '1.0'\n", "tools/macros/d.sql": "{% macro double(a) %}{{ a * 2 }}{% endmacro %}\n"}, (MODEL, 1, None), near("double"),
        ["compile", "--select", "orders"], before=["deps"])
jinja("dispatch_missing", "`dispatch` finds no macro", "select {{ adapter.dispatch('cents_to_euro')() }} as id\n", 1, None, "(?i)searched for|did you mean")
jinja("raise", "The project's own `raise_compiler_error`", "select 1 as id\n{{ exceptions.raise_compiler_error('orders need a currency') }}\n", 2, None, "orders need a currency")
mistake("packages_not_installed", "`deps` was not run", {"packages.yml": "packages:\n  - local: tools\n"}, ("packages.yml", None, None), "deps")
mistake("packages_local", "A local package that is not there", {"packages.yml": "packages:\n  - local: tols\n", "tools/dbt_project.yml": "name: tools\nversion: '1.0'\n"},
        ("packages.yml", 2, None), near("tools"), ["deps"])
mistake("packages_key", "A package of no known kind", {"packages.yml": "packages:\n  - locl: tools\n"}, ("packages.yml", 2, None), near("local"), ["deps"])
mistake("packages_yaml", "packages.yml is not YAML", {"packages.yml": "packages:\n  - {local: tools\n"}, ("packages.yml", None, None), "(?i)expected|}", ["deps"])
mistake("packages_range", "A version that is no version", {"packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n    version: one\n"}, ("packages.yml", None, None),
        "(?i)version", ["deps"])
mistake("packages_no_version", "A registry package without a version", {"packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n"}, ("packages.yml", 2, None), "version", ["deps"])
mistake("packages_git", "A git repository that is not there", {"packages.yml": "packages:\n  - git: file:///nowhere/tools.git\n    revision: main\n"}, ("packages.yml", 2, None),
        "(?i)nowhere", ["deps"])
mistake("packages_twice", "The same package twice", {"packages.yml": "packages:\n  - local: tools\n", "tools/dbt_project.yml": "name: shop\nversion: '1.0'\n"},
        ("packages.yml", 2, None), "(?i)rename", ["deps"])

area("References and the graph")
jinja("ref_typo", "A model's name misspelt", "select *\nfrom {{ ref('stg_order') }}\n", 2, 9, near("stg_orders"))
jinja("ref_none", "A model that does not exist", "select *\nfrom {{ ref('budget') }}\n", 2, 9, "(?i)weir ls")
jinja("ref_package", "`ref` of a package that is not there", "select *\nfrom {{ ref('crm', 'customers') }}\n", 2, 9, "(?i)package|did you mean")
jinja("ref_source", "`ref` of a source's table", "select *\nfrom {{ ref('visits') }}\n", 2, 9, "(?i)weir ls|source")
jinja("ref_quotes", "`ref` without quotes", "select *\nfrom {{ ref(stg_orders) }}\n", 2, None, "(?i)must be a string")
jinja("ref_empty", "`ref` without a name", "select *\nfrom {{ ref() }}\n", 2, None, r"ref\(")
jinja("ref_three", "`ref` with three names", "select *\nfrom {{ ref('a', 'b', 'c') }}\n", 2, None, r"ref\(")
jinja("ref_disabled", "`ref` of a model that is disabled", {MODEL: "select *\nfrom {{ ref('old_orders') }}\n", "models/old_orders.sql": "{{ config(enabled=false) }}\nselect 1 as id\n"}, 2, 9,
      "(?i)disabled")
jinja("ref_computed", "`ref` inside `if execute`", "{% if execute %}\n  select * from {{ ref('stg_orders') }}\n{% else %}\n  select 1 as id\n{% endif %}\n", 2, 20, "(?i)depends_on", ["compile", "--select", "orders"])
jinja("source_typo", "A source's table misspelt", "select *\nfrom {{ source('web', 'visit') }}\n", 2, 9, near("visits"))
jinja("source_name_typo", "A source's name misspelt", "select *\nfrom {{ source('wep', 'visits') }}\n", 2, 9, near("web"))
jinja("source_one", "`source` with one argument", "select *\nfrom {{ source('web.visits') }}\n", 2, None, r"(?i)source\(|two")
jinja("source_model", "`source` of a model", "select *\nfrom {{ source('shop', 'stg_orders') }}\n", 2, 9, r"(?i)weir ls|ref\(")
mistake("cycle", "Two models that read one another", {MODEL: "select * from {{ ref('totals') }}\n", "models/totals.sql": "select * from {{ ref('orders') }}\n"}, (MODEL, 1, None), "(?i)cycle",
        ["compile"])
mistake("cycle_self", "A model that reads itself", {MODEL: "select * from {{ ref('orders') }}\n"}, (MODEL, 1, None), "(?i)found a cycle", ["compile"])
mistake("name_twice", "Two models with one name", {"models/a/orders.sql": "select 1 as id\n", "models/b/orders.sql": "select 2 as id\n"}, ("models/b/orders.sql", None, None), "(?i)change the name")
mistake("alias_twice", "Two models with one table", {MODEL: "{{ config(alias='o') }}\nselect 1 as id\n", "models/other.sql": "{{ config(alias='o') }}\nselect 2 as id\n"},
        ("models/other.sql", None, None), "(?i)alias|schema|database")
mistake("model_and_seed", "A model named like a seed", {"models/raw_orders.sql": "select 1 as id\n"}, ("models/raw_orders.sql", None, None), "(?i)change the configuration")
jinja("private", "`ref` of another group's private model", {MODEL: "select * from {{ ref('customers') }}\n",
      "models/schema.yml": "groups:\n  - name: crm\n    owner: {email: crm@example.com}\nmodels:\n  - name: customers\n    config: {access: private, group: crm}\n"}, 1, 18, "(?i)private|group")
yaml("group_missing", "A group that does not exist", "groups:\n  - name: finance\n    owner: {email: f@example.com}\nmodels:\n  - name: stg_orders\n    config:\n      group: finanse\n", 7, None,
     near("finance"))
yaml("group_owner", "A group without an owner", "groups:\n  - name: finance\n", 2, None, "owner")
jinja("version_missing", "`ref` of a version that does not exist", {MODEL: "select * from {{ ref('dim', v=3) }}\n", "models/dim_v1.sql": "select 1 as id\n", "models/dim_v2.sql": "select 1 as id\n",
      "models/more.yml": "models:\n  - name: dim\n    latest_version: 2\n    versions: [{v: 1}, {v: 2}]\n"}, 1, 18, "(?i)version")
yaml("version_file", "A version without a file", "models:\n  - name: dim\n    versions:\n      - v: 1\n      - v: 2\n", 2, None, "(?i)dim_v2|file", files={"models/dim_v1.sql": "select 1 as id\n"})
yaml("version_latest", "`latest_version` names no version", "models:\n  - name: dim\n    latest_version: 5\n    versions:\n      - v: 1\n", 3, None, "(?i)version", files={"models/dim_v1.sql": "select 1 as id\n"})

area("Property files")
yaml("yaml_indent", "Wrong indentation", "models:\n  - name: stg_orders\n   description: x\n", 3, None, "(?i)indent|expected")
yaml("yaml_tab", "A tab for indentation", "models:\n\t- name: stg_orders\n", 2, 1, "(?i)tab|space")
yaml("yaml_colon", "A colon in a description without quotes", "models:\n  - name: stg_orders\n    description: orders: one a line\n", 3, None, "(?i)quote|mapping values")
yaml("yaml_quote", "A quote that is not closed", "models:\n  - name: stg_orders\n    description: \"orders\n", 3, None, "(?i)quote|quoted|end")
yaml("yaml_escape", "A backslash in double quotes", "models:\n  - name: stg_orders\n    description: \"a\\od\"\n", 3, None, "(?i)escape|single")
yaml("yaml_percent", "A value that starts with a percent sign", "models:\n  - name: stg_orders\n    description: %done\n", 3, 18, "(?i)quote|character|token")
yaml("yaml_jinja", "A value that starts with `{{`, without quotes", "models:\n  - name: stg_orders\n    description: {{ doc('orders') }}\n", 3, None, "(?i)quote")
yaml("yaml_twice", "The same key twice", "models:\n  - name: stg_orders\n    description: a\n    description: b\n", 4, None, "(?i)twice|duplicate")
yaml("yaml_mapping", "`models` is a mapping", "models:\n  name: stg_orders\n", 2, None, "(?i)list")
yaml("yaml_text", "A model is only a name", "models:\n  - stg_orders\n", 2, None, "(?i)name:|dict|mapping")
yaml("name_missing", "A model without `name`", "models:\n  - description: x\n", 2, None, "name")
yaml("name_boolean", "A name that YAML takes for a boolean", "models:\n  - name: on\n", 2, None, "(?i)quote|string|text")
yaml("top_key", "A top key misspelt", "modles:\n  - name: stg_orders\n", 1, None, near("models"))
yaml("model_key", "A model's key misspelt", "models:\n  - name: stg_orders\n    descripton: x\n", 3, 5, near("description"))
yaml("column_key", "A column's key misspelt", "models:\n  - name: stg_orders\n    columns:\n      - name: id\n        data_test: [unique]\n", 5, 9, near("data_tests"))
yaml("model_typo", "Properties for a model that does not exist", "models:\n  - name: stg_order\n    description: x\n", 2, None, near("stg_orders"))
yaml("config_typo", "A config name misspelt", "models:\n  - name: stg_orders\n    config:\n      materialised: table\n", 4, 7, near("materialized"))
yaml("config_boolean", "`enabled` is no boolean", "models:\n  - name: stg_orders\n    config:\n      enabled: maybe\n", 4, 16, "(?i)bool|true")
yaml("described_twice", "One model described in two files", "models:\n  - name: customers\n    description: x\n", None, None, "(?i)remove|one of")
yaml("doc_missing", "`doc` of a block that does not exist", "models:\n  - name: stg_orders\n    description: \"{{ doc('ordrs') }}\"\n", 3, 18, near("orders"),
     files={"models/d.md": "{% docs orders %}\nOrders.\n{% enddocs %}\n"})
mistake("docs_open", "A docs block that is not closed", {"models/d.md": "text\n{% docs orders %}\nOrders.\n"}, ("models/d.md", 2, None), "enddocs")
yaml("exposure_owner", "An exposure without an owner", "exposures:\n  - name: board\n    type: dashboard\n", 2, None, "owner")
yaml("exposure_type", "An exposure's type misspelt", "exposures:\n  - name: board\n    type: dashbord\n    owner: {email: a@example.com}\n", 3, 11, near("dashboard"))
yaml("exposure_ref", "An exposure of a model that does not exist", "exposures:\n  - name: board\n    type: dashboard\n    owner: {email: a@example.com}\n    depends_on:\n      - ref('custmers')\n",
     6, 9, near("customers"))
yaml("exposure_depends", "An exposure's `depends_on` without `ref`", "exposures:\n  - name: board\n    type: dashboard\n    owner: {email: a@example.com}\n    depends_on:\n      - customers\n",
     6, 9, r"ref\(")
yaml("source_table_name", "A source's table without a name", "sources:\n  - name: crm\n    tables:\n      - description: x\n", 4, None, "name")
yaml("source_twice", "The same source table twice", "sources:\n  - name: web\n    tables:\n      - name: visits\n", None, None, "(?i)change the name")
yaml("freshness_period", "A freshness period misspelt", "sources:\n  - name: crm\n    freshness:\n      warn_after: {count: 1, period: days}\n    tables:\n      - name: people\n", 6, None, "minute, hour, day")
yaml("access_typo", "An access misspelt", "models:\n  - name: stg_orders\n    access: publik\n", 3, 13, near("public"))
yaml("version_number", "`version: 1` at the top", "version: 1\nmodels:\n  - name: stg_orders\n", 1, 10, "(?i)version: 2|2")
mistake("selectors_method", "A selector's method misspelt", {"selectors.yml": "selectors:\n  - name: nightly\n    definition:\n      method: tagg\n      value: nightly\n"}, ("selectors.yml", 4, None),
        near("tag"))
mistake("selectors_yaml", "A selector without a definition", {"selectors.yml": "selectors:\n  - name: nightly\n"}, ("selectors.yml", 2, None), "definition")
mistake("selectors_parent", "A selector that inherits from none", {"selectors.yml": "selectors:\n  - name: a\n    definition: {method: selector, value: b}\n"}, ("selectors.yml", 3, None), "(?i)selector|defined")

area("Data tests")


def tested(name, what, tests, line, column, remedy, args=("compile", "--select", "stg_orders"), **more):
    """`tests`: the text of data_tests, from line 6 on."""
    text = "models:\n  - name: stg_orders\n    columns:\n      - name: id\n        data_tests:\n"
    yaml(name, what, text + "".join("          %s\n" % part for part in tests.split("\n")), line, column, remedy, args, **more)


tested("test_typo", "A test misspelt", "- uniqe", 6, 13, near("unique"))
tested("test_two_keys", "Two tests in one entry", "- unique:\n  not_null:", 6, None, "(?i)one|single|dict")
tested("test_argument_typo", "A test's argument misspelt", "- accepted_values:\n    arguments:\n      valuse: [1, 2]", 6, None, near("values"))
tested("test_argument_missing", "A test without its argument", "- relationships:\n    arguments:\n      to: ref('raw_orders')", 6, None, "field")
tested("test_ref_typo", "A test's `ref` misspelt", "- relationships:\n    arguments:\n      to: ref('raw_order')\n      field: id", 8, None, near("raw_orders"))
tested("test_severity", "A severity misspelt", "- unique:\n    config:\n      severity: warning", 6, None, "either 'warn' or")
tested("test_error_if", "`error_if` is no comparison", "- unique:\n    config:\n      error_if: \"more than 5\"", 6, None, "(?i)syntax|parser", ["build", "--select", "stg_orders raw_orders"])
tested("test_twice", "The same test twice", "- unique\n- unique", 7, None, "(?i)name|rename|remove")
tested("test_package", "A test of a package that is not installed", "- dbt_utils.not_constant", 6, 13, "(?i)packages|deps|install")
yaml("test_column", "A test of a column that does not exist", "models:\n  - name: stg_orders\n    columns:\n      - name: idd\n        data_tests: [unique]\n", 5, None, r"(?i)(candidate|did you mean)[^\n]*id",
     ["build", "--select", "stg_orders raw_orders"])
yaml("tests_text", "`data_tests` is text", "models:\n  - name: stg_orders\n    columns:\n      - name: id\n        data_tests: unique\n", 5, None, "(?i)list|array")
mistake("test_singular", "A singular test whose Jinja is broken", {"tests/positive.sql": "select * from {{ ref('stg_orders' }}\nwhere amount < 0\n"}, ("tests/positive.sql", 1, None), "(?i)expected")
mistake("test_generic", "A generic test that is not closed", {"tests/generic/positive.sql": "{% test positive(model, column_name) %}\nselect 1\n"}, ("tests/generic/positive.sql", 1, None), "endtest")

area("SQL at run time")
ROWS = "from (values (1, 'a'), (2, 'b')) as t(id, name)\n"
running("sql_column", "A column misspelt", "select\n  id,\n  nam\n" + ROWS, 3, 3, r"(?i)candidate[^\n]*name|did you mean[^\n]*name")
running("sql_table", "A table that does not exist", "select *\nfrom orders_raw\n", 2, 6, r"(?i)did you mean|ref\(")
running("sql_comma", "A comma is missing", "select\n  id\n  name x\n" + ROWS, 3, None, "(?i)syntax error")
running("sql_comma_last", "A comma after the last column, before `from`", "select\n  id,\n  name,,\n" + ROWS, 3, None, "(?i)syntax error")
running("sql_paren", "A parenthesis is not closed", "select\n  count(id as n\n" + ROWS, 2, None, "(?i)syntax error")
running("sql_keyword", "`form` for `from`", "select id form x\n" + ROWS, 1, None, "(?i)syntax error")
running("sql_function", "A function misspelt", "select\n  id,\n  uppr(name) as n\n" + ROWS, 3, 3, r"(?i)(candidate|did you mean)[^\n]*upper")
running("sql_group_by", "A column missing in `group by`", "select\n  id,\n  name,\n  count(*) as n\n" + ROWS + "group by id\n", 3, 3, "(?i)GROUP BY")
running("sql_types", "Text where a number is needed", "{{ config(materialized='table') }}\nselect\n  id,\n  cast(name as integer) as n\n" + ROWS, 4, None, "(?i)convert|try_cast")
running("sql_compare", "A number compared with text", "{{ config(materialized='table') }}\nselect id\n" + ROWS + "where id = 'x'\n", 4, None, "(?i)convert|cast")
running("sql_semicolon", "A semicolon at the end, then more", "select 1 as id;\nselect 2 as id\n", 1, None, "(?i)syntax error|semicolon|;")
running("sql_ambiguous", "A column that both sides have", "select id\nfrom (select 1 as id) as a\njoin (select 1 as id) as b on a.id = b.id\n", 1, 8, r"(?i)a\.id")
running("sql_type_name", "A type that does not exist", "select cast(1 as intger) as id\n", 1, None, r"(?i)(candidate|did you mean)[^\n]*integer|type")
running("sql_after_jinja", "A column misspelt below a loop", "select\n{% for c in ['id', 'name'] %}\n  {{ c }},\n{% endfor %}\n  nmae as n\n" + ROWS, 5, 3, r"(?i)candidate[^\n]*name|did you mean[^\n]*name")
running("sql_upstream", "A column that the parent does not have", {MODEL: "select amout\nfrom {{ ref('stg_orders') }}\n"}, 1, 8, r"(?i)(candidate|did you mean)[^\n]*amount",
        ["build", "--select", "+orders"])
running("sql_parent_missing", "A parent that was never built", "select amount\nfrom {{ ref('stg_orders') }}\n", 2, None, r"(?i)\+orders|build|did you mean|does not exist")
running("sql_source_missing", "A source's table that is not in the database", "select *\nfrom {{ source('web', 'visits') }}\n", 2, None, "(?i)does not exist|did you mean")
running("sql_empty", "A model without SQL", "-- to do\n", 1, None, "(?i)select|syntax|empty|SQL")
running("materialization", "A materialization misspelt", "{{ config(materialized='tabel') }}\nselect 1 as id\n", 1, None, near("table"))
running("query_at_compile", "`run_query` of a table that does not exist", "{% set r = run_query('select * from country_codes') %}\nselect 1 as id\n", 1, None, "(?i)does not exist")

area("Incremental models and microbatch")
running("unique_key", "A `unique_key` that the model does not have", "{{ config(materialized='incremental', unique_key='order_id') }}\nselect 1 as id\n", 1, None, r"(?i)(candidate|did you mean|binding)[^\n]*",
        before=["run", "--select", "orders"])
running("strategy", "An incremental strategy misspelt", "{{ config(materialized='incremental', incremental_strategy='delete_insert') }}\nselect 1 as id\n", 1, None, r"delete\+insert")
running("schema_change", "`on_schema_change` misspelt", "{{ config(materialized='incremental', on_schema_change='sync') }}\nselect 1 as id\n", 1, None, "sync_all_columns")
running("schema_change_fail", "A new column with `on_schema_change: fail`", "{{ config(materialized='incremental', on_schema_change='fail') }}\nselect 1 as id{% if is_incremental() %}, 2 as b{% endif %}\n",
        None, None, "(?i)full-refresh", before=["run", "--select", "orders"])
MICRO = "{{ config(materialized='incremental', incremental_strategy='microbatch'%s) }}\nselect 1 as id, timestamp '2025-01-01' as placed_at\n"
running("batch_event_time", "Microbatch without `event_time`", MICRO % ", begin='2025-01-01', batch_size='day'", 1, None, "event_time")
running("batch_size_missing", "Microbatch without `batch_size`", MICRO % ", begin='2025-01-01', event_time='placed_at'", 1, None, "batch_size")
running("batch_size_typo", "A batch size misspelt", MICRO % ", begin='2025-01-01', event_time='placed_at', batch_size='days'", 1, None, r"(?i)did you mean|hour|day")
running("batch_begin", "Microbatch without `begin`", MICRO % ", event_time='placed_at', batch_size='day'", 1, None, "begin")
running("batch_begin_text", "A `begin` that is no date", MICRO % ", event_time='placed_at', batch_size='day', begin='january'", 1, None, "(?i)date|YYYY|ISO")
mistake("batch_times", "`--event-time-start` after `--event-time-end`", MICRO % ", event_time='placed_at', batch_size='day', begin='2025-01-01'", (None, None, None), "(?i)must be less|before|earlier",
        ["run", "--select", "orders", "--event-time-start", "2025-02-01", "--event-time-end", "2025-01-01"])

area("Snapshots")


def snapshot(name, what, config, remedy, args=("parse",), line=3, text="select 1 as id, timestamp '2025-01-01' as updated_at", **more):
    mistake(name, what, {"snapshots/s.sql": "{% snapshot orders_snapshot %}\n" + "{{ config(" + config + ") }}\n" + text + "\n{% endsnapshot %}\n"}, ("snapshots/s.sql", line, None), remedy, args, **more)


snapshot("snapshot_strategy", "No `strategy`", "unique_key='id'", "strategy", line=1)
snapshot("snapshot_key", "No `unique_key`", "strategy='timestamp', updated_at='updated_at'", "unique_key", line=1)
snapshot("snapshot_updated_at", "`timestamp` without `updated_at`", "strategy='timestamp', unique_key='id'", "updated_at", line=1)
snapshot("snapshot_check_cols", "`check` without `check_cols`", "strategy='check', unique_key='id'", "check_cols", line=1)
snapshot("snapshot_strategy_typo", "A strategy misspelt", "strategy='timestmp', unique_key='id', updated_at='updated_at'", near("timestamp"), ["snapshot"], line=1)
snapshot("snapshot_hard_deletes", "`hard_deletes` misspelt", "strategy='timestamp', unique_key='id', updated_at='updated_at', hard_deletes='delete'", "invalidate", line=1)
snapshot("snapshot_column", "`updated_at` names no column", "strategy='timestamp', unique_key='id', updated_at='changed_at'", r"(?i)(candidate|did you mean)[^\n]*updated_at", ["snapshot"], line=2)
mistake("snapshot_open", "`{% endsnapshot %}` is missing", {"snapshots/s.sql": "{% snapshot orders_snapshot %}\nselect 1 as id\n"}, ("snapshots/s.sql", 1, None), "endsnapshot")
mistake("snapshot_yaml", "A YAML snapshot without `relation`", {"snapshots/s.yml": "snapshots:\n  - name: s\n    config: {strategy: check, unique_key: id, check_cols: all}\n"}, ("snapshots/s.yml", 2, None), "relation")

area("Contracts and constraints")


def contract(name, what, columns, sql, line, column, remedy, args=("run", "--select", "orders"), extra="", place="models/more.yml", **more):
    text = "models:\n  - name: orders\n    config: {contract: {enforced: true}}\n" + extra + "    columns:\n" + "".join("      %s\n" % part for part in columns.split("\n"))
    mistake(name, what, {MODEL: sql, "models/more.yml": text}, (place, line, column), remedy, args, **more)


contract("contract_type", "A type that differs from the contract", "- {name: id, data_type: integer}", "{{ config(materialized='table') }}\nselect 'a' as id\n", 5, None, "(?i)mismatch|data type")
contract("contract_column", "A column that the contract does not have", "- {name: id, data_type: integer}", "{{ config(materialized='table') }}\nselect 1 as id, 2 as extra\n", 2, None, "(?i)missing in contract")
contract("contract_lacks", "A column of the contract that the model lacks", "- {name: id, data_type: integer}\n- {name: name, data_type: varchar}",
         "{{ config(materialized='table') }}\nselect 1 as id\n", 6, None, "(?i)missing in definition")
contract("contract_no_type", "A column without `data_type`", "- {name: id}", "{{ config(materialized='table') }}\nselect 1 as id\n", 5, None, "data_type")
mistake("contract_no_columns", "A contract without columns", {MODEL: "{{ config(materialized='table') }}\nselect 1 as id\n", "models/more.yml": "models:\n  - name: orders\n    config: {contract: {enforced: true}}\n"},
        ("models/more.yml", 2, None), "(?i)must be defined")
contract("constraint_type", "A constraint misspelt", "- {name: id, data_type: integer, constraints: [{type: not_nul}]}", "select 1 as id\n", 5, None, "not_null, unique", ["parse"])
contract("constraint_broken", "A row that breaks a constraint", "- {name: id, data_type: integer, constraints: [{type: not_null}]}", "{{ config(materialized='table') }}\nselect cast(null as integer) as id\n",
         5, None, "(?i)not null")
contract("contract_materialization", "A contract on a model that cannot have one", "- {name: id, data_type: integer}", "{{ config(materialized='ephemeral') }}\nselect 1 as id\n", 3, None, "(?i)table, view|materializ",
         ["parse"])

area("Seeds")


def seed(name, what, text, line, column, remedy, args=("seed",), **more):
    files = {"seeds/countries.csv": text, **more.pop("files", {})}
    mistake(name, what, files, ("seeds/countries.csv", line, column), remedy, [*args, "--select", "countries"], **more)


seed("seed_ragged", "A row with too many fields", "code,name\nat,Austria\nch,Switzerland,CH\n", 3, None, "(?i)columns|fields|expected|2")
seed("seed_quote", "A quote that is not closed", "code,name\nat,\"Austria\nch,Switzerland\n", 2, None, "(?i)quote")
seed("seed_header", "Two columns with one name", "code,code\nat,Austria\n", 1, None, "(?i)code")
seed("seed_latin1", "A file that is not UTF-8", b"code,name\nat,\xd6sterreich\n", 2, None, "(?i)utf-8")
seed("seed_semicolon", "Semicolons with a type for a column", "code;name\nat;Austria\n", 1, None, "(?i)delimiter|column",
     files={"seeds/c.yml": "seeds:\n  - name: countries\n    config: {column_types: {cod: varchar, code: integer}}\n"})
seed("seed_type", "A value that does not fit its `column_types`", "code,name\nat,Austria\n", 2, None, "(?i)convert|integer", files={"seeds/c.yml": "seeds:\n  - name: countries\n    config: {column_types: {code: integer}}\n"})
seed("seed_type_name", "A type that does not exist", "code,name\nat,Austria\n", None, None, r"(?i)type", files={"seeds/c.yml": "seeds:\n  - name: countries\n    config: {column_types: {code: intger}}\n"})

area("Unit tests")
same("unit_unknown_model", "A model misspelt", ("models/units.yml", 3, None), near("total"))
same("unit_no_model", "No `model`", ("models/units.yml", 2, None), "model")
same("unit_no_expect", "No `expect`", ("models/units.yml", 2, None), "expect")
same("unit_unknown_format", "A format misspelt", ("models/units.yml", 6, None), "csv")
same("unit_rows_as_text", "Rows as text where a list is needed", ("models/units.yml", 6, None), "(?i)format|expected")
same("unit_unknown_fixture", "A fixture misspelt", ("models/units.yml", 7, None), near("rows"))
same("unit_incremental_without_override", "An incremental model without `is_incremental`", ("models/units.yml", 2, None), "is_incremental")
UNIT = "unit_tests:\n  - name: counts\n    model: customers\n    given:\n      - input: ref('stg_orders')\n        rows:\n          - {id: 1, customer_id: 7}\n    expect:\n      rows:\n        - {customer_id: 7, orders: 1}\n"
yaml("unit_input_typo", "An input misspelt", UNIT.replace("ref('stg_orders')", "ref('stg_order')"), 5, None, near("stg_orders"))
yaml("unit_input_column", "A column that the input does not have", UNIT.replace("customer_id: 7}\n    expect", "customr_id: 7}\n    expect"), 7, None, near("customer_id"), ["build", "--select", "+customers"])
yaml("unit_expect_column", "A column that the model does not have", UNIT.replace("orders: 1", "order: 1"), 10, None, near("orders"), ["build", "--select", "+customers"])
yaml("unit_input_missing", "An input that the model reads is not given", UNIT.replace("ref('stg_orders')", "ref('raw_orders')"), None, None, "(?i)add to", ["build", "--select", "+customers"])
yaml("unit_differs", "Rows that differ from what is expected", UNIT.replace("orders: 1", "orders: 2"), None, None, "(?i)actual", ["build", "--select", "+customers"])

area("The semantic layer")
same("semantic_unknown_key", "A key misspelt", ("models/schema.yml", None, None), near("model"))
same("semantic_model_not_found", "A model misspelt", ("models/schema.yml", None, None), near("good"))
same("semantic_bad_aggregation", "An aggregation misspelt", ("models/schema.yml", None, None), near("sum"))
same("semantic_bad_entity_type", "An entity's type misspelt", ("models/schema.yml", None, None), near("primary"))
same("semantic_measure_not_found", "A measure misspelt", ("models/schema.yml", None, None), near("revenue"))
same("semantic_metric_not_found", "A metric misspelt", ("models/schema.yml", 20, None), near("total"))
same("semantic_ratio_without_denominator", "A ratio without a denominator", ("models/schema.yml", 20, None), "denominator")
same("semantic_no_time_spine", "No time spine", ("models/schema.yml", 5, None), "time spine")
same("semantic_default_time", "`agg_time_dimension` misspelt", ("models/schema.yml", 17, None), near("placed"))
same("semantic_filter_name", "A filter's function misspelt", ("models/schema.yml", None, None), near("Dimension"))
same("semantic_saved_query_metric", "A saved query's metric misspelt", ("models/schema.yml", 25, None), near("total"))

area("Python models")


def python(name, what, text, line, column, remedy, args=("parse",), **more):
    mistake(name, what, {"models/scores.py": text}, ("models/scores.py", line, column), remedy, args, **more)


python("python_syntax", "A syntax error", "def model(dbt, session):\n    return dbt.ref('stg_orders'\n", 2, None, "(?i)closed|syntax|expected")
python("python_no_model", "No function `model`", "def modell(dbt, session):\n    return dbt.ref('stg_orders')\n", 1, None, r"(?i)def model|model\(dbt, session\)|model.*function|one")
python("python_arguments", "`model` without `session`", "def model(dbt):\n    return dbt.ref('stg_orders')\n", 1, None, "session")
python("python_ref_typo", "`dbt.ref` misspelt", "def model(dbt, session):\n    return dbt.ref('stg_order')\n", 2, None, near("stg_orders"))
python("python_ref_computed", "`dbt.ref` of a variable", "def model(dbt, session):\n    name = 'stg_orders'\n    return dbt.ref(name)\n", 3, None, "(?i)literal|constant|string")
python("python_view", "A Python model as a view", "def model(dbt, session):\n    dbt.config(materialized='view')\n    return dbt.ref('stg_orders')\n", 2, None, "(?i)table", ["run", "--select", "scores"])

area("Hooks and operations")
mistake("hook_start", "`on-run-start` that fails", {"dbt_project.yml": PROJECT + "on-run-start:\n  - select * from audit_log\n"}, ("dbt_project.yml", PROJECT_END + 1, None), "audit_log",
        ["run", "--select", "stg_orders"])
mistake("hook_macro", "`on-run-end` of a macro that does not exist", {"dbt_project.yml": PROJECT + "on-run-end:\n  - \"{{ cents_to_euro('a') }}\"\n"}, ("dbt_project.yml", PROJECT_END + 1, None),
        near("cents_to_euros"), ["build", "--select", "raw_orders stg_orders"])
running("hook_post", "A model's post-hook that fails", "{{ config(post_hook='grant select on nobody to x') }}\nselect 1 as id\n", 1, None, "(?i)nobody|grant|syntax")
mistake("operation_typo", "An operation misspelt", {}, (None, None, None), near("cents_to_euros"), ["run-operation", "cents_to_euro"])
mistake("operation_args", "`--args` that is not YAML", {}, (None, None, None), "(?i)--args", ["run-operation", "cents_to_euros", "--args", "{column: "])
mistake("operation_argument", "An argument that the macro does not have", {}, ("macros/money.sql", None, None), near("column"), ["run-operation", "cents_to_euros", "--args", "{colum: a}"])
mistake("operation_sql", "An operation whose SQL fails", {"macros/grant.sql": "{% macro tidy() %}\n  {% do run_query('drop table leftover') %}\n{% endmacro %}\n"}, ("macros/grant.sql", None, None), "(?i)leftover",
        ["run-operation", "tidy"])

area("Selection, state and the command line")


def command(name, what, remedy, *args, files=None, place=(None, None, None), **more):
    mistake(name, what, files or {}, place, remedy, args, **more)


command("command_typo", "A command misspelt", near("build"), "biuld")
command("option_typo", "An option misspelt", near("--select"), "run", "--selct", "orders")
command("option_value", "An option without its value", "(?i)argument|value", "run", "--select")
command("threads_option", "`--threads` that is no number", "(?i)integer|number", "run", "--threads", "many")
command("vars_yaml", "`--vars` that is not YAML", "(?i)--vars|yaml", "parse", "--vars", "{country: at")
command("vars_list", "`--vars` that is no mapping", "(?i)dict|mapping", "parse", "--vars", "country")
command("select_nothing", "A model misspelt in `--select`", near("customers"), "run", "--select", "custmers")
command("select_method", "A selection method misspelt", near("tag"), "ls", "--select", "tagg:nightly")
command("select_tag", "A tag that nobody has", "(?i)does not match|tag", "ls", "--select", "tag:nightly")
command("select_depth", "A plus sign with a wrong depth", "(?i)selector|spec|invalid|match", "ls", "--select", "customers+x")
command("selector_option", "`--selector` that selectors.yml lacks", near("nightly"), "ls", "--selector", "nightli",
        files={"selectors.yml": "selectors:\n  - name: nightly\n    definition: {method: tag, value: nightly}\n"})
command("state_missing", "`state:modified` without `--state`", "--state", "ls", "--select", "state:modified")
command("state_folder", "`--state` of a folder that is not there", "(?i)prod", "ls", "--select", "state:modified", "--state", "prod")
command("state_broken", "A manifest that is not JSON", "(?i)json|manifest", "ls", "--select", "state:modified", "--state", "prod", files={"prod/manifest.json": "{\"nodes\": "},
        place=("prod/manifest.json", None, None))
command("state_result", "`result:error` without the run's results", "(?i)run_results|result", "ls", "--select", "result:error", "--state", "prod", files={"prod/manifest.json": "{}"})
command("defer_without_state", "`--defer` without `--state`", "--state", "run", "--select", "customers", "--defer")
command("retry_nothing", "`retry` without a run before", "(?i)previous run", "retry")
command("resource_type", "A resource type misspelt", near("model"), "ls", "--resource-type", "modle")
command("output_typo", "An output format misspelt", near("json"), "ls", "--output", "jsn")
command("warn_error", "A warning misspelt in `--warn-error-options`", near("NodeNotFoundOrDisabled"), "parse", "--warn-error-options", "{error: [NodeNotFoundOrDisable]}")
command("inline_jinja", "`--inline` with broken Jinja", "(?i)expected|}}", "compile", "--inline", "select {{ 1", place=("inline_query", 1, None))
command("inline_ref", "`--inline` with a model misspelt", near("customers"), "compile", "--inline", "select * from {{ ref('custmers') }}", place=("inline_query", 1, None))
command("show_sql", "`show` of SQL that fails", r"(?i)(candidate|did you mean)[^\n]*id", "show", "--inline", "select idd from (select 1 as id)", place=("inline_query", 1, None))
command("env_option", "An option's variable that is no number", "(?i)DBT_THREADS|integer", "run", env={"DBT_THREADS": "abc"})
command("project_dir", "`--project-dir` that does not exist", "(?i)shp", "parse", "--project-dir", "shp")
command("profiles_dir", "`--profiles-dir` that does not exist", "(?i)conf", "parse", "--profiles-dir", "conf")

# What a message still lacks (exit, place, remedy), by mistake. The suite wants it to be exactly so.
KNOWN = {
    "project_materialized": ("place",),
    "project_config": ("place", "remedy",),
    "project_enabled": ("place",),
    "project_flag": ("place", "remedy",),
    "project_key_twice": ("place", "remedy",),
    "profile_key": ("place", "remedy",),
    "profile_extension": ("place",),
    "postgres_refused": ("place",),
    "variable_undefined": ("remedy",),
    "attribute_of_none": ("remedy",),
    "var_typo": ("remedy",),
    "query_without_execute": ("exit", "place", "remedy",),
    "package_macro": ("remedy",),
    "packages_local": ("remedy",),
    "packages_key": ("remedy",),
    "packages_git": ("place",),
    "group_missing": ("place",),
    "column_key": ("place", "remedy",),
    "exposure_depends": ("place", "remedy",),
    "version_number": ("place",),
    "selectors_parent": ("place", "remedy",),
    "test_argument_missing": ("place", "remedy",),
    "test_ref_typo": ("place", "remedy",),
    "strategy": ("place", "remedy",),
    "schema_change": ("place", "remedy",),
    "snapshot_strategy_typo": ("place", "remedy",),
    "snapshot_hard_deletes": ("place", "remedy",),
    "snapshot_yaml": ("remedy",),
    "contract_no_type": ("place",),
    "contract_materialization": ("place", "remedy",),
    "seed_header": ("place", "remedy",),
    "seed_semicolon": ("place", "remedy",),
    "unit_input_typo": ("place", "remedy",),
    "unit_expect_column": ("place",),
    "hook_start": ("place",),
    "hook_macro": ("exit", "place",),
    "select_nothing": ("remedy",),
    "warn_error": ("exit", "remedy",),
    "env_option": ("remedy",),
}
