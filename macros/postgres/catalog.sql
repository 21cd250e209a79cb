{#- What `docs generate` shows of the database: one row a column, from the system catalogue, since the
    standard's views know neither comments nor materialized views. -#}

{% macro postgres__get_catalog(information_schema, schemas) -%}
  {%- set places = [] -%}
  {%- for schema in schemas -%}
    {%- do places.append({'schema': schema}) -%}
  {%- endfor -%}
  {%- do return(postgres__get_catalog_relations(information_schema, places)) -%}
{%- endmacro %}

{#- relations: each has a schema; those without an identifier mean all of the schema. -#}
{% macro postgres__get_catalog_relations(information_schema, relations) -%}
  {{ adapter.verify_database(information_schema.database) }}
  {%- call statement('catalog', fetch_result=True) -%}
    select
        '{{ information_schema.database }}' as table_database,
        space.nspname as table_schema,
        class.relname as table_name,
        case class.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type,
        pg_catalog.obj_description(class.oid, 'pg_class') as table_comment,
        attribute.attname as column_name,
        attribute.attnum as column_index,
        pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as column_type,
        pg_catalog.col_description(class.oid, attribute.attnum) as column_comment,
        pg_catalog.pg_get_userbyid(class.relowner) as table_owner
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
    where class.relkind in ('r', 'p', 'f', 'v', 'm')
      and class.relpersistence <> 't'
      and (
      {%- for relation in relations %}
        {{ 'or ' if not loop.first }}(upper(space.nspname) = upper('{{ relation.schema }}')
        {%- if relation.identifier %} and upper(class.relname) = upper('{{ relation.identifier }}'){% endif -%}
        )
      {%- endfor %}
      )
    order by table_schema, table_name, column_index
  {%- endcall -%}
  {%- do return(load_result('catalog').table) -%}
{%- endmacro %}
