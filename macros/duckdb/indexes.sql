{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
    create {{ 'unique ' if index.unique }}index
    {{ adapter.quote(index.render(relation)) }}
    on {{ relation.render() }}
    ({{ index.columns | join(', ') }});
{%- endmacro %}

{#- An index stands in the way of some changes to its table. -#}
{% macro drop_indexes_on_relation(relation) -%}
  {%- set query -%}
    select index_name
    from duckdb_indexes()
    where database_name = '{{ relation.database }}'
      and schema_name = '{{ relation.schema }}'
      and table_name = '{{ relation.identifier }}'
  {%- endset -%}
  {%- set found = run_query(query) -%}
  {%- for row in found or [] -%}
    {%- do run_query('drop index ' ~ adapter.quote(relation.database) ~ '.' ~ adapter.quote(relation.schema)
                     ~ '.' ~ adapter.quote(row[0])) -%}
  {%- endfor -%}
{%- endmacro %}
