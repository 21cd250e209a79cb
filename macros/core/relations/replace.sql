{#- SQL that puts a new relation in the place of another one. -#}

{% macro get_replace_sql(existing_relation, target_relation, sql) %}
  {{- log('Applying REPLACE to: ' ~ target_relation) -}}
  {{- adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql) -}}
{% endmacro %}

{#- In place where the kind of relation allows it; otherwise the side that can be renamed moves away. -#}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
  {%- set same_kind = existing_relation.type == target_relation.type -%}
  {%- if same_kind and existing_relation.can_be_replaced and target_relation.is_table -%}
    {{ get_replace_table_sql(target_relation, sql) }}
  {%- elif same_kind and existing_relation.can_be_replaced and target_relation.is_view -%}
    {{ get_replace_view_sql(target_relation, sql) }}
  {%- elif same_kind and existing_relation.can_be_replaced and target_relation.is_materialized_view -%}
    {{ get_replace_materialized_view_sql(target_relation, sql) }}
  {%- elif target_relation.can_be_renamed and existing_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }};
    {{ get_drop_backup_sql(existing_relation) }}
  {%- elif target_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_drop_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }}
  {%- elif existing_relation.can_be_renamed -%}
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }};
    {{ get_drop_backup_sql(existing_relation) }}
  {%- else -%}
    {{ get_drop_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }}
  {%- endif -%}
{% endmacro %}


{% macro get_replace_table_sql(relation, sql) -%}
  {{- adapter.dispatch('get_replace_table_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro default__get_replace_table_sql(relation, sql) -%}
  {{ exceptions.raise_compiler_error('`get_replace_table_sql` has not been implemented for this adapter.') }}
{%- endmacro %}

{% macro get_replace_view_sql(relation, sql) -%}
  {{- adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro default__get_replace_view_sql(relation, sql) -%}
  {{ exceptions.raise_compiler_error('`get_replace_view_sql` has not been implemented for this adapter.') }}
{%- endmacro %}

{% macro get_replace_materialized_view_sql(relation, sql) -%}
  {{- adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro default__get_replace_materialized_view_sql(relation, sql) -%}
  {{ exceptions.raise_compiler_error('`get_replace_materialized_view_sql` has not been implemented for this adapter.') }}
{%- endmacro %}


{#- For adapters whose view materialization is one `create or replace view`. -#}
{% macro create_or_replace_view() %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {{ run_hooks(pre_hooks) }}

  {%- if existing is not none and not existing.is_view -%}
    {%- do handle_existing_table(should_full_refresh(), existing) -%}
  {%- endif -%}
  {%- call statement('main') -%}
    {{ get_create_view_as_sql(target_relation, sql) }}
  {%- endcall -%}
  {%- do apply_grants(target_relation, config.get('grants'),
                      should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}

  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target_relation]}) }}
{% endmacro %}

{#- A table stands where a view shall go. -#}
{% macro handle_existing_table(full_refresh, old_relation) %}
  {{ adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation) }}
{% endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) %}
  {{ log('Dropping relation ' ~ old_relation.render() ~ ' because it is of type ' ~ old_relation.type) }}
  {{ adapter.drop_relation(old_relation) }}
{% endmacro %}
