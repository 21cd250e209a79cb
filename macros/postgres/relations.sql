{#- Tables, views and materialized views in Postgres: what differs from standard SQL. -#}

{#- A contract needs two statements: Postgres takes no column list together with a query. A temporary table
    has its own schema, so `make_temp_relation` gives it no other one. -#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
  {%- set header = config.get('sql_header', none) -%}
  {%- set kind = 'temporary ' if temporary else ('unlogged ' if config.get('unlogged', default=false) else '') -%}
  {%- set checked = config.get('contract').enforced -%}
  {{ header if header is not none }}
  {%- if checked -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif %}
  create {{ kind }}table {{ relation }}
  {%- if checked and not temporary %}
    {{ get_table_columns_and_constraints() }};
  insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }})
    {%- set code = get_select_subquery(sql) -%}
  {%- else %}
    as
    {%- set code = sql -%}
  {%- endif %}
  (
    {{ code }}
  );
{%- endmacro %}

{% macro postgres__get_replace_view_sql(relation, sql) -%}
  {%- set header = config.get('sql_header', none) -%}
  {{ header if header is not none }}
  {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif %}
  create or replace view {{ relation }} as (
    {{ sql }}
  );
{%- endmacro %}

{#- Postgres has no `create or replace table`: the old one goes first. In a transaction nobody sees the gap. -#}
{% macro postgres__get_replace_table_sql(relation, sql) -%}
  {{ drop_table(relation) }};
  {{ create_table_as(False, relation, sql) }}
{%- endmacro %}


{% macro postgres__drop_table(relation) -%}
    drop table if exists {{ relation }} cascade
{%- endmacro %}

{% macro postgres__drop_view(relation) -%}
    drop view if exists {{ relation }} cascade
{%- endmacro %}

{% macro postgres__drop_materialized_view(relation) -%}
    drop materialized view if exists {{ relation }} cascade
{%- endmacro %}

{% macro postgres__get_rename_table_sql(relation, new_name) -%}
    alter table {{ relation }} rename to {{ adapter.quote(new_name) }}
{%- endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) -%}
    alter view {{ relation }} rename to {{ adapter.quote(new_name) }}
{%- endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) -%}
    alter materialized view {{ relation }} rename to {{ adapter.quote(new_name) }}
{%- endmacro %}
