{#- Tables and views in DuckDB. Its DDL is transactional, so a swap of names is atomic. -#}

{#- `create or replace` swaps in one statement. A contract needs two (create, insert): then the caller
    builds beside and renames. Takes the DuckLake layout as dbt-duckdb does. -#}
{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if language != 'sql' -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language) }}
  {%- elif partitioned_by is none and sorted_by is none -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code) }}
  {%- else -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language, partitioned_by, sorted_by) }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if language == 'python' -%}
    {%- do return(py_write_table(temporary=temporary, relation=relation, compiled_code=compiled_code,
                                 partitioned_by=partitioned_by or (none if temporary else duckdb__get_partitioned_by(relation, temporary)),
                                 sorted_by=sorted_by or (none if temporary else duckdb__get_sorted_by(relation, temporary)))) -%}
  {%- elif language != 'sql' -%}
    {%- do exceptions.raise_compiler_error(
          'duckdb__create_table_as macro did not get supported language, it got ' ~ language) -%}
  {%- endif -%}
  {%- set header = config.get('sql_header', none) -%}
  {%- set layout = [] -%}
  {%- if not temporary -%}
    {%- set partition = partitioned_by or duckdb__get_partitioned_by(relation, temporary) -%}
    {%- set order = sorted_by or duckdb__get_sorted_by(relation, temporary) -%}
    {%- if partition -%}
      {%- do layout.append(duckdb__alter_table_set_partitioned_by(relation, partition)) -%}
    {%- endif -%}
    {%- if order -%}
      {%- do layout.append(duckdb__alter_table_set_sorted_by(relation, order)) -%}
    {%- endif -%}
  {%- endif -%}
  {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(compiled_code) }}
  {%- endif -%}
  {{ header if header is not none }}
  {%- if temporary %}
    create temporary table
      {{ relation.include(database=false, schema=false) }}
    as (
      {{ compiled_code }}
    );
  {%- elif config.get('contract').enforced %}

    create table {{ relation }}
    {{ get_table_columns_and_constraints() }};
    {{ layout | join('\n') }}
    insert into {{ relation }} ({{ get_column_names() }})
    (
      {{ get_select_subquery(compiled_code) }}
    );
  {%- elif layout %}
    create table {{ relation }} as (
      {{ get_empty_subquery_sql(compiled_code) }}
    );
    {{ layout | join('\n') }}
    insert into {{ relation }} by name (
      {{ compiled_code }}
    );
  {%- else %}
    create or replace table {{ relation }} as (
      {{ compiled_code }}
    );
  {%- endif %}
{%- endmacro %}

{#- The contract's columns as text. -#}
{% macro get_column_names() %}
  {{- default__get_column_names() -}}
{% endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
  {%- set header = config.get('sql_header', none) -%}
  {{ header if header is not none }}
  {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif %}
  create or replace view {{ relation }} as (
    {{ sql }}
  );
{%- endmacro %}

{#- Indexes and dependent entries go with the table. -#}
{% macro duckdb__drop_relation(relation) -%}
  {%- call statement('drop_relation', auto_begin=False) -%}
    drop {{ 'view' if relation.type == 'view' else 'table' }} if exists {{ relation.render() }} cascade
  {%- endcall -%}
{%- endmacro %}

{% macro duckdb__rename_relation(from_relation, to_relation) -%}
  {%- call statement('rename_relation') -%}
    alter {{ 'view' if from_relation.type == 'view' else 'table' }} {{ from_relation.render() }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {%- endcall -%}
{%- endmacro %}

{#- A temporary table is seen by its own connection only; the stamp keeps builds on it apart. -#}
{% macro duckdb__make_temp_relation(base_relation, suffix) -%}
  {%- do return(base_relation.incorporate(path={
        'identifier': base_relation.identifier ~ suffix ~ py_current_timestring(),
        'schema': none,
        'database': none
      })) -%}
{%- endmacro %}

{#- Where an increment is gathered; batches of one model that run side by side need no name of their own
    here, since each has its own connection. -#}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') -%}
  {%- do return(make_temp_relation(target_relation)) -%}
{%- endmacro %}


{#- DuckLake tables have a physical layout; a list or one text, under either spelling of the config. -#}
{% macro duckdb__get_partitioned_by(relation, temporary) -%}
  {%- do return(weir__ducklake_layout(relation, temporary, 'partitioned_by', 'partition_by')) -%}
{%- endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) -%}
  {%- do return(weir__ducklake_layout(relation, temporary, 'sorted_by', 'sort_by')) -%}
{%- endmacro %}

{% macro weir__ducklake_layout(relation, temporary, name, alias) -%}
  {%- set raw = config.get(name, none) -%}
  {%- if raw is none -%}
    {%- set raw = config.get(alias, none) -%}
  {%- endif -%}
  {%- if raw is none or temporary -%}
    {%- do return(none) -%}
  {%- endif -%}
  {%- if not adapter.is_ducklake(relation) -%}
    {%- do adapter.warn_once(name ~ ' is only supported for DuckLake relations; ignoring it for ' ~ relation) -%}
    {%- do return(none) -%}
  {%- endif -%}
  {%- do return(normalize_string_or_list(raw, name)) -%}
{%- endmacro %}

{% macro normalize_string_or_list(raw, field_name) -%}
  {%- if raw is none -%}
    {%- do return(none) -%}
  {%- elif raw is string -%}
    {%- do return(raw | trim) -%}
  {%- elif raw is sequence and raw is not mapping -%}
    {%- do return(raw | join(', ') | trim) -%}
  {%- endif -%}
  {%- do exceptions.raise_compiler_error(field_name ~ ' must be a string or a list of strings, got: ' ~ raw) -%}
{%- endmacro %}

{% macro duckdb__alter_table_set_partitioned_by(relation, partitioned_by) -%}
    alter table {{ relation }} set partitioned by ({{ partitioned_by }});
{%- endmacro %}

{% macro duckdb__alter_table_set_sorted_by(relation, sorted_by) -%}
    alter table {{ relation }} set sorted by ({{ sorted_by }});
{%- endmacro %}
