{#- Tables and table functions in DuckDB, and its hooks. How a table takes its place: swap.sql. -#}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}

  {%- if pre_hooks -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- endif -%}

  {%- do weir__swap_in_table(target_relation, existing, compiled_code, model['language'],
                             alone=weir__stands_alone()) -%}
  {%- do create_indexes(target_relation) -%}

  {%- if post_hooks -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- endif -%}
  {%- set grant_config = config.get('grants') -%}
  {%- if grant_config -%}
    {%- do apply_grants(target_relation, grant_config,
                        should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- endif -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- do adapter.commit() -%}
  {%- if post_hooks -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- endif -%}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- A view with parameters: DuckDB's table macro. -#}
{% materialization table_function, adapter='duckdb' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set parameters = config.get('parameters') or [] -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- call statement('main') -%}
    create or replace function {{ target_relation.render() }}(
      {{ parameters if parameters is string else parameters | join(', ') }}
    ) as table (
      {{ sql }}
    );
  {%- endcall -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Outside a transaction there is none to end: DuckDB needs no `commit;` before. -#}
{% macro run_hooks(hooks, inside_transaction=True) -%}
  {%- for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) -%}
    {%- set code = render(hook.get('sql')) | trim -%}
    {%- if code -%}
      {%- call statement(auto_begin=inside_transaction) -%}
        {{ code }}
      {%- endcall -%}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro %}
