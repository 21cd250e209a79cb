{#- Incremental models: the first run builds the table, later runs add to it. -#}

{% macro is_incremental() %}
  {%- if not execute -%}
    {{ return(False) }}
  {%- endif -%}
  {%- set existing = load_relation(this) -%}
  {{ return(existing is not none and existing.type == 'table'
            and model.config.materialized == 'incremental' and not should_full_refresh()) }}
{% endmacro %}


{% materialization incremental, default -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set rebuild = existing is none or existing.is_view or should_full_refresh() -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {#- a strategy that does not exist is told before anything is done, also when it is not needed yet -#}
  {%- do adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- if existing is none -%}
    {%- do adapter.ensure_transaction() -%}
    {%- call statement('main') -%}
      {{ get_create_table_as_sql(False, target_relation, sql) }}
    {%- endcall -%}
  {%- elif rebuild -%}
    {%- do weir__replace_relation(target_relation, existing, sql) -%}
  {%- else -%}
    {%- do adapter.ensure_transaction() -%}
    {%- set fresh = make_temp_relation(target_relation) -%}
    {%- do run_query(get_create_table_as_sql(True, fresh, sql)) -%}
    {%- do weir__merge_increment(fresh, target_relation, existing, on_schema_change) -%}
    {%- do adapter.drop_relation(fresh) -%}
  {%- endif -%}

  {%- do apply_grants(target_relation, config.get('grants'),
                      should_revoke=should_revoke(existing, full_refresh_mode=rebuild)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- if rebuild or not existing.is_table -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}


{#- The 'main' statement of a later run: `fresh` holds the new rows. -#}
{% macro weir__merge_increment(fresh, target_relation, existing_relation, on_schema_change) -%}
  {%- if not config.get('contract').enforced -%}
    {%- do adapter.expand_target_column_types(from_relation=fresh, to_relation=target_relation) -%}
  {%- endif -%}
  {%- set columns = process_schema_changes(on_schema_change, fresh, existing_relation) -%}
  {%- if not columns -%}
    {%- set columns = adapter.get_columns_in_relation(existing_relation) -%}
  {%- endif -%}

  {%- set strategy = config.get('incremental_strategy') or 'default' -%}
  {%- set get_strategy_sql = adapter.get_incremental_strategy_macro(context, strategy) -%}
  {%- call statement('main') -%}
    {{ get_strategy_sql({
         'target_relation': target_relation,
         'temp_relation': fresh,
         'unique_key': config.get('unique_key'),
         'dest_columns': columns,
         'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none)
       }) }}
  {%- endcall -%}
{%- endmacro %}
