{#- Comparing columns, naming columns. -#}

{% macro get_quoted_csv(column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}
    {%- do quoted.append(adapter.quote(name)) -%}
  {%- endfor -%}
  {{ return(quoted | join(', ')) }}
{% endmacro %}

{#- Columns of the first list whose names the second does not have. -#}
{% macro diff_columns(source_columns, target_columns) %}
  {%- set known = target_columns | map(attribute='column') | list -%}
  {{ return(source_columns | rejectattr('column', 'in', known) | list) }}
{% endmacro %}

{#- [{column_name, new_type}]: same name, another type that the target cannot grow into. -#}
{% macro diff_column_data_types(source_columns, target_columns) %}
  {{ return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) }}
{% endmacro %}

{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {%- set changed = [] -%}
  {%- for new in source_columns -%}
    {%- set old = target_columns | selectattr('name', 'equalto', new.name) | list | first -%}
    {%- if old and new.data_type != old.data_type and not new.can_expand_to(other_column=old) -%}
      {%- do changed.append({'column_name': old.name, 'new_type': new.data_type}) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(changed) }}
{% endmacro %}

{#- Columns that a merge updates, by the merge_update_columns and merge_exclude_columns configs. -#}
{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {{ return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) }}
{% endmacro %}

{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {%- if merge_update_columns and merge_exclude_columns -%}
    {%- do exceptions.raise_compiler_error(
          'Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config') -%}
  {%- elif merge_update_columns -%}
    {{ return(merge_update_columns) }}
  {%- endif -%}
  {%- set left_out = merge_exclude_columns | default([], true) | map('lower') | list -%}
  {%- set chosen = [] -%}
  {%- for column in dest_columns if column.column | lower not in left_out -%}
    {%- do chosen.append(column.quoted) -%}
  {%- endfor -%}
  {{ return(chosen) }}
{% endmacro %}
