{#- Every table that has a key, with the kinds it has: asked once a run, for
    adapter.existing_key_constraint_types(). -#}
{% macro weir__key_constraint_kinds() -%}
  {%- do return(run_query(
        "select distinct lower(database_name || '.' || schema_name || '.' || table_name) as place,
                lower(replace(constraint_type, ' ', '_')) as kind
         from duckdb_constraints()
         where constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
         order by 1, 2")) -%}
{%- endmacro %}
