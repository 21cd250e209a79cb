{#- Finding relations, and naming the ones that stand beside a relation for a while. -#}

{#- The relation as the cache knows it, or none. -#}
{% macro load_cached_relation(relation) -%}
  {%- do return(adapter.get_relation(database=relation.database, schema=relation.schema,
                                     identifier=relation.identifier)) -%}
{%- endmacro %}

{#- Older name of the same. -#}
{% macro load_relation(relation) -%}
  {%- do return(load_cached_relation(relation)) -%}
{%- endmacro %}


{#- [exists already, relation] -#}
{% macro get_or_create_relation(database, schema, identifier, type) -%}
  {{ return(adapter.dispatch('get_or_create_relation', 'dbt')(database, schema, identifier, type)) }}
{%- endmacro %}

{% macro default__get_or_create_relation(database, schema, identifier, type) -%}
  {%- set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
  {%- if found -%}
    {%- do return([true, found]) -%}
  {%- endif -%}
  {%- do return([false, api.Relation.create(database=database, schema=schema,
                                            identifier=identifier, type=type)]) -%}
{%- endmacro %}


{#- Built here first, then renamed to its real name. -#}
{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') -%}
  {{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}
{%- endmacro %}

{% macro default__make_intermediate_relation(base_relation, suffix) -%}
  {{ return(default__make_temp_relation(base_relation, suffix)) }}
{%- endmacro %}

{#- Scratch of one build. -#}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
  {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, suffix)) }}
{%- endmacro %}

{% macro default__make_temp_relation(base_relation, suffix) -%}
  {%- do return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) -%}
{%- endmacro %}

{#- Where the old relation waits while the new one takes its name. -#}
{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') -%}
  {{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}
{%- endmacro %}

{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) -%}
  {%- do return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix},
                                          type=backup_relation_type)) -%}
{%- endmacro %}


{% macro truncate_relation(relation) -%}
  {{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__truncate_relation(relation) -%}
  {%- call statement('truncate_relation') -%}
    truncate table {{ relation.render() }}
  {%- endcall -%}
{%- endmacro %}
