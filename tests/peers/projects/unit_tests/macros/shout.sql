{% macro shout(text) %}upper({{ text }}){% endmacro %}
{% macro make_raw() %}
  {% do run_query("create table orders as select 1 as id, 'x' as kind") %}
  {% do run_query("create table order_lines as select 1 as id, 5 as line") %}
{% endmacro %}
