{#- Contracts: columns and constraints as the properties file declares them. -#}

{%- macro get_table_columns_and_constraints() -%}
  {{ adapter.dispatch('get_table_columns_and_constraints', 'dbt')() }}
{%- endmacro -%}

{%- macro default__get_table_columns_and_constraints() -%}
  {{ return(table_columns_and_constraints()) }}
{%- endmacro -%}

{#- The part between the parentheses of `create table`. -#}
{% macro table_columns_and_constraints() %}
  {%- set lines = adapter.render_raw_columns_constraints(raw_columns=model['columns'])
                + adapter.render_raw_model_constraints(raw_constraints=model['constraints']) %}
  (
    {{ lines | join(',\n    ') }}
    )
{% endmacro %}


{#- Stops the build when the query's columns are not those of the contract. Prints nothing. -#}
{%- macro get_assert_columns_equivalent(sql) -%}
  {{ adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql) }}
{%- endmacro -%}

{%- macro default__get_assert_columns_equivalent(sql) -%}
  {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro -%}

{% macro assert_columns_equivalent(sql) %}
  {%- set declared = model['columns'] -%}
  {%- set untyped = [] -%}
  {%- for name in declared if not declared[name]['data_type'] -%}
    {%- do untyped.append(declared[name]['name']) -%}
  {%- endfor -%}
  {%- if untyped -%}
    {%- do exceptions.column_type_missing(column_names=untyped) -%}
  {%- endif -%}

  {%- set found = get_column_schema_from_query(sql, config.get('sql_header', none)) -%}
  {%- set promised = get_column_schema_from_query(get_empty_schema_sql(declared)) -%}
  {%- set found_forms, promised_forms = format_columns(found), format_columns(promised) -%}

  {%- set differ = (found_forms | length) != (promised_forms | length) -%}
  {%- if not differ -%}
    {%- for one in found_forms if one.formatted not in (promised_forms | map(attribute='formatted') | list) -%}
      {%- do exceptions.raise_contract_error(promised_forms, found_forms) -%}
    {%- endfor -%}
  {%- else -%}
    {%- do exceptions.raise_contract_error(promised_forms, found_forms) -%}
  {%- endif -%}
{% endmacro %}

{% macro format_columns(columns) %}
  {%- set forms = [] -%}
  {%- for column in columns -%}
    {%- do forms.append(adapter.dispatch('format_column', 'dbt')(column)) -%}
  {%- endfor -%}
  {{ return(forms) }}
{% endmacro %}

{% macro default__format_column(column) -%}
  {{ return({'name': column.name, 'data_type': column.dtype,
             'formatted': column.column.lower() ~ ' ' ~ column.dtype}) }}
{%- endmacro -%}
