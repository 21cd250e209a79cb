{#- Columns of relations and of queries. -#}

{% macro get_columns_in_relation(relation) -%}
  {{ return(adapter.dispatch('get_columns_in_relation', 'dbt')(relation)) }}
{% endmacro %}

{% macro default__get_columns_in_relation(relation) -%}
  {%- do exceptions.raise_not_implemented(
        'get_columns_in_relation macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{#- Rows of (name, type, size, precision, scale) -> columns. -#}
{% macro sql_convert_columns_in_relation(table) -%}
  {%- set columns = [] -%}
  {%- for row in table -%}
    {%- do columns.append(api.Column(*row)) -%}
  {%- endfor -%}
  {{ return(columns) }}
{% endmacro %}

{% macro get_list_of_column_names(columns) -%}
  {{ return(columns | map(attribute='name') | list) }}
{% endmacro %}


{#- The query with no rows: for its column names and types. -#}
{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
  {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{% endmacro %}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ select_sql_header if select_sql_header is not none }}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}

{#- A query that has the declared columns, all null. -#}
{% macro get_empty_schema_sql(columns) -%}
  {{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}
{% endmacro %}

{% macro default__get_empty_schema_sql(columns) -%}
  {%- set untyped = [] %}
    select
    {%- for key in columns %}
      {%- set column = columns[key] -%}
      {%- if not column['data_type'] -%}
        {%- do untyped.append(column['name']) -%}
      {%- endif %}
    {{ cast('null', column['data_type']) }} as {{ adapter.quote(column['name']) if column['quote'] else column['name'] }}
      {{- ', ' if not loop.last }}
    {%- endfor -%}
  {%- if untyped -%}
    {%- do exceptions.column_type_missing(column_names=untyped) -%}
  {%- endif -%}
{% endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
  {%- do return(adapter.get_column_schema_from_query(
        get_empty_subquery_sql(select_sql, select_sql_header))) -%}
{% endmacro %}

{#- Names only. -#}
{% macro get_columns_in_query(select_sql) -%}
  {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{% endmacro %}

{% macro default__get_columns_in_query(select_sql) %}
  {%- call statement('get_columns_in_query', fetch_result=True, auto_begin=False) -%}
    {{ get_empty_subquery_sql(select_sql) }}
  {%- endcall -%}
  {{ return(load_result('get_columns_in_query').table.columns | map(attribute='name') | list) }}
{% endmacro %}


{#- New type for a column, for databases that can only add, copy, drop and rename. -#}
{% macro alter_column_type(relation, column_name, new_column_type) -%}
  {{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}
{% endmacro %}

{% macro default__alter_column_type(relation, column_name, new_column_type) -%}
  {%- set old = adapter.quote(column_name) -%}
  {%- set new = adapter.quote(column_name ~ '__dbt_alter') -%}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation.render() }} add column {{ new }} {{ new_column_type }};
    update {{ relation.render() }} set {{ new }} = {{ old }};
    alter table {{ relation.render() }} drop column {{ old }} cascade;
    alter table {{ relation.render() }} rename column {{ new }} to {{ old }}
  {%- endcall -%}
{% endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) -%}
  {{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}
{% endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- set actions = [] -%}
  {%- for column in add_columns or [] -%}
    {%- do actions.append('add column ' ~ column.quoted ~ ' ' ~ column.expanded_data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}
    {%- do actions.append('drop column ' ~ column.quoted) -%}
  {%- endfor -%}
  {%- if actions -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ actions | join(', ')) -%}
  {%- endif -%}
{% endmacro %}
