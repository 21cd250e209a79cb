{#- Snapshots: a table that keeps every version of a row, with the time it was valid. -#}

{% materialization snapshot, default %}
  {%- set strategy_name = config.get('strategy') -%}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set found = get_or_create_relation(database=model.database, schema=model.schema,
                                         identifier=model['alias'] or model['name'], type='table') -%}
  {%- set exists, target_relation = found[0], found[1] -%}
  {%- if not target_relation.is_table -%}
    {%- do exceptions.relation_wrong_type(target_relation, 'table') -%}
  {%- endif -%}
  {%- set grant_config = config.get('grants') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set make_strategy = strategy_dispatch(strategy_name) -%}
  {%- set strategy = make_strategy(model, 'snapshotted_data', 'source_data', model['config'], exists) -%}
  {%- do adapter.ensure_transaction() -%}

  {%- if not exists -%}
    {%- set first_sql = build_snapshot_table(strategy, model['compiled_code']) -%}
    {%- do weir__check_snapshot_times(first_sql) -%}
    {%- set final_sql = create_table_as(False, target_relation, first_sql) -%}
  {%- else -%}
    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- do adapter.assert_valid_snapshot_target_given_strategy(target_relation, columns, strategy) -%}
    {%- set staging = build_snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- do adapter.expand_target_column_types(from_relation=staging, to_relation=target_relation) -%}

    {#- columns that only the staging table has on purpose -#}
    {%- set own = ['dbt_change_type', 'dbt_unique_key'] -%}
    {%- if unique_key | is_list -%}
      {%- for _ in unique_key -%}
        {%- do own.append('dbt_unique_key_' ~ loop.index) -%}
      {%- endfor -%}
    {%- endif -%}

    {%- set missing = [] -%}
    {%- for column in adapter.get_missing_columns(staging, target_relation) if column.name | lower not in own -%}
      {%- do missing.append(column) -%}
    {%- endfor -%}
    {%- do create_columns(target_relation, missing) -%}

    {%- set insert_columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(staging) if column.name | lower not in own -%}
      {%- do insert_columns.append(column.quoted) -%}
    {%- endfor -%}
    {%- set final_sql = snapshot_merge_sql(target=target_relation, source=staging, insert_cols=insert_columns) -%}
  {%- endif -%}

  {%- call statement('main') -%}
    {{ final_sql }}
  {%- endcall -%}

  {%- do apply_grants(target_relation, grant_config,
                      should_revoke=should_revoke(exists, full_refresh_mode=False)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- if not exists -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {%- if staging is defined -%}
    {%- do post_snapshot(staging) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Names of the columns that a snapshot adds. -#}
{% macro get_snapshot_table_column_names() %}
  {{ return({'dbt_valid_to': 'dbt_valid_to', 'dbt_valid_from': 'dbt_valid_from', 'dbt_scd_id': 'dbt_scd_id',
             'dbt_updated_at': 'dbt_updated_at', 'dbt_is_deleted': 'dbt_is_deleted'}) }}
{% endmacro %}

{% macro create_columns(relation, columns) %}
  {{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}
{% endmacro %}

{% macro default__create_columns(relation, columns) %}
  {%- for column in columns -%}
    {%- call statement() -%}
      alter table {{ relation.render() }} add column {{ column.quoted }} {{ column.expanded_data_type }};
    {%- endcall -%}
  {%- endfor -%}
{% endmacro %}

{#- A place to clean up in. -#}
{% macro post_snapshot(staging_relation) %}
  {{ adapter.dispatch('post_snapshot', 'dbt')(staging_relation) }}
{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}
{% endmacro %}

{% macro get_true_sql() %}
  {{ adapter.dispatch('get_true_sql', 'dbt')() }}
{% endmacro %}

{% macro default__get_true_sql() %}
  {{ return('TRUE') }}
{% endmacro %}


{#- updated_at and the clock of the database should have one type, or times compare wrongly. -#}
{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {%- set wanted = (config.get('snapshot_table_column_names') or get_snapshot_table_column_names()).dbt_updated_at -%}
  {%- for column in get_column_schema_from_query(snapshot_sql) if column.column == wanted -%}
    {{ return(column.dtype) }}
  {%- endfor -%}
  {{ return(none) }}
{% endmacro %}

{% macro check_time_data_types(sql) %}
  {%- set given = get_updated_at_column_data_type(sql) -%}
  {%- set clock = get_snapshot_get_time_data_type() -%}
  {%- if clock is not none and given is not none and clock != given -%}
    {%- do exceptions.warn_snapshot_timestamp_data_types(clock, given) -%}
  {%- endif -%}
{% endmacro %}

{#- Without `updated_at` the clock itself is the column: nothing to compare. -#}
{% macro weir__check_snapshot_times(sql) -%}
  {%- if config.get('updated_at') -%}
    {%- do check_time_data_types(sql) -%}
  {%- endif -%}
{%- endmacro %}


{% macro snapshot_merge_sql(target, source, insert_cols) -%}
  {{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}
{%- endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set insert_csv = insert_cols | join(', ') %}
    merge into {{ target.render() }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}

    when matched
     and {{ weir__is_current('DBT_INTERNAL_DEST.', columns) }}
     and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        then update
        set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}

    when not matched
     and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
        then insert ({{ insert_csv }})
        values ({{ insert_csv }})
{% endmacro %}

{#- The version of a row that is valid now. -#}
{% macro weir__is_current(prefix, columns) -%}
  {%- set open_end = config.get('dbt_valid_to_current') -%}
  {%- set column = prefix ~ columns.dbt_valid_to -%}
  {%- if open_end -%}
    ( ({{ column }} = {{ open_end }}) or {{ column }} is null )
  {%- else -%}
    {{ column }} is null
  {%- endif -%}
{%- endmacro %}
