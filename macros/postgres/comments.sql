{#- persist_docs. A description may hold quotes and dollars: it goes between dollar quotes with a label that no
    text has. -#}

{% macro postgres_escape_comment(comment) -%}
  {%- set label = '$dbt_comment_literal_block$' -%}
  {%- if comment is not string -%}
    {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
  {%- elif label in comment -%}
    {%- do exceptions.raise_compiler_error('The string ' ~ label ~ ' is not allowed in comments.') -%}
  {%- endif -%}
  {{ label ~ comment ~ label }}
{%- endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) %}
    comment on {{ relation.type | replace('_', ' ') }} {{ relation }} is {{ postgres_escape_comment(comment) }};
{% endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) %}
  {%- set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- for name in column_dict if name in existing -%}
    {%- set column = column_dict[name] %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }} is {{ postgres_escape_comment(column['description']) }};
  {%- endfor %}
{% endmacro %}
