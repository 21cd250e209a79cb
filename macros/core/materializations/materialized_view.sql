{#- Materialized views: create, replace, alter or refresh, whatever the change asks for. -#}

{% materialization materialized_view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type=this.MaterializedView) -%}
  {%- set beside = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, existing.type if existing else target_relation.type) -%}

  {{ materialized_view_setup(backup, beside, pre_hooks) }}
  {%- set build_sql = materialized_view_get_build_sql(existing, target_relation, backup, beside) -%}
  {%- if build_sql | trim -%}
    {{ materialized_view_execute_build_sql(build_sql, existing, target_relation, post_hooks) }}
  {%- else -%}
    {{ materialized_view_execute_no_op(target_relation) }}
  {%- endif -%}
  {{ materialized_view_teardown(backup, beside, post_hooks) }}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro materialized_view_setup(backup_relation, intermediate_relation, pre_hooks) %}
  {#- what an interrupted build of an older program left behind -#}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(intermediate_relation)) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
{% endmacro %}

{% macro materialized_view_teardown(backup_relation, intermediate_relation, post_hooks) %}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(intermediate_relation)) -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
{% endmacro %}

{#- The SQL for this run; '' when nothing is to be done. -#}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
  {%- if existing_relation is none -%}
    {{ return(get_create_materialized_view_as_sql(target_relation, sql)) }}
  {%- elif should_full_refresh() or not existing_relation.is_materialized_view -%}
    {{ return(get_replace_sql(existing_relation, target_relation, sql)) }}
  {%- endif -%}

  {%- set policy = config.get('on_configuration_change') -%}
  {%- set changes = get_materialized_view_configuration_changes(existing_relation, config) -%}
  {%- if changes is none -%}
    {{ return(refresh_materialized_view(target_relation)) }}
  {%- elif policy == 'apply' -%}
    {{ return(get_alter_materialized_view_as_sql(target_relation, changes, sql, existing_relation,
                                                 backup_relation, intermediate_relation)) }}
  {%- endif -%}

  {%- set notice = 'Configuration changes were identified and `on_configuration_change` was set to `'
                   ~ policy ~ '` for `' ~ target_relation.render() ~ '`' -%}
  {%- if policy == 'continue' -%}
    {%- do exceptions.warn(notice) -%}
    {{ return('') }}
  {%- elif policy == 'fail' -%}
    {%- do exceptions.raise_fail_fast_error(notice) -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error('Unexpected configuration scenario') -%}
  {%- endif -%}
{% endmacro %}

{% macro materialized_view_execute_no_op(target_relation) %}
  {%- do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') -%}
{% endmacro %}

{% macro materialized_view_execute_build_sql(build_sql, existing_relation, target_relation, post_hooks) %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- call statement(name='main') -%}
    {{ build_sql }}
  {%- endcall -%}
  {%- do apply_grants(target_relation, config.get('grants'),
                      should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
{% endmacro %}
