{#- Schemas and what is in them. Names compare without case, as DuckDB does. -#}

{#- Several runs may make the same schema at once; `if not exists` and a catalog that forbids it
    (attached databases of other kinds) are told apart by the database's type. -#}
{% macro duckdb__create_schema(relation) -%}
  {%- set query -%}
    select type from duckdb_databases()
    where lower(database_name) = '{{ relation.database | lower }}'
      and type != 'duckdb'
  {%- endset -%}
  {%- set foreign = run_query(query) -%}
  {%- set plain_schema = foreign is none or foreign.rows | length == 0
                         or foreign.rows[0][0] not in ['sqlite'] -%}
  {%- if plain_schema -%}
    {%- call statement('create_schema') -%}
      create schema if not exists {{ relation.without_identifier() }}
    {%- endcall -%}
  {%- elif relation.schema != 'main' -%}
    {%- do exceptions.raise_compiler_error(
          'Schema must be "main" when writing to ' ~ foreign.rows[0][0] ~ ' instead got ' ~ relation.schema) -%}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
  {%- endcall -%}
{%- endmacro %}

{% macro duckdb__list_schemas(database) -%}
  {%- set query -%}
    select schema_name
    from system.information_schema.schemata
    {% if database is not none %}
    where lower(catalog_name) = '{{ database | lower | replace('"', '') }}'
    {% endif %}
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) -%}
  {%- set query -%}
    select count(*)
    from system.information_schema.schemata
    where lower(schema_name) = '{{ schema | lower }}'
      and lower(catalog_name) = '{{ information_schema.database | lower }}'
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}

{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {%- call statement('list_relations_without_caching', fetch_result=True, auto_begin=False) -%}
    select
        '{{ schema_relation.database }}' as database,
        table_name as name,
        table_schema as schema,
        case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_schema) = '{{ schema_relation.schema | lower }}'
      and lower(table_catalog) = '{{ schema_relation.database | lower }}'
  {%- endcall -%}
  {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}
