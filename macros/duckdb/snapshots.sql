{#- Snapshots in DuckDB: the scratch table is temporary, so nothing is left of it but in this session. -#}

{% macro duckdb__snapshot_string_as_time(timestamp) -%}
  {{ return("'" ~ timestamp ~ "'::timestamp") }}
{%- endmacro %}

{% macro duckdb__snapshot_get_time() -%}
    {{ current_timestamp() }}::timestamp
{%- endmacro %}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
    update {{ target }} as DBT_INTERNAL_TARGET
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update', 'delete')
      and {{ weir__is_current('DBT_INTERNAL_TARGET.', columns) }};

    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select
    {%- for column in insert_cols %}
        DBT_INTERNAL_SOURCE.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert';
{%- endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set scratch = make_temp_relation(target_relation) -%}
  {%- set select = snapshot_staging_table(strategy, sql, target_relation) -%}
  {%- do weir__check_snapshot_times(select) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(True, scratch, select) }}
  {%- endcall -%}
  {%- do return(scratch) -%}
{% endmacro %}

{% macro duckdb__post_snapshot(temporary_relation) %}
  {%- do drop_relation_if_exists(temporary_relation) -%}
{% endmacro %}
