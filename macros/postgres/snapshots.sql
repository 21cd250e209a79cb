{#- Snapshots: versions that end are closed, then new ones are added. -#}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
  {{- weir__close_and_add_versions(target, source, insert_cols) -}}
{%- endmacro %}
