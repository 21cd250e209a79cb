{#- Schemas and what is in them. A connection sees one database: other names are refused. -#}

{#- The schema's name alone; another database than the connection's is refused. -#}
{% macro weir__schema_here(place) -%}
  {%- do place.database and adapter.verify_database(place.database) -%}
  {{ return(place.include(database=False, identifier=False)) }}
{%- endmacro %}

{% macro postgres__create_schema(relation) -%}
  {%- set schema = weir__schema_here(relation) -%}
  {%- call statement('create_schema') %} create schema if not exists {{ schema }} {%- endcall -%}
{% endmacro %}

{% macro postgres__drop_schema(relation) -%}
  {%- set schema = weir__schema_here(relation) -%}
  {%- call statement('drop_schema') %} drop schema if exists {{ schema }} cascade {%- endcall -%}
{% endmacro %}

{% macro postgres__information_schema_name(database) -%}
  information_schema
{%- endmacro %}

{% macro postgres__list_schemas(database) %}
  {%- if database -%}
    {{ adapter.verify_database(database) }}
  {%- endif -%}
  {%- call statement('list_schemas', fetch_result=True, auto_begin=False) -%}
    select nspname from pg_catalog.pg_namespace
  {%- endcall -%}
  {%- do return(load_result('list_schemas').table) -%}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) -%}
  {%- if information_schema.database -%}
    {{ adapter.verify_database(information_schema.database) }}
  {%- endif -%}
  {%- call statement('check_schema_exists', fetch_result=True, auto_begin=False) -%}
    select count(*) from pg_catalog.pg_namespace where nspname = '{{ schema }}'
  {%- endcall -%}
  {%- do return(load_result('check_schema_exists').table) -%}
{% endmacro %}

{#- Tables (also partitioned and foreign ones are relations of the schema, but dbt lists plain and
    partitioned tables, views, materialized views and functions). -#}
{% macro postgres__list_relations_without_caching(schema_relation) %}
  {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    select
        '{{ schema_relation.database }}' as database,
        object.name,
        space.nspname as schema,
        object.type
    from pg_catalog.pg_namespace as space
    join (
        select
            relnamespace as space_id,
            relname as name,
            case relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
        from pg_catalog.pg_class
        where relkind in ('r', 'p', 'v', 'm')
        union
        select pronamespace, proname, 'function' from pg_catalog.pg_proc
    ) as object on object.space_id = space.oid
    where space.nspname ilike '{{ schema_relation.schema }}'
    order by object.type = 'function'
  {%- endcall -%}
  {%- do return(load_result('list_relations_without_caching').table) -%}
{% endmacro %}

{#- Which view stands on which relation: dropping the one drops the other. Postgres notes it for the rule
    that a view is (pg_rewrite), a row a column. -#}
{% macro postgres__get_relations() -%}
  {%- call statement('relations', fetch_result=True) -%}
    select
        above_space.nspname as dependent_schema,
        above.relname as dependent_name,
        below_space.nspname as referenced_schema,
        below.relname as referenced_name
    from (
        select distinct rule.ev_class as above_id, depend.refobjid as below_id
        from pg_catalog.pg_rewrite as rule
        join pg_catalog.pg_depend as depend
            on depend.classid = 'pg_catalog.pg_rewrite'::regclass
            and depend.objid = rule.oid
            and depend.refclassid = 'pg_catalog.pg_class'::regclass
            and depend.refobjid <> rule.ev_class
    ) as pair
    join pg_catalog.pg_class as above on above.oid = pair.above_id
    join pg_catalog.pg_namespace as above_space on above_space.oid = above.relnamespace
    join pg_catalog.pg_class as below on below.oid = pair.below_id
    join pg_catalog.pg_namespace as below_space on below_space.oid = below.relnamespace
    where below_space.nspname <> 'information_schema'
      and left(below_space.nspname, 3) <> 'pg_'
    order by 1, 2, 3, 4
  {%- endcall -%}
  {%- do return(load_result('relations').table) -%}
{% endmacro %}

{% macro postgres_get_relations() %}
  {%- do return(postgres__get_relations()) -%}
{% endmacro %}
