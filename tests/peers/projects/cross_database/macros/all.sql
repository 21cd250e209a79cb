{% macro get_column_names_from(columns) %}{{ return(columns | map(attribute='name') | join('/')) }}{% endmacro %}
{# white space and the case of words are nobody's interface #}
{% macro show(text) %}{{ print((text | string).split() | join(' ') | lower | replace('( ', '(') | replace(' )', ')')
  | replace(', ', ',') | replace(' ;', ';') | replace('-- back compat for old kwarg name ', '')) }}{% endmacro %}
{% macro says() %}
  {% set there = api.Relation.create(database='warehouse', schema='a', identifier='b', type='table') %}
  {% set columns = [api.Column('id', 'int'), api.Column('v', 'int')] %}
  {% do show(dbt.get_grant_sql(there, 'select', ['x', 'y'])) %}
  {% do show(dbt.get_revoke_sql(there, 'select', ['x'])) %}
  {% do show(dbt.copy_grants()) %}
  {% do show(dbt.support_multiple_grantees_per_dcl_statement()) %}
  {% do show(dbt.should_revoke(there, true)) %}
  {% do show(dbt.get_limit_subquery_sql('select 1', 5)) %}
  {% do show(dbt.make_intermediate_relation(there)) %}
  {% do show(dbt.make_backup_relation(there, 'view')) %}
  {% do show(dbt.get_merge_update_columns(none, ['ID'], columns)) %}
  {% do show(dbt.get_merge_update_columns(['v'], none, columns)) %}
  {% do show(dbt.get_merge_sql(there, 'src', 'id', columns, none)) %}
  {% do show(dbt.default__get_merge_sql(there, 'src', ['id', 'v'], columns, ['a > 1'])) %}
  {% do show(dbt.default__get_merge_sql(there, 'src', none, columns, none)) %}
  {% do show(dbt.get_delete_insert_merge_sql(there, 'src', ['id', 'v'], columns, none)) %}
  {% do show(dbt.default__get_delete_insert_merge_sql(there, 'src', 'id', columns, ['v > 1'])) %}
  {% do show(dbt.get_insert_overwrite_merge_sql(there, 'src', columns, none)) %}
  {% do show(dbt.get_insert_into_sql(there, 'src', columns)) %}
  {% do show(dbt.get_drop_sql(there)) %}
  {% do show(dbt.drop_schema_named is defined) %}
  {% do show(dbt.get_seed_column_quoted_csv is defined) %}
  {% do show(dbt.get_binding_char()) %}
  {% do show(dbt.get_batch_size()) %}
  {% do show(dbt.get_csv_sql('a', 'b')) %}
  {% do show(dbt.information_schema_name('warehouse')) %}
  {% do show(dbt.generate_alias_name('x', none)) %}
  {% do show(dbt.incremental_validate_on_schema_change('fail')) %}
  {% do show(dbt.incremental_validate_on_schema_change('odd')) %}
  {% do show(dbt.diff_column_data_types(columns, [api.Column('id', 'bigint')])) %}
  {% do show(dbt.statement is defined) %}
  {% do show(dbt.noop_statement is defined) %}
  {% do show(dbt.get_unit_test_sql('select 1', 'select 2', ['a', 'b'])) %}
  {% do show(dbt.get_test_sql('select 1', 'count(*)', '> 1', '!= 0', 10)) %}
  {% do show(dbt.create_schema is defined) %}
{% endmacro %}
