{#- Kinds of key that a table has: asked by adapter.existing_key_constraint_types(). -#}
{% macro weir__key_constraint_kinds(relation) -%}
  {%- set found = run_query(
        "select distinct lower(replace(constraint_type, ' ', '_')) as kind
         from duckdb_constraints()
         where constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
           and lower(database_name) = lower('" ~ adapter.escape_sql_string(relation.database) ~ "')
           and lower(schema_name) = lower('" ~ adapter.escape_sql_string(relation.schema) ~ "')
           and lower(table_name) = lower('" ~ adapter.escape_sql_string(relation.identifier) ~ "')
         order by 1") -%}
  {%- do return(found.columns[0].values() | list) -%}
{%- endmacro %}
