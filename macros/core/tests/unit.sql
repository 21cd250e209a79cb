{#- Unit tests: a model's query over given rows, compared with expected rows. -#}

{%- materialization unit, default -%}
  {%- set expected_sql = config.get('expected_sql') -%}
  {%- set expected_rows = config.get('expected_rows') -%}
  {%- set expected_names = (expected_rows | first | default({})).keys() if expected_rows else [] -%}

  {#- the types of the model's columns decide how the expected values are cast -#}
  {%- set probe = make_temp_relation(api.Relation.create(
        identifier=model['name'], schema=schema, database=database, type='table')
        if model['name'] else this.incorporate(type='table')) -%}
  {%- do run_query(get_create_table_as_sql(True, probe, get_empty_subquery_sql(sql))) -%}
  {%- set types, quoted = {}, {} -%}
  {%- for column in adapter.get_columns_in_relation(probe) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}

  {%- if not expected_sql -%}
    {%- set expected_sql = get_expected_sql(expected_rows, types, quoted) -%}
    {%- set names = [] -%}
    {%- for name in expected_names -%}
      {%- do names.append(quoted[name | lower]) -%}
    {%- endfor -%}
  {%- else -%}
    {#- raw SQL may name fewer columns than the model gives -#}
    {%- set names = [] -%}
    {%- for column in get_columns_in_query(expected_sql) -%}
      {%- do names.append(quoted.get(column | lower, adapter.quote(column))) -%}
    {%- endfor -%}
  {%- endif -%}

  {%- call statement('main', fetch_result=True) -%}
    {{ get_unit_test_sql(sql, expected_sql, names) }}
  {%- endcall -%}
  {%- do adapter.drop_relation(probe) -%}

  {{ return({'relations': []}) }}
{%- endmaterialization -%}


{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
  {{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }}
{%- endmacro %}

{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    {% for name in expected_column_names %}{{ name }}, {% endfor %}{{ dbt.string_literal('actual') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    {% for name in expected_column_names %}{{ name }}, {% endfor %}{{ dbt.string_literal('expected') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}


{#- Rows given for an input: cast to the types of the real relation; columns not given are null. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
  {%- set types = column_name_to_data_types -%}
  {%- if not types -%}
    {%- set relation = defer_relation if defer_relation and not load_relation(this) else this -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- endfor -%}
  {%- endif -%}
  {%- if not types -%}
    {%- do exceptions.raise_compiler_error(
          "Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this
          ~ " because the relation doesn't exist") -%}
  {%- endif -%}

  {%- set blank = {} -%}
  {%- for column in types -%}
    {%- do blank.update({column: safe_cast('null', types[column]) | trim}) -%}
  {%- endfor -%}

  {%- do validate_fixture_rows(rows, 0) %}
-- Fixture for {{ model.name }}
{% for row in rows -%}
    {%- set given = format_row(row, types) -%}
    {%- set full = {} -%}
    {%- do full.update(blank) -%}
    {%- do full.update(given) -%}
select
    {%- for column, value in full.items() %} {{ value }} as {{ adapter.quote(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- if not loop.last %}
union all
{% endif -%}
  {%- endfor -%}

  {%- if (rows | length) == 0 -%}
select
    {%- for column, value in blank.items() %} {{ value }} as {{ adapter.quote(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
limit 0
  {%- endif -%}
{%- endmacro %}


{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
  {%- if (rows | length) == 0 -%}
    select * from dbt_internal_unit_test_actual
    limit 0
  {%- else -%}
    {%- for row in rows -%}
select
      {%- for column, value in format_row(row, column_name_to_data_types).items() %} {{ value }} as {{ column_name_to_quoted[column] }}{{ ',' if not loop.last }}
      {%- endfor %}
      {%- if not loop.last %}
union all
{% endif -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}


{#- One row of a fixture -> {column: cast(literal as type)}. -#}
{% macro format_row(row, column_name_to_data_types) -%}
  {%- set known = {} -%}
  {%- for column in column_name_to_data_types -%}
    {%- do known.update({column | lower: column_name_to_data_types[column]}) -%}
  {%- endfor -%}
  {%- set formatted = {} -%}
  {%- for column, value in row.items() -%}
    {%- set name = column | lower -%}
    {%- if name not in known -%}
      {%- do exceptions.raise_compiler_error(
            "Invalid column name: '" ~ column ~ "' in unit test fixture for '" ~ model.name
            ~ "'.\nAccepted columns for '" ~ model.name ~ "' are: "
            ~ (column_name_to_data_types.keys() | list)) -%}
    {%- endif -%}
    {%- set type = known[name] -%}
    {%- if value is none -%}
      {%- set literal = 'null' -%}
    {%- elif value is string -%}
      {%- set literal = string_literal(escape_single_quotes(value)) -%}
      {#- a text is never cut to the length that a column of texts reports -#}
      {%- if type.startswith('character varying(') -%}
        {%- set type = 'character varying' -%}
      {%- endif -%}
    {%- else -%}
      {%- set literal = value -%}
    {%- endif -%}
    {%- do formatted.update({name: safe_cast(literal, type) | trim}) -%}
  {%- endfor -%}
  {%- do return(formatted) -%}
{%- endmacro %}


{#- A place for adapters that must check fixtures first. -#}
{% macro validate_fixture_rows(rows, row_number) -%}
  {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro %}
