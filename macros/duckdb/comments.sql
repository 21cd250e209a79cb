{#- Comments in DuckDB. Dollar quotes: a description may hold any other quote. -#}

{% macro duckdb_escape_comment(comment) -%}
  {%- if comment is not string -%}
    {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
  {%- endif -%}
  {%- set fence = '$dbt_comment_literal_block$' -%}
  {%- if fence in comment -%}
    {%- do exceptions.raise_compiler_error('The string ' ~ fence ~ ' is not allowed in comments.') -%}
  {%- endif -%}
  {{ fence }}{{ comment }}{{ fence }}
{%- endmacro %}

{% macro duckdb__alter_relation_comment(relation, comment) %}
    comment on {{ relation.type }} {{ relation.render() }} is {{ duckdb_escape_comment(comment) }};
{% endmacro %}

{#- Names compare without case unless the properties file says `quote`. -#}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
  {%- for key in column_dict %}
    {%- set column = column_dict[key] %}
    comment on column {{ relation.render() }}.{{ adapter.quote(column['name']) if column['quote'] else column['name'] }} is {{ duckdb_escape_comment(column['description'] or '') }};
  {%- endfor %}
{% endmacro %}

{#- A file of one user has no grants. -#}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config -%}
    {%- do adapter.warn_once('Grants for relations are not supported by DuckDB') -%}
  {%- endif -%}
{% endmacro %}
