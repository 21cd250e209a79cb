{#- A default for every adapter, so that a project's own `materialization view, default` takes its place;
    what differs between databases is dispatched. -#}

{%- materialization view, default -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}

  {%- if pre_hooks -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- endif -%}

  {%- do adapter.dispatch('weir__replace_view', 'dbt')(target_relation, existing, sql) -%}
  {%- set grant_config = config.get('grants') -%}
  {%- if grant_config -%}
    {%- do apply_grants(target_relation, grant_config,
                        should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- endif -%}
  {%- do persist_docs(target_relation, model) -%}

  {%- if post_hooks -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- endif -%}
  {%- do adapter.commit() -%}
  {%- if post_hooks -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- endif -%}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}


{% macro default__weir__replace_view(target_relation, existing_relation, code) -%}
  {%- do weir__replace_relation(target_relation, existing_relation, code) -%}
{%- endmacro %}
