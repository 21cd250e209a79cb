{#- Incremental models in DuckDB: new rows go to a temporary table, then a strategy brings them in. -#}

{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set rebuild = existing is none or not existing.is_table or should_full_refresh() -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- if rebuild -%}
    {%- do weir__swap_in_table(target_relation, existing, compiled_code, model['language'],
                               alone=weir__stands_alone()) -%}
  {%- else -%}
    {%- do adapter.ensure_transaction() -%}
    {%- set fresh = make_temp_relation(target_relation) -%}
    {%- call statement('build_increment', language=model['language']) -%}
      {{- create_table_as(True, fresh, compiled_code, model['language']) -}}
    {%- endcall -%}
    {%- do weir__merge_increment(fresh, target_relation, existing, on_schema_change) -%}
    {%- do adapter.drop_relation(fresh) -%}
  {%- endif -%}

  {%- if rebuild -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do apply_grants(target_relation, config.get('grants'),
                      should_revoke=should_revoke(existing, full_refresh_mode=rebuild)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- do adapter.commit() -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}


{% macro duckdb__get_incremental_default_sql(arg_dict) %}
  {%- if arg_dict['unique_key'] -%}
    {%- do return(get_incremental_delete_insert_sql(arg_dict)) -%}
  {%- endif -%}
  {%- do return(get_incremental_append_sql(arg_dict)) -%}
{% endmacro %}


{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- if unique_key is sequence and unique_key is not string and unique_key is not mapping %}
    delete from {{ target }} as DBT_INCREMENTAL_TARGET
    using {{ source }}
    where (
      {%- for key in unique_key %}
        {{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}
        {{ 'and' if not loop.last }}
      {%- endfor %}
      {%- for predicate in incremental_predicates or [] %}
        and {{ predicate }}
      {%- endfor %}
    );
  {%- elif unique_key %}
    delete from {{ target }}
    where ({{ unique_key }}) in (
        select ({{ unique_key }})
        from {{ source }}
    )
    {%- for predicate in incremental_predicates or [] %}
      and {{ predicate }}
    {%- endfor %};
  {%- endif %}

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
    )
{%- endmacro %}


{#- One batch: rows of the window go, rows of the window come. The window is [start, end). -#}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) -%}
  {%- if arg_dict['unique_key'] -%}
    {%- do exceptions.raise_compiler_error(
          "microbatch incremental strategy does not support 'unique_key'. Microbatch runs delete+insert per batch based on 'event_time' and does not do key-based upserts. Remove 'unique_key' or use incremental_strategy='merge'.") -%}
  {%- endif -%}
  {%- set event_time = config.get('event_time') -%}
  {%- if not event_time -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") -%}
  {%- endif -%}
  {%- set batch = model.get('batch') -%}
  {%- if not batch or not batch.event_time_start or not batch.event_time_end -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires 'batch.event_time_start' and 'batch.event_time_end' to be set in the context") -%}
  {%- endif -%}
  {%- set target, source = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set window -%}
    {{ event_time }} >= '{{ batch.event_time_start }}' and {{ event_time }} < '{{ batch.event_time_end }}'
  {%- endset -%}
  {%- set predicates -%}
    {%- for predicate in normalize_incremental_predicates(arg_dict['incremental_predicates']) %}
      and ({{ predicate }})
    {%- endfor -%}
  {%- endset %}

    delete from {{ target }}
    where {{ window }}{{ predicates }};

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
        where {{ window }}
    )
{%- endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) -%}
  {%- if not incremental_predicates -%}
    {%- do return([]) -%}
  {%- elif incremental_predicates is string -%}
    {%- do return([incremental_predicates]) -%}
  {%- endif -%}
  {%- do return(incremental_predicates | list) -%}
{%- endmacro %}


{#- DuckDB changes one column a statement. -#}
{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- for column in add_columns or [] -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' add column '
                     ~ column.quoted ~ ' ' ~ column.expanded_data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' drop column ' ~ column.quoted) -%}
  {%- endfor -%}
{% endmacro %}

{#- One statement instead of add, copy, drop, rename, which DuckDB refuses to commit together. -#}
{% macro duckdb__alter_column_type(relation, column_name, new_column_type) -%}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation.render() }} alter column {{ adapter.quote(column_name) }} set data type {{ new_column_type }}
  {%- endcall -%}
{%- endmacro %}
