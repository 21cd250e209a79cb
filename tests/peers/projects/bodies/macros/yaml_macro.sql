{% macro described(what) %}described {{ what }}{% endmacro %}
