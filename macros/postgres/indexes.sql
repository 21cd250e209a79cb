{#- Indexes of tables and of materialized views. -#}

{% macro postgres__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
    create {{ 'unique ' if index.unique }}index if not exists "{{ index.render(relation) }}"
    on {{ relation }} {{ 'using ' ~ index.type if index.type }}
    ({{ index.columns | join(', ') }})
{%- endmacro %}

{%- macro postgres__get_drop_index_sql(relation, index_name) -%}
    drop index if exists "{{ relation.schema }}"."{{ index_name }}"
{%- endmacro -%}

{#- One row an index: name, method, unique, and its columns with commas. -#}
{% macro postgres__get_show_indexes_sql(relation) %}
    select
        index_class.relname as name,
        method.amname as method,
        index_of.indisunique as "unique",
        string_agg(attribute.attname, ',' order by attribute.attnum) as column_names
    from pg_catalog.pg_index as index_of
    join pg_catalog.pg_class as index_class on index_class.oid = index_of.indexrelid
    join pg_catalog.pg_am as method on method.oid = index_class.relam
    join pg_catalog.pg_class as owner on owner.oid = index_of.indrelid and owner.relkind in ('r', 'm')
    join pg_catalog.pg_namespace as space on space.oid = owner.relnamespace
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = owner.oid and attribute.attnum = any (index_of.indkey)
    where owner.relname = '{{ relation.identifier }}'
      and space.nspname = '{{ relation.schema }}'
    group by 1, 2, 3
    order by 1, 2, 3
{% endmacro %}
