{#- How the rows of a Python model become a table: statements that weir runs over them. In these, __weir_rows__ stands for
    the rows and __weir_no_rows__ for none of them. -#}
{% macro py_write_table(temporary, relation, compiled_code, partitioned_by=none, sorted_by=none) -%}
  {%- set statements = [] -%}
  {%- if temporary -%}
    {%- do statements.append('create temporary table ' ~ relation.include(database=false, schema=false)
                             ~ ' as select * from __weir_rows__') -%}
  {%- elif partitioned_by or sorted_by -%}
    {%- do statements.append('create or replace table ' ~ relation ~ ' as select * from __weir_no_rows__') -%}
    {%- if partitioned_by -%}
      {%- do statements.append(duckdb__alter_table_set_partitioned_by(relation, partitioned_by)) -%}
    {%- endif -%}
    {%- if sorted_by -%}
      {%- do statements.append(duckdb__alter_table_set_sorted_by(relation, sorted_by)) -%}
    {%- endif -%}
    {%- do statements.append('insert into ' ~ relation ~ ' select * from __weir_rows__') -%}
  {%- else -%}
    {%- do statements.append('create or replace table ' ~ relation ~ ' as select * from __weir_rows__') -%}
  {%- endif -%}
{{ compiled_code }}


def materialize(df, con):
    con.write(df, {{ statements | map('trim') | map('trim', ';') | list | tojson }})
{% endmacro %}
