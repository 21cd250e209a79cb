{#- Unit tests: a model's query over given rows, compared with expected rows. -#}

{%- materialization unit, default -%}
  {%- set expected_sql = config.get('expected_sql') -%}
  {%- set expected_rows = config.get('expected_rows') -%}

  {#- the types of the model's columns decide how the expected values are cast -#}
  {%- set probe = make_temp_relation(this.incorporate(type='table')) -%}
  {%- do run_query(get_create_table_as_sql(True, probe, get_empty_subquery_sql(sql))) -%}
  {%- set types, quoted = {}, {} -%}
  {%- for column in adapter.get_columns_in_relation(probe) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}

  {#- the first expected row names what is compared; without rows it is all -#}
  {%- set names = [] -%}
  {%- set compared = (expected_rows | first).keys() if expected_rows else get_columns_in_query(sql) -%}
  {%- for name in compared -%}
    {%- do names.append(quoted[name | lower]) -%}
  {%- endfor -%}
  {%- if not expected_sql -%}
    {%- set expected_sql = get_expected_sql(expected_rows, types, quoted) -%}
  {%- endif -%}

  {%- call statement('main', fetch_result=True) -%}
    {{ config.get('sql_header', '') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS }}
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
    {{ expected_column_names | join(',') ~ ', ' if expected_column_names }}{{ dbt.string_literal('actual') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    {{ expected_column_names | join(',') ~ ', ' if expected_column_names }}{{ dbt.string_literal('expected') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}


{#- Rows given for an input: cast to the types of the real relation; columns not given are null.
    The text is the peer's to the byte: compiled files of both can be compared. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
-- Fixture for {{ model.name }}
{%- set types, quoted, blank = column_name_to_data_types, {}, {} -%}
{%- if not types -%}
  {%- set relation = defer_relation if defer_relation and not load_relation(this) else this -%}
  {%- set types = {} -%}
  {%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}
{%- endif -%}
{%- if not types -%}
  {%- do exceptions.raise_compiler_error(
        "Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this
        ~ " because the relation doesn't exist") -%}
{%- endif -%}
{%- for column in types -%}
  {%- do blank.update({column: safe_cast('null', types[column]) | trim}) -%}
{%- endfor -%}
{%- do validate_fixture_rows(rows, 0) %}
{% for row in rows -%}
  {%- set full = blank.copy() -%}
  {%- do full.update(format_row(row, types)) -%}
select
  {%- for column, value in full.items() %} {{ value }} as {{ quoted[column] or adapter.quote(column) }}{{ ',' if not loop.last }}
  {%- endfor -%}
  {{ '\nunion all\n' if not loop.last }}
{%- endfor -%}
{%- if (rows | length) == 0 -%}
select
  {%- for column, value in blank.items() %} {{ value }} as {{ quoted[column] or adapter.quote(column) }}{{ ',' if not loop.last }}
  {%- endfor %}
    limit 0
{%- endif -%}
{% endmacro %}


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
      {%- set fixture = 'expected output' if model.resource_type == 'unit_test'
            else "'" ~ model.name ~ "'" -%}
      {%- do exceptions.raise_compiler_error(
            "Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ fixture
            ~ ".\nAccepted columns for " ~ fixture ~ " are: " ~ (known.keys() | list)) -%}
    {%- endif -%}
    {%- set type = known[name] -%}
    {%- if value is none -%}
      {%- set literal = 'null' -%}
    {%- elif value is string -%}
      {%- set literal = string_literal(escape_single_quotes(value)) -%}
      {#- a text is never cut to the length that a column of texts reports -#}
      {%- if 'varying' in type -%}
        {%- set type = type.split('(')[0] -%}
      {%- endif -%}
    {%- else -%}
      {%- set literal = value -%}
    {%- endif -%}
    {%- do formatted.update({name: safe_cast(literal, type)}) -%}
  {%- endfor -%}
  {%- do return(formatted) -%}
{%- endmacro %}


{#- A place for adapters that must check fixtures first. -#}
{% macro validate_fixture_rows(rows, row_number) -%}
  {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro %}
