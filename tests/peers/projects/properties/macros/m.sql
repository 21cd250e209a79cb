{% macro helper(a, b='x') %}{{ a }}{% endmacro %}
{% test is_small(model, column, most) %}
{{ config(severity='error') }}
select * from {{ model }} where {{ column }} > {{ most }}
{% endtest %}
