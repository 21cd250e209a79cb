{#- Snapshots in DuckDB: the scratch table is temporary, so nothing is left of it but in this session. -#}

{% macro duckdb__snapshot_string_as_time(timestamp) -%}
  {{ return("'" ~ timestamp ~ "'::timestamp") }}
{%- endmacro %}

{% macro duckdb__snapshot_get_time() -%}
    {{ current_timestamp() }}::timestamp
{%- endmacro %}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
  {{- weir__close_and_add_versions(target, source, insert_cols) -}}
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
