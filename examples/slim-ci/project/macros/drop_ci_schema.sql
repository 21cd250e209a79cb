{% macro drop_ci_schema(schema_name) %}
  {%- if target.name != 'ci' -%}
    {{ exceptions.raise_compiler_error("drop_ci_schema is for target ci, not for " ~ target.name) }}
  {%- endif -%}
  {% do adapter.drop_schema(api.Relation.create(database=target.database, schema=schema_name)) %}
{% endmacro %}
