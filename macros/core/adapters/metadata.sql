{#- Questions to the database's catalog that have no answer common to all databases. -#}

{% macro get_catalog_relations(information_schema, relations) -%}
  {{ return(adapter.dispatch('get_catalog_relations', 'dbt')(information_schema, relations)) }}
{%- endmacro %}

{% macro default__get_catalog_relations(information_schema, relations) -%}
  {%- do exceptions.raise_compiler_error(
        'get_catalog_relations not implemented for ' ~ adapter.type()) -%}
{%- endmacro %}

{% macro get_catalog(information_schema, schemas) -%}
  {{ return(adapter.dispatch('get_catalog', 'dbt')(information_schema, schemas)) }}
{%- endmacro %}

{% macro default__get_catalog(information_schema, schemas) -%}
  {%- do exceptions.raise_compiler_error('get_catalog not implemented for ' ~ adapter.type()) -%}
{% endmacro %}

{% macro get_catalog_for_single_relation(relation) %}
  {{ return(adapter.dispatch('get_catalog_for_single_relation', 'dbt')(relation)) }}
{% endmacro %}

{% macro default__get_catalog_for_single_relation(relation) %}
  {%- do exceptions.raise_not_implemented(
        'get_catalog_for_single_relation macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro list_relations_without_caching(schema_relation) %}
  {{ return(adapter.dispatch('list_relations_without_caching', 'dbt')(schema_relation)) }}
{% endmacro %}

{% macro default__list_relations_without_caching(schema_relation) %}
  {%- do exceptions.raise_not_implemented(
        'list_relations_without_caching macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro list_function_relations_without_caching(schema_relation) %}
  {{ return(adapter.dispatch('list_function_relations_without_caching', 'dbt')(schema_relation)) }}
{% endmacro %}

{% macro default__list_function_relations_without_caching(schema_relation) %}
  {%- do exceptions.raise_not_implemented(
        'list_function_relations_without_caching macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro get_relations() %}
  {{ return(adapter.dispatch('get_relations', 'dbt')()) }}
{% endmacro %}

{% macro default__get_relations() %}
  {%- do exceptions.raise_not_implemented(
        'get_relations macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro get_relation_last_modified(information_schema, relations) %}
  {{ return(adapter.dispatch('get_relation_last_modified', 'dbt')(information_schema, relations)) }}
{% endmacro %}

{% macro default__get_relation_last_modified(information_schema, relations) %}
  {%- do exceptions.raise_not_implemented(
        'get_relation_last_modified macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{#- Asks the database to check a statement without running it. -#}
{% macro validate_sql(sql) -%}
  {{ return(adapter.dispatch('validate_sql', 'dbt')(sql)) }}
{% endmacro %}

{% macro default__validate_sql(sql) -%}
  {%- call statement('validate_sql') -%}
    explain {{ sql }}
  {%- endcall -%}
  {{ return(load_result('validate_sql')) }}
{% endmacro %}
