{#- on_schema_change: what happens when an incremental model's columns are no longer those of its table. -#}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {%- if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] -%}
    {{ return(on_schema_change) }}
  {%- endif -%}
  {%- do log('Invalid value for on_schema_change (' ~ on_schema_change
             ~ ') specified. Setting default value of ' ~ default ~ '.') -%}
  {{ return(default) }}
{% endmacro %}


{% macro check_for_schema_changes(source_relation, target_relation) %}
  {{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {%- set new = adapter.get_columns_in_relation(source_relation) -%}
  {%- set old = adapter.get_columns_in_relation(target_relation) -%}
  {%- set added, removed = diff_columns(new, old), diff_columns(old, new) -%}
  {%- set retyped = diff_column_data_types(new, old) -%}
  {%- set changes = {
        'schema_changed': (added or removed or retyped) | length > 0,
        'source_not_in_target': added,
        'target_not_in_source': removed,
        'source_columns': new,
        'target_columns': old,
        'new_target_types': retyped
      } -%}
  {%- if changes['schema_changed'] -%}
    {%- do log('In ' ~ target_relation ~ ':\n    Schema changed: True'
               ~ '\n    Source columns not in target: ' ~ added
               ~ '\n    Target columns not in source: ' ~ removed
               ~ '\n    New column types: ' ~ retyped) -%}
  {%- endif -%}
  {{ return(changes) }}
{% endmacro %}


{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {%- set added = schema_changes_dict['source_not_in_target'] -%}
  {%- set removed, retyped = [], [] -%}
  {%- if on_schema_change == 'append_new_columns' -%}
    {%- if added -%}
      {%- do alter_relation_add_remove_columns(target_relation, added, none) -%}
    {%- endif -%}
  {%- elif on_schema_change == 'sync_all_columns' -%}
    {%- set removed = schema_changes_dict['target_not_in_source'] -%}
    {%- set retyped = schema_changes_dict['new_target_types'] -%}
    {%- if added or removed -%}
      {%- do alter_relation_add_remove_columns(target_relation, added, removed) -%}
    {%- endif -%}
    {%- for change in retyped -%}
      {%- do alter_column_type(target_relation, change['column_name'], change['new_type']) -%}
    {%- endfor -%}
  {%- endif -%}
  {%- do log('In ' ~ target_relation ~ ':\n    Schema change approach: ' ~ on_schema_change
             ~ '\n    Columns added: ' ~ added ~ '\n    Columns removed: ' ~ removed
             ~ '\n    Data types changed: ' ~ retyped) -%}
{% endmacro %}


{#- The columns to write, or {} when they are those of the table. -#}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}
{% endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {%- if on_schema_change == 'ignore' -%}
    {{ return({}) }}
  {%- endif -%}
  {%- set changes = check_for_schema_changes(source_relation, target_relation) -%}
  {%- if changes['schema_changed'] -%}
    {%- if on_schema_change == 'fail' -%}
      {%- do exceptions.raise_compiler_error(weir__schema_change_message(changes)) -%}
    {%- endif -%}
    {%- do sync_column_schemas(on_schema_change, target_relation, changes) -%}
  {%- endif -%}
  {{ return(changes['source_columns']) }}
{% endmacro %}

{% macro weir__schema_change_message(changes) -%}
The source and target schemas on this incremental model are out of sync!
`on_schema_change: fail` stops here. To go on, let the table follow the query (append_new_columns or
sync_all_columns), build it anew with --full-refresh, or alter it by hand.
  in the query only: {{ changes['source_not_in_target'] | map(attribute='name') | join(', ') or 'nothing' }}
  in the table only: {{ changes['target_not_in_source'] | map(attribute='name') | join(', ') or 'nothing' }}
  other types: {{ changes['new_target_types'] or 'none' }}
{%- endmacro %}
