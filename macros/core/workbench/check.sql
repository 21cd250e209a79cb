{#- What `weir check` runs: empty tables in a place of their own stand for every model, seed and snapshot. -#}

{#- [database, schema] of the place that stands for another one. -#}
{% macro weir__check_place(database, schema) %}
  {{ return(adapter.dispatch('weir__check_place', 'dbt')(database, schema)) }}
{% endmacro %}

{#- The engine cuts a long name off, and what is left might be the real schema's: a digest stands for it then. -#}
{% macro default__weir__check_place(database, schema) %}
  {%- set bytes = (schema | length) * (1 if schema.isascii() else 4) -%}
  {%- set stem = schema if bytes <= 50 else 'weir_' ~ local_md5(schema) -%}
  {{ return([database, stem ~ '__weir_check']) }}
{% endmacro %}

{#- A database in memory: nothing is written, and readers of the file see nothing. -#}
{% macro duckdb__weir__check_place(database, schema) %}
  {{ return([database ~ '__weir_check', schema]) }}
{% endmacro %}

{% macro weir__check_open(database, schema) %}
  {{ return(adapter.dispatch('weir__check_open', 'dbt')(database, schema)) }}
{% endmacro %}

{% macro default__weir__check_open(database, schema) %}
  {% call statement('check', auto_begin=false) %}
    drop schema if exists {{ weir__quote(schema) }} cascade;
    create schema {{ weir__quote(schema) }}
  {% endcall %}
{% endmacro %}

{#- One check at a time in a schema: the others wait. The lock goes with the connection. Nothing made here
    must outlive a crash of the server, so no commit waits for its disk. -#}
{% macro postgres__weir__check_open(database, schema) %}
  {#- no "set": what a node sets is taken back behind it, and the lock with it -#}
  {% call statement('check', fetch_result=true, auto_begin=false) %}
    select set_config('synchronous_commit', 'off', false),
      pg_advisory_lock(hashtext('weir check'), hashtext('{{ schema | replace("'", "''") }}'))
  {% endcall %}
  {{ return(default__weir__check_open(database, schema)) }}
{% endmacro %}

{% macro duckdb__weir__check_open(database, schema) %}
  {% call statement('check', auto_begin=false) %}
    attach if not exists ':memory:' as {{ weir__quote(database) }};
    create schema if not exists {{ weir__quote(database) }}.{{ weir__quote(schema) }}
  {% endcall %}
{% endmacro %}

{% macro weir__check_close(database, schema) %}
  {{ return(adapter.dispatch('weir__check_close', 'dbt')(database, schema)) }}
{% endmacro %}

{% macro default__weir__check_close(database, schema) %}
  {% call statement('check', auto_begin=false) %}
    drop schema if exists {{ weir__quote(schema) }} cascade
  {% endcall %}
{% endmacro %}

{% macro duckdb__weir__check_close(database, schema) %}
  {% call statement('check', auto_begin=false) %}
    detach database if exists {{ weir__quote(database) }}
  {% endcall %}
{% endmacro %}

{#- The query's own lines begin on line 2 of the statement: places in it are told by line. -#}
{% macro weir__check_bind(sql) %}
  {%- call statement('check', auto_begin=false) -%}
create table {{ this }} as (
{{ sql }}
) with no data
  {%- endcall -%}
{% endmacro %}

{#- A snapshot has the columns of its query and those that say when a row was valid. -#}
{% macro weir__check_bind_snapshot(sql) %}
  {%- set names = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- call statement('check', auto_begin=false) -%}
create table {{ this }} as (select *, cast(null as {{ api.Column.translate_type('string') }}) as {{ names.dbt_scd_id }},
  cast(null as timestamp) as {{ names.dbt_updated_at }}, cast(null as timestamp) as {{ names.dbt_valid_from }}, cast(null as timestamp) as {{ names.dbt_valid_to }}
  {%- if config.get('hard_deletes') == 'new_record' -%}
  , cast(null as {{ api.Column.translate_type('string') }}) as {{ names.dbt_is_deleted }}
  {%- endif %} from (
{{ sql }}
) weir_check) with no data
  {%- endcall -%}
{% endmacro %}

{#- A table that stands for what cannot be bound: as it is in the database, or as it is declared. -#}
{% macro weir__check_copy(name) %}
  {%- call statement('check', auto_begin=false) -%}
create table {{ this }} as (select * from {{ name }}) with no data
  {%- endcall -%}
{% endmacro %}

{% macro weir__check_declare(columns) %}
  {%- call statement('check', auto_begin=false) -%}
create table {{ this }} (
  {%- for column in columns -%}
    {{ weir__quote(column['name']) }} {{ column['data_type'] }}{{ ', ' if not loop.last }}
  {%- endfor -%}
)
  {%- endcall -%}
{% endmacro %}
